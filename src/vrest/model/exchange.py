"""Exchanges join two compartments without a membrane: diffusion to a bath or a neighbour."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from vrest.errors import InputError
from vrest.model.quantity import Described, quantity


@dataclass(frozen=True)
class Between:
    """What an exchange sees: SI values (or arrays of them) on both of its sides.

    `inside` and `outside` map an ion's symbol to its concentration (mol/m3). `drop` is the potential of the inside
    above the outside, for what conducts.
    """

    inside: Mapping[str, Any]
    outside: Mapping[str, Any]
    valence: Mapping[str, int]
    temperature: Any
    drop: Any = 0.0


@dataclass(frozen=True, kw_only=True)
class Exchange(Described, ABC):
    """Abstract base: a list of moves (stoichiometries from `inside` to `outside`), each with a rate in mol/s.

    One that moves net charge must name its `counter_charge`: what carries the opposite charge unseen. With `o2_half`
    and `o2_slope` its rate is multiplied by 1/(1 + exp((o2_half - [O2]inside)/o2_slope)).
    """

    kind: ClassVar[str]
    strength: ClassVar[str]
    """The quantity that multiplies all its rates; empty where none does."""
    conducts: ClassVar[bool] = False
    """Whether the charge it moves is felt by the membranes on the way between its sides."""
    linear: ClassVar[bool] = False
    """Whether its current is linear in the drop, so that it may join places that no membrane joins."""
    holds: ClassVar[bool] = False
    """Whether it holds both sides at one potential."""
    cites: ClassVar[tuple[str, ...]] = ()
    """Keys of `references.bib`: where it comes from."""
    inside: str
    outside: str
    counter_charge: str = ""
    o2_half: float | None = quantity("concentration", None, doc="[O2] inside at half of the rate without that need")
    o2_slope: float | None = quantity("concentration", None, exclusive=True, doc="how steeply it rises there")

    @abstractmethod
    def moves(self, valence: Mapping[str, int]) -> list[dict[str, float]]:
        """One stoichiometry per independent move: ions from `inside` to `outside`, by symbol.

        `valence`: of every ion, by symbol.
        """

    @abstractmethod
    def rates(self, here: Between) -> list[Any]:
        """Turnovers of each move, mol/s, positive from `inside` to `outside`.

        `here`: the contents of both sides, SI.
        """

    @property
    def is_off(self) -> bool:
        """Whether nothing can be exchanged."""
        return float(getattr(self, self.strength)) == 0.0


@dataclass(frozen=True, kw_only=True)
class SaltDiffusion(Exchange):
    """Diffusion of ions that keeps both sides neutral: salts move, never a net charge.

    Ions of equal mobility cross a junction with J_j = k ((c_in - c_out) + z_j c_mean u), where the junction
    potential u (in RT/F) is what makes sum z_j J_j = 0. The last ion is the partner that each other ion
    moves with, so neutrality holds by construction.

    Parameters
    ----------
    inside, outside
        The compartments joined.
    ions
        Symbols of the ions that diffuse.
    clearance
        Volume exchanged per time k, um3/s.

    Raises
    ------
    InputError
        Fewer than two ions (`not_a_salt`), a value out of range.

    The Nernst-Planck flux of Solbra et al. 2018, doi:10.1371/journal.pcbi.1006510, without a net current.

    >>> wash = SaltDiffusion(inside="space", outside="bath", ions=["K", "Na", "Cl"], clearance="100 um3/s")
    >>> wash.moves({"K": 1, "Na": 1, "Cl": -1})
    [{'K': 1.0, 'Cl': 1.0}, {'Na': 1.0, 'Cl': 1.0}]
    """

    kind: ClassVar[str] = "salt_diffusion"
    cites: ClassVar[tuple[str, ...]] = ("Solbra2018",)
    strength: ClassVar[str] = "clearance"
    inside: str
    outside: str
    ions: Sequence[str]
    clearance: float = quantity("flow", maximum=1.0)

    def _check(self) -> None:
        object.__setattr__(self, "ions", tuple(self.ions))
        if len(self.ions) < 2:
            raise InputError(
                f"salt_diffusion moves {list(self.ions)}: a salt has at least two ions.",
                code="not_a_salt",
                hint="List the ions of both charges.",
            )

    def moves(self, valence: Mapping[str, int]) -> list[dict[str, float]]:
        partner = self.ions[-1]
        return [{ion: 1.0, partner: -valence[ion] / valence[partner]} for ion in self.ions[:-1]]

    def rates(self, here: Between) -> list[Any]:
        valence = here.valence
        gradient = {ion: here.inside[ion] - here.outside[ion] for ion in self.ions}
        mean = {ion: 0.5 * (here.inside[ion] + here.outside[ion]) for ion in self.ions}
        drive = sum(valence[ion] * gradient[ion] for ion in self.ions)
        screening = sum(valence[ion] ** 2 * mean[ion] for ion in self.ions)
        u = -drive / screening
        return [self.clearance * (gradient[ion] + valence[ion] * mean[ion] * u) for ion in self.ions[:-1]]


@dataclass(frozen=True, kw_only=True)
class UntrackedDiffusion(Exchange):
    """Diffusion of one ion whose counter-charge a published model does not follow, or of a gas: J = k (c_in - c_out).

    Parameters
    ----------
    inside, outside
        The compartments joined.
    ion
        Symbol of the ion.
    clearance
        Volume exchanged per time k, um3/s.
    counter_charge
        What carries the opposite charge, in words; the certificate repeats it. A gas needs none.
    """

    kind: ClassVar[str] = "untracked_diffusion"
    strength: ClassVar[str] = "clearance"
    inside: str
    outside: str
    ion: str
    clearance: float = quantity("flow", maximum=1.0)

    def moves(self, valence: Mapping[str, int]) -> list[dict[str, float]]:
        return [{self.ion: 1.0}]

    def rates(self, here: Between) -> list[Any]:
        return [self.clearance * (here.inside[self.ion] - here.outside[self.ion])]


EXCHANGES: dict[str, type[Exchange]] = {kind.kind: kind for kind in (SaltDiffusion, UntrackedDiffusion)}
"""Every exchange a cell may name, by the name it has in files."""
