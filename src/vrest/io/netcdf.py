"""A run as netCDF or CSV, and the recipe in a netCDF file that repeats it.

The file carries the labelled data of `Run.dataset` and everything that made it, with the digits that give the same
floats again: as TOML text the attributes `cell` and `protocol`, and the state `start` of a run that was given one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import numpy as np

from vrest.atomic import check_target
from vrest.errors import InputError
from vrest.io.data import warned, write_netcdf, writing
from vrest.model.cell import Cell
from vrest.model.cellfile import parse_cell, write_cell
from vrest.model.toml import parse_toml
from vrest.units import format_si

if TYPE_CHECKING:
    from vrest.verbs.run_result import Run

RUNS = (".nc", ".csv")
"""What a run can be saved as."""


class Recipe(NamedTuple):
    """What `simulate` needs to make a run again, bit for bit; times in s."""

    cell: Cell
    events: list[tuple[str, str]]
    until: str
    rtol: float
    times: np.ndarray
    start: np.ndarray | None
    """The state it starts from (SI, in the order of `run.system.states`); None: the one the cell describes."""


def write_run(run: Run, path: str | os.PathLike[str]) -> None:
    """Write a run as netCDF (`.nc`) or as a table with units in its header (`.csv`); whole or not at all.

    Raises
    ------
    InputError
        `unknown_suffix`, or `cannot_write`.
    """
    path = os.fspath(path)
    check_target(path, RUNS, "a run")
    data = run.dataset
    if path.lower().endswith(".csv"):
        with writing(path) as file:
            _write_csv(data, file)
        return
    about: dict[str, Any] = {"cell": write_cell(run.cell), "protocol": _protocol(run)} | warned(run.warnings)
    if run.start is not None:
        about["start"] = run.start
    write_netcdf({"": data.assign_attrs(about)}, path)


def _protocol(run: Run) -> str:
    import tomlkit

    until = format_si(run.until, "time")
    return tomlkit.dumps({"until": until, "rtol": run.rtol, "events": run.plan.rows()})


def read_run_recipe(path: str | os.PathLike[str]) -> Recipe:
    """The cell, protocol, times and start of a run that `write_run` saved as netCDF.

    >>> read_run_recipe("nowhere.nc")
    Traceback (most recent call last):
    vrest.errors.InputError: There is no file 'nowhere.nc'. Check the path.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise InputError(f"There is no file '{path}'.", code="no_file", hint="Check the path.")
    import h5netcdf

    try:
        with h5netcdf.File(path, "r") as file:
            cell, plan = (_text(file.attrs[name]) for name in ("cell", "protocol"))
            times = np.array(file.variables["time"][...], dtype=np.float64)
            begun = file.attrs.get("start")
            start = None if begun is None else np.atleast_1d(np.asarray(begun, dtype=np.float64))
        recipe = parse_toml(plan, f"the protocol in '{path}'")
        events = [(str(when), str(what)) for when, what in recipe["events"]]
        until, rtol = str(recipe["until"]), float(recipe["rtol"])
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"'{path}' holds no run that can be repeated ({type(error).__name__}: {error}).",
            code="not_a_run",
            hint="Give a netCDF file that 'vrest run -o FILE.nc' wrote.",
        ) from None
    return Recipe(parse_cell(cell, f"the cell in '{path}'"), events, until, rtol, times, start)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        raise TypeError(f"an attribute is no text but {type(value).__name__}")
    return value


def _write_csv(data: Any, file: TextIO) -> None:
    """One row per time; `time_s,v_mV,K_inside_mM,...`. What does not exist has no column."""
    import csv

    columns: dict[str, np.ndarray] = {"time_s": data.time.values}
    short = {"mV": "mV", "mM": "mM", "um3": "um3", "pA": "pA", "1/s": "per_s"}
    for name, variable in data.data_vars.items():
        if "time" not in variable.dims:  # when it spiked
            continue
        unit = short[variable.attrs["units"]]
        labels = [dim for dim in ("ion", "compartment", "membrane", "exchange") if dim in variable.dims]
        stacked = variable.transpose("time", *labels)
        for index in np.ndindex(stacked.shape[1:]):
            where = [str(data[dim].values[i]) for dim, i in zip(labels, index, strict=True)]
            values = stacked.values[(slice(None), *index)]
            if not np.all(np.isnan(values)):
                lead = [] if name == "concentration" else [str(name)]
                columns["_".join([*lead, *where, unit])] = values
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow("" if np.isnan(value) else repr(float(value)) for value in row)
