"""Cells of the library that have what another lacks, so that a refusal can name them."""

from __future__ import annotations

from collections.abc import Callable

from vrest.model.cell import Cell
from vrest.model.cellfile import library, load

NAMED = 3
"""As many are named: who wants all asks `vrest perturb --list` or `vrest show`."""


def elsewhere(cell: Cell, has: Callable[[Cell], bool]) -> str:
    """Names cells of the library that have it, in a sentence; first those whose transports are most like the cell's.

    Parameters
    ----------
    cell
        The one that lacks it.
    has
        Whether a cell has it.

    Returns
    -------
    str
        Empty where no other cell has it.

    >>> elsewhere(load("mammalian_neuron"), lambda other: "kcc2" in laws(other))
    'Cells of the library that have it: immature_neuron, pyramidal_neuron, fast_spiking_interneuron and 5 more.'
    """
    others = alike(cell, has)
    if not others:
        return ""
    more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
    return f"Cells of the library that have it: {', '.join(others[:NAMED])}{more}."


def alike(cell: Cell, has: Callable[[Cell], bool]) -> list[str]:
    """The names of the other cells of the library that have something, those most like the cell first.

    >>> alike(load("wei_2014"), lambda other: "glial_uptake" in laws(other))
    ['cressman_2009']
    """
    own = laws(cell)

    def likeness(other: Cell) -> float:
        theirs = laws(other)
        return len(own & theirs) / len(own | theirs)

    others = (other for other in map(load, library()) if other.name != cell.name and has(other))
    return [other.name for other in sorted(others, key=likeness, reverse=True)]


def laws(cell: Cell) -> set[str]:
    """Names of the laws of a cell's transports and of the kinds of its exchanges."""
    return {t.law for m in cell.membranes.values() for t in m.transports.values()} | {
        e.kind for e in cell.exchanges.values()
    }
