"""`curve` against the closed form of Nernst, `instant`, `rest` one value at a time, and the folds of `bifurcation`."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

import vrest
from vrest.numerics.spacing import is_logarithmic
from vrest.plot.axis import along
from vrest.plot.curve import curve_figure
from vrest.study.curve.thresholds import Settled, thresholds
from vrest.verbs.outcome import Outcome

R, F = 8.31446261815324, 96485.33212331


def test_nernst_instant_and_settled_are_those_of_each_value():
    found = vrest.curve("mammalian_neuron", "outside.K swap Na", [20.0, 2.5, 5.0, 10.0, 10.0])
    assert found.values.tolist() == [2.5, 5.0, 10.0, 20.0]
    assert found.present == 5.0
    assert found.nernst == pytest.approx(1e3 * R * 310.15 / F * np.log(found.values / 140.0), abs=1e-6)
    for k, value in enumerate(found.values):
        change = f"outside.K={value} mM swap Na"
        assert found.instant[k] == pytest.approx(vrest.instant("mammalian_neuron", change).v, abs=1e-6)
        one = vrest.rest("mammalian_neuron", change)
        assert found.settled[k] == pytest.approx(one.v_rest, abs=1e-6)
        assert found.time_constant[k] == pytest.approx(one.slowest_time_constant, rel=1e-6)
    # pump and contents frozen, so V moves less than E_K and is not the settled answer
    assert np.all(np.diff(found.instant) < np.diff(found.nernst))
    assert np.abs(found.settled - found.instant)[[0, 2, 3]].min() > 0.2
    assert found.thresholds == ()
    assert found.warnings == []


@pytest.mark.parametrize(
    ("path", "values"),
    [("pump.max_rate", "0.5x:2x:lin:3"), ("temperature", "20:37:lin:3"), ("K_leak.permeability", "0.5x, 1x, 2x")],
)
def test_any_number_varies(path, values):
    found = vrest.curve("mammalian_neuron", path, values)
    assert found.ion is None
    assert np.isnan(found.nernst).all()
    for value, v, outcome in zip(found.values, found.settled, found.outcomes, strict=True):
        one = vrest.rest("mammalian_neuron", {path: float(value)})
        assert (v, outcome) == (pytest.approx(one.v_rest, abs=1e-6), one.outcome)


def test_contents_vary_from_what_the_cell_describes():
    found = vrest.curve("mammalian_neuron", "inside.K", [120.0, 140.0])
    assert found.settled[0] == pytest.approx(vrest.rest("mammalian_neuron", {"inside.K": 120.0}).v_rest, abs=1e-6)
    assert found.nernst[0] == pytest.approx(1e3 * R * 310.15 / F * math.log(5.0 / 120.0), abs=1e-6)


def test_a_jump_is_where_a_step_from_rest_leads_elsewhere():
    """The muscle fibre flips on the low side of 2.23 mM of K+; beyond its fold there is no other state to go to."""
    found = vrest.curve("kir_muscle", "outside.K", "1:6:log:11")
    (jump,) = found.thresholds
    assert jump.high.value - jump.low.value < 2e-3
    cell = vrest.rest("kir_muscle").as_cell()
    for side in (jump.low, jump.high):
        assert side.v == pytest.approx(vrest.rest(cell, {"outside.K": side.value}).v_rest, abs=1e-4)
    assert jump.low.v - jump.high.v > 20
    assert found.settled[0] > found.settled[-1]
    assert "V jumps from" in repr(found)
    assert "vrest bifurcation CELL outside.K FROM TO" in str(found)


def test_where_rest_ends_is_said_with_what_happens_there():
    """Steps from rest: repetitive firing begins below the Hopf point, at about 6.3 uA/cm2."""
    found = vrest.curve("hodgkin_huxley_1952", "stimulus.density", [0.0, 4.0, 8.0, 12.0])
    (end,) = found.thresholds
    assert (end.low.outcome, end.high.outcome) == (Outcome.rests, Outcome.oscillates)
    assert 6.2 < end.low.value < end.high.value < 6.35
    assert np.isnan(found.settled).tolist() == [False, False, True, True]
    assert found.unstable[2] == pytest.approx(found.instant[2], abs=1.0)  # the state that it circles
    assert "the resting states end: above, it oscillates" in repr(found)


def test_a_steep_slope_is_no_jump():
    """Of a logistic curve however steep, and of a step of the same size."""

    def settle(at, of):
        return [Settled(float(x), float(of(x)), Outcome.rests) for x in at]

    grid = np.linspace(0.0, 10.0, 21)
    for width in (1.0, 0.1, 0.02):
        smooth = lambda x, width=width: 30 / (1 + np.exp(np.clip(-(x - 4.7) / width, -500, 500)))  # noqa: E731
        assert thresholds(settle(grid, smooth), lambda at, of=smooth: settle(at, of), False) == ()
    step = lambda x: 30.0 * (x > 4.7)  # noqa: E731
    (one,) = thresholds(settle(grid, step), lambda at: settle(at, step), False)
    assert one.low.value <= 4.7 < one.high.value
    assert one.high.value - one.low.value == pytest.approx(0.5e-3)


def test_several_ends_in_one_interval_are_all_told():
    def settle(at):
        lost = [2.1 < x < 2.3 or x > 7.7 for x in at]
        out = [Outcome.neutral if gone else Outcome.rests for gone in lost]
        return [Settled(float(x), math.nan if g else -70.0, o) for x, g, o in zip(at, lost, out, strict=True)]

    # the grid sees the second alone; a gap between two of its points is not seen, one beside an end is
    found = thresholds(settle(np.array([0.0, 2.2, 5.0, 10.0])), settle, False)
    assert [round(t.value, 2) for t in found] == [2.1, 2.3, 7.7]


def test_measured_points_are_compared_under_their_own_conditions():
    ko, nao = [2.5, 10.0, 40.0], [147.5, 140.0, 110.0]
    changes = [f"outside.K={k} mM swap Na" for k in ko]
    at_once = [vrest.instant("mammalian_neuron", change).v for change in changes]
    data = {"Ko (mM)": ko, "Vm": [v + 1.0 for v in at_once], "sd": [2.0, 2.0, 4.0]}
    found = vrest.curve("mammalian_neuron", "outside.K swap Na", [1.0, 100.0], data=data)
    assert found.points.measured - found.points.instant == pytest.approx([1.0, 1.0, 1.0], abs=1e-6)
    assert found.points.settled == pytest.approx([vrest.rest("mammalian_neuron", c).v_rest for c in changes], abs=1e-6)
    assert found.points.error.tolist() == [2.0, 2.0, 4.0]
    assert "1 mV from V at once" in str(found)
    for more in ({"Nao": nao}, {}):  # what went for K+ is said by a column, or not at all
        told = vrest.curve("mammalian_neuron", "outside.K", [1.0, 100.0], data={**data, **more}).points.instant
        right = at_once if more else [vrest.instant("mammalian_neuron", {"outside.K": k}).v for k in ko]
        assert told == pytest.approx(right, abs=1e-6)
        assert "data also set" not in str(found)
    with pytest.raises(vrest.InputError, match=r"no column of temperature") as error:
        vrest.curve("mammalian_neuron", "temperature", [20.0, 37.0], data=data)
    assert error.value.code == "no_column"


def test_what_else_the_data_set_is_said_and_drawn():
    """Points without Cl- current lie off the curve: by as much as `instant` says, in a sentence, and as crosses."""
    ko = [0.5, 10.0]
    changes = [f"outside.K={k} mM swap Na" for k in ko]
    blocked = [vrest.instant("frog_muscle", [change, "Cl_leak.permeability*=0"]).v for change in changes]
    apart = max(abs(v - vrest.instant("frog_muscle", change).v) for v, change in zip(blocked, changes, strict=True))
    data = {"Ko (mM)": ko, "Cl_leak.permeability*": [0.0, 0.0], "Vm": [-110.0, -60.0]}
    found = vrest.curve("frog_muscle", "outside.K swap Na", "0.5:100:log:9", data=data)
    assert found.points.instant == pytest.approx(blocked, abs=1e-6)
    assert apart > 5.0
    assert found.points.apart == pytest.approx(apart, abs=1e-6)
    assert "The data also set Cl_leak.permeability:" in found.as_text()
    axes = curve_figure(found).axes[0]
    crosses = next(line for line in axes.lines if line.get_marker() == "x")
    assert crosses.get_ydata() == pytest.approx(blocked, abs=1e-6)
    circles = next(line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) == 2)
    assert not circles.get_clip_on()  # the first lies on the edge
    part = curve_figure(vrest.curve("frog_muscle", "outside.K swap Na", "5:100:log:9", data=data)).axes[0]
    assert [len(line.get_xdata()) for line in part.lines if line.get_marker() == "x"] == [1]


def test_a_lost_sign_of_points_is_told_as_by_fit():
    data = {"Ko (mM)": [2.5, 10.0, 40.0], "Vm": [92.0, 62.0, 29.0]}
    (said,) = vrest.curve("frog_muscle", "outside.K swap Na", [1.0, 50.0], data=data).warnings
    assert said.code == "sign_slip"
    assert said.message.startswith("all measured potentials are positive where the model has them negative")
    right = {**data, "Vm": [-v for v in data["Vm"]]}
    assert vrest.curve("frog_muscle", "outside.K swap Na", [1.0, 50.0], data=right).warnings == []


def test_the_present_is_whole_where_it_is_an_end():
    axes = curve_figure(vrest.curve("mammalian_neuron", "outside.K swap Na", "5:50:log:5")).axes[0]
    (point,) = [line for line in axes.lines if str(line.get_label()).startswith("present")]
    assert point.get_xdata() == pytest.approx([5.0])
    assert point.get_ydata() == pytest.approx([-70.0], abs=1e-3)
    assert not point.get_clip_on()


def test_an_axis_too_short_for_numbers_of_a_logarithm_is_linear():
    for high, scale in ((4.9, "linear"), (5.0, "log")):
        axes = Figure().subplots()
        along(axes, np.geomspace(1.0, high, 9), logarithmic=True)
        assert axes.get_xscale() == scale
        assert sum(1.0 <= tick <= high for tick in axes.xaxis.get_majorticklocs()) >= 3


def test_several_cells_in_one():
    names = ["mammalian_neuron", "squid_axon"]
    found = vrest.curve(names[0], "outside.K swap Na", [3.0, 10.0], others=names[1:])
    frame = found.to_dataframe()
    assert frame["cell"].tolist() == ["mammalian_neuron"] * 2 + ["squid_axon"] * 2
    for name, part in frame.groupby("cell", sort=False):
        alone = vrest.curve(str(name), "outside.K swap Na", [3.0, 10.0])
        assert part["settled (mV)"].tolist() == alone.settled.tolist()
    assert [each["cell"] for each in found.as_dict()["curves"]] == names
    assert "squid" in found.cite().lower()


def test_a_bath_that_becomes_charged_is_said_with_its_charge():
    (notice,) = vrest.curve("mammalian_neuron", "outside.K", [2.0, 5.0, 100.0]).warnings
    assert notice.code == "bath_not_neutral"
    assert "+95 mM" in notice.message
    (notice,) = vrest.curve("mammalian_neuron", "outside.Cl", [5.0, 110.0]).warnings
    assert "+105 mM" in notice.message


def test_a_cell_without_rest_begins_as_described():
    cell = vrest.apply("kay_2017", "pump.max_rate*=0")
    found = vrest.curve(cell, "outside.K", [3.0, 5.0])
    assert "not_at_rest" in [notice.code for notice in found.warnings]
    assert [outcome.is_rest for outcome in found.outcomes] == [False, False]


def test_values_that_lie_evenly_in_the_logarithm():
    assert is_logarithmic(np.geomspace(0.5, 150, 61))
    assert is_logarithmic(np.array([1.0, 2.5, 5.0, 10.0, 25.0, 100.0]))
    assert is_logarithmic(np.array([1.0, 100.0]))
    assert not is_logarithmic(np.linspace(0.5, 150, 61))
    assert not is_logarithmic(np.array([-1.0, 1.0, 10.0]))
    assert not is_logarithmic(np.array([5.0]))


@pytest.mark.parametrize(
    ("cell", "path", "values", "code"),
    [
        ("mammalian_neuron", "outside.K", "0:150:log", "bad_range"),
        ("mammalian_neuron", "outside.K", "lots", "not_a_number"),
        ("mammalian_neuron", "outside.K", "5 mV:10 mV", "wrong_unit"),
        ("mammalian_neuron", "outside.K", [-1.0, 5.0], "out_of_range"),
        ("mammalian_neuron", "outside.K", [], "bad_shape"),
        ("mammalian_neuron", "outside.K", [[1.0]], "bad_shape"),
        ("mammalian_neuron", "outside.K swap Na", [500.0], "out_of_range"),
        ("mammalian_neuron", "outside.K swap Cl", [10.0, 20.0], "bad_companion"),
        ("mammalian_neuron", "pump.max_rate", None, "bad_range"),
        ("mammalian_neuron", "temperature", "0.5x:1x", "no_multiple"),
        ("mammalian_neuron", "inside.impermeant.valence", [1.0, 2.0], "is_solved"),
        ("mammalian_neuron", "nothing.K", [1.0], "unknown_path"),
        ("frog_skin", "temperature", [20.0, 25.0], "several_membranes"),
    ],
)
def test_what_makes_no_sense_is_refused(cell, path, values, code):
    with pytest.raises(vrest.InputError) as error:
        vrest.curve(cell, path, values)
    assert (error.value.code, bool(error.value.hint)) == (code, True)


def test_points_are_of_the_membrane_that_is_asked_for():
    cell, at = "astrocyte_pair", [3.0, 10.0]
    v = [vrest.instant(cell, {"outside_1.K": k}).v["astrocyte_2"] for k in at]
    data = {"outside_1.K": at, "Vm": v}
    found = vrest.curve(cell, "outside_1.K", at, membrane="astrocyte_2", data=data)
    assert found.points.instant == pytest.approx(v, abs=1e-6)
