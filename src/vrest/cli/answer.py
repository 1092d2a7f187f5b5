"""Printing: the answer on stdout, for people or as JSON; warnings and progress on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType

import rich_click as click

from vrest.cli.waiting import waiting
from vrest.io.report import Report, to_json

MANY = 16
"""Columns that a terminal has no room for."""


def answer(report: Report, human: Callable[[], None], *, as_json: bool, quiet: bool) -> None:
    """Print a report as JSON, or what `human` prints with the warnings beside it."""
    waiting().hide()
    if as_json:
        click.echo(to_json(report))
        return
    human()
    for warning in [] if quiet else report["warnings"]:
        remark("Warning", "yellow", warning["message"])
    if "error" in report:
        remark("Error", "red", report["error"]["message"])


def remark(kind: str, colour: str, text: str) -> None:
    """One line on stderr; in colour only where a person looks at it and wants colour."""
    label = f"{kind}: " if os.environ.get("NO_COLOR") else click.style(f"{kind}: ", fg=colour, bold=True)
    click.echo(label + text, err=True)


def table(columns: Sequence[str], align: str, rows: Iterable[Sequence[str]]) -> None:
    """Print a table; `align` has an l or r for each column. A few rows of very many columns are turned round."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    rows = list(rows)
    if len(columns) > max(MANY, len(rows)):
        turned = list(zip(columns, *rows, strict=True))
        columns, align, rows = turned[0], "l" + "r" * len(rows), turned[1:]
    shape = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, side in zip(columns, align, strict=True):
        justify = "right" if side == "r" else "left"
        shape.add_column(name, justify=justify, overflow="fold", no_wrap=name == columns[0])
    for row in rows:
        shape.add_row(*row)
    width = None if sys.stdout.isatty() else 140  # a file or a pipe has no width of its own
    Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False).print(shape)


def number(value: float | None, digits: int = 4) -> str:
    """A number for people, `digits` significant; a dash where it is undefined."""
    return "–" if value is None else f"{value:.{digits}g}"


def millivolts(value: float | None) -> str:
    """A potential to 0.01 mV; no negative zero."""
    return "–" if value is None else f"{round(value, 2) + 0.0:.2f}"


class Meter:
    """What is done, for as long as it is, and how much of it: told by `waiting` where it takes long."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> Meter:
        waiting().at(self.what)
        return self

    def __call__(self, share: float, note: str = "") -> None:
        """The share that is done, 0 to 1, and what else there is to say."""
        waiting().at(self.what, share, note)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        waiting().at("writing the answer")
