"""Gaussian elimination of small sparse systems, lane by lane, written out.

What is zero by structure is never stored nor computed: ions that meet only through the potential, and gates that
meet nothing else, cost a few operations each. Pivots come from the diagonal in the order of least fill, chosen while
tracing; that suits the matrices I/(h g) - J of linearly implicit steps, whose error estimate rejects a step that a
bad pivot spoilt. Beyond so many operations compile time would explode: LAPACK takes over, with pivoting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import jax.numpy as jnp
from jax import Array
from jax.scipy.linalg import lu_factor, lu_solve

from vrest.numerics.compiler.arithmetic import arithmetic

if TYPE_CHECKING:
    from vrest.numerics.shapes import Flags, Matrix, Reals, State

WRITTEN_OUT, WRITTEN_SHORT = 10_000, 400
"""Most multiplications of one factorisation that are written out, and in code that should compile quickly."""

CALLED = 1_000
"""Beyond so many multiplications machine code of our own calls an elimination, which it then has only once."""


class Factors(NamedTuple):
    """L and U in one, with inverted pivots, and the order of elimination; or LAPACK's factors."""

    entries: Matrix
    order: tuple[int, ...]
    dense: tuple[Array, Array] | None = None
    called: bool = False
    """Whether it is so long that it is not written out each time."""


def order_of(pattern: set[tuple[int, int]], n: int) -> tuple[tuple[int, ...], int]:
    """The pivots in the order of least fill (Markowitz), and the multiplications that elimination takes.

    >>> arrow = {(i, i) for i in range(4)} | {(0, i) for i in range(4)} | {(i, 0) for i in range(4)}
    >>> order_of(arrow, 4)
    ((3, 2, 1, 0), 6)
    """
    filled, left, order, cost = set(pattern), set(range(n)), [], 0
    while left:
        work = {
            k: sum((i, k) in filled for i in left - {k}) * (1 + sum((k, j) in filled for j in left - {k})) for k in left
        }
        k = min((cost_of, -k) for k, cost_of in work.items())[1] * -1
        cost += work[k]
        left.remove(k)
        order.append(k)
        filled |= {(i, j) for i in left if (i, k) in filled for j in left if (k, j) in filled}
    return tuple(order), cost


def factorise(matrix: Matrix, n: int, most: int = WRITTEN_OUT, *, often: bool = False) -> Factors:
    """Factors of a matrix given by its entries; the diagonal must exist. LAPACK's beyond `most` multiplications.

    `often`: more than one system is solved with them.
    """
    order, cost = order_of(set(matrix), n)
    if cost > most:
        return _dense(matrix, n, order)
    called = often and cost > CALLED
    return _written(tuple(matrix), order, lambda *values: values, tuple(matrix.values()), called=called)


def implicit(shift: Reals, jacobian: Matrix, n: int, most: int = WRITTEN_OUT, *, often: bool = False) -> Factors:
    """Factors of shift I - J: what every linearly implicit step solves with. `often`: it is not the only one."""
    jacobian = dict(sorted(jacobian.items()))  # two eliminations are the same code where this is the same
    places = (*jacobian, *((i, i) for i in range(n) if (i, i) not in jacobian))

    def shifted(shift: Any, *values: Any) -> list[Any]:
        matrix = {at: -value for at, value in zip(jacobian, values, strict=True)}
        return [shift + matrix.get(at, 0.0) if at[0] == at[1] else matrix[at] for at in places]

    order, cost = order_of(set(places), n)
    if cost > most:
        return _dense(dict(zip(places, shifted(shift, *jacobian.values()), strict=True)), n, order)
    return _written(places, order, shifted, (shift, *jacobian.values()), called=often and cost > CALLED)


def _dense(matrix: Matrix, n: int, order: tuple[int, ...]) -> Factors:
    zero = jnp.zeros_like(matrix[0, 0])
    rows = [jnp.stack([matrix.get((i, j), zero) for j in range(n)], axis=-1) for i in range(n)]
    return Factors({}, order, lu_factor(jnp.stack(rows, axis=-2)))


def _written(
    places: tuple[tuple[int, int], ...],
    order: tuple[int, ...],
    entries: Callable[..., Sequence[Any]],
    numbers: tuple[Reals, ...],
    *,
    called: bool = False,
) -> Factors:
    """Factors of the matrix with `entries(*numbers)` at these places."""
    filled: list[tuple[int, int]] = []

    def eliminated(*numbers: Any) -> list[Any]:
        m = dict(zip(places, entries(*numbers), strict=True))
        for place, k in enumerate(order):
            m[k, k] = 1.0 / m[k, k]
            later = order[place + 1 :]
            for i in later:
                if (i, k) in m:
                    m[i, k] = m[i, k] * m[k, k]
                    for j in later:
                        if (k, j) in m:
                            product = m[i, k] * m[k, j]
                            m[i, j] = m[i, j] - product if (i, j) in m else -product
        filled[:] = m
        return list(m.values())

    found = arithmetic(eliminated, *numbers, groups=(1, len(numbers) - 1) if called else ())
    return Factors(dict(zip(filled, found, strict=True)), order, called=called)


def substitute(factors: Factors, b: State) -> State:
    """x with A x = b."""
    if factors.dense is not None:
        return tuple(jnp.moveaxis(lu_solve(factors.dense, jnp.stack(b, axis=-1)[..., None])[..., 0], -1, 0))
    order = factors.order

    def solved(*values: Any) -> list[Any]:
        m = dict(zip(factors.entries, values, strict=False))
        x = list(values[len(m) :])
        for place, k in enumerate(order):
            for j in order[:place]:
                if (k, j) in m:
                    x[k] = x[k] - m[k, j] * x[j]
        for place in reversed(range(len(order))):
            k = order[place]
            for j in order[place + 1 :]:
                if (k, j) in m:
                    x[k] = x[k] - m[k, j] * x[j]
            x[k] = x[k] * m[k, k]
        return x

    groups = (len(factors.entries), len(b)) if factors.called else ()
    return tuple(arithmetic(solved, *factors.entries.values(), *b, groups=groups))


def sign(factors: Factors) -> Reals:
    """The sign of the determinant."""
    if factors.dense is None:
        pivots = [factors.entries[k, k] for k in factors.order]
        return reduce(lambda found, pivot: found * jnp.sign(pivot), pivots[1:], jnp.sign(pivots[0]))
    lu, rows = factors.dense
    swaps = jnp.sum(rows != jnp.arange(rows.shape[-1]), axis=-1)
    return jnp.prod(jnp.sign(jnp.diagonal(lu, axis1=-2, axis2=-1)), axis=-1) * (1 - 2 * (swaps % 2))


def none_grows(factors: Factors) -> Flags:
    """Whether no eigenvalue of J is real and beyond the shift of `implicit`, as its pivots tell.

    Where J is similar to a symmetric matrix, as that of potentials with conductances between them is, each negative
    pivot is one such eigenvalue (Sylvester's law of inertia). LAPACK's pivots tell of an odd number of them only.
    """
    if factors.dense is not None:
        return sign(factors) > 0
    return reduce(jnp.logical_and, [factors.entries[k, k] > 0 for k in factors.order])
