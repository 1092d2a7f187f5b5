"""From the description of a cell to its equations: x' = N r(x), gates apart.

All bookkeeping is derived from one table: column j of N is what one turnover of transport j adds to each amount,
volume and membrane charge. Charge and matter are conserved because the table says so.

States and their units, chosen to be of order one to a hundred:

- amount of an ion in a finite compartment, divided by its start volume: mol/m3 (mM at the start volume)
- volume of an osmotic compartment, divided by its start volume
- charge of a membrane, divided by its start capacitance: V (the potential while the area keeps its size). It is the
  charge of all that lies beyond the membrane; one that closes a ring has none, and the potential that the others leave
- gates: open probability
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from vrest.constants import F
from vrest.model.cell import Cell
from vrest.model.exchange import Between, Exchange
from vrest.model.gating import find_gating
from vrest.model.remembered import remembered, remembered_of_form
from vrest.model.transport import Surroundings, Transport
from vrest.physics.logistic import logistic
from vrest.physics.namespace import Array, namespace, traced
from vrest.system.laws import Laws, conserved
from vrest.system.links import ends, kind_of, network_of
from vrest.system.structure import (
    Structure,
    Wall,
    parameter_names,
    parameter_vector,
    stacked,
    structured,
    told_by_numbers,
)
from vrest.system.table import Column, columns_of

Entries = tuple[Array, ...]
"""A number, or an array over many cells, for each state or parameter."""
Vector = Array | Entries
"""The same along the last axis of an array, or one by one."""


class System:
    """The equations of one structure. Build it with `assemble`, which shares equal ones."""

    def __init__(self, structure: Structure, names: tuple[str, ...]) -> None:
        self.structure = structure
        self.names = names
        self.valence = dict(structure.valence)
        self.network = network_of(structure)
        self._at = {name: k for k, name in enumerate(names)}
        states: list[tuple[str, str]] = []
        for space in structure.spaces:
            if space.finite:
                states += [("amount", f"{space.name}.{ion}") for ion in space.ions]
        states += [("volume", s.name) for s in structure.spaces if s.kind == "osmotic"]
        states += [("charge", wall.name) for wall in structure.tree]
        bare = {m: mover.bare() for m, mover in enumerate(structure.movers)}
        self.gate_names = {m: part.gates() for m, part in bare.items() if isinstance(part, Transport)}
        for m, gates in self.gate_names.items():
            mover = structure.movers[m]
            states += [("gate", f"{mover.place}.{mover.label}.{g}") for g in gates]
        self.states = tuple(states)
        self.index = {state: k for k, state in enumerate(states)}

    def key(self, what: str) -> str:
        """Names code of its equations by all it depends on apart from this package; "" where a law is a user's own."""
        laws: list[object] = [mover.kind for mover in self.structure.movers]
        laws += [find_gating(str(v)) for mover in self.structure.movers for k, v in mover.static if k == "gating"]
        ours = all(law.__module__.startswith("vrest.") for law in laws)
        return f"{what} {self.structure!r} {self.names!r}" if ours else ""

    # --- the table -----------------------------------------------------------------------------------------

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every move of every transport and exchange."""
        return columns_of(self.structure, self.network, self.index)

    @cached_property
    def table(self) -> np.ndarray:
        """N in natural units (mol, m3, mol of charge per turnover), (states, columns)."""
        table = np.zeros((len(self.states), len(self.columns)))
        for j, column in enumerate(self.columns):
            for state, amount in column.adds.items():
                table[state, j] = amount
        return table

    @cached_property
    def laws(self) -> Laws:
        """Conserved totals over the moves that are active; gates have no table and stay independent."""
        active = [j for j, c in enumerate(self.columns) if self.structure.movers[c.mover].active]
        first = [k for k, (kind, _) in enumerate(self.states) if kind in ("charge", "volume")]
        amounts = [self.index["amount", name] for name in self.structure.abundance]
        rows = first + amounts
        laws = conserved(self.table[np.ix_(rows, active)], list(range(len(rows))))
        gates = [k for k, (kind, _) in enumerate(self.states) if kind == "gate"]
        independent = tuple(rows[i] for i in laws.independent)
        combination = np.hstack([laws.combination, np.zeros((len(laws.dependent), len(gates)))])
        return Laws((*independent, *gates), tuple(rows[i] for i in laws.dependent), combination)

    @cached_property
    def monotone(self) -> bool:
        """Whether nothing can turn the motion: one finite compartment whose currents never fall as V rises."""
        kinds = [mover.kind for mover in self.structure.movers if mover.active]
        plain = all(issubclass(kind, Transport) and kind.monotone for kind in kinds)
        return plain and sum(space.finite for space in self.structure.spaces) == 1

    @cached_property
    def quick(self) -> tuple[int, ...]:
        """Which of the independent states follow the others at once: membrane charges and gates."""
        return tuple(i for i, k in enumerate(self.laws.independent) if self.states[k][0] in ("charge", "gate"))

    # --- the state -----------------------------------------------------------------------------------------

    def unit(self, p: Vector, k: int) -> Array:
        """What one unit of state k is in mol, m3 or mol of charge (gates: 1)."""
        kind, name = self.states[k]
        if kind == "gate":
            return 1.0
        if kind == "charge":
            return self.get(p, f"membranes.{name}.capacitance") * self.get(p, f"membranes.{name}.area") / F
        return self.get(p, f"compartments.{name.split('.')[0]}.volume")

    def units(self, p: Vector) -> Entries:
        """`unit` of every state."""
        return tuple(self.unit(p, k) for k in range(len(self.states)))

    def start(self, cell: Cell) -> np.ndarray:
        """The state that the cell describes; gates at their steady state for the starting potential.

        Of a population, whose parameter vector is (cells, numbers), it is (cells, states).
        """
        return _start(cell, self)

    def with_steady_gates(self, x: Vector, p: Vector) -> Array:
        """The state with every gate at its steady state; entries where x is."""
        values = list(x if isinstance(x, tuple) else entries(x))
        shared: dict[str, Surroundings] = {}
        for m in (m for m, gates in self.gate_names.items() if gates):
            mover = self.structure.movers[m]
            if mover.place not in shared:
                shared[mover.place] = self.surroundings(tuple(values), p, self.structure.wall(mover.place))
            here = self._seen_by(m, shared[mover.place], tuple(values))
            for gate, (opening, closing) in self.bound(m, p).gate_kinetics(here).items():
                values[self.index["gate", f"{mover.place}.{mover.label}.{gate}"]] = opening / (opening + closing)
        return tuple(values) if isinstance(x, tuple) else stacked(values)

    def gate_kinetics(self, x: Vector, p: Vector) -> dict[int, tuple[Array, Array]]:
        """Opening and closing rate (1/s) of every gate, by its place among the states."""
        found: dict[int, tuple[Array, Array]] = {}
        for m in (m for m, gates in self.gate_names.items() if gates):
            mover = self.structure.movers[m]
            here = self._seen_by(m, self.surroundings(x, p, self.structure.wall(mover.place)), x)
            for gate, rates in self.bound(m, p).gate_kinetics(here).items():
                found[self.index["gate", f"{mover.place}.{mover.label}.{gate}"]] = rates
        return found

    def split(self, x0: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Independent states y, constants c and matrix M, so that x[dependent] = c + M y; of one cell or many."""
        laws, units = self.laws, stacked(self.units(p))
        ind, dep = (np.array(rows, dtype=int) for rows in (laws.independent, laws.dependent))
        matrix = laws.combination * units[..., None, ind] / units[..., dep, None]
        y = x0[..., ind]
        return y, x0[..., dep] - (matrix @ y[..., None])[..., 0], matrix

    def split_entries(self, x: Entries, p: Vector) -> tuple[Entries, Entries, Entries]:
        """`split` entry by entry; M row after row. `join_entries` is its inverse."""
        laws, units = self.laws, self.units(p)
        matrix = [
            factor * units[i] / units[d] if factor else 0.0
            for d, row in zip(laws.dependent, laws.combination.tolist(), strict=True)
            for i, factor in zip(laws.independent, row, strict=True)
        ]
        y, width = tuple(x[i] for i in laws.independent), len(laws.independent)
        rows = [matrix[k : k + width] for k in range(0, len(matrix), width)] if width else []
        own = [sum(m * v for m, v in zip(row, y, strict=True)) for row in rows or [()] * len(laws.dependent)]
        return y, tuple(x[d] - part for d, part in zip(laws.dependent, own, strict=True)), tuple(matrix)

    def join(self, y: Array, c: Array, matrix: Array) -> Array:
        """The whole state from its independent part."""
        xp = namespace(y, c, matrix)
        laws = self.laws
        dependent = c + xp.sum(matrix * y[..., None, :], axis=-1)
        both = xp.concat([y, dependent], axis=-1)
        order = np.argsort(np.array([*laws.independent, *laws.dependent]))
        return xp.take(both, xp.asarray(order), axis=-1)

    def join_entries(self, y: Entries, c: Entries, matrix: Entries) -> Entries:
        """The whole state from its independent part, entry by entry; `matrix` row after row."""
        laws = self.laws
        x: list[Array] = [None] * len(self.states)
        for i, state in enumerate(laws.independent):
            x[state] = y[i]
        for row, state in enumerate(laws.dependent):
            x[state] = c[row]
            for i in np.flatnonzero(laws.combination[row]):
                x[state] = x[state] + matrix[row * len(laws.independent) + int(i)] * y[i]
        return tuple(x)

    # --- the equations -------------------------------------------------------------------------------------

    def get(self, p: Vector, name: str) -> Array:
        """One number of the parameter vector by its path."""
        return entry(p, self._at[name])

    def with_values(self, p: Array, values: Mapping[str, Array]) -> Array:
        """A parameter vector, or many, (..., numbers), with other values (SI) by path."""
        if not values:
            return p
        if traced(p, *values.values()):
            numbers = list(entries(p))
            for path, value in values.items():
                numbers[self._at[path]] = value
            return stacked(numbers)
        moved = np.array(p)
        for path, value in values.items():
            moved[..., self._at[path]] = value
        return moved

    def bound(self, m: int, p: Vector) -> Any:
        """Transport or exchange number m carrying the numbers of a parameter vector."""
        mover = self.structure.movers[m]
        return mover.carrying({path: self.get(p, mover.path(path)) for path in mover.quantities})

    def relative_volume(self, x: Vector, space: str) -> Array:
        """Volume over start volume."""
        k = self.index.get(("volume", space))
        return 1.0 if k is None else entry(x, k)

    def volume(self, x: Vector, p: Vector, space: str) -> Array:
        """Volume of a finite compartment, m3; None for one that has none."""
        if not self.structure.space(space).finite:
            return None
        return self.relative_volume(x, space) * self.get(p, f"compartments.{space}.volume")

    def concentrations(self, x: Vector, p: Vector, space: str) -> dict[str, Array]:
        """Concentrations of the ions, mol/m3."""
        s = self.structure.space(space)
        if not s.finite:
            return {ion: self.get(p, f"compartments.{space}.ions.{ion}") for ion in s.ions}
        w = self.relative_volume(x, space)
        return {ion: entry(x, self.index["amount", f"{space}.{ion}"]) / w for ion in s.ions}

    def total_ions(self, x: Vector, p: Vector, space: str) -> Array:
        """Sum of the ions, bound or not, mol/m3; dissolved gases are none."""
        return sum(c for ion, c in self.concentrations(x, p, space).items() if self.valence[ion])

    def free(self, x: Vector, p: Vector, space: str) -> dict[str, Array]:
        """Concentrations of what buffers leave free of the ions, mol/m3: what transports see."""
        content = self.concentrations(x, p, space)
        for ion in content:
            path = f"compartments.{space}.free.{ion}"
            if path in self._at:
                content[ion] = content[ion] * self.get(p, path)
        return content

    def impermeant(self, x: Vector, p: Vector, space: str) -> Array:
        """Concentration of the impermeants, mol/m3."""
        return self.get(p, f"compartments.{space}.impermeant.concentration") / self.relative_volume(x, space)

    def area(self, x: Vector, p: Vector, wall: Wall) -> Array:
        """Membrane area, m2."""
        area = self.get(p, f"membranes.{wall.name}.area")
        if wall.exponent == 0.0:
            return area
        return area * self.relative_volume(x, wall.inside) ** wall.exponent

    def potential(self, x: Vector, wall: Wall) -> Array:
        """V = Q / (C A), V; of a membrane that closes a ring, what the others leave."""
        if wall.closes:
            return self.drop(x, wall.inside, wall.outside)
        q = entry(x, self.index["charge", wall.name])
        if wall.exponent == 0.0:
            return q
        return q / self.relative_volume(x, wall.inside) ** wall.exponent

    def drop(self, x: Vector, inside: str, outside: str) -> Array:
        """Potential of one compartment above another, V; of two components, both count from their own grounds."""
        steps = self.network.around(inside, outside)
        return sum(sign * self.potential(x, self.structure.wall(name)) for name, sign in steps)

    def at_potential(self, x: Vector, wall: Wall, v: Array) -> Array:
        """States (..., n) at other potentials (V) of one membrane, gates and contents kept; entries where x is.

        A membrane that closes a ring takes along the nearest one of the tree.
        """
        moved, sign = wall, 1.0
        if wall.closes:
            steps = self.network.around(wall.inside, wall.outside)
            if not steps:
                return x  # held at 0
            moved, sign = self.structure.wall(steps[0][0]), steps[0][1]
            v = sign * (v - self.potential(x, wall)) + self.potential(x, moved)
        values = list(x if isinstance(x, tuple) else entries(x))
        stretch = self.relative_volume(x, moved.inside) ** moved.exponent if moved.exponent else 1.0
        values[self.index["charge", moved.name]] = v * stretch
        return tuple(values) if isinstance(x, tuple) else stacked(values)

    @cached_property
    def coupled(self) -> bool:
        """Whether some charge that moves is felt by another membrane than the one it crosses."""
        for column in self.columns:
            place = self.structure.movers[column.mover].place
            own = self.index.get(("charge", place))
            if any(self.states[k][0] == "charge" and k != own for k in column.adds):
                return True
        return False

    def surroundings(self, x: Vector, p: Vector, wall: Wall) -> Surroundings:
        """What the transports of a membrane see."""
        inside, outside = self.total_ions(x, p, wall.inside), self.total_ions(x, p, wall.outside)
        return Surroundings(
            potential=self.potential(x, wall),
            temperature=self.get(p, "temperature"),
            inside=self.free(x, p, wall.inside),
            outside=self.free(x, p, wall.outside),
            ions_inside=inside,
            ions_outside=outside,
            osmolarity_inside=inside + self.impermeant(x, p, wall.inside),
            osmolarity_outside=outside + self.impermeant(x, p, wall.outside),
            valence=self.valence,
            gates=self._gates(x, wall.name),
            area=self.area(x, p, wall),
            volume_inside=self.volume(x, p, wall.inside),
            volume_outside=self.volume(x, p, wall.outside),
        )

    def _gates(self, x: Vector, place: str) -> dict[str, Array]:
        gates = {}
        for m, names in self.gate_names.items():
            mover = self.structure.movers[m]
            for gate in names if mover.place == place else ():
                gates[f"{mover.label}.{gate}"] = entry(x, self.index["gate", f"{place}.{mover.label}.{gate}"])
        return gates

    def _seen_by(self, m: int, here: Surroundings, x: Vector) -> Surroundings:
        """What transport m sees, its own gates by their names, where the gates are those of x."""
        mover = self.structure.movers[m]
        gates = self._gates(x, mover.place)
        own = {gate: gates[f"{mover.label}.{gate}"] for gate in self.gate_names[m]}
        return replace(here, gates=gates | own)

    def between(self, x: Vector, p: Vector) -> dict[int, Between]:
        """What each exchange sees, by its number; the drop is the one at which its link carries no net current."""
        seen = {}
        for m, mover in enumerate(self.structure.movers):
            if not mover.place:
                inside, outside = ends(mover)
                seen[m] = Between(
                    self.free(x, p, inside),
                    self.free(x, p, outside),
                    self.valence,
                    self.get(p, "temperature"),
                    self.drop(x, inside, outside) if kind_of(mover).conducts else 0.0,
                )
        return self.network.balanced(seen, lambda m, here: self.bound(m, p).conduction(here))

    def turnovers(self, x: Vector, p: Vector) -> tuple[list[Array], dict[int, Array]]:
        """Rate of every column (mol/s, water m3/s), and x' of the gates by state."""
        rates: list[Array] = []
        gate_rates: dict[int, Array] = {}
        shared = {wall.name: self.surroundings(x, p, wall) for wall in self.structure.walls}
        between = self.between(x, p)
        for m, mover in enumerate(self.structure.movers):
            part = self.bound(m, p)
            if isinstance(part, Exchange):
                found = self.network.free(m, part.rates(between[m]))
                rates += [with_oxygen(part, between[m].inside, rate) for rate in found]
                continue
            wall, here = self.structure.wall(mover.place), shared[mover.place]
            if self.gate_names[m]:
                here = self._seen_by(m, here, x)
            rates.append(with_oxygen(part, here.outside, part.rate(here)) * self.area(x, p, wall))
            for gate, (opening, closing) in part.gate_kinetics(here).items() if self.gate_names[m] else ():
                k = self.index["gate", f"{mover.place}.{mover.label}.{gate}"]
                gate_rates[k] = opening * (1.0 - entry(x, k)) - closing * entry(x, k)
        return rates, gate_rates

    def derivative(self, x: Vector, p: Vector) -> Array:
        """x' in scaled units per second, all states."""
        rows = self.derivative_entries(x, p)
        return namespace(*rows).stack(rows, axis=-1)

    def derivative_entries(self, x: Vector, p: Vector) -> list[Array]:
        """x' entry by entry."""
        return self._derivative_of(x, p, range(len(self.states)))

    def _derivative_of(self, x: Vector, p: Vector, wanted: Iterable[int]) -> list[Array]:
        """The entries of x' that are wanted."""
        rates, gate_rates = self.turnovers(x, p)
        rows = []
        for k in wanted:
            if self.states[k][0] == "gate":
                rows.append(gate_rates[k])
                continue
            total: Array = 0.0 * entry(x, k)  # a state that nothing moves still has the shape of the others
            for column, rate in zip(self.columns, rates, strict=True):
                count = column.adds.get(k)
                if count:
                    total = total + (rate if count == 1.0 else -rate if count == -1.0 else count * rate)
            rows.append(total / self.unit(p, k))
        return rows

    def reduced_entries(self, y: Entries, constants: tuple[Entries, ...]) -> Entries:
        """y' of the independent states, entry by entry; `constants` are (p, c, M), M row after row."""
        p, c, matrix = constants
        return tuple(self._derivative_of(self.join_entries(y, c, matrix), p, self.laws.independent))

    def reduced(self, y: Array, constants: tuple[Array, Array, Array]) -> Array:
        """y' of the independent states; `constants` are (p, c, M)."""
        p, c, matrix = constants
        flat = namespace(matrix).reshape(matrix, (-1,))
        rows = self.reduced_entries(entries(y), (entries(p), entries(c), entries(flat)))
        return namespace(*rows).stack(rows, axis=-1)


def entry(vector: Vector, k: int) -> Array:
    """Entry k of an array (along its last axis), or of a tuple of entries."""
    return vector[k] if isinstance(vector, tuple) else vector[..., k]


def entries(vector: Array) -> Entries:
    """All entries of an array along its last axis: one operation, where indexing would trace one for each."""
    return tuple(namespace(vector).unstack(vector, axis=-1))


def with_oxygen(part: Transport | Exchange, content: Mapping[str, Array], rate: Array) -> Array:
    """The rate of a transport or exchange where there is O2 to drive it."""
    if part.o2_half is None:
        return rate
    return rate * logistic((content["O2"] - part.o2_half) / part.o2_slope)


@remembered
def _start(cell: Cell, system: System) -> np.ndarray:
    p = parameter_vector(cell)
    x = stacked([p[..., 0], *described(cell, system)])[..., 1:]  # as many cells as the parameters are of
    with np.errstate(all="ignore"):  # who begins there says what has no number
        return system.with_steady_gates(x, p)


def described(cell: Cell, system: System) -> Entries:
    """The state that a cell describes but for its gates, entry by entry."""
    x: list[Array] = [0.0] * len(system.states)
    for space in system.structure.spaces:
        if space.finite:
            for ion, conc in cell.contents(space.name).items():
                x[system.index["amount", f"{space.name}.{ion}"]] = conc
    for k, (kind, name) in enumerate(system.states):
        if kind == "volume":
            x[k] = 1.0
        elif kind == "charge":
            x[k] = cell.membranes[name].potential
    return tuple(x)


_IN_USE: WeakValueDictionary[tuple[Structure, tuple[str, ...]], System] = WeakValueDictionary()
"""Systems that somebody holds: they stay the only ones of their structure after `shared` has forgotten them."""


@lru_cache(maxsize=256)
def shared(structure: Structure, names: tuple[str, ...]) -> System:
    """One system for all structures that follow the same amounts, in whatever order of abundance."""
    system = System(structure, names)
    rest = {name for kind, name in (system.states[k] for k in system.laws.dependent) if kind == "amount"}
    order = [name for kind, name in system.states if kind == "amount"]
    same = replace(structure, abundance=tuple(sorted(order, key=rest.__contains__)))
    return _IN_USE.setdefault((structure, names), system) if same == structure else shared(same, names)


@remembered
def assemble(cell: Cell, *, only_active: bool = False) -> System:
    """The equations of a cell; cells that differ only in numbers share them, and their compiled code."""
    return _of_form(cell, *told_by_numbers(cell, only_active))


@remembered_of_form
def _of_form(cell: Cell, active: tuple[bool, ...], abundance: tuple[str, ...]) -> System:
    return shared(structured(cell, active, abundance), parameter_names(cell))
