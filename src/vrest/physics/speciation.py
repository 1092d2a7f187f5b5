"""Speciation by mass balance: how acids share out over their charges, and metals over what binds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from vrest.constants import R

Vector = NDArray[np.float64]

LONGEST_STEP = 4.0
"""Of Newton in the logarithm of a free concentration: what lies flat far from the answer sends it too far."""

SETTLED = 1e-9
"""A step of Newton after which what is left is below rounding, as each step squares it."""

ROUNDING = 4.0 * float(np.finfo(np.float64).eps)


def equilibrium_constant(
    log_K: float, *, enthalpy: float, heat_capacity: float = 0.0, reference: float, temperature: float
) -> float:
    """ln of an equilibrium constant at another temperature.

    ln K(T) = ln K(T0) - dH/R (1/T - 1/T0) + dCp/R (T0/T - 1 - ln(T0/T))

    log_K: ln K at `reference`. enthalpy: dH of the same reaction at `reference`, J/mol. heat_capacity: dCp,
    J/(mol K). reference, temperature: K.

    Clarke and Glew 1966, Trans. Faraday Soc. 62:539 (doi 10.1039/TF9666200539).

    >>> from math import log
    >>> tris = equilibrium_constant(
    ...     -8.072 * log(10), enthalpy=47450.0, heat_capacity=-59.0, reference=298.15, temperature=310.15
    ... )
    >>> round(tris / log(10), 3)
    -7.753
    """
    ratio = reference / temperature
    of_enthalpy = -enthalpy / R * (1 / temperature - 1 / reference)
    return log_K + of_enthalpy + heat_capacity / R * (ratio - 1 - log(ratio))


@dataclass(frozen=True, kw_only=True)
class Forms:
    """The forms in which ligands are there: each has one ligand, and one metal or none.

    Parameters
    ----------
    ligand
        Which ligand each form is of, (n,) counted from 0, in ascending order.
    metal
        Which metal it holds, (n,) counted from 0; -1 if none.
    weight
        ln of its concentration relative to the ligand's first form where the metal is free at 1 mol/m3, (n,).
    """

    ligand: NDArray[np.intp]
    metal: NDArray[np.intp]
    weight: Vector


def shares(forms: Forms, metals: Vector) -> Vector:
    """What part of its ligand each form is, (n,); the parts of a ligand sum to 1.

    forms: of at least one ligand, or of none. metals: free concentrations, mol/m3, (k,), above 0.

    >>> acid = Forms(ligand=np.array([0, 0]), metal=np.array([-1, -1]), weight=np.array([0.0, np.log(3.0)]))
    >>> shares(acid, np.array([])).round(9).tolist()
    [0.25, 0.75]
    """
    if len(forms.weight) == 0:
        return forms.weight
    logarithm = forms.weight + np.append(np.log(metals), 0.0)[forms.metal]
    first = _first(forms)
    part = np.exp(logarithm - np.maximum.reduceat(logarithm, first)[forms.ligand])
    return part / np.add.reduceat(part, first)[forms.ligand]


def _first(forms: Forms) -> NDArray[np.intp]:
    """Where the forms of each ligand begin."""
    return np.append(0, np.cumsum(np.bincount(forms.ligand))[:-1])


def free_metals(
    forms: Forms, ligands: Vector, totals: Vector, *, bound_per_free: Vector | None = None, start: Vector | None = None
) -> Vector:
    """Free concentrations of metals that compete for ligands, mol/m3, (k,).

    For each metal: total = free (1 + b) + what the ligands hold. This is where a convex function of ln(free) has its
    least value, so that there is one answer and Newton with a step that is shortened where need be always finds it.

    forms: what binds, at one pH. ligands: total concentrations, mol/m3, one for each ligand. totals: of the metals,
    mol/m3, (k,), above 0. bound_per_free: b, what is bound for each free ion by what is held constant by something
    else, such as carbonate by a gas; none if not given. start: free concentrations to begin from.

    >>> one = Forms(ligand=np.array([0, 0]), metal=np.array([-1, 0]), weight=np.array([0.0, np.log(2.0)]))
    >>> free_metals(one, np.array([1.0]), np.array([1.0])).round(9).tolist()  # K = 2 per mol/m3: 2 x^2 + x - 1 = 0
    [0.5]
    """
    if len(totals) == 0:
        return totals
    free = 1.0 + (np.zeros(len(totals)) if bound_per_free is None else bound_per_free)
    x = np.log(totals / free if start is None else start)
    holding = (forms.metal >= 0) & (ligands[forms.ligand] > 0.0)
    held = np.flatnonzero(holding)
    amount = ligands[forms.ligand[held]]
    # which metal a form holds, and which two metals one ligand has to do with
    of_metal = forms.metal[held][None, :] == np.arange(len(totals))[:, None]
    same = forms.ligand[held][:, None] == forms.ligand[held][None, :]

    def at(x: Vector) -> tuple[float, Vector, Vector]:
        """The convex function, its slope and the parts."""
        part = shares(forms, np.exp(x))
        slope = free * np.exp(x) + of_metal @ (amount * part[held]) - totals
        return _potential(forms, ligands, free, totals, x), slope, part[held]

    value, slope, part = at(x)
    for _ in range(500):
        if np.all(np.abs(slope) <= ROUNDING * totals):
            break
        within = of_metal @ ((amount * part)[:, None] * (np.eye(len(held)) - same * part[None, :])) @ of_metal.T
        step = np.linalg.solve(np.diag(free * np.exp(x)) + within, -slope)
        longest = float(np.max(np.abs(step)))
        size = min(1.0, LONGEST_STEP / longest)
        while True:
            new = x + size * step
            new_value, new_slope, new_part = at(new)
            # rounding of the function itself is no reason to go on shortening
            if new_value <= value + 1e-4 * size * (slope @ step) + 1e-13 * abs(value) or size < 1e-6:
                break
            size /= 2
        x, value, slope, part = new, new_value, new_slope, new_part
        if size == 1.0 and longest < SETTLED:
            break
    return np.exp(x)


def _potential(forms: Forms, ligands: Vector, free: Vector, totals: Vector, x: Vector) -> float:
    """What is least at equilibrium: sum of free - total ln(free) + ligand ln(binding polynomial)."""
    logarithm = forms.weight + np.append(x, 0.0)[forms.metal]
    polynomial = np.logaddexp.reduceat(logarithm, _first(forms)) if len(ligands) else ligands
    return float(free @ np.exp(x) - totals @ x + ligands @ polynomial)


def root_between(f: Callable[[float], float], low: float, high: float, *, tolerance: float) -> float | None:
    """Where f changes its sign between `low` and `high`, to `tolerance`; None if its signs there are the same.

    f: a continuous function.

    Inverse quadratic interpolation where it is safe, else bisection: Chandrupatla 1997, Adv. Eng. Software 28:145
    (doi 10.1016/S0965-9978(96)00051-8).

    >>> round(root_between(lambda x: x**3 - 2.0, 0.0, 2.0, tolerance=1e-12), 9)
    1.25992105
    """
    b, a = high, low
    f_b, f_a = f(b), f(a)
    if f_a == 0.0 or f_b == 0.0:
        return a if f_a == 0.0 else b
    if (f_a > 0.0) == (f_b > 0.0):
        return None
    t = 0.5
    while True:
        x = b + t * (a - b)
        f_x = f(x)
        if (f_x > 0.0) == (f_b > 0.0):
            c, f_c = b, f_b
        else:
            c, f_c, a, f_a = a, f_a, b, f_b
        b, f_b = x, f_x
        least = tolerance / abs(a - b)
        if f_b == 0.0 or least > 0.5:
            return b if abs(f_b) < abs(f_a) else a
        xi, phi = (b - a) / (c - a), (f_b - f_a) / (f_c - f_a)
        t = 0.5
        if phi**2 < xi and (1 - phi) ** 2 < 1 - xi:
            t = f_b / (f_a - f_b) * f_c / (f_a - f_c) + (c - b) / (a - b) * f_b / (f_c - f_b) * f_a / (f_c - f_a)
        t = min(1 - least, max(least, t))
