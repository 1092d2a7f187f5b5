"""Where a run begins, at which times it is told, and all rests of a cell in files."""

import csv

import pytest

import vrest as package

CELL = "dijkstra_2016"


@pytest.fixture(scope="module")
def rests():
    return package.rest_all(CELL)


@pytest.mark.library
def test_a_run_begins_at_the_rest_of_a_number(vrest, rests):
    assert len(rests) == 3
    for number, expected in enumerate(rests, 1):
        answer = vrest("run", CELL, "--from-rest", str(number), "--times", "0, 1 ms", "--json")
        assert answer.code == 0, answer.err
        assert answer.json["result"]["v"][0] == pytest.approx(expected.v_rest, abs=1e-9)
        assert answer.json["inputs"]["from_rest"] == number


@pytest.mark.parametrize("number", [*(pytest.param(n, marks=pytest.mark.library) for n in "04"), "1.5", "two"])
def test_a_number_of_no_rest_is_refused(vrest, number):
    answer = vrest("run", CELL, f"--from-rest={number}", "--until", "1 ms", "--json")
    assert answer.code == 3
    assert answer.error in ("no_such_rest", "not_a_number")


def test_without_a_number_it_is_the_rest_that_the_motion_leads_to(vrest):
    for arguments in (("--from-rest", "mammalian_neuron"), ("mammalian_neuron", "--from-rest")):
        answer = vrest("run", *arguments, "--until", "1 s", "--points", "3", "--json")
        assert answer.code == 0, answer.err
        assert answer.json["result"]["v"] == pytest.approx([-70.0] * 3, abs=1e-9)
        assert answer.json["inputs"]["from_rest"] is True


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("0, 1 s, 1 min", [0.0, 1.0, 60.0]),
        ("0:60:lin:4", [0.0, 20.0, 40.0, 60.0]),
        ("1 ms:1 s:log:4", [0.001, 0.01, 0.1, 1.0]),
        ("1 h", [3600.0]),
        ("0\n1 s, 2 s\n\n# a remark\n1 min  # the last\n", [0.0, 1.0, 2.0, 60.0]),
    ],
)
def test_it_is_told_at_the_times_that_are_asked_for(vrest, tmp_path, text, times):
    if "\n" in text:
        file = tmp_path / "times.txt"
        file.write_text(text, encoding="utf-8")
        text = str(file)
    answer = vrest("run", "mammalian_neuron", "--times", text, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["result"]["time"] == pytest.approx(times, rel=1e-12)
    assert answer.json["inputs"]["until"] == times[-1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--times", "5, 1"), "bad_times"),
        (("--times", "1 s, 0"), "bad_times"),
        (("--times", "0, 1, 1 min"), "mixed_units"),
        (("--times", "0,5"), "decimal_comma"),
        (("--times", "-1, 5"), "bad_times"),
        (("--times", "0, 5", "--until", "2"), "bad_times"),
        (("--times", "nowhere.txt"), "not_a_number"),
        (("--times", "0, 5", "--points", "3"), "usage"),
        (("--times", "0, 5", "--log"), "usage"),
    ],
)
def test_times_that_make_no_sense_are_refused(vrest, arguments, code):
    answer = vrest("run", "mammalian_neuron", *arguments, "--json")
    assert answer.code == (2 if code == "usage" else 3)
    assert answer.error == code or code == "usage"


def test_a_line_of_a_file_that_cannot_be_read_is_named(vrest, tmp_path):
    file = tmp_path / "times.txt"
    file.write_text("0\n1 s\nlater\n", encoding="utf-8")
    answer = vrest("run", "mammalian_neuron", "--times", str(file), "--json")
    assert (answer.code, answer.error) == (3, "not_a_number")
    assert "line 3" in answer.json["error"]["message"]
    file.write_text("# nothing\n", encoding="utf-8")
    assert vrest("run", "mammalian_neuron", "--times", str(file), "--json").error == "bad_times"


@pytest.mark.library
def test_few_times_are_printed_one_by_one_and_many_by_their_events(vrest):
    """V and a time a row; the numbers are those of --json."""
    few = ("run", "mammalian_neuron", "--set", "outside.K=8 mM", "--swap", "Na", "--times", "0, 1 s, 1 min", "--quiet")
    told = vrest(*few).out
    for when, v in zip(("0 s", "1 s", "1 min"), vrest(*few, "--json").json["result"]["v"], strict=True):
        assert any(line.strip().startswith(f"{when}  {v:.2f}  ") for line in told.splitlines())
    many = vrest("run", "mammalian_neuron", "--until", "1 min", "--quiet").out
    assert "Start, events and end" in many
    assert "At each time" not in many


def test_what_conserves_nothing_has_no_table_of_it(vrest):
    assert "Conserved totals" not in vrest("run", "hodgkin_huxley_1952", "--until", "1 ms", "--quiet").out
    assert "Conserved totals" in vrest("run", "mammalian_neuron", "--until", "1 ms", "--quiet").out


def test_all_rests_are_saved_as_a_table_or_as_cells(vrest, rests, tmp_path):
    table, cells = tmp_path / "all.csv", tmp_path / "state.toml"
    assert vrest("rest", CELL, "--all", "-o", str(table)).code == 0
    rows = list(csv.DictReader(line for line in table.read_text().splitlines() if line[0] != "#"))
    assert [int(row["number"]) for row in rows] == [1, 2, 3]
    assert [float(row["V (mV)"]) for row in rows] == [r.v_rest for r in rests]
    assert vrest("rest", CELL, "--all", "-o", str(cells)).code == 0
    assert not cells.exists()
    for number, expected in enumerate(rests, 1):
        cell = package.load(tmp_path / f"state-{number}.toml")
        assert package.simulate(cell, until="1 us", points=2).v[0] == pytest.approx(expected.v_rest, abs=1e-9)
        assert cell.contents("inside") == pytest.approx(expected.concentrations["inside"], rel=1e-9)


def test_a_companion_goes_along_with_a_ramp(vrest):
    run = ("run", "mammalian_neuron", "--until", "5 s", "--times", "5", "--json", "--at", "1 s")
    ramped = vrest(*run, "outside.K=12 mM over 2 s", "--swap", "Na").json
    assert ramped["warnings"] == []
    bath = ramped["result"]["moments"][-1]["concentrations"]["outside"]
    assert (bath["K"], bath["Na"]) == (12.0, 138.0)
    assert vrest(*run, "outside.K=12 mM swap Na over 2 s").json["result"] == ramped["result"]
