"""Printing: the answer on stdout, for people or as JSON; warnings and progress on stderr."""

from __future__ import annotations

import os
from collections.abc import Callable
from shutil import get_terminal_size
from textwrap import indent
from types import TracebackType
from typing import TYPE_CHECKING

import rich_click as click

from vrest.cli.waiting import aside, waiting
from vrest.io.report import Report, to_json
from vrest.layout import prose, shell
from vrest.tables import Table

if TYPE_CHECKING:
    from vrest.shown import Shown


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
    """What is said on stderr; in colour only where a person looks at it and wants colour."""
    told = prose(f"{kind}: {text}", width())
    label = f"{kind}:"
    plain = os.environ.get("NO_COLOR")
    aside((label if plain else click.style(label, fg=colour, bold=True)) + told.removeprefix(label))


def width() -> int:
    """Characters in a line: COLUMNS, else of the terminal, else 80."""
    return get_terminal_size().columns


def say(text: str) -> None:
    """Print prose, wrapped at blanks."""
    click.echo(prose(text, width()))


def table(*shown: Table) -> None:
    """Print tables between blank lines."""
    click.echo("".join(f"\n{each.text(width())}\n" for each in shown))


def shown(result: Shown, told: str = "") -> None:
    """Print a result: what it is, its tables, its sentences but for one that is `told` elsewhere."""
    click.echo(result.as_text(width(), told=told))


def command(text: str) -> None:
    """Print a command to copy."""
    click.echo(indent(shell(text, width() - 4), "    "))


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
