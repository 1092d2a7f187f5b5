"""A run as a labelled table: xarray, door units, and what one needs to know to trust and to cite it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vrest.constants import N_A
from vrest.model.transport import ATP
from vrest.system.assemble import System
from vrest.system.observables import (
    currents,
    exchange_currents,
    reversal_potentials,
    transports,
    turnover_rates,
    volumes,
)
from vrest.system.structure import Wall
from vrest.units import from_si
from vrest.verbs.readings import potentials

if TYPE_CHECKING:
    import xarray as xr


def labelled(
    system: System, time: np.ndarray, states: np.ndarray, parameters: np.ndarray, about: dict[str, Any]
) -> xr.Dataset:
    """States (time, states) and parameters (time, parameters), SI, as an `xarray.Dataset` with attributes `about`.

    Dimensions `time` (s), `compartment`, `ion`; with several membranes also `membrane`, on `v`, `E`,
    `pump_current` and `atp_use`, and `exchange` where something conducts. Variables: `v` (mV), `concentration` (mM),
    `volume` (um3, NaN for a bath), `E` (mV), `pump_current` (pA, net outward charge of everything that spends ATP),
    `atp_use` (molecules per s), `exchange_current` (pA, of gap junctions, paths and electrodes).
    What does not exist, such as an ion that a compartment lacks, is NaN.

    >>> from vrest.verbs.run import simulate
    >>> data = simulate("mammalian_neuron", until="1 min", points=3).dataset
    >>> data.v.dims, data.v.attrs["units"], round(float(data.E.sel(ion="K")[0]), 2)
    (('time',), 'mV', -89.06)
    """
    import xarray as xr

    structure = system.structure
    spaces = [space.name for space in structure.spaces]
    ions = list(dict.fromkeys(ion for space in structure.spaces for ion in space.ions))
    content = [system.concentrations(states, parameters, space.name) for space in structure.spaces]
    sizes = volumes(system, states, parameters)
    several = ["membrane"] if len(structure.walls) > 1 else []

    def table(values: list[Any]) -> np.ndarray:
        """One column per value; a missing one is NaN, a constant one is repeated."""
        blank = np.nan * time
        return np.stack([blank if v is None else np.broadcast_to(v, blank.shape) for v in values], axis=-1)

    def by_membrane(values: list[np.ndarray]) -> np.ndarray:
        return np.stack(values, axis=-1) if several else values[0]

    reversals = [reversal_potentials(system, states, parameters, w) for w in structure.walls]
    energy = [_energy(system, states, parameters, wall) for wall in structure.walls]
    concentration = np.stack([table([c.get(ion) for ion in ions]) for c in content], axis=1)
    nernst = by_membrane([table([found.get(ion) for ion in ions]) for found in reversals])
    pump, atp = (by_membrane(list(part)) for part in zip(*energy, strict=True))
    variables = {
        "v": (["time", *several], potentials(system, states), "mV", "membrane potential, inside minus outside"),
        "concentration": (
            ["time", "compartment", "ion"],
            from_si(concentration, "concentration"),
            "mM",
            "concentration",
        ),
        "volume": (
            ["time", "compartment"],
            from_si(table([sizes.get(name) for name in spaces]), "volume"),
            "um3",
            "volume of each finite compartment",
        ),
        "E": (["time", "ion", *several], from_si(nernst, "potential"), "mV", "Nernst potential"),
        "pump_current": (
            ["time", *several],
            from_si(pump, "current"),
            "pA",
            "net outward current of all transports that spend ATP",
        ),
        "atp_use": (["time", *several], atp, "1/s", "ATP molecules spent per second"),
    }
    paths = exchange_currents(system, states, parameters)
    if paths:
        text = (
            "net current from the inside to the outside of an exchange; of an electrode, what it feeds into its inside"
        )
        variables["exchange_current"] = (
            ["time", "exchange"], from_si(table(list(paths.values())), "current"), "pA", text,
        )  # fmt: skip
    labels = {
        "time": (time, "s", "time"),
        "compartment": (spaces, "", "compartment"),
        "ion": (ions, "", "ion"),
    }
    if several:
        labels["membrane"] = ([wall.name for wall in structure.walls], "", "membrane")
    if paths:
        labels["exchange"] = (list(paths), "", "exchange")
    return xr.Dataset(
        {name: (dims, values, _about(unit, text)) for name, (dims, values, unit, text) in variables.items()},
        {name: ([name], values, _about(unit, text)) for name, (values, unit, text) in labels.items()},
        about,
    )


def _about(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}


def _energy(system: System, states: np.ndarray, parameters: np.ndarray, wall: Wall) -> tuple[np.ndarray, np.ndarray]:
    """Pump current (A) and ATP use (molecules per s) of one membrane over time."""
    flows = currents(system, states, parameters, wall)
    rates = turnover_rates(system, states, parameters, wall)
    pump, atp = np.zeros(len(states)), np.zeros(len(states))
    for label, part in transports(system, parameters, wall).items():
        spent = part.stoichiometry().get(ATP, 0.0)
        if spent:
            pump, atp = pump + flows[label], atp + N_A * spent * rates[label]
    return pump, atp
