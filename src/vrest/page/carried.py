"""The machine code that a page carries for a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vrest.verbs.prepared import Prepared


class Carried(NamedTuple):
    """What a page calls, and what it must know of that."""

    kernels: Mapping[str, Any]
    """By key: cells of the same equations share them."""
    keys: Mapping[str, str]
    """The key of each by what it does: `describe`, `settle`, ..."""
    holds: Mapping[str, Sequence[float]]
    """What is conserved where transports are off, by the numbers of their controls."""
    accounts: Sequence[Mapping[str, Any]]
    """What each row of `account` is."""


def carried(ready: Prepared) -> Carried:
    """The code for a prepared cell."""
    return Carried({}, {}, {}, ())
