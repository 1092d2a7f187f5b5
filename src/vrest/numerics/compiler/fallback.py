"""What is left to XLA: it is said, and it is traced in a form that XLA compiles quickly; what is not, in one for us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Fallback(NamedTuple):
    """Why code was left to XLA."""

    what: str
    """An operation, `erf`; an array, `uint32[3]`; or an exception, `TypeError: why`."""
    where: str
    """Function, file and line that asked for it; "" where it is not known."""


_LISTENING: ContextVar[tuple[list[Fallback], ...]] = ContextVar("listening", default=())
_MAKER: ContextVar[str] = ContextVar("maker", default="")
"""Who compiles what is traced: `xla` or `own`; "" outside of a `Kernel`."""


@contextmanager
def fallbacks() -> Iterator[list[Fallback]]:
    """Why code that this thread runs meanwhile was left to XLA, each reason once.

    >>> with fallbacks() as heard:
    ...     say(Fallback("erf", "rate, law.py:7"))
    ...     say(Fallback("erf", "rate, law.py:7"))
    >>> heard
    [Fallback(what='erf', where='rate, law.py:7')]
    """
    heard: list[Fallback] = []
    token = _LISTENING.set((*_LISTENING.get(), heard))
    try:
        yield heard
    finally:
        _LISTENING.reset(token)


def say(fallback: Fallback) -> None:
    """Tell everyone who listens."""
    for heard in _LISTENING.get():
        if fallback not in heard:
            heard.append(fallback)


@contextmanager
def made_by(maker: str) -> Iterator[None]:
    """What is traced meanwhile is compiled by XLA (`xla`) or by this package (`own`)."""
    token = _MAKER.set(maker)
    try:
        yield
    finally:
        _MAKER.reset(token)


def is_for_xla() -> bool:
    """Whether what is traced now is to be compiled by XLA, which likes loops better than long code."""
    return _MAKER.get() == "xla"


def is_for_us() -> bool:
    """Whether what is traced now is to become machine code of our own."""
    return _MAKER.get() == "own"
