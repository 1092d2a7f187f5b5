"""Current against voltage at a resting state: each ion's channels, the pump, and the net current."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vrest.model.names import cell_label, plain
from vrest.plot.labels import (
    Label,
    end_labels,
    end_room,
    keep_size,
    release_room,
    settle,
    size_in_points,
    spread,
    text_width,
)
from vrest.plot.look import look, stroke
from vrest.plot.style import (
    INK,
    PUMP,
    current_unit,
    dress,
    ion_colour,
    ion_dash,
    ion_label,
    new_figure,
    number,
    readable,
    reversal_label,
    zero_line,
)
from vrest.study.current_voltage import CurrentVoltage

NEAR = 25.0
"""mV beyond the drawn potentials within which a reversal potential is still shown."""

ZOOM = 30.0
"""mV on each side of rest in the second panel: there the pump's current can be seen beside the others."""

RISE = 12.0
"""Points from the top of the axes to the names of the potentials."""


def iv_figure(iv: CurrentVoltage) -> Figure:
    """Outward current against V: per ion, pump and net, with reversal potentials and V at rest marked.

    Where the curves span much more than the surroundings of rest, a second panel shows those.

    >>> from vrest.study.current_voltage import current_voltage
    >>> figure = iv_figure(current_voltage("mammalian_neuron"))
    >>> figure.axes[0].get_ylabel()
    'outward current (pA)'
    """
    cell = iv.rest.cell
    title = f"{cell_label(cell.name)}: current and voltage"
    if len(cell.membranes) > 1:
        title += f", {plain(iv.membrane)}"
    v = iv.potential
    around = (max(v.min(), iv.v_rest - ZOOM), min(v.max(), iv.v_rest + ZOOM))
    wide = np.ptp(v) > 2 * ZOOM + NEAR and around[0] < iv.v_rest < around[1]
    count, stacked = 2 if wide else 1, look().narrow
    height = 3.2 * count if stacked else 5.0 if look().width is None else 3.9
    figure = new_figure(cell, 10.4 if wide else 6.6, height, title=title)
    axes = list(figure.subplots(*((count, 1) if stacked else (1, count)), squeeze=False).ravel())
    near = {i: e for i, e in iv.E.items() if i in iv.ions and v.min() - NEAR <= e <= v.max() + NEAR}
    whole = (min([v.min(), *near.values()]), max([v.max(), *near.values()]))
    spans = [whole, around][: len(axes)]
    ends = [_curves(ax, iv, low, high) for ax, (low, high) in zip(axes, spans, strict=True)]
    for ax, labels in zip(axes, ends, strict=True):
        end_room(ax, labels)
        ax.text(0.5, 1.0, "\n", transform=ax.transAxes, va="bottom", fontsize=look().small + RISE / 2, gid="room")
    settle(figure)
    for ax, labels, (low, high) in zip(axes, ends, spans, strict=True):
        release_room(ax)
        end_labels(ax, labels)
        _name_potentials(ax, {i: e for i, e in near.items() if low <= e <= high}, iv.v_rest)
    return figure


def iv_axes(iv: CurrentVoltage, ax: Axes) -> Axes:
    """The curves over all of their range in axes of yours, with a legend. Returns the axes.

    >>> from vrest.study.current_voltage import current_voltage
    >>> iv_axes(current_voltage("mammalian_neuron"), Figure().subplots()).get_ylabel()
    'outward current (pA)'
    """
    _curves(ax, iv, float(iv.potential.min()), float(iv.potential.max()))
    named = [(_name(iv, str(drawn.get_label())), drawn) for drawn in ax.lines if drawn.get_label() in _names(iv)]
    ax.plot(iv.v_rest, 0.0, "o", ms=stroke(8), mfc=INK, mec="white", mew=stroke(1.2), zorder=6, label="V at rest")
    names, drawn = zip(*named, strict=True)
    ax.legend(
        [*drawn, ax.lines[-1]], [*names, f"V at rest, {number(iv.v_rest, '.1f')} mV"],
        loc="best", fontsize=look().small, frameon=False,
    )  # fmt: skip
    keep_size(ax)
    return ax


def _names(iv: CurrentVoltage) -> list[str]:
    return [*iv.ions, "pump", "net"]


def _name(iv: CurrentVoltage, label: str) -> str:
    return ion_label(label, iv.rest.cell.valence()[label]) if label in iv.ions else label


def _curves(axes: Axes, iv: CurrentVoltage, low: float, high: float) -> list[Label]:
    """Draw the curves over a stretch of V; gives the labels of their right ends."""
    v = iv.potential
    shown = (v >= low - 1e-9) & (v <= high + 1e-9)
    curves = [*iv.ions.values(), iv.pump, iv.net]
    unit, factor = current_unit(float(max(np.abs(c[shown]).max() for c in curves)))
    dress(axes, x="V (mV)", y=f"outward current ({unit})")
    zero_line(axes)
    ends = []
    for ion, current in iv.ions.items():
        axes.plot(v, factor * current, color=ion_colour(ion), linestyle=ion_dash(ion), linewidth=stroke(1.6), label=ion)
        ends.append(Label(float(factor * current[shown][-1]), _name(iv, ion), ion_colour(ion)))
    axes.plot(v, factor * iv.pump, color=PUMP, linewidth=stroke(1.6), linestyle=(0, (5, 1, 1, 1, 1, 1)), label="pump")
    axes.plot(v, factor * iv.net, color=INK, linewidth=stroke(2.4), label="net")
    ends += [
        Label(float(factor * iv.pump[shown][-1]), "pump", PUMP),
        Label(float(factor * iv.net[shown][-1]), "net", INK, "bold"),
    ]
    axes.set_xlim(low, high)
    least, most = factor * min(c[shown].min() for c in curves), factor * max(c[shown].max() for c in curves)
    margin = 0.06 * (most - least) or 1.0
    axes.set_ylim(least - margin, most + margin)
    return ends


def _name_potentials(axes: Axes, reversals: dict[str, float], v_rest: float) -> None:
    """Marks on the zero line, with their names in a row above the axes, where no curve runs."""
    width, height = size_in_points(axes)
    low, high = axes.get_xlim()
    bottom, top = axes.get_ylim()
    zero = (0.0 - bottom) / (top - bottom)
    marks = [(e, f"{reversal_label(i)}\n{number(e, '.1f')} mV", ion_colour(i)) for i, e in reversals.items()]
    marks.append((v_rest, f"V at rest\n{number(v_rest, '.1f')} mV", INK))
    marks.sort(key=lambda mark: mark[0])
    targets = [width * (e - low) / (high - low) for e, _, _ in marks]
    # mathtext is narrower than its source: the number below it is what needs the room
    widths = [text_width(text.split("\n")[1], weight="bold") + 8.0 for _, text, _ in marks]
    places = spread(targets, widths, -12.0, width + 12.0)
    for (e, text, colour), target, place in zip(marks, targets, places, strict=True):
        resting = colour == INK
        axes.plot(
            [target / width, target / width, place / width, place / width],
            [zero, 1.0, 1.0 + 0.7 * RISE / height, 1.0 + 0.9 * RISE / height],
            transform=axes.transAxes,
            color=colour,
            linewidth=stroke(0.8),
            linestyle=(0, (1, 2)) if resting else "-",
            alpha=0.8,
            clip_on=False,
            scalex=False,
            scaley=False,
            zorder=1,
            label="_leader",
        )
        if resting:
            axes.plot(
                e,
                0.0,
                "o",
                ms=stroke(8),
                mfc=INK,
                mec="white",
                mew=stroke(1.2),
                zorder=6,
                clip_on=False,
                label="V at rest",
            )
        else:
            axes.plot(
                e, 0.0, "|", ms=stroke(11), mew=stroke(2.2), color=colour, zorder=5, clip_on=False, label=f"E {text}"
            )
        axes.text(
            place / width,
            1.0 + RISE / height,
            text,
            transform=axes.transAxes,
            ha="center",
            va="bottom",
            fontsize=look().small,
            color=readable(colour),
            weight="bold" if resting else "normal",
            linespacing=1.1,
        )
