"""The first zero on the way, and what relaxes together, against closed forms and SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

import vrest.numerics.compiler.backend  # noqa: F401  (float64)
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.elimination import implicit, none_grows
from vrest.numerics.march import march
from vrest.numerics.relaxed import relaxed

STEP = 0.01


def random_zeros(lanes=400, count=4):
    """(count, lanes) zeros around 0, ascending, many only just further apart than a step."""
    rng = np.random.default_rng(7)
    gaps = STEP * np.where(rng.random((count, lanes)) < 0.4, 1.02, rng.uniform(1.02, 80, (count, lanes)))
    zeros = np.cumsum(gaps, axis=0)
    return zeros - 0.5 * zeros[-1]


def polynomial(y, zeros):
    """Positive below all zeros."""
    found = jnp.ones_like(y)
    for zero in zeros:
        found = found * (zero - y)
    return found


def marched(y, zeros, low=-1.2, high=1.2, way=None):
    """As machine code, which takes lanes in vectors."""

    def run(lanes, shared):
        y, zeros = lanes
        low, high = (edge + 0.0 * y for edge in shared)
        return march(lambda v: polynomial(v, tuple(zeros)), y, low=low, high=high, step=STEP, way=way)

    return Kernel(run)((y, zeros), (low, high))


def test_each_lane_goes_to_the_first_zero_on_its_way():
    zeros = random_zeros()
    y = np.random.default_rng(8).uniform(-1.1, 1.1, zeros.shape[1])
    found = marched(y, zeros)
    rises = (zeros < y).sum(axis=0) % 2 == 0
    above, below = (np.where(side, zeros, np.nan) for side in (zeros > y, zeros < y))
    with np.errstate(all="ignore"):
        expected = np.where(rises, np.fmin.reduce(above), np.fmax.reduce(below))
    expected[np.abs(expected) > 1.2] = np.nan
    assert 10 < np.isnan(expected).sum() < 200
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    there = ~np.isnan(expected)
    assert np.abs(found - expected)[there].max() < 3e-16


@pytest.mark.parametrize(("way", "expected"), [(1.0, [0.5, np.nan]), (-1.0, [-0.5, 0.5])])
def test_it_may_be_told_the_way(way, expected):
    found = marched(np.array([0.2, 0.7]), np.array([[-0.5, -0.5], [0.5, 0.5]]), way=way)
    assert found == pytest.approx(expected, abs=1e-16, nan_ok=True)


def test_a_zero_where_it_starts_is_where_it_stays():
    assert marched(np.array([0.25]), np.array([[0.25], [0.26]])).tolist() == [0.25]


def test_limits_are_looked_at_too_and_nothing_beyond():
    y, zeros = np.zeros(2), np.array([[0.9999], [1.0001]]).T
    assert marched(y, zeros, high=1.0) == pytest.approx([0.9999, np.nan], nan_ok=True)


@pytest.mark.parametrize("start", [0.0, 0.7])
def test_what_is_no_number_ends_the_way(start):
    """On the way, and in the interval in which the sign changed."""

    def slope(y):
        return jnp.where((y > 0.7021) & (y < 0.7089), jnp.nan, 0.705 - y)

    y = jnp.asarray([start])
    assert np.isnan(march(slope, y, low=y - 2.0, high=y + 2.0, step=STEP)).all()


def test_a_jump_counts_as_a_zero():
    y = jnp.asarray([0.0])
    found = march(lambda v: jnp.where(v < jnp.pi / 10, 3.0, -1.0), y, low=y - 1.0, high=y + 1.0, step=STEP)
    assert float(found[0]) == pytest.approx(np.pi / 10, abs=1e-16)


# --- together -----------------------------------------------------------------------------------------------


def wells(t, y, args):
    """Two wells each at +-0.1, from between which it grows, joined a little."""
    a, b = y
    (joined,) = args
    return a - 100.0 * a**3 + joined * (b - a), b - 100.0 * b**3 + joined * (a - b)


@pytest.mark.parametrize("joined", [0.0, 0.05, 0.3])
def test_relaxes_to_where_the_motion_leads(joined):
    """From near where both grow, whose steps an even number of pivots would not betray; SciPy follows the motion."""
    starts = np.random.default_rng(3).uniform(-1, 1, (2, 60))
    starts = starts[:, np.abs(starts.sum(axis=0)) > 0.25]
    starts = starts[:, np.abs(starts).min(axis=0) > 0.25 * (joined < 0.1)]
    starts = starts * np.geomspace(1e-5, 0.04, starts.shape[1])
    found = np.stack(jax.jit(lambda y: relaxed(wells, tuple(y), (joined,)))(starts))
    for start, end in zip(starts.T, found.T, strict=True):
        way = solve_ivp(lambda t, y: wells(t, y, (joined,)), (0, 200), start, "LSODA", rtol=1e-9, atol=1e-12)
        assert end == pytest.approx(way.y[:, -1], abs=1e-7)
        assert np.abs(wells(0.0, end, (joined,))).max() < 1e-15


def test_what_never_arrives_is_no_number():
    """Beside a lane that does; what turns and grows has no place to come to rest either."""

    def turning(t, y, growth):
        return growth * y[0] - y[1], y[0] + growth * y[1]

    y = (jnp.asarray([0.1, 0.1, 0.1]),) * 2
    found = np.stack(relaxed(turning, y, jnp.asarray([-1.0, 0.5, jnp.nan])))
    assert found[:, 0] == pytest.approx([0, 0], abs=1e-12)
    assert np.isnan(found[:, 1:]).all()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_pivots_tell_whether_anything_grows(n):
    """Of 500 matrices D S, S symmetric, D positive and diagonal: as many negative pivots as eigenvalues beyond."""
    rng = np.random.default_rng(n)
    s = rng.normal(size=(500, n, n)) - rng.uniform(0, 2 * np.sqrt(n), (500, 1, 1)) * np.eye(n)
    a = rng.uniform(0.1, 3.0, (500, n, 1)) * (s + np.swapaxes(s, 1, 2))
    entries = {(i, j): jnp.asarray(a[:, i, j]) for i in range(n) for j in range(n)}
    found = np.asarray(none_grows(implicit(jnp.full(500, 0.7), entries, n)))
    assert np.array_equal(found, np.linalg.eigvals(a).real.max(axis=1) < 0.7)
    assert 0.1 < found.mean() < 0.95


@pytest.mark.parametrize(("diagonal", "expected"), [((2, -1, -1), False), ((-1, -1, 2), False), ((-1, -2, -3), True)])
def test_pivots_of_lapack_tell_of_an_odd_number(diagonal, expected):
    basis = np.random.default_rng(1).normal(size=(3, 3))
    a = basis @ np.diag(diagonal) @ np.linalg.inv(basis)
    entries = {(i, j): jnp.asarray([a[i, j]]) for i in range(3) for j in range(3)}
    assert bool(none_grows(implicit(jnp.asarray([1.0]), entries, 3, most=0))[0]) is expected
