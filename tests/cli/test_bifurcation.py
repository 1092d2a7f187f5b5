"""`vrest bifurcation` and `vrest rest --all`."""

import json

import pytest
import xarray as xr

HH = ("bifurcation", "hodgkin_huxley_1952", "stimulus.density", "0", "200 uA/cm2")


def test_json_lists_branches_and_special_points(vrest, tmp_path):
    figure = tmp_path / "hh.png"
    answer = vrest(*HH, "--json", "--plot", str(figure))
    assert (answer.code, answer.err) == (0, "")
    assert figure.stat().st_size > 10_000
    body = answer.json
    assert body["units"]["special"]["parameter"] == "uA/cm2"
    assert body["units"]["branches"]["v"] == "mV"
    assert body["inputs"]["to"] == "200 uA/cm2"
    result = body["result"]
    assert [s["kind"] for s in result["special"]] == ["hopf", "hopf"]
    assert [s["parameter"] for s in result["special"]] == pytest.approx([9.7754, 154.522], abs=0.001)
    (branch,) = result["branches"]
    lengths = {len(branch[key]) for key in ("parameter", "v", "stable", "growth", "unstable")}
    assert len(lengths) == 1
    assert branch["stable"][0] is True
    assert branch["ends"] == ["bound", "bound"]


def test_multiples_are_in_the_json(vrest):
    answer = vrest("bifurcation", "mammalian_neuron", "pump.max_rate", "0.5x", "1.5x", "--json")
    (branch,) = answer.json["result"]["branches"]
    assert (branch["multiple"][0], branch["multiple"][-1]) == pytest.approx((0.5, 1.5))
    assert answer.json["units"]["branches"]["multiple"] == "1"


def test_for_people(vrest):
    answer = vrest(*HH)
    assert answer.code == 0
    assert "unstable" in answer.out
    assert "Hopf point on branch 1 at 9.77544 uA/cm2, V -59.65 mV, period 10.72 ms" in " ".join(answer.out.split())
    plain = vrest("bifurcation", "mammalian_neuron", "outside.K", "0.5x", "2x", "--set", "pump.max_rate*=0.9")
    assert "no fold and no Hopf point" in plain.out
    assert ["1", "stable", "2.5", "0.5", "10", "2"] in [line.split()[:6] for line in plain.out.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        (("pump.max_rat", "0x", "1x"), "unknown_path", "pump.max_rate"),
        (("pump.max_rate", "2x", "1x"), "bad_range", "swap"),
        (("pump.max_rate", "1x", "1x"), "bad_range", "differ"),
        (("pump.max_rate", "0.3y", "1x"), "unknown_unit", "0.5x"),
        (("pump.max_rate", "-1x", "1x"), "out_of_range", "sign"),
        (("pump.max_rate", "0,3x", "1x"), "decimal_comma", "dot"),
        (("outside.K", "-5", "10"), "out_of_range", "sign"),
        (("inside.radius", "0.5x", "1x"), "fixed_at_start", "rest_many"),
    ],
)
def test_bad_input_is_exit_3_with_a_hint(vrest, arguments, code, hint):
    answer = vrest("bifurcation", "mammalian_neuron", *arguments, "--json")
    assert answer.code == 3
    assert answer.error == code
    assert hint in answer.json["error"]["hint"]


def test_the_shape_of_the_command_line_is_exit_2(vrest):
    assert vrest("bifurcation", "mammalian_neuron", "pump.max_rate", "0x", "--json").code == 2
    answer = vrest("bifurcation", "mammalian_neuron", "pump.max_rate", "0x", "1x", "--jsno")
    assert (answer.code, answer.out) == (2, "")
    assert vrest(*HH, "--plot", "hh.gif", "--json").code == 3


def test_help_begins_with_examples(vrest):
    answer = vrest("bifurcation", "--help")
    assert answer.code == 0
    assert answer.out.index("vrest bifurcation dijkstra_2016") < answer.out.index("--plot  ")


def test_rest_all(vrest):
    answer = vrest("rest", "dijkstra_2016", "--all", "--json")
    assert (answer.code, answer.err) == (0, "")
    rests = answer.json["result"]["rests"]
    assert [r["stable"] for r in rests] == [True, False, True]
    assert rests[0]["v_rest"] == pytest.approx(-65.494, abs=0.02)
    assert answer.json["units"]["rests"]["v_rest"] == "mV"
    people = vrest("rest", "dijkstra_2016", "--all")
    assert "3 rests found, 2 stable" in people.out


def test_rest_all_without_a_stable_rest_is_exit_4(vrest):
    answer = vrest("rest", "hodgkin_huxley_1952", "--all", "--set", "stimulus.density=50 uA/cm2", "--json")
    assert answer.code == 4
    assert answer.json["error"]["code"] == "oscillates"
    assert len(answer.json["result"]["rests"]) == 1


def test_rest_all_shows_no_single_figure(vrest):
    answer = vrest("rest", "mammalian_neuron", "--all", "--plot", "x.png", "--json")
    assert answer.code == 2


def test_a_companion_goes_along_and_the_data_is_saved_by_its_name(vrest, tmp_path):
    asked = ("bifurcation", "mammalian_neuron", "outside.K", "3", "10", "--set", "pump.max_rate*=0.9")
    alone = vrest(*asked, "--json").json
    assert [w["code"] for w in alone["warnings"]] == ["bath_not_neutral"]
    table, whole, groups = (tmp_path / f"branches.{kind}" for kind in ("csv", "json", "nc"))
    for file in (table, whole, groups):
        answer = vrest(*asked, "--swap", "Na", "--json", "-o", str(file))
        assert (answer.code, answer.json["warnings"]) == (0, [])
    (branch,) = answer.json["result"]["branches"]
    assert answer.json["result"]["companion"] == "swap Na"
    assert branch["v"][0] != alone["result"]["branches"][0]["v"][0]
    lines = [line.split(",") for line in table.read_text().splitlines() if not line.startswith("#")]
    assert lines[0][:3] == ["branch", "compartments.outside.ions.K swap Na (mM)", "V (mV)"]
    assert [float(line[2]) for line in lines[1:]] == branch["v"]
    assert json.loads(whole.read_text())["result"]["branches"] == [branch]
    data = xr.open_dataset(groups, engine="h5netcdf")
    assert data["V"].values.tolist() == branch["v"]
    refused = vrest("bifurcation", "mammalian_neuron", "pump.max_rate", "0.5x", "1x", "--swap", "Na", "--json")
    assert (refused.code, refused.error) == (3, "bad_companion")
    assert vrest(*asked, "-o", str(tmp_path / "branches.xls"), "--json").error == "unknown_suffix"


def test_a_companion_goes_along_with_events_draws_and_steps(vrest):
    run = ("run", "mammalian_neuron", "--at", "1 s", "outside.K=12 mM", "--until", "2 s", "--points", "3", "--json")
    draws = ("population", "mammalian_neuron", "--vary", "outside.K ~ uniform(3, 8)", "-n", "4", "--json")
    steps = ("sensitivity", "mammalian_neuron", "--over", "outside.K", "--of", "V", "--json")
    for asked in (run, draws, steps):
        assert [w["code"] for w in vrest(*asked).json["warnings"]] == ["bath_not_neutral"]
        assert vrest(*asked, "--swap", "Na").json["warnings"] == []
