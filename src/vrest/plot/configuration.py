"""A pipette in its bath as one draws it: open, when it is zeroed, and in each configuration of the patch clamp."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Arc, Circle, FancyArrowPatch, Patch, Polygon, Rectangle

from vrest.plot.look import look, stroke
from vrest.plot.style import INK, MUTED

PIPETTE, BATH, NEW_BATH, CYTOSOL = "#F6D7A7", "#CFE3F3", "#CBE5D3", "#E4E4E4"
"""What each solution fills, and what a cell's own does."""

MEMBRANE = "#5B4A3F"

OPEN = "open"
"""The pipette before the seal, where the junction is."""

X, TIP = 3.3, 4.3
"""Where the tip of the pipette is; the picture is 10 wide and 12 high."""

CELL = TIP - 1.6
"""Height of the middle of a cell."""

ARROWS = {
    OPEN: ((X, TIP + 0.9), (X, TIP - 1.1), (X + 0.35, TIP - 0.85)),
    "whole-cell": ((X + 3.0, CELL), (X + 0.5, CELL), (X + 1.85, CELL - 0.4)),
    "perforated": ((X + 3.0, CELL), (X + 0.5, CELL), (X + 1.85, CELL - 0.4)),
    "outside-out": ((X, TIP - 2.4), (X, TIP - 0.4), (X + 0.35, TIP - 2.0)),
    "inside-out": ((X, TIP + 1.4), (X, TIP - 0.9), (X + 0.35, TIP - 0.7)),
    "cell-attached": ((X, TIP + 1.4), (X, TIP - 1.4), (X + 1.85, CELL + 0.6)),
}
"""Start and end of the arrow, from minus to plus, and where its text begins."""


def draw_configuration(ax: Axes, name: str, *, shows: str = "", arrow: str = "", new_bath: bool = False) -> None:
    """Draw a configuration by its name, or the `open` pipette.

    `shows`: what the amplifier shows. `arrow`: what its arrow says, which is V from outside to inside of the membrane;
    with the open pipette the junction, from pipette to bath. `new_bath`: whether the bath was changed.

    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> draw_configuration(axes, "whole-cell", shows="−60 mV")
    >>> [text.get_text() for text in axes.texts]
    ['−60 mV', '', 'pipette', 'bath', 'reference']
    """
    ax.set(xlim=(0, 10), ylim=(0, 12), aspect="equal")
    ax.axis("off")
    ax.add_patch(Rectangle((0.3, 0.3), 9.4, 6.0, facecolor=NEW_BATH if new_bath else BATH, edgecolor="none", zorder=0))
    ax.plot([0.3, 0.3, 9.7, 9.7], [6.9, 0.3, 0.3, 6.9], color=MUTED, linewidth=stroke(1.2))
    _outer_membrane(ax, name)
    _pipette(ax, name)
    ax.plot([8.7, 8.7], [4.9, 9.8], color=INK, linewidth=stroke(3.0), zorder=3, solid_capstyle="butt")
    ax.plot([X, X], [7.4, 11.2], color=INK, linewidth=stroke(1.6), zorder=5)
    ax.plot([X, 8.7, 8.7], [11.2, 11.2, 9.8], color=INK, linewidth=stroke(1.2), zorder=2)
    small: dict[str, Any] = {"fontsize": look().small, "zorder": 8}
    box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": INK, "linewidth": stroke(1.0)}
    ax.text(0.5 * (X + 8.7), 11.2, shows, ha="center", va="center", bbox=box, **small)
    start, end, place = ARROWS[name]
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>,head_length=5,head_width=2.6", mutation_scale=stroke(1.0),
            linewidth=stroke(1.8), color=INK, shrinkA=0, shrinkB=0, zorder=7,
        )
    )  # fmt: skip
    ax.text(*place, arrow, ha="left", va="top", weight="bold", **small)
    ax.text(X + 1.15, 8.6, "pipette", ha="left", va="center", **small)
    ax.text(0.5, 6.1, "new\nbath" if new_bath else "bath", ha="left", va="top", **small)
    ax.text(9.5, 4.7, "reference", ha="right", va="top", **small)


def _pipette(ax: Axes, name: str) -> None:
    """Glass and what is in it, and what is between that and the rest at the tip."""
    left, right = (X - 0.38, TIP), (X + 0.38, TIP)
    top_left, top_right = (X - 0.95, 10.4), (X + 0.95, 10.4)
    ax.add_patch(Polygon([left, top_left, top_right, right], facecolor=PIPETTE, edgecolor="none", zorder=3))
    for (x0, y0), (x1, y1) in ((left, top_left), (right, top_right)):
        ax.plot([x0, x1], [y0, y1], color=INK, linewidth=stroke(1.4), zorder=4)
    if name == "whole-cell":
        ax.add_patch(Rectangle((X - 0.36, TIP - 0.3), 0.72, 0.6, facecolor=PIPETTE, edgecolor="none", zorder=3))
    if name in ("cell-attached", "inside-out"):
        ax.add_patch(_membrane(Arc((X, TIP), 0.76, 0.7, theta1=0, theta2=180, zorder=5)))
    if name == "perforated":
        ax.plot([X - 0.38, X + 0.38], [TIP - 0.05] * 2, color="white", linewidth=stroke(3.0), zorder=5)
        dots = (0, (1.0, 0.9))
        ax.plot([X - 0.38, X + 0.38], [TIP - 0.05] * 2, color=MEMBRANE, linewidth=stroke(2.4), linestyle=dots, zorder=6)


def _outer_membrane(ax: Axes, name: str) -> None:
    """The cell, or the vesicle that bulges from the tip."""
    if name in ("whole-cell", "cell-attached", "perforated"):
        inside = PIPETTE if name == "whole-cell" else CYTOSOL
        ax.add_patch(_membrane(Circle((X, CELL), 1.65, facecolor=inside, zorder=2)))
    if name == "outside-out":
        ax.add_patch(_membrane(Circle((X, TIP - 0.42), 0.55, facecolor=PIPETTE, zorder=2)))


def _membrane(patch: Patch) -> Patch:
    patch.set_edgecolor(MEMBRANE)
    patch.set_linewidth(stroke(2.0))
    return patch
