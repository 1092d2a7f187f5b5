"""SciPy: LSODA through odeint, its quickest door, with a right-hand side in plain Python; rests by root (hybr)."""

from harness import main, reference
from scipy.integrate import odeint
from scipy.optimize import root

ENDS = reference.TIMES[[0, 300, 1500, 3600]]


def right_hand_side(y, _, *parameters):
    return reference.derivatives(*y.tolist(), *parameters)


def run(parameters, rtol, times=reference.TIMES):
    p, y, path = [float(x) for x in parameters], reference.START, [reference.START]
    for begin, until, share in reference.SEGMENTS:
        stops = times[(times >= begin) & (times <= until)]
        args = (*p[:3], share * p[3], p[4])
        segment = odeint(right_hand_side, y, stops, args, rtol=rtol, atol=rtol * 1e-2, mxstep=100_000)
        y = segment[-1]
        path.extend(segment[1:])
    return path


def rest(parameters):
    """The last row is charge, not dV/dt: the four derivatives alone have a singular Jacobian."""
    p, held = [float(x) for x in parameters], float(reference.charge(reference.START))

    def residual(y):
        na, k, cl, v = y.tolist()
        d_na, d_k, d_cl, _ = reference.derivatives(na, k, cl, v, *p)
        charge = reference.MV_PER_MM * (na + k - cl) - v
        return 1e3 * d_na, 1e3 * d_k, 1e3 * d_cl, 1e-5 * (charge - held)

    return root(residual, reference.START, method="hybr").x


if __name__ == "__main__":
    main(
        w1=lambda rtol: run(reference.BASE, rtol),
        w2_end=lambda samples, rtol: [run(p, rtol, ENDS)[-1] for p in samples],
        w2_dense=lambda samples, rtol: [run(p, rtol) for p in samples],
        w3=lambda samples: [rest(p) for p in samples],
        cells={"w2_end": 20, "w2_dense": 10, "w3": 100},
    )
