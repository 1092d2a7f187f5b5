"""Mobilities: one quantity, in the range that ions have, and beside two compilations."""

from __future__ import annotations

import pytest

from vrest.errors import InputError
from vrest.ions import IONS, VALENCE
from vrest.model.solution.constants import CONSTANTS
from vrest.model.solution.equilibrium import at_pH
from vrest.model.solution.mobilities import FORMS, RELATIVE_SD, mobilities, mobility_of
from vrest.model.solution.reagents import reagent

# valence, and limiting equivalent conductivity at 25 degC, S cm2/mol (CRC Handbook): what a slip of |z| would spoil
CONDUCTIVITIES = {
    "K": (1, 73.5), "Na": (1, 50.11), "Cs": (1, 77.3), "Li": (1, 38.69), "H": (1, 350.1), "NH4": (1, 73.7),
    "TEA": (1, 32.6), "Mg": (2, 53.06), "Ca": (2, 59.5), "Ba": (2, 63.9), "Zn": (2, 52.8), "La": (3, 69.6),
    "Gd": (3, 67.4), "Cl": (-1, 76.31), "Br": (-1, 78.1), "F": (-1, 55.4), "OH": (-1, 198.0), "NO3": (-1, 71.42),
    "HCO3": (-1, 44.5), "acetate": (-1, 41.0), "methanesulfonate": (-1, 48.8), "H2PO4": (-1, 33.0),
    "SO4": (-2, 80.0), "CO3": (-2, 69.3), "HPO4": (-2, 57.0), "oxalate": (-2, 74.11), "succinate": (-2, 58.8),
    "malonate": (-2, 63.5), "citrate": (-3, 70.2), "PO4": (-3, 69.0), "ferrocyanide": (-4, 110.4),
}  # fmt: skip

# relative to K+, as Catacomb's help page lists Ng and Barry 1995
RELATIVE = {
    "Cs": 1.05, "Li": 0.525, "NH4": 1.00, "Na": 0.682, "Rb": 1.059, "Br": 1.063, "Cl": 1.039, "I": 1.045, "F": 0.753,
    "Ba": 0.433, "Ca": 0.405, "Co": 0.370, "Mg": 0.361, "Sr": 0.404, "Zn": 0.359, "ClO4": 0.916, "H2PO4": 0.45,
    "HCO3": 0.605, "NO3": 0.972, "HPO4": 0.390, "SO4": 0.544, "choline": 0.51, "TEA": 0.444, "TMA": 0.611,
    "acetate": 0.556, "benzoate": 0.441, "propionate": 0.487, "SCN": 0.900, "NMDG": 0.33, "Tris": 0.40,
    "aspartate": 0.30, "gluconate": 0.33, "glutamate": 0.26, "HEPES": 0.30, "isethionate": 0.52, "MES": 0.37,
    "MOPS": 0.35, "EGTA": 0.24, "EGTA(-3)": 0.25, "Tl": 1.02, "butyrate": 0.44,
}  # fmt: skip


def test_every_mobility_is_one_beside_that_of_potassium():
    for name, row in mobilities().items():
        if name not in ("H", "OH"):
            assert 0.1 <= row.u_rel <= 1.2, name
        assert row.quality in RELATIVE_SD, name
        assert row.source, name


@pytest.mark.parametrize("name", CONDUCTIVITIES)
def test_a_conductivity_is_73_5_times_charge_and_mobility(name):
    valence, expected = CONDUCTIVITIES[name]
    assert VALENCE.get(name, valence) == valence
    assert 73.5 * abs(valence) * mobility_of(name).u_rel == pytest.approx(expected, rel=6e-3)


@pytest.mark.parametrize("name", RELATIVE)
def test_the_compilation_of_electrophysiology_agrees(name):
    assert mobility_of(name).u_rel == pytest.approx(RELATIVE[name], rel=0.03)


def test_rows_are_of_known_ions_and_components():
    for name in mobilities():
        component = name.split("(")[0]
        if component not in IONS and component not in (*FORMS.values(), "PO4"):
            assert component in reagent(component).totals


def test_every_ion_with_a_charge_has_a_mobility():
    assert all(mobility_of(name).u_rel for name, ion in IONS.items() if ion.valence)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("HEPES(-1)", "HEPES"), ("HEPES(0)", "HEPES"), ("MgATP(-2)", "ATP"), ("CaEGTA(-2)", "EGTA"),
        ("Ca-gluconate(+1)", "gluconate"),
        ("EGTA(-3)", "EGTA(-3)"), ("EGTA(-2)", "EGTA"), ("Tris(+1)", "Tris"), ("phosphate(-2)", "HPO4"),
        ("Caphosphate(-1)", "HPO4"), ("carbonate(-1)", "HCO3"), ("Mg2+", "Mg"), ("TrisH", "Tris"),
        ("Gluc-", "gluconate"),
        ("MgATP", "ATP"), ("4-AP", "aminopyridine"), ("phosphocreatine(-2)", "phosphocreatine"),
    ],
)  # fmt: skip
def test_a_species_has_the_mobility_of_its_molecule(name, row):
    assert mobility_of(name).name == row


@pytest.mark.parametrize("pH", [5.0, 7.3, 9.0])
def test_every_species_that_speciation_makes_has_a_mobility(pH):
    totals = dict.fromkeys((*CONSTANTS.components, "Ca", "Mg", "K", "Cl"), 1.0)
    species = at_pH(totals, pH, 298.15).species
    assert {each.component for each in species} >= set(totals)
    for each in species:
        if each.charge:
            assert mobility_of(each.name).u_rel > 0.1, each.name


def test_forms_with_other_names_have_rows():
    assert set(FORMS.values()) <= set(mobilities())


def test_where_compilations_differ_it_is_said_and_the_error_holds_it():
    assert "0.224" in mobility_of("HPO4").note
    for name, other in (("aspartate", 0.395), ("glutamate", 0.36), ("gluconate", 0.357)):
        found = mobility_of(name)
        assert f"{other:.3g}" in found.note
        assert abs(found.u_rel - other) < 2 * found.relative_sd * found.u_rel, name


@pytest.mark.parametrize("name", ["gluconat", "unobtainate(-1)", "glucose", ""])
def test_an_ion_without_a_mobility_is_refused(name):
    with pytest.raises(InputError) as caught:
        mobility_of(name)
    assert caught.value.code == "unknown_mobility"
    assert len(str(caught.value)) < 300
