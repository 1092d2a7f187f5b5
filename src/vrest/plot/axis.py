"""The axis along which something varies, logarithmic where its values lie so, and lines along it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes

from vrest.plot.style import Dash, log_ticks, number
from vrest.study.curve.thresholds import Threshold

LEAST = 5.0
"""The ratio of its ends from which a logarithmic axis has two of 1, 2, 5, 10, ... to be read by."""

AT_ONCE: Dash = (0, (2, 1))
"""Of V at once, contents frozen."""


def along(axes: Axes, values: np.ndarray, logarithmic: bool, power: int = 0) -> None:
    """Scale and numbers of the abscissa, for increasing values; it counts in so many powers of ten.

    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> along(axes, np.array([1.0, 10.0, 100.0]), logarithmic=True)
    >>> axes.get_xscale()
    'log'
    """
    low, high = float(values[0]), float(values[-1])
    if high > low:
        axes.set_xlim(low, high)
    if logarithmic and low > 0:
        if high >= LEAST * low:
            axes.set_xscale("log")
            log_ticks(axes.xaxis)
    elif logarithmic:  # nothing of it has its place left of the smallest
        axes.set_xscale("symlog", linthresh=float(values[values > 0].min(initial=1.0)))
    axes.xaxis.set_major_formatter(lambda value, place: number(value / 10.0**power, "g"))


def broken(x: np.ndarray, v: np.ndarray, thresholds: Iterable[Threshold]) -> tuple[np.ndarray, np.ndarray]:
    """A line with a gap at every jump, and both sides of it."""
    for t in thresholds:
        k = int(np.searchsorted(x, t.value))
        x = np.insert(x, k, [t.low.value, t.value, t.high.value])
        v = np.insert(v, k, [t.low.v, np.nan, t.high.v])
    return x, v
