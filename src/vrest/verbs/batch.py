"""Many cells of one structure at once: their resting states, or their runs under one protocol.

The batch knows arrays only: n cells, S states, P parameters, SI. Nothing is dropped; every cell has an outcome.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from vrest.numerics.point import Stationary
from vrest.system.assemble import System
from vrest.verbs.allowed import Allowed
from vrest.verbs.certify import certify
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import search
from vrest.verbs.run import FIRST_MOMENT, stepper

FINISHED, STUCK, TOO_LONG = 0, 1, 2
"""How a run ended: at its end, where the step size fell to rounding, or at the limit of steps."""

MOST_STEPS = 200_000
POINTS = 8
"""Of each step, at which what is watched is read."""

Watch = Callable[[Any, Any], Any]
"""(x, p) of one cell -> (m,) quantities that are watched."""


class RestBatch(NamedTuple):
    """Where the searches ended."""

    state: np.ndarray
    """(n, S)."""
    outcome: np.ndarray
    """(n,) int8, index into `tuple(Outcome)`."""
    residual_mV: np.ndarray
    imbalance: np.ndarray
    """(n,) worst of any ion, mM/min."""
    slowest: np.ndarray
    """(n,) largest real part of an eigenvalue, 1/s."""
    iterations: np.ndarray


class RunBatch(NamedTuple):
    """Where the runs ended and what they passed."""

    state: np.ndarray
    """(n, S) at the end."""
    status: np.ndarray
    """(n,) int8: FINISHED, STUCK or TOO_LONG."""
    t: np.ndarray
    """(n,) time reached, s."""
    steps: np.ndarray
    rejected: np.ndarray
    series: np.ndarray | None
    """(n, T, S) at the times asked for."""
    low: np.ndarray | None
    """(n, m) minimum of each watched quantity; then its maximum and its mean over time."""
    high: np.ndarray | None
    mean: np.ndarray | None
    above: np.ndarray | None
    """(n, m) s spent above the threshold."""
    first: np.ndarray | None
    """(n, m) s, first time above it; inf if never."""


def rest_batch(system: System, p: np.ndarray, x0: np.ndarray) -> RestBatch:
    """Resting states of many cells: p (n, P), x0 (n, S)."""
    outcomes = list(Outcome)
    parts = [system.split(x, q) for x, q in zip(x0, p, strict=True)]
    y0, c, matrix = (np.stack(column) for column in zip(*parts, strict=True))
    padded = 2 ** int(np.ceil(np.log2(len(p))))  # few sizes, so that little is compiled
    y0, q, c, matrix = (np.resize(part, (padded, *part.shape[1:])) for part in (y0, p, c, matrix))
    found = [np.asarray(part) for part in _search_many(system)(y0, (q, c, matrix))]
    judged = [certify(system, p[k], x0[k], Stationary(*(part[k] for part in found))) for k in range(len(p))]
    return RestBatch(
        np.stack([j.state for j in judged]),
        np.array([outcomes.index(j.outcome) for j in judged], dtype=np.int8),
        np.array([j.residual_mV for j in judged]),
        np.array(
            [max((abs(v) for s in j.residual_mM_per_min.values() for v in s.values()), default=0) for j in judged]
        ),
        np.array([j.eigenvalues.real.max() if len(j.eigenvalues) else np.nan for j in judged]),
        np.array([j.iterations for j in judged]),
    )


@lru_cache(maxsize=64)
def _search_many(system: System) -> Any:
    import jax

    return jax.jit(jax.vmap(search(system)))


def run_batch(
    system: System,
    p: np.ndarray,
    edges: np.ndarray,
    x0: np.ndarray,
    *,
    slope: np.ndarray | None = None,
    rtol: float = 1e-6,
    times: np.ndarray | None = None,
    watch: Watch | None = None,
    thresholds: np.ndarray | None = None,
) -> RunBatch:
    """Runs of many cells through the same segments.

    Parameters
    ----------
    p, slope
        (segments, n, P) parameters at the start of each segment, and their rates of change.
    edges
        (segments + 1,) s.
    times
        (T,) s, at which the states are wanted.
    watch, thresholds
        What to reduce over time, and the threshold of each quantity.
    """
    runs = [
        _run(system, p[:, k], edges, x0[k], None if slope is None else slope[:, k], rtol, times, watch, thresholds)
        for k in range(len(x0))
    ]
    columns = [None if each[0] is None else np.stack(each) for each in zip(*runs, strict=True)]
    return RunBatch(*columns)  # pyright: ignore[reportArgumentType]


def _run(
    system: System,
    p: np.ndarray,
    edges: np.ndarray,
    x0: np.ndarray,
    slope: np.ndarray | None,
    rtol: float,
    times: np.ndarray | None,
    watch: Watch | None,
    thresholds: np.ndarray | None,
) -> tuple[Any, ...]:
    """One cell."""
    from vrest.numerics.rosenbrock import STUCK as FELL
    from vrest.numerics.rosenbrock import evaluate

    y, c, matrix = system.split(x0, p[0])
    atol = rtol * Allowed(system).floor[list(system.laws.independent)] * 1e-2
    series = None if times is None else np.full((len(times), len(x0)), np.nan)
    seen: list[tuple[np.ndarray, np.ndarray]] = []
    steps = rejected = status = 0
    h = t = 0.0
    shares = np.linspace(0.0, 1.0, POINTS + 1)
    for s, (start, stop) in enumerate(pairwise(edges.tolist())):
        moving = slope is not None and bool(np.any(slope[s]))
        change = np.zeros_like(p[s]) if slope is None else slope[s]
        t, h = float(start), min(h, FIRST_MOMENT) if h else 0.0
        while t < stop and status == FINISHED:
            out = stepper(system, moving)(t, y, stop, h, (p[s], change, start, c, matrix), rtol, atol)
            count, before = int(out.count), t
            y, t, h = np.asarray(out.y_end), float(out.t_end), float(out.h_next)
            steps, rejected = steps + count, rejected + int(out.rejected)
            if int(out.status) == FELL:
                status = STUCK
            elif steps > MOST_STEPS:
                status = TOO_LONG
            if not count:
                continue
            ts, hs = np.asarray(out.t)[:count], np.asarray(out.h)[:count]
            dense = (ts, hs, np.asarray(out.y)[:count], np.asarray(out.dense)[:count])
            if series is not None and times is not None:
                here = (times >= before) & ((times < t) | ((times == t) & (t >= edges[-1])))
                series[here] = system.join(evaluate(*dense, times[here]), c, matrix)
            if watch is not None:
                at = np.unique((ts[:, None] + hs[:, None] * shares).ravel())
                x = system.join(evaluate(*dense, at), c, matrix)
                seen.append((at, np.asarray(_watching(watch)(x, p[s] + change * (at - start)[:, None]))))
        if status:
            break
    reduced = (None,) * 5 if watch is None else _reduced(seen, thresholds)
    return (system.join(y, c, matrix), np.int8(status), t, steps, rejected, series, *reduced)


@lru_cache(maxsize=64)
def _watching(watch: Watch) -> Any:
    import jax

    return jax.vmap(watch)


def _reduced(seen: list[tuple[np.ndarray, np.ndarray]], thresholds: np.ndarray | None) -> tuple[Any, ...]:
    """Minimum, maximum, mean, time above and first time above, from readings joined by straight lines."""
    values = np.concatenate([v for _, v in seen])
    dt = np.concatenate([np.diff(at) for at, _ in seen])[:, None]
    left, right = (np.concatenate([v[cut] for _, v in seen]) for cut in (slice(-1), slice(1, None)))
    at = np.concatenate([t[:-1] for t, _ in seen])[:, None]
    over_left, over_right = (v - (np.inf if thresholds is None else thresholds) for v in (left, right))
    with np.errstate(all="ignore"):
        crossing = np.clip(over_left / (over_left - over_right), 0.0, 1.0)
    share = np.where(over_left > 0, np.where(over_right > 0, 1.0, crossing), np.where(over_right > 0, 1 - crossing, 0))
    begins = np.where(over_left > 0, at, np.where(over_right > 0, at + crossing * dt, np.inf))
    mean = np.sum((left + right) / 2 * dt, axis=0) / np.sum(dt)
    return values.min(axis=0), values.max(axis=0), mean, np.nansum(share * dt, axis=0), begins.min(axis=0)
