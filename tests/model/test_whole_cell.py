"""Values of a whole cell, in a file and by a change: per area they are what division by hand gives, and are said."""

from __future__ import annotations

import math

import pytest

import vrest
from vrest.constants import F
from vrest.errors import InputError
from vrest.model.cellfile import parse_cell, write_cell
from vrest.model.change import apply
from vrest.model.notices import notices
from vrest.model.paths import parameters
from vrest.whole_cell import Extent, of_whole_cell

TOML = """
name = "mine"
[compartments.outside]
kind = "bath"
ions = {{ K = "5 mM", Na = "145 mM", Cl = "150 mM" }}
[compartments.inside]
kind = "osmotic"
{size}
ions = {{ K = "140 mM", Na = "15 mM", Cl = "10 mM" }}
impermeant = {{ concentration = "135 mM", valence = "solve" }}
[membranes.m]
inside = "inside"
outside = "outside"
{area}
capacitance = "{capacitance}"
[membranes.m.transports]
K_leak = {{ law = "ohmic_leak", ion = "K", conductance = "{conductance}" }}
Na_leak = {{ law = "ghk_leak", ion = "Na", permeability = "{sodium}" }}
Cl_leak = {{ law = "ghk_leak", ion = "Cl", permeability = "{chloride}" }}
pump = {{ law = "pump_hill", max_rate = "{pump}" }}
stimulus = {{ law = "injected_current", ion = "K", density = "{stimulus}" }}
water = {{ law = "water", hydraulic_permeability = "{water}" }}
"""
SIZED = {"size": 'volume = "2000 um3"', "area": 'area = "1500 um2"'}
ROUND = {"size": 'shape = "sphere"\nradius = "8 um"', "area": ""}
WHOLE = {
    "capacitance": "30 pF",
    "conductance": "3 nS",
    "sodium": "0.75 um3/s",
    "chloride": "0.5 1/h",
    "pump": "80 pA",
    "stimulus": "-2 pA",
    "water": "1.5e-21 m3/(Pa s)",
}
PATHS = {
    "capacitance": "m.capacitance",
    "conductance": "K_leak.conductance",
    "sodium": "Na_leak.permeability",
    "chloride": "Cl_leak.permeability",
    "pump": "pump.max_rate",
    "stimulus": "stimulus.density",
    "water": "water.hydraulic_permeability",
}


def by_hand(area: float, volume: float) -> dict[str, float]:
    """SI, per area."""
    return {
        "capacitance": 30e-12 / area,
        "conductance": 3e-9 / area,
        "sodium": 0.75e-18 / area,
        "chloride": 0.5 / 3600 * volume / area,
        "pump": 80e-12 / F / area,
        "stimulus": -2e-12 / area,
        "water": 1.5e-21 / area,
    }


def said_once(cell: vrest.Cell) -> str:
    (said,) = [n.message for n in notices(cell) if n.code == "whole_cell"]
    return said


@pytest.mark.parametrize(
    ("space", "area", "volume"),
    [(SIZED, 1500e-12, 2000e-18), (ROUND, 4 * math.pi * 64e-12, 4 / 3 * math.pi * 512e-18)],
)
def test_a_file_of_whole_cell_values_is_divided_by_its_area_and_says_so(space, area, volume):
    cell = parse_cell(TOML.format(**space, **WHOLE))
    values = parameters(cell)
    for name, si in by_hand(area, volume).items():
        path = next(p for p in values if p.endswith("." + PATHS[name]))
        assert values[path].value == pytest.approx(si, rel=1e-14)
        short = path.removeprefix("membranes.").replace(".transports.", ".")
        assert f"{short} {WHOLE[name]} " in said_once(cell)
    assert said_once(cell).count(";") == len(WHOLE) - 1
    again = parse_cell(write_cell(cell))
    assert again == cell
    assert {p: v.value for p, v in parameters(again).items()} == {p: v.value for p, v in values.items()}


def test_what_is_said():
    cell = parse_cell(TOML.format(**SIZED, **WHOLE))
    assert said_once(cell).startswith("of a whole cell, per area: ")
    assert "m.capacitance 30 pF over 1500 um2 is 2 uF/cm2" in said_once(cell)
    assert "m.Cl_leak.permeability 0.5 1/h times 2000 um3 over 1500 um2 is 1.852e-8 cm/s" in said_once(cell)
    assert "whole_cell" in {n.code for n in vrest.rest(cell).warnings}


def test_a_change_is_divided_by_the_area_of_then_and_the_file_keeps_its_meaning():
    cell = parse_cell(TOML.format(**SIZED, **WHOLE))
    wider = apply(cell, ["m.area=3000 um2", "K_leak.conductance=3 nS"])
    values = parameters(wider)
    assert values["membranes.m.transports.K_leak.conductance"].value == pytest.approx(1.0, rel=1e-14)
    assert values["membranes.m.capacitance"].value == pytest.approx(0.02, rel=1e-14)  # per area, as it was read
    assert "3 nS over 3000 um2 is 0.0001 S/cm2" in " ".join(n.message for n in notices(wider))
    assert parse_cell(write_cell(wider)) == wider
    said = {n.code: n.message for n in notices(apply(wider, "inside.volume=4000 um3"))}["whole_cell"]
    said = {text.split(" ", 1)[0]: text for text in said.partition(": ")[2].split("; ")}
    kept = "now, and the value per area is kept)"
    assert said["m.capacitance"].endswith(f"is 2 uF/cm2 (the area is 3000 um2 {kept}")
    assert said["m.Cl_leak.permeability"].endswith(f" (the area is 3000 um2 {kept} (the volume is 4000 um3 {kept}")
    assert kept not in said["m.K_leak.conductance"]


def test_ranges_and_sources_go_along():
    entry = '{ value = "3 nS", source = "own data", range = ["1.5 nS", "0.0004 S/cm2"] }'
    cell = parse_cell(TOML.format(**SIZED, **WHOLE).replace('"3 nS"', entry))
    source = cell.sources["membranes.m.transports.K_leak.conductance"]
    assert source.range == ("0.0001 S/cm2", "0.0004 S/cm2")
    assert source.text == "own data (3 nS over 1500 um2 is 0.0002 S/cm2)"


@pytest.mark.parametrize(
    ("value", "dimension", "per_area"),
    [
        ("2 mM/h", "turnover", 2 / 3600 * 2e-15 / 1.5e-9),
        ("5 fmol/min", "turnover", 5e-15 / 60 / 1.5e-9),
        ("−1 nA", "current_density", -1e-9 / 1.5e-9),
        ("1e-9 cm3/s", "permeability", 1e-15 / 1.5e-9),
        ("1e-12 L/s", "permeability", 1e-15 / 1.5e-9),
    ],
)
def test_units_of_whole_cells(value, dimension, per_area):
    si, said = of_whole_cell(value, dimension, Extent(1.5e-9, 2e-15))
    assert si == pytest.approx(per_area, rel=1e-14)
    assert said.startswith(value)


@pytest.mark.parametrize("value", ["1e-4 S/cm2", "3 mV", "3 NS", 3.0, "solve", "3 nS/um"])
def test_what_is_nothing_of_a_whole_cell_is_left_alone(value):
    assert of_whole_cell(value, "specific_conductance", Extent(1.5e-9)) == (0.0, "")


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (TOML.format(**SIZED | {"area": ""}, **WHOLE), "no_area", "membranes.m.transports.K_leak.conductance"),
        (TOML.format(**SIZED, **WHOLE).replace("0.75 um3/s", "0.75 mM"), "wrong_unit", "a concentration"),
        (TOML.format(**SIZED, **WHOLE).replace('"3 nS"', '"−3 nS"'), "out_of_range", "K_leak"),
        (TOML.format(**SIZED, **WHOLE).replace("3 nS", "3,5 nS"), "decimal_comma", "K_leak: OhmicLeak.conductance"),
    ],
)
def test_what_cannot_be_divided_is_refused(text, code, says):
    with pytest.raises(InputError) as caught:
        parse_cell(text)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_a_pipette_s_cell_without_a_volume_has_no_rate_constants():
    text = TOML.format(size="", area='area = "1500 um2"', **WHOLE).replace("osmotic", "dialysed")
    text = text.replace('valence = "solve"', "valence = -1")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("water"))
    with pytest.raises(InputError) as caught:
        parse_cell(text)
    assert caught.value.code == "no_volume"
    assert "Cl_leak.permeability" in caught.value.message


def test_elsewhere_the_hint_says_where_whole_cells_are_read():
    from vrest.model.channels import OhmicLeak

    with pytest.raises(InputError, match="read in a cell file and by --set"):
        OhmicLeak(ion="K", conductance="3 nS")  # pyright: ignore[reportArgumentType]
