"""Distributions of a parameter, in one small language: what `--vary "PATH ~ DISTRIBUTION"` may say.

normal(-70 mV, 5 mV)          mean and standard deviation
lognormal(0.2)                sigma of the natural logarithm; the median is the cell's own value
lognormal(1e-6 cm/s, 0.2)     the same with a median
uniform(3 mM, 8 mM)           between two bounds
loguniform(0.1x, 10x)         the logarithm is uniform
discrete(0x, 0.5x, 1x)        one of several values, all equally likely

A number is a quantity with unit, a bare number in door units, or a multiple of the cell's own value (0.5x).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vrest.errors import InputError, near_miss
from vrest.model.multiples import has_multiples, value_of
from vrest.model.paths import Parameter
from vrest.numerals import parse_number
from vrest.units import format_si

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = {
    "normal": ("MEAN, SD", 2, 2),
    "lognormal": ("SIGMA", 1, 2),
    "uniform": ("LOW, HIGH", 2, 2),
    "loguniform": ("LOW, HIGH", 2, 2),
    "discrete": ("VALUE, VALUE, ...", 1, 10_000),
}
"""Each distribution with what stands in its brackets, and how many of them."""

_FORM = re.compile(r"\s*([A-Za-z_]+)\s*\((.*)\)\s*", re.DOTALL)
_DEGREES = re.compile(r"\s*(.*?)\s*(?:K|°C|degC)?\s*", re.DOTALL)


@dataclass(frozen=True)
class Distribution:
    """A distribution of one parameter (SI): `quantile` turns numbers between 0 and 1 into draws."""

    text: str
    quantile: Callable[[NDArray[Any]], NDArray[Any]]


def distribution(text: str, parameter: Parameter, own: float) -> Distribution:
    """Read a distribution of a parameter; `own` is the cell's value (SI), which multiples refer to.

    Raises
    ------
    InputError
        `unknown_distribution`, `bad_distribution`, `no_multiple`, and what a quantity can be refused for.

    >>> from vrest.model.cellfile import load
    >>> from vrest.model.paths import resolve
    >>> import numpy as np
    >>> k = resolve(load("mammalian_neuron"), "outside.K")
    >>> distribution("uniform(3 mM, 1.6x)", k, 5.0).quantile(np.array([0.0, 0.5, 1.0]))
    array([3. , 5.5, 8. ])
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise InputError(
            f"{parameter.path}: '{text}' is no distribution.",
            code="bad_distribution",
            hint=f"Write such as 'lognormal(0.2)' or 'uniform(0.5x, 2x)'. Allowed: {', '.join(KINDS)}.",
        )
    kind, given = match[1].lower(), _split(match[2])
    if kind not in KINDS:
        raise InputError(
            f"{parameter.path}: there is no distribution '{kind}'.",
            code="unknown_distribution",
            hint=near_miss(kind, list(KINDS)),
        )
    form, least, most = KINDS[kind]
    if not least <= len(given) <= most:
        raise InputError(
            f"{parameter.path}: '{text}' has {len(given)} numbers in its brackets.",
            code="bad_distribution",
            hint=f"Write {kind}({form}).",
        )
    return Distribution(f"{kind}({', '.join(given)})", _quantile(kind, given, text, parameter, own))


def _split(text: str) -> list[str]:
    """What commas divide, those in brackets apart."""
    parts = [part.strip() for part in re.split(r",(?![^()]*\))", text)]
    return parts if parts != [""] else []


def _quantile(
    kind: str, given: list[str], text: str, parameter: Parameter, own: float
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    import numpy as np
    from scipy.special import ndtri

    if kind == "normal":
        mean, spread = value_of(given[0], parameter, own), _spread(given[1], parameter, own)
        if not spread > 0:
            raise _bad(text, parameter, "The standard deviation must be above 0.")
        return lambda u: mean + spread * ndtri(u)
    if kind == "lognormal":
        if len(given) == 1 and not has_multiples(parameter, own):
            has = format_si(own, parameter.spec.dimension, 6)
            raise InputError(
                f"{parameter.path}: '{text}' has no median: the cell's own value is {has}.",
                code="no_multiple",
                hint="Write a median: lognormal(VALUE, SIGMA).",
            )
        median = value_of(given[0], parameter, own) if len(given) == 2 else own
        sigma = parse_number(given[-1], f"{parameter.path}, sigma")
        if not (median > 0 and sigma > 0):
            raise _bad(text, parameter, "Median and sigma must be above 0; what may be negative can be normal.")
        return lambda u: median * np.exp(sigma * ndtri(u))
    values = [value_of(each, parameter, own) for each in given]
    if kind == "discrete":
        return lambda u: np.array(values)[np.minimum((u * len(values)).astype(int), len(values) - 1)]
    low, high = values
    if not low < high:
        raise _bad(text, parameter, "Write the lower bound first.")
    if kind == "uniform":
        return lambda u: low + (high - low) * u
    if not low > 0:
        raise _bad(text, parameter, "The bounds of a logarithm must be above 0.")
    return lambda u: low * np.exp(np.log(high / low) * u)


def _spread(text: str, parameter: Parameter, own: float) -> float:
    """A standard deviation: of a temperature a difference, which has no zero to be shifted."""
    if parameter.spec.dimension == "temperature":
        match = _DEGREES.fullmatch(text)
        return parse_number(match[1] if match else text, f"{parameter.path}, standard deviation")
    return abs(value_of(text, parameter, own)) if "x" in text else value_of(text, parameter, own)


def _bad(text: str, parameter: Parameter, hint: str) -> InputError:
    return InputError(f"{parameter.path}: '{text}' cannot be drawn from.", code="bad_distribution", hint=hint)
