"""Shared by all tests: one neuron, float64 as the package runs it, and property tests that repeat.

Examples are derandomised so that a failure means a change of the code; HYPOTHESIS_PROFILE=search looks for new ones.
"""

import os

import pytest
from hypothesis import settings

import vrest
import vrest.numerics.backend

settings.register_profile("repeat", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


@pytest.fixture(scope="session")
def neuron():
    return vrest.load("mammalian_neuron")
