"""Rate laws and gates of the independent model, from the published formulas, one scalar at a time.

A law is made once per transport and returns `rate(v, c, x)`: turnovers per membrane area, mol/(m2 s), outward, of the
potential (V), the list of concentrations (mol/m3) and the list of states (for gates). Every formula is analytic, so
that a complex step through it gives its derivative; below zero, where a solver may look but no state is, logarithms go
on along their tangent.
"""

import cmath
import math

F = 96485.33212331001
R = 8.31446261815324

FLOOR = 1e-16
"""mol/m3: far less than one ion in any compartment; below it a logarithm is its tangent."""

LARGE = 600.0
"""Exponents are cut here: nothing physical depends on e^600."""


def exp(u):
    """e^u, cut where it would overflow."""
    if type(u) is complex:
        return cmath.exp(u) if u.real < LARGE else complex(math.exp(LARGE))
    return math.exp(u) if u < LARGE else math.exp(LARGE)


def expm1(u):
    """e^u - 1 to full precision; of a complex number for imaginary parts whose square vanishes."""
    if type(u) is complex:
        a = min(u.real, LARGE)
        return complex(math.expm1(a), math.exp(a) * u.imag)
    return math.expm1(min(u, LARGE))


def ln(c):
    """Natural logarithm, with its tangent below FLOOR."""
    if c.real > FLOOR:
        return cmath.log(c) if type(c) is complex else math.log(c)
    return math.log(FLOOR) + (c - FLOOR) / FLOOR


def power(c, exponent):
    """c to a power of 1/2 or more, 0 below 0."""
    return c**exponent if c.real > 0 else 0.0 * c


def over_expm1(u):
    """u/(e^u - 1), 1 at 0."""
    if abs(u.real) < 1e-4:
        return 1 - u / 2 + u * u / 12 * (1 - u * u / 60)
    return u / expm1(u)


def sigmoid(u):
    """1/(1 + e^-u)."""
    return 1 / (1 + exp(-u))


def rising(u):
    """u/(1 - e^-u): exponential far below 0, linear far above."""
    return over_expm1(-u)


# --- gates: published rates, V in mV, rates in 1/ms --------------------------------------------------------


def _traub_na(m_on, m_off, h_on, h_off):
    """Na+ channels of Traub and Miles: where each rate is centred (mV)."""
    return {
        "m": (
            lambda u: 0.32 * 4 * rising((u - m_on) / 4),
            lambda u: 0.28 * 5 * over_expm1((u - m_off) / 5),
        ),
        "h": (lambda u: 0.128 * exp(-(u - h_on) / 18), lambda u: 4 * sigmoid((u - h_off) / 5)),
    }


def _traub_k(on, off, speed=1.0):
    """Delayed rectifier of Traub and Miles."""
    return {
        "n": (
            lambda u: speed * 0.032 * 5 * rising((u - on) / 5),
            lambda u: speed * 0.5 * exp(-(u - off) / 40),
        )
    }


_HH_NA = {
    "m": (lambda u: rising((u + 40) / 10), lambda u: 4 * exp(-(u + 65) / 18)),
    "h": (lambda u: 0.07 * exp(-(u + 65) / 20), lambda u: sigmoid((u + 35) / 10)),
}
_HH_K = {"n": (lambda u: 0.1 * rising((u + 55) / 10), lambda u: 0.125 * exp(-(u + 65) / 80))}

_EDPR_NA = _traub_na(-46.9, -19.9, -43.0, -20.0)


def _edpr_activation(u):
    a, b = (rate(u) for rate in _EDPR_NA["m"])
    return (a / (a + b)) ** 2


def _m_current(threshold=-35.0, slowest=0.608):
    def speed(u):
        y = (u - threshold) / 20
        return (3.3 * exp(y) + exp(-y)) / (1e3 * slowest)

    return {
        "p": (
            lambda u: speed(u) * sigmoid((u - threshold) / 10),
            lambda u: speed(u) * sigmoid(-(u - threshold) / 10),
        )
    }


def _cressman_activation(u):
    a, b = rising((u + 30) / 10), 4 * exp(-(u + 55) / 18)
    return (a / (a + b)) ** 3


def _cortical_na(t):
    return _traub_na(t + 13, t + 40, t + 17, t + 40)


GATINGS = {
    # name: kinetics by gate, powers, and what opens at once
    "hodgkin_huxley_na": (_HH_NA, (("m", 3), ("h", 1)), None),
    "hodgkin_huxley_k": (_HH_K, (("n", 4),), None),
    "dijkstra_na": (_traub_na(-52.0, -25.0, -53.0, -30.0), (("m", 3), ("h", 1)), None),
    "dijkstra_k": (_traub_k(-35.0, -50.0, 0.5), (("n", 2),), None),
    "dijkstra_cl": ({}, (), lambda u: sigmoid((u + 10) / 10)),
    "edpr_na": ({"h": _EDPR_NA["h"]}, (("h", 1),), _edpr_activation),
    "edpr_k": (_traub_k(-24.9, -40.0, 0.5), (("n", 1),), None),
    "wei_na": (_traub_na(-54.0, -27.0, -50.0, -27.0), (("m", 3), ("h", 1)), None),
    "wei_k": (_traub_k(-52.0, -57.0), (("n", 4),), None),
    "pyramidal_na": (_cortical_na(-56.2), (("m", 3), ("h", 1)), None),
    "pyramidal_k": (_traub_k(-41.2, -46.2), (("n", 4),), None),
    "pyramidal_m": (_m_current(), (("p", 1),), None),
    "fast_spiking_na": (_cortical_na(-57.9), (("m", 3), ("h", 1)), None),
    "fast_spiking_k": (_traub_k(-42.9, -47.9), (("n", 4),), None),
    "cressman_na": (
        {"h": (lambda u: 0.21 * exp(-(u + 44) / 20), lambda u: 3 * sigmoid((u + 14) / 10))},
        (("h", 1),),
        _cressman_activation,
    ),
    "cressman_k": (
        {"n": (lambda u: 0.3 * rising((u + 34) / 10), lambda u: 0.375 * exp(-(u + 44) / 80))},
        (("n", 4),),
        None,
    ),
}


def opening(gating, at):
    """The open fraction as a function of (v, x); `at` has the place of each gate among the states."""
    _, powers, instant = GATINGS[gating]
    places = [(at[gate], n) for gate, n in powers]

    def fraction(v, x):
        o = instant(1e3 * v) if instant else 1.0
        for k, n in places:
            o = o * x[k] ** n
        return o

    return fraction


# --- transports: each maker gets the numbers p (SI) and where things stand ---------------------------------


def _ghk(P, z, i, o, phi):
    def rate(v, c, x):
        u = z * v / phi
        return P * (c[i] * u + (c[i] - c[o]) * over_expm1(u))

    return rate


def _ohm(g, z, i, o, phi):
    per = g / (z * F)

    def rate(v, c, x):
        return per * (v - phi / z * (ln(c[o]) - ln(c[i])))

    return rate


def ghk_leak(p, at):
    return _ghk(p["permeability"], at.valence(p["ion"]), at.inside(p["ion"]), at.outside(p["ion"]), at.phi)


def ohmic_leak(p, at):
    return _ohm(p["conductance"], at.valence(p["ion"]), at.inside(p["ion"]), at.outside(p["ion"]), at.phi)


def _gated(p, at, leak):
    fraction, flow = opening(p["gating"], at.gates), leak(p, at)
    return lambda v, c, x: fraction(v, x) * flow(v, c, x)


def injected_current(p, at):
    value = -p["density"] / (F * at.valence(p["ion"]))
    return lambda v, c, x: value


def kir(p, at):
    i, o, phi = at.inside("K"), at.outside("K"), at.phi
    g, half, slope, reference = p["conductance"], p["v_half"], p["v_slope"], p["k_reference"]

    def rate(v, c, x):
        drive = v - phi * (ln(c[o]) - ln(c[i]))
        return g / F * power(c[o] / reference, 0.5) * drive * sigmoid((half - drive) / slope)

    return rate


def kir_halnes(p, at):
    i, o, phi = at.inside("K"), at.outside("K"), at.phi
    e_reference = 1e3 * phi * math.log(p["k_reference"] / p["k_inside"])
    g = p["conductance"] * (1 + math.exp(18.4 / 42.4)) * (1 + math.exp(-(118.6 + e_reference) / 44.1))

    def rate(v, c, x):
        drive = v - phi * (ln(c[o]) - ln(c[i]))
        shape = sigmoid(-(1e3 * drive + 18.5) / 42.5) * sigmoid((118.6 + 1e3 * v) / 44.1)
        return g / F * power(c[o] / p["k_reference"], 0.5) * shape * drive

    return rate


def kir_luo_rudy(p, at):
    i, o, phi = at.inside("K"), at.outside("K"), at.phi

    def rate(v, c, x):
        drive = v - phi * (ln(c[o]) - ln(c[i]))
        u = 1e3 * drive
        a = 1.02 / (1 + exp(0.2385 * (u - 59.215)))
        b = (0.49124 * exp(0.08032 * (u + 5.476)) + exp(0.06175 * (u - 594.31))) / (1 + exp(-0.5143 * (u + 4.753)))
        return p["conductance"] / F * power(c[o] / p["k_reference"], 0.5) * a / (a + b) * drive

    return rate


def _strength(p):
    atp = p["atp"] / (p["atp"] + p["km_atp"]) if p["atp"] > 0 else 0.0
    return p["max_rate"] * atp


def pump_constant(p, at):
    k = _strength(p)
    return lambda v, c, x: k


def pump_hill(p, at):
    k, na, ko, km, kk = _strength(p), at.inside("Na"), at.outside("K"), p["km_na"], p["km_k"]
    return lambda v, c, x: k * (c[na] / (c[na] + km)) ** 3 * (c[ko] / (c[ko] + kk)) ** 2


def pump_exponential(p, at):
    k, na, ko = _strength(p), at.inside("Na"), at.outside("K")
    nh, ns, kh, ks = p["na_half"], p["na_slope"], p["k_half"], p["k_slope"]
    return lambda v, c, x: k / ((1 + exp((nh - c[na]) / ns)) * (1 + exp((kh - c[ko]) / ks)))


def pump_hamada(p, at):
    k, na = _strength(p), at.inside("Na")

    def rate(v, c, x):
        s = c[na] ** 3
        return k * s * (0.62 / (s + 6.7**3) + 0.38 / (s + 67.6**3))

    return rate


def pump_luo_rudy_core(p, at):
    k, na, ko, km, kk = _strength(p), at.inside("Na"), at.outside("K"), p["km_na"] ** 1.5, p["km_k"]

    def rate(v, c, x):
        s = power(c[na], 1.5)
        return k * s / (s + km) * (c[ko] / (c[ko] + kk) if kk else 1.0)

    return rate


def pump_luo_rudy(p, at):
    core, na, phi = pump_luo_rudy_core({**p, "km_na": 10.0, "km_k": 1.5}, at), at.outside("Na"), at.phi

    def rate(v, c, x):
        s = expm1(c[na] / 67.3) / 7
        return core(v, c, x) / (1 + 0.1245 * exp(-0.1 * v / phi) + 0.0365 * s * exp(-v / phi))

    return rate


def pump_cubic(p, at):
    k, i, o = _strength(p), at.inside("Na"), at.outside("Na")
    return lambda v, c, x: k * (c[i] / c[o]) ** 3


def kcc2(p, at):
    u, ki, ko, li, lo = p["turnover"], at.inside("K"), at.outside("K"), at.inside("Cl"), at.outside("Cl")
    return lambda v, c, x: u * (ln(c[ki]) + ln(c[li]) - ln(c[ko]) - ln(c[lo]))


def kcc2_product(p, at):
    u, ki, ko = p["strength_per_product"], at.inside("K"), at.outside("K")
    li, lo = at.inside("Cl"), at.outside("Cl")
    return lambda v, c, x: u * (c[ki] * c[li] - c[ko] * c[lo])


def nkcc1(p, at):
    u, ki, ko, li, lo = p["turnover"], at.inside("K"), at.outside("K"), at.inside("Cl"), at.outside("Cl")
    ni, no = at.inside("Na"), at.outside("Na")
    return lambda v, c, x: u * (ln(c[ni]) + ln(c[ki]) + 2 * ln(c[li]) - ln(c[no]) - ln(c[ko]) - 2 * ln(c[lo]))


def nkcc1_gated(p, at):
    plain, ko, half, slope = nkcc1(p, at), at.outside("K"), p["k_half"], p["k_slope"]
    return lambda v, c, x: plain(v, c, x) * sigmoid((c[ko] - half) / slope)


def water(p, at):
    k, i, o = p["hydraulic_permeability"] * at.phi * F, at.osmolarity_inside, at.osmolarity_outside
    return lambda v, c, x: k * (c[o] - c[i])


PUMP = {"atp": 3.0, "km_atp": 0.0, "sodium": 3}
KIR = {"k_reference": 3.0, "v_half": -0.0185, "v_slope": 0.0425}


def _pumped(p):
    return {"Na": p["sodium"], "K": -2}


def _one(p):
    return {p["ion"]: 1}


LAWS = {
    # name: maker, what a turnover moves outward, defaults (SI), what switches it off
    "ghk_leak": (ghk_leak, _one, {}, "permeability"),
    "ohmic_leak": (ohmic_leak, _one, {}, "conductance"),
    "gated_ohmic": (lambda p, at: _gated(p, at, ohmic_leak), _one, {}, "conductance"),
    "gated_ghk": (lambda p, at: _gated(p, at, ghk_leak), _one, {}, "permeability"),
    "injected_current": (injected_current, lambda p: {p["ion"]: 1}, {}, "density"),
    "kir": (kir, lambda p: {"K": 1}, KIR, "conductance"),
    "kir_halnes": (kir_halnes, lambda p: {"K": 1}, {"k_reference": 3.082, "k_inside": 99.959}, "conductance"),
    "kir_luo_rudy": (kir_luo_rudy, lambda p: {"K": 1}, {"k_reference": 5.4}, "conductance"),
    "pump_constant": (pump_constant, _pumped, PUMP, "max_rate"),
    "pump_hill": (pump_hill, _pumped, {**PUMP, "km_na": 10.0, "km_k": 2.0}, "max_rate"),
    "pump_exponential": (
        pump_exponential,
        _pumped,
        {**PUMP, "na_half": 25.0, "na_slope": 3.0, "k_half": 5.5, "k_slope": 1.0},
        "max_rate",
    ),
    "pump_hamada": (pump_hamada, _pumped, PUMP, "max_rate"),
    "pump_luo_rudy": (pump_luo_rudy, _pumped, PUMP, "max_rate"),
    "pump_luo_rudy_core": (pump_luo_rudy_core, _pumped, {**PUMP, "km_na": 10.0, "km_k": 1.5}, "max_rate"),
    "pump_cubic": (pump_cubic, _pumped, PUMP, "max_rate"),
    "kcc2": (kcc2, lambda p: {"K": 1, "Cl": 1}, {}, "turnover"),
    "kcc2_product": (kcc2_product, lambda p: {"K": 1, "Cl": 1}, {}, "strength_per_product"),
    "nkcc1": (nkcc1, lambda p: {"Na": 1, "K": 1, "Cl": 2}, {}, "turnover"),
    "nkcc1_gated": (nkcc1_gated, lambda p: {"Na": 1, "K": 1, "Cl": 2}, {"k_half": 16.0, "k_slope": 1.0}, "turnover"),
    "water": (water, lambda p: {}, {}, "hydraulic_permeability"),
}
