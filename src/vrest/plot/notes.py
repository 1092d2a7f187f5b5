"""Sentences under a figure: wrapped to its width, ions and potentials typeset, in room taken from the layout."""

from __future__ import annotations

import re

from matplotlib.figure import Figure

from vrest.ions import VALENCE
from vrest.model.ion_labels import ion_label
from vrest.model.names import plain
from vrest.plot.labels import wrapped
from vrest.plot.look import look
from vrest.plot.style import INK, reversal_label

LEADING, SAFE = 1.35, 0.89
"""Of lines, over their size; and the share of a width that they may fill, for a renderer's widths differ a little."""


def typeset(text: str) -> str:
    """A plain sentence with real signs, sub- and superscripts.

    >>> typeset("V moves -2.1 mV because E_K rose with K+ outside")
    'V moves −2.1 mV because $E_{\\\\mathrm{K}}$ rose with K⁺ outside'
    """
    for ion, z in VALENCE.items():
        written = f"{ion}{abs(z) if abs(z) > 1 else ''}{'+' if z > 0 else '-'}"
        text = re.sub(rf"(?<!\w){re.escape(written)}(?![\w+])", ion_label(ion), text)
    text = re.sub(r"\bE_([A-Z][A-Za-z0-9]*)", lambda m: reversal_label(m[1]), text)
    text = re.sub(r"'\w+'", lambda m: plain(m[0]), text)
    return re.sub(r"(?<![\w)])-(?=[\d.])", "−", text).replace(" degC", " °C")


def lines_of(text: str, width: float, size: float) -> list[str]:
    """A text in lines that fit into a figure so many points wide, with its edges; none for an empty one.

    >>> lines_of("one two three", 60.0, 8.0)
    ['one two', 'three']
    """
    return wrapped(text, SAFE * width, size).split("\n") if text else []


def height(lines: list[str], size: float) -> float:
    """Inches that lines take below a figure, with air above them; nothing for none."""
    return (LEADING * size * len(lines) + 5.0) / 72.0 if lines else 0.0


def put_below(figure: Figure, lines: list[str], size: float, colour: str = INK) -> None:
    """Put lines into room taken from the lower end of the layout."""
    if not lines:
        return
    engine, (wide, tall) = figure.get_layout_engine(), figure.get_size_inches()
    assert engine is not None
    x, y, w, h = engine.get()["rect"]
    room = height(lines, size) / tall
    engine.set(rect=(x, y + room, w, h - room))  # pyright: ignore[reportCallIssue]
    figure.text(
        0.1 * look().stroke / wide, y + room, "\n".join(lines), ha="left", va="top", fontsize=size, color=colour,
        linespacing=LEADING,
    )  # fmt: skip
