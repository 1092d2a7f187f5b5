"""Dijkstra et al. 2016: rest, tipping point, rundown, and the second stable state at full pump."""

import numpy as np
import pytest

import vrest
from vrest.verbs.outcome import Outcome

REST_VOLUME = 2000.0616  # um3, at full pump


@pytest.fixture(scope="module")
def resting():
    return vrest.rest(vrest.load("dijkstra_2016")).raise_if_none()


@pytest.fixture(scope="module")
def swollen():
    """The other stable state at full pump, found from rounded contents near it."""
    start = vrest.apply(
        vrest.load("dijkstra_2016"),
        {
            "inside.Na": "125 mM",
            "inside.Cl": "38 mM",
            "compartments.inside.volume": "2532 um3",
            "compartments.inside.impermeant.concentration": f"{296 / 2.532} mM",
            "membranes.neuron.potential": "-31 mV",
        },
    )
    return vrest.rest(start).raise_if_none()


def state(result):
    inside = result.concentrations["inside"]
    return [result.v_rest, inside["Na"], inside["K"], inside["Cl"], result.volumes["inside"] / REST_VOLUME]


def test_rest(resting):
    assert resting.outcome is Outcome.rests
    assert resting.v_rest == pytest.approx(-65.494, abs=5e-4)
    inside = resting.concentrations["inside"]
    assert [inside["Na"], inside["K"], inside["Cl"]] == pytest.approx([10.03, 144.96, 7.01], abs=6e-3)
    assert resting.volumes["inside"] == pytest.approx(2000.1, abs=0.05)
    assert [resting.E[ion] for ion in ("Na", "K", "Cl")] == pytest.approx([72.6, -103.6, -79.0], abs=0.05)
    assert resting.atp_per_second == pytest.approx(1.629e8, rel=5e-4)  # one per cycle of 1 charge: 26.106 pA
    assert resting.eigenvalues.real.max() == pytest.approx(-0.0046, abs=5e-5)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.7266, [-62.49, 26.57, 128.4, 8.13, 1.0077]),
        (0.6588, [-59.49, 39.6, 115.4, 9.38, 1.0163]),
    ],
)
def test_weaker_pumps(resting, share, expected):
    weaker = vrest.rest(resting.as_cell(), f"pump.max_rate*={share}")
    assert weaker.outcome is Outcome.rests
    assert state(weaker) == pytest.approx(expected, rel=5e-4)


def test_the_healthy_state_ends_where_the_pump_has_65_percent(resting):
    """A saddle-node at 0.6486 of the pump: a small step above it there is a rest near by, below it there is none."""
    above = vrest.rest(resting.as_cell(), "pump.max_rate*=0.6490")
    below = vrest.rest(resting.as_cell(), "pump.max_rate*=0.6482")
    assert state(above) == pytest.approx([-58.15, 43.4, 111.6, 9.94, 1.0203], rel=2e-2)
    assert below.volumes["inside"] > 1.3 * REST_VOLUME
    assert below.v_rest > -30


def test_without_pump_everything_ends_in_donnan_equilibrium(resting):
    end = vrest.rest(resting.as_cell(), "pump.max_rate*=0")
    assert end.outcome is Outcome.rests_run_down
    assert end.v_rest == pytest.approx(0.0, abs=1e-6)
    assert end.volumes["inside"] / 2000 == pytest.approx(7.40, abs=1e-3)
    inside = end.concentrations["inside"]
    assert [inside["Na"], inside["K"], inside["Cl"]] == pytest.approx([152, 3, 135], abs=1e-6)


def test_the_moment_the_pump_stops(resting):
    """The lost pump current alone opens the Na channels: no zero-current potential is left near rest."""
    answer = vrest.instant(resting.as_cell(), "pump.max_rate*=0")
    assert answer.v == pytest.approx(-37.04, abs=5e-3)
    assert answer.others == ()


def test_rundown_without_pump(resting):
    """V, Na, K, Cl and volume as LSODA gives them at 1, 2, 5 and 10 min."""
    times = [60.0, 120.0, 300.0, 600.0]
    run = vrest.simulate(resting.as_cell(), [(0, "pump.max_rate*=0")], "600 s", times=times, rtol=1e-4)
    table = [
        [-35.2, 64, 95, 11.4, 1.006],
        [-30.7, 124, 37, 16, 1.020],
        [-15.95, 168, 5.6, 44, 1.140],
        [-12.0, 167, 4.7, 68, 1.427],
    ]
    assert run.v == pytest.approx([row[0] for row in table], abs=0.06)
    inside = [run.system.concentrations(x, p, "inside") for x, p in zip(run.states, run.parameters, strict=True)]
    for row, c in zip(table, inside, strict=True):
        assert [c["Na"], c["K"], c["Cl"]] == pytest.approx(row[1:4], abs=0.5)
    volumes = [float(run.system.volume(x, p, "inside")) * 1e18 for x, p in zip(run.states, run.parameters, strict=True)]
    assert [v / REST_VOLUME for v in volumes] == pytest.approx([row[4] for row in table], abs=1e-3)


def test_the_other_stable_state_at_full_pump(swollen):
    assert swollen.outcome is Outcome.rests
    assert state(swollen) == pytest.approx([-30.762, 125.13, 29.87, 38.12, 1.2662], rel=2e-4)
    assert swollen.atp_per_second == pytest.approx(3.225e8, rel=1e-3)  # the pump does all it can, in vain
    assert swollen.slowest_time_constant == pytest.approx(523, rel=5e-3)


def test_the_other_state_holds_until_the_pump_has_185_percent(swollen):
    """It ends in a fast Hopf point at 1.8501; just beyond, the cell leaves for the polarised state."""
    below = vrest.rest(swollen.as_cell(), "pump.max_rate*=1.849")
    assert below.outcome is Outcome.rests
    assert below.v_rest == pytest.approx(-36.12, abs=0.01)
    pair = below.eigenvalues[np.abs(below.eigenvalues.imag) > 1]
    assert np.abs(pair.imag) == pytest.approx(1053, rel=1e-2)
    beyond = vrest.rest(swollen.as_cell(), "pump.max_rate*=1.9")
    assert beyond.outcome is Outcome.rests
    assert beyond.v_rest < -60


@pytest.mark.parametrize(("minutes", "v"), [(2.0, -30.762), (5.0, -65.494)])
def test_minutes_of_sodium_channel_block_that_rescue(swollen, minutes, v):
    """Blocking the gated Na channels for two minutes is not enough; four or five bring the cell back to rest."""
    events = [(0, "Na_gated.permeability*=0"), (60 * minutes, "Na_gated.permeability=restore")]
    run = vrest.simulate(swollen.as_cell(), events, "2 h", times=[0.0, 7200.0], rtol=1e-4)
    assert run.v[-1] == pytest.approx(v, abs=2e-3)
