"""What is static in a cell: which states there are and what each transport moves. Compiled code depends on it.

Numbers (permeabilities, volumes, baths) are not here: they travel as one parameter vector, so that changing
them never recompiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.model.cell import Cell
from vrest.model.exchange import Exchange
from vrest.model.paths import parameters
from vrest.model.quantity import numbers, quantity_maps
from vrest.model.remembered import remembered
from vrest.model.transport import Transport
from vrest.physics.namespace import Array, namespace

ALIKE = 2.0
"""Ratio of two amounts below which either may serve as the more abundant one."""


@dataclass(frozen=True)
class Space:
    """A compartment: its kind and its ions."""

    name: str
    kind: str
    ions: tuple[str, ...]

    @property
    def finite(self) -> bool:
        """Whether its contents are states."""
        return self.kind in ("fixed", "osmotic")


@dataclass(frozen=True)
class Wall:
    """A membrane between two compartments; its area grows as (volume of the inside)^exponent.

    One that `closes` a ring holds no charge: its potential is what the others leave.
    """

    name: str
    inside: str
    outside: str
    exponent: float
    closes: bool = False


@dataclass(frozen=True)
class Mover:
    """A transport in a membrane or an exchange: its class, its static fields, and where its numbers stand."""

    place: str
    label: str
    kind: type[Transport] | type[Exchange]
    static: tuple[tuple[str, object], ...]
    quantities: tuple[str, ...]
    active: bool

    def path(self, quantity: str) -> str:
        """Full path of one of its numbers."""
        if issubclass(self.kind, Transport):
            return f"membranes.{self.place}.transports.{self.label}.{quantity}"
        return f"exchanges.{self.label}.{quantity}"

    def bare(self) -> Transport | Exchange:
        """The transport or exchange without its numbers: what it moves, what it is called."""
        return self.kind.carrying(dict(self.static))

    def carrying(self, numbers: Mapping[str, Array]) -> Any:
        """The transport or exchange with its numbers (SI, traced or not) by their paths, such as `diffusivity.K`."""
        values: dict[str, Any] = {}
        for path, number in numbers.items():
            name, _, key = path.partition(".")
            if key:
                values.setdefault(name, {})[key] = number
            else:
                values[name] = number
        return self.kind.carrying(dict(self.static) | values)


@dataclass(frozen=True)
class Structure:
    """The static description; equal structures share compiled code."""

    valence: tuple[tuple[str, int], ...]
    spaces: tuple[Space, ...]
    walls: tuple[Wall, ...]
    movers: tuple[Mover, ...]
    abundance: tuple[str, ...]
    """Names of the amounts, from the rarest to the most abundant at the start, about."""
    closures: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()
    """Amounts that are tied to others, with the factors."""

    def space(self, name: str) -> Space:
        """A compartment by name."""
        return next(s for s in self.spaces if s.name == name)

    def wall(self, name: str) -> Wall:
        """A membrane by name."""
        return next(w for w in self.walls if w.name == name)

    @property
    def tree(self) -> tuple[Wall, ...]:
        """The membranes that close no ring: each holds a charge of its own, and every potential follows from theirs."""
        return tuple(w for w in self.walls if not w.closes)


def structure_of(cell: Cell, *, only_active: bool = False) -> Structure:
    """The structure of a cell.

    `only_active` leaves out of the bookkeeping what is off at these numbers, so that a total which only it
    could change is recognised as conserved.
    """
    spaces = tuple(Space(n, c.kind, tuple(c.ions)) for n, c in cell.compartments.items())
    walls = tuple(
        Wall(n, m.inside, m.outside, cell.area_exponent(n), m.capacitance is None) for n, m in cell.membranes.items()
    )
    movers = []
    for name, m in cell.membranes.items():
        for label, t in m.transports.items():
            movers.append(_mover(name, label, t, only_active))
    for label, e in cell.exchanges.items():
        movers.append(_mover("", label, e, only_active))
    amounts = [
        (conc * c.start_volume, f"{name}.{symbol}")
        for name, c in cell.compartments.items()
        if c.finite
        for symbol, conc in cell.contents(name).items()
    ]
    used = {s for space in spaces for s in space.ions}
    return Structure(
        valence=tuple((s, z) for s, z in cell.valence().items() if s in used),
        spaces=spaces,
        walls=walls,
        movers=tuple(movers),
        abundance=_ranked(amounts),
        closures=tuple((tied, tuple(terms.items())) for tied, terms in cell.closures.items()),
    )


def _ranked(amounts: list[tuple[float, str]]) -> tuple[str, ...]:
    """Names by amount; those of equal size, as in soma and dendrite, stay in order when one gains a little."""
    groups: list[list[int]] = []
    last = 0.0
    for k in sorted(range(len(amounts)), key=lambda k: amounts[k][0]):
        if not groups or amounts[k][0] > ALIKE * last:
            groups.append([])
        groups[-1].append(k)
        last = amounts[k][0]
    return tuple(amounts[k][1] for group in groups for k in sorted(group))


def _mover(place: str, label: str, part: Transport | Exchange, only_active: bool) -> Mover:
    quantities = tuple(name for name, _, _ in numbers(part))
    tables = {name for name, _ in quantity_maps(part)}
    # of a table of quantities the keys are static
    static = tuple((k, tuple(v) if k in tables else v) for k, v in vars(part).items() if k not in quantities)
    return Mover(place, label, type(part), static, quantities, not (only_active and part.is_off))


def parameter_names(cell: Cell) -> tuple[str, ...]:
    """Paths of the parameter vector: every number of the cell, with volumes and areas made explicit."""
    names = []
    for name, c in cell.compartments.items():
        base = f"compartments.{name}."
        if c.finite:
            names.append(base + "volume")
        else:
            names += [f"{base}ions.{s}" for s in c.ions]
        names += [f"{base}free.{s}" for s in c.free]
        names += [base + "impermeant.concentration", base + "impermeant.valence"]
    for name, m in cell.membranes.items():
        names += [f"membranes.{name}.area"]
        names += [f"membranes.{name}.capacitance"] if m.capacitance is not None else []
    known = parameters(cell)
    names += [p for p in known if ".transports." in p or p.startswith("exchanges.")]
    return ("temperature", *names)


@remembered
def parameter_vector(cell: Cell) -> np.ndarray:
    """The numbers of the cell (SI) in the order of `parameter_names`; (cells, numbers) of a population."""
    return stacked(parameter_entries(cell))


def parameter_entries(cell: Cell) -> tuple[Array, ...]:
    """The same entry by entry: numbers, columns of numbers, or what JAX traces in their place."""
    known = {path: p.value for path, p in parameters(cell).items()}
    for name, c in cell.compartments.items():
        base = f"compartments.{name}."
        if c.finite:
            known[base + "volume"] = c.start_volume
        known[base + "impermeant.concentration"], known[base + "impermeant.valence"] = cell.impermeant(name)
    for name in cell.membranes:
        known[f"membranes.{name}.area"] = cell.area(name)
    return tuple(known[name] for name in parameter_names(cell))


def stacked(values: Sequence[Array]) -> Array:
    """Numbers or columns of numbers, broadcast against each other, as one array with a new last axis."""
    xp = namespace(*values)
    arrays = [xp.asarray(value, dtype=xp.float64) for value in values]
    return xp.stack(xp.broadcast_arrays(*arrays), axis=-1)
