"""Every point of a map is what the verbs say of that point alone."""

import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.plot.parameter_map import map_figure
from vrest.study.parameter_map.parameter_map import parameter_map
from vrest.study.perturb.library import find
from vrest.study.perturb.perturbation import restoring


def test_resting_states_are_those_of_rest():
    found = parameter_map("mammalian_neuron", ("outside.K swap Na", "2:40:log:4"), ("pump.max_rate", "0x:1.5x:lin:3"))
    for j, rate in enumerate(found.y.values):
        for i, potassium in enumerate(found.x.values):
            changes = [f"outside.K={float(potassium)!r} mM swap Na", f"pump.max_rate={float(rate)!r} pmol/cm2/s"]
            alone = vrest.rest("mammalian_neuron", changes)
            assert found.endings[j, i] == alone.outcome.name
            assert found.v[j, i] == pytest.approx(alone.v_rest, abs=1e-7)


@pytest.mark.parametrize(
    ("cell", "name", "x", "y"),
    [
        ("mammalian_neuron", "anoxia", ("duration", ["2 min", "1 h"]), ("dose", "50 %, 100 %")),
        ("skeletal_muscle", "hyperkalaemia", ("dose", "6 mM:12 mM:lin:2"), ("temperature", [30.0, 37.0])),
        ("squid_axon", "ouabain", ("dose", "1 uM, 1 mM"), ("duration", "10 min, 2 h")),
    ],
)
def test_runs_are_those_of_simulate(cell, name, x, y):
    """From rest, through onset and wash, to the end; back is V, concentrations and volumes."""
    found = parameter_map(cell, x, y, name, after="10 min")
    for j, up in enumerate(found.y.values):
        for i, across in enumerate(found.x.values):
            said = {found.x.name: float(across), found.y.name: float(up)}
            dose, lasts = said.pop("dose", None), said.pop("duration", find(name).duration)
            unit = next(axis.unit for axis in (found.x, found.y) if axis.name == "dose")
            here = vrest.apply(cell, said)
            what = find(name).dosed(f"{dose!r} {unit}")
            changes = what.changes(here)
            begin = vrest.rest(here)
            events = [(0.0, [f"{c} over {min(what.onset, lasts)!r} s" if what.onset else str(c) for c in changes])]
            events.append((lasts, restoring(here, changes)))
            run = vrest.simulate(here, events, lasts + 600.0, start=begin.state, times=[lasts + 600.0])
            assert found.v[j, i] == pytest.approx(run.v[-1], abs=1e-3)
            near = abs(run.v[-1] - begin.v_rest) <= 1.0
            end = {
                space.name: run.system.concentrations(run.states[-1], run.parameters[-1], space.name)
                for space in run.system.structure.spaces
                if space.finite
            }
            for space, contents in begin.concentrations.items():
                near &= all(abs(end[space][ion] / c - 1) <= 0.04 for ion, c in contents.items() if space in end)
            assert found.endings[j, i] == ("back" if near else "elsewhere")


def test_a_cell_without_rest_and_one_that_cannot_be_keep_their_points():
    found = parameter_map("frog_skin", ("temperature", [10.0, 20.0]), ("dose", ["50 %"]), "pump_loss")
    assert found.endings.shape == (1, 2)
    found = parameter_map("mammalian_neuron", ("outside.K swap Na", [5.0, 500.0]), ("temperature", [37.0]))
    assert found.endings.tolist() == [["rests", "impossible"]]
    assert np.isnan(found.v[0, 1])


def test_several_membranes():
    found = parameter_map("astrocyte_pair", ("temperature", [30.0, 37.0]), ("outside_1.K", [3.0, 5.0]))
    assert found.v.shape == (2, 2, 2)
    assert set(found.v_by_membrane) == set(found.cell.membranes)
    assert len(map_figure(found).axes) == 5  # fates, V of each, their bars


@pytest.mark.parametrize(
    ("x", "y", "name", "code"),
    [
        (("outside.K", "2:20"), ("outside.K swap Na", "3:4"), None, "varies_twice"),
        (("dose", "1:2"), ("outside.K", "3:4"), None, "no_perturbation"),
        (("duration", [1.0]), ("outside.K", "3:4"), None, "no_perturbation"),
        (("outside.K", []), ("temperature", [37.0]), None, "bad_shape"),
        (("outside.K", ["much"]), ("temperature", [37.0]), None, "not_a_number"),
        (("inside.K", [-5.0]), ("temperature", [37.0]), None, "out_of_range"),
        (("outside.K swap Na", [5.0]), ("outside.Na", [140.0]), None, "bad_companion"),
        (("dose", "1:20"), ("duration", [60.0]), "ouabain", "missing_unit"),
        (("dose", "1 mV:2 mV"), ("duration", [60.0]), "ouabain", "wrong_unit"),
        (("dose", "0 %:120 %"), ("duration", [60.0]), "anoxia", "out_of_range"),
        (("duration", [0.0]), ("dose", ["1 uM"]), "ouabain", "out_of_range"),
        (("outside.K", "1:2:lin:2000"), ("temperature", "30:40:lin:2000"), None, "out_of_range"),
    ],
)
def test_refused(x, y, name, code):
    with pytest.raises(InputError) as caught:
        parameter_map("mammalian_neuron", x, y, name)
    assert caught.value.code == code


def test_a_range_by_ratios_is_drawn_so():
    found = parameter_map("mammalian_neuron", ("outside.K", "2:40:log:5"), ("pump.max_rate", "0x:1x:lin:3"))
    assert found.x.even_in_logarithm
    assert not found.y.even_in_logarithm
    drawn = found.plot()
    assert (drawn.get_xscale(), drawn.get_yscale()) == ("log", "linear")


def test_a_list_of_multiples_in_one_text_is_that_of_several():
    one, several = (
        parameter_map("mammalian_neuron", ("outside.K swap Na", "3, 5"), ("pump.max_rate", values))
        for values in ("0.5x,1x, 2x", ["0.5x", "1x", "2x"])
    )
    assert one.y.values.tolist() == several.y.values.tolist()
    assert one.y.values / one.y.values[1] == pytest.approx([0.5, 1.0, 2.0])
    with pytest.raises(InputError):
        parameter_map("mammalian_neuron", ("outside.K", "3, 5"), ("pump.max_rate", "0.5x, 20"))


def test_doses_by_name_are_those_of_perturb():
    found = parameter_map("mammalian_neuron", ("duration", [60.0]), ("dose", "mild, severe"), "hyperkalaemia")
    assert found.y.values.tolist() == [5.8, 8.0]
    with pytest.raises(InputError, match="has no dose 'bad'"):
        parameter_map("mammalian_neuron", ("duration", [60.0]), ("dose", "mild, bad"), "hyperkalaemia")


def test_when_v_is_looked_at_is_in_words_and_on_the_figure():
    found = parameter_map("mammalian_neuron", ("duration", "1 min:2 h:log:3"), ("dose", ["50 %"]), "anoxia", after=600)
    assert "duration, 1 min to 2 h" in found.as_text()
    figure = map_figure(found)
    assert "10 min after the wash" in [text.get_text() for text in figure.texts]
    assert figure.axes[-1].get_ylabel() == "V 10 min after the wash (mV)"
