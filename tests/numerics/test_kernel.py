"""Machine code of a trace: the same numbers as XLA's, elementary functions to the last bits, and what is kept."""

import time
from collections import namedtuple
from pathlib import Path
from types import MappingProxyType

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.numerics.compiler import cache, lowering
from vrest.numerics.compiler import kernel as module
from vrest.numerics.compiler.fallback import Fallback, fallbacks
from vrest.numerics.compiler.kernel import Kernel, leaves_of, tree_of
from vrest.numerics.compiler.program import UnsupportedError
from vrest.numerics.compiler.samples import sample_put, sample_room
from vrest.numerics.rhs import Rhs
from vrest.system.assemble import assemble
from vrest.verbs.motion import stepper
from vrest.verbs.rest import rest_here
from vrest.verbs.searching import following, settling

FUNCTIONS = {
    "exp": (jnp.exp, mpmath.exp, (-700, 700), 1.5),
    "expm1": (jnp.expm1, mpmath.expm1, (-40, 700), 2.0),
    "log": (jnp.log, mpmath.log, (1e-300, 1e300), 1.5),
    "log1p": (jnp.log1p, mpmath.log1p, (-0.99, 1e10), 2.0),
    "tanh": (jnp.tanh, mpmath.tanh, (-25, 25), 3.0),
    "logistic": (jax.nn.sigmoid, lambda x: 1 / (1 + mpmath.exp(-x)), (-30, 30), 3.0),
    "erf": (jax.scipy.special.erf, mpmath.erf, (-7, 7), 2.0),
    "exp2": (jnp.exp2, lambda x: mpmath.mpf(2) ** x, (-1000, 1020), 1.5),
    "cbrt": (jnp.cbrt, mpmath.cbrt, (1e-300, 1e300), 1.5),
    "sinh": (jnp.sinh, mpmath.sinh, (-710, 710), 4.0),
    "cosh": (jnp.cosh, mpmath.cosh, (-710, 710), 4.0),
    "asinh": (jnp.arcsinh, mpmath.asinh, (-1e300, 1e300), 4.0),
    "acosh": (jnp.arccosh, mpmath.acosh, (1, 1e300), 4.0),
    "atanh": (jnp.arctanh, mpmath.atanh, (-1, 1), 4.0),
    "sin": (jnp.sin, mpmath.sin, (-1e300, 1e300), 2.0),
    "cos": (jnp.cos, mpmath.cos, (-1e300, 1e300), 2.0),
    "tan": (jnp.tan, mpmath.tan, (-1e300, 1e300), 3.0),
    "sqrt": (jnp.sqrt, mpmath.sqrt, (0, 1e300), 0.51),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_elementary_functions_to_the_last_bits(name):
    """Against 60 digits: at 3,000 numbers over the whole range, near 0 and near 1."""
    function, exact, (low, high), allowed = FUNCTIONS[name]
    rng = np.random.default_rng(1)
    near = np.concatenate([10.0 ** rng.uniform(-20, 0, 700), 1 + 1e-7 * rng.normal(size=300), rng.normal(size=500)])
    wide = np.exp(rng.uniform(-690, 690, 750)) if high > 1e100 else rng.uniform(low, high, 750)
    x = np.concatenate([near, -near, 1 + abs(near), rng.uniform(low, min(high, 1e6), 750), wide])
    x = x[(x > low) & (x < high)]
    code = Kernel(lambda lanes, _: function(lanes))
    found = code(x, ())
    assert code.native
    with mpmath.workdps(60):
        truth = [exact(mpmath.mpf(float(v))) for v in x]
        off = [abs(mpmath.mpf(float(f)) - t) / np.spacing(abs(float(t))) for f, t in zip(found, truth, strict=True)]
    assert len(x) > 1500
    assert float(max(off)) < allowed


def test_angles_near_quarter_turns():
    """Where a sine or cosine nearly vanishes, up to the double that comes nearest to a multiple of pi/2."""
    turns = [1, 2, 3, 7, 355, 1e5, 2**18, 2**19, 2**20, 2**22, 1e9, 1e15, 2.0**60, 1e22, 1e100, 1e300]
    with mpmath.workdps(400):
        near = [float(k * mpmath.pi / 2) for k in turns] + [6381956970095103 * 2.0**797, 1.7e308, 2.0**19]
        x = np.array([*near, *np.nextafter(near, np.inf)])
        x = np.concatenate([x, -x])
        for ours, exact in ((jnp.sin, mpmath.sin), (jnp.cos, mpmath.cos), (jnp.tan, mpmath.tan)):
            found = Kernel(lambda lanes, _, ours=ours: ours(lanes))(x, ())
            (one,) = np.unique([Kernel(lambda _, v, ours=ours: ours(v))((), x[-3]) - found[-3]])
            assert one == 0.0  # a single number goes the same way
            truth = [exact(mpmath.mpf(float(v))) for v in x]
            off = [abs(mpmath.mpf(float(f)) - t) / np.spacing(abs(float(t))) for f, t in zip(found, truth, strict=True)]
            assert float(max(off)) < 3.0


def test_powers():
    """The rounding of x^y grows with |y log x|, as its documentation says."""
    rng = np.random.default_rng(2)
    x, y = np.exp(rng.uniform(-20, 20, 2000)), rng.uniform(-5, 5, 2000)
    found = Kernel(lambda lanes, _: lanes[0] ** lanes[1])((x, y), ())
    with mpmath.workdps(60):
        truth = [mpmath.mpf(float(a)) ** mpmath.mpf(float(b)) for a, b in zip(x, y, strict=True)]
        off = [abs(float((mpmath.mpf(float(f)) - t) / t)) for f, t in zip(found, truth, strict=True)]
    assert np.all(np.array(off) < 2.3e-16 * (2 + np.abs(y * np.log(x))))


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
        return (weighed,), jnp.max(a, axis=0), jnp.clip(grown, 0.0, 60.0), bits

    got, expected = Kernel(f)((a, b), (m, w, 7)), jax.jit(f)((a, b), (m, w, 7))
    for found, truth in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
        assert found.dtype == truth.dtype
        assert found == pytest.approx(np.asarray(truth), rel=1e-13)


def test_one_problem_without_lanes():
    rng = np.random.default_rng(4)
    m, w, places = rng.normal(size=(3, 3)), rng.normal(size=3), np.array([2, 0])

    def f(_, shared):
        m, w = shared
        return (
            m @ w,
            jnp.eye(3)[1],
            m[places] + m[-1],
            jnp.where(w > 0, 1, 2).astype(jnp.int32),
            jnp.all(w < 9),
        )

    code = Kernel(f)
    for found, truth in zip(code((), (m, w)), jax.jit(f)((), (m, w)), strict=True):
        assert found.dtype == truth.dtype
        assert found == pytest.approx(np.asarray(truth), rel=1e-13)
    assert code.native


@pytest.mark.parametrize(
    ("lanes", "said"),
    [((np.arange(8.0), np.ones(2)), "differ in lanes"), ((np.arange(8.0), 1.0), "differ in lanes")],
)
def test_lanes_that_differ_in_number_are_refused(lanes, said):
    with pytest.raises(ValueError, match=said):
        Kernel(lambda lanes, _: lanes[0] + lanes[1])(lanes, ())


@pytest.mark.parametrize(
    "f", [lambda x, _: x - jnp.sum(x), lambda x, _: jnp.where(jnp.any(x > 1), x, -x), lambda x, _: jnp.float64(1.0)]
)
def test_lanes_that_depend_on_each_other_are_refused(f):
    with pytest.raises(ValueError, match="lane"):
        Kernel(f)(np.arange(21.0), ())


def test_numbers_of_another_byte_order_are_read():
    assert Kernel(lambda x, _: 2 * x)(np.arange(4.0).astype(">f8"), ()).tolist() == [0.0, 2.0, 4.0, 6.0]


@pytest.mark.parametrize("shape", [None, (3, 1, 101), (2, 2, 101), (3, 2, 100)])
def test_samples_need_their_room(shape):
    """Memory is never written beyond what was given."""

    def f(lanes, shared, times):
        samples = sample_room(times, lanes, rows=2)
        return sample_put(samples, jnp.zeros(lanes.shape, int), lanes > 0, lanes, lanes)

    times = np.append(np.arange(100.0), np.inf)
    with pytest.raises(ValueError, match=r"room of shape \(3, 2, 101\)"):
        Kernel(f)(np.arange(3.0), (), times, None if shape is None else np.empty(shape))
    with pytest.raises(ValueError, match="infinity"):
        Kernel(f)(np.arange(3.0), (), times[:-1], np.empty((3, 2, 100)))
    into = np.full((3, 2, 101), -1.0)
    Kernel(f)(np.arange(3.0), (), times, into)
    assert into[:, :, 0].tolist() == [[-1.0, -1.0], [1.0, 1.0], [2.0, 2.0]]
    assert np.all(into[:, :, 1:] == -1.0)


@pytest.fixture
def _as_users_have_it(monkeypatch):
    monkeypatch.delenv("VREST_COMPILER")


@pytest.mark.usefixtures("_as_users_have_it")
@pytest.mark.parametrize(
    ("f", "what"),
    [
        (lambda x, n: x**n, "pow of whole numbers"),
        (lambda x, n: x.astype(jnp.float32), "float32"),
        (lambda x, n: x + jnp.arctan(n), "atan"),
        (lambda x, n: x + x.astype(int), "a whole number from a real one"),
        (lambda x, n: x + jnp.array([5.0, 7.0]).at[jnp.array([9])].get(mode="fill", fill_value=3.0), "not there"),
        (lambda x, n: x + jnp.linalg.det(jnp.eye(5) * n), "lu"),
    ],
)
def test_what_has_no_instruction_of_its_own_is_left_to_xla_and_said(f, what):
    x, code = np.array([1.5, 2.5, 3.0]), Kernel(f)
    for _ in range(2):  # each time, for each result
        with fallbacks() as heard:
            assert code(x, 3) == pytest.approx(np.asarray(jax.jit(f)(x, 3)), rel=1e-14)
        ((told, where),) = heard
        assert what in told
        assert f"{Path(__file__).name}:{f.__code__.co_firstlineno}" in where
    assert not code.native


@pytest.mark.usefixtures("_as_users_have_it")
def test_whatever_goes_wrong_while_lowering_xla_answers(monkeypatch):
    def broken(*_):
        raise IndexError("a defect")

    monkeypatch.setattr(lowering, "lowered", broken)
    with fallbacks() as heard:
        assert Kernel(lambda x, _: x + 1)(np.arange(3.0), ()).tolist() == [1.0, 2.0, 3.0]
    assert heard == [Fallback("IndexError: a defect", "")]


def test_tests_do_not_fall_back():
    with pytest.raises(UnsupportedError, match="atan"):
        Kernel(lambda x, n: x + jnp.arctan(n))(np.arange(3.0), 3)


def test_the_compiler_is_chosen_by_a_name(monkeypatch):
    monkeypatch.setenv("VREST_COMPILER", "xla")
    code = Kernel(lambda x, _: x + 1)
    with fallbacks() as heard:
        assert code(np.arange(3.0), ()).tolist() == [1.0, 2.0, 3.0]
    assert not code.native
    assert not heard  # it was asked for
    kept = Kernel(lambda x, _: x + 1, "kept of a test")
    for chosen, native in (("own", True), ("xla", False)):  # what was kept before is not taken for XLA's
        monkeypatch.setenv("VREST_COMPILER", chosen)
        kept.made.clear()
        assert kept(np.arange(3.0), ()).tolist() == [1.0, 2.0, 3.0]
        assert kept.native is native
    monkeypatch.setenv("VREST_COMPILER", "gcc")
    with pytest.raises(InputError, match=r"VREST_COMPILER is 'gcc'\. Allowed: own, xla\."):
        Kernel(lambda x, _: x + 1)(np.arange(3.0), ())


@pytest.mark.parametrize("chosen", ["own", "xla"])
def test_xla_is_given_the_short_form(monkeypatch, chosen):
    monkeypatch.setenv("VREST_COMPILER", chosen)
    short = []

    def f(x, _):
        short.append(Rhs(lambda t, y, args: y, x, (x,), ()).short)
        return x

    Kernel(f)(np.arange(3.0), ())
    assert set(short) == {chosen == "xla"}


def test_trees_come_back_as_they_were():
    tree = (1, None, namedtuple("Pair", "a b")(2, (3, 4)), ())
    leaves, nesting = leaves_of(tree)
    assert leaves == [1, 2, 3, 4]
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


def test_nothing_is_kept_of_sources_that_changed_under_the_process(monkeypatch):
    assert cache.sources()
    monkeypatch.setattr(vrest, "_IMPORTED", 0)
    assert not cache.sources()


def test_nothing_is_kept_of_a_users_own_law():
    """Its code is not among the sources that name what is kept."""

    @vrest.transport("leak_of_a_test")
    class Leak(vrest.Transport):
        def stoichiometry(self):
            return {"K": 1}

        def rate(self, here):
            return 1e-9 * here.potential

    cell = vrest.load("mammalian_neuron")
    own = MappingProxyType({**cell.membranes["neuron"].transports, "own": Leak()})
    membrane = cell.membranes["neuron"]._with_si(transports=own)
    changed = cell._with_si(membranes=MappingProxyType({"neuron": membrane}))
    assert stepper(assemble(cell), False).key
    assert not stepper(assemble(changed), False).key


@pytest.mark.parametrize("name", ["mammalian_neuron", "dijkstra_2016", "cressman_2009", "hodgkin_huxley_1952"])
def test_cells_of_the_library_need_no_xla(name):
    cell = vrest.load(name)
    vrest.rest(cell)
    rest_here(cell)
    vrest.simulate(cell, until="1 min", points=3)
    active = assemble(cell, only_active=True)
    codes = settling(active), following(active), stepper(assemble(cell), False)
    assert all(code.native and len(code.made) <= 1 for code in codes)
    assert settling(active).made


def test_arguments_without_numbers():
    code = Kernel(lambda lanes, shared: (lanes[0] * 2,))
    (found,) = code((np.arange(3.0),), (np.zeros(0),))
    assert found.tolist() == [0.0, 2.0, 4.0]
    assert code.native


@pytest.mark.parametrize(
    ("key", "said"), [("", "in each process"), ("slow of a test", "once: the code is kept on disk")]
)
def test_compiling_that_takes_long_says_so(tmp_path, monkeypatch, caplog, key, said):
    """And whether it will take long again; what is quick says nothing."""
    monkeypatch.setenv("VREST_CACHE", str(tmp_path))

    def slow(x, _):
        begin = time.process_time()
        while time.process_time() - begin < 0.5:
            x = x + 1.0
        return x

    Kernel(lambda x, _: x + 1, key and f"{key} too")(np.arange(3.0), ())
    assert not caplog.records
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    Kernel(slow, key)(np.arange(3.0), ())
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("vrest", "WARNING")
    assert record.getMessage() == f"Compiling equations{' (slow)' if key else ''}: some seconds, {said}."
