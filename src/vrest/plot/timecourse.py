"""The time course of a run: potentials, contents, volume and pump, one above the other on one clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from vrest.plot.events import blocks, draw_strip, lay_out, shade
from vrest.plot.labels import Label, end_labels, end_room, release_room, settle
from vrest.plot.look import look, stroke
from vrest.plot.style import FAINT, dress, new_figure, time_unit
from vrest.plot.traces import Panel, Samples, panels, samples
from vrest.verbs.run_result import Run

WIDTH = 7.4
AXES_WIDTH = 5.6 * 72
"""Points that the layout leaves for the axes, about: enough to decide which labels share a line."""

UNIT_HEIGHT = 1.15
"""Inches of a panel of height 1."""


@dataclass(frozen=True)
class Stretch:
    """A column of a logarithmic time course: from one event to the next."""

    start: float
    picked: np.ndarray
    """Which of the run's times."""
    title: str


def timecourse_figure(run: Run, log: bool = False) -> Figure:
    """V with the Nernst potentials, concentrations inside, volume and pump against time.

    Parameters
    ----------
    run
        From `simulate`.
    log
        A column for each stretch between events, on a logarithmic clock that starts with the stretch: for runs
        with `spacing="log"`.

    >>> from vrest.verbs.run import simulate
    >>> figure = timecourse_figure(simulate("mammalian_neuron", None, "1 h", points=3))
    >>> figure.axes[0].get_ylabel(), figure.axes[-1].get_xlabel()
    ('V (mV)', 'time (min)')
    """
    return _logarithmic(run) if log else _linear(run)


def _linear(run: Run) -> Figure:
    found, drawn = blocks(run), samples(run)
    shown = panels(drawn)
    begin, end = float(run.time[0]), float(run.time[-1])
    unit, length = time_unit(end - begin)
    strip = lay_out(found, begin, end, AXES_WIDTH)
    heights = [UNIT_HEIGHT * panel.height for panel in shown]
    if found:
        heights = [strip.height / 72.0, *heights]
    figure = new_figure(run.cell, WIDTH, 0.9 + sum(heights), title=f"{run.cell.name}: time course")
    axes = list(figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0])
    if found:
        draw_strip(axes.pop(0), strip, length, begin, end, AXES_WIDTH)
    for ax, panel in zip(axes, shown, strict=True):
        _prepare(ax, panel)
        _curves(ax, panel, drawn.time / length, slice(None))
        _second_scale(ax, panel)
        shade(ax, found, length)
        ax.set_xlim(begin / length, end / length)
    dress(axes[-1], x=f"time ({unit})")
    _finish(figure, axes, shown)
    return figure


def _logarithmic(run: Run) -> Figure:
    drawn = samples(run)
    shown, stretches = panels(drawn), _stretches(drawn)
    figure = new_figure(
        run.cell,
        max(WIDTH, 2.0 + 2.7 * len(stretches)),
        1.2 + sum(UNIT_HEIGHT * panel.height for panel in shown),
        title=f"{run.cell.name}: time course, logarithmic clock",
    )
    grid = figure.subplots(
        len(shown), len(stretches), sharex="col", sharey="row", height_ratios=[p.height for p in shown], squeeze=False
    )
    for row, panel in zip(grid, shown, strict=True):
        for ax, stretch in zip(row, stretches, strict=True):
            _prepare(ax, panel)
            _curves(ax, panel, drawn.time - stretch.start, stretch.picked)
            ax.set_xscale("log")
            if ax is not row[0]:
                ax.set_ylabel("")
        _second_scale(row[-1], panel)
    for top, bottom, stretch in zip(grid[0], grid[-1], stretches, strict=True):
        top.set_title(stretch.title, fontsize=look().small, loc="left")
        since = "the start" if stretch.start == 0 else _moment(stretch.start)
        dress(bottom, x=f"time since {since} (s)")
        bottom.xaxis.set_major_locator(LogLocator(numticks=6))
    _finish(figure, list(grid[:, -1]), shown)
    return figure


def _stretches(drawn: Samples) -> list[Stretch]:
    """Stretches between events, without their first moment, which has no place on a logarithmic clock."""
    run = drawn.run
    named: dict[float, list[str]] = {}
    for block in blocks(run):
        named.setdefault(block.start, []).append(block.text)
    found = []
    for k, start in enumerate((0.0, *run.events)):
        picked = np.flatnonzero((drawn.stretch == k) & (drawn.time > start))
        if len(picked):
            otherwise = "before the first change" if k == 0 else "end of a ramp"
            title = "\n".join(named.get(start, [otherwise if run.events else ""]))
            found.append(Stretch(start, picked, title))
    return found


def _moment(time: float) -> str:
    unit, length = time_unit(time)
    return f"{time / length:.4g} {unit}"


def _prepare(axes: Axes, panel: Panel) -> None:
    dress(axes, y=panel.label)
    if panel.log:
        axes.set_yscale("log")
    elif panel.mark is not None:
        axes.axhline(panel.mark, color=FAINT, linewidth=stroke(0.8), zorder=-1)
    if panel.span:
        axes.set_ylim(panel.span)
    if not panel.log:
        axes.yaxis.set_major_locator(MaxNLocator(6 if panel.height > 1 else 3, steps=[1, 2, 2.5, 5, 10]))
        axes.ticklabel_format(axis="y", useOffset=False)


def _curves(axes: Axes, panel: Panel, time: np.ndarray, picked: np.ndarray | slice) -> None:
    for trace in panel.traces:
        axes.plot(
            time[picked],
            trace.values[picked],
            color=trace.colour,
            linestyle=trace.dash,
            linewidth=stroke(trace.width),
            label=trace.name,
            zorder=3 if trace.bold else 2,
        )


def _second_scale(axes: Axes, panel: Panel) -> None:
    second = panel.second
    if second is None:
        return
    right = axes.secondary_yaxis(
        "right", functions=(lambda y: np.asarray(y) * second.factor, lambda y: np.asarray(y) / second.factor)
    )
    right.set_ylabel(second.label, fontsize=look().text)
    right.tick_params(labelsize=look().small, length=stroke(3.5), width=stroke(0.8))
    right.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))


def _finish(figure: Figure, axes: list[Axes], shown: list[Panel]) -> None:
    """Name the curves at their right ends, and line the axis labels up."""
    ends = [
        [
            Label(float(t.values[np.isfinite(t.values)][-1]), t.name, t.colour, "bold" if t.bold else "normal")
            for t in panel.traces
            if panel.named
        ]
        for panel in shown
    ]
    for ax, labels in zip(axes, ends, strict=True):
        if labels:
            end_room(ax, labels)
    figure.align_ylabels()
    settle(figure)
    for ax, labels in zip(axes, ends, strict=True):
        release_room(ax)
        end_labels(ax, labels)
