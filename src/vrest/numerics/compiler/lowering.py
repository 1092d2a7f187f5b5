"""From what JAX traced to one LLVM function that takes a block of lanes through all of it, in registers.

XLA turns an integrator into some hundred loops that each go through memory; most of the time of a small cell goes
there. Here every operation of the trace becomes an instruction on a vector of lanes, and the loop around them a loop
of the machine. What cannot be written so (a call of LAPACK, a size that is not known) raises `UnsupportedError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from vrest.errors import InputError
from vrest.numerics.compiler.calls import Calls
from vrest.numerics.compiler.instructions import BIT, INT, LONG, REAL, Block, Value, long, real
from vrest.numerics.compiler.operations import (
    FUNCTIONS,
    REDUCTIONS,
    SHAPES,
    Array,
    each,
    negated,
    scalar,
)
from vrest.numerics.compiler.program import Constant, Operation, Trace, UnsupportedError, Variable
from vrest.numerics.compiler.trace import lanes_depend, place

BYTES = {REAL: 8, LONG: 8, INT: 4, BIT: 1}
STORED = {REAL: REAL, LONG: LONG, INT: INT, BIT: "i8"}
"""How a number lies in memory."""


class Memory(NamedTuple):
    """An output that a loop writes into (`samples.sample_room`): [lane,] row, time."""

    rows: int
    wide: bool


class Times:
    """The input that is read where it lies (`samples.sample_time`)."""


class Lowered(NamedTuple):
    """A module as text, and which of its outputs, if any, holds samples."""

    text: str
    samples: int | None


def lowered(trace: Trace, width: int) -> Lowered:
    """The LLVM module of a trace; `width` lanes in a vector. Its function is

    void run(ptr *table, i64 lanes, i64 lanes that take samples, i64 times)

    The table points at the numbers that have no lanes, in eight bytes each one after another (of what goes in, then of
    what comes out), at the times and the samples, then at each array with lanes, of which there is a whole number of
    vectors: those that go in, then those that come out.
    """
    return _Lowering(trace, width).module()


def _read_one_by_one(trace: Trace) -> Iterator[Any]:
    """What is read otherwise than as part of a group in memory."""
    yield from trace.outputs
    for op in trace.operations:
        if not op.settings.get("groups"):
            yield from op.inputs
        if op.name == "while":
            yield from _read_one_by_one(op.settings["condition"])
            yield from _read_one_by_one(op.settings["body"])


class _Lowering:
    def __init__(self, trace: Trace, width: int) -> None:
        self.b = Block(width)
        self.calls = Calls(self.b)
        self.trace = trace
        self.apart = set(_read_one_by_one(trace))
        self.found: dict[Variable, Any] = {}
        self.deciding = False
        """Whether it is the condition of a loop that is lowered."""

    def module(self) -> Lowered:
        b, trace = self.b, self.trace
        head: list[str] = []
        count = 0

        def pointer(name: str) -> str:
            nonlocal count
            head.append(f"  {name}.at = getelementptr ptr, ptr %table, i64 {count}")
            head.append(f"  {name} = load ptr, ptr {name}.at, !invariant.load !0")
            count += 1
            return name

        for name in ("%shared_in", "%shared_out", "%times", "%samples"):
            pointer(name)
        words = 0
        for k, v in enumerate(trace.inputs):
            if v.times:
                self.found[v] = Times()
            elif v.lanes:
                self.found[v] = self.loaded(pointer(f"%in{k}"), v.shape, v.kind)
            else:
                self.found[v] = self.read(words, v.shape, v.kind)
                words += int(np.prod(v.shape, dtype=int))
        samples, words = None, 0
        for k, (value, v) in enumerate(zip(self.run(trace), trace.outputs, strict=True)):
            if isinstance(value, Memory):
                samples = k if samples is None else -1
                continue
            elements = np.ravel(self.whole(value))
            if v.lanes:
                at = pointer(f"%out{k}")
                for row, element in enumerate(elements):
                    self.store(at, v.kind, row, element)
            elif any(v.lanes for v in trace.inputs):
                raise InputError(
                    "Something without lanes comes of lanes: each vector of them would tell another.",
                    code="lanes_depend",
                    hint="What a function of a batch returns ends with the axis of lanes.",
                )
            else:
                for row, element in enumerate(elements):
                    self.write(words + row, element)
                words += len(elements)
        if samples == -1:
            raise UnsupportedError("samples twice")
        declared = "\n".join(f"declare {text}" for text in dict.fromkeys(b.declared.values()))
        lines = [
            declared,
            *b.defined.values(),
            "define void @run(ptr noalias readonly %table, i64 %lanes, i64 %own, i64 %count) #0 {",
            "entry:",
            *self.calls.memory,
            *head,
            "  br label %head",
            "head:",
            "  %lane = phi i64 [0, %entry], [%following, %tail]",
            "  %more = icmp slt i64 %lane, %lanes",
            "  br i1 %more, label %begin, label %done",
            "begin:",
            *b.lines,
            "  br label %tail",
            "tail:",
            f"  %following = add i64 %lane, {b.width}",
            "  br label %head",
            "done:",
            "  ret void",
            "}",
            f'attributes #0 = {{ nounwind "prefer-vector-width"="{64 * b.width}" }}',
            "!0 = !{}",
            "",
        ]
        return Lowered("\n".join(lines), samples)

    # memory ---------------------------------------------------------------------------------------------------

    def constant(self, c: Constant) -> Array:
        found = np.empty(c.shape, dtype=object)
        for at in np.ndindex(c.shape):
            item = c.numbers[at].item()
            found[at] = real(item) if c.kind == REAL else Value(str(int(item)), c.kind)
        return found

    def address(self, pointer: str, kind: str, row: int) -> str:
        """Of a block of lanes."""
        b = self.b
        at = b.add(b.mul(long(row), Value("%lanes", LONG)), Value("%lane", LONG))
        return b.emit(f"getelementptr {STORED[kind]}, ptr {pointer}, i64 {at.text}", "ptr", False).text

    def loaded(self, pointer: str, shape: tuple[int, ...], kind: str) -> Array:
        """An array with lanes."""
        b = self.b
        found = np.empty(shape, dtype=object)
        stored = b.type_of(STORED[kind], True)
        for row, index in enumerate(np.ndindex(*shape)):
            at = self.address(pointer, kind, row)
            v = b.emit(f"load {stored}, ptr {at}, align {BYTES[kind]}, !invariant.load !0", kind, True)
            if kind == BIT:
                v = b.emit(f"trunc {stored} {v.text} to {b.type_of(BIT, True)}", BIT, True)
            found[index] = v
        return found

    def store(self, pointer: str, kind: str, row: int, v: Value) -> None:
        """A block of lanes."""
        b = self.b
        at, v = self.address(pointer, kind, row), b.widened(v)
        stored = b.type_of(STORED[kind], True)
        if kind == BIT:
            v = b.emit(f"zext {b.typed(v)} to {stored}", "i8", True)
        b.do(f"store {stored} {v.text}, ptr {at}, align {BYTES[kind]}")

    def read(self, first: int, shape: tuple[int, ...], kind: str) -> Array:
        """An array without lanes, from its first word."""
        b = self.b
        found = np.empty(shape, dtype=object)
        stored = REAL if kind == REAL else LONG
        for row, index in enumerate(np.ndindex(*shape)):
            at = b.emit(f"getelementptr {stored}, ptr %shared_in, i64 {first + row}", "ptr", False).text
            v = b.emit(f"load {stored}, ptr {at}, align 8, !invariant.load !0", stored, False)
            found[index] = b.convert(v, kind)
        return found

    def write(self, word: int, v: Value) -> None:
        """A number without lanes."""
        b = self.b
        stored = REAL if v.kind == REAL else LONG
        at = b.emit(f"getelementptr {stored}, ptr %shared_out, i64 {word}", "ptr", False).text
        b.do(f"store {stored} {b.convert(v, stored).text}, ptr {at}, align 8")

    def whole(self, value: Any) -> Array:
        """An operand entry by entry."""
        if isinstance(value, Memory | Times):
            raise UnsupportedError("samples or times as a whole")
        return value

    def one(self, value: Array) -> Value:
        """What an array without axes holds."""
        found: Any = value[()]
        return found

    def put(self, samples: Memory, place: Value, where: Value, *values: Value) -> Memory:
        """Store one value for each row at a place, each lane at its own."""
        b, place, count = self.b, self.b.convert(place, LONG), Value("%count", LONG)
        if not samples.wide:
            for row, v in enumerate(values):
                at = b.add(b.mul(long(row), count), place)
                pointer = b.emit(f"getelementptr double, ptr %samples, i64 {at.text}", "ptr", False).text
                old = Value(b.fresh(), REAL)  # what is not asked for is written back
                b.do(f"{old.text} = load double, ptr {pointer}, align 8")
                b.do(f"store double {b.select(where, v, old).text}, ptr {pointer}, align 8")
            return samples
        numbers = ", ".join(f"i64 {k}" for k in range(b.width))
        lane = b.add(Value("%lane", LONG), Value(f"<{numbers}>", LONG, True))
        where = b.op("and", where, b.compare("lt", lane, Value("%own", LONG)))
        pointers, name = f"<{b.width} x ptr>", f"llvm.masked.scatter.v{b.width}f64.v{b.width}p0"
        b.declared[name] = f"void @{name}(<{b.width} x double>, {pointers}, i32, <{b.width} x i1>)"
        for row, v in enumerate(values):
            at = b.add(b.mul(b.add(b.mul(lane, long(samples.rows)), long(row)), count), place)
            pointer = b.emit(f"getelementptr double, ptr %samples, {b.typed(at)}", "ptr", True).text
            mask = b.typed(b.widened(where))
            b.do(f"call void @{name}({b.typed(b.widened(v))}, {pointers} {pointer}, i32 8, {mask})")
        return samples

    def taken(self, place: Value) -> Value:
        """The time at a place, for each lane its own."""
        b = self.b
        place = b.convert(place, LONG)
        at = b.emit(f"getelementptr double, ptr %times, {b.typed(place)}", "ptr", place.wide).text
        if not place.wide:
            return b.emit(f"load double, ptr {at}, align 8, !invariant.load !0", REAL, False)
        pointers, vector = f"<{b.width} x ptr>", f"<{b.width} x double>"
        name = f"llvm.masked.gather.v{b.width}f64.v{b.width}p0"
        b.declared[name] = f"{vector} @{name}({pointers}, i32, <{b.width} x i1>, {vector})"
        every = b.typed(b.widened(Value("1", BIT)))
        return b.emit(f"call {vector} @{name}({pointers} {at}, i32 8, {every}, {vector} poison)", REAL, True)

    # what was traced ------------------------------------------------------------------------------------------

    def run(self, trace: Trace) -> list[Any]:
        """What comes out, its inputs being known."""

        def read(v: Variable | Constant) -> Any:
            return self.constant(v) if isinstance(v, Constant) else self.found[v]

        for op in trace.operations:
            values = [read(v) for v in op.inputs]
            try:
                found = self.loop(op, values) if op.name == "while" else self.apply(op, values)
            except UnsupportedError as error:
                raise UnsupportedError(error.what, error.where or place(op.at)) from error
            self.found |= zip(op.outputs, found, strict=True)
        return [read(v) for v in trace.outputs]

    def apply(self, op: Operation, values: list[Any]) -> list[Any]:
        name, made = op.name, op.outputs[0]
        if name == "sample_room":
            return [Memory(made.shape[0], made.lanes)]
        if name == "sample_put":
            samples, at, where, *rest = values
            return [self.put(samples, self.one(at), self.one(where), *(v for part in rest for v in part.flat))]
        if name == "sample_time":
            return [scalar(self.taken(values[1][()]))]
        values = [self.whole(v) for v in values]
        if name == "inserted":
            return self.inserted(op, values)
        if name in SHAPES:
            return SHAPES[name](op, values)
        if name in REDUCTIONS:
            return [self.reduced(op, values[0], REDUCTIONS[name])]
        if name == "dot_general":
            return [self.product(op, *values)]
        function = FUNCTIONS.get(name)
        if function is None:
            if any(v.lanes and len(v.shape) in op.settings.get("axes", ()) for v in op.inputs):
                raise lanes_depend(op.name, op.at)
            raise UnsupportedError(name)
        shape = made.shape
        if not shape and not any(v.ndim for v in values):
            return [scalar(function(self.b, op, *(v[()] for v in values)))]
        found = np.empty(shape, dtype=object)
        if made.lanes:  # an axis of one stands for all lanes
            values = [v[..., 0] if v.ndim > len(shape) else v for v in values]
        values = [np.broadcast_to(v, shape) for v in values]
        for at in np.ndindex(*shape):
            found[at] = function(self.b, op, *(v[at] for v in values))
        return [found]

    def inserted(self, op: Operation, values: list[Array]) -> list[Array]:
        program, groups = op.settings["program"], op.settings["groups"]
        if not groups or self.b is not self.calls.block:
            return self.written(program, values)

        def write(block: Block, given: list[Array]) -> list[Array]:
            outside, self.b = self.b, block
            made = self.written(program, given)
            self.b = outside
            return made

        wanted = [v in self.apart for v in op.outputs]
        return self.calls.called(program, values, groups, wanted, write)

    def written(self, program: Any, values: list[Array]) -> list[Array]:
        """What a program makes, its instructions being written here."""
        if isinstance(program, Trace):
            self.found |= zip(program.inputs, values, strict=True)
            return self.run(program)
        return [scalar(v) for v in program(self.b, [self.one(v) for v in values])]

    def reduced(self, op: Operation, value: Array, by: Callable[[Block, Value, Value], Value]) -> Array:
        shape, axes, name, b = op.inputs[0].shape, set(op.settings["axes"]), op.name, self.b
        over_lanes = op.inputs[0].lanes and len(shape) in axes
        if over_lanes and not (self.deciding and name in ("reduce_or", "reduce_and")):
            raise lanes_depend(op.name, op.at)
        kept = [k for k in range(len(shape)) if k not in axes]
        if 0 in shape:
            raise UnsupportedError(f"{name} of nothing")
        others = sorted(axes - {len(shape)})
        moved = np.transpose(value, [*kept, *others]).reshape(*(shape[k] for k in kept), -1)
        found = np.empty(moved.shape[:-1], dtype=object)
        for at in np.ndindex(*found.shape):
            total = moved[at][0]
            for v in moved[at][1:]:
                total = by(b, total, v)
            if over_lanes:
                total = b.any(total) if name == "reduce_or" else negated(b, op, b.any(negated(b, op, total)))
            found[at] = total
        return found

    def product(self, op: Operation, left: Array, right: Array) -> Array:
        """A product of small arrays without lanes."""
        of_left, of_right = op.settings["contracted"]
        shape = op.outputs[0].shape
        if op.settings["together"] != ((), ()) or any(v.lanes for v in op.inputs):
            raise UnsupportedError("a product along lanes")
        last = range(-len(of_left), 0)
        left, right = np.moveaxis(left, of_left, last), np.moveaxis(right, of_right, last)
        inner = int(np.prod(left.shape[left.ndim - len(of_left) :], dtype=int))
        if not inner:
            return np.full(shape, real(0.0))
        left, right = left.reshape(-1, inner), right.reshape(-1, inner)
        found = np.empty((len(left), len(right)), dtype=object)
        for i, j in np.ndindex(*found.shape):
            total = real(0.0)
            for x, y in zip(left[i], right[j], strict=True):
                total = self.b.fma(x, y, total)
            found[i, j] = total
        return found.reshape(shape)

    def loop(self, op: Operation, start: list[Any]) -> list[Any]:
        b, condition, body = self.b, op.settings["condition"], op.settings["body"]
        carried = condition.inputs
        enter, head, inside, after, ends = (b.fresh(p)[1:] for p in ("enter", "loop", "inside", "after", "ends"))
        b.do(f"br label %{enter}")
        b.label(enter)  # numbers that enter are made as wide as they are traced before the loop begins
        before = []
        for v, value in zip(carried, start, strict=True):
            if not isinstance(value, Memory):
                value = self.whole(value)
                value = each(b.widened, value) if v.lanes else value
            before.append(value)
        b.do(f"br label %{head}")
        b.label(head)
        phis, now = [], []
        for v, value in zip(carried, before, strict=True):
            if isinstance(value, Memory):
                now.append(value)
                continue
            here = np.empty(value.shape, dtype=object)
            for at in np.ndindex(*value.shape):
                name = b.fresh("phi")
                phis.append((name, b.type_of(v.kind, v.lanes), value[at].text, len(b.lines)))
                b.lines.append("")
                here[at] = Value(name, v.kind, v.lanes)
            now.append(here)
        self.deciding = True
        self.found |= zip(carried, now, strict=True)
        (more,) = self.run(condition)
        self.deciding = False
        b.do(f"br i1 {more[()].text}, label %{inside}, label %{after}")
        b.label(inside)
        after_head = dict(b.known)
        following = self.run(body)
        texts = []
        for v, value in zip(carried, following, strict=True):
            if not isinstance(value, Memory):
                texts += [(b.widened(e) if v.lanes else e).text for e in np.ravel(value)]
        b.do(f"br label %{ends}")
        b.label(ends)
        b.do(f"br label %{head}")
        for (name, kind, first, line), text in zip(phis, texts, strict=True):
            b.lines[line] = f"  {name} = phi {kind} [{first}, %{enter}], [{text}, %{ends}]"
        b.label(after)
        b.known = after_head  # what the body computed is not known here
        return now
