"""Published gating: how the gates of a channel open, close and multiply. A channel of a file names one.

    Na = { law = "gated_ohmic", ion = "Na", conductance = "0.12 S/cm2", gating = "hodgkin_huxley_na" }

A gating is a class with the kinetics of its gates (rates in 1/s from V in volts) and the open fraction they make.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from vrest.errors import InputError, near_miss
from vrest.model.transport import Surroundings
from vrest.physics.gating import rate_exponential, rate_linoid, rate_sigmoid

Rates = Mapping[str, tuple[Any, Any]]
"""For each gate its opening and closing rate, 1/s."""


class Gating(ABC):
    """Abstract base: subclasses are final and have no state of their own."""

    source: ClassVar[str]
    gates: ClassVar[tuple[str, ...]]

    @staticmethod
    @abstractmethod
    def kinetics(here: Surroundings) -> Rates:
        """Opening and closing rates of every gate."""

    @staticmethod
    @abstractmethod
    def open_fraction(here: Surroundings) -> Any:
        """What share of the channels is open, from `here.gates`."""


GATINGS: dict[str, type[Gating]] = {}
"""Every gating a channel may name."""


def gating(name: str) -> Any:
    """Register a gating under the name that files use."""

    def register(cls: type[Gating]) -> type[Gating]:
        GATINGS[name] = cls
        return cls

    return register


def find_gating(name: str) -> type[Gating]:
    """The gating of a name, or an `InputError` with a near miss."""
    if name not in GATINGS:
        raise InputError(f"There is no gating '{name}'.", code="unknown_gating", hint=near_miss(name, list(GATINGS)))
    return GATINGS[name]


@gating("hodgkin_huxley_na")
class HodgkinHuxleyNa(Gating):
    """m^3 h of the squid axon at 6.3 degC, rest at -65 mV."""

    source = "Hodgkin & Huxley 1952, doi 10.1113/jphysiol.1952.sp004764"
    gates = ("m", "h")

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {
            "m": (rate_linoid(v, 1e3, -0.040, 0.010), rate_exponential(v, 4e3, -0.065, -0.018)),
            "h": (rate_exponential(v, 70.0, -0.065, -0.020), rate_sigmoid(v, 1e3, -0.035, 0.010)),
        }

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["m"] ** 3 * here.gates["h"]


@gating("hodgkin_huxley_k")
class HodgkinHuxleyK(Gating):
    """n^4 of the squid axon at 6.3 degC, rest at -65 mV."""

    source = "Hodgkin & Huxley 1952, doi 10.1113/jphysiol.1952.sp004764"
    gates = ("n",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {"n": (rate_linoid(v, 100.0, -0.055, 0.010), rate_exponential(v, 125.0, -0.065, -0.080))}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["n"] ** 4
