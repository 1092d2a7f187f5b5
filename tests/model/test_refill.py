"""What a compartment loses and nothing returns is remarked on, from what its transports and exchanges move."""

import math

import pytest

import vrest
from vrest.constants import F, R
from vrest.model.cellfile import library, parse_cell
from vrest.model.notices import notices

GAP = """
name = "periaxonal"
temperature = "20 degC"
{closures}
[compartments.bath]
kind = "bath"
ions = {{ K = "5.6 mM", Na = "145 mM", Cl = "150.6 mM" }}
[compartments.gap]
kind = "fixed"
volume = "455.530935 um3"
ions = {{ K = "5.6 mM", Na = "145 mM", Cl = "150.6 mM" }}
impermeant = {{ concentration = "1 mM", valence = "solve" }}
[compartments.axon]
kind = "dialysed"
shape = "cylinder"
radius = "5.0 um"
length = "1000.0 um"
ions = {{ K = "121.7 mM", Na = "10 mM", Cl = "10 mM" }}
[membranes.axolemma]
inside = "axon"
outside = "gap"
potential = "-75 mV"
[membranes.axolemma.transports]
K = {{ law = "ohmic_leak", ion = "K", conductance = "0.3 mS/cm2" }}
Na = {{ law = "ohmic_leak", ion = "Na", conductance = "0.03 mS/cm2" }}
{pump}
[exchanges.sheath]
kind = "untracked_diffusion"
counter_charge = "Na and Cl of the sheath"
inside = "gap"
outside = "bath"
ion = "K"
clearance = "3141.59265 um3/s"
{exchange}
"""
PLAIN = {"closures": "", "pump": "", "exchange": ""}
SALT = """
[exchanges.salt]
kind = "salt_diffusion"
inside = "{}"
outside = "{}"
ions = ["Na", "Cl"]
clearance = "10 um3/s"
"""
OUTER = """
[compartments.outer]
kind = "fixed"
volume = "400 um3"
ions = { K = "5.6 mM", Na = "145 mM", Cl = "150.6 mM" }
"""
PUMP = 'pump = { law = "pump_hill", max_rate = "5 pmol/cm2/s" }'


def told(**parts):
    cell = parse_cell(GAP.format(**PLAIN | parts))
    return [n.message for n in notices(cell) if n.code == "nothing_returns"]


@pytest.mark.parametrize("name", library())
def test_no_cell_of_the_library_loses_an_ion(name):
    assert "nothing_returns" not in [n.code for n in notices(name)]


def test_sodium_that_only_leaves_a_gap_is_remarked_on_with_where_that_leads():
    (text,) = told()
    left = 10.0 * math.exp(-F * 0.075 / (R * 293.15))  # at equilibrium across -75 mV
    assert f"Na to 'gap': 'Na' lets it leave, from 145 mM to about {left:.3g} mM" in text
    found = vrest.rest(parse_cell(GAP.format(**PLAIN)))
    assert "nothing_returns" in [n.code for n in found.warnings]
    assert found.concentrations["gap"]["Na"] == pytest.approx(10.0 * math.exp(F * found.v_rest / 1e3 / (R * 293.15)))


def test_an_ion_that_moves_alone_stays_where_it_is_and_is_not_remarked_on():
    alone = GAP.format(**PLAIN).partition("[exchanges.sheath]")[0].replace("\nK = {", "\n# K = {")
    cell = parse_cell(alone)
    assert vrest.rest(cell).concentrations["gap"]["Na"] > 0.99 * 145.0
    assert [n.message for n in notices(cell) if n.code == "nothing_returns"] == []
    leak = 'leak = { law = "fixed_leak", conductance = "0.1 mS/cm2", reversal = "-70 mV" }'
    assert "Na to 'gap'" in notices(parse_cell(f"{alone}{leak}"))[0].message


def test_a_rest_says_what_gathers_in_a_space_that_nothing_empties():
    washed = GAP.format(**PLAIN).replace('ion = "K"\nclearance', 'ion = "Na"\nclearance')
    found = vrest.rest(parse_cell(washed))
    held = 121.7 * math.exp(F * found.v_rest / 1e3 / (R * 293.15))  # in equilibrium with the axon
    assert held > 1000.0
    (text,) = [n.message for n in found.warnings if n.code == "too_much"]
    assert f"'gap' would hold {held:.4g} mM of K, more than all" in text
    assert "(302 mM)" in text  # 5.6 + 145 + 150.6 and 1 of impermeants
    assert "too_much" not in [n.code for n in vrest.rest(parse_cell(GAP.format(**PLAIN))).warnings]


def test_held_as_the_remark_says_it_rests_where_potassium_alone_is_followed():
    held = GAP.format(**PLAIN | {"closures": '[closures]\n"gap.Na" = {}'})
    assert "[closures] 'gap.Na' = {}" in told()[0]
    found = vrest.rest(parse_cell(held))
    assert "nothing_returns" not in [n.code for n in found.warnings]
    assert found.v_rest == pytest.approx(-52.810, abs=0.001)
    assert found.concentrations["gap"]["K"] == pytest.approx(9.3424, abs=1e-4)


@pytest.mark.parametrize("parts", [{"pump": PUMP}, {"exchange": SALT.format("gap", "bath")}])
def test_what_has_a_way_back_is_not(parts):
    assert told(**parts) == []


def test_of_spaces_in_a_row_each_is_told_until_the_last_has_a_way_back():
    row = OUTER + SALT.format("gap", "outer")
    texts = told(exchange=row)
    assert ["'gap'" in texts[0], "'outer'" in texts[1], len(texts)] == [True, True, 2]
    assert told(exchange=row + SALT.replace("exchanges.salt", "exchanges.wash").format("outer", "bath")) == []


def test_what_is_off_returns_nothing():
    assert len(told(pump=PUMP.replace("5 pmol", "0 pmol"))) == 1


def test_what_a_pump_alone_takes_is_told():
    text = GAP.format(**PLAIN | {"pump": PUMP}).partition("[exchanges.sheath]")[0].replace("\nK = {", "\n# K = {")
    (said,) = [n.message for n in notices(parse_cell(text)) if n.code == "nothing_returns"]
    assert said.startswith("nothing brings K into 'gap', and 'pump' takes it out")


def test_a_perturbation_that_stops_the_only_way_back_says_so():
    stopped = vrest.apply("red_blood_cell", "pump.max_rate*=0")
    (text,) = [n.message for n in notices(stopped) if n.code == "nothing_returns"]
    assert "K to 'inside': 'K_leak'" in text
    v, temperature = stopped.potential("cell"), stopped.temperature
    left = stopped.contents("outside")["K"] * math.exp(-F * v / (R * temperature))
    assert f"to about {left:.3g} mM" in text
