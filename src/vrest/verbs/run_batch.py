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
from vrest.verbs.batch import FEW_LANES, LANES, constants_of, join_many, numbers_of, split_many

ATTEMPTS = 8
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
    from vrest.numerics import rosenbrock
    from vrest.numerics.batch import Lanes, Watched
    from vrest.numerics.rosenbrock import RUNNING

    n = p.shape[1]
    moving = slope is not None and bool(np.any(slope))
    varied = p != p[:1]
    changed = tuple(int(k) for k in np.flatnonzero(varied.any(axis=(0, 1)) | (moving and np.any(slope, axis=(0, 1)))))
    y0, c, matrix = split_many(system, x0, p[0])
    # one column a cell, so that a batch is a slice of contiguous rows
    base = numbers_of(p[0], c, matrix)
    values = np.ascontiguousarray(np.moveaxis(p[:, :, changed], 2, 1))  # (segments, changed, n)
    slopes = np.ascontiguousarray(np.moveaxis(slope[:, :, changed], 2, 1)) if slope is not None and moving else None
    y0 = np.ascontiguousarray(y0.T)
    atol = Allowed(system).tolerance(rtol)
    advance = _advance(system, changed, moving, watch, times is not None)
    level = np.asarray(() if thresholds is None else thresholds, dtype=np.float64)
    m = len(level)

    width = lanes if n > FEW_LANES else FEW_LANES  # two sizes, so that little is compiled
    cell = np.full(width, -1)  # which cell a lane carries; -1 is none
    t, h = np.zeros(width), np.zeros(width)
    y = np.tile(y0[:, :1], (1, width))
    numbers = np.tile(base[:, :1], (1, width))
    now = np.tile(values[:, :, :1], (1, 1, width))
    rates = np.tile(slopes[:, :, :1], (1, 1, width)) if slopes is not None else None
    stage, status = np.zeros(width, dtype=np.int32), np.ones(width, dtype=np.int32)
    steps, rejected = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    seen = [np.zeros((m, width)) for _ in Watched._fields] if watch is not None else None

    end = np.empty((n, y0.shape[0]))
    out = {name: np.empty(n) for name in ("t", "status", "steps", "rejected")}
    summary = [np.empty((n, m)) for _ in Watched._fields] if seen is not None else None
    course = None if times is None else _Course(np.asarray(times), n, y0)
    waiting, tried, useful = 0, 0, 0
    while True:
        free = np.flatnonzero(status != RUNNING)
        take = min(len(free), n - waiting)
        if take:
            into, which = free[:take], np.arange(waiting, waiting + take)
            waiting += take
            cell[into] = which
            t[into], h[into], stage[into], status[into] = edges[0], 0.0, 0, RUNNING
            steps[into] = rejected[into] = 0
            y[:, into], numbers[:, into], now[:, :, into] = y0[:, which], base[:, which], values[:, :, which]
            if rates is not None and slopes is not None:
                rates[:, :, into] = slopes[:, :, which]
            if seen is not None:
                for part, start in zip(seen, (np.inf, -np.inf, 0.0, 0.0, np.inf), strict=True):
                    part[:, into] = start
        if not np.any(status == RUNNING):
            break
        if waiting == n and width > FEW_LANES and np.count_nonzero(status == RUNNING) <= FEW_LANES:
            keep = np.argsort(status != RUNNING, kind="stable")[:FEW_LANES]  # the last few: a narrow batch
            cell, t, h, stage, status = cell[keep], t[keep], h[keep], stage[keep], status[keep]
            steps, rejected = steps[keep], rejected[keep]
            y, numbers, now = (np.ascontiguousarray(a[..., keep]) for a in (y, numbers, now))
            rates = None if rates is None else np.ascontiguousarray(rates[..., keep])
            seen = None if seen is None else [np.ascontiguousarray(part[:, keep]) for part in seen]
            width = FEW_LANES
        before = int(steps.sum() + rejected.sum())
        got, record = advance(
            Lanes(t, h, y, stage, status, steps, rejected, None if seen is None else Watched(*seen)),
            (numbers, now, rates),
            edges,
            rtol,
            atol,
            level,
            ATTEMPTS,
        )
        t, h, y, stage, status, steps, rejected = (np.array(part) for part in got[:7])
        if seen is not None and got.watched is not None:
            seen = [np.array(part) for part in got.watched]
        if course is not None:
            course.add(record, cell)
        useful += int(steps.sum() + rejected.sum()) - before
        tried += width * ATTEMPTS
        status[(status == RUNNING) & (steps + rejected >= max_steps)] = -1
        done = np.flatnonzero((status != RUNNING) & (cell >= 0))
        who = cell[done]
        end[who] = y[:, done].T
        for name, row in (("t", t), ("status", status), ("steps", steps), ("rejected", rejected)):
            out[name][who] = row[done]
        if seen is not None and summary is not None:
            for part, total in zip(seen, summary, strict=True):
                total[who] = part[:, done].T
        cell[done] = -1
    state = join_many(system, end.T, c, matrix)
    low, high, mean, above, first = summary if summary is not None else (None,) * 5
    if mean is not None:
        mean = mean / np.maximum(out["t"] - edges[0], 1e-300)[:, None]
    ended = {rosenbrock.FINISHED: FINISHED, rosenbrock.STUCK: STUCK, -1: TOO_LONG}
    return RunBatch(
        state,
        np.array([ended[int(code)] for code in out["status"]], dtype=np.int8),
        out["t"],
        out["steps"].astype(np.int64),
        out["rejected"].astype(np.int64),
        np.full(n, useful / max(tried, 1)),
        None if course is None else join_many(system, course.values, c, matrix),
        low,
        high,
        mean,
        above,
        first,
    )


class _Course:
    """The states at the times asked for, filled in as steps are taken."""

    def __init__(self, times: np.ndarray, n: int, y0: np.ndarray) -> None:
        self.times = times
        self.values = np.full((len(y0), n, len(times)), np.nan)
        self.values[..., times <= 0.0] = y0[..., None]

    def add(self, record: Any, cell: np.ndarray) -> None:
        """Evaluate every accepted step at the times that fall into it; `cell` says whose each lane is."""
        t, h, good, powers = (np.asarray(part) for part in record)
        lane, step = np.nonzero((good & (cell >= 0)).T)  # the steps of a cell in a row: so are its times in memory
        start = t[step, lane]
        first = np.searchsorted(self.times, start, side="right")
        count = np.searchsorted(self.times, start + h[step, lane], side="right") - first
        lane, step, start, first, count = (part[count > 0] for part in (lane, step, start, first, count))
        offset = first - (np.cumsum(count) - count)
        place = np.arange(int(count.sum())) + np.repeat(offset, count)
        theta = (self.times[place] - np.repeat(start, count)) * np.repeat(1.0 / h[step, lane], count)
        where = np.repeat(cell[lane] * len(self.times), count) + place
        for i, row in enumerate(self.values):
            y = np.repeat(powers[step, 4, i, lane], count)
            for k in (3, 2, 1, 0):
                y *= theta
                y += np.repeat(powers[step, k, i, lane], count)
            row.reshape(-1)[where] = y


@lru_cache(maxsize=64)
def _advance(system: System, changed: tuple[int, ...], moving: bool, watch: Watch | None, record: bool) -> Any:
    """The compiled batch step of one system, for the parameters that a protocol changes."""
    import jax

    from vrest.numerics.backend import fastest
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

    return jax.jit(step, compiler_options=fastest())
