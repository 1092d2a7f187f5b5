"""Long programs that are taken again and again: functions of their own, which are called, with numbers in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from vrest.numerics.compiler.instructions import Block, Value
from vrest.numerics.compiler.operations import each
from vrest.numerics.compiler.program import Trace

Write = Callable[[Block, list[np.ndarray]], list[np.ndarray]]
"""Writes a program into a block, from the arrays that it takes; returns those that it makes."""


class _Function(NamedTuple):
    """What is called."""

    name: str
    arrays: list[np.ndarray]
    """What comes out, as values inside of it."""


class Calls:
    """The functions that a block calls, and the memory of what they take and make.

    Each number has a place as large as a vector. Where numbers lie that were given or made together is known as long
    as they are: they are given again without a copy.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.places = 0
        """In memory."""
        self.functions: dict[Any, _Function] = {}
        self.unread: dict[Value, tuple[int, str]] = {}
        """What lies in memory alone, and the line that would read it, with its place."""

    @property
    def memory(self) -> list[str]:
        """The line that makes room for it, where there is something."""
        b = self.block
        vector = f"<{b.width} x double>"
        return [f"  %memory = alloca {vector}, i64 {self.places}, align {8 * b.width}"] if self.places else []

    def called(
        self,
        program: Any,
        values: Sequence[np.ndarray],
        groups: tuple[int, ...],
        wanted: Sequence[bool],
        write: Write,
    ) -> list[np.ndarray]:
        """What a program makes of values, which lie in groups of so many.

        What is not wanted but as part of a group stays in memory.
        """
        b, first = self.block, 0
        parts: list[dict[Value, int]] = []
        for count in groups:
            parts.append(_places(values[first : first + count]))
            first += count
        made = self._function(program, values, groups, parts, write)
        pointers = [self._together(part) for part in parts]
        inside = _places(made.arrays)
        out = self._room(len(inside))
        b.do(f"call void @{made.name}({', '.join(f'ptr {p}' for p in (out, *pointers))})")
        here = {v: Value(b.fresh(), v.kind, v.wide) for v in inside}
        needed = {v for array, wants in zip(made.arrays, wanted, strict=True) if wants for v in array.flat}
        for v, place in inside.items():
            b.do(f"{here[v].text} = load {b.type_of(v.kind, v.wide)}, ptr {_at(b, out, place)}")
            if v not in needed:
                self.unread[here[v]] = len(b.lines) - 1, b.lines[-1]
                b.lines[-1] = ""
        b.known[_key(here.values())] = Value(out, "ptr")

        def outside(v: Value) -> Value:
            return here.get(v, v)

        return [each(outside, array) for array in made.arrays]

    def _together(self, part: dict[Value, int]) -> str:
        """Where these lie side by side."""
        b = self.block
        if (found := b.known.get(_key(part))) is None:
            found = b.known[_key(part)] = Value(self._room(len(part)), "ptr")
            for v, place in part.items():
                if v in self.unread:
                    where, line = self.unread.pop(v)
                    b.lines[where] = line
                b.do(f"store {b.typed(v)}, ptr {_at(b, found.text, place)}")
        return found.text

    def _room(self, count: int) -> str:
        b, self.places = self.block, self.places + count
        return b.emit(f"getelementptr <{b.width} x double>, ptr %memory, i64 {self.places - count}", "ptr", False).text

    def _function(
        self,
        program: Any,
        values: Sequence[np.ndarray],
        groups: tuple[int, ...],
        parts: list[dict[Value, int]],
        write: Write,
    ) -> _Function:
        places = {v: (k, at) for k, part in enumerate(parts) for v, at in part.items()}
        sorts = tuple((v.kind, v.wide, places[v]) if v in places else v.text for array in values for v in array.flat)
        asked = program, groups, sorts
        if isinstance(program, Trace) and asked in self.functions:
            return self.functions[asked]
        b = self.block
        inner = Block(b.width)
        inner.declared, inner.defined = b.declared, b.defined

        def read(v: Value) -> Value:
            if v not in places:
                return v
            group, at = places[v]
            pointer = _at(inner, f"%group{group}", at)
            return inner.emit(f"load {b.type_of(v.kind, v.wide)}, ptr {pointer}", v.kind, v.wide)

        given = [each(read, array) for array in values]
        made = write(inner, given)
        for v, at in _places(made).items():
            inner.do(f"store {inner.typed(v)}, ptr {_at(inner, '%out', at)}")
        taken = ", ".join(["ptr noalias %out", *(f"ptr noalias readonly %group{k}" for k in range(len(groups)))])
        body = "\n".join([f"({taken}) #0 {{", "entry:", *inner.lines, "  ret void", "}"])
        if body not in self.functions:
            name = f"part{len(self.functions)}"
            b.defined[name] = f"define internal void @{name}{body}"
            self.functions[body] = _Function(name, made)
        self.functions[asked] = function = self.functions[body]._replace(arrays=made)
        return function


def _varies(v: Value) -> bool:
    """Whether a number is known only when the code runs."""
    return v.text[0] == "%"


def _places(arrays: Sequence[np.ndarray]) -> dict[Value, int]:
    """Where each number of a group lies in it."""
    return {v: k for k, v in enumerate(dict.fromkeys(v for array in arrays for v in array.flat if _varies(v)))}


def _key(part: Iterable[Value]) -> Any:
    return ("together", *(v.text for v in part))


def _at(b: Block, pointer: str, place: int) -> str:
    return b.emit(f"getelementptr <{b.width} x double>, ptr {pointer}, i64 {place}", "ptr", False).text
