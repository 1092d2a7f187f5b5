"""Recipes: what one weighs, or which ions there are, pH and titrant, gas and temperatures. Read from TOML, strictly."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from vrest.errors import InputError, located, near_miss
from vrest.model.notice import Notice
from vrest.model.solution.ion_names import ion_named
from vrest.model.solution.pasted import in_line, is_pasted, pasted, shortened
from vrest.model.solution.recipe_keys import READERS, TABLES, amounts, slip_of_toml, unknown_key
from vrest.model.solution.species import Side
from vrest.model.solution.titrant import TITRANTS, titrant_of
from vrest.model.toml import parse_toml
from vrest.numerals import quoted
from vrest.reading import read_text, there
from vrest.shown import Told
from vrest.tables import number
from vrest.units import format_si, from_door, from_si

LIBRARY = os.path.join(os.path.dirname(__file__), "library")
"""The folder of the recipes that come with the package."""

ROOM = from_door(25.0, "temperature")
"""K: what holds where a recipe says no temperature."""


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
    warnings
        What is to be known of the file of another program that it is from.

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
    warnings: tuple[Notice, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reagents", MappingProxyType(dict(self.reagents)))
        object.__setattr__(self, "ions", MappingProxyType(dict(self.ions)))
        for name, amount in (*self.reagents.items(), *self.ions.items()):
            if not 0.0 <= amount < math.inf:
                hint = "A concentration is finite, and 0 or more."
                raise InputError(f"'{self.name}': {name} is {amount}.", code="out_of_range", hint=hint)
        for name in self.ions:
            if ion_named(name) != name:
                raise InputError(
                    f"'{self.name}': {name} has a name.", code="unknown_ion", hint=f"Write {ion_named(name)}."
                )
        if self.titrant and self.titrant not in TITRANTS:
            told = f"'{self.name}': the titrant '{self.titrant}' has a name."
            raise InputError(told, code="unknown_titrant", hint=f"Write {titrant_of(self.titrant).name}.")
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
    """A recipe from a TOML file, from a file of pycsf or LJPcalc, from the library, or as papers have it.

    Parameters
    ----------
    path
        Of the file (its name ends in .toml, or the file exists), `-` for standard input, or a name of the library. A
        solution of another program's file is named behind it: `lab.json:aCSF`, `table.txt:pipette`. Or the recipe
        itself, with or without a file: `125 NaCl, 2.5 KCl, 10 HEPES, pH 7.4 with NaOH`, in mM.

    Raises
    ------
    InputError
        No such file (`no_file`) or solution (`unknown_solution`), what is no TOML (`bad_toml`), a key or a reagent that
        is not known (`unknown_key`, `unknown_reagent`, `unknown_ion`), an amount without unit (`no_unit`) or of another
        kind, two ways of saying what is in it (`bad_recipe`), a titrant without pH (`no_pH`).

    >>> read_recipe("acsf").kind
    'bath'
    """
    from vrest.model.solution.foreign import recipe_in  # it makes recipes itself

    text = os.fspath(path)
    if foreign := recipe_in(text):
        return foreign
    if text == "-" or text.endswith(".toml") or there(text):
        where = "standard input" if text == "-" else text
        stem = os.path.splitext(os.path.basename(text))[0]
        return parse_recipe(read_text(text, "bad_toml"), where, name="solution" if text == "-" else stem)
    if text in recipes():
        return parse_recipe(read_text(os.path.join(LIBRARY, f"{text}.toml"), "bad_toml"), text, name=text)
    if in_line(text):
        return parse_recipe(text, quoted(shortened(text)), name=shortened(text))
    from vrest.model.cellfile import library  # only here: its laws take time

    hint = near_miss(text, recipes()) + " A file of your own ends in .toml; a recipe in one line is '20 KCl, ...'."
    hint = f"It is a cell. {hint}" if text in library() else hint
    raise InputError(f"There is no solution '{text}'.", code="unknown_solution", hint=hint)


def parse_recipe(text: str, where: str = "the text", *, name: str = "solution") -> Recipe:
    """A recipe from TOML text, or as papers have it; messages call it `where`, and it is `name` where it does not say.

    Raises
    ------
    InputError
        As of `read_recipe`.

    >>> parse_recipe('[reagents]\\nKCl = "140 mM"').reagents["KCl"]
    140.0
    """
    if is_pasted(text):
        with located(where):
            data = pasted(text)
        return recipe_from(data, where, name=name, in_file=True)
    try:
        data = parse_toml(text, where)
    except InputError as error:
        hint = slip_of_toml(text, error.message) if error.code == "bad_toml" else ""
        raise InputError(error.message, code=error.code, hint=hint or error.hint) from None
    return recipe_from(data, where, name=name, in_file=True)


def write_recipe(recipe: Recipe) -> str:
    """A recipe as TOML text; read again it is equal, bit for bit.

    Parameters
    ----------
    recipe
        As of `read_recipe`.

    >>> print(write_recipe(Recipe(name="saline", reagents={"NaCl": 154.0}, pH=7.0)))
    name = "saline"
    pH = 7.0
    <BLANKLINE>
    [reagents]
    NaCl = "154 mM"
    <BLANKLINE>
    """
    written: dict[str, str] = {key: getattr(recipe, key) for key in ("name", "kind", "source", "notes")}
    for key in ("temperature", "pH_temperature", "volume"):
        value = getattr(recipe, key)
        written[key] = "" if value is None else format_si(value, "volume" if key == "volume" else "temperature")
    written["titrant"] = recipe.titrant
    if recipe.carbon_dioxide is not None:
        written["gas"] = f"{100.0 * recipe.carbon_dioxide:.12g}% CO2"
    if recipe.measured_osmolality is not None:
        written["measured_osmolality"] = f"{from_si(recipe.measured_osmolality, 'molality', 'mOsm/kg'):.12g} mOsm/kg"
    lines = [f"{key} = {_quoted(text)}" for key, text in written.items() if text]
    if recipe.pH is not None:
        lines.append(f"pH = {recipe.pH!r}")
    for table in TABLES:
        if there_is := getattr(recipe, table):
            told = [f"{_key(name)} = {_quoted(format_si(c, 'concentration'))}" for name, c in there_is.items()]
            lines += ["", f"[{table}]", *told]
    return "\n".join([*(f"# {' '.join(each.message.split())}" for each in recipe.warnings), *lines, ""])


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    """Text as TOML has it; a basic string of JSON is one of TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def recipe_from(
    data: Mapping[str, Any], where: str = "the recipe", *, name: str = "solution", in_file: bool = False
) -> Recipe:
    """A recipe from the dictionary of its file; numbers without unit are mM and degC where it is not `in_file`.

    >>> recipe_from({"reagents": {"NaCl": 145, "HEPES": "10 mM"}, "pH": 7.4, "titrant": "NaOH"}).titrant
    'NaOH'
    """
    given: dict[str, Any] = {"name": name}
    with located(where):
        if "compartments" in data or "membranes" in data:
            hint = "A solution has [reagents] or [ions]: 'vrest solution acsf --toml' prints one to start from."
            raise InputError("it is a cell, and no solution.", code="not_a_solution", hint=hint)
        for key, entry in data.items():
            if key in READERS:
                given[key] = READERS[key](entry, in_file)
            elif key not in TABLES:
                raise unknown_key(key, entry)
        if "gas" in given:
            given["carbon_dioxide"] = given.pop("gas")
        for key in TABLES:
            if key in data:
                given[key] = amounts(data[key], key, given.get("volume"), in_file)
        return Recipe(**given)
