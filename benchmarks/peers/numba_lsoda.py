"""numba + numbalsoda: LSODA on a compiled right-hand side, the loop over cells compiled too."""

import numba
import numpy as np
from harness import main, reference
from numbalsoda import lsoda, lsoda_sig

FAST = {"fastmath": True, "error_model": "numpy"}
derivatives = numba.njit(**FAST)(reference.derivatives)
START, SEGMENTS = reference.START, np.array(reference.SEGMENTS)


@numba.cfunc(lsoda_sig, **FAST)
def right_hand_side(t, y, dy, p):
    dy[0], dy[1], dy[2], dy[3] = derivatives(y[0], y[1], y[2], y[3], p[0], p[1], p[2], p[3], p[4])


ADDRESS = right_hand_side.address


@numba.njit
def run(samples, rtol, dense, segments):
    rows = int(segments[-1, 1]) + 1 if dense else 1
    out = np.empty((len(samples), rows, 4))
    for cell in range(len(samples)):
        y = START.copy()
        if dense:
            out[cell, 0] = y
        for begin, until, share in segments:
            p = samples[cell].copy()
            p[3] *= share
            stops = np.arange(begin, until + 1) if dense else np.array([begin, until])
            path, ok = lsoda(ADDRESS, y, stops, p, rtol, rtol * 1e-2)
            if not ok:
                path[:] = np.nan
            y = path[-1].copy()
            if dense:
                out[cell, int(begin) + 1 : int(until) + 1] = path[1:]
        out[cell, -1] = y
    return out


if __name__ == "__main__":
    main(
        w1=lambda rtol: run(reference.BASE[None], rtol, True, SEGMENTS)[0],
        w2_end=lambda samples, rtol: run(samples, rtol, False, SEGMENTS)[:, 0],
        w2_dense=lambda samples, rtol: run(samples, rtol, True, SEGMENTS),
        w3=lambda samples: run(samples, 1e-6, False, np.array([[0.0, 1e5, 1.0]]))[:, 0],
        cells={"w2_end": 200, "w2_dense": 100, "w3": 500},
        w3_note="no root finder: a run of 1e5 s",
    )
