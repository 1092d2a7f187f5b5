"""Paths, changes and protocols: what `--set` and `--at` say, and what they refuse."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vrest
from vrest.model.change import parse_change
from vrest.model.notices import notices
from vrest.model.paths import parameters, resolve
from vrest.model.protocol import protocol, segments


def value(cell, path):
    return resolve(cell, path).value


def test_every_number_has_one_full_path(neuron):
    known = parameters(neuron)
    assert known["compartments.outside.ions.K"].value == 5.0
    assert known["membranes.neuron.potential"].value == -0.07
    for path in known:
        assert resolve(neuron, path).path == path


@pytest.mark.parametrize("short", ["outside.K", "outside.ions.K", "compartments.outside.K"])
def test_short_paths(neuron, short):
    assert resolve(neuron, short).path == "compartments.outside.ions.K"


def test_ambiguous_paths_list_the_candidates(neuron):
    with pytest.raises(vrest.InputError, match=r"compartments.outside.ions.K, compartments.inside.ions.K") as error:
        resolve(neuron, "K")
    assert error.value.code == "ambiguous_path"


@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("pump.maxrate", "max_rate"),
        ("outsde.K", "outside"),
        ("K_leak.permeabilty", "permeability"),
    ],
)
def test_near_misses(neuron, slip, meant):
    with pytest.raises(vrest.InputError, match=meant) as error:
        resolve(neuron, slip)
    assert error.value.code == "unknown_path"


def test_set_scale_swap_with(neuron):
    assert value(vrest.apply(neuron, "outside.K=12 mM"), "outside.K") == 12.0
    assert value(vrest.apply(neuron, "pump.max_rate*=0.5"), "pump.max_rate") == value(neuron, "pump.max_rate") / 2
    swapped = vrest.apply(neuron, "outside.K=12 mM swap Na")
    assert value(swapped, "outside.Na") == 138.0
    assert notices(swapped) == []
    salted = vrest.apply(neuron, "outside.K=12 mM with Cl")
    assert value(salted, "outside.Cl") == 117.0
    assert notices(salted) == []
    assert [n.code for n in notices(vrest.apply(neuron, "outside.K=12 mM"))] == ["bath_not_neutral"]


def test_a_change_never_touches_the_original(neuron):
    before = vrest.write_cell(neuron)
    vrest.apply(neuron, ["outside.K=12 mM swap Na", "pump.max_rate*=0"])
    assert vrest.write_cell(neuron) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("outside.K", "bad_change"),
        ("outside.K=", "bad_change"),
        ("=5 mM", "bad_change"),
        ("outside.K=5 mV", "wrong_unit"),
        ("outside.K=-1 mM", "out_of_range"),
        ("outside.K=nan", "not_a_number"),
        ("outside.K=3,5 mM", "decimal_comma"),
        ("outside.K=140 M", "out_of_range"),
        ("outside.K*=-1", "out_of_range"),
        ("temperature=310 degC", "kelvin_for_celsius"),
        ("temperature*=1.1", "bad_change"),
        ("outside.K=12 mM swap Cl", "bad_companion"),
        ("outside.K=12 mM with Na", "bad_companion"),
        ("outside.K=12 mM swap Ca", "unknown_ion"),
        ("outside.K=200 mM swap Na", "out_of_range"),
        ("pump.max_rate*=0 swap Na", "bad_companion"),
        ("outside.K=12 mM over 2 min", "bad_change"),
        ("inside.K=0 mM", "zero_concentration"),
        ("capacitance=0 uF/cm2", "out_of_range"),
        ("inside.radius=0 um", "out_of_range"),
        ("neuron.potential=-70 V", "out_of_range"),
    ],
)
def test_refused_changes(neuron, change, code):
    with pytest.raises(vrest.InputError) as error:
        vrest.apply(neuron, change)
    assert error.value.code == code
    assert error.value.hint
    assert error.value.exit_code == 3


@pytest.mark.parametrize("change", ["inside.K*=1.5 with Cl", "inside.Cl=9 mM with K", "inside.Na=solve swap K"])
def test_what_the_charge_balance_solves_is_and_has_no_companion(change):
    with pytest.raises(vrest.InputError, match="is solved from the charge balance") as error:
        vrest.apply("kay_2017", change)
    assert error.value.code == "bad_companion"


def test_unicode_minus_is_a_minus(neuron):
    assert value(vrest.apply(neuron, "neuron.potential=\u221275 mV"), "neuron.potential") == -0.075


@given(st.floats(1e-6, 9e3))
def test_any_concentration_arrives_exactly(x):
    cell = vrest.apply(vrest.load("mammalian_neuron"), f"outside.K={x!r} mM")
    assert value(cell, "outside.K") == x


@given(st.sampled_from(["outside.K", "pump.max_rate", "K_leak.permeability"]), st.text(max_size=12))
def test_garbage_is_refused_or_means_its_number(path, text):
    cell = vrest.load("mammalian_neuron")
    try:
        changed = vrest.apply(cell, f"{path}={text}")
    except vrest.InputError:
        return
    got = value(changed, path)
    assert math.isfinite(got)
    assert got >= 0


@pytest.mark.parametrize(
    "text",
    [
        "outside.K=12 mM swap Na over 2 min",
        "pump.max_rate*=0.5",
        "pump.max_rate=restore",
        "outside.Cl=100 mM with Na",
    ],
)
def test_changes_print_what_they_read(text):
    change = parse_change(text)
    assert parse_change(str(change)) == change


def test_a_companion_stands_before_or_behind_a_ramp_and_once():
    behind = parse_change("outside.K=12 mM over 2 min swap Na")
    assert behind == parse_change("outside.K=12 mM swap Na over 2 min")
    assert (behind.over, behind.companion) == (120.0, "Na")
    with pytest.raises(vrest.InputError, match="Cannot read the change"):
        parse_change("outside.K=12 mM swap Na over 2 min with Cl")


def test_charge_must_be_solved_or_refused(neuron):
    fixed = vrest.apply(neuron, {"inside.impermeant.valence": neuron.impermeant("inside")[1]})
    assert fixed.impermeant("inside") == neuron.impermeant("inside")
    with pytest.raises(vrest.InputError, match="net charge") as error:
        vrest.apply(fixed, "inside.K=141 mM")
    assert error.value.code == "charge_imbalance"
    again = vrest.apply(neuron, "inside.K=141 mM")  # its valence is declared to be solved
    assert again.impermeant("inside")[1] != neuron.impermeant("inside")[1]


def test_protocol_rows_read_back():
    plan = protocol([("5 min", ["outside.K=12 mM swap Na", "pump.max_rate*=0"]), (1500, "outside.K=restore swap Na")])
    assert protocol(plan.rows()) == plan


def test_segments_cut_at_events_and_ends_of_ramps(neuron):
    plan = protocol([("1 min", "outside.K=12 mM over 2 min"), ("2 min", "pump.max_rate*=0")])
    pieces = segments(neuron, plan, 600.0)
    assert [(p.start, p.stop) for p in pieces] == [(0.0, 60.0), (60.0, 120.0), (120.0, 180.0), (180.0, 600.0)]
    path = "compartments.outside.ions.K"
    assert [p.values.get(path) for p in pieces] == [None, 5.0, 8.5, 12.0]
    assert [p.slopes.get(path, 0.0) for p in pieces] == pytest.approx([0.0, 7 / 120, 7 / 120, 0.0])


def test_a_swap_in_a_protocol_is_undone_by_restore(neuron):
    plan = protocol([("1 min", "outside.K=12 mM swap Na"), ("2 min", "outside.K=restore swap Na")])
    pieces = segments(neuron, plan, 180.0)
    na = "compartments.outside.ions.Na"
    assert [p.values.get(na) for p in pieces] == [None, 138.0, 145.0]
