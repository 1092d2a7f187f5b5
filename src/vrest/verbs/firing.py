"""What a cell does that goes on moving: how often it fires, between which potentials, and whether periods are equal."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from vrest.numerics.lanes import RUNNING, Lanes
from vrest.system.assemble import System
from vrest.verbs.allowed import Allowed
from vrest.verbs.run import stepper

RTOL = 1e-6

POINTS, STEPS, LONGER, LONGEST = 40_000, 3000.0, 4.0, 1000.0
"""Times at which V is read over so many steps of the motion; and how many times longer it is watched where too little
happens, up to how many times."""

ENOUGH = 7
"""Times that V must pass the middle of its range upwards."""

PATTERN = 4
"""Most spikes in a pattern that repeats."""

SWING, ALIKE = 1.0, 0.02
"""mV that are an oscillation; and the share in which two periods and two swings may differ and are equal."""


class Firing(NamedTuple):
    """The potential of the membrane that swings most."""

    wall: str
    low: float
    """mV"""
    high: float
    rate: float | None
    """Passings of the middle per second; None where there were too few."""
    regular: bool
    """Whether its last two periods were equal."""
    mean: np.ndarray
    """(states,) averaged over whole periods, or over all that was watched."""

    def __str__(self) -> str:
        if self.high - self.low < SWING:
            return f"V stays near {0.5 * (self.low + self.high):.4g} mV"
        told = "fires" if self.high > 0 else "oscillates"
        if self.rate is None:
            told = "moves"
        often = "" if self.rate is None else f" at {self.rate:.3g} Hz"
        return f"{told}{often}, between {self.low:.0f} and {self.high:.0f} mV"


def firing(system: System, x: np.ndarray, p: np.ndarray, step: float) -> Firing:
    """Watch a cell from a state on. `step` (s) is about the length of its steps."""
    span = STEPS * step
    while True:
        times, states = trace(system, x, p, span)
        potentials = [1e3 * system.potential(states, wall) for wall in system.structure.walls]
        k = int(np.argmax([np.ptp(v) for v in potentials]))
        v = potentials[k]
        rises = _rises(v)
        if len(rises) >= ENOUGH or span >= LONGEST * STEPS * step or len(times) < POINTS:
            break
        span *= LONGER
    moves = np.ptp(v) >= SWING
    rate = float((len(rises) - 1) / (times[rises[-1]] - times[rises[0]])) if moves and len(rises) > 2 else None
    whole = slice(rises[0], rises[-1]) if len(rises) > 1 else slice(None)
    regular = bool(moves and _repeats(times, v, rises))
    return Firing(
        system.structure.walls[k].name, float(v.min()), float(v.max()), rate, regular, states[whole].mean(axis=0)
    )


def trace(system: System, x: np.ndarray, p: np.ndarray, span: float) -> tuple[np.ndarray, np.ndarray]:
    """Times (s), (times,), and states, (times, states), of a motion from state x on; shorter where it got stuck."""
    times = np.linspace(0.0, span, POINTS + 1)[1:]
    samples = np.empty((len(x), POINTS + 1))
    lanes = Lanes(0.0, 0.0, x[list(system.laws.independent)], 0, RUNNING, 0, 0, place=0)
    args = (p, np.zeros_like(p), 0.0, p, x)
    given = (lanes, args, np.array([0.0, span]), RTOL, Allowed(system).tolerance(RTOL), 100 * POINTS)
    done = stepper(system, False)((), given, np.append(times, np.inf), samples).lanes
    place = int(done.place)
    return times[:place], samples[:, :place].T


def _rises(v: np.ndarray) -> np.ndarray:
    """Where a potential passes the middle of its range upwards."""
    middle = 0.5 * (v.min() + v.max())
    return 1 + np.flatnonzero((v[:-1] < middle) & (v[1:] >= middle))


def _repeats(times: np.ndarray, v: np.ndarray, rises: np.ndarray) -> bool:
    """Whether the last periods equal those before, in length and height; a period may have several spikes."""
    periods = np.diff(times[rises])
    swings = np.array([np.ptp(v[a:b]) for a, b in pairwise(rises)])
    for many in range(1, PATTERN + 1):
        if len(periods) < 2 * many:
            return False
        last, before = slice(-many, None), slice(-2 * many, -many)
        if all(np.all(np.abs(part[last] - part[before]) <= ALIKE * np.abs(part[last])) for part in (periods, swings)):
            return True
    return False
