"""What a command is at, for whoever waits: said on stderr before two seconds have passed in silence.

On a terminal it is a line that moves, with a bar where the share that is done is known; in a pipe or a file it is one
plain line for each stage that takes long.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from shutil import get_terminal_size
from threading import Event, RLock, Thread
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

import rich_click as click
from click import get_current_context

from vrest.layout import prose

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.25
"""s without a word before it is said what goes on."""

TICK = 0.1
"""s between looks at the clock."""


class Waiting:
    """Watches one command from a thread of its own, so that nothing that takes long need tell of itself."""

    def __init__(self, command: str, *, shown: bool) -> None:
        self.command, self.shown = command, shown
        self.what, self.share, self.note = "starting", None, ""
        self.last, self.told = time.monotonic(), ""
        self.bar: Progress | None = None
        self.over, self.lock = Event(), RLock()

    def __enter__(self) -> Waiting:
        if self.shown:
            Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over.set()
        self.hide()

    def at(self, what: str, share: float | None = None, note: str = "") -> None:
        """What is done now, and how much of it is done, 0 to 1, where that is known."""
        with self.lock:
            self.what, self.share, self.note = what, share, note
            if self.bar is not None:
                self._update(self.bar)

    def said(self, text: str) -> None:
        """A line of what goes on, as of what is compiled."""
        if not self.shown:
            return
        with self.lock:
            self.last = time.monotonic()
            aside(prose(f"{self.what}: {text}", get_terminal_size().columns))

    def hide(self) -> None:
        """Leave the terminal to what is printed next."""
        with self.lock:
            if self.bar is not None:
                self.bar.stop()
                self.bar = None
            self.last = time.monotonic()

    @property
    def text(self) -> str:
        return f"{self.command}: {self.what}"

    def _watch(self) -> None:
        while not self.over.wait(TICK):
            with self.lock:
                if self.bar is None and time.monotonic() - self.last > PATIENCE and not self.over.is_set():
                    self._say()

    def _say(self) -> None:
        bar = _bar()
        if bar is not None:
            bar.add_task(self.text, total=None, note="")
            self._update(bar)
            bar.start()
            self.bar = bar
        elif self.told != self.text:
            self.told, self.last = self.text, time.monotonic()
            aside(prose(f"{self.text} ...", get_terminal_size().columns))

    def _update(self, bar: Progress) -> None:
        total = None if self.share is None else 1.0
        bar.update(bar.task_ids[0], description=self.text, total=total, completed=self.share or 0.0, note=self.note)


def _bar() -> Progress | None:
    """A line that moves; None where nobody looks, or on a terminal that cannot."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if console.is_dumb_terminal:
        return None
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, redirect_stdout=False)


def aside(text: str) -> None:
    """Say something on stderr; where that cannot take it the answer is not the worse for it."""
    try:
        click.echo(text, err=True)
    except OSError:
        leave(sys.stderr)


def leave(stream: TextIO) -> None:
    """Let what is left to be written to a stream that fails go nowhere, also at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def waiting() -> Waiting:
    """That of the command that runs."""
    return get_current_context().find_root().obj
