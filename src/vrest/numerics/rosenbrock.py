"""The integrator: adaptive Rosenbrock steps in one compiled loop, batched under vmap, each lane its own step.

It knows arrays and callables, nothing of neurons. A call advances at most `max_steps` accepted steps and
returns them with their dense output, so the caller can show progress, cancel, and evaluate the solution
anywhere afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from vrest.numerics import tableau
from vrest.numerics.linear import solve

SAFETY, SHRINK, GROW = 0.9, 0.2, 6.0
"""Step control: aim below the tolerance, and bounds on one change of the step."""

RUNNING, FINISHED, STUCK = 0, 1, 2
"""State of a lane: more to do, arrived, step size fell to rounding."""


class Steps(NamedTuple):
    """Accepted steps of one call: `count` of them are valid in each buffer."""

    t: Any
    """(max_steps,) start of each step, s."""
    h: Any
    """(max_steps,) its length."""
    y: Any
    """(max_steps, n) state at its start."""
    dense: Any
    """(max_steps, 4, n): state at its end, and the three dense vectors."""
    count: Any
    rejected: Any
    status: Any
    t_end: Any
    y_end: Any
    h_next: Any


Rhs = Callable[[Any, Any, Any], Any]
"""f(t, y, args) -> y'."""


def first_step(f: Rhs, t: Any, y: Any, args: Any, tolerance: Any) -> Any:
    """A cautious first step: 1 % of the time in which the state would change by its own size."""
    slope = _norm(f(t, y, args) / tolerance)
    size = jnp.maximum(_norm(y / tolerance), 1.0)
    return 0.01 * size / jnp.maximum(slope, 1e-30)


def one_step(f: Rhs, t: Any, y: Any, h: Any, args: Any, moving: bool) -> tuple[Any, Any, Any]:
    """One step: the new state, the error estimate, and the dense vectors (3, n)."""
    n = y.shape[0]
    jacobian = jax.jacfwd(f, argnums=1)(t, y, args)
    matrix = jnp.eye(n) / (h * tableau.GAMMA) - jacobian
    inverse = solve(matrix, jnp.eye(n))
    drift = jax.jvp(lambda s: f(s, y, args), (t,), (jnp.ones_like(t),))[1] if moving else jnp.zeros_like(y)
    a, c = jnp.asarray(tableau.A), jnp.asarray(tableau.C)
    times, slopes = jnp.asarray(tableau.TIMES), jnp.asarray(tableau.SLOPES)

    def stage(i: Any, ks: Any) -> Any:
        argument = y + a[i] @ ks
        right = f(t + times[i] * h, argument, args) + (c[i] @ ks) / h + h * slopes[i] * drift
        k = inverse @ right
        # one refinement: the explicit inverse loses digits where the matrix is ill conditioned
        k = k + inverse @ (right - matrix @ k)
        return ks.at[i].set(k)

    ks = jax.lax.fori_loop(0, 8, stage, jnp.zeros((8, n)))
    end = y + a[7] @ ks + ks[7]
    return end, ks[7], jnp.asarray(tableau.DENSE) @ ks


def integrate(
    f: Rhs,
    t: Any,
    y: Any,
    t_stop: Any,
    h: Any,
    args: Any,
    *,
    valid: Callable[[Any, Any], Any],
    rtol: Any,
    atol: Any,
    max_steps: int,
    moving: bool,
) -> Steps:
    """Advance y' = f(t, y, args) from t towards t_stop.

    Parameters
    ----------
    h
        First step; zero or less asks for a cautious guess.
    valid
        valid(y, args) -> bool: a state that is not allowed rejects its step.
    rtol, atol
        Relative tolerance, and absolute tolerance of each state.
    max_steps
        Accepted steps of this call.
    moving
        Whether f depends on t; without it the explicit time derivative is not computed.
    """
    n = y.shape[0]
    h = jnp.where(h > 0, h, first_step(f, t, y, args, atol + rtol * jnp.abs(y)))
    buffers = (
        jnp.zeros(max_steps),
        jnp.zeros(max_steps),
        jnp.zeros((max_steps, n)),
        jnp.zeros((max_steps, 4, n)),
    )
    status = jnp.where(t < t_stop, RUNNING, FINISHED)

    def going(carry: Any) -> Any:
        _, _, _, count, _, state, _ = carry
        return (count < max_steps) & (state == RUNNING)

    def body(carry: Any) -> Any:
        t, y, h, count, rejected, _, (ts, hs, ys, ds) = carry
        last = t + h * (1 + 1e-12) >= t_stop
        h_used = jnp.where(last, t_stop - t, h)
        end, error, dense = one_step(f, t, y, h_used, args, moving)
        scale = atol + rtol * jnp.maximum(jnp.abs(y), jnp.abs(end))
        size = _norm(error / scale)
        allowed = valid(end, args) & jnp.isfinite(size)
        good = allowed & (size <= 1.0)
        factor = SAFETY * jnp.maximum(size, 1e-10) ** (-1.0 / tableau.ORDER)
        factor = jnp.where(allowed, jnp.clip(factor, SHRINK, GROW), SHRINK)
        put = jnp.where(good, count, max_steps)  # out of range writes are dropped
        ts = ts.at[put].set(t, mode="drop")
        hs = hs.at[put].set(h_used, mode="drop")
        ys = ys.at[put].set(y, mode="drop")
        ds = ds.at[put].set(jnp.concatenate([end[None], dense]), mode="drop")
        t_new = jnp.where(good, jnp.where(last, t_stop, t + h_used), t)
        # the last step is cut to the end: its length must not hold back the next segment's memory of h
        h_new = jnp.where(good & last, jnp.maximum(h, h_used * factor), h_used * factor)
        h_new = jnp.where(good, h_new, jnp.minimum(h_new, 0.9 * h_used))
        # written so that a step that is not a number is stuck as well
        stuck = ~good & ~(h_new >= 1e-15 * jnp.maximum(jnp.abs(t), 1e-9))
        state = jnp.where(good & last, FINISHED, jnp.where(stuck, STUCK, RUNNING))
        y_new = jnp.where(good, end, y)
        return t_new, y_new, h_new, count + good, rejected + ~good, state, (ts, hs, ys, ds)

    start = (t, y, h, jnp.asarray(0), jnp.asarray(0), status, buffers)
    t, y, h, count, rejected, status, (ts, hs, ys, ds) = jax.lax.while_loop(going, body, start)
    return Steps(ts, hs, ys, ds, count, rejected, status, t, y, h)


def evaluate(steps_t: np.ndarray, steps_h: np.ndarray, y: np.ndarray, dense: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Dense output at times `at`: (len(at), n). Steps are consecutive; times outside use the nearest step."""
    k = np.clip(np.searchsorted(steps_t, at, side="right") - 1, 0, len(steps_t) - 1)
    theta = ((at - steps_t[k]) / steps_h[k])[:, None]
    end, d1, d2, d3 = (dense[k, i] for i in range(4))
    return (1 - theta) * y[k] + theta * (end + (1 - theta) * (d1 + theta * (d2 + theta * d3)))


def _norm(x: Any) -> Any:
    return jnp.sqrt(jnp.mean(x * x))
