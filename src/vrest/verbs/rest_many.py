"""`rest_many`: resting states of one cell at many parameter values, solved together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cellfile import CellLike, load
from vrest.model.change import apply
from vrest.numerics.compiler.fallback import fallbacks
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.units import from_si
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import Rest, result
from vrest.verbs.search import searched
from vrest.verbs.verdict import verdict


@dataclass(frozen=True)
class RestMany:
    """Resting states in the order of the values; none is dropped, each has its own outcome."""

    over: Mapping[str, np.ndarray]
    rests: tuple[Rest, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcome of each."""
        return [r.outcome for r in self.rests]

    @property
    def v_rest(self) -> np.ndarray:
        """Resting potentials, mV, (n,) or (n, membranes); NaN marks a cell without one (see `outcomes`)."""
        walls = self.rests[0].system.structure.walls
        rows = [
            [
                from_si(float(r.system.potential(r.state, w)), "potential") if r.outcome.is_rest else np.nan
                for w in walls
            ]
            for r in self.rests
        ]
        return np.array(rows)[:, 0] if len(walls) == 1 else np.array(rows)

    def __repr__(self) -> str:
        counts = {o.name: self.outcomes.count(o) for o in dict.fromkeys(self.outcomes)}
        return f"{len(self.rests)} resting states over {', '.join(self.over)}: {counts}"


def rest_many(cell: CellLike, over: Mapping[str, Any]) -> RestMany:
    """Resting states at many values of some parameters, in one batched search.

    Parameters
    ----------
    cell
        The cell that is varied, as of `rest`.
    over
        For each path, a sequence of values in door units; all of one length n. Each search starts from the
        contents that the varied cell describes. A transport that a value switches off leaves a total that
        nothing determines: that cell's outcome is `neutral` (use `rest` for it).

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
    columns = {path: np.atleast_1d(np.asarray(values)) for path, values in over.items()}
    lengths = sorted({c.shape for c in columns.values()})
    if len(lengths) != 1 or len(lengths[0]) != 1 or lengths[0] == (0,):
        raise InputError(
            f"over has columns of shapes {lengths or 'none'}.",
            code="bad_shape",
            hint="Give every path one row of values, all of the same length.",
        )
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    cells = [apply(cell, {path: v.item() for path, v in row.items()}) for row in rows]
    system = assemble(cell)
    ps = np.stack([parameter_vector(c) for c in cells])
    x0 = np.stack([system.start(c) for c in cells])
    with fallbacks() as heard:
        search = searched(system, ps, x0)
        found = [verdict(system, p, x, search, k) for k, (p, x) in enumerate(zip(ps, x0, strict=True))]
    each = zip(cells, ps, x0, found, strict=True)
    return RestMany(columns, tuple(result(c, system, p, x, certificate, heard) for c, p, x, certificate in each))
