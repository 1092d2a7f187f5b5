"""Totals that are conserved only where some transports are exactly off, lane by lane, in one set of equations.

A transport that is off leaves totals conserved that it alone could change. Cells in which it is off then have fewer
independent states than the others. So that one kernel serves all, each keeps a place for every independent state y of
the whole structure, and those that follow from a further total are held:

    y[k] = total[k] + sum_j B[k, j] y[j],   total[k]' = 0.

The search moves z: the total where a state is held, the state itself elsewhere. A combination of transports that are
off is then numbers alone: which states are held, and B.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import numpy as np

from vrest.physics.namespace import Array, namespace
from vrest.system.assemble import Entries, System
from vrest.system.laws import Laws, conserved

BEYOND = 8.0
"""Times the largest rate on the diagonal, which the slowest rate of a stable system cannot exceed: so fast a state that
is held seems to relax. Larger would hide slow rates in rounding."""


class Totals(NamedTuple):
    """What is held in each lane."""

    held: Entries
    """bool, one for each of `Holdable.places`."""
    factors: Entries
    """B in the units of the states, one for each of `Holdable.pairs`."""


@dataclass(frozen=True)
class Holdable:
    """Which of the independent states may be held, and which others they may follow; places among the independent."""

    independent: int
    places: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    """(k, j) where B may have an entry."""

    @property
    def rows(self) -> int:
        """How many numbers say what is held: 0 or 1 for each independent state, then B at each of the pairs."""
        return self.independent + len(self.pairs)

    def numbers(self, laws: Laws) -> np.ndarray:
        """(rows,) what is held by these laws of the independent states, B in natural units."""
        found = np.zeros(self.rows)
        found[list(laws.dependent)] = 1.0
        for k, row in zip(laws.dependent, laws.combination, strict=True):
            for j, factor in zip(laws.independent, row.tolist(), strict=True):
                if factor:
                    found[self.independent + self.pairs.index((k, j))] = factor
        return found

    def totals(self, system: System, hold: Entries, p: Entries) -> Totals:
        """What is held where these are the numbers, entry by entry."""
        units, at = system.units(p), system.laws.independent
        given = zip(self.pairs, hold[self.independent :], strict=True)
        factors = tuple(factor * (units[at[j]] / units[at[k]]) for (k, j), factor in given)
        return Totals(tuple(hold[k] != 0.0 for k in self.places), factors)

    def started(self, y: Entries, before: Entries, totals: Totals) -> Entries:
        """z where the independent states are y, with the totals of other states."""
        own = list(before)
        for (k, j), factor in zip(self.pairs, totals.factors, strict=True):
            own[k] = own[k] - factor * before[j]
        z = list(y)
        for k, held in zip(self.places, totals.held, strict=True):
            z[k] = namespace(held).where(held, own[k], z[k])
        return tuple(z)

    def states(self, z: Entries, totals: Totals) -> Entries:
        """The independent states; or how they change as z does."""
        y = list(z)
        for (k, j), factor in zip(self.pairs, totals.factors, strict=True):
            y[k] = y[k] + factor * z[j]
        return tuple(y)

    def still(self, slopes: Entries, totals: Totals) -> Entries:
        """z' from y'."""
        moved = list(slopes)
        for k, held in zip(self.places, totals.held, strict=True):
            moved[k] = namespace(held).where(held, 0.0, moved[k])
        return tuple(moved)

    def relaxing(self, jacobian: Mapping[tuple[int, int], Array], totals: Totals) -> dict[tuple[int, int], Array]:
        """The Jacobian of z' with what is held falling back to its total, more quickly than the slowest rate.

        What is held adds an eigenvalue each, which is zero otherwise. The sum of the others' real parts is the sum of
        their diagonal, so the largest is no less than the least of that.
        """
        held = dict(zip(self.places, totals.held, strict=True))
        xp = namespace(*jacobian.values())
        own = [(k, jacobian[k, k]) for k in range(self.independent) if (k, k) in jacobian]
        sizes = [xp.where(held[k], 0.0, xp.abs(v)) if k in held else xp.abs(v) for k, v in own]
        rate = BEYOND * reduce(xp.maximum, sizes)
        entries = dict(jacobian)
        for k, is_held in held.items():
            entries[k, k] = xp.where(is_held, -rate, jacobian.get((k, k), 0.0))
        return entries


def holdable(system: System, each: Iterable[Laws]) -> Holdable:
    """What may be held where any of these laws of the independent states hold."""
    places: set[int] = set()
    pairs: set[tuple[int, int]] = set()
    for laws in each:
        places |= {*laws.dependent}
        rows, columns = np.nonzero(laws.combination)
        pairs |= {(laws.dependent[row], laws.independent[column]) for row, column in zip(rows, columns, strict=True)}
    return Holdable(len(system.laws.independent), tuple(sorted(places)), tuple(sorted(pairs)))


def further(system: System, active: Iterable[int]) -> Laws:
    """The laws that the independent states obey, by their places, where only these columns of the table are active."""
    rows = [k for k in system.laws.independent if system.states[k][0] != "gate"]
    return conserved(system.table[np.ix_(rows, list(active))], list(range(len(rows))))
