"""Text at a width: lines wrapped at blanks, commands to copy, texts in rows and columns; nothing is broken to fit."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple
from unicodedata import category

from vrest.dimensions import DIMENSIONS

GAP = "  "
"""Between columns."""

WIDTH = 80
"""Characters in a line where nothing says how many there are."""

COMFORT = 20
"""Characters below which no column of prose is made."""

BLANK = "\u00a0"
"""A blank at which no line ends."""

_NUMBER = re.compile(r"[(\[~<>±+−-]*\d[\d.,]*(e[+-]?\d+)?")


def unseen(text: str) -> str:
    """The first sign that is no letter, figure, mark or blank, which no figure and no XML can hold; empty if none.

    >>> unseen("Squid axon\\n20 °C"), unseen("axon\\x01"), unseen("\\ufeffaxon") == "\\ufeff"
    ('', '\\x01', True)
    """
    return next((sign for sign in text if sign == "\ufeff" or (category(sign) in ("Cc", "Cs") and sign != "\n")), "")


@cache
def _units() -> frozenset[str]:
    return frozenset(unit for kind in DIMENSIONS.values() for unit in kind.units if unit)


def prose(text: str, width: int | None) -> str:
    """Text with its lines wrapped at blanks; a number keeps its unit, and a line its indentation.

    >>> print(prose("  the pump alone holds -5.6 mV of the potential", 26))
      the pump alone holds
      -5.6 mV of the potential
    """
    if width is None:
        return text
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        lines += [line] if len(line) <= width else [indent + part for part in _wrapped(line, width - len(indent))]
    return "\n".join(lines)


def glued(text: str) -> str:
    """A text that no line breaks, such as a number with its unit.

    >>> glued("5 mM") == "5\\xa0mM"
    True
    """
    return text.replace(" ", BLANK)


def shell(text: str, width: int) -> str:
    """A command to copy: where it is too long, lines end in a backslash between its words; a remark comes last.

    >>> print(shell('vrest rest my_cell.toml --set "outside.K=12 mM"  # it rests', 40))
    vrest rest my_cell.toml --set \\
        "outside.K=12 mM"
        # it rests
    """
    if len(text) <= width:
        return text
    text, sign, remark = text.partition("  # ")
    if sign:  # a backslash in a remark would continue nothing
        return "\n    # ".join([shell(text, width), *_wrapped(remark, width - 6)])
    lines = [""]
    for word in re.findall(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""", text):
        if lines[-1].strip() and len(lines[-1]) + len(word) + 3 > width:
            lines.append("   ")
        lines[-1] += f" {word}" if lines[-1] else word
    return " \\\n".join(lines)


def pieces(text: str) -> list[str]:
    """The words of a text; a number and its unit are one.

    >>> pieces("falls from 140 to 5.37 mM, and stays")
    ['falls', 'from', '140', 'to', '5.37 mM,', 'and', 'stays']
    """
    joined: list[str] = []
    for word in filter(None, text.split(" ")):
        bound = joined and word.rstrip(".,;:)]") in _units() and _NUMBER.fullmatch(joined[-1])
        if bound:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of `text` broken at blanks; a word that is longer has a line of its own."""
    if len(text) <= width:
        return [text]
    joined = pieces(text)
    lines = [joined[0]] if joined else [""]
    for word in joined[1:]:
        if len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def narrowest(text: str) -> int:
    """Characters of its longest word."""
    return max(map(len, _wrapped(text, 0)))


class Grid(NamedTuple):
    """Texts in rows and columns, to be laid out."""

    heads: list[str]
    right: list[bool]
    rows: list[list[str]]

    def turned(self) -> Grid:
        """Rows for columns."""
        lines = [[head, *(row[k] for row in self.rows)] for k, head in enumerate(self.heads)]
        return Grid(lines[0], [False] + [any(self.right[1:])] * len(self.rows), lines[1:])

    def only(self, columns: list[int]) -> Grid:
        """Some of the columns."""
        picked = ([line[k] for k in columns] for line in (self.heads, *self.rows))
        return Grid(next(picked), [self.right[k] for k in columns], list(picked))

    def widest(self) -> list[int]:
        """Widths with which nothing wraps."""
        return [max(map(len, column)) for column in zip(self.heads, *self.rows, strict=True)]

    def narrowest(self) -> list[int]:
        """Widths below which something would be broken, or prose be a ribbon."""
        least = []
        for head, *texts in zip(self.heads, *self.rows, strict=True):
            body = max(map(len, texts), default=0)
            words = max(map(narrowest, texts), default=0)
            least.append(max(narrowest(head), words, min(body, COMFORT)))
        return least

    def fitting(self, width: int) -> list[int] | None:
        """Widths that fit, the widest column made the narrowest it needs to be; None if there are none."""
        most, least = self.widest(), self.narrowest()
        room = width - len(GAP) * (len(most) - 1)
        if sum(least) > room:
            return None
        for cap in range(max(most), 0, -1):
            widths = [min(m, max(n, cap)) for m, n in zip(most, least, strict=True)]
            if sum(widths) <= room:
                return widths
        return least

    def hanging(self, width: int) -> list[str]:
        """The first column made narrow: a longer text has a line of its own; none where too little is left for it."""
        rest = self.only(list(range(1, len(self.heads))))
        room = width - len(GAP) - COMFORT
        widths = rest.fitting(room) if rest.heads else None
        if widths is None:
            return []
        first = width - sum(len(GAP) + n for n in widths)
        rows = []
        for row in self.rows:
            rows += [row] if narrowest(row[0]) <= first else [[row[0], *("" for _ in widths)], ["", *row[1:]]]
        return Grid(self.heads, self.right, rows).drawn([first, *widths])

    def blocks(self, width: int) -> list[str]:
        """Columns in blocks that repeat the first; none where that fits nothing."""
        least = self.narrowest()
        if any(least[0] + len(GAP) + n > width for n in least[1:]):
            return []
        groups, used = [[0]], least[0]
        for k in range(1, len(least)):
            if used + len(GAP) + least[k] > width:
                groups.append([0])
                used = least[0]
            groups[-1].append(k)
            used += len(GAP) + least[k]
        lines: list[str] = []
        for group in groups:
            part = self.only(group)
            lines += ["", *part.drawn(part.fitting(width) or part.narrowest())]
        return lines[1:]

    def listed(self, width: int) -> list[str]:
        """Each row by itself: its first text, and below it the others, each with its head."""
        lines = _wrapped(self.heads[0], width) if self.heads[0] else []
        lines += ["─" * max(map(len, lines))] if lines else []
        for first, *others in self.rows:
            lines += _wrapped(first, width)
            for head, text in zip(self.heads[1:], others, strict=True):
                lines += [] if not text else self._entry(head, text, width)
        return [line.replace(BLANK, " ") for line in lines]

    def _entry(self, head: str, text: str, width: int) -> list[str]:
        told = f"  {head}{GAP if head else ''}"
        if len(told) + narrowest(text) <= width and len(told) < width / 2:
            first, *others = _wrapped(text, width - len(told))
            return [told + first, *(" " * len(told) + line for line in others)]
        return [f"  {line}" for line in _wrapped(head, width - 2) if line] + [
            f"    {line}" for line in _wrapped(text, width - 4)
        ]

    def drawn(self, widths: list[int]) -> list[str]:
        """Lines of these widths."""
        lines = _row(self.heads, widths, self.right, low=True)
        lines.append(GAP.join("─" * width for width in widths))
        for row in self.rows:
            lines += _row(row, widths, self.right)
        return lines


def _row(texts: list[str], widths: list[int], right: list[bool], *, low: bool = False) -> list[str]:
    """One row, of as many lines as its cells need; `low` sets them at its foot."""
    cells = [_wrapped(text, width) for text, width in zip(texts, widths, strict=True)]
    height = max(map(len, cells))
    blank = [[""] * (height - len(cell)) for cell in cells]
    cells = [gap + cell if low else cell + gap for cell, gap in zip(cells, blank, strict=True)]
    lines = []
    for parts in zip(*cells, strict=True):
        sides = zip(parts, widths, right, strict=True)
        line = GAP.join(part.rjust(width) if side else part.ljust(width) for part, width, side in sides)
        lines.append(line.rstrip().replace(BLANK, " "))
    return lines
