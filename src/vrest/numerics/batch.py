"""Many problems side by side: each lane has its own time, step and stage, and stops when it is done.

`advance` tries a fixed number of steps on every lane and returns; between calls the caller takes finished lanes out
and puts new problems in, so that a stiff lane never makes the others wait. A lane that has arrived keeps its values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from vrest.numerics.rhs import Rhs, State
from vrest.numerics.rosenbrock import (
    FINISHED,
    RUNNING,
    STUCK,
    Attempt,
    Slope,
    Valid,
    attempt,
    within,
)

SAMPLES = (0.25, 0.5, 0.75, 1.0)
WEIGHTS = (7 / 90, 32 / 90, 12 / 90, 32 / 90, 7 / 90)
"""Where a watched quantity is read in every step, and Boole's weights of its mean."""


class Watched(NamedTuple):
    """What has been seen of m quantities; each (m, lanes)."""

    low: Any
    high: Any
    integral: Any
    """Time integral."""
    above: Any
    """Time spent above the threshold."""
    first: Any
    """When the threshold was first passed; infinite if never."""


class Lanes(NamedTuple):
    """A batch on its way."""

    t: Any
    """(lanes,)"""
    h: Any
    """(lanes,) next step; zero or less asks for a cautious guess."""
    y: Any
    """(n, lanes)"""
    stage: Any
    """(lanes,) int: which stretch of the protocol the lane is in."""
    status: Any
    """(lanes,) RUNNING, FINISHED or STUCK."""
    steps: Any
    """(lanes,) int: accepted."""
    rejected: Any
    watched: Watched | None = None


class Record(NamedTuple):
    """Every step that `advance` tried, (attempts, ..., lanes)."""

    t: Any
    h: Any
    good: Any
    """Whether it was accepted."""
    powers: Any
    """(attempts, 5, n, lanes): y(t + theta h) = sum_k powers[k] theta^k."""


def stored(values: State, always: Any) -> State:
    """The same arrays, kept in memory by XLA.

    On a CPU, XLA computes an array anew inside every loop that uses it; eight stages that each use all earlier ones
    then cost several times the arithmetic. Nothing is fused through a conditional: `always` must be true, and must not
    be known to be true before it runs. On other devices fusion does not repeat work, and this does nothing.
    """
    if jax.default_backend() != "cpu":
        return values
    return jax.lax.cond(always, lambda v: v, lambda v: tuple(0.0 * a for a in v), values)


def advance(
    f: Slope,
    lanes: Lanes,
    args: Any,
    edges: Any,
    *,
    stage_args: Callable[[Any], Any] = lambda stage: (),
    valid: Valid,
    rtol: Any,
    atol: Any,
    attempts: Any,
    watch: Callable[[Any, State, Any], State] | None = None,
    thresholds: Any = (),
    record: int = 0,
) -> tuple[Lanes, Record | None]:
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
    watch, thresholds
        watch(t, y, (args, now)) -> m arrays that are followed along the way, with the m levels whose passing counts.
    record
        Room for so many steps, which are returned with their dense output; 0 for none.

    Notes
    -----
    Lanes that are stuck or finished are computed along and keep their values: that is the price of lockstep, and
    why the caller refills them.
    """
    stages = edges.shape[0] - 1
    atol = tuple(atol)
    y0 = tuple(jnp.unstack(lanes.y))
    always = attempts > 0
    rhs = Rhs(f, lanes.t, y0, (args, stage_args(lanes.stage)), fixed=(True, False))

    def going(carry: Any) -> Any:
        k, lanes, _ = carry
        return (k < attempts) & jnp.any(lanes.status == RUNNING)

    def body(carry: Any) -> Any:
        k, lanes, kept = carry
        y = lanes.y
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
            atol=atol,
            store=lambda values: stored(values, always),
        )
        good = tried.good & running
        arrived = good & tried.last
        over = arrived & (lanes.stage == stages - 1)
        status = jnp.where(over, FINISHED, jnp.where(running & tried.stuck, STUCK, lanes.status))
        watched = lanes.watched
        if watch is not None and watched is not None:
            watched = _seen(watched, lanes.t, y, tried, good, watch, both, thresholds)
        tried_from = lanes.t
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
        )
        if kept is not None:
            rows = Record(tried_from, tried.h, good, jnp.stack([jnp.stack(p) for p in in_powers(y, tried)]))
            kept = Record(
                *(jax.lax.dynamic_update_index_in_dim(a, row, k, 0) for a, row in zip(kept, rows, strict=True))
            )
        return k + 1, lanes, kept

    width, kept = lanes.t.shape, None
    if record:
        nothing = jnp.zeros((record, *width))
        kept = Record(nothing, nothing, nothing.astype(bool), jnp.zeros((record, 5, len(y0), *width)))
    _, done, kept = jax.lax.while_loop(going, body, (jnp.asarray(0), lanes._replace(y=y0), kept))
    return done._replace(y=jnp.stack(done.y)), kept


def in_powers(y: State, tried: Attempt) -> tuple[State, ...]:
    """The dense output of a step in powers of theta, from the constant to the fourth."""
    d1, d2, d3 = tried.dense
    # (1-x) y0 + x y1 + x(1-x) (d1 + x (d2 + x d3))
    return (
        y,
        tuple(b - a + p for a, b, p in zip(y, tried.end, d1, strict=True)),
        tuple(q - p for p, q in zip(d1, d2, strict=True)),
        tuple(r - q for q, r in zip(d2, d3, strict=True)),
        tuple(-r for r in d3),
    )


def chosen(rows: Any, stage: Any) -> Any:
    """The entry of each lane's stage, rows (stages,) or (stages, lanes): a few comparisons; a gather is slow."""
    value = rows[0]
    for k in range(1, rows.shape[0]):
        value = jnp.where(stage == k, rows[k], value)
    return jnp.broadcast_to(value, stage.shape)


def _seen(
    watched: Watched,
    t: Any,
    y: State,
    tried: Attempt,
    good: Any,
    watch: Callable[[Any, State, Any], State],
    args: Any,
    thresholds: Any,
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
