"""Gating of the seizure and spreading-depression models of Cressman 2009 and of Huebel with Dahlem and Ullah.

Their Na channels activate at once. All rates are three times the printed ones, as the papers' factor says.
"""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.errors import InputError
from vrest.model.gating import Gating, Rates, gating
from vrest.model.transport import Surroundings
from vrest.physics.gating import rate_exponential, rate_linoid, rate_sigmoid, steady_state
from vrest.physics.logistic import logistic

PARTNER = "K_gated.n"
"""The gate that stands in for Na inactivation where a model ties the two."""


def _activation(here: Surroundings) -> Any:
    """m at its steady state."""
    v = here.potential
    return steady_state(rate_linoid(v, 1e3, -0.030, 0.010), rate_exponential(v, 4e3, -0.055, -0.018))


@gating("cressman_na")
class CressmanNa(Gating):
    """Na+ channel of a cortical neuron in seizures; m^3, too, always at its steady state."""

    cites: ClassVar = ("Cressman2009",)
    powers: ClassVar = {"h": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        v = here.potential
        return {"h": (rate_exponential(v, 210.0, -0.044, -0.020), rate_sigmoid(v, 3e3, -0.014, 0.010))}

    @classmethod
    def open_fraction(cls, here: Surroundings) -> Any:
        return _activation(here) ** 3 * super().open_fraction(here)


@gating("cressman_k")
class CressmanK(Gating):
    """Delayed K+ channel of a cortical neuron in seizures."""

    cites: ClassVar = ("Cressman2009",)
    powers: ClassVar = {"n": 4}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        v = here.potential
        return {"n": (rate_linoid(v, 300.0, -0.034, 0.010), rate_exponential(v, 375.0, -0.044, -0.080))}


@gating("huebel_dahlem_na")
class HuebelDahlemNa(Gating):
    """Na+ channel without a gate of its own: h follows from the gate n of the K+ channel, which must be `K_gated`."""

    cites: ClassVar = ("Huebel2014",)
    powers: ClassVar = {}

    @classmethod
    def open_fraction(cls, here: Surroundings) -> Any:
        if PARTNER not in here.gates:
            raise InputError(
                "The gating 'huebel_dahlem_na' needs the gate n of a transport 'K_gated' of the same membrane.",
                code="no_gate",
                hint="Name the K channel K_gated, with gating = 'cressman_k'; or use gating = 'cressman_na'.",
            )
        return _activation(here) ** 3 * logistic(-6.5 * (here.gates[PARTNER] - 0.35))
