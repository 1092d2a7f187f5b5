"""Kernels for a browser: the same numbers as machine code, and what a linker would be needed for is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from in_browser import InBrowser
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.compiler.program import UnsupportedError
from vrest.numerics.compiler.webassembly import assembled

FORMS = ("simd", "plain")


def cooled(lanes, shared):
    """Newton's cooling by steps that are as many as asked for, until each lane is cool."""
    (hot, rate), (around, count) = lanes, shared

    def body(carry):
        k, t = carry
        return k + 1, jnp.where(t > around[0] + 1e-3, t - rate * (t - around[0]), t)

    _, t = jax.lax.while_loop(lambda c: (c[0] < count) & jnp.any(c[1] > around[0] + 1e-3), body, (jnp.asarray(0), hot))
    return t, t > around[1], jnp.stack([jnp.exp(-t), jnp.log(t), jnp.tanh(t / 40)])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_lanes_loops_and_functions_are_those_of_machine_code(form, n):
    rng = np.random.default_rng(3)
    lanes, shared = (rng.uniform(20, 90, n), rng.uniform(0.1, 0.6, n)), (np.array([15.0, 15.0005]), 40)
    kernel = Kernel(cooled)
    native = kernel(lanes, shared)
    found = InBrowser(kernel.for_browser(lanes, shared), form)(lanes, shared)
    assert np.array_equal(found[1], native[1])
    for ours, theirs in zip((found[0], found[2]), (native[0], native[2]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)
    steps = np.array([sum(1 for _ in _cooling(t, r)) for t, r in zip(*lanes, strict=True)])
    expected = [list(_cooling(t, r))[-1] for t, r in zip(*lanes, strict=True)]
    np.testing.assert_allclose(found[0], expected, rtol=1e-12)
    assert steps.max() > 1


def _cooling(t, rate):
    for _ in range(41):
        yield t
        if t <= 15.001:
            return
        t -= rate * (t - 15.0)


@pytest.mark.parametrize("form", FORMS)
def test_angles_of_any_size_and_remainders(form):
    x = np.concatenate([np.linspace(-50.0, 50.0, 301), 10.0 ** np.arange(5.0, 300.0, 7.0), [np.pi, 355.0]])
    kernel = Kernel(lambda lanes, _: (jnp.sin(lanes[0]), jnp.cos(lanes[0]), jnp.mod(lanes[0], 3.7)))
    found = InBrowser(kernel.for_browser((x,), ()), form)((x,), ())
    exact = np.array([[float(f(mpmath.mpf(float(v)))) for v in x] for f in (mpmath.sin, mpmath.cos)])
    np.testing.assert_allclose(found[:2], exact, rtol=1e-13, atol=1e-300)
    np.testing.assert_array_equal(found[2], np.mod(x, 3.7))


def test_both_forms_are_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("VREST_CACHE", str(tmp_path))
    lanes, shared = (np.ones(2), np.ones(2)), (np.zeros(2), 3)
    made = Kernel(cooled, "cooled for a browser").for_browser(lanes, shared)

    def never(*_):
        raise AssertionError("traced again")

    again = Kernel(never, "cooled for a browser").for_browser(lanes, shared)
    assert again == made
    assert made.simd != made.plain


def test_the_plain_form_has_no_instruction_of_vectors():
    lanes, shared = (np.ones(2), np.ones(2)), (np.zeros(2), 3)
    wasmtime = pytest.importorskip("wasmtime", reason="pip install wasmtime")
    config = wasmtime.Config()
    config.wasm_relaxed_simd = False
    config.wasm_simd = False
    engine = wasmtime.Engine(config)
    made = Kernel(cooled).for_browser(lanes, shared)
    wasmtime.Module(engine, made.plain)
    with pytest.raises(wasmtime.WasmtimeError, match="SIMD"):
        wasmtime.Module(engine, made.simd)


def test_what_needs_a_linker_is_refused():
    text = """
declare double @lgamma(double)
define void @run(ptr %table, i64 %lanes, i64 %own, i64 %count) #0 {
  %x = load double, ptr %table
  %y = call double @lgamma(double %x)
  store double %y, ptr %table
  ret void
}
attributes #0 = { nounwind "prefer-vector-width"="128" }
"""
    with pytest.raises(UnsupportedError, match="lgamma"):
        assembled(text, "")
    text = text.replace("declare double @lgamma(double)", "@known = global double 1.0").replace(
        "call double @lgamma(double %x)", "load double, ptr @known"
    )
    with pytest.raises(UnsupportedError, match="constants in memory"):
        assembled(text, "")
