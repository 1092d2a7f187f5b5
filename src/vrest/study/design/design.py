"""`design`: from the potential and contents one wants to a cell whose leaks, pump and cotransport hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.notice import Notice
from vrest.model.transport import Transport
from vrest.shown import Drawn
from vrest.study.design.draft import Choice, Target, draft
from vrest.study.design.strengths import input_conductance
from vrest.tables import Column, Table, number
from vrest.units import duration, from_si
from vrest.verbs.rest import Rest, rest, rest_here


@dataclass(frozen=True)
class Design(Drawn):
    """A cell that is stationary where it was wanted. `str()` is a table, `as_dict()` is ready for JSON.

    >>> made = design("mammalian_neuron", v_rest=-75)
    >>> made.stable, f"{made.v_rest:.1f} mV", made.choices[0].name
    (True, '-75.0 mV', 'neuron.K_leak.permeability')
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:design_axes"
    methods: ClassVar[tuple[str, ...]] = ("Attwell2001", "Sandu1997", "Bradbury2018", "Virtanen2020")
    cell: Cell
    """The designed cell: it starts from the target."""
    rest: Rest
    """The certificate of the designed point: stable, or not and then where the cell goes."""
    choices: tuple[Choice, ...]
    """Every value that the design set, strengths first."""
    input_resistance: float | None
    """1/(dI/dV) with contents frozen and gates following, Mohm; None where the slope is not positive."""

    @property
    def v_rest(self) -> float:
        """The target, mV."""
        return from_si(next(iter(self.cell.membranes.values())).potential, "potential")

    @property
    def stable(self) -> bool:
        """Whether the cell stays at the target."""
        return self.rest.stable

    @property
    def warnings(self) -> list[Notice]:
        """Those of the resting state; first, that it is none."""
        unstable = Notice("unstable_design", f"the designed point does not hold. {self.rest.reason}")
        return [*([] if self.stable else [unstable]), *self.rest.warnings]

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units."""
        r = self.rest
        return {
            "outcome": r.outcome.name,
            "reason": r.reason,
            "stable": self.stable,
            "v_rest": self.v_rest,
            "values": [vars(c) for c in self.choices],
            "input_resistance": self.input_resistance,
            "slowest_time_constant": r.slowest_time_constant,
            "atp_per_second": r.atp_per_second if r.outcome.has_state else None,
            "watts": r.watts if r.outcome.has_state else None,
            "residual_mV": r.residual_mV,
            "residual_mM_per_min": r.residual_mM_per_min,
            "conditioning": r.conditioning,
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one; each entry of `values` carries its own."""
        return {
            "v_rest": "mV",
            "input_resistance": "Mohm",
            "slowest_time_constant": "s",
            "atp_per_second": "1/s",
            "watts": "W",
            "residual_mV": "mV",
            "residual_mM_per_min": "mM/min",
            "conditioning": "1",
        }

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        celsius = number(from_si(self.cell.temperature, "temperature"))
        wished = f"{number(self.v_rest, 6)} mV"
        yield f"Design of '{self.cell.name}' at {celsius} degC for {wished}: {self.rest.outcome.words}"
        yield from (f"  {c.name} = {glued(f'{number(c.value)} {c.unit}'.rstrip())} ({c.how})" for c in self.choices)

    def tables(self) -> tuple[Table, ...]:
        """What was chosen, and what it was, each in its door unit."""
        columns = [
            Column("value", "", [c.name for c in self.choices]),
            Column("was", "", [c.was for c in self.choices], rounding=0.0),
            Column("is", "", [c.value for c in self.choices], digits=6, rounding=0.0),
            Column("unit", "", [c.unit for c in self.choices]),
            Column("how", "", [c.how for c in self.choices]),
        ]
        return (Table(columns),)

    def _head(self) -> Iterable[str]:
        return next(iter(self._brief())), self.rest.reason

    def _said(self) -> Iterable[str]:
        r = self.rest
        if self.input_resistance is not None:
            yield f"input resistance: {number(self.input_resistance)} MOhm"
        if r.slowest_time_constant is not None:
            yield f"slowest time constant: {duration(r.slowest_time_constant)}"
        if r.outcome.has_state and r.atp_per_second:
            yield f"energy: {number(r.atp_per_second, 3)} ATP/s, {number(r.watts, 3)} W"
        yield f"certificate: {r.left}"


def design(
    cell: CellLike,
    *,
    v_rest: Any,
    inside: Mapping[str, Any] | None = None,
    outside: Mapping[str, Any] | None = None,
    input_resistance: Any = None,
    area: Any = None,
    add: Iterable[str | Transport] = (),
    hold: Iterable[str] = (),
) -> Design:
    """A cell that really rests where you want it.

    The rates of all transports are proportional to their strengths, so "every ion is in balance" is a linear system
    N r(strengths) = 0 with positive unknowns. It is solved exactly, or refused with the reason. Where it leaves a
    choice, as many strengths as possible stay what they are: leaks from the largest conductance down, then
    cotransporters, then leaks of what the pump carries out, then the pump; several leaks of one ion keep their
    proportions. What is off stays off.

    Parameters
    ----------
    cell
        The cell to start from, as of `rest`, with one membrane; its rate laws, gated channels and stimuli stay.
    v_rest
        Target potential, mV or text.
    inside, outside
        Target concentrations, mM or text, by ion. An ion inside that is not named stays, or, where only channels
        move it, takes its equilibrium at `v_rest`. The impermeants make an osmotic inside iso-osmotic, and their
        valence balances the charge.
    input_resistance
        Of the whole cell at rest, Mohm or text: sets the scale of the strengths, which then keep their proportions.
    area
        Of the membrane, um2 or text: sets its radius (a sphere), its length (a cylinder) or the area itself.
    add
        Transports to add: a law such as `"KCC2"`, a law and its ion such as `"ghk_leak Cl"`, or a `Transport`.
    hold
        What must not be chosen: the path of a strength (`"pump.max_rate"` keeps its value), or a ratio of leaks
        (`"P_Na/P_K"` keeps it, `"P_Na/P_K=0.04"` sets it).

    Returns
    -------
    Design
        With the cell, its certificate and every choice made. `stable` says whether the cell stays there.

    Raises
    ------
    InputError
        The target is impossible; the code says why: `not_at_equilibrium`, `pump_backwards`, `one_way`, `no_balance`,
        `held`, `pump_beyond_reversal`, `too_many_osmoles`, `not_stationary`, ...

    The inverse of the pump-leak equations; for two leaks and a 3:2 pump it is the resting budget of Attwell and
    Laughlin 2001, J. Cereb. Blood Flow Metab. 21:1133, doi:10.1097/00004647-200110000-00001.

    >>> made = design("mammalian_neuron", v_rest=-75, input_resistance=150)
    >>> print(f"{made.rest.v_rest:.6f} mV, {made.rest.outcome.name}, {made.input_resistance:.6f} Mohm")
    -75.000000 mV, rests, 150.000000 Mohm
    >>> design("mammalian_neuron", v_rest=-75, inside={"Cl": 5})
    Traceback (most recent call last):
    vrest.errors.InputError: Cl- cannot stay at 5 mM inside at -75 mV ... passive 6.65 mM. Add KCC2 ...
    """
    target = Target(v_rest, inside or {}, outside or {}, input_resistance, area, tuple(add), tuple(hold))
    drawn = draft(load(cell), target)
    found = rest(drawn.cell)
    if not _stayed(found):  # the search left the point: judge the point itself
        found = rest_here(drawn.cell)
    wall = found.system.structure.walls[0]
    slope = input_conductance(drawn.cell, wall)
    return Design(drawn.cell, found, drawn.choices, from_si(1.0, "resistance") / slope if slope > 0 else None)


def _stayed(found: Rest) -> bool:
    """Whether a search ended where it began."""
    if not found.outcome.has_state:
        return False
    return bool(np.all(np.abs(found.state - found.start) < 1e-6 * np.abs(found.start) + 1e-9))
