"""Shares: how much each ion counts in a resting potential, by each way of counting."""

from __future__ import annotations

from matplotlib.axes import Axes

from vrest.plot.labels import size_in_points, spread, text_width
from vrest.plot.look import look, stroke
from vrest.plot.style import dress, ion_colour, ion_label, readable
from vrest.study.explain.story import MembraneStory

COUNTS = (
    ("chord_share", "chord\nconductance"),
    ("slope_share", "slope\nconductance"),
    ("ghk_share_numerator", "GHK\nnumerator"),
    ("ghk_share_denominator", "GHK\ndenominator"),
)
"""Ways of counting: the share of an ion's story, and its name."""

THICK = 0.5
"""Thickness of a bar; one row is 1."""


def vote_rows(story: MembraneStory) -> list[tuple[str, dict[str, float]]]:
    """The ways of counting that exist at a membrane: name, share of each ion.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> [(name, round(shares["K"], 2)) for name, shares in vote_rows(story.membranes[0])][:2]
    [('chord\\nconductance', 0.58), ('slope\\nconductance', 0.59)]
    """
    rows = []
    for field, name in COUNTS:
        shares = {i.ion: getattr(i, field) for i in story.ions if getattr(i, field) is not None}
        if shares:
            rows.append((name, shares))
    return rows


def prepare_votes(axes: Axes, story: MembraneStory, title: str = "") -> None:
    """Scale and axis of the votes: all that the layout needs to know.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> prepare_votes(axes, story.membranes[0])
    >>> axes.get_xlabel()
    'share of each ion (%)'
    """
    rows = vote_rows(story)
    dress(axes, x="share of each ion (%)", title=title)
    low = min([0.0, *(100 * sum(s for s in shares.values() if s < 0) for _, shares in rows)])
    high = max([100.0, *(100 * sum(s for s in shares.values() if s > 0) for _, shares in rows)])
    axes.set_xlim(low, high)
    axes.set_ylim(len(rows) - 0.5, -0.75)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=look().small)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_votes(axes: Axes, story: MembraneStory, valence: dict[str, int]) -> None:
    """One bar per way of counting, cut into the shares of the ions; settled axes.

    A negative share (a channel on a falling part of its I-V curve) lies left of zero.

    >>> from vrest.study.explain.explain import explain
    >>> story = explain("mammalian_neuron")
    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> prepare_votes(axes, story.membranes[0])
    >>> draw_votes(axes, story.membranes[0], story.rest.system.valence)
    >>> axes.texts[0].get_text()
    'K⁺ 58.4 %'
    """
    width, _ = size_in_points(axes)
    low, high = axes.get_xlim()
    scale = width / (high - low)
    for row, (_, shares) in enumerate(vote_rows(story)):
        ends = {True: 0.0, False: 0.0}
        outside = []
        for ion, share in shares.items():
            size, up = 100.0 * share, share >= 0
            axes.barh(
                row,
                size,
                THICK,
                left=ends[up],
                color=ion_colour(ion),
                edgecolor="white",
                linewidth=stroke(0.8),
                zorder=2,
            )
            middle = ends[up] + 0.5 * size
            ends[up] += size
            text = f"{ion_label(ion, valence[ion])} {size:.1f} %".replace("-", "−")
            need = text_width(text)
            if need + 6.0 < abs(size) * scale:
                axes.text(
                    middle,
                    row,
                    text,
                    ha="center",
                    va="center",
                    fontsize=look().small,
                    color="white",
                    weight="bold",
                    zorder=3,
                )
            else:
                outside.append(((middle - low) * scale, need + 8.0, text, readable(ion_colour(ion))))
        places = spread([o[0] for o in outside], [o[1] for o in outside], -4.0, width + 4.0)
        for (_, _, text, colour), place in zip(outside, places, strict=True):
            axes.text(
                low + place / scale,
                row - 0.5 * THICK - 0.04,
                text,
                ha="center",
                va="bottom",
                fontsize=look().small,
                color=colour,
            )
