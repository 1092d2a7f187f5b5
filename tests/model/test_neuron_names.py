"""NEURON's names of the numbers of a cell, wherever a path may stand."""

from __future__ import annotations

import pytest

import vrest
from vrest.errors import InputError
from vrest.model.cellfile import cell_from, library, load
from vrest.model.change import apply
from vrest.model.paths import parameters, resolve
from vrest.units import to_si

UNITS = {"celsius": "degC", "v_init": "mV", "cm": "uF/cm2", "L": "um", "gk": "S/cm2", "gna": "S/cm2", "gcl": "S/cm2"}
IONS = {"K": "k", "Na": "na", "Cl": "cl", "Ca": "ca", "HCO3": "hco3"}
UNITS |= {f"{ion}{side}": "mM" for ion in IONS.values() for side in "io"}
"""NEURON's own units: https://nrn.readthedocs.io, `units.m` and the sections on ions, cm, diam and L."""

RESULTS = ("ek", "ena", "ecl", "ik", "ina", "icl", "v")


def meanings(cell: vrest.Cell, name: str) -> set[str]:
    """What a name of NEURON's means in a cell, found by the words of its paths alone."""
    inside = {m.inside for m in cell.membranes.values() if cell.compartments[m.inside].kind != "bath"}
    outside = {m.outside for m in cell.membranes.values() if m.inside in inside}
    found = set()
    for path in parameters(cell):
        match path.split("."):
            case ["temperature"] if name == "celsius":
                found.add(path)
            case ["compartments", side, "ions", ion] if ion in IONS:
                if (name == f"{IONS[ion]}i" and side in inside) or (name == f"{IONS[ion]}o" and side in outside):
                    found.add(path)
            case ["compartments", side, "length"] if name == "L":
                found.add(path)
            case ["membranes", wall, "potential"] if name == "v_init":
                found.add(path)
            case ["membranes", wall, "capacitance"] if name == "cm":
                found.add(path)
            case ["membranes", wall, "transports", label, "conductance"] if name[0] == "g":
                moved = cell.membranes[wall].transports[label].stoichiometry()
                if any(moved.get(ion) for ion, short in IONS.items() if name == f"g{short}"):
                    found.add(path)
    return found


@pytest.mark.parametrize("name", library())
def test_a_name_is_its_path_where_it_means_one_and_lists_them_where_it_means_several(name: str) -> None:
    cell = load(name)
    for short in UNITS:
        meant = meanings(cell, short)
        if len(meant) == 1:
            parameter = resolve(cell, short)
            assert {parameter.path} == meant, short
            # a bare number is in the unit that NEURON has it in
            si = to_si(7.0, parameter.spec.dimension, short)
            assert si == to_si(f"7 {UNITS[short]}", parameter.spec.dimension), short
            continue
        with pytest.raises(InputError) as caught:
            resolve(cell, short)
        assert caught.value.code in (("ambiguous_path",) if meant else ("unknown_path", "other_name")), caught.value
        assert all(path in caught.value.hint for path in meant)


@pytest.mark.parametrize("name", library())
def test_results_are_refused_with_what_to_set_instead(name: str) -> None:
    cell = load(name)
    for short in RESULTS:
        with pytest.raises(InputError) as caught:
            resolve(cell, short)
        assert caught.value.code == "is_result", caught.value
        told = caught.value.hint.rstrip(".").removesuffix(" (v_init)").rpartition(", ")[2].removeprefix("Set ")
        for path in told.split(" or "):
            resolve(cell, path)
    for short in ("diam", "Ra", "g_pas", "e_pas"):
        with pytest.raises(InputError) as caught:
            resolve(cell, short)
        assert caught.value.code == "other_name"
        assert caught.value.hint


def test_every_verb_takes_them() -> None:
    cell = "hodgkin_huxley_1952"
    names = {
        "ko": "outside.K",
        "nai": "inside.Na",
        "celsius": "temperature",
        "gk": "K.conductance",
        "v_init": "potential",
    }
    changes = {"ko": 8.0, "celsius": 7.0, "gk": 0.04}
    by_path = {names[name]: value for name, value in changes.items()}
    assert parameters(apply(cell, changes)) == parameters(apply(cell, by_path))
    assert vrest.rest(cell, changes).v_rest == vrest.rest(cell, by_path).v_rest
    runs = [vrest.simulate(cell, [("1 ms", f"{k}=8 mM")], "3 ms", points=5).v for k in ("ko", "outside.K")]
    assert runs[0].tolist() == runs[1].tolist()
    ready = [vrest.prepare(cell, [k]).rest({k: [3.0, 8.0]}).v.tolist() for k in ("ko", "outside.K")]
    assert ready[0] == ready[1]
    with pytest.raises(InputError, match="varies twice"):
        vrest.population(cell, {"ko": [3.0, 8.0], "outside.K": [3.0, 8.0]})


def test_a_near_cell_is_named_where_an_ion_is_missing() -> None:
    with pytest.raises(InputError, match="red_blood_cell"):
        resolve(load("mammalian_neuron"), "hco3o")


def test_a_leak_of_no_ion_is_pas() -> None:
    bath = {
        "kind": "bath",
        "ions": {"K": "5 mM", "Na": "145 mM"},
        "impermeant": {"concentration": "150 mM", "valence": -1},
    }
    leak = {"law": "fixed_leak", "conductance": "1e-5 S/cm2", "reversal": "-65 mV"}
    cell = cell_from(
        {
            "name": "passive",
            "compartments": {"outside": bath, "inside": {"kind": "dialysed", "ions": {"K": "140 mM", "Na": "10 mM"}}},
            "membranes": {
                "m": {"inside": "inside", "outside": "outside", "area": "1000 um2", "transports": {"x": leak}}
            },
        }
    )
    assert resolve(cell, "g_pas").path == "membranes.m.transports.x.conductance"
    assert resolve(cell, "e_pas").path == "membranes.m.transports.x.reversal"
    changed = apply(cell, {"e_pas": -60.0, "g_pas": 2e-5})
    assert vrest.rest(changed).v_rest == pytest.approx(-60.0, abs=1e-6)
