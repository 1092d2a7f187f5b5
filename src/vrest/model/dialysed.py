"""A cell with the solutions of the bench: what is in the pipette is inside, what is in the bath is outside."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vrest.errors import InputError
from vrest.model.absent import ABSENT
from vrest.model.cell import Cell, Source
from vrest.model.compartment import Compartment, Impermeant
from vrest.model.notice import SOLUTION
from vrest.model.solution.cell_ions import Amount, ions
from vrest.model.solution.pair import check_temperature, no_temperature, to_know, together
from vrest.model.solution.solution import Solution, SolutionLike
from vrest.model.transport import WATER

ROUNDING = 1e-12
"""Share of all that is dissolved: less is what is left of a difference."""


def with_solutions(cell: Cell, pipette: SolutionLike, bath: SolutionLike, celsius: Any = None) -> Cell:
    """The cell, dialysed with the pipette's solution, in the bath's: `Cell.with_solutions` explains it."""
    pipette, bath, known = together(pipette, bath, celsius)
    check_temperature(pipette, bath)
    inside, outside = _sides(cell)
    named = _named(cell, inside, outside, ions(pipette), ions(bath))
    sources = {p: s for p, s in cell.sources.items() if not _replaced(p, inside, outside)}
    held, valences = dict(cell.compartments), dict(cell.valences)
    for side, solution in ((inside, pipette), (outside, bath)):
        found = {ion: amount for ion, amount in ions(solution).items() if ion in named}
        _check_charges(cell, solution, found)
        valences |= {ion: amount.valence for ion, amount in found.items() if ion not in cell.valence()}
        held[side] = filled = _filled(cell, side, solution, named, found, "dialysed" if side == inside else "bath")
        # what a bath's charge leaves unexplained is remarked of every bath
        remarks = tuple(to_know(solution)) if side == inside else solution.warnings
        told = Source(f"{SOLUTION}{solution.name}", remarks=remarks)
        base = f"compartments.{side}."
        sources |= {f"{base}ions.{ion}": told if ion in found else Source(ABSENT) for ion in named}
        sources |= {f"{base}free.{ion}": told for ion in filled.free}
        sources |= {f"{base}impermeant.{n}": told for n in ("concentration", "valence") if filled.impermeant}
    if not known:
        sources["temperature"] = Source("taken, as nothing says it", remarks=(no_temperature(pipette),))
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
        sources |= {f"{path}{label}.atp": Source(f"{SOLUTION}{pipette.name}") for label in fed}
    made = cell._with_si(
        compartments=MappingProxyType(held),
        membranes=MappingProxyType(membranes),
        temperature=pipette.temperature,
        title=f"{pipette.name} inside, {bath.name} outside",
        valences=MappingProxyType(valences),
        sources=MappingProxyType(sources),
    )
    made._check()
    return made


def _filled(
    cell: Cell, side: str, solution: Solution, named: list[str], found: Mapping[str, Amount], kind: str
) -> Compartment:
    """A place of a cell with a solution in it; dissolved gases stay as they are, and so does the size of an inside."""
    whole = cell.compartments[side]
    gases = {ion: amount for ion, amount in whole.ions.items() if not cell.valence()[ion]}
    sizes = ("volume", "shape", "radius", "length")
    return whole._with_si(
        kind=kind,
        ions=MappingProxyType({**{ion: found[ion].total if ion in found else 0.0 for ion in named}, **gases}),
        impermeant=_others(solution, found),
        free=MappingProxyType({ion: a.free / a.total for ion, a in found.items() if a.free < a.total}),
        **(dict.fromkeys(sizes) if kind == "bath" else {}),
    )


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
