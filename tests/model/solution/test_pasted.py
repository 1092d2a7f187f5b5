"""Recipes as wikis and papers have them give what the same recipe gives as TOML; what cannot be read is answered."""

import time

import pytest

from vrest.errors import InputError
from vrest.model.solution.pasted import LONGEST, pasted
from vrest.model.solution.recipe import parse_recipe, read_recipe, recipes
from vrest.units import from_si

WIKI = (
    "110 K-gluconate, 20 KCl, 10 HEPES, 1 EGTA, 2 MgCl2, 2 Na2ATP, 0.3 Na2GTP, 10 Na2-phosphocreatine, pH 7.3 with KOH,"
    " 290 mOsm"
)
AS_TOML = """
name = "mine"
pH = 7.3
titrant = "KOH"
measured_osmolality = "290 mOsm/kg"
[reagents]
K-gluconate = "110 mM"
KCl = "20 mM"
HEPES = "10 mM"
EGTA = "1 mM"
MgCl2 = "2 mM"
Na2ATP = "2 mM"
Na2GTP = "0.3 mM"
Na2-phosphocreatine = "10 mM"
"""
BATH = {"NaCl": 125.0, "KCl": 2.5, "NaH2PO4": 1.25, "NaHCO3": 26.0, "glucose": 10.0, "CaCl2": 2.0, "MgCl2": 1.0}


def test_a_line_of_a_wiki_is_the_recipe_of_its_toml():
    assert parse_recipe(WIKI, name="mine") == parse_recipe(AS_TOML)


@pytest.mark.parametrize("ending", [".txt", ".toml", ".md"])
def test_in_a_file_of_any_name(tmp_path, ending):
    path = tmp_path / f"mine{ending}"
    path.write_text(WIKI)
    assert read_recipe(path) == parse_recipe(AS_TOML)


@pytest.mark.parametrize(
    "text",
    [
        "125 NaCl, 2.5 KCl, 1.25 NaH2PO4, 26 NaHCO3, 10 glucose, 2 CaCl2, 1 MgCl2, bubbled with carbogen",
        "125 NaCl,2.5 KCl,1.25 NaH2PO4,26 NaHCO3,10 glucose,2 CaCl2,1 MgCl2 (95% O2, 5% CO2)",
        "125 mM NaCl, 2.5mM KCl, 1250 uM NaH2PO4, 26 NaHCO3, 10 glucose, 2 CaCl2 and 1 MgCl2; 95% O2/5% CO2.",
        "NaCl, 125; KCl, 2,5; NaH2PO4, 1,25; NaHCO3, 26; glucose, 10; CaCl2, 2; MgCl2, 1; gassed with 5% CO2",
        "- NaCl: 125\n- KCl: 2.5\n- NaH2PO4 1.25 mM\n- NaHCO3 (26 mM)\n- glucose\t10\n- CaCl2\t2\n- MgCl2 = 1"
        "\n- carbogen",
        "(in mM) 125 NaCl + 2.5 KCl + 1.25 NaH2PO4 + 26 NaHCO3 + 10 glucose + 2 CaCl2 + 1 MgCl2, saturated with 95% O2"
        " and 5% CO2",
    ],
)
def test_of_a_paper_in_many_spellings(text):
    recipe = read_recipe(text)
    assert recipe.reagents == pytest.approx(BATH)
    assert recipe.carbon_dioxide == 0.05


@pytest.mark.parametrize("name", [each for each in recipes() if read_recipe(each).reagents])
def test_every_amount_of_the_library_is_read_in_either_order(name):
    told = {each: f"{from_si(c, 'concentration'):.12g}" for each, c in read_recipe(name).reagents.items()}
    for text in (
        ", ".join(f"{amount} {each}" for each, amount in told.items()),
        "\n".join(f"{each}\t{amount} mM" for each, amount in told.items()),
    ):
        assert read_recipe(text).reagents == pytest.approx(read_recipe(name).reagents, rel=1e-11)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Internal (mM): 20 KCl", {"name": "Internal", "kind": "pipette"}),
        ("Internal M in mmol/L: 20 KCl", {"name": "Internal M", "kind": "pipette"}),
        ("aCSF contained (in mM): 20 KCl", {"name": "aCSF", "kind": "bath"}),
        ("Ringer's solution\n20 KCl", {"name": "Ringer's solution", "kind": "bath"}),
        ("reagent,mM\nKCl,20", {}),
        ("Salt\tfinal concentration (mM)\nKCl\t20\npH\t7.3", {"pH": 7.3}),
        ("pH: 7.3\nKCl: 20", {"pH": 7.3}),
        ("KCl = 20 mM\npH = 7.3", {"pH": 7.3}),
        ("aCSF, low calcium (in mM): 20 KCl", {"name": "aCSF, low calcium", "kind": "bath"}),
        ("20 KCl, pH = 7,3 (KOH)", {"pH": 7.3, "titrant": "KOH"}),
        ("20 KCl (pH 7.25 adjusted with CsOH at 22 °C, 295 mOsm/kg)",
         {"pH": 7.25, "titrant": "CsOH", "pH_temperature": "22 degC", "measured_osmolality": "295 mOsm/kg"}),
        ("20 KCl. Titrate pH to 7.4 with HCl / 310 mOsm kg-1",
         {"pH": 7.4, "titrant": "HCl", "measured_osmolality": "310 mOsm/kg"}),
        ("20 KCl, pH to 7.4, titrated with Tris base", {"pH": 7.4, "titrant": "Tris base"}),
        ("20 KCl, pH 7.4 when bubbled with 95% O2 5% CO2", {"pH": 7.4, "gas": "95% O2 5% CO2"}),
        ("20 KCl, at 32 °C, ~300 mOsmol/kg", {"temperature": "32 degC", "measured_osmolality": "300 mOsm/kg"}),
    ],
)  # fmt: skip
def test_what_is_said_beside_the_amounts(text, said):
    found = pasted(text)
    assert found.pop("reagents") == {"KCl": "20 mM"}
    assert found == said


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("110 K-gluconate, 0.3 NaGTP", "which_salt", "Na2GTP, Na3GTP"),
        ("110 K-gluconat, 20 KCl", "unknown_reagent", "Did you mean 'K-gluconate'?"),
        ("110 K-gluconate, KCl, 10 HEPES", "bad_recipe", "'KCl' has no amount"),
        ("glucose: none; 140 KCl; 10 HEPES", "bad_recipe", "'glucose: none'"),
        ("110 K-gluconate, pH 7.3, KOH", "bad_recipe", "'pH 7.3 with KOH'"),
        ("110 K-gluconate 20 KCl 10 HEPES", "bad_recipe", "commas"),
        ("K-gluconate 234.25 110 25.77 g, 20 KCl", "bad_recipe", "'K-gluconate 234.25 110 25.77 g' is no part"),
        ("Reagent\tM\nKCl\t0.14", "bad_recipe", "'20 M KCl'"),
        ("20 KCl, 10 KCl", "bad_recipe", "sum"),
        ("20 KCl, pH 7.3, pH 7.4", "bad_recipe", "twice"),
        ("20 KCl, pH 7.2-7.3", "not_a_number", "one value"),
        ("20 KCl, 285-290 mOsm", "not_a_number", "one value"),
        ("20 KCl, 290 mOsm with sucrose", "bad_recipe", "290 mOsm with sucrose"),
        ("20 KCl, room temperature", "bad_recipe", '"32 degC"'),
        ("1,250 NaH2PO4, 2 KCl", "two_sizes", "1.25 or 1250"),
        ("20 KCl, -5 EGTA", "bad_recipe", "'-5 EGTA'"),
        ("in M: 0.14 NaCl, 0.004 KCl", "bad_recipe", "'20 M KCl'"),
        ("Stock (µM): 500 CdCl2, 20 KCl", "bad_recipe", "'20 µM KCl'"),
        ("PBS in g/L: 8 NaCl, 0.2 KCl", "bad_recipe", "'20 g/L KCl'"),
        ("in grams, 8 NaCl, 0.2 KCl", "bad_recipe", "'20 g/L KCl'"),
        ("140 M KCl, 10 HEPES", "out_of_range", "M for mM"),
        ("140 KCl with KOH", "unknown_reagent", "KCl with KOH"),
        ("10 HEPES pH 7.3, 20 KCl", "unknown_titrant", "10 HEPES"),
    ],
)
def test_what_cannot_be_read_is_answered_and_never_skipped(text, code, told):
    with pytest.raises(InputError) as caught:
        read_recipe(text)
    assert caught.value.code == code
    assert told in str(caught.value)


def test_what_is_no_recipe_is_a_name_that_is_not_known():
    with pytest.raises(InputError, match="There is no solution 'my internal 3'"):
        read_recipe("my internal 3")


@pytest.mark.parametrize("unit", ["1", " ", ",", "1,", " :", "a ", "pH ", "contain ", "(", "1 a,"])
def test_long_nonsense_is_answered_soon(unit):
    began = time.process_time()
    with pytest.raises(InputError):
        read_recipe(f"1 {unit * (LONGEST // len(unit) - 10)}, x")
    assert time.process_time() - began < 0.5
