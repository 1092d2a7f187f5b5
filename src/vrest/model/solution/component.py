"""A component, which has several forms, and the constants between these, each with conditions and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log
from types import MappingProxyType
from typing import Literal

from vrest.physics.activity import davies_log_gamma
from vrest.physics.speciation import equilibrium_constant

LN10 = log(10.0)

Convention = Literal["thermodynamic", "concentration", "mixed"]

METALS: Mapping[str, int] = MappingProxyType({"Ca": 2, "Mg": 2})
"""What binds, with its charge."""


@dataclass(frozen=True, kw_only=True)
class Constant:
    """An equilibrium constant with the conditions under which it was measured.

    Parameters
    ----------
    value
        A pK (HX = H + X) or log10 K (M + HnX = MHnX), in mol/L.
    ionic_strength
        At which it holds, mol/m3.
    temperature
        At which it holds, K.
    convention
        How its H+ counts: as an activity at ionic strength 0 (`thermodynamic`), as a concentration, or as an activity
        among concentrations (`mixed`, 10^-pH). Without protons the last two are the same.
    enthalpy
        Of the reaction, J/mol; 0 where none is known.
    heat_capacity
        Its change with temperature, J/(mol K).
    source
        Where the numbers are from.
    checked
        Whether they were seen in a text that the source names.
    """

    value: float
    ionic_strength: float
    temperature: float
    convention: Convention
    enthalpy: float = 0.0
    heat_capacity: float = 0.0
    source: str = ""
    checked: bool = False

    def dissociation(self, charge: int, temperature: float) -> float:
        """ln of the thermodynamic constant of HX = H + X, where X has this charge, at a temperature in K."""
        log_K = -self.value * LN10 + self._gamma(charge) - self._gamma(charge + 1)
        return self._moved(log_K + self._gamma(1) if self.convention == "concentration" else log_K, temperature)

    def association(self, metal: int, charge: int, temperature: float) -> float:
        """ln of the thermodynamic constant of M + X = MX, of these charges, at a temperature in K."""
        log_K = self.value * LN10 + self._gamma(metal + charge) - self._gamma(metal) - self._gamma(charge)
        return self._moved(log_K, temperature)

    def _gamma(self, charge: int) -> float:
        """ln of an activity coefficient under the conditions of the constant."""
        return davies_log_gamma(charge, ionic_strength=self.ionic_strength, temperature=self.temperature)

    def at(self, temperature: float) -> float:
        """ln of a constant that no activity coefficient enters, at a temperature in K."""
        return self._moved(self.value * LN10, temperature)

    def _moved(self, log_K: float, temperature: float) -> float:
        return equilibrium_constant(
            log_K,
            enthalpy=self.enthalpy,
            heat_capacity=self.heat_capacity,
            reference=self.temperature,
            temperature=temperature,
        )


@dataclass(frozen=True, kw_only=True)
class Component:
    """What is counted as one and has several forms: HEPES, ATP, carbonate.

    Parameters
    ----------
    name
        As amounts are counted.
    charge
        Of the form without any of the protons below.
    pK
        Of its protons, the highest first.
    metals
        What its forms bind: of each metal, (protons of the form, log10 K).
    names
        Of the forms with 0, 1, 2 ... protons where they have their own: `CO3`, `HCO3`, `CO2`.
    """

    name: str
    charge: int
    pK: tuple[Constant, ...] = ()
    metals: Mapping[str, tuple[tuple[int, Constant], ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    def charge_of(self, protons: int, metal: str = "") -> int:
        """The charge of one of its forms."""
        return self.charge + protons + METALS.get(metal, 0)

    def form(self, protons: int, metal: str = "") -> str:
        """The name of one of its forms: `HEPES(-1)`, `HCO3`, `MgATP(-2)`, `CaHPO4(0)`."""
        own = self.names[protons] if protons < len(self.names) else ""
        if own and not metal:
            return own
        charge = self.charge_of(protons, metal)
        # chemical formulas name a complex well, words do not
        bare = own if own.isalnum() and own[0].isupper() else self.name
        joint = "-" if metal and bare[0].islower() else ""
        return f"{metal}{joint}{bare}({charge:+d})" if charge else f"{metal}{joint}{bare}(0)"
