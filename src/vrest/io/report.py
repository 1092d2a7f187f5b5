"""The answer of a command as one JSON object: full precision, no NaN, errors in the same envelope."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from vrest.errors import InputError, VrestError
from vrest.units import from_si, to_si
from vrest.version import __version__

Report = dict[str, Any]


def report(
    result: Mapping[str, Any],
    units: Mapping[str, str],
    inputs: Mapping[str, Any],
    *,
    cell: str | None = None,
    temperature: float | None = None,
    warnings: Iterable[Any] = (),
    error: VrestError | None = None,
) -> Report:
    """The envelope of an answer.

    `units` names the unit of each key, wherever in `result` it stands. `cell` is the cell's name, `temperature`
    in degC, `warnings` are notices. An `error` beside a result says why it is not the answer asked for.

    >>> answer = report({"E": -89.06}, {"E": "mV"}, {"ion": "K"}, temperature=37.0)
    >>> answer["result"], answer["units"], answer["warnings"]
    ({'E': -89.06}, {'E': 'mV'}, [])
    """
    body: Report = {
        "result": dict(result),
        "units": units_like(result, units),
        "inputs": dict(inputs),
        "cell": cell,
        "temperature": temperature,
        "version": __version__,
        "warnings": [{"code": notice.code, "message": notice.message} for notice in warnings],
    }
    return body if error is None else body | failure(error)


def units_like(result: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    """The unit of every key of a result, in its shape.

    One text stands for a whole table of one unit, "1" is a plain number, and "" is what has no unit.

    >>> units_like({"v": -70.0, "ions": [{"E": -89.1}], "stable": True}, {"v": "mV", "E": "mV"})
    {'v': 'mV', 'ions': {'E': 'mV'}, 'stable': ''}
    """
    return {key: units.get(key) or _inner_units(value, units) for key, value in result.items()}


def _inner_units(value: Any, units: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return units_like(value, units)
    if isinstance(value, list | tuple) and value and all(isinstance(item, Mapping) for item in value):
        return units_like({key: entry for item in value for key, entry in item.items()}, units)
    return ""


def failure(error: VrestError) -> Report:
    """The envelope of an error.

    >>> failure(VrestError("No.", code="no", hint="Ask again."))
    {'error': {'code': 'no', 'message': 'No.', 'hint': 'Ask again.'}}
    """
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint}}


def to_json(body: Mapping[str, Any]) -> str:
    """A report as JSON text: every float with all its digits, and null for what is not a number.

    >>> print(to_json({"v": -0.1, "condition": float("inf")}))
    {
      "v": -0.1,
      "condition": null
    }
    """
    return json.dumps(_plain(body), indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    """Only what JSON knows: no arrays, no NaN, no infinities."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} in a report")


def door(si: float, dimension: str) -> float:
    """An SI value in its door unit, as the shortest number that means the same float.

    >>> door(293.25, "temperature"), door(-0.07, "potential")
    (20.1, -70.0)
    """
    exact = from_si(float(si), dimension)
    short = float(f"{exact:.14g}")
    try:
        return short if to_si(short, dimension) == si else exact
    except InputError:  # beyond what a door accepts, though not beyond what is true
        return exact
