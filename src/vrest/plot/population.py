"""A population in one figure: the spread of V, what became of its cells, and what goes along with V."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vrest.model.names import cell_label, parameter_name, plain
from vrest.plot.clock import Clock
from vrest.plot.events import Block, draw_strip, lay_out, protocol_blocks, shade
from vrest.plot.labels import wrapped
from vrest.plot.look import look, stroke
from vrest.plot.panel import LEFT, RIGHT, figure_width
from vrest.plot.style import INK, MUTED, dress, new_figure, number, zero_line
from vrest.study.perturb.perturbed import by_membrane
from vrest.units import duration as spoken
from vrest.units import from_si
from vrest.verbs.population_job import RECOVERED
from vrest.verbs.population_result import Population
from vrest.verbs.rest import rest

WIDTH = 6.8
"""Inches of the figure."""

FATES = {
    "rests": ("rests", "#0072B2"),
    "rests_run_down": ("rests, run down", "#E69F00"),
    "unstable": ("only an unstable state", "#D55E00"),
    "oscillates": ("oscillates", "#D55E00"),
    "swells_without_limit": ("swells without limit", "#56B4E9"),
    "runs_out": ("an ion runs out", "#009E73"),
    "neutral": ("many stationary states", "#CC79A7"),
    "not_converged": ("no rest found", "#999999"),
    "not_followed": ("not followed to its end", "#F0E442"),
    "back": ("back within 1 mV", "#0072B2"),
    "elsewhere": ("not back", "#E69F00"),
    "stuck": ("got stuck", "#D55E00"),
    "too_many_steps": ("too many steps", "#F0E442"),
    "no_rest": ("no rest to start from", "#CC79A7"),
    "impossible": ("no such cell", "#bbbbbb"),
    "pending": ("not computed yet", "#dddddd"),
}
"""What becomes of a cell, in words, and its colour."""

SPREADS = ((5.0, 95.0, 0.15), (25.0, 75.0, 0.3))
"""Percentiles between which V is, with the opacity of that band."""

MOST_BINS, MOST_BARS = 60, 12


def population_figure(found: Population) -> Figure:
    """What became of the cells, the spread of their V, and what goes along with it.

    Of resting states, a histogram of V with the rest of the cell that was varied; of runs, V at the end, and where
    times were kept V over time (median, and between which potentials half and nine tenths of the cells are) with the
    share that is back within 1 mV of where it started.

    >>> from vrest.verbs.population import population
    >>> many = population("mammalian_neuron", {"outside.K": [3.0, 5.0, 8.0]})
    >>> population_figure(many).axes[0].get_xlabel()
    'V at rest (mV)'
    """
    membranes, fates = found.v_by_membrane, _fates(found)
    counts = [len(set(fates)), max(min(len(found.samples.varied), MOST_BARS), 1)]
    rooms = [max(count, 2) for count in counts] if look().narrow else [max(*counts, 3)] * 2
    over_time = not found.settled and "v" in found.dataset
    title = f"{cell_label(found.cell.name)}: {found.n:,} {'resting states' if found.settled else 'runs'}"
    below = [0.5 + 0.27 * bars for bars in (rooms if look().narrow else rooms[:1])]
    above = _clocked(found) if over_time else []
    heights = [*(h for h, _ in above), *[2.2] * len(membranes), *below]
    figure = new_figure(found.cell, WIDTH, 1.2 + sum(heights) + 0.35 * len(heights), title=title.replace(",", " "))
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    for k, (_, draw) in enumerate(above):
        draw(figure.add_subplot(grid[k, :]))
    for k, name in enumerate(membranes, len(above)):
        axes = figure.add_subplot(grid[k, :])
        of = f" of {plain(name)}" if len(membranes) > 1 else ""
        dress(axes, x=f"V{of} {'at rest' if found.settled else 'at the end'} (mV)", y="cells")
        _histogram(axes, found, name, fates)
    places = [grid[-2, :], grid[-1, :]] if look().narrow else [grid[-1, 0], grid[-1, 1]]
    ended, along = (figure.add_subplot(place) for place in places)
    _shares(dress(ended, x="cells (%)", title="What became of them"), fates, rooms[0])
    _importance(dress(along, x="Spearman's rank correlation", title="What V goes along with"), found, rooms[1])
    return figure


def population_axes(found: Population, ax: Axes) -> Axes:
    """The histogram of V of the first membrane by what became of the cells, in axes of yours.

    >>> from vrest.verbs.population import population
    >>> many = population("mammalian_neuron", {"outside.K": [3.0, 5.0, 8.0]})
    >>> population_axes(many, Figure().subplots()).get_xlabel()
    'V at rest (mV)'
    """
    dress(ax, x=f"V {'at rest' if found.settled else 'at the end'} (mV)", y="cells")
    _histogram(ax, found, next(iter(found.v_by_membrane)), _fates(found))
    return ax


def _fates(found: Population) -> np.ndarray:
    """(n,) what became of each cell: its outcome, or of a run that was finished whether V came back."""
    if found.settled:
        return found.endings
    back = found.dataset.recovered.values == 1
    return np.where(found.endings == "finished", np.where(back, "back", "elsewhere"), found.endings)


def _in_order(fates: np.ndarray) -> list[str]:
    """Those that occurred, the most frequent first."""
    names, counts = np.unique(fates, return_counts=True)
    return [str(name) for name in names[np.argsort(-counts, kind="stable")]]


def _share(fates: np.ndarray, name: str) -> str:
    return f"{round(100 * float(np.mean(fates == name)), 1):g} %"


def _histogram(axes: Axes, found: Population, membrane: str, fates: np.ndarray) -> None:
    """Cells by V, stacked by what became of them; the median and the rest of the varied cell marked."""
    v = found.v_by_membrane[membrane]
    known = np.isfinite(v)
    if not known.any():
        axes.text(
            0.5, 0.5, "no cell has one", transform=axes.transAxes, ha="center", color=MUTED, fontsize=look().small
        )
        return
    low, high = float(v[known].min()), float(v[known].max())
    half = max(0.5 - (high - low) / 2, 0.0)  # all alike: still a bar to see
    edges = np.linspace(low - half, high + half, int(np.clip(np.sqrt(known.sum()), 10, MOST_BINS)) + 1)
    kinds = [name for name in _in_order(fates) if np.any(known & (fates == name))]
    axes.hist(
        [v[known & (fates == name)] for name in kinds],
        bins=edges.tolist(), stacked=True, color=[FATES[name][1] for name in kinds],
        label=[f"{FATES[name][0]}, {_share(fates, name)}" for name in kinds], edgecolor="white", linewidth=stroke(0.3),
    )  # fmt: skip
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    groups = found.groups[membrane]
    for group in groups:
        middle = float(np.median(group))
        of = f"of {len(group):,} cells " if len(groups) > 1 else ""
        label = f"median {of}{number(middle, '.1f')} mV"
        axes.axvline(middle, color=INK, linewidth=stroke(1.0), linestyle=(0, (4, 2)), label=label)
    reference = rest(found.cell)
    if reference.outcome.is_rest:
        at = by_membrane(reference)[membrane]
        if edges[0] <= at <= edges[-1]:
            label = f"{number(at, '.1f')} mV: the cell as it is"
            axes.axvline(at, color=INK, linewidth=stroke(1.4), linestyle=(0, (1, 1)), label=label)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=1 if look().narrow else 2, fontsize=look().small,
        frameon=False, borderaxespad=0.0,
    )  # fmt: skip


def _shares(axes: Axes, fates: np.ndarray, room: int) -> None:
    """The share of each fate that occurred, in room for so many bars."""
    names = _in_order(fates)[::-1]
    shares = [100 * float(np.mean(fates == name)) for name in names]
    axes.barh(
        [wrapped(FATES[name][0], 75.0) for name in names], shares, height=0.7, color=[FATES[name][1] for name in names]
    )
    for k, name in enumerate(names):
        axes.annotate(
            _share(fates, name), (shares[k], k), (3, 0), textcoords="offset points", va="center",
            fontsize=look().small,
        )  # fmt: skip
    _until(axes, 0.0, 1.45 * max(shares), 100.0)
    _equal(axes, len(names), room)


def _importance(axes: Axes, found: Population, room: int) -> None:
    """Rank correlations, the strongest on top, in room for so many bars."""
    paths = {v.name: v.parameter.path for v in found.samples.varied}
    known = [(name, r) for name, r in found.importance().items() if np.isfinite(r)]
    known = sorted(known, key=lambda item: abs(item[1]))[-MOST_BARS:]
    if not known:
        axes.text(
            0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", color=MUTED, fontsize=look().small
        )
        return
    names = [wrapped(parameter_name(found.cell, paths[name]), 75.0) for name, _ in known]
    axes.barh(range(len(known)), [r for _, r in known], height=0.7, color="#009E73")
    axes.set_yticks(range(len(known)), names)
    for k, (_, r) in enumerate(known):
        side = 1 if r >= 0 else -1
        place = {"va": "center", "ha": "left" if side > 0 else "right", "fontsize": look().small}
        axes.annotate(number(r, "+.2f"), (r, k), (3 * side, 0), textcoords="offset points", **place)
    reach = max(max(abs(r) for _, r in known), 0.1)
    low, high = min(r for _, r in known), max(r for _, r in known)
    _until(axes, -2.0 * reach if low < 0 else -0.05 * reach, 2.0 * reach if high > 0 else 0.05 * reach, 1.0)
    _equal(axes, len(known), room)
    zero_line(axes, vertical=True)


def _until(axes: Axes, low: float, high: float, most: float) -> None:
    """Limits that leave room for the numbers beside bars; no ticks beyond what a bar can be."""
    axes.set_xlim(low, high)
    axes.set_xticks(
        [t for t in MaxNLocator(3).tick_values(max(low, -most), min(high, most)) if low <= t <= high and abs(t) <= most]
    )


def _equal(axes: Axes, bars: int, room: int) -> None:
    """Bars as thick as in the panel beside."""
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(bars - 0.5 - room, bars - 0.5)


def _clocked(found: Population) -> list[tuple[float, Callable[[Axes], None]]]:
    """What is drawn against time, with its height: the protocol, V, and how many cells are back."""
    time = found.dataset.time.values
    clock = Clock(float(time[0]), float(time[-1]))
    events = protocol_blocks(found.cell, found.plan, clock.end)
    width = 72.0 * (figure_width(WIDTH) - (LEFT + 0.3 * RIGHT) * look().scale)
    parts: list[tuple[float, Callable[[Axes], None]]] = []
    if events:
        strip = lay_out(events, clock, width)
        parts.append((strip.height / 72.0, partial(draw_strip, strip=strip, clock=clock, width=width)))
    parts.append((2.0, partial(_v_over_time, found=found, clock=clock, events=events, width=width)))
    if events:
        parts.append((1.1, partial(_back_over_time, found=found, clock=clock, events=events, width=width)))
    return parts


def _v_over_time(axes: Axes, found: Population, clock: Clock, events: list[Block], width: float) -> None:
    """The median of V of the first membrane, and the bands that half and nine tenths of the cells are in."""
    time, v = found.dataset.time.values / clock.unit[1], _over_time(found)[..., 0]
    for low, high, opacity in SPREADS:
        ends = np.nanpercentile(v, (low, high), axis=0)
        label = f"{high - low:.0f} % of the cells"
        axes.fill_between(time, *ends, facecolor=to_rgba(INK, opacity), linewidth=0, label=label)
    axes.plot(time, np.nanmedian(v, axis=0), color=INK, linewidth=stroke(1.8), label="median")
    shade(axes, events, clock)
    of = f" of {plain(next(iter(found.cell.membranes)))}" if len(found.cell.membranes) > 1 else ""
    dress(axes, y=f"V{of} (mV)", x="" if events else clock.label)
    clock.dress(axes, width, not events)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, fontsize=look().small, frameon=False, borderaxespad=0.0,
        columnspacing=1.2, handlelength=1.4,
    )  # fmt: skip


def _back_over_time(axes: Axes, found: Population, clock: Clock, events: list[Block], width: float) -> None:
    """The share of the cells that are within 1 mV of where they started; how long it took those that end there."""
    time, near = found.dataset.time.values, _near_start(found)
    axes.plot(time / clock.unit[1], 100.0 * near.mean(axis=0), color=FATES["back"][1], linewidth=stroke(1.8))
    dress(axes, x=clock.label, y="back within\n1 mV (%)")
    axes.set_ylim(-4.0, 104.0)
    shade(axes, events, clock)
    clock.dress(axes, width)
    last = max(block.start for block in events)
    took = returned(time, near) - last
    told = f"{round(100.0 * float(near[:, -1].mean()), 1):g} % at the end"
    if np.any(took > 0.0):
        told += f", half of those within {spoken(float(np.median(took[np.isfinite(took)])), 2)} of the last change"
    axes.set_title(wrapped(told, 0.85 * width), loc="left", fontsize=look().small, color=INK)


def _over_time(found: Population) -> np.ndarray:
    """(cells, times, membranes) mV, of the cells whose run reached its end."""
    v = found.dataset.v.values[found.well]
    return v.reshape(*v.shape[:2], -1)


def _near_start(found: Population) -> np.ndarray:
    """(cells, times) whether V of every membrane is where it started."""
    start = found.dataset.v_start.values[found.well]
    away = np.abs(_over_time(found) - start.reshape(len(start), 1, -1)).max(axis=-1)
    return away <= from_si(RECOVERED, "potential")


def returned(time: np.ndarray, near: np.ndarray) -> np.ndarray:
    """When each cell is near its start for good, (cells,); infinite for one that is not at the end.

    >>> returned(np.array([0.0, 1.0, 2.0]), np.array([[True, False, True], [True, True, False]])).tolist()
    [2.0, inf]
    """
    away = ~near
    last = near.shape[1] - 1 - np.argmax(away[:, ::-1], axis=1)  # the last time that a cell is away
    since = np.where(away.any(axis=1), last + 1, 0)
    return np.where(near[:, -1], time[np.minimum(since, len(time) - 1)], np.inf)
