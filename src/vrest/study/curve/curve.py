"""`curve`: V along one number of a cell, at once and settled, beside the Nernst line and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.change import split_companion
from vrest.model.multiples import value_of
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.model.paths import Parameter, resolve
from vrest.numerics.compiler.fallback import fallbacks
from vrest.numerics.spacing import is_logarithmic
from vrest.ranges import read_values
from vrest.study.curve.result import Curve, Points
from vrest.study.curve.steps import each, settled, steps
from vrest.study.curve.thresholds import Settled, thresholds
from vrest.study.fit.measured import Condition, Measured, measured, with_measured_first
from vrest.study.fit.slips import unlike
from vrest.system.observables import reversal_potential
from vrest.units import from_door, from_si, to_si
from vrest.verbs.progress import Progress
from vrest.verbs.rest import rest
from vrest.verbs.samples import plain
from vrest.verbs.slower import slower

Array = NDArray[np.float64]

POINTS = 61
"""Values of a range that does not say how many."""


def curve(
    cell: CellLike,
    path: str = "outside.K",
    values: str | Sequence[Any] | np.ndarray | None = None,
    *,
    others: Iterable[CellLike] = (),
    data: Any = None,
    membrane: str | None = None,
    progress: Progress | None = None,
) -> Curve:
    """V along one number of a cell: right after a step to each value, and where the cell settles.

    Parameters
    ----------
    cell
        As of `rest`. Each value is a step from its resting state, if it has one, else from what it describes.
    path
        What varies: any number of the cell; a bath's ion may end in `swap Na` or `with Cl`, which keeps it neutral.
    values
        Numbers in door units, or a text: a range such as `"0.5:150:log"` or `"0.1x:2x:lin:41"`, or a list; `x` is the
        present value. By default 41 values from a tenth to thirty times a present concentration. They are put in
        increasing order, each once.
    others
        Other cells for the same figure.
    data
        What was measured, as of `fit`: a table with a column for the path, and the potential; `sd`, `sem` and `n`
        are its error. Each row is compared with the cell under all its conditions.
    membrane
        Whose V; needed where there are several.
    progress
        Called with the share done, 0 to 1, of what does not settle soon.

    Returns
    -------
    Curve
        `values` (n,), `instant`, `settled` and `nernst` (n,) mV, NaN where there is none; `outcomes`, `thresholds`.
        The Nernst line, where an ion beside the membrane varies, is E = RT/(zF) ln(outside/inside) (Nernst 1889), the
        other side as it is at present.

    Raises
    ------
    InputError
        A path that names nothing, several membranes and none named (`several_membranes`), a value that its field
        refuses, data without the path (`no_column`).

    >>> found = curve("mammalian_neuron", "outside.K", [2.5, 5.0, 10.0])
    >>> [round(float(v), 1) for v in found.settled]
    [-75.1, -70.0, -60.6]
    """
    first, *more = (load(one) for one in (cell, *others))
    found = _told(first, path, values, data, membrane, progress)
    beside = tuple(_told(one, path, found.values, data, None, progress) for one in more)
    return replace(found, others=beside) if beside else found


def _told(cell: Cell, path: str, values: Any, data: Any, membrane: str | None, progress: Progress | None) -> Curve:
    """The curve of one cell, and what of it was left to XLA."""
    with fallbacks() as heard:
        found = _along(cell, path, values, data, membrane, progress)
    return replace(found, notices=(*found.notices, *slower(heard))) if heard else found


def _along(cell: Cell, path: str, values: Any, data: Any, membrane: str | None, progress: Progress | None) -> Curve:
    name, how, ion = split_companion(path)
    parameter = resolve(cell, name)
    companion = f"{how} {ion}" if how else ""
    wall = _wall(cell, membrane)
    at = _values(parameter, values)
    told = notices(cell)
    if not parameter.fixed_at_start:  # contents that vary are those described
        now = rest(cell, progress=progress)
        if now.outcome.is_rest:
            cell = now.as_cell()
        else:
            why = f"'{cell.name}' does not rest at present ({now.outcome.words})"
            told.append(Notice("not_at_rest", f"{why}: each value is a step from what it describes"))
    place, varied = list(cell.membranes).index(wall), f"{parameter.path} {companion}".strip()
    found = steps(cell, {varied: at}, progress)
    if found.nothing:
        told.append(no_instant(found.nothing, len(at)))
    ion, nernst = _nernst(cell, parameter, wall, at)

    def settle(inner: Array) -> list[Settled]:
        return settled(cell, {varied: inner}, inner, place, progress)

    charged = left_charged(cell, {} if companion else {parameter.path: from_door(at, parameter.spec.dimension)})
    points = None if data is None else _points(cell, parameter, companion, place, data)
    slipped = [] if points is None else unlike(points.measured, points.instant)
    return Curve(
        cell=cell,
        path=parameter.path,
        companion=companion,
        unit=parameter.unit,
        membrane=wall,
        present=float(parameter.door(parameter.value)),
        values=at,
        instant=found.instant[place],
        settled=found.settled[place],
        unstable=found.unstable[place],
        time_constant=found.time_constant,
        outcomes=found.outcomes,
        ion=ion,
        nernst=nernst,
        thresholds=thresholds(each(at, found.settled[place], found.outcomes), settle, is_logarithmic(at)),
        points=points,
        others=(),
        notices=(*told, *charged, *slipped),
    )


def no_instant(times: int, of: int) -> Notice:
    """That there is no V at once, at some of the values."""
    why = f"at {times} of {of} values no potential between -400 and +400 mV carries zero current at once"
    return Notice("no_instant", why)


def _wall(cell: Cell, membrane: str | None) -> str:
    """The membrane whose V is asked for."""
    names = list(cell.membranes)
    if membrane is None and len(names) > 1:
        raise InputError(
            f"'{cell.name}' has {len(names)} membranes: {', '.join(names)}.",
            code="several_membranes",
            hint=f"Name one: --membrane {names[0]}, in Python membrane='{names[0]}'.",
        )
    if membrane is not None and membrane not in names:
        raise InputError(f"There is no membrane '{membrane}'.", code="unknown_name", hint=near_miss(membrane, names))
    return membrane or names[0]


def _values(parameter: Parameter, values: Any) -> Array:
    """Increasing values in door units, each once."""
    dimension, path = parameter.spec.dimension, parameter.path
    if isinstance(parameter.value, str):
        raise InputError(
            f"{path} is solved from the charge balance: it follows from the others.",
            code="is_solved",
            hint="Name what it is solved from.",
        )
    if values is None:
        if ".ions." not in path or not parameter.value > 0:
            raise InputError(
                f"There is no usual range of {path}.",
                code="bad_range",
                hint="Give FROM and TO, such as 0.1x 2x; in Python '0.1x:2x:log'.",
            )
        return np.geomspace(0.1 * parameter.value, 30 * parameter.value, 41)
    if isinstance(values, str):
        own = parameter.value
        given = parameter.door(
            read_values(values, dimension, path, POINTS, lambda text: value_of(text, parameter, own))
        )
    else:
        given = parameter.door(np.asarray(to_si(plain(values), dimension, path, bare_ok=True), dtype=np.float64))
    if given.ndim != 1 or not len(given):
        raise InputError(f"The values of {path} have the shape {given.shape}.", code="bad_shape", hint="Give one row.")
    return np.unique(given)


def _nernst(cell: Cell, parameter: Parameter, wall: str, at: Array) -> tuple[str | None, Array]:
    """The ion whose concentration beside a membrane varies, and its Nernst line, mV."""
    parts, m = parameter.path.split("."), cell.membranes[wall]
    if parts[0] != "compartments" or parts[2] != "ions" or parts[1] not in (m.inside, m.outside):
        return None, np.full(at.shape, np.nan)
    ion = parts[3]
    inside, outside = (at if side == parts[1] else cell.contents(side).get(ion) for side in (m.inside, m.outside))
    E: Any = np.nan
    if inside is not None and outside is not None:
        E = reversal_potential(cell.valence()[ion], inside=inside, outside=outside, temperature=cell.temperature)
    return ion, from_si(np.broadcast_to(E, at.shape), "potential")


def _points(cell: Cell, parameter: Parameter, companion: str, place: int, data: Any) -> Points:
    """What was measured, and what the cell says of the conditions of each row."""
    table: Measured = measured(with_measured_first(cell, data, list(cell.membranes)[place]), data)
    along = next((c for c in table.conditions if c.parameter.path == parameter.path), None)
    if along is None:
        raise InputError(
            f"The data have no column of {parameter.path}.",
            code="no_column",
            hint=f"Its conditions: {', '.join(c.name for c in table.conditions) or 'none'}.",
        )
    found = steps(cell, {_varied(c, along, companion, table): c.door for c in table.conditions})
    error = table.error if table.known else np.full(len(table), np.nan)
    others = tuple(c.name for c in table.conditions if c is not along)
    alone = steps(cell, {f"{parameter.path} {companion}".strip(): along.door}).instant[place]
    return Points(along.door, table.v, error, found.instant[place], found.settled[place], alone, others)


def _varied(c: Condition, along: Condition, companion: str, table: Measured) -> str:
    """The path of a condition; what varies along the curve takes its companion with it where the data do not say."""
    bath, _, _ = c.parameter.path.rpartition(".")
    said = c.exchange or f"{bath}.{companion.rpartition(' ')[2]}" in table.paths
    return c.parameter.path if c is not along or said or not companion else f"{c.parameter.path} {companion}"
