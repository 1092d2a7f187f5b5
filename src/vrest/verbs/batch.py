"""What batches of cells share: states cut into what is integrated and what follows.

`rest_batch` and `run_batch` are what `population` is made of: arrays of parameters and states of many cells of one
structure in, arrays of answers out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vrest.numerics.compiler.kernel import leaves_of, mapped
from vrest.system.assemble import System


def numbers_of(p: np.ndarray, c: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Parameters, constants and matrices of n cells as rows (rows, n): a lane is a column."""
    return np.concatenate([p.T, c.T, matrix.reshape(len(p), -1).T])


def constants_of(system: System, numbers: Any) -> tuple[Any, Any, Any]:
    """(p, c, M), entry by entry, from the rows of `numbers_of`."""
    import jax.numpy as jnp

    rows = tuple(jnp.unstack(numbers))
    parameters, laws = len(system.names), len(system.laws.dependent)
    return rows[:parameters], rows[parameters : parameters + laws], rows[parameters + laws :]


def taken(tree: Any, lanes: np.ndarray) -> Any:
    """What is known of some lanes."""
    return mapped(lambda a: a[..., lanes], tree)


def put(into: Any, lanes: np.ndarray, part: Any) -> None:
    """Write what is known of some lanes into what is known of all."""
    for target, source in zip(leaves_of(into)[0], leaves_of(part)[0], strict=True):
        target[..., lanes] = source
