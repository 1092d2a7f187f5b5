"""Conserved totals, computed from the table of transports and never listed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np


@dataclass(frozen=True)
class Laws:
    """Totals that no transport can change: x[dependent] - combination @ x[independent] stays constant.

    The rows of a state vector are split: `independent` rows are integrated, each `dependent` one follows from
    its law.
    """

    independent: tuple[int, ...]
    dependent: tuple[int, ...]
    combination: np.ndarray
    """(laws, independent)"""

    def matrix(self, size: int) -> np.ndarray:
        """The laws as rows over the whole state, (laws, size)."""
        full = np.zeros((len(self.dependent), size))
        for row, d in enumerate(self.dependent):
            full[row, d] = 1.0
            full[row, list(self.independent)] = -self.combination[row]
        return full


def conserved(columns: np.ndarray, preference: list[int]) -> Laws:
    """The left null space of the stoichiometric matrix, exact.

    Parameters
    ----------
    columns
        (states, transports): what one turnover adds to each state.
    preference
        All rows, those to integrate first: a row becomes dependent when it is a combination of rows before it.

    Notes
    -----
    Rational elimination with Python fractions: stoichiometries are small rational numbers, and a rank decided
    by rounding would invent or lose a law.
    """
    exact = [[Fraction(float(v)).limit_denominator(10**6) for v in row] for row in columns]
    basis: list[tuple[int, list[Fraction], list[Fraction]]] = []  # pivot, reduced row, its combination
    independent: list[int] = []
    dependent: list[int] = []
    combinations: list[list[Fraction]] = []
    for index in preference:
        row = list(exact[index])
        made_of = [Fraction(0)] * len(preference)
        for pivot, reduced, combination in basis:
            factor = row[pivot]
            if factor:
                row = [a - factor * b for a, b in zip(row, reduced, strict=True)]
                made_of = [a + factor * b for a, b in zip(made_of, combination, strict=True)]
        pivot = next((k for k, v in enumerate(row) if v), None)
        if pivot is None:
            dependent.append(index)
            combinations.append(made_of)
            continue
        scale = row[pivot]
        own = [-value / scale for value in made_of]
        own[index] += 1 / scale
        basis.append((pivot, [value / scale for value in row], own))
        independent.append(index)
    combination = np.array([[float(c[i]) for i in independent] for c in combinations], dtype=np.float64).reshape(
        len(dependent), len(independent)
    )
    return Laws(tuple(independent), tuple(dependent), combination)
