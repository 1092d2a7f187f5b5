"""What a sensitivity is of: numbers that are read off a resting state, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from vrest.constants import N_A
from vrest.errors import InputError, near_miss
from vrest.system.assemble import System
from vrest.system.observables import reversal_potential
from vrest.units import from_si

Reading = Callable[[System, Any, Any], Any]


@dataclass(frozen=True)
class Quantity:
    """One number of a resting state: its name, what it is, and how it is read (door unit)."""

    name: str
    text: str
    unit: str
    kind: str
    """`potential`, `content`, `gradient`, `size`, `bill` or `time`."""
    read: Reading | None = None
    """(system, x, p) of a state; None for what takes more than a state."""
    place: str = ""
    """The membrane, for a time."""

    @property
    def relative(self) -> bool:
        """Whether its effects are told in percent of itself; potentials are told in mV."""
        return self.unit != "mV"

    @property
    def effect_unit(self) -> str:
        """Unit of its effects."""
        return "%" if self.relative else "mV"


def quantities(system: System) -> dict[str, Quantity]:
    """All that this cell has.

    >>> from vrest.model.cellfile import load
    >>> from vrest.system.assemble import assemble
    >>> list(quantities(assemble(load("mammalian_neuron"))))
    ['V', 'inside.K', 'inside.Na', 'inside.Cl', 'E_K', 'E_Na', 'E_Cl', 'volume', 'ATP', 'tau', 'collapse']
    """
    walls, found = system.structure.walls, []
    finite = [space for space in system.structure.spaces if space.finite]
    several = len(walls) > 1
    for wall in walls:
        of = f".{wall.name}" if several else ""
        text = f"resting potential{f' of {wall.name}' if several else ''}"
        found.append(Quantity(f"V{of}", text, "mV", "potential", _potential(wall)))
    for space in finite:
        for ion in space.ions:
            found.append(
                Quantity(f"{space.name}.{ion}", f"[{ion}] in {space.name}", "mM", "content", _content(space.name, ion))
            )
    for wall in walls:
        inside, outside = (system.structure.space(side) for side in (wall.inside, wall.outside))
        for ion in inside.ions:
            if ion in outside.ions and system.valence[ion]:
                name = f"E_{ion}{f'.{wall.name}' if several else ''}"
                found.append(Quantity(name, f"Nernst potential of {ion}", "mV", "gradient", _gradient(wall, ion)))
    sizes = [space.name for space in finite if space.kind == "osmotic"]
    for name in sizes:
        of = f".{name}" if len(sizes) > 1 else ""
        found.append(Quantity(f"volume{of}", f"volume of {name}", "um3", "size", _volume(name)))
    if pumps(system):
        found.append(Quantity("ATP", "ATP use", "1/s", "bill", _spent))
    found.append(Quantity("tau", "slowest time constant", "s", "time"))
    if finite and pumps(system):
        for wall in walls:
            of = f".{wall.name}" if several else ""
            text = f"time to collapse{of} after the pumps stop"
            found.append(Quantity(f"collapse{of}", text, "s", "time", place=wall.name))
    return {q.name: q for q in found}


def chosen(system: System, of: str | Iterable[str] | None) -> tuple[Quantity, ...]:
    """Those that are asked for; by default all but the Nernst potentials, which follow from the contents.

    A name stands for all that begin with it and a dot: `inside` for every content, `V` for every membrane.
    """
    known = quantities(system)
    if of is None:
        return tuple(q for q in known.values() if q.kind != "gradient" and not q.name.startswith("collapse"))
    found: dict[str, Quantity] = {}
    for name in [of] if isinstance(of, str) else of:
        names = [k for k in known if k == name or k.startswith(f"{name}.")]
        if not names:
            hint = near_miss(name, list(known))
            raise InputError(f"There is no quantity '{name}'.", code="unknown_quantity", hint=hint)
        found |= {k: known[k] for k in names}
    return tuple(found.values())


def pumps(system: System) -> list[str]:
    """Paths of the strengths of everything that is on and spends ATP."""
    spending = {column.mover for column in system.columns if column.atp}
    movers = [system.structure.movers[m] for m in sorted(spending)]
    return [m.path(m.kind.strength) for m in movers if m.active and m.kind.strength]


def _potential(wall: Any) -> Reading:
    return lambda system, x, p: from_si(system.potential(x, wall), "potential")


def _content(space: str, ion: str) -> Reading:
    return lambda system, x, p: system.concentrations(x, p, space)[ion]


def _gradient(wall: Any, ion: str) -> Reading:
    def read(system: System, x: Any, p: Any) -> Any:
        inside, outside = (system.free(x, p, side)[ion] for side in (wall.inside, wall.outside))
        z, temperature = system.valence[ion], system.get(p, "temperature")
        return from_si(reversal_potential(z, inside=inside, outside=outside, temperature=temperature), "potential")

    return read


def _volume(space: str) -> Reading:
    return lambda system, x, p: from_si(system.volume(x, p, space), "volume")


def _spent(system: System, x: Any, p: Any) -> Any:
    rates, _ = system.turnovers(x, p)
    return N_A * sum(column.atp * rate for column, rate in zip(system.columns, rates, strict=True) if column.atp)
