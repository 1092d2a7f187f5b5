"""Formulas of substances: which atoms, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vrest.errors import InputError
from vrest.ions import WEIGHTS

_ATOM = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")


def atoms(formula: str) -> dict[str, float]:
    """Atoms of a formula without brackets.

    Raises
    ------
    InputError
        `bad_formula`: it has something else than atoms of the table of weights and their counts.

    >>> atoms("C6H11KO7")
    {'C': 6.0, 'H': 11.0, 'K': 1.0, 'O': 7.0}
    """
    found: dict[str, float] = {}
    for atom, count in _ATOM.findall(formula):
        found[atom] = found.get(atom, 0.0) + float(count or 1)
    if "".join(atom + count for atom, count in _ATOM.findall(formula)) != formula or set(found) - set(WEIGHTS):
        raise InputError(
            f"'{formula}' is not a formula that can be weighed.",
            code="bad_formula",
            hint="Write atoms with their counts, as in 'C6H12O6'.",
        )
    return found


def written(counts: Mapping[str, float]) -> str:
    """A formula in the order of Hill: carbon, hydrogen, then the alphabet.

    >>> written({"Na": 1.0, "O": 2.0, "H": 3.0, "C": 2.0})
    'C2H3NaO2'
    """
    first = [atom for atom in ("C", "H") if atom in counts] if "C" in counts else []
    order = first + sorted(atom for atom in counts if atom not in first)
    return "".join(f"{atom}{'' if counts[atom] == 1 else f'{counts[atom]:g}'}" for atom in order if counts[atom])
