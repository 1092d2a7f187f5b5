"""How ready a resting cell is to fire: input resistance, rheobase, firing under a current, depolarisation block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.channels import InjectedCurrent
from vrest.system.structure import Wall
from vrest.units import from_si, to_si
from vrest.verbs.instant import at_potential, net_current
from vrest.verbs.rest import Rest
from vrest.verbs.run import simulate

SPIKE_MV = 0.0
"""mV: an upward crossing of this is a spike, where the membrane's own current drives it."""

BLOCK_MV = 15.0
"""mV above rest: a cell held still above this, not firing, is in depolarisation block."""

STILL_MV = 1.0
"""mV: V that moves less than this over the last quarter of a step is still."""

HIGHEST = 1000.0
"""uA/cm2: a cell that no smaller current makes fire is taken as one that does not fire."""


@dataclass(frozen=True)
class Firing:
    """What a cell did under a current step."""

    density: float
    """uA/cm2, positive depolarises."""
    spikes: tuple[float, ...]
    """s, times of upward crossings of 0 mV."""
    pattern: str
    """`silent`, `transient` (a few spikes, then none), `repetitive` or `block`."""
    v_end: float
    """mV."""

    @property
    def rate(self) -> float | None:
        """Hz from the last five intervals; None where it does not fire on."""
        if self.pattern != "repetitive":
            return None
        return float(1.0 / np.mean(np.diff(self.spikes)[-5:]))


@dataclass(frozen=True)
class Excitability:
    """Readiness of a resting cell. None where the cell has nothing to answer with; `note` says why."""

    v_rest: float
    """mV."""
    input_resistance: float
    """MOhm: 1/(dI/dV) of the whole membrane at rest, contents frozen, gates in their steady state."""
    specific_resistance: float
    """Ohm cm2."""
    rheobase: float | None
    """uA/cm2: the least step that makes a spike."""
    note: str

    def __repr__(self) -> str:
        least = "-" if self.rheobase is None else f"{self.rheobase:.4g} uA/cm2"
        text = f"rest {self.v_rest:.2f} mV, input resistance {self.input_resistance:.4g} MOhm "
        text += f"({self.specific_resistance:.4g} Ohm cm2), rheobase {least}"
        return text + (f" ({self.note})" if self.note else "")


def excitability(result: Rest, step: float | str = "200 ms") -> Excitability:
    """How ready a resting cell with one membrane is to fire.

    Parameters
    ----------
    result
        From `rest`; of a perturbed cell: `perturb(...).settled`.
    step
        Length of the current steps, s or text with unit.

    Raises
    ------
    InputError
        Several membranes (code `several_membranes`).
    NoRestError
        The cell does not rest.

    >>> from vrest.io.cellfile import load
    >>> from vrest.verbs.rest import rest
    >>> ready = excitability(rest(load("mammalian_neuron")))
    >>> round(ready.specific_resistance), ready.rheobase, ready.note
    (6690, None, 'no gated Na+ channel')
    """
    result.raise_if_none()
    wall = _only_wall(result)
    slope = _slope(result, wall)
    area = float(result.system.area(result.state, result.parameters, wall))
    least, note = _rheobase(result, step)
    return Excitability(
        v_rest=1e3 * float(result.system.potential(result.state, wall)),
        input_resistance=1e-6 / slope,
        specific_resistance=1e4 * area / slope,
        rheobase=least,
        note=note,
    )


def firing(result: Rest, density: float | str, step: float | str = "200 ms") -> Firing:
    """What a resting cell does under a step of injected current.

    Parameters
    ----------
    result
        From `rest`.
    density
        uA/cm2, or text with unit; positive depolarises.
    step
        Length of the step, s or text with unit.

    Raises
    ------
    InputError
        No stimulus in the cell (`no_target`): give it an `injected_current` of zero.

    >>> from vrest.io.cellfile import load
    >>> from vrest.verbs.rest import rest
    >>> answer = firing(rest(load("hodgkin_huxley_1952")), 10, "300 ms")
    >>> answer.pattern, round(answer.rate, 1)
    ('repetitive', 68.3)
    """
    result.raise_if_none()
    wall = _only_wall(result)
    path = stimulus(result.cell)
    si = float(to_si(density, "current_density", "density", bare_ok=True))
    lasts = float(to_si(step, "time", "step", bare_ok=True))
    value = float(from_si(si, "current_density"))
    times = np.linspace(0.0, lasts, max(2001, int(lasts / 5e-5)))
    run = simulate(result.as_cell(), [(0.0, f"{path}={value!r} uA/cm2")], lasts, times=times, rtol=1e-6)
    v = np.asarray(run.v)
    rise = 1e-3 * np.diff(v) / np.diff(run.time) * result.cell.membranes[wall.name].capacitance
    # inward current of its own: it rises faster than the stimulus alone could charge it
    up = np.flatnonzero((v[:-1] < SPIKE_MV) & (v[1:] >= SPIKE_MV) & (rise > max(si, 0.0)))
    spikes = run.time[up] + (SPIKE_MV - v[up]) / (v[up + 1] - v[up]) * np.diff(run.time)[up]
    rested = 1e3 * float(result.system.potential(result.state, wall))
    return Firing(value, tuple(float(t) for t in spikes), _pattern(spikes, v, rested, lasts), float(v[-1]))


def stimulus(cell: Cell) -> str:
    """Path of the injected current of a cell, or an `InputError`."""
    for name, m in cell.membranes.items():
        for label, t in m.transports.items():
            if isinstance(t, InjectedCurrent):
                return f"membranes.{name}.transports.{label}.density"
    raise InputError(
        f"'{cell.name}' has no stimulus.",
        code="no_target",
        hint='Give a membrane a transport with law = "injected_current" and density = "0 uA/cm2".',
    )


def _pattern(spikes: np.ndarray, v: np.ndarray, rested: float, lasts: float) -> str:
    late = v[3 * len(v) // 4 :]
    if np.ptp(late) < STILL_MV and late[-1] > rested + BLOCK_MV:
        return "block"
    if len(spikes) > 2 and spikes[-1] + 2 * np.diff(spikes)[-1] > lasts:
        return "repetitive"
    return "transient" if len(spikes) else "silent"


def _rheobase(result: Rest, step: float | str) -> tuple[float | None, str]:
    """The least step that makes a spike, to 0.1 %, by bisection; or why there is none."""
    from vrest.study.targets import is_there

    if not is_there(result.cell, "gated_na"):
        return None, "no gated Na+ channel"
    try:
        stimulus(result.cell)
    except InputError as error:
        return None, f"{error.message} {error.hint}"
    low, high = 0.0, 1.0
    while not firing(result, high, step).spikes:
        low, high = high, 2.0 * high
        if high > HIGHEST:
            return None, f"no spike up to {HIGHEST:g} uA/cm2"
    while high - low > 1e-3 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if firing(result, middle, step).spikes else (middle, high)
    return high, ""


def _only_wall(result: Rest) -> Wall:
    walls = result.system.structure.walls
    if len(walls) > 1:
        raise InputError(
            f"'{result.cell.name}' has {len(walls)} membranes.",
            code="several_membranes",
            hint="Excitability is answered for cells of one membrane.",
        )
    return next(iter(walls))


def _slope(result: Rest, wall: Wall) -> float:
    """dI/dV of the membrane at rest, S: central difference, gates steady."""
    v = float(result.system.potential(result.state, wall))
    around = v + 1e-4 * np.array([-1.0, 1.0])
    states = at_potential(result.system, result.state, wall, around, result.parameters)
    low, high = net_current(result.system, states, result.parameters, wall)
    return float((high - low) / 2e-4)
