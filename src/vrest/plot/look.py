"""How figures look: sizes for a lecture, or for a column of a paper. No Matplotlib here, and none of its state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from math import inf

from vrest.errors import InputError, near_miss
from vrest.layout import unseen


@dataclass(frozen=True)
class Look:
    """Sizes of what a figure is made of."""

    name: str
    width: float | None
    """mm: how wide every figure is; None, as wide as each asks for."""
    text: float
    """Points: labels of axes, and what is to be read first."""
    small: float
    """Points: ticks, legends, names at the ends of lines."""
    fine: float
    """Points: numbers beside bars."""
    stroke: float
    """Widths of lines and sizes of marks, over those of the lecture."""
    title: str | None
    """The title: None, the figure's own; empty, none."""
    notes: bool
    """Whether the line below the title and the footer are drawn."""

    footer: float = 7.0
    """Points."""
    head: float = 12.0
    """Points: the title."""

    @property
    def narrow(self) -> bool:
        """Whether there is no room for two panels that carry names, one beside the other."""
        return self.width is not None and self.width < 120.0

    @property
    def tallest(self) -> float:
        """Inches, in the sizes of the lecture, that a figure may be high; a lecture has no pages."""
        return inf if self.width is None else PAGE / 25.4 / self.scale

    @property
    def scale(self) -> float:
        """Sizes in points, over those of the lecture."""
        return self.small / LECTURE.small


PAGE = 240.0
"""mm: how high a figure of a paper is at most, so that its legend has room below it."""

LECTURE = Look("lecture", None, 9.5, 8.5, 7.5, 1.0, None, True)
PAPER = Look("paper", 85.0, 8.0, 7.0, 7.0, 0.7, "", False, head=8.0)
PAPER_WIDE = Look("paper-wide", 180.0, 8.0, 7.0, 7.0, 0.7, "", False, head=8.0)

LOOKS = {each.name: each for each in (LECTURE, PAPER, PAPER_WIDE)}

_LOOK: ContextVar[Look] = ContextVar("look", default=LECTURE)


def look() -> Look:
    """The look in which figures are drawn now, in this thread.

    >>> look().name
    'lecture'
    """
    return _LOOK.get()


def stroke(size: float) -> float:
    """The width of a line, or the size of a mark, that the lecture draws with this many points.

    >>> stroke(1.6)
    1.6
    """
    return size * look().stroke


@contextmanager
def drawing(style: str = "lecture", title: str | None = None) -> Iterator[None]:
    """Draw in a style: `lecture`, `paper` (85 mm wide) or `paper-wide` (180 mm). Of this thread alone.

    Parameters
    ----------
    style
        One of those. In the paper's, text has 7 to 8 pt, and there is neither title nor footer.
    title
        The title of every figure drawn here. None: that of the style.

    Raises
    ------
    InputError
        Another name (code `unknown_style`), or a title that cannot be drawn (`bad_title`).

    >>> with drawing("paper"):
    ...     look().width
    85.0
    """
    if style not in LOOKS:
        raise InputError(f"There is no style '{style}'.", code="unknown_style", hint=near_miss(style, list(LOOKS)))
    if title:
        _check(title)
    chosen = LOOKS[style]
    before = _LOOK.set(chosen if title is None else replace(chosen, title=title))
    try:
        yield
    finally:
        _LOOK.reset(before)


def _check(title: str) -> None:
    """Refuse signs that no font has and no file may hold, and formulas that are none."""
    if odd := unseen(title):
        told = f"The title has the character U+{ord(odd):04X}, which cannot be drawn."
        raise InputError(told, code="bad_title", hint="Leave it out.")
    if "$" not in title:
        return
    from matplotlib.cbook import is_math_text
    from matplotlib.mathtext import MathTextParser

    try:
        if is_math_text(title):
            MathTextParser("path").parse(title)
    except ValueError:
        hint = "Write a formula as in '$E_K$', and a dollar sign as '\\$'."
        raise InputError("The title has a formula that cannot be read.", code="bad_title", hint=hint) from None
