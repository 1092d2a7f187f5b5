"""V against the dose of a perturbation, at once and settled, over the share of its target that the dose blocks."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vrest.model.names import cell_label, plain, unit_label
from vrest.plot.axis import AT_ONCE, along, broken
from vrest.plot.labels import Label, clear_legend, end_labels, end_room, release_room, settle
from vrest.plot.look import look, stroke
from vrest.plot.notes import typeset
from vrest.plot.style import FAINT, INK, MUTED, PUMP, dress, new_figure, number
from vrest.study.perturb.dose_response import DoseResponse
from vrest.verbs.outcome import Outcome

FEW = 8
"""Doses below which each has its point."""


def dose_figure(found: DoseResponse) -> Figure:
    """V of each membrane against the dose, and below it the share that is blocked; the IC50 is a faint line.

    >>> from vrest.study.perturb.dose_response import dose_response
    >>> figure = dose_figure(dose_response("mammalian_neuron", "ouabain", "10 nM, 100 nM, 1 uM"))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['V (mV)', 'blocked (%)']
    """
    walls, below = len(found.membranes), found.blocked is not None
    what = found.perturbation
    drug = f"{what.asked[:1].upper()}{what.asked[1:]}" if what.asked else what.short
    title = f"{typeset(drug)}, dose-response: {cell_label(found.cell.name)}"
    height = 1.2 + (3.0 if walls == 1 else 2.2) * walls + (1.1 if below else 0.0)
    figure = new_figure(found.cell, 6.4, height, title=title)
    ratios = [3.0] * walls + [1.1] * below
    panels = figure.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    labels = []
    for k, axes in enumerate(panels[:walls]):
        labels.append(_potentials(axes, found, k, direct=True))
        end_room(axes, labels[k])
    if below:
        _blocked(panels[-1], found)
    dress(panels[-1], x=_dose(found))
    along(panels[-1], found.doses, found.logarithmic)
    if any(found.names):
        _names(panels[0], found)
    if panels[0].get_legend_handles_labels()[1]:
        clear_legend(panels[0])
    settle(figure)
    for k, axes in enumerate(panels[:walls]):
        release_room(axes)
        end_labels(axes, labels[k])
    return figure


def dose_axes(found: DoseResponse, ax: Axes) -> Axes:
    """V of the first membrane against the dose in axes of yours, with a legend. Returns the axes.

    >>> from vrest.study.perturb.dose_response import dose_response
    >>> dose_axes(dose_response("mammalian_neuron", "ouabain", "10 nM, 100 nM, 1 uM"), Figure().subplots()).get_xlabel()
    'ouabain (µM)'
    """
    _potentials(ax, found, 0, direct=False)
    dress(ax, x=_dose(found))
    along(ax, found.doses, found.logarithmic)
    clear_legend(ax)
    return ax


def _dose(found: DoseResponse) -> str:
    what = found.perturbation
    name = typeset(what.asked or (what.short.lower() if found.blocked is not None else what.meaning))
    return f"{name} ({unit_label(found.unit)})" if found.unit else name


def _names(axes: Axes, found: DoseResponse) -> None:
    """The names of doses, above them in two rows, so that neighbours have room."""
    named = [(dose, name) for dose, name in zip(found.doses.tolist(), found.names, strict=True) if name]
    upper = dress(axes).secondary_xaxis("top")
    upper.tick_params(direction="out", length=stroke(3.5), width=stroke(0.8), color=MUTED, labelsize=look().small)
    upper.spines["top"].set_visible(False)
    upper.set_xticks([dose for dose, _ in named], [name + "\n" * (k % 2) for k, (_, name) in enumerate(named)])
    upper.set_xticks([], minor=True)


def _potentials(axes: Axes, found: DoseResponse, k: int, direct: bool) -> list[Label]:
    """V of one membrane; the labels of its lines, which the legend has where they are not `direct`."""
    of = f" of {plain(found.membranes[k])}" if len(found.membranes) > 1 else ""
    dress(axes, y=f"V{of} (mV)")
    x, labels, few = found.doses, [], len(found.doses) < FEW
    rested = f"at rest, {number(found.v_rest[k], '.1f')} mV"
    named = k == 0 or not direct
    axes.axhline(found.v_rest[k], color=FAINT, linewidth=stroke(1.0), zorder=0, label=rested if named else "_again")
    told = ((found.settled[k], "settled", INK, "solid", 2.2), (found.instant[k], "at once", MUTED, AT_ONCE, 1.4))
    for v, text, ink, dash, width in told:
        at_end = direct and np.isfinite(v[-1])
        at, drawn = (x, v) if text != "settled" or k else broken(x, found.settled[0], found.thresholds)
        axes.plot(
            at, drawn, color=ink, linestyle=dash, linewidth=stroke(width), marker="o" if few else "", ms=stroke(4),
            clip_on=not few, label=f"_{text}" if at_end else text, zorder=3 if text == "settled" else 2,
        )  # fmt: skip
        if at_end:
            labels.append(Label(float(v[-1]), text, ink, "bold" if text == "settled" else "normal"))
    down = np.array([outcome is Outcome.rests_run_down for outcome in found.outcomes])
    if down.any():
        axes.plot(x[down], found.settled[k][down], "D", color=INK, mfc="white", ms=stroke(3.5), zorder=4, clip_on=False,
                  markevery=max(1, len(x) // 30), label="settled, but run down" if k == 0 else "_again")  # fmt: skip
    lost = {outcome for outcome in found.outcomes if not outcome.is_rest}
    for outcome in sorted(lost, key=lambda each: each.name):
        here = np.array([each is outcome for each in found.outcomes])
        axes.plot(x[here], np.full(here.sum(), found.v_rest[k]), "x", color="#D55E00", ms=stroke(6), mew=stroke(1.5),
                  label=f"no rest: {outcome.words}" if k == 0 else "_again", zorder=4)  # fmt: skip
    if k == 0:
        for t in found.thresholds:
            if np.isfinite([t.low.v, t.high.v]).all():
                text = f"jumps at {number(t.value, '.3g')} {unit_label(found.unit)}".strip()
                axes.plot(
                    [t.value] * 2, [t.low.v, t.high.v], color=INK, linestyle=":", linewidth=stroke(1.2), label=text
                )
    return labels


def _blocked(axes: Axes, found: DoseResponse) -> None:
    """The share blocked, and the dose at which that is half."""
    assert found.blocked is not None
    dress(axes, y="blocked (%)")
    few = len(found.doses) < FEW
    axes.plot(found.doses, 100 * found.blocked, color=PUMP, linewidth=stroke(2.0), marker="o" if few else "",
              ms=stroke(4), clip_on=not few, label="_again")  # fmt: skip
    axes.set_ylim(0.0, 105.0)
    axes.set_yticks([0, 50, 100])
    if found.half and found.doses[0] <= found.half <= found.doses[-1]:
        axes.axvline(found.half, color=FAINT, linewidth=stroke(1.0), zorder=0)
        text = f"IC$_{{50}}$ {number(found.half, '.3g')} {unit_label(found.unit)}"
        axes.annotate(
            text, (found.half, 50.0), (4.0, -2.0), textcoords="offset points", fontsize=look().fine, color=INK, va="top"
        )
