"""Recipes with something wrong in one place: a recipe or an error that names the place, nothing else ever.

Every node of a recipe is replaced by each of a list of wrong things, lost, or renamed.
"""

from __future__ import annotations

import datetime
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from model.damage import damaged, places
from vrest.errors import InputError
from vrest.model.solution.recipe import Recipe, parse_recipe, recipe_from, recipes, write_recipe
from vrest.model.solution.recipe import read_recipe as read
from vrest.model.solution.solution import Solution, solution
from vrest.model.toml import check_nodes

PIPETTE = """
name = "mine"
kind = "pipette"
temperature = "32 degC"
pH = 7.3
pH_temperature = "22 degC"
titrant = "KOH"
gas = "air"
measured_osmolality = "295 mOsm/kg"
volume = "500 mL"
notes = "text"

[reagents]
K-gluconate = "110 mM"
KCl = "745 mg"
HEPES = "2.38 g/L"
"MgCl2.6H2O" = "2 mM"
Na2ATP = "2 mM"
EGTA = "1 mM"
"""
IONS = """
kind = "bath"
temperature = "22 degC"

[ions]
K = "2.8 mM"
Na = "145 mM"
Cl = "147.3 mM"
"HEPES(-1)" = "0.5 mM"
"""

WRONG: list[Any] = [
    0, 1, -1, 0.5, 1e308, -0.0, 10**30, -(2**63), 16**6000, float("nan"), float("inf"), True, False,
    "", " ", "x", "5", "5 mM", "-5 mM", "−5 mM", "1e999 mM", "1e-320 mM", "5 mM mM", "5 mEq/L", "5 mg/dL", "5 g", "5 %",
    "100 M", "295 mOsm", "7.3", "5 mm", "1,234 mM", "1-2 mM", "%", "K+", "HEPES", "NaCl", "KOH", "Ca(OH)2", "95/5", "-",
    "0% O2", "200 % CO2", "5% CO2 5% CO2", "-300 degC", "310 K", "22", "\0", "x" * 1000, "\n", "−", "{}", "é", "()",
    "(-1)", [], [1], ["K"], [[]], {}, {"a": 1}, {"K": "5 mM"}, {"": "5 mM"}, {"value": "5 mM"}, {"6H2O": "2 mM"},
    {1: 2},
    datetime.date(1979, 5, 27), datetime.time(7),
]  # fmt: skip
KEYS: list[Any] = [
    "", " ", "a b", "K+", "Ca", "KCl", "CaCl", "value", "ions", "reagents", "pH", "ph", "x" * 300, "\n", "é", 1,
    "HEPES", "HEPES(-1)", "HEPES(9)", "HEPES()", "(-1)", "K(2)", "MgMgATP(-2)", "H", "OH", "O2", "H2O", "Glu", "2", ".",
    "Na2.ATP",
]  # fmt: skip


def outcome(data: dict[str, Any], in_file: bool) -> Recipe | InputError:
    """What comes of the dictionary of a file."""
    try:
        check_nodes(data, "mine.toml")
        return recipe_from(data, "mine.toml", in_file=in_file)
    except InputError as error:
        return error


def content(recipe: Recipe) -> Solution | InputError:
    """What comes of a recipe."""
    try:
        return solution(recipe)
    except InputError as error:
        return error


def judge(data: dict[str, Any], *, in_file: bool, made_of: bool = True) -> Recipe | InputError:
    """A recipe, of which a solution is made if `made_of`, or an error with all that a person needs."""
    made = outcome(data, in_file)
    found = content(made) if isinstance(made, Recipe) and made_of else made
    if isinstance(found, Solution):
        charge = sum(each.charge * each.concentration for each in found.species)
        assert charge == pytest.approx(found.neutrality.charge, abs=1e-6 * max(found.ideal_osmolarity, 1.0))
        assert all(each.concentration >= -1e-9 for each in found.species)
        assert str(found)
    elif isinstance(found, InputError):
        assert found.code
        assert found.hint, found
        assert len(str(found)) < 1000, str(found)[:1000]
        return found
    return made


@pytest.mark.parametrize("text", [PIPETTE, IONS])
def test_each_wrong_thing_at_each_place(text):
    """What is read comes back from its text; a solution is made of each thirtieth."""
    data = tomllib.loads(text)
    assert isinstance(judge(data, in_file=True), Recipe)
    refused, count = 0, 0
    for path in places(data):
        for how, things in (("replace", WRONG), ("lose", [None]), ("rename", KEYS)):
            for what in things:
                count += 1
                made = judge(damaged(data, path, how, what), in_file=True, made_of=count % 30 == 0)
                refused += isinstance(made, InputError)
                if isinstance(made, Recipe):
                    assert parse_recipe(write_recipe(made)) == made
    assert refused > 500


@pytest.mark.library
@pytest.mark.parametrize("text", [PIPETTE, IONS])
def test_each_wrong_thing_at_each_place_is_a_solution_or_an_error(text):
    data = tomllib.loads(text)
    for path in places(data):
        for how, things in (("replace", WRONG), ("lose", [None]), ("rename", KEYS)):
            for what in things:
                judge(damaged(data, path, how, what), in_file=True)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=8), st.integers(), st.floats())))
def test_any_table_of_reagents_is_read_or_refused(table):
    judge({"reagents": table}, in_file=False)
    judge({"ions": table}, in_file=False)


@pytest.mark.parametrize(
    "wrong", ["[" * 2000, "a = ", "MgCl2·6H2O = '2 mM'", "{ a" + ".a" * 3000 + " = 1 }", "a = inf"]
)
def test_text_that_is_no_recipe(wrong):
    with pytest.raises(InputError, match=r"mine\.toml"):
        parse_recipe(wrong, "mine.toml")


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_of_the_library_comes_back_from_its_text(name):
    recipe = read(name)
    assert parse_recipe(write_recipe(recipe)) == recipe
    assert recipe.source
