: The reference cell of the benchmarks. NEURON integrates v; the concentrations are states of the mechanism, and the
: three currents are written as one nonspecific current (mA/cm2).
NEURON {
    SUFFIX reference_cell
    NONSPECIFIC_CURRENT i
    RANGE p_k, p_na, p_cl, imax, ko, share
    GLOBAL faraday, rt_f, na_out, cl_out, per_mole, na_start, k_start, cl_start
}
PARAMETER {
    p_k p_na p_cl   : cm/s
    imax            : uA/cm2
    ko na_out cl_out na_start k_start cl_start : mM
    share = 1
    faraday rt_f    : C/mol, mV
    per_mole        : mM/s for each uA/cm2
}
STATE { na k cl }
ASSIGNED { v i i_na i_k i_cl }
INITIAL { na = na_start k = k_start cl = cl_start }
BREAKPOINT {
    SOLVE contents METHOD derivimplicit
    currents()
    i = 1e-3 * (i_na + i_k + i_cl)
}
DERIVATIVE contents {
    currents()
    na' = -1e-3 * per_mole * i_na
    k' = -1e-3 * per_mole * i_k
    cl' = 1e-3 * per_mole * i_cl
}
PROCEDURE currents() { LOCAL phi, e, ghk, pump
    phi = v / rt_f
    e = exp(-phi)
    ghk = faraday * phi / (1 - e)
    pump = share * imax * (na / (na + 10))^3 * (ko / (ko + 1))^2
    i_na = p_na * ghk * (na - na_out * e) + 3 * pump
    i_k = p_k * ghk * (k - ko * e) - 2 * pump
    i_cl = p_cl * ghk * (cl_out - cl * e)
}
