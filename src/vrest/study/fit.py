"""`fit`: what measured potentials say about a cell, and what they cannot say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell, Notice
from vrest.model.change import apply
from vrest.study.fit_models import Model, Predictor, door_row, predictor
from vrest.study.free import Free, path_values
from vrest.study.least_squares import Optimum, Profile, Squares, profile
from vrest.study.measured import Measured, measured
from vrest.study.noise import Noise, noise_of
from vrest.verbs.rest import rest
from vrest.verbs.rest_all import Progress

Array = NDArray[np.float64]

RESTARTS = 8
"""A profile that comes upon a better point begins the fit again, so many times at most."""

SAME = 1e-6
"""mV: potentials of one resting state found in two ways differ less."""

UNLIKELY = 0.01
"""A misfit less probable than this is told."""


@dataclass(frozen=True)
class Estimate:
    """What the data say about one unknown, in its door unit."""

    name: str
    unit: str
    value: float
    """At the least squares; without meaning where neither end of the interval is known."""
    standard_error: float | None
    """From the curvature there, as `curve_fit` has it; None where an end of the interval is open."""
    low: float | None
    """Lower end of the profile-likelihood interval; None: open, the data set no limit."""
    high: float | None
    """Upper end, or None."""
    freedom: float
    """Degrees of freedom of the t quantile; infinite where the errors are known."""
    verdict: str
    """What has been learnt, in words."""

    @property
    def learnt(self) -> bool:
        """Whether both ends of the interval are known."""
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Fit:
    """A model fitted to measured potentials. `str()` is a table, `as_dict()` is ready for JSON."""

    cell: Cell
    """The cell that the fit began with, and in it what was the same in every row of the data."""
    model: Model
    data: Measured
    level: float
    squares: Squares
    optimum: Optimum
    profiles: tuple[Profile, ...]
    covariance: Array
    """(k, k) of the unknowns as they were fitted (logarithms of positive ones), from the curvature."""
    freedom: Array
    """(k,) degrees of freedom of each."""

    @property
    def free(self) -> tuple[Free, ...]:
        """The unknowns."""
        return self.squares.predict.free

    @property
    def noise(self) -> Noise:
        """The errors of the measurements."""
        return self.squares.noise

    @property
    def values(self) -> dict[str, float]:
        """The unknowns at the least squares, door units."""
        return {each.name: float(each.outer(x)) for each, x in zip(self.free, self.optimum.inner, strict=True)}

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """One for each unknown, with its interval and its verdict."""
        from vrest.study.identify import verdicts

        found = []
        for k, (each, verdict) in enumerate(zip(self.free, verdicts(self), strict=True)):
            inner, ends = self.optimum.inner[k], self.profiles[k]
            value, spread = float(each.outer(inner)), float(np.sqrt(self.covariance[k, k]))
            error = (value * spread if each.positive else spread) if spread > 0 and self.known_ends(k) == 2 else None
            low, high = (None if end is None else float(each.outer(end)) for end in (ends.low, ends.high))
            found.append(Estimate(each.name, each.unit, value, error, low, high, float(self.freedom[k]), verdict))
        return tuple(found)

    def known_ends(self, k: int) -> int:
        """How many ends of the interval of unknown k are known."""
        return (self.profiles[k].low is not None) + (self.profiles[k].high is not None)

    @property
    def predicted(self) -> Array:
        """(n,) mV."""
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
        return None if self.noise.known else float(np.sqrt(self.variance))

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
        n = len(self.data)
        p = len(self.free) + (not self.noise.known) + bool(self.noise.groups)
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
        """V (n,) at conditions (n, conditions) in door units, and its standard error from the unknowns. mV."""
        v, slope = self.squares.predict(self.optimum.inner, rows)
        return v, np.sqrt(np.einsum("nk,kl,nl->n", slope, self.covariance, slope))

    @cached_property
    def misfit(self) -> tuple[float, float] | None:
        """A misfit and its probability if the model is right.

        With known errors chi-square over its degrees of freedom; else, where conditions were repeated, the F of what
        is left beyond the scatter among repeats; None where neither is known.
        """
        from scipy.special import chdtrc, fdtrc

        n, k = self.optimum.jacobian.shape
        if self.noise.known:
            if n <= k:
                return None
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
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        found = _neutrality(self)
        if self.misfit is not None and self.misfit[1] < UNLIKELY:
            what = "the known errors" if self.noise.known else "the scatter among repeats"
            text = (
                f"the residuals are {np.sqrt(self.misfit[0]):.1f} times what {what} allow (p = {self.misfit[1]:.1g}): "
            )
            found.append(Notice("poor_fit", text + "the model or the errors are wrong, and the intervals too narrow"))
        return found

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; an open end is None, and so is the value where both are open."""
        misfit = self.misfit
        return {
            "model": self.model,
            "n": len(self.data),
            "level": self.level,
            "parameters": [
                vars(e) | {"learnt": e.learnt, "value": e.value if self.known_ends(k) else None}
                for k, e in enumerate(self.estimates)
            ],
            "errors": "known" if self.noise.known else "estimated",
            "scatter": self.scatter,
            "between_cells": self.between_cells,
            "chi2": self.optimum.squares if self.noise.known else None,
            "misfit": None if misfit is None else {"ratio": misfit[0], "p": misfit[1]},
            "aicc": self.aicc,
            "starts": {"agreeing": self.optimum.agreeing, "all": self.optimum.started},
            "rows": [
                {"conditions": dict(zip(self.data.paths, map(float, row), strict=True))}
                | {"v": float(v), "predicted": float(p), "residual": float(r)}
                | ({"cell": self.data.cells[k]} if self.data.cells else {})
                for k, (row, v, p, r) in enumerate(
                    zip(self.data.rows, self.data.v, self.predicted, self.residuals, strict=True)
                )
            ],
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one; each parameter carries its own, conditions are in door units."""
        return dict.fromkeys(("scatter", "between_cells", "v", "predicted", "residual"), "mV") | {
            "chi2": "1",
            "ratio": "1",
            "p": "1",
            "aicc": "1",
            "level": "1",
        }

    def __repr__(self) -> str:
        lines = [f"Fit of {self.model} to {len(self.data)} potentials of '{self.cell.name}'"]
        lines += [f"  {e.verdict}" for e in self.estimates]
        if self.scatter is not None:
            lines.append(f"  scatter {self.scatter:.3g} mV")
        return "\n".join(lines)

    __str__ = __repr__


def fit(
    cell: Cell,
    data: Any,
    free: str | Iterable[str] = ("P_Na/P_K",),
    model: str = "ghk",
    *,
    level: float = 0.95,
    progress: Progress | None = None,
) -> Fit:
    """Fit numbers of a cell to measured potentials, with intervals that say what is not known.

    Weighted least squares with exact derivatives, from the cell's own values and from the best points of a fixed net
    around them; positive numbers are fitted as logarithms.

    Parameters
    ----------
    cell
        A cell with one membrane; what is not free and not in the data keeps its numbers.
    data
        A table: a dictionary, a DataFrame, or `read_measurements(file)`. One column is the potential (`Vm`, mV, with
        the liquid junction potential corrected), `sd` or `sem` its error, `n` the measurements that a row is the mean
        of, `cell` the cell it comes from; the others are what was set: a bath concentration such as `Ko` or
        `outside.K`, any path, or a path and `*` for a factor. A name may end in its unit, and in `swap Na` or
        `with Cl` for what kept the bath neutral.
    free
        What to learn: paths (`"K_leak.permeability"`), or ratios of leaks (`"P_Na/P_K"`, `"g_Na/g_K"`): the first
        ion's leaks are scaled, the second's keep the cell's value. In the model `mullins_noda` also `"pump_ratio"`.
    model
        `ghk`, `mullins_noda`, `chord` (constant chord conductances, no pump): closed forms with the cell's contents.
        `instant`: the whole cell, contents frozen. `settled`: the whole cell at its resting state for each row.
    level
        Of the intervals.
    progress
        Called with the share of the unknowns that are done.

    Returns
    -------
    Fit
        Its `estimates` have values, intervals by profile likelihood and a verdict in words. Known errors (`sd`, `sem`)
        are taken as they are; otherwise the scatter is estimated and the intervals have t quantiles. Where several
        cells were measured, each may have an offset of its own (a random effect, REML), and the degrees of freedom
        count cells as far as they matter (Satterthwaite).

    Raises
    ------
    InputError
        A column, path or ratio that is not understood; a model that does not apply to the cell or does not use an
        unknown; fewer data than unknowns; a row in which the model has no potential.
    NoRestError
        `settled`: at the best values the cell does not rest in one of the rows.

    >>> from vrest.io.cellfile import load
    >>> data = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-92.0, -62.1, -35.0, -5.4]}
    >>> found = fit(load("frog_muscle"), data, "P_Na/P_K", "mullins_noda")
    >>> (e,) = found.estimates
    >>> print(f"{e.value:.4f}, {e.low:.4f} to {e.high:.4f}")
    0.0102, 0.0090 to 0.0115
    """
    if not isinstance(cell, Cell):
        raise InputError(f"The cell is a {type(cell).__name__}.", code="not_a_cell", hint='Use vrest.load("...").')
    if not 0 < level < 1:
        raise InputError(f"level is {level!r}.", code="out_of_range", hint="Choose a number such as 0.95.")
    table = measured(cell, data)
    same = {c.parameter.path: float(c.door[0]) for c in table.conditions if (c.values == c.values[0]).all()}
    cell = apply(cell, same)  # so that what is off in every row is off
    varied = [c for c in table.conditions if c.parameter.path not in same]
    predict = predictor(cell, model, free, tuple(c.parameter.path for c in varied))
    noise = noise_of(table)
    _enough(table, noise, predict)
    rows = np.tile(door_row(cell, predict.known.conditions), (len(table), 1))
    rows[:, : len(varied)] = np.array([c.door for c in varied]).T.reshape(len(table), len(varied))
    squares = Squares(predict, rows, table.v, noise)
    found = fitted(
        Fit(cell, predict.known.model, table, level, squares, squares.best(), (), np.empty(0), np.empty(0)), progress
    )
    if found.model == "settled":
        _certify(found)
    return found


def fitted(begun: Fit, progress: Progress | None = None) -> Fit:
    """The fit from its best point: offsets between cells, curvature, profiles."""
    squares, best = begun.squares, begun.optimum
    tell = progress or (lambda share: None)
    if not np.isfinite(best.squares):
        k = int(np.argmax(~np.isfinite(best.residuals)))
        hint = "Ask 'vrest rest' why, leave the row out, or choose another model."
        raise InputError(
            f"{begun.data.where(k)}: the model {begun.model} has no potential there.", code="no_prediction", hint=hint
        )
    for _ in range(RESTARTS):
        squares, best = _with_offsets(squares, best)
        variance = squares.noise.variance(best.residuals, len(squares.predict.free))
        covariance = variance * _inverse_information(squares.noise.white(best.jacobian))
        freedom = squares.noise.freedom(best.jacobian, covariance, variance)
        found = replace(begun, squares=squares, optimum=best, covariance=covariance, freedom=freedom)
        profiles = []
        for k, q in enumerate(quantiles(found)):
            profiles.append(profile(squares, best, k, variance * q * q))
            tell((k + 1) / len(squares.predict.free))
        better = [p.better for p in profiles if p.better is not None]
        if not better:
            return replace(found, profiles=tuple(profiles))
        best = squares.least(min(better, key=lambda o: o.squares).inner)
    raise NoRestError(
        "Every search for the least squares found less than the one before.",
        code="not_converged",
        hint="Free less, or start the cell nearer to what was measured.",
    )


def quantiles(found: Fit) -> Array:
    """(k,) two-sided quantiles of t, or of the normal distribution where the errors are known."""
    from scipy.special import ndtri, stdtrit

    share, finite = 0.5 + found.level / 2, np.isfinite(found.freedom)
    return np.where(finite, stdtrit(np.where(finite, found.freedom, 1.0), share), ndtri(share))


def _with_offsets(squares: Squares, best: Optimum) -> tuple[Squares, Optimum]:
    """The variance between cells and the unknowns, in turn until neither moves."""
    if not squares.noise.groups:
        return squares, best
    for _ in range(20):
        noise = squares.noise.most_likely(best.residuals, best.jacobian)
        still = abs(noise.rho - squares.noise.rho) <= 1e-4 * noise.rho
        squares = replace(squares, noise=noise)
        best = replace(squares.least(best.inner), agreeing=best.agreeing, started=best.started)
        if still:
            break
    return squares, best


def _inverse_information(j: Array) -> Array:
    """(J'J)^-1; what J does not see has no variance here: its interval is open, and the profile says so."""
    _, s, vt = np.linalg.svd(j, full_matrices=False)
    seen = s > 1e-10 * s.max(initial=0.0)
    return (vt[seen].T / s[seen] ** 2) @ vt[seen]


def _enough(table: Measured, noise: Noise, predict: Predictor) -> None:
    n, k = len(table), len(predict.free)
    least = k if noise.known and not noise.groups else k + 1 + bool(noise.groups)
    if n < least:
        names = ", ".join(each.name for each in predict.free)
        raise InputError(
            f"{n} potentials cannot tell {names}{'' if noise.known else ' and how much they scatter'}.",
            code="too_few_data",
            hint=f"Measure {least} at least, or free less.",
        )


def _certify(found: Fit) -> None:
    """At the best values every row must be a resting state that `rest` certifies, and the very one that was fitted."""
    cell, conditions = found.fitted_cell, found.squares.predict.known.conditions
    for k, (row, v) in enumerate(zip(found.squares.rows, found.predicted, strict=True)):
        rests = rest(cell, dict(zip(conditions, map(float, row), strict=True)))
        if not rests.outcome.is_rest:
            problem = f"{found.data.where(k)}: at the best values the cell does not rest: {rests.reason}"
            hint = "Leave the row out, or choose the model 'instant'."
            raise NoRestError(problem, code=rests.outcome.name, hint=hint)
        if abs(float(np.asarray(rests.v_rest)) - v) > SAME:
            problem = f"{found.data.where(k)}: two resting states, {v:.6f} and {rests.v_rest:.6f} mV."
            raise NoRestError(problem, code="not_converged", hint="Start the cell nearer to the measured states.")


def _neutrality(found: Fit) -> list[Notice]:
    """Whether what the data set leaves the bath charged, where the cell's own is neutral."""
    if any(notice.code == "bath_not_neutral" for notice in found.cell.notices()):
        return []
    bath = next(iter(found.cell.membranes.values())).outside
    valence, prefix = found.cell.valence(), f"compartments.{bath}.ions."
    charge = np.zeros(len(found.data))
    for c in found.data.conditions:
        if c.parameter.path.startswith(prefix):
            charge += valence[c.parameter.path.removeprefix(prefix)] * (c.values - c.parameter.value)
    worst = int(np.abs(charge).argmax())
    if abs(charge[worst]) <= 0.02 * found.cell.osmolarity(bath):
        return []
    text = f"{found.data.where(worst)} leaves the bath with {charge[worst]:+.3g} mM of charge; if another ion was "
    return [Notice("bath_not_neutral", text + "exchanged for it, say so in the column's name, as in 'Ko swap Na'")]
