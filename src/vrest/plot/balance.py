"""Current balance: what each ion and each transport carries across a resting membrane, and that it adds to zero."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vrest.constants import N_A, F
from vrest.model.cell import Cell
from vrest.model.names import cell_label, plain, transport_label
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
from vrest.plot.ladder import chosen
from vrest.plot.look import look, stroke
from vrest.plot.style import (
    INK,
    OTHER,
    PUMP,
    current_unit,
    dress,
    ion_colour,
    ion_label,
    new_figure,
    number,
    readable,
)
from vrest.study.explain.explain import Explanation
from vrest.study.explain.story import MembraneStory
from vrest.units import from_door, from_si

ONE_PER_SECOND = from_si(F / N_A, "current")
"""pA carried by one ion per second: a current below it is rounding."""

PER_FLUX = from_si(from_door(1.0, "molar_flow") * F, "current")
"""pA carried by 1 fmol/s of a monovalent ion."""

BAR = 0.3
"""Width of a bar; one place on the axis is 1."""

MOST_NARROW, MOST_WIDE = 5, 11
"""Bars that a row has room for, with their labels: 85 mm, and 180 mm."""

LOWEST = 2.7
"""Inches, in the sizes of the lecture: how high a row of bars is at least."""

FEWEST = 3
"""A panel with fewer bars has the places of so many."""

LEAST = 5e-4
"""A current that is a smaller part of the largest is about zero."""

NEARLY = "≈ 0"

Stack = list[tuple[str, float, str, str]]
"""Parts of one bar: name, pA, colour, hatch."""

Stacks = dict[str, Stack]
"""Bars by the name under them."""


def balance_figure(explanation: Explanation, membrane: str | None = None) -> Figure:
    """Current balance of a resting state, of all membranes or of one: per ion and per transport.

    Where a page has no room for both, the currents of each ion are drawn.

    >>> from vrest.study.explain.explain import explain
    >>> figure = balance_figure(explain("mammalian_neuron"))
    >>> figure.axes[0].get_ylabel()
    'outward current (pA)'
    """
    cell, stories = explanation.rest.cell, chosen(explanation, membrane)
    both = [(by_ion(explanation, m), by_transport(explanation, m)) for m in stories]
    most = max(len(left) + len(right) for left, right in both)
    wide = look().width is None
    room = most if wide else MOST_NARROW if look().narrow else MOST_WIDE
    named = [f", {plain(m.membrane)}" if len(explanation.membranes) > 1 else "" for m in stories]
    rows = [row for where, pair in zip(named, both, strict=True) for row in _rows(where, *pair, room)]
    if len(rows) * LOWEST > look().tallest:
        ions = [("each ion" + where, left, left) for where, (left, _) in zip(named, both, strict=True)]
        across = 1 if look().narrow else 2
        rows = [ions[k : k + across] for k in range(0, len(ions), across)]
    height = (4.4 if wide else 3.2) * len(rows)
    figure = new_figure(cell, max(9.0, 1.2 + 1.15 * most), height, title=f"{cell_label(cell.name)}: current balance")
    drawn = []
    lines = figure.add_gridspec(len(rows), 1)
    for place, row in enumerate(rows):
        grid = lines[place].subgridspec(1, len(row), width_ratios=[max(len(stacks), FEWEST) for _, stacks, _ in row])
        panels = [(figure.add_subplot(grid[k]), *each) for k, each in enumerate(row)]
        for axes, title, stacks, _ in panels:
            prepare_balance(axes, stacks, title)
        for axes, *_ in panels[1:]:
            axes.set_ylabel("")
        drawn += panels
    for pair in both:
        of_one = [axes for axes, _, stacks, whole in drawn if any(whole is each for each in pair)]
        low, high = min(axes.get_ylim()[0] for axes in of_one), max(axes.get_ylim()[1] for axes in of_one)
        for axes in of_one:
            axes.set_ylim(low, high)
    figure.draw_without_rendering()
    for axes, _, stacks, _ in drawn:
        name_places(axes, stacks)
    settle(figure)
    for axes, title, stacks, _ in drawn:
        draw_balance(axes, stacks, legend=title.startswith("each ion"))
    return figure


def _rows(where: str, ions: Stacks, transports: Stacks, room: int) -> list[list[tuple[str, Stacks, Stacks]]]:
    """Rows of panels for a membrane, with room for so many bars each: title, bars, and what these are a part of."""
    if not look().narrow and len(ions) + len(transports) <= room:
        return [[("each ion" + where, ions, ions), ("each transport" + where, transports, transports)]]
    names = list(transports)
    count = -(-len(names) // room)
    each = -(-len(names) // count)
    parts = [{name: transports[name] for name in names[k : k + each]} for k in range(0, len(names), each)]
    return [[("each ion" + where, ions, ions)], *([("each transport" + where, p, transports)] for p in parts)]


def balance_axes(explanation: Explanation, ax: Axes) -> Axes:
    """The current of each ion across the first membrane, in axes of yours as large as they are now. Returns the axes.

    >>> from vrest.study.explain.explain import explain
    >>> balance_axes(explain("mammalian_neuron"), Figure().subplots()).get_ylabel()
    'outward current (pA)'
    """
    story = explanation.membranes[0]
    stacks = by_ion(explanation, story)
    prepare_balance(ax, stacks, plain(story.membrane) if len(explanation.membranes) > 1 else "")
    lay_out_now(ax)
    name_places(ax, stacks)
    draw_balance(ax, stacks)
    keep_size(ax)
    return ax


def by_ion(explanation: Explanation, story: MembraneStory) -> Stacks:
    """For each ion, the current that each transport lets it carry, outward positive, pA.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> [(name, round(current, 1)) for name, current, _, _ in by_ion(story, story.membranes[0])["Na⁺"]]
    [('leak', -17.1), ('pump', 17.1)]
    """
    cell, valence = explanation.rest.cell, explanation.rest.system.valence
    parts = cell.membranes[story.membrane].transports
    pumps = {p.name for p in story.pumps}
    table: Stacks = {}
    for ion in story.ions:
        stack = []
        for name, flux in ion.fluxes.items():
            if parts[name].is_channel:
                colour, hatch = ion_colour(ion.ion), ""
            else:
                colour, hatch = (PUMP, "////") if name in pumps else (OTHER, "....")
            stack.append((_beside_ion(cell, name, ion.ion), PER_FLUX * valence[ion.ion] * flux, colour, hatch))
        if stack:
            table[ion_label(ion.ion, valence[ion.ion])] = stack
    return table


def _beside_ion(cell: Cell, name: str, ion: str) -> str:
    """A transport where its ion is said already."""
    head, _, rest = name.partition("_")
    return (plain(rest) or "channel") if head == ion else transport_label(cell, name)


def by_transport(explanation: Explanation, story: MembraneStory) -> Stacks:
    """For each transport, the current of each ion it moves, outward positive, pA.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> [(ion, round(current, 1)) for ion, current, _, _ in by_transport(story, story.membranes[0])["pump"]]
    [('K⁺', -11.4), ('Na⁺', 17.1)]
    """
    valence = explanation.rest.system.valence
    table: Stacks = {}
    for ion in story.ions:
        for name, flux in ion.fluxes.items():
            current = PER_FLUX * valence[ion.ion] * flux
            label = ion_label(ion.ion, valence[ion.ion])
            table.setdefault(transport_label(explanation.rest.cell, name), []).append(
                (label, current, ion_colour(ion.ion), "")
            )
    return table


def prepare_balance(axes: Axes, stacks: Stacks, title: str = "") -> None:
    """Scale and axis of balance bars: all that the layout needs to know.

    >>> axes = Figure().subplots()
    >>> prepare_balance(axes, {"K⁺": [("leak", 2.0, "#0072B2", ""), ("pump", -2.0, PUMP, "////")]})
    >>> axes.get_ylabel()
    'outward current (pA)'
    """
    unit, factor = _unit(stacks)
    dress(axes, y=f"outward current ({unit})", title=title)
    up = max((sum(c for _, c, _, _ in s if c > 0) for s in stacks.values()), default=0.0)
    down = min((sum(c for _, c, _, _ in s if c < 0) for s in stacks.values()), default=0.0)
    margin = 0.12 * (up - down) if up - down > ONE_PER_SECOND else 1.0
    axes.set_ylim(factor * (down - margin), factor * (up + margin))
    axes.set_xlim(-0.25, max(len(stacks), FEWEST) - 0.15)
    axes.set_xticks(range(len(stacks)), list(stacks), fontsize=look().small)
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)


def draw_balance(axes: Axes, stacks: Stacks, legend: bool = True, total: str = "sum") -> None:
    """Stacked bars with their names and sizes beside them, and the sum as a diamond; settled axes.

    >>> axes = Figure().subplots()
    >>> stacks = {"K⁺": [("leak", 2.0, "#0072B2", ""), ("pump", -2.0, PUMP, "////")]}
    >>> prepare_balance(axes, stacks)
    >>> draw_balance(axes, stacks)
    >>> [text.get_text() for text in axes.texts]
    ['leak\\n+2.00', 'pump\\n−2.00']
    """
    _, factor = _unit(stacks)
    axes.axhline(0.0, color=INK, linewidth=stroke(0.9), zorder=3)
    largest = max((abs(c) for stack in stacks.values() for _, c, _, _ in stack), default=0.0)
    for place, stack in enumerate(stacks.values()):
        ends = {True: 0.0, False: 0.0}
        labels = []
        for name, current, colour, hatch in stack:
            size, up = factor * current, current > 0
            axes.bar(
                place,
                size,
                BAR,
                bottom=ends[up],
                color=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=stroke(0.6),
                zorder=2,
            )
            labels.append(Label(ends[up] + 0.5 * size, _told(name, current, factor, largest), colour))
            ends[up] += size
        whole = factor * sum(current for _, current, _, _ in stack)
        axes.plot(place, whole, "D", ms=stroke(6), mfc="white", mec=INK, mew=stroke(1.3), zorder=4)
        _beside(axes, place, labels)
    if legend:
        axes.plot([], [], "D", ms=stroke(6), mfc="white", mec=INK, mew=stroke(1.3), label=total)
        axes.legend(loc="upper right", fontsize=look().small, frameon=False, handletextpad=0.1, borderaxespad=0.0)


def name_places(axes: Axes, stacks: Stacks) -> None:
    """Names under the bars, on as many lines as their places ask for; upright where a word is too wide.

    >>> axes = Figure().subplots()
    >>> name_places(axes, {"K⁺": [], "Na⁺": []})
    >>> [label.get_text() for label in axes.get_xticklabels()]
    ['K⁺', 'Na⁺']
    """
    room = size_in_points(axes)[0] / max(len(stacks), FEWEST) - 4.0
    told = [wrapped(name, room) for name in stacks]
    upright = any(text_width(name) > room for name in told)
    axes.set_xticks(range(len(stacks)), list(stacks) if upright else told, rotation=90 if upright else 0)


def _beside(axes: Axes, place: float, labels: list[Label]) -> None:
    """Names to the right of a bar."""
    _, height = size_in_points(axes)
    bottom, top = axes.get_ylim()
    zero = height_of(axes, 0.0)
    sides = [x for x in labels if x.at >= 0], [x for x in labels if x.at < 0]
    up, down = (_with_room(side, room) for side, room in zip(sides, (height - zero, zero), strict=True))
    need, below = (_need(side) for side in (up, down))
    if need < height - zero and below < zero:
        parts = [(up, zero + 1.0, height), (down, 0.0, zero - 1.0)]
    else:  # a side has too little room for its names: some stand beyond zero
        parts = [(up + down, 0.0, height)]
    placed = []
    for side, low, high in parts:
        sizes = [label.height(look().small) for label in side]
        placed += zip(side, spread([height_of(axes, x.at) for x in side], sizes, low, high), strict=True)
    for label, at in placed:
        axes.text(
            place + 0.5 * BAR + 0.05,
            bottom + (top - bottom) * at / height,
            label.text,
            ha="left",
            va="center",
            fontsize=look().small,
            color=readable(label.colour),
            linespacing=1.05,
            zorder=3.5,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
        )


def _need(labels: list[Label]) -> float:
    return sum(label.height(look().small) for label in labels)


def _with_room(labels: list[Label], room: float) -> list[Label]:
    """The names on a side of zero; where they are too many, those of parts that are too small to be seen go."""
    return labels if _need(labels) < room else [label for label in labels if not label.text.endswith(NEARLY)]


def _told(name: str, current: float, factor: float, largest: float) -> str:
    """A part and its current beside the bar; what is only rounding is zero."""
    if abs(current) < max(1e-9 * largest, ONE_PER_SECOND):
        return f"{name}\n0"
    if abs(current) < LEAST * largest:
        return f"{name}\n{NEARLY}"
    return f"{name}\n{number(factor * current, '+#.3g').rstrip('.')}"


def _unit(stacks: Stacks) -> tuple[str, float]:
    sizes = [abs(current) for stack in stacks.values() for _, current, _, _ in stack]
    largest = float(np.max(sizes, initial=0.0))
    return current_unit(largest if largest > ONE_PER_SECOND else 0.0)


__all__ = ["balance_axes", "balance_figure", "by_ion", "by_transport", "draw_balance", "prepare_balance"]
