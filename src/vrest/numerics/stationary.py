"""What searches for stationary points begin with and return."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from vrest.numerics.shapes import Counts, Flags, Matrix, Number, NumPySquare, NumPyVector, Reals, Squares, State


class Pace(NamedTuple):
    """How pseudo-time steps begin and grow (Newton's method is the longest), and what they must fit."""

    first: Number
    """s: the first step."""
    small: Number
    """A change of less than this share of a scale is small, of less than 0.2 middling."""
    after_small: Number
    after_middling: Number
    after_large: Number
    largest: Number
    """A step that changes any state by more than so many scales is too long."""
    bent: Number
    harmless: Number
    """The motion bends where a step leaves more than this share of a slope, beyond what it foresaw; unless what is left
    moves nothing by more than so many scales."""


BOLD = Pace(0.1, 0.05, 100.0, 10.0, 2.0, largest=0.7, bent=0.5, harmless=0.02)
"""For what comes to rest straight away, where nothing can turn the motion."""

NEWTON = Pace(1e10, 0.05, 100.0, 10.0, 2.0, largest=0.05, bent=0.1, harmless=0.001)
THERE = NEWTON._replace(largest=0.01)
"""Newton's method, for what is nearly there, and for what is as good as there."""

SIGNS_UP_TO = 5
"""Largest system of which a batch proves stability from a characteristic polynomial."""

UNKNOWN, STABLE, UNSTABLE = 0, 1, 2
"""What signs say of stability."""


class Stationary(NamedTuple):
    """Where the iteration ended."""

    y: NumPyVector
    """(n,) the point."""
    jacobian: NumPySquare
    """(n, n) there."""
    correction: NumPyVector
    """(n,) the correction that remains: Newton's, where it converged."""
    iterations: int
    converged: bool
    """Whether Newton steps at infinite time step had stopped changing anything but rounding."""


class Settled(NamedTuple):
    """Where a batch got to on its way to stationary points."""

    y: State
    """n entries (lanes,)"""
    correction: State
    """n entries (lanes,): what Newton's method would still change, where it is done."""
    jacobian: Matrix
    """There, where it is done: the entries (lanes,) that are not zero by structure."""
    done: Flags
    """(lanes,) bool: the correction is small."""
    lost: Flags
    """(lanes,) bool: a step did not fit the motion; the point is where it began."""
    iterations: Counts
    """(lanes,) int"""


class Proof(NamedTuple):
    """What is known of stationary points."""

    jacobian: Squares
    """(n, n, lanes), columns and rows measured with the scale."""
    verdict: Counts
    """(lanes,) STABLE, UNSTABLE or UNKNOWN."""
    slowest: Reals
    """(lanes,) the largest real part of an eigenvalue, where that is real and certain; else NaN."""
