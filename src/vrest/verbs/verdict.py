"""The verdict on a search: where it settled, certified; or why the cell does not settle, and what it does instead."""

from __future__ import annotations

import numpy as np

from vrest.numerics.stationary import Stationary
from vrest.system.assemble import System
from vrest.tables import number
from vrest.units import duration, from_si
from vrest.verbs.allowed import allowed_of
from vrest.verbs.certify import SETTLED_MM_PER_MIN, Certificate, certify, growth
from vrest.verbs.firing import Firing, firing
from vrest.verbs.linearised import linearised, point_of
from vrest.verbs.outcome import Ended, Outcome
from vrest.verbs.progress import Progress
from vrest.verbs.search import Searched, searched

MAX_ITERATIONS = 60
"""Of Newton's method alone."""

NUDGE = 1e-3
"""V: how far a cell is moved from an unstable state to see where it goes."""


def verdict(
    system: System, p: np.ndarray, x0: np.ndarray, search: Searched, k: int = 0, progress: Progress | None = None
) -> Certificate:
    """What is known of lane k of a search, of a cell with parameters p that started as x0."""
    return departed(system, p, x0, _judged(system, p, x0, search, k), progress)


def _judged(system: System, p: np.ndarray, x0: np.ndarray, search: Searched, k: int) -> Certificate:
    ended, points, working = Ended(int(search.ended[k])), search.points, None
    if ended is Ended.settled:  # the correction that is left is made as well, and the point judged where it led
        last = linearised(system, p, x0, points.state[list(system.laws.independent), k])
        point = last._replace(iterations=int(points.iterations[k]), converged=True)
        if points.ordinary[k] and points.imbalance[k] < SETTLED_MM_PER_MIN:
            working = bool(points.working[k])
    else:
        point = point_of(system, points, k)
    found = certify(system, p, x0, point, ended, working)._replace(
        followed=float(search.followed[k]), steps=int(search.steps[k])
    )
    going_on = ended is Ended.moving and found.outcome is Outcome.not_followed
    return _moving(system, p, x0, found, search.seen[k], float(search.pace[k])) if going_on else found


def _moving(
    system: System, p: np.ndarray, x0: np.ndarray, last: Certificate, seen: Firing | None, pace: float
) -> Certificate:
    """Of a cell that goes on moving: it oscillates around a stationary state, or was not followed to its end."""
    if seen is None or not seen.steady:  # where it is now, not where it was at the last look
        seen = firing(system, last.state, p, pace)
    if seen.steady and (centre := newton(system, p, x0, seen.mean)) is not None:
        around = certify(system, p, x0, centre)
        if around.outcome.has_state:
            holds = (
                "That is stable, but not where the motion leads"
                if around.outcome.is_rest
                else growth(around.eigenvalues)
            )
            return around._replace(
                outcome=Outcome.oscillates,
                reason=f"{Outcome.oscillates.value} {holds}; it {seen}.",
                followed=last.followed,
                steps=last.steps,
            )
    return last._replace(reason=f"{Outcome.not_followed.value} After {duration(last.followed)} the cell {seen}.")


def newton(system: System, p: np.ndarray, x0: np.ndarray, x: np.ndarray) -> Stationary | None:
    """The stationary point that Newton's method finds from x with the totals of x0, stable or not; None if none."""
    allowed, rows = allowed_of(system), list(system.laws.independent)
    _, c, matrix = system.split(x0, p)
    y = x[rows]
    for k in range(MAX_ITERATIONS):
        point = linearised(system, p, x0, y)
        here, step = system.join(y, c, matrix), system.join(point.correction, 0.0 * c, matrix)
        if not np.all(np.isfinite(step)):
            return None
        if np.all(np.abs(point.correction) < 1e-12 * allowed.sizes(y)):
            return point._replace(iterations=k, converged=True)
        falls = allowed.positive & (step < 0)
        y = (here + min(1.0, np.min(-0.8 * here[falls] / step[falls], initial=1.0)) * step)[rows]
    return None


def departed(
    system: System, p: np.ndarray, x0: np.ndarray, found: Certificate, progress: Progress | None = None
) -> Certificate:
    """An unstable state with where the cell goes from it; any other certificate as it is."""
    if found.outcome is not Outcome.unstable:
        return found
    away = searched(system, p[None], x0[None], nudged(system, found.state)[None], progress=progress)
    there = _judged(system, p, x0, away, 0)
    if there.outcome is Outcome.oscillates:
        return found._replace(outcome=there.outcome, reason=there.reason)
    if there.outcome.has_state:
        ends = [from_si(float(system.potential(there.state, wall)), "potential") for wall in system.structure.walls]
        goes = f"the cell goes to {', '.join(number(v) for v in ends)} mV ({there.outcome.words})."
    else:
        goes = f"from there: {there.reason}"
    return found._replace(reason=f"{Outcome.unstable.value} {growth(found.eigenvalues)}; {goes}")


def nudged(system: System, x: np.ndarray) -> np.ndarray:
    """The independent states with every membrane depolarised by 1 mV, gates as they are; the totals keep the ions."""
    y = x[list(system.laws.independent)]
    for i, k in enumerate(system.laws.independent):
        kind, name = system.states[k]
        if kind == "charge":
            wall = system.structure.wall(name)
            y[i] += NUDGE * float(system.relative_volume(x, wall.inside)) ** wall.exponent
    return y
