"""Where a run or a search begins: the state that a cell describes, or one that was reached before."""

from __future__ import annotations

from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import parse_changes
from vrest.model.paths import resolve
from vrest.system.assemble import System
from vrest.system.structure import parameter_vector
from vrest.system.undefined import HINT, undefined_gate


def begin(system: System, cell: Cell, start: Any = None) -> np.ndarray:
    """The state (states,) to begin with, SI in the order of `system.states`: `start`, or what the cell describes.

    A state that is given is taken whole: gates are not set to their steady values, and every conserved total is the
    state's own. Amounts and volumes count in start volumes of `cell`, so that it must be a state of this cell, with
    whatever parameters.

    Raises
    ------
    InputError
        `bad_start`: no state of this cell; `undefined_rate`: a gate has no finite rate at the potential it describes.
    """
    if start is None:
        x = system.start(cell)
        if said := undefined_gate(system, x, parameter_vector(cell)):
            raise InputError(f"'{cell.name}' cannot start: {said}.", code="undefined_rate", hint=HINT)
        return x
    try:
        x = np.array(start, dtype=np.float64)
    except (TypeError, ValueError):
        raise _bad(cell, f"is {type(start).__name__}") from None
    if x.shape != (len(system.states),):
        raise _bad(cell, f"has the shape {x.shape}; '{cell.name}' has {len(system.states)} states")
    for (kind, name), value in zip(system.states, x, strict=True):
        if not np.isfinite(value) or (kind == "amount" and value < 0) or (kind == "volume" and value <= 0):
            raise _bad(cell, f"gives {kind} {name} the value {value:g}")
    return x


def refuse_start_values(cell: Cell, changes: Any) -> None:
    """Changes of what a state that is given holds already would have no effect: they are refused."""
    for change in parse_changes(changes):
        parameter = resolve(cell, change.path)
        if parameter.fixed_at_start:
            raise InputError(
                f"'{change}': {parameter.path} describes how the cell starts, and a state to start from is given.",
                code="fixed_at_start",
                hint="Change a transport or a bath, or leave `start` out.",
            )


def _bad(cell: Cell, problem: str) -> InputError:
    return InputError(
        f"The state to start from {problem}.",
        code="bad_start",
        hint=f"Take a state of '{cell.name}' itself, such as rest(cell).state or run.states[-1].",
    )
