"""Multiples of what a cell has: read alike wherever values of one of its numbers are."""

import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.model.paths import resolve
from vrest.study.bifurcation.bifurcation import bifurcation
from vrest.study.curve.curve import _values
from vrest.study.parameter_map.axis import axis_of
from vrest.verbs.distribution import distribution


@pytest.fixture(scope="module")
def neuron():
    return vrest.load("mammalian_neuron")


@pytest.mark.parametrize("path", ["outside.K", "pump.max_rate", "K_leak.permeability"])
@pytest.mark.parametrize(
    ("text", "times"), [("0.5x:2x:lin:3", (0.5, 1.25, 2)), ("0.5x:2×:log:3", (0.5, 1, 2)), ("1x, 3e0x", (1, 3))]
)
def test_a_range_of_multiples_is_the_same_everywhere(neuron, path, text, times):
    parameter = resolve(neuron, path)
    expected = parameter.door(parameter.value * np.array(times))
    np.testing.assert_allclose(_values(parameter, text), expected, rtol=1e-14)
    np.testing.assert_allclose(axis_of(neuron, path, text, None).values, expected, rtol=1e-14)
    ends = distribution(f"uniform({times[0]}x, {times[-1]}x)", parameter, parameter.value).quantile(
        np.array([0.0, 1.0])
    )
    np.testing.assert_allclose(parameter.door(ends), expected[[0, -1]], rtol=1e-14)


def test_multiples_and_quantities_go_together(neuron):
    assert axis_of(neuron, "outside.K", "0.5x, 8 mM", None).values.tolist() == [2.5, 8.0]
    with pytest.raises(InputError, match="'2' has none") as caught:
        axis_of(neuron, "outside.K", "0.5x, 2", None)
    assert caught.value.code == "mixed_units"


@pytest.mark.parametrize(
    "asked",
    [
        lambda cell: axis_of(cell, "temperature", "0.9x:1x", None),
        lambda cell: _values(resolve(cell, "temperature"), "0.9x:1x"),
        lambda cell: bifurcation(cell, "temperature", "0.9x", "1x"),
        lambda cell: distribution("uniform(0.9x, 1x)", resolve(cell, "temperature"), 310.15),
    ],
)
def test_degrees_have_no_multiples(neuron, asked):
    with pytest.raises(InputError, match=r"'0\.9x' is a multiple, but temperature is 37 degC") as caught:
        asked(neuron)
    assert (caught.value.code, caught.value.hint) == ("no_multiple", "Write a quantity, such as '1 degC'.")
