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
START = SYSTEM.start(CELL, OWN)
EVENTS = [("5 min", "pump.max_rate*=0"), ("25 min", "pump.max_rate=restore")]
ORDER = [SYSTEM.index["amount", f"inside.{ion}"] for ion in ("Na", "K", "Cl")] + [SYSTEM.index["charge", "cell"]]
UNITS = np.array([1.0, 1.0, 1.0, 1e3])  # mM, mV: the volume is that of the start
NAMES = [f"membranes.cell.transports.{name}_leak.permeability" for name in ("K", "Na", "Cl")]
NAMES += ["membranes.cell.transports.pump.max_rate", "compartments.outside.ions.K"]
VARIED = [SYSTEM.names.index(name) for name in NAMES]
EDGES = np.array([0.0, *(stop for _, stop, _ in reference.SEGMENTS)])


def parameters(samples):
    """(n, P) SI: the factors of the samples on the cell's own values."""
    p = np.tile(OWN, (len(samples), 1))
    p[:, VARIED] *= samples / reference.BASE
    return p


def segments(samples):
    """(segments, n, P): the pump works, stands still, works."""
    p = np.repeat(parameters(samples)[None], len(reference.SEGMENTS), axis=0)
    p[..., VARIED[3]] *= np.array([share for *_, share in reference.SEGMENTS])[:, None]
    return p


def starts(samples):
    return np.tile(START, (len(samples), 1))


def w1(rtol):
    run = vrest.simulate(CELL, EVENTS, "1 h", times=reference.TIMES, rtol=rtol)
    return run.states[:, ORDER] * UNITS


def w2_end(samples, rtol):
    found = run_batch(SYSTEM, segments(samples), EDGES, starts(samples), rtol=rtol)
    return found.state[:, ORDER] * UNITS


def w2_dense(samples, rtol):
    found = run_batch(SYSTEM, segments(samples), EDGES, starts(samples), rtol=rtol, times=reference.TIMES)
    return found.series[..., ORDER] * UNITS


def w3(samples):
    return rest_batch(SYSTEM, parameters(samples), starts(samples)).state[:, ORDER] * UNITS


if __name__ == "__main__":
    cells = {"w2_end": 1000, "w2_dense": 1000, "w3": 1000}
    harness.main(w1, w2_end, w2_dense, w3, cells, "certified: stationary, charge held, stable")
