"""How long a cell lasts without its pumps, and how that depends on its numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from vrest.numerics.compiler.kernel import Kernel
from vrest.study.sensitivity.local import Local
from vrest.study.sensitivity.observed import pumps
from vrest.system.assemble import System, assemble, entries
from vrest.system.structure import Wall
from vrest.units import DAY, HOUR, MINUTE
from vrest.verbs.allowed import allowed_of
from vrest.verbs.motion import motion
from vrest.verbs.rest import Rest
from vrest.verbs.run import RTOL
from vrest.verbs.run_batch import FINISHED, Watch, run_batch

HORIZONS = (1.0, MINUTE, HOUR, DAY, 30 * DAY)
"""s: how far a run is taken, in turn; who has not collapsed by the last does not."""

TIGHT = 1e-10
"""Relative tolerance of a step of the run whose derivatives are taken."""

BESIDE = 1e-5
"""V: dV/dt is taken between points so far beside the level. V follows the contents within milliseconds, so that its
momentary slope has the rounding of the run magnified by how much faster that is."""

MOST_STEPS = 200_000
"""Of a run without pumps; a cell that fires all the time takes more."""


def collapse(rest: Rest, effects: Local, wall: Wall, level: float) -> tuple[float, np.ndarray]:
    """When V first passes `level` (V) after everything that spends ATP stops at a rest, s; and its derivatives.

    V(T, a) = level for every a, so that dT = -(dV/da) da / (dV/dt): dV/da through the rest and through every step of
    the run. NaN where V does not pass it.
    """
    nothing = np.full(len(effects.states), np.nan)
    system = assemble(rest.cell)
    off = np.array([system.names.index(path) for path in pumps(rest.system)])
    p = rest.parameters.copy()
    p[off] = 0.0
    time = _crossing(system, p, rest.state, wall, level)
    if not 0.0 < time < np.inf:
        return np.nan, nothing
    follow, still = _after(system, wall), (np.zeros_like(p), np.zeros_like(rest.state))
    slope = 0.0
    for _ in range(3):  # the batch saw it between two samples of a step: Newton's method from there
        v, slope = (float(part) for part in follow((p, rest.state), still, time)[:2])
        time -= (v - level) / slope
    aside = abs(BESIDE / slope)
    before, after = (float(follow((p, rest.state), still, time + side)[0]) for side in (-aside, aside))
    slope = (after - before) / (2 * aside)
    moved = []
    for dp, dx in zip(effects.parameters, effects.states, strict=True):
        dp = dp.copy()
        dp[off] = 0.0
        moved.append(float(follow((p, rest.state), (dp, dx), time)[2]))
    return time, -np.array(moved) / slope


def _crossing(system: System, p: np.ndarray, x: np.ndarray, wall: Wall, level: float) -> float:
    """When V first passes a level, s, about; infinite if it does not by the last of the horizons."""
    state, start = x[None], 0.0
    for stop in HORIZONS:
        went = run_batch(
            system, p[None, None], np.array([start, stop]), state, rtol=RTOL, max_steps=MOST_STEPS,
            watch=_watch(system, wall), thresholds=np.array([level]),
        )  # fmt: skip
        assert went.first is not None  # it was watched
        if np.isfinite(went.first[0, 0]) or went.status[0] != FINISHED:
            return float(went.first[0, 0])
        state, start = went.state, stop
    return np.inf


@lru_cache(maxsize=64)
def _watch(system: System, wall: Wall) -> Watch:
    """V of one membrane, for `run_batch`, which compiles once for each such function."""

    return Watch(lambda x, p: (system.potential(x, wall),), f"potential {wall.name}")


@lru_cache(maxsize=64)
def _after(system: System, wall: Wall) -> Any:
    """V of a membrane at a time, dV/dt, and how V moves along a direction of parameters and start: (p, x), (dp, dx), t.

    One direction at a time: compiled once, whatever the number of directions.
    """
    f, valid = motion(system, moving=False)
    atol = allowed_of(system).tolerance(TIGHT)

    def after(p: Any, x: Any, time: Any) -> tuple[Any, Any]:
        import jax
        import jax.numpy as jnp

        from vrest.numerics.rosenbrock import reach

        y, c, matrix = system.split(x, p)
        args = (p, jnp.zeros_like(p), 0.0, entries(c), entries(matrix.reshape(-1)))
        y, _ = reach(
            f, 0.0, y, time, 0.0, args,
            valid=valid, rtol=TIGHT, atol=atol, max_steps=MOST_STEPS, quick=system.quick, short=None,
        )  # fmt: skip

        def v(y: Any) -> Any:
            return system.potential(system.join(y, c, matrix), wall)

        return jax.jvp(v, (y,), (jnp.stack(f(time, tuple(y), args)),))

    def all_three(_: Any, given: Any) -> tuple[Any, Any, Any]:
        import jax

        at, along, time = given
        (v, slope), (moved, _) = jax.jvp(lambda p, x: after(p, x, time), at, along)
        return v, slope, moved

    code = Kernel(all_three, system.key(f"after {wall.name}"))
    return lambda *given: code((), given)
