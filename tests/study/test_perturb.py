"""Perturbations: what each file declares is measured, the article's claims hold in numbers, and cells recover."""

import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import vrest
from vrest.errors import InputError, NoRestError
from vrest.model.cellfile import load, parse_cell, write_cell
from vrest.model.change import Change
from vrest.study.perturb.compare import compare
from vrest.study.perturb.law import Block, Loss, Shift
from vrest.study.perturb.library import find, perturbations
from vrest.study.perturb.perturb import applicable, perturb
from vrest.study.perturb.perturbed import Perturbed
from vrest.study.targets import CLEARANCE, TARGETS
from vrest.system.assemble import assemble
from vrest.units import to_si
from vrest.verbs.instant import instant
from vrest.verbs.motion import stepper
from vrest.verbs.outcome import Outcome

CELLS = ("mammalian_neuron", "squid_axon", "skeletal_muscle")
DECLARED = [(cell, name) for name in perturbations() for cell in find(name).expected]
PUMP_OFF = Change("pump.max_rate", "scale", 0.0)


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str], Perturbed]:
    return {(cell, name): perturb(load(cell), name) for cell, name in DECLARED}


def only(values):
    return next(iter(values.values()))


def textbook():
    """K 140/5, Na 15/145, Cl 7/110 mM and permeabilities 1 : 0.04 : 0.45."""
    return vrest.apply(load("article_neuron"), "inside.Cl=7 mM")


# --- the files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", perturbations())
def test_every_file_is_complete(name):
    p = find(name)
    assert all((p.title, p.short, p.mechanism, p.source, p.meaning))
    assert p.minimum <= p.default <= p.maximum
    assert all(p.minimum <= d.dose <= p.maximum and d.source for d in p.doses.values())
    assert p.target in (*TARGETS, CLEARANCE, "temperature") or p.target.startswith("bath.")
    of_a_value = p.target == "temperature" or p.target.startswith("bath.")
    assert isinstance(p.law, Shift) == of_a_value == (p.law.sign != 0)
    assert p.expected
    assert p.onset < p.duration
    if isinstance(p.law, Block | Loss):
        assert 0.0 <= p.law.factor(p.maximum) < p.law.factor(p.minimum) == 1.0


@pytest.mark.parametrize(("cell", "name"), DECLARED)
def test_declared_signs_and_sizes_are_those_measured(answers, cell, name):
    answer, expected = answers[cell, name], find(name).expected[cell]
    step, settled = only(answer.change("at once")), answer.change("settled")
    assert step == pytest.approx(expected.instant, abs=0.006)
    assert answer.outcome.name == expected.outcome
    assert (settled is None) == (expected.settled is None)
    if settled is not None:
        assert only(settled) == pytest.approx(expected.settled, abs=0.006)


@pytest.mark.parametrize("cell", CELLS)
def test_applicable_agrees_with_the_run(answers, cell):
    found = applicable(load(cell))
    assert {name for name, error in found.items() if error is None} == {n for c, n in DECLARED if c == cell}
    assert all(error.code == "no_target" and error.hint for error in found.values() if error)


@pytest.mark.parametrize("cell", vrest.library())
def test_a_refusal_names_cells_that_have_what_is_missing(cell):
    for name, error in applicable(cell).items():
        if error is None or error.code != "no_target":
            continue
        named = re.search(r"Cells of the library that have it: ([\w, ]+?)(?: and (\d+) more)?\.$", error.hint)
        assert named is not None, (name, error.hint)
        names = named[1].split(", ")
        assert len(set(names)) == len(names) <= 3
        assert cell not in names
        for other in names:
            why = applicable(other)[name]
            assert why is None or why.code == "wrong_direction", (name, other)
        have = {
            other for other in vrest.library() if (why := applicable(other)[name]) is None or why.code != "no_target"
        }
        assert len(have) == len(names) + int(named[2] or 0)


# --- laws and recovery -----------------------------------------------------------------------------------------


def test_what_is_conserved_stays_conserved(answers):
    for answer in answers.values():
        for run in (answer.kept, answer.washed):
            if answer.settled.outcome is not Outcome.swells_without_limit:
                assert all(account.drift <= 3 * account.floor for account in run.ledger), (
                    answer.cell.name,
                    answer.name,
                )


def test_every_wash_brings_a_cell_in_an_open_bath_back(answers):
    for (cell, name), answer in answers.items():
        assert answer.recovers, (cell, name)
        assert answer.recovery_time is not None
        k = np.flatnonzero(answer.washed.time == answer.duration)
        assert len(k) == 1


def test_parameters_change_and_structure_does_not():
    for name in CELLS:
        cell = load(name)
        for known in perturbations():
            perturbation = find(known)
            prepared = perturbation.prepared(cell)
            try:
                changes = perturbation.changes(prepared)
            except InputError:
                continue
            assert assemble(vrest.apply(prepared, changes)) is assemble(prepared)
            # what a turnover moves is structure: the one perturbation that changes it brings a second set of equations
            assert (prepared is cell) == (known != "electroneutral_pump")


def test_one_compilation_serves_every_perturbation_of_a_cell(answers):
    system = assemble(load("mammalian_neuron"))
    assert sum(cell == "mammalian_neuron" for cell, _ in answers) > 15
    assert [len(stepper(system, moving).made) for moving in (False, True)] == [1, 1]


def test_v_at_the_readings_is_that_of_the_run(answers):
    answer = answers["mammalian_neuron", "ouabain"]
    run = vrest.simulate(answer.before.as_cell(), [(0.0, list(answer.changes))], "1 h", times=[1.0, 60.0, 3600.0])
    read = [only(m.v) for m in answer.moments[1:4]]
    assert read == pytest.approx(run.v, abs=1e-3)
    assert answer.moments[0].concentrations["inside"] == pytest.approx(answer.before.concentrations["inside"], abs=1e-9)


# --- the article's claims, contents frozen, without the pump's own current --------------------------------------


@pytest.mark.parametrize(
    ("name", "dose", "v"),
    [
        ("k_permeability_loss", None, -46.03),
        ("k_leak_block", "90 %", -51.17),
        ("k_leak_block", "50%", -62.82),
        ("selectivity_loss", "1", -7.73),
        ("gating_pore_leak", 2, -60.60),
    ],
)
def test_claims_of_the_vote(name, dose, v):
    cell = textbook()
    changes = find(name).dosed(dose).changes(cell)
    assert instant(cell, [*changes, PUMP_OFF]).v == pytest.approx(v, abs=0.01)


def test_an_electroneutral_pump_leaves_v_to_ghk():
    """Contents of the textbook, Na+ against K+ alone: Mullins and Noda's -73.82 mV becomes the -68.59 mV of GHK."""
    what = find("electroneutral_pump")
    cell = what.prepared(vrest.apply(load("article_neuron"), "Cl_leak.permeability=0 cm/s"))
    answer = instant(cell, what.changes(cell))
    assert answer.before == pytest.approx(-73.82, abs=0.01)
    assert answer.v == pytest.approx(-68.59, abs=0.01)


def test_with_an_electroneutral_pump_a_settled_cell_is_where_ghk_puts_its_contents(answers):
    settled = answers["article_neuron", "electroneutral_pump"].settled
    inside, outside = settled.concentrations["inside"], settled.concentrations["outside"]
    by_vote = vrest.ghk([(ion, inside[ion], outside[ion], p) for ion, p in (("K", 1.0), ("Na", 0.04))])
    assert settled.v_rest == pytest.approx(by_vote.v, abs=1e-3)


def test_drugs_act_on_mutated_pumps_too():
    """Half of the pumps mutated and nine tenths of all blocked: a tenth of each half is left, in any order."""
    cell = load("mammalian_neuron")
    both = [("electroneutral_pump", "50 %"), ("pump_loss", "90 %")]
    rates = []
    for order in (both, both[::-1]):
        changed = perturb(cell, order).changes
        rates.append({c.path.split(".")[3]: c for c in changed})
    for found in rates:
        assert found["pump"].value == pytest.approx(0.05)
        start = float(cell.membranes["neuron"].transports["pump"].max_rate)
        assert to_si(found["pump_2to2"].value, "turnover", "") == pytest.approx(0.05 * start)


def test_hyperkalaemia_to_minus_52():
    cell = textbook()
    for dose, neutral in (("18.215 mM", False), ("18.77 mM", True)):
        changes = find("hyperkalaemia").dosed(dose).changes(cell, neutral)
        assert instant(cell, [*changes, PUMP_OFF]).v == pytest.approx(-52.0, abs=0.01)


def test_stopping_the_pump_is_a_small_step_and_a_slow_collapse(answers):
    answer = answers["mammalian_neuron", "anoxia"]
    at_once, late = only(answer.change("at once")), only(answer.change("settled"))
    assert 2 < at_once < 10
    assert only(answer.change("1 h")) > 40
    assert late > 65
    assert answer.settled.outcome is Outcome.rests_run_down


def test_published_run_down_without_pump():
    answer = perturb(load("duesterwald_2018"), "anoxia", onset=0)
    v = {m.label: only(m.v) for m in answer.moments if m.v}
    assert v["at once"] - only({"": answer.before.v_rest}) == pytest.approx(8.185, abs=0.005)
    assert v["1 min"] == pytest.approx(-65.00, abs=0.1)
    assert v["1 h"] == pytest.approx(-17.99, abs=0.1)


def test_published_cell_without_kcc2():
    answer = perturb(load("duesterwald_2018"), "kcc2_block", "10 mM")
    settled = answer.moments[-1]
    assert only(settled.v) == pytest.approx(-69.929, abs=0.01)
    assert settled.concentrations["inside"]["Cl"] == pytest.approx(8.693, abs=0.005)


def test_opening_k_channels_never_passes_e_k():
    answer = perturb(load("mammalian_neuron"), "k2p_opening", 100)
    first = answer.moments[0]
    assert only(first.E)["K"] < only(first.v) < only(first.E)["K"] + 1
    assert answer.title == "K2P opening × 100, mammalian neuron"


@pytest.mark.parametrize(
    ("isoform", "half"),
    [("rat_alpha1", "48 uM"), ("rat_alpha2", "115 nM"), ("rat_alpha3", "1.6 nM"), ("human", "30 nM")],
)
def test_ouabain_by_isoform(isoform, half):
    change = find("ouabain").dosed(half, isoform).changes(load("mammalian_neuron"))[0]
    assert (change.operation, change.value) == ("scale", pytest.approx(0.5))


def test_ten_seconds_without_pump_in_a_closed_space_are_not_forgiven():
    answer = perturb(load("huebel_dahlem_2014"), "sd_trigger")
    assert answer.recovers is False
    assert answer.end.v_rest == pytest.approx(-23.111, abs=0.005)
    assert "does not come back but rests at -23.1 mV" in answer.sentence()


# --- doses, baths, sequences -------------------------------------------------------------------------------------


def test_named_doses_order_the_answers():
    steps = [only(perturb(load("mammalian_neuron"), "hyperkalaemia", d).change("settled")) for d in ("mild", "lethal")]
    assert 0 < steps[0] < steps[1]


def test_a_bath_far_from_plasma_gets_a_fitted_dose(answers):
    assert [n.code for n in answers["squid_axon", "hyperkalaemia"].warnings] == ["dose_fitted"]
    exact = perturb(load("squid_axon"), "hyperkalaemia", "25 mM")
    assert exact.moments[1].concentrations["outside"]["K"] == 25.0


def test_alone_leaves_the_bath_charged_and_says_so():
    answer = perturb(load("mammalian_neuron"), "hyperkalaemia", neutral=False)
    assert "bath_not_neutral" in [n.code for n in answer.warnings]
    assert answer.moments[1].concentrations["outside"]["Na"] == 145.0


def test_several_at_once():
    both = perturb(load("mammalian_neuron"), ["pump_loss", ("anoxia", "50 %")], onset=0)
    alone = perturb(load("mammalian_neuron"), "pump_loss", "75 %")
    assert only(both.change("settled")) == pytest.approx(only(alone.change("settled")), abs=1e-9)
    assert both.recovers
    with pytest.raises(InputError, match="set") as error:
        perturb(load("mammalian_neuron"), ["hyperkalaemia", "k_puff"])
    assert error.value.code == "conflict"


def test_less_atp_uses_the_cells_own_law_where_it_has_one():
    text = write_cell(load("mammalian_neuron")).replace('value = "0 mM"', 'value = "0.5 mM"', 1)
    change = find("atp_depletion").changes(parse_cell(text))[0]
    assert (change.path.rsplit(".", 1)[1], change.value) == ("atp", "0.1 mM")


def test_a_muscle_fibre_depolarises_when_k_outside_falls():
    """The rectifier closes: the fibre flips to its other stable state, and the reason given is that one, not E_K."""
    answer = perturb(load("kir_muscle"), "hypokalaemia", "lethal", duration="6 h")
    assert only(answer.change("settled")) > 20
    settled = answer.sentence().split("settles")[1]
    assert re.search(
        r"rest: \+[\d.]+ mV as the inward rectifier \(Kir\) conducts less, [\d.]+ → [\d.]+ nS, though", settled
    )
    assert "though E_K falls" in settled
    assert "rectifier" not in perturb(load("skeletal_muscle"), "hypokalaemia").sentence()


def test_kir_is_found_by_its_kind():
    text = write_cell(load("mammalian_neuron"))
    text += '\n[membranes.neuron.transports.rectifier]\nlaw = "kir"\nconductance = "1e-5 S/cm2"\n'
    answer = perturb(parse_cell(text), "kir41_loss")
    assert only(answer.change("at once")) > 0
    assert answer.recovers


# --- cells that fire ------------------------------------------------------------------------------------------------


def test_a_cell_that_fires_on_is_stopped_and_said_so(answers):
    answer = answers["hodgkin_huxley_1952", "hyperkalaemia"]
    assert answer.outcome is Outcome.oscillates
    assert answer.change("settled") is None
    assert answer.change("1 h") is None
    assert {"dose_fitted", "oscillates"} == {n.code for n in answer.warnings}
    assert answer.kept.steps < 15_000
    changed = vrest.apply(load("hodgkin_huxley_1952"), answer.changes)
    run = vrest.simulate(changed, until="1 s", points=20_000)
    late = run.time[1:][(run.v[:-1] < 0) & (run.v[1:] >= 0)][-20:]
    rate = 19 / (late[-1] - late[0])
    told = re.search(r"fires on at ([\d.]+) Hz", answer.sentence())
    assert float(told[1]) == pytest.approx(rate, rel=0.01)


def test_an_ion_that_runs_out_is_told_with_the_moment_and_what_takes_it():
    """The pump's law leaves it running without K+ outside: SciPy meets the same end."""
    cell = load("huebel_dahlem_2014")
    answer = perturb(cell, "k_permeability_loss")
    assert answer.outcome is Outcome.runs_out
    assert "outside.K is used up, and 'pump' goes on taking it" in answer.reason
    assert all(account.drift <= 10 * account.floor for account in answer.kept.ledger)
    system, p = answer.kept.system, answer.kept.parameters[-1]
    row = system.index["amount", "outside.K"]
    amounts = np.array([kind == "amount" for kind, _ in system.states])

    def gone(t, x):
        return x[row] - 1e-9

    def slope(t, x):
        return system.derivative(np.where(amounts, np.maximum(x, 1e-12), x), p)

    gone.terminal = True
    free = solve_ivp(slope, (0, 1e3), answer.kept.states[0], "LSODA", events=gone, rtol=1e-9)
    assert answer.kept.time[-1] == pytest.approx(free.t_events[0][0], abs=1e-3)


# --- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "arguments", "code"),
    [
        ("mammalian_neuron", ("ttx",), "no_target"),
        ("hodgkin_huxley_1952", ("ouabain",), "no_target"),
        ("mammalian_neuron", ("k_clearance_loss",), "no_target"),
        ("huebel_dahlem_2014", ("k_clearance_loss",), "no_target"),
        ("edpr_2020", ("k_clearance_loss",), "no_target"),
        ("mammalian_neuron", ("ouabian",), "unknown_perturbation"),
        ("mammalian_neuron", ("ouabain", "10 mV"), "wrong_unit"),
        ("mammalian_neuron", ("ouabain", "10"), "missing_unit"),
        ("mammalian_neuron", ("ouabain", "-1 uM"), "out_of_range"),
        ("mammalian_neuron", ("pump_loss", "120 %"), "out_of_range"),
        ("mammalian_neuron", ("hyperkalaemia", "sever"), "unknown_dose"),
        ("mammalian_neuron", ("hyperkalaemia", "3 mM"), "wrong_direction"),
        ("mammalian_neuron", ("hypokalaemia", "8 mM"), "wrong_direction"),
        ("mammalian_neuron", ("selectivity_loss", 0.01), "wrong_direction"),
        ("mammalian_neuron", ("cooling", "40 degC"), "wrong_direction"),
        ("mammalian_neuron", ("hyponatraemia", "120 mg"), "wrong_unit"),
        ("mammalian_neuron", ([],), "unknown_perturbation"),
        ("mammalian_neuron", (["anoxia", "ttx"], "1 uM"), "bad_dose"),
    ],
)
def test_refusals(cell, arguments, code):
    with pytest.raises(InputError) as error:
        perturb(load(cell), *arguments)
    assert error.value.code == code
    assert error.value.hint


@pytest.mark.parametrize("times", [{"duration": 0}, {"duration": -5}, {"onset": "2 h"}, {"duration": "5 mM"}])
def test_times_that_make_no_sense(times):
    with pytest.raises(InputError):
        perturb(load("mammalian_neuron"), "ouabain", **times)


def test_a_cell_without_rest_is_refused():
    cell = vrest.apply(load("kay_2017"), "pump.max_rate*=0")
    with pytest.raises(NoRestError):
        perturb(cell, "hyperkalaemia")


def test_what_the_cell_has_is_told():
    with pytest.raises(InputError) as error:
        perturb(load("mammalian_neuron"), "ttx")
    assert "gated Na+ channel" in error.value.message
    assert "moves 3 Na, -2 K for ATP" in error.value.hint


def test_targets_are_found_in_every_membrane():
    cell = load("edneg_2021")
    pumps = [c.path for c in find("ouabain").changes(cell)]
    assert pumps == [f"membranes.{name}.transports.pump.max_rate" for name in cell.membranes]
    # the neuron's Na+ leak is as large as its K+ leak already
    unselective = vrest.apply(cell, find("selectivity_loss").changes(cell)).membranes
    for name, membrane in unselective.items():
        leaks = {label: t.conductance for label, t in membrane.transports.items() if label in ("Na_leak", "Kir")}
        if name.startswith("glia"):
            assert leaks["Na_leak"] == pytest.approx(leaks["Kir"], rel=1e-12)
        else:
            assert membrane == cell.membranes[name]
    with pytest.raises(InputError) as error:
        find("kir41_loss").changes(load("edpr_2020"))
    assert "Membrane 'dendrite' has" in error.value.hint


# --- side by side -----------------------------------------------------------------------------------------------------


def test_compare():
    found = compare([load("duesterwald_2018"), load("mammalian_neuron")], "kcc2_block")
    assert [a.cell.name for a in found.answers] == ["duesterwald_2018"]
    assert found.refused["mammalian_neuron"].code == "no_target"
    assert "mammalian_neuron" in str(found)
    with pytest.raises(InputError, match="none of these cells"):
        compare([load("mammalian_neuron"), load("squid_axon")], "ttx")


def test_text_and_dictionary(answers):
    answer = answers["mammalian_neuron", "ouabain"]
    text = str(answer)
    assert "Ouabain 10 µM, mammalian neuron" in text
    assert "recovers" in text
    body = answer.as_dict()
    assert [m["label"] for m in body["moments"]] == ["at once", "1 s", "1 min", "1 h", "settled"]
    assert set(answer.units()) >= {"v_rest", "v", "concentrations"}
    for m in (body["moments"][0], body["moments"][-1]):
        moved = answer.change(m["label"])["neuron"]
        assert sum(part["mV"] for part in m["why"]["neuron"]) == pytest.approx(moved, abs=1e-9)
        assert set(m["why"]["neuron"][0]) == {"kind", "of", "mV", "before", "after", "unit"}
    assert [m["why"] for m in body["moments"][1:-1]] == [None, None, None]
    assert not any(m["hypothetical"] for m in body["moments"])


# --- drugs by their names ---------------------------------------------------------------------------------------------


ALIASES = [(alias, name) for name in perturbations() for alias in find(name).aliases]


def test_no_name_means_two_things():
    """Neither two perturbations, nor a cell of the library."""
    spelt = [name.lower().translate({ord(c): None for c in " -_"}) for name in (*perturbations(), *dict(ALIASES))]
    assert len(spelt) == len(set(spelt)) == len(perturbations()) + len(ALIASES)
    assert not set(spelt) & {name.replace("_", "") for name in vrest.library()}


@pytest.mark.parametrize(("alias", "name"), ALIASES)
def test_a_drug_is_its_perturbation_however_it_is_written(alias, name):
    for spelt in (alias, alias.upper(), alias.title(), f" {alias.replace(' ', '_')} "):
        assert find(spelt).name == name
        assert find(spelt).alias.endswith(f"the perturbation is '{name}'")


@pytest.mark.parametrize(
    ("drug", "name"),
    [
        ("digoxin", "ouabain"), ("strophanthidin", "ouabain"), ("tetrodotoxin", "ttx"), ("TTX", "ttx"),
        ("bumetanide", "nkcc1_block"), ("barium", "k_leak_block"), ("cyanide", "atp_depletion"),
        ("DNP", "atp_depletion"), ("hypokalemia", "hypokalaemia"),
    ],
)  # fmt: skip
def test_drugs_that_people_type(drug, name):
    assert find(drug).name == name


@pytest.mark.parametrize(
    "drug", ["lithium", "amiloride", "furosemide", "TEA", "4-AP", "insulin", "adrenaline", "mannitol", "lidocaine"]
)
def test_what_is_another_thing_finds_nothing(drug):
    """Each acts on what no perturbation changes, or on more than one of them does."""
    with pytest.raises(InputError, match="There is no perturbation") as error:
        find(drug)
    assert error.value.code == "unknown_perturbation"
    assert "vrest perturb --list" in error.value.hint


@pytest.mark.parametrize(
    ("name", "grades"),
    [
        ("hyperkalaemia", {"mild": (5.5, 5.9), "moderate": (6.0, 6.4), "severe": (6.5, 10.0), "lethal": (10.0, 15.0)}),
        ("hypokalaemia", {"mild": (3.0, 3.5), "moderate": (2.5, 3.0), "severe": (1.5, 2.5)}),
        ("hyponatraemia", {"mild": (130, 135), "moderate": (125, 129), "severe": (100, 125)}),
        ("cooling", {"mild": (305.15, 308.15), "moderate": (301.15, 305.15), "severe": (293.15, 301.15)}),
        ("ouabain", {"therapeutic": (0.8e-6 / 0.781, 2e-6 / 0.781), "toxic": (2e-6 / 0.781, 10e-6 / 0.781)}),
    ],
)
def test_clinical_levels_lie_in_the_grades_of_their_sources(name, grades):
    """mM and K; digoxin from ng/mL, 1 nM of which is 0.781."""
    for level, (low, high) in grades.items():
        assert low <= find(name).doses[level].dose <= high
