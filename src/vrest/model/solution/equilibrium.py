"""What is in a solution: every form of what was put in, at a pH, or at the pH at which it is neutral."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import asinh

from vrest.errors import InputError
from vrest.model.solution.constants import CONSTANTS, Constants
from vrest.model.solution.mixture import mixture
from vrest.model.solution.species import Species
from vrest.physics.activity import MOST_IONIC_STRENGTH
from vrest.physics.speciation import root_between
from vrest.tables import number

LEAST_pH, MOST_pH = -1.0, 15.0


@dataclass(frozen=True, kw_only=True)
class Equilibrium:
    """What is in a solution at equilibrium.

    Parameters
    ----------
    pH
        -log10 of the activity of H+, as a glass electrode reads it.
    temperature
        K.
    species
        Everything dissolved, H+ and OH- too. Forms of a component are named with their charge (`HEPES(-1)`,
        `MgATP(-2)`), strong ions, free metals and forms with a name of their own by it (`K`, `Ca`, `HCO3`).
    ionic_strength
        Sum of z^2 c / 2, mol/m3. Activity coefficients are by Davies' equation at this ionic strength. It holds up to
        500 mol/m3; above, they are those of 500 mol/m3, and `beyond_davies` is true.
    charge
        What is left over, sum of z c, mol/m3: 0 where the pH was solved from neutrality.
    """

    pH: float
    temperature: float
    species: tuple[Species, ...]
    ionic_strength: float
    charge: float

    @property
    def beyond_davies(self) -> bool:
        """Whether the ionic strength is above what Davies' equation holds for."""
        return self.ionic_strength > MOST_IONIC_STRENGTH

    def total(self, component: str) -> float:
        """Concentration of all forms of a component, or of a metal free and bound, mol/m3."""
        return sum(each.concentration for each in self.species if component in (each.component, each.metal))


def at_pH(
    totals: Mapping[str, float],
    pH: float,
    temperature: float,
    *,
    carbon_dioxide: float | None = None,
    constants: Constants = CONSTANTS,
) -> Equilibrium:
    """What is in a solution at a pH.

    Parameters
    ----------
    totals
        mol/m3 by component: strong ions by their symbols (`K`, `Cl`), acids, bases and ligands by their names
        (`HEPES`, `gluconate`, `carbonate`), metals free and bound (`Ca`, `Mg`), neutral molecules (`glucose`). H+ and
        OH- are not counted: they follow from the pH.
    pH
        As a glass electrode reads it.
    temperature
        K.
    carbon_dioxide
        Pressure of CO2 that a gas holds, Pa. The solution then has what carbonate belongs to it, whatever `totals`
        says: the gas gives or takes the rest. Without a gas carbonate is conserved as everything else.
    constants
        As `constants` of `vrest.model.solution.constants` reads them.

    Raises
    ------
    InputError
        `unknown_component`, `out_of_range`; `no_carbon_dioxide`: carbonate under a gas without CO2.

    >>> here = at_pH({"K": 110.0, "Cl": 100.0, "HEPES": 10.0}, 7.3, 298.15)
    >>> {each.name: round(each.concentration, 2) for each in here.species if each.component == "HEPES"}
    {'HEPES(-1)': 4.12, 'HEPES(0)': 5.88}
    """
    if not LEAST_pH <= pH <= MOST_pH:
        raise InputError(
            f"pH = {pH} is not from {LEAST_pH:g} to {MOST_pH:g}.", code="out_of_range", hint="Check the pH."
        )
    ionic_strength, charge, species = mixture(totals, temperature, carbon_dioxide, constants).at(pH)
    return Equilibrium(
        pH=float(pH), temperature=temperature, species=species, ionic_strength=ionic_strength, charge=charge
    )


def at_neutrality(
    totals: Mapping[str, float],
    temperature: float,
    *,
    carbon_dioxide: float | None = None,
    constants: Constants = CONSTANTS,
) -> Equilibrium:
    """What is in a solution at the pH that makes it neutral; arguments as of `at_pH`.

    There is one such pH: the more H+, the more positive is what is there.

    Raises
    ------
    InputError
        As `at_pH`; `no_neutral_pH`: an ion is missing that no H+ or OH- makes up for.

    >>> buffer = at_neutrality({"Tris": 50.0, "Cl": 40.0}, 298.15)
    >>> round(buffer.pH, 2)
    7.55
    """
    here = mixture(totals, temperature, carbon_dioxide, constants)

    def left(pH: float) -> float:
        # so that neither end, where it is moles of H+ or OH-, hides where it crosses zero
        return asinh(here.at(pH)[1])

    pH = root_between(left, LEAST_pH, MOST_pH, tolerance=1e-13)
    if pH is None:
        charge = here.at(7.0)[1]
        raise InputError(
            f"No pH makes the solution neutral: at pH 7 it has {number(abs(charge))} mM too much"
            f" {'positive' if charge > 0.0 else 'negative'} charge.",
            code="no_neutral_pH",
            hint="Is an ion missing, or an amount in another unit?",
        )
    return at_pH(totals, pH, temperature, carbon_dioxide=carbon_dioxide, constants=constants)
