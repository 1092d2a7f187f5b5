"""Derivatives of rests and runs: against closed forms, Taylor's remainder, scaling, and each other."""

import subprocess
import sys

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import vrest
from vrest.constants import F, R

SHARES = np.array([1e-2, 3e-3, 1e-3])

K_ONLY = """
name = "k_only"
temperature = "25 degC"
[compartments.outside]
kind = "bath"
ions = { K = "5 mM", Cl = "5 mM" }
[compartments.inside]
kind = "fixed"
shape = "sphere"
radius = "0.01 um"
ions = { K = "100 mM" }
impermeant = { concentration = "100 mM", valence = "solve" }
[membranes.m]
inside = "inside"
outside = "outside"
capacitance = "1 uF/cm2"
potential = "-20 mV"
[membranes.m.transports.K_leak]
law = "ghk_leak"
ion = "K"
permeability = "1e-6 cm/s"
"""


def slopes(f, at, along, derivative):
    """Orders of the remainder |f(a + e d) - f(a) - e f'(a) d| in e: 2 where the derivative is right, 1 where not."""
    here = f(at)
    remainder = [np.linalg.norm(np.asarray(f(at + e * along) - here - e * derivative)) for e in SHARES]
    return np.diff(np.log(remainder)) / np.diff(np.log(SHARES))


def test_a_cell_of_potassium_alone_follows_its_closed_form():
    # V = a ln(Ko / Ki), where the charge that V needs has moved as K: Ki = Ki0 + k (V - V0), k = C A / (F w)
    v = vrest.rest_function(
        vrest.parse_cell(K_ONLY), ["outside.K", "m.capacitance", "inside.radius", "m.potential", "temperature"]
    )
    found = np.asarray(jax.grad(v)(v.values))
    potential, a, radius = 1e-3 * float(v(v.values)), R * 298.15 / F, 1e-8
    k = 1e-2 * 3 / radius / F
    inside = 100 + k * (potential + 0.02)
    assert potential == pytest.approx(a * np.log(5 / inside), abs=1e-12)
    assert abs(inside - 100) > 1  # or the test would be blind to capacitance and radius
    moved = a / inside * k * (potential + 0.02)
    by_hand = [a / 5, -moved / 1.0, moved / (radius * 1e6), 1e-3 * a * k / inside, potential / 298.15]
    assert found == pytest.approx(1e3 * np.array(by_hand) / (1 + a * k / inside), rel=1e-9)


def test_every_way_of_differentiating_a_rest_agrees(neuron):
    v = vrest.rest_function(neuron, ["outside.K", "pump.max_rate", "K_leak.permeability", "inside.Na", "temperature"])
    gradient = np.asarray(jax.grad(v)(v.values))
    assert np.asarray(jax.jacfwd(v)(v.values)) == pytest.approx(gradient, rel=1e-9)
    for k, value in enumerate(v.values):
        along = np.zeros_like(v.values)
        along[k] = value
        assert slopes(v, v.values, along, gradient @ along) == pytest.approx(2.0, abs=0.1), v.paths[k]
    many = np.array([v.values, [8.0, *v.values[1:]], [5.0, -1.0, *v.values[2:]]])
    values, gradients = jax.vmap(jax.value_and_grad(v))(many)
    assert values[1] == pytest.approx(vrest.rest(neuron, "outside.K=8 mM").v_rest, abs=1e-10)
    assert gradients[0] == pytest.approx(gradient, rel=1e-9)
    assert np.isnan(values[2])  # no pump has a negative rate
    assert np.isnan(gradients[2]).all()


WATER = ["outside.K", "inside.Cl", "K_leak.permeability", "pump.max_rate", "temperature"]
GATES = ["outside.K", "Na.conductance", "K.conductance", "leak.conductance", "temperature"]
ENCLOSED = ["inside.volume", "neuron.area", "outside.volume", "pump.max_rate", "inside.K"]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        pytest.param("red_blood_cell", WATER, marks=pytest.mark.library),
        ("hodgkin_huxley_1952", GATES),
        pytest.param("huebel_dahlem_2014", ENCLOSED, marks=pytest.mark.library),
    ],
)
def test_a_state_with_water_gates_or_a_finite_outside_has_its_derivative(name, paths):
    cell = vrest.load(name)
    f = vrest.rest_function(cell, paths, output="state")
    along = f.values * np.array([1.0, 0.5, -1.0, 1.0, 0.1])

    def flat(values):
        return ravel_pytree(f(values))[0]

    found, derivative = jax.jvp(f, (f.values,), (along,))
    rest = vrest.rest(cell)
    assert found["v"] == pytest.approx(rest.v_rest, abs=1e-9)
    assert found["volumes"] == pytest.approx(rest.volumes, rel=1e-10)
    for space, ions in found["concentrations"].items():
        assert ions == pytest.approx(rest.concentrations[space], rel=1e-10)
    assert slopes(flat, f.values, along, ravel_pytree(derivative)[0]) == pytest.approx(2.0, abs=0.1)


def test_what_does_not_rest_is_no_number(neuron):
    v = vrest.rest_function(neuron, "Na_leak.permeability")
    assert vrest.rest(neuron, "Na_leak.permeability*=0").concentrations["inside"]["Na"] == 0.0
    assert np.isnan(v(np.array([0.0])))
    assert np.isnan(jax.grad(v)(np.array([0.0]))).all()


def test_a_run_has_the_derivative_of_what_it_computes(neuron):
    events = [("5 s", "pump.max_rate*=0.2"), ("8 s", "outside.K=8 mM over 3 s"), ("15 s", "pump.max_rate=restore")]
    events += [("16 s", "outside.K=restore")]
    paths = ["outside.K", "pump.max_rate", "K_leak.permeability", "inside.radius"]
    settings = {"until": 1e6, "times": [0.0, 9.0, 20.0, 1e6], "rtol": 1e-10}
    v = vrest.run_function(neuron, paths, events, **settings)
    along = v.values * np.array([1.0, 1.0, -0.5, 0.3])
    here, derivative = jax.jvp(v, (v.values,), (along,))
    assert here == pytest.approx(vrest.simulate(neuron, events, **settings).v, abs=1e-7)
    assert derivative[0] == 0.0
    assert slopes(lambda a: v(a)[1:3], v.values, along, derivative[1:3]) == pytest.approx(2.0, abs=0.1)
    settled = vrest.rest_function(neuron, paths)  # two weeks later the cell rests: another derivation of the same
    assert derivative[3] == pytest.approx(float(jax.jvp(settled, (v.values,), (along,))[1]), rel=1e-7)


def test_the_first_call_in_a_process_may_be_inside_a_user_s_jit():
    code = "import jax, vrest; v = vrest.{}; print(float(jax.jit(v)(v.values)))"
    for function in ("rest_function('mammalian_neuron', 'outside.K')", "run_function('mammalian_neuron', 'outside.K')"):
        done = subprocess.run([sys.executable, "-c", code.format(function)], capture_output=True, text=True, check=True)
        assert float(done.stdout) == pytest.approx(-70, abs=1e-6)


@pytest.mark.parametrize(
    ("paths", "code"),
    [
        ("inside.impermeant.valence", "is_solved"),
        (["outside.K", "outside.ions.K"], "varies_twice"),
        ([], "nothing_varies"),
        ("outside.Kx", "unknown_path"),
    ],
)
def test_paths_that_cannot_vary_are_refused(neuron, paths, code):
    with pytest.raises(vrest.InputError) as error:
        vrest.rest_function(neuron, paths)
    assert error.value.code == code


def test_what_is_off_and_what_nothing_would_balance_are_refused(neuron):
    with pytest.raises(vrest.InputError, match="cannot vary from 0"):
        vrest.rest_function(vrest.apply(neuron, "Cl_leak.permeability=0"), "Cl_leak.permeability")
    solved = neuron.solved()["compartments.inside.impermeant.valence"]
    balanced = vrest.apply(neuron, {"inside.impermeant.valence": solved})
    with pytest.raises(vrest.InputError, match="cannot vary"):
        vrest.rest_function(balanced, "inside.K")
    v = vrest.rest_function(balanced, "outside.K")
    assert jax.grad(v)(v.values)[0] == pytest.approx(2.19735957, abs=1e-6)
