"""The data of an answer in a file, by the file's name: `.csv` its main table, `.nc` all tables, `.json` as printed.

Every result has its numbers as tables (`Shown.tables`); nothing here knows one from another.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from vrest.atomic import check_target, replacing
from vrest.io.report import Report, to_json
from vrest.model.notice import Notice
from vrest.tables import Column, Table

if TYPE_CHECKING:
    import xarray as xr

DATA = (".csv", ".nc", ".json")
"""What the data of an answer can be saved as."""


def check_data(path: str, *others: str) -> None:
    """Refuse, before anything is computed, a file for data (or of `others`' kinds) that could not be written.

    >>> check_data("answer.xls")
    Traceback (most recent call last):
    vrest.errors.InputError: 'answer.xls': data is written as .csv, .nc or .json. Change the end of the file's name.
    """
    check_target(path, (*DATA, *others), " or ".join(["data", *(["a cell"] if ".toml" in others else [])]))


def write_data(
    report: Report,
    tables: Sequence[Table],
    path: str | os.PathLike[str],
    groups: Mapping[str, xr.Dataset] | None = None,
) -> None:
    """Write the data of an answer; whole or not at all.

    Parameters
    ----------
    report
        Its envelope: what `.json` holds, and where the others have the cell, the inputs and the warnings from.
    tables
        Its tables in door units, the main one first: that one is the `.csv`, with units in the heads and all digits,
        below lines with # that say where it comes from. In `.nc` the main one is at the root, the others are groups.
    path
        Ends in .csv, .nc or .json.
    groups
        Data sets that stand in `.nc` as groups beside the tables.

    Raises
    ------
    InputError
        `unknown_suffix`, or `cannot_write`.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from vrest.io.report import report
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "rest.csv"
    ...     write_data(report({}, {}, {"cell": "x"}), [Table([Column("V", "mV", [-70.0, None])])], file)
    ...     print(file.read_text().splitlines()[-3:])
    ['V (mV)', '-70.0', '""']
    """
    path = os.fspath(path)
    check_data(path)
    kind = os.path.splitext(path)[1].lower()
    if kind == ".json":
        with writing(path) as file:
            file.write(f"{to_json(report)}\n")
    elif kind == ".csv":
        with writing(path) as file:
            write_table(file, tables[0], provenance(report))
    else:
        main, *more = tables
        named = _named((table.title or "table" for table in more), taken=groups or ())
        parts = {"": labelled(main, "row").assign_attrs(provenance(report))}
        parts |= {name: labelled(table, name) for name, table in zip(named, more, strict=True)}
        write_netcdf(parts | dict(groups or {}), path)


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when the block ends well."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        yield file


def write_netcdf(groups: Mapping[str, xr.Dataset], path: str | os.PathLike[str]) -> None:
    """Write data sets by the name of their group ("" is the root) as one netCDF file; whole or not at all.

    The file is made in memory: HDF5 ends the process where it cannot write what it has still to write.
    """
    import h5netcdf
    from xarray.backends import H5NetCDFStore

    made = BytesIO()
    with h5netcdf.File(made, "w") as file:
        for name, data in groups.items():
            group = file if not name else file.create_group(name)
            data.dump_to_store(H5NetCDFStore(group, autoclose=False))
    with replacing(path) as temporary, temporary.open("wb") as out:
        out.write(made.getbuffer())


def write_about(file: TextIO, about: Mapping[str, str]) -> None:
    """Lines with # above a table."""
    for name, text in about.items():
        for line in text.splitlines():
            file.write(f"# {name}: {line}\n")


def write_table(file: TextIO, table: Table, about: Mapping[str, str]) -> None:
    """A table as CSV: what it is about in lines with #, heads with units, a row a line; what there is not is empty."""
    write_about(file, about)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(column.label for column in table.columns)
    for row in zip(*(column.values for column in table.columns), strict=True):
        writer.writerow(map(_cell, row))


def _cell(value: Any) -> Any:
    """A value with all its digits; empty where there is none."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return repr(value) if value == value else ""
    return "" if value is None else value


def provenance(report: Report) -> dict[str, str]:
    """Where data comes from, by the names that netCDF files have for it."""
    found = {"source": f"vrest {report['version']}"}
    if report["cell"] is not None:
        found["cell_name"] = str(report["cell"])
    if report["temperature"] is not None:
        found["temperature_degC"] = repr(report["temperature"])
    found["inputs"] = json.dumps(json.loads(to_json(report["inputs"])), ensure_ascii=False)
    told = [warning["message"] for warning in report["warnings"]]
    if "error" in report:
        told.append(report["error"]["message"])
    return found | _warned(told)


def warned(notices: Iterable[Notice]) -> dict[str, str]:
    """What a result warns of, by the name that files have for it; empty where it does not."""
    return _warned([notice.message for notice in notices])


def _warned(messages: list[str]) -> dict[str, str]:
    return {"warnings": "\n".join(messages)} if messages else {}


def labelled(table: Table, dimension: str) -> xr.Dataset:
    """A table as an `xarray.Dataset` along `dimension`: a variable a column, with `units` and its head as `long_name`.

    >>> labelled(Table([Column("V rest", "mV", [-70.0, None])]), "row").V_rest.attrs
    {'units': 'mV', 'long_name': 'V rest'}
    """
    import xarray as xr

    names = _named((column.name for column in table.columns), taken=(dimension,))
    variables = {
        name: (dimension, _array(column), {"units": column.unit, "long_name": column.name})
        for name, column in zip(names, table.columns, strict=True)
    }
    told = {"title": table.title, "comment": table.note}
    return xr.Dataset(variables, attrs={key: text for key, text in told.items() if text})


def _array(column: Column) -> np.ndarray:
    """Numbers as numbers, NaN where there is none; else texts, empty where there is none."""
    values = [value.item() if isinstance(value, np.generic) else value for value in column.values]
    if values and all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    if values and all(isinstance(value, int) for value in values):
        return np.array(values, dtype=np.int64)
    if all(value is None or isinstance(value, int | float) for value in values):
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array([str(_cell(value)) for value in values], dtype=object)


def _named(heads: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names of variables or groups, each once: letters, digits and _."""
    used = set(taken)
    found: list[str] = []
    for head in heads:
        plain = re.sub(r"\W+", "_", head).strip("_") or "label"
        name = next(n for n in (plain, *(f"{plain}_{k}" for k in range(2, len(used) + 3))) if n not in used)
        used.add(name)
        found.append(name)
    return found
