"""What a search for a stationary point returns."""

from __future__ import annotations

from typing import Any, NamedTuple


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
