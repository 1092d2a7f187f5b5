"""Problems side by side on their way through time: what `batch.advance` is given and gives back."""

from __future__ import annotations

from typing import Any, NamedTuple

RUNNING, FINISHED, STUCK = 0, 1, 2
"""State of a lane: more to do, arrived, step size fell to rounding."""


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
    """A batch on its way; for a single problem there is no axis of lanes."""

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
    place: Any = None
    """(lanes,) int: the next of the times that samples are taken at; None for no samples."""


class Advanced(NamedTuple):
    """What `advance` did."""

    lanes: Lanes
    tried: Any
    """(lanes,) steps that were tried, on a lane that runs or beside one that does."""
    samples: Any
    """(rows, times, lanes) what was shown at the times asked for; NaN where they were not passed."""
