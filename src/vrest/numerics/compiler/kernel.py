"""`Kernel`: a traced function as machine code of its own, for one problem or for many on a CPU.

Code is kept on disk with all that is needed to call it. Where it is found there, neither JAX nor LLVM's compiler has
anything to do, and JAX is not even imported: that is most of the start of a process.
"""

from __future__ import annotations

import ctypes
import gc
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from vrest.errors import InputError
from vrest.numerics.compiler.cache import keep, kept, made_directory, read, sources, written
from vrest.numerics.compiler.fallback import Fallback, made_by, say
from vrest.numerics.compiler.instructions import BIT, INT, LONG, REAL
from vrest.numerics.compiler.machine import compiled, loaded, machine
from vrest.numerics.compiler.webassembly import FORMS, Assembled, assembled

if TYPE_CHECKING:
    from vrest.numerics.compiler.program import Trace

DTYPES = {REAL: np.float64, LONG: np.int64, INT: np.int32, BIT: np.bool_}

LEAF = "leaf"

PATIENCE = 1.0
"""s of CPU: compiling that takes longer says so."""

PLUGINS = ("jax_plugins", "jax_cuda12_plugin", "jax_cuda13_plugin", "jax_rocm7_plugin")
"""What brings JAX another device; code is not kept from before it came."""


def leaves_of(tree: Any) -> tuple[list[Any], Any]:
    """The arrays of nested tuples, named or not, and how they are nested; None is empty."""
    leaves: list[Any] = []

    def look(part: Any) -> Any:
        if isinstance(part, tuple):
            return (type(part), *map(look, part))
        if part is not None:
            leaves.append(part)
        return None if part is None else LEAF

    return leaves, look(tree)


def tree_of(nesting: Any, leaves: Iterator[Any]) -> Any:
    """The inverse of `leaves_of`."""
    if nesting is None or nesting == LEAF:
        return None if nesting is None else next(leaves)
    kind, *parts = nesting
    inside = [tree_of(part, leaves) for part in parts]
    return tuple(inside) if kind is tuple else kind(*inside)


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with each of its arrays through a function."""
    leaves, nesting = leaves_of(tree)
    return tree_of(nesting, iter([function(leaf) for leaf in leaves]))


def _plain(v: Any) -> np.ndarray:
    """An array as machine code reads it."""
    v = np.asarray(v, order="C")
    return v if v.dtype.isnative else v.astype(v.dtype.newbyteorder("="))


def _filled(v: np.ndarray, lanes: int) -> np.ndarray:
    """With the last lane repeated up to so many."""
    whole, n = np.empty((*v.shape[:-1], lanes), v.dtype), v.shape[-1]
    whole[..., :n], whole[..., n:] = v, v[..., -1:]
    return whole


def _address(values: Any) -> int:
    """Where the numbers of an array begin; the quick way is for what can be written to."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(values))
    except (TypeError, ValueError):
        return values.ctypes.data


def _check_room(rows: int, times: Any, into: Any, n: int | None) -> None:
    """Whether there is room for the samples, and an end to their times."""
    shape = (rows, len(times)) if n is None else (n, rows, len(times))
    fits = into is not None and into.shape == shape and into.flags.c_contiguous and into.dtype == np.float64
    if not (fits and times.dtype == np.float64 and times.flags.c_contiguous and len(times) and times[-1] == np.inf):
        raise ValueError(f"Samples need room of shape {shape}, and times that end with infinity.")


class Kernel:
    """f(lanes, shared[, times]) -> tuples of arrays, compiled for each sort of arguments; arrays of NumPy in and out.

    On a CPU it is machine code of its own (see `lowering`), several times quicker than XLA's; on another device, and
    where something cannot be lowered, it is XLA's, and who listens by `fallbacks` is told so in each call.

    Compiling that takes longer than a second is told to the logger `vrest`, as a warning.

    The environment variable VREST_COMPILER chooses: `own` raises where something cannot be lowered, `xla` lowers
    nothing.

    Parameters
    ----------
    f
        Of two nested tuples of arrays, those of the first ending with the axis of lanes, those of the second without;
        and, where it takes samples, of their times. It may be called with any number of lanes and times.
        No lane may depend on another, but for a loop that goes on while any of them does; an `InputError` says so
        where one does, and where f asks how many lanes or times there are.
    key
        What f depends on apart from its arguments and the code of this package. Functions of one key share what is
        kept on disk; without a key nothing is kept.
    """

    def __init__(self, f: Callable[..., Any], key: str = "") -> None:
        self.f, self.key = f, key
        self.made: dict[Any, _Native | _Xla] = {}
        """Code for the sorts of arguments met so far."""

    def __call__(self, lanes: Any, shared: Any, times: np.ndarray | None = None, into: np.ndarray | None = None) -> Any:
        """`into` ([lanes,] rows, times) takes the samples; what was not passed stays as it is. The last time is inf."""
        (wide, of_lanes), (rest, of_shared) = leaves_of(lanes), leaves_of(shared)
        wide, rest = [_plain(v) for v in wide], [_plain(v) for v in rest]
        n = wide[0].shape[-1] if wide and wide[0].ndim else 1
        if [v for v in wide if v.shape[-1:] != (n,)]:
            raise ValueError(f"These differ in lanes: {[v.shape for v in wide]}.")
        asked = (tuple, of_lanes, of_shared), len(wide), _kinds(wide, rest), times is not None
        made = self.made.get(asked) or self.made.setdefault(asked, self._make(*asked))
        if isinstance(made, _Xla) and made.fallback is not None:
            say(made.fallback)
        whole = made.whole(n) if wide else 1
        if whole > n:
            wide = [_filled(v, whole) for v in wide]
        if times is not None:
            ((rows,), *_) = made.outputs[made.samples]
            _check_room(rows, times, into, n if wide else None)
        found = made.run(wide, rest, times, into, n, whole)
        if whole > n:
            found = [
                v[..., :n] if has_lanes and v is not into else v
                for v, (_, _, has_lanes) in zip(found, made.outputs, strict=True)
            ]
        return tree_of(made.nesting, iter(found))

    @property
    def native(self) -> bool:
        """Whether it is machine code of its own for all arguments met so far."""
        return all(isinstance(made, _Native) for made in self.made.values())

    def _make(self, nesting: Any, count: int, kinds: Any, sampled: bool) -> _Native | _Xla:
        name, chosen = "", _chosen()
        if self.key and chosen != "xla" and (source := sources()):
            devices = os.environ.get("JAX_PLATFORMS"), *(find_spec(name) is not None for name in PLUGINS)
            asked = (self.key, nesting, kinds, sampled, source, machine().name, devices)
            name = hashlib.sha256(repr(asked).encode()).hexdigest()[:32] + ".kernel"
            if found := read(kept(name)):
                return _Native(*found)
        with self._busy(bool(name)):
            return self._compiled(name, chosen, nesting, count, kinds, sampled)

    @contextmanager
    def _busy(self, kept: bool) -> Iterator[None]:
        """While equations are compiled."""
        what = f"Compiling equations ({self.key.split()[0]})" if self.key else "Compiling equations"
        with _said(what, kept=kept), _garbage_stays():
            yield

    def for_browser(self, lanes: Any, shared: Any, *, sampled: bool = False) -> Assembled:
        """The kernel as WebAssembly, for arguments of the sorts of these; kept on disk as machine code is.

        Raises
        ------
        UnsupportedError
            Something has no instruction there.
        """
        (wide, of_lanes), (rest, of_shared) = leaves_of(lanes), leaves_of(shared)
        kinds = _kinds([_plain(v) for v in wide], [_plain(v) for v in rest])
        asked = (tuple, of_lanes, of_shared), len(wide), kinds, sampled
        name = ""
        if self.key and (source := sources()):
            name = hashlib.sha256(repr((self.key, *asked, source, "wasm32")).encode()).hexdigest()[:32] + ".kernel"
            if found := read(kept(name)):
                nesting, outputs, samples, code = found
                size = int.from_bytes(code[:8], "little")
                return Assembled(kinds, len(wide), nesting, outputs, samples, code[8 : 8 + size], code[8 + size :])
        import vrest.numerics.compiler.backend  # noqa: F401  (float64)
        from vrest.numerics.compiler.lowering import lowered

        with self._busy(bool(name)):
            nesting, trace = self._traced(*asked)
            code, samples = {}, None
            for form, (width, features) in FORMS.items():
                text, samples = lowered(trace, width)
                code[form] = assembled(text, features)
        told = nesting, [(v.shape, v.kind, v.lanes) for v in trace.outputs], samples
        if name and sources():
            keep(name, written(*told, len(code["simd"]).to_bytes(8, "little") + code["simd"] + code["plain"]))
        return Assembled(kinds, len(wide), *told, **code)

    def _traced(self, nesting: Any, count: int, kinds: Any, sampled: bool) -> tuple[Any, Trace]:
        """How what comes out is nested, and the operations, in a form for code of our own."""
        from vrest.numerics.compiler.trace import Traced

        function, nestings = self._flat(nesting, len(kinds))
        with made_by("own"):
            traced = Traced(function, _arguments(count, kinds), sampled)
        trace = traced.trace()
        return nestings[-1], trace

    def _flat(self, nesting: Any, count: int) -> tuple[Callable[..., list[Any]], list[Any]]:
        """f of arrays one after the other, to a list of arrays; and where it tells how those are nested."""
        nestings: list[Any] = []

        def flat(*leaves: Any) -> list[Any]:
            given = tree_of(nesting, iter(leaves))
            found, nested = leaves_of(self.f(*given, *leaves[count:]))
            if any(isinstance(part, list | dict) for part in found):
                raise TypeError("A kernel returns arrays in tuples.")
            nestings.append(nested)
            return found

        return flat, nestings

    def _compiled(self, name: str, chosen: str, nesting: Any, count: int, kinds: Any, sampled: bool) -> _Native | _Xla:
        import jax

        import vrest.numerics.compiler.backend  # noqa: F401  (float64)
        from vrest.numerics.compiler.lowering import lowered
        from vrest.numerics.compiler.program import UnsupportedError
        from vrest.numerics.compiler.trace import Traced

        fallback = None
        if chosen != "xla" and jax.default_backend() == "cpu":
            try:
                nested, trace = self._traced(nesting, count, kinds, sampled)
                text, samples = lowered(trace, machine().width)
                code = compiled(text)
            except InputError:
                raise
            except Exception as error:  # XLA finds the same, more slowly
                if chosen == "own":
                    raise
                missing = isinstance(error, UnsupportedError)
                fallback = Fallback(*error.args) if missing else Fallback(f"{type(error).__name__}: {error}", "")
            else:
                made = (nested, [(v.shape, v.kind, v.lanes) for v in trace.outputs], samples, code)
                if name and sources():  # nothing was changed meanwhile
                    keep(name, written(*made))
                return _Native(*made)

        flat, nestings = self._flat(nesting, len(kinds))

        def short(*leaves: Any) -> list[Any]:
            with made_by("xla"):
                return flat(*leaves)

        outputs = Traced(short, _arguments(count, kinds), sampled).outputs
        samples = next((k for k, (*_, at_times) in enumerate(outputs) if at_times), None)
        return _Xla(nestings[-1], [(shape, "", wide) for shape, wide, _ in outputs], samples, jax.jit(short), fallback)


def _kinds(wide: list[np.ndarray], shared: list[np.ndarray]) -> Any:
    """The sort of each array that goes in: NumPy's character, and the shape without lanes."""
    return (*[(v.dtype.char, v.shape[:-1]) for v in wide], *[(v.dtype.char, v.shape) for v in shared])


def _arguments(count: int, kinds: Any) -> list[Any]:
    return [(shape, dtype, k < count) for k, (dtype, shape) in enumerate(kinds)]


@contextmanager
def _said(what: str, *, kept: bool) -> Iterator[None]:
    """Says what takes long, as the logger `vrest`, while it takes long."""
    begin, done = time.process_time(), Event()

    def tell() -> None:
        while not done.wait(0.1):
            if time.process_time() - begin > PATIENCE:
                again = "once: the code is kept on disk" if kept and made_directory() else "in each process"
                logging.getLogger("vrest").warning("%s: some seconds, %s.", what, again)
                return

    watcher = Thread(target=tell, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextmanager
def _garbage_stays() -> Iterator[None]:
    """A trace is very many objects, all kept: to look through them for garbage takes a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _chosen() -> str:
    """Which compiler VREST_COMPILER asks for; "" for our own where it can and XLA's elsewhere."""
    chosen = os.environ.get("VREST_COMPILER", "")
    if chosen not in ("", "own", "xla"):
        raise InputError(f"VREST_COMPILER is {chosen!r}.", code="bad_environment", hint="Allowed: own, xla.")
    return chosen


class _Native:
    """Machine code for one sort of arguments, and what comes out."""

    def __init__(self, nesting: Any, outputs: list[tuple[tuple[int, ...], str, bool]], samples: Any, code: bytes):
        self.nesting, self.outputs, self.samples = nesting, outputs, samples
        self.code, self.width = loaded(code), machine().width
        shared = [(str(k), v) for k, v in enumerate(outputs) if not v[2] and k != samples]
        fields = [(name, np.float64 if kind == REAL else np.int64, shape) for name, (shape, kind, _) in shared]
        self.shared_out = np.dtype([*fields, ("", np.int64)])
        """What comes out without lanes, in words of 8 bytes; one more, so that it is never empty."""

    def whole(self, n: int) -> int:
        """Lanes in whole vectors."""
        return -(-n // self.width) * self.width

    def run(self, wide: list[Any], shared: list[Any], times: Any, into: Any, own: int, lanes: int) -> list[Any]:
        words = [v.tobytes() if v.itemsize == 8 else v.astype(np.int64).tobytes() for v in shared]
        shared_in = bytearray(b"".join(words) + bytes(8))  # never empty
        shared_out = np.empty((), self.shared_out)
        found: list[Any] = []
        arrays = [shared_out if times is None else times, shared_out if into is None else into, *wide]
        for k, (shape, kind, has_lanes) in enumerate(self.outputs):
            if k == self.samples:
                found.append(into)
            elif has_lanes:
                found.append(np.empty((*shape, lanes), DTYPES[kind]))
                arrays.append(found[-1])
            else:
                found.append(shared_out[str(k)])
        addresses = [_address(a) for a in (shared_in, shared_out, *arrays)]
        self.code((ctypes.c_void_p * len(addresses))(*addresses), lanes, own, 0 if times is None else len(times))
        for k, (_, kind, has_lanes) in enumerate(self.outputs):
            if kind in (BIT, INT) and not has_lanes:
                found[k] = found[k].astype(DTYPES[kind])
        return found


class _Xla:
    """XLA's code for one sort of arguments, and what comes out."""

    def __init__(
        self,
        nesting: Any,
        outputs: list[tuple[tuple[int, ...], str, bool]],
        samples: Any,
        code: Callable[..., Any],
        fallback: Fallback | None,
    ):
        self.nesting, self.outputs, self.samples, self.code = nesting, outputs, samples, code
        self.fallback = fallback

    def whole(self, n: int) -> int:
        """Few sizes, because XLA compiles for each."""
        return max(32, 1 << (n - 1).bit_length())

    def run(self, wide: list[Any], shared: list[Any], times: Any, into: Any, own: int, lanes: int) -> list[Any]:
        found = [np.array(v) for v in self.code(*wide, *shared, *([] if times is None else [times]))]
        if into is not None:
            k = self.samples
            samples = np.moveaxis(found[k], -1, 0)[:own] if into.ndim == 3 else found[k]
            np.copyto(into, samples, where=~np.isnan(samples))
            found[k] = into
        return found
