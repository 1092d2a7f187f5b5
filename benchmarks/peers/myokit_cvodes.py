"""Myokit: CVODES on C code generated from the model; the compiled simulation is kept on disk and reused.

Needs a C compiler and the headers of SUNDIALS (Debian: libsundials-dev). The pump is stopped by a pacing event.
"""

import zlib

import myokit
import numpy as np
from harness import main, reference

MODEL = f"""
[[model]]
cell.na = {reference.START[0]}
cell.k = {reference.START[1]}
cell.cl = {reference.START[2]}
cell.v = {reference.START[3]}

[cell]
time = 0 bind time
pace = 0 bind pace
p_k = {reference.BASE[0]}
p_na = {reference.BASE[1]}
p_cl = {reference.BASE[2]}
imax = {reference.BASE[3]}
ko = {reference.BASE[4]}
phi = v / {reference.RT_F}
e = exp(-phi)
ghk = {reference.FARADAY} * phi / (1 - e)
pump = (1 - pace) * imax * (na / (na + 10))^3 * (ko / (ko + 1))^2
i_na = p_na * ghk * (na - {reference.NA_OUT} * e) + 3 * pump
i_k = p_k * ghk * (k - ko * e) - 2 * pump
i_cl = p_cl * ghk * ({reference.CL_OUT} - cl * e)
per_mole = {reference.AREA_PER_VOLUME / reference.FARADAY}
dot(na) = -per_mole * i_na
dot(k) = -per_mole * i_k
dot(cl) = per_mole * i_cl
dot(v) = {-1e3 / reference.CAPACITANCE} * (i_na + i_k + i_cl)
"""
STATES = ["cell.na", "cell.k", "cell.cl", "cell.v"]
PARAMETERS = ["cell.p_k", "cell.p_na", "cell.p_cl", "cell.imax", "cell.ko"]
RUN_DOWN = myokit.Protocol()
RUN_DOWN.schedule(level=1, start=reference.PUMP_OFF, duration=reference.PUMP_ON - reference.PUMP_OFF)


def simulation():
    path = reference.BENCH / "myokit_cvodes" / f"{zlib.crc32(MODEL.encode()):08x}.zip"
    if not path.exists():
        myokit.Simulation(myokit.parse_model(MODEL), RUN_DOWN, path=str(path))
    return myokit.Simulation.from_path(str(path))


SIMULATION = simulation()


def run(parameters, rtol, dense=True):
    SIMULATION.reset()
    SIMULATION.set_tolerance(abs_tol=rtol * 1e-2, rel_tol=rtol)
    for name, value in zip(PARAMETERS, parameters, strict=True):
        SIMULATION.set_constant(name, value)
    if not dense:
        SIMULATION.run(reference.END, log=myokit.LOG_NONE)
        return SIMULATION.state()
    log = SIMULATION.run(reference.END, log=STATES, log_interval=1)  # its last sample is at 3,599 s
    return np.vstack([np.transpose([log[name] for name in STATES]), SIMULATION.state()])


def long_run(samples):
    SIMULATION.set_protocol(None)
    ends = []
    for parameters in samples:
        SIMULATION.reset()
        SIMULATION.set_tolerance(abs_tol=1e-8, rel_tol=1e-6)
        for name, value in zip(PARAMETERS, parameters, strict=True):
            SIMULATION.set_constant(name, value)
        SIMULATION.run(1e5, log=myokit.LOG_NONE)
        ends.append(SIMULATION.state())
    return ends


if __name__ == "__main__":
    main(
        w1=lambda rtol: run(reference.BASE, rtol),
        w2_end=lambda samples, rtol: [run(p, rtol, dense=False) for p in samples],
        w2_dense=lambda samples, rtol: [run(p, rtol) for p in samples],
        w3=long_run,
        cells={"w2_end": 100, "w2_dense": 20, "w3": 100},
        w3_note="no root finder: a run of 1e5 s",
    )
