"""Whether a run ends on a state that the cell would leave if anything nudged it."""

from __future__ import annotations

import numpy as np

from vrest.model.notice import Notice
from vrest.system.assemble import System
from vrest.units import duration
from vrest.verbs.allowed import allowed_of

STATIONARY = 1e-9
"""1/s: no state moves by more than this share of its scale."""

NUDGE, ROUNDING = 1e-5, 1e-9
"""Of a difference quotient, in scales; and the share of the fastest rate that its rounding hides."""


def unstable_notice(system: System, x: np.ndarray, p: np.ndarray, lasted: float) -> Notice | None:
    """What to know of a stationary state x (states,) that a run of so many s ended on; None where it holds."""
    rows = list(system.laws.independent)
    y, c, matrix = system.split(x, p)
    scale = allowed_of(system).sizes(y)
    nudges = NUDGE * np.diag(scale)
    with np.errstate(all="ignore"):
        moved = system.derivative(system.join(np.concatenate([[y], y + nudges, y - nudges]), c, matrix), p)[:, rows]
    slope, (ahead, behind) = moved[0], np.split(moved[1:], 2)
    jacobian = (ahead - behind).T / (2.0 * NUDGE * scale[:, None])
    if not np.isfinite(jacobian).all() or np.any(np.abs(slope) > STATIONARY * scale):
        return None
    rates = np.linalg.eigvals(jacobian)
    growth = float(rates.real.max())
    if growth * lasted < 1.0 or growth < ROUNDING * np.abs(rates).max():
        return None
    grows = duration(1.0 / growth)
    return Notice(
        "unstable_state",
        f"the run ends on an unstable state: nothing has nudged it away; a deviation grows by a factor e in {grows}",
    )
