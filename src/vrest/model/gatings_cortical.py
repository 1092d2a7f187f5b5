"""Gating of cortical neurons (Pospischil et al. 2008, after Traub & Miles 1991), at 36 degC.

One set of rates, shifted along V by a threshold V_T of its own for each class of neuron.
"""

from __future__ import annotations

from typing import ClassVar

from vrest.model.gating import Gating, Rates, gating, traub_miles_k, traub_miles_na
from vrest.model.transport import Surroundings
from vrest.physics.gating import boltzmann, rate_exponential


@gating("pyramidal_na")
class PyramidalNa(Gating):
    """Na+ channel of a regular-spiking pyramidal cell, 36 degC."""

    cites: ClassVar = ("Pospischil2008", "Traub1991")
    powers: ClassVar = {"m": 3, "h": 1}
    threshold = -0.0562

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        t = cls.threshold
        return traub_miles_na(here.potential, m=(t + 0.013, t + 0.040), h=(t + 0.017, t + 0.040))


@gating("pyramidal_k")
class PyramidalK(Gating):
    """Delayed K+ channel of a regular-spiking pyramidal cell, 36 degC."""

    cites: ClassVar = ("Pospischil2008", "Traub1991")
    powers: ClassVar = {"n": 4}
    threshold = PyramidalNa.threshold

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        return traub_miles_k(here.potential, n=(cls.threshold + 0.015, cls.threshold + 0.010))


@gating("fast_spiking_na")
class FastSpikingNa(PyramidalNa):
    """Na+ channel of a fast-spiking interneuron, 36 degC."""

    threshold = -0.0579


@gating("fast_spiking_k")
class FastSpikingK(PyramidalK):
    """Delayed K+ channel of a fast-spiking interneuron, 36 degC."""

    threshold = FastSpikingNa.threshold


@gating("pyramidal_m")
class PyramidalM(Gating):
    """Slow muscarinic K+ channel (M current) of a pyramidal cell, 36 degC, time constant up to 608 ms."""

    cites: ClassVar = ("Pospischil2008",)
    powers: ClassVar = {"p": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        v = here.potential
        speed = rate_exponential(v, 3.3 / 0.608, -0.035, 0.020) + rate_exponential(v, 1 / 0.608, -0.035, -0.020)
        return {"p": (speed * boltzmann(v, -0.035, 0.010), speed * boltzmann(v, -0.035, -0.010))}
