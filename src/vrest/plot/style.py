"""One look for all figures: a colour and a dash per ion, sizes, units, and a footer that says what was drawn.

Everything is set on the artists themselves: no global matplotlib state is read into a figure or changed, so
figures can be drawn from several threads and beside a user's own settings.
"""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator
from matplotlib.typing import ColorType

from vrest.model.cell import Cell
from vrest.model.ion_labels import SUPERSCRIPT
from vrest.model.ion_labels import ion_label as ion_label
from vrest.model.names import cell_label
from vrest.plot.look import look, stroke
from vrest.units import DAY, HOUR, MINUTE, from_door, from_si
from vrest.version import __version__

INK, MUTED, FAINT = "#000000", "#555555", "#c8c8c8"

# Okabe and Ito's colours, which people with any colour vision tell apart; dashes are the second cue
ION_COLOURS = {"K": "#0072B2", "Na": "#D55E00", "Cl": "#009E73", "HCO3": "#56B4E9", "Ca": "#CC79A7"}
PUMP, OTHER, V = "#E69F00", "#999999", INK
"""Colours of the pump's own current, of cotransporters and rare ions, and of the membrane potential."""

Dash = tuple[float, tuple[float, ...]]
ION_DASHES: dict[str, Dash] = {
    "K": (0, (7, 2)),
    "Na": (0, (4, 2)),
    "Cl": (0, (1.5, 1.5)),
    "HCO3": (0, (7, 2, 1.5, 2)),
    "Ca": (0, (4, 2, 1, 2, 1, 2)),
}
RARE_DASHES: tuple[Dash, ...] = ((0, (2, 1)), (0, (10, 3)), (0, (3, 1, 1, 1)))


def reversal_label(ion: str) -> str:
    """The Nernst potential of an ion, with a real subscript.

    >>> reversal_label("HCO3")
    '$E_{\\\\mathrm{HCO_3}}$'
    """
    body = "".join(f"_{c}" if c.isdigit() else c for c in ion)
    return rf"$E_{{\mathrm{{{body}}}}}$"


def ion_colour(ion: str) -> str:
    """The colour of an ion, the same in every figure.

    >>> ion_colour("K")
    '#0072B2'
    """
    return ION_COLOURS.get(ion, OTHER)


def ion_dash(ion: str) -> Dash:
    """The dash of an ion where several ions share an axis with V.

    >>> ion_dash("Na")
    (0, (4, 2))
    """
    return ION_DASHES.get(ion) or RARE_DASHES[sum(map(ord, ion)) % len(RARE_DASHES)]


def readable(colour: str, ground: str = "white") -> str:
    """A colour darkened until text in it can be read on white or another light ground (contrast 4.5 or more).

    >>> readable("#000000")
    '#000000'
    """
    r, g, b = to_rgb(colour)
    while contrast((r, g, b), ground) < 4.5:
        r, g, b = 0.95 * r, 0.95 * g, 0.95 * b
    return to_hex((r, g, b))


def contrast(one: ColorType, other: ColorType) -> float:
    """How well two colours are told apart, as the Web Content Accessibility Guidelines count: from 1 to 21.

    >>> round(contrast("black", "white"), 6), contrast("red", "red")
    (21.0, 1.0)
    """
    low, high = sorted(_luminance(to_rgb(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(rgb: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def number(value: float, form: str = ".2f") -> str:
    """A number with a proper minus sign, without negative zero.

    >>> number(-70), number(-0.001), number(4.59, "+.1f"), number(0.01, "+.1f")
    ('−70.00', '0.00', '+4.6', '0.0')
    """
    text = format(value, form)
    if not any(c in "123456789" for c in text):
        text = format(0.0, form.replace("+", ""))
    return text.replace("-", "−")


def scientific(value: float, digits: int = 3) -> str:
    """A number as a power of ten.

    >>> scientific(3.56e7)
    '3.56×10⁷'
    """
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{number(float(mantissa), f'.{digits - 1}f')}×10{str(int(exponent)).translate(SUPERSCRIPT)}"


def with_prefix(value: float, dimension: str, unit: str, digits: int = 3) -> str:
    """A quantity, given in its SI unit, with the prefix that suits it.

    >>> with_prefix(3.37e-12, "power", "W")
    '3.37 pW'
    """
    for prefix in ("", "m", "u", "n", "p", "f"):
        short = from_si(value, dimension, prefix + unit)
        if abs(short) >= 1.0:
            return f"{number(short, f'#.{digits}g').rstrip('.')} {prefix.replace('u', 'µ')}{unit}"
    return f"{scientific(value, digits) if value else '0'} {unit}"


def current_unit(largest_pA: float) -> tuple[str, float]:
    """The unit for currents up to a size in pA, and the factor that leads there.

    >>> current_unit(17.0), current_unit(1.2e6)
    (('pA', 1.0), ('µA', 1e-06))
    """
    for unit in ("mA", "uA", "nA", "pA"):
        factor = from_si(from_door(1.0, "current"), "current", unit)
        if largest_pA * factor >= 1.0:
            return unit.replace("u", "µ"), factor
    return ("fA", from_si(from_door(1.0, "current"), "current", "fA")) if 0.0 < largest_pA < 0.1 else ("pA", 1.0)


def time_unit(span: float) -> tuple[str, float]:
    """The natural unit for a stretch of time in s, and its length in s.

    >>> time_unit(7200.0), time_unit(0.5)
    (('min', 60.0), ('s', 1.0))
    """
    for unit, most in (("ms", 0.2), ("s", 2 * MINUTE), ("min", 2 * HOUR), ("h", 2 * DAY)):
        if span <= most:
            return unit, from_door(1.0, "time", unit)
    return "d", DAY


def new_figure(cell: Cell | None, width: float, height: float, title: str = "", subtitle: str = "") -> Figure:
    """An empty figure (inches) with constrained layout, a title on the left and the footer, as the look has them.

    A look for paper has its own width, text that needs less height, and no more of it than a page has.

    >>> from vrest.model.cellfile import load
    >>> new_figure(load("squid_axon"), 5, 3).texts[0].get_text()
    'Squid axon · 20 °C · vrest ...'
    """
    shown = look()
    title = title if shown.title is None else shown.title
    subtitle = subtitle if shown.notes else ""
    if shown.width is not None:
        width, height = shown.width / 25.4, min(height, shown.tallest) * shown.scale
    line, edge = shown.head / 12.0, 0.1 * shown.stroke
    below = 0.26 / height if shown.notes else 0.0
    head = (0.34 * line if title else 0.0) + (0.24 if subtitle else 0.0)
    layout = ConstrainedLayoutEngine(
        w_pad=edge, h_pad=0.06 * shown.stroke, rect=(0.0, below, 1.0, 1.0 - below - head / height)
    )
    figure = Figure(figsize=(width, height), layout=layout, facecolor="white")
    if shown.notes:
        figure.text(
            1 - edge / width, 0.08 / height, footer(cell), ha="right", va="bottom", fontsize=shown.footer,
            color="#777777",
        )  # fmt: skip
    above: dict[str, Any] = {"ha": "left", "va": "top"}
    if title:
        figure.text(edge / width, 1 - edge / height, title, fontsize=shown.head, weight="bold", color=INK, **above)
    if subtitle:
        place = 1 - (0.36 if title else 0.1) / height
        figure.text(edge / width, place, subtitle, fontsize=shown.text, color=MUTED, **above)
    return figure


def footer(cell: Cell | None) -> str:
    """What was drawn and by which version: the cell's name and temperature where it is of one cell, vrest.

    >>> from vrest.model.cellfile import load
    >>> footer(load("squid_axon"))
    'Squid axon · 20 °C · vrest ...'
    """
    if cell is None:
        return f"vrest {__version__}"
    return f"{cell_label(cell.name)} · {from_si(cell.temperature, 'temperature'):.4g} °C · vrest {__version__}"


def dress(axes: Axes, *, x: str = "", y: str = "", title: str = "") -> Axes:
    """Axes in the house style: no box, outward ticks, labels in the common sizes. Returns the axes.

    >>> dress(Figure().subplots(), y="V (mV)").get_ylabel()
    'V (mV)'
    """
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(linewidth=stroke(0.8), color=MUTED)
    shared: dict[str, Any] = {"direction": "out", "width": stroke(0.8), "color": MUTED, "labelcolor": INK}
    axes.tick_params(which="major", length=stroke(3.5), labelsize=look().small, **shared)
    axes.tick_params(which="minor", length=stroke(2.0), labelsize=look().small, **shared)
    if x:
        axes.set_xlabel(x, fontsize=look().text)
    if y:
        axes.set_ylabel(y, fontsize=look().text)
    if title:
        axes.set_title(title, fontsize=look().text, loc="left", weight="bold")
    return axes


def zero_line(axes: Axes, vertical: bool = False) -> None:
    """A faint line at zero.

    >>> zero_line(Figure().subplots())
    """
    draw = axes.axvline if vertical else axes.axhline
    draw(0.0, color=FAINT, linewidth=stroke(0.8), zorder=0)


def log_ticks(axis: Axis) -> None:
    """Ticks of a logarithmic axis at 1, 2 and 5, as plain numbers.

    >>> axes = Figure().subplots()
    >>> axes.set_xscale("log")
    >>> log_ticks(axes.xaxis)
    """
    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 1e4 else (1.0,), numticks=20))
    axis.set_major_formatter(lambda value, place: f"{value:g}")
    axis.set_minor_formatter(lambda value, place: "")
