"""Types of the arrays that solvers take and give: dtype and shape. Only type checkers and the tests import this file.

`*lanes` is one axis along which problems lie side by side, and no axis for a single problem. Arrays are JAX's where
code is traced, NumPy's where it has been compiled. Sizes of one name are the same in one call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jax import Array
from jaxtyping import Bool, Complex128, Float64, Int, PyTree
from numpy.typing import NDArray

Arrays = Array | np.ndarray

Reals = Float64[Arrays, "*lanes"]
Flags = Bool[Arrays, "*lanes"]
Counts = Int[Arrays, "*lanes"]

Real = Float64[Arrays, ""]
Flag = Bool[Arrays, ""]
Count = Int[Arrays, ""]

Number = Real | float

Vector = Float64[Arrays, "n"]
Columns = Float64[Arrays, "n columns"]
Square = Float64[Arrays, "n n"]
Longer = Float64[Arrays, "more"]
"""A vector with one number more."""

NumPyVector = Float64[np.ndarray, "n"]
NumPyLonger = Float64[np.ndarray, "more"]
NumPySquare = Float64[np.ndarray, "n n"]
NumPyLengths = Float64[np.ndarray, "points"]
NumPyLongers = Float64[np.ndarray, "points more"]
NumPySquares = Float64[np.ndarray, "*points n n"]

StageVector = Float64[np.ndarray, "s"]
StageSquare = Float64[np.ndarray, "s s"]
DenseRows = Float64[np.ndarray, "dense s"]

Rows = Float64[Arrays, "rows *lanes"]
Staged = Float64[Arrays, "stages ..."]
"""Of all lanes, or of each its own."""
Levels = Float64[Arrays, "levels"]
Edges = Float64[Arrays, "edges"]
Times = Float64[Arrays, "times"]
Samples = Float64[Arrays, "rows times *lanes"]
SamplesApart = Float64[np.ndarray, "*lanes rows times"]
Squares = Float64[Arrays, "n n *lanes"]

if TYPE_CHECKING:
    State = Results = tuple[Reals, ...]
    Matrix = Mapping[tuple[int, int], Reals]
    Series = Sequence[Reals]
    Table = Sequence[Sequence[Reals]]
    Rates = NDArray[np.complex128]
else:  # beartype looks at one item of a container, PyTree at every one; states of one call are equally long
    State = PyTree[Reals, "n"]
    Matrix = Results = Series = Table = PyTree[Reals]
    Rates = Complex128[np.ndarray, "*points n"]

Polynomial = tuple[Series, Series]
"""Coefficients, highest first, and what their terms add up to without signs."""
