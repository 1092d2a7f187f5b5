"""The logistic function, the shape of every two-state switch in the field."""

from __future__ import annotations

from vrest.physics.namespace import Array, namespace


def logistic(x: Array) -> Array:
    """Logistic function 1/(1 + e^-x), dimensionless, accurate in both tails, without overflow.

    x: any shape.

    >>> [round(float(logistic(x)), 4) for x in (-1e4, 0.0, 1.0)]
    [0.0, 0.5, 0.7311]
    """
    xp = namespace(x)
    negative = x < 0
    decay = xp.exp(xp.where(negative, x, -x))
    return xp.where(negative, decay, 1.0) / (1 + decay)
