"""Gating of the neuron of Wei, Ullah and Schiff 2014."""

from __future__ import annotations

from typing import Any

from vrest.model.gating import Gating, Rates, gating
from vrest.model.transport import Surroundings
from vrest.physics.gating import rate_exponential, rate_linoid, rate_sigmoid

SOURCE = "Wei, Ullah & Schiff 2014, doi 10.1523/JNEUROSCI.0516-14.2014"


@gating("wei_na")
class WeiNa(Gating):
    """m^3 h."""

    source = SOURCE
    gates = ("m", "h")

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {
            "m": (rate_linoid(v, 1280.0, -0.054, 0.004), rate_linoid(v, 1400.0, -0.027, -0.005)),
            "h": (rate_exponential(v, 128.0, -0.050, -0.018), rate_sigmoid(v, 4e3, -0.027, 0.005)),
        }

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["m"] ** 3 * here.gates["h"]


@gating("wei_k")
class WeiK(Gating):
    """n^4."""

    source = SOURCE
    gates = ("n",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {"n": (rate_linoid(v, 160.0, -0.052, 0.005), rate_exponential(v, 500.0, -0.057, -0.040))}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["n"] ** 4
