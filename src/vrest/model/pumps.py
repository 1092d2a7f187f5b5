"""The Na/K-ATPase: one stoichiometry (3 Na+ out, or 2 in a mutant; 2 K+ in; 1 ATP), several published rate laws."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from vrest.errors import InputError, near_miss
from vrest.model.quantity import quantity
from vrest.model.transport import ATP, Surroundings, Transport, transport
from vrest.physics import pumps

SATURATING = "saturating"
K_OUTSIDE = ("sensed", SATURATING)
"""How a pump may take [K]o: as its law has it, or as always enough."""


@dataclass(frozen=True, kw_only=True)
class NaKPump(Transport):
    """Abstract base of the pumps: rate = max_rate x ATP/(ATP + K_m) x the law's relative rate.

    `sodium` is the Na+ of one turnover: 3, or 2 in an electroneutral mutant, which carries no current.
    """

    monotone: ClassVar[bool] = True
    sodium: int = 3
    max_rate: float = quantity(
        "turnover",
        maximum=1e2,
        doc="turnovers per area at full activity; 1 uA/cm2 of a 3:2 pump = F x rate",
    )
    atp: float = quantity("concentration", "3 mM", maximum=100.0, doc="ATP inside")
    km_atp: float = quantity("concentration", "0 mM", doc="ATP at half rate; 0 means never limiting")
    atp_free_energy: float = quantity("energy_per_mole", "57 kJ/mol", doc="free energy of ATP hydrolysis, positive")
    o2_per_turnover: float = 0.0
    """O2 taken from outside, where a model follows it."""

    def _check(self) -> None:
        if self.sodium not in (2, 3):
            raise InputError(
                f"The pump moves {self.sodium} Na+ in a turnover.",
                code="out_of_range",
                hint="Write sodium = 3, or 2 for an electroneutral mutant.",
            )

    def stoichiometry(self) -> dict[str, float]:
        oxygen = {"O2": -self.o2_per_turnover} if self.o2_per_turnover else {}
        return {"Na": self.sodium, "K": -2, ATP: 1, **oxygen}

    def rate(self, here: Surroundings) -> Any:
        return self.max_rate * pumps.atp_saturation(self.atp, self.km_atp) * self.relative_rate(here)

    @abstractmethod
    def relative_rate(self, here: Surroundings) -> Any:
        """Fraction of the maximal rate at these concentrations and this potential."""


@transport("pump_constant", strength="max_rate")
class ConstantPump(NaKPump):
    """A pump that always turns at its maximal rate (Kay 2017, doi 10.3389/fcell.2017.00041)."""

    cites: ClassVar[tuple[str, ...]] = ("Kay2017",)

    def relative_rate(self, here: Surroundings) -> Any:
        return 1.0


@dataclass(frozen=True, kw_only=True)
class KSensingPump(NaKPump):
    """Abstract base of the pumps whose laws see [K]o, unless a file says `k_outside = "saturating"`.

    The factor of [K]o is then 1, whatever is outside, and what else the law says of [K]o has no place.
    """

    usual: ClassVar[Mapping[str, float]] = {}
    """What the law says of [K]o where a file does not: numbers by name, mM."""
    k_outside: Literal["sensed", "saturating"] = "sensed"

    def _check(self) -> None:
        NaKPump._check(self)
        if self.k_outside not in K_OUTSIDE:
            raise InputError(
                f"The pump's k_outside is {self.k_outside!r}.",
                code="bad_value",
                hint=near_miss(str(self.k_outside), list(K_OUTSIDE)),
            )
        for name, value in self.usual.items():
            given = getattr(self, name)
            if self.k_outside == SATURATING and given is not None:
                raise InputError(
                    f"The pump has {name}, but with k_outside = 'saturating' it does not see [K]o.",
                    code="unexpected_key",
                    hint=f"Remove {name}, or k_outside.",
                )
            if self.k_outside != SATURATING and given is None:
                object.__setattr__(self, name, value)

    def seen(self, here: Surroundings) -> Any:
        """[K]o, mol/m3; None where it saturates the pump."""
        return None if self.k_outside == SATURATING else here.outside["K"]


@transport("pump_hill", strength="max_rate")
class HillPump(KSensingPump):
    """Independent binding of 3 Na+ inside and 2 K+ outside (Kager, Wadman & Somjen 2000).

    With `k_outside = "saturating"` it is max_rate/(1 + km_na/[Na]i)^3, as many NEURON mechanisms have it.
    """

    cites: ClassVar[tuple[str, ...]] = ("Kager2000",)
    usual: ClassVar[Mapping[str, float]] = {"km_k": 2.0}
    km_na: float = quantity("concentration", "10 mM", exclusive=True, doc="[Na]i at half binding of a site")
    km_k: float | None = quantity("concentration", None, doc="[K]o at half binding of a site, 2 mM unless given")

    def relative_rate(self, here: Surroundings) -> Any:
        return pumps.hill(na_inside=here.inside["Na"], k_outside=self.seen(here), km_na=self.km_na, km_k=self.km_k)


@transport("pump_exponential", strength="max_rate")
class ExponentialPump(KSensingPump):
    """Sigmoids of [Na]i and [K]o (Cressman 2009, doi 10.1007/s10827-008-0132-4; Wei 2014 with k_half 3.5 mM).

    With `k_outside = "saturating"` it is the sigmoid of [Na]i alone.
    """

    cites: ClassVar[tuple[str, ...]] = ("Cressman2009", "Wei2014")
    usual: ClassVar[Mapping[str, float]] = {"k_half": 5.5, "k_slope": 1.0}
    na_half: float = quantity("concentration", "25 mM", doc="[Na]i at half rate")
    na_slope: float = quantity("concentration", "3 mM", exclusive=True, doc="steepness in [Na]i")
    k_half: float | None = quantity("concentration", None, minimum=None, doc="[K]o at half rate, 5.5 mM unless given")
    k_slope: float | None = quantity("concentration", None, exclusive=True, doc="steepness in [K]o, 1 mM unless given")

    def relative_rate(self, here: Surroundings) -> Any:
        return pumps.exponential(
            na_inside=here.inside["Na"],
            k_outside=self.seen(here),
            na_half=self.na_half,
            na_slope=self.na_slope,
            k_half=self.k_half,
            k_slope=self.k_slope,
        )


@transport("pump_hamada", strength="max_rate")
class HamadaPump(NaKPump):
    """Two isoforms that see [Na]i only (Hamada 2003; Dijkstra 2016, PMC6604918)."""

    cites: ClassVar[tuple[str, ...]] = ("Hamada2003", "Dijkstra2016")

    def relative_rate(self, here: Surroundings) -> Any:
        return pumps.hamada(na_inside=here.inside["Na"])


@transport("pump_luo_rudy", strength="max_rate")
class LuoRudyPump(KSensingPump):
    """Cardiac pump with a voltage factor (Luo & Rudy 1994, doi 10.1161/01.RES.74.6.1071)."""

    cites: ClassVar[tuple[str, ...]] = ("Luo1994",)

    def relative_rate(self, here: Surroundings) -> Any:
        return pumps.luo_rudy(
            na_inside=here.inside["Na"],
            k_outside=self.seen(here),
            na_outside=here.outside["Na"],
            potential=here.potential,
            temperature=here.temperature,
        )


@transport("pump_luo_rudy_core", strength="max_rate")
class LuoRudyCorePump(KSensingPump):
    """The cardiac pump without its voltage factor, as in published glia (Halnes 2013, Saetra 2021)."""

    cites: ClassVar[tuple[str, ...]] = ("Luo1994", "Halnes2013", "Saetra2021")
    usual: ClassVar[Mapping[str, float]] = {"km_k": 1.5}
    km_na: float = quantity("concentration", "10 mM", exclusive=True, doc="[Na]i at half rate")
    km_k: float | None = quantity("concentration", None, doc="[K]o at half rate, 1.5 mM unless given")

    def relative_rate(self, here: Surroundings) -> Any:
        return pumps.luo_rudy_core(
            na_inside=here.inside["Na"], k_outside=self.seen(here), km_na=self.km_na, km_k=self.km_k
        )


@transport("pump_cubic", strength="max_rate")
class CubicPump(NaKPump):
    """Rate ~ ([Na]i/[Na]o)^3 (Duesterwald 2018, doi 10.7554/eLife.39575)."""

    cites: ClassVar[tuple[str, ...]] = ("Duesterwald2018",)

    def relative_rate(self, here: Surroundings) -> Any:
        return pumps.cubic(na_inside=here.inside["Na"], na_outside=here.outside["Na"])
