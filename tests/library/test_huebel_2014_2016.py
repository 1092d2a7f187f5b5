"""Huebel & Dahlem 2014 and Huebel & Ullah 2016: neurons in a closed extracellular space, without and with volume."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import vrest
from vrest.verbs.outcome import Outcome


@pytest.fixture(scope="module")
def resting():
    return vrest.rest(vrest.load("huebel_dahlem_2014")).raise_if_none()


@pytest.fixture(scope="module")
def starved(resting):
    """Ten seconds without pump in the closed system, ten minutes with it."""
    events = [(0, "pump.max_rate*=0"), (10, "pump.max_rate=restore")]
    run = vrest.simulate(resting.as_cell(), events, "600 s", times=[0.0, 600.0], rtol=1e-5)
    return vrest.rest(run.cell, start=run.states[-1])


def near(result, change):
    """The stationary state of the changed cell next to the one that it was in; a step may end the motion elsewhere."""
    found = vrest.rest_all(vrest.apply(result.as_cell(), change), starts=0)
    return min(found, key=lambda r: abs(r.v_rest - result.v_rest))


def walk(result, path, values):
    """Follow a stationary state in small steps."""
    for value in values:
        result = near(result, {path: value})
    return result


def with_dk(result, steps):
    """Follow a stationary state while the K+ outside gains `steps` mM one after the other."""
    for step in steps:
        result = near(result, {"outside.K": result.concentrations["outside"]["K"] + step})
    return result


def test_rest(resting):
    """The code's electroneutral state; the charge of the capacitance changes 1e-3 mM of it."""
    assert resting.outcome is Outcome.rests
    assert resting.v_rest == pytest.approx(-67.194, abs=1e-3)
    inside, outside = resting.concentrations["inside"], resting.concentrations["outside"]
    assert [inside["K"], inside["Na"], inside["Cl"]] == pytest.approx([129.256, 25.229, 9.897], abs=5e-3)
    assert [outside["K"], outside["Na"], outside["Cl"]] == pytest.approx([4.004, 125.31, 123.28], abs=5e-3)
    assert resting.E["K"] == pytest.approx(-92.56, abs=5e-3)
    assert resting.E["Na"] == pytest.approx(42.70, abs=5e-3)
    pump = resting.atp_per_second * 1.602176634e-19 / 922e-12  # A/m2
    assert 100 * pump == pytest.approx(0.6460, abs=2e-4)


def test_ten_seconds_without_pump_end_in_starvation(starved):
    """The same pump, but another stable state: free-energy starvation."""
    assert starved.stable
    assert starved.v_rest == pytest.approx(-23.111, abs=5e-3)
    inside, outside = starved.concentrations["inside"], starved.concentrations["outside"]
    assert [inside["K"], inside["Na"], inside["Cl"]] == pytest.approx([115.65, 57.37, 28.43], abs=6e-3)
    assert [outside["K"], outside["Na"], outside["Cl"]] == pytest.approx([44.83, 28.90, 67.69], abs=1.5e-2)


def test_gained_potassium_ends_the_healthy_state_and_lost_potassium_the_other(resting, starved):
    """Stable to dk = 28.7 mM of K+ gained, and from -43.5 mM."""
    healthy = with_dk(resting, [10, 8, 4, 2, 1, 1, 0.5, 0.5, 0.5, *([0.05] * 23)])  # 28.65
    assert healthy.stable
    assert healthy.v_rest == pytest.approx(-56.25, abs=0.2)
    assert healthy.concentrations["outside"]["K"] == pytest.approx(6.72, abs=0.05)
    low = with_dk(starved, [-20, -10, -8, -3, -2, -0.4])  # -43.4
    assert low.stable
    assert low.v_rest == pytest.approx(-34.94, abs=0.05)
    assert low.concentrations["outside"]["K"] == pytest.approx(22.2, abs=0.15)
    assert not with_dk(low, [-0.2]).stable


def test_a_pump_four_times_as_strong_does_not_bring_the_starved_cell_back(resting, starved):
    weak = walk(resting, "pump.max_rate", [f"{rho} uA/cm2" for rho in (4, 2.5, 1.8, 1.4, 1.2, 1.12, 1.08, 1.07)])
    assert weak.stable
    assert weak.v_rest == pytest.approx(-57.03, abs=0.01)
    strong = near(starved, {"pump.max_rate": "28.6 uA/cm2"})
    assert strong.stable
    assert strong.v_rest > -26
    assert not near(starved, {"pump.max_rate": "28.9 uA/cm2"}).stable


def test_reservoirs_reach_their_own_equilibrium(resting):
    """Vessels bring K+ outside to theirs; the glial store holds what its law says at rest."""
    vessels = vrest.rest(resting.as_cell(), {"blood.clearance": "21.6 um3/s"})
    assert vessels.concentrations["outside"]["K"] == pytest.approx(4.0, abs=1e-9)
    glia = vrest.rest(resting.as_cell(), {"exchanges.glia.clearance": "0.036 um3/s"})
    k, bound = glia.concentrations["outside"]["K"], glia.concentrations["glia"]["K"]
    opening = 1 / (1 + np.exp((15 - k) / 1.09))
    assert bound == pytest.approx(opening * k * 500 / (1 + opening * k), rel=1e-9)


# --- volumes of both sides ------------------------------------------------------------------------------------------


def published(t, y, pump):
    """The equations of the authors' file, electroneutral, written again; ms, mV, fmol, um3."""
    v, n, h, n_k, n_cl, vol = y
    n_na = 54.6 + 277.7 - n_k - 21.7 + n_cl
    n_nae, n_ke, n_cle = 91.3 + 54.6 - n_na, 2.8 + 277.7 - n_k, 89.8 + 21.7 - n_cl
    vol_e = 2880 - vol
    e_na = 26.64 * np.log(n_nae / vol_e * vol / n_na)
    e_k = 26.64 * np.log(n_ke / vol_e * vol / n_k)
    e_cl = -26.64 * np.log(n_cle / vol_e * vol / n_cl)
    a_m, b_m = 0.1 * (v + 30) / (1 - np.exp(-0.1 * (v + 30))), 4 * np.exp(-(v + 55) / 18)
    a_n, b_n = 0.01 * (v + 34) / (1 - np.exp(-0.1 * (v + 34))), 0.125 * np.exp(-(v + 44) / 80)
    a_h, b_h = 0.07 * np.exp(-(v + 44) / 20), 1 / (1 + np.exp(-0.1 * (v + 14)))
    i_p = pump / (1 + np.exp((25 - 1e3 * n_na / vol) / 3)) / (1 + np.exp(5.5 - 1e3 * n_ke / vol_e))
    i_na = (0.0175 + 100 * (a_m / (a_m + b_m)) ** 3 * h) * (v - e_na) + 3 * i_p
    i_k = (0.05 + 40 * n**4) * (v - e_k) - 2 * i_p
    i_cl = 0.05 * (v - e_cl)
    inside, outside = n_na + n_k + n_cl + 318, n_nae + n_ke + n_cle + 40
    return [
        -(i_na + i_k + i_cl),
        3 * (a_n * (1 - n) - b_n * n),
        3 * (a_h * (1 - h) - b_h * h),
        -9.55589e-5 * i_k,
        9.55589e-5 * i_cl,
        (2880 * inside / (inside + outside) - vol) / 250,
    ]


@pytest.fixture(scope="module")
def ullah():
    return vrest.rest(vrest.load("huebel_ullah_2016")).raise_if_none()


def test_valences_of_the_impermeants_follow():
    cell = vrest.load("huebel_ullah_2016")
    assert cell.impermeant("inside")[1] == pytest.approx(-0.977, abs=5e-4)
    assert cell.impermeant("outside")[1] == pytest.approx(-0.1075, abs=5e-4)


def test_rest_of_the_published_equations(ullah):
    """The authors' equations, followed for an hour, rest where the cell does but for the neglected charge."""
    start = [-67.0, 0.070, 0.978, 277.7, 21.7, 2160.0]
    end = solve_ivp(published, (0, 5e6), start, args=(6.8,), method="LSODA", rtol=1e-9, atol=1e-9).y[:, -1]
    assert ullah.v_rest == pytest.approx(end[0], abs=2e-3)
    assert ullah.concentrations["inside"]["K"] == pytest.approx(1e3 * end[3] / end[5], abs=2e-3)
    assert ullah.volumes["inside"] == pytest.approx(end[5], abs=0.02)
    assert ullah.v_rest == pytest.approx(-67.0891, abs=1e-4)


def test_pump_off_for_ever(ullah):
    """Without pump Cl- and water follow within minutes: 22% more cell, a third of the space outside left."""
    times = [100.0, 500.0, 1000.0]
    run = vrest.simulate(ullah.as_cell(), [(0, "pump.max_rate*=0")], "1000 s", times=times, rtol=1e-5)
    volumes = [1e18 * float(run.system.volume(x, p, "inside")) for x, p in zip(run.states, run.parameters, strict=True)]
    assert run.v == pytest.approx([-5.907, -13.223, -16.181], abs=0.01)
    assert volumes == pytest.approx([2300.2, 2589.8, 2630.6], abs=0.5)
    start = [ullah.v_rest, 0.070, 0.978, 277.7, 21.7, 2160.0]
    theirs = solve_ivp(published, (0, 5e5), start, args=(0.0,), method="LSODA", rtol=1e-7, atol=1e-7).y[:, -1]
    assert run.v[1] == pytest.approx(theirs[0], abs=0.02)
    assert volumes[1] == pytest.approx(theirs[5], abs=1.0)
    end = vrest.rest(run.cell, "pump.max_rate*=0", start=run.states[-1])
    assert end.outcome is Outcome.rests_run_down
    assert end.v_rest == pytest.approx(-16.2575, abs=1e-3)
    assert end.volumes["inside"] == pytest.approx(2631.1, abs=0.5)
    assert sum(end.volumes.values()) == pytest.approx(2880, rel=1e-9)
    assert list(end.E.values()) == pytest.approx([end.v_rest] * 3, abs=1e-6)
