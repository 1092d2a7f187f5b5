"""What a result says of code that was left to XLA."""

from __future__ import annotations

from collections.abc import Iterable

from vrest.model.notice import Notice
from vrest.numerics.compiler.fallback import Fallback


def slower(fallbacks: Iterable[Fallback]) -> list[Notice]:
    """That it took longer, and why.

    >>> from vrest.numerics.compiler.fallback import Fallback
    >>> print(slower([Fallback("erf", "rate, laws.py:7")])[0].message)
    XLA made the machine code, which takes about ten times as long as vrest's own: that has no 'erf' (rate, laws.py:7)
    """
    return [
        Notice(
            "slower",
            "XLA made the machine code, which takes about ten times as long as vrest's own: that "
            f"{_short_of(what)} '{what}'{f' ({where})' if where else ''}",
        )
        for what, where in fallbacks
    ]


def _short_of(what: str) -> str:
    if ": " in what:  # an exception
        return "failed with"
    return "cannot hold" if what.endswith("]") else "has no"  # an array has its shape
