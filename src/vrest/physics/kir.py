"""Inward rectifier: a potassium conductance that outside potassium opens and depolarisation closes."""

from __future__ import annotations

from vrest.physics.logistic import logistic
from vrest.physics.namespace import Array, namespace


def kir_open_fraction(
    *,
    potential: Array,
    reversal_k: Array,
    k_outside: Array,
    k_reference: Array,
    v_half: Array,
    v_slope: Array,
) -> Array:
    """Kir conductance relative to its maximum at the reference potassium, dimensionless.

    sqrt(K_o/K_ref)/(1 + e^((V - E_K - v_half)/v_slope))

    potential, reversal_k: V. k_outside, k_reference: mol/m3 (with K_o = 0 it is 0: the paradoxical
    depolarisation of hypokalaemia starts here). v_half, v_slope: V, the half point relative to E_K, and a
    positive width. All broadcast. Above 1 where K_o exceeds the reference.

    Hagiwara and Takahashi 1974, J. Membr. Biol. 18:61.

    >>> fraction = kir_open_fraction(potential=-0.090, reversal_k=-0.090, k_outside=16.0, k_reference=4.0,
    ...                              v_half=0.0, v_slope=0.010)
    >>> float(fraction)
    1.0
    """
    ratio = k_outside / k_reference
    blocked = (potential - reversal_k - v_half) / v_slope
    return namespace(ratio).sqrt(ratio) * logistic(-blocked)
