"""Axes of yours on a dark ground: what was drawn for white paper, in colours that can be seen there."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.spines import Spine
from matplotlib.text import Text

from vrest.plot.style import contrast

SEEN = 3.0
"""Contrast with the ground that lines and letters have at least."""

GREY = 0.04
"""A colour whose red, green and blue differ by less is grey: ink, or a shade of paper."""


def on_ground(axes: Axes) -> Axes:
    """Turn black ink into white and white paper into the ground where the ground is dark. Returns the axes.

    >>> from matplotlib.figure import Figure
    >>> axes = Figure(facecolor="black").subplots()
    >>> axes.set_facecolor("black")
    >>> line, = axes.plot([0, 1], color="#000000")
    >>> _ = on_ground(axes)
    >>> line.get_color()
    (1.0, 1.0, 1.0, 1.0)
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    paper = axes.get_facecolor()
    ground = to_hex(paper if to_rgba(paper)[3] else figure.get_facecolor())
    if contrast(ground, "#ffffff") <= contrast(ground, "#000000"):
        return axes
    legend = axes.get_legend()
    frames = {axes.patch, legend.get_frame() if legend else None}
    for part in axes.findobj(lambda each: each not in frames):
        if isinstance(part, Line2D):
            part.set_color(_seen(part.get_color(), ground))
            part.set_markeredgecolor(_seen(part.get_markeredgecolor(), ground))
        elif isinstance(part, Text):
            part.set_color(_seen(part.get_color(), ground))
            if (box := part.get_bbox_patch()) is not None:
                box.set_facecolor(ground)
        elif isinstance(part, Spine):
            part.set_edgecolor(_seen(part.get_edgecolor(), ground))
        elif isinstance(part, Patch):
            part.set_facecolor(_turned(part.get_facecolor()))
            part.set_edgecolor(_turned(part.get_edgecolor()))
        elif isinstance(part, Collection):
            part.set_facecolor([_turned(c) for c in part.get_facecolor()])
            part.set_edgecolor([_turned(c) for c in part.get_edgecolor()])
    return axes


def _seen(colour: Any, ground: str) -> Any:
    """A colour of lines or letters: as it is where it is seen, else turned if it is grey, or lighter."""
    if colour == "none" or contrast(to_rgb(colour), ground) >= SEEN:
        return colour
    if _grey(colour):
        return _turned(colour)
    r, g, b = to_rgb(colour)
    while contrast((r, g, b), ground) < SEEN:
        r, g, b = 0.95 * r + 0.05, 0.95 * g + 0.05, 0.95 * b + 0.05
    return to_hex((r, g, b))


def _turned(colour: Any) -> Any:
    """A grey from the other end between black and white; a colour as it is."""
    if not _grey(colour):
        return colour
    r, g, b, alpha = to_rgba(colour)
    return (1.0 - r, 1.0 - g, 1.0 - b, alpha)


def _grey(colour: Any) -> bool:
    rgb = to_rgb(colour)
    return max(rgb) - min(rgb) < GREY
