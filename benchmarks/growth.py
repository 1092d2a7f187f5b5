"""How the cost of a cell grows: with the number of cells, of states, and with the accuracy. One pinned core, CPU time.

`python benchmarks/growth.py` prints Markdown tables; `make bench` writes them into RESULTS.md.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peers"))

import vrest_rodas5p as ours  # noqa: I001  (pins the core before NumPy and JAX)

import time

import numpy as np
import reference

import vrest
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.rest_batch import rest_batch
from vrest.verbs.run_batch import run_batch

CELLS = ("mammalian_neuron", "duesterwald_2018", "dijkstra_2016", "huebel_ullah_2016", "wei_2014", "edpr_2020")


def least(call, repeats=3):
    """Least CPU time of a few calls after one that compiles, and what the last returned."""
    found, times = call(), []
    for _ in range(repeats):
        start = time.process_time()
        found = call()
        times.append(time.process_time() - start)
    return min(times), found


def with_cells() -> list[str]:
    """W2 and W3 per cell against n."""
    lines = [
        "| cells | W2, end state, us per cell | lane steps that moved a cell | W3, us per cell |",
        "|---|---|---|---|",
    ]
    for n in (100, 1_000, 10_000, 100_000):
        samples = np.tile(reference.SAMPLES, (max(1, n // 1000), 1))[:n]
        p, x = ours.segments(samples), ours.starts(samples)
        repeats = 1 if n > 10_000 else 3
        run, found = least(lambda: run_batch(ours.SYSTEM, p, ours.EDGES, x), repeats)  # noqa: B023
        rest, _ = least(lambda: rest_batch(ours.SYSTEM, p[0], x), repeats)  # noqa: B023
        lines.append(f"| {n:,} | {1e6 * run / n:.1f} | {100 * found.filled[0]:.0f} % | {1e6 * rest / n:.2f} |")
    return lines


def with_states() -> list[str]:
    """Ten quiet minutes and the first compilation, against the number of integrated states."""
    lines = [
        "| cell | integrated states | steps | us per step and cell | first call (compiles), s of CPU |",
        "|---|---|---|---|---|",
    ]
    for name in CELLS:
        cell = vrest.load(name)
        system = assemble(cell)
        p = np.tile(parameter_vector(cell), (1024, 1))
        x = np.tile(system.start(cell, p[0]), (1024, 1))
        start = time.process_time()
        run_batch(system, p[None], np.array([0.0, 600.0]), x)
        first = time.process_time() - start
        cost, found = least(lambda: run_batch(system, p[None], np.array([0.0, 600.0]), x))  # noqa: B023
        tried = int((found.steps + found.rejected).sum())
        lines.append(
            f"| {name} | {len(system.laws.independent)} | {tried / 1024:.0f} | {1e6 * cost / tried:.2f} | {first:.1f} |"
        )
    return lines


def with_accuracy() -> list[str]:
    """W2 against the tolerance asked for: time, and the worst error beside an LSODA run at rtol 1e-10."""
    lines = ["| rtol | W2, end state, us per cell | steps | worst relative error |", "|---|---|---|---|"]
    truth = reference.truth()["w2_end"]
    p, x = ours.segments(reference.SAMPLES), ours.starts(reference.SAMPLES)
    for rtol in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9):
        cost, found = least(lambda: run_batch(ours.SYSTEM, p, ours.EDGES, x, rtol=rtol))  # noqa: B023
        error = reference.error(ours.in_mv(found.state)[: len(truth)], truth)
        lines.append(f"| {rtol:.0e} | {1e6 * cost / len(x):.1f} | {found.steps.mean():.0f} | {error:.1e} |")
    return lines


if __name__ == "__main__":
    for title, table in (
        ("With the number of cells", with_cells()),
        ("With the number of states", with_states()),
        ("With the accuracy", with_accuracy()),
    ):
        print(f"## {title}\n\n" + "\n".join(table) + "\n")
