"""The junction between two solutions: their ions side by side, its potential, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np

from vrest.errors import InputError
from vrest.ions import VALENCE
from vrest.model.solution.mobilities import Mobility, mobility_of
from vrest.model.solution.pair import check_temperature
from vrest.model.solution.solution import Solution
from vrest.physics.junction import Junction, henderson, nernst_planck

Method = Literal["np", "henderson"]
Activity = Literal["none", "davies"]

Ions = Mapping[str, tuple[int, float]]
"""Valence and concentration (mol/m3) by name."""

STEP = 1e-4
"""Of ln u, in the slopes of Henderson's equation."""


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The ions of two solutions, matched by the names of their species; one that a side lacks is 0 there.

    Parameters
    ----------
    names, mobilities, valence
        (n,), of the ions.
    pipette, bath
        (n,), mol/m3, of the first and the second solution.
    temperature
        K.
    """

    names: tuple[str, ...]
    mobilities: tuple[Mobility, ...]
    valence: np.ndarray
    pipette: np.ndarray
    bath: np.ndarray
    temperature: float

    @property
    def mobility(self) -> np.ndarray:
        """(n,), relative to K+."""
        return np.array([each.u_rel for each in self.mobilities])

    def henderson(self, mobility: np.ndarray | None = None) -> float:
        """Henderson's potential, V; of other mobilities where these are given."""
        return henderson(
            valence=self.valence,
            mobility=self.mobility if mobility is None else mobility,
            pipette=self.pipette,
            bath=self.bath,
            temperature=self.temperature,
        )

    def mixing(self, points: int = 101) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Henderson's junction, mixed in proportion: position (points,), potential, V, and the ions (n, points)."""
        position = np.linspace(0.0, 1.0, points)
        mixed = self.pipette[:, None] + (self.bath - self.pipette)[:, None] * position
        return position, np.array([replace(self, bath=each).henderson() for each in mixed.T]), mixed

    def nernst_planck(self, activity: Activity = "none") -> Junction:
        """The stationary junction."""
        return nernst_planck(
            valence=self.valence,
            mobility=self.mobility,
            pipette=self.pipette,
            bath=self.bath,
            temperature=self.temperature,
            activity=activity,
        )


@dataclass(frozen=True, kw_only=True)
class Between:
    """A junction between two solutions, SI; potentials are the second's minus the first's.

    Parameters
    ----------
    sides
        Its ions.
    potential, henderson
        V: by the method, and by Henderson's equation.
    ideal
        V: by the method in concentrations, where that was with activities; else None.
    junction
        The stationary junction; None by Henderson's equation.
    sensitivity
        (n,), V: d potential / d ln u of each ion.
    fills
        What may be missing from the first and from the second solution (empty where nothing is), and the potential
        with it, V; the first of them is what `potential` has. Empty where both are neutral.
    """

    sides: Sides
    potential: float
    henderson: float
    ideal: float | None
    junction: Junction | None
    sensitivity: np.ndarray
    fills: tuple[tuple[str, str, float], ...]

    @property
    def slopes(self) -> dict[Mobility, float]:
        """V per relative change of each mobility: forms of one component share theirs."""
        found: dict[Mobility, float] = {}
        for mobility, slope in zip(self.sides.mobilities, self.sensitivity.tolist(), strict=True):
            found[mobility] = found.get(mobility, 0.0) + slope
        return found

    @property
    def half_spread(self) -> float:
        """V: half of what lies between the potentials with what may be missing."""
        potentials = [potential for *_, potential in self.fills]
        return 0.5 * (max(potentials) - min(potentials)) if potentials else 0.0


def between(first: Solution, second: Solution, *, method: Method = "np", activity: Activity = "none") -> Between:
    """Solve the junction between two solutions.

    Raises
    ------
    InputError
        `temperatures_differ`, `no_ions` (a side has none), what `mobility_of` lacks, and what `nernst_planck` refuses.
    """
    check_temperature(first, second)
    choices = list(product(_fills(first), _fills(second)))
    sides, *others = (facing(_with(first, ours), _with(second, theirs), first.temperature) for ours, theirs in choices)
    solved = sides.nernst_planck(activity) if method == "np" else None

    def potential(each: Sides) -> float:
        return each.henderson() if method == "henderson" else each.nernst_planck(activity).potential

    value = sides.henderson() if solved is None else solved.potential
    values = [value, *map(potential, others)]
    return Between(
        sides=sides,
        potential=value,
        henderson=sides.henderson(),
        ideal=None if activity == "none" else sides.nernst_planck().potential,
        junction=solved,
        sensitivity=_slopes(sides) if solved is None else np.asarray(solved.sensitivity),
        fills=tuple(
            (ours[0], theirs[0], each) for (ours, theirs), each in zip(choices, values, strict=True) if len(choices) > 1
        ),
    )


def facing(first: Ions, second: Ions, temperature: float) -> Sides:
    """The ions of two solutions side by side."""
    for which, side in (("pipette", first), ("bath", second)):
        if not side:
            told = f"The {which} has no ions."
            raise InputError(told, code="no_ions", hint="A junction has ions on both sides; a trace is enough.")
    both = {**second, **first}
    names = sorted(both, key=lambda name: -max(side.get(name, (0, 0.0))[1] for side in (first, second)))
    return Sides(
        names=tuple(names),
        mobilities=tuple(map(mobility_of, names)),
        valence=np.array([both[name][0] for name in names]),
        pipette=np.array([first.get(name, (0, 0.0))[1] for name in names]),
        bath=np.array([second.get(name, (0, 0.0))[1] for name in names]),
        temperature=temperature,
    )


def _fills(solution: Solution) -> tuple[tuple[str, float], ...]:
    """What may be missing from a solution; nothing, where nothing is."""
    return solution.neutrality.fills or (("", 0.0),)


def _with(solution: Solution, fill: tuple[str, float]) -> dict[str, tuple[int, float]]:
    """Its ions, with what is taken to be missing from it."""
    ions = {each.name: (each.charge, each.concentration) for each in solution.species if each.charge}
    name, more = fill
    if name:
        ions[name] = (VALENCE[name], ions.get(name, (0, 0.0))[1] + more)
    return ions


def _slopes(sides: Sides) -> np.ndarray:
    """V per ln u of each ion, by central differences of Henderson's equation."""
    found = []
    for k in range(len(sides.names)):
        up, down = sides.mobility, sides.mobility
        up[k] *= np.exp(STEP)
        down[k] *= np.exp(-STEP)
        found.append((sides.henderson(up) - sides.henderson(down)) / (2.0 * STEP))
    return np.array(found)
