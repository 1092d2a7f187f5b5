"""The processor of this process: machine code made for it by LLVM, and brought into memory."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

LONG = 20_000
"""Lines of a module beyond which LLVM does not look for a better order of instructions: it takes a quarter of the time,
and where so many numbers wait in memory the code that comes out is no quicker."""


class Machine(NamedTuple):
    """The processor that code is made for, and where made code lives in this process."""

    target: Any
    engine: Any
    name: str
    width: int
    """Numbers in a vector."""


COMPILING = Lock()
"""LLVM is asked by one thread at a time."""


def machine() -> Machine:
    """The same for all threads: an engine that is let go takes its code along."""
    with COMPILING:
        return _machine()


@cache
def _machine() -> Machine:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features, name = llvm.get_host_cpu_features(), llvm.get_host_cpu_name()

    def target() -> Any:
        triple = llvm.Target.from_default_triple()
        return triple.create_target_machine(cpu=name, features=features.flatten(), opt=1, jit=True)

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())  # which takes its target
    described = f"{name} {features.flatten()} {llvm.llvm_version_info}"
    return Machine(target(), engine, described, 8 if features.get("avx512f") else 4)


def has_symbol(name: str) -> bool:
    """Whether made code may call a function of this process, such as one of C's mathematics."""
    import llvmlite.binding as llvm

    machine()
    return llvm.address_of_symbol(name) is not None


def compiled(text: str) -> bytes:
    """Machine code of a module as `lowered` writes it."""
    import llvmlite.binding as llvm

    target = machine().target
    with COMPILING:
        module = llvm.parse_assembly(text.replace("@run(", f"@{_name(text.encode())}("))
        module.verify()
        # no passes: `lowered` leaves little to improve, and they take longer than all the rest
        with in_order() if text.count("\n") > LONG else nullcontext():
            return _name(text.encode()).encode() + target.emit_object(module)


@contextmanager
def in_order() -> Iterator[None]:
    """While LLVM does not look for a better order of instructions."""
    import llvmlite.binding as llvm

    order = "-enable-misched={}".format
    llvm.set_option("vrest", order("false"))
    try:
        yield
    finally:
        llvm.set_option("vrest", order("true"))


def _name(content: bytes) -> str:
    return "run_" + hashlib.sha256(content).hexdigest()[:28]


def loaded(code: bytes) -> Callable[..., None]:
    """The function of what `compiled` gave."""
    import llvmlite.binding as llvm

    name, engine = code[:32].decode(), machine().engine
    with COMPILING:
        if not (address := engine.get_function_address(name)):
            engine.add_object_file(llvm.ObjectFileRef.from_data(code[32:]))
            engine.finalize_object()
            address = engine.get_function_address(name)
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, *[ctypes.c_int64] * 3)(address)
