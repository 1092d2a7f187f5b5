"""Pumps whose laws do not see [K]o: their rests by SciPy, from the equations of the cell written again."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import fsolve

import vrest
from vrest.constants import F, R
from vrest.model.paths import parameters
from vrest.model.transport import Surroundings

CELL = Path(__file__).with_name("dopaminergic.toml").read_text(encoding="utf-8") + "pump = { PUMP }\n"
PHI = R * 308.15 / F
CM, SURFACE_TO_VOLUME = 1e-2, 2 / 7.5e-6


def luo_rudy(na, v):
    s = np.expm1(145.0 / 67.3) / 7
    return na**1.5 / (na**1.5 + 10.0**1.5) / (1 + 0.1245 * np.exp(-0.1 * v / PHI) + 0.0365 * s * np.exp(-v / PHI))


PUMPS = {
    # as a modeller writes it: its rate (A/m2) at [Na]i (mM) and V (V)
    'law = "pump_hill", max_rate = "20 uA/cm2", km_na = "10 mM", k_outside = "saturating"': (
        lambda na, v: 0.2 / (1 + 10.0 / na) ** 3
    ),
    'law = "pump_exponential", max_rate = "3 uA/cm2", na_half = "12 mM", na_slope = "1 mM", k_outside = "saturating"': (
        lambda na, v: 0.03 / (1 + np.exp(12.0 - na))
    ),
    'law = "pump_luo_rudy_core", max_rate = "3.6 uA/cm2", km_na = "10 mM", k_outside = "saturating"': (
        lambda na, v: 0.036 / (1 + (10.0 / na) ** 1.5)
    ),
    'law = "pump_luo_rudy", max_rate = "3.6 uA/cm2", k_outside = "saturating"': lambda na, v: 0.036 * luo_rudy(na, v),
    'law = "pump_hamada", max_rate = "1 uA/cm2"': (
        lambda na, v: 0.01 * (0.62 / (1 + (6.7 / na) ** 3) + 0.38 / (1 + (67.6 / na) ** 3))
    ),
    'law = "pump_constant", max_rate = "0.2 uA/cm2"': lambda na, v: 0.002,
}
PRINTED = {"pump_exponential": (-84.8550, 9.4131), "pump_luo_rudy_core": (-81.1815, 1.8377)}
"""mV and mM, of two that a modeller ran."""


def cell(pump, outside="2.5 mM", text=CELL):
    return vrest.parse_cell(text.replace("PUMP", pump).replace("2.5 mM", outside))


def by_scipy(rate):
    """V (V), K, Na, Cl (mM): no ion moves, and the charge inside is what it was and what charges the membrane."""

    def left(unknown):
        v, k, na = unknown[0], *np.exp(unknown[1:])
        cl = 147.5 * np.exp(v / PHI)
        pump = rate(na, v)
        e_k, e_na = PHI * np.log(2.5 / k), PHI * np.log(145.0 / na)
        charge = (k + na - cl) - (140.0 + 8.0 - 10.0) - CM * SURFACE_TO_VOLUME / F * (v + 0.060)
        return 0.2 * (v - e_k) - 2 * pump, 0.04 * (v - e_na) + 3 * pump, charge

    v, k, na = (found := fsolve(left, [-0.08, np.log(140.0), np.log(6.0)], xtol=1e-13))[0], *np.exp(found[1:])
    assert np.abs(left(found)).max() < 1e-10
    return 1e3 * v, k, na


@pytest.mark.parametrize("pump", PUMPS)
def test_the_rest_is_that_of_scipy(pump):
    found = vrest.rest(cell(pump))
    v, k, na = by_scipy(PUMPS[pump])
    inside = found.concentrations["inside"]
    assert found.outcome.name == "rests"
    assert found.v_rest == pytest.approx(v, abs=1e-6)
    assert (inside["K"], inside["Na"]) == pytest.approx((k, na), rel=1e-8)
    for law, printed in PRINTED.items():
        if f'"{law}"' in pump:
            assert (found.v_rest, inside["Na"]) == pytest.approx(printed, abs=2e-4)


@pytest.mark.parametrize("pump", [pump for pump in PUMPS if "saturating" in pump])
def test_potassium_outside_does_not_matter(pump):
    law = cell(pump).membranes["m"].transports["pump"]

    def rate(k):
        return float(
            law.rate(
                Surroundings(
                    potential=-0.07,
                    temperature=308.15,
                    inside={"Na": 8.0, "K": 140.0},
                    outside={"Na": 145.0, "K": k},
                    osmolarity_inside=290.0,
                    osmolarity_outside=290.0,
                    valence={"K": 1, "Na": 1},
                    gates={},
                )
            )
        )

    assert rate(0.0) == rate(2.5) == rate(50.0) > 0
    assert rate(2.5) * F == pytest.approx(PUMPS[pump](8.0, -0.07), rel=1e-12)
    assert not {"km_k", "k_half", "k_slope"} & {path.split(".")[-1] for path in parameters(cell(pump))}
    assert vrest.parse_cell(vrest.write_cell(cell(pump))) == cell(pump)


GHK = CELL.replace("ohmic_leak", "ghk_leak")
for conductance, permeability in (("2e-5", "2e-7"), ("4e-6", "4e-8"), ("1e-5", "1e-7")):
    GHK = GHK.replace(f'conductance = "{conductance} S/cm2"', f'permeability = "{permeability} cm/s"')


@pytest.mark.parametrize("pump", [pump for pump in PUMPS if "constant" not in pump])
def test_without_potassium_outside_it_goes_on_and_the_certificate_says_so(pump):
    found = vrest.rest(cell(pump, "0 mM", GHK))
    assert found.outcome.name == "rests"  # it holds Na+
    assert found.concentrations["inside"]["Na"] < 15
    assert found.atp_per_second > 0
    said = [notice.message for notice in found.warnings if notice.code == "pump_without_ion"]
    assert said == ["'pump' goes on moving K out of 'outside', which has none: its rate law does not ask for it there"]
    assert not [notice for notice in vrest.rest(cell(pump, text=GHK)).warnings if notice.code == "pump_without_ion"]


@pytest.mark.parametrize("law", ["pump_hill", "pump_luo_rudy_core"])
@pytest.mark.parametrize("outside", ["2.5 mM", "0 mM"])
def test_a_km_of_nothing_is_the_same(law, outside):
    pump = f'law = "{law}", max_rate = "3.6 uA/cm2", km_na = "10 mM", '
    said, zero = (vrest.rest(cell(pump + k, outside, GHK)) for k in ('k_outside = "saturating"', 'km_k = "0 mM"'))
    assert said.v_rest == pytest.approx(zero.v_rest, abs=1e-9)
    assert said.outcome is zero.outcome


def test_one_that_sees_potassium_stops_without_it():
    found = vrest.rest(cell('law = "pump_hill", max_rate = "20 uA/cm2"', "0 mM", GHK))
    assert found.outcome.name == "rests_run_down"
    assert "pump_without_ion" not in [notice.code for notice in found.warnings]


@pytest.mark.parametrize(
    ("pump", "code", "hint"),
    [
        ('law = "pump_hill", max_rate = "1 uA/cm2", k_outside = "saturated"', "bad_value", "saturating"),
        ('law = "pump_hill", max_rate = "1 uA/cm2", k_outside = "saturating", km_k = "2 mM"', "unexpected_key", "km_k"),
        (
            'law = "pump_exponential", max_rate = "1 uA/cm2", k_outside = "saturating", k_slope = "1 mM"',
            "unexpected_key",
            "k_slope",
        ),
        ('law = "pump_hamada", max_rate = "1 uA/cm2", k_outside = "saturating"', "unknown_key", ""),
    ],
)
def test_what_does_not_go_together_is_refused(pump, code, hint):
    with pytest.raises(vrest.InputError) as refused:
        cell(pump)
    assert refused.value.code == code
    assert hint in refused.value.hint


def test_a_half_below_zero_does_not_see_k_and_is_said():
    """Of a sigmoid any midpoint has a meaning; what this one amounts to has a name of its own."""
    law = 'law = "pump_exponential", max_rate = "3 uA/cm2", na_half = "12 mM", na_slope = "1 mM"'
    found = vrest.rest(cell(f'{law}, k_half = "-1000 mM"'))
    assert found.v_rest == pytest.approx(vrest.rest(cell(f'{law}, k_outside = "saturating"')).v_rest, abs=1e-9)
    assert "k_half_below_zero" in [notice.code for notice in found.warnings]
    assert "k_half_below_zero" not in [notice.code for notice in vrest.rest(cell(law)).warnings]
