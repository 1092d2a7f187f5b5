"""One value or several on the command line of a calculator."""

from __future__ import annotations

from typing import Any


def swept(text: str, dimension: str, where: str, ion: str = "") -> Any:
    """A quantity (of an ion) as it was written, or the values of a list or range (`vrest.ranges`) with their unit."""
    if "," not in text and ":" not in text:
        return text
    from vrest.ranges import read_values
    from vrest.units import Labelled, from_si, to_si, unit_of

    si = read_values(text, dimension, where, read=lambda one: to_si(one, dimension, where, bare_ok=True, ion=ion))
    return Labelled(from_si(si, dimension), unit_of(dimension) or "dimensionless")


def swept_permeability(text: str, where: str) -> Any:
    """The same of permeabilities, which are relative or have a unit."""
    from vrest.errors import InputError

    try:
        return swept(text, "number", where)
    except InputError as error:
        if error.code not in ("wrong_unit", "unknown_unit", "mixed_units"):
            raise
        return swept(text, "permeability", where)


def as_door(si: Any, dimension: str) -> Any:
    """SI in its door unit, for the inputs of a report: the shortest numbers that mean the same floats."""
    from vrest.io.report import door

    return [door(float(one), dimension) for one in si] if getattr(si, "shape", ()) else door(si, dimension)
