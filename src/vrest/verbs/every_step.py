"""A run once more, told so often in every step that no spike is missed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vrest.numerics.lanes import RUNNING, alone
from vrest.system.structure import parameter_vector
from vrest.verbs.allowed import allowed_of
from vrest.verbs.motion import stepper
from vrest.verbs.run import FIRST_MOMENT
from vrest.verbs.run_result import Run
from vrest.verbs.spikes import unwatched
from vrest.verbs.start import begin

STEPS, OFTEN = 16, 96
"""Steps taken at a time, and the times told of them: few steps are about equally long."""

BLOCK = 128
"""Stretches of so many steps in what is given back at a time."""


def every_step(run: Run, until: float, also: np.ndarray | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The motion of a run as its steps saw it, from its start to a time, s, or to its end.

    A step is as short as the fastest motion asks, so what is told of every step has each spike, however many there are.
    The steps are those of the run, bit for bit.

    Parameters
    ----------
    run
        From `simulate`, complete or stopped.
    until
        s.
    also
        (moments,) s, increasing: moments that are to be among the times.

    Yields
    ------
    times, states
        (times,) s, increasing; (times, states) SI. The moment of each event is among them.

    >>> from vrest.verbs.run import simulate
    >>> run = simulate("hodgkin_huxley_1952", [(0, "stimulus.density=10 uA/cm2")], "1 s", points=3)
    >>> wall = run.system.structure.walls[0]
    >>> top = max(float(run.system.potential(states, wall).max()) for _, states in every_step(run, 1.0))
    >>> round(1e3 * top), round(float(run.v.max()))  # mV, every step and the times asked for
    (40, 28)
    """
    system = run.system
    p0, x0 = parameter_vector(run.cell), begin(system, run.cell, run.start)
    y = x0[list(system.laws.independent)]
    atol = allowed_of(system).tolerance(run.rtol)
    nowhere, nothing = np.array([np.inf]), np.empty((len(x0), 1))
    until = min(until, float(run.time[-1]))
    also = np.empty(0) if also is None else also
    times, states = [np.zeros(1)], [x0[:, None]]
    h = 0.0
    for stretch, stop in zip(run.stretches, (*run.events, run.until), strict=False):
        advance = stepper(system, bool(stretch.slope.any()))
        h = min(h, FIRST_MOMENT) if h else 0.0
        args = (stretch.p, stretch.slope, stretch.start, p0, x0, unwatched(system))
        how = (args, np.array([stretch.start, stop]), run.rtol, atol, STEPS)
        lanes = alone(stretch.start, h, y, 0)
        while lanes.status == RUNNING and lanes.t < until:
            ahead = advance((), (lanes, *how), nowhere, nothing).lanes
            if ahead.t > lanes.t:
                start, end = float(lanes.t), min(float(ahead.t), until)
                at = np.linspace(start, end, OFTEN + 1)[1:]
                between = also[slice(*np.searchsorted(also, (start, end), side="right"))]
                if len(between):
                    at = np.union1d(at, between)
                seen = np.empty((len(x0), len(at) + 1))
                advance((), (lanes, *how), np.append(at, np.inf), seen)
                times.append(at)
                states.append(seen[:, :-1])
            lanes = ahead._replace(place=np.asarray(0))
            if len(times) >= BLOCK:
                yield np.concatenate(times), np.concatenate(states, axis=1).T
                times, states = [], []
        h, y = float(lanes.h), np.asarray(lanes.y)
    if times:
        yield np.concatenate(times), np.concatenate(states, axis=1).T
