"""Ohmic (linear) leak: a conductance times a driving force."""

from __future__ import annotations

from vrest.constants import F
from vrest.physics.namespace import Array
from vrest.physics.nernst import driving_force, nernst


def ohmic_current(conductance: Array, *, potential: Array, reversal: Array) -> Array:
    """Ohmic current g (V - E), outward positive charge positive, in A/m2.

    conductance: S/m2. potential, reversal: V. All broadcast.

    Hodgkin and Huxley 1952, J. Physiol. 117:500, doi:10.1113/jphysiol.1952.sp004764.

    >>> round(float(ohmic_current(5.0, potential=-0.070, reversal=-0.090)), 9)
    0.1
    """
    return conductance * driving_force(potential, reversal)


def ohmic_flux(
    conductance: Array, valence: Array, *, inside: Array, outside: Array, potential: Array, temperature: Array
) -> Array:
    """Flux of one ion through an ohmic leak that reverses at its Nernst potential, outward, in mol/m2/s.

    J = g (V - E)/(zF)

    conductance: S/m2. valence: signed charge number, not 0. inside, outside: mol/m3, above 0 (as a side
    empties, E and with it this linear flux grow without bound; the GHK flux does not). potential: V.
    temperature: K. All broadcast.

    >>> flux = ohmic_flux(5.0, -1, inside=7.0, outside=110.0, potential=-0.070, temperature=310.15)
    >>> round(1e9 * float(flux), 3)  # V above E_Cl: an outward current, chloride enters
    -187.617
    """
    reversal = nernst(valence, inside=inside, outside=outside, temperature=temperature)
    return ohmic_current(conductance, potential=potential, reversal=reversal) / (valence * F)
