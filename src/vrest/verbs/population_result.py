"""What `population` returns: every cell with its outcome and numbers, counted and summarised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from vrest.model.cell import Cell
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.model.protocol import Protocol
from vrest.numerics.compiler.fallback import Fallback
from vrest.shown import Drawn
from vrest.tables import Column, Table, number
from vrest.verbs.samples import Samples
from vrest.verbs.slower import slower


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
        codes = self.dataset.outcome
        among = [name in outcomes for name in codes.attrs["flag_meanings"].split()]
        return np.array(among)[codes.values.astype(int) - codes.attrs["flag_values"][0]]

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
        return notices(self.cell) + slower(self.fallbacks)

    def _methods(self) -> tuple[str, ...]:
        return (*self.methods, *(() if self.settled else ("Steinebach2023",)))

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        share = ", ".join(f"{name} {number(100 * count / self.n, 3)} %" for name, count in self.outcomes.items())
        yield f"Population of {self.n:,} cells like '{self.cell.name}', seed {self.samples.seed}: {share}"
        yield from (f"  {v}" for v in self.samples.varied)

    def tables(self) -> tuple[Table, ...]:
        """Cell by cell its numbers (door units), outcome and V (mV); how many ended in what; the spread of V (mV)."""
        codes = self.dataset.outcome
        names = np.array(codes.attrs["flag_meanings"].split())
        heads = {"V" if len(self.v_by_membrane) == 1 else f"V {name}": v for name, v in self.v_by_membrane.items()}
        cells = (
            Column("cell", "", list(range(self.n))),
            *(Column(v.name, v.unit, v.door.tolist(), rounding=0.0) for v in self.samples.varied),
            Column("outcome", "", names[codes.values.astype(int) - codes.attrs["flag_values"][0]].tolist()),
            *(Column(head, "mV", v.tolist(), decimals=2) for head, v in heads.items()),
        )
        fates = (
            Column("outcome", "", list(self.outcomes)),
            Column("cells", "", list(self.outcomes.values())),
            Column("share", "%", [100 * count / self.n for count in self.outcomes.values()], digits=3),
            Column("meaning", "", list(self.reasons.values())),
        )
        found = {head: spread(v) for head, v in heads.items() if np.isfinite(v).any()}
        levels = [
            Column(level, "mV", [s[level] for s in found.values()], decimals=2)
            for level in ("mean", "sd", "min", "q05", "median", "q95", "max")
        ]
        spreads = [Table((Column("", "", list(found)), *levels), "Spread of V")] if found else []
        return Table(cells, "Cells"), Table(fates, "Outcomes"), *spreads


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
