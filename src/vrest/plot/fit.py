"""A fit: measured and fitted potentials, what is left, and how far each unknown may go."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vrest.model.names import cell_label, parameter_label, parameter_name, unit_label
from vrest.numerics.spacing import between
from vrest.physics.nernst import nernst
from vrest.plot.labels import clear_legend
from vrest.plot.look import look, stroke
from vrest.plot.style import (
    FAINT,
    INK,
    MUTED,
    PUMP,
    dress,
    ion_colour,
    ion_dash,
    log_ticks,
    new_figure,
    number,
    reversal_label,
    zero_line,
)
from vrest.study.fit.free import PUMP_RATIO, RATIO, Free
from vrest.study.fit.least_squares import growth_along
from vrest.study.fit.result import Fit, quantiles
from vrest.units import from_si

MODEL_NAMES = {
    "ghk": "Goldman-Hodgkin-Katz",
    "mullins_noda": "Mullins-Noda",
    "chord": "chord conductances",
    "instant": "whole cell, contents frozen",
    "settled": "whole cell, settled",
}
MOST_PROFILES = 3
MARKERS = "osD^vPX*<>"

Array = NDArray[np.float64]


def fit_figure(fit: Fit) -> Figure:
    """Data with their errors, the fitted curve with its confidence band, residuals, and a profile for each unknown.

    The abscissa is what took most values. The band is that of the curve, not of further measurements.

    >>> from vrest.study.fit.fit import fit
    >>> data = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-91.9, -63.6, -36.3, -6.5]}
    >>> figure = fit_figure(fit("frog_muscle", data, "P_Na/P_K", "mullins_noda"))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['V (mV)', 'residual (mV)', 'growth of the misfit']
    """
    asked = ", ".join(_free(fit, e) for e in fit.free)
    title = f"{cell_label(fit.cell.name)}: {asked} from {len(fit.data)} potentials"
    off = "" if fit.data.junction is None else "; V with the liquid junction potential off"
    profiles = min(len(fit.free), MOST_PROFILES)
    height = 4.2 + 1.5 * profiles if look().narrow else 5.4
    figure = new_figure(fit.cell, 8.4, height, title=title, subtitle=MODEL_NAMES[fit.model] + off)
    if look().narrow:
        first, second = figure.add_gridspec(2, 1, height_ratios=(4.2, 1.5 * profiles))
    else:
        first, second = figure.add_gridspec(1, 2, width_ratios=(1.75, 1.0))
    upper, lower = first.subgridspec(2, 1, height_ratios=(2.2, 1.0))
    top = figure.add_subplot(upper)
    _potentials(top, fit)
    top.tick_params(labelbottom=False)
    _residuals(figure.add_subplot(lower, sharex=top), fit)
    places = second.subgridspec(profiles, 1)
    for k in range(profiles):
        _profile(figure.add_subplot(places[k]), fit, k)
    clear_legend(top)
    return figure


def fit_axes(fit: Fit, ax: Axes) -> Axes:
    """Data with their errors and the fitted curve with its band in axes of yours. Returns the axes.

    >>> from vrest.study.fit.fit import fit
    >>> data = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-91.9, -63.6, -36.3, -6.5]}
    >>> fit_axes(fit("frog_muscle", data, "P_Na/P_K", "mullins_noda"), Figure().subplots()).get_xlabel()
    '[K⁺]ₒ (mM)'
    """
    _potentials(ax, fit)
    _scale(ax, fit)
    clear_legend(ax)
    return dress(ax, x=_label(fit))


def _free(fit: Fit, free: Free, unit: bool = False) -> str:
    """An unknown as people write it: a ratio with subscripts, a number of the cell by its name."""
    if free.name == PUMP_RATIO:
        return "pump ratio"
    ratio = RATIO.fullmatch(free.name)
    if ratio:
        kind, top, bottom = ratio["kind"], ratio["top"], ratio["bottom"]
        return rf"${kind}_{{\mathrm{{{top}}}}}/{kind}_{{\mathrm{{{bottom}}}}}$"
    return parameter_label(fit.cell, free.name) if unit else parameter_name(fit.cell, free.name)


def _abscissa(fit: Fit) -> Array:
    axis = fit.data.axis
    return np.arange(1, len(fit.data) + 1, dtype=float) if axis is None else axis.door


def _potentials(axes: Axes, fit: Fit) -> None:
    x = _abscissa(fit)
    dress(axes, y="V (mV)")
    what = "measured, ± its error" if fit.noise.known else "measured, ± scatter"
    what += "; one sign for each cell" if len({*fit.data.cells}) > 1 else ""
    names = dict.fromkeys(fit.data.cells or ("",))
    for marker, name in zip(np.resize(list(MARKERS), len(names)), names, strict=True):
        rows = np.array([not fit.data.cells or cell == name for cell in (fit.data.cells or x)])
        axes.errorbar(
            x[rows], fit.data.v[rows], fit.spread[rows], fmt=str(marker), ms=stroke(4.5), mfc="white", mec=INK,
            mew=stroke(1.0), ecolor=MUTED, elinewidth=stroke(0.8), capsize=stroke(2), zorder=4,
            label=what if name == next(iter(names)) else "_again",
        )  # fmt: skip
    curve = _curve(fit)
    if curve is None:
        axes.plot(x, fit.predicted, "_", color=PUMP, ms=stroke(12), mew=stroke(2), label="fitted")
    else:
        at, v, half, nernst_line = curve
        axes.fill_between(at, v - half, v + half, color=PUMP, alpha=0.35, linewidth=0, label=_band(fit))
        axes.plot(at, v, color="#B87900", linewidth=stroke(1.8), label="fitted")
        axis = fit.data.axis
        if nernst_line is not None and axis is not None:
            ion = axis.parameter.path.split(".")[-1]
            axes.plot(at, nernst_line, color=ion_colour(ion), linestyle=ion_dash(ion), linewidth=stroke(1.2),
                      label=f"Nernst line, {reversal_label(ion)}", zorder=1)  # fmt: skip


def _band(fit: Fit) -> str:
    return f"{100 * fit.level:.4g} % band of the curve"


def _curve(fit: Fit) -> tuple[Array, Array, Array, Array | None] | None:
    """Abscissa, V, half-width of its band and the Nernst line; None where V is no function of the abscissa alone."""
    axis = fit.data.axis
    if axis is None:
        return None
    rows, x = fit.squares.rows, axis.door
    at, first = np.unique(x, return_index=True)
    alone = all((np.ptp(rows[x == value], axis=0) == 0).all() for value in at)
    if not alone or len(at) < 3:
        return None
    logarithmic = _logarithmic(at)
    fine = between(float(at[0]), float(at[-1]), 97, logarithmic)
    # whatever else was set goes along as it did in the data: companions linearly
    grid = np.stack([np.interp(fine, at, rows[first, j]) for j in range(rows.shape[1])], axis=1)
    v, error = fit.predict(grid)
    parts = axis.parameter.path.split(".")
    membrane = next(iter(fit.cell.membranes.values()))
    line = None
    if parts[:2] == ["compartments", membrane.outside] and parts[2] == "ions" and fine[0] > 0:
        ion = parts[3]
        inside = fit.fitted_cell.contents(membrane.inside).get(ion, 0.0)
        if inside and fit.cell.valence()[ion]:
            sides = {"inside": inside, "outside": fine, "temperature": fit.cell.temperature}
            line = from_si(np.asarray(nernst(fit.cell.valence()[ion], **sides)), "potential")
    return fine, v, quantiles(fit.level, fit.freedom).max() * error, line


def _logarithmic(values: Array) -> bool:
    return bool(values.min() > 0 and values.max() > 8 * values.min())


def _residuals(axes: Axes, fit: Fit) -> None:
    x = _abscissa(fit)
    dress(axes, x=_label(fit), y="residual (mV)")
    zero_line(axes)
    names = list(dict.fromkeys(fit.data.cells or ("",)))
    for k, r, s in zip(range(len(x)), fit.residuals, fit.spread, strict=True):
        place = names.index(fit.data.cells[k]) if fit.data.cells else 0
        axes.errorbar(x[k], r, s, fmt=MARKERS[place % len(MARKERS)], ms=stroke(4), mfc="white", mec=INK,
                      mew=stroke(0.9), ecolor=MUTED, elinewidth=stroke(0.8), capsize=0)  # fmt: skip
    _scale(axes, fit)


def _scale(axes: Axes, fit: Fit) -> None:
    x = _abscissa(fit)
    if fit.data.axis is not None and _logarithmic(x):
        axes.set_xscale("log")
        log_ticks(axes.xaxis)


def _label(fit: Fit) -> str:
    c = fit.data.axis
    if c is None:
        return "row"
    name = parameter_name(fit.cell, c.parameter.path)
    return f"{name} ({unit_label(c.unit)})" if c.unit else name


def _profile(axes: Axes, fit: Fit, k: int) -> None:
    """Growth of the squares, over what the level allows, against one unknown."""
    each, e, found = fit.free[k], fit.estimates[k], fit.profiles[k]
    points = _smooth(fit, k)
    value = each.outer(points[:, 0])
    axes.plot(value, points[:, 1], color=INK, linewidth=stroke(1.6))
    axes.axhline(1.0, color=MUTED, linewidth=stroke(1.0), linestyle=(0, (4, 2)))
    low = value.min() if e.low is None else e.low
    high = value.max() if e.high is None else e.high
    axes.axvspan(low, high, color=PUMP, alpha=0.25, linewidth=0)
    best = float(each.outer(fit.optimum.inner[k]))
    if e.learnt:
        axes.axvline(best, color="#B87900", linewidth=stroke(1.2))
    middle = min(len(fit.free), MOST_PROFILES) // 2
    dress(axes, x=_free(fit, each, unit=True), y="growth of the misfit" if k == middle else "")
    axes.set_ylim(0.0, 2.6)
    axes.set_xlim(value.min(), value.max())
    if each.positive and value.max() > 8 * value.min():
        axes.set_xscale("log")
        log_ticks(axes.xaxis)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))  # five long numbers touch
    axes.text(
        0.5, 0.97, _said(fit, k), transform=axes.transAxes, ha="center", va="top", fontsize=look().small, color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )  # fmt: skip
    axes.text(1.01, 1.0, f"{100 * fit.level:.4g} %", transform=axes.get_yaxis_transform(), va="center",
              fontsize=look().fine, color=MUTED)  # fmt: skip
    if found.low is None and found.high is None:
        axes.set_facecolor("#f6f6f6")
    axes.spines["bottom"].set_edgecolor(FAINT)


def _said(fit: Fit, k: int) -> str:
    e = fit.estimates[k]
    if e.low is not None and e.high is not None:
        value, low, high = (number(x, "#.3g").rstrip(".") for x in (e.value, e.low, e.high))
        return f"{value}  ({low} to {high})"
    if e.high is not None:
        return f"below {number(e.high, '.3g')}"
    if e.low is not None:
        return f"above {number(e.low, '.3g')}"
    return "not learnt from these data"


def _smooth(fit: Fit, k: int) -> Array:
    """The profile over its interval and a third beyond: (points, 2)."""
    found, origin = fit.profiles[k], float(fit.optimum.inner[k])
    ends = [None if end is None else 1.5 * (end - origin) for end in (found.low, found.high)]
    reach = max((abs(end) for end in ends if end is not None), default=3.0)
    low, high = (side * reach if end is None else end for side, end in zip((-1, 1), ends, strict=True))
    known = [end for end in (found.low, found.high) if end is not None]
    tried = np.sort(np.clip([*(origin + np.linspace(low, high, 33)), *known], *fit.free[k].limits))
    points = np.stack([tried, growth_along(fit.squares, fit.optimum, k, fit.allowed[k], tried)], axis=1)
    return points[np.isfinite(points[:, 1])]
