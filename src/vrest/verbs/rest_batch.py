"""`rest_batch`: certified resting states of many cells of one structure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vrest.constants import N_A
from vrest.numerics.point import BOLD, PATIENT, STABLE
from vrest.system.assemble import System
from vrest.verbs.allowed import SWOLLEN, Allowed
from vrest.verbs.certify import NEUTRAL_RATE, SETTLED_MM_PER_MIN, SETTLED_MV, certify, pumped, rounding
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import search

BLOCK = 8192
"""Cells that are settled together."""

ENOUGH, AT_MOST = 12, 400
"""Steps that most cells need, and that the others are given."""

RESTS, RUN_DOWN = (list(Outcome).index(outcome) for outcome in (Outcome.rests, Outcome.rests_run_down))


class RestBatch(NamedTuple):
    """Where n cells rest, or why they do not."""

    state: np.ndarray
    """(n, states); NaN where there is none."""
    outcome: np.ndarray
    """(n,) int8, index into tuple(Outcome)."""
    residual_mV: np.ndarray
    """(n,) V component of the last Newton correction."""
    imbalance: np.ndarray
    """(n,) worst imbalance of an ion, mM/min."""
    slowest: np.ndarray
    """(n,) largest real part of an eigenvalue, 1/s."""
    iterations: np.ndarray
    """(n,) of the search that ended there."""


def rest_batch(system: System, p: np.ndarray, x0: np.ndarray) -> RestBatch:
    """Certified resting states of n cells of one structure.

    Most cells settle in a few steps that all lanes take together. What does not, or whose stability rounding hides,
    goes through the search and the certificate of `rest`, so that an outcome means the same in both. Where a cell has
    several rests the two may find different ones: this search takes longer steps first.

    Parameters
    ----------
    system
        Their equations, `assemble(cell)`.
    p
        (n, parameters) SI.
    x0
        (n, states) where the search starts, which also fixes the conserved totals.
    """
    parts = [_together(system, p[k : k + BLOCK], x0[k : k + BLOCK]) for k in range(0, max(len(p), 1), BLOCK)]
    return (
        parts[0] if len(parts) == 1 else RestBatch(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    )


class _Found(NamedTuple):
    """Where a search that takes all lanes together ended, and what proves it."""

    state: Any
    """(states, lanes)"""
    done: Any
    iterations: Any
    residual_mV: Any
    imbalance: Any
    ordinary: Any
    """No compartment has run out of an ion or swells without limit."""
    working: Any
    """A pump holds gradients."""
    verdict: Any
    slowest: Any
    jacobian: Any
    """(independent, independent, lanes), scaled."""


def _together(system: System, p: np.ndarray, x0: np.ndarray) -> RestBatch:
    """The rests of so many cells that what is known of them stays in the processor's cache."""
    search_all, x, numbers = _settle(system), x0.T, p.T
    now = search_all((x, numbers), (BOLD, ENOUGH))
    if (waiting := np.flatnonzero(~now.done)).size:  # the few that need longer, from the start as `rest` goes
        for whole, part in zip(now, search_all((x[:, waiting], numbers[:, waiting]), (PATIENT, AT_MOST)), strict=True):
            whole[..., waiting] = part
    sure = now.done & now.ordinary & (now.imbalance < SETTLED_MM_PER_MIN) & (now.residual_mV < SETTLED_MV)
    slowest, told = now.slowest, (now.verdict == STABLE) & ~np.isnan(now.slowest)
    if (unclear := np.flatnonzero(sure & ~told)).size:
        these = now.jacobian[..., unclear]
        rates = np.linalg.eigvals(np.moveaxis(these, -1, 0)).real
        told[unclear] = (rates < 0).all(axis=1) & (np.abs(rates).min(axis=1) > rounding(these))
        slowest[unclear] = rates.max(axis=1)
    sure &= told & (slowest < -NEUTRAL_RATE)
    outcome = np.where(now.working, RESTS, RUN_DOWN).astype(np.int8)
    found = RestBatch(now.state.T, outcome, now.residual_mV, now.imbalance, slowest, now.iterations)
    if (rest := np.flatnonzero(~sure)).size:
        for column in found[:-1]:
            column[rest] = -1 if column is outcome else np.nan
        _carefully(system, p, x0, rest, found)
    return found


def _carefully(system: System, p: np.ndarray, x0: np.ndarray, which: np.ndarray, found: RestBatch) -> None:
    """The search of `rest` with its certificate, for the cells that need it."""
    outcomes = list(Outcome)
    find, (y, c, matrix) = search(system), system.split(x0[which], p[which])
    for k, *start in zip(which, y, p[which], c, matrix, strict=True):
        judged = certify(system, p[k], x0[k], find((), (start[0], tuple(start[1:]))))
        found.outcome[k] = outcomes.index(judged.outcome)
        found.residual_mV[k], found.iterations[k] = judged.residual_mV, judged.iterations
        ions = [abs(v) for table in judged.residual_mM_per_min.values() for v in table.values()]
        found.imbalance[k] = max(ions, default=0.0)
        if judged.outcome.has_state:
            found.state[k] = judged.state
        if len(judged.eigenvalues):
            found.slowest[k] = judged.eigenvalues.real.max()


@lru_cache(maxsize=64)
def _settle(system: System) -> Any:
    """The search of a batch and the proof of its results: of states and parameters, a pace, and iterations."""
    from vrest.numerics.kernel import Kernel

    allowed = Allowed(system)
    charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]

    def f(t: Any, y: Any, args: Any) -> Any:
        return system.slopes(y, args)

    def found(batch: Any, how: Any) -> _Found:
        import jax.numpy as jnp

        from vrest.numerics.settle import prove, settle

        x0, p = (tuple(jnp.unstack(rows)) for rows in batch)
        y, c, matrix = system.parted(x0, p)
        nothing = tuple(0.0 * v for v in c)

        def share(y: Any, change: Any) -> Any:
            return allowed.share(system.whole(y, c, matrix), system.whole(change, nothing, matrix))

        pace, iterations = how
        ended = settle(f, y, (p, c, matrix), scale=allowed.scale, share=share, pace=pace, iterations=iterations)
        proof = prove(ended.jacobian, allowed.scale(ended.y))
        x = system.whole(tuple(v + rest for v, rest in zip(ended.y, ended.correction, strict=True)), c, matrix)
        zero = jnp.zeros_like(y[0])
        imbalance, ordinary = zero, jnp.ones_like(zero, dtype=bool)
        for (kind, name), value, rate in zip(system.states, x, system.changes(x, p), strict=True):
            if kind == "amount":
                space = name.split(".")[0]
                imbalance = jnp.maximum(imbalance, jnp.abs(60.0 * rate / system.relative_volume(x, space)))
                ordinary &= value * system.get(p, f"compartments.{space}.volume") * N_A > 1.0
            elif kind == "volume":
                ordinary &= value < SWOLLEN
        residual = zero
        for k in charges:
            residual = jnp.maximum(residual, 1e3 * jnp.abs(ended.correction[k]))
        state = jnp.stack([jnp.broadcast_to(v, zero.shape) for v in x])
        return _Found(
            state=state,
            done=ended.done,
            iterations=ended.iterations,
            residual_mV=residual,
            imbalance=imbalance,
            ordinary=ordinary,
            working=pumped(system, x, p),
            verdict=proof.verdict,
            slowest=proof.slowest,
            jacobian=proof.jacobian,
        )

    return Kernel(found, system.key("settle"))
