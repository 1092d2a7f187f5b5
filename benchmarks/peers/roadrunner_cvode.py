"""libRoadRunner: CVODE on machine code made from SBML (written in Antimony, translated once).

W3 needs a second model with V as an algebraic charge balance: the solvers of steady states find the four-state
model singular. NLEQ2 is called by its own name, because `steadyState()` around it takes 85 ms whatever the cell.
"""

import zlib

import numpy as np
import roadrunner
from harness import main, reference

NA, K, CL, V = reference.START
CURRENTS = f"""
    p_k = {reference.BASE[0]}; p_na = {reference.BASE[1]}; p_cl = {reference.BASE[2]}
    imax = {reference.BASE[3]}; ko = {reference.BASE[4]}; share = 1
    phi := v / {reference.RT_F}
    e := exp(-phi)
    ghk := {reference.FARADAY} * phi / (1 - e)
    pump := share * imax * (na / (na + 10))^3 * (ko / (ko + 1))^2
    i_na := p_na * ghk * (na - {reference.NA_OUT} * e) + 3 * pump
    i_k := p_k * ghk * (k - ko * e) - 2 * pump
    i_cl := p_cl * ghk * ({reference.CL_OUT} - cl * e)
    per_mole = {reference.AREA_PER_VOLUME / reference.FARADAY}
"""
RUN = f"""model run
    na = {NA}; k = {K}; cl = {CL}; v = {V}
    {CURRENTS}
    na' = -per_mole * i_na
    k' = -per_mole * i_k
    cl' = per_mole * i_cl
    v' = {-1e3 / reference.CAPACITANCE} * (i_na + i_k + i_cl)
end"""
REST = f"""model rest
    compartment inside = 1
    species na in inside = {NA}, k in inside = {K}, cl in inside = {CL}
    v := {V} + {reference.MV_PER_MM} * (na - {NA} + k - {K} - cl + {CL})
    {CURRENTS}
    -> na; -per_mole * i_na
    -> k; -per_mole * i_k
    -> cl; per_mole * i_cl
end"""
STATES, PARAMETERS = ["na", "k", "cl", "v"], ["p_k", "p_na", "p_cl", "imax", "ko"]


def load(text):
    path = reference.BENCH / "roadrunner_cvode" / f"{zlib.crc32(text.encode()):08x}.xml"
    if not path.exists():
        import antimony

        assert antimony.loadAntimonyString(text) != -1, antimony.getLastError()
        path.write_text(antimony.getSBMLString())
    return roadrunner.RoadRunner(str(path))


CELL = load(RUN)
CELL.timeCourseSelections = STATES
INDEX = [CELL.model.getGlobalParameterIds().index(name) for name in [*STATES, *PARAMETERS, "share"]]


def run(parameters, rtol, dense=True):
    cell, solver = CELL, CELL.integrator
    solver.relative_tolerance, solver.absolute_tolerance = rtol, rtol * 1e-2
    cell.model.setGlobalParameterValues(INDEX, [*reference.START, *parameters, 1.0])
    path = [reference.START[None]]
    for begin, until, share in reference.SEGMENTS:
        cell.model.setGlobalParameterValues(INDEX[-1:], [share])
        solver.restart(begin)
        if dense:
            path.append(np.asarray(cell.simulate(begin, until, int(until - begin) + 1))[1:])
        else:
            solver.integrate(begin, until - begin)
    return np.concatenate(path) if dense else cell.model.getGlobalParameterValues(INDEX[:4])


def rests(samples):
    cell = load(REST)
    cell.setSteadyStateSolver("nleq2")
    solver, model = cell.getSteadyStateSolver(), cell.model
    solver.auto_moiety_analysis = solver.allow_presimulation = solver.allow_approx = False
    index = [model.getGlobalParameterIds().index(name) for name in PARAMETERS]
    found = []
    for parameters in samples:
        model.setGlobalParameterValues(index, parameters)
        model.setFloatingSpeciesConcentrations(reference.START[:3])
        solver.solve()
        found.append([*model.getFloatingSpeciesConcentrations(), cell["v"]])
    return found


if __name__ == "__main__":
    main(
        w1=lambda rtol: run(reference.BASE, rtol),
        w2_end=lambda samples, rtol: [run(p, rtol, dense=False) for p in samples],
        w2_dense=lambda samples, rtol: [run(p, rtol) for p in samples],
        w3=rests,
        cells={"w2_end": 100, "w2_dense": 10, "w3": 500},
        w3_note="V rewritten as a charge balance",
    )
