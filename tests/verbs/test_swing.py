"""What counts as an oscillation: periods that repeat to the end of a trace; nothing flat, ringing or ended."""

import numpy as np
import pytest

from vrest.verbs.swing import rises, swing

T = np.linspace(0.0, 2.0, 40_001)


def spikes(at, t=T, width=1e-3, height=90.0, base=-65.0):
    """Gaussian spikes on a still potential."""
    return base + 0.0 * t + height * sum(np.exp(-0.5 * ((t - when) / width) ** 2) for when in at)


@pytest.mark.parametrize("v", [-60.0 + 0.0 * T, -60.0 + 0.4 * np.sin(2 * np.pi * 50 * T), -70.0 + 30.0 * T,
                               -70.0 + 40.0 * np.exp(-T)])  # fmt: skip
def test_flat_and_monotone_is_still(v):
    found = swing(T, v)
    assert (found.kind, found.rate) == ("still", None)


@pytest.mark.parametrize("decay", [0.05, 0.2, 1.0, 5.0, 30.0])
def test_ringing_is_never_an_oscillation(decay):
    found = swing(T, -60.0 + 15.0 * np.exp(-decay * T) * np.cos(2 * np.pi * 40 * T))
    assert found.kind == "dying"


def test_swings_that_grow_are_not_settled():
    assert swing(T, -60.0 + 5.0 * np.exp(0.2 * T) * np.cos(2 * np.pi * 40 * T)).kind == "growing"


@pytest.mark.parametrize("rate", [1.7, 12.0, 57.8, 255.0])
@pytest.mark.parametrize("amplitude", [0.6, 2.0, 50.0])
def test_a_sine_is_told_as_it_is(rate, amplitude):
    found = swing(T, -55.0 + amplitude * np.sin(2 * np.pi * rate * T))
    if rate < 2:
        assert found.kind != "steady"  # two seconds do not show two whole periods after the first
        return
    assert (found.kind, found.group) == ("steady", 1)
    assert found.rate == pytest.approx(rate, rel=1e-4)
    assert [found.low, found.high] == pytest.approx([-55.0 - amplitude, -55.0 + amplitude], abs=0.01 * amplitude)


def test_bursts_are_told_by_their_spikes_and_their_period():
    at = [b + 0.01 * k**1.2 for b in np.arange(0.02, 2.0, 0.25) for k in range(5)]
    found = swing(T, spikes(at))
    assert (found.kind, found.group) == ("steady", 5)
    assert found.period == pytest.approx(0.25, rel=1e-3)
    assert found.rate == pytest.approx(20.0, rel=1e-3)


def test_one_burst_is_not_a_period():
    """Equal intervals at the end of a burst that is the last."""
    assert swing(T, spikes(np.arange(0.1, 0.5, 0.02))).rate is None
    assert swing(T, spikes(np.arange(0.1, 0.5, 0.02))).kind == "irregular"


def test_every_other_spike_smaller_is_a_period_of_two():
    v = spikes(np.arange(0.01, 2.0, 0.04)) + 60.0 / 90.0 * (spikes(np.arange(0.03, 2.0, 0.04)) + 65.0)
    found = swing(T, v)
    assert (found.kind, found.group) == ("steady", 2)
    assert found.rate == pytest.approx(50.0, rel=1e-3)


def test_random_spikes_have_no_period():
    rng = np.random.default_rng(3)
    found = swing(T, spikes(0.02 + np.cumsum(rng.uniform(0.01, 0.05, 60))))
    assert (found.kind, found.rate) == ("irregular", None)


def test_a_notch_does_not_make_two_spikes_of_one():
    at = np.arange(0.05, 2.0, 0.1)
    notched = spikes(at) + 0.3 * (spikes(at + 0.004) + 65.0)
    assert len(rises(notched)[1]) == len(at)
    assert swing(T, notched).rate == pytest.approx(10.0, rel=1e-3)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_spikes_are_no_oscillation(count):
    assert swing(T, spikes(np.linspace(0.3, 1.2, count))).rate is None
