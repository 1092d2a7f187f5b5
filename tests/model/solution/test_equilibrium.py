"""What is in a solution, against closed forms, printed values, and the laws of mass action written out anew.

The oracle below shares nothing with the package but `constants.toml`: its own Debye and Hueckel slope, its own
corrections of constants, its own conversions.
"""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import vrest.model.solution
from vrest.errors import InputError
from vrest.model.solution.equilibrium import at_neutrality, at_pH

# --- the oracle -----------------------------------------------------------------------------------------------------

TABLE = tomllib.loads((Path(vrest.model.solution.__file__).parent / "constants.toml").read_text("utf-8"))
SOURCES = TABLE["sources"]
ACIDS = {name: each for name, each in TABLE.items() if isinstance(each, dict) and "pK" in each}
Z = {"Ca": 2, "Mg": 2}
R, LN10 = 8.31446261815324, math.log(10.0)


def slope(t):
    """A of Debye and Hueckel, log10: as MaxChelator has it, with the permittivity of Malmberg and Maryott."""
    c = t - 273.15
    return 1.82483e6 * ((87.740 - 0.40008 * c + 9.398e-4 * c**2 - 1.41e-6 * c**3) * t) ** -1.5


def gamma(z, i, t):
    """log10 of an activity coefficient by Davies; i in mol/L."""
    i = min(i, 0.5)
    return -slope(t) * z * z * (math.sqrt(i) / (1.0 + math.sqrt(i)) - 0.3 * i)


def read(entry, key, default):
    full = {**SOURCES.get(entry["source"], {}), **entry}
    text = full.get(key, default)
    number, unit = text.split()
    return float(number) * {"mM": 1e-3, "degC": 1.0, "kJ/mol": 1e3, "kcal/mol": 4184.0, "J/mol": 1.0}[unit]


def moved(log_k, entry, t):
    """By van 't Hoff from where it was measured."""
    t0 = read(entry, "temperature", "") + 273.15
    dh, dc = read(entry, "enthalpy", "0 J/mol"), entry.get("heat_capacity", 0.0)
    return log_k + ((dh - dc * t0) * (1.0 / t0 - 1.0 / t) + dc * math.log(t / t0)) / (R * LN10)


def log_dissociation(entry, z, t):
    """log10 K of HX = H + X with activities; z is the charge of X."""
    i0, t0 = read(entry, "ionic_strength", ""), read(entry, "temperature", "") + 273.15
    log_k = -entry["value"] + gamma(z, i0, t0) - gamma(z + 1, i0, t0)
    if {**SOURCES.get(entry["source"], {}), **entry}["convention"] == "concentration":
        log_k += gamma(1, i0, t0)
    return moved(log_k, entry, t)


def log_association(entry, metal, z, t):
    i0, t0 = read(entry, "ionic_strength", ""), read(entry, "temperature", "") + 273.15
    log_k = entry["value"] + gamma(metal + z, i0, t0) - gamma(metal, i0, t0) - gamma(z, i0, t0)
    return moved(log_k, entry, t)


def free(found, name):
    """How much there is of a species, mol/m3."""
    return sum(each.concentration for each in found.species if each.name == name)


def mean_charge(found, component):
    forms = [each for each in found.species if each.component == component]
    return sum(each.charge * each.concentration for each in forms) / sum(each.concentration for each in forms)


def check_mass_action(found):
    """Every acid and every metal's binding obey their laws at the ionic strength and the pH that are reported."""
    i, t = found.ionic_strength / 1e3, found.temperature
    assert found.ionic_strength == pytest.approx(sum(s.charge**2 * s.concentration for s in found.species) / 2)

    def log_activity(component, charge, metal=""):
        matches = [s for s in found.species if (s.component, s.charge, s.metal) == (component, charge, metal)]
        assert len(matches) == 1, (component, charge, metal)
        return math.log10(matches[0].concentration / 1e3) + gamma(charge, i, t)

    for name, entry in ACIDS.items():
        if found.total(name) == 0.0:
            continue
        for protons, pk in enumerate(entry["pK"]):
            z = entry["charge"] + protons
            quotient = log_activity(name, z) - found.pH - log_activity(name, z + 1)
            assert quotient == pytest.approx(log_dissociation(pk, z, t), abs=5e-3), (name, z)
        for metal, charge in Z.items():
            for constant in entry.get(metal, []) if found.total(metal) > 0.0 else []:
                z = entry["charge"] + constant.get("protons", 0)
                free = log_activity(metal, charge)
                quotient = log_activity(name, z + charge, metal) - free - log_activity(name, z)
                # the permittivity and the natural constants behind the two slopes differ by 0.5 %
                assert quotient == pytest.approx(log_association(constant, charge, z, t), abs=5e-3), (name, metal, z)
    assert log_activity("H", 1) == pytest.approx(-found.pH, abs=1e-3)


# --- random mixtures ------------------------------------------------------------------------------------------------

amount = st.floats(-6.0, 2.5).map(lambda power: 10.0**power)


@st.composite
def solutions(draw):
    """Up to five acids and ligands, metals, and a salt; mol/m3."""
    names = draw(st.lists(st.sampled_from(sorted(ACIDS)), min_size=1, max_size=5, unique=True))
    totals = {name: draw(amount) for name in names}
    totals |= {metal: draw(amount) for metal in draw(st.sets(st.sampled_from(["Ca", "Mg"])))}
    return totals | {"K": draw(st.floats(0.0, 200.0)), "Cl": draw(st.floats(0.0, 200.0))}


@given(solutions(), st.floats(2.0, 12.0), st.floats(278.15, 313.15))
@settings(max_examples=60, deadline=None)
def test_every_law_and_every_total_holds(totals, pH, temperature):
    found = at_pH(totals, pH, temperature)
    check_mass_action(found)
    for name, total in totals.items():
        assert found.total(name) == pytest.approx(total, rel=1e-11)
    assert len({each.name for each in found.species}) == len(found.species)
    assert found.charge == pytest.approx(sum(s.charge * s.concentration for s in found.species), abs=1e-9)


@given(solutions(), st.floats(278.15, 313.15), st.sampled_from([None, 40.0, 5e3]))
@settings(max_examples=30, deadline=None)
def test_the_neutral_ph_is_the_only_one(totals, temperature, carbon_dioxide):
    where = {"temperature": temperature, "carbon_dioxide": carbon_dioxide}
    found = at_neutrality(totals, **where)
    scale = sum(abs(s.charge) * s.concentration for s in found.species)
    assert abs(found.charge) < 1e-11 * scale
    assert at_pH(totals, found.pH - 1e-3, **where).charge > 0.0 > at_pH(totals, found.pH + 1e-3, **where).charge


def test_the_balance_by_scipy():
    """EGTA, ATP, Ca and Mg at pH 7.2 and 37 degC: nested roots of the balances with the oracle's constants."""
    totals = {"K": 140.0, "Cl": 120.0, "EGTA": 5.0, "ATP": 3.0, "Ca": 2.0, "Mg": 4.0}
    t, pH = 310.15, 7.2
    found = at_pH(totals, pH, t)
    i = found.ionic_strength / 1e3

    def held(name, free):
        """Of each metal, by one mole of the ligand."""
        entry, terms = ACIDS[name], [(None, 1.0)]
        log_k = [0.0]
        for protons, pk in enumerate(entry["pK"]):
            z = entry["charge"] + protons
            log_k.append(log_k[-1] - log_dissociation(pk, z, t) - pH - gamma(z + 1, i, t) + gamma(z, i, t))
            terms.append((None, 10.0 ** log_k[-1]))
        for metal in Z:
            for constant in entry[metal]:
                n = constant.get("protons", 0)
                z = entry["charge"] + n
                shift = gamma(2, i, t) + gamma(z, i, t) - gamma(z + 2, i, t)
                bound = log_association(constant, 2, z, t) + shift + log_k[n]
                terms.append((metal, 10.0**bound * free[metal]))
        whole = sum(term for _, term in terms)
        return {metal: sum(term for m, term in terms if m == metal) / whole for metal in Z}

    def left(metal, free):
        return (
            free[metal] + sum(totals[n] * 1e-3 * held(n, free)[metal] for n in ("EGTA", "ATP")) - totals[metal] * 1e-3
        )

    def magnesium(ca):
        return 10.0 ** brentq(lambda x: left("Mg", {"Ca": ca, "Mg": 10.0**x}), -9.0, -2.0, xtol=1e-13)

    ca = 10.0 ** brentq(lambda x: left("Ca", {"Ca": 10.0**x, "Mg": magnesium(10.0**x)}), -10.0, -2.0, xtol=1e-13)
    assert free(found, "Ca") == pytest.approx(ca * 1e3, rel=0.01)
    assert free(found, "Mg") == pytest.approx(magnesium(ca) * 1e3, rel=0.01)


# --- closed forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buffer", "acid", "pK", "enthalpy", "bare"),
    [
        ("HEPES", 0, 7.564, 20.4e3, -1),
        ("MOPS", 0, 7.184, 21.1e3, -1),
        ("MES", 0, 6.270, 14.8e3, -1),
        ("PIPES", -1, 7.141, 11.2e3, -2),
        ("Tris", 1, 8.072, 47.45e3, 0),
    ],
)
@pytest.mark.parametrize("celsius", [22.0, 37.0])
def test_what_a_buffer_takes_to_its_ph(buffer, acid, pK, enthalpy, bare, celsius):
    """The charge left over, which a strong base makes up for, by Henderson and Hasselbalch."""
    t = celsius + 273.15
    found = at_pH({buffer: 10.0, "K": 140.0, "Cl": 140.0}, 7.3, t)
    at_t = pK + enthalpy / (R * LN10) * (1.0 / t - 1.0 / 298.15)
    mixed = at_t + gamma(bare, found.ionic_strength / 1e3, t) - gamma(acid, found.ionic_strength / 1e3, t)
    base = 1.0 / (1.0 + 10.0 ** (mixed - 7.3))
    water = 1e3 * (10.0**-7.3 - 1e-14 * 10.0**7.3)  # H+ less OH-, a fraction of a micromolar
    assert found.charge == pytest.approx(10.0 * (acid - base) + water, abs=0.02)
    assert mean_charge(found, buffer) == pytest.approx(acid - base, abs=0.002)


@pytest.mark.parametrize(
    ("buffer", "celsius", "pK"),
    [
        # Bates and Hetzer 1961 and Vega and Bates 1976, as in Goldberg et al. 2002: not what the constants were made of
        ("Tris", 5.0, 8.6774),
        ("Tris", 20.0, 8.2138),
        ("Tris", 35.0, 7.8031),
        ("HEPES", 5.0, 7.818),
        ("HEPES", 20.0, 7.629),
        ("HEPES", 40.0, 7.393),
    ],
)
def test_temperature_moves_a_buffer_as_it_was_measured(buffer, celsius, pK):
    """In water with a trace of buffer, where half of it has its proton at pH = pK."""
    found = at_pH({buffer: 1e-6}, pK, celsius + 273.15)
    acid, base = (s.concentration for s in sorted(found.species, key=lambda s: -s.charge) if s.component == buffer)
    assert math.log10(acid / base) == pytest.approx(0.0, abs=0.01)


def test_strong_acid_strong_base_and_water():
    assert at_neutrality({"Cl": 100.0}, 298.15).pH == pytest.approx(1.0 - gamma(1, 0.1, 298.15), abs=1e-3)
    assert at_neutrality({"K": 1.0}, 298.15).pH == pytest.approx(13.995 - 3.0 + gamma(1, 1e-3, 298.15), abs=1e-3)
    assert at_neutrality({}, 298.15).pH == pytest.approx(13.995 / 2, abs=1e-3)


def test_h_counts_as_an_activity():
    """A glass electrode reads 10^-pH; the coefficient is that of 0.1 mol/L of KCl."""
    found = at_pH({"K": 100.0, "Cl": 100.0}, 7.0, 293.15)
    h = next(each.concentration for each in found.species if each.name == "H")
    # MaxChelator's empirical coefficient (Bers, Patton and Nuccitelli 1994), as in PyChelator
    b = 0.522932 * math.exp(0.0327016 * 20.0) + 4.015942
    empirical = 0.145045 * math.exp(-b * 0.1) + 0.063546 * math.exp(-43.97704 * 0.1) + 0.695634
    assert 1e-4 / h == pytest.approx(empirical, rel=0.005)


# --- carbonate ------------------------------------------------------------------------------------------------------


def plummer(t):
    """log10 of the solubility of CO2 in mol/(L atm), of K1 and of K2 (Plummer and Busenberg 1982)."""
    lg = math.log10(t)
    return (
        108.3865 + 0.01985076 * t - 6919.53 / t - 40.45154 * lg + 669365.0 / t**2,
        -356.3094 - 0.06091964 * t + 21834.37 / t + 126.8339 * lg - 1684915.0 / t**2,
        -107.8871 - 0.03252849 * t + 5151.79 / t + 38.92561 * lg - 563713.9 / t**2,
    )


@pytest.mark.parametrize("celsius", [5.0, 22.0, 37.0])
def test_carbonate_under_a_gas(celsius):
    t, pressure = celsius + 273.15, 4750.0
    found = at_pH({"Na": 150.0, "Cl": 125.0}, 7.4, t, carbon_dioxide=pressure)
    henry, k1, k2 = plummer(t)
    i = found.ionic_strength / 1e3
    co2 = 10.0**henry * pressure / 101325.0 * 1e3
    hco3 = co2 * 10.0 ** (k1 + 7.4 - gamma(1, i, t))
    co3 = co2 * 10.0 ** (k1 + k2 + 14.8 - gamma(2, i, t))
    there = {each.name: each.concentration for each in found.species}
    assert [there[n] for n in ("CO2", "HCO3", "CO3")] == pytest.approx([co2, hco3, co3], rel=0.01)
    assert found.total("carbonate") == pytest.approx(co2 + hco3 + co3, rel=0.01)


def test_water_under_air_is_acid():
    """[H+]^2 = K_H p K1, without activity coefficients to speak of."""
    henry, k1, _ = plummer(298.15)
    found = at_neutrality({}, 298.15, carbon_dioxide=42.0)
    assert found.pH == pytest.approx(-(henry + k1 + math.log10(42.0 / 101325.0)) / 2, abs=0.003)


def test_a_gas_keeps_its_carbonate_whatever_was_weighed():
    totals = {"Na": 150.0, "Cl": 124.0, "Ca": 2.0}
    one, other = (at_neutrality(totals | {"carbonate": c}, 307.15, carbon_dioxide=4800.0) for c in (26.0, 0.0))
    assert one == other
    closed = at_neutrality(totals | {"carbonate": one.total("carbonate")}, 307.15)
    assert closed.pH == pytest.approx(one.pH, abs=1e-9)
    assert free(closed, "Ca") == pytest.approx(free(one, "Ca"), rel=1e-9)


def test_a_gas_without_carbon_dioxide_leaves_no_carbonate():
    with pytest.raises(InputError) as caught:
        at_neutrality({"Na": 26.0, "carbonate": 26.0}, 298.15, carbon_dioxide=0.0)
    assert caught.value.code == "no_carbon_dioxide"
    assert "all 26 mM" in caught.value.message
    without = at_pH({"K": 140.0, "Cl": 140.0, "HEPES": 10.0}, 7.3, 298.15, carbon_dioxide=0.0)
    assert without == at_pH({"K": 140.0, "Cl": 140.0, "HEPES": 10.0}, 7.3, 298.15)


def test_free_calcium_of_acsf_as_phreeqc_has_it():
    """125 NaCl, 2.5 KCl, 1.25 NaH2PO4, 26 NaHCO3, 2 CaCl2, 1 MgCl2, 95/5, 25 degC: 1.73 mM by PHREEQC's ion pairs."""
    totals = {"Na": 152.25, "K": 2.5, "Cl": 133.5, "phosphate": 1.25, "carbonate": 26.0, "Ca": 2.0, "Mg": 1.0}
    found = at_neutrality(totals, 298.15, carbon_dioxide=0.05 * (101325.0 - 3169.0))
    assert free(found, "Ca") == pytest.approx(1.73, rel=0.02)
    assert found.pH == pytest.approx(7.4, abs=0.05)


def test_plasma_like_saline_holds_as_much_bicarbonate_as_physiology_has_it():
    """37 degC, 40 mmHg: pK' 6.10 and 0.0307 mM/mmHg of plasma give 24.5 mM, 6.13 and 0.031 of saline 23."""
    found = at_pH({"Na": 150.0, "Cl": 125.0}, 7.4, 310.15, carbon_dioxide=40.0 * 133.322)
    hco3 = next(each.concentration for each in found.species if each.name == "HCO3")
    assert 0.85 * 24.5 < hco3 < 24.5


# --- chelators ------------------------------------------------------------------------------------------------------


def apparent_kd(ligand, metal, salt, pH, temperature):
    """nM, of a trace of both in a salt of K and Cl, mol/m3."""
    trace = 1e-6
    here = at_pH({"K": salt, "Cl": salt, ligand: trace, metal: trace}, pH, temperature)
    bound = sum(each.concentration for each in here.species if each.metal == metal)
    return free(here, metal) * (trace - bound) / bound * 1e6


KD = {
    # pH: apparent Kd of Ca-EGTA in 100 mM KCl at 20 and 37 degC, nM: the manual of Molecular Probes' calcium
    # calibration buffers (Tsien and Pozzan 1989, Methods Enzymol. 172:230)
    6.50: (3728, 2646),
    6.60: (2354, 1672),
    6.70: (1487, 1057),
    6.75: (1182, 841),
    6.80: (940, 669),
    6.85: (747, 532),
    6.90: (594, 423),
    6.95: (472, 337),
    7.00: (376, 268),
    7.05: (299, 213),
    7.10: (238, 170.0),
    7.15: (189.1, 135.4),
    7.20: (150.5, 107.9),
    7.25: (119.8, 86.0),
    7.30: (95.4, 68.6),
    7.35: (76.0, 54.7),
    7.40: (60.5, 43.7),
    7.45: (48.2, 34.9),
    7.50: (38.5, 27.9),
    7.60: (24.5, 17.88),
    7.70: (15.61, 11.49),
    7.80: (9.99, 7.42),
    7.90: (6.41, 4.82),
    8.00: (4.13, 3.15),
    8.10: (2.68, 2.08),
    8.20: (1.75, 1.39),
}


@pytest.mark.parametrize("pH", KD)
@pytest.mark.parametrize("which", [0, 1])
def test_the_printed_affinity_of_egta_for_calcium(pH, which):
    assert apparent_kd("EGTA", "Ca", 100.0, pH, (293.15, 310.15)[which]) == pytest.approx(KD[pH][which], rel=0.05)


@pytest.mark.parametrize("salt", [39.0, 114.0, 264.0])
def test_ionic_strength_weakens_egta_as_it_was_measured(salt):
    """Ogawa and others: log10 K' = 6.460 - 2 sqrt(I)/(1 + sqrt(I)) + 0.4 I at pH 6.80, 20 degC, I = 0.039 to 0.264."""
    root = math.sqrt(salt / 1e3)
    measured = 6.460 - (2.0 * root / (1.0 + root) - 0.4 * salt / 1e3)
    found = 9.0 - math.log10(apparent_kd("EGTA", "Ca", salt, 6.80, 293.15))
    assert found == pytest.approx(measured, abs=0.05)


def test_the_affinity_of_bapta():
    """160 nM in 100 mM KCl at pH 7.2 and 22 degC by its makers, 128.5 by MaxChelator."""
    assert 0.9 * 128.5 < apparent_kd("BAPTA", "Ca", 100.0, 7.2, 295.15) < 160.0


@pytest.mark.parametrize(
    ("ligand", "low", "high"),
    [
        # uM at pH 7.2, 37 degC, 0.15 mol/L; the values of models of muscle and heart: 84 (Beard's group), 87 (Golding
        # et al. by their own activity coefficients), 100 (MaxChelator's constants); 715 and 600 of MgADP
        ("ATP", 80.0, 105.0),
        ("ADP", 550.0, 750.0),
    ],
)
def test_the_affinity_of_nucleotides_for_magnesium(ligand, low, high):
    assert low < apparent_kd(ligand, "Mg", 150.0, 7.2, 310.15) / 1e3 < high


def test_gluconate_takes_most_of_the_calcium():
    """log10 K = 1.21 at 0.16 mol/L: free / total = 1 / (1 + 10^1.21 x 0.15)."""
    found = at_pH({"K": 160.0, "gluconate": 160.0, "Ca": 0.01}, 7.3, 298.15)
    assert free(found, "Ca") / 0.01 == pytest.approx(1.0 / (1.0 + 10.0**1.21 * 0.16), rel=0.01)


def test_the_internal_solution_of_the_specification():
    """Its prototype needed 11.02 mM of base at 22 degC, with the thermodynamic pK of HEPES, 7.55, as if it held at 0.1
    mol/L: -0.285 in place of -0.40 for each HEPES is 1.15 mM. What else is new is the Mg2+ that gluconate and GTP hold.
    """
    totals = {"K": 130.0, "gluconate": 110.0, "Cl": 24.0, "Na": 4.75, "HEPES": 10.0, "EGTA": 1.0, "ATP": 2.0}
    totals |= {"GTP": 0.25, "phosphocreatine": 10.0, "Tris": 20.0, "Mg": 2.0, "Ca": 0.01}
    found = at_pH(totals, 7.3, 295.15)
    assert -found.charge == pytest.approx(11.02 + 1.15, abs=0.3)
    assert mean_charge(found, "EGTA") == pytest.approx(-2.005, abs=0.02)
    assert mean_charge(found, "Tris") == pytest.approx(0.900, abs=0.01)
    assert free(found, "Mg") == pytest.approx(0.288, rel=0.1)


# --- names and refusals ---------------------------------------------------------------------------------------------


def test_names():
    totals = {"K": 150.0, "gluconate": 110.0, "SO4": 1.0, "phosphate": 1.0, "carbonate": 1.0, "ATP": 1.0, "Mg": 1.0}
    totals |= {"Ca": 1.0, "glucose": 10.0, "glutamate": 5.0, "Tris": 1.0, "HEPES": 1.0}
    names = {each.name for each in at_pH(totals, 7.3, 298.15).species}
    assert names >= {"K", "gluconate", "SO4", "HPO4", "H2PO4", "HCO3", "CO3", "CO2", "Ca", "Mg", "glucose", "H", "OH"}
    assert names >= {"ATP(-4)", "MgATP(-2)", "MgATP(-1)", "HEPES(0)", "HEPES(-1)", "Tris(+1)", "CaHPO4(0)"}
    assert names >= {"CaHCO3(+1)", "MgSO4(0)", "Ca-gluconate(+1)", "glutamate", "glutamate(-2)", "Ca-glutamate(+1)"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("HEPS", "Did you mean 'HEPES'?"),
        ("Gluconate", "Did you mean 'gluconate'?"),
        ("HCO3", "Count all of it as carbonate"),
        ("H2PO4", "Count all of it as phosphate"),
        ("H", "The pH says how much"),
        ("sucros", "Did you mean 'sucrose'?"),
    ],
)
def test_a_name_that_is_not_counted(name, told):
    with pytest.raises(InputError) as caught:
        at_pH({"K": 10.0, name: 0.0}, 7.0, 298.15)
    assert caught.value.code == "unknown_component"
    assert told in caught.value.hint


@pytest.mark.parametrize(("totals", "pH"), [({"K": -1.0}, 7.0), ({"K": math.nan}, 7.0), ({}, 20.0), ({}, math.nan)])
def test_what_is_no_amount_and_no_ph(totals, pH):
    with pytest.raises(InputError) as caught:
        at_pH(totals, pH, 298.15)
    assert caught.value.code == "out_of_range"


def test_no_ph_makes_up_for_a_missing_ion():
    with pytest.raises(InputError) as caught:
        at_neutrality({"K": 3e4}, 298.15)
    assert caught.value.code == "no_neutral_pH"
    assert "30000 mM too much positive charge" in caught.value.message


def test_what_is_asked_of_an_equilibrium():
    found = at_pH({"EGTA": 1.0, "Ca": 0.5, "K": 4e3, "Cl": 4e3}, 7.0, 298.15)
    assert found.beyond_davies
    assert not at_pH({"K": 100.0, "Cl": 100.0}, 7.0, 298.15).beyond_davies
    assert found.total("Ca") == pytest.approx(0.5)
    assert found.total("Mg") == 0.0
