"""From what JAX traced to one LLVM function that takes a block of lanes through all of it, in registers.

XLA turns an integrator into some hundred loops that each go through memory; most of the time of a small cell goes
there. Here every operation of the trace becomes an instruction on a vector of lanes, and the loop around them a loop
of the machine. What cannot be written so (a call of LAPACK, a size that is not known) raises `UnsupportedError`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jax.extend.core import Literal

from vrest.numerics.compiler.instructions import BIT, INT, LANES, LONG, REAL, TIMES, Block, Value, long, real
from vrest.numerics.compiler.operations import (
    FUNCTIONS,
    KINDS,
    REDUCTIONS,
    SHAPES,
    Array,
    UnsupportedError,
    each,
    negated,
    scalar,
    split_shape,
)

BYTES = {REAL: 8, LONG: 8, INT: 4, BIT: 1}
STORED = {REAL: REAL, LONG: LONG, INT: INT, BIT: "i8"}
"""How a number lies in memory."""


class Memory(NamedTuple):
    """An output that a loop writes into (`rows.sample_room`): [lane,] row, time."""

    rows: int
    wide: bool


class Times:
    """The input that is read where it lies (`rows.sample_time`)."""


class Lowered(NamedTuple):
    """A module as text, and which of its outputs, if any, holds samples."""

    text: str
    samples: int | None


def lowered(closed: Any, width: int) -> Lowered:
    """The LLVM module of a trace; `width` lanes in a vector. Its function is

    void run(ptr *table, i64 lanes, i64 lanes that take samples, i64 times)

    The table points at the numbers that have no lanes, in eight bytes each one after another (of what goes in, then of
    what comes out), at the times and the samples, then at each array with lanes, of which there is a whole number of
    vectors: those that go in, then those that come out.
    """
    return _Lowering(closed, width).module()


class _Lowering:
    def __init__(self, closed: Any, width: int) -> None:
        self.b = Block(width)
        self.closed = closed
        self.deciding = False
        """Whether it is the condition of a loop that is lowered."""

    def module(self) -> Lowered:
        b, jaxpr = self.b, self.closed.jaxpr
        outputs = [split_shape(v.aval) for v in jaxpr.outvars]
        head: list[str] = []
        count = 0

        def pointer(name: str) -> str:
            nonlocal count
            head.append(f"  {name}.at = getelementptr ptr, ptr %table, i64 {count}")
            head.append(f"  {name} = load ptr, ptr {name}.at, !invariant.load !0")
            count += 1
            return name

        for name in ("%given", "%told", "%times", "%samples"):
            pointer(name)
        environment: dict[Any, Any] = dict(zip(jaxpr.constvars, map(self.constant, self.closed.consts), strict=True))
        words = 0
        for k, v in enumerate(jaxpr.invars):
            if v.aval.shape == (TIMES,):
                environment[v] = Times()
                continue
            shape, kind, wide = split_shape(v.aval)
            environment[v] = self.loaded(pointer(f"%in{k}"), shape, kind) if wide else self.read(words, shape, kind)
            words += 0 if wide else int(np.prod(shape, dtype=int))
        found, samples, words = self.run(jaxpr, environment), None, 0
        for k, (value, (_, kind, wide)) in enumerate(zip(found, outputs, strict=True)):
            if isinstance(value, Memory):
                samples = k if samples is None else -1
                continue
            elements = np.ravel(self.whole(value))
            if wide:
                at = pointer(f"%out{k}")
                for row, element in enumerate(elements):
                    self.store(at, kind, row, element)
            elif any(split_shape(v.aval)[2] for v in jaxpr.invars if v.aval.shape != (TIMES,)):
                raise ValueError("Something without lanes comes of lanes: each vector of them would tell another.")
            else:
                for row, element in enumerate(elements):
                    self.write(words + row, element)
                words += len(elements)
        if samples == -1:
            raise UnsupportedError("samples twice")
        declared = "\n".join(f"declare {text}" for text in dict.fromkeys(b.declared.values()))
        lines = [
            declared,
            "define void @run(ptr noalias readonly %table, i64 %lanes, i64 %own, i64 %count) #0 {",
            "entry:",
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

    def constant(self, c: Any) -> Array:
        c = np.asarray(c)
        kind = KINDS.get(str(c.dtype))
        if kind is None or c.shape[-1:] == (LANES,):
            raise UnsupportedError(f"a constant {c.dtype}{list(c.shape)}")
        found = np.empty(c.shape, dtype=object)
        for place in np.ndindex(c.shape):
            item = c[place].item()
            found[place] = real(item) if kind == REAL else Value(str(int(item)), kind)
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
        for row, place in enumerate(np.ndindex(*shape)):
            at = self.address(pointer, kind, row)
            v = b.emit(f"load {stored}, ptr {at}, align {BYTES[kind]}, !invariant.load !0", kind, True)
            if kind == BIT:
                v = b.emit(f"trunc {stored} {v.text} to {b.type_of(BIT, True)}", BIT, True)
            found[place] = v
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
        for row, place in enumerate(np.ndindex(*shape)):
            at = b.emit(f"getelementptr {stored}, ptr %given, i64 {first + row}", "ptr", False).text
            v = b.emit(f"load {stored}, ptr {at}, align 8, !invariant.load !0", stored, False)
            found[place] = b.convert(v, kind)
        return found

    def write(self, word: int, v: Value) -> None:
        """A number without lanes."""
        b = self.b
        stored = REAL if v.kind == REAL else LONG
        at = b.emit(f"getelementptr {stored}, ptr %told, i64 {word}", "ptr", False).text
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

    def put(self, samples: Memory, place: Value, *rest: Value) -> Memory:
        """Store one value for each row at a place, each lane at its own."""
        b, (*values, where) = self.b, rest
        place, count = b.convert(place, LONG), Value("%count", LONG)
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

    def run(self, jaxpr: Any, environment: dict[Any, Any]) -> list[Any]:
        def read(v: Any) -> Any:
            if not isinstance(v, Literal):
                return environment[v]
            aval: Any = v.aval
            return self.constant(np.asarray(v.val, aval.dtype))

        for eqn in jaxpr.eqns:
            name = eqn.primitive.name
            if name == "while":
                found = self.loop(eqn, [read(v) for v in eqn.invars])
            else:
                found = self.apply(name, eqn, [read(v) for v in eqn.invars])
            environment |= dict(zip(eqn.outvars, found, strict=True))
        return [read(v) for v in jaxpr.outvars]

    def apply(self, name: str, eqn: Any, values: list[Any]) -> list[Any]:
        called = eqn.params["name"] if name in ("jit", "pjit") else ""
        if called == "sample_room":
            aval = eqn.outvars[0].aval
            return [Memory(aval.shape[0], aval.shape[-1] == LANES)]
        if called == "sample_put":
            samples, place, *rest = values
            return [self.put(samples, place[()], *(v[()] for v in rest))]
        if called == "sample_time":
            return [scalar(self.taken(values[1][()]))]
        inner = next((eqn.params[k] for k in ("jaxpr", "call_jaxpr") if k in eqn.params), None)
        if inner is not None and name in ("jit", "pjit", "custom_jvp_call", "closed_call", "core_call"):
            environment = dict(zip(inner.jaxpr.constvars, map(self.constant, inner.consts), strict=True))
            environment |= dict(zip(inner.jaxpr.invars, values, strict=True))
            return self.run(inner.jaxpr, environment)
        values = [self.whole(v) for v in values]
        if name in SHAPES:
            return SHAPES[name](eqn, values)
        if name in REDUCTIONS:
            return [self.reduced(eqn, values[0], REDUCTIONS[name])]
        if name == "dot_general":
            return [self.product(eqn, *values)]
        function = FUNCTIONS.get(name)
        if function is None:
            raise UnsupportedError(name)
        shape, _, wide = split_shape(eqn.outvars[0].aval)
        found = np.empty(shape, dtype=object)
        if wide:  # an axis of one stands for all lanes
            values = [v[..., 0] if v.ndim > len(shape) else v for v in values]
        values = [np.broadcast_to(v, shape) for v in values]
        for place in np.ndindex(*shape):
            found[place] = function(self.b, eqn, *(v[place] for v in values))
        return [found]

    def reduced(self, eqn: Any, value: Array, by: Callable[[Block, Value, Value], Value]) -> Array:
        shape, _, wide = split_shape(eqn.invars[0].aval)
        axes, name = set(eqn.params["axes"]), eqn.primitive.name
        if wide and len(shape) in axes:
            if not self.deciding or name not in ("reduce_or", "reduce_and") or len(axes) > 1 or shape:
                raise ValueError(f"{name} over lanes: a lane may look at others only to end a loop.")
            b, bits = self.b, self.one(value)
            return scalar(b.any(bits) if name == "reduce_or" else negated(b, eqn, b.any(negated(b, eqn, bits))))
        kept = [k for k in range(len(shape)) if k not in axes]
        if 0 in shape:
            raise UnsupportedError(f"{name} of nothing")
        moved = np.transpose(value, [*kept, *sorted(axes)]).reshape(*(shape[k] for k in kept), -1)
        found = np.empty(moved.shape[:-1], dtype=object)
        for place in np.ndindex(*found.shape):
            total = moved[place][0]
            for v in moved[place][1:]:
                total = by(self.b, total, v)
            found[place] = total
        return found

    def product(self, eqn: Any, left: Array, right: Array) -> Array:
        """A product of small arrays without lanes."""
        (of_left, of_right), together = eqn.params["dimension_numbers"]
        shape, _, wide = split_shape(eqn.outvars[0].aval)
        if wide or together != ((), ()) or any(split_shape(v.aval)[2] for v in eqn.invars):
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

    def loop(self, eqn: Any, values: list[Any]) -> list[Any]:
        b, params = self.b, eqn.params
        going, body = params["cond_jaxpr"], params["body_jaxpr"]
        of_going, of_body = params["cond_nconsts"], params["body_nconsts"]
        cond_consts, body_consts = values[:of_going], values[of_going : of_going + of_body]
        start = values[of_going + of_body :]
        carried = going.jaxpr.invars[of_going:]
        enter, head, inside, after, ends = (b.fresh(p)[1:] for p in ("enter", "loop", "inside", "after", "ends"))
        b.do(f"br label %{enter}")
        b.label(enter)  # numbers that enter are made as wide as they are traced before the loop begins
        before = []
        for v, value in zip(carried, start, strict=True):
            if not isinstance(value, Memory):
                value = self.whole(value)
                value = each(b.widened, value) if split_shape(v.aval)[2] else value
            before.append(value)
        b.do(f"br label %{head}")
        b.label(head)
        phis, now = [], []
        for v, value in zip(carried, before, strict=True):
            if isinstance(value, Memory):
                now.append(value)
                continue
            _, kind, wide = split_shape(v.aval)
            here = np.empty(value.shape, dtype=object)
            for place in np.ndindex(*value.shape):
                name = b.fresh("phi")
                phis.append((name, b.type_of(kind, wide), value[place].text, len(b.lines)))
                b.lines.append("")
                here[place] = Value(name, kind, wide)
            now.append(here)
        self.deciding = True
        (more,) = self.run(going.jaxpr, self.entered(going, cond_consts, now))
        self.deciding = False
        b.do(f"br i1 {more[()].text}, label %{inside}, label %{after}")
        b.label(inside)
        after_head = dict(b.known)
        following = self.run(body.jaxpr, self.entered(body, body_consts, now))
        texts = []
        for v, value in zip(carried, following, strict=True):
            if not isinstance(value, Memory):
                wide = split_shape(v.aval)[2]
                texts += [(b.widened(e) if wide else e).text for e in np.ravel(value)]
        b.do(f"br label %{ends}")
        b.label(ends)
        b.do(f"br label %{head}")
        for (name, kind, first, line), text in zip(phis, texts, strict=True):
            b.lines[line] = f"  {name} = phi {kind} [{first}, %{enter}], [{text}, %{ends}]"
        b.label(after)
        b.known = after_head  # what the body computed is not known here
        return now

    def entered(self, closed: Any, consts: list[Any], carried: list[Any]) -> dict[Any, Any]:
        environment = dict(zip(closed.jaxpr.constvars, map(self.constant, closed.consts), strict=True))
        return environment | dict(zip(closed.jaxpr.invars, [*consts, *carried], strict=True))
