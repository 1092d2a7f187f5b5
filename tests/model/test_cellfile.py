"""Cells as TOML: the way there and back is exact, and every slip is named."""

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import vrest
from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import cell_from, library, load, parse_cell, write_cell
from vrest.model.paths import parameters, set_si
from vrest.model.schema import check_shape

TWO = (Path(__file__).parents[1] / "io" / "two_membranes.toml").read_text(encoding="utf-8")


def values(cell: Cell) -> dict[str, object]:
    return {path: p.value for path, p in parameters(cell).items()}


def solved_exactly(cell: Cell) -> dict[str, float]:
    return cell.solved()


@pytest.mark.parametrize("name", library())
def test_library_cells_come_back_bit_for_bit(name):
    cell = load(name)
    text = write_cell(cell)
    check_shape(tomllib.loads(text), name)
    again = parse_cell(text)
    assert again == cell
    assert values(again) == values(cell)
    assert solved_exactly(again) == solved_exactly(cell)
    assert write_cell(again) == text


@pytest.mark.parametrize("name", library())
def test_library_cells_rest_or_say_why_and_every_value_has_a_source(name):
    cell = load(name)
    without = [path for path in parameters(cell) if path not in cell.sources]
    assert not without


def test_a_cell_of_the_library_is_read_once_and_anew_where_its_file_has_changed(tmp_path, monkeypatch):
    assert load("squid_axon") is load("squid_axon")
    text = write_cell("squid_axon")
    monkeypatch.setattr("vrest.model.cellfile.LIBRARY", str(tmp_path))
    for celsius in (18, 9, 21):
        (tmp_path / "mine.toml").write_text(text.replace('"20 degC"', f'"{celsius} degC"'), encoding="utf-8")
        assert load("mine").temperature == pytest.approx(273.15 + celsius)
        assert load("mine") is load("mine")


@pytest.mark.parametrize("name", ["../library/astrocyte", "Astrocyte", "astrocyt", "astro\0cyte", ""])
def test_only_what_the_library_names_is_of_the_library(name):
    with pytest.raises(InputError) as error:
        load(name)
    assert error.value.code == "unknown_cell"


MAGNITUDES = st.floats(1e-3, 1e3, allow_subnormal=False)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_cells_of_random_values_come_back_bit_for_bit(data):
    cell = load(data.draw(st.sampled_from(["mammalian_neuron", "astrocyte"])))
    changed = {}
    for path, p in parameters(cell).items():
        if p.value == "solve" or not p.value:
            continue
        if path == "temperature":
            changed[path] = data.draw(st.floats(273.15, 320.0))
        elif p.spec.maximum is None or p.spec.maximum > 100:
            changed[path] = abs(p.value) * data.draw(MAGNITUDES)
    changed = {path: min(v, 9e3) if ".ions." in path or "impermeant" in path else v for path, v in changed.items()}
    try:
        random = set_si(cell, changed)
    except InputError as error:
        if not error.code.startswith("implausible"):
            raise
        reject()
    again = parse_cell(write_cell(random))
    assert again == random
    assert values(again) == values(random)


GOOD = write_cell(load("mammalian_neuron"))
PLAIN = """
name = "mine"
[compartments.outside]
kind = "bath"
ions = { K = "5 mM", Na = "145 mM", Cl = "150 mM" }
[compartments.inside]
kind = "osmotic"
shape = "sphere"
radius = "8 um"
ions = { K = "140 mM", Na = "15 mM", Cl = "10 mM" }
impermeant = { concentration = "135 mM", valence = "solve" }
[membranes.m]
inside = "inside"
outside = "outside"
[membranes.m.transports]
K_leak = { law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }
Na_leak = { law = "ghk_leak", ion = "Na", permeability = "5e-8 cm/s" }
pump = { law = "pump_hill", max_rate = "60 pmol/cm2/s", km_na = "10 mM", km_k = "2 mM" }
"""


def test_a_membrane_may_be_called_value():
    data = tomllib.loads(write_cell("mammalian_neuron"))
    (membrane,) = data["membranes"].values()
    data["membranes"] = {"value": membrane}
    cell = cell_from(data)
    assert parse_cell(write_cell(cell)) == cell


def test_a_cell_in_twenty_lines():
    assert parse_cell(PLAIN).name == "mine"
    assert len(PLAIN.strip().splitlines()) <= 20


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('kind = "osmotic"', 'kind = "osmotc"', "bad_value", "Did you mean 'osmotic'"),
        ('radius = "8 um"', 'radios = "8 um"', "unknown_key", "Did you mean 'radius'"),
        ("permeability =", "pemeability =", "", "permeability"),
        ('radius = "8 um"', "radius = 8", "no_unit", "8"),
        ('radius = "8 um"', 'radius = "8"', "missing_unit", "um"),
        ('radius = "8 um"', 'radius = "8 mM"', "wrong_unit", "length"),
        ('radius = "8 um"', 'radius = "-8 um"', "out_of_range", "at least"),
        ('radius = "8 um"', 'radius = "0 um"', "out_of_range", "at least"),
        ('radius = "8 um"', 'radius = "8,5 um"', "decimal_comma", "dot"),
        ('radius = "8 um"', "radius = true", "bad_value", "inside.radius"),
        ('radius = "8 um"', "radius = [8]", "bad_value", "inside.radius"),
        ('radius = "8 um"', "radius = nan", "", "radius"),
        ('radius = "8 um"', "", "size", "radius"),
        ('K = "140 mM"', 'K = "0 mM"', "zero_concentration", "K"),
        ('K = "140 mM"', 'K = "140 M"', "out_of_range", "mM"),
        ('K = "140 mM"', 'K = "−140 mM"', "out_of_range", "sign"),
        ('K = "140 mM"', 'Kallium = "140 mM"', "unknown_ion", "Did you mean 'kalium'"),
        ('valence = "solve"', 'valence = "-1"', "charge_imbalance", "solve"),
        ('valence = "solve"', 'valence = "sovle"', "not_a_number", "valence"),
        ('law = "ghk_leak", ion = "K"', 'law = "ghk_leek", ion = "K"', "unknown_law", "Did you mean 'ghk_leak'"),
        ('law = "ghk_leak", ion = "K"', 'ion = "K"', "", "law"),
        ('ion = "Na"', 'ion = "Ca"', "unknown_ion", "Ca"),
        ('outside = "outside"', 'outside = "outsde"', "unknown_compartment", "outside"),
        ('inside = "inside"\noutside = "outside"', 'inside = "outside"\noutside = "inside"', "bath_inside", "swap"),
        ('name = "mine"', "name = 5", "bad_value", "name"),
        ('name = "mine"', "", "missing_key", "name"),
        ('name = "mine"', 'name = "mine"\ntemperature = "310"', "missing_unit", "degC"),
        ('name = "mine"', 'name = "mine"\ntemperature = "310 degC"', "kelvin_for_celsius", "kelvin"),
        ('name = "mine"', "name = mine", "bad_toml", "quotes"),
        ('name = "mine"', "name = {}", "bad_value", "name"),
        ('name = "mine"', 'name = "mine"\nexchanges = 5', "bad_value", "table"),
        ('"1e-6 cm/s"', '{ value = "1e-6 cm/s", sorce = "x" }', "unknown_key", "Did you mean 'source'"),
        ('"1e-6 cm/s"', '{ source = "x" }', "missing_key", "value is missing"),
        ('"1e-6 cm/s"', '{ value = "1e-6 cm/s", source = "x", range = ["1 cm/s"] }', "bad_value", "range"),
        (
            '"1e-6 cm/s"',
            '{ value = "1e-6 cm/s", source = "x", range = ["1", "2 cm/s"] }',
            "missing_unit",
            "K_leak.permeability, range",
        ),
        ('"1e-6 cm/s"', '{ value = { a = "1e-6 cm/s" } }', "bad_value", "K_leak.permeability.value"),
        ('"1e-6 cm/s"', "[1]", "bad_value", "K_leak.permeability = [...] is not a value"),
        ('inside = "inside"\noutside = "outside"', "", "missing_key", "inside is missing; membranes.m.outside"),
        ('K = "5 mM"', 'K = "5 mM", K = "6 mM"', "bad_toml", ""),
        ("[membranes.m]", "[membrane.m]", "", "Did you mean 'membranes'"),
    ],
)
def test_slips_in_a_file_are_named(old, new, code, says):
    assert old in PLAIN
    with pytest.raises(InputError) as caught:
        parse_cell(PLAIN.replace(old, new, 1), "mine.toml")
    error = caught.value
    assert says in str(error), str(error)
    assert not code or error.code == code, (error.code, str(error))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_damaged_file_is_a_cell_or_an_input_error(data):
    """One line is lost, doubled or cut: nothing but a cell or a named slip may come of it."""
    lines = data.draw(st.sampled_from([PLAIN, TWO])).splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    how = data.draw(st.sampled_from(["lose", "double", "cut", "retype"]))
    if how == "lose":
        del lines[at]
    elif how == "double":
        lines.insert(at, lines[at])
    elif how == "cut":
        lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
    else:
        key, _, _ = lines[at].partition("=")
        lines[at] = (
            f"{key}= {data.draw(st.sampled_from(['1', '[]', '{}', 'nan', 'inf', 'true', '2020-01-01', '0x10']))}"
        )
    with suppress(InputError):
        assert isinstance(parse_cell("\n".join(lines)), Cell)


KCC2 = """
name = "kcc2_dendrite"
temperature = "37 degC"
[compartments.outside]
kind = "bath"
ions = { K = "5 mM", Na = "145 mM", Cl = "135 mM", HCO3 = "23 mM" }
impermeant = { concentration = "8 mM", valence = 1 }
[compartments.inside]
kind = "fixed"
shape = "cylinder"
radius = "7.5 um"
length = "20 um"
ions = { K = "140 mM", Na = "8 mM", Cl = "5 mM", HCO3="12 mM" }
impermeant = { concentration = "131 mM", valence = "solve" }
[membranes.m]
inside = "inside"
outside = "outside"
potential = "-70 mV"
[membranes.m.transports]
K_leak = { law = "ohmic_leak", ion = "K", conductance = "2.5e-5 S/cm2" }
Na_leak = { law = "ohmic_leak", ion = "Na", conductance = "2.5e-6 S/cm2" }
Cl_leak = { law = "ohmic_leak", ion = "Cl", conductance = "2.25e-5 S/cm2" }
kcc2 = { law = "kcc2_product", strength_per_product = "1.9297e-5 mA/mM2/cm2" }
[closures]
"inside.K" = {}
"inside.Na" = {}
"""


def test_a_published_strength_of_kcc2_in_its_own_unit():
    """mA/mM2/cm2; V and Cl- are those of SciPy's solution of the same equations."""
    rest = vrest.rest(parse_cell(KCC2))
    assert rest.v_rest == pytest.approx(-80.566, abs=1e-3)
    assert rest.concentrations["inside"]["Cl"] == pytest.approx(4.8891, abs=1e-4)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe name")
    (tmp_path / "empty.toml").write_text("")
    for name in ("bytes.toml", "empty.toml", "none.toml", "."):
        with pytest.raises(InputError):
            load(tmp_path / name)


def test_an_exchange_lacks_a_kind_and_no_law():
    text = """
    name = "mine"
    compartments.cleft = { kind = "fixed", volume = "10 um3", ions = { K = "5 mM", Cl = "5 mM" } }
    compartments.bath = { kind = "bath", ions = { K = "5 mM", Cl = "5 mM" } }
    exchanges.wash = { law = "salt_diffusion", inside = "cleft", outside = "bath", clearance = "1 um3/s" }
    """
    with pytest.raises(vrest.InputError, match=r"exchanges.wash.kind is missing") as caught:
        vrest.parse_cell(text.replace("\n    ", "\n"))
    assert "An exchange has a kind, a transport a law. Allowed: salt_diffusion" in caught.value.hint
    assert "ghk_leak" not in caught.value.hint
