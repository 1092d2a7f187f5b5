"""What is static in a cell: which states there are and what each transport moves. Compiled code depends on it.

Numbers (permeabilities, volumes, baths) are not here: they travel as one parameter vector, so that changing
them never recompiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vrest.model.cell import Cell
from vrest.model.exchange import Exchange
from vrest.model.quantity import numbers, quantity_maps
from vrest.model.remembered import remembered, remembered_of_form
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
    return structured(cell, *told_by_numbers(cell, only_active))


def told_by_numbers(cell: Cell, only_active: bool) -> tuple[tuple[bool, ...], tuple[str, ...]]:
    """All that its numbers say about the structure of a cell: which movers are active, and the abundance of amounts."""
    parts = [*(t for m in cell.membranes.values() for t in m.transports.values()), *cell.exchanges.values()]
    amounts = [
        (conc * c.start_volume, f"{name}.{symbol}")
        for name, c in cell.compartments.items()
        if c.finite
        for symbol, conc in cell.contents(name).items()
    ]
    return tuple(not (only_active and part.is_off) for part in parts), _ranked(amounts)


def structured(cell: Cell, active: tuple[bool, ...], abundance: tuple[str, ...]) -> Structure:
    """The structure of a cell of whose numbers so much is told."""
    form = _form(cell)
    movers = tuple(replace(mover, active=on) for mover, on in zip(form.movers, active, strict=True))
    return replace(form, movers=movers, abundance=abundance)


@remembered_of_form
def _form(cell: Cell) -> Structure:
    """The structure of a cell as far as its numbers do not matter."""
    spaces = tuple(Space(n, c.kind, tuple(c.ions)) for n, c in cell.compartments.items())
    walls = tuple(
        Wall(n, m.inside, m.outside, cell.area_exponent(n), m.capacitance is None) for n, m in cell.membranes.items()
    )
    movers = [_mover(name, label, t) for name, m in cell.membranes.items() for label, t in m.transports.items()]
    movers += [_mover("", label, e) for label, e in cell.exchanges.items()]
    used = {s for space in spaces for s in space.ions}
    return Structure(
        valence=tuple((s, z) for s, z in cell.valence().items() if s in used),
        spaces=spaces,
        walls=walls,
        movers=tuple(movers),
        abundance=(),
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


def _mover(place: str, label: str, part: Transport | Exchange) -> Mover:
    quantities = tuple(name for name, _, _ in numbers(part))
    tables = {name for name, _ in quantity_maps(part)}
    # of a table of quantities the keys are static
    static = tuple((k, tuple(v) if k in tables else v) for k, v in vars(part).items() if k not in quantities)
    return Mover(place, label, type(part), static, quantities, active=True)


@remembered_of_form
def parameter_names(cell: Cell) -> tuple[str, ...]:
    """Paths of the parameter vector: every number of the cell, with volumes and areas made explicit."""
    return tuple(name for name, _ in _numbers(cell))


@remembered
def parameter_vector(cell: Cell) -> np.ndarray:
    """The numbers of the cell (SI) in the order of `parameter_names`; (cells, numbers) of a population."""
    return stacked(parameter_entries(cell))


def parameter_entries(cell: Cell) -> tuple[Array, ...]:
    """The same entry by entry: numbers, columns of numbers, or what JAX traces in their place."""
    return tuple(value for _, value in _numbers(cell))


def _numbers(cell: Cell) -> Iterator[tuple[str, Array]]:
    yield "temperature", cell.temperature
    for name, c in cell.compartments.items():
        base = f"compartments.{name}."
        if c.finite:
            yield base + "volume", c.start_volume
        else:
            yield from ((f"{base}ions.{s}", value) for s, value in c.ions.items())
        yield from ((f"{base}free.{s}", share) for s, share in c.free.items())
        concentration, valence = cell.impermeant(name)
        yield base + "impermeant.concentration", concentration
        yield base + "impermeant.valence", valence
    for name, m in cell.membranes.items():
        yield f"membranes.{name}.area", cell.area(name)
        if m.capacitance is not None:
            yield f"membranes.{name}.capacitance", m.capacitance
    for name, m in cell.membranes.items():
        for label, t in m.transports.items():
            yield from ((f"membranes.{name}.transports.{label}.{path}", value) for path, value, _ in numbers(t))
    for label, e in cell.exchanges.items():
        yield from ((f"exchanges.{label}.{path}", value) for path, value, _ in numbers(e))


def stacked(values: Sequence[Array]) -> Array:
    """Numbers or columns of numbers, broadcast against each other, as one array with a new last axis."""
    if all(isinstance(v, float) or (isinstance(v, np.ndarray) and not v.ndim) for v in values):
        return np.array(values, dtype=np.float64)  # of one cell: asked most often, and quicker so
    xp = namespace(*values)
    arrays = [xp.asarray(value, dtype=xp.float64) for value in values]
    alike = len({array.shape for array in arrays}) == 1
    return xp.stack(arrays if alike else xp.broadcast_arrays(*arrays), axis=-1)
