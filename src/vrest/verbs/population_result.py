"""What `population` returns: every cell with its outcome and numbers, counted and summarised."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from vrest.model.cell import Cell
from vrest.model.names import plain
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.model.protocol import Protocol, segments
from vrest.numerics.compiler.fallback import Fallback
from vrest.shown import Drawn
from vrest.tables import Column, Table, counted, joined, millivolts, number
from vrest.units import duration
from vrest.verbs.clusters import clusters
from vrest.verbs.outcome import Outcome
from vrest.verbs.samples import Samples
from vrest.verbs.slower import slower

LEVELS = {"mean": "mean", "sd": "SD", "min": "lowest", "q05": "5th percentile", "median": "median"}
LEVELS |= {"q95": "95th percentile", "max": "highest"}
"""What is told of a spread, in words."""

RANKED = {"v": "with V", "without_rest": "with having no rest", "unfinished": "with not ending"}
"""Heads of rank correlations."""


@dataclass(frozen=True)
class Population(Drawn):
    """Every cell with its parameters, its outcome and its numbers.

    `dataset` is an `xarray.Dataset` over `cell`: the sampled parameters under their names, `outcome` with its flag
    meanings, and what was asked for, in door units.

    >>> from vrest.verbs.population import population
    >>> many = population("mammalian_neuron", {"outside.K": [3.0, 5.0, 8.0]})
    >>> many.n, many.v.round(1).tolist(), many.outcomes, many.cell_at(2).contents("outside")["K"]
    (3, [-74.4, -70.0, -64.0], {'rests': 3}, 8.0)
    """

    drawn_by: ClassVar[str] = "vrest.plot.population:population_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    """The cell that was varied."""
    samples: Samples
    """What each row has in its place."""
    dataset: Any
    computed: int
    """Cells computed by this call; the others were found done."""
    fallbacks: tuple[Fallback, ...] = ()
    """What this call left to XLA."""
    plan: Protocol = field(default=Protocol(), repr=False)
    """The events of its runs."""

    @property
    def n(self) -> int:
        """How many cells there are."""
        return self.samples.n

    @property
    def settled(self) -> bool:
        """Whether these are resting states, not runs."""
        return "v_rest" in self.dataset

    @cached_property
    def outcomes(self) -> dict[str, int]:
        """How many cells ended in what; every cell is counted once."""
        codes = self.dataset.outcome
        names = codes.attrs["flag_meanings"].split()
        found = np.bincount(codes.values.astype(int) - codes.attrs["flag_values"][0], minlength=len(names))
        return {name: int(count) for name, count in zip(names, found, strict=True) if count}

    @property
    def reasons(self) -> dict[str, str]:
        """What each outcome that occurs means."""
        lines = dict(line.split(": ", 1) for line in self.dataset.outcome.attrs["flag_reasons"].splitlines())
        return {name: lines[name] for name in self.outcomes}

    @cached_property
    def well(self) -> np.ndarray:
        """Which cells have a number: those that rest, or whose run reached its end."""
        return self._ended("rests", "rests_run_down", "finished")

    @property
    def lost(self) -> np.ndarray:
        """1 where a cell has no resting state or did not reach its end, 0 where it has; NaN for what is no cell."""
        return np.where(self._ended("impossible"), np.nan, ~self.well)

    def _ended(self, *outcomes: str) -> np.ndarray:
        return np.isin(self.endings, outcomes)

    @cached_property
    def endings(self) -> np.ndarray:
        """(n,) the outcome of each cell, by name."""
        codes = self.dataset.outcome
        names = np.array(codes.attrs["flag_meanings"].split())
        return names[codes.values.astype(int) - codes.attrs["flag_values"][0]]

    @cached_property
    def v(self) -> np.ndarray:
        """V at rest, or at the end of the run, mV: (n,), or (n, membrane); NaN marks a cell without one."""
        values = self.dataset["v_rest" if self.settled else "v_end"].values
        return np.where(self.well.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)

    @property
    def v_by_membrane(self) -> dict[str, np.ndarray]:
        """The same by the name of the membrane."""
        return dict(zip(self.cell.membranes, self.v.reshape(self.n, -1).T, strict=True))

    def cell_at(self, k: int) -> Cell:
        """The cell of row `k` (from 0), to look at more closely: `rest(population.cell_at(k))`."""
        return self.samples.cell(self.cell, k)

    def importance(self, values: Any = None) -> dict[str, float]:
        """Spearman's rank correlation of each sampled parameter with V, or with other `values` (n,) of every cell.

        It sees what is monotone, one parameter at a time; NaN where nothing varies. Cells whose value is NaN are left
        out.
        """
        from scipy.stats import rankdata

        y = np.asarray(self.v if values is None else values, dtype=np.float64)
        y = y[:, 0] if y.ndim > 1 else y
        known = np.isfinite(y)
        ranks = rankdata(y[known])
        found = {}
        for v in self.samples.varied:
            x = rankdata(v.values[known])
            varies = len(x) > 2 and np.ptp(x) > 0 and np.ptp(ranks) > 0
            found[v.name] = float(np.corrcoef(x, ranks)[0, 1]) if varies else float("nan")
        return found

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        return notices(self.cell) + self._bath_notices() + slower(self.fallbacks)

    def _bath_notices(self) -> list[Notice]:
        """Baths that the table or the protocol leaves with a net charge in some cell."""
        values, cell = self.samples.values(self.cell), self.samples.applied(self.cell)
        found = left_charged(self.cell, values, lambda k: f"in cell {k}")
        if not found and self.plan.events:
            end = max(event.time + event.change.over for event in self.plan.events)
            for piece in segments(cell, self.plan, math.nextafter(end, math.inf)):
                at = f"at {duration(piece.start)}"
                found = left_charged(self.cell, values | piece.values, lambda _, at=at: at)
                if found:
                    break
        return found

    def _methods(self) -> tuple[str, ...]:
        return (*self.methods, *(() if self.settled else ("Steinebach2023",)))

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    @cached_property
    def groups(self) -> dict[str, list[np.ndarray]]:
        """By membrane the groups that its V (mV, sorted) falls into, from low to high; one where there is no gap."""
        return {name: clusters(v[np.isfinite(v)]) for name, v in self.v_by_membrane.items() if np.isfinite(v).any()}

    @cached_property
    def summary(self) -> dict[str, Any]:
        """How its cells ended, the spread of V (mV), and what goes along with it; ready for JSON."""
        data = self.dataset
        potentials = {name: spread(v) for name, v in self.v_by_membrane.items()}
        missing = "without_rest" if self.settled else "unfinished"
        ranks = {"v": self.importance()}
        share = spread(self.lost).get("mean")
        if share and share < 1.0:
            ranks[missing] = self.importance(self.lost)
        ranks = {key: {name: r if r == r else None for name, r in each.items()} for key, each in ranks.items()}
        values: dict[str, Any] = {
            "cells": self.n,
            "what": "v_rest" if self.settled else "v_end",
            "varied": [
                {"name": v.name, "path": v.parameter.path, "distribution": v.text, "unit": v.unit, **spread(v.door)}
                for v in self.samples.varied
            ],
            "outcomes": [
                {"outcome": name, "count": count, "share": count / self.n, "reason": self.reasons[name]}
                for name, count in self.outcomes.items()
            ],
            "v": next(iter(potentials.values())) if len(potentials) == 1 else potentials,
            "v_by_outcome": {
                name: {wall: spread(v[self.endings == name]) for wall, v in self.v_by_membrane.items()}
                for name in self._resting
            },
            "groups": {wall: [spread(group) for group in found] for wall, found in self.groups.items()},
            missing: share,
            "rank_correlation": ranks,
            "computed": self.computed,
        }
        ended = self.well
        if not self.settled:
            values["recovered"] = float((data.recovered.values[ended] == 1).mean()) if ended.any() else None
        if "time_above" in data:
            above, first = (
                data[name].values.reshape(self.n, -1)[:, 0] for name in ("time_above", "time_to_depolarisation")
            )
            values["depolarised"] = float((above[ended] > 0).mean()) if ended.any() else None
            values["time_above"], values["time_to_depolarisation"] = spread(above), spread(first)
        return values

    def _brief(self) -> Iterable[str]:
        counts = self.outcomes.items()
        share = ", ".join(f"{plain(name)} {number(100 * count / self.n, 3)} %" for name, count in counts)
        drawn = f"{self.samples.design}, seed {self.samples.seed}"
        what = "resting state" if self.settled else "run"
        yield f"Population of {counted(self.n, what)} of '{self.cell.name}', {drawn}: {share}"
        yield from (f"  {v}" for v in self.samples.varied)

    def tables(self) -> tuple[Table, ...]:
        """Cell by cell its numbers (door units), outcome, V (mV); how many ended in what; V's spread (mV) and ranks."""
        cells = (
            Column("cell", "", list(range(self.n))),
            *(Column(v.name, v.unit, v.door.tolist(), rounding=0.0) for v in self.samples.varied),
            Column("outcome", "", self.endings.tolist()),
            *(Column(head, "mV", v.tolist(), decimals=2) for head, v in self._heads.items()),
        )
        return Table(cells, "Cells"), *self._printed()

    @property
    def _heads(self) -> dict[str, np.ndarray]:
        """V by what stands above it."""
        alone = len(self.v_by_membrane) == 1
        return {"V" if alone else f"V {name}": v for name, v in self.v_by_membrane.items()}

    def _printed(self) -> tuple[Table, ...]:
        fates = (
            Column("outcome", "", [plain(name) for name in self.outcomes]),
            Column("cells", "", list(self.outcomes.values())),
            Column("share", "%", [100 * count / self.n for count in self.outcomes.values()], digits=3),
            Column("meaning", "", list(self.reasons.values())),
        )
        found = {head: spread(v) for head, v in self._parts() if np.isfinite(v).any()}
        levels = [Column(w, "mV", [s[level] for s in found.values()], decimals=2) for level, w in LEVELS.items()]
        when = "at rest" if self.settled else "at the end"
        spreads = [Table((Column(when, "", list(found)), *levels), "Spread of V"), self._ranks()] if found else []
        return Table(fates, "Outcomes"), *spreads

    @property
    def _resting(self) -> list[str]:
        """The outcomes that have a V at rest."""
        resting = [outcome.name for outcome in Outcome if outcome.is_rest]
        return [name for name in self.outcomes if name in resting]

    def _parts(self) -> Iterable[tuple[str, np.ndarray]]:
        """V (mV) of all cells by its head, and where some rest in one way and some in another of each of these."""
        for head, v in self._heads.items():
            yield head, v
            if len(self._resting) > 1:
                for name in self._resting:
                    yield f"{head}, {plain(name)}", v[self.endings == name]

    def _ranks(self) -> Table:
        """What goes along with V, the strongest first."""
        ranks = self.summary["rank_correlation"]
        names = sorted(ranks["v"], key=lambda name: -abs(ranks["v"][name] or 0.0))
        columns = [Column(RANKED[key], "", [r[name] for name in names], digits=3) for key, r in ranks.items()]
        return Table((Column("parameter", "", names), *columns), "What goes along with it: Spearman's rank correlation")

    def _said(self) -> Iterable[str]:
        told = self.summary
        missing = told["without_rest" if self.settled else "unfinished"]
        if missing is not None:
            what = "without a resting state" if self.settled else "did not reach the end"
            yield f"{what}: {number(100 * missing)} %"
        for wall, groups in self.groups.items():
            if len(groups) > 1:
                of = f" of {plain(wall)}" if len(self.v_by_membrane) > 1 else ""
                each = [
                    f"{counted(len(g), 'cell')} around {millivolts(float(np.median(g)))} mV (median)" for g in groups
                ]
                yield f"V{of} falls into {len(groups)} groups, with nothing or little between them: {joined(each)}"
        if told.get("depolarised") is not None:
            after = told["time_to_depolarisation"]
            when = f", after {duration(after['median'])} (median)" if after else ""
            yield f"depolarised at some time: {number(100 * told['depolarised'])} %{when}"
        if told.get("recovered") is not None:
            yield f"back within 1 mV of where they began: {number(100 * told['recovered'])} %"


def spread(values: np.ndarray) -> dict[str, float]:
    """How many numbers there are (NaN is none), their mean, standard deviation, range and quantiles.

    >>> spread(np.array([1.0, 2.0, 3.0, np.nan]))["median"]
    2.0
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return {}
    names, levels = ("q05", "q25", "median", "q75", "q95"), (0.05, 0.25, 0.5, 0.75, 0.95)
    found = {"count": known.size, "mean": known.mean(), "sd": known.std(ddof=1) if known.size > 1 else np.nan}
    found |= {"min": known.min(), **dict(zip(names, np.quantile(known, levels), strict=True)), "max": known.max()}
    return {name: value.item() if hasattr(value, "item") else value for name, value in found.items()}
