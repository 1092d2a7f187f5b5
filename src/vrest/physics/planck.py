"""The stationary Nernst-Planck equations of a liquid junction on a mesh, and Newton's method on them.

Ions diffuse through the junction and drift in its field; nothing accumulates, no current flows, no net charge is left:

    J_i = -u_i c_i d(ln c_i + ln gamma_i + z_i phi)/dx = const,  sum of z_i J_i = 0,  sum of z_i c_i = 0

with phi in RT/F. The way through it is counted by y from 0 to 1, dx = S dy, S = sum of z^2 c. For given S(y) and phi(y)
every concentration is then known, and positive: with psi = z phi + ln gamma,

    c(y) = exp(-psi(y)) [c0 exp(psi(0)) (1 - theta(y)) + c1 exp(psi(1)) theta(y)]
    theta(y) = integral from 0 to y of exp(psi) S / total,  total = integral from 0 to 1
    J/u = (c0 exp(psi(0)) - c1 exp(psi(1))) / total

Without activities phi is linear in y, as neutrality makes d(phi)/dy = -sum of z J/u. Unknown are then ln S at the inner
nodes and phi(1), and the equations are S = sum of z^2 c at these nodes and no current. With activities, a function of
the ionic strength S/2, phi is unknown at every node, and neutrality at the inner ones joins the equations.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial.chebyshev import chebint, chebval, chebvander
from numpy.typing import NDArray

from vrest.physics.activity import davies_log_gamma, davies_slope

Reals = NDArray[np.float64]

DEGREE = 12
"""Of the polynomial on each panel of a mesh."""

MOST_STEPS = 60
"""Newton steps before a mesh is given up; 3 are common."""

LAST_STEP = 1e-6
"""A Newton step shorter than this, in RT/F and in ln S, is the last: its square is what is left."""

LEAST_SHARE = 1e-4
"""A step is halved until less is left over; below this share of it the mesh is given up."""


class Ions(NamedTuple):
    """The two sides: valences, mobilities, concentrations, shape (n,); K; whether activities count."""

    z: Reals
    u: Reals
    c0: Reals
    c1: Reals
    temperature: float
    active: bool


class Mesh(NamedTuple):
    """Nodes y from 0 to 1, shape (m,), and the integrals from 0 to each (`before`) and from each to 1 (`after`)."""

    y: Reals
    before: Reals
    after: Reals


class State(NamedTuple):
    """What follows from phi and ln S at the nodes."""

    phi: Reals
    ln_s: Reals
    c: Reals
    """Concentrations, shape (n, m)."""
    decay: Reals
    """exp(-psi), shape (n, m)."""
    weight: Reals
    """exp(psi) S, shape (n, m)."""
    total: Reals
    """Its integral from 0 to 1, shape (n,)."""
    theta: Reals
    """Shape (n, m)."""
    far: Reals
    """c1 exp(psi(1)), shape (n,)."""
    slope: Reals
    """-J/u, shape (n,)."""
    gamma_slope: Reals
    """d ln(gamma)/d ln(S) of an ion of valence 1, shape (m,)."""
    current_scale: float
    residual: Reals
    """Of ln S, of the charge over S where activities count, and of the current over its scale."""


@cache
def mesh_of(panels: int) -> Mesh:
    """Chebyshev's nodes on equal panels.

    Integrals are sums over panels, so that one keeps its digits where exp(psi) S falls by many orders of magnitude.
    """
    x = -np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)
    within = chebval(x, chebint(np.linalg.inv(chebvander(x, DEGREE)), lbnd=-1)).T / 2.0 / panels
    nodes = panels * DEGREE + 1
    y, before, after = np.zeros(nodes), np.zeros((nodes, nodes)), np.zeros((nodes, nodes))
    for first in range(0, panels * DEGREE, DEGREE):
        last = first + DEGREE
        here = slice(first, last + 1)
        y[here] = (first / DEGREE + (x + 1.0) / 2.0) / panels
        before[first + 1 : last + 1, here] += within[1:]
        before[last + 1 :, here] += within[-1]
        after[first:last, here] += within[:0:-1, ::-1]
        after[:first, here] += within[-1]
    return Mesh(y, before, after)


def newton(ions: Ions, mesh: Mesh, phi: Reals, ln_s: Reals) -> tuple[State | None, int]:
    """The solution on a mesh, or None, and the Newton steps taken.

    ions: the two sides. mesh: of `mesh_of`. phi (RT/F), ln_s: a start at its nodes, shape (m,).

    >>> salt = Ions(np.array([1.0, -1.0]), np.array([1.0, 3.0]), np.ones(2), np.e * np.ones(2), 298.15, False)
    >>> mesh = mesh_of(2)
    >>> solved, steps = newton(salt, mesh, 0.0 * mesh.y, np.log(2.0) + mesh.y)
    >>> round(float(solved.phi[-1]), 9)  # (u- - u+)/(u- + u+) ln(c1/c0)
    0.5
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what is not finite is refused
        at = _state(ions, mesh, phi, ln_s)
        for taken in range(1, MOST_STEPS + 1):
            step = _step(ions, mesh, at) if at else None
            if at is None or step is None:
                return None, taken
            if np.max(np.abs(step)) < LAST_STEP:
                solved = _moved(ions, mesh, at, step)
                forward = solved is not None and bool((np.diff(mesh.before @ np.exp(solved.ln_s)) > 0.0).all())
                return (solved if forward else None), taken
            at = _searched(ions, mesh, at, step)
    return None, MOST_STEPS


def mobility_slopes(ions: Ions, mesh: Mesh, at: State) -> Reals:
    """d phi(1)/d ln(u) of each ion in a solution, shape (n,), by the implicit function theorem.

    Only the last equation, no current, has mobilities. ions, mesh: as for `newton`; at: its solution.

    >>> salt = Ions(np.array([1.0, -1.0]), np.array([1.0, 3.0]), np.ones(2), np.e * np.ones(2), 298.15, False)
    >>> mesh = mesh_of(2)
    >>> solved, steps = newton(salt, mesh, 0.0 * mesh.y, np.log(2.0) + mesh.y)
    >>> mobility_slopes(salt, mesh, solved).round(9)  # 2 u- u+/(u- + u+)^2 ln(c1/c0)
    array([-0.375,  0.375])
    """
    current = np.zeros(len(at.residual))
    current[-1] = 1.0
    by_current = np.linalg.solve(_jacobian(ions, mesh, at), current)[_unknown_phis(ions, mesh) - 1]
    return -by_current * ions.z * ions.u * at.slope / at.current_scale


def _state(ions: Ions, mesh: Mesh, phi: Reals, ln_s: Reals) -> State | None:
    """None where a number overflows or S is not above 0: the step that led here was too long."""
    z, strength = ions.z[:, None], np.exp(ln_s)
    ln_gamma = gamma_slope = np.zeros_like(ln_s)
    if ions.active:
        local = {"ionic_strength": strength / 2.0, "temperature": ions.temperature}
        ln_gamma, gamma_slope = davies_log_gamma(1, **local), davies_slope(1, **local)
    psi = z * phi + z**2 * ln_gamma
    decay, weight = np.exp(-psi), np.exp(psi + ln_s)
    total = weight @ mesh.before[-1]
    theta = weight @ mesh.before.T / total[:, None]
    rest = weight @ mesh.after.T / total[:, None]  # 1 - theta loses its digits where theta is almost 1
    near, far = ions.c0 * np.exp(psi[:, 0]), ions.c1 * np.exp(psi[:, -1])
    c = decay * (near[:, None] * rest + far[:, None] * theta)
    slope = (far - near) / total
    current_scale = float(np.sum(np.abs(ions.z) * ions.u * (far + near) / total))
    current = np.sum(ions.z * ions.u * slope) / current_scale
    uneven = (np.log(ions.z**2 @ c) - ln_s)[1:-1]
    charged = (ions.z @ c / strength)[1:-1] if ions.active else []
    residual = np.concatenate([uneven, charged, [current]])
    if not np.isfinite(residual).all():
        return None
    return State(phi, ln_s, c, decay, weight, total, theta, far, slope, gamma_slope, current_scale, residual)


def _unknown_phis(ions: Ions, mesh: Mesh) -> int:
    """How many of the unknowns are of phi: at every node but the first, or only at the last, to which it is linear."""
    return len(mesh.y) - 1 if ions.active else 1


def _by_unknown_phi(ions: Ions, mesh: Mesh, by_phi: Reals) -> Reals:
    """A derivative by phi at the nodes, the last axis of it, as one by what is unknown of phi."""
    return by_phi[..., 1:] if ions.active else (by_phi @ mesh.y)[..., None]


def _moved(ions: Ions, mesh: Mesh, at: State, step: Reals) -> State | None:
    by_phi, by_ln_s = np.split(step, [_unknown_phis(ions, mesh)])
    by_phi = np.append(0.0, by_phi) if ions.active else by_phi * mesh.y
    return _state(ions, mesh, at.phi + by_phi, at.ln_s + np.pad(by_ln_s, 1))


def _step(ions: Ions, mesh: Mesh, at: State) -> Reals | None:
    """Newton's step; None where it is not defined."""
    try:
        step = np.asarray(np.linalg.solve(_jacobian(ions, mesh, at), -at.residual), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


def _searched(ions: Ions, mesh: Mesh, at: State, step: Reals) -> State | None:
    """The first state along a step, at most 1 long and halved each time, where less is left over."""
    share = min(1.0, 1.0 / float(np.max(np.abs(step))))
    while share > LEAST_SHARE:
        moved = _moved(ions, mesh, at, share * step)
        if moved and np.max(np.abs(moved.residual)) < np.max(np.abs(at.residual)):
            return moved
        share /= 2.0
    return None


def _jacobian(ions: Ions, mesh: Mesh, at: State) -> Reals:
    """d residual / d unknown: of phi, then of ln S at the inner nodes. Scales count as constants."""
    z, inner, strength, total = ions.z, slice(1, -1), np.exp(at.ln_s), mesh.before[-1]
    phis = _unknown_phis(ions, mesh)
    diffused = at.decay * at.slope[:, None]

    def through_theta(power: int) -> Reals:
        """d(sum of z^power c)/d(psi + ln S) where theta is what changes, shape (m, m)."""
        each = z[:, None] ** power * diffused
        return mesh.before * (each.T @ at.weight) - total * ((each * at.theta).T @ at.weight)

    def row(power: int) -> Reals:
        """d(sum of z^power c)/d(unknown) at the inner nodes."""
        by_phi = through_theta(power + 1) - np.diag(z ** (power + 1) @ at.c)
        by_phi[:, -1] += (z ** (power + 1) * at.far) @ (at.decay * at.theta)
        by_ln_s = through_theta(power)
        if ions.active:
            by_ln_s += (through_theta(power + 2) - np.diag(z ** (power + 2) @ at.c)) * at.gamma_slope
        return np.hstack([_by_unknown_phi(ions, mesh, by_phi), by_ln_s[:, inner]])[inner]

    s = z**2 @ at.c
    rows = [row(2) / s[inner, None]]
    rows[0][:, phis:] -= np.eye(len(s) - 2)
    if ions.active:
        rows.append(row(1) / strength[inner, None])
        rows[1][:, phis:] -= np.diag((z @ at.c / strength)[inner])
    conducted = z * ions.u / at.total / at.current_scale
    carried = conducted * at.slope
    by_phi = -((z * carried) @ at.weight) * total
    by_phi[-1] += (conducted * z) @ at.far
    by_ln_s = -(carried @ at.weight + (z**2 * carried) @ at.weight * at.gamma_slope) * total
    return np.vstack([*rows, np.concatenate([_by_unknown_phi(ions, mesh, by_phi), by_ln_s[inner]])])
