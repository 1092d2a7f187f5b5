"""Cell files with something wrong in one place: a cell or an error that names the place, nothing else ever.

Every node of a cell of the library is replaced by each of a list of wrong things, lost, or renamed.
"""

from __future__ import annotations

import datetime
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1]))

from model.damage import Place, damaged, places
from vrest.cli.app import run
from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import cell_from, load, parse_cell, write_cell
from vrest.model.schema import check_shape
from vrest.model.toml import check_nodes

NAMES = ["mammalian_neuron", "huebel_dahlem_2014", "dijkstra_2016", "muscle_tubule", "frog_skin", "astrocyte_pair"]


def nested(depth: int, kind: type) -> Any:
    value: Any = "5 mM"
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


WRONG: list[Any] = [
    0, 1, -1, 0.5, 1e308, -0.0, 10**30, -(2**63), 16**6000, float("nan"), float("inf"), True, False,
    "", " ", "x", "5", "solve", "5 mM", "-5 mM", "−5 mM", "1e999 mM", "5 mM mM", "5 mEq/L", "5 mg/dL", "30 pF", "3 nS",
    "5 um3/s", "1 1/h", "1,234 mM", "%", "K+", "water", "bath", "sphere", "\0", "x" * 1000, "\n", "−", "{}", "é",
    [], [1], ["K"], ["K", "K"], [[]], [{}], {}, {"a": 1}, {"K": "5 mM"}, {"": "5 mM"}, {"a.b": "5 mM"},
    {"value": "5 mM"},
    {"value": {"a": "5 mM"}}, {"value": {"value": "5 mM"}}, {"value": []}, {"value": True}, {"value": "30 pF"},
    {"source": "x"}, {"value": "5 mM", "source": 5}, {"value": "5 mM", "source": "x", "range": ["a", "b"]},
    {"value": "5 mM", "source": "x", "range": ["1 mM"]}, {"value": "5 mM", "range": [1, 2]}, {1: 2},
    {"law": "ghk_leak"},
    {"kind": "bath", "ions": {}}, datetime.date(1979, 5, 27), datetime.datetime(1979, 5, 27), datetime.time(7),
    nested(50, list), nested(50, dict), nested(2000, list), nested(2000, dict),
]  # fmt: skip
KEYS: list[Any] = [
    "",
    " ",
    "a b",
    "K+",
    "Ca",
    "value",
    "source",
    "law",
    "water",
    "str",
    "Sourced",
    "x" * 300,
    "\n",
    "é",
    1,
]


def outcome(data: dict[str, Any]) -> Cell | InputError:
    """What comes of the dictionary of a file."""
    try:
        check_nodes(data, "mine.toml")
        check_shape(data, "mine.toml")
        return cell_from(data)
    except InputError as error:
        return error


def judge(data: dict[str, Any], path: Place, what: Any) -> Cell | None:
    """The cell, or None where it is refused as it should be: by a place on the way to it or what stands there now."""
    made = outcome(data)
    if isinstance(made, Cell):
        return made
    assert made.code, (path, repr(made))
    assert made.hint, (path, repr(made))
    assert len(str(made)) < 3000, (path, str(made)[:3000])
    tables = [data[part] for part in PARTS if isinstance(data.get(part), dict)]
    named = {str(key).removesuffix("s") for key in path} | {f"'{name}'" for table in tables for name in table}
    now = what if isinstance(what, dict) else [what] if isinstance(what, str) or what == 1 else []
    named |= {form(key) for key in now for form in (str, repr)}
    assert any(name in made.message for name in named), (path, made.message)
    return None


PARTS = ("compartments", "membranes", "exchanges")
DATA = {name: tomllib.loads(write_cell(load(name))) for name in NAMES}


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_one_thing_wrong_is_a_cell_or_a_named_error(data):
    name = data.draw(st.sampled_from(NAMES))
    path = data.draw(st.sampled_from(list(places(DATA[name]))))
    how = data.draw(st.sampled_from(["replace", "replace", "replace", "lose", "rename"]))
    what = data.draw(st.sampled_from(WRONG if how == "replace" else KEYS))
    cell = judge(damaged(DATA[name], path, how, what), path, what)
    if cell is not None:
        assert parse_cell(write_cell(cell)) == cell


@pytest.mark.library
@pytest.mark.parametrize("name", ["mammalian_neuron", "huebel_dahlem_2014", "frog_skin"])
def test_each_wrong_thing_at_each_place(name):
    data = tomllib.loads(write_cell(load(name)))
    for path in places(data):
        for how, things in (("replace", WRONG), ("lose", [None]), ("rename", KEYS)):
            for what in things:
                judge(damaged(data, path, how, what), path, what)


GOOD = write_cell(load("mammalian_neuron"))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("{ value = { a = 'x' } }", "bad_value"),
        ("[" * 2000 + "]" * 2000, "bad_toml"),
        ("[" * 2000, "bad_toml"),
        ("{ a = " * 2000, "bad_toml"),
        ("{ a" + ".a" * 3000 + " = 1 }", "bad_value"),
        ("9" * 5000, "bad_toml"),
        ("0x" + "f" * 6000, "bad_value"),
        ("inf", "not_finite"),
        ("1979-05-27", "bad_value"),
    ],
)
def test_the_command_line_names_the_place_and_exits_3(wrong, code, tmp_path, capsys):
    text = GOOD.replace("[compartments.outside.ions]", f"[compartments.outside.ions]\nNH4 = {wrong}", 1)
    assert text != GOOD
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    (tmp_path / "flat.toml").write_text(f"celsius = 37\nko = {wrong}", encoding="utf-8")
    assert run(["check", str(tmp_path / "flat.toml")]) == 3
    told = capsys.readouterr()
    assert "flat.toml" in told.err or "ko" in told.err
    for command in ("show", "rest", "check"):
        assert run([command, str(tmp_path / "mine.toml")]) == 3
        told = capsys.readouterr()
        assert not told.out
        assert "mine.toml" in told.err if code == "bad_toml" else "NH4" in told.err
