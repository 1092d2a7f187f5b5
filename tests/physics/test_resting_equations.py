"""Mullins-Noda, chord equation, ohmic leaks, and the votes of the ions."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from vrest.constants import F, R
from vrest.physics.chord import chord_conductance, chord_potential, chord_shares
from vrest.physics.ghk import ghk_chord_conductance, ghk_current, ghk_voltage
from vrest.physics.mullins_noda import mullins_noda
from vrest.physics.nernst import nernst
from vrest.physics.ohmic import ohmic_current, ohmic_flux
from vrest.physics.votes import elasticities, ghk_shares, slope_shares

T37, T20 = 310.15, 293.15
P, Z = np.asarray([1, 0.04, 0.45]), np.asarray([1, 1, -1])
SET_B = {"inside": np.asarray([140.0, 15.0, 7.0]), "outside": np.asarray([5.0, 145.0, 110.0])}
SQUID = {"inside": np.asarray([400.0, 50.0, 52.0]), "outside": np.asarray([20.0, 440.0, 560.0])}
MUSCLE = {"k_outside": 4, "k_inside": 155, "na_outside": 145, "na_inside": 12, "temperature": T37}
SET_A = {"k_outside": 5, "k_inside": 140, "na_outside": 145, "na_inside": 15, "temperature": T37}
CNS = {"k_outside": 3.5, "k_inside": 140, "na_outside": 145, "na_inside": 12, "temperature": T37}
SQUID_MN = {"k_outside": 20, "k_inside": 400, "na_outside": 440, "na_inside": 50, "temperature": T20}
FROG = {"k_outside": 2.25, "k_inside": 124, "na_outside": 109, "na_inside": 10.4, "temperature": T20}

positive = st.floats(0.5, 500)


@pytest.mark.parametrize(
    ("cell", "at_04", "at_01"),
    [
        (SQUID_MN, -64.100, -72.24),
        (SET_A, -73.82, -84.35),
        (CNS, -78.76, -92.09),
        (MUSCLE, -79.72, -91.972),
        (FROG, -80.39, -94.23),
    ],
)
def test_mullins_noda_table(cell, at_04, at_01):
    for p_na, expected in ((0.04, at_04), (0.01, at_01)):
        v = mullins_noda(permeability_k=1, permeability_na=p_na, **cell)
        assert 1e3 * v == pytest.approx(expected, abs=0.0055)


@pytest.mark.parametrize(
    ("cell", "millivolt", "p_na"),
    [(SET_A, -9.588, 0.695), (CNS, -9.888, 0.650), (SQUID_MN, -8.799, 0.739)],
)
def test_largest_pump_effect(cell, millivolt, p_na):
    def effect(p):
        return mullins_noda(permeability_k=1, permeability_na=p, **cell) - mullins_noda(
            permeability_k=1, permeability_na=p, pump_ratio=1, **cell
        )

    best = minimize_scalar(effect, bounds=(0.01, 10), method="bounded", options={"xatol": 1e-6})
    assert 1e3 * best.fun == pytest.approx(millivolt, abs=0.001)
    assert best.x == pytest.approx(p_na, abs=0.001)
    k, na = cell["k_inside"] * cell["k_outside"], cell["na_inside"] * cell["na_outside"]
    assert best.x == pytest.approx(np.sqrt(1.5 * k / na), rel=1e-3)
    assert best.fun > -R * cell["temperature"] / F * np.log(1.5)  # the supremum is never reached


@given(positive, positive, positive, positive, st.floats(0.001, 10))
def test_an_electroneutral_pump_leaves_ghk(ki, ko, nai, nao, p):
    v = mullins_noda(
        permeability_k=1,
        permeability_na=p,
        k_inside=ki,
        k_outside=ko,
        na_inside=nai,
        na_outside=nao,
        pump_ratio=1,
        temperature=T37,
    )
    expected = ghk_voltage([1, p], [1, 1], inside=[ki, nai], outside=[ko, nao], temperature=T37)
    assert v == pytest.approx(float(expected), abs=1e-14)


def test_at_mullins_noda_the_leaks_are_in_the_pump_ratio():
    v = mullins_noda(permeability_k=1e-8, permeability_na=4e-10, **SET_A)
    i_na = ghk_current(4e-10, 1, inside=15, outside=145, potential=v, temperature=T37)
    i_k = ghk_current(1e-8, 1, inside=140, outside=5, potential=v, temperature=T37)
    assert i_na / i_k == pytest.approx(-1.5, rel=1e-12)


@pytest.mark.parametrize(("factor", "millivolt"), [(1, -84.80), (1.5, -87.71), (2, -89.33)])
def test_opening_potassium_leaks(factor, millivolt):
    v = chord_potential([50 * factor, 2.5, 10], [-0.095, 0.060, -0.070])
    assert 1e3 * v == pytest.approx(millivolt, abs=0.0051)


@given(
    st.lists(st.floats(0.01, 10), min_size=4, max_size=4),
    st.lists(st.floats(-0.1, 0.1), min_size=4, max_size=4),
    st.floats(-0.1, 0.1),
)
def test_currents_cancel_at_the_chord_potential(g, e, pump):
    v = chord_potential(g, e, pump)
    total = ohmic_current(np.asarray(g), potential=v, reversal=np.asarray(e)).sum() + pump
    assert total == pytest.approx(0, abs=1e-14 * (1 + sum(g)))
    assert chord_shares(g).sum() == pytest.approx(1, rel=1e-14)
    assert (chord_shares(g) * np.asarray(e)).sum() - pump / sum(g) == pytest.approx(v, abs=1e-13)


def test_chord_conductance_undoes_the_ohmic_current_and_is_undefined_at_reversal():
    v = np.asarray([-0.07, -0.02, 0.03])
    g = chord_conductance(ohmic_current(5.0, potential=v, reversal=-0.02), v, -0.02)
    np.testing.assert_allclose(g, [5.0, np.nan, 5.0], rtol=1e-14)


def test_chord_potential_broadcasts_over_cells():
    pump = np.linspace(0, 1, 3)
    cells = chord_potential([50.0, 2.5, 10.0], [-0.095, 0.060, -0.070], pump)
    np.testing.assert_allclose(cells, chord_potential([50.0, 2.5, 10.0], [-0.095, 0.060, -0.070]) - pump / 62.5)


def test_cells_with_conductances_of_their_own_each_have_their_potential():
    g = np.asarray([[50.0, 5.0, 20.0], [2.5, 2.5, 40.0]])
    e = np.asarray([-0.095, 0.060])
    each = [chord_potential(g[:, k], e, pump) for k, pump in enumerate((0.0, 0.1, 0.2))]
    np.testing.assert_allclose(chord_potential(g, e, np.asarray([0.0, 0.1, 0.2])), each, rtol=1e-14)


@given(positive, positive, st.floats(-0.1, 0.1), st.sampled_from([-2, -1, 1, 2]))
def test_ohmic_flux_carries_the_ohmic_current(ci, co, v, z):
    flux = ohmic_flux(5.0, z, inside=ci, outside=co, potential=v, temperature=T37)
    reversal = R * T37 / (z * F) * (np.log(co) - np.log(ci))
    assert flux * z * F == pytest.approx(5.0 * (v - reversal), abs=1e-14)
    at_rest = ohmic_flux(
        5.0,
        z,
        inside=ci,
        outside=co,
        potential=nernst(z, inside=ci, outside=co, temperature=T37),
        temperature=T37,
    )
    assert at_rest == 0


def test_shares_at_set_b():
    top, bottom = ghk_shares(P, Z, **SET_B)
    np.testing.assert_allclose(top, [0.3584, 0.4158, 0.2258], atol=6e-5)
    np.testing.assert_allclose(bottom, [0.7365, 0.0032, 0.2604], atol=6e-5)
    v = ghk_voltage(P, Z, temperature=T37, **SET_B)
    slope = slope_shares(P, Z, potential=v, temperature=T37, **SET_B)
    np.testing.assert_allclose(slope, [0.6217, 0.1284, 0.2499], atol=6e-5)


@pytest.mark.parametrize(
    ("cell", "temperature", "shares", "millivolt"),
    [(SET_B, T37, [0.6160, 0.0992, 0.2848], -69.812), (SQUID, T20, [0.5044, 0.0696, 0.4261], -59.927)],
)
def test_chord_shares_average_the_reversals(cell, temperature, shares, millivolt):
    v = ghk_voltage(P, Z, temperature=temperature, **cell)
    chord = ghk_chord_conductance(P, Z, potential=v, temperature=temperature, **cell)
    np.testing.assert_allclose(chord_shares(chord), shares, atol=6e-5)
    assert 1e3 * v == pytest.approx(millivolt, abs=6e-4)
    reversals = nernst(Z, temperature=temperature, **cell)
    assert (chord_shares(chord) * reversals).sum() == pytest.approx(v, abs=1e-15)


@pytest.mark.parametrize(
    ("cell", "temperature", "outside", "inside"),
    [
        (SET_B, T37, [9.579, 11.112, -6.959], [-19.683, -0.084, 6.035]),
        (SQUID, T20, [8.283, 7.289, -9.734], [-15.451, -0.077, 9.691]),
    ],
)
def test_elasticity_table(cell, temperature, outside, inside):
    by_outside, by_inside = elasticities(P, Z, temperature=temperature, **cell)
    np.testing.assert_allclose(1e3 * by_outside, outside, atol=6e-4)
    np.testing.assert_allclose(1e3 * by_inside, inside, atol=6e-4)


@given(st.lists(positive, min_size=6, max_size=6), st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_elasticities_sum_to_zero_and_are_the_gradient(c, p):
    ci, co, p = np.asarray(c[:3]), np.asarray(c[3:]), np.asarray(p)
    by_outside, by_inside = elasticities(p, Z, inside=ci, outside=co, temperature=T37)
    assert by_outside.sum() + by_inside.sum() == pytest.approx(0, abs=1e-16)

    def rest(ln_ci, ln_co):
        return ghk_voltage(p, Z, inside=jax.numpy.exp(ln_ci), outside=jax.numpy.exp(ln_co), temperature=T37)

    inside, outside = jax.grad(rest, argnums=(0, 1))(np.log(ci), np.log(co))
    np.testing.assert_allclose(by_inside, inside, atol=1e-15)
    np.testing.assert_allclose(by_outside, outside, atol=1e-15)


def test_every_cell_has_shares_of_its_own():
    inside, outside = (np.stack([SET_B[side], SQUID[side]], axis=-1) for side in ("inside", "outside"))
    for both, first, second in zip(
        ghk_shares(P, Z, inside=inside, outside=outside),
        ghk_shares(P, Z, **SET_B),
        ghk_shares(P, Z, **SQUID),
        strict=True,
    ):
        np.testing.assert_allclose(both, np.stack([first, second], axis=-1), rtol=1e-14)


def test_votes_broadcast_over_cells():
    temperature = np.asarray([290.0, 300.0, 310.0])  # as many cells as ions
    by_outside, _ = elasticities(P, Z, temperature=temperature, **SET_B)
    slopes = slope_shares(P, Z, potential=np.asarray([-0.07, 0.0, 0.05]), temperature=temperature, **SET_B)
    assert by_outside.shape == slopes.shape == (3, 3)
    np.testing.assert_allclose(by_outside[:, 1], elasticities(P, Z, temperature=300.0, **SET_B)[0])
    np.testing.assert_allclose(slopes.sum(axis=0), 1, rtol=1e-14)
