"""The integrator on problems with known answers: order, stiffness, time dependence, lanes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

import vrest.numerics.compiler.backend  # noqa: F401  (float64)
from vrest.numerics.batch import advance
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.lanes import FINISHED, RUNNING, STUCK, Lanes, alone
from vrest.numerics.rhs import Rhs
from vrest.numerics.rosenbrock import one_step, within
from vrest.numerics.tableau import RODAS3, RODAS5P


@pytest.fixture(params=["XLA", "kernel"])
def compiled(request):
    """How a function (lanes, given) is compiled: both ways must say the same."""
    return jax.jit if request.param == "XLA" else Kernel


def always(y, args):
    return jnp.asarray(True)


def run_of(compiled, f, y0, until, args=None, *, h=0.0, valid=always, rtol=1e-8, atol=1e-12, attempts=3000):
    """One problem from 0 until it ends."""

    def go(_, given):
        lanes, args, edges = given
        of = {"valid": valid, "rtol": rtol, "atol": [atol] * len(y0), "attempts": attempts}
        return advance(lambda t, y, both: f(t, y, both[0]), lanes, args, edges, **of).lanes

    start = alone(0.0, h, np.asarray(y0, dtype=float))
    step = compiled(go)
    lanes, calls = step((), (start, args, np.array([0.0, until]))), 1
    while lanes.status == RUNNING and calls < 100:
        lanes, calls = step((), (lanes, args, np.array([0.0, until]))), calls + 1
    return lanes, calls


def step_of(f, t, y, h, method=RODAS5P):
    """(end, error, dense (3, n)) of one step."""
    t, h, y = jnp.asarray(t, dtype=float), jnp.asarray(h, dtype=float), tuple(jnp.asarray(y, dtype=float))
    rhs = Rhs(f, t, y, None)
    end, error, dense = one_step(rhs, t, y, h, *rhs.jacobian(t, y), method=method)
    return jnp.stack(end), jnp.stack(error), jnp.asarray([jnp.stack(d) for d in dense])


def fixed_steps(f, y, until, n, method):
    h = until / n
    step = jax.jit(lambda t, y: step_of(f, t, y, h, method)[0])
    for k in range(n):
        y = step(k * h, y)
    return y


def slope_of(errors, steps):
    return -np.polyfit(np.log(steps), np.log(errors), 1)[0]


@pytest.mark.parametrize("method", [RODAS5P, RODAS3], ids=["Rodas5P", "Rodas3"])
def test_order_on_a_nonlinear_system(method):
    """y' = -y^3/2 and a rotation at its side."""

    def f(t, y, args):
        return -0.5 * y[0] ** 3, -y[2] * y[0], y[1] * y[0]

    until = 2.0
    y0 = jnp.array([1.0, 1.0, 0.0])
    angle = 2 * (np.sqrt(1 + until) - 1)
    exact = np.array([1 / np.sqrt(1 + until), np.cos(angle), np.sin(angle)])
    steps = [8, 16, 32, 64]
    errors = [float(jnp.abs(fixed_steps(f, y0, until, n, method) - exact).max()) for n in steps]
    assert slope_of(errors, steps) == pytest.approx(method.order, abs=0.4)


@pytest.mark.parametrize("method", [RODAS5P, RODAS3], ids=["Rodas5P", "Rodas3"])
def test_order_with_explicit_time(method):
    """y' = cos(t) y: the time derivative enters the stages."""
    steps = [8, 16, 32, 64]

    def f(t, y, args):
        return (jnp.cos(t) * y[0],)

    errors = [abs(float(fixed_steps(f, jnp.array([1.0]), 3.0, n, method)[0]) - np.exp(np.sin(3.0))) for n in steps]
    assert slope_of(errors, steps) > method.order - 0.4


def test_dense_output_has_order_four():
    def f(t, y, args):
        return (jnp.cos(t) * y[0],)

    def worst(n):
        h, y, worst = 3.0 / n, jnp.array([1.0]), 0.0
        step = jax.jit(lambda t, y: step_of(f, t, y, h))
        for k in range(n):
            end, _, dense = step(k * h, y)
            at = k * h + h * np.linspace(0, 1, 9)
            vectors = tuple(dense[:, 0])
            got = np.array([within(theta, y[0], end[0], vectors) for theta in np.linspace(0, 1, 9).tolist()])
            worst = max(worst, np.abs(got - np.exp(np.sin(at))).max())
            y = end
        return worst

    steps = [8, 16, 32, 64]
    assert slope_of([worst(n) for n in steps], steps) > 3.8


def test_error_estimate_has_order_four():
    def f(t, y, args):
        return (-0.5 * y[0] ** 3,)

    sizes = np.array([0.2, 0.1, 0.05, 0.025])
    errors = [abs(float(step_of(f, 0.0, [1.0], h)[1][0])) for h in sizes]
    assert np.polyfit(np.log(sizes), np.log(errors), 1)[0] == pytest.approx(5, abs=0.4)  # local: order + 1


def test_stiff_linear_system_against_the_matrix_exponential(compiled):
    rng = np.random.default_rng(3)
    basis = rng.normal(size=(4, 4))
    a = basis @ np.diag([-1e6, -1e3, -1.0, -1e-3]) @ np.linalg.inv(basis)
    y0 = rng.normal(size=4)

    def f(t, y, args):
        return tuple(sum(a[i, j] * y[j] for j in range(4)) for i in range(4))

    run, _ = run_of(compiled, f, y0, 10.0, atol=1e-10)
    assert run.status == FINISHED
    assert run.steps < 300
    assert np.asarray(run.y) == pytest.approx(expm(10.0 * a) @ y0, rel=1e-5, abs=1e-7)


def test_robertson_against_a_tight_radau(compiled):
    from scipy.integrate import solve_ivp

    def rates(y):
        return [-0.04 * y[0] + 1e4 * y[1] * y[2], 0.04 * y[0] - 1e4 * y[1] * y[2] - 3e7 * y[1] ** 2, 3e7 * y[1] ** 2]

    run, _ = run_of(compiled, lambda t, y, args: tuple(rates(y)), [1.0, 0.0, 0.0], 1e5, atol=1e-14)
    truth = solve_ivp(lambda t, y: rates(y), (0, 1e5), [1.0, 0, 0], method="Radau", rtol=1e-10, atol=1e-16).y[:, -1]
    assert np.asarray(run.y) == pytest.approx(truth, rel=1e-6)


def van_der_pol(t, y, mu):
    return y[1], mu * ((1 - y[0] ** 2) * y[1] - y[0])


def hires(t, y, args):
    """High irradiance response of photomorphogenesis; Hairer and Wanner, Solving ODEs II, section IV.10."""
    a, b, c, d, e, f, g, h = y
    bind = 280.0 * f * h
    return (
        -1.71 * a + 0.43 * b + 8.32 * c + 0.0007,
        1.71 * a - 8.75 * b,
        -10.03 * c + 0.43 * d + 0.035 * e,
        8.32 * b + 1.71 * c - 1.12 * d,
        -1.745 * e + 0.43 * f + 0.43 * g,
        -bind + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g,
        bind - 1.81 * g,
        -bind + 1.81 * g,
    )


@pytest.mark.parametrize(
    ("f", "y0", "until", "args"),
    [(van_der_pol, [2.0, -0.66], 2.0, 1e6), (hires, [1.0, 0, 0, 0, 0, 0, 0, 0.0057], 321.8122, None)],
)
def test_stiff_problems_against_a_tight_radau(compiled, f, y0, until, args):
    from scipy.integrate import solve_ivp

    run, _ = run_of(compiled, f, y0, until, args)
    assert run.status == FINISHED
    truth = solve_ivp(lambda t, y: f(t, y, args), (0, until), y0, method="Radau", rtol=1e-11, atol=1e-14).y[:, -1]
    assert np.asarray(run.y) == pytest.approx(truth, rel=1e-6, abs=1e-12)


def lanes_of(y, stages=1):
    y = jnp.asarray(y, dtype=float)
    nothing = jnp.zeros(y.shape[1:])
    count = nothing.astype(int)
    return Lanes(nothing, nothing, y, count, jnp.full_like(count, RUNNING), count, count)


def test_lanes_keep_their_own_steps(compiled):
    """Stiffness differs by 1e5 between lanes: each takes the steps it takes alone."""

    def f(t, y, rate):
        return (-rate * (y[0] - jnp.exp(-t)),)

    rates = jnp.array([1.0, 1e2, 1e5])
    together = compiled(
        lambda lanes, given: advance(
            lambda t, y, args: f(t, y, args[0]),
            lanes[0],
            lanes[1],
            given,
            valid=always,
            rtol=1e-7,
            atol=[1e-10],
            attempts=1000,
        )
    )((lanes_of([[0.0, 0.0, 0.0]]), rates), np.array([0.0, 5.0])).lanes
    alone = [run_of(compiled, f, [0.0], 5.0, rate, rtol=1e-7, atol=1e-10)[0] for rate in rates]
    assert list(together.status) == [FINISHED] * 3
    assert [int(c) for c in together.steps] == [int(a.steps) for a in alone]
    assert np.asarray(together.y)[0] == pytest.approx([float(a.y[0]) for a in alone], rel=1e-12)


def test_a_state_that_is_not_allowed_rejects_its_step(compiled):
    run, _ = run_of(
        compiled,
        lambda t, y, args: (-1.0 + 0.0 * y[0],),
        [1.0],
        2.0,
        h=0.5,
        valid=lambda y, args: y[0] > 0,
        rtol=1e-6,
        atol=1e-9,
    )
    assert run.status == STUCK
    assert run.t == pytest.approx(1.0, abs=1e-9)
    assert run.y[0] > 0


def test_a_run_is_continued_from_where_it_was(compiled):
    whole, once = run_of(compiled, lambda t, y, args: (-y[0],), [1.0], 50.0, rtol=1e-9)
    parts, calls = run_of(compiled, lambda t, y, args: (-y[0],), [1.0], 50.0, rtol=1e-9, attempts=5)
    assert once == 1
    assert calls > 3
    assert parts.steps == whole.steps
    assert parts.y[0] == whole.y[0] == pytest.approx(np.exp(-50.0), abs=1e-9)


def test_samples_are_those_of_the_solution(compiled):
    """Each lane at its own steps, samples closer than a step and none in others; what is not reached is left."""
    times = np.append(np.sort(np.random.default_rng(0).uniform(0, 5, 100)), np.inf)
    rates = np.array([0.5, 2.0, 40.0])

    def go(lanes, given, times):
        of = {"valid": always, "rtol": 1e-9, "atol": [1e-12, 1e-12], "attempts": 1000, "times": times}
        return advance(
            lambda t, y, args: (-args[0] * y[0], args[0] * jnp.exp(-t)),
            lanes[0],
            lanes[1],
            given,
            show=lambda y, args: (y[0], y[1], y[0] + args),
            **of,
        )

    lanes = lanes_of([[1.0] * 3, [0.0] * 3])._replace(place=np.zeros(3, dtype=int))
    if compiled is Kernel:
        samples = np.full((3, 3, 101), -1.0)
        compiled(go)((lanes, rates), np.array([0.0, 4.0]), times, samples)
        assert np.all(samples[..., times > 4.0] == -1.0)
    else:
        samples = np.moveaxis(compiled(go)((lanes, rates), np.array([0.0, 4.0]), times).samples, -1, 0)
        assert np.all(np.isnan(samples[..., times > 4.0]))
    at = times[times <= 4.0]
    decay = np.exp(-rates[:, None] * at)
    expected = np.stack([decay, rates[:, None] * (1 - np.exp(-at)), decay + rates[:, None]], axis=1)
    assert samples[..., times <= 4.0] == pytest.approx(expected, abs=1e-7)
