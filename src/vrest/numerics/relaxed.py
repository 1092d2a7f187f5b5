"""Where a few quantities come to rest together, many problems side by side."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from vrest.numerics.elimination import implicit, none_grows, substitute
from vrest.numerics.growing import RESOLVED
from vrest.numerics.rhs import Rhs

if TYPE_CHECKING:
    from vrest.numerics.shapes import Count, Flag, Flags, Reals, State

    Carry = tuple[Count, Reals, State, Flags, Flags]

FIRST = 1e-6
"""s: the first step."""

LARGEST, SMALLEST = 5e-3, 1e-12
"""A step that changes more is too long; where a long step changes less, it has arrived."""

LONG, STEPS = 1e6, 500
"""s: a step so long is one of Newton's method; and how many steps are tried."""


def relaxed(f: Callable[[Reals, State, Any], State], y: State, args: Any) -> State:
    """Follow y' = f(0, y, args) to where it vanishes: linearly implicit Euler steps that become Newton steps.

    A step that changes too much, or is long against a mode that grows, is repeated with a shorter time: it would not
    go where the motion does.

    Parameters
    ----------
    f
        As `Rhs` takes it.
    y
        n arrays (lanes,): where it starts, of order one or less.

    Returns
    -------
    tuple of Array
        n arrays (lanes,), to 1e-12; NaN where the motion does not arrive.

    >>> found = relaxed(lambda t, y, c: (100.0 * (c - y[0] ** 2),), (jnp.asarray([0.1]),), jnp.asarray([0.25]))
    >>> found[0].round(12).tolist()
    [0.5]
    """
    n, t = len(y), jnp.zeros_like(y[0])
    rhs = Rhs(f, t, y, args)

    def going(carry: Carry) -> Flag:
        k, *_, done, lost = carry
        return (k < STEPS) & ~jnp.all(done | lost)

    def body(carry: Carry) -> Carry:
        k, step, y, done, lost = carry
        slope, jacobian = rhs.jacobian(t, y)
        change = substitute(implicit(1.0 / step, jacobian, n), slope)
        largest = reduce(jnp.maximum, [jnp.abs(c) for c in change])
        lost |= ~done & jnp.isnan(reduce(jnp.add, slope))
        fits = (largest <= LARGEST) & none_grows(implicit(RESOLVED / step, jacobian, n))
        moves = fits & ~(done | lost)
        y = tuple(jnp.where(moves, v + c, v) for v, c in zip(y, change, strict=True))
        done |= moves & (step > LONG) & (largest < SMALLEST)
        return k + 1, step * jnp.where(fits, 3.0, 1 / 8), y, done, lost

    never = jnp.zeros_like(t, dtype=bool)
    _, _, y, done, _ = jax.lax.while_loop(going, body, (jnp.asarray(0), t + FIRST, y, never, never))
    return tuple(jnp.where(done, v, jnp.nan) for v in y)
