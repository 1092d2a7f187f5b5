"""The spikes of a run, seen in every step that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np

from vrest.model.channels import GatedChannel
from vrest.numerics.lanes import FINISHED, RUNNING, Lanes
from vrest.physics.namespace import Array
from vrest.system.assemble import Entries, System
from vrest.system.structure import Wall
from vrest.tables import Column, Table, number
from vrest.units import duration

LEVEL, BACK = 0.0, -1e-3
"""V: a spike rises through the first; another can come once V was below the second."""

LASTS = 1.0
"""s: V that stays above 0 longer has moved, and did not spike."""

MOMENT = "its last V is one moment of that, no rest."

LAST = 5
"""Intervals that the rate is the mean of."""


@dataclass(frozen=True)
class Spikes:
    """When the membranes of a cell spiked in a run.

    A spike is V rising through 0 mV and falling back within 1 s, in a membrane with gated channels. Every step of the
    run is asked, whatever times it reports.

    >>> from vrest.verbs.run import simulate
    >>> spikes = simulate("hodgkin_huxley_1952", [(0, "stimulus.density=10 uA/cm2")], "200 ms", points=3).spikes
    >>> len(spikes.times["axon"]), round(spikes.rate["axon"], 1)
    (14, 68.3)
    """

    times: Mapping[str, np.ndarray]
    """By membrane, s, (spikes,): when V passed 0 mV upwards; membranes without gated channels are not listed."""
    until: float
    """s, where the run ended."""
    during: tuple[str, ...] = ()
    """Membranes that were in a spike there."""

    @property
    def rate(self) -> dict[str, float | None]:
        """By membrane, Hz at the end: over the last five intervals. None where it does not fire on."""
        return {name: _rate(when, self.until) for name, when in self.times.items()}

    @property
    def some(self) -> dict[str, np.ndarray]:
        """Those that spiked at all."""
        return {name: when for name, when in self.times.items() if len(when)}

    def at_end(self) -> Iterable[str]:
        """What to know of the last V of membranes that fire on, or end within a spike."""
        for name, rate in self.rate.items():
            if rate is not None:
                yield f"'{name}' fires at {number(rate, 3)} Hz when the run ends: {MOMENT}"
            elif name in self.during:
                yield f"'{name}' is in a spike when the run ends: {MOMENT}"

    def table(self) -> Table:
        """How many, the first and the last (s), and the rate at the end (Hz)."""
        found = self.some
        return Table(
            (
                Column("membrane", "", list(found)),
                Column("spikes", "", [len(when) for when in found.values()]),
                Column("first", "s", [float(when[0]) for when in found.values()], form=duration),
                Column("last", "s", [float(when[-1]) for when in found.values()], form=duration),
                Column("rate at the end", "Hz", [self.rate[name] for name in found]),
            ),
            "Spikes",
            "A spike is V rising through 0 mV and falling back within 1 s.",
        )


def _rate(when: np.ndarray, until: float) -> float | None:
    if len(when) < 3 or when[-1] + 2 * (when[-1] - when[-2]) < until:
        return None
    return float(1.0 / np.diff(when)[-LAST:].mean())


def spiking(system: System) -> list[Wall]:
    """The membranes that may spike: they have gated channels, and a charge of their own."""
    movers = system.structure.movers
    # a channel may open at once, without a gate that is a state
    gated = {
        movers[m].place for m, gates in system.gate_names.items() if gates or issubclass(movers[m].kind, GatedChannel)
    }
    return [wall for wall in system.structure.walls if wall.name in gated and not wall.closes]


def unwatched(system: System) -> np.ndarray:
    """What a motion waits for that is to stop at no spike, (membranes,)."""
    return np.zeros(max(1, len(spiking(system))))


def passed(system: System, x: Entries, sense: Array) -> Array:
    """Whether V has passed what is waited for, in any membrane: LEVEL from below (sense 1), BACK from above (-1)."""
    potentials = [system.potential(x, wall) for wall in spiking(system)]
    each = [((sense[k] > 0.0) & (v > LEVEL)) | ((sense[k] < 0.0) & (v < BACK)) for k, v in enumerate(potentials)]
    return reduce(or_, each)


class Counter:
    """Spikes as a run comes by them: it stops where V passes a level, is told here, and goes on."""

    def __init__(self, system: System, x: np.ndarray) -> None:
        self.system, self.walls = system, spiking(system)
        self.sense = unwatched(system)
        for k, wall in enumerate(self.walls):
            self.sense[k] = 1.0 if system.potential(x, wall) <= LEVEL else -1.0
        self._ups: list[list[float]] = [[] for _ in self.walls]
        self._downs: list[list[float]] = [[] for _ in self.walls]

    def seen(self, lanes: Lanes, x: np.ndarray, p: np.ndarray, stop: float) -> Lanes:
        """The motion after some steps, in state x with parameters p, on its way to `stop`: on, if V passed a level."""
        if lanes.status != FINISHED:
            return lanes
        t, slope = float(lanes.t), None
        for k, wall in enumerate(self.walls):
            v = float(self.system.potential(x, wall))
            if self.sense[k] > 0 and v > LEVEL:
                slope = self.system.derivative(x, p) if slope is None else slope
                self._ups[k].append(t - (v - LEVEL) / self._steepness(x, wall, slope))
            elif self.sense[k] < 0 and v < BACK:
                self._downs[k].append(t)
            else:
                continue
            self.sense[k] = -self.sense[k]
        return lanes._replace(status=np.asarray(RUNNING, lanes.status.dtype)) if t < stop else lanes

    def _steepness(self, x: np.ndarray, wall: Wall, slope: np.ndarray) -> float:
        """dV/dt, V/s: a step on from where it crossed, along a straight line."""
        stretched = float(self.system.relative_volume(x, wall.inside)) ** wall.exponent if wall.exponent else 1.0
        return float(slope[self.system.index["charge", wall.name]]) / stretched

    def found(self, until: float) -> Spikes:
        """The spikes up to the end of the run, s."""
        times, during = {}, []
        for wall, ups, downs in zip(self.walls, self._ups, self._downs, strict=True):
            ends = np.append(downs, until)[np.searchsorted(downs, ups, side="right")]
            times[wall.name] = np.array(ups)[ends - ups <= LASTS]
            during += [wall.name] * (len(ups) > len(downs) and until - ups[-1] <= LASTS)
        return Spikes(times, until, tuple(during))
