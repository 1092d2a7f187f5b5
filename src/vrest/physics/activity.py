"""Activity coefficients of ions in water by Debye, Hückel and Davies."""

from __future__ import annotations

from math import log, pi

from vrest.constants import N_A, STANDARD_CONCENTRATION, VACUUM_PERMITTIVITY, F, R
from vrest.physics.namespace import Array, namespace
from vrest.units import from_si

MOST_IONIC_STRENGTH = 500.0
"""Up to where Davies' equation is meant to hold, mol/m3."""


def permittivity_of_water(temperature: Array) -> Array:
    """Relative permittivity (dielectric constant) of water.

    eps = 87.740 - 0.40008 t + 9.398e-4 t^2 - 1.410e-6 t^3, t in degC

    temperature: K, any shape; measured from 0 to 100 degC, within 0.01.

    Malmberg & Maryott 1956, doi:10.6028/jres.056.001.

    >>> round(permittivity_of_water(298.15), 2)
    78.3
    """
    t = from_si(temperature, "temperature")
    return 87.740 + t * (-0.40008 + t * (9.398e-4 - 1.410e-6 * t))


def debye_hueckel_slope(temperature: Array) -> Array:
    """A of the Debye-Hückel limiting law log10(gamma) = -A z^2 sqrt(I), with the ionic strength I in mol/L.

    A = e^3 sqrt(2 N_A c0) / (8 pi ln(10) (eps eps0 k T)^1.5), c0 = 1 mol/L

    temperature: K, any shape. Debye & Hückel 1923, Phys. Z. 24:185.

    >>> round(float(debye_hueckel_slope(298.15)), 4)
    0.5116
    """
    xp = namespace(temperature)
    charge, energy = F / N_A, R / N_A * temperature
    screening = permittivity_of_water(temperature) * VACUUM_PERMITTIVITY * energy
    return charge**3 * xp.sqrt(2.0 * N_A * STANDARD_CONCENTRATION) / (8.0 * pi * log(10.0) * screening**1.5)


def davies_log_gamma(valence: Array, *, ionic_strength: Array, temperature: Array) -> Array:
    """Natural logarithm of an ion's activity coefficient by Davies' equation.

    ln(gamma) = -ln(10) A z^2 (sqrt(I)/(1 + sqrt(I)) - 0.3 I), I in mol/L

    valence: signed charge number. ionic_strength: sum over the ions of z^2 c / 2, mol/m3; up to 500 it is within a few
    percent for ions of charge 1 and 2, above that nothing is claimed. temperature: K. All broadcast.

    Davies 1962, Ion Association (Butterworths), with 0.3 in place of the 0.2 of Davies 1938, J. Chem. Soc. 2093.

    >>> import math
    >>> round(math.exp(davies_log_gamma(1, ionic_strength=100.0, temperature=298.15)), 3)
    0.781
    """
    xp = namespace(ionic_strength, temperature)
    strength = ionic_strength / STANDARD_CONCENTRATION
    root = xp.sqrt(strength)
    return -log(10.0) * debye_hueckel_slope(temperature) * valence**2 * (root / (1.0 + root) - 0.3 * strength)


def davies_slope(valence: Array, *, ionic_strength: Array, temperature: Array) -> Array:
    """How ln(gamma) of `davies_log_gamma` changes with ln(I).

    d ln(gamma) / d ln(I) = -ln(10) A z^2 (sqrt(I)/(2 (1 + sqrt(I))^2) - 0.3 I)

    valence, ionic_strength (above 0), temperature: as for `davies_log_gamma`.

    >>> round(float(davies_slope(1, ionic_strength=100.0, temperature=298.15)), 4)
    -0.0722
    """
    xp = namespace(ionic_strength, temperature)
    strength = ionic_strength / STANDARD_CONCENTRATION
    root = xp.sqrt(strength)
    return (
        -log(10.0) * debye_hueckel_slope(temperature) * valence**2 * (root / (2.0 * (1.0 + root) ** 2) - 0.3 * strength)
    )
