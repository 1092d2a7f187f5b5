"""Curves an electrophysiologist draws: V against a bath concentration, and current against voltage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from vrest.errors import InputError, NoRestError, near_miss
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.paths import resolve
from vrest.shown import Drawn
from vrest.system.observables import reversal_potential, reversal_potentials
from vrest.tables import Column, Table, number
from vrest.units import from_door, from_si
from vrest.verbs.instant import currents_at
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import Rest, rest, rest_of
from vrest.verbs.rest_many import rest_many


@dataclass(frozen=True)
class BathCurve(Drawn):
    """V against the concentration of one bath ion: both clocks and the Nernst line. mM, mV."""

    drawn_by: ClassVar[str] = "vrest.plot.bath:bath_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    ion: str
    path: str
    present: float
    concentration: np.ndarray
    instant: np.ndarray
    """Contents frozen; NaN where a law has no finite rate without an ion that is absent there."""
    settled: np.ndarray
    """At the new resting state; NaN where there is none (see `outcomes`)."""
    nernst: np.ndarray
    """Nernst potential of the ion across the membrane, what is not varied being as in the cell; NaN where it lacks the
    ion on a side."""
    outcomes: tuple[Outcome, ...]
    membrane: str = ""

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        low, high = number(float(self.concentration.min())), number(float(self.concentration.max()))
        yield f"V of '{self.cell.name}' against {self.path}, {low} to {high} mM (present {number(self.present)} mM)"
        yield f"  at {len(self.concentration)} values: contents frozen, settled, and E_{self.ion}"

    def tables(self) -> tuple[Table, ...]:
        """At each concentration (mM) V at once and settled, the Nernst potential (mV), the outcome."""
        curves = {"at once": self.instant, "settled": self.settled, f"E_{self.ion}": self.nernst}
        columns = (
            Column(self.ion, "mM", self.concentration.tolist()),
            *(Column(name, "mV", values.tolist(), decimals=2) for name, values in curves.items()),
            Column("outcome", "", [outcome.words for outcome in self.outcomes]),
        )
        return (Table(columns, f"V of membrane '{self.membrane}'"),)


def bath_curve(
    cell: CellLike,
    path: str = "outside.K",
    concentrations: Sequence[float] | np.ndarray | None = None,
    membrane: str | None = None,
) -> BathCurve:
    """V against a bath concentration, at once and settled.

    Parameters
    ----------
    cell
        As of `rest`. Contents are those of its resting state, if it has one.
    path
        The bath concentration to vary; the other bath ions stay.
    concentrations
        mM; by default 41 values from a tenth to thirty times the present one.
    membrane
        Whose V; needed where there are several.

    Returns
    -------
    BathCurve
        `concentration` (n,) mM; `instant`, `settled` and `nernst` (n,) mV, NaN where there is none.

    Raises
    ------
    InputError
        A path that is no bath concentration (`bad_path`), several membranes and none named, a concentration that its
        field refuses.
    NoRestError
        No potential between -400 and +400 mV carries zero current at once.

    >>> curve = bath_curve("mammalian_neuron", "outside.K", [2.5, 5.0, 10.0])
    >>> [round(float(v), 1) for v in curve.settled]
    [-75.1, -70.0, -60.6]
    """
    cell = load(cell)
    parameter = resolve(cell, path)
    parts = parameter.path.split(".")
    if parts[0] != "compartments" or parts[2] != "ions" or cell.compartments[parts[1]].finite:
        raise InputError(f"{parameter.path} is no bath concentration.", code="bad_path", hint="Such as outside.K.")
    names = list(cell.membranes)
    if membrane is None and len(names) > 1:
        raise InputError(
            f"'{cell.name}' has {len(names)} membranes: {', '.join(names)}.",
            code="several_membranes",
            hint=f"Name one: membrane='{names[0]}'.",
        )
    name = membrane or names[0]
    if name not in names:
        raise InputError(f"There is no membrane '{name}'.", code="unknown_name", hint=near_miss(name, names))
    now = rest(cell)
    if now.outcome.is_rest:
        cell = now.as_cell()
    present = float(parameter.value)
    if concentrations is None:
        concentrations = np.geomspace(0.1 * present, 30 * present, 41)
    values = np.asarray(concentrations, dtype=np.float64)
    many = rest_many(cell, {parameter.path: values})
    ion, m = parts[3], cell.membranes[name]
    inside, outside = (values if side == parts[1] else cell.contents(side).get(ion) for side in (m.inside, m.outside))
    E: np.ndarray | float = np.nan
    if inside is not None and outside is not None:
        E = reversal_potential(cell.valence()[ion], inside=inside, outside=outside, temperature=cell.temperature)
    at_once = many.ready.at_once(many.over)
    if (at_once.defined & np.isnan(at_once.v).any(axis=0)).any():
        raise NoRestError(
            f"'{cell.name}': at some {parameter.path} no potential between -400 and +400 mV carries zero current.",
            code="not_converged",
            hint="Is any channel left open?",
        )
    return BathCurve(
        cell=cell,
        ion=ion,
        path=parameter.path,
        present=present,
        concentration=values,
        instant=from_si(at_once.v[names.index(name)], "potential"),
        settled=many.v_rest if many.v_rest.ndim == 1 else many.v_rest[:, names.index(name)],
        nernst=from_si(np.broadcast_to(E, values.shape), "potential"),
        outcomes=tuple(many.outcomes),
        membrane=name,
    )


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
        No such cell or membrane.
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
        net=sum(ions.values()) + pump,  # pyright: ignore[reportArgumentType]
        E={i: from_si(float(e), "potential") for i, e in found.items() if not np.isnan(e)},
        v_rest=from_si(float(system.potential(x, wall)), "potential"),
    )
