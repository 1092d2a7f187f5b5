"""Numbers of a cell as the arguments of functions: values to a cell, to parameters and to a start, traced or not."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import Change, companion, refuse_varied_companions, split_companion
from vrest.model.paths import Parameter, parameters, replaced, resolve, set_si
from vrest.model.quantity import SOLVE
from vrest.physics.namespace import Array, namespace
from vrest.shown import Shown
from vrest.system.assemble import System
from vrest.system.structure import parameter_vector
from vrest.tables import Column, Table
from vrest.units import from_door

NUDGE = 1e-3
"""Relative change that tells whether a number may vary on its own."""


SHARE = 0.01
"""The step of what has a zero: 1 % of its size."""

STEPS = {"temperature": "1 K", "potential": "1 mV"}
"""The step of what has no zero, or passes through it, in words: one of its door unit."""


@dataclass(frozen=True)
class Argument:
    """One number that varies, and the ion of the same bath that goes along with it, if any."""

    parameter: Parameter
    along: Change | None = None

    @property
    def path(self) -> str:
        """Its full path."""
        return self.parameter.path

    @property
    def name(self) -> str:
        """Its full path, with what goes along."""
        return f"{self.path} {self.along.how} {self.along.companion}" if self.along else self.path

    def change(self, value: Any) -> Change:
        """The change to a value in door units."""
        along = self.along or Change(self.path, "set")
        return replace(along, path=self.path, value=value)


@dataclass(frozen=True)
class Arguments:
    """Which numbers of which cell. Build it with `arguments`."""

    cell: Cell
    each: tuple[Argument, ...]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The numbers that vary."""
        return tuple(one.parameter for one in self.each)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their full paths, with what goes along."""
        return tuple(one.name for one in self.each)

    @property
    def values(self) -> np.ndarray:
        """Their present values in door units, (paths,)."""
        return np.array([p.door(p.value) for p in self.parameters], dtype=np.float64)

    @property
    def units(self) -> tuple[str, ...]:
        """Their door units."""
        return tuple(p.unit for p in self.parameters)

    def steps(self, values: np.ndarray) -> np.ndarray:
        """The step of each of its numbers at values, (paths, ...), all in door units: 1 %, 1 K or 1 mV."""
        fixed = np.array([p.spec.dimension in STEPS for p in self.parameters])
        return np.where(fixed.reshape(-1, *(1,) * (values.ndim - 1)), 1.0, SHARE * np.abs(values))

    @property
    def step_texts(self) -> tuple[str, ...]:
        """The same in words."""
        return tuple(step_text(p) for p in self.parameters)

    def si(self, values: Any) -> list[Any]:
        """Values in door units, one a number, in SI."""
        return [from_door(value, p.spec.dimension) for value, p in zip(values, self.parameters, strict=True)]

    def rows_si(self, values: np.ndarray) -> np.ndarray:
        """The same of rows of values, (paths, lanes): those of one unit together."""
        rows = np.empty(values.shape)
        for dimension, at in self._alike:
            rows[at] = from_door(values[at], dimension)
        return rows

    @cached_property
    def _alike(self) -> list[tuple[str, list[int]]]:
        """Which numbers share a unit."""
        found: dict[str, list[int]] = {}
        for k, p in enumerate(self.parameters):
            found.setdefault(p.spec.dimension, []).append(k)
        return list(found.items())

    def cell_with(self, values: Any) -> Cell:
        """The cell with values in door units, (paths,), traced or not; NaN where one is outside its limits."""
        if values.shape != (len(self.each),):
            raise InputError(
                f"The function got values of shape {values.shape}.",
                code="bad_shape",
                hint=f"Give one number for each of its {len(self.each)} paths; use jax.vmap for many.",
            )
        return with_si(self.cell, self.each, self.si(values))

    def described(self, system: System, values: Any) -> tuple[Any, Any]:
        """Parameters and starting state of the cell with these values (SI)."""
        cell = self.cell_with(values)
        p = parameter_vector(cell)
        return p, system.start(cell)


def step_text(parameter: Parameter) -> str:
    """The step that the effect of a number is told for, in words."""
    return STEPS.get(parameter.spec.dimension, f"{100 * SHARE:g} %")


def with_si(cell: Cell, each: Sequence[Argument], values: Sequence[Array]) -> Cell:
    """The cell with values (SI) of its arguments: numbers, columns, or traced; NaN where one is outside its limits.

    So is a companion of which there is too little.
    """
    return replaced(cell, moved(cell, each, [_possible(one, v) for one, v in zip(each, values, strict=True)]))


def moved(cell: Cell, each: Iterable[Argument], values: Iterable[Array]) -> dict[str, Any]:
    """Values (SI) by full path, with those of the ions that go along, so that baths stay neutral."""
    found: dict[str, Any] = {}
    present = parameters(cell)
    for one, value in zip(each, values, strict=True):
        if one.along:
            difference = value - found.get(one.path, present[one.path].value)
            found |= companion(cell, one.along, one.parameter, difference, found)
        found[one.path] = value
    return found


def _possible(one: Argument, value: Array) -> Array:
    """A value, NaN where it is outside the limits of its number."""
    spec, xp, possible = one.parameter.spec, namespace(value), value == value
    if spec.minimum is not None:
        possible &= value > spec.minimum if spec.exclusive or _content(one.parameter) else value >= spec.minimum
    if spec.maximum is not None:
        possible &= value <= spec.maximum
    return value * xp.where(possible, 1.0, xp.nan)  # a product: its derivative is NaN as well


def _content(parameter: Parameter) -> bool:
    """Whether it is an ion of a finite compartment, of which there must be some."""
    return parameter.fixed_at_start and ".ions." in parameter.path


@dataclass(frozen=True, eq=False)  # hashed by identity, as JAX asks of a function
class OfArguments(Shown, ABC):
    """Abstract base of what answers for values of some numbers of a cell."""

    of: Arguments
    """The cell, and the numbers that vary."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Full paths of the numbers that vary, with what goes along: the order of values."""
        return self.of.names

    @property
    def values(self) -> np.ndarray:
        """What the cell has for them, door units, (paths,)."""
        return self.of.values

    @property
    def steps(self) -> np.ndarray:
        """A small change of each, door units, (paths,): 1 % of a number, 1 K of a temperature, 1 mV of a potential.

        A derivative times it is what such a change does, as `sensitivity` tells it.
        """
        return self.of.steps(self.values)

    def _cells(self) -> Iterable[Cell]:
        return (self.of.cell,)

    def tables(self) -> tuple[Table, ...]:
        """The numbers that vary, with what the cell has for them."""
        columns = (
            Column("path", "", list(self.paths)),
            Column("value", "", self.values.tolist(), rounding=0.0),
            Column("unit", "", list(self.of.units)),
        )
        return (Table(columns, "What varies"),)


def arguments(cell: Cell, paths: str | Iterable[str]) -> Arguments:
    """The numbers that a function of a cell takes.

    Raises
    ------
    InputError
        A path that names nothing, or is named twice; a number that the charge balance solves; contents, sizes or
        capacitances of a compartment in which nothing is solved, whose charge they would leave unbalanced; an ion that
        cannot go along (`outside.K swap Na`).
    """
    found = tuple(argument(cell, path) for path in ([paths] if isinstance(paths, str) else paths))
    if not found:
        raise InputError("Nothing varies.", code="nothing_varies", hint='Name paths, such as ["outside.K"].')
    for k, one in enumerate(found):
        path = one.path
        if path in [other.path for other in found[:k]]:
            raise InputError(f"{path} is named twice.", code="varies_twice", hint="Name it once.")
        if one.parameter.value == SOLVE:
            raise InputError(
                f"{path} is solved from the charge balance: it follows from the others.",
                code="is_solved",
                hint="Name what it is solved from.",
            )
        try:
            set_si(cell, {path: one.parameter.value + NUDGE * (abs(one.parameter.value) or 1.0)})
        except InputError as error:
            if error.code == "charge_imbalance":
                raise InputError(f"{path} cannot vary: {error.message}", code=error.code, hint=error.hint) from None
    refuse_varied_companions({one.path: one.along.companion if one.along else None for one in found})
    return Arguments(cell, found)


def argument(cell: Cell, text: str) -> Argument:
    """One number that varies: its path, which may end in `swap ION` or `with ION`.

    Raises
    ------
    InputError
        A path that names nothing, or an ion that cannot go along.
    """
    name, how, ion = split_companion(text)
    parameter = resolve(cell, name)
    if not how:
        return Argument(parameter)
    along = Change(name, "set", None, ion, how)
    companion(cell, along, parameter, 0.0, {})  # refuses what makes no sense
    return Argument(parameter, along)
