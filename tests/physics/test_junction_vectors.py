"""Published liquid junctions, and the changes that activities make."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from physics.junction_vectors import DILUTIONS, VECTORS
from vrest.physics.junction import henderson, nernst_planck

BY_NAME = {vector.name: vector for vector in VECTORS}
PAGE = Path(__file__).parents[2] / "docs" / "solutions.md"


@pytest.mark.parametrize("vector", VECTORS, ids=BY_NAME)
def test_both_equations_have_the_values_of_other_programs(vector):
    assert 1e3 * henderson(**vector.arguments()) == pytest.approx(vector.henderson, abs=1e-3)
    assert 1e3 * nernst_planck(**vector.arguments()).potential == pytest.approx(vector.nernst_planck, abs=1e-3)


@pytest.mark.parametrize("vector", [v for v in VECTORS if v.published], ids=lambda v: v.name)
def test_what_was_printed_is_within_its_tolerance(vector):
    assert 1e3 * nernst_planck(**vector.arguments()).potential == pytest.approx(vector.published, abs=vector.tolerance)


def test_the_page_shows_all_that_was_printed():
    rows = [line.split("|")[1:-1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| V")]
    shown = {name.strip(): tuple(map(float, numbers)) for name, _, _, *numbers in rows}
    assert shown.keys() == {v.name for v in VECTORS if v.published}
    for name, (published, by_henderson, by_planck) in shown.items():
        vector = BY_NAME[name]
        assert published == pytest.approx(vector.published, abs=5e-5)
        assert (by_henderson, by_planck) == pytest.approx((vector.henderson, vector.nernst_planck), abs=1e-3)


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
