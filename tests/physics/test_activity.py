"""Activity coefficients against the theory written by lengths, and measured solutions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import constants as si

from vrest.physics.activity import davies_log_gamma, davies_slope, permittivity_of_water

T = 298.15


def test_permittivity_of_water():
    """Malmberg & Maryott 1956 found 78.30 at 25 degC; their equation leads from 87.74 at 0 to 55.72 at 100 degC."""
    assert permittivity_of_water(T) == pytest.approx(78.30, abs=0.01)
    assert permittivity_of_water(273.15) == pytest.approx(87.74, abs=1e-9)
    assert permittivity_of_water(373.15) == pytest.approx(55.72, abs=1e-9)


@given(st.floats(273.2, 373.0), st.integers(-4, 4))
def test_very_dilute_ions_follow_the_limiting_law(temperature, z):
    """ln(gamma) = -z^2 l_B/(2 l_D), by the Bjerrum length l_B and the Debye length l_D."""
    strength = 1e-6
    permittivity = permittivity_of_water(temperature) * si.epsilon_0
    bjerrum = si.e**2 / (4 * np.pi * permittivity * si.k * temperature)
    debye = (8 * np.pi * bjerrum * si.N_A * strength) ** -0.5
    expected = -(z**2) * bjerrum / debye / 2
    got = davies_log_gamma(z, ionic_strength=strength, temperature=temperature)
    assert got == pytest.approx(expected, rel=1e-4, abs=0.0)


@pytest.mark.parametrize(
    ("z_plus", "strength", "measured"), [(1, 10.0, 0.898), (1, 100.0, 0.751), (2, 30.0, 0.727), (2, 300.0, 0.517)]
)
def test_measured_mean_activities(z_plus, strength, measured):
    """CsCl and CaCl2, 0.01 and 0.1 mol/kg at 25 degC: CRC Handbook of Chemistry and Physics, 92nd edition, 5-106."""
    ions = [davies_log_gamma(z, ionic_strength=strength, temperature=T) for z in (z_plus, -1)]
    assert np.exp((ions[0] + z_plus * ions[1]) / (1 + z_plus)) == pytest.approx(measured, rel=0.05)


@given(st.floats(0.01, 900.0), st.integers(-4, 4))
def test_the_slope_is_the_derivative(strength, z):
    ends = [davies_log_gamma(z, ionic_strength=strength * np.exp(s * 1e-4), temperature=T) for s in (1, -1)]
    got = davies_slope(z, ionic_strength=strength, temperature=T)
    assert got == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=1e-8)
