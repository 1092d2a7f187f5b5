"""Hodgkin and Huxley's membrane under current: what it is known to do, from rest."""

import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm

import vrest
from vrest.errors import InputError
from vrest.model.cellfile import load
from vrest.study.excitability import excitability, firing
from vrest.verbs.linearised import linearised


@pytest.fixture(scope="module")
def membrane():
    return vrest.rest(load("hodgkin_huxley_1952"))


@pytest.mark.parametrize(
    ("density", "pattern", "spikes", "rate"),
    [
        (1, "silent", 0, None),
        (5, "transient", 1, None),
        (6.2, "transient", 3, None),
        (6.4, "repetitive", None, 54.0),
        (10, "repetitive", None, 68.3),
        (20, "repetitive", None, 86.5),
        (50, "repetitive", None, 117.0),
    ],
)
def test_firing(membrane, density, pattern, spikes, rate):
    answer = firing(membrane, density, "400 ms")
    assert answer.pattern == pattern
    assert spikes is None or len(answer.spikes) == spikes
    assert answer.rate == (rate and pytest.approx(rate, rel=0.01))


@pytest.mark.parametrize(("density", "v"), [(160, -42.76), (200, -40.81)])
def test_depolarisation_block(membrane, density, v):
    answer = firing(membrane, density, "1 s")
    assert answer.pattern == "block"
    assert answer.v_end == pytest.approx(v, abs=0.05)
    assert answer.rate is None


def test_rheobase_brackets_the_first_spike(membrane):
    ready = excitability(membrane)
    assert firing(membrane, ready.rheobase).spikes
    assert not firing(membrane, 0.995 * ready.rheobase).spikes
    assert "rheobase" in repr(ready)


def test_input_resistance_is_that_of_a_small_step(membrane):
    ready = excitability(membrane)
    pushed = firing(membrane, 0.01, "400 ms")
    assert pushed.v_end - ready.v_rest == pytest.approx(0.01 * 1e-3 * ready.specific_resistance, rel=0.01)


def test_a_perturbation_moves_them(membrane):
    low = vrest.perturb(load("hodgkin_huxley_1952"), "hypokalaemia").settled
    assert excitability(low).rheobase > excitability(membrane).rheobase
    blocked = vrest.perturb(load("hodgkin_huxley_1952"), "ttx").settled
    assert excitability(blocked).rheobase is None


def test_what_cannot_be_answered_says_why():
    assert excitability(vrest.rest(load("mammalian_neuron"))).note.startswith("no gated Na+ channel. Cells of")
    with pytest.raises(InputError) as error:
        firing(vrest.rest(load("mammalian_neuron")), "1 mV")
    assert error.value.code == "wrong_unit"


def test_threshold_is_that_of_the_paper(membrane):
    """Hodgkin and Huxley's membrane answers a shock of 7 mV with a spike, one of 6 mV without (their Fig. 12)."""
    ready = excitability(membrane)
    assert 6.0 < ready.threshold < 7.0
    assert ready.state == "excitable"


def test_threshold_against_scipy(membrane):
    """The paper's equations with V set off from rest at once, every gate where it was."""
    ready = excitability(membrane)

    def slope(t, x):
        v, m, h, n = x
        am, bm = 0.1 * (v + 40) / -np.expm1(-(v + 40) / 10), 4 * np.exp(-(v + 65) / 18)
        ah, bh = 0.07 * np.exp(-(v + 65) / 20), 1 / (1 + np.exp(-(v + 35) / 10))
        an, bn = 0.01 * (v + 55) / -np.expm1(-(v + 55) / 10), 0.125 * np.exp(-(v + 65) / 80)
        current = 120 * m**3 * h * (v - 50) + 36 * n**4 * (v + 77) + 0.3 * (v + 54.387)
        return [-current, am * (1 - m) - bm * m, ah * (1 - h) - bh * h, an * (1 - n) - bn * n]

    for share, spikes in ((0.98, False), (1.02, True)):
        begin = [ready.v_rest + share * ready.threshold, 0.05296, 0.59599, 0.31773]
        v = solve_ivp(slope, (0, 100), begin, "LSODA", rtol=1e-9, atol=1e-9).y[0]
        assert (v.max() > 0) == spikes


def test_a_cell_in_depolarisation_block_is_told_from_one_without_channels():
    """Held at -42.8 mV by a steady current no further current makes it fire, but letting go from -90 mV does."""
    held = vrest.rest(load("hodgkin_huxley_1952"), "stimulus.density=160 uA/cm2")
    assert held.v_rest == pytest.approx(-42.76, abs=0.01)
    assert excitability(held).state == "blocked"
    poisoned = vrest.rest(load("hodgkin_huxley_1952"), "Na.conductance*=0.02")
    assert excitability(poisoned).state == "inexcitable"


def test_a_cell_without_a_stimulus_is_given_one():
    cell = load("huebel_dahlem_2014")
    ready = excitability(vrest.rest(cell))
    assert ready.state == "excitable"
    assert ready.threshold > 5


def test_perturb_answers_before_and_after():
    before, after = vrest.perturb(load("hodgkin_huxley_1952"), "hyperkalaemia").excitability
    assert (before.state, after.state) == ("excitable", "fires by itself")
    before, after = vrest.perturb(load("hodgkin_huxley_1952"), "k_puff").excitability
    assert after.state == "blocked"
    assert vrest.perturb(load("mammalian_neuron"), "ouabain").excitability is None


def test_of_coupled_membranes_one_is_asked():
    """edPR's soma, whose current also charges the dendrite: against the linear response exp(J t) of all its states."""
    result = vrest.rest(load("edpr_2020"))
    with pytest.raises(InputError) as error:
        excitability(result)
    assert error.value.code == "several_membranes"
    with pytest.raises(InputError, match="Allowed: soma, dendrite"):
        excitability(result, membrane="axon")
    ready = excitability(result, membrane="soma")
    assert ready.state == "excitable"
    assert firing(result, 1.1 * ready.rheobase, membrane="soma").spikes
    assert not firing(result, 0.9 * ready.rheobase, membrane="soma").spikes
    system, p = result.system, result.parameters
    y = result.state[list(system.laws.independent)]
    jacobian = linearised(system, p, result.state, y).jacobian
    soma = [system.states[k] for k in system.laws.independent].index(("charge", "soma"))
    unit = np.zeros(len(y))
    unit[soma] = 1.0 / result.cell.membranes["soma"].capacitance  # V/s of 1 A/m2
    moved = np.linalg.solve(jacobian, (expm(0.2 * jacobian) - np.eye(len(y))) @ unit)[soma]
    assert ready.specific_resistance == pytest.approx(1e4 * moved, rel=0.01)


RESISTANCES = re.compile(r"resistance (?:of about )?([\d.]+) ([GMk]?Ohm)( cm2)?")
"""What a cell of the library says of itself."""


@pytest.mark.parametrize("name", vrest.library())
def test_a_cell_has_the_resistance_that_it_says_of_itself(name):
    cell = load(name)
    said = RESISTANCES.findall(" ".join([cell.notes, *(source.text for source in cell.sources.values())]))
    for number, unit, specific in said:
        found = excitability(name)
        ohms = found.specific_resistance if specific else found.input_resistance * 1e6
        assert ohms == pytest.approx(float(number) * {"G": 1e9, "M": 1e6, "k": 1e3, "O": 1}[unit[0]], rel=0.05)
