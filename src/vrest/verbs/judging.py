"""What forbids a rest where a motion has led: contents that still change, an ion that has run out, endless swelling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array, namespace
from vrest.system.assemble import Entries, System
from vrest.units import from_si
from vrest.verbs.allowed import SWOLLEN
from vrest.verbs.vanishing import less_than_one, moved, moves, nearly_gone, vanishes, vanishing

NONE = -1
"""Where no state is such a one."""


class Judged(NamedTuple):
    """What is seen of states, each (...)."""

    imbalance: Array
    """The fastest change of an ion's concentration by what it gains, mM/min; 0 where no contents are states."""
    emptied: Array
    """int: the first amount of which less than one ion is left, unless nothing moves it; `NONE` if there is none."""
    swelling: Array
    """int: the first volume that has passed `SWOLLEN` times its start and still grows; `NONE` if there is none."""


def judged(system: System, x: Entries, p: Entries) -> Judged:
    """What the certificate asks of states, entry by entry."""
    rates = system.derivative_entries(x, p)
    nothing = 0.0 * rates[0]
    xp = namespace(nothing)
    imbalance = nothing
    for gain in gains(system, x, rates).values():
        imbalance = xp.maximum(imbalance, xp.abs(gain))
    swelling = {k: (x[k] > SWOLLEN) & (rates[k] > 0) for k, (kind, _) in enumerate(system.states) if kind == "volume"}
    return Judged(imbalance, emptied(system, x, p), _first(swelling, nothing))


def gains(system: System, x: Entries, rates: Sequence[Array]) -> dict[int, Array]:
    """What each amount gains where the states change by these rates, mM/min, by its place among the states."""
    return {
        k: from_si(rates[k], "concentration_rate") / system.relative_volume(x, name.split(".")[0])
        for k, (kind, name) in enumerate(system.states)
        if kind == "amount"
    }


def emptied(system: System, x: Entries, p: Entries) -> Array:
    """`Judged.emptied`."""
    few = {k: is_few & moved(system, p, k) for k, is_few in less_than_one(system, x, p).items()}
    return _first(few, 0.0 * x[0])


def _first(which: dict[int, Array], like: Array) -> Array:
    """The first place where it is so, in the shape of `like`."""
    xp = namespace(like)
    found = xp.full_like(like, NONE, dtype=int)
    for k in reversed(which):
        found = xp.where(which[k], k, found)
    return found


class Led(NamedTuple):
    """What is seen of states to which a motion has led, each (lanes,) but where it says so."""

    imbalance: Array
    emptied: Array
    swelling: Array
    """As of `Judged`."""
    nearly_gone: Array
    """bool: there is nothing of an amount, not even what rounding leaves."""
    vanishing: Array
    """(states, lanes) bool: amounts that may be on their way to nothing."""
    few: Array
    """bool: less than one ion is left of an amount."""
    goes_on: Array
    """bool: nothing takes amounts of which so little is left."""
    moves: Array
    """(states, lanes) bool: amounts that change faster than that of an ion may that is gone for good."""


@lru_cache(maxsize=64)
def judging(system: System) -> Callable[[tuple[np.ndarray, np.ndarray, np.ndarray], tuple[()]], Led]:
    """(states, parameters, states where the motion began) as rows of lanes -> `Led`, as machine code."""

    def judge(lanes: tuple[Array, Array, Array], _: tuple[()]) -> Led:
        import jax.numpy as jnp

        x, p, x0 = (tuple(jnp.unstack(part)) for part in lanes)
        none = jnp.zeros_like(x[0], dtype=bool)

        def rows(of: dict[int, Array]) -> Array:
            return jnp.stack([of.get(k, none) for k in range(len(x))])

        return Led(
            *judged(system, x, p),
            nearly_gone(system, x, p),
            rows(vanishing(system, x, x0, p)),
            jnp.any(rows(less_than_one(system, x, p)), axis=0),
            vanishes(system, x, p),
            rows(moves(system, system.derivative_entries(x, p))),
        )

    return Kernel(judge, system.key("judge"))
