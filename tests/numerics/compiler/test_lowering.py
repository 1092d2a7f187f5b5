"""Whole traces as machine code: random ones against XLA, memory that is not ours, lanes that may not be mixed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from vrest.errors import InputError
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.compiler.program import UnsupportedError
from vrest.numerics.compiler.samples import sample_put, sample_room, sample_time


def wide(v, lanes):
    """Ends with the axis of lanes, or with one for it."""
    return v if lanes else v[..., None]


def looped(a, b):
    """Each lane grows until it is above 1, however many others go on."""

    def body(carry):
        k, x = carry
        return k + 1, jnp.where(x < 1.0, 1.5 * x + 0.1 + jnp.abs(b), x)

    return lax.while_loop(lambda c: (c[0] < 5) & jnp.any(c[1] < 1.0), body, (0, a + 0.0 * b))[1]


def total(v, lanes):
    """Of all but the lanes."""
    return jnp.sum(v, axis=tuple(range(v.ndim - lanes)))


PAIRED = [
    jnp.add,
    jnp.subtract,
    lambda a, b: jnp.tanh(a * b),
    lambda a, b: a / (1.0 + b * b),
    jnp.maximum,
    jnp.minimum,
    lambda a, b: jnp.where(a > b, a, -b),
    lambda a, b: jnp.where((a > 0.3) & ~(b <= 0.1), jnp.floor(3 * a), b),
    lambda a, b: jnp.clip(a, -0.5, jnp.abs(b)),
    lambda a, b: jnp.sin(a) + jnp.exp(-b * b),
    looped,
]


def paired(which, a, b):
    (a, lanes), (b, too) = a, b
    if a.shape[: a.ndim - lanes] != b.shape[: b.ndim - too]:
        b = total(b, too)
    if lanes or too:
        a, b = wide(a, lanes), wide(b, too)
        b = jnp.broadcast_to(b, jnp.broadcast_shapes(a.shape, b.shape))
        found = PAIRED[which](jnp.broadcast_to(a, jnp.broadcast_shapes(a.shape, b.shape)), b)
        return found, True
    return PAIRED[which](a, jnp.broadcast_to(b, a.shape)) if which < len(PAIRED) - 1 else a - b, False


def shaped(which, a):
    """Moved about: entries for no entries in sight become two."""
    v, lanes = a
    if v.ndim == lanes:
        return (jnp.stack([v, -v, v * v])[::2] if which % 2 else jnp.concatenate([v[None], 2 * v[None]])), lanes
    moved = [
        lambda: v[::-1],
        lambda: total(v, lanes),
        lambda: jnp.max(v, axis=0) if which < 8 else jnp.prod(v, axis=0),
        lambda: v.reshape(1, *v.shape)[0] * jnp.arange(1.0, 1 + len(v)).reshape(-1, *[1] * (v.ndim - 1)),
        lambda: jnp.swapaxes(v, 0, 1) if v.ndim - lanes == 2 else v[jnp.array([-1, 0])],
        lambda: jnp.unstack(v)[-1],
        lambda: jnp.any(v > 0.2, axis=0).astype(float) + jnp.all(v < 0.9, axis=0),
    ]
    return moved[which % len(moved)](), lanes


STEPS = st.tuples(st.integers(0, 2 * len(PAIRED) - 1), st.integers(0, 30), st.integers(0, 30))


@settings(max_examples=60)
@given(st.lists(STEPS, min_size=1, max_size=12), st.sampled_from([1, 5, 8, 17]))
def test_random_traces(steps, n):
    rng = np.random.default_rng(n)
    lanes = rng.normal(size=(3, n)), rng.normal(size=n), rng.normal(size=(2, 3, n))
    shared = rng.normal(size=(3,)), rng.normal(), rng.normal(size=(2, 3))

    def f(lanes, shared):
        pool = [(v, True) for v in lanes] + [(v, False) for v in shared]
        for what, i, j in steps:
            a, b = pool[-1 - i % len(pool)], pool[-1 - j % len(pool)]
            pool.append(paired(what, a, b) if what < len(PAIRED) else shaped(what - len(PAIRED), a))
        return tuple(wide(v, alone) + 0.0 * lanes[1] for v, alone in pool[6:])

    with jax.disable_jit():  # each operation by itself: nothing is compiled anew for each example
        expected = f(jax.tree.map(jnp.asarray, lanes), jax.tree.map(jnp.asarray, shared))
    for found, truth in zip(Kernel(f)(lanes, shared), expected, strict=True):
        np.testing.assert_allclose(found, truth, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("n", [1, 3, 8, 13])
def test_nothing_is_written_beyond_the_lanes_that_are_there(n):
    """A vector has more lanes than a problem may have: those beyond take no samples."""

    def f(x, _, times):
        def body(carry):
            place, samples = carry
            samples = sample_put(samples, place, sample_time(times, place) < jnp.inf, x, sample_time(times, place))
            return place + 1, samples

        start = jnp.zeros(x.shape, int), sample_room(times, x, rows=2)
        return lax.while_loop(lambda c: jnp.any(sample_time(times, c[0]) < jnp.inf), body, start)[1]

    times = np.append(np.arange(3.0), np.inf)
    room = np.full((n + 16, 2, 4), -7.0)
    Kernel(f)(np.arange(1.0, n + 1), (), times, room[:n])
    assert np.all(room[n:] == -7.0)
    assert np.all(room[:n, :, 3] == -7.0)
    assert np.all(room[:n, 0, :3] == np.arange(1.0, n + 1)[:, None])
    assert np.all(room[:n, 1, :3] == times[:3])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + x[:1],
        lambda x: x + lax.slice(x, (0,), (1,)),
        lambda x: x + lax.rev(x, (0,)),
        lambda x: x + jnp.arange(x.shape[0]),
        lambda x: jnp.moveaxis(jnp.stack([x, x], axis=-1), -1, 0),
        lambda x: jnp.concatenate([x, x]).reshape(2, -1),
        lambda x: jnp.broadcast_to(x[:, None], (*x.shape, 3))[:, 0],
        lambda x: (x[:, None] * x)[0],
        lambda x: x.reshape(-1, 1)[:, 0],
        lambda x: jnp.sort(x),
    ],
)
def test_lanes_that_are_moved_are_left_to_xla(f):
    with pytest.raises((UnsupportedError, InputError)):
        Kernel(lambda lanes, _: f(lanes))(np.arange(5.0), ())


def test_what_a_loop_computed_is_computed_anew_after_it():
    def f(x, _):
        grown = lax.while_loop(lambda c: jnp.any(c < 9.0), lambda c: jnp.where(c < 9.0, 1.5 * c + 1.0, c), x)
        return 1.5 * grown + 1.0, grown

    x = np.arange(11.0)
    for found, truth in zip(Kernel(f)(x, ()), jax.jit(f)(x, ()), strict=True):
        np.testing.assert_allclose(found, truth, rtol=1e-15)


def test_a_matrix_times_a_matrix():
    rng = np.random.default_rng(0)
    a, b, v = rng.normal(size=(2, 3)), rng.normal(size=(3, 4)), rng.normal(size=3)

    def f(_, shared):
        a, b, v = shared
        return a @ b, a @ v, v @ v, jnp.tensordot(a, b, ((1,), (0,))), a[:, :0] @ b[:0]

    code = Kernel(f)
    for found, expected in zip(code((), (a, b, v)), jax.jit(f)((), (a, b, v)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert code.native


def test_a_split_into_no_parts():
    """As older versions of JAX take the rows of an array that has none."""
    code = Kernel(lambda x, _: (x, *lax.split(jnp.zeros((0, 2)), ()), *jnp.unstack(jnp.zeros((0, 2)))))
    assert [v.tolist() for v in code(np.arange(2.0), ())] == [[0.0, 1.0]]
