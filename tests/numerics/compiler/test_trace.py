"""What is taken from a trace: calls written out, our own operations by identity, never a number of lanes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vrest.errors import InputError
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.compiler.samples import sample_put, sample_room, sample_time
from vrest.numerics.compiler.trace import Traced

ARRAY = ((2,), "d", True)


def read(f, *arguments, sampled=False):
    return Traced(f, list(arguments) or [ARRAY], sampled).trace()


def test_calls_are_written_out():
    """A function within a function within a rule for its derivative is as if it were written there."""

    @jax.jit
    def inner(x):
        return jax.nn.relu(x) + 1.0  # whose derivative has a rule

    trace = read(lambda x: [jax.jit(lambda y: inner(y) * inner(y))(x)])
    names = [op.name for op in trace.operations]
    assert not {"jit", "pjit", "custom_jvp_call"} & set(names)
    assert names.count("mul") == 1
    made = [v for op in trace.operations for v in op.outputs]
    assert len(set(made)) == len(made)  # each call has variables of its own
    assert (trace.outputs[0].shape, trace.outputs[0].lanes) == ((2,), True)


def test_what_only_renames_is_no_operation():
    trace = read(lambda x: [jax.lax.stop_gradient(jax.lax.optimization_barrier(x))])
    assert not trace.operations
    assert trace.outputs == trace.inputs


def test_a_loop_knows_what_it_carries():
    def f(x, n):
        return [jax.lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, c[1] * x), (0, x))[1]]

    trace = read(f, ARRAY, ((), "l", False))
    (loop,) = (op for op in trace.operations if op.name == "while")
    condition, body = loop.settings["condition"], loop.settings["body"]
    assert condition.inputs == body.inputs
    assert [v.lanes for v in body.inputs] == [v.lanes for v in loop.outputs] == [False, True]
    assert any(trace.inputs[1] in op.inputs for op in condition.operations)
    assert any(trace.inputs[0] in op.inputs for op in body.operations)


def test_samples_have_rows_and_times():
    def f(x, times):
        return [sample_put(sample_room(times, x[0], rows=3), jnp.zeros(x.shape[1:], int), x[0] > 0, *[x[1]] * 3)]

    traced = Traced(f, [ARRAY], True)
    (samples,) = traced.trace().outputs
    assert (samples.shape, samples.lanes, samples.times) == ((3,), True, True)
    assert traced.outputs == [((3,), True, True)]


@pytest.mark.parametrize("name", ["sample_time", "sample_room", "sample_put"])
def test_a_users_function_named_like_ours_is_a_function(name):
    def f(x):
        return x * x + 1.0

    f.__name__ = f.__qualname__ = name
    code = Kernel(lambda lanes, _: jax.jit(f)(lanes))
    assert code(np.arange(3.0), ()).tolist() == [1.0, 2.0, 5.0]
    assert code.native


def test_our_operations_are_computed_by_xla_as_they_are_written():
    times, place = jnp.array([1.0, 2.0, jnp.inf]), jnp.array([1, 0])
    assert jax.jit(sample_time)(times, place).tolist() == [2.0, 1.0]
    room = jax.jit(lambda t, x: sample_room(t, x, rows=2))(times, jnp.zeros(2))
    assert room.shape == (2, 3, 2)
    assert np.isnan(room).all()
    put = jax.jit(sample_put)(room, place, jnp.array([True, False]), jnp.array([5.0, 6.0]), jnp.array([7.0, 8.0]))
    assert put[:, 1, 0].tolist() == [5.0, 7.0]
    assert int(np.isnan(put).sum()) == 10


@pytest.mark.parametrize(
    "f",
    [
        lambda x, times: x * x.shape[-1],
        lambda x, times: x / x.size,
        lambda x, times: x * (x.shape[-1] // 2),
        lambda x, times: x * len(x),
        lambda x, times: x * float(x.shape[-1]),
        lambda x, times: x if x.shape[-1] > 10 else -x,
        lambda x, times: x + np.zeros(x.shape),
        lambda x, times: x * np.sqrt(x.shape[-1]),
        lambda x, times: x - jnp.mean(x),
        lambda x, times: x * jnp.var(x),
        lambda x, times: x * times.shape[0],
        lambda x, times: x / len(times),
        lambda x, times: jax.lax.while_loop(lambda c: c[0] < x.shape[0], lambda c: (c[0] + 1, c[1] * 2), (0, x))[1],
    ],
)
def test_the_number_of_lanes_or_times_is_no_number(f):
    with pytest.raises(InputError, match=r"how many|lane"):
        Traced(lambda x, times: [f(x, times)], [((), "d", True)], True).trace()


def test_arrays_shaped_like_others_are_allowed():
    def f(x, _):
        like = jnp.zeros(x.shape) + jnp.ones_like(x) + jnp.full(x.shape, 2.0) + jnp.broadcast_to(1.0, x.shape)
        return x + like + x.reshape(-1) + jnp.stack([x, x]).reshape(2, -1)[1]

    code = Kernel(f)
    assert code(np.arange(5.0), ()).tolist() == [4.0, 7.0, 10.0, 13.0, 16.0]
    assert code.native


def test_where_a_kernel_runs_the_number_of_lanes_is_refused_as_well():
    with pytest.raises(InputError, match=r"how many.*test_trace.py:\d+") as caught:
        Kernel(lambda x, _: x * x.shape[0])(np.arange(3.0), ())
    assert caught.value.code == "counts_lanes"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: jax.lax.dynamic_index_in_dim(x, 1, 0, keepdims=False),
        lambda x: jax.lax.dynamic_slice_in_dim(x, 1, 2, 0),
        lambda x: jax.grad(lambda v: jnp.sum(v**3))(x),  # the sum itself is not needed
        lambda x: jnp.copysign(x, -x),
    ],
)
def test_honest_functions_of_lanes_are_let_be(f):
    x = np.random.default_rng(1).normal(size=(3, 8))
    assert Kernel(lambda lanes, _: f(lanes))(x, ()) == pytest.approx(np.asarray(jax.jit(f)(x)), rel=1e-14)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x - x[:1],
        lambda x: x[::-1],
        lambda x: x + jnp.arange(x.shape[0]),
        jnp.sort,
        jnp.cumsum,
        lambda x: x - jnp.mean(x),
        lambda x: jnp.roll(x, 1),
        lambda x: x + jnp.argmax(x),
    ],
)
def test_a_lane_that_looks_at_others_is_refused(f, monkeypatch):
    monkeypatch.delenv("VREST_COMPILER")  # nor may XLA compute it
    with pytest.raises(InputError) as refused:
        Kernel(lambda lanes, _: f(lanes))(np.arange(8.0), ())
    assert refused.value.code in ("lanes_depend", "counts_lanes")


@pytest.mark.parametrize("f", [lambda x: x if x[0] > 0 else -x, np.sin, lambda x: x * float(x[0])])
def test_what_cannot_be_traced_is_told_as_a_slip(f):
    with pytest.raises(InputError, match="A number is asked for where only its formula is known") as refused:
        Kernel(lambda _, shared: f(shared))((), np.ones(3))
    assert refused.value.code == "not_traceable"
    assert "test_trace.py" in refused.value.message
