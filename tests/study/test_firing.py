"""What `perturb` says of a cell that fires is what one uninterrupted run shows, and SciPy on equations of its own."""

import re
from math import exp

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import vrest
from vrest.model.cellfile import load
from vrest.study.perturb.follow import follow
from vrest.study.perturb.library import find
from vrest.study.perturb.look import look
from vrest.study.perturb.perturb import perturb
from vrest.verbs.outcome import Outcome

TOLD = re.compile(r"(fires|oscillates) on at ([\d.]+) Hz, between (-?\d+) and (-?\d+) mV")


def told(answer):
    """Rate (Hz) and range (mV) in the words of an answer."""
    found = TOLD.search(answer.reason)
    assert found, answer.reason
    return float(found[2]), float(found[3]), float(found[4])


def hodgkin_huxley(k_out, seconds):
    """Hodgkin and Huxley's membrane as they wrote it, from its rest at 20 mM K+, by LSODA; times (s) and V (mV)."""
    kt = 8.31446261815324 * 279.45 / 96485.33212331001  # V
    e_k = 1e3 * kt * np.log(k_out / 489.4369292539908)
    e_na = 1e3 * kt * np.log(440.0 / 55.172292203381716)
    e_leak = 1e3 * kt * np.log(58.524598546094005 / 560.0)

    def rates(v):
        u = v + 65.0
        n = (0.01 * (10 - u) / (exp((10 - u) / 10) - 1), 0.125 * exp(-u / 80))
        m = (0.1 * (25 - u) / (exp((25 - u) / 10) - 1), 4 * exp(-u / 18))
        return n, m, (0.07 * exp(-u / 20), 1 / (exp((30 - u) / 10) + 1))

    def slope(_, x):
        v, *gates = x
        n, m, h = gates
        current = 36.0 * n**4 * (v - e_k) + 120.0 * m**3 * h * (v - e_na) + 0.3 * (v - e_leak)
        return [-current, *(a * (1 - g) - b * g for g, (a, b) in zip(gates, rates(v), strict=True))]

    v = -65.0
    start = [v, *(a / (a + b) for a, b in rates(v))]
    at = np.arange(0.0, 1e3 * seconds, 0.005)  # ms
    made = solve_ivp(slope, (0.0, 1e3 * seconds), start, "LSODA", t_eval=at, rtol=1e-9, atol=1e-10)
    return 1e-3 * made.t, made.y[0]


def late_firing(time, v, after):
    """Rate (Hz), lowest and highest V (mV) from a time on, by passages of 0 mV."""
    up = np.flatnonzero((v[:-1] < 0.0) & (v[1:] >= 0.0) & (time[1:] > after))
    assert len(up) > 3
    return (len(up) - 1) / (time[up[-1]] - time[up[0]]), v[up[0] : up[-1]].min(), v[up[0] : up[-1]].max()


@pytest.mark.parametrize("dose", [29.5, 30.0, 32.0, 40.0])
def test_hodgkin_and_huxleys_membrane_in_potassium_fires_as_scipy_has_it(dose):
    truth = late_firing(*hodgkin_huxley(dose, 2.0), after=1.0)
    answer = perturb(load("hodgkin_huxley_1952"), "hyperkalaemia", f"{dose} mM", neutral=False)
    assert answer.outcome is Outcome.oscillates
    rate, low, high = told(answer)
    assert rate == pytest.approx(truth[0], rel=2e-3)
    assert [low, high] == pytest.approx(truth[1:], abs=0.6)
    if dose == 30.0:
        assert (f"{truth[0]:.1f}", low, high) == ("42.4", -67.0, 29.0)


@pytest.mark.parametrize("dose", [22.0, 26.0, 29.0])
def test_ringing_in_less_potassium_is_a_rest(dose):
    answer = perturb(load("hodgkin_huxley_1952"), "hyperkalaemia", f"{dose} mM", neutral=False)
    v = hodgkin_huxley(dose, 2.0)[1]
    assert np.ptp(v[-1000:]) < 0.01
    assert answer.outcome is Outcome.rests
    assert answer.settled.v_rest == pytest.approx(v[-1], abs=0.01)


CASES = [
    *(("hodgkin_huxley_1952", "hyperkalaemia", f"{c} mM", False) for c in (29.5, 31, 35, 50)),
    ("hodgkin_huxley_1952", "hyperkalaemia", None, True),
    ("cressman_2009", "k_puff", None, True),
    ("cressman_2009", "hyperkalaemia", None, True),
    ("cressman_2009", "k_leak_block", None, True),
    ("cressman_2009", "k_leak_block", "95 %", True),
    ("pyramidal_neuron", "k_leak_block", None, True),
    ("pyramidal_neuron", "gating_pore_leak", None, True),
    ("dijkstra_2016", "m_current_closure", None, True),
    ("wei_2014", "hyperkalaemia", None, True),
    ("edpr_2020", "selectivity_loss", None, True),
]


@pytest.mark.parametrize(("name", "what", "dose", "neutral"), CASES)
def test_it_is_that_of_one_run_without_a_break(name, what, dose, neutral):
    cell = load(name)
    answer = perturb(cell, what, dose, neutral=neutral, onset=0)
    assert answer.outcome is Outcome.oscillates
    end = float(answer.kept.time[-1])
    more = re.search(r"period of ([\d.]+) (m?s)", answer.reason)
    period = float(more[1]) * (1e-3 if more[2] == "ms" else 1.0) if more else 20.0 / told(answer)[0]
    at = np.linspace(end, end + 2.0 * period, 400_001)
    run = vrest.simulate(cell, [(0.0, list(answer.changes))], at[-1], times=at, rtol=1e-6, start=answer.before.state)
    v = np.asarray(run.v).reshape(len(at), -1)
    v = v[:, np.ptp(v, axis=0).argmax()]
    middle = 0.5 * (v.min() + v.max())
    up = at[1:][(v[:-1] < middle) & (v[1:] >= middle)]
    rate, low, high = told(answer)
    counted = len(up) / (2.0 * period) if more else (len(up) - 1) / (up[-1] - up[0])
    assert rate == pytest.approx(counted, rel=0.02)
    assert [low, high] == pytest.approx([v.min(), v.max()], abs=1.5)


def test_a_run_whose_ringing_dies_is_not_stopped_as_oscillating():
    """Where the steps are used up while it rings, that is what is said; with steps left it is followed to its rest."""
    cell, settled = load("hodgkin_huxley_1952"), vrest.rest(load("hodgkin_huxley_1952"))
    changes = [(0.0, find("hyperkalaemia").dosed("29 mM").changes(cell, False))]
    at = np.linspace(0.0, 10.0, 11)
    run, stop = follow(cell, changes, 10.0, at, start=settled.state, most_steps=256)
    assert not run.complete
    assert stop.outcome is Outcome.not_converged
    assert "does not swing" in stop.why or "ever less" in stop.why
    run, stop = follow(cell, changes, 10.0, at, start=settled.state)
    assert run.complete
    assert stop is None


def test_both_fates_of_one_membrane():
    """In 30 mM K+ it has a stable rest, and fires all the same when it comes from the rest in 20 mM."""
    cell = vrest.apply(load("hodgkin_huxley_1952"), "outside.K=30 mM")
    (there,), before = vrest.rest_all(cell, starts=0), vrest.rest(load("hodgkin_huxley_1952"))
    assert there.stable
    assert vrest.rest(cell).outcome is Outcome.oscillates
    assert look(cell, [], there.state, 1.0).swing.kind == "still"
    nudged = there.state + np.array([kind == "charge" for kind, _ in there.system.states]) * 1e-3
    assert look(cell, [], nudged, 1.0).swing.rate is None  # rings, and comes back
    fires = look(cell, [], vrest.simulate(cell, until="1 s", points=3, start=before.state).states[-1], 1.0)
    assert fires.swing.rate == pytest.approx(42.4, abs=0.05)
    assert fires.drift is None  # its contents are held


def test_firing_is_not_settled_before_the_onset_is_over():
    answer = perturb(
        load("hodgkin_huxley_1952"), "hyperkalaemia", "40 mM", neutral=False, onset="5 s", duration="1 min"
    )
    at_once = perturb(load("hodgkin_huxley_1952"), "hyperkalaemia", "40 mM", neutral=False, onset=0)
    assert answer.outcome is at_once.outcome is Outcome.oscillates
    assert answer.kept.time[-1] > 5.0
    assert told(answer) == told(at_once)
    assert answer.duration >= 5.0
