"""Sobol indices of a cell: a population by Saltelli's design, and what each of its cells came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import NoRestError
from vrest.model.cell import Cell
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.study.sensitivity.factors import Factor
from vrest.study.sensitivity.observed import Quantity, pumps
from vrest.study.sensitivity.sobol import Indices, design, estimate
from vrest.system.assemble import System, assemble
from vrest.system.structure import parameter_vector
from vrest.units import DAY, from_door
from vrest.verbs.distribution import distribution
from vrest.verbs.population import population
from vrest.verbs.population_result import Population
from vrest.verbs.progress import CellsDone

HOLES = 0.01
"""Share of base samples that may be left out because a cell of theirs has no value."""

LONGEST = 30 * DAY
"""s: who has not collapsed by then does not."""


@dataclass(frozen=True)
class Sobol:
    """Indices of each quantity over the distributions of all factors, and how the cells ended."""

    n: int
    seed: int
    cells: int
    outcomes: Mapping[str, int]
    """How many cells ended in what."""
    indices: Mapping[str, Indices]
    """By the name of the quantity."""
    charged: tuple[Notice, ...] = ()
    """Baths that the draws leave with a net charge, where that is largest."""

    @property
    def warnings(self) -> list[Notice]:
        """Cells that were left out, and states of two kinds."""
        found = []
        told = ", ".join(f"{name} {count:,}" for name, count in self.outcomes.items())
        if left := self.n - min(index.used for index in self.indices.values()):
            said = f"{left:,} of {self.n:,} base samples were left out: a cell of theirs has no value ({told})"
            found.append(Notice("left_out", said))
        resting, idle = (self.outcomes.get(name, 0) for name in ("rests", "rests_run_down"))
        if resting and idle:
            said = f"{idle:,} of {self.cells:,} cells are run down: indices also tell what divides them from the others"
            found.append(Notice("run_down", said))
        return found


def spread(
    cell: Cell,
    found: tuple[Factor, ...],
    wanted: Iterable[Quantity],
    n: int,
    *,
    seed: int = 0,
    threshold: float = -30.0,
    progress: CellsDone | None = None,
) -> Sobol:
    """Sobol indices of what can be read off the rests of n (2 d + 2) cells.

    A variance has no meaning where some cells have no value. Up to 1 % of the base samples are left out for that;
    beyond, it is refused, with the factors that decide whether a cell rests.
    """
    wanted = tuple(wanted)
    u = design(len(found), n, seed)
    columns = {_key(f): _draws(cell, f, column) for f, column in zip(found, u.T, strict=True)}
    many = population(cell, columns, seed=seed, progress=progress)
    indices: dict[str, Indices] = {}
    for quantity in wanted:
        values = _values(many, quantity, columns, threshold, progress)
        indices[quantity.name] = estimate(values, len(found), seed)
        if indices[quantity.name].used < (1 - HOLES) * n:
            raise _refusal(many, quantity, values, found, n, seed)
    charged = left_charged(cell, many.samples.values(cell), lambda k: f"in cell {k}")
    return Sobol(n, seed, many.n, many.outcomes, indices, tuple(charged))


def _key(factor: Factor) -> str:
    change = factor.change
    return f"{factor.path} {change.how} {change.companion}" if change.companion else factor.path


def _draws(cell: Cell, factor: Factor, u: np.ndarray) -> np.ndarray:
    """Its draws, door units."""
    own: Any = cell.solved().get(factor.path, factor.parameter.value)
    drawn = distribution(factor.law, factor.parameter, own).quantile(u)
    return factor.parameter.door(drawn)


def _values(
    many: Population, quantity: Quantity, columns: Mapping[str, Any], threshold: float, progress: CellsDone | None
) -> np.ndarray:
    """What each cell came to, (cells,), door units; NaN where it has none."""
    if quantity.read is not None:
        with np.errstate(all="ignore"):
            values = np.broadcast_to(quantity.read(*_states(many)), many.n)
    elif not quantity.place:
        values = many.dataset.slowest_time_constant.values
    else:
        events = [(0.0, f"{path}*=0") for path in pumps(assemble(many.cell, only_active=True))]
        ran = population(
            many.cell, columns, events=events, until=LONGEST, from_rest=True, threshold=threshold, progress=progress
        )
        times = ran.dataset.time_to_depolarisation.values.reshape(many.n, -1)
        values = times[:, list(many.cell.membranes).index(quantity.place)]
        values = np.where(values > 0.0, values, np.nan)
    return np.where(many.well, values, np.nan)


def _states(many: Population) -> tuple[System, np.ndarray, np.ndarray]:
    """Resting states (cells, states) and parameters (cells, numbers), SI; NaN for gates, which nothing reads here."""
    system = assemble(many.cell)
    p = np.broadcast_to(parameter_vector(many.samples.applied(many.cell)), (many.n, len(system.names)))
    data, columns = many.dataset, {}
    for kind, name in system.states:
        if kind == "volume":
            size = from_door(data.volume.sel(compartment=name).values, "volume")
            columns[kind, name] = size / system.get(p, f"compartments.{name}.volume")
    for kind, name in system.states:
        space, _, ion = name.partition(".")
        if kind == "amount":
            content = data.concentration.sel(compartment=space, ion=ion).values
            columns[kind, name] = content * columns.get(("volume", space), 1.0)
        elif kind == "charge":
            wall = system.structure.wall(name)
            v = from_door(many.v_by_membrane[name], "potential")
            columns[kind, name] = v * columns.get(("volume", wall.inside), 1.0) ** wall.exponent
    blank = np.full(many.n, np.nan)
    return system, np.column_stack([columns.get(state, blank) for state in system.states]), p


def _refusal(
    many: Population, quantity: Quantity, values: np.ndarray, found: tuple[Factor, ...], n: int, seed: int
) -> NoRestError:
    """Why there are no indices: what the cells ended in, and which factors decide that."""
    missing = ~np.isfinite(values)
    blocks = int(missing.reshape(n, -1).any(axis=1).sum())
    ended = ", ".join(f"{name} {count:,}" for name, count in many.outcomes.items())
    lacking = "never collapse, or do not rest" if quantity.place else "have no resting state"
    if not quantity.place and (many.well & missing).any():
        lacking = "have none, without an ion," if many.well.all() else f"{lacking}, or none of it"
    told = (
        f"{int(missing.sum()):,} of {many.n:,} cells {lacking} ({ended}), which spoils {blocks:,} of {n:,} base samples"
    )
    decides = estimate(missing.astype(float), len(found), seed).total
    if np.isfinite(decides).all():
        first = ", ".join(f"{found[k].name} {decides[k]:.2f}" for k in np.argsort(-decides)[:3])
        told += f". What decides it, by total Sobol index: {first}"
    return NoRestError(
        f"The variance of {quantity.text} cannot be shared out: {told}.",
        code="without_rest",
        hint="Narrow these distributions, or ask 'vrest population' what becomes of such cells.",
    )
