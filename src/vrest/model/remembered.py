"""What follows from a cell, worked out once for each cell: a cell never changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

T = TypeVar("T")
P = ParamSpec("P")


def remembered(function: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """A function of a cell and of things that can be hashed, whose answers are kept with the cell.

    Arrays among the answers are read-only, since several may hold them.
    """
    return _kept("_remembered", function)


def remembered_of_form(function: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    """`remembered` of what holds whatever the numbers of the cell are: its copies with other numbers share it."""
    return _kept("_remembered_of_form", function)


def of_one_form(cell: Any, copy: Any) -> None:
    """Let a copy of a cell with other numbers share what is remembered of their form."""
    vars(copy)["_remembered_of_form"] = vars(cell).setdefault("_remembered_of_form", {})


def _kept(place: str, function: Callable[Concatenate[Any, P], T]) -> Callable[Concatenate[Any, P], T]:
    @wraps(function)
    def answer(cell: Any, *args: P.args, **keywords: P.kwargs) -> T:
        known: dict[Any, T] = vars(cell).setdefault(place, {})
        asked = (function, args, tuple(keywords.items()))
        if asked not in known:
            known[asked] = found = function(cell, *args, **keywords)
            if isinstance(found, np.ndarray):
                found.flags.writeable = False
        return known[asked]

    return answer
