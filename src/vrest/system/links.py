"""Potentials beside those of the membranes: of places that only ions in solution connect.

Membranes join compartments into components, inside which every potential follows from the membranes' charges. What
conducts between two places of one component has the difference of their heights for its drop, and the membranes on the
way feel the charge it moves. Where paths join two components, the potential between them is not a state: it is what
makes all paths between them carry no net current. In the table of moves the same condition is met by bookkeeping: each
ion that moves along a path brings with it a partner, one ion of one path, that carries its charge back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vrest.errors import InputError
from vrest.model.electrodiffusion import Electrodiffusion
from vrest.model.exchange import Between, Exchange
from vrest.model.rings import Step, way_between, ways
from vrest.physics.namespace import namespace
from vrest.system.structure import Mover, Structure

if TYPE_CHECKING:
    from vrest.system.assemble import System

Moved = tuple[Mapping[str, float], str, str]
"""What a turnover moves, from which compartment and to which."""


@dataclass(frozen=True)
class Link:
    """All the paths that join the same two components."""

    paths: tuple[int, ...]
    """Numbers of the movers."""
    signs: tuple[float, ...]
    """+1 for a path whose inside lies in the first component."""
    back: int
    """The path, and its ion, that carries back the charge of every other move."""
    partner: str

    def free(self, path: int, carriers: Sequence[str]) -> list[int]:
        """Which ions of a path move by their own rate: all but the partner, whose rate follows from theirs."""
        return [k for k, ion in enumerate(carriers) if (path, ion) != (self.back, self.partner)]


@dataclass(frozen=True)
class Network:
    """The components, the way from the ground of each to its compartments, and the links between them."""

    ways: Mapping[str, tuple[Step, ...]]
    links: tuple[Link, ...]

    def felt(self, charge: Mapping[str, float]) -> dict[str, float]:
        """What each membrane gains inside when its component's compartments gain charges that add up to none."""
        gained: dict[str, float] = {}
        for space, moved in charge.items():
            for wall, sign in self.ways[space]:
                gained[wall] = gained.get(wall, 0.0) + sign * moved
        return gained

    def link_of(self, path: int) -> Link | None:
        """The link that a path belongs to; none where membranes join both its ends."""
        return next((link for link in self.links if path in link.paths), None)

    def around(self, inside: str, outside: str) -> list[Step]:
        """The membranes of the tree whose potentials make up that between two compartments, with their signs."""
        return way_between(self.ways, inside, outside)


def network_of(structure: Structure) -> Network:
    """Components and links of a structure.

    Raises
    ------
    InputError
        Paths that close a ring of components: their currents would need more than one condition; and what conducts
        between components by a law that such a condition cannot be solved for.
    """
    exchanges = [(m, mover) for m, mover in enumerate(structure.movers) if issubclass(mover.kind, Exchange)]
    wires = [("", *_sides(mover)) for _, mover in exchanges if _kind(mover).holds]
    tree = [(wall.name, wall.inside, wall.outside) for wall in structure.tree]
    component, found = ways([space.name for space in structure.spaces], [*wires, *tree])
    pairs: dict[tuple[str, str], list[tuple[int, float]]] = {}
    joined = {name: name for name in component.values()}
    for m, mover in exchanges:
        inside, outside = _sides(mover)
        a, b = component[inside], component[outside]
        if not _kind(mover).conducts or a == b:  # the drop is that of the membranes on the way
            continue
        if not _kind(mover).linear:
            raise InputError(
                f"{_kind(mover).kind} '{mover.label}' joins '{inside}' and '{outside}', between which no membrane "
                "leads: its current has no way back.",
                code="no_way_back",
                hint=f"Join '{a}' and '{b}' with a wire if they are one saline.",
            )
        if (b, a) in pairs:
            pairs[b, a].append((m, -1.0))
        elif (a, b) in pairs:
            pairs[a, b].append((m, 1.0))
        elif joined[a] == joined[b]:
            raise InputError(
                f"{_kind(mover).kind} '{mover.label}' closes a ring: '{inside}' and '{outside}' are joined already.",
                code="ring_of_paths",
                hint="Join the compartments in a chain or a tree.",
            )
        else:
            pairs[a, b] = [(m, 1.0)]
            old = joined[b]
            joined = {name: joined[a] if root == old else root for name, root in joined.items()}
    links = tuple(_link(structure, paths) for paths in pairs.values())
    return Network(found, links)


def _kind(mover: Mover) -> type[Exchange]:
    assert issubclass(mover.kind, Exchange)
    return mover.kind


def _carriers(mover: Mover) -> tuple[str, ...]:
    """The ions that a path moves, in the order of its moves."""
    static: dict[str, Any] = dict(mover.static)
    return static["diffusivity"] if mover.kind is Electrodiffusion else static["ions"]


def _link(structure: Structure, found: list[tuple[int, float]]) -> Link:
    valence = dict(structure.valence)
    paths, signs = zip(*found, strict=True)
    insides = {wall.inside for wall in structure.walls}

    def suits(m: int) -> tuple[bool, bool]:
        return structure.movers[m].active, not insides.intersection(_sides(structure.movers[m]))

    back = max(reversed(paths), key=suits)  # what is on, and outside of cells
    charged = [ion for ion in _carriers(structure.movers[back]) if valence[ion]]
    if not charged:
        raise InputError(
            f"{_kind(structure.movers[back]).kind} '{structure.movers[back].label}' moves no charged ion.",
            code="not_a_salt",
            hint="List the ions of both charges.",
        )
    return Link(paths, signs, back, charged[-1])


def _sides(mover: Mover) -> tuple[str, str]:
    static: dict[str, Any] = dict(mover.static)
    return static["inside"], static["outside"]


def moved(system: System, m: int, exchange: Exchange) -> list[list[Moved]]:
    """What each move of exchange m takes along; with what conducts goes the partner that carries its charge back."""
    moves: list[list[Moved]] = [[(move, exchange.inside, exchange.outside)] for move in exchange.moves(system.valence)]
    link = system.network.link_of(m)
    if link is None:
        return moves
    carriers = _carriers(system.structure.movers[m])
    inside, outside = _sides(system.structure.movers[link.back])
    sign = dict(zip(link.paths, link.signs, strict=True))
    for ion, move in zip(carriers, moves, strict=True):
        count = -sign[m] * sign[link.back] * system.valence[ion] / system.valence[link.partner]
        move.append(({link.partner: count}, inside, outside))
    return [moves[k] for k in link.free(m, carriers)]


def free_rates(system: System, m: int, exchange: Exchange, here: Between) -> list[Any]:
    """The rates of exchange m, one for each of its moves in the table."""
    rates = exchange.rates(here)
    link = system.network.link_of(m)
    return rates if link is None else [rates[k] for k in link.free(m, _carriers(system.structure.movers[m]))]


def between(system: System, x: Any, p: Any) -> dict[int, Between]:
    """What each exchange sees, by its number; the drop is the one at which its link carries no net current."""
    found: dict[int, Between] = {}
    for m, mover in enumerate(system.structure.movers):
        if not mover.place:
            inside, outside = _sides(mover)
            drop = drop_between(system, x, inside, outside) if _kind(mover).conducts else 0.0
            found[m] = Between(
                system.free(x, p, inside),
                system.free(x, p, outside),
                system.valence,
                system.get(p, "temperature"),
                drop,
            )
    for link in system.network.links:
        current: Any = 0.0
        conductance: Any = 0.0
        for m, sign in zip(link.paths, link.signs, strict=True):
            carried, slope = system.bound(m, p).conduction(found[m])
            current, conductance = current + sign * carried, conductance + slope
        xp = namespace(current, conductance)
        some = conductance > 0  # a link that is off has no current either
        u = -xp.where(some, current, 0.0) / xp.where(some, conductance, 1.0)
        for m, sign in zip(link.paths, link.signs, strict=True):
            found[m] = replace(found[m], drop=found[m].drop + sign * u)
    return found


def drop_between(system: System, x: Any, inside: str, outside: str) -> Any:
    """Potential of one compartment above another, V; of two components, both count from their own grounds."""
    steps = system.network.around(inside, outside)
    return sum(sign * system.potential(x, system.structure.wall(name)) for name, sign in steps)
