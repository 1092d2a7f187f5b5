"""V against a bath concentration: the Nernst line, the answer at once, and the settled one."""

from __future__ import annotations

from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from vrest.model.names import cell_label, concentration_name, plain
from vrest.plot.labels import clear_legend
from vrest.plot.look import look, stroke
from vrest.plot.style import (
    FAINT,
    INK,
    MUTED,
    dress,
    ion_colour,
    ion_dash,
    new_figure,
    number,
    reversal_label,
)
from vrest.study.curves import BathCurve
from vrest.verbs.outcome import Outcome

FEW = 40
"""Settled states up to so many are marked each: a jump from one to the next may be a fold, not a slope."""

HATCHES = {
    Outcome.swells_without_limit: "///",
    Outcome.neutral: "\\\\\\",
    Outcome.unstable: "|||",
    Outcome.oscillates: "---",
    Outcome.not_followed: "++",
    Outcome.not_converged: "..",
}
"""How a band says why there is no rest, beside the legend."""


def bath_figure(curve: BathCurve) -> Figure:
    """V against the logarithm of a bath concentration, both clocks and the Nernst line.

    Bands mark where no resting state was found, and the legend says why.

    >>> from vrest.study.curves import bath_curve
    >>> figure = bath_figure(bath_curve("mammalian_neuron", "outside.K", [2.5, 5.0, 10.0]))
    >>> figure.axes[0].get_xlabel()
    '[K⁺]ₒ (mM)'
    """
    title = f"{cell_label(curve.cell.name)}: {_v(curve)} against {_concentration(curve)}"
    figure = new_figure(curve.cell, 6.4, 4.8 if look().width is None else 3.6, title=title)
    bath_axes(curve, figure.subplots())
    return figure


def _v(curve: BathCurve) -> str:
    return f"V of {plain(curve.membrane)}" if len(curve.cell.membranes) > 1 else "V"


def _concentration(curve: BathCurve) -> str:
    return concentration_name(curve.ion, curve.path.split(".")[1], curve.cell.valence()[curve.ion])


def bath_axes(curve: BathCurve, ax: Axes) -> Axes:
    """The same in axes of yours. Returns the axes.

    >>> from vrest.study.curves import bath_curve
    >>> bath_axes(bath_curve("mammalian_neuron", "outside.K", [2.5, 5.0, 10.0]), Figure().subplots()).get_ylabel()
    'V (mV)'
    """
    ion = curve.ion
    dress(ax, x=f"{_concentration(curve)} (mM)", y=f"{_v(curve)} (mV)")
    colour = ion_colour(ion)
    x = curve.concentration
    zero = not x.min() > 0
    if zero:  # a bath without the ion has its place left of the smallest
        ax.set_xscale("symlog", linthresh=float(x[x > 0].min(initial=1.0)))
    else:
        ax.set_xscale("log")
    ax.plot(
        x,
        curve.nernst,
        color=colour,
        linestyle=ion_dash(ion),
        linewidth=stroke(1.4),
        label=f"Nernst line, {reversal_label(ion)}",
    )
    ax.plot(
        x, curve.instant, color=MUTED, linewidth=stroke(1.4), linestyle=(0, (2, 1)), label="at once (contents frozen)"
    )
    dots = "." if len(x) <= FEW else ""
    ax.plot(
        x, curve.settled, color=INK, linewidth=stroke(2.2), marker=dots, ms=stroke(8),
        label="settled (new resting state)",
    )  # fmt: skip
    down = np.array([o is Outcome.rests_run_down for o in curve.outcomes])
    if down.any():
        ax.plot(
            x[down],
            curve.settled[down],
            "o",
            color=INK,
            mfc="white",
            ms=stroke(4),
            clip_on=False,
            label="settled, but run down",
        )
    for left, right, outcome in _gaps(curve):
        text = f"no rest: {plain(outcome.name)}"
        known = ax.get_legend_handles_labels()[1]
        ax.axvspan(
            left, right, facecolor="#eeeeee", edgecolor=FAINT, hatch=HATCHES.get(outcome, "xx"), linewidth=0, zorder=0,
            label="_again" if text in known else text,
        )  # fmt: skip
    _mark_present(ax, curve)
    ax.set_xlim(x.min(), x.max())
    if not zero and x.max() / x.min() < 1e4:
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=20))
        ax.xaxis.set_minor_formatter(FuncFormatter(lambda value, place: ""))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
    clear_legend(ax)
    return ax


def _mark_present(axes: Axes, curve: BathCurve) -> None:
    """The present bath: a line, and a point where it meets the drawn settled curve (which has finitely many)."""
    x, present = curve.concentration, curve.present
    if not x.min() <= present <= x.max():
        return
    axes.axvline(present, color=FAINT, linewidth=stroke(1.0), zorder=0)
    order = np.argsort(x)
    k = int(np.searchsorted(x[order], present))
    around = order[[k]] if x[order][k] == present else order[[k - 1, k]]
    scale = np.log if x[around].min() > 0 and present > 0 else np.asarray
    v = float(np.interp(scale(present), scale(x[around]), curve.settled[around]))
    if np.isfinite(v):
        axes.plot(
            present, v, "o", ms=stroke(8), mfc=ion_colour(curve.ion), mec="white", mew=stroke(1.2), zorder=5,
            label=f"present bath, {number(present, '.4g')} mM",
        )  # fmt: skip
    else:
        axes.plot([], [], color=FAINT, linewidth=stroke(1.0), label=f"present bath, {number(present, '.4g')} mM")


def _gaps(curve: BathCurve) -> list[tuple[float, float, Outcome]]:
    """Stretches of the concentration without a resting state, to the (geometric) middle of the neighbours."""
    order = np.argsort(curve.concentration)
    x = curve.concentration[order]
    edges = np.concatenate([x[:1], np.sqrt(x[:-1] * x[1:]), x[-1:]])
    found = []
    for (lost, outcome), group in groupby(
        range(len(x)), key=lambda k: (bool(np.isnan(curve.settled[order[k]])), curve.outcomes[order[k]])
    ):
        members = list(group)
        if lost:
            found.append((float(edges[members[0]]), float(edges[members[-1] + 1]), outcome))
    return found
