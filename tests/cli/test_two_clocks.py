"""`vrest instant` and `vrest settled`: a change of a resting cell, at once and in the end, and what is refused."""

import math
import re

import pytest

import vrest as package

ENVELOPE = {"result", "units", "inputs", "cell", "temperature", "version", "warnings"}
READ = {"v", "E", "concentrations", "volumes", "exchange_currents", "atp_per_second"}
RAISED = ("mammalian_neuron", "--set", "outside.K=12 mM", "--swap", "Na")
MV_PER_E = 1e3 * 8.31446261815324 * 310.15 / 96485.33212331001


def close(a, b, tolerance):
    return abs(a - b) < tolerance


@pytest.fixture(scope="module")
def settled(vrest):
    return vrest("settled", *RAISED, "--json")


def test_instant(vrest):
    answer = vrest("instant", *RAISED, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.json) == ENVELOPE
    result = answer.json["result"]
    assert set(result) == set(answer.json["units"]) == {"changes", "before", "at_once", "others", "why"}
    assert set(result["before"]) == set(result["at_once"]) == READ
    assert answer.json["units"]["at_once"]["v"] == answer.json["units"]["others"] == "mV"
    assert result["changes"] == ["outside.K=12 mM swap Na"]
    assert result["others"] == []
    before, now = result["before"], result["at_once"]
    assert close(before["v"], -70, 1e-9)
    assert close(now["v"], package.instant("mammalian_neuron", "outside.K=12 mM swap Na").v, 1e-9)
    assert now["concentrations"]["inside"] == before["concentrations"]["inside"]
    assert now["volumes"] == before["volumes"]
    assert now["concentrations"]["outside"] == {"K": 12.0, "Na": 138.0, "Cl": 110.0}
    assert close(now["E"]["K"], MV_PER_E * math.log(12 / 140), 1e-9)


def test_settled_is_the_rest_after_the_change(vrest, settled):
    assert (settled.code, settled.err) == (0, "")
    assert set(settled.json) == ENVELOPE
    result = settled.json["result"]
    assert set(settled.json["units"]) == set(result)
    assert settled.json["units"]["slowest_time_constant"] == "s"
    instant = vrest("instant", *RAISED, "--json").json["result"]
    assert (result["before"], result["at_once"]) == (instant["before"], instant["at_once"])
    rest = vrest("rest", *RAISED, "--json").json["result"]
    assert (result["outcome"], result["reason"]) == (rest["outcome"], rest["reason"])
    assert close(result["settled"]["v"], rest["v_rest"], 1e-9)
    for ion, c in rest["concentrations"]["inside"].items():
        assert result["settled"]["concentrations"]["inside"][ion] == pytest.approx(c, rel=1e-9)
    assert result["slowest_time_constant"] == pytest.approx(rest["slowest_time_constant"], rel=1e-6)


def test_both_are_where_the_motion_goes(vrest, settled):
    """After a second the membrane is charged and contents have hardly moved; after a day all is over."""
    run = vrest(
        *("run", "mammalian_neuron", "--from-rest", "--at", "0 s", "outside.K=12 mM swap Na"),
        *("--until", "1 d", "--log", "--json"),
    ).json["result"]
    after_a_second = next(v for t, v in zip(run["time"], run["v"], strict=True) if t >= 1.0)
    result = settled.json["result"]
    assert close(after_a_second, result["at_once"]["v"], 0.05)
    assert not close(after_a_second, result["settled"]["v"], 1.0)
    assert close(run["v"][-1], result["settled"]["v"], 1e-6)
    assert run["moments"][-1]["volumes"]["inside"] == pytest.approx(result["settled"]["volumes"]["inside"], rel=1e-8)


def test_for_people(vrest):
    at_once, later = vrest("instant", *RAISED), vrest("settled", *RAISED)
    assert at_once.err == later.err == ""
    for spoken in (at_once.out, later.out):
        assert spoken.startswith("mammalian_neuron at 37 degC: outside.K=12 mM swap Na\n")
        assert re.search(r"before +at once", spoken)
        assert re.search(r"E_K mV +-89\.06 +-65\.66", spoken)
        assert "contents frozen" in spoken
    assert "vrest settled" in at_once.out
    assert re.search(r"K outside mM +5 +12 +12\n", re.sub(r" +\n", "\n", later.out))
    assert "Cl outside" not in later.out  # it stays
    assert "settled: rests. " in later.out
    assert "slowest time constant: " in later.out


@pytest.mark.parametrize(
    ("cell", "change"),
    [
        ("frog_skin", "pump.max_rate*=0.5"),
        ("edpr_2020", "soma.transports.pump.max_rate*=0.9"),
        ("mammalian_neuron", "pump.max_rate*=0"),
        ("mammalian_neuron", "K_leak.permeability=0"),
        ("wei_2014", "pump.max_rate*=0.9"),
        ("red_blood_cell", "temperature=25 degC"),
    ],
)
@pytest.mark.parametrize("command", ["instant", "settled"])
def test_tables_fit_a_terminal(vrest, command, cell, change):
    out = vrest(command, cell, "--set", change).out
    table = out[: out.index("at once: ")].splitlines()[1:]
    assert len(table) > 5
    assert max(map(len, table)) <= 80
    assert not re.search(r"-0(\.0+)?(?!\.?\d)|\bnan\b|…", out)


def test_several_changes_and_several_membranes(vrest):
    answer = vrest(
        *("settled", "frog_skin", "--set", "pump.max_rate*=0.5", "--set", "electrode.conductance=1 mS", "--json")
    )
    result = answer.json["result"]
    assert len(result["changes"]) == 2
    for moment in ("before", "at_once", "settled"):
        v = result[moment]["v"]
        assert close(v["basolateral"], v["apical"] + v["junction"], 1e-9)
    assert abs(result["at_once"]["v"]["junction"]) < 0.01 < abs(result["before"]["v"]["junction"])  # short-circuited
    changes = ["pump.max_rate*=0.5", "electrode.conductance=1 mS"]
    before, after = (package.rest("frog_skin", changed).exchange_currents["electrode"] for changed in ([], changes))
    fed = [result[moment]["exchange_currents"]["electrode"] for moment in ("before", "at_once", "settled")]
    assert [fed[0], fed[2]] == pytest.approx([before, after], abs=1e-6)
    clamped = 1e6 * result["at_once"]["v"]["junction"]  # 1 mS times mV, pA
    assert fed[1] == pytest.approx(-clamped, rel=1e-6)
    assert answer.json["units"]["at_once"]["exchange_currents"] == "pA"
    assert set(vrest("instant", "frog_skin", "--set", "pump.max_rate*=0.5", "--json").json["result"]["others"]) == {
        "apical",
        "basolateral",
        "junction",
    }


def test_it_starts_from_rest_and_says_so(vrest):
    answer = vrest("instant", "wei_2014", "--set", "pump.max_rate*=0.9", "--json").json
    rest = package.rest("wei_2014")
    assert close(answer["result"]["before"]["v"], rest.v_rest, 1e-9)
    expected = package.instant(rest.as_cell(), "pump.max_rate*=0.9")
    assert answer["result"]["at_once"]["v"] == pytest.approx(expected.v, abs=1e-9)
    assert answer["result"]["others"] == pytest.approx(expected.others, abs=1e-6)
    (remark,) = [w for w in answer["warnings"] if w["code"] == "not_at_rest"]
    assert "-79.00 mV" in remark["message"]
    assert f"{rest.v_rest:.2f} mV" in remark["message"]
    spoken = vrest("instant", "wei_2014", "--set", "pump.max_rate*=0.9")
    assert "no net current at V = " in spoken.out
    assert vrest("instant", *RAISED, "--json").json["warnings"] == []


def test_warnings_are_of_the_changed_cell(vrest):
    for command in ("instant", "settled"):
        answer = vrest(command, "mammalian_neuron", "--set", "outside.K=12 mM", "--json")
        assert [w["code"] for w in answer.json["warnings"]] == ["bath_not_neutral"]


def test_what_settled_saves_rests_there(vrest, tmp_path, settled):
    saved = tmp_path / "settled.toml"
    assert vrest("settled", *RAISED, "-o", str(saved), "--quiet").code == 0
    again = vrest("rest", str(saved), "--json").json["result"]
    assert close(again["v_rest"], settled.json["result"]["settled"]["v"], 1e-9)
    piped = vrest("instant", "-", "--set", "outside.K=5 mM", "--json", stdin=saved.read_text(encoding="utf-8"))
    assert close(piped.json["result"]["before"]["v"], again["v_rest"], 1e-9)


@pytest.mark.parametrize("change", ["pump.max_rate*=0.5", "pump.max_rate*=0", "K_leak.permeability=0"])
@pytest.mark.parametrize("command", ["instant", "settled"])
def test_figures(vrest, tmp_path, command, change):
    figure = tmp_path / "figure.png"
    answer = vrest(command, "mammalian_neuron", "--set", change, "--plot", str(figure), "--json")
    assert answer.code == (4 if command == "settled" and change.startswith("K_leak") else 0)
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_a_cell_that_could_not_be_saved(vrest):
    answer = vrest("settled", *RAISED, "-o", "cell.txt", "--json")
    assert (answer.code, answer.error) == (3, "unknown_suffix")


def test_no_rest_after_the_change(vrest, tmp_path):
    saved = tmp_path / "settled.toml"
    lost = ("mammalian_neuron", "--set", "K_leak.permeability=0")
    answer = vrest("settled", *lost, "-o", str(saved), "--json")
    assert (answer.code, answer.error) == (4, "swells_without_limit")
    result = answer.json["result"]
    assert result["settled"] == dict.fromkeys(READ)
    assert result["slowest_time_constant"] is None
    assert result["at_once"] == vrest("instant", *lost, "--json").json["result"]["at_once"]
    assert not saved.exists()
    spoken = vrest("settled", *lost)
    assert spoken.code == 4
    assert "\nError: " in f"\n{spoken.err}"


def test_no_answer_at_once(vrest):
    """Potassium gone, a law with its logarithm has no rate; `settled` says how that ends and `instant` refuses."""
    gone = ("kay_2017", "--set", "outside.K=0 mM")
    answer = vrest("instant", *gone, "--json")
    assert (answer.code, answer.error) == (3, "undefined_rate")
    answer = vrest("settled", *gone, "--json")
    assert (answer.code, answer.error) == (4, "runs_out")
    assert answer.json["result"]["at_once"] == dict.fromkeys(READ)
    assert "undefined_rate" in [w["code"] for w in answer.json["warnings"]]
    pump_alone = ("mammalian_neuron", *(f"--set={ion}_leak.permeability=0" for ion in ("K", "Na", "Cl")))
    assert vrest("instant", *pump_alone, "--json").code == 4


def test_no_rest_before_the_change(vrest, tmp_path):
    cell = tmp_path / "swells.toml"
    cell.write_text(vrest("show", "mammalian_neuron", "--set", "K_leak.permeability=0", "--toml").out, encoding="utf-8")
    for command in ("instant", "settled"):
        answer = vrest(command, str(cell), "--set", "outside.K=12 mM", "--json")
        assert (answer.code, answer.error) == (4, "swells_without_limit")
        assert "before the change" in answer.json["error"]["message"]


def test_a_cell_without_an_ion(vrest, tmp_path):
    """No Na+ is left at rest: no E_Na, and the last of an ion goes more slowly than any exponential."""
    cell = tmp_path / "tight.toml"
    cell.write_text(vrest("show", "mammalian_neuron", "--set", "Na_leak.permeability=0", "--toml").out, "utf-8")
    for command in ("instant", "settled"):
        answer = vrest(command, str(cell), *RAISED[1:], "--json")
        assert answer.code == 0
        assert "not_at_rest" in [w["code"] for w in answer.json["warnings"]]
        assert answer.json["result"]["at_once"]["E"]["Na"] is None
        spoken = vrest(command, str(cell), *RAISED[1:])
        assert not re.search(r"nan|inf\b", spoken.out + spoken.err)
    assert "slowest time constant: none: algebraic" in spoken.out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        ([], 2, "missing_argument"),
        (["mammalian_neuron"], 2, "missing_argument"),
        (["mammalian_neuron", "--swap", "Na"], 2, "missing_argument"),
        (["mammalian_neuron", "--set", "outside.K=12 mM", "--swap", "Na", "--with", "Cl"], 2, "usage"),
        (["mammalian_neron", "--set", "outside.K=12 mM"], 3, "unknown_cell"),
        (["mammalian_neuron", "--set", "outsde.K=12 mM"], 3, "unknown_path"),
        (["mammalian_neuron", "--set", "outside.K=12 mV"], 3, "wrong_unit"),
        (["mammalian_neuron", "--set", "pump.max_rate*=2", "--swap", "Na"], 3, "bad_companion"),
        (["mammalian_neuron", "--set", "inside.K=130 mM"], 3, "fixed_at_start"),
        (["mammalian_neuron", "--set", "outside.K=12 mM", "--plot", "figure.jpg"], 3, "unknown_suffix"),
    ],
)
@pytest.mark.parametrize("command", ["instant", "settled"])
def test_bad_command_lines(vrest, command, arguments, exit_code, code):
    answer = vrest(command, *arguments, "--json")
    assert (answer.code, answer.error) == (exit_code, code)
    spoken = vrest(command, *arguments)
    assert (spoken.code, spoken.out) == (exit_code, "")
    assert spoken.err.startswith("Error: ")
