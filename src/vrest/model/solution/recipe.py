"""Recipes: what one weighs, or which ions there are, pH and titrant, gas and temperatures. Read from TOML, strictly."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, cast

from vrest.constants import ZERO_CELSIUS
from vrest.errors import InputError, near_miss
from vrest.model.solution.amounts import amount_of
from vrest.model.solution.gas import share_of_carbon_dioxide
from vrest.model.solution.reagents import reagent
from vrest.model.solution.species import Side
from vrest.model.solution.titrant import titrant_of
from vrest.model.solution.written import ion_named
from vrest.model.toml import parse_toml
from vrest.reading import read_text, there
from vrest.shown import Told
from vrest.tables import number
from vrest.units import from_si, to_si

LIBRARY = os.path.join(os.path.dirname(__file__), "library")
"""The folder of the recipes that come with the package."""

Table = Literal["reagents", "ions"]
Reader = Callable[[Any, bool], Any]
"""Takes what stands there, and whether it stands in a file."""

ROOM = ZERO_CELSIUS + 25.0
"""K: what holds where a recipe says no temperature."""

LOWEST, HIGHEST = 2.0, 12.0
"""pH: beyond, constants of dissociation do not hold, and water's own ions would count."""


@dataclass(frozen=True, kw_only=True)
class Recipe(Told):
    """What a solution is made of.

    Parameters
    ----------
    name
        What it is called.
    kind
        `pipette` or `bath`; empty where it is not said.
    reagents
        Concentrations, mol/m3, by the names of reagents (`KCl`, `HEPES`, `MgCl2.6H2O`); empty where `ions` are given.
    ions
        Concentrations, mol/m3, of ions (`K`, `gluconate`), of acids and bases of any charge (`HEPES`, whose charge the
        pH says) or of one form of them (`HEPES(-1)`).
    pH
        As it was set, at `pH_temperature`; None where it is not said.
    pH_temperature
        K; None where it is not said.
    temperature
        Of the recording, K; None where it is not said.
    titrant
        What the pH was set with, by its name in `TITRANTS`; empty where it is not said.
    carbon_dioxide
        Share of CO2 in the dry gas; None where no gas is said.
    measured_osmolality
        mol/kg; compared, never used to correct.
    volume
        That it is weighed for, m3; None where it is not said.
    notes, source
        Texts.

    Raises
    ------
    InputError
        As of `read_recipe`.

    >>> Recipe(name="KCl", ions={"K": 140.0, "Cl": 140.0})
    Recipe 'KCl'
      140 K, 140 Cl mM
    """

    name: str = "solution"
    kind: Side = ""
    reagents: Mapping[str, float] = field(default_factory=dict)
    ions: Mapping[str, float] = field(default_factory=dict)
    pH: float | None = None
    pH_temperature: float | None = None
    temperature: float | None = None
    titrant: str = ""
    carbon_dioxide: float | None = None
    measured_osmolality: float | None = None
    volume: float | None = None
    notes: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reagents", MappingProxyType(dict(self.reagents)))
        object.__setattr__(self, "ions", MappingProxyType(dict(self.ions)))
        if self.reagents and self.ions:
            raise InputError(
                f"'{self.name}' has [reagents] and [ions].",
                code="bad_recipe",
                hint="Write one of them: the ions of the reagents are counted already.",
            )
        if not (self.reagents or self.ions):
            hint = 'Write what is in it below [reagents], as in KCl = "140 mM", or below [ions].'
            raise InputError(f"'{self.name}' has nothing in it.", code="empty_recipe", hint=hint)
        if self.titrant and self.pH is None:
            hint = "Write the pH that was set, as in pH = 7.3: how much it took follows from it."
            raise InputError(f"'{self.name}' has a titrant and no pH.", code="no_pH", hint=hint)

    def __getstate__(self) -> dict[str, Any]:
        return {key: dict(v) if isinstance(v, MappingProxyType) else v for key, v in vars(self).items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({key: MappingProxyType(v) if isinstance(v, dict) else v for key, v in state.items()})

    def _brief(self) -> Iterable[str]:
        yield f"Recipe '{self.name}'" + (f" ({self.kind})" if self.kind else "")
        listed = (self.reagents or self.ions).items()
        yield "  " + ", ".join(f"{number(from_si(c, 'concentration'))} {name}" for name, c in listed) + " mM"
        if self.pH is not None:
            yield f"  pH {number(self.pH)}" + (f" with {self.titrant}" if self.titrant else "")


def recipes() -> list[str]:
    """Names of the solutions that come with the package, sorted.

    >>> "acsf" in recipes()
    True
    """
    return sorted(name[:-5] for name in os.listdir(LIBRARY) if name.endswith(".toml"))


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """A recipe from a TOML file or from the library.

    Parameters
    ----------
    path
        Of the file (its name ends in .toml, or the file exists), `-` for standard input, or a name of the library.

    Raises
    ------
    InputError
        No such file (`no_file`) or solution (`unknown_solution`), what is no TOML (`bad_toml`), a key or a reagent that
        is not known (`unknown_key`, `unknown_reagent`, `unknown_ion`), an amount without unit (`no_unit`) or of another
        kind, two ways of saying what is in it (`bad_recipe`), a titrant without pH (`no_pH`).

    >>> read_recipe("acsf").kind
    'bath'
    """
    text = os.fspath(path)
    if text == "-" or text.endswith(".toml") or there(text):
        where = "standard input" if text == "-" else text
        stem = os.path.splitext(os.path.basename(text))[0]
        return parse_recipe(read_text(text, "bad_toml"), where, name="solution" if text == "-" else stem)
    if text in recipes():
        return parse_recipe(read_text(os.path.join(LIBRARY, f"{text}.toml"), "bad_toml"), text, name=text)
    hint = near_miss(text, recipes()) + " A file of your own ends in .toml."
    raise InputError(f"There is no solution '{text}'.", code="unknown_solution", hint=hint)


def parse_recipe(text: str, where: str = "the text", *, name: str = "solution") -> Recipe:
    """A recipe from TOML text; messages call it `where`, and it is called `name` where it does not say.

    Raises
    ------
    InputError
        As of `read_recipe`.

    >>> parse_recipe('[reagents]\\nKCl = "140 mM"').reagents["KCl"]
    140.0
    """
    return recipe_from(parse_toml(text, where), where, name=name, in_file=True)


def recipe_from(
    data: Mapping[str, Any], where: str = "the recipe", *, name: str = "solution", in_file: bool = False
) -> Recipe:
    """A recipe from the dictionary of its file; numbers without unit are mM and degC where it is not `in_file`.

    >>> recipe_from({"reagents": {"NaCl": 145, "HEPES": "10 mM"}, "pH": 7.4, "titrant": "NaOH"}).titrant
    'NaOH'
    """
    given: dict[str, Any] = {"name": name}
    with _at(where):
        for key, entry in data.items():
            if key in READERS:
                given[key] = READERS[key](entry, in_file)
            elif key not in TABLES:
                raise _unknown_key(key, entry)
        if "gas" in given:
            given["carbon_dioxide"] = given.pop("gas")
        for key in TABLES:
            if key in data:
                given[key] = _amounts(data[key], key, given.get("volume"), in_file)
        return Recipe(**given)


@contextmanager
def _at(where: str) -> Iterator[None]:
    """Errors say which recipe they are of."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{where}: {error.message}", code=error.code, hint=error.hint) from None


def _amounts(table: Any, key: Table, volume: float | None, in_file: bool) -> dict[str, float]:
    """The concentrations of a table of reagents, by the names that it has, or of ions, by their own."""
    if not isinstance(table, Mapping):
        hint = f'Write a table: a line [{key}], and below it KCl = "20 mM".'
        raise InputError(f"{key} is {_quoted(table)}, not a table.", code="bad_value", hint=hint)
    found: dict[str, float] = {}
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
        if called in found:
            hint = "Write their sum in one line."
            raise InputError(f"{place} is there twice, also as {called}.", code="bad_recipe", hint=hint)
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


# --- one reader for each key ----------------------------------------------------------------------


def _text(key: str) -> Reader:
    def read(entry: Any, _: bool) -> str:
        if not isinstance(entry, str):
            hint = f'Write it as text, as in {key} = "...".'
            raise InputError(f"{key} is {_quoted(entry)}, not a text.", code="bad_value", hint=hint)
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
        value = _quantity(entry, key, "temperature", in_file, "32 degC")
        if value < ZERO_CELSIUS - 5.0 or value > ZERO_CELSIUS + 60.0:
            told = number(from_si(value, "temperature"))
            hint = "Solutions are read from -5 to 60 degC: the constants hold nowhere else."
            raise InputError(f"{key} is {told} degC.", code="out_of_range", hint=hint)
        return value

    return read


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
        told = number(1e3 * value)
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


def _unknown_key(key: str, entry: Any) -> InputError:
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
