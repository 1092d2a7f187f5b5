"""`vrest fit`: the demo, several models, the next measurement, and the slips one makes."""

import csv
import math
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

DEMO = str(Path(__file__).parents[2] / "examples" / "vm_ko.csv")
ASKED = ("fit", DEMO, "--cell", "frog_muscle", "--free", "P_Na/P_K")
PASTED = "Ko (mM);Vm (mV)\n2,5;−75\n5;−68,5\n10;−58,3\n20;−45\n40;−29,8\n80;−13\n"


def test_the_demo_as_json_and_as_a_figure(vrest, tmp_path):
    file = tmp_path / "fit.png"
    answer = vrest(*ASKED, "--config", "sharp", "--plot", str(file), "--json")
    assert answer.code == 0
    assert file.stat().st_size > 10_000
    result = answer.json["result"]
    (ratio,) = result["parameters"]
    assert ratio["low"] < 0.01 < ratio["high"]
    assert ratio["learnt"]
    assert result["errors"] == "known"
    assert result["rows"][0]["v"] == -109.7
    assert answer.json["units"]["rows"]["residual"] == "mV"
    assert answer.json["cell"] == "frog_muscle"
    assert answer.json["warnings"] == []


def test_the_data_of_a_fit_are_its_rows(vrest, tmp_path):
    path = tmp_path / "rows.csv"
    result = vrest(*ASKED, "-o", str(path), "--json").json["result"]
    rows = list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))
    assert len(rows) == 18
    for row in rows:
        off = float(row["measured (mV)"]) - float(row["predicted (mV)"])
        assert float(row["residual (mV)"]) == pytest.approx(off, abs=1e-9)
    assert [float(row["predicted (mV)"]) for row in rows] == [row["predicted"] for row in result["rows"]]


def test_models_are_compared_and_the_best_is_shown(vrest):
    answer = vrest(*ASKED, "--model", "chord", "--model", "ghk", "--model", "mullins_noda", "--json").json["result"]
    assert answer["models"][2]["model"] == "chord"
    assert sum(m["weight"] for m in answer["models"]) == pytest.approx(1)
    by_name = {m["model"]: m for m in answer["models"]}
    # without chloride the two equations are one, with r P_K for P_K: no data tell them apart
    assert by_name["ghk"]["difference"] == pytest.approx(by_name["mullins_noda"]["difference"], abs=1e-9)
    ratios = [by_name[model]["values"]["P_Na/P_K"] for model in ("mullins_noda", "ghk")]
    assert ratios[0] == pytest.approx(1.5 * ratios[1], rel=1e-6)


def test_pasted_data_and_what_they_do_not_tell(vrest):
    asked = ("fit", "-", "--cell", "mammalian_neuron", "--free", "P_Na/P_K", "--free", "P_Cl/P_K", "--free", "inside.K")
    answer = vrest(*asked, "--next", "--json", stdin=PASTED)
    assert answer.code == 0
    chloride = answer.json["result"]["parameters"][1]
    assert chloride["low"] is None
    assert not chloride["learnt"]
    assert "a change of Cl outside" in chloride["verdict"]
    best = answer.json["result"]["next"][0]
    assert best["now"]["P_Cl/P_K"] is None
    assert best["after"]["P_Cl/P_K"] < 2
    assert [w["code"] for w in answer.json["warnings"]] == ["junction_unsaid", "bath_not_neutral"]
    shown = vrest(*asked, "--candidate", "outside.Cl=20 mM with Na", stdin=PASTED)
    assert "P_Cl/P_K has only an upper limit: below" in shown.out
    row = next(line for line in shown.out.splitlines() if "outside.Cl=20 mM with Na" in line)
    assert row.count("x/÷") == 3
    assert "Warning: outside.K = 80 mM in row 6" in shown.err


def test_the_level_is_a_share_or_a_percentage(vrest):
    ends = []
    for level in ("0.68", "68 %", "0.95"):
        (ratio,) = vrest(*ASKED, "--level", level, "--json").json["result"]["parameters"]
        ends.append(math.log(ratio["high"] / ratio["low"]))
    assert ends[0] == ends[1]
    assert ends[2] / ends[0] == pytest.approx(1.959964 / 0.994458, rel=1e-3)


def test_the_junction_is_taken_off_and_its_error_is_in_the_interval(vrest, tmp_path):
    path = tmp_path / "rows.csv"
    sure = vrest(*ASKED, "--ljp", "1.5", "--json").json["result"]
    answer = vrest(*ASKED, "--ljp", "1.5 ± 2", "-o", str(path), "--json").json["result"]
    assert answer["rows"][0]["v"] == pytest.approx(-111.2)
    assert [answer["rows"][0][key] for key in ("read", "ljp", "ljp_sd")] == [-109.7, 1.5, 2.0]
    assert "ljp_sd" not in sure["rows"][0]
    wide, narrow = (each["parameters"][0]["high"] / each["parameters"][0]["low"] for each in (answer, sure))
    assert wide > 1.05 * narrow
    head = next(line for line in path.read_text().splitlines() if not line.startswith("#"))
    assert "read (mV),LJP (mV),measured (mV)" in head


RECIPES = {
    "internal.toml": """
name = "K-gluconate"
kind = "pipette"
temperature = "32 degC"
pH = 7.3
pH_temperature = "22 degC"
titrant = "KOH"
[reagents]
"K-gluconate" = "120 mM"
KCl = "10 mM"
HEPES = "10 mM"
EGTA = "0.5 mM"
MgCl2 = "1 mM"
"Na2ATP" = "4 mM"
""",
    "bath.toml": """
name = "aCSF"
kind = "bath"
gas = "95% O2 5% CO2"
[reagents]
NaCl = "125 mM"
KCl = "2.5 mM"
NaHCO3 = "25 mM"
CaCl2 = "2 mM"
MgCl2 = "1 mM"
glucose = "10 mM"
""",
}
POTENTIALS = "Ko (mM) swap Na,Vm (mV)\n2.5,-69\n5,-60\n10,-48\n20,-34\n40,-18\n80,0\n"


@pytest.fixture
def bench(tmp_path):
    for name, text in RECIPES.items():
        (tmp_path / name).write_text(text)
    return ("fit", "-", "--pipette", str(tmp_path / "internal.toml"), "--bath", str(tmp_path / "bath.toml"))


def test_two_recipes_and_a_table_of_potentials_give_a_ratio_with_its_interval(vrest, bench):
    answer = vrest(*bench, "--free", "P_Na/P_K", "--json", stdin=POTENTIALS)
    assert answer.code == 0
    (ratio,) = answer.json["result"]["parameters"]
    assert ratio["learnt"]
    assert 0.005 < ratio["low"] < ratio["value"] < ratio["high"] < 0.05
    assert answer.json["temperature"] == 32
    rows = answer.json["result"]["rows"]
    assert all(row["v"] == pytest.approx(row["read"] - row["ljp"]) for row in rows)
    assert 12 < rows[0]["ljp"] < 18
    assert rows[-1]["ljp"] < rows[0]["ljp"] - 1  # K+ in place of Na+ makes a smaller junction
    codes = [w["code"] for w in answer.json["warnings"]]
    assert "junction_unsaid" not in codes
    assert {"bare_membrane", "zeroed_in_each_bath"} <= set(codes)
    whole = vrest(*bench, "--cell", "mammalian_neuron", "--json", stdin=POTENTIALS)
    assert whole.json["cell"] == "mammalian_neuron"
    assert "bare_membrane" not in [w["code"] for w in whole.json["warnings"]]


def test_solutions_say_what_is_inside_also_where_the_junction_is_said_otherwise(vrest, bench):
    said = vrest(*bench, "--ljp", "0", "--json", stdin=POTENTIALS).json["result"]
    headed = vrest(*bench, "--json", stdin=POTENTIALS.replace("Vm (mV)", "Vm corrected (mV)")).json["result"]
    assert said["rows"][0]["v"] == headed["rows"][0]["v"] == -69
    assert said["parameters"][0]["value"] == pytest.approx(headed["parameters"][0]["value"])
    kept = vrest(*bench, "--reference", "3 M KCl", "--json", stdin=POTENTIALS).json["result"]["rows"]
    assert abs(kept[-1]["ljp"] - kept[0]["ljp"]) < 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--config", "sharp"), "usage"),
        (("--reference", "3 M KCl", "--ljp", "15"), "usage"),
        (("--config", "cell-attached"), "relative_potential"),
        (("--cell", "frog_skin"), "not_one_bath"),
    ],
)
def test_what_does_not_go_with_solutions_is_told(vrest, bench, more, code):
    answer = vrest(*bench, *more, "--json", stdin=POTENTIALS)
    assert answer.error == code


def test_without_a_word_about_the_junction_the_fit_asks(vrest):
    answer = vrest(*ASKED)
    assert answer.code == 0
    assert "were these potentials corrected for the liquid junction potential?" in " ".join(answer.err.split())
    assert "corrected" not in vrest(*ASKED, "--config", "sharp").err


HEADERS = st.sampled_from(
    ["Ko", "Vm", "K_o (mM)", "V [V]", "sd", "sem", "n", "cell", "Clo (µM)", "pump.max_rate*", "x", "#x"]
)
ENTRY = st.one_of(
    st.floats(-200, 200).map(str), st.sampled_from(["", "−90", "2,5", "5", "100", "nan", "1e400", "a", "0", "-61"])
)


@settings(max_examples=60)
@given(
    table=st.lists(HEADERS, min_size=1, max_size=4).flatmap(
        lambda names: st.tuples(
            st.just(names), st.lists(st.lists(ENTRY, min_size=len(names), max_size=len(names)), max_size=5)
        )
    ),
    divider=st.sampled_from([",", ";", "\t"]),
)
@example(table=(["Ko", "Vm"], [["5", "-61"], ["5", "-61"]]), divider=";")
@example(table=(["Ko", "Vm", "sd"], [["0", "-61", "5"], ["5", "-90", "5"]]), divider=";")
@example(table=(["Vm", "cell"], [["-61", "a"], ["-61", "a"], ["-90", "5"]]), divider=";")
def test_any_table(vrest, table, divider):
    names, rows = table
    text = "\n".join(divider.join(row) for row in [names, *rows])
    answer = vrest("fit", "-", "--cell", "frog_muscle", "--json", stdin=text)
    assert "Traceback" not in answer.out + answer.err
    assert answer.code in (0, 3)
    assert answer.json["result"]["parameters"] if answer.code == 0 else answer.error


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("fit", DEMO), 2, "missing_argument"),
        (("fit", "-", "--cell", "-"), 2, "usage"),
        (("fit", DEMO, "--pipette", "acsf"), 2, "missing_argument"),
        ((*ASKED, "--celsius", "20"), 2, "missing_argument"),
        ((*ASKED, "--reference", "3 M KCl"), 2, "usage"),
        (("fit", "nowhere.csv", "--cell", "frog_muscle"), 3, "no_file"),
        (("fit", DEMO, "--cell", "frog_mussel"), 3, "unknown_cell"),
        ((*ASKED, "--model", "gkh"), 3, "unknown_model"),
        ((*ASKED, "--level", "95"), 3, "out_of_range"),
        ((*ASKED, "--level", "4.9e-324"), 3, "out_of_range"),
        ((*ASKED, "--level", "4.9e-324", "--model", "ghk", "--model", "chord"), 3, "out_of_range"),
        ((*ASKED, "--plot", "fit.gif"), 3, "unknown_suffix"),
        ((*ASKED, "--candidate", "Na_leak.permeability*=2"), 3, "bad_candidate"),
        ((*ASKED, "--free", "P_Cl/P_K"), 3, "bad_ratio"),
        (("fit", DEMO, "--cell", "frog_skin"), 3, "several_membranes"),
        ((*ASKED, "--membrane", "fiber"), 3, "unknown_name"),
        ((*ASKED, "--ljp", "16", "--config", "sharp"), 3, "two_junctions"),
        ((*ASKED, "--ljp", "16 mM"), 3, "wrong_unit"),
        ((*ASKED, "--config", "whole"), 3, "unknown_configuration"),
        ((*ASKED, "--free", "pump.max_rate"), 3, "not_in_model"),
    ],
)
def test_slips_are_told(vrest, arguments, code, error):
    answer = vrest(*arguments, "--json")
    assert answer.code == code
    assert answer.error == error
