"""What every result can do: say what it is in a few lines, be a table, be drawn, be cited."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from vrest.layout import BLANK, WIDTH, prose
from vrest.tables import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = 9
"""Lines of a repr: what has more to say says it in its tables."""

ROWS, MOST_ROWS = 20, 60
"""Rows that are printed of a long table, and rows that a notebook shows."""


class Told(ABC):
    """Abstract base of what has a short repr, in door units."""

    def __init_subclass__(cls) -> None:
        cls.__repr__ = cls.__repr__  # a dataclass writes its own, in SI, where a class holds none itself

    @abstractmethod
    def _brief(self) -> Iterable[str]:
        """What it is, in a few lines; those too long for a terminal are wrapped."""

    def __repr__(self) -> str:
        lines = [part for line in self._brief() for part in _hanging(line, WIDTH)]
        return "\n".join(_few(lines))


class Shown(Told, ABC):
    """Abstract base of results: `str()` is all of it as text, a notebook shows it as tables."""

    methods: ClassVar[tuple[str, ...]] = ()
    """Keys of the literature on how it was found, beside that of its cells."""

    opened: ClassVar[int] = 1
    """Tables that a notebook shows at once; the others unfold."""

    @abstractmethod
    def tables(self) -> tuple[Table, ...]:
        """Its numbers in door units as tables, the main one first."""

    def to_dataframe(self) -> Any:
        """The main table as a `pandas.DataFrame`: every row, numbers with all their digits, units in the heads."""
        return self.tables()[0].to_dataframe()

    def saved(self) -> tuple[Table, ...]:
        """What a file has of it, the main table first: its tables, and what is too long for people."""
        return self.tables()

    def cite(self) -> str:
        """BibTeX of what was used: vrest, the sources and laws of the cells, the methods."""
        citations = import_module("vrest.model.citations")
        keys = [*self._methods(), *(key for text in self._sources() for key in citations.of_text(text))]
        return citations.of_cells(keys, self._cells())

    def _methods(self) -> tuple[str, ...]:
        """Keys of the methods that this one used."""
        return self.methods

    @abstractmethod
    def _cells(self) -> Iterable[Any]:
        """The cells that it is of."""

    def _sources(self) -> Iterable[str]:
        """Texts with literature beside that, such as what a perturbation is known from."""
        return ()

    def _said(self) -> Iterable[str]:
        """Sentences that stand below the tables."""
        return ()

    def _printed(self) -> tuple[Table, ...]:
        """The tables of its text: all, where none is long and none says again what stands beside it."""
        return self.tables()

    def _head(self) -> Iterable[str]:
        """What stands above them: what it is, or as much of it as the tables do not say."""
        return self._brief()

    def as_text(self, width: int = WIDTH, *, rows: int | None = None, told: str = "") -> str:
        """What it is, its tables and its sentences: what its command prints.

        `width`: characters in a line. `rows`: of a longer table the first and the last ones are shown, and of a long
        head the first lines. `told`: a sentence that is said elsewhere and left out.
        """
        above = [part for line in self._head() if line.strip() != told for part in _hanging(line, width)]
        head = "\n".join(above if rows is None else _few(above))
        tables = (_shortened(table, rows).text(width) for table in self._printed())
        below = "\n".join(prose(sentence, width).replace(BLANK, " ") for sentence in self._said())
        return "\n\n".join(part for part in (head, *tables, below) if part)

    def _repr_html_(self) -> str:
        head, *more = (escape(line.strip().replace(BLANK, " ")) for line in self._brief())
        parts = ["<p>" + "<br>\n".join([f"<strong>{head}</strong>", *more]) + "</p>"]
        for k, table in enumerate(self.tables()):
            shown = _shortened(table, MOST_ROWS).html()
            name = escape(table.title or "Numbers")
            parts.append(shown if k < self.opened else f"<details><summary>{name}</summary>{shown}</details>")
        return "\n".join([*parts, *(f"<p>{escape(sentence)}</p>" for sentence in self._said())])

    def __str__(self) -> str:
        return self.as_text(rows=ROWS)


class Drawn(Shown, ABC):
    """Abstract base of results that have a picture."""

    drawn_by: ClassVar[str]
    """What draws its main panel into axes, as `module:function`; imported when it is asked for."""

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw its main panel.

        `ax`: Matplotlib axes to draw into; by default those of a new figure of pyplot's, which a notebook shows.
        Returns the axes.
        """
        module, _, function = self.drawn_by.partition(":")
        draw = import_module("vrest.plot").seen_on_ground(getattr(import_module(module), function))
        if ax is None:
            from matplotlib import pyplot

            ax = pyplot.subplots(layout="constrained")[1]
        return draw(self, ax)


def _few(lines: list[str]) -> list[str]:
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], "  ..."]


def _hanging(line: str, width: int) -> list[str]:
    """A line wrapped, what follows the first of its lines a little to the right."""
    if len(line) <= width:
        return [line.replace(BLANK, " ")]
    first, *others = prose(line, width - 2).replace(BLANK, " ").splitlines()
    return [first, *(f"  {other}" for other in others)]


def _shortened(table: Table, most: int | None) -> Table:
    """The first and the last rows of a long table."""
    rows = len(table.columns[0].values) if table.columns else 0
    if most is None or rows <= most:
        return table
    half = most // 2
    columns = [replace(c, values=[*c.values[:half], *c.values[-half:]]) for c in table.columns]
    left_out = f"The first and the last {half} of {rows:,} rows."
    return replace(table, columns=columns, note=f"{table.note} {left_out}".strip())
