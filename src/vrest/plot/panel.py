"""Panels of a time course drawn into axes: curves, spikes as a band, names at the ends of the curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from vrest.plot.clock import Clock
from vrest.plot.labels import Label, end_labels, end_room, release_room, settle
from vrest.plot.look import look, stroke
from vrest.plot.samples import CloseUp, Samples
from vrest.plot.style import FAINT, INK, dress, number, time_unit
from vrest.plot.traces import Panel, Trace

MANY, THIN = 5, 1.1
"""So many peaks of V, and its line is thin."""

LEAST_MV = 1.0
"""mV that the axis of V spans at least."""

BROAD = 300.0
"""Points: narrower axes have no room beside them for where a curve came from."""

MARK, CLOSE_UP = "▼", "spikes within the grey band"
"""Where the close-up is, and what it is."""

LEFT, RIGHT = 0.75, 0.75
"""Inches that names take beside the axes, about."""


def figure_width(wanted: float) -> float:
    """Inches that a figure gets which asks for so many."""
    given = look().width
    return wanted if given is None else given / 25.4


def axes_width(wanted: float) -> float:
    """Points that the axes of such a figure are wide, about: enough to decide what has room."""
    return 72.0 * (figure_width(wanted) - (LEFT + RIGHT) * look().scale)


@dataclass(frozen=True)
class Drawn:
    """A panel in its axes, with the names that its curves are to have at their ends."""

    axes: Axes
    labels: list[Label]


def draw_panel(axes: Axes, panel: Panel, drawn: Samples, clock: Clock, width: float, last: bool = True) -> Drawn:
    """Draw one panel on a clock; `width` is about that of the axes, in points."""
    dress(axes, y=panel.label, x=clock.label if last else "")
    _, length = clock.unit
    for trace in panel.traces:
        values, many = trace.values, False
        if trace.bold:
            values, many = _without_bands(axes, trace, drawn, clock, width)
        axes.plot(
            drawn.time / length, values, color=trace.colour, linestyle=trace.dash, label=trace.name,
            linewidth=stroke(THIN if many else trace.width), zorder=3 if trace.bold else 2,
        )  # fmt: skip
    scale(axes, panel)
    clock.dress(axes, width, last)
    return Drawn(axes, [*_names(panel, drawn, clock), *_far_off(axes, panel.far, width)])


def _without_bands(axes: Axes, trace: Trace, drawn: Samples, clock: Clock, width: float) -> tuple[np.ndarray, bool]:
    """Draw the bands of a membrane; its V with nothing there, and whether it has many peaks elsewhere."""
    values, (_, length) = trace.values.copy(), clock.unit
    alone = len(drawn.peaks[trace.what])
    for band in drawn.bands(trace.what, clock, width):
        axes.fill_between(
            band.time / length,
            band.low,
            band.high,
            facecolor=to_rgba(trace.colour, 0.3),
            edgecolor=trace.colour,
            linewidth=stroke(0.5),
            zorder=1.5,
        )
        values[(drawn.time > band.time[0]) & (drawn.time < band.time[-1])] = np.nan
        alone -= band.spikes
    return values, alone > MANY


def scale(axes: Axes, panel: Panel) -> None:
    values = np.concatenate([t.values for t in panel.traces])
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if panel.log:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.3, high * 1.3)
        return
    if any(t.bold for t in panel.traces):
        room = max(LEAST_MV - (high - low), 0.0) / 2
        low, high = low - room, high + room
    air = 0.06 * (high - low) or 0.5
    axes.set_ylim(panel.span or (low - air, high + air))
    axes.yaxis.set_major_locator(MaxNLocator(6 if panel.height > 1 else 3, steps=[1, 2, 2.5, 5, 10]))
    axes.ticklabel_format(axis="y", useOffset=False)
    low, high = axes.get_ylim()
    if panel.mark is not None and low <= panel.mark <= high:
        axes.axhline(panel.mark, color=FAINT, linewidth=stroke(0.8), zorder=-1)


def _names(panel: Panel, drawn: Samples, clock: Clock) -> list[Label]:
    """Of the curves, each beside the last value that the clock shows."""
    if not panel.named:
        return []
    shown = drawn.time <= clock.end
    found = []
    for trace in panel.traces:
        values = trace.values[shown & np.isfinite(trace.values)]
        if len(values):
            found.append(Label(float(values[-1]), trace.name, trace.colour, "bold" if trace.bold else "normal"))
    return found


def _far_off(axes: Axes, far: tuple[Trace, ...], width: float) -> list[Label]:
    """Of the potentials that the panel leaves out: where they are."""
    low, high = axes.get_ylim()
    found = []
    for trace in far:
        values = trace.values[np.isfinite(trace.values)]
        above = values[-1] > high
        ends = dict.fromkeys(number(float(v), "+.0f") for v in values[[0, -1] if width > BROAD else [-1]])
        told = f"{trace.name} {'↑' if above else '↓'} {' to '.join(ends)}"
        found.append(Label(high if above else low, told, trace.colour))
    return found


def draw_close_up(axes: Axes, seen: CloseUp, dashes: dict[str, Trace], unit: tuple[str, float]) -> None:
    """A few spikes as they are; `unit` is that of the clock they are marked on."""
    start = float(seen.time[0])
    name, length = unit if start >= 0.1 * unit[1] else time_unit(start)
    short, one = time_unit(float(seen.time[-1]) - start)
    for wall, v in seen.v.items():
        trace = dashes[wall]
        axes.plot((seen.time - start) / one, v, color=trace.colour, linestyle=trace.dash, linewidth=stroke(THIN))
    axes.margins(x=0.0)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    dress(axes, x=f"time from {start / length:.4g} {name} on ({short})", y="V (mV)")
    axes.set_title(f"{MARK} {CLOSE_UP}", fontsize=look().small, loc="left", color=INK)


def mark(axes: Axes, seen: CloseUp, clock: Clock) -> None:
    """Where the close-up is, above the axes."""
    _, length = clock.unit
    at = 0.5 * float(seen.time[0] + seen.time[-1]) / length
    axes.plot(
        [at], [1.0], marker="v", markersize=stroke(5.0), color=INK, transform=axes.get_xaxis_transform(),
        clip_on=False, zorder=4, label="_close-up",
    )  # fmt: skip


def named(done: Drawn) -> Axes:
    """The axes of a panel, with a legend of its curves and of the potentials that are off its scale."""
    curves = {line.get_label(): line for line in done.axes.lines}
    texts = [label.text for label in sorted(done.labels, key=lambda label: -label.at)]
    handles = [curves.get(text) or Line2D([], [], color="none") for text in texts]
    done.axes.legend(handles=handles, labels=texts, fontsize=look().small, frameon=False)
    return done.axes


def name_ends(figure: Figure, drawn: list[Drawn]) -> None:
    """Lay the figure out, and name the curves at their right ends, spread so that none overlap."""
    for each in drawn:
        if each.labels:
            end_room(each.axes, each.labels)
    settle(figure)
    for each in drawn:
        release_room(each.axes)
        end_labels(each.axes, each.labels)
