"""Names that mean something else are refused wherever they would be misread."""

import pytest

import vrest
from vrest.model.cellfile import library, load, parse_cell
from vrest.model.consistent import MEANINGS
from vrest.model.paths import parameters
from vrest.study.sensitivity.observed import quantities
from vrest.system.assemble import assemble
from vrest.verbs.readings import WORDS

TOML = """
name = "named"
[valences]
{ion} = 1
[compartments.bath]
kind = "bath"
ions = {{ K = "5 mM", {ion} = "1 mM", Cl = "6 mM" }}
[compartments.{compartment}]
kind = "fixed"
volume = "2000 um3"
ions = {{ K = "140 mM", {ion} = "1 mM", Cl = "8 mM" }}
impermeant = {{ concentration = "130 mM", valence = "solve" }}
[membranes.{membrane}]
inside = "{compartment}"
outside = "bath"
area = "800 um2"
[membranes.{membrane}.transports]
{transport} = {{ law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }}
[exchanges.{exchange}]
kind = "salt_diffusion"
inside = "{compartment}"
outside = "bath"
ions = ["K", "Cl"]
clearance = "1 um3/s"
"""
PLAIN = {"ion": "X", "compartment": "cell", "membrane": "wall", "transport": "leak", "exchange": "wash"}
STOICHIOMETRY = ("ATP", "water", "charge")
PATHS = {"compartments", "membranes", "exchanges", "transports", "ions", "impermeant", "free", "temperature"}


def code(**names):
    try:
        parse_cell(TOML.format(**PLAIN | names))
    except vrest.InputError as error:
        return error.code
    return None


def test_plain_names_pass():
    assert code() is None


@pytest.mark.parametrize("name", [*STOICHIOMETRY, *sorted(PATHS)])
@pytest.mark.parametrize("kind", ["ion", "compartment", "membrane"])
def test_what_a_stoichiometry_or_a_path_uses_names_no_part(kind, name):
    assert code(**{kind: name}) == "reserved_name"


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize("kind", ["transport", "exchange"])
def test_what_a_path_uses_names_no_mechanism(kind, name):
    assert code(**{kind: name}) == "reserved_name"


def test_every_word_that_tables_and_quantities_use_is_reserved():
    heads = {words.split()[0] for words in WORDS.values() if words} - {"I", "cycle"}  # I is iodide
    cell = load("mammalian_neuron")
    read = {name.partition(".")[0] for name in quantities(assemble(cell))} - set(cell.compartments)
    plain = {name for name in read if not name.startswith("E_")}
    assert heads | plain | {"time"} <= set(MEANINGS)
    for name in heads | read:
        assert code(compartment=name) == "reserved_name"
    for name in heads | plain:
        assert code(ion=name) == code(membrane=name) == "reserved_name"


@pytest.mark.parametrize("name", library())
def test_every_word_of_a_path_that_is_no_name_is_reserved(name):
    cell = load(name)
    for path in parameters(cell):
        parts = path.split(".")
        assert parts[0] in PATHS
        assert len(parts) < 4 or parts[2] in PATHS or parts[0] == "exchanges"


def test_iodide_and_a_transport_of_water_are_names():
    assert code(ion="I") == "known_ion"  # iodide, which carries -1
    assert code(transport="water", exchange="V") is None


def test_a_membrane_and_an_exchange_of_one_name_are_refused():
    assert code(membrane="one", exchange="one") == "name_taken"


def test_an_ion_called_water_moves_no_volume():
    with pytest.raises(vrest.InputError, match="water") as error:
        vrest.rest(parse_cell(TOML.format(**PLAIN | {"ion": "water"})))
    assert "my_water" in error.value.hint
