"""Accuracy and speed of vrest on this machine, written to benchmarks/RESULTS.md.

Accuracy is what the tests assert, here as numbers. Times are medians; start-up is a whole process, wall clock and
CPU. Nothing here is a test: machines differ and are shared.
"""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import basins
import fits
import live_page
import numpy as np
import prepared
import run_peers

HERE = Path(__file__).parent
VREST = Path(sys.executable).with_name("vrest")
W1 = [("5 min", "pump.max_rate*=0"), ("25 min", "pump.max_rate=restore")]
W1_TRUTH = {
    1500.0: [72.916326625, 82.841050971, 16.180307359, -51.128090949],
    3600.0: [12.003723857, 136.977674096, 9.404984236, -68.019956832],
}
"""Na, K, Cl (mM) and V (mV) of an LSODA run at rtol 1e-12."""


def process(arguments: list[str], repeats: int, env: dict[str, str] | None = None) -> tuple[float, float]:
    """Median wall and CPU seconds of a whole process."""
    walls, cpus = [], []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run([str(VREST), *arguments], check=True, capture_output=True, env={**os.environ, **(env or {})})
        walls.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(walls), statistics.median(cpus)


def start_up() -> list[str]:
    """Fresh processes, as a user starts them."""
    rows = [
        ("vrest --help", ["--help"], 0.3),
        (
            "vrest nernst, bare numbers",
            ["nernst", "K", "--inside", "140", "--outside", "5", "--celsius", "37", "--json"],
            0.35,
        ),
        (
            "vrest ghk, bare numbers",
            [
                "ghk",
                *[
                    "--ion",
                    "K",
                    "140",
                    "5",
                    "1",
                    "--ion",
                    "Na",
                    "15",
                    "145",
                    "0.04",
                    "--ion",
                    "Cl",
                    "7",
                    "110",
                    "0.45",
                    "--celsius",
                    "37",
                    "--json",
                ],
            ],
            0.35,
        ),
        (
            "vrest nernst, units",
            ["nernst", "K", "--inside", "140 mM", "--outside", "5 mM", "--celsius", "37 degC"],
            0.65,
        ),
        ("vrest rest mammalian_neuron, compiled before", ["rest", "mammalian_neuron", "--json"], 1.5),
    ]
    process(["rest", "mammalian_neuron"], 1)  # compiles
    lines = ["| fresh process | wall, s | CPU, s | bar, s |", "|---|---|---|---|"]
    for name, arguments, bar in rows:
        wall, cpu = process(arguments, 9)
        lines.append(f"| `{name}` | {wall:.2f} | {cpu:.2f} | {bar} |")
    colds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as empty:
            colds.append(process(["rest", "mammalian_neuron", "--json"], 1, {"VREST_CACHE": empty}))
    wall, cpu = (statistics.median(column) for column in zip(*colds, strict=True))
    lines.append(f"| `vrest rest mammalian_neuron`, the first time ever | {wall:.2f} | {cpu:.2f} | 4 |")
    return lines


def reference_run() -> list[str]:
    """W1: one hour of the reference cell, twenty minutes of it without pump."""
    import vrest

    cell = vrest.load(HERE / "reference_cell.toml")
    lines = [
        "| W1 at rtol | steps | worst relative error | drift, mV (floor) | CPU per run, ms |",
        "|---|---|---|---|---|",
    ]
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        run = vrest.simulate(cell, W1, "1 h", times=list(W1_TRUTH), rtol=rtol)
        worst = 0.0
        for row, (_, truth) in enumerate(W1_TRUTH.items()):
            inside = run.system.concentrations(run.states[row], run.parameters[row], "inside")
            got = [float(inside[i]) for i in ("Na", "K", "Cl")] + [float(run.v[row])]
            worst = max(worst, *(abs(g / t - 1) for g, t in zip(got, truth, strict=True)))
        times = []
        for _ in range(9):
            start = time.process_time()
            vrest.simulate(cell, W1, "1 h", times=list(W1_TRUTH), rtol=rtol)
            times.append(time.process_time() - start)
        (account,) = run.ledger
        lines.append(
            f"| {rtol:g} | {run.steps} | {worst:.1e} | {account.drift:.1e} ({account.floor:.1e}) | "
            f"{1e3 * statistics.median(times):.1f} |"
        )
    return lines


def library_cells() -> list[str]:
    """Every library cell: its rest, a day at rest, and a day with an hour without pump."""
    import vrest

    lines = [
        "| cell | V_rest, mV | Newton correction, mV | worst imbalance, mM/min | a day at rest moves V by, mV | "
        "charge drift over a day with 1 h pump off, mV (floor) | slowest time constant, s |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in vrest.library():
        inside = vrest.load(name).compartments.get("inside")
        if inside is None or inside.kind == "dialysed":
            continue  # several membranes, or contents that are held: no single V, or no ledger to keep
        result = vrest.rest(vrest.load(name))
        worst = max(abs(v) for ions in result.residual_mM_per_min.values() for v in ions.values())
        day = vrest.simulate(result.cell, until="24 h", points=200, start=result.state)
        off = vrest.simulate(vrest.load(name), [("1 h", "pump.max_rate*=0"), ("2 h", "pump.max_rate=restore")], "24 h")
        charge = next((account for account in off.ledger if account.unit == "mV"), None)
        held = f"{charge.drift:.1e} ({charge.floor:.1e})" if charge else "its paper breaks it"
        lines.append(
            f"| {name} | {result.v_rest:.6f} | {result.residual_mV:.0e} | {worst:.0e} | "
            f"{np.abs(day.v - day.v[0]).max():.0e} | {held} | "
            f"{result.slowest_time_constant:.0f} |"
        )
    return lines


def peers() -> list[str]:
    """vrest and six other programs at the same work, interleaved on one pinned core."""
    rows = run_peers.peers_table()
    best: dict[str, float] = {}
    for row in rows:
        if row.peer != "vrest_rodas5p" and row.cells:
            best[row.item] = min(best.get(row.item, float("inf")), row.cpu_s)
    ours = {row.item: row.cpu_s for row in rows if row.peer == "vrest_rodas5p" and row.cells}
    ratios = ", ".join(f"{item} {best[item] / ours[item]:.2g}x" for item in run_peers.ITEMS if item in ours)
    return [
        "`w1`: one cell for an hour, 3,601 samples; `w2_end` and `w2_dense`: 1,000 cells, last state or 3,601 samples;",
        "`w3`: resting states; `w3_gradient`: with the derivatives of all states by five numbers; `first`: a fresh",
        "process to its first W1. All at rtol 1e-6.",
        "",
        *run_peers.markdown(rows),
        "",
        f"The quickest of the others takes so many times what vrest takes: {ratios}.",
    ]


def sensitivities() -> list[str]:
    """Sobol indices of V_rest, and effects of small changes: a first call, then the median of five."""
    import vrest

    neuron, gated = vrest.load("mammalian_neuron"), vrest.load("dijkstra_2016")
    three = ["K_leak.permeability", "Na_leak.permeability", "pump.max_rate"]
    six = [*three, "Cl_leak.permeability", "outside.K", "outside.Na"]
    asked = [
        ("effects of 13 numbers on 7 quantities", neuron, {}),
        ("effects of 13 numbers on the time to collapse", neuron, {"of": "collapse"}),
        ("Sobol indices of V, 6 numbers, base 4,096: 57,344 rests", neuron, {"over": six, "of": "V", "n": 4096}),
        ("of the time to collapse, base 1,024: 14,336 runs", neuron, {"over": six, "of": "collapse", "n": 1024}),
        ("of V, 3 numbers, base 256: 2,048 rests", gated, {"over": three, "of": "V", "n": 256}),
    ]
    lines = ["| `vrest.sensitivity` | cell | first, s | again: wall, s | CPU, s |", "|---|---|---|---|---|"]
    for what, cell, how in asked:
        walls, cpus = [], []
        for _ in range(6):
            wall, cpu = time.perf_counter(), time.process_time()
            vrest.sensitivity(cell, **how)
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        again = f"{statistics.median(walls[1:]):.2f} | {statistics.median(cpus[1:]):.2f}"
        lines.append(f"| {what} | {cell.name} | {walls[0]:.1f} | {again} |")
    return lines


def populations() -> list[str]:
    """Whole processes of `vrest population`, start included, on all cores."""
    leak, bath = ["--vary", "K_leak.permeability ~ lognormal(0.2)"], ["--vary", "outside.K ~ uniform(3 mM, 8 mM)"]
    off = ["--at", "5 min", "pump.max_rate*=0", "--at", "25 min", "pump.max_rate=restore", "--until", "1 h"]
    asked = [
        (
            "1,000,000 certified rests of mammalian_neuron",
            ["mammalian_neuron", "-n", "1000000", "--rest", *leak, *bath],
        ),
        ("100,000 hours of it, 20 min of each without pump", ["mammalian_neuron", "-n", "100000", *leak, *bath, *off]),
        ("100,000 certified rests of dijkstra_2016, gated", ["dijkstra_2016", "-n", "100000", "--rest", *bath]),
    ]
    lines = ["| into Zarr, with figure | wall, s | CPU, s | largest memory, MB |", "|---|---|---|---|"]
    for what, arguments in asked:
        with tempfile.TemporaryDirectory() as folder:
            files = ["-o", f"{folder}/pop.zarr", "--plot", f"{folder}/pop.png", "--quiet"]
            start = time.perf_counter()
            running = subprocess.Popen([str(VREST), "population", *arguments, *files], stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(running.pid, 0)
            if status:
                raise SystemExit(f"{what}: the command failed.")
            cpu, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
            lines.append(f"| {what} | {time.perf_counter() - start:.0f} | {cpu:.0f} | {memory:.0f} |")
    return lines


def growth() -> list[str]:
    """Cost per cell against cells and states."""
    done = subprocess.run([sys.executable, str(HERE / "growth.py")], check=True, capture_output=True, text=True)
    return done.stdout.replace("## ", "### ").splitlines()


def machine() -> str:
    """What this ran on."""
    import jax

    model = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    versions = f"Python {platform.python_version()}, jax {jax.__version__}"
    return f"{model or platform.processor()}, {os.cpu_count()} cores; {versions}"


def main() -> None:
    """Measure, print, write."""
    parts = [f"# Results\n\n{machine()}. Written by `make bench`.\n"]
    for title, measure in [
        ("Start-up", start_up),
        ("The reference cell through W1", reference_run),
        ("The cells of the library", library_cells),
        ("Where the motion leads", basins.table),
        ("One prepared cell, and the verbs that stand on it", prepared.table),
        ("The live page", live_page.table),
        ("Beside other programs", peers),
        ("How the cost grows", growth),
        ("Populations", populations),
        ("Fits", fits.table),
        ("Sensitivities", sensitivities),
    ]:
        print(f"== {title}", flush=True)
        lines = measure()
        print("\n".join(lines), flush=True)
        parts.append(f"## {title}\n\n" + "\n".join(lines) + "\n")
    (HERE / "RESULTS.md").write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
