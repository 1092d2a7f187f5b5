"""`parameter_map`: what becomes of a cell over two of its numbers, or over dose and duration of a perturbation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.names import plain
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.numerics.compiler.fallback import Fallback, fallbacks
from vrest.shown import Drawn
from vrest.study.parameter_map.axis import Axis, alone, axis_of, refuse
from vrest.study.parameter_map.points import rests, runs
from vrest.study.perturb.library import find
from vrest.study.perturb.perturb import time_of
from vrest.study.perturb.perturbation import Perturbation
from vrest.tables import Column, Table, counted
from vrest.units import duration as in_words
from vrest.verbs.population_layout import ENDINGS, RESTS
from vrest.verbs.progress import Progress
from vrest.verbs.slower import slower

AFTER = "1 h"
"""How long after the wash V is looked at."""

ENDED = dict((*RESTS, *ENDINGS)) | {
    "back": "V is back within 1 mV, concentrations and volumes within 4 %, of where they began.",
    "elsewhere": "V, a concentration or a volume is not back where it began.",
}
"""What becomes of a cell, in a sentence."""


@dataclass(frozen=True)
class ParameterMap(Drawn):
    """What becomes of a cell at every point of two axes. `parameter_map` makes it.

    Arrays are (y, x).

    >>> parameter_map("mammalian_neuron", ("outside.K", [3.0, 8.0]), ("pump.max_rate", ["0.5x", "1x"])).shares
    {'rests': 1.0}
    """

    drawn_by: ClassVar[str] = "vrest.plot.parameter_map:map_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    """What was varied."""
    x: Axis
    """What varies across, and"""
    y: Axis
    """what varies upwards."""
    endings: np.ndarray
    """What it ends in, by name: an outcome of `rest`; with a perturbation `back`, `elsewhere` or why it did not end."""
    v: np.ndarray
    """mV: V at rest, or at the end of the run; NaN where there is none. (y, x), or (y, x, membrane)."""
    perturbation: Perturbation | None = None
    """What each run goes through; None, of resting states."""
    after: float = 0.0
    """Of runs, s from the wash to the end of each run."""
    fallbacks: tuple[Fallback, ...] = ()
    """What was left to XLA."""

    @cached_property
    def shares(self) -> dict[str, float]:
        """The share of the points for each ending that occurs, the most frequent first."""
        names, counts = np.unique(self.endings, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {str(names[k]): float(counts[k]) / self.endings.size for k in order}

    @property
    def v_by_membrane(self) -> dict[str, np.ndarray]:
        """V (mV), (y, x), by the name of the membrane."""
        return dict(zip(self.cell.membranes, np.moveaxis(self.v.reshape(*self.endings.shape, -1), -1, 0), strict=True))

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        charged = left_charged(self.cell, alone(self.cell, self.x, self.y))
        return [*notices(self.cell), *charged, *slower(self.fallbacks)]

    def _methods(self) -> tuple[str, ...]:
        return self.methods if self.perturbation is None else ("Steinebach2023", "Bradbury2018")

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _sources(self) -> Iterable[str]:
        return () if self.perturbation is None else (self.perturbation.source,)

    def _brief(self) -> Iterable[str]:
        ny, nx = self.endings.shape
        points = counted(nx * ny, "point")
        if self.perturbation:
            yield f"{self.perturbation.short}, {plain(self.cell.name)}: map of {points}"
        else:
            yield f"Map of '{self.cell.name}' at {points}"
        yield from (f"  {name}: {axis.name}, {axis.span}" for name, axis in (("x", self.x), ("y", self.y)))

    def tables(self) -> tuple[Table, ...]:
        """Point by point x and y (door units), what it ended in, V (mV); then how many points ended in what."""
        ny, nx = self.endings.shape
        alone = self.v.ndim == 2
        points = (
            Column(self.x.head, self.x.unit, np.tile(self.x.values, ny).tolist(), rounding=0.0),
            Column(self.y.head, self.y.unit, np.repeat(self.y.values, nx).tolist(), rounding=0.0),
            Column("outcome", "", self.endings.ravel().tolist()),
            *(
                Column("V" if alone else f"V {name}", "mV", v.ravel().tolist(), decimals=2)
                for name, v in self.v_by_membrane.items()
            ),
        )
        return Table(points, "Points"), *self._printed()

    def _printed(self) -> tuple[Table, ...]:
        found = self.shares
        low, high = zip(*(self._range(name) for name in found), strict=True)
        columns = (
            Column("outcome", "", [name.replace("_", " ") for name in found]),
            Column("share", "%", [100 * share for share in found.values()], digits=3),
            Column("lowest V", "mV", list(low), decimals=2),
            Column("highest V", "mV", list(high), decimals=2),
            Column("meaning", "", [ENDED[name] for name in found]),
        )
        return (Table(columns, "What becomes of it"),)

    def _range(self, ending: str) -> tuple[float, float]:
        """Of V of the first membrane where it ends so, mV; NaN where there is none."""
        v = next(iter(self.v_by_membrane.values()))[self.endings == ending]
        v = v[np.isfinite(v)]
        return (float(v.min()), float(v.max())) if v.size else (np.nan, np.nan)

    def _said(self) -> Iterable[str]:
        if self.perturbation is not None:
            yield f"V is that {in_words(self.after)} after the wash; every run begins at rest."


def parameter_map(
    cell: CellLike,
    x: tuple[str, Any],
    y: tuple[str, Any],
    perturbation: str | Perturbation | None = None,
    *,
    after: float | str = AFTER,
    progress: Progress | None = None,
) -> ParameterMap:
    """What becomes of a cell at every point of two axes: where it rests, or whether it recovers from a perturbation.

    Parameters
    ----------
    cell
        As of `rest`.
    x, y
        Pairs of a name and its values. A name is a path of the cell, which may end in "swap Na" or "with Cl"; with a
        perturbation also `dose` or `duration`. Values are numbers in door units, texts such as `"2 mM"` or, of a
        path, `"0.5x"` of the cell's own value, or one text with a range, such as `"2:20:log"` (see `vrest.ranges`).
    perturbation
        Its name. Each run begins at the rest of its point; the perturbation is washed out after its duration.
    after
        How long after the wash V is looked at, s or text.
    progress
        Called with the share that is done; returning False stops.

    Returns
    -------
    ParameterMap
        `endings` and `v` (mV), (y, x).

    Raises
    ------
    InputError
        What `prepare` refuses of paths, `perturb` of perturbations and doses; one number on both axes
        (`varies_twice`), `dose` or `duration` without a perturbation (`no_perturbation`).

    >>> found = parameter_map("mammalian_neuron", ("outside.K swap Na", [3.0, 8.0]), ("pump.max_rate", ["0x", "1x"]))
    >>> found.endings.tolist()
    [['rests_run_down', 'rests_run_down'], ['rests', 'rests']]
    >>> lasts, lost = ("duration", ["1 min", "1 h"]), ("dose", ["100 %"])
    >>> parameter_map("mammalian_neuron", lasts, lost, "anoxia", after="10 min").endings.tolist()
    [['back', 'elsewhere']]
    """
    cell = load(cell)
    what = None if perturbation is None else find(perturbation)
    cell = cell if what is None else what.prepared(cell)
    across, up = axis_of(cell, *x, what), axis_of(cell, *y, what)
    refuse(across, up)
    wait = 0.0 if what is None else time_of(after, "after")
    with fallbacks() as heard:
        if what is None:
            endings, v = rests(cell, across, up, progress)
        else:
            endings, v = runs(cell, across, up, what, wait, progress)
    shape = len(up.values), len(across.values)
    v = v.reshape(*shape, *v.shape[1:])
    return ParameterMap(cell, across, up, endings.reshape(shape), v, what, wait, tuple(heard))
