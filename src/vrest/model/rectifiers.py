"""Inward rectifiers of the heart and of an astrocyte. The plain one, `kir`, stands with the other channels."""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.model.channels import ohmic, rectified
from vrest.model.quantity import quantity
from vrest.model.transport import Surroundings, Transport, transport
from vrest.physics.nernst import nernst
from vrest.physics.rectifiers import halnes_kir_fraction, luo_rudy_k1_fraction


@transport("kir_luo_rudy", strength="conductance")
class KirLuoRudy(Transport):
    """The K1 current of a ventricular cell: g sqrt([K]o/k_reference), open below E_K, closing above it."""

    cites: ClassVar[tuple[str, ...]] = ("Luo1991",)
    conductance: float = quantity("specific_conductance", maximum=1e6, doc="g at [K]o = k_reference, fully open")
    k_reference: float = quantity("concentration", "5.4 mM", exclusive=True, doc="[K]o at which g is given")

    def stoichiometry(self) -> dict[str, float]:
        return {"K": 1}

    def rate(self, here: Surroundings) -> Any:
        return rectified(self._flux, here)

    def _flux(self, here: Surroundings) -> Any:
        outside = here.outside["K"]
        reversal = nernst(1, inside=here.inside["K"], outside=outside, temperature=here.temperature)
        fraction = luo_rudy_k1_fraction(potential=here.potential, reversal_k=reversal)
        return (outside / self.k_reference) ** 0.5 * fraction * ohmic(self.conductance, "K", here)


@transport("kir_halnes", strength="conductance")
class KirHalnes(Transport):
    """The inward rectifier of an astrocyte (Halnes et al. 2013): relative to its opening at rest, not at its best."""

    cites: ClassVar[tuple[str, ...]] = ("Halnes2013",)
    conductance: float = quantity("specific_conductance", maximum=1e6, doc="g at the reference, V = E_K")
    k_inside: float = quantity("concentration", "99.959 mM", exclusive=True, doc="[K]i of the reference")
    k_reference: float = quantity("concentration", "3.082 mM", exclusive=True, doc="[K]o of the reference")

    def stoichiometry(self) -> dict[str, float]:
        return {"K": 1}

    def rate(self, here: Surroundings) -> Any:
        return rectified(self._flux, here)

    def _flux(self, here: Surroundings) -> Any:
        inside, outside = here.inside["K"], here.outside["K"]
        fraction = halnes_kir_fraction(
            potential=here.potential,
            reversal_k=nernst(1, inside=inside, outside=outside, temperature=here.temperature),
            reference=nernst(1, inside=self.k_inside, outside=self.k_reference, temperature=here.temperature),
            k_ratio=outside / self.k_reference,
        )
        return fraction * ohmic(self.conductance, "K", here)
