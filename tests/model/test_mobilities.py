"""Mobilities: one quantity, in the range that ions have."""

from __future__ import annotations

import pytest

from vrest.errors import InputError
from vrest.model.solution.mobilities import mobilities, mobility_of


def test_every_mobility_is_one_beside_that_of_potassium():
    for name, row in mobilities().items():
        if name not in ("H", "OH", "D"):
            assert 0.1 <= row.u_rel <= 1.2, name


@pytest.mark.parametrize(
    ("name", "row"),
    [("HEPES(-1)", "HEPES"), ("MgATP(-2)", "ATP"), ("phosphate(-2)", "HPO4"), ("Mg2+", "Mg"), ("TrisH", "Tris")],
)
def test_a_species_has_the_mobility_of_its_molecule(name, row):
    assert mobility_of(name).name == row


def test_an_ion_without_a_mobility_is_refused():
    with pytest.raises(InputError, match="gluconate") as caught:
        mobility_of("gluconat")
    assert caught.value.code == "unknown_mobility"
