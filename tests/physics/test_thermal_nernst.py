"""Thermal voltage and Nernst potential against tables, logarithms in high precision, and symmetry."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.constants import F, R
from vrest.physics.nernst import driving_force, nernst
from vrest.physics.thermal import thermal_voltage

concentration = st.floats(1e-6, 1e3)
T37, T20 = 310.15, 293.15


@pytest.mark.parametrize(
    ("celsius", "millivolt"),
    [(6.3, 24.0811), (18, 25.0894), (20, 25.2617), (25, 25.6926), (36, 26.6405), (37, 26.7267)],
)
def test_thermal_voltage_table(celsius, millivolt):
    assert 1e3 * thermal_voltage(celsius + 273.15) == pytest.approx(millivolt, abs=6e-5)


@pytest.mark.parametrize(
    ("temperature", "valence", "outside", "inside", "millivolt"),
    [
        (T20, 1, 20, 400, -75.68),
        (T20, 1, 440, 50, 54.94),
        (T20, -1, 560, 52, -60.04),
        (T37, 1, 5, 140, -89.06),
        (T37, 1, 145, 15, 60.63),
        (T37, -1, 110, 10, -64.09),
        (T37, -1, 110, 7, -73.62),
        (T37, 1, 3.5, 140, -98.59),
        (T37, 1, 145, 12, 66.60),
        (T37, -1, 130, 6, -82.21),
        (T37, 1, 4, 155, -97.74),
        (T37, -1, 123, 4.2, -90.26),
        (T20, 1, 2.25, 124, -101.28),
        (T20, 1, 109, 10.4, 59.35),
        (T20, -1, 77.5, 1.5, -99.65),
        (T37, 2, 1.5, 1e-4, 128.50),
        (T37, -1, 24, 12, -18.53),
    ],
)
def test_nernst_table(temperature, valence, outside, inside, millivolt):
    potential = nernst(valence, inside=inside, outside=outside, temperature=temperature)
    assert 1e3 * potential == pytest.approx(millivolt, abs=0.0051)


@given(concentration, concentration, st.sampled_from([-2, -1, 1, 2]))
def test_nernst_in_high_precision(inside, outside, valence):
    getcontext().prec = 40
    phi = Decimal(R) * Decimal(T37) / Decimal(F)
    exact = phi / valence * (Decimal(outside).ln() - Decimal(inside).ln())
    assert nernst(valence, inside=inside, outside=outside, temperature=T37) == pytest.approx(
        float(exact), rel=1e-13, abs=1e-17
    )


@pytest.mark.parametrize(("celsius", "millivolt"), [(20, 17.51), (25, 17.81), (37, 18.53)])
def test_doubling_outside_potassium_moves_a_potassium_cell_by_phi_ln_2(celsius, millivolt):
    low, high = nernst(1, inside=140.0, outside=np.asarray([10.2, 20.4]), temperature=celsius + 273.15)
    assert 1e3 * (high - low) == pytest.approx(millivolt, abs=0.005)


def test_driving_force_is_signed():
    assert driving_force(-0.07, -0.09) == pytest.approx(0.02)
    assert driving_force(-0.07, 0.06) == pytest.approx(-0.13)
