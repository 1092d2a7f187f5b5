"""Fields that carry a physical quantity: declared once, read at the door, kept as SI floats.

A class of the model declares `permeability: float = quantity("permeability", ...)`. That one line gives it
unit conversion, range checks, a place in the file format and its JSON schema, and a path for `--set`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Self, cast

from vrest.errors import InputError
from vrest.layout import glued
from vrest.physics.namespace import traced
from vrest.shown import Told
from vrest.tables import number
from vrest.units import format_si, from_door, from_si, to_si, unit_of

SOLVE = "solve"
"""The word a file writes where the charge balance is to determine a value."""


@dataclass(frozen=True)
class Quantity:
    """What a quantity field accepts: its dimension, its range (SI) and whether it may say `solve`."""

    dimension: str
    minimum: float | None
    exclusive: bool
    maximum: float | None
    solvable: bool
    doc: str


def quantity(
    dimension: str,
    default: Any = dataclasses.MISSING,
    *,
    minimum: float | None = 0.0,
    exclusive: bool = False,
    maximum: float | None = None,
    solvable: bool = False,
    doc: str = "",
) -> Any:
    """Declare a quantity field of a `Transport`, an exchange or any other `Described` class.

    Parameters
    ----------
    dimension
        Such as `"permeability"`; `vrest.units` has the door unit of each.
    default
        As written at the door, a text with unit or a number in the door unit; without it a value must be given.
    minimum, maximum
        Limits, SI; None where there is none.
    exclusive
        Whether the minimum itself is refused.
    solvable
        Whether `"solve"` may stand in place of a number: the charge balance determines it.
    doc
        What it means, for the JSON schema of a cell file.

    Returns
    -------
    A dataclass field: values are read, converted to SI and checked when an instance is made.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class Leak(Described):
    ...     permeability: float = quantity("permeability", "1e-6 cm/s")
    >>> Leak().permeability, Leak(permeability=2e-6).permeability  # m/s
    (1e-08, 2e-08)
    """
    spec = Quantity(dimension, minimum, exclusive, maximum, solvable, doc)
    return dataclasses.field(default=default, metadata={"quantity": spec})


def quantity_map(dimension: str, *, empty: bool = False, **limits: Any) -> Any:
    """Declare a field that holds one quantity per ion, as a table of values by symbol; limits as of `quantity`.

    `empty` is for a table that may be left out.
    """
    metadata = {"quantities": quantity(dimension, **limits).metadata["quantity"]}
    return dataclasses.field(default_factory=dict, metadata=metadata) if empty else dataclasses.field(metadata=metadata)


def quantity_fields(owner: Any) -> tuple[tuple[str, Quantity], ...]:
    """The quantity fields of a class or instance, in order of declaration."""
    return _marked(owner if isinstance(owner, type) else type(owner), "quantity")


def quantity_maps(owner: Any) -> tuple[tuple[str, Quantity], ...]:
    """The fields of a class or instance that hold one quantity per ion."""
    return _marked(owner if isinstance(owner, type) else type(owner), "quantities")


@lru_cache(maxsize=512)
def _marked(kind: type, mark: str) -> tuple[tuple[str, Quantity], ...]:
    fields = dataclasses.fields(cast(Any, kind))
    return tuple((field.name, field.metadata[mark]) for field in fields if mark in field.metadata)


@lru_cache(maxsize=256)
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cast(Any, kind)))


def numbers(owner: Any) -> Iterator[tuple[str, Any, Quantity]]:
    """Every number of an instance: its path below the instance (`clearance`, `diffusivity.K`), value, and spec."""
    for name, spec in quantity_fields(owner):
        if (value := getattr(owner, name)) is not None:
            yield name, value, spec
    for name, spec in quantity_maps(owner):
        for key, value in getattr(owner, name).items():
            yield f"{name}.{key}", value, spec


def read(value: Any, spec: Quantity, where: str, ion: str = "") -> Any:
    """A door value, of an ion, as SI float, checked against the limits of its field (`solve` and None stay)."""
    if value is None or (spec.solvable and value == SOLVE):
        return value
    if hasattr(value, "shape") and value.shape:
        raise InputError(
            f"{where} got an array of {value.size} values.",
            code="not_a_number",
            hint="A cell has one value per parameter; use population or rest_many for many.",
        )
    si = float(to_si(value, spec.dimension, where, ion=ion))
    return check(si, spec, where)


SIZES = {"volume": (1e-19, 1e-11), "length": (1e-8, 1e-2), "area": (1e-14, 1e-5)}
"""Of cells and their parts, SI."""

OTHER_UNITS = {
    "volume": ("pL", "nL", "uL", "mL", "L"),
    "length": ("nm", "mm", "cm", "m"),
    "area": ("nm2", "mm2", "cm2", "m2"),
}
"""Units in which the number of a size may have been meant."""


def meant(si: float, dimension: str) -> Iterator[tuple[str, float]]:
    """Units in which the door number of a size would be one that cells have, and that size (SI).

    >>> [(unit, f"{1e18 * size:.0f} um3") for unit, size in meant(2e-30, "volume")]
    [('mL', '2 um3'), ('L', '2000 um3')]
    """
    least, most = SIZES.get(dimension, (0.0, 0.0))
    for unit in OTHER_UNITS.get(dimension, ()):
        other = from_door(from_si(si, dimension), dimension, unit)
        if least <= other <= most:
            yield unit, other


def check(si: Any, spec: Quantity, where: str) -> Any:
    """An SI value, or an array of them, within the limits of its field, or an `InputError`; a traced one as it is."""
    if traced(si):
        return si
    if getattr(si, "shape", ()):
        known = si[si == si]
        for extreme in (known.min(), known.max()) if known.size else ():
            check(float(extreme), spec, f"{where} of cell {int((si == extreme).argmax())}")
        return si
    too_low = spec.minimum is not None and (si < spec.minimum or (spec.exclusive and si == spec.minimum))
    too_high = spec.maximum is not None and si > spec.maximum
    if too_low or too_high:
        limits = []
        if spec.minimum is not None:
            word = "above" if spec.exclusive else "at least"
            limits.append(f"{word} {format_si(spec.minimum, spec.dimension, digits=4)}")
        if spec.maximum is not None:
            limits.append(f"at most {format_si(spec.maximum, spec.dimension, digits=4)}")
        door = number(from_si(si, spec.dimension), 4)
        likely = [f"{door} {unit} are {format_si(si, spec.dimension, 4)}" for unit, si in meant(si, spec.dimension)]
        raise InputError(
            f"{where} is {format_si(si, spec.dimension, digits=6)}; it must be {' and '.join(limits)}.",
            code="out_of_range",
            hint="Check the sign, the unit (M for mM?) and the place the number came from."
            + (f" Likely: {'; or '.join(likely)}." if likely else ""),
        )
    return si


class Described(Told):
    """Base of frozen dataclasses with quantity fields: reads them at construction, copies with SI values."""

    def __post_init__(self) -> None:
        for name, spec in quantity_fields(self):
            where = f"{type(self).__name__}.{name}"
            object.__setattr__(self, name, read(getattr(self, name), spec, where))
        for name, spec in quantity_maps(self):
            where = f"{type(self).__name__}.{name}"
            table = {str(key): read(value, spec, f"{where}.{key}") for key, value in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(table))
        self._check()

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to another process, which cannot be sent a read-only mapping."""
        return {k: dict(v) if isinstance(v, MappingProxyType) else v for k, v in self._own().items()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update({k: MappingProxyType(v) if isinstance(v, dict) else v for k, v in state.items()})

    def _check(self) -> None:
        """Checks beyond the range of single fields; abstract classes may leave it empty."""

    def _brief(self) -> Iterable[str]:
        """As it is made, values with their units; what is as by default is left out."""
        specs = dict(quantity_fields(self)) | dict(quantity_maps(self))
        told = []
        for field in dataclasses.fields(cast(Any, self)):
            value, spec = vars(self).get(field.name, field.default), specs.get(field.name)
            usual = (
                field.default if spec is None or field.default is dataclasses.MISSING else read(field.default, spec, "")
            )
            if field.name.startswith("_") or value is None or value == usual:
                continue
            if isinstance(value, Mapping):
                value = {key: _as_given(each, spec) for key, each in value.items()}
                if not value:
                    continue
            text = f"{field.name}={_as_given(value, spec)!r}"
            told.append(text if spec is None else glued(text).replace(glued(", "), ", "))
        yield f"{type(self).__name__}({', '.join(told)})"

    @classmethod
    def carrying(cls, values: Mapping[str, Any]) -> Self:
        """An instance with these fields as they are, SI or traced by JAX; none is checked, some may be left out."""
        made = object.__new__(cls)
        vars(made).update(values)
        return made

    def _with_si(self, **values: Any) -> Self:
        """A copy with some fields replaced by values that are SI already (or traced by JAX)."""
        return self.carrying(self._own() | values)

    def _own(self) -> dict[str, Any]:
        """The values of its fields, without what is derived from them and kept."""
        values = vars(self)
        return {name: values[name] for name in _field_names(type(self))}


def _as_given(value: Any, spec: Quantity | None) -> Any:
    """A number as one would write it at the door, with four digits."""
    return value if spec is None or not isinstance(value, float) else door_text(value, spec.dimension)


def door_text(value: Any, dimension: str) -> str:
    """A value (SI, or `solve`) in its door unit, four digits.

    >>> door_text(0.0667, "turnover"), door_text("solve", "number")
    ('6.67e6 pmol/cm2/s', 'solve')
    """
    return (
        f"{number(from_si(value, dimension))} {unit_of(dimension)}".rstrip() if isinstance(value, float) else str(value)
    )
