"""Corners that a careful reviewer found: each gave a hang, a crash or a false word once."""

import subprocess
import sys

import numpy as np
import pytest

import vrest
from vrest.system.assemble import assemble
from vrest.verbs.allowed import Allowed
from vrest.verbs.run import simulate

PASSIVE = ["Na_leak.permeability*=0", "K_leak.permeability*=0", "Cl_leak.permeability*=0", "pump.max_rate*=0"]


def test_the_schema_knows_the_laws_in_a_fresh_process():
    code = "from vrest.model.schema import json_schema; print('ghk_leak' in str(json_schema()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "True"


def test_no_atp_is_no_pump(neuron):
    assert vrest.rest(neuron, "pump.atp=0 mM").v_rest == pytest.approx(vrest.rest(neuron, "pump.max_rate*=0").v_rest)
    run = simulate(neuron, [(0.0, "pump.atp=0 mM")], 10.0, times=[10.0])
    same = simulate(neuron, [(0.0, "pump.max_rate*=0")], 10.0, times=[10.0])
    assert run.v[-1] == pytest.approx(same.v[-1], abs=1e-9)


def test_atp_that_changes_nothing_is_said(neuron):
    assert "atp_never_limits" in [w.code for w in vrest.rest(neuron, "pump.atp=0.1 mM").warnings]


@pytest.mark.parametrize("factor", [100, 1000])
def test_a_strong_pump_finds_its_rest(neuron, factor):
    changed = vrest.apply(neuron, f"pump.max_rate*={factor}")
    result = vrest.rest(changed)
    assert result.outcome is vrest.Outcome.rests
    assert result.iterations < 60
    assert simulate(changed, until="2 d", points=2).v[-1] == pytest.approx(result.v_rest, abs=1e-6)


def test_a_protocol_that_leaves_a_bath_charged_is_said(neuron):
    run = simulate(neuron, [(1.0, "outside.K=12 mM")], 2.0, points=5)
    assert [w.code for w in run.warnings] == ["bath_not_neutral"]
    swapped = simulate(neuron, [(1.0, "outside.K=12 mM swap Na")], 2.0, points=5)
    assert swapped.warnings == []


def test_restore_brings_the_companion_back(neuron):
    events = [(0.5, "outside.K=12 mM swap Na"), (1.0, "outside.K=restore")]
    run = simulate(neuron, events, 2.0, times=[0.7, 1.5])
    column = run.system.names.index("compartments.outside.ions.Na")
    assert run.parameters[:, column].tolist() == [138.0, 145.0]
    assert run.warnings == []


@pytest.mark.parametrize("change", ["inside.K=100 mM", "neuron.potential=-50 mV", "inside.radius=5 um"])
def test_instant_does_not_pretend_to_change_contents(neuron, change):
    with pytest.raises(vrest.InputError, match="frozen"):
        vrest.instant(neuron, change)


def test_an_ion_that_runs_out_is_no_line_of_rests(neuron):
    result = vrest.rest(neuron, "Na_leak.permeability*=0")
    assert result.outcome is vrest.Outcome.rests_run_down
    assert "inside.Na is used up: what is left of it decays more slowly than any exponential" in result.reason
    assert result.concentrations["inside"]["Na"] == 0.0
    assert result.E["Na"] is None
    # the pump takes the last of it as the cube of what is left: no exponential
    assert result.slowest_time_constant is None
    assert "none: algebraic" in repr(result)


def test_nothing_that_moves_is_an_error(neuron):
    with pytest.raises(vrest.InputError, match="nothing to settle"):
        vrest.rest(neuron, [*PASSIVE, "water.hydraulic_permeability*=0"])
    only_water = vrest.rest(neuron, PASSIVE)
    assert only_water.outcome is vrest.Outcome.rests_run_down
    assert only_water.residual_mV == 0.0


def test_nothing_is_solved_while_a_cell_runs(neuron):
    with pytest.raises(vrest.InputError, match="while a cell runs"):
        simulate(neuron, [(0.5, "outside.K=solve")], 1.0)


def test_curves_need_a_rest_and_a_membrane():
    with pytest.raises(vrest.NoRestError):
        vrest.current_voltage(vrest.rest(vrest.load("kay_2017"), "pump.max_rate*=0"))
    with pytest.raises(vrest.InputError, match="neuron"):
        vrest.current_voltage(vrest.rest(vrest.load("mammalian_neuron")), membrane="neurn")


def test_times_and_values_at_the_door(neuron):
    assert simulate(neuron, [("0.5", "pump.max_rate*=0")], "1").events == (0.5,)
    with pytest.raises(vrest.InputError):
        simulate(neuron, times=[])
    with pytest.raises(vrest.InputError, match="picosecond"):
        simulate(neuron, [("1e-300 s", "pump.max_rate*=0")], 1.0)
    many = vrest.rest_many(neuron, {"outside.K": ["5 mM", "8 mM"]})
    assert many.v_rest == pytest.approx(vrest.rest_many(neuron, {"outside.K": [5.0, 8.0]}).v_rest)
    for empty in ([], [[1.0, 2.0]]):
        with pytest.raises(vrest.InputError):
            vrest.rest_many(neuron, {"outside.K": empty})


def test_a_run_stopped_before_its_first_time_says_where_it_got_to(neuron):
    run = simulate(neuron, [(1.0, "pump.max_rate*=0")], "1 h", times=[3000.0], progress=lambda share: False)
    assert not run.complete
    assert 0 < run.time[-1] < 3000.0
    assert np.isfinite(run.v).all()


def test_a_rate_that_is_not_a_number_stops_the_run():
    from vrest.model.cellfile import cell_from, cell_to

    @vrest.transport("test_root", strength="max_rate")
    class Root(vrest.Transport):
        max_rate: float = vrest.quantity("turnover")

        def stoichiometry(self):
            return {"K": 1}

        def rate(self, here):
            return self.max_rate * (here.potential - 10.0) ** 0.5

    data = cell_to(vrest.load("mammalian_neuron"))
    data["membranes"]["neuron"]["transports"]["root"] = {"law": "test_root", "max_rate": "1 pmol/cm2/s"}
    with pytest.raises(vrest.NoRestError):
        simulate(cell_from(data), until=1.0)


def test_that_nothing_swells_can_be_negated():
    """Of a cell in which no volume can: ~False is -1, and Python 3.16 will refuse it."""
    cell = vrest.load("cressman_2009")
    allowed = Allowed(assemble(cell))
    assert not allowed.volume.any()
    assert ~allowed.swollen((1.0,) * len(allowed.volume)) is np.True_
