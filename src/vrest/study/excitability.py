"""How ready a resting cell is to fire: threshold, rheobase, input resistance, firing under a current, block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from vrest.errors import InputError, near_miss
from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike
from vrest.model.change import Change
from vrest.model.channels import InjectedCurrent
from vrest.model.elsewhere import elsewhere
from vrest.model.names import plain
from vrest.model.paths import resolve
from vrest.shown import Drawn, Shown
from vrest.study.targets import is_there
from vrest.system.structure import Wall
from vrest.tables import Column, Table, counted, number
from vrest.units import format_si, from_door, from_si, to_si
from vrest.verbs.instant import currents_at, steady_at
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import Rest, rest_of
from vrest.verbs.run import simulate
from vrest.verbs.run_result import Run

SPIKE_MV = 0.0
"""mV: an upward crossing of this is a spike, where the membrane's own current drives it."""

BLOCK_MV = 15.0
"""mV above rest: a cell held still above this, not firing, is in depolarisation block."""

STILL_MV = 1.0
"""mV: V that moves less than this over the last quarter of a step is still."""

HIGHEST = 1000.0
"""uA/cm2: a cell that no smaller current makes fire is taken as one that does not fire."""

SHOCK = 20e-6
"""s: a charge put on the membrane so fast is a displacement of V with every gate where it was."""

LATENCY = 0.1
"""s: how long a spike may take to rise from threshold."""

SMALL = 0.01
"""uA/cm2: a step of current that moves V by a fraction of a millivolt."""

FINEST = 0.01
"""mV: how finely the threshold is found."""

DEINACTIVATED = -90.0
"""mV: where Na+ channels recover from inactivation; a cell that fires from there and not from rest is blocked."""


@dataclass(frozen=True)
class Firing(Drawn):
    """What a cell did under a current step.

    >>> answer = firing("hodgkin_huxley_1952", 10)
    >>> answer.pattern, len(answer.spikes), answer.v.shape == answer.time.shape
    ('repetitive', 14, True)
    """

    drawn_by: ClassVar[str] = "vrest.plot.firing:firing_axes"
    methods: ClassVar[tuple[str, ...]] = ("Steinebach2023", "Bradbury2018")
    cell: Cell
    """What was stimulated."""
    density: float
    """uA/cm2, positive depolarises."""
    spikes: tuple[float, ...]
    """s, times of upward crossings of 0 mV."""
    pattern: str
    """`silent`, `transient` (a few spikes, then none), `repetitive` or `block`."""
    v_end: float
    """V when the step ends, mV."""

    time: np.ndarray
    """(n,) s."""
    v: np.ndarray
    """(n,) mV."""

    @property
    def rate(self) -> float | None:
        """Hz from the last five intervals; None where it does not fire on."""
        if self.pattern != "repetitive":
            return None
        return float(1.0 / np.mean(np.diff(self.spikes)[-5:]))

    def as_dict(self) -> dict[str, Any]:
        """The answer without the trace."""
        return {name: getattr(self, name) for name in ("density", "pattern", "spikes", "rate", "v_end")}

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        many = counted(len(self.spikes), "spike")
        rate = "" if self.rate is None else f", {number(self.rate)} Hz"
        yield f"'{self.cell.name}' under {number(self.density)} uA/cm2: {self.pattern}, {many}{rate}"
        yield f"  V at the end {number(self.v_end, decimals=2)} mV"

    def tables(self) -> tuple[Table, ...]:
        """V (mV) over time (s), and when it spikes (s)."""
        trace = Column("time", "s", self.time.tolist()), Column("V", "mV", self.v.tolist(), decimals=2)
        spikes = Column("spike", "", list(range(1, len(self.spikes) + 1))), Column("time", "s", list(self.spikes))
        return Table(trace, "V"), Table(spikes, "Spikes")


@dataclass(frozen=True)
class Excitability(Shown):
    """Readiness of a cell. None where the cell has nothing to answer with; `note` says why.

    >>> excitability("hodgkin_huxley_1952")
    excitable: ...
    """

    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Steinebach2023", "Bradbury2018")
    cell: Cell
    """What was asked about."""
    state: str
    """`excitable`, `fires by itself`, `blocked` (Na+ channels inactivated at rest) or `inexcitable`."""
    v_rest: float | None
    """V at rest, mV."""
    input_resistance: float | None
    """MOhm: 1/(dI/dV) of the whole membrane at rest, contents frozen, gates in their steady state. Where membranes are
    coupled: what V moves by at the end of a small step of current, which goes into all of them."""
    specific_resistance: float | None
    """Ohm cm2."""
    threshold: float | None
    """mV: the least sudden displacement of V from rest that makes a spike."""
    rheobase: float | None
    """uA/cm2: the least step of current that makes a spike."""
    note: str

    def as_dict(self) -> dict[str, Any]:
        """The same as a dictionary."""
        return {name: value for name, value in vars(self).items() if name != "cell"}

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        if self.v_rest is None:
            yield f"{self.state} ({self.note})"
            return
        parts = [f"rest {number(self.v_rest, decimals=2)} mV", f"input resistance {number(self.input_resistance)} MOhm"]
        parts[-1] += f" ({number(self.specific_resistance)} Ohm cm2)"
        if self.threshold is not None:
            parts.append(f"threshold {number(self.threshold, decimals=2)} mV above rest")
        if self.rheobase is not None:
            parts.append(f"rheobase {number(self.rheobase)} uA/cm2")
        yield f"{self.state}: " + ", ".join(map(glued, parts)) + (f" ({self.note})" if self.note else "")

    def tables(self) -> tuple[Table, ...]:
        """One row: what there is of it, in door units."""
        told = self.as_dict()
        return (Table([Column(plain(name), UNITS.get(name, ""), [told[name]]) for name in told], "Readiness"),)


UNITS = {
    "v_rest": "mV",
    "input_resistance": "MOhm",
    "specific_resistance": "Ohm cm2",
    "threshold": "mV",
    "rheobase": "uA/cm2",
}
FIRING_UNITS = {"density": "uA/cm2", "spikes": "s", "rate": "Hz", "v_end": "mV"}


def excitability(result: Rest | CellLike, step: float | str = "200 ms", membrane: str | None = None) -> Excitability:
    """How ready a resting cell is to fire.

    Parameters
    ----------
    result
        From `rest`, or a cell as of `rest`, which is then brought to rest; of a perturbed cell:
        `perturb(...).settled`. A cell that oscillates in place of resting fires by itself.
    step
        Length of the current steps, s or text with unit.
    membrane
        Where the current goes and V is read; needed where there are several.

    Returns
    -------
    Excitability
        Threshold (mV above rest), rheobase (uA/cm2) and input resistance (MOhm), None where there is none.

    Raises
    ------
    InputError
        No such cell; several membranes and none named (code `several_membranes`).
    NoRestError
        The cell neither rests nor oscillates.

    >>> ready = excitability("mammalian_neuron")
    >>> ready.state, round(ready.specific_resistance), ready.rheobase
    ('inexcitable', 6690, None)
    >>> ready.note
    'no gated Na+ channel. Cells of the library that have it: pyramidal_neuron, ...'
    """
    result = rest_of(result)
    wall = _wall(result, membrane)
    if result.outcome is Outcome.oscillates:
        return by_itself(result.cell, result.reason)
    result.raise_if_none()
    slope = _slope(result, wall) if len(result.cell.membranes) == 1 else _measured_slope(result, wall, step)
    area = float(result.system.area(result.state, result.parameters, wall))
    least, threshold, note = None, None, ""
    state = "inexcitable"
    if is_there(_alone(result.cell, wall), "gated_na"):
        least = _rheobase(result, step, wall)
        threshold = _threshold(result, wall) if least is not None else None
        state = "excitable" if least is not None else "blocked" if _fires_from_below(result, wall) else state
        note = "" if least is not None else f"no spike up to {HIGHEST:g} uA/cm2"
    else:
        note = f"no gated Na+ channel. {elsewhere(result.cell, lambda other: is_there(other, 'gated_na'))}".strip()
    return Excitability(
        cell=result.cell,
        state=state,
        v_rest=_rested(result, wall),
        input_resistance=from_si(1.0, "resistance") / slope,
        specific_resistance=from_si(area, "area", "cm2") / slope,
        threshold=threshold,
        rheobase=least,
        note=note,
    )


def by_itself(cell: Cell, why: str) -> Excitability:
    """Of a cell that fires without a stimulus."""
    return Excitability(cell, "fires by itself", None, None, None, None, None, why)


def firing(
    result: Rest | CellLike, density: float | str, step: float | str = "200 ms", membrane: str | None = None
) -> Firing:
    """What a resting cell does under a step of injected current.

    Parameters
    ----------
    result
        From `rest`, or a cell as of `rest`, which is then brought to rest.
    density
        uA/cm2, or text with unit, beside what the cell is injected with at rest; positive depolarises. A cell without
        a stimulus is given one, carried by K+.
    step
        Length of the step, s or text with unit.
    membrane
        Where the current goes and V is read; needed where there are several.

    Returns
    -------
    Firing
        The pattern, the times of spikes (s), V (mV) over time (s).

    Raises
    ------
    InputError
        No such cell; several membranes and none named (code `several_membranes`); no K+ to carry a stimulus
        (`no_target`).
    NoRestError
        The cell does not rest.

    >>> answer = firing("hodgkin_huxley_1952", 10, "300 ms")
    >>> answer.pattern, round(answer.rate, 1)
    ('repetitive', 68.3)
    """
    result = rest_of(result)
    result.raise_if_none()
    wall = _wall(result, membrane)
    cell, path = stimulated(result.cell, wall.name)
    si = float(to_si(density, "current_density", "density", bare_ok=True))
    lasts = float(to_si(step, "time", "step", bare_ok=True))
    value = float(from_si(si, "current_density"))
    present = float(resolve(cell, path).value)  # pyright: ignore[reportArgumentType]
    events = [(0.0, _density(path, present + si))]
    run, spikes = _spikes(cell, wall, events, lasts, max(present + si, 0.0), result.state)
    v = _potential(run, wall)
    fires = is_there(_alone(cell, wall), "gated_na")
    pattern = _pattern(spikes, v, _rested(result, wall), lasts) if fires else "silent"
    return Firing(result.cell, value, tuple(float(t) for t in spikes), pattern, float(v[-1]), run.time, v)


def stimulated(cell: Cell, name: str) -> tuple[Cell, str]:
    """A cell with an injected current in a membrane, and the path of its density; one of zero is added if need be."""
    m = cell.membranes[name]
    for label, t in m.transports.items():
        if isinstance(t, InjectedCurrent):
            return cell, f"membranes.{name}.transports.{label}.density"
    if any("K" not in cell.compartments[side].ions for side in (m.inside, m.outside)):
        raise InputError(
            f"'{cell.name}' has no stimulus and no K+ that could carry one.",
            code="no_target",
            hint='Give the membrane a transport with law = "injected_current" and density = "0 uA/cm2".',
        )
    label = next(f"stimulus{'_' * k}" for k in range(len(m.transports) + 1) if f"stimulus{'_' * k}" not in m.transports)
    added = InjectedCurrent(ion="K", density="0 uA/cm2")  # pyright: ignore[reportArgumentType]
    given = m._with_si(transports=MappingProxyType({**m.transports, label: added}))
    membranes = MappingProxyType({**cell.membranes, name: given})
    return cell._with_si(membranes=membranes), f"membranes.{name}.transports.{label}.density"


def _density(path: str, si: float) -> Change:
    return Change(path, "set", format_si(si, "current_density"))


def _spikes(
    cell: Cell, wall: Wall, events: Any, lasts: float, inward: float, start: np.ndarray
) -> tuple[Run, np.ndarray]:
    """A run, and when V crosses 0 mV upwards faster than the stimulus (A/m2) alone could charge the membrane."""
    times = np.linspace(0.0, lasts, max(2001, int(lasts / 5e-5)))
    run = simulate(cell, events, lasts, times=times, rtol=1e-6, start=start)
    v = _potential(run, wall)
    rise = from_door(np.diff(v), "potential") / np.diff(run.time) * cell.membranes[wall.name].capacitance
    up = np.flatnonzero((v[:-1] < SPIKE_MV) & (v[1:] >= SPIKE_MV) & (rise > inward))
    return run, run.time[up] + (SPIKE_MV - v[up]) / (v[up + 1] - v[up]) * np.diff(run.time)[up]


def _pattern(spikes: np.ndarray, v: np.ndarray, rested: float, lasts: float) -> str:
    late = v[3 * len(v) // 4 :]
    if np.ptp(late) < STILL_MV and late[-1] > rested + BLOCK_MV:
        return "block"
    if len(spikes) > 2 and spikes[-1] + 2 * np.diff(spikes)[-1] > lasts:
        return "repetitive"
    return "transient" if len(spikes) else "silent"


def _potential(run: Run, wall: Wall) -> np.ndarray:
    """V of one membrane, mV."""
    return from_si(np.asarray(run.system.potential(run.states, wall)), "potential")


def _rested(result: Rest, wall: Wall) -> float:
    """V of one membrane at rest, mV."""
    return from_si(float(result.system.potential(result.state, wall)), "potential")


def _rheobase(result: Rest, step: float | str, wall: Wall) -> float | None:
    """The least step that makes a spike, uA/cm2, to 0.1 %, by bisection."""
    low, high = 0.0, 1.0
    while not firing(result, high, step, wall.name).spikes:
        low, high = high, 2.0 * high
        if high > HIGHEST:
            return None
    while high - low > 1e-3 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if firing(result, middle, step, wall.name).spikes else (middle, high)
    return high


def _threshold(result: Rest, wall: Wall) -> float | None:
    """The least sudden displacement of V that makes a spike, mV; None where none below 0 mV does."""
    cell, path = stimulated(result.cell, wall.name)
    capacitance = cell.membranes[wall.name].capacitance
    present = float(resolve(cell, path).value)  # pyright: ignore[reportArgumentType]

    def fires(displaced: float) -> bool:
        shock = from_door(displaced, "potential") * capacitance / SHOCK
        events = [(0.0, _density(path, present + shock)), (SHOCK, _density(path, present))]
        _, spikes = _spikes(cell, wall, events, LATENCY, max(present, 0.0), result.state)
        return bool(np.any(spikes > SHOCK))

    low, high = 0.0, SPIKE_MV - 1.0 - _rested(result, wall)
    if high <= 0 or not fires(high):
        return None
    while high - low > FINEST:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if fires(middle) else (middle, high)
    return high


def _fires_from_below(result: Rest, wall: Wall) -> bool:
    """Whether a cell that no current makes fire does so when let go from where its Na+ channels recover."""
    held = np.array([from_door(DEINACTIVATED, "potential")])
    recovered = steady_at(result.system, result.state, wall, held, result.parameters)[0]
    run, spikes = _spikes(result.cell, wall, (), LATENCY, 0.0, recovered)
    shoots_past = float(_potential(run, wall).max()) > _rested(result, wall) + BLOCK_MV  # where it comes to lie
    return bool(len(spikes)) and shoots_past


def _wall(result: Rest, membrane: str | None) -> Wall:
    """The membrane that is asked about."""
    walls = {wall.name: wall for wall in result.system.structure.walls}
    if membrane is None and len(walls) == 1:
        return next(iter(walls.values()))
    if membrane in walls and walls[membrane].closes:
        others = [name for name, wall in walls.items() if not wall.closes]
        problem = f"Membrane '{membrane}' of '{result.cell.name}' closes a ring: it has no capacitance to charge."
        raise InputError(problem, code="ring_of_membranes", hint=f"Name another: {', '.join(others)}.")
    if membrane in walls:
        return walls[membrane]
    if membrane is None:
        problem, code = f"'{result.cell.name}' has {len(walls)} membranes: {', '.join(walls)}.", "several_membranes"
        raise InputError(problem, code=code, hint=f"Name one: membrane='{next(iter(walls))}', or --membrane.")
    problem = f"'{result.cell.name}' has no membrane '{membrane}'."
    raise InputError(problem, code="unknown_path", hint=near_miss(membrane, list(walls)))


def _alone(cell: Cell, wall: Wall) -> Cell:
    """The cell with the transports of one membrane."""
    bare = MappingProxyType({})
    membranes = {n: m if n == wall.name else m._with_si(transports=bare) for n, m in cell.membranes.items()}
    return cell._with_si(membranes=MappingProxyType(membranes))


def _measured_slope(result: Rest, wall: Wall, step: float | str) -> float:
    """dI/dV as a pipette finds it, S: a small step of current one way and the other."""
    ends = [firing(result, density, step, wall.name).v_end for density in (-SMALL, SMALL)]
    area = float(result.system.area(result.state, result.parameters, wall))
    return from_door(2 * SMALL, "current_density") * area / (from_door(1.0, "potential") * (ends[1] - ends[0]))


def _slope(result: Rest, wall: Wall) -> float:
    """dI/dV of the membrane at rest, S: central difference, gates steady."""
    v = float(result.system.potential(result.state, wall))
    around = v + np.array([-1e-4, 1e-4])
    flow = currents_at(result.system, result.state, result.parameters, wall, around)
    low, high = np.sum(list(flow.values()), axis=0)
    return float((high - low) / 2e-4)
