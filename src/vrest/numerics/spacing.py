"""How values lie beside one another: evenly, or evenly in the logarithm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MUCH = 8.0
"""Two values of which one is so many times the other are apart in the logarithm."""


def between(low: float, high: float, n: int, logarithmic: bool) -> Array:
    """So many values from one to another, both included.

    >>> between(1.0, 100.0, 3, logarithmic=True).tolist()
    [1.0, 10.0, 100.0]
    >>> between(0.0, 100.0, 3, logarithmic=True).tolist()
    [0.0, 50.0, 100.0]
    """
    # from a zero no logarithm leads
    return np.geomspace(low, high, n) if logarithmic and low * high > 0 else np.linspace(low, high, n)


def is_logarithmic(values: Array) -> bool:
    """Whether increasing values lie more evenly in the logarithm; a zero before them has no place there and is let be.

    >>> is_logarithmic(np.array([0.0, 1.0, 2.0, 5.0, 10.0])), is_logarithmic(np.array([1.0, 2.0, 3.0, 4.0]))
    (True, False)
    """
    positive = values[values > 0]
    if len(positive) < len(values) - (values[0] == 0.0) or len(positive) < 2:
        return False
    if len(positive) == 2:
        return bool(positive[1] / positive[0] > MUCH)
    even, logarithmic = (np.diff(each) for each in (positive, np.log(positive)))
    return bool(np.std(logarithmic) / np.mean(logarithmic) < np.std(even) / np.mean(even))
