"""A run as a labelled table: xarray, door units, and what one needs to know to trust and to cite it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vrest.constants import N_A
from vrest.model.transport import ATP
from vrest.system.assemble import System
from vrest.system.observables import bare_transports
from vrest.system.structure import Wall
from vrest.units import from_door
from vrest.verbs.outputs import potentials
from vrest.verbs.readings import Readings, readings

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
    now = readings(system, states.T, parameters.T)
    several = ["membrane"] if len(structure.walls) > 1 else []

    def table(values: list[np.ndarray | None]) -> np.ndarray:
        """One column per value; a missing one is NaN."""
        return np.stack([np.nan * time if v is None else v for v in values], axis=-1)

    def by_membrane(values: list[np.ndarray]) -> np.ndarray:
        return np.stack(values, axis=-1) if several else values[0]

    energy = [_energy(system, now, wall) for wall in structure.walls]
    concentration = np.stack([table([c.get(ion) for ion in ions]) for c in now.concentrations.values()], axis=1)
    nernst = by_membrane([table([found.get(ion) for ion in ions]) for found in now.E.values()])
    pump, atp = (by_membrane(list(part)) for part in zip(*energy, strict=True))
    variables = {
        "v": (["time", *several], potentials(system, states), "mV", "membrane potential, inside minus outside"),
        "concentration": (
            ["time", "compartment", "ion"],
            concentration,
            "mM",
            "concentration",
        ),
        "volume": (
            ["time", "compartment"],
            table([now.volumes.get(name) for name in spaces]),
            "um3",
            "volume of each finite compartment",
        ),
        "E": (["time", "ion", *several], nernst, "mV", "Nernst potential"),
        "pump_current": (
            ["time", *several],
            pump,
            "pA",
            "net outward current of all transports that spend ATP",
        ),
        "atp_use": (["time", *several], atp, "1/s", "ATP molecules spent per second"),
    }
    paths = now.exchange_currents
    if paths:
        text = (
            "net current from the inside to the outside of an exchange; of an electrode, what it feeds into its inside"
        )
        variables["exchange_current"] = (
            ["time", "exchange"], table(list(paths.values())), "pA", text,
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


def _energy(system: System, now: Readings, wall: Wall) -> tuple[np.ndarray, np.ndarray]:
    """Pump current (pA) and ATP use (molecules per s) of one membrane over time."""
    pump, atp = np.zeros_like(now.watts), np.zeros_like(now.watts)
    for label, part in bare_transports(system, wall).items():
        spent = part.stoichiometry().get(ATP, 0.0)
        if spent:
            turnover = from_door(now.turnovers[wall.name][label], "molar_flow")
            pump, atp = pump + now.currents[wall.name][label], atp + N_A * spent * turnover
    return pump, atp
