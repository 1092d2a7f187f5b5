"""What is dissolved: one species of one charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["pipette", "bath", ""]
"""Where a solution is; empty where that is not said."""


@dataclass(frozen=True, kw_only=True)
class Species:
    """A dissolved species.

    Parameters
    ----------
    name
        Of the species: `K`, `gluconate`, `HEPES(-1)`, `MgATP(-2)`; one name has one charge.
    charge
        Its charge; 0 for what does not move in a field.
    concentration
        mol/m3.
    component
        What it is a form of, as amounts are counted: `HEPES`, `ATP`, `Ca`; an ion without other forms is its own.
    metal
        The metal it holds, `Mg` or `Ca`; empty if none.
    """

    name: str
    charge: int
    concentration: float
    component: str
    metal: str = ""
