import pytest

import vrest


@pytest.fixture(scope="session")
def neuron():
    return vrest.load("mammalian_neuron")
