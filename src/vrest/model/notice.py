"""What a reader should know before trusting a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vrest.shown import Told

USER = "changed by the user"
"""The source of a value that a change has set."""

SOLUTION = "solution: "
"""What the source of a value begins with that a solution says; its name follows."""


@dataclass(frozen=True)
class Notice(Told):
    """Something true that the user should know before trusting a number; never a repair.

    >>> print(Notice("bath_not_neutral", "bath 'outside' has +7 mM of net charge").message)
    bath 'outside' has +7 mM of net charge
    """

    code: str
    """What kind of thing it is, for programs: `bath_not_neutral`, `conservation`, `closure`..."""
    message: str
    """What is true of this cell, for people."""

    def _brief(self) -> Iterable[str]:
        yield f"{self.code}: {self.message}"
