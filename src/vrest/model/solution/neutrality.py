"""Whether a solution is neutral, and what would make it so: a typed verdict that repairs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["neutral", "titrant_added", "unexplained"]


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
