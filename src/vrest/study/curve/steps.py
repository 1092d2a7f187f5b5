"""Steps from a cell to many values at once: V before any content has moved, and where each settles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vrest.model.cell import Cell
from vrest.study.curve.thresholds import Settled
from vrest.units import from_si
from vrest.verbs.outcome import Outcome
from vrest.verbs.outputs import potentials
from vrest.verbs.progress import Progress
from vrest.verbs.rest_many import RestMany, rest_many

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Steps:
    """What n steps lead to; potentials (membranes, n), mV, in the order of the cell's membranes."""

    instant: Array
    """NaN where no potential carries zero current, or a rate is not finite."""
    nothing: int
    """How many have no such potential although every rate is finite."""
    settled: Array
    """NaN where the cell does not rest."""
    unstable: Array
    """Of a stationary state that the cell leaves; NaN elsewhere."""
    time_constant: Array
    """(n,) s, the slowest of the resting state; NaN where there is none."""
    outcomes: tuple[Outcome, ...]


def steps(cell: Cell, over: Mapping[str, Array], progress: Progress | None = None) -> Steps:
    """From a cell to each of n values.

    over: by path, values in door units (n,), as of `rest_many`.
    """
    many = rest_many(cell, over, progress=progress)
    found, at_once = many.found, many.ready.at_once(many.over)
    v = potentials(found.system, found.state.T).reshape(len(many.outcomes), -1).T
    slowest = np.where(found.is_rest & (found.slowest < 0), found.slowest, np.nan)
    return Steps(
        instant=from_si(at_once.v, "potential"),
        nothing=int((at_once.defined & np.isnan(at_once.v).any(axis=0)).sum()),
        settled=np.where(found.is_rest, v, np.nan),
        unstable=np.where(found.is_rest, np.nan, v),
        time_constant=-1.0 / slowest,
        outcomes=tuple(many.outcomes),
    )


def settled(
    cell: Cell, over: Mapping[str, Array], at: Array, place: int = 0, progress: Progress | None = None
) -> list[Settled]:
    """Where one membrane (`place`) settles, called by `at`, which increases."""
    many: RestMany = rest_many(cell, over, progress=progress)
    return each(at, many.v_rest.reshape(len(at), -1)[:, place], many.outcomes)


def each(at: Array, v: Array, outcomes: tuple[Outcome, ...] | list[Outcome]) -> list[Settled]:
    """One by one."""
    return [Settled(*one) for one in zip(at.tolist(), v.tolist(), outcomes, strict=True)]
