"""Chord conductances: the resting potential as an average of reversal potentials."""

from __future__ import annotations

from vrest.physics.namespace import Array, ions_first, namespace


def chord_potential(conductances: Array, reversals: Array, pump_current: Array = 0.0) -> Array:
    """Membrane potential at which ohmic currents and a pump current cancel, in V.

    V = (sum g E - I_pump)/sum g

    conductances (S/m2) and reversals (V): one entry per ion, or ions on axis 0. pump_current: A/m2, net
    outward charge, of the shape of the result. Without a pump, V lies between the extreme reversals.

    Hodgkin and Horowicz 1959, J. Physiol. 148:127, doi:10.1113/jphysiol.1959.sp006278.

    >>> round(1e3 * float(chord_potential([50, 2.5, 10], [-0.095, 0.060, -0.070])), 2)
    -84.8
    """
    xp = namespace(conductances, reversals, pump_current)
    g, e = ions_first(conductances, reversals)
    return (xp.sum(g * e, axis=0) - pump_current) / xp.sum(g, axis=0)


def chord_conductance(current: Array, potential: Array, reversal: Array) -> Array:
    """Chord conductance I/(V - E), in S/m2; NaN at V = E, where the quotient is undefined.

    current: A/m2, outward positive. potential, reversal: V. All broadcast. For a GHK current,
    `ghk_chord_conductance` is the same and smooth at V = E.

    >>> round(float(chord_conductance(0.1, -0.070, -0.090)), 9)
    5.0
    """
    force = potential - reversal
    xp = namespace(current, force)
    balanced = force == 0
    return xp.where(balanced, xp.nan, current / xp.where(balanced, 1.0, force))


def chord_shares(conductances: Array) -> Array:
    """Each ion's share of the total conductance: the weights that average the reversals to V.

    conductances: any common unit, one entry per ion, or ions on axis 0. Returns the same shape; sums to 1
    over axis 0.

    >>> chord_shares([6.0, 1.0, 3.0]).tolist()
    [0.6, 0.1, 0.3]
    """
    (g,) = ions_first(conductances)
    return g / namespace(g).sum(g, axis=0)
