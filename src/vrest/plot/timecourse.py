"""The time course of a run: potentials, and what else moves, one above the other on one clock."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vrest.model.names import cell_label
from vrest.plot.clock import Clock
from vrest.plot.events import blocks, draw_strip, lay_out, shade
from vrest.plot.look import look, stroke
from vrest.plot.notes import height, lines_of, put_below
from vrest.plot.panel import axes_width, draw_close_up, draw_panel, figure_width, mark, name_ends, named, scale
from vrest.plot.samples import COLUMNS, close_up, samples, since
from vrest.plot.style import MUTED, dress, new_figure, time_unit
from vrest.plot.traces import Panel, not_drawn, on_a_page, panels, potentials
from vrest.verbs.run import FIRST_MOMENT
from vrest.verbs.run_result import Run

WIDTH = 7.4
UNIT_HEIGHT = 1.15
"""Inches of a panel of height 1."""

FIRST_SHARE = 1e-3
"""Of a stretch, where its logarithmic clock begins at the latest."""


@dataclass(frozen=True)
class Stretch:
    """A column of a logarithmic time course: from one event to the next."""

    start: float
    number: int
    title: str
    clock: Clock


def timecourse_figure(run: Run, log: bool = False) -> Figure:
    """V with the Nernst potentials; concentrations, volume, pump and other currents where they move.

    It is drawn from every step that the run took, whatever times it was asked for: no spike is missed. Spikes that
    cannot be told apart are a band from the lowest to the highest V, with some of them resolved in a panel below.

    Parameters
    ----------
    run
        From `simulate`.
    log
        A column for each stretch between events, on a logarithmic clock that starts with the stretch: for runs
        with `spacing="log"`.

    >>> from vrest.verbs.run import simulate
    >>> figure = timecourse_figure(simulate("mammalian_neuron", None, "1 h", points=3))
    >>> figure.axes[0].get_ylabel(), figure.axes[0].get_xlabel()
    ('V (mV)', 'time (min)')
    """
    return _logarithmic(run) if log else _linear(run)


def timecourse_axes(run: Run, ax: Axes) -> Axes:
    """V of a run and the Nernst potentials within reach of it against time, in axes of yours, with a legend.

    Spikes that cannot be told apart there are a band.

    >>> from vrest.verbs.run import simulate
    >>> ax = timecourse_axes(simulate("mammalian_neuron", None, "1 h", points=3), Figure().subplots())
    >>> ax.get_ylabel(), len(ax.get_legend().get_texts())
    ('V (mV)', 4)
    """
    clock = Clock(float(run.time[0]), float(run.time[-1]))
    drawn = samples(run, clock)
    width = 72.0 * ax.get_window_extent().width / ax.figure.dpi
    done = draw_panel(ax, potentials(drawn), drawn, clock, width)
    shade(ax, blocks(run), clock)
    return named(done)


def _linear(run: Run) -> Figure:
    clock = Clock(float(run.time[0]), float(run.time[-1]))
    width = axes_width(WIDTH)
    found, drawn = blocks(run), samples(run, clock)
    every, still = panels(drawn)
    seen = close_up(drawn, clock, width)
    strip = lay_out(found, clock, width)
    above = [strip.height / 72.0 / look().scale] if found else []
    below = [UNIT_HEIGHT * 1.2] if seen else []
    around = 0.9 + (0.35 if seen else 0.0)
    shown, left = on_a_page(every, look().tallest - around - sum(above) - sum(below), UNIT_HEIGHT)
    note = lines_of(not_drawn(still, left), 72.0 * figure_width(WIDTH), look().small)
    heights = [*above, *(UNIT_HEIGHT * panel.height for panel in shown), *below]
    title = f"{cell_label(run.cell.name)}: time course"
    tall = around + sum(heights) + height(note, look().small)
    figure = new_figure(run.cell, WIDTH, tall, title=title)
    put_below(figure, note, look().small, MUTED)
    axes = list(figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    if found:
        draw_strip(axes.pop(0), strip, clock, width)
    if seen:
        lines = {t.what: t for t in shown[0].traces if t.bold}
        draw_close_up(axes.pop(), seen, lines, clock.unit)
        mark(axes[0], seen, clock)
    done = []
    for ax, panel in zip(axes, shown, strict=True):
        done.append(draw_panel(ax, panel, drawn, clock, width, last=ax is axes[-1]))
        _second_scale(ax, panel)
        shade(ax, found, clock)
    figure.align_ylabels()
    name_ends(figure, done)
    return figure


def _logarithmic(run: Run) -> Figure:
    found = _stretches(run)
    drawn = samples(run, Clock(0.0, float(run.time[-1])), _edges(found))
    every, still = panels(drawn)
    shown, left = on_a_page(every, look().tallest - 1.2, UNIT_HEIGHT)
    whole = max(WIDTH, 2.0 + 2.7 * len(found))
    width = axes_width(whole) / len(found)
    note = lines_of(not_drawn(still, left), 72.0 * figure_width(whole), look().small)
    title = f"{cell_label(run.cell.name)}: time course, logarithmic clock"
    tall = 1.2 + sum(UNIT_HEIGHT * panel.height for panel in shown) + height(note, look().small)
    figure = new_figure(run.cell, whole, tall, title=title)
    put_below(figure, note, look().small, MUTED)
    grid = figure.subplots(len(shown), len(found), sharey="row", height_ratios=[p.height for p in shown], squeeze=False)
    done = []
    for column, stretch in zip(grid.T, found, strict=True):
        part = since(drawn, stretch.start, stretch.number)
        picked = (drawn.stretch == stretch.number) & (drawn.time > stretch.start)
        for ax, panel in zip(column, shown, strict=True):
            lines = tuple(replace(t, values=t.values[picked]) for t in panel.traces)
            last = ax is column[-1]
            done.append(draw_panel(ax, replace(panel, traces=lines), part, stretch.clock, width, last))
            if last:
                dress(ax, x=f"time since {'the start' if stretch.start == 0 else _moment(stretch.start)}")
        column[0].set_title(stretch.title, fontsize=look().small, loc="left")
    for row, panel in zip(grid, shown, strict=True):
        _second_scale(row[-1], panel)
        for ax in row[1:]:
            ax.set_ylabel("")
        scale(row[0], panel)
    figure.align_ylabels()
    name_ends(figure, done[-len(shown) :])
    return figure


def _stretches(run: Run) -> list[Stretch]:
    """Stretches between events, without their first moment, which has no place on a logarithmic clock."""
    named: dict[float, list[str]] = {}
    for block in blocks(run):
        named.setdefault(block.start, []).append(block.text)
    end, starts = float(run.time[-1]), (0.0, *run.events)
    found = []
    for k, (start, stop) in enumerate(zip(starts, (*run.events, end), strict=True)):
        if start < min(stop, end):
            otherwise = "before the first change" if k == 0 else "end of a ramp"
            title = "\n".join(named.get(start, [otherwise if run.events else ""]))
            first = min(FIRST_MOMENT, FIRST_SHARE * (stop - start))
            found.append(Stretch(start, k, title, Clock(first, min(stop, end) - start, first)))
    return found


def _edges(found: list[Stretch]) -> np.ndarray:
    """Columns of all their clocks, s."""
    return np.concatenate([s.start + s.clock.columns(COLUMNS // len(found)) for s in found])


def _moment(time: float) -> str:
    unit, length = time_unit(time)
    return f"{time / length:.4g} {unit}"


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
