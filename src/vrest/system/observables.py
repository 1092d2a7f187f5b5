"""What can be read off a state: potentials, concentrations, fluxes, currents, energy.

States and parameters are NumPy arrays, with any leading axes, or entry by entry, NumPy's or traced: a kernel reads by
the same formulas. Only `takes` and `without_limit` ask for numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from vrest.constants import N_A, F, R
from vrest.model.junctions import Electrode
from vrest.model.transport import ATP, CHARGE, WATER, Surroundings, Transport
from vrest.physics.namespace import Array, namespace
from vrest.physics.nernst import nernst
from vrest.system.assemble import System, Vector, entry
from vrest.system.structure import Wall

AROUND = "around the ring"
"""Where the current of a membrane that closes a ring comes from."""


def undefined_as_nan(formula: Callable[..., Any], *values: Any, **named: Any) -> Any:
    """A formula over arrays in which some entries have no answer: those are NaN, silently."""
    with np.errstate(divide="ignore", invalid="ignore"):
        answer = formula(*values, **named)
        xp = namespace(answer)
        return xp.where(xp.isfinite(answer), answer, xp.nan)


def reversal_potential(valence: Any, *, inside: Any, outside: Any, temperature: Any) -> Any:
    """Nernst potential of one ion, V; NaN where a side has none of it, which is where it is undefined.

    The one rule for an ion that is absent. On both sides: it carries nothing and has no vote of any kind. On one side:
    its channels carry a current, which GHK counts in one of its two sums; but V - E is infinite, so that it has no
    chord conductance, and its current moves V as a pump's does. Whoever averages reversals leaves it out.
    """
    inside, outside = (c if hasattr(c, "shape") else np.float64(c) for c in (inside, outside))
    return undefined_as_nan(nernst, valence, inside=inside, outside=outside, temperature=temperature)


def reversal_potentials(system: System, x: Vector, p: Vector, wall: Wall) -> dict[str, Array]:
    """Nernst potential of every ion on both sides, V; NaN where a side has none of it."""
    inside, outside = system.free(x, p, wall.inside), system.free(x, p, wall.outside)
    temperature = system.get(p, "temperature")
    return {
        ion: reversal_potential(system.valence[ion], inside=inside[ion], outside=outside[ion], temperature=temperature)
        for ion in inside
        if ion in outside and system.valence[ion]
    }


def volumes(system: System, x: Vector, p: Vector) -> dict[str, Array]:
    """Volume of each finite compartment, m3."""
    return {s.name: system.volume(x, p, s.name) for s in system.structure.spaces if s.finite}


def osmolarities(system: System, x: Vector, p: Vector) -> dict[str, Array]:
    """Sum of all concentrations in each compartment but those of dissolved gases, mol/m3."""
    return {s.name: system.total_ions(x, p, s.name) + system.impermeant(x, p, s.name) for s in system.structure.spaces}


def turnover_rates(system: System, x: Vector, p: Vector, wall: Wall) -> dict[str, Array]:
    """Turnovers of each transport of a membrane, mol/s, outward."""
    return rates_through(system, x, wall, system.turnovers(x, p)[0])


def rates_through(system: System, x: Vector, wall: Wall, rates: list[Array]) -> dict[str, Array]:
    """Those of a membrane among the `rates` of all columns, mol/s."""
    found = {}
    for column, rate in zip(system.columns, rates, strict=True):
        mover = system.structure.movers[column.mover]
        if issubclass(mover.kind, Transport) and mover.place == wall.name:
            found[mover.label] = _like(x, rate)
    return found


def _like(x: Vector, value: Array) -> Array:
    """A value for each of the states."""
    like = entry(x, 0)
    xp = namespace(value, like)
    return xp.broadcast_to(xp.asarray(value, dtype=xp.float64), like.shape)


def transports(system: System, p: Vector, wall: Wall) -> dict[str, Transport]:
    """The transports of a membrane, carrying their numbers."""
    return {
        mover.label: system.bound(m, p)
        for m, mover in enumerate(system.structure.movers)
        if issubclass(mover.kind, Transport) and mover.place == wall.name
    }


def fluxes_of(system: System, wall: Wall, rates: Mapping[str, Array]) -> dict[str, dict[str, Array]]:
    """Outward flux of each ion through each transport that moves it, mol/s: {ion: {transport: flux}}."""
    table: dict[str, dict[str, Array]] = {}
    for label, part in bare_transports(system, wall).items():
        for ion, count in part.moved_ions.items():
            table.setdefault(ion, {})[label] = count * rates[label]
    return table


def currents(system: System, x: Vector, p: Vector, wall: Wall) -> dict[str, Array]:
    """Net outward current of each transport, A, as the membrane feels it: none where a counter-charge is named."""
    return currents_of(system, wall, turnover_rates(system, x, p, wall))


def currents_of(system: System, wall: Wall, rates: Mapping[str, Array]) -> dict[str, Array]:
    """`currents` from the turnovers of each transport."""
    return {
        label: F
        * (0.0 if part.counter_charge else charge_per_turnover(part.stoichiometry(), system.valence))
        * rates[label]
        for label, part in bare_transports(system, wall).items()
    }


def bare_transports(system: System, wall: Wall) -> dict[str, Transport]:
    """The transports of a membrane without their numbers: what they move."""
    bare = ((mover.label, mover.bare()) for mover in system.structure.movers if mover.place == wall.name)
    return {label: part for label, part in bare if isinstance(part, Transport)}


def path_currents(system: System, x: Vector, wall: Wall, rates: list[Array]) -> dict[str, Array]:
    """Net current that leaves the inside of a membrane along each path to other places, A, by path or membrane.

    Of a membrane that closes a ring it is what comes back around the ring: its own current. `rates` are those of all
    columns.
    """
    if wall.closes:
        return {AROUND: -sum(currents_of(system, wall, rates_through(system, x, wall, rates)).values())}
    k = system.index["charge", wall.name]
    found: dict[str, Array] = {}
    for column, rate in zip(system.columns, rates, strict=True):
        mover = system.structure.movers[column.mover]
        if mover.place != wall.name and k in column.adds:
            label = mover.place or mover.label
            found[label] = found.get(label, 0.0) - F * column.adds[k] * _like(x, rate)
    return found


def exchange_currents(system: System, x: Vector, p: Vector) -> dict[str, Array]:
    """Net current along every exchange that conducts, from its inside to its outside, A.

    Of an electrode it is what is fed into its inside.
    """
    found = {}
    for m, here in system.between(x, p).items():
        mover = system.structure.movers[m]
        part = system.bound(m, p)
        if isinstance(part, Electrode):
            current = part.fed(here)
        elif part.conducts:
            moved = zip(part.moves(system.valence), part.rates(here), strict=True)
            current = F * sum(charge_per_turnover(move, system.valence) * rate for move, rate in moved)
        else:
            continue
        found[mover.label] = _like(x, current)
    return found


def takes(system: System, x: Array, p: Array, k: int) -> str:
    """The transport or exchange that takes most of state k, an amount."""
    with np.errstate(all="ignore"):
        rates, _ = system.turnovers(x, p)
    pairs = zip(system.columns, rates, strict=True)
    taken = [(float(rate) * column.adds[k], column.mover) for column, rate in pairs if k in column.adds]
    known = [each for each in taken if np.isfinite(each[0])]  # a law without limit may have no number here
    return system.structure.movers[min(known or taken)[1]].label


def without_limit(system: System, x: Array, p: Array) -> tuple[str, str] | None:
    """A transport or exchange whose rate has no finite value in a state, and the ion of which a side has none.

    A law that takes the logarithm of a concentration, as an ohmic leak does (its E is infinite), drives an ion without
    limit out of where it is absent; GHK and pumps of Hill's kind do not. None where all rates are finite.
    """
    with np.errstate(all="ignore"):
        rates, _ = system.turnovers(x, p)
    for column, rate in zip(system.columns, rates, strict=True):
        if not np.all(np.isfinite(rate)):
            mover = system.structure.movers[column.mover]
            part = system.bound(column.mover, p)
            return mover.label, _absent(system, x, p, mover.place, part)
    return None


def _absent(system: System, x: Array, p: Array, place: str, part: Transport) -> str:
    """`there is no K in 'outside'`, of an ion that a transport moves; empty where none is absent."""
    if not place:
        return ""
    wall = system.structure.wall(place)
    for ion in part.moved_ions:
        for side in (wall.inside, wall.outside):
            there = system.concentrations(x, p, side)
            if ion in there and not np.all(there[ion] > 0):
                return f"there is no {ion} in '{side}'"
    return ""


def charge_per_turnover(moved: Mapping[str, float], valence: Mapping[str, int]) -> float:
    """Elementary charges that one turnover carries outward; `moved` is a stoichiometry."""
    charges = {**valence, CHARGE: 1, ATP: 0, WATER: 0}
    return sum(charges[species] * count for species, count in moved.items())


def uncounted_charge(system: System, x: Vector, p: Vector, start: Vector) -> dict[str, Array]:
    """By finite compartment, how much more charge its contents gained since `start` than its membranes, mol/m3.

    Of the volume at the start. Not 0 where something moves ions without charge, or charge without ions.
    """
    gained: dict[str, Array] = {space.name: 0.0 for space in system.structure.spaces if space.finite}
    for k, (kind, name) in enumerate(system.states):
        moved = (entry(x, k) - entry(start, k)) * system.unit(p, k)
        if kind == "amount":
            space, ion = name.split(".")
            gained[space] = gained[space] + system.valence[ion] * moved
        if kind == "charge":
            wall = system.structure.wall(name)
            for space, sign in ((wall.inside, 1.0), (wall.outside, -1.0)):
                if space in gained:
                    gained[space] = gained[space] - sign * moved
    return {space: charge / system.get(p, f"compartments.{space}.volume") for space, charge in gained.items()}


def atp_use(system: System, x: Vector, p: Vector, rates: list[Array]) -> tuple[Array, Array]:
    """ATP spent by all membranes: molecules per second, and watts. `rates` are those of all columns."""
    molecules: Any = 0.0
    power: Any = 0.0
    for wall in system.structure.walls:
        turned = rates_through(system, x, wall, rates)
        for label, part in transports(system, p, wall).items():
            if count := part.stoichiometry().get(ATP):
                spent = count * turned[label]
                molecules = molecules + spent * N_A
                power = power + spent * getattr(part, "atp_free_energy", 0.0)
    return _like(x, molecules), _like(x, power)


def cycle_cost(part: Transport, here: Surroundings) -> Any:
    """Free energy that one turnover of a transport stores in the gradients, J/mol.

    sum_j n_j (RT ln(c_out/c_in) - z_j F V) over what it moves outward. A pump cannot turn forward where this
    exceeds the free energy of ATP. NaN where a side has none of an ion that it moves.
    """
    total: Any = 0.0
    for ion, count in part.moved_ions.items():
        if not here.valence[ion]:
            continue  # burnt, not stored
        ratio = undefined_as_nan(lambda i=ion: _log(here.outside[i] / here.inside[i]))
        total = total + count * (R * here.temperature * ratio - here.valence[ion] * F * here.potential)
    return total


def _log(x: Any) -> Any:
    return namespace(x).log(x)


def pump_costs(system: System, x: Vector, p: Vector, wall: Wall) -> dict[str, tuple[Any, Any]]:
    """For each ATP-driven transport: what a cycle costs and what ATP gives, J/mol; NaN where undefined."""
    here = system.surroundings(x, p, wall)
    return {
        label: (cycle_cost(part, here), getattr(part, "atp_free_energy", np.nan))
        for label, part in transports(system, p, wall).items()
        if part.stoichiometry().get(ATP)
    }
