"""Whether a potential swings on and on: periods that repeat, as against a flat trace, ringing, or spikes at random."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np

STILL_MV = 1.0
"""mV: V that moves less than this is still."""

ALIKE = 0.05
"""Share by which intervals and amplitudes of equal periods may differ: contents may drift meanwhile."""

DYING = 0.003
"""Change of the logarithm of the amplitude from one third of the periods to the next, beyond which it is not steady."""

MOST_IN_GROUP = 400
"""Spikes in one period; more are not looked for."""

SHARE = 1 / 3
"""Of the range: V rises by at least as much in what is counted as one swing or spike."""

LEAST = 1e-3
"""mM, or a thousandth of a volume: changes of less than that are measured against it."""

Kind = Literal["still", "steady", "dying", "growing", "irregular"]


@dataclass(frozen=True)
class Swing:
    """What a potential does over a trace.

    `steady` is the only oscillation: at least two periods, equal by interval, peak and trough, over the later half of
    the trace and to its end. `dying` and `growing` are periods whose amplitude falls or grows throughout. `irregular`
    has no two equal periods, or too few spikes to tell; `still` moves less than 1 mV or in one direction.
    """

    kind: Kind
    low: float
    """mV, over the equal periods; of the whole trace where there are none."""
    high: float
    spikes: int
    """Rises by a third of the range or more, in the whole trace."""
    group: int
    """Spikes in a period."""
    period: float | None
    """s; None where nothing repeats."""
    at: tuple[float, ...] = field(default=(), repr=False)
    """When each spike passed the middle of its rise, s; empty where nothing repeats."""

    @property
    def rate(self) -> float | None:
        """Spikes per second, Hz."""
        return None if self.period is None else self.group / self.period


def swing(time: np.ndarray, v: np.ndarray) -> Swing:
    """What a potential does over a trace.

    Parameters
    ----------
    time
        s, (times,), so close together that no spike is missed.
    v
        mV, (times,).

    >>> t = np.linspace(0.0, 1.0, 5001)
    >>> found = swing(t, 20.0 * np.sin(2 * np.pi * 12 * t) - 50.0)
    >>> found.kind, round(found.rate, 3), round(found.low), round(found.high)
    ('steady', 12.0, -70, -30)
    >>> swing(t, 20.0 * np.exp(-3 * t) * np.sin(2 * np.pi * 12 * t)).kind
    'dying'
    >>> swing(t, -60.0 + 20.0 * t).kind
    'still'
    """
    low, high = float(v.min()), float(v.max())
    troughs, peaks = rises(v)
    if high - low < STILL_MV or not len(peaks) or (len(peaks) == 1 and peaks[0] in (0, len(v) - 1)):
        return Swing("still", low, high, len(peaks), 0, None)
    at = _passed(time, v, troughs, peaks)
    last = at[-1]
    if v[peaks[-1] :].min() >= v[peaks[-1]] - SHARE * (high - low):  # its peak may be still to come
        at, troughs, peaks = at[:-1], troughs[:-1], peaks[:-1]
    n = len(at) - 1
    intervals = np.diff(at)
    bottoms, tops = v[troughs], v[peaks]
    for group in range(1, min(MOST_IN_GROUP, n // 2) + 1):
        compared = max(group, n // 2)  # within a burst two intervals are alike as well
        period = float(intervals[-group:].sum())
        if time[-1] - last > (1.0 + ALIKE) * intervals[-compared:].max():
            break  # it has ended
        if not _alike(intervals, group, compared, period / group):
            continue
        whole = [_by_period(part[1:], group) for part in (bottoms, tops)]
        floors, heights = whole[0].min(axis=1), whole[1].max(axis=1)
        some = max(2, -(-compared // group))
        if max(np.ptp(floors[-some:]), np.ptp(heights[-some:])) > ALIKE * (high - low):
            continue
        kind = _trend(heights - floors)
        return Swing(kind, float(floors[-some:].min()), float(heights[-some:].max()), len(at), group, period, tuple(at))
    return Swing(_ringing(v) or "irregular", low, high, len(at), 0, None)


def rises(v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each rise by a third of the range or more starts and ends: a notch in a spike does not make it two."""
    least = SHARE * float(np.ptp(v))
    slope = np.sign(np.diff(v))
    moving = np.flatnonzero(slope)
    turns = moving[1:][slope[moving[1:]] != slope[moving[:-1]]]
    troughs, peaks = [], []
    bottom = top = 0
    rising = False
    for k in np.concatenate([[0], turns, [len(v) - 1]]):
        if rising:
            if v[k] > v[top]:
                top = k
            elif v[k] < v[top] - least:
                troughs.append(bottom)
                peaks.append(top)
                bottom, rising = k, False
        elif v[k] < v[bottom]:
            bottom = k
        elif v[k] > v[bottom] + least:
            top, rising = k, True
    if rising:
        troughs.append(bottom)
        peaks.append(top)
    return np.array(troughs, dtype=int), np.array(peaks, dtype=int)


def _passed(time: np.ndarray, v: np.ndarray, troughs: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """When each rise last passes its middle, s."""
    at = []
    for start, stop in zip(troughs, peaks, strict=True):
        middle = 0.5 * (v[start] + v[stop])
        k = start + int(np.flatnonzero(v[start:stop] < middle)[-1])
        at.append(time[k] + (middle - v[k]) / (v[k + 1] - v[k]) * (time[k + 1] - time[k]))
    return np.array(at)


def _alike(intervals: np.ndarray, group: int, compared: int, mean: float) -> bool:
    """Whether each of the last intervals is that of a period before."""
    last, before = intervals[-compared:], intervals[len(intervals) - compared - group : len(intervals) - group]
    return bool(np.all(np.abs(last - before) <= ALIKE * mean))


def _by_period(values: np.ndarray, group: int) -> np.ndarray:
    """(periods, group), the last period last."""
    return values[len(values) % group :].reshape(-1, group)


def _trend(amplitudes: np.ndarray) -> Kind:
    """Whether the amplitude of successive periods stays, or falls or grows by as much in each third."""
    if len(amplitudes) < 3:
        return "steady"
    first, second = np.diff([np.log(np.median(part)) for part in np.array_split(amplitudes, 3)])
    if min(abs(first), abs(second)) > DYING and 0.4 < second / first < 2.5:
        return "dying" if first < 0 else "growing"
    return "steady"


def _ringing(v: np.ndarray) -> Kind | None:
    """`dying` where the swings of a trace without equal periods shrink throughout."""
    parts = [float(np.ptp(part)) for part in np.array_split(v, 4)]
    return "dying" if all(b < 0.8 * a for a, b in pairwise(parts)) else None


def drift(found: Swing, when: np.ndarray, contents: np.ndarray) -> float:
    """Fastest relative change of contents (times, contents) over whole periods of the later half, 1/s."""
    assert found.period is not None
    periods = max(1, (len(found.at) - 1) // (2 * found.group))
    # half a period after a spike: contents move little there, so that it matters little when exactly
    first, last = (found.at[k] + 0.5 * found.period for k in (-1 - (periods + 1) * found.group, -1 - found.group))
    before, now = (np.array([np.interp(t, when, column) for column in contents.T]) for t in (first, last))
    return float((np.abs(now - before) / np.maximum(np.abs(before), LEAST)).max() / (last - first))
