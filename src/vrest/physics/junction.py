"""The potential between two solutions that meet: the liquid junction, by Henderson and by Nernst and Planck.

Side 0 is the pipette, side 1 the bath; the potential is that of the bath minus that of the pipette.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from vrest.errors import InputError, VrestError, near_miss
from vrest.physics.activity import MOST_IONIC_STRENGTH
from vrest.physics.planck import Ions, Mesh, Reals, State, mesh_of, mobility_slopes, newton
from vrest.physics.thermal import thermal_voltage
from vrest.units import format_si

Activity = Literal["none", "davies"]

PANELS = (2, 4, 8, 16, 32)
"""Of the meshes on which a junction is solved, each finer than the one before, until two agree."""

AGREE = 1e-6
"""Two meshes agree when their potentials differ by less, in RT/F: 0.03 uV."""

MOST_CHARGE = 1e-8
"""Net charge that is rounding, relative to the charge of either sign."""


class NoJunctionError(VrestError):
    """The stationary junction between two solutions was not found."""

    exit_code = 4


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

    V = (RT/F) S/(A1 - A0) ln(A1/A0), S = sum of z u (c0 - c1), A = sum of z^2 u c, 0 pipette, 1 bath;
    V = (RT/F) S/A0 where A1 = A0

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
    s, a0, a1 = np.sum(z * u * (c0 - c1)), np.sum(z**2 * u * c0), np.sum(z**2 * u * c1)
    rise = np.log(a1) - np.log(a0)
    mean = rise / np.expm1(rise) if rise else 1.0
    return float(thermal_voltage(temperature) * s / a0 * mean)


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

    How it is solved is in `vrest.physics.planck`: the start is Henderson's potential, and the answer is that of the
    finer of two meshes that agree.

    Planck 1890, doi:10.1002/andp.18902750202; for any valences Schlögl 1954, doi:10.1524/zpch.1954.1.5_6.305, and
    Marino, Misuri & Brogioli 2014, arXiv:1403.3640.

    Raises
    ------
    InputError
        As `henderson`; with activities a side of more than 500 mol/m3 (code `beyond_davies`).
    NoJunctionError
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
        raise InputError(
            f"There is no way '{activity}' to count activities.",
            code="unknown_name",
            hint=near_miss(str(activity), ["none", "davies"]),
        )
    if activity == "davies":
        _check_davies("pipette", z, c0)
        _check_davies("bath", z, c1)
    ions = Ions(z, u, c0, c1, temperature, activity == "davies")
    guess = henderson(valence=z, mobility=u, pipette=c0, bath=c1, temperature=temperature)
    knots, ln_s = np.array([0.0, 1.0]), np.log([z**2 @ c0, z**2 @ c1])
    phi = np.array([0.0, guess / thermal_voltage(temperature)])
    coarser, steps = None, 0
    for panels in PANELS:
        mesh = mesh_of(panels)
        solved, taken = newton(ions, mesh, np.interp(mesh.y, knots, phi), np.interp(mesh.y, knots, ln_s))
        steps += taken
        if solved and coarser and abs(solved.phi[-1] - coarser.phi[-1]) < AGREE:
            return _junction(ions, mesh, solved, steps)
        if solved:
            knots, phi, ln_s = mesh.y, solved.phi, solved.ln_s
        coarser = solved
    raise NoJunctionError(
        f"The junction was not solved: {steps} Newton steps on meshes of up to {PANELS[-1]} panels, and no two meshes "
        "agree.",
        code="no_convergence",
        hint=f"Henderson's equation, an estimate, gives {format_si(guess, 'potential', 3)}. Are these real solutions?",
    )


def _junction(ions: Ions, mesh: Mesh, solved: State, steps: int) -> Junction:
    volts, travelled = thermal_voltage(ions.temperature), mesh.before @ np.exp(solved.ln_s)
    return Junction(
        potential=float(volts * solved.phi[-1]),
        position=travelled / travelled[-1],
        potentials=volts * solved.phi,
        concentrations=solved.c,
        fluxes=-ions.u * solved.slope * travelled[-1],
        sensitivity=volts * mobility_slopes(ions, mesh, solved),
        iterations=steps,
    )


def _check_davies(side: str, z: Reals, c: Reals) -> None:
    if (strength := float(z**2 @ c) / 2.0) > MOST_IONIC_STRENGTH:
        raise InputError(
            f"The {side} has an ionic strength of {format_si(strength, 'concentration', 4)}; Davies' equation holds up "
            f"to {format_si(MOST_IONIC_STRENGTH, 'concentration')}.",
            code="beyond_davies",
            hint="Leave activities out.",
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
        ("valence", z, "any finite number", np.isfinite(z)),
        ("mobility", u, "finite, above 0", np.isfinite(u) & (u > 0.0)),
        ("concentration in the pipette", c0, "finite, 0 or more", np.isfinite(c0) & (c0 >= 0.0)),
        ("concentration in the bath", c1, "finite, 0 or more", np.isfinite(c1) & (c1 >= 0.0)),
    ):
        if not good.all():
            first = int(np.argmin(good))
            unit = " mol/m3" if name.startswith("concentration") else ""
            raise InputError(
                f"The {name} of ion {first + 1} of {len(z)} is {values[first]:g}{unit}.",
                code="out_of_range",
                hint=f"Allowed: {allowed}.",
            )
    if not 0.0 < temperature < np.inf:
        raise InputError(
            f"The temperature is {temperature:g} K.", code="out_of_range", hint="Allowed: finite, above 0 K."
        )
    for side, c in (("pipette", c0), ("bath", c1)):
        charge, charges = float(z @ c), float(np.abs(z) @ c)
        if charges == 0.0:
            raise InputError(
                f"The {side} has no ions.", code="no_ions", hint="Between water and a solution nothing is defined."
            )
        if abs(charge) > MOST_CHARGE * charges:
            raise InputError(
                f"The charges of the {side} do not balance: {format_si(charge, 'concentration', 3)} is left over, of "
                f"{format_si(charges, 'concentration', 4)}.",
                code="not_neutral",
                hint=f"{'An anion' if charge > 0.0 else 'A cation'} is missing, or its concentration is too low.",
            )
    return z, u, c0, c1
