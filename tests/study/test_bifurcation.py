"""Branches, folds and Hopf points of cells against published values, `rest_many`, and each other."""

import numpy as np
import pytest

import vrest
from vrest.plot.bifurcation import bifurcation_figure
from vrest.verbs.rest_all import rest_all


def points(found, kind):
    return sorted(s.parameter for s in found.special if s.kind == kind)


def stability(branch):
    return [stable for _, _, stable in branch.runs()]


# --- every rest -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mammalian_neuron", "hodgkin_huxley_1952"])
def test_a_cell_with_one_rest_has_one(name):
    cell = vrest.load(name)
    (only,) = vrest.rest_all(cell)
    assert only.v_rest == pytest.approx(vrest.rest(cell).v_rest, abs=1e-9)
    assert only.outcome is vrest.Outcome.rests


def test_an_unstable_rest_is_found_and_certified():
    """At 50 uA/cm2 Hodgkin and Huxley's membrane fires: what it has is an unstable rest that it oscillates around."""
    (only,) = vrest.rest_all(vrest.load("hodgkin_huxley_1952"), "stimulus.density=50 uA/cm2")
    assert only.outcome is vrest.Outcome.oscillates
    assert only.residual_mV < 1e-9
    assert np.sum(only.eigenvalues.real > 0) == 2


def test_dijkstra_has_two_stable_rests_and_one_between():
    rests = vrest.rest_all(vrest.load("dijkstra_2016"))
    assert [r.stable for r in rests] == [True, False, True]
    assert rests[0].v_rest == pytest.approx(-65.494, abs=0.02)
    assert rests[2].v_rest == pytest.approx(-30.762, abs=0.01)
    for r in rests:
        assert r.residual_mV < 1e-6
        for account in r.ledger:
            assert account.drift <= account.floor
        again = vrest.rest(r.cell, start=r.state)  # each is where `rest` stays, though one nudge would end that
        assert again.outcome is r.outcome
        assert again.v_rest == pytest.approx(r.v_rest, abs=1e-6)


def test_huebel_dahlem_rests_in_two_ways():
    rests = vrest.rest_all(vrest.load("huebel_dahlem_2014"))
    assert [r.stable for r in rests] == [True, False, True]
    assert rests[0].v_rest == pytest.approx(-67.194, abs=0.005)
    assert rests[2].v_rest == pytest.approx(-23.111, abs=0.005)
    assert rests[2].concentrations["outside"]["K"] == pytest.approx(44.83, abs=0.02)


def test_the_same_seed_finds_the_same():
    cell = vrest.load("mammalian_neuron")
    first, second = (rest_all(cell, "pump.max_rate*=0.3", starts=3, seed=7) for _ in range(2))
    assert [r.v_rest for r in first] == [r.v_rest for r in second]


def test_rest_all_needs_a_number():
    with pytest.raises(vrest.InputError, match="starts"):
        vrest.rest_all(vrest.load("mammalian_neuron"), starts=-1)


# --- branches -------------------------------------------------------------------------------------------------------


def test_a_smooth_branch_is_what_rest_many_finds():
    cell = vrest.load("mammalian_neuron")
    found = vrest.bifurcation(cell, "pump.max_rate", "0x", "2x", starts=2)
    assert found.special == ()
    (branch,) = found.branches
    assert stability(branch) == [True]
    assert branch.multiple[[0, -1]] == pytest.approx([0.0, 2.0], abs=1e-15)
    some = slice(None, None, 20)
    many = vrest.rest_many(cell, {"pump.max_rate": branch.parameter[some]})
    assert branch.v[some] == pytest.approx(many.v_rest, abs=1e-8)
    assert np.abs(np.diff(branch.v)).max() < 1.0
    sodium = [r.concentrations["inside"]["Na"] for r in many.rests]
    assert branch.concentrations["inside"]["Na"][some] == pytest.approx(sodium, rel=1e-9)
    assert branch.volumes["inside"][some] == pytest.approx([r.volumes["inside"] for r in many.rests], rel=1e-9)


def test_hodgkin_huxley_hopf_points():
    found = vrest.bifurcation(vrest.load("hodgkin_huxley_1952"), "stimulus.density", 0, "200 uA/cm2", starts=2)
    assert points(found, "hopf") == pytest.approx([9.7754, 154.522], abs=0.001)
    assert points(found, "fold") == []
    assert [stability(b) for b in found.branches] == [[True, False, True]]
    assert all(s.multiple is None for s in found.special)  # the present stimulus is zero
    low = min(found.special, key=lambda s: s.parameter)
    assert low.period == pytest.approx(10.72e-3, abs=1e-4)
    # the range does not move them
    again = vrest.bifurcation(vrest.load("hodgkin_huxley_1952"), "stimulus.density", 5, 20, starts=0)
    assert points(again, "hopf") == pytest.approx([low.parameter], rel=1e-8)


def test_dijkstra_pump():
    """The tipping point near 65 % (Dijkstra et al. 2016), and how strong a pump leaves the other state."""
    found = vrest.bifurcation(vrest.load("dijkstra_2016"), "pump.max_rate", "0.3x", "2.5x", starts=6)
    (fold,) = [s for s in found.special if s.kind == "fold"]
    assert fold.multiple == pytest.approx(0.6486, abs=1e-4)
    assert fold.v == pytest.approx(-58.15, abs=0.02)
    assert fold.concentrations["inside"]["Na"] == pytest.approx(43.4, abs=0.1)
    assert fold.volumes["inside"] == pytest.approx(2000 * 1.0203, abs=1)
    (hopf,) = [s for s in found.special if s.kind == "hopf"]
    assert hopf.multiple == pytest.approx(1.85008, abs=1e-4)
    other = found.branches[hopf.branch]
    assert fold.branch != hopf.branch
    assert stability(other) == [True, False]
    assert other.v[other.stable].max() < 0


def test_huebel_dahlem_pump():
    found = vrest.bifurcation(vrest.load("huebel_dahlem_2014"), "pump.max_rate", "0.5 uA/cm2", "45 uA/cm2", starts=6)
    rho = {
        kind: [6.8 * s.multiple for s in sorted(found.special, key=lambda s: s.multiple) if s.kind == kind]
        for kind in ("fold", "hopf")
    }
    assert rho["fold"] == pytest.approx([1.065, 39.4], abs=0.03)
    assert rho["hopf"][0] == pytest.approx(1.067, abs=0.005)
    assert min(r for r in rho["hopf"] if r > 2) == pytest.approx(28.7, abs=0.05)
    (branch,) = found.branches  # both states are one curve, through both folds
    assert (stability(branch)[0], stability(branch)[-1]) == (True, True)


def test_huebel_dahlem_potassium_in_a_closed_space():
    """Contents whose charge is solved vary with their totals: the paper's K+ gained from reservoirs."""
    cell = vrest.load("huebel_dahlem_2014")
    found = vrest.bifurcation(cell, "outside.K", "1 mM", "45 mM", starts=6)
    (fold,) = [s for s in found.special if s.kind == "fold"]
    (hopf,) = [s for s in found.special if s.kind == "hopf"]
    assert fold.parameter - 4 == pytest.approx(29.745, abs=0.05)
    assert fold.concentrations["outside"]["K"] == pytest.approx(7.12, abs=0.01)
    assert hopf.parameter - 4 == pytest.approx(28.70, abs=0.05)
    # the starved state lasts with less K+ than the file starts with: go on from a state that has it outside
    gained, special = found, {}
    offset = 4.0
    for kind in ("hopf", "fold"):
        starved = max(range(len(gained.branches)), key=lambda b: gained.branches[b].v.max())
        lowest = int(np.argmin(gained.branches[starved].parameter))
        low = gained.as_cell(starved, lowest)
        outside = low.compartments["outside"].ions["K"]
        offset += outside - gained.branches[starved].parameter[lowest]
        gained = vrest.bifurcation(low, "outside.K", 1.0, outside, starts=6)
        special[kind] = [s for s in gained.special if s.kind == kind and s.v > -40]
    (hopf,), (fold,) = special["hopf"], special["fold"]
    assert fold.parameter - offset == pytest.approx(-49.718, abs=0.1)
    assert fold.v == pytest.approx(-38.87, abs=0.01)


def test_temperature_and_bath_vary():
    cell = vrest.load("mammalian_neuron")
    warm = vrest.bifurcation(cell, "temperature", "30 degC", "40 degC", starts=0)
    assert warm.branches[0].multiple is None
    assert warm.branches[0].parameter[[0, -1]] == pytest.approx([30, 40])
    bath = vrest.bifurcation(cell, "outside.K", "0.5x", 20, starts=0)
    assert bath.branches[0].multiple[[0, -1]] == pytest.approx([0.5, 4])
    assert [n.code for n in bath.warnings] == ["bath_not_neutral"]


def test_begins_beside_a_value_that_conserves_more():
    found = vrest.bifurcation(vrest.load("mammalian_neuron"), "Cl_leak.permeability", "0x", "1x", starts=0)
    assert [n.code for n in found.warnings] == ["transport_off"]
    assert 0 < found.start < 1e-5 * found.stop
    assert found.branches[0].v[0] == pytest.approx(-70.0, abs=1e-6)


def test_runs_cover_a_branch_and_points_are_states():
    found = vrest.bifurcation(vrest.load("hodgkin_huxley_1952"), "stimulus.density", 0, 20, starts=0)
    (branch,) = found.branches
    assert branch.runs()[0][0] == 0
    assert branch.runs()[-1][1] == len(branch.parameter) - 1
    assert (branch.growth[branch.stable] < 0).all()
    assert vrest.rest(found.as_cell(0, 5)).v_rest == pytest.approx(branch.v[5], abs=1e-6)
    assert "Hopf point on branch 1 at 9.775" in repr(found)


@pytest.mark.parametrize(
    ("path", "start", "stop", "code"),
    [
        ("pump.max_rat", "0x", "1x", "unknown_path"),
        ("pump.max_rate", "2x", "1x", "bad_range"),
        ("pump.max_rate", "1x", "1x", "bad_range"),
        ("pump.max_rate", "0.3y", "1x", "unknown_unit"),
        ("pump.max_rate", "-1x", "1x", "out_of_range"),
        ("pump.max_rate", "−1x", "1x", "out_of_range"),
        ("temperature", "0.9x", "1x", "no_multiple"),
        ("inside.radius", "0.9x", "1x", "fixed_at_start"),
        ("capacitance", "0.9x", "1x", "fixed_at_start"),
        ("pump.max_rate", "0.5 mM", "1x", "wrong_unit"),
    ],
)
def test_bad_ranges_are_refused(path, start, stop, code):
    with pytest.raises(vrest.InputError) as error:
        vrest.bifurcation(vrest.load("mammalian_neuron"), path, start, stop)
    assert error.value.code == code
    assert error.value.hint


# --- the picture ----------------------------------------------------------------------------------------------------


def test_the_figure_shows_branches_and_special_points():
    found = vrest.bifurcation(vrest.load("hodgkin_huxley_1952"), "stimulus.density", 0, 200, starts=0)
    axes = bifurcation_figure(found).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert lines["stable"].get_linestyle() == "-"
    assert lines["unstable"].get_linestyle() == "--"
    assert lines["Hopf point"].get_xdata() == pytest.approx(points(found, "hopf"))
    assert [t.get_text().split("\n")[1] for t in axes.texts] == ["9.775 µA/cm²", "154.5 µA/cm²"]


def test_the_upper_axis_counts_in_multiples():
    found = vrest.bifurcation(vrest.load("mammalian_neuron"), "outside.K", "0.2x", "20x", starts=0)
    figure = bifurcation_figure(found)
    figure.draw_without_rendering()
    assert figure.axes[0].get_xscale() == "log"
    (upper,) = figure.axes[0].child_axes
    assert upper.get_xlim() == pytest.approx((0.2, 20.0))


@pytest.mark.parametrize("how", ["swap Na", "with Cl"])
def test_along_a_bath_ion_another_goes_along_and_every_point_is_the_rest_of_that_bath(how):
    found = vrest.bifurcation("mammalian_neuron", f"outside.K {how}", 1.0, 20.0)
    (branch,) = found.branches
    for k in (0, len(branch.v) // 3, len(branch.v) // 2, -1):
        changes = f"outside.K={float(branch.parameter[k])!r} mM {how}"
        expected = vrest.rest("mammalian_neuron", changes)
        assert branch.v[k] == pytest.approx(expected.v_rest, abs=1e-9)
        assert branch.concentrations["inside"]["Cl"][k] == pytest.approx(expected.concentrations["inside"]["Cl"])
        assert vrest.rest(found.as_cell(0, k)).v_rest == pytest.approx(expected.v_rest, abs=1e-6)
    assert not found.warnings
    (alone,) = vrest.bifurcation("mammalian_neuron", "outside.K", 1.0, 20.0).branches
    assert abs(alone.v[0] - branch.v[0]) > 0.3


@pytest.mark.parametrize(
    ("path", "stop", "code", "words"),
    [
        ("outside.K swap Na", 200.0, "out_of_range", "used up at K = 150 mM"),
        ("outside.K swap Cl", 20.0, "bad_companion", "with Cl"),
        ("pump.max_rate swap Na", 100.0, "bad_companion", "ions of a bath"),
        ("outside.K swap Rb", 20.0, "unknown_ion", "Na"),
    ],
)
def test_what_cannot_go_along_is_refused(path, stop, code, words):
    with pytest.raises(vrest.InputError) as error:
        vrest.bifurcation("mammalian_neuron", path, 1.0, stop)
    assert error.value.code == code
    assert words in f"{error.value.message} {error.value.hint}"
