"""Shared by all tests: one neuron, float64 as the package runs it, and property tests that repeat.

Examples are derandomised so that a failure means a change of the code; HYPOTHESIS_PROFILE=search looks for new ones.
"""

import ctypes
import functools
import gc
import os

import jax
import psutil
import pytest
from hypothesis import settings

import vrest
import vrest.numerics.compiler.backend

settings.register_profile("repeat", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))


@pytest.fixture(scope="session")
def neuron():
    return vrest.load("mammalian_neuron")


SLOW_TO_COMPILE = {"edpr_2020", "edneg_2021"}
"""Cells of several membranes: test_saetra.py has them always, tests of every cell only in `make test-library`."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        parameters = getattr(item, "callspec", None)
        if parameters and SLOW_TO_COMPILE & {v for v in parameters.params.values() if isinstance(v, str)}:
            item.add_marker(pytest.mark.library)


KEPT = type(functools.cache(len))
MOST_BYTES = 2e9


@pytest.fixture(autouse=True, scope="module")
def _compiled_code_is_let_go():
    """Compiled code of all files of tests would take gigabytes: it goes when it has become much."""
    yield
    if psutil.Process().memory_info().rss < MOST_BYTES:
        return
    for thing in gc.get_objects():
        if isinstance(thing, KEPT) and thing.__module__.startswith("vrest."):
            thing.cache_clear()
    jax.clear_caches()
    gc.collect()
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc keeps what is freed
        libc.malloc_trim(0)
