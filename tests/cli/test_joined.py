"""Every command on cells whose potentials depend on each other: an epithelium, a fibre with tubules, a coupled pair."""

import csv

import pytest

PUMP = {
    "frog_skin": "pump.max_rate",
    "muscle_tubule": "surface.transports.pump.max_rate",
    "astrocyte_pair": "astrocyte_1.transports.pump.max_rate",
}
EXCHANGE = {"frog_skin": "electrode", "muscle_tubule": "mouths", "astrocyte_pair": "gap_junction"}


@pytest.fixture(params=PUMP)
def cell(request):
    return request.param


def test_rest_and_what_it_saves(vrest, cell, tmp_path):
    settled = tmp_path / "settled.toml"
    first = vrest("rest", cell, "--json", "-o", str(settled), "--plot", str(tmp_path / "ladder.png"))
    assert (first.code, first.err) == (0, "")
    again = vrest("rest", str(settled), "--json")
    assert first.json["units"]["exchange_currents"] == "pA"
    for name, v in first.json["result"]["v_rest"].items():
        assert again.json["result"]["v_rest"][name] == pytest.approx(v, abs=1e-9)
    assert list(first.json["result"]["exchange_currents"]) == [EXCHANGE[cell]]
    _, title, flows = vrest("rest", cell).out.partition("Currents from inside to outside\n\npath")
    assert title
    assert EXCHANGE[cell] in [line.split()[0] for line in flows.splitlines() if line]


def test_every_rest(vrest, cell):
    answer = vrest("rest", cell, "--all", "--json")
    (only,) = answer.json["result"]["rests"]
    assert only["outcome"] == "rests"


def test_run_and_its_files(vrest, cell, tmp_path):
    import xarray as xr

    files = [tmp_path / "run.nc", tmp_path / "run.csv"]
    for file in files:
        answer = vrest("run", cell, "--at", "1 min", f"{PUMP[cell]}*=0", "--until", "2 min", "-o", str(file), "--json")
        assert answer.code == 0
    moment = answer.json["result"]["moments"][-1]
    with xr.open_dataset(files[0]) as data:
        assert data.exchange_current.attrs["units"] == "pA"
        assert float(data.exchange_current[-1, 0]) == pytest.approx(moment["exchange_currents"][EXCHANGE[cell]])
    with files[1].open(encoding="utf-8") as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last[f"exchange_current_{EXCHANGE[cell]}_pA"]) == pytest.approx(
        moment["exchange_currents"][EXCHANGE[cell]]
    )
    assert vrest("run", "--from", str(files[0]), "-o", str(tmp_path / "again.nc")).code == 0


def test_explain_makes_each_potential_of_its_parts(vrest, cell, tmp_path):
    answer = vrest("explain", cell, "--json", "--plot", str(tmp_path / "votes.png"))
    assert answer.code == 0
    for story in answer.json["result"]["membranes"].values():
        parts = story["chord_sum"] + story["chord_pump"] + story["chord_paths"]
        assert parts == pytest.approx(story["v"], abs=1e-6)
    assert "nothing holds the gradients" not in vrest("explain", cell).out


def test_check_finds_nothing_and_then_the_weaker_pump(vrest, cell):
    assert vrest("check", cell).code == 0
    drifts = vrest("check", cell, "--set", f"{PUMP[cell]}*=0.5", "--json")
    assert drifts.code == 5
    codes = {finding["code"] for finding in drifts.json["result"]["findings"]}
    assert "pump" in codes
    assert not codes & {"charge", "no_pump", "no_potential"}


def test_population_and_its_store(vrest, cell, tmp_path):
    import xarray as xr

    vary, store = ("--vary", f"{PUMP[cell]} ~ lognormal(0.1)", "-n", "6"), tmp_path / "cells.zarr"
    assert vrest("population", cell, *vary, "-o", str(store), "--plot", str(tmp_path / "cells.png")).code == 0
    with xr.open_dataset(store, engine="zarr") as data:
        assert data.exchange_current.dims == ("cell", "exchange")
    assert vrest("population", cell, *vary, "--at", "1 s", f"{PUMP[cell]}*=0", "--until", "5 s").code == 0


def test_a_parameter_is_followed_and_weighed(vrest, cell, tmp_path):
    assert vrest("bifurcation", cell, PUMP[cell], "0.8x", "1.2x", "--plot", str(tmp_path / "b.png")).code == 0
    answer = vrest("sensitivity", cell, "--plot", str(tmp_path / "tornado.png"), "--json")
    assert answer.code == 0


def test_a_closing_membrane_cannot_be_charged(vrest):
    assert vrest("excitability", "frog_skin", "--membrane", "apical").code == 0
    assert vrest("excitability", "frog_skin", "--membrane", "junction", "--json").error == "ring_of_membranes"


def test_current_fed_into_an_epithelium_is_a_parameter_like_any(vrest):
    answer = vrest("bifurcation", "frog_skin", "electrode.current", "-5 pA", "5 pA", "--json")
    assert answer.code == 0
