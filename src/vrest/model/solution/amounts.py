"""How much of a reagent or an ion a recipe has."""

from __future__ import annotations

from typing import Any

from vrest.errors import InputError
from vrest.tables import number
from vrest.units import to_si

MOST = 2e4
"""mol/m3: more than dissolves of anything here; M in place of mM."""


def amount_of(
    entry: Any,
    name: str,
    where: str,
    *,
    in_file: bool = True,
) -> float:
    """An amount as a concentration, mol/m3.

    Parameters
    ----------
    entry
        Text with a unit, such as `20 mM` or `1 uM`; a number is in mM unless it is `in_file`.
    name
        Of the reagent or ion.
    where
        What messages call its place.
    in_file
        Whether a number needs its unit.

    Raises
    ------
    InputError
        `no_unit`, `out_of_range`, and what `to_si` refuses.
    """
    if isinstance(entry, bool) or not isinstance(entry, str | int | float):
        hint = 'Write it as text with its unit, as in "20 mM".'
        raise InputError(f"{where} is {str(entry)[:64]}, not an amount.", code="bad_value", hint=hint)
    if in_file and not isinstance(entry, str):
        hint = f'Write it as text with its unit, as in "{entry} mM".'
        raise InputError(f"{where} = {entry} has no unit.", code="no_unit", hint=hint)
    value = float(to_si(entry, "concentration", where, bare_ok=not in_file, ion=name))
    if value < 0.0:
        raise InputError(f"{where} is {entry}, below 0.", code="out_of_range", hint="Write 0 or more.")
    if value > MOST:
        likely = number(value / 1000.0)
        hint = f"Check the unit (M for mM?); {likely} M does not dissolve."
        raise InputError(f"{where} is {entry}.", code="out_of_range", hint=hint)
    return value
