"""Which ions a solution has, by the symbols that cells know, free and bound."""

from __future__ import annotations

from dataclasses import dataclass

from vrest.model.solution.solution import Solution
from vrest.model.solution.species import Species

FORMS = {
    ("carbonate", -1): "HCO3",
    ("carbonate", -2): "CO3",
    ("phosphate", -1): "H2PO4",
    ("phosphate", -2): "HPO4",
    ("Tris", 1): "TrisH",
}
"""Charge states that have a symbol of their own."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """How much of an ion there is.

    Parameters
    ----------
    valence
        Of the free ion.
    free, total
        mol/m3; what is bound to others is in the total alone.
    """

    valence: int
    free: float
    total: float


def symbol(species: Species) -> str:
    """The symbol that cells have for a species; empty where they have none."""
    if species.metal or not species.charge:
        return ""
    own = species.name if species.name == species.component else ""
    return FORMS.get((species.component, species.charge), own)


def ions(solution: Solution) -> dict[str, Amount]:
    """The ions of a solution by symbol: each of one charge, in the order of the solution.

    Forms of buffers and nucleotides, which have no symbol of their own, are left out; the metal that they bind is in
    the total of the metal.

    >>> from vrest.model.solution.neutrality import Neutrality
    >>> free = Species(name="Ca", charge=2, concentration=0.001, component="Ca")
    >>> bound = Species(name="CaEGTA(-2)", charge=-2, concentration=0.5, component="EGTA", metal="Ca")
    >>> some = Solution(name="a", kind="pipette", temperature=295.15, species=(free, bound),
    ...                 neutrality=Neutrality(kind="neutral"))
    >>> ions(some)
    {'Ca': Amount(valence=2, free=0.001, total=0.501)}
    """
    found: dict[str, Amount] = {}
    for each in solution.species:
        if name := symbol(each):
            bound = sum(other.concentration for other in solution.species if other.metal == name)
            found[name] = Amount(valence=each.charge, free=each.concentration, total=each.concentration + bound)
    return found
