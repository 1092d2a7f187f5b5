"""Hodgkin and Huxley's membrane under current: what it is known to do, from rest."""

import pytest

import vrest
from vrest.errors import InputError
from vrest.io.cellfile import load
from vrest.study.excitability import excitability, firing


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
    assert excitability(vrest.rest(load("mammalian_neuron"))).note == "no gated Na+ channel"
    with pytest.raises(InputError) as error:
        firing(vrest.rest(load("mammalian_neuron")), 1)
    assert error.value.code == "no_target"
