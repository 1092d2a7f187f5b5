"""Water, Donnan equilibrium, and the charge on the membrane."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.constants import F, R
from vrest.physics.capacitance import charging_concentration, potential_of_charge
from vrest.physics.donnan import donnan_potential, donnan_ratio
from vrest.physics.ghk import ghk_current
from vrest.physics.water import osmotic_flux

T37 = 310.15


def test_water_leaves_towards_the_concentrated_side():
    def flux(inside, outside):
        return osmotic_flux(1e-13, osmolarity_inside=inside, osmolarity_outside=outside, temperature=T37)

    assert flux(300.0, 600.0) > 0  # a hypertonic bath shrinks the cell
    assert flux(300.0, 150.0) < 0  # a hypotonic bath swells it
    assert flux(300.0, 300.0) == 0


def test_osmotic_flux_in_the_units_of_an_osmotic_permeability():
    # J_w = P_f v_w (difference in mol/m3), with P_f = 1.5e-4 m/s and v_w = 18e-6 m3/mol
    hydraulic = 1.5e-4 * 18e-6 / (R * T37)
    flux = osmotic_flux(hydraulic, osmolarity_inside=290.0, osmolarity_outside=300.0, temperature=T37)
    assert flux == pytest.approx(2.7e-8, rel=1e-13, abs=0)


@pytest.mark.parametrize(
    ("impermeant", "millivolt", "excess"), [(50, -4.434, 54.1), (100, -8.752, 116.2), (150, -12.861, 185.4)]
)
def test_donnan_table(impermeant, millivolt, excess):
    r = donnan_ratio(impermeant, 150.0)
    assert 1e3 * donnan_potential(impermeant, 150.0, temperature=T37) == pytest.approx(millivolt, abs=6e-4)
    assert 150 * (r + 1 / r) + impermeant - 300 == pytest.approx(excess, abs=0.051)


@given(st.floats(-500, 500), st.floats(1, 300))
def test_donnan_is_neutral_and_at_equilibrium(impermeant, salt):
    r = donnan_ratio(impermeant, salt)
    assert salt * r - salt / r == pytest.approx(impermeant, rel=1e-12, abs=1e-11)
    v = donnan_potential(impermeant, salt, temperature=T37)
    for z, inside in ((1, salt * r), (-1, salt / r)):
        current = ghk_current(1.0, z, inside=inside, outside=salt, potential=v, temperature=T37)
        assert current == pytest.approx(0, abs=1e-11 * F * (inside + salt))
    assert donnan_potential(-impermeant, salt, temperature=T37) == -v


def test_one_millimolar_of_net_charge_is_ten_volts():
    radius = 7e-6
    sphere = potential_of_charge(1.0, 0.03, 4 * np.pi * radius**2, 4 / 3 * np.pi * radius**3)
    assert sphere == pytest.approx(7.50, abs=0.005)
    radius, length = 5e-6, 25e-6
    cylinder = potential_of_charge(1.0, 0.02, 2 * np.pi * radius * length, np.pi * radius**2 * length)
    assert cylinder == pytest.approx(12.06, abs=0.005)


def test_a_resting_potential_costs_micromolars():
    radius = 10e-6
    change = charging_concentration(0.01, 0.070, 4 * np.pi * radius**2, 4 / 3 * np.pi * radius**3)
    assert 1e3 * change == pytest.approx(2.2, abs=0.03)  # uM, of the 140 mM of K+
    assert charging_concentration(0.01, -0.070, 3.0, radius) == pytest.approx(-change)  # cations leave
    assert charging_concentration(0.01, 0.070, 3.0, radius, -1) == pytest.approx(-change)
    assert charging_concentration(0.01, 0.070, 3.0, radius, 2) == pytest.approx(change / 2)


@given(st.floats(-1, 1), st.sampled_from([-1, 1, 2]))
def test_charge_and_potential_are_inverse(v, z):
    cell = (0.01, 1e-9, 2e-15, z)
    concentration = charging_concentration(cell[0], v, *cell[1:])
    assert potential_of_charge(concentration, *cell) == pytest.approx(v, rel=1e-14, abs=1e-300)
