"""What it costs to end in the right basin, and how often the independent model agrees: a section of RESULTS.md.

python benchmarks/basins.py [CELLS]

prints it; CELLS random cells (500) are judged by tests/oracle, which takes about a second each.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import vrest
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.rest_batch import rest_batch

CENSUS = Path(__file__).parents[1] / "tests" / "oracle" / "census.py"
GATED = [
    "hodgkin_huxley_1952",
    "cressman_2009",
    "huebel_dahlem_2014",
    "dijkstra_2016",
    "pyramidal_neuron",
    "fast_spiking_interneuron",
    "huebel_ullah_2016",
    "wei_2014",
    "edpr_2020",
]
STARTS = (-0.06, -0.05, -0.04, -0.02, 0.0)
MANY = 1000


def cost(name: str, start: float | None) -> float:
    """CPU microseconds of one certified rest among many, from its own start or from a potential (V)."""
    cell = vrest.load(name)
    system, p = assemble(cell, only_active=True), parameter_vector(cell)
    x = system.start(cell)
    if start is not None:
        for wall in system.structure.tree:
            x = np.array(x)
            x[system.index["charge", wall.name]] = start
        x = system.with_steady_gates(x, p)
    p, x = np.tile(p, (MANY, 1)), np.tile(x, (MANY, 1))
    times = []
    for _ in range(6):
        begin = time.process_time()
        rest_batch(system, p, x)
        times.append(time.process_time() - begin)
    return 1e6 * min(times) / MANY


def table(cells: int = 500) -> list[str]:
    """The section, line by line."""
    lines = [f"Certified rests of cells with gates, CPU us a cell in a batch of {MANY}, from their own start and from"]
    lines += ["depolarised ones (gates steady there).", ""]
    lines.append("| cell | own start | " + " | ".join(f"{1e3 * v:.0f} mV" for v in STARTS) + " |")
    lines.append("|---" * (len(STARTS) + 2) + "|")
    for name in GATED:
        values = [cost(name, start) for start in (None, *STARTS)]
        lines.append(f"| {name} | " + " | ".join(f"{v:.1f}" for v in values) + " |")
    census = [sys.executable, str(CENSUS), "--cells", str(cells), "--seed", "20261"]
    counts = subprocess.run(census, check=True, capture_output=True, text=True).stdout.strip()
    return [*lines, "", "Random cells judged by the independent model of `tests/oracle`:", "", counts]


if __name__ == "__main__":
    print("\n".join(table(*map(int, sys.argv[1:2]))))
