"""Why V moved in a cell that rested, at once and in the end: parts that add up, and sentences and tables of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vrest.model.cell import Cell
from vrest.model.ion_labels import ion_in
from vrest.study.explain.moved import Flow, Part, State, at_old_potential, flows, moved
from vrest.study.explain.reasons import MOVED, SMALL, because, chosen, contents_moved, moved_ion, mV, pulls, span, title
from vrest.system.assemble import System
from vrest.tables import Column, Table
from vrest.units import from_si

Parts = dict[str, tuple[Part, ...]]
"""By membrane."""

SEEN = 0.005
"""mV: what a table of two decimals shows."""

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

    @cached_property
    def membrane(self) -> str:
        """The one that sentences are about: the first, unless it only follows what moves another at once."""
        first, *others = (wall.name for wall in self.system.structure.walls)
        if self._own(first) >= SMALL:
            return first
        moved = max((first, *others), key=self._own)
        return moved if self._own(moved) >= SMALL else first

    def _own(self, membrane: str) -> float:
        """By how much a membrane's own channels and currents move it at once, mV; not what V elsewhere does to it."""
        found = pulls(self.cell, membrane, self.at_once[membrane]) if self.at_once else []
        return abs(sum(pull.mV for pull in found if pull.kind not in ("response", "path", "membrane", "charging")))

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
        """Contents at rest, right after the change at the old V, at once, and settled; empty where one is missing."""
        if self.now is None or self.settled is None:
            return ()
        held = at_old_potential(self.system, self.before, self.now)
        return flows(self.system, self.before, held, self.now, self.settled)

    def step(self, state: State) -> float:
        """By how much V of `membrane` is off its rest, mV."""
        wall = self.system.structure.wall(self.membrane)
        now, before = (float(self.system.potential(x, wall)) for x, _ in (state, self.before))
        return from_si(now - before, "potential")

    def says_at_once(self, hypothetical: bool = False) -> str:
        """Why V moves at once; `hypothetical` where it would only if all of the change came at once."""
        if self.now is None or self.at_once is None:
            return ""
        step, parts = self.step(self.now), self.at_once[self.membrane]
        given = "If all of it came at once, " if hypothetical else ""
        if abs(step) >= SMALL:
            how = f"would move {mV(step)}" if hypothetical else f"moves {mV(step)} at once"
        else:
            how = "would hardly move" if hypothetical else "hardly moves at once"
        return f"{given}{self._v} {how}{self._reasons(parts, 3)}."

    def says_later(self, run_down: bool = False) -> str:
        """Which contents moved, and why V settles where it does; `run_down` where no pump holds gradients there."""
        if self.settled is None or self.later is None:
            return ""
        step, parts = self.step(self.settled), self.later[self.membrane]
        pulling = [pull.of for pull in chosen(self.cell, self.membrane, parts, 2) if pull.kind == "ion"]
        contents = contents_moved(self.cell, self.membrane, self.flows, pulling)
        if self._stays(contents):
            return "Kept on, V settles there."
        head = f"Kept on, {'the gradients run down' if run_down else contents or 'contents hardly move'}"
        head += f": {contents}" if run_down and contents else ""
        how = f"settles {mV(step)} from rest" if abs(step) >= SMALL else "settles where it was"
        return f"{head}. {self._v} {how}{self._reasons(parts, 2)}."

    def _reasons(self, parts: tuple[Part, ...], most: int) -> str:
        return because(self.cell, self.membrane, parts, most) or f": {self._still(parts)}"

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
                ion = moved_ion(self.cell, self.membrane, part.of)
                name = ion_in(self.cell, ion)
                before, after, unit = span(part)
                return f"the conductance for {name} goes from {before} to {after} {unit}, but V is where E_{ion} is"
        return "no E, conductance or current that sets it has changed enough to be seen"

    def tables(self, hypothetical: bool = False) -> tuple[Table, ...]:
        """What each cause adds to V of `membrane` at once and where it settles, the largest first; none if nothing."""
        head = {"at once*" if hypothetical else "at once": self.at_once, "settled": self.later}
        found = {
            when: {(pull.kind, pull.of): pull for pull in pulls(self.cell, self.membrane, parts[self.membrane])}
            for when, parts in head.items()
            if parts is not None
        }
        rows = {key: pull for some in found.values() for key, pull in some.items()}
        by = {key: [some[key].mV if key in some else 0.0 for some in found.values()] for key in rows}
        largest = {key: max(map(abs, values)) for key, values in by.items()}
        seen = sorted((key for key in rows if largest[key] >= SEEN), key=lambda key: -largest[key])
        if not seen:
            return ()
        columns = [Column("what", "", [*(title(self.cell, self.membrane, rows[key]) for key in seen), "all together"])]
        for k, (when, some) in enumerate(found.items()):
            total = sum(pull.mV for pull in some.values())
            columns.append(Column(when, "mV", [*(by[key][k] for key in seen), total], decimals=2, signed=True))
        return (Table(columns, title=f"What moves {self._v} from rest"),)


def listed(parts: Parts | None) -> dict[str, list[dict[str, Any]]] | None:
    """The parts of each membrane as plain dictionaries."""
    return None if parts is None else {name: [dict(vars(part)) for part in some] for name, some in parts.items()}
