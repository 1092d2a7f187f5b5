"""A solution: what is dissolved in it at its temperature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vrest.model.solution.neutrality import Neutrality
from vrest.model.solution.species import Species

Side = Literal["pipette", "bath", ""]


@dataclass(frozen=True, kw_only=True)
class Solution:
    """What is in a solution.

    Parameters
    ----------
    name
        Of the recipe.
    kind
        `pipette` or `bath`; empty where the recipe does not say.
    temperature
        Of the recording, K.
    species
        Everything dissolved, neutral molecules too, at that temperature.
    neutrality
        The verdict on its charges.
    pH
        At that temperature; None where nothing says it.
    totals
        Amounts by component, mol/m3: `HEPES`, `Ca` (free and bound), `K` (with what a titrant brought).
    added
        Ions that the titrant brought, mol/m3; they are in `totals` and `species`.
    """

    name: str
    kind: Side
    temperature: float
    species: tuple[Species, ...]
    neutrality: Neutrality
    pH: float | None = None
    totals: Mapping[str, float] = field(default_factory=dict)
    added: Mapping[str, float] = field(default_factory=dict)
