"""Published liquid junctions, and the changes that activities make."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from physics.junction_vectors import DILUTIONS, VECTORS
from vrest.physics.junction import henderson, nernst_planck

BY_NAME = {vector.name: vector for vector in VECTORS}


@pytest.mark.parametrize("vector", VECTORS, ids=BY_NAME)
def test_both_equations_have_the_values_of_other_programs(vector):
    assert 1e3 * henderson(**vector.arguments()) == pytest.approx(vector.henderson, abs=1e-3)
    assert 1e3 * nernst_planck(**vector.arguments()).potential == pytest.approx(vector.nernst_planck, abs=1e-3)


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.published], ids=lambda v: v.name)
def test_what_was_printed_is_within_its_tolerance(vector):
    assert 1e3 * nernst_planck(**vector.arguments()).potential == pytest.approx(vector.published, abs=vector.tolerance)


@pytest.mark.parametrize("dilution", DILUTIONS)
def test_dilutions_with_and_without_activities(dilution):
    ions = dilution.arguments()
    assert 1e3 * henderson(**ions) == pytest.approx(dilution.ideal, abs=1e-3)
    assert 1e3 * nernst_planck(**ions).potential == pytest.approx(dilution.ideal, abs=1e-3)
    assert 1e3 * nernst_planck(**ions, activity="davies").potential == pytest.approx(dilution.davies, abs=1e-3)


@pytest.mark.parametrize(("name", "expected"), [("V3", 16.045), ("V20", 13.477), ("V9", 10.23)])
def test_activities_change_little_between_solutions_of_like_strength(name, expected):
    junction = nernst_planck(**BY_NAME[name].arguments(), activity="davies")
    assert 1e3 * junction.potential == pytest.approx(expected, abs=2e-3)
    assert abs(1e3 * junction.potential - BY_NAME[name].nernst_planck) < 0.06
