"""Ions by name: the charges are those of salts that are neutral, the masses those on the bottles."""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.errors import InputError
from vrest.ions import IONS, VALENCE, lookup, unknown
from vrest.model.cellfile import parse_cell, write_cell
from vrest.model.notices import notices
from vrest.study.calculator import ghk, nernst

# cations and anions of a salt, and its molar mass as catalogues of chemicals give it (anhydrous)
SALTS = {
    "K gluconate": ("K", "gluconate", 234.25),
    "Na gluconate": ("Na", "gluconate", 218.14),
    "Cs methanesulfonate": ("Cs", "methanesulfonate", 228.00),
    "K methylsulfate": ("K", "methylsulfate", 150.19),
    "Na isethionate": ("Na", "isethionate", 148.11),
    "choline Cl": ("choline", "Cl", 139.62),
    "TEA Cl": ("TEA", "Cl", 165.70),
    "TMA Cl": ("TMA", "Cl", 109.60),
    "TBA Cl": ("TBA", "Cl", 277.92),
    "guanidinium Cl": ("guanidinium", "Cl", 95.53),
    "Tris HCl": ("TrisH", "Cl", 157.60),
    "arginine HCl": ("arginine", "Cl", 210.66),
    "lysine HCl": ("lysine", "Cl", 182.65),
    "NH4 acetate": ("NH4", "acetate", 77.08),
    "Na propionate": ("Na", "propionate", 96.06),
    "Na butyrate": ("Na", "butyrate", 110.09),
    "Na lactate": ("Na", "lactate", 112.06),
    "Na pyruvate": ("Na", "pyruvate", 110.04),
    "Na salicylate": ("Na", "salicylate", 160.10),
    "K aspartate": ("K", "aspartate", 171.19),
    "K glutamate": ("K", "glutamate", 185.22),
    "K glucuronate": ("K", "glucuronate", 232.23),
    "Na lactobionate": ("Na", "lactobionate", 380.27),
    "Na2 succinate": ("Na", "succinate", 162.05),
    "Na2 fumarate": ("Na", "fumarate", 160.04),
    "Na2 malate": ("Na", "malate", 178.05),
    "Na2 oxalate": ("Na", "oxalate", 134.00),
    "Na2 tartrate": ("Na", "tartrate", 194.05),
    "Na3 citrate": ("Na", "citrate", 258.07),
    "Na2 phosphocreatine": ("Na", "phosphocreatine", 255.08),
    "MgSO4": ("Mg", "SO4", 120.37),
    "CaCl2": ("Ca", "Cl", 110.98),
    "LaCl3": ("La", "Cl", 245.26),
    "GdCl3": ("Gd", "Cl", 263.61),
    "BaCl2": ("Ba", "Cl", 208.23),
    "CoCl2": ("Co", "Cl", 129.84),
    "CdCl2": ("Cd", "Cl", 183.32),
    "NiCl2": ("Ni", "Cl", 129.60),
    "MnCl2": ("Mn", "Cl", 125.84),
    "ZnCl2": ("Zn", "Cl", 136.29),
    "SrCl2": ("Sr", "Cl", 158.53),
    "CuCl2": ("Cu", "Cl", 134.45),
    "AgNO3": ("Ag", "NO3", 169.87),
    "TlNO3": ("Tl", "NO3", 266.39),
    "LiBr": ("Li", "Br", 86.85),
    "RbI": ("Rb", "I", 212.37),
    "CsF": ("Cs", "F", 151.90),
    "NaHCO3": ("Na", "HCO3", 84.01),
    "Na2CO3": ("Na", "CO3", 105.99),
    "NaOH": ("Na", "OH", 40.00),
    "NaNO2": ("Na", "NO2", 69.00),
    "NaSCN": ("Na", "SCN", 81.07),
    "NaClO4": ("Na", "ClO4", 122.44),
    "Na2S2O3": ("Na", "S2O3", 158.11),
    "KH2PO4": ("K", "H2PO4", 136.09),
    "Na2HPO4": ("Na", "HPO4", 141.96),
    "NMDG Cl": ("NMDG", "Cl", 231.67),
    "K2 EGTA": ("K", "EGTA", 456.53),
    "K4 BAPTA": ("K", "BAPTA", 628.80),
    "Na3 EDTA": ("Na", "EDTA", 358.19),
    "methylammonium Cl": ("methylammonium", "Cl", 67.52),
    "TPA Cl": ("TPA", "Cl", 221.81),
    "HCl": ("H", "Cl", 36.46),
    "BeSO4": ("Be", "SO4", 105.07),
    "HgCl2": ("Hg", "Cl", 271.50),
    "Pb(NO3)2": ("Pb", "NO3", 331.21),
    "AlCl3": ("Al", "Cl", 133.34),
    "CeCl3": ("Ce", "Cl", 246.48),
    "YCl3": ("Y", "Cl", 195.26),
    "FeCl2": ("ferrous", "Cl", 126.75),
    "FeCl3": ("ferric", "Cl", 162.20),
    "KOCN": ("K", "OCN", 81.12),
    "KCN": ("K", "CN", 65.12),
    "NaN3": ("Na", "N3", 65.01),
    "KClO3": ("K", "ClO3", 122.55),
    "KBrO3": ("K", "BrO3", 167.00),
    "KIO3": ("K", "IO3", 214.00),
    "KPF6": ("K", "PF6", 184.06),
    "NaHSO3": ("Na", "HSO3", 104.06),
    "Na2SO3": ("Na", "SO3", 126.04),
    "KHSO4": ("K", "HSO4", 136.17),
    "K4 ferrocyanide": ("K", "ferrocyanide", 368.35),
    "K3 ferricyanide": ("K", "ferricyanide", 329.24),
    "Na ethanesulfonate": ("Na", "ethanesulfonate", 132.11),
    "Na formate": ("Na", "formate", 68.01),
    "Na benzoate": ("Na", "benzoate", 144.10),
    "Na ascorbate": ("Na", "ascorbate", 198.11),
    "Na kynurenate": ("Na", "kynurenate", 211.15),
    "Na cAMP": ("Na", "cAMP", 351.19),
    "Na glutathione": ("Na", "glutathione", 329.31),
    "Na acetylcysteinate": ("Na", "acetylcysteinate", 185.18),
    "KSeCN": ("K", "SeCN", 144.08),
    "Na dicyanamide": ("Na", "dicyanamide", 89.03),
    "KAu(CN)2": ("K", "dicyanoaurate", 288.10),
    "Na tetraphenylborate": ("Na", "tetraphenylborate", 342.22),
    "KMnO4": ("K", "MnO4", 158.03),
    "NaIO4": ("Na", "IO4", 213.89),
    "KReO4": ("K", "ReO4", 289.30),
    "K2CrO4": ("K", "CrO4", 194.19),
    "Na2MoO4": ("Na", "MoO4", 205.92),
    "Na2SeO4": ("Na", "SeO4", 188.94),
    "Na2WO4": ("Na", "WO4", 293.82),
    "K2S2O8": ("K", "S2O8", 270.32),
    "NaHS": ("Na", "HS", 56.06),
    "Na iodoacetate": ("Na", "iodoacetate", 207.93),
    "Na fluoroacetate": ("Na", "fluoroacetate", 100.02),
    "Na dichloroacetate": ("Na", "dichloroacetate", 150.92),
    "Na trichloroacetate": ("Na", "trichloroacetate", 185.37),
    "Na picrate": ("Na", "picrate", 251.09),
    "ScCl3": ("Sc", "Cl", 151.31),
    "CrCl3": ("Cr", "Cl", 158.36),
    "PrCl3": ("Pr", "Cl", 247.27),
    "NdCl3": ("Nd", "Cl", 250.60),
    "SmCl3": ("Sm", "Cl", 256.71),
    "EuCl3": ("Eu", "Cl", 258.32),
    "DyCl3": ("Dy", "Cl", 268.86),
    "HoCl3": ("Ho", "Cl", 271.29),
    "ErCl3": ("Er", "Cl", 273.62),
    "TmCl3": ("Tm", "Cl", 275.29),
    "YbCl3": ("Yb", "Cl", 279.40),
    "piperidine HCl": ("piperidinium", "Cl", 121.61),
    "propylamine HCl": ("propylammonium", "Cl", 95.57),
    "ethyltrimethylammonium Cl": ("ethyltrimethylammonium", "Cl", 123.62),
    "spermidine 3HCl": ("spermidine", "Cl", 254.63),
    "neurobiotin HCl": ("neurobiotin", "Cl", 322.85),
    "Na2 malonate": ("Na", "malonate", 148.03),
    "Na2 maleate": ("Na", "maleate", 160.04),
    "dimethylammonium Cl": ("dimethylammonium", "Cl", 81.54),
    "trimethylammonium Cl": ("trimethylammonium", "Cl", 95.57),
    "ethylammonium Cl": ("ethylammonium", "Cl", 81.54),
    "diethylammonium Cl": ("diethylammonium", "Cl", 109.60),
    "triethylammonium Cl": ("triethylammonium", "Cl", 137.65),
    "ethanolamine HCl": ("ethanolammonium", "Cl", 97.54),
    "QX-314 Cl": ("QX314", "Cl", 298.85),
    "4-AP HCl": ("aminopyridine", "Cl", 130.57),
    "spermine 4HCl": ("spermine", "Cl", 348.18),
}


@pytest.mark.parametrize("salt", SALTS)
def test_a_salt_is_neutral_and_weighs_what_the_bottle_says(salt):
    cation, anion, mass = SALTS[salt]
    plus, minus = IONS[cation].valence, IONS[anion].valence
    assert plus is not None
    assert minus is not None
    each = -minus / plus
    assert (1.0 if each >= 1 else 1 / each) * (each * IONS[cation].mass + IONS[anion].mass) == pytest.approx(
        mass, abs=0.06
    )


def test_every_ion_is_in_a_salt_but_oxygen():
    assert set(IONS) - {ion for cation, anion, _ in SALTS.values() for ion in (cation, anion)} == {"O2"}


def test_no_spelling_names_two_ions():
    spelt = [text.casefold() for ion in IONS.values() for text in (ion.symbol, *ion.spellings)]
    assert len(spelt) == len(set(spelt))
    for ion in IONS.values():
        for text in (ion.symbol, *ion.spellings):
            assert lookup(text) is ion


SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


@given(
    st.sampled_from(sorted(s for s, z in VALENCE.items() if z)), st.sampled_from([-4, -3, -2, -1, 1, 2, 3]), st.data()
)
def test_a_charge_is_the_ions_or_refused(symbol, charge, data):
    sign, size = "+" if charge > 0 else "-", abs(charge)
    written = data.draw(
        st.sampled_from(
            [f"{size}{sign}", f" {size}{sign}", f"^{size}{sign}", f"{sign}{size}", sign * size]
            + ([sign] if size == 1 else [])
        )
    )
    text = data.draw(st.sampled_from([symbol, *IONS[symbol].spellings])) + written
    text = data.draw(st.sampled_from([text, text.upper(), text.lower(), text.translate(SUPERSCRIPTS), f" {text} "]))
    found = None
    with suppress(InputError):  # a charge that is not the ion's
        found = lookup(text)
    if charge == VALENCE[symbol]:
        assert found is IONS[symbol]
    elif found is not None:  # a digit before the charge may make another species of it, never another charge
        assert found.valence is not None
        assert ("+" if found.valence > 0 else "-") in text.translate(str.maketrans("⁺⁻", "+-"))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("HEPES", "pH 7.3"), ("Tris", "TrisH"), ("phosphate", "HPO4"), ("Pi", "H2PO4"), ("Glu", "glucose"),
        ("MES", "buffer"), ("Fe", "ferrous"),
        ("MgATP", "-2"), ("glucose", "impermeants"), ("gluconat", "gluconate"), ("Xyz", "Known are K"),
    ],
)  # fmt: skip
def test_what_has_no_one_valence_says_what_holds(name, says):
    with pytest.raises(InputError) as caught:
        nernst(name, inside=1, outside=2)
    assert caught.value.code == "unknown_ion"
    assert says in str(caught.value)
    assert says in unknown(name)
    with pytest.raises(InputError) as caught:
        parse_cell(CELL.replace("gluconate", name))
    assert says in str(caught.value)


CELL = """
name = "mine"
[compartments.outside]
kind = "bath"
ions = { "K+" = "5 mM", Na = "145 mM", "Cl-" = "100 mM", gluconate = "50 mM" }
[compartments.inside]
kind = "fixed"
shape = "sphere"
radius = "8 um"
ions = { K = "140 mM", "na" = "15 mM", Chloride = "10 mM", "Gluc-" = "20 mM" }
free = { "K+" = 1.0 }
impermeant = { concentration = "135 mM", valence = "solve" }
[membranes.m]
inside = "inside"
outside = "outside"
[membranes.m.transports]
K_leak = { law = "ghk_leak", ion = "potassium", permeability = "1e-6 cm/s" }
Na_leak = { law = "ghk_leak", ion = "Na⁺", permeability = "5e-8 cm/s" }
[closures]
"inside.K+" = { "inside.na" = -1.0 }
"""


def test_a_cell_file_may_spell_ions_as_people_do():
    cell = parse_cell(CELL.replace("gluconate = ", '"Gluconate-" = '))
    assert list(cell.compartments["outside"].ions) == ["K", "Na", "Cl", "gluconate"]
    assert list(cell.compartments["inside"].ions) == ["K", "Na", "Cl", "gluconate"]
    assert dict(cell.closures["inside.K"]) == {"inside.Na": -1.0}
    plain = CELL
    for old, new in (("K+", "K"), ("Cl-", "Cl"), ('"na"', "Na"), ("inside.na", "inside.Na"), ("Chloride", "Cl"),
                     ("Gluc-", "gluconate"), ("potassium", "K"), ("Na⁺", "Na")):  # fmt: skip
        plain = plain.replace(old, new)
    assert parse_cell(plain) == cell
    assert parse_cell(write_cell(cell)) == cell
    assert cell.valence()["gluconate"] == -1


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("gluconate", '"Cl"', "duplicate_ion", "compartments.outside.ions has Cl twice"),
        ("gluconate", '"Ca+"', "known_ion", "compartments.outside.ions: 'Ca+' says a charge of +1; that of Ca is +2"),
        ('"potassium"', '"K2+"', "known_ion", "K_leak.ion: 'K2+'"),
    ],
)
def test_a_slip_in_a_name_is_named(old, new, code, says):
    with pytest.raises(InputError) as caught:
        parse_cell(CELL.replace(old, new, 1))
    assert caught.value.code == code
    assert says in caught.value.message


def test_what_a_file_declares_keeps_its_name():
    cell = parse_cell(CELL.replace("gluconate", "glu").replace("Gluc-", "glu") + "[valences]\nglu = -1\n")
    assert "glu" in cell.compartments["outside"].ions
    buffered = parse_cell(CELL.replace("gluconate", "HEPES").replace("Gluc-", "HEPES") + "[valences]\nHEPES = -1\n")
    assert buffered.valence()["HEPES"] == -1
    assert "depends_on_ph" not in [n.code for n in notices(buffered)]


def test_a_charge_that_holds_near_one_ph_is_remarked_on():
    cell = parse_cell(CELL.replace("gluconate", "HPO4").replace("Gluc-", "HPO4 2-"))
    assert [n.message for n in notices(cell) if n.code == "depends_on_ph"] == [
        "HPO4 counts as -2: its share of phosphate depends on pH: about three quarters at pH 7.3"
    ]
    found = ghk([("K", 140, 5, 1), ("EGTA", 5, 1, 0.001)])
    assert [n.code for n in found.notices] == ["depends_on_ph"]


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(["K", "K+", "k", "potassium", "K⁺", " K "], 2)))
def test_calculators_know_the_spellings(a, b):
    assert nernst(a, inside=140, outside=5) == nernst(b, inside=140, outside=5)
    rows = [("Na+", 15, 145, 0.04), ("Cl-", 7, 110, 0.45)]
    assert ghk([(a, 140, 5, 1), *rows]) == ghk([(b, 140, 5, 1), *rows])


def test_a_gas_has_no_nernst_potential():
    with pytest.raises(InputError) as caught:
        nernst("O2", inside=1, outside=2)
    assert caught.value.code == "undefined"


def test_of_nucleotides_each_has_its_own_charge():
    for name, bound, free in (("MgATP", "-2", "-3.8"), ("GTP", "-2", "-3.8"), ("ADP", "-1", "-2.8")):
        found = lookup(name)
        assert found is not None
        assert found.valence is None
        assert f" {bound} near pH 7.3, without Mg2+" in found.remark
        assert f"about {free};" in found.remark
