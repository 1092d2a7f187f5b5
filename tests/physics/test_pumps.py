"""Pump rate laws, the free energy of the cycle, and the ATP bill."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from vrest.constants import F, R
from vrest.physics.atp import atp_per_second, resting_pump_current
from vrest.physics.chord import chord_potential
from vrest.physics.free_energy import cycle_free_energy, pump_reversal_potential
from vrest.physics.pumps import (
    atp_saturation,
    cubic,
    exponential,
    hamada,
    hill,
    luo_rudy,
    luo_rudy_core,
    luo_rudy_voltage_factor,
)

T37 = 310.15
NA, K = np.asarray([10.0, 20.0, 10.0, 18.0]), np.asarray([4.0, 4.0, 8.0, 3.5])

LAWS = {
    "Kager": lambda na, k: hill(na_inside=na, k_outside=k, km_na=10.0, km_k=2.0),
    "Cressman": lambda na, k: exponential(na_inside=na, k_outside=k),
    "Wei": lambda na, k: exponential(na_inside=na, k_outside=k, k_half=3.5),
    "Hamada": lambda na, k: hamada(na_inside=na) + 0 * k,
    "Luo-Rudy core": lambda na, k: luo_rudy_core(na_inside=na, k_outside=k),
    "Conte": lambda na, k: hill(na_inside=na, k_outside=k, km_na=7.7, km_k=2.0),
    "Kay": lambda na, k: hill(na_inside=na, k_outside=k, km_na=3.56, km_k=0.883),
    "Duesterwald": lambda na, k: cubic(na_inside=na, na_outside=145.0) + 0 * k,
}


@pytest.mark.parametrize(
    ("law", "table"),
    [
        ("Kager", [0.055556, 0.131687, 0.080000, 0.107586]),
        ("Cressman", [0.001221, 0.028982, 0.006185, 0.010537]),
        ("Wei", [0.004166, 0.098890, 0.006619, 0.044200]),
        ("Hamada", [0.477869, 0.607128, 0.477869, 0.596635]),
        ("Luo-Rudy core", [0.363636, 0.537306, 0.421053, 0.495019]),
        ("Conte", [0.080149, 0.167289, 0.115414, 0.139133]),
        ("Kay", [0.269133, 0.410498, 0.325298, 0.371077]),
        ("Duesterwald", [0.000328, 0.002624, 0.000328, 0.001913]),
    ],
)
def test_table_of_laws(law, table):
    np.testing.assert_allclose(LAWS[law](NA, K), table, atol=6e-7)
    np.testing.assert_allclose(jax.jit(LAWS[law])(NA, K), LAWS[law](NA, K), rtol=1e-13)


@pytest.mark.parametrize("law", sorted(set(LAWS) - {"Cressman", "Wei"}))
def test_without_sodium_nothing_is_pumped(law):
    assert LAWS[law](0.0, 4.0) == 0
    slope = jax.grad(LAWS[law])(0.0, 4.0)
    assert np.isfinite(slope)
    if law not in ("Hamada", "Duesterwald"):
        assert LAWS[law](10.0, 0.0) == 0
        assert LAWS[law](0.0, 0.0) == 0


def test_the_exponential_law_does_not_vanish_without_ions():
    assert exponential(na_inside=0.0, k_outside=1e3) == pytest.approx(1 / (1 + np.exp(25 / 3)))
    assert exponential(na_inside=1e3, k_outside=0.0) == pytest.approx(1 / (1 + np.exp(5.5)))


def test_constants_of_ones_own():
    """Each is felt: an e-fold of a slope, the half-saturations of the Luo-Rudy core."""
    e = 1 + np.exp(-1)
    halves = {"na_half": 20.0, "na_slope": 5.0, "k_half": 4.0, "k_slope": 2.0}
    assert exponential(na_inside=25.0, k_outside=6.0, **halves) == pytest.approx(1 / e**2, rel=1e-14, abs=0)
    sides = {"na_outside": 145.0, "potential": -0.07, "temperature": T37}
    voltage = luo_rudy_voltage_factor(**sides)
    assert luo_rudy(na_inside=7.0, k_outside=1e9, km_na=7.0, **sides) == pytest.approx(voltage / 2, rel=1e-8)
    assert luo_rudy(na_inside=1e9, k_outside=3.0, km_k=3.0, **sides) == pytest.approx(voltage / 2, rel=1e-8)


@pytest.mark.parametrize("law", sorted(LAWS))
@pytest.mark.parametrize(("na", "k"), [(10.0, 4.0), (25.0, 5.5), (60.0, 12.0)])
def test_gradients_equal_finite_differences(law, na, k):
    h = 1e-4
    rate = LAWS[law]
    by_na, by_k = jax.grad(rate, argnums=(0, 1))(na, k)
    assert by_na == pytest.approx((rate(na + h, k) - rate(na - h, k)) / (2 * h), rel=1e-6)
    assert by_k == pytest.approx((rate(na, k + h) - rate(na, k - h)) / (2 * h), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("millivolt", "factor"),
    [(-100, 0.3500), (-80, 0.5099), (-70, 0.5857), (-50, 0.7101), (0, 0.8589), (40, 0.8960)],
)
def test_luo_rudy_voltage_table(millivolt, factor):
    site = {"potential": 1e-3 * millivolt, "na_outside": 145.0, "temperature": T37}
    assert luo_rudy_voltage_factor(**site) == pytest.approx(factor, abs=6e-5)
    whole = luo_rudy(na_inside=20.0, k_outside=4.0, **site)
    assert whole == pytest.approx(0.537306 * factor, rel=2e-4)


@pytest.mark.parametrize(("atp", "fraction"), [(2.0, 0.909), (0.5, 0.714), (0.1, 0.333), (0.0, 0.0)])
def test_atp_saturation(atp, fraction):
    assert atp_saturation(atp, 0.2) == pytest.approx(fraction, abs=6e-4)
    assert atp_saturation(atp, 0.0) == (atp > 0)  # what never limits


@pytest.mark.parametrize(
    ("cell", "kilojoule", "millivolt"),
    [
        ((12, 145, 140, 4), 44.37, -200.9),
        ((10, 152, 145, 3), 47.81, -165.3),
        ((15, 145, 140, 5), 41.49, -230.7),
    ],
)
def test_free_energy_table(cell, kilojoule, millivolt):
    ions = dict(zip(("na_inside", "na_outside", "k_inside", "k_outside"), cell, strict=True))
    cost = cycle_free_energy(potential=-0.070, temperature=T37, **ions)
    assert cost / 1e3 == pytest.approx(kilojoule, abs=0.0051)
    reversal = pump_reversal_potential(atp_free_energy=-57e3, temperature=T37, **ions)
    assert 1e3 * reversal == pytest.approx(millivolt, abs=0.051)


positive = st.floats(0.1, 500)


@given(positive, positive, positive, positive, st.floats(-0.2, 0.2))
def test_cycle_cost_is_the_work_on_each_ion(nai, nao, ki, ko, v):
    ions = {"na_inside": nai, "na_outside": nao, "k_inside": ki, "k_outside": ko, "temperature": T37}
    work_na = R * T37 * np.log(nao / nai) - F * v  # electrochemical work to take one Na+ out
    work_k = R * T37 * np.log(ki / ko) + F * v  # and one K+ in
    cost = cycle_free_energy(potential=v, **ions)
    assert cost == pytest.approx(3 * work_na + 2 * work_k, rel=1e-9, abs=1e-6)
    neutral = cycle_free_energy(potential=v, na_per_cycle=2, **ions)
    assert neutral == pytest.approx(2 * work_na + 2 * work_k, rel=1e-9, abs=1e-6)
    stall = pump_reversal_potential(atp_free_energy=-57e3, **ions)
    assert cycle_free_energy(potential=stall, **ions) == pytest.approx(57e3, rel=1e-9)
    assert cycle_free_energy(potential=stall - 0.01, **ions) > 57e3  # below it, ATP no longer pays


def test_attwell_laughlin_bill():
    v, e_na, e_k, resistance = -0.070, 0.050, -0.100, 200e6
    current = resting_pump_current(input_resistance=resistance, potential=v, reversal_na=e_na, reversal_k=e_k)
    assert 1e12 * current == pytest.approx(54.545, abs=6e-4)
    assert atp_per_second(current) == pytest.approx(3.404e8, rel=2e-4)

    def mismatch(i):
        return 3 * i / (e_na - v) + 2 * i / (v - e_k) - 1 / resistance

    assert current == pytest.approx(brentq(mismatch, 0, 1e-9, xtol=1e-25), rel=1e-12, abs=0)
    leaks = [3 * current / (e_na - v), 2 * current / (v - e_k)]
    assert chord_potential(leaks, [e_na, e_k], current) == pytest.approx(v, rel=1e-13, abs=0)


@pytest.mark.parametrize(("ampere", "rate"), [(26.106e-12, 1.629e8), (0.9004e-2 * 785.4e-12, 4.41e7)])
def test_atp_of_published_cells(ampere, rate):
    assert atp_per_second(ampere) == pytest.approx(rate, rel=2e-3)
    assert atp_per_second(2 * ampere, charge_per_cycle=2) == atp_per_second(ampere)
