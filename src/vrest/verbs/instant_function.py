"""The potential at which a frozen cell carries no net current, as a function that JAX differentiates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from vrest.system.assemble import System
from vrest.verbs.instant import SPAN

HALVINGS = 40
"""An interval of 0.5 mV halved so often is 5e-13 mV wide; one Newton step ends at rounding."""


@lru_cache(maxsize=64)
def at_once(system: System) -> Any:
    """(p, x) -> V of the only membrane, in V, as `instant` has it: contents frozen, gates steady; NaN where none is.

    Of several zero-current potentials it is the one that the membrane drifts to from where x has it. The
    Newton step carries the derivative: V = v - I(v, a)/I'(v) has dV = -(dI/da) da/I' by the implicit function theorem.
    """
    import jax
    import jax.numpy as jnp

    import vrest.numerics.compiler.backend  # noqa: F401

    wall = system.structure.walls[0]
    k = system.index["charge", wall.name]

    def outward(v: Any, p: Any, x: Any) -> Any:
        """Net current over capacitance, V/s."""
        stretch = system.relative_volume(x, wall.inside) ** wall.exponent
        state = system.with_steady_gates(x.at[k].set(v * stretch), p)
        return -system.derivative(state, p)[k]

    def find(p: Any, x: Any) -> Any:
        grid = jnp.asarray(SPAN)  # here: an array made while something else is traced belongs to that trace
        now = system.potential(x, wall)
        flows = jax.vmap(outward, (0, None, None))(jnp.append(grid, now), p, x)
        flow, here = flows[:-1], flows[-1]
        crossing = (jnp.sign(flow[:-1]) != jnp.sign(flow[1:])) & (flow[:-1] * flow[1:] <= 0)
        ahead = crossing & jnp.where(here > 0, grid[:-1] <= now, grid[1:] >= now)  # an outward current makes V fall
        candidates = jnp.where(ahead.any(), ahead, crossing)
        away = jnp.abs(0.5 * (grid[:-1] + grid[1:]) - now)
        chosen = jnp.argmin(jnp.where(candidates, away, jnp.inf))
        sign = jnp.sign(flow[chosen])

        def halve(_: Any, ends: Any) -> Any:
            low, high = ends
            half = 0.5 * (low + high)
            same = jnp.sign(outward(half, p, x)) == sign
            return jnp.where(same, half, low), jnp.where(same, high, half)

        low, high = jax.lax.fori_loop(0, HALVINGS, halve, (grid[chosen], grid[chosen + 1]))
        return jnp.where(crossing.any(), 0.5 * (low + high), jnp.nan)

    def potential(p: Any, x: Any) -> Any:
        v = jax.lax.stop_gradient(find(jax.lax.stop_gradient(p), jax.lax.stop_gradient(x)))
        flow, slope = jax.jvp(lambda v: outward(v, p, x), (v,), (jnp.ones_like(v),))
        return v - flow / jax.lax.stop_gradient(slope)

    return jax.jit(potential)
