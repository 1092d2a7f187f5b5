"""What searches for stationary points begin with and return."""

from __future__ import annotations

from typing import Any, NamedTuple

FIRST_STEP = 0.1
"""s: the first pseudo-time step of a batch follows slow motion from the start."""

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


class Settling(NamedTuple):
    """A batch on its way to stationary points."""

    y: Any
    """(n, lanes)"""
    step: Any
    """(lanes,) pseudo-time step, s."""
    correction: Any
    """(n, lanes) the last Newton correction."""
    done: Any
    """(lanes,) bool: the last correction was rounding."""
    iterations: Any
    """(lanes,) int"""


class Proof(NamedTuple):
    """What is known of stationary points."""

    jacobian: Any
    """(n, n, lanes), columns and rows measured with the scale."""
    verdict: Any
    """(lanes,) STABLE, UNSTABLE or UNKNOWN."""
    slowest: Any
    """(lanes,) the real eigenvalue nearest to zero, where it could be found; else NaN."""
