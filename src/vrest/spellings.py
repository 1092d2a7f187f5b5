"""How units are spelt: one spelling for many, and pint for what the field's own tables do not have."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from vrest.dimensions import Dimension
from vrest.numerals import GAP

if TYPE_CHECKING:
    import pint

_TERM = r"[A-Za-zÅΩ][A-Za-zÅΩ_]*(?:-?[1-9])?"
_GROUP = rf"(?:{_TERM}(?: {_TERM})*|\({_TERM}(?: {_TERM})*\))"
_UNIT = re.compile(rf"(?:1?/)?{_GROUP}(?:/{_GROUP})*")
_BELOW = re.compile(r"[A-Za-zÅΩ]+[1-9]?(?: [A-Za-zÅΩ]+-[1-9])+")
_SIGNS = str.maketrans(
    {"µ": "u", "μ": "u", "−": "-", "⁻": "-", "¹": "1", "²": "2", "³": "3", "⁴": "4", "·": "*", "⋅": "*"}
    | {"°": "deg", "℃": "degC", "℉": "degF", "\u2126": "Ω", "\u212b": "Å"}
)


@lru_cache(maxsize=1024)
def canonical(unit: str) -> str:
    """One spelling for many: 'µF / cm^2', 'uF/cm²', 'uF cm**-2' are 'uF/cm2', and 'mA/(mM2 cm2)' is 'mA/mM2/cm2'."""
    unit = unit.translate(_SIGNS).replace("**", "^").strip()
    unit = re.sub(rf"{GAP}*([*/^()]){GAP}*", r"\1", unit)
    unit = re.sub(r"(?<=[A-Za-zÅΩ])\^(?=-?[1-9])", "", unit)
    unit = re.sub(rf"{GAP}+|\*", " ", unit)
    if _BELOW.fullmatch(unit):
        return re.sub(r" ([^ ]+)-([1-9])", lambda term: f"/{term[1]}{term[2].replace('1', '')}", unit)
    return re.sub(r"/\(([^()/-]+)\)$", lambda below: "/" + below[1].replace(" ", "/"), unit)


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint

    return pint.UnitRegistry(non_int_type=Fraction)  # pyright: ignore[reportArgumentType]  # it takes any number


@lru_cache(maxsize=256)
def pint_unit(spelling: str) -> pint.Unit | None:
    """The unit as pint reads it, or None; angles, constants and temperature differences are no units here."""
    if len(spelling) > 80 or not _UNIT.fullmatch(spelling):
        return None
    text = re.sub(r"(?<=[A-Za-zÅΩ])(?=-?[1-9])", "**", spelling).replace(" ", "*")
    registry = _registry()
    try:
        unit = registry.parse_units("1" + text if text.startswith("/") else text)
        roots = registry.get_root_units(unit)[1]  # where a radian shows in rpm
    except Exception:  # whatever pint stumbles over is not a unit
        return None
    for part in (*unit._units, *roots._units):
        constant = part == "speed_of_light" or part.endswith("_constant")
        if constant or part.startswith("delta_") or not registry.get_dimensionality(part):
            return None
    return unit


def pint_factor(unit: pint.Unit, dimension: Dimension) -> Fraction | None:
    """The factor to SI, or None where the unit is of another kind or has its zero elsewhere."""
    quantity, si = _registry().Quantity, _registry().parse_units(dimension.pint)
    if unit.dimensionality != si.dimensionality or quantity(Fraction(0), unit).to(si).magnitude != 0:
        return None
    return Fraction(quantity(Fraction(1), unit).to(si).magnitude)


def without_mega(spelling: str, parsed: pint.Unit) -> str:
    """The spelling with a small letter where a capital makes it a million and more of what cells have, else ''."""
    huge = [part for part in parsed._units if part.startswith(("mega", "peta", "exa")) and part not in spelling]
    if all(part.endswith(("ohm", "pascal", "hertz", "joule")) for part in huge):
        return ""
    return re.sub(r"(?<![A-Za-z])[MPE](?=[A-Za-z])", lambda capital: capital[0].lower(), spelling)
