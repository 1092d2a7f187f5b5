"""LLVM instructions of one block of lanes, written as text: numbers, vectors of lanes, and elementary functions.

A value knows its text and type. One whose `wide` is false is the same on every lane and kept as a plain number until
it meets a vector. What has been computed once is not computed again.
"""

from __future__ import annotations

import operator
import struct
from dataclasses import dataclass
from typing import Any

REAL, LONG, INT, BIT = "double", "i64", "i32", "i1"

_WHOLE = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
}


@dataclass(frozen=True, slots=True)
class Value:
    """A number, or one for each lane."""

    text: str
    kind: str
    wide: bool = False

    @property
    def known(self) -> bool:
        """Whether it is a whole number that is known while code is made."""
        return self.kind != REAL and not self.wide and self.text[0] not in "%p"


def real(x: float) -> Value:
    """A constant."""
    return Value(f"0x{struct.unpack('<Q', struct.pack('<d', float(x)))[0]:016x}", REAL)


def long(x: int) -> Value:
    return Value(str(int(x)), LONG)


class Block:
    """Instructions in the making; `width` lanes go through each of those that are wide."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self.defined: dict[str, str] = {}
        """Functions that are called, by their names."""
        self.known: dict[Any, Value] = {}
        self._count = 0

    def fresh(self, prefix: str = "v") -> str:
        self._count += 1
        return f"%{prefix}{self._count}"

    def type_of(self, kind: str, wide: bool) -> str:
        return f"<{self.width} x {kind}>" if wide else kind

    def typed(self, v: Value) -> str:
        return f"{self.type_of(v.kind, v.wide)} {v.text}"

    def emit(self, text: str, kind: str, wide: bool) -> Value:
        """The value of an instruction without side effects."""
        found = self.known.get(text)
        if found is None:
            found = Value(self.fresh(), kind, wide)
            self.lines.append(f"  {found.text} = {text}")
            self.known[text] = found
        return found

    def do(self, text: str) -> None:
        self.lines.append(f"  {text}")

    def label(self, name: str) -> None:
        self.lines.append(f"{name}:")

    def widened(self, v: Value) -> Value:
        """The same on every lane."""
        if v.wide:
            return v
        one, many = v.kind, self.type_of(v.kind, True)
        if v.text[0] != "%":  # a constant
            return Value("<" + ", ".join([f"{one} {v.text}"] * self.width) + ">", one, True)
        first = self.emit(f"insertelement {many} poison, {one} {v.text}, i32 0", one, True)
        zeros = f"<{self.width} x i32> zeroinitializer"
        return self.emit(f"shufflevector {many} {first.text}, {many} poison, {zeros}", one, True)

    def together(self, *values: Value) -> tuple[Value, ...]:
        """All of them wide if one is."""
        return tuple(map(self.widened, values)) if any(v.wide for v in values) else values

    # operations -----------------------------------------------------------------------------------------------

    def op(self, name: str, a: Value, b: Value) -> Value:
        """a (op) b; `contract` lets a product and a sum become one rounding."""
        if name in _WHOLE and a.known and b.known:  # such as places in an array
            found = _WHOLE[name](int(a.text), int(b.text))
            if abs(found) < 1 << 31:
                return Value(str(found), a.kind)
        a, b = self.together(a, b)
        flags = " contract" if name in ("fadd", "fsub", "fmul") else ""
        return self.emit(f"{name}{flags} {self.typed(a)}, {b.text}", a.kind, a.wide)

    def add(self, a: Value, b: Value) -> Value:
        return self.op("fadd" if a.kind == REAL else "add", a, b)

    def sub(self, a: Value, b: Value) -> Value:
        return self.op("fsub" if a.kind == REAL else "sub", a, b)

    def mul(self, a: Value, b: Value) -> Value:
        return self.op("fmul" if a.kind == REAL else "mul", a, b)

    def div(self, a: Value, b: Value) -> Value:
        return self.op("fdiv", a, b)

    def neg(self, a: Value) -> Value:
        if a.kind == REAL:
            return self.emit(f"fneg {self.typed(a)}", REAL, a.wide)
        return self.sub(Value("0", a.kind), a)

    def compare(self, how: str, a: Value, b: Value) -> Value:
        """how: eq, ne, lt, le, gt, ge; false where one is not a number, but for ne."""
        if a.known and b.known:
            return Value(str(int(getattr(operator, how)(int(a.text), int(b.text)))), BIT)
        a, b = self.together(a, b)
        if a.kind == REAL:
            code = "fcmp " + ("une" if how == "ne" else "o" + how)
        else:
            code = "icmp " + (how if how in ("eq", "ne") else ("u" if a.kind == BIT else "s") + how)
        return self.emit(f"{code} {self.typed(a)}, {b.text}", BIT, a.wide)

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        if condition.known:
            return yes if int(condition.text) else no
        yes, no = self.together(yes, no)
        if condition.wide:
            yes, no = self.widened(yes), self.widened(no)
        return self.emit(f"select {self.typed(condition)}, {self.typed(yes)}, {self.typed(no)}", yes.kind, yes.wide)

    def largest(self, a: Value, b: Value, how: str = "gt") -> Value:
        """The larger (`lt`: the smaller) of two, either of equal zeros; not a number where one is not."""
        found = self.select(self.compare(how, a, b), a, b)
        return self.select(self.unordered(a), a, found) if a.kind == REAL else found

    def unordered(self, a: Value) -> Value:
        return self.emit(f"fcmp uno {self.typed(a)}, {a.text}", BIT, a.wide)

    def call(self, name: str, *values: Value) -> Value:
        """An intrinsic of LLVM that takes numbers to a number."""
        values = self.together(*values)
        kind = self.type_of(values[0].kind, values[0].wide)
        suffix = f"v{self.width}f64" if values[0].wide else "f64"
        self.declared[f"llvm.{name}.{suffix}"] = f"{kind} @llvm.{name}.{suffix}({', '.join([kind] * len(values))})"
        given = ", ".join(map(self.typed, values))
        return self.emit(f"call {kind} @llvm.{name}.{suffix}({given})", REAL, values[0].wide)

    def cast(self, how: str, a: Value, kind: str) -> Value:
        return self.emit(f"{how} {self.typed(a)} to {self.type_of(kind, a.wide)}", kind, a.wide)

    def convert(self, a: Value, kind: str) -> Value:
        """Of another type, as NumPy converts; not from a real number to a whole one."""
        sizes = {BIT: 1, INT: 32, LONG: 64}
        if a.kind == kind:
            return a
        if a.known and kind in (INT, LONG):
            return Value(a.text, kind)
        if kind == REAL:
            return self.cast("uitofp" if a.kind == BIT else "sitofp", a, REAL)
        if kind == BIT:
            return self.compare("ne", a, real(0.0) if a.kind == REAL else Value("0", a.kind))
        if sizes[kind] < sizes[a.kind]:
            return self.cast("trunc", a, kind)
        return self.cast("zext" if a.kind == BIT else "sext", a, kind)

    def any(self, a: Value) -> Value:
        """Whether a bit is set on some lane."""
        if not a.wide:
            return a
        packed = self.emit(f"bitcast {self.typed(a)} to i{self.width}", f"i{self.width}", False)
        return self.emit(f"icmp ne i{self.width} {packed.text}, 0", BIT, False)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        return self.add(self.mul(a, b), c)

    def horner(self, x: Value, coefficients: list[float]) -> Value:
        """A polynomial, highest coefficient first, in pairs so that the processor can work on several at once."""
        terms = [real(c) for c in reversed(coefficients)]
        power = x
        while len(terms) > 1:
            paired = [self.fma(terms[k + 1], power, terms[k]) for k in range(0, len(terms) - 1, 2)]
            terms = paired + terms[len(paired) * 2 :]
            power = self.mul(power, power)
        return terms[0]

    def power(self, x: Value, n: int) -> Value:
        """x to an integer."""
        if n < 0:
            return self.div(real(1.0), self.power(x, -n))
        found, square = None, x
        while n:
            if n & 1:
                found = square if found is None else self.mul(found, square)
            n >>= 1
            if n:
                square = self.mul(square, square)
        return real(1.0) if found is None else found
