"""The zero-current potential against closed forms, SciPy, and the implicit function theorem."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from vrest.constants import F, R
from vrest.physics.ghk import ghk_current, ghk_voltage
from vrest.physics.zero_current import general_ghk_potential, zero_current_potential

T37 = 310.15
PHI = R * T37 / F
P, Z = np.asarray([1e-8, 4e-10, 4.5e-9]), np.asarray([1, 1, -1])
CI, CO = np.asarray([140.0, 15.0, 7.0]), np.asarray([5.0, 145.0, 110.0])


@given(st.floats(-0.49, 0.49), st.floats(1e-3, 1e2), st.sampled_from([-1.0, 1.0]))
def test_finds_the_root_of_a_line_of_either_slope(v, conductance, sign):
    assert zero_current_potential(lambda x: sign * conductance * (x - v)) == pytest.approx(v, abs=1e-15)


@pytest.mark.parametrize("v", [-0.5, -0.25, 0.0, 0.125, 0.5])
@pytest.mark.parametrize("sign", [-1, 1])
def test_finds_roots_on_the_points_of_the_bisection(v, sign):
    assert zero_current_potential(lambda x: sign * np.sinh((x - v) / PHI)) == pytest.approx(v, abs=1e-15)


def test_a_kinked_current_is_found_to_the_tolerance():
    def current(v):
        return np.where(v < -0.0621, 1e-9, 1e3) * (v + 0.0621)

    assert zero_current_potential(current, tol=1e-9) == pytest.approx(-0.0621, abs=2e-9)
    by_its_slope = zero_current_potential(current, slope=lambda v: np.where(v < -0.0621, 1e-9, 1e3))
    assert by_its_slope == pytest.approx(-0.0621, abs=1e-15)


@pytest.mark.parametrize("v", [-0.0621, 0.0, 0.0123, 0.4])
def test_a_newton_step_off_a_plateau_is_refused(v):
    """A current that saturates within 1 pV of its zero: Newton's step from the last bracket is tens of mV long."""

    def current(x):
        return np.arctan((x - v) / 1e-12)

    def slope(x):
        return 1e12 / (1 + ((x - v) / 1e-12) ** 2)

    middle = v + 2e-7
    assert abs(current(middle) / slope(middle)) > 0.05
    assert zero_current_potential(current, slope=slope) == pytest.approx(v, abs=1e-6)


def test_no_crossing_is_nan():
    assert np.isnan(zero_current_potential(lambda v: v + 0.51))
    assert np.isnan(zero_current_potential(lambda v: v - 0.51))
    assert np.isnan(zero_current_potential(lambda v: 0 * v))
    assert np.isnan(general_ghk_potential([0.0, 0.0], [1, 1], inside=[140, 15], outside=[5, 145], temperature=T37))


def test_lanes_are_independent():
    reversals = np.asarray([[-0.09, 0.06], [0.9, -0.3]])
    found = zero_current_potential(lambda v: v - reversals)
    np.testing.assert_allclose(found, np.where(reversals > 0.5, np.nan, reversals), atol=1e-15)


@given(
    st.lists(st.floats(0.01, 1), min_size=3, max_size=3),
    st.lists(st.floats(0.5, 500), min_size=6, max_size=6),
)
def test_monovalent_ions_give_the_closed_form(p, c):
    ions = {"inside": c[:3], "outside": c[3:], "temperature": T37}
    assert general_ghk_potential(p, Z, **ions) == pytest.approx(float(ghk_voltage(p, Z, **ions)), abs=1e-14)


@given(st.floats(1e-4, 1e2), st.floats(-0.1, 0.1))
def test_divalent_ion_and_pump_agree_with_brentq(p_ca, pump):
    p, z = np.asarray([1.0, p_ca]) * 1e-6, np.asarray([1, 2])
    ions = {"inside": np.asarray([140.0, 1e-4]), "outside": np.asarray([5.0, 1.5]), "temperature": T37}

    def total(v):
        return ghk_current(p, z, potential=v, **ions).sum() + pump

    expected = brentq(total, -0.5, 0.5, xtol=1e-15)
    assert general_ghk_potential(p, z, pump_current=pump, **ions) == pytest.approx(expected, abs=1e-13)


def test_equal_permeability_to_a_divalent_and_a_monovalent_solves_a_quadratic():
    # with y = e^u and both ions: u [P1 (c1i y - c1o)/(y - 1) + 4 P2 (c2i y^2 - c2o)/(y^2 - 1)] = 0
    p1, p2, c1i, c1o, c2i, c2o = 1.0, 0.3, 140.0, 5.0, 1e-4, 1.5
    a, b, c = p1 * c1i + 4 * p2 * c2i, p1 * (c1i - c1o), -(p1 * c1o + 4 * p2 * c2o)
    y = (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)
    v = general_ghk_potential([p1, p2], [1, 2], inside=[c1i, c2i], outside=[c1o, c2o], temperature=T37)
    assert v == pytest.approx(PHI * np.log(y), abs=1e-14)


def test_an_outward_pump_hyperpolarises_by_current_over_conductance():
    ions = {"inside": CI, "outside": CO, "temperature": T37}
    rest = general_ghk_potential(P, Z, **ions)
    pumped = general_ghk_potential(P, Z, pump_current=1e-6, **ions)
    h = 1e-6
    slope = (ghk_current(P, Z, potential=rest + h, **ions) - ghk_current(P, Z, potential=rest - h, **ions)).sum() / (
        2 * h
    )
    assert pumped - rest == pytest.approx(-1e-6 / slope, rel=1e-4)


def test_shapes_broadcast_over_cells_of_any_number():
    for count in (2, 3):  # 3 cells must not be taken for 3 ions
        pump = np.linspace(0, 0.01, count)
        temperature = np.linspace(290, 310, count)
        cells = general_ghk_potential(P, Z, inside=CI, outside=CO, temperature=temperature, pump_current=pump)
        singly = [
            general_ghk_potential(P, Z, inside=CI, outside=CO, temperature=t, pump_current=i)
            for t, i in zip(temperature, pump, strict=True)
        ]
        assert cells.shape == (count,)
        np.testing.assert_allclose(cells, singly, atol=1e-15)


@pytest.mark.parametrize("pump", [0.0, 0.01])
def test_gradient_is_that_of_the_implicit_function(pump):
    def rest(p, ci, co, temperature, pump):
        return general_ghk_potential(p, Z, inside=ci, outside=co, temperature=temperature, pump_current=pump)

    arguments = (P, CI, CO, T37, pump)
    gradients = jax.jit(jax.grad(rest, argnums=tuple(range(5))))(*arguments)
    for index, gradient in enumerate(gradients):
        for entry in np.ndindex(np.shape(arguments[index])):
            shifted = []
            for sign in (1, -1):
                moved = [np.asarray(a, dtype=float).copy() for a in arguments]
                h = 1e-4 * (moved[index][entry] or 0.01)
                moved[index][entry] += sign * h
                shifted.append(rest(*moved))
            difference = (shifted[0] - shifted[1]) / (2 * h)
            assert np.asarray(gradient)[entry] == pytest.approx(difference, rel=2e-6)


def test_gradient_and_vmap_without_a_given_slope():
    def rest(g):
        return zero_current_potential(lambda v: g * (v + 0.09) + jnp.sinh(v / 0.05))

    g = jnp.linspace(0.1, 5, 9)
    roots, slopes = jax.vmap(jax.value_and_grad(rest))(g)
    expected = -(roots + 0.09) / (g + jnp.cosh(roots / 0.05) / 0.05)
    np.testing.assert_allclose(slopes, expected, rtol=1e-8)
    np.testing.assert_allclose(
        jax.jit(rest)(g),
        [zero_current_potential(lambda v, a=a: float(a) * (v + 0.09) + np.sinh(v / 0.05)) for a in g],
        atol=1e-15,
    )


def test_gradient_at_a_root_of_zero_volts():
    def rest(k_outside):
        return general_ghk_potential([1.0], [1], inside=[100.0], outside=[k_outside], temperature=T37)

    assert float(rest(100.0)) == pytest.approx(0, abs=1e-15)
    assert float(jax.grad(rest)(100.0)) == pytest.approx(PHI / 100, rel=1e-12, abs=0)
