"""A perturbed cell followed to the end, until its firing has settled, or until an ion runs out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.model.cell import Cell
from vrest.model.protocol import Protocol, protocol
from vrest.study.perturb.look import Seen, look
from vrest.tables import number
from vrest.units import format_si
from vrest.verbs.go_on import as_it_stands
from vrest.verbs.outcome import Outcome
from vrest.verbs.progress import Progress
from vrest.verbs.run import CHUNK, simulate
from vrest.verbs.run_result import Run, StuckError

RTOL = 1e-6
"""Of a step: readings to 0.001 mV; what is conserved does not depend on it."""

CALM = 20 * CHUNK
"""Steps: a run that needs more of them fires or oscillates. Its contents matter then, no longer each spike."""

FIRING_RTOL = 1e-4
"""Of a step of such a run: the contents an hour later still agree to four digits."""

FINER = 6
"""How many times as many times are reported of it: a figure of spikes needs them."""

MOST_STEPS = 1_200_000
"""A run that needs more is stopped: thousands of spikes, or slow oscillations without end."""

WINDOW = 20
"""Calls of CHUNK steps each: tens of spikes."""

SILENCE = 10.0
"""A call that takes so many times as much time as any in the windows is one of a cell that fires no more."""

MOST_SHARE = 0.05
"""Of the time a run took: how long it is looked at more closely where it was given up, to find slow periods."""

SHORTEST = 1e-3
"""s: a cell that cannot be followed for so long is not answered for."""


@dataclass(frozen=True)
class Stop:
    """Why a run was not followed to its end."""

    outcome: Outcome
    """`oscillates`, `runs_out` or `not_converged`."""
    why: str


GAVE_UP = Stop(Outcome.oscillates, "It goes on firing.")


def follow(
    cell: Cell,
    events: Any,
    until: float,
    times: np.ndarray,
    *,
    start: np.ndarray | None = None,
    most_steps: int = MOST_STEPS,
    progress: Progress | None = None,
) -> tuple[Run, Stop | None]:
    """Run a cell under a protocol, from a state where one is given, and say why if it was not followed to the end.

    Raises
    ------
    NoRestError
        It could not be followed at all.
    """
    plan = protocol(events)
    how = _How(cell, plan, until, start, progress)
    watch = _Watch(how, min(CALM, most_steps))
    run, stop = _try(how, times, RTOL, watch)
    if stop is GAVE_UP and most_steps > CALM:
        watch = _Watch(how, most_steps)
        between = np.interp(np.arange(0, len(times) - 1, 1 / FINER), np.arange(len(times)), times)
        run, stop = _try(how, np.union1d(times, between), FIRING_RTOL, watch)
    return run, _why_given_up(run, watch) if stop is GAVE_UP else stop


@dataclass(frozen=True)
class _How:
    """What is followed: a cell under a protocol, from a state."""

    cell: Cell
    plan: Protocol
    until: float
    start: np.ndarray | None
    progress: Progress | None

    @property
    def last(self) -> float:
        """When the protocol changes nothing more, s."""
        return max((event.time + event.change.over for event in self.plan.events), default=0.0)


def _try(how: _How, times: np.ndarray, rtol: float, watch: _Watch) -> tuple[Run, Stop | None]:
    try:
        run = simulate(how.cell, how.plan, how.until, times=times, rtol=rtol, progress=how.progress, watch=watch,
                       start=how.start)  # fmt: skip
    except StuckError as error:
        if error.run.time[-1] <= max([SHORTEST, *(event.time for event in how.plan.events)]):
            raise
        return error.run, Stop(Outcome[error.code], error.message)
    if run.complete:
        return run, None
    return run, GAVE_UP if watch.gave_up else Stop(Outcome.not_converged, "It was cancelled.")


class _Watch:
    """Gives up a run that takes too many steps, or whose contents have settled although it swings on and on."""

    def __init__(self, how: _How, most: int) -> None:
        self.how, self.most, self.gave_up = how, most, False
        self.times = [0.0]
        self.next = 2 * WINDOW
        self.seen: Seen | None = None

    def __call__(self, time: float, x: np.ndarray) -> bool:
        self.times.append(time)
        calls = len(self.times) - 1
        settled = calls >= self.next and time > self.how.last and self.firing and self._settled(time, x)
        self.gave_up = settled or calls * CHUNK >= self.most
        return not self.gave_up

    def _settled(self, time: float, x: np.ndarray) -> bool:
        """Whether it swings on and on from here, with contents that stay: short steps alone do not tell."""
        changes = as_it_stands(self.how.cell, self.how.plan, self.how.until, time)
        seen = look(self.how.cell, changes, x, self.span)
        settled = seen.swing.kind == "steady" and seen.settled
        self.seen = seen if settled else None
        self.next = len(self.times) * 3 // 2  # if not, it is asked again when it has taken half as many steps more
        return settled

    @property
    def span(self) -> float:
        """How long the last window took, s."""
        return max(self.times[-1] - self.times[-1 - WINDOW :][0], SHORTEST)

    @property
    def firing(self) -> bool:
        """Whether steps are still as short as they were."""
        gaps = np.diff(self.times[-2 * WINDOW :])
        return bool(gaps[-1] <= SILENCE * gaps[:-1].max())


def _why_given_up(run: Run, watch: _Watch) -> Stop:
    """What the cell is doing where its run was given up."""
    changes = as_it_stands(run.cell, run.plan, run.until, float(run.time[-1]))
    longer = MOST_SHARE * float(run.time[-1])
    seen = watch.seen or look(run.cell, changes, run.states[-1], watch.span, longer)
    swing = seen.swing
    steps = f"It was stopped after {run.steps} steps, at {format_si(float(run.time[-1]), 'time', digits=3)}"
    where = f" ('{seen.wall}')" if len(run.system.structure.walls) > 1 else ""
    between = f"between {swing.low:.0f} and {swing.high:.0f} mV{where}"
    if swing.kind == "still":
        return Stop(Outcome.not_converged, f"{steps}: V{where} does not swing in the {seen.lasts} that follow.")
    if swing.kind == "dying":
        return Stop(Outcome.not_converged, f"{steps}: V swings {between}, ever less.")
    if swing.rate is None:
        spikes = f"{swing.spikes} times " if swing.spikes > 1 else ""
        why = f"V rises {spikes}{between} in the {seen.lasts} that follow, but no two periods are equal."
        return Stop(Outcome.not_converged, f"{steps}: {why}")
    text = f"It {'fires' if swing.high > 0 else 'oscillates'} on at {number(swing.rate, 3)} Hz, {between}"
    if swing.group > 1:
        text += f", {swing.group} times in each period of {format_si(swing.group / swing.rate, 'time', digits=3)}"
    if swing.kind == "growing":
        text += ", ever more"
    if seen.drift is None:  # nothing in it can change
        return Stop(Outcome.oscillates, text + ".")
    if seen.settled:
        return Stop(Outcome.oscillates, text + ", and its contents have settled.")
    per_minute = float(f"{6000.0 * seen.drift:.2g}")
    return Stop(Outcome.oscillates, f"{text}, while its contents still change by up to {per_minute:g} % in a minute.")
