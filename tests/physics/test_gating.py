"""Rates, gates and the inward rectifier against the formulas as printed in papers."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.physics.gating import (
    boltzmann,
    rate_exponential,
    rate_linoid,
    rate_sigmoid,
    steady_state,
    time_constant,
)
from vrest.physics.kir import kir_open_fraction
from vrest.physics.logistic import logistic


@given(st.floats(-30, 30))
def test_logistic(x):
    assert logistic(x) == pytest.approx(1 / (1 + np.exp(-x)), rel=1e-14, abs=0)
    assert float(logistic(x)) + float(logistic(-x)) == pytest.approx(1, rel=1e-15, abs=0)
    slope = float(logistic(x)) * float(logistic(-x))
    assert float(jax.grad(logistic)(x)) == pytest.approx(slope, rel=1e-13, abs=0)


def test_logistic_keeps_its_tails_and_never_overflows():
    assert float(logistic(-50.0)) == pytest.approx(np.exp(-50.0), rel=1e-14, abs=0)
    np.testing.assert_array_equal(logistic(np.asarray([-1e5, 1e5])), [0.0, 1.0])
    assert float(jax.grad(logistic)(-1e5)) == 0
    assert float(jax.grad(logistic)(0.0)) == 0.25


def hodgkin_huxley(v):
    """Rates in 1/s of the squid axon at 6.3 degC, rest near -65 mV."""
    alpha = {
        "m": rate_linoid(v, 1000.0, -0.040, 0.010),
        "h": rate_exponential(v, 70.0, -0.065, -0.020),
        "n": rate_linoid(v, 100.0, -0.055, 0.010),
    }
    beta = {
        "m": rate_exponential(v, 4000.0, -0.065, -0.018),
        "h": rate_sigmoid(v, 1000.0, -0.035, 0.010),
        "n": rate_exponential(v, 125.0, -0.065, -0.080),
    }
    return alpha, beta


def test_gates_of_the_squid_axon_at_rest():
    alpha, beta = hodgkin_huxley(-0.064996)
    gates = [float(steady_state(alpha[gate], beta[gate])) for gate in "mhn"]
    np.testing.assert_allclose(gates, [0.05296, 0.59599, 0.31773], atol=2e-5)


@pytest.mark.parametrize("mv", [-100.0, -65.3, -40.0001, -39.9, 20.0])
def test_rates_as_printed(mv):
    alpha, beta = hodgkin_huxley(1e-3 * mv)
    assert alpha["m"] == pytest.approx(100 * (mv + 40) / (1 - np.exp(-(mv + 40) / 10)), rel=1e-9)
    assert alpha["h"] == pytest.approx(70 * np.exp(-(mv + 65) / 20), rel=1e-12)
    assert beta["m"] == pytest.approx(4000 * np.exp(-(mv + 65) / 18), rel=1e-12)
    assert beta["h"] == pytest.approx(1000 / (1 + np.exp(-(mv + 35) / 10)), rel=1e-12)


@pytest.mark.parametrize("mv", [-60.0, -25.01, 10.0])
def test_a_negative_scale_turns_the_linoid_round(mv):
    # beta_m = 0.28 (V + 25)/(e^((V + 25)/5) - 1) per ms
    expected = 280 * (mv + 25) / (np.exp((mv + 25) / 5) - 1)
    assert rate_linoid(1e-3 * mv, 1400.0, -0.025, -0.005) == pytest.approx(expected, rel=1e-9)


def test_linoid_is_smooth_at_its_singular_point():
    def alpha_m(v):
        return rate_linoid(v, 1000.0, -0.040, 0.010)

    assert float(alpha_m(-0.040)) == 1000.0
    assert float(jax.grad(alpha_m)(-0.040)) == pytest.approx(1000 / 0.020, rel=1e-13)
    v = np.linspace(-0.041, -0.039, 201)
    np.testing.assert_allclose(np.diff(alpha_m(v), n=2), 1000 / 6 * 1e-6, rtol=2e-3)  # curvature, no kink


def test_steady_state_and_time_constant_solve_the_gate():
    alpha, beta = np.asarray([1.0, 20.0]), np.asarray([3.0, 0.5])
    x, tau = steady_state(alpha, beta), time_constant(alpha, beta)
    np.testing.assert_allclose(alpha * (1 - x) - beta * x, 0, atol=1e-14)
    np.testing.assert_allclose(tau, [0.25, 1 / 20.5])


def test_boltzmann_opens_or_closes():
    assert float(boltzmann(-0.031, -0.040, 0.009)) == pytest.approx(1 / (1 + np.exp(-1)))
    assert float(boltzmann(-0.031, -0.040, -0.009)) == pytest.approx(1 / (1 + np.exp(1)))


def test_kir_rectifies_inward_and_scales_with_the_root_of_potassium():
    def fraction(v, k_outside=4.0):
        return float(
            kir_open_fraction(
                potential=v,
                reversal_k=-0.09,
                k_outside=k_outside,
                k_reference=4.0,
                v_half=0.01,
                v_slope=0.007,
            )
        )

    assert fraction(-0.080) == pytest.approx(0.5)
    assert fraction(-0.060) == pytest.approx(1 / (1 + np.exp(20 / 7)))
    assert fraction(-0.120) > 0.99 > fraction(-0.070)
    assert fraction(-0.060, 16.0) == pytest.approx(2 * fraction(-0.060))
    assert fraction(-0.060, 0.0) == 0
