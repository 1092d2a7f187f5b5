"""`run_batch`: many cells of one structure through one protocol.

Lanes go through the compiled code together, and a lane that is done makes room for the next cell, so cells of
different fates do not wait for each other. When no cell waits any more the last few go on in a narrow batch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vrest.system.assemble import System
from vrest.verbs.allowed import Allowed
from vrest.verbs.batch import FEW_LANES, LANES, constants_of, join_many, numbers_of

ATTEMPTS = 8
"""Steps tried between two looks at which lanes are done."""

BLOCK = 1 << 16
"""Samples of a series evaluated together."""

NOBODY = -1
"""In place of a cell's number, and of a status: a lane with nothing to do."""

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
    """(n,) share of its batch's lane steps that moved a cell: the rest were done on lanes with nothing to do."""
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


Watch = Callable[[Any, Any], tuple[Any, ...]]
"""watch(x, p) -> m quantities, from the entries of the state and of the parameters."""


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
    lanes: int = LANES,
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
    lanes
        Cells side by side.
    """
    import jax

    from vrest.numerics.batch import Lanes, Watched
    from vrest.numerics.rosenbrock import RUNNING

    n = p.shape[1]
    moving = slope is not None and bool(np.any(slope))
    varied = (p != p[:1]).any(axis=(0, 1)) | (moving and np.any(slope, axis=(0, 1)))
    changed = tuple(int(k) for k in np.flatnonzero(varied))
    y0, c, matrix = system.split(x0, p[0])
    level = np.asarray(() if thresholds is None else thresholds, dtype=np.float64)
    atol = Allowed(system).tolerance(rtol)

    def each(value: float, *rows: int) -> np.ndarray:
        return np.full((*rows, n), value)

    # every array ends with one column a cell, so that a batch is a slice of contiguous rows
    count = each(0).astype(np.int64)
    begin = _Batch(
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
        ),
        numbers=numbers_of(p[0], c, matrix),
        values=np.moveaxis(p[:, :, changed], 2, 1),
        slopes=np.moveaxis(slope[:, :, changed], 2, 1) if slope is not None and moving else None,
    )
    end = jax.tree.map(np.empty_like, begin.lanes)
    course = None if times is None else _Course(system, np.asarray(times), begin.lanes.y)
    width = lanes if n > FEW_LANES else FEW_LANES  # two sizes, so that little is compiled
    how = system, changed, moving, watch, times is not None
    advance = _advance(*how, width <= FEW_LANES)
    now = _narrowed(begin, np.minimum(np.arange(width), n - 1))
    now.cell[n:], now.lanes.status[n:] = NOBODY, NOBODY
    waiting, tried = min(width, n), 0
    while True:
        got, record = advance(now.lanes, (now.numbers, now.values, now.slopes), edges, rtol, atol, level, ATTEMPTS)
        tried += width * ATTEMPTS
        if course is not None:
            course.add(record, now.cell)
        now = now._replace(lanes=jax.tree.map(np.array, got))
        running = (now.lanes.status == RUNNING) & (now.lanes.steps + now.lanes.rejected < max_steps)
        done = np.flatnonzero(~running & (now.cell != NOBODY))
        _put(end, now.cell[done], now.lanes, done)
        free = np.flatnonzero(~running)
        into, which = free[: n - waiting], np.arange(waiting, min(waiting + len(free), n))
        waiting += len(which)
        _put(now, into, begin, which)
        idle = free[len(into) :]
        now.cell[idle], now.lanes.status[idle] = NOBODY, NOBODY
        busy = np.flatnonzero(now.cell != NOBODY)
        if not len(busy):
            break
        if waiting == n and len(busy) <= FEW_LANES < width:  # the last few: a narrow batch
            now, width = _narrowed(now, np.concatenate([busy, idle[: FEW_LANES - len(busy)]])), FEW_LANES
            advance = _advance(*how, True)
    seen = end.watched or (None,) * 5
    low, high, integral, above, first = (None if part is None else part.T for part in seen)
    return RunBatch(
        join_many(system, end.y, c, matrix),
        np.array([TOO_LONG, FINISHED, STUCK], dtype=np.int8)[end.status],  # RUNNING, FINISHED, STUCK
        end.t,
        end.steps,
        end.rejected,
        np.full(n, (end.steps + end.rejected).sum() / tried),
        None if course is None else course.states(c, matrix),
        low,
        high,
        None if integral is None else integral / np.maximum(end.t - edges[0], 1e-300)[:, None],
        above,
        first,
    )


class _Batch(NamedTuple):
    """Cells side by side; every array ends with one column a lane."""

    cell: np.ndarray
    """Which cell a lane carries, or NOBODY."""
    lanes: Any
    numbers: np.ndarray
    """(rows, lanes) `numbers_of`."""
    values: np.ndarray
    """(segments, changed, lanes) the parameters that a protocol changes."""
    slopes: np.ndarray | None


def _narrowed(batch: _Batch, keep: np.ndarray) -> _Batch:
    """The lanes `keep` of a batch."""
    import jax

    return jax.tree.map(lambda a: np.ascontiguousarray(a[..., keep]), batch)


def _put(into: Any, places: np.ndarray, batch: Any, which: np.ndarray) -> None:
    """Write the lanes `which` of one tree of arrays into those of another."""
    import jax

    for target, source in zip(jax.tree.leaves(into), jax.tree.leaves(batch), strict=True):
        target[..., places] = source[..., which]


class _Course:
    """The states at the times asked for, filled in as steps are taken."""

    def __init__(self, system: System, times: np.ndarray, y0: np.ndarray) -> None:
        self.system, self.times = system, times
        # a row of its own for each state: a cell's times lie side by side
        self.values = np.full((len(system.states), y0.shape[1], len(times)), np.nan)
        self.rows = [self.values[k] for k in system.laws.independent]
        for row, start in zip(self.rows, y0, strict=True):
            row[:, times <= 0.0] = start[:, None]

    def add(self, record: Any, cell: np.ndarray) -> None:
        """Evaluate every accepted step at the times that fall into it; `cell` says whose each lane is."""
        t, h, good = (np.asarray(part) for part in (record.t, record.h, record.good))
        lane, step = np.nonzero((good & (cell != NOBODY)).T)  # the steps of a cell in a row: so are its times
        start = t[step, lane]
        first = np.searchsorted(self.times, start, side="right")
        count = np.searchsorted(self.times, start + h[step, lane], side="right") - first
        taken = np.repeat((step * len(cell) + lane).astype(np.int32), count)
        place = np.arange(len(taken), dtype=np.int32) + np.repeat(
            (first - np.cumsum(count) + count).astype(np.int32), count
        )
        where = np.repeat(cell[lane] * len(self.times), count) + place
        for begin in range(0, len(taken), BLOCK):
            some = slice(begin, begin + BLOCK)
            size = len(taken[some])
            more = (0, BLOCK - size)  # one size, compiled once
            found = _evaluated()(record, self.times, np.pad(taken[some], more), np.pad(place[some], more))
            for row, y in zip(self.rows, np.asarray(found), strict=True):
                row.reshape(-1)[where[some]] = y[:size]

    def states(self, c: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """All states, (n, times, states)."""
        few = max(1, BLOCK // len(self.times))  # so that what is computed on the way stays in the processor's cache
        for first in range(0, len(c), few):
            some = slice(first, first + few)
            constants = c[some].T[..., None], matrix[some].reshape(-1, matrix[0].size).T[..., None]
            whole = self.system.whole(tuple(row[some] for row in self.rows), *map(tuple, constants))
            for k in self.system.laws.dependent:
                self.values[k, some] = whole[k]
        return np.moveaxis(self.values, 0, -1)


@lru_cache(maxsize=1)
def _evaluated() -> Any:
    """Dense output: (record, times, which of its steps, which of the times) -> (n, samples)."""
    import jax
    import jax.numpy as jnp

    from vrest.numerics.batch import stored

    def evaluated(record: Any, times: Any, taken: Any, place: Any) -> Any:
        _, degrees, n, width = record.powers.shape
        theta = (times[place] - record.t.reshape(-1)[taken]) / record.h.reshape(-1)[taken]
        (theta,) = stored((theta,), taken[0] >= 0)
        flat, at = record.powers.reshape(-1), taken // width * (degrees * n * width) + taken % width
        rows = []
        for i in range(n):
            y = flat[at + ((degrees - 1) * n + i) * width]
            for k in reversed(range(degrees - 1)):
                y = y * theta + flat[at + (k * n + i) * width]
            rows.append(y)
        return jnp.stack(rows)

    return jax.jit(evaluated)


@lru_cache(maxsize=64)
def _advance(
    system: System, changed: tuple[int, ...], moving: bool, watch: Watch | None, record: bool, few: bool
) -> Any:
    """The compiled batch step of one system, for the parameters that a protocol changes."""
    import jax

    from vrest.numerics.backend import for_few, for_many
    from vrest.numerics.batch import advance, chosen

    allowed = Allowed(system)

    def at(t: Any, args: Any) -> tuple[Any, Any, Any]:
        (p, c, matrix), (values, rates, since) = args
        p = list(p)
        for place, k in enumerate(changed):
            p[k] = values[place] + rates[place] * (t - since) if moving else values[place]
        return tuple(p), c, matrix

    def f(t: Any, y: Any, args: Any) -> Any:
        return system.slopes(y, at(t, args))

    def valid(y: Any, args: Any) -> Any:
        return allowed.positive_part(y, *args[1:])

    def watched(t: Any, y: Any, args: Any) -> Any:
        p, c, matrix = at(t, args)
        assert watch is not None
        return watch(system.whole(y, c, matrix), p)

    def step(lanes: Any, args: Any, edges: Any, rtol: Any, atol: Any, level: Any, attempts: Any) -> Any:
        numbers, values, rates = args

        def now(stage: Any) -> Any:
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
            watch=None if watch is None else watched,
            thresholds=level,
            record=ATTEMPTS if record else 0,
        )

    return jax.jit(step, compiler_options=for_few() if few else for_many())
