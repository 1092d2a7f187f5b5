"""An axis of a map: a number of a cell, or dose or duration of a perturbation, and its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import split_companion
from vrest.model.paths import check, resolve
from vrest.ranges import is_several, read_values
from vrest.study.perturb.perturbation import Perturbation
from vrest.tables import counted, number
from vrest.units import duration as in_words
from vrest.units import from_door, from_si, to_si, unit_of
from vrest.verbs.distribution import value_of

MOST_POINTS = 1_000_000
"""Of a map."""

OWN = ("dose", "duration")
"""What varies of a perturbation, beside numbers of the cell."""


@dataclass(frozen=True)
class Axis:
    """One of the two numbers of a map, and its values in its door unit."""

    name: str
    """A path with what goes along, `dose` or `duration`."""
    unit: str
    values: np.ndarray
    dimension: str

    @property
    def path(self) -> str:
        """The number of the cell; empty of a dose or a duration."""
        return "" if self.name in OWN else split_companion(self.name)[0]

    @property
    def even_in_logarithm(self) -> bool:
        """Whether its values are rather spread by ratios than by differences."""
        if self.dimension == "temperature" or self.values.size < 3 or not (self.values > 0).all():
            return False
        spreads = [np.diff(v) for v in (np.log(self.values), self.values)]
        even = [float(np.ptp(step) / np.abs(step).max()) for step in spreads]
        return even[0] < even[1]

    @property
    def span(self) -> str:
        """From which value to which, in words."""
        low, high = float(self.values.min()), float(self.values.max())
        if self.name == "duration":
            return f"{in_words(low)} to {in_words(high)}"
        return f"{number(low)} to {number(high)} {self.unit}".rstrip()

    @property
    def head(self) -> str:
        """What stands above its values."""
        return self.path.removeprefix("compartments.").removeprefix("membranes.") or self.name


_MULTIPLES = re.compile(r"([^x×:]+)[x×]:([^x×:]+)[x×](:.*)?")
"""A range of multiples, such as `0.1x:2x:log`."""

_MULTIPLE = re.compile(r"[^x×:,]+[x×]")
"""One in a list, such as `0x, 0.5x, 1x`."""


def axis_of(cell: Cell, name: str, values: Any, what: Perturbation | None) -> Axis:
    """An axis as its values are read."""
    if name not in OWN:
        return _of_path(cell, name, values)
    if what is None:
        hint = "Name a perturbation, such as 'anoxia', or vary a path of the cell."
        raise InputError(f"A {name} is that of a perturbation.", code="no_perturbation", hint=hint)
    if name == "duration":
        times = np.array([seconds(value, name) for value in _each(values, "time", name)])
        return Axis(name, unit_of("time"), from_si(times, "time"), "time")
    return _doses(what, np.array([each.dose for each in what.dosed_each(values)], dtype=np.float64))


def _of_path(cell: Cell, name: str, values: Any) -> Axis:
    path, how, along = split_companion(name)
    parameter = resolve(cell, path)
    dimension, own = parameter.spec.dimension, cell.solved().get(parameter.path, parameter.value)
    if isinstance(values, str) and (multiples := _MULTIPLES.fullmatch(values)):
        first, last, how_many = multiples.groups()
        factors = read_values(f"{first}:{last}{how_many or ''}", "number", name)
        values = [f"{factor!r}x" for factor in factors.tolist()]
    elif isinstance(values, str) and all(_MULTIPLE.fullmatch(one) for one in values.split(",")):
        values = values.split(",")
    si = [
        value_of(value, parameter, float(own)) if isinstance(value, str) else float(to_si(value, dimension, name))
        for value in _each(values, dimension, name)
    ]
    for value in si:
        check(value, parameter.spec, parameter.path)
    full = f"{parameter.path} {how} {along}" if how else parameter.path
    return Axis(full, parameter.unit, parameter.door(np.array(si)), dimension)


def _each(values: Any, dimension: str, name: str) -> list[Any]:
    """The values one by one, numbers in door units or texts; a text may be a range or a list."""
    if isinstance(values, str):
        return from_si(read_values(values, dimension, name), dimension).tolist() if is_several(values) else [values]
    found = np.atleast_1d(np.asarray(values, dtype=object)).tolist()
    if not found:
        raise InputError(f"{name} has no values.", code="bad_shape", hint="Give such as [2.0, 5.0, 12.0].")
    return found


def _doses(what: Perturbation, si: np.ndarray) -> Axis:
    """Doses in the unit that people say them in."""
    if what.law.in_percent:
        return Axis("dose", "%", 100 * si, what.dimension)
    unit = unit_of(what.dimension)
    if what.dimension == "concentration":
        largest = float(si.max())
        unit = next((each for each in ("mM", "uM") if from_si(largest, "concentration", each) >= 0.1), "nM")
    return Axis("dose", unit, from_si(si, what.dimension, unit), what.dimension)


def alone(cell: Cell, x: Axis, y: Axis) -> dict[str, np.ndarray]:
    """Values (SI) at all points, by path, of what varies without a companion."""
    grids = zip((x, y), np.meshgrid(x.values, y.values), strict=True)
    return {
        axis.path: from_door(grid.ravel(), resolve(cell, axis.path).spec.dimension)
        for axis, grid in grids
        if axis.path == axis.name
    }


def refuse(x: Axis, y: Axis) -> None:
    if (x.path or x.name) == (y.path or y.name):
        raise InputError(f"{x.name} is on both axes.", code="varies_twice", hint="Vary two different numbers.")
    if x.values.size * y.values.size > MOST_POINTS:
        points = counted(x.values.size * y.values.size, "point")
        raise InputError(f"The map would have {points}.", code="out_of_range", hint=f"Ask for {MOST_POINTS:,} at most.")


def seconds(value: float | str, what: str) -> float:
    seconds = float(to_si(value, "time", what, bare_ok=True))
    if seconds <= 0:
        raise InputError(f"{what} is {value!r}.", code="out_of_range", hint="Write a time above 0.")
    return seconds
