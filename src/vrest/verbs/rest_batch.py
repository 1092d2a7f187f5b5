"""`rest_batch`: certified resting states of many cells of one structure."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vrest.constants import N_A
from vrest.numerics.point import Stationary
from vrest.system.assemble import System
from vrest.verbs.allowed import SWOLLEN, Allowed
from vrest.verbs.batch import FEW_LANES, LANES, constants_of, numbers_of
from vrest.verbs.certify import NEUTRAL_RATE, SETTLED_MM_PER_MIN, SETTLED_MV, certify, pumped, rounding
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import search

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


def rest_batch(system: System, p: np.ndarray, x0: np.ndarray, *, lanes: int = LANES) -> RestBatch:
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
    from vrest.numerics.settle import FIRST_STEP, SIGNS_UP_TO, Settling

    n = len(p)
    y0, c, matrix = system.split(x0, p)
    size = y0.shape[1]
    found = RestBatch(
        np.full((n, len(system.states)), np.nan),
        np.full(n, -1, dtype=np.int8),
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.full(n, np.nan),
        np.zeros(n, dtype=np.int64),
    )
    if size <= SIGNS_UP_TO:
        together, proof = _settle(system, n <= FEW_LANES)
        y, correction = y0.T.copy(), np.zeros((size, n))
        step, done, iterations = np.full(n, FIRST_STEP), np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int64)
        numbers = numbers_of(p, c, matrix)
        for rounds in (12, 40):  # the few that need longer wait for nobody: they are taken together again
            waiting = np.flatnonzero(~done)
            for first in range(0, len(waiting), lanes):
                who = _padded(waiting[first : first + lanes], lanes if len(waiting) > FEW_LANES else FEW_LANES)
                got = together(
                    Settling(y[:, who], step[who], correction[:, who], done[who], iterations[who]),
                    numbers[:, who],
                    rounds,
                )
                y[:, who], step[who], correction[:, who], done[who], iterations[who] = (np.asarray(v) for v in got)
        chunks = [np.arange(first, min(first + lanes, n)) for first in range(0, n, lanes)]
        proofs = []
        for chunk in chunks:
            who = _padded(chunk, lanes if n > FEW_LANES else FEW_LANES)
            proofs.append(proof(y[:, who], correction[:, who], numbers[:, who]))
        *parts, jacobians = zip(*proofs, strict=True)
        stable, slowest, imbalance, residual, ordinary, state = (
            np.concatenate([np.asarray(v) for v in part], axis=-1)[..., :n] for part in parts
        )
        sure = done & ordinary & (imbalance < SETTLED_MM_PER_MIN) & (residual < SETTLED_MV)
        told = stable & ~np.isnan(slowest)
        for chunk, jacobian in zip(chunks, jacobians, strict=True):
            if (unclear := np.flatnonzero((sure & ~told)[chunk])).size:
                these = np.asarray(jacobian)[..., unclear]
                rates = np.linalg.eigvals(np.moveaxis(these, -1, 0)).real
                told[chunk[unclear]] = (rates < 0).all(axis=1) & (np.abs(rates).min(axis=1) > rounding(these))
                slowest[chunk[unclear]] = rates.max(axis=1)
        sure &= told & (slowest < -NEUTRAL_RATE)
        found.state[sure] = state.T[sure]
        found.outcome[sure] = np.where(pumped(system, found.state[sure], p[sure]), RESTS, RUN_DOWN)
        found.residual_mV[sure], found.imbalance[sure] = residual[sure], imbalance[sure]
        found.slowest[sure], found.iterations[sure] = slowest[sure], iterations[sure]
    _carefully(system, p, x0, np.flatnonzero(found.outcome < 0), found)
    return found


def _carefully(system: System, p: np.ndarray, x0: np.ndarray, which: np.ndarray, found: RestBatch) -> None:
    """The search of `rest` with its certificate, for the cells that need it."""
    outcomes = list(Outcome)
    width = LANES // 8 if len(which) > FEW_LANES else FEW_LANES
    for first in range(0, len(which), width):
        who = _padded(which[first : first + width], width)
        y, c, matrix = system.split(x0[who], p[who])
        points = [np.asarray(part) for part in search_many(system)(y, (p[who], c, matrix))]
        for place, k in enumerate(who[: len(which) - first]):
            point = Stationary(*(part[place] for part in points))
            judged = certify(system, p[k], x0[k], point)
            found.outcome[k] = outcomes.index(judged.outcome)
            found.residual_mV[k], found.iterations[k] = judged.residual_mV, judged.iterations
            ions = [abs(v) for table in judged.residual_mM_per_min.values() for v in table.values()]
            found.imbalance[k] = max(ions, default=0.0)
            if judged.outcome.has_state:
                found.state[k] = judged.state
            if len(judged.eigenvalues):
                found.slowest[k] = judged.eigenvalues.real.max()


def _padded(who: np.ndarray, width: int) -> np.ndarray:
    """Cell numbers for a batch of one width: the last is repeated, and answered the same each time."""
    return np.concatenate([who, np.full(width - len(who), who[-1])])


@lru_cache(maxsize=64)
def search_many(system: System) -> Any:
    """The search of `rest` over a batch."""
    import jax

    return jax.jit(jax.vmap(search(system).__wrapped__))


@lru_cache(maxsize=64)
def _settle(system: System, few: bool) -> tuple[Any, Any]:
    """The compiled search of a batch, and what proves its results."""
    import jax
    import jax.numpy as jnp

    from vrest.numerics.backend import for_few, for_many
    from vrest.numerics.settle import STABLE, prove, settle

    allowed = Allowed(system)
    charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]

    def f(t: Any, y: Any, args: Any) -> Any:
        return system.slopes(y, args)

    def together(lanes: Any, numbers: Any, iterations: Any) -> Any:
        args = constants_of(system, numbers)
        _, c, matrix = args
        nothing = tuple(0.0 * v for v in c)

        def share(y: Any, change: Any) -> Any:
            return allowed.share(system.whole(y, c, matrix), system.whole(change, nothing, matrix))

        return settle(f, lanes, args, scale=allowed.scale, share=share, iterations=iterations)

    def proof(y: Any, correction: Any, numbers: Any) -> Any:
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
        return proven.verdict == STABLE, proven.slowest, imbalance, residual, ordinary, state, proven.jacobian

    options = for_few() if few else for_many()
    return jax.jit(together, compiler_options=options), jax.jit(proof, compiler_options=options)
