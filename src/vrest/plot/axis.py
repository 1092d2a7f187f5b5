"""The axis along which something varies: logarithmic where its values lie so, with plain numbers."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from vrest.plot.style import number

WIDE = 1e4
"""A logarithmic axis with a larger ratio of its ends has room for powers of ten alone."""


def along(axes: Axes, values: np.ndarray, logarithmic: bool, power: int = 0) -> None:
    """Scale and numbers of the abscissa, for increasing values; it counts in so many powers of ten.

    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> along(axes, np.array([1.0, 10.0, 100.0]), logarithmic=True)
    >>> axes.get_xscale()
    'log'
    """
    low, high = float(values[0]), float(values[-1])
    if logarithmic:
        if low > 0:
            axes.set_xscale("log")
        else:  # nothing of it has its place left of the smallest
            axes.set_xscale("symlog", linthresh=float(values[values > 0].min(initial=1.0)))
        if low > 0 and high / low < WIDE:
            subs = (1.0, 2.0, 5.0) if high / low < 0.5 * WIDE else (1.0,)
            axes.xaxis.set_major_locator(LogLocator(subs=subs, numticks=20))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: number(value / 10.0**power, "g")))
    if high > low:
        axes.set_xlim(low, high)
