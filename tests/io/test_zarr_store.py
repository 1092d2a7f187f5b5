"""Populations on disk: what is done is not done again, nothing is counted twice, nothing else is taken for it."""

import os
import pickle
import shutil

import numpy as np
import pytest
import xarray as xr

import vrest
from vrest.verbs import population as verb
from vrest.verbs.population_job import Rests

VARY = {"K_leak.permeability": "lognormal(0.2)", "outside.K": "uniform(3 mM, 8 mM) swap Na"}


def chunks(path):
    """Modification time of every file with numbers."""
    return {
        os.path.join(folder, name): os.stat(os.path.join(folder, name)).st_mtime_ns
        for folder, _, names in os.walk(path)
        for name in names
        if f"{os.sep}c{os.sep}" in os.path.join(folder, name)
    }


@pytest.fixture(scope="module")
def finished(neuron, tmp_path_factory):
    """A finished store of 30 cells in 4 chunks, of which the last is smaller."""
    path = tmp_path_factory.mktemp("stores") / "cells.zarr"
    return path, vrest.population(neuron, VARY, 30, chunk=8, into=vrest.zarr_store(path))


def test_xarray_opens_it_with_units_and_flags(neuron, finished):
    path, found = finished
    data = xr.open_zarr(path)
    memory = vrest.population(neuron, VARY, 30, chunk=8)
    assert set(data.variables) == set(memory.dataset.variables)
    for name, variable in memory.dataset.variables.items():
        assert data[name].dims == variable.dims
        assert data[name].attrs == variable.attrs
        assert np.array_equal(data[name].values, variable.values, equal_nan=data[name].dtype.kind == "f")
    assert data.v_rest.attrs["units"] == "mV"
    assert data["outside.K"].attrs == {
        "units": "mM", "long_name": "compartments.outside.ions.K", "distribution": "uniform(3 mM, 8 mM)", "swap": "Na",
    }  # fmt: skip
    flags = data.outcome.attrs
    assert len(flags["flag_values"]) == len(flags["flag_meanings"].split()) == len(flags["flag_reasons"].splitlines())
    assert vrest.rest(vrest.parse_cell(data.attrs["cell"])).v_rest == pytest.approx(-70.0, abs=1e-6)
    assert found.outcomes == memory.outcomes == {"rests": 30}


def test_an_interruption_keeps_what_is_done(neuron, finished, tmp_path):
    _, whole = finished
    half = tmp_path / "half.zarr"

    def stop(done, total):
        if done >= 16:
            raise KeyboardInterrupt

    how = {"chunk": 8, "workers": 1}
    with pytest.raises(KeyboardInterrupt):
        vrest.population(neuron, VARY, 30, into=vrest.zarr_store(half), progress=stop, **how)
    part = xr.open_zarr(half)
    kept = int((part.outcome >= 0).sum())
    assert kept in (16, 24)
    assert (part.outcome.values[kept:] == -1).all()
    before, told = chunks(half), []
    again = vrest.population(neuron, VARY, 30, into=vrest.zarr_store(half), progress=lambda *n: told.append(n))
    assert again.computed == 30 - kept
    assert told[-1] == (30, 30)
    assert all(chunks(half)[name] == when for name, when in before.items())
    assert again.dataset.load().identical(whole.dataset.load().assign_attrs(again.dataset.attrs))


def test_a_chunk_without_its_mark_is_computed_again(neuron, finished, tmp_path):
    """Killed between the numbers and the mark, or in the middle of the numbers."""
    path, whole = finished
    torn = tmp_path / "torn.zarr"
    shutil.copytree(path, torn)
    (torn / "progress" / "done" / "c" / "2").unlink()
    (torn / "v_rest" / "c" / "2").unlink()
    (torn / "outcome" / "c" / "2").write_bytes((torn / "outcome" / "c" / "1").read_bytes())
    again = vrest.population(neuron, VARY, 30, into=vrest.zarr_store(torn))
    assert again.computed == 8
    assert again.dataset.load().identical(whole.dataset.load())


def test_a_finished_one_is_not_touched(neuron, finished):
    path, whole = finished
    before = chunks(path)
    again = vrest.population(neuron, VARY, 30, into=vrest.zarr_store(path))
    assert (again.computed, again.outcomes) == (0, whole.outcomes)
    assert chunks(path) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"n": 31}, "n is 30 there and 31 here"),
        ({"vary": {"outside.K": "uniform(3 mM, 8 mM) swap Na"}}, "vary is"),
        ({"changes": "pump.max_rate*=0.5"}, "the cell is not the same"),
        ({"until": "1 h"}, "what is 'resting states' there and 'runs' here"),
    ],
)
def test_another_population_is_refused(neuron, finished, change, said):
    how = {"vary": VARY, "n": 30, "into": vrest.zarr_store(finished[0])} | change
    with pytest.raises(vrest.InputError, match=said) as error:
        vrest.population(neuron, **how)
    assert error.value.code == "another_population"


def test_what_is_no_population_is_not_overwritten(neuron, tmp_path):
    (tmp_path / "empty.zarr").mkdir()
    xr.Dataset({"v": 1.0}).to_zarr(tmp_path / "other.zarr", consolidated=False)
    for name in ("empty.zarr", "other.zarr"):
        with pytest.raises(vrest.InputError) as error:
            vrest.population(neuron, VARY, 3, into=vrest.zarr_store(tmp_path / name))
        assert error.value.code == "not_a_population"
    for path, code in (("cells.nc", "unknown_suffix"), ("nowhere/cells.zarr", "cannot_write")):
        with pytest.raises(vrest.InputError) as error:
            vrest.zarr_store(tmp_path / path)
        assert error.value.code == code


def test_a_worker_that_does_not_see_the_store_says_so(tmp_path):
    with pytest.raises(vrest.InputError) as error:
        vrest.zarr_store(tmp_path / "elsewhere.zarr").writer()(0, {})
    back = pickle.loads(pickle.dumps(error.value))
    assert (type(back), back.code, str(back)) == (vrest.InputError, "no_store", str(error.value))


def test_a_failing_chunk_says_so_and_spoils_nothing(neuron, tmp_path, monkeypatch):
    compute = Rests.compute

    def fails(self, rows):
        if rows.n == 6:
            raise MemoryError("no memory left")
        return compute(self, rows)

    path = tmp_path / "cells.zarr"
    monkeypatch.setattr(verb.Rests, "compute", fails)
    with pytest.raises(MemoryError):
        vrest.population(neuron, VARY, 30, chunk=8, workers=1, into=vrest.zarr_store(path))
    monkeypatch.undo()
    assert vrest.population(neuron, VARY, 30, into=vrest.zarr_store(path)).computed == 6
