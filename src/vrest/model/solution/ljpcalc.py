"""Ion tables of LJPcalc: lines `ion: name, charge, conductivity, c0, cL`, and `temperatureC: 25`.

https://github.com/swharden/LJPcalc
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from vrest.errors import InputError
from vrest.ions import lookup
from vrest.model.notice import Notice
from vrest.model.solution.ion_names import ion_named
from vrest.model.solution.mobilities import POTASSIUM, mobility_of
from vrest.model.solution.recipe import Recipe
from vrest.model.solution.species import Side
from vrest.numerals import parse_number
from vrest.tables import number
from vrest.units import to_si

SIDES: tuple[Side, Side] = ("pipette", "bath")
"""Of c0 and cL."""

FIELDS = ("name", "charge", "conductivity", "c0", "cL")

_LISTED = MappingProxyType({"NH": "NH4", "H2PO": "H2PO4", "CNO": "OCN"})
"""Names of LJPcalc's table that are cut short or its own."""

_IRON = MappingProxyType({2: "ferrous", 3: "ferric"})

DIFFERS = 0.05
"""Relative difference of a mobility that is told."""


def is_table(text: str) -> bool:
    """Whether a text has a line of an ion."""
    return re.search(r"^\s*ion:", text, re.MULTILINE) is not None


def parse(text: str, where: str) -> dict[str, Recipe]:
    """The recipes `pipette` (c0) and `bath` (cL); messages call the text `where`."""
    pipette: dict[str, float] = {}
    bath: dict[str, float] = {}
    notices: list[Notice] = []
    temperature: float | None = None
    balance = [0.0, 0.0]
    for count, line in enumerate(text.splitlines(), 1):
        place = f"{where}, line {count}"
        key, colon, rest = line.partition(":")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if key.strip() == "temperatureC" and colon:
            temperature = to_si(parse_number(rest, place), "temperature", place, bare_ok=True)
            continue
        if key.strip() != "ion" or not colon:
            hint = f'Lines are "ion: {", ".join(FIELDS)}" and "temperatureC: 25".'
            raise InputError(f"{place}: '{line.strip()[:64]}' is neither.", code="bad_file", hint=hint)
        written, charge, conductivity, *sides = _fields(rest, place)
        if not charge:
            notices.append(Notice("left_out", f"{written} has no charge, and does not count"))
            continue
        name = _ion(written, charge, place, notices)
        if name in pipette:
            hint = "Write one line, with the sum."
            raise InputError(f"{place}: {name} is there twice.", code="bad_file", hint=hint)
        pipette[name], bath[name] = sides
        balance = [total + charge * c for total, c in zip(balance, sides, strict=True)]
        notices += _other_mobility(written, name, charge, conductivity)
    recipes: dict[str, Recipe] = {}
    for side, charge, ions in zip(SIDES, balance, (pipette, bath), strict=True):
        warnings = tuple(notices)
        if abs(charge) > 1e-6 * sum(ions.values()):
            sign = "positive" if charge > 0 else "negative"
            told = f"the {side} has {number(abs(charge))} mM too much {sign} charge"
            repaired = "LJPcalc changes concentrations until there is none; here they stay"
            warnings = (*warnings, Notice("not_neutral", f"{told}: {repaired}"))
        there = {name: c for name, c in ions.items() if c}
        recipes[side] = Recipe(name=side, kind=side, ions=there, temperature=temperature, warnings=warnings)
    return recipes


def _fields(rest: str, place: str) -> tuple[str, int, float, float, float]:
    parts = [part.strip() for part in rest.rsplit(",", len(FIELDS) - 1)]
    if len(parts) != len(FIELDS) or not parts[0]:
        hint = f'Write "ion: {", ".join(FIELDS)}".'
        raise InputError(f"{place}: {len(parts)} fields, not {len(FIELDS)}.", code="bad_file", hint=hint)
    charge, conductivity, c0, cL = (
        parse_number(part, f"{place}, {field}") for part, field in zip(parts[1:], FIELDS[1:], strict=True)
    )
    for value, field in ((conductivity, "conductivity"), (c0, "c0"), (cL, "cL")):
        if value < 0.0:
            raise InputError(f"{place}: {field} is {value:g}, below 0.", code="bad_file", hint="Write 0 or more.")
    if charge != int(charge) or abs(charge) > 9:
        raise InputError(f"{place}: a charge of {charge:g}.", code="bad_file", hint="Write a whole number.")
    return parts[0], int(charge), conductivity, c0, cL


def _ion(written: str, charge: int, place: str, notices: list[Notice]) -> str:
    """The name of an ion of LJPcalc; a charge that it does not have is told, and its own counts."""
    short = re.sub(r"\s+\(.*\)$|\([2-4][+-]\)$", "", written)  # "ATP (Adenosine ...)", "EGTA(2-)"
    short = _IRON.get(charge, short) if short == "Fe" else _LISTED.get(short, short)
    try:
        return ion_named(f"{short}({charge:+d})")
    except InputError as error:
        known = lookup(short)
        if error.code != "known_ion" or known is None or not known.valence:
            raise InputError(f"{place}: {error.message}", code=error.code, hint=error.hint) from None
    told = f"{written} has a charge of {charge:+d} in this file; {known.symbol} has {known.valence:+d}, which counts"
    notices.append(Notice("other_charge", told))
    return ion_named(known.symbol)


def _other_mobility(written: str, name: str, charge: int, conductivity: float) -> Iterator[Notice]:
    own = mobility_of(name)
    said = conductivity / (POTASSIUM * abs(charge))
    if abs(said / own.u_rel - 1.0) > DIFFERS:
        yield Notice(
            "other_mobility",
            f"{written}: {number(conductivity)} S cm2/mol is {number(said, 3)} of the mobility of K+; used is"
            f" {number(own.u_rel, 3)} ({own.quality})",
        )
