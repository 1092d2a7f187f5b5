"""`fit`: what measured potentials say about a cell, and what they cannot say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.change import apply
from vrest.numerics.compiler.fallback import fallbacks
from vrest.study.fit.correction import corrected
from vrest.study.fit.identify import verdicts
from vrest.study.fit.least_squares import Optimum, Squares, profile, unknown_ends
from vrest.study.fit.measured import Measured, measured, with_measured_first
from vrest.study.fit.models import Predictor, door_row, predictor
from vrest.study.fit.noise import Noise, noise_of
from vrest.study.fit.result import Fit, quantiles
from vrest.verbs.progress import Progress
from vrest.verbs.rest import rest

Array = NDArray[np.float64]

RESTARTS = 8
"""A profile that comes upon a better point begins the fit again, so many times at most."""

LEAST_LEVEL = 0.01
"""An interval of less says nothing, and has no width that could be found."""

SAME = 1e-6
"""mV: potentials of one resting state found in two ways differ less."""


def fit(
    cell: CellLike,
    data: Any,
    free: str | Iterable[str] = ("P_Na/P_K",),
    model: str = "ghk",
    *,
    level: float = 0.95,
    membrane: str | None = None,
    ljp: Any = None,
    config: str | None = None,
    progress: Progress | None = None,
) -> Fit:
    """Fit numbers of a cell to measured potentials, with intervals that say what is not known.

    Weighted least squares with exact derivatives, from the cell's own values and from the best points of a fixed net
    around them; positive numbers are fitted as logarithms.

    Parameters
    ----------
    cell
        As of `rest`; what is not free and not in the data keeps its numbers.
    data
        A table: a dictionary, a DataFrame, or `read_measurements(file)`. One column is the potential (`Vm`, mV; see
        `ljp`), `sd` or `sem` its error, `n` the measurements that a row is the mean of, `cell` the cell it comes
        from, `ljp` (and `ljp sd`) the junction to be taken off it; the others are what was set: a bath concentration
        such as `Ko` or `outside.K`, any path, or a path and `*` for a factor. A name may end in its unit, and in
        `swap Na` or `with Cl` for what kept the bath neutral. Potentials may be texts such as `"−118 ± 10"` under
        `Vm ± SEM`.
    free
        What to learn: paths (`"K_leak.permeability"`), or ratios of leaks (`"P_Na/P_K"`, `"g_Na/g_K"`): the first
        ion's leaks are scaled, the second's keep the cell's value. In the model `mullins_noda` also `"pump_ratio"`.
    model
        `ghk`, `mullins_noda`, `chord` (constant chord conductances, no pump): closed forms with the cell's contents.
        `instant`: the whole cell, contents frozen. `settled`: the whole cell at its resting state for each row.
    level
        Of the intervals.
    membrane
        The one that was measured, where the cell has several; a column `V_apical` says it too.
    ljp
        Liquid junction potential to be taken off, bath minus pipette: mV, a text such as `"15.9 ± 1"` (its standard
        deviation: an error that all potentials share); 0 where the potentials are corrected. Of what `vrest.ljp` found
        for the solutions of the cell it is worked out for each row, whose bath has a junction of its own; see
        `Cell.with_solutions`. A column `ljp`, or `Vm corrected` as the head, says it too. Where nothing does the fit
        asks, in its warnings.
    config
        How was recorded: `whole-cell` (where nothing is said), `outside-out`, `inside-out`, `perforated`, or `sharp`:
        an intracellular electrode, of which nothing is taken off.
    progress
        Called with the share of the unknowns that are done.

    Returns
    -------
    Fit
        Its `estimates` have values, intervals by profile likelihood and a verdict in words. Known errors (`sd`, `sem`)
        are taken as they are, and beside `n` as what so many measurements told of them: rows weigh by n, and the
        intervals have t quantiles (Welch, Satterthwaite). Without errors the scatter is estimated. Where several
        cells were measured, each may have an offset of its own (a random effect, REML), and the degrees of freedom
        count cells as far as they matter (Satterthwaite).

    Raises
    ------
    InputError
        No such cell; a column, path or ratio that is not understood; a model that does not apply to the cell or does
        not use an unknown; fewer data than unknowns; a row in which the model has no potential.
    NoRestError
        `settled`: at the best values the cell does not rest in one of the rows.

    >>> data = {"Ko": [2.5, 10.0, 30.0, 100.0], "Vm": [-92.0, -62.1, -35.0, -5.4]}
    >>> found = fit("frog_muscle", data, "P_Na/P_K", "mullins_noda")
    >>> (e,) = found.estimates
    >>> print(f"{e.value:.4f}, {e.low:.4f} to {e.high:.4f}")
    0.0102, 0.0090 to 0.0115
    """
    cell = load(cell)
    if not LEAST_LEVEL <= level < 1:
        raise InputError(f"level is {level!r}.", code="out_of_range", hint="Choose a number such as 0.95.")
    cell = with_measured_first(cell, data, membrane)
    table = corrected(cell, measured(cell, data), config, ljp)
    same = {c.parameter.path: float(c.door[0]) for c in table.conditions if (c.values == c.values[0]).all()}
    cell = apply(cell, same)  # so that what is off in every row is off
    varied = [c for c in table.conditions if c.parameter.path not in same]
    predict = predictor(cell, model, free, tuple(c.parameter.path for c in varied))
    noise = noise_of(table)
    _enough(table, noise, predict)
    rows = np.tile(door_row(cell, predict.known.conditions), (len(table), 1))
    rows[:, : len(varied)] = np.array([c.door for c in varied]).T.reshape(len(table), len(varied))
    squares = Squares(predict, rows, table.v, noise)
    with fallbacks() as heard:
        found = fitted(cell, table, squares, level, progress)
        if found.model == "settled":
            _certify(found)
    return replace(found, fallbacks=tuple(heard))


def fitted(cell: Cell, table: Measured, squares: Squares, level: float, progress: Progress | None = None) -> Fit:
    """The fit from the best of all starts: offsets between cells, curvature, profiles, verdicts."""
    best, model = squares.best(), squares.predict.known.model
    tell = progress or (lambda share: None)
    if not np.isfinite(best.squares):
        k = int(np.argmax(~np.isfinite(best.residuals)))
        hint = "Ask 'vrest rest' why, leave the row out, or choose another model."
        raise InputError(
            f"{table.where(k)}: the model {model} has no potential there.", code="no_prediction", hint=hint
        )
    for _ in range(RESTARTS):
        squares, best = _with_noise(squares, best)
        variance = squares.noise.variance(best.residuals, len(squares.predict.free))
        inverse = _inverse_information(squares.noise.white(best.jacobian))
        covariance = squares.noise.covariance(best.jacobian, inverse, variance)
        seen, spread = np.diag(inverse), np.diag(covariance)
        freedom = squares.noise.freedom(best.jacobian, covariance, variance)
        allowed = np.where(seen > 0, spread / np.where(seen > 0, seen, 1.0), variance)
        told = (freedom > 0).all()  # one potential without an error tells a value, and not how sure it is
        allowed = allowed * quantiles(level, freedom) ** 2 if told else allowed
        profiles = []
        for k, growth in enumerate(allowed):
            profiles.append(profile(squares, best, k, growth) if told else unknown_ends(best, k))
            tell((k + 1) / len(squares.predict.free))
        better = [p.better for p in profiles if p.better is not None]
        if not better:
            found = Fit(cell, model, table, level, squares, best, tuple(profiles), covariance, freedom, allowed)
            return replace(found, verdicts=tuple(verdicts(found)))
        best = squares.least(min(better, key=lambda o: o.squares).inner)
    raise NoRestError(
        "Every search for the least squares found less than the one before.",
        code="not_converged",
        hint="Free less, or start the cell nearer to what was measured.",
    )


def _with_noise(squares: Squares, best: Optimum) -> tuple[Squares, Optimum]:
    """What is estimated of the errors and the unknowns, in turn until neither moves."""
    if not squares.noise.estimated:
        return squares, best
    for _ in range(20):
        noise = squares.noise.most_likely(best.residuals, best.jacobian)
        still = noise.is_near(squares.noise)
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
    least = k if not noise.groups and (noise.known or n == k == 1) else k + 1 + bool(noise.groups)
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
        told: Any = rests.v_rest
        rested = float(np.asarray(told[next(iter(cell.membranes))] if isinstance(told, dict) else told))
        if abs(rested - v) > SAME:
            problem = f"{found.data.where(k)}: two resting states, {v:.6f} and {rested:.6f} mV."
            raise NoRestError(problem, code="not_converged", hint="Start the cell nearer to the measured states.")
