"""What data cannot tell, why, and which measurement would tell most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.change import Change, parse_changes, targets
from vrest.model.paths import resolve
from vrest.shown import Drawn
from vrest.study.fit.estimate import AT_BOUND
from vrest.study.fit.models import Predictor, door_row, predictor
from vrest.study.fit.result import Fit, quantiles
from vrest.tables import Column, Table, number

Array = NDArray[np.float64]

FACTORS = (0.0, 0.1, 0.3, 3.0, 10.0, 30.0)
"""Of the present concentration: what is tried of each ion of the bath."""

IGNORANCE = np.log(1e3)
"""Standard deviation of the logarithm of what nothing is known about: it keeps expectations finite."""

USEFUL = np.log(3.0)
"""An unknown that would be known to within this factor can be learnt."""

UNFELT = 0.1
"""mV for a tenfold change: what moves V less in every row leaves no trace in the data."""


SOLVED = 1e-6
"""mV: a potential that the model gives differs less from it."""


@dataclass(frozen=True)
class Candidate(Drawn):
    """A measurement that could be made, and what it would be worth.

    >>> from vrest.study.fit.fit import fit
    >>> found = fit("frog_muscle", {"Ko": [10.0, 20.0, 40.0, 80.0], "Vm": [-74.6, -60.6, -46.0, -30.4]})
    >>> (one,) = next_measurement(found, "outside.K=2.5 mM")
    >>> one.conditions, one.after["P_Na/P_K"] < one.now["P_Na/P_K"]
    ({'compartments.outside.ions.K': 2.5}, True)
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:candidate_axes"
    methods: ClassVar[tuple[str, ...]] = ("Venzon1988", "Raue2009")

    change: str
    """As it was named."""
    conditions: Mapping[str, float]
    """What it sets, by path, door units."""
    now: Mapping[str, float]
    """Half-width of the interval of each unknown: a factor, or door units where the unknown may be negative; infinite
    where an end is open."""
    after: Mapping[str, float]
    """The same, to be expected with one more measurement."""

    def _cells(self) -> Iterable[Cell]:
        return ()

    def _brief(self) -> Iterable[str]:
        yield f"One more measurement, {self.change}: half-widths of the intervals"
        yield from (f"  {name}: {number(now)} -> {number(self.after[name])}" for name, now in self.now.items())

    def tables(self) -> tuple[Table, ...]:
        """Of each unknown the half-width of its interval now and after."""
        columns = (
            Column("unknown", "", list(self.now)),
            Column("now", "", list(self.now.values()), rounding=0.0),
            Column("after", "", [self.after[name] for name in self.now], rounding=0.0),
        )
        return (Table(columns, f"Half-widths of the intervals, before and after {self.change}"),)


def next_measurement(
    fit: Fit,
    candidates: str
    | Change
    | Mapping[str, Any]
    | Iterable[str | Change | Mapping[str, Any] | Iterable[str]]
    | None = None,
    parameter: str | None = None,
) -> list[Candidate]:
    """Which measurement would shrink the interval of an unknown most: candidates from best to worst.

    The information of the data, J'J over the variance, grows by that of one potential measured as well as the others;
    its inverse is the variance to expect. Unknowns that the data do not tell are taken to be what the cell says.

    Parameters
    ----------
    fit
        From `fit(...)`.
    candidates
        Changes such as `"outside.Cl=8 mM"`, or mappings of paths to values; several for one measurement as a list. By
        default each ion of the bath at 0, 0.1, 0.3, 3, 10 and 30 times what the cell has, as far as a salt of it
        stays iso-osmotic; an ion that the data exchanged for another is exchanged again.
    parameter
        The unknown that matters; by default the one that is known least.

    Returns
    -------
    list of Candidate
        Half-widths of the intervals `now` and `after`, from the best.

    Raises
    ------
    InputError
        `unknown_parameter`; `no_interval` (one potential without an error); `bad_candidate`; `no_prediction` (the
        model has no potential there); `no_candidates` (there is no bath); a change that cannot be read.

    >>> from vrest.study.fit.fit import fit
    >>> data = {"Ko": [10.0, 20.0, 40.0, 80.0], "Vm": [-74.6, -60.6, -46.0, -30.4]}
    >>> found = fit("frog_muscle", data, ["P_Na/P_K", "P_Cl/P_K"])
    >>> best = next_measurement(found, parameter="P_Cl/P_K")[0]
    >>> best.change, best.after["P_Cl/P_K"] < best.now["P_Cl/P_K"]
    ('outside.Cl=0 mM', True)
    """
    names = [each.name for each in fit.free]
    if parameter is not None and parameter not in names:
        path = parameter if "/" in parameter else resolve(fit.cell, parameter).path
        if path not in names:
            raise InputError(f"{parameter} was not free.", code="unknown_parameter", hint=near_miss(parameter, names))
        parameter = path
    if fit.exact:
        hint = "Measure a second potential, or give the sd of the first."
        raise InputError("There is no interval that a measurement could shrink.", code="no_interval", hint=hint)
    given: Any = [candidates] if isinstance(candidates, str | Change | Mapping) else candidates
    planned = _defaults(fit) if given is None else [_read(fit, each) for each in given]
    ranked = _ranked(fit, planned, parameter)
    if given is not None and len(ranked) < len(planned):
        lost = next(text for text, _ in planned if text not in [c.change for c in ranked])
        hint = "Leave it out, or choose another model."
        raise InputError(f"{lost}: the model {fit.model} has no potential there.", code="no_prediction", hint=hint)
    if not ranked:
        hint = 'Name some, such as "outside.Cl=8 mM".'
        raise InputError("There is no candidate for a next measurement.", code="no_candidates", hint=hint)
    return ranked


def _ranked(fit: Fit, planned: list[tuple[str, dict[str, float]]], parameter: str | None) -> list[Candidate]:
    """From best to worst, without those at which the model has no potential."""
    if not planned:
        return []
    names = [each.name for each in fit.free]
    conditions = fit.squares.predict.known.conditions
    more = [path for _, values in planned for path in values if path not in conditions]
    predict, rows = fit.squares.predict, fit.squares.rows
    if more:
        extra = tuple(dict.fromkeys(more))
        predict = predictor(fit.cell, fit.model, names, (*conditions, *extra))
        rows = np.hstack([rows, np.tile(door_row(fit.cell, extra), (len(rows), 1))])
    own = door_row(fit.cell, predict.known.conditions)
    place = {path: k for k, path in enumerate(predict.known.conditions)}
    wanted = np.tile(own, (len(planned), 1))
    for row, (_, values) in zip(wanted, planned, strict=True):
        for path, value in values.items():
            row[place[path]] = value
    now = _present(fit)
    after = np.minimum(_expected(fit, predict, rows, wanted), now)
    weight = names.index(parameter) if parameter else int(np.argmax(now))
    order = [k for k in np.argsort(after[:, weight], kind="stable") if not np.isnan(after[k]).any()]
    return [Candidate(planned[k][0], planned[k][1], _widths(fit, now), _widths(fit, after[k])) for k in map(int, order)]


def verdicts(fit: Fit) -> list[str]:
    """One sentence or two for each unknown."""
    found = []
    for k, each in enumerate(fit.free):
        if fit.exact:
            found.append(_exactly(fit, k))
            continue
        ends, level = fit.profiles[k], f"{number(100 * fit.level)} %"
        low, high = (None if end is None else float(each.outer(end)) for end in (ends.low, ends.high))
        unit = f" {each.unit}" if each.unit else ""
        value = float(each.outer(fit.optimum.inner[k]))
        if low is not None and high is not None:
            text = f"{each.label} = {number(value)}{unit}, {number(low)} to {number(high)} ({level})."
            if each.positive and high > 10 * low:
                text += f" Known only to within a factor of {number(np.sqrt(high / low), 2)}."
            found.append(text)
            continue
        stops = [float(each.outer(stop)) for stop in ends.stops if stop is not None]
        if low is None and high is None:
            text = f"{each.label} cannot be learnt from these data: {_reason(fit, k)}."
        elif high is not None:
            text = f"{each.label} has only an upper limit: below {number(high)}{unit} ({level})."
        else:
            text = f"{each.label} has only a lower limit: above {number(low)}{unit} ({level})."
        if fit.at_bound[k]:
            text += f" The best is {AT_BOUND[fit.at_bound[k]]}."
        if stops:
            edges = " and ".join(number(stop, 3) for stop in stops)
            text += f" Beyond {edges}{unit} some row has no potential in this model."
        found.append(f"{text} {_way_out(fit, k)}")
    return found


def _exactly(fit: Fit, k: int) -> str:
    """Of one potential without an error."""
    each = fit.free[k]
    best = AT_BOUND.get(fit.at_bound[k], f"{number(float(each.outer(fit.optimum.inner[k])))} {each.unit}".rstrip())
    if abs(fit.residuals[0]) > SOLVED:
        text = f"No {each.label} gives {number(fit.data.v[0])} mV; the nearest is {number(fit.predicted[0])} mV, "
        return f"{text}where it is {best}."
    text = f"{each.label} = {best}, without an interval: one potential without an error does not tell how sure it is. "
    return f"{text}Measure again, or give its sd."


def _reason(fit: Fit, k: int) -> str:
    """Why the profile of an unknown is flat."""
    felt = np.abs(fit.squares.predict(_nominal(fit), fit.squares.rows)[1])
    span = np.log(10.0) if fit.free[k].positive else fit.free[k].scale
    if np.nanmax(felt[:, k]) * span < UNFELT:
        return "no measured potential depends on it"
    scaled = fit.noise.white(fit.optimum.jacobian)
    least = np.linalg.svd(scaled)[2][-1]
    others = [f.label for j, f in enumerate(fit.free) if j != k and abs(least[j]) > 0.2 * abs(least[k])]
    if abs(least[k]) > 0.1 and others:
        return f"changes of {' and '.join(others)} make up for changes of it"
    return "the potentials depend on it too little for their errors"


def _way_out(fit: Fit, k: int) -> str:
    """The change of the bath that would tell, or that none would."""
    best = next(iter(_ranked(fit, _defaults(fit), fit.free[k].name)), None)
    width = np.inf if best is None else best.after[fit.free[k].name]
    if best is None or not _log(fit, k, width) < USEFUL:
        return "No change of one ion of a bath that was tried would tell."
    _, bath, _, ion = next(iter(best.conditions)).split(".")
    where = "outside" if bath == next(iter(fit.cell.membranes.values())).outside else f"in '{bath}'"
    reach = (
        f"within a factor of {number(width, 3)}"
        if fit.free[k].positive
        else f"to {number(width, 3)} {fit.free[k].unit}"
    )
    return f"It would take a change of {ion} {where}, such as {best.change}: then {reach}."


def _log(fit: Fit, k: int, width: float) -> float:
    """A half-width that can be compared among unknowns."""
    return float(np.log(width)) if fit.free[k].positive else width / fit.free[k].scale


def _nominal(fit: Fit) -> Array:
    """The unknowns where expectations are worked out: what is learnt as it was found, the rest as the cell has it."""
    own = np.array([each.inner(each.own) for each in fit.free])
    return np.array([x if fit.known_ends(k) == 2 else own[k] for k, x in enumerate(fit.optimum.inner)])


def _present(fit: Fit) -> Array:
    """(k,) half-widths of the intervals, as the optimiser sees the unknowns; infinite where an end is open."""
    ends = [(p.low, p.high) for p in fit.profiles]
    return np.array([np.inf if a is None or b is None else (b - a) / 2 for a, b in ends])


def _expected(fit: Fit, predict: Predictor, rows: Array, wanted: Array) -> Array:
    """(m, k) half-widths to expect after each candidate, as the optimiser sees the unknowns; NaN where V is none."""
    inner = _nominal(fit)
    ignorance = np.array([IGNORANCE if each.positive else 10 * each.scale for each in fit.free])
    # one more potential has the errors that all share: these are unknowns too, of which something is known
    shared = np.empty((len(rows), 0)) if fit.noise.shared is None else fit.noise.shared
    prior = np.diag(np.append(ignorance**-2.0, np.ones(shared.shape[1])))
    j = fit.noise.own(np.hstack([predict(inner, rows)[1], shared]))
    if not np.isfinite(j).all():
        return np.full((len(wanted), len(inner)), np.nan)
    known = j.T @ j / fit.variance + prior
    slope = predict(inner, wanted)[1]
    new = np.hstack([slope, np.tile(shared.mean(axis=0), (len(wanted), 1))])
    spread = fit.variance * (float(np.median(fit.noise.error if fit.noise.known else [1.0])) ** 2 + fit.noise.rho)
    grown = known + np.einsum("mk,ml->mkl", new, new) / spread
    good = np.isfinite(grown).all(axis=(1, 2))
    after = np.full(slope.shape, np.nan)
    expected = np.diagonal(np.linalg.inv(grown[good]), axis1=1, axis2=2)[:, : len(inner)]
    after[good] = quantiles(fit.level, fit.freedom) * np.sqrt(expected)
    return after


def _widths(fit: Fit, half: Array) -> dict[str, float]:
    """Half-widths for people."""
    found = {}
    for each, h in zip(fit.free, half, strict=True):
        limit = IGNORANCE if each.positive else 10 * each.scale
        found[each.name] = float("inf") if h > limit else float(np.exp(h)) if each.positive else float(h)
    return found


def _defaults(fit: Fit) -> list[tuple[str, dict[str, float]]]:
    """Each ion of the bath at some multiples of what the cell has."""
    cell = fit.cell
    baths = [name for name, space in cell.compartments.items() if space.kind == "bath"]
    paths = [p for p in fit.squares.predict.known.conditions if ".ions." in p and p.split(".")[1] in baths]
    exchanged = {c.parameter.path: c.exchange for c in fit.data.conditions if c.exchange}
    found = []
    for path in paths:
        parameter = resolve(cell, path)
        _, bath, _, ion = path.split(".")
        valence, most = cell.valence()[ion], cell.osmolarity(bath) / 2
        for factor in FACTORS if valence else ():
            value = factor * float(parameter.value)
            floor = (
                "zero" if factor == 0.0 and valence > 0 else ""
            )  # without a cation its Nernst potential is undefined
            if value > most or floor:
                continue
            text = f"{bath}.{ion}={number(value)} mM {exchanged.get(path, '')}".rstrip()
            try:
                found.append(_read(fit, text))
            except InputError:
                continue  # too little of the ion that it is exchanged for
    return found


def _read(fit: Fit, wanted: Any) -> tuple[str, dict[str, float]]:
    """A candidate and the values it sets, door units by path."""
    changes = parse_changes(wanted)
    now: dict[str, Any] = {}
    for change in changes:
        if change.over:
            raise InputError(f"'{change}' takes time.", code="bad_candidate", hint="Give where it ends.")
        now |= targets(fit.cell, change, now)
    names = [each.name for each in fit.free] + [path for each in fit.free for path in each.paths]
    values = {}
    for path, value in now.items():
        if path in names:
            raise InputError(f"{path} is what the fit is to learn.", code="bad_candidate", hint="Change what is known.")
        values[path] = float(resolve(fit.cell, path).door(value))
    return ", ".join(_text(fit, change) for change in changes), values


def _text(fit: Fit, change: Change) -> str:
    if change.operation != "set" or isinstance(change.value, str):
        return str(change)
    return f"{change.path}={number(change.value, 6)} {resolve(fit.cell, change.path).unit}".rstrip()
