"""A perturbation on one page, for a lecture: what happens, how much V moves and when, and why; and cells compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from vrest.model.names import cell_label, plain
from vrest.plot.clock import Clock
from vrest.plot.events import Block, draw_strip, lay_out, shade
from vrest.plot.labels import size_in_points, text_width
from vrest.plot.look import look, stroke
from vrest.plot.notes import height, lines_of, put_below, typeset
from vrest.plot.panel import (
    LEFT,
    RIGHT,
    Drawn,
    draw_close_up,
    draw_panel,
    figure_width,
    mark,
    name_ends,
    named,
    scale,
)
from vrest.plot.samples import close_up, rested, samples
from vrest.plot.style import MUTED, Dash, dress, new_figure, number, zero_line
from vrest.plot.traces import Panel, not_drawn, on_a_page, panels, potentials
from vrest.study.perturb.compare import Comparison
from vrest.study.perturb.perturbed import Moment, Perturbed, by_membrane
from vrest.verbs.outcome import Outcome

WIDTH = 10.6
"""Inches of the figure."""

COLUMNS = 1.5, 1.0
"""Widths of the time course and of what stands beside it."""

PANEL = 1.15
"""Inches of a panel of height 1, at least."""

LEAST, BESIDE = 3.6, 1.8
"""Inches that the time course takes at least beside two panels, and more beside three."""

BEFORE = 0.08
"""Share of the clock that shows the cell before anything is done."""

FIRST = 1e-4
"""s: where the logarithmic clock begins."""

THERE_MV = 0.3
"""mV: so near to where it ends, V is there."""

SLOW = 6.0
"""A cell that takes so many times longer to its end than it was perturbed is shown on a logarithmic clock then."""

HATCH = "////"
"""In the bar of what is hypothetical."""

AIR = 3.0
"""Points between numbers that stand side by side."""

LINE = 1.3
"""Room of a number on its side, over its size."""

DOWN, UP = "#4a7fb5", "#c2573a"
"""Bars of a hyperpolarisation and of a depolarisation."""

KEPT_ON = {
    Outcome.rests: "settles",
    Outcome.rests_run_down: "runs down",
    Outcome.swells_without_limit: "swells without limit",
    Outcome.oscillates: "oscillates",
    Outcome.not_followed: "fires on",
    Outcome.runs_out: "uses an ion up",
}
"""How it ends, in a title."""

LINES: tuple[tuple[str, Dash], ...] = (
    ("#000000", (0, ())),
    ("#0072B2", (0, (7, 2))),
    ("#D55E00", (0, (4, 2))),
    ("#009E73", (0, (1.5, 1.5))),
    ("#CC79A7", (0, (7, 2, 1.5, 2))),
    ("#999999", (0, (4, 2, 1, 2, 1, 2))),
)
"""Colour and dash of each cell in a comparison."""


def perturbation_figure(story: Perturbed) -> Figure:
    """Time course with wash, V on a logarithmic clock, the change of V at each reading, and the reason.

    It is drawn from every step of the runs. Spikes that cannot be told apart are a band from the lowest to the highest
    V, and some of them are shown resolved; what does not move is named and not drawn.

    >>> from vrest.study.perturb.perturb import perturb
    >>> figure = perturbation_figure(perturb("mammalian_neuron", "pump_loss"))
    >>> [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    ['Change of V', 'While it lasts (log time)']
    """
    clock, block = _clock(story), _block(story)
    width = _column(COLUMNS[0])
    drawn = rested(samples(story.washed, clock))
    found, still = panels(drawn, fluxes=False)
    seen = close_up(drawn, clock, width)
    strip = lay_out([block], clock, width)
    beside = [1.6, 1.8, *([1.2] if seen else [])]
    shown, left_out = on_a_page(found, look().tallest - strip.height / 72.0 - _around(beside), PANEL)
    least = 0.0 if look().narrow else LEAST + BESIDE * bool(seen)
    size = max(PANEL, least / sum(p.height for p in shown))
    heights = [strip.height / 72.0, *(size * p.height for p in shown)]
    figure = _page(story, heights, beside, not_drawn(still, left_out))
    axes, right = _places(figure, heights, beside)
    draw_strip(axes[0], strip, clock, width)
    done = []
    for ax, panel in zip(axes[1:], shown, strict=True):
        done.append(draw_panel(ax, panel, drawn, clock, width, last=ax is axes[-1]))
        shade(ax, [block], clock)
    _bars(right[0], story)
    while_it_lasts = Clock(FIRST, max(float(story.kept.time[-1]), 2 * FIRST), FIRST)
    done.append(_log_clock(right[1], story, while_it_lasts))
    if seen:
        draw_close_up(right[2], seen, {t.what: t for t in shown[0].traces if t.bold}, clock.unit)
        mark(axes[1], seen, clock)
    figure.align_ylabels(axes[1:])
    name_ends(figure, done)
    while_it_lasts.dress(right[1], size_in_points(right[1])[0])  # names of other lengths leave other widths
    return figure


def perturbation_axes(story: Perturbed, ax: Axes) -> Axes:
    """V and the Nernst potentials within reach of it, with the wash, in axes of yours, with a legend.

    >>> from vrest.study.perturb.perturb import perturb
    >>> perturbation_axes(perturb("mammalian_neuron", "pump_loss"), Figure().subplots()).get_xlabel()
    'time (min)'
    """
    clock = _clock(story)
    drawn = rested(samples(story.washed, clock))
    done = draw_panel(ax, potentials(drawn), drawn, clock, size_in_points(ax)[0])
    shade(ax, [_block(story)], clock)
    return named(done)


def comparison_figure(found: Comparison) -> Figure:
    """V of several cells under the same perturbation, and how far it moves in each.

    >>> from vrest.study.perturb.compare import compare
    >>> figure = comparison_figure(compare(["mammalian_neuron", "skeletal_muscle"], "pump_loss"))
    >>> len(figure.axes)
    3
    """
    first = found.answers[0]
    ends = [_clock(a) for a in found.answers]
    clock = max(ends, key=lambda c: c.end)
    clock = replace(clock, begin=min(c.begin for c in ends))
    texts = [a.what for a in found.answers]
    same = len(set(texts)) == 1
    cells = " · ".join(
        cell_label(a.cell.name) if same else f"{cell_label(a.cell.name)}: {text}"
        for a, text in zip(found.answers, texts, strict=True)
    )
    what = texts[0] if same else " + ".join(p.short for p in first.perturbations)
    title = typeset(f"{what} in {len(found.answers)} cells")
    beside = [2.6]
    heights = [0.35, 3.4]
    figure = new_figure(None, WIDTH, 4.9 + (2.8 if look().narrow else 0.0), title=title, subtitle=typeset(cells))
    (above, left), (right,) = _places(figure, heights, beside)
    width = _column(COLUMNS[0])
    block = replace(_block(first), text=typeset(what))
    strip = lay_out([block], clock, width)
    draw_strip(above, strip, clock, width)
    done = _compared(left, found, clock, width)
    shade(left, [block], clock)
    _grouped(right, found)
    name_ends(figure, [done])
    return figure


def comparison_axes(found: Comparison, ax: Axes) -> Axes:
    """V of several cells under the same perturbation, in axes of yours, with a legend.

    >>> from vrest.study.perturb.compare import compare
    >>> found = compare(["mammalian_neuron", "skeletal_muscle"], "pump_loss")
    >>> [t.get_text() for t in comparison_axes(found, Figure().subplots()).get_legend().get_texts()]
    ['Mammalian neuron', 'Skeletal muscle']
    """
    ends = [_clock(a) for a in found.answers]
    clock = replace(max(ends, key=lambda c: c.end), begin=min(c.begin for c in ends))
    done = _compared(ax, found, clock, size_in_points(ax)[0])
    shade(ax, [_block(found.answers[0])], clock)
    return named(done)


def _clock(story: Perturbed) -> Clock:
    """From before the perturbation to where the washed cell ends."""
    lasts, end = story.duration, _span(story)
    turn = 1.5 * lasts if end - lasts > SLOW * lasts else None
    return Clock(-BEFORE * (turn or end), end, turn)


def _span(story: Perturbed) -> float:
    """When the washed cell is where it ends, with some time before and after, s."""
    run, lasts = story.washed, story.duration
    end = float(run.time[-1])
    if story.washed_stop is not None or not story.end.outcome.is_rest:
        return min(2.5 * lasts, end)
    v = np.asarray(run.v).reshape(len(run.time), -1)
    off = np.abs(v - np.array(list(by_membrane(story.end).values()))).max(axis=1)
    away = run.time[(off > THERE_MV) & (run.time >= lasts)]
    return min(lasts + max(0.6 * lasts, 1.2 * (float(away[-1]) - lasts) if len(away) else 0.0), end)


def _block(story: Perturbed) -> Block:
    return Block("dose", 0.0, story.duration, typeset(story.what), story.onset)


def _column(share: float) -> float:
    """Points that axes are wide in a column of the figure, about; a narrow figure has one."""
    whole = 1.0 if look().narrow else share / sum(COLUMNS)
    return 72.0 * (figure_width(WIDTH) * whole - (LEFT + RIGHT) * look().scale)


def _page(story: Perturbed, heights: list[float], beside: list[float], still: str) -> Figure:
    """The empty figure, with its title, its reason, and what does not move."""
    sizes = look()
    room = 72.0 * figure_width(WIDTH)
    reason = lines_of(typeset(story.sentence()), room, sizes.text) if sizes.notes else []
    note = lines_of(still, room, sizes.small)
    title = f"{typeset(story.what)}: {cell_label(story.cell.name)}"
    tall = sum(heights) + _around(beside)
    tall += (height(reason, sizes.text) + height(note, sizes.small)) / sizes.scale + 0.3 * sizes.notes
    figure = new_figure(story.cell, WIDTH, tall, title=title, subtitle=_subtitle(story))
    put_below(figure, reason, sizes.text)
    put_below(figure, note, sizes.small, MUTED)
    return figure


def _around(beside: list[float]) -> float:
    """Inches that the figure is higher than its time course."""
    return 0.8 + (sum(beside) + 1.0 if look().narrow else 0.0)


def _places(figure: Figure, heights: list[float], beside: list[float]) -> tuple[list[Axes], list[Axes]]:
    """Axes of the time course, and those beside it; below it where the figure is narrow."""
    if look().narrow:
        axes = list(figure.subplots(len(heights) + len(beside), 1, height_ratios=[*heights, *beside]))
        return axes[: len(heights)], axes[len(heights) :]
    grid = figure.add_gridspec(1, 2, width_ratios=COLUMNS)
    columns = (grid[k].subgridspec(len(each), 1, height_ratios=each) for k, each in enumerate((heights, beside)))
    left, right = ([figure.add_subplot(place) for place in column] for column in columns)
    return left, right


def _subtitle(story: Perturbed) -> str:
    rested_at = story.before.v_rest
    text = f"{len(rested_at)} membranes" if isinstance(rested_at, dict) else f"rest {number(rested_at)} mV"
    ends = {
        True: "recovers after the wash",
        False: "does not recover after the wash",
        None: "still firing when the run was stopped",
    }[story.recovers]
    return f"{text} · kept on, it {KEPT_ON.get(story.outcome, 'finds no rest')} · {ends}"


def _moved(story: Perturbed, wall: str) -> list[tuple[Moment, float | None]]:
    found = []
    for m in story.moments:
        step = story.change(m.label)
        found.append((m, None if step is None else step[wall]))
    return found


def _bars(axes: Axes, story: Perturbed) -> None:
    """The change of V at each reading: one bar, or one for each membrane; open where it is hypothetical."""
    walls = [w.name for w in story.before.system.structure.walls]
    width, room = 0.8 / len(walls), _column(COLUMNS[1]) / (len(story.moments) + 0.2)
    values = []
    for j, wall in enumerate(walls):
        for k, (m, step) in enumerate(_moved(story, wall)):
            at = k + (j - 0.5 * (len(walls) - 1)) * width
            if step is None:
                axes.annotate(
                    "no\nrest" if m.label == "settled" else "–",
                    (at, 0.0),
                    (0, 3),
                    textcoords="offset points",
                    ha="center",
                    fontsize=look().small,
                    color=MUTED,
                )
                continue
            values.append(step)
            colour, faded = UP if step > 0 else DOWN, _faded(j, len(walls))
            _bar(axes, at, step, 0.9 * width, colour, m.label == "at once" and story.at_once_is_hypothetical, faded)
            told = number(step, "+.1f")
            if m.v is not None and len(walls) == 1 and room > text_width("(−67.5)", look().fine) + AIR:
                told += f"\n({number(m.v[wall], '.1f')})"
            up = step >= 0
            if len(walls) > 1 and room * width < LINE * look().fine:
                continue
            axes.annotate(
                told, (at, step), (0, 3 if up else -3), textcoords="offset points", ha="center",
                va="bottom" if up else "top", fontsize=look().fine, linespacing=1.1,
                rotation=90 if len(walls) > 1 else 0,
            )  # fmt: skip
    low, high = min([*values, 0.0]), max([*values, 0.0])
    tall = max(high - low, 0.5)
    air = 0.4 * tall
    axes.set_ylim(low - (air if low < 0 else 0.02 * tall), high + (air if high > 0 or low == 0 else 0.05 * tall))
    axes.set_xticks(range(len(story.moments)), [m.label for m in story.moments])
    axes.set_xlim(-0.6, len(story.moments) - 0.4)
    dress(axes, y="V − rest (mV)", title="Change of V")
    axes.tick_params(axis="x", length=0)
    zero_line(axes)
    _explain(axes, story.at_once_is_hypothetical, walls)


def _bar(axes: Axes, at: float, step: float, width: float, colour: str, hypothetical: bool, faded: float = 1.0) -> None:
    """One change of V; open where it is hypothetical."""
    if hypothetical:
        axes.bar(at, step, width, facecolor="white", edgecolor=colour, linewidth=stroke(1.2), hatch=HATCH, alpha=faded)
    else:
        axes.bar(at, step, width, color=colour, alpha=faded)


def _faded(number: int, count: int) -> float:
    """How opaque the bars of a membrane are: the first whole, the last least."""
    return 1.0 - 0.7 * number / max(count - 1, 1)


def _explain(axes: Axes, hypothetical: bool, walls: Sequence[str] = ()) -> None:
    """Under the bars: which are which membrane's, and that an open one is hypothetical."""
    handles = []
    if len(walls) > 1:
        shades = [_faded(j, len(walls)) for j in range(len(walls))]
        handles += [Patch(color=MUTED, alpha=a, lw=0, label=plain(w)) for w, a in zip(walls, shades, strict=True)]
    if hypothetical:
        handles.append(Patch(facecolor="white", edgecolor=MUTED, hatch=HATCH, label="hypothetical: all at once"))
    if handles:
        widest = max(text_width(str(h.get_label()), look().fine) for h in handles)
        columns = int(min(max(_column(COLUMNS[1]) // (widest + 3.5 * look().fine), 1), len(handles)))
        axes.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=columns, frameon=False,
            fontsize=look().fine, handlelength=1.2, columnspacing=1.0, borderaxespad=0.0,
        )  # fmt: skip


def _log_clock(axes: Axes, story: Perturbed, clock: Clock) -> Drawn:
    """V and the Nernst potentials while the perturbation lasts, on a logarithmic clock."""
    drawn = samples(story.kept, clock)
    panel = potentials(drawn)
    if len(drawn.v) > 1:  # with as many names there would be no room for the curves
        panel = replace(panel, traces=tuple(t for t in panel.traces if t.bold), far=())
    done = draw_panel(axes, panel, drawn, clock, _column(COLUMNS[1]))
    dress(axes, x="time since the onset", title="While it lasts (log time)")
    return done


def _compared(axes: Axes, found: Comparison, clock: Clock, width: float) -> Drawn:
    """V of each cell, each in its colour."""
    labels, lines = [], []
    for a, (colour, dash) in zip(found.answers, cycle(LINES), strict=False):
        drawn = rested(samples(a.washed, clock))
        several = len(drawn.v) > 1
        panel = Panel(
            "V (mV)",
            tuple(
                replace(
                    t, colour=colour, dash=dash, width=1.8,
                    name=f"{cell_label(a.cell.name)} {plain(t.what)}" if several else cell_label(a.cell.name),
                )
                for t in potentials(drawn).traces
                if t.bold
            ),
        )  # fmt: skip
        labels += draw_panel(axes, panel, drawn, clock, width).labels
        lines += panel.traces
    scale(axes, Panel("V (mV)", tuple(lines), height=2.0))
    return Drawn(axes, [replace(label, weight="normal") for label in labels])


def _grouped(axes: Axes, found: Comparison) -> None:
    """The change of V at each reading, a bar for each cell (its first membrane)."""
    width = 0.84 / len(found.answers)
    room = width * _column(COLUMNS[1]) / len(found.answers[0].moments)
    crowded = room < text_width("+4.6", look().small) + AIR
    missing = False
    for j, (a, (colour, _)) in enumerate(zip(found.answers, cycle(LINES), strict=False)):
        wall = a.before.system.structure.walls[0].name
        for k, (m, step) in enumerate(_moved(a, wall)):
            at = k - 0.42 + (j + 0.5) * width
            if step is None:
                axes.plot([at], [0.0], marker="x", color=colour, markersize=stroke(5), clip_on=False, zorder=4)
                missing = True
                continue
            _bar(axes, at, step, 0.92 * width, colour, m.label == "at once" and a.at_once_is_hypothetical)
            if crowded and room < LINE * look().fine:
                continue
            up = step >= 0
            axes.annotate(
                number(step, "+.1f" if abs(step) < 9.95 else "+.0f"), (at, step), (0, 2 if up else -2),
                textcoords="offset points", ha="center", va="bottom" if up else "top",
                fontsize=look().fine if crowded else look().small, rotation=90 if crowded else 0,
            )  # fmt: skip
    labels = [m.label for m in next(iter(found.answers)).moments]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    axes.margins(y=0.12)
    dress(axes, y="V − rest (mV)", title="Change of V" + (" (× none)" if missing else ""))
    axes.tick_params(axis="x", length=0)
    zero_line(axes)
    _explain(axes, any(a.at_once_is_hypothetical for a in found.answers))


__all__ = ["comparison_axes", "comparison_figure", "perturbation_axes", "perturbation_figure"]
