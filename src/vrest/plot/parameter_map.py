"""A map: what becomes of a cell at every point of two axes, in colours, and V where it has one."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from vrest.model.names import cell_label, parameter_label, plain
from vrest.plot.axis import LEAST
from vrest.plot.look import look, stroke
from vrest.plot.notes import typeset
from vrest.plot.population import FATES
from vrest.plot.style import INK, dress, log_ticks, new_figure, time_unit
from vrest.study.parameter_map.axis import Axis
from vrest.study.parameter_map.parameter_map import ParameterMap
from vrest.units import duration

CALLED = {name: text for name, (text, _) in FATES.items()} | {"back": "back where it began"}
"""What becomes of a cell, as the legend has it."""

LEVELS = 6
"""Lines of equal V, about."""


def map_figure(found: ParameterMap) -> Figure:
    """What becomes of the cell, and below it V of each membrane.

    >>> from vrest.study.parameter_map.parameter_map import parameter_map
    >>> found = parameter_map("mammalian_neuron", ("outside.K", [3.0, 5.0, 8.0]), ("pump.max_rate", ["0.5x", "1x"]))
    >>> [axes.get_ylabel() for axes in map_figure(found).axes][-1]
    'V at rest (mV)'
    """
    potentials = {name: v for name, v in found.v_by_membrane.items() if np.isfinite(v).any()}
    rows = 1 + len(potentials)
    cell, runs = cell_label(found.cell.name), found.perturbation
    title = f"{typeset(runs.short)}: {cell}" if runs else f"{cell}: resting states"
    figure = new_figure(found.cell, 6.4, 3.4 * rows + 0.6, title=title, subtitle=_when(found) if runs else "")
    panels = figure.subplots(rows, 1, squeeze=False)[:, 0]
    map_axes(found, panels[0])
    for axes, (name, v) in zip(panels[1:], potentials.items(), strict=True):
        _potential(found, axes, name, v)
    return figure


def map_axes(found: ParameterMap, ax: Axes) -> Axes:
    """What becomes of the cell at each point, in axes of yours.

    >>> from vrest.study.parameter_map.parameter_map import parameter_map
    >>> found = parameter_map("mammalian_neuron", ("outside.K", [3.0, 5.0, 8.0]), ("pump.max_rate", ["0.5x", "1x"]))
    >>> map_axes(found, Figure().subplots()).get_xlabel()
    '[K⁺]ₒ (mM)'
    """
    _dressed(found, ax)
    names = list(found.shares)
    codes = np.argmax([found.endings == name for name in names], axis=0)
    colours = ListedColormap([FATES[name][1] for name in names])
    x, y = _drawn(found.x), _drawn(found.y)
    ax.pcolormesh(x, y, codes, cmap=colours, vmin=-0.5, vmax=len(names) - 0.5, shading="nearest", rasterized=True)
    handles = [
        Patch(color=FATES[name][1], label=f"{CALLED[name]}, {100 * share:.3g} %")
        for name, share in found.shares.items()
    ]
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0),
        ncols=1 if look().narrow else 2, fontsize=look().small, frameon=False, borderaxespad=0.0,
    )  # fmt: skip
    return ax


def _potential(found: ParameterMap, axes: Axes, name: str, v: np.ndarray) -> None:
    """V in colours that darken evenly, with lines of equal V."""
    _dressed(found, axes)
    x, y = _drawn(found.x), _drawn(found.y)
    drawn, lines = axes.pcolormesh(x, y, v, cmap="cividis", shading="nearest", rasterized=True), None
    if min(v.shape) > 2 and np.nanmax(v) - np.nanmin(v) > 1.0:
        lines = axes.contour(x, y, v, levels=LEVELS, colors="white", linewidths=stroke(0.8), linestyles="solid")
    of = f" of {plain(name)}" if len(found.v_by_membrane) > 1 else ""
    bar = axes.figure.colorbar(drawn, ax=axes)
    bar.set_label(f"V{of} {_when(found)} (mV)", fontsize=look().text)
    if lines is not None:
        bar.add_lines(lines)
    bar.ax.tick_params(labelsize=look().small, labelcolor=INK)
    bar.outline.set_linewidth(stroke(0.5))


def _when(found: ParameterMap) -> str:
    return "at rest" if found.perturbation is None else f"{duration(found.after)} after the wash"


def _dressed(found: ParameterMap, axes: Axes) -> None:
    dress(axes, x=_label(found, found.x), y=_label(found, found.y))
    for scale, axis, ticks in ((axes.set_xscale, found.x, axes.xaxis), (axes.set_yscale, found.y, axes.yaxis)):
        values = _drawn(axis)
        ends = float(values.min()), float(values.max())
        if axis.even_in_logarithm and ends[1] >= LEAST * ends[0]:
            scale("log")
            ticks.set_view_interval(*ends, ignore=True)
            log_ticks(ticks)


def _label(found: ParameterMap, axis: Axis) -> str:
    if axis.path:
        return parameter_label(found.cell, axis.path)
    if axis.name == "duration":
        return f"duration ({time_unit(float(axis.values.max()))[0]})"
    assert found.perturbation
    meaning = typeset(found.perturbation.meaning)
    return f"{meaning} ({axis.unit})" if axis.unit else meaning


def _drawn(axis: Axis) -> np.ndarray:
    """Its values as they are drawn: durations in the unit that one would say them in."""
    return axis.values / time_unit(float(axis.values.max()))[1] if axis.name == "duration" else axis.values
