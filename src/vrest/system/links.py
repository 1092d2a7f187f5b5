"""Potentials beside those of the membranes: of places that only ions in solution connect.

Membranes join compartments into components, inside which every potential follows from the membranes' charges. What
conducts between two places of one component has the difference of their heights for its drop, and the membranes on the
way feel the charge it moves. Where paths join two components, the potential between them is not a state: it is what
makes all paths between them carry no net current. In the table of moves the same condition is met by bookkeeping: each
ion that moves along a path brings with it a partner, one ion of one path, that carries its charge back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from vrest.errors import InputError
from vrest.model.electrodiffusion import Electrodiffusion
from vrest.model.exchange import Between, Exchange
from vrest.model.rings import Step, way_between, ways
from vrest.physics.namespace import Array, namespace
from vrest.system.structure import Mover, Structure

T = TypeVar("T")

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


@dataclass(frozen=True)
class Network:
    """The components, the way from the ground of each to its compartments, and the links between them."""

    structure: Structure
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

    def moved(self, path: int, exchange: Exchange) -> list[list[Moved]]:
        """What each move of an exchange takes along; what conducts takes the partner that carries its charge back."""
        valence = dict(self.structure.valence)
        moves: list[list[Moved]] = [[(move, exchange.inside, exchange.outside)] for move in exchange.moves(valence)]
        link = self.link_of(path)
        if link is None:
            return moves
        inside, outside = ends(self.structure.movers[link.back])
        sign = dict(zip(link.paths, link.signs, strict=True))
        for ion, move in zip(_carriers(self.structure.movers[path]), moves, strict=True):
            count = -sign[path] * sign[link.back] * valence[ion] / valence[link.partner]
            move.append(({link.partner: count}, inside, outside))
        return self.free(path, moves)

    def free(self, path: int, each: list[T]) -> list[T]:
        """What belongs to the ions of a path that move by their own rate: all but the partner, whose follows."""
        link = self.link_of(path)
        if link is None:
            return each
        pairs = zip(_carriers(self.structure.movers[path]), each, strict=True)
        return [part for ion, part in pairs if (path, ion) != (link.back, link.partner)]

    def balanced(
        self, seen: dict[int, Between], conduction: Callable[[int, Between], tuple[Array, Array]]
    ) -> dict[int, Between]:
        """What each exchange sees, by its number, with the drop at which its link carries no net current.

        `conduction` gives current (A) and conductance (S) of an exchange that sees what is given.
        """
        found = dict(seen)
        for link in self.links:
            current: Array = 0.0
            conductance: Array = 0.0
            for m, sign in zip(link.paths, link.signs, strict=True):
                carried, slope = conduction(m, found[m])
                current, conductance = current + sign * carried, conductance + slope
            xp = namespace(current, conductance)
            some = conductance > 0  # a link that is off has no current either
            u = -xp.where(some, current, 0.0) / xp.where(some, conductance, 1.0)
            for m, sign in zip(link.paths, link.signs, strict=True):
                found[m] = replace(found[m], drop=found[m].drop + sign * u)
        return found


def network_of(structure: Structure) -> Network:
    """Components and links of a structure.

    Raises
    ------
    InputError
        Paths that close a ring of components: their currents would need more than one condition; and what conducts
        between components by a law that such a condition cannot be solved for.
    """
    exchanges = [(m, mover) for m, mover in enumerate(structure.movers) if issubclass(mover.kind, Exchange)]
    wires = [("", *ends(mover)) for _, mover in exchanges if kind_of(mover).holds]
    tree = [(wall.name, wall.inside, wall.outside) for wall in structure.tree]
    component, found = ways([space.name for space in structure.spaces], [*wires, *tree])
    pairs: dict[tuple[str, str], list[tuple[int, float]]] = {}
    joined = {name: name for name in component.values()}
    for m, mover in exchanges:
        inside, outside = ends(mover)
        a, b = component[inside], component[outside]
        if not kind_of(mover).conducts or a == b:  # the drop is that of the membranes on the way
            continue
        if not kind_of(mover).linear:
            raise InputError(
                f"{kind_of(mover).kind} '{mover.label}' joins '{inside}' and '{outside}', between which no membrane "
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
                f"{kind_of(mover).kind} '{mover.label}' closes a ring: '{inside}' and '{outside}' are joined already.",
                code="ring_of_paths",
                hint="Join the compartments in a chain or a tree.",
            )
        else:
            pairs[a, b] = [(m, 1.0)]
            old = joined[b]
            joined = {name: joined[a] if root == old else root for name, root in joined.items()}
    links = tuple(_link(structure, paths) for paths in pairs.values())
    return Network(structure, found, links)


def kind_of(mover: Mover) -> type[Exchange]:
    """The class of an exchange."""
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
        return structure.movers[m].active, not insides.intersection(ends(structure.movers[m]))

    back = max(reversed(paths), key=suits)  # what is on, and outside of cells
    charged = [ion for ion in _carriers(structure.movers[back]) if valence[ion]]
    if not charged:
        raise InputError(
            f"{kind_of(structure.movers[back]).kind} '{structure.movers[back].label}' moves no charged ion.",
            code="not_a_salt",
            hint="List the ions of both charges.",
        )
    return Link(paths, signs, back, charged[-1])


def ends(mover: Mover) -> tuple[str, str]:
    """The compartments that an exchange joins."""
    static: dict[str, Any] = dict(mover.static)
    return static["inside"], static["outside"]
