"""Ions as people write them, and what to know of their charge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vrest.ions import IONS, VALENCE
from vrest.model.notice import Notice

if TYPE_CHECKING:
    from vrest.model.cell import Cell

SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def ion_label(ion: str, valence: int | None = None) -> str:
    """An ion as people write it.

    >>> ion_label("K"), ion_label("HCO3"), ion_label("Ca"), ion_label("A", valence=-1)
    ('K⁺', 'HCO₃⁻', 'Ca²⁺', 'A⁻')
    """
    return ion.translate(_SUBSCRIPT) + _charge(VALENCE.get(ion, 0) if valence is None else valence).translate(
        SUPERSCRIPT
    )


def ion_text(ion: str, valence: int) -> str:
    """The same in plain letters, for lines of text.

    >>> ion_text("K", 1), ion_text("HCO3", -1), ion_text("Ca", 2), ion_text("O2", 0)
    ('K+', 'HCO3-', 'Ca2+', 'O2')
    """
    return ion + _charge(valence)


def ion_in(cell: Cell, ion: str) -> str:
    """The same of an ion of a cell.

    >>> from vrest.model.cellfile import load
    >>> ion_in(load("mammalian_neuron"), "Na")
    'Na+'
    """
    return ion_text(ion, cell.valence()[ion])


def species_notices(ions: Iterable[str]) -> list[Notice]:
    """What to know of ions (symbols) whose charge, or whose share of a buffer, holds near pH 7.3.

    >>> [notice.message for notice in species_notices(["K", "HPO4"])]
    ['HPO4 counts as -2: its share of phosphate depends on pH: about three quarters at pH 7.3']
    """
    known = [IONS[ion] for ion in ions if ion in IONS and IONS[ion].remark]
    return [Notice("depends_on_ph", f"{ion.symbol} counts as {ion.valence:+d}: {ion.remark}") for ion in known]


def _charge(z: int) -> str:
    return f"{abs(z) if abs(z) > 1 else ''}{'+' if z > 0 else '-'}" if z else ""
