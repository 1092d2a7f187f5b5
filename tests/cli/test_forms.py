"""The command lines that people are told to type."""

import json

import numpy as np
import pytest

ENVELOPE = {"result", "units", "inputs", "cell", "temperature", "version", "warnings"}
GHK = ["--ion", "K", "140", "5", "1", "--ion", "Na", "15", "145", "0.04", "--ion", "Cl", "7", "110", "0.45"]


def shape(value):
    """The keys of a nested result."""
    return {k: shape(v) if isinstance(v, dict) else None for k, v in value.items()}


def test_nernst(vrest):
    answer = vrest("nernst", "K", "--inside", "140", "--outside", "5", "--celsius", "37", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.json) == ENVELOPE
    assert round(answer.json["result"]["E"], 2) == -89.06
    assert answer.json["units"] == {"E": "mV"}
    assert answer.json["inputs"] == {
        "ion": "K",
        "valence": 1,
        "inside": 140.0,
        "outside": 5.0,
        "celsius": 37.0,
        "output": None,
    }


def test_nernst_for_people(vrest):
    answer = vrest("nernst", "K", "--inside", "140", "--outside", "5")
    assert answer.out == "E = -89.06 mV   (K+: 140 mM inside, 5 mM outside, 37 degC)\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["Ca", "--inside", "100 nM", "--outside", "1.2 mM", "--celsius", "25"], 120.66),
        (["--valence", "-2", "--inside", "0.5", "--outside", "1", "--celsius", "20"], -8.76),
        (["--valence", "−2", "--inside", "0.5", "--outside", "1", "--celsius", "293.15 K"], -8.76),
        (["K", "--inside", "0.14 mol/dm^3", "--outside", "5000 uM"], -89.06),
        (["K", "--inside", "140", "--outside", "5", "--celsius", "-5"], -77.0),
        (["K", "--inside", "140", "--outside", "5", "--celsius", "−5"], -77.0),
        (["+1", "--inside", "140", "--outside", "5"], -89.06),
    ],
)
def test_nernst_reads_units_and_signs(vrest, arguments, expected):
    answer = vrest("nernst", *arguments, "--json")
    assert answer.json["result"]["E"] == pytest.approx(expected, abs=0.006)


def test_ghk(vrest):
    answer = vrest("ghk", *GHK, "--celsius", "37", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.json) == ENVELOPE
    result = answer.json["result"]
    assert round(result["v"], 2) == -69.81
    assert round(result["E"]["Cl"], 2) == -73.62
    assert sum(result["slope_shares"].values()) == pytest.approx(1)
    assert sum(share["depolarising"] for share in result["ghk_shares"].values()) == pytest.approx(1)
    assert "V = -69.81 mV" in vrest("ghk", *GHK).out


def test_ghk_with_a_divalent_ion(vrest):
    answer = vrest("ghk", "--ion", "K", "140", "5", "1", "--ion", "Ca", "0.0001", "1.5", "1", "--json")
    assert answer.json["result"]["v"] == pytest.approx(-69.03, abs=0.005)
    assert answer.json["result"]["ghk_shares"] is None


def test_swapped_sides_are_remarked(vrest):
    answer = vrest("nernst", "K", "--inside", "5", "--outside", "140", "--json")
    assert [w["code"] for w in answer.json["warnings"]] == ["sides_look_swapped"]
    spoken = vrest("nernst", "K", "--inside", "5", "--outside", "140")
    assert spoken.out.startswith("E = 89.06 mV")
    assert "swapped" in spoken.err
    assert vrest("nernst", "K", "--inside", "5", "--outside", "140", "--quiet").err == ""
    one_of_two = vrest("ghk", "--ion", "K", "5", "140", "1", "--ion", "Na", "15", "145", "0.1", "--json")
    assert one_of_two.json["warnings"] == []


def test_rest(vrest):
    answer = vrest("rest", "mammalian_neuron", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.json) == ENVELOPE
    result = answer.json["result"]
    assert (result["outcome"], result["stable"]) == ("rests", True)
    assert abs(result["v_rest"] + 70) < 1e-9
    assert result["concentrations"]["inside"]["Na"] == pytest.approx(15)
    assert result["E"]["K"] == pytest.approx(-89.0587, abs=1e-4)
    assert result["slowest_time_constant"] > 0
    assert result["atp_per_second"] > 0
    assert result["residual_mV"] < 1e-6
    assert set(result["residual_mM_per_min"]["inside"]) == {"K", "Na", "Cl"}
    assert set(answer.json["units"]) == set(result)
    assert answer.json["cell"] == "mammalian_neuron"
    assert answer.json["temperature"] == 37.0


def test_rest_for_people(vrest):
    answer = vrest("rest", "mammalian_neuron")
    assert "V = -70.00 mV" in answer.out
    assert "-89.06" in answer.out
    assert answer.err == ""


def test_set_warns_of_a_charged_bath_and_companions_avoid_it(vrest):
    alone = vrest("rest", "mammalian_neuron", "--set", "outside.K=12 mM", "--json").json
    assert [w["code"] for w in alone["warnings"]] == ["bath_not_neutral"]
    assert alone["result"]["concentrations"]["outside"] == {"K": 12.0, "Na": 145.0, "Cl": 110.0}
    swapped = vrest("rest", "mammalian_neuron", "--set", "outside.K=12 mM", "--swap", "Na", "--json").json
    assert swapped["warnings"] == []
    assert swapped["result"]["concentrations"]["outside"] == {"K": 12.0, "Na": 138.0, "Cl": 110.0}
    salt = vrest("rest", "mammalian_neuron", "--set", "outside.K=12 mM", "--with", "Cl", "--json").json
    assert salt["warnings"] == []
    assert salt["result"]["concentrations"]["outside"] == {"K": 12.0, "Na": 145.0, "Cl": 117.0}
    spoken = vrest("rest", "mammalian_neuron", "--set", "outside.K=12 mM")
    assert "--swap" in spoken.err
    assert spoken.code == 0


def test_companions_go_only_to_changes_of_a_bath(vrest):
    answer = vrest(
        *("rest", "mammalian_neuron", "--set", "outside.K=12 mM", "--set", "pump.max_rate*=1.1"),
        *("--swap", "Na", "--json"),
    )
    assert answer.code == 0
    idle = vrest("rest", "mammalian_neuron", "--set", "pump.max_rate*=1.1", "--swap", "Na", "--json")
    assert (idle.code, idle.error) == (3, "bad_companion")
    both = vrest("rest", "mammalian_neuron", "--swap", "Na", "--with", "Cl", "--json")
    assert (both.code, both.error) == (2, "usage")


def test_rest_of_a_file_of_standard_input_and_of_what_was_settled(vrest, tmp_path):
    text = vrest("show", "mammalian_neuron", "--toml").out
    mine, settled = tmp_path / "my_cell.toml", tmp_path / "settled.toml"
    mine.write_text(text, encoding="utf-8")
    first = vrest("rest", str(mine), "--set", "outside.K=8 mM", "--swap", "Na", "-o", str(settled), "--json").json
    again = vrest("rest", str(settled), "--json").json
    assert again["result"]["v_rest"] == pytest.approx(first["result"]["v_rest"], abs=1e-9)
    assert again["result"]["volumes"] == pytest.approx(first["result"]["volumes"], rel=1e-12)
    piped = vrest("rest", "-", "--json", stdin=settled.read_text(encoding="utf-8")).json
    assert piped["result"] == again["result"]


@pytest.mark.parametrize(
    ("cell", "change", "outcome"),
    [
        ("mammalian_neuron", "K_leak.permeability=0", "swells_without_limit"),
        ("kay_2017", "outside.K=0 mM", "runs_out"),
    ],
)
def test_no_rest_gives_both_the_result_and_the_error(vrest, tmp_path, cell, change, outcome):
    settled, figure = tmp_path / "settled.toml", tmp_path / "ladder.png"
    arguments = ("rest", cell, "--set", change, "-o", str(settled), "--plot", str(figure))
    answer = vrest(*arguments, "--json")
    assert (answer.code, answer.error) == (4, outcome)
    assert answer.json["result"]["outcome"] == outcome
    assert answer.json["result"]["v_rest"] is None
    assert set(answer.json["units"]) == set(answer.json["result"])
    spoken = vrest(*arguments)
    assert spoken.code == 4
    assert outcome.replace("_", " ") in spoken.out
    assert "\nError: " in f"\n{spoken.err}"
    assert not list(tmp_path.iterdir())
    for command in ("explain", "run"):
        more = ("--from-rest",) if command == "run" else ()
        other = vrest(command, cell, "--set", change, *more, "--json")
        assert (other.code, other.error) == (4, outcome)


def test_a_run_down_rest_is_a_rest(vrest):
    answer = vrest("rest", "mammalian_neuron", "--set", "pump.max_rate*=0", "--json")
    assert (answer.code, answer.json["result"]["outcome"]) == (0, "rests_run_down")


def test_run_and_its_repetition(vrest, tmp_path):
    import xarray as xr

    first, again, table = (str(tmp_path / name) for name in ("run.nc", "again.nc", "run.csv"))
    answer = vrest(
        *("run", "mammalian_neuron", "--at", "5 min", "transports.pump.max_rate*=0"),
        *("--at", "25 min", "transports.pump.max_rate=restore", "--until", "2 h", "-o", first, "--json"),
    )
    assert (answer.code, answer.err) == (0, "")
    result = answer.json["result"]
    assert [moment["time"] for moment in result["moments"]] == [0.0, 300.0, 1500.0, 7200.0]
    assert result["moments"][2]["v"] > -60
    assert result["moments"][3]["v"] == pytest.approx(-70, abs=0.1)
    assert len(result["time"]) == len(result["v"])
    assert set(answer.json["units"]) == set(result)
    assert vrest("run", "--from", first, "-o", again, "--json").code == 0
    with xr.open_dataset(first, engine="h5netcdf") as a, xr.open_dataset(again, engine="h5netcdf") as b:
        assert a.identical(b)
        assert np.array_equal(a.v.values, np.array(result["v"]))
    assert vrest("run", "--from", first, "-o", table, "--quiet").code == 0
    with open(table, encoding="utf-8") as file:
        assert file.readline().startswith("time_s,v_mV,K_outside_mM,K_inside_mM,")


def test_run_options(vrest, tmp_path):
    answer = vrest(
        *("run", "mammalian_neuron", "--set", "outside.K=8 mM", "--swap", "Na", "--from-rest", "--until", "1 min"),
        *("--points", "20", "--log", "--rtol", "1e-6", "--json"),
    ).json
    v = answer["result"]["v"]
    assert answer["inputs"]["rtol"] == 1e-6
    assert answer["result"]["time"][1] == pytest.approx(1e-6)
    assert max(v) - min(v) < 1e-5
    assert vrest("run", "mammalian_neuron", "--until", "1 min", "--points", "5").out.startswith("Run of 'mammalian")


def test_explain(vrest):
    answer = vrest("explain", "mammalian_neuron", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.json) == ENVELOPE
    assert set(answer.json["units"]) == set(answer.json["result"])
    assert answer.json["units"]["ions"]["E"] == "mV"
    assert "-70.00" in vrest("explain", "mammalian_neuron").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["rest", "mammalian_neuron"],
        ["explain", "mammalian_neuron"],
        ["run", "mammalian_neuron", "--until", "1 min", "--points", "5"],
    ],
)
def test_figures(vrest, tmp_path, arguments):
    figure = tmp_path / "figure.png"
    assert vrest(*arguments, "--plot", str(figure)).code == 0
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_show_lists_every_gating(vrest):
    from vrest.model.gating import GATINGS, about

    text, body = vrest("show", "--gatings").out, vrest("show", "--gatings", "--json").json["result"]["gatings"]
    assert list(body) == list(GATINGS)
    for name, kind in GATINGS.items():
        assert f"\n{name} (" in text
        assert " ".join(about(kind).split()) in " ".join(text.split())
    assert body["edpr_ca"]["open"] == "s^2 z"
    assert body["edpr_ca"]["source"] == ["Saetra et al. 2020"]


def test_show(vrest):
    listed = vrest("show", "--json").json["result"]["library"]
    assert listed["mammalian_neuron"].startswith("A mammalian neuron")
    assert "squid_axon" in vrest("show").out
    shown = vrest("show", "mammalian_neuron", "--sources")
    assert "hille" in shown.out
    assert "membranes.neuron.transports.pump.max_rate" in shown.out
    body = vrest("show", "mammalian_neuron", "--json").json
    assert vrest("show", "mammalian_neuron", "--bibtex").out == body["result"]["bibtex"] + "\n"
    assert body["result"]["bibtex"].startswith("@misc{vrest,")
    assert "@article{Kager2000," in body["result"]["bibtex"]
    assert body["result"]["values"]["compartments.outside.ions.K"] == 5.0
    assert body["units"]["values"]["compartments.outside.ions.K"] == "mM"
    assert set(body["units"]["values"]) == set(body["result"]["values"])
    assert set(body["units"]) == set(body["result"])
    assert body["result"]["solved"]["compartments.inside.impermeant.valence"] == pytest.approx(-1.073, abs=1e-3)


def test_schema(vrest):
    schema = json.loads(vrest("show", "--schema").out)
    assert {"name", "compartments", "membranes"} <= set(schema["properties"])


def test_doctor(vrest, monkeypatch):
    answer = vrest("doctor", "--json")
    assert answer.code == 0
    assert answer.json["result"]["self_check"]["passed"] is True
    assert "Self-check passed" in vrest("doctor").out
    cache = answer.json["result"]["cache"]
    assert cache["used"] is cache["writable"] is True
    assert cache["entries"] > 0
    assert cache["size"] > 0
    assert answer.json["units"]["cache"]["size"] == "B"
    monkeypatch.setattr("vrest.cli.doctor.EXPECTED", -69.0)
    failed = vrest("doctor", "--json")
    assert failed.code == 5
    assert failed.json["result"]["self_check"]["passed"] is False
    assert "FAILED" in vrest("doctor").out


def test_version_and_help(vrest):
    assert vrest("--version").out.startswith("vrest 0.")
    for arguments in ([], ["-h"], ["--help"]):
        assert vrest(*arguments).code == 0
        assert "Examples:" in vrest(*arguments).out
    for command in ("nernst", "ghk", "rest", "instant", "settled", "run", "explain", "show", "doctor"):
        text = vrest(command, "--help").out
        assert text.index("Examples:") < text.index("Options")
        assert command in vrest("--help").out


@pytest.mark.parametrize("verb", ["bifurcation", "curve"])
@pytest.mark.parametrize("text", ["-80 mol/h", "-19.18h", "-.5 o", "-1 Mohm", "-80 mV"])
def test_a_negative_number_is_no_option(vrest, verb, text):
    """Its unit may have the letters of options, as in -o or -h."""
    answer = vrest(verb, "mammalian_neuron", "temperature", text, text, "--json")
    assert answer.code == 3
    assert answer.json["error"]["code"] in ("wrong_unit", "unknown_unit")
