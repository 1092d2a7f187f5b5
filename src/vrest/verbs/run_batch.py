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

from vrest.numerics.compiler.kernel import Kernel, mapped
from vrest.numerics.lanes import RUNNING, Advanced, Lanes, Watched
from vrest.physics.namespace import Array
from vrest.system.assemble import Entries, System
from vrest.verbs.allowed import Allowed
from vrest.verbs.batch import constants_of, join_many, numbers_of, put

ATTEMPTS = 64
"""Steps tried between two looks at which lanes are done."""

FINISHED, STUCK, TOO_LONG = 0, 1, 2
"""How a run ended: at its end, where the step size fell to rounding, or at the limit of steps."""


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
    changed = tuple(int(k) for k in np.flatnonzero(varied))
    y0, c, matrix = system.split(x0, p[0])
    level = np.asarray(() if thresholds is None else thresholds, dtype=np.float64)
    atol = Allowed(system).tolerance(rtol)
    asked = np.zeros(0) if times is None else np.asarray(times, dtype=np.float64)
    first = int(np.searchsorted(asked, edges[0], side="right"))

    def each(value: float, *rows: int) -> np.ndarray:
        return np.full((*rows, n), value)

    # every array ends with one column a cell, so that a block of lanes is a slice of contiguous rows
    count = each(0).astype(np.int64)
    now = _Batch(
        cell=np.arange(n),
        lanes=Lanes(
            t=each(edges[0]),
            h=each(0.0),
            y=np.ascontiguousarray(y0.T),
            stage=count.astype(np.int32),
            status=each(RUNNING).astype(np.int32),
            steps=count,
            rejected=count,
            watched=None
            if watch is None
            else Watched(*(each(v, len(level)) for v in (np.inf, -np.inf, 0.0, 0.0, np.inf))),
            place=None if times is None else count + first,
        ),
        numbers=numbers_of(p[0], c, matrix),
        values=np.moveaxis(p[:, :, changed], 2, 1),
        slopes=np.moveaxis(slope[:, :, changed], 2, 1) if slope is not None and moving else None,
    )
    end = mapped(np.copy, now.lanes)
    samples = np.empty((n, x0.shape[1], len(asked) + 1))
    sampling = () if times is None else (np.append(asked, np.inf), samples)
    advance = _advance(system, changed, moving, watch, bool(sampling))
    tried, done = 0, 0
    while done < max_steps and len(now.cell):
        # samples are taken in one go, where each lane stays in its place
        attempts = max_steps if sampling else min(ATTEMPTS, max_steps - done)
        batch = (now.lanes, now.numbers, now.values, now.slopes)
        got = advance(batch, (edges, rtol, atol, level, attempts), *sampling)
        done += attempts
        tried += int(got.tried.sum())
        put(end, now.cell, got.lanes)
        now = _narrowed(now._replace(lanes=got.lanes), np.flatnonzero(got.lanes.status == RUNNING))
    seen = end.watched or (None,) * 5
    low, high, integral, above, passed = (None if part is None else part.T for part in seen)
    return RunBatch(
        join_many(system, end.y, c, matrix),
        np.array([TOO_LONG, FINISHED, STUCK], dtype=np.int8)[end.status],  # RUNNING, FINISHED, STUCK
        end.t,
        end.steps,
        end.rejected,
        np.full(n, (end.steps + end.rejected).sum() / tried),
        None if times is None else _series(samples, x0, first, end.place),
        low,
        high,
        None if integral is None else integral / np.maximum(end.t - edges[0], 1e-300)[:, None],
        above,
        passed,
    )


class _Batch(NamedTuple):
    """Cells side by side; every array ends with one column a lane."""

    cell: np.ndarray
    """Which cell a lane carries."""
    lanes: Lanes
    numbers: np.ndarray
    """(rows, lanes) `numbers_of`."""
    values: np.ndarray
    """(segments, changed, lanes) the parameters that a protocol changes."""
    slopes: np.ndarray | None


def _narrowed(batch: _Batch, keep: np.ndarray) -> _Batch:
    """The lanes `keep` of a batch."""
    return batch if len(keep) == len(batch.cell) else mapped(lambda a: a[..., keep], batch)


def _series(samples: np.ndarray, x0: np.ndarray, first: int, last: np.ndarray) -> np.ndarray:
    """(n, times, states): the start before the first time that was passed, NaN from the last on."""
    samples = samples[..., :-1]
    samples[..., :first] = x0[..., None]
    for cell in np.flatnonzero(last < samples.shape[-1]):
        samples[cell, :, last[cell] :] = np.nan
    return samples.swapaxes(1, 2)


@lru_cache(maxsize=64)
def _advance(
    system: System, changed: tuple[int, ...], moving: bool, watch: Watch | None, sampled: bool
) -> Callable[..., Advanced]:
    """The machine code of a batch of one system, for the parameters that a protocol changes."""
    allowed = Allowed(system)

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

    def step(batch: Any, shared: Any, times: Array = None) -> Advanced:
        from vrest.numerics.batch import advance, chosen

        lanes, numbers, values, rates = batch
        edges, rtol, atol, level, attempts = shared

        def now(stage: Array) -> tuple[Entries, Entries, Array]:
            of = range(len(changed))
            picked = tuple(chosen(values[:, place], stage) for place in of)
            if not moving:
                return picked, (), ()
            return picked, tuple(chosen(rates[:, place], stage) for place in of), chosen(edges[:-1], stage)

        return advance(
            f,
            lanes,
            constants_of(system, numbers),
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

    followed = "nothing" if watch is None else watch.key
    return Kernel(step, followed and system.key(f"run_batch {changed} {moving} {sampled} {followed}"))
