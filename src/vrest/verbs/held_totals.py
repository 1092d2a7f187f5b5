"""Which totals are held for each combination of transports that a cell may have exactly off."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from vrest.model.cell import Cell
from vrest.model.remembered import remembered
from vrest.system.assemble import System, assemble
from vrest.system.laws import Laws
from vrest.system.structure import parameter_vector
from vrest.system.totals import Holdable, further, holdable
from vrest.verbs.rest_batch import strengths

ALL_UP_TO = 8
"""Most strengths of a cell of which every combination is carried."""


class Holds(NamedTuple):
    """What a search needs to know of each combination that is carried."""

    holdable: Holdable
    numbers: dict[tuple[int, ...], np.ndarray | None]
    """By which of `strengths` are 0, in order: (holdable.rows,) for a search that holds them; None where nothing moves,
    so that every state is stationary (`Outcome.neutral`)."""


@remembered
def holds(cell: Cell) -> Holds:
    """What is held where some of the `strengths` of a cell are 0: all combinations if these are few.

    Of a cell with more than `ALL_UP_TO` of them those are carried that differ by one strength from none off, or from
    what its description has off; and each of these with all pumps off.
    """
    system = assemble(cell)
    known: dict[frozenset[tuple[float, ...]], Laws] = {}
    laws: dict[tuple[int, ...], Laws] = {}
    movers = [m for m, mover in enumerate(system.structure.movers) if mover.kind.strength]
    for off in carried(cell):
        out = {movers[k] for k in off}
        active = {tuple(system.table[:, j]): j for j, c in enumerate(system.columns) if c.mover not in out}
        if (asked := frozenset(active)) not in known:  # many transports move the same
            known[asked] = further(system, active.values())
        laws[off] = known[asked]
    moving = {off: of for off, of in laws.items() if len(of.dependent) < len(system.laws.independent)}
    form = holdable(system, moving.values())
    return Holds(form, {off: form.numbers(of) if off in moving else None for off, of in laws.items()})


def carried(cell: Cell) -> tuple[tuple[int, ...], ...]:
    """The combinations of `strengths` that are carried, each by what is 0."""
    system, paths = assemble(cell), strengths(cell)
    every = range(len(paths))
    if len(paths) <= ALL_UP_TO:
        return tuple(off for size in range(len(paths) + 1) for off in combinations(every, size))
    p = parameter_vector(cell)
    described = {k for k in every if system.get(p, paths[k]) == 0.0}
    pumps = {k for k in every if paths[k] in _pumps(system)}
    found: set[tuple[int, ...]] = set()
    for base in (set(), described):
        for off in (base, *(base ^ {k} for k in every)):
            found |= {tuple(sorted(off)), tuple(sorted(off | pumps))}
    return tuple(sorted(found, key=lambda off: (len(off), off)))


def _pumps(system: System) -> set[str]:
    """Paths of the strengths of what spends ATP."""
    movers = [system.structure.movers[column.mover] for column in system.columns if column.atp]
    return {mover.path(mover.kind.strength) for mover in movers if mover.kind.strength}
