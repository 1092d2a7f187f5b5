"""Signs that tell stability: characteristic polynomials and Routh's array.

All of it is arithmetic on whole lanes, each sign with a bound on its rounding: what rounding hides is "unknown".
"""

from __future__ import annotations

from functools import reduce
from itertools import combinations
from operator import add
from typing import TYPE_CHECKING

import jax.numpy as jnp

from vrest.numerics.stationary import STABLE, UNKNOWN, UNSTABLE

if TYPE_CHECKING:
    from vrest.numerics.shapes import Counts, Flags, Reals, Series, Table

Minor = tuple[tuple[int, ...], tuple[int, ...]]
"""Rows and columns."""


def characteristic(rows: Table) -> tuple[Series, Series]:
    """Coefficients of det(x I - A), highest first, and the size of what adds up to each: sums of principal minors.

    In each product a row stands once: where one is far larger than the others, the coefficients keep their digits.

    >>> coefficients, _ = characteristic([[jnp.float64(-1.0), jnp.float64(0.0)], [jnp.float64(2.0), jnp.float64(-3.0)]])
    >>> [float(c) for c in coefficients]
    [1.0, 4.0, 3.0]
    """
    n, one = len(rows), jnp.ones_like(rows[0][0])
    known: dict[Minor, tuple[Reals, Reals]] = {}
    coefficients: list[Reals] = [one]
    bounds: list[Reals] = [one]
    for k in range(1, n + 1):
        minors, sizes = zip(*(_minor(rows, (at, at), known) for at in combinations(range(n), k)), strict=True)
        coefficients.append((-1) ** k * reduce(add, minors))
        bounds.append(reduce(add, sizes))
    return coefficients, bounds


def _minor(rows: Table, at: Minor, known: dict[Minor, tuple[Reals, Reals]]) -> tuple[Reals, Reals]:
    """The determinant of some rows and columns, and the size of what adds up to it; along the first of the rows."""
    if at not in known:
        (i, *below), columns = at
        parts, sizes = [], []
        for place, j in enumerate(columns):
            entry, size = rows[i][j], jnp.abs(rows[i][j])
            if below:
                minor, extent = _minor(rows, (tuple(below), columns[:place] + columns[place + 1 :]), known)
                entry, size = entry * minor, size * extent
            parts.append(-entry if place % 2 else entry)
            sizes.append(size)
        known[at] = reduce(add, parts), reduce(add, sizes)
    return known[at]


def rounded(coefficients: Series, sizes: Series) -> tuple[Series, Series]:
    """Coefficients of a polynomial with bounds on their rounding, from the size of what adds up to each."""
    rounding = 4 * (len(coefficients) + 1) * float(jnp.finfo(jnp.float64).eps)
    return coefficients, [rounding * size for size in sizes]


def routh(coefficients: Series, bounds: Series) -> Counts:
    """STABLE where every root has a negative real part, UNSTABLE where one has not, UNKNOWN within rounding."""
    growing = roots_right_of_zero(coefficients, bounds)
    return jnp.where(growing < 0, UNKNOWN, jnp.where(growing > 0, UNSTABLE, STABLE))


def roots_right_of_zero(coefficients: Series, bounds: Series) -> Reals:
    """How many roots have a positive real part, by the changes of sign in Routh's array; -1 within rounding."""
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
    certain, changes = jnp.ones_like(firsts[0], dtype=bool), jnp.zeros_like(firsts[0])
    for k, (value, margin) in enumerate(zip(firsts, margins, strict=True)):
        certain = certain & (jnp.abs(value) > 2 * margin)
        changes = changes + jnp.where(value * firsts[k - 1] < 0, 1.0, 0.0) if k else changes
    return jnp.where(certain, changes, -1.0)


def rightmost(root: Reals, coefficients: Series, bounds: Series) -> Flags:
    """Whether every other root of the polynomial certainly has a smaller real part than this real one."""
    if len(coefficients) == 2:
        return ~jnp.isnan(root)
    rest, spread = list(coefficients[:1]), list(bounds[:1])
    for c, bound in zip(coefficients[1:-1], bounds[1:-1], strict=True):  # divided by (x - root)
        rest, spread = [*rest, c + root * rest[-1]], [*spread, bound + jnp.abs(root) * spread[-1]]
    for last in range(len(rest), 1, -1):  # and moved so that the root lies at zero
        for j in range(1, last):
            rest[j], spread[j] = rest[j] + root * rest[j - 1], spread[j] + jnp.abs(root) * spread[j - 1]
    return routh(rest, spread) == STABLE


def nearest_root(coefficients: Series, bounds: Series) -> Reals:
    """The real root that Newton's method finds from zero, to nine digits; NaN where it finds none that well."""
    x = jnp.zeros_like(coefficients[0])
    change, slope, spread = x, x, x
    for _ in range(10):
        value, slope, spread = coefficients[0], jnp.zeros_like(x), bounds[0]
        for c, bound in zip(coefficients[1:], bounds[1:], strict=True):
            slope = slope * x + value
            value = value * x + c
            spread = spread * jnp.abs(x) + bound
        change = value / slope
        x = x - change
    told = (jnp.abs(change) <= 1e-9 * jnp.abs(x)) & (spread <= 1e-9 * jnp.abs(slope * x))
    return jnp.where(told, x, jnp.nan)
