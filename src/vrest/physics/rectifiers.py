"""Inward rectifier of the heart, as published with its constants: relative conductance."""

from __future__ import annotations

from vrest.physics.logistic import logistic
from vrest.physics.namespace import Array, namespace


def luo_rudy_k1_fraction(*, potential: Array, reversal_k: Array) -> Array:
    """Share of the K1 channels of a ventricular cell that are open, 0 to 1: it falls as V rises above E_K.

    alpha/(alpha + beta) with x = V - E_K in mV, alpha = 1.02/(1 + e^(0.2385 (x - 59.215))),
    beta = (0.49124 e^(0.08032 (x + 5.476)) + e^(0.06175 (x - 594.31)))/(1 + e^(-0.5143 (x + 4.753)))

    potential, reversal_k: V, broadcast.

    Luo and Rudy 1991, Circ. Res. 68:1501, doi:10.1161/01.RES.68.6.1501.

    >>> [round(float(luo_rudy_k1_fraction(potential=v, reversal_k=-0.090)), 3) for v in (-0.120, -0.090, -0.060)]
    [1.0, 0.592, 0.107]
    """
    x = 1e3 * (potential - reversal_k)
    xp = namespace(x)
    opening = 1.02 * logistic(-0.2385 * (x - 59.215))
    closing = 0.49124 * xp.exp(0.08032 * (x + 5.476)) + xp.exp(0.06175 * (x - 594.31))
    return opening / (opening + closing * logistic(0.5143 * (x + 4.753)))
