"""The integrator: one adaptive Rosenbrock step, which `batch` repeats for many problems and `reach` for one.

It knows arrays and callables, nothing of neurons. The state is a tuple of equally shaped arrays (see `rhs`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from vrest.numerics.compiler.arithmetic import arithmetic
from vrest.numerics.elimination import WRITTEN_OUT, WRITTEN_SHORT, Factors, implicit, substitute
from vrest.numerics.growing import longest
from vrest.numerics.rhs import Rhs
from vrest.numerics.tableau import RODAS5P, Tableau

if TYPE_CHECKING:
    from vrest.numerics.shapes import Count, Flag, Flags, Matrix, Number, Real, Reals, State, Vector

    Slope = Callable[[Reals, State, Any], State]
    """f(t, y, args) -> y'."""
    Carry = tuple[Real, State, Real, Count, Flag]
    Valid = Callable[[State, Any], Flags]
    """valid(y, args) -> bool: a state that is not allowed rejects its step."""

SAFETY, SHRINK, GROW = 0.9, 0.2, 6.0
"""Step control: aim below the tolerance, and bounds on one change of the step."""


class Attempt(NamedTuple):
    """One step that was tried: where it led, and how to go on."""

    good: Flags
    last: Flags
    """Whether it reaches the end of the stretch."""
    stuck: Flags
    h: Reals
    """Its length."""
    end: State
    dense: tuple[State, ...]
    """Dense vectors, three where the method has them."""
    t_next: Reals
    y_next: State
    h_next: Reals


def first_step(slope: State, y: State, tolerance: State) -> Reals:
    """A cautious first step: 1 % of the time in which the state would change by its own size."""
    size = jnp.maximum(_norm(_over(y, tolerance)), 1.0)
    return 0.01 * size / jnp.maximum(_norm(_over(slope, tolerance)), 1e-30)


def one_step(
    rhs: Rhs,
    t: Reals,
    y: State,
    h: Reals,
    slope: State,
    jacobian: Matrix,
    args: Any = (),
    method: Tableau = RODAS5P,
) -> tuple[State, State, list[State]]:
    """One step: the new state, the error estimate, and the dense vectors.

    `slope` and `jacobian` are those at (t, y); `args` are what the right-hand side is given anew.
    """
    most = WRITTEN_SHORT if rhs.short else WRITTEN_OUT
    factors = implicit(1.0 / (h * method.gamma), jacobian, len(y), most, often=True)
    drift = rhs.drift(t, y, args) if rhs.moving else None
    if rhs.short:
        ks = _looped(rhs, t, y, h, factors, drift, args, method)
        end = _plus(_plus(y, _combined(method.A[-1], ks)), ks[-1])
        return end, ks[-1], [_combined(row, ks) for row in method.dense]
    per_step = 1.0 / h
    ks = []
    argument, start = y, slope
    for i in range(len(method.times)):
        if i:
            here = not method.A[i].any() and method.times[i] == 0.0
            argument = y if here else _plus(y, _combined(method.A[i], ks))
            slope = start if here else rhs(t + method.times[i] * h, argument, args)
            slope = tuple(f + per_step * c for f, c in zip(slope, _combined(method.C[i], ks), strict=True))
        if drift is not None and method.slopes[i]:
            slope = tuple(f + h * method.slopes[i] * d for f, d in zip(slope, drift, strict=True))
        ks.append(substitute(factors, slope))
    return _plus(argument, ks[-1]), ks[-1], [_combined(row, ks) for row in method.dense]


def _looped(
    rhs: Rhs, t: Reals, y: State, h: Reals, factors: Factors, drift: State | None, args: Any, method: Tableau
) -> list[State]:
    """The stages as a loop: a fraction of the code to compile."""
    a, c = jnp.asarray(method.A), jnp.asarray(method.C)
    times, slopes = jnp.asarray(method.times), jnp.asarray(method.slopes)
    count = len(method.times)
    start, moving = jnp.stack(y), None if drift is None else jnp.stack(drift)

    def stage(i: Count, ks: Array) -> Array:
        before = start + jnp.tensordot(a[i], ks, 1)
        slope = jnp.stack(rhs(t + times[i] * h, tuple(before), args)) + jnp.tensordot(c[i], ks, 1) / h
        if moving is not None:
            slope = slope + h * slopes[i] * moving
        return ks.at[i].set(jnp.stack(substitute(factors, tuple(slope))))

    return [tuple(k) for k in jax.lax.fori_loop(0, count, stage, jnp.zeros((count, *start.shape)))]


def attempt(
    rhs: Rhs,
    t: Reals,
    y: State,
    h: Reals,
    t_stop: Reals,
    args: Any = (),
    *,
    allowed: Callable[[State], Flags],
    rtol: Number,
    atol: Sequence[Number],
    quick: tuple[int, ...] | None = None,
    method: Tableau = RODAS5P,
) -> Attempt:
    """Try one step towards t_stop, and judge it. Where h is zero or less, a cautious first step is guessed.

    With `quick` (see `growing`) no step is long against a mode that grows.

    A derivative of what comes out is taken at given step sizes: their own derivatives are held out, because they
    belong to the error of the solution and not to the solution.
    """
    slope, jacobian = rhs.jacobian(t, y, args)
    tolerance = tuple(a + rtol * jnp.abs(v) for a, v in zip(atol, y, strict=True))
    h = jax.lax.stop_gradient(jnp.where(h > 0, h, first_step(slope, y, tolerance)))
    if quick is not None:
        h = jnp.minimum(h, longest(jax.lax.stop_gradient(jacobian), len(y), quick, h))
    last = t + h * (1 + 1e-12) >= t_stop
    h_used = jnp.where(last, t_stop - t, h)
    end, error, dense = one_step(rhs, t, y, h_used, slope, jacobian, args, method)
    size = _norm(
        tuple(
            jax.lax.stop_gradient(e / (a + rtol * jnp.maximum(jnp.abs(y0), jnp.abs(y1))))
            for e, a, y0, y1 in zip(error, atol, y, end, strict=True)
        )
    )
    possible = allowed(end) & jnp.isfinite(size)
    good = possible & (size <= 1.0)
    factor = SAFETY * jnp.maximum(size, 1e-10) ** (-1.0 / method.order)
    factor = jnp.where(possible, jnp.clip(factor, SHRINK, GROW), SHRINK)
    t_next = jnp.where(good, jnp.where(last, t_stop, t + h_used), t)
    # the last step is cut to the end: its length must not hold back the next stretch's memory of h
    h_next = jnp.where(good & last, jnp.maximum(h, h_used * factor), h_used * factor)
    h_next = jnp.where(good, h_next, jnp.minimum(h_next, 0.9 * h_used))
    # written so that a step that is not a number is stuck as well
    stuck = ~good & ~(h_next >= 1e-15 * jnp.maximum(jnp.abs(t), 1e-9))
    y_next = tuple(jnp.where(good, y1, y0) for y0, y1 in zip(y, end, strict=True))
    return Attempt(good, last, stuck, h_used, end, tuple(dense), t_next, y_next, h_next)


def reach(
    f: Slope,
    t: Number,
    y: Vector,
    t_stop: Number,
    h: Number,
    args: Any,
    *,
    valid: Valid,
    rtol: Number,
    atol: Vector,
    max_steps: int,
    quick: tuple[int, ...] | None = None,
    short: bool | None = True,
) -> tuple[Vector, Real]:
    """The state (n,) of one problem y' = f(t, y, args) at t_stop, and the next step; NaN where it was not reached.

    JAX differentiates it forward, in any of its arguments but the times.

    Parameters
    ----------
    y
        (n,) the state; f and `valid` get it as a tuple of n numbers.
    h
        First step; zero or less asks for a cautious guess.
    rtol, atol
        Relative tolerance, and absolute tolerance of each state, (n,).
    quick
        As for `growing.longest`; None does not ask what grows.
    short
        As for `Rhs`.
    """
    t, start, h = jnp.asarray(t, dtype=float), tuple(y), jnp.asarray(h, dtype=float)
    t_stop, levels = jnp.asarray(t_stop, dtype=float), tuple(atol)
    rhs = Rhs(f, t, start, args, short=short)

    def going(carry: Carry) -> Flag:
        t, _, _, count, stuck = carry
        return (t < t_stop) & (count < max_steps) & ~stuck

    def body(carry: Carry) -> Carry:
        t, y, h, count, _ = carry
        tried = attempt(rhs, t, y, h, t_stop, allowed=lambda end: valid(end, args), rtol=rtol, atol=levels, quick=quick)
        return tried.t_next, tried.y_next, tried.h_next, count + 1, tried.stuck

    begin = (t, start, h, jnp.asarray(0), jnp.asarray(False))
    t, end, h, _, _ = jax.lax.while_loop(going, body, begin)
    return jnp.where(t < t_stop, jnp.nan, jnp.stack(end)), h


def within(theta: Reals | float, start: Reals, end: Reals, dense: Sequence[Reals]) -> Reals:
    """The solution inside a step, at the share theta of it."""
    d1, d2, d3 = dense
    return (1 - theta) * start + theta * (end + (1 - theta) * (d1 + theta * (d2 + theta * d3)))


def _combined(weights: np.ndarray, ks: Sequence[State]) -> State:
    used = [(float(w), k) for w, k in zip(weights, ks, strict=False) if w]
    n = len(used[0][1])

    def total(*values: Any) -> list[Any]:
        found = [used[0][0] * v for v in values[:n]]
        for i, (w, _) in enumerate(used[1:], 1):
            found = [s + w * v for s, v in zip(found, values[i * n : (i + 1) * n], strict=True)]
        return found

    return tuple(arithmetic(total, *(v for _, k in used for v in k)))


def _plus(y: State, change: State) -> State:
    return tuple(a + b for a, b in zip(y, change, strict=True))


def _over(values: State, scale: State) -> State:
    return tuple(v / s for v, s in zip(values, scale, strict=True))


def _norm(values: State) -> Reals:
    """Root mean square over the unknowns."""
    return jnp.sqrt(sum(v * v for v in values) / len(values))
