"""One error tree. Each error says what was wrong, where, and what to do next.

A door (command line, page) turns any `VrestError` into a message and an exit code; everything else that
escapes is a bug.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import Any


class VrestError(Exception):
    """Base of all errors a user can cause or meet; `code` names the kind, `hint` the next step."""

    exit_code = 1

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it comes back whole from another process."""
        return partial(type(self), code=self.code, hint=self.hint), (self.message,)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(VrestError, ValueError):
    """Invalid or impossible input: a bad number, unit, name, concentration, charge balance or file."""

    exit_code = 3


class NoRestError(VrestError):
    """The question has no resting state for an answer, or the solver could not certify one."""

    exit_code = 4


class CheckError(VrestError):
    """What was checked does not hold."""

    exit_code = 5


def near_miss(got: str, allowed: list[str]) -> str:
    """'Did you mean ...?' for a misspelt name, else the list of what is allowed.

    >>> near_miss("pemeability", ["permeability", "ion"])
    "Did you mean 'permeability'?"
    >>> near_miss("zzz", ["K", "Na"])
    'Allowed: K, Na.'
    """
    lowered = {name.lower(): name for name in allowed}
    close = get_close_matches(got.lower(), list(lowered), n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{lowered[close[0]]}'?"
    return f"Allowed: {', '.join(allowed)}."
