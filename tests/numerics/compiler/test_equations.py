"""Right-hand sides and eliminations that JAX sees as one operation each, against JAX that sees all of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from vrest.numerics import elimination
from vrest.numerics import rhs as module
from vrest.numerics.batch import advance
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.elimination import factorise, implicit, substitute
from vrest.numerics.lanes import RUNNING, Lanes
from vrest.numerics.rhs import Rhs

LANES = 5


@jax.custom_jvp
def own_derivative(x):
    return x * x


own_derivative.defjvp(lambda x, dx: (x[0] * x[0], 3.0 * dx[0]))  # not that of its value: it must be asked


def many_sorts(t, y, args):
    """Five unknowns; loops, choices, stacks, nested and shared functions, what has no derivative, numbers known."""
    scale, table = args
    a, b, c, d, e = y
    stacked = jnp.stack([a, b, c]) * table[:, None]
    total = jnp.sum(jnp.exp(-stacked), axis=0)
    looped = jax.lax.while_loop(lambda v: jnp.any(v[0] < 3), lambda v: (v[0] + 1, v[1] * b / (1.0 + d)), (0 * a, c))[1]
    share = jax.jit(lambda v, k: v / k + jnp.asarray([2.0, 3.0])[1])
    gone = jax.lax.stop_gradient(d) * jnp.floor(a) * jnp.sign(b)
    return (
        share(a * b, scale) - jnp.cos(t),
        jnp.where(c > 0.5, jnp.log(c), c / d) + total,
        jnp.maximum(looped, a) ** 3 + gone,
        own_derivative(d) * 2.0 + jnp.tanh(e) ** 1.5 + d / (b * b),
        jnp.zeros_like(e) + scale,
    )


@pytest.fixture
def at():
    rng = np.random.default_rng(7)
    return rng.uniform(0.3, 2.0, LANES), rng.uniform(0.3, 2.0, (5, LANES)), rng.uniform(1.0, 2.0, LANES)


def test_derivatives_are_those_of_jax(at):
    """y', each entry of its Jacobian that exists, and the derivative in time; where others are zero."""
    t, y, scale = at
    table, places = np.array([0.5, 1.5, 2.5]), []

    def both(lanes, table):
        t, y, scale = lanes
        rhs = Rhs(many_sorts, t, tuple(jnp.unstack(y)), (scale, table), short=False)
        value, entries = rhs.jacobian(t, tuple(jnp.unstack(y)))
        again = rhs(t, tuple(jnp.unstack(y)))
        places[:] = entries
        return value, again, rhs.drift(t, tuple(jnp.unstack(y))), tuple(entries.values())

    value, again, drift, entries = Kernel(both)((t, y, scale), table)
    for k in range(LANES):

        def one(t, y, k=k):
            return jnp.stack(many_sorts(jnp.asarray([t]), tuple(v[None] for v in y), (scale[[k]], table)))[:, 0]

        assert np.stack(value)[:, k] == pytest.approx(np.asarray(one(t[k], y[:, k])), rel=1e-14)
        assert np.stack(again)[:, k] == pytest.approx(np.asarray(one(t[k], y[:, k])), rel=1e-14)
        assert np.stack(drift)[:, k] == pytest.approx(np.asarray(jax.jacfwd(one)(t[k], y[:, k])), rel=1e-14)
        whole = np.asarray(jax.jacfwd(one, 1)(t[k], y[:, k]))
        found = np.zeros((5, 5))
        for place, entry in zip(places, entries, strict=True):
            found[place] = entry[k]
        assert found == pytest.approx(whole, rel=1e-13)
    assert (0, 0) in places
    assert (0, 2) not in places


def test_what_is_one_operation_is_still_differentiated(at):
    """Forwards, and along an axis of directions, as if JAX had seen all of it."""
    t, y, scale = at

    def value(y, t, scale):
        rows = tuple(jnp.unstack(y))
        rhs = Rhs(many_sorts, t, rows, (scale, jnp.asarray([0.5, 1.5, 2.5])), short=False)
        slope, jacobian = rhs.jacobian(t, rows)
        return jnp.stack(substitute(implicit(jnp.ones_like(t), jacobian, 5), slope))

    def along(lanes, directions):
        y, t, scale = lanes
        each = jax.vmap(lambda d: jax.jvp(lambda v: value(v, t, scale), (y,), (d[:, None] * jnp.ones_like(y),))[1])
        return each(directions)

    directions = np.eye(5)[:2]
    found = Kernel(along)((y, t, scale), directions)
    assert found == pytest.approx(np.asarray(jax.jit(along)((y, t, scale), directions)), rel=1e-11)


def decay(t, y, args):
    """Ten unknowns in a ring, each with its own rate."""
    return tuple(-args[0][k] * y[k] + 0.3 * y[k - 1] * y[k] + jnp.sin(t) for k in range(10))


@pytest.mark.parametrize("alone", [False, True])
def test_what_is_called_is_what_is_written_out(monkeypatch, alone):
    """Steps of many lanes, or of one problem, whose right-hand side and elimination are functions of their own."""
    rng = np.random.default_rng(3)
    shape = () if alone else (LANES,)
    rates, y0 = rng.uniform(0.5, 50.0, (10, *shape)), rng.uniform(0.5, 1.0, (10, *shape))

    def go(lanes, shared):
        y, rates, edges = (*lanes, *shared)
        nothing = jnp.zeros_like(y[0])
        count = jnp.zeros_like(nothing, dtype=int)
        start = Lanes(nothing, nothing, y, count, count + RUNNING, count, count)
        args = (tuple(jnp.unstack(rates)),)
        of = {"valid": lambda *_: jnp.asarray(True), "rtol": 1e-7, "atol": [1e-10] * 10, "attempts": 400}
        end = advance(lambda t, y, both: decay(t, y, both[0]), start, args, edges, quick=(), **of).lanes
        return end.y, end.steps

    given = ((), (y0, rates, np.array([0.0, 1.0]))) if alone else ((y0, rates), (np.array([0.0, 1.0]),))
    written, steps = Kernel(go)(*given)
    texts = []
    monkeypatch.setattr("vrest.numerics.compiler.kernel.compiled", lambda text: texts.append(text) or compiled(text))
    from vrest.numerics.compiler.machine import compiled

    monkeypatch.setattr(elimination, "CALLED", 0)
    monkeypatch.setattr(module, "CALLED", 0)
    called, same_steps = Kernel(go)(*given)
    assert texts[0].count("define internal void @part") == 3  # one right-hand side, one elimination, one solution
    assert texts[0].count("call void @part") > 15
    assert called == pytest.approx(written, rel=1e-12)
    assert np.all(steps == same_steps)


def test_what_was_called_can_be_read_otherwise(monkeypatch):
    """Factors lie in memory for what solves with all of them; one of them, or others beside them, are read there."""
    monkeypatch.setattr(elimination, "CALLED", 0)
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(3, 3, LANES)) + 5 * np.eye(3)[..., None], rng.normal(size=(3, LANES))

    def solved(lanes, _):
        a, b = lanes
        entries = {(i, j): a[i, j] for i in range(3) for j in range(3)}
        factors = implicit(jnp.ones_like(b[0]), entries, 3, often=True)
        turned = factors._replace(entries=dict(reversed(factors.entries.items())))
        there = tuple(jnp.unstack(b))
        return (
            substitute(factors, there),
            substitute(turned, there),
            factors.entries[0, 0],
            substitute(factorise(entries, 3), there),
        )

    x, again, pivot, other = Kernel(solved)((a, b), ())
    for k in range(LANES):
        expected = np.linalg.solve(np.eye(3) - a[..., k], b[:, k])
        assert np.stack(x)[:, k] == pytest.approx(expected, rel=1e-12)
        assert np.stack(again)[:, k] == pytest.approx(expected, rel=1e-12)
        assert np.stack(other)[:, k] == pytest.approx(np.linalg.solve(a[..., k], b[:, k]), rel=1e-12)
    assert np.all(np.isfinite(pivot))
