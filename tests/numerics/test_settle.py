"""Stationary points side by side, and stability without eigenvalues."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

import vrest.numerics.compiler.backend  # noqa: F401  (float64)
from vrest.numerics.elimination import implicit
from vrest.numerics.settle import prove, settle
from vrest.numerics.stability import characteristic, nearest_root, rounded, routh
from vrest.numerics.stationary import BOLD, STABLE, UNKNOWN, UNSTABLE


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_signs_agree_with_eigenvalues(n):
    """2,000 random matrices, half of them shifted towards the edge of stability."""
    rng = np.random.default_rng(n)
    a = rng.normal(size=(2000, n, n)) - np.linspace(0, 2.5, 2000)[:, None, None] * np.eye(n)
    rows = [[jnp.asarray(a[:, i, j]) for j in range(n)] for i in range(n)]
    coefficients, bounds = jax.jit(lambda rows: rounded(*characteristic(rows)))(rows)
    assert np.stack(coefficients, axis=1)[7] == pytest.approx(np.poly(a[7]), rel=1e-10, abs=1e-10)
    verdict = np.asarray(jax.jit(routh)(coefficients, bounds))
    largest = np.linalg.eigvals(a).real.max(axis=1)
    assert np.mean(verdict == UNKNOWN) < 0.01
    assert np.all(largest[verdict == STABLE] < 0)
    assert np.all(largest[verdict == UNSTABLE] > 0)
    assert 0.05 < np.mean(verdict == STABLE) < 0.99


def test_a_sign_within_rounding_is_unknown():
    """A conserved total makes an eigenvalue zero; rounding must not decide what it is."""
    a = np.diag([-1e4, -1.0, 0.0]) + 0.0
    basis = np.random.default_rng(0).normal(size=(3, 3))
    a = basis @ a @ np.linalg.inv(basis)
    rows = [[jnp.asarray([a[i, j]]) for j in range(3)] for i in range(3)]
    assert int(routh(*rounded(*characteristic(rows)))[0]) == UNKNOWN


def test_the_slowest_rate():
    # a membrane charge moves 1e5 times faster than contents, and is felt by them: each row has its own size
    a = np.array([[-155.0, 168.0, 1.5], [-2.7e-4, -1.2e-4, 0.0], [3.2e-3, 1e-5, -1.7e-3]])
    rows = [[jnp.asarray([a[i, j]]) for j in range(3)] for i in range(3)]
    coefficients, bounds = rounded(*characteristic(rows))
    assert max(float((bound / abs(c))[0]) for c, bound in zip(coefficients, bounds, strict=True)) < 1e-13
    exact = max(mp.re(v) for v in mp.eig(mp.matrix(a.tolist()), left=False, right=False))
    assert float(nearest_root(coefficients, bounds)[0]) == pytest.approx(float(exact), rel=1e-9)
    # mixed through each other, the slow rates are known to fewer digits than asked for, and none is given
    basis = np.random.default_rng(2).normal(size=(3, 3))
    a = basis @ np.diag([-1e6, -6.6e-3, -2.9e-3]) @ np.linalg.inv(basis)
    rows = [[jnp.asarray([a[i, j]]) for j in range(3)] for i in range(3)]
    assert np.isnan(nearest_root(*rounded(*characteristic(rows)))[0])
    turning = [[jnp.asarray([v]) for v in row] for row in [[-0.1, 1.0], [-1.0, -0.1]]]
    assert np.isnan(nearest_root(*rounded(*characteristic(turning)))[0])


def test_lanes_settle_or_are_lost_where_the_motion_turns():
    """y' = y - y^3: from 3 the steps lead to 1; from 0.1 a mode grows, and no large step may be taken."""
    found = jax.jit(
        lambda y: settle(
            lambda t, y, args: (y[0] - y[0] ** 3,),
            (y,),
            (),
            scale=lambda y: (jnp.maximum(jnp.abs(y[0]), 1.0),),
            share=lambda y, change: jnp.ones_like(y[0]),
            pace=BOLD,
            iterations=60,
        )
    )(np.array([0.1, -0.1, 3.0, 0.0]))
    assert list(found.lost) == [True, True, False, False]
    assert list(found.done) == [False, False, True, True]
    assert np.asarray(found.y)[0, 2:] == pytest.approx([1.0, 0.0], abs=1e-12)


@pytest.mark.parametrize(("start", "lost"), [(-0.5, False), (-2.5, True)])
def test_a_bend_of_the_motion_is_seen(start, lost):
    """y' = a barrier: slopes that fall and rise again on the way to the root at 0 are no straight line."""

    def slope(y):
        return -y * (1.0 - 0.999 * jnp.exp(-((y + 1.5) ** 2) / 0.02))

    found = jax.jit(
        lambda y: settle(
            lambda t, y, args: (slope(y[0]),),
            (y,),
            (),
            scale=lambda y: (jnp.ones_like(y[0]),),
            share=lambda y, change: jnp.ones_like(y[0]),
            pace=BOLD,
            iterations=60,
        )
    )(np.array([start]))
    assert bool(found.lost[0]) is lost
    assert bool(found.done[0]) is not lost


@pytest.mark.parametrize("n", [1, 3, 5])
def test_the_largest_real_part_is_told_right_or_not_at_all(n):
    """2,000 random matrices; where a complex pair is slowest, or rounding hides it, eigenvalues are left to decide."""
    rng = np.random.default_rng(10 + n)
    a = rng.normal(size=(2000, n, n)) - np.linspace(0, 2.5, 2000)[:, None, None] * np.eye(n)
    entries = {(i, j): jnp.asarray(a[:, i, j]) for i in range(n) for j in range(n)}
    found = np.asarray(jax.jit(prove)(entries, (jnp.ones(2000),) * n).slowest)
    values = np.linalg.eigvals(a)
    first = values[np.arange(2000), values.real.argmax(axis=1)]
    told = ~np.isnan(found)
    assert found[told] == pytest.approx(first.real[told], rel=1e-8)
    assert not told[np.abs(first.imag) > 1e-6].any()
    assert told[(first.real < 0) & (first.imag == 0)].mean() > 0.5


def test_lapack_eliminates_what_is_not_written_out(monkeypatch):
    monkeypatch.setattr("vrest.numerics.settle.implicit", partial(implicit, most=0))
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(3, 3)) - 6 * np.eye(3), rng.normal(size=(3, 2))
    found = jax.jit(
        lambda y: settle(
            lambda t, y, args: tuple(sum(a[i, j] * y[j] for j in range(3)) + b[i] for i in range(3)),
            y,
            (),
            scale=lambda y: tuple(jnp.maximum(jnp.abs(v), 1.0) for v in y),
            share=lambda y, change: jnp.ones_like(y[0]),
            pace=BOLD,
            iterations=30,
        )
    )((jnp.zeros(2),) * 3)
    assert np.all(found.done)
    assert np.stack(found.y) == pytest.approx(np.linalg.solve(a, -b), abs=1e-9)
