"""Calcium: its removal."""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.errors import InputError
from vrest.model.quantity import quantity
from vrest.model.transport import Surroundings, Transport, transport


@transport("ca_decay", strength="rate_constant")
class CaDecay(Transport):
    """Free Ca2+ inside returns to its basal level, exchanged for 2 Na+: k ([Ca]i - basal) (Saetra 2020)."""

    cites: ClassVar[tuple[str, ...]] = ("Saetra2020",)
    rate_constant: float = quantity("rate", maximum=1e9, doc="k")
    basal: float = quantity("concentration", "0.0001 mM", doc="[Ca]i at which nothing moves")

    def stoichiometry(self) -> dict[str, float]:
        return {"Ca": 1, "Na": -2}

    def rate(self, here: Surroundings) -> Any:
        if here.volume_inside is None:
            raise InputError(
                "ca_decay needs a finite inside.", code="no_volume", hint="Make it kind = 'fixed' or 'osmotic'."
            )
        return self.rate_constant * (here.inside["Ca"] - self.basal) * here.volume_inside / here.area
