"""The state a design aims at: potential, contents and size, completed where the targets leave something open."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from vrest.constants import F, R
from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell, Source
from vrest.model.compartment import CONCENTRATION, Impermeant
from vrest.model.membrane import Membrane
from vrest.model.paths import parameters, set_si
from vrest.model.quantity import SOLVE, check, quantity_fields
from vrest.model.transport import WATER
from vrest.units import format_si, to_si


@dataclass
class Aim:
    """The cell with its target state, and how each value of it came about, by path."""

    cell: Cell
    membrane: str
    how: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Membrane:
        """The one membrane."""
        return self.cell.membranes[self.membrane]

    def set(self, path: str, value: Any, how: str) -> None:
        """Give one value, SI or `solve`, with its source."""
        self.cell = set_si(self.cell, {path: value}, source=f"designed: {how}")
        self.how[path] = how


def aimed(cell: Cell, v_rest: Any, inside: Mapping[str, Any], outside: Mapping[str, Any], area: Any) -> Aim:
    """The cell that starts at the target: what was named, and what follows from it.

    An ion inside that is not named and crosses only through channels takes its equilibrium at `v_rest`; the others keep
    what the cell says. The impermeants make an osmotic inside iso-osmotic, and their valence balances the charge.
    """
    if len(cell.membranes) != 1:
        raise InputError(
            f"'{cell.name}' has {len(cell.membranes)} membranes; a design sets one.",
            code="several_membranes",
            hint="Describe the cell in a bath, design it, and join the parts afterwards.",
        )
    name = next(iter(cell.membranes))
    aim = Aim(cell, name)
    sides = (aim.place.inside, aim.place.outside)
    if area is not None:
        _resize(aim, float(to_si(area, "area", "area", bare_ok=True)))
    # contents that the charge balance had to give are numbers from here on: the impermeants take over
    freed = _freeze(aim, {sides[0]: inside, sides[1]: outside})
    spec = dict(quantity_fields(aim.place))["potential"]
    v = check(float(to_si(v_rest, "potential", "v_rest", bare_ok=True)), spec, "v_rest")
    wanted = {
        f"compartments.{side}.ions.{ion}": _target(aim.cell, side, ion, value)
        for side, targets in zip(reversed(sides), (outside, inside), strict=True)
        for ion, value in targets.items()
    }
    _at_once(aim, {f"membranes.{name}.potential": v} | wanted, freed, "target")
    passive = {ion: equilibrium(aim.cell, name, ion, v) for ion in passive_ions(aim.cell, name) if ion not in inside}
    room = aim.cell.osmolarity(sides[1])  # beyond it, the balance of that ion will say what is wrong
    values = {f"compartments.{sides[0]}.ions.{ion}": c for ion, c in passive.items() if c < room}
    _at_once(aim, values, freed, "passive")
    _fill(aim, freed)
    return aim


def equilibrium(cell: Cell, membrane: str, ion: str, v: float) -> float:
    """Concentration inside at which an ion is at equilibrium with potential v (V), mol/m3."""
    outside = cell.contents(cell.membranes[membrane].outside)[ion]
    return outside * math.exp(-cell.valence()[ion] * F * v / (R * cell.temperature))


def _target(cell: Cell, side: str, ion: str, value: Any) -> float:
    ions = cell.compartments[side].ions
    if ion not in ions:
        raise InputError(
            f"'{side}' has no {ion}.", code="unknown_ion", hint=near_miss(ion, list(ions)) + " Or add it to the cell."
        )
    where = f"{side} {ion}"
    return check(float(to_si(value, "concentration", where, bare_ok=True)), CONCENTRATION, where)


def _resize(aim: Aim, area: float) -> None:
    """Give the membrane an area: its own, or through the shape that makes it."""
    name, m = aim.membrane, aim.place
    base = f"compartments.{m.inside}."
    c = aim.cell.compartments[m.inside]
    check(area, dict(quantity_fields(m))["area"], "area")
    if m.area is not None:
        aim.set(f"membranes.{name}.area", area, "target")
    elif c.length is None:
        aim.set(base + "radius", math.sqrt(area / (4 * math.pi)), "target area")
    else:
        assert c.radius is not None  # a cylinder has both
        aim.set(base + "length", area / (2 * math.pi * c.radius), "target area")


def _freeze(aim: Aim, targets: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Compartments whose charge the impermeants are to balance from here on.

    Where the file leaves an ion to the charge balance it stays there, unless that ion is a target or the compartment
    has impermeants that can take over.
    """
    freed = []
    for side, ions in targets.items():
        c = aim.cell.compartments[side]
        solved = [path for path, value in c.solvables().items() if value == SOLVE]
        ion = solved[0].removeprefix("ions.") if solved and solved[0].startswith("ions.") else None
        inner = side == aim.place.inside
        if not c.finite or not (inner or ions) or (ion is not None and ion not in ions and c.impermeant is None):
            continue
        if c.impermeant is None and not (inner and c.kind == "osmotic"):
            raise InputError(
                f"'{side}' has no impermeants, and every ion in it has a value: nothing is left to balance the charge.",
                code="cannot_solve",
                hint=f"Give '{side}' impermeants, or leave {ion or 'one ion'} out of the targets.",
            )
        freed.append(side)
    return freed


def _at_once(aim: Aim, values: Mapping[str, Any], freed: list[str], how: str) -> None:
    """Set several values of which only all together balance: the impermeants of `freed` take up the charge."""
    known = parameters(aim.cell)
    cell = aim.cell
    compartments = dict(cell.compartments)
    unknown: Any = SOLVE
    for side in freed:
        c = compartments[side]
        numbers = MappingProxyType(cell.contents(side))
        present = cell.impermeant(side)[0] if c.impermeant else 0.0
        room = present or max(cell.osmolarity(aim.place.outside) - sum(numbers.values()), 1.0)
        compartments[side] = c._with_si(ions=numbers, impermeant=Impermeant(concentration=room, valence=unknown))
    cell = cell._with_si(compartments=MappingProxyType(compartments))
    for path, value in values.items():
        if value == 0.0 and ".ions." in path:
            raise InputError(
                f"{path} is 0 mM.", code="zero_concentration", hint="Its Nernst potential is undefined; write a trace."
            )
        if path in known and known[path].value != value:
            cell = set_si(cell, {path: value}, source=f"designed: {how}")
        aim.how[path] = how
    cell._check()
    aim.cell = cell


def passive_ions(cell: Cell, membrane: str) -> list[str]:
    """The ions of a finite inside that only channels move: they have nothing but their equilibrium to rest at."""
    m = cell.membranes[membrane]
    if not cell.compartments[m.inside].finite:
        return []
    elsewhere = {ion for e in cell.exchanges.values() for move in e.moves(cell.valence()) for ion in move}
    tied = {name.split(".")[1] for name in cell.closures if name.startswith(f"{m.inside}.")}
    found = []
    for ion in cell.compartments[m.inside].ions:
        movers = [t for t in m.transports.values() if ion in t.moved_ions and not t.is_off]
        free = ion not in elsewhere | tied | PUMPED and cell.contents(m.outside)[ion] > 0
        if movers and free and all(t.is_channel for t in movers):
            found.append(ion)
    return found


def _fill(aim: Aim, freed: list[str]) -> None:
    """Impermeants: as much as makes an osmotic inside iso-osmotic; their valence is solved."""
    m = aim.place
    side = m.inside
    if side not in freed:
        return
    base = f"compartments.{side}.impermeant."
    water = [t for t in m.transports.values() if t.stoichiometry().get(WATER) and not t.is_off]
    if aim.cell.compartments[side].kind == "osmotic" and water and all(t.law in ISO_OSMOTIC for t in water):
        ions = sum(aim.cell.contents(side).values())
        room = aim.cell.osmolarity(m.outside) - ions
        if room <= 0:
            both = [format_si(total, "osmolarity", digits=4) for total in (ions, aim.cell.osmolarity(m.outside))]
            raise InputError(
                f"The ions of '{side}' come to {both[0]}, and '{m.outside}' has {both[1]}: "
                "there is no room for impermeants, and the cell would swell.",
                code="too_many_osmoles",
                hint="Lower an ion inside, or add impermeants outside.",
            )
        aim.set(base + "concentration", room, "iso-osmotic")
    aim.how[base + "valence"] = "charge balance"
    aim.cell = aim.cell._with_si(
        sources=MappingProxyType({**aim.cell.sources, base + "valence": Source("designed: charge balance")})
    )


PUMPED = {"Na", "K"}
"""Never passive in a cell that lives: where no pump moves them, the design says so."""

ISO_OSMOTIC = ("water", "water_relaxation")
"""Laws by which water stands still where both sides have the same osmolarity."""
