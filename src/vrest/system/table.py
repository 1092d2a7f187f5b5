"""The table N of x' = N r(x): what a turnover of each transport adds to each state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vrest.model.transport import ATP, CHARGE, WATER, Transport
from vrest.system.links import Moved, Network
from vrest.system.structure import Structure, Wall


@dataclass(frozen=True)
class Column:
    """One move: which mover, and what a turnover adds to each state (natural units) and spends in ATP."""

    mover: int
    adds: dict[int, float]
    atp: float


def columns_of(structure: Structure, network: Network, index: Mapping[tuple[str, str], int]) -> tuple[Column, ...]:
    """Every move of every transport and exchange; `index` says where a state (kind, name) stands."""
    columns = []
    for m, mover in enumerate(structure.movers):
        bare = mover.bare()
        if isinstance(bare, Transport):
            wall = structure.wall(mover.place)
            moved: list[list[Moved]] = [[(bare.stoichiometry(), wall.inside, wall.outside)]]
        else:
            wall, moved = None, network.moved(m, bare)
        columns += [_column(structure, network, index, m, each, wall, bool(bare.counter_charge)) for each in moved]
    return tuple(columns)


def _column(
    structure: Structure,
    network: Network,
    index: Mapping[tuple[str, str], int],
    m: int,
    moved: list[Moved],
    wall: Wall | None,
    countered: bool,
) -> Column:
    """One column of the table; the charge it moves is put on its membrane, or on those that an exchange passes."""
    adds: dict[int, float] = {}
    charge: dict[str, float] = {}
    valence = dict(structure.valence)
    for move, inside, outside in moved:
        for species, count in move.items():
            if species == ATP:
                continue
            if species == CHARGE:
                charge[inside] = charge.get(inside, 0.0) - count
                charge[outside] = charge.get(outside, 0.0) + count
                continue
            kind, suffix = ("volume", "") if species == WATER else ("amount", f".{species}")
            for side, sign in ((inside, -1.0), (outside, 1.0)):
                state = index.get((kind, side + suffix))
                if state is not None and count:
                    adds[state] = adds.get(state, 0.0) + sign * count
                if species != WATER:
                    charge[side] = charge.get(side, 0.0) + sign * valence[species] * count
    if not countered:
        own = wall if wall and not wall.closes else None
        felt = {own.name: charge.get(own.inside, 0.0)} if own else network.felt(charge)
        adds |= {index["charge", name]: gained for name, gained in felt.items() if gained}
    # a published closure replaces the row of N: that it holds is then found among the conserved totals
    for tied, terms in structure.closures:
        change = sum(factor * adds.get(index["amount", name], 0.0) for name, factor in terms)
        adds.pop(index["amount", tied], None)
        if change:
            adds[index["amount", tied]] = change
    return Column(m, adds, sum(float(move.get(ATP, 0.0)) for move, _, _ in moved))
