"""Where a state may go, and what a small change of it is: what the solvers are told about a cell."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from vrest.physics.namespace import Array, namespace
from vrest.system.assemble import Entries, System

SWOLLEN = 1e4
"""A volume beyond this many times its start, still growing, is swelling without limit."""


class Allowed:
    """Amounts and volumes stay positive; changes are measured against the size of each state. All entry by entry."""

    def __init__(self, system: System) -> None:
        kinds = [kind for kind, _ in system.states]
        self.system = system
        self.positive = np.array([kind in ("amount", "volume") for kind in kinds])
        self.volume = np.array([kind == "volume" for kind in kinds])
        self.amount = np.array([kind == "amount" for kind in kinds])
        self.independent = np.array(system.laws.independent, dtype=int)
        self.charges = np.flatnonzero([kinds[k] == "charge" for k in system.laws.independent])
        # what a small change is, in the units of the state: mM, volumes, volts, open probability
        self.floor = np.array([{"amount": 0.1, "volume": 0.1, "charge": 0.05, "gate": 0.5}[k] for k in kinds])
        self.least = self.floor[self.independent]

    def tolerance(self, rtol: Array) -> Array:
        """Absolute tolerance of each independent state that goes with a relative one."""
        return rtol * (1e-2 * self.least)

    def scale(self, y: Entries) -> Entries:
        """The size changes of each independent state are measured with."""
        xp = namespace(*y)
        return tuple(xp.maximum(xp.abs(v), floor) for v, floor in zip(y, self.least, strict=True))

    def sizes(self, y: np.ndarray) -> np.ndarray:
        """`scale` of one cell, (independent,)."""
        return np.maximum(np.abs(y), self.least)

    def share(self, x: Entries, moved: Entries) -> Array:
        """The part of a step of the whole state after which everything positive keeps a fifth of itself."""
        import jax.numpy as jnp

        part: Array = 1.0
        for value, move, positive in zip(x, moved, self.positive, strict=True):
            if positive:
                part = jnp.minimum(part, jnp.where(move < 0, -0.8 * value / jnp.where(move < 0, move, -1.0), 1.0))
        return jnp.clip(part, 0.0, 1.0)

    def positive_part(self, y: Entries, c: Entries, matrix: Entries) -> Array:
        """Whether nothing that must be positive is below zero; an ion may be gone."""
        possible: Array = True
        for value, positive in zip(self.system.join_entries(y, c, matrix), self.positive, strict=True):
            possible = possible & (value >= 0) if positive else possible
        return possible

    def swollen(self, x: Entries) -> Array:
        """Whether a volume has left for good."""
        gone: Array = np.False_  # which can be negated, as False cannot
        for value, volume in zip(x, self.volume, strict=True):
            gone = gone | (value > SWOLLEN) if volume else gone
        return gone


@lru_cache(maxsize=256)
def allowed_of(system: System) -> Allowed:
    """One for each system, for what asks often."""
    return Allowed(system)
