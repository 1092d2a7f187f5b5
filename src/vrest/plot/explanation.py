"""The whole account of a resting potential on one page: ladder, shares of the ions, current balance."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from vrest.model.names import cell_label, plain
from vrest.plot.balance import by_ion, draw_balance, name_places, prepare_balance
from vrest.plot.labels import settle
from vrest.plot.ladder import chosen, draw_ladder, ladder_axes, ladder_figure, prepare_ladder
from vrest.plot.look import look
from vrest.plot.style import new_figure, number, scientific, with_prefix
from vrest.plot.votes import draw_votes, prepare_votes
from vrest.study.explain.account import PASSIVE
from vrest.study.explain.explain import Explanation
from vrest.study.explain.story import MembraneStory
from vrest.verbs.outcome import Outcome

SQUEEZED = 1.05
"""A figure that is so much too high for a page still goes on it."""

MOST_NAMED = 3
"""Membranes whose V the title has room for."""


def explanation_figure(explanation: Explanation, membrane: str | None = None) -> Figure:
    """Where a resting potential comes from: ladder, shares of the ions, current balance.

    Of one membrane, or of all. Where a page has no room for all of that, the ladder of each is drawn.

    >>> from vrest.study.explain.explain import explain
    >>> figure = explanation_figure(explain("mammalian_neuron"))
    >>> len(figure.axes)
    3
    """
    cell, stories = explanation.rest.cell, chosen(explanation, membrane)
    valence = explanation.rest.system.valence
    tall = 9.4 if look().narrow else 5.6
    height = 0.6 + tall * len(stories)
    if height > SQUEEZED * look().tallest:
        return ladder_figure(explanation)
    title = _title(explanation, stories)
    figure = new_figure(cell, 11.0, height, title=title, subtitle=_price(explanation))
    panels = []
    rows = figure.add_gridspec(len(stories), 1)
    for k, story in enumerate(stories):
        left, top, bottom = _places(figure, rows[k])
        stacks = by_ion(explanation, story)
        prepare_ladder(left, story, name=len(explanation.membranes) > 1)
        prepare_votes(top, story, title="Shares of the ions (their “votes”)")
        prepare_balance(bottom, stacks, title="Current of each ion")
        panels.append((left, top, bottom, story, stacks))
    figure.draw_without_rendering()
    for *_, bottom, _, stacks in panels:
        name_places(bottom, stacks)
    settle(figure)
    for left, top, bottom, story, stacks in panels:
        draw_ladder(left, story)
        draw_votes(top, story, valence)
        draw_balance(bottom, stacks, total=_sum_of_currents(story))
    return figure


def explanation_axes(explanation: Explanation, ax: Axes) -> Axes:
    """The ladder of an explanation in axes of yours, of its first membrane. Returns the axes.

    >>> from vrest.study.explain.explain import explain
    >>> explanation_axes(explain("mammalian_neuron"), Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    return ladder_axes(explanation, ax)


def _places(figure: Figure, place: SubplotSpec) -> list[Axes]:
    """Panels of a membrane: ladder, shares, balance; one below the other where the look is narrow."""
    if look().narrow:
        grid = place.subgridspec(3, 1, height_ratios=(1.7, 0.9, 1.0))
        return [figure.add_subplot(grid[k]) for k in range(3)]
    sides = place.subgridspec(1, 2, width_ratios=(1.12, 1.0))
    right = sides[1].subgridspec(2, 1, height_ratios=(0.85, 1.0))
    return [figure.add_subplot(part) for part in (sides[0], right[0], right[1])]


def _title(explanation: Explanation, stories: Sequence[MembraneStory]) -> str:
    result = explanation.rest
    values = ", ".join(
        f"V{f' ({plain(m.membrane)})' if len(explanation.membranes) > 1 else ''} = {number(m.v)} mV"
        for m in stories[:MOST_NAMED]
    )
    rests = result.outcome is Outcome.rests
    return f"{cell_label(result.cell.name)}: {values}" + ("" if rests else f" ({plain(result.outcome.name)})")


def _price(explanation: Explanation) -> str:
    if not explanation.atp_per_second:
        return "It costs no ATP."
    power = with_prefix(explanation.watts, "power", "W")
    return f"It costs {scientific(explanation.atp_per_second)} ATP per second ({power})."


def _sum_of_currents(story: MembraneStory) -> str:
    elsewhere = abs(story.chord_paths) > PASSIVE  # along paths or around a ring
    return "sum, flows on elsewhere" if elsewhere else "sum"
