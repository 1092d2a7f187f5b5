"""GHK against an integral of the Nernst-Planck equation, tables, limits, and detailed balance."""

from decimal import Decimal, getcontext

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from vrest.constants import F, R
from vrest.physics.ghk import (
    bernoulli,
    ghk_chord_conductance,
    ghk_current,
    ghk_flux,
    ghk_slope_conductance,
    ghk_voltage,
)
from vrest.physics.nernst import nernst

T37, T20 = 310.15, 293.15
PHI = R * T37 / F
K = {"inside": 140.0, "outside": 5.0, "temperature": T37}
SET_B = {"inside": [140, 15, 7], "outside": [5, 145, 110], "temperature": T37}
RATIO, SIGN = [1, 0.04, 0.45], [1, 1, -1]

concentration = st.floats(1e-4, 1e3)
potential = st.floats(-0.4, 0.4)
valence = st.sampled_from([-2, -1, 1, 2])


@given(st.floats(-300, 300))
def test_bernoulli_in_high_precision(x):
    getcontext().prec = 50
    exact = Decimal(x) / (Decimal(x).exp() - 1) if abs(x) > 1e-20 else Decimal(1)
    assert float(bernoulli(x)) == pytest.approx(float(exact), rel=2e-15, abs=0)


@pytest.mark.parametrize("x", [-0.0101, -0.0099, 0.0, 0.0099, 0.0101, 3.0, -30.0])
def test_bernoulli_derivatives_across_the_series(x):
    # Taylor series of the generating function x/(e^x - 1) about 0, or its analytic derivative away from 0
    if abs(x) < 0.1:
        first = -1 / 2 + x / 6 - x**3 / 180 + x**5 / 5040
        second = 1 / 6 - x**2 / 60 + x**4 / 1008
    else:
        e = np.exp(x)
        first = (e - 1 - x * e) / (e - 1) ** 2
        second = e * (x * (e + 1) - 2 * (e - 1)) / (e - 1) ** 3
    assert float(jax.grad(bernoulli)(x)) == pytest.approx(first, rel=1e-11)
    assert float(jax.grad(jax.grad(bernoulli))(x)) == pytest.approx(second, rel=1e-8, abs=0)


def test_bernoulli_far_out_stays_finite_with_its_gradient():
    assert 0 <= float(bernoulli(1e4)) < 1e-300
    assert float(bernoulli(-1e4)) == 1e4
    assert np.isfinite(float(jax.grad(bernoulli)(1e4)))
    assert float(jax.grad(bernoulli)(-1e4)) == pytest.approx(-1)


@pytest.mark.parametrize("v", [-0.09, -0.001, 1e-7, 0.03])
@pytest.mark.parametrize("z", [-1, 1, 2])
def test_flux_is_the_constant_field_solution(v, z):
    # steady Nernst-Planck in a constant field: J = P (ci e^u - co) / integral of e^(u s) over the membrane
    u = z * v / PHI
    integral, _ = quad(lambda s: np.exp(u * s), 0, 1, epsabs=0, epsrel=1e-13)
    expected = 2e-8 * (140 * np.exp(u) - 5) / integral
    assert ghk_flux(2e-8, z, potential=v, **K) == pytest.approx(expected, rel=1e-12, abs=0)


@given(concentration, concentration, valence)
def test_no_current_at_the_nernst_potential(inside, outside, z):
    ion = {"inside": inside, "outside": outside, "temperature": T37}
    current = ghk_current(1e-8, z, potential=nernst(z, **ion), **ion)
    assert abs(current) <= 1e-12 * 1e-8 * F * z**2 * max(inside, outside)


@given(concentration, concentration, potential, valence)
def test_current_rises_with_potential(inside, outside, v, z):
    ion = {"inside": inside, "outside": outside, "temperature": T37}
    assert ghk_current(1e-8, z, potential=v + 0.01, **ion) > ghk_current(1e-8, z, potential=v, **ion)


@given(concentration, concentration, potential, valence)
def test_swapping_sides_and_sign_of_potential_reverses_the_flux(inside, outside, v, z):
    there = ghk_flux(1e-8, z, inside=inside, outside=outside, potential=v, temperature=T37)
    back = ghk_flux(1e-8, z, inside=outside, outside=inside, potential=-v, temperature=T37)
    assert there == pytest.approx(-back, rel=1e-12, abs=1e-30)


@given(potential, valence)
def test_each_one_way_flux_keeps_its_sign_and_obeys_ussing(v, z):
    out = ghk_flux(1e-8, z, inside=1.0, outside=0.0, potential=v, temperature=T37)
    into = ghk_flux(1e-8, z, inside=0.0, outside=1.0, potential=v, temperature=T37)
    assert out > 0 > into
    assert -out / into == pytest.approx(np.exp(z * v / PHI), rel=1e-13, abs=0)


@pytest.mark.parametrize(("millivolt", "expected"), [(-70, 1.41776), (0, 13.0255), (40, 25.8399)])
def test_current_table(millivolt, expected):
    assert 100 * ghk_current(1e-8, 1, potential=1e-3 * millivolt, **K) == pytest.approx(expected, abs=6e-5)


def test_conductance_table():
    assert 100 * ghk_slope_conductance(1e-8, 1, potential=nernst(1, **K), **K) == pytest.approx(62.375, abs=6e-4)
    assert 100 * ghk_chord_conductance(1e-8, 1, potential=-0.070, **K) == pytest.approx(74.389, abs=6e-4)


@given(concentration, concentration, potential, valence)
def test_slope_conductance_is_the_derivative(inside, outside, v, z):
    ion = {"inside": inside, "outside": outside, "temperature": T37}
    h = 1e-5
    rise = ghk_current(1e-8, z, potential=v + h, **ion) - ghk_current(1e-8, z, potential=v - h, **ion)
    slope = ghk_slope_conductance(1e-8, z, potential=v, **ion)
    assert slope == pytest.approx(rise / (2 * h), rel=1e-6, abs=1e-9 * max(inside, outside) * 1e-8 * F / PHI)


@given(concentration, concentration, potential, valence)
def test_chord_conductance_is_current_over_driving_force(inside, outside, v, z):
    ion = {"inside": inside, "outside": outside, "temperature": T37}
    chord = ghk_chord_conductance(1e-8, z, potential=v, **ion)
    force = v - nernst(z, **ion)
    scale = 1e-8 * F * z**2 * max(inside, outside)
    assert chord * force == pytest.approx(ghk_current(1e-8, z, potential=v, **ion), rel=1e-9, abs=1e-12 * scale)


@pytest.mark.parametrize(("u", "rel"), [(1e-6, 2e-14), (3e-3, 2e-14), (9.9e-3, 2e-14), (1.01e-2, 1e-12), (1.0, 1e-13)])
@pytest.mark.parametrize("sign", [1, -1])
def test_slope_conductance_in_high_precision_across_the_series(u, rel, sign):
    """Its two weights are -B'(-u) of what is inside and -B'(u) of what is outside, and sum to 1."""
    phi = R * T37 / F
    with mpmath.workdps(50):
        x = mpmath.mpf(sign * u)
        e = mpmath.exp(x)
        outside = float(-(e - 1 - x * e) / (e - 1) ** 2)
    for side, weight in (("outside", outside), ("inside", 1 - outside)):
        ions = {"inside": 0.0, "outside": 0.0, side: 1.0}
        slope = ghk_slope_conductance(1.0, 1, potential=sign * u * phi, temperature=T37, **ions)
        assert slope * phi / F == pytest.approx(weight, rel=rel, abs=0)


def test_chord_meets_slope_at_the_reversal():
    at_e_k = {"potential": nernst(1, **K), **K}
    assert ghk_chord_conductance(1e-8, 1, **at_e_k) == pytest.approx(
        ghk_slope_conductance(1e-8, 1, **at_e_k), rel=1e-13, abs=0
    )


def test_at_zero_potential_flux_is_simple_diffusion_and_smooth():
    assert ghk_flux(1e-8, 1, potential=0.0, **K) == pytest.approx(1e-8 * 135, rel=1e-15, abs=0)

    def current(v):
        return ghk_current(1e-8, 1, potential=v, **K)

    # about V = 0: I = PF [(ci - co) + (ci + co) u/2 + (ci - co) u^2/12 + ...]
    assert float(jax.grad(current)(0.0)) == pytest.approx(1e-8 * F * 145 / (2 * PHI), rel=1e-14, abs=0)
    assert float(jax.grad(jax.grad(current))(0.0)) == pytest.approx(1e-8 * F * 135 / (6 * PHI**2), rel=1e-13)


@pytest.mark.parametrize("v", [-0.07, -1e-4, 0.0, 1e-4, 0.2])
@pytest.mark.parametrize("z", [-1, 0, 1, 2])
def test_gradients_equal_finite_differences(v, z):
    arguments = np.asarray([140.0, 5.0, v, T37])

    def flux(x):
        return ghk_flux(1e-8, z, inside=x[0], outside=x[1], potential=x[2], temperature=x[3])

    steps = np.diag([1e-2, 1e-2, 1e-5, 1e-2])
    differences = [(flux(arguments + h) - flux(arguments - h)) / (2 * h.sum()) for h in steps]
    np.testing.assert_allclose(jax.jit(jax.grad(flux))(arguments), differences, rtol=1e-6, atol=1e-17)


def test_numpy_and_jax_agree_over_broadcast_shapes():
    rng = np.random.default_rng(1)
    z = np.asarray([1, 2, -1])[:, None]
    ion = {
        "inside": rng.uniform(1, 150, (3, 1)),
        "outside": rng.uniform(1, 150, (3, 1)),
        "potential": np.linspace(-0.1, 0.1, 21),
    }
    for formula in (ghk_flux, ghk_current, ghk_slope_conductance, ghk_chord_conductance):
        here = formula(1e-8, z, temperature=T37, **ion)
        there = jax.jit(lambda ion, formula=formula: formula(1e-8, z, temperature=T37, **ion))(ion)
        assert isinstance(here, np.ndarray)
        assert isinstance(there, jax.Array)
        assert there.shape == (3, 21)
        np.testing.assert_allclose(there, here, rtol=1e-12)


@pytest.mark.parametrize(
    ("temperature", "inside", "outside", "with_cl", "without_cl", "na_001"),
    [
        (T20, [400, 50, 52], [20, 440, 560], -59.93, -59.86, -70.69),
        (T37, [140, 15, 10], [5, 145, 110], -67.34, -68.59, -82.28),
        (T37, [140, 15, 7], [5, 145, 110], -69.81, -68.59, -82.28),
        (T37, [140, 12, 6], [3.5, 145, 130], -75.06, -72.56, -89.35),
        (T37, [155, 12, 4.2], [4, 145, 123], None, -73.88, -89.50),
        (T20, [124, 10.4, 1.5], [2.25, 109, 77.5], None, -74.14, -91.32),
        (T37, [100, 15, 35], [3, 145, 135], None, -65.12, -83.22),
    ],
)
def test_resting_potential_table(temperature, inside, outside, with_cl, without_cl, na_001):
    for p, expected in (([1, 0.04, 0.45], with_cl), ([1, 0.04, 0], without_cl), ([1, 0.01, 0], na_001)):
        if expected is not None:
            v = ghk_voltage(p, SIGN, inside=inside, outside=outside, temperature=temperature)
            assert 1e3 * v == pytest.approx(expected, abs=0.0051)


@pytest.mark.parametrize(
    ("permeabilities", "millivolt"),
    [
        ([0, 0.04, 0.45], -46.03),
        ([0.1, 0.04, 0.45], -51.17),
        ([0.5, 0.04, 0.45], -62.82),
        ([1, 1, 0.45], -7.73),
        ([1, 1.04, 0.45], -6.81),
        ([1, 0.08, 0.45], -60.60),
        ([1, 0.04, 0], -68.59),
    ],
)
def test_perturbed_permeabilities(permeabilities, millivolt):
    assert 1e3 * ghk_voltage(permeabilities, SIGN, **SET_B) == pytest.approx(millivolt, abs=0.0051)


def test_sodium_free_bath():
    v = ghk_voltage(RATIO, SIGN, inside=[140, 15, 7], outside=[5, 0, 110], temperature=T37)
    assert 1e3 * v == pytest.approx(-84.18, abs=0.0051)


def test_outside_potassium_for_minus_52():
    def excess(k_outside, na_outside=145):
        bath = [k_outside, na_outside, 110]
        return ghk_voltage(RATIO, SIGN, inside=[140, 15, 7], outside=bath, temperature=T37) + 0.052

    assert brentq(excess, 5, 50) == pytest.approx(18.215, abs=0.001)
    assert brentq(lambda k: excess(k, 150 - k), 5, 50) == pytest.approx(18.77, abs=0.006)


@pytest.mark.parametrize(
    ("k_outside", "millivolt"),
    [
        (0.5, -111.11),
        (1, -104.61),
        (2.5, -91.52),
        (5, -78.52),
        (10, -63.62),
        (20, -47.55),
        (30, -37.81),
        (50, -25.34),
        (100, -8.17),
    ],
)
def test_hodgkin_horowicz_curve(k_outside, millivolt):
    assert 1e3 * hodgkin_horowicz(k_outside) == pytest.approx(millivolt, abs=0.0051)


def test_hodgkin_horowicz_slope_at_normal_potassium():
    per_e_fold = jax.grad(lambda ln_k: hodgkin_horowicz(jax.numpy.exp(ln_k)))(np.log(2.5))
    assert 1e3 * per_e_fold * np.log(10) == pytest.approx(39.2, abs=0.05)


def hodgkin_horowicz(k_outside):
    """Frog muscle without chloride: 58 mV per decade, P_Na/P_K 0.01, K_i 140, Na_o 120, and no Na_i."""
    slope = 0.058 / np.log(10) * F / R
    return ghk_voltage([1, 0.01], [1, 1], inside=[140, 0], outside=[k_outside, 120], temperature=slope)


@pytest.mark.parametrize(
    ("k_inside", "na_inside", "p_na", "table"),
    [
        (140, 10, 0.01, {2: -99.39, 3: -92.49, 4: -87.02, 5: -82.48, 6: -78.60, 8: -72.21, 10: -67.05}),
        (155, 12, 0.01, {2: -101.72, 4: -89.50, 6: -81.14, 8: -74.79}),
        (140, 12, 0.04, {2: -77.27, 4: -71.16, 6: -66.20, 8: -62.02, 10: -58.40}),
    ],
)
def test_outside_potassium_in_ventricle_muscle_and_neuron(k_inside, na_inside, p_na, table):
    na_outside = 140 if na_inside == 10 else 145
    for k_outside, millivolt in table.items():
        v = ghk_voltage(
            [1, p_na], [1, 1], inside=[k_inside, na_inside], outside=[k_outside, na_outside], temperature=T37
        )
        assert 1e3 * v == pytest.approx(millivolt, abs=0.0051)


@pytest.mark.parametrize(
    ("cl_inside", "gaba", "chloride"),
    [(5, -74.90, -87.08), (7, -69.07, -78.09), (10, -62.18, -68.55), (25, -41.89, -44.06)],
)
def test_gaba_reversal(cl_inside, gaba, chloride):
    ions = {"inside": [cl_inside, 16], "outside": [130, 26], "temperature": T37}
    assert 1e3 * ghk_voltage([1, 0.2], [-1, -1], **ions) == pytest.approx(gaba, abs=0.0051)
    assert 1e3 * ghk_voltage([1, 0.0], [-1, -1], **ions) == pytest.approx(chloride, abs=0.0051)


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.lists(concentration, min_size=6, max_size=6))
def test_currents_cancel_at_the_ghk_voltage(p, c):
    p, inside, outside, z = np.asarray(p), np.asarray(c[:3]), np.asarray(c[3:]), np.asarray(SIGN)
    ions = {"inside": inside, "outside": outside, "temperature": T37}
    currents = ghk_current(p, z, potential=ghk_voltage(p, z, **ions), **ions)
    assert abs(currents.sum()) <= 1e-12 * np.abs(p * F * np.maximum(inside, outside)).sum()


def test_voltage_takes_arrays_with_the_ions_first():
    k_outside = np.linspace(2, 20, 7)
    bath = np.stack([k_outside, np.full(7, 145.0), np.full(7, 110.0)])
    rest = ghk_voltage(RATIO, SIGN, inside=[140, 15, 7], outside=bath, temperature=np.full(7, T37))
    singly = [ghk_voltage(RATIO, SIGN, inside=[140, 15, 7], outside=[k, 145, 110], temperature=T37) for k in k_outside]
    assert rest.shape == (7,)
    np.testing.assert_allclose(rest, singly, rtol=1e-14)

    # the same with ragged entries, and with a JAX value among plain numbers
    ragged = ghk_voltage(RATIO, SIGN, inside=[140, 15, 7], outside=[k_outside, 145, 110], temperature=T37)
    np.testing.assert_allclose(ragged, singly, rtol=1e-14)
    traced = jax.jit(
        jax.vmap(lambda k: ghk_voltage(RATIO, SIGN, inside=[140, 15, 7], outside=[k, 145, 110], temperature=T37))
    )(k_outside)
    np.testing.assert_allclose(traced, singly, rtol=1e-14)
