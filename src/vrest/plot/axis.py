"""The axis along which something varies: logarithmic where its values lie so, with plain numbers."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from vrest.plot.style import log_ticks, number

LEAST = 5.0
"""The ratio of its ends from which a logarithmic axis has two of 1, 2, 5, 10, ... to be read by."""


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
