"""What a curve holds: V at once and settled along one number of a cell, the Nernst line, and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError
from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.notice import Notice
from vrest.model.paths import resolve
from vrest.numerics.spacing import is_logarithmic
from vrest.shown import Drawn
from vrest.study.curve.thresholds import Threshold
from vrest.tables import Column, Table, counted, number
from vrest.units import duration
from vrest.verbs.outcome import Outcome

Array = NDArray[np.float64]

PRINTED = 13
"""Rows of a long curve that are printed; the others are in the data."""


@dataclass(frozen=True, eq=False)
class Points:
    """Potentials measured along the curve, beside those of the cell under the conditions of each. mV, all (rows,)."""

    values: Array
    """Of what varies, door units."""
    measured: Array
    error: Array
    """Standard error; NaN where the data have none."""
    instant: Array
    """V at once, contents frozen, under all conditions of the row."""
    settled: Array
    """V settled under them; NaN where it does not rest."""
    alone: Array
    """V at once where nothing else is set than along the curve."""
    others: tuple[str, ...]
    """What the data set beside what varies, by the names of their columns."""

    @property
    def apart(self) -> float:
        """How far V at once is from the curve by what else the data set, at most, mV; below 0.1 mV it is 0."""
        off = np.abs(self.instant - self.alone)
        most = float(off[np.isfinite(off)].max(initial=0.0))
        return most if most >= 0.1 else 0.0

    def off(self, computed: Array) -> float:
        """Root mean square of what was measured minus what was computed, mV; NaN where nothing was."""
        r = self.measured - computed
        return float(np.sqrt(np.nanmean(r**2))) if np.isfinite(r).any() else float("nan")


@dataclass(frozen=True, eq=False)
class Curve(Drawn):
    """V along one number of a cell: contents frozen, settled, and the Nernst line. Door units, mV."""

    drawn_by: ClassVar[str] = "vrest.plot.curve:curve_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    """At rest where it has a rest: each value is a step from there."""
    path: str
    """Full path of what varies."""
    companion: str
    """What goes along and keeps a bath neutral: `swap Na`, `with Cl`; else empty."""
    unit: str
    """Of what varies."""
    membrane: str
    """Whose V it is."""
    present: float
    """What the cell has of it."""
    values: Array
    """(n,) increasing."""
    instant: Array
    """(n,) V right after the step, contents frozen; NaN where nothing carries zero current or a rate is not finite."""
    settled: Array
    """(n,) V where it comes to rest; NaN where it does not (see `outcomes`)."""
    unstable: Array
    """(n,) V of a stationary state that the cell leaves; NaN elsewhere."""
    time_constant: Array
    """(n,) slowest time constant of the resting state, s: how long it takes to come back; NaN where there is none."""
    outcomes: tuple[Outcome, ...]
    """(n,) how each ends."""
    ion: str | None
    """Where the concentration of an ion beside the membrane varies: that ion."""
    nernst: Array
    """(n,) its Nernst potential across the membrane; NaN where a side has none, or where something else varies."""
    thresholds: tuple[Threshold, ...]
    """Where `settled` jumps, ends or begins."""
    points: Points | None
    """What was measured."""
    others: tuple[Curve, ...]
    """The same of other cells."""
    notices: tuple[Notice, ...]

    @property
    def each(self) -> tuple[Curve, ...]:
        """This one and those of other cells."""
        return (self, *self.others)

    @property
    def logarithmic(self) -> bool:
        """Whether the values lie evenly in the logarithm."""
        return is_logarithmic(self.values)

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        if not self.others:
            return list(self.notices)
        return [Notice(n.code, f"{curve.cell.name}: {n.message}") for curve in self.each for n in curve.notices]

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; a curve for each cell."""
        return {
            "path": self.path,
            "companion": self.companion or None,
            "ion": self.ion,
            "values": self.values,
            "curves": [curve._as_dict() for curve in self.each],
        }

    def _as_dict(self) -> dict[str, Any]:
        p = self.points
        return {
            "cell": self.cell.name,
            "membrane": self.membrane,
            "present": self.present,
            "nernst": self.nernst if self.ion else None,
            "instant": self.instant,
            "settled": self.settled,
            "unstable": self.unstable,
            "time_constant": self.time_constant,
            "outcomes": [outcome.name for outcome in self.outcomes],
            "thresholds": [
                {
                    "low": t.low.value,
                    "high": t.high.value,
                    "v_low": t.low.v,
                    "v_high": t.high.v,
                    "outcome_low": t.low.outcome.name,
                    "outcome_high": t.high.outcome.name,
                }
                for t in self.thresholds
            ],
            "points": p
            and {
                "at": p.values,
                "measured": p.measured,
                "error": p.error,
                "instant": p.instant,
                "settled": p.settled,
                "off_instant": p.off(p.instant),
                "off_settled": p.off(p.settled),
            },
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict`."""
        along = dict.fromkeys(("values", "present", "low", "high", "at"), self.unit or "1")
        names = "nernst instant settled unstable v_low v_high measured error off_instant off_settled"
        return along | dict.fromkeys(names.split(), "mV") | {"time_constant": "s"}

    def tables(self) -> tuple[Table, ...]:
        """At each value V at once and settled (mV), the Nernst potential, the outcome; thresholds; what was measured.

        With several cells a row for each cell and value.
        """
        return (self._main(range(len(self.values))), *self._others())

    def _printed(self) -> tuple[Table, ...]:
        n = len(self.values)
        if n <= 2 * PRINTED:
            return self.tables()
        step = -(-(n - 1) // (PRINTED - 1))
        return (self._main(range(0, n, step)), *self._others())

    def _main(self, rows: Sequence[int]) -> Table:
        def of(name: str) -> list[float]:
            return [float(getattr(curve, name)[k]) for curve in self.each for k in rows]

        outcomes = [curve.outcomes[k].words for curve in self.each for k in rows]
        left = of("unstable")
        columns = [
            *([Column("cell", "", [c.cell.name for c in self.each for _ in rows])] if self.others else []),
            Column(self.name, self.unit, of("values"), rounding=0.0),
            *([Column(f"E_{self.ion}", "mV", of("nernst"), decimals=2)] if self.ion else []),
            Column("at once", "mV", of("instant"), decimals=2),
            Column("settled", "mV", of("settled"), decimals=2),
            *([Column("leaves", "mV", left, decimals=2)] if np.isfinite(left).any() else []),
            Column("outcome", "", outcomes),
            Column("time constant", "s", of("time_constant"), form=partial(duration, digits=2)),
        ]
        left_out = len(self.values) - len(rows)
        note = f"{len(rows)} of {len(self.values)} values; the others are in the data (-o FILE)." if left_out else ""
        return Table(columns, f"V of membrane '{self.membrane}'" if len(self.cell.membranes) > 1 else "", note)

    @property
    def short(self) -> str:
        """The path as people write it: where the number is, and its name."""
        parts = self.path.split(".")
        kept = {"compartments": parts[1:2] + parts[3:], "membranes": parts[3:], "exchanges": parts[1:]}
        short = ".".join(kept.get(parts[0], parts))
        try:
            return short if resolve(self.cell, short).path == self.path else self.path
        except InputError:  # several are called so
            return self.path

    @property
    def name(self) -> str:
        """What varies, as the head of a column."""
        return self.ion or self.path.rpartition(".")[2]

    def _others(self) -> Iterable[Table]:
        jumps = [(curve, t) for curve in self.each for t in curve.thresholds]
        if jumps:
            several = [Column("cell", "", [curve.cell.name for curve, _ in jumps])] if self.others else []
            yield Table(
                [
                    *several,
                    Column("from", self.unit, [t.low.value for _, t in jumps], digits=6, rounding=0.0),
                    Column("to", self.unit, [t.high.value for _, t in jumps], digits=6, rounding=0.0),
                    Column("V before", "mV", [t.low.v for _, t in jumps], decimals=2),
                    Column("V after", "mV", [t.high.v for _, t in jumps], decimals=2),
                    Column("before", "", [t.low.outcome.words for _, t in jumps]),
                    Column("after", "", [t.high.outcome.words for _, t in jumps]),
                ],
                "Where it jumps or ends",
            )
        for curve in self.each:
            if p := curve.points:
                columns = [
                    Column(self.name, self.unit, p.values.tolist(), rounding=0.0),
                    Column("measured", "mV", p.measured.tolist(), decimals=2),
                    Column("±", "mV", p.error.tolist(), decimals=2),
                    Column("at once", "mV", p.instant.tolist(), decimals=2),
                    Column("off at once", "mV", (p.measured - p.instant).tolist(), decimals=2, signed=True),
                    Column("settled", "mV", p.settled.tolist(), decimals=2),
                    Column("off settled", "mV", (p.measured - p.settled).tolist(), decimals=2, signed=True),
                ]
                yield Table(columns, f"Measured, beside {curve.cell.name}" if self.others else "Measured")

    def _cells(self) -> Iterable[Cell]:
        return (curve.cell for curve in self.each)

    def _brief(self) -> Iterable[str]:
        low, high = number(float(self.values[0])), glued(f"{number(float(self.values[-1]))} {self.unit}".strip())
        names = ", ".join(f"'{curve.cell.name}'" for curve in self.each)
        along = f" ({self.companion})" if self.companion else ""
        here = glued(f"{number(self.present)} {self.unit}".strip())
        yield f"V of {names} against {self.short}{along}, {low} to {high}"
        line = f", and E_{self.ion}" if self.ion else ""
        yield f"  present {here}; {counted(len(self.values), 'value')}: at once (contents frozen), settled{line}"
        for curve in self.each:
            of = f"{curve.cell.name}: " if self.others else ""
            yield from (f"  {of}{t.said(self.unit)}" for t in curve.thresholds)

    def _said(self) -> Iterable[str]:
        if any(t.low.kind is t.high.kind for t in chain(*(curve.thresholds for curve in self.each))):
            yield (
                "Each value is a step from the present rest; a cell that jumped may come back at another value. "
                f"'vrest bifurcation CELL {self.short} FROM TO' draws all branches."
            )
        for curve in self.each:
            if p := curve.points:
                of = f" of {curve.cell.name}" if self.others else ""
                off = [f"{number(p.off(each), 3)} mV" for each in (p.instant, p.settled)]
                yield (
                    f"{counted(len(p.measured), 'measured potential')}: {off[0]} from V at once{of}, {off[1]} from V "
                    "settled (root mean square)."
                )
            if p and p.apart:
                yield (
                    f"The data also set {', '.join(p.others)}: 'at once' and 'settled' of a point are computed with "
                    f"that, the curve without; V at once differs by up to {number(p.apart, 2)} mV."
                )
