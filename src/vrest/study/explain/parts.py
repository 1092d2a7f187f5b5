"""What each ion and pump does for the potential, for many states at once: shares and parts of V, in door units."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from vrest.constants import F
from vrest.model.channels import GHKLeak
from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.capacitance import charging_concentration
from vrest.physics.chord import chord_conductance
from vrest.physics.ghk import ghk_voltage
from vrest.physics.mullins_noda import mullins_noda
from vrest.physics.namespace import Array, namespace
from vrest.physics.nernst import driving_force
from vrest.physics.votes import ghk_shares
from vrest.system.assemble import Entries, System
from vrest.system.observables import (
    atp_use,
    bare_transports,
    charge_per_turnover,
    currents_of,
    path_currents,
    pump_costs,
    rates_through,
    reversal_potentials,
    transports,
    undefined_as_nan,
)
from vrest.system.structure import Wall
from vrest.units import unit_of
from vrest.verbs.rows import Row, T, by_name, in_door_units, numbered, row_kernel, rows_of

AT_E = 1e-7
"""V: V so near to E is at it."""

DIMENSIONS = {
    "v": "potential",
    "E": "potential",
    "driving_force": "potential",
    "channel_current": "current",
    "chord_share": "number",
    "chord_part": "potential",
    "slope_share": "number",
    "ghk_share_numerator": "number",
    "ghk_share_denominator": "number",
    "turnover": "molar_flow",
    "current": "current",
    "cycle_cost": "energy_per_mole",
    "atp_free_energy": "energy_per_mole",
    "reversal_potential": "potential",
    "chord_sum": "potential",
    "chord_pump": "potential",
    "chord_paths": "potential",
    "chord_one_sided": "potential",
    "ghk": "potential",
    "ghk_without_cl": "potential",
    "mullins_noda": "potential",
    "mullins_noda_minus_ghk": "potential",
    "charge_moved": "concentration",
    "charge_moved_share": "number",
    "atp_per_second": "rate",
    "watts": "power",
}

UNITS = {name: unit_of(dimension) for name, dimension in DIMENSIONS.items()} | {"charge_moved": "uM"}
"""Of each quantity."""

Slopes = Mapping[str, Mapping[str, Array]]
"""{membrane: {channel: S}}: dI/dV at fixed gates."""


@dataclass(frozen=True)
class Parts:
    """What makes the potentials of states, in door units; of the shape of the states after their first axis.

    V = inside minus outside; outward current of positive charge is positive. NaN where something has no meaning: the E
    of an ion of which a side has none, a share of an ion without channels, the GHK equation where another law conducts.
    At a rest `chord_sum`, `chord_pump`, `chord_paths` and `chord_one_sided` add up to V.

    >>> from vrest.verbs.rest import rest
    >>> r = rest("mammalian_neuron")
    >>> now = parts(r.system, r.state, r.parameters)
    >>> round(now.chord_part["neuron"]["K"], 2), round(now.chord_sum["neuron"], 2), round(now.chord_pump["neuron"], 2)
    (-51.98, -64.44, -5.56)
    """

    v: dict[str, Array]
    """{membrane: mV}"""
    E: dict[str, dict[str, Array]]
    """{membrane: {ion: mV}} Nernst potentials, of the ions on both sides, as all that is told of ions."""
    driving_force: dict[str, dict[str, Array]]
    """{membrane: {ion: mV}} V - E."""
    channel_current: dict[str, dict[str, Array]]
    """{membrane: {ion: pA}} outward, through the ion's channels."""
    chord_share: dict[str, dict[str, Array]]
    """{membrane: {ion: fraction}} of the chord conductance I / (V - E); at V = E it is the slope conductance."""
    chord_part: dict[str, dict[str, Array]]
    """{membrane: {ion: mV}} chord share x E."""
    slope_share: dict[str, dict[str, Array]]
    """{membrane: {ion: fraction}} of the slope conductance dI/dV at fixed gates."""
    ghk_share_numerator: dict[str, dict[str, Array]]
    """{membrane: {ion: fraction}}"""
    ghk_share_denominator: dict[str, dict[str, Array]]
    """{membrane: {ion: fraction}}"""
    turnover: dict[str, dict[str, Array]]
    """{membrane: {pump: fmol/s}} of what spends ATP."""
    current: dict[str, dict[str, Array]]
    """{membrane: {pump: pA}}"""
    cycle_cost: dict[str, dict[str, Array]]
    """{membrane: {pump: kJ/mol}} that a cycle stores."""
    atp_free_energy: dict[str, dict[str, Array]]
    """{membrane: {pump: kJ/mol}} that ATP gives."""
    reversal_potential: dict[str, dict[str, Array]]
    """{membrane: {pump: mV}} at which a cycle would cost all that ATP gives."""
    chord_sum: dict[str, Array]
    """{membrane: mV} Sum of the chord parts; 0, as the next three, where no channel gives a conductance."""
    chord_pump: dict[str, Array]
    """{membrane: mV} What all that is no channel adds to it: -I / G."""
    chord_paths: dict[str, Array]
    """{membrane: mV} What current from elsewhere adds."""
    chord_one_sided: dict[str, Array]
    """{membrane: mV} What the channel currents of ions add that have no E."""
    ghk: dict[str, Array]
    """{membrane: mV} GHK equation, with monovalent constant-field leaks alone."""
    ghk_without_cl: dict[str, Array]
    """{membrane: mV} K+ and Na+ only."""
    mullins_noda: dict[str, Array]
    """{membrane: mV} K+ and Na+ only, with the pump's 3:2."""
    mullins_noda_minus_ghk: dict[str, Array]
    """{membrane: mV} What the 3:2 adds for the same two ions."""
    charge_moved: dict[str, Array]
    """{membrane: uM} that charging the membrane takes from a finite inside."""
    charge_moved_share: dict[str, Array]
    """{membrane: fraction} of all ions there."""
    atp_per_second: Array
    """Molecules spent by all membranes, 1/s."""
    watts: Array
    """Power of that ATP, W."""


def parts(system: System, x: np.ndarray, p: np.ndarray) -> Parts:
    """What makes the potentials of states.

    Parameters
    ----------
    system
        Their equations.
    x
        (states, ...) SI, in the order of `system.states`.
    p
        (parameters, ...) SI, in the order of `system.names`; as many as there are states.

    Returns
    -------
    Parts
        In door units, each of the shape (...); plain numbers for a single state.

    Chord equation: Hodgkin and Horowicz 1959, doi:10.1113/jphysiol.1959.sp006278; GHK: Goldman 1943,
    doi:10.1085/jgp.27.1.37; Mullins and Noda 1963, doi:10.1085/jgp.47.1.117.

    >>> from vrest.verbs.rest import rest
    >>> r = rest("article_neuron")
    >>> round(parts(r.system, r.state, r.parameters).mullins_noda["neuron"], 2)
    -73.82
    """
    return by_name(accounting(system), _layout(system), x, p)


@lru_cache(maxsize=64)
def accounting(system: System) -> Kernel:
    """`account_entries` as machine code: (states, parameters) as rows of lanes -> (rows, lanes)."""
    return row_kernel(lambda x, p: account_entries(system, x, p), system.key("accounting"))


def account_rows(system: System) -> list[Row]:
    """What each row of `account_entries` is."""
    return rows_of(_layout(system), UNITS)


def account_entries(system: System, x: Entries, p: Entries) -> Entries:
    """All parts in door units, one after the other as `account_rows` lists them, to be traced.

    x, p: states and parameters entry by entry, SI, each (...).
    """
    return in_door_units(_measured(system, x, p, slopes_of(system, x, p)), DIMENSIONS, UNITS, x[0])


@lru_cache(maxsize=64)
def _layout(system: System) -> Parts:
    """The numbers of the rows."""
    return layout_of(system, _measured)


def layout_of(system: System, measured: Callable[[System, Entries, Entries, Slopes], T]) -> T:
    """The numbers of the rows of what is `measured` of a state by the slopes of its channels."""
    slopes = {wall.name: dict.fromkeys(channels_of(system, wall), 1.0) for wall in system.structure.walls}
    x, p = (tuple(np.ones(len(names))) for names in (system.states, system.names))
    with np.errstate(all="ignore"):
        return numbered(measured(system, x, p, slopes))


def slopes_of(system: System, x: Entries, p: Entries) -> Slopes:
    """Slope conductance of every channel, to be traced."""
    from vrest.numerics.rhs import Rhs

    found: dict[str, dict[str, Array]] = {}
    for wall in system.structure.walls:
        labels = list(channels_of(system, wall))

        def flow(
            _: Array, v: Entries, held: tuple[Entries, Entries], wall: Wall = wall, labels: list[str] = labels
        ) -> Entries:
            moved = system.at_potential(held[0], wall, v[0])
            turned = rates_through(system, moved, wall, system.turnovers(moved, held[1])[0])
            through = currents_of(system, wall, turned)
            return tuple(through[label] for label in labels)

        v = potential_of(system, x, wall)
        slopes = Rhs(flow, v, (v,), (x, p)).jacobian(v, (v,))[1] if labels else {}
        found[wall.name] = {label: slopes.get((k, 0), namespace(v).zeros_like(v)) for k, label in enumerate(labels)}
    return found


def potential_of(system: System, x: Entries, wall: Wall) -> Array:
    """V of a membrane for each of the states; one may be held at 0."""
    xp = namespace(x[0])
    return xp.broadcast_to(xp.asarray(system.potential(x, wall), dtype=xp.float64), x[0].shape)


def channels_of(system: System, wall: Wall) -> dict[str, str]:
    """The channels of a membrane, and the ion of each."""
    bare = bare_transports(system, wall).items()
    return {label: next(iter(part.moved_ions)) for label, part in bare if part.is_channel}


def _by_ion(system: System, wall: Wall, of_channels: Mapping[str, Array]) -> dict[str, Array]:
    """Sums over the channels of each ion that has some."""
    found: dict[str, Array] = {}
    for label, ion in channels_of(system, wall).items():
        value = of_channels[label]
        found[ion] = found[ion] + value if ion in found else value
    return found


def chord_conductances(
    v: Array,
    E: Mapping[str, Array],
    channels: Mapping[str, str],
    flow: Mapping[str, Array],
    slopes: Mapping[str, Array],
) -> dict[str, Array]:
    """I / (V - E) of each channel of a membrane, S; the slope conductance at V = E, and 0 of an ion without E.

    `channels` has the ion of each; `flow` their currents, A.
    """
    xp = namespace(v)
    found = {}
    for label, ion in channels.items():
        at_e = xp.abs(driving_force(v, E[ion])) < AT_E
        conductance = xp.where(at_e, slopes[label], chord_conductance(flow[label], v, E[ion]))
        found[label] = xp.where(xp.isnan(E[ion]), 0.0, conductance)
    return found


def _measured(system: System, x: Entries, p: Entries, slopes: Slopes) -> Parts:
    """All parts in SI."""
    turned = system.turnovers(x, p)[0]
    found = {wall.name: _of_membrane(system, x, p, wall, turned, slopes[wall.name]) for wall in system.structure.walls}
    atp, watts = atp_use(system, x, p, turned)
    each = {name: {wall: one[name] for wall, one in found.items()} for name in next(iter(found.values()))}
    return Parts(**each, atp_per_second=atp, watts=watts)


def _of_membrane(
    system: System, x: Entries, p: Entries, wall: Wall, turned: list[Array], slopes: Mapping[str, Array]
) -> dict[str, Any]:
    """By quantity."""
    outside = system.structure.space(wall.outside).ions
    ions = [ion for ion in system.structure.space(wall.inside).ions if ion in outside]
    rates = rates_through(system, x, wall, turned)
    flow = currents_of(system, wall, rates)
    v, reversal = potential_of(system, x, wall), reversal_potentials(system, x, p, wall)
    E = {ion: reversal.get(ion, np.nan) for ion in ions}
    through = _by_ion(system, wall, flow)
    chord = _by_ion(system, wall, chord_conductances(v, E, channels_of(system, wall), flow, slopes))
    others = [current for label, current in flow.items() if label not in channels_of(system, wall)]
    paths = path_currents(system, x, wall, turned)
    return {
        "v": v,
        "E": E,
        "driving_force": {ion: driving_force(v, E[ion]) for ion in ions},
        "channel_current": {ion: through.get(ion, 0.0) for ion in ions},
        **_votes(v, E, through, (chord, _by_ion(system, wall, slopes)), sum(others), sum(paths.values())),
        **_constant_field(system, x, p, wall, ions),
        **_pumps(system, x, p, wall, rates, flow),
        **_charging(system, x, p, wall),
    }


def _votes(
    v: Array,
    E: Mapping[str, Array],
    through: Mapping[str, Array],
    conductances: tuple[Mapping[str, Array], Mapping[str, Array]],
    pump: Array,
    paths: Array,
) -> dict[str, Any]:
    """Of the ions, by chord and slope conductances, and what `pump` and `paths`, outward currents, add to them."""
    xp = namespace(v)
    zero = xp.zeros_like(v)
    voiced = {ion: ~xp.isnan(E[ion]) for ion in through}
    chord, slopes = conductances
    total, slope = sum(chord.values(), zero), sum(slopes.values(), zero)
    shares = {ion: xp.where(voiced[ion] & (total != 0.0), g / total, xp.nan) for ion, g in chord.items()}
    own = {ion: share * E[ion] for ion, share in shares.items()}
    silent = sum((xp.where(voiced[ion], 0.0, current) for ion, current in through.items()), zero)

    def moved(current: Array) -> Array:
        return xp.where(total == 0.0, 0.0, 0.0 - current / total)

    return {
        "chord_share": {ion: shares.get(ion, np.nan) for ion in E},
        "chord_part": {ion: own.get(ion, np.nan) for ion in E},
        "slope_share": {ion: xp.where(slope == 0.0, xp.nan, slopes.get(ion, np.nan) / slope) for ion in E},
        "chord_sum": sum((xp.where(xp.isnan(part), 0.0, part) for part in own.values()), zero),
        "chord_pump": moved(pump),
        "chord_paths": moved(paths),
        "chord_one_sided": moved(silent),
    }


def _constant_field(system: System, x: Entries, p: Entries, wall: Wall, ions: list[str]) -> dict[str, Any]:
    """The GHK equation and Mullins-Noda: NaN unless every channel is a constant-field leak of a monovalent ion.

    Nor where one of the two sums is 0: nothing that a channel lets through would enter, or leave.
    """
    shares = dict.fromkeys(("ghk_share_numerator", "ghk_share_denominator"), dict.fromkeys(ions, np.nan))
    found: dict[str, Any] = dict.fromkeys(("ghk", "ghk_without_cl", "mullins_noda", "mullins_noda_minus_ghk"), np.nan)
    leaks: dict[str, Array] = {}
    for part in transports(system, p, wall).values():
        if part.is_channel:
            if not isinstance(part, GHKLeak) or abs(system.valence[part.ion]) != 1:
                return found | shares
            leaks[part.ion] = leaks.get(part.ion, 0.0) + part.permeability
    if not leaks:
        return found | shares
    inside, outside = system.free(x, p, wall.inside), system.free(x, p, wall.outside)
    temperature = system.get(p, "temperature")

    def of(some: Iterable[str]) -> tuple[tuple[list[Array], list[int]], dict[str, list[Array]]]:
        sides = {"inside": [inside[ion] for ion in some], "outside": [outside[ion] for ion in some]}
        return ([leaks[ion] for ion in some], [system.valence[ion] for ion in some]), sides

    values, sides = of(leaks)
    found["ghk"] = ghk = undefined_as_nan(ghk_voltage, *values, **sides, temperature=temperature)
    xp = namespace(ghk)
    for name, terms in zip(shares, ghk_shares(*values, **sides), strict=True):
        own = {ion: xp.where(xp.isnan(ghk), xp.nan, terms[k]) for k, ion in enumerate(leaks)}
        shares[name] = {ion: own.get(ion, np.nan) for ion in ions}
    if "K" in leaks and "Na" in leaks:
        values, sides = of(("K", "Na"))
        alone = undefined_as_nan(ghk_voltage, *values, **sides, temperature=temperature)
        noda = undefined_as_nan(
            mullins_noda,
            permeability_k=leaks["K"],
            permeability_na=leaks["Na"],
            k_inside=inside["K"],
            k_outside=outside["K"],
            na_inside=inside["Na"],
            na_outside=outside["Na"],
            temperature=temperature,
        )
        of_two = {"ghk_without_cl": alone, "mullins_noda": noda, "mullins_noda_minus_ghk": noda - alone}
        found |= {name: xp.where(xp.isnan(ghk), xp.nan, value) for name, value in of_two.items()}
    return found | shares


def _pumps(
    system: System, x: Entries, p: Entries, wall: Wall, rates: Mapping[str, Array], flow: Mapping[str, Array]
) -> dict[str, dict[str, Array]]:
    """Of what spends ATP."""
    costs, bare = pump_costs(system, x, p, wall), bare_transports(system, wall)
    charges = {label: charge_per_turnover(bare[label].moved_ions, system.valence) for label in costs}
    v = potential_of(system, x, wall)
    return {
        "turnover": {label: rates[label] for label in costs},
        "current": {label: flow[label] for label in costs},
        "cycle_cost": {label: cost for label, (cost, _) in costs.items()},
        "atp_free_energy": {label: available for label, (_, available) in costs.items()},
        # the cost falls by z F per volt of depolarisation: where it meets what ATP gives, the pump reverses
        "reversal_potential": {
            label: v + (cost - available) / (charges[label] * F) if charges[label] else np.nan
            for label, (cost, available) in costs.items()
        },
    }


def _charging(system: System, x: Entries, p: Entries, wall: Wall) -> dict[str, Array]:
    """What charging the membrane takes from a finite inside."""
    if wall.closes or not system.structure.space(wall.inside).finite:
        return {"charge_moved": np.nan, "charge_moved_share": np.nan}
    v = potential_of(system, x, wall)
    capacitance, volume = system.get(p, f"membranes.{wall.name}.capacitance"), system.volume(x, p, wall.inside)
    moved = charging_concentration(capacitance, namespace(v).abs(v), system.area(x, p, wall), volume)
    return {"charge_moved": moved, "charge_moved_share": moved / system.total_ions(x, p, wall.inside)}
