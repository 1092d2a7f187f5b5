"""`compare_solutions`: Nernst potentials of what is free, driving forces, and what is undefined."""

from __future__ import annotations

import math

import pytest

from vrest.constants import F, R
from vrest.errors import InputError
from vrest.model.solution.neutrality import Neutrality
from vrest.model.solution.solution import Solution
from vrest.model.solution.species import Species
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
    rows = by_ion(compare_solutions(PIPETTE, BATH, v=-0.0761))
    phi = 1e3 * R * 305.15 / F
    e_k, e_ca = phi * math.log(2.5 / 140.0), phi / 2 * math.log(2.0 / 1e-4)  # of what is free
    found = [rows["K"].E, rows["Ca"].E]
    assert found == pytest.approx([e_k, e_ca], abs=1e-9)
    assert rows["Ca"].total_inside == pytest.approx(0.5001)
    assert rows["K"].driving_force == pytest.approx(-76.1 - e_k, abs=1e-9)


def test_undefined_is_said_and_not_made_up():
    compared = compare_solutions(PIPETTE, BATH, v=-0.0761)
    rows = by_ion(compared)
    assert rows["gluconate"].E is rows["gluconate"].driving_force is None
    assert rows["gluconate"].undefined == "outside"
    assert rows["HCO3"].undefined == rows["Na"].undefined == "inside"
    assert "E is undefined of what one side lacks: Na and HCO3 inside; gluconate outside." in compared.as_text(200)


def test_forms_of_buffers_are_no_ions_of_their_own():
    assert set(by_ion(compare_solutions(PIPETTE, BATH))) == {"K", "Na", "gluconate", "Ca", "HCO3"}


def test_two_temperatures_are_refused():
    warmer = solution("warm", ("K", 1, 2.5, "K", ""), temperature=310.15)
    with pytest.raises(InputError, match=r"'internal' is at 32 degC and 'warm' at 37 degC"):
        compare_solutions(PIPETTE, warmer)
