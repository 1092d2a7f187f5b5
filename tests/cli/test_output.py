"""`-o FILE`: what a command answers, as CSV, netCDF and JSON, is what `--json` prints and what Python has."""

import json
import math

import pandas as pd
import pytest
import xarray as xr

from vrest.model.cellfile import load
from vrest.study.perturb.perturb import perturb
from vrest.verbs.rest import rest

SAVED = {
    "sensitivity": ["mammalian_neuron", "--over", "pump.max_rate", "--over", "outside.K swap Na"],
    "perturb": ["mammalian_neuron", "hyperkalaemia", "--duration", "1 min"],
    "compare": ["mammalian_neuron", "squid_axon", "--perturb", "hyperkalaemia"],
    "excitability": ["hodgkin_huxley_1952", "--current", "10", "--step", "50 ms"],
    "explain": ["mammalian_neuron"],
    "instant": ["mammalian_neuron", "--set", "outside.K=12 mM", "--swap", "Na"],
    "settled": ["mammalian_neuron", "--set", "outside.K=12 mM", "--swap", "Na"],
    "check": ["mammalian_neuron", "--set", "pump.max_rate*=0.8"],
    "rest": ["frog_skin"],
    "solution": ["tyrode", "--volume", "500 mL"],
}
"""Short lines of the commands that save the data of their answer."""


def without_file(text):
    """An answer as an object, but for the name of the file that it went to."""
    body = json.loads(text)
    assert body["inputs"].pop("output", None)
    return body


def same(value, text):
    """Whether a value is what a cell of a CSV says, to the last bit; NaN is an empty cell."""
    if isinstance(value, str | bool):
        return str(value) == text
    return text == "" if value != value else float(text) == value


@pytest.mark.parametrize("name", SAVED)
def test_data_of_an_answer(vrest, tmp_path, monkeypatch, name):
    """The three files hold the same numbers to the last bit, and `.json` what is printed."""
    monkeypatch.chdir(tmp_path)
    for suffix in ("csv", "nc", "json"):
        answer = vrest(name, *SAVED[name], "--json", "-o", f"data.{suffix}")
        assert answer.code in (0, 5), answer.out
    assert without_file((tmp_path / "data.json").read_text(encoding="utf-8")) == without_file(answer.out)
    table = pd.read_csv("data.csv", comment="#", dtype=str, keep_default_na=False)
    assert len(table) > 0
    with xr.open_datatree("data.nc", engine="h5netcdf") as tree:
        assert json.loads(tree.attrs["inputs"]) == without_file(answer.out)["inputs"] | {"output": "data.nc"}
        heads = [f"{v.long_name} ({v.units})" if v.units else v.long_name for v in tree.data_vars.values()]
        assert heads == table.columns.tolist()
        for head, variable in zip(heads, tree.data_vars.values(), strict=True):
            for ours, theirs in zip(table[head].tolist(), variable.values.tolist(), strict=True):
                assert same(theirs, ours), (head, ours, theirs)
        numbers = [v for node in tree.subtree for v in node.data_vars.values() if v.dtype.kind == "f"]
        assert any(math.isfinite(x) for v in numbers for x in v.values.ravel())


@pytest.mark.parametrize("name", SAVED)
@pytest.mark.parametrize(("file", "code"), [("data.xls", "unknown_suffix"), ("no/folder/data.csv", "cannot_write")])
def test_a_file_that_cannot_be_is_refused_at_once(vrest, monkeypatch, name, file, code):
    monkeypatch.setattr("vrest.cli.options.read_cell", None)  # nothing is read, nothing is computed
    answer = vrest(name, *SAVED[name], "--json", "-o", file)
    assert (answer.code, answer.error) == (3, code)


def columns(path):
    """The numbers of a CSV by their heads, to the last bit."""
    table = pd.read_csv(path, comment="#", dtype=str, keep_default_na=False)
    return {head: [float(x) if x else math.nan for x in table[head]] if "(" in head else table[head].tolist()
            for head in table.columns}  # fmt: skip


def test_time_courses_of_a_perturbation_are_those_of_its_runs(vrest, tmp_path):
    story = perturb("mammalian_neuron", "ouabain", duration="1 min")
    path = tmp_path / "ouabain.csv"
    assert vrest("perturb", "mammalian_neuron", "ouabain", "--duration", "1 min", "-o", str(path)).code == 0
    found = columns(path)
    for name, run in (("kept on", story.kept), ("washed", story.washed)):
        rows = [k for k, part in enumerate(found["part"]) if part == name]
        inside = run.system.concentrations(run.states, run.parameters, "inside")
        assert [found["time (s)"][k] for k in rows] == run.time.tolist()
        assert [found["V (mV)"][k] for k in rows] == run.v.tolist()
        assert [found["K inside (mM)"][k] for k in rows] == inside["K"].tolist()
    for name, still in (("rest", story.before), ("settled", story.settled), ("settled after wash", story.end)):
        (row,) = [k for k, part in enumerate(found["part"]) if part == name]
        assert found["V (mV)"][row] == still.v_rest
        assert found["E K (mV)"][row] == still.E["K"]
    assert found["V (mV)"][found["part"].index("at once")] == story.as_dict()["moments"][0]["v"]


def test_what_was_not_reached_has_no_numbers(vrest, tmp_path):
    path = tmp_path / "swells.csv"
    assert vrest("perturb", "kay_2017", "anoxia", "--dose", "100%", "-o", str(path)).code == 0
    found = columns(path)
    settled = found["part"].index("settled")
    assert all(math.isnan(values[settled]) for head, values in found.items() if "(" in head)
    assert found["part"].count("washed") > 1


def test_a_rest_is_a_cell_or_data_by_its_name(vrest, tmp_path):
    for name, of in (("rest", ()), ("settled", ("--set", "outside.K=5 mM"))):
        assert vrest(name, "mammalian_neuron", *of, "-o", str(tmp_path / f"{name}.toml")).code == 0
        assert load(tmp_path / f"{name}.toml").name == "mammalian_neuron"
    assert vrest("rest", "mammalian_neuron", "-o", str(tmp_path / "rest.csv")).code == 0
    assert columns(tmp_path / "rest.csv")["V (mV)"] == [rest("mammalian_neuron").v_rest] * 3


def test_without_a_rest_the_file_says_so(vrest, tmp_path):
    wrong = ("kay_2017", "--set", "pump.max_rate*=0", "-o")
    assert vrest("rest", *wrong, str(tmp_path / "none.csv")).code == 4
    assert "# warnings: 'kay_2017': " in (tmp_path / "none.csv").read_text(encoding="utf-8")
    assert vrest("rest", *wrong, str(tmp_path / "none.toml")).code == 4
    assert not (tmp_path / "none.toml").exists()
