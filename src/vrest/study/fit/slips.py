"""What a person may have slipped on, told from potentials and fit: a sign, a unit; and residuals with a trend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vrest.model.notice import Notice
from vrest.study.fit.least_squares import Squares, net
from vrest.study.fit.measured import Measured
from vrest.study.fit.noise import Noise
from vrest.study.junction.configuration import configuration
from vrest.tables import joined, number

Array = NDArray[np.float64]

FAR, BETTER = 10.0, 1.5
"""A fit that is off by more mV (root mean square) is tried with each slip, which must do so many times better."""

SMALLEST, LARGEST = 0.25, 500.0
"""mV: potentials that are all smaller, or all larger, were written in another unit."""

TREND_LEVEL = 0.01
"""Of the test for a trend: so often residuals without one are told to have one."""

LEAST_FREEDOM = 3
"""Residuals with less freedom than this have no course that one could call a trend."""

ROUNDING = 1e-6
"""mV: residuals so small have no trend."""


def unlike(measured: Array, computed: Array) -> list[Notice]:
    """What potentials (rows,) mV that were measured look like beside those of the cell as it is: without sign, in V."""
    size, found = np.abs(measured), []
    if (np.sign(measured) == -np.sign(computed)).all() and len({*np.sign(measured)}) == 1:
        has, should = ("positive", "negative") if measured[0] > 0 else ("negative", "positive")
        text = (
            f"all measured potentials are {has} where the model has them {should} ({_range(computed)} mV with the "
            "cell's own values): V is inside minus outside; turn their sign if it was lost"
        )
        found.append(Notice("sign_slip", text))
    if size.max() < SMALLEST and np.median(np.abs(computed)) > 20 * SMALLEST:
        text = f"all measured potentials are within {number(size.max(), 2)} mV of 0: if they are in V, write 'Vm (V)'"
        found.append(Notice("unit_slip", text))
    elif size.min() > LARGEST:
        text = f"all measured potentials are beyond {number(LARGEST)} mV: if they are in µV, write 'Vm (µV)'"
        found.append(Notice("unit_slip", text))
    return found


def slips(data: Measured, squares: Squares, residuals: Array) -> list[Notice]:
    """What would make the fit far better, or the potentials likely: a sign turned, no junction, V or M for mV or mM."""
    own = net(squares.predict)[0]
    before = data.v - squares.at(own).residuals  # of the cell as it is
    found = unlike(data.v, before)
    off = _rms(residuals)
    if off > FAR and not found:
        tried = {slip: _rms(trial.least(own).residuals) for slip, trial in _trials(data, squares)}
        code, text = least = min(tried, key=lambda slip: tried[slip])
        if tried[least] * BETTER < off:
            near = number(round(tried[least], 3), 3)
            better = f"the model misses the potentials by {number(off, 3)} mV, and by {near} mV if "
            found.append(Notice(code, better + text))
    return found


def _trials(data: Measured, squares: Squares) -> Iterator[tuple[tuple[str, str], Squares]]:
    """Each slip, its code and in words, and the least squares without it."""
    yield ("sign_slip", "their sign is turned: V is inside minus outside"), replace(squares, v=-squares.v)
    few = np.flatnonzero(np.sign(data.v) == -np.sign(np.median(data.v)))
    if len(few):
        rows = f"row {few[0] + 1}" if len(few) == 1 else f"rows {joined([str(k + 1) for k in few])}"
        turned = squares.v.copy()
        turned[few] *= -1
        text = f"the sign of {rows} is turned: V is inside minus outside"
        yield ("sign_slip", text), replace(squares, v=turned)
    if data.junction is not None:
        rule = configuration(data.configuration)
        for off, text in (
            (0.0, "nothing is taken off them: say --ljp 0 (ljp=0) if they are corrected"),
            (-data.junction, "the sign of the junction is turned: it is the potential of the bath minus the pipette's"),
        ):
            yield ("junction_slip", text), replace(squares, v=rule.potential(data.read, off))
    paths = squares.predict.known.conditions
    for c in data.conditions[: data.own]:
        if c.parameter.path in paths and ".ions." in c.parameter.path and c.door.any():
            for factor, unit in ((1e3, "M"), (1e-3, "µM")):
                rows = squares.rows.copy()
                rows[:, paths.index(c.parameter.path)] *= factor
                text = f"{c.name} is in {unit}: write the unit into its name"
                yield ("unit_slip", text), replace(squares, rows=rows)


def _rms(residuals: Array) -> float:
    return float(np.sqrt(np.mean(residuals**2))) if np.isfinite(residuals).all() else np.inf


def _range(v: Array) -> str:
    low, high = number(v.min(), 3), number(v.max(), 3)
    return low if low == high else f"{low} to {high}"


def trend(data: Measured, noise: Noise, residuals: Array, left: Array) -> tuple[str, float, float] | None:
    """Whether residuals follow what was varied: its name, Durbin and Watson's d along it, and how likely less is.

    d = sum (r_j+1 - r_j)^2 / sum r_j^2 of the whitened residuals, those at one value together, is about 2 without a
    trend. Its distribution is that of a ratio of quadratic forms in the errors, from which a fit leaves `left` (n, n):
    exact for few potentials too, by Imhof's integral. Durbin and Watson 1950, Biometrika 37:409,
    doi:10.1093/biomet/37.3-4.409; Imhof 1961, Biometrika 48:419, doi:10.1093/biomet/48.3-4.419.
    """
    axis = data.axis
    if axis is None or _rms(residuals) < ROUNDING:
        return None
    values, place = np.unique(axis.values, return_inverse=True)
    together = (place.ravel() == np.arange(len(values))[:, None]).astype(float)
    together /= np.sqrt(together.sum(axis=1, keepdims=True))
    steps = np.diff(np.eye(len(values)), axis=0)
    along = together @ noise.white(residuals)
    d = float(((steps @ along) ** 2).sum() / (along**2).sum())
    form = together.T @ (steps.T @ steps - d * np.eye(len(values))) @ together
    if np.linalg.matrix_rank(together @ left, tol=1e-6) < LEAST_FREEDOM:
        return None
    return axis.name, d, _negative(np.linalg.eigvalsh(left @ form @ left).astype(np.float64))


def _negative(roots: Array) -> float:
    """P(sum roots z^2 < 0) of independent normal z, three at least: Imhof's integral over the logarithm of u."""
    step = 0.125
    scaled = np.outer(np.exp(np.arange(-40.0, 40.0, step)), roots / np.abs(roots).max())
    damped = np.sin(0.5 * np.arctan(scaled).sum(axis=1)) * np.exp(-0.25 * np.log1p(scaled**2).sum(axis=1))
    return min(max(0.5 - float(damped.sum()) * step / np.pi, 0.0), 1.0)
