"""The spikes of a run: as many and when SciPy has them, whatever is reported of the run."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import vrest
from vrest.verbs.every_step import every_step

STEP, AGAIN = 10.0, 20.0
"""uA/cm2, from 5 ms and from 60 ms on."""


def hodgkin_huxley(t: float, y: np.ndarray, current: float) -> list[float]:
    """The equations of Hodgkin and Huxley 1952 in ms, mV, uA/cm2, V absolute with rest at -65 mV."""
    v, m, h, n = y
    am, bm = 0.1 * (v + 40) / (1 - np.exp(-(v + 40) / 10)), 4 * np.exp(-(v + 65) / 18)
    ah, bh = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
    an, bn = 0.01 * (v + 55) / (1 - np.exp(-(v + 55) / 10)), 0.125 * np.exp(-(v + 65) / 80)
    ionic = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
    return [current - ionic, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n]


def steady(v: float) -> list[float]:
    """m, h and n at rest at a potential."""
    slopes = [np.array(hodgkin_huxley(0, np.array([v, *[gate] * 3]), 0.0))[1:] for gate in (0.0, 1.0)]
    return list(slopes[0] / (slopes[0] - slopes[1]))


def theirs(until: float) -> np.ndarray:
    """When V passes 0 mV upwards under the two currents, s."""

    def up(t: float, y: np.ndarray, current: float) -> float:
        return y[0]

    up.direction = 1  # pyright: ignore[reportFunctionMemberAccess]
    y, found = np.array([-65.0, *steady(-65.0)]), []
    for (start, current), stop in zip([(0, 0.0), (5, STEP), (60, AGAIN)], (5, 60, 1e3 * until), strict=True):
        done = solve_ivp(hodgkin_huxley, (start, stop), y, "LSODA", events=up, args=(current,), rtol=1e-10, atol=1e-10)
        y = done.y[:, -1]
        found.append(done.t_events[0])
    return np.concatenate(found) * 1e-3


EVENTS = [("5 ms", f"stimulus.density={STEP} uA/cm2"), ("60 ms", f"stimulus.density={AGAIN} uA/cm2")]


@pytest.mark.parametrize(("points", "rtol", "close"), [(3, 1e-8, 2e-7), (2000, 1e-8, 2e-7), (3, 1e-4, 1e-5)])
def test_they_are_those_of_scipy(points: int, rtol: float, close: float) -> None:
    run = vrest.simulate("hodgkin_huxley_1952", EVENTS, "0.2 s", points=points, rtol=rtol)
    found = run.spikes.times["axon"]
    expected = theirs(0.2)
    assert len(expected) == 16
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, atol=close)
    assert run.spikes.rate["axon"] == pytest.approx(1 / np.diff(expected)[-5:].mean(), rel=1e3 * close)


def test_nothing_of_a_run_depends_on_them() -> None:
    """A run stops where V passes a level and goes on with the very step that it had."""
    run = vrest.simulate("hodgkin_huxley_1952", EVENTS, "0.1 s", points=500)
    blocks = list(every_step(run, run.until, also=run.time[1:]))  # the same steps, without stops
    times, states = np.concatenate([t for t, _ in blocks]), np.concatenate([x for _, x in blocks])
    assert np.array_equal(states[np.searchsorted(times, run.time)], run.states)


def test_a_cell_that_stops_firing_has_no_rate() -> None:
    events = [(0, "stimulus.density=10 uA/cm2"), ("50 ms", "stimulus.density=0 uA/cm2")]
    run = vrest.simulate("hodgkin_huxley_1952", events, "0.3 s", points=3)
    assert len(run.spikes.times["axon"]) == 4
    assert run.spikes.rate["axon"] is None
    assert "fires" not in str(run)
    assert "4" in str(run)


def test_a_run_that_ends_in_a_spike_says_so() -> None:
    events = [(0, "stimulus.density=10 uA/cm2")]
    first = vrest.simulate("hodgkin_huxley_1952", events, "10 ms", points=3).spikes.times["axon"][0]
    inside = vrest.simulate("hodgkin_huxley_1952", events, float(first) + 2e-4, points=3)
    assert inside.v[-1] > 0
    assert "'axon' is in a spike when the run ends" in str(inside)
    after = vrest.simulate("hodgkin_huxley_1952", events, float(first) + 5e-3, points=3)
    assert len(after.spikes.times["axon"]) == 1
    assert "spike when" not in str(after)
    assert "'axon' fires at 68.3 Hz when" in str(vrest.simulate("hodgkin_huxley_1952", events, "0.2 s", points=3))


def test_v_that_stays_above_zero_has_not_spiked() -> None:
    cell = vrest.apply("hodgkin_huxley_1952", "K.conductance=0.0001 S/cm2")  # stays up for good
    run = vrest.simulate(cell, [("5 ms", "stimulus.density=50 uA/cm2")], "3 s", points=3000)
    assert run.v.max() > 10
    assert run.v[-1] > 0
    assert not len(run.spikes.times["axon"])
    assert not run.spikes.some


def test_a_cell_without_gated_channels_has_none() -> None:
    run = vrest.simulate("mammalian_neuron", [("1 s", "outside.K=150 mM swap Na")], "2 s", points=3)
    assert not run.spikes.times
    assert "spike" not in str(run)


@pytest.mark.library
def test_membranes_spike_each_for_itself() -> None:
    run = vrest.simulate("edpr_2020", until="1 s", points=3)
    assert set(run.spikes.times) == {"soma", "dendrite"}
    fine = vrest.simulate("edpr_2020", until="1 s", points=20_000)
    for k, name in enumerate(wall.name for wall in run.system.structure.walls):
        v = fine.v[:, k]
        up = np.flatnonzero((v[:-1] <= 0) & (v[1:] > 0))
        assert len(run.spikes.times[name]) == len(up)


def test_they_are_in_what_is_saved(tmp_path) -> None:
    import xarray as xr

    from vrest.io.netcdf import write_run

    run = vrest.simulate("hodgkin_huxley_1952", EVENTS, "0.1 s", points=5)
    for name in ("run.nc", "run.csv"):
        write_run(run, tmp_path / name)
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as data:
        assert data.spike_time.values.tolist() == run.spikes.times["axon"].tolist()
        assert data.spike_time.attrs["units"] == "s"
    assert "spike" not in (tmp_path / "run.csv").read_text()
    assert [t.title for t in run.tables()] == ["Time course", "At each time", "Spikes"]


def test_a_run_can_be_sent_to_another_process() -> None:
    run = vrest.simulate("hodgkin_huxley_1952", EVENTS[:1], "20 ms", points=3)
    again = pickle.loads(pickle.dumps(run))
    assert again.spikes.times["axon"].tolist() == run.spikes.times["axon"].tolist()


def test_a_run_of_many_spikes_counts_them_all() -> None:
    when = vrest.simulate("hodgkin_huxley_1952", [(0, "stimulus.density=10 uA/cm2")], "5 s", points=2).spikes.times[
        "axon"
    ]
    intervals = np.diff(when)[5:]
    assert np.ptp(intervals) < 1e-5
    assert all(a < b for a, b in itertools.pairwise(when))
