"""`Cell.with_solutions`: contents, charge and osmolarity against the solutions, V against the GHK equation."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import vrest
from vrest.constants import F, R
from vrest.model.solution.neutrality import Neutrality
from vrest.model.solution.solution import Solution
from vrest.model.solution.species import Species

KELVIN = 305.15


def solution(name, kind, *species, **more):
    rows = [Species(name=n, charge=z, concentration=c, component=of, metal=metal) for n, z, c, of, metal in species]
    neutral = Neutrality(kind="neutral")
    return Solution(name=name, kind=kind, temperature=KELVIN, species=tuple(rows), neutrality=neutral, **more)


def strong(**amounts):
    charges = {"K": 1, "Na": 1, "Cs": 1, "Ca": 2, "Mg": 2, "Cl": -1, "gluconate": -1}
    return [(ion, charges[ion], c, ion, "") for ion, c in amounts.items()]


PIPETTE = solution(
    "internal",
    "pipette",
    *strong(K=140.0, Na=10.5, gluconate=120.0, Cl=21.0, Ca=0.0001, Mg=0.4999),
    ("HEPES(-1)", -1, 3.5, "HEPES", ""),
    ("HEPES(0)", 0, 6.5, "HEPES", ""),
    ("EGTA(-2)", -2, 0.5, "EGTA", ""),
    ("CaEGTA(-2)", -2, 0.5, "EGTA", "Ca"),
    ("MgATP(-2)", -2, 2.5, "ATP", "Mg"),
    totals={"ATP": 2.5},
)
BATH = solution(
    "aCSF",
    "bath",
    *strong(K=2.5, Na=150.5, Cl=132.0, Ca=2.0, Mg=1.0),
    ("carbonate(-1)", -1, 25.0, "carbonate", ""),
    ("phosphate(-2)", -2, 1.0, "phosphate", ""),
    ("glucose", 0, 10.0, "glucose", ""),
)


def held(which):
    return sum(s.concentration for s in which.species), sum(s.charge * s.concentration for s in which.species)


@pytest.fixture(scope="module")
def cell():
    return vrest.load("mammalian_neuron").with_solutions(PIPETTE, BATH)


def test_contents_are_those_of_the_solutions(cell):
    assert cell.contents("inside") == {"K": 140.0, "Na": 10.5, "Cl": 21.0}
    assert cell.contents("outside") == {"K": 2.5, "Na": 150.5, "Cl": 132.0}
    assert cell.temperature == KELVIN
    assert cell.compartments["inside"].kind == "dialysed"
    assert cell.sources["compartments.inside.ions.K"].text == "solution: internal"


@pytest.mark.parametrize(("side", "which"), [("inside", PIPETTE), ("outside", BATH)])
def test_osmolarity_and_charge_are_those_of_the_solutions(cell, side, which):
    amount, charge = held(which)
    assert cell.osmolarity(side) == pytest.approx(amount, rel=1e-12)
    x, z = cell.impermeant(side)
    total = sum(cell.valence()[ion] * c for ion, c in cell.contents(side).items()) + x * z
    assert total == pytest.approx(charge, abs=1e-9)


def test_v_at_once_is_that_of_the_ghk_equation(cell):
    """Without its pump; the pipette's contents, and the temperature of the recording."""
    leaks = cell.membranes["neuron"].transports
    k, na, cl = (leaks[f"{ion}_leak"].permeability for ion in ("K", "Na", "Cl"))
    v = 1e3 * R * KELVIN / F * math.log((k * 2.5 + na * 150.5 + cl * 21.0) / (k * 140.0 + na * 10.5 + cl * 132.0))
    assert vrest.rest(cell, "pump.max_rate*=0").v_rest == pytest.approx(v, abs=1e-6)
    assert vrest.explain(cell).rest.v_rest == vrest.rest(cell).v_rest


def test_bound_calcium_is_in_its_total_and_sees_no_channel():
    neuron = vrest.load("mammalian_neuron")
    wall = neuron.membranes["neuron"]
    transports = {**wall.transports, "Ca_leak": wall.transports["K_leak"]._with_si(ion="Ca", permeability=1e-12)}
    spaces = {n: c._with_si(ions={**c.ions, "Ca": 1e-4}) for n, c in neuron.compartments.items()}
    with_ca = neuron._with_si(compartments=spaces, membranes={"neuron": wall._with_si(transports=transports)})
    made = with_ca.with_solutions(PIPETTE, BATH)
    assert made.contents("inside")["Ca"] == pytest.approx(0.5001)
    assert made.compartments["inside"].free["Ca"] == pytest.approx(0.0001 / 0.5001)
    assert made.osmolarity("inside") == pytest.approx(held(PIPETTE)[0], rel=1e-12)
    expected = 1e3 * R * KELVIN / (2 * F) * math.log(2.0 / 0.0001)
    assert vrest.rest(made).E["Ca"] == pytest.approx(expected, abs=1e-6)


def test_the_pump_has_the_atp_of_the_pipette(cell):
    assert cell.membranes["neuron"].transports["pump"].atp == 2.5
    bare = vrest.load("mammalian_neuron").with_solutions(replace(PIPETTE, totals={}), BATH)
    (said,) = (n.message for n in vrest.notices(bare) if n.code == "no_atp")
    assert said == "'pump' stands still: 'internal' has no ATP"
    assert not [n for n in vrest.notices(cell) if n.code == "no_atp"]
    without = vrest.rest(bare).v_rest
    assert without == pytest.approx(vrest.rest(cell, "pump.max_rate*=0").v_rest, abs=1e-9)


def test_an_ion_that_neither_solution_has_is_said():
    pipette = replace(PIPETTE, species=tuple(s for s in PIPETTE.species if s.name != "Na"))
    bath = replace(BATH, species=tuple(s for s in BATH.species if s.name != "Na"))
    made = vrest.load("mammalian_neuron").with_solutions(pipette, bath)
    said = [n.message for n in vrest.notices(made) if n.code == "absent_ion"]
    assert any("'inside' names no Na" in text for text in said)
    assert any("'outside' names no Na" in text for text in said)


def test_it_can_be_written_and_read_again(cell):
    for name in ("mammalian_neuron", "red_blood_cell"):
        made = vrest.load(name).with_solutions(PIPETTE, BATH)
        again = vrest.parse_cell(vrest.write_cell(made))
        assert again == made
        assert vrest.rest(again).v_rest == pytest.approx(vrest.rest(made).v_rest, abs=1e-9)


def test_bicarbonate_is_the_form_of_carbonate():
    made = vrest.load("red_blood_cell").with_solutions(PIPETTE, BATH)
    assert made.contents("outside")["HCO3"] == 25.0
    assert made.contents("inside")["HCO3"] == 0.0


def test_cells_that_no_pipette_and_bath_fill_are_refused():
    for name in ("frog_skin", "huebel_ullah_2016", "muscle_tubule"):
        with pytest.raises(vrest.InputError) as error:
            vrest.load(name).with_solutions(PIPETTE, BATH)
        assert error.value.code == "not_one_bath"


def test_two_temperatures_are_refused():
    with pytest.raises(vrest.InputError) as error:
        vrest.load("mammalian_neuron").with_solutions(PIPETTE, replace(BATH, temperature=295.15))
    assert error.value.code == "temperatures_differ"


def test_what_to_know_of_the_solutions_is_known_of_the_cell():
    pipette = {"name": "internal", "reagents": {"KCl": 130, "HEPES": 10}, "pH": 7.3}
    bath = {"name": "saline", "ions": {"K": 3, "Na": 145, "Cl": 148}}
    cell = vrest.load("mammalian_neuron").with_solutions(pipette, bath)
    told = {each.code: each.message for each in vrest.notices(cell)}
    assert 'titrant = "KOH"' in told["no_titrant"]
    assert "'internal' has -4.1" in told["not_neutral"]
    assert "25 degC is taken" in told["no_temperature"]
    assert "no_temperature" not in {each.code for each in vrest.notices(vrest.apply(cell, "temperature=30 degC"))}
    titrated = vrest.load("mammalian_neuron").with_solutions(pipette | {"titrant": "KOH"}, bath, celsius=30)
    assert not {"no_titrant", "not_neutral", "no_temperature"} & {each.code for each in vrest.notices(titrated)}
