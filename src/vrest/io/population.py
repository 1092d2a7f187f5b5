"""A population that was computed, in one file: a row for each cell as CSV or Parquet, or netCDF as xarray has it."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from vrest.atomic import check_target, replacing
from vrest.errors import InputError
from vrest.io.data import warned, write_about, write_netcdf, writing
from vrest.model.cellfile import write_cell

if TYPE_CHECKING:
    from vrest.verbs.population_result import Population

FILES = (".csv", ".parquet", ".nc")
"""What a population can be saved as once it is computed; a `zarr_store` is written as it goes."""

BLOCK = 65_536
"""Cells that are written at once."""


def check_population(path: str) -> None:
    """Refuse, before anything is computed, a file that a population could not be written to.

    Raises
    ------
    InputError
        `unknown_suffix`, `cannot_write`, or `no_parquet`: the package that writes Parquet is not installed.
    """
    check_target(path, FILES, "a population that is computed")
    if path.lower().endswith(".parquet"):
        _parquet()


def write_population(found: Population, path: str | os.PathLike[str]) -> None:
    """Write every cell with its draws, its outcome and its numbers; whole or not at all.

    `.csv` and `.parquet` have a row for each cell and a column for each number, with its unit in the head, such as
    `concentration K inside (mM)`; the outcome is a word. `.nc` is `found.dataset`. All say what made them, and what
    the population warns of.

    Raises
    ------
    InputError
        As `check_population`.
    """
    path = os.fspath(path)
    check_population(path)
    data = found.dataset.assign_attrs(warned(found.warnings))
    about = {name: str(value) for name, value in data.attrs.items() if name not in ("recipe", "chunk")}
    if path.lower().endswith(".nc"):
        write_netcdf({"": data.assign_attrs(cell=write_cell(found.cell))}, path)
    elif path.lower().endswith(".csv"):
        with writing(path) as file:
            write_about(file, about)
            writer = csv.writer(file, lineterminator="\n")
            for k, block in enumerate(_blocks(found)):
                if k == 0:
                    writer.writerow(block)
                writer.writerows(zip(*map(_texts, block.values()), strict=True))
    else:
        arrow, parquet = _parquet()
        about["cell"] = write_cell(found.cell)
        with replacing(path) as temporary:
            writer = None
            for block in _blocks(found):
                table = arrow.table(block)
                if writer is None:
                    writer = parquet.ParquetWriter(temporary, table.schema.with_metadata(about))
                writer.write_table(table.replace_schema_metadata(about))
            if writer is not None:
                writer.close()


def _blocks(found: Population) -> Iterator[Mapping[str, np.ndarray]]:
    """The columns by their heads, so many cells at a time."""
    data = found.dataset
    for start in range(0, found.n, BLOCK):
        part = slice(start, min(start + BLOCK, found.n))
        block: dict[str, np.ndarray] = {"cell": np.arange(part.start, part.stop)}
        for name, variable in data.data_vars.items():
            values = variable.isel(cell=part)
            if name == "outcome":
                block[name] = found.endings[part]
                continue
            labels = [[_label(data, dim, k) for k in range(data.sizes[dim])] for dim in values.dims[1:]]
            unit = variable.attrs.get("units", "")
            held, ending = values.values, "" if unit in ("", "1") else f" ({unit})"
            for index in np.ndindex(held.shape[1:]):
                where = [labels[axis][k] for axis, k in enumerate(index)]
                block[" ".join([str(name), *where]) + ending] = held[(slice(None), *index)]
        yield block


def _label(data: Any, dim: str, k: int) -> str:
    """One place of a dimension in a head."""
    value = data[dim].values[k]
    return f"at {float(value)!r} s" if dim == "time" else str(value)


def _texts(values: np.ndarray) -> list[Any]:
    """Numbers with all their digits; empty where there is none."""
    return ["" if value != value else value for value in values.tolist()]


def _parquet() -> tuple[Any, Any]:
    """What writes Parquet."""
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        hint = "pip install 'vrest[parquet]', or write .csv, .nc or .zarr."
        raise InputError("Parquet needs pyarrow, which is not installed.", code="no_parquet", hint=hint) from None
