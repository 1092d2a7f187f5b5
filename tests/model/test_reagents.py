"""Reagents: what each releases, and that it weighs what the bottle says."""

from __future__ import annotations

import pytest

from vrest.errors import InputError
from vrest.model.solution.reagents import reagent

# what a bottle calls it, what one mole releases, and the molar mass on its label
LABELS = {
    "KCl": ({"K": 1, "Cl": 1}, 74.55),
    "K-gluconate": ({"K": 1, "gluconate": 1}, 234.25),
    "MgCl2·6H2O": ({"Mg": 1, "Cl": 2}, 203.30),
    "CsMeSO3": ({"Cs": 1, "methanesulfonate": 1}, 228.00),
    "HEPES": ({"HEPES": 1}, 238.30),
    "HEPES hemisodium salt": ({"HEPES": 1, "Na": 0.5}, 249.30),
    "EGTA": ({"EGTA": 1}, 380.35),
    "Na2ATP": ({"ATP": 1, "Na": 2}, 551.14),
    "phosphocreatine di(tris) salt": ({"phosphocreatine": 1, "Tris": 2}, 453.38),
    "NaH2PO4.H2O": ({"Na": 1, "phosphate": 1}, 137.99),
    "Tris-HCl": ({"Tris": 1, "Cl": 1}, 157.60),
    "NaHCO3": ({"Na": 1, "carbonate": 1}, 84.01),
}


@pytest.mark.parametrize("name", LABELS)
def test_a_reagent_weighs_what_its_label_says(name):
    totals, mass = LABELS[name]
    found = reagent(name)
    assert found.totals == totals
    assert found.molar_mass == pytest.approx(mass, abs=0.02)


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("CaCl", "not_neutral", "CaCl2"),
        ("NaCO3", "not_neutral", "Na2CO3"),
        ("Na-ATP", "which_salt", "Na2ATP"),
        ("K", "not_a_reagent", "KCl"),
        ("glucoze", "unknown_reagent", "'glucose'"),
    ],
)
def test_a_name_that_names_no_one_reagent_is_refused_with_one_that_does(name, code, says):
    with pytest.raises(InputError) as caught:
        reagent(name)
    assert caught.value.code == code
    assert says in caught.value.hint
