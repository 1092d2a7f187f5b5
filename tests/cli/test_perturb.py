"""`vrest perturb` and `vrest compare`: the command lines that people are told to type, and bad ones."""

import re

import pytest

ENVELOPE = {"result", "units", "inputs", "cell", "temperature", "version", "warnings"}
OUABAIN = ("perturb", "mammalian_neuron", "ouabain", "--dose", "1 uM", "--duration", "20 min")


def test_perturb(vrest):
    answer = vrest(*OUABAIN, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.json) == ENVELOPE
    result = answer.json["result"]
    assert [m["label"] for m in result["moments"]] == ["at once", "1 s", "1 min", "1 h", "settled"]
    assert result["perturbation"][0]["dose"] == "1 uM"
    assert result["recovers"] is True
    assert result["duration"] == 1200.0
    assert answer.json["units"]["moments"]["v"] == "mV"
    assert answer.json["units"]["v_rest"] == "mV"


def test_perturb_for_people(vrest):
    answer = vrest(*OUABAIN)
    assert answer.code == 0
    assert answer.out.startswith("Ouabain 1 µM, mammalian neuron, 37 degC\n")
    for word in ("at once", "1 min", "settled", "washed after 20 min: recovers", "own outward current"):
        assert word in answer.out


def test_perturb_draws(vrest, tmp_path):
    target = tmp_path / "ouabain.svg"
    answer = vrest(*OUABAIN, "--plot", str(target), "--quiet")
    assert (answer.code, answer.err) == (0, "")
    assert "Change of V" in target.read_text(encoding="utf-8") or target.stat().st_size > 10_000


def test_several_perturbations(vrest):
    answer = vrest("perturb", "mammalian_neuron", "anoxia", "hyperkalaemia", "--dose", "anoxia=80%", "--json")
    assert [p["dose"] for p in answer.json["result"]["perturbation"]] == ["80 %", "8 mM"]
    assert answer.json["warnings"] == []
    assert [m["hypothetical"] for m in answer.json["result"]["moments"]] == [True, False, False, False, False]


def test_what_there_is(vrest):
    answer = vrest("perturb", "--list", "--json")
    listed = {p["name"]: p for p in answer.json["result"]["perturbations"]}
    assert listed["ouabain"]["dose"] == "10 uM"
    levels = {each["name"]: each["dose"] for each in listed["hyperkalaemia"]["doses"]}
    assert levels == {"mild": "5.8 mM", "moderate": "6.2 mM", "severe": "8 mM", "lethal": "10 mM"}
    assert all(each["source"] for p in listed.values() for each in p["doses"])
    assert "tetrodotoxin" in vrest("perturb", "--list").out.lower()


def test_named_doses_and_drugs_are_printed(vrest):
    for asked in (("--list",), ("ouabain",), ("digoxin",)):
        told = " ".join(vrest("perturb", *asked).out.split())
        assert re.search(r"therapeutic 1.3 nM digoxin in plasma at 1 ng/mL", told)
        assert "strophanthidin" in told
    assert "hyperkalaemia severe 8 mM" in " ".join(vrest("perturb", "mammalian_neuron").out.split())
    one = vrest("perturb", "TTX", "--json").json["result"]
    assert (one["name"], one["dose"], "dijkstra_2016" in one["cells"]) == ("ttx", "300 nM", True)


def test_a_drug_finds_its_perturbation_and_says_so(vrest):
    answer = vrest("perturb", "astrocyte", "bumetanide", "--dose", "bumetanide=1 uM")
    assert "bumetanide: a blocker of NKCC1; the perturbation is 'nkcc1_block'" in answer.out
    entry = vrest("perturb", "astrocyte", "bumetanide", "--json").json["result"]["perturbation"][0]
    assert (entry["name"], entry["alias"]) == ("nkcc1_block", "bumetanide")
    both = vrest("compare", "mammalian_neuron", "squid_axon", "--perturb", "digoxin", "--dose", "toxic")
    assert "digoxin: a cardiac glycoside" in both.out


def test_several_doses_are_all_answered(vrest, tmp_path):
    import pandas as pd

    csv, figure = tmp_path / "doses.csv", tmp_path / "doses.svg"
    line = ("perturb", "mammalian_neuron", "digoxin")
    answer = vrest(*line, "--dose", "10 nM,100 nM,1 uM", "-o", str(csv), "--plot", str(figure))
    assert answer.code == 0
    assert answer.out.startswith("Ouabain, mammalian neuron: 3 doses\n  digoxin: a cardiac glycoside")
    saved = pd.read_csv(csv, comment="#")
    assert saved["dose (uM)"].tolist() == pytest.approx([0.01, 0.1, 1.0])
    assert saved["blocked (%)"].tolist() == pytest.approx([25.0, 76.923, 97.087], abs=1e-3)
    assert figure.stat().st_size > 10_000
    twice = vrest(*line, "--dose", "10 nM", "--dose", "100 nM", "--dose", "1 uM", "--json")
    assert twice.json["result"]["settled"] == pytest.approx(saved["V settled (mV)"].tolist(), abs=1e-6)
    assert twice.json["units"]["doses"] == "uM"
    both = vrest("perturb", "mammalian_neuron", "anoxia", "hyperkalaemia", "--dose", "anoxia=10%,50%", "--json")
    assert both.json["result"]["beside"] == ["hyperkalaemia 8 mM"]


@pytest.mark.parametrize("form", [("mammalian_neuron",), ("mammalian_neuron", "--list")])
def test_what_applies_to_a_cell(vrest, form):
    answer = vrest("perturb", *form, "--json")
    listed = {p["name"]: p for p in answer.json["result"]["perturbations"]}
    assert listed["ouabain"]["applies"] is True
    assert listed["ttx"]["applies"] is False
    assert "gated Na+ channel" in listed["ttx"]["why_not"]
    assert "does not apply" in vrest("perturb", *form).out


def test_compare(vrest, tmp_path):
    target = tmp_path / "both.png"
    answer = vrest(
        "compare", "mammalian_neuron", "hodgkin_huxley_1952", "skeletal_muscle",
        "--perturb", "pump_loss", "--plot", str(target), "--json",
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.json) == ENVELOPE
    assert [c["cell"] for c in answer.json["result"]["cells"]] == ["mammalian_neuron", "skeletal_muscle"]
    assert answer.json["result"]["refused"][0]["code"] == "no_target"
    assert target.stat().st_size > 10_000
    assert "skeletal_muscle" in vrest("compare", "mammalian_neuron", "skeletal_muscle", "--perturb", "pump_loss").out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["perturb"], 2, "missing_argument"),
        (["perturb", "mammalian_neuron", "--dose", "1 uM"], 2, "missing_argument"),
        (["perturb", "nowhere", "ouabain"], 3, "unknown_cell"),
        (["perturb", "mammalian_neuron", "ouabian"], 3, "unknown_perturbation"),
        (["perturb", "mammalian_neuron", "ouabain", "--dose", "1 uM,2 uM", "--duration", "1 h"], 2, "usage"),
        (["perturb", "mammalian_neuron", "ouabain", "--dose", "1 uM,2"], 3, "mixed_units"),
        (
            [
                "perturb",
                "mammalian_neuron",
                "anoxia",
                "cooling",
                "--dose",
                "anoxia=1%,2%",
                "--dose",
                "cooling=30 degC,31 degC",
            ],
            3,
            "bad_dose",
        ),
        (["compare", "mammalian_neuron", "squid_axon", "--perturb", "ouabain", "--dose", "1 uM,2 uM"], 2, "bad_dose"),
        (["perturb", "mammalian_neuron", "amiloride"], 3, "unknown_perturbation"),
        (["perturb", "mammalian_neuron", "ouabain", "digoxin"], 3, "named_twice"),
        (["perturb", "ouabain", "--set", "outside.K=8 mM"], 2, "missing_argument"),
        (["perturb", "mammalian_neuron", "ttx"], 3, "no_target"),
        (["perturb", "mammalian_neuron", "ouabain", "--dose", "1 mV"], 3, "wrong_unit"),
        (["perturb", "mammalian_neuron", "ouabain", "--dose", "lots"], 3, "unknown_dose"),
        (["perturb", "mammalian_neuron", "ouabain", "--dose", "-1 uM"], 3, "out_of_range"),
        (["perturb", "mammalian_neuron", "ouabain", "--dose", "ttx=1 uM"], 3, "bad_dose"),
        (["perturb", "mammalian_neuron", "ouabain", "anoxia", "--dose", "1 uM"], 3, "bad_dose"),
        (["perturb", "mammalian_neuron", "ouabain", "--isoform", "rat_alpha9"], 3, "unknown_isoform"),
        (["perturb", "mammalian_neuron", "anoxia", "--isoform", "human"], 3, "unknown_isoform"),
        (["perturb", "mammalian_neuron", "ouabain", "--duration", "0"], 3, "out_of_range"),
        (["perturb", "mammalian_neuron", "ouabain", "--duration", "soon"], 3, "not_a_number"),
        (["perturb", "mammalian_neuron", "ouabain", "--onset", "1 h"], 3, "out_of_range"),
        (["perturb", "mammalian_neuron", "ouabain", "--plot", "x.jpg"], 3, "unknown_suffix"),
        (["perturb", "kay_2017", "ouabain", "--set", "pump.max_rate*=0"], 3, "no_target"),
        (["perturb", "kay_2017", "hyperkalaemia", "--set", "pump.max_rate*=0"], 4, "swells_without_limit"),
        (["compare", "mammalian_neuron", "--perturb", "ouabain"], 2, "missing_argument"),
        (["compare", "mammalian_neuron", "squid_axon"], 2, "missing_argument"),
        (["compare", "mammalian_neuron", "squid_axon", "--perturb", "ttx"], 3, "no_target"),
        (["compare", "mammalian_neuron", "squid_axon", "--perturb", "txt"], 3, "unknown_perturbation"),
    ],
)
def test_bad_command_lines(vrest, arguments, exit_code, code):
    answer = vrest(*arguments, "--json")
    assert (answer.code, answer.error) == (exit_code, code)
    spoken = vrest(*arguments)
    assert spoken.code == exit_code
    assert spoken.err.startswith("Error: ")


def test_every_table_says_that_at_once_is_hypothetical(vrest):
    answer = vrest("perturb", "mammalian_neuron", "anoxia")
    assert answer.out.count("at once*") == 2
    assert "* hypothetical: " in answer.out
