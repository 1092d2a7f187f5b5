"""Membrane capacitance: how few ions make a potential."""

from __future__ import annotations

from vrest.constants import F
from vrest.physics.namespace import Array


def charging_concentration(
    capacitance: Array, potential_change: Array, area: Array, volume: Array, valence: Array = 1
) -> Array:
    """Change of an ion's concentration inside that moves the potential, C dV A/(zF volume), in mol/m3.

    capacitance: F/m2. potential_change: V. area: m2. volume: m3. valence: signed charge number of the ion
    that carries the charge. All broadcast; positive means that the inside gains the ion.

    >>> radius = 10e-6
    >>> change = charging_concentration(0.01, 0.070, 3.0, radius)  # a sphere has area/volume 3/radius
    >>> round(1e3 * change, 2)  # in uM
    2.18
    """
    return capacitance * potential_change * area / (valence * F * volume)


def potential_of_charge(
    concentration: Array, capacitance: Array, area: Array, volume: Array, valence: Array = 1
) -> Array:
    """Potential of an uncompensated ion concentration inside, z F c volume/(C A), in V.

    concentration: mol/m3 of an ion of the given valence without a counter-ion. capacitance: F/m2. area: m2. volume: m3.
    valence: signed charge number. All broadcast. The inverse of `charging_concentration`.

    >>> round(potential_of_charge(1.0, 0.03, 3.0, 7e-6), 2)  # 1 mM of net charge in a sphere of 7 um
    7.5
    """
    return valence * F * concentration * volume / (capacitance * area)
