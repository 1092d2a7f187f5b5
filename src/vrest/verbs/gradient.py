"""How certified resting states follow the numbers of a cell: many values at once, from machine code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array
from vrest.shown import Drawn
from vrest.system.assemble import Entries, System
from vrest.tables import Column, Table, counted
from vrest.units import from_door, from_si
from vrest.verbs.allowed import allowed_of
from vrest.verbs.arguments import Arguments
from vrest.verbs.describing import Description, described_entries, description, own_numbers
from vrest.verbs.prepared_answers import Rests
from vrest.verbs.rest_batch import kinds, strengths

Totals = Literal["described", "held"]


@dataclass(frozen=True, eq=False)
class Gradient(Drawn):
    """Derivatives of the resting states of a `Prepared` by its values, in door units; lanes are the last axis.

    NaN where a lane does not rest or an ion of it is used up, and along the strength of a transport that is exactly
    off: what is conserved changes there.
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:gradient_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    opened: ClassVar[int] = 2

    of: Arguments
    """The cell, and the numbers that vary."""
    rests: Rests
    state: np.ndarray
    """(paths, states, lanes): of `rests.state`, SI, by the values in door units."""
    readings: np.ndarray
    """(paths, membranes + finite compartments, lanes): of their V (mV) and volumes (um3)."""
    values: np.ndarray
    """(paths, lanes): where they were asked for, door units."""

    @property
    def steps(self) -> np.ndarray:
        """A small change of each value, door units, (paths, lanes): 1 %, of a temperature 1 K, of a potential 1 mV.

        A derivative times it is what such a change does, as `sensitivity` tells it: `found.v * found.steps` in mV.
        """
        return self.of.steps(self.values)

    @property
    def v(self) -> np.ndarray:
        """Of the resting potential, mV: (paths, lanes), or (paths, membranes, lanes) where there are several."""
        walls = len(self.rests.system.structure.walls)
        return self.readings[:, 0] if walls == 1 else self.readings[:, :walls]

    @cached_property
    def concentrations(self) -> Mapping[str, Mapping[str, np.ndarray]]:
        """Of the ions of each finite compartment, mM: (paths, lanes)."""
        system, x, moved = self.rests.system, self.rests.state, self.state
        found: dict[str, dict[str, np.ndarray]] = {}
        for space in system.structure.spaces:
            if space.finite:
                amounts = {ion: system.index["amount", f"{space.name}.{ion}"] for ion in space.ions}
                found[space.name] = {ion: moved[:, k] for ion, k in amounts.items()}
                if (at := system.index.get(("volume", space.name))) is not None:
                    found[space.name] = {
                        ion: (moved[:, k] - x[k] / x[at] * moved[:, at]) / x[at] for ion, k in amounts.items()
                    }
        return found

    @property
    def volumes(self) -> Mapping[str, np.ndarray]:
        """Of each finite compartment, um3: (paths, lanes)."""
        system = self.rests.system
        walls = len(system.structure.walls)
        return {name: self.readings[:, walls + k] for k, name in enumerate(_finite(system))}

    def _cells(self) -> Iterable[Cell]:
        return (self.of.cell,)

    def _brief(self) -> Iterable[str]:
        what = counted(len(self.rests.outcome), "resting state")
        yield f"Derivatives of {what} of '{self.of.cell.name}' by {', '.join(self.of.names)}"

    def tables(self) -> tuple[Table, ...]:
        """For each number and lane how V (mV) and volumes (um3) move: by its door unit, and for a small step."""
        names, lanes = self.of.names, len(self.rests.outcome)
        walls = [wall.name for wall in self.rests.system.structure.walls]
        heads = [("dV" if len(walls) == 1 else f"dV {name}", "mV") for name in walls]
        heads += [(f"d volume {name}", "um3") for name in _finite(self.rests.system)]

        def table(per: str, units: Iterable[str], by: np.ndarray | float, title: str) -> Table:
            columns = (
                Column("by", "", [name for name in names for _ in range(lanes)]),
                Column(per, "", [unit for unit in units for _ in range(lanes)]),
                Column("lane", "", list(range(lanes)) * len(names)),
                *(
                    Column(head, unit, np.ravel(self.readings[:, k] * by).tolist(), rounding=0.0)
                    for k, (head, unit) in enumerate(heads)
                ),
            )
            return Table(columns, title)

        units = (unit or "1" for unit in self.of.units)
        return (
            table("unit of that", units, 1.0, "Derivatives by the door unit of each number"),
            table("step", self.of.step_texts, self.steps, "What a small step of each number does"),
        )


def gradient_of(
    of: Arguments, rests: Rests, rows: np.ndarray, totals: Totals = "described", *, faces: bool = False
) -> Gradient:
    """Derivatives of rests by their values, which are (paths, lanes) SI.

    With `faces`, a rest without an ion that is used up has some too: the ion stays away as the numbers change.
    """
    if totals not in get_args(Totals):
        hint = near_miss(totals, list(get_args(Totals)))
        raise InputError(f"There are no totals '{totals}'.", code="unknown_totals", hint=hint)
    if not of.each:
        raise InputError("Nothing varies.", code="nothing_varies", hint="Name paths when you prepare the cell.")
    x, system = rests.state, rests.system
    values = np.array([p.door(row) for p, row in zip(of.parameters, rows, strict=True)])
    good = rests.is_rest & (faces | (x[allowed_of(system).positive] > 0).all(axis=0))
    parts, known, numbers = [], description(of), own_numbers(of)
    for kind, off, lanes in kinds(of.cell, rests.parameters, good):
        found = moving(kind, known, totals)((rows[:, lanes], x[:, lanes]), (numbers,))
        gone = {path for path, zero in zip(strengths(of.cell), off, strict=True) if zero}
        for part in found:
            part[[one.path in gone for one in of.each]] = np.nan
        parts.append((lanes, found))
    if len(parts) == 1 and good.all():
        state, readings = parts[0][1]
        return Gradient(of, rests, state, readings, values)
    counts = len(system.states), len(system.structure.walls) + len(_finite(system))
    state, readings = (np.full((len(of.each), count, len(good)), np.nan) for count in counts)
    for lanes, found in parts:
        state[..., lanes], readings[..., lanes] = found
    return Gradient(of, rests, state, readings, values)


def _finite(system: System) -> list[str]:
    return [space.name for space in system.structure.spaces if space.finite]


def moved_entries(
    system: System, of: Arguments, totals: Totals, values: Entries, numbers: Entries, state: Entries
) -> tuple[tuple[Entries, Entries], ...]:
    """For each path, how a rest moves with it: the states (SI), then V (mV) and volumes (um3), by its door unit.

    At a rest 0 = f(y, a) for every a, so that dy = -(df/dy)^-1 (df/da) da; a are the parameters and the conserved
    totals.

    Parameters
    ----------
    system
        The equations of the cell, with the totals that are conserved at these values.
    of
        Which numbers are the values.
    totals
        `"described"`: they follow from what the values describe. `"held"`: all matter and charge that is there stays.
    values, numbers
        SI; the numbers of the cell as in `described_entries`.
    state
        Where it rests.
    """
    import jax.numpy as jnp

    from vrest.numerics.compiler.arithmetic import arithmetic
    from vrest.numerics.elimination import WRITTEN_OUT, factorise, substitute
    from vrest.numerics.rhs import Rhs

    laws, finite, k, n = system.laws, _finite(system), len(values), len(system.laws.independent)

    def told(_: Array, z: Entries, present: tuple[Entries, Entries, Entries]) -> Entries:
        """y', then the states that follow from y, then readings."""
        y = z[k:]
        p, x0 = described_entries(system, of, z[:k], present[0])
        if totals == "held":
            p, x0 = held_entries(system, p, *present[1:])
        _, c, matrix = system.split_entries(x0, p)
        x = system.join_entries(y, c, matrix)
        v = [from_si(system.potential(x, wall), "potential") for wall in system.structure.walls]
        sizes = [from_si(system.volume(x, p, name), "volume") for name in finite]
        return (*system.reduced_entries(y, (p, c, matrix)), *(x[d] for d in laws.dependent), *v, *sizes)

    z = (*values, *(state[i] for i in laws.independent))
    zero = jnp.zeros_like(z[0])
    present = numbers, *(described_entries(system, of, values, numbers) if totals == "held" else ((), ()))
    entries = dict(Rhs(told, zero, z, present).jacobian(zero, z)[1])
    for i, place in enumerate(laws.independent):
        if system.states[place][0] == "amount":  # where there is none, none comes
            there, columns = z[k + i] != 0.0, [j for row, j in entries if row == i]
            entries |= {(i, j): jnp.where(there, entries[i, j], float(j == k + i)) for j in columns}
    matrix = {(i, j - k): value for (i, j), value in entries.items() if i < n <= n + j - k}
    pivots = all((i, i) in matrix for i in range(n))
    factors = factorise(matrix, n, WRITTEN_OUT if pivots else 0, often=k > 1)
    order = np.argsort([*laws.independent, *laws.dependent])
    last = len(order) + len(system.structure.walls) + len(finite)
    through = [(i, m) for i in range(n, last) for m in range(n) if (i, k + m) in entries]
    found = []
    for j, one in enumerate(of.each):
        dimension = one.parameter.spec.dimension
        unit = from_door(1.0, dimension) - from_door(0.0, dimension)

        def driven(*along: Any, unit: float = unit) -> list[Any]:
            return [-unit * v for v in along]

        def following(*numbers: Any, unit: float = unit) -> list[Any]:
            moved, along = numbers[:n], [unit * v for v in numbers[n:last]]
            for (i, m), weight in zip(through, numbers[last:], strict=True):
                along[i - n] = along[i - n] + weight * moved[m]
            return along

        along = [entries.get((i, j), zero) for i in range(last)]
        moved = substitute(factors, tuple(arithmetic(driven, *along[:n])))
        moved += tuple(arithmetic(following, *moved, *along[n:], *(entries[i, k + m] for i, m in through)))
        found.append((tuple(moved[i] for i in order), moved[len(order) :]))
    return tuple(found)


def held_entries(system: System, p: Entries, p0: Entries, x0: Entries) -> tuple[Entries, Entries]:
    """Parameters p with the matter and charge (mol) of a cell that (p0, x0) described, and the state that has them."""
    units = [unit0 / unit for unit0, unit in zip(system.units(p0), system.units(p), strict=True)]
    held: dict[str, Array] = {}
    for space in system.structure.spaces:
        if space.finite:  # its impermeants too; nothing moves by their valence
            base = f"compartments.{space.name}."
            share = system.get(p0, base + "volume") / system.get(p, base + "volume")
            held[base + "impermeant.concentration"] = system.get(p0, base + "impermeant.concentration") * share
    numbers = tuple(held.get(name, value) for name, value in zip(system.names, p, strict=True))
    return numbers, tuple(v * unit for v, unit in zip(x0, units, strict=True))


@lru_cache(maxsize=64)
def moving(
    system: System, known: Description, totals: Totals
) -> Callable[[tuple[np.ndarray, np.ndarray], tuple[np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """(values (paths, lanes), states where they rest), (numbers,), SI -> `Gradient.state` and `readings`."""

    def move(lanes: tuple[Array, Array], shared: tuple[Array]) -> tuple[Array, Array]:
        import jax.numpy as jnp

        values, state, numbers = (tuple(jnp.unstack(rows)) for rows in (*lanes, *shared))
        found = moved_entries(system, known.of, totals, values, numbers, state)
        state, readings = zip(*found, strict=True)
        return jnp.stack([jnp.stack(v) for v in state]), jnp.stack([jnp.stack(v) for v in readings])

    return Kernel(move, system.key(f"gradient {totals} {known.kind}"))
