"""What long work tells those who wait."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], bool | None]
"""Told the share done, 0 to 1; where the docstring says so, returning False stops the work and keeps what is done."""

CellsDone = Callable[[int, int], None]
"""Told how many cells are done, and of how many."""


def half(progress: Progress, which: int) -> Progress:
    """The first (0) or the second (1) half of a progress.

    >>> half(print, 1)(0.5)
    0.75
    """
    return lambda share: progress(0.5 * (which + share))
