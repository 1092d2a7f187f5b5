"""Reagents: what each releases, and that it weighs what the bottle says."""

from __future__ import annotations

import math
import tomllib
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vrest.model.solution
from vrest.errors import InputError
from vrest.ions import IONS, VALENCE
from vrest.model.solution.constants import CONSTANTS
from vrest.model.solution.formulas import atoms, written
from vrest.model.solution.reagents import COMMON, is_molecule, reagent

TABLE = tomllib.loads((Path(vrest.model.solution.__file__).parent / "reagents.toml").read_text("utf-8"))
LISTED = [
    name
    for kind in ("acids", "bases", "molecules", "drugs", "counted")
    for name in TABLE[kind]
    if not name.endswith("ate")  # of an anion
]

# what bottles and papers call it, what one mole releases, and the molar mass on the label, g/mol
LABELS = {
    "KCl": ({"K": 1, "Cl": 1}, 74.55),
    "potassium chloride": ({"K": 1, "Cl": 1}, 74.55),
    "kcl": ({"K": 1, "Cl": 1}, 74.55),
    "K-gluconate": ({"K": 1, "gluconate": 1}, 234.25),
    "potassium D-gluconate": ({"K": 1, "gluconate": 1}, 234.25),
    "KGluc": ({"K": 1, "gluconate": 1}, 234.25),
    "K2SO4": ({"K": 2, "SO4": 1}, 174.26),
    "KMeSO4": ({"K": 1, "methylsulfate": 1}, 150.19),
    "K-aspartate": ({"K": 1, "aspartate": 1}, 171.19),
    "CsMeSO3": ({"Cs": 1, "methanesulfonate": 1}, 228.00),
    "Cs-methanesulfonate": ({"Cs": 1, "methanesulfonate": 1}, 228.00),
    "CsOH·H2O": ({"Cs": 1}, 167.93),
    "CsF": ({"Cs": 1, "F": 1}, 151.90),
    "MgCl2·6H2O": ({"Mg": 1, "Cl": 2}, 203.30),
    "MgCl₂ (6H₂O)": ({"Mg": 1, "Cl": 2}, 203.30),
    "magnesium chloride hexahydrate": ({"Mg": 1, "Cl": 2}, 203.30),
    "MgCl2": ({"Mg": 1, "Cl": 2}, 95.21),
    "MgSO4.7H2O": ({"Mg": 1, "SO4": 1}, 246.47),
    "CaCl2 2H2O": ({"Ca": 1, "Cl": 2}, 147.01),
    "calcium gluconate": ({"Ca": 1, "gluconate": 2}, 430.37),
    "Ca(gluconate)2": ({"Ca": 1, "gluconate": 2}, 430.37),
    "BaCl2.2H2O": ({"Ba": 1, "Cl": 2}, 244.26),
    "GdCl3.6H2O": ({"Gd": 1, "Cl": 3}, 371.70),
    "(NH4)2SO4": ({"NH4": 2, "SO4": 1}, 132.14),
    "NaHCO3": ({"Na": 1, "carbonate": 1}, 84.01),
    "sodium bicarbonate": ({"Na": 1, "carbonate": 1}, 84.01),
    "KHSO4": ({"K": 1, "SO4": 1}, 136.17),
    "Na2CO3": ({"Na": 2, "carbonate": 1}, 105.99),
    "NaH2PO4.H2O": ({"Na": 1, "phosphate": 1}, 137.99),
    "sodium phosphate monobasic": ({"Na": 1, "phosphate": 1}, 119.98),
    "Na2HPO4 (7H2O)": ({"Na": 2, "phosphate": 1}, 268.07),
    "KH2PO4": ({"K": 1, "phosphate": 1}, 136.09),
    "disodium hydrogen phosphate": ({"Na": 2, "phosphate": 1}, 141.96),
    "HEPES": ({"HEPES": 1}, 238.30),
    "K-HEPES": ({"K": 1, "HEPES": 1}, 276.40),
    "HEPES sodium salt": ({"HEPES": 1, "Na": 1}, 260.29),
    "HEPES hemisodium salt": ({"HEPES": 1, "Na": 0.5}, 249.30),
    "MOPS": ({"MOPS": 1}, 209.26),
    "PIPES": ({"PIPES": 1}, 302.37),
    "MES": ({"MES": 1}, 195.24),
    "BES": ({"BES": 1}, 213.25),
    "Tris base": ({"Tris": 1}, 121.14),
    "Tris-HCl": ({"Tris": 1, "Cl": 1}, 157.60),
    "Trizma hydrochloride": ({"Tris": 1, "Cl": 1}, 157.60),
    "NMDG": ({"NMDG": 1}, 195.22),
    "NMDG-Cl": ({"NMDG": 1, "Cl": 1}, 231.67),
    "choline chloride": ({"choline": 1, "Cl": 1}, 139.62),
    "TEA-Cl": ({"TEA": 1, "Cl": 1}, 165.70),
    "EGTA": ({"EGTA": 1}, 380.35),
    "K2-EGTA": ({"K": 2, "EGTA": 1}, 456.53),
    "EGTA-2Na": ({"Na": 2, "EGTA": 1}, 424.31),
    "phosphocreatine (disodium)": ({"phosphocreatine": 1, "Na": 2}, 255.08),
    "spermidine 3HCl": ({"spermidine": 1, "Cl": 3}, 254.63),
    "neurobiotin chloride": ({"neurobiotin": 1, "Cl": 1}, 322.85),
    "fluo-4": ({"fluo-4": 1}, 927.1),
    "BAPTA": ({"BAPTA": 1}, 476.43),
    "BAPTA-K4": ({"K": 4, "BAPTA": 1}, 628.80),
    "BAPTA tetracesium salt": ({"Cs": 4, "BAPTA": 1}, 1004.05),
    "Na2-EDTA.2H2O": ({"Na": 2, "EDTA": 1}, 372.24),
    "ATP": ({"ATP": 1}, 507.18),
    "Na2ATP": ({"ATP": 1, "Na": 2}, 551.14),
    "ATP disodium salt": ({"ATP": 1, "Na": 2}, 551.14),
    "K2-ATP": ({"ATP": 1, "K": 2}, 583.36),
    "MgATP": ({"ATP": 1, "Mg": 1}, 529.47),
    "ATP-Mg": ({"ATP": 1, "Mg": 1}, 529.47),
    "GTP": ({"GTP": 1}, 523.18),
    "Na2-GTP": ({"GTP": 1, "Na": 2}, 567.14),
    "Tris3GTP": ({"GTP": 1, "Tris": 3}, 886.59),
    "ADP": ({"ADP": 1}, 427.20),
    "phosphocreatine di(tris) salt": ({"phosphocreatine": 1, "Tris": 2}, 453.38),
    "phosphocreatine di-Tris": ({"phosphocreatine": 1, "Tris": 2}, 453.38),
    "Na2-phosphocreatine.4H2O": ({"phosphocreatine": 1, "Na": 2}, 327.14),
    "creatine phosphate disodium salt": ({"phosphocreatine": 1, "Na": 2}, 255.08),
    "HCl": ({"Cl": 1}, 36.46),
    "KOH": ({"K": 1}, 56.11),
    "H3PO4": ({"phosphate": 1}, 98.00),
    "D-gluconic acid": ({"gluconate": 1}, 196.16),
    "methanesulfonic acid": ({"methanesulfonate": 1}, 96.11),
    "HMeSO3": ({"methanesulfonate": 1}, 96.11),
    "L-glutamic acid": ({"glutamate": 1}, 147.13),
    "pyruvic acid": ({"pyruvate": 1}, 88.06),
    "L-ascorbic acid": ({"ascorbate": 1}, 176.12),
    "citric acid": ({"citrate": 1}, 192.12),
    "kynurenic acid": ({"kynurenate": 1}, 189.17),
    "glutathione": ({"glutathione": 1}, 307.32),
    "N-acetyl-L-cysteine": ({"acetylcysteinate": 1}, 163.20),
    "sodium ascorbate": ({"Na": 1, "ascorbate": 1}, 198.11),
    "4-AP": ({"aminopyridine": 1}, 94.12),
    "4-AP HCl": ({"aminopyridine": 1, "Cl": 1}, 130.57),
    "L-arginine HCl": ({"arginine": 1, "Cl": 1}, 210.66),
    "spermine tetrahydrochloride": ({"spermine": 1, "Cl": 4}, 348.18),
    "QX-314 Cl": ({"QX314": 1, "Cl": 1}, 298.85),
    "QX-314 bromide": ({"QX314": 1, "Br": 1}, 343.30),
    "glucose": ({"glucose": 1}, 180.16),
    "glucose monohydrate": ({"glucose": 1}, 198.17),
    "sucrose": ({"sucrose": 1}, 342.30),
    "D-mannitol": ({"mannitol": 1}, 182.17),
    "myo-inositol": ({"inositol": 1}, 180.16),
    "taurine": ({"taurine": 1}, 125.15),
    "thiourea": ({"thiourea": 1}, 76.12),
    "creatine": ({"creatine": 1}, 131.13),
    "L-glutamine": ({"glutamine": 1}, 146.14),
    "biocytin": ({"biocytin": 1}, 372.48),
    "TTX": ({"tetrodotoxin": 1}, 319.27),
    "picrotoxin": ({"picrotoxin": 1}, 602.58),
    "CNQX disodium salt": ({"CNQX disodium": 1}, 276.12),
    "NBQX": ({"NBQX": 1}, 336.28),
    "gabazine": ({"gabazine": 1}, 368.23),
    "bicuculline methiodide": ({"bicuculline methiodide": 1}, 509.29),
    "D-AP5": ({"AP5": 1}, 197.13),
    "MK-801": ({"MK-801": 1}, 337.37),
    "ouabain": ({"ouabain": 1}, 584.65),
    "amphotericin B": ({"amphotericin B": 1}, 924.08),
    "Lucifer yellow": ({"Lucifer yellow": 1}, 521.57),
    "Alexa 488": ({"Alexa 488": 1}, 570.48),
    "GTPγS": ({"Li": 4, "GTP": 1}, 562.97),
    "AMP-PNP": ({"Li": 4, "ATP": 1}, 529.93),
    "FeCl3": ({"ferric": 1, "Cl": 3}, 162.20),
}


@pytest.mark.parametrize("name", LABELS)
def test_a_reagent_releases_what_it_is_made_of_and_weighs_what_its_label_says(name):
    totals, mass = LABELS[name]
    found = reagent(name)
    assert found.totals == totals
    assert found.molar_mass == pytest.approx(mass, abs=0.021)


CATIONS = {"K": "potassium", "Na": "sodium", "Cs": "cesium", "Li": "lithium", "Mg": "magnesium", "Ca": "calcium"}
ANIONS = {"Cl": "chloride", "Br": "bromide", "F": "fluoride", "SO4": "sulfate", "gluconate": "gluconate",
          "methanesulfonate": "methanesulfonate", "isethionate": "isethionate", "acetate": "acetate"}  # fmt: skip


@pytest.mark.parametrize(("cation", "anion"), list(product(CATIONS, ANIONS)))
def test_every_cation_with_every_anion_is_one_salt_however_it_is_written(cation, anion):
    plus, minus = IONS[cation].valence, IONS[anion].valence
    assert plus
    assert minus
    each = math.lcm(plus, -minus)
    cations, anions = each // plus, each // -minus
    symbol = anion if anion in ("Cl", "Br", "F") or anions == 1 else f"({anion})"
    formula = f"{cation}{cations if cations > 1 else ''}{symbol}{anions if anions > 1 else ''}"
    spelt = [formula, f"{CATIONS[cation]} {ANIONS[anion]}", formula.lower(), f"{formula}.2H2O"]
    if symbol == anion and cations == anions == 1:
        spelt += [f"{cation}-{anion}", f"{cation} {anion}"]
    for text in spelt:
        found = reagent(text)
        assert found.totals == {cation: cations, anion: anions}, text
    assert reagent(spelt[3]).molar_mass - reagent(formula).molar_mass == pytest.approx(2 * 18.015)
    assert reagent(formula).molar_mass == pytest.approx(cations * IONS[cation].mass + anions * IONS[anion].mass)


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("CaCl", "not_neutral", "CaCl2"),
        ("KCl2", "not_neutral", "KCl"),
        ("KSO4", "not_neutral", "K2SO4"),
        ("Mg-gluconate", "not_neutral", "Mg(gluconate)2"),
        ("NaCO3", "not_neutral", "Na2CO3"),
        ("Na2PO4", "not_neutral", "Na3PO4"),
        ("NaHPO4", "not_neutral", "Na2HPO4 or NaH2PO4"),
        ("K5-EGTA", "not_neutral", "counts"),
        ("Na-ATP", "which_salt", "Na2ATP"),
        ("Tris-GTP", "which_salt", "Tris3GTP"),
        ("Tris-phosphocreatine", "which_salt", "di-Tris"),
        ("sodium phosphate", "which_salt", "Na2HPO4 (dibasic)"),
        ("K-EGTA", "which_salt", "K4-EGTA"),
        ("Cs-MES", "which_salt", "Cs-methanesulfonate"),
        ("K-Glu", "which_salt", "K-gluconate"),
        ("HEPES-NaOH", "which_salt", 'titrant = "NaOH"'),
        ("K", "not_a_reagent", "KCl"),
        ("gluconate", "not_a_reagent", "Na-gluconate"),
        ("QX-314", "not_a_reagent", "QX314Cl"),
        ("glucoze", "unknown_reagent", "'glucose'"),
        ("HEPS", "unknown_reagent", "'HEPES'"),
        ("potasium gluconate", "unknown_reagent", "'potassium gluconate'"),
        ("K-gluconat", "unknown_reagent", "'K-gluconate'"),
        ("CaCl2.2H20", "unknown_reagent", "'CaCl2.2H2O'"),
        ("Glu", "unknown_reagent", "glucose"),
        ("KCl KCl", "unknown_reagent", ""),
        ("K2+", "known_ion", "K"),
        ("K0Cl0", "unknown_reagent", "'KCl'"),
        ("K100Cl100", "unknown_reagent", "salt"),
        ("CaCl2 0 M", "unknown_reagent", "salt"),
        ("H2O", "unknown_reagent", ""),
        ("", "unknown_reagent", "left out"),
        ("x" * 10_000, "unknown_reagent", "left out"),
        ("(" * 200, "unknown_reagent", "left out"),
        ("Na" * 60, "unknown_reagent", "left out"),
    ],
)
def test_a_name_that_names_no_one_reagent_is_refused_with_one_that_does(name, code, says):
    with pytest.raises(InputError) as caught:
        reagent(name)
    assert caught.value.code == code
    assert says in caught.value.hint
    assert len(str(caught.value)) < 400


def test_what_a_refusal_recommends_is_a_reagent():
    for name in ("CaCl", "KSO4", "Mg-gluconate", "NaCO3", "LaCl", "KHPO4", "Ca-Br", "K", "SO4", "gluconate", "La"):
        with pytest.raises(InputError) as caught:
            reagent(name)
        assert reagent(caught.value.hint.removeprefix("Write ").split(" or ")[0].rstrip(".")).totals


def test_water_that_is_not_counted_is_not_weighed():
    found = reagent("Na2ATP hydrate")
    assert found.water is None
    assert found.totals == {"Na": 2, "ATP": 1}
    with pytest.raises(InputError, match=r"Na2ATP\.3H2O") as caught:
        _ = found.molar_mass
    assert caught.value.code == "unknown_hydrate"
    assert reagent("Na2ATP.xH2O").water is None
    assert reagent("Na2ATP.3H2O").molar_mass == pytest.approx(551.14 + 3 * 18.015, abs=0.02)


@pytest.mark.parametrize("name", ["CaCl2 (1 M solution)", "CaCl2 1M", "CaCl2, 1 M stock"])
def test_a_solution_is_pipetted(name):
    found = reagent(name)
    assert found.stock == 1000.0
    assert found.totals == {"Ca": 1, "Cl": 2}
    with pytest.raises(InputError) as caught:
        _ = found.molar_mass
    assert caught.value.code == "is_a_solution"


# coefficients of Pitzer's equation at 25 degC (phreeqc's pitzer.dat): beta0, beta1, C0; counts and charges of the ions
PITZER = {
    "NaCl": (0.0765, 0.2664, 0.00127, 1, 1, 1, 1),
    "KCl": (0.04835, 0.2122, -0.00084, 1, 1, 1, 1),
    "HCl": (0.1775, 0.2945, 0.0008, 1, 1, 1, 1),
    "NaHCO3": (0.0277, 0.0411, 0.0, 1, 1, 1, 1),
    "CaCl2": (0.3159, 1.614, -0.00034, 1, 2, 2, 1),
    "MgCl2": (0.35235, 1.6815, 0.00519, 1, 2, 2, 1),
    "Na2SO4": (0.01958, 1.113, 0.00497, 2, 1, 1, 2),
    "K2SO4": (0.04995, 0.7793, 0.0, 2, 1, 1, 2),
}


@pytest.mark.parametrize("name", PITZER)
def test_osmotic_coefficients_are_those_of_pitzers_equation(name):
    beta0, beta1, c0, cations, anions, plus, minus = PITZER[name]
    count = cations + anions
    m = 0.3 / count  # mol/kg: 300 mOsm
    root, pairs = math.sqrt(0.5 * m * (cations * plus**2 + anions * minus**2)), 2 * cations * anions / count
    expected = (
        1
        - plus * minus * 0.3915 * root / (1 + 1.2 * root)
        + m * pairs * (beta0 + beta1 * math.exp(-2 * root))
        + m**2 * 2 * (cations * anions) ** 1.5 / count * c0
    )
    assert reagent(name).osmotic_coefficient == pytest.approx(expected, abs=0.006)


# as a table for physiologists has them (zoology.ubc.ca/~biomania/tutorial/solut/pl01itbl.htm)
PHYSIOLOGICAL = {"NaCl": 0.93, "KCl": 0.92, "HCl": 0.95, "CaCl2": 0.86, "MgCl2": 0.89, "Na2SO4": 0.74, "MgSO4": 0.58}


@pytest.mark.parametrize("name", PHYSIOLOGICAL)
def test_osmotic_coefficients_are_near_those_of_a_table_for_physiologists(name):
    assert reagent(name).osmotic_coefficient == pytest.approx(PHYSIOLOGICAL[name], abs=0.051)


@pytest.mark.parametrize(
    ("name", "coefficient"),
    [("K-gluconate", 0.93), ("BaCl2", 0.86), ("GdCl3", 0.80), ("Cs2SO4", 0.79), ("ZnSO4", 0.57), ("Na-HEPES", 0.93)],
)
def test_a_salt_that_is_not_listed_has_the_coefficient_of_its_valences(name, coefficient):
    assert reagent(name).osmotic_coefficient == coefficient


@pytest.mark.parametrize(
    ("name", "says"), [("GTPγS", "counted as Li4GTP"), ("TTX", "charge"), ("ATP", "Na2ATP"), ("KCl", ""), ("HEPES", "")]
)
def test_what_is_not_counted_as_it_is_is_noted(name, says):
    note = reagent(name).note
    assert (says in note) if says else note == ""


def test_what_has_no_charge_is_one_osmole():
    assert {reagent(name).osmotic_coefficient for name in ("glucose", "HEPES", "Tris", "TTX", "EGTA")} == {1.0}


def test_every_listed_name_is_a_reagent_that_weighs_something():
    assert len(LISTED) > 70
    for name in LISTED:
        assert reagent(name).molar_mass > 30.0


def test_what_is_released_has_a_charge_at_the_pH_or_is_a_molecule():
    for name in (*LABELS, *COMMON, *LISTED):
        for component in reagent(name).totals:
            charged = component in CONSTANTS.components or VALENCE.get(component)
            assert bool(charged) is not is_molecule(component), (name, component)


def test_a_formula_is_read_and_written():
    assert atoms(written(atoms("C10H14N5Na2O13P3"))) == atoms("C10H14N5Na2O13P3")
    with pytest.raises(InputError) as caught:
        atoms("C6H12O6!")
    assert caught.value.code == "bad_formula"
    with pytest.raises(InputError):
        atoms("Xx2")


def answer(name):
    """A reagent, or what it is refused with."""
    try:
        return reagent(name)
    except InputError as error:
        return error


STRONG = {"K", "Na", "Mg", "Cs", "Cl", "Br", "SO4", "gluconate", "TEA"}


@given(st.text(alphabet="KNaClMgCsBrSO4H2()-. ·sditrahyx13gluconateTEA", max_size=24))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_neutral_salt_or_refused(text):
    found = answer(text)
    if not isinstance(found, InputError) and set(found.totals) <= STRONG and len(found.totals) > 1:
        assert sum(n * (IONS[ion].valence or 0) for ion, n in found.totals.items()) == 0
        assert all(n > 0 for n in found.totals.values())


@given(st.sampled_from(sorted(LABELS)), st.data())
@settings(max_examples=200, deadline=None)
def test_a_slip_in_a_name_is_answered(name, data):
    at = data.draw(st.integers(0, len(name)))
    slip = data.draw(st.sampled_from(["", "x", "2", "(", "-", " "]))
    found = answer(name[:at] + slip + name[at + data.draw(st.integers(0, 1)) :])
    assert found.hint and len(str(found)) < 400 if isinstance(found, InputError) else found.totals
