"""How long a step may be while the motion has a mode that grows.

An implicit step that is long against a growing mode damps it, and no error estimate sees that: a run would rest on a
state that it should leave. So a step may be no longer than `RESOLVED` over the size of a growing eigenvalue. Only where
a step is longer than that against anything that could grow are the eigenvalues judged: by the signs of Routh's
array of the quick unknowns (potentials and their gates: an arrow, whose characteristic polynomial costs a few
operations), and of what the others do while the quick ones follow them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import permutations
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from vrest.numerics.compiler.arithmetic import arithmetic
from vrest.numerics.elimination import factorise, implicit, sign, substitute
from vrest.numerics.stability import characteristic, roots_right_of_zero, rounded
from vrest.numerics.stationary import SIGNS_UP_TO

if TYPE_CHECKING:
    from vrest.numerics.shapes import Flags, Matrix, Polynomial, Reals

Terms = tuple[Sequence[Any], Sequence[Any]]
"""A polynomial of the numbers of `arithmetic`: coefficients, highest first, and what adds up to them without signs."""

RESOLVED = 0.5
"""Largest step times growing eigenvalue; at 2.4 a spiral was still damped."""

SMALLEST, HALVINGS = 1e-9, 8
"""A growing root is looked for down to this share of its bound, by halving the logarithm: to 9 % of itself."""

HUBS_UP_TO = 4
"""Most coupled potentials whose determinant is expanded."""


def longest(jacobian: Matrix, n: int, quick: tuple[int, ...], h: Reals) -> Reals:
    """The longest step that resolves every growing mode of a Jacobian; infinite where nothing grows.

    Parameters
    ----------
    quick
        The unknowns that follow the others at once: potentials and gates.
    h
        The step that is planned; where it is short there is nothing to judge.
    """
    nothing = jnp.zeros_like(h)
    slow = tuple(k for k in range(n) if k not in quick)
    hubs = _hubs(jacobian, quick)
    of_quick, of_slow = _largest_quick(jacobian, hubs, nothing), _largest_slow(jacobian, slow, nothing)

    def judged(carry: tuple[Flags, Reals]) -> tuple[Flags, Reals]:
        need, _ = carry
        polynomial = _arrows(jacobian, hubs, nothing) if len(hubs) <= HUBS_UP_TO else _dense(jacobian, quick, nothing)
        growing = _growing(polynomial)
        limit = RESOLVED / _size(polynomial, growing, of_quick)
        if slow:
            limit = jnp.where(growing > 0, limit, _slow_limit(jacobian, n, quick, slow, of_slow, h))
        return jnp.zeros_like(need), limit

    need = h * jnp.maximum(of_quick, of_slow) > RESOLVED
    return jax.lax.while_loop(lambda carry: jnp.any(carry[0]), judged, (need, jnp.full_like(h, jnp.inf)))[1]


def _hubs(jacobian: Matrix, quick: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    """The quick unknowns that are coupled to each other, each with the leaves that only it and they themselves see."""
    neighbours = {k: {j for j in quick if j != k and ((k, j) in jacobian or (j, k) in jacobian)} for k in quick}
    of = {k: min(found) for k, found in neighbours.items() if len(found) == 1}
    leaves = {k: hub for k, hub in of.items() if hub not in of or hub < k}
    return {k: tuple(leaf for leaf, hub in leaves.items() if hub == k) for k in quick if k not in leaves}


def _largest_quick(jacobian: Matrix, hubs: dict[int, tuple[int, ...]], nothing: Reals) -> Reals:
    """A bound on the size of a growing eigenvalue of the quick unknowns.

    Of (x - a - sum b c/(x - d)) = 0 with d < 0 no root right of zero is larger than the root of x (x - a) = sum |b c|.
    """
    found = nothing
    for hub, leaves in hubs.items():
        coupled = sum((jnp.abs(jacobian[hub, k]) for k in hubs if k != hub and (hub, k) in jacobian), nothing)
        own = jnp.maximum(jacobian.get((hub, hub), nothing) + coupled, 0.0)
        loops = sum((jnp.abs(_loop(jacobian, hub, leaf, nothing)) for leaf in leaves), nothing)
        found = jnp.maximum(found, 0.5 * (own + jnp.sqrt(own * own + 4.0 * loops)))
    return found


def _largest_slow(jacobian: Matrix, slow: tuple[int, ...], nothing: Reals) -> Reals:
    """About the largest rate of the unknowns that are not quick; independent of their units."""
    pairs = [(i, j) for i in slow for j in slow if j <= i and (i, j) in jacobian and (j, i) in jacobian]

    def total(nothing: Any, *entries: Any) -> list[Any]:
        both = zip(pairs, entries[: len(pairs)], entries[len(pairs) :], strict=True)
        return [sum((abs(a * b) * (1.0 if i == j else 2.0) for (i, j), a, b in both), nothing)]

    entries = [jacobian[i, j] for i, j in pairs], [jacobian[j, i] for i, j in pairs]
    return jnp.sqrt(arithmetic(total, nothing, *entries[0], *entries[1])[0])


def _loop(jacobian: Matrix, hub: int, leaf: int, nothing: Reals) -> Reals:
    return jacobian.get((hub, leaf), nothing) * jacobian.get((leaf, hub), nothing)


def _arrows(jacobian: Matrix, hubs: dict[int, tuple[int, ...]], nothing: Reals) -> Polynomial:
    """The characteristic polynomial of hubs with leaves, leaves eliminated."""
    quick = {*hubs, *(leaf for leaves in hubs.values() for leaf in leaves)}
    places = [(i, j) for i, j in jacobian if i in quick and j in quick]

    def both(one: Any, nothing: Any, *entries: Any) -> list[Any]:
        m, absent = dict(zip(places, entries, strict=True)), nothing
        own: dict[int, Terms] = {}
        poles: dict[int, Terms] = {}
        for hub, leaves in hubs.items():
            arrow = _linear(([one], [one]), m.get((hub, hub), absent))
            pole: Terms = [one], [one]
            for leaf in leaves:
                at = m.get((leaf, leaf), absent)
                loop = m.get((hub, leaf), absent) * m.get((leaf, hub), absent)
                arrow = _plus(_linear(arrow, at), _times(pole, -loop))
                pole = _linear(pole, at)
            own[hub], poles[hub] = arrow, pole
        total: Terms = [], []
        for order in permutations(hubs):  # the determinant, term by term: there are few hubs, and few are coupled
            term: Terms = [one * _parity(list(hubs), order)], [one]
            for hub, other in zip(hubs, order, strict=True):
                if hub == other:
                    term = _product(term, own[hub])
                elif (hub, other) in m:
                    term = _product(term, _times(poles[hub], -m[hub, other]))
                else:
                    break
            else:
                total = _plus(total, term)
        return [*total[0], *total[1]]

    found = arithmetic(both, jnp.ones_like(nothing), nothing, *(jacobian[at] for at in places))
    return found[: len(found) // 2], found[len(found) // 2 :]


def _parity(start: list[int], order: tuple[int, ...]) -> float:
    places = [start.index(k) for k in order]
    return (-1.0) ** sum(places[i] > places[j] for i in range(len(places)) for j in range(i + 1, len(places)))


def _linear(p: Terms, root: Any) -> Terms:
    """p (x - root)."""
    values, sizes = p
    value = [*values, None], [None, *values]
    size = [*sizes, None], [None, *sizes]
    found = [a if b is None else -root * b if a is None else a - root * b for a, b in zip(*value, strict=True)]
    terms = abs(root)
    total = [a if b is None else terms * b if a is None else a + terms * b for a, b in zip(*size, strict=True)]
    return found, total


def _times(p: Terms, factor: Any) -> Terms:
    return [factor * v for v in p[0]], [abs(factor) * v for v in p[1]]


def _plus(p: Terms, q: Terms) -> Terms:
    """p + q, their last coefficients being those of 1."""

    def total(a: Sequence[Any], b: Sequence[Any]) -> Sequence[Any]:
        longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
        lead = len(longer) - len(shorter)
        return [*longer[:lead], *(x + y for x, y in zip(longer[lead:], shorter, strict=True))]

    return total(p[0], q[0]), total(p[1], q[1])


def _product(p: Terms, q: Terms) -> Terms:
    found = []
    for a, b in zip(p, q, strict=True):
        found.append(
            [sum(a[i] * b[k - i] for i in range(len(a)) if 0 <= k - i < len(b)) for k in range(len(a) + len(b) - 1)]
        )
    return found[0], found[1]


def _dense(jacobian: Matrix, rows: tuple[int, ...], nothing: Reals) -> Polynomial:
    """The characteristic polynomial of any block."""
    return characteristic([[jacobian.get((i, j), nothing) for j in rows] for i in rows])


def _growing(polynomial: Polynomial) -> Reals:
    """How many roots certainly lie right of zero."""
    if len(polynomial[0]) == 1:
        return jnp.zeros_like(polynomial[0][0])
    return roots_right_of_zero(*rounded(*polynomial))


def _size(polynomial: Polynomial, growing: Reals, bound: Reals) -> Reals:
    """The size of the growing roots: of a single one, which is real, itself; else a bound. Zero where none grows."""

    low, high = SMALLEST * bound, bound
    for _ in range(HALVINGS):
        middle = jnp.sqrt(low * high)
        below = reduce(lambda total, c, x=middle: total * x + c, polynomial[0]) < 0
        low, high = jnp.where(below, middle, low), jnp.where(below, high, middle)
    return jnp.where(growing == 1, high, jnp.where(growing > 0, bound, 0.0))


def _slow_limit(
    jacobian: Matrix, n: int, quick: tuple[int, ...], slow: tuple[int, ...], largest: Reals, h: Reals
) -> Reals:
    """The longest step for what grows among the others, the quick unknowns following them."""
    nothing = jnp.zeros_like(h)
    if len(slow) > SIGNS_UP_TO:
        return _real_limit(jacobian, n, h)
    place = {k: i for i, k in enumerate(quick)}
    inner = {(place[i], place[j]): -v for (i, j), v in jacobian.items() if i in place and j in place}
    for i in range(len(quick)):
        inner.setdefault((i, i), nothing)
    factors = factorise(inner, len(quick))
    rows = {(i, j): jacobian.get((i, j), nothing) for i in slow for j in slow}
    for j in slow:
        followed = substitute(factors, tuple(jacobian.get((k, j), nothing) for k in quick))
        for i in slow:
            rows[i, j] = rows[i, j] + sum(jacobian[i, k] * followed[place[k]] for k in quick if (i, k) in jacobian)
    polynomial = _dense(rows, slow, nothing)
    return RESOLVED / _size(polynomial, _growing(polynomial), largest)


def _real_limit(jacobian: Matrix, n: int, h: Reals) -> Reals:
    """The step shortened until no single real eigenvalue grows faster than is resolved."""

    def body(carry: tuple[Reals, Flags]) -> tuple[Reals, Flags]:
        shorter = jnp.where(carry[1], 0.25 * carry[0], carry[0])
        return shorter, sign(implicit(RESOLVED / shorter, jacobian, n, often=True)) < 0

    start = (4.0 * h, jnp.ones_like(h, dtype=bool))  # the elimination, which is long, is written once
    shorter = jax.lax.while_loop(lambda carry: jnp.any(carry[1]), body, start)[0]
    return jnp.where(shorter < h, shorter, jnp.inf)
