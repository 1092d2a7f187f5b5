"""A liquid junction: what was zeroed, what is read, and the potential and the ions from pipette to bath."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vrest.model.ion_labels import ion_label
from vrest.plot.configuration import BATH, OPEN, PIPETTE, draw_configuration
from vrest.plot.labels import height_of, settle, size_in_points, spread, text_width
from vrest.plot.look import look, stroke
from vrest.plot.style import (
    INK,
    ION_COLOURS,
    RARE_DASHES,
    dress,
    ion_colour,
    ion_dash,
    new_figure,
    number,
    readable,
    zero_line,
)
from vrest.study.junction.result import LJP
from vrest.study.junction.sentences import EXAMPLE, became
from vrest.units import from_si

MAIN = 6
"""Ions that are drawn: those that there is most of."""

LEAST = 0.1
"""Part of the largest concentration below which an ion is not drawn."""

BAND, ROOM = 0.2, 8.0
"""Width of what is drawn of each solution beside the junction, whose width is 1; and points beside a name in it."""

CELLS = r"$V_{\mathrm{cell}}$"

ARROW = "-|>,head_length=0.5,head_width=0.25"


def junction_figure(found: LJP) -> Figure:
    """The open pipette when it is zeroed, the membrane when it is read, and the junction from pipette to bath.

    >>> import vrest
    >>> pipette, bath = {"ions": {"K": 140, "Cl": 140}}, {"ions": {"Na": 140, "Cl": 140}}
    >>> junction_figure(vrest.ljp(pipette, bath, celsius=22)).axes[3].get_ylabel()
    'φ (mV)'
    """
    narrow = look().narrow
    title = f"{found.pipette.name} | {found.bath.name}"
    figure = new_figure(None, 10.6, 8.2 if narrow else 4.9, title=title, subtitle=_minus(became(found)))
    if narrow:
        rows = figure.add_gridspec(4, 1, height_ratios=[3.4, 0.8, 2.4, 2.8])
        pictures, under, right = rows[0], rows[1], (rows[2], rows[3])
    else:
        halves = figure.add_gridspec(1, 2, width_ratios=[1.15, 1.0])
        left = halves[0].subgridspec(2, 1, height_ratios=[5.6, 1.0])
        pictures, under, right = left[0], left[1], halves[1].subgridspec(2, 1)
    zeroed, reading = (figure.add_subplot(part) for part in pictures.subgridspec(1, 2))
    line, above, below = (figure.add_subplot(part) for part in (under, *right))
    _pictures(found, zeroed, reading)
    _prepare_line(found, line)
    junction_axes(found, above)
    above.set_xlabel("")
    above.tick_params(labelbottom=False)
    _prepare_ions(found, below)
    settle(figure)
    _draw_line(found, line)
    _show(_needed(found, below), above, below)
    _name_ions(found, below)
    return figure


def junction_axes(found: LJP, ax: Axes) -> Axes:
    """The potential from pipette to bath, in axes of yours. Returns the axes.

    >>> import vrest
    >>> found = vrest.ljp({"ions": {"K": 140, "Cl": 140}}, {"ions": {"Na": 140, "Cl": 140}}, celsius=22)
    >>> junction_axes(found, Figure().subplots()).get_ylabel()
    'φ (mV)'
    """
    position, potentials, _ = found.profile
    potentials = from_si(potentials, "potential")
    end = float(potentials[-1])
    dress(ax, x="through the junction", y="φ (mV)")
    _bands(ax)
    zero_line(ax)
    beside = [-1.0, *position, 2.0]
    ax.plot(beside, [0.0, *potentials, end], color=INK, linewidth=stroke(1.8))
    ax.annotate(
        "",
        xy=(1.0, end),
        xytext=(1.0, 0.0),
        arrowprops={"arrowstyle": ARROW, "color": INK, "shrinkA": 0, "shrinkB": 0, "linewidth": stroke(1.2)},
    )
    ax.annotate(
        f"φ(bath) − φ(pipette)\n= {number(end, '+.1f')} ± {number(found.sd, '.1f')} mV",
        (0.97, 0.06 * end),
        ha="right",
        va="bottom" if end >= 0.0 else "top",
        fontsize=look().small,
    )
    return ax


def _pictures(found: LJP, zeroed: Axes, reading: Axes) -> None:
    """Before the seal, and after it."""
    v = found.configuration.potential(_read(found), found.off)
    value = number(v, "+.1f" if found.configuration.sign < 0 else ".1f")
    draw_configuration(zeroed, OPEN, shows="0 mV", arrow=f"{number(found.value, '+.1f')} mV")
    if found.configuration.from_cell:
        arrow = f"V = {CELLS}\n{value[0]} {value[1:]} mV"
    else:
        gap = "\n" if look().narrow else " "
        arrow = f"V ={gap}{value} mV"
    draw_configuration(
        reading, found.configuration.name, shows=f"{number(_read(found), '.1f')} mV", arrow=arrow,
        new_bath=bool(found.shifts),
    )  # fmt: skip
    zeroed.set_title("zeroed, before the seal", fontsize=look().text, loc="left")
    name = found.configuration.name if found.measured else f"{found.configuration.name}, as an example"
    reading.set_title(name, fontsize=look().text, loc="left")


def _read(found: LJP) -> float:
    """The first reading, mV, or an example."""
    return found.measured[0] if found.measured else EXAMPLE


def _prepare_line(found: LJP, ax: Axes) -> None:
    """The axis of the reading and of what is left of it."""
    read, left = _read(found), _read(found) - found.off
    middle, span = 0.5 * (read + left), max(abs(read - left), 4.0)
    ax.set_xlim(middle - 1.6 * span, middle + 1.6 * span)
    ax.set_ylim(-1.0, 1.0)
    dress(ax, x="φ(pipette) − φ(bath) (mV)")
    ax.spines["left"].set_visible(False)
    ax.set_yticks([])


def _draw_line(found: LJP, ax: Axes) -> None:
    """The reading, and where what is taken off leads from it."""
    read, left = _read(found), _read(found) - found.off
    ax.annotate(
        "",
        xy=(left, -0.4),
        xytext=(read, -0.4),
        arrowprops={"arrowstyle": ARROW, "color": INK, "shrinkA": 0, "shrinkB": 0, "linewidth": stroke(1.2)},
    )
    ax.plot([read], [-0.4], marker="o", markersize=stroke(5.0), color="white", markeredgecolor=INK)
    what = "junction" if not found.shifts else "junction and reference"
    told = f"taken off: {what}, {number(found.off, '+.1f')} mV"
    ax.text(0.5 * (read + left), 0.15, told, ha="center", va="bottom", fontsize=look().small)
    for value, text, other in ((read, "read", left), (left, "is", read)):
        away = -1 if value < other or (value == other and text == "is") else 1
        ax.annotate(
            f"{text} {number(value, '.1f')}",
            (value, -0.4),
            xytext=(7.0 * away, 0.0),
            textcoords="offset points",
            ha="left" if away > 0 else "right",
            va="center",
            fontsize=look().small,
        )


def _drawn(found: LJP) -> list[int]:
    """The main ions, those first that there is most of."""
    most = np.maximum(found.solved.sides.pipette, found.solved.sides.bath)
    return [int(k) for k in np.argsort(-most, kind="stable") if most[k] >= LEAST * most.max()][:MAIN]


def _of_side(found: LJP, pipette: bool) -> list[int]:
    """Those of them that the pipette has more of, or the bath."""
    sides = found.solved.sides
    return [k for k in _drawn(found) if bool(sides.pipette[k] > sides.bath[k]) == pipette]


def _prepare_ions(found: LJP, ax: Axes) -> None:
    """The concentrations of the main ions."""
    position, _, concentrations = found.profile
    dress(ax, x="through the junction", y="concentration (mM)")
    _bands(ax)
    rare = iter(RARE_DASHES * MAIN)
    for k in _drawn(found):
        name = found.solved.sides.names[k]
        dash = ion_dash(name) if name in ION_COLOURS else next(rare)
        amounts = from_si(concentrations[k], "concentration")
        ax.plot(position, amounts, color=ion_colour(name), linestyle=dash, linewidth=stroke(1.6))
    ax.set_ylim(bottom=0.0)


def _name_ions(found: LJP, ax: Axes) -> None:
    """Each ion's name beside the solution that has more of it."""
    sides = found.solved.sides
    _, height = size_in_points(ax)
    size = look().small
    for pipette in (True, False):
        ours = _of_side(found, pipette)
        at = [from_si(float((sides.pipette if pipette else sides.bath)[k]), "concentration") for k in ours]
        places = spread([height_of(ax, each) for each in at], [1.25 * size] * len(ours), 0.0, height + size)
        for k, place in zip(ours, places, strict=True):
            ax.annotate(
                _name(found, k),
                xy=(0.0 if pipette else 1.0, place / height),
                xycoords=("data", "axes fraction"),
                xytext=(-3.0 if pipette else 3.0, 0.0),
                textcoords="offset points",
                ha="right" if pipette else "left",
                va="center",
                fontsize=size,
                color=readable(ion_colour(sides.names[k]), PIPETTE if pipette else BATH),
                annotation_clip=False,
            )


def _name(found: LJP, k: int) -> str:
    """An ion as chemists write it."""
    sides = found.solved.sides
    return ion_label(sides.names[k].partition("(")[0], int(sides.valence[k]))


def _bands(ax: Axes) -> None:
    """The pipette on the left and the bath on the right of the junction; no more of them is seen than `_show` says."""
    for low, high, colour in ((-1.0, 0.0, PIPETTE), (1.0, 2.0, BATH)):
        ax.axvspan(low, high, color=colour, linewidth=0.0, zorder=-1)
    ax.tick_params(axis="x", length=0)
    _show((BAND, BAND), ax)


def _show(bands: tuple[float, float], *both: Axes) -> None:
    """So much of the two solutions."""
    left, right = bands
    for ax in both:
        ax.set_xlim(-left, 1.0 + right)
        ax.set_xticks([-0.5 * left, 1.0 + 0.5 * right], ["pipette", "bath"])


def _needed(found: LJP, ax: Axes) -> tuple[float, float]:
    """Widths of the two solutions with which the names of the ions have the room they need."""
    widths = [
        max(text_width(name) for name in ("pipette", *(_name(found, k) for k in _of_side(found, pipette)))) + ROOM
        for pipette in (True, False)
    ]
    unit = size_in_points(ax)[0] - sum(widths)
    return widths[0] / unit, widths[1] / unit


def _minus(text: str) -> str:
    """A sentence with the minus of figures, and an index below."""
    return text.replace(" -", " −").replace("V_cell", CELLS)
