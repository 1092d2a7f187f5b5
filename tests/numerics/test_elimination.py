"""Sparse elimination, and right-hand sides that are traced once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import vrest.numerics.compiler.backend  # noqa: F401  (float64)
from vrest.numerics.elimination import WRITTEN_SHORT, factorise, order_of, sign, substitute
from vrest.numerics.rhs import Rhs


def sparse(n, rng, shape=()):
    """A diagonally strong matrix with a third of its entries, as entries and whole."""
    keep = (rng.random((n, n)) < 1 / 3) | np.eye(n, dtype=bool)
    whole = np.where(keep, rng.normal(size=(n, n)), 0.0) + n * np.eye(n)
    lanes = whole[..., None] * (1 + 0.1 * rng.random((n, n, *shape))) if shape else whole
    return {(i, j): jnp.asarray(lanes[i, j]) for i in range(n) for j in range(n) if keep[i, j]}, lanes


@pytest.mark.parametrize(("n", "shape"), [(1, ()), (4, ()), (9, (5,)), (20, (3,))])
def test_solves_what_numpy_solves(n, shape):
    """Up to where it is written out, and by LAPACK beyond."""
    rng = np.random.default_rng(n)
    entries, whole = sparse(n, rng, shape)
    b = rng.normal(size=(n, *shape))
    if n == 20:
        assert order_of(set(entries), n)[1] > WRITTEN_SHORT
    x = np.stack(jax.jit(lambda e, b: substitute(factorise(e, n, WRITTEN_SHORT), tuple(b)))(entries, b))
    if shape:
        expected = np.linalg.solve(np.moveaxis(whole, -1, 0), b.T[..., None])[..., 0].T
    else:
        expected = np.linalg.solve(whole, b)
    assert x == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("most", [0, WRITTEN_SHORT])
def test_the_sign_of_the_determinant(most):
    """Of 64 matrices side by side, written out and by LAPACK."""
    rng = np.random.default_rng(5)
    a = rng.normal(size=(4, 4, 64)) + 2 * np.eye(4)[..., None]
    entries = {(i, j): jnp.asarray(a[i, j]) for i in range(4) for j in range(4)}
    found = jax.jit(lambda e: sign(factorise(e, 4, most)))(entries)
    assert np.asarray(found) == pytest.approx(np.linalg.slogdet(np.moveaxis(a, -1, 0))[0])
    assert set(np.asarray(found)) == {-1.0, 1.0}


def test_an_arrow_fills_nothing_in():
    n = 12
    arrow = {(i, i) for i in range(n)} | {(0, i) for i in range(n)} | {(i, 0) for i in range(n)}
    order, cost = order_of(arrow, n)
    assert order[-1] == 0
    assert cost == 2 * (n - 1)


def exchange(t, y, args):
    """Two of three unknowns meet; a nested function is called twice with different constants."""
    share = jax.jit(lambda v, k: v / k)
    return share(y[0] * y[1], args[0]) - jnp.cos(t), share(y[1], args[1]), jnp.where(y[2] > 0, -y[2], 2 * y[2])


def test_a_traced_function_is_the_function():
    y = tuple(jnp.array([0.3, 0.7]) + k for k in range(3))
    args, t = (jnp.array([2.0, 3.0]), jnp.array([5.0, 7.0])), jnp.array([0.1, 0.2])
    rhs = Rhs(exchange, t, y, args)
    assert rhs.pattern == (frozenset({0, 1}), frozenset({1}), frozenset({2}))
    assert rhs.moving
    assert np.stack(rhs(t, y)) == pytest.approx(np.stack(exchange(t, y, args)), rel=1e-15)
    value, entries = rhs.jacobian(t, y)
    whole = jax.jacfwd(lambda v: jnp.stack(exchange(t, tuple(v), args)))(jnp.stack(y))
    assert np.stack(value) == pytest.approx(np.stack(exchange(t, y, args)), rel=1e-15)
    for (i, j), found in entries.items():
        assert np.asarray(found) == pytest.approx(np.einsum("kk->k", np.asarray(whole[i, :, j])))
    assert np.asarray(rhs.drift(t, y)[0]) == pytest.approx(np.sin(np.asarray(t)))


def test_what_is_given_anew_is_not_kept():
    y, t = (jnp.ones(2),), jnp.zeros(2)
    rhs = Rhs(
        lambda t, y, args: (y[0] * args[0] / args[1],), t, y, (jnp.full(2, 2.0), jnp.full(2, 4.0)), fixed=(True, False)
    )
    assert np.asarray(rhs(t, y, (jnp.full(2, 2.0), jnp.full(2, 8.0)))[0]) == pytest.approx(0.25)
