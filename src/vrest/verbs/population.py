"""`population`: many cells that differ in some parameters, settled or run; none is dropped."""

from __future__ import annotations

import asyncio
import logging
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike
from vrest.model.change import Change, apply
from vrest.model.protocol import Protocol as Plan
from vrest.model.protocol import protocol, segments
from vrest.numerics.compiler.fallback import Fallback, fallbacks
from vrest.system.assemble import assemble
from vrest.units import format_si, from_si, to_si
from vrest.verbs.memory import refuse_without_room
from vrest.verbs.population_job import Data, Rests, Runs
from vrest.verbs.population_layout import Column, coordinates, rest_columns, run_columns
from vrest.verbs.population_result import Population
from vrest.verbs.progress import CellsDone
from vrest.verbs.run import accuracy, moments, span
from vrest.verbs.samples import Samples, samples
from vrest.version import __version__

RTOL = 1e-6
"""Of a step of a run."""

THRESHOLD = "-30 mV"
"""A membrane above this is depolarised."""

CHUNKS = {Rests: (16, 256, 32_768), Runs: (32, 64, 16_384)}
"""Stretches that a small population is cut into, and the fewest and the most cells of one."""

MOST_NUMBERS = 2**23
"""Of the time series of one chunk: 64 MiB."""

CONNECTING, GATHERING = 10, 30
"""s that a scheduler, and its first worker, are waited for."""

COPIES, A_DRAW = 2, 150
"""Times that a number is kept in memory; bytes for one drawn."""

log = logging.getLogger("vrest")

Writer = Callable[[int, Data], None]
"""Keeps the columns of chunk number k; runs where the chunk was computed, so it must be picklable."""


@dataclass(frozen=True)
class Table:
    """A population before it is computed: all that a store must know to be made, or to be recognised."""

    cell: Cell
    samples: Samples
    columns: tuple[Column, ...]
    coordinates: Mapping[str, tuple[Any, dict[str, str]]]
    attributes: Mapping[str, Any]
    recipe: Mapping[str, Any]
    """What the numbers depend on: another recipe makes another population."""
    chunk: int
    """Cells of one chunk, where the store has not settled on another."""

    @property
    def sizes(self) -> dict[str, int]:
        """Length of each dimension."""
        return {"cell": self.samples.n} | {name: len(values) for name, (values, _) in self.coordinates.items()}

    def sampled(self) -> Iterator[tuple[str, np.ndarray, dict[str, str]]]:
        """Name, draws and attributes of each parameter that varies; door units."""
        for v in self.samples.varied:
            about = {"units": v.unit, "long_name": v.parameter.path, "distribution": v.text}
            yield v.name, v.door, about | ({v.how: str(v.companion)} if v.how else {})


class Store(Protocol):
    """Where a population goes. `vrest.zarr_store(path)` makes one on disk; without one it stays in memory."""

    def open(self, table: Table) -> tuple[int, np.ndarray]:
        """Make or find the table: the cells of a chunk, and which chunks are done."""
        ...

    def writer(self) -> Writer | None:
        """What keeps a chunk; without one, chunks come back to `keep`."""
        ...

    def keep(self, k: int, data: Data) -> None:
        """Keep a chunk that came back."""
        ...

    def dataset(self) -> Any:
        """The whole as an `xarray.Dataset`."""
        ...


class Memory:
    """A population that fits into memory."""

    def open(self, table: Table) -> tuple[int, np.ndarray]:
        self.table, sizes = table, table.sizes
        kept = sum(np.dtype(c.dtype).itemsize * math.prod(sizes[d] for d in c.dims) for c in table.columns)
        each = COPIES * kept + A_DRAW * len(table.samples.varied)
        refuse_without_room(table.samples.n, each, "cells", "write a store (.zarr)")
        self.data = {
            c.name: np.full([sizes[d] for d in ("cell", *c.dims)], c.blank, dtype=c.dtype) for c in table.columns
        }
        return table.chunk, np.zeros(-(-table.samples.n // table.chunk), dtype=bool)

    def writer(self) -> None:
        return None

    def keep(self, k: int, data: Data) -> None:
        for name, values in data.items():
            self.data[name][k * self.table.chunk :][: len(values)] = values

    def dataset(self) -> Any:
        import xarray as xr

        table = self.table
        variables = {name: (("cell",), values, about) for name, values, about in table.sampled()}
        variables |= {c.name: (("cell", *c.dims), self.data[c.name], c.attrs) for c in table.columns}
        labels = {name: ((name,), values, about) for name, (values, about) in table.coordinates.items()}
        return xr.Dataset(variables, labels, dict(table.attributes))


def population(
    cell: CellLike,
    vary: Mapping[str, Any],
    n: int | None = None,
    *,
    seed: int = 0,
    design: str = "random",
    changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = (),
    events: Plan | Iterable[tuple[Any, Any]] | None = None,
    until: float | str | None = None,
    from_rest: bool = False,
    times: Any = None,
    summaries: bool = True,
    threshold: float | str = THRESHOLD,
    rtol: float = RTOL,
    into: Store | None = None,
    chunk: int | None = None,
    workers: int | None = None,
    client: Any = None,
    progress: CellsDone | None = None,
) -> Population:
    """Many cells that differ in some parameters: their resting states, or (with `until` or `events`) their runs.

    Parameters
    ----------
    cell
        As of `rest`.
    vary
        For each path a distribution (see `vrest.verbs.distribution`) or a column of values in door units; a DataFrame
        serves. Ending in "swap Na" or "with Cl" keeps a bath neutral.
    n, seed, design
        Cells (1000, or as many as the columns have), and how they are drawn: `random`, `latin_hypercube`, `sobol`.
    changes
        Changes to the cell before it is varied.
    events, until
        A protocol and its end, as of `simulate`. A factor or `restore` refers to each cell's own value.
    from_rest
        Start each run from that cell's own resting state.
    times
        Times at which the whole state is kept, s.
    summaries, threshold
        Whether minimum, maximum and mean of V, times above the threshold (mV or text), and the largest volume are kept.
    rtol
        Relative tolerance of a step of a run.
    into
        A store such as `zarr_store("cells.zarr")`: chunks are written as they are done, and what is done is not
        done again.
    chunk
        Cells computed together.
    workers, client
        Threads (by default one a core); or a Dask `Client`, or the address of its scheduler.
    progress
        Called with how many cells are done, and how many there are.

    Returns
    -------
    Population
        `dataset` over `cell`: draws, outcome and numbers of each, in door units.

    Raises
    ------
    InputError
        Draws that a parameter cannot have are refused before anything is computed. A combination that describes no
        cell is kept, with the outcome `impossible`.

    >>> many = population("mammalian_neuron", {"outside.K": [3.0, 5.0, 8.0]})
    >>> many.dataset.v_rest.values.round(2), many.outcomes
    (array([-74.35, -70.  , -63.97]), {'rests': 3})
    """
    cell = apply(cell, changes)
    drawn = samples(cell, vary, n, seed=seed, design=design)
    drawn.applied(cell).solved()  # refuses what no row could balance
    runs = until is not None or events is not None
    if not runs and (from_rest or times is not None):
        hint = "Say how long the runs last: until='1 h'."
        raise InputError("Resting states take no times and no from_rest.", code="no_run", hint=hint)
    job = _runs(cell, events, until, rtol, times, threshold, summaries, from_rest) if runs else Rests(cell)
    if isinstance(job, Runs):
        segments(drawn.applied(cell), job.plan, job.until)  # refuses a protocol that makes no sense
    store = Memory() if into is None else into
    with _executor(workers, client) as executor:  # who computes is known before a store is made
        size, done = store.open(_table(job, drawn, chunk))
        computed, heard = _compute(job, drawn, store, size, done, executor, client is None, progress)
    plan = job.plan if isinstance(job, Runs) else Plan()
    return Population(cell, drawn, store.dataset(), computed, heard, plan)


def _runs(
    cell: Cell, events: Any, until: Any, rtol: float, times: Any, threshold: Any, summaries: bool, from_rest: bool
) -> Runs:
    stop = span("1 h" if until is None else until)
    at = None if times is None else tuple(moments(times, stop).tolist())
    level = float(to_si(threshold, "potential", "threshold", bare_ok=True))
    return Runs(cell, protocol(events), stop, accuracy(rtol, RTOL), at, level, bool(summaries), bool(from_rest))


def _table(job: Rests | Runs, drawn: Samples, chunk: int | None) -> Table:
    system = assemble(job.cell)
    parts, least, most = CHUNKS[type(job)]
    if chunk is not None and (not isinstance(chunk, int | np.integer) or chunk < 1):
        raise InputError(f"chunk is {chunk!r}.", code="out_of_range", hint="Choose 1 cell or more.")
    times = job.times if isinstance(job, Runs) else None
    if times is not None:
        most = max(1, min(most, MOST_NUMBERS // (len(times) * len(system.states))))
    size = min(drawn.n, int(chunk or min(max(-(-drawn.n // parts), least), most)))
    recipe: dict[str, Any] = {
        "vrest": __version__,
        "what": "resting states" if isinstance(job, Rests) else "runs",
        "n": drawn.n,
        "seed": drawn.seed,
        "design": drawn.design,
        "vary": [[v.name, v.text, v.how, v.companion] for v in drawn.varied],
        "samples": drawn.digest,
    }
    if isinstance(job, Runs):
        level = format_si(job.threshold, "potential")
        columns = run_columns(system, summaries=job.summaries, series=job.times is not None, threshold=level)
        recipe |= {"protocol": job.plan.rows(), "until": format_si(job.until, "time"), "rtol": job.rtol}
        recipe |= {"from_rest": job.from_rest, "threshold": level, "summaries": job.summaries}
        recipe |= {"times": None if job.times is None else list(job.times)}
    else:
        columns = rest_columns(system)
    about = {
        "title": f"Population of '{job.cell.name}': {drawn.n} {recipe['what']}",
        "source": f"vrest {__version__}",
        "temperature_degC": from_si(job.cell.temperature, "temperature"),
        "design": drawn.design,
        "seed": drawn.seed,
        "references": "\n".join(f"{key}: {text}" for key, text in job.cell.references.items()),
    }
    if isinstance(job, Runs):
        about["protocol"] = "\n".join(f"{when} {what}" for when, what in recipe["protocol"])
        about["until"] = recipe["until"]
    return Table(job.cell, drawn, tuple(columns), coordinates(system, times), about, recipe, size)


def _compute(
    job: Rests | Runs,
    drawn: Samples,
    store: Store,
    size: int,
    done: np.ndarray,
    executor: Executor,
    threads: bool,
    progress: CellsDone | None,
) -> tuple[int, tuple[Fallback, ...]]:
    """Compute what is not done; how many cells that was, and what was left to XLA.

    An interruption keeps every chunk that was begun.
    """
    writer, ready = store.writer(), sum(min(size, drawn.n - k * size) for k in np.flatnonzero(done).tolist())
    finished, heard = ready, {}
    if progress is not None:
        progress(ready, drawn.n)
    pending: dict[Future[tuple[Data | None, list[Fallback]]], tuple[int, int]] = {}
    try:
        for k in np.flatnonzero(~done).tolist():
            rows = drawn.rows(k * size, min((k + 1) * size, drawn.n))
            pending[executor.submit(work, job, rows, k, writer)] = k, rows.n
            if threads and len(pending) == 1:
                wait(pending)  # threads share compiled code: one of them makes it
        for future in as_completed(pending):
            k, n = pending.pop(future)
            data, told = future.result()
            heard |= dict.fromkeys(told)
            if data is not None:
                store.keep(k, data)
            finished += n
            if progress is not None:
                progress(finished, drawn.n)
    except BaseException:
        for future in pending:
            future.cancel()
        raise
    return finished - ready, tuple(heard)


def work(job: Rests | Runs, rows: Samples, k: int, writer: Writer | None) -> tuple[Data | None, list[Fallback]]:
    """One chunk, and what of it was left to XLA: where it is computed it is also written."""
    with fallbacks() as heard:
        data = job.compute(rows)
    if writer is None:
        return data, heard
    writer(k, data)
    return None, heard


@contextmanager
def _executor(workers: int | None, client: Any) -> Iterator[Executor]:
    """Threads of this process, whose compiled work runs side by side; or the workers of a cluster."""
    if client is None:
        if workers is not None and (not isinstance(workers, int | np.integer) or not 1 <= workers <= 1024):
            raise InputError(f"workers is {workers!r}.", code="out_of_range", hint="Choose 1 to 1024.")
        with ThreadPoolExecutor(workers or cores()) as pool:
            yield pool
        return
    if not isinstance(client, str):
        _gather(client)
        yield client.get_executor(pure=False)
        return
    try:
        from distributed import Client
    except ImportError:
        hint = "pip install 'vrest[cluster]'"
        raise InputError("Dask distributed is not installed.", code="no_dask", hint=hint) from None
    with ThreadPoolExecutor(1) as asking:  # a notebook's own thread may not wait
        asking.submit(asyncio.run, _greet(client)).result()
    with Client(client, timeout=CONNECTING, set_as_default=False) as connected:
        _gather(connected)
        yield connected.get_executor(pure=False)


async def _greet(address: str) -> None:
    """Ask who is there for as long as `CONNECTING`; a client would wait longer for a program that is silent."""
    from distributed import rpc
    from distributed.comm.addressing import get_address_host_port

    try:
        get_address_host_port(address)
        async with rpc(address, timeout=CONNECTING) as there:
            found: Any = await asyncio.wait_for(there.identity(), CONNECTING)
        if found["type"] != "Scheduler":
            raise ValueError(f"it is a {found['type']}")
    except Exception as error:  # whatever the answer of another program makes of Dask
        why = "no answer" if isinstance(error, asyncio.TimeoutError) and not str(error) else error
        hint = "Start one with 'dask scheduler', and workers with 'dask worker ADDRESS'."
        raise InputError(f"No scheduler at '{address}': {why}.", code="no_scheduler", hint=hint) from None


def _gather(client: Any) -> None:
    """Wait until a Dask client has a worker."""
    at = client.scheduler.address
    if not client.nthreads():
        log.warning("the scheduler at %s has no workers yet: one is waited for, %d s", at, GATHERING)
    try:
        client.wait_for_workers(1, timeout=GATHERING)
    except (TimeoutError, OSError):
        told = f"The scheduler at '{at}' has no workers: none came in {GATHERING} s."
        raise InputError(told, code="no_workers", hint=f"Start one: 'dask worker {at}'.") from None


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
