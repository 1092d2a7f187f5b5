"""`rest_batch`: certified resting states of many cells of one structure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from vrest.model.cell import Cell
from vrest.model.paths import replaced
from vrest.model.remembered import remembered
from vrest.numerics.stationary import STABLE
from vrest.system.assemble import System, assemble
from vrest.verbs.certify import NEUTRAL_RATE, SETTLED_MM_PER_MIN, SETTLED_MV
from vrest.verbs.outcome import Ended, Outcome
from vrest.verbs.progress import Progress
from vrest.verbs.search import rounding, searched
from vrest.verbs.verdict import verdict

BLOCK = 8192
"""Cells that are settled together."""

IMPOSSIBLE = len(Outcome)
"""Outcome code of a cell that cannot be described: nothing balances its charge."""

RESTS, RUN_DOWN = (list(Outcome).index(outcome) for outcome in (Outcome.rests, Outcome.rests_run_down))


class RestBatch(NamedTuple):
    """Where n cells rest, or why they do not."""

    state: np.ndarray
    """(n, states); NaN where there is none."""
    outcome: np.ndarray
    """(n,) int8, index into tuple(Outcome); IMPOSSIBLE where there is no such cell."""
    residual_mV: np.ndarray
    """(n,) V component of the last Newton correction."""
    imbalance: np.ndarray
    """(n,) worst imbalance of an ion, mM/min."""
    slowest: np.ndarray
    """(n,) largest real part of an eigenvalue, 1/s."""
    iterations: np.ndarray
    """(n,) of the search that ended there."""

    @property
    def is_rest(self) -> np.ndarray:
        """(n,) whether a cell would stay there."""
        return np.array([*(outcome.is_rest for outcome in Outcome), False])[self.outcome]

    @property
    def has_state(self) -> np.ndarray:
        """(n,) whether a certified stationary state comes with the outcome."""
        return np.array([*(outcome.has_state for outcome in Outcome), False])[self.outcome]


def rest_batch(system: System, p: np.ndarray, x0: np.ndarray, *, progress: Progress | None = None) -> RestBatch:
    """Certified resting states of n cells of one structure.

    The search is that of `rest`, all lanes together. What does not settle, or whose stability rounding hides, is judged
    as `rest` judges it, so that an outcome means the same in both.

    Parameters
    ----------
    system
        Their equations, `assemble(cell)`.
    p
        (n, parameters) SI.
    x0
        (n, states) where the search starts, which also fixes the conserved totals.
    progress
        Called from time to time while cells are followed that do not settle soon; returning False stops that, and the
        outcome of those is `not_followed`.
    """
    parts = [_together(system, p[k : k + BLOCK], x0[k : k + BLOCK], progress) for k in range(0, max(len(p), 1), BLOCK)]
    return (
        parts[0] if len(parts) == 1 else RestBatch(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    )


def _together(system: System, p: np.ndarray, x0: np.ndarray, progress: Progress | None) -> RestBatch:
    """The rests of so many cells that what is known of them stays in the processor's cache."""
    search = searched(system, p, x0, progress=progress)
    now = search.points
    sure = (search.ended == Ended.settled) & now.ordinary
    sure &= (now.imbalance < SETTLED_MM_PER_MIN) & (now.residual_mV < SETTLED_MV)
    with np.errstate(all="ignore"):  # a Jacobian that overflows makes nothing sure
        sure &= (now.verdict == STABLE) & (now.slowest < -np.maximum(NEUTRAL_RATE, rounding(now.jacobian)))
    outcome = np.where(now.working, RESTS, RUN_DOWN).astype(np.int8)
    found = RestBatch(now.state.T, outcome, now.residual_mV, now.imbalance, now.slowest, now.iterations)
    for k in np.flatnonzero(~sure):  # as `rest` judges
        one = verdict(system, p[k], x0[k], search, int(k))
        ions = [abs(v) for table in one.residual_mM_per_min.values() for v in table.values()]
        found.state[k] = one.state if one.outcome.has_state else np.nan
        found.outcome[k] = list(Outcome).index(one.outcome)
        found.residual_mV[k], found.imbalance[k] = one.residual_mV, max(ions, default=0.0)
        found.slowest[k] = one.eigenvalues.real.max() if len(one.eigenvalues) else np.nan
        found.iterations[k] = one.iterations
    return found


def rests_of(cell: Cell, p: np.ndarray, x0: np.ndarray, *, progress: Progress | None = None) -> RestBatch:
    """Certified resting states of n variations of a cell: those where the same transports are off share their totals.

    Parameters
    ----------
    cell
        What is varied; any numbers may be, but what it is made of.
    p, x0, progress
        As of `rest_batch`. A cell with numbers that are not finite is IMPOSSIBLE.
    """
    possible = np.array(np.isfinite(p).all(axis=1) & np.isfinite(x0).all(axis=1))
    each = list(kinds(cell, p.T, possible))
    if len(each) == 1 and possible.all():
        return _of_one_kind(each[0][0], p, x0, progress)
    whole = _without_state(x0, IMPOSSIBLE)
    for system, _, rows in each:
        found = _of_one_kind(system, p[rows], x0[rows], progress)
        for column, values in zip(whole, found, strict=True):
            column[rows] = values
    return whole


def kinds(cell: Cell, p: np.ndarray, which: np.ndarray) -> Iterator[tuple[System, tuple[bool, ...], Any]]:
    """Which of n variations of a cell share their equations: these, which `strengths` are 0, and the places.

    Parameters
    ----------
    cell
        As of `rests_of`.
    p
        (parameters, n) SI.
    which
        (n,) bool: those that are asked for.
    """
    at = [assemble(cell).names.index(path) for path in strengths(cell)]
    off = p[at] == 0.0
    if which.all() and not (off != off[:, :1]).any():
        zero = tuple(off[:, 0].tolist())
        yield variant(cell, zero), zero, slice(None)
        return
    for pattern in np.unique(off[:, which].T, axis=0):
        zero = tuple(pattern.tolist())
        yield variant(cell, zero), zero, np.flatnonzero(which & (pattern == off.T).all(axis=1))


def _of_one_kind(system: System, p: np.ndarray, x0: np.ndarray, progress: Progress | None) -> RestBatch:
    if system.laws.independent:
        return rest_batch(system, p, x0, progress=progress)
    return _without_state(x0, list(Outcome).index(Outcome.neutral))  # nothing moves: every state is stationary


def _without_state(x0: np.ndarray, outcome: int) -> RestBatch:
    """Of cells that began as x0 and share an outcome that comes with no state."""
    n, unknown = len(x0), np.full((3, len(x0)), np.nan)
    return RestBatch(
        np.full_like(x0, np.nan), np.full(n, outcome, dtype=np.int8), *unknown, iterations=np.zeros(n, dtype=np.int32)
    )


@remembered
def strengths(cell: Cell) -> tuple[str, ...]:
    """Paths of what switches each transport and exchange off where it is 0."""
    return tuple(m.path(m.kind.strength) for m in assemble(cell).structure.movers if m.kind.strength)


@remembered
def variant(cell: Cell, off: tuple[bool, ...]) -> System:
    """The equations of a cell some of whose `strengths` are exactly 0, with the totals that are conserved then."""
    each = zip(strengths(cell), off, strict=True)
    return assemble(replaced(cell, {path: float(not zero) for path, zero in each}), only_active=True)
