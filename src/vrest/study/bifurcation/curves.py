"""Every curve of stationary states between two values of a parameter, from all that are found along it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vrest.constants import N_A
from vrest.model.cell import Cell
from vrest.model.notice import Notice
from vrest.model.paths import set_si
from vrest.system.assemble import System
from vrest.system.structure import parameter_vector
from vrest.units import format_si
from vrest.verbs.arguments import Argument, moved
from vrest.verbs.face import face, faced
from vrest.verbs.progress import Progress
from vrest.verbs.rest_all import Line, problem, stationary_states
from vrest.verbs.vanishing import GONE, LITTLE

if TYPE_CHECKING:
    from vrest.numerics.continuation import Curve, Point

    Followed = tuple[System, Line, Curve]
    """One branch with its equations, in which an ion that is gone is independent."""

NEAR = 1e-4
"""Share of the range within which a branch that loses an ion has come to a bound."""

AT_BOUNDS = 8
"""Random starts at each end of the range."""


def all_curves(
    cell: Cell,
    along: Argument,
    system: System,
    line: Line,
    low: float,
    high: float,
    starts: int,
    seed: int,
    tell: Progress,
) -> tuple[list[Followed], tuple[Notice, ...]]:
    """The curve through every rest found, each once; and what could not be followed."""
    from vrest.numerics.continuation import follow, passes

    parameter = along.parameter
    present = float(parameter.value)
    values = list(dict.fromkeys([present, low, high] if low <= present <= high else [low, high]))
    task = problem(system, line, lower=low, upper=high)
    count = len(values)
    drawn: list[Followed] = []
    lost: list[Notice] = []
    for k, value in enumerate(values):
        here = cell_at(cell, along, value)
        p = parameter_vector(here)
        whole = k == 0
        found = stationary_states(
            here,
            system,
            p,
            starts=starts if whole else min(starts, AT_BOUNDS),
            seed=seed,
            inject=whole,
            progress=lambda share, k=k: tell((k + 0.5 * share) / count),
        )

        def progress(come_to: float, k: int = k) -> None:
            covered = min(1.0, abs(come_to - present) / (high - low))
            tell((k + 0.5 + 0.5 * covered) / count)

        for rest in found:
            here_system, here_line, here_task = system, line, task
            y = np.array(rest.y)
            x = system.join(y, line.at(value)[1], line.matrix)
            gone = [
                i
                for i, n in enumerate(x * np.array(system.units(p)) * N_A)
                if system.states[i][0] == "amount" and n < 1
            ]
            if gone:
                here_system = faced(system, gone)
                here_line = line_of(cell, along, here_system, low, high)
                here_task = problem(here_system, here_line, lower=low, upper=high, gone=gone)
                x[gone] = 0.0
                y = x[list(here_system.laws.independent)]
            z = np.append(y, value)
            if any(s is here_system and passes(curve.z, z, here_task.size(z)) for s, _, curve in drawn):
                continue
            try:
                curve = follow(here_task, y, value, progress=progress)
            except ValueError:
                text = format_si(value, parameter.spec.dimension, digits=6)
                lost.append(Notice("not_followed", f"a rest at {parameter.path} = {text} could not be followed"))
                continue
            drawn.append((here_system, here_line, curve))
        tell((k + 1) / count)
    return _joined(drawn, low, high), tuple(lost)


def _joined(drawn: list[Followed], low: float, high: float) -> list[Followed]:
    """The same, where a branch on which an ion runs out towards a bound is led on to the state without it there."""
    from vrest.numerics.continuation import BOUND, LOST, Curve

    found: list[Followed] = []
    for system, line, curve in drawn:
        ends, path = list(curve.ends), list(curve.points)
        for side in (0, -1):
            bound = min((low, high), key=lambda b, at=path[side].parameter: abs(b - at))
            if ends[side] == LOST and abs(path[side].parameter - bound) < NEAR * (high - low):
                last = _without(system, line, path[side], bound, _whole((system, line, curve), path[-1 - side]))
                if last is not None:
                    path = [last, *path] if side == 0 else [*path, last]
                    ends[side] = BOUND
        found.append((system, line, Curve(tuple(path), (ends[0], ends[1]))))
    whole = [one for one in found if not _is_stub(one, low, high)]
    ends_of = [_whole(one, point) for one in whole for point in (one[2].points[0], one[2].points[-1])]
    for one in found:
        if _is_stub(one, low, high) and not any(
            np.all(np.abs(_whole(one, point) - other) < NEAR * np.maximum(np.abs(other), 1.0))
            for point in one[2].points
            for other in ends_of
        ):
            whole.append(one)
    return whole


def _is_stub(one: Followed, low: float, high: float) -> bool:
    """Whether a branch goes no further than the very end of the range."""
    at = np.array([point.parameter for point in one[2].points])
    return any(np.all(np.abs(at - bound) < NEAR * (high - low)) for bound in (low, high))


def _whole(one: Followed, point: Point) -> np.ndarray:
    system, line, _ = one
    return system.join(point.y, line.at(point.parameter)[1], line.matrix)


def _without(system: System, line: Line, last: Point, bound: float, other: np.ndarray) -> Point | None:
    """The state at a bound without the ions that run out on the way there from another state; None if none."""
    p, c = line.at(bound)
    x = system.join(last.y, c, line.matrix)
    few = np.minimum(LITTLE, GONE * other)
    gone = [k for k, (kind, _) in enumerate(system.states) if kind == "amount" and x[k] < few[k]]
    there = face(system, p, x, x, gone) if gone else None
    if there is None:
        return None
    rates = np.concatenate([there.inside, there.towards])
    z = np.append(there.state[list(system.laws.independent)], bound)
    return replace(last, z=z, eigenvalues=rates[np.argsort(-rates.real, kind="stable")], kind="")


def cell_at(cell: Cell, along: Argument, value: float) -> Cell:
    """The cell where the parameter has a value (SI), with the ion that goes along with it."""
    if along.along:  # what refuses a companion says where
        text = format_si(value, along.parameter.spec.dimension, digits=6)
        along = replace(along, along=replace(along.along, value=text))
    return set_si(cell, moved(cell, [along], [value]))


def line_of(cell: Cell, along: Argument, system: System, low: float, high: float) -> Line:
    """Parameters and totals from one end of the range to the other: both are affine in the parameter."""
    ends = []
    for value in (low, high):
        here = cell_at(cell, along, value)
        p = parameter_vector(here)
        ends.append((p, *system.split(system.start(here), p)[1:]))
    (p0, c0, matrix), (p1, c1, _) = ends
    dp, dc = (p1 - p0) / (high - low), (c1 - c0) / (high - low)
    p, c = p0 - low * dp, c0 - low * dc
    if along.path in system.names:
        k = system.names.index(along.path)
        p[k], dp[k] = 0.0, 1.0
    return Line(p, dp, c, dc, matrix)
