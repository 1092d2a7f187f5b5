"""What strengths make given contents stationary: N r = 0 is linear in them, because each rate is one times the rest.

With contents and potential fixed, column j of a small matrix is what transport j adds per second to every amount and
to the membrane's charge at its present strength. Strengths s > 0 with A s = 0 make the state stationary. Either
such s exist or, by Stiemke's lemma, a weighted sum of the balances exists in which every transport counts the same
way: one non-negative least-squares problem finds whichever of the two is true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vrest.constants import F, R
from vrest.model.cell import Cell
from vrest.model.channels import GatedChannel
from vrest.model.quantity import quantity_fields
from vrest.model.transport import ATP, Transport
from vrest.system.assemble import System, assemble
from vrest.system.structure import Wall, parameter_vector
from vrest.system.undefined import refuse_undefined
from vrest.verbs.instant import currents_at

Array = NDArray[np.float64]

PASSIVE = 1e-10
"""Of RT/F: with less driving force than this (2.6e-9 mV) a channel carries nothing."""

BALANCED = 1e-11
"""Relative: what rounding leaves of a balance."""


@dataclass(frozen=True)
class Columns:
    """The stationarity conditions of one state. Positive entries are gains of the compartment."""

    rows: tuple[tuple[str, str], ...]
    """(kind, name) of each balance: an amount or a membrane's charge."""
    gains: Mapping[str, Array]
    """mol/s per balance, by transport; what is not to be changed (gated channels, exchanges) under ''."""
    slopes: Mapping[str, float]
    """Slope conductance at steady gates, S."""
    order: tuple[str, ...]
    """Free transports, those first that are kept first."""
    volume_rate: float
    """Largest relative change of a volume, 1/s: strengths cannot stop water."""


def free_strength(t: Transport) -> bool:
    """Whether a design may choose the strength: leaks, cotransporters and pumps that are on.

    Gated channels, water, stimuli (whose strength has two signs) and published charge that no membrane feels stay.
    """
    if t.strength is None or t.is_off or isinstance(t, GatedChannel) or not t.moved_ions or t.counter_charge:
        return False
    return dict(quantity_fields(t))[t.strength].minimum == 0.0


def columns(cell: Cell, wall: Wall) -> Columns:
    """The balances of the state that the cell describes, one column for each free transport of a membrane.

    Raises
    ------
    InputError
        `undefined_rate`: a law that takes the logarithm of a concentration of which there is none.
    """
    system = assemble(cell)
    p = parameter_vector(cell)
    x = system.start(cell)
    thermal = R * float(system.get(p, "temperature")) / F
    rows = [k for k, (kind, _) in enumerate(system.states) if kind in ("amount", "charge")]
    place = {k: row for row, k in enumerate(rows)}
    transports = cell.membranes[wall.name].transports
    free = [label for label, t in transports.items() if free_strength(t)]
    gains = {label: np.zeros(len(rows)) for label in ["", *free]}
    slopes = dict.fromkeys(gains, 0.0)
    exchanged = np.zeros(len(rows))
    refuse_undefined(system, x, p)
    rates, _ = system.turnovers(x, p)
    for column, rate in zip(system.columns, rates, strict=True):
        mover = system.structure.movers[column.mover]
        label = mover.label if mover.place == wall.name and mover.label in gains else ""
        gain = gains[label] if mover.place else exchanged
        for state, count in column.adds.items():
            if state in place:
                gain[place[state]] += count * float(rate)
    # diffusion that is at rest is zero to rounding beside what crosses the membrane
    gross = np.sum([np.abs(gain) for gain in gains.values()], axis=0)
    gains[""] += np.where(np.abs(exchanged) > BALANCED * gross, exchanged, 0.0)
    for label, slope in _slopes(system, x, p, wall).items():
        slopes[label if label in gains else ""] += slope
        still = label in gains and np.abs(gains[label]).max() * F < PASSIVE * thermal * abs(slope)
        if still and transports[label].is_channel:
            gains[label][:] = 0.0
    moving = system.derivative(x, p)
    volume = max((abs(float(moving[k])) for k, (kind, _) in enumerate(system.states) if kind == "volume"), default=0.0)
    named = tuple(system.states[k] for k in rows)
    return Columns(named, gains, slopes, _kept_first(transports, free, slopes), volume)


def _slopes(system: System, x: Array, p: Array, wall: Wall) -> dict[str, float]:
    """dI/dV of each transport with contents frozen and gates following, S: five-point differences."""
    h = 2e-4
    weights = np.array([1.0, -8.0, 8.0, -1.0]) / (12 * h)
    around = float(system.potential(x, wall)) + h * np.array([-2.0, -1.0, 1.0, 2.0])
    return {label: float(weights @ flow) for label, flow in currents_at(system, x, p, wall, around).items()}


def input_conductance(cell: Cell, wall: Wall) -> float:
    """Slope conductance of a membrane in the state the cell describes, gates following, S."""
    system = assemble(cell)
    p = parameter_vector(cell)
    x = system.start(cell)
    return sum(_slopes(system, x, p, wall).values())


def _kept_first(
    transports: Mapping[str, Transport], free: Sequence[str], slopes: Mapping[str, float]
) -> tuple[str, ...]:
    """Leaks by conductance, then cotransporters, then leaks of what a pump carries out, then pumps."""
    pumped = {
        ion
        for t in transports.values()
        if t.stoichiometry().get(ATP) and not t.is_off
        for ion, count in t.moved_ions.items()
        if count > 0
    }

    def rank(label: str) -> tuple[int, float]:
        t = transports[label]
        if t.stoichiometry().get(ATP):
            return 3, 0.0
        if not t.is_channel:
            return 1, 0.0
        return (2 if set(t.moved_ions) & pumped else 0), -abs(slopes[label])

    return tuple(sorted(free, key=rank))


@dataclass
class Problem:
    """Unknown factors s > 0 of some columns with A s = 0. Merging two columns ties their factors.

    `columns[k]` lists (name, weight): the factor of each named column is weight x s[k].
    """

    gains: Mapping[str, Array]
    columns: list[dict[str, float]] = field(default_factory=list)

    def matrix(self, columns: Sequence[Mapping[str, float]] | None = None) -> Array:
        """The columns, each at unit size where it is not zero."""
        chosen = self.columns if columns is None else columns
        return np.stack([self._sum(c) / self.size(c) for c in chosen], axis=1)

    def size(self, column: Mapping[str, float]) -> float:
        """The largest entry of a column; 1 where it is zero."""
        return float(np.abs(self._sum(column)).max()) or 1.0

    def _sum(self, column: Mapping[str, float]) -> Array:
        total = sum(weight * self.gains[name] for name, weight in column.items())
        size = max(abs(weight) * np.abs(self.gains[name]).max() for name, weight in column.items())
        return np.where(np.abs(total) < BALANCED * size, 0.0, total)

    def holds(self, name: str) -> dict[str, float]:
        """The column that a name is part of."""
        return next(c for c in self.columns if name in c)

    def tied(self, first: str, second: str, ratio: float = 1.0) -> list[dict[str, float]]:
        """The columns when the factor of `second` is `ratio` times that of `first`."""
        a, b = self.holds(first), self.holds(second)
        scale = ratio * a[first] / b[second]
        one = a | {name: weight * scale for name, weight in b.items()}
        return [one if c is a else c for c in self.columns if c is not b]

    def conflict(self, columns: Sequence[Mapping[str, float]] | None = None) -> Array | None:
        """None if positive factors exist; else weights y of the balances with y A >= 0, not all 0."""
        from scipy.optimize import nnls

        table = self.matrix(columns)
        above, _ = nnls(table, -table.sum(axis=1))
        factors = 1.0 + above
        left = table @ factors
        return None if np.linalg.norm(left) <= BALANCED * np.linalg.norm(factors) else left

    @property
    def freedom(self) -> int:
        """How many factors the balances leave open."""
        table = self.matrix()
        sizes = np.linalg.svd(table, compute_uv=False)
        return table.shape[1] - int(np.sum(sizes > 1e-10 * max(sizes.max(initial=0.0), 1e-300)))

    def factors(self) -> dict[str, float]:
        """The factors, up to one common factor; every one is positive."""
        from scipy.optimize import nnls

        table = self.matrix()
        if self.freedom == 1:
            s = np.linalg.svd(table)[2][-1]
            s = s * np.sign(s[np.argmax(np.abs(s))])
        else:  # several answers are as good as each other
            s = 1.0 + nnls(table, -table.sum(axis=1))[0]
        return {
            name: weight * float(f) / self.size(column)
            for column, f in zip(self.columns, s, strict=True)
            for name, weight in column.items()
        }


def keep(problem: Problem, own: Sequence[str], added: Sequence[str], base: str | None) -> str:
    """Tie one transport after another to its own relative strength while the balances allow it.

    `own` have a strength of their own, the first is kept first; `added` have none. Returns the name that sets the
    scale: `base`, or the first.
    """
    names = [*own, *added]
    scale = base if base is not None else names[0]
    for name in own:
        if problem.freedom <= 1:
            return scale
        if name in problem.holds(scale):
            continue
        trial = problem.tied(scale, name)
        if problem.conflict(trial) is None:
            problem.columns = trial
    for group in (own, added):  # what cannot stay may still keep its ratio to another that cannot
        for name, other in ((name, other) for k, name in enumerate(group) for other in group[:k]):
            if problem.freedom > 1 and name not in problem.holds(other):
                trial = problem.tied(other, name)
                if problem.conflict(trial) is None:
                    problem.columns = trial
    return scale
