"""Gating of cortical neurons (Pospischil et al. 2008, after Traub & Miles 1991), at 36 degC.

One set of rates, shifted along V by a threshold of its own for each class of neuron.
"""

from __future__ import annotations

from typing import Any

from vrest.model.gating import Gating, Rates, gating
from vrest.model.transport import Surroundings
from vrest.physics.gating import boltzmann, rate_exponential, rate_linoid, rate_sigmoid

SOURCE = "Pospischil et al. 2008, doi 10.1007/s00422-008-0263-8"

PYRAMIDAL, FAST_SPIKING = -0.0562, -0.0579
"""V_T of regular-spiking pyramidal cells and of fast-spiking interneurons, V."""


def _sodium(v: Any, threshold: float) -> Rates:
    return {
        "m": (
            rate_linoid(v, 1280.0, threshold + 0.013, 0.004),
            rate_linoid(v, 1400.0, threshold + 0.040, -0.005),
        ),
        "h": (
            rate_exponential(v, 128.0, threshold + 0.017, -0.018),
            rate_sigmoid(v, 4e3, threshold + 0.040, 0.005),
        ),
    }


def _potassium(v: Any, threshold: float) -> Rates:
    return {
        "n": (
            rate_linoid(v, 160.0, threshold + 0.015, 0.005),
            rate_exponential(v, 500.0, threshold + 0.010, -0.040),
        )
    }


@gating("pyramidal_na")
class PyramidalNa(Gating):
    """m^3 h of a pyramidal cell, V_T = -56.2 mV."""

    source = SOURCE
    gates = ("m", "h")

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        return _sodium(here.potential, PYRAMIDAL)

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["m"] ** 3 * here.gates["h"]


@gating("pyramidal_k")
class PyramidalK(Gating):
    """n^4 of a pyramidal cell, V_T = -56.2 mV."""

    source = SOURCE
    gates = ("n",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        return _potassium(here.potential, PYRAMIDAL)

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["n"] ** 4


@gating("pyramidal_m")
class PyramidalM(Gating):
    """p of the slow muscarinic K+ current of a pyramidal cell, with a longest time constant of 608 ms."""

    source = SOURCE
    gates = ("p",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        speed = rate_exponential(v, 3.3 / 0.608, -0.035, 0.020) + rate_exponential(v, 1 / 0.608, -0.035, -0.020)
        return {"p": (speed * boltzmann(v, -0.035, 0.010), speed * boltzmann(v, -0.035, -0.010))}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["p"]


@gating("fast_spiking_na")
class FastSpikingNa(Gating):
    """m^3 h of a fast-spiking interneuron, V_T = -57.9 mV."""

    source = SOURCE
    gates = ("m", "h")

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        return _sodium(here.potential, FAST_SPIKING)

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["m"] ** 3 * here.gates["h"]


@gating("fast_spiking_k")
class FastSpikingK(Gating):
    """n^4 of a fast-spiking interneuron, V_T = -57.9 mV."""

    source = SOURCE
    gates = ("n",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        return _potassium(here.potential, FAST_SPIKING)

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["n"] ** 4
