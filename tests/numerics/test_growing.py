"""The longest step that resolves what grows: against eigenvalues of random matrices, and on motions with known ends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import vrest.numerics.compiler.backend  # noqa: F401  (float64)
from vrest.numerics.batch import advance
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.growing import RESOLVED, longest
from vrest.numerics.lanes import FINISHED, RUNNING, Lanes


def arrows(rng, count, hubs, leaves, slow):
    """Random matrices of coupled potentials, each with gates of its own, and slow unknowns that see the potentials."""
    n = hubs * (1 + leaves) + slow
    a = np.zeros((count, n, n))
    for hub in range(hubs):
        a[:, hub, hub] = rng.normal(-300, 400, count)
        for other in range(hubs):
            if other != hub:
                a[:, hub, other] = rng.uniform(0, 300, count)
                a[:, hub, hub] -= a[:, hub, other]
        for k in range(leaves):
            leaf = hubs + hub * leaves + k
            a[:, leaf, leaf] = -np.exp(rng.uniform(np.log(5), np.log(5000), count))
            a[:, hub, leaf], a[:, leaf, hub] = rng.normal(0, 400, (2, count))
    rest = range(n - slow, n)
    for i in rest:
        for j in rest:
            a[:, i, j] = rng.normal(-0.02 if i == j else 0.0, 0.01, count)
        for hub in range(hubs):
            a[:, i, hub], a[:, hub, i] = rng.normal(0, 0.3, (2, count))
    return a


@pytest.mark.parametrize(("hubs", "leaves", "slow"), [(1, 0, 3), (1, 3, 0), (1, 4, 3), (2, 3, 2), (3, 2, 1), (5, 0, 2)])
def test_the_step_resolves_every_growing_eigenvalue(hubs, leaves, slow):
    rng = np.random.default_rng(hubs + 10 * leaves)
    a = arrows(rng, 3000, hubs, leaves, slow)
    n = a.shape[1]
    entries = {(i, j): jnp.asarray(a[:, i, j]) for i in range(n) for j in range(n) if a[:, i, j].any() or i == j}
    h = 1e6
    found = jax.jit(lambda e: longest(e, n, tuple(range(n - slow)), jnp.full(3000, h)))(entries)
    limit = np.asarray(found)
    values = np.linalg.eigvals(a)
    grows = values.real > 0
    size = np.where(grows, np.abs(values), 0.0).max(axis=1)
    limited = np.isfinite(limit)
    # where nothing grows a step is as long as it likes; it is asked where quick and slow are far apart
    quick = np.linalg.eigvals(a[:, : n - slow, : n - slow])
    clear = (np.abs(quick.real).min(axis=1) > 5.0) & (np.abs(values.real) > 1e-3 * np.abs(values)).all(axis=1)
    assert clear.mean() > 0.5
    assert not limited[clear & (size == 0.0)].any()
    assert limited[clear & (size > 0.0)].mean() > 0.995
    both = clear & limited & (size > 0.0)
    assert np.mean(limit[both] * size[both] <= 2.2 * RESOLVED) > 0.98


def test_a_run_leaves_an_unstable_spiral():
    """x' = m x - 5 y - r2 x, ...: a limit cycle of radius sqrt(m), left from 1e-12 beside the centre; ten times out."""

    def f(t, y, args):
        x, z = y
        r = x * x + z * z
        return (0.5 - r) * x - 5.0 * z, 5.0 * x + (0.5 - r) * z

    def go(lanes, edges):
        of = {"valid": lambda y, args: y[0] == y[0], "rtol": 1e-6, "atol": [1e-8] * 2, "attempts": 100_000}
        return advance(lambda t, y, args: f(t, y, ()), lanes, (), edges, quick=(0, 1), **of).lanes

    nothing = np.zeros(2)
    count = np.zeros(2, dtype=int)
    start = Lanes(nothing, nothing, np.array([[1e-12, 0.1], [0.0, 0.0]]), count, count + RUNNING, count, count)
    end = Kernel(go)(start, np.array([0.0, 200.0]))
    assert np.all(end.status == FINISHED)
    assert np.hypot(*end.y) == pytest.approx(np.sqrt(0.5), rel=1e-3)
