"""`run_batch`: many cells of one structure through one protocol.

Lanes go through the machine code together, a vector of them at a time, and every so many steps those that are done are
taken out, so cells of different fates do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.lanes import RUNNING, Lanes, begun
from vrest.physics.namespace import Array
from vrest.system.assemble import Entries, System
from vrest.verbs.allowed import allowed_of
from vrest.verbs.batch import put, taken

ATTEMPTS = 64
"""Steps tried between two looks at which lanes are done."""

FINISHED, STUCK, TOO_LONG = 0, 1, 2
"""How a run ended: at its end, where the step size fell to rounding, or at the limit of steps."""


ENDS = np.array([TOO_LONG, FINISHED, STUCK], dtype=np.int8)
"""Of lanes that are RUNNING, FINISHED or STUCK."""


class RunBatch(NamedTuple):
    """Where n runs ended and what they passed."""

    state: np.ndarray
    """(n, states) at the end."""
    status: np.ndarray
    """(n,) int8: FINISHED, STUCK or TOO_LONG."""
    t: np.ndarray
    """(n,) the time reached, s."""
    steps: np.ndarray
    """(n,) accepted steps."""
    rejected: np.ndarray
    """(n,)"""
    filled: np.ndarray
    """(n,) share of the batch's lane steps that moved a cell: the rest were done on lanes with nothing to do."""
    series: np.ndarray | None
    """(n, times, states) at the times asked for; NaN beyond the time reached."""
    low: np.ndarray | None
    """(n, m) least value of each watched quantity; then its largest, and its mean over time."""
    high: np.ndarray | None
    mean: np.ndarray | None
    above: np.ndarray | None
    """(n, m) time above its threshold, s."""
    first: np.ndarray | None
    """(n, m) when the threshold was first passed, s; infinite if never."""


@dataclass(frozen=True)
class Watch:
    """What is followed on the way."""

    read: Callable[[Entries, Entries], Entries]
    """read(x, p) -> m quantities, from the entries of the state and of the parameters."""
    key: str = ""
    """Says what is read: code for it is then kept between processes."""


def run_batch(
    system: System,
    p: np.ndarray,
    edges: np.ndarray,
    x0: np.ndarray,
    *,
    slope: np.ndarray | None = None,
    rtol: float = 1e-6,
    max_steps: int = 1_000_000,
    times: np.ndarray | None = None,
    watch: Watch | None = None,
    thresholds: np.ndarray | None = None,
) -> RunBatch:
    """Run n cells of one structure through a protocol.

    Parameters
    ----------
    system
        Their equations, `assemble(cell)`.
    p
        (segments, n, parameters) SI, at the start of each segment.
    edges
        (segments + 1,) s, increasing.
    x0
        (n, states) where they start.
    slope
        Rates of change of the parameters in each segment, 1/s, shaped like p; None if all are constant.
    rtol
        Relative tolerance of a step; absolute tolerances follow from it.
    max_steps
        A cell that takes more is given up as TOO_LONG.
    times
        (times,) s, increasing, at which the states are wanted.
    watch, thresholds
        Quantities to follow, and the level of each whose passing counts.
    """
    n = p.shape[1]
    moving = slope is not None and bool(np.any(slope))
    varied = (p != p[:1]).any(axis=(0, 1)) | (moving and np.any(slope, axis=(0, 1)))
    changed = tuple(varied.nonzero()[0].tolist())
    level = np.asarray(() if thresholds is None else thresholds, dtype=np.float64)
    atol = allowed_of(system).tolerance(rtol)
    advance = _advance(system, changed, moving, watch)
    # every array ends with one column a cell, so that a block of lanes is a slice of contiguous rows
    cells = _Cells(
        x0.T,
        p[0].T,
        p[:, :, changed].swapaxes(1, 2),
        slope[:, :, changed].swapaxes(1, 2) if slope is not None and moving else None,
    )
    series = None
    if times is not None:  # in one go, where each lane stays in its place
        until = np.full(len(times) + 1, np.inf)
        until[:-1] = times
        first = int(until.searchsorted(edges[0], side="right"))
        samples = np.empty((n, x0.shape[1], len(until)))
        end, state, spent, _ = advance((None, cells), (edges, rtol, atol, level, max_steps, first), until, samples)
        tried, series = int(spent.sum()), _series(samples, x0, first, end.place)
    else:
        end, state, tried = _in_turns(system, advance, cells, (edges, rtol, atol, level), max_steps, watch is not None)
    seen = end.watched or (None,) * 5
    low, high, integral, above, passed = (None if part is None else part.T for part in seen)
    return RunBatch(
        state.T,
        ENDS[end.status],
        end.t,
        end.steps,
        end.rejected,
        np.full(n, (end.steps + end.rejected).sum() / tried),
        series,
        low,
        high,
        None if integral is None else integral / np.maximum(end.t - edges[0], 1e-300)[:, None],
        above,
        passed,
    )


def one_stage(system: System, p: np.ndarray, x: np.ndarray, rtol: float = 1e-6) -> tuple[Any, Any, Any]:
    """The machine code of a run through one stage, and what it takes with samples of the states, apart from times.

    p (parameters, lanes) holds from the first edge to the last; x (states, lanes) is where it starts.
    """
    cells = _Cells(x, p, np.zeros((1, 0, x.shape[1])), None)
    shared = np.array([0.0, 1.0]), rtol, allowed_of(system).tolerance(rtol), np.zeros(0), 1_000_000, 0
    return _advance(system, (), False, None), (None, cells), shared


class _Cells(NamedTuple):
    """Cells side by side; every array ends with one column a lane."""

    x0: np.ndarray
    """(states, lanes) where they started, and"""
    p0: np.ndarray
    """(parameters, lanes) with what numbers: together they hold the totals."""
    values: np.ndarray
    """(segments, changed, lanes) the parameters that a protocol changes."""
    slopes: np.ndarray | None


def _in_turns(
    system: System, advance: Any, cells: _Cells, shared: tuple[Any, ...], max_steps: int, watched: bool
) -> tuple[Any, np.ndarray, int]:
    """Where cells end and in what state, and the steps tried on all lanes; lanes that are done are taken out."""
    n = cells.x0.shape[1]
    lanes = begun(shared[0][0], cells.x0[list(system.laws.independent)], shared[3] if watched else None)
    end, state, which = lanes, np.empty(cells.x0.shape), np.arange(n)
    tried = done = 0
    while done < max_steps and len(which):
        attempts = min(ATTEMPTS, max_steps - done)
        lanes, x, spent, _ = advance((lanes, cells), (*shared, attempts, 0))
        done, tried = done + attempts, tried + int(spent.sum())
        if len(which) == n:
            end, state = lanes, x
        else:
            put(end, which, lanes)
            state[:, which] = x
        keep = np.flatnonzero(lanes.status == RUNNING)
        if len(keep) < len(which):
            which, lanes, cells = which[keep], taken(lanes, keep), taken(cells, keep)
    return end, state, tried


def _series(samples: np.ndarray, x0: np.ndarray, first: int, last: np.ndarray) -> np.ndarray:
    """(n, times, states): the start before the first time that was passed, NaN from the last on."""
    samples = samples[..., :-1]
    samples[..., :first] = x0[..., None]
    for cell in (last < samples.shape[-1]).nonzero()[0]:
        samples[cell, :, last[cell] :] = np.nan
    return samples.swapaxes(1, 2)


@lru_cache(maxsize=64)
def _advance(system: System, changed: tuple[int, ...], moving: bool, watch: Watch | None) -> Callable[..., Any]:
    """The machine code of a batch of one system, for the parameters that a protocol changes.

    ((lanes or None to begin, cells), shared[, times]) -> the lanes, their states, the steps tried on each, samples.
    """
    allowed = allowed_of(system)

    def at(t: Array, args: Any) -> tuple[Entries, Entries, Entries]:
        (p, c, matrix), (values, rates, since) = args
        p = list(p)
        for place, k in enumerate(changed):
            p[k] = values[place] + rates[place] * (t - since) if moving else values[place]
        return tuple(p), c, matrix

    def f(t: Array, y: Entries, args: Any) -> Entries:
        return system.reduced_entries(y, at(t, args))

    def valid(y: Entries, args: Any) -> Array:
        return allowed.positive_part(y, *args[1:])

    def watched(t: Array, y: Entries, args: Any) -> Entries:
        p, c, matrix = at(t, args)
        assert watch is not None
        return watch.read(system.join_entries(y, c, matrix), p)

    def step(batch: Any, shared: Any, times: Array = None) -> tuple[Lanes, Array, Array, Array]:
        import jax.numpy as jnp

        from vrest.numerics.batch import advance, chosen

        lanes, (x0, p0, values, rates) = batch
        edges, rtol, atol, level, attempts, first = shared
        p, sampled = tuple(jnp.unstack(p0)), times is not None
        y, c, matrix = system.split_entries(tuple(jnp.unstack(x0)), p)
        if lanes is None:
            lanes = begun(edges[0], jnp.stack(y), None if watch is None else level, first if sampled else None)

        def now(stage: Array) -> tuple[Entries, Entries, Array]:
            of = range(len(changed))
            picked = tuple(chosen(values[:, place], stage) for place in of)
            if not moving:
                return picked, (), ()
            return picked, tuple(chosen(rates[:, place], stage) for place in of), chosen(edges[:-1], stage)

        got = advance(
            f,
            lanes,
            (p, c, matrix),
            edges,
            stage_args=now,
            valid=valid,
            rtol=rtol,
            atol=atol,
            attempts=attempts,
            quick=system.quick,
            watch=None if watch is None else watched,
            thresholds=level,
            show=(lambda y, args: system.join_entries(y, *args[1:])) if sampled else None,
            times=times,
        )
        end: Any = got.lanes.y
        x = system.join_entries(tuple(end), c, matrix)
        return got.lanes, jnp.stack([jnp.broadcast_to(v, got.lanes.t.shape) for v in x]), got.tried, got.samples

    followed = "nothing" if watch is None else watch.key
    return Kernel(step, followed and system.key(f"run_batch {changed} {moving} {followed}"))
