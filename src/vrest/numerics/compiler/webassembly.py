"""The same modules for a browser: WebAssembly made by LLVM, in two forms, from the text that `lowered` writes.

What LLVM writes for a module without data that calls nothing outside is a whole WebAssembly module but for its exports,
so no linker is needed: the section of exports is added here. Memory and the stack pointer are imported as
`env.__linear_memory` and `env.__stack_pointer`, so that many modules share one memory; what is `FROM_OUTSIDE` is, too.

Binary format: WebAssembly Core Specification, https://www.w3.org/TR/wasm-core-2/#binary-modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from vrest.numerics.compiler.machine import COMPILING, in_order
from vrest.numerics.compiler.program import UnsupportedError

WIDTH = 2
"""Numbers in a vector of 128 bits, the only ones that there are."""

EXPORTED = "run"

FORMS = {"simd": (WIDTH, "+simd128,+bulk-memory,+sign-ext,+nontrapping-fptoint"), "plain": (1, "")}
"""Numbers in a vector and features of each form. The plain one needs what every browser with WebAssembly has."""

FROM_OUTSIDE = ("fmod",)
"""Functions that whoever runs a module gives it as `env.NAME`: remainders, which every language has to the last bit."""

_LONG_PRODUCT = """
define void @__multi3(ptr %out, i64 %a, i64 %ahigh, i64 %b, i64 %bhigh) {
  %a0 = and i64 %a, 4294967295
  %a1 = lshr i64 %a, 32
  %b0 = and i64 %b, 4294967295
  %b1 = lshr i64 %b, 32
  %p00 = mul i64 %a0, %b0
  %p01 = mul i64 %a0, %b1
  %p10 = mul i64 %a1, %b0
  %p11 = mul i64 %a1, %b1
  %up = lshr i64 %p00, 32
  %mid = add i64 %p10, %up
  %midlow = and i64 %mid, 4294967295
  %midhigh = lshr i64 %mid, 32
  %cross = add i64 %p01, %midlow
  %carry = lshr i64 %cross, 32
  %most = add i64 %p11, %midhigh
  %high = add i64 %most, %carry
  %one = mul i64 %a, %bhigh
  %other = mul i64 %ahigh, %b
  %both = add i64 %one, %other
  %highest = add i64 %high, %both
  %low = mul i64 %a, %b
  store i64 %low, ptr %out
  %next = getelementptr i64, ptr %out, i32 1
  store i64 %highest, ptr %next
  ret void
}
"""
"""What LLVM calls for products of 128 bits, by which `angles` reduces large ones."""

_CUSTOM, _IMPORT, _FUNCTION, _EXPORT, _DATA, _EVENT = 0, 2, 3, 7, 11, 13
_MAGIC = b"\0asm\1\0\0\0"


class Assembled(NamedTuple):
    """A kernel for a browser, and what is needed to call it as `lowered` says."""

    kinds: tuple[tuple[str, tuple[int, ...]], ...]
    """NumPy's character and shape without lanes of each array that goes in,"""
    wide: int
    """so many of them with lanes."""
    nesting: Any
    """Of what comes out, as `kernel.tree_of` takes it."""
    outputs: list[tuple[tuple[int, ...], str, bool]]
    """(shape without lanes, kind, whether there are lanes) of each."""
    samples: int | None
    """Which of them takes samples."""
    simd: bytes
    plain: bytes


def assembled(text: str, features: str) -> bytes:
    """A module that exports `run`, of the text that `lowered` writes."""
    import llvmlite.binding as llvm

    triple = "wasm32-unknown-unknown"
    with COMPILING:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        target = llvm.Target.from_triple(triple).create_target_machine(
            cpu="mvp", features=features, opt=2, reloc="static", codemodel="default"
        )
        if "@quarters(" in text:
            text = _LONG_PRODUCT + text
        head = f'target triple = "{triple}"\ntarget datalayout = "{target.target_data}"\n'
        parsed = llvm.parse_assembly(head + re.sub(r' "prefer-vector-width"="\d+"', "", text))
        parsed.verify()
        with in_order():  # a browser compiles it once more, and has an order of its own
            return module(target.emit_object(parsed))


def module(obj: bytes) -> bytes:
    """A relocatable object as a module that exports its last function.

    Raises
    ------
    UnsupportedError
        It calls another function from outside, or has data: that takes a linker.
    """
    sections = list(_sections(obj))
    brought = [each for kind, body in sections if kind == _IMPORT for each in _imports(body)]
    called = [name for name, kind in brought if kind == 0]
    if outside := [name for name in called if name not in FROM_OUTSIDE]:
        raise UnsupportedError(f"call of {' and '.join(outside)}", "WebAssembly")
    if any(kind == _DATA for kind, _ in sections):
        raise UnsupportedError("constants in memory", "WebAssembly")
    last = len(called) + sum(_number(body, 0)[0] for kind, body in sections if kind == _FUNCTION) - 1
    export = _leb(1) + _leb(len(EXPORTED)) + EXPORTED.encode() + b"\0" + _leb(last)
    found = bytearray(_MAGIC)
    done = False
    for kind, body in sections:
        if kind == _CUSTOM:
            continue  # names, relocations
        if not done and kind > _EXPORT and kind != _EVENT:
            found += bytes([_EXPORT]) + _leb(len(export)) + export
            done = True
        found += bytes([kind]) + _leb(len(body)) + body
    return bytes(found)


def _leb(n: int) -> bytes:
    """A whole number in seven bits a byte, the lowest first."""
    found = bytearray()
    while True:
        n, low = n >> 7, n & 127
        found.append(low | (128 if n else 0))
        if not n:
            return bytes(found)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at a place, and the place after it."""
    n = shift = 0
    while True:
        byte = data[at]
        n |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return n, at


def _sections(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind and the body of each."""
    at = len(_MAGIC)
    while at < len(data):
        kind = data[at]
        size, at = _number(data, at + 1)
        yield kind, data[at : at + size]
        at += size


def _imports(body: bytes) -> Iterator[tuple[str, int]]:
    """The name and the kind of each: 0 a function, 1 a table, 2 a memory, 3 a global."""
    count, at = _number(body, 0)
    for _ in range(count):
        names = []
        for _ in range(2):
            size, at = _number(body, at)
            names.append(body[at : at + size].decode())
            at += size
        kind, at = body[at], at + 1
        if kind == 1:
            at += 1  # what it holds
        if kind in (0, 3):
            at += 2 if kind == 3 else 0
            at = at if kind == 3 else _number(body, at)[1]
        else:
            limited, at = body[at] & 1, at + 1
            for _ in range(1 + limited):
                _, at = _number(body, at)
        yield names[1], kind
