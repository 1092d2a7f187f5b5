"""`vrest solution`: what people read, what programs read, and what is refused."""

import csv

import pytest

from vrest.model.solution.solution import solution

RECIPE = """
name = "mine"
kind = "pipette"
temperature = "32 degC"
pH = 7.3
pH_temperature = "22 degC"
titrant = "KOH"
measured_osmolality = "291 mOsm/kg"
[reagents]
K-gluconate = "110 mM"
KCl = "20 mM"
HEPES = "10 mM"
EGTA = "1 mM"
"MgCl2.6H2O" = "2 mM"
Na2ATP = "2 mM"
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return str(path)


def words(text):
    return " ".join(text.split())


def test_people_read_what_the_titrant_brought_and_what_the_pH_became(vrest, recipe):
    answer = vrest("solution", recipe)
    made = solution(recipe)
    assert answer.code == 0
    assert answer.err == ""
    said = words(answer.out)
    assert said.startswith("mine (pipette) at 32 degC")
    assert f"pH 7.30 at 22 degC takes {made.added['K']:.2f} mM of KOH: that K+ is counted" in said
    assert f"Its pH is {made.pH:.2f} at 32 degC: the amounts stay." in said
    assert said.count("7.30 at 22 degC") == 1
    assert "Measured were 291 mOsm/kg" in said
    assert "Its ionic strength is 150 mM." in said


def test_programs_read_the_same_with_all_digits(vrest, recipe):
    body = vrest("solution", recipe, "--celsius", "37", "--json").json
    made, found = solution(recipe, celsius=37), body["result"]
    assert body["temperature"] == found["temperature"] == 37.0
    assert found["pH"] == made.pH
    assert found["added"] == [{"ion": "K", "concentration": made.added["K"]}]
    assert {each["species"]: each["concentration"] for each in found["species"]} == {
        each.name: each.concentration for each in made.species
    }
    assert found["neutrality"] == {"kind": "titrant_added", "charge_left": 0.0, "fills": []}
    assert next(each for each in found["components"] if each["component"] == "Mg")["free"] == made.free("Mg")
    assert body["units"]["components"]["total"] == "mM"
    assert {"gluconate", "HEPES", "EGTA", "ATP", "water"} == {each["component"] for each in found["constants"]}
    assert all(each["source"] for each in found["constants"])


def test_what_to_weigh_is_mass_of_the_label_times_volume(vrest, recipe, tmp_path):
    path = tmp_path / "weigh.csv"
    answer = vrest("solution", recipe, "--volume", "500 mL", "-o", str(path))
    assert "For 500 mL" in answer.out
    rows = list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))
    grams = {row["reagent"]: row["weigh (g)"] for row in rows}
    assert float(grams["KCl"]) == pytest.approx(0.020 * 0.5 * 74.55, rel=1e-4)
    assert float(grams["MgCl2.6H2O"]) == pytest.approx(0.002 * 0.5 * 203.30, rel=1e-4)
    assert (rows[-1]["reagent"], rows[-1]["weigh (g)"]) == ("KOH 1 M, about", "")
    assert float(rows[-1]["pipette (mL)"]) == pytest.approx(0.5 * solution(recipe).added["K"])
    assert "745.5 mg" in answer.out or "0.7455 g" in answer.out


def test_a_solution_that_is_not_neutral_says_what_would_make_it_so(vrest, tmp_path):
    path = tmp_path / "off.toml"
    path.write_text('[ions]\nK = "140 mM"\nCl = "130 mM"\ngluconate = "12 mM"\n', encoding="utf-8")
    said = words(vrest("solution", str(path)).out)
    assert "2 mM too much negative charge, and a cation is missing or an amount is off." in said
    assert "2 mM of K+, Na+ or Cs+ would do it; nothing was added." in said
    found = vrest("solution", str(path), "--json").json["result"]["neutrality"]
    assert (found["kind"], found["charge_left"]) == ("unexplained", pytest.approx(-2.0))
    assert found["fills"][0] == {"ion": "K", "concentration": pytest.approx(2.0)}


def test_what_one_should_know_is_a_warning(vrest, tmp_path):
    path = tmp_path / "bath.toml"
    path.write_text('[reagents]\nNaCl = "140 mM"\nHEPES = "10 mM"\n', encoding="utf-8")
    answer = vrest("solution", str(path))
    assert 'titrant = "NaOH"' in words(answer.err)
    assert vrest("solution", str(path), "--quiet").err == ""
    assert vrest("solution", str(path), "--json").json["warnings"][0]["code"] == "pH_not_set"


def test_a_bath_under_a_gas_says_whose_pH_it_has(vrest):
    said = words(vrest("solution", "acsf").out)
    assert "which follows from what is in it and the 5 % CO2 of the gas" in said
    constants = vrest("solution", "acsf", "--json").json["result"]["constants"]
    assert {"carbonate", "phosphate", "water", "CO2"} == {each["component"] for each in constants}


def test_alone_it_lists_the_library(vrest):
    assert "k_gluconate_internal" in vrest("solution").out
    listed = vrest("solution", "--json").json["result"]["library"]
    assert all(each["source"] and each["kind"] in ("pipette", "bath") for each in listed)


def test_a_recipe_is_printed_to_be_changed_and_read_from_standard_input(vrest, fresh, tmp_path):
    text = vrest("solution", "tyrode", "--toml").out
    path = tmp_path / "tyrode.toml"
    path.write_text(text, encoding="utf-8")
    assert vrest("solution", str(path), "--json").json["result"] == vrest("solution", "tyrode", "--json").json["result"]
    assert vrest("solution", "tyrode", "--toml", "--json").json["result"]["toml"] == text
    assert vrest("solution", "tyrode", "--toml", "--volume", "1 L").code == 2


def test_constants_of_ones_own_replace_those_of_the_package(vrest, recipe, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        "[HEPES]\npK = [{ value = 7.0, ionic_strength = '100 mM', temperature = '22 degC', convention = 'mixed',"
        " source = 'mine' }]\n",
        encoding="utf-8",
    )
    usual = vrest("solution", recipe, "--json").json["result"]
    own = vrest("solution", recipe, "--constants", str(path), "--json").json["result"]
    assert own["added"][0]["concentration"] > usual["added"][0]["concentration"] + 2.0
    assert "mine" in {each["source"] for each in own["constants"]}


@pytest.mark.parametrize("asked", [("ljp",), ("solution", "compare"), ("solution", "compare", "--measured", "-60")])
def test_constants_from_standard_input_are_those_of_every_solution(vrest, tmp_path, asked):
    text = (
        "[HEPES]\npK = [{ value = 6.0, ionic_strength = '100 mM', temperature = '22 degC', convention = 'mixed',"
        " source = 'mine' }]\n"
    )
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    sides = ("10 KCl, 50 HEPES, pH 7.3 with KOH", "10 NaCl, 50 HEPES, pH 7.3 with NaOH")
    of_file, of_input, usual = (
        vrest(*asked, *sides, "--json", *more, stdin=text).json["result"]["ions"]
        for more in (("--constants", str(path)), ("--constants", "-"), ())
    )
    assert of_file == of_input != usual


def test_driving_forces_are_those_with_the_junction_off(vrest):
    asked = ("solution", "compare", "axobits_internal", "axobits_external", "--measured", "-60")
    found = vrest(*asked, "--json").json["result"]
    assert found["v"] == pytest.approx(-60 - found["ljp"])
    assert 15 < found["ljp"] < 17
    for ion in found["ions"]:
        if ion["E"] is not None:
            assert ion["driving_force"] == pytest.approx(found["v"] - ion["E"])
    assert "You read -60.0 mV" in vrest(*asked).out


def test_two_solutions_are_compared_behind_the_same_name(vrest):
    answer = vrest("solution", "compare", "axobits_internal", "axobits_external")
    assert "-99.71" in answer.out
    found = vrest("solution", "compare", "axobits_internal", "axobits_external", "--json").json
    potentials = {each["ion"]: each["E"] for each in found["result"]["ions"]}
    assert potentials["K"] == pytest.approx(-99.7, abs=0.05)
    assert potentials["Cl"] == pytest.approx(-68.2, abs=0.05)
    assert potentials["gluconate"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["nowhere"], 3, "unknown_solution"),
        (["nowhere.toml"], 3, "no_file"),
        (["tyrode", "--volume", "500"], 3, "missing_unit"),
        (["tyrode", "--volume", "-5 mL"], 3, "out_of_range"),
        (["axobits_internal", "--volume", "1 L"], 3, "no_reagents"),
        (["tyrode", "--celsius", "310"], 3, "kelvin_for_celsius"),
        (["--toml"], 2, "missing_argument"),
        (["compare", "tyrode"], 2, "missing_argument"),
        (["compare", "axobits_internal", "axobits_external", "--measured", "x"], 3, "not_a_number"),
        (["compare", "axobits_internal", "axobits_external", "--config", "cell-attached"], 3, "relative_potential"),
        (["compare", "axobits_internal", "tyrode"], 3, "temperatures_differ"),
    ],
)
def test_what_is_refused(vrest, arguments, code, error):
    answer = vrest("solution", *arguments, "--json")
    assert (answer.code, answer.error) == (code, error)
