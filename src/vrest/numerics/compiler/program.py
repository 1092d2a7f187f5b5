"""What is compiled: arrays, and operations that make arrays of arrays; `trace.py` makes it of what JAX traced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np


class UnsupportedError(Exception):
    """This trace needs another compiler: what has no instruction, and where it was asked for."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(what, where)
        self.what, self.where = what, where


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """An array that an operation makes or a trace is given."""

    shape: tuple[int, ...]
    """Without the axis of lanes, and without that of times."""
    kind: str
    lanes: bool = False
    """Whether there is a last axis of lanes."""
    times: bool = False
    """Whether there is an axis of times: the times themselves, or the samples of each row at them."""


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """An array that is known."""

    numbers: np.ndarray
    kind: str

    lanes = times = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.numbers.shape


class Operation(NamedTuple):
    """Makes its outputs of its inputs."""

    name: str
    inputs: list[Any]
    """Of `Variable` and `Constant`."""
    outputs: list[Variable]
    settings: dict[str, Any]
    """What else it depends on; axes count that of lanes as the last."""
    at: Any
    """Where it was asked for, for `place`."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Trace:
    """Operations in their order."""

    inputs: list[Variable]
    operations: list[Operation]
    outputs: list[Any]


def needed(operations: list[Operation], outputs: list[Any]) -> list[Operation]:
    """Those operations from which the outputs come; what was traced in vain is gone."""
    wanted = {id(v) for v in outputs}
    kept: list[Operation] = []
    for op in reversed(operations):
        if any(id(v) in wanted for v in op.outputs):
            kept.append(op)
            wanted.update(map(id, reading(op)))
    return kept[::-1]


def reading(op: Operation) -> Iterator[Any]:
    """All that an operation reads, with what its loop reads from outside."""
    yield from op.inputs
    if op.name == "while":
        for part in (op.settings["condition"], op.settings["body"]):
            yield from part.outputs
            for inner in part.operations:
                yield from reading(inner)
