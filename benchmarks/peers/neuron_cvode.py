"""NEURON: a mechanism in NMODL, compiled once, and its variable-step CVODE."""

import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
from harness import main, reference

SOURCE = Path(__file__).parent / "neuron"
BUILD = reference.BENCH / "neuron_cvode" / f"{zlib.crc32((SOURCE / 'reference_cell.mod').read_bytes()):08x}"


def compiled():
    """NEURON with the mechanism in it."""
    if not list(BUILD.glob("*/libnrnmech*")):
        BUILD.mkdir(exist_ok=True)
        nrnivmodl = Path(sys.executable).with_name("nrnivmodl")
        subprocess.run([str(nrnivmodl), str(SOURCE)], cwd=BUILD, check=True, capture_output=True)
    from neuron import h, load_mechanisms

    load_mechanisms(str(BUILD))
    return h


h = compiled()
CELL = h.Section(name="cell")
CELL.L = CELL.diam = 16  # um; only the area counts, and a cylinder's without its ends is a sphere's
CELL.cm = reference.CAPACITANCE
CELL.insert("reference_cell")
h.faraday_reference_cell, h.rt_f_reference_cell = reference.FARADAY, reference.RT_F
h.na_out_reference_cell, h.cl_out_reference_cell = reference.NA_OUT, reference.CL_OUT
h.na_start_reference_cell, h.k_start_reference_cell, h.cl_start_reference_cell = reference.START[:3]
h.per_mole_reference_cell = reference.AREA_PER_VOLUME / reference.FARADAY
MECHANISM = CELL(0.5).reference_cell
STATES = [MECHANISM._ref_na, MECHANISM._ref_k, MECHANISM._ref_cl, CELL(0.5)._ref_v]
SOLVER = h.CVode()
SOLVER.active(1)
SOLVER.jacobian(1)  # the dense Jacobian: quicker here than the default, and it keeps charge 1,000 times better
WHEN = h.Vector(1e3 * reference.TIMES[:-1])  # ms; what is recorded at the end of a run is left out


def start(parameters, rtol):
    for name, value in zip(("p_k", "p_na", "p_cl", "imax", "ko"), parameters, strict=True):
        setattr(MECHANISM, name, value)
    SOLVER.rtol(rtol)
    SOLVER.atol(rtol * 1e-2)
    MECHANISM.share = 1
    h.finitialize(reference.START[3])


def run(parameters, rtol, dense=True):
    recorded = [h.Vector().record(state, WHEN) for state in STATES] if dense else []
    start(parameters, rtol)
    for _, until, share in reference.SEGMENTS:
        MECHANISM.share = share
        SOLVER.re_init()
        SOLVER.solve(1e3 * until)
    end = [state[0] for state in STATES]
    return np.vstack([np.transpose(recorded), end]) if dense else end


def long_run(samples):
    ends = []
    for parameters in samples:
        start(parameters, 1e-6)
        SOLVER.solve(1e8)
        ends.append([state[0] for state in STATES])
    return ends


if __name__ == "__main__":
    main(
        w1=lambda rtol: run(reference.BASE, rtol),
        w2_end=lambda samples, rtol: [run(p, rtol, dense=False) for p in samples],
        w2_dense=lambda samples, rtol: [run(p, rtol) for p in samples],
        w3=long_run,
        cells={"w2_end": 20, "w2_dense": 10, "w3": 20},
        w3_note="no root finder: a run of 1e5 s",
    )
