"""The independent model against closed forms, and the package against the independent model.

A fixed sample runs always; `make test-library` judges thousands of cells and prints the counts of agreement.
"""

import os
import sys
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import vrest
from oracle import cells, census, laws
from oracle.model import N_A, F, Model, R
from oracle.motion import agree, brief, destination, integrate, judged
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.readings import readings

SAMPLE = {
    ("bath", 3): (300, 302, 303, 304),
    ("closed", 1): (100, 101, 102, 103),
    ("gated", 1): (103, 105, 106),
    ("gated", 3): (300, 301, 302, 304),
    ("cotransport", 2): (200, 201, 202, 203),
    ("water", 2): (200, 201, 202, 203),
    ("kir", 1): (100, 101, 102, 103),
    ("two", 2): (200, 201, 203),
    ("glia", 3): (300, 301, 303),
    ("lacking", 2): (200, 201, 202, 203),
    ("loop", 1): (100, 101, 102, 103),
}
"""The fixed sample: at most 15 structures, each of which the package compiles, and the numbers of their cells.

Cells that fire on and on are left to the thousands: to judge one takes as long as all of these.
"""

STRUCTURES = tuple(SAMPLE)


@cache
def sample():
    """(name, described cell, TOML) of the fixed sample."""
    found = []
    for (kind, seed), numbers in SAMPLE.items():
        plan = cells.structure(kind, seed)
        for number in numbers:
            text = cells.to_toml(cells.cell(plan, number))
            found.append((f"{kind}_{seed}_{number}", tomllib.loads(text), text))
    return found


def first_of(which):
    """The place in the sample of the first cell of a structure."""
    return sum(len(numbers) for numbers in list(SAMPLE.values())[:which])


@cache
def ends():
    """Where the motion of each cell of the sample leads."""
    return [judged(Model(d), max_steps=20_000) for _, d, _ in sample()]


# --- the model itself ---------------------------------------------------------------------------------------


def one_cell(transports, potential=-60.0, ions=None, outside=None, **more):
    """A cell in a bath, as a dict."""
    bath = outside or {"K": "5 mM", "Na": "145 mM", "Cl": "110 mM"}
    d = {
        "name": "c",
        "temperature": "37 degC",
        "compartments": {
            "outside": {"kind": "bath", "ions": bath, "impermeant": {"concentration": "40 mM", "valence": -1.0}},
            "inside": {
                "kind": "fixed",
                "shape": "sphere",
                "radius": "8 um",
                "ions": ions or {"K": "140 mM", "Na": "15 mM", "Cl": "8 mM"},
                "impermeant": {"concentration": "137 mM", "valence": "solve"},
            },
        },
        "membranes": {
            "m": {
                "inside": "inside",
                "outside": "outside",
                "potential": f"{potential} mV",
                "transports": transports,
            }
        },
    }
    d["compartments"]["inside"] |= more
    return d


def ghk(ion, permeability):
    return {"law": "ghk_leak", "ion": ion, "permeability": f"{permeability!r} cm/s"}


def test_one_ion_alone_goes_to_its_nernst_potential():
    for transport in (ghk("K", 1e-6), {"law": "ohmic_leak", "ion": "K", "conductance": "0.1 mS/cm2"}):
        m = Model(one_cell({"K": transport}))
        end = destination(m)
        assert end.kind == "rests"
        c = m.contents(end.state)
        nernst = 1e3 * R * m.temperature / F * np.log(5.0 / c["inside"]["K"])
        assert end.potentials["m"] == pytest.approx(nernst, abs=1e-9)


def test_held_contents_go_to_the_goldman_potential():
    permeable = {"K": 1e-6, "Na": 4e-8, "Cl": 4.5e-7}
    d = one_cell({ion: ghk(ion, p) for ion, p in permeable.items()})
    d["compartments"]["inside"]["kind"] = "dialysed"
    d["compartments"]["inside"]["impermeant"]["valence"] = -1.0
    end = destination(Model(d))
    above = 1.0 * 5 + 0.04 * 145 + 0.45 * 8
    below = 1.0 * 140 + 0.04 * 15 + 0.45 * 110
    assert end.potentials["m"] == pytest.approx(1e3 * R * 310.15 / F * np.log(above / below), abs=1e-9)


def test_without_a_pump_everything_goes_to_donnan():
    m = Model(one_cell({ion: ghk(ion, 1e-6) for ion in ("K", "Na", "Cl")}))
    end = destination(m)
    c = m.contents(end.state)
    ratio = {ion: c["inside"][ion] / c["outside"][ion] for ion in ("K", "Na", "Cl")}
    assert ratio["Na"] == pytest.approx(ratio["K"], rel=1e-9)
    assert ratio["Cl"] == pytest.approx(1 / ratio["K"], rel=1e-9)
    assert end.potentials["m"] == pytest.approx(-1e3 * R * 310.15 / F * np.log(ratio["K"]), abs=1e-9)


def test_charge_and_totals_are_conserved_on_the_way():
    for name, d, _ in sample():
        m = Model(d)
        x = integrate(m, np.geomspace(1e-4, 0.05, 5), rtol=1e-8)
        totals, floor = m.totals(), np.abs(m.totals()) @ np.abs(x).T
        drift = np.abs(x @ totals.T - totals @ m.start).T
        assert (drift <= 1e-8 * floor + 1e-300).all(), name
        if "exchanges" in d:
            continue  # the charge of a flow without a membrane is not that of a compartment alone
        for space, k in m.q_at.items():
            if m.spaces[space]["finite"]:
                z = [m.z[ion] for ion in m.spaces[space]["ions"]]
                at = [m.c_at[space, ion] for ion in m.spaces[space]["ions"]]
                c, zx = m.spaces[space]["x"]
                ions = F * m.spaces[space]["volume"] * (x[:, at] @ z + c * zx)
                charge = x[:, k] * m.farads[space]
                size = F * m.spaces[space]["volume"] * (x[:, at].sum(axis=1) + c)
                assert (np.abs(ions - charge) < 1e-9 * size).all(), name


def test_the_jacobian_is_that_of_the_equations():
    for name, d, _ in (sample()[first_of(k)] for k in range(len(STRUCTURES))):
        m = Model(d)
        x = elsewhere(m, 5)
        j = m.jacobian(0.0, x)
        for k in range(m.n):
            h = 1e-6 * max(abs(x[k]), 1e-3)
            up, down = x.copy(), x.copy()
            up[k] += h
            down[k] -= h
            slope = (m.rhs(0.0, up) - m.rhs(0.0, down)) / (2 * h)
            size = np.abs(m.rhs(0.0, x)).max() / h * 1e-12 + 1e-5 * np.abs(j[:, k]).max()
            assert (np.abs(slope - j[:, k]) <= size).all(), (name, m.names[k])


# --- the package's equations --------------------------------------------------------------------------------


def elsewhere(m, seed):
    """A random state far from the start, as the independent model keeps it."""
    rng = np.random.default_rng(seed)
    x = m.start.copy()
    for k, kind in enumerate(m.kinds):
        if kind == "amount":
            x[k] *= np.exp(rng.normal(0, 0.5))
        elif kind == "volume":
            x[k] *= np.exp(rng.normal(0, 0.3))
        elif kind == "gate":
            x[k] = rng.random()
        else:
            x[k] = rng.uniform(-0.1, 0.05)
    return x


def in_the_package(m, system, x):
    """The same state as the package keeps it."""
    v, full = m.potentials(x), np.zeros(len(system.states))
    for k, (kind, name) in enumerate(system.states):
        if kind == "charge":
            wall = next(w for w in system.structure.walls if w.name == name)
            w = x[m.w_at[wall.inside]] if wall.inside in m.w_at else 1.0
            full[k] = v[name] * w**wall.exponent
        else:
            full[k] = x[index_of(m)[kind, name]]
    return full


def index_of(m):
    return {(kind, f"{space}.{what}" if what else space): k for k, (kind, space, what) in enumerate(m.names)}


SAME = [k for k, (kind, _) in enumerate(STRUCTURES) if kind != "loop"]
"""Round a loop the two keep different states; their rests are compared."""

of_the_same_states = pytest.mark.parametrize("which", SAME, ids=["_".join(map(str, STRUCTURES[k])) for k in SAME])


@of_the_same_states
def test_the_equations_agree_at_random_states(which):
    _, d, text = sample()[first_of(which)]
    m, cell = Model(d), vrest.parse_cell(text)
    system = assemble(cell)
    p = parameter_vector(cell)
    for seed in range(10):
        x = elsewhere(m, seed)
        mine = m.rhs(0.0, x)
        full = in_the_package(m, system, x)
        theirs = np.asarray(system.derivative(full, p))
        # what is lost where large flows cancel is measured against the flows
        flows = np.abs(np.array([abs(float(r)) for r in system.turnovers(full, p)[0]]))
        natural = np.abs(system.table) @ flows / np.array([float(u) for u in system.units(p)])
        for k, (kind, name) in enumerate(system.states):
            if kind != "charge":
                j = index_of(m)[kind, name]
                assert mine[j] == pytest.approx(theirs[k], rel=1e-10, abs=1e-12 * natural[k] + 1e-300), name
        for space, k in m.q_at.items():
            gained = size = 0.0
            for name, w in m.membranes.items():
                side = (w["inside"] == space) - (w["outside"] == space)
                i = system.index["charge", name]
                gained += side * w["capacitance"] * w["area"] * theirs[i]
                size += abs(side) * w["capacitance"] * w["area"] * natural[i]
            assert mine[k] * m.farads[space] == pytest.approx(gained, rel=1e-10, abs=1e-12 * size)


def turnovers(m, x):
    """What each transport of the independent model turns over outward, mol/s."""
    v, c = m.potentials(x), m._concentrations(list(x))
    found = {(name, label): 0.0 for name, w in m.membranes.items() for label in w["transports"]}
    for label, (rate, k, _) in zip(m.labels, m.movers, strict=False):  # exchanges have labels too, after these
        name, *_, w, e = m.walls[k]
        size = m.membranes[name]["area"] * (x[w] ** e if w >= 0 else 1.0)
        found[name, label.removeprefix(f"{name}.")] = rate(v[name], c, x) * size
    return found


@of_the_same_states
def test_the_readings_agree_at_random_states(which):
    _, d, text = sample()[first_of(which)]
    m, system = Model(d), assemble(vrest.parse_cell(text))
    p = parameter_vector(vrest.parse_cell(text))
    states = [elsewhere(m, seed) for seed in range(10)]
    x = np.stack([in_the_package(m, system, state) for state in states], axis=1)
    found = readings(system, x, np.repeat(p[:, None], len(states), axis=1))
    for lane, state in enumerate(states):
        v, contents, flows = m.potentials(state), m.contents(state), turnovers(m, state)
        spent = 0.0
        for space, ions in contents.items():
            for ion, c in ions.items():
                assert found.concentrations[space][ion][lane] == pytest.approx(c, rel=1e-13)
        for (name, label), flow in flows.items():
            w = m.membranes[name]
            t = w["transports"][label]
            _, moved, defaults, _ = laws.LAWS[t["law"]]
            counts = moved({**defaults, **t})
            felt = 0.0 if t.get("counter_charge") else sum(m.z[ion] * n for ion, n in counts.items())
            assert found.currents[name][label][lane] == pytest.approx(1e12 * F * felt * flow, rel=1e-9, abs=1e-9)
            for ion, n in counts.items():
                assert found.fluxes[name][ion][label][lane] == pytest.approx(1e15 * n * flow, rel=1e-9, abs=1e-12)
            if not t["law"].startswith("pump"):
                continue
            spent += flow
            assert found.turnovers[name][label][lane] == pytest.approx(1e15 * flow, rel=1e-9)
            with np.errstate(divide="ignore"):
                drops = {i: m.phi * np.log(contents[w["outside"]][i] / contents[w["inside"]][i]) for i in counts}
            cost = 1e-3 * F * sum(n * (drops[i] - m.z[i] * v[name]) for i, n in counts.items())
            cost = cost if np.isfinite(cost) else np.nan
            assert found.cycle_costs[name][label][lane] == pytest.approx(cost, rel=1e-9, nan_ok=True)
        assert found.atp_per_second[lane] == pytest.approx(N_A * spent, rel=1e-9)
        assert found.watts[lane] == pytest.approx(57e3 * spent, rel=1e-9)
        for name, w in m.membranes.items():
            assert found.v[name][lane] == pytest.approx(1e3 * v[name], rel=1e-12)
            for ion, e in found.E[name].items():
                inside, outside = (contents[w[side]][ion] for side in ("inside", "outside"))
                nernst = 1e3 * m.phi / m.z[ion] * np.log(outside / inside) if inside and outside else np.nan
                assert e[lane] == pytest.approx(nernst, rel=1e-12, abs=1e-10, nan_ok=True)


# --- rests --------------------------------------------------------------------------------------------------


def disagreements(answers):
    """What the package says otherwise than the motion, in words."""
    wrong = []
    for (name, _, _), end, answer in zip(sample(), ends(), answers, strict=True):
        if census.verdict(end, answer) in ("wrong basin", "wrong outcome", "no answer"):
            wrong.append(f"{name}: {answer}, but the motion {brief(end)}")
    return wrong


def test_most_of_the_sample_can_be_judged():
    kinds = [end.kind for end in ends()]
    assert kinds.count("unsure") + kinds.count("fires") <= 1
    assert {"rests", "runs_out"} <= set(kinds)


def test_a_single_rest_is_where_the_motion_leads():
    assert not disagreements(census.one_by_one([text for *_, text in sample()]))


def test_the_batch_rests_where_the_motion_leads():
    assert not disagreements(census.together([text for *_, text in sample()]))


DEPOLARISED = {
    "pyramidal_neuron": (-50.0, -40.0, -20.0),
    "dijkstra_2016": (-50.0, -45.0, -40.0),
    "fast_spiking_interneuron": (-45.0, -30.0, -20.0),
}
"""Library cells with a second stable state, and starts (mV) from which the motion leads back to the healthy one."""


@pytest.mark.parametrize("name", DEPOLARISED)
def test_an_excitable_cell_comes_back_from_a_depolarised_start(name):
    healthy = {"pyramidal_neuron": -72.0, "dijkstra_2016": -65.49, "fast_spiking_interneuron": -73.0}[name]
    found = {}
    for start in DEPOLARISED[name]:
        d = tomllib.loads(library_text(name))
        d["membranes"]["neuron"]["potential"] = f"{start} mV"
        end = judged(Model(d))
        assert end.potentials["neuron"] == pytest.approx(healthy, abs=0.01)
        r = vrest.rest(vrest.load(name), {"potential": start})
        if r.outcome.name != "rests" or abs(r.v_rest - end.potentials["neuron"]) > census.MV:
            found[start] = f"{r.outcome.name}, but the motion {brief(end)}"
    assert not found


def library_text(name):
    return (resources.files("vrest.model") / "library" / f"{name}.toml").read_text(encoding="utf-8")


# --- runs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 5, 6, 7, 8], ids=lambda k: f"{STRUCTURES[k][0]}_{STRUCTURES[k][1]}")
def test_a_run_agrees_with_another_integrator(which):
    _, d, text = sample()[first_of(which) + 1]
    same_run(d, text, which)


def same_run(d, text, seed):
    """A run under a random protocol, by both; V to 1e-4 mV and amounts to 1e-6."""
    theirs, mine, until = cells.protocol(d, seed)
    times = np.linspace(0.0, until, 12)[1:]
    m = Model(d)
    x = integrate(m, times, events=mine)
    run = vrest.simulate(vrest.parse_cell(text), theirs, until, times=times)
    kept = [k for k, t in enumerate(run.time) if np.any(np.isclose(t, times, rtol=1e-12))]
    for w in run.system.structure.walls:
        v = 1e3 * np.asarray(run.system.potential(run.states, w))[kept]
        own = 1e3 * np.array([m.potentials(row)[w.name] for row in x])
        assert v == pytest.approx(own, abs=1e-4), w.name
    for k, (kind, name) in enumerate(run.system.states):
        if kind in ("amount", "volume"):
            assert run.states[kept, k] == pytest.approx(x[:, index_of(m)[kind, name]], rel=1e-6, abs=1e-9), name


# --- thousands ----------------------------------------------------------------------------------------------


@pytest.mark.library
@pytest.mark.parametrize("kind", cells.KINDS)
def test_thousands_of_cells_rest_where_the_motion_leads(kind, capsys):
    """ORACLE_CELLS cells of each kind (200), and the counts of agreement."""
    n = int(os.environ.get("ORACLE_CELLS", "200"))
    drawn = list(cells.cells(n, seed=11, kinds=(kind,), per_structure=25))
    texts = [cells.to_toml(d) for *_, d in drawn]
    judged_ends = census.judge_all([tomllib.loads(text) for text in texts], workers=1)
    found = [("rest", census.one_by_one(texts)), ("rest_batch", census.together(texts))]
    with capsys.disabled():
        print("\n" + census.table([kind] * n, judged_ends, *found))
    wrong = [
        f"{how}: {plan.name} {number}: {answer}, but the motion {brief(end)}"
        for how, answers in found
        for (plan, number, _), end, answer in zip(drawn, judged_ends, answers, strict=True)
        if census.verdict(end, answer) in ("wrong basin", "wrong outcome", "no answer")
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.library
@pytest.mark.parametrize("seed", range(20))
def test_runs_of_many_cells_agree_with_another_integrator(seed):
    plan = cells.structure(("bath", "kir", "water", "glia")[seed % 4], 500 + seed)
    if plan.gates or plan.pump == "pump_constant":
        pytest.skip("spikes amplify what two integrators differ in, and a constant pump may use up an ion")
    text = cells.to_toml(cells.cell(plan, seed))
    same_run(tomllib.loads(text), text, seed)


def test_two_ends_are_told_apart():
    m = Model(one_cell({"K": ghk("K", 1e-6)}))
    end = destination(m)
    assert agree(end, end)
    assert "rests" in brief(end)
