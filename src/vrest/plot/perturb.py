"""A perturbation on one page, for a lecture: what happens, how much V moves and when, and why; and cells compared."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import cycle
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from vrest.plot.events import Block, draw_strip, lay_out, shade
from vrest.plot.labels import Label, end_labels, end_room, release_room, settle
from vrest.plot.look import look, stroke
from vrest.plot.style import FAINT, INK, MUTED, Dash, dress, new_figure, number, time_unit, zero_line
from vrest.plot.traces import Panel, Samples, Trace, panels, samples
from vrest.study.perturb.compare import Comparison
from vrest.study.perturb.perturbed import Moment, Perturbed
from vrest.system.structure import parameter_vector
from vrest.units import from_door
from vrest.verbs.outcome import Outcome
from vrest.verbs.run_result import Run

WIDTH, LEFT = 10.6, 5.4 * 72
"""Inches of the figure; points that the layout leaves for the time course, about."""

LEAST = 3.6
"""Inches that the panels take at least: the right column needs them."""

BEFORE = 0.08
"""Share of a linear clock that shows the cell before anything is done."""

REACH = 40.0
"""mV: a Nernst potential that is never nearer to V than this is named and not drawn."""

FIRST = 1e-3
"""s: where the logarithmic clock begins."""

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

    >>> from vrest.study.perturb.perturb import perturb
    >>> figure = perturbation_figure(perturb("mammalian_neuron", "pump_loss"))
    >>> [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]
    ['Change of V', 'While it lasts (log time)']
    """
    drawn = _with_baseline(story.washed, _span(story))
    first, *others = _shown(panels(drawn))
    first, far = _near(first)
    shown = [first, *others]
    begin, end = float(drawn.time[0]), float(drawn.time[-1])
    unit, length = time_unit(end)
    strip = lay_out([_block(story)], begin, end, LEFT)
    reason = "\n".join(wrap(re.sub(r"(?<= )-(?=\d)", "−", story.sentence()), 138))
    below = 0.19 * (1 + reason.count("\n")) + 0.1 if look().notes else 0.0
    size = max(1.15, LEAST / sum(p.height for p in shown))
    heights = [strip.height / 72.0, *(size * p.height for p in shown)]
    title = story.title
    figure = new_figure(story.cell, WIDTH, 1.1 + below + sum(heights), title=title, subtitle=_subtitle(story))
    if look().notes:
        _make_room(figure, reason, below)
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=(1.75, 1.0))
    axes = [figure.add_subplot(grid[k, 0]) for k in range(len(heights))]
    top, low = _right_column(figure, grid, len(heights))
    draw_strip(axes[0], strip, length, begin, end, LEFT)
    axes[0].set_xlim(begin / length, end / length)
    for ax, panel in zip(axes[1:], shown, strict=True):
        _time_panel(ax, panel, drawn.time / length, last=ax is axes[-1])
        shade(ax, [_block(story)], length)
        ax.set_xlim(begin / length, end / length)
    _beyond(axes[1], far)
    dress(axes[-1], x=f"time ({unit})")
    _bars(top, story)
    _log_clock(low, story)
    figure.align_ylabels(axes[1:])
    _name_curves(figure, list(zip(axes[1:], shown, strict=True)))
    return figure


def comparison_figure(found: Comparison) -> Figure:
    """V of several cells under the same perturbation, and how far it moves in each.

    >>> from vrest.study.perturb.compare import compare
    >>> figure = comparison_figure(compare(["mammalian_neuron", "skeletal_muscle"], "pump_loss"))
    >>> len(figure.axes)
    3
    """
    first = found.answers[0]
    end = max(_span(a) for a in found.answers)
    unit, length = time_unit(end)
    doses = [" + ".join(a.doses) for a in found.answers]
    same = len(set(doses)) == 1
    cells = " · ".join(
        a.cell.name if same else f"{a.cell.name}: {d}" for a, d in zip(found.answers, doses, strict=True)
    )
    title = f"{found.name} {doses[0] if same else ''}".strip() + f" in {len(found.answers)} cells"
    figure = new_figure(None, WIDTH, 4.9, title=title, subtitle=cells)
    block = replace(_block(first), text=found.name)
    strip = lay_out([block], -BEFORE * end, end, LEFT)
    grid = figure.add_gridspec(2, 2, height_ratios=(strip.height / 72.0, 3.4), width_ratios=(1.5, 1.0))
    above, left, right = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0]), figure.add_subplot(grid[:, 1])
    draw_strip(above, strip, length, -BEFORE * end, end, LEFT)
    traces = []
    for a, (colour, dash) in zip(found.answers, cycle(LINES), strict=False):
        drawn = _with_baseline(a.washed, end)
        for trace in panels(drawn)[0].traces:
            if trace.bold:
                name = a.cell.name + trace.name.removeprefix("V")
                left.plot(drawn.time / length, trace.values, color=colour, linestyle=dash, linewidth=stroke(1.8))
                traces.append(Trace(name, trace.values, colour, dash))
    dress(left, x=f"time ({unit})", y="V (mV)")
    for ax in (above, left):
        ax.set_xlim(-BEFORE * end / length, end / length)
    shade(left, [block], length)
    _grouped(right, found)
    _name_curves(figure, [(left, Panel("V (mV)", tuple(traces)))])
    return figure


def _shown(found: list[Panel]) -> list[Panel]:
    """Potentials, contents and volume: the first two whatever they do, and what changes of the others."""
    main = [p for p in found if p.height >= 1.3 or p.label.startswith("relative")]
    return [p for k, p in enumerate(main) if k < 2 or p.label.startswith("relative") or _changes(p)]


def _changes(panel: Panel) -> bool:
    return any(np.ptp(t.values) > 1e-4 * np.abs(t.values).max() for t in panel.traces)


def _span(story: Perturbed) -> float:
    """How long a linear clock must run to show the wash and what follows it, s."""
    run, lasts = story.washed, story.duration
    back = story.recovery_time
    after = 1.5 * lasts if back is None else max(0.6 * lasts, 1.4 * back)
    return min(lasts + after, float(run.time[-1]))


def _block(story: Perturbed) -> Block:
    return Block("dose", 0.0, story.duration, story.what, story.onset)


def _with_baseline(run: Run, until: float) -> Samples:
    """A run up to a time, with the resting cell before it."""
    drawn = samples(run)
    kept = drawn.time <= until
    x0, p0 = np.tile(run.states[0], (2, 1)), np.tile(parameter_vector(run.cell), (2, 1))
    return Samples(
        run,
        np.concatenate([[-BEFORE * until, 0.0], drawn.time[kept]]),
        np.concatenate([x0, drawn.states[kept]]),
        np.concatenate([p0, drawn.parameters[kept]]),
        np.concatenate([[0, 0], drawn.stretch[kept]]),
    )


def _right_column(figure: Figure, grid: object, rows: int) -> tuple[Axes, Axes]:
    """Bars above, logarithmic clock below, beside all rows of the time course."""
    inner = grid[:, 1].subgridspec(2, 1, height_ratios=(1.0, 1.15))  # pyright: ignore[reportIndexIssue]
    return figure.add_subplot(inner[0]), figure.add_subplot(inner[1])


def _subtitle(story: Perturbed) -> str:
    rested = story.before.v_rest
    text = f"{len(rested)} membranes" if isinstance(rested, dict) else f"rest {number(rested)} mV"
    ends = {
        True: "recovers after the wash",
        False: "does not recover after the wash",
        None: "still firing when the run was stopped",
    }[story.recovers]
    return f"{text} · kept on, it {KEPT_ON.get(story.outcome, 'finds no rest')} · {ends}"


def _make_room(figure: Figure, reason: str, below: float) -> None:
    """The reason under the figure, in room taken from the layout."""
    engine = figure.get_layout_engine()
    height = figure.get_size_inches()[1]
    x, y, w, h = engine.get()["rect"]  # pyright: ignore[reportOptionalMemberAccess]
    engine.set(rect=(x, y + below / height, w, h - below / height))  # pyright: ignore[reportOptionalMemberAccess, reportCallIssue]
    figure.text(
        0.1 / WIDTH,
        (0.3 + below - 0.08) / height,
        reason,
        ha="left",
        va="top",
        fontsize=look().text,
        color=INK,
        linespacing=1.35,
    )


def _time_panel(axes: Axes, panel: Panel, time: np.ndarray, last: bool) -> None:
    dress(axes, y=panel.label)
    for trace in panel.traces:
        axes.plot(
            time,
            trace.values,
            color=trace.colour,
            linestyle=trace.dash,
            linewidth=stroke(trace.width),
            zorder=3 if trace.bold else 2,
        )
    if panel.log:
        axes.set_yscale("log")
    else:
        axes.yaxis.set_major_locator(MaxNLocator(6 if panel.height > 1 else 3, steps=[1, 2, 2.5, 5, 10]))
        axes.ticklabel_format(axis="y", useOffset=False)
        low, high = axes.get_ylim()
        if panel.label.startswith("relative") and high - low < 0.02:
            axes.set_ylim(min(low, 0.99), max(high, 1.01))
        low, high = axes.get_ylim()
        if panel.mark is not None and low <= panel.mark <= high:
            axes.axhline(panel.mark, color=FAINT, linewidth=stroke(0.8), zorder=-1)
    axes.tick_params(labelbottom=last)


def _near(panel: Panel) -> tuple[Panel, list[Trace]]:
    """The potentials within reach of V, and those far off all the time, which would flatten it."""
    v = np.concatenate([t.values for t in panel.traces if t.bold])
    low, high = np.nanmin(v) - REACH, np.nanmax(v) + REACH
    far = [t for t in panel.traces if not t.bold and (np.nanmin(t.values) > high or np.nanmax(t.values) < low)]
    return replace(panel, traces=tuple(t for t in panel.traces if t not in far)), far


def _beyond(axes: Axes, far: list[Trace]) -> None:
    """Where the potentials are that the panel leaves out."""
    if far:
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.12 * (high - low))
    for k, trace in enumerate(far):
        ends = number(float(trace.values[0]), "+.0f"), number(float(trace.values[-1]), "+.0f")
        told = ends[0] if ends[0] == ends[1] else " to ".join(ends)
        axes.annotate(
            f"{trace.name} {told} mV: off the scale", (0.99, 1.0), (0, -2 - 11 * k), xycoords="axes fraction",
            textcoords="offset points", ha="right", va="top", fontsize=look().small, color=trace.colour,
        )  # fmt: skip


def _moved(story: Perturbed, wall: str) -> list[tuple[Moment, float | None]]:
    found = []
    for m in story.moments:
        step = story.change(m.label)
        found.append((m, None if step is None else step[wall]))
    return found


def _bars(axes: Axes, story: Perturbed) -> None:
    """The change of V at each reading: one bar, or one for each membrane."""
    walls = [w.name for w in story.before.system.structure.walls]
    width = 0.8 / len(walls)
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
            axes.bar(at, step, 0.9 * width, color=UP if step > 0 else DOWN, alpha=1.0 - 0.4 * j / len(walls))
            told = (
                number(step, "+.1f")
                if m.v is None or len(walls) > 1
                else f"{number(step, '+.1f')}\n({number(m.v[wall], '.1f')})"
            )
            up = step >= 0
            axes.annotate(
                told, (at, step), (0, 3 if up else -3), textcoords="offset points", ha="center",
                va="bottom" if up else "top", fontsize=look().small, linespacing=1.1,
                rotation=90 if len(walls) > 1 else 0,
            )  # fmt: skip
    low, high = min([*values, 0.0]), max([*values, 0.0])
    room = max(high - low, 2.0)
    axes.set_ylim(
        low - (0.32 * room if low < 0 else 0.02 * room), high + (0.32 * room if high > 0 or low == 0 else 0.05 * room)
    )
    axes.set_xticks(range(len(story.moments)), [m.label for m in story.moments])
    axes.set_xlim(-0.6, len(story.moments) - 0.4)
    dress(axes, y="V − rest (mV)", title="Change of V")
    axes.tick_params(axis="x", length=0)
    zero_line(axes)


def _log_clock(axes: Axes, story: Perturbed) -> None:
    """V and the Nernst potentials while the perturbation lasts, on a logarithmic clock."""
    drawn = samples(story.kept)
    picked = drawn.time >= FIRST
    panel, far = _near(panels(drawn)[0])
    for trace in panel.traces:
        axes.plot(
            drawn.time[picked],
            trace.values[picked],
            color=trace.colour,
            linestyle=trace.dash,
            linewidth=stroke(trace.width),
            zorder=3 if trace.bold else 2,
        )
    axes.set_xscale("log")
    axes.set_xlim(FIRST, max(float(drawn.time[-1]), 2 * FIRST))
    axes.xaxis.set_major_locator(LogLocator(numticks=12))
    marks = {from_door(1.0, "time", unit): f"1 {unit}" for unit in ("ms", "s", "min", "h", "d")}
    axes.set_xticks(list(marks), list(marks.values()))
    axes.xaxis.set_minor_locator(LogLocator(numticks=0))
    _beyond(axes, far)
    dress(axes, x="time since the onset", y="V (mV)", title="While it lasts (log time)")


def _grouped(axes: Axes, found: Comparison) -> None:
    """The change of V at each reading, a bar for each cell (its first membrane)."""
    width = 0.84 / len(found.answers)
    crowded = len(found.answers) > 2
    missing = False
    for j, (a, (colour, _)) in enumerate(zip(found.answers, cycle(LINES), strict=False)):
        wall = a.before.system.structure.walls[0].name
        for k, (_, step) in enumerate(_moved(a, wall)):
            at = k - 0.42 + (j + 0.5) * width
            if step is None:
                axes.plot([at], [0.0], marker="x", color=colour, markersize=stroke(5), clip_on=False, zorder=4)
                missing = True
                continue
            axes.bar(at, step, 0.92 * width, color=colour)
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


def _name_curves(figure: Figure, named: list[tuple[Axes, Panel]]) -> None:
    """Names at the right ends of the curves, spread so that none overlap."""
    ends = [
        [
            Label(float(t.values[np.isfinite(t.values)][-1]), t.name, t.colour, "bold" if t.bold else "normal")
            for t in panel.traces
            if panel.named and np.isfinite(t.values).any()
        ]
        for _, panel in named
    ]
    for (ax, _), labels in zip(named, ends, strict=True):
        if labels:
            end_room(ax, labels)
    settle(figure)
    for (ax, _), labels in zip(named, ends, strict=True):
        release_room(ax)
        end_labels(ax, labels)


__all__ = ["comparison_figure", "perturbation_figure"]
