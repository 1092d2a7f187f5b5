"""Shared by all tests: one neuron, float64 as the package runs it, and property tests that repeat.

Examples are derandomised so that a failure means a change of the code; HYPOTHESIS_PROFILE=search looks for new ones.
"""

import ctypes
import functools
import gc
import os
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import iter_modules
from typing import get_type_hints
from unittest.mock import patch

import jax
import psutil
import pytest
from beartype import beartype
from hypothesis import settings
from jaxtyping import install_import_hook, jaxtyped

import vrest
import vrest.numerics.compiler.backend
import vrest.numerics.compiler.kernel
import vrest.numerics.compiler.samples
import vrest.numerics.shapes

# the solvers' arrays must have the dtypes and shapes of their signatures, which name what only type checkers import
with patch("typing.TYPE_CHECKING", True), install_import_hook("vrest.numerics", "beartype.beartype"):
    SOLVERS = [import_module(f"vrest.numerics.{module.name}") for module in iter_modules(vrest.numerics.__path__)]
for module in SOLVERS:
    for _, kind in getmembers(module, lambda m, of=module: isclass(m) and m.__module__ == of.__name__):
        if hasattr(kind, "_fields"):  # a NamedTuple
            kind.__new__.__annotations__ = get_type_hints(kind)
            kind.__new__ = jaxtyped(kind.__new__, typechecker=beartype)

os.environ.setdefault("VREST_COMPILER", "own")  # what cannot be lowered is an error, not slow
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
