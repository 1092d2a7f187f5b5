"""A population in one file: read back with pandas and xarray it is what Python has, to the last bit."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import vrest
from vrest.io import population as module
from vrest.io.population import write_population

VARY = {"K_leak.permeability": "lognormal(0.2)", "outside.K": "uniform(3 mM, 8 mM) swap Na"}


@pytest.fixture(scope="module")
def many(neuron):
    """Rests, some of which end otherwise; and runs with states over time."""
    rests = vrest.population(neuron, VARY | {"pump.max_rate": [1.0, 66.0, 0.0, 50.0, 66.0, 20.0, 5.0]})
    runs = vrest.population(neuron, VARY, 5, until="1 min", times=[0.0, 60.0])
    return {"rests": rests, "runs": runs}


def wide(data):
    """Every number of a population under the head that it should have, made from xarray's own stacking."""
    found = {}
    for name, variable in data.data_vars.items():
        if name == "outcome":
            continue
        unit = variable.attrs.get("units", "")
        dims = [dim for dim in variable.dims if dim != "cell"]
        stacked = variable.stack(place=dims) if dims else variable.expand_dims("place").transpose("cell", "place")
        for k in range(stacked.sizes["place"]):
            at = {dim: stacked[dim].values[k] for dim in dims}
            where = [
                f"at {x!r} s" if dim == "time" else str(x) for dim, x in at.items() for x in [np.asarray(x).item()]
            ]
            found[" ".join([name, *where]) + (f" ({unit})" if unit not in ("", "1") else "")] = stacked.values[:, k]
    return found


@pytest.mark.parametrize("which", ["rests", "runs"])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_every_number_comes_back(many, tmp_path, monkeypatch, which, suffix):
    monkeypatch.setattr(module, "BLOCK", 3)  # several of them
    found, path = many[which], tmp_path / f"cells.{suffix}"
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pip install pyarrow")
        write_population(found, path)
        table = pd.read_parquet(path)
    else:
        write_population(found, path)
        table = pd.read_csv(path, comment="#", dtype=str, keep_default_na=False)
        table = table.apply(lambda c: c if c.name == "outcome" else c.replace("", "nan").astype(float))
    expected = wide(found.dataset)
    assert set(table.columns) == {"cell", "outcome", *expected}
    assert table["cell"].tolist() == list(range(found.n))
    assert table["outcome"].tolist() == found.endings.tolist()
    for head, values in expected.items():
        assert np.array_equal(table[head].to_numpy(dtype=float), values.astype(float), equal_nan=True), head


def test_netcdf_is_the_dataset(many, tmp_path):
    for name, found in many.items():
        write_population(found, tmp_path / f"{name}.nc")
        with xr.open_dataset(tmp_path / f"{name}.nc", engine="h5netcdf") as data:
            assert vrest.parse_cell(data.attrs.pop("cell")) == found.cell
            assert data.identical(found.dataset)


def test_each_file_says_what_the_population_warns_of(neuron, many, tmp_path):
    found = vrest.population(neuron, {"outside.K": [5.0, 12.0]})
    (warning,) = found.warnings
    assert "+7 mM" in warning.message
    write_population(found, tmp_path / "cells.csv")
    assert f"# warnings: {warning.message}\n" in (tmp_path / "cells.csv").read_text(encoding="utf-8")
    write_population(found, tmp_path / "cells.nc")
    with xr.open_dataset(tmp_path / "cells.nc", engine="h5netcdf") as data:
        assert data.attrs["warnings"] == warning.message
    write_population(many["rests"], tmp_path / "quiet.csv")
    assert "# warnings" not in (tmp_path / "quiet.csv").read_text(encoding="utf-8")


def test_what_cannot_be_written_is_refused(many, tmp_path, monkeypatch):
    for name, code in (("cells.xls", "unknown_suffix"), ("no/cells.csv", "cannot_write")):
        with pytest.raises(vrest.InputError) as caught:
            write_population(many["rests"], tmp_path / name)
        assert caught.value.code == code
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(vrest.InputError, match=r"vrest\[parquet\]") as caught:
        write_population(many["rests"], tmp_path / "cells.parquet")
    assert caught.value.code == "no_parquet"
    assert not list(tmp_path.iterdir())


def test_the_command_writes_them(tmp_path):
    from vrest.cli import main

    line = ["population", "mammalian_neuron", "--vary", "K_leak.permeability ~ lognormal(0.2)", "-n", "5", "--quiet"]
    for suffix in ("csv", "nc", "json"):
        assert main([*line, "-o", str(tmp_path / f"cells.{suffix}")]) == 0
    assert main([*line, "-o", str(tmp_path / "cells.zarr"), "--json"]) == 0
    with xr.open_zarr(tmp_path / "cells.zarr") as stored:
        table = pd.read_csv(tmp_path / "cells.csv", comment="#", dtype=str)
        assert [float(v) for v in table["v_rest (mV)"]] == stored.v_rest.values.tolist()
        with xr.open_dataset(tmp_path / "cells.nc", engine="h5netcdf") as data:
            assert np.array_equal(data.v_rest, stored.v_rest)
    told = json.loads((tmp_path / "cells.json").read_text(encoding="utf-8"))
    assert told["result"]["outcomes"][0]["count"] == 5
    assert main([*line, "-o", str(tmp_path / "cells.xls")]) == 3
