"""Where a few quantities come to rest whose slopes NumPy works out: compiling `settle` would cost more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FIRST, NUDGE = 1e-6, 1e-6
"""The first step, s, and the half-width of a difference quotient."""

LARGEST, SMALLEST = 5e-3, 1e-12
"""A step that changes more is too long; where a long step changes less, it has arrived."""

LONG, STEPS = 1e6, 500
"""s: a step so long is one of Newton's method; and how many steps are tried."""


def relaxed(slopes: Callable[[np.ndarray], np.ndarray], y: np.ndarray) -> np.ndarray | None:
    """Follow y' to where it vanishes: linearly implicit Euler steps that become Newton steps.

    Parameters
    ----------
    slopes
        y' (m, n) of m points (m, n).
    y
        (n,) where it starts, of order one or less.

    Returns
    -------
    ndarray or None
        (n,), to 1e-12; None where the motion does not arrive.

    >>> relaxed(lambda y: 100.0 * (0.25 - y**2), np.array([0.1])).round(12).tolist()
    [0.5]
    """
    step, nudges = FIRST, NUDGE * np.eye(len(y))
    for _ in range(STEPS):
        here, *around = np.split(slopes(np.concatenate([y[None], y + nudges, y - nudges])), [1, 1 + len(y)])
        jacobian = (around[0] - around[1]).T / (2 * NUDGE)
        growth = np.linalg.eigvals(jacobian).real.max()
        if growth > 0:  # a longer step would run against the motion
            step = min(step, 0.5 / growth)
        change = np.linalg.solve(np.eye(len(y)) / step - jacobian, here[0])
        largest = np.abs(change).max()
        if not largest <= LARGEST:
            step /= 8
            continue
        y = y + change
        if step > LONG and largest < SMALLEST:
            return y
        step *= 3
    return None
