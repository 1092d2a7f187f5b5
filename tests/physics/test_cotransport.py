"""Cotransport: equilibria, signs, agreement of both forms near equilibrium."""

import jax
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vrest.physics.cotransport import kcc2_log, kcc2_product, nkcc1_gate, nkcc1_log, nkcc1_product
from vrest.physics.nernst import nernst

K_SIDES = {"k_inside": 140.0, "k_outside": 3.5}
NA_SIDES = {"na_inside": 12.0, "na_outside": 145.0}
concentration = st.floats(0.5, 300)


@pytest.mark.parametrize("form", [kcc2_log, kcc2_product])
def test_kcc2_rests_at_3_25_mM_chloride(form):
    equilibrium = 3.5 * 130 / 140
    assert equilibrium == 3.25
    assert form(1.0, cl_inside=3.25, cl_outside=130.0, **K_SIDES) == pytest.approx(0, abs=1e-12)
    assert form(1.0, cl_inside=3.26, cl_outside=130.0, **K_SIDES) > 0  # outward
    assert form(1.0, cl_inside=3.24, cl_outside=130.0, **K_SIDES) < 0


@pytest.mark.parametrize("form", [nkcc1_log, nkcc1_product])
def test_nkcc1_rests_at_71_5_mM_chloride(form):
    equilibrium = 130 * np.sqrt(145 * 3.5 / (12 * 140))
    assert equilibrium == pytest.approx(71.5, abs=0.05)
    sides = {"cl_outside": 130.0, **K_SIDES, **NA_SIDES}
    scale = 145 * 3.5 * 130**2
    assert form(1.0, cl_inside=equilibrium, **sides) == pytest.approx(0, abs=1e-14 * scale)
    assert form(1.0, cl_inside=72.0, **sides) > 0
    assert form(1.0, cl_inside=7.0, **sides) < 0  # a normal cell takes up Na, K and Cl


@given(concentration, concentration, concentration, concentration)
def test_kcc2_is_the_gap_between_e_cl_and_e_k(ki, ko, cli, clo):
    e_k = nernst(1, inside=ki, outside=ko, temperature=310.15)
    e_cl = nernst(-1, inside=cli, outside=clo, temperature=310.15)
    turnover = kcc2_log(2.0, k_inside=ki, k_outside=ko, cl_inside=cli, cl_outside=clo)
    assert turnover * 0.0267267 == pytest.approx(2.0 * (e_cl - e_k), rel=2e-6, abs=1e-9)


@given(st.lists(concentration, min_size=6, max_size=6))
def test_the_forms_agree_in_sign_and_reverse_when_sides_are_swapped(c):
    names = ("na_inside", "na_outside", "k_inside", "k_outside", "cl_inside", "cl_outside")
    ions = dict(zip(names, c, strict=True))
    swapped = dict(zip(names, np.asarray(c)[[1, 0, 3, 2, 5, 4]].tolist(), strict=True))
    log, product = nkcc1_log(1.0, **ions), nkcc1_product(1.0, **ions)
    assume(abs(log) > 1e-9)
    assert np.sign(log) == np.sign(product)
    assert nkcc1_log(1.0, **swapped) == pytest.approx(-log, rel=1e-6)
    assert nkcc1_product(1.0, **swapped) == pytest.approx(-product, rel=1e-12, abs=0)


def test_nkcc1_log_is_the_published_sum_of_two_logs():
    ions = {"cl_inside": 7.0, "cl_outside": 130.0, **K_SIDES, **NA_SIDES}
    published = np.log(140 * 7 / (3.5 * 130)) + np.log(12 * 7 / (145 * 130))
    assert nkcc1_log(0.1, **ions) == pytest.approx(0.1 * published, rel=1e-13, abs=0)


def test_products_take_empty_sides():
    assert kcc2_product(1.0, k_inside=140.0, k_outside=0.0, cl_inside=7.0, cl_outside=130.0) == 980.0
    assert kcc2_product(1.0, k_inside=0.0, k_outside=4.0, cl_inside=7.0, cl_outside=130.0) == -520.0


def test_gate():
    k = np.asarray([3.5, 16.0, 20.0])
    np.testing.assert_allclose(nkcc1_gate(k), 1 / (1 + np.exp(16 - k)), rtol=1e-14)
    assert float(jax.grad(nkcc1_gate)(16.0)) == pytest.approx(0.25)
    assert nkcc1_gate(8.0, half=6.0, slope=2.0) == pytest.approx(1 / (1 + np.exp(-1)), rel=1e-14, abs=0)


def test_linear_response_of_both_forms_is_the_same():
    # near equilibrium ln(x/y) = (x - y)/y, so U = P K_o Cl_o makes the two forms meet
    def log(cl):
        return kcc2_log(3.5 * 130.0, cl_inside=cl, cl_outside=130.0, **K_SIDES)

    def product(cl):
        return kcc2_product(1.0, cl_inside=cl, cl_outside=130.0, **K_SIDES)

    assert float(jax.grad(log)(3.25)) == pytest.approx(float(jax.grad(product)(3.25)), rel=1e-13)
