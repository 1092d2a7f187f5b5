"""A kernel as a browser runs it, in Python: WebAssembly by wasmtime, called as web/src/engine.js does."""

from __future__ import annotations

import ctypes
import math
from typing import Any

import numpy as np
import pytest

from vrest.numerics.compiler.kernel import DTYPES, leaves_of, tree_of
from vrest.numerics.compiler.webassembly import WIDTH, Assembled

PAGE, STACK = 1 << 16, 1 << 20


class InBrowser:
    """Takes and gives what `Kernel` does."""

    def __init__(self, made: Assembled, form: str = "simd") -> None:
        wasmtime = pytest.importorskip("wasmtime", reason="pip install wasmtime")
        self.made, self.store = made, wasmtime.Store()
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(64, None)))
        kind = wasmtime.GlobalType(wasmtime.ValType.i32(), True)
        stack = wasmtime.Global(self.store, kind, wasmtime.Val.i32(STACK))
        module = wasmtime.Module(self.store.engine, getattr(made, form))
        double = wasmtime.ValType.f64()
        fmod = wasmtime.Func(self.store, wasmtime.FuncType([double, double], [double]), math.fmod)
        given = {"__linear_memory": self.memory, "__stack_pointer": stack, "fmod": fmod}
        instance = wasmtime.Instance(self.store, module, [given[i.name] for i in module.imports])
        self.run = instance.exports(self.store)["run"]

    def __call__(self, lanes: Any, shared: Any, times: np.ndarray | None = None, into: np.ndarray | None = None) -> Any:
        wide, rest = leaves_of(lanes)[0], leaves_of(shared)[0]
        wide = [np.asarray(v) for v in wide]
        n = wide[0].shape[-1]
        whole = -(-n // WIDTH) * WIDTH
        words = [np.asarray(v) for v in rest]
        words = [v if v.itemsize == 8 else v.astype(np.int64) for v in words]
        given = [np.concatenate([np.ravel(v).view(np.int64) for v in words] + [np.zeros(1, np.int64)])]
        given += [np.zeros(64), np.zeros(1) if times is None else times, np.zeros(1) if into is None else into]
        given += [np.concatenate([v, np.repeat(v[..., -1:], whole - n, axis=-1)], axis=-1) for v in wide]
        outs = [
            np.empty((*shape, whole), DTYPES[kind])
            for k, (shape, kind, _) in enumerate(self.made.outputs)
            if k != self.made.samples
        ]
        assert all(wide for k, (_, _, wide) in enumerate(self.made.outputs) if k != self.made.samples)
        at, places = STACK, []
        for v in (*given, *outs):
            places.append(at)
            at += -(-max(v.nbytes, 1) // 16) * 16
        table = np.array(places, dtype=np.uint32)
        if (more := at + table.nbytes - self.memory.data_len(self.store)) > 0:
            self.memory.grow(self.store, -(-more // PAGE))
        for v, place in zip((*given, table), (*places[: len(given)], at), strict=True):
            self.view(place, v)[...] = v
        self.run(self.store, at, whole, n, 0 if times is None else len(times))
        found = [self.view(place, v)[..., :n].copy() for v, place in zip(outs, places[len(given) :], strict=True)]
        if into is not None:
            into[...] = self.view(places[3], into)
            found.insert(self.made.samples, into)
        return tree_of(self.made.nesting, iter(found))

    def view(self, at: int, like: np.ndarray) -> np.ndarray:
        """An array in its memory."""
        base = ctypes.addressof(self.memory.data_ptr(self.store).contents)
        return np.ndarray(like.shape, like.dtype, (ctypes.c_char * max(like.nbytes, 1)).from_address(base + at))
