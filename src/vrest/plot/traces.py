"""What a time course shows, panel by panel, read off a run: names, units, curves. No drawing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import cycle

import numpy as np

from vrest.constants import N_A, F
from vrest.model.transport import ATP
from vrest.plot.style import (
    INK,
    PUMP,
    Dash,
    current_unit,
    ion_colour,
    ion_dash,
    ion_label,
    reversal_label,
    scientific,
    with_prefix,
)
from vrest.system.observables import bare_transports, charge_per_turnover
from vrest.units import from_door
from vrest.verbs.readings import Readings, readings
from vrest.verbs.run_result import Run

SOLID: Dash = (0, ())
MEMBRANE_DASHES: tuple[Dash, ...] = (SOLID, (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1.5, 1.5, 1.5)))
WIDE = 300.0
"""Where concentrations of one compartment differ by more than this factor, their axis is logarithmic."""

MOST_WITH_E = 2
"""More membranes than this, and their Nernst potentials would hide V."""


@dataclass(frozen=True)
class Trace:
    """One curve (NaN where undefined)."""

    name: str
    values: np.ndarray
    colour: str
    dash: Dash = SOLID
    width: float = 1.6
    bold: bool = False


@dataclass(frozen=True)
class Second:
    """A second scale on the right of a panel: proportional to the first."""

    label: str
    factor: float


@dataclass(frozen=True)
class Panel:
    """One panel: its axis label and its curves."""

    label: str
    traces: tuple[Trace, ...]
    height: float = 1.0
    log: bool = False
    second: Second | None = None
    named: bool = True
    """Whether the curves are named at their ends."""
    mark: float | None = None
    """A value to mark with a faint line."""
    span: tuple[float, float] | None = None
    """The scale, where it is not that of all values."""


@dataclass(frozen=True)
class Samples:
    """A run as it is drawn: with both sides of every step, so that steps are vertical. SI, (sample, ...)."""

    run: Run
    time: np.ndarray
    states: np.ndarray
    parameters: np.ndarray
    stretch: np.ndarray
    """Number of the stretch between events that a sample belongs to."""

    @cached_property
    def read(self) -> Readings:
        """All that can be read off them, door units."""
        return readings(self.run.system, self.states.T, self.parameters.T)


def samples(run: Run) -> Samples:
    """The times of a run, with the last moment before each event put beside the first one after it.

    The state is continuous there; the parameters are continued from before, where they are constant or linear.

    >>> from vrest.verbs.run import simulate
    >>> run = simulate("mammalian_neuron", [(30.0, "pump.max_rate*=0")], 60.0, points=3)
    >>> samples(run).time.tolist(), samples(run).stretch.tolist()
    ([0.0, 30.0, 30.0, 60.0], [0, 0, 1, 1])
    """
    t, p = run.time, run.parameters
    stretch = np.searchsorted(np.asarray(run.events), t, side="right")
    order = list(range(len(t)))
    now, numbers = p, stretch
    for event in reversed(run.events):
        k = int(np.searchsorted(t, event))
        if not 0 < k < len(t) or t[k] != event:
            continue  # asked for other times: nothing is known about this moment
        before = p[k - 1]
        if k > 1 and stretch[k - 2] == stretch[k - 1]:
            before = before + (p[k - 1] - p[k - 2]) * ((t[k] - t[k - 1]) / (t[k - 1] - t[k - 2]))
        order.insert(k, k)
        now, numbers = np.insert(now, k, before, axis=0), np.insert(numbers, k, stretch[k - 1])
    return Samples(run, t[order], run.states[order], now, numbers)


def panels(drawn: Samples) -> list[Panel]:
    """The panels of a time course, top to bottom: potentials, concentrations, volume, pump, ATP, current of exchanges.

    >>> from vrest.verbs.run import simulate
    >>> [p.label for p in panels(samples(simulate("mammalian_neuron", None, 60.0, points=3)))]
    ['V (mV)', 'inside (mM)', 'relative\\nvolume', 'pump\\ncurrent (pA)']
    """
    return [_potentials(drawn), *_concentrations(drawn), *_volumes(drawn), *_pumps(drawn), *_exchanges(drawn)]


def _potentials(drawn: Samples) -> Panel:
    walls = drawn.run.system.structure.walls
    several = len(walls) > 1
    lines, reversals = [], []
    for wall, dash in zip(walls, cycle(MEMBRANE_DASHES), strict=False):
        v = drawn.read.v[wall.name]
        name = f"V {wall.name}" if several else "V"
        lines.append(Trace(name, v, INK, dash, 2.2, bold=True))
        if len(walls) > MOST_WITH_E:
            continue
        for ion, values in drawn.read.E[wall.name].items():
            if np.isfinite(values).any():
                name = reversal_label(ion) + (f" {wall.name}" if several else "")
                reversals.append(Trace(name, values, ion_colour(ion), ion_dash(ion), 1.3 if not several else 1.0))
    return Panel("V (mV)", (*reversals, *lines), height=1.7, mark=0.0)


def _concentrations(drawn: Samples) -> list[Panel]:
    found = []
    for space in drawn.run.system.structure.spaces:
        if not space.finite:
            continue
        traces = tuple(
            Trace(ion_label(ion, drawn.run.system.valence[ion]), c, ion_colour(ion))
            for ion, c in drawn.read.concentrations[space.name].items()
        )
        if not traces:
            continue
        least = min(float(t.values.min()) for t in traces)
        most = max(float(t.values.max()) for t in traces)
        found.append(Panel(f"{space.name} (mM)", traces, height=1.3, log=least > 0.0 and most > WIDE * least))
    return found


def _volumes(drawn: Samples) -> list[Panel]:
    names = [s.name for s in drawn.run.system.structure.spaces if s.kind == "osmotic"]
    traces = tuple(
        Trace(name, np.asarray(drawn.run.system.relative_volume(drawn.states, name)), INK, dash)
        for name, dash in zip(names, cycle(MEMBRANE_DASHES), strict=False)
    )
    return [Panel("relative\nvolume", traces, height=0.9, named=len(traces) > 1, mark=1.0)] if traces else []


def _pumps(drawn: Samples) -> list[Panel]:
    """Current of what is driven by ATP, and the ATP: one panel where one is proportional to the other."""
    system = drawn.run.system
    flow, spent, charges = {}, {}, []
    for wall in system.structure.walls:
        rates, flows = drawn.read.turnovers[wall.name], drawn.read.currents[wall.name]
        for label, part in bare_transports(system, wall).items():
            count = part.stoichiometry().get(ATP, 0.0)
            if count:
                name = f"{label} {wall.name}" if len(system.structure.walls) > 1 else label
                flow[name], spent[name] = flows[label], count * N_A * from_door(rates[label], "molar_flow")
                charges.append((charge_per_turnover(part.moved_ions, system.valence), count))
    if not flow:
        return []
    unit, factor = current_unit(max(float(np.abs(c).max()) for c in flow.values()))
    power = 10.0 ** np.floor(np.log10(max(1.0, *(float(np.abs(s).max()) for s in spent.values()))))
    per = f"ATP ({scientific(power, 1).removeprefix('1×')}/s)" if power > 1.0 else "ATP (1/s)"
    several = len(flow) > 1
    electric = Panel(f"pump\ncurrent ({unit})", _pump_traces(flow, factor), height=0.9, named=several, mark=0.0)
    charge, count = charges[0]
    if charge and not several:
        spent_per_pA = count * N_A * from_door(1.0, "current") / (F * charge)
        return [replace(electric, second=Second(per, spent_per_pA / factor / power))]
    energy = Panel(per, _pump_traces(spent, 1.0 / power), height=0.9, named=several, mark=0.0)
    return [electric, energy] if any(z for z, _ in charges) else [energy]


BRIEF = 10.0
"""A current that so many times exceeds what nine tenths of the samples have is named by its peak, not drawn whole."""


def _exchanges(drawn: Samples) -> list[Panel]:
    """Current of what conducts and is felt by membranes: gap junctions, electrodes, paths; none where none flows."""
    system = drawn.run.system
    linked = {system.structure.movers[m].label for link in system.network.links for m in link.paths}
    flow = {name: current for name, current in drawn.read.exchange_currents.items() if name not in linked}
    most = max((float(np.abs(current).max()) for current in flow.values()), default=0.0)
    if not most:
        return []
    # a clamp that is closed charges the membranes in a moment: what flows afterwards is to be seen
    usual = max(float(np.percentile(np.abs(current), 90.0)) for current in flow.values())
    spiked = most > BRIEF * usual > 0.0
    unit, factor = current_unit(usual if spiked else most)
    traces, low, high = [], 0.0, 0.0
    for (name, current), dash in zip(flow.items(), cycle(MEMBRANE_DASHES), strict=False):
        brief = spiked & (np.abs(current) > BRIEF * usual)
        largest = from_door(float(np.abs(current).max()), "current")
        peak = f", peak {with_prefix(largest, 'current', 'A')}" if np.any(brief) else ""
        traces.append(Trace(name.replace("_", " ") + peak, factor * current, INK, dash))
        low, high = min(low, *(factor * current[~brief])), max(high, *(factor * current[~brief]))
    span = (low - 0.08 * (high - low), high + 0.08 * (high - low)) if spiked else None
    return [Panel(f"exchange\ncurrent ({unit})", tuple(traces), height=0.9, mark=0.0, span=span)]


def _pump_traces(values: dict[str, np.ndarray], factor: float) -> tuple[Trace, ...]:
    return tuple(
        Trace(name, factor * v, PUMP, dash)
        for (name, v), dash in zip(values.items(), cycle(MEMBRANE_DASHES), strict=False)
    )
