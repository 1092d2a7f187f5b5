"""Inward rectifiers against their published formulas, written in mV as printed."""

import numpy as np
import pytest

from vrest.physics.rectifiers import halnes_kir_fraction, luo_rudy_k1_fraction

V = np.linspace(-0.16, 0.06, 23)


@pytest.mark.parametrize("e_k", [-0.095, -0.070])
def test_k1_of_a_ventricular_cell_as_printed(e_k):
    x = 1e3 * (V - e_k)
    alpha = 1.02 / (1 + np.exp(0.2385 * (x - 59.215)))
    beta = (0.49124 * np.exp(0.08032 * (x + 5.476)) + np.exp(0.06175 * (x - 594.31))) / (
        1 + np.exp(-0.5143 * (x + 4.753))
    )
    found = luo_rudy_k1_fraction(potential=V, reversal_k=e_k)
    np.testing.assert_allclose(found, alpha / (alpha + beta), rtol=1e-12)


@pytest.mark.parametrize("e_k", [-0.0926, -0.080, -0.110])
@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_kir_of_an_astrocyte_as_printed(e_k, ratio):
    mv, reference = 1e3 * V, -92.6
    off_reversal = (1 + np.exp(18.4 / 42.4)) / (1 + np.exp((mv - 1e3 * e_k + 18.5) / 42.5))
    saturation = (1 + np.exp(-(118.6 + reference) / 44.1)) / (1 + np.exp(-(118.6 + mv) / 44.1))
    found = halnes_kir_fraction(potential=V, reversal_k=e_k, reference=1e-3 * reference, k_ratio=ratio)
    np.testing.assert_allclose(found, np.sqrt(ratio) * off_reversal * saturation, rtol=1e-12)
