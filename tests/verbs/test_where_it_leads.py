"""Cells on which large pseudo-time steps, or implicit steps against a growing mode, end elsewhere than the motion does.

The right values are those of an independent model (`tests/oracle`) and of SciPy.
"""

from pathlib import Path

import numpy as np
import pytest

import vrest
from vrest.io.samples import read_samples
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest_batch import rest_batch
from vrest.verbs.run_batch import run_batch

CELLS = Path(__file__).parent / "cells"


def cell(name):
    return vrest.load(CELLS / f"{name}.toml")


@pytest.mark.parametrize(
    ("name", "changes", "outcome", "v"),
    [
        ("other_basin", (), "rests", -85.3432),
        ("fast_firing", (), "rests_run_down", -2.7063),
        ("edpr_soma", (), "rests", -67.6933),
        ("edpr_soma", "pump.max_rate*=0", "rests_run_down", -16.146),
        ("unstable_state", (), "rests", -73.1358),
        ("sodium_free", (), "rests_run_down", -91.8065),
        ("periaxonal", (), "rests", -77.7756),
        ("past_a_saddle", (), "rests", -45.6218),
        ("scarce_and_gone", (), "rests", -454.7269),  # Ca2+ is gone, K+ only scarce
    ],
)
def test_the_rest_that_the_motion_leads_to(name, changes, outcome, v):
    found = vrest.rest(cell(name), changes)
    assert found.outcome.name == outcome
    assert found.v_rest == pytest.approx(v, abs=6e-4)


@pytest.mark.parametrize("share", [0.003, 0.01, 0.03, 0.05, 0.15, 0.2])
def test_a_weak_pump_is_no_obstacle(share):
    found = vrest.rest(cell("edpr_soma"), f"pump.max_rate*={share}")
    assert found.outcome.is_rest
    run = vrest.simulate(cell("edpr_soma"), [(0, f"pump.max_rate*={share}")], 1e7, times=[1e7], rtol=1e-6)
    assert found.v_rest == pytest.approx(run.v[-1], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "ion", "transport", "after"),
    [
        ("runs_out_first", "outside.K", "pump", 0.4705),
        ("verdict_too_early", "outside.K", "pump", 15.9),
        ("no_reason", "outside.K", "pump", 338.0),
        ("exactly_nothing_left", "outside.K", "pump", 1637.0),
        ("base_dependent", "inside.Na", "pump", None),
        ("frog_skin", "cell.Na", "Na", None),
    ],
)
def test_what_runs_out_is_named(name, ion, transport, after):
    """By an ion used up in finite time, or one that falls for ever while a potential has no limit (the frog skin)."""
    found = vrest.rest(cell(name))
    assert found.outcome is Outcome.runs_out
    assert ion in found.reason
    assert f"'{transport}'" in found.reason
    if after:
        assert found.followed == pytest.approx(after, rel=0.15)


@pytest.mark.parametrize(("pond", "how"), [("1", "is used up"), ("0", "falls below one ion")])
def test_of_two_ions_that_run_out_the_scarcer_is_named(pond, how):
    """Lithium falls with sodium in a frog's skin; 'Li' moves it, whatever 'Na' does meanwhile."""
    text = (CELLS / "frog_skin.toml").read_text()
    for old, new in (
        ('Cl = "112 mM" }', f'Cl = "{112 + float(pond)} mM", Li = "{pond} mM" }}'),
        ('Cl = "30 mM" }', 'Cl = "30 mM", Li = "0.1 mM" }'),
        ("Na = { law", 'Li = { law = "ghk_leak", ion = "Li", permeability = "1e-7 cm/s" }\nNa = { law'),
    ):
        assert old in text
        text = text.replace(old, new)
    found = vrest.rest(vrest.parse_cell(text))
    assert found.outcome is Outcome.runs_out
    assert f"cell.Li {how}: 'Li' goes on taking it" in found.reason


def test_what_runs_out_is_named_wherever_it_stands_in_the_file():
    text = (CELLS / "runs_out_first.toml").read_text()
    k, na = 'K = "1.6910039585611008 mM"', 'Na = "86.73919538813549 mM"'
    assert f"{k}, {na}" in text
    found = vrest.rest(vrest.parse_cell(text.replace(f"{k}, {na}", f"{na}, {k}")))
    assert "outside.K falls below one ion; 'pump' takes it" in found.reason


def test_less_than_one_ion_that_nothing_moves_does_not_run_out(neuron):
    text = vrest.write_cell(neuron).replace(
        "[compartments.inside.ions]\n", '[compartments.inside.ions]\nLi = "1e-12 mM"\n'
    )
    found = vrest.rest(vrest.parse_cell(text))
    assert found.outcome is Outcome.rests
    assert found.v_rest == pytest.approx(-70.0, abs=1e-9)


def test_one_outcome_whatever_cell_a_population_starts_from():
    found = vrest.population(cell("base_dependent_base"), read_samples(CELLS / "base_dependent_row.csv"))
    assert found.outcomes == {vrest.rest(cell("base_dependent")).outcome.name: 1}


@pytest.mark.parametrize(
    ("name", "starts", "v"),
    [
        ("pyramidal_neuron", (-50, -40, -20), -72.0),
        ("dijkstra_2016", (-50, -45, -40), -65.494),
        ("fast_spiking_interneuron", (-45, -30, -20), -73.0),
        ("wei_2014", (-45,), -80.729),
    ],
)
def test_depolarised_starts_end_where_runs_do(name, starts, v):
    described = vrest.load(name)
    (membrane,) = described.membranes
    for start in starts:
        found = vrest.rest(described, f"membranes.{membrane}.potential={start} mV")
        assert found.outcome is Outcome.rests
        assert found.v_rest == pytest.approx(v, abs=2e-3)


@pytest.mark.parametrize("rtol", [1e-5, 1e-6, 1e-8])
def test_a_slow_passage_through_a_hopf_point(rtol):
    """The stationary state is lost between 450 and 610 s; the cell leaves it, fires for a while, and rests."""
    run = vrest.simulate(cell("unstable_state"), until="1 d", times=[400.0, 3600.0, 86400.0], rtol=rtol)
    assert run.v == pytest.approx([-35.96, -73.131, -73.1358], abs=0.01)


@pytest.mark.parametrize("stimulus", [12, 20, 80])
def test_a_start_beside_an_unstable_state_fires_when_it_should(stimulus):
    """1e-9 V beside it, as DOP853 at rtol 1e-11 goes; within 1 %."""
    from scipy.integrate import solve_ivp

    axon = vrest.apply(vrest.load("hodgkin_huxley_1952"), f"stimulus.density={stimulus} uA/cm2")
    (there,) = [r for r in vrest.rest_all(axon, starts=0) if not r.outcome.is_rest]
    system, p, x = there.system, there.parameters, there.state.copy()
    charge = system.index["charge", "axon"]
    x[charge] += 1e-9
    _, c, matrix = system.split(x, p)
    rows = list(system.laws.independent)

    def passes(t, y):
        return y[rows.index(charge)] + 0.02

    passes.direction, passes.terminal = 1, True
    until = 60 / there.eigenvalues.real.max()
    with np.errstate(all="ignore"):  # explicit stages look where no potential is
        truth = solve_ivp(
            lambda t, y: system.reduced(y, (p, c, matrix)), (0, until), x[rows], "DOP853",
            events=passes, rtol=1e-11, atol=1e-14,
        ).t_events[0][0]  # fmt: skip
    run = vrest.simulate(axon, until=1.2 * truth, points=50_000, rtol=1e-6, start=x)
    first = run.time[np.argmax(run.v > -20)]
    assert first == pytest.approx(truth, rel=0.01)


def test_an_unstable_start_may_stay_and_says_so():
    saddle = vrest.rest_all(vrest.load("kir_muscle"), "outside.K=2.5 mM swap Na")[1]
    assert saddle.outcome is Outcome.unstable
    assert "the cell goes to -65 mV (rests)" in saddle.reason
    run = vrest.simulate(saddle.cell, until="1 d", points=3, start=saddle.state)
    assert "unstable_state" in [notice.code for notice in run.warnings]
    x = saddle.state.copy()
    x[saddle.system.index["charge", saddle.system.structure.walls[0].name]] += 1e-9
    assert vrest.simulate(saddle.cell, until="5 d", points=3, start=x).v[-1] == pytest.approx(-64.996, abs=1e-2)


def test_a_search_can_be_stopped():
    axon = vrest.apply(vrest.load("hodgkin_huxley_1952"), "stimulus.density=20 uA/cm2")
    told = []
    found = vrest.rest(axon, progress=lambda share: told.append(share) or False)
    assert found.outcome is Outcome.not_followed
    assert len(told) == 1


@pytest.mark.parametrize(("pore", "potassium"), [(8e-9, 3.1), (2e-8, 4.0)])
def test_many_cells_near_a_saddle_end_where_runs_do(pore, potassium):
    """Muscle fibres with a gating pore, many of them bistable: rests of a batch against runs of three years."""
    changes = [f"gating_pore.permeability={pore} cm/s", f"outside.K={potassium} mM swap Na"]
    fibre = vrest.apply(vrest.load("kir_muscle"), changes)
    system, p0 = assemble(fibre, only_active=True), parameter_vector(fibre)
    rng = np.random.default_rng(3)
    p, x0 = np.tile(p0, (800, 1)), np.tile(system.start(fibre), (800, 1))
    strengths = [k for k, name in enumerate(system.names) if name.endswith(("permeability", "conductance", "max_rate"))]
    p[:, strengths] *= np.exp(0.2 * rng.standard_normal((800, len(strengths))))
    (wall,) = system.structure.walls
    x0[:, system.index["charge", wall.name]] = rng.uniform(-0.1, -0.03, 800)
    rests = rest_batch(system, p, x0)
    runs = run_batch(system, p[None], np.array([0.0, 1e8]), x0, rtol=1e-7)
    ends = 1e3 * system.potential(runs.state, wall)
    assert np.ptp(ends) > 30  # both basins
    assert 1e3 * system.potential(rests.state, wall) == pytest.approx(ends, abs=1e-2)


def test_what_the_description_holds_is_not_run_down():
    """A dendrite whose K+ and Na+ are held rests without a pump; with Cl- alone held a neuron runs down."""
    dendrite = cell("kcc2_dendrite")
    found = vrest.rest(dendrite)
    assert found.outcome is Outcome.rests
    assert found.v_rest == pytest.approx(-80.566, abs=1e-3)
    assert found.concentrations["inside"]["Cl"] == pytest.approx(4.8891, abs=1e-3)
    assert vrest.rest(vrest.load("cressman_2009"), "pump.max_rate*=0").outcome is Outcome.rests_run_down  # Cl- is held
