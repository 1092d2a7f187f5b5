"""The potential at which a frozen cell carries no net current, as a function that JAX differentiates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from vrest.system.assemble import System
from vrest.verbs.instant import SPAN

HALVINGS, NEWTON = 14, 4
"""An interval of 0.5 mV halved so often is 3e-5 mV wide; Newton steps from its middle end at rounding."""


@lru_cache(maxsize=64)
def at_once(system: System) -> Any:
    """(p, x) -> V of the only membrane, in V, as `instant` has it: contents frozen, gates steady; NaN where none is.

    Of several zero-current potentials it is the one that the membrane drifts to from where x has it. The last Newton
    step carries the derivative: V = v - I(v, a)/I'(v) has dV = -(dI/da) da/I' by the implicit function theorem.
    """
    import jax
    import jax.numpy as jnp

    import vrest.numerics.backend  # noqa: F401

    wall = system.structure.walls[0]
    k = system.index["charge", wall.name]

    def outward(v: Any, p: Any, x: Any) -> Any:
        """Net current over capacitance, V/s."""
        stretch = system.relative_volume(x, wall.inside) ** wall.exponent
        state = system.with_steady_gates(x.at[k].set(v * stretch), p)
        return -system.derivative(state, p)[k]

    slope = jax.grad(outward)
    grid = jnp.asarray(SPAN)

    def find(p: Any, x: Any) -> Any:
        flow = jax.vmap(outward, (0, None, None))(grid, p, x)
        now = system.potential(x, wall)
        crossing = (jnp.sign(flow[:-1]) != jnp.sign(flow[1:])) & (flow[:-1] * flow[1:] <= 0)
        middle = 0.5 * (grid[:-1] + grid[1:])
        falls = outward(now, p, x) > 0  # an outward current makes V fall
        ahead = crossing & jnp.where(falls, grid[:-1] <= now, grid[1:] >= now)
        candidates = jnp.where(ahead.any(), ahead, crossing)
        chosen = jnp.argmin(jnp.where(candidates, jnp.abs(middle - now), jnp.inf))
        sign = jnp.sign(flow[chosen])

        def halve(_: Any, ends: Any) -> Any:
            low, high = ends
            half = 0.5 * (low + high)
            same = jnp.sign(outward(half, p, x)) == sign
            return jnp.where(same, half, low), jnp.where(same, high, half)

        low, high = jax.lax.fori_loop(0, HALVINGS, halve, (grid[chosen], grid[chosen + 1]))
        v = jax.lax.fori_loop(0, NEWTON, lambda _, v: v - outward(v, p, x) / slope(v, p, x), 0.5 * (low + high))
        return jnp.where(crossing.any(), v, jnp.nan)

    def potential(p: Any, x: Any) -> Any:
        v = jax.lax.stop_gradient(find(jax.lax.stop_gradient(p), jax.lax.stop_gradient(x)))
        return v - outward(v, p, x) / jax.lax.stop_gradient(slope(v, p, x))

    return jax.jit(potential)
