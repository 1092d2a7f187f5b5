"""Samples that a loop takes on its way: operations of our own, which `lowering` makes one store or load."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vrest.numerics.compiler.trace import operation


@operation(lambda times, like, rows: (rows, *times.shape, *like.shape))
def sample_room(times: Any, like: Any, rows: int) -> Any:
    """(rows, times, *like.shape) to put samples into."""
    return jnp.full((rows, *times.shape, *jnp.shape(like)), jnp.nan) + 0.0 * like


@operation(lambda samples, *_: samples.shape)
def sample_put(samples: Any, place: Any, where: Any, *values: Any) -> Any:
    """The samples with one value for each row at a place, each lane at its own, where it is asked."""
    place = jnp.where(where, place, samples.shape[1])
    lanes = [jnp.arange(size) for size in samples.shape[2:]]
    return samples.at[(slice(None), place, *lanes)].set(jnp.stack(values), mode="drop")


@operation(lambda times, place: place.shape)
def sample_time(times: Any, place: Any) -> Any:
    """The time at a place."""
    return times[place]
