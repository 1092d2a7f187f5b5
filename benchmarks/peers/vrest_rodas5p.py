"""vrest itself: `simulate` for one cell, the batches of `population` for many."""

import harness  # noqa: I001  (pins the core before NumPy and JAX)

from pathlib import Path

import numpy as np
import reference

import vrest
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.rest_batch import rest_batch
from vrest.verbs.run_batch import run_batch

CELL = vrest.load(Path(__file__).parents[1] / "reference_cell.toml")
SYSTEM = assemble(CELL)
OWN = parameter_vector(CELL)
START = SYSTEM.start(CELL)
EVENTS = [("5 min", "pump.max_rate*=0"), ("25 min", "pump.max_rate=restore")]
assert [name for _, name in SYSTEM.states] == ["inside.Na", "inside.K", "inside.Cl", "cell"]
NAMES = [f"membranes.cell.transports.{name}_leak.permeability" for name in ("K", "Na", "Cl")]
NAMES += ["membranes.cell.transports.pump.max_rate", "compartments.outside.ions.K"]
READY = vrest.prepare(CELL, NAMES)
VARIED = [SYSTEM.names.index(name) for name in NAMES]
EDGES = np.array([0.0, *(stop for _, stop, _ in reference.SEGMENTS)])


def in_mv(states):
    """V in mV; the amounts are in mM, because the volume is that of the start."""
    states[..., 3] *= 1e3
    return states


def parameters(samples):
    """(n, P) SI: the factors of the samples on the cell's own values; those of one number side by side."""
    p = np.tile(OWN[:, None], len(samples)).T
    p[:, VARIED] *= samples / reference.BASE
    return p


def segments(samples):
    """(segments, n, P): the pump works, stands still, works."""
    p = np.repeat(parameters(samples)[None], len(reference.SEGMENTS), axis=0)
    p[..., VARIED[3]] *= np.array([share for *_, share in reference.SEGMENTS])[:, None]
    return p


def starts(samples):
    return np.tile(START[:, None], len(samples)).T


def w1(rtol):
    run = vrest.simulate(CELL, EVENTS, "1 h", times=reference.TIMES, rtol=rtol)
    return in_mv(run.states)


def w2_end(samples, rtol):
    found = run_batch(SYSTEM, segments(samples), EDGES, starts(samples), rtol=rtol)
    return in_mv(found.state)


def w2_dense(samples, rtol):
    found = run_batch(SYSTEM, segments(samples), EDGES, starts(samples), rtol=rtol, times=reference.TIMES)
    return in_mv(found.series)


def w3(samples):
    return in_mv(rest_batch(SYSTEM, parameters(samples), starts(samples)).state)


def w3_gradient(samples):
    """By the logarithms, as all peers; all states."""
    factors = (samples / reference.BASE).T
    found = READY.gradient(READY.values[:, None] * factors)
    return in_mv(np.moveaxis(found.state * (READY.values[:, None] * factors)[:, None], -1, 0))


if __name__ == "__main__":
    cells = {"w2_end": 1000, "w2_dense": 1000, "w3": 1000, "w3_gradient": 1000}
    harness.main(w1, w2_end, w2_dense, w3, cells, "certified: stationary, charge held, stable", w3_gradient)
