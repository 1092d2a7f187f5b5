"""One search that holds further totals where transports are off, against searches of equations without those states."""

import itertools

import numpy as np
import pytest

import vrest
from vrest.constants import N_A
from vrest.numerics import stationary
from vrest.numerics.lanes import FINISHED, RUNNING, begun
from vrest.numerics.stationary import STABLE, UNKNOWN, UNSTABLE
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.certify import NEUTRAL_RATE, SETTLED_MM_PER_MIN, SETTLED_MV
from vrest.verbs.held_totals import ALL_UP_TO, holds
from vrest.verbs.judging import NONE, judging
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest_batch import rests_of, strengths
from vrest.verbs.search import CHUNK, ENOUGH, LARGEST_CHUNK, QUIET, rounding
from vrest.verbs.searching import FEW, QUIETER, STILL, THERE, UNCLEAR, following, settling

OUTCOMES = list(Outcome)
FEW_UNKNOWNS = 12

LOOKS = 80
"""Chunks of steps after which a motion is left: cells that fire take a million steps to be sure of it."""

TRIES = 2 * sum(min(CHUNK << k, LARGEST_CHUNK) for k in range(LOOKS))


def cleared(found, free, done):
    """Of one lane: whether it is done, its verdict and slowest rate, by the eigenvalues of what is not held."""
    verdict, slowest = found.verdict[0], found.slowest[0]
    if done and (verdict != STABLE or np.isnan(slowest)):
        own = found.jacobian[free][:, free, 0]
        if not np.isfinite(own).all():
            return False, UNKNOWN, np.nan
        rates = np.linalg.eigvals(own).real
        slowest = rates.max()
        verdict = UNKNOWN if np.abs(rates).min() <= rounding(own) else STABLE if slowest < 0 else UNSTABLE
    return done and verdict != UNSTABLE, verdict, slowest


def searched(cell, p, x0, off):
    """Where the search that holds leads one cell: (outcome or None, state, slowest rate)."""
    system, known = assemble(cell), holds(cell)
    hold = known.numbers[off][:, None]
    free = hold[: known.holdable.independent, 0] == 0.0
    x, numbers, y = x0[:, None], p[:, None], x0[list(system.laws.independent), None]
    settle, follow = settling(system, known.holdable), following(system, known.holdable)
    first, pace = stationary.THERE, stationary.NEWTON
    if system.monotone:
        first, pace = stationary.BOLD, stationary.BOLD._replace(first=QUIET)
    found = settle((x, y, numbers, hold), (first, ENOUGH))
    done, verdict, slowest = cleared(found, free, found.done[0])
    lanes, quiet, least = begun(0.0, y.copy()), np.full(1, QUIET), np.ones(1)
    for _ in range(TRIES // LARGEST_CHUNK):
        if done:
            break
        lanes, quiet, points = follow((lanes, quiet, least, x, numbers, hold), (LARGEST_CHUNK, pace))
        if lanes.status[0] == RUNNING:
            continue
        if lanes.status[0] == FINISHED:
            points = settle((x, lanes.y, numbers, hold), (pace, FEW))
        elif lanes.status[0] not in (THERE, UNCLEAR):
            break
        found = points
        done, verdict, slowest = cleared(found, free, found.done[0])
        quiet = QUIETER * quiet
        if quiet[0] > STILL:
            break
        lanes.status[0] = RUNNING
    error = rounding(found.jacobian[free][:, free, 0])
    sure = done and verdict == STABLE and slowest < -max(NEUTRAL_RATE, error)
    sure &= found.ordinary[0] and found.imbalance[0] < SETTLED_MM_PER_MIN and found.residual_mV[0] < SETTLED_MV
    outcome = (Outcome.rests if found.working[0] else Outcome.rests_run_down) if sure else None
    return outcome, found.state[:, 0], slowest, error


def switched(cell, offs):
    """(cells, parameters) where each combination is off, and what the description has off is on."""
    p = np.tile(parameter_vector(cell), (len(offs), 1))
    places = [assemble(cell).names.index(path) for path in strengths(cell)]
    for row, off in zip(p, offs, strict=True):
        for k, at in enumerate(places):
            row[at] = 0.0 if k in off else row[at] or 1e-12
    return p


def sample(cell, n):
    offs = list(holds(cell).numbers)
    chosen = np.random.default_rng(3).permutation(np.arange(1, len(offs)))[: n - 1]
    return [offs[0], *(offs[k] for k in sorted(chosen))]


def check(cell, offs):
    """The outcomes that were compared."""
    system, known = assemble(cell), holds(cell)
    p, x0 = switched(cell, offs), system.start(cell)
    met = []
    for row, off in enumerate(offs):
        looks = itertools.count(1)
        wanted = rests_of(cell, p[[row]], x0[None], progress=lambda _, looks=looks: next(looks) < LOOKS)
        want = OUTCOMES[wanted.outcome[0]]
        met.append(want)
        if known.numbers[off] is None:
            assert want is Outcome.neutral, off
            continue
        if want is Outcome.not_followed:  # left after so many looks
            continue
        outcome, state, slowest, error = searched(cell, p[row], x0, off)
        used_up = want.is_rest and (wanted.state[0] == 0.0).any()  # a rest without an ion, which no search finds
        if not want.is_rest or used_up:
            assert outcome is None, (off, want)
            continue
        assert outcome is want, off
        for wall in system.structure.walls:
            v = system.potential(wanted.state[0], wall)
            assert system.potential(state, wall) == pytest.approx(v, abs=1e-12), off  # V
        assert slowest == pytest.approx(wanted.slowest[0], rel=1e-7, abs=error), off
        assert state == pytest.approx(wanted.state[0], rel=1e-9, abs=1e-12), off
    return met


def test_rests_are_those_of_equations_without_what_is_held():
    met = check(vrest.load("frog_muscle"), [(), (2,), (0, 1), (2, 3), (0, 1, 2, 3, 4)])
    assert {Outcome.rests, Outcome.rests_run_down, Outcome.neutral} <= set(met)


def test_totals_of_several_ions_are_held():
    """With nothing but cotransport and exchange a total is a combination of amounts, not one amount."""
    cell = vrest.load("red_blood_cell")
    known = holds(cell)
    combined = [off for off, v in known.numbers.items() if v is not None and v[known.holdable.independent :].any()]
    assert all(outcome.is_rest for outcome in check(cell, combined[:2]))


@pytest.mark.library
@pytest.mark.parametrize("name", vrest.library())
def test_rests_of_the_library(name):
    cell = vrest.load(name)
    if len(assemble(cell).laws.independent) <= FEW_UNKNOWNS:
        met = check(cell, sample(cell, 16))
        assert met.count(Outcome.not_followed) <= 0.75 * len(met)  # those fire on and on


@pytest.mark.parametrize("name", vrest.library())
def test_what_is_held_is_all_that_nothing_active_changes(name):
    """By the ranks of the table in double precision, not by exact elimination."""
    cell = vrest.load(name)
    system, known = assemble(cell), holds(cell)
    movers = [m for m, mover in enumerate(system.structure.movers) if mover.kind.strength]
    n = known.holdable.independent
    rows = system.table[list(system.laws.independent)]
    gates = sum(system.states[k][0] == "gate" for k in system.laws.independent)
    assert len(known.numbers) == 2 ** len(movers) if len(movers) <= ALL_UP_TO else len(movers) < len(known.numbers)
    for off, numbers in known.numbers.items():
        out = {movers[k] for k in off}
        active = rows[:, [j for j, column in enumerate(system.columns) if column.mover not in out]]
        rank = np.linalg.matrix_rank(active) if active.size else 0
        if numbers is None:
            assert rank == 0
            assert not gates
            continue
        held = numbers[:n]
        assert held.sum() == n - gates - rank, off
        laws = np.diag(held)
        for (k, j), factor in zip(known.holdable.pairs, numbers[n:], strict=True):
            laws[k, j] -= factor
            assert not factor or (held[k] and not held[j])
        assert laws @ active == pytest.approx(0.0, abs=1e-12), off


def test_pumps_are_off_with_each_of_many_transports():
    cell = vrest.load("fast_spiking_interneuron")
    paths = strengths(cell)
    assert len(paths) > ALL_UP_TO
    pump = next(k for k, path in enumerate(paths) if path.endswith("pump.max_rate"))
    offs = set(holds(cell).numbers)
    assert {(), (pump,)} | {(k,) for k in range(len(paths))} | {
        tuple(sorted({k, pump})) for k in range(len(paths))
    } <= (offs)
    described = tuple(
        k for k, path in enumerate(paths) if parameter_vector(cell)[assemble(cell).names.index(path)] == 0
    )
    assert described
    assert tuple(sorted({*described, pump, 0})) in offs


def test_lanes_that_hold_are_as_they_are_alone():
    cell = vrest.load("mammalian_neuron")
    system, known = assemble(cell), holds(cell)
    offs = [off for off, numbers in known.numbers.items() if numbers is not None]
    p, x0 = switched(cell, offs).T, np.tile(system.start(cell), (len(offs), 1)).T
    hold = np.array([known.numbers[off] for off in offs]).T
    batch = x0, x0[list(system.laws.independent)] * 1.01, p, hold
    together = settling(system, known.holdable)(batch, (stationary.BOLD, ENOUGH))
    for k in range(len(offs)):
        one = settling(system, known.holdable)(tuple(part[:, [k]] for part in batch), (stationary.BOLD, ENOUGH))
        assert one.done == together.done[k]
        if one.done:
            assert one.state[:, 0] == pytest.approx(together.state[:, k], rel=1e-12)
    held = hold[: known.holdable.independent]
    start, end = x0[list(system.laws.independent)], together.y + together.correction
    assert together.done.sum() > 5
    units = np.array(system.units(p[:, 0]))[list(system.laws.independent)]
    for k in range(len(offs)):  # what is conserved is what the states began with, wherever the search does
        laws = np.diag(held[:, k])
        for (i, j), factor in zip(known.holdable.pairs, hold[known.holdable.independent :, k], strict=True):
            laws[i, j] -= factor * units[j] / units[i]
        assert laws @ end[:, k] == pytest.approx(laws @ start[:, k], rel=1e-13, abs=1e-15)


def test_states_are_judged_by_hand_and_kernel_alike():
    cell = vrest.load("mammalian_neuron")
    system, p = assemble(cell), parameter_vector(cell)
    x = np.tile(system.start(cell), (4, 1))
    sodium, potassium = (system.index["amount", f"inside.{ion}"] for ion in ("Na", "K"))
    volume = system.index["volume", "inside"]
    one_ion = 1.0 / (N_A * p[system.names.index("compartments.inside.volume")])
    x[1, [sodium, potassium]] = 0.9 * one_ion, 0.5 * one_ion
    x[2, volume] = 2e4  # its impermeants and ions are too dilute to draw water: it shrinks
    x[3, volume], x[3, sodium] = 2e4, 2e7
    found = judging(system)((x.T, np.tile(p, (4, 1)).T, x.T), ())
    assert found.emptied.tolist() == [NONE, min(sodium, potassium), NONE, NONE]
    assert found.swelling.tolist() == [NONE, NONE, NONE, volume]
    for k, state in enumerate(x):
        gained = [
            60.0 * v
            for v, (kind, _) in zip(system.derivative(state, p), system.states, strict=True)
            if kind == "amount"
        ]
        assert found.imbalance[k] == pytest.approx(max(map(abs, gained)) / state[volume], rel=1e-12)


def test_what_vanishes_is_taken_and_not_brought_back():
    cell = vrest.load("mammalian_neuron")
    system, p = assemble(cell), parameter_vector(cell)
    sodium = system.index["amount", "inside.Na"]
    start = system.start(cell)
    x = np.tile(start, (4, 1))
    one_ion = 1.0 / (N_A * p[system.names.index("compartments.inside.volume")])
    x[:3, sodium] = 0.5 * one_ion
    x[3, sodium] = 8e-3  # little, but more than a thousandth of the 7.5 mM at first
    leak, pump = (
        next(k for k, name in enumerate(system.names) if name.endswith(end))
        for end in ("Na_leak.permeability", "pump.max_rate")
    )
    numbers = np.tile(p, (4, 1))
    numbers[1:, leak] = 0.0
    numbers[2, pump] = 0.0
    found = judging(system)((x.T, numbers.T, np.tile(start / 2, (4, 1)).T), ())
    assert found.nearly_gone.tolist() == found.few.tolist() == [True, True, True, False]
    # the leak brings Na+ back; without it the pump takes the last; without both nothing moves it
    assert found.vanishing[sodium].tolist() == [False, True, False, False]
    assert found.moves[sodium].tolist() == [True, False, False, False]
    assert found.emptied.tolist() == [sodium, sodium, NONE, NONE]
    assert found.goes_on.tolist() == [True] * 4
