"""What becomes of a cell at the points of a map: where it rests, or whether it comes back from a perturbation."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from functools import partial

import numpy as np

from vrest.model.cell import Cell
from vrest.model.paths import replaced
from vrest.model.protocol import Protocol, protocol, segments
from vrest.study.parameter_map.axis import Axis
from vrest.study.perturb.perturbation import Perturbation, restoring
from vrest.system.assemble import System
from vrest.units import from_door, from_si
from vrest.verbs.arguments import moved
from vrest.verbs.outputs import potentials
from vrest.verbs.population import cores
from vrest.verbs.population_job import is_back, staged
from vrest.verbs.population_layout import ENDINGS
from vrest.verbs.prepared import Prepared, prepare
from vrest.verbs.progress import Progress
from vrest.verbs.run_batch import FINISHED, run_batch

RTOL = 1e-6
"""Of a step."""

MOST_STEPS = 200_000
"""A run that needs more fires on and on."""

NEAR = 0.04
"""Relative change that moves a Nernst potential by about 1 mV."""


def _prepared(cell: Cell, axes: Sequence[Axis]) -> tuple[Prepared, dict[str, np.ndarray]]:
    """A cell ready for the paths among the axes, and the values of each at all points."""
    grids = np.meshgrid(axes[0].values, axes[1].values)
    values = {axis.path: grid.ravel() for axis, grid in zip(axes, grids, strict=True) if axis.path}
    return prepare(cell, [axis.name for axis in axes if axis.path]), values


def rests(cell: Cell, x: Axis, y: Axis, progress: Progress | None) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes by name, and V at rest (mV), at all points."""
    ready, values = _prepared(cell, (x, y))
    found = ready.rest(values, progress=progress)
    return np.array(found.names()), np.moveaxis(found.v, -1, 0)


def runs(
    cell: Cell, x: Axis, y: Axis, what: Perturbation, after: float, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray]:
    """Runs from rest through the perturbation: those of one duration side by side."""
    ready, values = _prepared(cell, (x, y))
    n = len(x.values) * len(y.values)
    begin = ready.rest(values or None)
    x0, p0 = (np.broadcast_to(v, (len(v), n)) for v in (begin.state, begin.parameters))
    outcome = np.resize(np.array(begin.names()), n)
    endings = np.where(outcome == "impossible", "impossible", "no_rest").astype("<U16")
    begun = np.resize(begin.is_rest, n)
    rows = values and dict(zip((a.path for a in ready.of.each), ready.si(values), strict=True))
    durations = _at(x, y, "duration", n, what.duration)
    doses = _at(x, y, "dose", n, what.default if what.dose is None else what.dose)
    walls = len(ready.system.structure.walls)
    v = np.full((n, walls), np.nan)

    def plan_of(dose: float, lasts: float) -> Protocol:
        bound = what if "dose" not in (x.name, y.name) else what.dosed(from_si(dose, what.dimension))
        changes = bound.changes(cell)
        ramped = [replace(change, over=min(what.onset, lasts)) for change in changes]
        return protocol([(0.0, ramped), (lasts, restoring(cell, changes))])

    def follow(lasts: float) -> np.ndarray:
        lanes = np.flatnonzero(begun & (durations == lasts))
        if not lanes.size:
            return lanes
        edges = np.unique([0.0, min(what.onset, lasts), lasts, lasts + after])
        parts, order = [], []
        for dose in np.unique(doses[lanes]):
            mine = lanes[doses[lanes] == dose]
            each = moved(cell, ready.of.each, [row[mine] for row in rows.values()]) if rows else {}
            pieces = segments(replaced(cell, each), plan_of(dose, lasts), lasts + after)
            parts.append(staged(ready.system, pieces, p0[:, mine].T))
            order.append(mine)
        lanes = np.concatenate(order)
        p = np.concatenate([held for held, _ in parts], axis=1)
        slopes = [slope for _, slope in parts if slope is not None]  # all have one, or none
        slope = np.concatenate(slopes, axis=1) if slopes else None
        run = run_batch(ready.system, p, edges, x0[:, lanes].T, slope=slope, rtol=RTOL, max_steps=MOST_STEPS)
        start, end = (
            potentials(ready.system, state).reshape(len(lanes), walls) for state in (x0[:, lanes].T, run.state)
        )
        back = is_back(start, end) & _near(ready.system, x0[:, lanes].T, run.state, p[-1])
        finished = np.where(back, "back", "elsewhere")
        endings[lanes] = np.where(run.status == FINISHED, finished, np.array([name for name, _ in ENDINGS])[run.status])
        v[lanes] = np.where((run.status == FINISHED)[:, None], end, np.nan)
        return lanes

    # what is left to XLA is heard in the context of the caller
    tasks = [partial(copy_context().run, follow, lasts) for lasts in np.unique(durations)]
    with ThreadPoolExecutor(cores()) as pool:
        done = 0
        for lanes in pool.map(lambda task: task(), tasks):
            done += len(lanes)
            if progress is not None:
                progress(done / n)
    return endings, v[:, 0] if walls == 1 else v


def _near(system: System, before: np.ndarray, after: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(lanes,) whether concentrations and volumes are about the same in two states."""
    near = np.ones(len(before), dtype=bool)
    for space in (s.name for s in system.structure.spaces if s.finite):
        was, now = ({**system.concentrations(x, p, space), "": system.volume(x, p, space)} for x in (before, after))
        for name, value in was.items():
            near &= np.abs(now[name] - value) <= NEAR * value
    return near


def _at(x: Axis, y: Axis, name: str, n: int, own: float) -> np.ndarray:
    """(points,) dose or duration in SI at every point."""
    grids = dict(zip((x.name, y.name), np.meshgrid(x.values, y.values), strict=True))
    if name not in grids:
        return np.full(n, own)
    axis = x if x.name == name else y
    return from_door(grids[name].ravel(), axis.dimension, axis.unit)
