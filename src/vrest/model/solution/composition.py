"""From a recipe to what is in it: ions of reagents and titrant, forms at the pH, metals, charges, osmolarity."""

from __future__ import annotations

from typing import Any

from vrest.ions import IONS
from vrest.model.solution.neutrality import verdict
from vrest.model.solution.recipe import ROOM, Recipe
from vrest.model.solution.species import FORM, Species


def composed(recipe: Recipe, temperature: float | None, constants: Any) -> dict[str, Any]:
    """The fields of a `Solution` that follow from a recipe at a temperature (K) of the recording."""
    heat = temperature or recipe.temperature or recipe.pH_temperature or ROOM
    species = tuple(
        Species(name=name, charge=_charge(name), concentration=c, component=name) for name, c in recipe.ions.items()
    )
    charge = sum(each.charge * each.concentration for each in species)
    size = sum(abs(each.charge) * each.concentration for each in species)
    totals = dict(recipe.ions)
    return {
        "temperature": heat,
        "species": species,
        "totals": totals,
        "neutrality": verdict(charge, size, totals),
        "warnings": (),
    }


def _charge(name: str) -> int:
    if form := FORM.fullmatch(name):
        return int(form[2])
    return IONS[name].valence or 0
