"""Gating of the neuron of Wei, Ullah and Schiff 2014."""

from __future__ import annotations

from typing import ClassVar

from vrest.model.gating import Gating, Rates, gating, traub_miles_k, traub_miles_na
from vrest.model.transport import Surroundings


@gating("wei_na")
class WeiNa(Gating):
    """Na+ channel of a cortical neuron in spreading depression."""

    cites: ClassVar = ("Wei2014",)
    powers: ClassVar = {"m": 3, "h": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        return traub_miles_na(here.potential, m=(-0.054, -0.027), h=(-0.050, -0.027))


@gating("wei_k")
class WeiK(Gating):
    """Delayed K+ channel of a cortical neuron in spreading depression."""

    cites: ClassVar = ("Wei2014",)
    powers: ClassVar = {"n": 4}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        return traub_miles_k(here.potential, n=(-0.052, -0.057))
