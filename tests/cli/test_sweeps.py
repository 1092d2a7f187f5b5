"""Lists and ranges in the calculators: as many answers as values, each that of the value alone."""

import csv

import pytest

ION = {"K": ("140", "5", "1"), "Na": ("15", "145", "0.04")}
VALUES = {"2.5, 5, 10": ["2.5", "5", "10"], "1:100:log:3": ["1", "10", "100"], "2:10:lin:3": ["2", "6", "10"]}


def ions(**changed):
    """`--ion` of K and Na."""
    found = []
    for name, row in ION.items():
        row = list(row)
        for at, text in changed.get(name, {}).items():
            row[at] = text
        found += ["--ion", name, *row]
    return found


COMMANDS = {
    "nernst outside": lambda text: ("nernst", "K", "--inside", "140", "--outside", text),
    "nernst inside": lambda text: ("nernst", "K", "--inside", text, "--outside", "5"),
    "nernst celsius": lambda text: ("nernst", "K", "--inside", "140", "--outside", "5", "--celsius", text),
    "ghk outside": lambda text: ("ghk", *ions(K={1: text})),
    "ghk permeability": lambda text: ("ghk", *ions(Na={2: text})),
    "ghk celsius": lambda text: ("ghk", *ions(), "--celsius", text),
    "mullins-noda inside": lambda text: ("mullins-noda", *ions(Na={0: text})),
    "mullins-noda ratio": lambda text: ("mullins-noda", *ions(), "--pump-ratio", text),
}


PAIRS = [(command, text) for command in COMMANDS for text in VALUES if not ("celsius" in command and "log" in text)]


@pytest.mark.parametrize(("command", "text"), PAIRS)
def test_a_sweep_is_each_value_alone(vrest, tmp_path, command, text):
    key = "E" if command.startswith("nernst") else "v"
    file = tmp_path / "sweep.csv"
    swept = vrest(*COMMANDS[command](text), "--json", "-o", str(file))
    assert swept.code == 0, swept.err + swept.out
    alone = [vrest(*COMMANDS[command](value), "--json").json["result"][key] for value in VALUES[text]]
    assert swept.json["result"][key] == pytest.approx(alone, rel=1e-12)
    rows = list(csv.reader(line for line in file.read_text().splitlines() if line[0] != "#"))
    column = rows[0].index("E (mV)" if key == "E" else "V (mV)")
    assert [float(row[column]) for row in rows[1:]] == swept.json["result"][key]
    assert [float(row[0]) for row in rows[1:]] == pytest.approx([float(value) for value in VALUES[text]], rel=1e-12)
    said = vrest(*COMMANDS[command](text))
    assert said.out.count("\n") >= 5
    assert "nan" not in said.out


def test_units_of_permeabilities_and_concentrations(vrest):
    relative = vrest("ghk", *ions(K={2: "1, 10"}), "--json").json["result"]["v"]
    units = vrest("ghk", *ions(K={2: "1e-6 cm/s, 1e-5 cm/s"}, Na={2: "4e-8 cm/s"}), "--json").json["result"]["v"]
    assert units == pytest.approx(relative, rel=1e-12)
    molar = vrest("nernst", "Ca", "--inside", "100 nM, 1 uM", "--outside", "1.2 mM", "--json").json
    plain = vrest("nernst", "Ca", "--inside", "1e-4, 1e-3", "--outside", "1.2", "--json").json
    assert molar["result"]["E"] == pytest.approx(plain["result"]["E"], rel=1e-12)
    assert molar["inputs"]["inside"] == [1e-4, 1e-3]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nernst", "K", "--inside", "140", "--outside", "2,5"), "decimal_comma"),
        (("nernst", "K", "--inside", "1, 2", "--outside", "1, 2, 3"), "bad_shape"),
        (("nernst", "K", "--inside", "140", "--outside", "0:5"), "undefined"),
        (("nernst", "K", "--inside", "140", "--outside", "1 mM:5"), "mixed_units"),
        (("nernst", "K", "--inside", "140", "--outside", "1:5", "--celsius", "10:20:log"), "bad_range"),
        (("ghk", *ions(K={2: "1,5"})), "decimal_comma"),
        (("ghk", *ions(K={2: "1 mM, 2 mM"})), "wrong_unit"),
        (("mullins-noda", *ions(), "--ion", "Cl", "7", "110", "0.45"), "not_in_equation"),
        (("mullins-noda", *ions(), "--pump-ratio", "0:2"), "out_of_range"),
    ],
)
def test_sweeps_that_make_no_sense_are_refused(vrest, arguments, code):
    answer = vrest(*arguments, "--json")
    assert (answer.code, answer.error) == (3, code)


def test_mullins_noda_says_what_the_pump_adds(vrest):
    said = vrest("mullins-noda", *ions())
    assert "V = -73.82 mV" in said.out
    assert "-68.59 mV" in said.out
    assert "-5.23 mV" in said.out
    found = vrest("mullins-noda", *ions(), "--json").json["result"]
    assert found["v"] - found["ghk"] == found["pump_part"]
