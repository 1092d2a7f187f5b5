"""Where the motion leads: the search behind `rest`, for one cell and for many of one structure side by side.

The motion is followed with controlled error until its steps have grown long against everything quick, and Newton's
method goes on from there. Cells in which nothing can turn it first try large pseudo-time steps, which are given up as
soon as they do not fit the motion.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vrest.constants import N_A
from vrest.numerics.compiler.kernel import Kernel, mapped
from vrest.numerics.lanes import FINISHED, RUNNING, STUCK, Lanes
from vrest.numerics.stationary import BOLD, NEWTON, STABLE, THERE, UNKNOWN, UNSTABLE, Pace
from vrest.physics.namespace import Array
from vrest.system.assemble import Entries, System
from vrest.system.structure import stacked
from vrest.units import from_si
from vrest.verbs.allowed import SWOLLEN, Allowed
from vrest.verbs.batch import constants_of, numbers_of, put, taken
from vrest.verbs.firing import firing
from vrest.verbs.held import pumped
from vrest.verbs.outcome import Ended
from vrest.verbs.progress import Progress

RTOL = 1e-4
"""Of the motion on its way to rest."""

QUIET, QUIETER, STILL = 3.0, 30.0, 1e13
"""s: steps so long end the first stretch that is followed; each further stretch ends at so many times longer ones; and
where steps have become so long nothing moves any more."""

END = 1e16
"""s: no cell is followed further."""

ENOUGH, FEW = 12, 40
"""Steps of a search that should settle straight away, and of Newton's method."""

TRIES = 1_200_000
"""Steps tried of a motion that does not become quiet, such as of a cell that fires on."""

CHUNK, LARGEST_CHUNK = 128, 2048
"""Steps tried between two looks at which lanes are quiet: few at first."""

FIRST_LOOK = 32_768
"""Steps tried before it is looked whether a cell fires on and on; then again after twice as many."""


class Proved(NamedTuple):
    """Where a search that takes all lanes together ended, and what proves it. Arrays end with an axis of lanes."""

    y: Array
    """(independent, lanes)"""
    correction: Array
    """(independent, lanes) what Newton's method still changes; `state` contains it."""
    state: Array
    """(states, lanes)"""
    done: Array
    iterations: Array
    residual_mV: Array
    imbalance: Array
    ordinary: Array
    """No compartment has run out of an ion or swells without limit."""
    working: Array
    """A pump holds gradients."""
    verdict: Array
    slowest: Array
    jacobian: Array
    """(independent, independent, lanes) measured with `Allowed.scale`."""


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
    found = settle_where_stable(system, x, y, numbers, BOLD if system.monotone else THERE, ENOUGH)
    ended = np.full(len(p), Ended.settled)
    now = Searched(found, ended, np.zeros(len(p)), np.zeros(len(p), dtype=int), np.full(len(p), None), np.zeros(len(p)))
    if (waiting := np.flatnonzero(~found.done)).size:
        pace = BOLD._replace(first=QUIET) if system.monotone else NEWTON
        motion = _Following(system, x[:, waiting], y[:, waiting], numbers[:, waiting], pace)
        put(now, waiting, motion.searched(progress))
    return now


def settle_where_stable(
    system: System, x: np.ndarray, y: np.ndarray, numbers: np.ndarray, pace: Pace, iterations: int
) -> Proved:
    """Steps of a pace towards stationary points; a point that a cell would leave is none to settle at.

    Where signs do not tell stability eigenvalues do: of all that are done `verdict` is STABLE or UNSTABLE, unless
    double precision cannot tell, and `slowest` is known.
    """
    found = settling(system)((x, y, numbers), (pace, iterations))
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


def vanishes(system: System, x: np.ndarray, p: np.ndarray, few: np.ndarray) -> bool:
    """Whether nothing takes amounts of which there is none: without them their rates are finite, none negative."""
    without = x.copy()
    without[few] = 0.0
    with np.errstate(all="ignore"):
        rates = system.derivative(without, p)[few]
    return bool(np.all(np.isfinite(rates)) and np.all(rates >= -np.finfo(float).eps * np.abs(x).max()))


def rounding(scaled: np.ndarray) -> np.ndarray:
    """The smallest rate (1/s) that double precision tells from zero, of a scaled Jacobian (n, n, ...)."""
    return 10 * np.finfo(np.float64).eps * np.linalg.norm(scaled, axis=(0, 1))


class _Following:
    """Cells whose motion is followed until it is quiet.

    The search goes on from there by steps of a pace; where those do not fit, the motion is followed further.
    """

    def __init__(self, system: System, x: np.ndarray, y: np.ndarray, numbers: np.ndarray, pace: Pace) -> None:
        self.system, self.x, self.numbers, self.pace = system, x, numbers, pace
        _, self.c, self.matrix = system.split(x.T, numbers.T)
        self.columns = numbers_of(numbers.T, self.c, self.matrix)
        n = y.shape[1]
        count, nothing = np.zeros(n, dtype=int), np.zeros(n)
        lanes = Lanes(nothing, nothing, np.ascontiguousarray(y), count, count + RUNNING, count, count)
        self.lanes = mapped(np.copy, lanes)
        self.quiet, self.least_ions = nothing + QUIET, nothing + 1.0
        self.ended, self.seen, self.last_step = count + Ended.moving, np.full(n, None, dtype=object), np.zeros(n)
        self.points = mapped(np.copy, settling(system)((x, y, numbers), (pace, 0)))

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
            self.ended[waiting[self.lanes.status[waiting] == STUCK]] = Ended.stopped
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
        before = self.lanes.t[which]
        batch = (taken(self.lanes, which), self.quiet[which], self.least_ions[which], self.columns[:, which])
        put(self.lanes, which, following(self.system)(batch, tries))
        self.last_step[which] = (self.lanes.t[which] - before) / tries

    def states(self, which: np.ndarray) -> np.ndarray:
        """(lanes, states)"""
        return self.system.join(self.lanes.y[:, which].T, self.c[which], self.matrix[which])

    def judge_emptied(self, which: np.ndarray) -> None:
        """What decays towards nothing goes on as it did; what is taken where there is none does not."""
        few = self.states(which) < one_ion(self.system, self.numbers[:, which].T)
        few &= (self.least_ions[which] > 0.0)[:, None]
        for place in np.flatnonzero(few.any(axis=1)):
            k = which[place]
            goes_on = vanishes(self.system, self.states(which[[place]])[0], self.numbers[:, k], few[place])
            self.least_ions[k], self.lanes.status[k] = 0.0, RUNNING if goes_on else STUCK

    def settle(self, which: np.ndarray) -> None:
        """Where it is quiet: steps towards a stationary point, or a longer way."""
        if not which.size:
            return
        near = settle_where_stable(
            self.system, self.x[:, which], self.lanes.y[:, which], self.numbers[:, which], self.pace, FEW
        )
        there, others = which[near.done], which[~near.done]
        put(self.points, there, taken(near, near.done))
        self.ended[there] = Ended.settled
        self.quiet[others] *= QUIETER
        still = (self.quiet[others] > STILL) | (self.lanes.t[others] >= END)
        self.ended[others[still]] = Ended.stopped
        self.lanes.status[others[~still]] = RUNNING

    def look(self, which: np.ndarray) -> None:
        """Whether those that still move go on so for ever."""
        for k, state in zip(which, self.states(which), strict=True):
            self.seen[k] = seen = firing(self.system, state, self.numbers[:, k], float(self.last_step[k]))
            if seen.steady or seen.stays:
                self.lanes.status[k] = FINISHED


@lru_cache(maxsize=64)
def following(system: System) -> Callable[[tuple[Lanes, np.ndarray, np.ndarray, np.ndarray], int], Lanes]:
    """The motion as machine code: (lanes, steps that are long enough, least amounts, numbers), tries -> lanes.

    A lane that is so quiet, or that has less of an amount than so many ions, is FINISHED.
    """
    allowed = Allowed(system)

    def valid(y: Entries, args: tuple[Entries, ...]) -> Array:
        x = system.join_entries(y, *args[1:])
        return allowed.positive_part(y, *args[1:]) & ~allowed.swollen(tuple(v / 2 for v in x))

    def follow(batch: tuple[Lanes, Array, Array, Array], attempts: Array) -> Lanes:
        import jax.numpy as jnp

        from vrest.numerics.batch import advance
        from vrest.numerics.tableau import RODAS3

        lanes, quiet, least_ions, numbers = batch
        constants = constants_of(system, numbers)
        units = system.units(constants[0])

        def emptied(y: Entries, args: tuple[Entries, ...]) -> Array:
            fewer = jnp.zeros_like(least_ions, dtype=bool)
            for (kind, _), value, unit in zip(system.states, system.join_entries(y, *args[1:]), units, strict=True):
                fewer |= (kind == "amount") & (value * unit * N_A < least_ions)
            return fewer

        return advance(
            lambda t, y, args: system.reduced_entries(y, args[0]),
            lanes,
            constants,
            jnp.asarray([0.0, END]),
            valid=valid,
            rtol=RTOL,
            atol=allowed.tolerance(RTOL),
            attempts=attempts,
            quick=system.quick,
            enough=quiet,
            halt=emptied,
            method=RODAS3,
        ).lanes

    return Kernel(follow, system.key("follow"))


@lru_cache(maxsize=64)
def settling(
    system: System,
) -> Callable[[tuple[np.ndarray, np.ndarray, np.ndarray], tuple[Pace, int]], Proved]:
    """The search of a batch and the proof of its results as machine code.

    (states whose totals hold, independent states to begin with, parameters), (pace, iterations) -> Proved
    """
    allowed = Allowed(system)
    charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]

    def f(t: Array, y: Entries, args: tuple[Entries, ...]) -> Entries:
        return system.reduced_entries(y, args)

    def search(batch: tuple[Array, Array, Array], how: tuple[Pace, Array]) -> Proved:
        import jax.numpy as jnp

        from vrest.numerics.settle import prove, settle

        x0, y, p = (tuple(jnp.unstack(rows)) for rows in batch)
        _, c, matrix = system.split_entries(x0, p)
        nothing = tuple(0.0 * v for v in c)

        def share(y: Entries, change: Entries) -> Array:
            return allowed.share(system.join_entries(y, c, matrix), system.join_entries(change, nothing, matrix))

        pace, iterations = how
        ended = settle(f, y, (p, c, matrix), scale=allowed.scale, share=share, pace=pace, iterations=iterations)
        proof = prove(ended.jacobian, allowed.scale(ended.y))
        x = system.join_entries(tuple(v + rest for v, rest in zip(ended.y, ended.correction, strict=True)), c, matrix)
        zero = jnp.zeros_like(y[0])
        imbalance, ordinary = zero, jnp.ones_like(zero, dtype=bool)
        for (kind, name), value, rate in zip(system.states, x, system.derivative_entries(x, p), strict=True):
            if kind == "amount":
                space = name.split(".")[0]
                per_minute = from_si(rate, "concentration_rate") / system.relative_volume(x, space)
                imbalance = jnp.maximum(imbalance, jnp.abs(per_minute))
                ordinary &= value * system.get(p, f"compartments.{space}.volume") * N_A > 1.0
            elif kind == "volume":
                ordinary &= value < SWOLLEN
        residual = zero
        for k in charges:
            residual = jnp.maximum(residual, from_si(jnp.abs(ended.correction[k]), "potential"))
        return Proved(
            y=jnp.stack(ended.y),
            correction=jnp.stack(ended.correction),
            state=jnp.stack([jnp.broadcast_to(v, zero.shape) for v in x]),
            done=ended.done,
            iterations=ended.iterations,
            residual_mV=residual,
            imbalance=imbalance,
            ordinary=ordinary,
            working=pumped(system, x, p),
            verdict=proof.verdict,
            slowest=proof.slowest,
            jacobian=proof.jacobian,
        )

    return Kernel(search, system.key("settle"))
