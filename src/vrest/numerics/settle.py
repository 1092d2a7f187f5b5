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

from vrest.numerics.elimination import factorise, implicit, sign, substitute
from vrest.numerics.point import LARGEST_CHANGE, SIGNS_UP_TO, STABLE, UNKNOWN, UNSTABLE, Pace, Proof, Settled
from vrest.numerics.rhs import Matrix, Rhs, State
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
        coefficients, bounds = characteristic(rows)
        verdict, root = routh(coefficients, bounds), polished(rows, nearest_root(coefficients, bounds))
        slowest = jnp.where(rightmost(root, coefficients, bounds), root, jnp.nan)
    return Proof(jnp.stack([jnp.stack(row) for row in rows]), verdict, slowest)


def characteristic(rows: list[list[Any]]) -> tuple[list[Any], list[Any]]:
    """Coefficients of det(x I - A), highest first, and bounds on their rounding (Faddeev and LeVerrier).

    >>> coefficients, _ = characteristic([[jnp.float64(-1.0), jnp.float64(0.0)], [jnp.float64(2.0), jnp.float64(-3.0)]])
    >>> [float(c) for c in coefficients]
    [1.0, 4.0, 3.0]
    """
    n = len(rows)
    one, zero = jnp.ones_like(rows[0][0]), jnp.zeros_like(rows[0][0])
    m = [[zero] * n for _ in range(n)]
    b = [[zero] * n for _ in range(n)]
    sizes = [[jnp.abs(v) for v in row] for row in rows]
    coefficients: list[Any] = [one]
    bounds: list[Any] = [one]
    for k in range(1, n + 1):
        m, b = _product(rows, m, coefficients[-1]), _product(sizes, b, bounds[-1])
        coefficients.append(-sum(rows[i][q] * m[q][i] for i in range(n) for q in range(n)) / k)
        bounds.append(sum(sizes[i][q] * b[q][i] for i in range(n) for q in range(n)) / k)
    rounding = 4 * (n + 2) * float(jnp.finfo(jnp.float64).eps)
    return coefficients, [rounding * bound for bound in bounds]


def _product(a: list[list[Any]], m: list[list[Any]], diagonal: Any) -> list[list[Any]]:
    """A M + d I."""
    n = range(len(a))
    return [[sum(a[i][q] * m[q][j] for q in n) + (diagonal if i == j else 0.0) for j in n] for i in n]


def routh(coefficients: list[Any], bounds: list[Any]) -> Any:
    """STABLE where every root has a negative real part, UNSTABLE where one has not, UNKNOWN within rounding."""
    n = len(coefficients) - 1
    upper, lower = [list(coefficients[k::2]) for k in (0, 1)]
    upper_bound, lower_bound = [list(bounds[k::2]) for k in (0, 1)]
    firsts, margins = [upper[0]], [upper_bound[0]]
    for _ in range(n):
        firsts.append(lower[0])
        margins.append(lower_bound[0])
        width = len(upper) - 1
        following, following_bound = [], []
        for j in range(width):
            has = j + 1 < len(lower)
            ratio = upper[0] / lower[0]
            relative = upper_bound[0] / jnp.abs(upper[0]) + lower_bound[0] / jnp.abs(lower[0])
            below = ratio * lower[j + 1] if has else jnp.zeros_like(ratio)
            spread = jnp.abs(below) * relative + (jnp.abs(ratio) * lower_bound[j + 1] if has else 0.0)
            following.append(upper[j + 1] - below)
            following_bound.append(upper_bound[j + 1] + spread)
        upper, lower, upper_bound, lower_bound = lower, following, lower_bound, following_bound
        if not lower:
            break
    certain = jnp.ones_like(firsts[0], dtype=bool)
    stable = jnp.ones_like(certain)
    for value, margin in zip(firsts, margins, strict=True):
        certain = certain & (jnp.abs(value) > 2 * margin)
        stable = stable & (value > 0)
    return jnp.where(certain, jnp.where(stable, STABLE, UNSTABLE), UNKNOWN)


def rightmost(root: Any, coefficients: list[Any], bounds: list[Any]) -> Any:
    """Whether every other root of the polynomial certainly has a smaller real part than this real one."""
    if len(coefficients) == 2:
        return ~jnp.isnan(root)
    rest, spread = coefficients[:1], bounds[:1]
    for c, bound in zip(coefficients[1:-1], bounds[1:-1], strict=True):  # divided by (x - root)
        rest, spread = [*rest, c + root * rest[-1]], [*spread, bound + jnp.abs(root) * spread[-1]]
    for last in range(len(rest), 1, -1):  # and moved so that the root lies at zero
        for j in range(1, last):
            rest[j], spread[j] = rest[j] + root * rest[j - 1], spread[j] + jnp.abs(root) * spread[j - 1]
    return routh(rest, spread) == STABLE


def polished(rows: list[list[Any]], root: Any) -> Any:
    """An eigenvalue known to two digits, to nine or more by inverse iterations; NaN where it takes more of them."""
    if len(rows) == 1:
        return rows[0][0]
    n = range(len(rows))
    factors = factorise({(i, j): rows[i][j] - (root if i == j else 0.0) for i in n for j in n}, len(rows))
    vector, before, change = tuple(jnp.ones_like(root) for _ in n), root, root
    for _ in range(5):
        before, again = change, substitute(factors, vector)
        change = sum(v * v for v in vector) / sum(v * w for v, w in zip(vector, again, strict=True))
        size = reduce(jnp.maximum, map(jnp.abs, again))
        vector = tuple(part / size for part in again)
    told = (jnp.abs(change) < 0.1 * jnp.abs(root)) & (jnp.abs(change - before) < 1e-9 * jnp.abs(root))
    return root + jnp.where(told, change, jnp.nan)


def nearest_root(coefficients: list[Any], bounds: list[Any]) -> Any:
    """The real root that Newton's method finds from zero, to a digit or more; NaN where it finds none."""
    x = jnp.zeros_like(coefficients[0])
    change = x
    for _ in range(7):
        value, slope = coefficients[0], jnp.zeros_like(x)
        for c in coefficients[1:]:
            slope = slope * x + value
            value = value * x + c
        change = value / slope
        x = x - change
    told = bounds[-1] <= 0.02 * jnp.abs(coefficients[-1])
    return jnp.where(told & (jnp.abs(change) <= 1e-3 * jnp.abs(x)), x, jnp.nan)
