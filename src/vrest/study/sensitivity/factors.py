"""What a sensitivity is over: numbers of a cell, each with the step that its effect is told for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import Change, companion, refuse_varied_companions, split_companion
from vrest.model.paths import Parameter, resolve
from vrest.model.quantity import SOLVE
from vrest.system.structure import structure_of
from vrest.units import from_door
from vrest.verbs.arguments import SHARE, STEPS, arguments, step_text
from vrest.verbs.distribution import distribution

SPREAD, SPREAD_BELOW = "lognormal(0.1)", "normal(1x, 0.1x)"
"""The distribution of what is given none: the same relative spread, 10 %, for all; and that of what is negative."""

DEGREES = "normal({:.6g} degC, 1)"
"""The same for a temperature."""


@dataclass(frozen=True)
class Factor:
    """One number that varies, with the ion that keeps its bath neutral, and its distribution if it has one."""

    name: str
    parameter: Parameter
    change: Change
    text: str
    """Empty where no distribution was given."""

    @property
    def path(self) -> str:
        """Its full path."""
        return self.parameter.path

    @property
    def step(self) -> float:
        """What its effect is told for, SI."""
        dimension = self.parameter.spec.dimension
        if dimension in STEPS:
            return from_door(1.0, dimension) - from_door(0.0, dimension)
        return SHARE * abs(self.parameter.value)

    @property
    def step_text(self) -> str:
        """The same in words.

        >>> from vrest.model.cellfile import load
        >>> [f.step_text for f in factors(load("mammalian_neuron"), ["outside.K", "temperature"])]
        ['1 %', '1 K']
        """
        return step_text(self.parameter)

    @property
    def label(self) -> str:
        """Its name, with the step where that is not 1 %."""
        return self.name if self.step_text == "1 %" else f"{self.name} ({self.step_text})"

    @property
    def law(self) -> str:
        """Its distribution; without one, a spread of 10 %, or of 1 K.

        >>> from vrest.model.cellfile import load
        >>> [f.law for f in factors(load("mammalian_neuron"), ["outside.K", "temperature"])]
        ['lognormal(0.1)', 'normal(37 degC, 1)']
        """
        if self.text:
            return self.text
        if self.parameter.spec.dimension == "temperature":
            return DEGREES.format(self.value)
        return SPREAD if self.parameter.value > 0 else SPREAD_BELOW

    @property
    def value(self) -> float:
        """What the cell has, door unit."""
        return float(self.parameter.door(self.parameter.value))

    @property
    def unit(self) -> str:
        """Its door unit."""
        return self.parameter.unit


def factors(cell: Cell, over: str | Iterable[str] | Mapping[str, Any] | None = None) -> tuple[Factor, ...]:
    """What varies.

    Parameters
    ----------
    over
        Paths, which may end in "swap Na" or "with Cl"; a mapping gives each a distribution (or None). By default the
        strength of every transport and exchange that is on, the ions of the baths, impermeants, sizes, capacitances
        and the temperature.

    Raises
    ------
    InputError
        A path that names nothing, twice or what is solved; one at 0; a companion that varies itself; what
        `distribution` refuses.

    >>> from vrest.model.cellfile import load
    >>> [f.name for f in factors(load("mammalian_neuron"), ["K_leak.permeability", "outside.K swap Na"])]
    ['K_leak.permeability', 'outside.K swap Na']
    """
    if over is None:
        found = [_factor(cell, short(cell, path), path, "") for path in usual(cell)]
    else:
        given = over if isinstance(over, Mapping) else dict.fromkeys([over] if isinstance(over, str) else over)
        found = [_factor(cell, str(key).strip(), str(key), str(law or "")) for key, law in given.items()]
        arguments(cell, [f.path for f in found])  # refuses what cannot vary
    refuse_varied_companions({f.path: f.change.companion for f in found})
    return tuple(found)


def _factor(cell: Cell, name: str, key: str, text: str) -> Factor:
    path, how, along = split_companion(key)
    if not path:
        hint = "Such as 'outside.K' or 'outside.K swap Na'."
        raise InputError(f"{key!r} names nothing.", code="unknown_path", hint=hint)
    parameter = resolve(cell, path)
    change = Change(path, "restore", None, along, how)
    if parameter.value == 0.0 and parameter.spec.dimension not in STEPS:
        raise InputError(
            f"{parameter.path} is 0: 1 % of it is nothing.",
            code="is_zero",
            hint="Give it a value first, such as --set, or leave it out.",
        )
    if change.companion:
        companion(cell, change, parameter, 0.0, {})  # refuses one that makes no sense
    if text:
        own: Any = cell.solved().get(parameter.path, parameter.value)
        text = distribution(text, parameter, own).text
    return Factor(name, parameter, change, text)


def usual(cell: Cell) -> list[str]:
    """What varies where nothing is said, by full path."""
    structure = structure_of(cell, only_active=True)
    paths = [m.path(m.kind.strength) for m in structure.movers if m.active and m.kind.strength]
    joined = (*cell.membranes.values(), *cell.exchanges.values())
    reached = {side for part in joined for side in (part.inside, part.outside)}
    for name, c in cell.compartments.items():
        base = f"compartments.{name}."
        if not c.finite and name in reached:
            paths += [f"{base}ions.{ion}" for ion in c.ions]
        if c.impermeant is not None and (c.finite or name in reached):
            paths.append(f"{base}impermeant.concentration")
        paths += [base + size for size in ("radius", "length", "volume") if getattr(c, size, None) is not None]
    for name in cell.membranes:
        paths += [f"membranes.{name}.area", f"membranes.{name}.capacitance"]
    paths.append("temperature")
    return [path for path in paths if _varies(cell, path)]


def _varies(cell: Cell, path: str) -> bool:
    """Whether it is there, has a number other than 0, and nothing else would have to give way."""
    try:
        if resolve(cell, path).value in (0.0, None, SOLVE):
            return False
        arguments(cell, path)
    except InputError:
        return False
    return True


def short(cell: Cell, path: str) -> str:
    """The least of a path that names it and reads well.

    >>> from vrest.model.cellfile import load
    >>> cell = load("mammalian_neuron")
    >>> short(cell, "membranes.neuron.transports.K_leak.permeability"), short(cell, "compartments.outside.ions.K")
    ('K_leak.permeability', 'outside.K')
    """
    kind, *parts = [part for part in path.split(".") if part not in ("ions", "transports")]
    name = ".".join(parts[1:] if kind == "membranes" and len(parts) > 2 else parts or [kind])
    try:
        return name if resolve(cell, name).path == path else path
    except InputError:  # transports of several membranes have this name
        return ".".join(parts)
