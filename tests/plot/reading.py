"""A figure as a reader sees it: its texts, where they stand, and which lines are named."""

from __future__ import annotations

import itertools
import re

from matplotlib.axes._base import _AxesBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text

from vrest.plot.style import readable


def render(figure: Figure) -> Figure:
    """Draw with Agg: filterwarnings turns a missing glyph or a failed layout into an error."""
    FigureCanvasAgg(figure).draw()
    return figure


def unreadable(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts of a figure whose boxes overlap, tick labels and all, and texts that leave the page."""
    boxes = [(t.get_text(), t.get_window_extent().padded(-1.0)) for t in shown_texts(figure)]
    page = figure.bbox
    found = [(a, b) for (a, x), (b, y) in itertools.combinations(boxes, 2) if x.overlaps(y)]
    for name, box in boxes:
        if box.x0 < page.x0 or box.x1 > page.x1 or box.y0 < page.y0 or box.y1 > page.y1:
            found.append((name, "edge of the page"))
    return found


def shown_texts(figure: Figure) -> list[Text]:
    """What a reader can read, once it is drawn."""
    FigureCanvasAgg(figure).draw()
    texts = list(figure.texts)
    for axes in [a for a in figure.findobj(_AxesBase) if isinstance(a, _AxesBase)]:
        texts += [*axes.texts, axes.title, axes._left_title, axes._right_title]
        legend = axes.get_legend()
        texts += legend.get_texts() if isinstance(legend, Legend) else []
        if not axes.axison:
            continue
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts.append(axis.label)
            ticks = zip(axis.get_major_ticks(), axis.get_majorticklocs(), strict=True)
            texts += [t.label1 for t, at in ticks if low <= at <= high and t.label1.get_visible()]
    return [t for t in texts if t.get_visible() and t.get_text().strip()]


def codes(figure: Figure) -> list[str]:
    """Texts with an underscore or a path in them, formulas apart."""
    told = [(t.get_text(), re.sub(r"\$[^$]*\$", "", t.get_text())) for t in shown_texts(figure)]
    return [text for text, bare in told if "_" in bare or re.search(r"[A-Za-z]\.[A-Za-z]", bare)]


def unnamed(figure: Figure) -> list[str]:
    """Curves whose colour has neither a legend nor a text in their panel, or a legend in the first panel."""
    panels = [a for a in figure.findobj(_AxesBase) if isinstance(a, _AxesBase)]
    shared = {label for axes in panels if axes.get_legend() for label in axes.get_legend_handles_labels()[1]}
    found = []
    for axes in panels:
        colours = {to_hex(text.get_color()) for text in axes.texts}
        for curve in axes.lines:
            label = str(curve.get_label())
            drawn = isinstance(curve, Line2D) and len(curve.get_xydata()) > 2 and curve.get_linestyle() != "None"
            if drawn and not label.startswith("_leader"):
                named = label in shared or label.startswith("_again") or readable(to_hex(curve.get_color())) in colours
                if not named and not axes.get_title(loc="left") and not axes.get_ylabel().startswith("growth"):
                    found.append(f"{axes.get_ylabel()}: {label}")
    return found
