"""Where one quantity comes to rest: the first zero of its slope on the way on which the slope drives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

if TYPE_CHECKING:
    from vrest.numerics.shapes import Flags, Number, Reals

    Carry = tuple[Reals, Reals, Reals, Flags]

FINEST = 2.0**-60
"""An interval of this share of a step is halved no further."""


def march(
    slope: Callable[[Reals], Reals],
    y: Reals,
    *,
    low: Reals,
    high: Reals,
    step: Number | Reals,
    way: Number | None = None,
) -> Reals:
    """Follow y' = slope(y) to the first zero of the slope, lane by lane.

    From y in steps to where the sign has changed, then by halving to the last bit. Two zeros that lie closer together
    than a step may both be passed.

    Parameters
    ----------
    slope
        Of (lanes,) to (lanes,), each lane on its own.
    y
        (lanes,) where it starts, between low and high.
    low, high
        (lanes,) how far it is followed.
    step
        How far it is followed at a time.
    way
        1 or -1, up or down whatever the slope is; None for the way on which the slope drives it.

    Returns
    -------
    Array
        (lanes,) the zero; NaN where there is none before the limit, or where the slope is not a number on the way.

    >>> y = jnp.asarray([1.4, 0.4])
    >>> march(lambda y: (1.0 - y) * (y - 2.0), y, low=y - 9.0, high=y + 9.0, step=0.3).tolist()
    [2.0, nan]
    """

    def body(carry: Carry) -> Carry:
        near, far, began, going = carry
        first = jnp.isnan(began)
        towards = began if way is None else way
        ahead = jnp.where(first, near, jnp.minimum(jnp.maximum(near + towards * step, low), high))
        trial = jnp.where(jnp.isnan(far), ahead, 0.5 * (near + far))  # one slope, whatever a lane does
        sign = jnp.sign(slope(trial))
        began = jnp.where(first, sign, began)
        passed = (sign != began) | (sign == 0)
        moved = first | ((trial != near) & (trial != far))
        near, far = (
            jnp.where(going & ~passed, trial, near),
            jnp.where(going & passed, jnp.where(jnp.isnan(sign), jnp.nan, trial), far),
        )
        apart = ~(jnp.abs(far - near) <= FINEST * step)
        return near, far, began, going & ~jnp.isnan(sign) & moved & apart

    nothing = jnp.full_like(y, jnp.nan)
    start = y, nothing, nothing, jnp.ones_like(y, dtype=bool)
    near, far, _, _ = jax.lax.while_loop(lambda carry: jnp.any(carry[-1]), body, start)
    return 0.5 * (near + far)
