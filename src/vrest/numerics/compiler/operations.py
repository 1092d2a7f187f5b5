"""What the operations of a trace mean: shapes that only move values, and functions of numbers as instructions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vrest.numerics.compiler import elementary
from vrest.numerics.compiler.instructions import BIT, INT, LANES, LONG, REAL, TIMES, Block, Value, real

KINDS = {"float64": REAL, "int64": LONG, "int32": INT, "bool": BIT}


class UnsupportedError(Exception):
    """This trace needs another compiler."""


Array = np.ndarray
"""Values (or text and types of them) in the shape of the traced array, without its axis of lanes."""


def split_shape(aval: Any) -> tuple[tuple[int, ...], str, bool]:
    """Shape without lanes, kind of number, and whether there are lanes, which only the last axis may be."""
    kind = KINDS.get(str(aval.dtype))
    wide = aval.shape[-1:] == (LANES,)
    shape = tuple(aval.shape[:-1] if wide else aval.shape)
    if kind is None or LANES in shape or (TIMES in shape and len(shape) > 2):
        raise UnsupportedError(f"{aval.dtype}{list(aval.shape)}")
    return shape, kind, wide


def scalar(v: Value) -> Array:
    found = np.empty((), dtype=object)
    found[()] = v
    return found


def each(function: Callable[[Any], Value], values: Array) -> Array:
    found = np.empty(values.shape, dtype=object)
    for place in np.ndindex(*values.shape):
        found[place] = function(values[place])
    return found


# shapes: nothing is computed ----------------------------------------------------------------------------------


def _broadcast(eqn: Any, values: list[Array]) -> list[Array]:
    shape, _, wide = split_shape(eqn.outvars[0].aval)
    _, _, was_wide = split_shape(eqn.invars[0].aval)
    axes = list(eqn.params["broadcast_dimensions"])
    if was_wide and (axes.pop() != len(shape) or not wide):
        raise UnsupportedError("lanes moved")
    spread = [1] * len(shape)
    for axis, size in zip(axes, values[0].shape, strict=True):
        if axis < len(shape):
            spread[axis] = size
        elif size != 1:
            raise UnsupportedError("an array along the lanes")
    return [np.broadcast_to(values[0].reshape(spread), shape)]


def _reshape(eqn: Any, values: list[Array]) -> list[Array]:
    shape, _, wide = split_shape(eqn.outvars[0].aval)
    if wide != split_shape(eqn.invars[0].aval)[2]:
        raise UnsupportedError("lanes reshaped")
    return [values[0].reshape(shape)]


def _slice(eqn: Any, values: list[Array]) -> list[Array]:
    p, v = eqn.params, values[0]
    strides = p["strides"] or [1] * len(p["start_indices"])
    cut = [slice(*part) for part in zip(p["start_indices"], p["limit_indices"], strides, strict=True)]
    if len(cut) > v.ndim and cut[-1] != slice(0, LANES, 1):
        raise UnsupportedError("some lanes")
    return [v[tuple(cut[: v.ndim])]]


def _concatenated(eqn: Any, values: list[Array]) -> list[Array]:
    axis = eqn.params["dimension"]
    if axis >= values[0].ndim:
        raise UnsupportedError("lanes joined")
    return [np.concatenate(values, axis=axis)]


def _stacked(eqn: Any, values: list[Array]) -> list[Array]:
    axis = eqn.params["axis"]
    if not 0 <= axis <= values[0].ndim:
        raise UnsupportedError("stacked along lanes")
    return [np.stack(values, axis=axis)]


def _unstacked(eqn: Any, values: list[Array]) -> list[Array]:
    axis = eqn.params["axis"]
    if axis >= values[0].ndim:
        raise UnsupportedError("lanes apart")
    return [values[0].take(k, axis=axis) if values[0].ndim > 1 else scalar(values[0][k])
            for k in range(values[0].shape[axis])]  # fmt: skip


def _split(eqn: Any, values: list[Array]) -> list[Array]:
    axis, ends = eqn.params["axis"], np.cumsum(eqn.params["sizes"])[:-1]
    if axis >= values[0].ndim:
        raise UnsupportedError("lanes apart")
    return np.split(values[0], ends, axis=axis)


def _gathered(eqn: Any, values: list[Array]) -> list[Array]:
    """Entries at places that are known while tracing: JAX itself says which."""
    source, places = values
    wide = any(split_shape(v.aval)[2] for v in (*eqn.invars, *eqn.outvars))
    if wide or not all(v.known for v in places.flat):
        raise UnsupportedError("entries at places not known")
    where = np.array([int(v.text) for v in places.flat]).reshape(places.shape)
    numbered = np.arange(float(source.size)).reshape(source.shape)
    found = np.asarray(eqn.primitive.bind(numbered, where, **(eqn.params | {"fill_value": np.nan})))
    if np.isnan(found).any():
        raise UnsupportedError("entries that are not there")
    return [source.reshape(-1)[found.astype(int)]]


def _same(eqn: Any, values: list[Array]) -> list[Array]:
    return values[:1]


def _transposed(eqn: Any, values: list[Array]) -> list[Array]:
    axes = list(eqn.params["permutation"])
    if len(axes) > values[0].ndim and axes.pop() != values[0].ndim:
        raise UnsupportedError("lanes moved")
    return [values[0].transpose(axes)]


def _counted(eqn: Any, values: list[Array]) -> list[Array]:
    shape, kind, _ = split_shape(eqn.outvars[0].aval)
    axis = eqn.params["dimension"]
    if axis >= len(shape):
        raise UnsupportedError("lanes counted")
    numbers = np.array([real(k) if kind == REAL else Value(str(k), kind) for k in range(shape[axis])], dtype=object)
    return [np.broadcast_to(numbers.reshape([-1 if k == axis else 1 for k in range(len(shape))]), shape)]


SHAPES: dict[str, Callable[[Any, list[Array]], list[Array]]] = {
    "broadcast_in_dim": _broadcast,
    "reshape": _reshape,
    "squeeze": _reshape,
    "expand_dims": _reshape,
    "slice": _slice,
    "split": _split,
    "transpose": _transposed,
    "gather": _gathered,
    "iota": _counted,
    "concatenate": _concatenated,
    "stack": _stacked,
    "unstack": _unstacked,
    "stop_gradient": _same,
    "copy": _same,
    "copy_p": _same,
    "optimization_barrier": lambda eqn, values: values,
}

REDUCTIONS: dict[str, Callable[[Block, Value, Value], Value]] = {
    "reduce_or": lambda b, x, y: b.op("or", x, y),
    "reduce_and": lambda b, x, y: b.op("and", x, y),
    "reduce_sum": Block.add,
    "reduce_prod": Block.mul,
    "reduce_max": Block.largest,
    "reduce_min": lambda b, x, y: b.largest(x, y, "lt"),
}


def _sign(b: Block, eqn: Any, x: Value) -> Value:
    return b.select(b.compare("gt", x, real(0)), real(1), b.select(b.compare("lt", x, real(0)), real(-1), x))


def _finite(b: Block, eqn: Any, x: Value) -> Value:
    return b.compare("lt", b.call("fabs", x), real(float("inf")))


def negated(b: Block, eqn: Any, x: Value) -> Value:
    return b.op("xor", x, Value("1" if x.kind == BIT else "-1", x.kind))


def _chosen(b: Block, eqn: Any, which: Value, *cases: Value) -> Value:
    if which.kind != BIT or len(cases) != 2:
        raise UnsupportedError("a choice of more than two")
    return b.select(which, cases[1], cases[0])


def _converted(b: Block, eqn: Any, x: Value) -> Value:
    kind = KINDS[str(eqn.params["new_dtype"])]
    if x.kind == REAL and kind in (INT, LONG):  # what is not a number has no whole part
        raise UnsupportedError("a whole number from a real one")
    return b.convert(x, kind)


def _clamped(b: Block, eqn: Any, least: Value, x: Value, most: Value) -> Value:
    return b.largest(b.largest(x, least), most, "lt")


def _abs(b: Block, eqn: Any, x: Value) -> Value:
    return b.call("fabs", x) if x.kind == REAL else b.largest(x, b.neg(x))


def _plainly(function: Callable[..., Value]) -> Callable[..., Value]:
    return lambda b, eqn, *values: function(b, *values)


def _really(function: Callable[..., Value]) -> Callable[..., Value]:
    """Of real numbers only."""

    def checked(b: Block, eqn: Any, *values: Value) -> Value:
        if any(v.kind != REAL for v in values):
            raise UnsupportedError(f"{eqn.primitive.name} of whole numbers")
        return function(b, eqn, *values)

    return checked


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "add": _plainly(Block.add),
    "add_any": _plainly(Block.add),
    "sub": _plainly(Block.sub),
    "mul": _plainly(Block.mul),
    "div": _really(_plainly(Block.div)),
    "neg": _plainly(Block.neg),
    "max": _plainly(Block.largest),
    "min": lambda b, eqn, x, y: b.largest(x, y, "lt"),
    **{how: _plainly(lambda b, x, y, how=how: b.compare(how, x, y)) for how in ("eq", "ne", "lt", "le", "gt", "ge")},
    "and": _plainly(lambda b, x, y: b.op("and", x, y)),
    "or": _plainly(lambda b, x, y: b.op("or", x, y)),
    "xor": _plainly(lambda b, x, y: b.op("xor", x, y)),
    "not": negated,
    "select_n": _chosen,
    "clamp": _clamped,
    "convert_element_type": _converted,
    "is_finite": _really(_finite),
    "sign": _really(_sign),
    "abs": _abs,
    "square": _plainly(lambda b, x: b.mul(x, x)),
    "integer_pow": _really(lambda b, eqn, x: b.power(x, eqn.params["y"])),
    "sqrt": _really(_plainly(lambda b, x: b.call("sqrt", x))),
    "rsqrt": _really(_plainly(lambda b, x: b.div(real(1.0), b.call("sqrt", x)))),
    "floor": _really(_plainly(lambda b, x: b.call("floor", x))),
    "ceil": _really(_plainly(lambda b, x: b.call("ceil", x))),
    **{name: _plainly(getattr(elementary, name)) for name in ("exp", "expm1", "log", "log1p", "tanh", "logistic")},
    "pow": _really(_plainly(elementary.power)),
}
