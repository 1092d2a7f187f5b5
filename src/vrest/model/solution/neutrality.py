"""Whether a solution is neutral, and what would make it so: a typed verdict that repairs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vrest.ions import VALENCE

Kind = Literal["neutral", "titrant_added", "unexplained"]

ROUNDING = 1e-9
"""Share of all charge that is rounding."""

MOST = 4
"""Ions that are offered for what is missing."""

USUAL = {1: ("K", "Na", "Cs"), -1: ("Cl",)}
"""What is missing most often, by its charge."""

FORMS = ("H", "OH", "HCO3", "H2PO4", "TrisH", "Ag", "Tl")
"""Ions that are offered for nothing: forms that pH makes, and rare ones."""


@dataclass(frozen=True, kw_only=True)
class Neutrality:
    """The verdict on the charges of a solution.

    Parameters
    ----------
    kind
        `neutral`: what is written is neutral. `titrant_added`: with what the pH took. `unexplained`: something is
        missing from what is written.
    charge
        What is left over, mol/m3 of elementary charge: 0 unless unexplained.
    fills
        Ions that could be what is missing, each with the concentration (mol/m3, above 0) that it would take, the
        likeliest first; empty unless unexplained.
    """

    kind: Kind
    charge: float = 0.0
    fills: tuple[tuple[str, float], ...] = ()


def unexplained(charge: float, totals: Mapping[str, float]) -> Neutrality:
    """The verdict where a charge (mol/m3) is left over: ions of one charge that would be as much of the other sign.

    Those of the solution (`totals`, mol/m3 by component) come first, the more there is of one the earlier, then the
    usual ones.

    >>> unexplained(-2.0, {"Na": 9.0, "K": 130.0, "Cl": 24.0}).fills
    (('K', 2.0), ('Na', 2.0), ('Cs', 2.0))
    """
    sign = 1 if charge < 0.0 else -1
    there = [
        name
        for name in sorted(totals, key=lambda name: -totals[name])
        if VALENCE.get(name) == sign and name not in FORMS and totals[name] > 0.0
    ]
    wanted = [*there, *USUAL[sign]]
    names = [name for k, name in enumerate(wanted) if name not in wanted[:k]]
    return Neutrality(kind="unexplained", charge=charge, fills=tuple((name, abs(charge)) for name in names[:MOST]))


def verdict(charge: float, size: float, totals: Mapping[str, float]) -> Neutrality:
    """Neutral, or unexplained where a charge is left over that is more than rounding of all charge, `size`; mol/m3."""
    return Neutrality(kind="neutral") if abs(charge) <= ROUNDING * size else unexplained(charge, totals)
