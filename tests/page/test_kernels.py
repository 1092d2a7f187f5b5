"""The kernels of a page, run as WebAssembly, against the same kernels natively."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import vrest
from in_browser import InBrowser
from vrest.model.cellfile import library
from vrest.numerics.stationary import BOLD
from vrest.page.kernels import kernels
from vrest.verbs.searching import FEW

FORMS = ("simd", "plain")
LANES, TIMES = 13, 25
SHORT = ("mammalian_neuron", "squid_axon", "frog_skin")


def prepared(name):
    """A cell with the strengths of its transports and its baths as values, and values that vary around its own."""
    at_rest = vrest.rest(name)
    cell = at_rest.as_cell() if at_rest.outcome.is_rest else vrest.load(name)
    system = vrest.prepare(cell).system
    paths = [m.path(m.kind.strength) for m in system.structure.movers if m.kind.strength]
    paths += [f"compartments.{s.name}.ions.{i}" for s in system.structure.spaces if not s.finite for i in s.ions]
    ready = vrest.prepare(cell, [*paths, "temperature"])
    values = np.repeat(ready.values[:, None], LANES, axis=1)
    values[:-1, 1:] *= np.exp(0.1 * np.random.default_rng(1).standard_normal((len(values) - 1, LANES - 1)))
    return ready, values


def in_both(asked, form):
    """A kernel natively, and as a browser runs it."""
    return asked.kernel, InBrowser(asked.for_browser(), form)


def close(found, expected, rtol):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=0.0, equal_nan=True)


def compare(name, forms):
    ready, values = prepared(name)
    page, system = kernels(ready), ready.system
    numbers, rows = page["describe"].shared, list(system.laws.independent)
    for form in forms:
        p, x = page["describe"].kernel((values,), numbers)
        for ours, theirs in zip(
            InBrowser(page["describe"].for_browser(), form)((values,), numbers), (p, x), strict=True
        ):
            close(ours, theirs, 1e-13)
        for ours, theirs in zip(ready.described(ready.si(values)), (p, x), strict=True):
            close(ours, theirs, 1e-14)
        native, browser = in_both(page["settle"], form)
        expected, found = (k((x, x[rows], p), (BOLD, FEW)) for k in (native, browser))
        there = expected.done
        assert np.array_equal(found.done, there)
        assert np.array_equal(found.verdict[there], expected.verdict[there])
        close(found.state[:, there], expected.state[:, there], 1e-12)
        close(found.slowest[there], expected.slowest[there], 1e-8)
        scale = np.abs(expected.jacobian[..., there]).max(axis=(0, 1))
        assert (np.abs(found.jacobian[..., there] - expected.jacobian[..., there]) <= 1e-12 * scale).all()
        at = np.where(there, expected.state, x)
        native, browser = in_both(page["read"], form)
        seen, ours = native((at, p), ()), browser((at, p), ())
        close(ours[: len(system.structure.walls)], seen[: len(system.structure.walls)], 1e-12)
        assert (np.abs(ours - seen) <= 1e-11 * np.nanmax(np.abs(seen), axis=0)).all(where=~np.isnan(seen))
        native, browser = in_both(page["instant"], form)
        expected, found = native((at, p), ()), browser((at, p), ())
        assert np.array_equal(found.defined, expected.defined)
        np.testing.assert_allclose(1e3 * found.v, 1e3 * expected.v, rtol=0.0, atol=1e-9)
        native, browser = in_both(page["run"], form)
        (_, cells), shared = page["run"].lanes, page["run"].shared
        cells = cells._replace(x0=x, p0=p, values=np.zeros((1, 0, LANES)))
        times = np.append(np.geomspace(1e-3, 600.0, TIMES), np.inf)
        samples = []
        for kernel in (native, browser):
            into = np.full((LANES, len(x), TIMES + 1), np.nan)
            kernel((None, cells), (np.array([0.0, 600.0]), *shared[1:]), times, into)
            samples.append(into[..., :-1])
        assert np.array_equal(np.isnan(samples[0]), np.isnan(samples[1]))
        largest = np.nanmax(np.abs(samples[0]), axis=(0, 2))
        assert np.nanmax(np.abs(samples[1] - samples[0]) / largest[:, None]) < 1e-9


@pytest.mark.parametrize("name", SHORT)
def test_as_a_browser_runs_them(name):
    compare(name, FORMS)


@pytest.mark.library
@pytest.mark.parametrize("name", sorted(set(library()) - set(SHORT)))
def test_as_a_browser_runs_them_of_every_cell(name):
    compare(name, FORMS)
