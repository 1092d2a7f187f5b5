"""Constants of a user's own go along with a solution, and are said."""

from __future__ import annotations

import pytest

import vrest
from vrest.model.solution.pair import together

PIPETTE = {"name": "in", "reagents": {"KCl": 130, "HEPES": 10}, "pH": 7.3, "titrant": "KOH", "temperature": 25}
BATH = {"name": "out", "reagents": {"NaCl": 145, "Tris": 10}, "pH": 7.4, "titrant": "HCl"}
OWN = """
[[HEPES.pK]]
value = 6.5
ionic_strength = "150 mM"
temperature = "25 degC"
convention = "mixed"
source = "a titration"
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    return str(path)


def test_they_are_said_where_they_count(own):
    made = vrest.solution(PIPETTE, constants=own)
    assert [each.message for each in made.warnings if each.code == "own_constants"] == [
        f"the constants of HEPES are those of {own}"
    ]
    assert not [each for each in vrest.solution(BATH, constants=own).warnings if each.code == "own_constants"]
    assert not vrest.solution(PIPETTE).warnings


def test_a_solution_keeps_them_at_another_temperature_and_in_a_junction(own):
    made = vrest.solution(PIPETTE, constants=own)
    plain = vrest.solution(PIPETTE)
    assert made.added["K"] > plain.added["K"] + 1.0
    assert vrest.solution(made, celsius=30).added["K"] == pytest.approx(made.added["K"], rel=1e-12)
    assert together(made, BATH, 30)[0].added["K"] == pytest.approx(made.added["K"], rel=1e-12)
    junction = vrest.ljp(made, BATH)
    assert junction.value == pytest.approx(vrest.ljp(PIPETTE, BATH, constants=own).value, abs=1e-9)
    assert junction.value != vrest.ljp(PIPETTE, BATH).value


def test_what_none_of_the_solutions_has_is_said_once(own):
    junction = vrest.ljp(BATH, BATH | {"name": "two"}, constants=own, celsius=25)
    unused = [each.message for each in junction.warnings if each.code == "unused_constants"]
    assert unused == [f"{own} has constants of HEPES, of which nothing is in 'out' or 'two'"]
    used = vrest.ljp(PIPETTE, BATH, constants=own)
    assert [each.code for each in used.warnings] == ["own_constants"]
