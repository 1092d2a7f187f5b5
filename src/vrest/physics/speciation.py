"""Speciation by mass balance: how acids share out over their charges, and metals over what binds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from numpy.typing import NDArray

from vrest.constants import R
from vrest.errors import VrestError

Vector = NDArray[np.floating]

LONGEST_STEP = 4.0
"""Of Newton, in the logarithm of a free concentration: where a ligand is full or empty it would go too far, and on and
on from one side to the other; the bend of a binding curve is about as wide."""

MOST_STEPS = 500
"""Some fifty were the most that sixty thousand random mixtures needed, from starts far off too."""

SETTLED = 1e-9
"""A step after which what is left is below rounding, as each step squares it."""

ROUNDING = 1e-12
"""Of a balance, relative to its total: below it, what no longer gets smaller is rounding."""


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
    """

    ligand: NDArray[np.intp]
    metal: NDArray[np.intp]

    @cached_property
    def first(self) -> NDArray[np.intp]:
        """Where the forms of each ligand begin."""
        return np.append(0, np.cumsum(np.bincount(self.ligand))[:-1])

    @cached_property
    def cell(self) -> NDArray[np.intp]:
        """Where each form counts in a table of ligands by metals, of which the last column is for no metal."""
        metals = int(self.metal.max(initial=-1)) + 1
        return self.ligand * (metals + 1) + np.where(self.metal < 0, metals, self.metal)


def shares(forms: Forms, weight: Vector, metals: Vector) -> Vector:
    """What part of its ligand each form is, (n,); the parts of a ligand sum to 1.

    forms: of at least one ligand, or of none. weight: ln of the concentration of each form relative to its ligand's
    first, where the metals are free at 1 mol/m3, (n,). metals: their free concentrations, mol/m3, (k,), above 0.

    >>> acid = Forms(ligand=np.array([0, 0]), metal=np.array([-1, -1]))
    >>> shares(acid, np.array([0.0, np.log(3.0)]), np.array([])).round(9).tolist()
    [0.25, 0.75]
    """
    return _parts(forms, weight + np.append(np.log(metals), 0.0)[forms.metal])


def _parts(forms: Forms, logarithm: Vector) -> Vector:
    """The parts, from ln of the concentration of each form relative to its ligand's first."""
    if len(logarithm) == 0:
        return logarithm
    part = np.exp(logarithm - np.maximum.reduceat(logarithm, forms.first)[forms.ligand])
    return part / np.add.reduceat(part, forms.first)[forms.ligand]


def free_metals(
    forms: Forms,
    weight: Vector,
    ligands: Vector,
    totals: Vector,
    *,
    bound_per_free: Vector | None = None,
    start: Vector | None = None,
) -> Vector:
    """Free concentrations of metals that compete for ligands, mol/m3, (k,).

    For each metal: total = free (1 + b) + what the ligands hold. This is where a convex function of ln(free) has its
    least value, sum of free (1 + b) - total ln(free) + ligand ln(sum over its forms), so that there is one answer.
    Newton finds it with steps of bounded length.

    forms, weight: what binds, as of `shares`. ligands: total concentrations, mol/m3, one for each ligand. totals: of
    the metals, mol/m3, (k,), above 0. bound_per_free: b, what is bound for each free ion by what something else holds
    constant, such as carbonate under a gas; none if not given. start: free concentrations to begin from.
    Raises VrestError `no_convergence`.

    >>> one = Forms(ligand=np.array([0, 0]), metal=np.array([-1, 0]))
    >>> weight = np.array([0.0, np.log(2.0)])  # K = 2 m3/mol: 2 x^2 + x - 1 = 0
    >>> free_metals(one, weight, np.array([1.0]), np.array([1.0])).round(9).tolist()
    [0.5]
    """
    if len(totals) == 0:
        return totals
    free = 1.0 + (np.zeros(len(totals)) if bound_per_free is None else bound_per_free)
    metals = int(forms.metal.max(initial=-1)) + 1
    others = 1.0 - np.eye(metals + 1)
    x = np.log(totals / free if start is None else start)
    before = np.inf
    for _ in range(MOST_STEPS):
        part = _parts(forms, weight + np.append(x, 0.0)[forms.metal])
        # which part of each ligand holds which metal; the last column is for none
        table = np.bincount(forms.cell, part, minlength=len(ligands) * (metals + 1)).reshape(-1, metals + 1)
        there = (ligands[:, None] * table)[:, :metals]
        loose = free * np.exp(x)
        slope = loose - totals
        slope[:metals] += there.sum(axis=0)
        left = float(np.max(np.abs(slope) / totals))
        if left == 0.0 or before <= left < ROUNDING:
            return np.exp(x)
        before = left
        # sums of what is above 0: differences would lose the little that a ligand nearly full still gives
        curvature = np.diag(loose)
        curvature[:metals, :metals] -= (there.T @ table[:, :metals]) * others[:metals, :metals]
        curvature[range(metals), range(metals)] += np.sum(there * (table @ others)[:, :metals], axis=0)
        step = np.linalg.solve(curvature, -slope)
        longest = float(np.max(np.abs(step)))
        x = x + step * min(1.0, LONGEST_STEP / longest)
        if longest < SETTLED:
            return np.exp(x)
    raise VrestError(
        f"The free metals were not found: balances are off by {before:.2g} of their totals.", code="no_convergence"
    )


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
