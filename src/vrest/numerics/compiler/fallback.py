"""What is left to XLA: it is said, and it is traced in a form that XLA compiles quickly."""

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
_FOR_XLA: ContextVar[bool] = ContextVar("for_xla", default=False)


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
def for_xla() -> Iterator[None]:
    """What is traced meanwhile is compiled by XLA."""
    token = _FOR_XLA.set(True)
    try:
        yield
    finally:
        _FOR_XLA.reset(token)


def is_for_xla() -> bool:
    """Whether what is traced now is to be compiled by XLA, which likes loops better than long code."""
    return _FOR_XLA.get()
