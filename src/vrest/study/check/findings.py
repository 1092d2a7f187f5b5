"""What is inconsistent in the state that a cell describes, each with the size it has in mM/min."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from vrest.constants import F
from vrest.errors import NoRestError
from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.channels import FixedLeak
from vrest.model.ion_labels import ion_in
from vrest.model.pumps import CubicPump, NaKPump
from vrest.model.transport import ATP
from vrest.shown import Told
from vrest.system.assemble import System, assemble
from vrest.system.observables import reversal_potential, transports
from vrest.system.structure import Wall, parameter_vector
from vrest.tables import number
from vrest.units import HOUR, MINUTE, at_rate, duration, format_si, from_door, from_si
from vrest.verbs.instant import instant, steady_at
from vrest.verbs.readings import Readings, readings

VOLTS = 1e-4
"""V: a potential that differs by less is the same."""

SHARE = 0.01
"""A content that would change by less than this in an hour is steady."""

STEP = 1.0
"""mV: between the two potentials that a slope conductance is read off."""

RUNAWAY = 1e-3
"""V/s: a potential that was found to carry no current changes far less."""


@dataclass(frozen=True)
class Claims(Told):
    """What a description of a membrane says beside its cell, as one may in NEURON.

    Parameters
    ----------
    reversals
        Reversal potentials that are stated apart from the concentrations, V by ion.
    unnamed
        Reversal potentials of leaks that belong to no ion, V by transport.
    defaults
        Values that were not given, `name = value`.
    target, target_name
        The potential where it shall rest, V, and the name under which that is written; None where nothing says it.
    read
        How mechanisms that MOD files write in several ways were read.
    unused
        Names that change nothing here.
    written
        Writes a cell that was made of it in the same terms: values and what they are, by name.
    """

    reversals: Mapping[str, float] = field(default_factory=dict)
    unnamed: Mapping[str, float] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()
    target: float | None = None
    target_name: str = ""
    read: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    written: Callable[..., Mapping[str, tuple[float, str]]] | None = None

    def _brief(self) -> Iterable[str]:
        stated = {**{f"E_{ion}": e for ion, e in self.reversals.items()}, **self.unnamed}
        texts = [glued(f"{name} = {format_si(e, 'potential', digits=4)}") for name, e in stated.items()]
        yield f"Claims({', '.join([*texts, *map(glued, self.defaults)])})"

    @property
    def as_in_neuron(self) -> bool:
        """Whether it was written in NEURON's terms."""
        return self.written is not None


@dataclass(frozen=True)
class Finding:
    """One inconsistency; `mM_per_min` is what it moves and ranks it, 0 where it moves no ion."""

    code: str
    where: str
    mM_per_min: float
    message: str


@dataclass(frozen=True)
class Moment:
    """The state the cell describes, a few membrane time constants later: contents as described, no net current."""

    cell: Cell
    system: System
    p: np.ndarray
    x: np.ndarray

    @cached_property
    def read(self) -> Readings:
        """All that can be read off it, door units."""
        return readings(self.system, self.x, self.p)

    @cached_property
    def slope(self) -> np.ndarray:
        """(states,) what changes per second, SI."""
        return self.system.derivative(self.x, self.p)

    def v(self, wall: Wall) -> float:
        """V."""
        return float(self.system.potential(self.x, wall))

    def label(self, wall: Wall, label: str) -> str:
        """A transport's name among all that move ions of the places its membrane joins."""
        here = {wall.inside, wall.outside}
        alike = [
            m.place
            for m in self.system.structure.movers
            if m.place and m.label == label and here & {*self._sides(m.place)}
        ]
        return label if len(alike) == 1 else f"{label} of '{wall.name}'"

    def _sides(self, wall: str) -> tuple[str, str]:
        there = self.system.structure.wall(wall)
        return there.inside, there.outside

    def gains(self, space: str) -> dict[str, dict[str, float]]:
        """What each transport adds to each ion of a finite compartment, mM/min: {ion: {transport: gain}}."""
        volume = float(np.asarray(self.system.volume(self.x, self.p, space)))
        found: dict[str, dict[str, float]] = {}
        for wall in self.system.structure.walls:
            side = (wall.outside == space) - (wall.inside == space)
            for ion, flows in self.read.fluxes[wall.name].items() if side else ():
                for label, flow in flows.items():
                    carried = from_si(side * from_door(flow, "molar_flow"), "molar_flow", "mol/min")
                    found.setdefault(ion, {})[self.label(wall, label)] = carried / volume
        return found

    def brought(self, space: str, gains: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
        """What each ion of a finite compartment gains beside its `gains`, as by exchanges, mM/min."""
        return {ion: rate - sum(gains.get(ion, {}).values()) for ion, rate in self.rates()[space].items()}

    def rates(self) -> dict[str, dict[str, float]]:
        """What each ion of each finite compartment gains in all, mM/min."""
        table: dict[str, dict[str, float]] = {}
        for (kind, name), value in zip(self.system.states, self.slope, strict=True):
            if kind == "amount":
                space, ion = name.split(".")
                rate = float(value / self.system.relative_volume(self.x, space))
                table.setdefault(space, {})[ion] = from_si(rate, "concentration_rate")
        return table


def first_moment(cell: Cell) -> Moment:
    """The described contents at the potential that carries no current; the described one where there is none."""
    system = assemble(cell)
    p = parameter_vector(cell)
    x = system.start(cell)
    try:
        v = instant(cell).v
    except NoRestError:
        return Moment(cell, system, p, x)
    for wall in system.structure.tree:
        volts = from_door(1.0, "potential") * (v[wall.name] if isinstance(v, dict) else v)
        x = steady_at(system, x, wall, np.array([volts]), p)[0]
    return Moment(cell, system, p, x)


def called(now: Moment, wall: Wall, label: str) -> str:
    """A transport by its name, with its membrane's where there are several."""
    return label if len(now.system.structure.walls) == 1 else f"{label} of '{wall.name}'"


def millivolts(volts: float, digits: int = 1) -> str:
    """A potential in words."""
    return f"{number(from_si(volts, 'potential'), decimals=digits)} mV"


def findings(now: Moment, claims: Claims) -> list[Finding]:
    """Everything inconsistent, what moves most first."""
    found = [
        *_start(now),
        *(f for wall in now.system.structure.walls for f in _reversals(now, wall, claims)),
        *(f for wall in now.system.structure.walls for f in _unnamed(now, wall)),
        *_imbalances(now, claims),
        *_charge(now),
        *(f for wall in now.system.structure.walls for f in _pumps(now, wall)),
        *_water(now),
    ]
    return sorted(found, key=lambda finding: -float(f"{finding.mM_per_min:.9g}"))  # rounding ranks nothing


def _start(now: Moment) -> Iterator[Finding]:
    for wall in now.system.structure.tree:
        described = now.cell.membranes[wall.name].potential
        v, name = now.v(wall), called(now, wall, "V")
        runs = float(now.slope[now.system.index["charge", wall.name]])
        if abs(runs) > RUNAWAY:
            pace = number(from_si(runs, "potential"), 3, signed=True)
            text = f"No potential carries zero current: {name} runs away by {pace} mV/s."
            yield Finding("no_potential", wall.name, 0.0, text)
        elif abs(v - described) > VOLTS:
            text = f"{name} starts at {millivolts(described, 2)}, but with these contents no current flows at "
            yield Finding("start", wall.name, 0.0, f"{text}{millivolts(v, 2)}: it goes there{_pace(now, wall)}.")


def _pace(now: Moment, wall: Wall) -> str:
    """With which time constant V comes to where no current flows; empty where it does not come from nearby."""
    k, nearby = now.system.index["charge", wall.name], now.x.copy()
    nearby[k] += VOLTS
    back = -float(now.system.derivative(nearby, now.p)[k] - now.slope[k])
    return f", with a time constant of {duration(VOLTS / back, 3)}" if back > 0.0 else ""


def _volume(now: Moment, wall: Wall) -> float:
    """Of the inside, m3; infinite where contents are held."""
    volume = now.system.volume(now.x, now.p, wall.inside)
    return float("inf") if volume is None else float(np.asarray(volume))


def _reversals(now: Moment, wall: Wall, claims: Claims) -> Iterator[Finding]:
    """Stated reversal potentials beside those that the concentrations make."""
    inside, outside = now.read.concentrations[wall.inside], now.read.concentrations[wall.outside]
    parts, slopes = transports(now.system, now.p, wall), _slopes(now, wall) if claims.reversals else {}
    celsius = f"{number(from_si(now.cell.temperature, 'temperature'))} degC"
    for ion, stated in claims.reversals.items():
        z = now.system.valence[ion]
        sides = {"inside": inside[ion], "outside": outside[ion]}
        made = float(reversal_potential(z, **sides, temperature=now.cell.temperature))
        if np.isnan(made) or abs(made - stated) <= VOLTS:
            continue
        channels = [label for label, t in parts.items() if t.is_channel and ion in t.moved_ions]
        moved = sum(slopes[label] for label in channels) * (made - stated)
        size = from_si(abs(moved) / F / _volume(now, wall), "concentration_rate")
        yield Finding(
            "reversal",
            ion,
            size,
            f"E_{ion} is written as {millivolts(stated)}, but {number(inside[ion])} mM inside and "
            f"{number(outside[ion])} mM outside make it {millivolts(made)} ({celsius}): "
            f"as soon as {ion_in(now.cell, ion)} is followed, it is that.",
        )


def _slopes(now: Moment, wall: Wall) -> dict[str, float]:
    """Slope conductance of each transport of a membrane, gates as they are, S."""
    volts = now.v(wall) + from_door(STEP, "potential") * np.array([0.0, 1.0])
    apart = now.system.at_potential(now.x, wall, volts).T
    found = readings(now.system, apart, np.repeat(now.p[:, None], 2, axis=1)).currents[wall.name]
    siemens = from_door(1.0, "current") / from_door(STEP, "potential")
    return {label: siemens * float(i[1] - i[0]) for label, i in found.items()}


def fixed_leaks(now: Moment, wall: Wall) -> dict[str, FixedLeak]:
    """The leaks of a membrane that belong to no ion, where its inside is followed."""
    parts = transports(now.system, now.p, wall) if now.system.structure.space(wall.inside).finite else {}
    return {label: t for label, t in parts.items() if isinstance(t, FixedLeak)}


def _unnamed(now: Moment, wall: Wall) -> Iterator[Finding]:
    """Leaks that belong to no ion: their current changes V and nobody's concentration."""
    for label, t in fixed_leaks(now, wall).items():
        stated = float(np.asarray(t.reversal))
        current = from_door(now.read.currents[wall.name][label], "current")
        size = from_si(abs(current) / F / _volume(now, wall), "concentration_rate")
        if HOUR / MINUTE * size < SHARE:  # less than 10 uM an hour
            continue
        way, change = ("leaves", "gain") if current > 0 else ("enters", "lose")
        yield Finding(
            "no_ion",
            label,
            size,
            f"{label} ({millivolts(stated)}) belongs to no ion, and its current has to be somebody's: "
            f"{number(size, 3)} mM/min of charge {way} through it. The ions that are followed "
            f"{change} as much net charge, which no cell can hold: 1 mM of it is "
            f"{number(_volts_per_mM(now, wall, wall.inside), 3)} V on this membrane.",
        )


def _volts_per_mM(now: Moment, wall: Wall, space: str) -> float:
    """What 1 mM of charge in a compartment beside a membrane is on it."""
    capacitance = float(
        now.system.get(now.p, f"membranes.{wall.name}.capacitance") * now.system.area(now.x, now.p, wall)
    )
    return F * float(np.asarray(now.system.volume(now.x, now.p, space))) / capacitance


def _imbalances(now: Moment, claims: Claims) -> Iterator[Finding]:
    """Each ion that gains or loses."""
    for space, rates in now.rates().items():
        contents = now.read.concentrations[space]
        gains = now.gains(space)
        brought = now.brought(space, gains)
        for ion, rate in rates.items():
            if HOUR / MINUTE * abs(rate) <= SHARE * contents[ion]:
                continue
            by = {label: gain for label, gain in gains.get(ion, {}).items() if abs(gain) > 1e-3 * abs(rate)}
            by = dict(sorted(by.items(), key=lambda item: -abs(item[1])))
            if abs(brought[ion]) > 1e-3 * abs(rate):
                by["exchange"] = brought[ion]
            told = ", ".join(f"{label} {number(gain, 3, signed=True)}" for label, gain in by.items())
            alone = len({gain > 0 for gain in by.values()}) == 1
            yield Finding(
                "imbalance",
                f"{space}.{ion}",
                abs(rate),
                f"{ion_in(now.cell, ion)} in '{space}' ({number(contents[ion])} mM) {'gains' if rate > 0 else 'loses'} "
                f"{number(abs(rate), 3)} mM/min: {told}"
                + (f"; in this state nothing {'takes it out' if rate > 0 else 'brings it back'}." if alone else "."),
            )


def _charge(now: Moment) -> Iterator[Finding]:
    """Ions that are followed gain charge while the membrane's does not change: somebody else carries the rest."""
    if any(fixed_leaks(now, wall) for wall in now.system.structure.walls):
        return
    for space, rates in now.rates().items():
        net = sum(now.system.valence[ion] * rate for ion, rate in rates.items())
        for wall in now.system.structure.tree:
            side = (wall.inside == space) - (wall.outside == space)
            if side:
                volts = float(now.slope[now.system.index["charge", wall.name]])
                net -= side * MINUTE * volts / _volts_per_mM(now, wall, space)
        largest = max((abs(gain) for by in now.gains(space).values() for gain in by.values()), default=0.0)
        if abs(net) > 1e-6 * largest and HOUR / MINUTE * abs(net) > SHARE:
            yield Finding(
                "charge",
                space,
                abs(net),
                f"The ions of '{space}' {'gain' if net > 0 else 'lose'} {number(abs(net), 3)} mM/min of net charge; "
                "no membrane feels it, for the description leaves out what carries the opposite charge.",
            )


def _pumps(now: Moment, wall: Wall) -> Iterator[Finding]:
    """Pumps beside the load that everything else makes; and no pump at all."""
    if not now.system.structure.space(wall.inside).finite:
        return
    gains = now.gains(wall.inside)
    parts = transports(now.system, now.p, wall)
    working = {label: t for label, t in parts.items() if t.stoichiometry().get(ATP)}
    here = now.system.surroundings(now.x, now.p, wall)
    turnovers = now.read.turnovers[wall.name]
    if not any(turnovers.values()):
        first = next(each for each in now.system.structure.walls if wall.inside in (each.inside, each.outside))
        if _pumped_elsewhere(now, wall) or wall is not first:  # one place, told once
            return
        load = sum(gains.get("Na", {}).values())
        if load > 0 and "Na" in gains and f"{wall.inside}.Na" not in now.cell.closures:
            yield Finding(
                "no_pump",
                wall.name,
                load,
                f"No pump turns{_in(now, wall)}: nothing carries Na+ out, of which {number(load, 3)} mM/min leaks in, "
                "or brings K+ back.",
            )
        return
    brought = now.brought(wall.inside, gains)
    for label, t in working.items():
        moved = {  # what a closure ties follows nothing that crosses, and needs no pump
            ion: count
            for ion, count in t.moved_ions.items()
            if ion in here.inside and f"{wall.inside}.{ion}" not in now.cell.closures
        }
        if not moved:
            continue
        own = now.label(wall, label)
        load = {ion: sum(g for x, g in gains[ion].items() if x != own) + brought[ion] for ion in moved}
        needed = {ion: load[ion] / count for ion, count in moved.items()}
        turns = {ion: -gains[ion][own] / count for ion, count in moved.items()}
        turn = next(iter(turns.values()))
        worst = max(needed, key=lambda ion: abs(needed[ion] - turn) * abs(moved[ion]))
        size = abs(needed[worst] - turn) * abs(moved[worst])
        if HOUR / MINUTE * size <= SHARE * float(here.inside[worst]):
            continue
        told = " and ".join(f"{ion_in(now.cell, ion)} needs {number(rate + 0.0, 3)}" for ion, rate in needed.items())
        low, high = min(needed.values()), max(needed.values())
        if low <= 0:
            end = "no pump can carry that: its ions leak the wrong way."
        elif high - low > 0.01 * high:
            end = "no strength suits both, because the leaks do not stand in the pump's proportion."
        else:
            end = f"it would have to be {_stronger(high / turn)}." if turn > 0 else "it does not turn."
        end += _saturated(t, turn, high, here)
        yield Finding(
            "pump", label, size, f"{called(now, wall, label)} turns over {number(turn, 3)} mM/min; {told}: {end}"
        )
    for label, spent in now.read.cycle_costs[wall.name].items():
        given = from_si(getattr(working[label], "atp_free_energy", np.nan), "energy_per_mole")
        if spent > given and turnovers[label] > 0:
            rate = abs(gains[next(iter(working[label].moved_ions))][now.label(wall, label)])
            text = f"A cycle of {called(now, wall, label)} stores {number(spent)} kJ/mol, and ATP gives "
            text += f"{number(given)}: in these gradients it would run backwards."
            yield Finding("pump_beyond_reversal", label, rate, text)


def _in(now: Moment, wall: Wall) -> str:
    """Where that is, if there are several places."""
    return "" if len(now.system.structure.walls) == 1 else f" in '{wall.inside}'"


def _pumped_elsewhere(now: Moment, wall: Wall) -> bool:
    """Whether a pump turns in another membrane of the same inside."""
    return any(
        turnover
        for other in now.system.structure.walls
        if other.name != wall.name and wall.inside in (other.inside, other.outside)
        for turnover in now.read.turnovers[other.name].values()
    )


def _stronger(ratio: float) -> str:
    """How a pump of another strength compares: in percent, or as a multiple from 2 on."""
    if ratio >= 2:
        return f"{number(ratio, 3)} times as strong"
    return f"{number(100 * abs(ratio - 1), 2)} % {'stronger' if ratio > 1 else 'weaker'}"


def _saturated(t: object, turn: float, needed: float, here: object) -> str:
    """A remark where even the saturated pump could not turn that fast."""
    if not isinstance(t, NaKPump) or isinstance(t, CubicPump) or turn <= 0:
        return ""
    most = turn / float(np.asarray(t.relative_rate(here)))  # pyright: ignore[reportArgumentType]
    return f" Even saturated it reaches only {number(most, 3)}." if needed > most else ""


def _water(now: Moment) -> Iterator[Finding]:
    for (kind, name), value in zip(now.system.states, now.slope, strict=True):
        if kind == "volume" and HOUR * abs(value) > SHARE:
            size = sum(now.read.concentrations[name].values())
            yield Finding(
                "water",
                name,
                abs(float(value)) * MINUTE * size,
                f"'{name}' {'swells' if value > 0 else 'shrinks'} {at_rate(abs(float(value)))}: its "
                "osmolarity is not that of its surroundings.",
            )
