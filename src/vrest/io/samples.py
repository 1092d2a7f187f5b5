"""A table of samples from a file: one column a parameter, one row a cell."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.units import parse_number

_HEADER = re.compile(r"\s*(.+?)\s*(?:[(\[]\s*(.*?)\s*[)\]])?\s*")


@dataclass(frozen=True)
class Labelled:
    """Numbers with the unit that their column names."""

    magnitude: np.ndarray
    units: str


def read_samples(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a table for `population(cell, vary=...)`.

    The first line names paths, each with its unit if it is not the door unit: `outside.K (mM), pump.max_rate`. Commas,
    semicolons or tabs divide; every row must be complete.

    Raises
    ------
    InputError
        `no_file`, `bad_table`, or a number that cannot be read, with its line.
    """
    path = os.fspath(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            text = file.read()
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read: {error.strerror}.", code="no_file", hint="Check the path."
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is not text.", code="bad_table", hint="Save it as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    divider = next((sign for sign in "\t;" if sign in first), ",")
    lines = [line for line in csv.reader(text.splitlines(), delimiter=divider) if any(part.strip() for part in line)]
    if len(lines) < 2:
        hint = "The first line names paths; each further line is a cell."
        raise InputError(f"'{path}' has no rows.", code="bad_table", hint=hint)
    names, rows = lines[0], lines[1:]
    for k, row in enumerate(rows):
        if len(row) != len(names):
            problem = f"'{path}', row {k + 1}: {len(row)} values under {len(names)} names."
            raise InputError(problem, code="bad_table", hint="Give every cell every value.")
    found: dict[str, Any] = {}
    for j, name in enumerate(names):
        match = _HEADER.fullmatch(name)
        if match is None or match[1] in found:
            problem = f"'{path}': column {j + 1} is named {name!r}."
            raise InputError(problem, code="bad_table", hint="Give every column a path of its own.")
        where = f"{path}, {match[1]}, row"
        values = [parse_number(row[j], f"{where} {k + 1}", decimal_comma=divider != ",") for k, row in enumerate(rows)]
        column = np.array(values)
        found[match[1]] = Labelled(column, match[2]) if match[2] else column
    return found
