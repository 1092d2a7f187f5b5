"""A run as a labelled table: xarray, door units, and what one needs to know to trust and to cite it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vrest.constants import N_A
from vrest.model.transport import ATP
from vrest.system.observables import (
    currents,
    exchange_currents,
    reversal_potentials,
    transports,
    turnover_rates,
    volumes,
)
from vrest.units import from_si
from vrest.version import __version__

if TYPE_CHECKING:
    import xarray as xr

    from vrest.system.structure import Wall
    from vrest.verbs.run import Run


def dataset_of(run: Run) -> xr.Dataset:
    """The run as an `xarray.Dataset`.

    Dimensions `time` (s), `compartment`, `ion`; with several membranes also `membrane`, on `v`, `E`,
    `pump_current` and `atp_use`, and `exchange` where something conducts. Variables: `v` (mV), `concentration` (mM),
    `volume` (um3, NaN for a bath), `E` (mV), `pump_current` (pA, net outward charge of everything that spends ATP),
    `atp_use` (molecules per s), `exchange_current` (pA, of gap junctions, paths and electrodes).
    What does not exist, such as an ion that a compartment lacks, is NaN.

    >>> from vrest.io.cellfile import load
    >>> from vrest.verbs.run import simulate
    >>> data = dataset_of(simulate(load("mammalian_neuron"), until="1 min", points=3))
    >>> data.v.dims, data.v.attrs["units"], round(float(data.E.sel(ion="K")[0]), 2)
    (('time',), 'mV', -89.06)
    """
    import xarray as xr

    structure = run.system.structure
    spaces = [space.name for space in structure.spaces]
    ions = list(dict.fromkeys(ion for space in structure.spaces for ion in space.ions))
    content = [run.system.concentrations(run.states, run.parameters, space.name) for space in structure.spaces]
    sizes = volumes(run.system, run.states, run.parameters)
    several = ["membrane"] if len(structure.walls) > 1 else []

    def table(values: list[Any]) -> np.ndarray:
        """One column per value; a missing one is NaN, a constant one is repeated."""
        blank = np.nan * run.time
        return np.stack([blank if v is None else np.broadcast_to(v, blank.shape) for v in values], axis=-1)

    def by_membrane(values: list[np.ndarray]) -> np.ndarray:
        return np.stack(values, axis=-1) if several else values[0]

    reversals = [reversal_potentials(run.system, run.states, run.parameters, w) for w in structure.walls]
    energy = [_energy(run, wall) for wall in structure.walls]
    concentration = np.stack([table([c.get(ion) for ion in ions]) for c in content], axis=1)
    nernst = by_membrane([table([found.get(ion) for ion in ions]) for found in reversals])
    pump, atp = (by_membrane(list(part)) for part in zip(*energy, strict=True))
    variables = {
        "v": (["time", *several], run.v, "mV", "membrane potential, inside minus outside"),
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
    paths = exchange_currents(run.system, run.states, run.parameters)
    if paths:
        text = (
            "net current from the inside to the outside of an exchange; of an electrode, what it feeds into its inside"
        )
        variables["exchange_current"] = (
            ["time", "exchange"], from_si(table(list(paths.values())), "current"), "pA", text,
        )  # fmt: skip
    labels = {
        "time": (run.time, "s", "time"),
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
        _attributes(run),
    )


def _about(unit: str, text: str) -> dict[str, str]:
    return {"units": unit, "long_name": text}


def _energy(run: Run, wall: Wall) -> tuple[np.ndarray, np.ndarray]:
    """Pump current (A) and ATP use (molecules per s) of one membrane over time."""
    flows = currents(run.system, run.states, run.parameters, wall)
    rates = turnover_rates(run.system, run.states, run.parameters, wall)
    pump, atp = np.zeros_like(run.time), np.zeros_like(run.time)
    for label, part in transports(run.system, run.parameters, wall).items():
        spent = part.stoichiometry().get(ATP, 0.0)
        if spent:
            pump, atp = pump + flows[label], atp + N_A * spent * rates[label]
    return pump, atp


def _attributes(run: Run) -> dict[str, Any]:
    cell = run.cell
    ledger = [f"{a.name}: drift {a.drift:.3g} {a.unit}, floor {a.floor:.3g}" for a in run.ledger]
    return {
        "title": f"Run of '{cell.name}'" + (f": {cell.title}" if cell.title else ""),
        "source": f"vrest {__version__}",
        "method": "Rodas5P, linearly implicit Rosenbrock method of order 5, dense output of order 4",
        "rtol": run.rtol,
        "steps": run.steps,
        "rejected": run.rejected,
        "complete": int(run.complete),
        "conservation": "\n".join(ledger),
        "temperature_degC": from_si(cell.temperature, "temperature"),
        "references": "\n".join(f"{key}: {text}" for key, text in cell.references.items()),
    }
