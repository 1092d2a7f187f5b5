"""The kinds of quantities, with the field's spellings of their units: a table, nothing converts here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from vrest.constants import ZERO_CELSIUS, F

Units = Mapping[str, Fraction]
"""Spellings of a unit, each with its exact factor to SI."""


# --- the field's spellings ------------------------------------------------------------------------

_PREFIXES = {
    "G": 9,
    "M": 6,
    "k": 3,
    "h": 2,
    ".": 0,
    "d": -1,
    "c": -2,
    "m": -3,
    "u": -6,
    "n": -9,
    "p": -12,
    "f": -15,
    "a": -18,
}
_ONE = Fraction(1)


def _prefixed(unit: str, prefixes: str, power: int = 1, size: Fraction = _ONE) -> dict[str, Fraction]:
    """A unit under each prefix ('.' is none): um2 is 1e-12 m2."""
    raised = unit if power == 1 else f"{unit}{power}"
    return {p.strip(".") + raised: size * Fraction(10) ** (_PREFIXES[p] * power) for p in prefixes.split()}


def _per(above: Units, below: Units) -> dict[str, Fraction]:
    """Every above/below, as in uF/cm2 or mM/min."""
    return {f"{a}/{b}": above[a] / below[b] for a in above for b in below}


def _only(units: Units, spellings: str) -> dict[str, Fraction]:
    return {spelling: units[spelling] for spelling in spellings.split()}


def _same(factor: Fraction | int, *spellings: str) -> dict[str, Fraction]:
    return dict.fromkeys(spellings, Fraction(factor))


_CELSIUS = ("degC", "C", "deg C", "celsius", "Celsius", "degree_Celsius")
_FAHRENHEIT = ("degF", "deg F", "fahrenheit", "Fahrenheit", "degree_Fahrenheit")

# added to a reading before its factor applies: K = (degF + 459.67) * 5/9
SHIFTS: dict[str, float] = {**dict.fromkeys(_CELSIUS, ZERO_CELSIUS), **dict.fromkeys(_FAHRENHEIT, 459.67)}


@dataclass(frozen=True)
class Dimension:
    """One kind of quantity.

    `unit` is the door unit; `pint` the SI unit, spelt so that pint and `to_si` both read it; `example` what
    a user could have written; `units` the common spellings; `also` the other dimensions it can be read from,
    each with the divisor that leads here.
    """

    name: str
    unit: str
    pint: str = ""
    example: str = ""
    units: Units = field(default_factory=dict, repr=False, compare=False)
    also: tuple[tuple[str, float], ...] = ()

    def __str__(self) -> str:
        return self.name.replace("_", " ")


def _dimensions() -> Iterator[Dimension]:
    def kind(name: str, si: str, example: str, units: Units, **also: float) -> Dimension:
        return Dimension(name, example.partition(" ")[2], si, example, units, tuple(also.items()))

    litre = _prefixed("L", ". m u n p f", size=Fraction(1, 1000))
    litre |= {spelling.replace("L", "l"): size for spelling, size in litre.items()}
    time = _prefixed("s", ". m u n") | _same(1, "sec", "second", "seconds")
    time |= _same(60, "min", "minute", "minutes") | _same(3600, "h", "hr", "hour", "hours")
    time |= _same(86400, "d", "day", "days")
    clock = _only(time, "s ms min h")
    length = _prefixed("m", "u . c m n")
    area = _prefixed("m", "u . c m n", 2)
    volume = _prefixed("m", "u . c m n", 3) | litre
    patch = _only(area, "cm2 m2 um2")
    amount = _prefixed("mol", "f . m u n p a")
    molar = _prefixed("M", "m . u n p", size=Fraction(1000))
    molar |= _per(_only(amount, "mmol mol umol nmol"), _only(volume, "L l m3"))
    osmoles = (_prefixed(name, "m .", size=Fraction(1000)) for name in ("Osm", "osm", "Osmol", "osmol"))
    osmolar = {spelling: size for one in osmoles for spelling, size in one.items()}
    osmolar |= _per(osmolar, _same(1, "L", "l"))
    current = _prefixed("A", "p . m u n f")
    conductance = _prefixed("S", "n . m u p")
    speed = _per(_only(length, "cm m um"), _only(time, "s"))
    energy = _same(1, "J") | _same(1000, "kJ") | _same(Fraction("4.184"), "cal") | _same(4184, "kcal")
    kelvin = _same(1, "K", "kelvin", *_CELSIUS) | _same(Fraction(5, 9), *_FAHRENHEIT)

    yield kind("concentration", "mol/m^3", "5 mM", molar)
    yield kind("potential", "V", "-70 mV", _prefixed("V", "m . u n"))
    yield kind("time", "s", "90 s", time)
    yield kind("temperature", "K", "37 degC", kelvin)
    yield kind("length", "m", "8 um", length)
    yield kind("area", "m^2", "800 um2", area)
    yield kind("volume", "m^3", "2000 um3", volume)
    yield kind("specific_capacitance", "F/m^2", "1 uF/cm2", _per(_prefixed("F", "u . m n p f"), patch))
    yield kind("permeability", "m/s", "1e-6 cm/s", speed)
    yield kind("specific_conductance", "S/m^2", "1e-4 S/cm2", _per(conductance, patch))
    yield kind("current_density", "A/m^2", "4.9 uA/cm2", _per(current, patch))
    yield kind("current", "A", "50 pA", current)
    # a pump is often quoted by its current: one elementary charge crosses per turnover
    yield kind("turnover", "mol/m^2/s", "50 pmol/cm2/s", _per(_per(amount, patch), clock), current_density=F)
    yield kind("hydraulic_permeability", "m/(Pa s)", "1e-12 m/(Pa s)", _same(1, "m/(Pa s)", "m/Pa/s", "m/s/Pa"))
    hydraulic = ("m3/(Pa s)", "m3/Pa/s", "m3/s/Pa")
    yield kind("hydraulic_conductance", "m^3/(Pa s)", "1e-21 m3/(Pa s)", _same(1, *hydraulic))
    yield kind("rate", "1/s", "0.5 1/s", _per({"1": _ONE, "": _ONE}, clock) | _same(1, "Hz"))
    yield kind("concentration_rate", "mol/m^3/s", "1 mM/min", _per(molar, clock))
    yield kind("amount", "mol", "20 fmol", amount)
    yield kind("conductance", "S", "3 nS", conductance)
    yield kind("capacitance", "F", "30 pF", _prefixed("F", "p . m u n f"))
    ohm = _prefixed("ohm", "M . k G") | _prefixed("Ohm", "M . k G") | _prefixed("Ω", "M . k G")
    yield kind("resistance", "ohm", "150 Mohm", ohm)
    yield kind("mass", "kg", "3.5 g", _prefixed("g", ". m u k", size=Fraction(1, 1000)))
    yield kind(
        "molar_mass", "kg/mol", "74.55 g/mol", _per(_prefixed("g", ". k", size=Fraction(1, 1000)), _same(1, "mol"))
    )
    yield kind("power", "W", "1e-9 W", _prefixed("W", ". m u n p f"))
    yield kind("energy_per_mole", "J/mol", "-57 kJ/mol", _per(energy, _same(1, "mol")))
    yield kind("number", "", "0.5", _same(1, "", "dimensionless") | _same(_ONE / 100, "%", "percent"))
    yield kind("flow", "m^3/s", "10 um3/s", _per(volume, clock))
    yield kind("molar_flow", "mol/s", "1 fmol/s", _per(amount, clock))
    yield kind("osmolarity", "mol/m^3", "300 mOsm", osmolar, concentration=1.0)
    yield kind("diffusion", "m^2/s", "1330 um2/s", _per(area, _only(time, "s ms")))
    # of a cotransporter: turnover per product of two concentrations, as in P (K_i Cl_i - K_o Cl_o); published as often
    # by the current of its cations, one elementary charge a turnover, in either order of the divisors
    product = {f"{unit}2": size**2 for unit, size in _only(molar, "mM M").items()}
    of_product = _per(_per(current, product), patch) | _per(_per(current, patch), product)
    yield kind("current_per_product", "A m^4/mol^2", "1e-5 mA/mM2/cm2", of_product)
    per_product = _per(speed, _only(molar, "mM M"))
    yield kind("product_permeability", "m^4/mol/s", "1e-6 cm/s/mM", per_product, current_per_product=F)


DIMENSIONS: dict[str, Dimension] = {dimension.name: dimension for dimension in _dimensions()}
"""Every kind of quantity the package knows, by name."""


class Whole(NamedTuple):
    """A quantity of a whole cell, a `dimension`, that is one per area once it is divided by the area (and `divisor`).

    One per volume is multiplied by the volume inside as well.
    """

    dimension: str
    per_volume: bool = False
    divisor: float = 1.0


WHOLE: dict[str, tuple[Whole, ...]] = {
    "specific_capacitance": (Whole("capacitance"),),
    "specific_conductance": (Whole("conductance"),),
    "permeability": (Whole("flow"), Whole("rate", per_volume=True)),
    "hydraulic_permeability": (Whole("hydraulic_conductance"),),
    "current_density": (Whole("current"),),
    "turnover": (Whole("molar_flow"), Whole("current", divisor=F), Whole("concentration_rate", per_volume=True)),
}
"""What people measure of a whole cell, by what it is per area."""


def _lacking() -> Iterator[Dimension]:
    litres = _prefixed("L", ". d m", size=Fraction(1, 1000))
    litres |= {spelling.replace("L", "l"): size for spelling, size in litres.items()}
    litres |= _prefixed("m", ". c d", 3) | _same(Fraction(1, 10000), "100mL", "100 mL", "100ml", "100 ml")
    charges = {key: size for name in ("Eq", "eq", "equiv", "val") for key, size in _prefixed(name, ". m u n").items()}
    grams = _prefixed("g", ". k m u n p", size=Fraction(1, 1000))
    shares = {"%": Fraction(10), "percent": Fraction(10), "mg%": Fraction(1, 100), "ppm": Fraction(1, 1000)}
    moles = _prefixed("mol", ". m u n") | _prefixed("osmol", ". m")
    moles |= _prefixed("Osm", ". m") | _prefixed("osm", ". m") | _prefixed("Osmol", ". m")
    pressures = _same(Fraction(101325, 760), "mmHg", "Torr", "torr") | _prefixed("Pa", ". k h") | _same(101325, "atm")
    alone = {name: size * 1000 for name, size in charges.items()}  # "5 mEq" of a concentration is meant per litre
    yield Dimension("charge_equivalents", "mEq/L", "mol/m^3", "5 mEq/L", _per(charges, litres) | alone)
    yield Dimension("mass_concentration", "g/L", "kg/m^3", "9 g/L", _per(grams, litres) | shares)
    yield Dimension(
        "molality", "mmol/kg", "mol/kg", "300 mmol/kg", _per(moles, _same(1, "kg", "kgw", "kg water", "kgH2O"))
    )
    yield Dimension("pressure", "mmHg", "Pa", "40 mmHg", pressures)


LACKING: dict[str, Dimension] = {dimension.name: dimension for dimension in _lacking()}
"""What people give in place of a concentration, which lacks a valence, a molar mass, a density or a solubility: told
apart, never read as one."""
