"""Where a law has no finite rate although every ion is there: a formula that reads 0/0 at some potential."""

from __future__ import annotations

import numpy as np

from vrest.errors import InputError
from vrest.system.assemble import System
from vrest.system.observables import without_limit
from vrest.tables import number
from vrest.units import from_si

HINT = (
    "A formula that reads 0/0 has a limit there: write a (V - V0)/(1 - exp(-(V - V0)/k)) as rate_linoid, and "
    "x/(exp(x) - 1) as bernoulli, of vrest.physics (docs/own_transports.md)."
)
"""What to do about it."""


def undefined_gate(system: System, x: np.ndarray, p: np.ndarray) -> str:
    """A gate whose rates are not finite in a state, with the potential; empty where there is none."""
    with np.errstate(all="ignore"):
        for k, rates in system.gate_kinetics(x, p).items():
            if not (np.all(np.isfinite(rates)) and sum(rates) != 0.0):
                what = "rates that are both 0" if np.all(np.equal(rates, 0.0)) else "no finite rate"
                return f"gate '{system.states[k][1]}' has {what} {at(system, x, k)}"
    return ""


def at(system: System, x: np.ndarray, gate: int) -> str:
    """The potential that a gate (the number of its state) sees."""
    wall = system.structure.wall(system.states[gate][1].split(".")[0])
    return f"at {number(from_si(float(system.potential(x, wall)), 'potential'), 6)} mV"


def undefined(system: System, x: np.ndarray, p: np.ndarray) -> str:
    """A gate or a transport without a finite rate in a state in which no ion is absent that it moves."""
    if gate := undefined_gate(system, x, p):
        return gate
    found = without_limit(system, x, p)
    if found is None or found[1]:
        return ""
    volts = (from_si(float(system.potential(x, wall)), "potential") for wall in system.structure.walls)
    return f"'{found[0]}' has no finite rate at {', '.join(number(v, 6) for v in volts)} mV"


def refuse_undefined(system: System, x: np.ndarray, p: np.ndarray) -> None:
    """Refuse a state in which a transport has no finite rate."""
    if said := undefined(system, x, p):
        raise InputError(f"{said[0].upper()}{said[1:]}.", code="undefined_rate", hint=HINT)
    if (found := without_limit(system, x, p)) is not None:
        label, why = found
        raise InputError(
            f"'{label}' has no finite rate in these contents: {why}.",
            code="undefined_rate",
            hint="Its law takes the logarithm of a concentration: write a trace of the ion, or take a law without, "
            "such as ghk_leak.",
        )
