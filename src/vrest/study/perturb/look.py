"""A closer look at where a cell goes from a state: many spikes, each of them seen, and what they do to the contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.model.cell import Cell
from vrest.system.assemble import assemble
from vrest.units import format_si
from vrest.verbs.run import simulate
from vrest.verbs.run_result import Run, StuckError
from vrest.verbs.swing import STILL_MV, Swing, drift, rises, swing

RTOL = 1e-6
"""Of a step."""

BLOCK, FINE = 5.0, 50_001
"""A look is taken in stretches of so many s at least, with so many times each: every 0.1 ms."""

MOST_BLOCKS = 60
"""Stretches of a longer look: what is kept of them is some hundred megabytes."""

FINER = 151
"""Times around the top of each spike."""

COARSE = 10
"""Contents are kept at every so many of these times, from the second stretch on."""

ENOUGH, MOST = 30, 1000
"""Spikes that are enough where their periods repeat, and at most where they do not."""

LONGEST = 4.0
"""A look lasts so many times as long as it was asked for, where nothing repeats before that."""

AHEAD, SETTLED = 600.0, 0.01
"""s and share: contents have settled when none would move by more than this share in so long."""


@dataclass(frozen=True)
class Seen:
    """What was seen of the membrane that swings most."""

    swing: Swing
    wall: str
    lasts: str
    """How long was looked, for people."""
    drift: float | None
    """Fastest relative change of any content or volume, 1/s, from a period to those later, at the same phase. None
    where the cell has none that could change, or nothing repeats."""

    @property
    def settled(self) -> bool:
        """Whether contents stay what they are while it swings."""
        return self.drift is None or self.drift * AHEAD < SETTLED


def look(cell: Cell, changes: Any, x: np.ndarray, span: float, longer: float = 0.0) -> Seen:
    """Look closely at where a cell goes from a state.

    Parameters
    ----------
    cell, changes
        What holds from now on: a protocol all at 0 s.
    x
        State to start from, (states,), SI, in the order of `assemble(cell).states`.
    span
        How long to look at least, s.
    longer
        s; how long at most, where no periods repeat before that.
    """
    system = assemble(cell)
    walls = [wall.name for wall in system.structure.walls]
    rows = [k for k, (kind, _) in enumerate(system.states) if kind in ("amount", "volume")]
    block = min(span, max(BLOCK, span / 20))
    most = max(LONGEST * span, min(longer, MOST_BLOCKS * block))
    times, potentials, when, contents = [], [], [], []
    gone = judged = 0.0
    while True:
        part = _stretch(cell, changes, x, block)
        later = slice(1 if times else 0, None)  # a stretch starts where the one before ended
        every = COARSE if times else 1
        times.append(gone + part.time[later])
        potentials.append(np.asarray(part.v).reshape(len(part.time), -1)[later])
        when.append(gone + part.time[later][::every])
        contents.append(part.states[later][::every][:, rows])
        x, gone = part.states[-1], gone + block
        over = not part.complete or gone >= most
        if gone < span or not (over or gone >= 1.25 * judged):
            continue
        judged = gone
        time, v = np.concatenate(times), np.concatenate(potentials)
        k = int(np.argmax(np.ptp(v, axis=0)))
        found = swing(time, v[:, k])
        if over or found.spikes > MOST or (found.period is not None and found.spikes > ENOUGH):
            moved = drift(found, np.concatenate(when), np.concatenate(contents)) if found.period and rows else None
            return Seen(found, walls[k], format_si(float(time[-1]), "time", digits=3), moved)


def _stretch(cell: Cell, changes: Any, x: np.ndarray, lasts: float) -> Run:
    """A run so sampled that no spike is missed, and the top of none cut off."""
    every = np.linspace(0.0, lasts, FINE)
    run = _as_far(cell, changes, x, lasts, every)
    v = np.asarray(run.v).reshape(len(run.time), -1)
    tops = np.unique(np.concatenate([rises(column)[1] for column in v.T if np.ptp(column) > STILL_MV] or [[]]))
    if not len(tops):
        return run
    near = run.time[tops.astype(int)][:, None] + np.linspace(-1.5, 1.5, FINER) * every[1]
    near = near[(near > 0.0) & (near < float(run.time[-1]))]
    return _as_far(cell, changes, x, lasts, np.union1d(every, near))


def _as_far(cell: Cell, changes: Any, x: np.ndarray, lasts: float, times: np.ndarray) -> Run:
    """A run, or as much of it as there is."""
    try:
        return simulate(cell, changes, lasts, times=times, rtol=RTOL, start=x)
    except StuckError as error:
        return error.run
