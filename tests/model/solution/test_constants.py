"""The table of constants is complete, its conventions are what they say, and files override it one list at a time."""

from __future__ import annotations

import math

import pytest

from vrest.errors import InputError
from vrest.model.solution.component import Constant
from vrest.model.solution.constants import CONSTANTS, constants
from vrest.model.solution.equilibrium import at_pH

EACH = [
    (f"{component.name} {what}", constant)
    for component in CONSTANTS.components.values()
    for what, constant in [
        *((f"pK {i}", pK) for i, pK in enumerate(component.pK)),
        *((f"{metal} {n}", each) for metal, listed in component.metals.items() for n, each in listed),
    ]
] + [("water", CONSTANTS.water), ("carbon dioxide", CONSTANTS.carbon_dioxide)]


@pytest.mark.parametrize(("name", "constant"), EACH, ids=[name for name, _ in EACH])
def test_every_constant_has_its_conditions_and_its_source(name, constant):
    assert len(constant.source) > 20
    assert (constant.convention == "thermodynamic") == (constant.ionic_strength == 0.0)
    assert 0.0 <= constant.ionic_strength <= 200.0
    assert 293.0 < constant.temperature < 311.0
    assert abs(constant.enthalpy) < 60e3
    assert -20.0 < constant.value < 20.0
    # what is said to be checked says where: a text with a DOI, or a program or a book by name
    assert not constant.checked or any(mark in constant.source for mark in ("doi", "public programs", "github.com"))


def test_all_that_was_asked_for_is_there():
    asked = {
        "HEPES",
        "MOPS",
        "PIPES",
        "MES",
        "BES",
        "Tris",
        "phosphate",
        "carbonate",
        "ATP",
        "ADP",
        "GTP",
        "EGTA",
        "BAPTA",
    }
    asked |= {"EDTA", "phosphocreatine", "citrate", "aspartate", "glutamate", "lactate", "gluconate"}
    assert asked <= CONSTANTS.components.keys()
    assert {"K", "Cl", "Ca", "Mg", "HEPES", "glucose", "methanesulfonate", "TEA", "Cs"} <= set(CONSTANTS.known)
    assert not {"HCO3", "H2PO4", "H", "OH"} & set(CONSTANTS.known)


@pytest.mark.parametrize("name", CONSTANTS.components)
def test_protons_leave_in_the_order_of_their_pk(name):
    pK = [each.value for each in CONSTANTS.components[name].pK]
    assert pK == sorted(pK, reverse=True)


def test_a_convention_changes_the_number_and_not_the_acid():
    """One acid three ways: pK' = pK + log10 of coefficients, which at 0.1 mol/L and 25 degC are 0.78 for charge 1."""
    at = {"ionic_strength": 100.0, "temperature": 298.15}
    coefficient = -math.log10(0.7811)
    mixed = Constant(value=7.0, convention="mixed", **at)
    # the electrode reads an activity: the same acid counted in concentrations has the smaller pK
    concentration = Constant(value=7.0 - coefficient, convention="concentration", **at)
    thermodynamic = Constant(
        value=7.0 + coefficient, convention="thermodynamic", ionic_strength=0.0, temperature=298.15
    )
    found = [each.dissociation(-1, 298.15) for each in (mixed, concentration, thermodynamic)]
    assert found == pytest.approx([found[0]] * 3, abs=2e-3)


def test_a_temperature_term_is_the_slope_of_the_pk():
    tris = CONSTANTS.components["Tris"].pK[0]
    slope = (tris.dissociation(0, 298.65) - tris.dissociation(0, 297.65)) / math.log(10.0)
    assert slope == pytest.approx(0.028, abs=5e-4)


# --- files ----------------------------------------------------------------------------------------------------------

MINE = (
    '{ value = 7.0, ionic_strength = "150 mM", temperature = "25 degC", convention = "mixed", source = "my titration" }'
)


@pytest.fixture
def file(tmp_path):
    def written(text):
        path = tmp_path / "my.toml"
        path.write_text(text, "utf-8")
        return path

    return written


def test_one_pk_is_overridden(file):
    mine = constants(file(f"[HEPES]\npK = [{MINE}]"))
    assert mine.components["HEPES"].pK[0].source == "my titration"
    assert not mine.components["HEPES"].pK[0].checked
    assert mine.components["EGTA"] == CONSTANTS.components["EGTA"]
    assert CONSTANTS.components["HEPES"].pK[0].value == 7.564
    # at its own ionic strength and temperature a mixed pK is where the halves are equal
    found = at_pH({"HEPES": 1e-6, "K": 150.0, "Cl": 150.0}, 7.0, 298.15, constants=mine)
    (base,) = (each.concentration for each in found.species if each.name == "HEPES(-1)")
    assert base == pytest.approx(0.5e-6, rel=2e-4)


def test_a_source_gives_its_conditions_to_all_of_its_constants(file):
    text = """
    [sources.paper]
    text = "A paper, doi 10.1000/1"
    ionic_strength = "100 mM"
    temperature = "20 degC"
    convention = "concentration"
    checked = true
    [EGTA]
    Ca = [{ value = 10.86, enthalpy = "-33 kJ/mol", source = "paper" }, { protons = 1, value = 5.3, source = "paper" }]
    """
    ca = constants(file(text)).components["EGTA"].metals["Ca"]
    assert [(protons, each.value, each.enthalpy) for protons, each in ca] == [(0, 10.86, -33e3), (1, 5.3, 0.0)]
    assert all(each.checked and each.source == "A paper, doi 10.1000/1" for _, each in ca)


def test_a_component_of_ones_own(file):
    mine = constants(file(f'neutral = ["dextran"]\n[oxalate]\ncharge = -2\npK = [{MINE}]\nCa = [{MINE}]'))
    found = at_pH({"oxalate": 1.0, "dextran": 2.0, "K": 2.0, "Ca": 1.0}, 7.0, 298.15, constants=mine)
    assert {"oxalate(-2)", "oxalate(-1)", "Ca-oxalate(0)", "dextran"} <= {each.name for each in found.species}


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (f"[HEPS]\npK = [{MINE}]", "unknown_component", "Did you mean 'HEPES'?"),
        (f"[oxalate]\npK = [{MINE}]", "unknown_component", "needs charge"),
        (f"[HEPES]\npKa = [{MINE}]", "unknown_key", "Did you mean 'pK'?"),
        ("[HEPES]\npK = [{ valu = 7.5 }]", "unknown_key", "Did you mean 'value'?"),
        ("[HEPES]\npK = [{ value = 7.5 }]", "bad_constant", "lacks ionic_strength, temperature, convention, source"),
        ("[HEPES]\npK = 7.5", "bad_constant", "not a list"),
        ("[HEPES]\npK = [7.5]", "bad_constant", "not a table"),
        (f"[HEPES]\ncharge = -2\npK = [{MINE}]", "bad_constant", "is -2, and -1 here"),
        (f"[EGTA]\npK = [{MINE}]\nCa = [{{ protons = 2, {MINE[1:]}]", "bad_constant", "more protons than there are pK"),
        ("[EGTA]\npK = []", "bad_constant", "fewer protons than a form that binds a metal"),
        (f"[HEPES]\npK = [{MINE.replace('mixed', 'activity')}]", "bad_constant", "Allowed: thermodynamic"),
        (f"[HEPES]\npK = [{MINE.replace('mixed', 'thermodynamic')}]", "bad_constant", "at ionic strength 0"),
        (f"[HEPES]\npK = [{MINE.replace('7.0', 'true')}]", "bad_constant", "not a number"),
        (f"[HEPES]\npK = [{MINE.replace('150 mM', '150')}]", "missing_unit", "has no unit"),
        (f"[HEPES]\npK = [{MINE.replace(chr(34) + '150 mM' + chr(34), '150')}]", "missing_unit", "has no unit"),
        (f"[HEPES]\npK = [{MINE.replace('25 degC', '25 mM')}]", "wrong_unit", "temperature"),
        (f"[HEPES]\npK = [{MINE.replace('7.0', '75')}]", "out_of_range", "a pK or log10 K"),
        (f"[HEPES]\npK = [{MINE[:-2]}, enthalpy = '20400 kJ/mol' }}]", "out_of_range", "500 kJ/mol"),
        (f"[PIPES]\npK = [{MINE.replace('7.0', '3')}, {MINE}]", "bad_constant", "highest first"),
        (f"[K]\ncharge = -1\npK = [{MINE}]", "bad_constant", "form without any proton"),
        ("HEPES = 7.5", "bad_constant", "not a table"),
        ("[HEPES", "bad_toml", "not valid TOML"),
    ],
)
def test_what_a_file_of_constants_may_not_say(file, text, code, told):
    with pytest.raises(InputError) as caught:
        constants(file(text))
    assert caught.value.code == code
    assert told in str(caught.value)
    assert "my.toml" in str(caught.value)


def test_no_such_file():
    with pytest.raises(InputError) as caught:
        constants("nowhere.toml")
    assert caught.value.code == "no_file"
