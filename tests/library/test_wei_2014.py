"""Wei, Ullah & Schiff 2014: rest beside an open bath, and rest with glia, volume and a space of its own."""

import math

import numpy as np
import pytest

import vrest
from vrest.verbs.outcome import Outcome

OPEN = [
    "glia.max_rate*=0",
    "glia_pump.max_rate*=0",
    "water.rate_constant*=0",
    *(f"{ion}_diffusion.clearance*=1e5" for ion in ("K", "Na", "Cl")),
    "O2_supply.clearance*=1e6",
]
"""The space outside is the bath, glia are gone and the volume stays; oxygen is that of the bath."""


@pytest.mark.parametrize(("k", "v"), [(3.5, -79.63), (4.0, -76.58), (5.0, -71.51), (6.0, -67.35)])
def test_rest_beside_an_open_bath(k, v):
    result = vrest.rest(vrest.load("wei_2014"), [*OPEN, f"bath.K={k} mM"])
    assert result.outcome is Outcome.rests
    assert result.v_rest == pytest.approx(v, abs=6e-3)
    inside = result.concentrations["inside"]
    assert inside["Na"] + inside["K"] - inside["Cl"] == pytest.approx(152, abs=2e-3)  # less the membrane's charge
    if k == 3.5:
        assert [inside["Na"], inside["K"], inside["Cl"]] == pytest.approx([19.14, 136.89, 4.03], abs=6e-3)


def test_rest_with_glia_and_volume():
    """Glia take K+ from the space outside faster than the bath brings it: the cell rests 1 mV lower."""
    result = vrest.rest(vrest.load("wei_2014"), "O2_supply.clearance*=1e6")  # oxygen is that of the bath
    assert result.outcome is Outcome.rests
    assert result.v_rest == pytest.approx(-80.737, abs=2e-3)
    assert result.concentrations["outside"]["K"] == pytest.approx(3.357, abs=1e-3)
    inside, outside = result.volumes["inside"], result.volumes["outside"]
    assert inside + outside == pytest.approx(8 / 7 * 1436.7550402417319, rel=1e-12)
    osm_in, osm_out = (
        sum(c for i, c in result.concentrations[side].items() if i != "O2") + particles / volume
        for side, particles, volume in (
            ("inside", 132 * 1436.7550402417319, inside),
            ("outside", 18 * 205.25072003453315, outside),
        )
    )
    wanted = 1 + 0.1029 * (1 - 2.718281828459045 ** ((osm_out - osm_in) / 20))
    assert inside / 1436.7550402417319 == pytest.approx(wanted, rel=1e-9)


def o2_balance(result):
    """mg/(L s): what is supplied of the published equation, less 5.3 (I_pump + I_glia), with its rates in mM/s."""
    na, k = result.concentrations["inside"]["Na"], result.concentrations["outside"]["K"]
    o2 = 32 * result.concentrations["outside"]["O2"]
    rho = 0.8 / (1 + math.exp((20 - o2) / 3))
    pump = rho / (1 + math.exp((25 - na) / 3)) / (1 + math.exp(3.5 - k))
    glia = rho / 3 / (1 + math.exp((25 - 18) / 3)) / (1 + math.exp(3.5 - k))
    return 0.17 * (32 * result.cell.compartments["bath"].ions["O2"] - o2) - 5.3 * (pump + glia)


@pytest.mark.parametrize("o2", [32, 24])
def test_oxygen_is_what_the_pumps_leave_of_the_supply(o2):
    result = vrest.rest(vrest.load("wei_2014"), f"bath.O2={o2 / 32} mM")
    assert result.outcome is Outcome.rests
    assert 32 * result.concentrations["outside"]["O2"] < o2 - 1
    assert o2_balance(result) == pytest.approx(0, abs=1e-9)
    neutral = result.system.total_ions(result.state, result.parameters, "outside")
    assert neutral == pytest.approx(sum(c for i, c in result.concentrations["outside"].items() if i != "O2"), rel=1e-12)


@pytest.mark.library
def test_five_minutes_with_little_oxygen_end_in_another_stable_state():
    """A burst of spikes and a block, not an oscillation without end: what it comes to rest at is certified."""
    start = vrest.rest(vrest.load("wei_2014")).as_cell()
    protocol = [("1 min", "bath.O2=0.1 mM"), ("6 min", "bath.O2=restore")]
    times = np.concatenate([np.linspace(100.0, 130.0, 300_001), [420.0, 3600.0]])
    run = vrest.simulate(start, protocol, "1 h", times=times, rtol=1e-6)
    up = run.time[1:][(run.v[:-1] < -40) & (run.v[1:] >= -40)]
    assert 800 < len(up) < 1000
    assert 5 < np.ptp(up) < 8
    assert run.v[-2:] == pytest.approx(-33, abs=0.1)
    found = vrest.rest(run.cell, start=run.states[-1])
    assert found.outcome is Outcome.rests_run_down
    assert found.v_rest == pytest.approx(-32.97, abs=0.01)
