"""What calculators of bare numbers are given: ions, concentrations and permeabilities, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.ions import VALENCE, lookup, unknown
from vrest.model.compartment import CONCENTRATION
from vrest.model.ion_labels import ion_text
from vrest.model.notice import Notice
from vrest.tables import Column, number
from vrest.units import format_si, from_si, to_si, unit_of

MOST = CONCENTRATION.maximum or 0.0
LEAST = 1e-12
"""mol/m3: what is not zero and yet less than this (1 fM) is a slip of the exponent."""

USUAL_SIDE = {"K": "inside", "Na": "outside", "Ca": "outside"}
"""Where an animal cell has more of an ion; Cl- is left out, young neurons and red cells are rich in it."""


@dataclass(frozen=True)
class Rows:
    """Ions as read, SI; arrays with the ions on axis 0, all of one shape behind it."""

    names: list[str]
    z: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    permeabilities: np.ndarray
    kelvin: np.ndarray
    ratio: np.ndarray
    varied: tuple[Column, ...]


def read(ions: Iterable[Sequence[Any]], celsius: Any, pump_ratio: Any = 1.0) -> Rows:
    """What is given, checked."""
    table = [_row(entry) for entry in ions]
    names = [name for name, *_ in table]
    if not table:
        raise InputError("There is no ion.", code="no_ions", hint='Give at least one, such as ("K", 140, 5, 1).')
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is given twice.", code="duplicate_ion", hint="Give each ion once.")
    z = np.array([valence_of(name) for name in names])
    given: dict[str, tuple[Any, str]] = {}
    for name, inside, outside, _ in table:
        given[f"{name} inside"] = concentration(inside, f"{name} inside", name), "concentration"
        given[f"{name} outside"] = concentration(outside, f"{name} outside", name), "concentration"
    given |= _permeabilities({name: permeability for name, _, _, permeability in table})
    given["T"] = to_si(celsius, "temperature", "celsius", bare_ok=True), "temperature"
    given["pump ratio"] = _ratio(pump_ratio), "number"
    same = together({name: value for name, (value, _) in given.items()})
    varied = tuple(
        Column(name, unit_of(dimension), np.ravel(from_si(same[name], dimension)).tolist(), rounding=0.0)
        for name, (value, dimension) in given.items()
        if np.size(value) > 1
    )
    ci, co, p = (np.stack([same[name.format(ion)] for ion in names]) for name in ("{} inside", "{} outside", "P_{}"))
    if not np.all(np.any(p, axis=0)):
        raise InputError("No ion is permeable: V is undefined.", code="undefined", hint="Give one of them P > 0.")
    return Rows(names, z, ci, co, p, same["T"], same["pump ratio"], varied)


def together(given: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Values of one shape."""
    try:
        return dict(zip(given, np.broadcast_arrays(*given.values()), strict=True))
    except ValueError:
        told = ", ".join(f"{name} has {' x '.join(map(str, np.shape(v)))}" for name, v in given.items() if np.ndim(v))
        hint = "Give as many of each, or one; in Python, arrays that NumPy broadcasts."
        problem = f"Values do not go together: {told}."
        raise InputError(problem, code="bad_shape", hint=hint) from None


def _ratio(value: Any) -> Any:
    """How many Na+ for each K+."""
    ratio = to_si(value, "number", "pump_ratio", bare_ok=True)
    if np.any(np.asarray(ratio) <= 0.0):
        problem = f"pump_ratio is {number(float(np.min(ratio)))}; it must be above 0."
        raise InputError(problem, code="out_of_range", hint="3 Na+ for 2 K+ is 1.5; without a pump's current it is 1.")
    return ratio


def _row(entry: Any) -> tuple[str, Any, Any, Any]:
    if isinstance(entry, str) or not isinstance(entry, Sequence) or len(entry) != 4:
        raise InputError(
            f"An ion is given as {entry!r}.",
            code="bad_ion",
            hint='Write (symbol, inside, outside, permeability), such as ("K", 140, 5, 1).',
        )
    name, inside, outside, permeability = entry
    return symbol_of(name), inside, outside, permeability


def swapped_sides(ions: Iterable[tuple[str | int, Any, Any]]) -> list[Notice]:
    """A remark where every ion (symbol, inside, outside; any one unit) stands opposite to its usual side.

    >>> [notice.code for notice in swapped_sides([("K", 5, 140)])]
    ['sides_look_swapped']
    """
    known = [(ion, i, o) for ion, i, o in ions if ion in USUAL_SIDE]
    turned = [ion for ion, i, o in known if np.all(i < o if USUAL_SIDE[str(ion)] == "inside" else i > o)]
    if not turned or len(turned) < len(known):
        return []
    habits = " and ".join(f"{pretty(ion)} {USUAL_SIDE[str(ion)]}" for ion in turned)
    text = f"cells usually have more {habits}; are the sides swapped?"
    return [Notice("sides_look_swapped", text)]


def valence_of(ion: str | int) -> int:
    """Valence of an ion by its symbol, or of the number itself."""
    text = symbol_of(ion)
    if VALENCE.get(text):
        return VALENCE[text]
    if text in VALENCE:
        hint = "Name an ion, or give a valence, such as -2."
        raise InputError(f"{text} has no charge, so it has no Nernst potential.", code="undefined", hint=hint)
    if re.fullmatch("[+-]?[1-9]", text):
        return int(text)
    raise InputError(
        f"Ion '{ion}' has no one valence." if lookup(text) else f"Ion '{ion}' is unknown.",
        code="unknown_ion",
        hint=f"{unknown(text)} Or give a valence, such as -2.",
    )


def symbol_of(ion: str | int) -> str:
    """The symbol of an ion however it is spelt (`Ca2+`, `Gluc`); a valence, and what is unknown, as it is written.

    >>> symbol_of("Ca2+"), symbol_of(-2)
    ('Ca', '-2')
    """
    text = str(ion).strip().replace("−", "-")
    found = lookup(text)
    return text if found is None or found.valence is None else found.symbol


def pretty(ion: str | int) -> str:
    """An ion as chemists write it, `Ca2+`; a bare valence is 'ion of valence 2'."""
    return ion_text(str(ion), VALENCE[str(ion)]) if ion in VALENCE else f"ion of valence {ion}"


def concentration(value: Any, where: str, ion: str = "") -> Any:
    """A concentration (of an ion) at the door as mol/m3, or the reason why it cannot be one."""
    si = to_si(value, "concentration", where, bare_ok=True, ion=ion)
    low, high = float(np.min(si)), float(np.max(si))
    if low < 0:
        hint = "A concentration is zero or more; check the sign."
    elif high > MOST:
        hint = "Bare numbers are mM, and 'M' is mol per litre: did you mean mM or uM?"
    elif np.any((np.asarray(si) > 0) & (np.asarray(si) < LEAST)):
        hint = "That is less than 1 fM; check the exponent and the unit, or write 0."
    else:
        return si
    odd = low if low < LEAST else high
    text = format_si(odd, "concentration", digits=6)
    raise InputError(f"{where} is {text}; it must be 0 to 10000 mM.", code="out_of_range", hint=hint)


def _permeabilities(given: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
    """Permeabilities, all of them relative to one ion, or all in m/s, with the dimension that says which."""
    values = {name: _permeability(value, f"permeability of {name}") for name, value in given.items()}
    if len({dimension for _, dimension in values.values()}) > 1:
        raise InputError(
            "Some permeabilities have a unit and others do not.",
            code="mixed_permeabilities",
            hint="Give all of them relative to one ion, or all in cm/s.",
        )
    for name, (value, _) in values.items():
        if np.any(np.asarray(value) < 0):
            raise InputError(f"The permeability of {name} is negative.", code="out_of_range", hint="Write 0 or more.")
    return {f"P_{name}": read for name, read in values.items()}


def _permeability(value: Any, where: str) -> tuple[Any, str]:
    """The numbers, and their dimension."""
    try:
        return to_si(value, "number", where, bare_ok=True), "number"
    except InputError as error:
        if error.code not in ("wrong_unit", "unknown_unit"):
            raise
        return to_si(value, "permeability", where), "permeability"
