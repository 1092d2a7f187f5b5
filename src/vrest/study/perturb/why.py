"""Why V moved in a cell that rested, at once and in the end: parts that add up, and sentences and tables of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vrest.model.cell import Cell
from vrest.model.ion_labels import ion_text
from vrest.study.explain.moved import Flow, Part, State, flows, moved
from vrest.study.explain.reasons import MOVED, SMALL, because, contents_moved, mV, named, span
from vrest.system.assemble import System
from vrest.tables import Column, Table
from vrest.units import from_si

Parts = dict[str, tuple[Part, ...]]
"""By membrane."""

UNITS = {"mV": "mV"}
"""Unit of what `listed` gives; that of `before` and `after` stands beside them."""


@dataclass(frozen=True)
class Why:
    """What moved V from a rest to where it is at once, and to where it settles.

    >>> from vrest.study.perturb.two_clocks import at_once, resting
    >>> from vrest.model.cellfile import load
    >>> from vrest.model.change import parse_changes
    >>> before = resting(load("mammalian_neuron"))
    >>> now = at_once(before, parse_changes("pump.max_rate*=0"))
    >>> why = Why(before.cell, before.system, (before.state, before.parameters), now.state)
    >>> [(part.of, round(part.mV, 2)) for part in why.at_once["neuron"] if abs(part.mV) > 0.5]
    [('K_leak', -0.55), ('pump', 5.47)]
    """

    cell: Cell
    system: System
    before: State
    now: State | None
    """Right after the change, contents frozen; None where there is no such state."""
    settled: State | None = None
    """None where it comes to no rest."""

    @property
    def membrane(self) -> str:
        """The one that sentences are about: the first."""
        return self.system.structure.walls[0].name

    @cached_property
    def at_once(self) -> Parts | None:
        """What moved V from rest at once; the parts of a membrane add up to its change."""
        return None if self.now is None else moved(self.system, self.before, self.now)

    @cached_property
    def later(self) -> Parts | None:
        """What moved V from rest to where it settles, likewise."""
        return None if self.settled is None else moved(self.system, self.before, self.settled)

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """Contents at rest, at once and settled; empty where one of these is missing."""
        if self.now is None or self.settled is None:
            return ()
        return flows(self.system, self.before, self.now, self.settled)

    def step(self, state: State) -> float:
        """By how much V of the first membrane is off its rest, mV."""
        wall = self.system.structure.walls[0]
        return from_si(
            float(self.system.potential(state[0], wall) - self.system.potential(self.before[0], wall)), "potential"
        )

    def says_at_once(self, hypothetical: bool = False) -> str:
        """Why V moves at once; `hypothetical` where it would only if all of the change came at once."""
        if self.now is None or self.at_once is None:
            return ""
        step, parts = self.step(self.now), self.at_once[self.membrane]
        reasons = because(self.cell, self.membrane, parts)
        given = "If all of it came at once, " if hypothetical else ""
        if abs(step) >= SMALL:
            how = f"would move {mV(step)}" if hypothetical else f"moves {mV(step)} at once"
            return f"{given}{self._v} {how} because {reasons}."
        how = "would hardly move" if hypothetical else "hardly moves at once"
        return f"{given}{self._v} {how}: {reasons or self._still(parts)}."

    def says_later(self, run_down: bool = False) -> str:
        """Which contents moved, and why V settles where it does; `run_down` where no pump holds gradients there."""
        if self.settled is None or self.later is None:
            return ""
        step, parts = self.step(self.settled), self.later[self.membrane]
        contents = contents_moved(self.cell, self.membrane, self.flows)
        if self._stays(contents):
            return "Kept on, V settles there."
        reasons = because(self.cell, self.membrane, parts)
        head = f"Kept on, {'the gradients run down' if run_down else contents or 'contents hardly move'}"
        head += f": {contents}" if run_down and contents else ""
        if abs(step) < SMALL:
            return f"{head}. {self._v} settles where it was: {reasons or self._still(parts)}."
        return f"{head}. {self._v} settles {mV(step)} from rest because {reasons}."

    def _stays(self, contents: str) -> bool:
        """Whether it settles where it was at once, its contents unmoved."""
        if contents or self.now is None or self.settled is None:
            return False
        return abs(self.step(self.settled) - self.step(self.now)) < SMALL

    @property
    def _v(self) -> str:
        return "V" if len(self.system.structure.walls) == 1 else f"V of '{self.membrane}'"

    def _still(self, parts: tuple[Part, ...]) -> str:
        """Why V does not move where no part would be seen."""
        for part in parts:
            if part.kind == "conductance" and not part.mV and abs(part.after - part.before) > MOVED * part.before:
                ion = next(iter(self.cell.membranes[self.membrane].transports[part.of].moved_ions))
                name = ion_text(ion, self.cell.valence()[ion])
                return f"the conductance for {name} goes {span(part)}, but V is where E_{ion} is"
        return "no E, conductance or current that sets it has changed enough to be seen"

    def tables(self) -> tuple[Table, ...]:
        """What moved V of the first membrane at once and to where it settles, the largest part first."""
        told = [("at once", self.now, self.at_once), ("settled", self.settled, self.later)]
        if self._stays(contents_moved(self.cell, self.membrane, self.flows)):
            told = told[:1]
        return tuple(
            _table(self.cell, self.membrane, f"What moves {self._v} by {mV(self.step(state))}, {when}", found)
            for when, state, found in told
            if state is not None and found is not None and _seen(found[self.membrane])
        )


def _seen(parts: tuple[Part, ...]) -> list[Part]:
    """Those that a table of two decimals shows, the largest first."""
    return sorted((part for part in parts if abs(part.mV) >= 0.005), key=lambda part: -abs(part.mV))


def _table(cell: Cell, membrane: str, title: str, parts: Parts) -> Table:
    seen = _seen(parts[membrane])
    names = [named(cell, membrane, part) + (" as V moves" if part.kind == "rectification" else "") for part in seen]
    total = sum(part.mV for part in parts[membrane])
    return Table(
        (
            Column("what changes", "", [*names, "all together"]),
            Column("by", "mV", [*(part.mV for part in seen), total], decimals=2, signed=True),
            Column("from", "", [*(part.before for part in seen), None]),
            Column("to", "", [*(part.after for part in seen), None]),
            Column("", "", [*(part.unit for part in seen), ""]),
        ),
        title=title,
    )


def listed(parts: Parts | None) -> dict[str, list[dict[str, Any]]] | None:
    """The parts of each membrane as plain dictionaries."""
    return None if parts is None else {name: [dict(vars(part)) for part in some] for name, some in parts.items()}
