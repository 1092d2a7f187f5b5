"""`bifurcation`: how the resting states of a cell move, appear and vanish along one parameter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from vrest.constants import N_A
from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.model.paths import Parameter, resolve, set_si
from vrest.model.quantity import check
from vrest.numerals import parse_number
from vrest.system.assemble import System, assemble
from vrest.system.observables import volumes
from vrest.system.structure import parameter_vector
from vrest.units import format_si, from_si, to_si, unit_of
from vrest.verbs.face import GONE, LITTLE, face, faced
from vrest.verbs.progress import Progress
from vrest.verbs.rest_all import SEED, STARTS, Line, problem, stationary_states
from vrest.verbs.restart import restarted

if TYPE_CHECKING:
    from vrest.numerics.continuation import Curve, Point

    Drawn = tuple[System, Line, Curve]
    """One branch with its equations, in which an ion that is gone is independent."""

_MULTIPLE = re.compile(r"\s*([+\-−]?[0-9.,]+(?:[eE][+\-−]?[0-9]+)?)\s*[x×]\s*")

BESIDE = 1e-6
"""Share of the range by which it begins beside a value at which a transport is off."""

NEAR = 1e-4
"""Share of the range within which a branch that loses an ion has come to a bound."""

AT_BOUNDS = 8
"""Random starts at each end of the range."""

KINDS = {"fold": "fold", "hopf": "Hopf point", "branch": "branch point"}
ENDS = {
    "bound": "the range ends",
    "closed": "it closes in itself",
    "lost": "no allowed state lies ahead: an ion runs out, a volume or V leaves all bounds, or a law is not smooth",
    "long": "it is longer than what is followed",
}
"""What curves carry and why they end, in words."""


@dataclass(frozen=True)
class Special:
    """A point where the stability of a branch changes, or where it turns back. Door units."""

    kind: str
    """`fold`, `hopf` or `branch`."""
    parameter: float
    multiple: float | None
    """Of the present value; None where that is zero or degC."""
    v: float | dict[str, float]
    """mV; by membrane where there are several."""
    concentrations: dict[str, dict[str, float]]
    """{compartment: {ion: mM}}."""
    volumes: dict[str, float]
    """um3."""
    period: float | None
    """Of the oscillation born at a Hopf point, s."""
    branch: int
    """Index of its branch."""


@dataclass(frozen=True)
class Branch:
    """One connected curve of stationary states, in its order; special points are among its points."""

    system: System
    parameter: np.ndarray
    """(points,), door unit."""
    multiple: np.ndarray | None
    """(points,), of the present value; None where that is zero or degC."""
    states: np.ndarray
    """(points, states), raw SI."""
    parameters: np.ndarray
    """(points, parameters), raw SI."""
    growth: np.ndarray
    """(points,) largest real part of the eigenvalues, 1/s."""
    unstable: np.ndarray
    """(points,) number of eigenvalues with a positive real part."""
    kinds: tuple[str, ...]
    """Kind of each point, empty where it is not special."""
    ends: tuple[str, str]
    """Why it ends: keys of `ENDS`."""

    @property
    def stable(self) -> np.ndarray:
        """(points,) whether every small deviation dies out; a special point is not called stable."""
        return (self.unstable == 0) & np.array([not kind for kind in self.kinds])

    @property
    def v(self) -> np.ndarray:
        """mV: (points,), or (points, membranes) where there are several."""
        columns = [
            from_si(np.asarray(self.system.potential(self.states, w)), "potential") for w in self.system.structure.walls
        ]
        return columns[0] if len(columns) == 1 else np.stack(columns, axis=-1)

    @property
    def concentrations(self) -> dict[str, dict[str, np.ndarray]]:
        """{compartment: {ion: (points,) mM}}."""
        return {
            s.name: {
                ion: np.broadcast_to(c, len(self.parameter))
                for ion, c in self.system.concentrations(self.states, self.parameters, s.name).items()
            }
            for s in self.system.structure.spaces
        }

    @property
    def volumes(self) -> dict[str, np.ndarray]:
        """{compartment: (points,) um3}."""
        found = volumes(self.system, self.states, self.parameters)
        return {n: np.broadcast_to(from_si(np.asarray(v), "volume"), len(self.parameter)) for n, v in found.items()}

    def runs(self) -> list[tuple[int, int, bool]]:
        """Stretches of equal stability: (first, last, stable), each up to the special point that ends it."""
        change = [k for k, kind in enumerate(self.kinds) if kind and 0 < k < len(self.kinds) - 1]
        edges = [0, *change, len(self.kinds) - 1]
        return [(a, b, bool(self.stable[a + 1 if b - a > 1 else b])) for a, b in pairwise(edges)]


@dataclass(frozen=True)
class Bifurcation:
    """Every branch of stationary states found between two values of a parameter. Door units."""

    cell: Cell
    path: str
    dimension: str
    unit: str
    present: float
    start: float
    stop: float
    branches: tuple[Branch, ...]
    special: tuple[Special, ...]
    notices: tuple[Notice, ...] = field(default=())

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the curves."""
        return [*notices(self.cell), *self.notices]

    def as_cell(self, branch: int, point: int) -> Cell:
        """The cell started from one point of a branch, at the parameter it has there."""
        b = self.branches[branch]
        si = float(to_si(float(b.parameter[point]), self.dimension, self.path))
        return restarted(set_si(self.cell, {self.path: si}), b.system, b.states[point], b.parameters[point])

    def __repr__(self) -> str:
        lines = [
            f"Bifurcation of '{self.cell.name}' over {self.path}, {self.start:.6g} to {self.stop:.6g} {self.unit} "
            f"(present {self.present:.6g}): {len(self.branches)} branch{'' if len(self.branches) == 1 else 'es'}"
        ]
        for k, branch in enumerate(self.branches):
            for first, last, stable in branch.runs():
                v = branch.v.reshape(len(branch.parameter), -1)[:, 0]
                lines.append(
                    f"  {k}: {branch.parameter[first]:.6g} to {branch.parameter[last]:.6g}, "
                    f"V {v[first]:.3f} to {v[last]:.3f} mV, {'stable' if stable else 'unstable'}"
                )
        for point in self.special:
            times = "" if point.multiple is None else f" ({point.multiple:.6g}x)"
            v = next(iter(point.v.values())) if isinstance(point.v, dict) else point.v
            lines.append(f"  {KINDS[point.kind]} at {point.parameter:.8g} {self.unit}{times}, V {v:.4f} mV")
        return "\n".join(lines)


def bifurcation(
    cell: CellLike,
    path: str,
    start: float | str,
    stop: float | str,
    *,
    starts: int = STARTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Bifurcation:
    """The resting states of a cell along one parameter, stable and unstable, with folds and Hopf points.

    From every rest found (`rest_all` at the present value, fewer random starts at both ends), the curve of
    stationary states is followed both ways by pseudo-arclength continuation, every point solved to rounding. All
    points share the conserved totals with which the cell starts, unless the parameter itself sets one. At a fold two
    states meet and vanish; at a Hopf point a state loses its stability to an oscillation. Where an ion is used up, its
    content is 0 along the whole branch, which ends where something brings the ion back; where only an end of the range
    uses it up, as a bath with none of it does, the branch ends there with the content 0.

    Parameters
    ----------
    cell
        As of `rest`.
    path
        Full or shortened path of a number that may change while a cell lives; or of a concentration at the start
        in a compartment whose charge is solved: then the conserved totals go along. Not a size.
    start, stop
        The range, ascending: numbers in door units, texts with unit, or multiples of the present value such as
        "0.3x".
    starts, seed
        Of the search at the present value, as for `rest_all`.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    Bifurcation
        `branches` and `special` (folds and Hopf points), parameters in door units, V in mV.

    Raises
    ------
    InputError
        `fixed_at_start`, `bad_range`, or what is wrong with the path or a value.
    NoRestError
        No stationary state was found to start from.

    >>> found = bifurcation("hodgkin_huxley_1952", "stimulus.density", 0.0, "50 uA/cm2", starts=0)
    >>> [(s.kind, round(s.parameter, 2)) for s in found.special]
    [('hopf', 9.78)]
    """
    cell = load(cell)
    parameter = resolve(cell, path)
    low, high = _range(cell, parameter, start, stop)
    within = set_si(cell, {parameter.path: low + 0.381966 * (high - low)})  # where nothing along the way is off
    system = assemble(within, only_active=True)
    low, high, notices = _beside(cell, parameter, system, low, high)
    line = _line(cell, parameter, system, low, high)
    tell = progress or (lambda share: None)
    drawn, lost = _curves(cell, parameter, system, line, low, high, starts, seed, tell)
    if not drawn:
        raise NoRestError(
            f"'{cell.name}' has no stationary state in this range that could be found.",
            code="not_converged",
            hint="Try 'vrest rest CELL --all', or a range around a value at which the cell rests.",
        )
    dimension = parameter.spec.dimension
    branches = tuple(_branch(parameter, *one) for one in drawn)
    return Bifurcation(
        cell=cell,
        path=parameter.path,
        dimension=dimension,
        unit=unit_of(dimension),
        present=from_si(parameter.value, dimension),
        start=from_si(low, dimension),
        stop=from_si(high, dimension),
        branches=branches,
        special=tuple(
            _special(parameter, branches[k], k, n, point)
            for k, (_, _, curve) in enumerate(drawn)
            for n, point in enumerate(curve.points)
            if point.kind
        ),
        notices=notices + lost,
    )


def _range(cell: Cell, parameter: Parameter, start: float | str, stop: float | str) -> tuple[float, float]:
    """Both ends, SI."""
    if not _can_vary(cell, parameter):
        raise InputError(
            f"{parameter.path} says how the cell starts, and the conserved totals do not simply follow it.",
            code="fixed_at_start",
            hint="Vary a transport, a bath, an exchange, the temperature or a concentration at the start; "
            "use rest_many for cells of different sizes.",
        )
    low, high = (_value(parameter, value, where) for value, where in ((start, "FROM"), (stop, "TO")))
    if low >= high:
        texts = [format_si(v, parameter.spec.dimension, digits=6) for v in (low, high)]
        raise InputError(
            f"The range of {parameter.path} goes from {texts[0]} to {texts[1]}.",
            code="bad_range",
            hint="TO must be above FROM: swap them." if low > high else "FROM and TO must differ.",
        )
    return low, high


def _can_vary(cell: Cell, parameter: Parameter) -> bool:
    """Whether the parameter may change in a living cell, or is a concentration whose totals go along with it."""
    if not isinstance(parameter.value, float):
        return False
    parts = parameter.path.split(".")
    contents = parts[0] == "compartments" and (parts[2] == "ions" or parts[-1] == "concentration")
    return not parameter.fixed_at_start or (
        contents and any(path.startswith(f"compartments.{parts[1]}.") for path in cell.solved())
    )


def _line(cell: Cell, parameter: Parameter, system: System, low: float, high: float) -> Line:
    """Parameters and totals from one end of the range to the other: both are affine in the parameter."""
    ends = []
    for value in (low, high):
        here = set_si(cell, {parameter.path: value})
        p = parameter_vector(here)
        ends.append((p, *system.split(system.start(here), p)[1:]))
    (p0, c0, matrix), (p1, c1, _) = ends
    dp, dc = (p1 - p0) / (high - low), (c1 - c0) / (high - low)
    p, c = p0 - low * dp, c0 - low * dc
    if parameter.path in system.names:
        k = system.names.index(parameter.path)
        p[k], dp[k] = 0.0, 1.0
    return Line(p, dp, c, dc, matrix)


def _value(parameter: Parameter, value: float | str, where: str) -> float:
    """One end of the range: a quantity, or a multiple of the present value."""
    dimension, path = parameter.spec.dimension, parameter.path
    where = f"{where} of {path}"
    many = _MULTIPLE.fullmatch(value) if isinstance(value, str) else None
    if many is None:
        try:
            si = float(to_si(value, dimension, where, bare_ok=True))
        except InputError as error:
            hint = f"{error.hint} Or write a multiple of the present value: '0.5x'."
            raise InputError(error.message, code=error.code, hint=hint) from None
        return check(si, parameter.spec, where)
    if not _scales(parameter):
        raise InputError(
            f"{where}: '{value}' is a multiple, but {path} is {format_si(parameter.value, dimension, digits=6)}.",
            code="no_multiple",
            hint=f"Write a quantity, such as '1 {unit_of(dimension)}'.",
        )
    return check(parse_number(many[1], where) * parameter.value, parameter.spec, where)


def _scales(parameter: Parameter) -> bool:
    """Whether multiples of the present value have a meaning."""
    return parameter.value != 0 and parameter.spec.dimension != "temperature"


def _beside(
    cell: Cell, parameter: Parameter, system: System, low: float, high: float
) -> tuple[float, float, tuple[Notice, ...]]:
    """The range, moved a little where an end switches a transport off and so frees or fixes a total."""
    ends, notices, shift = [], [], BESIDE * (high - low)
    for end, moved in ((low, low + shift), (high, high - shift)):
        there = assemble(set_si(cell, {parameter.path: end}), only_active=True)
        if len(there.laws.dependent) == len(system.laws.dependent):
            ends.append(end)
            continue
        ends.append(moved)
        dimension = parameter.spec.dimension
        notices.append(
            Notice(
                "transport_off",
                f"at {parameter.path} = {format_si(end, dimension, digits=6)} a transport is off and more totals are "
                f"conserved; the branches end beside it, at {format_si(moved, dimension, digits=6)}",
            )
        )
    return ends[0], ends[1], tuple(notices)


def _curves(
    cell: Cell,
    parameter: Parameter,
    system: System,
    line: Line,
    low: float,
    high: float,
    starts: int,
    seed: int,
    tell: Progress,
) -> tuple[list[Drawn], tuple[Notice, ...]]:
    """The curve through every rest found, each once; and what could not be followed."""
    from vrest.numerics.continuation import follow, passes

    present = float(parameter.value)
    values = list(dict.fromkeys([present, low, high] if low <= present <= high else [low, high]))
    task = problem(system, line, lower=low, upper=high)
    count = len(values)
    drawn: list[Drawn] = []
    lost: list[Notice] = []
    for k, value in enumerate(values):
        here = set_si(cell, {parameter.path: value})
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

        def progress(point: Point, k: int = k) -> None:
            covered = min(1.0, abs(point.parameter - present) / (high - low))
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
                here_line = _line(cell, parameter, here_system, low, high)
                here_task = problem(here_system, here_line, lower=low, upper=high, gone=gone)
                x[gone] = 0.0
                y = x[list(here_system.laws.independent)]
            z = np.append(y, value)
            if any(s is here_system and passes(curve, z, here_task.size(z)) for s, _, curve in drawn):
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


def _joined(drawn: list[Drawn], low: float, high: float) -> list[Drawn]:
    """The same, where a branch on which an ion runs out towards a bound is led on to the state without it there."""
    from vrest.numerics.continuation import BOUND, LOST, Curve

    found: list[Drawn] = []
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


def _is_stub(one: Drawn, low: float, high: float) -> bool:
    """Whether a branch goes no further than the very end of the range."""
    at = np.array([point.parameter for point in one[2].points])
    return any(np.all(np.abs(at - bound) < NEAR * (high - low)) for bound in (low, high))


def _whole(one: Drawn, point: Point) -> np.ndarray:
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


def _branch(parameter: Parameter, system: System, line: Line, curve: Curve) -> Branch:
    si = np.array([point.parameter for point in curve.points])
    ps, cs = line.p + si[:, None] * line.dp, line.c + si[:, None] * line.dc
    return Branch(
        system=system,
        parameter=np.asarray(parameter.door(si)),
        multiple=si / parameter.value if _scales(parameter) else None,
        states=np.asarray(system.join(np.array([point.y for point in curve.points]), cs, line.matrix)),
        parameters=ps,
        growth=np.array([point.eigenvalues.real.max() for point in curve.points]),
        unstable=np.array([point.unstable for point in curve.points]),
        kinds=tuple(point.kind for point in curve.points),
        ends=curve.ends,
    )


def _special(parameter: Parameter, branch: Branch, k: int, n: int, point: Point) -> Special:
    walls = branch.system.structure.walls
    v = dict(zip([w.name for w in walls], np.atleast_1d(branch.v[n]).tolist(), strict=True))
    turn = np.abs(point.eigenvalues[np.argmin(np.abs(point.eigenvalues.real))].imag)
    return Special(
        kind=point.kind,
        parameter=float(branch.parameter[n]),
        multiple=None if branch.multiple is None else float(branch.multiple[n]),
        v=next(iter(v.values())) if len(v) == 1 else v,
        concentrations={s: {i: float(c[n]) for i, c in ions.items()} for s, ions in branch.concentrations.items()},
        volumes={name: float(size[n]) for name, size in branch.volumes.items()},
        period=float(2 * np.pi / turn) if point.kind == "hopf" else None,
        branch=k,
    )
