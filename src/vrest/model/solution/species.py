"""What is dissolved: one species of one charge."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from vrest.errors import InputError
from vrest.ions import lookup, unknown

Side = Literal["pipette", "bath", ""]
"""Where a solution is; empty where that is not said."""

FORM = re.compile(r"(.+)\(([+-]?[0-9])\)")
"""One form of an acid or base, by its charge: `HEPES(-1)`."""


@dataclass(frozen=True, kw_only=True)
class Species:
    """A dissolved species.

    Parameters
    ----------
    name
        Of the species: `K`, `gluconate`, `HEPES(-1)`, `MgATP(-2)`; one name has one charge.
    charge
        Its charge; 0 for what does not move in a field.
    concentration
        mol/m3.
    component
        What it is a form of, as amounts are counted: `HEPES`, `ATP`, `Ca`; an ion without other forms is its own.
    metal
        The metal it holds, `Mg` or `Ca`; empty if none.
    """

    name: str
    charge: int
    concentration: float
    component: str
    metal: str = ""


def ion_named(text: str) -> str:
    """The name of an ion (`K`), of an acid or base of any charge (`HEPES`), or of one form of it (`HEPES(-1)`).

    Raises
    ------
    InputError
        `unknown_ion`.

    >>> ion_named("K+"), ion_named("Gluc"), ion_named("EGTA(-2)")
    ('K', 'gluconate', 'EGTA(-2)')
    """
    if form := FORM.fullmatch(text.strip().replace("−", "-")):
        return f"{ion_named(form[1])}({int(form[2])})"
    if found := lookup(text):
        return found.symbol
    raise InputError(f"'{text[:64]}' is no ion that is known.", code="unknown_ion", hint=unknown(text))
