"""`rest_many`: resting states of one cell at many parameter values, solved together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, overload

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.notice import Notice
from vrest.numerics.compiler.fallback import Fallback, fallbacks
from vrest.shown import Drawn
from vrest.tables import Column, Table
from vrest.verbs.outcome import Outcome
from vrest.verbs.prepared import Prepared, prepare
from vrest.verbs.prepared_answers import Rests, potential_columns
from vrest.verbs.progress import Progress
from vrest.verbs.rest import Rest, rest
from vrest.verbs.rest_batch import IMPOSSIBLE
from vrest.verbs.samples import plain
from vrest.verbs.slower import slower


@dataclass(frozen=True, eq=False)
class RestMany(Drawn):
    """Resting states in the order of the values; none is dropped, each has its own outcome."""

    drawn_by: ClassVar[str] = "vrest.plot.answers:rest_many_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    over: Mapping[str, np.ndarray]
    ready: Prepared
    """The cell, and the numbers that vary."""
    found: Rests
    """The same, lanes side by side."""
    fallbacks: tuple[Fallback, ...] = ()
    """What was left to XLA."""

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each."""
        known = list(Outcome)
        return [known[code] for code in self.found.outcome]

    @property
    def v_rest(self) -> np.ndarray:
        """Resting potentials, mV, (n,) or (n, membranes); NaN marks a cell without one (see `outcomes`)."""
        return self.found.v.T

    @property
    def rests(self) -> Sequence[Rest]:
        """Each as from `rest`, which is asked when one is looked at."""
        return _Each(self)

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        return [*self.found.warnings, *slower(self.fallbacks)]

    def _cells(self) -> Iterable[Cell]:
        return (self.ready.cell,)

    def _brief(self) -> Iterable[str]:
        counts = ", ".join(f"{self.outcomes.count(o):,} {o.name}" for o in dict.fromkeys(self.outcomes))
        yield f"{len(self.outcomes):,} resting states of '{self.ready.cell.name}': {counts}"
        yield f"  over {', '.join(self.over)}"

    def tables(self) -> tuple[Table, ...]:
        """A row for each: the values in door units, the outcome, V (mV)."""
        of = self.ready.of
        varied = zip(self.over, of.units, self.ready.si(self.over), of.parameters, strict=True)
        columns = (
            *(Column(name, unit, p.door(row).tolist(), rounding=0.0) for name, unit, row, p in varied),
            Column("outcome", "", self.found.names()),
            *potential_columns(self.found.system, self.found.v),
        )
        return (Table(columns, "Resting states"),)


@dataclass(frozen=True, eq=False)
class _Each(Sequence[Rest]):
    many: RestMany

    def __len__(self) -> int:
        return len(self.many.outcomes)

    @overload
    def __getitem__(self, k: int) -> Rest: ...
    @overload
    def __getitem__(self, k: slice) -> Sequence[Rest]: ...
    def __getitem__(self, k: int | slice) -> Rest | Sequence[Rest]:
        if isinstance(k, slice):
            return [self[j] for j in range(*k.indices(len(self)))]
        of, row = self.many.ready.of, [column[k].item() for column in self.many.over.values()]
        return rest(of.cell, [one.change(value) for one, value in zip(of.each, row, strict=True)])

    def __iter__(self) -> Iterator[Rest]:
        return (self[k] for k in range(len(self)))


def rest_many(cell: CellLike, over: Mapping[str, Any], *, progress: Progress | None = None) -> RestMany:
    """Resting states at many values of some parameters, in one batched search.

    Parameters
    ----------
    cell
        The cell that is varied, as of `rest`.
    over
        For each path, a sequence of values in door units; all of one length n. A path may end in `swap ION` or
        `with ION`, which keeps its bath neutral. Each search starts from the contents that the varied cell describes.
    progress
        Called as by `rest`: the share done, 0 to 1, of what does not settle soon; returning False stops that.

    Returns
    -------
    RestMany
        `v_rest` (n,) or (n, membranes), mV, NaN where there is none; `outcomes`; `rests`, each as from `rest`.

    Raises
    ------
    InputError
        Columns of different lengths (`bad_shape`), a path that names nothing, a value that its field refuses.

    >>> many = rest_many("mammalian_neuron", {"outside.K": [3.0, 5.0, 8.0]})
    >>> [round(float(v), 1) for v in many.v_rest]
    [-74.4, -70.0, -64.0]
    """
    cell = load(cell)
    columns = {path: np.atleast_1d(np.asarray(plain(values))) for path, values in over.items()}
    lengths = sorted({c.shape for c in columns.values()})
    if len(lengths) != 1 or len(lengths[0]) != 1 or lengths[0] == (0,):
        raise InputError(
            f"over has columns of shapes {lengths or 'none'}.",
            code="bad_shape",
            hint="Give every path one row of values, all of the same length.",
        )
    ready = prepare(cell, list(columns))
    with fallbacks() as heard:
        found = ready.rest(columns, progress=progress)
    many = RestMany(columns, ready, found, tuple(heard))
    for k in np.flatnonzero(many.found.outcome == IMPOSSIBLE):
        many.rests[int(k)]  # says what is impossible
    return many
