"""`compare_solutions`: the ions of pipette and bath side by side, with E and the driving force at the corrected V."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vrest.layout import glued
from vrest.model.solution.ions import Amount, check_temperatures, ions
from vrest.model.solution.solution import Solution
from vrest.physics.nernst import driving_force, nernst
from vrest.shown import Shown
from vrest.tables import Column, Table, joined, millivolts, number
from vrest.units import from_si

ABSENT = Amount(valence=0, free=0.0, total=0.0)


@dataclass(frozen=True, kw_only=True)
class IonCompared:
    """One ion on both sides.

    Parameters
    ----------
    ion
        Its symbol.
    valence
        Of the free ion.
    inside, outside
        What is free of it in the pipette's and in the bath's solution, mM.
    total_inside, total_outside
        The same with what is bound to others, mM.
    E
        Nernst potential of what is free, mV; None where it is undefined.
    driving_force
        V - E, mV, positive drives positive charge outward; None without a V, or where E is undefined.
    undefined
        The side without it, `inside` or `outside`, where E is undefined; else empty.
    """

    ion: str
    valence: int
    inside: float
    outside: float
    total_inside: float
    total_outside: float
    E: float | None
    driving_force: float | None
    undefined: str


@dataclass(frozen=True, kw_only=True)
class SolutionsCompared(Shown):
    """What stands on both sides of a membrane between two solutions. `str()` is a table, `as_dict()` is for JSON.

    Parameters
    ----------
    pipette, bath
        The solutions.
    ions
        A row for each ion, the most concentrated first.
    v
        The membrane's potential at which driving forces are, mV; None where none was given.
    """

    pipette: Solution
    bath: Solution
    ions: tuple[IonCompared, ...]
    v: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """In door units."""
        return {
            "pipette": self.pipette.name,
            "bath": self.bath.name,
            "v": self.v,
            "ions": [vars(each) for each in self.ions],
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one."""
        concentrations = dict.fromkeys(("inside", "outside", "total_inside", "total_outside"), "mM")
        return {"v": "mV", "E": "mV", "driving_force": "mV", "valence": "1"} | concentrations

    def _cells(self) -> Iterable[Any]:
        return ()

    def _brief(self) -> Iterable[str]:
        celsius = number(from_si(self.bath.temperature, "temperature"))
        yield f"'{self.pipette.name}' inside, '{self.bath.name}' outside, at {celsius} degC"
        told = [glued(f"E_{each.ion} {millivolts(each.E)} mV") for each in self.ions if each.E is not None]
        yield f"  {', '.join(told)}"

    def _head(self) -> Iterable[str]:
        return [next(iter(self._brief()))]

    def tables(self) -> tuple[Table, ...]:
        """A row for each ion: free on either side (mM), with what is bound where any is, E and V - E (mV)."""
        rows = self.ions
        columns = [Column("ion", "", [each.ion for each in rows])]
        for side in ("inside", "outside"):
            free, total = ([getattr(each, f"{of}{side}") for each in rows] for of in ("", "total_"))
            columns.append(Column(f"{side}, free" if free != total else side, "mM", free, rounding=0.0))
            if free != total:
                columns.append(Column(f"{side}, all", "mM", total, rounding=0.0))
        columns.append(Column("E", "mV", [each.E for each in rows], decimals=2))
        if self.v is not None:
            columns.append(Column("V - E", "mV", [each.driving_force for each in rows], decimals=2, signed=True))
        return (Table(columns, "Ions"),)

    def _said(self) -> Iterable[str]:
        if self.v is not None:
            yield f"V - E is at V = {millivolts(self.v)} mV; where it is positive it drives positive charge out."
        lost = {side: [e.ion for e in self.ions if e.undefined == side] for side in ("inside", "outside")}
        told = [f"{joined(lost[side])} {side}" for side in ("inside", "outside") if lost[side]]
        if told:
            yield f"E is undefined of what one side lacks: {'; '.join(told)}."


def compare_solutions(pipette: Solution, bath: Solution, *, v: float | None = None) -> SolutionsCompared:
    """The ions of two solutions side by side.

    E = (RT/zF) ln(outside/inside) of what is free (Nernst 1889).

    Parameters
    ----------
    pipette, bath
        The solutions, at one temperature.
    v
        The membrane's potential, inside minus outside, corrected for the junction, V; None: no driving forces.

    Raises
    ------
    InputError
        `two_temperatures`.
    """
    check_temperatures(pipette, bath)
    inside, outside = ions(pipette), ions(bath)
    names = sorted({**inside, **outside}, key=lambda name: -_most(name, inside, outside))
    rows = [_row(name, inside.get(name), outside.get(name), bath.temperature, v) for name in names]
    return SolutionsCompared(
        pipette=pipette, bath=bath, ions=tuple(rows), v=None if v is None else float(from_si(v, "potential"))
    )


def _most(name: str, *sides: dict[str, Amount]) -> float:
    return max(side[name].total for side in sides if name in side)


def _row(name: str, inside: Amount | None, outside: Amount | None, temperature: float, v: float | None) -> IonCompared:
    within, without = inside or ABSENT, outside or ABSENT
    lacking = [side for side, amount in (("inside", within), ("outside", without)) if not amount.free]
    e = None
    if not lacking:
        valence = within.valence
        e = float(nernst(valence, inside=within.free, outside=without.free, temperature=temperature))
    return IonCompared(
        ion=name,
        valence=(inside or without).valence,
        inside=within.free,
        outside=without.free,
        total_inside=within.total,
        total_outside=without.total,
        E=None if e is None else float(from_si(e, "potential")),
        driving_force=None if e is None or v is None else float(from_si(driving_force(v, e), "potential")),
        undefined=lacking[0] if lacking else "",
    )
