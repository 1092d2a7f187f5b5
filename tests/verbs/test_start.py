"""Where one run goes on from another, the whole state goes with it: gates, totals, volumes."""

import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.io.netcdf import read_run_recipe, write_run
from vrest.model.cellfile import load
from vrest.study.perturb.library import find
from vrest.verbs.go_on import go_on
from vrest.verbs.verdict import nudged

FIRING = [
    ("hodgkin_huxley_1952", "hyperkalaemia", 0.2),
    ("cressman_2009", "selectivity_loss", 1.0),
    ("fast_spiking_interneuron", "k_leak_block", 1.0),
    ("edpr_2020", "selectivity_loss", 4.0),
    ("wei_2014", "gating_pore_leak", 2.0),
]


def unsteady(run):
    """How far gates are from their steady values at each time, and the gates."""
    gates = [k for k, (kind, _) in enumerate(run.system.states) if kind == "gate"]
    steady = run.system.with_steady_gates(run.states, run.parameters)
    return np.abs(steady - run.states)[:, gates].max(axis=1)


@pytest.mark.parametrize(("name", "what", "lasts"), FIRING)
def test_two_halves_are_the_whole(name, what, lasts):
    """Cut where gates are far from steady: the second half starts from the very state, and ends where one run ends."""
    cell = load(name)
    events = [(0.05 * lasts, find(what).changes(cell))]
    at = np.linspace(0.0, lasts, 2001)
    whole = vrest.simulate(cell, events, lasts, times=at, rtol=1e-10)
    cut = 1000 + int(unsteady(whole)[1000:1800].argmax())
    assert unsteady(whole)[cut] > 0.05  # steady gates would be another state
    first = vrest.simulate(cell, events, at[cut], times=at[: cut + 1], rtol=1e-10)
    second = go_on(first, lasts - at[cut], times=np.minimum(at[cut:] - at[cut], lasts - at[cut]))
    assert np.array_equal(second.states[0], first.states[-1])
    assert np.array_equal(second.parameters[0], first.parameters[-1])
    off = np.abs(second.v - whole.v[cut:])
    assert np.median(off) < 1e-3  # between spikes; in their flanks a microsecond counts
    contents = [k for k, (kind, _) in enumerate(first.system.states) if kind in ("amount", "volume")]
    assert second.states[-1, contents] == pytest.approx(whole.states[-1, contents], rel=1e-5)
    units = np.array(first.system.units(first.parameters[0]))
    matrix = first.system.laws.matrix(len(units))
    totals = (matrix @ (run.states * units).T for run in (first, second))
    before, after = (np.asarray(part) for part in totals)
    if len(matrix):
        assert np.abs(after - before[:, :1]).max() <= 1e-14 * (np.abs(matrix) @ np.abs(first.states[0] * units)).max()


def test_a_ramp_under_way_stops_where_it_was_and_later_events_do_not_come():
    cell = load("mammalian_neuron")
    first = vrest.simulate(cell, [("10 s", "outside.K=12 mM over 1 min"), ("1 h", "pump.max_rate*=0")], "2 h",
                           times=[0.0, 40.0], watch=lambda t, x: t < 40.0)  # fmt: skip
    assert not first.complete
    reached = first.parameters[-1]
    more = go_on(first, "1 min", points=5)
    assert np.array_equal(more.parameters, np.tile(reached, (5, 1)))
    assert np.array_equal(more.states[0], first.states[-1])


def test_a_run_from_a_rest_stays_there():
    for name in ("hodgkin_huxley_1952", "cressman_2009", "kay_2017"):
        settled = vrest.rest(load(name))
        run = vrest.simulate(settled.cell, until="1 h", points=20, start=settled.state)
        assert np.ptp(run.v) < 1e-4
        again = vrest.rest(settled.cell, start=run.states[-1])
        assert again.v_rest == pytest.approx(settled.v_rest, abs=1e-6)


def test_rest_holds_the_totals_of_the_state_it_starts_from():
    """Contents that an hour without pump left in a closed space: another total, another rest."""
    cell = load("huebel_dahlem_2014")
    run = vrest.simulate(cell, [(0.0, "pump.max_rate*=0")], "10 min", points=5, rtol=1e-6)
    from_there = vrest.rest(cell, start=run.states[-1])
    described = vrest.rest(vrest.rest(cell, start=run.states[-1]).as_cell())
    assert from_there.v_rest == pytest.approx(described.v_rest, abs=1e-6)
    assert all(account.drift <= 10 * account.floor for account in from_there.ledger)


def test_a_nudge_keeps_every_total_and_every_gate():
    for name in ("edpr_2020", "cressman_2009", "kay_2017"):
        found = vrest.rest(load(name))
        system, x = found.system, found.state
        _, c, matrix = system.split(x, found.parameters)
        moved = system.join(nudged(system, x), c, matrix)
        units = np.array(system.units(found.parameters))
        matrix = system.laws.matrix(len(x))
        assert np.abs(matrix @ ((moved - x) * units)).max() <= 1e-14 * np.abs(x * units).sum()
        for wall in system.structure.walls:
            assert float(system.potential(moved, wall) - system.potential(x, wall)) == pytest.approx(1e-3, rel=1e-3)
        gates = [k for k, (kind, _) in enumerate(system.states) if kind == "gate"]
        assert np.array_equal(moved[gates], x[gates])


@pytest.mark.parametrize("bad", [[1.0], "rest", None, "nan"])
def test_what_is_no_state_of_the_cell(bad):
    cell = load("mammalian_neuron")
    state = vrest.rest(cell).state.copy()
    if bad is None:
        state[0] = -1.0
    elif bad == "nan":
        state[0] = np.nan
    else:
        state = bad
    for verb in (lambda: vrest.simulate(cell, until=1.0, start=state), lambda: vrest.rest(cell, start=state)):
        with pytest.raises(InputError) as error:
            verb()
        assert error.value.code == "bad_start"
        assert error.value.hint


def test_contents_cannot_be_given_twice():
    cell = load("mammalian_neuron")
    with pytest.raises(InputError) as error:
        vrest.rest(cell, "inside.Cl=9 mM", start=vrest.rest(cell).state)
    assert error.value.code == "fixed_at_start"


def test_a_saved_run_that_was_given_its_start_is_repeated_bit_for_bit(tmp_path):
    cell = load("hodgkin_huxley_1952")
    first = vrest.simulate(cell, [(0.0, "stimulus.density=10 uA/cm2")], 0.05, points=5)
    made = go_on(first, 0.02, points=50)
    write_run(made, tmp_path / "run.nc")
    recipe = read_run_recipe(tmp_path / "run.nc")
    assert np.array_equal(recipe.start, first.states[-1])
    again = vrest.simulate(recipe.cell, recipe.events, recipe.until, times=recipe.times, rtol=recipe.rtol,
                           start=recipe.start)  # fmt: skip
    assert np.array_equal(again.states, made.states)
