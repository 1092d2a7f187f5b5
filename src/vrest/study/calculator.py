"""Nernst, GHK and Mullins-Noda for people: door units in, door units out. Needs NumPy only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from vrest.errors import InputError
from vrest.layout import glued
from vrest.model.ion_labels import species_notices
from vrest.model.notice import Notice
from vrest.physics.ghk import ghk_voltage
from vrest.physics.mullins_noda import mullins_noda as mullins_noda_potential
from vrest.physics.nernst import nernst as nernst_potential
from vrest.physics.votes import ghk_shares, slope_shares
from vrest.physics.zero_current import general_ghk_potential
from vrest.shown import Drawn
from vrest.study.given import concentration, pretty, read, swapped_sides, symbol_of, together, valence_of
from vrest.tables import Column, Table, joined, number
from vrest.units import from_si, to_si


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
        `undefined` (a side without the ion), `out_of_range` (negative, or beyond 10 M), `unknown_ion`, `bad_shape`
        (arrays that do not broadcast), and whatever is no number or has the wrong unit.

    Nernst 1889, Z. Phys. Chem. 4:129.

    >>> round(nernst("K", inside=140, outside=5), 2)
    -89.06
    >>> round(nernst("Ca", inside="100 nM", outside="1.2 mM", celsius=25), 1)
    120.7
    >>> nernst("K", inside=140, outside=[2.5, 5, 10]).round(2).tolist()
    [-107.58, -89.06, -70.53]
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
    same = together({"inside": ci, "outside": co, "T": to_si(celsius, "temperature", "celsius", bare_ok=True)})
    volts = nernst_potential(z, inside=same["inside"], outside=same["outside"], temperature=same["T"])
    return from_si(_plain(volts), "potential")


@dataclass(frozen=True)
class Ghk(Drawn):
    """Potential of a GHK membrane and what makes it, in mV; numbers, or arrays of one shape where something varies.

    `E` is None where a Nernst potential is undefined (NaN in an array). `ghk_shares` gives each ion's part of the
    numerator (`depolarising`) and of the denominator (`hyperpolarising`) of the equation, and is None with ions that
    are not monovalent; `slope_shares` each ion's part of the slope conductance.
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:ghk_axes"
    methods: ClassVar[tuple[str, ...]] = ("Nernst1889", "Goldman1943", "Hodgkin1949")
    v: Any
    E: Mapping[str, Any]
    ghk_shares: Mapping[str, Mapping[str, Any]] | None
    slope_shares: Mapping[str, Any]
    notices: tuple[Notice, ...]
    varied: tuple[Column, ...] = ()
    """What varies, in door units, one value for each of V: "K outside" and the like."""

    def _cells(self) -> Iterable[Any]:
        return ()

    def _brief(self) -> Iterable[str]:
        if np.ndim(self.v):
            low, high = (number(float(v), decimals=2) for v in (np.min(self.v), np.max(self.v)))
            yield f"V from {low} to {high} mV by the GHK equation, at {np.size(self.v):,} values"
            return
        yield f"V = {number(self.v, decimals=2)} mV by the GHK equation"
        yield "  " + ", ".join(glued(f"E_{ion} = {number(e, decimals=2)} mV") for ion, e in self.E.items())

    def tables(self) -> tuple[Table, ...]:
        """Of each ion its Nernst potential (mV) and its shares; where something varies, V and these at each value."""
        if np.ndim(self.v):
            potentials = {"V": self.v, **{f"E_{ion}": e for ion, e in self.E.items()}}
            return (Table((*self.varied, *_potential_columns(potentials)), "V"),)
        columns = [Column("ion", "", list(self.E)), Column("E", "mV", list(self.E.values()), decimals=2)]
        columns.append(Column("slope share", "", list(self.slope_shares.values()), decimals=3))
        for part in ("depolarising", "hyperpolarising") if self.ghk_shares else ():
            shares = [(self.ghk_shares or {})[ion][part] for ion in self.E]
            columns.append(Column(f"{part} share", "", shares, decimals=3))
        return (Table(columns, "Ions"),)

    def _said(self) -> Iterable[str]:
        return (notice.message for notice in self.notices)


def _potential_columns(potentials: Mapping[str, Any]) -> list[Column]:
    return [Column(name, "mV", np.ravel(values).tolist(), decimals=2) for name, values in potentials.items()]


def ghk(ions: Iterable[Sequence[Any]], *, celsius: Any = 37.0) -> Ghk:
    """Potential at which the Goldman-Hodgkin-Katz currents of all ions sum to zero.

    V = (RT/F) ln[(sum P+ out + sum P- in)/(sum P+ in + sum P- out)] for monovalent ions; with others the same
    condition is solved numerically.

    Parameters
    ----------
    ions
        For each ion (symbol, inside, outside, permeability): concentrations in mM or text with a unit;
        permeabilities relative to each other, or all as text with a unit. Arrays broadcast.
    celsius
        Temperature, degC, or text with a unit; an array as well.

    Returns
    -------
    Ghk
        `v` and the Nernst potentials `E`, mV; shares of the ions in the equation and in the slope conductance. Floats,
        or arrays of the common shape.

    Raises
    ------
    InputError
        As `nernst`; also `undefined` where no permeable ion can hold a potential, `no_ions`, `duplicate_ion`,
        `mixed_permeabilities`, `bad_shape` (arrays that do not broadcast).

    Goldman 1943, doi:10.1085/jgp.27.1.37; Hodgkin and Katz 1949, doi:10.1113/jphysiol.1949.sp004310.

    >>> result = ghk([("K", 140, 5, 1), ("Na", 15, 145, 0.04), ("Cl", 7, 110, 0.45)])
    >>> round(result.v, 2), round(result.E["Na"], 2)
    (-69.81, 60.63)
    >>> ghk([("K", 140, [2.5, 5, 10], 1), ("Na", 15, 145, 0.04)]).v.round(2).tolist()
    [-75.63, -68.59, -58.42]
    """
    rows = read(ions, celsius)
    names, z, ci, co, kelvin = rows.names, rows.z, rows.inside, rows.outside, rows.kelvin
    p = rows.permeabilities / np.max(rows.permeabilities, axis=0)
    sides = {"inside": ci, "outside": co}
    monovalent = bool(np.all(np.abs(z) == 1))
    _refuse_runaway(names, p, z, ci, co)
    formula = ghk_voltage if monovalent else general_ghk_potential
    volts = np.asarray(formula(p, z, **sides, temperature=kelvin))
    if not np.all(np.isfinite(volts)):
        raise InputError(
            "The currents of these ions cancel nowhere between -500 and +500 mV.",
            code="undefined",
            hint="Check the concentrations and permeabilities.",
        )
    shares = None
    if monovalent:
        top, bottom = ghk_shares(p, z, **sides)
        shares = {
            name: {"depolarising": _plain(t), "hyperpolarising": _plain(b)}
            for name, t, b in zip(names, top, bottom, strict=True)
        }
    slopes = slope_shares(p, z, **sides, potential=volts, temperature=kelvin)
    return Ghk(
        v=from_si(_plain(volts), "potential"),
        E={name: _reversal(z[k], ci[k], co[k], kelvin) for k, name in enumerate(names)},
        ghk_shares=shares,
        slope_shares={name: _plain(share) for name, share in zip(names, slopes, strict=True)},
        notices=(*swapped_sides(zip(names, ci, co, strict=True)), *species_notices(names)),
        varied=rows.varied,
    )


def mullins_noda(ions: Iterable[Sequence[Any]], *, pump_ratio: Any = 1.5, celsius: Any = 37.0) -> Any:
    """Potential of a cell whose pump makes good the leaks of K+ and Na+: GHK with the pump's own current counted.

    V = (RT/F) ln[(r P_K K_out + P_Na Na_out)/(r P_K K_in + P_Na Na_in)]

    It holds in the steady state, where Cl- is passive and does not count. With r = 1 it is the GHK equation of K+ and
    Na+; what r = 3/2 makes more negative is the part of V that the pump's current holds directly.

    Parameters
    ----------
    ions
        For K and for Na (symbol, inside, outside, permeability), as of `ghk`; arrays broadcast.
    pump_ratio
        r, Na+ moved out for each K+ moved in: 1.5 for the Na/K-ATPase; above 0.
    celsius
        Temperature, degC, or text with a unit.

    Returns
    -------
    float or array
        Of the common shape, mV; inside minus outside.

    Raises
    ------
    InputError
        As `ghk`; also `not_in_equation` (an ion other than K and Na, or one of them missing).

    Mullins and Noda 1963, doi:10.1085/jgp.47.1.117.

    >>> cell = [("K", 140, 5, 1), ("Na", 15, 145, 0.04)]
    >>> round(mullins_noda(cell), 2), round(mullins_noda(cell, pump_ratio=1), 2)
    (-73.82, -68.59)
    """
    rows = read(ions, celsius, pump_ratio)
    if sorted(rows.names) != ["K", "Na"]:
        raise InputError(
            f"The Mullins-Noda equation has K and Na; given: {joined(rows.names)}.",
            code="not_in_equation",
            hint="Give K and Na, each once; Cl- is passive in that steady state and does not count.",
        )
    _refuse_runaway(rows.names, rows.permeabilities, rows.z, rows.inside, rows.outside)
    k, na = rows.names.index("K"), rows.names.index("Na")
    volts = mullins_noda_potential(
        permeability_k=rows.permeabilities[k],
        permeability_na=rows.permeabilities[na],
        k_inside=rows.inside[k],
        k_outside=rows.outside[k],
        na_inside=rows.inside[na],
        na_outside=rows.outside[na],
        pump_ratio=rows.ratio,
        temperature=rows.kelvin,
    )
    return from_si(_plain(volts), "potential")


def swept_columns(ions: Iterable[Sequence[Any]], *, celsius: Any, pump_ratio: Any = 1.0) -> tuple[Column, ...]:
    """What varies among values as `mullins_noda` takes them, in door units."""
    return read(ions, celsius, pump_ratio).varied


def _plain(value: Any) -> Any:
    """A float where there is one value."""
    return value if np.ndim(value) else float(value)


def _reversal(z: Any, inside: np.ndarray, outside: np.ndarray, kelvin: np.ndarray) -> Any:
    """A Nernst potential, mV; where it is undefined None, or NaN in an array."""
    known = (inside > 0) & (outside > 0)
    ci, co = np.where(known, inside, 1.0), np.where(known, outside, 1.0)
    volts = np.where(known, nernst_potential(z, inside=ci, outside=co, temperature=kelvin), np.nan)
    return from_si(volts, "potential") if volts.ndim else from_si(float(volts), "potential") if known else None


def _refuse_runaway(names: list[str], p: np.ndarray, z: np.ndarray, ci: np.ndarray, co: np.ndarray) -> None:
    """Without anything that can leave (or enter) as positive charge, no finite potential stops the rest."""
    cation = (z > 0).reshape(-1, *(1,) * (p.ndim - 1))
    outward, inward = p * np.where(cation, ci, co), p * np.where(cation, co, ci)
    permeable = np.any(p > 0, axis=tuple(range(1, p.ndim)))
    for term, cation_side, anion_side in ((outward, "inside", "outside"), (inward, "outside", "inside")):
        if not np.all(np.any(term, axis=0)):
            missing = ", ".join(
                f"{pretty(name)} {cation_side if plus else anion_side}"
                for name, plus, counts in zip(names, z > 0, permeable, strict=True)
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
