"""A population in one figure: the spread of V, how its cells ended, and what goes along with V."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vrest.plot.look import look, stroke
from vrest.plot.style import INK, MUTED, dress, new_figure, number, zero_line
from vrest.verbs.population_result import Population

COLOURS = {
    "rests": "#0072B2",
    "rests_run_down": "#E69F00",
    "finished": "#0072B2",
    "neutral": "#CC79A7",
    "unstable": "#D55E00",
    "oscillates": "#D55E00",
    "swells_without_limit": "#56B4E9",
    "not_followed": "#F0E442",
}
OTHER = "#999999"
MOST_BINS, MOST_BARS = 60, 12


def population_figure(found: Population) -> Figure:
    """Histogram of V (at rest, or at the end of the runs), share of each outcome, and rank correlations with V.

    >>> from vrest.verbs.population import population
    >>> many = population("mammalian_neuron", {"outside.K": [3.0, 5.0, 8.0]})
    >>> population_figure(many).axes[0].get_xlabel()
    'V at rest (mV)'
    """
    membranes = found.v_by_membrane
    what = "resting states" if found.settled else "runs"
    bars = max(len(found.outcomes), min(len(found.samples.varied), MOST_BARS), 3)
    title = f"{found.cell.name}: {found.n:,} {what}".replace(",", " ")
    figure = new_figure(found.cell, 6.8, 1.6 + 2.4 * len(membranes) + 0.27 * bars, title=title)
    heights = [*[2.4] * len(membranes), 0.5 + 0.27 * bars]
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    for k, name in enumerate(membranes):
        axes = figure.add_subplot(grid[k, :])
        of = f" of {name}" if len(membranes) > 1 else ""
        dress(axes, x=f"V{of} {'at rest' if found.settled else 'at the end'} (mV)", y="cells")
        _histogram(axes, found, membranes[name])
    _outcomes(dress(figure.add_subplot(grid[-1, 0]), x="cells (%)", title="how they ended"), found, bars)
    last = dress(figure.add_subplot(grid[-1, 1]), x="Spearman's rank correlation", title="what V goes along with")
    _importance(last, found, bars)
    return figure


def _histogram(axes: Axes, found: Population, v: np.ndarray) -> None:
    """Cells by V, stacked by outcome; the median marked."""
    flags = found.dataset.outcome.attrs
    codes = found.dataset.outcome.values
    known = np.isfinite(v)
    if not known.any():
        axes.text(
            0.5, 0.5, "no cell has one", transform=axes.transAxes, ha="center", color=MUTED, fontsize=look().small
        )
        return
    low, high = float(v[known].min()), float(v[known].max())
    half = max(0.5 - (high - low) / 2, 0.0)  # all alike: still a bar to see
    edges = np.linspace(low - half, high + half, int(np.clip(np.sqrt(known.sum()), 10, MOST_BINS)) + 1)
    names = flags["flag_meanings"].split()
    kinds = [(c, name) for c, name in zip(flags["flag_values"], names, strict=True) if np.any(known & (codes == c))]
    axes.hist(
        [v[known & (codes == code)] for code, _ in kinds],
        bins=edges.tolist(), stacked=True, color=[COLOURS.get(name, OTHER) for _, name in kinds],
        label=[name.replace("_", " ") for _, name in kinds], edgecolor="white", linewidth=stroke(0.3),
    )  # fmt: skip
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    middle = float(np.median(v[known]))
    axes.axvline(
        middle, color=INK, linewidth=stroke(1.0), linestyle=(0, (4, 2)), label=f"median {number(middle, '.1f')} mV"
    )
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, fontsize=look().small, frameon=False, borderaxespad=0.0
    )


def _outcomes(axes: Axes, found: Population, room: int) -> None:
    """The share of each outcome, in room for so many bars."""
    counts = sorted(found.outcomes.items(), key=lambda item: item[1])
    names = [name.replace("_", " ") for name, _ in counts]
    shares = [100 * count / found.n for _, count in counts]
    axes.barh(names, shares, height=0.7, color=[COLOURS.get(name, OTHER) for name, _ in counts])
    for k, share in enumerate(shares):
        axes.annotate(
            f"{share:.3g} %", (share, k), (3, 0), textcoords="offset points", va="center", fontsize=look().small
        )
    axes.set_xlim(0, 125)
    axes.set_xticks([0, 25, 50, 75, 100])
    _equal(axes, len(counts), room)


def _importance(axes: Axes, found: Population, room: int) -> None:
    """Rank correlations, the strongest on top, in room for so many bars."""
    known = [(name, r) for name, r in found.importance().items() if np.isfinite(r)]
    known = sorted(known, key=lambda item: abs(item[1]))[-MOST_BARS:]
    if not known:
        axes.text(
            0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", color=MUTED, fontsize=look().small
        )
        return
    axes.barh([_short(name) for name, _ in known], [r for _, r in known], height=0.7, color="#009E73")
    for k, (_, r) in enumerate(known):
        side = 1 if r >= 0 else -1
        place = {"va": "center", "ha": "left" if side > 0 else "right", "fontsize": look().small}
        axes.annotate(number(r, "+.2f"), (r, k), (3 * side, 0), textcoords="offset points", **place)
    axes.set_xlim(-1.55, 1.55)
    axes.set_xticks([-1, 0, 1])
    _equal(axes, len(known), room)
    zero_line(axes, vertical=True)


def _equal(axes: Axes, bars: int, room: int) -> None:
    """Bars as thick as in the panel beside."""
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(bars - 0.5 - room, bars - 0.5)


def _short(path: str) -> str:
    """The end of a long path.

    >>> _short("membranes.neuron.transports.K_leak.permeability"), _short("compartments.outside.ions.K")
    ('K_leak.permeability', 'outside.K')
    """
    return ".".join([part for part in path.split(".") if part != "ions"][-2:])
