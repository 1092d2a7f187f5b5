"""Gating of the electrodiffusive Pinsky-Rinzel neuron of Saetra et al. 2020, with calcium-dependent K+ channels."""

from __future__ import annotations

from typing import Any

from vrest.model.gating import Gating, Rates, gating
from vrest.model.transport import Surroundings
from vrest.physics.gating import boltzmann, rate_exponential, rate_linoid, rate_sigmoid, steady_state
from vrest.physics.namespace import namespace

SOURCE = "Saetra, Einevoll & Halnes 2020, doi 10.1371/journal.pcbi.1007661"

BASAL = 99.8e-6
"""mol/m3: the free Ca2+ from which on the K+ channels open."""


def _above_basal(here: Surroundings) -> Any:
    return here.inside["Ca"] - BASAL


@gating("edpr_na")
class EdprNa(Gating):
    """m^2 h with m at its steady state."""

    source = SOURCE
    gates = ("h",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {"h": (rate_exponential(v, 128.0, -0.043, -0.018), rate_sigmoid(v, 4e3, -0.020, 0.005))}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        v = here.potential
        m = steady_state(rate_linoid(v, 1280.0, -0.0469, 0.004), rate_linoid(v, 1400.0, -0.0199, -0.005))
        return m**2 * here.gates["h"]


@gating("edpr_k")
class EdprK(Gating):
    """n."""

    source = SOURCE
    gates = ("n",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {"n": (rate_linoid(v, 80.0, -0.0249, 0.005), rate_exponential(v, 250.0, -0.040, -0.040))}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["n"]


@gating("edpr_ca")
class EdprCa(Gating):
    """s^2 z; z inactivates within a second above -30 mV."""

    source = SOURCE
    gates = ("s", "z")

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        z = boltzmann(v, -0.030, -0.001)
        return {
            "s": (rate_sigmoid(v, 1600.0, 0.005, 1 / 72), rate_linoid(v, 100.0, -0.0089, -0.005)),
            "z": (z, 1.0 - z),  # a time constant of 1 s
        }

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["s"] ** 2 * here.gates["z"]


@gating("edpr_ahp")
class EdprAhp(Gating):
    """q, which free Ca2+ inside opens, at any potential."""

    source = SOURCE
    gates = ("q",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        calcium = _above_basal(here)
        xp = namespace(calcium)
        return {"q": (xp.minimum(2e4 * calcium, xp.asarray(10.0)), xp.asarray(1.0))}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["q"]


@gating("edpr_c")
class EdprC(Gating):
    """c chi: voltage opens c, and free Ca2+ inside sets chi at once."""

    source = SOURCE
    gates = ("c",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        xp = namespace(v)
        both = rate_exponential(v, 2e3, -0.0535, -0.027)  # opening and closing together
        low = xp.minimum(v, xp.asarray(-0.010))  # the branch not taken must not overflow
        opening = rate_exponential(low, 52.7, -0.050, 0.011) * rate_exponential(low, 1.0, -0.0535, -0.027)
        opening = xp.where(v <= -0.010, opening, both)
        return {"c": (opening, both - opening)}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        chi = _above_basal(here) / 2.5e-4
        xp = namespace(chi)
        return here.gates["c"] * xp.minimum(chi, xp.asarray(1.0))
