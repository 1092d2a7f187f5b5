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
    """The samples with values for all rows at a place, each lane at its own, where it is asked.

    values: (*lanes) of one row each, or (rows, *lanes) of several.
    """
    place, wide = jnp.where(where, place, samples.shape[1]), samples.shape[2:]
    lanes = [jnp.arange(size) for size in wide]
    rows = jnp.concatenate([jnp.reshape(v, (-1, *wide)) for v in values])
    return samples.at[(slice(None), place, *lanes)].set(rows, mode="drop")


@operation(lambda times, place: place.shape)
def sample_time(times: Any, place: Any) -> Any:
    """The time at a place."""
    return times[place]
