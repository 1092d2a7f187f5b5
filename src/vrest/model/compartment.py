"""Compartments: where ions, impermeant charge and water are."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from vrest.errors import InputError, near_miss
from vrest.layout import glued
from vrest.model.quantity import SOLVE, Described, Quantity, door_text, numbers, quantity, quantity_map, read

Kind = Literal["bath", "dialysed", "fixed", "osmotic"]
KINDS = ("bath", "dialysed", "fixed", "osmotic")
SHAPES = ("sphere", "cylinder")

CONCENTRATION = Quantity("concentration", 0.0, False, 10_000.0, True, "concentration of an ion")
"""What an ion's concentration may be: 0 to 10 M, or `solve`."""


@dataclass(frozen=True, kw_only=True)
class Impermeant(Described):
    """Charged or neutral molecules that cannot leave: proteins, nucleotides, or a bath's other anions.

    Parameters
    ----------
    concentration
        At the start volume, mM.
    valence
        Mean charge per molecule; `"solve"` where the starting potential is to determine it (the concentration may say
        so in its place).

    Raises
    ------
    InputError
        A value without its unit in text, or out of range.

    >>> Impermeant(concentration="135 mM", valence=-1.2).concentration  # kept in SI, mol/m3
    135.0
    """

    concentration: float = quantity("concentration", maximum=10_000.0, solvable=True)
    valence: float = quantity("number", minimum=-100.0, maximum=100.0, solvable=True)


@dataclass(frozen=True, kw_only=True)
class Compartment(Described):
    """A well-mixed space.

    Parameters
    ----------
    kind
        `bath`: infinite, contents fixed. `dialysed`: an inside whose contents are held, as by a pipette (or in
        models that leave concentrations out). `fixed`: finite volume that stays. `osmotic`: finite volume
        that follows the water.
    ions
        Concentrations at the start, mM (or strings with units). In a finite compartment one of them, or the
        valence or concentration of the impermeants, may be `"solve"`: the charge balance then determines it.
    impermeant
        Molecules that stay.
    free
        Share of an ion that is free, where fast buffers bind the rest. What is bound counts for charge and osmolarity;
        transports, paths and Nernst potentials see what is free.
    volume, shape, radius, length
        Size of a finite compartment: a volume (um3), or `shape = "sphere"` with a radius (um), or
        `shape = "cylinder"` with radius and length (um).

    Raises
    ------
    InputError
        An unknown kind or shape, a size that is missing, doubled or given to a bath, more than one `"solve"`, an ion
        of 0 mM in a finite compartment, a value out of range.

    >>> soma = Compartment(kind="osmotic", shape="sphere", radius="8 um", ions={"K": 140, "Na": 15, "Cl": "10 mM"},
    ...                    impermeant=Impermeant(concentration=135, valence="solve"))
    >>> print(f"{1e18 * soma.start_volume:.1f} um3, {1e12 * soma.surface:.1f} um2")
    2144.7 um3, 804.2 um2
    """

    kind: Kind
    ions: Mapping[str, Any]
    impermeant: Impermeant | None = None
    free: Mapping[str, Any] = quantity_map("number", empty=True, exclusive=True, maximum=1.0)
    volume: float | None = quantity("volume", None, minimum=1e-24, maximum=1.0)
    shape: str | None = None
    radius: float | None = quantity("length", None, minimum=1e-9, maximum=1.0)
    length: float | None = quantity("length", None, minimum=1e-9, maximum=1.0)
    _name: str = field(default="", repr=False)

    def _check(self) -> None:
        where = f"compartment '{self._name}'" if self._name else "a compartment"
        if self.kind not in KINDS:
            raise InputError(
                f"{where}: kind '{self.kind}'.",
                code="unknown_kind",
                hint=near_miss(str(self.kind), list(KINDS)),
            )
        ions = {str(s): read(c, CONCENTRATION, f"{where}, ion {s}", str(s)) for s, c in self.ions.items()}
        object.__setattr__(self, "ions", MappingProxyType(ions))
        sizes = (self.volume, self.shape, self.radius, self.length)
        if self.kind == "bath" and any(value is not None for value in sizes):
            raise InputError(
                f"{where} is a bath and has no size.",
                code="unexpected_key",
                hint="Remove volume, shape, radius, length.",
            )
        if not self.finite and SOLVE in self.solvables().values():
            raise InputError(
                f"{where} is of kind '{self.kind}': nothing in it can be 'solve'.",
                code="cannot_solve",
                hint="Only a finite compartment has a membrane charge that determines a value. Write a number.",
            )
        for symbol in self.free:
            if symbol not in ions:
                raise InputError(
                    f"{where}: free names {symbol}, which is not among its ions.",
                    code="unknown_ion",
                    hint=near_miss(symbol, list(ions)),
                )
        if self.finite or any(value is not None for value in sizes):
            self._check_size(where)
        if self.finite:
            self._check_contents(where)

    def _brief(self) -> Iterable[str]:
        size = f", {door_text(self.start_volume, 'volume')}" if self.finite else ""
        yield f"Compartment{f' {self._name!r}' if self._name else ''}, {self.kind}{size}"
        base = f"{self._name}." if self._name else ""
        contents = [(base + ion, value, "concentration") for ion, value in self.ions.items()]
        for part, where in ((self.impermeant, f"{base}impermeant."), (self, base)):
            contents += [(where + name, value, spec.dimension) for name, value, spec in (numbers(part) if part else ())]
        yield "  " + ", ".join(glued(f"{path} = {door_text(value, dimension)}") for path, value, dimension in contents)

    def _check_size(self, where: str) -> None:
        if self.shape is not None and self.shape not in SHAPES:
            raise InputError(
                f"{where}: shape '{self.shape}'.",
                code="unknown_shape",
                hint=near_miss(str(self.shape), list(SHAPES)),
            )
        needed = {None: {"volume"}, "sphere": {"radius"}, "cylinder": {"radius", "length"}}[self.shape]
        given = {name for name in ("volume", "radius", "length") if getattr(self, name) is not None}
        if given != needed:
            raise InputError(
                f"{where}: its size is given by {' and '.join(sorted(given)) or 'nothing'}"
                + (f" with shape '{self.shape}'." if self.shape else "."),
                code="size",
                hint="Give a volume, or shape = 'sphere' with a radius, or shape = 'cylinder' with radius and length.",
            )

    def _check_contents(self, where: str) -> None:
        unknowns = [name for name, value in self.solvables().items() if value == SOLVE]
        if len(unknowns) > 1:
            raise InputError(
                f"{where}: {' and '.join(unknowns)} are both 'solve'.",
                code="cannot_solve",
                hint="The charge balance determines one value per compartment; give the others as numbers.",
            )
        for symbol, value in self.ions.items():
            if value == 0.0:
                raise InputError(
                    f"{where}: {symbol} is 0 mM.",
                    code="zero_concentration",
                    hint="Its Nernst potential would be undefined; write a trace (0.001 mM) or leave the ion out.",
                )

    def solvables(self) -> dict[str, Any]:
        """The values that the charge balance could determine, by their path inside the compartment."""
        values = {f"ions.{symbol}": value for symbol, value in self.ions.items()}
        if self.impermeant is not None:
            values["impermeant.valence"] = self.impermeant.valence
            values["impermeant.concentration"] = self.impermeant.concentration
        return values

    @property
    def finite(self) -> bool:
        """Whether its contents can change."""
        return self.kind in ("fixed", "osmotic")

    @property
    def start_volume(self) -> float:
        """Volume at the start, m3."""
        if self.volume is not None:
            return self.volume
        assert self.radius is not None  # checked at construction
        if self.length is None:
            return 4 / 3 * math.pi * self.radius**3
        return math.pi * self.radius**2 * self.length

    @property
    def surface(self) -> float | None:
        """Area of its shape (the side of a cylinder), m2; None where only a volume is known."""
        if self.radius is None:
            return None
        if self.length is None:
            return 4 * math.pi * self.radius**2
        return 2 * math.pi * self.radius * self.length
