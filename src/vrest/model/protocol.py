"""A protocol: changes at times, exact at the moment they happen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import Change, parse_change, targets
from vrest.model.paths import resolve
from vrest.units import duration, format_si, to_si

SHORTEST = 1e-12
"""s: no event comes sooner after the start."""


@dataclass(frozen=True)
class Event:
    """One change at one time (s)."""

    time: float
    change: Change


@dataclass(frozen=True)
class Segment:
    """A stretch of time in which parameters are constant or change linearly.

    `values` are SI by full path at its start, `slopes` their rates of change per second; parameters not named
    keep the cell's own values. Of a population both may be arrays.
    """

    start: float
    stop: float
    values: dict[str, Any]
    slopes: dict[str, Any]


@dataclass(frozen=True)
class Protocol:
    """Timed changes.

    >>> p = protocol([("5 min", "transports.pump.max_rate*=0"), ("25 min", "transports.pump.max_rate=restore")])
    >>> [event.time for event in p.events]
    [300.0, 1500.0]
    """

    events: tuple[Event, ...] = ()

    def rows(self) -> list[list[str]]:
        """The protocol as text, `[time, change]` each, as files keep it."""
        return [[format_si(e.time, "time"), str(e.change)] for e in self.events]


def protocol(events: Protocol | Iterable[tuple[Any, Any]] | None) -> Protocol:
    """Read a protocol from pairs (time, change); several changes at one time may be a list.

    Bare times are seconds.
    """
    if events is None:
        return Protocol()
    if isinstance(events, Protocol):
        return events
    read = []
    for item in events:
        try:
            when, what = item
        except (TypeError, ValueError):
            raise InputError(
                f"A protocol entry is {item!r}.",
                code="bad_protocol",
                hint='Write pairs ("5 min", "outside.K=12 mM").',
            ) from None
        time = float(to_si(when, "time", "protocol time", bare_ok=True))
        if time < 0:
            raise InputError(
                f"A protocol event is at {format_si(time, 'time', digits=6)}.",
                code="out_of_range",
                hint="A run starts at time 0.",
            )
        if 0 < time < SHORTEST:
            raise InputError(
                f"A protocol event is at {format_si(time, 'time', digits=6)}.",
                code="out_of_range",
                hint="Nothing happens within a picosecond; write 0 s.",
            )
        for change in [what] if isinstance(what, str | Change) else list(what):
            read.append(Event(time, parse_change(change)))
    return Protocol(tuple(sorted(read, key=lambda event: event.time)))


def segments(cell: Cell, plan: Protocol, until: float) -> list[Segment]:
    """Cut 0..until at every event and every end of a ramp."""
    cuts = {0.0, until}
    for event in plan.events:
        if event.time >= until:
            raise InputError(
                f"The event '{event.change.brief}' at {duration(event.time)} is not before the end "
                f"({duration(until)}).",
                code="bad_protocol",
                hint="Run longer (--until) or drop the event.",
            )
        cuts |= {event.time, min(event.time + event.change.over, until)}
    edges = sorted(cuts)
    ramps: dict[str, Ramp] = {}
    paired: dict[str, str] = {}  # an ion and the companion that kept its bath neutral: both are restored
    pieces = []
    for start, stop in itertools.pairwise(edges):
        now = {path: ramp.at(start) for path, ramp in ramps.items()}
        for event in plan.events:
            if event.time == start:
                aims = targets(cell, event.change, now)
                first, *others = aims
                if others:
                    paired[first] = others[0]
                elif event.change.operation == "restore" and first in paired:
                    aims[paired[first]] = resolve(cell, paired[first]).value
                for path, target in aims.items():
                    _refuse_start_value(cell, path, event)
                    if isinstance(target, str):
                        raise InputError(
                            f"'{event.change}': nothing can be solved while a cell runs.",
                            code="bad_protocol",
                            hint="Write a value.",
                        )
                    begin = now.get(path, resolve(cell, path).value)
                    ramps[path] = Ramp(start, start + event.change.over, begin, target)
                    now[path] = ramps[path].at(start)
        slopes = {path: ramp.slope for path, ramp in ramps.items() if ramp.stop > start}
        pieces.append(Segment(start, stop, now, slopes))
    return pieces


@dataclass(frozen=True)
class Ramp:
    """A value on its way from `begin` to `target`; a step takes no time."""

    start: float
    stop: float
    begin: Any
    target: Any

    @property
    def slope(self) -> Any:
        return (self.target - self.begin) / (self.stop - self.start)

    def at(self, time: float) -> Any:
        """The value at a time, exact at both ends."""
        return self.target if time >= self.stop else self.begin + self.slope * (time - self.start)


def _refuse_start_value(cell: Cell, path: str, event: Event) -> None:
    if resolve(cell, path).fixed_at_start:
        raise InputError(
            f"'{event.change}' at {format_si(event.time, 'time', digits=6)}: {path} describes how the cell starts.",
            code="bad_protocol",
            hint="Contents and sizes follow from the transports while it runs; set it before (--set), "
            "or change a transport or a bath.",
        )
