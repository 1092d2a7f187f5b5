"""A membrane as one writes it for NEURON, flat names in NEURON's units: read into a cell and what is claimed beside it.

    celsius = 6.3
    diam = 10            # um, as L
    gnabar_hh = 0.12     # S/cm2
    nai = 10             # mM
    ena = 50             # mV

What is not given is NEURON's default, and said.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vrest.model.laws  # noqa: F401  (registers the laws)
from vrest.constants import F, R
from vrest.errors import InputError, near_miss
from vrest.model.cell import VALENCE, Cell
from vrest.model.cellfile import load, parse_cell, parse_toml, read_text
from vrest.model.channels import GatedOhmic, OhmicLeak
from vrest.model.compartment import Compartment, Impermeant
from vrest.model.membrane import Membrane
from vrest.model.pumps import ConstantPump
from vrest.model.transport import Transport
from vrest.study.check.findings import Claims
from vrest.units import from_si, to_si

IONS = {"na": "Na", "k": "K", "cl": "Cl"}

UNITS = {"celsius": "degC", "diam": "um", "L": "um", "cm": "uF/cm2", "v_init": "mV", "ipump": "mA/cm2"}
UNITS |= dict.fromkeys(("g_pas", "gnabar_hh", "gkbar_hh", "gl_hh", "gna", "gk", "gcl"), "S/cm2")
UNITS |= dict.fromkeys(("e_pas", "el_hh", "ena", "ek", "ecl"), "mV")
UNITS |= dict.fromkeys(("nai", "nao", "ki", "ko", "cli", "clo"), "mM")
"""The names that may stand in such a file, with NEURON's units."""

ALIASES = {"pump": "ipump"}

DIMENSIONS = {
    "degC": "temperature",
    "um": "length",
    "uF/cm2": "specific_capacitance",
    "mV": "potential",
    "mA/cm2": "current_density",
    "S/cm2": "specific_conductance",
    "mM": "concentration",
}

DEFAULTS = {"celsius": 6.3, "diam": 500.0, "L": 100.0, "cm": 1.0, "v_init": -65.0}
DEFAULTS |= {"nai": 10.0, "nao": 140.0, "ki": 54.4, "ko": 2.5, "cli": 1.0, "clo": 1.0, "ena": 50.0, "ek": -77.0}
DEFAULTS |= {"g_pas": 0.001, "e_pas": -70.0, "gnabar_hh": 0.12, "gkbar_hh": 0.036, "gl_hh": 0.0003, "el_hh": -54.3}
"""NEURON 9's, as it ships them; a new ion such as Cl- starts with 1 mM on both sides."""

GHOST = "unnamed"
"""The ion that carries what belongs to no ion: its content is held."""

TRACE = 1e-6
"""mM of it inside: enough to give its leak a reversal potential, and nothing else."""


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
    path = Path(name)
    if name == "-":
        try:
            text, name = sys.stdin.read(), "standard input"
        except UnicodeDecodeError as error:
            raise InputError(f"Standard input is not text: {error}.", code="bad_toml", hint="Use UTF-8.") from None
    elif path.is_file():
        text = read_text(path)
    else:
        return load(name), Claims()
    data = parse_toml(text, name)
    if not {"compartments", "membranes"} & set(data):
        return neuron_cell(data, path.stem if path.is_file() else "membrane")
    return parse_cell(text, name), Claims()


def neuron_cell(data: Mapping[str, Any], name: str = "membrane") -> tuple[Cell, Claims]:
    """The cell that a description in NEURON's terms makes once its ions are followed, and what it claims beside it.

    `gna`, `gk`, `gcl` are leaks of one ion; `g_pas`, `e_pas` and `gl_hh`, `el_hh` belong to none; `gnabar_hh` and
    `gkbar_hh` are Hodgkin and Huxley's channels; `ipump` is the net current of a constant 3:2 pump.

    Parameters
    ----------
    data
        Values by NEURON's names, numbers in NEURON's units (degC, um, uF/cm2, S/cm2, mA/cm2, mV, mM) or texts with
        unit. What is not given is NEURON's default, and claimed as such.
    name
        Of the cell.

    Returns
    -------
    Cell and Claims, for `check`.

    Raises
    ------
    InputError
        `unknown_key`, `nothing_moves`, and whatever is no number or has the wrong unit.

    >>> cell, claims = neuron_cell({"diam": 10, "L": 10, "gnabar_hh": 0.12, "ena": 50})
    >>> cell.contents("inside")["Na"], round(1e3 * claims.reversals["K"]), claims.defaults[0]
    (10.0, -77, 'celsius = 6.3')
    """
    given = {ALIASES.get(key, key): _value(ALIASES.get(key, key), value) for key, value in data.items()}
    used: dict[str, str] = {}

    def take(key: str) -> float:
        if key not in given:
            used[key] = f"{key} = {DEFAULTS[key]:g}"
        return given[key] if key in given else _value(key, DEFAULTS[key])

    hh = any(key.endswith("_hh") for key in given)
    ions = [ion for short, ion in IONS.items() if any(f"{part}" in given for part in _keys(short))]
    ions += [ion for ion in ("Na", "K") if ("ipump" in given or hh) and ion not in ions]
    celsius, radius, length = take("celsius"), take("diam") / 2, take("L")
    inside, outside, stated = {}, {}, {}
    for short, ion in IONS.items():
        if ion not in ions:
            continue
        concentrations = f"{short}i" in given and f"{short}o" in given
        inside[ion], outside[ion] = take(f"{short}i"), take(f"{short}o")
        if f"e{short}" in given or (not concentrations and f"e{short}" in DEFAULTS):
            stated[ion] = take(f"e{short}")
    transports: dict[str, Transport] = {}
    unnamed = {}
    for short, ion in IONS.items():
        if f"g{short}" in given:
            transports[f"g{short}"] = _si(OhmicLeak, ion=ion, conductance=given[f"g{short}"])
    if hh:
        for label, ion, gating in (("gnabar_hh", "Na", "hodgkin_huxley_na"), ("gkbar_hh", "K", "hodgkin_huxley_k")):
            transports[label] = _si(GatedOhmic, ion=ion, gating=gating, conductance=take(label))
    for label, g, e in (("l_hh", "gl_hh", "el_hh"), ("pas", "g_pas", "e_pas")):
        if (g in given or e in given or (hh and label == "l_hh")) and given.get(g) != 0.0:
            ghost = f"{GHOST}_{label}"
            unnamed[label] = take(e)
            transports[label] = _si(OhmicLeak, ion=ghost, conductance=take(g))
            inside[ghost] = TRACE
            outside[ghost] = TRACE * math.exp(F * unnamed[label] / (R * celsius))
    if given.get("ipump"):
        transports["ipump"] = _si(ConstantPump, max_rate=given["ipump"] / F)
    if not transports:
        raise InputError(
            "Nothing carries a current here.",
            code="nothing_moves",
            hint="Give a conductance, such as gk = 1e-4 (S/cm2), or g_pas and e_pas.",
        )
    ghosts = [ion for ion in inside if ion not in VALENCE]
    within, without = (sum(VALENCE[i] * c for i, c in side.items() if i in VALENCE) for side in (inside, outside))
    unseen = Impermeant(concentration=max(abs(within), 1.0), valence="solve")  # pyright: ignore[reportArgumentType]
    bath = Impermeant(concentration=abs(without), valence=-1.0 if without > 0 else 1.0)
    radius_um, length_um = (f"{from_si(side, 'length')!r} um" for side in (radius, length))
    cell = Cell(
        name=name,
        temperature=f"{celsius!r} K",  # pyright: ignore[reportArgumentType]
        valences=dict.fromkeys(ghosts, 1),
        closures={f"inside.{ghost}": {} for ghost in ghosts},
        compartments={
            "outside": Compartment(kind="bath", ions=outside, impermeant=bath),
            "inside": Compartment(
                kind="fixed",
                shape="cylinder",
                radius=radius_um,  # pyright: ignore[reportArgumentType]
                length=length_um,  # pyright: ignore[reportArgumentType]
                ions=inside,
                impermeant=unseen,
            ),
        },
        membranes={
            "membrane": Membrane(
                inside="inside",
                outside="outside",
                capacitance=f"{take('cm')!r} F/m2",  # pyright: ignore[reportArgumentType]
                potential=f"{take('v_init')!r} V",  # pyright: ignore[reportArgumentType]
                transports=transports,
            )
        },
    )
    return cell, Claims(stated, unnamed, tuple(used.values()))


def _keys(short: str) -> tuple[str, ...]:
    return (f"g{short}", f"e{short}", f"{short}i", f"{short}o")


def _value(key: str, value: Any) -> float:
    """A value in NEURON's unit, or with its own, as SI."""
    if key not in UNITS:
        raise InputError(
            f"'{key}' is not a name that is read here.",
            code="unknown_key",
            hint=near_miss(key, sorted(UNITS)) + " A cell file has [compartments].",
        )
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError(f"{key} = {value!r} is not a number.", code="not_a_number", hint=f"In {UNITS[key]}.")
    text = f"{value!r} {UNITS[key]}" if isinstance(value, int | float) else value
    return float(to_si(text, DIMENSIONS[UNITS[key]], key))


def _si(kind: Any, **values: Any) -> Any:
    """A transport from SI values, checked like any other."""
    units = {"conductance": "S/m2", "max_rate": "mol/m2/s"}
    return kind(**{name: f"{v!r} {units[name]}" if name in units else v for name, v in values.items()})
