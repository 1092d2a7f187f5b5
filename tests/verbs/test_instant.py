"""Potentials right after a change: against SciPy on NumPy's currents, and against the independent model's motion."""

import sys
import tomllib
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq, fsolve

sys.path.insert(0, str(Path(__file__).parents[1]))

import vrest
from oracle import cells
from oracle.model import Model
from vrest.model.change import apply
from vrest.model.paths import parameters
from vrest.system.assemble import assemble
from vrest.system.observables import currents
from vrest.system.structure import parameter_vector
from vrest.verbs.instant import currents_at, instant_potentials, net_current, steady_at, zero_current_potentials

FINE = 2.5e-4
"""V: two of these make a step of `instant`."""

ALONE = (
    "mammalian_neuron",
    "cressman_2009",
    "hodgkin_huxley_1952",
    "ventricular_myocyte",
    "red_blood_cell",
    "wei_2014",
)
"""Cells whose membranes do not feel each other."""


def changed(name):
    """Of a cell: equations, start, and parameters (P, lanes) with bath ions and strengths changed one by one."""
    cell = vrest.load(name)
    changes = ["temperature = 15 degC"]
    for path in parameters(cell):
        match path.split("."):
            case ["compartments", place, "ions", _] if not cell.compartments[place].finite:
                changes += [f"{path} *= {factor}" for factor in (0.3, 4.0)]
            case ["membranes", place, "transports", label, last]:
                if cell.membranes[place].transports[label].strength == last:
                    changes += [f"{path} *= {factor}" for factor in (0.0, 0.1, 10.0)]
    found = [parameter_vector(apply(cell, change)) for change in [(), *changes]]
    return assemble(cell), assemble(cell).start(cell), np.array(found).T


def first_zero(flow, now):
    """Where a potential with an outward current goes down to, or up; NaN within 0.4 V of zero there is none."""
    way = -np.sign(flow(np.array([now]))[0])
    grid = np.concatenate([[now], now + way * FINE * np.arange(1, 4000)])
    grid = grid[np.abs(grid) <= 0.4 + max(abs(now) - 0.3, 0.0)]
    turned = np.flatnonzero(np.sign(flow(grid)) != -way)
    if not way or not len(turned):
        return now if not way else np.nan
    k = turned[0]
    return brentq(lambda v: float(flow(np.array([v]))[0]), grid[k - 1], grid[k], xtol=1e-16, rtol=1e-15)


@pytest.mark.parametrize("name", ALONE)
def test_the_first_potential_without_current_on_the_way(name):
    """From where the cell starts, and from other potentials: several rests each have their own surroundings."""
    system, x, p = changed(name)
    starts = np.concatenate([np.full(p.shape[1], np.nan), np.linspace(-0.13, 0.06, 9)])
    p = np.concatenate([p, np.repeat(p[:, :1], 9, axis=1)], axis=1)
    rows = np.repeat(x[:, None], len(starts), axis=1)
    (wall, *_) = system.structure.walls
    for k in np.flatnonzero(~np.isnan(starts)):
        rows[:, k] = system.at_potential(x, wall, starts[k])
    found = instant_potentials(system, rows, p)
    assert found.defined.all()
    for k in range(len(starts)):
        for i, each in enumerate(system.structure.walls):
            here = rows[:, k]

            def flow(v, here=here, each=each, numbers=p[:, k]):
                return net_current(system, steady_at(system, here, each, v, numbers), numbers, each)

            expected = first_zero(flow, float(system.potential(here, each)))
            assert found.v[i, k] == pytest.approx(expected, abs=1e-12, nan_ok=True), (k, each.name)


def test_several_rests_are_all_named():
    """Cressman's cell has three potentials without current; SciPy finds the same."""
    cell = vrest.load("cressman_2009")
    system, p = assemble(cell), parameter_vector(cell)
    x, (wall,) = system.start(cell), system.structure.walls

    def flow(v):
        return net_current(system, steady_at(system, x, wall, v, p), p, wall)

    grid = np.linspace(-0.4, 0.4, 8001)
    turns = np.flatnonzero(np.diff(np.sign(flow(grid))))
    expected = [brentq(lambda v: float(flow(np.array([v]))[0]), grid[k], grid[k + 1], xtol=1e-16) for k in turns]
    assert len(expected) == 3
    assert zero_current_potentials(system, x, p, wall) == pytest.approx(expected, abs=1e-12)
    answer = vrest.instant(cell)
    assert [answer.v, *answer.others] == pytest.approx([1e3 * v for v in expected], abs=1e-9)
    below = vrest.instant(apply(cell, "neuron.potential = -40 mV"))
    assert below.v == pytest.approx(1e3 * expected[2], abs=1e-9)
    assert below.others == pytest.approx([1e3 * v for v in expected[:2]], abs=1e-9)
    ((name, m),), inside = cell.membranes.items(), cell.compartments[cell.membranes["neuron"].inside]
    two = cell._with_si(
        compartments=MappingProxyType({**cell.compartments, "twin": inside}),
        membranes=MappingProxyType({name: m, "twin": m._with_si(inside="twin", potential=-0.04)}),
    )
    both = vrest.instant(two)
    assert both.v == pytest.approx({name: answer.v, "twin": below.v}, abs=1e-9)
    assert both.others[name] == pytest.approx(answer.others, abs=1e-9)
    assert both.others["twin"] == pytest.approx(below.others, abs=1e-9)


@pytest.mark.parametrize("name", ["mammalian_neuron", "cressman_2009", "frog_skin"])
def test_a_lane_is_what_it_is_alone(name):
    """To the last bit, whatever is beside it; and what the verb says."""
    system, x, p = changed(name)
    rows = np.repeat(x[:, None], p.shape[1], axis=1)
    together = instant_potentials(system, rows, p).v
    alone = [instant_potentials(system, rows[:, [k]], p[:, [k]]).v[:, 0] for k in range(p.shape[1])]
    assert np.array_equal(together.T, alone)
    v = vrest.instant(name).v
    assert 1e3 * together[:, 0] == pytest.approx(list(v.values()) if isinstance(v, dict) else [v], abs=1e-12)


@pytest.mark.parametrize(("name", "place"), [("cressman_2009", "neuron"), ("frog_skin", "junction")])
def test_currents_at_many_potentials(name, place):
    system, x, p = changed(name)
    wall, numbers, v = system.structure.wall(place), p[:, 1], np.linspace(-0.15, 0.1, 37)
    expected = currents(system, steady_at(system, x, wall, v, numbers), numbers, wall)
    found = currents_at(system, x, numbers, wall, v)
    assert list(found) == list(expected)
    for label, current in found.items():
        assert current == pytest.approx(expected[label], rel=1e-12, abs=1e-15 * np.abs(expected[label]).max())


SMALL = """
name = "small"
[compartments.outside]
kind = "bath"
ions = { K = "5 mM", Na = "145 mM" }
impermeant = { concentration = "150 mM", valence = -1 }
[compartments.inside]
kind = "fixed"
shape = "sphere"
radius = "8 um"
ions = { K = "140 mM", Na = "15 mM" }
impermeant = { concentration = "145 mM", valence = "solve" }
[membranes.m]
inside = "inside"
outside = "outside"
potential = "-60 mV"
[membranes.m.transports]
K_leak = { law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }
Na_leak = { law = "ohmic_leak", ion = "Na", conductance = "0.01 mS/cm2" }
Na = { law = "gated_ohmic", ion = "Na", conductance = "20 mS/cm2", gating = "hodgkin_huxley_na" }
pump = { law = "pump_hill", max_rate = "30 pmol/cm2/s" }
"""


def test_a_lane_without_an_answer_leaves_the_others_alone():
    """One in which a law has no finite rate, and one whose only current is a pump's."""
    cell = apply(vrest.parse_cell(SMALL), "Na.conductance*=0")
    system, p = assemble(cell), parameter_vector(cell)
    x, p = (np.repeat(v[:, None], 3, axis=1) for v in (system.start(cell), p))
    p[system.names.index("compartments.outside.ions.Na"), 1] = 0.0
    for strength in ("Na_leak.conductance", "K_leak.permeability"):
        p[system.names.index(f"membranes.m.transports.{strength}"), 2] = 0.0
    found = instant_potentials(system, x, p)
    assert found.defined.tolist() == [True, False, True]
    assert np.isnan(found.v).tolist() == [[False, True, True]]


def test_where_a_current_drives_it_beyond_all_limits_a_potential_behind_it_is_no_answer():
    """The pump alone drives V below -400 mV; the channel makes zeros above, which lie the other way."""
    cell = apply(vrest.parse_cell(SMALL), ["K_leak.permeability*=0", "Na_leak.conductance*=0"])
    cell = apply(cell, "m.potential = -75 mV")
    system, p = assemble(cell), parameter_vector(cell)
    x, (wall,) = system.start(cell), system.structure.walls
    down = np.linspace(-0.4, -0.075, 100)
    assert (net_current(system, steady_at(system, x, wall, down, p), p, wall) > 0).all()
    zeros = zero_current_potentials(system, x, p, wall)
    assert len(zeros) == 2
    with pytest.raises(vrest.NoRestError, match="drifts to"):
        vrest.instant(cell)
    between = vrest.instant(apply(cell, f"m.potential = {500 * sum(zeros)} mV"))
    assert between.v == pytest.approx(1e3 * zeros[1], abs=1e-9)
    assert between.others == pytest.approx([1e3 * zeros[0]], abs=1e-9)


# --- the independent model --------------------------------------------------------------------------------------------

STRUCTURES = (("bath", 3), ("closed", 1), ("gated", 1), ("gated", 3), ("kir", 1), ("two", 2), ("glia", 3), ("loop", 1))


def drifted(model):
    """Potentials (V) that a frozen cell drifts to: LSODA, then Newton's method, gates at their steady state."""
    rows = [model.q_at[node] for node in model.nodes]

    def state(q):
        x = model.start.copy()
        x[rows] = q
        v = model.potentials(x)
        for k, membrane, on, off in model.gates:
            u = 1e3 * v[membrane]
            x[k] = on(u) / (on(u) + off(u))
        return x

    def slope(t, q):
        return model.rhs(t, state(q))[rows]

    way = solve_ivp(slope, (0.0, 1e4), model.start[rows], "LSODA", rtol=1e-9, atol=1e-12)
    end = fsolve(lambda q: slope(0.0, q), way.y[:, -1], xtol=1e-14)
    assert np.abs(end - way.y[:, -1]).max() < 1e-6
    return model.potentials(state(end))


@pytest.mark.parametrize(("kind", "seed"), STRUCTURES)
def test_random_cells_drift_where_the_independent_model_does(kind, seed):
    plan = cells.structure(kind, seed)
    for number in range(100 * seed, 100 * seed + 4):
        text = cells.to_toml(cells.cell(plan, number))
        expected = drifted(Model(tomllib.loads(text)))
        answer = vrest.instant(vrest.parse_cell(text))
        v = answer.v if isinstance(answer.v, dict) else {next(iter(expected)): answer.v}
        assert v == pytest.approx({name: 1e3 * volts for name, volts in expected.items()}, abs=1e-7), number
