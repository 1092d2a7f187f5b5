"""What a pH is set with: bases and acids, and the ions that they leave in the solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vrest.errors import InputError, near_miss
from vrest.numerals import quoted


@dataclass(frozen=True, kw_only=True)
class Titrant:
    """A base or an acid that a pH is set with.

    Parameters
    ----------
    name
        As on its bottle: `KOH`.
    leaves
        The component that it leaves in the solution: `K`, `Tris`.
    base
        Whether it raises the pH.
    spellings
        What else people write, in any case.
    """

    name: str
    leaves: str
    base: bool
    spellings: tuple[str, ...] = ()


_ALL = (
    Titrant(name="KOH", leaves="K", base=True, spellings=("potassium hydroxide",)),
    Titrant(name="NaOH", leaves="Na", base=True, spellings=("sodium hydroxide",)),
    Titrant(name="CsOH", leaves="Cs", base=True, spellings=("cesium hydroxide", "caesium hydroxide")),
    Titrant(name="LiOH", leaves="Li", base=True, spellings=("lithium hydroxide",)),
    Titrant(name="NMDG", leaves="NMDG", base=True, spellings=("NMDG base", "N-methyl-D-glucamine", "NMDG-OH")),
    Titrant(name="TEAOH", leaves="TEA", base=True, spellings=("TEA-OH", "tetraethylammonium hydroxide")),
    Titrant(name="TrisOH", leaves="Tris", base=True, spellings=("Tris", "Tris base", "Tris-OH", "Trizma base")),
    Titrant(name="HCl", leaves="Cl", base=False, spellings=("hydrochloric acid",)),
    Titrant(
        name="HMeSO3",
        leaves="methanesulfonate",
        base=False,
        spellings=("methanesulfonic acid", "CH3SO3H", "MeSO3H", "methanesulphonic acid"),
    ),
    Titrant(name="H2SO4", leaves="SO4", base=False, spellings=("sulfuric acid", "sulphuric acid")),
    Titrant(name="H3PO4", leaves="phosphate", base=False, spellings=("phosphoric acid",)),
    Titrant(name="gluconic acid", leaves="gluconate", base=False, spellings=("D-gluconic acid", "H-gluconate")),
)
TITRANTS: Mapping[str, Titrant] = MappingProxyType({each.name: each for each in _ALL})
"""Those that are known, by name."""

_BY_SPELLING = {text.casefold(): each for each in _ALL for text in (each.name, *each.spellings)}


def titrant_of(text: str) -> Titrant:
    """The titrant that a text names.

    Raises
    ------
    InputError
        `unknown_titrant`.

    >>> titrant_of("koh").leaves, titrant_of("Tris base").name
    ('K', 'TrisOH')
    >>> titrant_of("1 M KOH")
    Traceback (most recent call last):
    vrest.errors.InputError: titrant: '1 M KOH' is not one that is known. Write titrant = "KOH": ...
    """
    plain = " ".join(text.split()).casefold()
    if plain in _BY_SPELLING:
        return _BY_SPELLING[plain]
    words = plain.replace(",", " ").split()
    known = next((each for each in _ALL if each.name.casefold() in words), None)
    ion = next((each for each in _ALL if each.leaves.casefold() == plain.rstrip("+-")), None)
    if known is not None:
        hint = f'Write titrant = "{known.name}": how much of it is computed.'
    elif ion is not None:
        hint = f"Did you mean '{ion.name}'?"
    else:
        hint = near_miss(text[:64], list(TITRANTS))
    raise InputError(f"titrant: {quoted(text)} is not one that is known.", code="unknown_titrant", hint=hint)
