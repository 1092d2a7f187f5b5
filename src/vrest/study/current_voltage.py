"""Current against voltage: the I-V curves of a membrane at a resting state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike
from vrest.shown import Drawn
from vrest.system.observables import reversal_potentials
from vrest.system.undefined import HINT, undefined
from vrest.tables import Column, Table, number
from vrest.units import from_door, from_si
from vrest.verbs.instant import currents_at
from vrest.verbs.rest import Rest, rest_of


@dataclass(frozen=True)
class CurrentVoltage(Drawn):
    """Outward currents (pA) against V (mV), contents frozen at a resting state."""

    drawn_by: ClassVar[str] = "vrest.plot.current_voltage:iv_axes"
    methods: ClassVar[tuple[str, ...]] = ("Bradbury2018",)
    rest: Rest
    membrane: str
    potential: np.ndarray
    ions: dict[str, np.ndarray]
    """Current through each ion's channels."""
    pump: np.ndarray
    """Current of everything that is no channel."""
    net: np.ndarray
    E: dict[str, float]
    """Of the ions that are on both sides."""
    v_rest: float

    def _cells(self) -> Iterable[Cell]:
        return (self.rest.cell,)

    def _brief(self) -> Iterable[str]:
        low, high = number(float(self.potential.min())), number(float(self.potential.max()))
        yield f"Outward currents of '{self.rest.cell.name}' through '{self.membrane}', {low} to {high} mV"
        yield f"  contents frozen at rest, V = {number(self.v_rest, decimals=2)} mV"

    def tables(self) -> tuple[Table, ...]:
        """At each V (mV) the outward currents (pA)."""
        flow = {**{f"I_{ion}": current for ion, current in self.ions.items()}, "pump": self.pump, "net": self.net}
        columns = [Column(name, "pA", current.tolist(), signed=True) for name, current in flow.items()]
        return (Table((Column("V", "mV", self.potential.tolist(), decimals=2), *columns), "Outward currents"),)


def current_voltage(
    result: Rest | CellLike, potentials: np.ndarray | None = None, membrane: str | None = None
) -> CurrentVoltage:
    """I-V curves of one membrane at a resting state; contents are frozen, gates follow the potential.

    Parameters
    ----------
    result
        From `rest`, or a cell as of `rest`, which is then brought to rest.
    potentials
        (n,) mV; by default -120 to +60 in steps of 0.5.
    membrane
        By default the first.

    Returns
    -------
    CurrentVoltage
        Outward currents (n,), pA: `ions` by symbol (channels), `pump` (all else), `net`; `potential` (n,), mV.

    Raises
    ------
    InputError
        No such cell or membrane; `undefined_rate`: a law of one's own has no finite rate at one of the potentials.
    NoRestError
        There is no stationary state.

    >>> iv = current_voltage("mammalian_neuron", np.array([-70.0]))
    >>> bool(abs(iv.net[0]) < 1e-9)
    True
    """
    result = rest_of(result)
    result.need_state()
    system, x, p = result.system, result.state, result.parameters
    names = [w.name for w in system.structure.walls]
    if membrane is not None and membrane not in names:
        raise InputError(f"There is no membrane '{membrane}'.", code="unknown_name", hint=near_miss(membrane, names))
    wall = system.structure.wall(membrane or names[0])
    wanted = np.linspace(-120.0, 60.0, 361) if potentials is None else np.asarray(potentials, dtype=np.float64)
    volts = from_door(1.0, "potential") * wanted
    flow = currents_at(system, x, p, wall, volts)
    for v in volts[~np.isfinite(np.sum(list(flow.values()), axis=0))]:
        if said := undefined(system, system.at_potential(x, wall, v), p):
            raise InputError(f"{said[0].upper()}{said[1:]}.", code="undefined_rate", hint=HINT)
    found = reversal_potentials(system, x, p, wall)
    parts = result.cell.membranes[wall.name].transports
    ions: dict[str, np.ndarray] = {}
    pump = np.zeros_like(volts)
    for label, current in flow.items():
        if parts[label].is_channel:
            ion = next(iter(parts[label].moved_ions))
            ions[ion] = ions.get(ion, np.zeros_like(volts)) + from_si(current, "current")
        else:
            pump = pump + from_si(current, "current")
    return CurrentVoltage(
        rest=result,
        membrane=wall.name,
        potential=from_si(volts, "potential"),
        ions=ions,
        pump=pump,
        net=sum(ions.values(), np.zeros_like(pump)) + pump,
        E={i: from_si(float(e), "potential") for i, e in found.items() if not np.isnan(e)},
        v_rest=from_si(float(system.potential(x, wall)), "potential"),
    )
