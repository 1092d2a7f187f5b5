"""Doses of a perturbation: each is what `instant`, `rest` and `perturb` say of it; the block is the closed form."""

import numpy as np
import pytest

import vrest
from vrest.plot.dose_response import dose_figure
from vrest.study.perturb.library import find
from vrest.study.perturb.perturbation import together


@pytest.mark.parametrize(
    ("cell", "name", "doses"),
    [
        ("mammalian_neuron", "ouabain", "10 nM, 100 nM, 1 uM"),
        ("mammalian_neuron", "anoxia", "0 %, 40 %, 100 %"),
        ("skeletal_muscle", "hyperkalaemia", "mild, moderate, severe"),
        ("squid_axon", "hypokalaemia", ["mild", "severe"]),
        ("mammalian_neuron", "cooling", "20 degC:35 degC:lin:3"),
        ("mammalian_neuron", "electroneutral_pump", "10 %, 100 %"),
        ("mammalian_neuron", "selectivity_loss", "0.1, 0.5"),
        ("mammalian_neuron", "atp_depletion", "10 uM:1 mM:log:3"),
        ("dijkstra_2016", "TTX", "1 nM:100 nM:log:3"),
        ("astrocyte_pair", "ouabain", "30 nM, 300 nM"),
    ],
)
def test_each_dose_is_what_it_does_alone(cell, name, doses):
    found = vrest.dose_response(cell, name, doses)
    assert np.all(np.diff(found.doses) > 0)
    what = find(name)
    prepared = what.prepared(vrest.load(cell))
    start = vrest.rest(prepared).as_cell()
    bound = sorted(what.dosed_each(doses), key=lambda p: p.used_dose(prepared)[0])
    for k, p in enumerate(bound):
        changes = p.changes(start)
        one = vrest.rest(start, changes)
        both = (vrest.instant(start, changes).v, one.v_rest)
        now, end = (np.atleast_1d(list(v.values()) if isinstance(v, dict) else v) for v in both)
        assert found.instant[:, k] == pytest.approx(now, abs=1e-5)
        assert found.settled[:, k] == pytest.approx(end, abs=1e-5)
        assert found.outcomes[k] is one.outcome


def test_the_share_blocked_is_that_of_one_site():
    found = vrest.dose_response("mammalian_neuron", "ouabain", "1 nM:1 uM:log:7")
    assert (found.unit, found.half) == ("uM", pytest.approx(0.03))
    assert found.blocked == pytest.approx(found.doses / (found.doses + 0.03), rel=1e-12)
    rat = vrest.dose_response("mammalian_neuron", "ouabain", ["48 uM"], isoform="rat_alpha1")
    assert rat.blocked.tolist() == [0.5]
    assert vrest.dose_response("mammalian_neuron", "anoxia", "10 %, 20 %").blocked is None


def test_one_dose_is_that_of_perturb():
    told = vrest.perturb("mammalian_neuron", "ouabain", "1 uM")
    found = vrest.dose_response("mammalian_neuron", "ouabain", "1 uM")
    assert found.settled[0, 0] - found.v_rest[0] == pytest.approx(told.change("settled")["neuron"], abs=1e-5)
    assert found.instant[0, 0] - found.v_rest[0] == pytest.approx(told.change("at once")["neuron"], abs=1e-5)


def test_a_list_a_range_and_several_texts_are_the_same():
    forms = ["10 nM, 100 nM, 1 uM", "10 nM:1 uM:log:3", ["1 uM", "10 nM, 100 nM"], ["10 nM", "100 nM", "1 uM", "1 uM"]]
    told = [vrest.dose_response("mammalian_neuron", "ouabain", doses) for doses in forms]
    for other in told[1:]:
        assert other.doses == pytest.approx(told[0].doses, rel=1e-12)
        assert other.settled == pytest.approx(told[0].settled, abs=1e-6)


def test_doses_keep_their_names_and_say_what_was_fitted():
    found = vrest.dose_response("mammalian_neuron", "digoxin", ["therapeutic", "toxic", "10 nM"])
    assert found.names == ("therapeutic", "toxic", "")
    squid = vrest.dose_response("squid_axon", "hyperkalaemia", "mild, severe")
    assert [n.code for n in squid.warnings] == ["dose_fitted", "dose_fitted"]
    assert squid.names == ("mild", "severe")


def test_a_figure_has_the_names_of_doses_above_them_and_whole_points():
    axes = dose_figure(vrest.dose_response("skeletal_muscle", "hyperkalaemia", "mild,moderate,lethal")).axes[0]
    (upper,) = axes.child_axes
    assert [text.get_text().strip() for text in upper.get_xticklabels()] == ["mild", "moderate", "lethal"]
    assert upper.get_xticks().tolist() == [5.8, 6.2, 10.0]
    assert axes.get_xlabel() == "K⁺ outside (mM)"
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert len(points) == 2
    assert not any(line.get_clip_on() for line in points)


def test_the_dose_at_which_it_jumps_is_found():
    """Both sides of it are what `rest` says, a thousandth of a step apart."""
    found = vrest.dose_response("dijkstra_2016", "ouabain", "5 nM:50 nM:log:6")
    (jump,) = found.thresholds
    assert jump.high.value / jump.low.value - 1 < 1e-3
    start = vrest.rest("dijkstra_2016").as_cell()
    for side in (jump.low, jump.high):
        changes = find("ouabain").dosed(f"{side.value!r} nM").changes(start)
        assert side.v == pytest.approx(vrest.rest(start, changes).v_rest, abs=1e-3)
    assert "nM V jumps from" in repr(found)


def test_others_act_at_every_dose():
    found = vrest.dose_response("mammalian_neuron", "ouabain", "10 nM, 100 nM", beside=[("hyperkalaemia", "severe")])
    start = vrest.rest("mammalian_neuron").as_cell()
    raised = find("hyperkalaemia").dosed("severe").changes(start)
    for k, dose in enumerate(("10 nM", "100 nM")):
        both = together([*find("ouabain").dosed(dose).changes(start), *raised])
        assert found.settled[0, k] == pytest.approx(vrest.rest(start, both).v_rest, abs=1e-5)


@pytest.mark.parametrize(
    ("doses", "code"),
    [
        ("1 uM, 2", "mixed_units"),
        ("1:10:log", "missing_unit"),
        ("0 nM:1 uM:log", "bad_range"),
        ("1 uM, 1 M", "out_of_range"),
        ("therapeutic, plenty", "unknown_dose"),
        ("1 uM,", "bad_range"),
        ([], "bad_dose"),
    ],
)
def test_doses_that_make_no_sense_are_refused(doses, code):
    with pytest.raises(vrest.InputError) as error:
        vrest.dose_response("mammalian_neuron", "ouabain", doses)
    assert (error.value.code, bool(error.value.hint)) == (code, True)


def test_alone_leaves_the_bath_charged_and_says_so():
    found = vrest.dose_response("mammalian_neuron", "hyperkalaemia", "6 mM, 10 mM", neutral=False)
    (notice,) = found.warnings
    assert notice.code == "bath_not_neutral"
    assert "+5 mM" in notice.message
    assert vrest.dose_response("mammalian_neuron", "hyperkalaemia", "6 mM, 10 mM").warnings == []


def test_the_same_perturbation_is_not_beside_itself():
    with pytest.raises(vrest.InputError) as error:
        vrest.dose_response("mammalian_neuron", "ouabain", "1 uM", beside=["digoxin"])
    assert error.value.code == "named_twice"
