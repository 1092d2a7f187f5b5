"""Picks NumPy, JAX or any other array-API namespace from the arguments of a formula."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

Array = Any
"""A float, or an array of any array-API library (NumPy, JAX); formulas broadcast over all arguments."""


def namespace(*values: Array) -> ModuleType:
    """The array namespace of the arguments; plain Python numbers mean NumPy.

    values: numbers, arrays, or lists of them. NumPy arrays among arrays of another library are constants to that
    library, which then decides. A list or tuple counts as its elements.

    >>> namespace(1.0, 2.0).__name__
    'numpy'
    """
    flat = [item for value in values for item in (value if isinstance(value, list | tuple) else [value])]
    arrays = [item for item in flat if hasattr(item, "__array_namespace__")]
    foreign = [array for array in arrays if not isinstance(array, np.ndarray | np.generic)]
    if not foreign:
        return np
    from array_api_compat import array_namespace  # a calculator never needs it, and it takes a while to load

    return array_namespace(*foreign)


def traced(*values: Array) -> bool:
    """Whether a value is an array that is not NumPy's: JAX may be tracing it, so nothing can be asked of it.

    values: as of `namespace`.

    >>> traced(1.0, np.ones(3))
    False
    """
    return namespace(*values) is not np


def ions_first(*tables: Array, cells: tuple[Array, ...] = ()) -> list[Array]:
    """Tables of one entry per ion (a sequence, or an array with the ions on axis 0) as arrays of one rank.

    tables: one entry per ion each. cells: values common to all ions. Missing trailing axes are added as length 1, so
    that a table of shape (ions,) meets one of shape (ions, ...), and every table meets `cells`, the values of shape
    (...) common to all ions.

    >>> [array.shape for array in ions_first([1, -1], np.ones((2, 5)))]
    [(2, 1), (2, 5)]
    """
    xp = namespace(*tables, *cells)
    arrays = [_stack(xp, table) for table in tables]
    rank = max([array.ndim for array in arrays] + [1 + getattr(cell, "ndim", 0) for cell in cells])
    return [xp.reshape(array, array.shape + (1,) * (rank - array.ndim)) for array in arrays]


def _stack(xp: ModuleType, table: Array) -> Array:
    if isinstance(table, list | tuple):
        return xp.stack(xp.broadcast_arrays(*(xp.asarray(entry) for entry in table)))
    return xp.asarray(table)
