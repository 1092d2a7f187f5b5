"""Nernst potential: the voltage that balances one ion's concentration difference."""

from __future__ import annotations

from vrest.physics.namespace import Array, namespace
from vrest.physics.thermal import thermal_voltage


def nernst(valence: Array, *, inside: Array, outside: Array, temperature: Array) -> Array:
    """Nernst (equilibrium) potential of one ion, in V.

    E = (RT/zF) ln(outside/inside)

    valence: signed charge number, not 0. inside, outside: mol/m3, both above 0 (without the ion on a side
    the potential is undefined). temperature: K. All broadcast.

    Nernst 1889, Z. Phys. Chem. 4:129.

    >>> round(1e3 * float(nernst(1, inside=140.0, outside=5.0, temperature=310.15)), 2)
    -89.06
    """
    xp = namespace(valence, inside, outside, temperature)
    return thermal_voltage(temperature) / valence * xp.log(outside / inside)


def driving_force(potential: Array, reversal: Array) -> Array:
    """Driving force V - E, in V: positive drives positive charge outward.

    potential, reversal: V. Both broadcast.

    >>> round(float(driving_force(-0.070, -0.090)), 6)
    0.02
    """
    return potential - reversal
