"""How the cost of a cell grows: with the number of cells, of states, and with the accuracy. One pinned core, CPU time.

`python benchmarks/growth.py` prints Markdown tables and draws growth.png; `make bench` writes both into RESULTS.md.
"""

import os
import sys
from pathlib import Path

os.environ["VREST_CACHE"] = "off"  # first calls compile
sys.path.insert(0, str(Path(__file__).parent / "peers"))

import vrest_rodas5p as ours  # noqa: I001  (pins the core before NumPy and JAX)

import time
from typing import Any

import numpy as np
import reference

import vrest
from vrest.plot.look import look
from vrest.plot.style import FAINT, ION_COLOURS, dress, new_figure
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.rest_batch import rest_batch
from vrest.verbs.run_batch import run_batch

CELLS = ("mammalian_neuron", "huebel_ullah_2016", "dijkstra_2016", "wei_2014", "edpr_2020", "edneg_2021")
RTOLS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
FIGURE = Path(__file__).with_name("growth.png")

Row = tuple[Any, ...]


def least(call, repeats=3):
    """Least CPU time of a few calls after one that compiles, and what the last returned."""
    found, times = call(), []
    for _ in range(repeats):
        start = time.process_time()
        found = call()
        times.append(time.process_time() - start)
    return min(times), found


def with_cells() -> list[Row]:
    """Cells, and us per cell of W2 and W3; between them the percentage of lane steps that moved a cell."""
    rows = []
    for n in (100, 1_000, 10_000, 100_000, 1_000_000):
        samples = np.tile(reference.SAMPLES, (max(1, n // 1000), 1))[:n]
        p, x = ours.segments(samples), ours.starts(samples)
        repeats = 1 if n > 10_000 else 5
        run, found = least(lambda: run_batch(ours.SYSTEM, p, ours.EDGES, x), repeats)  # noqa: B023
        rest, _ = least(lambda: rest_batch(ours.SYSTEM, p[0], x), repeats)  # noqa: B023
        rows.append((n, 1e6 * run / n, 100 * found.filled[0], 1e6 * rest / n))
    return rows


def with_states() -> list[Row]:
    """Integrated states; steps of ten minutes with 5 % less pump, us of each; us of a rest; CPU s of what compiles."""
    rows = []
    for name in CELLS:
        cell = vrest.load(name)
        system, active = assemble(cell), assemble(cell, only_active=True)
        p = np.tile(parameter_vector(cell), (1024, 1))
        x = np.tile(system.start(cell), (1024, 1))
        less = p * np.array([0.95 if name.endswith("pump.max_rate") else 1.0 for name in system.names])
        start = time.process_time()
        run_batch(system, less[None], np.array([0.0, 600.0]), x)
        rest_batch(active, p, x)
        first = time.process_time() - start
        cost, found = least(lambda: run_batch(system, less[None], np.array([0.0, 600.0]), x))  # noqa: B023
        rest, _ = least(lambda: rest_batch(active, p, x))  # noqa: B023
        tried = int((found.steps + found.rejected).sum())
        rows.append((len(system.laws.independent), tried / 1024, 1e6 * cost / tried, 1e6 * rest / 1024, first))
    return rows


def with_accuracy() -> list[Row]:
    """Tolerance asked for; us per cell and steps of W2, and the worst error beside an LSODA run at rtol 1e-10."""
    rows, truth = [], reference.truth()["w2_end"]
    p, x = ours.segments(reference.SAMPLES), ours.starts(reference.SAMPLES)
    for rtol in RTOLS:
        cost, found = least(lambda: run_batch(ours.SYSTEM, p, ours.EDGES, x, rtol=rtol))  # noqa: B023
        error = reference.error(ours.in_mv(found.state)[: len(truth)], truth)
        rows.append((rtol, 1e6 * cost / len(x), found.steps.mean(), error))
    return rows


def table(heads: str, form: str, rows: list[Row]) -> str:
    """Rows as Markdown."""
    lines = [f"| {heads} |", "|---" * (heads.count("|") + 1) + "|"]
    return "\n".join(lines + [f"| {form.format(*row)} |" for row in rows])


def draw(cells: list[Row], states: list[Row], accuracy: list[Row]) -> None:
    """The three curves, with what a cost in proportion would be."""
    figure = new_figure(ours.CELL, 9.6, 3.3, "How the cost of a cell grows", "one core, CPU time")
    by_cells, by_states, by_error = figure.subplots(1, 3)
    n, hour, _, rest = zip(*cells, strict=True)
    dress(by_cells, x="cells", y="CPU time per cell (µs)")
    by_cells.loglog(n, hour, "o-", color=ION_COLOURS["K"], label="an hour, 20 min without pump")
    by_cells.loglog(n, rest, "s--", color=ION_COLOURS["Na"], label="a certified rest")
    by_cells.set_ylim(0.1, 100)
    size, _, step, _, _ = zip(*states, strict=True)
    dress(by_states, x="integrated states", y="CPU time per step (µs)")
    by_states.loglog(size, step, "o", color=ION_COLOURS["K"], label="a cell of the library")
    line = np.array([min(size), max(size)])
    middle = np.exp(np.mean(np.log(np.array(step) / np.array(size))))
    by_states.loglog(line, middle * line, color=FAINT, zorder=0, label="in proportion to the states")
    by_states.set_xticks([3, 5, 10, 20, 30], ["3", "5", "10", "20", "30"])
    by_states.minorticks_off()
    by_states.set_ylim(0.05, 20)
    _, work, _, error = zip(*accuracy, strict=True)
    dress(by_error, x="worst relative error", y="CPU time per cell (µs)")
    by_error.loglog(error, work, "o-", color=ION_COLOURS["K"], label="an hour, rtol 1e-3 to 1e-9")
    by_error.set_ylim(1, 100)
    for axes in (by_cells, by_states, by_error):
        axes.legend(fontsize=look().small, frameon=False, loc="upper right" if axes is by_error else "best")
    figure.savefig(FIGURE, dpi=110)


if __name__ == "__main__":
    cells, states, accuracy = with_cells(), with_states(), with_accuracy()
    draw(cells, states, accuracy)
    for title, heads, form, rows in (
        (
            "With the number of cells",
            "cells | W2, end state, us per cell | lane steps that moved a cell | W3, us per cell",
            "{:,} | {:.1f} | {:.0f} % | {:.2f}",
            cells,
        ),
        (
            "With the number of states",
            "cell | integrated states | steps | us per step and cell | a certified rest, us per cell "
            "| first calls (compile both), s of CPU",
            "{} | {} | {:.0f} | {:.2f} | {:.1f} | {:.1f}",
            [(name, *row) for name, row in zip(CELLS, states, strict=True)],
        ),
        (
            "With the accuracy",
            "rtol | W2, end state, us per cell | steps | worst relative error",
            "{:.0e} | {:.1f} | {:.0f} | {:.1e}",
            accuracy,
        ),
    ):
        print(f"## {title}\n\n{table(heads, form, rows)}\n")
    print(f"![Cost per cell against cells, states and accuracy]({FIGURE.name})")
