"""Random junctions, and the equations of a junction solved another way: as an initial value problem, by SciPy."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.optimize import root

T = 298.15
VALENCES = np.array([-4, -3, -2, -1, 0, 1, 2, 3])
LEAST_AHEAD = 2.0**-10


def side(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Concentrations of one side, five orders of magnitude apart, neutral; a quarter of the ions are not there."""
    c = 10 ** rng.uniform(-3, 2, len(z)) * (rng.random(len(z)) > 0.25)
    for sign in (1, -1):
        if not np.any((sign * z > 0) & (c > 0)):
            c[rng.choice(np.flatnonzero(sign * z > 0))] = 1.0
    c[z < 0] *= (z * c)[z > 0].sum() / -(z * c)[z < 0].sum()
    return c * 10 ** rng.uniform(-2.5, 2.5) / (np.abs(z) @ c)


def random_junction(rng: np.random.Generator) -> dict[str, Any]:
    """2 to 15 ions of valences -4 to 3, some neutral, a tenth as fast as protons; sides that differ by up to 1e5."""
    z = np.zeros(1)
    while not ((z > 0).any() and (z < 0).any()):
        z = rng.choice(VALENCES, rng.integers(2, 16)).astype(float)
    u = rng.uniform(0.1, 1.2, len(z)) * np.where(rng.random(len(z)) < 0.1, 4.0, 1.0)
    return {"valence": z, "mobility": u, "pipette": side(rng, z), "bath": side(rng, z), "temperature": T}


def swapped(junction: dict[str, Any]) -> dict[str, Any]:
    return {**junction, "pipette": junction["bath"], "bath": junction["pipette"]}


def across(z: np.ndarray, u: np.ndarray, c0: np.ndarray, fluxes: np.ndarray, slope_of_g: Any = None) -> np.ndarray:
    """Concentrations at the bath and phi (RT/F) there, from those at the pipette and the fluxes: shape (n + 1,).

    dc/dx = -J/u - z c phi' - z^2 c g', where phi' and g' follow from neutrality and from g'(x) = dg/dI I'(x); ln(gamma)
    = z^2 g(I), and `slope_of_g` is dg/dI.
    """

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        c = y[:-1]
        diffused, moments = -fluxes / u, [z**power @ c for power in range(5)]
        bend = slope_of_g(moments[2] / 2) if slope_of_g else 0.0
        # sum of z dc = 0, sum of z^2 dc = 2 I'
        matrix = [[moments[2], bend * moments[3]], [moments[3], 2.0 + bend * moments[4]]]
        field, strengthened = np.linalg.solve(matrix, [z @ diffused, z**2 @ diffused])
        return np.append(diffused - z * c * field - z**2 * c * bend * strengthened, field)

    return solve_ivp(rates, (0.0, 1.0), np.append(c0, 0.0), method="DOP853", rtol=1e-11, atol=1e-13 * c0.max()).y[:, -1]


def shot(junction: dict[str, Any], guess: float) -> float | None:
    """The potential in V by shooting: fluxes for which the bath is reached, followed from the pipette; None if lost.

    Where y counts the way by dx = S dy, S = sum of z^2 c, the equations are linear: dc/dy = -(J/u) S - z c phi' with
    phi' = -sum of z J/u, so that a matrix exponential leads to the bath. guess: V, where the search starts. The bath is
    approached in steps if it is not reached at once.
    """
    z, u, c0, c1 = (np.asarray(junction[k], dtype=float) for k in ("valence", "mobility", "pipette", "bath"))
    present = (z != 0) & (c0 + c1 > 0)
    z, u, c0, c1 = z[present], u[present], c0[present], c1[present]
    volts = 8.31446261815324 * junction["temperature"] / 96485.33212331
    s0, s1 = z**2 @ c0, z**2 @ c1
    last = np.argmax(np.abs(z) * (c0 / s0 + c1 / s1))
    free = np.delete(np.arange(len(z)), last)

    def followed(j: np.ndarray, way: float = 1.0) -> tuple[np.ndarray, float]:
        forces = np.insert(j, last, -(z[free] @ j) / z[last]) / u  # no current
        field = -z @ forces
        return expm(-way * (np.outer(forces, z**2) + np.diag(z * field))) @ c0, field

    def possible(j: np.ndarray) -> bool:  # there are solutions whose S is below 0 on the way
        return all((z**2 @ followed(j, way)[0] > 0.0) for way in np.linspace(0.05, 0.95, 19))

    through = np.log(s1 / s0) / (s1 - s0) if abs(s1 / s0 - 1.0) > 1e-6 else 1.0 / s0
    start = (u * (c0 - c1 - z * (c0 + c1) / 2 * guess / volts) * through)[free]
    done, ahead, found = 0.0, 1.0, None
    while done < 1.0:
        share = min(1.0, done + ahead)
        target = s1 ** (share - 1) * s0 ** (1 - share) * (share * c1 + (1 - share) * c0 * s1 / s0)
        scale = z**2 @ target
        tried = None
        with np.errstate(over="ignore", invalid="ignore"), suppress(RuntimeError, ValueError):  # far from the bath
            tried = root(lambda j, aim=target, by=scale: ((followed(j)[0] - aim) / by)[free], start, tol=1e-14)
        if tried and np.max(np.abs(tried.fun)) < 1e-10 and possible(tried.x):
            done, start, found = share, tried.x, tried
        elif (ahead := ahead / 2) < LEAST_AHEAD:
            return None
    return None if found is None else float(volts * followed(found.x)[1])
