"""Where the motion leads: the search behind `rest`, for one cell and for many of one structure side by side.

The motion is followed with controlled error until its steps have grown long against everything quick, and Newton's
method goes on from there. Cells in which nothing can turn it first try large pseudo-time steps, which are given up as
soon as they do not fit the motion.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vrest.constants import N_A
from vrest.numerics.kernel import Kernel, leaves_of, mapped
from vrest.numerics.lanes import FINISHED, RUNNING, STUCK, Lanes
from vrest.numerics.point import BOLD, NEWTON, STABLE, THERE, UNKNOWN, UNSTABLE, Pace
from vrest.system.assemble import System
from vrest.verbs.allowed import SWOLLEN, Allowed
from vrest.verbs.batch import constants_of, numbers_of
from vrest.verbs.firing import firing
from vrest.verbs.held import pumped
from vrest.verbs.outcome import Ended

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

Progress = Callable[[float], Any]
"""Told the share of cells that are settled, or of the steps that may be tried; returning False stops the search."""


class Settling(NamedTuple):
    """Where a search that takes all lanes together ended, and what proves it. Arrays end with an axis of lanes."""

    y: Any
    """(independent, lanes)"""
    correction: Any
    """(independent, lanes) what Newton's method still changes; `state` contains it."""
    state: Any
    """(states, lanes)"""
    done: Any
    iterations: Any
    residual_mV: Any
    imbalance: Any
    ordinary: Any
    """No compartment has run out of an ion or swells without limit."""
    working: Any
    """A pump holds gradients."""
    verdict: Any
    slowest: Any
    jacobian: Any
    """(independent, independent, lanes) measured with `Allowed.scale`."""


class Searched(NamedTuple):
    """Where n cells came to."""

    found: Settling
    ended: np.ndarray
    """(n,) `Ended`; where it is not `settled`, `found` is the last point of the motion."""
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
    """
    x, numbers = x0.T, p.T
    y = x[list(system.laws.independent)] if y0 is None else y0.T
    found = settled(system, x, y, numbers, BOLD if system.monotone else THERE, ENOUGH)
    ended = np.full(len(p), Ended.settled)
    now = Searched(found, ended, np.zeros(len(p)), np.zeros(len(p), dtype=int), np.full(len(p), None), np.zeros(len(p)))
    if (waiting := np.flatnonzero(~found.done)).size:
        pace = BOLD._replace(first=QUIET) if system.monotone else NEWTON
        led = _led(system, x[:, waiting], y[:, waiting], numbers[:, waiting], pace, progress)
        _put(now, waiting, led)
    return now


def settled(system: System, x: Any, y: Any, numbers: Any, pace: Pace, iterations: int) -> Settling:
    """Steps of a pace towards stationary points; a point that a cell would leave is none to settle at.

    Where signs do not tell stability eigenvalues do: of all that are done `verdict` is STABLE or UNSTABLE, unless
    double precision cannot tell, and `slowest` is known.
    """
    found = settling(system)((x, y, numbers), (pace, iterations))
    told = (found.verdict == STABLE) & ~np.isnan(found.slowest)
    if (unclear := np.flatnonzero(found.done & ~told)).size:
        these = found.jacobian[..., unclear]
        rates = np.linalg.eigvals(np.moveaxis(these, -1, 0)).real
        certain = np.abs(rates).min(axis=1) > rounding(these)
        found.slowest[unclear] = rates.max(axis=1)
        found.verdict[unclear] = np.where(certain, np.where(rates.max(axis=1) < 0, STABLE, UNSTABLE), UNKNOWN)
    found.done[found.verdict == UNSTABLE] = False
    return found


def rounding(scaled: np.ndarray) -> np.ndarray:
    """The smallest rate (1/s) that double precision tells from zero, of a scaled Jacobian (n, n, ...)."""
    return 10 * np.finfo(np.float64).eps * np.linalg.norm(scaled, axis=(0, 1))


def _taken(tree: Any, lanes: np.ndarray) -> Any:
    """What is known of some lanes."""
    return mapped(lambda a: a[..., lanes], tree)


def _put(into: Any, lanes: np.ndarray, part: Any) -> None:
    """Write what is known of some lanes into what is known of all."""
    for target, source in zip(leaves_of(into)[0], leaves_of(part)[0], strict=True):
        target[..., lanes] = source


def _led(system: System, x: Any, y: Any, numbers: Any, pace: Pace, progress: Progress | None) -> Searched:
    """Follow the motion until it is quiet, go on with steps of a pace, and follow it further where those do not fit."""
    n, settle, follow = y.shape[1], settling(system), following(system)
    _, c, matrix = system.split(x.T, numbers.T)
    rows = numbers_of(numbers.T, c, matrix)
    count, nothing = np.zeros(n, dtype=int), np.zeros(n)
    lanes = Lanes(nothing, nothing, np.ascontiguousarray(y), count, count + RUNNING, count, count)
    lanes = mapped(np.copy, lanes)
    lasts = np.zeros(n)
    enough, ended, seen = nothing + QUIET, count + Ended.moving, np.full(n, None)
    found = mapped(np.copy, settle((x, y, numbers), (pace, 0)))
    waiting, tried, chunk, look = np.arange(n), 0, CHUNK, FIRST_LOOK
    while waiting.size:
        chunk, before = min(chunk, TRIES - tried), lanes.t[waiting]
        _put(lanes, waiting, follow((_taken(lanes, waiting), enough[waiting], rows[:, waiting]), chunk))
        lasts[waiting] = (lanes.t[waiting] - before) / chunk
        tried, chunk = tried + chunk, min(2 * chunk, LARGEST_CHUNK)
        status = lanes.status[waiting]
        if (quiet := waiting[status == FINISHED]).size:
            near = settled(system, x[:, quiet], lanes.y[:, quiet], numbers[:, quiet], pace, FEW)
            there, others = quiet[near.done], quiet[~near.done]
            _put(found, there, _taken(near, near.done))
            ended[there] = Ended.settled
            enough[others] *= QUIETER
            still = (enough[others] > STILL) | (lanes.t[others] >= END)
            ended[others[still]] = Ended.stopped
            lanes.status[others[~still]] = RUNNING
        ended[waiting[status == STUCK]] = Ended.stopped
        waiting = np.flatnonzero((ended == Ended.moving) & (lanes.status == RUNNING))
        if tried >= look:
            look *= 2
            for k in waiting:
                state = system.join(lanes.y[:, k], c[k], matrix[k])
                seen[k] = firing(system, state, numbers[:, k], lasts[k])
                if seen[k].steady or seen[k].stays:
                    lanes.status[k] = FINISHED  # it goes on so for ever
            waiting = waiting[lanes.status[waiting] == RUNNING]
        if progress is not None and waiting.size and progress(max(1.0 - waiting.size / n, tried / TRIES)) is False:
            ended[waiting] = Ended.cancelled
            break
        if tried >= TRIES:
            break
    if (rest := np.flatnonzero(ended != Ended.settled)).size:  # what is known of the point where it was left
        _put(found, rest, settle((x[:, rest], lanes.y[:, rest], numbers[:, rest]), (pace, 1)))
        found.y[:, rest] = lanes.y[:, rest]
    return Searched(found, ended, lanes.t, lanes.steps, seen, lasts)


@lru_cache(maxsize=64)
def following(system: System) -> Any:
    """The motion as machine code: (lanes, steps that are long enough, numbers), (tries,) -> lanes."""
    allowed = Allowed(system)

    def valid(y: Any, args: Any) -> Any:
        x = system.whole(y, *args[1:])
        return allowed.positive_part(y, *args[1:]) & ~allowed.swollen(tuple(v / 2 for v in x))

    def follow(batch: Any, attempts: Any) -> Lanes:
        import jax.numpy as jnp

        from vrest.numerics.batch import advance
        from vrest.numerics.tableau import RODAS3

        lanes, enough, numbers = batch
        return advance(
            lambda t, y, args: system.slopes(y, args[0]),
            lanes,
            constants_of(system, numbers),
            jnp.asarray([0.0, END]),
            valid=valid,
            rtol=RTOL,
            atol=allowed.tolerance(RTOL),
            attempts=attempts,
            quick=system.quick,
            enough=enough,
            method=RODAS3,
        ).lanes

    return Kernel(follow, system.key("follow"))


@lru_cache(maxsize=64)
def settling(system: System) -> Any:
    """The search of a batch and the proof of its results as machine code.

    (states whose totals hold, independent states to begin with, parameters), (pace, iterations) -> Settling
    """
    allowed = Allowed(system)
    charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]

    def f(t: Any, y: Any, args: Any) -> Any:
        return system.slopes(y, args)

    def search(batch: Any, how: Any) -> Settling:
        import jax.numpy as jnp

        from vrest.numerics.settle import prove, settle

        x0, y, p = (tuple(jnp.unstack(rows)) for rows in batch)
        _, c, matrix = system.parted(x0, p)
        nothing = tuple(0.0 * v for v in c)

        def share(y: Any, change: Any) -> Any:
            return allowed.share(system.whole(y, c, matrix), system.whole(change, nothing, matrix))

        pace, iterations = how
        ended = settle(f, y, (p, c, matrix), scale=allowed.scale, share=share, pace=pace, iterations=iterations)
        proof = prove(ended.jacobian, allowed.scale(ended.y))
        x = system.whole(tuple(v + rest for v, rest in zip(ended.y, ended.correction, strict=True)), c, matrix)
        zero = jnp.zeros_like(y[0])
        imbalance, ordinary = zero, jnp.ones_like(zero, dtype=bool)
        for (kind, name), value, rate in zip(system.states, x, system.changes(x, p), strict=True):
            if kind == "amount":
                space = name.split(".")[0]
                imbalance = jnp.maximum(imbalance, jnp.abs(60.0 * rate / system.relative_volume(x, space)))
                ordinary &= value * system.get(p, f"compartments.{space}.volume") * N_A > 1.0
            elif kind == "volume":
                ordinary &= value < SWOLLEN
        residual = zero
        for k in charges:
            residual = jnp.maximum(residual, 1e3 * jnp.abs(ended.correction[k]))
        return Settling(
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
