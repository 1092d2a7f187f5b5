"""Measurements from a file: one column a condition, one row a potential."""

from __future__ import annotations

import os
from typing import Any

from vrest.errors import InputError
from vrest.io.table import read_table
from vrest.numerals import parse_number
from vrest.study.fit.measured import role_of


def read_measurements(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a table for `fit(cell, data)`, as it was saved or pasted.

    The first line names the columns, each with its unit if it is not the door unit: `Ko (mM), Vm (mV), sd`; see `fit`
    for the names. Commas, semicolons or tabs divide, and with the last two a comma may be decimal. The Unicode minus is
    a minus; blank lines, and what follows a # at the start of a line or of a column's name, are remarks.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    dict
        A list for each column, under its name with its unit.

    Raises
    ------
    InputError
        `no_file`, `bad_table`, `empty_value`, or a number that cannot be read, with its line and column.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "vm.csv"
    ...     _ = file.write_text("Ko (mM),Vm (mV)\\n2.5,-92.0\\n10,-62.1\\n")
    ...     read_measurements(file)
    {'Ko (mM)': [2.5, 10.0], 'Vm (mV)': [-92.0, -62.1]}
    """
    names, rows, divider = read_table(path)
    found: dict[str, Any] = {}
    for j, name in enumerate(names):
        if name.startswith("#"):
            continue
        role, column = role_of(name), []
        for place, row in rows:
            where = f"{path}, {place}, column '{name}'"
            if not row[j]:
                hint = "Fill it in, or take the row out: nothing is skipped."
                raise InputError(f"{where} is empty.", code="empty_value", hint=hint)
            column.append(row[j] if role == "cell" else parse_number(row[j], where, decimal_comma=divider != ","))
        found[name] = column
    return found
