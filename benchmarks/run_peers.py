"""Install the peers, each in an environment of its own under `.bench/`, and measure them: `make bench-peers`.

A peer that cannot be installed or run says why in the table; the others go on. Every peer runs on the same core, one
at a time, in rounds (all peers, then all again); a figure is the median of the rounds. CPU time, except for the fresh
process, which is also given in wall time.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import reference

PEERS = {
    "vrest_rodas5p": [],  # ourselves, in the environment that runs this
    "scipy_lsoda": ["scipy==1.17.1", "numpy==2.4.6"],
    "numba_lsoda": ["numbalsoda==0.3.4", "numba==0.68.1", "numpy==2.4.6"],
    "myokit_cvodes": ["myokit==1.39.2", "numpy==2.4.6", "setuptools==80.9.0"],
    "neuron_cvode": ["neuron==9.0.2", "numpy==2.4.6", "setuptools==80.9.0"],
    "roadrunner_cvode": ["libroadrunner==2.10.0", "antimony==3.3.0", "numpy==2.4.6"],
    "diffrax_kvaerno3": [
        "diffrax==0.7.2",
        "optimistix==0.1.0",
        "equinox==0.13.8",
        "lineax==0.1.1",
        "jax==0.10.2",
        "numpy==2.4.6",
    ],
}
ITEMS = ("first", "w1", "w2_end", "w2_dense", "w3", "w3_gradient")
SUNDIALS = ["apt-get", "install", "-y", "-qq", "libsundials-dev"]


@dataclass(frozen=True)
class Row:
    """One peer at one work item; times in s for one unit of work."""

    peer: str
    item: str
    cpu_s: float = float("nan")
    """Median over the rounds."""
    cpu_range_s: tuple[float, float] = (float("nan"), float("nan"))
    """Least and most of the rounds: the noise."""
    wall_s: float = float("nan")
    """Only of the fresh process; the least of the rounds, because other work on the machine can only add to it."""
    error: float = float("nan")
    drift_mV: float = float("nan")
    cells: int = 0
    note: str = ""


def python(peer: str) -> str:
    """The interpreter of a peer."""
    if not PEERS[peer]:
        return sys.executable
    return str(reference.BENCH / peer / "bin" / "python")


def script(peer: str) -> str:
    """The program of a peer."""
    return str(Path(__file__).parent / "peers" / f"{peer}.py")


def install(peer: str) -> str:
    """Make a peer's environment and its first run, which compiles; the reason if that cannot be done."""
    if not PEERS[peer]:
        done = subprocess.run([python(peer), script(peer), "1e-6", "first"], capture_output=True, text=True)
        return last_line(done) if done.returncode else ""
    home, wanted = reference.BENCH / peer, "\n".join(PEERS[peer])
    stamp = home / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return ""
    shutil.rmtree(home, ignore_errors=True)
    start = time.perf_counter()
    commands = [
        [sys.executable, "-m", "venv", str(home)],
        [python(peer), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS[peer]],
        [python(peer), script(peer), "1e-6", "first"],
    ]
    if peer == "myokit_cvodes" and not Path("/usr/include/cvodes").exists():
        if os.geteuid() or not shutil.which("apt-get"):
            return f"needs SUNDIALS and its headers; as root: {' '.join(SUNDIALS)}"
        commands.insert(0, SUNDIALS)
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return last_line(done)
    stamp.write_text(wanted)
    print(f"{peer}: installed in {time.perf_counter() - start:.0f} s", flush=True)
    return ""


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """Why a command failed."""
    return ((done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def measure(peer: str, items: tuple[str, ...], rtol: float) -> list[dict]:
    """One round of one peer: a fresh process that does W1 once, then another that does the other items warm."""
    reports = []
    if "first" in items:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([python(peer), script(peer), str(rtol), "first"], capture_output=True, text=True)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            return [{"item": "first", "note": f"failed: {last_line(done)}"}]
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        reports.append({"item": "first", "cells": 1, "cpu_s": cpu, "wall_s": wall})
    warm = [item for item in items if item != "first"]
    done = subprocess.run([python(peer), script(peer), str(rtol), *warm], capture_output=True, text=True)
    reports += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode:
        reports.append({"item": warm[len(reports) - ("first" in items)], "note": f"failed: {last_line(done)}"})
    return reports


def peers_table(rounds: int = 3, items: tuple[str, ...] = ITEMS, rtol: float = 1e-6) -> list[Row]:
    """Install what is missing, run the peers in rounds, and return a row for each peer and item."""
    reference.truth()
    reasons = {peer: install(peer) for peer in PEERS}
    rows = [Row(peer, "first", note=f"not installed: {reason}") for peer, reason in reasons.items() if reason]
    reports = {}
    for number in range(rounds):
        for peer in PEERS:
            if not reasons[peer]:
                print(f"round {number + 1} of {rounds}: {peer}", flush=True)
                for report in measure(peer, items, rtol):
                    reports.setdefault((report["item"], peer), []).append(report)
    for item in items:
        for peer in PEERS:
            if found := reports.get((item, peer)):
                rows.append(summary(peer, item, found))
    return rows


def summary(peer: str, item: str, reports: list[dict]) -> Row:
    """The rounds of one peer at one item, as a row."""
    if any("cpu_s" not in report for report in reports):
        return Row(peer, item, note=next(report["note"] for report in reports if "cpu_s" not in report))
    cpu = [report["cpu_s"] for report in reports]
    last = {key: reports[-1][key] for key in ("error", "drift_mV", "cells", "note") if key in reports[-1]}
    wall = min(report.get("wall_s", float("nan")) for report in reports)
    return Row(peer, item, statistics.median(cpu), (min(cpu), max(cpu)), wall, **last)


def markdown(rows: list[Row]) -> list[str]:
    """The rows as a table."""
    lines = [
        "| work | peer | CPU per unit (rounds: least to most) | worst relative error | drift, mV | cells | note |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        name = f"{row.peer} ({PEERS[row.peer][0] if PEERS[row.peer] else 'this project'})"
        if row.cells == 0:
            lines.append(f"| {row.item} | {name} | | | | | {row.note} |")
            continue
        cpu = f"{seconds(row.cpu_s)} ({seconds(row.cpu_range_s[0])} to {seconds(row.cpu_range_s[1])})"
        if row.item == "first":
            lines.append(f"| {row.item} | {name} | {cpu} | | | | wall {seconds(row.wall_s)} |")
        else:
            checks = f"{row.error:.1e} | {row.drift_mV:.1e} | {row.cells}"
            lines.append(f"| {row.item} | {name} | {cpu} | {checks} | {row.note} |")
    return lines


def seconds(value: float) -> str:
    """A time with a unit that suits it."""
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e6:.3g} us"


if __name__ == "__main__":
    print("\n".join(markdown(peers_table())))
