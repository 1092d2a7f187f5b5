"""Numbers of a cell as the arguments of a function that JAX can trace: an array in door units to equations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.paths import Parameter, replaced, resolve, set_si
from vrest.model.quantity import SOLVE
from vrest.physics.namespace import namespace
from vrest.system.assemble import System
from vrest.system.structure import parameter_vector
from vrest.units import from_door

NUDGE = 1e-3
"""Relative change that tells whether a number may vary on its own."""


@dataclass(frozen=True)
class Arguments:
    """Which numbers of which cell. Build it with `arguments`."""

    cell: Cell
    parameters: tuple[Parameter, ...]

    @property
    def values(self) -> np.ndarray:
        """Their present values in door units, (paths,)."""
        return np.array([p.door(p.value) for p in self.parameters], dtype=np.float64)

    @property
    def units(self) -> tuple[str, ...]:
        """Their door units."""
        return tuple(p.unit for p in self.parameters)

    def cell_with(self, values: Any) -> Cell:
        """The cell with values in door units, (paths,), traced or not; NaN where one is outside its limits."""
        xp = namespace(values)
        if values.shape != (len(self.parameters),):
            raise InputError(
                f"The function got values of shape {values.shape}.",
                code="bad_shape",
                hint=f"Give one number for each of its {len(self.parameters)} paths; use jax.vmap for many.",
            )
        found = {}
        for k, parameter in enumerate(self.parameters):
            spec, si = parameter.spec, from_door(values[k], parameter.spec.dimension)
            possible = si == si
            if spec.minimum is not None:
                possible &= si > spec.minimum if spec.exclusive or self._content(parameter) else si >= spec.minimum
            if spec.maximum is not None:
                possible &= si <= spec.maximum
            found[parameter.path] = si * xp.where(possible, 1.0, xp.nan)  # a product: its derivative is NaN as well
        return replaced(self.cell, found)

    def _content(self, parameter: Parameter) -> bool:
        """Whether it is an ion of a finite compartment, of which there must be some."""
        return parameter.fixed_at_start and ".ions." in parameter.path

    def described(self, system: System, values: Any) -> tuple[Any, Any]:
        """Parameters and starting state of the cell with these values (SI)."""
        cell = self.cell_with(values)
        p = parameter_vector(cell)
        return p, system.start(cell)


@dataclass(frozen=True, eq=False)  # hashed by identity, as JAX asks of a function
class OfArguments:
    """Base of functions of some numbers of a cell."""

    of: Arguments

    @property
    def paths(self) -> tuple[str, ...]:
        """Full paths of its arguments."""
        return tuple(p.path for p in self.of.parameters)

    @property
    def values(self) -> np.ndarray:
        """What the cell has for its arguments, door units, (paths,)."""
        return self.of.values


def arguments(cell: Cell, paths: str | Iterable[str]) -> Arguments:
    """The numbers that a function of a cell takes.

    Raises
    ------
    InputError
        A path that names nothing, or is named twice; a number that the charge balance solves; contents, sizes or
        capacitances of a compartment in which nothing is solved, whose charge they would leave unbalanced.
    """
    found = tuple(resolve(cell, path) for path in ([paths] if isinstance(paths, str) else paths))
    if not found:
        raise InputError("Nothing varies.", code="nothing_varies", hint='Name paths, such as ["outside.K"].')
    for k, parameter in enumerate(found):
        if parameter in found[:k]:
            raise InputError(f"{parameter.path} is named twice.", code="varies_twice", hint="Name it once.")
        if parameter.value == SOLVE:
            raise InputError(
                f"{parameter.path} is solved from the charge balance: it follows from the others.",
                code="is_solved",
                hint="Name what it is solved from.",
            )
        try:
            set_si(cell, {parameter.path: parameter.value + NUDGE * (abs(parameter.value) or 1.0)})
        except InputError as error:
            if error.code == "charge_imbalance":
                raise InputError(
                    f"{parameter.path} cannot vary: {error.message}", code=error.code, hint=error.hint
                ) from None
    return Arguments(cell, found)
