"""TOML text, and what no place of a file may hold, whatever its kind."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from typing import Any

from vrest.errors import InputError

DEEPEST = 12
"""Tables within tables: a cell file has at most six of them."""

LARGEST = 2**63
"""The whole numbers of TOML are less, of either sign."""


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """What TOML text says, or `bad_toml`, or what `check_nodes` refuses; messages call it `where`."""
    hint = 'Text needs quotes: temperature = "37 degC".'
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} is not valid TOML: {error}.", code="bad_toml", hint=hint) from None
    except RecursionError:
        deep, hint = "has brackets nested deeper than anything here needs.", "Look for a bracket too many."
        raise InputError(f"{where} {deep}", code="bad_toml", hint=hint) from None
    except ValueError:
        hint = "Write it as 1.5e300."
        raise InputError(f"{where} has a number with too many digits.", code="bad_toml", hint=hint) from None
    check_nodes(data, where)
    return data


def check_nodes(data: dict[str, Any], where: str) -> None:
    """Refuse what no place of a cell file may hold, whatever its kind; without recursion, however deep it is."""
    for path, value in _nodes(data):
        place = f"{where}: {'.'.join(path[:DEEPEST])}"
        if len(path) > DEEPEST:
            raise InputError(
                f"{place} ... is nested deeper than any cell is.", code="bad_value", hint="Look for a bracket too many."
            )
        if isinstance(value, int) and abs(value) >= LARGEST:
            raise InputError(
                f"{place} is a whole number beyond 64 bits.", code="bad_value", hint="Write it as text, with its unit."
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(
                f"{place} = {value}: it is not finite.", code="not_finite", hint="Every number in it is finite."
            )


def _nodes(data: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Everything in a file by its place, in its order; what lies too deep is not entered."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if len(path) > DEEPEST:
            continue
        inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += reversed([((*path, str(key)), each) for key, each in inside])
