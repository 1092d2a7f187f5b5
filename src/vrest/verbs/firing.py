"""What a cell does that goes on moving: how often it fires and between which potentials."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from vrest.numerics.lanes import alone
from vrest.system.assemble import System
from vrest.tables import number
from vrest.units import HOUR, from_si
from vrest.verbs.allowed import allowed_of
from vrest.verbs.motion import stepper
from vrest.verbs.spikes import unwatched
from vrest.verbs.swing import STILL_MV, Swing, drift, swing

RTOL = 1e-6

POINTS, STEPS, LONGER, LONGEST = 40_000, 3000.0, 4.0, 16.0
"""Times at which V is read over so many steps of the motion; and how many times longer it is watched where no periods
repeat, up to how many times."""

TRIES = 20
"""Steps that may be tried for each that is expected: here they are shorter."""

STAYS = 1e-6
"""mV: V that moves less than this while steps are short does not move."""

AHEAD, SETTLED = HOUR, 0.01
"""s and share: contents do not drift when none would move by more than this share in so long."""


class Firing(NamedTuple):
    """The membrane that swings most."""

    wall: str
    swing: Swing
    mean: np.ndarray
    """(states,) averaged over all that was watched."""
    drift: float | None
    """Fastest relative change of any content from period to period, 1/s; None where nothing repeats."""

    @property
    def stays(self) -> bool:
        """Whether it does not move at all, as on an unstable state from which nothing nudges it."""
        return self.swing.high - self.swing.low < STAYS

    @property
    def steady(self) -> bool:
        """Whether it goes on so: equal periods, and contents that do not drift."""
        return self.swing.kind == "steady" and (self.drift or 0.0) * AHEAD < SETTLED

    def __str__(self) -> str:
        found = self.swing
        between = f"between {found.low:.0f} and {found.high:.0f} mV"
        if found.high - found.low < STILL_MV:
            return f"stays near {number(0.5 * (found.low + found.high))} mV"
        if found.kind == "still":
            return f"drifts {between}"
        if found.rate is None:
            return f"moves {between}, without equal periods"
        return f"{'fires' if found.high > 0 else 'oscillates'} at {number(found.rate, 3)} Hz, {between}"


def firing(system: System, x: np.ndarray, p: np.ndarray, step: float) -> Firing:
    """Watch a cell from a state on. `step` (s) is about the length of its steps."""
    span = STEPS * step
    while True:
        times, states = trace(system, x, p, span, int(TRIES * span / step))
        if not len(times):  # it got stuck at once
            times, states = np.zeros(2), np.stack([x, x])
        potentials = [from_si(system.potential(states, wall), "potential") for wall in system.structure.walls]
        k = int(np.argmax([np.ptp(v) for v in potentials]))
        found = swing(times, potentials[k])
        if found.period is not None or span >= LONGEST * STEPS * step or len(times) < POINTS:
            contents = states[:, [kind in ("amount", "volume") for kind, _ in system.states]]
            moved = drift(found, times, contents) if found.period is not None and contents.size else None
            return Firing(system.structure.walls[k].name, found, states.mean(axis=0), moved)
        span *= LONGER


def trace(system: System, x: np.ndarray, p: np.ndarray, span: float, tries: int) -> tuple[np.ndarray, np.ndarray]:
    """Times (s), (times,), and states, (times, states), of a motion from state x on; shorter where tries ran out."""
    times = np.linspace(0.0, span, POINTS + 1)[1:]
    samples = np.empty((len(x), POINTS + 1))
    lanes = alone(0.0, 0.0, x[list(system.laws.independent)], 0)
    args = (p, np.zeros_like(p), 0.0, p, x, unwatched(system))
    given = (lanes, args, np.array([0.0, span]), RTOL, allowed_of(system).tolerance(RTOL), tries)
    done = stepper(system, False)((), given, np.append(times, np.inf), samples).lanes
    place = int(done.place)
    return times[:place], samples[:, :place].T
