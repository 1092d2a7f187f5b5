"""`vrest design`: a saved design starts from its target, and what cannot rest is refused."""

import pytest

ASKED = ("design", "mammalian_neuron", "--v-rest", "-75 mV", "--inside", "Cl=5 mM", "--input-resistance", "150 Mohm")


def test_a_saved_design_rests_at_its_target(vrest, tmp_path):
    file = str(tmp_path / "mine.toml")
    made = vrest(*ASKED, "--add", "KCC2", "-o", file, "--json")
    assert made.code == 0
    result = made.json["result"]
    assert result["stable"]
    assert result["input_resistance"] == pytest.approx(150, rel=1e-9)
    assert {c["path"].split(".")[-2]: c["how"] for c in result["values"]}["KCC2"] == "added, solved"
    rested = vrest("rest", file, "--json").json["result"]
    assert rested["v_rest"] == pytest.approx(-75, abs=1e-9)
    assert rested["concentrations"]["inside"]["Cl"] == pytest.approx(5, rel=1e-12)
    assert rested["residual_mM_per_min"]["inside"]["Na"] == pytest.approx(0, abs=1e-12)


def test_without_kcc2_it_is_refused(vrest, tmp_path):
    file = tmp_path / "mine.toml"
    refused = vrest(*ASKED, "-o", str(file))
    assert refused.code == 3
    assert "6.65 mM" in refused.err
    assert "--add KCC2" in refused.err
    assert not file.exists()
    assert vrest(*ASKED, "--json").error == "not_at_equilibrium"


def test_the_table_says_what_was_solved(vrest):
    shown = vrest("design", "mammalian_neuron", "--v-rest", "-75 mV", "--hold", "pump.max_rate")
    assert shown.code == 0
    rows = {line.split()[0]: line.split()[-1] for line in shown.out.splitlines() if line.startswith("neuron.")}
    assert rows["neuron.pump.max_rate"] == "held"
    assert rows["neuron.Na_leak.permeability"] == "solved"


def test_a_companion_keeps_the_bath_neutral(vrest):
    asked = ("design", "mammalian_neuron", "--v-rest", "-65", "--outside", "K=8 mM", "--json")
    alone, swapped = vrest(*asked), vrest(*asked, "--swap", "Na")
    assert [w["code"] for w in alone.json["warnings"]] == ["bath_not_neutral"]
    assert swapped.code == 0
    assert swapped.json["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ((), 2, "missing_argument"),
        (("--v-rest", "-75 mM"), 3, "wrong_unit"),
        (("--v-rest", "-75", "--inside", "Cl"), 3, "bad_target"),
        (("--v-rest", "-75", "--inside", "Cl=5", "--inside", "Cl=6"), 3, "bad_target"),
        (("--v-rest", "-75", "--inside", "Cl=5 mV"), 3, "wrong_unit"),
        (("--v-rest", "-75", "--hold", "P_Na/P_Cs"), 3, "bad_hold"),
        (("--v-rest", "-75", "--input-resistance", "-1"), 3, "out_of_range"),
        (("--v-rest", "-75", "--area", "0 um2"), 3, "out_of_range"),
        (("--v-rest", "-75", "-o", "mine.txt"), 3, "unknown_suffix"),
    ],
)
def test_slips_are_told(vrest, arguments, code, error):
    answer = vrest("design", "mammalian_neuron", *arguments, "--json")
    assert answer.code == code
    assert answer.error == error
