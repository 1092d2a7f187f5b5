"""Cases that a page runs before it shows a number, with what the native kernels answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from vrest.page.controls import Control
from vrest.units import MINUTE
from vrest.verbs.prepared import RTOL, Prepared

RAISED, WEAKER = 1.6, 0.5
"""Times as much K+ outside, and of a pump or another strength."""

STOP, UNTIL = 5 * MINUTE, 20 * MINUTE
"""s: when the second stage of a run begins, and its end."""

TIMES = (STOP, 10 * MINUTE, UNTIL)
"""s: when it is read."""


def golden(ready: Prepared, controls: Sequence[Control]) -> list[dict[str, Any]]:
    """Values by name, and for each: the rest, the potentials at once from the rest of the page, and a run.

    The run starts as the values describe and goes on at `start` of its second stage with other values. Potentials are
    in mV, states SI; null is what there is not.
    """
    cases = list(_cases(controls))
    columns = np.repeat(ready.values[:, None], len(cases), axis=1)
    index = {control.name: k for k, control in enumerate(controls)}
    for lane, case in enumerate(cases):
        for name, value in case.items():
            columns[index[name], lane] = value
    found = ready.rest(columns)
    here = ready.described(ready.si())[1]
    now = np.atleast_2d(ready.instant(columns, here))
    v = np.atleast_2d(found.v)
    return [
        {
            "values": case,
            "rest": {
                "outcome": None if outcome is None else outcome.name,
                "v": v[:, lane].tolist(),
                "state": found.state[:, lane].tolist(),
            },
            "at_once": now[:, lane].tolist(),
            "run": _run(ready, columns[:, lane], cases[-1]),
        }
        for lane, (case, outcome) in enumerate(zip(cases, found.outcomes, strict=True))
    ]


def _run(ready: Prepared, values: np.ndarray, then: Mapping[str, float]) -> dict[str, Any]:
    """Two stages: the values, and what else holds from `STOP` on."""
    run = ready.run(values, [(STOP, dict(then))], list(TIMES))
    return {
        "stages": [{"start": 0.0, "values": {}}, {"start": STOP, "values": dict(then)}],
        "times": list(TIMES),
        "rtol": RTOL,
        "complete": bool(run.complete[0]),
        "v": run.v.reshape(-1, len(TIMES)).tolist(),
        "state": run.state[:, -1, 0].tolist(),
    }


def _cases(controls: Sequence[Control]) -> Iterator[dict[str, float]]:
    """Nothing changed; more K+ outside; one channel weaker, or whatever there is; what spends ATP off."""
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
    yield {c.name: 0.0 for c in pumps}
