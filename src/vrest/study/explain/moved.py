"""What moved V between two states: parts that add up to the change, and what moved the contents, in door units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from vrest.model.transport import Transport
from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array
from vrest.study.explain.parts import Slopes, channels_of, chord_conductances, layout_of, potential_of, slopes_of
from vrest.system.assemble import Entries, System
from vrest.system.observables import currents_of, path_currents, rates_through, reversal_potentials
from vrest.system.structure import Wall
from vrest.units import from_si, unit_of
from vrest.verbs.rows import by_name, in_door_units, row_kernel

Kind = Literal[
    "reversal",
    "conductance",
    "rectification",
    "current",
    "path",
    "passive",
    "one_sided",
    "charging",
    "membrane",
    "no_conductance",
]

NOTHING = 1e-3
"""Share of all currents: an ion whose channels carry no more is passive."""

DIMENSIONS = {
    "v": "potential",
    "E": "potential",
    "conductance": "conductance",
    "current": "current",
    "path": "current",
    "turnover": "molar_flow",
    "concentrations": "concentration",
    "gains": "molar_flow",
}

UNITS = {name: unit_of(dimension) for name, dimension in DIMENSIONS.items()}


@dataclass(frozen=True)
class Part:
    """One part of a change of V, and what changed.

    >>> Part("reversal", "K", 7.7, before=-89.1, after=-76.5, unit="mV").mV
    7.7
    """

    kind: Kind
    """`reversal`: the E of an ion; `conductance`: the chord conductance of a channel, as it would change at the old V;
    `rectification`: its change with V, by gates, a constant field or a rectifier; `current`: the outward current of a
    pump, carrier or stimulus; `path`: the current that leaves along a path; `passive`: that of an ion whose channels
    carry next to nothing before and after, and which follows V; `one_sided`: that of an ion of which a side has none,
    before or after; `charging`: the current that still charges the membrane; `membrane`: V of another membrane of the
    ring that this one closes; `no_conductance`: all of it, where no channel conducts."""
    of: str
    """The ion, transport, path or membrane."""
    mV: float
    """By so much it moved V."""
    before: float
    after: float
    unit: str
    """Of `before` and `after`: mV, nS or pA."""


@dataclass(frozen=True)
class Flow:
    """The concentration of an ion in a finite compartment, and what adds to it, at several states."""

    space: str
    ion: str
    concentrations: tuple[float, ...]
    """mM"""
    amounts: tuple[float, ...]
    """mM at the volume that the cell started with."""
    gains: dict[str, tuple[float, ...]]
    """{transport or exchange: fmol/s} that each adds to the compartment; of a membrane's, `membrane.label`."""


@dataclass(frozen=True)
class Account:
    """All that is asked of a state, in door units; of the shape of the states after their first axis."""

    v: dict[str, Array]
    """{membrane: mV}"""
    E: dict[str, dict[str, Array]]
    """{membrane: {ion: mV}} of the ions with channels; NaN where a side has none."""
    conductance: dict[str, dict[str, Array]]
    """{membrane: {channel: nS}} chord conductance; the slope conductance at V = E, 0 where there is no E."""
    current: dict[str, dict[str, Array]]
    """{membrane: {transport: pA}} outward."""
    path: dict[str, dict[str, Array]]
    """{membrane of the tree: {path or membrane: pA}} that leaves its inside for other places."""
    turnover: dict[str, dict[str, Array]]
    """{membrane: {transport: fmol/s}} outward."""
    concentrations: dict[str, dict[str, Array]]
    """{compartment: {ion: mM}}, baths included."""
    gains: dict[str, dict[str, dict[str, Array]]]
    """{finite compartment: {ion: {transport or exchange: fmol/s}}} that each adds, as `Flow.gains`."""


State = tuple[np.ndarray, np.ndarray]
"""(states,) and (parameters,) SI, in the order of a system's `states` and `names`."""


def account(system: System, *states: State) -> Account:
    """All that is asked of states, each entry (len(states),)."""
    x, p = (np.stack(rows, axis=-1) for rows in zip(*states, strict=True))
    return by_name(accounting(system), _layout(system), x, p)


@lru_cache(maxsize=64)
def accounting(system: System) -> Kernel:
    """As machine code: (states, parameters) as rows of lanes -> (rows, lanes)."""

    def fill(x: Entries, p: Entries) -> Entries:
        return in_door_units(_measured(system, x, p, slopes_of(system, x, p)), DIMENSIONS, UNITS, x[0])

    return row_kernel(fill, system.key("moved"))


@lru_cache(maxsize=64)
def _layout(system: System) -> Account:
    """The numbers of the rows."""
    return layout_of(system, _measured)


def _measured(system: System, x: Entries, p: Entries, slopes: Slopes) -> Account:
    """All of it in SI."""
    walls, turned = system.structure.walls, system.turnovers(x, p)[0]
    rates = {wall.name: rates_through(system, x, wall, turned) for wall in walls}
    flow = {wall.name: currents_of(system, wall, rates[wall.name]) for wall in walls}
    v = {wall.name: potential_of(system, x, wall) for wall in walls}
    E, conductance = {}, {}
    for wall in walls:
        channels = _conductors(system, wall)
        known = reversal_potentials(system, x, p, wall)
        E[wall.name] = {ion: known.get(ion, np.nan) for ion in dict.fromkeys(channels.values())}
        conductance[wall.name] = chord_conductances(
            v[wall.name], E[wall.name], channels, flow[wall.name], slopes[wall.name]
        )
    return Account(
        v=v,
        E=E,
        conductance=conductance,
        current=flow,
        path={wall.name: path_currents(system, x, wall, turned) for wall in system.structure.tree},
        turnover=rates,
        concentrations={space.name: system.concentrations(x, p, space.name) for space in system.structure.spaces},
        gains=_gains(system, turned),
    )


def _conductors(system: System, wall: Wall) -> dict[str, str]:
    """The channels of a membrane that let an ion out, and the ion of each; a stimulus is none."""
    counts = {m.label: m.bare() for m in system.structure.movers if m.place == wall.name}
    return {
        label: ion
        for label, ion in channels_of(system, wall).items()
        if isinstance(part := counts[label], Transport) and part.moved_ions[ion] > 0
    }


def _gains(system: System, turned: list[Array]) -> dict[str, dict[str, dict[str, Array]]]:
    """What each transport and exchange adds to each amount, mol/s."""
    found: dict[str, dict[str, dict[str, Array]]] = {}
    for k, (kind, name) in enumerate(system.states):
        if kind != "amount":
            continue
        space, _, ion = name.partition(".")
        own = found.setdefault(space, {}).setdefault(ion, {})
        for column, rate in zip(system.columns, turned, strict=True):
            if k in column.adds:
                mover = system.structure.movers[column.mover]
                label = f"{mover.place}.{mover.label}" if mover.place else mover.label
                own[label] = own.get(label, 0.0) + column.adds[k] * rate
    return found


def moved(system: System, before: State, after: State) -> dict[str, tuple[Part, ...]]:
    """What moved V from one state to another: parts that add up to the change, by membrane.

    Parameters
    ----------
    system
        The equations of both.
    before, after
        (states,) and (parameters,), SI, in the order of `system.states` and `system.names`.

    Returns
    -------
    dict
        The parts of every membrane, mV; those of what did not change left out.

    V G = sum g_i E_i - I holds at both, where g are chord conductances of channels, G their sum, and I all other
    outward current, less what leaves the membrane charging. The difference, by the product rule with means of the two
    states (barred), is exact, and the same backwards with its signs turned:

    dV = [sum g-bar_i dE_i + sum (E-bar_i - V-bar) dg_i - dI] / G-bar

    An ion whose channels carry next to nothing at both follows V: it is left out of the sums, and its current counted
    with I. A membrane that closes a ring has no charge of its own: its V is the sum of those of the others.

    Chord equation: Hodgkin and Horowicz 1959, doi:10.1113/jphysiol.1959.sp006278.

    >>> from vrest.verbs.rest import rest
    >>> r, half = rest("mammalian_neuron"), rest("mammalian_neuron", "pump.max_rate*=0.5")
    >>> found = moved(r.system, (r.state, r.parameters), (half.state, half.parameters))["neuron"]
    >>> {(part.kind, part.of): round(part.mV, 2) for part in found if abs(part.mV) > 2}
    {('reversal', 'K'): 2.34, ('reversal', 'Na'): -3.45, ('conductance', 'Na_leak'): 3.26}
    """
    both = account(system, before, at_old_potential(system, before, after), after)
    return {
        wall.name: tuple(
            part
            for part in (_around(system, both, wall) if wall.closes else _through(system, both, wall))
            if part.mV or part.before != part.after
        )
        for wall in system.structure.walls
    }


def at_old_potential(system: System, before: State, after: State) -> State:
    """The later of two states with the potentials of the earlier, and gates steady there."""
    held, p = after
    for wall in system.structure.tree:
        held = system.at_potential(held, wall, system.potential(before[0], wall))
    return system.with_steady_gates(held, p), p


def _around(system: System, both: Account, wall: Wall) -> list[Part]:
    """Of a membrane that closes a ring."""
    found = []
    for name, sign in system.network.around(wall.inside, wall.outside):
        v0, _, v1 = both.v[name]
        found.append(Part("membrane", name, float(sign * (v1 - v0)), float(v0), float(v1), "mV"))
    return found


def _through(system: System, both: Account, wall: Wall) -> list[Part]:
    """Of a membrane of the tree, by the chord equation; of the three states the second has the old V."""
    ends = [0, 2]
    v, E, flow = both.v[wall.name][ends], both.E[wall.name], both.current[wall.name]
    channels = _conductors(system, wall)
    silent = _silent(both, wall, channels)
    voiced = {label: ion for label, ion in channels.items() if ion not in silent}
    g, E = {label: both.conductance[wall.name][label] for label in voiced}, {ion: E[ion][ends] for ion in E}
    mean = sum(float(g[label][ends].mean()) for label in voiced)
    if not mean:
        return [_part("no_conductance", wall.name, float(v[1] - v[0]), v, "mV")]
    found: list[Part] = []
    for ion in dict.fromkeys(voiced.values()):
        own = sum(float(g[label][ends].mean()) for label, of in voiced.items() if of == ion)
        found.append(_part("reversal", ion, own * float(E[ion][1] - E[ion][0]) / mean, E[ion], "mV"))
    for label, ion in voiced.items():
        pull = float(E[ion].mean() - v.mean()) / mean
        old, held, new = g[label].tolist()
        found.append(Part("conductance", label, pull * (held - old), old, held, "nS"))
        found.append(Part("rectification", label, pull * (new - held), held, new, "nS"))
    for label, ion in channels.items():
        if silent.get(ion) == "passive":
            old, _, new = both.conductance[wall.name][label].tolist()
            found.append(Part("conductance", label, 0.0, old, new, "nS"))
    others: list[tuple[Kind, str, np.ndarray]] = []
    for label, current in flow.items():
        if label not in voiced:
            others.append((silent.get(channels.get(label, ""), "current"), label, current[ends]))
    for name, current in both.path[wall.name].items():
        others.append(("path", name, current[ends]))
    net = sum((g[label][ends] * (v - E[ion]) for label, ion in voiced.items()), np.zeros(2))
    net = net + sum((current for _, _, current in others), np.zeros(2))
    others.append(("charging", wall.name, -net))
    return found + [
        _part(kind, name, float(current[0] - current[1]) / mean, current, "pA") for kind, name, current in others
    ]


def _part(kind: Kind, of: str, moved_by: float, ends: np.ndarray, unit: str) -> Part:
    """A part with what it was of before and after."""
    return Part(kind, of, moved_by, before=float(ends[0]), after=float(ends[1]), unit=unit)


def _silent(both: Account, wall: Wall, channels: dict[str, str]) -> dict[str, Kind]:
    """The ions that have no say in V: without an E before or after, or passive while others conduct."""
    E, flow, g = both.E[wall.name], both.current[wall.name], both.conductance[wall.name]
    ends = [0, 2]
    one_sided: dict[str, Kind] = {ion: "one_sided" for ion in E if np.isnan(E[ion][ends]).any()}
    largest = float(sum((np.abs(current[ends]) for current in flow.values()), np.zeros(2)).max())
    passive: dict[str, Kind] = {}
    for ion in E:
        own = sum((flow[label][ends] for label, of in channels.items() if of == ion), np.zeros(2))
        if ion not in one_sided and np.all(np.abs(own) <= NOTHING * largest):
            passive[ion] = "passive"
    left = sum((g[label] for label, ion in channels.items() if ion not in one_sided | passive), np.zeros(3))
    return one_sided | passive if np.all(left[ends] > 0.0) else one_sided


def flows(system: System, *states: State) -> tuple[Flow, ...]:
    """Every amount of a finite compartment: its concentration at each of the states, and what adds to it there."""
    found = account(system, *states)
    return tuple(
        Flow(
            space,
            ion,
            tuple(found.concentrations[space][ion].tolist()),
            tuple(from_si(float(x[system.index["amount", f"{space}.{ion}"]]), "concentration") for x, _ in states),
            {label: tuple(gain.tolist()) for label, gain in own.items()},
        )
        for space, ions in found.gains.items()
        for ion, own in ions.items()
    )
