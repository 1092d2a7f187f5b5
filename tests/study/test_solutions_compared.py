"""`compare_solutions`: Nernst potentials of what is free, driving forces, and what is undefined."""

from __future__ import annotations

import math

import pytest

from vrest.constants import F, R
from vrest.errors import InputError
from vrest.model.solution.neutrality import Neutrality
from vrest.model.solution.solution import Solution
from vrest.model.solution.species import Species
from vrest.study.junction.ljp import ljp
from vrest.study.solutions_compared import compare_solutions


def solution(name, *species, temperature=305.15):
    rows = [Species(name=n, charge=z, concentration=c, component=of, metal=metal) for n, z, c, of, metal in species]
    neutral = Neutrality(kind="neutral")
    return Solution(name=name, kind="", temperature=temperature, species=tuple(rows), neutrality=neutral)


PIPETTE = solution(
    "internal",
    ("K", 1, 140.0, "K", ""),
    ("gluconate", -1, 120.0, "gluconate", ""),
    ("Ca", 2, 1e-4, "Ca", ""),
    ("CaEGTA(-2)", -2, 0.5, "EGTA", "Ca"),
    ("EGTA(-2)", -2, 0.5, "EGTA", ""),
)
BATH = solution(
    "aCSF",
    ("K", 1, 2.5, "K", ""),
    ("Na", 1, 150.0, "Na", ""),
    ("Ca", 2, 2.0, "Ca", ""),
    ("carbonate(-1)", -1, 25.0, "carbonate", ""),
)


def by_ion(compared):
    return {each.ion: each for each in compared.ions}


def test_reversals_and_driving_forces():
    rows = by_ion(compare_solutions(PIPETTE, BATH))
    phi = 1e3 * R * 305.15 / F
    e_k, e_ca = phi * math.log(2.5 / 140.0), phi / 2 * math.log(2.0 / 1e-4)  # of what is free
    found = [rows["K"].E, rows["Ca"].E]
    assert found == pytest.approx([e_k, e_ca], abs=1e-9)
    assert rows["Ca"].total_inside == pytest.approx(0.5001)


@pytest.mark.parametrize(("config", "sign"), [("whole-cell", 1), ("inside-out", -1)])
def test_driving_forces_are_at_the_potential_with_the_junction_off(config, sign):
    pipette = {"ions": {"K": 145, "Na": 13, "Cl": 13, "gluconate": 145}}
    bath = {"ions": {"K": 3, "Na": 145, "Cl": 148}}
    compared = compare_solutions(pipette, bath, celsius=22, measured=-60, config=config)
    e_k = sign * 1e3 * R * 295.15 / F * math.log(3 / 145)
    v = sign * (-60 - ljp(pipette, bath, celsius=22).value)
    found = by_ion(compared)["K"]
    assert (found.E, found.driving_force) == pytest.approx((e_k, v - e_k), abs=1e-9)
    assert compared.as_dict()["v"] == pytest.approx(v)
    assert "You read -60.0 mV" in str(compared)


def test_without_a_reading_there_are_no_driving_forces_and_no_junction():
    """An ion whose mobility nobody knows is no reason to refuse its Nernst potential."""
    compared = compare_solutions(PIPETTE, BATH)
    assert compared.v is None
    assert "V - E" not in str(compared)


def test_undefined_is_said_and_not_made_up():
    compared = compare_solutions(PIPETTE, BATH)
    rows = by_ion(compared)
    assert rows["gluconate"].E is rows["gluconate"].driving_force is None
    assert rows["gluconate"].undefined == "outside"
    assert rows["HCO3"].undefined == rows["Na"].undefined == "inside"
    assert "E is undefined of what one side lacks: Na and HCO3 inside; gluconate outside." in compared.as_text(200)


def test_forms_of_buffers_are_no_ions_of_their_own():
    assert set(by_ion(compare_solutions(PIPETTE, BATH))) == {"K", "Na", "gluconate", "Ca", "HCO3"}


def test_two_temperatures_are_refused():
    warmer = solution("warm", ("K", 1, 2.5, "K", ""), temperature=310.15)
    with pytest.raises(InputError, match=r"'internal' at 32 degC and 'warm' at 37 degC"):
        compare_solutions(PIPETTE, warmer)


def test_cell_attached_has_neither_solution_inside():
    with pytest.raises(InputError) as error:
        compare_solutions(PIPETTE, BATH, config="cell-attached")
    assert error.value.code == "relative_potential"


def test_reversals_of_protons_are_by_the_pH():
    pipette, bath = ({"reagents": {salt: 140, "HEPES": 10}, "pH": pH, "titrant": "KOH"} for salt, pH in (
        ("KCl", 7.2), ("NaCl", 7.5)))  # fmt: skip
    rows = by_ion(compare_solutions(pipette, bath, celsius=25))
    found, expected = [rows["H"].E, rows["OH"].E], 1e3 * R * 298.15 / F * math.log(10) * (7.2 - 7.5)
    assert found == pytest.approx([expected, expected], abs=1e-6)


def test_what_to_know_of_the_solutions_is_told_without_a_reading_too():
    found = compare_solutions({"ions": {"K": 140, "Cl": 130}}, {"ions": {"Na": 140, "Cl": 140}})
    assert {each.code for each in found.warnings} == {"not_neutral", "no_temperature"}


@pytest.mark.parametrize(("config", "told"), [("whole-cell", True), ("inside-out", False)])
def test_a_bath_in_the_place_of_the_pipette_is_remarked_without_a_reading_too(config, told):
    found = compare_solutions("acsf", "k_gluconate_internal", celsius=32, config=config)
    assert ("sides_look_swapped" in {each.code for each in found.warnings}) == told


@pytest.mark.parametrize("measured", [None, -60])
def test_what_a_perforated_patch_leaves_open_is_told(measured):
    found = compare_solutions("k_gluconate_internal", "acsf", celsius=32, config="perforated", measured=measured)
    (told,) = (each.message for each in found.warnings if each.code == "perforated")
    assert "Donnan" in told
    assert "pass only some ions" in told


def test_activities_stand_beside_where_ionic_strengths_differ():
    """By Davies' equation written anew: one salt at 145 and 75 mM, 22 degC."""
    salt = [{"ions": {"Na": c, "Cl": c}} for c in (145, 75)]
    found = {each.ion: each for each in compare_solutions(*salt, celsius=22).ions}
    eps = 87.740 - 0.40008 * 22 + 9.398e-4 * 22**2 - 1.410e-6 * 22**3
    slope = 1.82483e6 * (eps * 295.15) ** -1.5
    logs = [-slope * (math.sqrt(i) / (1 + math.sqrt(i)) - 0.3 * i) for i in (0.145, 0.075)]
    more = 8.314462618 * 295.15 / 96485.33212 * math.log(10) * (logs[1] - logs[0]) * 1e3
    assert found["Na"].E_active - found["Na"].E == pytest.approx(more, abs=2e-3)
    assert found["Cl"].E_active - found["Cl"].E == pytest.approx(-more, abs=2e-3)
    assert "By activities (Davies): E_" in " ".join(str(compare_solutions(*salt, celsius=22)).split())


@pytest.mark.parametrize("concentrations", [(145, 140), (3000, 145)])
def test_activities_that_cancel_or_are_not_known_are_left_out(concentrations):
    salt = [{"ions": {"Na": c, "Cl": c}} for c in concentrations]
    assert {each.E_active for each in compare_solutions(*salt, celsius=22).ions} == {None}
