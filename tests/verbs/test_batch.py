"""Batches of cells: each lane does what the cell does alone, whatever its neighbours do."""

import jax
import numpy as np
import pytest

import vrest
from vrest.model.change import apply
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs import run_batch as module
from vrest.verbs import search
from vrest.verbs.batch import numbers_of
from vrest.verbs.interval import Interval, interval_stepper
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest_batch import rest_batch
from vrest.verbs.run_batch import FINISHED, TOO_LONG, run_batch

OUTCOMES = list(Outcome)


def columns(cell, n):
    system = assemble(cell)
    p = parameter_vector(cell)
    return system, np.tile(p, (n, 1)), np.tile(system.start(cell), (n, 1))


def at(system, path):
    (k,) = [k for k, name in enumerate(system.names) if name.endswith(path)]
    return k


@pytest.fixture(scope="module")
def neurons():
    """30 cells, from a tenth of their pump to twice it, K+ outside from 1 to 12 mM; the last without any pump."""
    system, p, x = columns(vrest.load("mammalian_neuron"), 30)
    p[:, at(system, "pump.max_rate")] *= np.linspace(0.1, 2.0, 30)
    p[:, at(system, "outside.ions.K")] = np.linspace(1.0, 12.0, 30)[np.random.default_rng(1).permutation(30)]
    return system, p, x


@pytest.mark.parametrize(
    "name", ["mammalian_neuron", "duesterwald_2018", "red_blood_cell", "dijkstra_2016", "pyramidal_neuron"]
)
def test_rests_are_those_of_rest(name):
    cell = vrest.load(name)
    system, p, x = columns(cell, 6)
    k = at(system, "outside.ions.K")
    p[:, k] *= np.linspace(0.8, 1.6, 6)
    found = rest_batch(system, p, x)
    for i in range(6):
        alone = vrest.rest(cell, {"outside.K": float(p[i, k])})
        assert OUTCOMES[found.outcome[i]] is alone.outcome
        assert found.state[i] == pytest.approx(alone.state, rel=1e-9)
        assert found.slowest[i] == pytest.approx(alone.eigenvalues.real.max(), rel=1e-9)
        assert found.imbalance[i] < 1e-9
        assert found.residual_mV[i] < 1e-6


def test_what_does_not_rest_is_judged_as_rest_judges_it():
    """An osmotic cell without pump swells without limit; one in thirty, among cells that rest."""
    cell = vrest.load("kay_2017")
    system, p, x = columns(cell, 30)
    p[17, at(system, "pump.max_rate")] = 1e-30
    found = rest_batch(system, p, x)
    assert OUTCOMES[found.outcome[17]] is Outcome.swells_without_limit
    assert np.isnan(found.state[17]).all()
    others = np.delete(np.arange(30), 17)
    assert {OUTCOMES[k] for k in found.outcome[others]} == {Outcome.rests}
    assert np.ptp(found.state[others], axis=0).max() < 1e-12


def test_gated_cells_settle_together(monkeypatch):
    """Eight states: beyond what stability can be told of without eigenvalues."""
    monkeypatch.setattr("vrest.verbs.rest_batch.verdict", lambda *_: pytest.fail("one by one"))
    cell = vrest.load("dijkstra_2016")
    system, p, x = columns(cell, 2)
    found = rest_batch(system, p, x)
    alone = vrest.rest(cell)
    assert found.state[1] == pytest.approx(alone.state, rel=1e-9)
    assert found.slowest[1] == pytest.approx(alone.eigenvalues.real.max(), rel=1e-9)


def test_the_slowest_rate_may_be_an_oscillation():
    """Near its Hopf point the squid's axon rings: its slowest eigenvalues are complex."""
    cell = apply(vrest.load("hodgkin_huxley_1952"), "stimulus.density=7 uA/cm2")
    system, p, x = columns(cell, 3)
    found = rest_batch(system, p, x)
    alone = vrest.rest(cell)
    assert abs(alone.eigenvalues[alone.eigenvalues.real.argmax()].imag) > 100
    assert found.slowest == pytest.approx(alone.eigenvalues.real.max(), rel=1e-9)


def protocol(system, p):
    """Pump off for ten minutes, then back; edges and parameters."""
    p = np.stack([p] * 3)
    p[1, :, at(system, "pump.max_rate")] = 0.0
    return np.array([0.0, 60.0, 660.0, 1800.0]), p


def test_runs_are_those_of_simulate(neurons):
    system, p, x = neurons
    edges, stages = protocol(system, p)
    times = np.array([0.0, 30.0, 60.0, 500.0, 1800.0])
    found = run_batch(system, stages, edges, x, rtol=1e-8, times=times)
    assert np.all(found.status == FINISHED)
    rate, potassium = at(system, "pump.max_rate"), at(system, "outside.ions.K")
    own = parameter_vector(vrest.load("mammalian_neuron"))
    for i in (0, 13, 29):
        changes = [f"outside.K={float(p[i, potassium])!r} mM", f"pump.max_rate*={float(p[i, rate] / own[rate])!r}"]
        cell = vrest.apply(vrest.load("mammalian_neuron"), changes)
        run = vrest.simulate(cell, [(60, "pump.max_rate*=0"), (660, "pump.max_rate=restore")], 1800, times=times)
        assert found.series[i] == pytest.approx(run.states, rel=1e-6)
    ramped = run_batch(system, stages, edges, x, rtol=1e-8, times=times, slope=np.zeros_like(stages))
    assert ramped.series == pytest.approx(found.series, rel=1e-12)
    assert found.series[:, -1] == pytest.approx(found.state, rel=1e-9)


def test_neighbours_and_width_do_not_matter(neurons):
    """The same cells in another order, and a number of them that no vector divides."""
    system, p, x = neurons
    edges, stages = protocol(system, p)
    usual = run_batch(system, stages, edges, x)
    order = np.tile(np.random.default_rng(0).permutation(30), 2)[:-1]
    mixed = run_batch(system, stages[:, order], edges, x[order])
    assert np.array_equal(mixed.state, usual.state[order])
    assert list(mixed.steps) == list(usual.steps[order])


def test_xla_gives_the_same_runs(neurons, monkeypatch):
    """What a GPU runs, on a CPU: samples, padding and all."""
    system, p, x = neurons
    edges, stages = protocol(system, p)
    times = np.array([0.0, 30.0, 700.0, 1800.0])
    ours = run_batch(system, stages, edges, x, times=times)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr("vrest.numerics.compiler.kernel.compiled", None)
    monkeypatch.setattr(module, "_advance", module._advance.__wrapped__)
    monkeypatch.setenv("VREST_CACHE", "off")
    theirs = run_batch(system, stages, edges, x, times=times)
    assert list(theirs.status) == list(ours.status)
    assert theirs.series == pytest.approx(ours.series, rel=1e-9)
    assert theirs.state == pytest.approx(ours.state, rel=1e-9)


def test_xla_gives_the_same_rests(neurons, monkeypatch):
    system, p, x = neurons
    ours = rest_batch(system, p, x)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr("vrest.numerics.compiler.kernel.compiled", None)
    monkeypatch.setattr(search, "settling", search.settling.__wrapped__)
    monkeypatch.setattr(search, "following", search.following.__wrapped__)
    monkeypatch.setenv("VREST_CACHE", "off")
    theirs = rest_batch(system, p, x)
    assert list(theirs.outcome) == list(ours.outcome)
    assert theirs.state == pytest.approx(ours.state, rel=1e-9, nan_ok=True)


def test_a_run_without_end_takes_its_samples_and_no_more(neurons):
    system, p, x = neurons
    times = np.array([0.0, 1e6])
    found = run_batch(system, p[None], np.array([0.0, np.inf]), x, times=times)
    there = run_batch(system, p[None], np.array([0.0, 1e6]), x, times=times)
    assert found.series == pytest.approx(there.series, rel=1e-6)


def test_a_cell_that_takes_too_many_steps_is_given_up_alone(neurons):
    system, p, x = neurons
    edges, stages = protocol(system, p)
    found = run_batch(system, stages, edges, x, max_steps=int(run_batch(system, stages, edges, x).steps.mean()))
    late = found.status == TOO_LONG
    assert 0 < late.sum() < 30
    assert np.all(found.t[late] < 1800.0)
    assert np.all(found.t[~late] == 1800.0)


def test_what_is_watched_is_what_a_fine_series_shows(neurons):
    system, p, x = neurons
    edges, stages = protocol(system, p)
    (wall,) = system.structure.walls
    times = np.unique(
        np.concatenate([np.linspace(0, 1800, 20001), *(e + np.geomspace(1e-5, 30, 400) for e in edges[:-1])])
    )
    level = -0.060
    found = run_batch(
        system, stages, edges, x, rtol=1e-8, times=times, watch=potential_of(system), thresholds=np.array([level])
    )
    v = system.potential(found.series, wall)
    assert found.low[:, 0] == pytest.approx(v.min(axis=1), abs=2e-5)
    assert found.high[:, 0] == pytest.approx(v.max(axis=1), abs=2e-5)
    assert found.mean[:, 0] == pytest.approx(np.trapezoid(v, times, axis=1) / 1800.0, abs=1e-6)
    above = np.trapezoid((v > level).astype(float), times, axis=1)
    assert found.above[:, 0] == pytest.approx(above, abs=0.5)
    first = np.where((v > level).any(axis=1), times[(v > level).argmax(axis=1)], np.inf)
    assert found.first[:, 0] == pytest.approx(first, abs=0.5)


def potential_of(system):
    (wall,) = system.structure.walls

    return module.Watch(lambda x, p: (system.potential(x, wall),))


def test_one_interval_after_another(neurons):
    """Ten minutes in steps of ten seconds, K+ outside changed half way: as one run, and compiled once."""
    system, p, x = neurons
    y, c, matrix = system.split(x, p)
    step = interval_stepper(system)
    now = Interval(y.T, np.zeros(30), None, None, None)
    later = p.copy()
    later[:, at(system, "outside.ions.K")] += 2.0
    for k in range(60):
        now = step(now.y, now.h, numbers_of(later if k >= 30 else p, c, matrix), 10.0, 1e-8)
        assert np.all(now.arrived)
    assert len(step.kernel.made) == 1
    assert step.kernel.native
    whole = run_batch(system, np.stack([p, later]), np.array([0.0, 300.0, 600.0]), x, rtol=1e-8)
    assert system.join(np.asarray(now.y).T, c, matrix) == pytest.approx(whole.state, rel=1e-6)


def test_a_quiet_cell_costs_one_step():
    system, p, x = columns(vrest.rest(vrest.load("mammalian_neuron")).as_cell(), 3)
    p[2, at(system, "pump.max_rate")] = 0.0
    y, c, matrix = system.split(x, p)
    step, numbers = jax.jit(interval_stepper(system).__wrapped__), numbers_of(p, c, matrix)  # inside other code
    now = step(y.T, np.zeros(3), numbers, 60.0, 1e-6)
    for _ in range(5):
        now = step(now.y, now.h, numbers, 60.0, 1e-6)
        assert list(now.steps[:2]) == [1, 1]
        assert list(now.rejected[:2]) == [0, 0]
