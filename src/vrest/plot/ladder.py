"""The potential ladder: every potential of a resting membrane on one scale, and what the pump holds of it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from vrest.plot.labels import Label, height_of, settle, size_in_points, spread
from vrest.plot.look import look, stroke
from vrest.plot.style import (
    FAINT,
    INK,
    MUTED,
    PUMP,
    dress,
    ion_colour,
    new_figure,
    number,
    readable,
    reversal_label,
)
from vrest.study.explain.explain import Explanation, explain
from vrest.study.explain.story import MembraneStory
from vrest.verbs.rest import Rest

# columns, points from the left edge of the axes
ION_RUNG, ION_LABEL = 26.0, 40.0
RUNG, BAR, BAR_WIDTH, RUNG_END, LABEL = 126.0, 138.0, 14.0, 164.0, 180.0

LEAST = 40.0
"""mV that a ladder spans at least: a run-down cell has all its potentials in one place."""

INDIRECT = "#8da0b3"
"""Colour of what the gradients hold."""


def ladder_figure(explanation: Explanation) -> Figure:
    """The potentials of a resting membrane on one mV axis.

    Left, the Nernst potential of each ion; right, V, what formulas say, V with the pump stopped and contents
    frozen, and V when the gradients have run down; bars show what the pump holds directly (lost at once) and
    through the gradients (lost over hours).

    >>> from vrest.study.explain.explain import explain
    >>> figure = ladder_figure(explain("mammalian_neuron"))
    >>> figure.axes[0].get_ylabel()
    'V (mV)'
    """
    stories = explanation.membranes
    cell = explanation.rest.cell
    figure = new_figure(cell, 0.6 + 5.4 * len(stories), 5.6, title=f"{cell.name}: potential ladder")
    axes = figure.subplots(1, len(stories), squeeze=False)[0]
    for ax, story in zip(axes, stories, strict=True):
        prepare_ladder(ax, story, name=len(stories) > 1)
    settle(figure)
    for ax, story in zip(axes, stories, strict=True):
        draw_ladder(ax, story)
    return figure


def rest_figure(rest: Rest) -> Figure:
    """The ladder of a resting state.

    >>> import vrest
    >>> rest_figure(vrest.rest("mammalian_neuron")).axes[0].get_ylabel()
    'V (mV)'
    """
    return ladder_figure(explain(rest))


def prepare_ladder(axes: Axes, story: MembraneStory, name: bool = False) -> None:
    """Scale and axis of a ladder: all that the layout needs to know.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> axes = Figure().subplots()
    >>> prepare_ladder(axes, story.membranes[0])
    >>> [round(float(v)) for v in axes.get_ylim()]
    [-100, 71]
    """
    values = [i.E for i in story.ions if i.E is not None] + [label.at for label in _potentials(story)] + [0.0]
    low, high = min(values), max(values)
    lacking = max(0.0, LEAST - (high - low))
    low, high = low - 0.5 * lacking, high + 0.5 * lacking
    margin = 0.07 * (high - low)
    axes.set_ylim(low - margin, high + margin)
    axes.yaxis.set_major_locator(MultipleLocator(10.0 if high - low < 80.0 else 20.0 if high - low < 250.0 else 50.0))
    dress(axes, y="V (mV)", title=story.membrane if name else "")
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])


def draw_ladder(axes: Axes, story: MembraneStory) -> None:
    """Rungs, bars and labels of a ladder, on prepared axes whose layout is settled.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> axes = Figure().subplots()
    >>> prepare_ladder(axes, story.membranes[0])
    >>> draw_ladder(axes, story.membranes[0])
    >>> "V at rest  −70.00 mV" in [text.get_text() for text in axes.texts]
    True
    """
    width, _ = size_in_points(axes)
    axes.set_xlim(0.0, width)
    axes.plot([0.0, RUNG_END], [0.0, 0.0], color=FAINT, linewidth=stroke(0.8), zorder=0)
    ions = [i for i in story.ions if i.E is not None]
    nernst = [
        Label(i.E, f"{reversal_label(i.ion)}  {number(i.E, '.1f')} mV", ion_colour(i.ion))
        for i in ions
        if i.E is not None
    ]
    for ion in ions:
        assert ion.E is not None
        axes.plot(
            [0.0, ION_RUNG], [ion.E, ion.E], color=ion_colour(ion.ion), linewidth=stroke(2.2), solid_capstyle="butt"
        )
    _column(axes, nernst, start=ION_RUNG, text_at=ION_LABEL)
    potentials = _potentials(story)
    for label in potentials:
        bold = label.weight == "bold"
        axes.plot(
            [RUNG, RUNG_END],
            [label.at, label.at],
            color=label.colour,
            linewidth=stroke(2.6 if bold else 1.2),
            solid_capstyle="butt",
            zorder=4 if bold else 3,
        )
    _column(axes, potentials + _holds(axes, story), start=RUNG_END, text_at=LABEL)


def _potentials(story: MembraneStory) -> list[Label]:
    """What stands on the right of the ladder, equal values in the order in which they should be read."""
    labels = []
    if story.mullins_noda is not None and story.pumps:
        labels.append(Label(story.mullins_noda, f"Mullins–Noda  {number(story.mullins_noda)} mV", MUTED))
    labels.append(Label(story.v, f"V at rest  {number(story.v)} mV", INK, "bold"))
    if story.ghk is not None:
        labels.append(Label(story.ghk, f"GHK  {number(story.ghk)} mV", MUTED))
    if story.pumps:
        if story.v_pump_off is not None:
            labels.append(Label(story.v_pump_off, f"pump off, contents frozen  {number(story.v_pump_off)} mV", PUMP))
        if story.v_run_down is not None:
            labels.append(Label(story.v_run_down, f"run down  {number(story.v_run_down)} mV", INDIRECT))
    return labels


def _holds(axes: Axes, story: MembraneStory) -> list[Label]:
    """Draw the bars of what the pump holds, and give their labels."""
    if not story.pumps:
        return []
    off = story.v_pump_off
    if off is None or story.direct is None:
        return [Label(story.v, "pump off: no potential\nwithout current", PUMP, "bold")]
    axes.bar(BAR, off - story.v, BAR_WIDTH, bottom=story.v, color=PUMP, align="edge", zorder=2)
    labels = [Label(0.5 * (story.v + off), f"direct: {number(story.direct, '+.2f')} mV (at once)", PUMP, "bold")]
    middle = BAR + 0.5 * BAR_WIDTH
    if story.v_run_down is not None and story.indirect is not None:
        down = story.v_run_down
        axes.bar(BAR, down - off, BAR_WIDTH, bottom=off, color=INDIRECT, alpha=0.45, align="edge", zorder=1)
        _arrow(axes, middle, off, down, "-")
        text = f"indirect: {number(story.indirect, '+.2f')} mV (later)"
        return [*labels, Label(0.5 * (off + down), text, INDIRECT, "bold")]
    # there is no end to point at: a dashed arrow of no particular length
    low, high = axes.get_ylim()
    end = off + (0.3 if off < 0 else -0.3) * (high - low)
    _arrow(axes, middle, off, end, "--")
    why = story.run_down_outcome.replace("_", " ")
    return [*labels, Label(end, f"indirect: no rest without the pump\n({why})", INDIRECT, "bold")]


def _arrow(axes: Axes, x: float, start: float, stop: float, line: str) -> None:
    if abs(height_of(axes, stop) - height_of(axes, start)) < 12.0:
        return  # the head would be longer than the arrow
    axes.annotate(
        "",
        xy=(x, stop),
        xytext=(x, start),
        arrowprops={
            "arrowstyle": "-|>,head_length=0.5,head_width=0.25",
            "linestyle": line,
            "color": readable(INDIRECT),
            "shrinkA": 0,
            "shrinkB": 0,
            "linewidth": stroke(1.2),
        },
    )


def _column(axes: Axes, labels: Sequence[Label], start: float, text_at: float) -> None:
    """Labels in a column, each with a leader from its rung."""
    _, height = size_in_points(axes)
    labels = sorted(labels, key=lambda label: round(label.at, 6))  # equal potentials keep their order
    targets = [height_of(axes, label.at) for label in labels]
    places = spread(targets, [label.height(look().text) for label in labels], -6.0, height + 6.0)
    low, high = axes.get_ylim()
    for label, place in zip(labels, places, strict=True):
        y = low + (high - low) * place / height
        reach = text_at - start
        axes.plot(
            [start + 0.1 * reach, start + 0.3 * reach, start + 0.7 * reach, start + 0.85 * reach],
            [label.at, label.at, y, y],
            color=readable(label.colour),
            linewidth=stroke(0.7),
            clip_on=False,
            zorder=1.6,
        )
        axes.text(
            text_at,
            y,
            label.text,
            ha="left",
            va="center",
            fontsize=look().text if label.weight == "bold" else look().small,
            weight=label.weight,
            color=readable(label.colour),
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            zorder=1.5,
        )
