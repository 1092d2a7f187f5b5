"""Inward rectifiers of the heart and of an astrocyte, as published with their constants: relative conductance."""

from __future__ import annotations

from vrest.physics.logistic import logistic
from vrest.physics.namespace import Array, namespace
from vrest.units import from_si


def luo_rudy_k1_fraction(*, potential: Array, reversal_k: Array) -> Array:
    """Share of the K1 channels of a ventricular cell that are open, 0 to 1: it falls as V rises above E_K.

    alpha/(alpha + beta) with x = V - E_K in mV, alpha = 1.02/(1 + e^(0.2385 (x - 59.215))),
    beta = (0.49124 e^(0.08032 (x + 5.476)) + e^(0.06175 (x - 594.31)))/(1 + e^(-0.5143 (x + 4.753)))

    potential, reversal_k: V, broadcast.

    Luo and Rudy 1991, Circ. Res. 68:1501, doi:10.1161/01.RES.68.6.1501.

    >>> [round(float(luo_rudy_k1_fraction(potential=v, reversal_k=-0.090)), 3) for v in (-0.120, -0.090, -0.060)]
    [1.0, 0.592, 0.107]
    """
    x = from_si(potential - reversal_k, "potential")
    xp = namespace(x)
    opening = 1.02 * logistic(-0.2385 * (x - 59.215))
    closing = 0.49124 * xp.exp(0.08032 * (x + 5.476)) + xp.exp(0.06175 * (x - 594.31))
    return opening / (opening + closing * logistic(0.5143 * (x + 4.753)))


def halnes_kir_fraction(*, potential: Array, reversal_k: Array, reference: Array, k_ratio: Array) -> Array:
    """Kir conductance of an astrocyte relative to that at its reference state, dimensionless.

    sqrt(K_o/K_ref) (1 + e^(18.4/42.4))/(1 + e^((V - E_K + 18.5)/42.5))
                    (1 + e^(-(118.6 + E_ref)/44.1))/(1 + e^(-(118.6 + V)/44.1)),  all in mV

    potential, reversal_k: V. reference: E_ref, the Nernst potential of K+ in the reference state, V. k_ratio:
    K_o/K_ref. All broadcast. The public code has 18.4/42.4 above 18.5/42.5: at the reference it is 0.1 % off 1.

    Halnes et al. 2013, PLoS Comput. Biol. 9:e1003386, doi:10.1371/journal.pcbi.1003386; Saetra et al. 2021,
    doi:10.1371/journal.pcbi.1008143.

    >>> fraction = halnes_kir_fraction(potential=-0.0926, reversal_k=-0.0926, reference=-0.0926, k_ratio=1.0)
    >>> round(float(fraction), 5)
    0.99919
    """
    xp = namespace(potential, reversal_k, reference, k_ratio)
    off_reversal = (1 + xp.exp(xp.asarray(18.4 / 42.4))) * logistic(-(potential - reversal_k + 0.0185) / 0.0425)
    saturation = logistic((potential + 0.1186) / 0.0441) / logistic((reference + 0.1186) / 0.0441)
    return xp.sqrt(k_ratio) * off_reversal * saturation
