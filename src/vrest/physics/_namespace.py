"""Picks NumPy, JAX or any other array-API namespace from the arguments of a formula."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace

Array = Any
"""A float, or an array of any array-API library (NumPy, JAX); formulas broadcast over all arguments."""


def namespace(*values: Array) -> Any:
    """The array namespace of the arguments; plain Python numbers mean NumPy.

    >>> namespace(1.0, 2.0).__name__
    'numpy'
    """
    arrays = [value for value in values if hasattr(value, "__array_namespace__")]
    return array_namespace(*arrays) if arrays else np
