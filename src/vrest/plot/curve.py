"""V along one number of a cell: the Nernst line, V at once and settled, where that jumps, and what was measured."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vrest.model.names import cell_label, parameter_label, parameter_name, plain, power_of, unit_label
from vrest.plot.axis import AT_ONCE, along, broken
from vrest.plot.labels import Label, clear_legend, end_labels, end_room, release_room, settle
from vrest.plot.look import look, stroke
from vrest.plot.style import (
    FAINT,
    INK,
    MUTED,
    Dash,
    dress,
    ion_colour,
    ion_dash,
    ion_label,
    new_figure,
    number,
    reversal_label,
)
from vrest.study.curve.result import Curve, Points
from vrest.verbs.outcome import Outcome

CELL_COLOURS = (INK, "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", MUTED)
"""Of several cells: Okabe and Ito's."""

LEFT: Dash = (0, (5, 2))

HATCHES = {
    Outcome.swells_without_limit: "///",
    Outcome.neutral: "\\\\\\",
    Outcome.unstable: "|||",
    Outcome.oscillates: "---",
    Outcome.not_followed: "++",
    Outcome.not_converged: "..",
}
"""How a band says why there is no rest, beside the legend."""


def curve_figure(curve: Curve) -> Figure:
    """V against what varies, each line named at its end.

    The Nernst line is in the colour of its ion, V at once is dotted, V settled is heavy and broken where it jumps.
    Bands mark where there is no rest, and the legend says why. Points are what was measured, with their errors.
    Several cells have a colour each.

    >>> from vrest.study.curve.curve import curve
    >>> figure = curve_figure(curve("mammalian_neuron", "outside.K", [2.5, 5.0, 10.0]))
    >>> figure.axes[0].get_xlabel()
    '[K⁺]ₒ (mM)'
    """
    cells = cell_label(curve.cell.name) if not curve.others else f"{len(curve.each)} cells"
    title = f"{cells}: {_v(curve)} against {parameter_name(curve.cell, curve.path)}"
    figure = new_figure(
        None if curve.others else curve.cell, 6.8, 4.8 if look().width is None else 3.8, title=title,
        subtitle=_subtitle(curve),
    )  # fmt: skip
    axes = figure.subplots()
    labels = _drawn(curve, axes, direct=True)
    end_room(axes, labels)
    _legend(axes)
    settle(figure)
    release_room(axes)
    end_labels(axes, labels)
    return figure


def curve_axes(curve: Curve, ax: Axes) -> Axes:
    """The same in axes of yours, with a legend. Returns the axes.

    >>> from vrest.study.curve.curve import curve
    >>> curve_axes(curve("mammalian_neuron", "outside.K", [2.5, 5.0, 10.0]), Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    _drawn(curve, ax, direct=False)
    _legend(ax)
    return ax


def _legend(axes: Axes) -> None:
    if axes.get_legend_handles_labels()[1]:
        clear_legend(axes)


def _subtitle(curve: Curve) -> str:
    how, _, ion = curve.companion.partition(" ")
    said = ion and ion_label(ion, curve.cell.valence()[ion])
    return {"swap": f"in exchange for {said}", "with": f"together with {said}"}.get(how, "")


def _v(curve: Curve) -> str:
    several = len(curve.cell.membranes) > 1 and not curve.others
    return f"V of {plain(curve.membrane)}" if several else "V"


def _drawn(curve: Curve, axes: Axes, direct: bool) -> list[Label]:
    """Everything but the legend; the labels of the lines, which the legend has where they are not `direct`."""
    power = 0 if curve.ion else power_of(float(np.abs(curve.values).max()))
    dress(axes, x=parameter_label(curve.cell, curve.path, power), y=f"{_v(curve)} (mV)")
    along(axes, curve.values, curve.logarithmic, power)
    labels: list[Label] = []
    for k, each in enumerate(curve.each):
        labels += _lines(axes, each, k, bool(curve.others), direct)
    if curve.others:
        _keys(axes, curve)
    else:
        _bands(axes, curve)
        _mark_present(axes, curve)
    return labels


def _lines(axes: Axes, curve: Curve, k: int, several: bool, direct: bool) -> list[Label]:
    """The lines of one cell."""
    x = curve.values
    name, colour = cell_label(curve.cell.name), CELL_COLOURS[k % len(CELL_COLOURS)] if several else INK
    told = [
        (curve.settled, f"{name}" if several else "settled", colour, "solid", 2.2),
        (curve.instant, "at once", colour if several else MUTED, AT_ONCE, 1.4),
    ]
    if curve.ion:
        line = f"Nernst line, {reversal_label(curve.ion)}"
        own = colour if several else ion_colour(curve.ion)
        told.append((curve.nernst, line, own, ion_dash(curve.ion), 1.0 if several else 1.4))
    labels: list[Label] = []
    for v, text, ink, dash, width in told:
        named = not several or v is curve.settled
        ends = np.flatnonzero(np.isfinite(v))
        at_end = direct and named and len(ends) and ends[-1] == len(x) - 1
        at, drawn = broken(curve.values, curve.settled, curve.thresholds) if v is curve.settled else (x, v)
        axes.plot(
            at, drawn, color=ink, linestyle=dash, linewidth=stroke(width), marker="." if len(x) < 3 else "",
            label=f"_{text}" if at_end or not named else text, gid=text, zorder=3 if v is curve.settled else 2,
        )  # fmt: skip
        if at_end:
            labels.append(Label(float(v[-1]), text, ink, "bold" if v is curve.settled else "normal"))
    if np.isfinite(curve.unstable).any():
        axes.plot(x, curve.unstable, color=colour, linestyle=LEFT, linewidth=stroke(1.0), zorder=2,
                  label="_unstable" if several else "a state that it leaves")  # fmt: skip
    down = np.array([o is Outcome.rests_run_down for o in curve.outcomes])
    if down.any():
        every = max(1, len(x) // 30)
        axes.plot(x[down], curve.settled[down], "D", color=colour, mfc="white", ms=stroke(3.5), markevery=every,
                  zorder=4, clip_on=False, label="settled, but run down" if k == 0 else "_again")  # fmt: skip
    for t in curve.thresholds:
        if np.isfinite([t.low.v, t.high.v]).all():
            axes.plot([t.value] * 2, [t.low.v, t.high.v], color=colour, linestyle=":", linewidth=stroke(1.2), zorder=2,
                      label="_again" if several else f"jumps at {_at(curve, t.value)}")  # fmt: skip
    if curve.points:
        _measured(axes, curve, curve.points, again=k > 0)
    return labels


def _measured(axes: Axes, curve: Curve, points: Points, again: bool) -> None:
    """What was measured where the curve is, whole at its ends too; and V of the cell at once under the other conditions
    of each point, where they move it.
    """
    here = (points.values >= curve.values[0]) & (points.values <= curve.values[-1])
    x, error = points.values[here], points.error[here]
    known = bool(np.isfinite(error).any())
    text = "measured, ± its error" if known else "measured"
    drawn = axes.errorbar(
        x, points.measured[here], error if known else None, fmt="o", ms=stroke(5), mfc="white", mec=INK,
        mew=stroke(1.2), ecolor=MUTED, elinewidth=stroke(0.9), capsize=stroke(2.5), zorder=5,
        label="_again" if again else text,
    )  # fmt: skip
    for artist in drawn.get_children():
        artist.set_clip_on(False)
    if points.apart:
        axes.plot(
            x, points.instant[here], "x", color=MUTED, ms=stroke(5), mew=stroke(1.2), zorder=4, clip_on=False,
            label="_again" if again else "at once, in the conditions of each point",
        )  # fmt: skip


def _at(curve: Curve, value: float) -> str:
    return f"{number(value, '.3g')} {unit_label(curve.unit)}".strip()


def _keys(axes: Axes, curve: Curve) -> None:
    """What solid, dotted and dashed mean where colours are cells'."""
    axes.plot([], [], color=MUTED, linewidth=stroke(2.2), label="settled")
    axes.plot([], [], color=MUTED, linewidth=stroke(1.4), linestyle=AT_ONCE, label="at once (contents frozen)")
    if curve.ion:
        axes.plot([], [], color=MUTED, linewidth=stroke(1.0), linestyle=ion_dash(curve.ion),
                  label=f"Nernst line, {reversal_label(curve.ion)}")  # fmt: skip


def _bands(axes: Axes, curve: Curve) -> None:
    """Where there is no rest, and why."""
    for left, right, outcome in _gaps(curve):
        text = f"no rest: {outcome.words}"
        known = axes.get_legend_handles_labels()[1]
        axes.axvspan(
            left, right, facecolor="#eeeeee", edgecolor=FAINT, hatch=HATCHES.get(outcome, "xx"), linewidth=0, zorder=0,
            label="_again" if text in known else text,
        )  # fmt: skip


def _gaps(curve: Curve) -> list[tuple[float, float, Outcome]]:
    """Stretches without a resting state, to the thresholds where they begin and end."""
    x = curve.values
    edges = [t.value for t in curve.thresholds if t.low.kind is not t.high.kind]
    found = []
    for outcome, group in groupby(
        range(len(x)), key=lambda k: None if curve.outcomes[k].is_rest else curve.outcomes[k]
    ):
        members = list(group)
        if outcome is not None:
            first, last = float(x[members[0]]), float(x[members[-1]])
            begins = [e for e in edges if e < first and (members[0] == 0 or e > x[members[0] - 1])]
            stops = [e for e in edges if e > last and (members[-1] == len(x) - 1 or e < x[members[-1] + 1])]
            found.append((max(begins, default=first), min(stops, default=last), outcome))
    return found


def _mark_present(axes: Axes, curve: Curve) -> None:
    """What the cell has: a line, and a point where it meets the drawn settled curve."""
    x, present = curve.values, curve.present
    if not x[0] <= present <= x[-1]:
        return
    axes.axvline(present, color=FAINT, linewidth=stroke(1.0), zorder=0)
    at, v = broken(curve.values, curve.settled, curve.thresholds)
    k = int(np.searchsorted(at, present))
    around = [k] if at[k] == present else [k - 1, k]
    scale = np.log if at[around].min() > 0 and present > 0 else np.asarray
    here = float(np.interp(scale(present), scale(at[around]), v[around]))
    text = f"present: {_at(curve, present)}"
    if np.isfinite(here):
        colour = ion_colour(curve.ion) if curve.ion else "#E69F00"
        axes.plot(
            present, here, "o", ms=stroke(8), mfc=colour, mec="white", mew=stroke(1.2), zorder=5, clip_on=False,
            label=text,
        )  # fmt: skip
    else:
        axes.plot([], [], color=FAINT, linewidth=stroke(1.0), label=text)
