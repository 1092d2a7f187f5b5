"""Whether a pump holds the gradients of a resting state, or the description itself, or nothing does."""

from __future__ import annotations

from typing import Any

from vrest.constants import F
from vrest.model.exchange import Exchange
from vrest.model.transport import ATP
from vrest.physics.namespace import namespace
from vrest.system.assemble import System, entry
from vrest.system.links import ends
from vrest.system.observables import reversal_potential, transports
from vrest.system.structure import Mover, Structure, Wall
from vrest.tables import joined

PUMPED = {"K": -2.0, "Na": 3.0}
"""What a pump holds gradients of, and how many ions of each a usual cycle moves outward."""

RUN_DOWN_COST = 10e3
"""J/mol: where a pump cycle stores less than this (a healthy neuron: 40 to 50 kJ/mol), gradients are gone."""


def pumped(system: System, x: Any, p: Any) -> Any:
    """Whether gradients are held, (...): by a pump, or by the description wherever a membrane has an inside.

    The description holds what is `dialysed` and what closures without terms keep. Where closures keep some of K+ and
    Na+, or something else than the membrane refills the inside, as a pipette does, the gradients decide: without a
    holder all ions would be in equilibrium. A pump holds what it turns against; an ion of which a side has none has no
    part in that.
    """
    structure = system.structure
    free = [w for w in structure.walls if not _described(structure, w.inside)]
    most = 0.0 * entry(x, 0)
    if not free:
        return most == 0.0
    most = most - 1.0
    for wall in free:
        here = system.surroundings(x, p, wall)
        if kept(structure, wall.inside) or refills(structure, wall):
            away = sum(abs(stored) for stored in _stored(here, PUMPED).values())
            most = namespace(most, away).maximum(most, away)
        for part in transports(system, p, wall).values():
            if part.stoichiometry().get(ATP):
                cost, rate = sum(_stored(here, part.moved_ions).values()), part.rate(here)
                xp = namespace(most, cost, rate)
                most = xp.where((cost > most) & (rate != 0.0), cost, most)
    return most >= RUN_DOWN_COST


def _stored(here: Any, counts: dict[str, float]) -> dict[str, Any]:
    """What moving ions outward stores of each in its gradient, J/mol; 0 of one of which a side has none."""
    found = {}
    for ion, count in counts.items():
        if ion not in here.inside or ion not in here.outside or not (z := here.valence[ion]):
            continue
        inside, outside = here.inside[ion], here.outside[ion]
        e = reversal_potential(z, inside=inside, outside=outside, temperature=here.temperature)
        xp = namespace(e)
        found[ion] = xp.where(xp.isnan(e), 0.0, count * z * F * (e - here.potential))
    return found


def kept(structure: Structure, space: str) -> list[str]:
    """The ions of a compartment that closures hold, of those that a pump would."""
    held = {name for name, terms in structure.closures if not terms}
    return [ion for ion in structure.space(space).ions if ion in PUMPED and f"{space}.{ion}" in held]


def _described(structure: Structure, space: str) -> bool:
    """Whether the description holds all of a compartment that a pump would."""
    ions = [ion for ion in structure.space(space).ions if ion in PUMPED]
    return not structure.space(space).finite or (bool(ions) and kept(structure, space) == ions)


def refills(structure: Structure, wall: Wall) -> dict[Mover, str]:
    """The exchanges that join the inside of a membrane to contents that are held, and not to its outside.

    Each with where it leads; through other compartments whose contents change as well.
    """
    joined_by = [(mover, *ends(mover)) for mover in structure.movers if issubclass(mover.kind, Exchange)]
    found: dict[Mover, str] = {}
    seen, ahead = {wall.inside}, [wall.inside]
    while ahead:
        here = ahead.pop()
        for mover, inside, outside in joined_by:
            there = {inside: outside, outside: inside}.get(here)
            if there is None or there in seen or not _moves_pumped(structure, mover):
                continue
            if structure.space(there).finite:
                seen.add(there)
                ahead.append(there)
            elif there != wall.outside:
                found[mover] = there
    return found


def _moves_pumped(structure: Structure, mover: Mover) -> bool:
    exchange = mover.bare()
    assert isinstance(exchange, Exchange)
    return any(ion in PUMPED for move in exchange.moves(dict(structure.valence)) for ion in move)


def holders(system: System, p: Any) -> dict[str, str]:
    """By compartment, what of the description holds gradients inside membranes, as a sentence; none of pumps alone."""
    structure = system.structure
    found: dict[str, str] = {}
    for wall in structure.walls:
        space = structure.space(wall.inside)
        if space.kind == "dialysed":
            found[space.name] = f"The contents of '{space.name}' are held by dialysis"
            continue
        if ions := kept(structure, space.name):
            found[space.name] = f"{joined(ions)} of '{space.name}' {'is' if len(ions) == 1 else 'are'} held by closures"
        for mover, source in refills(structure, wall).items():
            if mover.kind.strength and system.get(p, mover.path(mover.kind.strength)) != 0.0:
                found[space.name] = f"'{space.name}' is refilled from '{source}' by '{mover.label}'"
    turned = _pumps(system, p)
    return {name: f"{said}{turned.get(name, ', not by a pump')}." for name, said in found.items()}


def _pumps(system: System, p: Any) -> dict[str, str]:
    """What pumps are beside that, by the compartment that they empty of Na+."""
    found: dict[str, str] = {}
    for wall in system.structure.walls:
        on = [
            label
            for label, part in transports(system, p, wall).items()
            if part.stoichiometry().get(ATP) and not part.is_off
        ]
        if on:
            found[wall.inside] = f", beside {joined([repr(label) for label in on])}"
    return found
