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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vrest.numerics.walk import (
    AT_BOUND,
    BEYOND,
    LARGEST,
    NOWHERE,
    ROUND,
    SMALLEST,
    Limits,
    Step,
    Walker,
    between,
    cosine_of,
)

if TYPE_CHECKING:
    from vrest.numerics.shapes import (
        NumPyLengths,
        NumPyLonger,
        NumPyLongers,
        NumPySquares,
        NumPyVector,
        Rates,
    )

CORRECTIONS, MAX_STEPS, MAX_SPLITS = 8, 4000, 40
"""Newton corrections of one step, steps of one half of a curve, halvings that separate special points."""

BOUND, CLOSED, LOST, LONG = "bound", "closed", "lost", "long"
"""Why a curve ends: at a bound of the parameter, in itself, no allowed state ahead, too many steps."""

CHUNK = 256
"""Steps tried between two looks at a walk."""


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

    @property
    def z(self) -> NumPyLongers:
        """(points, n + 1) states and parameters."""
        return np.stack([point.z for point in self.points])


@dataclass(frozen=True)
class Problem:
    """What is continued.

    Parameters
    ----------
    walker
        From `walker`.
    args
        Passed on to its functions.
    lower, upper
        Bounds of the parameter.
    """

    walker: Walker
    args: Any
    lower: float = -np.inf
    upper: float = np.inf

    def size(self, z: NumPyLonger) -> NumPyLonger:
        """(n + 1,) what a change of each unknown is measured with at z."""
        return self.walker.size(z, self.args)

    def walked(self, step: Step, limits: Limits, attempts: int) -> Any:
        """Where so many steps lead, a `Walked`."""
        n = len(step.guess) - 1
        room = np.empty((2 * (n + 1) + n * n + 1, attempts))
        return self.walker.walk((), (step, limits, self.args), np.full(attempts, np.inf), room)

    def near(self, z: NumPyLonger, anchor: NumPyLonger, tangent: NumPyLonger, h: float, most: int) -> Any:
        """Where Newton's method leads from z at arclength h from the anchor in so many corrections, a `Walked`."""
        everywhere = Limits(-np.inf, np.inf, h, most, 1, anchor, tangent, 0)
        return self.walked(Step(z, anchor, tangent, h), everywhere, 1)

    def at(
        self, z: NumPyLonger, anchor: NumPyLonger, tangent: NumPyLonger, h: float, most: int = CORRECTIONS
    ) -> Point | None:
        """The point of the curve near z at arclength h from the anchor; None where there is none."""
        found = self.near(z, anchor, tangent, h, most)
        if not found.good:
            return None
        return Point(found.corrected.z, found.tangent, rates(found.jacobian))

    def above(self, y: NumPyVector, parameter: float) -> tuple[NumPyLonger, NumPyLonger]:
        """z, and the tangent with which the parameter stays: plain Newton, which also finds unstable points."""
        z = np.append(y, parameter)
        upwards = np.zeros_like(z)
        upwards[-1] = 1.0
        return z, upwards

    def fixed(self, y: NumPyVector, parameter: float, most: int = 50) -> Point | None:
        """The stationary point that Newton's method finds from y at one value of the parameter."""
        z, upwards = self.above(y, parameter)
        return self.at(z, z, upwards, 0.0, most)


def rates(jacobian: NumPySquares) -> Rates:
    """(..., n) eigenvalues of Jacobians (..., n, n), largest real part first."""
    eigenvalues = np.asarray(np.linalg.eigvals(jacobian), dtype=np.complex128)
    return np.take_along_axis(eigenvalues, np.argsort(-eigenvalues.real, axis=-1, kind="stable"), axis=-1)


def follow(
    problem: Problem,
    y: NumPyVector,
    parameter: float,
    *,
    largest: float = LARGEST,
    progress: Callable[[float], None] = lambda parameter: None,
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
    largest
        Largest arclength step.
    progress
        Told now and then what the parameter has come to.

    Raises
    ------
    ValueError
        Newton's method does not converge at the start.

    y' = lambda - y^2 has a fold at lambda = 0:

    >>> from vrest.numerics.walk import walker
    >>> walks = walker(
    ...     lambda y, l, args: l - y**2, lambda z, step, args: 1.0, lambda z, args: 0.0 * z + 1.0, lambda z, args: True
    ... )
    >>> curve = follow(Problem(walks, None, -1.0, 1.0), np.array([1.0]), 1.0)
    >>> [(p.kind, abs(round(p.parameter, 9))) for p in curve.points if p.kind], curve.ends
    ([('fold', 0.0)], ('bound', 'bound'))
    """
    start, halves = _both_ways(problem, y, parameter, largest, MAX_STEPS, progress)
    parts = []
    for half, tangent in zip(halves, (-start.tangent, start.tangent), strict=False):
        parts.append(_marked(problem, replace(start, tangent=tangent), half))
    if len(parts) == 1:
        return Curve((start, *parts[0]), (CLOSED, CLOSED))
    back, forth = parts
    return Curve((*back[::-1], start, *forth), (halves[0].end, halves[1].end))


def trail(problem: Problem, y: NumPyVector, parameter: float, *, largest: float, max_steps: int) -> NumPyLongers:
    """(points, n + 1) the same curve without its special points, in so many steps each way at most.

    Raises
    ------
    ValueError
        As of `follow`.
    """
    start, halves = _both_ways(problem, y, parameter, largest, max_steps, lambda parameter: None)
    return np.concatenate([halves[0].z[::-1], start.z[None], *(half.z for half in halves[1:])])


def passes(points: NumPyLongers, z: NumPyLonger, size: NumPyLonger) -> bool:
    """Whether a curve goes through z: within a twentieth of the step between two neighbours of its points."""
    at_ends = np.max(np.abs(points[[0, -1]] - z) / size, axis=-1) < 1e-6
    return bool(np.any(at_ends) or np.any(between(points[:-1], points[1:], z, size)))


class _Half(NamedTuple):
    """Half a curve: the points that a walk passes after its start, and why it ends."""

    z: NumPyLongers
    tangent: NumPyLongers
    jacobian: NumPySquares
    lengths: NumPyLengths
    """(points,) of the step to each."""
    end: str


def _both_ways(
    problem: Problem,
    y: NumPyVector,
    parameter: float,
    largest: float,
    max_steps: int,
    progress: Callable[[float], None],
) -> tuple[Point, list[_Half]]:
    """The start, and the curve backwards and forwards from it; only backwards if that leads round to the start."""
    start = problem.fixed(y, parameter)
    if start is None:
        raise ValueError(f"no stationary point at {parameter}")
    back = _half(problem, replace(start, tangent=-start.tangent), largest, max_steps, progress)
    if back.end == CLOSED:
        return start, [back]
    return start, [back, _half(problem, start, largest, max_steps, progress)]


def _half(problem: Problem, start: Point, largest: float, max_steps: int, progress: Callable[[float], None]) -> _Half:
    parts: list[np.ndarray] = []
    end, passed, tried = LONG, 0, 0
    step = _onward(problem, start.z, start.tangent, 0.1 * largest)
    while tried < max_steps:
        most = min(CHUNK, max_steps - tried)
        limits = Limits(problem.lower, problem.upper, largest, CORRECTIONS, most, start.z, start.tangent, passed)
        now = problem.walked(step, limits, most)
        step, passed, tried = now.step, passed + int(now.passed), tried + int(now.attempts)
        parts.append(now.points[:, : int(now.passed)].T)
        progress(float(step.anchor[-1]))
        if now.state == BEYOND:
            last = _landed(problem, step, now.corrected.z)
            if last is not None:
                parts.append(last)
                end = BOUND
                break
            step = _onward(problem, step.anchor, step.tangent, 0.5 * float(step.h))
        if now.state == NOWHERE or step.h < SMALLEST:
            end = LOST
            break
        if now.state in (AT_BOUND, ROUND):
            end = BOUND if now.state == AT_BOUND else CLOSED
            break
    rows, n = np.concatenate(parts), len(start.y)
    z, tangent, jacobian, lengths = np.split(rows, np.cumsum([n + 1, n + 1, n * n]), axis=1)
    return _Half(z, tangent, jacobian.reshape(-1, n, n), lengths[:, 0], end)


def _onward(problem: Problem, anchor: NumPyLonger, tangent: NumPyLonger, h: float) -> Step:
    return Step(anchor + h * problem.size(anchor) * tangent, anchor, tangent, h)


def _landed(problem: Problem, step: Any, ahead: NumPyLonger) -> np.ndarray | None:
    """What a walk keeps of the point where a step ahead crosses a bound, its tangent turned the way of the curve.

    (0, rows) where it begins at the bound; None where no point is found near enough.
    """
    here, s = step.anchor, problem.size(step.anchor)
    bound = float(np.clip(ahead[-1], problem.lower, problem.upper))
    if here[-1] == bound:
        return np.empty((0, 2 * len(here) + (len(here) - 1) ** 2 + 1))
    z, upwards = problem.above(here[:-1] + (bound - here[-1]) / (ahead[-1] - here[-1]) * (ahead - here)[:-1], bound)
    last = problem.near(z, z, upwards, 0.0, CORRECTIONS)
    z = last.corrected.z
    if not last.good or np.linalg.norm((z - here) / s) > 2 * np.linalg.norm((ahead - here) / s):
        return None
    tangent = last.tangent if cosine_of(step.tangent, s, last.tangent, problem.size(z)) > 0 else -last.tangent
    length = step.tangent @ ((z - here) / s)
    return np.concatenate([z, tangent, last.jacobian.ravel(), [length]])[None]


def _marked(problem: Problem, start: Point, half: _Half) -> list[Point]:
    """The points of half a curve, special ones among them."""
    points = [start, *map(Point, half.z, half.tangent, rates(half.jacobian))]
    turning = np.array([point.tangent[-1] for point in points])
    unstable = np.array([point.unstable for point in points])
    crossed = (turning[:-1] * turning[1:] < 0) | (unstable[:-1] != unstable[1:])
    found = []
    for k, (ahead, length) in enumerate(zip(points[1:], half.lengths.tolist(), strict=True)):
        if crossed[k]:
            found += _special(problem, points[k], 0.0, points[k], length, ahead)
        found.append(ahead)
    return found


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
