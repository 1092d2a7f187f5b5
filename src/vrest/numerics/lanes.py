"""Problems side by side on their way through time: what `batch.advance` is given and gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vrest.physics.namespace import namespace

if TYPE_CHECKING:
    from vrest.numerics.shapes import Counts, Reals, Rows, Samples, SamplesApart, State

RUNNING, FINISHED, STUCK = 0, 1, 2
"""State of a lane: more to do, arrived, step size fell to rounding."""


class Watched(NamedTuple):
    """What has been seen of m quantities; each (m, lanes)."""

    low: Rows
    high: Rows
    integral: Rows
    """Time integral."""
    above: Rows
    """Time spent above the threshold."""
    first: Rows
    """When the threshold was first passed; infinite if never."""


class Lanes(NamedTuple):
    """A batch on its way; for a single problem there is no axis of lanes."""

    t: Reals
    """(lanes,)"""
    h: Reals
    """(lanes,) next step; zero or less asks for a cautious guess."""
    y: Rows | State
    """(n, lanes); while `advance` takes steps n arrays (lanes,)."""
    stage: Counts
    """(lanes,) int: which stretch of the protocol the lane is in."""
    status: Counts
    """(lanes,) RUNNING, FINISHED or STUCK."""
    steps: Counts
    """(lanes,) int: accepted."""
    rejected: Counts
    watched: Watched | None = None
    place: Counts | None = None
    """(lanes,) int: the next of the times that samples are taken at; None for no samples."""


def begun(t: Any, y: Any, thresholds: Any = None, place: Any = None) -> Lanes:
    """A batch at its beginning: states y (n, lanes), NumPy's or traced.

    `thresholds` (m,) of what is watched; `place` of the next sample, where samples are taken.
    """
    xp = namespace(y)
    nothing = xp.zeros_like(y[0])
    count = xp.zeros_like(y[0], dtype=np.int64)
    watched = None
    if thresholds is not None:
        levels = [[nothing + v] * len(thresholds) for v in (np.inf, -np.inf, 0.0, 0.0, np.inf)]
        watched = Watched(*(xp.stack(rows) if rows else xp.zeros((0, *nothing.shape)) for rows in levels))
    small = count.astype(np.int32)
    return Lanes(
        nothing + t, nothing, y, small, small + RUNNING, count, count, watched, None if place is None else count + place
    )


def alone(t: float, h: float, y: np.ndarray, place: int | None = None) -> Lanes:
    """A single problem on its way, with the place of its next sample, if any are taken."""
    nothing = np.asarray(0)
    sample = None if place is None else np.asarray(place)
    return Lanes(np.asarray(t), np.asarray(h), y, nothing, np.asarray(RUNNING), nothing, nothing, place=sample)


class Advanced(NamedTuple):
    """What `advance` did."""

    lanes: Lanes
    tried: Counts
    """(lanes,) steps that were tried, on a lane that runs or beside one that does."""
    samples: Samples | SamplesApart | None
    """(rows, times, lanes) what was shown at the times asked for; NaN where they were not passed. A `Kernel` gives back
    ([lanes,] rows, times), the array that it was to write into."""
