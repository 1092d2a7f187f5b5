"""The potential between two solutions that meet: the liquid junction, by Henderson and by Nernst and Planck.

Side 0 is the pipette, side 1 the bath; the potential is that of the bath minus that of the pipette.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.polynomial.chebyshev import chebint, chebval, chebvander
from numpy.typing import ArrayLike, NDArray

from vrest.errors import InputError, VrestError
from vrest.physics.activity import MOST_IONIC_STRENGTH, davies_log_gamma, davies_slope
from vrest.physics.thermal import thermal_voltage

Reals = NDArray[np.float64]
Activity = Literal["none", "davies"]

PANELS = (6, 12, 24, 48)
"""Meshes on which a junction is solved, each finer than the one before, until two agree."""

DEGREE = 8
"""Of the polynomial on each panel."""

AGREE = 1e-6
"""Two meshes agree when their potentials differ by less, in RT/F: 0.03 uV."""

MOST_STEPS = 60
"""Newton steps before a mesh is given up; 3 are common."""

LAST_STEP = 1e-6
"""A Newton step shorter than this, in RT/F and in ln S, is the last: its square is what is left."""

LEAST_SHARE = 1e-4
"""A step is halved until less is left over; below this share of it the mesh is given up."""

MOST_CHARGE = 1e-8
"""Net charge that is rounding, relative to the charge of either sign."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Junction:
    """A liquid junction in its stationary state, solved; n ions at m positions.

    Parameters
    ----------
    potential
        Of the bath minus that of the pipette, V.
    position
        Shape (m,), from 0 (pipette) to 1 (bath), rising; close together where concentrations are low.
    potentials
        Shape (m,): the potential minus that of the pipette at each position, V.
    concentrations
        Shape (n, m): of each ion at each position, mol/m3.
    fluxes
        Shape (n,): of each ion, positive from the pipette into the bath, times the thickness of the junction over the
        diffusion coefficient of the ion whose mobility is 1, mol/m3. They carry no net charge.
    sensitivity
        Shape (n,): d potential / d ln(mobility) of each ion, V. A mobility wrong by 5 % moves the potential by
        0.05 times this; they sum to 0, as only ratios of mobilities count.
    iterations
        Newton steps that were taken.
    """

    potential: float
    position: Reals
    potentials: Reals
    concentrations: Reals
    fluxes: Reals
    sensitivity: Reals
    iterations: int


def henderson(
    *, valence: ArrayLike, mobility: ArrayLike, pipette: ArrayLike, bath: ArrayLike, temperature: float
) -> float:
    """Liquid junction potential by Henderson's equation, bath minus pipette, in V.

    V = -(RT/F) S/(A1 - A0) ln(A1/A0), S = sum of z u (c1 - c0), A = sum of z^2 u c;
    V = -(RT/F) S/A0 where A1 = A0

    It takes every concentration to change linearly across the junction, which is exact for one salt, and for salts of
    one concentration with a common ion.

    valence: signed charge numbers. mobility: relative to one ion's, above 0; the diffusion coefficient is proportional
    to it. pipette, bath: mol/m3, 0 or more. All of shape (n,), a number per ion; 0 where a side has none of it.
    temperature: K.

    Henderson 1907, Z. Phys. Chem. 59:118.

    Raises
    ------
    InputError
        A number that cannot be (code `out_of_range`), not one number per ion (`bad_shape`), a side without ions
        (`no_ions`) or with net charge (`not_neutral`).

    >>> ions = {"valence": [1, 1, -1], "mobility": [0.682, 1.0, 1.038]}
    >>> v = henderson(**ions, pipette=[50, 0, 50], bath=[0, 50, 50], temperature=298.15)
    >>> round(1e3 * v, 4)
    -4.3586
    """
    z, u, c0, c1 = _checked(valence, mobility, pipette, bath, temperature)
    s, a0, a1 = np.sum(z * u * (c1 - c0)), np.sum(z**2 * u * c0), np.sum(z**2 * u * c1)
    more = (a1 - a0) / a0
    mean = np.log1p(more) / more if more else 1.0
    return float(-thermal_voltage(temperature) * s / a0 * mean)


def nernst_planck(
    *,
    valence: ArrayLike,
    mobility: ArrayLike,
    pipette: ArrayLike,
    bath: ArrayLike,
    temperature: float,
    activity: Activity = "none",
) -> Junction:
    """The liquid junction in its stationary state: fluxes that do not vary, no current, no net charge anywhere.

    J_i = -u_i c_i d(mu_i)/dx, mu_i = ln(c_i) + ln(gamma_i) + z_i phi, sum of z_i J_i = 0, sum of z_i c_i = 0
    (x in units of the junction's thickness, phi in RT/F, J in units of D/thickness of the ion whose mobility is 1)

    The potential depends neither on the thickness nor on the order of the ions.

    valence, mobility, pipette, bath, temperature: as for `henderson`. activity: `none` (gamma = 1) or `davies`
    (`davies_log_gamma` at the local ionic strength; none of the sides above 500 mol/m3).

    How it is solved. Count the way y through the junction by dx = S dy with S = sum of z^2 c. Then for given S and phi
    each concentration is known, and positive: with psi = ln(gamma) + z phi,
    c(y) = exp(-psi(y)) [c0 exp(psi(0)) (1 - theta(y)) + c1 exp(psi(1)) theta(y)],
    theta(y) = (integral from 0 to y of exp(psi) S) / (integral from 0 to 1). Without activities phi is linear in y,
    because neutrality makes d(phi)/dx S = sum of z J/u; unknown are ln S at the nodes and the potential of the bath,
    and the equations are S = sum of z^2 c and no current. With activities phi at the nodes is unknown too, and
    neutrality is the equation that goes with it. The nodes are Chebyshev's on equal panels of y, the start is
    Henderson's potential with ln S linear, and Newton's method does the rest. Two meshes must agree.

    Planck 1890, doi:10.1002/andp.18902750202; for any valences Schlögl 1954, doi:10.1524/zpch.1954.1.5_6.305, and
    Marino, Misuri & Brogioli 2014, arXiv:1403.3640.

    Raises
    ------
    InputError
        As `henderson`; with activities a side of more than 500 mol/m3 (code `beyond_davies`).
    VrestError
        No two meshes agree (code `no_convergence`).

    >>> ions = {"valence": [1, -1, 1, -1], "mobility": [0.682, 1.038, 1.052, 0.754]}
    >>> junction = nernst_planck(**ions, pipette=[10, 10, 135, 135], bath=[145, 145, 0, 0], temperature=293.15)
    >>> round(1e3 * junction.potential, 4)
    8.8282
    >>> junction.concentrations.shape == (4, len(junction.position))
    True
    """
    z, u, c0, c1 = _checked(valence, mobility, pipette, bath, temperature)
    if activity not in ("none", "davies"):
        raise InputError(f"'{activity}' is no activity.", code="unknown_name", hint="Allowed: none, davies.")
    for side, c in (("pipette", c0), ("bath", c1)):
        if activity == "davies" and np.sum(z**2 * c) > 2.0 * MOST_IONIC_STRENGTH:
            raise InputError(
                f"The ionic strength of the {side} is {np.sum(z**2 * c) / 2.0:.4g} mM; Davies' equation holds up to "
                f"{MOST_IONIC_STRENGTH:g} mM.",
                code="beyond_davies",
                hint="Leave activities out: activity 'none'.",
            )
    ions = _Ions(z, u, c0, c1, temperature, activity == "davies")
    guess = henderson(valence=z, mobility=u, pipette=c0, bath=c1, temperature=temperature) / thermal_voltage(
        temperature
    )
    coarser, steps = None, 0
    for panels in PANELS:
        mesh = _mesh(panels)
        if coarser:
            solved, taken = _newton(ions, mesh, *(np.interp(mesh.y, coarser.y, v) for v in (coarser.phi, coarser.ln_s)))
        else:
            ends = np.log([np.sum(z**2 * c0), np.sum(z**2 * c1)])
            solved, taken = _newton(ions, mesh, guess * mesh.y, np.interp(mesh.y, [0.0, 1.0], ends))
        steps += taken
        if solved and coarser and abs(solved.phi[-1] - coarser.phi[-1]) < AGREE:
            return _junction(ions, mesh, solved, steps)
        coarser = solved
    raise VrestError(
        f"The junction was not solved: {steps} Newton steps on up to {PANELS[-1]} panels gave no potential on which "
        "two meshes agree.",
        code="no_convergence",
        hint="Concentrations on the two sides may be too far apart. Henderson's equation gives an estimate.",
    )


class _Ions(NamedTuple):
    """The two sides: valences, mobilities, concentrations, and whether activities count; shape (n,)."""

    z: Reals
    u: Reals
    c0: Reals
    c1: Reals
    temperature: float
    active: bool


class _Mesh(NamedTuple):
    """Nodes y from 0 to 1, shape (m,), and the integrals from 0 to each (`before`) and from each to 1 (`after`)."""

    y: Reals
    before: Reals
    after: Reals


class _State(NamedTuple):
    """A junction as it is when phi and ln S are given; the names are those of `nernst_planck`."""

    y: Reals
    phi: Reals
    ln_s: Reals
    decay: Reals
    """exp(-psi), shape (n, m)."""
    weight: Reals
    """exp(psi) S, shape (n, m)."""
    total: Reals
    """Its integral from 0 to 1, shape (n,)."""
    theta: Reals
    far: Reals
    """c1 exp(psi(1)), shape (n,)."""
    slope: Reals
    """(c1 exp(psi(1)) - c0 exp(psi(0))) / total = -J/u, shape (n,)."""
    c: Reals
    gamma_slope: Reals
    """d ln(gamma)/d ln(S) of a valence of 1, shape (m,)."""
    current_scale: float
    residual: Reals


@cache
def _mesh(panels: int) -> _Mesh:
    angle = np.pi * np.arange(DEGREE + 1) / DEGREE
    x = -np.cos(angle)
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
    return _Mesh(y, before, after)


def _state(ions: _Ions, mesh: _Mesh, phi: Reals, ln_s: Reals) -> _State | None:
    """None where numbers overflow or a concentration is not above 0: such a step was too long."""
    z = ions.z[:, None]
    strength = np.exp(ln_s)
    ln_gamma, gamma_slope = np.zeros_like(ln_s), np.zeros_like(ln_s)
    if ions.active:
        local = {"ionic_strength": strength / 2.0, "temperature": ions.temperature}
        ln_gamma, gamma_slope = davies_log_gamma(1, **local), davies_slope(1, **local)
    psi = z * phi + z**2 * ln_gamma
    decay, weight = np.exp(-psi), np.exp(psi + ln_s)
    total = weight @ mesh.before[-1]
    theta = weight @ mesh.before.T / total[:, None]
    near, far = ions.c0 * np.exp(psi[:, 0]), ions.c1 * np.exp(psi[:, -1])
    # 1 - theta from the other side keeps its digits where theta is almost 1
    c = decay * (near[:, None] * (weight @ mesh.after.T / total[:, None]) + far[:, None] * theta)
    s, charge = ions.z**2 @ c, ions.z @ c
    if not (s > 0.0).all() or not np.isfinite(s).all():
        return None
    slope = (far - near) / total
    current_scale = np.sum(np.abs(ions.z) * ions.u * (far + near) / total)
    uneven = (np.log(s) - ln_s)[1:-1]
    charged = (charge / strength)[1:-1] if ions.active else np.zeros(0)
    current = np.sum(ions.z * ions.u * slope) / current_scale
    residual = np.concatenate([uneven, charged, [current]])
    return _State(mesh.y, phi, ln_s, decay, weight, total, theta, far, slope, c, gamma_slope, current_scale, residual)


def _unknown_phi(ions: _Ions, mesh: _Mesh) -> Reals:
    """How phi at the nodes follows from what is unknown of it, shape (m, unknown); the last unknown moves phi(1)."""
    return np.eye(len(mesh.y))[:, 1:] if ions.active else mesh.y[:, None]


def _jacobian(ions: _Ions, mesh: _Mesh, at: _State) -> Reals:
    """d residual / d unknown, in rows and columns as `_state` and `_newton` have them."""
    phi, total = _unknown_phi(ions, mesh), mesh.before[-1]
    diffused = at.decay * at.slope[:, None]

    def through_theta(power: int) -> Reals:
        """d(sum of z^power c)/d(psi + ln S) where theta is what changes, shape (m, m)."""
        each = ions.z[:, None] ** power * diffused
        return mesh.before * (each.T @ at.weight) - total * ((each * at.theta).T @ at.weight)

    def row(power: int) -> tuple[Reals, Reals]:
        """d(sum of z^power c)/d(unknown of phi), /d(ln S)."""
        by_psi = through_theta(power + 1) - np.diag(ions.z ** (power + 1) @ at.c)
        by_psi[:, -1] += (ions.z ** (power + 1) * at.far) @ (at.decay * at.theta)
        by_ln_s = through_theta(power)
        if ions.active:
            by_ln_s += (through_theta(power + 2) - np.diag(ions.z ** (power + 2) @ at.c)) * at.gamma_slope
        return by_psi @ phi, by_ln_s[:, 1:-1]

    inner = slice(1, -1)
    s = ions.z**2 @ at.c
    rows = [np.hstack(row(2))[inner] / s[inner, None]]
    rows[0][:, phi.shape[1] :] -= np.eye(len(s) - 2)
    if ions.active:
        rows.append(np.hstack(row(1))[inner] / np.exp(at.ln_s)[inner, None])
        rows[1][:, phi.shape[1] :] -= np.diag((ions.z @ at.c / np.exp(at.ln_s))[inner])
    conducted = ions.z * ions.u / at.total / at.current_scale
    spread = conducted * at.slope
    by_phi = -((ions.z * spread) @ at.weight) * total
    by_phi[-1] += (conducted * ions.z) @ at.far
    by_ln_s = -(spread @ at.weight + (ions.z**2 * spread) @ at.weight * at.gamma_slope) * total
    return np.vstack([*rows, np.concatenate([by_phi @ phi, by_ln_s[inner]])])


def _newton(ions: _Ions, mesh: _Mesh, phi: Reals, ln_s: Reals) -> tuple[_State | None, int]:
    """The state of which nothing is left over, or None; and the steps taken."""
    basis = _unknown_phi(ions, mesh)
    at = _state(ions, mesh, phi, ln_s)
    for taken in range(1, MOST_STEPS + 1):
        if at is None:
            return None, taken
        step = np.linalg.solve(_jacobian(ions, mesh, at), -at.residual)
        longest = np.max(np.abs(step))
        by_phi, by_ln_s = basis @ step[: basis.shape[1]], np.pad(step[basis.shape[1] :], 1)
        share, moved = min(1.0, 1.0 / longest), None
        while share > LEAST_SHARE:
            moved = _state(ions, mesh, at.phi + share * by_phi, at.ln_s + share * by_ln_s)
            if moved and (longest < LAST_STEP or _left(moved) < _left(at)):
                break
            share, moved = share / 2.0, None
        if moved and longest < LAST_STEP:
            return moved, taken
        at = moved
    return None, MOST_STEPS


def _left(state: _State) -> float:
    return float(np.max(np.abs(state.residual)))


def _junction(ions: _Ions, mesh: _Mesh, solved: _State, steps: int) -> Junction:
    volts, strength = thermal_voltage(ions.temperature), np.exp(solved.ln_s)
    # d potential/d(current): only the last row of the residual has mobilities
    unit = np.zeros(len(solved.residual))
    unit[-1] = 1.0
    moves = np.linalg.solve(_jacobian(ions, mesh, solved), unit)[_unknown_phi(ions, mesh).shape[1] - 1]
    carried = ions.z * ions.u * solved.slope / solved.current_scale
    travelled = mesh.before @ strength
    return Junction(
        potential=float(volts * solved.phi[-1]),
        position=travelled / travelled[-1],
        potentials=volts * solved.phi,
        concentrations=solved.c,
        fluxes=-ions.u * solved.slope * travelled[-1],
        sensitivity=-volts * moves * carried,
        iterations=steps,
    )


def _checked(
    valence: ArrayLike, mobility: ArrayLike, pipette: ArrayLike, bath: ArrayLike, temperature: float
) -> tuple[Reals, Reals, Reals, Reals]:
    z, u, c0, c1 = (np.asarray(values, dtype=float) for values in (valence, mobility, pipette, bath))
    if z.ndim != 1 or not z.shape == u.shape == c0.shape == c1.shape:
        raise InputError(
            f"Valence, mobility, pipette and bath have the shapes {z.shape}, {u.shape}, {c0.shape} and {c1.shape}.",
            code="bad_shape",
            hint="Give one number per ion in each, 0 where a side has none of an ion.",
        )
    for name, values, allowed, good in (
        ("valence", z, "a finite number", np.isfinite(z)),
        ("mobility", u, "finite and above 0", np.isfinite(u) & (u > 0.0)),
        ("concentration in the pipette", c0, "finite and not below 0", np.isfinite(c0) & (c0 >= 0.0)),
        ("concentration in the bath", c1, "finite and not below 0", np.isfinite(c1) & (c1 >= 0.0)),
        ("temperature", np.asarray([temperature]), "finite and above 0 K", np.asarray([0.0 < temperature < np.inf])),
    ):
        if not good.all():
            first = int(np.argmin(good))
            where = f" of ion {first + 1} of {len(z)}" if name != "temperature" else ""
            raise InputError(
                f"The {name}{where} is {values[first]:g}.", code="out_of_range", hint=f"Allowed: {allowed}."
            )
    for side, c in (("pipette", c0), ("bath", c1)):
        charge, charges = z @ c, np.abs(z) @ c
        if charges == 0.0:
            raise InputError(
                f"The {side} has no ions.", code="no_ions", hint="Between pure water and a solution nothing is defined."
            )
        if abs(charge) > MOST_CHARGE * charges:
            raise InputError(
                f"The charges of the {side} do not balance: {charge:+.4g} mM of {charges:.4g} mM.",
                code="not_neutral",
                hint=f"{'An anion' if charge > 0 else 'A cation'} is missing, or has too low a concentration.",
            )
    return z, u, c0, c1
