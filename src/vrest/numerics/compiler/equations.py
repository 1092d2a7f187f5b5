"""A right-hand side, traced once, as programs: its values, and its derivatives along single unknowns.

JAX says what the derivative of each sort of operation is; it is asked once for each, not once for each operation and
unknown. What an unknown does not reach is not computed along it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np

from vrest.numerics.compiler.instructions import REAL
from vrest.numerics.compiler.program import Constant, Operation, Trace, Variable, needed, reading
from vrest.numerics.compiler.trace import Count, Number, Step, constant, only_needed, read_again, variable

ONE, NONE = (Constant(np.asarray(number), REAL) for number in (1.0, 0.0))

Table = dict[Hashable, Any]
"""What stands for each name."""


class Equations:
    """Steps of a replay.

    Parameters
    ----------
    given
        The arrays that the programs take, by their names.
    known
        Arrays that stay what they are.
    steps
        What is done with them.
    outputs
        Names and numbers that come out.
    """

    def __init__(self, given: Table, known: Table, steps: Iterable[Step], outputs: Sequence[Any]) -> None:
        self.inputs = [variable(jax.typeof(v)) for v in given.values()]
        self.table: Table = {name: constant(v) for name, v in known.items()} | dict(
            zip(given, self.inputs, strict=True)
        )
        self.outputs = outputs
        self.operations: list[Operation] = []
        self.taken: list[_Taken] = []
        for step in steps:
            operands = [self.of(v) for v in step.operands]
            if counts := [v for v in operands if isinstance(v, Count)]:
                self.table |= dict.fromkeys(step.results, counts[0])
                continue
            self.taken.append(_Taken.of(step, operands))
            rule = self.taken[-1].rule(())
            anew = dict(zip(rule.inputs, operands, strict=True))
            self.operations += _again(rule.operations, anew, step.at)
            self.table |= zip(step.results, (anew.get(v, v) for v in rule.results), strict=True)

    def of(self, name: Any) -> Variable | Constant | Count:
        """What stands for a name or a number."""
        return constant(np.asarray(*name)) if isinstance(name, Number) else self.table[name]

    def values(self) -> Trace:
        """The program of all that comes out."""
        return only_needed(self.inputs, self.operations, [self.of(v) for v in self.outputs])

    def derivatives(self, columns: Sequence[tuple[Hashable, Sequence[int]]], *, values: bool = True) -> Trace:
        """The program of all that comes out and then, for each (unknown, rows), the derivatives of these along it."""
        operations, found = list(self.operations), [self.of(v) for v in self.outputs] if values else []
        for name, rows in columns:
            change: Table = {name: ONE}
            for taken in self.taken:
                if change.keys().isdisjoint(taken.names):
                    continue
                step = taken.step
                active = tuple(k for k, v in enumerate(step.operands) if not isinstance(v, Number) and v in change)
                rule = taken.rule(active)
                along = [change[step.operands[k]] for k in active]
                anew = dict(zip(rule.inputs, [*taken.operands, *along], strict=True))
                anew |= zip(rule.results, (self.table[v] for v in step.results), strict=True)
                operations += _again(rule.operations, anew, step.at)
                for result, v in zip(step.results, rule.changes, strict=True):
                    if v is not None:
                        change[result] = anew.get(v, v)
            of = [self.outputs[k] for k in rows]
            found += [NONE if isinstance(v, Number) else change.get(v, NONE) for v in of]
        return only_needed(self.inputs, operations, found)


def _again(operations: Sequence[Operation], anew: dict[Any, Any], at: Any) -> list[Operation]:
    """Operations on other arrays; `anew` says on which, and gets what they make."""
    found = []
    for op in operations:
        inputs = [anew.get(v, v) for v in op.inputs]
        outputs = [replace(v) for v in op.outputs]
        parts = {name: part for name, part in op.settings.items() if isinstance(part, Trace)}
        carried = {v: replace(v) for part in parts.values() for v in part.inputs}  # both parts of a loop know them
        settings = op.settings | {name: _inside(part, anew | carried) for name, part in parts.items()}
        anew |= zip(op.outputs, outputs, strict=True)
        found.append(Operation(op.name, inputs, outputs, settings, at))
    return found


def _inside(part: Trace, anew: dict[Any, Any]) -> Trace:
    """A part of a loop, which may read what lies outside."""
    operations = [op for one in part.operations for op in _again([one], anew, one.at)]
    return Trace([anew[v] for v in part.inputs], operations, [anew.get(v, v) for v in part.outputs])


class _Taken(NamedTuple):
    """A step and what it is done with."""

    step: Step
    names: frozenset[Hashable]
    """Of its operands."""
    operands: list[Any]
    sorts: tuple[Hashable, ...]
    """Shape, kind and lanes of each operand."""
    rules: dict[tuple[int, ...], _Rule]
    """Those asked for so far."""

    @classmethod
    def of(cls, step: Step, operands: list[Any]) -> _Taken:
        names = frozenset(v for v in step.operands if not isinstance(v, Number))
        return cls(step, names, operands, tuple((v.shape, v.kind, v.lanes) for v in operands), {})

    def rule(self, active: tuple[int, ...]) -> _Rule:
        """What it does where these of its operands change."""
        if (found := self.rules.get(active)) is None:
            asked = _Asked(self.step.kind, self.sorts, active, self.step, tuple(self.operands))
            self.rules[active] = found = _rule(asked)
        return found


@dataclass(frozen=True)
class _Asked:
    """A sort of step."""

    kind: Hashable
    sorts: tuple[Hashable, ...]
    active: tuple[int, ...]
    """The operands that change."""
    step: Step = field(compare=False)
    arrays: tuple[Any, ...] = field(compare=False)


class _Rule(NamedTuple):
    """What a sort of step does."""

    inputs: list[Any]
    """Its operands, and the changes of those that change."""
    operations: list[Operation]
    """Without those of the results where changes are asked for."""
    results: list[Any]
    changes: list[Any]
    """Of the results; None where they do not change."""


@lru_cache(maxsize=4096)
def _rule(asked: _Asked) -> _Rule:
    step, arrays, active = asked.step, asked.arrays, asked.active
    differ: list[int] = []

    def traced(*given: Any) -> list[Any]:
        values = list(given[: len(arrays)])
        if not active:
            return step.again(values)

        def along(*some: Any) -> tuple[list[Any], list[Any]]:
            own = list(values)
            for k, v in zip(active, some, strict=True):
                own[k] = v
            found = step.again(own)
            differ[:] = [k for k, v in enumerate(found) if v.dtype == np.float64]
            return [found[k] for k in differ], found

        at, directions = [values[k] for k in active], list(given[len(arrays) :])
        _, changes, found = jax.jvp(along, at, directions, has_aux=True)
        return [*found, *changes]

    done = read_again(traced, [*arrays, *(arrays[k] for k in active)])
    inputs, operations, outputs = done.inputs, done.operations, done.outputs
    results = outputs[: len(step.results)]
    if not active:
        return _Rule(inputs, operations, results, [])
    reached = set(inputs[len(arrays) :])
    for op in operations:
        if not reached.isdisjoint(reading(op)):
            reached.update(op.outputs)
    moved = dict(zip(differ, outputs[len(results) :], strict=True))
    changes = [moved[k] if moved.get(k) in reached else None for k in range(len(results))]
    others = [op for op in operations if not set(op.outputs) <= set(results)]
    return _Rule(inputs, needed(others, [v for v in changes if v is not None]), results, changes)
