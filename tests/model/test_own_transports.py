"""Transports that users write: ten lines, and everything else follows. Gated ones included."""

import numpy as np
import pytest

import vrest
from vrest.constants import F
from vrest.model.cellfile import cell_from, cell_to
from vrest.model.transport import Surroundings, Transport, transport
from vrest.physics.gating import rate_exponential, rate_linoid, rate_sigmoid
from vrest.verbs.run import simulate


@transport("test_na_h", strength="max_rate")
class NaHExchange(Transport):
    """Na/H exchange with a linear rate: one H+ out, one Na+ in, no net charge."""

    max_rate: float = vrest.quantity("turnover")

    def stoichiometry(self):
        return {"H": 1, "Na": -1}

    def rate(self, here: Surroundings):
        return self.max_rate * (here.inside["H"] / here.outside["H"] - here.inside["Na"] / here.outside["Na"])


class Clamped(Transport):
    """Base of Hodgkin and Huxley's currents: constant reversal, all carried by K+, so no gradient runs down."""

    conductance: float = vrest.quantity("specific_conductance")

    def stoichiometry(self):
        return {"K": 1}


@transport("test_hh_na", strength="conductance")
class HHSodium(Clamped):
    """g m^3 h (V - 50 mV)."""

    conductance: float = vrest.quantity("specific_conductance")

    def gates(self):
        return ("m", "h")

    def gate_kinetics(self, here):
        v = here.potential
        return {
            "m": (rate_linoid(v, 1e3, -0.040, 0.010), rate_exponential(v, 4e3, -0.065, -0.018)),
            "h": (rate_exponential(v, 70.0, -0.065, -0.020), rate_sigmoid(v, 1e3, -0.035, 0.010)),
        }

    def rate(self, here):
        return self.conductance * here.gates["m"] ** 3 * here.gates["h"] * (here.potential - 0.050) / F


@transport("test_hh_k", strength="conductance")
class HHPotassium(Clamped):
    """g n^4 (V + 77 mV)."""

    conductance: float = vrest.quantity("specific_conductance")

    def gates(self):
        return ("n",)

    def gate_kinetics(self, here):
        v = here.potential
        return {"n": (rate_linoid(v, 100.0, -0.055, 0.010), rate_exponential(v, 125.0, -0.065, -0.080))}

    def rate(self, here):
        return self.conductance * here.gates["n"] ** 4 * (here.potential + 0.077) / F


@transport("test_hh_leak", strength="conductance")
class HHLeak(Clamped):
    """g (V + 54.387 mV)."""

    conductance: float = vrest.quantity("specific_conductance")

    def rate(self, here):
        return self.conductance * (here.potential + 0.054387) / F


@transport("test_injected", strength="density")
class Injected(Transport):
    """A constant inward current of K+."""

    density: float = vrest.quantity("current_density", minimum=None)

    def stoichiometry(self):
        return {"K": -1}

    def rate(self, here):
        return self.density / F


HH = """
name = "hodgkin_huxley"
temperature = "6.3 degC"
[compartments.outside]
kind = "bath"
ions = { K = "20 mM" }
[compartments.inside]
kind = "fixed"
shape = "sphere"
radius = "20 um"
ions = { K = "400 mM" }
impermeant = { concentration = "400 mM", valence = "solve" }
[membranes.axon]
inside = "inside"
outside = "outside"
potential = "-65 mV"
[membranes.axon.transports]
na = { law = "test_hh_na", conductance = "0.120 S/cm2" }
k = { law = "test_hh_k", conductance = "0.036 S/cm2" }
leak = { law = "test_hh_leak", conductance = "0.3e-3 S/cm2" }
stimulus = { law = "test_injected", density = "0 uA/cm2" }
"""


@pytest.fixture(scope="module")
def axon():
    return vrest.parse_cell(HH)


def spikes(run):
    above = run.v > 0
    return run.time[1:][above[1:] & ~above[:-1]]


def test_hodgkin_huxley_rest(axon):
    result = vrest.rest(axon)
    assert result.outcome is vrest.Outcome.rests_run_down  # nothing here spends ATP
    assert result.v_rest == pytest.approx(-64.996, abs=1e-3)
    gates = {
        name.rsplit(".", 1)[1]: result.state[k] for (kind, name), k in result.system.index.items() if kind == "gate"
    }
    assert gates == pytest.approx({"m": 0.05296, "h": 0.59599, "n": 0.31773}, abs=2e-5)


@pytest.mark.parametrize(("stimulus", "hertz"), [(10, 68.3), (20, 86.5), (50, 117.0)])
def test_firing_rates(axon, stimulus, hertz):
    cell = vrest.apply(axon, f"stimulus.density={stimulus} uA/cm2")
    run = simulate(cell, until="1 s", points=20_001, rtol=1e-7)
    late = spikes(run)[5:]
    assert 1 / np.diff(late).mean() == pytest.approx(hertz, rel=0.01)


def test_a_firing_cell_oscillates(axon):
    result = vrest.rest(axon, "stimulus.density=10 uA/cm2")
    assert result.outcome is vrest.Outcome.oscillates
    assert not result.stable
    assert "fires at 68.3 Hz" in result.reason


@pytest.mark.parametrize(("stimulus", "v"), [(160, -42.76), (200, -40.81)])
def test_depolarisation_block_is_a_rest(axon, stimulus, v):
    result = vrest.rest(axon, f"stimulus.density={stimulus} uA/cm2")
    assert result.outcome.is_rest
    assert result.v_rest == pytest.approx(v, abs=0.01)


def test_stability_is_lost_where_hodgkin_huxley_lose_it(axon):
    """Hopf points at 9.7754 and 154.522 uA/cm2."""
    for below, above in ((9.76, 9.79), (154.54, 154.50)):
        assert stationary(axon, below).stable
        assert not stationary(axon, above).stable
    # between 6.3 and 9.8 uA/cm2 the stationary state is stable, and yet a step of current makes the axon fire on
    fires = vrest.rest(axon, "stimulus.density=9.76 uA/cm2")
    assert fires.outcome is vrest.Outcome.oscillates
    assert "stable, but not where the motion leads" in fires.reason


def stationary(axon, stimulus):
    """The only stationary state under a current."""
    (found,) = vrest.rest_all(vrest.apply(axon, f"stimulus.density={stimulus} uA/cm2"), starts=0)
    return found


def test_an_electroneutral_exchanger_moves_no_current(neuron):
    data = cell_to(neuron)
    data["compartments"]["outside"]["ions"]["H"] = "4e-5 mM"
    data["compartments"]["inside"]["ions"]["H"] = "6e-5 mM"
    data["membranes"]["neuron"]["transports"]["nhe"] = {"law": "test_na_h", "max_rate": "0.1 pmol/cm2/s"}
    cell = cell_from(data)
    result = vrest.rest(cell)
    assert result.outcome is vrest.Outcome.rests
    # at rest the exchanger stands still: its two gradients are equal, and only then
    inside, outside = result.concentrations["inside"], result.concentrations["outside"]
    assert inside["H"] / outside["H"] == pytest.approx(inside["Na"] / outside["Na"], rel=1e-9)
    assert any("inside.H" in account.name for account in result.ledger)


def test_a_strength_that_is_no_quantity_is_refused():
    with pytest.raises(vrest.InputError, match="max_rte"):

        @transport("test_bad", strength="max_rte")
        class Bad(Transport):
            max_rate: float = vrest.quantity("turnover")

            def stoichiometry(self):
                return {"K": 1}

            def rate(self, here):
                return self.max_rate


def test_a_taken_name_is_refused():
    with pytest.raises(vrest.InputError, match="taken"):

        @transport("ghk_leak")
        class Other(Transport):
            def stoichiometry(self):
                return {"K": 1}

            def rate(self, here):
                return 0.0
