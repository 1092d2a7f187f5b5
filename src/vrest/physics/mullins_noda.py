"""Mullins-Noda: the resting potential of a cell whose pump holds Na+ and K+ steady."""

from __future__ import annotations

from vrest.physics.namespace import Array, namespace
from vrest.physics.thermal import thermal_voltage


def mullins_noda(
    *,
    permeability_k: Array,
    permeability_na: Array,
    k_inside: Array,
    k_outside: Array,
    na_inside: Array,
    na_outside: Array,
    pump_ratio: Array = 1.5,
    temperature: Array,
) -> Array:
    """Membrane potential at which a pump makes good both leaks, in V.

    V = (RT/F) ln[(r P_K K_o + P_Na Na_o)/(r P_K K_i + P_Na Na_i)]

    permeability_k, permeability_na: any common unit. k_inside, k_outside, na_inside, na_outside: mol/m3. pump_ratio: r,
    Na+ out per K+ in, 3/2 for the Na/K-ATPase; 1, an electroneutral pump, gives the GHK equation without Cl-.
    temperature: K. All broadcast. It holds only in the steady state of Na+ and K+, with Cl- passive: the potential just
    after a pump stops is not this one with r = 1 until the contents have settled.

    Mullins and Noda 1963, J. Gen. Physiol. 47:117, doi:10.1085/jgp.47.1.117.

    >>> v = mullins_noda(permeability_k=1, permeability_na=0.04, k_inside=140, k_outside=5,
    ...                  na_inside=15, na_outside=145, temperature=310.15)
    >>> round(1e3 * float(v), 2)
    -73.82
    """
    p_k = pump_ratio * permeability_k
    outside = p_k * k_outside + permeability_na * na_outside
    inside = p_k * k_inside + permeability_na * na_inside
    return thermal_voltage(temperature) * namespace(outside, inside).log(outside / inside)
