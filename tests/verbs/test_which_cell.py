"""Every verb takes a cell, its name in the library or the path of its file, and refuses anything else."""

import inspect
from pathlib import Path

import numpy as np
import pytest

import vrest

DATA = {"Ko": [2.5, 5.0, 10.0, 30.0, 100.0], "Vm": [-91.9, -77.5, -61.6, -35.3, -5.2]}
ASKED = {
    "applicable": {},
    "apply": {"changes": "outside.K=12 mM"},
    "bifurcation": {"path": "pump.max_rate", "start": "0.9x", "stop": "1.1x", "starts": 0},
    "check": {},
    "compare": {"name": "pump_loss"},
    "compare_models": {"data": DATA, "models": ["ghk"]},
    "curve": {"values": [3.0, 6.0]},
    "current_voltage": {"potentials": [-80.0, -60.0]},
    "design": {"v_rest": -75},
    "dose_response": {"name": "pump_loss", "doses": "10 %, 50 %"},
    "excitability": {},
    "explain": {},
    "firing": {"density": 1.0},
    "fit": {"data": DATA},
    "instant": {"changes": "outside.K=12 mM"},
    "load": {},
    "notices": {},
    "page": {},
    "parameter_map": {"x": ("outside.K", [3.0, 5.0]), "y": ("temperature", [37.0])},
    "perturb": {"name": "pump_loss"},
    "prepare": {"paths": "outside.K"},
    "population": {"vary": {"outside.K": [4.0, 5.0]}},
    "rest": {},
    "rest_all": {"starts": 0},
    "rest_function": {"paths": "outside.K"},
    "rest_many": {"over": {"outside.K": [4.0, 5.0]}},
    "run_function": {"paths": "outside.K", "until": "1 s"},
    "sensitivity": {"over": "outside.K", "of": "V"},
    "settled": {},
    "simulate": {"until": "1 s", "points": 3},
    "write_cell": {},
}
"""What is asked of each, beside the cell."""


def first(thing: object) -> str:
    """The name of the first parameter of a function."""
    return next(iter(inspect.signature(thing).parameters), "") if inspect.isfunction(thing) else ""


def test_every_verb_is_asked():
    assert {n for n in vrest.__all__ if first(getattr(vrest, n)) in ("cell", "cells", "result")} == set(ASKED)


def told(answer: object) -> object:
    """What tells two answers apart."""
    if hasattr(answer, "dataset"):
        return answer.dataset.to_dict() if hasattr(answer.dataset, "to_dict") else answer.dataset
    if hasattr(answer, "html"):
        return answer.html
    if hasattr(answer, "values") and callable(answer):
        return [float(answer(answer.values))]
    return repr(answer)


@pytest.mark.parametrize("name", ASKED)
def test_a_name_in_the_library_is_its_cell(name):
    verb, cell = getattr(vrest, name), "frog_muscle" if "data" in ASKED[name] else "mammalian_neuron"
    np.testing.assert_equal(told(verb(cell, **ASKED[name])), told(verb(vrest.load(cell), **ASKED[name])))


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize(
    ("cell", "code", "says"),
    [
        ("mammalian_nueron", "unknown_cell", "Did you mean 'mammalian_neuron'?"),
        ("nowhere/mine.toml", "no_file", "Check the path"),
        (Path("mine.toml"), "no_file", "Check the path"),
        ("x" * 5000, "unknown_cell", "ends in .toml"),
        ('name = "mine"\n', "not_a_cell", "parse_cell"),
        ({"K": 5.0}, "not_a_cell", "vrest.library()"),
        (5, "not_a_cell", "type int"),
        (None, "not_a_cell", "path of a TOML file"),
    ],
    ids=repr,
)
def test_what_is_no_cell_is_refused(name, cell, code, says):
    with pytest.raises(vrest.InputError) as caught:
        getattr(vrest, name)([cell] if name == "compare" else cell, **ASKED[name])
    assert (caught.value.code, says in str(caught.value)) == (code, True), str(caught.value)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_is_the_cell_of_its_file(tmp_path, kind):
    path = tmp_path / "mine.toml"
    path.write_text(vrest.write_cell(vrest.apply("mammalian_neuron", "outside.K=12 mM")), encoding="utf-8")
    assert vrest.rest(kind(path)).v_rest == vrest.rest("mammalian_neuron", "outside.K=12 mM").v_rest
    both = vrest.compare([kind(path), "skeletal_muscle"], "pump_loss")
    assert [a.cell.name for a in both.answers] == ["mammalian_neuron", "skeletal_muscle"]


def test_an_account_of_a_rest_is_that_of_its_cell():
    r = vrest.rest("hodgkin_huxley_1952")
    assert repr(vrest.explain(r)) == repr(vrest.explain(r.cell))
    assert vrest.excitability(r) == vrest.excitability(r.cell)
