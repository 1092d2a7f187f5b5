"""Water as published volume laws move it: towards a volume of their own, with a time constant of their own."""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.errors import InputError
from vrest.model.quantity import quantity
from vrest.model.transport import WATER, Surroundings, Transport, transport
from vrest.physics.namespace import namespace


@transport("water_relaxation", strength="rate_constant")
class WaterRelaxation(Transport):
    """The inside relaxes to the share of the volume that gives both sides one osmolarity (Huebel & Ullah 2016).

    dV_in/dt = k (V_total N_in/(N_in + N_out) - V_in), with N the amounts of all particles.
    """

    cites: ClassVar[tuple[str, ...]] = ("Huebel2016",)
    rate_constant: float = quantity("rate", maximum=1e9, doc="k, one over the time constant")

    def stoichiometry(self) -> dict[str, float]:
        return {WATER: 1}

    def rate(self, here: Surroundings) -> Any:
        inside, outside = here.volume_inside, here.volume_outside
        if inside is None or outside is None:
            raise InputError(
                "water_relaxation shares a constant volume between two finite compartments; one side has no volume.",
                code="not_osmotic",
                hint="Make both sides kind = 'osmotic', or use law = 'water' beside a bath.",
            )
        particles = here.osmolarity_inside * inside
        share = particles / (particles + here.osmolarity_outside * outside)
        return self.rate_constant * (inside - (inside + outside) * share) / here.area


@transport("water_bounded", strength="rate_constant")
class BoundedWater(Transport):
    """The inside relaxes to a volume that osmotic differences change within bounds (Wei 2014).

    dV_in/dt = k (V_ref (1 + s (1 - exp((osm_out - osm_in)/osm_slope))) - V_in): at most 1 + s times V_ref.
    """

    cites: ClassVar[tuple[str, ...]] = ("Wei2014",)
    rate_constant: float = quantity("rate", maximum=1e9, doc="k, one over the time constant")
    reference: float = quantity("volume", exclusive=True, maximum=1.0, doc="V_ref, at equal osmolarities")
    span: float = quantity("number", maximum=100.0, doc="s, the largest relative gain")
    osm_slope: float = quantity("osmolarity", "20 mOsm", exclusive=True, doc="difference that matters")

    def stoichiometry(self) -> dict[str, float]:
        return {WATER: 1}

    def rate(self, here: Surroundings) -> Any:
        if here.volume_inside is None:
            raise InputError(
                "water_bounded needs a finite inside.", code="not_osmotic", hint="Make it kind = 'osmotic'."
            )
        difference = (here.osmolarity_outside - here.osmolarity_inside) / self.osm_slope
        wanted = self.reference * (1.0 + self.span * (1.0 - namespace(difference).exp(difference)))
        return self.rate_constant * (here.volume_inside - wanted) / here.area
