"""The sampled parameters of a population: one table, drawn on the host before anything is solved.

Every column has a stream of its own, made of the seed and the path, so that the same seed gives the same population
whatever the chunking, the device and the number of workers, and a larger random population begins with the smaller.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.change import Change, companion, refuse_varied_companions, split_companion
from vrest.model.paths import Parameter, check, replaced, resolve, set_si
from vrest.units import to_si
from vrest.verbs.arguments import Argument, moved
from vrest.verbs.distribution import distribution

DESIGNS = ("random", "latin_hypercube", "sobol")
MOST = 100_000_000
N = 1000
"""Cells of a population that says no other number."""


@dataclass(frozen=True)
class Varied:
    """One parameter that differs from cell to cell: its draws (SI), and the ion that keeps its bath neutral."""

    name: str
    parameter: Parameter
    text: str
    values: NDArray[np.float64]
    how: Literal["swap", "with"] | None = None
    companion: str | None = None

    @property
    def along(self) -> Change | None:
        """What goes along with it."""
        return Change(self.name, "set", None, self.companion, self.how) if self.how else None

    def __str__(self) -> str:
        kept = f" {self.how} {self.companion}" if self.how else ""
        return f"{self.name} ~ {self.text}{kept}"

    @property
    def unit(self) -> str:
        """Its door unit."""
        return self.parameter.unit

    @property
    def door(self) -> NDArray[np.float64]:
        """Its draws in door units."""
        return self.parameter.door(self.values)


@dataclass(frozen=True)
class Samples:
    """The table: one row a cell."""

    varied: tuple[Varied, ...]
    n: int
    seed: int
    design: str

    @property
    def digest(self) -> str:
        """A fingerprint of all draws."""
        found = hashlib.sha256()
        for v in self.varied:
            found.update(np.ascontiguousarray(v.values).data)
        return found.hexdigest()

    def rows(self, start: int, stop: int) -> Samples:
        """A stretch of the table."""
        part = tuple(replace(v, values=v.values[start:stop]) for v in self.varied)
        return Samples(part, stop - start, self.seed, self.design)

    def values(self, cell: Cell) -> dict[str, Any]:
        """What the table sets, by full path: columns, with the companions that keep baths neutral."""
        return moved(cell, self.arguments, [v.values for v in self.varied])

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """What varies."""
        return tuple(Argument(v.parameter, v.along) for v in self.varied)

    def applied(self, cell: Cell) -> Cell:
        """The cell with columns for values: read by `parameter_vector` and `System.start`, all rows at once."""
        return replaced(cell, self.values(cell))

    def cell(self, cell: Cell, k: int) -> Cell:
        """The cell of row k, everything checked.

        Raises
        ------
        InputError
            No cell can have these numbers together: nothing balances its charge, a companion would be negative.
        """
        if not -self.n <= k < self.n:
            raise InputError(f"There is no cell {k}.", code="out_of_range", hint=f"Choose 0 to {self.n - 1}.")
        k %= self.n
        values = {path: float(column[k]) for path, column in self.values(cell).items()}
        for path, value in values.items():
            if np.isnan(value):
                raise InputError(
                    f"{path} of cell {k} would be negative.",
                    code="out_of_range",
                    hint="There is too little of the companion ion to keep the bath neutral.",
                )
        return set_si(cell, values)


def samples(
    cell: Cell, vary: Mapping[str, Any], n: int | None = None, *, seed: int = 0, design: str = "random"
) -> Samples:
    """Draw the table.

    Parameters
    ----------
    vary
        For each path a distribution (text), or a column of values in door units. A path or a distribution may end
        in "swap Na" or "with Cl" to keep a bath neutral. A DataFrame is a mapping of that kind.
    n
        Cells; with columns it is their length.
    seed
        Of the draws, a whole number from 0.
    design
        `random`; `latin_hypercube` (each distribution in n equally likely parts, one draw in each); `sobol`
        (scrambled, evenest where n is a power of two).

    >>> from vrest.model.cellfile import load
    >>> table = samples(load("mammalian_neuron"), {"outside.K": "uniform(3 mM, 8 mM)"}, 3, seed=1)
    >>> table.varied[0].door.round(3)
    array([7.709, 4.136, 4.431])
    """
    given = dict(vary.items()) if hasattr(vary, "items") else {}
    if not given:
        raise InputError("Nothing varies.", code="nothing_varies", hint='Such as {"outside.K": "uniform(3, 8)"}.')
    if design not in DESIGNS:
        raise InputError(f"There is no design '{design}'.", code="unknown_design", hint=near_miss(design, [*DESIGNS]))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise InputError(f"seed is {seed!r}.", code="out_of_range", hint="Choose a whole number from 0.")
    entries = [_entry(cell, str(key), value) for key, value in given.items()]
    paths = [v.parameter.path for v, _ in entries]
    if twice := {path for path in paths if paths.count(path) > 1}:
        raise InputError(f"{twice.pop()} varies twice.", code="varies_twice", hint="Name it once.")
    refuse_varied_companions({v.parameter.path: v.companion for v, _ in entries})
    n = _length(entries, n)
    drawn = [v for v, source in entries if isinstance(source, str)]
    uniform = dict(zip([v.parameter.path for v in drawn], _uniform(drawn, n, int(seed), design), strict=True))
    columns = []
    for v, source in entries:
        if isinstance(source, str):
            own: Any = cell.solved().get(v.parameter.path, v.parameter.value)
            law = distribution(source, v.parameter, own)
            v = replace(v, text=law.text, values=law.quantile(uniform[v.parameter.path]))
        else:
            v = replace(v, text="table", values=source)
        _refuse_draws(cell, v)
        columns.append(v)
    return Samples(tuple(columns), n, int(seed), design)


def _entry(cell: Cell, key: str, value: Any) -> tuple[Varied, str | NDArray[np.float64]]:
    """What varies, without its draws, and the distribution or the column that they come from."""
    text = key.strip() + (f" ~ {value}" if isinstance(value, str) else "")
    named, how, along = split_companion(text)
    name, law = (part.strip() for part in named.partition("~")[::2])
    if not how:
        name, how, along = split_companion(name)
    parameter = resolve(cell, name)
    varied = Varied(name, parameter, "", np.empty(0), how, along)
    if how:
        _refuse_companion(cell, varied)
    if isinstance(value, str):
        return varied, law
    column = to_si(plain(value), parameter.spec.dimension, name, bare_ok=True, ion=parameter.ion)
    if np.ndim(column) != 1 or not np.size(column):
        raise InputError(
            f"{name} has values of shape {np.shape(column)}.",
            code="bad_shape",
            hint="Give one row of values, or a distribution such as 'lognormal(0.2)'.",
        )
    return varied, np.asarray(column)


def plain(value: Any) -> Any:
    """A column of a DataFrame, or a range, as what the door reads."""
    if hasattr(value, "units") or isinstance(value, list | tuple):
        return value
    array = np.asarray(value)
    return array.tolist() if array.dtype.kind in "OUT" else array


def _refuse_companion(cell: Cell, v: Varied) -> None:
    """Ask once, of a change that changes nothing, whether the companion makes sense."""
    assert v.along
    companion(cell, v.along, v.parameter, 0.0, {})


def _length(entries: Sequence[tuple[Varied, Any]], n: int | None) -> int:
    lengths = {v.name: len(source) for v, source in entries if not isinstance(source, str)}
    if len({*lengths.values()}) > 1:
        raise InputError(
            f"The columns differ in length: {lengths}.", code="bad_shape", hint="Give every path as many values."
        )
    length = next(iter(lengths.values()), None)
    if n is None:
        return N if length is None else length
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= MOST:
        raise InputError(f"n is {n!r}.", code="out_of_range", hint=f"Ask for 1 to {MOST:,} cells.")
    if length not in (None, n):
        raise InputError(f"n is {n}, but the table has {length} rows.", code="bad_shape", hint="Leave n out.")
    return int(n)


def _uniform(drawn: Sequence[Varied], n: int, seed: int, design: str) -> list[NDArray[np.float64]]:
    """Numbers between 0 and 1, neither included, one column for each distribution."""
    if not drawn:
        return []
    if design == "random":
        columns = [np.random.default_rng([seed, *v.parameter.path.encode()]).random(n) for v in drawn]
    else:
        from scipy.stats import qmc

        kind = qmc.LatinHypercube if design == "latin_hypercube" else qmc.Sobol
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # the docs say that n is best a power of two
            columns = list(kind(len(drawn), rng=seed).random(n).T)
    return [np.clip(column, 2.0**-54, 1 - 2.0**-53) for column in columns]


def _refuse_draws(cell: Cell, v: Varied) -> None:
    """Refuse values that the parameter cannot have, whatever the others are."""
    spec, values = v.parameter.spec, v.values
    bad = np.zeros(len(values), dtype=bool)
    if spec.minimum is not None:
        bad |= (values <= spec.minimum) if spec.exclusive else (values < spec.minimum)
    if spec.maximum is not None:
        bad |= values > spec.maximum
    parts = v.parameter.path.split(".")
    nothing = parts[0] == "compartments" and parts[2] == "ions" and cell.compartments[parts[1]].finite
    bad |= nothing & (values == 0.0)
    if not bad.any():
        return
    k = int(bad.argmax())
    remedy = "Correct the table." if v.text == "table" else "Choose a distribution within these limits: "
    remedy += "" if v.text == "table" else "lognormal and loguniform stay above 0, uniform between its bounds."
    count = f"{int(bad.sum())} of {len(values)} values are outside its limits, the first that of cell {k}"
    try:
        check(float(values[k]), spec, v.parameter.path)
        problem = f"{v.parameter.path} is 0 mM where its Nernst potential must exist."
    except InputError as error:
        problem = error.message
    raise InputError(f"{v.name} ~ {v.text}: {count}. {problem}", code="out_of_range", hint=remedy)
