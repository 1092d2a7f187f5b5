"""V of a cell under steps of current, one under the other."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vrest.errors import InputError
from vrest.model.names import cell_label
from vrest.plot.look import look, stroke
from vrest.plot.style import FAINT, INK, dress, new_figure, number, time_unit
from vrest.study.excitability import Excitability, Firing
from vrest.tables import counted
from vrest.verbs.rest import Rest


def firing_figure(story: tuple[Rest, Excitability, Sequence[Firing]]) -> Figure:
    """The trace of every step, with what it did.

    >>> from vrest.study.excitability import excitability, firing
    >>> from vrest.verbs.rest import rest
    >>> axon = rest("hodgkin_huxley_1952")
    >>> figure = firing_figure((axon, excitability(axon), [firing(axon, 10), firing(axon, 160, "1 s")]))
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['10 µA/cm²: 68.3 Hz', '160 µA/cm²: block at −42.8 mV']
    """
    rested, ready, tried = story
    if not tried:
        raise InputError(
            f"'{rested.cell.name}' is {ready.state}: there is no firing to draw.",
            code="nothing_to_draw",
            hint="Name currents to try: --current 10.",
        )
    height = 0.9 + 1.15 * len(tried)
    title = f"{cell_label(rested.cell.name)}: firing under a step of current"
    figure = new_figure(rested.cell, 6.8, height, title=title, subtitle=_subtitle(ready))
    unit, length = time_unit(max(float(f.time[-1]) for f in tried))
    panels = figure.subplots(len(tried), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, f in zip(panels, tried, strict=True):
        _trace(axes, f, length, ready.v_rest)
    dress(panels[-1], x=f"time ({unit})", y="V (mV)")
    figure.align_ylabels(panels)
    return figure


def firing_axes(f: Firing, ax: Axes) -> Axes:
    """The trace of one step in axes of yours, with what it did. Returns the axes.

    >>> from vrest.study.excitability import firing
    >>> firing_axes(firing("hodgkin_huxley_1952", 10), Figure().subplots()).get_xlabel()
    'time (ms)'
    """
    unit, length = time_unit(float(f.time[-1]))
    _trace(ax, f, length, None)
    return dress(ax, x=f"time ({unit})")


def _trace(axes: Axes, f: Firing, length: float, v_rest: float | None) -> None:
    dress(axes, y="V (mV)")
    if v_rest is not None:
        axes.axhline(v_rest, color=FAINT, linewidth=stroke(0.8), zorder=-1)
    axes.plot(f.time / length, f.v, color=INK, linewidth=stroke(1.1))
    axes.set_title(_in_words(f), loc="left", fontsize=look().small, color=INK)
    axes.margins(x=0.0)


def _in_words(f: Firing) -> str:
    did = {
        "repetitive": f"{number(f.rate or 0.0, '.1f')} Hz",
        "block": f"block at {number(f.v_end, '.1f')} mV",
        "transient": counted(len(f.spikes), "spike"),
    }
    return f"{number(f.density, '.4g')} µA/cm²: {did.get(f.pattern, f.pattern)}"


def _subtitle(ready: Excitability) -> str:
    if ready.v_rest is None:
        return ready.state
    parts = [ready.state, f"rest {number(ready.v_rest)} mV"]
    if ready.threshold is not None:
        parts.append(f"threshold {number(ready.threshold, '.1f')} mV above")
    if ready.rheobase is not None:
        parts.append(f"rheobase {number(ready.rheobase, '.3g')} µA/cm²")
    return " · ".join(parts)
