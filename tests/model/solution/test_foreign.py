"""Files of pycsf and LJPcalc: what they say is compared with what vrest knows, and nothing is repaired in silence."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest

import vrest
from vrest.errors import InputError
from vrest.model.solution.foreign import both_sides, parse_recipes
from vrest.model.solution.recipe import parse_recipe, read_recipe, write_recipe

COLUMNS = ("Na", "K", "Cl", "Ca", "Mg", "SO4", "PO4", "Cs")


def row(name, formula, molweight, osmconst, **ions):
    """A reagent as pycsf saves it."""
    zeros = dict.fromkeys(COLUMNS, 0)
    return {"group": "", "name": name, "formula": formula, "molweight": molweight, "osmconst": osmconst, "notes": "",
            **zeros, **ions}  # fmt: skip


# rows of pycsf's own default database (github.com/campagnola/pycsf), with its errors
REAGENTS = [
    row("sodium chloride", "NaCl", 58.44, 1.84, Na=1, Cl=1),
    row("potassium chloride", "KCl", 74.56, 1.84, K=1, Cl=1),
    row("potassium gluconate", "", 234.2, 2, K=1),
    row("tris HCl", "", 157.6, 2, K=1),
    row("sodium pyruvate", "", 110.04, 2),
    row("sodium phosphate dibasic", "Na₂HPO₄ (7H2O)", 268.1, 3, Na=2, PO4=1),
    row("phosphocreatine disodium salt hydrate", "phosphocreatine-Na₂ ", 401.5, 3.4, Na=2.4),
    row("GTP sodium salt hydrate", "GTP-xNa", 672.3, 4.1, Na=3.1),
    row("calcium chloride dihydrate", "CaCl₂ (2H2O)", 147.02, 3, Ca=1, Cl=2),
    row("cesium hydroxide", "CsOH", 0, 1, K=1),
    row("AlexaFluor 594 hydrazide", "", 758.79, 1),
    row("HEPES", "", 238.3, 1),
]


def database(*solutions):
    return json.dumps({"reagents": REAGENTS, "recipes": [], "solutions": list(solutions)})


def pycsf(name, kind, reagents, against=None):
    return {"name": name, "group": kind, "type": kind, "compareAgainst": against, "notes": "<b>of 2017</b><br/>",
            "reagents": reagents}  # fmt: skip


INTERNAL = {"potassium gluconate": 125, "potassium chloride": 10, "HEPES": 10, "AlexaFluor 594 hydrazide": 0.05}
EXTERNAL = {"sodium chloride": 145, "potassium chloride": 2.5, "calcium chloride dihydrate": 2, "HEPES": 10}


def told(found):
    """Every warning once, in order."""
    return list(dict.fromkeys(each for recipe in found.values() for each in recipe.warnings))


def codes(found):
    return [notice.code for notice in told(found)]


def test_a_database_of_pycsf_has_recipes():
    text = database(pycsf("internal K", "internal", INTERNAL, "bath"), pycsf("bath", "external", EXTERNAL))
    found = parse_recipes(text)
    assert found["internal K"].reagents == {"potassium gluconate": 125.0, "KCl": 10.0, "HEPES": 10.0}
    assert found["bath"].reagents == {"NaCl": 145.0, "KCl": 2.5, "CaCl2 (2H2O)": 2.0, "HEPES": 10.0}
    assert [each.kind for each in found.values()] == ["pipette", "bath"]
    assert found["bath"].notes == "of 2017"
    assert codes(found) == ["left_out", "hidden_zero"]
    assert "0.05 mM of AlexaFluor 594 hydrazide" in told(found)[0].message
    assert "no Na, no Ca" in told(found)[1].message
    assert "1e-6" in told(found)[1].message


@pytest.mark.parametrize(
    ("reagent", "code", "says"),
    [
        ("tris HCl", "other_ions", "tris HCl releases 1 K and 0 Cl in this file; counted are 1 Tris, 1 Cl"),
        ("sodium pyruvate", "other_ions", "releases 0 Na in this file; counted are 1 Na, 1 pyruvate"),
        ("cesium hydroxide", "other_ions", "releases 1 K and 0 Cs in this file; counted are 1 Cs"),
        ("cesium hydroxide", "other_mass", "weighs 0 g/mol in this file; CsOH is 149.9"),
        ("phosphocreatine disodium salt hydrate", "other_mass", "401.5 g/mol in this file"),
        ("phosphocreatine disodium salt hydrate", "other_osmoles", "3.4 osmoles in this file"),
        ("phosphocreatine disodium salt hydrate", "other_ions", "releases 2.4 Na"),
    ],
)
def test_what_pycsf_says_of_a_reagent_is_not_trusted(reagent, code, says):
    found = parse_recipes(database(pycsf("a", "internal", {reagent: 5})))
    assert any(each.code == code and says in each.message for each in told(found))
    assert sum(found["a"].reagents.values()) == 5.0


@pytest.mark.parametrize("reagent", ["sodium chloride", "potassium chloride", "sodium phosphate dibasic", "HEPES"])
def test_where_pycsf_and_vrest_agree_nothing_is_said(reagent):
    assert parse_recipes(database(pycsf("a", "external", {reagent: 5})))["a"].warnings == ()


def test_rows_that_no_solution_uses_are_not_judged():
    assert parse_recipes(database(pycsf("a", "external", {"sodium chloride": 5})))["a"].warnings == ()


@pytest.mark.parametrize(
    ("solution", "code", "says"),
    [
        (pycsf("a", "internal", {"GTP sodium salt hydrate": 0.3}), "unknown_reagent", "Na3GTP"),
        (pycsf("a", "internal", {"AlexaFluor 594 hydrazide": 5}), "unknown_reagent", "Rename"),
        (pycsf("a", "internal", {"sodium chlorid": 5}), "bad_file", "'sodium chloride'"),
        (pycsf("a", "internal", {"HEPES": -5}), "bad_file", "Correct"),
        (pycsf("a", "internal", {"HEPES": True}), "bad_file", "Correct"),
        (pycsf("a", "internal", ["HEPES"]), "bad_file", "whole database"),
        ({"reagents": {}}, "bad_file", "whole database"),
        (3, "bad_file", "whole database"),
    ],
)
def test_what_a_database_lacks_is_said_with_its_place(solution, code, says):
    with pytest.raises(InputError) as caught:
        parse_recipes(database(solution), "my.json")
    assert caught.value.code == code
    assert says in caught.value.hint
    assert caught.value.message.startswith("my.json: solutions[0]")


def test_a_name_that_is_there_twice_is_refused():
    with pytest.raises(InputError, match="'a' is there twice"):
        parse_recipes(database(pycsf("a", "internal", {"HEPES": 5}), pycsf("a", "internal", {"HEPES": 5})))


# V20 of the published junctions, as LJPcalc saves it (github.com/swharden/LJPcalc, PatchKGlu)
TABLE = (Path(__file__).parents[3] / "examples" / "ljpcalc.txt").read_text(encoding="utf-8")


def test_an_ion_table_of_ljpcalc_has_two_recipes():
    found = parse_recipes(TABLE)
    assert found["pipette"].ions == {
        "K": 130, "gluconate": 110, "HEPES(-1)": 5, "EGTA(-2)": 1, "Cl": 24, "Mg": 2, "Na": 9, "ATP(-2)": 2
    }  # fmt: skip
    assert found["bath"].ions == {
        "K": 3, "Cl": 133.8, "Mg": 1.5, "Na": 152.2, "SO4": 1.5, "H2PO4": 1.2, "Ca": 2.4, "HCO3": 25
    }  # fmt: skip
    assert {each.temperature for each in found.values()} == {298.15}
    assert [each.kind for each in found.values()] == ["pipette", "bath"]
    assert codes(found) == ["other_mobility", "not_neutral"]
    assert "0.15" in told(found)[0].message
    assert "pipette has 2 mM too much negative charge" in told(found)[1].message  # as published


@pytest.mark.parametrize(
    ("line", "name", "code", "says"),
    [
        ("NH, 4, 73.7, 1, 1", "NH4", "other_charge", "NH4 has +1"),
        ("4-AP (4-aminopyridine), +2, 42.63, 1, 1", "aminopyridine", "other_charge", "has +1"),
        ("Malonate, -1, 63.5, 1, 1", "malonate", "other_charge", "has -2"),
        ("HPO4, -2, 33, 1, 1", "HPO4", "other_mobility", "0.224"),
        ("HPO4, -1, 28.665, 1, 1", "HPO4", "other_charge", "has -2"),
        ("Aspartate, -1, 29, 1, 1", "aspartate", "other_mobility", "used is 0.3 (guess)"),
    ],
)
def test_the_slips_of_ljpcalcs_own_table_are_told(line, name, code, says):
    found = parse_recipes(f"ion: K, 1, 73.5, 1, 1\nion: {line}\n")
    assert found["pipette"].ions[name] == 1.0
    assert any(each.code == code and says in each.message for each in told(found))


@pytest.mark.parametrize(
    ("written", "charge", "name"),
    [
        ("TEA (TetraethylAmmonium)", 1, "TEA"), ("SCN (thiocyanate)", -1, "SCN"),
        ("Methylsulfonate", -1, "methanesulfonate"),
        ("Propanoate", -1, "propionate"), ("EGTA(3-)", -3, "EGTA(-3)"), ("Citrate", -3, "citrate(-3)"),
        ("Tris", 1, "Tris(+1)"), ("Thallium", 1, "Tl"),
        ("ATP (Adenosine 5'-Triphosphate)", -4, "ATP(-4)"), ("HCO3", -1, "HCO3"),
        ("Tetraethylammonium", 1, "TEA"), ("FeII", 2, "ferrous"), ("GTP (Guanosine-5'-triphosphate)", -2, "GTP(-2)"),
        ("NMDG", 1, "NMDG"),
    ],
)  # fmt: skip
def test_names_of_ljpcalc_are_ions_here(written, charge, name):
    found = parse_recipes(f"ion: {written}, {charge}, 40, 1, 2")
    assert dict(found["bath"].ions) == {name: 2.0}


def test_a_molecule_without_charge_is_told_not_to_count():
    found = parse_recipes("ion: K, 1, 73.5, 1, 1\nion: Cl, -1, 76.31, 1, 1\nion: Glucose, 0, 0, 5, 10")
    assert codes(found) == ["left_out"]
    assert "Glucose has no charge" in told(found)[0].message
    assert found["bath"].temperature is None


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("ion: K, 1, 73.5, 1", "bad_file", "line 1: 4 fields"),
        ("ion: K, 1, 73.5, 1, x", "not_a_number", "line 1, cL"),
        ("ion: K, 1, 73.5, -1, 1", "bad_file", "c0 is -1"),
        ("ion: K, 1.5, 73.5, 1, 1", "bad_file", "charge of 1.5"),
        ("ion: K, 1, 73.5, 1, 1\nion: K+, 1, 73.5, 1, 1", "bad_file", "line 2: K is there twice"),
        ("ion: K, 1, 73.5, 1, 1\nKCl 20", "bad_file", "line 2: 'KCl 20'"),
        ("ion: Unobtainium, 1, 73.5, 1, 1", "unknown_ion", "Unobtainium"),
        ("ion: HEPES, -3, 73.5, 1, 1", "known_ion", "HEPES"),
        ("K 140", "unknown_format", "pycsf or LJPcalc"),
        ("", "unknown_format", "pycsf or LJPcalc"),
        ("{", "bad_file", "not valid JSON"),
        ("[]", "unknown_format", "no database"),
        ('{"reagents": [], "solutions": []}', "bad_file", "no solutions"),
        ('{"reagents": 3, "solutions": []}', "bad_file", "reagents is no list"),
        ("[" * 100_000, "bad_file", "not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text, code, says):
    with pytest.raises(InputError) as caught:
        parse_recipes(text, "a.txt")
    assert caught.value.code == code
    assert says in str(caught.value)
    assert "a.txt" in caught.value.message


def test_broken_files_are_refused_or_read_never_crashed_on():
    whole = database(pycsf("in", "internal", INTERNAL, "out"), pycsf("out", "external", EXTERNAL))
    drawn = random.Random(5)
    for text in (whole, TABLE):
        for _ in range(150):
            start = drawn.randrange(len(text))
            cut = (
                text[:start]
                + drawn.choice(["", "x", "-", '"', ":", ",", "\n", "9e9"])
                + text[start + drawn.randint(0, 9) :]
            )
            with suppress(InputError):
                parse_recipes(cut)


def test_one_recipe_of_a_file_is_named_behind_it(tmp_path):
    path = tmp_path / "lab.json"
    path.write_text(database(pycsf("K", "internal", INTERNAL, "aCSF"), pycsf("aCSF", "external", EXTERNAL)))
    named = read_recipe(f"{path}:aCSF")
    assert named.name == "aCSF"
    assert named.warnings == ()
    for text, says in ((str(path), f"'{path}:K', '{path}:aCSF'"), (f"{path}:acsf", "'aCSF'")):
        with pytest.raises(InputError) as caught:
            read_recipe(text)
        assert caught.value.code == "unknown_solution"
        assert says in caught.value.hint
    path.write_text(database(pycsf("K", "internal", INTERNAL)))
    assert [each.code for each in read_recipe(path).warnings] == ["left_out"]
    with pytest.raises(InputError) as caught:
        read_recipe("none.json:K")
    assert caught.value.code == "no_file"


def test_an_ion_table_has_both_sides_of_a_junction(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text(TABLE)
    assert both_sides(str(path)) == tuple(parse_recipes(TABLE).values())
    path.write_text("KCl 20")
    for text in (str(path), "acsf", str(tmp_path / "none.txt")):
        assert both_sides(text) is None


def test_what_differs_is_said_by_the_solution_too_and_kept_as_comments_in_toml():
    found = parse_recipes(database(pycsf("in\n", "internal", {"tris HCl": 5, "HEPES": 10})))["in\n"]
    assert "other_ions" in [each.code for each in vrest.solution(found).warnings]
    text = write_recipe(found)
    assert text.startswith("# tris HCl releases 1 K")
    again = parse_recipe(text)
    assert again == found
    assert again.warnings == ()


def test_two_rows_of_one_reagent_are_added():
    twice = [*REAGENTS, row("NaCl", "NaCl", 58.44, 1.84, Na=1, Cl=1)]
    text = json.dumps(
        {"reagents": twice, "solutions": [pycsf("a", "external", {"sodium chloride": 100, "NaCl": 45})], "recipes": []}
    )
    assert parse_recipes(text)["a"].reagents == {"NaCl": 145.0}


def test_a_published_table_gives_its_junction(tmp_path):
    path = tmp_path / "table.txt"
    path.write_text(TABLE)
    found = vrest.ljp(*both_sides(str(path)))
    assert found.value == pytest.approx(13.4691, abs=0.1)  # mV, as published; there with the pipette made neutral
    assert len(set(found.warnings)) == len(found.warnings)  # both sides are of one file
