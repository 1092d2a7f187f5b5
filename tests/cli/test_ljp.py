"""`vrest ljp`: the sentence, the numbers, and what is wrong."""

import csv

import pytest
import xarray as xr

PIPETTE = """
name = "K-gluconate"
kind = "pipette"
temperature = "20 degC"
[ions]
K = "145 mM"
Na = "13 mM"
Cl = "10 mM"
gluconate = "145 mM"
Mg = "1 mM"
"HEPES(-1)" = "5 mM"
"""
BATH = """
name = "Ringer"
kind = "bath"
[ions]
K = "2.8 mM"
Na = "145 mM"
Cl = "148.8 mM"
Mg = "2 mM"
Ca = "1 mM"
"HEPES(-1)" = "5 mM"
"""
AMOUNTS = {"K": (145, 2.8), "Na": (13, 145), "Cl": (10, 148.8), "gluconate": (145, 0), "Mg": (1, 2), "Ca": (0, 1)}
AMOUNTS |= {"HEPES(-1)": (5, 5)}
IONS = [text for ion, sides in AMOUNTS.items() for text in ("--ion", ion, *map(str, sides))] + ["--celsius", "20"]
SAID = "You read -60.0 mV; the cell is at -76.0 mV (junction +16.0 ± "


@pytest.fixture
def files(tmp_path):
    paths = tmp_path / "pipette.toml", tmp_path / "bath.toml"
    for path, text in zip(paths, (PIPETTE, BATH), strict=True):
        path.write_text(text)
    return [str(path) for path in paths]


def test_two_files_and_a_reading_give_a_sentence(vrest, files):
    answer = vrest("ljp", *files, "--measured", "-60")
    assert answer.code == 0
    assert answer.out.startswith(SAID)
    assert answer.err == ""


def test_ions_of_the_command_line_are_the_same(vrest, files):
    ions, named = (vrest("ljp", *given, "--measured", "-60", "--json").json for given in (IONS, files))
    assert ions["result"]["ljp"] == pytest.approx(named["result"]["ljp"], abs=1e-9)
    assert named["result"]["said"][0] == f"{SAID}{named['result']['sd']:.1f} mV)."
    assert named["temperature"] == 20.0
    assert named["units"]["ljp"] == named["units"]["v"] == "mV"
    assert named["result"]["v"] == [pytest.approx(-60.0 - named["result"]["ljp"])]
    assert {ion["ion"] for ion in named["result"]["ions"]} == {"K", "Na", "Cl", "gluconate", "Mg", "Ca", "HEPES(-1)"}


@pytest.mark.parametrize("text", ["-60, -62.5", "−60, −62.5 ", "-60 mV, -0.0625 V", "-60"])
def test_readings_are_saved_beside_what_they_become(vrest, tmp_path, text):
    saved = tmp_path / "v.csv"
    assert vrest("ljp", *IONS, "--measured", text, "-o", str(saved)).code == 0
    rows = list(csv.DictReader(line for line in saved.read_text().splitlines() if not line.startswith("#")))
    several = slice(1 + text.count(","))
    assert [float(row["read (mV)"]) for row in rows] == pytest.approx([-60.0, -62.5][several])
    assert [float(row["V (mV)"]) for row in rows] == pytest.approx([-76.04, -78.54][several], abs=0.01)


def test_the_profile_is_saved_too(vrest, tmp_path):
    saved = tmp_path / "junction.nc"
    answer = vrest("ljp", *IONS, "-o", str(saved), "--json").json
    with xr.open_dataset(saved, group="Profile", engine="h5netcdf") as profile:
        ends = profile["potential"].values[[0, -1]]
        assert ends[1] - ends[0] == pytest.approx(answer["result"]["ljp"])
        assert profile["Na"].values[[0, -1]] == pytest.approx([13.0, 145.0])
    with xr.open_dataset(saved, group="What_is_taken_off_a_reading", engine="h5netcdf") as taken:
        assert taken["taken_off"].values[0] == answer["result"]["ljp"]


def test_readings_of_a_file(vrest, tmp_path):
    readings = tmp_path / "vm.csv"
    readings.write_text("Vm (mV)\n-60\n-62.5\n")
    assert vrest("ljp", *IONS, "--measured", str(readings), "--json").json["result"]["read"] == [-60.0, -62.5]
    piped = vrest("ljp", *IONS, "--measured", "-", "--json", stdin="Vm (mV)\n-60\n-62.5\n")
    assert piped.json["result"]["read"] == [-60.0, -62.5]
    readings.write_text("Vm,Ko\n-60,3\n")
    assert vrest("ljp", *IONS, "--measured", str(readings), "--json").error == "bad_table"


def test_a_changed_bath_is_a_line_of_its_own(vrest, files, tmp_path):
    low = tmp_path / "low.toml"
    low.write_text(BATH.replace("148.8", "8.8") + 'gluconate = "140 mM"\n')
    answer = vrest("ljp", *files, "--new-bath", str(low), "--reference", "3 M KCl", "--measured", "-60", "--json")
    result = answer.json["result"]
    assert [shift["name"][:31] for shift in result["shifts"]] == ["junction of the bridge (3 M KCl"]
    assert result["off"] == pytest.approx(result["ljp"] + result["shifts"][0]["potential"])
    assert vrest("ljp", *files, "--new-bath", str(low), "--json").error == "no_reference"
    pellet = vrest("ljp", *files, "--new-bath", str(low), "--pellet", "--json").json["result"]
    assert pellet["off"] == pytest.approx(pellet["ljp"] - 71.44, abs=0.01)


def test_warnings_are_beside_the_answer(vrest, files):
    answer = vrest("ljp", *files[::-1], "--config", "inside-out", "--measured", "-60")
    assert (answer.code, answer.err) == (0, "")
    unsaid = [each for each in IONS if each not in ("--celsius", "20")]
    assert "25 degC is taken" in " ".join(vrest("ljp", *unsaid).err.split())
    assert vrest("ljp", *unsaid, "--quiet").err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ([], 2, "missing_argument"),
        (["acsf"], 2, "missing_argument"),
        (["--ion", "K", "5", "--json"], 2, "missing_argument"),
        (["acsf", *IONS], 2, "usage"),
        ([*IONS, "--config", "wholecell"], 3, "unknown_configuration"),
        ([*IONS, "--measured", "-60,5"], 3, "decimal_comma"),
        ([*IONS, "--method", "henderson", "--activity", "davies"], 3, "henderson_activity"),
        (["--ion", "Xx", "1", "1"], 3, "unknown_ion"),
        ([*IONS, "--ion", "K", "1", "1"], 3, "duplicate_ion"),
        ([*IONS, "--plot", "a.gif"], 3, "unknown_suffix"),
        (["nowhere.toml", "acsf"], 3, "no_file"),
    ],
)
def test_what_is_refused(vrest, arguments, code, error):
    answer = vrest("ljp", *arguments, "--json")
    assert (answer.code, answer.error) == (code, error)


def test_sides_that_are_swapped_are_refused(vrest, files):
    answer = vrest("ljp", *files[::-1])
    assert answer.code == 3
    assert "'Ringer', is a bath" in answer.err


def test_a_figure(vrest, tmp_path):
    figure = tmp_path / "junction.svg"
    assert vrest("ljp", *IONS, "--measured", "-60", "--plot", str(figure), "--style", "paper").code == 0
    assert "before the seal" in figure.read_text()


def test_an_ion_table_of_ljpcalc_is_both_sides(vrest, tmp_path):
    table = tmp_path / "table.txt"
    sides = {**AMOUNTS, "HEPES": AMOUNTS["HEPES(-1)"]}
    charges = {"K": (1, 73.5), "Na": (1, 50.11), "Cl": (-1, 76.31), "gluconate": (-1, 24.255), "Mg": (2, 53.06)}
    charges |= {"Ca": (2, 59.5), "HEPES": (-1, 22.05)}
    rows = [(ion, *charges[ion], *sides[ion]) for ion in charges]
    table.write_text("".join(f"ion: {', '.join(map(str, row))}\n" for row in rows) + "temperatureC: 20\n")
    whole = vrest("ljp", str(table), "--measured", "-60", "--json").json["result"]
    assert whole["ljp"] == pytest.approx(vrest("ljp", *IONS, "--json").json["result"]["ljp"], abs=1e-9)
    named = vrest("ljp", f"{table}:pipette", f"{table}:bath", "--measured", "-60", "--json").json["result"]
    assert named == whole
    assert vrest("ljp", str(tmp_path / "none.txt")).code == 2
    slow = tmp_path / "slow.txt"
    slow.write_text("ion: Na, 1, 25, 140, 14\nion: Cl, -1, 76.31, 140, 14\n")
    told = [each["code"] for each in vrest("ljp", str(slow), "--json").json["warnings"]]
    assert told.count("other_mobility") == 1
