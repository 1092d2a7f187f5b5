"""What forbids a rest where a motion has led: contents that still change, an ion that has run out, endless swelling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vrest.constants import N_A
from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array, namespace
from vrest.system.assemble import Entries, System
from vrest.units import from_si
from vrest.verbs.allowed import SWOLLEN

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
    few = {
        k: x[k] * system.unit(p, k) * N_A < 1.0
        for k, (kind, _) in enumerate(system.states)
        if kind == "amount" and system.table[k].any()
    }
    return _first(few, 0.0 * x[0])


def _first(which: dict[int, Array], like: Array) -> Array:
    """The first place where it is so, in the shape of `like`."""
    xp = namespace(like)
    found = xp.full_like(like, NONE, dtype=int)
    for k in reversed(which):
        found = xp.where(which[k], k, found)
    return found


@lru_cache(maxsize=64)
def judging(system: System) -> Callable[[tuple[np.ndarray, np.ndarray], tuple[()]], Judged]:
    """`judged` as machine code: (states, parameters) as rows of lanes -> (lanes,) each."""

    def judge(lanes: tuple[Array, Array], _: tuple[()]) -> Judged:
        import jax.numpy as jnp

        x, p = (tuple(jnp.unstack(part)) for part in lanes)
        return judged(system, x, p)

    return Kernel(judge, system.key("judge"))
