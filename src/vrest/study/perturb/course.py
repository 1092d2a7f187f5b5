"""A perturbation over time, as one table for files: the moments before and after the runs, and every time of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vrest.system.assemble import System
from vrest.tables import Column, Table
from vrest.verbs.readings import COURSE, readings

if TYPE_CHECKING:
    from vrest.study.perturb.perturbed import Perturbed
    from vrest.verbs.rest import Rest
    from vrest.verbs.run_result import Run


class Stretch(NamedTuple):
    """States of one part of the story; times in s, None for a rest."""

    name: str
    times: list[float | None]
    system: System
    states: np.ndarray
    """(times, states) SI"""
    parameters: np.ndarray
    """(times, parameters) SI"""


def course(story: Perturbed) -> Table:
    """V and E (mV), contents (mM), volumes (um3), currents of exchanges (pA) and ATP spent (1/s) in every state.

    `part`: the rest before; `at once`, which is hypothetical where there is an onset; the run with the perturbation
    `kept on`, and where that is `settled`; the run in which it is `washed` away, and where that is
    `settled after wash`. Where a rest was not reached there are no numbers.
    """
    now = story.moments[0]
    parts = [_rest("rest", story.before)]
    if now.state is not None:
        x, p = now.state
        parts.append(Stretch("at once", [0.0], story.before.system, x[None], p[None]))
    parts += [_run("kept on", story.kept), _rest("settled", story.settled)]
    parts += [_run("washed", story.washed), _rest("settled after wash", story.end)]
    named = [part.name for part in parts for _ in part.times]
    times = [time for part in parts for time in part.times]
    read = [_read(part) for part in parts]
    columns = list(dict.fromkeys((c.name, c.unit) for some in read for c in some))
    held: dict[tuple[str, str], list[Any]] = {key: [] for key in columns}
    for part, some in zip(parts, read, strict=True):
        there = {(c.name, c.unit): c.values for c in some}
        for key, values in held.items():
            values.extend(there.get(key, [None] * len(part.times)))
    told = (Column(name, unit, values, rounding=0.0) for (name, unit), values in held.items())
    return Table((Column("part", "", named), Column("time", "s", times), *told), f"Time course of {story.cell.name}")


def _run(name: str, run: Run) -> Stretch:
    return Stretch(name, run.time.tolist(), run.system, run.states, run.parameters)


def _rest(name: str, found: Rest) -> Stretch:
    there = found.outcome.has_state
    return Stretch(name, [None], found.system, found.state[None][:there], found.parameters[None])


def _read(part: Stretch) -> list[Column]:
    if not len(part.states):
        return []
    return readings(part.system, part.states.T, part.parameters.T).columns(("E", *COURSE))
