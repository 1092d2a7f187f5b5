"""How much of a reagent or an ion a recipe has: a concentration, grams in a volume, a percentage."""

from __future__ import annotations

from typing import Any, Literal

from vrest.dimensions import DIMENSIONS, LACKING
from vrest.errors import InputError
from vrest.model.solution.reagents import reagent
from vrest.numerals import number_and_unit
from vrest.spellings import canonical
from vrest.tables import number
from vrest.units import from_door, from_si, to_si

MOST = 2e4
"""mol/m3: more than dissolves of anything here; M in place of mM."""

LEAST = 1e-12
"""mol/m3, 1 fM: less is no amount that is meant."""


def amount_of(
    entry: Any,
    name: str,
    where: str,
    *,
    of: Literal["reagents", "ions"] = "reagents",
    volume: float | None = None,
    in_file: bool = True,
) -> float:
    """An amount as a concentration, mol/m3.

    Parameters
    ----------
    entry
        Text with a unit: a concentration (`20 mM`, `1 uM`), a mass per volume (`0.9 g/L`, `2 mg/mL`, `0.5 %`) or a mass
        (`3.5 g`, in the `volume` of the recipe); a number is in mM unless it is `in_file`.
    name
        Of the reagent or ion.
    where
        What messages call its place.
    of
        Whether it is one of `reagents`, whose molar mass is known, or of `ions`.
    volume
        That the recipe is for, m3.
    in_file
        Whether a number needs its unit.

    Raises
    ------
    InputError
        `no_unit`, `no_volume`, `out_of_range`, `wrong_unit`, `unknown_reagent`, and what `to_si` refuses.
    """
    if isinstance(entry, bool) or not isinstance(entry, str | int | float):
        hint = 'Write it as text with its unit, as in "20 mM".'
        raise InputError(f"{where} is {str(entry)[:64]}, not an amount.", code="bad_value", hint=hint)
    if in_file and not isinstance(entry, str):
        hint = f'Write it as text with its unit, as in "{entry} mM".'
        raise InputError(f"{where} = {entry} has no unit.", code="no_unit", hint=hint)
    unit = canonical(number_and_unit(entry, where, "20 mM")[1]) if isinstance(entry, str) else ""
    weighed = next((d for d in (DIMENSIONS["mass"], LACKING["mass_concentration"]) if unit and unit in d.units), None)
    if weighed is None:
        value = float(to_si(entry, "concentration", where, bare_ok=not in_file, ion=name))
    elif of == "ions":
        hint = "Write mM, or the reagent that was weighed below [reagents]."
        raise InputError(f"{where} = {entry}: an ion is not weighed.", code="wrong_unit", hint=hint)
    else:
        value = float(to_si(entry, weighed.name, where)) / from_door(reagent(name).molar_mass, "molar_mass")
        if weighed.name == "mass":
            if volume is None:
                hint = 'Write volume = "500 mL" above [reagents], or a concentration.'
                raise InputError(f"{where} = {entry}: in which volume?", code="no_volume", hint=hint)
            value /= volume
    if value < 0.0:
        raise InputError(f"{where} is {entry}, below 0.", code="out_of_range", hint="Write 0 or more.")
    if 0.0 < value < LEAST:
        hint = "That is less than 1 fM: check the exponent and the unit, or write 0."
        raise InputError(f"{where} is {entry}.", code="out_of_range", hint=hint)
    if value > MOST:
        likely = number(from_si(value, "concentration", "M"))
        hint = f"Check the unit (M for mM?); {likely} M does not dissolve."
        raise InputError(f"{where} is {entry}.", code="out_of_range", hint=hint)
    return value
