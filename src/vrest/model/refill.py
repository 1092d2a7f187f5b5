"""Ions of a finite compartment that have a way out and none back, seen in what its transports and exchanges move.

An ion that nothing can move uphill ends where its passive paths let it: at equilibrium with the places of constant
contents that they lead to. Where that is far less than there is at the start, the compartment loses it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from vrest.constants import F, R
from vrest.model.electrodiffusion import Electrodiffusion
from vrest.model.exchange import SaltDiffusion, UntrackedDiffusion
from vrest.model.junctions import GapJunction, GapJunctionGHK
from vrest.model.notice import Notice
from vrest.model.rings import way_between
from vrest.model.transport import ATP, CHARGE
from vrest.tables import joined
from vrest.units import format_si

if TYPE_CHECKING:
    from vrest.model.cell import Cell

DIFFUSION = (SaltDiffusion, UntrackedDiffusion, Electrodiffusion, GapJunction, GapJunctionGHK)
"""Exchanges that move ions down their gradient, whatever their numbers."""

LOST = 0.1
"""Share of what there is at the start below which an ion is lost."""


class _Way(NamedTuple):
    """How one part moves an ion between two places."""

    label: str
    sides: tuple[str, str]
    outward: float
    """Ions that a turnover moves from the first to the second."""
    passive: bool
    one_way: bool
    drop: float
    """V: the first above the second, as far as the ion feels it."""
    counted: bool = True
    """Whether its charge is."""


def unreturned(cell: Cell) -> list[Notice]:
    """Ions that leave a compartment and that nothing brings back."""
    found, valence = [], cell.valence()
    for place, c in cell.compartments.items():
        for ion in c.ions if c.finite else ():
            if valence[ion] and f"{place}.{ion}" not in cell.closures:
                found += _of(cell, place, ion)
    return found


def _of(cell: Cell, place: str, ion: str) -> Iterator[Notice]:
    ways = list(_ways(cell, ion))
    own = [way for way in ways if place in way.sides]
    takes = [way for way in own if way.one_way and (way.outward > 0.0) == (way.sides[0] == place)]
    start = cell.contents(place)[ion]
    if own and len(takes) == len(own):
        text = f"nothing brings {ion} into '{place}', and {_named(takes)} takes it out"
    elif own and (left := _equilibrium(cell, place, ion, ways)) is not None and left < LOST * start:
        if _alone(cell, place, ion, own):
            return
        sizes = " to about ".join(format_si(value, "concentration", digits=3) for value in (start, left))
        text = f"nothing returns {ion} to '{place}': {_named(own)} lets it leave, from {sizes}"
        text += " at the potentials of the start"
    else:
        return
    back = f"Give it a way back (a pump, an exchange with a bath), or hold it: [closures] '{place}.{ion}' = {{}}"
    yield Notice("nothing_returns", f"{text}. {back}")


def _alone(cell: Cell, place: str, ion: str, own: list[_Way]) -> bool:
    """Whether its own charge keeps an ion where it is: nothing else that is charged moves there."""
    valence = cell.valence()
    others = (other for other in cell.contents(place) if other != ion and valence[other])
    parts = (t for m in cell.membranes.values() if place in (m.inside, m.outside) for t in m.transports.values())
    return (
        all(way.counted for way in own)
        and not any(place in way.sides for other in others for way in _ways(cell, other))
        and not any(t.stoichiometry().get(CHARGE) and not t.moved_ions for t in parts if not t.is_off)
    )


def _named(ways: list[_Way]) -> str:
    return joined([f"'{way.label}'" for way in ways])


def _ways(cell: Cell, ion: str) -> Iterator[_Way]:
    """Everything that is on and moves an ion."""
    for name, m in cell.membranes.items():
        for label, t in m.transports.items():
            outward = 0.0 if t.is_off else float(t.moved_ions.get(ion, 0.0))
            if outward:
                spends = bool(t.stoichiometry().get(ATP))
                yield _Way(label, (m.inside, m.outside), outward, t.is_channel, spends, float(cell.potential(name)))
    for name, e in cell.exchanges.items():
        outward = 0.0 if e.is_off else next((move[ion] for move in e.moves(cell.valence()) if move.get(ion)), 0.0)
        if outward:
            drop = _between(cell, e.inside, e.outside) if e.conducts else 0.0
            yield _Way(name, (e.inside, e.outside), outward, isinstance(e, DIFFUSION), False, drop, e.conducts)


def _between(cell: Cell, inside: str, outside: str) -> float:
    """The potential of one place above another, V; 0 where no membranes join them."""
    component, steps = cell.ways()
    if component[inside] != component[outside]:
        return 0.0
    return sum((sign * float(cell.potential(name)) for name, sign in way_between(steps, inside, outside)), 0.0)


def _equilibrium(cell: Cell, place: str, ion: str, ways: list[_Way]) -> float | None:
    """The most of an ion that its passive paths leave in a place at the potentials of the start, mol/m3.

    None where something else moves it on the way, or where they lead to no place of constant contents.
    """
    beta = cell.valence()[ion] * F / (R * cell.temperature)
    height, reached, most = {place: 0.0}, [place], None
    for here in reached:
        for way in ways:
            if here not in way.sides:
                continue
            if not way.passive:
                return None
            inside = way.sides[0] == here
            other = way.sides[1] if inside else way.sides[0]
            level = height[here] + (way.drop if inside else -way.drop)
            if not cell.compartments[other].finite:
                # height is the potential of the place above where the path has come to
                left = cell.contents(other)[ion] * math.exp(-beta * level)
                most = left if most is None else max(most, left)
            elif other not in height:
                height[other] = level
                reached.append(other)
    return most
