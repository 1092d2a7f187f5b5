"""Many problems side by side, or one: each lane has its own time, step and stage, and stops when it is done.

`advance` tries a number of steps on every lane and returns; between calls the caller takes finished lanes out, so that
a stiff lane does not make the others wait. A lane that has arrived keeps its values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from vrest.numerics.compiler.samples import sample_put, sample_room, sample_time
from vrest.numerics.lanes import FINISHED, RUNNING, STUCK, Advanced, Lanes, Watched
from vrest.numerics.rhs import Rhs
from vrest.numerics.rosenbrock import Attempt, attempt, within
from vrest.numerics.tableau import RODAS5P, Tableau

if TYPE_CHECKING:
    from vrest.numerics.rosenbrock import Slope, Valid
    from vrest.numerics.shapes import (
        Count,
        Counts,
        Edges,
        Flag,
        Flags,
        Levels,
        Number,
        Reals,
        Samples,
        Staged,
        State,
        Times,
        Vector,
    )

    Carry = tuple[Count, Lanes, Samples | None]

SAMPLES = (0.25, 0.5, 0.75, 1.0)
WEIGHTS = (7 / 90, 32 / 90, 12 / 90, 32 / 90, 7 / 90)
"""Where a watched quantity is read in every step, and Boole's weights of its mean."""


def advance(
    f: Slope,
    lanes: Lanes,
    args: Any,
    edges: Edges,
    *,
    stage_args: Callable[[Counts], Any] = lambda stage: (),
    valid: Valid,
    rtol: Number,
    atol: Vector | Sequence[Number],
    attempts: int | Count,
    quick: tuple[int, ...] | None = None,
    enough: Reals | None = None,
    halt: Callable[[State, Any], Flags] | None = None,
    method: Tableau = RODAS5P,
    watch: Callable[[Reals, State, Any], State] | None = None,
    thresholds: Levels | None = None,
    show: Callable[[State, Any], State] | None = None,
    times: Times | None = None,
) -> Advanced:
    """Try `attempts` steps on every lane that is running.

    Parameters
    ----------
    f
        y' = f(t, y, (args, now)) on tuples of n arrays (lanes,).
    args, stage_args
        Constants, and what depends on the stage a lane is in: now = stage_args(stage).
    edges
        (stages + 1,) times; a lane in stage k goes from edges[k] to edges[k + 1] and then enters stage k + 1.
    valid
        valid(y, args) -> bool: a state that is not allowed rejects its step.
    rtol, atol
        Relative tolerance, and absolute tolerance of each state, (n,).
    quick
        The unknowns that follow the others at once, as `growing.longest` needs them; None does not ask what grows.
    enough
        (lanes,) a step so long ends the way of its lane; None for no such end.
    halt
        halt(y, args) -> bool: so does such a state.
    method
        Of the steps; what is watched or shown needs one with dense output.
    watch, thresholds
        watch(t, y, (args, now)) -> m arrays that are followed along the way, with the m levels whose passing counts.
    show, times
        show(y, args) -> rows of numbers that are kept at the times (m,), increasing, the last infinite, by dense
        output.

    Notes
    -----
    Lanes that are stuck or finished are computed along with those in their vector that run, and keep their values.
    """
    stages = edges.shape[0] - 1
    assert not isinstance(lanes.y, tuple)
    y0, levels = tuple(jnp.unstack(lanes.y)), tuple(atol)
    rhs = Rhs(f, lanes.t, y0, (args, stage_args(lanes.stage)), fixed=(True, False))

    samples = None if show is None else sample_room(times, lanes.t, rows=len(show(y0, args)))

    def going(carry: Carry) -> Flag:
        k, lanes, *_ = carry
        return (k < attempts) & jnp.any(lanes.status == RUNNING)

    def body(carry: Carry) -> Carry:
        k, lanes, samples = carry
        y, place = tuple(lanes.y), lanes.place
        running = lanes.status == RUNNING
        t_stop = chosen(edges[1:], lanes.stage)
        both = (args, stage_args(lanes.stage))
        tried = attempt(
            rhs,
            lanes.t,
            y,
            lanes.h,
            t_stop,
            both,
            allowed=lambda end: valid(end, args),
            rtol=rtol,
            atol=levels,
            quick=quick,
            method=method,
        )
        good = tried.good & running
        arrived = good & tried.last
        over = arrived & (lanes.stage == stages - 1)
        if enough is not None:
            over |= good & (tried.h_next >= enough)
        if halt is not None:
            over |= good & halt(tried.end, args)
        status = jnp.where(over, FINISHED, jnp.where(running & tried.stuck, STUCK, lanes.status))
        watched = lanes.watched
        if watch is not None:
            assert watched is not None
            assert thresholds is not None
            watched = _seen(watched, lanes.t, y, tried, good, watch, both, thresholds)
        if show is not None:
            assert place is not None
            assert samples is not None
            assert times is not None
            place, samples = _shown(place, samples, lanes.t, y, tried, good, lambda z, s=show: s(z, args), times)
        # a new stage starts a new transient: its first step is guessed afresh
        h = jnp.where(arrived & ~over, 0.0, tried.h_next)
        lanes = Lanes(
            jnp.where(running, tried.t_next, lanes.t),
            jnp.where(running, h, lanes.h),
            tuple(jnp.where(running, new, old) for new, old in zip(tried.y_next, y, strict=True)),
            jnp.where(arrived & ~over, lanes.stage + 1, lanes.stage),
            status.astype(lanes.status.dtype),
            lanes.steps + good,
            lanes.rejected + (running & ~tried.good),
            watched,
            place,
        )
        return k + 1, lanes, samples

    k, done, samples = jax.lax.while_loop(going, body, (jnp.asarray(0), lanes._replace(y=y0), samples))
    return Advanced(done._replace(y=jnp.stack(done.y)), jnp.broadcast_to(k, lanes.t.shape), samples)


def _shown(
    place: Counts,
    samples: Samples,
    t: Reals,
    y: State,
    tried: Attempt,
    good: Flags,
    show: Callable[[State], State],
    times: Times,
) -> tuple[Counts, Samples]:
    """Keep what is shown at the times that a step passes; `place` is the next of them."""

    def due(place: Counts) -> Flags:
        time = sample_time(times, place)
        return good & (time <= tried.t_next) & (time < jnp.inf)  # nothing beyond the last, however far a step goes

    def one(carry: tuple[Counts, Samples]) -> tuple[Counts, Samples]:
        place, samples = carry
        now = due(place)
        theta = (sample_time(times, place) - t) / tried.h
        inside = tuple(within(theta, y[i], tried.end[i], [d[i] for d in tried.dense]) for i in range(len(y)))
        return place + now, sample_put(samples, place, now, *show(inside))

    return jax.lax.while_loop(lambda carry: jnp.any(due(carry[0])), one, (place, samples))


def chosen(rows: Staged, stage: Counts) -> Reals:
    """The entry of each lane's stage, rows (stages,) or (stages, lanes): a few comparisons; a gather is slow."""
    value = rows[0]
    for k in range(1, rows.shape[0]):
        value = jnp.where(stage == k, rows[k], value)
    return jnp.broadcast_to(value, stage.shape)


def _seen(
    watched: Watched,
    t: Reals,
    y: State,
    tried: Attempt,
    good: Flags,
    watch: Callable[[Reals, State, Any], State],
    args: Any,
    thresholds: Levels,
) -> Watched:
    """What a step adds to what has been seen; nothing where it was rejected."""
    readings = [watch(t, y, args)]
    for theta in SAMPLES:
        inside = [within(theta, y[i], tried.end[i], [d[i] for d in tried.dense]) for i in range(len(y))]
        readings.append(watch(t + theta * tried.h, tuple(inside), args))
    rows = []
    for m, level in enumerate(thresholds):
        g = [jnp.broadcast_to(reading[m], t.shape) for reading in readings]
        low, high, integral, above, first = (part[m] for part in watched)
        mean = sum(w * v for w, v in zip(WEIGHTS, g, strict=True))
        part, passed = 0.0, jnp.full_like(t, jnp.inf)
        for k in range(len(SAMPLES)):
            a, b = g[k], g[k + 1]
            rise = jnp.where(a == b, 1.0, b - a)
            crossing = jnp.clip((level - a) / rise, 0.0, 1.0)
            share = jnp.where(
                (a > level) & (b > level), 1.0, jnp.where(b > level, 1 - crossing, jnp.where(a > level, crossing, 0.0))
            )
            part = part + share / len(SAMPLES)
            when = jnp.where(a > level, 0.0, jnp.where(b > level, crossing, jnp.inf))
            passed = jnp.minimum(passed, t + (k + when) / len(SAMPLES) * tried.h)
        rows.append(
            (
                jnp.where(good, jnp.minimum(low, reduce(jnp.minimum, g)), low),
                jnp.where(good, jnp.maximum(high, reduce(jnp.maximum, g)), high),
                jnp.where(good, integral + mean * tried.h, integral),
                jnp.where(good, above + part * tried.h, above),
                jnp.where(good, jnp.minimum(first, passed), first),
            )
        )
    return Watched(*(jnp.stack(column) for column in zip(*rows, strict=True)))
