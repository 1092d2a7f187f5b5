"""What the charge balance rests on is checked: what no cell can be is refused, what none is is said, with the slip."""

import math

import numpy as np
import pytest

import vrest
from vrest.constants import F
from vrest.model.cellfile import library, load, parse_cell
from vrest.model.notices import notices
from vrest.model.paths import set_si
from vrest.units import format_si

PROCESS = """
name = "process"
[compartments.outside]
kind = "bath"
ions = {{ K = "3.5 mM", Na = "140 mM", Cl = "143.5 mM" }}
[compartments.inside]
kind = "fixed"
{size}
ions = {{ K = "{potassium}", Na = "16.6 mM", Cl = {chloride} }}
impermeant = {{ concentration = {impermeant}, valence = {valence} }}
[membranes.m]
inside = "inside"
outside = "outside"
{area}
potential = "-80 mV"
capacitance = "{capacitance} uF/cm2"
[membranes.m.transports]
K_leak = {{ law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }}
"""
USUAL = {"size": 'volume = "2820 um3"', "area": 'area = "1500 um2"', "capacitance": 1, "chloride": '"10 mM"'}
USUAL |= {"impermeant": '"140 mM"', "valence": '"solve"', "potassium": "140 mM"}


def said(**changed):
    """The code and the words of what is refused, or of what is warned of; none where nothing is."""
    try:
        cell = parse_cell(PROCESS.format(**USUAL | changed))
    except vrest.InputError as error:
        return "refused " + error.code, f"{error.message} {error.hint}"
    found = [n for n in notices(cell) if n.code.startswith("implausible")]
    return ("warned " + found[0].code, found[0].message) if found else ("", "")


@pytest.mark.parametrize("name", library())
def test_no_cell_of_the_library_warns(name):
    assert not [n.message for n in notices(name) if n.code.startswith("implausible")]


def test_the_charge_of_a_whole_cell_on_a_process_is_refused():
    code, text = said(size='volume = "2.82e-3 um3"')
    assert code == "refused implausible_charge"
    charge = 0.01 * 1500e-12 * 0.08 / (F * 2.82e-21)  # C V / (F w), mM
    assert f"{charge:.0f}"[:3] + "0 mM" in text
    assert f"{charge / 156.6:.0f} times all its cations" in text
    surface = 4e12 * math.pi * (3 * 2.82e-21 / (4 * math.pi)) ** (2 / 3)  # of a sphere of that volume, um2
    assert f"has {surface:.3g} um2" in text
    assert "a whole cell" in text
    assert "a volume of 2820 um3 (0.00282 nL" in text


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({}, "", ""),
        ({"size": 'volume = "2.82e-12 um3"'}, "refused out_of_range", "2.82e-12 L are 2820 um3"),
        ({"size": 'shape = "sphere"\nradius = "8e-6 um"', "area": ""}, "refused out_of_range", "8e-6 m are 8 um"),
        ({"size": 'shape = "sphere"\nradius = "8 nm"', "area": ""}, "warned implausible_charge", "a radius of 8 um"),
        ({"area": 'area = "15 cm2"'}, "refused implausible_charge", "an area of 1500 um2 of 'm' (1.5e9 nm2"),
        ({"size": 'volume = "5 um3"'}, "warned implausible_size", "3.33 nm thick"),
        ({"size": 'volume = "2.82 nL"'}, "warned implausible_size", "a volume of 2820 um3 (2.82 pL, not nL)"),
        ({"size": 'volume = "2.82 uL"'}, "warned implausible_size", "a volume of 2820 um3 (2.82 pL, not uL)"),
        ({"area": 'area = "1.5e-5 um2"'}, "warned implausible_size", "an area of 1500 um2 of 'm' (1.5e-5 cm2"),
        ({"potassium": "0.14 mM"}, "warned implausible_solve", "K was meant in M (140 mM, not 0.14 mM)"),
        ({"capacitance": 40}, "warned implausible_capacitance", "2.67 uF/cm2 (40 pF of the whole membrane)"),
        ({"impermeant": '"0.14 mM"'}, "refused implausible_solve", "meant in M (140 mM, not 0.14 mM)"),
        ({"impermeant": '"14 mM"'}, "warned implausible_solve", "the 120 mM that balance the osmolarity"),
        ({"chloride": '"400 mM"'}, "warned implausible_solve", "its anions exceed its cations"),
        ({"chloride": '"solve"', "valence": -1.11857}, "warned implausible_solve", "their last digits decide it"),
        ({"chloride": '"solve"', "valence": -1}, "", ""),
        ({"impermeant": '"solve"', "valence": -0.05}, "warned implausible_solve", "more than any cell has"),
    ],
)
def test_each_slip_is_named_with_what_it_would_make(changed, code, words):
    found, text = said(**changed)
    assert found == code, text
    assert words in text


@pytest.mark.parametrize(
    "size",
    [
        'volume = "0.05 um3"\narea = "0.7 um2"',  # a spine's head
        'volume = "0.01 um3"\narea = "0.8 um2"',  # a sheet of an astrocyte, 25 nm thick
        'volume = "90 um3"\narea = "140 um2"',  # a red cell
        'volume = "0.9 uL"\narea = "20 mm2"',  # an oocyte with its microvilli
        'shape = "cylinder"\nradius = "0.1 um"\nlength = "1 mm"',  # a thin axon
        'shape = "cylinder"\nradius = "0.5 mm"\nlength = "5 cm"',  # Chara
        'shape = "sphere"\nradius = "5 mm"',  # Valonia
    ],
)
def test_small_and_giant_cells_are_usual(size):
    volume, _, area = size.partition("\n") if "area" in size else (size, "", "")
    assert said(size=volume, area=area) == ("", "")


CLEFT = """
name = "cleft"
[compartments.cleft]
kind = "fixed"
volume = "{} um3"
ions = {{ K = "3.5 mM", Na = "140 mM", Cl = "143.5 mM" }}
impermeant = {{ concentration = "10 mM", valence = "solve" }}
"""
BESIDE = """
[compartments.{0}]
kind = "dialysed"
volume = "2820 um3"
ions = {{ K = "140 mM", Na = "16.6 mM", Cl = "10 mM" }}
[membranes.{0}]
inside = "{0}"
outside = "cleft"
area = "1500 um2"
potential = "-80 mV"
[membranes.{0}.transports]
K_leak = {{ law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }}
"""


@pytest.mark.parametrize(("width", "told"), [(10, False), (3, True)])
def test_a_cleft_of_ten_nanometres_between_two_cells_is_usual(width, told):
    cell = parse_cell(CLEFT.format(1.5 * width) + BESIDE.format("one") + BESIDE.format("two"))
    assert any("'cleft': " in n.message and n.code.startswith("implausible") for n in notices(cell)) is told


def test_a_walled_cell_in_a_pond_is_usual_and_a_cell_half_as_salty_as_its_bath_is_not():
    text = PROCESS.format(**USUAL | {"chloride": '"solve"', "valence": -1, "impermeant": '"90 mM"'})
    inside = text.replace('K = "140 mM", Na = "16.6 mM"', 'K = "100 mM", Na = "1 mM"')  # Cl 11 mM, 202 mOsm

    def warned(bath):
        cell = parse_cell(inside.replace('K = "3.5 mM", Na = "140 mM", Cl = "143.5 mM"', bath))
        return [n.message for n in notices(cell) if n.code == "implausible_solve"]

    assert warned('K = "1 mM", Na = "0.1 mM", Cl = "1.1 mM"') == []
    assert "202 mOsm beside 920 mOsm" in warned('K = "10 mM", Na = "450 mM", Cl = "460 mM"')[0]


@pytest.mark.parametrize("name", library())
def test_a_volume_in_another_unit_is_named_with_the_right_one(name):
    cell = load(name)
    for space, c in cell.compartments.items():
        walls = [(m, side) for m in cell.membranes.values() for side in (m.inside, m.outside) if side == space]
        if not c.finite or c.volume is None or not any(m.capacitance for m, _ in walls):
            continue
        path = f"compartments.{space}.volume"
        for factor in (1e-3, 1e-6, 1e-9):  # the number in pL, nL and uL, read as um3
            try:
                text = " ".join(n.message for n in notices(set_si(cell, {path: factor * c.volume})))
            except vrest.InputError as error:
                text = f"{error.message} {error.hint}"
            closed = cell.impermeant(space)[0] + sum(cell.contents(space).values())
            charge = sum(
                (1 if m.inside == space else -1) * m.capacitance * cell.area(n) * m.potential
                for n, m in cell.membranes.items()
                if m.capacitance and space in (m.inside, m.outside)
            )
            share = abs(charge) / (F * factor * c.volume * closed)
            assert share < 0.02 or format_si(c.volume, "volume", 4) in text, (space, factor, share, text)


def test_in_a_population_such_cells_are_none():
    cell = parse_cell(PROCESS.format(**USUAL))
    many = vrest.population(cell, {"inside.volume": np.array([2820.0, 2.82e-3])})
    assert many.outcomes == {"rests_run_down": 1, "impossible": 1}
    fewer = vrest.population(cell, {"inside.impermeant.concentration": np.array([140.0, 0.14])})
    assert fewer.outcomes == {"rests_run_down": 1, "impossible": 1}


def test_a_change_that_makes_a_cell_impossible_is_refused_and_an_unusual_one_told():
    cell = parse_cell(PROCESS.format(**USUAL))
    with pytest.raises(vrest.InputError) as error:
        vrest.apply(cell, "inside.volume=0.003 um3")
    assert error.value.code == "implausible_charge"
    unusual = vrest.apply(cell, "inside.volume=3 um3")
    assert "implausible_charge" in [n.code for n in vrest.rest(unusual).warnings]
    assert "implausible_charge" in [n.code for n in vrest.simulate(unusual, until="1 s", points=2).warnings]


def test_a_space_with_trace_ions_and_plenty_of_impermeants_is_none_of_them():
    cell = parse_cell(PROCESS.format(**USUAL))
    thin = vrest.apply(cell, {"inside.volume": 100, "inside.K": 1e-3, "inside.Na": 1e-3, "inside.Cl": 1e-3})
    assert "implausible_charge" not in [n.code for n in notices(thin)]
