"""An axis of a map: a number of a cell, or dose or duration of a perturbation, and its values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import split_companion
from vrest.model.multiples import value_of
from vrest.model.paths import check, resolve
from vrest.numerics.spacing import is_logarithmic
from vrest.ranges import read_values
from vrest.study.perturb.perturb import time_of
from vrest.study.perturb.perturbation import Perturbation
from vrest.tables import counted, number
from vrest.units import duration as in_words
from vrest.units import from_door, from_si, to_si, unit_of

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
        return self.dimension != "temperature" and self.values.min() > 0 and is_logarithmic(np.sort(self.values))

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


def axis_of(cell: Cell, name: str, values: Any, what: Perturbation | None) -> Axis:
    """An axis as its values are read."""
    if not isinstance(values, str) and not np.size(values):
        raise InputError(f"{name} has no values.", code="bad_shape", hint="Give such as [2.0, 5.0, 12.0].")
    if name not in OWN:
        return _of_path(cell, name, values)
    if what is None:
        hint = "Name a perturbation, such as 'anoxia', or vary a path of the cell."
        raise InputError(f"A {name} is that of a perturbation.", code="no_perturbation", hint=hint)
    if name == "duration":
        times = np.array(_each(values, "time", name, lambda value: time_of(value, name)))
        return Axis(name, unit_of("time"), from_si(times, "time"), "time")
    doses = np.array([bound.dose for bound in what.dosed_each(values)])
    unit = what.law.unit(float(np.abs(doses).max()), what.dimension)
    return Axis(name, unit, from_si(doses, what.dimension, unit), what.dimension)


def _of_path(cell: Cell, name: str, values: Any) -> Axis:
    path, how, along = split_companion(name)
    parameter = resolve(cell, path)
    dimension, own = parameter.spec.dimension, float(cell.solved().get(parameter.path, parameter.value))

    def read(value: Any) -> float:
        text = isinstance(value, str)
        si = value_of(value, parameter, own) if text else float(to_si(value, dimension, name))
        return check(si, parameter.spec, parameter.path)

    full = f"{parameter.path} {how} {along}" if how else parameter.path
    return Axis(full, parameter.unit, parameter.door(np.array(_each(values, dimension, name, read))), dimension)


def _each(values: Any, dimension: str, name: str, read: Callable[[Any], float]) -> list[float]:
    """The values one by one, SI: numbers in door units or texts; a text may be a range or a list."""
    if isinstance(values, str):
        return read_values(values, dimension, name, read=read).tolist()
    return [read(value) for value in np.atleast_1d(np.asarray(values, dtype=object)).tolist()]


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
