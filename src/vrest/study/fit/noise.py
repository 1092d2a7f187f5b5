"""How sure the measurements are: known errors, errors told by the scatter, and cells that differ by an offset.

The errors of n potentials have the covariance s2 (D + rho Z Z'): D the squares of their standard errors, Z which cell
each was measured in, rho s2 the variance of the offset that all potentials of one cell share. s2 is 1 where the errors
are known.

Means of n measurements with an SD or SEM that those measurements told (`Repeats`) are what is left of a table of all of
them: they weigh by n, as that table would, and not by the inverse squares of their errors, which chance makes small
where n is 3. Their errors are then each row's own, with its n - 1 degrees of freedom (Satterthwaite; Welch 1947).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.study.fit.measured import Measured

Array = NDArray[np.float64]

ROUNDING = 1e-9
"""mV: a scatter is not estimated as less, not even from potentials that were computed."""

LARGEST_RATIO = 1e6
"""Of the variance between cells to that within."""


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

    def white(self, values: Array) -> Array:
        """Values (n,) or (n, k) times the inverse root of D + rho Z Z': their errors are then equal and independent."""
        found = (values.T / self.error).T
        if self.rho == 0.0:
            return found
        for rows in self.groups:
            u = 1 / self.error[rows]
            size = u @ u
            share = (1 - 1 / np.sqrt(1 + self.rho * size)) / size
            found[rows] -= share * np.tensordot(u, u @ found[rows], axes=0)
        return found

    @property
    def log_determinant(self) -> float:
        """ln |D + rho Z Z'|."""
        between = sum(np.log1p(self.rho * (self.error[rows] ** -2.0).sum()) for rows in self.groups)
        return float(2 * np.log(self.error).sum() + between)

    def variance(self, residuals: Array, unknowns: int) -> float:
        """s2: 1, or what the scatter of the residuals tells with their degrees of freedom, if it has any."""
        if self.known or len(residuals) == unknowns:
            return 1.0
        return max(float((self.white(residuals) ** 2).sum() / (len(residuals) - unknowns)), ROUNDING**2)

    def deviance(self, residuals: Array) -> float:
        """-2 ln L of the residuals, s2 at its most likely where it is unknown."""
        n, chi2 = len(residuals), float((self.white(residuals) ** 2).sum())
        if self.repeats:  # as of the table of all measurements
            every = n + self.repeats.within
            return every * (np.log(2 * np.pi * self.repeats.scatter**2 * (chi2 + self.repeats.within) / every) + 1)
        if self.known:
            return chi2 + n * np.log(2 * np.pi) + self.log_determinant
        return n * np.log(2 * np.pi * max(chi2 / n, ROUNDING**2)) + n + self.log_determinant

    def most_likely(self, residuals: Array, jacobian: Array | None) -> Noise:
        """With rho at its most likely; with a jacobian (n, k), restricted likelihood (REML), which is not biased.

        Patterson and Thompson 1971, Biometrika 58:545, doi:10.1093/biomet/58.3.545.
        """
        if not self.groups:
            return self
        from scipy.optimize import minimize_scalar

        def deviance(log_rho: float) -> float:
            trial = replace(self, rho=float(np.exp(log_rho)))
            return trial.deviance(residuals) if jacobian is None else trial.restricted(residuals, jacobian)

        grid = np.linspace(np.log(1e-6), np.log(LARGEST_RATIO), 15) - np.log((self.error**-2.0).mean())
        values = [deviance(g) for g in grid]
        k = int(np.argmin(values))
        low, high = grid[max(k - 1, 0)], grid[min(k + 1, len(grid) - 1)]
        best: Any = minimize_scalar(deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-5})
        nothing = replace(self, rho=0.0)
        still = nothing.deviance(residuals) if jacobian is None else nothing.restricted(residuals, jacobian)
        return nothing if still <= best.fun else replace(self, rho=float(np.exp(best.x)))

    def restricted(self, residuals: Array, jacobian: Array) -> float:
        """-2 ln of the restricted likelihood, constants left out; residuals at the nearest linear optimum."""
        r, j = self.white(residuals), self.white(jacobian)
        q, upper = np.linalg.qr(j)
        left = r - q @ (q.T @ r)
        chi2, free = float(left @ left), len(r) - j.shape[1]
        size = np.abs(np.diag(upper))
        seen = size > 1e-12 * size.max(initial=0.0)
        total = self.log_determinant + 2 * float(np.log(size[seen]).sum())
        return total + (chi2 if self.known else free * np.log(max(chi2 / free, ROUNDING**2)))

    def covariance(self, jacobian: Array, inverse: Array, variance: float) -> Array:
        """(k, k) of the unknowns, from the inverse of the information in the whitened jacobian."""
        if self.repeats is None:
            return variance * inverse
        gain = inverse @ (self.white(jacobian).T / self.error)
        return (gain * self.repeats.error**2) @ gain.T

    def freedom(self, jacobian: Array, covariance: Array, variance: float) -> Array:
        """(k,) degrees of freedom of each unknown; infinite where the errors are known and cells do not differ.

        With offsets they lie between cells - 1 and n - k, by Satterthwaite's approximation: 2 C^2/Var(C) of each
        variance C, from the information about s2 and the variance between cells; 1 at least. Satterthwaite 1946,
        Biometrics Bulletin 2:110, doi:10.2307/3002019.
        """
        n, k = jacobian.shape
        if self.repeats:
            j = self.white(jacobian)
            parts = (np.linalg.pinv(j, rcond=1e-10) / self.error * self.repeats.error) ** 2
            spread = (parts**2 / self.repeats.freedom).sum(axis=1)
            return np.where(spread > 0, parts.sum(axis=1) ** 2 / np.maximum(spread, 1e-300), self.repeats.within)
        if not self.groups:
            return np.full(k, np.inf if self.known else n - k)
        z = np.zeros((n, len(self.groups)))
        for column, rows in enumerate(self.groups):
            z[rows, column] = 1.0
        parts = [z @ z.T] if self.known else [np.diag(self.error**2), z @ z.T]
        inverse = np.linalg.inv(variance * (np.diag(self.error**2) + self.rho * (z @ z.T)))
        gain = covariance @ jacobian.T @ inverse
        projection = inverse - inverse @ jacobian @ gain
        slopes = np.array([np.diag(gain @ part @ gain.T) for part in parts])
        moved = [projection @ part for part in parts]
        information = np.array([[0.5 * np.trace(a @ b) for b in moved] for a in moved])
        spread = np.einsum("ak,ab,bk->k", slopes, np.linalg.pinv(information), slopes)
        return np.maximum(2 * np.diag(covariance) ** 2 / np.maximum(spread, 1e-300), 1.0)


def noise_of(data: Measured) -> Noise:
    """The errors of the data, offsets between cells still at nothing."""
    labels = np.array(data.cells)
    groups = [np.flatnonzero(labels == name) for name in dict.fromkeys(data.cells)]
    if len(groups) < 2 or max(map(len, groups)) < 2:  # an offset of every single potential is its error
        groups = []
    if data.counts is None or groups:
        return Noise(data.error, data.known, tuple(groups))
    own = np.where(np.isin(np.arange(len(data)), data.lent), 0.0, data.counts - 1)
    scatter = float(np.sqrt(np.average(data.counts * data.error**2, weights=own)))
    repeats = Repeats(data.error, np.where(own > 0, own, own.sum()), float(own.sum()), scatter)
    return Noise(scatter / np.sqrt(data.counts), True, repeats=repeats)
