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
from vrest.verbs.held_totals import holds
from vrest.verbs.rest_batch import strengths
from vrest.verbs.searching import FEW

FORMS = ("simd", "plain")
LANES, TIMES = 13, 25
SHORT = ("mammalian_neuron", "squid_axon", "frog_skin")


def prepared(name):
    """A cell with the strengths of its transports and its baths as values, and values that vary around its own."""
    at_rest = vrest.rest(name)
    cell = at_rest.as_cell() if at_rest.outcome.is_rest else vrest.load(name)
    system = vrest.prepare(cell).system
    paths = [*strengths(cell)]
    paths += [f"compartments.{s.name}.ions.{i}" for s in system.structure.spaces if not s.finite for i in s.ions]
    ready = vrest.prepare(cell, [*paths, "temperature"])
    values = np.repeat(ready.values[:, None], LANES, axis=1)
    values[:-1, 1:] *= np.exp(0.1 * np.random.default_rng(1).standard_normal((len(values) - 1, LANES - 1)))
    pumps = [k for k, path in enumerate(strengths(cell)) if "pump" in path]
    values[pumps, -1] = 0.0
    return ready, values


def held(ready, values):
    """The totals that are held in each lane, where that combination of strengths is off."""
    known = holds(ready.cell).numbers
    off = [tuple(np.flatnonzero(lane == 0.0).tolist()) for lane in values[: len(strengths(ready.cell))].T]
    return np.stack([known[which] for which in off], axis=1)


def in_both(asked, form):
    """A kernel natively, and as a browser runs it."""
    return asked.kernel, InBrowser(asked.for_browser(), form)


def close(found, expected, rtol):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=0.0, equal_nan=True)


def largest(values, axis):
    """The largest size; what is no number has none."""
    return np.abs(np.nan_to_num(values)).max(axis=axis)


def compare(name, forms):
    ready, values = prepared(name)
    page, system = kernels(ready), ready.system
    numbers, rows = page["describe"].shared, list(system.laws.independent)
    hold = held(ready, values)
    for form in forms:
        p, x = page["describe"].kernel((values,), numbers)
        for ours, theirs in zip(
            InBrowser(page["describe"].for_browser(), form)((values,), numbers), (p, x), strict=True
        ):
            close(ours, theirs, 1e-13)
        for ours, theirs in zip(ready.described(ready.si(values)), (p, x), strict=True):
            close(ours, theirs, 1e-14)
        native, browser = in_both(page["settle"], form)
        expected, found = (k((x, x[rows], p, hold), (BOLD, FEW)) for k in (native, browser))
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
        assert (np.abs(ours - seen) <= 1e-11 * largest(seen, 0)).all(where=~np.isnan(seen))
        native, browser = in_both(page["account"], form)
        seen, ours = native((at, p), ()), browser((at, p), ())
        assert np.array_equal(np.isnan(ours), np.isnan(seen))
        assert (np.abs(ours - seen) <= 1e-9 * largest(seen, 1)[:, None]).all(where=~np.isnan(seen))
        native, browser = in_both(page["judge"], form)
        seen, ours = native((at, p, x), ()), browser((at, p, x), ())
        for what in ("emptied", "swelling", "nearly_gone", "vanishing", "few", "goes_on", "moves"):
            assert np.array_equal(getattr(ours, what), getattr(seen, what)), what
        native, browser = in_both(page["instant"], form)
        expected, found = native((at, p), ()), browser((at, p), ())
        assert np.array_equal(found.defined, expected.defined)
        np.testing.assert_allclose(found.v, expected.v, rtol=0.0, atol=1e-9)
        native, browser = in_both(page["run"], form)
        seen, ours = (run(kernel, page["run"], p, x) for kernel in (native, browser))
        assert np.array_equal(np.isnan(seen), np.isnan(ours))
        # where a cell fires, what one rounding of its parameters changes grows far beyond rounding
        nearly = p * (1 + np.finfo(float).eps * np.random.default_rng(2).choice([-1, 1], p.shape))
        bound = 30 * largest(run(native, page["run"], nearly, x) - seen, (0, 2))
        bound = np.maximum(bound, 1e-9 * largest(seen, (0, 2)))
        assert (largest(ours - seen, (0, 2)) <= bound).all()


def run(kernel, asked, p, x):
    """Samples of the states over ten minutes, (lanes, states, times)."""
    (_, cells), shared = asked.lanes, asked.shared
    cells = cells._replace(x0=x, p0=p, values=np.zeros((1, 0, LANES)))
    times = np.append(np.geomspace(1e-3, 600.0, TIMES), np.inf)
    into = np.full((LANES, len(x), TIMES + 1), np.nan)
    kernel((None, cells), (np.array([0.0, 600.0]), *shared[1:]), times, into)
    return into[..., :-1]


@pytest.mark.parametrize("name", SHORT)
def test_as_a_browser_runs_them(name):
    compare(name, FORMS)


@pytest.mark.library
@pytest.mark.parametrize("name", sorted(set(library()) - set(SHORT)))
def test_as_a_browser_runs_them_of_every_cell(name):
    compare(name, FORMS)
