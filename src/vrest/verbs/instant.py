"""The two clocks of a change: `instant`, contents frozen, and `settled`, everything at its new rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.change import Change, apply, parse_changes
from vrest.model.paths import resolve
from vrest.numerics.relaxed import relaxed
from vrest.system.assemble import System, assemble
from vrest.system.observables import currents, without_limit
from vrest.system.structure import Wall, parameter_vector
from vrest.units import from_si
from vrest.verbs.rest import Rest, rest

FAR = 0.3
"""V: around a potential beyond this it is looked elsewhere."""

NUDGE = 1e-6
"""V: what each potential is moved by to see the slopes of a drift."""

SPAN = np.linspace(-0.4, 0.4, 1601)
"""V: where zero-current potentials are looked for, every 0.5 mV."""


@dataclass(frozen=True)
class Instant:
    """Potentials a moment after a change, before any concentration has moved. mV."""

    cell: Cell
    before: float | dict[str, float]
    v: float | dict[str, float]
    others: tuple[float, ...]
    """Further zero-current potentials of the (first) membrane, where there are several."""

    def __repr__(self) -> str:
        return f"Instant answer of '{self.cell.name}': {self.before} -> {self.v} mV, contents frozen"


def instant(cell: CellLike, changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = ()) -> Instant:
    """The potential right after a change: contents frozen, gates at their steady state, no net current.

    Where several potentials carry no current, the one is given that the membrane drifts to from where it is.

    Parameters
    ----------
    cell
        As of `rest`. Its contents are those it describes; for a cell that does not start at rest, give
        `rest(cell).as_cell()`.
    changes
        What changes, as of `apply`; transports and baths, not contents.

    Returns
    -------
    Instant
        `before` and `v`, mV: numbers, or by membrane where there are several.

    Raises
    ------
    NoRestError
        No zero-current potential between -400 and +400 mV.
    InputError
        No such cell, changes that make no sense, one of contents (`fixed_at_start`); `undefined_rate`: a law that takes
        the logarithm of a concentration of which there is none.

    >>> answer = instant("mammalian_neuron", "pump.max_rate*=0")
    >>> round(answer.before, 2), round(answer.v, 2)
    (-70.0, -65.41)
    """
    cell = load(cell)
    for change in parse_changes(changes):
        parameter = resolve(cell, change.path)
        if parameter.fixed_at_start:
            raise InputError(
                f"'{change}': {parameter.path} describes how the cell starts; at once, contents are frozen.",
                code="fixed_at_start",
                hint="Change a transport or a bath, or apply it to the cell before.",
            )
    changed = apply(cell, changes)
    system = assemble(cell)
    p = parameter_vector(changed)
    x = system.start(cell)
    refuse_undefined(system, x, p)
    before, after, others = {}, {}, ()
    if system.coupled:
        joint = joint_potentials(system, x, p)
        before = {w.name: from_si(float(system.potential(x, w)), "potential") for w in system.structure.walls}
        return Instant(changed, before, {name: from_si(v, "potential") for name, v in joint.items()}, ())
    for wall in system.structure.walls:
        now = float(system.potential(x, wall))
        roots = zero_current_potentials(system, x, p, wall)
        if not roots:
            raise NoRestError(
                f"'{cell.name}', membrane '{wall.name}': no potential between -400 and +400 mV carries zero current.",
                code="not_converged",
                hint="Is any channel left open?",
            )
        flow = float(net_current(system, steady_at(system, x, wall, np.array([now]), p), p, wall)[0])
        chosen = _reached(now, flow, roots)
        before[wall.name], after[wall.name] = from_si(now, "potential"), from_si(chosen, "potential")
        if not others:
            others = tuple(from_si(r, "potential") for r in roots if r != chosen)
    if len(after) == 1:
        return Instant(changed, next(iter(before.values())), next(iter(after.values())), others)
    return Instant(changed, before, after, others)


def settled(cell: CellLike, changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = ()) -> Rest:
    """The resting state after a change, when contents, volume and potential have all found their new values.

    Parameters
    ----------
    cell, changes
        As of `rest`.

    Returns
    -------
    Rest
        That of `rest`: beside `instant`, the other clock of a change.

    Raises
    ------
    InputError
        What `rest` refuses.

    >>> round(settled("mammalian_neuron", "pump.max_rate*=0").v_rest, 2)
    -0.26
    """
    return rest(cell, changes)


def refuse_undefined(system: System, x: np.ndarray, p: np.ndarray) -> None:
    """Refuse contents in which a transport has no finite rate."""
    found = without_limit(system, x, p)
    if found is not None:
        label, why = found
        raise InputError(
            f"'{label}' has no finite rate in these contents{f': {why}' if why else ''}.",
            code="undefined_rate",
            hint="Its law takes the logarithm of a concentration: write a trace of the ion, or take a law without, "
            "such as ghk_leak.",
        )


def joint_potentials(system: System, x: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """The potentials (V) that membranes joined by paths or in rings drift to together, contents frozen, gates steady.

    Raises
    ------
    NoRestError
        There are none.
    """
    rows = [system.index["charge", wall.name] for wall in system.structure.tree]

    def drift(charges: np.ndarray) -> np.ndarray:
        states = np.tile(x, (len(charges), 1))
        states[:, rows] = charges
        return system.derivative(system.with_steady_gates(states, p), p)[:, rows]

    charges = relaxed(drift, x[rows])
    if charges is None:
        raise NoRestError(
            "The membranes find no common potentials that carry no net current.",
            code="not_converged",
            hint="Is any channel left open?",
        )
    state = x.copy()
    state[rows] = charges
    return {wall.name: float(system.potential(state, wall)) for wall in system.structure.walls}


def steady_at(system: System, x: np.ndarray, wall: Wall, potentials: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The state at other potentials of one membrane (V), contents kept, gates steady: (len, states)."""
    return system.with_steady_gates(system.at_potential(x, wall, potentials), p)


def net_current(system: System, states: np.ndarray, p: np.ndarray, wall: Wall) -> np.ndarray:
    """Net outward current through a membrane, A."""
    flow = list(currents(system, states, p, wall).values())
    if not flow:
        raise InputError(f"Membrane '{wall.name}' has no transports.", code="nothing_moves", hint="Give it a channel.")
    return np.sum(flow, axis=0)


def zero_current_potentials(system: System, x: np.ndarray, p: np.ndarray, wall: Wall) -> list[float]:
    """Every potential (V) at which the frozen cell carries no net current, ascending."""

    def flow(potentials: np.ndarray) -> np.ndarray:
        return net_current(system, steady_at(system, x, wall, potentials, p), p, wall)

    now = float(system.potential(x, wall))
    span = SPAN if abs(now) < FAR else SPAN + np.copysign(abs(now) - FAR, now)
    signs = np.sign(flow(span))
    roots = []
    for k in np.flatnonzero(signs[:-1] * signs[1:] <= 0):
        low, high = span[k], span[k + 1]
        if signs[k] == 0:
            roots.append(float(low))
            continue
        if signs[k + 1] == 0:
            continue  # found from the next interval
        for _ in range(60):  # bisection to the last bit
            middle = 0.5 * (low + high)
            if np.sign(flow(np.array([middle]))[0]) == signs[k]:
                low = middle
            else:
                high = middle
        roots.append(float(0.5 * (low + high)))
    return roots


def _reached(now: float, flow: float, roots: list[float]) -> float:
    """The first root in the direction in which the current drives the potential."""
    ahead = [r for r in roots if (r <= now if flow > 0 else r >= now)]
    candidates = ahead or roots
    return min(candidates, key=lambda r: abs(r - now))
