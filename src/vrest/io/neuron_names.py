"""The names that people write for NEURON: units, defaults, and the published mechanisms behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vrest.constants import F, R
from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.channels import FixedLeak, OhmicLeak
from vrest.model.cotransport import KCC2, KCC2Product
from vrest.model.ion_labels import ion_in
from vrest.model.pumps import SATURATING, ConstantPump, ExponentialPump, HillPump, LuoRudyCorePump
from vrest.model.quantity import quantity_fields
from vrest.model.transport import Transport
from vrest.physics.nernst import nernst
from vrest.units import from_si, to_si

IONS = {"na": "Na", "k": "K", "cl": "Cl", "ca": "Ca", "hco3": "HCO3", "mg": "Mg"}
"""Ions by NEURON's prefix."""

UNITS = {"celsius": "degC", "diam": "um", "L": "um", "cm": "uF/cm2", "v_init": "mV", "v_rest": "mV"}
UNITS |= dict.fromkeys(("g_pas", "gnabar_hh", "gkbar_hh", "gl_hh", "gkcc2"), "S/cm2")
UNITS |= dict.fromkeys(("e_pas", "el_hh"), "mV")
UNITS |= dict.fromkeys(("ipump", "imax", "ipumpmax", "vmax"), "mA/cm2")
UNITS |= dict.fromkeys(("km_na", "km_k", "km", "khalf", "ksteep"), "mM")
UNITS |= {"n": "", "Pa_kcc2": "mA/mM2/cm2", "U_kcc2": "mM/ms", "fhspace": "angstrom", "txfer": "ms"}
for _ion in IONS:
    UNITS |= {f"g{_ion}": "S/cm2", f"e{_ion}": "mV", f"{_ion}bath": "mM"}
    UNITS |= {f"{_ion}i": "mM", f"{_ion}o": "mM"}
"""The names that may stand in such a file, with NEURON's units."""

DIMENSIONS = {
    "degC": "temperature",
    "um": "length",
    "angstrom": "length",
    "uF/cm2": "specific_capacitance",
    "mV": "potential",
    "mA/cm2": "current_density",
    "S/cm2": "specific_conductance",
    "mM": "concentration",
    "mM/ms": "concentration_rate",
    "ms": "time",
    "": "number",
    "mA/mM2/cm2": "current_per_product",
}

DEFAULTS = {"celsius": 6.3, "diam": 500.0, "L": 100.0, "cm": 1.0, "v_init": -65.0}
DEFAULTS |= {"nai": 10.0, "nao": 140.0, "ki": 54.4, "ko": 2.5, "ena": 50.0, "ek": -77.0}
DEFAULTS |= {"cai": 5e-5, "cao": 2.0, "eca": 132.4579341637009}
DEFAULTS |= {f"{ion}{side}": 1.0 for ion in ("cl", "hco3", "mg") for side in "io"}
DEFAULTS |= {"g_pas": 0.001, "e_pas": -70.0, "gnabar_hh": 0.12, "gkbar_hh": 0.036, "gl_hh": 0.0003, "el_hh": -54.3}
"""NEURON 9's, as it ships them; a new ion such as Cl- starts with 1 mM on both sides."""

MOD_DEFAULTS = {"km_na": 10.0, "km_k": 2.0, "km": 10.0, "n": 1.5, "khalf": 12.0, "ksteep": 1.0}
MOD_DEFAULTS |= {"fhspace": 300.0, "txfer": 50.0, "kbath": 10.0}
"""Of published MOD files: the pumps of Kager 2000 and Canavier 1999, `napump`, and `kext` of the NEURON Book."""

UNUSED = {
    "Ra": "there is one compartment, so no axial resistance",
    "nseg": "there is one compartment",
    "dt": "steps have the length that the motion asks for",
    "tstop": "the cell is followed for an hour",
}
"""Names that are understood and change nothing here."""

LEAST_SPACE = 1e-9
"""m: a Frankenhaeuser-Hodgkin space narrower than this is in another unit than was meant."""

_ALIASES = {"pump": "ipump", "totalpump": "imax", "kmna": "km_na", "kmk": "km_k", "rest": "v_rest", "vrest": "v_rest"}
_ALIASES |= dict.fromkeys(("Pa", "pkcc2", "Pkcc2", "Pa_KCC2"), "Pa_kcc2")
_ALIASES |= dict.fromkeys(("gKCC", "gkcc", "gKCC2", "g_kcc2"), "gkcc2")
_ALIASES |= dict.fromkeys(("Ukcc2", "ukcc2"), "U_kcc2")
_ALIASES |= {"Vrest": "v_rest", "V_rest": "v_rest"}
_ALIASES |= {f"g{ion}{leak}": f"g{ion}" for ion in IONS for leak in ("_leak", "leak")}
_ALIASES |= {f"{ion}{side}0{of}": f"{ion}{side}" for ion in IONS for side in "io" for of in ("", f"_{ion}_ion")}

_MEANT: dict[str, str] = dict.fromkeys(("temperature", "temp", "t"), "Write 'celsius', in degC.")
_MEANT |= dict.fromkeys(("v", "vm", "vinit", "v0"), "Write 'v_init', or 'v_rest' for where it shall rest.")
_MEANT |= dict.fromkeys(
    ("gl", "g_l", "gleak", "g_leak"), "Write 'g_pas' with 'e_pas' for a leak of no ion, or 'gk', 'gna'."
)
_MEANT |= dict.fromkeys(("el", "e_l", "eleak", "e_leak"), "Write 'e_pas' with 'g_pas' for a leak of no ion.")
_MEANT |= {"length": "Write 'L', in um.", "radius": "Write 'diam', twice the radius in um."}
_MEANT |= {
    f"g{ion}bar": f"Write 'g{ion}bar_hh' for Hodgkin and Huxley's, or 'g{ion}' for a leak." for ion in ("na", "k")
}
"""What else people write, in lower case."""

_OF_A_MECHANISM = re.compile(
    r"(?P<name>imax|totalpump|km_na|km_k|kmna|kmk|ipumpmax|km|n|vmax|khalf|ksteep|fhspace|txfer|[a-z0-9]+bath|[a-z0-9]+[io]0)_\w+"
)
"""Range variables with the suffix of their MOD file: `imax_nakpump`."""


def canonical(key: str) -> str:
    """The name under which a name is read: itself where it is not another spelling of one."""
    if key in UNITS or key in UNUSED:
        return key
    match = _OF_A_MECHANISM.fullmatch(key)
    plain = key if key in _ALIASES or match is None else match["name"]
    return _ALIASES.get(plain, plain)


def value(key: str, given: Any, spelled: str = "") -> float:
    """A value of a name in NEURON's unit, or with its own, as SI.

    Raises
    ------
    InputError
        `unknown_key`, with the nearest name; `not_a_number` and what `to_si` refuses.
    """
    if key not in UNITS:
        raise InputError(
            f"'{spelled or key}' is not a name that is read here.", code="unknown_key", hint=_meant(spelled or key)
        )
    unit = UNITS[key]
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise InputError(f"{spelled or key} = {given!r} is not a number.", code="not_a_number", hint=f"In {unit}.")
    dimension = DIMENSIONS[unit]
    if isinstance(given, str):
        return float(to_si(given, dimension, spelled or key))
    return float(to_si(f"{given!r} {unit}".rstrip(), dimension, spelled or key))


def default(key: str) -> float:
    """What NEURON or the MOD file of a name gives it where the file says nothing, in NEURON's unit."""
    return DEFAULTS[key] if key in DEFAULTS else MOD_DEFAULTS[key]


def _meant(key: str) -> str:
    """What was probably meant by a name that is none."""
    meant = _MEANT.get(key.lower()) or near_miss(key, sorted(UNITS))
    if meant.startswith("Allowed"):
        meant = "'vrest check --help' has the names that are."
    return f"{meant} A cell file has [compartments]."


@dataclass(frozen=True)
class Form:
    """A published mechanism: the name of its strength, what else it has, and the transport it is."""

    name: str
    kind: type[Transport]
    told: str
    """How it is read."""
    ions: tuple[str, ...]
    make: Callable[[Mapping[str, float], float, float], Mapping[str, Any]]
    """Fields of the transport, SI, from values by name, temperature (K) and volume over area (m)."""
    strength: Callable[[float, float, float], float]
    """The value of the name, SI, from the strength of the transport, temperature and volume over area."""
    others: tuple[str, ...] = ()
    """Names beside it, with defaults of the MOD file."""


def _current(rate: float, temperature: float, depth: float) -> float:
    return rate * F


def _sites(km_k: float | None) -> Mapping[str, Any]:
    """What a pump says of [K]o."""
    return {"k_outside": SATURATING} if km_k is None else {"km_k": km_k}


FORMS = (
    Form(
        "ipump",
        ConstantPump,
        "ipump is the net current of a 3:2 pump of constant rate: ina = 3 ipump, ik = -2 ipump",
        ("Na", "K"),
        lambda v, temperature, depth: {"max_rate": v["ipump"] / F},
        _current,
    ),
    Form(
        "imax",
        HillPump,
        "imax is a 3:2 pump as of Kager 2000: ina = 3 imax (1 + km_na/nai)^-3 (1 + km_k/ko)^-2, ik = -2/3 ina",
        ("Na", "K"),
        lambda v, temperature, depth: {"max_rate": v["imax"] / F, "km_na": v["km_na"], **_sites(v.get("km_k"))},
        _current,
        ("km_na", "km_k"),
    ),
    Form(
        "ipumpmax",
        LuoRudyCorePump,
        "ipumpmax is a 3:2 pump as of Canavier 1999: ina = 3 ipumpmax/(1 + (km/nai)^1.5), ik = -2/3 ina",
        ("Na", "K"),
        lambda v, temperature, depth: {"max_rate": v["ipumpmax"] / F, "km_na": v["km"], **_sites(None)},
        _current,
        ("km", "n"),
    ),
    Form(
        "vmax",
        ExponentialPump,
        "vmax is a 3:2 pump that sees no ko: ina = 3 vmax/(1 + exp((khalf - nai)/ksteep)), ik = -2/3 ina",
        ("Na", "K"),
        lambda v, temperature, depth: {
            "max_rate": v["vmax"] / F,
            "na_half": v["khalf"],
            "na_slope": v["ksteep"],
            "k_outside": SATURATING,
        },
        _current,
        ("khalf", "ksteep"),
    ),
    Form(
        "Pa_kcc2",
        KCC2Product,
        "Pa_kcc2 is KCC2 as of Currin 2020: icl = -Pa_kcc2 (ki cli - ko clo), ik = -icl",
        ("K", "Cl"),
        lambda v, temperature, depth: {"strength_per_product": v["Pa_kcc2"] / F},
        _current,
    ),
    Form(
        "gkcc2",
        KCC2,
        "gkcc2 is KCC2 as of Dronne 2006: ik = gkcc2 (ecl - ek), icl = -ik",
        ("K", "Cl"),
        lambda v, temperature, depth: {"turnover": v["gkcc2"] * R * temperature / F**2},
        lambda strength, temperature, depth: strength * F**2 / (R * temperature),
    ),
    Form(
        "U_kcc2",
        KCC2,
        "U_kcc2 is KCC2 as of Wei 2014: cli' = ki' = -U_kcc2 ln(ki cli/(ko clo)), over the volume of the section",
        ("K", "Cl"),
        lambda v, temperature, depth: {"turnover": v["U_kcc2"] * depth},
        lambda strength, temperature, depth: strength / depth,
    ),
)
"""Pumps and cotransporters, by the name of their strength."""


def transport_of(kind: type[Transport], **fields: Any) -> Any:
    """A transport from SI values, checked like any other."""
    dimensions = {name: spec.dimension for name, spec in quantity_fields(kind)}
    return kind(**{n: from_si(v, dimensions[n]) if n in dimensions else v for n, v in fields.items()})


@dataclass(frozen=True)
class Spelling:
    """How a cell that was read is written again: what it calls things, and the values it has."""

    names: Mapping[str, str] = field(default_factory=dict)
    """The file's own spelling of a name."""
    unnamed: tuple[str, ...] = ()
    """Transports that belong to no ion."""
    reversals: Mapping[str, float] = field(default_factory=dict)
    """Reversal potentials that are written, V by ion."""

    def __call__(self, cell: Cell, *, as_read: bool = False) -> dict[str, tuple[float, str]]:
        """Values by name as they would stand in the file, NEURON's units, and what each is (empty: plain).

        The reversal potentials are those of the cell's contents, or those that were read.
        """
        ((_, m),) = cell.membranes.items()
        area = cell.area(next(iter(cell.membranes)))
        volume = cell.compartments[m.inside].start_volume
        assert volume is not None  # of a finite compartment
        depth = volume / area
        short = {ion: prefix for prefix, ion in IONS.items()}
        found: dict[str, tuple[float, str]] = {"v_init": (from_si(m.potential, "potential"), "")}
        for place, side in ((m.inside, "i"), (m.outside, "o")):
            for ion, c in cell.contents(place).items():
                if ion in short:
                    found[f"{short[ion]}{side}"] = (from_si(c, "concentration"), "")
        leaky = [t.ion for t in m.transports.values() if isinstance(t, OhmicLeak) and t.ion in short]
        for ion in dict.fromkeys([*self.reversals, *filter(self._would_default, leaky)]):
            sides = {"outside": cell.contents(m.outside)[ion], "inside": cell.contents(m.inside)[ion]}
            made = float(nernst(cell.valence()[ion], **sides, temperature=cell.temperature))
            volts = self.reversals.get(ion, made) if as_read else made
            found[f"e{short[ion]}"] = (from_si(volts, "potential"), "")
        for label in self.unnamed:
            t = m.transports.get(label)
            name = "g_pas" if label == "pas" else f"g{label}"
            found[name] = (from_si(t.conductance, "specific_conductance") if isinstance(t, FixedLeak) else 0.0, "")
        for label, t in m.transports.items():
            if isinstance(t, OhmicLeak) and t.ion in short:
                g = from_si(t.conductance, "specific_conductance")
                found[f"g{short[t.ion]}"] = (g, f"S/cm2, leak of {ion_in(cell, t.ion)}")
            form = next((f for f in FORMS if f.name == label), None)
            form = form or next((f for f in FORMS if type(t) is f.kind), None)
            if form is not None:
                unit = UNITS[form.name]
                si = form.strength(getattr(t, str(t.strength)), cell.temperature, depth)
                found[form.name] = (from_si(si, DIMENSIONS[unit], unit), _told(form, unit))
        return {self.names.get(name, name): pair for name, pair in found.items()}

    def _would_default(self, ion: str) -> bool:
        """Whether a leak of an ion would bring NEURON's reversal potential with it."""
        short = next(prefix for prefix, symbol in IONS.items() if symbol == ion)
        return f"e{short}" in DEFAULTS and not {f"{short}i", f"{short}o"} <= set(self.names)


def _told(form: Form, unit: str) -> str:
    return f"{unit} net: ina = 3 x, ik = -2 x" if form.name == "ipump" else unit
