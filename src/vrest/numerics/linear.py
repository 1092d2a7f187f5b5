"""Small dense linear systems, written out so that they become code of their own; LAPACK beyond."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

WRITTEN_OUT, WRITTEN_SHORT = 20, 8
"""Largest size eliminated in line, in machine code and in XLA's, whose compile time grows faster with it."""


def solve(a: Any, b: Any) -> Any:
    """x with a x = b; a is (n, n), b is (n,) or (n, m). Partial pivoting."""
    return solve_signed(a, b)[0]


def solve_signed(a: Any, b: Any, most: int = WRITTEN_OUT) -> tuple[Any, Any]:
    """x with a x = b, and the sign of the determinant of a; LAPACK's beyond `most` unknowns."""
    n = a.shape[0]
    if n > most:
        return jnp.linalg.solve(a, b), jnp.linalg.slogdet(a)[0]
    columns = b[:, None] if b.ndim == 1 else b
    rows = [jnp.concatenate([a[i], columns[i]]) for i in range(n)]
    sign: Any = 1.0
    for k in range(n):
        for i in range(k + 1, n):  # bubble the row with the largest entry in column k up to place k
            larger = jnp.abs(rows[i][k]) > jnp.abs(rows[k][k])
            rows[k], rows[i] = jnp.where(larger, rows[i], rows[k]), jnp.where(larger, rows[k], rows[i])
            sign = jnp.where(larger, -sign, sign)
        sign = sign * jnp.sign(rows[k][k])
        for i in range(k + 1, n):
            rows[i] = rows[i] - (rows[i][k] / rows[k][k]) * rows[k]
    answer: list[Any] = [None] * n
    for k in reversed(range(n)):
        total = rows[k][n:]
        for j in range(k + 1, n):
            total = total - rows[k][j] * answer[j]
        answer[k] = total / rows[k][k]
    x = jnp.stack(answer)
    return (x[:, 0] if b.ndim == 1 else x), sign
