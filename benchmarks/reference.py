"""The reference cell, its work items, its samples and its truths: one place for vrest and for every peer.

A sphere of fixed volume with GHK leaks and a 3 Na+/2 K+ pump; states Na, K, Cl (mM) and V (mV).

| item | one unit of work |
|---|---|
| `w1` | one cell for an hour, 20 minutes of it without pump; 3,601 samples, one a second |
| `w2_end` | one of the sampled cells through the same hour; its last state |
| `w2_dense` | the same; its 3,601 samples |
| `w3` | the resting state of one sampled cell, on the charge it starts with |
| `w3_gradient` | the same, with the derivatives of all its states by the logarithms of the five parameters |

Truth is SciPy's LSODA at rtol 1e-12 (Radau at 1e-12 agrees to 1e-11) and, for W3, a root found by hybr to 1e-13; for
its derivatives, central differences of such roots, extrapolated. It is computed once (`python benchmarks/reference.py`,
fifteen seconds) and kept in `.bench/truth.npz`. Only that needs SciPy.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

BENCH = Path(__file__).parents[1] / ".bench"
FARADAY = 96485.33212  # C/mol
RT_F = 8.314462618 * 310.15 / FARADAY * 1e3  # mV
NA_OUT, CL_OUT = 145.0, 120.0  # mM
CAPACITANCE = 1.0  # uF/cm2
AREA_PER_VOLUME = 3 / 8e-4  # 1/cm, a sphere of radius 8 um
MV_PER_MM = 1e3 * FARADAY / (AREA_PER_VOLUME * CAPACITANCE)
"""What 1 mM of charge inside does to V, mV."""
START = np.array([12.0, 137.0, 9.423585507627022, -68.0])
"""Na, K, Cl in mM and V in mV: the resting state of the base cell."""
BASE = np.array([5.683929845982979e-7, 4e-8, 4.5e-7, 4.926785378801707, 4.0])
"""P_K, P_Na, P_Cl in cm/s, the pump's largest net current in uA/cm2, K outside in mM."""
SAMPLES = BASE * np.exp(0.2 * np.random.default_rng(20240611).standard_normal((1000, 5)))
"""Parameters of the 1,000 cells of W2 and W3, shape (1000, 5), in the order of BASE."""
PUMP_OFF, PUMP_ON, END = 300.0, 1500.0, 3600.0  # s
SEGMENTS = ((0.0, PUMP_OFF, 1.0), (PUMP_OFF, PUMP_ON, 0.0), (PUMP_ON, END, 1.0))
"""From, until (s), and the pump's rate as a share of its own."""
TIMES = np.arange(3601.0)
DENSE_CELLS, GRADIENT_CELLS = 20, 20
"""How many cells of W2 have a dense truth, and of W3 one of their derivatives."""
PUBLISHED = {  # s: Na, K, Cl, V
    1500: (72.916326625, 82.841050971, 16.180307359, -51.128090949),
    3600: (12.003723857, 136.977674096, 9.404984236, -68.019956832),
}


def derivatives(na, k, cl, v, p_k, p_na, p_cl, imax, ko):
    """Time derivatives of Na, K, Cl (mM/s) and V (mV/s). GHK without its limit at V = 0, which no cell here comes near.

    In these units no factors are needed: F (C/mol) times P (cm/s) times c (mM) is a current in uA/cm2.
    """
    phi = v / RT_F
    e = math.exp(-phi)
    ghk = FARADAY * phi / (1 - e)
    pump = imax * (na / (na + 10)) ** 3 * (ko / (ko + 1)) ** 2
    i_na = p_na * ghk * (na - NA_OUT * e) + 3 * pump
    i_k = p_k * ghk * (k - ko * e) - 2 * pump
    i_cl = p_cl * ghk * (CL_OUT - cl * e)
    per_mole = AREA_PER_VOLUME / FARADAY
    return -per_mole * i_na, -per_mole * i_k, per_mole * i_cl, -1e3 / CAPACITANCE * (i_na + i_k + i_cl)


def charge(states) -> np.ndarray:
    """What no current can change, F (w/A)(Na + K - Cl) - C V, as mV on the membrane's capacitance."""
    na, k, cl, v = np.moveaxis(np.asarray(states), -1, 0)
    return MV_PER_MM * (na + k - cl) - v


def drift(states, start) -> float:
    """Largest change of the charge since the start, mV."""
    return float(np.abs(charge(states) - charge(np.broadcast_to(start, 4))).max())


def error(states, truth, size=None) -> float:
    """Largest error over samples, states and cells, relative to the truth or to another size."""
    return float((np.abs(np.asarray(states) - truth) / np.abs(truth if size is None else size)).max())


def truth() -> dict[str, np.ndarray]:
    """Truth of each item, by its name: w1 (3601, 4), w2_end (1000, 4), w2_dense (20, 3601, 4), w3 (1000, 4).

    w3_gradient: (20, 5, 4).
    """
    path = BENCH / "truth.npz"
    if not path.exists() or "w3_gradient" not in np.load(path).files:
        path.parent.mkdir(exist_ok=True)
        np.savez(path, **compute_truth())
    return dict(np.load(path))


def lsoda(parameters, times, rtol: float) -> np.ndarray:
    """States at times (the switches of the pump are met exactly), by SciPy's LSODA."""
    from scipy.integrate import odeint

    states = [START]
    for begin, until, share in SEGMENTS:
        p_k, p_na, p_cl, imax, ko = (float(x) for x in parameters)
        stops = times[(times > begin) & (times <= until)]
        path = odeint(
            lambda y, t, *p: derivatives(*y, *p),
            states[-1],
            np.concatenate([[begin], stops]),
            args=(p_k, p_na, p_cl, share * imax, ko),
            rtol=rtol,
            atol=rtol * 1e-2,
            mxstep=100_000,
        )
        states.extend(path[1:])
    return np.array(states)


def compute_truth() -> dict[str, np.ndarray]:
    """SciPy's answers, tightly."""
    from scipy.optimize import root

    def rest(parameters):
        p = [float(x) for x in parameters]
        held = charge(START)

        def residual(x):
            d = derivatives(*x, *p)
            return [1e3 * d[0], 1e3 * d[1], 1e3 * d[2], (charge(x) - held) * 1e-5]

        return root(residual, START, method="hybr", options={"xtol": 1e-13}).x

    def slopes(parameters):
        """Central differences by each logarithm, of two widths, so that errors of the second order cancel."""

        def central(k, width):
            moved = np.where(np.arange(5) == k, width, 0.0)
            return (rest(parameters * np.exp(moved)) - rest(parameters * np.exp(-moved))) / (2 * width)

        return np.array([(4 * central(k, 5e-3) - central(k, 1e-2)) / 3 for k in range(5)])

    stops = np.array([0.0, PUMP_OFF, PUMP_ON, END])
    return {
        "w1": lsoda(BASE, TIMES, 1e-12),
        "w2_end": np.array([lsoda(p, stops, 1e-12)[-1] for p in SAMPLES]),
        "w2_dense": np.array([lsoda(p, TIMES, 1e-12) for p in SAMPLES[:DENSE_CELLS]]),
        "w3": np.array([rest(p) for p in SAMPLES]),
        "w3_gradient": np.array([slopes(p) for p in SAMPLES[:GRADIENT_CELLS]]),
    }


if __name__ == "__main__":
    for name, states in truth().items():
        start = 0.0 if name == "w3_gradient" else START
        print(f"{name}: {states.shape}, drift {drift(states, start):.1e} mV")
    for second, published in PUBLISHED.items():
        print(f"W1 at {second} s: {error(truth()['w1'][second], published):.1e} from the published answer")
