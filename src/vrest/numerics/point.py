"""What searches for stationary points begin with and return."""

from __future__ import annotations

from typing import Any, NamedTuple


class Pace(NamedTuple):
    """How boldly pseudo-time steps grow."""

    first: float
    """s: the first step."""
    small: float
    """A change of less than this share of a scale is small, of less than 0.2 middling."""
    after_small: float
    after_middling: float
    after_large: float


BOLD, PATIENT = Pace(0.1, 0.05, 100.0, 10.0, 2.0), Pace(1e-4, 0.02, 30.0, 5.0, 1.5)
"""Right for what comes to rest straight away; and what follows the motion past a neighbourhood where it lingers."""

LARGEST_CHANGE = 0.7
"""A step that changes any state by more than this share of its scale is repeated with a shorter time step."""

SIGNS_UP_TO = 5
"""Largest system of which a batch proves stability from a characteristic polynomial."""

UNKNOWN, STABLE, UNSTABLE = 0, 1, 2
"""What signs say of stability."""


class Stationary(NamedTuple):
    """Where the iteration ended."""

    y: Any
    """(n,) the point."""
    slope: Any
    """(n,) y' there."""
    jacobian: Any
    """(n, n) there."""
    correction: Any
    """(n,) the correction that remains: Newton's, where it converged."""
    iterations: Any
    converged: Any
    """Whether Newton steps at infinite time step had stopped changing anything but rounding."""


class Settled(NamedTuple):
    """Where a batch got to on its way to stationary points."""

    y: tuple[Any, ...]
    """n entries (lanes,)"""
    correction: tuple[Any, ...]
    """n entries (lanes,): what Newton's method would still change, where it is done."""
    jacobian: dict[tuple[int, int], Any]
    """There, where it is done: the entries (lanes,) that are not zero by structure."""
    done: Any
    """(lanes,) bool: the correction is small."""
    iterations: Any
    """(lanes,) int"""


class Proof(NamedTuple):
    """What is known of stationary points."""

    jacobian: Any
    """(n, n, lanes), columns and rows measured with the scale."""
    verdict: Any
    """(lanes,) STABLE, UNSTABLE or UNKNOWN."""
    slowest: Any
    """(lanes,) the largest real part of an eigenvalue, where that is real and certain; else NaN."""
