"""Stationary points: pseudo-transient steps that become Newton's method, in one compiled loop.

Linearly implicit Euler steps with a growing time step follow the true motion while it is fast and end as
Newton steps. A step that leaves the allowed region is shortened; one that changes the state too much is
repeated with a smaller time step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from vrest.numerics.linear import solve

FIRST_STEP, LAST_STEP = 1e-4, 1e14
"""Pseudo-time steps, s: shorter than a membrane time constant, longer than any cell lives."""

LARGEST_CHANGE = 0.7
"""A step that changes any state by more than this share of its scale is repeated with a shorter time step."""


class Stationary(NamedTuple):
    """Where the iteration ended."""

    y: Any
    """(n,) the point."""
    slope: Any
    """(n,) y' there."""
    jacobian: Any
    """(n, n) there."""
    correction: Any
    """(n,) the Newton correction that remains."""
    iterations: Any
    converged: Any
    """Whether Newton steps at infinite time step had stopped changing anything but rounding."""


def stationary(
    f: Callable[[Any, Any], Any],
    y: Any,
    args: Any,
    *,
    scale: Callable[[Any, Any], Any],
    share: Callable[[Any, Any, Any], Any],
    given_up: Callable[[Any, Any], Any],
    max_iterations: int,
) -> Stationary:
    """Find y with f(y, args) = 0, starting at y and following y' = f.

    Parameters
    ----------
    scale
        scale(y, args) -> (n,): the size a change of each state is measured with.
    share
        share(y, step, args) -> the largest part of the step (0 to 1) that stays in the allowed region.
    given_up
        given_up(y, args) -> bool: the point has left for good.
    """
    n = y.shape[0]
    identity = jnp.eye(n)

    def going(carry: Any) -> Any:
        y, _, k, settled, _ = carry
        return (k < max_iterations) & (settled < 2) & ~given_up(y, args)

    def body(carry: Any) -> Any:
        y, step, k, settled, best = carry
        slope = f(y, args)
        jacobian = jax.jacfwd(f)(y, args)
        s = scale(y, args)
        # scaled so that pivots compare like with like
        matrix = (identity / step - jacobian) * s[None, :] / s[:, None]
        change = solve(matrix, slope / s) * s
        size = jnp.max(jnp.abs(change) / s)
        newton = step >= LAST_STEP
        part = share(y, change, args)
        too_far = ((size > LARGEST_CHANGE) & ~newton) | ~jnp.isfinite(size)
        moved = jnp.where(too_far, y, y + part * jnp.where(jnp.isfinite(change), change, 0.0))
        grow = jnp.where(size < 0.02, 30.0, jnp.where(size < 0.2, 5.0, 1.5))
        step_new = jnp.where(too_far, step / 8, jnp.minimum(step * grow, LAST_STEP))
        # a Newton step that would jump far has not found its basin yet: go back to following the motion
        lost = newton & (size > LARGEST_CHANGE)
        step_new = jnp.where(lost, 1e3, step_new)
        moved = jnp.where(lost, y, moved)
        quiet = newton & ~lost & ((size < 1e-14) | ((size < 1e-9) & (size > 0.25 * best)))
        settled = jnp.where(quiet, settled + 1, 0)
        return moved, step_new, k + 1, settled, jnp.where(newton, jnp.minimum(best, size), jnp.inf)

    start = (y, jnp.asarray(FIRST_STEP), jnp.asarray(0), jnp.asarray(0), jnp.asarray(jnp.inf))
    y, _, k, settled, _ = jax.lax.while_loop(going, body, start)
    slope = f(y, args)
    jacobian = jax.jacfwd(f)(y, args)
    s = scale(y, args)
    correction = -solve(jacobian * s[None, :] / s[:, None], slope / s) * s
    return Stationary(y, slope, jacobian, correction, k, settled >= 2)
