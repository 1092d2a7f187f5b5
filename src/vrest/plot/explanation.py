"""The whole account of a resting potential on one page: ladder, votes, current balance."""

from __future__ import annotations

from matplotlib.figure import Figure

from vrest.plot.balance import by_ion, draw_balance, prepare_balance
from vrest.plot.labels import settle
from vrest.plot.ladder import draw_ladder, prepare_ladder
from vrest.plot.look import look
from vrest.plot.style import MUTED, new_figure, number, scientific, with_prefix
from vrest.plot.votes import draw_votes, prepare_votes
from vrest.study.explain.account import PASSIVE
from vrest.study.explain.explain import Explanation
from vrest.study.explain.story import MembraneStory
from vrest.verbs.outcome import Outcome


def explanation_figure(explanation: Explanation) -> Figure:
    """Where a resting potential comes from: ladder, votes of the channels, current balance. For a lecture.

    >>> from vrest.study.explain.explain import explain
    >>> figure = explanation_figure(explain("mammalian_neuron"))
    >>> len(figure.axes)
    3
    """
    cell, stories = explanation.rest.cell, explanation.membranes
    valence = explanation.rest.system.valence
    figure = new_figure(cell, 11.0, 0.6 + 5.6 * len(stories), title=_title(explanation), subtitle=_price(explanation))
    grid = figure.add_gridspec(2 * len(stories), 2, width_ratios=(1.12, 1.0), height_ratios=(0.85, 1.0) * len(stories))
    panels = []
    for k, story in enumerate(stories):
        left = figure.add_subplot(grid[2 * k : 2 * k + 2, 0])
        top, bottom = figure.add_subplot(grid[2 * k, 1]), figure.add_subplot(grid[2 * k + 1, 1])
        stacks = by_ion(explanation, story)
        prepare_ladder(left, story, name=len(stories) > 1)
        prepare_votes(top, story, title="Votes")
        top.set_title(_sum_of_votes(story), fontsize=look().small, loc="right", color=MUTED)
        prepare_balance(bottom, stacks, title=f"Current of each ion: {_sum_of_currents(story)}")
        panels.append((left, top, bottom, story, stacks))
    settle(figure)
    for left, top, bottom, story, stacks in panels:
        draw_ladder(left, story)
        draw_votes(top, story, valence)
        draw_balance(bottom, stacks)
    return figure


def _title(explanation: Explanation) -> str:
    result, stories = explanation.rest, explanation.membranes
    values = ", ".join(f"V{f' ({m.membrane})' if len(stories) > 1 else ''} = {number(m.v)} mV" for m in stories)
    rests = result.outcome is Outcome.rests
    return f"{result.cell.name}: {values}" + ("" if rests else f" ({result.outcome.name.replace('_', ' ')})")


def _price(explanation: Explanation) -> str:
    if not explanation.atp_per_second:
        return "It costs no ATP."
    power = with_prefix(explanation.watts, "power", "W")
    return f"It costs {scientific(explanation.atp_per_second)} ATP per second ({power})."


def _sum_of_votes(story: MembraneStory) -> str:
    """What the chord votes add to; with the pump's own current that is V exactly."""
    text = f"chord votes × E: {number(story.chord_sum, '.1f')} mV"
    text += f", pump current: {number(story.chord_pump, '+.1f')} mV" if story.pumps else ""
    if abs(story.chord_one_sided) > PASSIVE:
        text += f", ions on one side alone: {number(story.chord_one_sided, '+.1f')} mV"
    return text + (f", from elsewhere: {number(story.chord_paths, '+.1f')} mV" if _elsewhere(story) else "")


def _sum_of_currents(story: MembraneStory) -> str:
    return "the sum goes on elsewhere" if _elsewhere(story) else "the sum is zero"


def _elsewhere(story: MembraneStory) -> bool:
    """Whether current comes from other places, along paths or around a ring."""
    return abs(story.chord_paths) > PASSIVE
