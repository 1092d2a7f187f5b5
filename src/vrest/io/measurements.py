"""Measurements from a file: one column a condition, one row a potential."""

from __future__ import annotations

import os
from typing import Any

from vrest.io.table import read_table
from vrest.study.fit.written import read_cells


def read_measurements(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a table for `fit(cell, data)`, as it was saved or pasted.

    The first line names the columns, each with its unit if it is not the door unit: `Ko (mM), Vm (mV), sd`; see `fit`
    for the names. Units may have a line of their own below. Commas, semicolons or tabs divide, and with the last two a
    comma may be decimal. The Unicode minus is a minus; blank lines, and what follows a # at the start of a line or of a
    column's name, are remarks. A potential may have its error in its cell: `−118 ± 10`, `-118 +/- 10`, `-118(10)`;
    a cell may have a unit, `-118 mV`; a cell of errors may be empty.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    dict
        A list for each column, under its name with its unit: numbers, texts where a cell has a unit of its own, NaN
        where an error is empty. What stands behind ± is in a column `sd` or `sem`, as the head says, else `error`.

    Raises
    ------
    InputError
        `no_file`, `bad_table`, `empty_value`, `which_error` (a ± beside n that is not said to be an SD or a SEM),
        `two_sizes` (1,250 where nothing tells whether the comma is decimal), or a number that cannot be read, with its
        line and column.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "vm.csv"
    ...     _ = file.write_text("Ko (mM),Vm (mV)\\n2.5,-92.0\\n10,-62.1\\n")
    ...     read_measurements(file)
    {'Ko (mM)': [2.5, 10.0], 'Vm (mV)': [-92.0, -62.1]}
    """
    names, rows, divider = read_table(path)
    columns = {name: [row[j] for _, row in rows] for j, name in enumerate(names) if not name.startswith("#")}
    return read_cells(columns, lambda name, k: f"{path}, {rows[k][0]}, column '{name}'", decimal_comma=divider != ",")
