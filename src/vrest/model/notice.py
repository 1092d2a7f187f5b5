"""What a reader should know before trusting a number."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """Something true that the user should know before trusting a number; never a repair."""

    code: str
    message: str
