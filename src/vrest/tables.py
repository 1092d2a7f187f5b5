"""Tables for people: numbers as text, columns with units.

One `Table` is printed (`text`), shown in a notebook (`html`) and handed on (`to_dataframe`). What it holds is in
door units; nothing here converts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from vrest.errors import InputError
from vrest.layout import Grid, glued, prose

if TYPE_CHECKING:
    import pandas as pd

ABSENT = "–"
"""What stands for a number that there is not."""

ROUNDING = 1e-9
"""A number so small beside the largest of its column is rounding."""

FIXED = 6
"""Digits before and after the point beyond which a number is a power of ten; no number for people has more."""

MANY = 12
"""Columns beyond which a table with fewer rows is turned round."""


def number(value: float | None, digits: int = 4, *, decimals: int | None = None, signed: bool = False) -> str:
    """A number for people; a dash where there is none.

    Parameters
    ----------
    value
        In whatever unit; None and NaN are a dash.
    digits
        Significant digits; zeros at the end are left out.
    decimals
        Digits after the point instead, kept where they are zeros.
    signed
        Whether a positive number has its sign too.

    >>> number(140.0), number(5.42173e-08), number(-72.3049, decimals=2), number(None)
    ('140', '5.422e-8', '-72.30', '–')
    >>> number(-0.001, decimals=2), number(0.25, signed=True), number(123456.0)
    ('0.00', '+0.25', '123500')
    """
    if value is None or value != value:
        return ABSENT
    value = float(value)
    if math.isinf(value):
        text = "inf" if value > 0 else "-inf"
    elif decimals is None:
        text = _significant(value, digits)
    elif abs(value) < 10.0 ** (FIXED - decimals):
        text = f"{round(value, decimals) + 0.0:.{decimals}f}"
    else:
        text = _significant(value, FIXED)
    return f"+{text}" if signed and value > 0 and float(text) else text


def millivolts(value: float | None) -> str:
    """A potential to 0.01 mV.

    >>> millivolts(-70.0), millivolts(-0.001)
    ('-70.00', '0.00')
    """
    return number(value, decimals=2)


def counted(n: int, noun: str) -> str:
    """So many of something.

    >>> counted(1, "cell"), counted(12000, "cell")
    ('1 cell', '12,000 cells')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def joined(texts: Sequence[str]) -> str:
    """One after the other, the last behind "and"; a comma keeps that apart too where one of them has a comma.

    >>> joined(["K+", "Na+", "Cl-"]), joined(["K+, the most", "Na+"]), joined(["K+"]), joined([])
    ('K+, Na+ and Cl-', 'K+, the most, and Na+', 'K+', '')
    """
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])}{',' if any(', ' in text for text in texts) else ''} and {texts[-1]}"


def _significant(value: float, digits: int) -> str:
    """1234.5 as 1234 or 1235, 5.4e-08 as 5.4e-8, 12.50 as 12.5."""
    if value == 0.0:
        return "0"
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if -4 <= exponent < FIXED:
        text = f"{float(f'{mantissa}e{power}'):.{max(digits - 1 - exponent, 0)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{exponent}"


@dataclass(frozen=True)
class Column:
    """One column of a `Table`.

    >>> Column("E", "mV", (-89.0612, None, 51.2), decimals=2).texts
    ('-89.06', '–', '51.20')
    >>> Column("flux", "fmol/s", (1.25, -2.5e-17), signed=True).texts
    ('+1.25', '0')
    """

    name: str
    """Its head, without the unit."""
    unit: str
    """Unit of its numbers; "" where they have none."""
    values: Sequence[float | str | None]
    """Numbers in that unit, texts, or None where there is nothing to say."""
    digits: int = 4
    """Significant digits of its numbers."""
    decimals: int | None = None
    """Digits after the point, instead."""
    signed: bool = False
    """Whether positive numbers have their sign too."""
    rounding: float = ROUNDING
    """A number so small beside the largest is 0: what is left of a difference. 0 where small numbers are meant."""
    among: Sequence[float] = ()
    """Other numbers of its kind beside which its own may be rounding."""
    form: Callable[[Any], str] | None = None
    """What writes a number with a unit of its own, such as `units.duration`; the head then has no unit in print."""

    @cached_property
    def head(self) -> str:
        """Name and unit, as printed above it."""
        return self.name if self.form else f"{self.name} {glued(self.unit)}".strip()

    @cached_property
    def label(self) -> str:
        """Name and unit, as in a data frame: `V (mV)`."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @cached_property
    def right(self) -> bool:
        """Whether it is aligned at its right: where it holds numbers alone."""
        return not any(value and isinstance(value, str | bool) for value in self.values)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Its values as printed."""
        numbers = (abs(float(v)) for v in (*self.values, *self.among) if isinstance(v, Real))
        tiny = self.rounding * max((size for size in numbers if size < math.inf), default=0.0)
        return tuple(self._text(value, tiny) for value in self.values)

    def _text(self, value: Any, tiny: float) -> str:
        if isinstance(value, str):
            return value
        if value is None or value != value:
            return ABSENT
        if isinstance(value, bool):
            return "yes" if value else "no"
        if self.form:
            return self.form(value)
        if isinstance(value, Integral):
            return f"{int(value):,}"
        if abs(value) <= tiny:
            value = 0.0
        return number(value, self.digits, decimals=self.decimals, signed=self.signed)


@dataclass(frozen=True)
class Table:
    """Columns of one length, with a title above and a note below.

    >>> print(Table([Column("ion", "", ["K", "Na"]), Column("E", "mV", [-89.061, 60.4], decimals=2)]).text(80))
    ion    E mV
    ───  ──────
    K    -89.06
    Na    60.40
    """

    columns: Sequence[Column]
    """The first names the rows."""
    title: str = ""
    note: str = ""
    turned: bool = False
    """Whether its rows are printed side by side, as states that are compared are."""

    def __post_init__(self) -> None:
        lengths = [len(column.values) for column in self.columns]
        if len(set(lengths)) > 1:
            told = ", ".join(f"'{column.name}' has {n}" for column, n in zip(self.columns, lengths, strict=True))
            hint = "Give every column one value a row, None where there is none."
            raise InputError(f"The columns of a table differ in length: {told}.", code="uneven_table", hint=hint)

    def text(self, width: int | None = None) -> str:
        """The table as text of at most `width` characters a line; None is as wide as it needs.

        No word, number or unit is broken. Where there is not the room, heads and prose wrap at blanks; else the table
        is turned round, or set in blocks that repeat the first column, or each row is listed by itself.

        >>> print(Table([Column("path", "", ["pump.max_rate"]), Column("value", "uA/cm2", [5.4])]).text(14))
        path
        ────
        pump.max_rate
          value uA/cm2
            5.4
        """
        parts = [prose(self.title, width), "\n".join(self._lines(width)), prose(self.note, width)]
        return "\n\n".join(part for part in parts if part)

    def _lines(self, width: int | None) -> list[str]:
        columns = [c for c in self.columns if any(c.texts) or not c.texts]  # an empty one says nothing
        if not columns:
            return []
        upright = Grid(
            [c.head for c in columns],
            [c.right for c in columns],
            [list(row) for row in zip(*map(_held, columns), strict=True)],
        )
        forms = [upright]
        if self.turned or len(columns) > max(MANY, len(upright.rows)):
            forms.insert(0, upright.turned())
        elif len(columns) > 3:
            forms.append(upright.turned())
        if width is None:
            return forms[0].drawn(forms[0].widest())
        for form in forms:
            if widths := form.fitting(width):
                return form.drawn(widths)
        return forms[0].hanging(width) or forms[0].blocks(width) or forms[0].listed(width)

    def html(self) -> str:
        """The table as an HTML element, escaped.

        >>> Table([Column("V", "mV", [-70.0], decimals=2)], title="a <b>").html().startswith(
        ...     '<table><caption>a &lt;b&gt;</caption><thead><tr><th scope="col" style="text-align:right">V (mV)</th>')
        True
        """
        names = [(column, column.name if column.form else column.label) for column in self.columns]
        heads = "".join(f'<th scope="col"{_aligned(column)}>{escape(name)}</th>' for column, name in names)
        body = "".join(self._row(row) for row in zip(*(c.texts for c in self.columns), strict=True))
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        note = (
            f'<tfoot><tr><td colspan="{len(self.columns)}">{escape(self.note)}</td></tr></tfoot>' if self.note else ""
        )
        return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>{note}</table>"

    def _row(self, texts: Sequence[str]) -> str:
        first, *others = zip(self.columns, texts, strict=True)
        cells = "".join(f"<td{_aligned(column)}>{escape(text)}</td>" for column, text in others)
        return f'<tr><th scope="row"{_aligned(first[0])}>{escape(first[1])}</th>{cells}</tr>'

    def to_dataframe(self) -> pd.DataFrame:
        """The table as a pandas data frame, numbers with all their digits, units in the heads.

        >>> Table([Column("ion", "", ["K"]), Column("E", "mV", [-89.0612345])]).to_dataframe().columns.tolist()
        ['ion', 'E (mV)']
        """
        import pandas as pd

        return pd.concat([pd.Series(list(column.values), name=column.label) for column in self.columns], axis=1)


def _aligned(column: Column) -> str:
    return f' style="text-align:{"right" if column.right else "left"}"'


def _held(column: Column) -> list[str]:
    """Texts whose numbers and units stay together."""
    texts = column.texts
    return [text if isinstance(value, str) else glued(text) for text, value in zip(texts, column.values, strict=True)]
