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

from vrest.numerics.linear import WRITTEN_OUT, solve_signed
from vrest.numerics.point import LARGEST_CHANGE, PATIENT, Pace, Stationary

LAST_STEP = 1e14
"""s: a pseudo-time step longer than any cell lives."""

STILL = 1e-9
"""A relative change this small is none: the point is stationary, stable or not."""


def growth(pace: Pace, size: Any) -> Any:
    """How many times longer the next pseudo-time step is than one that changed the state by so many scales."""
    less = jnp.where(size < 0.2, pace.after_middling, pace.after_large)
    return jnp.where(size < pace.small, pace.after_small, less)


class Carry(NamedTuple):
    """What the loop hands on: the point, its time step, and how quiet the Newton steps have become."""

    found: Stationary
    step: Any
    settled: Any
    best: Any
    done: Any


def stationary(
    f: Callable[[Any, Any], Any],
    y: Any,
    args: Any,
    *,
    scale: Callable[[Any], Any],
    share: Callable[[Any, Any], Any],
    given_up: Callable[[Any], Any],
    max_iterations: int,
    most: int = WRITTEN_OUT,
) -> Stationary:
    """Find y with f(y, args) = 0, starting at y and following y' = f.

    Parameters
    ----------
    scale
        scale(y) -> (n,): the size a change of each state is measured with.
    share
        share(y, step) -> the largest part of the step (0 to 1) that stays in the allowed region.
    given_up
        given_up(y) -> bool: the point has left for good.
    most
        Largest system that is not left to LAPACK.
    """
    n = y.shape[0]
    identity = jnp.eye(n)

    def value_and_slope(z: Any) -> Any:
        slope = f(z, args)
        return slope, slope

    def going(carry: Carry) -> Any:
        return ~carry.done

    def body(carry: Carry) -> Carry:
        y, step = carry.found.y, carry.step
        jacobian, slope = jax.jacfwd(value_and_slope, has_aux=True)(y)
        s = scale(y)
        # scaled so that pivots compare like with like
        matrix = (identity / step - jacobian) * s[None, :] / s[:, None]
        change, sign = solve_signed(matrix, slope / s, most)
        change = change * s
        size = jnp.max(jnp.abs(change) / s)
        newton = step >= LAST_STEP
        # a time step beyond the growth time of an unstable mode would run against the motion: det changes sign
        against = (sign <= 0) & (size > STILL)
        too_far = ~(size <= LARGEST_CHANGE) | against  # true for NaN as well
        quiet = newton & ((size < 1e-14) | ((size < 1e-9) & (size > 0.25 * carry.best)))
        settled = jnp.where(quiet, carry.settled + 1, 0)
        k = carry.found.iterations + 1
        done = (settled >= 2) | (k >= max_iterations) | given_up(y)
        # where it ends, the point stays: slope, Jacobian and correction are those of the point returned
        part = jnp.where(done | too_far, 0.0, share(y, change))
        # a Newton step that would jump far has not found its basin: go back to following the motion
        shorter = jnp.where(newton, 1e3, step / 8)
        return Carry(
            Stationary(y + jnp.where(part > 0, part * change, 0.0), slope, jacobian, change, k, settled >= 2),
            jnp.where(too_far, shorter, jnp.minimum(step * growth(PATIENT, size), LAST_STEP)),
            settled,
            jnp.where(newton, jnp.minimum(carry.best, size), jnp.inf),
            done,
        )

    nothing = jnp.zeros_like(y)
    found = Stationary(y, nothing, jnp.zeros((n, n)), nothing, jnp.asarray(0), jnp.asarray(False))
    start = Carry(found, jnp.asarray(PATIENT.first), jnp.asarray(0), jnp.asarray(jnp.inf), jnp.asarray(False))
    return jax.lax.while_loop(going, body, start).found
