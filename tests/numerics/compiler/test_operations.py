"""Every operation that the compiler knows, against XLA and NumPy, at special numbers: a table where none may lack."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.compiler.operations import FUNCTIONS, REDUCTIONS, SHAPES
from vrest.numerics.compiler.trace import NAMES, RENAMES, Traced

TINY, LARGEST = np.finfo(float).tiny, np.finfo(float).max
REALS = np.array(
    [0.0, 1.0, 0.5, 1.5, 2.0, 2.5, 3.0, 0.3, 1e-17, 1e-8, 5e-324, 1e-310, TINY, 1e-300, 1e16, 2.0**53 - 1, 40.0,
     745.0, 746.0, 1e10, 4503599627370495.5, 0.49999999999999994, 1e300, LARGEST, np.inf, np.nan]
)  # fmt: skip
REALS = np.concatenate([REALS, -REALS])
LONGS = np.array([0, 1, -1, 2, 3, -7, 10, 2**31, -(2**31), 2**53 + 1, 2**62, 2**63 - 1, -(2**63)])
INTS = np.array([0, 1, -1, 2, 3, -7, 10, 2**31 - 1, -(2**31)], dtype=np.int32)
BITS = np.array([False, True])
NORMAL = REALS[~((np.abs(REALS) < TINY) & (REALS != 0))]
"""XLA on a CPU takes what is below the smallest normal number for 0; NumPy is asked about those."""


def pairs(x):
    return tuple(v.ravel() for v in np.meshgrid(x, x))


def triples(x):
    return tuple(v.ravel() for v in np.meshgrid(x, x, x))


REAL, LONG, INT, BIT = (NORMAL,), (LONGS,), (INTS,), (BITS,)
PAIRS = [pairs(NORMAL), pairs(LONGS), pairs(INTS)]
ALL_PAIRS = [*PAIRS, pairs(BITS)]
EXACT, CLOSE = 0.0, 1e-14

ELEMENTWISE = {
    "add": (lax.add, PAIRS, EXACT),
    "sub": (lax.sub, PAIRS, EXACT),
    "mul": (lax.mul, PAIRS, EXACT),
    "div": (lax.div, PAIRS, EXACT),
    "rem": (lax.rem, PAIRS, EXACT),
    "neg": (lax.neg, [REAL, LONG, INT], EXACT),
    "max": (lax.max, ALL_PAIRS, EXACT),
    "min": (lax.min, ALL_PAIRS, EXACT),
    **{how: (getattr(lax, how), ALL_PAIRS, EXACT) for how in ("eq", "ne", "lt", "le", "gt", "ge")},
    "and": (lax.bitwise_and, ALL_PAIRS[1:], EXACT),
    "or": (lax.bitwise_or, ALL_PAIRS[1:], EXACT),
    "xor": (lax.bitwise_xor, ALL_PAIRS[1:], EXACT),
    "not": (lax.bitwise_not, [LONG, INT, BIT], EXACT),
    "select_n": (lambda x, y: lax.select_n(x > y, x, y), ALL_PAIRS, EXACT),
    "clamp": (lax.clamp, [triples(x[::2]) for x in (NORMAL, LONGS, INTS)], EXACT),
    "is_finite": (lax.is_finite, [REAL], EXACT),
    "sign": (lax.sign, [REAL, LONG, INT], EXACT),
    "abs": (lax.abs, [REAL, LONG, INT], EXACT),
    "square": (lax.square, [REAL, LONG, INT], EXACT),
    "integer_pow": (lambda x: tuple(x**n for n in (-3, -2, -1, 2, 3, 5, 8)), [REAL], CLOSE),
    "sqrt": (lax.sqrt, [REAL], EXACT),
    "rsqrt": (lax.rsqrt, [REAL], CLOSE),
    "floor": (lax.floor, [REAL], EXACT),
    "ceil": (lax.ceil, [REAL], EXACT),
    "round": (lambda x: tuple(lax.round(x, lax.RoundingMethod(k)) for k in (0, 1)), [REAL], EXACT),
    "exp": (lax.exp, [REAL], CLOSE),
    "exp2": (lax.exp2, [REAL], 1e-13),
    "expm1": (lax.expm1, [REAL], CLOSE),
    "log": (lax.log, [REAL], CLOSE),
    "log1p": (lax.log1p, [REAL], CLOSE),
    "pow": (lax.pow, [pairs(NORMAL)], 1e-13),
    "cbrt": (lax.cbrt, [REAL], 1e-13),  # older versions of XLA are as far from NumPy
    "tanh": (lax.tanh, [REAL], CLOSE),
    "logistic": (lax.logistic, [REAL], CLOSE),
    "sinh": (lax.sinh, [REAL], 1e-13),
    "cosh": (lax.cosh, [REAL], 1e-13),
    "asinh": (lax.asinh, [REAL], CLOSE),
    "acosh": (lax.acosh, [REAL], CLOSE),
    "atanh": (lax.atanh, [REAL], CLOSE),
    "erf": (lax.erf, [REAL], CLOSE),
    "sin": (lax.sin, [REAL], CLOSE),
    "cos": (lax.cos, [REAL], CLOSE),
    "tan": (lax.tan, [REAL], CLOSE),
    "bitcast_convert_type": (
        lambda x: lax.bitcast_convert_type(x, jnp.int64 if x.dtype == float else jnp.float64),
        [REAL, LONG],
        EXACT,
    ),
    "shift_left": (lax.shift_left, ALL_PAIRS[1:3], EXACT),
    "shift_right_arithmetic": (lax.shift_right_arithmetic, ALL_PAIRS[1:3], EXACT),
    "shift_right_logical": (lax.shift_right_logical, ALL_PAIRS[1:3], EXACT),
    "convert_element_type": (
        lambda x: tuple(lax.convert_element_type(x, to) for to in (float, int, jnp.int32, bool) if to != x.dtype),
        [LONG, INT, BIT],
        EXACT,
    ),
}
"""Operation: what makes it, the numbers that go in, side by side, and how close it must come."""

NUMPY = {
    "add": (np.add, EXACT),
    "sub": (np.subtract, EXACT),
    "mul": (np.multiply, EXACT),
    "div": (np.divide, EXACT),
    "rem": (np.fmod, EXACT),
    "neg": (np.negative, EXACT),
    "eq": (np.equal, EXACT),
    "lt": (np.less, EXACT),
    "ge": (np.greater_equal, EXACT),
    "abs": (np.abs, EXACT),
    "square": (np.square, EXACT),
    "sqrt": (np.sqrt, EXACT),
    "floor": (np.floor, EXACT),
    "ceil": (np.ceil, EXACT),
    "pow": (np.power, 3e-13),
    **{name: (getattr(np, name), CLOSE) for name in ("exp", "exp2", "expm1", "log", "log1p", "cbrt", "tanh")},
    **{name: (getattr(np, name), CLOSE) for name in ("sinh", "cosh", "asinh", "acosh", "atanh", "sin", "cos", "tan")},
}
"""What NumPy says of the same, and how close that must be; the smallest numbers are among these."""

ROWS = np.stack([NORMAL, NORMAL[::-1], np.roll(NORMAL, 7)])
LONG_ROWS = np.stack([LONGS, LONGS[::-1], np.roll(LONGS, 5)])

SHAPED = {
    "broadcast_in_dim": lambda x: (jnp.broadcast_to(x[:, None], (3, 2, *x.shape[1:])), x[0] + jnp.ones((2, 1))),
    "reshape": lambda x: (x.reshape(1, 3, -1), jnp.squeeze(x[:1], 0), jnp.expand_dims(x, 1)),
    "slice": lambda x: lax.slice_in_dim(x, 0, 3, 2) if x.ndim == 1 else x[::2],
    "dynamic_slice": lambda x: tuple(  # of what has no lanes; the second is moved to where it fits
        x[0] * lax.dynamic_slice_in_dim(jnp.arange(3.0), np.int32(k), 2).sum() for k in (1, 2, -5)
    ),
    "split": lambda x: tuple(lax.split(x, (1, 2))),
    "rev": lambda x: lax.rev(x, (0,)),
    "transpose": lambda x: jnp.stack([x, 2 * x]).transpose(1, 0, *range(2, x.ndim + 1)),
    "gather": lambda x: (x[jnp.array([2, 0])], x[1], x.at[jnp.array([9, 1])].get(mode="clip")),
    "iota": lambda x: x * jnp.arange(3.0).reshape(3, *[1] * (x.ndim - 1)) + jnp.arange(3).sum(),
    "concatenate": lambda x: jnp.concatenate([x, x[1:], -x]),
    "stack": lambda x: jnp.stack([x, -x], axis=1),
    "unstack": lambda x: tuple(jnp.unstack(x)),
    "copy": lambda x: jnp.copy(x) + x,
    "device_put": lambda x: jax.device_put(x) + x,
    "stop_gradient": lambda x: lax.stop_gradient(x) + x,
    "optimization_barrier": lambda x: lax.optimization_barrier((x, -x)),
}

REDUCED = {
    "reduce_sum": (lambda x: jnp.sum(x, axis=0), EXACT),
    "reduce_prod": (lambda x: jnp.prod(x, axis=0), EXACT),
    "reduce_max": (lambda x: jnp.max(x, axis=0), EXACT),
    "reduce_min": (lambda x: jnp.min(x, axis=0), EXACT),
    "reduce_or": (lambda x: jnp.any(x > 0, axis=0), EXACT),
    "reduce_and": (lambda x: jnp.all(x > 0, axis=0), EXACT),
}


def test_no_operation_lacks_in_the_table():
    assert set(ELEMENTWISE) == set(FUNCTIONS)
    assert set(SHAPED) - RENAMES == set(SHAPES)
    assert set(REDUCED) == set(REDUCTIONS)
    assert RENAMES - {"copy_p"} <= set(SHAPED)  # which older versions have
    assert {"squeeze", "expand_dims", "add_any"} == set(NAMES)


def in_trace(f, arguments):
    """Names of the operations of f, before ours replace JAX's."""
    found = set()

    def look(jaxpr):
        for eqn in jaxpr.eqns:
            found.add(eqn.primitive.name)
            for inner in eqn.params.values():
                if hasattr(inner, "jaxpr"):
                    look(inner.jaxpr)

    look(jax.make_jaxpr(f)(*arguments).jaxpr)
    return found


def same(found, expected, close=EXACT, signs=True):
    """Equal to the bit, zeros with their signs, or close where it must only be close."""
    found, expected = jax.tree.leaves(found), jax.tree.leaves(expected)
    for ours, theirs in zip(found, expected, strict=True):
        theirs = np.asarray(theirs)
        if theirs.dtype == float:  # where XLA has none so small
            ours = np.where((theirs == 0) & (np.abs(ours) < TINY), np.copysign(0.0, ours), ours)
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        if signs and theirs.dtype == float:
            zero = (ours == 0) & (theirs == 0)
            np.testing.assert_array_equal(np.signbit(ours[zero]), np.signbit(theirs[zero]))
        if close and theirs.dtype == float:
            np.testing.assert_allclose(ours, theirs, rtol=close, atol=0.0)
        else:
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name):
    f, inputs, close = ELEMENTWISE[name]
    for arrays in inputs:
        assert name in in_trace(f, arrays)
        code = Kernel(lambda lanes, _: f(*lanes))
        expected = jax.jit(f)(*arrays)
        signs = name not in ("max", "min", "clamp")  # which of two zeros is left open by IEEE 754
        same(code(arrays, ()), expected, close, signs)
        assert code.native
        alone = Kernel(lambda _, shared: f(*shared))  # one number, not a vector
        for k in range(0, len(arrays[0]), 97):
            here = tuple(a[k] for a in arrays)
            same(alone((), here), jax.tree.map(lambda v, k=k: np.asarray(v)[k], expected), close, signs)


@pytest.mark.parametrize("name", NUMPY)
def test_elementwise_of_the_smallest_numbers(name):
    (f, inputs, _), (exact, close) = ELEMENTWISE[name], NUMPY[name]
    arrays = pairs(REALS) if len(inputs[0]) == 2 else (REALS,)
    with np.errstate(all="ignore"):
        expected = exact(*arrays)
    same(Kernel(lambda lanes, _: f(*lanes))(arrays, ()), expected, close)


@pytest.mark.parametrize("name", SHAPED)
@pytest.mark.parametrize("rows", [ROWS, LONG_ROWS], ids=["reals", "longs"])
def test_shapes(name, rows):
    f = SHAPED[name]
    code, alone = Kernel(lambda lanes, _: f(lanes)), Kernel(lambda _, shared: f(shared))
    same(code(rows, ()), jax.jit(f)(rows))
    same(alone((), rows), jax.jit(f)(rows))
    one = rows[:, 1]
    same(alone((), one), jax.jit(f)(one))
    assert code.native
    assert alone.native


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_are_what_they_are_called(name):
    if name in ("stack", "unstack") and name not in in_trace(SHAPED[name], (ROWS,)):
        pytest.skip("this version of jax has no such operation")

    def used(lanes):
        traced = Traced(lambda x: jax.tree.leaves(SHAPED[name](x)), [((3,), "d", lanes)], False)
        return {op.name for op in traced.trace().operations}

    assert name in used(True) | used(False)


@pytest.mark.parametrize("name", REDUCED)
@pytest.mark.parametrize("rows", [ROWS, LONG_ROWS], ids=["reals", "longs"])
def test_reductions(name, rows):
    f, close = REDUCED[name]
    assert name in in_trace(f, (rows,))
    with np.errstate(all="ignore"):
        expected = jax.jit(f)(rows)
    code, alone = Kernel(lambda lanes, _: f(lanes)), Kernel(lambda _, shared: f(shared))
    same(code(rows, ()), expected, close)
    same(alone((), rows), expected, close)
    assert code.native
    assert alone.native
