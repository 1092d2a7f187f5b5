"""Where the motion leads: the search behind `rest`, for one cell and for many of one structure side by side.

The motion is followed with controlled error until its steps have grown long against everything quick, and Newton's
method goes on from there. Cells in which nothing can turn it first try large pseudo-time steps, which are given up as
soon as they do not fit the motion.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from vrest.constants import N_A
from vrest.numerics.compiler.kernel import mapped
from vrest.numerics.lanes import FINISHED, RUNNING, STUCK, begun
from vrest.numerics.stationary import BOLD, NEWTON, STABLE, UNKNOWN, UNSTABLE, Pace
from vrest.numerics.stationary import THERE as NEARLY
from vrest.system.assemble import System, entries
from vrest.system.structure import stacked
from vrest.verbs.batch import put, taken
from vrest.verbs.firing import firing
from vrest.verbs.outcome import Ended
from vrest.verbs.progress import Progress
from vrest.verbs.searching import END, FEW, NOTHING, QUIETER, STILL, THERE, UNCLEAR, Proved, following, settling
from vrest.verbs.vanishing import vanishes

QUIET = 3.0
"""s: steps so long end the first stretch that is followed."""

ENOUGH = 12
"""Steps of a search that should settle straight away."""

TRIES = 1_200_000
"""Steps tried of a motion that does not become quiet, such as of a cell that fires on."""

CHUNK, LARGEST_CHUNK = 128, 2048
"""Steps tried between two looks at which lanes are quiet: few at first."""

FIRST_LOOK = 32_768
"""Steps tried before it is looked whether a cell fires on and on; then again after twice as many."""


class Searched(NamedTuple):
    """Where n cells came to."""

    points: Proved
    ended: np.ndarray
    """(n,) `Ended`; where it is not `settled`, `points` is the last point of the motion."""
    followed: np.ndarray
    """(n,) s: how long the motion was followed."""
    steps: np.ndarray
    """(n,) steps it took."""
    seen: np.ndarray
    """(n,) what a cell does that goes on moving, `Firing`; None of others."""
    pace: np.ndarray
    """(n,) s: how long its last steps were, about."""


def searched(
    system: System, p: np.ndarray, x0: np.ndarray, y0: np.ndarray | None = None, *, progress: Progress | None = None
) -> Searched:
    """Follow n cells of one structure to where they settle.

    Parameters
    ----------
    system
        Their equations.
    p
        (n, parameters) SI.
    x0
        (n, states) whose conserved totals hold.
    y0
        (n, independent states) where the motion starts; that of x0 if None.
    progress
        Called between chunks of steps; returning False stops the search, which is then `cancelled`.

    Returns
    -------
    Searched
        Not yet judged: `verdict` says what it means.
    """
    x, numbers = x0.T, p.T
    y = x[list(system.laws.independent)] if y0 is None else y0.T
    found = settle_where_stable(system, x, y, numbers, BOLD if system.monotone else NEARLY, ENOUGH)
    ended = np.full(len(p), Ended.settled)
    now = Searched(found, ended, np.zeros(len(p)), np.zeros(len(p), dtype=int), np.full(len(p), None), np.zeros(len(p)))
    if (waiting := np.flatnonzero(~found.done)).size:
        motion = _Following(system, x[:, waiting], y[:, waiting], numbers[:, waiting], taken(found, waiting))
        put(now, waiting, motion.searched(progress))
    return now


def settle_where_stable(
    system: System, x: np.ndarray, y: np.ndarray, numbers: np.ndarray, pace: Pace, iterations: int
) -> Proved:
    """Steps of a pace towards stationary points; a point that a cell would leave is none to settle at.

    Where signs do not tell stability eigenvalues do: of all that are done `verdict` is STABLE or UNSTABLE, unless
    double precision cannot tell, and `slowest` is known.
    """
    return clear(settling(system)((x, y, numbers), (pace, iterations)))


def clear(found: Proved) -> Proved:
    """Points with their stability by eigenvalues, where signs do not tell; one that a cell would leave is not done."""
    proved = (found.verdict == STABLE) & ~np.isnan(found.slowest)
    if (unclear := np.flatnonzero(found.done & ~proved)).size:
        finite = np.isfinite(found.jacobian[..., unclear]).all(axis=(0, 1))
        found.done[unclear[~finite]] = False
        unclear = unclear[finite]
        these = found.jacobian[..., unclear]
        rates = np.linalg.eigvals(np.moveaxis(these, -1, 0)).real
        certain = np.abs(rates).min(axis=1) > rounding(these)
        found.slowest[unclear] = rates.max(axis=1)
        found.verdict[unclear] = np.where(certain, np.where(rates.max(axis=1) < 0, STABLE, UNSTABLE), UNKNOWN)
    found.done[found.verdict == UNSTABLE] = False
    return found


def one_ion(system: System, p: np.ndarray) -> np.ndarray:
    """What one ion is of each amount, mM, (..., states); less than anything of other states."""
    one = 1.0 / (N_A * stacked(system.units(p)))
    return np.where([kind == "amount" for kind, _ in system.states], one, -np.inf)


def rounding(scaled: np.ndarray) -> np.ndarray:
    """The smallest rate (1/s) that double precision tells from zero, of a scaled Jacobian (n, n, ...)."""
    return 10 * np.finfo(np.float64).eps * np.linalg.norm(scaled, axis=(0, 1))


class _Following:
    """Cells whose motion is followed until it is quiet.

    The search goes on from there by steps of a pace; where those do not fit, the motion is followed further.
    """

    def __init__(self, system: System, x: np.ndarray, y: np.ndarray, numbers: np.ndarray, points: Proved) -> None:
        self.system, self.x, self.numbers, self.points = system, x, numbers, points
        self.pace = BOLD._replace(first=QUIET) if system.monotone else NEWTON
        n = y.shape[1]
        self.lanes = mapped(np.copy, begun(0.0, np.ascontiguousarray(y)))
        self.quiet, self.least_ions = np.full(n, QUIET), np.ones(n)
        self.ended, self.seen = np.full(n, Ended.moving), np.full(n, None, dtype=object)
        self.last_step = np.zeros(n)

    def searched(self, progress: Progress | None) -> Searched:
        """All of them to their end."""
        n, tried, chunk, look = len(self.ended), 0, CHUNK, FIRST_LOOK
        while (waiting := np.flatnonzero((self.ended == Ended.moving) & (self.lanes.status == RUNNING))).size:
            if tried >= TRIES:
                break
            if tried and progress is not None and progress(max(1.0 - waiting.size / n, tried / TRIES)) is False:
                self.ended[waiting] = Ended.cancelled
                break
            self.follow(waiting, chunk)
            tried, chunk = tried + chunk, min(2 * chunk, LARGEST_CHUNK, TRIES - tried - chunk)
            self.judge_emptied(waiting[self.lanes.status[waiting] == FINISHED])
            self.settle(waiting[self.lanes.status[waiting] == FINISHED])
            self.ended[waiting[np.isin(self.lanes.status[waiting], (STUCK, NOTHING))]] = Ended.stopped
            if tried >= look:
                look *= 2
                self.look(waiting[self.lanes.status[waiting] == RUNNING])
        if (rest := np.flatnonzero(self.ended != Ended.settled)).size:  # what is known of the point where it was left
            y = self.lanes.y[:, rest]
            put(self.points, rest, settling(self.system)((self.x[:, rest], y, self.numbers[:, rest]), (self.pace, 1)))
            self.points.y[:, rest], self.points.iterations[rest] = y, 0
        return Searched(self.points, self.ended, self.lanes.t, self.lanes.steps, self.seen, self.last_step)

    def follow(self, which: np.ndarray, tries: int) -> None:
        """So many steps tried."""
        own: Any = self.lanes, self.quiet, self.least_ions, self.x, self.numbers
        if len(which) < len(self.ended):
            own = taken(own, which)
        lanes, self.quiet[which], points = following(self.system)(own, (tries, self.pace))
        self.last_step[which] = (lanes.t - own[0].t) / tries
        put(self.lanes, which, lanes)
        if points is not None:
            led = np.isin(lanes.status, (THERE, UNCLEAR))
            self.arrived(which[led], clear(points if led.all() else taken(points, led)))

    def arrived(self, which: np.ndarray, near: Proved) -> None:
        """Where steps of the pace led: to a point to stay at, or a longer way."""
        there, others = which[near.done], which[~near.done]
        put(self.points, there, near if near.done.all() else taken(near, near.done))
        self.ended[there] = Ended.settled
        self.quiet[others] *= QUIETER
        still = (self.quiet[others] > STILL) | (self.lanes.t[others] >= END)
        self.ended[others[still]] = Ended.stopped
        self.lanes.status[others[~still]] = RUNNING

    def states(self, which: np.ndarray) -> np.ndarray:
        """(lanes, states)"""
        _, c, matrix = self.system.split(self.x[:, which].T, self.numbers[:, which].T)
        return self.system.join(self.lanes.y[:, which].T, c, matrix)

    def judge_emptied(self, which: np.ndarray) -> None:
        """What decays towards nothing goes on as it did; what is taken where there is none does not."""
        if not which.size:
            return
        few = self.states(which) < one_ion(self.system, self.numbers[:, which].T)
        few &= (self.least_ions[which] > 0.0)[:, None]
        for place in np.flatnonzero(few.any(axis=1)):
            k = which[place]
            with np.errstate(all="ignore"):
                goes_on = vanishes(self.system, entries(self.states(which[[place]])[0]), entries(self.numbers[:, k]))
            self.least_ions[k], self.lanes.status[k] = 0.0, RUNNING if goes_on else STUCK

    def settle(self, which: np.ndarray) -> None:
        """Where it is quiet: steps towards a stationary point, or a longer way."""
        if which.size:
            x, numbers = self.x[:, which], self.numbers[:, which]
            self.arrived(which, settle_where_stable(self.system, x, self.lanes.y[:, which], numbers, self.pace, FEW))

    def look(self, which: np.ndarray) -> None:
        """Whether those that still move go on so for ever."""
        for k, state in zip(which, self.states(which), strict=True):
            if not self.last_step[k]:  # no step can be taken: where a law has no finite derivative
                self.ended[k], self.lanes.status[k] = Ended.stopped, STUCK
                continue
            self.seen[k] = seen = firing(self.system, state, self.numbers[:, k], float(self.last_step[k]))
            if seen.steady or seen.stays:
                self.lanes.status[k] = FINISHED
