"""The document: strict JSON, its reference the rest, its cases what the public verbs answer."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import vrest
from vrest.model.cellfile import load
from vrest.model.change import apply
from vrest.page.document import Shown, _transports, certificate, document, to_json
from vrest.study.perturb.library import perturbations
from vrest.verbs.outcome import Outcome

NEURON, MUSCLE, SKIN, IMMATURE = "mammalian_neuron", "kir_muscle", "frog_skin", "immature_neuron"


def refuse(text):
    raise AssertionError(f"{text} in JSON")


@pytest.fixture(scope="module")
def doc():
    made = document([Shown(load(name), name) for name in (NEURON, MUSCLE, SKIN, IMMATURE)])
    return json.loads(to_json(made), parse_constant=refuse)


@pytest.fixture(scope="module")
def cells(doc):
    return {cell["name"]: cell for cell in doc["cells"]}


@pytest.fixture(scope="module")
def german():
    """The texts of the page in German, by key."""
    text = (Path(__file__).parents[2] / "web/src/strings/de.js").read_text(encoding="utf-8")
    return dict(re.findall(r'^  "([^"]+)":\s+"((?:[^"\\]|\\.)*)",$', text, re.MULTILINE))


def test_what_the_document_says_in_english_is_there_in_german(doc, cells, german):
    for name in [*perturbations(), "current"]:
        for end in ("", ".text", ".dose"):
            assert german[f"document.block.{name}{end}"], name
    for block in cells[NEURON]["blocks"]:
        assert f"document.block.{re.sub('^current_.*', 'current', block['id'])}.text" in german
    for name in doc["outcomes"]:
        for key in ("document.outcome", "outcome", "ended"):
            assert german[f"{key}.{name}"]
    told = {card["id"]: card["numbers"] for cell in cells.values() for card in cell["scenarios"]}
    assert len(told) == 6
    for name, numbers in told.items():
        assert german[f"document.card.{name}"]
        assert set(re.findall(r"\{(\w+)", german[f"document.card.{name}.text"])) == set(numbers), name


def test_the_numbers_of_a_card_are_those_of_its_text(cells):
    for cell in cells.values():
        for card in cell["scenarios"]:
            told = [abs(float(number)) for number in re.findall(r"\d+(?:\.\d+)?", card["text"])]
            for name, number in card["numbers"].items():
                if name not in ("KCC2", "NKCC1") or number > 1:  # of the weaker one the text says: as much weaker
                    assert any(abs(abs(number) - one) <= 0.05 for one in told), (card["id"], name)


def test_it_says_what_it_is(doc, cells):
    assert (doc["vrest"], doc["format"], doc["language"]) == (vrest.__version__, 1, "en")
    assert list(cells) == [NEURON, MUSCLE, SKIN, IMMATURE]
    assert set(doc["outcomes"]) == {outcome.name for outcome in Outcome}
    assert doc["outcomes"]["oscillates"] == {"text": Outcome.oscillates.value, "has_state": True, "is_rest": False}
    assert (cells[SKIN]["membranes"], cells[SKIN]["compartments"]) == (
        ["apical", "basolateral", "junction"],
        ["mucosa", "serosa", "cell"],
    )


def test_numbers_keep_all_their_digits(cells):
    assert cells[NEURON]["controls"][8]["value"] == 5.4217303576714164e-08
    assert json.loads(to_json({"x": [0.1, float("nan"), -float("inf")]})) == {"x": [0.1, None, None]}
    assert "<" not in to_json({"x": "</script><!--"})


def test_the_certificate_is_what_the_search_has():
    known = certificate()
    json.dumps(known, allow_nan=False)
    assert len(known["paces"]["bold"]) == 8
    # a matrix of one row loses ten times the rounding of its only number
    assert known["rounding"] == 10 * np.finfo(np.float64).eps


def test_the_reference_is_the_rest(cells):
    for name in (NEURON, SKIN):
        v = vrest.rest(name).v_rest
        expected = list(v.values()) if isinstance(v, dict) else [v]
        assert cells[name]["reference"]["rests"]
        assert cells[name]["reference"]["v"] == pytest.approx(expected, abs=1e-9)


def test_what_is_rounding_is_far_below_what_flows(cells):
    flow = vrest.explain(NEURON).membranes[0]
    sodium = next(ion for ion in flow.ions if ion.ion == "Na")
    assert cells[NEURON]["rounding"]["currents"] == pytest.approx(-1e-9 * sodium.channel_current, rel=1e-6)
    assert cells[NEURON]["rounding"]["fluxes"] == pytest.approx(1e-9 * sodium.fluxes["pump"], rel=1e-6)


def test_where_there_is_no_rest_the_cell_is_as_described():
    cell = apply("hodgkin_huxley_1952", "stimulus.density=10 uA/cm2")
    (shown,) = document([Shown(cell, "firing.toml")])["cells"]
    assert (shown["reference"]["rests"], shown["reference"]["outcome"]) == (False, "oscillates")
    assert shown["reference"]["reason"]
    assert shown["reference"]["v"] is None
    assert shown["reference"]["described_v"] == [pytest.approx(1e3 * cell.membranes["axon"].potential)]
    assert all(case["rest"]["outcome"] == "rests" for case in shown["golden"])


def changes(case):
    return [f"{name}={value!r}" for name, value in case["values"].items()]


@pytest.mark.parametrize("name", [NEURON, SKIN])
def test_golden_cases_are_what_the_verbs_answer(cells, name):
    start = vrest.rest(name).as_cell()
    cases = cells[name]["golden"]
    assert len(cases) == (4 if name == NEURON else 3)  # the skin's cells swell without a pump
    for case in cases:
        found = vrest.rest(start, changes(case))
        assert case["rest"]["outcome"] == found.outcome.name
        if found.outcome.is_rest:
            v = found.v_rest
            assert case["rest"]["v"] == pytest.approx(list(v.values()) if isinstance(v, dict) else [v], abs=1e-9)
            assert case["rest"]["state"] == pytest.approx(found.state.tolist(), rel=1e-9)
        v = vrest.instant(start, changes(case)).v
        assert case["at_once"] == pytest.approx(list(v.values()) if isinstance(v, dict) else [v], abs=1e-9)
    assert cases[0]["values"] == {}
    assert ({"pump.max_rate": 0.0} in [case["values"] for case in cases]) == (name == NEURON)


def test_a_golden_run_is_a_run(cells):
    case = cells[NEURON]["golden"][1]
    run = case["run"]
    assert [stage["start"] for stage in run["stages"]] == [0.0, 60.0]
    start = apply(vrest.rest(NEURON).as_cell(), changes(case))
    told = [(stage["start"], changes(stage)) for stage in run["stages"][1:]]
    simulated = vrest.simulate(start, told, run["times"][-1], times=run["times"])
    assert run["v"][0] == pytest.approx(simulated.v.tolist(), abs=1e-4)
    assert run["v"][0][0] < run["v"][0][1] < run["v"][0][2] - 1.0
    assert run["error"] == pytest.approx(1e-9 * max(abs(v) for v in run["v"][0]), rel=1e-12)  # rounding does not grow


def test_what_is_varied_and_what_is_followed(cells):
    cell = cells[NEURON]
    assert cell["switches"] == [k for k, one in enumerate(cell["controls"]) if one["switch"]] == [7, 8, 9, 10, 11]
    assert [(t["label"], t["kind"], t["control"]) for t in cell["transports"]] == [
        ("K_leak", "channel", 7),
        ("Na_leak", "channel", 8),
        ("Cl_leak", "channel", 9),
        ("pump", "pump", 10),
        ("water", "water", 11),
    ]
    assert cell["transports"][3]["moves"] == {"K": -2.0, "Na": 3.0}
    assert cell["bath_ion"] == {"control": 1, "ion": "K", "inside": 4, "membrane": "neuron"}
    assert {"quantity": "E", "place": ["neuron", "K"], "unit": "mV"} in cell["readings"]
    assert cells[SKIN]["bath_ion"]["membrane"] == "apical"
    assert cells[SKIN]["transports"][-1] == {
        "label": "electrode",
        "membrane": None,
        "control": None,
        "kind": "stimulus",
    }


def test_an_electrode_is_a_stimulus_until_something_flows_through_it():
    skin = load(SKIN)
    assert _transports(skin, [])[-1]["kind"] == "stimulus"
    for path, value in (("conductance", "1 mS"), ("current", "-20 pA")):
        carries = apply(skin, {f"exchanges.electrode.{path}": value})
        assert _transports(carries, [])[-1]["kind"] == "exchange"


def test_cards_show_what_they_say(cells):
    cards = {name: {card["id"]: card for card in cell["scenarios"]} for name, cell in cells.items()}
    assert set(cards[NEURON]) == {"hyperkalaemia", "ouabain", "anoxia", "neuron_defaults"}
    assert "gaba_switch" in cards[IMMATURE]
    for name, own in cards.items():
        known = {block["id"]: block for block in cells[name]["blocks"]}
        for card in own.values():
            assert all(placed["id"] in known for placed in card["blocks"])
            vrest.apply(vrest.rest(name).as_cell(), card["values"])

    before = vrest.rest(IMMATURE)
    after = vrest.rest(before.as_cell(), changes(cards[IMMATURE]["gaba_switch"]))
    force = [e.driving_force for r in (before, after) for e in vrest.explain(r).membranes[0].ions if e.ion == "Cl"]
    assert force[0] < -1.0 < 1.0 < force[1]  # V - E_Cl

    card = cards[MUSCLE]["hypokalaemic_muscle"]
    fibre = vrest.rest(MUSCLE)
    flipped = vrest.rest(fibre.as_cell(), changes(card))
    k = card["values"]["outside.K"]
    above = vrest.rest(fibre.as_cell(), f"outside.K={1.3 * k} mM swap Na")
    assert above.v_rest < fibre.v_rest < flipped.v_rest - 15.0


def test_neuron_s_defaults_are_neuron_s(cells):
    card = next(card for card in cells[NEURON]["scenarios"] if card["id"] == "neuron_defaults")
    assert card["values"] == {
        "inside.K": 54.4,
        "inside.Na": 10.0,
        "outside.K": 2.5,
        "outside.Na": 140.0,
        "outside.Cl": 102.5,  # 142.5 mM of cations less 40 mM of other anions
        "temperature": 6.3,
    }
    assert "ek = -77 and ena = 50 mV" in card["text"]


def test_progress_is_told():
    told = []
    document([Shown(load(NEURON), NEURON), Shown(load(NEURON)._with_si(name="other"), "other.toml")], told.append)
    assert told == sorted(told)
    assert (told[0], max(told) < 1.0, len(told)) == (0.0, True, 6)
