"""What a resting state depends on: a tornado of small changes, and bars of Sobol indices."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vrest.plot.labels import text_width
from vrest.plot.look import look, stroke
from vrest.plot.style import INK, MUTED, dress, ion_label, new_figure, number, reversal_label, zero_line
from vrest.study.sensitivity.observed import Quantity
from vrest.study.sensitivity.sensitivity import Effect, Sensitivity
from vrest.study.sensitivity.sobol import Indices

MORE, LESS = "#D55E00", "#0072B2"
"""Colours of what raises a quantity and what lowers it: Okabe and Ito's."""

ALONE, WHOLE = "#0072B2", "#56B4E9"
"""Colours of first-order and total indices."""

BAR, MOST_BARS, MOST_PANELS = 0.24, 24, 8
"""Inches for one number; more numbers are left out, the weakest, and more quantities, the last."""


def sensitivity_figure(found: Sensitivity) -> Figure:
    """A tornado for each quantity: what 1 % more of each number does, the strongest on the first quantity on top.

    With Sobol indices a second row of panels: the share of the variance of each quantity that each number makes alone
    (first order) and with others (total), with 95 % intervals.

    >>> from vrest.study.sensitivity.sensitivity import sensitivity
    >>> small = sensitivity("mammalian_neuron", ["K_leak.permeability", "outside.K"], of="V")
    >>> sensitivity_figure(small).axes[0].get_xlabel()
    'V (mV)'
    """
    asked = found.quantities[:MOST_PANELS]
    ranked = found.ranked(asked[0].name)[:MOST_BARS][::-1]
    shares = [] if found.sobol is None else [found.sobol.indices[q.name] for q in asked]
    order = [int(k) for k in np.argsort(np.nan_to_num(shares[0].total))[-MOST_BARS:]] if shares else []
    names = [e.factor.label for e in ranked]
    spreads = [f"{found.effects[k].factor.name} ~ {found.effects[k].factor.law}" for k in order]
    margin = max(text_width(name) for name in (*names, *spreads)) / 72
    width = max(6.8, 0.7 + margin + (1.65 if len(asked) > 2 else 2.4) * len(asked))
    tall = [0.75 + BAR * len(names), *([0.85 + 1.4 * BAR * len(order)] if shares else [])]
    title = f"{found.cell.name}: what its rest depends on"
    shown = [(len(names), "numbers", found.effects), (len(asked), "quantities", found.quantities)]
    left = ", ".join(f"{some} of {len(every)} {what}" for some, what, every in shown if some < len(every))
    figure = new_figure(found.cell, width, 0.75 + sum(tall), title=title, subtitle=left)
    grid = figure.add_gridspec(len(tall), len(asked), height_ratios=tall)
    for k, q in enumerate(asked):
        axes = dress(figure.add_subplot(grid[0, k]), x=f"{_symbol(q)} ({q.effect_unit})")
        _tornado(axes, ranked, q.name)
        _names(axes, names, shown=k == 0)
        if k == 0:
            axes.set_title("effect of 1 % more", fontsize=look().small, loc="left", color=MUTED)
        if shares:
            axes = dress(figure.add_subplot(grid[1, k]), x=f"share of the variance of {_symbol(q)}")
            _bars(axes, order, shares[k])
            _names(axes, spreads, shown=k == 0)
            if k == 0:
                axes.legend(
                    loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, fontsize=look().small, frameon=False,
                    borderaxespad=0.0, handlelength=1.2, handletextpad=0.5, columnspacing=1.4,
                )  # fmt: skip
    return figure


def _tornado(axes: Axes, ranked: list[Effect], name: str) -> None:
    """Bars to the right for what raises a quantity, to the left for what lowers it."""
    sizes = np.nan_to_num([e.on[name] for e in ranked])
    axes.barh(range(len(ranked)), sizes, height=0.72, color=[MORE if s > 0 else LESS for s in sizes])
    most = max(float(np.abs(sizes).max()), 1e-12)
    for k, size in enumerate(sizes):
        side = 1 if size >= 0 else -1
        text = number(size, "#.2g") if abs(size) >= 1e-3 * most else "0" if size == 0 else "≈ 0"
        axes.annotate(
            text, (size, k), (3 * side, 0), textcoords="offset points", va="center", fontsize=look().fine,
            ha="left" if side > 0 else "right", color=MUTED if text.endswith(" 0") or text == "0" else INK,
        )  # fmt: skip
    axes.set_xlim(-1.9 * most, 1.9 * most)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3, symmetric=True))
    axes.spines["left"].set_visible(False)
    zero_line(axes, vertical=True)


def _bars(axes: Axes, order: list[int], index: Indices) -> None:
    """First-order and total index of each number, with their intervals."""
    if np.isnan(index.total).any():
        axes.text(0.5, 0.5, "does not vary", transform=axes.transAxes, ha="center", color=MUTED, fontsize=look().small)
        axes.set_xlim(0, 1)
        return
    at = np.arange(len(order))
    whiskers = {"elinewidth": stroke(0.9), "ecolor": INK, "capsize": stroke(1.8)}
    for shift, values, halves, colour, label in (
        (0.2, index.first, index.first_ci, ALONE, "alone (first order)"),
        (-0.2, index.total, index.total_ci, WHOLE, "with others (total)"),
    ):
        sizes, errors = values[order], halves[order]
        axes.barh(at + shift, sizes, height=0.38, color=colour, label=label, xerr=errors, error_kw=whiskers)
    low = min(0.0, float((index.first - index.first_ci).min()))
    axes.set_xlim(1.05 * low, 1.05 * max(1.0, float((index.total + index.total_ci).max())))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
    zero_line(axes, vertical=True)


def _names(axes: Axes, names: list[str], *, shown: bool) -> None:
    axes.set_yticks(range(len(names)), names if shown else [""] * len(names))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(names) - 0.4)


def _symbol(q: Quantity) -> str:
    """A quantity as people write it.

    >>> _symbol(Quantity("inside.K", "", "mM", "content")), _symbol(Quantity("V", "", "mV", "potential"))
    ('[K⁺]ᵢ', 'V')
    """
    head, _, place = q.name.partition(".")
    if q.kind == "content":
        side = {"outside": "ₒ", "inside": "ᵢ"}.get(head, f" {head}")
        return f"[{ion_label(place)}]{side}"
    words = {"tau": "slowest τ", "collapse": "time to collapse", "ATP": "ATP use"}
    symbol = reversal_label(head[2:]) if q.kind == "gradient" else words.get(head, head)
    return f"{symbol} {place}".rstrip()
