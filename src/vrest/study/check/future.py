"""Where a cell is in a minute, ten and an hour if nothing is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vrest.errors import NoRestError
from vrest.model.cell import Cell
from vrest.study.check.findings import SHARE, VOLTS
from vrest.units import HOUR, MINUTE, from_si
from vrest.verbs.progress import Progress
from vrest.verbs.run import simulate

MOMENTS = (MINUTE, 10 * MINUTE, HOUR)
"""s: where a drift is looked at."""

RTOL = 1e-6
"""Of the predicting run: a drift is told in hundredths of a millivolt."""


@dataclass(frozen=True)
class Later:
    """Where the cell is at one time: s, mV by membrane, mM by compartment and ion."""

    time: float
    v: Mapping[str, float]
    concentrations: Mapping[str, Mapping[str, float]]


def follow(cell: Cell, progress: Progress | None = None) -> tuple[list[Later], str]:
    """The cell at the moments of a drift, as far as it can be followed, and why not further."""
    stopped = ""
    for until in reversed(MOMENTS):
        try:
            run = simulate(cell, until=until, times=[t for t in MOMENTS if t <= until], rtol=RTOL, progress=progress)
        except NoRestError as error:
            stopped = error.message
            continue
        later = []
        walls, spaces = run.system.structure.walls, [s.name for s in run.system.structure.spaces if s.finite]
        for k, time in enumerate(run.time):
            x, p = run.states[k], run.parameters[k]
            later.append(
                Later(
                    float(time),
                    {wall.name: from_si(float(run.system.potential(x, wall)), "potential") for wall in walls},
                    {space: floats(run.system.concentrations(x, p, space)) for space in spaces},
                )
            )
        return later, stopped or ("" if run.complete else "stopped before the hour was over")
    return [], stopped


def moved(start: Later, later: list[Later]) -> bool:
    """Whether V or a content has moved by more than what counts as rest."""
    return any(
        any(abs(at.v[name] - v) > from_si(VOLTS, "potential") for name, v in start.v.items())
        or any(
            abs(at.concentrations[space][ion] - c) > SHARE * c
            for space, ions in start.concentrations.items()
            for ion, c in ions.items()
        )
        for at in later
    )


def floats(values: Mapping[str, Any]) -> dict[str, float]:
    """Plain numbers."""
    return {name: float(value) for name, value in values.items()}
