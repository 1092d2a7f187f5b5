"""The table of a prepared cell: values by path, or arrays of them, to rows in SI; and stages of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.change import parse_changes, split_companion
from vrest.model.paths import resolve
from vrest.model.quantity import check
from vrest.system.assemble import assemble
from vrest.units import format_si, to_si
from vrest.verbs.arguments import Arguments
from vrest.verbs.samples import plain

Values = Mapping[str, Any] | Sequence[Any] | np.ndarray | None
"""Numbers or lanes of them by path; or arrays (paths,), (paths, lanes); None for what the cell has."""


@dataclass(frozen=True)
class Table:
    """Reads values of the numbers that vary."""

    of: Arguments

    def rows(self, values: Values) -> np.ndarray:
        """Values as rows (paths, lanes), SI."""
        if isinstance(values, Mapping):
            return self._by_path(values)
        if values is None:
            return self._own
        k, given = len(self.of.names), floats(values, "table of values")
        rows = given if given.ndim != 1 else given[None] if k == 1 else given[:, None]
        if rows.ndim != 2 or len(rows) != k or not rows.shape[1]:
            raise InputError(
                f"The values have the shape {given.shape}; there are {k} paths.",
                code="bad_shape",
                hint=f"Give one row for each of {', '.join(self.of.names) or 'no paths'}: (paths,) or (paths, lanes).",
            )
        return self.of.rows_si(rows)

    def _by_path(self, values: Mapping[str, Any]) -> np.ndarray:
        """Numbers of one path or lanes of them; what is left out keeps the cell's own."""
        rows: list[Any] = [p.value for p in self.of.parameters]
        given: dict[int, str] = {}
        for name, value in values.items():
            k = self._place(str(name))
            if k in given:
                raise InputError(f"{given[k]} and {name} are one number.", code="varies_twice", hint="Give it once.")
            given[k] = str(name)
            rows[k] = to_si(plain(value), self.of.parameters[k].spec.dimension, str(name), bare_ok=True)
        lengths = sorted({np.shape(row) for row in rows} - {()})
        if len(lengths) > 1 or any(len(shape) != 1 or shape == (0,) for shape in lengths):
            raise InputError(
                f"The values have the shapes {lengths}.",
                code="bad_shape",
                hint="Give every path a number, or one row of values, all of the same length.",
            )
        table = np.empty((len(rows), *(lengths[0] if lengths else (1,))))
        for k, row in enumerate(rows):
            table[k] = row
        return table

    def _place(self, name: str) -> int:
        """The row of a path, or of a switch, however it is written."""
        if name not in self._places:
            path = path_of(self.of.cell, name)
            if path not in self._places:
                hint = near_miss(path, list(self.of.names)) if self.of.names else "Name it when you prepare the cell."
                raise InputError(f"{path} is not prepared.", code="not_prepared", hint=hint)
            self._places[name] = self._places[path]
        return self._places[name]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: k for k, one in enumerate(self.of.each) for name in (one.name, one.path)}

    @cached_property
    def _own(self) -> np.ndarray:
        own = self.of.rows_si(self.of.values[:, None])
        own.flags.writeable = False  # given out again and again
        return own

    def stages(self, rows: np.ndarray, stages: Any, until: float) -> tuple[np.ndarray, list[np.ndarray]]:
        """Edges (stages + 1,) s, and the rows of values (paths, lanes), SI, that hold in each stage."""
        begins, held, now = [0.0], [rows], rows
        for stage in stages:
            if isinstance(stage, str) or len(stage) != 2:
                raise InputError(
                    f"The stage {stage!r} is no pair of a time and a change.",
                    code="bad_stage",
                    hint='Write [("5 min", "pump.max_rate*=0")].',
                )
            when, what = stage
            begin = float(to_si(when, "time", "stage", bare_ok=True))
            if not begins[-1] <= begin < until:
                raise InputError(
                    f"A stage begins at {format_si(begin, 'time')}.",
                    code="bad_times",
                    hint=f"Give them in the order of time, before the end at {format_si(until, 'time')}.",
                )
            now = self._changed(now, rows, what)
            if begin == begins[-1]:
                held[-1] = now
            else:
                begins.append(begin)
                held.append(now)
        n = max(row.shape[1] for row in held)
        return np.array([*begins, until]), [np.broadcast_to(row, (len(row), n)) for row in held]

    def _changed(self, now: np.ndarray, first: np.ndarray, what: Any) -> np.ndarray:
        """Rows of values after changes."""
        for change in parse_changes(what):
            k = self._place(change.path)
            parameter = self.of.parameters[k]
            if parameter.fixed_at_start:
                raise InputError(
                    f"{parameter.path} describes how the cell starts; it cannot change during a run.",
                    code="fixed_at_start",
                    hint="Change a transport or a bath.",
                )
            if change.over or change.companion:
                raise InputError(
                    f"'{change}': stages are steps of what was prepared.",
                    code="bad_change",
                    hint="Use simulate or population for ramps; a companion is named in prepare.",
                )
            row = first[k]
            if change.operation == "scale":
                if parameter.spec.dimension == "temperature":
                    raise InputError(
                        f"'{change}': degC has no zero to scale from.",
                        code="bad_change",
                        hint='Set it, such as {"temperature": 32.0}.',
                    )
                row = now[k] * change.value
            elif change.operation == "set":
                row = np.atleast_1d(to_si(plain(change.value), parameter.spec.dimension, change.path, bare_ok=True))
            check(row, parameter.spec, parameter.path)
            n = max(now.shape[1], len(row))
            if not {now.shape[1], len(row)} <= {1, n}:
                raise InputError(
                    f"{change.path} changes to {len(row)} values in {now.shape[1]} lanes.",
                    code="bad_shape",
                    hint="Give a number, or one for each lane.",
                )
            now = np.array(np.broadcast_to(now, (len(now), n)))
            now[k] = row
        return now


def floats(given: Any, what: str) -> np.ndarray:
    """An array of numbers."""
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"The {what} given is no array of numbers, but {type(given).__name__}.",
            code="not_a_number",
            hint="Give numbers in door units, or values by path: texts with a unit may stand there.",
        ) from None


def path_of(cell: Cell, name: str) -> str:
    """The path that a name of a number means, or that of the strength of a transport."""
    try:
        return resolve(cell, split_companion(name)[0]).path
    except InputError:
        movers = assemble(cell).structure.movers
        if name in {label for m in movers for label in (m.label, f"{m.place}.{m.label}")}:
            return strength_of(cell, name)
        raise


def strength_of(cell: Cell, label: str) -> str:
    """The path of what switches a transport off."""
    movers = assemble(cell).structure.movers
    found = [m for m in movers if label in (m.label, f"{m.place}.{m.label}")]
    if len(found) != 1:
        names = [m.label for m in movers]
        raise InputError(
            f"'{label}' names {len(found) or 'no'} transport{'s' if len(found) > 1 else ''} of '{cell.name}'.",
            code="unknown_name",
            hint=f"Write {' or '.join(f'{m.place}.{m.label}' for m in found)}." if found else near_miss(label, names),
        )
    if not found[0].kind.strength:
        raise InputError(f"Nothing switches '{label}' off.", code="no_strength", hint="Vary its numbers as paths.")
    return found[0].path(found[0].kind.strength)
