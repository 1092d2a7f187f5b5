"""Ions as people write them."""

from __future__ import annotations

from vrest.model.cell import VALENCE

SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def ion_label(ion: str, valence: int | None = None) -> str:
    """An ion as people write it.

    >>> ion_label("K"), ion_label("HCO3"), ion_label("Ca"), ion_label("A", valence=-1)
    ('K⁺', 'HCO₃⁻', 'Ca²⁺', 'A⁻')
    """
    z = VALENCE.get(ion, 0) if valence is None else valence
    charge = f"{abs(z) if abs(z) > 1 else ''}{'+' if z > 0 else '-'}" if z else ""
    return ion.translate(_SUBSCRIPT) + charge.translate(SUPERSCRIPT)
