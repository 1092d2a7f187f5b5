"""How much each ion counts in the resting potential: three shares and the elasticities.

The shares answer different questions and disagree, so each has its name. The terms of the GHK equation say
who stands in the fraction; chord shares (`chord.chord_shares`) average the reversals to V exactly; slope
shares say who holds V against a small injected current; elasticities say what a change of each concentration
does.
"""

from __future__ import annotations

from vrest.physics.chord import chord_shares
from vrest.physics.ghk import ghk_sides, ghk_slope_conductance
from vrest.physics.namespace import Array, ions_first, namespace
from vrest.physics.thermal import thermal_voltage


def ghk_shares(permeabilities: Array, valences: Array, *, inside: Array, outside: Array) -> tuple[Array, Array]:
    """Each monovalent ion's share of the numerator and of the denominator of the GHK voltage equation.

    permeabilities (any common unit), valences (+1 or -1), inside, outside (mol/m3): one entry per ion, or
    ions on axis 0. Returns two arrays with the ions on axis 0, each summing to 1 over it.

    >>> top, bottom = ghk_shares([1, 0.04, 0.45], [1, 1, -1], inside=[140, 15, 7], outside=[5, 145, 110])
    >>> [round(share, 4) for share in top.tolist()], [round(share, 4) for share in bottom.tolist()]
    ([0.3584, 0.4158, 0.2258], [0.7365, 0.0032, 0.2604])
    """
    top, bottom = ghk_sides(permeabilities, valences, inside=inside, outside=outside)
    xp = namespace(top, bottom)
    return top / xp.sum(top, axis=0), bottom / xp.sum(bottom, axis=0)


def slope_shares(
    permeabilities: Array,
    valences: Array,
    *,
    inside: Array,
    outside: Array,
    potential: Array,
    temperature: Array,
) -> Array:
    """Each ion's share of the membrane's slope conductance, from GHK currents of any valence.

    permeabilities (any common unit), valences, inside, outside (mol/m3): one entry per ion, or ions on axis
    0. potential (V) and temperature (K): of the shape common to all ions. Sums to 1 over axis 0.

    >>> shares = slope_shares([1, 0.04, 0.45], [1, 1, -1], inside=[140, 15, 7], outside=[5, 145, 110],
    ...                       potential=-0.0698, temperature=310.15)
    >>> [round(share, 3) for share in shares.tolist()]
    [0.622, 0.128, 0.25]
    """
    p, z, ci, co = ions_first(permeabilities, valences, inside, outside, cells=(potential, temperature))
    return chord_shares(
        ghk_slope_conductance(p, z, inside=ci, outside=co, potential=potential, temperature=temperature)
    )


def elasticities(
    permeabilities: Array, valences: Array, *, inside: Array, outside: Array, temperature: Array
) -> tuple[Array, Array]:
    """What a relative change of each concentration does to the GHK voltage: dV/dln(outside), dV/dln(inside).

    Cations: (RT/F) times their numerator share outside, minus (RT/F) times their denominator share inside;
    anions: minus (RT/F) times the denominator share outside, (RT/F) times the numerator share inside.

    permeabilities (any common unit), valences (+1 or -1), inside, outside (mol/m3): one entry per ion, or ions on axis
    0. temperature (K): of the shape common to all ions. Returns two arrays, V per unit of ln(concentration), ions on
    axis 0. All of them sum to 0: scaling every concentration alike leaves V alone.

    >>> by_outside, by_inside = elasticities(
    ...     [1, 0.04], [1, 1], inside=[140, 15], outside=[5, 145], temperature=310.15)
    >>> [round(1e3 * value, 3) for value in by_outside.tolist()]  # mV: K, Na
    [12.373, 14.353]
    """
    xp = namespace(permeabilities, valences, inside, outside, temperature)
    p, z, ci, co = ions_first(permeabilities, valences, inside, outside, cells=(temperature,))
    top, bottom = ghk_shares(p, z, inside=ci, outside=co)
    phi = thermal_voltage(temperature)
    cation = z > 0
    return phi * xp.where(cation, top, -bottom), phi * xp.where(cation, -bottom, top)
