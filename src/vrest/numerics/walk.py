"""The walk along a curve of stationary points as machine code: predictor, Newton corrector, step control, limits.

`continuation` says which curve that is, and looks for the special points on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import namespace

if TYPE_CHECKING:
    from vrest.numerics.shapes import (
        Count,
        Flag,
        Longer,
        Number,
        Real,
        Square,
        Vector,
    )

LARGEST, SMALLEST = 0.02, 1e-9
"""Bounds of an arclength step: the share of its size by which an unknown changes."""

STRAIGHT, BENT = 0.998, 0.95
"""Cosine between the tangents of neighbouring points: above the first the step grows, below the second it is cut."""

GOING, AT_BOUND, ROUND, NOWHERE, BEYOND = range(5)
"""What a walk along a curve is at: on its way, exactly at a bound, where it began, nowhere ahead, a step across a bound
that was not taken."""


class Corrected(NamedTuple):
    """Where Newton's method ended, for one point of the curve."""

    z: Longer
    """(n + 1,) state and parameter."""
    tangent: Longer
    """(n + 1,) direction of the curve in units of the sizes, not normalised, ahead where the old tangent is."""
    jacobian: Square
    """(n, n) of f in y."""
    correction: Longer
    """(n + 1,) the correction that remains."""
    iterations: Count
    converged: Flag


class Step(NamedTuple):
    """Where the next point is looked for: near a guess, at arclength h from an anchor along a tangent."""

    guess: Longer
    anchor: Longer
    tangent: Longer
    h: Number


class Limits(NamedTuple):
    """How a walk goes and where it ends; it has begun at `start` in the direction `tangent`, `passed` points ago."""

    lower: Number
    upper: Number
    largest: Number
    corrections: Count | int
    attempts: Count | int
    start: Longer
    tangent: Longer
    passed: Count | int


class Walked(NamedTuple):
    """Where a walk came to."""

    state: Count
    """`GOING`, or why it went no further."""
    step: Step
    """The next one, or one that leads `BEYOND` a bound."""
    passed: Count
    """Points passed."""
    attempts: Count
    corrected: Corrected
    """Of the last attempt."""
    good: Flag
    """Whether that is a point of the curve."""
    tangent: Longer
    """(n + 1,) its unit direction, in units of its own sizes."""
    jacobian: Square
    """(n, n) there, measured with its sizes."""
    points: Any
    """(rows, attempts) of each point passed: z, tangent, jacobian, and the length of the step to it."""


@dataclass(frozen=True)
class Walker:
    """The walk along curves of one problem, as machine code; from `walker`."""

    walk: Callable[..., Any]
    """((), (Step, Limits, args), times, room) -> `Walked`, in NumPy's arrays."""
    size: Callable[[Any, Any], Any]
    """As given to `walker`."""


def walker(
    f: Callable[[Vector, Real, Any], Vector],
    share: Callable[[Longer, Longer, Any], Real],
    size: Callable[[Longer, Any], Longer],
    valid: Callable[[Longer, Any], Flag],
    key: str = "",
) -> Walker:
    """The walk along the curve f(y, parameter, args) = 0 as machine code: predictor, Newton corrector, step control.

    Parameters
    ----------
    f
        (n,), a number, args -> (n,)
    share
        share(z, step, args) -> the largest part of a step of z = (y, parameter) that stays in the allowed region.
    size
        size(z, args) -> (n + 1,): what a change of each unknown is measured with; of NumPy's arrays as well.
    valid
        valid(z, args) -> bool: whether a point is allowed.
    key
        What all of them depend on, for `Kernel`.
    """

    def correct(at: Step, s: Longer, args: Any, most: Count | int) -> Corrected:
        """From the guess, the point with tangent . (z - anchor)/s = h, in at most so many corrections."""
        import jax
        import jax.numpy as jnp

        from vrest.numerics.linear import solve

        n = at.guess.shape[0] - 1
        ahead = jnp.append(jnp.zeros(n), 1.0)

        def value_and_slope(z: Longer) -> tuple[Vector, Vector]:
            slope = f(z[:n], z[n], args)
            return slope, slope

        def going(carry: tuple[Corrected, Flag, Real]) -> Flag:
            return ~carry[1]

        def body(carry: tuple[Corrected, Flag, Real]) -> tuple[Corrected, Flag, Real]:
            found, _, last = carry
            z = found.z
            jacobian, slope = jax.jacfwd(value_and_slope, has_aux=True)(z)
            rows = jacobian * s
            weight = 1.0 / jnp.maximum(jnp.max(jnp.abs(rows), axis=1), 1e-300)  # gates and ions on one footing
            matrix = jnp.concatenate([rows * weight[:, None], at.tangent[None]])
            miss = jnp.append(-slope * weight, at.h - jnp.sum(at.tangent * (z - at.anchor) / s))
            both = solve(matrix, jnp.stack([miss, ahead], axis=1))
            change = both[:, 0]
            length = jnp.max(jnp.abs(change))
            converged = (length < 1e-13) | ((length < 1e-9) & (length > 0.25 * last))
            k = found.iterations + 1
            done = converged | (k >= most) | ~jnp.isfinite(length)
            part = jnp.minimum(1.0, 0.5 / length) * share(z, change * s, args)
            # where it ends, the point stays: Jacobian, tangent and correction are those of the point returned
            moved = z + jnp.where(done, 0.0, part * change * s)
            found = Corrected(moved, both[:, 1], jacobian[:, :n], change * s, k, converged)
            return found, done, length

        start = Corrected(at.guess, at.tangent, jnp.zeros((n, n)), jnp.zeros(n + 1), jnp.asarray(0), jnp.asarray(False))
        return jax.lax.while_loop(going, body, (start, jnp.asarray(False), jnp.asarray(jnp.inf)))[0]

    def walk(_: Any, given: tuple[Step, Limits, Any], times: Any) -> Walked:
        import jax
        import jax.numpy as jnp

        from vrest.numerics.compiler.samples import sample_put, sample_room

        first, limits, args = given
        n = first.guess.shape[0] - 1

        def going(now: Walked) -> Flag:
            return (now.state == GOING) & (now.attempts < limits.attempts)

        def body(now: Walked) -> Walked:
            at = now.step
            s = size(at.anchor, args)
            found = correct(at, s, args, limits.corrections)
            own = size(found.z, args)
            tangent = found.tangent * s / own
            tangent = tangent / jnp.sqrt(jnp.sum(tangent**2))
            jacobian = found.jacobian * own[None, :-1] / own[:-1, None]
            finite = jnp.all(jnp.isfinite(jacobian)) & jnp.all(jnp.isfinite(tangent))
            good = valid(at.guess, args) & found.converged & valid(found.z, args) & finite
            cosine = cosine_of(at.tangent, s, tangent, own)
            straight = good & (cosine >= BENT)
            beyond = straight & ((found.z[n] < limits.lower) | (found.z[n] > limits.upper))
            taken = straight & ~beyond
            bound = taken & ((found.z[n] == limits.lower) | (found.z[n] == limits.upper))
            round_ = taken & (limits.passed + now.passed >= 5) & between(at.anchor, found.z, limits.start, s)
            round_ &= cosine_of(limits.tangent, size(limits.start, args), tangent, own) > 0
            h = jnp.where(taken & (cosine > STRAIGHT), jnp.minimum(1.5 * at.h, limits.largest), at.h)
            h = jnp.where(straight, h, 0.5 * at.h)
            anchor, direction = jnp.where(taken, found.z, at.anchor), jnp.where(taken, tangent, at.tangent)
            guess = anchor + h * size(anchor, args) * direction
            state = jnp.where(bound, AT_BOUND, jnp.where(round_, ROUND, jnp.where(beyond, BEYOND, GOING)))
            state = jnp.where(~straight & (h < SMALLEST), NOWHERE, state)
            rows = jnp.concatenate([found.z, tangent, jnp.reshape(jacobian, (-1,)), jnp.reshape(at.h, (1,))])
            points = sample_put(now.points, now.passed, taken, rows)
            step = Step(guess, anchor, direction, h)
            return Walked(state, step, now.passed + taken, now.attempts + 1, found, good, tangent, jacobian, points)

        nothing, zero = jnp.zeros((n, n)), jnp.asarray(0)
        nowhere = Corrected(first.guess, first.tangent, nothing, jnp.zeros(n + 1), zero, jnp.asarray(False))
        room = sample_room(times, first.h, rows=2 * (n + 1) + n * n + 1)
        start = Walked(jnp.asarray(GOING), first, zero, zero, nowhere, jnp.asarray(False), first.tangent, nothing, room)
        return jax.lax.while_loop(going, body, start)

    return Walker(Kernel(walk, key), size)


def between(a: Any, b: Any, z: Any, size: Any) -> Any:
    """Whether z lies on the way from a to b, each (..., n + 1), within a twentieth of its length."""
    xp = namespace(a, b, z, size)
    chord, offset = (b - a) / size, (z - a) / size
    square = xp.sum(chord**2, axis=-1)
    along = xp.sum(chord * offset, axis=-1) / xp.where(square > 0.0, square, 1.0)
    off = xp.sum((offset - along[..., None] * chord) ** 2, axis=-1)
    return (square > 0.0) & (along >= 0.0) & (along <= 1.0) & (off < 0.05**2 * square)


def cosine_of(a: Any, size_a: Any, b: Any, size_b: Any) -> Any:
    """Cosine of the angle between two tangents, each in units of its own sizes, measured with those of the first."""
    t = b * size_b / size_a
    xp = namespace(t)
    return xp.sum(a * t) / xp.sqrt(xp.sum(t**2))
