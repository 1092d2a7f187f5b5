"""A cell with the solutions of the bench: what is in the pipette is inside, what is in the bath is outside."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vrest.errors import InputError
from vrest.model.absent import ABSENT
from vrest.model.cell import Cell, Source
from vrest.model.compartment import Compartment, Impermeant
from vrest.model.notice import BATH, PIPETTE
from vrest.model.solution.ions import Amount, ions
from vrest.model.solution.solution import Solution, SolutionLike
from vrest.model.solution.together import check_temperature, together
from vrest.model.transport import WATER

ROUNDING = 1e-12
"""Share of all that is dissolved: less is what is left of a difference."""


def with_solutions(cell: Cell, pipette: SolutionLike, bath: SolutionLike, celsius: Any = None) -> Cell:
    """The cell, dialysed with the pipette's solution, in the bath's: `Cell.with_solutions` explains it."""
    pipette, bath, _ = together(pipette, bath, celsius)
    check_temperature(pipette, bath)
    inside, outside = _sides(cell)
    named = _named(cell, inside, outside, ions(pipette), ions(bath))
    sources = {p: s for p, s in cell.sources.items() if not _replaced(p, inside, outside)}
    held = dict(cell.compartments)
    valences = dict(cell.valences)
    for side, kind, solution in ((inside, "dialysed", pipette), (outside, "bath", bath)):
        told = f"{PIPETTE if side == inside else BATH}{solution.name}"
        found = ions(solution)
        valences |= {s: a.valence for s, a in found.items() if s in named and s not in cell.valence()}
        _check_charges(cell, solution, {s: a for s, a in found.items() if s in named})
        whole = cell.compartments[side]
        gases = {s: whole.ions[s] for s in whole.ions if not cell.valence()[s]}
        kept = {s: found.get(s) for s in named}
        size = {n: getattr(whole, n) for n in ("volume", "shape", "radius", "length")} if side == inside else {}
        base = f"compartments.{side}."
        held[side] = Compartment.carrying(
            {
                "kind": kind,
                "ions": MappingProxyType({**{s: a.total if a else 0.0 for s, a in kept.items()}, **gases}),
                "impermeant": _others(solution, {s: a for s, a in kept.items() if a}),
                "free": MappingProxyType({s: a.free / a.total for s, a in kept.items() if a and a.free < a.total}),
                **dict.fromkeys(("volume", "shape", "radius", "length")),
                **size,
                "_name": side,
            }
        )
        sources |= {f"{base}ions.{s}": Source(told if a else ABSENT) for s, a in kept.items()}
        sources |= {f"{base}free.{s}": Source(told) for s in held[side].free}
        sources |= {f"{base}impermeant.{n}": Source(told) for n in ("concentration", "valence")}
    atp = pipette.totals.get("ATP", 0.0)
    membranes = {}
    for name, m in cell.membranes.items():
        fed = [label for label, t in m.transports.items() if hasattr(t, "atp")]
        new: dict[str, Any] = {label: m.transports[label]._with_si(atp=atp) for label in fed}
        # the pipette keeps the volume too: water has nowhere to go
        left = {label: t for label, t in m.transports.items() if set(t.stoichiometry()) != {WATER}}
        membranes[name] = m._with_si(transports=MappingProxyType({**left, **new}))
        path = f"membranes.{name}.transports."
        sources = {p: s for p, s in sources.items() if not p.startswith(path) or p.split(".")[3] in left}
        sources |= {f"{path}{label}.atp": Source(f"{PIPETTE}{pipette.name}") for label in fed}
    made = cell._with_si(
        compartments=MappingProxyType(held),
        membranes=MappingProxyType(membranes),
        temperature=pipette.temperature,
        title=f"whole-cell recording, {pipette.name} inside and {bath.name} outside",
        valences=MappingProxyType(valences),
        sources=MappingProxyType(sources),
    )
    made._check()
    return made


def _sides(cell: Cell) -> tuple[str, str]:
    """The places that a pipette and a bath fill, where there is one of each."""
    sides = {(m.inside, m.outside) for m in cell.membranes.values()}
    inside, outside = next(iter(sides))
    if len(cell.compartments) != 2 or len(sides) != 1 or cell.compartments[outside].kind != "bath":
        places = ", ".join(f"{name} ({c.kind})" for name, c in cell.compartments.items())
        raise InputError(
            f"'{cell.name}' is not one inside in one bath, which a pipette and a bath would fill: {places}.",
            code="not_one_bath",
            hint="Take a cell such as mammalian_neuron, or write the concentrations into a file of yours.",
        )
    return inside, outside


def _named(cell: Cell, inside: str, outside: str, *found: Mapping[str, Amount]) -> list[str]:
    """The ions that the cell follows: those that it moves, and those that it names and a solution has."""
    moved = {ion for m in cell.membranes.values() for t in m.transports.values() for ion in t.moved_ions}
    own = [s for side in (inside, outside) for s in cell.compartments[side].ions if cell.valence()[s]]
    return [s for s in dict.fromkeys([*own, *sorted(moved)]) if s in moved or any(s in each for each in found)]


def _others(solution: Solution, kept: Mapping[str, Amount]) -> Impermeant | None:
    """All that is not followed, as so much of one mean charge: osmolarity and charge are those of the solution."""
    amount = sum(s.concentration for s in solution.species) - sum(a.total for a in kept.values())
    charge = sum(s.charge * s.concentration for s in solution.species)
    charge -= sum(a.valence * a.total for a in kept.values())
    if amount <= ROUNDING * sum(s.concentration for s in solution.species):
        return None
    return Impermeant(concentration=amount, valence=charge / amount)


def _check_charges(cell: Cell, solution: Solution, found: Mapping[str, Amount]) -> None:
    known = cell.valence()
    for name, amount in found.items():
        if known.get(name, amount.valence) != amount.valence:
            raise InputError(
                f"'{cell.name}' has {name} with a charge of {known[name]:+d}, and '{solution.name}' with "
                f"{amount.valence:+d}.",
                code="known_ion",
                hint="Give the ion of the cell another name.",
            )


def _replaced(path: str, inside: str, outside: str) -> bool:
    """Whether a source is of a value that the solutions replace."""
    parts = path.split(".")
    held = parts[0] == "compartments" and parts[1] in (inside, outside) and parts[2] in ("ions", "free", "impermeant")
    return held or path == "temperature"
