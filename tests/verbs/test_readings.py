"""Readings: rows that say what they are, machine code that says what NumPy says, currents that meet at membranes."""

import numpy as np
import pytest

import vrest
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.readings import UNITS, read, readings, rows
from vrest.verbs.run import simulate


def value_of(found, row):
    value = getattr(found, row.quantity)
    for key in row.place:
        value = value[key]
    return value


@pytest.mark.parametrize("name", vrest.library())
def test_the_rows_are_the_readings_whoever_computes_them(name):
    cell = vrest.load(name)
    system, p = assemble(cell), parameter_vector(cell)
    x = np.stack([s * system.start(cell) for s in (1.0, 1.1, 0.9)], axis=1)
    p = np.repeat(p[:, None], 3, axis=1)
    found, names = readings(system, x, p), rows(system)
    assert len(set(names)) == len(names)
    assert all(row.unit == UNITS[row.quantity] for row in names)
    plain = read(system, tuple(x), tuple(p))
    flow = max(np.abs(v).max() for row, v in zip(names, plain, strict=True) if row.quantity == "currents")
    for row, values in zip(names, plain, strict=True):
        tiny = 1e-13 * flow if row.unit in ("pA", "fmol/s") else 0.0  # what is lost where large flows cancel
        assert value_of(found, row) == pytest.approx(values, rel=1e-12, abs=tiny, nan_ok=True), row


def test_readings_keep_the_shape_of_the_states(neuron):
    run = simulate(neuron, [("50 s", "pump.max_rate*=0")], "4 min", points=5)
    x, p = run.states.T, run.parameters.T
    line, table = readings(run.system, x, p), readings(run.system, x.reshape(-1, 2, 3), p.reshape(-1, 2, 3))
    one = readings(run.system, run.states[4], run.parameters[4])
    for row in rows(run.system):
        assert value_of(line, row).shape == (6,)
        assert np.array_equal(value_of(table, row).ravel(), value_of(line, row), equal_nan=True)
        assert value_of(one, row) == value_of(line, row)[4]
    assert type(one.v["neuron"]) is float
    assert line.turnovers["neuron"]["pump"][[0, -1]] == pytest.approx([line.turnovers["neuron"]["pump"][0], 0.0])
    assert one.path_currents == {"neuron": {}}


@pytest.mark.parametrize("name", ["frog_skin", "muscle_tubule", "astrocyte_pair", "duesterwald_2018"])
def test_at_rest_no_charge_gathers_at_a_membrane(name):
    r = vrest.rest(name)
    now = readings(r.system, r.state, r.parameters)
    for wall in now.v:
        flows = [*now.currents[wall].values(), *now.path_currents[wall].values()]
        assert abs(sum(flows)) <= 1e-9 * max(map(abs, flows))
