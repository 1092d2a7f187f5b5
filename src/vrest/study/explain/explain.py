"""`explain`: where every millivolt of a resting potential comes from, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vrest.constants import F
from vrest.errors import NoRestError
from vrest.model.cellfile import CellLike
from vrest.model.change import Change
from vrest.model.channels import GHKLeak
from vrest.model.notice import Notice
from vrest.model.transport import ATP, Transport
from vrest.physics.ghk import ghk_voltage
from vrest.physics.mullins_noda import mullins_noda
from vrest.physics.votes import ghk_shares
from vrest.study.explain.account import bill, sentences, table
from vrest.study.explain.story import IonStory, MembraneStory, PumpStory
from vrest.system.assemble import System
from vrest.system.observables import charge_per_turnover, transports, undefined_as_nan
from vrest.system.structure import Wall
from vrest.units import from_door, from_si
from vrest.verbs.instant import instant_potentials
from vrest.verbs.readings import Readings, readings
from vrest.verbs.rest import Rest, rest, rest_of

SLOPE_STEP = 0.2
"""mV: apart are the potentials between which slopes are measured."""

AT_E = 1e-4
"""mV: V so near to E is at it."""


@dataclass(frozen=True)
class Explanation:
    """The account of a resting state. `str()` is a table, `as_dict()` is ready for JSON.

    >>> print(explain("mammalian_neuron").sentences()[0])
    The -70.00 mV are a vote of the open channels: K has the loudest voice (58 % of the chord conductance) ...
    """

    rest: Rest
    """What is accounted for."""
    membranes: tuple[MembraneStory, ...]
    """One for each membrane: shares of the ions, parts of V (mV)."""
    atp_per_second: float
    """Molecules spent by the whole cell, 1/s."""
    watts: float
    """Power of that ATP, W."""

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; one membrane is flat, several are by name."""
        stories = {m.membrane: asdict(m) for m in self.membranes}
        body = next(iter(stories.values())) if len(stories) == 1 else {"membranes": stories}
        return {
            "outcome": self.rest.outcome.name,
            **body,
            "atp_per_second": self.atp_per_second,
            "watts": self.watts,
            "sentences": self.sentences(),
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict`, nested lists by their keys."""
        return dict(UNITS)

    @property
    def warnings(self) -> list[Notice]:
        """Those of the resting state."""
        return self.rest.warnings

    def sentences(self) -> list[str]:
        """The account in plain words."""
        told = [sentence for m in self.membranes for sentence in sentences(m, self.membranes)]
        return [*told, *bill(self.atp_per_second, self.watts)]

    def __str__(self) -> str:
        return "\n".join([line for m in self.membranes for line in table(m, self.rest)] + ["", *self.sentences()])

    __repr__ = __str__


UNITS = {
    "v": "mV",
    "inside": "mM",
    "outside": "mM",
    "E": "mV",
    "driving_force": "mV",
    "channel_current": "pA",
    "chord_share": "1",
    "slope_share": "1",
    "ghk_share_numerator": "1",
    "ghk_share_denominator": "1",
    "fluxes": "fmol/s",
    "balance": "fmol/s",
    "turnover": "fmol/s",
    "current": "pA",
    "cycle_cost": "kJ/mol",
    "atp_free_energy": "kJ/mol",
    "reversal_potential": "mV",
    "chord_sum": "mV",
    "chord_pump": "mV",
    "chord_paths": "mV",
    "chord_one_sided": "mV",
    "ghk": "mV",
    "ghk_without_cl": "mV",
    "mullins_noda": "mV",
    "mullins_noda_minus_ghk": "mV",
    "v_pump_off": "mV",
    "direct": "mV",
    "v_run_down": "mV",
    "indirect": "mV",
    "charge_moved": "uM",
    "charge_moved_share": "1",
    "atp_per_second": "1/s",
    "watts": "W",
}


def explain(result: Rest | CellLike) -> Explanation:
    """Account for a resting state, millivolt by millivolt.

    Each ion's chord share times its Nernst potential, and what pump and other currents add, make V exactly; beside them
    stand the shares of the GHK equation and what is lost without pumps, at once and when the gradients have run down.

    Parameters
    ----------
    result
        From `rest`, or a cell as of `rest`, which is then brought to rest.

    Returns
    -------
    Explanation
        One account for each membrane (mV, mM, pA, fmol/s), the bill in ATP.

    Raises
    ------
    InputError
        No such cell.
    NoRestError
        There is no resting state to explain.

    Chord equation: Hodgkin and Horowicz 1959, doi:10.1113/jphysiol.1959.sp006278; GHK: Goldman 1943,
    doi:10.1085/jgp.27.1.37; Mullins and Noda 1963, doi:10.1085/jgp.47.1.117.

    >>> story = explain("article_neuron").membranes[0]
    >>> round(story.v, 1), round(story.ghk, 1), round(story.direct, 1)
    (-73.8, -69.9, 4.0)
    """
    result = rest_of(result)
    if not result.outcome.has_state:
        raise NoRestError(
            f"'{result.cell.name}' has no resting state to explain: {result.reason}", code=result.outcome.name
        )
    off = _pumps_off(result)
    down = rest(result.cell, off, start=result.state) if off else result
    now = readings(result.system, result.state, result.parameters)
    return Explanation(
        rest=result,
        membranes=_membranes(result, now, down, off),
        atp_per_second=now.atp_per_second,
        watts=now.watts,
    )


def _pumps_off(result: Rest) -> list[Change]:
    """Changes that stop everything driven by ATP."""
    changes = []
    for mover in result.system.structure.movers:
        if mover.place:
            part = result.cell.membranes[mover.place].transports[mover.label]
            if part.stoichiometry().get(ATP) and part.strength:
                changes.append(Change(mover.path(part.strength), "scale", 0.0))
    return changes


def _membranes(result: Rest, now: Readings, down: Rest, off: list[Change]) -> tuple[MembraneStory, ...]:
    """Of every membrane, from what is read of the cell now; `down` is it run down, `off` what stops its pumps."""
    system, x, p = result.system, result.state, result.parameters
    stopped = system.with_values(p, {change.path: 0.0 for change in off})
    at_once = instant_potentials(system, x[:, None], stopped[:, None]).v[:, 0]
    slopes = _slopes(result)
    later = readings(system, down.state, down.parameters).v if down.outcome.is_rest else {}
    stories = []
    for wall, v_off in zip(system.structure.walls, at_once.tolist(), strict=True):
        lost = _known(from_si(v_off, "potential")), later.get(wall.name), down.outcome.name
        stories.append(_membrane(result, wall, now, slopes[wall.name], *lost))
    return tuple(stories)


def _membrane(
    result: Rest,
    wall: Wall,
    now: Readings,
    slopes: Mapping[str, float],
    v_off: float | None,
    v_down: float | None,
    run_down: str,
) -> MembraneStory:
    """Of one membrane, from what is read of the cell now and what it loses (mV) without pumps."""
    system, name = result.system, wall.name
    v, reversal, fluxes, flow = now.v[name], now.E[name], now.fluxes[name], now.currents[name]
    inside, outside = now.concentrations[wall.inside], now.concentrations[wall.outside]
    parts = transports(system, result.parameters, wall)
    channels = {label: next(iter(part.moved_ions)) for label, part in parts.items() if part.is_channel}
    by_ion = {ion: sum((flow[c] for c, i in channels.items() if i == ion), 0.0) for ion in inside}
    slope = {ion: sum(slopes[c] for c, i in channels.items() if i == ion) for ion in inside}
    voiced = [ion for ion in dict.fromkeys(channels.values()) if np.isfinite(reversal.get(ion, np.nan))]
    chord = {ion: _chord(by_ion[ion], v, reversal[ion], slope[ion]) for ion in voiced}
    total_chord = sum(chord.values())
    total_slope = sum(slope.values())
    one_sided = sum(i for ion, i in by_ion.items() if ion not in chord)
    shares, ghk, ghk_kn, noda = _ghk(system, inside, outside, result.cell.temperature, parts)
    numerator, denominator = shares
    pump_current = sum(i for label, i in flow.items() if label not in channels)
    ions = tuple(
        IonStory(
            ion=ion,
            inside=inside[ion],
            outside=outside[ion],
            E=_known(reversal[ion]),
            driving_force=_known(v - reversal[ion]),
            channel_current=by_ion[ion],
            chord_share=chord[ion] / total_chord if ion in chord and total_chord else None,
            slope_share=slope[ion] / total_slope if ion in channels.values() and total_slope else None,
            ghk_share_numerator=numerator.get(ion),
            ghk_share_denominator=denominator.get(ion),
            fluxes=fluxes.get(ion, {}),
            balance=sum(fluxes.get(ion, {}).values(), 0.0),
        )
        for ion in inside
        if ion in outside
    )
    paths = now.path_currents[name]
    moved, share = _charge_moved(result, wall, v, sum(inside.values()))
    return MembraneStory(
        membrane=name,
        v=v,
        ions=ions,
        pumps=_pump_stories(system, wall, now, parts),
        chord_sum=sum((chord[i] / total_chord * reversal[i] for i in chord if total_chord), 0.0),
        chord_pump=-pump_current / total_chord if total_chord else 0.0,
        chord_paths=-sum(paths.values()) / total_chord if total_chord else 0.0,
        chord_one_sided=0.0 - one_sided / total_chord if total_chord else 0.0,
        paths=tuple(paths),
        ghk=_known(ghk),
        ghk_without_cl=_known(ghk_kn),
        mullins_noda=_known(noda),
        mullins_noda_minus_ghk=_known(noda - ghk_kn),
        v_pump_off=v_off,
        direct=None if v_off is None else v_off - v,
        v_run_down=v_down,
        indirect=None if v_down is None or v_off is None else v_down - v_off,
        run_down_outcome=run_down,
        charge_moved=moved,
        charge_moved_share=share,
    )


def _charge_moved(result: Rest, wall: Wall, v: float, ions: float) -> tuple[float | None, float | None]:
    """uM that charging the membrane to V (mV) takes from a finite inside, and its share of the ions there (mM)."""
    system, x, p = result.system, result.state, result.parameters
    if wall.closes or not system.structure.space(wall.inside).finite:
        return None, None
    farads = system.get(p, f"membranes.{wall.name}.capacitance") * system.area(x, p, wall)
    moved = float(farads * abs(from_door(v, "potential")) / F / system.volume(x, p, wall.inside))
    return from_si(moved, "concentration", "uM"), from_si(moved, "concentration") / ions


def _slopes(result: Rest) -> dict[str, dict[str, float]]:
    """Slope conductance dI/dV of each transport of each membrane at fixed gates, pA/mV: five-point differences."""
    system, x, walls = result.system, result.state, result.system.structure.walls
    steps = from_door(SLOPE_STEP, "potential") * np.array([-2.0, -1.0, 1.0, 2.0])
    moved = [system.at_potential(x, wall, system.potential(x, wall) + steps) for wall in walls]
    states = np.stack([np.broadcast_to(at, (len(steps), len(x))) for at in moved], axis=1)  # one may be held at 0 mV
    everywhere = np.broadcast_to(result.parameters[:, None, None], (len(result.parameters), *states.shape[:-1]))
    around = readings(system, np.moveaxis(states, -1, 0), everywhere)
    weights = np.array([1.0, -8.0, 8.0, -1.0]) / (12 * SLOPE_STEP)
    return {
        wall.name: {label: float(weights @ i[:, k]) for label, i in around.currents[wall.name].items()}
        for k, wall in enumerate(walls)
    }


def _chord(current: float, v: float, reversal: float, slope: float) -> float:
    """I / (V - E), pA/mV; at V = E, where chord and slope meet, the slope."""
    return slope if abs(v - reversal) < AT_E else current / (v - reversal)


def _ghk(
    system: System,
    inside: Mapping[str, float],
    outside: Mapping[str, float],
    temperature: float,
    parts: Mapping[str, Transport],
) -> tuple[tuple[dict[str, float], dict[str, float]], float, float, float]:
    """GHK shares and potentials (mV); NaN (and no shares) unless every channel is a constant-field leak.

    Nor where one of the two sums is 0: nothing that a channel lets through would enter, or leave.
    """
    nothing: tuple[tuple[dict[str, float], dict[str, float]], float, float, float] = ({}, {}), np.nan, np.nan, np.nan
    leaks: dict[str, float] = {}
    for part in parts.values():
        if part.is_channel:
            if not isinstance(part, GHKLeak) or abs(system.valence[part.ion]) != 1:
                return nothing
            leaks[part.ion] = leaks.get(part.ion, 0.0) + float(part.permeability)
    if not leaks:
        return nothing

    def table(ions: list[str]) -> tuple[tuple[Any, Any], dict[str, Any]]:
        sides = {"inside": np.array([inside[i] for i in ions]), "outside": np.array([outside[i] for i in ions])}
        return (np.array([leaks[i] for i in ions]), np.array([system.valence[i] for i in ions])), sides

    def millivolts(formula: Any, *values: Any, **named: Any) -> float:
        return from_si(float(undefined_as_nan(formula, *values, **named, temperature=temperature)), "potential")

    ions = list(leaks)
    (perms, valences), sides = table(ions)
    with np.errstate(invalid="ignore"):
        shares = ghk_shares(perms, valences, **sides)
    ghk = millivolts(ghk_voltage, perms, valences, **sides)
    if np.isnan(ghk):
        return nothing
    cations = [i for i in ions if i in ("K", "Na")]
    ghk_kn = noda = np.nan
    if sorted(cations) == ["K", "Na"]:
        (perms, valences), sides = table(cations)
        ghk_kn = millivolts(ghk_voltage, perms, valences, **sides)
        noda = millivolts(
            mullins_noda,
            permeability_k=leaks["K"],
            permeability_na=leaks["Na"],
            k_inside=inside["K"],
            k_outside=outside["K"],
            na_inside=inside["Na"],
            na_outside=outside["Na"],
        )
    numerator, denominator = (dict(zip(ions, side.tolist(), strict=True)) for side in shares)
    return (numerator, denominator), ghk, ghk_kn, noda


def _pump_stories(system: System, wall: Wall, now: Readings, parts: Mapping[str, Transport]) -> tuple[PumpStory, ...]:
    stories = []
    for label, cost in now.cycle_costs[wall.name].items():
        available = from_si(getattr(parts[label], "atp_free_energy", np.nan), "energy_per_mole")
        charge = charge_per_turnover(parts[label].moved_ions, system.valence)
        # the cost falls by z F per volt of depolarisation: where it meets what ATP gives, the pump reverses
        left = from_door(cost - available, "energy_per_mole")
        reversal = now.v[wall.name] + from_si(left / (charge * F), "potential") if charge else np.nan
        stories.append(
            PumpStory(
                name=label,
                turnover=now.turnovers[wall.name][label],
                current=now.currents[wall.name][label],
                cycle_cost=_known(cost),
                atp_free_energy=_known(available),
                reversal_potential=_known(reversal),
            )
        )
    return tuple(stories)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
