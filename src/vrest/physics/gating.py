"""Gates: the three Hodgkin-Huxley forms of a rate, and what a pair of rates means.

The three rates are those of NeuroML (HHExpRate, HHSigmoidRate, HHExpLinearRate), with one argument
x = (V - midpoint)/scale; a negative scale turns a form round.
"""

from __future__ import annotations

from vrest.physics.ghk import bernoulli
from vrest.physics.logistic import logistic
from vrest.physics.namespace import Array, namespace


def rate_exponential(potential: Array, rate: Array, midpoint: Array, scale: Array) -> Array:
    """Exponential rate, rate e^x with x = (V - midpoint)/scale, in 1/s.

    potential, midpoint, scale: V. rate: 1/s, the value at the midpoint. All broadcast.

    Hodgkin and Huxley 1952, J. Physiol. 117:500, doi:10.1113/jphysiol.1952.sp004764.

    >>> float(rate_exponential(-0.065, 4000.0, -0.065, -0.018))
    4000.0
    """
    x = (potential - midpoint) / scale
    return rate * namespace(x).exp(x)


def rate_sigmoid(potential: Array, rate: Array, midpoint: Array, scale: Array) -> Array:
    """Sigmoid rate, rate/(1 + e^-x) with x = (V - midpoint)/scale, in 1/s.

    potential, midpoint, scale: V. rate: 1/s, the limit for large x. All broadcast.

    Hodgkin and Huxley 1952, doi:10.1113/jphysiol.1952.sp004764.

    >>> float(rate_sigmoid(-0.035, 1000.0, -0.035, 0.010))
    500.0
    """
    return rate * logistic((potential - midpoint) / scale)


def rate_linoid(potential: Array, rate: Array, midpoint: Array, scale: Array) -> Array:
    """Rate that grows from exponential to linear, rate x/(1 - e^-x) with x = (V - midpoint)/scale, in 1/s.

    potential, midpoint, scale: V. rate: 1/s, the value at the midpoint, where the formula reads 0/0 and the
    function is smooth, with its derivatives: a (V - v0)/(1 - e^(-(V - v0)/s)) and a (v0 - V)/(e^((v0 - V)/s) - 1) have
    rate = a s, and a (V - v0)/(e^((V - v0)/s) - 1) has it with the scale -s. All broadcast.

    Hodgkin and Huxley 1952, doi:10.1113/jphysiol.1952.sp004764.

    >>> float(rate_linoid(-0.040, 1000.0, -0.040, 0.010))
    1000.0
    """
    return rate * bernoulli((midpoint - potential) / scale)


def steady_state(alpha: Array, beta: Array) -> Array:
    """Steady open probability of a gate that opens at rate alpha and closes at beta, alpha/(alpha + beta).

    alpha, beta: 1/s, not both 0. All broadcast.

    >>> steady_state(1.0, 3.0)
    0.25
    """
    return alpha / (alpha + beta)


def time_constant(alpha: Array, beta: Array) -> Array:
    """Time constant of a gate that opens at rate alpha and closes at beta, 1/(alpha + beta), in s.

    alpha, beta: 1/s, not both 0. All broadcast.

    >>> time_constant(1.0, 3.0)
    0.25
    """
    return 1 / (alpha + beta)


def boltzmann(potential: Array, v_half: Array, slope: Array) -> Array:
    """Boltzmann curve 1/(1 + e^(-(V - v_half)/slope)): the open fraction of a two-state gate.

    potential, v_half, slope: V; a positive slope opens with depolarisation, a negative one closes. All
    broadcast.

    >>> float(boltzmann(-0.040, -0.040, 0.009))
    0.5
    """
    return logistic((potential - v_half) / slope)
