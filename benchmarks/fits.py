"""What a fit costs: least squares from several starts, profile intervals of every unknown, verdicts, certificates."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import numpy as np

DEMO = Path(__file__).parent.parent / "examples" / "vm_ko.csv"
BAR = 1.0
"""s: of three unknowns of a whole cell at 12 points."""


def table() -> list[str]:
    """Fits of the frog's fibre, the second time and later."""
    import vrest

    cell = vrest.load("frog_muscle")
    demo = vrest.read_measurements(DEMO)
    ko = np.geomspace(1.5, 60, 12)
    noise = np.random.default_rng(7).normal(0, 0.5, 12)
    rests = {"Ko": ko, "Vm": vrest.rest_many(cell, {"outside.K": ko}).v_rest + noise}
    frozen = {"Ko": ko, "Vm": [vrest.instant(cell, {"outside.K": k}).v for k in ko] + noise}
    whole = ["P_Na/P_K", "pump.max_rate", "pump.km_k"]
    rows = [
        ("ghk", demo, ["P_Na/P_K"], None),
        ("ghk", frozen, ["P_Na/P_K", "P_Cl/P_K", "inside.K"], None),
        ("instant", frozen, ["P_Na/P_K", "P_Cl/P_K"], None),
        ("settled", rests, whole[:2], None),
        ("settled", rests, whole, BAR),
    ]
    lines = ["| model | unknowns | points | first, s | warm, s | bar, s |", "|---|---|---|---|---|---|"]
    for model, data, free, bar in rows:
        times = []
        for _ in range(6):
            start = time.perf_counter()
            vrest.fit(cell, data, free, model).as_dict()
            times.append(time.perf_counter() - start)
        warm = statistics.median(times[1:])
        count = len(data["Ko" if "Ko" in data else "Ko (mM)"])
        lines.append(f"| {model} | {', '.join(free)} | {count} | {times[0]:.2f} | {warm:.3f} | {bar or ''} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
