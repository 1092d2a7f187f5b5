"""What `ljp` answers: the junction, what a reading becomes, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import hypot
from typing import Any, ClassVar

import numpy as np

from vrest.layout import BLANK
from vrest.model.notice import Notice
from vrest.model.solution.mobilities import Mobility
from vrest.model.solution.solution import Solution
from vrest.shown import Drawn
from vrest.study.junction import sentences
from vrest.study.junction.between import Activity, Between, Method
from vrest.study.junction.configuration import Configuration
from vrest.study.junction.reference import Shift
from vrest.tables import Column, Table
from vrest.units import from_si

IONS = "Ions of the junction"

LITTLE, WORTHLESS = 1.0, 5e-6
"""mol/m3 and V: an ion that neither side has so much of, and whose mobility is worth less, is left out of what is
printed, not of what is saved."""


@dataclass(frozen=True, kw_only=True)
class LJP(Drawn):
    """A liquid junction and what it makes of a reading; potentials in mV.

    Parameters
    ----------
    configuration
        Of the patch clamp: whose potential a reading becomes, and by which rule.
    method
        `np` (stationary Nernst-Planck) or `henderson`.
    activity
        `none` or `davies`.
    measured
        Readings, mV, as the amplifier showed them; may be empty.
    pipette, bath
        The solutions on its two sides.
    solved
        The junction in SI: its ions, their sensitivities, its profile.
    shifts
        What a bath that was changed after the seal adds at the reference electrode, SI.
    warnings
        What to know before trusting it.
    reference
        What the bridge of the reference electrode holds, as it was said; `pellet`; or None.

    >>> import vrest
    >>> pipette, bath = {"ions": {"K": 140, "Cl": 140}}, {"ions": {"Na": 140, "Cl": 140}}
    >>> found = vrest.ljp(pipette, bath, celsius=25, measured=-60)
    >>> round(found.value, 1), round(found.corrected[0], 1)
    (4.4, -64.4)
    """

    drawn_by: ClassVar[str] = "vrest.plot.junction:junction_axes"
    methods: ClassVar[tuple[str, ...]] = ("Planck1890", "Henderson1907", "Barry1991", "Neher1992")
    configuration: Configuration
    method: Method
    activity: Activity
    measured: tuple[float, ...]
    pipette: Solution
    bath: Solution
    solved: Between
    shifts: tuple[Shift, ...]
    warnings: tuple[Notice, ...]
    reference: Any = None

    @property
    def value(self) -> float:
        """The junction potential, bath minus pipette, mV."""
        return from_si(self.solved.potential, "potential")

    @property
    def henderson(self) -> float:
        """The same by Henderson's equation, mV."""
        return from_si(self.solved.henderson, "potential")

    @property
    def ideal(self) -> float | None:
        """The same in concentrations, mV, where it was asked for with activities; else None."""
        return None if self.solved.ideal is None else from_si(self.solved.ideal, "potential")

    @property
    def sd(self) -> float:
        """Standard deviation of the junction potential, mV: mobilities, and what may be missing from a solution."""
        return from_si(hypot(_sd(self.solved.slopes), self.solved.half_spread), "potential")

    @property
    def off(self) -> float:
        """What is taken off a reading, mV: the junction, and what a changed bath adds."""
        return from_si(self.solved.potential + sum(shift.potential for shift in self.shifts), "potential")

    @property
    def off_sd(self) -> float:
        """Its standard deviation, mV: a mobility is as wrong in one junction as in another."""
        return from_si(hypot(_sd(self.off_slopes), self.off_spread), "potential")

    @property
    def off_slopes(self) -> dict[Mobility, float]:
        """What is taken off, V per relative change of each mobility."""
        slopes = self.solved.slopes
        for shift in self.shifts:
            for mobility, slope in shift.slopes.items():
                slopes[mobility] = slopes.get(mobility, 0.0) + slope
        return slopes

    @property
    def off_spread(self) -> float:
        """V: half of what lies between the potentials with what may be missing from the solutions."""
        return hypot(self.solved.half_spread, *(shift.half_spread for shift in self.shifts))

    @property
    def corrected(self) -> tuple[float, ...]:
        """V of the membrane at each reading, mV; of a cell-attached patch, how much more positive than the cell."""
        return tuple(self.configuration.potential(read, self.off) for read in self.measured)

    @property
    def celsius(self) -> float:
        """Temperature of the recording, degC."""
        return from_si(self.solved.sides.temperature, "temperature")

    @property
    def profile(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Position (m,), 0 in the pipette to 1 in the bath; potential there (m,), V; each ion (n, m), mol/m3."""
        if self.solved.junction is None:
            return self.solved.sides.mixing()
        return self.solved.junction.position, self.solved.junction.potentials, self.solved.junction.concentrations

    @property
    def verdict(self) -> str:
        """What a reading becomes, in one sentence."""
        return sentences.verdict(self)

    @property
    def shares(self) -> tuple[float | None, ...]:
        """Part of each ion in what moves from pipette to bath, negative towards the pipette; None by Henderson's."""
        if self.solved.junction is None:
            return (None,) * len(self.solved.sides.names)
        fluxes = self.solved.junction.fluxes
        moved = float(np.sum(np.abs(fluxes)))
        return tuple(float(flux) / moved if moved else 0.0 for flux in fluxes)

    def as_dict(self) -> dict[str, Any]:
        """The answer in door units, as `--json` has it.

        `ljp` (`value`), `sd`, `henderson`, `ideal`: as the properties. `read`, `v`: readings and what they become;
        where `v_is_from_cell`, how much more positive than the cell. `off`, `off_sd`: what was taken off, `shifts` of
        it at the reference. `fills`: the junction with what each solution may lack. `said`: all in words.
        """
        sides = self.solved.sides
        columns = self._ions(range(len(sides.names)))
        return {
            "ljp": self.value,
            "sd": self.sd,
            "henderson": self.henderson,
            "ideal": self.ideal,
            "method": self.method,
            "activity": self.activity,
            "config": self.configuration.name,
            "read": list(self.measured),
            "v": list(self.corrected),
            "v_is_from_cell": self.configuration.from_cell,
            "off": self.off,
            "off_sd": self.off_sd,
            "shifts": [{"name": s.name, "potential": from_si(s.potential, "potential")} for s in self.shifts],
            "fills": [
                {"pipette": ours or None, "bath": theirs or None, "ljp": from_si(each, "potential")}
                for ours, theirs, each in self.solved.fills
            ],
            "said": [text.replace(BLANK, " ") for text in (sentences.verdict(self), *self._said())],
            "ions": [
                dict(zip((c.name.replace("±", "sd") for c in columns), row, strict=True))
                for row in zip(*(c.values for c in columns), strict=True)
            ],
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one."""
        return {
            **dict.fromkeys(("ljp", "sd", "henderson", "ideal", "read", "v", "off", "off_sd", "potential"), "mV"),
            **dict.fromkeys(("pipette", "bath"), "mM"),
            "moves": "%",
            "z": "1",
            "u_rel": "1",
        }

    def tables(self) -> tuple[Table, ...]:
        """The ions, as much as what a reading becomes where there are several of these; all with units in heads."""
        return self._tables(range(len(self.solved.sides.names)))

    def saved(self) -> tuple[Table, ...]:
        """The readings and what each becomes, where there are any; ions; what is taken off; and the profile: the
        potential (mV) and each ion (mM) from pipette to bath."""
        position, potentials, concentrations = self.profile
        columns = [Column("position", "", position.tolist())]
        columns.append(Column("potential", "mV", from_si(potentials, "potential").tolist()))
        for name, amounts in zip(self.solved.sides.names, from_si(concentrations, "concentration"), strict=True):
            columns.append(Column(name, "mM", amounts.tolist()))
        readings = [self._readings()] if self.measured else []
        ions = self._ions(range(len(self.solved.sides.names)))
        return *readings, Table(ions, IONS), self._taken_off(), Table(columns, "Profile")

    def _tables(self, rows: Iterable[int]) -> tuple[Table, ...]:
        found = [Table(self._ions(rows), IONS)]
        if self.shifts:
            found.append(self._taken_off())
        if len(self.measured) > 1:
            found.insert(0, self._readings())
        return tuple(found)

    def _readings(self) -> Table:
        name = "V - V_cell" if self.configuration.from_cell else "V"
        columns = [Column("read", "mV", self.measured, decimals=1), Column(name, "mV", self.corrected, decimals=1)]
        return Table([*columns, Column("±", "mV", [self.off_sd] * len(self.measured), decimals=1)], "Readings")

    def _taken_off(self) -> Table:
        parts = [(f"junction of '{self.pipette.name}' with '{self.bath.name}'", self.solved.potential)]
        parts += [(shift.name, shift.potential) for shift in self.shifts]
        taken = [*(from_si(volts, "potential") for _, volts in parts), self.off]
        return Table(
            [
                Column("part", "", [*(name for name, _ in parts), "all of it"]),
                Column("taken off", "mV", taken, decimals=2, signed=True),
            ],
            "What is taken off a reading",
        )

    def _ions(self, rows: Iterable[int]) -> list[Column]:
        sides, rows = self.solved.sides, list(rows)
        off = [
            abs(from_si(float(slope), "potential")) * mobility.relative_sd
            for slope, mobility in zip(self.solved.sensitivity, sides.mobilities, strict=True)
        ]
        moves = [None if share is None else 100.0 * share for share in self.shares]
        amounts = {
            name: [from_si(float(side[k]), "concentration") for k in rows]
            for name, side in (("pipette", sides.pipette), ("bath", sides.bath))
        }
        return [
            Column("ion", "", [sides.names[k] for k in rows]),
            Column("z", "", [int(sides.valence[k]) for k in rows]),
            Column("u_rel", "", [sides.mobilities[k].u_rel for k in rows], decimals=3),
            Column("quality", "", [sides.mobilities[k].quality for k in rows]),
            *(Column(name, "mM", values, rounding=0.0) for name, values in amounts.items()),
            Column("moves", "%", [moves[k] for k in rows], decimals=1),
            Column("±", "mV", [off[k] for k in rows], decimals=2),
            Column("source", "", [sides.mobilities[k].source for k in rows]),
        ]

    def _printed(self) -> tuple[Table, ...]:
        sides = self.solved.sides
        most = np.maximum(sides.pipette, sides.bath)
        worth = np.abs(self.solved.sensitivity) * [each.relative_sd for each in sides.mobilities]
        rows = np.flatnonzero((most >= LITTLE) | (worth >= WORTHLESS)).tolist()
        left_out = len(sides.names) - len(rows)
        note = (
            "u_rel: mobility over that of K+. moves: share of all ions that cross, + into the bath. ±: what the error"
            " of its mobility is worth."
        )
        if left_out:
            note += f" Left out here: {left_out} below 1 mM and 0.005 mV."
        found = []
        for table in self._tables(rows):
            of_ions = table.title.startswith("Ions")
            columns = [c for c in table.columns if not (of_ions and c.name == "source")]
            found.append(Table(columns, table.title, note if of_ions else ""))
        return tuple(found)

    def _cells(self) -> Iterable[Any]:
        return ()

    def _methods(self) -> tuple[str, ...]:
        return self.methods if self.activity == "none" else (*self.methods, "Davies1962")

    def _sources(self) -> Iterable[str]:
        return dict.fromkeys(each.source for each in self.solved.sides.mobilities)

    def _brief(self) -> Iterable[str]:
        yield sentences.verdict(self)
        yield f"  {sentences.junction(self)}"

    def _said(self) -> Iterable[str]:
        return sentences.below(self)


def _sd(slopes: dict[Mobility, float]) -> float:
    """V, of independent errors of all mobilities."""
    return hypot(*(slope * mobility.relative_sd for mobility, slope in slopes.items()))
