"""Numbers by name, in dictionaries of a dataclass, and the same as rows that machine code fills for many states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any, NamedTuple, TypeVar

import numpy as np

from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array, namespace
from vrest.system.assemble import Entries
from vrest.units import from_si

T = TypeVar("T")
"""A dataclass whose fields are numbers, or dictionaries of them, nested or not."""


class Row(NamedTuple):
    """What a row is: a quantity, where it is read, and its unit."""

    quantity: str
    """The name of its field."""
    place: tuple[str, ...]
    """Keys of its dictionaries, such as ("neuron", "K"); empty for one of the whole cell."""
    unit: str


def rows_of(found: object, units: Mapping[str, str]) -> list[Row]:
    """What the row of each value is, by the units of the quantities."""
    return [Row(quantity, place, units[quantity]) for quantity, place, _ in flat(found)]


def numbered(found: T) -> T:
    """With the number of its row in place of each value."""
    row = count()
    return _mapped(lambda _: next(row), found)


def in_door_units(
    found: object, dimensions: Mapping[str, str], units: Mapping[str, str], like: Array
) -> tuple[Array, ...]:
    """Each value, in SI, in the unit of its quantity and of the shape of `like`; NumPy's or traced."""
    xp = namespace(like)
    return tuple(
        xp.broadcast_to(from_si(value, dimensions[quantity], units[quantity]), like.shape)
        for quantity, _, value in flat(found)
    )


def row_kernel(fill: Callable[[Entries, Entries], Entries], key: str) -> Kernel:
    """A function of states and parameters entry by entry, as machine code: both as rows of lanes -> (rows, lanes)."""

    def stacked(lanes: tuple[Array, Array], _: tuple[()]) -> Array:
        import jax.numpy as jnp

        x, p = (tuple(jnp.unstack(part)) for part in lanes)
        return jnp.stack(fill(x, p))

    return Kernel(stacked, key)


def by_name(kernel: Kernel, layout: T, x: np.ndarray, p: np.ndarray) -> T:
    """What a kernel of rows finds, by name; of the shape of the states after their first axis.

    `layout` has the number of its row for each value. x, p: (states, ...) and (parameters, ...) SI. Plain numbers for a
    single state.
    """
    lanes = x.shape[1:]
    found = kernel((x.reshape(len(x), -1), p.reshape(len(p), -1)), ())
    values = found.reshape(len(found), *lanes) if lanes else found[:, 0].tolist()
    return _mapped(values.__getitem__, layout)


def _mapped(function: Callable[[Any], Any], found: T) -> T:
    """With each value through a function."""

    def inside(value: Any) -> Any:
        return {key: inside(part) for key, part in value.items()} if isinstance(value, dict) else function(value)

    return type(found)(**{name: inside(part) for name, part in vars(found).items()})


def flat(found: object) -> Iterator[tuple[str, tuple[str, ...], Array]]:
    """(quantity, place, value) of each."""

    def inside(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Array]]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield from inside(part, (*place, key))
        else:
            yield place, value

    for quantity, part in vars(found).items():
        yield from ((quantity, *each) for each in inside(part, ()))
