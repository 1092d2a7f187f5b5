"""What certifies a rest, for a page: outcomes in words, and every threshold and limit by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from vrest.numerics.lanes import FINISHED, RUNNING, STUCK
from vrest.numerics.stationary import BOLD, NEWTON, SIGNS_UP_TO, STABLE, UNKNOWN, UNSTABLE
from vrest.numerics.stationary import THERE as NEARLY
from vrest.study.explain.account import PASSIVE, TIE
from vrest.study.explain.explain import NEARER, TOGETHER
from vrest.tables import ROUNDING
from vrest.verbs import face, search, searching
from vrest.verbs.certify import NEUTRAL_RATE, SETTLED_MM_PER_MIN, SETTLED_MV
from vrest.verbs.outcome import Outcome
from vrest.verbs.prepared import RTOL

SEARCHED, RUN = 4 * search.CHUNK, 4096
"""Steps of a search and of a run that a page takes before it shows what it has; it goes on when nothing is dragged."""

READ = 128 * search.CHUNK
"""Steps of a search after which Lab takes a cell for one of which nothing settled can be read."""

MOST_STEPS = 1_000_000
"""Of a run."""

AGREES = {"v_mV": 1e-9, "state": 1e-12, "run": 1e-9}
"""How near a page must come to the golden cases: V of a rest and at once; states, relative to each; V of a run,
relative to its largest value, where rounding does not grow (`golden`)."""


def outcomes() -> dict[str, dict[str, Any]]:
    """Every outcome by name: its sentence, whether a state comes with it, whether a cell would stay there."""
    return {o.name: {"text": o.value, "has_state": o.has_state, "is_rest": o.is_rest} for o in Outcome}


def certificate() -> dict[str, Any]:
    """Paces, limits and thresholds of the search and of the judgement, by name; SI but where a name says a unit."""
    return {
        "paces": {
            "bold": list(BOLD),
            "there": list(NEARLY),
            "newton": list(NEWTON),
            "bold_quiet": list(BOLD._replace(first=search.QUIET)),
            "face": list(NEWTON._replace(largest=face.FURTHEST, bent=1.0)),
        },
        "enough": search.ENOUGH,
        "few": searching.FEW,
        "quiet": search.QUIET,
        "quieter": searching.QUIETER,
        "still": searching.STILL,
        "end": searching.END,
        "tries": search.TRIES,
        "tries_drag": SEARCHED,
        "tries_lab": READ,
        "chunk": search.CHUNK,
        "largest_chunk": search.LARGEST_CHUNK,
        "neutral_rate": NEUTRAL_RATE,
        "settled_mV": SETTLED_MV,
        "settled_mM_per_min": SETTLED_MM_PER_MIN,
        "rounding": float(search.rounding(np.ones((1, 1)))),
        "signs_up_to": SIGNS_UP_TO,
        "status": {
            "running": RUNNING,
            "finished": FINISHED,
            "stuck": STUCK,
            "there": searching.THERE,
            "unclear": searching.UNCLEAR,
            "nothing": searching.NOTHING,
        },
        "verdict": {"unknown": UNKNOWN, "stable": STABLE, "unstable": UNSTABLE},
        "passive_mV": PASSIVE,
        "tie": TIE,
        "run_down": {"together": TOGETHER, "nearer": NEARER},
        "rounding_share": ROUNDING,
        "run": {"rtol": RTOL, "max_steps": MOST_STEPS, "steps_drag": RUN},
        "golden": AGREES,
    }
