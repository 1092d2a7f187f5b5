"""Linear solves against NumPy."""

import jax.numpy as jnp
import numpy as np
import pytest

import vrest.numerics.compiler.backend  # noqa: F401  (float64)
from vrest.numerics.linear import WRITTEN_OUT, solve


@pytest.mark.parametrize("n", [1, 2, 5, WRITTEN_OUT, WRITTEN_OUT + 3])
def test_solve_equals_numpy(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=(n, n)), rng.normal(size=(n, 2))
    a[0, 0] = 0.0 if n > 1 else a[0, 0]  # needs pivoting
    assert np.asarray(solve(jnp.asarray(a), jnp.asarray(b))) == pytest.approx(np.linalg.solve(a, b), rel=1e-9)
    assert np.asarray(solve(jnp.asarray(a), jnp.asarray(b[:, 0]))) == pytest.approx(np.linalg.solve(a, b[:, 0]))
