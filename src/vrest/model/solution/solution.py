"""A solution: what is dissolved in it at its temperature."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from vrest.errors import InputError, near_miss
from vrest.model.notice import Notice
from vrest.model.solution import telling
from vrest.model.solution.composition import composed
from vrest.model.solution.constants import CONSTANTS, Constants
from vrest.model.solution.constants import constants as constants_of
from vrest.model.solution.neutrality import Neutrality
from vrest.model.solution.recipe import Recipe, read_recipe, recipe_from
from vrest.model.solution.recipe_keys import in_water
from vrest.model.solution.species import Side, Species
from vrest.shown import Shown
from vrest.tables import Table, number
from vrest.units import from_si, to_si


@dataclass(frozen=True, kw_only=True)
class Solution(Shown):
    """What is in a solution.

    Parameters
    ----------
    name
        Of the recipe.
    kind
        `pipette` or `bath`; empty where the recipe does not say.
    temperature
        Of the recording, K.
    species
        Everything dissolved, neutral molecules too, at that temperature.
    neutrality
        The verdict on its charges.
    pH
        At that temperature; None where nothing says it.
    totals
        Amounts by component, mol/m3: `HEPES`, `Ca` (free and bound), `K` (with what a titrant brought).
    added
        Ions that the titrant brought, mol/m3; they are in `totals` and `species`.
    pH_prepared, pH_temperature
        The pH where it was set, and at which temperature (K); None where nothing says it. A pH that was written without
        what it was set with is that of what is in it.
    osmolarity
        With osmotic coefficients, mol/m3; None where it was not computed.
    warnings
        What one should know of it.
    recipe
        What it was made of; None where it was not.
    constants
        Dissociation and stability constants that it was computed with.

    >>> solution({"ions": {"K": 140, "Cl": 140}}).ionic_strength  # mol/m3
    140.0
    """

    methods: ClassVar[tuple[str, ...]] = ("Davies1962", "Goldberg2002")
    name: str
    kind: Side
    temperature: float
    species: tuple[Species, ...]
    neutrality: Neutrality
    pH: float | None = None
    totals: Mapping[str, float] = field(default_factory=dict)
    added: Mapping[str, float] = field(default_factory=dict)
    pH_prepared: float | None = None
    pH_temperature: float | None = None
    osmolarity: float | None = None
    warnings: tuple[Notice, ...] = ()
    recipe: Recipe | None = None
    constants: Constants = field(default=CONSTANTS, repr=False)

    @property
    def ideal_osmolarity(self) -> float:
        """Every particle as one, mol/m3."""
        return sum(each.concentration for each in self.species)

    @property
    def ionic_strength(self) -> float:
        """Half the sum of charge squared times concentration, mol/m3."""
        return 0.5 * sum(each.charge**2 * each.concentration for each in self.species)

    def free(self, name: str) -> float:
        """The concentration of a species, mol/m3.

        Parameters
        ----------
        name
            Of the species: `Ca` and `Mg` are what is bound to nothing. Without any it is 0.
        """
        return sum(each.concentration for each in self.species if each.name == name)

    def mean_charge(self, component: str) -> float:
        """The mean charge of the forms of a component, complexes with that of their metal.

        Parameters
        ----------
        component
            Such as `HEPES` or `ATP`.

        Raises
        ------
        InputError
            `unknown_component`: there is none of it.
        """
        forms = self.forms(component)
        total = sum(each.concentration for each in forms)
        if not total > 0.0:
            there = sorted({each.component for each in self.species if each.concentration > 0.0})
            told = f"There is no {component[:64]} in '{self.name}'."
            raise InputError(told, code="unknown_component", hint=near_miss(component[:64], there))
        return sum(each.charge * each.concentration for each in forms) / total

    def _cells(self) -> Iterable[Any]:
        return ()

    def _sources(self) -> Iterable[str]:
        return () if self.recipe is None else (self.recipe.source,)

    def forms(self, component: str) -> tuple[Species, ...]:
        """The species that are forms of a component, complexes too.

        Parameters
        ----------
        component
            Such as `HEPES` or `ATP`.
        """
        return tuple(each for each in self.species if each.component == component)

    def as_dict(self) -> dict[str, Any]:
        """Everything in door units, for JSON."""
        return telling.as_dict(self)

    def units(self) -> Mapping[str, str]:
        """The unit of every key of `as_dict` that has one."""
        return telling.UNITS

    def _title(self) -> str:
        kind = f" ({self.kind})" if self.kind else ""
        return f"{self.name}{kind} at {number(from_si(self.temperature, 'temperature'))} degC"

    def _brief(self) -> Iterable[str]:
        yield f"Solution: {self._title()}"
        yield f"  {telling.in_short(self)}"
        yield f"  {telling.verdict_sentence(self)}"

    def _head(self) -> Iterable[str]:
        yield self._title()
        if self.recipe is not None:
            yield from (f"  {line}" for line in (self.recipe.source, self.recipe.notes) if line)

    def tables(self) -> tuple[Table, ...]:
        """Components with their totals (mM), mean charges and forms; and all species with their concentrations (mM)."""
        return telling.component_table(self), telling.species_table(self)

    def _printed(self) -> tuple[Table, ...]:
        return self.tables()[:1]

    def _said(self) -> Iterable[str]:
        return telling.lines(self)


SolutionLike = Solution | Recipe | str | os.PathLike[str] | Mapping[str, Any]
"""What is taken for a solution: one, a recipe, its file, a name of the library, its text, its dictionary."""


def solution(
    what: SolutionLike, *, celsius: Any = None, constants: Constants | str | os.PathLike[str] | None = None
) -> Solution:
    """What is in a solution at the temperature of the recording.

    Parameters
    ----------
    what
        A recipe: the path of its TOML file (or `-`), a name of the library (`vrest solution` lists them), a text as
        papers have it (`"125 NaCl, 2.5 KCl"`, in mM), a dictionary as its file has it (numbers without unit are mM and
        degC), or a `Recipe`. A `Solution` with a recipe is computed again for another temperature, one without is taken
        as it is.
    celsius
        Temperature of the recording, degC or text with a unit; by default the recipe's `temperature`, else its
        `pH_temperature`, else 25 degC.
    constants
        Dissociation and stability constants, or the path of a file that replaces some; by default those of the package,
        and of a `Solution` its own.

    Returns
    -------
    Solution
        Everything in SI: mol/m3, K.

    Raises
    ------
    InputError
        As of `read_recipe`; `other_temperature` for a `Solution` without recipe.

    >>> solution({"ions": {"K": 140, "Cl": 140}}).neutrality.kind
    'neutral'
    """
    temperature = (
        None if celsius is None else in_water(float(to_si(celsius, "temperature", "celsius", bare_ok=True)), "celsius")
    )
    if isinstance(what, Solution):
        if what.recipe is None:
            if temperature is not None and temperature != what.temperature:
                told = number(from_si(what.temperature, "temperature"))
                hint = f"Give no temperature, or {told} degC."
                problem = f"'{what.name}' is a solution at {told} degC, without a recipe."
                raise InputError(problem, code="other_temperature", hint=hint)
            return what
        constants = what.constants if constants is None else constants
        what, temperature = what.recipe, what.temperature if temperature is None else temperature
    if isinstance(what, Mapping):
        what = recipe_from(what)
    if not isinstance(what, Recipe):
        if not isinstance(what, str | os.PathLike):
            hint = "Give a recipe: the path of its file, a name of the library, a dictionary or a Recipe."
            raise InputError(f"The solution is of type {type(what).__name__}.", code="not_a_solution", hint=hint)
        what = read_recipe(what)
    known = constants_of(constants)
    made = composed(what, temperature, known)
    return Solution(name=what.name, kind=what.kind, recipe=what, constants=known, **made)
