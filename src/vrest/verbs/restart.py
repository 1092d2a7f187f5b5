"""A cell that starts from a given state of itself."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.paths import parameters, set_si
from vrest.system.assemble import System
from vrest.tables import number

TRACE = 1e-12
"""mM: what a description has of an ion that is gone, about one ion in a cell."""

SAME = 1e-6
"""Relative to a concentration: that of the state, and that which the charge balance solves."""


def restarted(cell: Cell, system: System, x: np.ndarray, p: np.ndarray) -> Cell:
    """The cell with the contents, volumes and potentials of state x; what is solved stays to be solved."""
    values: dict[str, Any] = {}
    known = parameters(cell)
    for space in system.structure.spaces:
        if not space.finite:
            continue
        w = float(system.relative_volume(x, space.name))
        base = f"compartments.{space.name}."
        for ion, conc in system.concentrations(x, p, space.name).items():
            if known[f"{base}ions.{ion}"].value != "solve":
                values[f"{base}ions.{ion}"] = float(conc) or TRACE
        c = cell.compartments[space.name]
        if c.impermeant is not None and c.impermeant.concentration != "solve":
            values[base + "impermeant.concentration"] = c.impermeant.concentration / w
        if w != 1.0:
            values |= _grown(cell, space.name, w)
    for wall in system.structure.walls:
        if not wall.closes:
            values[f"membranes.{wall.name}.potential"] = float(system.potential(x, wall))
        if wall.exponent == 0.0 and system.relative_volume(x, wall.inside) != 1.0:
            cell = _with_area(cell, wall.name, cell.area(wall.name))
    try:
        made = set_si(cell, values, source="settled by rest")
    except InputError as refused:
        if refused.code != "charge_imbalance":
            raise
        raise _unsaid(refused.message.rstrip(".")) from None
    for path, value in made.solved().items():
        _, space, *name = path.split(".")
        if name[0] == "ions":
            there = float(system.concentrations(x, p, space)[name[1]])
        elif name[1] == "concentration":
            there = float(system.impermeant(x, p, space))
        else:
            continue  # a valence takes charge up and nothing else
        if abs(value - there) > SAME * there:
            raise _unsaid(f"with {number(there)} mM of {'.'.join((space, *name))} its charge does not balance")
    return made


def _unsaid(why: str) -> InputError:
    return InputError(
        f"The state cannot be written as a cell: {why}.",
        code="untracked_charge",
        hint="Something in this cell moves charge that its contents do not pay for, which the notices name: in the "
        "file, let impermeant.valence = 'solve' take it up.",
    )


def _grown(cell: Cell, name: str, w: float) -> dict[str, float]:
    c = cell.compartments[name]
    base = f"compartments.{name}."
    if c.shape == "sphere":
        return {base + "radius": c.radius * w ** (1 / 3)}  # pyright: ignore[reportOperatorIssue]
    if c.shape == "cylinder":
        return {base + "radius": c.radius * w**0.5}  # pyright: ignore[reportOperatorIssue]
    return {base + "volume": c.start_volume * w}


def _with_area(cell: Cell, membrane: str, area: float) -> Cell:
    """The cell with a membrane area of its own: one that does not follow the shape."""
    changed = cell.membranes[membrane]._with_si(area=area)
    return cell._with_si(membranes=MappingProxyType({**cell.membranes, membrane: changed}))
