"""Recipes are read strictly: what is right gives SI numbers, what is wrong the line to write."""

import pickle

import pytest

from vrest.errors import InputError
from vrest.model.cellfile import load
from vrest.model.solution.gas import pressure_of_carbon_dioxide, share_of_carbon_dioxide
from vrest.model.solution.recipe import Recipe, parse_recipe, read_recipe, recipe_from, recipes
from vrest.model.solution.solution import solution

GOOD = """
name = "mine"
kind = "pipette"
temperature = "32 degC"
pH = 7.3
pH_temperature = "22 degC"
titrant = "KOH"
gas = "air"
measured_osmolality = "295 mOsm/kg"

[ions]
K = "140 mM"
"Cl-" = "139.5 mM"
SO4 = "250 uM"
"""


def test_a_recipe_is_read_in_SI():
    recipe = parse_recipe(GOOD)
    assert recipe.ions == {"K": 140.0, "Cl": 139.5, "SO4": 0.25}
    assert (recipe.name, recipe.kind, recipe.titrant) == ("mine", "pipette", "KOH")
    assert (recipe.temperature, recipe.pH_temperature, recipe.pH) == (305.15, 295.15, 7.3)
    assert recipe.measured_osmolality == pytest.approx(0.295, rel=1e-15)
    assert recipe.carbon_dioxide == pytest.approx(420e-6)
    assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_in_python_numbers_are_in_door_units():
    assert recipe_from({"ions": {"K": 140}, "temperature": 37}).temperature == 310.15
    assert recipe_from({"ions": {"K": "140"}}).ions == {"K": 140.0}


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ('[salts]\nKCl = "5 mM"', "unknown_key", "Write reagents."),
        ('ph = 7.3\n[ions]\nK = "5 mM"', "unknown_key", "Write pH."),
        ('KCl = "5 mM"', "unknown_key", "below a line [reagents]"),
        ('tempreature = "5 degC"\n[ions]\nK = "5 mM"', "unknown_key", "'temperature'"),
        ('[ions]\nK = "5 mM"\npH = 7.3', "unknown_key", "above the line [ions]"),
        ("[ions]\nK = 5", "no_unit", '"5 mM"'),
        ('[ions]\nK = "5"', "missing_unit", "'5 mM'"),
        ('[ions]\nK = "140 M"', "out_of_range", "M for mM"),
        ('[ions]\nK = "-5 mM"', "out_of_range", "0 or more"),
        ('[ions]\nK = "5 mEq/L"', "wrong_unit", "'5 mM'"),
        ('[ions]\nK = "5 mm"', "wrong_unit", "'mM'"),
        ("[ions]\nK = true", "bad_value", "20 mM"),
        ('[ions]\nK = "5 mM"\n"K+" = "5 mM"', "bad_recipe", "sum"),
        ('[ions]\ngluconat = "5 mM"', "unknown_ion", "'gluconate'"),
        ('[reagents]\nMgCl2.6H2O = "2 mM"', "bad_value", '"MgCl2.6H2O" = "2 mM"'),
        ('[reagents]\nKCl = "2 mM"\n[ions]\nK = "2 mM"', "bad_recipe", "one of them"),
        ("[reagents]\nNaCl = 125 mM", "bad_toml", 'NaCl = "125 mM"'),
        ('[reagents]\nMgCl2·6H2O = "2 mM"', "bad_toml", '"MgCl2·6H2O" = "2 mM"'),
        ('[reagents]\nNa gluconate = "2 mM"', "bad_toml", '"Na gluconate" = "2 mM"'),
        ("[reagents]\nNaCl = “2 mM”", "bad_toml", 'NaCl = "2 mM"'),
        ('[reagents]\nNaCl = "2 mM"\nNaCl = "3 mM"', "bad_toml", "twice"),
        ("[reagents]\nNaCl 125 mM", "bad_toml", 'NaCl = "125 mM"'),
        ('[reagents]\nKCl = "2 mM"\n"potassium chloride" = "3 mM"', "bad_recipe", "sum"),
        ('[reagents]\nTris = "2 mM"\n"Trizma base" = "3 mM"', "bad_recipe", "sum"),
        ('title = "a neuron"\n[compartments.inside]\nkind = "fixed"', "not_a_solution", "[reagents]"),
        ('pH = 7,4\n[ions]\nK = "5 mM"', "bad_toml", "pH = 7.4"),
        ("pH = 7.3", "empty_recipe", "[reagents]"),
        ("ions = 3", "bad_value", "[ions]"),
        ('pH = "7.3"\n[ions]\nK = "5 mM"', "bad_value", "pH = 7.3"),
        ('pH = 73\n[ions]\nK = "5 mM"', "out_of_range", "7.3"),
        ('temperature = 22\n[ions]\nK = "5 mM"', "no_unit", '"32 degC"'),
        ('temperature = "295 degC"\n[ions]\nK = "5 mM"', "kelvin_for_celsius", "kelvin"),
        ('temperature = "90 degC"\n[ions]\nK = "5 mM"', "out_of_range", "60 degC"),
        ('kind = "internal"\n[ions]\nK = "5 mM"', "bad_value", 'kind = "pipette"'),
        ('titrant = "KOH"\n[ions]\nK = "5 mM"', "no_pH", "pH = 7.3"),
        ('titrant = "5 M KOH"\npH = 7.3\n[ions]\nK = "5 mM"', "unknown_titrant", '"KOH"'),
        ('gas = "95/5"\n[ions]\nK = "5 mM"', "unknown_gas", "95% O2 5% CO2"),
        ('gas = "95% O2"\n[ions]\nK = "5 mM"', "bad_gas", "5% CO2"),
        ('gas = "98% O2 5% CO2"\n[ions]\nK = "5 mM"', "bad_gas", "95% O2 5% CO2"),
        ('gas = "5% CO2 5% CO2 90% O2"\n[ions]\nK = "5 mM"', "bad_gas", "95% O2 5% CO2"),
        ('gas = "95% CO2 5% O2"\n[ions]\nK = "5 mM"', "bad_gas", "swapped"),
        ('measured_osmolality = "295 mOsm"\n[ions]\nK = "5 mM"', "wrong_unit", "295 mOsm/kg"),
    ],
)
def test_what_a_newcomer_writes_wrong_gets_the_right_line(text, code, hint):
    with pytest.raises(InputError) as caught:
        parse_recipe(text, "mine.toml")
    assert caught.value.code == code
    assert hint in caught.value.hint
    assert caught.value.message.startswith("mine.toml")


def test_a_name_of_the_library_and_what_is_none():
    assert read_recipe(recipes()[0])
    with pytest.raises(InputError, match="'acsf'"):
        read_recipe("acfs")


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("95% O2 / 5% CO2", 0.05),
        ("carbogen (95 % O₂, 5 % CO₂)", 0.05),
        ("5% CO2 in air", 0.05),
        ("100% O2", 0.0),
        ("argon", 0.0),
        ("N2", 0.0),
    ],
)
def test_gases(text, share):
    assert share_of_carbon_dioxide(text) == share


def test_the_pressure_of_carbon_dioxide_is_that_of_physiology():
    """5 % of 760 - 47 mmHg at 37 degC."""
    assert pressure_of_carbon_dioxide(0.05, 310.15) == pytest.approx(35.65 * 133.322, rel=1e-3)


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({}, "[reagents]"),
        ({"ions": {"K+": 5.0}}, "Write K."),
        ({"ions": {"K": -5.0}}, "0 or more"),
        ({"reagents": {"KCl": float("nan")}}, "finite"),
        ({"ions": {"K": 5.0}, "pH": 7.3, "titrant": "koh"}, "Write KOH."),
    ],
)
def test_a_recipe_made_in_Python_is_checked_too(fields, hint):
    with pytest.raises(InputError) as caught:
        Recipe(name="x", **fields)
    assert hint in caught.value.hint


def test_solutions_are_computed_where_water_is():
    with pytest.raises(InputError, match="80 degC"):
        solution("tyrode", celsius=80)


@pytest.mark.parametrize(
    ("read", "name", "code", "told"),
    [
        (read_recipe, "mammalian_neuron", "unknown_solution", "It is a cell."),
        (load, "acsf", "unknown_cell", "It is a solution: fill a cell with it by --pipette or --bath"),
    ],
)
def test_a_cell_is_no_solution_and_a_solution_no_cell(read, name, code, told):
    with pytest.raises(InputError) as caught:
        read(name)
    assert (caught.value.code, told in str(caught.value)) == (code, True)
