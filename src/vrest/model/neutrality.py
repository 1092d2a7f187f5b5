"""Whether baths are neutral, as the cell describes them and at whatever values they are given along the way.

A bath's charge enters no equation, so nothing else would show that a salt was changed by one of its ions alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from vrest.model.cell import Cell
from vrest.model.notice import USER, Notice
from vrest.model.paths import parameters, replaced
from vrest.tables import joined, number
from vrest.units import format_si

NEUTRAL = 1e-9
"""Share of all charges up to which their sum is rounding."""

MOST_MORE = 2.0
"""Times its own concentration to which an ion may rise that is proposed in exchange for another."""

CODE = "bath_not_neutral"


def charged_baths(cell: Cell) -> list[Notice]:
    """Of each bath that is not neutral in a cell: by how much, and what would make it so."""
    found = []
    for bath, (net, size) in _charges(cell).items():
        if abs(net) <= NEUTRAL * size:
            continue
        base = f"compartments.{bath}."
        changed = [p for p, source in cell.sources.items() if p.startswith(base) and source.text == USER]
        advice = _advice(cell, cell, bath, changed, np.array([net]))
        found.append(
            Notice(
                CODE,
                f"bath '{bath}' has {number(net, signed=True)} mM of net charge "
                f"(osmolarity {number(cell.osmolarity(bath))} mOsm); {advice}",
            )
        )
    return found


def left_charged(
    cell: Cell, values: Mapping[str, Any], where: Callable[[int], str] = lambda k: "", *, flags: bool = True
) -> list[Notice]:
    """Of each bath that is neutral in a cell and not at these values: by how much at worst, and what would keep it so.

    Parameters
    ----------
    cell
        What the values are of.
    values
        SI by full path: numbers, or one for each of some moments or lanes.
    where
        Says of the index of one what it is, such as "at 5 min".
    flags
        Whether what changes them takes `--swap` and `--with`.
    """
    own, known = _charges(cell), parameters(cell)
    baths = tuple(f"compartments.{name}." for name in own)
    moved = {path: np.atleast_1d(v) for path, v in values.items() if path.startswith(baths)}
    moved = {path: v for path, v in moved.items() if np.any(v != known[path].value)}
    found = []
    for bath, (net, size) in (_charges(replaced(cell, moved)) if moved else {}).items():
        net, size = (np.nan_to_num(np.atleast_1d(each)) for each in (net, size))  # NaN: there is no such cell
        k = int(np.abs(net).argmax())
        if abs(own[bath][0]) > NEUTRAL * own[bath][1] or abs(net[k]) <= NEUTRAL * size.max():
            continue
        here = {path: v for path, v in moved.items() if path.startswith(f"compartments.{bath}.")}
        changed = {path: np.broadcast_to(v != known[path].value, net.shape) for path, v in here.items()}
        told = [path for path, there in changed.items() if there[k]]
        alike = np.all([changed[path] == (path in told) for path in changed], axis=0)  # where the same are changed
        values_there = {path: float(here[path][k if len(here[path]) > 1 else 0]) for path in told}
        said = [_said(path, value, known[path].spec.dimension) for path, value in values_there.items()]
        text = f"{joined(said)} {where(k)}".rstrip() + f" leave{'s' if len(said) == 1 else ''} bath '{bath}' with "
        text += f"{number(float(net[k]), 4, signed=True)} mM of net charge; "
        advice = _advice(replaced(cell, values_there), cell, bath, told, net[alike], flags)
        found.append(Notice(CODE, text + advice))
    return found


def _said(path: str, value: float, dimension: str) -> str:
    """A value of a bath, with the least of its path."""
    short = path.removeprefix("compartments.").replace(".ions.", ".")
    return f"{short} = {format_si(value, dimension, digits=4)}"


def bath_values(cell: Cell, names: Iterable[str], rows: Any) -> dict[str, Any]:
    """Of parameters (their names, and a row of values for each) those that say what is in the baths."""
    baths = tuple(f"compartments.{name}." for name in _charges(cell))
    known = parameters(cell)
    return {name: row for name, row in zip(names, rows, strict=True) if name.startswith(baths) and name in known}


def _charges(cell: Cell) -> dict[str, tuple[Any, Any]]:
    """Of each bath its net charge, and the sum of the sizes of all charges, mol/m3."""
    valence, found = cell.valence(), {}
    for name, c in cell.compartments.items():
        if c.kind == "bath":
            terms = [valence[symbol] * value for symbol, value in c.ions.items()]
            terms += [c.impermeant.valence * c.impermeant.concentration] if c.impermeant else []
            found[name] = (_total(terms), _total([abs(term) for term in terms]))
    return found


def _total(terms: list[Any]) -> Any:
    return np.sum(np.stack(np.broadcast_arrays(*terms)), axis=0) if terms else 0.0


def _advice(now: Cell, cell: Cell, bath: str, changed: list[str], net: Any, flags: bool = True) -> str:
    """What would keep neutral a bath that has these charges where such values of it change, and is `now` at worst.

    A companion that goes along with each ion; where impermeants change too, or nothing, how much of an ion is due.
    """
    valence, there, found = cell.valence(), cell.compartments[bath].ions, dict[tuple[str, ...], str]()
    ions = [path.rpartition(".")[2] for path in changed if ".ions." in path]
    charged = [ion for ion in ions if valence[ion]]
    if not charged or len(ions) < len(changed):
        return _remedy(now, bath)
    for other in sorted(there, key=lambda other: -float(there[other])):
        z = valence[other]
        if not z or other in charged:
            continue
        hows = tuple("swap" if z * valence[ion] > 0 else "with" for ion in charged)
        then = there[other] - net / z
        if np.min(then) >= 0.0 and ("with" in hows or np.max(then) <= MOST_MORE * there[other]):
            found.setdefault(hows, other)
    if not found:
        return "no other ion of it can make up for that: let one take its place, such as NMDG or gluconate"
    named = " or ".join(
        joined([f"'{bath}.{ion} {how} {other}'" for ion, how in zip(charged, hows, strict=True)])
        for hows, other in found.items()
    )
    options = " or ".join(f"--{hows[0]} {other}" for hows, other in found.items() if len(set(hows)) == 1)
    return f"a companion ion keeps it neutral: {named}" + (f" ({options})" if options and flags else "")


def _remedy(cell: Cell, bath: str) -> str:
    """What would make a bath neutral that is described so."""
    valence, there, (net, _) = cell.valence(), cell.compartments[bath].ions, _charges(cell)[bath]
    missing = [ion for ion in there if valence[ion] * net < 0]
    if not missing:
        return f"an ion of the opposite charge, or impermeants of it, are missing ({number(abs(net), 4)} mM of charge)"
    ion = max(missing, key=lambda ion: there[ion])
    more = there[ion] + abs(net / valence[ion])
    return f"{format_si(more, 'concentration', digits=6)} of {ion} would make it neutral"
