"""Everything that can be read off states, for many at once: potentials, contents, currents, energy, in door units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from vrest.model.transport import ATP
from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array
from vrest.shown import Shown
from vrest.system.assemble import Entries, System
from vrest.system.observables import (
    atp_use,
    bare_transports,
    currents_of,
    exchange_currents,
    fluxes_of,
    osmolarities,
    path_currents,
    pump_costs,
    rates_through,
    reversal_potentials,
    volumes,
)
from vrest.tables import Column, Table, counted
from vrest.units import unit_of
from vrest.verbs.rows import Row, by_name, flat, in_door_units, numbered, row_kernel, rows_of

DIMENSIONS = {
    "v": "potential",
    "E": "potential",
    "concentrations": "concentration",
    "volumes": "volume",
    "osmolarities": "osmolarity",
    "currents": "current",
    "path_currents": "current",
    "exchange_currents": "current",
    "fluxes": "molar_flow",
    "turnovers": "molar_flow",
    "cycle_costs": "energy_per_mole",
    "atp_per_second": "rate",
    "watts": "power",
}


WORDS = {
    "v": "V",
    "E": "E",
    "concentrations": "",
    "volumes": "volume",
    "osmolarities": "osmolarity",
    "currents": "I",
    "path_currents": "I",
    "exchange_currents": "I",
    "fluxes": "flux",
    "turnovers": "turnover",
    "cycle_costs": "cycle cost",
    "atp_per_second": "ATP",
    "watts": "power",
}
"""What a column of each quantity begins with."""

BALANCED = ("currents", "path_currents", "exchange_currents", "fluxes")
"""What may cancel at rest."""

COURSE = ("v", "concentrations", "volumes", "exchange_currents", "atp_per_second")
"""What is followed over time."""


@dataclass(frozen=True)
class Readings(Shown):
    """What was read off states, in door units; of the shape of the states after their first axis.

    V = inside minus outside; outward current of positive charge is positive.

    >>> from vrest.verbs.rest import rest
    >>> r = rest("mammalian_neuron")
    >>> now = readings(r.system, r.state, r.parameters)
    >>> round(now.v["neuron"], 2), round(now.E["neuron"]["K"], 2), round(now.volumes["inside"])
    (-70.0, -89.06, 2145)
    """

    v: dict[str, Array]
    """{membrane: mV}"""
    E: dict[str, dict[str, Array]]
    """{membrane: {ion: mV}} Nernst potentials; NaN where a side has none of it."""
    concentrations: dict[str, dict[str, Array]]
    """{compartment: {ion: mM}}, baths included."""
    volumes: dict[str, Array]
    """{finite compartment: um3}"""
    osmolarities: dict[str, Array]
    """{compartment: mOsm}, impermeants included."""
    currents: dict[str, dict[str, Array]]
    """{membrane: {transport: pA}}, outward, as the membrane feels it: none where a counter-charge is named."""
    path_currents: dict[str, dict[str, Array]]
    """{membrane: {path or membrane: pA}} that leaves its inside for other places."""
    fluxes: dict[str, dict[str, dict[str, Array]]]
    """{membrane: {ion: {transport: fmol/s}}}, outward."""
    turnovers: dict[str, dict[str, Array]]
    """{membrane: {pump: fmol/s}} of what spends ATP."""
    cycle_costs: dict[str, dict[str, Array]]
    """{membrane: {pump: kJ/mol}} that a cycle stores; NaN where a side has none of an ion that it moves."""
    exchange_currents: dict[str, Array]
    """{exchange that conducts: pA}, from its inside to its outside; of an electrode, what it feeds into its inside."""
    atp_per_second: Array
    """Molecules spent by all membranes, 1/s."""
    watts: Array
    """Power of that ATP, W."""

    def columns(self, quantities: Iterable[str]) -> list[Column]:
        """A column for each number of these `quantities` (names of fields), one row a state."""
        alone = len(self.v) == 1
        told = [(quantity, place, np.ravel(values)) for quantity, place, values in flat(self) if quantity in quantities]
        largest: dict[str, float] = {}
        for quantity, _, values in told:
            largest[quantity] = max(largest.get(quantity, 0.0), float(np.nanmax(np.abs(values), initial=0.0)))
        found = []
        for quantity, place, values in told:
            where = place[1:] if alone and place[:1] == tuple(self.v) else place
            name = " ".join(part for part in (WORDS[quantity], *reversed(where)) if part)
            unit = UNITS[quantity]
            how: dict[str, Any] = {"decimals": 2} if unit == "mV" else {"rounding": 0.0}
            if quantity in BALANCED:  # what cancels leaves rounding
                how = {"among": (largest[quantity],)}
            found.append(Column(name, unit, values.tolist(), **how))
        return found

    def _cells(self) -> Iterable[Any]:
        return ()

    def _brief(self) -> Iterable[str]:
        states = np.size(self.atp_per_second)
        yield f"Readings of {counted(states, 'state')}, in the units of UNITS:"
        yield f"  {', '.join(vars(self))}"

    def tables(self) -> tuple[Table, ...]:
        """A row for each state, a column for each number."""
        rows = range(np.size(self.atp_per_second))
        return (Table((Column("state", "", list(rows)), *self.columns(WORDS)), "Readings"),)


UNITS = {name: unit_of(dimension) for name, dimension in DIMENSIONS.items()}
"""Of each quantity."""


def readings(system: System, x: np.ndarray, p: np.ndarray) -> Readings:
    """What can be read off states.

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
    Readings
        In door units, each of the shape (...); plain numbers for a single state.

    >>> from vrest.verbs.run import simulate
    >>> run = simulate("mammalian_neuron", [("5 min", "pump.max_rate*=0")], "10 min", points=3)
    >>> readings(run.system, run.states.T, run.parameters.T).v["neuron"].round(2).tolist()
    [-70.0, -70.0, -61.01]
    """
    return by_name(reading(system), _layout(system), x, p)


@lru_cache(maxsize=64)
def reading(system: System) -> Kernel:
    """`read` as machine code: (states, parameters) as rows of lanes -> (rows, lanes)."""
    return row_kernel(lambda x, p: read(system, x, p), system.key("readings"))


def rows(system: System) -> list[Row]:
    """What each row of `read` is."""
    return rows_of(_layout(system), UNITS)


@lru_cache(maxsize=64)
def _layout(system: System) -> Readings:
    """The numbers of the rows."""
    with np.errstate(all="ignore"):
        ones = (tuple(np.ones(len(names))) for names in (system.states, system.names))
        return numbered(_measured(system, *ones))


def read(system: System, x: Entries, p: Entries) -> Entries:
    """All readings in door units, one after the other as `rows` lists them; NumPy's or traced.

    x, p: states and parameters entry by entry, SI, each (...).
    """
    return in_door_units(_measured(system, x, p), DIMENSIONS, UNITS, x[0])


def _measured(system: System, x: Entries, p: Entries) -> Readings:
    """All readings in SI."""
    structure, turned = system.structure, system.turnovers(x, p)[0]
    rates = {wall: rates_through(system, x, wall, turned) for wall in structure.walls}
    atp, watts = atp_use(system, x, p, turned)
    return Readings(
        v={wall.name: system.potential(x, wall) for wall in structure.walls},
        E={wall.name: reversal_potentials(system, x, p, wall) for wall in structure.walls},
        concentrations={space.name: system.concentrations(x, p, space.name) for space in structure.spaces},
        volumes=volumes(system, x, p),
        osmolarities=osmolarities(system, x, p),
        currents={wall.name: currents_of(system, wall, rates[wall]) for wall in structure.walls},
        path_currents={wall.name: path_currents(system, x, wall, turned) for wall in structure.walls},
        fluxes={wall.name: fluxes_of(system, wall, rates[wall]) for wall in structure.walls},
        turnovers={
            wall.name: {
                label: rates[wall][label]
                for label, part in bare_transports(system, wall).items()
                if part.stoichiometry().get(ATP)
            }
            for wall in structure.walls
        },
        cycle_costs={
            wall.name: {label: cost for label, (cost, _) in pump_costs(system, x, p, wall).items()}
            for wall in structure.walls
        },
        exchange_currents=exchange_currents(system, x, p),
        atp_per_second=atp,
        watts=watts,
    )
