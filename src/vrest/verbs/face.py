"""The state of a cell in which an ion is gone: where the motion leads when it uses up what does not come back.

The content of such an ion approaches zero and never is. With it exactly zero the others have equations of their own, a
face of the space of states; the cell comes to rest there if the face has a stable rest, if nothing brings the ion
back, and if what is left of it decays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vrest.system.assemble import System, shared
from vrest.units import from_si
from vrest.verbs.allowed import allowed_of
from vrest.verbs.linearised import linearised
from vrest.verbs.vanishing import COMES_BACK

STEPS, SMALL, FURTHEST = 40, 1e-13, 0.2
"""Steps of Newton's method on a face, its last correction, and the furthest that a step may lead, in scales."""


class Face(NamedTuple):
    """A stationary state without some ions."""

    gone: tuple[str, ...]
    """Their amounts, such as `inside.Na`."""
    state: np.ndarray
    """All states; exactly zero where an ion is gone."""
    correction: np.ndarray
    """(states,) what Newton's method would still change."""
    inside: NDArray[np.complex128]
    """Eigenvalues within the face, 1/s."""
    towards: NDArray[np.complex128]
    """With which what is left of the ions changes, 1/s; zero where the approach is algebraic."""
    jacobian: np.ndarray
    """Within the face, scaled."""


def gone_at(system: System, x: np.ndarray) -> list[int]:
    """The amounts that are exactly zero: the ions without which a certified state is what it is."""
    return [k for k, (kind, _) in enumerate(system.states) if kind == "amount" and x[k] == 0.0]


def faced(system: System, gone: list[int]) -> System:
    """The same equations with what is gone among the independent states, if a conserved total allows it."""
    names = [system.states[k][1] for k in gone]
    order = [*names, *(name for name in system.structure.abundance if name not in names)]
    return shared(replace(system.structure, abundance=tuple(order)), system.names) if gone else system


def face(system: System, p: np.ndarray, x0: np.ndarray, x: np.ndarray, gone: list[int]) -> Face | None:
    """The stationary state next to x, with the totals of x0, in which some amounts are exactly zero; None if none."""
    names = [system.states[k][1] for k in gone]
    system = faced(system, gone)
    rows = list(system.laws.independent)
    pinned = [rows.index(k) for k in gone if k in rows]
    if len(pinned) < len(gone):
        return None  # a conserved total says how much there is
    free = [i for i in range(len(rows)) if i not in pinned]
    _, c, matrix = system.split(x0, p)
    y = x[rows]
    y[pinned] = 0.0
    x = system.join(y, c, matrix)
    scale = allowed_of(system).sizes(y)
    jacobian = correction = np.zeros(0)
    for _ in range(STEPS):
        slope, jacobian = _linear(system, x, y, p)
        inner = jacobian[np.ix_(free, free)]
        if not (np.isfinite(inner).all() and np.isfinite(slope[free]).all()):
            return None
        correction = np.zeros(len(rows))
        try:
            correction[free] = scale[free] * np.linalg.solve(inner, -slope[free] / scale[free])
        except np.linalg.LinAlgError:
            return None
        if not np.all(np.abs(correction) <= FURTHEST * scale):
            return None
        y = y + correction
        x = system.join(y, c, matrix)
        if np.all(np.abs(correction) < SMALL * scale):
            break
    else:
        if not np.all(np.abs(correction) < 1e-9 * scale):
            return None
    if any(x[k] <= 0 for k in np.flatnonzero(allowed_of(system).positive) if k not in gone):
        return None
    slope, jacobian = _linear(system, x, y, p)
    if np.any(from_si(np.abs(slope[pinned]), "concentration_rate") > COMES_BACK):
        return None  # something brings it back, or goes on taking it
    outer = jacobian[np.ix_(pinned, pinned)]
    if not np.isfinite(outer).all():
        return None
    whole = np.zeros(len(x))
    whole[rows] = correction
    inner = jacobian[np.ix_(free, free)]
    return Face(
        tuple(names),
        x,
        whole,
        np.asarray(np.linalg.eigvals(inner), dtype=np.complex128),
        np.asarray(np.linalg.eigvals(outer), dtype=np.complex128),
        inner,
    )


def _linear(system: System, x: np.ndarray, y: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the independent states, and their Jacobian measured with `Allowed.scale`."""
    with np.errstate(all="ignore"):
        slope = system.derivative(x, p)[list(system.laws.independent)]
    size = allowed_of(system).sizes(y)
    return slope, linearised(system, p, x, y).jacobian * size[None, :] / size[:, None]
