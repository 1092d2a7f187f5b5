"""A number of a cell as people give it: a quantity, or a multiple of what the cell has, such as `0.5x`."""

from __future__ import annotations

import re

from vrest.errors import InputError
from vrest.model.paths import Parameter
from vrest.numerals import parse_number
from vrest.units import format_si, to_si

_MULTIPLE = re.compile(r"\s*([+\-−]?[0-9.,]+(?:[eE][+\-−]?[0-9]+)?)\s*[x×]\s*")


def has_multiples(parameter: Parameter, own: float) -> bool:
    """Whether multiples of the cell's own value (SI) have a meaning: not those of zero, and not of degC."""
    return own != 0.0 and parameter.spec.dimension != "temperature"


def value_of(text: str, parameter: Parameter, own: float, where: str = "") -> float:
    """A quantity, bare in door units, or a multiple of the cell's own value; all in SI.

    Parameters
    ----------
    text
        `"5 mM"`, `"5"`, `"0.5x"`.
    parameter
        What it is a value of; its limits are not checked.
    own
        The cell's own value, SI.
    where
        What the value is, for error messages; else the path.

    Raises
    ------
    InputError
        `no_multiple`, and what a quantity can be refused for.

    >>> from vrest.model.cellfile import load
    >>> from vrest.model.paths import resolve
    >>> potassium = resolve(load("mammalian_neuron"), "outside.K")
    >>> value_of("0.5x", potassium, 5.0), value_of("3 mM", potassium, 5.0), value_of("3", potassium, 5.0)
    (2.5, 3.0, 3.0)
    """
    dimension, where = parameter.spec.dimension, where or parameter.path
    match = _MULTIPLE.fullmatch(text)
    if match is None:
        return float(to_si(text, dimension, where, bare_ok=True, ion=parameter.ion))
    if not has_multiples(parameter, own):
        raise InputError(
            f"{where}: '{text.strip()}' is a multiple, but {parameter.path} is {format_si(own, dimension, digits=6)}.",
            code="no_multiple",
            hint=f"Write a quantity, such as '1 {parameter.unit}'.",
        )
    return parse_number(match[1], where) * own
