"""A run told at every step: the same motion as `simulate` gives at those times, with every moment that matters."""

from __future__ import annotations

import numpy as np
import pytest

from vrest.verbs.every_step import every_step
from vrest.verbs.run import simulate
from vrest.verbs.run_result import Run


def told(run: Run, until: float, also: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    times, states = zip(*every_step(run, until, also), strict=True)
    return np.concatenate(times), np.concatenate(states)


@pytest.fixture(scope="module")
def run() -> Run:
    events = [(0.05, "stimulus.density=10 uA/cm2"), (0.15, "stimulus.density=20 uA/cm2 over 50 ms"),
              (0.3, "stimulus.density=0")]  # fmt: skip
    return simulate("hodgkin_huxley_1952", events, 0.4, points=3)


def test_states_are_those_of_the_run_bit_for_bit(run: Run) -> None:
    times, states = told(run, 0.4)
    assert np.all(np.diff(times) > 0)
    assert (times[0], times[-1]) == (0.0, 0.4)
    assert set(run.events) <= set(times.tolist())
    assert np.array_equal(states, simulate(run.cell, run.plan, 0.4, times=times).states)


def test_it_starts_where_the_run_did() -> None:
    first = simulate("mammalian_neuron", [(10.0, "pump.max_rate*=0")], 600.0, points=3)
    later = simulate(first.cell, None, 600.0, points=3, start=first.states[-1])
    times, states = told(later, 600.0)
    assert np.array_equal(states[0], first.states[-1])
    assert np.array_equal(states[-1], later.states[-1])
    assert times[-1] == 600.0


def test_it_ends_when_asked_and_has_the_moments_asked_for(run: Run) -> None:
    also = np.array([0.001, 0.0123456, 0.11, 0.39])
    times, states = told(run, 0.2, also)
    assert times[-1] == 0.2
    assert np.isin(also, times).tolist() == [True, True, True, False]
    assert np.array_equal(states, simulate(run.cell, run.plan, 0.4, times=times).states)


def test_a_run_that_was_stopped_is_told_as_far_as_it_came() -> None:
    half = simulate("hodgkin_huxley_1952", [(0, "stimulus.density=10 uA/cm2")], 1.0, points=3,
                    watch=lambda time, _: time < 0.2)  # fmt: skip
    assert not half.complete
    times, states = told(half, 1.0)
    assert times[-1] == half.time[-1] < 1.0
    assert states[-1] == pytest.approx(half.states[-1], rel=1e-13)
