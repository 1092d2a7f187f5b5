"""`vrest curve`: what it prints, saves and draws, and bad command lines."""

import json

import pandas as pd
import pytest

import vrest as package

LINE = ("curve", "mammalian_neuron", "outside.K", "0.5", "150", "--log", "--swap", "Na")


def test_curve_for_people_and_programs(vrest, tmp_path):
    csv, figure = tmp_path / "k.csv", tmp_path / "k.svg"
    answer = vrest(*LINE, "--points", "31", "-o", str(csv), "--plot", str(figure))
    assert answer.code == 0
    assert answer.out.startswith(
        "V of 'mammalian_neuron' against outside.K (swap Na), 0.5 to 150 mM\n  present 5 mM; 31 values"
    )
    assert "11 of 31 values; the others are in the data (-o FILE)." in answer.out
    saved = pd.read_csv(csv, comment="#")
    found = package.curve("mammalian_neuron", "outside.K swap Na", "0.5:150:log:31")
    pd.testing.assert_frame_equal(saved, found.to_dataframe(), check_exact=True)
    assert figure.stat().st_size > 10_000
    result = vrest(*LINE, "--points", "31", "--json").json["result"]
    assert result["curves"][0]["settled"] == found.settled.tolist()
    assert vrest(*LINE, "--json").json["units"]["values"] == "mM"


def test_measured_points_and_several_cells(vrest, tmp_path):
    table, data = tmp_path / "vm.csv", tmp_path / "curve.json"
    table.write_text("Ko (mM);Vm (mV);sem\n2,5;-79,0;2\n10;-62;2,5\n", encoding="utf-8")
    answer = vrest(*LINE, "--points", "5", "--data", str(table), "--cells", "squid_axon", "-o", str(data))
    assert answer.code == 0
    assert "Measured, beside squid_axon" in answer.out
    (mine, other) = json.loads(data.read_text(encoding="utf-8"))["result"]["curves"]
    assert mine["points"]["measured"] == other["points"]["measured"] == [-79.0, -62.0]
    assert mine["points"]["error"] == [2.0, 2.5]


def test_what_goes_along_is_that_of_the_parameter_and_of_the_baths_that_are_set(vrest):
    alone = vrest("curve", "mammalian_neuron", "outside.K", "3", "8", "--points", "2", "--json")
    assert [w["code"] for w in alone.json["warnings"]] == ["bath_not_neutral"]
    lines = [
        ("outside.K swap Na",),
        ("outside.K", "--swap", "Na"),
        ("outside.K", "--swap", "Na", "--set", "pump.max_rate*=1"),
        ("ko", "--swap", "Na"),
    ]
    v = [vrest("curve", "mammalian_neuron", n, "3", "8", *more, "--points", "2", "--json") for n, *more in lines]
    assert all(each.json["warnings"] == [] for each in v)
    assert len({json.dumps(each.json["result"]) for each in v}) == 1
    both = vrest(
        "curve", "mammalian_neuron", "pump.max_rate", "0.5x", "2x", "--set", "outside.K=8 mM", "--swap", "Na", "--json"
    )
    assert both.json["warnings"] == []
    assert both.json["result"]["companion"] is None


def test_without_a_range_it_is_around_the_present(vrest):
    values = vrest("curve", "mammalian_neuron", "outside.K", "--json").json["result"]["values"]
    assert (values[0], values[-1], len(values)) == (pytest.approx(0.5), pytest.approx(150.0), 41)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["curve"], 2, "missing_argument"),
        (["curve", "mammalian_neuron"], 2, "missing_argument"),
        (["curve", "mammalian_neuron", "outside.K", "1"], 2, "missing_argument"),
        (["curve", "mammalian_neuron", "outside.K", "--log"], 2, "usage"),
        (["curve", "mammalian_neuron", "outside.K", "--points", "5"], 2, "usage"),
        (["curve", "-", "outside.K", "1", "2", "--data", "-"], 2, "usage"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "--swap", "Na", "--with", "Cl"], 2, "usage"),
        (["curve", "mammalian_neuron", "pump.max_rate", "1", "9", "--swap", "Na"], 3, "bad_companion"),
        (["curve", "mammalian_neuron", "outside.K", "0", "9", "--log"], 3, "bad_range"),
        (["curve", "mammalian_neuron", "outside.K", "9", "9"], 3, "bad_range"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "--points", "1"], 3, "bad_range"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "--points", "many"], 3, "not_a_number"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "--cells", "nowhere"], 3, "unknown_cell"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "--data", "nowhere.csv"], 3, "no_file"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "--membrane", "axon"], 3, "unknown_name"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "-o", "x.xls"], 3, "unknown_suffix"),
        (["curve", "mammalian_neuron", "outside.K", "1", "9", "--plot", "x.jpg"], 3, "unknown_suffix"),
        (["curve", "frog_skin", "temperature", "20", "25"], 3, "several_membranes"),
    ],
)
def test_bad_command_lines(vrest, arguments, exit_code, code):
    answer = vrest(*arguments, "--json")
    assert (answer.code, answer.error) == (exit_code, code)
    assert vrest(*arguments).err.startswith("Error: ")
