"""Stationary points of many problems side by side, with a proof of stability that seldom needs eigenvalues.

The steps are linearly implicit Euler steps that grow into Newton's method. The stability of
small systems follows from the signs of Routh's array of the characteristic polynomial, each sign with a bound on its
rounding; where a sign cannot be told, and in larger systems, it is "unknown" and the caller computes eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from vrest.numerics.elimination import implicit, sign, substitute
from vrest.numerics.rhs import Rhs
from vrest.numerics.stability import characteristic, nearest_root, rightmost, rounded, routh
from vrest.numerics.stationary import SIGNS_UP_TO, UNKNOWN, Pace, Proof, Settled

if TYPE_CHECKING:
    from vrest.numerics.shapes import Count, Flag, Flags, Matrix, Reals, State

    Carry = tuple[Count, Reals, State, State, Reals, Settled]

LAST_STEP = 1e10
"""s: a pseudo-time step that is almost Newton's."""

SMALL_CHANGE = 1e-10
"""A last correction so small leaves an error near rounding."""


def settle(
    f: Callable[[Reals, State, Any], State],
    y: State,
    args: Any,
    *,
    scale: Callable[[State], State],
    share: Callable[[State, State], Reals],
    pace: Pace,
    iterations: int | Count,
    only: Flags | None = None,
) -> Settled:
    """Take up to `iterations` steps from y (n arrays, one entry a lane) towards f(0, y, args) = 0.

    The steps are linearly implicit Euler steps that grow into Newton's method; one that would change too much is
    repeated with a shorter time. They know the motion only as a straight line: a lane is lost, and stays where it is,
    as soon as a step shows that the motion bends (its slopes do not fall as foreseen), runs against a growing mode or
    leaves the allowed region, or where one of Newton's would still change too much.

    Parameters
    ----------
    scale
        scale(y) -> n arrays: the size a change of each state is measured with.
    share
        share(y, change) -> the largest part of a step (0 to 1) that stays in the allowed region.
    only
        (lanes,) bool: which lanes it is about; the others count as lost. All of them if None.
    """
    n, t = len(y), jnp.zeros_like(y[0])
    rhs = Rhs(f, t, y, args)

    def going(carry: Carry) -> Flag:
        k, found = carry[0], carry[-1]
        return (k < iterations) & ~jnp.all(found.done | found.lost)

    def body(carry: Carry) -> Carry:
        k, step, foreseen, began, rate, before = carry
        y, done = before.y, before.done
        slope, jacobian = rhs.jacobian(t, y)
        factors = implicit(1.0 / step, jacobian, n)
        change = substitute(factors, slope)
        scales = scale(y)
        size = reduce(jnp.maximum, [jnp.abs(c) / s for c, s in zip(change, scales, strict=True)])
        bends = jnp.zeros_like(done)
        for i, s in enumerate(scales):
            left = jnp.abs(slope[i] - foreseen[i])
            relaxes = rate + jnp.abs(jacobian.get((i, i), t))
            bends |= (left > pace.bent * began[i]) & (left > pace.harmless * s * relaxes)
        last = step >= LAST_STEP
        # beyond the growth time of an unstable mode a step runs against the motion: an odd number of pivots change sign
        against = (sign(factors) <= 0) & (size > SMALL_CHANGE)
        too_long = ~(size <= pace.largest)
        lost = before.lost | (~done & (bends | jnp.where(too_long, last, against | (share(y, change) < 1.0))))
        # where it ends, the point stays: Jacobian and correction are those of the point returned
        ends = done | (last & (size < SMALL_CHANGE) & ~lost)
        stays = ends | lost | too_long
        moved = tuple(jnp.where(stays, v, v + c) for v, c in zip(y, change, strict=True))
        jacobian = {at: jnp.broadcast_to(jacobian[at], t.shape) for at in before.jacobian}
        ahead = tuple(c / step for c in change)
        most = tuple(jnp.maximum(jnp.abs(a), jnp.abs(b)) for a, b in zip(slope, ahead, strict=True))
        foreseen = tuple(jnp.where(too_long, a, b) for a, b in zip(foreseen, ahead, strict=True))
        began = tuple(jnp.where(too_long, a, b) for a, b in zip(began, most, strict=True))
        found = Settled(moved, change, jacobian, ends, lost, before.iterations + ~(done | lost))
        longer = jnp.where(too_long, step / 8, jnp.minimum(step * growth(pace, size), LAST_STEP))
        return k + 1, longer, foreseen, began, jnp.where(too_long, rate, 1.0 / step), found

    entries = {(i, j): t for i, row in enumerate(rhs.pattern) for j in sorted(row)}
    never = jnp.zeros_like(t, dtype=bool)
    nowhere = Settled(y, (t,) * n, entries, never, never if only is None else ~only, jnp.zeros_like(t, dtype=int))
    unknown = (t + jnp.inf,) * n
    return jax.lax.while_loop(going, body, (jnp.asarray(0), t + pace.first, (t,) * n, unknown, t, nowhere))[-1]


def growth(pace: Pace, size: Reals) -> Reals:
    """How many times longer the next step is than one that changed the state by so many scales."""
    less = jnp.where(size < 0.2, pace.after_middling, pace.after_large)
    return jnp.where(size < pace.small, pace.after_small, less)


def prove(jacobian: Matrix, scale: State) -> Proof:
    """Stability where the Jacobian has these entries, changes being measured with a scale (n arrays).

    Of more than `SIGNS_UP_TO` unknowns it is for the caller to find from the scaled Jacobian.
    """
    n, t = len(scale), jnp.zeros_like(scale[0])
    rows = [[jacobian[i, j] * scale[j] / scale[i] if (i, j) in jacobian else t for j in range(n)] for i in range(n)]
    verdict, slowest = jnp.full_like(t, UNKNOWN, dtype=int), jnp.full_like(t, jnp.nan)
    if n <= SIGNS_UP_TO:
        coefficients, bounds = rounded(*characteristic(rows))
        verdict, root = routh(coefficients, bounds), nearest_root(coefficients, bounds)
        slowest = jnp.where(rightmost(root, coefficients, bounds), root, jnp.nan)
    return Proof(jnp.stack([jnp.stack(row) for row in rows]), verdict, slowest)
