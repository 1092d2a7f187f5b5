"""Glia as published neuron models draw it: a sink or a store of the K+ outside, without a membrane of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from vrest.model.exchange import EXCHANGES, Between, Exchange
from vrest.model.quantity import quantity
from vrest.physics.logistic import logistic
from vrest.physics.pumps import exponential


@dataclass(frozen=True, kw_only=True)
class GlialBuffer(Exchange):
    """A store of binding sites for K+ that opens as [K]o rises (Huebel & Dahlem 2014).

    Net binding is k ([K]o/K_d (B - b) / (1 + exp((k_half - [K]o)/k_slope)) - b), with b the K+ that is bound.

    Parameters
    ----------
    inside, outside
        The space outside the neuron, and the store.
    clearance
        k: volume that the store clears per time as it lets go, um3/s.
    capacity
        B: all the sites, as concentration in the store.
    affinity
        K_d: [K]o at which half of the sites would be taken with the store fully open.
    k_half, k_slope
        [K]o at which the store is half open, and how steeply it opens.
    counter_charge
        What carries the opposite charge, in words; the certificate repeats it.
    """

    kind: ClassVar[str] = "glial_buffer"
    cites: ClassVar[tuple[str, ...]] = ("Huebel2014",)
    strength: ClassVar[str] = "clearance"
    inside: str
    outside: str
    clearance: float = quantity("flow", maximum=1.0)
    capacity: float = quantity("concentration", "500 mM")
    affinity: float = quantity("concentration", "1 mM", exclusive=True)
    k_half: float = quantity("concentration", "15 mM")
    k_slope: float = quantity("concentration", "1.09 mM", exclusive=True)

    def moves(self, valence: Mapping[str, int]) -> list[dict[str, float]]:
        return [{"K": 1.0}]

    def rates(self, here: Between) -> list[Any]:
        free, bound = here.inside["K"], here.outside["K"]
        opening = logistic((free - self.k_half) / self.k_slope)
        return [self.clearance * (opening * free / self.affinity * (self.capacity - bound) - bound)]


@dataclass(frozen=True, kw_only=True)
class GlialUptake(Exchange):
    """Glia as a sink: the K+ outside falls by G / (1 + exp((k_half - [K]o)/k_slope)) (Cressman 2009, Wei 2014).

    Parameters
    ----------
    inside, outside
        The space outside the neuron, and what stands for the glia.
    max_rate
        G, at high [K]o.
    volume
        That of the space which max_rate speaks of, um3.
    k_half, k_slope
        [K]o at half the rate, and how steeply it rises there.
    counter_charge
        What carries the opposite charge, in words; the certificate repeats it.
    """

    kind: ClassVar[str] = "glial_uptake"
    cites: ClassVar[tuple[str, ...]] = ("Cressman2009", "Wei2014")
    strength: ClassVar[str] = "max_rate"
    inside: str
    outside: str
    max_rate: float = quantity("concentration_rate")
    volume: float = quantity("volume", exclusive=True, maximum=1.0)
    k_half: float = quantity("concentration", "18 mM")
    k_slope: float = quantity("concentration", "2.5 mM", exclusive=True)

    def moves(self, valence: Mapping[str, int]) -> list[dict[str, float]]:
        return [{"K": 1.0}]

    def rates(self, here: Between) -> list[Any]:
        return [self.max_rate * self.volume * logistic((here.inside["K"] - self.k_half) / self.k_slope)]


@dataclass(frozen=True, kw_only=True)
class GlialPump(Exchange):
    """The Na/K pump of glia whose contents are held: 2 K+ leave the space outside and 3 Na+ enter it (Wei 2014).

    Its rate is P / (1 + exp((na_half - [Na]glia)/na_slope)) / (1 + exp((k_half - [K]o)/k_slope)).

    Parameters
    ----------
    inside, outside
        The space outside the neuron, and what stands for the glia.
    max_rate
        P, in turnovers.
    volume
        That of the space which max_rate speaks of, um3.
    na_glia
        [Na] in the glia, which the model holds.
    na_half, na_slope, k_half, k_slope
        [Na] inside and [K]o at half the rate, and how steeply it rises there.
    counter_charge
        What carries the net charge of a turnover, in words; the certificate repeats it.
    o2_per_turnover
        O2 taken from the space outside the neuron, where a model follows it.
    """

    kind: ClassVar[str] = "glial_pump"
    cites: ClassVar[tuple[str, ...]] = ("Wei2014",)
    strength: ClassVar[str] = "max_rate"
    inside: str
    outside: str
    max_rate: float = quantity("concentration_rate")
    volume: float = quantity("volume", exclusive=True, maximum=1.0)
    na_glia: float = quantity("concentration", "18 mM")
    na_half: float = quantity("concentration", "25 mM")
    na_slope: float = quantity("concentration", "3 mM", exclusive=True)
    k_half: float = quantity("concentration", "3.5 mM")
    k_slope: float = quantity("concentration", "1 mM", exclusive=True)
    o2_per_turnover: float = 0.0

    def moves(self, valence: Mapping[str, int]) -> list[dict[str, float]]:
        oxygen = {"O2": self.o2_per_turnover} if self.o2_per_turnover else {}
        return [{"K": 2.0, "Na": -3.0, **oxygen}]

    def rates(self, here: Between) -> list[Any]:
        relative = exponential(
            na_inside=self.na_glia,
            k_outside=here.inside["K"],
            na_half=self.na_half,
            na_slope=self.na_slope,
            k_half=self.k_half,
            k_slope=self.k_slope,
        )
        return [self.max_rate * self.volume * relative]


for _kind in (GlialBuffer, GlialUptake, GlialPump):
    EXCHANGES[_kind.kind] = _kind
