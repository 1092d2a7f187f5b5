"""The keys of a recipe's file: what reads each, and what newcomers write for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Literal, cast

from vrest.errors import InputError, near_miss
from vrest.layout import unseen
from vrest.model.solution.amounts import amount_of
from vrest.model.solution.gas import share_of_carbon_dioxide
from vrest.model.solution.ion_names import ion_named
from vrest.model.solution.reagents import reagent
from vrest.model.solution.titrant import titrant_of
from vrest.tables import number
from vrest.units import from_door, from_si, to_si

Table = Literal["reagents", "ions"]
Reader = Callable[[Any, bool], Any]
"""Takes what stands there, and whether it stands in a file."""

QUOTES = "\"'“”„«»"
LONGEST = 64
"""Characters that a message quotes of a line."""

COLDEST, HOTTEST = from_door(-5.0, "temperature"), from_door(60.0, "temperature")
"""K: beyond, constants do not hold."""

LOWEST, HIGHEST = 2.0, 12.0
"""pH: beyond, constants of dissociation do not hold, and water's own ions would count."""


def amounts(table: Any, key: Table, volume: float | None, in_file: bool) -> dict[str, float]:
    """The concentrations of a table of reagents, by the names that it has, or of ions, by their own."""
    if not isinstance(table, Mapping):
        hint = f'Write a table: a line [{key}], and below it KCl = "20 mM".'
        raise InputError(f"{key} is {_quoted(table)}, not a table.", code="bad_value", hint=hint)
    found: dict[str, float] = {}
    there: dict[Any, str] = {}
    for name, entry in ((str(name), entry) for name, entry in table.items()):
        place = f"{key}.{name[:64]}"
        if name in READERS:
            hint = f"Put it above the line [{key}]: what follows that line belongs to it."
            raise InputError(f"{place} is no reagent.", code="unknown_key", hint=hint)
        if isinstance(entry, Mapping):
            dotted = next(iter(entry), "")
            hint = f'A name with a dot needs quotes: "{name}.{dotted}" = "2 mM".' if entry else 'Write it as "2 mM".'
            raise InputError(f"{place} is a table.", code="bad_value", hint=hint)
        called = _called(name, key)
        what = _substance(called) if key == "reagents" else called
        if what in there:
            hint = "Write their sum in one line."
            raise InputError(f"{place} is there twice, also as {there[what]}.", code="bad_recipe", hint=hint)
        there[what] = called
        found[called] = amount_of(entry, called, place, of=key, volume=volume, in_file=in_file)
    return found


def _called(name: str, key: Table) -> str:
    """The name of a reagent as a bottle has it, or of an ion."""
    try:
        return reagent(name).name if key == "reagents" else ion_named(name)
    except InputError as error:
        hint = error.hint
        if key == "ions" and error.code == "unknown_ion":
            with suppress(InputError):
                hint = f"{reagent(name).name} is a reagent: write it below [reagents]."
        raise InputError(f"{key}: {error.message}", code=error.code, hint=hint) from None


def _substance(name: str) -> tuple[Any, ...]:
    """What two names of one reagent have in common: its atoms, what it releases, its water and its stock."""
    found = reagent(name)
    return found.formula, frozenset(found.totals.items()), found.water, found.stock


# --- one reader for each key ----------------------------------------------------------------------


def _text(key: str) -> Reader:
    def read(entry: Any, _: bool) -> str:
        if not isinstance(entry, str):
            hint = f'Write it as text, as in {key} = "...".'
            raise InputError(f"{key} is {_quoted(entry)}, not a text.", code="bad_value", hint=hint)
        if key == "name" and (not entry.strip() or unseen(entry)):
            raise InputError(f"name is {entry[:64]!r}.", code="bad_value", hint="Write one that can be read.")
        return entry

    return read


def _kind(entry: Any, _: bool) -> str:
    if isinstance(entry, str) and entry in ("pipette", "bath"):
        return entry
    others = {"internal": "pipette", "intracellular": "pipette", "inside": "pipette", "in": "pipette"}
    others |= {"external": "bath", "extracellular": "bath", "outside": "bath", "out": "bath"}
    meant = others.get(str(entry).strip().casefold())
    hint = f'Write kind = "{meant}".' if meant else near_miss(str(entry)[:64], ["pipette", "bath"])
    raise InputError(f"kind is {_quoted(entry)}; it is pipette or bath.", code="bad_value", hint=hint)


def _degrees(key: str) -> Reader:
    def read(entry: Any, in_file: bool) -> float:
        return in_water(_quantity(entry, key, "temperature", in_file, "32 degC"), key)

    return read


def in_water(temperature: float, where: str) -> float:
    """A temperature in K at which constants hold, or `out_of_range`."""
    if not COLDEST <= temperature <= HOTTEST:
        told = number(from_si(temperature, "temperature"))
        hint = "Solutions are read from -5 to 60 degC: the constants hold nowhere else."
        raise InputError(f"{where} is {told} degC.", code="out_of_range", hint=hint)
    return temperature


def _volume(entry: Any, in_file: bool) -> float:
    volume = _quantity(entry, "volume", "volume", in_file, "500 mL")
    if volume <= 0.0:
        raise InputError(f"volume is {_quoted(entry)}.", code="out_of_range", hint="Write one above 0.")
    return volume


def _pH(entry: Any, _: bool) -> float:
    if isinstance(entry, bool) or not isinstance(entry, int | float):
        hint = "Write a plain number, as in pH = 7.3."
        raise InputError(f"pH is {_quoted(entry)}, not a number.", code="bad_value", hint=hint)
    if not LOWEST <= entry <= HIGHEST:
        hint = f"A pH between {LOWEST:g} and {HIGHEST:g} is read; cells are near 7.3."
        raise InputError(f"pH is {entry:g}.", code="out_of_range", hint=hint)
    return float(entry)


def _titrant(entry: Any, in_file: bool) -> str:
    return titrant_of(_text("titrant")(entry, in_file)).name


def _gas(entry: Any, in_file: bool) -> float:
    return share_of_carbon_dioxide(_text("gas")(entry, in_file))


def _osmolality(entry: Any, in_file: bool) -> float:
    try:
        value = _quantity(entry, "measured_osmolality", "molality", in_file, "295 mOsm/kg")
    except InputError as error:
        hint = 'An osmometer reads per kg of water: write it as "295 mOsm/kg".'
        raise InputError(error.message, code=error.code, hint=hint) from None
    if not 0.0 < value < 10.0:
        told = number(from_si(value, "molality", "mOsm/kg"))
        hint = 'Write mOsm/kg, as in "295 mOsm/kg".'
        raise InputError(f"measured_osmolality is {told} mOsm/kg.", code="out_of_range", hint=hint)
    return value


READERS: Mapping[str, Reader] = MappingProxyType(
    {key: _text(key) for key in ("name", "notes", "source")}
    | {key: _degrees(key) for key in ("temperature", "pH_temperature")}
    | {"kind": _kind, "pH": _pH, "titrant": _titrant, "gas": _gas, "measured_osmolality": _osmolality}
    | {"volume": _volume}
)
"""What reads each key of a file that is no table."""

TABLES: tuple[Table, ...] = ("reagents", "ions")

ALIASES = MappingProxyType(
    {"ph": "pH", "salts": "reagents", "chemicals": "reagents", "recipe": "reagents", "celsius": "temperature"}
    | {"t": "temperature", "osmolality": "measured_osmolality", "osmolarity": "measured_osmolality"}
    | {"osm": "measured_osmolality", "osm_measured": "measured_osmolality", "mosm": "measured_osmolality"}
    | {"type": "kind", "ph_with": "titrant", "base": "titrant", "acid": "titrant", "ph_adjusted_with": "titrant"}
    | {"bubbled": "gas", "co2": "gas", "title": "name", "description": "notes", "reference": "source"}
)
"""What newcomers write for a key."""


def slip_of_toml(text: str, message: str) -> str:
    """The line to write where recipes are no TOML most often; empty where it is something else.

    >>> slip_of_toml("[reagents]\\nNaCl = 125 mM", "... (at line 2, column 12).")
    'What follows = needs quotes: NaCl = "125 mM".'
    """
    place = re.search(r"at line ([0-9]+)", message)
    line = int(place[1]) - 1 if place else -1 if "end of document" in message else None
    if line is None:
        return ""
    key, equals, value = (part.strip() for part in text.split("\n")[line].partition("="))
    key, value = key[:LONGEST], value.partition("#")[0].strip()[:LONGEST]
    if "overwrite" in message or "twice" in message:
        return f"{key} is there twice: write it once, with the sum."
    if not equals:
        return 'A line is a name, = and an amount: NaCl = "125 mM".'
    if not re.fullmatch(r"[A-Za-z0-9_-]+|\"[^\"]*\"", key):
        return (
            f'A name with other signs than letters, figures and hyphens needs quotes: "{key.strip(QUOTES)}" = {value}.'
        )
    if re.fullmatch(r"[0-9]+,[0-9]+", value):
        return f"Write a decimal dot: {key} = {value.replace(',', '.')}."
    return f'What follows = needs quotes: {key} = "{value.strip(QUOTES)}".'


def unknown_key(key: str, entry: Any) -> InputError:
    known = [*READERS, *TABLES]
    meant = ALIASES.get(str(key).casefold())
    if meant:
        hint = f"Write {meant}."
    elif isinstance(entry, str) and entry.strip()[:1].isdigit():
        hint = f"If it is a reagent, put it below a line [reagents]; else: {near_miss(str(key)[:64], known)}"
    else:
        hint = near_miss(str(key)[:64], known)
    return InputError(f"'{str(key)[:64]}' is no key of a recipe.", code="unknown_key", hint=hint)


def _quantity(entry: Any, key: str, dimension: str, in_file: bool, example: str) -> float:
    """One number in SI; a file's has its unit."""
    if in_file and isinstance(entry, int | float) and not isinstance(entry, bool):
        hint = f'Write it as text with its unit, as in {key} = "{example}".'
        raise InputError(f"{key} = {entry} has no unit.", code="no_unit", hint=hint)
    if isinstance(entry, str | int | float) and not isinstance(entry, bool):
        return float(to_si(cast("str | float", entry), dimension, key, bare_ok=not in_file))
    hint = f'Write it as in {key} = "{example}".'
    raise InputError(f"{key} is {_quoted(entry)}, not a quantity.", code="bad_value", hint=hint)


def _quoted(value: Any) -> str:
    """A value as a message quotes it."""
    text = f"'{value}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 66 else f"{text[:64]}..."
