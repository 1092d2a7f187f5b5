"""`sensitivity`: what a resting state depends on, for a small change and over what its numbers may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.shown import Drawn
from vrest.study.sensitivity.collapse import collapse
from vrest.study.sensitivity.factors import Factor, factors
from vrest.study.sensitivity.local import SAME_RATE, Local, local
from vrest.study.sensitivity.observed import Quantity, chosen
from vrest.study.sensitivity.sobol import Indices, N
from vrest.study.sensitivity.spread import Sobol, spread
from vrest.tables import Column, Table, counted, number
from vrest.units import format_si, from_door, from_si, to_si
from vrest.verbs.population import THRESHOLD
from vrest.verbs.progress import CellsDone
from vrest.verbs.rest import Rest, rest

NEGLIGIBLE = 1e-3
"""mV, or %: a step that moves the rest by less is told apart from one that moves it."""

NOTHING = 1e-5
"""An effect so small beside the largest of its column is none."""

MOST_PAIRS = 5
"""Interactions that are shown."""

VERDICTS = {
    "moves": "moves the resting state",
    "size": "scales the cell (volume, ATP use); potential and contents stay",
    "dynamics": "changes how fast the cell moves, not where it rests",
    "nothing": "changes neither where the cell rests nor how fast it returns",
}
"""What a number does to a rest. 'Stay' and 'not' mean less than 0.001 mV and 0.001 % a step."""


@dataclass(frozen=True)
class Effect:
    """What one step of one number does."""

    factor: Factor
    on: Mapping[str, float]
    """By quantity: mV for potentials, % for all else; 0 where it is zero within rounding, NaN where the quantity is 0
    or undefined: what is used up has no percent, and no Nernst potential."""
    verdict: str
    """A key of `VERDICTS`."""
    v_moves: float
    """mV: the largest effect on a resting potential; 0 where it is zero within rounding."""
    content_moves: float
    """%: the largest effect on a content; likewise."""

    @property
    def exact(self) -> bool:
        """Whether potential and contents do not move at all, to rounding."""
        return self.v_moves == 0.0 and self.content_moves == 0.0

    @property
    def text(self) -> str:
        """The verdict in words."""
        words = f"{self.factor.name} {VERDICTS[self.verdict]}"
        if self.verdict == "moves" or self.exact:
            return f"{words}." if self.verdict == "moves" else f"{words}: exactly."
        v, contents = number(self.v_moves, 1), number(self.content_moves, 1)
        return f"{words}: by {v} mV and {contents} % at most for {self.factor.step_text}."


@dataclass(frozen=True)
class Sensitivity(Drawn):
    """What a resting state depends on. `str()` is a table; numbers are in door units.

    >>> found = sensitivity("mammalian_neuron", ["outside.K", "outside.Na", "pump.max_rate"], of="V")
    >>> [(e.factor.name, round(e.on["V"], 3)) for e in found.ranked("V")]  # mV for 1 % more
    [('outside.K', 0.11), ('pump.max_rate', -0.022), ('outside.Na', 0.017)]
    """

    drawn_by: ClassVar[str] = "vrest.plot.sensitivity:sensitivity_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    """The cell that was asked about."""
    rest: Rest
    """Its resting state."""
    threshold: float
    """mV: V beyond this is a collapse."""
    quantities: tuple[Quantity, ...]
    """What was asked for."""
    values: Mapping[str, float]
    """Of the cell as it is."""
    bounds: Mapping[str, float]
    """By quantity: an effect up to this is zero within rounding."""
    effects: tuple[Effect, ...]
    """One for each number, in the order given."""
    sobol: Sobol | None
    """Indices over distributions; None where none was asked for."""

    def ranked(self, quantity: str) -> list[Effect]:
        """The effects on one `quantity` (its name), the strongest first."""
        return sorted(self.effects, key=lambda e: -np.nan_to_num(abs(e.on[quantity])))

    def named(self, verdict: str) -> list[Effect]:
        """The effects with one `verdict`, a key of `VERDICTS`."""
        return [e for e in self.effects if e.verdict == verdict]

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        found = [*self.rest.warnings, *self._charged()]
        level = format_si(from_door(self.threshold, "potential"), "potential", digits=4)
        for q in self.quantities:
            if q.place and np.isnan(self.values[q.name]):
                said = f"{q.text}: V is above {level} already, or does not pass it within 30 days or 200,000 steps"
                found.append(Notice("no_collapse", said))
            elif q.place and any(kind == "gate" for kind, _ in self.rest.system.states):
                found.append(Notice("may_fire", f"{q.text}: V passes {level} first in a spike, if this cell fires"))
        return found + ([] if self.sobol is None else self.sobol.warnings)

    def _charged(self) -> list[Notice]:
        """Baths that the draws, or a step of an ion alone, leave with a net charge."""
        if self.sobol is not None and self.sobol.charged:
            return list(self.sobol.charged)
        alone = [e.factor for e in self.effects if not e.factor.change.companion]
        steps = np.diag([factor.step for factor in alone])
        moved = {factor.path: factor.parameter.value + step for factor, step in zip(alone, steps, strict=True)}
        return left_charged(self.cell, moved, lambda k: f"({alone[k].step_text} more of {alone[k].name})")

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units."""
        body: dict[str, Any] = {
            "quantities": [
                {"quantity": q.name, "meaning": q.text, "value": self.values[q.name], "unit": q.unit}
                | {"effect_unit": q.effect_unit, "rounding": self.bounds[q.name]}
                for q in self.quantities
            ],
            "effects": [
                {"name": e.factor.name, "path": e.factor.path, "value": e.factor.value, "unit": e.factor.unit}
                | {"step": e.factor.step_text, "on": dict(e.on), "verdict": e.verdict, "exact": e.exact}
                | {"meaning": e.text}
                for e in self.effects
            ],
            "verdicts": {name: [e.factor.name for e in self.named(name)] for name in VERDICTS},
        }
        return body | ({} if self.sobol is None else {"sobol": self._sobol(self.sobol)})

    def _sobol(self, found: Sobol) -> dict[str, Any]:
        names, shares = [e.factor.name for e in self.effects], []
        keys = ("first", "first_ci", "total", "total_ci")
        for quantity, index in found.indices.items():
            table = np.column_stack([getattr(index, key) for key in keys]).tolist()
            rows = [{"name": name} | dict(zip(keys, row, strict=True)) for name, row in zip(names, table, strict=True)]
            pairs = [
                {"pair": [names[j], names[k]], "share": index.second[j, k], "share_ci": index.second_ci[j, k]}
                for j, k in zip(*np.triu_indices(len(names), 1), strict=True)
            ]
            shares.append(
                {"quantity": quantity, "mean": index.mean, "sd": index.sd, "base_samples": index.used}
                | {"indices": rows, "pairs": pairs}
            )
        return {
            "n": found.n,
            "seed": found.seed,
            "cells": found.cells,
            "outcomes": dict(found.outcomes),
            "distributions": {e.factor.name: e.factor.law for e in self.effects},
            "of": shares,
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one: of an effect, that of its quantity's effects."""
        ones = dict.fromkeys(("first", "first_ci", "total", "total_ci", "share", "share_ci"), "1")
        return ones | {q.name: q.effect_unit for q in self.quantities}

    def _methods(self) -> tuple[str, ...]:
        return (*self.methods, *(Indices.methods if self.sobol else ()))

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        first, celsius = self.quantities[0], number(from_si(self.cell.temperature, "temperature"))
        now = f"{first.text} ({number(self.values[first.name])} {first.unit})"
        yield f"Sensitivity of '{self.cell.name}' at {celsius} degC: {now}"
        yield f"  {first.effect_unit} for 1 % more of each number, the strongest of {len(self.effects)}:"
        for e in self.ranked(first.name)[:5]:
            yield f"  {e.factor.label}: {number(e.on[first.name], 3, signed=True)} {first.effect_unit}"

    def tables(self) -> tuple[Table, ...]:
        """What 1 % more of each number does: mV for potentials, % for all else; shares of the variance."""
        ranked = self.ranked(self.quantities[0].name)
        effects = [Column("1 % more of", "", [e.factor.label for e in ranked])]
        for q in self.quantities:
            moved = [e.on[q.name] for e in ranked]
            effects.append(Column(q.name, q.effect_unit, moved, digits=3, rounding=NOTHING))
        shares = {} if self.sobol is None else self.sobol.indices
        return Table(effects, "Effects"), *(self._shares(name, found) for name, found in shares.items())

    def _head(self) -> Iterable[str]:
        return [next(iter(self._brief()))]

    def _shares(self, quantity: str, index: Indices) -> Table:
        """Of one output the shares of its variance, the largest first."""
        unit = next(q.unit for q in self.quantities if q.name == quantity)
        spread = f"mean {number(index.mean)} {unit}, SD {number(index.sd)} {unit}"
        if np.isnan(index.total[0]):
            return Table((), f"{quantity} does not vary: {spread}")
        order = np.argsort(-index.total, kind="stable")
        factors = [self.effects[k].factor for k in order]
        columns = [
            Column("number", "", [f.name for f in factors]),
            Column("distribution", "", [f.law for f in factors]),
        ]
        for name, share, half in (
            ("alone (first)", index.first, index.first_ci),
            ("with others (total)", index.total, index.total_ci),
        ):
            columns.append(Column(name, "", share[order].tolist(), decimals=3))
            columns.append(Column("±", "", half[order].tolist(), decimals=3))
        return Table(columns, f"Shares of the variance of {quantity}: {spread}", "\n".join(self._pairs(index)))

    def _pairs(self, index: Indices) -> Iterable[str]:
        """What pairs do beyond both alone, where it is more than its interval and no more than either's total."""
        pairs = zip(*np.triu_indices(len(self.effects), 1), strict=True)
        most = index.total + index.total_ci
        shares = sorted(((index.second[j, k], index.second_ci[j, k], j, k) for j, k in pairs), reverse=True)
        for share, half, j, k in [p for p in shares if 0.0 < p[0] - p[1] <= min(most[p[2]], most[p[3]])][:MOST_PAIRS]:
            names = f"{self.effects[j].factor.name} and {self.effects[k].factor.name}"
            yield f"together beyond both alone: {names} {number(share, decimals=3)} ± {number(half, decimals=3)}"

    def _said(self) -> Iterable[str]:
        for verdict, words in VERDICTS.items():
            if found := self.named(verdict):
                yield f"{words}: {', '.join(e.factor.name for e in found)}"
        if any(not e.exact for e in self.effects if e.verdict != "moves"):
            yield "(within 0.001 mV and 0.001 % a step; the data frame and --json have the digits)"
        if self.sobol is not None:
            n, seed = self.sobol.n, self.sobol.seed
            yield f"Shares: {counted(self.sobol.cells, 'cell')} over these distributions (base {n:,}, seed {seed})"


def sensitivity(
    cell: CellLike,
    over: str | Iterable[str] | Mapping[str, Any] | None = None,
    *,
    of: str | Iterable[str] | None = None,
    n: int | None = None,
    seed: int = 0,
    threshold: float | str = THRESHOLD,
    progress: CellsDone | None = None,
) -> Sensitivity:
    """What a resting state depends on: exact effects of small changes, and Sobol indices over distributions.

    An effect is a derivative times a step: 1 % of a number, 1 K of a temperature, 1 mV of a potential. It is told in
    mV for potentials, whose zero means nothing, and in percent for all else: an elasticity. Derivatives are those of
    the implicit function theorem, exact to rounding; those of the time to collapse go through the rest and every step
    of the run.

    Parameters
    ----------
    cell
        As of `rest`.
    over
        Numbers by path, which may end in "swap Na" or "with Cl" to keep a bath neutral; a mapping gives each a
        distribution (see `population`). By default the strengths of all that is on, bath ions, impermeants, sizes,
        capacitances and the temperature.
    of
        Quantities: `V`, a content (`inside.K`), a Nernst potential (`E_K`), `volume`, `ATP`, `tau` (the slowest time
        constant), `collapse` (when V first passes `threshold` after everything that spends ATP stops). With several
        membranes or compartments they end in its name; a name without stands for all. By default all but Nernst
        potentials and `collapse`.
    n
        Base samples of the Sobol indices, a power of two; n (2 d + 2) cells are settled for d numbers. Without it there
        are indices where `over` gives a distribution, from 1024. A number without a distribution has
        lognormal(0.1), a temperature a standard deviation of 1 K.
    seed
        Of the samples.
    threshold
        V that counts as collapsed, mV or text.
    progress
        Called with how many cells of the Sobol design are done, and how many there are.

    Returns
    -------
    Sensitivity
        `effects`, one for each number: what a step does to every quantity, and a verdict; `sobol` where asked for.

    Raises
    ------
    NoRestError
        The cell does not rest; or more than 1 % of the base samples have a cell that does not, so that no variance is
        defined (`without_rest`; the message names the numbers that decide it).
    InputError
        No such cell; paths, quantities and distributions that make no sense; SALib is missing.

    >>> over = ["K_leak.permeability", "outside.K swap Na", "neuron.capacitance"]
    >>> found = sensitivity("mammalian_neuron", over)
    >>> [round(e.on["V"], 4) for e in found.effects]  # mV for 1 % more
    [-0.1325, 0.1093, 0.0]
    >>> print(found.effects[-1].text)
    neuron.capacitance changes how fast the cell moves, not where it rests: exactly.
    """
    cell = load(cell)
    found = factors(cell, over)
    level = float(to_si(threshold, "potential", "threshold", bare_ok=True))
    settled = rest(cell).raise_if_none()
    asked = chosen(settled.system, of)
    near = local(found, settled)
    known = {q.name: k for k, q in enumerate(near.quantities)}
    values = {q.name: float(near.values[known[q.name]]) for q in asked if q.name in known}
    bounds = {q.name: float(near.bounds[known[q.name]]) for q in asked if q.name in known}
    exact = np.where(np.abs(near.effects) <= near.bounds, 0.0, near.effects)
    columns = {q.name: exact[:, known[q.name]] for q in asked if q.name in known}
    for q in (q for q in asked if q.place):
        time, slopes = collapse(settled, near, settled.system.structure.wall(q.place), level)
        values[q.name], bounds[q.name], columns[q.name] = time, SAME_RATE, 100.0 * slopes / time
    effects = []
    for k, factor in enumerate(found):
        on = {q.name: float(columns[q.name][k]) + 0.0 for q in asked}
        effects.append(Effect(factor, on, *_judged(near, exact[k], float(near.rates[k]))))
    above, shares = from_si(level, "potential"), None
    if n is not None or any(f.text for f in found):
        n = N if n is None else n
        shares = spread(cell, found, asked, n, seed=seed, threshold=above, progress=progress)
    return Sensitivity(cell, settled, above, asked, values, bounds, tuple(effects), shares)


def _judged(near: Local, effects: np.ndarray, rate: float) -> tuple[str, float, float]:
    """The verdict on one number, and the most that it moves a potential (mV) and a content (%)."""

    def most(*kinds: str) -> float:
        told = zip(effects, near.quantities, strict=True)
        return max((abs(e) for e, q in told if q.kind in kinds and not np.isnan(e)), default=0.0)

    v, content = float(most("potential")), float(most("content"))
    if max(v, content) >= NEGLIGIBLE:
        verdict = "moves"
    elif most("size", "bill") >= NEGLIGIBLE:
        verdict = "size"
    else:
        verdict = "dynamics" if rate > SAME_RATE else "nothing"
    return verdict, v, content
