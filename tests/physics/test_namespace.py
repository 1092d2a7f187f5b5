"""Arrays of any library, mixed with plain numbers."""

import jax
import jax.numpy as jnp
import numpy as np

from vrest.physics.namespace import ions_first, namespace, traced


def test_jax_decides_over_numpy_constants():
    assert namespace(np.ones(2), jnp.ones(2), 1.0) is jnp
    assert namespace([1.0, jnp.ones(2)]) is jnp
    assert namespace(1.0) is np


def test_numbers_of_numpy_can_be_asked_and_those_of_jax_cannot():
    assert not traced(1.0, np.ones(2), [np.float64(1.0)])
    asked = []
    jax.jit(lambda x: asked.append(traced(1.0, [x])) or x)(1.0)
    assert asked == [True]


def test_tables_meet_on_the_ion_axis():
    table, ragged = ions_first([1, -1, 2], [1.0, np.arange(3.0), 5.0])
    assert table.shape == (3, 1)
    np.testing.assert_array_equal(ragged, [[1, 1, 1], [0, 1, 2], [5, 5, 5]])
    (single,) = ions_first([1, -1, 2], cells=(np.ones((4, 5)), 1.0))
    assert single.shape == (3, 1, 1)
