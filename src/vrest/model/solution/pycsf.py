"""Databases of pycsf (JSON): reagents with their ions, and solutions made of them.

https://github.com/campagnola/pycsf
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from vrest.errors import InputError, near_miss
from vrest.model.notice import Notice
from vrest.model.solution.reagents import Reagent, reagent
from vrest.model.solution.recipe import Recipe
from vrest.model.solution.species import Side
from vrest.tables import number

COLUMNS = MappingProxyType(
    {"Na": "Na", "K": "K", "Cl": "Cl", "Ca": "Ca", "Mg": "Mg", "SO4": "SO4", "PO4": "phosphate", "Cs": "Cs"}
)
"""The ions that pycsf counts, by its columns, and what vrest counts them as."""

SIDES: Mapping[str, Side] = MappingProxyType({"internal": "pipette", "external": "bath"})

LITTLE = 1.0
"""mol/m3: a substance without ions that vrest does not know may be left out up to here, and it is told."""


@dataclass(frozen=True)
class _Row:
    """A row of pycsf's table of reagents, and what vrest has for it."""

    name: str
    formula: str
    mass: float
    osmoles: float
    ions: Mapping[str, float]
    known: Reagent | None


def parse(text: str, where: str) -> dict[str, Recipe]:
    """The recipes of a database, by name; messages call it `where`."""
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{where} is not valid JSON: {error}.", code="bad_file", hint="Save it again.") from None
    if not (isinstance(data, dict) and {"reagents", "solutions"} <= set(data)):
        raise InputError(
            f"{where} is no database of pycsf: it lacks 'reagents' and 'solutions'.",
            code="unknown_format",
            hint="Save the whole database in pycsf.",
        )
    rows = {row.name: row for row in _rows(data["reagents"], where)}
    recipes: dict[str, Recipe] = {}
    ions: dict[str, set[str]] = {}
    compared: dict[str, str] = {}
    for index, each in enumerate(_list(data["solutions"], f"{where}: solutions")):
        place = f"{where}: solutions[{index}]"
        name = str(_entry(each, "name", str, place))
        if name in recipes:
            raise InputError(f"{place}: '{name}' is there twice.", code="bad_file", hint="Rename one in pycsf.")
        amounts, left_out = _amounts(each, rows, place)
        ions[name] = {ion for row, _ in amounts for ion in row.ions}
        compared[name] = str(each.get("compareAgainst"))
        recipes[name] = Recipe(
            name=name,
            kind=SIDES.get(str(each.get("type")), ""),
            reagents=_summed((row.known.name, c) for row, c in amounts if row.known is not None),
            notes=_words(each.get("notes")),
            warnings=(*left_out, *(notice for row, _ in amounts for notice in _differences(row))),
        )
    if not recipes:
        raise InputError(f"{where} has no solutions.", code="bad_file", hint="Make one in pycsf, and save it.")
    return {name: _warned(recipe, compared[name], ions) for name, recipe in recipes.items()}


def _summed(amounts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Amounts by name: two rows of a database may be one reagent."""
    found: dict[str, float] = {}
    for name, c in amounts:
        found[name] = found.get(name, 0.0) + c
    return found


def _warned(recipe: Recipe, other: str, ions: Mapping[str, set[str]]) -> Recipe:
    """With what pycsf hides where it compares a recipe with another: it adds 1e-6 mM to both sides of every ion."""
    alone = sorted(ions[recipe.name] ^ ions[other], key=list(COLUMNS).index) if other in ions else []
    if not alone:
        return recipe
    told = (
        f"{recipe.name} against {other}: one side has no {', no '.join(alone)}; pycsf takes 1e-6 mM for none, so that"
        " it prints hundreds of mV where there is no reversal potential"
    )
    return replace(recipe, warnings=(*recipe.warnings, Notice("hidden_zero", told)))


def _rows(table: Any, where: str) -> Iterator[_Row]:
    for index, each in enumerate(_list(table, f"{where}: reagents")):
        place = f"{where}: reagents[{index}]"
        name = str(_entry(each, "name", str, place))
        formula = str(each.get("formula") or "")
        numbers = {key: _number(each, key, place) for key in ("molweight", "osmconst", *COLUMNS)}
        ions = {column: numbers[column] for column in COLUMNS if numbers[column]}
        yield _Row(name, formula, numbers["molweight"], numbers["osmconst"], ions, _known(name, formula))


def _known(name: str, formula: str) -> Reagent | None:
    """What vrest has for a row, by its formula or, without one that is read, by its name."""
    for text in (formula, name):
        try:
            if text:
                return reagent(text)
        except InputError:
            continue
    return None


def _why(row: _Row) -> str:
    """What is the matter with a row that vrest does not know."""
    hints: dict[str, str] = {}
    for text in (row.formula, row.name):
        try:
            reagent(text)
        except InputError as error:
            hints[error.code] = error.hint
    return hints.get("which_salt", hints.get("not_neutral", ""))


def _amounts(each: Any, rows: Mapping[str, _Row], place: str) -> tuple[list[tuple[_Row, float]], list[Notice]]:
    """The rows of a solution with their concentrations, mol/m3 (pycsf's mM), and what is left out."""
    amounts: list[tuple[_Row, float]] = []
    left_out: list[Notice] = []
    for name, value in _entry(each, "reagents", dict, place).items():
        if name not in rows:
            hint = near_miss(name, list(rows)) if rows else "Save the whole database in pycsf."
            raise InputError(f"{place}: '{name}' is no reagent of this file.", code="bad_file", hint=hint)
        c = _number({"c": value}, "c", f"{place}.{name}")
        row = rows[name]
        if row.known is not None:
            amounts.append((row, c))
        elif row.ions or c > LITTLE:
            raise InputError(
                f"{place}: vrest has no reagent '{name}', of which there are {number(c)} mM.",
                code="unknown_reagent",
                hint=f"{_why(row)} Rename it in pycsf, or write the recipe in TOML.".lstrip(),
            )
        else:
            told = f"{number(c)} mM of {name} are left out: vrest does not know it, and the file has no ions of it"
            left_out.append(Notice("left_out", told))
    return amounts, left_out


def _differences(row: _Row) -> Iterator[Notice]:
    """In what a row of the file differs from the reagent that vrest counts."""
    own = row.known
    assert own is not None
    ours = {column: own.totals[key] for column, key in COLUMNS.items() if key in own.totals}
    wrong = sorted({*ours, *row.ions}, key=list(COLUMNS).index)
    wrong = [ion for ion in wrong if abs(ours.get(ion, 0.0) - row.ions.get(ion, 0.0)) > 1e-9]
    if wrong:
        said = " and ".join(f"{number(row.ions.get(ion, 0.0))} {ion}" for ion in wrong)
        counted = ", ".join(f"{number(n)} {name}" for name, n in own.totals.items())
        yield Notice("other_ions", f"{row.name} releases {said} in this file; counted are {counted}")
    if own.stock is None and own.water is not None and abs(row.mass / own.molar_mass - 1.0) > 0.01:
        told = f"{row.name} weighs {number(row.mass)} g/mol in this file; {own.name} is {number(own.molar_mass)}"
        yield Notice("other_mass", told)
    osmoles = own.osmotic_coefficient * sum(own.totals.values())
    if abs(row.osmoles / osmoles - 1.0) > 0.2:
        told = f"{row.name} counts as {number(row.osmoles)} osmoles in this file; counted are {number(osmoles)}"
        yield Notice("other_osmoles", told)


def _list(entry: Any, place: str) -> list[Any]:
    if isinstance(entry, list):
        return entry
    raise InputError(f"{place} is no list.", code="bad_file", hint="Save the whole database in pycsf.")


def _entry(each: Any, key: str, kind: type, place: str) -> Any:
    if isinstance(each, dict) and isinstance(each.get(key), kind):
        return each[key]
    raise InputError(f"{place} lacks '{key}'.", code="bad_file", hint="Save the whole database in pycsf.")


def _number(each: Mapping[str, Any], key: str, place: str) -> float:
    """A number that is not negative; a column that is not there is 0, as in older files."""
    value = each.get(key, 0)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value < 1e6:
        return float(value)
    told = f"{place}: {key} is {str(value)[:64]!r}, not a number from 0 on."
    raise InputError(told, code="bad_file", hint="Correct it in pycsf.")


def _words(notes: Any) -> str:
    """Notes without the marks of rich text."""
    return " ".join(re.sub(r"<[^>]*>", " ", str(notes or "")).split())
