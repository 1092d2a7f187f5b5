"""What `simulate` gives back: states and parameters over time, the ledger, and what to know before trusting them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from vrest.errors import NoRestError
from vrest.model.cell import Cell
from vrest.model.neutrality import bath_values, left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices, uncounted, untracked
from vrest.model.protocol import Protocol
from vrest.numerics.compiler.fallback import Fallback
from vrest.shown import Drawn
from vrest.system.assemble import System
from vrest.system.ledger import Account, accounts
from vrest.system.structure import parameter_vector
from vrest.tables import Column, Table, counted, number
from vrest.units import duration, format_si, from_si
from vrest.verbs.dataset import labelled
from vrest.verbs.outputs import potentials
from vrest.verbs.readings import COURSE, readings
from vrest.verbs.slower import slower
from vrest.verbs.spikes import Spikes
from vrest.verbs.unstable import unstable_notice
from vrest.version import __version__

FEW = 25
"""Times that are printed one by one; of more, the start, the events and the end."""


class StuckError(NoRestError):
    """A run that could not go on, as far as it came; code `runs_out` (an ion is used up) or `not_converged`.

    Its `run` is what was done until then.

    >>> from vrest.model.change import apply
    >>> from vrest.verbs.run import simulate
    >>> try:
    ...     simulate(apply("kay_2017", "pump.max_rate=50 uA/cm2"), until="1 min")
    ... except StuckError as error:
    ...     print(error.code, error.run.complete, error.run.v[-1] < error.run.v[0])
    runs_out False True
    """

    def __init__(self, message: str, *, code: str, hint: str, run: Run) -> None:
        NoRestError.__init__(self, message, code=code, hint=hint)
        self.run = run


@dataclass(frozen=True)
class Stretch:
    """A part of a run without events."""

    start: float
    p: np.ndarray
    """Parameters at its start."""
    slope: np.ndarray
    """Their rates of change, 1/s."""

    def at(self, times: np.ndarray) -> np.ndarray:
        """Parameters (time, parameter) SI."""
        if not self.slope.any():
            return np.tile(self.p, (len(times), 1))
        return self.p + self.slope * (times - self.start)[:, None]


@dataclass(frozen=True)
class Run(Drawn):
    """What happened: states and parameters at the requested times, the protocol, the steps taken.

    `dataset` labels all of it in door units.

    >>> from vrest.verbs.run import simulate
    >>> run = simulate("mammalian_neuron", [("5 min", "pump.max_rate*=0")], "10 min", points=3)
    >>> run.time.tolist(), run.v.round(2).tolist(), run.complete  # s, mV
    ([0.0, 300.0, 600.0], [-70.0, -70.0, -61.01], True)
    """

    drawn_by: ClassVar[str] = "vrest.plot.timecourse:timecourse_axes"
    methods: ClassVar[tuple[str, ...]] = ("Steinebach2023", "Bradbury2018")
    cell: Cell
    """The cell that ran."""
    system: System
    """Its equations, which say what `states` and `parameters` hold."""
    plan: Protocol
    """The events that it was given."""
    until: float
    """The end that was asked for, s."""
    rtol: float
    """Relative tolerance of a step."""
    time: np.ndarray
    """(time,) s."""
    states: np.ndarray
    """(time, state) SI, in the order of `system.states`."""
    stretches: tuple[Stretch, ...] = field(repr=False)
    """The parts without events."""
    steps: int
    """Steps taken."""
    rejected: int
    """Steps tried in vain."""
    complete: bool
    """Whether it reached its end; False where it was stopped."""
    spikes: Spikes
    """When each membrane spiked, seen in every step."""
    events: tuple[float, ...] = field(default=())
    """When something changed, s."""
    start: np.ndarray | None = field(default=None, repr=False)
    """The state that it was given to start from, SI; None where it started from what the cell describes."""

    fallbacks: tuple[Fallback, ...] = field(default=(), repr=False)
    """What was left to XLA."""

    @cached_property
    def parameters(self) -> np.ndarray:
        """(time, parameter) SI; at an event, what holds after it."""
        ends = np.searchsorted(self.time, [part.start for part in self.stretches[1:]])
        return np.concatenate([part.at(t) for part, t in zip(self.stretches, np.split(self.time, ends), strict=True)])

    @cached_property
    def ledger(self) -> list[Account]:
        """Every conserved total: its largest drift over the run, beside its rounding floor."""
        return accounts(self.system, self.states, self.parameters[0], self.states[0])

    @property
    def v(self) -> np.ndarray:
        """V over time, mV: (time,), or (time, membrane) where there are several."""
        return potentials(self.system, self.states)

    @cached_property
    def dataset(self) -> Any:
        """The run as an `xarray.Dataset` in door units (see `dataset.labelled`), with how it was made.

        Where it spiked, `spike_time` (s) has the dimension `spike`, and `membrane` where there are several; NaN beyond
        the last spike of a membrane.
        """
        data = labelled(self.system, self.time, self.states, self.parameters, self._about())
        if not self.spikes.some:
            return data
        walls = [wall.name for wall in self.system.structure.walls]
        when = np.full((max(map(len, self.spikes.some.values())), len(walls)), np.nan)
        for name, times in self.spikes.some.items():
            when[: len(times), walls.index(name)] = times
        dims, when = (("spike", "membrane"), when) if len(walls) > 1 else (("spike",), when[:, 0])
        return data.assign(spike_time=(dims, when, {"units": "s", "long_name": "when V rose through 0 mV in a spike"}))

    def _about(self) -> dict[str, Any]:
        """Where it comes from, and how it was made."""
        cell = self.cell
        ledger = [f"{a.name}: drift {number(a.drift, 3)} {a.unit}, floor {number(a.floor, 3)}" for a in self.ledger]
        return {
            "title": f"Run of '{cell.name}'" + (f": {cell.title}" if cell.title else ""),
            "source": f"vrest {__version__}",
            "method": "Rodas5P, linearly implicit Rosenbrock method of order 5, dense output of order 4",
            "rtol": self.rtol,
            "steps": self.steps,
            "rejected": self.rejected,
            "complete": int(self.complete),
            "conservation": "\n".join(ledger),
            "temperature_degC": from_si(cell.temperature, "temperature"),
            "references": "\n".join(f"{key}: {text}" for key, text in cell.references.items()),
        }

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the curves."""
        found = notices(self.cell) + self._bath_notices() + self._switched_on()
        for account in self.ledger:
            if account.drift > 10 * account.floor:
                found.append(
                    Notice(
                        "conservation",
                        f"{account.name} drifted by {number(account.drift, 2)} {account.unit} "
                        f"(floor {number(account.floor, 2)})",
                    )
                )
        if unstable := unstable_notice(self.system, self.states[-1], self.parameters[-1], float(self.time[-1])):
            found.append(unstable)
        if not self.complete:
            found.append(Notice("stopped", f"the run was stopped at {duration(float(self.time[-1]))}"))
        return found + slower(self.fallbacks)

    def _switched_on(self) -> list[Notice]:
        """What is off in the cell and moves uncounted charge while the protocol has it on."""
        found = []
        for mover in self.system.structure.movers:
            carried, strength = uncounted(mover.bare()), mover.kind.strength
            if carried and strength:
                rates = self.parameters[:, self.system.names.index(mover.path(strength))]
                if self.system.get(parameter_vector(self.cell), mover.path(strength)) == 0.0 and rates.any():
                    found.append(untracked(mover.label, carried))
        return found

    def _bath_notices(self) -> list[Notice]:
        """Baths that the protocol leaves with a net charge."""
        values = bath_values(self.cell, self.system.names, self.parameters.T)
        return left_charged(self.cell, values, lambda k: f"at {format_si(float(self.time[k]), 'time', digits=4)}")

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        celsius, end = number(from_si(self.cell.temperature, "temperature")), duration(float(self.time[-1]))
        yield f"Run of '{self.cell.name}' at {celsius} degC, 0 to {end}, {counted(len(self.time), 'time')}"
        for name, v in self._potentials().items():
            first, last, low, high = (number(float(x), decimals=2) for x in (v[0], v[-1], v.min(), v.max()))
            where = " at these times" if name in self.spikes.some else ""  # between them spikes go higher
            yield f"  V ({name}): {first} -> {last} mV (range {low} to {high}{where})"
        for name, when in self.spikes.some.items():
            yield f"  spikes ({name}): {len(when):,}, {duration(float(when[0]))} to {duration(float(when[-1]))}"
        for event in self.plan.events:
            yield f"  at {duration(event.time)}: {event.change.brief}"
        yield f"  Rodas5P, rtol {number(self.rtol)}: {counted(self.steps, 'step')}, {self.rejected:,} rejected"

    def _potentials(self) -> dict[str, np.ndarray]:
        """V by membrane, mV."""
        walls = [wall.name for wall in self.system.structure.walls]
        return dict(zip(walls, np.reshape(self.v, (len(self.time), -1)).T, strict=True))

    @property
    def moments(self) -> list[int]:
        """Indices of the start, of the time nearest to each event, and of the end."""
        events = [int(np.abs(self.time - when).argmin()) for when in self.events if when <= self.time[-1]]
        return sorted({0, *events, len(self.time) - 1})

    def tables(self) -> tuple[Table, ...]:
        """Over time (s) V (mV), contents (mM), volumes (um3), ATP spent (1/s); at its events; conserved totals."""
        now = readings(self.system, self.states.T, self.parameters.T)
        course = (Column("time", "s", self.time.tolist()), *now.columns(COURSE))
        return Table(course, "Time course"), *self._printed()

    def _moments(self) -> Table:
        """Each time of few, else the start, the events and the end; of a bath what moves."""
        told = list(range(len(self.time))) if len(self.time) <= FEW else self.moments
        now = readings(self.system, self.states[told].T, self.parameters[told].T).columns(COURSE)
        still = set()
        for space in self.system.structure.spaces:
            if not space.finite:
                held = self.system.concentrations(self.states, self.parameters, space.name).items()
                still |= {f"{ion} {space.name}" for ion, c in held if np.ptp(c) == 0.0}
        columns = (
            Column("time", "s", self.time[told].tolist(), form=duration),
            *(c for c in now if c.name not in still),
        )
        return Table(columns, "At each time" if len(told) == len(self.time) else "Start, events and end")

    def _totals(self) -> Table:
        moved = [abs(a.drift) > a.floor for a in self.ledger]  # nobody reads digits of rounding
        ledger = [
            Column("conserved", "", [a.name for a in self.ledger]),
            Column("kept", "", ["drifts" if drifts else "to rounding" for drifts in moved]),
        ]
        for name in ("drift", "floor") if any(moved) else ():
            held = [getattr(a, name) if drifts else None for a, drifts in zip(self.ledger, moved, strict=True)]
            ledger.append(Column(name, "", held, digits=2, rounding=0.0))
        ledger += [Column("unit", "", [a.unit for a in self.ledger])] if any(moved) else []
        return Table(ledger, "Conserved totals")

    def _printed(self) -> tuple[Table, ...]:
        spikes = (self.spikes.table(),) if self.spikes.some else ()
        return self._moments(), *spikes, *([self._totals()] if self.ledger else [])

    def _said(self) -> Iterable[str]:
        return self.spikes.at_end()
