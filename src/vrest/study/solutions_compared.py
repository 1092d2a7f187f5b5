"""`compare_solutions`: the ions of pipette and bath side by side, with E and the driving force at the corrected V."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vrest.errors import InputError
from vrest.layout import BLANK, glued
from vrest.model.notice import Notice
from vrest.model.solution.cell_ions import Amount, ions
from vrest.model.solution.pair import check_temperature, no_temperature, to_know, together
from vrest.model.solution.solution import Solution, SolutionLike
from vrest.physics.activity import MOST_IONIC_STRENGTH, davies_log_gamma
from vrest.physics.nernst import driving_force, nernst
from vrest.physics.thermal import thermal_voltage
from vrest.shown import Shown
from vrest.study.junction.configuration import Configuration, configuration, of_perforated
from vrest.study.junction.ljp import ljp, looks_swapped
from vrest.study.junction.result import LJP
from vrest.tables import Column, Table, joined, millivolts, number
from vrest.units import from_si

ABSENT = Amount(valence=0, free=0.0, total=0.0)

ALIKE = 0.1
"""Ionic strengths that differ by less have activity coefficients that all but cancel in E."""


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
    E_active
        The same of activities by Davies' equation, mV, where ionic strengths differ by more than 10 %; else None.
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
    E_active: float | None
    driving_force: float | None
    undefined: str


@dataclass(frozen=True, kw_only=True)
class SolutionsCompared(Shown):
    """What stands on both sides of a membrane between two solutions. `str()` is a table, `as_dict()` is for JSON.

    Parameters
    ----------
    pipette, bath
        The solutions.
    configuration
        Which of them is inside.
    ions
        A row for each ion, the most concentrated first.
    junction
        What the reading becomes; None where nothing was read.
    warnings
        What to know before trusting it.

    >>> pipette = {"name": "KCl", "ions": {"K": 140, "Cl": 140}}
    >>> bath = {"name": "NaCl", "ions": {"Na": 140, "Cl": 140}}
    >>> compare_solutions(pipette, bath, celsius=25)
    'KCl' inside, 'NaCl' outside, at 25 degC
      E_Cl 0.00 mV
    """

    pipette: Solution
    bath: Solution
    configuration: Configuration
    ions: tuple[IonCompared, ...]
    junction: LJP | None
    warnings: tuple[Notice, ...]

    @property
    def v(self) -> float | None:
        """V of the membrane, corrected, mV; None where nothing was read."""
        return self.junction.corrected[0] if self.junction else None

    def as_dict(self) -> dict[str, Any]:
        """In door units."""
        read = self.junction
        return {
            "pipette": self.pipette.name,
            "bath": self.bath.name,
            "config": self.configuration.name,
            "read": read.measured[0] if read else None,
            "ljp": read.value if read else None,
            "v": self.v,
            "ions": [vars(each) for each in self.ions],
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one."""
        concentrations = dict.fromkeys(("inside", "outside", "total_inside", "total_outside"), "mM")
        return (
            dict.fromkeys(("read", "ljp", "v", "E", "E_active", "driving_force"), "mV")
            | {"valence": "1"}
            | concentrations
        )

    def _cells(self) -> Iterable[Any]:
        return ()

    def _methods(self) -> tuple[str, ...]:
        return self.junction._methods() if self.junction else ()

    def _brief(self) -> Iterable[str]:
        celsius = number(from_si(self.bath.temperature, "temperature"))
        inside, outside = (each.name for each in _sides(self.pipette, self.bath, self.configuration))
        yield f"'{inside}' inside, '{outside}' outside, at {celsius} degC"
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
        if self.junction is not None and self.v is not None:
            yield self.junction.verdict.replace(BLANK, " ")
            yield f"V - E is at V = {millivolts(self.v)} mV; where it is positive it drives positive charge out."
        active = [
            glued(f"E_{each.ion} {millivolts(each.E_active)} mV") for each in self.ions if each.E_active is not None
        ]
        if active:
            sides = _sides(self.pipette, self.bath, self.configuration)
            strengths = " and ".join(
                glued(f"{number(from_si(each.ionic_strength, 'concentration'), 3)} mM") for each in sides
            )
            told = f"Ionic strengths differ, {strengths}. By activities (Davies): {', '.join(active)}."
            yield told.replace(BLANK, " ")
        lost = {side: [e.ion for e in self.ions if e.undefined == side] for side in ("inside", "outside")}
        told = [f"{joined(lost[side])} {side}" for side in ("inside", "outside") if lost[side]]
        if told:
            yield f"E is undefined of what one side lacks: {'; '.join(told)}."


def compare_solutions(
    pipette: SolutionLike,
    bath: SolutionLike,
    *,
    celsius: Any = None,
    measured: Any = None,
    config: str = "whole-cell",
    constants: Any = None,
) -> SolutionsCompared:
    """The ions of two solutions on both sides of a membrane, with Nernst potentials and driving forces.

    E = (RT/zF) ln(outside/inside) of what is free (Nernst 1889), of H+ and OH- by the pH; driving forces are V - E at
    the potential that was read, with the junction off. Where ionic strengths differ by more than 10 %, and both are
    within what Davies' equation holds for, E of activities stands beside it.

    Parameters
    ----------
    pipette, bath
        As of `solution`.
    celsius
        Of the recording, degC or text with a unit; by default as the solutions say, which must agree.
    measured
        What the amplifier showed, mV or text with a unit; without it there are no driving forces.
    config
        `whole-cell`, `outside-out`, `inside-out` (the bath is inside) or `perforated`.
    constants
        As of `solution`.

    Raises
    ------
    InputError
        `temperatures_differ`; `relative_potential`: cell-attached, of which neither solution is inside; what `solution`
        and `ljp` refuse.

    >>> pipette = {"ions": {"K": 145, "Na": 13, "Cl": 13, "gluconate": 145}}
    >>> bath = {"ions": {"K": 3, "Na": 145, "Cl": 148}}
    >>> found = compare_solutions(pipette, bath, celsius=22, measured=-60)
    >>> {each.ion: round(each.E, 1) for each in found.ions if each.E is not None}
    {'Cl': -61.9, 'K': -98.6, 'Na': 61.3}
    """
    chosen = configuration(config)
    if chosen.from_cell:
        raise InputError(
            f"{chosen.name}: the inside of the patch is the cell, and neither solution is known to be there.",
            code="relative_potential",
            hint="Compare solutions of whole cells, or of patches that are torn off.",
        )
    read = None
    if measured is not None:
        read = ljp(pipette, bath, celsius=celsius, measured=measured, config=config, constants=constants)
        if len(read.measured) != 1:
            problem = f"{len(read.measured)} readings."
            raise InputError(problem, code="bad_data", hint="Give one; 'vrest ljp' takes several.")
        first, second, warnings = read.pipette, read.bath, read.warnings
    else:
        first, second, known = together(pipette, bath, celsius, constants)
        check_temperature(first, second)
        unsaid = [] if known else [no_temperature(first)]
        warnings = (*to_know(first, second), *unsaid, *looks_swapped(first, second, chosen.sign))
    if chosen.name == "perforated":
        warnings = (*warnings, of_perforated(filled=True))
    sides = _sides(first, second, chosen)
    inside, outside = map(ions, sides)
    names = sorted({**inside, **outside}, key=lambda name: -_most(name, inside, outside))
    v = None if read is None else read.corrected[0]
    rows = [_row(name, inside.get(name, ABSENT), outside.get(name, ABSENT), sides, v) for name in names]
    return SolutionsCompared(
        pipette=first, bath=second, configuration=chosen, ions=tuple(rows), junction=read, warnings=warnings
    )


def _sides(pipette: Solution, bath: Solution, config: Configuration) -> tuple[Solution, Solution]:
    """What is inside, and what is outside."""
    return (pipette, bath) if config.sign > 0 else (bath, pipette)


def _most(name: str, *sides: dict[str, Amount]) -> float:
    return max(side[name].total for side in sides if name in side)


def _row(name: str, within: Amount, without: Amount, sides: tuple[Solution, Solution], v: float | None) -> IonCompared:
    """An ion; V in mV."""
    lacking = [side for side, amount in (("inside", within), ("outside", without)) if not amount.free]
    e = None if lacking else _reversal(name, within, without, sides)
    active = None if e is None or name in ("H", "OH") else _by_activity(e, within.valence, sides)
    e = None if e is None else from_si(e, "potential")
    return IonCompared(
        ion=name,
        valence=within.valence or without.valence,
        inside=within.free,
        outside=without.free,
        total_inside=within.total,
        total_outside=without.total,
        E=e,
        E_active=None if active is None else from_si(active, "potential"),
        driving_force=None if e is None or v is None else float(driving_force(v, e)),
        undefined=lacking[0] if lacking else "",
    )


def _reversal(name: str, within: Amount, without: Amount, sides: tuple[Solution, Solution]) -> float:
    """V; of H+ and OH- by the pH, which are activities, of other ions by concentrations."""
    inside, outside = sides
    if name in ("H", "OH") and inside.pH is not None and outside.pH is not None:
        ends = {"inside": 10.0**-inside.pH, "outside": 10.0**-outside.pH}
        return float(nernst(1, temperature=inside.temperature, **ends))
    return float(nernst(within.valence, inside=within.free, outside=without.free, temperature=inside.temperature))


def _by_activity(e: float, valence: int, sides: tuple[Solution, Solution]) -> float | None:
    """E (V) of concentrations as that of activities; None where they all but cancel, or are not known."""
    inside, outside = (each.ionic_strength for each in sides)
    strongest, weakest = max(inside, outside), min(inside, outside)
    if strongest - weakest <= ALIKE * weakest or strongest > MOST_IONIC_STRENGTH:
        return None
    heat = sides[0].temperature
    gained = [davies_log_gamma(valence, ionic_strength=each, temperature=heat) for each in (outside, inside)]
    return e + thermal_voltage(heat) / valence * float(gained[0] - gained[1])
