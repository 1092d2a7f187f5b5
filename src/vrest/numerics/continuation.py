"""Pseudo-arclength continuation: the curve of stationary points f(y, lambda, args) = 0, through its folds.

With z = (y, lambda), each step solves Keller's bordered system

    f(y, lambda) = 0,    t . (z - z0) / s = h

by Newton's method: t is the unit tangent of the curve at z0 and s the size of each unknown. It is regular where
the curve turns back (a fold), and so is the whole curve wherever it does not cross another one. Keller HB (1977),
Numerical solution of bifurcation and nonlinear eigenvalue problems; Kuznetsov YA, Elements of Applied Bifurcation
Theory, doi 10.1007/978-1-4757-3978-7, chapter 10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vrest.numerics.compiler.kernel import Kernel

if TYPE_CHECKING:
    from vrest.numerics.shapes import Count, Flag, Longer, NumPyLonger, NumPyVector, Rates, Real, Square, Vector

LARGEST, SMALLEST = 0.02, 1e-9
"""Bounds of an arclength step: the share of its size by which an unknown changes."""

STRAIGHT, BENT = 0.998, 0.95
"""Cosine between the tangents of neighbouring points: above the first the step grows, below the second it is cut."""

CORRECTIONS, MAX_STEPS, MAX_SPLITS = 8, 4000, 40
"""Newton corrections of one step, steps of one half of a curve, halvings that separate special points."""

BOUND, CLOSED, LOST, LONG = "bound", "closed", "lost", "long"
"""Why a curve ends: at a bound of the parameter, in itself, no allowed state ahead, too many steps."""


class Corrected(NamedTuple):
    """Where Newton's method ended, for one point of the curve."""

    z: Longer
    """(n + 1,) state and parameter."""
    tangent: Longer
    """(n + 1,) direction of the curve in units of the sizes, not normalised, ahead where the old tangent is."""
    jacobian: Square
    """(n, n) of f in y."""
    slope: Vector
    """(n,) f."""
    correction: Longer
    """(n + 1,) the correction that remains."""
    iterations: Count
    converged: Flag


def corrector(
    f: Callable[[Vector, Real, Any], Vector], share: Callable[[Longer, Longer, Any], Real], key: str = ""
) -> Callable[..., Corrected]:
    """The Newton corrector of f(y, parameter, args) = 0 as machine code.

    Parameters
    ----------
    f
        (n,), a number, args -> (n,)
    share
        share(z, step, args) -> the largest part of a step of z = (y, parameter) that stays in the allowed region.
    key
        What both depend on, for `Kernel`.

    Returns
    -------
    callable
        correct(z, anchor, tangent, h, s, args, most) -> Corrected: from the guess z, the point of the curve with
        tangent . (z - anchor)/s = h, in at most `most` corrections. With tangent (0, ..., 0, 1) and h = 0 the
        parameter stays: plain Newton, which also finds unstable points.
    """

    def correct(_: Any, given: Any) -> Corrected:
        import jax
        import jax.numpy as jnp

        from vrest.numerics.linear import solve

        z, anchor, tangent, h, s, args, most = given
        n = z.shape[0] - 1
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
            matrix = jnp.concatenate([rows * weight[:, None], tangent[None]])
            miss = jnp.append(-slope * weight, h - jnp.sum(tangent * (z - anchor) / s))
            both = solve(matrix, jnp.stack([miss, ahead], axis=1))
            change = both[:, 0]
            size = jnp.max(jnp.abs(change))
            converged = (size < 1e-13) | ((size < 1e-9) & (size > 0.25 * last))
            k = found.iterations + 1
            done = converged | (k >= most) | ~jnp.isfinite(size)
            part = jnp.minimum(1.0, 0.5 / size) * share(z, change * s, args)
            # where it ends, the point stays: Jacobian, tangent and correction are those of the point returned
            moved = z + jnp.where(done, 0.0, part * change * s)
            found = Corrected(moved, both[:, 1], jacobian[:, :n], slope, change * s, k, converged)
            return found, done, size

        nothing = jnp.zeros(n)
        start = Corrected(z, tangent, jnp.zeros((n, n)), nothing, jnp.zeros(n + 1), jnp.asarray(0), jnp.asarray(False))
        return jax.lax.while_loop(going, body, (start, jnp.asarray(False), jnp.asarray(jnp.inf)))[0]

    code = Kernel(correct, key)
    return lambda *given: code((), given)


@dataclass(frozen=True)
class Point:
    """One point of a curve of stationary states."""

    z: NumPyLonger
    """(n + 1,) state and parameter."""
    tangent: NumPyLonger
    """(n + 1,) unit direction of the curve, in units of the sizes at z."""
    eigenvalues: Rates
    """(n,) of the Jacobian, largest real part first."""
    kind: str = ""
    """`fold`, `hopf`, `branch` (a real eigenvalue crosses zero where the curve does not turn) or nothing."""

    @property
    def y(self) -> NumPyVector:
        """(n,) the state."""
        return self.z[:-1]

    @property
    def parameter(self) -> float:
        """The parameter."""
        return float(self.z[-1])

    @property
    def unstable(self) -> int:
        """Number of eigenvalues with a positive real part."""
        return int(np.sum(self.eigenvalues.real > 0))


@dataclass(frozen=True)
class Curve:
    """Points in their order along the curve, special ones among them, and why each end is one."""

    points: tuple[Point, ...]
    ends: tuple[str, str]


@dataclass(frozen=True)
class Problem:
    """What is continued.

    Parameters
    ----------
    correct
        From `corrector`.
    args
        Passed on to f.
    size
        size(z) -> (n + 1,): what a change of each unknown is measured with.
    valid
        valid(z) -> bool: whether a point is allowed.
    lower, upper
        Bounds of the parameter.
    """

    correct: Callable[..., Corrected]
    args: Any
    size: Callable[[NumPyLonger], NumPyLonger]
    valid: Callable[[NumPyLonger], bool]
    lower: float = -np.inf
    upper: float = np.inf

    def at(
        self, z: NumPyLonger, anchor: NumPyLonger, tangent: NumPyLonger, h: float, most: int = CORRECTIONS
    ) -> Point | None:
        """The point of the curve near z at arclength h from the anchor; None where there is none."""
        if not self.valid(z):
            return None
        s = self.size(anchor)
        found = self.correct(z, anchor, tangent, h, s, self.args, most)
        if not bool(found.converged):
            return None
        z, direction = np.asarray(found.z), np.asarray(found.tangent) * s
        jacobian = np.asarray(found.jacobian)
        if not (np.all(np.isfinite(jacobian)) and np.all(np.isfinite(direction)) and self.valid(z)):
            return None
        own = self.size(z)
        direction = direction / own
        eigenvalues = np.asarray(np.linalg.eigvals(jacobian * own[None, :-1] / own[:-1, None]), dtype=np.complex128)
        order = np.argsort(-eigenvalues.real, kind="stable")
        return Point(z, direction / np.linalg.norm(direction), eigenvalues[order])

    def fixed(self, y: NumPyVector, parameter: float, most: int = 50) -> Point | None:
        """The stationary point that Newton's method finds from y at one value of the parameter."""
        z = np.append(y, parameter)
        upwards = np.zeros_like(z)
        upwards[-1] = 1.0
        return self.at(z, z, upwards, 0.0, most)


def follow(
    problem: Problem,
    y: NumPyVector,
    parameter: float,
    *,
    largest: float = LARGEST,
    max_steps: int = MAX_STEPS,
    special: bool = True,
    progress: Callable[[Point], None] = lambda point: None,
) -> Curve:
    """The whole curve through a stationary point, both ways, with its special points.

    A fold is where the parameter's part of the tangent changes sign, a Hopf point where a complex pair of
    eigenvalues crosses the imaginary axis; each is found to rounding by a bracketing secant in the arclength.

    Parameters
    ----------
    problem
        What is continued.
    y, parameter
        (n,) and a number: near the point to start from.
    largest, max_steps
        Largest arclength step, and how many steps each way.
    special
        Whether special points are looked for.
    progress
        Told every new point.

    Raises
    ------
    ValueError
        Newton's method does not converge at the start.

    y' = lambda - y^2 has a fold at lambda = 0:

    >>> correct = corrector(lambda y, l, args: l - y**2, lambda z, step, args: 1.0)
    >>> problem = Problem(correct, None, np.ones_like, lambda z: True, -1.0, 1.0)
    >>> curve = follow(problem, np.array([1.0]), 1.0)
    >>> [(p.kind, abs(round(p.parameter, 9))) for p in curve.points if p.kind], curve.ends
    ([('fold', 0.0)], ('bound', 'bound'))
    """
    start = problem.fixed(y, parameter)
    if start is None:
        raise ValueError(f"no stationary point at {parameter}")
    options = (largest, max_steps, special, progress)
    back, first = _half(problem, replace(start, tangent=-start.tangent), *options)
    if first == CLOSED:
        return Curve((start, *back), (CLOSED, CLOSED))
    forth, second = _half(problem, start, *options)
    return Curve((*back[::-1], start, *forth), (first, second))


def passes(curve: Curve, z: NumPyLonger, size: NumPyLonger) -> bool:
    """Whether a curve goes through z: within a twentieth of the step between two neighbours."""
    return any(_between(a.z, b.z, z, size) for a, b in pairwise(curve.points)) or any(
        np.max(np.abs(end.z - z) / size) < 1e-6 for end in (curve.points[0], curve.points[-1])
    )


def _between(a: NumPyLonger, b: NumPyLonger, z: NumPyLonger, size: NumPyLonger) -> bool:
    chord, offset = (b - a) / size, (z - a) / size
    length = float(np.linalg.norm(chord))
    if length == 0.0:
        return False
    along = float(chord @ offset) / length**2
    return 0.0 <= along <= 1.0 and float(np.linalg.norm(offset - along * chord)) < 0.05 * length


def _half(
    problem: Problem, start: Point, largest: float, max_steps: int, special: bool, progress: Callable[[Point], None]
) -> tuple[list[Point], str]:
    points: list[Point] = []
    here, h = start, 0.1 * largest
    for _ in range(max_steps):
        if h < SMALLEST:
            return points, LOST
        s = problem.size(here.z)
        ahead = problem.at(here.z + h * s * here.tangent, here.z, here.tangent, h)
        if ahead is None or (cosine := _cosine(here, ahead, problem)) < BENT:
            h *= 0.5
            continue
        length, bound = h, float(np.clip(ahead.parameter, problem.lower, problem.upper))
        if bound != ahead.parameter:
            if here.parameter == bound:
                return points, BOUND
            last = _landed(problem, here, ahead, bound)
            if last is None:
                h *= 0.5
                continue
            ahead, length = last, float(here.tangent @ ((last.z - here.z) / s))
        points += _special(problem, here, 0.0, here, length, ahead) if special else []
        points.append(ahead)
        progress(ahead)
        if bound == ahead.parameter and bound in (problem.lower, problem.upper):
            return points, BOUND
        if len(points) > 5 and _between(here.z, ahead.z, start.z, s) and _cosine(start, ahead, problem) > 0:
            return points, CLOSED
        here = ahead
        if cosine > STRAIGHT:
            h = min(1.5 * h, largest)
    return points, LONG


def _cosine(a: Point, b: Point, problem: Problem) -> float:
    """Cosine of the angle between two tangents, measured with the sizes of the first point."""
    t = b.tangent * problem.size(b.z) / problem.size(a.z)
    return float(a.tangent @ t / np.linalg.norm(t))


def _landed(problem: Problem, here: Point, ahead: Point, bound: float) -> Point | None:
    """The point where a step crosses a bound of the parameter, its tangent turned the way of the curve."""
    share = (bound - here.parameter) / (ahead.parameter - here.parameter)
    guess = here.y + share * (ahead.y - here.y)
    last = problem.fixed(guess, bound, CORRECTIONS)
    s = problem.size(here.z)
    if last is None or np.linalg.norm((last.z - here.z) / s) > 2 * np.linalg.norm((ahead.z - here.z) / s):
        return None
    return last if _cosine(here, last, problem) > 0 else replace(last, tangent=-last.tangent)


def _special(
    problem: Problem, here: Point, a: float, left: Point, b: float, right: Point, depth: int = 0
) -> list[Point]:
    """The special points between arclengths a and b from `here`, in their order."""
    turns = left.tangent[-1] * right.tangent[-1] < 0
    gained = abs(right.unstable - left.unstable)
    if not turns and gained == 0:
        return []
    first = min(left.unstable, right.unstable)  # place of what crosses, among eigenvalues sorted by real part

    def at(length: float) -> Point | None:
        return problem.at(here.z + length * problem.size(here.z) * here.tangent, here.z, here.tangent, length)

    if turns and (gained == 1 or depth == MAX_SPLITS):
        found = _root(at, lambda p: float(p.tangent[-1]), a, left, b, right)
        return [replace(found, kind="fold")] if found else []
    if not turns and gained == 2:
        found = _root(at, lambda p: float(np.sum(p.eigenvalues.real[first : first + 2])), a, left, b, right)
        if found and found.eigenvalues[first].imag != 0:
            return [replace(found, kind="hopf")]
    if not turns and gained == 1:
        found = _root(at, lambda p: float(p.eigenvalues.real[first]), a, left, b, right)
        return [replace(found, kind="branch")] if found else []
    middle = at(0.5 * (a + b))
    if middle is None or depth == MAX_SPLITS:
        return []
    return [
        *_special(problem, here, a, left, 0.5 * (a + b), middle, depth + 1),
        *_special(problem, here, 0.5 * (a + b), middle, b, right, depth + 1),
    ]


def _root(
    at: Callable[[float], Point | None],
    test: Callable[[Point], float],
    a: float,
    left: Point,
    b: float,
    right: Point,
) -> Point | None:
    """The point where a test function changes sign: secants in a bracket (Illinois), each third one a bisection."""
    fa, fb = test(left), test(right)
    found, tolerance = right if abs(fb) < abs(fa) else left, 1e-12 * abs(b - a)
    if fa * fb > 0:
        return None
    for k in range(60):
        new = 0.5 * (a + b) if k % 3 == 2 or fa == fb else b - fb * (b - a) / (fb - fa)
        point = at(new)
        if point is None:  # where curves cross, the bordered system is singular: look beside it
            new += 0.1 * (b - new)
            point = at(new)
        if point is None:
            return None
        found, value = point, test(point)
        if value == 0 or abs(b - a) < tolerance or min(new - a, b - new) < tolerance:
            break
        if value * fb < 0:
            a, fa = b, fb
            b, fb = new, value
        else:
            b, fb, fa = new, value, 0.5 * fa
        if a > b:
            a, fa, b, fb = b, fb, a, fa
    return found
