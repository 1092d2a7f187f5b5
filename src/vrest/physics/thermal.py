"""Thermal voltage: the unit in which membranes count volts."""

from __future__ import annotations

from vrest.constants import F, R
from vrest.physics.namespace import Array


def thermal_voltage(temperature: Array) -> Array:
    """Thermal voltage RT/F, in V.

    temperature: K, any shape.

    >>> round(1e3 * thermal_voltage(310.15), 4)
    26.7267
    """
    return R * temperature / F
