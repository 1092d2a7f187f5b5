"""Linear solves and stationary points of problems with known answers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import vrest.numerics.backend  # noqa: F401  (float64)
from vrest.numerics.linear import WRITTEN_OUT, solve, solve_signed
from vrest.numerics.stationary import stationary


@pytest.mark.parametrize("n", [1, 2, 5, WRITTEN_OUT, WRITTEN_OUT + 3])
def test_solve_equals_numpy(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=(n, n)), rng.normal(size=(n, 2))
    a[0, 0] = 0.0 if n > 1 else a[0, 0]  # needs pivoting
    assert np.asarray(solve(jnp.asarray(a), jnp.asarray(b))) == pytest.approx(np.linalg.solve(a, b), rel=1e-9)
    assert float(solve_signed(jnp.asarray(a), jnp.asarray(b))[1]) == np.sign(np.linalg.det(a))
    assert np.asarray(solve(jnp.asarray(a), jnp.asarray(b[:, 0]))) == pytest.approx(np.linalg.solve(a, b[:, 0]))


def find(f, y, **k):
    options = {
        "scale": lambda y: jnp.maximum(jnp.abs(y), 1.0),
        "share": lambda y, step: jnp.asarray(1.0),
        "given_up": lambda y: jnp.any(jnp.abs(y) > 1e4),
        "max_iterations": 300,
    } | k
    return jax.jit(lambda y: stationary(f, y, None, **options))(y)


def test_follows_the_motion_to_the_root_it_leads_to():
    """y' = y - y^3 has three roots; from 0.1 the motion ends at 1, where Newton alone would find 0."""
    found = find(lambda y, args: y - y**3, jnp.array([0.1]))
    assert bool(found.converged)
    assert float(found.y[0]) == pytest.approx(1.0, abs=1e-14)
    assert float(find(lambda y, args: y - y**3, jnp.array([-0.1])).y[0]) == pytest.approx(-1.0, abs=1e-14)


def test_slope_jacobian_and_correction_belong_to_the_point_returned():
    def f(y, args):
        return jnp.stack([1.0 - y[0] * y[1], y[0] - 2 * y[1]])

    found = find(f, jnp.array([3.0, 0.2]))
    y = np.asarray(found.y)
    assert np.asarray(found.slope) == pytest.approx(np.asarray(f(found.y, None)), abs=1e-15)
    assert np.asarray(found.jacobian) == pytest.approx(np.array([[-y[1], -y[0]], [1.0, -2.0]]))
    assert np.abs(found.correction).max() < 1e-14


def test_a_start_exactly_on_an_unstable_point_is_found():
    found = find(lambda y, args: y - y**3, jnp.array([0.0]))
    assert bool(found.converged)
    assert float(found.jacobian[0, 0]) == 1.0


def test_gives_up_where_it_must_and_says_so():
    runaway = find(lambda y, args: jnp.ones(1), jnp.array([0.0]))
    assert not bool(runaway.converged)
    assert float(runaway.y[0]) > 1e4
    assert not bool(find(lambda y, args: 1 + y**2, jnp.array([0.0]), given_up=lambda y: jnp.asarray(False)).converged)
