"""`page`: cells in one HTML file that computes by itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from rich.filesize import decimal

from vrest.atomic import check_target, replacing
from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, library, load
from vrest.model.citations import of_cells
from vrest.page.document import Shown, document
from vrest.page.html import asset, html
from vrest.verbs.instant import Instant
from vrest.verbs.progress import Progress
from vrest.verbs.rest import Rest
from vrest.verbs.run_result import Run

SUFFIXES = (".html", ".htm")

HEIGHT = 900
"""Pixels of the frame in a notebook."""


@dataclass(frozen=True)
class Page:
    """A page, as text of one HTML file. `page` makes it; a notebook shows it in a frame of its own.

    >>> shown = Page(("mammalian_neuron",), "<!doctype html><p>nothing</p>")
    >>> shown
    Page of mammalian_neuron, 29 bytes
    """

    cells: tuple[str, ...]
    """Names of its cells."""
    html: str
    """The whole file."""
    references: str = field(default="", repr=False)
    """BibTeX of its cells and of how it computes."""

    def cite(self) -> str:
        """BibTeX of what was used: vrest, the sources and laws of its cells, the methods."""
        return self.references

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file; a reader never sees half of it, and a failure leaves what was there before.

        Parameters
        ----------
        path
            Of the file, which ends in .html or .htm.

        Raises
        ------
        InputError
            Another ending (`unknown_suffix`), a place that cannot be written (`cannot_write`).

        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Page(("a",), "<p>a</p>").save(f"{folder}/a.html").read_text()
        '<p>a</p>'
        """
        check_target(os.fspath(path), SUFFIXES, "a page")
        with replacing(path) as beside:
            beside.write_bytes(self._bytes)
        return Path(path)

    @cached_property
    def _bytes(self) -> bytes:
        return self.html.encode()

    def _repr_html_(self) -> str:
        """A frame that may run the page's own code and reach nothing of the notebook."""
        title = escape(f"Resting membrane potential: {', '.join(self.cells)}", quote=True)
        return (
            f'<iframe title="{title}" sandbox="allow-scripts allow-downloads" width="100%" height="{HEIGHT}" '
            f'style="border: 0" srcdoc="{escape(self.html, quote=True)}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"Page of {', '.join(self.cells)}, {decimal(len(self._bytes))}"


def page(cells: CellLike | Iterable[CellLike], *, progress: Progress | None = None) -> Page:
    """A live page: one HTML file with the solver of these cells inside, which needs no server and no network.

    Each cell is shown at its certified rest, or as it is described where it has none. What is computed in the page is
    computed by the same machine code, made for browsers.

    Parameters
    ----------
    cells
        One or several; as of `rest`.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    Page
        `html`, `save(path)`, `cite()`; a notebook shows it.

    Raises
    ------
    InputError
        No such cell, none at all (`no_cell`), two of one name (`same_name`), a cell of which nothing moves.
    VrestError
        A checkout in which the page was not built (`not_built`).

    >>> page([])
    Traceback (most recent call last):
    vrest.errors.InputError: There is no cell to show. Name one, such as 'mammalian_neuron'.
    """
    shown = [_shown(cell) for cell in _each(cells)]
    if not shown:
        raise InputError("There is no cell to show.", code="no_cell", hint="Name one, such as 'mammalian_neuron'.")
    names = [one.cell.name for one in shown]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"Two cells are named '{name}'.", code="same_name", hint="Give each its own name in its file."
            )
    style, opener, code = (asset(name) for name in ("page.css", "open.js", "page.js"))
    references = of_cells(Rest.methods + Instant.methods + Run.methods, (one.cell for one in shown))
    return Page(tuple(names), html(document(shown, progress), style, opener, code), references)


def _each(cells: Any) -> list[Any]:
    """One cell, or what else is no collection of them, as a list of one."""
    several = isinstance(cells, Iterable) and not isinstance(cells, str | os.PathLike | Mapping)
    return list(cells) if several else [cells]


def _shown(asked: CellLike) -> Shown:
    """A cell, with what commands call it: its name in the library, or a file."""
    cell = load(asked)
    if cell.name in library() and load(cell.name) == cell:
        return Shown(cell, cell.name)
    return Shown(cell, f"{cell.name}.toml" if isinstance(asked, Cell) else Path(os.fspath(asked)).name)
