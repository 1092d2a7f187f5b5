"""`--pipette` and `--bath` wherever a cell is changed; what `check` makes of a potential that was read."""

import json

import pytest

ASKED = ("--pipette", "axobits_internal", "--bath", "axobits_external")
K = {"inside": 145.0, "outside": 2.8}


@pytest.mark.parametrize(
    "command",
    [
        ("rest", "mammalian_neuron"),
        ("instant", "mammalian_neuron", "--set", "outside.K=10 mM", "--swap", "Na"),
        ("show", "mammalian_neuron"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_answers_for_the_solutions(vrest, command):
    plain, filled = vrest(*command, "--json"), vrest(*command, *ASKED, "--json")
    assert (plain.code, filled.code) == (0, 0)
    assert filled.json["temperature"] == 20
    assert filled.json["inputs"]["pipette"] == "axobits_internal"
    text = json.dumps(filled.json["result"])
    assert "145.0" in text or "145," in text
    assert plain.json["temperature"] == 37


def test_changes_come_after_the_solutions(vrest):
    found = vrest("show", "mammalian_neuron", *ASKED, "--set", "inside.K=100 mM", "--json").json["result"]
    values = json.dumps(found)
    assert "100.0" in values
    assert vrest("rest", "mammalian_neuron", *ASKED, "--celsius", "32", "--json").json["temperature"] == 32


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("rest", "mammalian_neuron", "--pipette", "acsf"), 2, "missing_argument"),
        (("rest", "mammalian_neuron", "--celsius", "32"), 2, "missing_argument"),
        (("rest", "frog_skin", *ASKED), 3, "not_one_bath"),
        (("rest", "mammalian_neuron", "--pipette", "acfs", "--bath", "acsf"), 3, "unknown_solution"),
        (("show", *ASKED), 2, "missing_argument"),
        (("run", "--from", "a.nc", *ASKED), 2, "usage"),
        (("check", "mammalian_neuron", "--ljp", "15"), 3, "no_target"),
    ],
)
def test_slips_are_told(vrest, arguments, code, error):
    answer = vrest(*arguments, "--json")
    assert (answer.code, answer.error) == (code, error)


def test_ways_out_are_of_the_cell_with_the_solutions(vrest):
    shown = vrest("check", "mammalian_neuron", *ASKED)
    assert shown.code == 5
    copied = " ".join(shown.out.replace("\\\n", " ").split())
    assert "vrest rest mammalian_neuron --pipette axobits_internal --bath axobits_external -o settled.toml" in copied


HH = """
celsius = 22
diam = 20
L = 20
v_rest = -60
nai = 10
nao = 145
ki = 140
ko = 3
gna = 1e-5
gk = 1e-4
"""


SHARP = ("--config", "Sharp", "--pipette", "axobits_internal", "--bath", "axobits_external", "--celsius", "20")


def test_a_target_that_was_read_has_the_junction_taken_off(vrest, tmp_path):
    path = tmp_path / "model.toml"
    path.write_text(HH)
    answers = [vrest("check", str(path), *more, "--json") for more in ((), ("--ljp", "15 mV"), SHARP[:2])]
    rests = [
        next(fix["v_rest"] for fix in answer.json["result"]["fixes"] if "written" in fix["message"])
        for answer in answers
    ]
    assert rests == pytest.approx([-60, -75, -60], abs=1e-3)
    (told,) = (w["message"] for w in answers[1].json["warnings"] if "as it was read" in w["message"])
    assert told.startswith("v_rest = -60 mV as it was read")
    assert vrest("check", str(path), "--ljp", "15", "--config", "inside-out", "--json").error == "relative_potential"
    sharp = vrest("check", str(path), *SHARP, "--json")
    assert sharp.code == 5
    assert not [w for w in sharp.json["warnings"] if "as it was read" in w["message"]]
