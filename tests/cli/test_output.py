"""`-o FILE`: what a command answers, as CSV, netCDF and JSON, is what `--json` prints and what Python has."""

import json
import math

import pandas as pd
import pytest
import xarray as xr

SAVED = {
    "sensitivity": ["mammalian_neuron", "--over", "pump.max_rate", "--over", "outside.K swap Na"],
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
