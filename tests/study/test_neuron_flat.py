"""Flat descriptions in NEURON's terms: read as the MOD files have them, and every way out that is printed rests."""

import math
import tomllib

import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.io.neuron_names import IONS
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.readings import readings

F, R = 96485.33212331001, 8.31446261815324
VALENCE = {"na": 1, "k": 1, "cl": -1, "ca": 2, "hco3": -1, "mg": 2}
BATH = {"na": 140.0, "k": 5.0, "cl": 130.0, "ca": 2.0, "hco3": 24.0}
CELL = {"na": 12.0, "k": 135.0, "cl": 7.0, "ca": 1e-4, "hco3": 12.0}


def currents(d, v):
    """mA/cm2 by ion, as the MOD files compute them: plain numbers in NEURON's units, nothing of vrest."""
    phi = 1e3 * R * (d["celsius"] + 273.15) / F
    e = {x: phi / z * math.log(d[f"{x}o"] / d[f"{x}i"]) for x, z in VALENCE.items() if f"{x}i" in d}
    parts = [(x, d[f"g{x}"] * (v - e[x])) for x in e if f"g{x}" in d]
    if "ipump" in d:
        parts += pumped(d["ipump"])
    if "imax" in d:
        sites_k = (1 + d["km_k"] / d["ko"]) ** -2 if "km_k" in d else 1.0
        parts += pumped(d["imax"] * (1 + d["km_na"] / d["nai"]) ** -3 * sites_k)
    if "ipumpmax" in d:
        parts += pumped(d["ipumpmax"] / (1 + (d["km"] / d["nai"]) ** 1.5))
    if "vmax" in d:
        parts += pumped(d["vmax"] / (1 + math.exp((d["khalf"] - d["nai"]) / d["ksteep"])))
    if "Pa_kcc2" in d:
        parts += cotransported(d["Pa_kcc2"] * (d["ki"] * d["cli"] - d["ko"] * d["clo"]))
    if "gkcc2" in d:
        parts += cotransported(d["gkcc2"] * (e["cl"] - e["k"]))
    if "U_kcc2" in d:  # mM/ms over the volume of a cylinder as a current density over its side
        per_area = 1e-4 * d["diam"] / 4 * F
        parts += cotransported(d["U_kcc2"] * math.log(d["ki"] * d["cli"] / (d["ko"] * d["clo"])) * per_area)
    return {x: [i for y, i in parts if y == x] for x in e}


def pumped(net):
    return [("na", 3 * net), ("k", -2 * net)]


def cotransported(outward):
    return [("k", outward), ("cl", -outward)]


FULL = {"celsius": 32, "diam": 8, "L": 50, "v_init": -70} | {
    f"{x}{side}": values[x] for side, values in (("i", CELL), ("o", BATH)) for x in values
}


@pytest.mark.parametrize(
    "mechanism",
    [
        {"gna": 1e-5, "gk": 2e-4, "gcl": 3e-5, "gca": 1e-7, "ghco3": 1e-6},
        {"ipump": 1e-3},
        {"imax": 0.013, "km_na": 10, "km_k": 2},
        {"imax": 0.013, "km_na": 10},
        {"ipumpmax": 0.0036, "km": 10},
        {"vmax": 0.003, "khalf": 12, "ksteep": 1},
        {"Pa_kcc2": 1.9297e-5},
        {"gkcc2": 7e-5},
        {"U_kcc2": 3e-4},
    ],
    ids=lambda m: "-".join(m),
)
def test_mechanisms_are_those_of_the_mod_files(mechanism):
    data = FULL | mechanism
    cell, _ = vrest.neuron_cell(data)
    system, p = assemble(cell), parameter_vector(cell)
    fluxes = readings(system, system.start(cell), p).fluxes["membrane"]
    area = math.pi * data["diam"] * data["L"] * 1e-8  # cm2
    found = {x: sum(fluxes[ion].values()) for x, ion in IONS.items() if ion in fluxes}
    for x, parts in currents(data, -70.0).items():
        outward = sum(parts) * 1e-3 * area / (VALENCE[x] * F) * 1e15  # fmol/s
        assert found.get(x, 0.0) == pytest.approx(outward, rel=1e-10, abs=1e-15), x


def test_names_come_with_the_suffix_of_their_mod_file():
    data = {"imax_nakpump": 0.01, "km_k_nakpump": 2, "km_na_nakpump": 10, "ki0_k_ion": 130, "nai0": 9, "gk_leak": 1e-4}
    cell, claims = vrest.neuron_cell(data)
    assert cell.contents("inside") == {"Na": 9, "K": 130}
    assert set(cell.membranes["membrane"].transports) == {"gk", "imax"}
    assert claims.read[0].startswith("imax is a 3:2 pump")
    assert "imax_nakpump" in claims.written(cell)


def test_what_a_mod_file_leaves_open_is_told():
    _, claims = vrest.neuron_cell({"gna": 1e-5, "imax": 0.01, "fhspace": "30 nm", "Ra": 100})
    assert {"km_na = 10", "km_k = 2", "txfer = 50", "kbath = 10", "ko = kbath"} <= set(claims.defaults)
    assert "Ra" in claims.unused[0]
    _, claims = vrest.neuron_cell({"gna": 1e-5, "imax": 0.01, "km_na": 10})
    assert "the pump does not see K+ outside" in " ".join(claims.defaults)


def test_a_space_outside_fills_as_kext_has_it():
    """ko' = 1e8 ik/(fhspace F) + (kbath - ko)/txfer, in mM/ms."""
    data = FULL | {"gk": 2e-4, "fhspace": 300, "txfer": 50, "kbath": 4, "ko": 6}
    cell, _ = vrest.neuron_cell(data)
    system, p = assemble(cell), parameter_vector(cell)
    x = system.start(cell)
    k = [name for _, name in system.states].index("outside.K")
    ik = sum(currents(data, -70.0)["k"])
    expected = 1e8 * ik / (300 * F) + (4 - 6) / 50
    assert 1e-3 * system.derivative(x, p)[k] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("described", "code", "words"),
    [
        ({"gnaa": 1}, "unknown_key", "Did you mean 'gna'"),
        ({"cal": 1}, "unknown_key", "'ca"),
        ({"gleak": 1}, "unknown_key", "Write 'g_pas'"),
        ({"gnabar": 1}, "unknown_key", "'gnabar_hh'"),
        ({"qqq": 1}, "unknown_key", "vrest check --help"),
        ({"ki": 1, "ki0_k_ion": 2, "gk": 1e-4}, "twice", "'ki' and 'ki0_k_ion'"),
        ({"ipump": 1e-3, "imax": 1e-3}, "several_pumps", "ipump and imax"),
        ({"gkcc2": 1e-5, "Pa_kcc2": 1e-5}, "several_pumps", "KCC2"),
        ({"km_na": 10, "gk": 1e-4}, "missing_key", "imax"),
        ({"ipumpmax": 1e-3, "n": 3}, "out_of_range", "n = 1.5"),
        ({"gk": 1e-4, "fhspace": 0.03}, "out_of_range", "angstrom"),
        ({"imax": -1e-3}, "out_of_range", "max_rate"),
    ],
)
def test_slips_are_told(described, code, words):
    with pytest.raises(InputError) as refused:
        vrest.neuron_cell(described)
    assert refused.value.code == code
    assert words in str(refused.value)


@pytest.mark.parametrize(("cm", "conductance", "told"), [(1.0, 1e-4, "10 ms"), (2.0, 1e-9, "33.3 min")])
def test_how_soon_v_goes_where_no_current_flows_is_that_of_the_membrane(cm, conductance, told):
    data = {"diam": 20, "L": 20, "cm": cm, "celsius": 37, "v_init": -60, "g_pas": conductance, "e_pas": -70}
    (start,) = [f for f in vrest.check(*vrest.neuron_cell(data)).findings if f.code == "start"]
    assert start.message.endswith(f"at -70.00 mV: it goes there, with a time constant of {told}.")  # cm / g_pas


def test_no_target_is_made_up():
    """Leaks and contents alone say nothing of where the cell should rest; one line does."""
    data = {"celsius": 37, "diam": 15, "L": 20, "gk": 2.5e-5, "gna": 2.5e-6, "gcl": 2.25e-5}
    data |= {"ki": 140, "ko": 5, "nai": 8, "nao": 145, "cli": 5, "clo": 135}
    story = vrest.check(*vrest.neuron_cell(data))
    assert story.fixes == ()
    assert story.unfixed.startswith("No target was given")
    assert "-65" not in story.unfixed
    for name in ("v_init", "v_rest", "Vrest"):
        story = vrest.check(*vrest.neuron_cell(data | {name: -72}))
        assert [fix.v_rest for fix in story.fixes] == pytest.approx([-72, -72], abs=1e-6)
        assert f"the {name} that was written" in story.fixes[0].message
    assert "Add a 3:2 pump and KCC2" in story.fixes[1].message
    assert any(line.startswith("gkcc2 = ") for line in story.fixes[1].lines)


def test_a_way_out_that_drifts_is_none():
    """E_Na and E_K as written need other contents, and with those nothing holds them: 11 mV in an hour."""
    data = {"celsius": 20, "diam": 1, "L": 100, "gna": 2e-5, "gk": 3e-4, "nai": 10, "nao": 115, "ki": 120, "ko": 4}
    story = vrest.check(*vrest.neuron_cell(data | {"e_pas": -70, "g_pas": 1e-4, "ena": 55, "ek": -90}))
    assert [fix.code for fix in story.fixes] == ["strengths"]
    v = (2e-5 * 55 + 3e-4 * -90 + 1e-4 * -70) / (2e-5 + 3e-4 + 1e-4)
    assert story.fixes[0].v_rest == pytest.approx(v, abs=1e-6)
    sodium = {remark.where: remark for remark in story.remarks}["inside.Na"]
    assert (sodium.time, round(sodium.value)) == (600, 287)
    assert "872.7 mM after 1 h" in sodium.message


def flat(rng):
    """A description that somebody could have written."""
    ions = [
        x for x, share in (("na", 0.9), ("k", 0.95), ("cl", 0.6), ("ca", 0.1), ("hco3", 0.2)) if rng.random() < share
    ]
    ions = ions or ["k"]
    data = {"celsius": float(rng.choice([6.3, 20, 37])), "diam": rng.uniform(1, 30), "L": rng.uniform(5, 200)}
    sizes = {"na": 2e-5, "k": 2e-4, "cl": 3e-5, "ca": 1e-7, "hco3": 3e-6}
    for x in ions:
        for side, usual in (("i", CELL), ("o", BATH)):
            if rng.random() < 0.9:
                data[f"{x}{side}"] = usual[x] * rng.uniform(0.7, 1.4)
        if rng.random() < (0.9 if x in ("na", "k") else 0.4):
            data[f"g{x}"] = sizes[x] * 10 ** rng.uniform(-0.7, 0.7)
        if x in ("na", "k") and rng.random() < 0.2:
            data[f"e{x}"] = {"na": 50.0, "k": -85.0}[x] + rng.normal(0, 5)
    if rng.random() < 0.4:
        data["g_pas"] = 3e-5 * 10 ** rng.uniform(-0.7, 0.7)
        data["e_pas"] = rng.uniform(-80, -50)
    pumps = [{}, {"ipump": 3e-4}, {"imax": 0.01, "km_na": 10.0, "km_k": 2.0}, {"imax": 0.01, "km_na": 10.0}]
    pumps += [{"ipumpmax": 3e-3, "km": 10.0}, {"vmax": 3e-3, "khalf": 12.0, "ksteep": 1.0}]
    data |= pumps[rng.integers(len(pumps) + 2) % len(pumps)]
    if rng.random() < 0.15:
        data |= {"gnabar_hh": 0.12 * rng.uniform(0.5, 1.5), "gkbar_hh": 0.036 * rng.uniform(0.5, 1.5)}
    if rng.random() < 0.1:
        data |= {"fhspace": rng.uniform(100, 1000), "kbath": BATH["k"], "nabath": BATH["na"]}
    if {"k", "cl"} <= set(ions) and rng.random() < 0.3:
        data |= [{"Pa_kcc2": 1e-6}, {"gkcc2": 2e-5}, {"U_kcc2": 1e-5}][rng.integers(3)]
    wishes = [{}, {"v_init": rng.uniform(-85, -50)}, {"v_rest": rng.uniform(-85, -50)}]
    return data | wishes[rng.integers(3)]


def valued(text, data):
    return data[text] if text in data else float(text)


def carries(data):
    return any(key.startswith(("g", "ipump", "imax", "vmax", "Pa_", "U_")) for key in data)


def left(data):
    """The largest net current of an ion beside all that flows, at v_init."""
    flows = currents(data, data.get("v_init", data.get("v_rest"))).values()
    return max(abs(sum(parts)) for parts in flows) / max(sum(abs(i) for parts in flows for i in parts), 1e-6)


@pytest.mark.parametrize("count", [3, pytest.param(60, marks=pytest.mark.library)])
def test_every_way_out_of_random_descriptions_rests_within_its_claim(count):
    rng = np.random.default_rng(17)
    offered = 0
    for _ in range(count):
        data = flat(rng)
        if not carries(data):
            with pytest.raises(InputError, match="Nothing carries"):
                vrest.neuron_cell(data)
            continue
        story = vrest.check(*vrest.neuron_cell(data))
        if story.rests:
            continue
        assert story.fixes or story.unfixed, data
        told = {"v_init", "v_rest"} & set(data) or story.claims.reversals or story.claims.unnamed
        for fix in story.fixes:
            offered += 1
            assert told or fix.code in ("start", "settle"), data
            mended = data | tomllib.loads("\n".join(fix.lines))
            cell, claims = vrest.neuron_cell(mended)
            found = vrest.rest(cell)
            assert found.outcome.is_rest, (data, fix)
            assert found.v_rest == pytest.approx(fix.v_rest, abs=0.01), (data, fix)
            assert fix.drift < 0.1
            assert vrest.check(cell, claims).rests, (data, fix)
            full = mended | {
                name: valued(of, mended) for name, _, of in (d.partition(" = ") for d in claims.defaults) if of
            }
            if not any(full.get(key) for key in ("g_pas", "gnabar_hh")):
                assert left(full) < 1e-6, (data, fix)
    assert offered > count / 4
