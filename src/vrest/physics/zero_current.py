"""The potential at which a membrane's currents cancel, for any valences and any monotone current."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2
from types import ModuleType

from vrest.physics.ghk import ghk_current, ghk_slope_conductance
from vrest.physics.namespace import Array, ions_first, namespace


def zero_current_potential(
    current: Callable[[Array], Array],
    *,
    low: float = -0.5,
    high: float = 0.5,
    tol: float = 1e-6,
    slope: Callable[[Array], Array] | None = None,
) -> Array:
    """The potential where `current` crosses zero once between `low` and `high`, in V.

    current: potential (V) -> current (A/m2), elementwise. low, high: V. slope: its derivative (S/m2); central
    differences without it. NaN where the ends do not differ in sign: then there is no such potential, or no single one.

    tol: V. Bisection to a bracket of this width, which bounds the error, then two Newton steps, which reach
    rounding. The number of evaluations is fixed. Derivatives are right too, to first order: bisection passes
    none on, and a Newton step from the root has the derivative of the implicit function.

    >>> round(1e3 * float(zero_current_potential(lambda v: 10.0 * (v + 0.065))), 6)
    -65.0
    """
    at_low, at_high = current(low), current(high)
    xp = namespace(at_low, at_high)
    at_low, at_high = xp.asarray(at_low), xp.asarray(at_high)
    falling = at_high < at_low
    left, right = xp.zeros_like(at_low) + low, xp.zeros_like(at_low) + high
    for _ in range(ceil(log2((high - low) / tol))):
        middle = (left + right) / 2
        as_left = (current(middle) < 0) != falling
        left, right = xp.where(as_left, middle, left), xp.where(as_left, right, middle)

    root = (left + right) / 2
    for _ in range(2):
        step = _newton_step(xp, current, slope or _central_slope(current), root)
        # a step longer than the bracket is refused, not clipped: a clip would cut the derivative of the root
        root = xp.where(xp.abs(step) <= right - left, root - step, root)
    return xp.where(xp.sign(at_low) != xp.sign(at_high), root, xp.nan)


def general_ghk_potential(
    permeabilities: Array,
    valences: Array,
    *,
    inside: Array,
    outside: Array,
    temperature: Array,
    pump_current: Array = 0.0,
) -> Array:
    """Membrane potential at which GHK currents of any valence and a constant pump current cancel, in V.

    sum over ions of I_GHK(V) + I_pump = 0

    permeabilities (m/s; only their ratios matter without a pump), valences, inside, outside (mol/m3): one
    entry per ion, or ions on axis 0. temperature (K) and pump_current (A/m2, net outward charge): of the
    shape of the result. Every GHK current rises with V, so the root is unique; NaN where there is none
    within +-0.5 V. Monovalent ions without a pump: `ghk_voltage` says the same in closed form.

    >>> v = general_ghk_potential([1, 1], [1, 2], inside=[140, 1e-4], outside=[5, 1.5], temperature=310.15)
    >>> round(1e3 * float(v), 2)  # K and Ca, equally permeable
    -69.03
    """
    p, z, ci, co = ions_first(permeabilities, valences, inside, outside, cells=(temperature, pump_current))
    ions = {"inside": ci, "outside": co, "temperature": temperature}
    xp = namespace(p, z, ci, co, temperature, pump_current)

    def current(potential: Array) -> Array:
        return xp.sum(ghk_current(p, z, potential=potential, **ions), axis=0) + pump_current

    def slope(potential: Array) -> Array:
        return xp.sum(ghk_slope_conductance(p, z, potential=potential, **ions), axis=0)

    return zero_current_potential(current, slope=slope)


def _newton_step(
    xp: ModuleType, current: Callable[[Array], Array], slope: Callable[[Array], Array], potential: Array
) -> Array:
    steepness = slope(potential)
    flat = steepness == 0
    return xp.where(flat, 0.0, current(potential) / xp.where(flat, 1.0, steepness))


def _central_slope(current: Callable[[Array], Array], width: float = 1e-6) -> Callable[[Array], Array]:
    return lambda potential: (current(potential + width) - current(potential - width)) / (2 * width)
