"""Transports of one ion down its gradient: leaks and rectifying channels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from vrest.constants import F
from vrest.errors import InputError
from vrest.model.gating import Rates, find_gating
from vrest.model.quantity import quantity
from vrest.model.transport import CHARGE, Surroundings, Transport, transport
from vrest.physics.ghk import ghk_flux
from vrest.physics.kir import kir_open_fraction
from vrest.physics.namespace import namespace
from vrest.physics.nernst import nernst
from vrest.physics.ohmic import ohmic_current, ohmic_flux


def constant_field(permeability: Any, ion: str, here: Surroundings) -> Any:
    """Outward flux of an ion through a constant field, mol/(m2 s)."""
    return ghk_flux(
        permeability,
        here.valence[ion],
        inside=here.inside[ion],
        outside=here.outside[ion],
        potential=here.potential,
        temperature=here.temperature,
    )


def ohmic(conductance: Any, ion: str, here: Surroundings) -> Any:
    """Outward flux of an ion through a conductance that reverses at its Nernst potential, mol/(m2 s)."""
    return ohmic_flux(
        conductance,
        here.valence[ion],
        inside=here.inside[ion],
        outside=here.outside[ion],
        potential=here.potential,
        temperature=here.temperature,
    )


def rectified(flux: Callable[[Surroundings], Any], here: Surroundings) -> Any:
    """The flux of an inward rectifier, without K+ outside too: sqrt([K]o) (V - E_K) has the limit 0 there."""
    xp = namespace(here.outside["K"])
    some = xp.asarray(here.outside["K"]) > 0
    sides = {side: {**ions, "K": xp.where(some, ions["K"], 1.0)} for side, ions in _sides(here).items()}
    return xp.where(some, flux(replace(here, **sides)), 0.0)


def _sides(here: Surroundings) -> dict[str, Any]:
    return {"inside": here.inside, "outside": here.outside}


@transport("ghk_leak", strength="permeability")
class GHKLeak(Transport):
    """Constant-field (Goldman-Hodgkin-Katz) leak of one ion."""

    cites: ClassVar[tuple[str, ...]] = ("Goldman1943", "Hodgkin1949")
    monotone: ClassVar[bool] = True
    ion: str
    permeability: float = quantity("permeability", maximum=1.0, doc="P of the ion")

    def stoichiometry(self) -> dict[str, float]:
        return {self.ion: 1}

    def rate(self, here: Surroundings) -> Any:
        return constant_field(self.permeability, self.ion, here)


@transport("ohmic_leak", strength="conductance")
class OhmicLeak(Transport):
    """Ohmic leak of one ion, reversing at its Nernst potential: I = g (V - E)."""

    cites: ClassVar[tuple[str, ...]] = ("Hodgkin1952",)
    monotone: ClassVar[bool] = True
    ion: str
    conductance: float = quantity("specific_conductance", maximum=1e6, doc="g of the ion")

    def stoichiometry(self) -> dict[str, float]:
        return {self.ion: 1}

    def rate(self, here: Surroundings) -> Any:
        return ohmic(self.conductance, self.ion, here)


@transport("fixed_leak", strength="conductance")
class FixedLeak(Transport):
    """Ohmic leak with a reversal of its own, as `pas` of NEURON: I = g (V - E), charge that no ion followed carries.

    The membrane feels its current, and no content pays for it: charge then is conserved on the membrane alone. Where
    all ions of the inside are followed, V settles at E, the only potential at which nothing is left to move.
    """

    cites: ClassVar[tuple[str, ...]] = ("Hodgkin1952",)
    monotone: ClassVar[bool] = True
    conductance: float = quantity("specific_conductance", maximum=1e6, doc="g; NEURON's g_pas")
    reversal: float = quantity(
        "potential", minimum=-1.0, maximum=1.0, doc="E, at which it carries nothing; NEURON's e_pas"
    )

    def _check(self) -> None:
        if self.counter_charge:
            raise InputError(
                "A fixed_leak moves charge alone: with a counter_charge it would move nothing.",
                code="moves_nothing",
                hint="Remove counter_charge.",
            )

    def stoichiometry(self) -> dict[str, float]:
        return {CHARGE: 1}

    def rate(self, here: Surroundings) -> Any:
        return ohmic_current(self.conductance, potential=here.potential, reversal=self.reversal) / F


@transport("kir", strength="conductance")
class Kir(Transport):
    """Inward rectifier: an ohmic K+ conductance that grows with sqrt([K]o) and closes above E_K."""

    cites: ClassVar[tuple[str, ...]] = ("Hagiwara1974",)
    conductance: float = quantity("specific_conductance", maximum=1e6, doc="g at [K]o = k_reference, fully open")
    k_reference: float = quantity("concentration", "3 mM", exclusive=True, doc="[K]o at which g is given")
    v_half: float = quantity("potential", "-18.5 mV", minimum=None, doc="V - E_K at half opening")
    v_slope: float = quantity("potential", "42.5 mV", exclusive=True, doc="steepness of the rectification")

    def stoichiometry(self) -> dict[str, float]:
        return {"K": 1}

    def rate(self, here: Surroundings) -> Any:
        return rectified(self._flux, here)

    def _flux(self, here: Surroundings) -> Any:
        inside, outside = here.inside["K"], here.outside["K"]
        reversal = nernst(1, inside=inside, outside=outside, temperature=here.temperature)
        open_fraction = kir_open_fraction(
            potential=here.potential,
            reversal_k=reversal,
            k_outside=outside,
            k_reference=self.k_reference,
            v_half=self.v_half,
            v_slope=self.v_slope,
        )
        return open_fraction * ohmic(self.conductance, "K", here)


@dataclass(frozen=True, kw_only=True)
class GatedChannel(Transport):
    """Abstract base of channels of one ion whose published gating says what share of them is open."""

    ion: str
    gating: str

    def _check(self) -> None:
        find_gating(self.gating)

    def stoichiometry(self) -> dict[str, float]:
        return {self.ion: 1}

    def gates(self) -> tuple[str, ...]:
        return tuple(find_gating(self.gating).powers)

    def gate_kinetics(self, here: Surroundings) -> Rates:
        return find_gating(self.gating).kinetics(here)

    def rate(self, here: Surroundings) -> Any:
        return find_gating(self.gating).open_fraction(here) * self.open_rate(here)

    @abstractmethod
    def open_rate(self, here: Surroundings) -> Any:
        """The rate with every gate open."""


@transport("gated_ohmic", strength="conductance")
class GatedOhmic(GatedChannel):
    """Gated channel of one ion, ohmic where open: I = g x open fraction x (V - E)."""

    cites: ClassVar[tuple[str, ...]] = ("Hodgkin1952",)
    conductance: float = quantity("specific_conductance", maximum=1e6, doc="g with every gate open")

    def open_rate(self, here: Surroundings) -> Any:
        return ohmic(self.conductance, self.ion, here)


@transport("gated_ghk", strength="permeability")
class GatedGHK(GatedChannel):
    """Gated channel of one ion with constant-field current: P x open fraction."""

    cites: ClassVar[tuple[str, ...]] = ("Goldman1943", "Hodgkin1949")
    permeability: float = quantity("permeability", maximum=1.0, doc="P with every gate open")

    def open_rate(self, here: Surroundings) -> Any:
        return constant_field(self.permeability, self.ion, here)


@transport("injected_current", strength="density")
class InjectedCurrent(Transport):
    """A stimulus: constant current into the cell, carried by one ion (of a pipette). Positive depolarises."""

    monotone: ClassVar[bool] = True
    ion: str
    density: float = quantity("current_density", minimum=-1e6, maximum=1e6, doc="inward current per area")

    def stoichiometry(self) -> dict[str, float]:
        return {self.ion: -1}

    def rate(self, here: Surroundings) -> Any:
        return self.density / (F * here.valence[self.ion])
