"""The potential ladder: every potential of a resting membrane on one scale, and what the pump holds of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from vrest.errors import InputError, near_miss
from vrest.model.names import cell_label, plain
from vrest.plot.labels import (
    Label,
    height_of,
    keep_size,
    lay_out_now,
    settle,
    size_in_points,
    spread,
    text_width,
    wrapped,
)
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

BAR_WIDTH = 14.0
"""Points: of the bar that shows what the pump holds."""

TALLEST = 11.2
"""Inches, in the sizes of the lecture: what a page holds."""

LEAST = 40.0
"""mV that a ladder spans at least: a run-down cell has all its potentials in one place."""

INDIRECT = "#8da0b3"
"""Colour of what the gradients hold."""


@dataclass(frozen=True)
class Columns:
    """Where the columns of a ladder stand, points from the left edge of the axes."""

    ion_rung: float
    """End of the rungs of the ions; those begin at the edge."""
    ion_label: float
    rung: float
    """Beginning of the rungs of V."""
    bar: float
    rung_end: float
    label: float
    room: float
    """Width of the labels of V."""


def ladder_figure(explanation: Explanation, membrane: str | None = None) -> Figure:
    """The potentials of each resting membrane on one mV axis, or of one membrane.

    Left, the Nernst potential of each ion; right, V, what formulas say, V with the pump stopped and contents
    frozen, and V when the gradients have run down; bars show what stopping the pump loses at once, and later
    as the gradients run down.

    >>> from vrest.study.explain.explain import explain
    >>> figure = ladder_figure(explain("mammalian_neuron"))
    >>> figure.axes[0].get_ylabel()
    'V (mV)'
    """
    stories = chosen(explanation, membrane)
    cell = explanation.rest.cell
    across = 1 if look().narrow else min(2, len(stories))
    down = -(-len(stories) // across)
    height = min((4.6 if look().narrow else 5.6 if down == 1 else 4.8) * down, TALLEST)
    title = f"{cell_label(cell.name)}: potential ladder"
    figure = new_figure(cell, 0.6 + 5.4 * across, height, title=title)
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for ax in axes[len(stories) :]:
        ax.remove()
    for ax, story in zip(axes, stories, strict=False):
        prepare_ladder(ax, story, name=len(explanation.membranes) > 1)
    settle(figure)
    for ax, story in zip(axes, stories, strict=False):
        draw_ladder(ax, story)
    return figure


def rest_figure(rest: Rest, membrane: str | None = None) -> Figure:
    """The ladder of a resting state: of all membranes, or of one.

    >>> import vrest
    >>> rest_figure(vrest.rest("mammalian_neuron")).axes[0].get_ylabel()
    'V (mV)'
    """
    return ladder_figure(explain(rest), membrane)


def chosen(explanation: Explanation, membrane: str | None) -> tuple[MembraneStory, ...]:
    """The account of a membrane alone; of all where none is named.

    >>> from vrest.study.explain.explain import explain
    >>> [m.membrane for m in chosen(explain("frog_skin"), "apical")]
    ['apical']
    """
    if membrane is None:
        return explanation.membranes
    stories = {m.membrane: m for m in explanation.membranes}
    if membrane not in stories:
        name = explanation.rest.cell.name
        raise InputError(
            f"'{name}' has no membrane '{membrane}'.", code="unknown_membrane", hint=near_miss(membrane, list(stories))
        )
    return (stories[membrane],)


def ladder_axes(explanation: Explanation, ax: Axes) -> Axes:
    """The ladder of the first membrane in axes of yours, in the size that they have now. Returns the axes.

    >>> from vrest.study.explain.explain import explain
    >>> ladder_axes(explain("mammalian_neuron"), Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    story = explanation.membranes[0]
    prepare_ladder(ax, story, name=len(explanation.membranes) > 1)
    lay_out_now(ax)
    draw_ladder(ax, story)
    keep_size(ax)
    return ax


def rest_axes(rest: Rest, ax: Axes) -> Axes:
    """The ladder of a resting state in axes of yours, of its first membrane. Returns the axes.

    >>> import vrest
    >>> rest_axes(vrest.rest("mammalian_neuron"), Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    return ladder_axes(explain(rest), ax)


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
    dress(axes, y="V (mV)", title=plain(story.membrane) if name else "")
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])


def draw_ladder(axes: Axes, story: MembraneStory) -> None:
    """Rungs, bars and labels of a ladder, on prepared axes whose layout is settled.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> axes = Figure().subplots()
    >>> prepare_ladder(axes, story.membranes[0])
    >>> draw_ladder(axes, story.membranes[0])
    >>> any("−70.00" in text.get_text() for text in axes.texts)
    True
    """
    width, _ = size_in_points(axes)
    nernst = [
        Label(i.E, f"{reversal_label(i.ion)}  {number(i.E, '.1f')} mV", ion_colour(i.ion))
        for i in story.ions
        if i.E is not None
    ]
    potentials = _potentials(story)
    columns = _columns(width, nernst, [*potentials, *_holds(axes, story)])
    axes.set_xlim(0.0, width)
    axes.plot([0.0, columns.rung_end], [0.0, 0.0], color=FAINT, linewidth=stroke(0.8), zorder=0)
    for label in nernst:
        rung = [0.0, columns.ion_rung], [label.at, label.at]
        axes.plot(*rung, color=label.colour, linewidth=stroke(2.2), solid_capstyle="butt")
    _column(axes, nernst, start=columns.ion_rung, text_at=columns.ion_label)
    for label in potentials:
        bold = label.weight == "bold"
        axes.plot(
            [columns.rung, columns.rung_end],
            [label.at, label.at],
            color=label.colour,
            linewidth=stroke(2.6 if bold else 1.2),
            solid_capstyle="butt",
            zorder=4 if bold else 3,
        )
    _bars(axes, story, columns.bar)
    labels = [
        replace(x, text=wrapped(x.text, columns.room, _size(x), x.weight)) for x in [*potentials, *_holds(axes, story)]
    ]
    _column(axes, labels, start=columns.rung_end, text_at=columns.label)


def _columns(width: float, nernst: list[Label], right: list[Label]) -> Columns:
    """Columns that leave both rows of labels the room they need; where the axes are narrow, the right one wraps."""
    unit, gaps = look().scale, 72.0
    ions = max((text_width(label.text) for label in nernst), default=0.0)
    needed = max(text_width(label.text, _size(label), label.weight) for label in right)
    # the gaps take what is left, as far as that helps
    spare = (width - needed - ions - gaps * unit) / (gaps * unit)
    gap = unit * (1.0 + min(max(0.0, spare), 2.0))
    rung = 18.0 * gap + ions + 8.0 * gap
    bar = rung + 0.5 * (34.0 * gap - BAR_WIDTH * unit)
    label = rung + 46.0 * gap
    return Columns(10.0 * gap, 18.0 * gap, rung, bar, rung + 34.0 * gap, label, width - label)


def _size(label: Label) -> float:
    return look().text if label.weight == "bold" else look().small


def _potentials(story: MembraneStory) -> list[Label]:
    """What stands on the right of the ladder, equal values in the order in which they should be read."""
    labels = []
    if story.mullins_noda is not None and story.pumps:
        labels.append(Label(story.mullins_noda, f"Mullins–Noda  {number(story.mullins_noda)}\u00a0mV", MUTED))
    labels.append(Label(story.v, f"V at rest  {number(story.v)}\u00a0mV", INK, "bold"))
    if story.ghk is not None:
        labels.append(Label(story.ghk, f"GHK  {number(story.ghk)}\u00a0mV", MUTED))
    if story.pumps:
        off, down = story.v_pump_off, story.v_run_down
        if off is not None:
            labels.append(Label(off, f"pump off, contents frozen  {number(off)}\u00a0mV", PUMP))
        if down is not None:
            labels.append(Label(down, f"run down  {number(down)}\u00a0mV", INDIRECT))
    return labels


def _end_of_bar(axes: Axes, off: float) -> float:
    """Where an arrow ends that has no end to point at: of no particular length."""
    low, high = axes.get_ylim()
    return off + (0.3 if off < 0 else -0.3) * (high - low)


def _holds(axes: Axes, story: MembraneStory) -> list[Label]:
    """What the bars of the pump say."""
    if not story.pumps:
        return []
    off, down = story.v_pump_off, story.v_run_down
    if off is None:
        return [Label(story.v, "pump off: no potential without current", PUMP, "bold")]
    labels = [Label(0.5 * (story.v + off), f"stopping the pump: {_step(off - story.v)} at once", PUMP, "bold")]
    if down is not None:
        later = f"running down: {_step(down - off)} later"
        return [*labels, Label(0.5 * (off + down), later, INDIRECT, "bold")]
    why = f"no rest without the pump ({plain(story.run_down_outcome)})"
    return [*labels, Label(_end_of_bar(axes, off), why, INDIRECT, "bold")]


def _step(mV: float) -> str:
    return f"{number(mV, '+.1f')}\u00a0mV"


def _bars(axes: Axes, story: MembraneStory, left: float) -> None:
    """What stopping the pump loses at once, and later as the gradients run down."""
    off, down = story.v_pump_off, story.v_run_down
    if not story.pumps or off is None:
        return
    width = BAR_WIDTH * look().scale
    axes.bar(left, off - story.v, width, bottom=story.v, color=PUMP, align="edge", zorder=2)
    if down is None:
        _arrow(axes, left + 0.5 * width, off, _end_of_bar(axes, off), "--")
        return
    axes.bar(left, down - off, width, bottom=off, color=INDIRECT, alpha=0.45, align="edge", zorder=1)
    _arrow(axes, left + 0.5 * width, off, down, "-")


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
    places = spread(targets, [label.height(_size(label)) for label in labels], 0.0, height)
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
            fontsize=_size(label),
            weight=label.weight,
            color=readable(label.colour),
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            zorder=1.5,
        )
