"""One error tree. Each error says what was wrong, where, and what to do next.

A door (command line, page) turns any `VrestError` into a message and an exit code; everything else that
escapes is a bug.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from typing import Any


class VrestError(Exception):
    """Base of all errors a user can cause or meet; `str()` is the message and the hint.

    Parameters
    ----------
    message
        What was wrong, where, what was got and what is allowed.
    code
        Its kind in one word, for programs: `unknown_cell`, `out_of_range`, ...
    hint
        The next step.

    >>> error = VrestError("There is no cell 'x'.", code="unknown_cell", hint="Allowed: astrocyte.")
    >>> print(error)
    There is no cell 'x'. Allowed: astrocyte.
    """

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
    """Invalid or impossible input: a bad number, unit, name, concentration, charge balance or file.

    Made and read as `VrestError`; a `ValueError` as well.

    >>> import vrest
    >>> try:
    ...     vrest.rest("mammalian_nueron")
    ... except vrest.InputError as error:
    ...     print(error.code, "-", error.hint)
    unknown_cell - Did you mean 'mammalian_neuron'? A file of your own ends in .toml.
    """

    exit_code = 3


class NoRestError(VrestError):
    """The question has no resting state for an answer, or the solver could not certify one.

    Made and read as `VrestError`; the code is often that of an `Outcome`.

    >>> import vrest
    >>> try:
    ...     vrest.rest("hodgkin_huxley_1952", "stimulus.density=10 uA/cm2").raise_if_none()
    ... except vrest.NoRestError as error:
    ...     print(error.code)
    oscillates
    """

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


@contextmanager
def located(where: str) -> Iterator[None]:
    """Errors of what is read or solved in its block say where that is.

    >>> with located("bath"):
    ...     raise InputError("K is -3 mM.", code="out_of_range", hint="Write 0 or more.")
    Traceback (most recent call last):
    vrest.errors.InputError: bath: K is -3 mM. Write 0 or more.
    """
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {error.message}", code=error.code, hint=error.hint) from None
