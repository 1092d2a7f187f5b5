"""The junction of each row of a table: what the row changes in the bath changes its junction too.

The potentials of all rows rest on the same mobilities. What a mobility is wrong by moves each by its own slope: these
are the shared errors of the fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, located
from vrest.ions import VALENCE
from vrest.model.cell import Cell
from vrest.model.solution.cell_ions import ions, symbol
from vrest.model.solution.mobilities import Mobility
from vrest.model.solution.solution import Solution, solution
from vrest.model.solution.species import Species
from vrest.study.fit.measured import Measured
from vrest.study.junction.ljp import ljp
from vrest.study.junction.reference import electrode
from vrest.study.junction.result import LJP
from vrest.tables import number
from vrest.units import format_si, from_si

Array = NDArray[np.float64]

BALANCED = 1e-6
"""Share of all charge up to which a row leaves the solutions as neutral as they were."""

Row = tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...], float]


def row_junctions(cell: Cell, table: Measured, recorded: LJP) -> tuple[Array, Array]:
    """Of each row what is to be taken off, (n,), and what a standard deviation of each error moves it by, (n, r), mV.

    Parameters
    ----------
    cell
        With the solutions inside and outside.
    table
        Whose conditions change them, companions among these.
    recorded
        The junction of the solutions as they are.

    Raises
    ------
    InputError
        `not_neutral`: a row that changes the charge of a solution; what `ljp` refuses.
    """
    wall = next(iter(cell.membranes.values()))
    held = {side: _followed(cell, side) for side in (wall.inside, wall.outside)}
    rows = [_row(table, k, held, cell.temperature) for k in range(len(table))]
    if recorded.configuration.sign < 0:  # the bath is inside
        rows = [(bath, pipette, heat) for pipette, bath, heat in rows]
    known: dict[Row, LJP] = {}
    for k, row in enumerate(rows):
        if row not in known:
            with located(table.where(k)):
                known[row] = _junction(recorded, row)
    each = [known[row] for row in rows]
    mobilities = list(dict.fromkeys(m for found in each for m in found.off_slopes))
    errors = np.array([[_error(found, m) for m in mobilities] for found in each])
    missing = np.array([[found.off_spread] for found in each])  # what may be missing is so from all rows alike
    shared = np.hstack([errors, missing])
    volts = from_si(shared[:, np.abs(shared).max(axis=0) > 0.0], "potential")
    return np.array([found.off for found in each]), np.asarray(volts)


def _error(found: LJP, mobility: Mobility) -> float:
    """V, of one standard deviation of a mobility."""
    return found.off_slopes.get(mobility, 0.0) * mobility.relative_sd


def _followed(cell: Cell, side: str) -> dict[str, float]:
    """The ions that a cell follows on a side, mol/m3: as in the solution, but for what was changed since."""
    return {ion: float(amount) for ion, amount in cell.contents(side).items() if cell.valence()[ion]}


def _row(table: Measured, k: int, held: Mapping[str, Mapping[str, float]], temperature: float) -> Row:
    """What there is inside and outside in a row, mol/m3 by ion, and its temperature, K."""
    sides = {side: dict(ions) for side, ions in held.items()}
    for c in table.conditions:
        parts = c.parameter.path.split(".")
        if c.parameter.path == "temperature":
            temperature = float(c.values[k])
        elif c.parameter.ion and parts[1] in sides:
            sides[parts[1]][c.parameter.ion] = float(c.values[k])
    within, without = (tuple(sorted(each.items())) for each in sides.values())
    return within, without, temperature


def _junction(recorded: LJP, row: Row) -> LJP:
    """The junction of the solutions as a row has them."""
    within, without, temperature = row
    heat = format_si(temperature, "temperature")
    pipette, bath = (
        each if each.temperature == temperature else solution(each, celsius=heat)
        for each in (recorded.pipette, recorded.bath)
    )
    pipette, bath = (replace(each, recipe=None) for each in (pipette, bath))  # solved: not to be solved again
    filled, changed = with_amounts(pipette, dict(within)), with_amounts(bath, dict(without))
    how: Any = {"config": recorded.configuration.name, "method": recorded.method, "activity": recorded.activity}
    if recorded.reference is None or changed is bath:
        return ljp(filled, changed, **how)
    return ljp(filled, bath, new_bath=changed, **how, **electrode(recorded.reference))


def with_amounts(solved: Solution, amounts: Mapping[str, float]) -> Solution:
    """A solution with other amounts of some ions, mol/m3 by symbol; bound and free in proportion as before.

    Raises
    ------
    InputError
        `not_neutral`.
    """
    before = ions(solved)
    factors = {s: amounts[s] / before[s].total for s in amounts if s in before and before[s].total > 0.0}
    if all(factors.get(s, 0.0 if a else 1.0) == 1.0 for s, a in amounts.items()):
        return solved
    species = [replace(s, concentration=s.concentration * factors.get(_counted(s), 1.0)) for s in solved.species]
    species += [
        Species(name=s, charge=VALENCE[s], concentration=a, component=s)
        for s, a in amounts.items()
        if s not in factors and a > 0.0
    ]
    charges = [[s.charge * s.concentration for s in held] for held in (solved.species, species)]
    more = sum(charges[1]) - sum(charges[0])
    if abs(more) > BALANCED * sum(map(abs, charges[0])):
        told = f"the charge of '{solved.name}' changes by {number(from_si(more, 'concentration'), 4, signed=True)} mM"
        raise InputError(
            f"{told}, and no junction is known without what makes up for it.",
            code="not_neutral",
            hint="Say what went as the ion came, in the column's name or in --set: 'Ko swap Na', 'Ko with Cl'.",
        )
    return replace(solved, name=f"{solved.name}, changed", species=tuple(species), recipe=None)


def _counted(species: Species) -> str:
    """The ion in whose total a species is."""
    return species.metal or symbol(species)
