"""Samples that a loop takes on its way: by XLA, or as `lowering` writes them.

`lowering` knows these functions by their names and never looks inside; there they cost one store or load.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp


@partial(jax.jit, static_argnums=0)
def sample_room(rows: int, times: Any, like: Any) -> Any:
    """(rows, times, *like.shape) to put samples into."""
    return jnp.full((rows, *times.shape, *jnp.shape(like)), jnp.nan) + 0.0 * like


@jax.jit
def sample_put(samples: Any, place: Any, values: tuple[Any, ...], where: Any) -> Any:
    """The samples with one value for each row at a place, each lane at its own, where it is asked."""
    place = jnp.where(where, place, samples.shape[1])
    lanes = [jnp.arange(size) for size in samples.shape[2:]]
    return samples.at[(slice(None), place, *lanes)].set(jnp.stack(values), mode="drop")


@jax.jit
def sample_time(times: Any, place: Any) -> Any:
    """The time at a place."""
    return times[place]
