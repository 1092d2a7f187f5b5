"""Stationary points of many problems side by side, with a proof of stability that seldom needs eigenvalues.

The steps are like those of `stationary`: linearly implicit Euler steps that grow into Newton's method. The stability of
small systems follows from the signs of Routh's array of the characteristic polynomial, each sign with a bound on its
rounding; where a sign cannot be told, and in larger systems, it is "unknown" and the caller computes eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp

from vrest.numerics.elimination import implicit, sign, substitute
from vrest.numerics.point import LARGEST_CHANGE, SIGNS_UP_TO, UNKNOWN, Pace, Proof, Settled
from vrest.numerics.rhs import Matrix, Rhs, State
from vrest.numerics.stability import characteristic, nearest_root, polished, rightmost, rounded, routh
from vrest.numerics.stationary import growth

LAST_STEP = 1e10
"""s: a pseudo-time step that is almost Newton's."""

SMALL_CHANGE = 1e-10
"""A last correction so small leaves an error near rounding."""


def settle(
    f: Callable[[Any, State, Any], State],
    y: State,
    args: Any,
    *,
    scale: Callable[[State], State],
    share: Callable[[State, State], Any],
    pace: Pace,
    iterations: Any,
) -> Settled:
    """Take up to `iterations` steps from y (n arrays, one entry a lane) towards f(0, y, args) = 0.

    Parameters
    ----------
    scale
        scale(y) -> n arrays: the size a change of each state is measured with.
    share
        share(y, change) -> the largest part of a step (0 to 1) that stays in the allowed region.
    """
    n, t = len(y), jnp.zeros_like(y[0])
    rhs = Rhs(f, t, y, args)

    def going(carry: Any) -> Any:
        k, _, found = carry
        return (k < iterations) & ~jnp.all(found.done)

    def body(carry: Any) -> Any:
        k, step, before = carry
        y, done = before.y, before.done
        slope, jacobian = rhs.jacobian(t, y)
        factors = implicit(1.0 / step, jacobian, n)
        change = substitute(factors, slope)
        sizes = [jnp.abs(c) / s for c, s in zip(change, scale(y), strict=True)]
        size = reduce(jnp.maximum, sizes)
        last = step >= LAST_STEP
        # beyond the growth time of an unstable mode a step runs against the motion: an odd number of pivots change sign
        too_far = ~(size <= LARGEST_CHANGE) | ((sign(factors) <= 0) & (size > SMALL_CHANGE))
        # where it ends, the point stays: Jacobian and correction are those of the point returned
        ends = done | (last & (size < SMALL_CHANGE))
        part = jnp.where(ends | too_far, 0.0, share(y, change))
        moved = tuple(jnp.where(part > 0, v + part * c, v) for v, c in zip(y, change, strict=True))
        step = jnp.where(too_far, jnp.where(last, 1e3, step / 8), jnp.minimum(step * growth(pace, size), LAST_STEP))
        jacobian = {at: jnp.broadcast_to(jacobian[at], t.shape) for at in before.jacobian}
        return k + 1, step, Settled(moved, change, jacobian, ends, before.iterations + ~done)

    entries = {(i, j): t for i, row in enumerate(rhs.pattern) for j in sorted(row)}
    nowhere = Settled(y, (t,) * n, entries, jnp.zeros_like(t, dtype=bool), jnp.zeros_like(t, dtype=int))
    return jax.lax.while_loop(going, body, (jnp.asarray(0), t + pace.first, nowhere))[2]


def prove(jacobian: Matrix, scale: State) -> Proof:
    """Stability where the Jacobian has these entries, changes being measured with a scale (n arrays).

    Of more than `SIGNS_UP_TO` unknowns it is for the caller to find from the scaled Jacobian.
    """
    n, t = len(scale), jnp.zeros_like(scale[0])
    rows = [[jacobian.get((i, j), t) * scale[j] / scale[i] for j in range(n)] for i in range(n)]
    verdict, slowest = jnp.full_like(t, UNKNOWN, dtype=int), jnp.full_like(t, jnp.nan)
    if n <= SIGNS_UP_TO:
        coefficients, bounds = rounded(*characteristic(rows))
        verdict, root = routh(coefficients, bounds), polished(rows, nearest_root(coefficients, bounds))
        slowest = jnp.where(rightmost(root, coefficients, bounds), root, jnp.nan)
    return Proof(jnp.stack([jnp.stack(row) for row in rows]), verdict, slowest)
