"""Electrodiffusion: ions that drift in a field while they diffuse, between two places without a membrane."""

from __future__ import annotations

from vrest.physics.namespace import Array
from vrest.physics.thermal import thermal_voltage


def nernst_planck_flux(
    clearance: Array, valence: Array, *, inside: Array, outside: Array, drop: Array, temperature: Array
) -> Array:
    """Flux of one ion from inside to outside, in mol/s.

    J = k [(c_in - c_out) + z (c_in + c_out)/2 V/phi],  k = D A/(lambda^2 L),  phi = RT/F

    clearance: k, m3/s, with D the diffusion coefficient, A the cross-section, lambda the tortuosity and L the
    length. valence: signed charge number. inside, outside: mol/m3. drop: potential of the inside above the
    outside, V. temperature: K. All broadcast. A finite difference: its zero is Nernst's potential where the
    concentrations differ little.

    Solbra et al. 2018, PLoS Comput. Biol. 14:e1006510, doi:10.1371/journal.pcbi.1006510.

    >>> flux = nernst_planck_flux(1.0, 1, inside=11.0, outside=10.0, drop=0.0, temperature=310.15)
    >>> float(flux)
    1.0
    """
    drift = valence * 0.5 * (inside + outside) * drop / thermal_voltage(temperature)
    return clearance * (inside - outside + drift)


def conductance(clearance: Array, valence: Array, *, inside: Array, outside: Array, temperature: Array) -> Array:
    """What a drop of 1 V adds to the charge that one ion carries along such a path, in mol of charge/(V s).

    g = k z^2 (c_in + c_out)/2 / phi; times F it is in siemens.

    clearance: k, m3/s, as of `nernst_planck_flux`. valence: signed charge number. inside, outside: mol/m3. temperature:
    K. All broadcast.

    >>> g = conductance(1e-15, 1, inside=100.0, outside=100.0, temperature=310.15)
    >>> round(float(1e9 * 96485.33212 * g), 2)  # nS
    361.01
    """
    return clearance * valence**2 * 0.5 * (inside + outside) / thermal_voltage(temperature)
