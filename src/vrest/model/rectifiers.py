"""The inward rectifier of the heart. The plain Boltzmann one, `kir`, stands with the other channels."""

from __future__ import annotations

from typing import Any

from vrest.model.channels import ohmic
from vrest.model.quantity import quantity
from vrest.model.transport import Surroundings, Transport, transport
from vrest.physics.nernst import nernst
from vrest.physics.rectifiers import luo_rudy_k1_fraction


@transport("kir_luo_rudy", strength="conductance")
class KirLuoRudy(Transport):
    """The K1 current of a ventricular cell: g sqrt([K]o/k_reference), open below E_K, closing above it."""

    conductance: float = quantity("specific_conductance", maximum=1e6, doc="g at [K]o = k_reference, fully open")
    k_reference: float = quantity("concentration", "5.4 mM", exclusive=True, doc="[K]o at which g is given")

    def stoichiometry(self) -> dict[str, float]:
        return {"K": 1}

    def rate(self, here: Surroundings) -> Any:
        outside = here.outside["K"]
        reversal = nernst(1, inside=here.inside["K"], outside=outside, temperature=here.temperature)
        fraction = luo_rudy_k1_fraction(potential=here.potential, reversal_k=reversal)
        return (outside / self.k_reference) ** 0.5 * fraction * ohmic(self.conductance, "K", here)
