"""What every peer's script shares: one pinned core, the timing, and the comparison with the truth.

`python benchmarks/peers/<peer>.py RTOL ITEM...` prints a JSON line for each of w1, w2_end, w2_dense, w3 and, where a
peer differentiates, w3_gradient; the item `first` runs W1 once and prints nothing, for the time of a fresh process.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import one_core  # noqa: F401, I001

import json
import statistics
import time

import numpy as np
import reference

CALLS, SECONDS = 3, 0.3  # at least so many calls, and so much CPU time, after one call that warms up


def main(w1, w2_end, w2_dense, w3, cells, w3_note="", w3_gradient=None) -> None:
    """Run the items asked for. w1(rtol), w2_end(samples, rtol), w2_dense(samples, rtol) and w3(samples) return states.

    w3_gradient(samples) returns their derivatives by the logarithms of the parameters, (cells, 5, 4).

    cells: how many of the 1,000 to run; the cost of one does not depend on more.
    """
    rtol, cells = float(sys.argv[1]), {**cells, "w1": 1}
    for item in sys.argv[2:]:
        if item == "first":
            w1(rtol)
            continue
        if item == "w3_gradient" and w3_gradient is None:
            continue
        samples = reference.SAMPLES[: cells[item]]
        call = {
            "w1": lambda: np.asarray(w1(rtol)),
            "w2_end": lambda: np.asarray(w2_end(samples, rtol)),  # noqa: B023
            "w2_dense": lambda: np.asarray(w2_dense(samples, rtol)),  # noqa: B023
            "w3": lambda: np.asarray(w3(samples)),  # noqa: B023
            "w3_gradient": lambda: np.asarray(w3_gradient(samples)),  # noqa: B023
        }[item]
        states, times = call(), []
        while len(times) < CALLS or sum(times) < SECONDS:
            start = time.process_time()
            call()
            times.append(time.process_time() - start)
        truths = reference.truth()
        truth = truths[item]
        known = min(len(states), len(truth))
        size = truths["w3"][:known, None] if item == "w3_gradient" else None
        report = {
            "item": item,
            "cells": cells[item],
            "cpu_s": statistics.median(times) / cells[item],
            "error": reference.error(states[:known], truth[:known], size),
            "drift_mV": reference.drift(states, 0.0 if item == "w3_gradient" else reference.START),
            "note": w3_note if item.startswith("w3") else "",
        }
        print(json.dumps(report), flush=True)
