"""Curves of stationary points whose folds and Hopf points are known in closed form."""

import jax.numpy as jnp
import numpy as np
import pytest

import vrest.numerics.compiler.backend  # noqa: F401  (float64)
from vrest.numerics.continuation import BOUND, CLOSED, LOST, Problem, follow, passes, trail
from vrest.numerics.walk import walker


def problem(f, lower=-np.inf, upper=np.inf, *, valid=lambda z, args: jnp.asarray(True), args=None):
    walks = walker(f, lambda z, step, args: jnp.asarray(1.0), lambda z, args: 0.0 * z + 1.0, valid)
    return Problem(walks, args, lower, upper)


def special(curve, kind):
    return sorted(p.parameter for p in curve.points if p.kind == kind)


def test_saddle_node():
    curve = follow(problem(lambda y, a, args: a - y**2, -1.0, 2.0), np.array([1.4]), 2.0)
    assert special(curve, "fold") == pytest.approx([0.0], abs=1e-12)
    assert curve.ends == (BOUND, BOUND)
    assert sorted(float(p.y[0]) for p in (curve.points[0], curve.points[-1])) == pytest.approx([-(2**0.5), 2**0.5])
    for p in curve.points:
        assert p.y[0] ** 2 == pytest.approx(p.parameter, abs=1e-12)
        assert (p.unstable == 0) == (p.y[0] > 0) or p.kind


def test_cusp_folds_and_start_anywhere():
    """y' = a + b y - y^3 folds at a = -+2 (b/3)^(3/2), wherever on the curve it is entered."""
    exact = 2 * (1.3 / 3) ** 1.5
    p = problem(lambda y, a, b: a + b * y - y**3, -2.0, 2.0, args=1.3)
    curves = [follow(p, np.array([y]), 0.0) for y in (-(1.3**0.5), 0.0, 1.3**0.5)]
    for curve in curves:
        assert special(curve, "fold") == pytest.approx([-exact, exact], rel=1e-10)
        assert special(curve, "hopf") == []
    assert passes(curves[0].z, np.array([0.0, 0.0]), np.ones(2))
    assert not passes(curves[0].z, np.array([0.3, 0.0]), np.ones(2))


@pytest.mark.parametrize("rate", [1.0, 1e5])
def test_hopf_normal_form_with_a_slow_and_a_fast_companion(rate):
    def f(y, a, args):
        r2 = y[0] ** 2 + y[1] ** 2
        m = a - 0.3
        return jnp.stack([m * y[0] - 2 * y[1] - r2 * y[0], 2 * y[0] + m * y[1] - r2 * y[1], rate * (a**2 - y[2])])

    curve = follow(problem(f, -1.0, 1.0), np.array([0.0, 0.0, 1.0]), -1.0)
    assert special(curve, "hopf") == pytest.approx([0.3], rel=1e-9)
    point = next(p for p in curve.points if p.kind == "hopf")
    assert abs(point.eigenvalues[0].imag) == pytest.approx(2.0, rel=1e-9)
    assert {p.unstable for p in curve.points if p.parameter < 0.29} == {0}
    assert {p.unstable for p in curve.points if p.parameter > 0.31} == {2}


def test_hopf_and_fold_of_one_step_are_told_apart():
    """A fold at 0 and, on its stable side, a Hopf point at y = 1e-3."""

    def f(y, a, args):
        m = 1e-3 - y[0]
        return jnp.stack([a - y[0] ** 2, m * y[1] - y[2], y[1] + m * y[2]])

    curve = follow(problem(f, -1.0, 1.0), np.array([1.0, 0.0, 0.0]), 1.0, largest=0.2)
    assert special(curve, "fold") == pytest.approx([0.0], abs=1e-12)
    assert special(curve, "hopf") == pytest.approx([1e-6], rel=1e-8)


def test_two_reals_that_cross_are_no_hopf_point():
    curve = follow(problem(lambda y, a, args: jnp.stack([a * y[0], (a - 1e-4) * y[1]]), -1.0, 1.0), np.zeros(2), -1.0)
    assert special(curve, "hopf") == []
    assert special(curve, "branch") == pytest.approx([0.0, 1e-4], abs=1e-9)


def test_a_circle_closes():
    curve = follow(problem(lambda y, a, args: 1.0 - a**2 - y**2), np.array([1.0]), 0.0)
    assert curve.ends == (CLOSED, CLOSED)
    assert special(curve, "fold") == pytest.approx([-1.0, 1.0], rel=1e-10)


def test_stops_where_no_state_is_allowed():
    p = problem(lambda y, a, args: y - a, -5.0, 5.0, valid=lambda z, args: z[0] > 0)
    curve = follow(p, np.array([1.0]), 1.0)
    assert curve.ends == (LOST, BOUND)
    assert curve.points[0].parameter == pytest.approx(0.0, abs=1e-6)


def test_refuses_a_start_that_is_none():
    with pytest.raises(ValueError, match="no stationary point"):
        follow(problem(lambda y, a, args: 1.0 + y**2 + a**2), np.array([1.0]), 0.0)


def test_a_trail_is_the_curve_without_its_special_points_and_no_longer_than_asked():
    p = problem(lambda y, a, args: a - y**2, -1.0, 2.0)
    curve = follow(p, np.array([1.4]), 2.0)
    whole = trail(p, np.array([1.4]), 2.0, largest=0.02, max_steps=4000)
    assert np.array_equal(whole, [point.z for point in curve.points if not point.kind])
    short = trail(p, np.array([1.4]), 2.0, largest=0.02, max_steps=10)
    assert np.array_equal(short, whole[: len(short)]) or np.array_equal(short, whole[-len(short) :])
    assert len(short) == 11


def test_a_walk_of_many_chunks_is_that_of_one(monkeypatch):
    p = problem(lambda y, a, args: 1.0 - a**2 - y**2)
    once = trail(p, np.array([1.0]), 0.0, largest=0.02, max_steps=4000)
    monkeypatch.setattr("vrest.numerics.continuation.CHUNK", 7)
    assert np.array_equal(trail(p, np.array([1.0]), 0.0, largest=0.02, max_steps=4000), once)
    assert len(once) == pytest.approx(2 * np.pi / 0.02, rel=0.05)
