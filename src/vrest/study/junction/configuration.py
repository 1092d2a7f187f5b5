"""Configurations of a patch clamp: which potential a reading is of, once the junction is counted.

The circuit, from the wire in the pipette to the wire in the bath: the amplifier shows

    V_read = phi(pipette) - phi(bath) + offset.

The offset is nulled with the open pipette in the bath, where a junction stands between the two solutions. With
J = phi(bath) - phi(pipette) across it, V_read = 0 says offset = J. The seal closes that junction, and the offset stays:

    phi(pipette) - phi(bath) = V_read - J.

V of a membrane is inside minus outside. Which of the two solutions its inside touches is the configuration:

| configuration | inside | outside | V |
|---|---|---|---|
| whole-cell, outside-out | pipette | bath | V_read - J |
| inside-out | bath | pipette | -(V_read - J) |
| cell-attached | cell | pipette | V_cell - (V_read - J) |
| perforated | cell, by pores to the pipette | bath | V_read - J - Donnan potential of the pores |

Barry and Lynch 1991, doi:10.1007/BF01870526; Neher 1992, doi:10.1016/0076-6879(92)07008-C.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vrest.errors import InputError, near_miss
from vrest.model.notice import Notice


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A configuration of the patch clamp.

    Parameters
    ----------
    name
        `whole-cell`, `outside-out`, `inside-out`, `cell-attached` or `perforated`.
    sign
        +1 where the pipette is on the membrane's inside, -1 where it is on its outside.
    membrane
        Whose potential it is: `cell` or `patch`.
    from_cell
        Whether `potential` is how much more positive the patch is than the cell, whose V is not known.
    """

    name: str
    sign: int
    membrane: str
    from_cell: bool = False

    @property
    def of_cell(self) -> bool:
        """Whether it reads the V of a whole cell."""
        return self.membrane == "cell"

    def potential(self, read: Any, junction: Any) -> Any:
        """V of the membrane, inside minus outside; of a cell-attached patch, how much more than the cell's.

        `read`: what the amplifier shows, nulled in the bath. `junction`: phi(bath) - phi(pipette), with what else is
        to be taken off. All in one unit; arrays broadcast.

        >>> [CONFIGURATIONS[name].potential(-60.0, 16.0) for name in ("whole-cell", "inside-out")]
        [-76.0, 76.0]
        """
        return self.sign * (read - junction)


CONFIGURATIONS = MappingProxyType(
    {
        each.name: each
        for each in (
            Configuration(name="whole-cell", sign=1, membrane="cell"),
            Configuration(name="outside-out", sign=1, membrane="patch"),
            Configuration(name="inside-out", sign=-1, membrane="patch"),
            Configuration(name="cell-attached", sign=-1, membrane="patch", from_cell=True),
            Configuration(name="perforated", sign=1, membrane="cell"),
        )
    }
)
"""All of them by name."""


USUAL = "whole-cell"
"""What holds where nothing is said."""

SHARP = "sharp"
"""No patch clamp but an intracellular electrode: its tip is filled with 3 M KCl, and nulled in the bath that it stays
in. Nothing is taken off what it reads."""


def of_perforated(*, filled: bool) -> Notice:
    """What no junction says of a perforated patch; `filled`: the cell is taken to hold what the pipette holds."""
    told = "perforated: the Donnan potential between pipette and cell is not taken off"
    also = "; the cell is taken to hold what the pipette holds, of which the pores pass only some ions"
    return Notice("perforated", told + (also if filled else ""))


def is_sharp(name: str | None) -> bool:
    """Whether a name is that of a sharp electrode.

    >>> is_sharp(" Sharp"), is_sharp("whole-cell"), is_sharp(None)
    (True, False, False)
    """
    return name is not None and name.strip().lower() == SHARP


def configuration(name: str | None = None) -> Configuration:
    """A configuration by its name; upper case, blanks and underscores are read too. `USUAL` where None is given.

    Raises
    ------
    InputError
        `unknown_configuration`.

    >>> configuration("whole cell").name
    'whole-cell'
    """
    if name is None:
        return CONFIGURATIONS[USUAL]
    written = "-".join(str(name).strip().lower().replace("_", " ").replace("-", " ").split())
    if written not in CONFIGURATIONS:
        told = f"There is no configuration '{name}'."
        raise InputError(told, code="unknown_configuration", hint=near_miss(written, list(CONFIGURATIONS)))
    return CONFIGURATIONS[written]
