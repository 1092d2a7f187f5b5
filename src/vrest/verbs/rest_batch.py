"""`rest_batch`: certified resting states of many cells of one structure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vrest.constants import N_A
from vrest.numerics.point import FIRST_STEP, SIGNS_UP_TO, STABLE, Settling
from vrest.system.assemble import System
from vrest.verbs.allowed import SWOLLEN, Allowed
from vrest.verbs.batch import constants_of, numbers_of
from vrest.verbs.certify import NEUTRAL_RATE, SETTLED_MM_PER_MIN, SETTLED_MV, certify, pumped, rounding
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import search

BLOCK = 8192
"""Cells that are settled together."""

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
    """(n,)"""


def rest_batch(system: System, p: np.ndarray, x0: np.ndarray) -> RestBatch:
    """Certified resting states of n cells of one structure.

    Most cells settle in a few steps that all lanes take together. What does not, or whose stability rounding hides,
    goes through the search and the certificate of `rest`, so that an outcome means the same in both.

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


def _together(system: System, p: np.ndarray, x0: np.ndarray) -> RestBatch:
    """The rests of so many cells that what is known of them stays in the processor's cache."""
    n, p = len(p), np.asfortranarray(p)  # numbers are asked for one at a time, of all cells
    y0, c, matrix = system.split(x0, p)
    size = y0.shape[1]
    if size > SIGNS_UP_TO:
        nothing = np.full(n, np.nan)
        found = RestBatch(np.full(x0.shape, np.nan), np.full(n, -1, dtype=np.int8), nothing, nothing.copy(),
                          nothing.copy(), np.zeros(n, dtype=np.int64))  # fmt: skip
        _carefully(system, p, x0, np.arange(n), found)
        return found
    together, proof = _settle(system)
    numbers = numbers_of(p, c, matrix)
    start = np.full(n, FIRST_STEP), np.zeros((size, n)), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
    now = together((Settling(y0.T, *start), numbers), 12)
    if (waiting := np.flatnonzero(~now.done)).size:  # the few that need longer are taken together again
        got = together((Settling(*(part[..., waiting] for part in now)), numbers[:, waiting]), 40)
        for whole, part in zip(now, got, strict=True):
            whole[..., waiting] = part
    stable, slowest, imbalance, residual, ordinary, state, working, jacobian = proof(
        (now.y, now.correction, numbers), ()
    )
    sure = now.done & ordinary & (imbalance < SETTLED_MM_PER_MIN) & (residual < SETTLED_MV)
    told = stable & ~np.isnan(slowest)
    if (unclear := np.flatnonzero(sure & ~told)).size:
        these = jacobian[..., unclear]
        rates = np.linalg.eigvals(np.moveaxis(these, -1, 0)).real
        told[unclear] = (rates < 0).all(axis=1) & (np.abs(rates).min(axis=1) > rounding(these))
        slowest[unclear] = rates.max(axis=1)
    sure &= told & (slowest < -NEUTRAL_RATE)
    outcome = np.where(working, RESTS, RUN_DOWN).astype(np.int8)
    found = RestBatch(state.T, outcome, residual, imbalance, slowest, now.iterations)
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
def _settle(system: System) -> tuple[Any, Any]:
    """The search of a batch, and what proves its results, as machine code."""
    from vrest.numerics.kernel import Kernel

    allowed = Allowed(system)
    charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]

    def f(t: Any, y: Any, args: Any) -> Any:
        return system.slopes(y, args)

    def together(batch: Any, iterations: Any) -> Any:
        from vrest.numerics.settle import settle

        lanes, numbers = batch
        args = constants_of(system, numbers)
        _, c, matrix = args
        nothing = tuple(0.0 * v for v in c)

        def share(y: Any, change: Any) -> Any:
            return allowed.share(system.whole(y, c, matrix), system.whole(change, nothing, matrix))

        return settle(f, lanes, args, scale=allowed.scale, share=share, iterations=iterations)

    def proof(batch: Any, _: Any) -> Any:
        import jax.numpy as jnp

        from vrest.numerics.settle import prove

        y, correction, numbers = batch
        args = constants_of(system, numbers)
        p, c, matrix = args
        proven = prove(f, y, args, scale=allowed.scale)
        x = system.whole(tuple(jnp.unstack(y)), c, matrix)
        change = system.changes(x, p)
        nothing = jnp.zeros_like(y[0])
        imbalance, ordinary = nothing, jnp.ones_like(nothing, dtype=bool)
        for (kind, name), value, rate in zip(system.states, x, change, strict=True):
            if kind == "amount":
                space = name.split(".")[0]
                imbalance = jnp.maximum(imbalance, jnp.abs(60.0 * rate / system.relative_volume(x, space)))
                ordinary &= value * system.get(p, f"compartments.{space}.volume") * N_A > 1.0
            elif kind == "volume":
                ordinary &= value < SWOLLEN
        residual = nothing
        for k in charges:
            residual = jnp.maximum(residual, 1e3 * jnp.abs(correction[k]))
        state = jnp.stack([jnp.broadcast_to(v, nothing.shape) for v in x])
        return (
            proven.verdict == STABLE,
            proven.slowest,
            imbalance,
            residual,
            ordinary,
            state,
            pumped(system, x, p),
            proven.jacobian,
        )

    return Kernel(together, system.key("settle")), Kernel(proof, system.key("prove"))
