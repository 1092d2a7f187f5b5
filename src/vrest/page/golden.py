"""Cases that a page runs before it shows a number, with what the native kernels answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from vrest.page.certificate import AGREES
from vrest.page.controls import Control
from vrest.verbs.prepared import Prepared

RAISED, WEAKER, LITTLE_WEAKER = 1.6, 0.5, 0.8
"""Times as much K+ outside, and of a strength."""

STAGE, UNTIL = 60.0, 120.0
"""s: when the second stage of a run begins, and its end."""

TIMES = (1.0, STAGE, UNTIL)
"""s: when it is read."""

ROUNDINGS, LOUDEST = 10.0, 1e-3
"""What rounding the start of a run once changes grows in a cell that spikes: a page may be so many times as far off; a
run of which that is more than so many mV proves nothing."""


def golden(ready: Prepared, controls: Sequence[Control]) -> list[dict[str, Any]]:
    """Values by name, and for each: the rest, the potentials at once from the rest of the page, and a run.

    The run starts as the values describe; each of its stages has other values from its `start` on; its `error` is how
    near a page must come. Potentials are in mV, states SI. Cells that do not rest are left out: how they go on takes
    long to find out.
    """
    gated = any(kind == "gate" for kind, _ in ready.system.states)
    cases = list(_cases(controls, gated))
    columns = np.repeat(ready.values[:, None], len(cases), axis=1)
    index = {control.name: k for k, control in enumerate(controls)}
    for lane, case in enumerate(cases):
        for name, value in case.items():
            columns[index[name], lane] = value
    found = ready.rest(columns)
    now = np.atleast_2d(ready.instant(columns, ready.described(ready.si())[1]))
    stages = [(STAGE, cases[-1])]
    run = ready.run(columns, stages, list(TIMES))
    start = ready.described(ready.si(columns))[1]
    signs = np.random.default_rng(0).choice([-1.0, 1.0], start.shape)
    nearly = ready.run(columns, stages, list(TIMES), start=start * (1.0 + np.finfo(float).eps * signs))
    v, along, other = np.atleast_2d(found.v), *(r.v.reshape(-1, len(TIMES), len(cases)) for r in (run, nearly))
    noise = np.abs(other - along).max(axis=(0, 1))
    error = np.maximum(AGREES["run"] * np.abs(along).max(axis=(0, 1)), ROUNDINGS * noise)
    return [
        {
            "values": case,
            "rest": {"outcome": outcome.name, "v": v[:, k].tolist(), "state": found.state[:, k].tolist()},
            "at_once": now[:, k].tolist(),
            "run": {
                "stages": [{"start": 0.0, "values": {}}, {"start": STAGE, "values": cases[-1]}],
                "times": list(TIMES),
                "v": along[..., k].tolist(),
                "error": float(error[k]),
                "state": run.state[:, -1, k].tolist(),
            },
        }
        for k, (case, outcome) in enumerate(zip(cases, found.outcomes, strict=True))
        if outcome is not None and outcome.is_rest and run.complete[k] and noise[k] <= LOUDEST
    ]


def _cases(controls: Sequence[Control], gated: bool) -> Iterator[dict[str, float]]:
    """Nothing changed; more K+ outside; one channel weaker; what spends ATP off.

    A gated cell whose pumps stop may fire for long before it comes to rest: there they are only somewhat weaker.
    """
    yield {}
    bath = next((c for c in controls if c.companions and c.path.endswith(".ions.K")), None)
    if bath is not None:
        values = {bath.name: float(f"{RAISED * bath.value:.3g}")}
        if bath.companion is not None:
            along = bath.companions[bath.companion]
            other = controls[along.control]
            values[other.name] = other.value + along.factor * (values[bath.name] - bath.value)
        yield values
    weak = next((c for c in controls if c.switch and c.group == "membrane" and c.value > 0.0), None)
    if weak is not None:
        yield {weak.name: WEAKER * weak.value}
    pumps = [c for c in controls if c.switch and c.group == "pump"] or [c for c in controls if c.switch][:1]
    yield {c.name: LITTLE_WEAKER * c.value if gated else 0.0 for c in pumps}
