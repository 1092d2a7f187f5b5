"""Membranes: a capacitance and the transports that sit in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from vrest.errors import InputError
from vrest.layout import glued
from vrest.model.quantity import Described, door_text, numbers, quantity, quantity_fields
from vrest.model.transport import Transport

LEAST_CAPACITANCE = 1e-5
"""F/m2: the least that a membrane has which closes no ring."""


@dataclass(frozen=True, kw_only=True)
class Membrane(Described):
    """Joins the compartment `inside` to the compartment `outside`; V = inside minus outside.

    Parameters
    ----------
    inside, outside
        Names of the two compartments.
    transports
        The mechanisms in it, by name.
    capacitance
        Per area, uF/cm2; 1 uF/cm2 where nothing is said. In a cell, one whose potential follows from those of others
        with which it closes a ring has none: None.
    potential
        V at the start, mV; it fixes the charge that the inside holds. -70 mV where nothing is said; None of a membrane
        that closes a ring.
    area
        um2; by default the surface of the inside compartment's shape.
    area_follows_volume
        Whether a sphere or cylinder stretches its membrane as it swells. By default the area stays (folds open).

    Raises
    ------
    InputError
        One compartment on both sides, a value out of range.

    >>> from vrest.model.channels import GHKLeak
    >>> leak = GHKLeak(ion="K", permeability="1e-6 cm/s")
    >>> Membrane(inside="soma", outside="bath", transports={"K_leak": leak}, capacitance=2).capacitance  # SI, F/m2
    0.02
    """

    inside: str
    outside: str
    transports: Mapping[str, Transport]
    capacitance: Any = quantity("specific_capacitance", None, maximum=10.0)  # noqa: RUF009
    potential: Any = quantity("potential", None, minimum=-1.0, maximum=1.0)  # noqa: RUF009
    area: float | None = quantity("area", None, minimum=1e-18, maximum=1.0)
    area_follows_volume: bool = False
    _name: str = field(default="", repr=False)

    def _check(self) -> None:
        if self.inside == self.outside:
            raise InputError(
                f"membrane '{self._name}' has '{self.inside}' on both sides.",
                code="same_compartment",
                hint="A membrane joins two compartments.",
            )
        object.__setattr__(self, "transports", MappingProxyType(dict(self.transports)))

    def _brief(self) -> Iterable[str]:
        base = f"{self._name}." if self._name else ""
        yield f"Membrane{f' {self._name!r}' if self._name else ''} from '{self.inside}' to '{self.outside}'"
        own = [glued(f"{base}{name} = {door_text(value, spec.dimension)}") for name, value, spec in numbers(self)]
        yield "  " + ", ".join(own)
        strengths = [label if t.strength is None else _strength(label, t) for label, t in self.transports.items()]
        yield "  " + ", ".join(strengths)


def _strength(label: str, t: Transport) -> str:
    """What sets the size of a transport, by its path."""
    dimension = dict(quantity_fields(t))[str(t.strength)].dimension
    return glued(f"{label}.{t.strength} = {door_text(getattr(t, str(t.strength)), dimension)}")
