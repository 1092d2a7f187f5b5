"""What is measured of a whole cell, such as 30 pF, as what it is per area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vrest.dimensions import DIMENSIONS, WHOLE
from vrest.errors import InputError
from vrest.numerals import fault, quoted
from vrest.spellings import canonical
from vrest.units import format_si, to_si


def _is_common(value: str, dimension: str) -> bool:
    """Whether a text has a common spelling of a unit of the dimension: it need not be tried as another."""
    return canonical(value.strip().partition(" ")[2]) in DIMENSIONS[dimension].units


@dataclass(frozen=True)
class Extent:
    """How much membrane there is, m2, and how large the space inside it, m3; None where that is not known."""

    area: float | None = None
    volume: float | None = None


def of_whole_cell(value: Any, dimension: str, extent: Extent, where: str = "") -> tuple[float, str]:
    """A text that gives a quantity per area by that of a whole cell, per area and in SI, and how it was found.

    Parameters
    ----------
    value
        "30 pF", "3 nS", "50 pA", "20 um3/s"; per volume "0.5 1/h" (a permeability), "2 mM/h" (a pump).
    dimension
        Of the quantity per area.
    extent
        By what to divide.
    where
        What the value is, for error messages.

    Returns
    -------
    The value and a sentence without its end: empty, and the value 0, where the text is of nothing of a whole cell.

    Raises
    ------
    InputError
        `no_area`, `no_volume`: its size is not known.

    >>> of_whole_cell("30 pF", "specific_capacitance", Extent(area=1500e-12))
    (0.02, '30 pF over 1500 um2 is 2 uF/cm2')
    """
    if not isinstance(value, str) or _is_common(value, dimension):
        return 0.0, ""
    for whole in WHOLE.get(dimension, ()):
        try:
            amount = float(to_si(value, whole.dimension, where))
        except InputError:  # the reader of what is per area says what is wrong
            continue
        needed = [("area", extent.area), *([("volume", extent.volume)] if whole.per_volume else [])]
        for what, size in needed:
            if size is None:
                problem = f"{quoted(value)} is of a whole cell, whose {what} is not known."
                hint = f"Give the {what}, as in '{DIMENSIONS[what].example}', or the value per area."
                raise fault(f"no_{what}", where, problem, hint)
        size = f"over {format_si(extent.area or 0.0, 'area', 4)}"
        if whole.per_volume:
            size = f"times {format_si(extent.volume or 0.0, 'volume', 4)} {size}"
        si = amount * (extent.volume or 0.0 if whole.per_volume else 1.0) / (extent.area or 1.0) / whole.divisor
        return si, f"{value.strip()} {size} is {format_si(si, dimension, 4)}"
    return 0.0, ""
