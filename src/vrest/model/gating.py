"""Published gating: how the gates of a channel open, close and multiply. A channel of a file names one.

    Na = { law = "gated_ohmic", ion = "Na", conductance = "0.12 S/cm2", gating = "hodgkin_huxley_na" }

A gating is a class with the kinetics of its gates (rates in 1/s from V in volts) and the powers they enter the open
fraction with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, ClassVar

from vrest.errors import InputError
from vrest.model.transport import Surroundings
from vrest.physics.gating import rate_exponential, rate_linoid, rate_sigmoid

Rates = Mapping[str, tuple[Any, Any]]
"""For each gate its opening and closing rate, 1/s."""


class Gating:
    """Base: a class has no state of its own."""

    cites: ClassVar[tuple[str, ...]]
    """Keys of `references.bib`: where it comes from."""
    powers: ClassVar[Mapping[str, int]]
    """Its gates, and the power of each in the open fraction; empty where all is instantaneous."""

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        """Opening and closing rates of every gate."""
        return {}

    @classmethod
    def open_fraction(cls, here: Surroundings) -> Any:
        """What share of the channels is open, from `here.gates`."""
        return math.prod(here.gates[gate] ** power for gate, power in cls.powers.items())


NEAR = 3
"""Names that are suggested at most for one that is unknown."""

GATINGS: dict[str, type[Gating]] = {}
"""Every gating a channel may name."""


def gating(name: str) -> Any:
    """Register a gating under the name that files use."""

    def register(cls: type[Gating]) -> type[Gating]:
        GATINGS[name] = cls
        return cls

    return register


def find_gating(name: str) -> type[Gating]:
    """The gating of a name, or an `InputError` with those of similar names."""
    if name not in GATINGS:
        close = _near(name.lower())
        meant = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
        raise InputError(
            f"There is no gating '{name}'.",
            code="unknown_gating",
            hint=f"{meant}'vrest show --gatings' lists all {len(GATINGS)}.",
        )
    return GATINGS[name]


def _near(name: str) -> list[str]:
    """Names like one, or with initials like it (`hh_na`); the nearest first."""
    forms = {each: each for each in GATINGS}
    for each in GATINGS:
        *first, last = each.split("_")
        forms.setdefault("_".join(["".join(word[:1] for word in first), last]), each)
    close = get_close_matches(name, forms, n=NEAR, cutoff=0.5)
    return list(dict.fromkeys(forms[form] for form in close))


def open_law(kind: type[Gating]) -> str:
    """The open fraction as papers write it, of the gates that take time.

    >>> open_law(find_gating("hodgkin_huxley_na"))
    'm^3 h'
    """
    return " ".join(f"{gate}^{power}" if power > 1 else gate for gate, power in kind.powers.items()) or "at once"


def about(kind: type[Gating]) -> str:
    """What a gating is: the first paragraph of its class.

    >>> about(find_gating("hodgkin_huxley_k"))
    'Delayed K+ channel of the squid axon, 6.3 degC, rest at -65 mV'
    """
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split()).rstrip(".")


def traub_miles_na(v: Any, *, m: tuple[float, float], h: tuple[float, float]) -> dict[str, tuple[Any, Any]]:
    """Na channels of Traub & Miles 1991, which later models shift: the midpoints (V) of opening and of closing."""
    return {
        "m": (rate_linoid(v, 1280.0, m[0], 0.004), rate_linoid(v, 1400.0, m[1], -0.005)),
        "h": (rate_exponential(v, 128.0, h[0], -0.018), rate_sigmoid(v, 4e3, h[1], 0.005)),
    }


def traub_miles_k(v: Any, *, n: tuple[float, float], speed: float = 1.0) -> Rates:
    """K channels of the same source; some models halve their speed."""
    return {"n": (rate_linoid(v, speed * 160.0, n[0], 0.005), rate_exponential(v, speed * 500.0, n[1], -0.040))}


@gating("hodgkin_huxley_na")
class HodgkinHuxleyNa(Gating):
    """Na+ channel of the squid axon, 6.3 degC, rest at -65 mV."""

    cites: ClassVar = ("Hodgkin1952",)
    powers: ClassVar = {"m": 3, "h": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        v = here.potential
        return {
            "m": (rate_linoid(v, 1e3, -0.040, 0.010), rate_exponential(v, 4e3, -0.065, -0.018)),
            "h": (rate_exponential(v, 70.0, -0.065, -0.020), rate_sigmoid(v, 1e3, -0.035, 0.010)),
        }


@gating("hodgkin_huxley_k")
class HodgkinHuxleyK(Gating):
    """Delayed K+ channel of the squid axon, 6.3 degC, rest at -65 mV."""

    cites: ClassVar = ("Hodgkin1952",)
    powers: ClassVar = {"n": 4}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        v = here.potential
        return {"n": (rate_linoid(v, 100.0, -0.055, 0.010), rate_exponential(v, 125.0, -0.065, -0.080))}
