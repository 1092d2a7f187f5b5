"""Runs under a protocol: published tables, SciPy, conservation, exact events."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import vrest
from vrest.constants import F
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.tables import number
from vrest.verbs.run import simulate

DAY = 86400.0
W1 = [("5 min", "pump.max_rate*=0"), ("25 min", "pump.max_rate=restore")]


@pytest.fixture(scope="module")
def reference():
    return vrest.load(Path(__file__).parents[2] / "benchmarks" / "reference_cell.toml")


def at(run, time):
    (k,) = np.flatnonzero(run.time == time)
    inside = run.system.concentrations(run.states[k], run.parameters[k], "inside")
    return [float(inside[i]) for i in ("Na", "K", "Cl")] + [float(run.v[k])]


def test_the_reference_run_of_the_benchmarks(reference):
    """One hour, twenty minutes of it without pump: values of an LSODA run at rtol 1e-12."""
    run = simulate(reference, W1, "1 h", times=[0.0, 1500.0, 1501.0, 3600.0])
    assert at(run, 1500.0) == pytest.approx([72.916326625, 82.841050971, 16.180307359, -51.128090949], rel=1e-7)
    assert at(run, 3600.0) == pytest.approx([12.003723857, 136.977674096, 9.404984236, -68.019956832], rel=1e-7)
    assert at(run, 1501.0)[3] == pytest.approx(-70.283566, rel=1e-7)


@pytest.mark.parametrize(
    ("time", "v", "na", "k", "cl", "w"),
    [
        (60, -65.00, 20.0, 116.9, 5.49, 1.002),
        (300, -64.44, 41.1, 95.9, 6.31, 1.008),
        (600, -61.34, 63.0, 74.0, 7.41, 1.016),
        (1200, -51.40, 96.5, 40.8, 10.96, 1.042),
        (3600, -17.99, 132.2, 7.6, 40.2, 1.323),
        (7200, -10.10, 136.3, 5.40, 63.7, 1.689),
        (36000, -2.33, 140.9, 3.87, 102.1, 3.086),
    ],
)
def test_duesterwald_without_pump(duesterwald_run, time, v, na, k, cl, w):
    na_, k_, cl_, v_ = at(duesterwald_run, float(time))
    assert v_ == pytest.approx(v, abs=0.1)
    assert [na_, k_, cl_] == pytest.approx([na, k, cl], rel=0.01)
    row = int(np.flatnonzero(duesterwald_run.time == time)[0])
    volume = duesterwald_run.system.relative_volume(duesterwald_run.states[row], "inside")
    assert float(volume) == pytest.approx(w, rel=0.005)


@pytest.fixture(scope="module")
def duesterwald_run():
    rested = vrest.rest(vrest.load("duesterwald_2018")).as_cell()
    times = [0.0, 1e-6, 60.0, 300.0, 600.0, 1200.0, 3600.0, 7200.0, 36000.0]
    return simulate(rested, [(0.0, "pump.max_rate*=0")], "10 h", times=times)


def test_immediate_step_when_the_pump_stops():
    """J / (gNa + gK + gCl) = 8.185 mV in the ohmic cell of Duesterwald et al."""
    rested = vrest.rest(vrest.load("duesterwald_2018")).as_cell()
    answer = vrest.instant(rested, "pump.max_rate*=0")
    assert answer.v - answer.before == pytest.approx(8.185, abs=1e-3)
    run = simulate(rested, [(0.0, "pump.max_rate*=0")], 1.0, times=[0.0, 0.2])
    assert run.v[1] - run.v[0] == pytest.approx(8.185, abs=0.02)


def test_the_end_of_a_run_is_the_certified_rest():
    for name in ("duesterwald_2018", "kay_2017"):
        cell = vrest.load(name)
        run = simulate(cell, until="2 d", points=2)
        assert run.v[-1] == pytest.approx(vrest.rest(cell).v_rest, abs=1e-4)


@pytest.mark.parametrize("name", vrest.library())
def test_a_certified_rest_stays_for_a_day(name):
    rested = vrest.rest(vrest.load(name)).as_cell()
    run = simulate(rested, until="24 h", points=200)
    assert np.abs(run.v - run.v[0]).max() < 1e-6


SLOW = ("dijkstra_2016", "fast_spiking_interneuron", "pyramidal_neuron", "wei_2014")
"""They fire a thousand times before they fall silent without their pump: minutes, in `make test-library`."""

# the contents of the first are held; the others have several membranes, and tests of their own
PUMPED = [
    pytest.param(name, marks=pytest.mark.library) if name in SLOW else name
    for name in vrest.library()
    if name not in ("hodgkin_huxley_1952", "edpr_2020", "edneg_2021", "astrocyte_pair", "frog_skin", "muscle_tubule")
]


def unaccounted_charge(run):
    """F (sum z n + z_X n_X) - C A V of the inside, as mV on the membrane, and 2 eps of its terms: not by the ledger."""
    (wall,) = run.system.structure.walls
    cell, p = run.cell, run.parameters[0]
    volume = cell.compartments["inside"].start_volume
    capacity = cell.membranes[wall.name].capacitance * cell.area(wall.name)
    x, z = cell.impermeant("inside")
    w = run.system.relative_volume(run.states, "inside")
    inside = run.system.concentrations(run.states, p, "inside")
    terms = [run.system.valence[ion] * c * w * volume for ion, c in inside.items()]
    terms.append(np.full(len(run.time), x * z * volume))
    area = w**wall.exponent if wall.exponent else 1.0
    held = capacity * area * run.system.potential(run.states, wall)
    net = F * np.sum(terms, axis=0) - held
    floor = 2 * np.finfo(float).eps * F * np.max(np.sum(np.abs(terms), axis=0))
    return 1e3 * net / capacity, 1e3 * floor / capacity


@pytest.mark.parametrize("name", PUMPED)
def test_a_day_without_pump_conserves_to_rounding(name):
    cell = vrest.load(name)
    gated = any(t.gates() for m in cell.membranes.values() for t in m.transports.values())
    rtol = 1e-6 if gated else 1e-8  # they fire a thousand times before they fall silent
    events = [("1 h", "pump.max_rate*=0"), ("2 h", "pump.max_rate=restore")]
    run = simulate(cell, events, "24 h", rtol=rtol)
    for account in run.ledger:
        assert account.drift <= account.floor, account
    if run.cell.closures:  # a published closure lets charge appear, and the warnings say so
        assert "closure" in [notice.code for notice in run.warnings]
        return
    net, floor = unaccounted_charge(run)
    assert np.abs(net - net[0]).max() <= floor


def test_charge_floor_of_the_neuron(neuron):
    """2 eps F sum|z n| / (C A): about 4e-9 mV on a cell of 8 um."""
    run = simulate(neuron, W1, "1 h", points=500)
    (account,) = run.ledger
    assert account.unit == "mV"
    assert 3e-9 < account.floor < 4.5e-9
    assert account.drift <= account.floor


@pytest.mark.parametrize(("floors", "said"), [(5, []), (20, ["conservation"])])
def test_charge_that_goes_missing_is_said(neuron, floors, said):
    """Beyond ten times what rounding may do, by the floor that these tests compute themselves."""
    run = simulate(neuron, until="1 min", points=5)
    _, floor = unaccounted_charge(run)
    states = run.states.copy()
    states[-1, run.system.index["charge", "neuron"]] -= 1e-3 * floors * floor
    leaky = replace(run, states=states)
    net, _ = unaccounted_charge(leaky)
    assert net[-1] - net[0] == pytest.approx(floors * floor, abs=floor)
    notices = leaky.warnings
    assert [notice.code for notice in notices] == said
    if said:
        assert f"drifted by {number(leaky.ledger[0].drift, 2)} mV" in notices[0].message


def scipy_run(cell, until, pump, method, rtol):
    """The same cell by SciPy, on the full equations of the package's table but none of its solvers."""
    system, p = assemble(cell), parameter_vector(cell)
    k = system.names.index("membranes.neuron.transports.pump.max_rate")
    x0 = system.start(cell)
    y0, c, matrix = system.split(x0, p)
    p = p.copy()
    p[k] *= pump
    answer = solve_ivp(
        lambda t, y: system.reduced(y, (p, c, matrix)), (0, until), y0, method=method, rtol=rtol, atol=1e-12
    )
    assert answer.success
    return system.join(answer.y[:, -1], c, matrix)


@pytest.mark.parametrize("method", ["Radau", "LSODA"])
def test_agrees_with_scipy(neuron, method):
    expected = scipy_run(neuron, 3600.0, 0.0, method, 1e-10)
    run = simulate(neuron, [(0.0, "pump.max_rate*=0")], 3600.0, times=[3600.0], rtol=1e-8)
    assert run.states[-1] == pytest.approx(expected, rel=1e-6)


def test_dense_output_is_as_good_as_the_steps(neuron):
    """The same run asked at many times and at few: dense output agrees with a run at a tighter tolerance."""
    times = np.linspace(0.0, 3600.0, 777)
    events = [(0.0, "pump.max_rate*=0")]
    loose = simulate(neuron, events, 3600.0, times=times, rtol=1e-8)
    tight = simulate(neuron, events, 3600.0, times=times, rtol=1e-11)
    assert np.abs(loose.states / tight.states - 1).max() < 1e-6


def test_microseconds_after_an_event(neuron):
    """The first microseconds follow the capacitor: dV/dt = -I/C with the pump current just removed."""
    run = simulate(neuron, [("1 s", "pump.max_rate*=0")], 2.0, times=[1.0, 1.0 + 1e-6, 1.0 + 1e-5])
    pump_current = 5.7005e-12
    capacitance = 1e-2 * neuron.area("neuron")
    slope = (run.v[1] - run.v[0]) * 1e-3 / 1e-6
    assert slope == pytest.approx(pump_current / capacitance, rel=1e-3)


def test_events_are_exact_and_restore_returns(neuron):
    run = simulate(neuron, [("5 min", "outside.K=12 mM"), ("6 min", "outside.K=restore")], "10 min", points=7)
    assert set(run.events) == {300.0, 360.0}
    column = run.system.names.index("compartments.outside.ions.K")
    value = dict(zip(run.time.tolist(), run.parameters[:, column].tolist(), strict=True))
    assert value[300.0] == 12.0
    assert value[360.0] == 5.0
    assert value[0.0] == 5.0


def test_ramp_agrees_with_scipy(neuron):
    """outside.K from 5 to 12 mM in two minutes: LSODA with the ramp written in."""
    system, p = assemble(neuron), parameter_vector(neuron)
    column = system.names.index("compartments.outside.ions.K")
    y0, c, matrix = system.split(system.start(neuron), p)

    def slope(t, y):
        now = p.copy()
        now[column] = 5.0 + 7.0 * min(t / 120.0, 1.0)
        return system.reduced(y, (now, c, matrix))

    first = solve_ivp(slope, (0, 120.0), y0, method="LSODA", rtol=1e-10, atol=1e-12)
    answer = solve_ivp(slope, (120.0, 600.0), first.y[:, -1], method="LSODA", rtol=1e-10, atol=1e-12)
    run = simulate(neuron, [(0.0, "outside.K=12 mM over 2 min")], 600.0, times=[600.0])
    assert run.states[-1] == pytest.approx(system.join(answer.y[:, -1], c, matrix), rel=1e-6)
    assert run.parameters[-1, column] == 12.0


def test_scale_multiplies_what_is_and_ramps_start_from_it(neuron):
    column = "membranes.neuron.transports.pump.max_rate"
    full = neuron.membranes["neuron"].transports["pump"].max_rate
    run = simulate(neuron, [(1.0, "pump.max_rate*=0.5"), (2.0, "pump.max_rate*=0.5")], 3.0, times=[0.5, 1.5, 2.5])
    values = run.parameters[:, run.system.names.index(column)]
    assert values == pytest.approx([full, full / 2, full / 4], rel=1e-15)


def test_contents_cannot_be_stepped(neuron):
    with pytest.raises(vrest.InputError, match="how the cell starts"):
        simulate(neuron, [(1.0, "inside.K=100 mM")], 10.0)


@pytest.mark.parametrize(
    "events", [[("2 h", "pump.max_rate*=0")], [("-1 s", "pump.max_rate*=0")], ["pump"], [("1 s", "pump=1")]]
)
def test_bad_protocols_are_refused(neuron, events):
    with pytest.raises(vrest.InputError):
        simulate(neuron, events, "1 h")


def test_progress_can_cancel_and_keeps_what_is_done(neuron):
    seen = []

    def stop_half_way(share):
        seen.append(share)
        return share < 0.3

    run = simulate(
        neuron,
        [(t, f"outside.K={5 + i % 2} mM") for i, t in enumerate(range(60, 3600, 60))],
        "1 h",
        progress=stop_half_way,
    )
    assert not run.complete
    assert 0.3 <= seen[-1] < 0.6
    assert 0.3 - 4e-3 < run.time[-1] / 3600 <= seen[-1]  # the last time asked for before the stop
    assert "stopped" in [w.code for w in run.warnings]
    assert seen == sorted(seen)


def test_log_times_reach_microseconds_after_each_event(neuron):
    run = simulate(neuron, [("5 min", "pump.max_rate*=0")], "24 h", spacing="log", points=100)
    after = run.time[run.time > 300.0][0] - 300.0
    assert after == pytest.approx(1e-6, rel=1e-3)
    assert run.time[-1] == DAY


def test_swelling_runs_on():
    cell = vrest.load("kay_2017")
    run = simulate(cell, [(0.0, "pump.max_rate*=0")], "24 h", points=50)
    volume = run.system.relative_volume(run.states, "inside")
    assert np.all(np.diff(volume[5:]) > 0)
    assert volume[-1] > 2.5


def test_more_than_one_chunk(neuron):
    """A long protocol takes many compiled calls; the pieces join without a seam."""
    events = [(float(t), f"outside.K={5 + (i % 3)} mM") for i, t in enumerate(range(60, 7200, 60))]
    run = simulate(neuron, events, "2 h", points=5000)
    assert run.steps > 3 * 256
    assert np.all(np.diff(run.time) > 0)
    (account,) = run.ledger
    assert account.drift <= account.floor
