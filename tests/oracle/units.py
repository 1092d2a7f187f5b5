"""The few units that described cells of the tests are written in, to SI."""

import math
import re

F = 96485.33212331001

UNITS = {
    "mM": 1.0,
    "M": 1e3,
    "uM": 1e-3,
    "K": 1.0,
    "um3": 1e-18,
    "um2": 1e-12,
    "um": 1e-6,
    "V": 1.0,
    "mV": 1e-3,
    "uF/cm2": 1e-2,
    "F/m2": 1.0,
    "S/m2": 1.0,
    "S/cm2": 1e4,
    "mS/cm2": 10.0,
    "uS/cm2": 1e-2,
    "cm/s": 1e-2,
    "m/s": 1.0,
    "mol/m2/s": 1.0,
    "pmol/cm2/s": 1e-8,
    "mol/m2/s/mM2": 1.0,
    "cm/s/mM": 1e-2,
    "m/(Pa s)": 1.0,
    "uA/cm2": 1e-2,
    "um3/s": 1e-18,
    "um2/s": 1e-12,
    "kJ/mol": 1e3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "": 1.0,
}


_TEXT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*$")


def si(value, key=""):
    """A described value as an SI number; words such as `solve` and names stay as they are."""
    if isinstance(value, dict) and "value" in value:
        value = value["value"]
    if not isinstance(value, str):
        return value
    found = _TEXT.match(value)
    if not found:
        return value
    number, unit = float(found[1]), found[2]
    if unit == "degC":
        return number + 273.15
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} of {key}")
    scale = UNITS[unit]
    if key == "max_rate" and unit == "uA/cm2":
        scale /= F  # a pump of net charge 1
    if not math.isfinite(number):
        raise ValueError(f"{value!r} of {key}")
    return number * scale
