"""The gas that a solution is bubbled with, or stands under: how much CO2 it has."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from vrest.errors import InputError
from vrest.numerals import quoted
from vrest.units import from_si

ATMOSPHERE = 101325.0
"""Pa."""

AIR = 0.00042
"""Share of CO2 in dry air, 420 ppm: about the mean of 2023 (NOAA Global Monitoring Laboratory; unchecked)."""

SWAPPED = 20.0
"""Percent of CO2 beyond which the two gases are likely to be swapped."""

NAMES: Mapping[str, float] = MappingProxyType(
    {"air": AIR, "room air": AIR, "carbogen": 0.05, "oxygen": 0.0, "o2": 0.0, "nitrogen": 0.0, "n2": 0.0}
    | {"argon": 0.0, "ar": 0.0}
)
"""Share of CO2 by what gases are called."""

_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+) ?% ?(co2|o2|n2|ar|air|carbon dioxide|oxygen|nitrogen|argon)")
_BETWEEN = re.compile(r"(?:[ ,;/+&()-]|and|in|with|balance|rest|of|carbogen|humidified|air|o2|n2|oxygen|nitrogen)*")
_HINT = 'Write gas = "95% O2 5% CO2", "5% CO2", "carbogen", "air" or "O2".'


def share_of_carbon_dioxide(text: str) -> float:
    """The share of CO2 in a dry gas, 0 to 1.

    Parameters
    ----------
    text
        A name or shares in percent, in any case: `carbogen`, `air`, `95% O2 5% CO2`, `5% CO2 in air`.

    Raises
    ------
    InputError
        `unknown_gas`: what is said otherwise; `bad_gas`: shares that leave open what the rest is, sum to more than
        100 %, or have the two swapped.

    >>> share_of_carbon_dioxide("95% O2 / 5% CO2"), share_of_carbon_dioxide("Carbogen"), share_of_carbon_dioxide("O2")
    (0.05, 0.05, 0.0)
    """
    plain = " ".join(text.translate(str.maketrans("₂", "2")).casefold().split())
    if plain in NAMES:
        return NAMES[plain]
    parts = [(float(number), gas) for number, gas in _PART.findall(plain)]
    if not parts or not _BETWEEN.fullmatch(_PART.sub("", plain)):
        numbers = re.fullmatch(r"\(?([0-9.]+) ?%? ?[/:] ?([0-9.]+) ?%?\)?", plain)
        hint = f'Say which gases: gas = "{numbers[1]}% O2 {numbers[2]}% CO2".' if numbers else _HINT
        raise InputError(f"gas: {quoted(text)} is not a gas that can be read.", code="unknown_gas", hint=hint)
    told = sum(number for number, _ in parts)
    carbon_dioxide = [number for number, gas in parts if gas in ("co2", "carbon dioxide")]
    if told > 100.0 + 1e-9:
        raise InputError(f"gas: {quoted(text)} has {told:g} %.", code="bad_gas", hint=_HINT)
    if len(carbon_dioxide) > 1:
        raise InputError(f"gas: {quoted(text)} says twice what CO2 it has.", code="bad_gas", hint=_HINT)
    if not carbon_dioxide and told < 100.0 - 1e-9:
        rest = f"{100.0 - told:g}"
        hint = f'Write it too, as in gas = "{text.strip()} {rest}% CO2".'
        raise InputError(f"gas: {quoted(text)} does not say what the other {rest} % are.", code="bad_gas", hint=hint)
    if carbon_dioxide and carbon_dioxide[0] > SWAPPED:
        hint = f"Are the two swapped? {_HINT}"
        raise InputError(f"gas: {quoted(text)} has {carbon_dioxide[0]:g} % of CO2.", code="bad_gas", hint=hint)
    if carbon_dioxide:
        return carbon_dioxide[0] / 100.0
    return AIR * sum(number for number, gas in parts if gas == "air") / 100.0


def vapour_pressure(temperature: float) -> float:
    """Pressure of water vapour over water, Pa, at a temperature in K.

    Equation: 611.21 exp(17.502 t / (240.97 + t)), t in degC; Buck 1981 (doi
    10.1175/1520-0450(1981)020<1527:NEFCVP>2.0.CO;2).

    >>> round(vapour_pressure(310.15))
    6280
    """
    t = from_si(temperature, "temperature")
    return 611.21 * math.exp(17.502 * t / (240.97 + t))


def pressure_of_carbon_dioxide(share: float, temperature: float) -> float:
    """Pressure of CO2, Pa, in a gas of one atmosphere that is saturated with water vapour, as one that bubbles is.

    `share`: in the dry gas. `temperature`: K.

    >>> round(pressure_of_carbon_dioxide(0.05, 310.15))  # 35.6 mmHg
    4752
    """
    return share * (ATMOSPHERE - vapour_pressure(temperature))
