"""The time axis of a figure: linear, logarithmic, or linear first and logarithmic from a moment on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from vrest.plot.labels import text_width
from vrest.plot.style import number, time_unit
from vrest.units import from_door

LINEAR = 0.64
"""Share of the axis that is linear, where the rest is logarithmic."""

MARKS = {
    from_door(n, "time", unit): f"{n:g} {unit}".replace("us", "µs")
    for unit, counts in {
        "us": (1, 10, 100), "ms": (1, 10, 100), "s": (1, 10), "min": (1, 10), "h": (1,), "d": (1, 10, 100),
    }.items()
    for n in counts
}  # fmt: skip
"""Times that a logarithmic axis names."""


@dataclass(frozen=True)
class Clock:
    """From `begin` to `end`, s; logarithmic from `turn` on: nowhere if that is None, everywhere if it is `begin`.

    >>> Clock(0.0, 3600.0, 10.0).label
    'time (s; logarithmic from 10 s on)'
    """

    begin: float
    end: float
    turn: float | None = None

    @property
    def unit(self) -> tuple[str, float]:
        """The unit of x, and that in s."""
        if self.turn == self.begin:
            return "s", 1.0
        return time_unit((self.end if self.turn is None else self.turn) - max(self.begin, 0.0))

    @property
    def label(self) -> str:
        """What stands under the axis."""
        unit, length = self.unit
        if self.turn is None:
            return f"time ({unit})"
        if self.turn == self.begin:
            return "time"
        return f"time ({unit}; logarithmic from {self.turn / length:.3g} {unit} on)"

    def share(self, time: np.ndarray | float) -> np.ndarray:
        """Where a time stands, 0 at the left end of the axis and 1 at the right one.

        >>> Clock(0.0, 1000.0, 10.0).share(np.array([0.0, 10.0, 100.0, 1000.0])).round(2).tolist()
        [0.0, 0.64, 0.82, 1.0]
        """
        time = np.asarray(time, dtype=np.float64)
        if self.turn is None:
            return (time - self.begin) / (self.end - self.begin)
        linear = LINEAR if self.turn > self.begin else 0.0
        late = np.log(np.maximum(time, self.turn) / self.turn) / np.log(self.end / self.turn)
        early = (time - self.begin) / (self.turn - self.begin) if linear else 0.0
        return np.where(time > self.turn, linear + (1.0 - linear) * late, linear * early)

    def times(self, shares: np.ndarray) -> np.ndarray:
        """The times that stand there, s: what `share` turns round."""
        shares = np.asarray(shares, dtype=np.float64)
        if self.turn is None:
            return self.begin + shares * (self.end - self.begin)
        linear = LINEAR if self.turn > self.begin else 0.0
        with np.errstate(over="ignore"):
            late = self.turn * (self.end / self.turn) ** ((shares - linear) / (1.0 - linear))
        early = self.begin + shares / linear * (self.turn - self.begin) if linear else self.begin
        return np.where(shares > linear, late, early)

    def columns(self, count: int) -> np.ndarray:
        """Edges of so many columns of equal width, s, (count + 1,)."""
        return self.times(np.linspace(0.0, 1.0, count + 1))

    def dress(self, axes: Axes, width: float, ticks: bool = True) -> None:
        """Give axes, about so many points wide, this clock: x is in its unit, ticks are named or bare."""
        _, length = self.unit
        log = self.turn == self.begin
        if log:
            axes.set_xscale("log")
        elif self.turn is not None:
            axes.set_xscale(
                "function", functions=(lambda x: self.share(x * length), lambda shares: self.times(shares) / length)
            )
        axes.set_xlim(self.begin / length, self.end / length)
        named = {} if log else self._linear_ticks(length)
        if self.turn is not None:
            least = 1.0 if log else 1.2
            named |= self._marks(least * self.turn, length, width)
        axes.xaxis.set_major_locator(FixedLocator(list(named)))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FixedFormatter(list(named.values())))
        axes.tick_params(labelbottom=ticks)

    def _marks(self, start: float, length: float, width: float) -> dict[float, str]:
        """Named times of the logarithmic part, as many as there is room for."""
        full, found = -np.inf, {}
        for time, text in MARKS.items():
            half = 0.5 * text_width(text) + 4.0
            place = width * float(self.share(time))
            if start <= time <= 1.001 * self.end and place - half >= full:
                found[time / length], full = text, place + half
        return found

    def _linear_ticks(self, length: float) -> dict[float, str]:
        stop = self.end if self.turn is None else 0.95 * self.turn
        found = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(self.begin / length, stop / length)
        return {float(t): number(t, "g") for t in found if self.begin <= t * length <= stop * (1 + 1e-9)}
