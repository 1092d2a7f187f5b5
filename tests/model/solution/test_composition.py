"""What follows from a recipe: against closed forms, and against what is put together by hand."""

import math
import pickle

import pytest

from vrest.errors import InputError
from vrest.model.solution.composition import NOMINAL
from vrest.model.solution.constants import CONSTANTS
from vrest.model.solution.equilibrium import at_pH
from vrest.model.solution.neutrality import unexplained
from vrest.model.solution.recipe import recipes
from vrest.model.solution.solution import solution
from vrest.model.solution.telling import weighing_table
from vrest.physics.activity import davies_log_gamma

CELSIUS_25, CELSIUS_37 = 298.15, 310.15


def share_of_anion(acid: str, pH: float, strength: float, temperature: float) -> float:
    """Henderson and Hasselbalch with activity coefficients: the share of an acid of one pK without its proton."""
    component = CONSTANTS.components[acid]
    z = component.charge
    ln_K = component.pK[0].dissociation(z, temperature)
    gamma = [davies_log_gamma(charge, ionic_strength=strength, temperature=temperature) for charge in (z, z + 1)]
    apparent = -(ln_K - gamma[0] + gamma[1]) / math.log(10)
    return 1.0 / (1.0 + 10.0 ** (apparent - pH))


def test_the_titrant_of_HEPES_is_its_anion():
    made = solution({"reagents": {"KCl": 130, "HEPES": 10}, "pH": 7.3, "titrant": "KOH"})
    assert made.neutrality.kind == "titrant_added"
    share = share_of_anion("HEPES", 7.3, made.ionic_strength, CELSIUS_25)
    protons = made.free("OH") - made.free("H")
    assert made.added["K"] == pytest.approx(10.0 * share + protons, rel=1e-9)
    assert made.totals["K"] == pytest.approx(130.0 + made.added["K"], rel=1e-12)
    assert made.free("HEPES(-1)") == pytest.approx(10.0 * share, rel=1e-9)


@pytest.mark.parametrize(("titrant", "ion"), [("NaOH", "Na"), ("CsOH", "Cs"), ("NMDG", "NMDG")])
def test_the_ion_of_the_titrant_is_what_it_is_called(titrant, ion):
    made = solution({"reagents": {"KCl": 130, "HEPES": 10}, "pH": 7.3, "titrant": titrant})
    assert list(made.added) == [ion]
    assert made.free(ion) == pytest.approx(made.added[ion])


def test_a_weak_base_as_titrant_takes_more_of_itself():
    """Charge of Tris that was added = charge of HEPES: amount = anions / share of TrisH+."""
    made = solution({"reagents": {"KCl": 130, "HEPES": 10}, "pH": 7.3, "titrant": "Tris"})
    assert made.added["Tris"] * made.mean_charge("Tris") == pytest.approx(made.free("HEPES(-1)"), rel=1e-3)
    assert made.added["Tris"] > made.free("HEPES(-1)")


def test_an_acid_as_titrant():
    made = solution({"reagents": {"NaCl": 130, "Tris": 10}, "pH": 7.4, "titrant": "HCl"})
    assert made.added["Cl"] == pytest.approx(made.free("Tris(+1)"), abs=1e-3)


def test_a_base_where_an_acid_is_needed_is_said_by_its_name_and_nothing_is_added():
    made = solution({"reagents": {"NaCl": 130, "Tris": 10}, "pH": 7.4, "titrant": "NaOH"})
    verdict = made.neutrality
    assert (verdict.kind, made.added, made.totals["Na"]) == ("unexplained", {}, 130.0)
    assert verdict.charge == pytest.approx(made.free("Tris(+1)"), abs=1e-3)
    assert verdict.fills[0] == ("Cl", pytest.approx(verdict.charge))
    assert made.warnings[0].code == "other_titrant"
    assert "an acid, and NaOH is a base: was it HCl?" in made.warnings[0].message


def test_a_pH_without_titrant_is_unexplained_with_what_would_do_it():
    made = solution({"reagents": {"K-methylsulfate": 130, "NaCl": 5, "HEPES": 10}, "pH": 7.3})
    assert made.neutrality.kind == "unexplained"
    # a few of 130 mM of gluconate hold a proton
    assert made.neutrality.charge == pytest.approx(made.free("gluconic acid") - made.free("HEPES(-1)"), abs=1e-3)
    assert [name for name, _ in made.neutrality.fills] == ["K", "Na", "Cs"]
    assert 'titrant = "KOH"' in made.warnings[0].message


@pytest.mark.parametrize("celsius", [10, 22, 32, 37])
def test_what_is_left_over_is_the_same_at_any_temperature(celsius):
    recipe = {"reagents": {"K-gluconate": 130, "HEPES": 10, "Tris": 10}, "pH": 7.3, "pH_temperature": 22}
    made = solution(recipe, celsius=celsius)
    charge = sum(each.charge * each.concentration for each in made.species)
    assert charge == pytest.approx(made.neutrality.charge, abs=1e-8)


def test_Tris_falls_with_temperature_as_its_pK_does():
    """-0.028 per K; with everything else held by strong ions the pH follows the pK."""
    recipe = {"reagents": {"NaCl": 140, "Tris": 20}, "pH": 7.4, "titrant": "HCl", "pH_temperature": 22}
    cold, warm = solution(recipe, celsius=22), solution(recipe, celsius=32)
    assert cold.pH == pytest.approx(7.4, abs=1e-9)
    assert (warm.pH - cold.pH) / 10.0 == pytest.approx(-0.028, abs=0.001)
    assert dict(warm.totals) == dict(cold.totals)
    assert warm.added["Cl"] == cold.added["Cl"]


def test_a_bath_under_carbogen_has_the_pH_of_Henderson_and_Hasselbalch():
    """pH = pK' + log10(HCO3/CO2), whatever CO2 is in it at first."""
    made = solution({"reagents": {"NaCl": 125, "NaHCO3": 26}, "gas": "95% O2 5% CO2"}, celsius=37)
    ln_K = CONSTANTS.components["carbonate"].pK[1].dissociation(-1, CELSIUS_37)
    gamma = davies_log_gamma(1, ionic_strength=made.ionic_strength, temperature=CELSIUS_37)
    apparent = -(ln_K - gamma) / math.log(10)
    assert made.pH == pytest.approx(apparent + math.log10(made.free("HCO3") / made.free("CO2")), abs=1e-9)
    assert made.free("HCO3") + 2 * made.free("CO3") == pytest.approx(26.0, abs=0.01)
    assert made.neutrality.kind == "neutral"


def test_a_nominal_pH_of_a_gassed_bath_is_set_right_and_said():
    recipe = {"reagents": {"NaCl": 125, "NaHCO3": 26}, "gas": "carbogen", "pH": 7.3}
    made, own = solution(recipe, celsius=25), solution({**recipe, "pH": 7.31}, celsius=25)
    assert made.pH == own.pH != 7.3
    assert made.neutrality.kind == "neutral"
    assert [each.code for each in made.warnings] == ["pH_by_itself"]
    assert "5 % CO2" in made.warnings[0].message


def test_a_pH_that_gas_and_bicarbonate_contradict_is_unexplained():
    recipe = {"reagents": {"NaCl": 150, "NaHCO3": 5}, "gas": "carbogen", "pH": 7.4}
    made = solution(recipe)
    own = solution({key: value for key, value in recipe.items() if key != "pH"})
    assert abs(own.pH - 7.4) > NOMINAL
    assert made.neutrality.kind == "unexplained"
    assert made.neutrality.charge == pytest.approx(5.0 - made.free("HCO3") - 2 * made.free("CO3"), abs=1e-3)


def test_salts_alone_are_neutral_and_have_no_pH():
    made = solution({"reagents": {"NaCl": 145, "CaCl2.2H2O": 2, "glucose": 10}})
    assert (made.neutrality.kind, made.pH) == ("neutral", None)
    assert (made.free("Ca"), made.free("Cl"), made.free("glucose")) == (2.0, 149.0, 10.0)
    assert made.ionic_strength == pytest.approx(0.5 * (145 + 4 * 2 + 149))
    assert made.ideal_osmolarity == pytest.approx(145 + 2 + 149 + 10)
    assert made.osmolarity == pytest.approx(0.93 * 2 * 145 + 0.86 * 3 * 2 + 10)


def test_a_recipe_without_the_pH_that_it_was_set_to_is_noticed():
    made = solution({"reagents": {"CsCl": 140, "HEPES": 10}})
    assert made.pH < 6
    assert [each.code for each in made.warnings] == ["pH_not_set"]
    assert 'titrant = "CsOH"' in made.warnings[0].message


def test_reagents_and_their_ions_are_the_same_solution():
    reagents = {"K-gluconate": 110, "KCl": 20, "HEPES": 10, "EGTA": 1, "MgCl2.6H2O": 2, "Na2ATP": 2}
    ions = {"K": 130, "gluconate": 110, "Cl": 24, "HEPES": 10, "EGTA": 1, "Mg": 2, "Na": 4, "ATP": 2}
    one = solution({"reagents": reagents, "pH": 7.2, "titrant": "KOH"}, celsius=32)
    two = solution({"ions": ions, "pH": 7.2, "titrant": "KOH"}, celsius=32)
    assert {e.name: e.concentration for e in one.species} == pytest.approx(
        {e.name: e.concentration for e in two.species}
    )


def test_the_equilibrium_is_that_of_the_whole():
    made = solution({"reagents": {"KCl": 130, "EGTA": 10, "CaCl2": 5}, "pH": 7.2, "titrant": "KOH"})
    here = at_pH(made.totals, 7.2, CELSIUS_25)
    assert here.charge == pytest.approx(0.0, abs=1e-9)
    (calcium,) = (each.concentration for each in here.species if each.name == "Ca")
    assert made.free("Ca") == pytest.approx(calcium, rel=1e-9)


def test_forms_are_as_they_are_written():
    made = solution({"ions": {"K": 105, "Cl": 100, "HEPES(-1)": 5, "MgATP(-2)": 1, "Na": 2}})
    assert made.neutrality.kind == "neutral"
    names = {each.name: (each.component, each.metal, each.charge) for each in made.species}
    assert names["HEPES(-1)"] == ("HEPES", "", -1)
    assert names["MgATP(-2)"] == ("ATP", "Mg", -2)


def test_a_table_of_ions_that_is_off_says_by_how_much():
    made = solution({"ions": {"K": 140, "Na": 10, "gluconate": 130, "Cl": 22}})
    assert made.neutrality.charge == pytest.approx(-2.0)
    assert [name for name, _ in made.neutrality.fills] == ["K", "Na", "Cs"]
    assert [c for _, c in made.neutrality.fills] == pytest.approx([2.0, 2.0, 2.0])


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        ({"ions": {"K": 140, "HEPES": 10}}, "no_pH"),
        ({"ions": {"K": 140, "HCO3": 10, "HEPES": 10}, "pH": 7.3}, "bad_recipe"),
        ({"ions": {"ATP(-1)": 140}}, "known_ion"),
        ({"reagents": {"KCl2": 140}}, "not_neutral"),
        (5, "not_a_solution"),
    ],
)
def test_what_no_charge_can_be_said_of_is_refused(recipe, code):
    with pytest.raises(InputError) as caught:
        solution(recipe)
    assert caught.value.code == code
    assert caught.value.hint


def test_amounts_by_mass_are_those_of_the_label():
    """0.9 % of NaCl is 154 mM; KCl of 74.55 g/mol; 203.30 g/mol of MgCl2.6H2O."""
    recipe = {"volume": "500 mL", "reagents": {"NaCl": "0.9 %", "KCl": "7.455 g/L", "MgCl2.6H2O": "203.3 mg"}}
    made = solution(recipe)
    assert made.free("Na") == pytest.approx(154.0, rel=1e-3)
    assert made.free("K") == pytest.approx(100.0, rel=1e-4)
    assert made.free("Mg") == pytest.approx(2.0, rel=1e-4)


def test_a_solution_is_computed_again_for_another_temperature_and_kept_without():
    made = solution("tyrode")
    assert made.temperature == CELSIUS_37
    assert solution(made) == made
    assert solution(made, celsius=22).pH > made.pH
    by_hand = solution({"ions": {"K": 1, "Cl": 1}}, celsius=20)
    assert solution(by_hand, celsius=30).temperature == 303.15


def test_what_is_pipetted_from_a_stock_is_c_V_over_its_concentration():
    made = solution({"reagents": {"NaCl": 140, "CaCl2 (1 M solution)": 2}})
    table = weighing_table(made, 1e-3)
    rows = dict(zip(table.columns[0].values, zip(*(c.values for c in table.columns[1:]), strict=True), strict=True))
    assert rows["NaCl"][2] == pytest.approx(0.140 * 58.44, rel=1e-4)
    assert rows["CaCl2 (1 M solution)"][1:] == (None, None, pytest.approx(2.0))


def test_what_a_reagent_is_counted_as_is_said_and_what_no_gas_holds():
    noted = solution({"reagents": {"NaCl": 140, "NaHCO3": 10, "ATP": 2, "TTX": 0.001}})
    told = {each.code: each.message for each in noted.warnings}
    assert "ATP: taken as the acid" in told["counted_so"]
    assert "closed bottle" in told["closed"]
    assert not any("TTX" in each.message for each in noted.warnings)


def test_what_buffers_nothing_has_no_pH_but_the_written_one():
    for recipe in ({"K-gluconate": 140, "KCl": 5}, {"NaCl": 140, "MgSO4": 2, "CaCl2": 2}):
        made, said = solution({"reagents": recipe}), solution({"reagents": recipe, "pH": 7.4, "titrant": "KOH"})
        assert (made.pH, made.neutrality.kind, made.warnings) == (None, "neutral", ())
        assert (said.pH, said.neutrality.kind, said.added) == (7.4, "neutral", {})
        assert [each.code for each in said.warnings] == ["no_buffer"]
        assert {e.name: e.concentration for e in said.species} == {e.name: e.concentration for e in made.species}


@pytest.mark.parametrize("pH", [{}, {"pH": 7.4}])
def test_ions_that_buffer_nothing_are_off_by_what_is_written(pH):
    made = solution({"ions": {"Na": 140, "Mg": 2, "SO4": 2, "Cl": 142}, **pH})
    assert made.neutrality.charge == pytest.approx(-2.0, abs=1e-12)
    assert sum(each.charge * each.concentration for each in made.species) == pytest.approx(-2.0, abs=1e-9)


def test_a_titrant_that_is_written_among_the_reagents_is_the_same_solution():
    recipe = {"reagents": {"KCl": 130, "HEPES": 10}, "pH": 7.3, "titrant": "KOH"}
    amount = solution(recipe).added["K"]
    for written in (round(amount, 3), round(amount, 3) + 0.001):
        made = solution({**recipe, "reagents": {"KCl": 130, "HEPES": 10, "KOH": written}})
        assert made.pH == pytest.approx(7.3, abs=1e-3)
        assert made.neutrality.kind in ("neutral", "titrant_added")
        assert made.free("K") == pytest.approx(130 + amount, abs=2e-3)


def test_there_is_no_mean_charge_of_what_is_not_there():
    with pytest.raises(InputError, match="no EGTA"):
        solution({"reagents": {"KCl": 130, "HEPES": 10, "EGTA": 0}}).mean_charge("EGTA")


PUBLISHED = {
    "bath": ({"NaCl": 140, "KCl": 5, "CaCl2": 2, "MgCl2": 1, "HEPES": 10, "glucose": 5}, 7.4, "NaOH", 298),
    "pipette": ({"KF": 110, "KCl": 10, "NaCl": 10, "HEPES": 10, "EGTA": 10}, 7.2, "KOH", 285),
}
"""Of recordings of hERG (authorea.com/users/398216/articles/510865): mM, pH, titrant, and the measured mOsm/kg."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_osmolarities_are_those_that_were_measured(name):
    reagents, pH, titrant, measured = PUBLISHED[name]
    recipe = {"reagents": reagents, "pH": pH, "titrant": titrant, "measured_osmolality": f"{measured} mOsm/kg"}
    made = solution(recipe)
    assert made.osmolarity == pytest.approx(measured, rel=0.02)
    assert "they agree" in " ".join(str(made).split())


def test_the_titrant_is_that_of_published_ions():
    """Tables of ions after NaOH to pH 7.4 have 5 mM of it for 10 mM HEPES (table 1 of PMC3605868, rounded to 1 mM)."""
    made = solution({"reagents": {"NaCl": 150, "CaCl2": 4, "HEPES": 10}, "pH": 7.4, "titrant": "NaOH"})
    assert made.added["Na"] == pytest.approx(5.0, abs=0.5)


@pytest.mark.parametrize("name", recipes())
def test_solutions_of_the_library_are_neutral_and_as_cells_bear_them(name):
    made = solution(name)
    assert made.neutrality.kind in ("neutral", "titrant_added")
    assert made.warnings == ()
    assert 180.0 < (made.osmolarity or 0.0) < 340.0
    assert made.pH is None or 7.1 < made.pH < 7.5


def test_a_gas_without_carbon_dioxide_drives_the_carbonate_out():
    made = solution({"reagents": {"NaCl": 125, "NaHCO3": 26}, "gas": "air"})
    assert made.pH > 8.8
    assert made.warnings[-1].code == "drives_out_co2"
    assert made.totals["carbonate"] == pytest.approx(sum(each.concentration for each in made.forms("carbonate")))
    with pytest.raises(InputError, match="without CO2"):
        solution({"reagents": {"NaCl": 125, "NaHCO3": 26}, "gas": "O2"})


def test_a_solution_is_the_same_in_another_process():
    made = solution("k_gluconate_internal", celsius=32)
    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        ({"ions": {"Na": 150, "Cl": 124, "HCO3": 26}, "gas": "carbogen"}, "gas_not_used"),
        ({"reagents": {"KCl": 3000, "HEPES": 10}, "pH": 7.3, "titrant": "KOH"}, "beyond_davies"),
    ],
)
def test_what_does_not_hold_is_remarked(recipe, code):
    made = solution(recipe)
    assert [each.code for each in made.warnings] == [code]
    assert made.neutrality.kind in ("neutral", "titrant_added")


@pytest.mark.parametrize("acid", ["HCl", "HMeSO3", "H2SO4", "H3PO4", "gluconic acid"])
def test_each_acid_takes_the_base_away(acid):
    """What is left of Tris without its proton falls as the pH does, whichever acid is taken."""
    made = solution({"reagents": {"NaCl": 130, "Tris": 10}, "pH": 7.4, "titrant": acid})
    assert made.pH == pytest.approx(7.4, abs=1e-9)
    charge = -sum(made.mean_charge(name) * c for name, c in made.added.items())
    assert charge == pytest.approx(made.free("Tris(+1)") + made.free("H") - made.free("OH"), abs=1e-6)


def test_the_form_to_write_where_no_pH_says_it_is_an_ion():
    with pytest.raises(InputError) as caught:
        solution({"ions": {"Tris": 10, "Cl": 10}})
    assert "Tris(+1)" in caught.value.hint


def test_without_a_pH_an_acid_of_one_usual_form_is_that_form():
    made = solution({"ions": {"K": 2, "EGTA": 1}})
    assert made.neutrality.kind == "neutral"
    assert made.free("EGTA(-2)") == 1.0


def test_a_base_under_a_gas_makes_bicarbonate_too():
    made = solution({"reagents": {"NaCl": 125, "HEPES": 10}, "pH": 7.4, "titrant": "NaOH", "gas": "carbogen"})
    anions = made.free("HCO3") + 2.0 * made.free("CO3") + made.free("HEPES(-1)") + made.free("OH") - made.free("H")
    assert made.added["Na"] == pytest.approx(anions, abs=1e-6)
    assert made.added["Na"] > 20.0


def test_a_nominal_pH_is_that_of_the_bench_and_moves_with_temperature():
    own = {"reagents": {"NaCl": 125, "NaHCO3": 26}, "gas": "carbogen"}
    made = solution({**own, "pH": 7.4, "pH_temperature": 25}, celsius=37)
    assert made.pH_prepared == pytest.approx(solution(own, celsius=25).pH, abs=1e-12)
    assert made.pH == pytest.approx(solution(own, celsius=37).pH, abs=1e-12)
    rounded = solution({**own, "pH": round(solution(own, celsius=25).pH, 2)}, celsius=25)
    assert rounded.warnings == ()


def test_an_acid_where_a_base_is_needed_is_said_too():
    made = solution({"reagents": {"KCl": 130, "HEPES": 10}, "pH": 7.3, "titrant": "HCl"})
    assert "of a base, and HCl is an acid: was it KOH?" in made.warnings[0].message


def test_the_ion_of_which_there_is_most_is_the_likeliest():
    verdict = unexplained(-1.0, {"K": 2.8, "Na": 145.0, "Ca": 2.0, "Cl": 150.0})
    assert [name for name, _ in verdict.fills] == ["Na", "K", "Cs"]


@pytest.mark.parametrize(("pH", "told"), [(4.0, True), (6.5, False)])
def test_protons_that_are_not_counted_at_a_low_pH_are_remarked(pH, told):
    made = solution({"reagents": {"NaCl": 140, "MES": 10, "EGTA": 1}, "pH": pH, "titrant": "NaOH"})
    assert [each.message for each in made.warnings if each.code == "sour" and "5 MES bind" in each.message] == (
        [each.message for each in made.warnings] if told else []
    )
