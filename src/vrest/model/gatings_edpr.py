"""Gating of the electrodiffusive Pinsky-Rinzel neuron of Saetra et al. 2020, with calcium-dependent K+ channels."""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.model.gating import Gating, Rates, gating, traub_miles_k, traub_miles_na
from vrest.model.transport import Surroundings
from vrest.physics.gating import boltzmann, rate_exponential, rate_linoid, rate_sigmoid, steady_state
from vrest.physics.namespace import namespace

BASAL = 99.8e-6
"""mol/m3: the free Ca2+ from which on the K+ channels open."""


def _above_basal(here: Surroundings) -> Any:
    return here.inside["Ca"] - BASAL


def _sodium(here: Surroundings) -> dict[str, tuple[Any, Any]]:
    return traub_miles_na(here.potential, m=(-0.0469, -0.0199), h=(-0.043, -0.020))


@gating("edpr_na")
class EdprNa(Gating):
    """Na+ channel of a hippocampal pyramidal cell; m^2, too, always at its steady state."""

    cites: ClassVar = ("Saetra2020",)
    powers: ClassVar = {"h": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        return {"h": _sodium(here)["h"]}

    @classmethod
    def open_fraction(cls, here: Surroundings) -> Any:
        return steady_state(*_sodium(here)["m"]) ** 2 * super().open_fraction(here)


@gating("edpr_k")
class EdprK(Gating):
    """Delayed K+ channel of a hippocampal pyramidal cell."""

    cites: ClassVar = ("Saetra2020",)
    powers: ClassVar = {"n": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        return traub_miles_k(here.potential, n=(-0.0249, -0.040), speed=0.5)


@gating("edpr_ca")
class EdprCa(Gating):
    """Ca2+ channel of a dendrite; z inactivates within a second above -30 mV."""

    cites: ClassVar = ("Saetra2020",)
    powers: ClassVar = {"s": 2, "z": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        v = here.potential
        z = boltzmann(v, -0.030, -0.001)
        return {
            "s": (rate_sigmoid(v, 1600.0, 0.005, 1 / 72), rate_linoid(v, 100.0, -0.0089, -0.005)),
            "z": (z, 1.0 - z),  # a time constant of 1 s
        }


@gating("edpr_ahp")
class EdprAhp(Gating):
    """K+ channel of the afterhyperpolarisation: free Ca2+ inside opens it, at any potential."""

    cites: ClassVar = ("Saetra2020",)
    powers: ClassVar = {"q": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        calcium = _above_basal(here)
        xp = namespace(calcium)
        return {"q": (xp.minimum(2e4 * calcium, xp.asarray(10.0)), xp.asarray(1.0))}


@gating("edpr_c")
class EdprC(Gating):
    """K+ channel that voltage opens; free Ca2+ inside scales it at once."""

    cites: ClassVar = ("Saetra2020",)
    powers: ClassVar = {"c": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        v = here.potential
        xp = namespace(v)
        both = rate_exponential(v, 2e3, -0.0535, -0.027)  # opening and closing together
        low = xp.minimum(v, xp.asarray(-0.010))  # the branch not taken must not overflow
        opening = rate_exponential(low, 52.7, -0.050, 0.011) * rate_exponential(low, 1.0, -0.0535, -0.027)
        opening = xp.where(v <= -0.010, opening, both)
        return {"c": (opening, both - opening)}

    @classmethod
    def open_fraction(cls, here: Surroundings) -> Any:
        chi = _above_basal(here) / 2.5e-4
        xp = namespace(chi)
        return super().open_fraction(here) * xp.minimum(chi, xp.asarray(1.0))
