"""`dose_response`: what each of many doses does to a resting cell, at once and settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError
from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.change import targets
from vrest.model.names import plain
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.model.paths import resolve
from vrest.numerics.compiler.fallback import fallbacks
from vrest.numerics.spacing import is_logarithmic
from vrest.shown import Drawn
from vrest.study.curve.curve import no_instant
from vrest.study.curve.steps import Steps, each, settled, steps
from vrest.study.curve.thresholds import Settled, Threshold, thresholds
from vrest.study.perturb.library import find
from vrest.study.perturb.perturb import Applied, bound, named_once
from vrest.study.perturb.perturbation import Perturbation, together
from vrest.study.perturb.perturbed import by_membrane
from vrest.tables import Column, Table, counted, millivolts, number
from vrest.units import duration, from_door, from_si
from vrest.verbs.outcome import Outcome
from vrest.verbs.progress import Progress
from vrest.verbs.rest import rest
from vrest.verbs.slower import slower

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DoseResponse(Drawn):
    """V at each of n doses: right after it is given, contents frozen, and where the cell settles. (membranes, n) mV."""

    drawn_by: ClassVar[str] = "vrest.plot.dose_response:dose_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    """At rest, with what the perturbation needs prepared in it."""
    perturbation: Perturbation
    beside: tuple[Perturbation, ...]
    """What else acts at every dose."""
    unit: str
    """Of the doses, as people say them; empty for multiples."""
    doses: Array
    """(n,) increasing, in that unit."""
    names: tuple[str, ...]
    """(n,) of the doses that have one; else empty."""
    blocked: Array | None
    """(n,) share of its target that a dose blocks, 0 to 1; None where it is no drug."""
    v_rest: Array
    """(membranes,) V before."""
    steps: Steps
    """What each dose leads to."""
    thresholds: tuple[Threshold, ...]
    """Where the settled V of the first membrane jumps, or its rest ends."""
    notices: tuple[Notice, ...]

    @property
    def membranes(self) -> tuple[str, ...]:
        """In the order of the potentials."""
        return tuple(self.cell.membranes)

    @property
    def instant(self) -> Array:
        """(membranes, n) V right after each dose; NaN where there is none."""
        return self.steps.instant

    @property
    def settled(self) -> Array:
        """(membranes, n) V at the new resting state; NaN where there is none."""
        return self.steps.settled

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """(n,) how each ends."""
        return self.steps.outcomes

    @property
    def logarithmic(self) -> bool:
        """Whether the doses lie evenly in the logarithm."""
        return is_logarithmic(self.doses)

    @property
    def half(self) -> float | None:
        """The dose that takes half of its target away, where its law has one (IC50)."""
        half = getattr(self.perturbation.law, "half", None)
        return None if half is None else float(from_si(half, self.perturbation.dimension, self.unit))

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        return list(self.notices)

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; the potentials of a single membrane are plain."""
        p, found = self.perturbation, self.steps

        def of(v: Array) -> Any:
            return v[0] if len(v) == 1 else dict(zip(self.membranes, v, strict=True))

        return {
            "perturbation": p.name,
            "alias": p.asked,
            "isoform": p.isoform,
            "beside": [f"{other.name} {other.text(other.used_dose(self.cell)[0])}" for other in self.beside],
            "doses": self.doses,
            "names": [name or None for name in self.names],
            "half": self.half,
            "blocked": self.blocked,
            "v_rest": of(self.v_rest),
            "instant": of(found.instant),
            "settled": of(found.settled),
            "unstable": of(found.unstable),
            "time_constant": found.time_constant,
            "outcomes": [outcome.name for outcome in found.outcomes],
            "thresholds": [
                {"low": t.low.value, "high": t.high.value, "v_low": t.low.v, "v_high": t.high.v}
                for t in self.thresholds
            ],
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict`."""
        along = dict.fromkeys(("doses", "half", "low", "high"), self.unit or "1")
        of_v = dict.fromkeys(("v_rest", "instant", "settled", "unstable", "v_low", "v_high"), "mV")
        return along | of_v | {"blocked": "1", "time_constant": "s"}

    def tables(self) -> tuple[Table, ...]:
        """At each dose the share blocked, V at once and settled and their change from rest (mV), and how it ends."""
        found, several = self.steps, len(self.membranes) > 1
        columns = [Column("dose", self.unit, self.doses.tolist(), rounding=0.0)]
        if any(self.names):
            columns.append(Column("name", "", list(self.names)))
        if self.blocked is not None:
            columns.append(Column("blocked", "%", (100 * self.blocked).tolist(), digits=3, rounding=0.0))
        for k, wall in enumerate(self.membranes):
            of = f" {wall}" if several else ""
            columns += [
                Column(f"V at once{of}", "mV", found.instant[k].tolist(), decimals=2),
                Column(f"V settled{of}", "mV", found.settled[k].tolist(), decimals=2),
                Column(f"change{of}", "mV", (found.settled[k] - self.v_rest[k]).tolist(), decimals=2, signed=True),
            ]
        columns.append(Column("outcome", "", [outcome.words for outcome in found.outcomes]))
        columns.append(Column("time constant", "s", found.time_constant.tolist(), form=partial(duration, digits=2)))
        return (Table(columns),)

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _sources(self) -> Iterable[str]:
        return (p.source for p in (self.perturbation, *self.beside))

    def _brief(self) -> Iterable[str]:
        p = self.perturbation
        besides = "".join(f" + {other.short} {other.text(other.used_dose(self.cell)[0])}" for other in self.beside)
        yield f"{p.short}{besides}, {plain(self.cell.name)}: {counted(len(self.doses), 'dose')}"
        yield from (f"  {each.alias}" for each in (p, *self.beside) if each.alias)
        rested = ", ".join(glued(f"{millivolts(v)} mV") for v in self.v_rest)
        half = "" if self.half is None else f"; IC50 {glued(f'{number(self.half)} {self.unit}')}"
        yield f"  V at rest {rested}{half}"
        yield from (f"  {t.said(self.unit)}" for t in self.thresholds)


def dose_response(
    cell: CellLike,
    name: str | Perturbation,
    doses: str | Sequence[float | str],
    *,
    isoform: str | None = None,
    beside: Iterable[Applied] = (),
    neutral: bool = True,
    progress: Progress | None = None,
) -> DoseResponse:
    """What each of several doses does to a resting cell, at once and settled, and the share of its target it blocks.

    Parameters
    ----------
    cell
        As of `rest`. Each dose is given to its certified resting state.
    name
        A perturbation, or the name of a drug.
    doses
        A list such as `"10 nM, 100 nM, 1 uM"` or `"mild, severe"`, a range such as `"1 nM:1 uM:log"`, or several of
        those. They are put in increasing order, each once.
    isoform
        Which pump isoform the doses meet, where the perturbation knows several.
    beside
        Other perturbations that act at every dose, as of `perturb`.
    neutral
        Whether an ion of the bath is exchanged for a companion that keeps the bath neutral.
    progress
        Called with the share done, 0 to 1, of what does not settle soon.

    Returns
    -------
    DoseResponse
        `doses` (n,) in `unit`; `instant` and `settled` (membranes, n) mV, NaN where there is none; `outcomes`;
        `blocked` (n,) of a drug at one site: dose/(dose + IC50).

    Raises
    ------
    InputError
        Unknown name, nothing to act on (`no_target`), a dose that makes no sense.
    NoRestError
        The cell has no resting state to start from.

    >>> found = dose_response("mammalian_neuron", "ouabain", "10 nM, 100 nM, 1 uM")
    >>> found.blocked.round(3).tolist(), found.instant[0].round(2).tolist(), found.settled[0].round(2).tolist()
    ([0.25, 0.769, 0.971], [-68.82, -66.44, -65.54], [-69.21, -53.23, -8.06])
    """
    cell, what, others = load(cell), find(name), [bound(item) for item in beside]
    named_once([what, *others])
    for p in (what, *others):
        cell = p.prepared(cell)
    asked = what.dosed_each(doses, isoform)
    if not asked:
        raise InputError(
            "There are no doses.", code="bad_dose", hint="Write such as '10 nM, 100 nM' or '1 nM:1 uM:log'."
        )
    with fallbacks() as heard:
        before = rest(cell).raise_if_none()
        start = before.as_cell()
        used = {p.used_dose(cell)[0]: p for p in asked}
        si = np.array(sorted(used))
        each_one = [used[dose] for dose in si.tolist()]
        fitted = [notice for p in (*each_one, *others) for notice in p.used_dose(cell)[1]]
        unit = what.law.unit(float(np.abs(si).max()), what.dimension)
        told = from_si(si, what.dimension, unit)

        def over(bounds: Sequence[Perturbation]) -> dict[str, Array]:
            return _over(start, [[p, *others] for p in bounds], neutral)

        def settle(inner: Array) -> list[Settled]:
            exact = [
                replace(each_one[0], dose=dose, exact=True) for dose in from_door(inner, what.dimension, unit).tolist()
            ]
            return settled(start, over(exact), inner, 0, progress)

        values = over(each_one)
        si_values = {path: from_door(v, resolve(start, path).spec.dimension) for path, v in values.items()}
        found = steps(start, values, progress)
        if found.nothing:
            fitted.append(no_instant(found.nothing, len(si)))
        charged = left_charged(start, si_values, lambda k: f"at {each_one[k].text(si[k])}")
        blocked = [each_one[0].law.blocked(dose) for dose in si.tolist()]
        names = {p.dose: name for p in asked for name, one in what.doses.items() if one.dose == p.dose and not p.exact}
        jumps = thresholds(each(told, found.settled[0], found.outcomes), settle, is_logarithmic(told))
    return DoseResponse(
        cell=start,
        perturbation=each_one[0],
        beside=tuple(others),
        unit=unit,
        doses=told,
        names=tuple(names.get(p.dose, "") for p in each_one),
        blocked=None if None in blocked else np.array(blocked, dtype=np.float64),
        v_rest=np.array(list(by_membrane(before).values())),
        steps=found,
        thresholds=jumps,
        notices=tuple({(n.code, n.message): n for n in (*notices(cell), *charged, *fitted, *slower(heard))}.values()),
    )


def _over(cell: Cell, applied: Sequence[Sequence[Perturbation]], neutral: bool) -> dict[str, Array]:
    """The numbers that perturbations change, by path, for each of several: in door units, (n,)."""
    rows: list[dict[str, Any]] = []
    for together_applied in applied:
        row: dict[str, Any] = {}
        for change in together(c for p in together_applied for c in p.changes(cell, neutral)):
            row |= targets(cell, change, row)
        rows.append(row)
    found = {path: resolve(cell, path) for row in rows for path in row}
    return {
        path: np.array([float(parameter.door(row.get(path, parameter.value))) for row in rows])
        for path, parameter in found.items()
    }
