"""A membrane as one writes it for NEURON, flat names in NEURON's units: read into a cell and what is claimed beside it.

    celsius = 6.3
    diam = 10            # um, as L
    gnabar_hh = 0.12     # S/cm2
    nai = 10             # mM
    ena = 50             # mV

What is not given is NEURON's default, or that of a published MOD file, and said.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vrest.model.laws  # noqa: F401  (registers the laws)
from vrest.errors import InputError
from vrest.io.neuron_names import (
    DEFAULTS,
    FORMS,
    IONS,
    LEAST_SPACE,
    UNUSED,
    Form,
    Spelling,
    canonical,
    default,
    transport_of,
    value,
)
from vrest.ions import VALENCE
from vrest.model.cell import Cell
from vrest.model.cellfile import load, parse_cell
from vrest.model.channels import FixedLeak, GatedOhmic, OhmicLeak
from vrest.model.compartment import Compartment, Impermeant
from vrest.model.exchange import UntrackedDiffusion
from vrest.model.membrane import Membrane
from vrest.model.toml import parse_toml
from vrest.model.transport import Transport
from vrest.reading import read_text, there
from vrest.study.check.findings import Claims
from vrest.units import format_si, from_si


def read_description(name: str) -> tuple[Cell, Claims]:
    """A cell of the library, a cell file, or a file in NEURON's terms, and what it claims beside the cell.

    Parameters
    ----------
    name
        As of `load`; `-` is standard input.

    Returns
    -------
    Cell and Claims, for `check`.

    Raises
    ------
    InputError
        No such cell or file, keys or values that are not allowed.

    >>> cell, claims = read_description("mammalian_neuron")
    >>> cell.name, dict(claims.reversals)
    ('mammalian_neuron', {})
    """
    if name != "-" and not there(name):
        return load(name), Claims()
    text, where = read_text(name, "bad_toml"), "standard input" if name == "-" else name
    data = parse_toml(text, where)
    if not {"compartments", "membranes"} & set(data):
        return neuron_cell(data, Path(name).stem if os.path.isfile(name) else "membrane")
    return parse_cell(text, where), Claims()


def neuron_cell(data: Mapping[str, Any], name: str = "membrane") -> tuple[Cell, Claims]:
    """The cell that a description in NEURON's terms makes once its ions are followed, and what it claims beside it.

    `gna`, `gk`, `gcl`, `gca`, `ghco3`, `gmg` are leaks of one ion; `g_pas`, `e_pas` and `gl_hh`, `el_hh` belong to
    none; `gnabar_hh` and `gkbar_hh` are Hodgkin and Huxley's channels. A pump is `ipump` (constant), `imax` with
    `km_na` and `km_k` (Kager 2000; without `km_k` it does not see K+ outside), `ipumpmax` with `km` (Canavier 1999) or
    `vmax` with `khalf` and `ksteep` (a sigmoid of [Na]i);
    KCC2 is `Pa_kcc2` (Currin 2020), `gkcc2` (Dronne 2006) or `U_kcc2` (Wei 2014). `fhspace`, `txfer` and `kbath`,
    `nabath`, ... make a space outside that exchanges with a bath.

    Parameters
    ----------
    data
        Values by NEURON's names, numbers in NEURON's units (degC, um, uF/cm2, S/cm2, mA/cm2, mV, mM, ms; `fhspace` in
        angstrom) or texts with unit. A name may carry the suffix of its MOD file (`imax_nakpump`, `ki0_k_ion`). What is
        not given is NEURON's default or the MOD file's, and claimed as such.
    name
        Of the cell.

    Returns
    -------
    Cell and Claims, for `check`.

    Raises
    ------
    InputError
        `unknown_key`, `twice`, `nothing_moves`, `several_pumps`, and whatever is no number or has the wrong unit.

    Kager, Wadman and Somjen 2000, J. Neurophysiol. 84:495, doi:10.1152/jn.2000.84.1.495; Canavier 1999, J. Comput.
    Neurosci. 6:49, doi:10.1023/A:1008809000182; Dronne et al. 2006, J. Theor. Biol. 240:599,
    doi:10.1016/j.jtbi.2005.10.023; Currin et al. 2020, PLoS Comput. Biol. 16:e1007932,
    doi:10.1371/journal.pcbi.1007932; Wei, Ullah and Schiff 2014, J. Neurosci. 34:11733.

    >>> cell, claims = neuron_cell({"diam": 10, "L": 10, "gnabar_hh": 0.12, "ena": 50})
    >>> cell.contents("inside")["Na"], round(1e3 * claims.reversals["K"]), claims.defaults[0]
    (10.0, -77, 'celsius = 6.3')
    """
    return _Reader(data).cell(name)


class _Reader:
    """One description on its way into a cell: what is given, and what was taken from the defaults."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.names: dict[str, str] = {}
        """The file's spelling of each name."""
        self.given: dict[str, float] = {}
        self.used: dict[str, str] = {}
        self.unused: list[str] = []
        for spelled, what in data.items():
            key = canonical(spelled)
            if key in UNUSED:
                self.unused.append(f"{spelled} ({UNUSED[key]})")
                continue
            if key in self.given:
                raise InputError(
                    f"'{self.names[key]}' and '{spelled}' are the same.", code="twice", hint="Leave one of them out."
                )
            self.given[key] = value(key, what, spelled)
            self.names[key] = spelled
        self.hh = any(key.endswith("_hh") for key in self.given)
        self.forms = [form for form in FORMS if self.given.get(form.name)]
        self._check()

    def take(self, key: str) -> float:
        """A value, SI; where it is not given the default, which is told."""
        if key not in self.given:
            self.used[key] = f"{key} = {default(key):g}"
        return self.given[key] if key in self.given else value(key, default(key))

    def has(self, *keys: str) -> bool:
        """Whether any of these is given."""
        return any(key in self.given for key in keys)

    def _check(self) -> None:
        """What stands together and what does not."""
        for ions, what in ((("Na", "K"), "pump"), (("K", "Cl"), "KCC2")):
            alike = [self.names[form.name] for form in self.forms if form.ions == ions]
            if len(alike) > 1:
                raise InputError(
                    f"{' and '.join(alike)} each describe the {what}.",
                    code="several_pumps",
                    hint="Keep the one that the model has.",
                )
        for form in FORMS:
            alone = [self.names[key] for key in form.others if key in self.given]
            if alone and form.name not in self.given:
                raise InputError(
                    f"'{alone[0]}' is of a pump whose strength '{form.name}' is missing.",
                    code="missing_key",
                    hint=f"Give {form.name} (mA/cm2), or leave {' and '.join(alone)} out.",
                )
        if self.given.get("n", 1.5) != 1.5:
            raise InputError(
                f"{self.names['n']} = {self.given['n']:g}: the pump of ipumpmax is read with n = 1.5.",
                code="out_of_range",
                hint="Write the cell as a cell file, with a pump law of its own.",
            )

    @property
    def spaced(self) -> bool:
        """Whether there is a space between the membrane and the bath."""
        return self.has("fhspace", "txfer", *(f"{short}bath" for short in IONS))

    def ions(self) -> list[str]:
        """Prefixes of the ions that are in it, in NEURON's order."""
        needed = {ion for form in FORMS if form.name in self.given for ion in form.ions}
        needed |= {"Na", "K"} if self.hh else set()
        needed |= {"K"} if self.spaced and not self.has(*(f"{short}bath" for short in IONS)) else set()
        return [s for s, ion in IONS.items() if ion in needed or self.has(*_keys(s))]

    def cell(self, name: str) -> tuple[Cell, Claims]:
        """The cell and its claims."""
        celsius, radius, length = self.take("celsius"), self.take("diam") / 2, self.take("L")
        short = self.ions()
        cleared = self._cleared(short)
        inside: dict[str, float] = {}
        outside: dict[str, float] = {}
        bath: dict[str, float] = {}
        stated = {}
        for prefix in short:
            ion = IONS[prefix]
            concentrations = f"{prefix}i" in self.given and f"{prefix}o" in self.given
            inside[ion] = self.take(f"{prefix}i")
            if prefix in cleared:
                bath[ion] = self.take(f"{prefix}bath")
                if f"{prefix}o" not in self.given:
                    self.used[f"{prefix}o"] = f"{prefix}o = {prefix}bath"
                outside[ion] = self.given.get(f"{prefix}o", bath[ion])
            else:
                bath[ion] = outside[ion] = self.take(f"{prefix}o")
            carried = f"g{prefix}" in self.given or (self.hh and prefix in ("na", "k"))
            if f"e{prefix}" in self.given or (carried and not concentrations and f"e{prefix}" in DEFAULTS):
                stated[ion] = self.take(f"e{prefix}")
        transports, unnamed = self._transports(celsius, radius / 2)
        if not transports:
            raise InputError(
                "Nothing carries a current here.",
                code="nothing_moves",
                hint="Give a conductance, such as gk = 1e-4 (S/cm2), or g_pas and e_pas.",
            )
        size = {"radius": _door(radius), "length": _door(length)}
        made: Any = {
            "inside": Compartment(kind="fixed", shape="cylinder", ions=inside, impermeant=_unseen(inside), **size)
        }
        still: dict[str, dict[str, float]] = {}
        exchanges = {}
        if self.spaced:
            width = self.take("fhspace")
            if width < LEAST_SPACE:
                raise InputError(
                    f"{self.names['fhspace']} is {format_si(width, 'length')}: narrower than a membrane.",
                    code="out_of_range",
                    hint='A bare number is in angstrom, as in kext.mod; write "0.03 um" or "30 nm".',
                )
            volume = 2 * math.pi * radius * length * width
            clearance = f"{volume / self.take('txfer')!r} m^3/s"
            volume = f"{volume!r} m^3"
            made["outside"] = Compartment(kind="fixed", volume=volume, ions=outside, impermeant=_unseen(outside))  # pyright: ignore[reportArgumentType]
            made["bath"] = Compartment(kind="bath", ions=bath, impermeant=_counter(bath))
            still |= {f"outside.{ion}": {} for ion in outside if ion not in {IONS[prefix] for prefix in cleared}}
            exchanges = {
                f"{prefix}_exchange": UntrackedDiffusion(
                    inside="outside",
                    outside="bath",
                    ion=IONS[prefix],
                    clearance=clearance,  # pyright: ignore[reportArgumentType]
                    counter_charge="ions that the description does not follow",
                )
                for prefix in cleared
            }
        else:
            made["outside"] = Compartment(kind="bath", ions=outside, impermeant=_counter(outside))
        wish = next((key for key in ("v_rest", "v_init") if key in self.given), "")
        start = self.given.get("v_init", self.given.get("v_rest"))
        cell = Cell(
            name=name,
            temperature=f"{celsius!r} K",  # pyright: ignore[reportArgumentType]
            closures=still,
            compartments={"outside": made.pop("outside"), **made},
            exchanges=exchanges,
            membranes={
                "membrane": Membrane(
                    inside="inside",
                    outside="outside",
                    capacitance=f"{self.take('cm')!r} F/m2",
                    potential=f"{self.take('v_init') if start is None else start!r} V",
                    transports=transports,
                )
            },
        )
        claims = Claims(
            stated,
            unnamed,
            tuple(self.used.values()),
            target=self.given.get(wish),
            target_name=self.names.get(wish, ""),
            read=tuple(form.told for form in self.forms),
            unused=tuple(self.unused),
            written=Spelling(self.names, tuple(unnamed), stated),
        )
        return cell, claims

    def _cleared(self, short: list[str]) -> list[str]:
        """Prefixes of the ions that a space outside exchanges with the bath."""
        return [prefix for prefix in short if self.has(f"{prefix}bath")] or (["k"] if self.spaced else [])

    def _transports(self, celsius: float, depth: float) -> tuple[dict[str, Transport], dict[str, float]]:
        """What crosses the membrane, and the reversal potentials of what belongs to no ion."""
        transports: dict[str, Transport] = {}
        unnamed = {}
        for short, ion in IONS.items():
            if f"g{short}" in self.given:
                transports[f"g{short}"] = transport_of(OhmicLeak, ion=ion, conductance=self.given[f"g{short}"])
        if self.hh:
            for label, ion, gating in (("gnabar_hh", "Na", "hodgkin_huxley_na"), ("gkbar_hh", "K", "hodgkin_huxley_k")):
                transports[label] = transport_of(GatedOhmic, ion=ion, gating=gating, conductance=self.take(label))
        for label, g, e in (("l_hh", "gl_hh", "el_hh"), ("pas", "g_pas", "e_pas")):
            if (self.has(g, e) or (self.hh and label == "l_hh")) and self.given.get(g) != 0.0:
                unnamed[label] = self.take(e)
                transports[label] = transport_of(FixedLeak, conductance=self.take(g), reversal=unnamed[label])
        for form in self.forms:
            transports[form.name] = transport_of(form.kind, **self._fields(form, celsius, depth))
        return transports, unnamed

    def _fields(self, form: Form, celsius: float, depth: float) -> Mapping[str, Any]:
        """Fields of a mechanism from the names that it has."""
        if form.name == "imax" and self.has("km_na") and not self.has("km_k"):
            others = {"km_na": self.take("km_na")}  # a pump of [Na]i alone
            self.used["km_k"] = "no km_k, so the pump does not see K+ outside"
        else:
            others = {key: self.take(key) for key in form.others}
        return form.make({form.name: self.given[form.name], **others}, celsius, depth)


def _keys(short: str) -> tuple[str, ...]:
    return (f"g{short}", f"e{short}", f"{short}i", f"{short}o", f"{short}bath")


def _door(length: float) -> Any:
    return f"{from_si(length, 'length')!r} um"


def _charge(ions: Mapping[str, float]) -> float:
    """Charge of the named ions, mM."""
    return sum(VALENCE[ion] * c for ion, c in ions.items())


def _unseen(ions: Mapping[str, float]) -> Impermeant:
    """What balances the charge of a finite space and its membrane."""
    return Impermeant(concentration=max(abs(_charge(ions)), 1.0), valence="solve")  # pyright: ignore[reportArgumentType]


def _counter(ions: Mapping[str, float]) -> Impermeant:
    """What makes a bath neutral."""
    return Impermeant(concentration=abs(_charge(ions)), valence=-1.0 if _charge(ions) > 0 else 1.0)
