"""What joins places electrically: gap junctions between cells, electrodes and wires between baths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from vrest.constants import F, R
from vrest.errors import InputError
from vrest.model.exchange import EXCHANGES, Between, Exchange
from vrest.model.quantity import quantity
from vrest.model.transport import CHARGE
from vrest.physics.electrodiffusion import conductance, nernst_planck_flux
from vrest.physics.ghk import ghk_flux


def _listed(junction: Any) -> None:
    ions = (junction.ions,) if isinstance(junction.ions, str) else tuple(junction.ions)
    object.__setattr__(junction, "ions", ions)
    if twice := {ion for ion in ions if ions.count(ion) > 1}:
        raise InputError(
            f"{junction.kind} from '{junction.inside}' to '{junction.outside}' lists {min(twice)} twice.",
            code="named_twice",
            hint="List each ion once.",
        )
    if not junction.ions:
        raise InputError(
            f"{junction.kind} from '{junction.inside}' to '{junction.outside}' moves no ion.",
            code="moves_nothing",
            hint='List them: ions = ["K", "Na", "Cl"].',
        )


@dataclass(frozen=True, kw_only=True)
class GapJunction(Exchange):
    """Channels from cell to cell of one conductance, which the ions share as their z^2 c has it.

    J_j = g RT/(F^2 S) [(c_in - c_out) + z_j (c_in + c_out)/2 V F/(RT)],  S = sum z^2 (c_in + c_out)/2

    All ions have one mobility in it, and together carry g V where both sides have the same contents. V is the inside
    above the outside; the membranes of both cells feel the charge.

    Parameters
    ----------
    inside, outside
        The cells joined.
    ions
        Symbols of the ions that pass.
    conductance
        Of the whole junction, nS.

    Raises
    ------
    InputError
        No ions, one twice, a value out of range.

    The Nernst-Planck flux of Solbra et al. 2018, doi:10.1371/journal.pcbi.1006510, scaled to the conductance.

    >>> joined = GapJunction(inside="left", outside="right", ions=["K", "Na", "Cl"], conductance="50 nS")
    >>> round(1e9 * joined.conductance, 3)  # kept in SI, S
    50.0
    """

    kind: ClassVar[str] = "gap_junction"
    cites: ClassVar[tuple[str, ...]] = ("Solbra2018",)
    strength: ClassVar[str] = "conductance"
    conducts: ClassVar[bool] = True
    linear: ClassVar[bool] = True
    inside: str
    outside: str
    ions: Sequence[str]
    conductance: float = quantity("conductance", maximum=1.0)

    def _check(self) -> None:
        _listed(self)

    def moves(self, valence: Any) -> list[dict[str, float]]:
        return [{ion: 1.0} for ion in self.ions]

    def rates(self, here: Between) -> list[Any]:
        clearance = self._clearance(here)
        return [
            nernst_planck_flux(
                clearance,
                here.valence[ion],
                inside=here.inside[ion],
                outside=here.outside[ion],
                drop=here.drop,
                temperature=here.temperature,
            )
            for ion in self.ions
        ]

    def conduction(self, here: Between) -> tuple[Any, Any]:
        """Charge that the junction carries outward (mol/s), and what each volt more adds to it (mol/(V s)).

        `here`: the contents of both sides and the drop between them, SI.
        """
        clearance = self._clearance(here)
        slope = sum(
            conductance(
                clearance,
                here.valence[ion],
                inside=here.inside[ion],
                outside=here.outside[ion],
                temperature=here.temperature,
            )
            for ion in self.ions
        )
        carried = sum(here.valence[ion] * rate for ion, rate in zip(self.ions, self.rates(here), strict=True))
        return carried, slope

    def _clearance(self, here: Between) -> Any:
        carry = sum(here.valence[i] ** 2 * 0.5 * (here.inside[i] + here.outside[i]) for i in self.ions)
        return self.conductance * R * here.temperature / (F * F * carry)


@dataclass(frozen=True, kw_only=True)
class GapJunctionGHK(Exchange):
    """Channels from cell to cell of one permeability for all the ions that pass, by constant-field fluxes.

    Between sides of equal contents its conductance is P F^2/(RT) sum z^2 c.

    Parameters
    ----------
    inside, outside
        The cells joined.
    ions
        Symbols of the ions that pass.
    permeability
        Of the whole junction, um3/s.

    Raises
    ------
    InputError
        No ions, one twice, a value out of range.

    Goldman 1943, doi:10.1085/jgp.27.1.37; Hodgkin and Katz 1949, doi:10.1113/jphysiol.1949.sp004310.

    >>> joined = GapJunctionGHK(inside="left", outside="right", ions=["K", "Cl"], permeability="100 um3/s")
    >>> here = Between(inside={"K": 100.0, "Cl": 5.0}, outside={"K": 100.0, "Cl": 5.0}, valence={"K": 1, "Cl": -1},
    ...                temperature=310.15, drop=0.010)
    >>> [round(1e15 * float(rate), 3) for rate in joined.rates(here)]  # fmol/s: K+ down the potential, Cl- up
    [3.742, -0.187]
    """

    kind: ClassVar[str] = "gap_junction_ghk"
    cites: ClassVar[tuple[str, ...]] = ("Goldman1943", "Hodgkin1949")
    strength: ClassVar[str] = "permeability"
    conducts: ClassVar[bool] = True
    inside: str
    outside: str
    ions: Sequence[str]
    permeability: float = quantity("flow", maximum=1.0)

    def _check(self) -> None:
        _listed(self)

    def moves(self, valence: Any) -> list[dict[str, float]]:
        return [{ion: 1.0} for ion in self.ions]

    def rates(self, here: Between) -> list[Any]:
        return [
            ghk_flux(
                self.permeability,
                here.valence[ion],
                inside=here.inside[ion],
                outside=here.outside[ion],
                potential=here.drop,
                temperature=here.temperature,
            )
            for ion in self.ions
        ]


@dataclass(frozen=True, kw_only=True)
class Electrode(Exchange):
    """Electrodes in two baths, through which charge flows and no ion that the baths would notice.

    I = current + conductance (potential - V), fed into the inside and taken from the outside; V is the inside above the
    outside. With nothing given the circuit is open. A large conductance with 0 mV short-circuits it: I is then the
    short-circuit current, and what is left of V is I over the conductance, as with the series resistance of a clamp.

    Parameters
    ----------
    inside, outside
        The baths.
    current
        Fed into the inside, pA.
    potential
        To which the inside is clamped above the outside, mV.
    conductance
        Of the clamp: one over its series resistance, nS; 0 leaves it open.

    Raises
    ------
    InputError
        A value out of range.

    >>> Electrode(inside="mucosa", outside="serosa", current="-20 pA").current  # kept in SI, A
    -2e-11
    """

    kind: ClassVar[str] = "electrode"
    strength: ClassVar[str] = ""
    conducts: ClassVar[bool] = True
    inside: str
    outside: str
    current: float = quantity("current", "0 pA", minimum=None)
    potential: float = quantity("potential", "0 mV", minimum=-1.0, maximum=1.0)
    conductance: float = quantity("conductance", "0 nS", maximum=1e3)

    def moves(self, valence: Any) -> list[dict[str, float]]:
        return [{CHARGE: 1.0}]

    def rates(self, here: Between) -> list[Any]:
        return [-self.fed(here) / F]

    def fed(self, here: Between) -> Any:
        """Current into the inside, A; `here.drop` is V, in volts."""
        return self.current + self.conductance * (self.potential - here.drop)

    @property
    def is_off(self) -> bool:
        """Never: three numbers make its current, none of them alone."""
        return False


@dataclass(frozen=True, kw_only=True)
class Wire(Exchange):
    """Two baths of one saline: nothing but charge passes, and both have one potential.

    Parameters
    ----------
    inside, outside
        The baths.

    >>> Wire(inside="surface", outside="mouth").holds
    True
    """

    kind: ClassVar[str] = "wire"
    strength: ClassVar[str] = ""
    holds: ClassVar[bool] = True
    inside: str
    outside: str

    def moves(self, valence: Any) -> list[dict[str, float]]:
        return []

    def rates(self, here: Between) -> list[Any]:
        return []

    @property
    def is_off(self) -> bool:
        """Never: it has no strength."""
        return False


EXCHANGES |= {kind.kind: kind for kind in (GapJunction, GapJunctionGHK, Electrode, Wire)}
