"""Small dense linear systems, written out so that they become code of their own; LAPACK beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
from jax import Array

if TYPE_CHECKING:
    from vrest.numerics.shapes import Columns, Square, Vector

WRITTEN_OUT = 20
"""Largest size eliminated in line."""


def solve(a: Square, b: Vector | Columns) -> Vector | Columns:
    """x with a x = b; a is (n, n), b is (n,) or (n, m). Partial pivoting; LAPACK's beyond `WRITTEN_OUT` unknowns."""
    n = a.shape[0]
    if n > WRITTEN_OUT:
        return jnp.linalg.solve(a, b)
    columns = b[:, None] if b.ndim == 1 else b
    rows = [jnp.concatenate([a[i], columns[i]]) for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):  # bubble the row with the largest entry in column k up to place k
            larger = jnp.abs(rows[i][k]) > jnp.abs(rows[k][k])
            rows[k], rows[i] = jnp.where(larger, rows[i], rows[k]), jnp.where(larger, rows[k], rows[i])
        for i in range(k + 1, n):
            rows[i] = rows[i] - (rows[i][k] / rows[k][k]) * rows[k]
    answer: dict[int, Array] = {}
    for k in reversed(range(n)):
        total = rows[k][n:]
        for j in range(k + 1, n):
            total = total - rows[k][j] * answer[j]
        answer[k] = total / rows[k][k]
    x = jnp.stack([answer[k] for k in range(n)])
    return x[:, 0] if b.ndim == 1 else x
