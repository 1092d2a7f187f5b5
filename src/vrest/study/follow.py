"""A perturbed cell followed to the end, until its firing has settled, or until an ion runs out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.model.cell import Cell
from vrest.model.paths import set_si
from vrest.system.assemble import System, assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.outcome import Outcome
from vrest.verbs.restart import restarted
from vrest.verbs.run import CHUNK, Progress, Run, StuckError, simulate

RTOL = 1e-6
"""Of a step: readings to 0.001 mV; what is conserved does not depend on it."""

CALM = 20 * CHUNK
"""Steps: a run that needs more of them fires or oscillates. Its contents matter then, no longer each spike."""

FIRING_RTOL = 1e-4
"""Of a step of such a run: the contents an hour later still agree to four digits."""

FINER = 6
"""How many times as many times are reported of it: a figure of spikes needs them."""

MOST_STEPS = 1_200_000
"""A run that needs more is stopped: thousands of spikes, or slow oscillations without end."""

BLOCK, FINE, ENOUGH = 10.0, 2e-4, 30
"""Spikes are counted in stretches of so many s, sampled every so many s, until there are enough."""

WINDOW = 20
"""Calls of CHUNK steps each, over which contents are averaged: tens of spikes."""

SILENCE = 10.0
"""A call that takes so many times as much time as any in the windows is one of a cell that fires no more."""

AHEAD, SETTLED = 600.0, 0.01
"""s and share: firing has settled when no content would move by more than this share in so long."""

SHORTEST = 1e-3
"""s: a cell that cannot be followed for so long is not answered for."""


@dataclass(frozen=True)
class Stop:
    """Why a run was not followed to its end."""

    outcome: Outcome
    """`oscillates`, `runs_out` or `not_converged`."""
    why: str


GAVE_UP = Stop(Outcome.oscillates, "It goes on firing.")


def follow(
    start: Cell,
    events: Any,
    until: float,
    times: np.ndarray,
    *,
    most_steps: int = MOST_STEPS,
    progress: Progress | None = None,
) -> tuple[Run, Stop | None]:
    """Run a cell under a protocol, and say why if it was not followed to the end.

    Raises
    ------
    NoRestError
        It could not be followed at all.
    """
    watch = _Watch(assemble(start), min(CALM, most_steps))
    run, stop = _try(start, events, until, times, RTOL, progress, watch)
    if stop is GAVE_UP and most_steps > CALM:
        watch = _Watch(assemble(start), most_steps)
        between = np.interp(np.arange(0, len(times) - 1, 1 / FINER), np.arange(len(times)), times)
        run, stop = _try(start, events, until, np.union1d(times, between), FIRING_RTOL, progress, watch)
    return run, Stop(Outcome.oscillates, _firing(run, watch)) if stop is GAVE_UP else stop


def ended(run: Run) -> Cell:
    """The cell as a run left it, with the parameters that it started with."""
    return restarted(run.cell, run.system, run.states[-1], run.parameters[-1])


def _try(
    start: Cell, events: Any, until: float, times: np.ndarray, rtol: float, progress: Progress | None, watch: _Watch
) -> tuple[Run, Stop | None]:
    try:
        run = simulate(start, events, until, times=times, rtol=rtol, progress=progress, watch=watch)
    except StuckError as error:
        if error.run.time[-1] <= max(max(float(event[0]) for event in events), SHORTEST):
            raise
        return error.run, Stop(Outcome[error.code], error.message)
    if run.complete:
        return run, None
    return run, GAVE_UP if watch.gave_up else Stop(Outcome.not_converged, "It was cancelled.")


class _Watch:
    """Gives up a run that takes too many steps, or whose contents have settled although it goes on firing."""

    def __init__(self, system: System, most: int) -> None:
        self.most, self.gave_up = most, False
        self.rows = [k for k, (kind, _) in enumerate(system.states) if kind in ("amount", "volume")]
        self.times: list[float] = []
        self.contents: list[np.ndarray] = []

    def __call__(self, time: float, x: np.ndarray) -> bool:
        self.times.append(time)
        self.contents.append(x[self.rows])
        calls = len(self.times)
        due = calls % WINDOW == 0 and calls >= 2 * WINDOW
        settled = due and self.firing and self.drift * AHEAD < SETTLED
        self.gave_up = settled or calls * CHUNK >= self.most
        return not self.gave_up

    @property
    def firing(self) -> bool:
        """Whether steps are still as short as they were."""
        gaps = np.diff(self.times[-2 * WINDOW :])
        return bool(gaps[-1] <= SILENCE * gaps[:-1].max())

    @property
    def drift(self) -> float:
        """Fastest relative change of any content from the last window but one to the last, 1/s.

        Beyond twice the standard error of the means: some spikes move a content by more than it drifts. The scatter is
        taken from neighbours (von Neumann 1941), so that a slow change or the end of firing does not pass for it.
        """
        parts = [slice(-2 * WINDOW, -WINDOW), slice(-WINDOW, None)]
        a, b = (np.mean(self.times[part]) for part in parts)
        before, now = (np.asarray(self.contents[part]) for part in parts)
        squares = sum((np.diff(part, axis=0) ** 2).sum(axis=0) for part in (before, now))
        scatter = 2.0 * np.sqrt(0.5 * squares) / WINDOW
        before, now = before.mean(axis=0), now.mean(axis=0)
        moved = np.maximum(np.abs(now - before) - scatter, 0.0) / np.maximum(np.abs(before), 1e-3)
        return float(moved.max(initial=0.0) / (b - a))


def _firing(run: Run, watch: _Watch) -> str:
    """What the cell is doing where its run was given up."""
    now = {
        name: float(value)
        for name, value, own in zip(run.system.names, run.parameters[-1], parameter_vector(run.cell), strict=True)
        if value != own
    }
    span = max(watch.times[-1] - watch.times[-min(WINDOW, len(watch.times))], SHORTEST)
    time, v = _fine(set_si(ended(run), now), span)
    wall = int(np.argmax(np.ptp(v, axis=0)))  # the membrane that swings most
    v, low, high = v[:, wall], float(v[:, wall].min()), float(v[:, wall].max())
    up = time[_rises(v)]
    told = f"It {'fires' if high > 0 else 'oscillates'} on"
    if len(up) > 2:
        told += f" at {(len(up) - 1) / (up[-1] - up[0]):.3g} Hz"
    told += f", between {low:.0f} and {high:.0f} mV"
    if len(run.system.structure.walls) > 1:
        told += f" ('{run.system.structure.walls[wall].name}')"
    if len(watch.times) < 2 * WINDOW:
        return told + "."
    per_minute = 6000.0 * watch.drift
    if watch.drift * AHEAD < SETTLED:
        return told + ", and its contents have settled."
    return told + f", while its contents still change by up to {float(f'{per_minute:.2g}'):g} % in a minute."


def _fine(cell: Cell, span: float) -> tuple[np.ndarray, np.ndarray]:
    """Times (s) and potentials (mV), (time, membrane), so close together that no spike is missed: of many spikes, or
    of the whole span."""
    times, potentials, start = [], [], 0.0
    while True:
        part = simulate(cell, until=min(BLOCK, span - start), points=int(BLOCK / FINE), rtol=FIRING_RTOL)
        times.append(start + part.time)
        potentials.append(np.asarray(part.v).reshape(len(part.time), -1))
        start, v = start + BLOCK, np.concatenate(potentials)
        if start >= span or max(len(_rises(column)) for column in v.T) > ENOUGH:
            return np.concatenate(times), v
        cell = ended(part)


def _rises(v: np.ndarray) -> np.ndarray:
    """Where a potential passes the middle of its range upwards."""
    middle = 0.5 * (v.min() + v.max())
    return 1 + np.flatnonzero((v[:-1] < middle) & (v[1:] >= middle))
