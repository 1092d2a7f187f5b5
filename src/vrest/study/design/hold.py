"""What a design may not choose: strengths that stay, and ratios of leaks such as P_Na/P_K."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.elsewhere import elsewhere
from vrest.model.paths import resolve
from vrest.numerals import parse_number
from vrest.study.design.strengths import free_strength

_RATIO = re.compile(r"\s*(?P<kind>[Pg])_(?P<top>\w+)\s*/\s*(?P=kind)_(?P<bottom>\w+)\s*(?:=\s*(?P<value>.+?))?\s*")
_STRENGTH = {"P": "permeability", "g": "conductance"}


@dataclass(frozen=True)
class Hold:
    """One thing that stays: `label` at its own strength, or the leaks of `label` at `factor` times `base`'s.

    `factor` is relative to the ratio that the cell has, `own`.
    """

    text: str
    label: str
    base: str | None = None
    factor: float = 1.0
    own: float = 1.0


def holds(cell: Cell, membrane: str, texts: Iterable[str]) -> list[Hold]:
    """Read what is to be held; absolute strengths first.

    Raises
    ------
    InputError
        `unknown_path`, `bad_hold` (no strength that a design would choose), `out_of_range`.
    """
    if isinstance(texts, str):
        texts = [texts]
    found = [_read(cell, membrane, text) for text in texts]
    return sorted(found, key=lambda hold: hold.base is not None)


def leaks_of(cell: Cell, membrane: str, ion: str) -> list[str]:
    """The free channels of an ion."""
    transports = cell.membranes[membrane].transports
    return [label for label, t in transports.items() if free_strength(t) and t.is_channel and ion in t.moved_ions]


def leaky(ion: str, kind: str) -> Callable[[Cell], bool]:
    """Whether a cell has a free channel of an ion with a `permeability` or a `conductance`."""
    return lambda cell: any(
        m.transports[label].strength == kind
        for name, m in cell.membranes.items()
        for label in leaks_of(cell, name, ion)
    )


def _read(cell: Cell, membrane: str, text: str) -> Hold:
    match = _RATIO.fullmatch(text)
    if match is not None:
        return _ratio(cell, membrane, text, match)
    path = resolve(cell, text).path
    parts = path.split(".")
    t = cell.membranes[membrane].transports[parts[3]] if len(parts) == 5 else None
    if t is None or parts[4] != t.strength or not free_strength(t):
        raise InputError(
            f"{path} is not among what a design chooses.",
            code="bad_hold",
            hint="Hold the strength of a leak, cotransporter or pump, or a ratio such as P_Na/P_K.",
        )
    return Hold(text, parts[3])


def _ratio(cell: Cell, membrane: str, text: str, match: re.Match[str]) -> Hold:
    kind = _STRENGTH[match["kind"]]
    if match["top"] == match["bottom"]:
        raise InputError(f"'{text}' is 1.", code="bad_hold", hint="Name two ions, as in P_Na/P_K.")
    sums, labels = [], []
    for ion in (match["top"], match["bottom"]):
        leaks = leaks_of(cell, membrane, ion)
        sized: Sequence[str] = [x for x in leaks if cell.membranes[membrane].transports[x].strength == kind]
        if not sized:
            ions = sorted({i for t in cell.membranes[membrane].transports.values() for i in t.moved_ions})
            raise InputError(
                f"'{text}': '{cell.name}' has no leak of {ion} with a {kind} to choose.",
                code="bad_hold",
                hint=f"{near_miss(ion, ions) if ion not in ions else 'P_ is for permeabilities, g_ for conductances.'} "
                f"{elsewhere(cell, leaky(ion, kind))}".strip(),
            )
        sums.append(sum(getattr(cell.membranes[membrane].transports[x], kind) for x in sized))
        labels.append(sized[0])
    own = sums[0] / sums[1]
    wanted = parse_number(match["value"], text) if match["value"] else own
    if not wanted > 0:
        raise InputError(f"'{text}' is not positive.", code="out_of_range", hint="Give a ratio above 0.")
    return Hold(text, labels[0], labels[1], wanted / own, own)
