"""How sure the measurements are: known errors, errors told by the scatter, and cells that differ by an offset.

The errors of n potentials have the covariance s2 (D + rho Z Z'): D the squares of their standard errors, Z which cell
each was measured in, rho s2 the variance of the offset that all potentials of one cell share. s2 is 1 where the errors
are known. To that comes L L' of errors whose size is known and that the potentials share, as those of the liquid
junction potential that was taken off them: all rest on the same mobilities.

Means of n measurements with an SD or SEM that those measurements told (`Repeats`) are what is left of a table of all of
them: they weigh by n, as that table would, and not by the inverse squares of their errors, which chance makes small
where n is 3. Their errors are then each row's own, with its n - 1 degrees of freedom (Satterthwaite; Welch 1947).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.study.fit.measured import Measured

Array = NDArray[np.float64]

ROUNDING = 1e-9
"""mV: a scatter is not estimated as less, not even from potentials that were computed."""

LARGEST_RATIO = 1e6
"""Of the variance between cells to that within."""

ROUNDS, UNMOVED = 30, 1e-4
"""Times that rho and s2 are estimated in turn at most, and what they then move by, relative."""


@dataclass(frozen=True)
class Repeats:
    """What the measurements behind each mean told of its error."""

    error: Array
    """(n,) standard errors, mV."""
    freedom: Array
    """(n,) of each of them."""
    within: float
    """Degrees of freedom of all of them."""
    scatter: float
    """Standard deviation of one measurement, from all rows together, mV."""


@dataclass(frozen=True)
class Noise:
    """The covariance of the errors. Build it with `noise_of`."""

    error: Array
    """(n,) standard errors, mV; relative where `known` is False."""
    known: bool
    groups: tuple[NDArray[np.intp], ...] = ()
    """Row numbers of each cell; empty where offsets are not considered."""
    rho: float = 0.0
    repeats: Repeats | None = None
    shared: Array | None = None
    """(n, r) L: what one standard deviation of each of r shared errors moves each potential by, mV."""
    s2: float = 1.0
    """mV2, where it is estimated beside shared errors: their covariance is relative to it."""

    def white(self, values: Array) -> Array:
        """Values (n,) or (n, k) times the inverse root of D + rho Z Z' + L L'/s2: their errors are then equal and
        independent.
        """
        found = self.own(values)
        if self._common is None:
            return found
        axes, sizes = self._common
        return found - axes @ ((1 - 1 / np.sqrt(1 + sizes**2)) * (axes.T @ found).T).T

    def own(self, values: Array) -> Array:
        """The same of D + rho Z Z' alone: without what the potentials share."""
        found = (values.T / self.error).T
        if self.rho == 0.0:
            return found
        for rows in self.groups:
            u = 1 / self.error[rows]
            size = u @ u
            share = (1 - 1 / np.sqrt(1 + self.rho * size)) / size
            found[rows] -= share * np.tensordot(u, u @ found[rows], axes=0)
        return found

    @cached_property
    def _common(self) -> tuple[Array, Array] | None:
        """Directions (n, r) and sizes (r,) of the shared errors among errors that are equal and independent."""
        if self.shared is None:
            return None
        axes, sizes, _ = np.linalg.svd(self.own(self.shared) / np.sqrt(self.s2), full_matrices=False)
        return axes, sizes

    @property
    def estimated(self) -> bool:
        """Whether there is more to estimate of it than one factor of all."""
        return bool(self.groups) or (self.shared is not None and not self.known)

    @property
    def log_determinant(self) -> float:
        """ln |D + rho Z Z' + L L'/s2|."""
        between = sum(np.log1p(self.rho * (self.error[rows] ** -2.0).sum()) for rows in self.groups)
        common = 0.0 if self._common is None else np.log1p(self._common[1] ** 2).sum()
        return float(2 * np.log(self.error).sum() + between + common)

    def variance(self, residuals: Array, unknowns: int) -> float:
        """s2: 1, or what the scatter of the residuals tells with their degrees of freedom, if it has any."""
        if self.known or len(residuals) == unknowns:
            return 1.0
        if self.shared is not None:
            return self.s2
        return max(float((self.white(residuals) ** 2).sum() / (len(residuals) - unknowns)), ROUNDING**2)

    def deviance(self, residuals: Array) -> float:
        """-2 ln L of the residuals, s2 at its most likely where it is unknown."""
        n, chi2 = len(residuals), float((self.white(residuals) ** 2).sum())
        if self.repeats:  # as of the table of all measurements
            every = n + self.repeats.within
            common = 0.0 if self._common is None else float(np.log1p(self._common[1] ** 2).sum())
            scale = self.repeats.scatter**2 * (chi2 + self.repeats.within) / every
            return every * (np.log(2 * np.pi * scale) + 1) + common
        if self.known or self.shared is not None:
            return chi2 / self.s2 + n * np.log(2 * np.pi * self.s2) + self.log_determinant
        return n * np.log(2 * np.pi * max(chi2 / n, ROUNDING**2)) + n + self.log_determinant

    def most_likely(self, residuals: Array, jacobian: Array | None) -> Noise:
        """With rho and s2 at their most likely; with a jacobian (n, k), restricted likelihood (REML), not biased.

        Patterson and Thompson 1971, Biometrika 58:545, doi:10.1093/biomet/58.3.545.
        """
        found = self
        for _ in range(ROUNDS if self.groups and self.shared is not None else 1):
            before = found
            found = found._with_rho(residuals, jacobian)._with_s2(residuals, jacobian)
            if found.is_near(before):
                break
        return found

    def is_near(self, other: Noise) -> bool:
        """Whether what is estimated differs by nothing that matters."""
        pairs = ((self.rho, other.rho), (self.s2, other.s2))
        return all(abs(now - before) <= UNMOVED * before for now, before in pairs)

    def _with_rho(self, residuals: Array, jacobian: Array | None) -> Noise:
        if not self.groups:
            return self
        middle = -np.log((self.error**-2.0).mean())
        grid = np.linspace(np.log(1e-6), np.log(LARGEST_RATIO), 15) + middle
        least, rho = _least(lambda rho: replace(self, rho=rho).minus_2_ln(residuals, jacobian), grid)
        nothing = replace(self, rho=0.0)
        return nothing if nothing.minus_2_ln(residuals, jacobian) <= least else replace(self, rho=rho)

    def _with_s2(self, residuals: Array, jacobian: Array | None) -> Noise:
        """Beside shared errors no factor of all is left that could be worked out of the squares."""
        if self.known or self.shared is None or (jacobian is not None and len(jacobian) <= jacobian.shape[1]):
            return self
        most = float((self.own(residuals) ** 2).mean())
        grid = np.log(max(most, ROUNDING**2)) + np.linspace(-12.0, 3.0, 16)
        _, s2 = _least(lambda s2: replace(self, s2=s2).minus_2_ln(residuals, jacobian), grid)
        return replace(self, s2=max(s2, ROUNDING**2))

    def minus_2_ln(self, residuals: Array, jacobian: Array | None) -> float:
        """-2 ln of the likelihood, or with a jacobian of the restricted one."""
        return self.deviance(residuals) if jacobian is None else self.restricted(residuals, jacobian)

    def restricted(self, residuals: Array, jacobian: Array) -> float:
        """-2 ln of the restricted likelihood, constants left out; residuals at the nearest linear optimum."""
        r, j = self.white(residuals), self.white(jacobian)
        q, upper = np.linalg.qr(j)
        left = r - q @ (q.T @ r)
        chi2, free = float(left @ left), len(r) - j.shape[1]
        size = np.abs(np.diag(upper))
        seen = size > 1e-12 * size.max(initial=0.0)
        total = self.log_determinant + 2 * float(np.log(size[seen]).sum())
        if self.known or self.shared is not None:
            return total + chi2 / self.s2 + free * np.log(self.s2)
        return total + free * np.log(max(chi2 / free, ROUNDING**2))

    def covariance(self, jacobian: Array, inverse: Array, variance: float) -> Array:
        """(k, k) of the unknowns, from the inverse of the information in the whitened jacobian."""
        if self.repeats is None:
            return variance * inverse
        gain = self._gain(jacobian, inverse)
        found = (gain * self.repeats.error**2) @ gain.T
        return found if self.shared is None else found + (gain @ self.shared) @ (gain @ self.shared).T

    def _gain(self, jacobian: Array, inverse: Array) -> Array:
        """(k, n) what the unknowns move by for each potential."""
        return inverse @ self.white(jacobian).T @ self.white(np.eye(len(self.error)))

    def freedom(self, jacobian: Array, covariance: Array, variance: float) -> Array:
        """(k,) degrees of freedom of each unknown; infinite where the errors are known and cells do not differ.

        With offsets they lie between cells - 1 and n - k, with shared errors, whose size is known, above n - k, by
        Satterthwaite's approximation: 2 C^2/Var(C) of each variance C, from the information about s2 and the variance
        between cells; 1 at least. Satterthwaite 1946, Biometrics Bulletin 2:110, doi:10.2307/3002019.
        """
        n, k = jacobian.shape
        if self.repeats:
            j = self.white(jacobian)
            gain = np.linalg.pinv(j, rcond=1e-10) @ self.white(np.eye(n))
            parts = (gain * self.repeats.error) ** 2
            spread = (parts**2 / self.repeats.freedom).sum(axis=1)
            every = parts.sum(axis=1) + (0.0 if self.shared is None else ((gain @ self.shared) ** 2).sum(axis=1))
            return np.where(spread > 0, every**2 / np.maximum(spread, 1e-300), self.repeats.within)
        if self.known and not self.groups:
            return np.full(k, np.inf)
        if not self.estimated or n <= k:
            return np.full(k, n - k)
        z = np.zeros((n, len(self.groups)))
        for column, rows in enumerate(self.groups):
            z[rows, column] = 1.0
        parts = ([] if self.known else [np.diag(self.error**2)]) + ([z @ z.T] if self.groups else [])
        root = self.white(np.eye(n))
        inverse = root.T @ root / variance
        gain = covariance @ jacobian.T @ inverse
        projection = inverse - inverse @ jacobian @ gain
        slopes = np.array([np.diag(gain @ part @ gain.T) for part in parts])
        moved = [projection @ part for part in parts]
        information = np.array([[0.5 * np.trace(a @ b) for b in moved] for a in moved])
        spread = np.einsum("ak,ab,bk->k", slopes, np.linalg.pinv(information), slopes)
        return np.maximum(2 * np.diag(covariance) ** 2 / np.maximum(spread, 1e-300), 1.0)


def _least(deviance: Callable[[float], float], grid: Array) -> tuple[float, float]:
    """The least of a function of a positive number, and where it is: the logarithm is near a point of a grid."""
    from scipy.optimize import minimize_scalar

    along = lambda x: deviance(float(np.exp(x)))  # noqa: E731
    k = int(np.argmin([along(x) for x in grid]))
    ends = (grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)])
    best: Any = minimize_scalar(along, bounds=ends, method="bounded", options={"xatol": 1e-5})
    return float(best.fun), float(np.exp(best.x))


def noise_of(data: Measured) -> Noise:
    """The errors of the data, offsets between cells still at nothing."""
    labels = np.array(data.cells)
    groups = [np.flatnonzero(labels == name) for name in dict.fromkeys(data.cells)]
    if len(groups) < 2 or max(map(len, groups)) < 2:  # an offset of every single potential is its error
        groups = []
    shared = data.shared if data.shared is not None and data.shared.any() else None
    if data.counts is None or groups:
        return Noise(data.error, data.known, tuple(groups), shared=shared)
    own = np.where(np.isin(np.arange(len(data)), data.lent), 0.0, data.counts - 1)
    scatter = float(np.sqrt(np.average(data.counts * data.error**2, weights=own)))
    repeats = Repeats(data.error, np.where(own > 0, own, own.sum()), float(own.sum()), scatter)
    return Noise(scatter / np.sqrt(data.counts), True, repeats=repeats, shared=shared)
