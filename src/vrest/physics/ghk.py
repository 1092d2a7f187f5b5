"""Goldman-Hodgkin-Katz: flux, current, conductance and voltage of a membrane with a constant field.

With u = zV/(RT/F) and B(x) = x/(e^x - 1), the flux is P (ci B(-u) - co B(u)): the weights B(-u) and B(u) are
what the field makes of the two concentrations. Written so, nothing is singular at V = 0.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial

from vrest.constants import F
from vrest.physics.namespace import Array, ions_first, namespace
from vrest.physics.thermal import thermal_voltage

NEAR_ZERO = 0.5
"""Below it B is a series: e^x - 1 has lost a digit by then, and expm1 costs three times an exponential."""

EVEN = tuple(
    float(Fraction(b) / factorial(2 * k))
    for k, b in enumerate(("1", "1/6", "-1/30", "1/42", "-1/30", "5/66", "-691/2730", "7/6", "-3617/510"))
)
"""B_2k/(2k)!, from the Bernoulli numbers: B(x) + x/2 is their sum times x^2k."""


def bernoulli(x: Array) -> Array:
    """Bernoulli function B(x) = x/(e^x - 1), smooth through B(0) = 1, dimensionless.

    x: any shape. B(-x) = B(x) + x. Beyond x = 700 it stays at B(700), 7e-302, rather than overflow. NEURON's vtrap(x,
    y) is y B(x/y).

    Scharfetter and Gummel 1969, IEEE Trans. Electron Devices 16:64, doi:10.1109/T-ED.1969.16566.

    >>> [round(float(bernoulli(x)), 4) for x in (-1.0, 0.0, 1.0)]
    [1.582, 1.0, 0.582]
    """
    xp = namespace(x)
    small = xp.abs(x) < NEAR_ZERO
    # the quotient is replaced near 0 for its derivatives, and its argument too, lest a 0/0 reach the gradient
    safe = xp.where(small, 1.0, xp.minimum(x, 700.0))
    square = xp.where(small, x * x, 0.0)
    series = 0.0
    for coefficient in reversed(EVEN):
        series = coefficient + square * series
    return xp.where(small, series - x / 2, safe / (xp.exp(safe) - 1))


def ghk_flux(
    permeability: Array,
    valence: Array,
    *,
    inside: Array,
    outside: Array,
    potential: Array,
    temperature: Array,
) -> Array:
    """Electrodiffusive flux of one ion, outward, in mol/m2/s.

    J = P u (ci - co e^-u)/(1 - e^-u) = P (ci B(-u) - co B(u)),  u = zVF/(RT)

    permeability: m/s. valence: signed charge number (0 gives simple diffusion, P (ci - co)). inside, outside:
    mol/m3, 0 allowed. potential: V. temperature: K. All broadcast.

    Goldman 1943, J. Gen. Physiol. 27:37, doi:10.1085/jgp.27.1.37; Hodgkin and Katz 1949, J. Physiol. 108:37,
    doi:10.1113/jphysiol.1949.sp004310.

    >>> leak = ghk_flux(1e-8, 1, inside=140.0, outside=5.0, potential=0.0, temperature=310.15)
    >>> round(1e6 * float(leak), 9)  # at 0 mV only the concentrations count
    1.35
    """
    weight_outside, weight_inside = _weights(valence, potential / thermal_voltage(temperature))
    return permeability * (inside * weight_inside - outside * weight_outside)


def ghk_current(
    permeability: Array,
    valence: Array,
    *,
    inside: Array,
    outside: Array,
    potential: Array,
    temperature: Array,
) -> Array:
    """Electrodiffusive current of one ion, outward positive charge positive, in A/m2.

    I = z F J, with J of `ghk_flux`. It rises with V, strictly where the ion is present, and is zero at the Nernst
    potential.

    permeability: m/s. valence: signed charge number. inside, outside: mol/m3, 0 allowed. potential: V. temperature: K.
    All broadcast.

    Hodgkin and Katz 1949, J. Physiol. 108:37, doi:10.1113/jphysiol.1949.sp004310.

    >>> current = ghk_current(1e-8, 1, inside=140.0, outside=5.0, potential=-0.070, temperature=310.15)
    >>> round(1e2 * float(current), 5)  # in uA/cm2
    1.41776
    """
    flux = ghk_flux(permeability, valence, inside=inside, outside=outside, potential=potential, temperature=temperature)
    return valence * F * flux


def ghk_slope_conductance(
    permeability: Array,
    valence: Array,
    *,
    inside: Array,
    outside: Array,
    potential: Array,
    temperature: Array,
) -> Array:
    """Slope conductance dI/dV of the GHK current, in S/m2, never negative.

    dI/dV = P z^2 F^2/(RT) (-ci B'(-u) - co B'(u)),  u = zVF/(RT)

    permeability: m/s. valence: signed charge number. inside, outside: mol/m3, 0 allowed. potential: V. temperature: K.
    All broadcast.

    >>> ion = {"inside": 140.0, "outside": 5.0, "temperature": 310.15}
    >>> slope = ghk_slope_conductance(1e-8, 1, potential=-0.0890587, **ion)  # at E_K
    >>> round(1e2 * float(slope), 3)  # in uS/cm2
    62.375
    """
    phi = thermal_voltage(temperature)
    weight_outside, weight_inside = _weight_slopes(valence * potential / phi)
    return permeability * valence**2 * F / phi * (inside * weight_inside + outside * weight_outside)


def ghk_chord_conductance(
    permeability: Array,
    valence: Array,
    *,
    inside: Array,
    outside: Array,
    potential: Array,
    temperature: Array,
) -> Array:
    """Chord conductance I/(V - E) of the GHK current, in S/m2, smooth also at V = E.

    g = P z^2 F^2/(RT) co B(u)/B(u - ln(co/ci)),  u = zVF/(RT)

    permeability: m/s. valence: signed charge number. inside, outside: mol/m3, above 0. potential: V. temperature: K.
    All broadcast.

    >>> ion = {"inside": 140.0, "outside": 5.0, "temperature": 310.15}
    >>> round(float(1e2 * float(ghk_chord_conductance(1e-8, 1, potential=-0.070, **ion))), 3)
    74.389
    """
    xp = namespace(permeability, valence, inside, outside, potential, temperature)
    phi = thermal_voltage(temperature)
    u = valence * potential / phi
    shape = bernoulli(u) / bernoulli(u - xp.log(outside / inside))
    return permeability * valence**2 * F / phi * outside * shape


def ghk_voltage(permeabilities: Array, valences: Array, *, inside: Array, outside: Array, temperature: Array) -> Array:
    """Membrane potential at which the GHK currents of monovalent ions sum to zero, in V.

    V = (RT/F) ln[(sum P+ out + sum P- in)/(sum P+ in + sum P- out)]

    permeabilities (any common unit), valences (+1 or -1), inside and outside (mol/m3): sequences of one entry
    per ion, or arrays with the ions on axis 0. temperature: K, of the shape of the result. Other valences
    need `general_ghk_potential`.

    Goldman 1943, doi:10.1085/jgp.27.1.37; Hodgkin and Katz 1949, doi:10.1113/jphysiol.1949.sp004310.

    >>> v = ghk_voltage([1, 0.04, 0.45], [1, 1, -1],
    ...                 inside=[140, 15, 7], outside=[5, 145, 110], temperature=310.15)
    >>> round(1e3 * float(v), 2)
    -69.81
    """
    xp = namespace(permeabilities, valences, inside, outside, temperature)
    depolarising, hyperpolarising = ghk_sides(permeabilities, valences, inside=inside, outside=outside)
    ratio = xp.sum(depolarising, axis=0) / xp.sum(hyperpolarising, axis=0)
    return thermal_voltage(temperature) * xp.log(ratio)


def ghk_sides(permeabilities: Array, valences: Array, *, inside: Array, outside: Array) -> tuple[Array, Array]:
    """Each ion's terms in the numerator and in the denominator of the GHK voltage equation.

    Cations stand in it with (P out, P in), anions with (P in, P out).

    permeabilities (any common unit), valences (+1 or -1), inside, outside (mol/m3): one entry per ion, or ions on axis
    0. Returns two arrays with the ions on axis 0, in the unit of P times mol/m3.

    >>> [side.tolist() for side in ghk_sides([1, 2], [1, -1], inside=[140, 7], outside=[5, 110])]
    [[5, 14], [140, 220]]
    """
    xp = namespace(permeabilities, valences, inside, outside)
    p, z, ci, co = ions_first(permeabilities, valences, inside, outside)
    cation = z > 0
    return p * xp.where(cation, co, ci), p * xp.where(cation, ci, co)


def _weights(valence: Array, v: Array) -> tuple[Array, Array]:
    """B(zv) and B(-zv) from one exponential, each to full relative accuracy: no difference of large numbers.

    The exponential is that of |z| |v|, the same for ions of opposite charge.
    """
    xp = namespace(valence, v)
    below = v < 0
    size = abs(valence) * xp.where(below, -v, v)
    negative = xp.where(below, valence > 0, valence < 0)
    small_weight = bernoulli(size)
    return small_weight + xp.where(negative, size, 0.0), small_weight + xp.where(negative, 0.0, size)


def _weight_slopes(u: Array) -> tuple[Array, Array]:
    """-B'(u) and -B'(-u): two positive weights that sum to 1."""
    xp = namespace(u)
    negative = u < 0
    size = xp.where(negative, -u, u)
    small = size < 1e-2
    safe = xp.where(small, 1.0, size)
    b = bernoulli(safe)
    square = size * size
    series = 0.5 - size * (1 / 6 - square * (1 / 180 - square / 5040))
    slope = xp.where(small, series, b * (b + safe - 1) / safe)
    return xp.where(negative, 1 - slope, slope), xp.where(negative, slope, 1 - slope)
