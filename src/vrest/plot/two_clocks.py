"""A change on its two clocks: V and the Nernst potentials before, at once and settled."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vrest.model.names import cell_label, plain
from vrest.model.paths import resolve
from vrest.plot.events import describe
from vrest.plot.labels import Label, end_labels, end_room, keep_size, release_room, settle, text_width
from vrest.plot.look import look, stroke
from vrest.plot.style import INK, dress, ion_colour, ion_dash, new_figure, number, reversal_label, zero_line
from vrest.plot.traces import SOLID
from vrest.study.perturb.two_clocks import TwoClocks


def two_clocks_figure(story: TwoClocks) -> Figure:
    """V and the Nernst potentials of every membrane at each moment, named at their ends; where there is none, a gap.

    >>> from vrest.model.cellfile import load
    >>> from vrest.model.change import parse_changes
    >>> from vrest.study.perturb.perturbed import at_rest
    >>> from vrest.study.perturb.two_clocks import at_once, resting
    >>> start, changes = resting(load("mammalian_neuron")), parse_changes("pump.max_rate*=0")
    >>> story = TwoClocks(start.cell, tuple(changes), (at_rest(start, "before"), at_once(start, changes)))
    >>> [text.get_text() for text in two_clocks_figure(story).axes[0].texts][0]
    'V  −65.41 mV'
    """
    walls = list(story.moments[0].v or {})
    changes = ", ".join(describe(story.cell, resolve(story.cell, c.path), c) for c in story.changes)
    across = len(walls) if look().width is None else min(len(walls), 1 if look().narrow else 3)
    down = -(-len(walls) // across)
    width = max((1.6 + 0.9 * len(story.moments)) * across + 0.8, text_width(changes, look().text) / 72.0 + 0.4)
    height = (4.8 if look().width is None else 3.4) * down
    figure = new_figure(story.cell, width, height, title=cell_label(story.cell.name), subtitle=changes)
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for ax in grid[len(walls) :]:
        ax.remove()
    panels = grid[: len(walls)]
    named = [_draw(axes, story, wall) for axes, wall in zip(panels, walls, strict=True)]
    for axes, labels in zip(panels, named, strict=True):
        end_room(axes, labels)
    settle(figure)
    for axes, labels in zip(panels, named, strict=True):
        release_room(axes)
        end_labels(axes, labels)
    return figure


def two_clocks_axes(story: TwoClocks, ax: Axes) -> Axes:
    """The first membrane in axes of yours, with a legend. Returns the axes.

    >>> from vrest.model.cellfile import load
    >>> from vrest.model.change import parse_changes
    >>> from vrest.study.perturb.perturbed import at_rest
    >>> from vrest.study.perturb.two_clocks import at_once, resting
    >>> start, changes = resting(load("mammalian_neuron")), parse_changes("pump.max_rate*=0")
    >>> story = TwoClocks(start.cell, tuple(changes), (at_rest(start, "before"), at_once(start, changes)))
    >>> two_clocks_axes(story, Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    _draw(ax, story, next(iter(story.moments[0].v or {})))
    ax.legend(loc="best", fontsize=look().small, frameon=False)
    keep_size(ax)
    return ax


def _draw(axes: Axes, story: TwoClocks, wall: str) -> list[Label]:
    """The curves of a membrane, and what stands at their ends."""
    moments = story.moments
    dress(axes, y="V (mV)", title=plain(wall) if len(story.cell.membranes) > 1 else "")
    zero_line(axes)
    axes.set_xticks(range(len(moments)), [m.label if m.v else f"{m.label}:\nnone" for m in moments])
    axes.set_xlim(-0.15, len(moments) - 0.85)
    reversals = [m.E[wall] if m.E else {} for m in moments]
    curves = [("V", [m.v[wall] if m.v else None for m in moments], INK, SOLID)]
    for ion in reversals[0]:
        curves.append((reversal_label(ion), [e.get(ion) for e in reversals], ion_colour(ion), ion_dash(ion)))
    labels = []
    for name, found, colour, dash in curves:
        values = np.array([np.nan if value is None else value for value in found])
        known = np.flatnonzero(np.isfinite(values))
        if not known.size:
            continue
        bold, last = name == "V", int(known[-1])
        when = "" if moments[-1].v else f" ({moments[last].label})"
        text = f"{name}  {number(values[last])} mV{when}"
        axes.plot(
            values,
            label=text,
            color=colour,
            linestyle=dash,
            linewidth=stroke(2.4 if bold else 1.3),
            marker="o",
            ms=stroke(5 if bold else 3),
        )
        labels.append(Label(float(values[last]), text, colour, "bold" if bold else "normal"))
    return labels
