"""Cation-chloride cotransporters. They move no net charge, so they vote by moving Cl-, not by a current."""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.model.quantity import quantity
from vrest.model.transport import Surroundings, Transport, transport
from vrest.physics import cotransport


def _k_cl(here: Surroundings) -> dict[str, Any]:
    return {
        "k_inside": here.inside["K"],
        "cl_inside": here.inside["Cl"],
        "k_outside": here.outside["K"],
        "cl_outside": here.outside["Cl"],
    }


def _na(here: Surroundings) -> dict[str, Any]:
    return {"na_inside": here.inside["Na"], "na_outside": here.outside["Na"]}


@transport("kcc2", strength="turnover")
class KCC2(Transport):
    """K-Cl cotransport with a logarithmic law: U ln([K]i[Cl]i / ([K]o[Cl]o)), outward."""

    cites: ClassVar[tuple[str, ...]] = ("Wei2014", "Saetra2020")
    monotone: ClassVar[bool] = True
    turnover: float = quantity("turnover", maximum=1e2, doc="U; U = g RT/F^2 for a law g (E_K - E_Cl)")

    def stoichiometry(self) -> dict[str, float]:
        return {"K": 1, "Cl": 1}

    def rate(self, here: Surroundings) -> Any:
        return cotransport.kcc2_log(self.turnover, **_k_cl(here))


@transport("kcc2_product", strength="strength_per_product")
class KCC2Product(Transport):
    """K-Cl cotransport with a product law: P ([K]i[Cl]i - [K]o[Cl]o), outward."""

    cites: ClassVar[tuple[str, ...]] = ("Fraser2004",)
    monotone: ClassVar[bool] = True
    strength_per_product: float = quantity("product_permeability", maximum=1.0, doc="P")

    def stoichiometry(self) -> dict[str, float]:
        return {"K": 1, "Cl": 1}

    def rate(self, here: Surroundings) -> Any:
        return cotransport.kcc2_product(self.strength_per_product, **_k_cl(here))


@transport("nkcc1", strength="turnover")
class NKCC1(Transport):
    """Na-K-2Cl cotransport, logarithmic: U (ln([K]i[Cl]i/([K]o[Cl]o)) + ln([Na]i[Cl]i/([Na]o[Cl]o))), outward."""

    cites: ClassVar[tuple[str, ...]] = ("Wei2014",)
    monotone: ClassVar[bool] = True
    turnover: float = quantity("turnover", maximum=1e2, doc="U")

    def stoichiometry(self) -> dict[str, float]:
        return {"Na": 1, "K": 1, "Cl": 2}

    def rate(self, here: Surroundings) -> Any:
        return cotransport.nkcc1_log(self.turnover, **_k_cl(here), **_na(here))


@transport("nkcc1_gated", strength="turnover")
class NKCC1Gated(Transport):
    """The logarithmic NKCC1 that opens with [K]o: times 1/(1 + exp((k_half - [K]o)/k_slope)) (Wei 2014)."""

    cites: ClassVar[tuple[str, ...]] = ("Wei2014",)
    monotone: ClassVar[bool] = True
    turnover: float = quantity("turnover", maximum=1e2, doc="U at high [K]o")
    k_half: float = quantity("concentration", "16 mM", doc="[K]o at half activity")
    k_slope: float = quantity("concentration", "1 mM", exclusive=True, doc="steepness in [K]o")

    def stoichiometry(self) -> dict[str, float]:
        return {"Na": 1, "K": 1, "Cl": 2}

    def rate(self, here: Surroundings) -> Any:
        gate = cotransport.nkcc1_gate(here.outside["K"], half=self.k_half, slope=self.k_slope)
        return gate * cotransport.nkcc1_log(self.turnover, **_k_cl(here), **_na(here))
