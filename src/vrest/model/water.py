"""Water through the membrane, driven by osmolarity."""

from __future__ import annotations

from typing import Any

from vrest.model.quantity import quantity
from vrest.model.transport import WATER, Surroundings, Transport, transport
from vrest.physics.water import osmotic_flux


@transport("water", strength="hydraulic_permeability")
class Water(Transport):
    """Osmotic water flux L_p RT (osmolarity difference); needs an osmotic compartment inside or outside."""

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
