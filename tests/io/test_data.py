"""The data of an answer in files: read back with pandas, xarray and json it is what Python has, to the last bit."""

import json
import math
from io import StringIO

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from vrest.errors import InputError
from vrest.io.data import DATA, labelled, write_data, write_table
from vrest.io.report import report, to_json
from vrest.tables import Column, Table

BODY = report({"v": [-70.0, math.nan]}, {"v": "mV"}, {"cell": "µ", "set": ["outside.K=5 mM"]}, cell="µ", temperature=37)

NUMBERS = st.one_of(st.none(), st.floats(allow_infinity=True, allow_nan=False), st.integers(-(2**53), 2**53))
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).filter(lambda text: text == text.strip())
HEADS = st.sampled_from(["V", "V rest", "V_rest", "[K]o", "1 % more of", "–", "row", "E_K (mV)", "at once*"])


@st.composite
def tables(draw):
    """Tables of any numbers and texts, heads repeated too."""
    rows = draw(st.integers(1, 5))

    def values(kind):
        return st.lists(kind, min_size=rows, max_size=rows)

    kinds = st.one_of(values(NUMBERS), values(TEXTS), values(st.booleans()))
    columns = draw(st.lists(st.builds(Column, HEADS, st.sampled_from(["", "mV"]), kinds), min_size=1, max_size=4))
    return Table(columns, draw(TEXTS))


def alike(ours, theirs):
    """Whether two values are the same to the last bit; None is NaN, or an empty text."""
    if isinstance(theirs, str):
        return theirs == ("" if ours is None or ours != ours else str(ours))
    ours = math.nan if ours is None else ours
    return ours == theirs or (ours != ours and theirs != theirs)


@settings(deadline=None, max_examples=200)
@given(table=tables())
def test_a_table_comes_back_from_csv(table):
    file = StringIO()
    write_table(file, table, {"cell_name": "two\nlines"})
    text = file.getvalue()
    assert text.startswith("# cell_name: two\n# cell_name: lines\n")
    back = pd.read_csv(
        StringIO(text), skiprows=2, dtype=str, keep_default_na=False, header=None, skip_blank_lines=False
    )
    assert back.iloc[0].tolist() == [column.label for column in table.columns]
    for k, column in enumerate(table.columns):
        for ours, theirs in zip(column.values, back[k][1:], strict=True):
            number = isinstance(ours, int | float) and not isinstance(ours, bool)
            assert alike(ours, float(theirs) if number else theirs)


@settings(deadline=None, max_examples=200)
@given(table=tables())
def test_a_table_is_a_dataset(table):
    data = labelled(table, "row")
    assert len(data.variables) == len(table.columns)
    for column, variable in zip(table.columns, data.variables.values(), strict=True):
        assert variable.attrs == {"units": column.unit, "long_name": column.name}
        assert all(alike(ours, theirs) for ours, theirs in zip(column.values, variable.values.tolist(), strict=True))


@settings(deadline=None, max_examples=20)
@given(several=st.lists(tables(), min_size=1, max_size=4))
def test_netcdf_has_all_tables(several, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "all.nc"
    write_data(BODY, several, path)
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        found = list(tree.subtree)
        assert len(found) == len(several)
        assert json.loads(tree.attrs["inputs"]) == BODY["inputs"]
        for table, node in zip(several, found, strict=True):
            assert [v.attrs["long_name"] for v in node.data_vars.values()] == [c.name for c in table.columns]
            for column, variable in zip(table.columns, node.data_vars.values(), strict=True):
                assert all(alike(a, b) for a, b in zip(column.values, variable.values.tolist(), strict=True))


def test_json_is_what_is_printed(tmp_path):
    write_data(BODY, [Table([Column("V", "mV", [-70.0])])], tmp_path / "data.json")
    assert (tmp_path / "data.json").read_text(encoding="utf-8") == to_json(BODY) + "\n"


def test_it_says_where_it_comes_from(tmp_path):
    warned = BODY | {"warnings": [{"code": "odd", "message": "odd"}]}
    write_data(warned, [Table([Column("V", "mV", [-70.0])])], tmp_path / "data.csv")
    lines = (tmp_path / "data.csv").read_text(encoding="utf-8").splitlines()
    told = dict(line.removeprefix("# ").split(": ", 1) for line in lines[:-2])
    assert json.loads(told["inputs"]) == BODY["inputs"]
    assert (told["cell_name"], told["temperature_degC"], told["warnings"]) == ("µ", "37", "odd")
    assert told["source"] == f"vrest {BODY['version']}"


@pytest.mark.parametrize("suffix", DATA)
def test_an_interruption_leaves_nothing(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"data{suffix}"
    path.write_text("old")
    broken = Table([Column("V", "mV", [-70.0])])
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_data(BODY, [broken], path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_other_names_are_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        write_data(BODY, [Table([Column("V", "mV", np.array([-70.0]))])], tmp_path / "data.xls")
    assert caught.value.code == "unknown_suffix"
