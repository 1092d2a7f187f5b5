"""A table of samples from a file: one column a parameter, one row a cell."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.io.table import read_table
from vrest.numerals import marks_of
from vrest.units import Labelled

_HEADER = re.compile(r"\s*(.+?)\s*(?:[(\[]\s*(.*?)\s*[)\]])?\s*")


def read_samples(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a table for `population(cell, vary=...)`.

    The first line names paths, each with its unit if it is not the door unit: `outside.K (mM), pump.max_rate`. Commas,
    semicolons or tabs divide; every row must be complete.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    dict
        A column (rows,) for each path.

    Raises
    ------
    InputError
        `no_file`, `bad_table`, or a number that cannot be read, with its line.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "samples.csv"
    ...     _ = file.write_text("outside.K,temperature\\n3.0,37\\n5.0,35\\n")
    ...     table = read_samples(file)
    >>> {path: column.tolist() for path, column in table.items()}
    {'outside.K': [3.0, 5.0], 'temperature': [37.0, 35.0]}
    """
    names, rows, divider = read_table(path)
    marks = marks_of((cell for _, row in rows for cell in row), decimal_comma=divider != ",")
    found: dict[str, Any] = {}
    for j, name in enumerate(names):
        match = _HEADER.fullmatch(name)
        if match is None or match[1] in found:
            problem = f"'{path}': column {j + 1} is named {name!r}."
            raise InputError(problem, code="bad_table", hint="Give every column a path of its own.")
        where = f"{path}, {match[1]}"
        values = [marks.read(row[j], f"{where}, {place}") for place, row in rows]
        column = np.array(values)
        found[match[1]] = Labelled(column, match[2]) if match[2] else column
    return found
