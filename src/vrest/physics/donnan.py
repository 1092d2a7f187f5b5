"""Donnan equilibrium: what fixed charge does to the ions that can move."""

from __future__ import annotations

from vrest.physics.namespace import Array, namespace
from vrest.physics.thermal import thermal_voltage


def donnan_ratio(impermeant: Array, salt: Array) -> Array:
    """Donnan ratio r = cations inside/outside = anions outside/inside, dimensionless.

    r = (X + sqrt(X^2 + 4c^2))/(2c) = e^asinh(X/2c)

    impermeant: X, fixed negative charge inside, in mol/m3 of charge (below 0 for positive charge). salt: c,
    monovalent salt outside, mol/m3, above 0. All broadcast. No pump, a fixed volume.

    Donnan 1911, Z. Elektrochem. 17:572.

    >>> round(float(donnan_ratio(150.0, 100.0)), 9)
    2.0
    """
    return namespace(impermeant, salt).exp(_asinh(impermeant, salt))


def donnan_potential(impermeant: Array, salt: Array, *, temperature: Array) -> Array:
    """Donnan potential -(RT/F) ln r, in V: negative inside for negative fixed charge.

    impermeant: fixed negative charge inside, mol/m3 of charge. salt: monovalent salt outside, mol/m3, above 0.
    temperature: K. All broadcast.

    >>> round(1e3 * float(donnan_potential(100.0, 150.0, temperature=310.15)), 3)
    -8.752
    """
    return -thermal_voltage(temperature) * _asinh(impermeant, salt)


def _asinh(impermeant: Array, salt: Array) -> Array:
    # the logarithm of the textbook's root, without its cancellation for positive fixed charge
    ratio = impermeant / (2 * salt)
    return namespace(ratio).asinh(ratio)
