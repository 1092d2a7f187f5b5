"""Paths along which ions drift and diffuse, inside cells and outside: between soma and dendrite, say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from vrest.errors import InputError
from vrest.model.exchange import EXCHANGES, Between, Exchange
from vrest.model.quantity import quantity, quantity_map
from vrest.physics.electrodiffusion import conductance, nernst_planck_flux


@dataclass(frozen=True, kw_only=True)
class Electrodiffusion(Exchange):
    """A path along which each ion diffuses and drifts (Nernst-Planck).

    J_j = D_j A/(lambda^2 L) [(c_in - c_out) + z_j (c_in + c_out)/2 V F/(RT)]

    Where membranes join both ends, the drop V is the difference of their potentials, and the charge that the path moves
    is felt by the membranes on the way. Where none does, V follows from the potentials of the membranes at both ends,
    and from one condition: all the paths that join the same two places, inside cells and outside, together carry no net
    current. A single path has the drop of a liquid junction.

    Parameters
    ----------
    inside, outside
        The compartments joined.
    diffusivity
        D of each ion that moves, in free solution, um2/s.
    cross_section, length
        A and L, um2 and um.
    tortuosity
        lambda: how much obstacles lengthen the path; D falls with its square.
    """

    kind: ClassVar[str] = "electrodiffusion"
    cites: ClassVar[tuple[str, ...]] = ("Solbra2018",)
    strength: ClassVar[str] = "cross_section"
    conducts: ClassVar[bool] = True
    linear: ClassVar[bool] = True
    inside: str
    outside: str
    diffusivity: Mapping[str, Any] = quantity_map("diffusion", maximum=1.0)
    cross_section: float = quantity("area", maximum=1.0)
    length: float = quantity("length", exclusive=True, maximum=1.0)
    tortuosity: float = quantity("number", 1.0, minimum=1.0, maximum=100.0)

    def _check(self) -> None:
        if not self.diffusivity:
            raise InputError(
                f"electrodiffusion from '{self.inside}' to '{self.outside}' moves no ion.",
                code="moves_nothing",
                hint='Give diffusivity = { K = "1960 um2/s", ... }.',
            )

    def moves(self, valence: Mapping[str, int]) -> list[dict[str, float]]:
        return [{ion: 1.0} for ion in self.diffusivity]

    def rates(self, here: Between) -> list[Any]:
        return [
            nernst_planck_flux(
                self._clearance(ion),
                here.valence[ion],
                inside=here.inside[ion],
                outside=here.outside[ion],
                drop=here.drop,
                temperature=here.temperature,
            )
            for ion in self.diffusivity
        ]

    def conduction(self, here: Between) -> tuple[Any, Any]:
        """Charge that the path carries (mol/s), and what each volt more adds to it (mol/(V s))."""
        ions = list(self.diffusivity)
        carried = sum(here.valence[ion] * rate for ion, rate in zip(ions, self.rates(here), strict=True))
        slope = sum(
            conductance(
                self._clearance(ion),
                here.valence[ion],
                inside=here.inside[ion],
                outside=here.outside[ion],
                temperature=here.temperature,
            )
            for ion in ions
        )
        return carried, slope

    def _clearance(self, ion: str) -> Any:
        return self.diffusivity[ion] * self.cross_section / (self.tortuosity**2 * self.length)


EXCHANGES[Electrodiffusion.kind] = Electrodiffusion
