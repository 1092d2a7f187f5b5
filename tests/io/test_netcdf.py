"""Runs in files: labels, units, what made them, and the way back."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from vrest.errors import InputError
from vrest.io.netcdf import read_run_recipe, write_run
from vrest.model.cellfile import load
from vrest.verbs.rest import rest
from vrest.verbs.run import simulate

PROTOCOL = [
    ("1 min", "pump.max_rate*=0.3"),
    ("2 min", "outside.K=7.1 mM swap Na over 30 s"),
    ("4 min", "pump.max_rate=restore"),
]


@pytest.fixture(scope="module")
def run():
    return simulate(load("mammalian_neuron"), PROTOCOL, "5 min", points=37)


@pytest.fixture(scope="module")
def pair():
    return simulate(load(Path(__file__).parent / "two_membranes.toml"), until="1 min", points=5)


def test_labels_and_units(run):
    data = run.dataset
    assert dict(data.sizes) == {"time": len(run.time), "compartment": 2, "ion": 3}
    units = {name: data[name].attrs["units"] for name in data.variables}
    assert units == {
        "v": "mV",
        "concentration": "mM",
        "volume": "um3",
        "E": "mV",
        "pump_current": "pA",
        "atp_use": "1/s",
        "time": "s",
        "compartment": "",
        "ion": "",
    }
    assert all(data[name].attrs["long_name"] for name in data.variables)
    assert np.array_equal(data.v, run.v)
    assert np.isnan(data.volume.sel(compartment="outside")).all()
    assert float(data.volume.sel(compartment="inside")[0]) == pytest.approx(4 / 3 * np.pi * 8**3)


def test_values_agree_with_the_rest_they_start_from(run):
    start, still = run.dataset.isel(time=0), rest(load("mammalian_neuron"))
    assert float(start.atp_use) == pytest.approx(still.atp_per_second, rel=1e-9)
    for ion, e in still.E.items():
        assert float(start.E.sel(ion=ion)) == pytest.approx(e, abs=1e-6)
    # one charge out per ATP: 1 pA is 6.24e6 of them per second
    assert float(start.pump_current) == pytest.approx(still.atp_per_second * 1.602176634e-7, rel=1e-9)
    assert {"title", "source", "method", "rtol", "steps", "conservation", "temperature_degC", "references"} <= set(
        run.dataset.attrs
    )


def test_several_membranes_have_their_dimension(pair):
    data = pair.dataset
    assert data.v.dims == ("time", "membrane")
    assert data.E.dims == ("time", "ion", "membrane")
    assert data.pump_current.dims == data.atp_use.dims == ("time", "membrane")
    assert list(data.membrane.values) == ["neuron", "glia"]
    assert np.isnan(data.concentration.sel(compartment="glia", ion="Cl")).all()
    assert np.isnan(data.E.sel(membrane="glia", ion="Cl")).all()
    assert not np.isnan(data.E.sel(membrane="neuron")).any()


@pytest.mark.parametrize("which", ["run", "pair"])
def test_a_saved_run_is_repeated_bit_for_bit(request, tmp_path, which):
    made = request.getfixturevalue(which)
    first, again = tmp_path / "first.nc", tmp_path / "again.nc"
    write_run(made, first)
    recipe = read_run_recipe(first)
    assert recipe.cell == made.cell
    repeated = simulate(recipe.cell, recipe.events, recipe.until, times=recipe.times, rtol=recipe.rtol)
    assert repeated.plan == made.plan
    assert np.array_equal(repeated.states, made.states)
    write_run(repeated, again)
    with xr.open_dataset(first, engine="h5netcdf") as a, xr.open_dataset(again, engine="h5netcdf") as b:
        assert a.identical(b)


def test_a_run_from_a_settled_cell_is_repeated_too(tmp_path):
    settled = rest(load("squid_axon"), "outside.K=20 mM swap Na").as_cell()
    made = simulate(settled, [("1 s", "outside.K*=1.1 swap Na")], "10 s", points=11, spacing="log")
    write_run(made, tmp_path / "run.nc")
    recipe = read_run_recipe(tmp_path / "run.nc")
    assert recipe.cell == settled
    repeated = simulate(recipe.cell, recipe.events, recipe.until, times=recipe.times, rtol=recipe.rtol)
    assert np.array_equal(repeated.states, made.states)


def test_a_file_says_what_the_run_warns_of(run, tmp_path):
    made = simulate(load("mammalian_neuron"), [("1 s", "outside.K=12 mM")], "2 s", points=3)
    for each, name in ((made, "warned.nc"), (run, "quiet.nc")):
        write_run(each, tmp_path / name)
        with xr.open_dataset(tmp_path / name, engine="h5netcdf") as data:
            assert data.attrs.get("warnings", "") == "\n".join(n.message for n in each.warnings)
    assert ["+7 mM" in n.message for n in made.warnings] == [True]
    assert not run.warnings


def test_csv_says_its_units(run, pair, tmp_path):
    write_run(run, tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["v_mV"]) for row in rows] == run.v.tolist()
    assert {"time_s", "K_inside_mM", "volume_inside_um3", "E_K_mV", "pump_current_pA", "atp_use_per_s"} <= set(rows[0])
    assert "volume_outside_um3" not in rows[0]
    write_run(pair, tmp_path / "pair.csv")
    header = (tmp_path / "pair.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert {"v_neuron_mV", "v_glia_mV", "E_K_glia_mV"} <= set(header)
    assert "Cl_glia_mM" not in header


@pytest.mark.parametrize("name", ["run.nc", "run.csv"])
def test_an_interrupted_write_leaves_the_old_file(run, tmp_path, monkeypatch, name):
    path = tmp_path / name
    write_run(run, path)
    before = path.read_bytes()

    def stop(_):
        assert len(os.listdir(tmp_path)) == 2  # in the midst of it
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_run(run, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_files_that_hold_no_run_are_refused(run, tmp_path):
    (tmp_path / "text.nc").write_text("no netCDF")
    xr.Dataset({"v": ("time", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    run.dataset.assign_attrs(cell="name = ", protocol="until = '1 s'").to_netcdf(tmp_path / "bad.nc", engine="h5netcdf")
    for name, code in (
        ("text.nc", "not_a_run"),
        ("other.nc", "not_a_run"),
        ("bad.nc", "not_a_run"),
        ("no.nc", "no_file"),
    ):
        with pytest.raises(InputError) as caught:
            read_run_recipe(tmp_path / name)
        assert caught.value.code == code
    with pytest.raises(InputError, match="xls"):
        write_run(run, tmp_path / "run.xls")
