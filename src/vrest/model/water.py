"""Water through the membrane, driven by osmolarity."""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.model.quantity import quantity
from vrest.model.transport import WATER, Surroundings, Transport, transport
from vrest.physics.water import osmotic_flux


@transport("water", strength="hydraulic_permeability")
class Water(Transport):
    """Osmotic water flux L_p RT (osmolarity difference); needs an osmotic compartment inside or outside."""

    cites: ClassVar[tuple[str, ...]] = ("Kedem1958",)
    monotone: ClassVar[bool] = True
    hydraulic_permeability: float = quantity("hydraulic_permeability", maximum=1.0, doc="L_p")

    def stoichiometry(self) -> dict[str, float]:
        return {WATER: 1}

    def rate(self, here: Surroundings) -> Any:
        return osmotic_flux(
            self.hydraulic_permeability,
            osmolarity_inside=here.osmolarity_inside,
            osmolarity_outside=here.osmolarity_outside,
            temperature=here.temperature,
        )


@transport("water_mobile", strength="hydraulic_permeability")
class WaterMobile(Transport):
    """Osmotic water flux that only mobile ions drive, by what they changed since the start (Saetra 2021).

    L_p RT [(M_out - reference_outside) - (M_in - reference_inside)], with M the sum of the ions. What does not move
    counts as a constant pressure, undiluted, in place of as particles.
    """

    cites: ClassVar[tuple[str, ...]] = ("Saetra2021",)
    hydraulic_permeability: float = quantity("hydraulic_permeability", maximum=1.0, doc="L_p")
    reference_inside: float = quantity("osmolarity", doc="M_in at which, and ...")
    reference_outside: float = quantity("osmolarity", doc="M_out at which no water moves")

    def stoichiometry(self) -> dict[str, float]:
        return {WATER: 1}

    def rate(self, here: Surroundings) -> Any:
        return osmotic_flux(
            self.hydraulic_permeability,
            osmolarity_inside=here.ions_inside - self.reference_inside,
            osmolarity_outside=here.ions_outside - self.reference_outside,
            temperature=here.temperature,
        )
