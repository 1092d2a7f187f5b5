"""What a prepared cell answers: resting states and runs of many lanes; arrays end with the axis of lanes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from vrest.model.cell import Cell
from vrest.model.neutrality import bath_values, left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.shown import Drawn
from vrest.system.assemble import System
from vrest.tables import Column, Table, counted
from vrest.units import duration
from vrest.verbs.outcome import Outcome
from vrest.verbs.outputs import potentials
from vrest.verbs.readings import Readings, readings
from vrest.verbs.rest_batch import RestBatch
from vrest.verbs.run_batch import FINISHED, RunBatch


@dataclass(frozen=True, eq=False)
class Rests(Drawn):
    """Certified resting states, lanes side by side. `Prepared.rest` makes them."""

    drawn_by: ClassVar[str] = "vrest.plot.answers:rests_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    """What was varied."""
    system: System
    """Its equations, which say what the rows of `state` and `parameters` hold."""
    parameters: np.ndarray
    """(P, lanes) SI, in the order of `system.names`."""
    found: RestBatch

    @property
    def outcome(self) -> np.ndarray:
        """(lanes,) index into tuple(Outcome); len(Outcome) where there is no such cell."""
        return self.found.outcome

    @property
    def outcomes(self) -> list[Outcome | None]:
        """The outcome of each lane; None where there is no such cell."""
        known = [*Outcome, None]
        return [known[code] for code in self.found.outcome]

    @cached_property
    def is_rest(self) -> np.ndarray:
        """(lanes,) whether the cell would stay there."""
        return self.found.is_rest

    @property
    def state(self) -> np.ndarray:
        """(states, lanes) SI, in the order of `system.states`; NaN where there is none."""
        return self.found.state.T

    @cached_property
    def v(self) -> np.ndarray:
        """Resting potential, mV, (lanes,), or (membranes, lanes); NaN where the cell does not rest."""
        return np.where(self.is_rest, potentials(self.system, self.state.T).T, np.nan)

    def read(self) -> Readings:
        """All that can be read off these states, door units, each (lanes,); NaN where there is none."""
        return readings(self.system, self.state, self.parameters)

    @property
    def residual_mV(self) -> np.ndarray:
        """(lanes,) V component of the last Newton correction."""
        return self.found.residual_mV

    @property
    def imbalance(self) -> np.ndarray:
        """(lanes,) worst imbalance of an ion, mM/min."""
        return self.found.imbalance

    @property
    def slowest(self) -> np.ndarray:
        """(lanes,) largest real part of an eigenvalue, 1/s."""
        return self.found.slowest

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        return _warnings(self.cell, self.system, self.parameters)

    def names(self) -> list[str]:
        """The outcome of each lane by name; `impossible` where there is no such cell."""
        return [outcome.name if outcome else "impossible" for outcome in self.outcomes]

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        names = self.names()
        counts = ", ".join(f"{names.count(name):,} {name}" for name in dict.fromkeys(names))
        yield f"{counted(len(names), 'resting state')} of '{self.cell.name}': {counts}"

    def tables(self) -> tuple[Table, ...]:
        """Lane by lane its outcome, V (mV), and what certifies it."""
        columns = (
            Column("lane", "", list(range(len(self.outcome)))),
            Column("outcome", "", self.names()),
            *potential_columns(self.system, self.v),
            Column("remaining correction", "mV", self.residual_mV.tolist(), digits=2, rounding=0.0),
            Column("worst imbalance", "mM/min", self.imbalance.tolist(), digits=2, rounding=0.0),
            Column("slowest eigenvalue", "1/s", self.slowest.tolist(), rounding=0.0),
        )
        return (Table(columns, "Resting states"),)


def _warnings(cell: Cell, system: System, p: np.ndarray) -> list[Notice]:
    """What to remark of a cell, and of its baths at any of these parameters (P, ..., lanes)."""
    lanes = p.shape[-1]
    values = bath_values(cell, system.names, p.reshape(len(p), -1))
    return [*notices(cell), *left_charged(cell, values, lambda k: f"in lane {k % lanes}")]


def potential_columns(system: System, v: np.ndarray) -> list[Column]:
    """Columns of potentials, mV, (...,) or (membranes, ...)."""
    walls = [wall.name for wall in system.structure.walls]
    rows = v[None] if len(walls) == 1 else v
    heads = ["V"] if len(walls) == 1 else [f"V {name}" for name in walls]
    return [Column(head, "mV", np.ravel(row).tolist(), decimals=2) for head, row in zip(heads, rows, strict=True)]


@dataclass(frozen=True, eq=False)
class Runs(Drawn):
    """Runs under one protocol, lanes side by side. `Prepared.run` makes them."""

    drawn_by: ClassVar[str] = "vrest.plot.answers:runs_axes"
    methods: ClassVar[tuple[str, ...]] = ("Steinebach2023", "Bradbury2018")
    cell: Cell
    """What was varied."""
    system: System
    """Its equations, which say what the rows of `state` and `parameters` hold."""
    time: np.ndarray
    """(times,) s."""
    parameters: np.ndarray
    """(P, times, lanes) SI, in the order of `system.names`: those that hold up to each time."""
    found: RunBatch

    @property
    def state(self) -> np.ndarray:
        """(states, times, lanes) SI, in the order of `system.states`; NaN beyond what a lane reached."""
        assert self.found.series is not None
        return self.found.series.transpose(2, 1, 0)

    @cached_property
    def v(self) -> np.ndarray:
        """V, mV, (times, lanes), or (membranes, times, lanes); NaN beyond what a lane reached."""
        return potentials(self.system, self.state.T).T

    def read(self) -> Readings:
        """All that can be read off the states, door units, each (times, lanes); NaN beyond what a lane reached."""
        return readings(self.system, self.state, self.parameters)

    @property
    def complete(self) -> np.ndarray:
        """(lanes,) whether it reached the end; `reached` says how far it got: an ion may have run out there."""
        return self.found.status == FINISHED

    @property
    def reached(self) -> np.ndarray:
        """(lanes,) the time reached, s."""
        return self.found.t

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        return _warnings(self.cell, self.system, self.parameters)

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        n, done = len(self.complete), int(self.complete.sum())
        yield f"{counted(n, 'run')} of '{self.cell.name}' over {duration(float(self.time[-1]))}, {done:,} to their end"

    def tables(self) -> tuple[Table, ...]:
        """At each time (s), lane by lane, V (mV)."""
        times, lanes = len(self.time), len(self.complete)
        columns = (
            Column("time", "s", np.repeat(self.time, lanes).tolist()),
            Column("lane", "", list(range(lanes)) * times),
            *potential_columns(self.system, self.v),
        )
        return (Table(columns, "Runs"),)
