"""A population on disk: a Zarr group that xarray opens, written in chunks, with a record of the chunks that are done.

Whoever computes a chunk writes its stretch of every column, and its mark in `progress/done` last: a chunk without a
mark is computed again from the start, one with it never. Each file appears whole or not at all: Zarr makes it in
memory, and what the disk does not take fails here, not in a thread of Zarr's.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

from vrest.atomic import check_target, not_written
from vrest.errors import InputError
from vrest.model.cellfile import write_cell

if TYPE_CHECKING:
    from vrest.verbs.population import Table, Writer
    from vrest.verbs.population_job import Data

SUFFIX = ".zarr"


def zarr_store(path: str | os.PathLike[str]) -> ZarrStore:
    """A place on disk for a population: `population(..., into=zarr_store("cells.zarr"))`.

    The same call again goes on where it was interrupted; another one is refused.

    Parameters
    ----------
    path
        Ends in .zarr; its folder exists.

    Raises
    ------
    InputError
        `unknown_suffix` or `cannot_write`, before anything is computed.

    >>> zarr_store("cells.nc")
    Traceback (most recent call last):
    vrest.errors.InputError: 'cells.nc': a store of a population is written as .zarr. Change the end of the file's name.
    """
    target = Path(path).expanduser().absolute()  # the workers of a cluster have folders of their own
    check_target(os.fspath(path), (SUFFIX,), "a store of a population", folder=True)
    return ZarrStore(str(target))


@dataclass(frozen=True)
class ZarrStore:
    """A population in a Zarr group. Make it with `zarr_store`."""

    path: str

    def open(self, table: Table) -> tuple[int, np.ndarray]:
        """Make the group, or find in it what is done; refuse what is another population or none."""
        import zarr

        recipe = {**table.recipe, "cell": write_cell(table.cell)}
        if not os.path.exists(self.path):
            _make(self.path, table, recipe)
        try:
            group = zarr.open_group(self.path, mode="r")
            known: dict[str, Any] = json.loads(str(group.attrs["recipe"]))
            chunk, done = int(str(group.attrs["chunk"])), np.asarray(group["progress/done"][:])  # pyright: ignore
        except (OSError, KeyError, ValueError) as error:
            raise InputError(
                f"'{self.path}' is there and holds no population ({type(error).__name__}).",
                code="not_a_population",
                hint="Choose another name, or remove it.",
            ) from None
        other = [key for key in recipe if known.get(key) != json.loads(json.dumps(recipe[key]))]
        if other:
            raise InputError(
                f"'{self.path}' holds another population: {_difference(known, recipe, other[0])}.",
                code="another_population",
                hint="Choose another name for this one, or repeat the command that made it.",
            )
        return chunk, done.astype(bool)

    def writer(self) -> Writer:
        """What writes a chunk, wherever it is computed."""
        return partial(_write, self.path)

    def keep(self, k: int, data: Data) -> None:
        raise AssertionError("chunks are written where they are computed")

    def dataset(self) -> Any:
        """The group as an `xarray.Dataset`; values are read when they are asked for."""
        import xarray as xr

        return xr.open_dataset(self.path, engine="zarr", chunks=None)


def _difference(known: dict[str, Any], recipe: dict[str, Any], key: str) -> str:
    if key in ("cell", "samples"):
        what = {"cell": "the cell", "samples": "the values that vary"}[key]
        return f"{what} is not the same" if key == "cell" else f"{what} are not the same"
    return f"{key} is {known.get(key)!r} there and {recipe[key]!r} here"


def _make(path: str, table: Table, recipe: dict[str, Any]) -> None:
    """A group with all its columns, nothing computed; it appears under its name when it is complete."""
    import zarr
    from zarr.storage import MemoryStore

    chunk, sizes = table.chunk, table.sizes
    beside = Path(path).with_name(f".{Path(path).stem[:32]}.{os.getpid()}.new")
    attributes = {**table.attributes, "cell": recipe["cell"], "recipe": json.dumps(recipe), "chunk": chunk}
    files: dict[str, Any] = {}
    group: Any = zarr.create_group(MemoryStore(files), attributes=attributes)
    for name, values, about in table.sampled():
        made = group.create_array(
            name, shape=values.shape, chunks=(chunk,), dtype=values.dtype, dimension_names=("cell",), attributes=about
        )
        made[:] = values
    for name, (values, about) in table.coordinates.items():
        kind: Any = str if values.dtype == object else values.dtype
        made = group.create_array(name, shape=values.shape, dtype=kind, dimension_names=(name,), attributes=about)
        made[:] = values
    for column in table.columns:
        dims = ("cell", *column.dims)
        group.create_array(
            column.name,
            shape=tuple(sizes[d] for d in dims),
            chunks=(chunk, *(max(sizes[d], 1) for d in column.dims)),
            dtype=column.dtype,
            fill_value=column.blank,
            dimension_names=dims,
            attributes=column.attrs,
        )
    count = -(-table.samples.n // chunk)
    group.create_group("progress").create_array("done", shape=(count,), chunks=(1,), dtype="int8", fill_value=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that consolidated metadata is not in the format's standard yet
        zarr.consolidate_metadata(group.store)
    try:
        for name, data in files.items():
            _put(beside / name, data.to_bytes())
        beside.rename(path)
    except OSError as error:
        raise not_written(path, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(path: str, k: int, data: Data) -> None:
    """Chunk number k of every column, then its mark."""
    import zarr
    from zarr.buffer import default_buffer_prototype
    from zarr.storage import MemoryStore

    root = Path(path)
    try:
        start = k * int(json.loads((root / "zarr.json").read_text(encoding="utf-8"))["attributes"]["chunk"])
    except FileNotFoundError:
        raise InputError(
            f"There is no '{path}' on {platform.node()}, where this part of it was computed.",
            code="no_store",
            hint="Write to a folder that all workers see under the same name.",
        ) from None
    about = ["zarr.json", "progress/zarr.json", *(f"{name}/zarr.json" for name in (*data, "progress/done"))]
    made = default_buffer_prototype().buffer
    files = {name: made.from_bytes((root / name).read_bytes()) for name in about}
    group: Any = zarr.open_group(MemoryStore(files), mode="r+")
    for name, values in data.items():
        group[name][start : start + len(values)] = values
    group["progress/done"][k] = 1
    try:
        for name, values in data.items():
            chunk = "/".join([name, "c", str(k), *["0"] * (values.ndim - 1)])
            if chunk in files:
                _put(root / chunk, files[chunk].to_bytes())
            else:  # where all is blank there is no file
                (root / chunk).unlink(missing_ok=True)
        mark = f"progress/done/c/{k}"
        _put(root / mark, files[mark].to_bytes())
    except OSError as error:
        raise not_written(path, error, "What is done is kept: the same command goes on from there.") from None


def _put(path: Path, data: bytes) -> None:
    """A file of a store, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    try:
        beside.write_bytes(data)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
