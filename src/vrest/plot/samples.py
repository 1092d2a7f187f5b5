"""What a figure draws of a run: every spike of it, in no more numbers than a page can show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d
from scipy.signal import find_peaks

from vrest.plot.clock import Clock
from vrest.system.structure import parameter_vector
from vrest.units import from_si
from vrest.verbs.every_step import every_step
from vrest.verbs.readings import Readings, readings
from vrest.verbs.run_result import Run

COLUMNS = 1000
"""Columns of a time axis; of each, the samples where a potential is lowest and highest are kept."""

SWING = 1.0
"""mV: V that falls by less between two peaks has one."""

CLOSE, FEWEST = 3.5, 3
"""Points between peaks that can be told apart, and how many of them that are closer make a band."""

SPIKE, SHOWN = 0.3, 5
"""Share of the height of a band that a spike in it has at least, and how many of them a close-up shows."""


@dataclass(frozen=True)
class Band:
    """Where V swings too fast to be drawn as a line: times (s) and the potentials (mV) between which it swings."""

    time: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spikes: int


@dataclass(frozen=True)
class Samples:
    """A run as it is drawn: with both sides of every step, so that steps are vertical. SI, (sample, ...)."""

    run: Run
    clock: Clock
    time: np.ndarray
    states: np.ndarray
    parameters: np.ndarray
    stretch: np.ndarray
    """Number of the stretch between events that a sample belongs to."""
    steps: np.ndarray
    """(steps,) s: all that was seen of every step."""
    v: dict[str, np.ndarray]
    """V of each membrane there, mV."""

    @cached_property
    def read(self) -> Readings:
        """All that can be read off them, door units."""
        return readings(self.run.system, self.states.T, self.parameters.T)

    @cached_property
    def peaks(self) -> dict[str, np.ndarray]:
        """Where V of each membrane has a peak, among `steps`."""
        return {wall: find_peaks(v, prominence=SWING)[0] for wall, v in self.v.items()}

    def bands(self, wall: str, clock: Clock, width: float) -> list[Band]:
        """Where the peaks of a membrane's V cannot be told apart on a clock that is so many points wide."""
        peaks, v = self.peaks[wall], self.v[wall]
        places = width * clock.share(self.steps[peaks])
        inside = (self.steps[peaks] >= clock.begin) & (self.steps[peaks] <= clock.end)
        near = np.flatnonzero((np.diff(places) < CLOSE) & inside[1:] & inside[:-1])
        found = []
        for group in np.split(near, np.flatnonzero(np.diff(near) > 1) + 1):
            if len(group) + 1 < FEWEST:
                continue
            start, stop = self._troughs(wall, group[0], group[-1] + 1)
            found.append(self._band(slice(start, stop + 1), v, clock, width, len(group) + 1))
        return found

    def _troughs(self, wall: str, first: int, last: int) -> tuple[int, int]:
        """Where V is lowest before the first and after the last of some peaks: where that is flat, next to the peak.

        No further off than a period.
        """
        peaks, v, time = self.peaks[wall], self.v[wall], self.steps
        period = float(np.median(np.diff(time[peaks[first : last + 1]])))
        start, stop = np.searchsorted(time, [time[peaks[first]] - period, time[peaks[last]] + period])
        before, after = v[start : peaks[first] + 1], v[peaks[last] : stop + 1]
        low, up = (np.flatnonzero(side <= side.min() + SWING) for side in (before, after))
        return int(start + low[-1]), int(peaks[last] + up[0])

    def _band(self, part: slice, v: np.ndarray, clock: Clock, width: float, spikes: int) -> Band:
        time, v = self.steps[part], v[part]
        places = width * clock.share(time)
        count = max(4, int(2 * np.ptp(places)))
        edges = np.linspace(places[0], places[-1], count + 1)
        column = np.clip(np.searchsorted(edges, places, side="right") - 1, 0, count - 1)
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, column, v)
        np.maximum.at(high, column, v)
        reach = 2 * int(np.ceil(CLOSE * count / np.ptp(places))) + 1  # each column reaches a peak and a trough
        low, high = minimum_filter1d(low, reach), maximum_filter1d(high, reach)
        middles = 0.5 * (edges[1:] + edges[:-1])
        at = clock.times(np.concatenate([edges[:1], middles, edges[-1:]]) / width)
        ends = [0, *range(count), count - 1]
        return Band(at, low[ends], high[ends], spikes)


def samples(run: Run, clock: Clock, edges: np.ndarray | None = None) -> Samples:
    """A run as a clock shows it, or in columns between given edges (s), from every step that it took.

    The last moment before each event is put beside the first one after it. The state is continuous there; the
    parameters are continued from before, where they are constant or linear.

    >>> from vrest.verbs.run import simulate
    >>> run = simulate("mammalian_neuron", [(30.0, "pump.max_rate*=0")], 60.0, points=3)
    >>> drawn = samples(run, Clock(0.0, 60.0))
    >>> int(np.sum(drawn.time == 30.0)), drawn.stretch[drawn.time == 30.0].tolist()
    (2, [0, 1])
    """
    walls = run.system.structure.walls
    edges, held = clock.columns(COLUMNS) if edges is None else edges, np.array(run.events)
    steps, potentials, times, states = [], [], [], []
    for t, x in every_step(run, clock.end, edges):
        v = np.stack([from_si(run.system.potential(x, wall), "potential") for wall in walls])
        steps.append(t)
        potentials.append(v)
        picked = _extremes(np.searchsorted(edges, t), v) | np.isin(t, held)
        times.append(t[picked])
        states.append(x[picked])
    t, begin = np.concatenate(steps), float(run.time[0])
    v = np.concatenate(potentials, axis=1)[:, t >= begin]
    seen = {wall.name: row for wall, row in zip(walls, v, strict=True)}
    at = np.concatenate(times)
    thin = replace(run, time=at[at >= begin], states=np.concatenate(states)[at >= begin])
    return _with_sides(thin, clock, t[t >= begin], seen)


def _extremes(column: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Which samples (walls, samples) are the first of their column, or lowest or highest in it; columns in order."""
    picked = np.zeros(len(column), dtype=bool)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    picked[starts] = True
    picked[-1] = True
    for row in v:
        order = np.lexsort((row, column))
        picked[order[starts]] = True
        picked[order[np.append(starts[1:], len(column)) - 1]] = True
    return picked


def _with_sides(run: Run, clock: Clock, steps: np.ndarray, v: dict[str, np.ndarray]) -> Samples:
    t, p = run.time, run.parameters
    stretch = np.searchsorted(np.asarray(run.events), t, side="right")
    order = list(range(len(t)))
    now, numbers = p, stretch
    for event in reversed(run.events):
        k = int(np.searchsorted(t, event))
        if not 0 < k < len(t) or t[k] != event:
            continue  # beyond the clock, or before what was asked for
        before = p[k - 1]
        if k > 1 and stretch[k - 2] == stretch[k - 1]:
            before = before + (p[k - 1] - p[k - 2]) * ((t[k] - t[k - 1]) / (t[k - 1] - t[k - 2]))
        order.insert(k, k)
        now, numbers = np.insert(now, k, before, axis=0), np.insert(numbers, k, stretch[k - 1])
    return Samples(run, clock, t[order], run.states[order], now, numbers, steps, v)


def since(drawn: Samples, start: float, number: int) -> Samples:
    """The stretch of that number alone, its time counted from its start."""
    picked = (drawn.stretch == number) & (drawn.time > start)
    stop = next((event for event in drawn.run.events if event > start), np.inf)
    seen = (drawn.steps > start) & (drawn.steps <= stop)
    return replace(
        drawn,
        time=drawn.time[picked] - start,
        states=drawn.states[picked],
        parameters=drawn.parameters[picked],
        stretch=drawn.stretch[picked],
        steps=drawn.steps[seen] - start,
        v={wall: v[seen] for wall, v in drawn.v.items()},
    )


def rested(drawn: Samples) -> Samples:
    """The same, with the cell as it was before the run in front of it, from the beginning of its clock."""
    run, begin = drawn.run, drawn.clock.begin
    x0, p0 = np.tile(drawn.states[0], (2, 1)), np.tile(parameter_vector(run.cell), (2, 1))
    return replace(
        drawn,
        time=np.concatenate([[begin, 0.0], drawn.time]),
        states=np.concatenate([x0, drawn.states]),
        parameters=np.concatenate([p0, drawn.parameters]),
        stretch=np.concatenate([[0, 0], drawn.stretch]),
    )


@dataclass(frozen=True)
class CloseUp:
    """A few spikes of the membrane that fires most: times (s), and V of each membrane (mV)."""

    time: np.ndarray
    v: dict[str, np.ndarray]


def close_up(drawn: Samples, clock: Clock, width: float) -> CloseUp | None:
    """A few spikes from the middle of the longest band that a clock so many points wide has; None without bands."""
    most, best = 0, None
    for wall in drawn.v:
        for band in drawn.bands(wall, clock, width):
            if band.spikes > most:
                most, best = band.spikes, (wall, band)
    if best is None:
        return None
    wall, band = best
    first, last = np.searchsorted(drawn.steps, band.time[[0, -1]])
    v = drawn.v[wall][first : last + 1]
    spikes = find_peaks(v, prominence=SPIKE * np.ptp(v))[0]
    ends = np.concatenate([[0], [a + np.argmin(v[a:b]) for a, b in pairwise(spikes)], [len(v) - 1]]).astype(int)
    count = min(SHOWN, len(ends) - 1)
    start = (len(ends) - 1 - count) // 2
    part = slice(first + ends[start], first + ends[start + count] + 1)
    return CloseUp(drawn.steps[part], {name: v[part] for name, v in drawn.v.items()})
