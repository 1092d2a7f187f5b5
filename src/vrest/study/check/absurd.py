"""What no cell can be: contents and potentials that an hour, or a way out, would make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrest.model.cell import Cell
from vrest.model.ion_labels import ion_in
from vrest.study.check.future import Later
from vrest.tables import number
from vrest.units import duration, from_si

GONE = 0.01
"""Of a content: an ion of which less is left has run out."""

MOST_CALCIUM = 0.01
"""mM of free Ca2+ inside: a hundred times what a resting cell has, and no cell lives with it."""

BREAKDOWN = 200.0
"""mV on a membrane: bilayers break down at a few hundred."""


@dataclass(frozen=True)
class Remark:
    """A value that no cell can have: where, when (s), and how much, with its unit.

    Codes: `too_much` or `run_out` of an ion, `breakdown` of a membrane.
    """

    code: str
    where: str
    time: float
    value: float
    unit: str
    message: str


def at_start(cell: Cell) -> Later:
    """A cell as it is described."""
    v = {name: from_si(cell.potential(name), "potential") for name in cell.membranes}
    finite = [name for name, c in cell.compartments.items() if c.finite]
    return Later(0.0, v, {n: {i: from_si(c, "concentration") for i, c in cell.contents(n).items()} for n in finite})


def absurdities(described: Cell, later: Sequence[Later]) -> tuple[Remark, ...]:
    """What is absurd at these moments of a cell or of one made from it, and was not as it is described; each once."""
    return (*_contents(described, later), *_potentials(described, later))


def _contents(described: Cell, later: Sequence[Later]) -> Iterator[Remark]:
    start = at_start(described).concentrations
    for space, ion in (
        [(space, ion) for space, ions in later[0].concentrations.items() for ion in ions] if later else ()
    ):
        if f"{space}.{ion}" in described.closures or ion not in start[space]:
            continue
        before = start[space][ion]
        calcium = ion == "Ca" and any(m.inside == space for m in described.membranes.values())
        most = max(MOST_CALCIUM if calcium else _room(described, space), before)
        course = [(at.time, at.concentrations[space][ion]) for at in later]
        name = f"{ion_in(described, ion)} in '{space}'"
        for time, c in course:
            if c > most:
                end, at_end = course[-1]
                last = f" and {number(at_end)} mM after {duration(end)}" if end > time else ""
                why = (
                    "no cell lives with so much free Ca2+"
                    if calcium
                    else f"more than all that is dissolved now ({number(most, 3)} mM), so a real cell would burst"
                )
                code, text = "too_much", f"{name} would be {number(c)} mM{_when(time)}{last}: {why}."
            elif c < GONE * before:
                text = f"{name} would be {number(c, 3)} mM{_when(time)}, of {number(before)} mM now: it has run out."
                code = "run_out"
            else:
                continue
            yield Remark(code, f"{space}.{ion}", time, c, "mM", text)
            break


def _potentials(described: Cell, later: Sequence[Later]) -> Iterator[Remark]:
    start = at_start(described).v
    for name in later[0].v if later else ():
        beyond = [(at.time, at.v[name]) for at in later if abs(at.v[name]) > max(BREAKDOWN, abs(start[name]))]
        for time, v in beyond[:1]:
            text = f"V of '{name}' would be {number(v, decimals=1)} mV{_when(time)}: a membrane breaks down before."
            yield Remark("breakdown", name, time, v, "mV", text)


def _when(time: float) -> str:
    return f" after {duration(time)}" if time else ""


def _room(cell: Cell, space: str) -> float:
    """mM of all that is dissolved in a compartment or beside it, at the start, whichever is more."""
    joined = [*cell.membranes.values(), *cell.exchanges.values()]
    sides = [(each.inside, each.outside) for each in joined if space in (each.inside, each.outside)]
    places = {space, *(name for pair in sides for name in pair)}
    return max(from_si(cell.osmolarity(name), "osmolarity") for name in places)
