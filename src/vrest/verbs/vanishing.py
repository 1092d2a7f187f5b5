"""Which ions are on their way to nothing, entry by entry: asked of one state, and in machine code of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from vrest.constants import N_A
from vrest.physics.namespace import Array, namespace
from vrest.system.assemble import Entries, System
from vrest.units import from_si
from vrest.verbs.allowed import SWOLLEN

GONE, LITTLE = 1e-3, 1e-2
"""Less than this share of what was there, or than one ion, and less than so many mM, may be on its way to nothing."""

ROUNDING = 4 * np.finfo(np.float64).eps
"""Of all ions of a compartment: an amount that follows from the others' has as much of an error."""

COMES_BACK = 1e-6
"""mM/min that nothing may move of an ion that is gone."""


def vanishing(system: System, x: Entries, x0: Entries, p: Entries) -> dict[int, Array]:
    """By its place among the states, whether an amount may be on its way to nothing at the end of a motion from x0.

    Where a cell has swollen for good none is: all are diluted.
    """
    rates = system.derivative_entries(x, p)
    swollen = _any({k: x[k] > SWOLLEN for k, (kind, _) in enumerate(system.states) if kind == "volume"}, x[0])
    return {
        k: (x[k] < LITTLE)
        & (x[k] < namespace(x[k], few).maximum(GONE * x0[k], few))
        & ~(from_si(rates[k], "concentration_rate") > COMES_BACK)
        & moved(system, p, k)
        & ~swollen
        for k, few in least(system, x, p).items()
    }


def least(system: System, x: Entries, p: Entries) -> dict[int, Array]:
    """Less of an amount than this is nothing, mM: one ion, or what rounding leaves of one that follows from a total."""
    whole: dict[str, Array] = {}
    one = {k: 1.0 / (N_A * system.unit(p, k)) for k, (kind, _) in enumerate(system.states) if kind == "amount"}
    for k in one:
        space = system.states[k][1].split(".")[0]
        whole[space] = whole.get(space, 0.0) + namespace(x[k]).abs(x[k])
    return {
        k: namespace(few, x[k]).maximum(ROUNDING * whole[system.states[k][1].split(".")[0]], few)
        for k, few in one.items()
    }


def nearly_gone(system: System, x: Entries, p: Entries) -> Array:
    """Whether there is nothing of an amount, by `least`."""
    return _any({k: x[k] < few for k, few in least(system, x, p).items()}, x[0])


def vanishes(system: System, x: Entries, p: Entries) -> Array:
    """Whether nothing takes amounts of less than one ion: without them their rates are finite, none negative."""
    few = less_than_one(system, x, p)
    without, most = list(x), 0.0 * x[0]
    for k, value in enumerate(x):
        xp = namespace(value, most)
        most = xp.maximum(most, xp.abs(value))
        without[k] = xp.where(few[k], 0.0, value) if k in few else value
    rates = system.derivative_entries(tuple(without), p)
    slight = -np.finfo(float).eps * most
    taken = {k: is_few & ~(namespace(rates[k]).isfinite(rates[k]) & (rates[k] >= slight)) for k, is_few in few.items()}
    return ~_any(taken, x[0])


def less_than_one(system: System, x: Entries, p: Entries) -> dict[int, Array]:
    """Of each amount, whether less than one ion is left."""
    amounts = [k for k, (kind, _) in enumerate(system.states) if kind == "amount"]
    return {k: x[k] * system.unit(p, k) * N_A < 1.0 for k in amounts}


def moved(system: System, p: Entries, k: int) -> Array:
    """Whether anything that is not off moves a state."""
    on: dict[int, Array] = {}
    for m in {column.mover for column in system.columns if k in column.adds}:
        mover = system.structure.movers[m]
        on[m] = not mover.kind.strength or system.get(p, mover.path(mover.kind.strength)) != 0.0
    return _any(on, p[0])


def moves(system: System, rates: Sequence[Array]) -> dict[int, Array]:
    """Of each amount, whether it changes faster than that of an ion that is gone may."""
    return {
        k: namespace(rates[k]).abs(from_si(rates[k], "concentration_rate")) > COMES_BACK
        for k, (kind, _) in enumerate(system.states)
        if kind == "amount"
    }


def _any(each: Mapping[int, Array], like: Array) -> Array:
    """Whether any is so, in the shape of `like`."""
    found = 0.0 * like != 0.0
    for is_so in each.values():
        found = found | is_so
    return found
