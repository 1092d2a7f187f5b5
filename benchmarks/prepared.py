"""One prepared cell, and the verbs that stand on it: CPU of a warm call, medians."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
PAGE = ["outside.K", "outside.Na", "outside.Cl", "inside.K", "inside.Na", "inside.Cl", "temperature"]
PAGE += [f"{name}_leak.permeability" for name in ("K", "Na", "Cl")]
LANES, FEW = 20_000, 1000

FIRST = """
import sys, time, vrest, jax
cell = vrest.load(sys.argv[1])
start = time.process_time()
{work}
print(time.process_time() - start)
"""


def cpu(work: Callable[[], Any], repeats: int = 40) -> float:
    """Median CPU seconds of a warm call."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def page(ready: Any) -> Callable[[], Any]:
    """All that a page shows after one control has moved: rest, readings, two instants, 60 + 60 points, a 2 h run."""
    k, pump = ready.paths.index("compartments.outside.ions.K"), len(ready.paths) - 1
    bath, times = np.geomspace(0.5, 150, 60), np.linspace(0, 7200, 241)
    moved = itertools.count()

    def update() -> None:
        values = ready.values
        values[k] *= 1 + 1e-6 * next(moved)
        off, curve = values.copy(), np.repeat(values[:, None], 60, axis=1)
        off[pump], curve[k] = 0.0, bath
        found = ready.rest(values)
        found.read()
        ready.instant(values, found.state)
        ready.instant(off, found.state)
        ready.rest(curve).v  # noqa: B018  (a property that computes)
        ready.instant(curve, found.state)
        stages = [(300.0, {"pump.max_rate": 0.0}), (1500.0, {"pump.max_rate": values[pump]})]
        ready.run(values, stages, times, start=found.state).v  # noqa: B018

    return update


def first(cell: str, work: str) -> float:
    """CPU seconds in a fresh process with nothing compiled before, imports left out."""
    import os

    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [sys.executable, "-c", FIRST.format(work=work), cell],
            check=True, capture_output=True, text=True, env={**os.environ, "VREST_CACHE": empty},
        )  # fmt: skip
    return float(done.stdout)


def table() -> list[str]:
    """The figures, beside what 0.1.0 took on this machine."""
    import jax

    import vrest

    cell, reference = vrest.load("mammalian_neuron"), vrest.load(HERE / "reference_cell.toml")
    ready = vrest.prepare(cell, PAGE, switches="pump")
    one, at_rest = vrest.prepare(cell, "outside.K"), vrest.rest(cell)
    values = (5.0 + 1e-4 * k for k in itertools.count())
    bath = np.geomspace(0.5, 150, 60)
    rng = np.random.default_rng(0)
    four = vrest.prepare(cell, ["pump.max_rate", "outside.K", "K_leak.permeability", "Na_leak.permeability"])
    lanes = four.values[:, None] * np.exp(0.1 * rng.standard_normal((4, LANES)))
    many = rng.uniform(3.0, 8.0, LANES)
    w1 = vrest.prepare(reference, "pump.max_rate")
    w1_stages = [(300.0, {"pump.max_rate": 0.0}), (1500.0, {"pump.max_rate": w1.values[0]})]
    each = f"us a cell of {LANES:,}"
    rows = [
        ("`rest(cell, change)`, ms", lambda: vrest.rest(cell, {"outside.K": next(values)}), 1e3, "0.5", "0.8 to 2"),
        ("`instant(cell, change)`, ms", lambda: vrest.instant(cell, {"outside.K": next(values)}), 1e3, "0.5", "11"),
        ("prepared `rest`, ms", lambda: one.rest([next(values)]), 1e3, "0.1", ""),
        ("prepared `instant`, ms", lambda: one.instant([next(values)], at_rest.state), 1e3, "0.1", ""),
        ("`explain(cell)`, ms", lambda: vrest.explain(cell), 1e3, "3", "14"),
        ("`curve`, 60 points, ms", lambda: vrest.curve(cell, "outside.K", bath), 1e3, "2", "717"),
        ("a page updated, ms", page(ready), 1e3, "0.6", "about 750"),
        (f"`rest_many`, {each}", lambda: vrest.rest_many(cell, {"outside.K": many}), 1e6 / LANES, "", "650"),
        (f"`population`, {each}", lambda: vrest.population(cell, {"outside.K": many}), 1e6 / LANES, "", ""),
        ("W1 prepared, ms", lambda: w1.run(None, w1_stages, np.linspace(0, 3600, 61)), 1e3, "0.10", ""),
        (f"certified rest, {each}", lambda: four.rest(lanes), 1e6 / LANES, "", ""),
        ("with gradient for 4 numbers, all states", lambda: four.gradient(lanes), 1e6 / LANES, "0.7", "1,500"),
    ]  # fmt: skip
    by_jax = jax.jit(jax.vmap(jax.value_and_grad(vrest.rest_function(cell, four.paths))))
    few = lanes.T[:FEW]
    rows.append(
        (
            "V alone, by `jax.vmap(jax.value_and_grad(rest_function))`",
            lambda: jax.block_until_ready(by_jax(few)),
            1e6 / FEW,
            "",
            "1,500",
        )
    )
    lines = ["| CPU, warm | now | bar | 0.1.0 |", "|---|---|---|---|"]
    for name, work, scale, bar, before in rows:
        lines.append(f"| {name} | {scale * cpu(work, 9 if scale == 1e6 / LANES else 40):.3g} | {bar} | {before} |")
    runs = 'vrest.population(cell, n=8, vary={"temperature": "uniform(36, 37)"}'
    for what, name, work, bar, before in [
        ("first `rest`", "mammalian_neuron", "vrest.rest(cell)", "3", ""),
        ("first `rest`", "edneg_2021", "vrest.rest(cell)", "3", "13 to 16"),
        ("first batch, rests and runs", "edneg_2021", f"{runs}); {runs}, until='1 s')", "8", "20 to 25"),
    ]:
        lines.append(f"| {what} of {name} in a process, s | {first(name, work):.2g} | {bar} | {before} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
