"""Results of one panel: each is drawn into axes that are given."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from vrest.model.names import cell_label, parameter_label, parameter_name, plain
from vrest.plot.fit import MODEL_NAMES
from vrest.plot.look import look, stroke
from vrest.plot.perturb import LINES
from vrest.plot.style import (
    INK,
    MUTED,
    PUMP,
    dress,
    ion_colour,
    new_figure,
    number,
    reversal_label,
    time_unit,
    zero_line,
)
from vrest.shown import Drawn
from vrest.study.calculator import Ghk
from vrest.study.check.check import Check
from vrest.study.design.design import Design
from vrest.study.fit.estimate import Estimate
from vrest.study.fit.identify import Candidate
from vrest.study.fit.model_choice import ModelChoice
from vrest.study.sensitivity.sobol import Indices
from vrest.units import MINUTE
from vrest.verbs.gradient import Gradient
from vrest.verbs.instant import Instant
from vrest.verbs.prepared_answers import Rests, Runs
from vrest.verbs.rest_many import RestMany

ALONE, TOGETHER = "#0072B2", "#D55E00"
"""What there was, or is alone; what comes of it, or of all together."""


def panel_figure(result: Drawn) -> Figure:
    """The main panel of a result in a figure of its own.

    >>> from vrest.verbs.instant import instant
    >>> panel_figure(instant("mammalian_neuron", "pump.max_rate*=0")).axes[0].get_ylabel()
    'V (mV)'
    """
    cell = next(iter(result._cells()), None)
    figure = new_figure(cell, 6.4, 4.0, title=cell_label(cell.name) if cell else "")
    result.plot(ax=figure.subplots())
    return figure


def instant_axes(answer: Instant, ax: Axes) -> Axes:
    """V of each membrane before the change and at once."""
    for k, (name, before, v, _) in enumerate(answer.rows):
        ax.plot([0, 1], [before, v], marker="o", linewidth=stroke(1.6), label=plain(name), **_line(k))
        ax.annotate(f"  {number(v)} mV", (1, v), va="center", fontsize=look().small)
    ax.set_xticks([0, 1], ["before", "at once"])
    ax.set_xlim(-0.2, 1.6)
    _legend(ax, len(answer.rows) > 1)
    return dress(ax, y="V (mV)")


def ghk_axes(found: Ghk, ax: Axes) -> Axes:
    """V among the Nernst potentials; where something varies, all of them against the first thing that does."""
    if np.ndim(found.v):
        x = np.asarray(found.varied[0].values, dtype=np.float64)
        order = np.argsort(x)
        for ion, e in found.E.items():
            ax.plot(x[order], np.ravel(e)[order], color=ion_colour(ion), linestyle="--", label=reversal_label(ion))
        ax.plot(x[order], np.ravel(found.v)[order], color=INK, linewidth=stroke(1.6), label="V")
        ax.set_xscale("log" if x.min() > 0 and x.max() > 20 * x.min() else "linear")
        _legend(ax, True)
        return dress(ax, x=f"{found.varied[0].name} ({found.varied[0].unit})".replace(" ()", ""), y="V (mV)")
    known = {ion: e for ion, e in found.E.items() if e is not None}
    marks = [(reversal_label(ion), e, ion_colour(ion)) for ion, e in known.items()]
    marks.append(("V", found.v, INK))
    for k, (_, at, colour) in enumerate(marks):
        ax.barh(k, at, height=0.55, color=colour)
        side = "left" if at >= 0 else "right"
        ax.annotate(f" {number(at)} mV ", (at, k), va="center", ha=side, fontsize=look().small)
    ax.set_yticks(range(len(marks)), [name for name, *_ in marks])
    ax.margins(x=0.35)
    zero_line(ax, vertical=True)
    return dress(ax, x="potential (mV)")


def rests_axes(found: Rests, ax: Axes) -> Axes:
    """V at rest, lane by lane; a lane that does not rest has no mark."""
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return _potentials(ax, np.arange(len(found.outcome)), found, "lane", marks=True)


def rest_many_axes(many: RestMany, ax: Axes) -> Axes:
    """V at rest against the first of the values that vary."""
    parameter, row = many.ready.of.parameters[0], many.ready.si(many.over)[0]
    name = parameter_label(many.ready.cell, parameter.path)
    return _potentials(ax, parameter.door(row), many.found, name, marks=len(many.over) > 1)


def _potentials(ax: Axes, x: np.ndarray, found: Rests, name: str, *, marks: bool) -> Axes:
    walls = [wall.name for wall in found.system.structure.walls]
    order = np.argsort(x)
    rows = found.v[None] if len(walls) == 1 else found.v
    for k, (wall, v) in enumerate(zip(walls, rows, strict=True)):
        line = {"linewidth": 0 if marks else stroke(1.4), "markersize": stroke(3.5), **_line(k)}
        ax.plot(x[order], v[order], marker="o", label=plain(wall), **line)
    _legend(ax, len(walls) > 1)
    return dress(ax, x=name, y="V at rest (mV)")


def runs_axes(found: Runs, ax: Axes) -> Axes:
    """V of the first membrane over time, a line for each lane."""
    unit, length = time_unit(float(found.time[-1] - found.time[0]))
    v = found.v if found.v.ndim == 2 else found.v[0]
    lanes = v.shape[1]
    ax.plot(found.time / length, v, color=INK, linewidth=stroke(1.2), alpha=max(1.0 / lanes, 0.15))
    ax.margins(x=0.0)
    wall = found.system.structure.walls[0].name
    return dress(ax, x=f"time ({unit})", y="V (mV)" if found.v.ndim == 2 else f"V of {wall} (mV)")


def gradient_axes(found: Gradient, ax: Axes) -> Axes:
    """What 1 % more of each number does to V of the first membrane; of several lanes their range."""
    walls = found.rests.system.structure.walls
    effects = found.steps * (found.v if len(walls) == 1 else found.v[:, 0])
    names = [parameter_name(found.of.cell, one.path) for one in found.of.each]
    steps = found.of.step_texts
    names = [name if step == "1 %" else f"{name} ({step})" for name, step in zip(names, steps, strict=True)]
    middle = np.nanmedian(effects, axis=1)
    ax.barh(names, middle, color=ALONE, height=0.6)
    if effects.shape[1] > 1:
        ends = np.abs(np.array([np.nanmin(effects, axis=1), np.nanmax(effects, axis=1)]) - middle)
        ax.errorbar(middle, range(len(names)), xerr=ends, fmt="none", ecolor=INK, elinewidth=stroke(1.0))
    zero_line(ax, vertical=True)
    return dress(ax, x="change of V for 1 % more (mV)")


def check_axes(story: Check, ax: Axes) -> Axes:
    """What V of each membrane does in the hour that was followed."""
    minutes = [at.time / MINUTE for at in story.later]
    for k, name in enumerate(story.v_start):
        ax.plot(minutes, [at.v[name] for at in story.later], marker="o", label=plain(name), **_line(k))
    _legend(ax, len(story.v_start) > 1)
    return dress(ax, x="time as described (min)", y="V (mV)")


def design_axes(made: Design, ax: Axes) -> Axes:
    """By what factor the design changed each number; what it added, or has no factor, is left out."""
    changed = [c for c in made.choices if c.was and c.value / c.was > 0]
    factors = {parameter_name(made.cell, c.path): c.value / c.was for c in changed if c.was}
    ax.barh(list(factors), [np.log2(f) for f in factors.values()], color=ALONE, height=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4))
    ax.xaxis.set_major_formatter(lambda x, _: f"×{2.0**x:.3g}")
    ax.invert_yaxis()
    zero_line(ax, vertical=True)
    return dress(ax, x="over what it was")


def estimate_axes(found: Estimate, ax: Axes) -> Axes:
    """The value and its interval; an end that the data leave open has an arrow."""
    low, high = (found.value if end is None else end for end in (found.low, found.high))
    ax.plot([low, high], [0, 0], color=ALONE, linewidth=stroke(2.4), solid_capstyle="butt")
    ax.plot([found.value], [0], "o", color=INK)
    for end, sign in ((found.low, "<"), (found.high, ">")):
        if end is None:
            ax.plot([found.value], [0], sign, color=ALONE, markersize=stroke(12))
    ax.set_yticks([0], [found.name])
    ax.margins(x=0.2)
    return dress(ax, x=f"value ({found.unit})" if found.unit else "value")


def candidate_axes(one: Candidate, ax: Axes) -> Axes:
    """The half-width of each interval now and with the measurement; an open interval has no bar."""
    return _paired(
        ax,
        list(one.now),
        list(one.now.values()),
        list(one.after.values()),
        ("now", "with it"),
        "half-width of the interval",
    )


def indices_axes(found: Indices, ax: Axes) -> Axes:
    """The share of the variance that each input makes alone, and with others."""
    names = [str(k) for k in range(len(found.first))]
    _paired(ax, names, found.first, found.total, ("alone", "with others"), "share of the variance")
    ax.set_ylabel("input", fontsize=look().text)
    return ax


def model_choice_axes(choice: ModelChoice, ax: Axes) -> Axes:
    """The Akaike weight of each model."""
    ax.barh([MODEL_NAMES[f.model] for f in choice.fits], choice.weights, color=PUMP, height=0.6)
    for k, weight in enumerate(choice.weights):
        side = "right" if weight > 0.5 else "left"
        ax.annotate(f" {number(weight, '.2g')} ", (weight, k), va="center", ha=side, fontsize=look().small)
    ax.invert_yaxis()
    ax.set_xlim(0.0, 1.0)
    return dress(ax, x="Akaike weight")


def _paired(ax: Axes, names: list[str], first: Any, second: Any, said: tuple[str, str], what: str) -> Axes:
    """Two horizontal bars for each name."""
    at = np.arange(len(names), dtype=float)
    for values, shift, colour, label in ((first, -0.2, ALONE, said[0]), (second, 0.2, TOGETHER, said[1])):
        known = np.where(np.isfinite(values), values, 0.0)
        ax.barh(at + shift, known, height=0.36, color=colour, label=label)
    ax.set_yticks(at, names)
    ax.invert_yaxis()
    zero_line(ax, vertical=True)
    _legend(ax, True)
    return dress(ax, x=what)


def _line(k: int) -> dict[str, Any]:
    """Colour and dash of the line of a membrane."""
    colour, dash = LINES[k % len(LINES)]
    return {"color": colour, "linestyle": dash}


def _legend(ax: Axes, wanted: bool) -> None:
    if wanted:
        place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": 2}
        ax.legend(fontsize=look().small, frameon=False, labelcolor=MUTED, **place)
