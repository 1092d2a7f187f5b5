"""Membranes: a capacitance and the transports that sit in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from vrest.errors import InputError
from vrest.model.quantity import Described, quantity
from vrest.model.transport import Transport


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
        Per area, uF/cm2.
    potential
        V at the start, mV; it fixes the charge that the inside holds.
    area
        um2; by default the surface of the inside compartment's shape.
    area_follows_volume
        Whether a sphere or cylinder stretches its membrane as it swells. By default the area stays (folds open).
    """

    inside: str
    outside: str
    transports: Mapping[str, Transport]
    capacitance: float = quantity("specific_capacitance", "1 uF/cm2", minimum=1e-5, maximum=10.0)
    potential: float = quantity("potential", "-70 mV", minimum=-1.0, maximum=1.0)
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
