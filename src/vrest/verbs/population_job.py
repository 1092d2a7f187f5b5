"""What is computed for a stretch of a population: samples in, columns of numbers in door units out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from vrest.model.cell import Cell
from vrest.model.protocol import Protocol, Segment, segments
from vrest.system.assemble import System
from vrest.system.observables import volumes
from vrest.units import from_si
from vrest.verbs.arguments import Arguments
from vrest.verbs.outputs import potentials
from vrest.verbs.population_layout import conducting, finite_ions
from vrest.verbs.prepared import Prepared
from vrest.verbs.readings import Readings, readings
from vrest.verbs.rest_batch import rests_of
from vrest.verbs.run_batch import FINISHED, TOO_LONG, RunBatch, Watch, run_batch
from vrest.verbs.samples import Samples

NO_START, IMPOSSIBLE_RUN = TOO_LONG + 1, TOO_LONG + 2
"""Outcome codes of runs that could not begin: no rest to begin from, no cell of that kind."""

RECOVERED = 1e-3
"""V: a run has recovered when it ends within this of the potential it began at."""

Data = dict[str, np.ndarray]


@dataclass(frozen=True)
class Rests:
    """Settle every cell."""

    cell: Cell

    def compute(self, rows: Samples) -> Data:
        """The columns of these rows."""
        system, p, x0 = _described(self.cell, rows)
        found = rests_of(self.cell, p, x0)
        has_state = found.has_state
        x = np.where(has_state[:, None], found.state, np.nan)
        now = readings(system, x.T, p.T)
        with np.errstate(all="ignore"):
            return {
                "outcome": found.outcome,
                "v_rest": potentials(system, x),
                **_contents(system, x, p),
                **_exchange_currents(system, now),
                "atp_use": now.atp_per_second,
                "slowest_time_constant": np.where(found.is_rest & (found.slowest < 0), -1.0 / found.slowest, np.nan),
                "residual": np.where(has_state, found.residual_mV, np.nan),
                "imbalance": np.where(has_state, found.imbalance, np.nan),
                "iterations": found.iterations,
            }


@dataclass(frozen=True)
class Runs:
    """Run every cell under one protocol; times in s, the threshold in V."""

    cell: Cell
    plan: Protocol
    until: float
    rtol: float
    times: tuple[float, ...] | None
    threshold: float
    summaries: bool
    from_rest: bool

    def compute(self, rows: Samples) -> Data:
        """The columns of these rows."""
        system, p0, x0 = _described(self.cell, rows)
        possible = np.isfinite(p0).all(axis=1) & np.isfinite(x0).all(axis=1)
        outcome = np.where(possible, FINISHED, IMPOSSIBLE_RUN).astype(np.int8)
        if self.from_rest:
            found = rests_of(self.cell, p0, x0)
            rests = found.is_rest
            outcome[possible & ~rests] = NO_START
            x0 = np.where(rests[:, None], found.state, x0)
        going = outcome == FINISHED
        edges, p, slope = self._segments(system, rows, p0)
        run = self._blank(system, rows.n)
        if going.any():
            found = run_batch(
                system,
                p[:, going],
                edges,
                x0[going],
                slope=None if slope is None else slope[:, going],
                rtol=self.rtol,
                times=None if self.times is None else np.array(self.times),
                watch=_watched(system) if self.summaries else None,
                thresholds=self._thresholds(system) if self.summaries else None,
            )
            for column, values in zip(run, found, strict=True):
                if column is not None:
                    column[going] = values
            outcome[going] = run.status[going]
        start = np.where(going[:, None], x0, np.nan)
        with np.errstate(all="ignore"):
            return self._ends(system, p[-1], outcome, start, run) | self._course(system, p[-1], run)

    def _blank(self, system: System, n: int) -> RunBatch:
        """Of n cells that have not run."""

        def blank(*shape: int) -> np.ndarray:
            return np.full((n, *shape), np.nan)

        states, watched = len(system.states), len(system.structure.walls) + len(_osmotic(system))
        return RunBatch(
            blank(states),
            np.zeros(n, dtype=np.int8),
            blank(),
            np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=np.int32),
            blank(),
            None if self.times is None else blank(len(self.times), states),
            *(blank(watched) if self.summaries else None for _ in range(5)),
        )

    def _segments(self, system: System, rows: Samples, p0: np.ndarray) -> tuple[np.ndarray, np.ndarray, Any]:
        """Edges, and parameters (segments, n, P) with their slopes: a protocol acts on each cell's own values."""
        pieces = segments(rows.applied(self.cell), self.plan, self.until)
        return np.array([pieces[0].start, *(piece.stop for piece in pieces)]), *staged(system, pieces, p0)

    def _thresholds(self, system: System) -> np.ndarray:
        walls, sizes = len(system.structure.walls), len(_osmotic(system))
        return np.array([self.threshold] * walls + [np.inf] * sizes)

    def _ends(self, system: System, p: np.ndarray, outcome: np.ndarray, x0: np.ndarray, run: RunBatch) -> Data:
        start, end = potentials(system, x0), potentials(system, run.state)
        return {
            "outcome": outcome,
            "v_start": start,
            "v_end": end,
            **_contents(system, run.state, p, "_end"),
            "recovered": np.where(outcome == FINISHED, is_back(start, end), -1).astype(np.int8),
            "time_reached": run.t,
            "steps": run.steps,
        }

    def _course(self, system: System, p: np.ndarray, run: RunBatch) -> Data:
        """What the cells passed on the way: summaries, and states at the times asked for."""
        data: Data = {}
        walls = len(system.structure.walls)
        for name, values in (("v_min", run.low), ("v_max", run.high), ("v_mean", run.mean)):
            if values is not None:
                data[name] = _one(from_si(values[:, :walls], "potential"))
        if run.above is not None and run.first is not None:
            data["time_above"] = _one(run.above[:, :walls])
            data["time_to_depolarisation"] = _one(np.where(np.isinf(run.first), np.nan, run.first)[:, :walls])
        if run.high is not None and finite_ions(system)[0]:
            largest = np.where(np.isnan(run.state), np.nan, 1.0)
            for k, name in enumerate(_osmotic(system)):
                largest[:, system.index["volume", name]] = run.high[:, walls + k]
            data["volume_max"] = _volumes(system, largest, p)
        if run.series is not None:
            data |= {"v": potentials(system, run.series), **_contents(system, run.series, p[:, None])}
        return data


def staged(system: System, pieces: Sequence[Segment], p0: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Parameters (segments, n, P) of cells with p0 (n, P) through a protocol, and their slopes if any has one."""
    p = np.stack([system.with_values(p0, piece.values) for piece in pieces])
    if not any(piece.slopes for piece in pieces):
        return p, None
    return p, np.stack([system.with_values(np.zeros_like(p0), piece.slopes) for piece in pieces])


def is_back(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(n,) whether every potential, mV, (n,) or (n, membranes), ends where it started but for `RECOVERED`."""
    return np.abs(end - start).reshape(len(start), -1).max(axis=1) <= from_si(RECOVERED, "potential")


def _described(cell: Cell, rows: Samples) -> tuple[System, np.ndarray, np.ndarray]:
    """The system, parameters (n, P) and starting states (n, S) of the rows; NaN where they describe no cell."""
    ready = Prepared(Arguments(cell, rows.arguments))
    p, x0 = ready.described(np.array([v.values for v in rows.varied]))
    return ready.system, p.T, x0.T


def _osmotic(system: System) -> list[str]:
    return [name for kind, name in system.states if kind == "volume"]


@lru_cache(maxsize=64)
def _watched(system: System) -> Watch:
    """Potentials (V) and relative volumes of one cell."""

    def read(x: Any, p: Any) -> Any:
        values = [system.potential(x, wall) for wall in system.structure.walls]
        values += [system.relative_volume(x, name) for name in _osmotic(system)]
        return tuple(values)

    return Watch(read, "potentials and volumes")


def _one(values: np.ndarray) -> np.ndarray:
    """A single membrane needs no axis."""
    return values[..., 0] if values.shape[-1] == 1 else values


def _contents(system: System, x: np.ndarray, p: np.ndarray, ending: str = "") -> Data:
    """What is in the finite compartments, if there are any."""
    if not finite_ions(system)[0]:
        return {}
    return {f"concentration{ending}": _concentrations(system, x, p), f"volume{ending}": _volumes(system, x, p)}


def _exchange_currents(system: System, now: Readings) -> Data:
    """What flows along exchanges that conduct, (cells, exchanges), pA; nothing where none does."""
    if not conducting(system):
        return {}
    return {"exchange_current": np.stack([now.exchange_currents[name] for name in conducting(system)], axis=-1)}


def _concentrations(system: System, x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(..., finite compartments, ions), mM; NaN where a compartment lacks an ion."""
    spaces, ions = finite_ions(system)
    whole = np.full((*x.shape[:-1], len(spaces), len(ions)), np.nan)
    for k, name in enumerate(spaces):
        for ion, values in system.concentrations(x, p, name).items():
            whole[..., k, ions.index(ion)] = values
    return from_si(whole, "concentration")


def _volumes(system: System, x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(..., finite compartments), um3."""
    values = [np.broadcast_to(v, x.shape[:-1]) for v in volumes(system, x, p).values()]
    return from_si(np.stack(values, axis=-1), "volume")
