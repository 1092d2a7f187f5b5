"""Nernst and GHK for people: door units in, door units out. Needs NumPy only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vrest.errors import InputError
from vrest.ions import VALENCE, lookup, unknown
from vrest.layout import glued
from vrest.model.compartment import CONCENTRATION
from vrest.model.ion_symbols import species_notices
from vrest.model.notice import Notice
from vrest.physics.ghk import ghk_voltage
from vrest.physics.nernst import nernst as nernst_potential
from vrest.physics.votes import ghk_shares, slope_shares
from vrest.physics.zero_current import general_ghk_potential
from vrest.shown import Drawn
from vrest.tables import Column, Table, number
from vrest.units import format_si, from_si, to_si

MOST = CONCENTRATION.maximum or 0.0
LEAST = 1e-12
"""mol/m3: what is not zero and yet less than this (1 fM) is a slip of the exponent."""

USUAL_SIDE = {"K": "inside", "Na": "outside", "Ca": "outside"}
"""Where an animal cell has more of an ion; Cl- is left out, young neurons and red cells are rich in it."""


def nernst(ion: str | int, *, inside: Any, outside: Any, celsius: Any = 37.0) -> Any:
    """Nernst potential of one ion, E = (RT/zF) ln(outside/inside), in mV.

    Parameters
    ----------
    ion
        Symbol such as `"K"`, or a valence such as `-2` (also as text).
    inside, outside
        Concentrations, mM, or text with a unit; arrays broadcast.
    celsius
        Temperature, degC, or text with a unit.

    Returns
    -------
    float or array
        Of the common shape, mV; inside minus outside.

    Raises
    ------
    InputError
        `undefined` (a side without the ion), `out_of_range` (negative, or beyond 10 M), `unknown_ion`, and
        whatever is no number or has the wrong unit.

    Nernst 1889, Z. Phys. Chem. 4:129.

    >>> round(nernst("K", inside=140, outside=5), 2)
    -89.06
    >>> round(nernst("Ca", inside="100 nM", outside="1.2 mM", celsius=25), 1)
    120.7
    >>> nernst("K", inside=0, outside=5)
    Traceback (most recent call last):
    vrest.errors.InputError: E_K is undefined: no K+ inside. ...
    """
    z, ion = valence_of(ion), symbol_of(ion)
    ci = concentration(inside, f"{ion} inside", ion)
    co = concentration(outside, f"{ion} outside", ion)
    empty = [side for side, value in (("inside", ci), ("outside", co)) if np.any(np.equal(value, 0.0))]
    if empty:
        raise _undefined(f"E_{ion}", pretty(ion), empty)
    kelvin = to_si(celsius, "temperature", "celsius", bare_ok=True)
    volts = nernst_potential(z, inside=ci, outside=co, temperature=kelvin)
    return from_si(volts if np.ndim(volts) else float(volts), "potential")


@dataclass(frozen=True)
class Ghk(Drawn):
    """Potential of a GHK membrane and what makes it, in mV.

    `E` is None where a Nernst potential is undefined. `ghk_shares` gives each ion's part of the numerator
    (`depolarising`) and of the denominator (`hyperpolarising`) of the equation, and is None with ions that
    are not monovalent; `slope_shares` each ion's part of the slope conductance.
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:ghk_axes"
    methods: ClassVar[tuple[str, ...]] = ("Nernst1889", "Goldman1943", "Hodgkin1949")
    v: float
    E: Mapping[str, float | None]
    ghk_shares: Mapping[str, Mapping[str, float]] | None
    slope_shares: Mapping[str, float]
    notices: tuple[Notice, ...]

    def _cells(self) -> Iterable[Any]:
        return ()

    def _brief(self) -> Iterable[str]:
        yield f"V = {number(self.v, decimals=2)} mV by the GHK equation"
        yield "  " + ", ".join(glued(f"E_{ion} = {number(e, decimals=2)} mV") for ion, e in self.E.items())

    def tables(self) -> tuple[Table, ...]:
        """Of each ion its Nernst potential (mV) and its shares."""
        columns = [Column("ion", "", list(self.E)), Column("E", "mV", list(self.E.values()), decimals=2)]
        columns.append(Column("slope share", "", list(self.slope_shares.values()), decimals=3))
        for part in ("depolarising", "hyperpolarising") if self.ghk_shares else ():
            shares = [(self.ghk_shares or {})[ion][part] for ion in self.E]
            columns.append(Column(f"{part} share", "", shares, decimals=3))
        return (Table(columns, "Ions"),)

    def _said(self) -> Iterable[str]:
        return (notice.message for notice in self.notices)


def ghk(ions: Iterable[Sequence[Any]], *, celsius: Any = 37.0) -> Ghk:
    """Potential at which the Goldman-Hodgkin-Katz currents of all ions sum to zero.

    V = (RT/F) ln[(sum P+ out + sum P- in)/(sum P+ in + sum P- out)] for monovalent ions; with others the same
    condition is solved numerically.

    Parameters
    ----------
    ions
        For each ion (symbol, inside, outside, permeability): concentrations in mM or text with a unit;
        permeabilities relative to each other, or all as text with a unit.
    celsius
        Temperature, degC, or text with a unit.

    Returns
    -------
    Ghk
        `v` and the Nernst potentials `E`, mV; shares of the ions in the equation and in the slope conductance.

    Raises
    ------
    InputError
        As `nernst`; also `undefined` where no permeable ion can hold a potential, `no_ions`, `duplicate_ion`,
        `mixed_permeabilities`.

    Goldman 1943, doi:10.1085/jgp.27.1.37; Hodgkin and Katz 1949, doi:10.1113/jphysiol.1949.sp004310.

    >>> result = ghk([("K", 140, 5, 1), ("Na", 15, 145, 0.04), ("Cl", 7, 110, 0.45)])
    >>> round(result.v, 2), round(result.E["Na"], 2)
    (-69.81, 60.63)
    """
    table = [_row(entry) for entry in ions]
    names = [name for name, *_ in table]
    if not table:
        raise InputError("There is no ion.", code="no_ions", hint='Give at least one, such as ("K", 140, 5, 1).')
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is given twice.", code="duplicate_ion", hint="Give each ion once.")
    z = np.array([valence_of(name) for name in names])
    ci = np.array([concentration(inside, f"{name} inside", name) for name, inside, _, _ in table])
    co = np.array([concentration(outside, f"{name} outside", name) for name, _, outside, _ in table])
    p = _permeabilities({name: permeability for name, _, _, permeability in table})
    kelvin = to_si(celsius, "temperature", "celsius", bare_ok=True)

    sides = {"inside": ci, "outside": co}
    monovalent = bool(np.all(np.abs(z) == 1))
    _refuse_runaway(names, p, z, ci, co)
    formula = ghk_voltage if monovalent else general_ghk_potential
    volts = float(formula(p, z, **sides, temperature=kelvin))
    if not np.isfinite(volts):
        raise InputError(
            "The currents of these ions cancel nowhere between -500 and +500 mV.",
            code="undefined",
            hint="Check the concentrations and permeabilities.",
        )
    shares = None
    if monovalent:
        top, bottom = ghk_shares(p, z, **sides)
        shares = {
            name: {"depolarising": float(t), "hyperpolarising": float(b)}
            for name, t, b in zip(names, top, bottom, strict=True)
        }
    slopes = slope_shares(p, z, **sides, potential=volts, temperature=kelvin)
    return Ghk(
        v=from_si(volts, "potential"),
        E={
            name: nernst(name, inside=i, outside=o, celsius=f"{float(kelvin)!r} K") if i and o else None
            for name, i, o in zip(names, ci.tolist(), co.tolist(), strict=True)
        },
        ghk_shares=shares,
        slope_shares={name: float(share) for name, share in zip(names, slopes, strict=True)},
        notices=(*swapped_sides(zip(names, ci.tolist(), co.tolist(), strict=True)), *species_notices(names)),
    )


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
    if ion not in VALENCE:
        return f"ion of valence {ion}"
    z = VALENCE[str(ion)]
    return f"{ion}{abs(z) if abs(z) > 1 else ''}{'+' if z > 0 else '-'}"


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


def _permeabilities(given: Mapping[str, Any]) -> np.ndarray:
    """Permeabilities relative to the largest."""
    values = {name: _permeability(value, f"permeability of {name}") for name, value in given.items()}
    if len({has_unit for _, has_unit in values.values()}) > 1:
        raise InputError(
            "Some permeabilities have a unit and others do not.",
            code="mixed_permeabilities",
            hint="Give all of them relative to one ion, or all in cm/s.",
        )
    p = np.array([value for value, _ in values.values()])
    if np.any(p < 0):
        name = list(given)[int(np.argmin(p))]
        raise InputError(f"The permeability of {name} is negative.", code="out_of_range", hint="Write 0 or more.")
    if not np.any(p):
        raise InputError("No ion is permeable: V is undefined.", code="undefined", hint="Give one of them P > 0.")
    return p / np.max(p)


def _permeability(value: Any, where: str) -> tuple[float, bool]:
    """The number, and whether it came with a unit."""
    try:
        return float(to_si(value, "number", where, bare_ok=True)), False
    except InputError as error:
        if error.code not in ("wrong_unit", "unknown_unit"):
            raise
        return float(to_si(value, "permeability", where)), True


def _refuse_runaway(names: list[str], p: np.ndarray, z: np.ndarray, ci: np.ndarray, co: np.ndarray) -> None:
    """Without anything that can leave (or enter) as positive charge, no finite potential stops the rest."""
    cation = z > 0
    outward, inward = p * np.where(cation, ci, co), p * np.where(cation, co, ci)
    permeable = p > 0
    for term, cation_side, anion_side in ((outward, "inside", "outside"), (inward, "outside", "inside")):
        if not np.any(term):
            missing = ", ".join(
                f"{pretty(name)} {cation_side if plus else anion_side}"
                for name, plus, counts in zip(names, cation, permeable, strict=True)
                if counts
            )
            raise InputError(
                f"V is undefined: no {missing}.",
                code="undefined",
                hint="A trace, such as 0.001 mM, has a potential; none at all has not.",
            )


def _undefined(what: str, ion: str, sides: list[str]) -> InputError:
    where = "inside" if sides == ["inside"] else "outside" if sides == ["outside"] else "inside or outside"
    return InputError(
        f"{what} is undefined: no {ion} {where}.",
        code="undefined",
        hint="A trace, such as 0.001 mM, has a Nernst potential; none at all has not.",
    )
