"""The least squares of a fit: from several starts, with one unknown held, and how far each may go (profiles)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.study.fit.models import Predictor
from vrest.study.fit.noise import Noise

Array = NDArray[np.float64]

SCREENED, STARTS = 24, 2
"""Points at which the squares are looked at before, and how many of the best begin a search beside the cell's own."""

REACH = np.log(1e3)
"""Starts of a positive unknown lie within this of the cell's own, either way."""

EXACT, NEAR = 1e-12, 1e-9
"""Relative tolerances of the squares and the unknowns: at the least squares, and on the way along a profile."""

JUMP = 10.0
"""Stands for the growth where there is no V."""


@dataclass(frozen=True)
class Optimum:
    """Where the squares are least."""

    inner: Array
    residuals: Array
    """(n,) measured minus predicted, mV."""
    jacobian: Array
    """(n, k) dV/dunknowns, mV."""
    squares: float
    """Whitened."""
    agreeing: int = 1
    """Starts that led here, of `started`."""
    started: int = 1


@dataclass(frozen=True)
class Squares:
    """The whitened residuals of some data as a function of the unknowns."""

    predict: Predictor
    rows: Array
    v: Array
    noise: Noise

    def at(self, inner: Array) -> Optimum:
        """The point itself."""
        v, slope = self.predict(inner, self.rows)
        residuals = self.v - v
        return Optimum(inner, residuals, slope, float((self.noise.white(residuals) ** 2).sum()))

    def least(self, start: Array, held: int | None = None) -> Optimum:
        """The nearest minimum, with one unknown held if asked; where the squares are not finite, the start."""
        free = [k for k in range(len(start)) if k != held]
        low, high = (np.array(ends)[free] for ends in zip(*(each.limits for each in self.predict.free), strict=True))
        start = start.copy()
        start[free] = np.clip(start[free], low + 1e-9, high - 1e-9)
        here = self.at(start)
        if not free or not np.isfinite(here.squares):
            return here
        from scipy.optimize import least_squares

        last, tolerance = [here], EXACT if held is None else NEAR

        def visit(part: Array) -> Optimum:
            inner = start.copy()
            inner[free] = part
            if not np.array_equal(inner, last[0].inner):
                last[0] = self.at(inner)
            return last[0]

        slope: Any = lambda part: self.noise.white(visit(part).jacobian)[:, free]  # noqa: E731
        found = least_squares(
            lambda part: -self.noise.white(visit(part).residuals),
            start[free],
            jac=slope,
            bounds=(low, high),
            x_scale="jac",
            ftol=tolerance,
            xtol=tolerance,
            gtol=tolerance,
            max_nfev=200 if held is None else 50,
        )
        return visit(found.x)

    def best(self) -> Optimum:
        """The least of the minima that a fixed set of starts leads to: the cell's own values, and the best of a net."""
        own, nets = net(self.predict)
        n = len(self.v)
        v = self.predict(np.repeat(nets, n, axis=0), np.tile(self.rows, (len(nets), 1)))[0].reshape(len(nets), n)
        squares = (self.noise.white((self.v - v).T) ** 2).sum(axis=0)
        order = np.argsort(np.where(np.isfinite(squares), squares, np.inf), kind="stable")
        found = [self.least(start) for start in (own, *nets[order[:STARTS]])]
        found = [o for o in found if np.isfinite(o.squares)]
        if not found:
            return self.at(own)
        least = min(o.squares for o in found)
        agreeing = [o for o in found if o.squares - least < 1e-6 * (1 + least)]
        # where several are as good, what the data do not tell stays nearest to the cell's own: its start is the first
        return replace(agreeing[0], agreeing=len(agreeing), started=len(found))


def net(predict: Predictor) -> tuple[Array, Array]:
    """The cell's own unknowns (k,), and points around them (SCREENED, k): the same for the same cell, always.

    The points are even: multiples of powers of 1/g modulo 1, with g^(k+1) = g + 1, which for one unknown is the golden
    ratio (Kronecker's sequence).
    """
    own = np.array([each.inner(each.own) for each in predict.free])
    reach = np.array([REACH if each.positive else 2 * each.scale for each in predict.free])
    g = 2.0
    for _ in range(60):
        g = (1 + g) ** (1 / (len(own) + 1))
    share = np.outer(np.arange(1, SCREENED + 1), g ** -np.arange(1.0, len(own) + 1)) % 1.0
    return own, own + reach * (2 * share - 1)


@dataclass(frozen=True)
class Profile:
    """How far one unknown may go: its ends (None where the squares never grow enough), and the points tried."""

    low: float | None
    high: float | None
    stops: tuple[float | None, float | None]
    """Where, below and above, some row ceases to have a V before the squares have grown enough."""
    points: Array
    """(points, 2): the unknown, and the growth of the squares over what the level allows."""
    better: Optimum | None = None
    """A minimum below the one that the profile began from."""


def profile(squares: Squares, best: Optimum, k: int, allowed: float) -> Profile:
    """The values of unknown k at which the squares, least over all other unknowns, have grown by `allowed`.

    Venzon and Moolgavkar 1988, Appl. Stat. 37:87, doi:10.2307/2347496; Raue et al. 2009, Bioinformatics 25:1923,
    doi:10.1093/bioinformatics/btp358. The root of the growth is nearly linear in the unknown, so that few points do.
    """
    walk = _Walk(squares, best, k, allowed)
    (low, first), (high, last) = walk.end(-1.0), walk.end(+1.0)
    tried = {(at, q * q) for at, q in walk.seen.items() if q < JUMP}
    points = np.array(sorted({(float(best.inner[k]), 0.0), *tried}))
    return Profile(low, high, (first, last), points, walk.better)


def unknown_ends(best: Optimum, k: int) -> Profile:
    """The profile of an unknown of which nothing tells how sure it is."""
    return Profile(None, None, (None, None), np.array([[best.inner[k], 0.0]]))


def growth_along(squares: Squares, best: Optimum, k: int, allowed: float, values: Array) -> Array:
    """Growth of the squares over what is allowed, at values of unknown k, least over all others; NaN without a V."""
    walk = _Walk(squares, best, k, allowed)
    found = {at: walk.growth(at) for at in sorted(map(float, values), key=lambda at: abs(at - best.inner[k]))}
    growth = np.array([found[float(at)] for at in values])
    return np.where(growth < 0.99 * JUMP, growth**2, np.nan)


class _Walk:
    """The profile of one unknown, point by point; each search begins at the nearest point before."""

    def __init__(self, squares: Squares, best: Optimum, k: int, allowed: float) -> None:
        self.squares, self.best, self.k, self.allowed = squares, best, k, allowed
        self.optima: dict[float, Optimum] = {float(best.inner[k]): best}
        self.seen: dict[float, float] = {}
        self.better: Optimum | None = None

    def growth(self, at: float) -> float:
        """Root of the growth over what is allowed: 1 at the end of the interval, `JUMP` where there is no V."""
        if at not in self.seen:
            near = min(self.optima, key=lambda known: abs(known - at))
            start = self.optima[near].inner.copy()
            start[self.k] = at
            found = self.squares.least(start, self.k)
            if np.isfinite(found.squares):
                self.optima[at] = found
                if found.squares < self.best.squares - 1e-6 * (self.allowed + self.best.squares):
                    self.better = found
                more = (found.squares - self.best.squares) / self.allowed
                self.seen[at] = min(float(np.sqrt(max(more, 0.0))), 0.99 * JUMP)
            else:
                self.seen[at] = JUMP
        return self.seen[at]

    def end(self, side: float) -> tuple[float | None, float | None]:
        """Where the growth is 1 on one side, or else where there ceases to be a V; None for what there is not."""
        from scipy.optimize import brentq

        each = self.squares.predict.free[self.k]
        origin = float(self.best.inner[self.k])
        limit = abs(each.limits[side > 0] - origin)
        if limit < 1e-6:
            return None, None
        inside, step = 0.0, min(self._first_step(each.scale), limit)
        while (q := self.growth(origin + side * step)) < 1.0:
            if step >= limit:
                return None, None
            inside, step = step, min(limit, step * min(max(1.05 / max(q, 1e-3), 1.2), 4.0))
        if q == JUMP:  # the edge of what exists, to a hundredth of the way
            while step - inside > 0.01 * step:
                middle = 0.5 * (inside + step)
                q = self.growth(origin + side * middle)
                if 1.0 <= q < JUMP:
                    step = middle
                    break
                inside, step = (middle, step) if q < 1.0 else (inside, middle)
            else:
                return None, origin + side * inside

        def beyond(distance: float) -> float:
            return self.growth(origin + side * distance) - 1.0 if distance else -1.0

        met: Any = brentq(beyond, inside, step, xtol=1e-5 * step)
        return origin + side * float(met), None

    def _first_step(self, scale: float) -> float:
        """Where a quadratic would end, as far as the curvature tells."""
        j = self.squares.noise.white(self.best.jacobian)
        _, s, vt = np.linalg.svd(j, full_matrices=False)
        seen = s > 1e-10 * s.max(initial=0.0)
        variance = float(((vt[seen, self.k] / s[seen]) ** 2).sum())
        step = np.sqrt(self.allowed * variance)
        return float(step) if 0 < step < np.inf else 0.1 * scale
