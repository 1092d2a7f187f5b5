"""What a resting state depends on: a tornado of small changes, and bars of Sobol indices."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vrest.model.names import cell_label, concentration_name, parameter_name, plain, unit_label
from vrest.plot.labels import lay_out_now, size_in_points, text_width
from vrest.plot.look import look, stroke
from vrest.plot.style import INK, MUTED, dress, new_figure, number, reversal_label, zero_line
from vrest.study.sensitivity.factors import Factor
from vrest.study.sensitivity.observed import Quantity
from vrest.study.sensitivity.sensitivity import Effect, Sensitivity
from vrest.study.sensitivity.sobol import Indices

MORE, LESS = "#D55E00", "#0072B2"
"""Colours of what raises a quantity and what lowers it: Okabe and Ito's."""

ALONE, WHOLE = "#0072B2", "#56B4E9"
"""Colours of first-order and total indices."""

BAR = 0.24
"""Inches for one number."""

ROOM = {"lecture": (24, 8, 8), "paper": (12, 3, 1), "paper-wide": (16, 8, 4)}
"""Numbers and quantities that a figure has room for, and quantities in a row; more numbers are left out, the weakest,
and more quantities, the last."""


def sensitivity_figure(found: Sensitivity) -> Figure:
    """A tornado for each quantity: what 1 % more of each number does, the strongest on the first quantity on top.

    With Sobol indices a second row of panels: the share of the variance of each quantity that each number makes alone
    (first order) and with others (total), with 95 % intervals.

    >>> from vrest.study.sensitivity.sensitivity import sensitivity
    >>> small = sensitivity("mammalian_neuron", ["K_leak.permeability", "outside.K"], of="V")
    >>> sensitivity_figure(small).axes[0].get_xlabel()
    'V (mV)'
    """
    most_bars, most_panels, across = ROOM[look().name]
    asked = found.quantities[:most_panels]
    across = min(across, len(asked))
    ranked = found.ranked(asked[0].name)[:most_bars][::-1]
    shares = [] if found.sobol is None else [found.sobol.indices[q.name] for q in asked]
    order = [int(k) for k in np.argsort(np.nan_to_num(shares[0].total))[-most_bars:]] if shares else []
    names = [_name(found, e.factor, e.factor.step_text) for e in ranked]
    factors = [found.effects[k].factor for k in order]
    laws = [f"{_name(found, f)}\n{_law(f.law)}" for f in factors]
    margin = max(text_width(name) for name in (*names, *laws)) / 72
    width = max(6.8, 0.7 + margin + (1.65 if len(asked) > 2 else 2.4) * len(asked))
    bands = [asked[k : k + across] for k in range(0, len(asked), across)]
    tall = [0.75 + BAR * len(names)] * len(bands)
    tall += [1.15 + 1.6 * BAR * len(order)] * len(bands) if shares else []
    title = f"{cell_label(found.cell.name)}: what its rest depends on"
    left = f"{len(asked)} of {len(found.quantities)} quantities" if len(asked) < len(found.quantities) else ""
    figure = new_figure(found.cell, width, 0.75 + sum(tall), title=title, subtitle=left)
    grid = figure.add_gridspec(len(tall), across, height_ratios=tall)
    tornados = []
    for k, q in enumerate(asked):
        row, column = divmod(k, across)
        axes = dress(figure.add_subplot(grid[row, column]), x=f"{_symbol(q)} ({unit_label(q.effect_unit)})")
        _tornado(axes, ranked, q.name)
        tornados.append(axes)
        _names(axes, names, shown=column == 0)
        if column == 0:
            axes.set_title(_effect(found, ranked), fontsize=look().small, loc="right", color=MUTED)
        if shares:
            part = "share of the\nvariance" if across > 1 else "share of the variance"
            axes = dress(figure.add_subplot(grid[len(bands) + row, column]), x=f"{part} of {_symbol(q)}")
            _bars(axes, order, shares[k])
            _names(axes, laws, shown=column == 0)
            if k == 0:
                axes.legend(
                    loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2 if across == 2 else 1,
                    fontsize=look().small, frameon=False,
                    borderaxespad=0.0, handlelength=1.2, handletextpad=0.5, columnspacing=1.4,
                )  # fmt: skip
    figure.draw_without_rendering()
    for axes in tornados:
        _reach(axes)
    return figure


def sensitivity_axes(found: Sensitivity, ax: Axes) -> Axes:
    """The tornado of the first quantity in axes of yours. Returns the axes.

    >>> from vrest.study.sensitivity.sensitivity import sensitivity
    >>> small = sensitivity("mammalian_neuron", ["K_leak.permeability", "outside.K"], of="V")
    >>> sensitivity_axes(small, Figure().subplots()).get_xlabel()
    'V (mV)'
    """
    first = found.quantities[0]
    ranked = found.ranked(first.name)[: ROOM[look().name][0]][::-1]
    dress(ax, x=f"{_symbol(first)} ({unit_label(first.effect_unit)})")
    _tornado(ax, ranked, first.name)
    _names(ax, [_name(found, e.factor, e.factor.step_text) for e in ranked], shown=True)
    lay_out_now(ax)
    _reach(ax)
    ax.set_title(_effect(found, ranked), fontsize=look().small, loc="right", color=MUTED)
    return ax


def _effect(found: Sensitivity, ranked: list[Effect]) -> str:
    of = f", the strongest {len(ranked)} of {len(found.effects)}" if len(ranked) < len(found.effects) else ""
    return f"effect of 1 % more{of}"


def _name(found: Sensitivity, factor: Factor, step: str = "1 %") -> str:
    """A number by its name, with the step where that is not 1 %."""
    name = parameter_name(found.cell, factor.path)
    return name if step == "1 %" else f"{name} ({step.replace('degC', '°C')})"


def _law(text: str) -> str:
    return text.replace("degC", "°C")


def _tornado(axes: Axes, ranked: list[Effect], name: str) -> None:
    """Bars to the right for what raises a quantity, to the left for what lowers it."""
    sizes = np.nan_to_num([e.on[name] for e in ranked])
    axes.barh(range(len(ranked)), sizes, height=0.72, color=[MORE if s > 0 else LESS for s in sizes])
    most = max(float(np.abs(sizes).max()), 1e-12)
    told = [number(s, "#.2g") if abs(s) >= 1e-3 * most else "0" if s == 0 else "≈ 0" for s in sizes]
    for k, (size, text) in enumerate(zip(sizes, told, strict=True)):
        side = 1 if size >= 0 else -1
        axes.annotate(
            text, (size, k), (3 * side, 0), textcoords="offset points", va="center", fontsize=look().fine,
            ha="left" if side > 0 else "right", color=MUTED if text in ("0", "≈ 0") else INK,
        )  # fmt: skip
    axes.set_xlim(-1.9 * most, 1.9 * most)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.spines["left"].set_visible(False)
    zero_line(axes, vertical=True)


def _reach(axes: Axes) -> None:
    """Limits of a tornado that leave each number its room beside its bar, and the bars the rest."""
    width, _ = size_in_points(axes)
    ends = [(float(text.xy[0]), text_width(text.get_text(), look().fine) + 6.0) for text in axes.texts]  # pyright: ignore[reportAttributeAccessIssue]
    low, high = min(0.0, *(end for end, _ in ends)), max(0.0, *(end for end, _ in ends))
    if low == high:
        return
    for _ in range(40):
        point = (high - low) / width
        low = min(0.0, *(end - need * point for end, need in ends if end < 0), low)
        high = max(0.0, *(end + need * point for end, need in ends if end >= 0), high)
    axes.set_xlim(low, high)


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
    axes.set_xlim(1.05 * low, 1.05 * float((index.total + index.total_ci).max()))
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
        return concentration_name(place, head)
    words = {"tau": "slowest τ", "collapse": "time to collapse", "ATP": "ATP use"}
    symbol = reversal_label(head[2:]) if q.kind == "gradient" else words.get(head, plain(head))
    return f"{symbol} {plain(place)}".rstrip()
