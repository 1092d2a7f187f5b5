"""`prepare`: one cell made ready to answer for many values of some of its numbers at once.

Nothing is interpreted per value: parameters, resting states, instant answers, readings, runs and gradients come from
machine code that goes through many cells side by side. Every array ends with the axis of these lanes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.change import split_companion
from vrest.model.paths import resolve
from vrest.system.assemble import System, assemble
from vrest.system.structure import parameter_vector
from vrest.units import from_si
from vrest.verbs.arguments import Arguments, OfArguments, arguments
from vrest.verbs.describing import describing, description, own_numbers
from vrest.verbs.gradient import Gradient, Totals, gradient_of
from vrest.verbs.instant import AtOnce, instant_potentials
from vrest.verbs.prepared_answers import Rests, Runs
from vrest.verbs.progress import Progress
from vrest.verbs.readings import Readings, readings
from vrest.verbs.rest_batch import rests_of
from vrest.verbs.run import accuracy, moments
from vrest.verbs.run_batch import run_batch
from vrest.verbs.samples import plain
from vrest.verbs.table import Table, Values, floats, strength_of

RTOL = 1e-6
"""Of a step of a run."""


@dataclass(frozen=True, eq=False)
class Prepared(OfArguments):
    """A cell that answers for many values of some of its numbers. Build it with `prepare`.

    Values are given by path (what is left out keeps the cell's own), or as an array (paths,) or (paths, lanes), of one
    path (lanes,) as well, in the order of `paths`; in door units. Arrays in answers end with the axis of lanes, also
    where there is one.

    >>> ready = prepare("mammalian_neuron", ["outside.K", "pump.max_rate"])
    >>> ready.values.round(3).tolist(), ready.units
    ([5.0, 66.667], ('mM', 'pmol/cm2/s'))
    """

    @property
    def cell(self) -> Cell:
        """What the values are of."""
        return self.of.cell

    @property
    def units(self) -> tuple[str, ...]:
        """Door units of the rows of values."""
        return self.of.units

    def _brief(self) -> Iterable[str]:
        yield f"'{self.cell.name}' prepared for {', '.join(self.paths) or 'its own numbers'}"

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to another process: machine code stays."""
        return {"of": self.of}

    @cached_property
    def system(self) -> System:
        """The equations, which say what the rows of a state hold."""
        return assemble(self.cell)

    def rest(self, values: Values = None, *, progress: Progress | None = None) -> Rests:
        """The certified resting state for each lane of values: outcomes and basins are those of `rest`.

        Parameters
        ----------
        values
            As of `Prepared`. A transport whose strength is exactly 0 in a lane is off there.
        progress
            Called from time to time while cells are followed that do not settle soon; returning False stops that.

        Returns
        -------
        Rests
            `outcome`, `v` (mV), `state` and what certifies it, lane by lane; `IMPOSSIBLE` where a value is outside its
            limits or nothing balances the charge.

        Raises
        ------
        InputError
            Values of another shape than the paths ask for (`bad_shape`), a path that is not prepared (`not_prepared`).

        >>> found = prepare("mammalian_neuron", ["outside.K", "pump.max_rate"]).rest({"outside.K": [3.0, 5.0, 8.0]})
        >>> found.v.round(1).tolist(), [outcome.name for outcome in found.outcomes]
        ([-74.4, -70.0, -64.0], ['rests', 'rests', 'rests'])
        """
        return self._rests(self.si(values), progress)

    def _rests(self, rows: np.ndarray, progress: Progress | None = None) -> Rests:
        p, x0 = self.described(rows)
        return Rests(self.cell, self.system, p, rests_of(self.cell, p.T, x0.T, progress=progress))

    def run(
        self,
        values: Values = None,
        stages: Iterable[tuple[Any, Any]] = (),
        times: Any = "1 h",
        *,
        start: Any = None,
        rtol: float = RTOL,
    ) -> Runs:
        """Runs of all lanes under one protocol.

        Parameters
        ----------
        values
            As of `Prepared`: what holds at first.
        stages
            Pairs (time, change) in the order of time, such as `[("5 min", {"pump.max_rate": 0.0})]` or
            `[("5 min", "pump.max_rate*=0")]`: numbers, or one for each lane, that hold from then on. Every path must
            be prepared.
        times
            Times to report, s or texts (increasing); the last one is the end.
        start
            (states,) or (states, lanes) SI, such as `rest(values).state`; by default what the cell describes, as for
            `simulate`.
        rtol
            Relative tolerance of a step; absolute tolerances follow from it.

        Returns
        -------
        Runs
            `v` (mV) and `state` at the `time`s, lane by lane; `complete` where a lane reached the end.

        Raises
        ------
        InputError
            What `rest` refuses; times or stages that make no sense; a change of what describes how a cell starts
            (`fixed_at_start`).

        >>> ready = prepare("mammalian_neuron", ["pump.max_rate"])
        >>> ready.run(None, [("5 min", "pump.max_rate*=0")], ["5 min", "30 min"]).v[:, 0].round(1).tolist()
        [-70.0, -43.0]
        """
        at = moments(plain(times))
        rows = self.si(values)
        edges, held = self._table.stages(rows, stages, float(at[-1]))
        n = held[0].shape[1]
        p, x0 = self.described(np.concatenate(held, axis=1))
        p = p.reshape(len(p), len(held), n)
        x0, _ = self._together(x0[:, :n], start, p[:, 0])
        n = x0.shape[1]
        p = np.broadcast_to(p, (*p.shape[:2], n))
        found = run_batch(self.system, p.transpose(1, 2, 0), edges, x0.T, rtol=accuracy(rtol, RTOL), times=at)
        stage = np.minimum(np.searchsorted(edges[1:], at), len(held) - 1)
        return Runs(self.cell, self.system, at, p[:, stage], found)

    def instant(self, values: Values = None, state: Any = None) -> np.ndarray:
        """The potential right after each lane's values hold: contents frozen, gates steady, no net current.

        Parameters
        ----------
        values
            As of `Prepared`.
        state
            (states,) or (states, lanes) SI: the contents, and the potentials from which the membranes drift, such as
            `rest().state`; by default what the cell describes.

        Returns
        -------
        ndarray
            mV, (lanes,), or (membranes, lanes) where there are several; NaN where no potential between -400 and +400 mV
            carries zero current, a law has no finite rate, or there is no such cell.

        Raises
        ------
        InputError
            What `read` refuses.

        >>> ready = prepare("mammalian_neuron", "outside.K")
        >>> ready.instant({"outside.K": [3.0, 5.0, 8.0]}, ready.rest().state).round(2).tolist()
        [-72.39, -70.0, -66.08]
        """
        v = from_si(self.at_once(values, state).v, "potential")
        return v[0] if len(v) == 1 else v

    def at_once(self, values: Values = None, state: Any = None) -> AtOnce:
        """`instant` in V, (membranes, lanes), and where all rates are finite.

        values, state: as of `instant`.
        """
        p, x0 = self.described(self.si(values))
        return instant_potentials(self.system, *self._together(x0, state, p))

    def read(self, values: Values = None, state: Any = None) -> Readings:
        """All that can be read off states: potentials, contents, currents, fluxes, energy.

        Parameters
        ----------
        values
            As of `Prepared`.
        state
            (states,) or (states, lanes) SI, such as `rest(values).state`; by default what the cell describes.

        Returns
        -------
        Readings
            Door units, each (lanes,).

        Raises
        ------
        InputError
            What `rest` refuses; a state of another shape (`bad_start`).

        >>> ready = prepare("mammalian_neuron", "outside.K")
        >>> found = ready.rest({"outside.K": [3.0, 8.0]})
        >>> now = ready.read({"outside.K": [3.0, 8.0]}, found.state)
        >>> now.E["neuron"]["K"].round(1).tolist(), now.currents["neuron"]["pump"].round(2).tolist()
        ([-101.2, -77.4], [5.97, 5.32])
        """
        p, x0 = self.described(self.si(values))
        return readings(self.system, *self._together(x0, state, p))

    def _together(self, x0: np.ndarray, state: Any, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A state, or x0 if None, and parameters, with as many lanes as either has; NaN where there is no such cell."""
        possible = np.isfinite(p).all(axis=0) & np.isfinite(x0).all(axis=0)
        x = x0 if state is None else self._column(state)
        if x.shape[1] != p.shape[1]:
            n = max(x.shape[1], p.shape[1])
            if min(x.shape[1], p.shape[1]) != 1:
                raise InputError(
                    f"There are {x.shape[1]} states and {p.shape[1]} lanes of values.",
                    code="bad_start",
                    hint="Give one state, or one for each lane.",
                )
            x, p = np.repeat(x, n // x.shape[1], axis=1), np.repeat(p, n // p.shape[1], axis=1)
        return (x, p) if possible.all() else (np.where(possible, x, np.nan), np.where(possible, p, np.nan))

    def _column(self, state: Any) -> np.ndarray:
        """A state (states,) or (states, lanes) with an axis of lanes."""
        x = floats(state, "state")
        x = x[:, None] if x.ndim == 1 else x
        if x.ndim != 2 or len(x) != len(self.system.states):
            raise InputError(
                f"The state has the shape {np.shape(state)}; '{self.cell.name}' has {len(self.system.states)} states.",
                code="bad_start",
                hint="Take a state of this cell, such as rest(values).state.",
            )
        return x

    def gradient(self, values: Values = None, totals: Totals = "described") -> Gradient:
        """Derivatives of the certified resting states by the values, in door units, and the states themselves.

        At a rest 0 = f(y, a) for every a, so that dy = -(df/dy)^-1 (df/da) da; a are the parameters and what is
        conserved. What `rest_function` gives to JAX, for many values at once.

        Parameters
        ----------
        values
            As of `rest`.
        totals
            `"described"`: contents, volumes, solved charge and starting potential follow from the values, as in
            another cell. `"held"`: all matter and charge that the compartments have, impermeants too, stays as it is
            (mol), as in one cell of which a number changes; what only says how it starts then moves nothing.

        Returns
        -------
        Gradient
            `v`, `state`, `concentrations` and `volumes`, by path and lane; NaN where there is no rest, an ion is used
            up, or a path is the strength of a transport that is off. Times `steps`: for 1 % more of each.

        Raises
        ------
        InputError
            As of `rest`; no paths (`nothing_varies`); totals that there are not (`unknown_totals`).

        >>> found = prepare("mammalian_neuron", ["outside.K", "pump.max_rate"]).gradient()
        >>> found.v.round(3).tolist()  # mV per mM, and mV per pmol/cm2/s
        [[2.197], [-0.033]]
        >>> (found.v * found.steps).round(3).tolist()  # mV for 1 % more of each
        [[0.11], [-0.022]]
        """
        rows = self.si(values)
        return gradient_of(self.of, self._rests(rows), rows, totals)

    def described(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Parameters (P, lanes) and starting states (states, lanes) of the cells that values describe, all SI.

        Parameters
        ----------
        rows
            (paths, lanes), as `si` gives them.

        Returns
        -------
        tuple of ndarray
            NaN where a value is outside its limits, or nothing balances the charge.
        """
        if self.paths:
            return self._describing((rows,), (self._numbers,))
        both = parameter_vector(self.cell), self.system.start(self.cell)
        p, x0 = (np.repeat(v[:, None], rows.shape[1], axis=1) for v in both)
        return p, x0

    @cached_property
    def _table(self) -> Table:
        return Table(self.of)

    @cached_property
    def _describing(self) -> Any:
        return describing(self.system, description(self.of))

    @cached_property
    def _numbers(self) -> np.ndarray:
        return own_numbers(self.of)

    def si(self, values: Values = None) -> np.ndarray:
        """Values as rows (paths, lanes), SI.

        Parameters
        ----------
        values
            As of `Prepared`.

        Raises
        ------
        InputError
            Values of another shape than the paths ask for (`bad_shape`), a path that is not prepared (`not_prepared`).
        """
        return self._table.rows(values)


def prepare(cell: CellLike, paths: str | Iterable[str] = (), switches: str | Iterable[str] = ()) -> Prepared:
    """Make a cell ready to answer for many values of some of its numbers at once.

    Parameters
    ----------
    cell
        As of `rest`. What is not among the paths keeps its numbers; what it has as `"solve"` is solved anew.
    paths
        Numbers of the cell, such as `["outside.K swap Na", "pump.max_rate"]`; an ion that goes along keeps its bath
        neutral.
    switches
        Transports that may be exactly off, such as `["pump"]`: their strengths vary too, and each combination that is
        asked for is made ready on its own, because other totals are conserved where a transport is off.

    Returns
    -------
    Prepared
        `rest`, `instant`, `read`, `run` and `gradient` of many values, lanes side by side.

    Raises
    ------
    InputError
        Paths that name nothing, that are solved, that would leave a charge unbalanced; a switch that is no transport
        (`unknown_name`), or one that nothing switches off (`no_strength`).

    >>> ready = prepare("mammalian_neuron", ["outside.K swap Na"], switches=["pump"])
    >>> ready.paths
    ('compartments.outside.ions.K swap Na', 'membranes.neuron.transports.pump.max_rate')
    >>> [outcome.name for outcome in ready.rest({"pump.max_rate": [66.7, 0.0]}).outcomes]
    ['rests', 'rests_run_down']
    """
    cell = load(cell)
    named = [str(path) for path in ([paths] if isinstance(paths, str) else paths)]
    varied = [resolve(cell, split_companion(name)[0]).path for name in named]
    off = [strength_of(cell, switch) for switch in ([switches] if isinstance(switches, str) else switches)]
    named += [path for path in off if path not in varied]
    return Prepared(arguments(cell, named) if named else Arguments(cell, ()))
