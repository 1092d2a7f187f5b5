"""The equations of a cell made linear at a point: their Jacobian, and Newton's correction."""

from __future__ import annotations

import numpy as np

from vrest.numerics.stationary import NEWTON, Stationary
from vrest.system.assemble import System
from vrest.verbs.allowed import allowed_of
from vrest.verbs.searching import Proved, settling


def point_of(system: System, found: Proved, k: int) -> Stationary:
    """Lane k of a batch of points, in natural units."""
    y, correction = found.y[:, k], found.correction[:, k]
    size = allowed_of(system).sizes(y)
    jacobian = found.jacobian[..., k] * size[:, None] / size[None, :]
    correction = np.where(np.isfinite(correction), correction, 0.0)  # a singular Jacobian has none
    return Stationary(y, jacobian, correction, int(found.iterations[k]), bool(found.done[k]))


def linearised(system: System, p: np.ndarray, x0: np.ndarray, y: np.ndarray) -> Stationary:
    """The Jacobian at independent states y with the totals of x0, and Newton's correction there."""
    return point_of(system, settling(system)((x0[:, None], y[:, None], p[:, None]), (NEWTON, 1)), 0)._replace(y=y)
