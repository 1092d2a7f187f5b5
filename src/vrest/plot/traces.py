"""What a time course shows, panel by panel, read off a run: names, units, curves. No drawing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np

from vrest.constants import N_A, F
from vrest.model.names import plain
from vrest.model.transport import ATP
from vrest.plot.look import look
from vrest.plot.samples import Samples
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

SOLID: Dash = (0, ())
MEMBRANE_DASHES: tuple[Dash, ...] = (SOLID, (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1.5, 1.5, 1.5)))
WIDE = 300.0
"""Where concentrations of one compartment differ by more than this factor, their axis is logarithmic."""

STAYS = 0.02
"""What moves by less than this share of itself is flat to a reader."""

FLAT = 0.04
"""A curve that moves by less than this share of its axis looks flat."""

REACH, REACHES = 3.0, (3.0, 40.0)
"""A Nernst potential that is never nearer to V than so many times the range of V, between these mV, is only named."""

STILL_MV = 0.1
"""V that moves less is flat whatever is drawn beside it."""

NAME = 0.2
"""Of the height of a panel, that each name beside it takes."""

MOST_WITH_E = 2
"""More membranes than this, and their Nernst potentials would hide V."""


@dataclass(frozen=True, eq=False)
class Trace:
    """One curve (NaN where undefined)."""

    name: str
    values: np.ndarray
    colour: str
    dash: Dash = SOLID
    width: float = 1.6
    bold: bool = False
    what: str = ""
    """What it is, where it is told and not drawn; of a potential, the membrane."""


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
    """Whether a logarithmic scale would serve it, where the values are far apart."""
    second: Second | None = None
    named: bool = True
    """Whether the curves are named at their ends."""
    mark: float | None = None
    """A value to mark with a faint line."""
    far: tuple[Trace, ...] = ()
    """Curves that are off its scale all the time, and are named at its edge."""
    span: tuple[float, float] | None = None
    """The scale, where it is not that of all values."""


def panels(drawn: Samples, fluxes: bool = True) -> tuple[list[Panel], list[Trace]]:
    """The panels of a time course, top to bottom, and what stays, which none of them shows.

    Potentials; concentrations and volume where they move; with `fluxes`, pump, ATP and current of exchanges too.

    >>> from vrest.plot.clock import Clock
    >>> from vrest.plot.samples import samples
    >>> from vrest.verbs.run import simulate
    >>> run = simulate("mammalian_neuron", [(0, "pump.max_rate*=0.9")], "10 min", points=3)
    >>> shown, still = panels(samples(run, Clock(0.0, 600.0)))
    >>> [p.label.replace(chr(10), " ") for p in shown], [t.what for t in still]
    (['V (mV)', 'inside (mM)', 'pump current (pA)'], ['K⁺ inside', 'Cl⁻ inside', 'volume'])
    """
    found = [*_concentrations(drawn), *_volumes(drawn)]
    if fluxes:
        found += [*_pumps(drawn), *_exchanges(drawn)]
    still = [t for p in found for t in p.traces if _change(t) < STAYS]
    moving = [replace(p, traces=tuple(t for t in p.traces if _change(t) >= STAYS)) for p in found]
    return [potentials(drawn), *(_as_tall(part) for p in moving if p.traces for part in _scaled(p))], still


def _as_tall(panel: Panel) -> Panel:
    """A panel with room for the names at the ends of its curves."""
    return replace(panel, height=max(panel.height, NAME * len(panel.traces))) if panel.named else panel


def on_a_page(found: list[Panel], room: float, size: float) -> tuple[list[Panel], list[Panel]]:
    """The panels that have room, `size` inches for one of height 1, and those that have none.

    The first stays, and of the others those that move most; a figure that is not of a page has room for all.

    >>> from math import inf
    >>> flat, steep = Trace("a", np.array([1.0, 1.1]), INK), Trace("b", np.array([1.0, 9.0]), INK)
    >>> given = [Panel("V (mV)", (flat,)), Panel("here (mM)", (flat,)), Panel("there (mM)", (steep,))]
    >>> [[p.label for p in part] for part in on_a_page(given, 2.5, 1.0)]
    [['V (mV)', 'there (mM)'], ['here (mM)']]
    >>> len(on_a_page(given, inf, 1.0)[0])
    3
    """
    kept, left = [found[0]], room - size * found[0].height
    for panel in sorted(found[1:], key=lambda p: -max(_change(t) for t in p.traces)):
        if size * panel.height <= left:
            kept.append(panel)
            left -= size * panel.height
    return [p for p in found if p in kept], [p for p in found if p not in kept]


def _change(trace: Trace) -> float:
    """How much it moves, over its largest size."""
    most = float(np.abs(trace.values).max())
    return float(np.ptp(trace.values)) / most if most else 0.0


def _scaled(panel: Panel) -> list[Panel]:
    """Concentrations on a logarithmic scale where they are too far apart; in two panels where one would look flat."""
    if not panel.log:
        return [panel]
    values = np.concatenate([t.values for t in panel.traces])
    if values.min() > 0.0 and values.max() > WIDE * values.min():
        return [panel]
    left, found = sorted(panel.traces, key=lambda t: -float(np.ptp(t.values))), []
    while left:
        together = left[:1]
        for trace in left[1:]:
            if _seen([*together, trace]):
                together.append(trace)
        left = [t for t in left if t not in together]
        traces = tuple(t for t in panel.traces if t in together)
        found.append(replace(panel, traces=traces, log=False))
    return found if len(found) == 1 else [replace(p, height=1.0) for p in found]


def _seen(traces: list[Trace]) -> bool:
    """Whether each of them is seen to move on one scale."""
    span = float(np.ptp(np.concatenate([t.values for t in traces])))
    return all(np.ptp(t.values) >= FLAT * span for t in traces)


def not_drawn(still: list[Trace], left: list[Panel]) -> str:
    """What stays, and within how much, and which panels have no room; empty where all is drawn.

    >>> flat = np.array([5.0, 5.004])
    >>> na, volume = (Trace(what, flat, INK, what=what) for what in ("Na⁺ inside", "volume"))
    >>> not_drawn([na, volume], [])
    'Not drawn, for they stay within 0.08 %: Na⁺ inside, volume.'
    >>> not_drawn([], [Panel("inside (mM)", (na,)), Panel("relative\\nvolume", (volume,))])
    'No room here for: Na⁺ inside, volume.'
    """
    crowded = f"No room here for: {', '.join(t.what for p in left for t in p.traces)}." if left else ""
    if not still:
        return crowded
    most = 100.0 * max(_change(t) for t in still)
    digit = 10.0 ** np.floor(np.log10(max(most, 1e-3)))
    bound = f"{max(np.ceil(most / digit - 1e-9), 1.0) * digit:.3g}"
    stay = "it stays" if len(still) == 1 else "they stay"
    return f"Not drawn, for {stay} within {bound} %: {', '.join(t.what for t in still)}. {crowded}".rstrip()


def potentials(drawn: Samples) -> Panel:
    """V of each membrane and, where these are few, the Nernst potentials.

    >>> from vrest.plot.clock import Clock
    >>> from vrest.plot.samples import samples
    >>> from vrest.verbs.run import simulate
    >>> panel = potentials(samples(simulate("squid_axon", None, "1 s", points=2), Clock(0.0, 1.0)))
    >>> [t.name for t in panel.traces][-1]
    'V'
    """
    walls = drawn.run.system.structure.walls
    several = len(walls) > 1
    told = apart([wall.name for wall in walls])
    lines, reversals = [], []
    for wall, dash in zip(walls, cycle(MEMBRANE_DASHES), strict=False):
        v = drawn.read.v[wall.name]
        name = f"V {plain(wall.name)}" if several else "V"
        if len(walls) > MOST_WITH_E:  # these are all that is named beside the panel
            name = plain(wall.name).replace(" ", " " if look().width is None else "\n", 1)
        lines.append(Trace(name, v, INK, dash, 2.2, bold=True, what=wall.name))
        if len(walls) > MOST_WITH_E:
            continue
        for ion, values in drawn.read.E[wall.name].items():
            if np.isfinite(values).any():
                name = reversal_label(ion) + (f" {told[wall.name]}" if several else "")
                reversals.append(
                    Trace(name, values, ion_colour(ion), ion_dash(ion), 1.0 if several else 1.3, what=wall.name)
                )
    v = np.concatenate([t.values for t in lines])
    moves = float(np.ptp(v))
    reach = float(np.clip(REACH * moves, *REACHES)) if moves > STILL_MV else REACHES[1]
    low, high = v.min() - reach, v.max() + reach
    far = tuple(t for t in reversals if np.nanmin(t.values) > high or np.nanmax(t.values) < low)
    far = tuple(sorted(far, key=lambda t: float(t.values[np.isfinite(t.values)][-1])))
    near = (t for t in reversals if t not in far)
    return Panel("V (mV)", (*near, *lines), height=1.7, mark=0.0, far=far)


def apart(names: list[str]) -> dict[str, str]:
    """What tells names apart.

    >>> apart(["astrocyte_1", "astrocyte_2"]), apart(["apical", "basolateral"])
    ({'astrocyte_1': '1', 'astrocyte_2': '2'}, {'apical': 'apical', 'basolateral': 'basolateral'})
    """
    words = [name.split("_") for name in names]
    same = 0
    while all(len(w) > same + 1 for w in words) and len({w[same] for w in words}) == 1:
        same += 1
    return {name: " ".join(w[same:]) for name, w in zip(names, words, strict=True)}


def _concentrations(drawn: Samples) -> list[Panel]:
    found = []
    for space in drawn.run.system.structure.spaces:
        if not space.finite:
            continue
        traces = []
        for ion, c in drawn.read.concentrations[space.name].items():
            name = ion_label(ion, drawn.run.system.valence[ion])
            traces.append(Trace(name, c, ion_colour(ion), ion_dash(ion), what=f"{name} {plain(space.name)}"))
        found.append(Panel(_above(plain(space.name)), tuple(traces), height=1.3, log=True))
    return found


def _above(name: str) -> str:
    """A label of an axis, in two lines where the name has two words.

    >>> _above("glia soma"), _above("inside 2"), _above("inside")
    ('glia\\nsoma (mM)', 'inside 2\\n(mM)', 'inside (mM)')
    """
    if name[-1].isdigit():
        return f"{name}\n(mM)"
    return "\n".join(name.split(" ", 1)) + " (mM)"


def _volumes(drawn: Samples) -> list[Panel]:
    names = [s.name for s in drawn.run.system.structure.spaces if s.kind == "osmotic"]
    traces = tuple(
        Trace(
            plain(name),
            np.asarray(drawn.run.system.relative_volume(drawn.states, name)),
            INK,
            dash,
            what="volume" if len(names) == 1 else f"volume of {plain(name)}",
        )
        for name, dash in zip(names, cycle(MEMBRANE_DASHES), strict=False)
    )
    return [Panel("relative\nvolume", traces, height=0.9, mark=1.0)] if traces else []


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
    electric = Panel(
        f"pump\ncurrent ({unit})", _pump_traces(flow, factor, "current"), height=0.9, named=several, mark=0.0
    )
    charge, count = charges[0]
    if charge and not several:
        spent_per_pA = count * N_A * from_door(1.0, "current") / (F * charge)
        return [replace(electric, second=Second(per, spent_per_pA / factor / power))]
    energy = Panel(per, _pump_traces(spent, 1.0 / power, "ATP use"), height=0.9, named=several, mark=0.0)
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
        traces.append(Trace(plain(name) + peak, factor * current, INK, dash, what=f"current of {plain(name)}"))
        low, high = min(low, *(factor * current[~brief])), max(high, *(factor * current[~brief]))
    span = (low - 0.08 * (high - low), high + 0.08 * (high - low)) if spiked else None
    return [Panel(f"exchange\ncurrent ({unit})", tuple(traces), height=0.9, mark=0.0, span=span)]


def _pump_traces(values: dict[str, np.ndarray], factor: float, what: str) -> tuple[Trace, ...]:
    return tuple(
        Trace(plain(name), factor * v, PUMP, dash, what=f"{plain(name)} {what}")
        for (name, v), dash in zip(values.items(), cycle(MEMBRANE_DASHES), strict=False)
    )
