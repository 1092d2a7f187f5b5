"""Results that are small: one panel each, drawn into axes that are given."""

from __future__ import annotations

from matplotlib.axes import Axes

from vrest.plot.labels import settle
from vrest.plot.ladder import draw_ladder, prepare_ladder
from vrest.plot.style import INK, dress, zero_line
from vrest.study.explain.explain import explain
from vrest.verbs.instant import Instant
from vrest.verbs.rest import Rest


def rest_axes(rest: Rest, ax: Axes) -> Axes:
    """The ladder of potentials of the first membrane.

    >>> from matplotlib.figure import Figure
    >>> from vrest.verbs.rest import rest
    >>> rest_axes(rest("mammalian_neuron"), Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    story = explain(rest).membranes[0]
    prepare_ladder(ax, story, name=len(rest.cell.membranes) > 1)
    settle(ax.figure)  # pyright: ignore[reportArgumentType]
    draw_ladder(ax, story)
    return ax


def instant_axes(answer: Instant, ax: Axes) -> Axes:
    """V of each membrane before the change and at once.

    >>> from matplotlib.figure import Figure
    >>> from vrest.verbs.instant import instant
    >>> instant_axes(instant("mammalian_neuron", "pump.max_rate*=0"), Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    for name, before, v, _ in answer.rows:
        ax.plot([0, 1], [before, v], color=INK, marker="o", label=name)
    ax.set_xticks([0, 1], ["before", "at once"])
    ax.margins(x=0.2)
    zero_line(ax)
    return dress(ax, y="V (mV)")
