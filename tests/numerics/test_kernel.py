"""Machine code of a trace: the same numbers as XLA's, elementary functions to the last bits, and what is kept."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import vrest
from vrest.numerics import kernel as module
from vrest.numerics.kernel import Kernel, leaves_of, tree_of
from vrest.numerics.lanes import Lanes
from vrest.system.assemble import assemble
from vrest.verbs.rest import linearised, rest_here, search
from vrest.verbs.run import stepper

FUNCTIONS = {
    "exp": (jnp.exp, mpmath.exp, (-700, 700), 1.5),
    "expm1": (jnp.expm1, mpmath.expm1, (-40, 700), 2.0),
    "log": (jnp.log, mpmath.log, (1e-300, 1e300), 1.5),
    "log1p": (jnp.log1p, mpmath.log1p, (-0.99, 1e10), 2.0),
    "tanh": (jnp.tanh, mpmath.tanh, (-25, 25), 3.0),
    "logistic": (jax.nn.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), (-30, 30), 3.0),
    "sqrt": (jnp.sqrt, mpmath.sqrt, (0, 1e300), 0.51),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_elementary_functions_to_the_last_bits(name):
    """Against 60 digits: at 3,000 numbers over the whole range, near 0 and near 1."""
    function, exact, (low, high), allowed = FUNCTIONS[name]
    rng = np.random.default_rng(1)
    near = np.concatenate([10.0 ** rng.uniform(-20, 0, 700), 1 + 1e-7 * rng.normal(size=300), rng.normal(size=500)])
    wide = np.exp(rng.uniform(-690, 690, 750)) if high > 1e100 else rng.uniform(low, high, 750)
    x = np.concatenate([near, -near, rng.uniform(low, min(high, 1e6), 750), wide])
    x = x[(x > low) & (x < high)]
    code = Kernel(lambda lanes, _: function(lanes))
    found = code(x, ())
    assert code.native
    with mpmath.workdps(60):
        truth = [exact(mpmath.mpf(float(v))) for v in x]
        off = [abs(mpmath.mpf(float(f)) - t) / np.spacing(abs(float(t))) for f, t in zip(found, truth, strict=True)]
    assert len(x) > 1500
    assert float(max(off)) < allowed


def test_powers():
    """The rounding of x^y grows with |y log x|, as its documentation says."""
    rng = np.random.default_rng(2)
    x, y = np.exp(rng.uniform(-20, 20, 2000)), rng.uniform(-5, 5, 2000)
    found = Kernel(lambda lanes, _: lanes[0] ** lanes[1])((x, y), ())
    with mpmath.workdps(60):
        truth = [mpmath.mpf(float(a)) ** mpmath.mpf(float(b)) for a, b in zip(x, y, strict=True)]
        off = [abs(float((mpmath.mpf(float(f)) - t) / t)) for f, t in zip(found, truth, strict=True)]
    assert np.all(np.array(off) < 2.3e-16 * (2 + np.abs(y * np.log(x))))


@pytest.mark.parametrize("name", [*FUNCTIONS, "pow", "cube", "sign", "max", "min", "finite"])
def test_where_there_is_no_number(name):
    """Zeros with a sign, infinities, what is not a number, and what is too large or too small: as NumPy has it."""
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 710.0, -746.0, 1e-300, 1.0, -1.0, 2.0])
    others = {
        "pow": lambda v: jnp.power(v, 1.5),
        "cube": lambda v: jnp.power(v, jnp.float64(3.0)) + v**-2,
        "sign": jnp.sign,
        "max": lambda v: jnp.maximum(v, v[::1] * 0 + 1.5),
        "min": lambda v: jnp.minimum(1.5 + 0 * v, v),
        "finite": lambda v: jnp.isfinite(v).astype(float) + jnp.isnan(v),
    }
    function = others[name] if name in others else FUNCTIONS[name][0]
    if name == "pow":
        x = x[x > -np.inf]  # to a power that is not whole: C says +inf, we say it is not a number
    found, expected = Kernel(lambda lanes, _: function(lanes))(x, ()), np.asarray(jax.jit(function)(x))
    assert found == pytest.approx(expected, rel=1e-14, nan_ok=True)


def test_shapes_loops_and_reductions():
    """What becomes instructions agrees with XLA: lanes of any number, loops that end apart, nested ones, bits."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(3, 21)), rng.normal(size=21)
    m, w = rng.normal(size=(3, 3)), rng.normal(size=3)

    def f(lanes, shared):
        (a, b), (m, w, n) = lanes, shared
        rows = jnp.unstack(a)
        total = jnp.stack([sum(m[i, j] * rows[j] for j in range(3)) for i in range(3)])
        weighed = jnp.concatenate([total * w[:, None], b[None]])[1:].reshape(3, -1)

        def inner(carry):
            k, x = carry
            return k + 1, jnp.where(x < 50, 1.3 * x + 1, x)

        def outer(carry):
            k, x = carry
            return k + 1, jax.lax.while_loop(lambda c: (c[0] < k) & jnp.any(c[1] < 50), inner, (0, x))[1]

        _, grown = jax.lax.while_loop(lambda c: (c[0] < n) & ~jnp.all(c[1] >= 50), outer, (0, jnp.abs(b)))
        bits = (b > 0) & ~(a[0] > 0) | (a[1] == a[2])
        return {"one": (weighed,)}["one"], jnp.max(a, axis=0), jnp.clip(grown, 0.0, 60.0), bits, m @ w, jnp.eye(3)[1]

    got, expected = Kernel(f)((a, b), (m, w, 7)), jax.jit(f)((a, b), (m, w, 7))
    for found, truth in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert found.dtype == truth.dtype
        assert found == pytest.approx(np.asarray(truth), rel=1e-13)


def test_what_cannot_be_lowered_is_left_to_xla():
    code = Kernel(lambda lanes, shared: jnp.sin(lanes) + jnp.linalg.det(shared))
    matrix = np.random.default_rng(0).normal(size=(5, 5))
    assert code(np.arange(3.0), matrix) == pytest.approx(np.sin(np.arange(3.0)) + np.linalg.det(matrix), rel=1e-12)
    assert not code.native


def test_trees_come_back_as_they_were():
    tree = (1, None, Lanes(1, 2, (3, 4), 5, 6, 7, 8), ())
    leaves, nesting = leaves_of(tree)
    assert leaves == [1, 1, 2, 3, 4, 5, 6, 7, 8]
    assert tree_of(nesting, iter(leaves)) == tree


def test_code_is_kept_by_what_it_depends_on(tmp_path, monkeypatch):
    """Another process finds it; another key, other shapes or other sources do not; a torn file is not trusted."""
    monkeypatch.setenv("VREST_CACHE", str(tmp_path))
    traced = []

    def made(key, x, sources="as they are"):
        monkeypatch.setattr(module, "sources", lambda: sources)

        def f(lanes, shared):
            traced.append(key)
            return lanes + shared

        return Kernel(f, key)(x, 1.0).tolist()

    for again in range(2):
        assert made("a", np.arange(3.0)) == [1.0, 2.0, 3.0]
        assert traced == ["a"], again
    made("b", np.arange(3.0))
    made("a", np.ones((2, 3)))
    made("a", np.arange(5.0))  # any number of lanes
    assert traced == ["a", "b", "a"]
    made("a", np.arange(3.0), "changed")
    assert len(traced) == 4
    for path in (tmp_path / "compiled").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    assert made("a", np.arange(3.0)) == [1.0, 2.0, 3.0]
    assert len(traced) == 5
    made("", np.arange(3.0))
    made("", np.arange(3.0))
    assert traced[-2:] == ["", ""]


@pytest.mark.parametrize("name", ["mammalian_neuron", "dijkstra_2016", "cressman_2009", "hodgkin_huxley_1952"])
def test_cells_of_the_library_need_no_xla(name):
    cell = vrest.load(name)
    vrest.rest(cell)
    rest_here(cell)
    vrest.simulate(cell, until="1 min", points=3)
    active = assemble(cell, only_active=True)
    codes = search(active), linearised(active), stepper(assemble(cell), False)
    assert [(len(code.made), code.native) for code in codes] == [(1, True)] * 3
