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
from vrest.model.transport import ATP
from vrest.physics.ghk import ghk_voltage
from vrest.physics.mullins_noda import mullins_noda
from vrest.physics.votes import ghk_shares
from vrest.study.explain.account import bill, sentences, table
from vrest.study.explain.story import IonStory, MembraneStory, PumpStory
from vrest.system.assemble import System
from vrest.system.observables import (
    charge_per_turnover,
    currents,
    ion_fluxes,
    path_currents,
    pump_costs,
    reversal_potentials,
    transports,
    turnover_rates,
    undefined_as_nan,
)
from vrest.system.structure import Wall
from vrest.units import from_si
from vrest.verbs.instant import joint_potentials, zero_current_potentials
from vrest.verbs.rest import Rest, rest, rest_of


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
    stopped = result.system.with_values(result.parameters, {change.path: 0.0 for change in off})
    joint = joint_potentials(result.system, result.state, stopped) if result.system.coupled else {}
    return Explanation(
        rest=result,
        membranes=tuple(_membrane(result, wall, down, stopped, joint) for wall in result.system.structure.walls),
        atp_per_second=result.atp_per_second,
        watts=result.watts,
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


def _membrane(result: Rest, wall: Wall, down: Rest, stopped: np.ndarray, joint: Mapping[str, float]) -> MembraneStory:
    """Of one membrane; `stopped` are the parameters without pumps, `joint` the potentials then of joined membranes."""
    system, x, p = result.system, result.state, result.parameters
    v = float(system.potential(x, wall))
    parts = transports(system, p, wall)
    inside, outside = system.concentrations(x, p, wall.inside), system.concentrations(x, p, wall.outside)
    reversal = {ion: float(e) for ion, e in reversal_potentials(system, x, p, wall).items()}
    fluxes = ion_fluxes(system, x, p, wall)
    flow = {label: float(i) for label, i in currents(system, x, p, wall).items()}
    channels = {label: next(iter(part.moved_ions)) for label, part in parts.items() if part.is_channel}
    slopes = _slopes(system, x, p, wall)
    by_ion = {ion: sum(flow[c] for c, i in channels.items() if i == ion) for ion in inside}
    slope = {ion: sum(slopes[c] for c, i in channels.items() if i == ion) for ion in inside}
    voiced = [ion for ion in dict.fromkeys(channels.values()) if np.isfinite(reversal.get(ion, np.nan))]
    chord = {ion: _chord(by_ion[ion], v, reversal[ion], slope[ion]) for ion in voiced}
    total_chord = sum(chord.values())
    total_slope = sum(slope.values())
    one_sided = sum(i for ion, i in by_ion.items() if ion not in chord)
    numerator, denominator, ghk, ghk_kn, noda = _ghk(system, x, p, wall, parts)
    pump_current = sum(i for label, i in flow.items() if label not in channels)
    ions = tuple(
        IonStory(
            ion=ion,
            inside=float(inside[ion]),
            outside=float(outside[ion]),
            E=_mv(reversal[ion]),
            driving_force=_mv(v - reversal[ion]),
            channel_current=from_si(by_ion[ion], "current"),
            chord_share=chord[ion] / total_chord if ion in chord and total_chord else None,
            slope_share=slope[ion] / total_slope if ion in channels.values() and total_slope else None,
            ghk_share_numerator=numerator.get(ion),
            ghk_share_denominator=denominator.get(ion),
            fluxes={label: from_si(float(f), "molar_flow") for label, f in fluxes.get(ion, {}).items()},
            balance=from_si(float(sum(fluxes.get(ion, {}).values())), "molar_flow"),
        )
        for ion in inside
        if ion in outside
    )
    if wall.name in joint:
        v_off = joint[wall.name]
    else:
        v_off = min(zero_current_potentials(system, x, stopped, wall), key=lambda r: abs(r - v))
    paths = path_currents(system, x, p, wall)
    away = float(sum(paths.values()))
    v_down = float(down.system.potential(down.state, wall)) if down.outcome.is_rest else None
    moved, share = _charge_moved(system, x, p, wall, v, float(sum(inside.values())))
    return MembraneStory(
        membrane=wall.name,
        v=from_si(v, "potential"),
        ions=ions,
        pumps=_pump_stories(system, x, p, wall, flow),
        chord_sum=from_si(sum(chord[i] / total_chord * reversal[i] for i in chord if total_chord), "potential"),
        chord_pump=-from_si(pump_current, "potential") / total_chord if total_chord else 0.0,
        chord_paths=-from_si(away, "potential") / total_chord if total_chord else 0.0,
        chord_one_sided=0.0 - from_si(one_sided, "potential") / total_chord if total_chord else 0.0,
        paths=tuple(paths),
        ghk=_mv(ghk),
        ghk_without_cl=_mv(ghk_kn),
        mullins_noda=_mv(noda),
        mullins_noda_minus_ghk=_mv(noda - ghk_kn),
        v_pump_off=from_si(v_off, "potential"),
        direct=from_si(v_off - v, "potential"),
        v_run_down=None if v_down is None else from_si(v_down, "potential"),
        indirect=None if v_down is None else from_si(v_down - v_off, "potential"),
        run_down_outcome=down.outcome.name,
        charge_moved=moved,
        charge_moved_share=share,
    )


def _charge_moved(
    system: System, x: np.ndarray, p: np.ndarray, wall: Wall, v: float, ions: float
) -> tuple[float | None, float | None]:
    """uM that charging the membrane takes from a finite inside, and its share of the ions there (mol/m3)."""
    if wall.closes or not system.structure.space(wall.inside).finite:
        return None, None
    volume = float(system.relative_volume(x, wall.inside) * system.get(p, f"compartments.{wall.inside}.volume"))
    moved = float(system.get(p, f"membranes.{wall.name}.capacitance") * system.area(x, p, wall)) * abs(v) / F / volume
    return from_si(moved, "concentration", "uM"), moved / ions


def _slopes(system: System, x: np.ndarray, p: np.ndarray, wall: Wall) -> dict[str, float]:
    """Slope conductance dI/dV of each transport at fixed gates, S: five-point differences."""
    v = float(system.potential(x, wall))
    h = 2e-4
    weights = np.array([1.0, -8.0, 8.0, -1.0]) / (12 * h)
    states = system.at_potential(x, wall, v + h * np.array([-2.0, -1.0, 1.0, 2.0]))
    return {label: float(weights @ i) for label, i in currents(system, states, p, wall).items()}


def _chord(current: float, v: float, reversal: float, slope: float) -> float:
    """I / (V - E); at V = E, where chord and slope meet, the slope."""
    return slope if abs(v - reversal) < 1e-7 else current / (v - reversal)


def _ghk(
    system: System, x: np.ndarray, p: np.ndarray, wall: Wall, parts: dict[str, Any]
) -> tuple[dict[str, float], dict[str, float], float, float, float]:
    """GHK shares and potentials; NaN (and no shares) unless every channel is a constant-field leak.

    Nor where one of the two sums is 0: nothing that a channel lets through would enter, or leave.
    """
    nothing: tuple[dict[str, float], dict[str, float], float, float, float] = ({}, {}, np.nan, np.nan, np.nan)
    leaks: dict[str, float] = {}
    for part in parts.values():
        if part.is_channel:
            if not isinstance(part, GHKLeak) or abs(system.valence[part.ion]) != 1:
                return nothing
            leaks[part.ion] = leaks.get(part.ion, 0.0) + float(part.permeability)
    if not leaks:
        return nothing
    inside, outside = system.concentrations(x, p, wall.inside), system.concentrations(x, p, wall.outside)
    temperature = float(system.get(p, "temperature"))

    def table(ions: list[str]) -> tuple[tuple[Any, Any], dict[str, Any]]:
        sides = {
            "inside": np.array([float(inside[i]) for i in ions]),
            "outside": np.array([float(outside[i]) for i in ions]),
        }
        return (np.array([leaks[i] for i in ions]), np.array([system.valence[i] for i in ions])), sides

    ions = list(leaks)
    (perms, valences), sides = table(ions)
    with np.errstate(invalid="ignore"):
        numerator, denominator = ghk_shares(perms, valences, **sides)
    ghk = float(undefined_as_nan(ghk_voltage, perms, valences, **sides, temperature=temperature))
    if np.isnan(ghk):
        return nothing
    cations = [i for i in ions if i in ("K", "Na")]
    ghk_kn = noda = np.nan
    if cations == ["K", "Na"] or cations == ["Na", "K"]:
        (perms, valences), sides = table(cations)
        ghk_kn = float(undefined_as_nan(ghk_voltage, perms, valences, **sides, temperature=temperature))
        noda = float(
            undefined_as_nan(
                mullins_noda,
                permeability_k=leaks["K"],
                permeability_na=leaks["Na"],
                k_inside=float(inside["K"]),
                k_outside=float(outside["K"]),
                na_inside=float(inside["Na"]),
                na_outside=float(outside["Na"]),
                temperature=temperature,
            )
        )
    shares = [dict(zip(ions, (float(s) for s in side), strict=True)) for side in (numerator, denominator)]
    return shares[0], shares[1], ghk, ghk_kn, noda


def _pump_stories(
    system: System, x: np.ndarray, p: np.ndarray, wall: Wall, flow: dict[str, float]
) -> tuple[PumpStory, ...]:
    rates = turnover_rates(system, x, p, wall)
    parts = transports(system, p, wall)
    v = float(system.potential(x, wall))
    stories, in_kJ = [], from_si(1.0, "energy_per_mole")
    for label, (cost, available) in pump_costs(system, x, p, wall).items():
        charge = charge_per_turnover(parts[label].moved_ions, system.valence)
        # the cost falls by z F per volt of depolarisation: where it meets what ATP gives, the pump reverses
        reversal = v + (float(cost) - float(available)) / (charge * F) if charge else np.nan
        stories.append(
            PumpStory(
                name=label,
                turnover=from_si(float(rates[label]), "molar_flow"),
                current=from_si(flow[label], "current"),
                cycle_cost=None if np.isnan(cost) else in_kJ * float(cost),
                atp_free_energy=None if np.isnan(available) else in_kJ * float(available),
                reversal_potential=_mv(reversal),
            )
        )
    return tuple(stories)


def _mv(volts: float) -> float | None:
    return None if np.isnan(volts) else from_si(float(volts), "potential")
