"""What JAX traced, as plain operations: the one file that knows how a version of JAX describes them.

Calls are written out, operations that only rename are gone, and the settings of an operation have names of our own.
The numbers of lanes and of times are symbols while a function is traced, so that no number comes of them: a function
that asks how many lanes there are is refused.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax._src import source_info_util
from jax._src.export.shape_poly import InconclusiveDimensionOperation, symbolic_shape
from jax.core import ShapedArray, Tracer
from jax.extend.core import Literal, Primitive
from jax.interpreters import ad, batching, mlir

from vrest.errors import InputError
from vrest.numerics.compiler.instructions import BIT, INT, LONG, REAL
from vrest.numerics.compiler.program import Constant, Operation, Trace, UnsupportedError, Variable, needed

KINDS = {np.dtype(np.float64): REAL, np.dtype(np.int64): LONG, np.dtype(np.int32): INT, np.dtype(np.bool_): BIT}

NUMPY = {kind: dtype for dtype, kind in KINDS.items()}

LANES, TIMES = symbolic_shape("lanes, times", constraints=("lanes >= 2", "times >= 2"))
"""The number of lanes and of times in a trace: no code is made for one of either."""


# from JAX -----------------------------------------------------------------------------------------------------

CALLS = {
    **dict.fromkeys(("jit", "pjit", "remat", "checkpoint", "remat2"), "jaxpr"),
    **dict.fromkeys(("closed_call", "core_call", "custom_jvp_call", "custom_vjp_call"), "call_jaxpr"),
    "custom_vjp_call_jaxpr": "fun_jaxpr",
}
"""Operations that are calls, and where they keep what is called."""

RENAMES = {"copy", "copy_p", "device_put", "stop_gradient", "optimization_barrier"}
"""Operations whose outputs are their inputs."""

NAMES = {"squeeze": "reshape", "expand_dims": "reshape", "add_any": "add"}
"""Those that mean the same as others."""


def _places(p: dict[str, Any]) -> dict[str, Any]:
    d = p["dimension_numbers"]
    found = {name: tuple(getattr(d, name)) for name in ("offset_dims", "collapsed_slice_dims", "start_index_map")}
    batching = tuple(d.operand_batching_dims), tuple(d.start_indices_batching_dims)
    return found | {"batching": batching, "sizes": p["slice_sizes"], "clip": p["mode"].name == "CLIP"}


def _slices(p: dict[str, Any]) -> dict[str, Any]:
    strides = p["strides"] or [1] * len(p["start_indices"])
    return {"slices": [*map(slice, p["start_indices"], p["limit_indices"], strides)]}


def _reduced(p: dict[str, Any]) -> dict[str, Any]:
    return {"axes": p["axes"]}


SETTINGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "broadcast_in_dim": lambda p: {"axes": p["broadcast_dimensions"]},
    "slice": _slices,
    "split": lambda p: {"sizes": p["sizes"], "axis": p["axis"]},
    "rev": lambda p: {"axes": p["dimensions"]},
    "transpose": lambda p: {"axes": p["permutation"]},
    "gather": _places,
    "iota": lambda p: {"axis": p["dimension"]},
    "concatenate": lambda p: {"axis": p["dimension"]},
    "stack": lambda p: {"axis": p["axis"]},
    "unstack": lambda p: {"axis": p["axis"]},
    "dot_general": lambda p: dict(zip(("contracted", "together"), p["dimension_numbers"], strict=True)),
    "integer_pow": lambda p: {"power": p["y"]},
    **dict.fromkeys(("cumsum", "cumprod", "cummax", "cummin", "cumlogsumexp"), lambda p: {"axes": (p["axis"],)}),
    **dict.fromkeys(("argmax", "argmin"), _reduced),
    "sort": lambda p: {"axes": (p["dimension"],)},
    "round": lambda p: {"to_even": p["rounding_method"].name == "TO_NEAREST_EVEN"},
    **{f"reduce_{name}": _reduced for name in ("or", "and", "sum", "prod", "max", "min")},
}
"""The settings of operations, from JAX's parameters."""


SLIPS = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)
"""What JAX raises where Python wants a number of what is only traced."""


class Traced:
    """A function traced for arrays with lanes and without.

    Parameters
    ----------
    f
        Of arrays, to a list of arrays.
    arguments
        (shape without lanes, NumPy's type, whether there are lanes) of each of its arguments.
    sampled
        Whether times follow them.
    """

    def __init__(
        self, f: Callable[..., Any], arguments: list[tuple[tuple[int, ...], str, bool]], sampled: bool
    ) -> None:
        given = [jax.ShapeDtypeStruct((*shape, LANES) if wide else shape, kind) for shape, kind, wide in arguments]
        given += [jax.ShapeDtypeStruct((TIMES,), np.float64)] * sampled
        try:
            self.closed = jax.make_jaxpr(f)(*given)
        except SLIPS as error:
            raise InputError(
                f"A number is asked for where only its formula is known ({_asked(error)}): {type(error).__name__}.",
                code="not_traceable",
                hint="In a law use jax.numpy for numpy, jnp.where(condition, a, b) for if; no float(), no bool().",
            ) from error
        except (TypeError, InconclusiveDimensionOperation) as error:
            if "_DimExpr" in str(error) or isinstance(error, InconclusiveDimensionOperation):
                raise _counted(_asked(error)) from error
            raise

    @property
    def outputs(self) -> list[tuple[tuple[int, ...], bool, bool]]:
        """Of each output: shape without lanes and times, and whether it has them."""
        shapes = [v.aval.shape for v in self.closed.jaxpr.outvars]
        return [
            (
                tuple(d for d in shape if type(d) is int),
                bool(shape) and _is(shape[-1], LANES),
                any(_is(d, TIMES) for d in shape),
            )
            for shape in shapes
        ]

    def trace(self) -> Trace:
        """Its operations."""
        reader = _Reader()
        inputs = [variable(v.aval) for v in self.closed.jaxpr.invars]
        outputs = reader.read(self.closed, inputs)
        return only_needed(inputs, reader.operations, outputs)


class Count(NamedTuple):
    """A number that comes of how many lanes or times there are; where nothing that is needed has it, it is let be."""

    at: Any


def only_needed(inputs: list[Variable], operations: list[Operation], outputs: list[Any]) -> Trace:
    """What is needed of the operations; refused where an output is a number of lanes or times."""
    for v in outputs:
        if isinstance(v, Count):
            raise _counted(place(v.at))
    return Trace(inputs, needed(operations, outputs), outputs)


class _Reader:
    """Takes the operations of a jaxpr down, calls written out."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def read(self, jaxpr: Any, inputs: list[Any], called: Any = None) -> list[Any]:
        """The outputs of a jaxpr, closed or not, for its inputs; `called` is where from, if it is not its own place."""
        jaxpr, consts = getattr(jaxpr, "jaxpr", jaxpr), getattr(jaxpr, "consts", ())
        known = dict(zip(jaxpr.constvars, map(constant, consts), strict=True))
        known |= dict(zip(jaxpr.invars, inputs, strict=True))

        def operand(v: Any) -> Any:
            return constant(np.asarray(v.val, getattr(v.aval, "dtype", None))) if isinstance(v, Literal) else known[v]

        for eqn in jaxpr.eqns:
            try:
                operands = [operand(v) for v in eqn.invars]
            except UnsupportedError as error:
                raise UnsupportedError(error.what, place(called or eqn.source_info.traceback)) from error
            known |= zip(eqn.outvars, self.outputs(eqn, operands, called), strict=True)
        return [operand(v) for v in jaxpr.outvars]

    def outputs(self, eqn: Any, inputs: list[Any], called: Any) -> list[Any]:
        at = called or eqn.source_info.traceback  # what is called may have been traced for another caller
        name, own = eqn.primitive.name, OWN.get(eqn.primitive)
        if own is None and name in CALLS:
            return self.read(eqn.params[CALLS[name]], inputs, at)
        if own is None and name in RENAMES:
            return inputs
        if not eqn.outvars:  # such as a split into no parts
            return []
        if eqn.primitive is INSERTED:
            made = [variable(v.aval) for v in eqn.outvars]
            settings = {name: eqn.params[name] for name in ("program", "groups")}
            self.operations.append(Operation("inserted", inputs, made, settings, at))
            return made
        if name == "dim_as_value":
            return [Count(at)]
        if name == "dynamic_slice" and isinstance(inputs[0], Variable) and inputs[0].lanes:
            inputs = inputs[:-1]  # all lanes, from the first
        if counts := [v for v in inputs if isinstance(v, Count)]:
            return [counts[0]] * len(eqn.outvars)
        try:
            if name == "while":
                outputs, settings = self.loop(eqn.params, inputs, called)
                inputs = inputs[-len(outputs) :]
            else:
                outputs = [variable(v.aval) for v in eqn.outvars]
                settings = SETTINGS[name](eqn.params) if name in SETTINGS else {}
        except UnsupportedError as error:
            if name == "slice" and inputs[0].lanes:  # some of them
                raise lanes_depend(name, at) from error
            raise UnsupportedError(error.what, error.where or place(at)) from error
        self.operations.append(Operation(own or NAMES.get(name, name), inputs, outputs, settings, at))
        return outputs

    def loop(self, params: dict[str, Any], inputs: list[Any], called: Any) -> tuple[list[Variable], dict[str, Any]]:
        """What a loop gives, and its settings: its condition and its body, made of the variables that it carries."""
        of_condition, of_body = params["cond_nconsts"], params["body_nconsts"]
        outer = inputs[:of_condition], inputs[of_condition : of_condition + of_body]
        avals = [v.aval for v in params["body_jaxpr"].jaxpr.outvars]
        carried = [variable(aval) for aval in avals]
        parts = []
        for jaxpr, given in zip((params["cond_jaxpr"], params["body_jaxpr"]), outer, strict=True):
            inner = _Reader()
            outputs = inner.read(jaxpr, [*given, *carried], called)
            parts.append(only_needed(carried, inner.operations, outputs))
        return [variable(aval) for aval in avals], {"condition": parts[0], "body": parts[1]}


def variable(aval: Any) -> Variable:
    """Of a shape in which lanes are the last axis, if any; times the first, or the second of samples."""
    kind, shape = KINDS.get(aval.dtype), aval.shape
    lanes = bool(shape) and _is(shape[-1], LANES)
    sizes = shape[:-1] if lanes else shape
    times = len(sizes) in (1, 2) and _is(sizes[-1], TIMES)
    sizes = sizes[:-1] if times else sizes
    if kind is None or not all(type(d) is int for d in sizes):
        raise UnsupportedError(f"{aval.dtype}{list(shape)}")
    return Variable(tuple(sizes), kind, lanes, times)


def _is(size: Any, symbol: Any) -> bool:
    return size is symbol or (type(size) is not int and size == symbol)  # two symbols take long to compare


def constant(c: Any) -> Constant:
    c = np.asarray(c)
    kind = KINDS.get(c.dtype)
    if kind is None:
        raise UnsupportedError(f"a constant {c.dtype}{list(c.shape)}")
    return Constant(c, kind)


def _counted(where: str) -> InputError:
    return InputError(
        f"A function of a batch asks how many cells or times there are ({where}).",
        code="counts_lanes",
        hint="A cell must not depend on how many are computed beside it; jnp.zeros_like(x) is an array shaped like x.",
    )


def lanes_depend(name: str, at: Any) -> InputError:
    """What is raised where a lane would see others."""
    return InputError(
        f"{name} over lanes ({place(at)}): a lane may look at others only to end a loop.",
        code="lanes_depend",
        hint="A cell must not depend on those that are computed beside it.",
    )


def _asked(error: BaseException) -> str:
    """Where an exception came from, outside JAX."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith((PACKAGE, JAX))]
    return f"{frames[-1].name}, {frames[-1].filename}:{frames[-1].lineno}"


PACKAGE, JAX = (os.path.dirname(os.path.abspath(path)) + os.sep for path in (__file__, jax.__file__))


def place(at: Any) -> str:
    """Function, file and line from which something was traced: the innermost outside JAX and this compiler."""
    for frame in at.frames if at else ():
        if not frame.file_name.startswith((PACKAGE, JAX, "<frozen")):
            return f"{frame.function_name}, {frame.file_name}:{frame.line_num}"
    return ""


# operations of our own ----------------------------------------------------------------------------------------

OWN: dict[Any, str] = {}
"""Those that `operation` has made; a user's function of the same name is another."""


def operation(shape: Callable[..., tuple[Any, ...]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes a function an operation that the compiler knows; XLA computes it as it is written.

    Parameters
    ----------
    shape
        The shape of the numbers that come out, from what goes in.
    """

    def made(f: Callable[..., Any]) -> Callable[..., Any]:
        primitive = Primitive(f.__name__)
        primitive.def_abstract_eval(
            lambda *avals, **settings: ShapedArray(shape(*avals, **settings), np.dtype(np.float64))
        )
        primitive.def_impl(lambda *values, **settings: jax.jit(partial(f, **settings))(*values))
        mlir.register_lowering(primitive, mlir.lower_fun(f, multiple_results=False))
        OWN[primitive] = f.__name__
        return primitive.bind

    return made


INSERTED = Primitive("inserted")
"""Many operations that JAX sees as one: see `insert`."""
INSERTED.multiple_results = True


@INSERTED.def_abstract_eval
def _(*_: Any, made: tuple[ShapedArray, ...], **__: Any) -> list[ShapedArray]:
    return list(made)


def _differentiated(values: Any, changes: Any, *, plain: Any, **_: Any) -> Any:
    return jax.jvp(lambda *v: list(plain(*v)), tuple(values), tuple(map(ad.instantiate_zeros, changes)))


def _along_an_axis(values: Any, axes: Any, *, plain: Any, **_: Any) -> Any:
    found = jax.vmap(lambda *v: list(plain(*v)), axes)(*values)
    return found, [0] * len(found)


ad.primitive_jvps[INSERTED] = _differentiated
batching.primitive_batchers[INSERTED] = _along_an_axis


def insert(
    program: Trace | Callable[..., Any],
    plain: Callable[..., Any],
    values: Sequence[Any],
    shapes: Any = None,
    groups: tuple[int, ...] = (),
) -> list[Any]:
    """What a program makes of values, which JAX sees as one operation: however long it is, it costs no time there.

    Parameters
    ----------
    program
        Operations; or a function (block, numbers) -> numbers that writes instructions.
    plain
        The same for JAX, where it is to be differentiated.
    values
        Arrays in the order that the program takes them.
    shapes
        Of the real arrays that a function makes.
    groups
        How many of the values lie together in memory, for a program that is called, not written out each time: each
        group is given as one, without a copy where it is as it was in another call.
    """
    if isinstance(program, Trace):
        made = [ShapedArray(_shape_of(v), NUMPY[v.kind]) for v in program.outputs]
    else:
        made = [ShapedArray(shape, NUMPY[REAL]) for shape in shapes]
    return INSERTED.bind(*values, program=program, plain=plain, made=tuple(made), groups=groups)


def _shape_of(v: Variable | Constant) -> tuple[Any, ...]:
    return (*v.shape, LANES) if v.lanes else v.shape


def is_traced(value: Any) -> bool:
    """Whether it is known only when the code runs."""
    return isinstance(value, Tracer)


# a trace done again by JAX ------------------------------------------------------------------------------------


class Number(NamedTuple):
    """An operand that is known."""

    value: Any
    dtype: Any


class Step(NamedTuple):
    """One operation of a trace that JAX can do again."""

    name: str
    operands: list[Any]
    """Names, and `Number`."""
    results: list[Any]
    """Names."""
    again: Callable[[list[Any]], list[Any]]
    """Its results, from its operands."""
    kind: Hashable
    """Steps of one kind do the same to operands of one sort."""
    at: Any
    """Where it was asked for, for `place`."""


class Replay(NamedTuple):
    """A trace that JAX can do again, in parts: anything that hashes may be a name."""

    inputs: list[Any]
    steps: Iterator[Step]
    outputs: Callable[[], list[Any]]
    """To be asked after the steps."""
    known: dict[Any, Any]


def replay(f: Callable[..., Any], *arguments: Any) -> Replay:
    """What f does, call by call of `jit` written out."""
    closed = jax.make_jaxpr(f)(*arguments)
    alias: dict[Any, Any] = {}
    return Replay(
        closed.jaxpr.invars,
        _flat(closed.jaxpr, alias),
        lambda: [_name(v, alias) for v in closed.jaxpr.outvars],
        dict(zip(closed.jaxpr.constvars, closed.consts, strict=True)),
    )


def read_again(f: Callable[..., Any], like: Sequence[Any]) -> Trace:
    """What f does with arrays like these."""
    closed = jax.make_jaxpr(f)(*(jax.ShapeDtypeStruct(_shape_of(v), NUMPY[v.kind]) for v in like))
    reader, inputs = _Reader(), [variable(v.aval) for v in closed.jaxpr.invars]
    outputs = reader.read(closed, inputs)
    return Trace(inputs, reader.operations, outputs)


def _name(v: Any, alias: dict[Any, Any]) -> Any:
    return Number(v.val, getattr(v.aval, "dtype", None)) if isinstance(v, Literal) else alias.get(v, v)


def _flat(jaxpr: Any, alias: dict[Any, Any]) -> Iterator[Step]:
    for eqn in jaxpr.eqns:
        operands = [_name(v, alias) for v in eqn.invars]
        inner = eqn.params.get("jaxpr") if eqn.primitive.name in ("jit", "pjit") else None
        if inner is None or inner.consts:
            # a name of its own for what is written: the same nested function may be called more than once
            alias |= {v: object() for v in eqn.outvars}
            again, at, kind = partial(_again, eqn), eqn.source_info.traceback, (eqn.primitive, *eqn.params.items())
            try:
                hash(kind)
            except TypeError:  # one of its own
                kind = object()
            yield Step(eqn.primitive.name, operands, [alias[v] for v in eqn.outvars], again, kind, at)
            continue
        own: dict[Any, Any] = dict(zip(inner.jaxpr.invars, operands, strict=True))
        yield from _flat(inner.jaxpr, own)
        for v, result in zip(eqn.outvars, inner.jaxpr.outvars, strict=True):
            alias[v] = _name(result, own)


def _again(eqn: Any, values: list[Any]) -> list[Any]:
    params = eqn.primitive.get_bind_params(eqn.params)
    functions, params = params if isinstance(params, tuple) else ((), params)  # a pair before jax 0.10
    with source_info_util.user_context(eqn.source_info.traceback):  # so that `place` tells where it was first
        found = eqn.primitive.bind(*functions, *values, **params)
    return list(found) if eqn.primitive.multiple_results else [found]
