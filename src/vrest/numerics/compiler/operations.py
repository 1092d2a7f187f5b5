"""What the operations of a trace mean: shapes that only move values, and functions of numbers as instructions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vrest.numerics.compiler import angles, elementary
from vrest.numerics.compiler.instructions import BIT, INT, LONG, REAL, Block, Value, real
from vrest.numerics.compiler.machine import has_symbol
from vrest.numerics.compiler.program import Operation, UnsupportedError
from vrest.numerics.compiler.trace import LANES, lanes_depend

Array = np.ndarray
"""Values (or text and types of them) in the shape of the traced array, without its axis of lanes."""


def scalar(v: Value) -> Array:
    found = np.empty((), dtype=object)
    found[()] = v
    return found


def each(function: Callable[[Any], Value], values: Array) -> Array:
    found = np.empty(values.shape, dtype=object)
    for at in np.ndindex(*values.shape):
        found[at] = function(values[at])
    return found


# shapes: nothing is computed. Lanes are the last axis of what goes in and of what comes out, or of neither -----


def _broadcast(op: Operation, values: list[Array]) -> list[Array]:
    shape = op.outputs[0].shape
    spread = [1] * len(shape)
    for axis, size in zip(op.settings["axes"], values[0].shape, strict=False):  # lanes are the last axis of both
        if axis < len(shape):
            spread[axis] = size
    return [np.broadcast_to(values[0].reshape(spread), shape)]


def _reshape(op: Operation, values: list[Array]) -> list[Array]:
    return [values[0].reshape(op.outputs[0].shape)]


def _slice(op: Operation, values: list[Array]) -> list[Array]:
    cut, v = op.settings["slices"], values[0]
    if len(cut) > v.ndim and cut[-1] != slice(0, LANES, 1):
        raise lanes_depend(op.name, op.at)
    return [v[tuple(cut[: v.ndim])]]


def _concatenated(op: Operation, values: list[Array]) -> list[Array]:
    return [np.concatenate(values, axis=op.settings["axis"])]


def _stacked(op: Operation, values: list[Array]) -> list[Array]:
    return [np.stack(values, axis=op.settings["axis"])]


def _unstacked(op: Operation, values: list[Array]) -> list[Array]:
    parts = np.moveaxis(values[0], op.settings["axis"], 0)
    return [parts[k, ...] for k in range(len(parts))]


def _split(op: Operation, values: list[Array]) -> list[Array]:
    axis, parts, start = op.settings["axis"], [], 0
    for size in op.settings["sizes"]:
        parts.append(values[0][(*[slice(None)] * axis, slice(start, start + size))])
        start += size
    return parts


def _gathered(op: Operation, values: list[Array]) -> list[Array]:
    """Entries at places that are known while tracing, as XLA's Gather has them; of lanes all or none."""
    source, places = values
    settings, shape, lanes = op.settings, op.outputs[0].shape, op.inputs[0].lanes
    offset, sizes, of_source, of_places = settings["offset_dims"], settings["sizes"], *settings["batching"]
    along = [axis for axis in range(source.ndim) if axis not in (*settings["collapsed_slice_dims"], *of_source)]
    if op.inputs[1].lanes or not all(v.known for v in places.flat):
        raise UnsupportedError("entries at places not known")
    if lanes:
        if offset[-1:] != (len(shape),) or source.ndim in settings["start_index_map"]:
            raise lanes_depend(op.name, op.at)
        offset, sizes = offset[:-1], sizes[:-1]
    batch = [axis for axis in range(len(shape)) if axis not in offset]
    most = [size - width for size, width in zip(source.shape, sizes, strict=True)]
    found = np.empty(shape, dtype=object)
    for to in np.ndindex(*shape):
        at = tuple(to[axis] for axis in batch)
        first = [0] * source.ndim
        for where, axis in zip(places[at], settings["start_index_map"], strict=True):
            first[axis] = int(where.text)
        if settings["clip"]:
            first = [min(max(k, 0), last) for k, last in zip(first, most, strict=True)]
        elif any(not 0 <= k <= last for k, last in zip(first, most, strict=True)):
            raise UnsupportedError("entries that are not there")
        for axis, of in zip(of_source, of_places, strict=True):
            first[axis] = at[of]
        for axis, of in zip(along, offset, strict=True):
            first[axis] += to[of]
        found[to] = source[tuple(first)]
    return [found]


def _slice_at(op: Operation, values: list[Array]) -> list[Array]:
    """A part that begins at places known while tracing; where it would not fit, XLA moves it to where it does."""
    source, sizes = values[0], op.outputs[0].shape
    places: list[Any] = [v[()] for v in values[1:]]
    if op.inputs[0].lanes != op.outputs[0].lanes or not all(v.known for v in places):
        raise UnsupportedError("entries at places not known")
    first = [min(max(int(v.text), 0), n - size) for v, n, size in zip(places, source.shape, sizes, strict=False)]
    return [source[tuple(slice(k, k + size) for k, size in zip(first, sizes, strict=True))]]


def _reversed(op: Operation, values: list[Array]) -> list[Array]:
    axes = op.settings["axes"]
    if any(axis >= values[0].ndim for axis in axes):
        raise lanes_depend(op.name, op.at)
    return [np.flip(values[0], axes)]


def _transposed(op: Operation, values: list[Array]) -> list[Array]:
    return [values[0].transpose(op.settings["axes"][: values[0].ndim])]


def _counted(op: Operation, values: list[Array]) -> list[Array]:
    shape, kind, axis = op.outputs[0].shape, op.outputs[0].kind, op.settings["axis"]
    if axis >= len(shape):
        raise lanes_depend(op.name, op.at)
    numbers = np.array([real(k) if kind == REAL else Value(str(k), kind) for k in range(shape[axis])], dtype=object)
    return [np.broadcast_to(numbers.reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape)]


SHAPES: dict[str, Callable[[Operation, list[Array]], list[Array]]] = {
    "broadcast_in_dim": _broadcast,
    "reshape": _reshape,
    "slice": _slice,
    "dynamic_slice": _slice_at,
    "split": _split,
    "rev": _reversed,
    "transpose": _transposed,
    "gather": _gathered,
    "iota": _counted,
    "concatenate": _concatenated,
    "stack": _stacked,
    "unstack": _unstacked,
}

REDUCTIONS: dict[str, Callable[[Block, Value, Value], Value]] = {
    "reduce_or": lambda b, x, y: b.op("or", x, y),
    "reduce_and": lambda b, x, y: b.op("and", x, y),
    "reduce_sum": Block.add,
    "reduce_prod": Block.mul,
    "reduce_max": Block.largest,
    "reduce_min": lambda b, x, y: b.largest(x, y, "lt"),
}


def _sign(b: Block, op: Operation, x: Value) -> Value:
    if x.kind == BIT:
        raise UnsupportedError("the sign of a bit")
    none, one, minus = (real(k) if x.kind == REAL else Value(str(k), x.kind) for k in (0, 1, -1))
    return b.select(b.compare("gt", x, none), one, b.select(b.compare("lt", x, none), minus, x))


def _finite(b: Block, op: Operation, x: Value) -> Value:
    return b.compare("lt", b.call("fabs", x), real(float("inf")))


def negated(b: Block, op: Operation, x: Value) -> Value:
    return b.op("xor", x, Value("1" if x.kind == BIT else "-1", x.kind))


def _chosen(b: Block, op: Operation, which: Value, *cases: Value) -> Value:
    if which.kind != BIT or len(cases) != 2:
        raise UnsupportedError("a choice of more than two")
    return b.select(which, cases[1], cases[0])


def _converted(b: Block, op: Operation, x: Value) -> Value:
    kind = op.outputs[0].kind
    if x.kind == REAL and kind in (INT, LONG):  # what is not a number has no whole part
        raise UnsupportedError("a whole number from a real one")
    return b.convert(x, kind)


def _clamped(b: Block, op: Operation, least: Value, x: Value, most: Value) -> Value:
    return b.largest(b.largest(x, least), most, "lt")


def _abs(b: Block, op: Operation, x: Value) -> Value:
    return b.call("fabs", x) if x.kind == REAL else b.largest(x, b.neg(x))


def _quotient(b: Block, x: Value, y: Value) -> Value:
    """Of whole numbers, towards zero; -1 where y is 0, as XLA has it."""
    if x.kind not in (LONG, INT):
        raise UnsupportedError("a quotient of bits")
    one, minus, none = (Value(text, x.kind) for text in ("1", "-1", "0"))
    nothing, back = b.compare("eq", y, none), b.compare("eq", y, minus)
    found = b.op("sdiv", x, b.select(b.op("or", nothing, back), one, y))  # neither may be divided by
    return b.select(nothing, minus, b.select(back, b.neg(x), found))


def _remainder(b: Block, x: Value, y: Value) -> Value:
    """What a quotient towards zero leaves; of whole numbers x where y is 0."""
    if x.kind == REAL:
        if not has_symbol("fmod"):
            raise UnsupportedError("rem")
        return b.op("frem", x, y)
    return b.sub(x, b.select(b.compare("eq", y, Value("0", x.kind)), Value("0", x.kind), b.mul(_quotient(b, x, y), y)))


def _bits(b: Block, op: Operation, x: Value) -> Value:
    """The same bits, read as another kind of number."""
    if {x.kind, op.outputs[0].kind} != {REAL, LONG}:
        raise UnsupportedError("bits of another size")
    return b.cast("bitcast", x, op.outputs[0].kind)


def _shifted(how: str) -> Callable[..., Value]:
    """By a number of places; by more than there are, as by all of them."""

    def shift(b: Block, op: Operation, x: Value, places: Value) -> Value:
        if x.kind not in (LONG, INT):
            raise UnsupportedError("a shift of bits")
        none, most = Value("0", x.kind), Value("63" if x.kind == LONG else "31", x.kind)
        beyond = b.op("or", b.compare("gt", places, most), b.compare("lt", places, none))
        found = b.op(how, x, b.select(beyond, most, places))
        return found if how == "ashr" else b.select(beyond, none, found)

    return shift


def _plainly(function: Callable[..., Value]) -> Callable[..., Value]:
    return lambda b, op, *values: function(b, *values)


def _really(function: Callable[..., Value]) -> Callable[..., Value]:
    """Of real numbers only."""

    def checked(b: Block, op: Operation, *values: Value) -> Value:
        if any(v.kind != REAL for v in values):
            raise UnsupportedError(f"{op.name} of whole numbers")
        return function(b, op, *values)

    return checked


ELEMENTARY = ("exp", "exp2", "expm1", "log", "log1p", "cbrt", "tanh", "logistic")
ELEMENTARY += ("sinh", "cosh", "asinh", "acosh", "atanh", "erf")

FUNCTIONS: dict[str, Callable[..., Value]] = {
    "add": _plainly(Block.add),
    "sub": _plainly(Block.sub),
    "mul": _plainly(Block.mul),
    "div": lambda b, op, x, y: b.div(x, y) if x.kind == REAL else _quotient(b, x, y),
    "rem": lambda b, op, x, y: _remainder(b, x, y),
    "neg": _plainly(Block.neg),
    "max": _plainly(Block.largest),
    "min": lambda b, op, x, y: b.largest(x, y, "lt"),
    **{how: _plainly(lambda b, x, y, how=how: b.compare(how, x, y)) for how in ("eq", "ne", "lt", "le", "gt", "ge")},
    "and": _plainly(lambda b, x, y: b.op("and", x, y)),
    "or": _plainly(lambda b, x, y: b.op("or", x, y)),
    "xor": _plainly(lambda b, x, y: b.op("xor", x, y)),
    "not": negated,
    "select_n": _chosen,
    "clamp": _clamped,
    "convert_element_type": _converted,
    "bitcast_convert_type": _bits,
    "shift_left": _shifted("shl"),
    "shift_right_arithmetic": _shifted("ashr"),
    "shift_right_logical": _shifted("lshr"),
    "is_finite": _really(_finite),
    "sign": _sign,
    "abs": _abs,
    "square": _plainly(lambda b, x: b.mul(x, x)),
    "integer_pow": _really(lambda b, op, x: b.power(x, op.settings["power"])),
    "sqrt": _really(_plainly(lambda b, x: b.call("sqrt", x))),
    "rsqrt": _really(_plainly(lambda b, x: b.div(real(1.0), b.call("sqrt", x)))),
    "round": _really(lambda b, op, x: b.call("roundeven" if op.settings["to_even"] else "round", x)),
    "floor": _really(_plainly(lambda b, x: b.call("floor", x))),
    "ceil": _really(_plainly(lambda b, x: b.call("ceil", x))),
    **{name: _really(_plainly(getattr(elementary, name))) for name in ELEMENTARY},
    **{name: _really(_plainly(getattr(angles, name))) for name in ("sin", "cos", "tan")},
    "pow": _really(_plainly(elementary.power)),
}
