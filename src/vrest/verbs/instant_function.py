"""The potential at which a frozen cell carries no net current, as a function that JAX differentiates."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from vrest.system.assemble import System, entries
from vrest.verbs.instant import net_current, potentials_at_once, steady_at


@lru_cache(maxsize=64)
def at_once(system: System) -> Any:
    """(p, x) -> V of the only membrane, in V, as `instant` has it: contents frozen, gates steady; NaN where none is.

    Of several zero-current potentials it is the one that the membrane drifts to from where x has it. The
    Newton step carries the derivative: V = v - I(v, a)/I'(v) has dV = -(dI/da) da/I' by the implicit function theorem.
    """
    import jax
    import jax.numpy as jnp

    import vrest.numerics.compiler.backend  # noqa: F401

    (wall,) = system.structure.walls

    def outward(v: Any, p: Any, x: Any) -> Any:
        """Net current, A."""
        return net_current(system, steady_at(system, x, wall, v, p), p, wall)

    def potential(p: Any, x: Any) -> Any:
        held = (entries(jax.lax.stop_gradient(values)) for values in (x, p))
        (v,), _ = potentials_at_once(system, *held)
        flow, slope = jax.jvp(lambda v: outward(v, p, x), (v,), (jnp.ones_like(v),))
        return v - flow / jax.lax.stop_gradient(slope)

    return jax.jit(potential)
