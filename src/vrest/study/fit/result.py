"""What a fit found: estimates with their intervals and verdicts, residuals, and what to know before trusting them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.change import apply
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.numerics.compiler.fallback import Fallback
from vrest.shown import Drawn
from vrest.study.fit.correction import remarks, said, unsaid
from vrest.study.fit.estimate import Estimate, estimate_table
from vrest.study.fit.free import Free, path_values
from vrest.study.fit.least_squares import Optimum, Profile, Squares
from vrest.study.fit.measured import Measured
from vrest.study.fit.models import CITES, Model
from vrest.study.fit.noise import Noise, Repeats
from vrest.study.fit.slips import TREND_LEVEL, slips, trend
from vrest.tables import Column, Table, counted, number
from vrest.units import from_si
from vrest.verbs.slower import slower

Array = NDArray[np.float64]

UNLIKELY = 0.01
"""A misfit less probable than this is told."""


@dataclass(frozen=True)
class Fit(Drawn):
    """A model fitted to measured potentials. `str()` is a table, `as_dict()` is ready for JSON.

    >>> from vrest.study.fit.fit import fit
    >>> data = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-92.0, -62.1, -35.0, -5.4]}
    >>> found = fit("frog_muscle", data, model="mullins_noda")
    >>> list(found.values), found.residuals.shape, f"scatter {found.scatter:.2f} mV"
    (['P_Na/P_K'], (4,), 'scatter 0.24 mV')
    """

    drawn_by: ClassVar[str] = "vrest.plot.fit:fit_axes"
    methods: ClassVar[tuple[str, ...]] = ("Venzon1988", "Raue2009", "Hurvich1989", "Virtanen2020")

    cell: Cell
    """The cell that the fit began with, and in it what was the same in every row of the data."""
    model: Model
    """Its name."""
    data: Measured
    """The potentials (mV), their errors, and what was set in each row."""
    level: float
    """Of the intervals."""
    squares: Squares
    """What was minimised: the model, the rows and the errors."""
    optimum: Optimum
    """The unknowns at the least squares, with residuals and Jacobian."""
    profiles: tuple[Profile, ...]
    """One for each unknown: how the squares rise away from the least."""
    covariance: Array
    """(k, k) of the unknowns as they were fitted (logarithms of positive ones), from the curvature."""
    freedom: Array
    """(k,) degrees of freedom of each."""
    allowed: Array
    """(k,) what the squares may grow by within the interval of each."""
    verdicts: tuple[str, ...] = ()
    """What has been learnt of each unknown, in words."""
    fallbacks: tuple[Fallback, ...] = ()
    """What was left to XLA."""

    def _methods(self) -> tuple[str, ...]:
        between = ("Patterson1971", "Satterthwaite1946") if self.noise.estimated else ()
        recorded = self.data.recorded._methods() if self.data.recorded else ()
        return (*CITES[self.model], *self.methods, *between, *recorded)

    def _sources(self) -> Iterable[str]:
        return self.data.recorded._sources() if self.data.recorded else ()

    @property
    def free(self) -> tuple[Free, ...]:
        """The unknowns, in the order of all arrays."""
        return self.squares.predict.free

    @property
    def noise(self) -> Noise:
        """The errors of the measurements."""
        return self.squares.noise

    @property
    def values(self) -> dict[str, float]:
        """The unknowns at the least squares, door units."""
        return {each.name: float(each.outer(x)) for each, x in zip(self.free, self.optimum.inner, strict=True)}

    @property
    def told(self) -> dict[str, float | None]:
        """The values that say something: None where nothing is known of one, or it is where the search ends."""
        return {e.name: None if isinstance(e.best, str) else e.best for e in self.estimates}

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """One for each unknown, with its interval and its verdict."""
        found = []
        for k, (each, verdict) in enumerate(zip(self.free, self.verdicts, strict=True)):
            inner, ends = self.optimum.inner[k], self.profiles[k]
            value, spread = float(each.outer(inner)), float(np.sqrt(self.covariance[k, k]))
            error = (value * spread if each.positive else spread) if spread > 0 and self.known_ends(k) == 2 else None
            low, high = (None if end is None else float(each.outer(end)) for end in (ends.low, ends.high))
            told = verdict, self.at_bound[k]
            found.append(Estimate(each.name, each.unit, value, error, low, high, float(self.freedom[k]), *told))
        return tuple(found)

    @cached_property
    def at_bound(self) -> tuple[str, ...]:
        """(k,) `lower` or `upper` where going on to the end of the search makes the squares no larger, else empty."""
        found = []
        for k, (each, ends) in enumerate(zip(self.free, self.profiles, strict=True)):
            sides = [side for side, end in (("lower", ends.low), ("upper", ends.high)) if each.positive and end is None]
            found.append(
                next((side for side in sides if self._stays(k, side)), "") if len(sides) == 1 or self.exact else ""
            )
        return tuple(found)

    def _stays(self, k: int, side: str) -> bool:
        inner = self.optimum.inner.copy()
        inner[k] = self.free[k].limits[side == "upper"]
        return bool(self.squares.at(inner).squares <= self.optimum.squares + 1e-6 * self.allowed[k])

    @property
    def exact(self) -> bool:
        """Whether one potential without an error told the one unknown: a value, and no interval."""
        return not self.noise.known and len(self.data) == len(self.free)

    def known_ends(self, k: int) -> int:
        """How many ends of the interval of unknown `k` (from 0) are known."""
        return (self.profiles[k].low is not None) + (self.profiles[k].high is not None)

    @property
    def predicted(self) -> Array:
        """V of the model in each row, (n,) mV."""
        return self.data.v - self.optimum.residuals

    @property
    def residuals(self) -> Array:
        """(n,) measured minus predicted, mV."""
        return self.optimum.residuals

    @property
    def variance(self) -> float:
        """s2: of a single measurement, mV2, where the errors were estimated; else 1."""
        return self.noise.variance(self.residuals, len(self.free))

    @property
    def scatter(self) -> float | None:
        """Estimated standard deviation of one measurement, mV; None where the errors were known."""
        return None if self.noise.known or self.exact else float(np.sqrt(self.variance))

    @property
    def spread(self) -> Array:
        """(n,) standard error of each potential, mV: known, or from the scatter."""
        return self.data.error * (self.scatter or float(self.noise.known))

    @property
    def _by_chi2(self) -> bool:
        return self.noise.known and not self.noise.repeats

    @property
    def between_cells(self) -> float | None:
        """Estimated standard deviation of the offset between cells, mV; None where it was not asked."""
        return float(np.sqrt(self.variance * self.noise.rho)) if self.noise.groups else None

    @cached_property
    def aicc(self) -> float | None:
        """Akaike's criterion for small samples; None with too few data for it. Less is better, of the same data.

        -2 ln L + 2 p + 2 p (p + 1)/(n - p - 1), p the unknowns, those of the noise counted. Hurvich and Tsai 1989,
        Biometrika 76:297, doi:10.1093/biomet/76.2.297.
        """
        repeats = self.noise.repeats
        n = len(self.data) + (repeats.within if repeats else 0)
        p = len(self.free) + (not self.noise.known or repeats is not None) + bool(self.noise.groups)
        if n - p - 1 <= 0:
            return None
        deviance = self.noise.most_likely(self.residuals, None).deviance(self.residuals)
        return float(deviance + 2 * p + 2 * p * (p + 1) / (n - p - 1))

    @property
    def fitted_cell(self) -> Cell:
        """The cell with the fitted values in place."""
        found = path_values(self.free, [self.values[each.name] for each in self.free])
        return apply(self.cell, {path: float(value) for path, value in found.items()})

    def predict(self, rows: Array) -> tuple[Array, Array]:
        """V (n,) and its standard error from the unknowns (n,), mV.

        `rows`: (n, conditions) in door units, in the order of `squares.predict.known.conditions`.
        """
        v, slope = self.squares.predict(self.optimum.inner, rows)
        return v, np.sqrt(np.einsum("nk,kl,nl->n", slope, self.covariance, slope))

    @cached_property
    def misfit(self) -> tuple[float, float] | None:
        """A misfit and its probability if the model is right; None where nothing tells it.

        With known errors chi-square over its degrees of freedom; with means of n measurements the squares of the
        residuals over those that the rows' own errors let expect (Brown and Forsythe 1974, Technometrics 16:129,
        doi:10.1080/00401706.1974.10489158); else, where conditions were repeated, the F of what is left beyond the
        scatter among repeats.
        """
        from scipy.special import chdtrc, fdtrc

        n, k = self.optimum.jacobian.shape
        if self.noise.known and n <= k:
            return None
        if self.noise.repeats:
            return self._beyond(self.noise.repeats)
        if self.noise.known:
            return self.optimum.squares / (n - k), float(chdtrc(n - k, self.optimum.squares))
        _, place = np.unique(self.data.rows, axis=0, return_inverse=True)
        repeats = [np.flatnonzero(place.ravel() == j) for j in range(place.max() + 1)]
        pure, lack = n - len(repeats), len(repeats) - k
        if self.noise.groups or pure < 1 or lack < 1:
            return None
        weight = self.noise.error**-2.0
        means = [np.average(self.data.v[rows], weights=weight[rows]) for rows in repeats]
        among = sum((weight[r] * (self.data.v[r] - m) ** 2).sum() for r, m in zip(repeats, means, strict=True))
        if not among > 0:
            return None
        ratio = float((self.optimum.squares - among) / lack / (among / pure))
        return ratio, float(fdtrc(lack, pure, ratio))

    @cached_property
    def trend(self) -> tuple[str, float, float] | None:
        """What residuals may follow, Durbin and Watson's d along it, and the probability of less without a trend."""
        if self.exact:
            return None
        return trend(self.data, self.noise, self.residuals, left_over(self.noise.white(self.optimum.jacobian)))

    def _beyond(self, repeats: Repeats) -> tuple[float, float]:
        """The squares over what to expect of them, each with Satterthwaite's degrees of freedom."""
        from scipy.special import fdtrc

        root = self.noise.white(np.eye(len(self.data)))
        left = root.T @ left_over(self.noise.white(self.optimum.jacobian)) @ root
        own, common = repeats.error**2, self.noise.shared
        part = left * own if common is None else left * own + left @ common @ common.T
        expected = np.trace(part)
        lack = expected**2 / np.trace(part @ part)
        pure = expected**2 / ((np.diag(left) * own) ** 2 / repeats.freedom).sum()
        ratio = self.optimum.squares / expected
        return float(ratio), float(fdtrc(lack, pure, ratio))

    @cached_property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        slipped = slips(self.data, self.squares, self.residuals)
        conditions = {c.parameter.path: c.values for c in self.data.conditions}
        charged = left_charged(self.cell, conditions, lambda k: f"in row {k + 1}", flags=False)
        own = notices(self.cell)
        turned = any(each.code == "sides_look_swapped" for each in own)  # of one pipette both
        others = [each for each in remarks(self.data) if not (turned and each.code == "sides_look_swapped")]
        known = dict.fromkeys((*own, *others))
        found = [*known, *_errors(self), *unsaid(self), *slipped, *charged]
        follow = self.trend
        follows = follow is not None and follow[2] < TREND_LEVEL and not slipped
        how = f"follow {follow[0]} (Durbin-Watson {number(follow[1], 2)}, p = {number(follow[2], 1)})" if follow else ""
        if self.misfit is not None and self.misfit[1] < UNLIKELY:
            what = "the known errors allow" if self._by_chi2 else "the scatter among repeats allows"
            times, p = np.sqrt(self.misfit[0]), number(self.misfit[1], 1)
            text = f"the residuals are {times:.1f} times what {what} (p = {p}){f', and {how}' if follows else ''}: "
            found.append(Notice("poor_fit", text + "the model or the errors are wrong, and the intervals too narrow"))
        elif follows:
            found.append(Notice("trend", f"the residuals {how}: the model bends otherwise than the potentials"))
        return found + slower(self.fallbacks)

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; an open end is None, and so is a value that says nothing (`told`)."""
        misfit, junction, sure = self.misfit, self.data.junction, self.data.junction_sd
        return {
            "model": self.model,
            "n": len(self.data),
            "level": self.level,
            "parameters": [
                vars(e) | {"learnt": e.learnt, "value": self.told[e.name], "at_bound": e.at_bound or None}
                for e in self.estimates
            ],
            "errors": "repeats" if self.noise.repeats else "known" if self.noise.known else "estimated",
            "scatter": self.scatter,
            "between_cells": self.between_cells,
            "chi2": self.optimum.squares if self._by_chi2 else None,
            "misfit": None if misfit is None else {"ratio": misfit[0], "p": misfit[1]},
            "aicc": self.aicc,
            "starts": {"agreeing": self.optimum.agreeing, "all": self.optimum.started},
            "rows": [
                {"conditions": dict(zip(self.data.paths, map(float, row), strict=True))}
                | {"v": float(v), "predicted": float(p), "residual": float(r)}
                | ({} if junction is None else {"read": float(self.data.read[k]), "ljp": float(junction[k])})
                | ({} if sure is None else {"ljp_sd": float(sure[k])})
                | ({"cell": self.data.cells[k]} if self.data.cells else {})
                for k, (row, v, p, r) in enumerate(
                    zip(self.data.rows, self.data.v, self.predicted, self.residuals, strict=True)
                )
            ],
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one; each parameter carries its own, conditions are in door units."""
        potentials = ("scatter", "between_cells", "v", "predicted", "residual", "read", "ljp", "ljp_sd")
        return dict.fromkeys(potentials, "mV") | {
            "chi2": "1",
            "ratio": "1",
            "p": "1",
            "aicc": "1",
            "level": "1",
        }

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        celsius = number(from_si(self.cell.temperature, "temperature"))
        yield f"Fit of {self.model} to {counted(len(self.data), 'potential')} of '{self.cell.name}' at {celsius} degC"
        for e in self.estimates:
            words = e.best if isinstance(e.best, str) else ""
            yield f"  {e.verdict.replace(words, glued(words))}" if words else f"  {e.verdict}"
        if told := "; ".join(self._quality()):
            yield f"  {told}"
        if told := said(self.data):
            yield f"  {told}"

    def _quality(self) -> Iterable[str]:
        """How far the data are from the model."""
        if self.scatter is not None:
            yield glued(f"scatter {number(self.scatter, 3)} mV")
        if self.between_cells is not None:
            yield glued(f"offset between cells {number(self.between_cells, 3)} mV")
        if self.misfit is not None:
            what = "chi2/freedom" if self._by_chi2 else "lack of fit, F"
            yield f"{what} {number(self.misfit[0], 3)} (p = {number(self.misfit[1], 2)})"
        if self.aicc is not None:
            yield glued(f"AICc {number(self.aicc, decimals=2)}")

    def tables(self) -> tuple[Table, ...]:
        """The unknowns with their intervals, door units; row by row what was set, measured and predicted (mV)."""
        data = self.data
        columns = [Column(c.name, c.unit, c.door.tolist(), rounding=0.0) for c in data.conditions]
        columns += [Column("cell", "", list(data.cells))] if data.cells else []
        if data.junction is not None:
            columns += [Column("read", "mV", data.read.tolist(), decimals=2)]
            columns += [Column("LJP", "mV", data.junction.tolist(), decimals=2)]
        measured = {"measured": data.v, "predicted": self.predicted, "residual": self.residuals}
        columns += [Column(name, "mV", v.tolist(), decimals=2) for name, v in measured.items()]
        title = f"Unknowns, with {number(100 * self.level)} % intervals"
        found = estimate_table(self.estimates, title, [each.own for each in self.free])
        return found, Table(columns, "Measurements")

    def _printed(self) -> tuple[Table, ...]:
        found = self.tables()[0]
        if not any(e.standard_error for e in self.estimates):
            found = replace(found, columns=[c for c in found.columns if c.name != "standard error"])
        return (found,)


def left_over(jacobian: Array) -> Array:
    """(n, n) what a linear fit leaves of the errors of its potentials: residuals are this times the errors."""
    q, size, _ = np.linalg.svd(jacobian, full_matrices=False)
    q = q[:, size > 1e-10 * size.max(initial=0.0)]
    return np.eye(len(jacobian)) - q @ q.T


def quantiles(level: float, freedom: Array) -> Array:
    """(k,) two-sided quantiles of t, or of the normal distribution where the errors are known."""
    from scipy.special import ndtri, stdtrit

    share, finite = 0.5 + level / 2, np.isfinite(freedom)
    return np.where(finite, stdtrit(np.where(finite, freedom, 1.0), share), ndtri(share))


def _errors(found: Fit) -> list[Notice]:
    """What was not written of the errors."""
    notes, data = [], found.data
    for k in data.lent:
        text = (
            f"{data.where(k)} has no error: it was lent that of the other rows together, {number(data.error[k], 3)} mV"
        )
        notes.append(Notice("error_lent", text))
    if data.unsaid:
        text = "no head says whether the ± of the potentials is an SD or a SEM: it was taken as the error of each "
        notes.append(Notice("which_error", text + "potential, as a SEM is; write 'Vm ± SEM', or 'Vm ± SD' and n"))
    return notes
