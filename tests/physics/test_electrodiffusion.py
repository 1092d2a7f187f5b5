"""Electrodiffusion between two places: against the constant field and measured conductivities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.constants import F, R
from vrest.physics.electrodiffusion import conductance, nernst_planck_flux

T37 = 310.15
PHI = R * T37 / F
concentration = st.floats(0.5, 300)
valence = st.sampled_from([-2, -1, 1, 2])


@given(concentration, concentration, st.floats(1e-6, 0.1), st.sampled_from([-1, 1]), valence, st.floats(1e-16, 1e-12))
def test_it_is_the_constant_field_to_second_order(inside, outside, size, sign, z, k):
    """k u (c_in - c_out e^-u)/(1 - e^-u), Goldman 1943, less k (c_in - c_out) u^2/12 at most."""
    u = z * sign * size / PHI
    goldman = k * u * (inside / -np.expm1(-u) - outside / np.expm1(u))
    flux = nernst_planck_flux(k, z, inside=inside, outside=outside, drop=sign * size, temperature=T37)
    rounding = 1e-14 * (1 + abs(u)) * (inside + outside)
    assert abs(flux - goldman) <= k * (abs(inside - outside) * u * u / 12 + rounding)


@given(concentration, concentration, st.floats(-0.1, 0.1), valence)
def test_places_that_are_swapped_swap_the_flux(inside, outside, drop, z):
    there = nernst_planck_flux(2e-15, z, inside=inside, outside=outside, drop=drop, temperature=T37)
    back = nernst_planck_flux(2e-15, z, inside=outside, outside=inside, drop=-drop, temperature=T37)
    assert back == pytest.approx(-there, abs=1e-28)


@given(concentration, concentration, valence, st.floats(1e-16, 1e-12))
def test_the_conductance_is_what_a_volt_adds_to_the_charge_moved(inside, outside, z, k):
    ions = {"inside": inside, "outside": outside, "temperature": T37}
    moved = [z * nernst_planck_flux(k, z, drop=drop, **ions) for drop in (0.0, 1.0)]
    assert conductance(k, z, **ions) == pytest.approx(moved[1] - moved[0], rel=1e-12, abs=1e-12 * k)


def test_a_solution_conducts_as_kohlrausch_says():
    """150 mM KCl between plates of 1 m2, 1 m apart: F^2/(RT) sum z^2 D c, 1.98 S/m at 25 degC for ions apart."""
    ions = {"inside": 150.0, "outside": 150.0, "temperature": 298.15}
    measured = F * (conductance(1.957e-9, 1, **ions) + conductance(2.032e-9, -1, **ions))
    assert measured == pytest.approx(150.0 * (73.5e-4 + 76.35e-4), rel=1e-3)  # their molar conductivities, S m2/mol
