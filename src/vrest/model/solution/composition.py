"""From a recipe to what is in it: ions of reagents and titrant, forms at the pH, metals, charges, osmolarity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vrest.errors import InputError
from vrest.ions import VALENCE
from vrest.model.notice import Notice
from vrest.model.solution.constants import Constants
from vrest.model.solution.equilibrium import Equilibrium, at_neutrality, at_pH
from vrest.model.solution.gas import pressure_of_carbon_dioxide
from vrest.model.solution.ion_names import as_written, usual_form
from vrest.model.solution.mixture import CARBONATE
from vrest.model.solution.neutrality import Neutrality, unexplained, verdict
from vrest.model.solution.reagents import NEUTRAL, SALT, is_molecule, reagent
from vrest.model.solution.recipe import ROOM, Recipe
from vrest.model.solution.species import Species
from vrest.model.solution.titrant import TITRANTS, Titrant
from vrest.tables import joined, number
from vrest.units import from_si

NOMINAL = 0.2
"""pH: where nothing was added for it, what is written and what is in it differ by less."""

UNSET = (6.0, 9.0)
"""pH of solutions for cells; one that follows from what is written and lies beyond was set with something."""


BUFFERS = (4.5, 10.5)
"""pK of what holds a pH that a solution for cells has."""

HOLDS = 0.01
"""Share of CO2 in a gas that is there to hold bicarbonate."""

SOUR = 5.0
"""pH below which the pK that are left out count: those below 4 of `SOURED`."""

SOURED = ("HEPES", "MOPS", "MES", "BES", "PIPES", "ATP", "GTP", "ADP", "phosphocreatine")
"""Components of which constants.toml leaves out the lowest pK."""

COUNTS = 0.1
"""mol/m3: of a reagent of less it makes no difference how it is counted."""


@dataclass(frozen=True)
class _Contents:
    """What is dissolved, before any pH: amounts by component, and what has no part in charges; mol/m3."""

    totals: Mapping[str, float]
    neutral: Mapping[str, float]
    fixed: tuple[Species, ...]


def composed(recipe: Recipe, temperature: float | None, constants: Constants) -> dict[str, Any]:
    """The fields of a `Solution` that follow from a recipe at a temperature (K) of the recording."""
    heat = temperature or recipe.temperature or recipe.pH_temperature or ROOM
    there = _contents(recipe, constants)
    if there.fixed or not _has_forms(there, recipe, constants):
        made = _as_written(recipe, there)
    else:
        made = _at_its_pH(recipe, there, heat, constants)
    neutral = tuple(
        Species(name=name, charge=0, concentration=c, component=name) for name, c in there.neutral.items() if c > 0.0
    )
    made["species"] = (*made["species"], *neutral)
    made["warnings"] = (*made["warnings"], *_of_reagents(recipe), *_sour(recipe, made["totals"]))
    made["totals"] = {**made["totals"], **there.neutral}
    ideal = sum(each.concentration for each in made["species"])
    made["warnings"] = (*recipe.warnings, *made["warnings"], *_own(made["totals"], constants))
    return made | {"temperature": heat, "osmolarity": ideal - _bound_osmoles(recipe, made.get("added", {}))}


def _own(totals: Mapping[str, float], constants: Constants) -> Iterator[Notice]:
    """Whose constants are not those of the package."""
    for name, file in constants.own.items():
        if totals.get(name):
            yield Notice("own_constants", f"the constants of {name} are those of {file}")


def _contents(recipe: Recipe, constants: Constants) -> _Contents:
    """What reagents release, or ions as they are written."""
    totals: dict[str, float] = {}
    neutral: dict[str, float] = {}
    for name, c in recipe.reagents.items():
        for component, n in reagent(name).totals.items():
            known = component in constants.components or VALENCE.get(component, 0) != 0
            if not (known or is_molecule(component)):
                hint = f"Give its pK in a file of constants, with the charge of its bare form: [{component}]."
                problem = f"'{recipe.name}': what charge {component} has at a pH is not known here."
                raise InputError(problem, code="no_constants", hint=hint)
            into = totals if known else neutral
            into[component] = into.get(component, 0.0) + n * c
    forms = {name: as_written(name, c, constants) for name, c in recipe.ions.items()}
    needing = [name for name, form in forms.items() if form is None]
    explicit = [form for name, form in forms.items() if form is not None and form.component != name]
    if needing and explicit and recipe.pH is not None:
        form, other = explicit[0], needing[0]
        raise InputError(
            f"'{recipe.name}': {form.name} is one form, and {other} has those of the pH.",
            code="bad_recipe",
            hint=f"Write {form.component} in place of {form.name}, all its forms together, or one form of {other}.",
        )
    if recipe.pH is not None and not explicit:
        return _Contents(totals | dict(recipe.ions), neutral, ())
    fixed = tuple(form or _usual(name, recipe, constants) for name, form in forms.items())
    return _Contents(totals, neutral, fixed)


def _usual(name: str, recipe: Recipe, constants: Constants) -> Species:
    """The form of an acid that most of it is near pH 7.3, where no pH says which there are."""
    component = constants.components[name]
    form = as_written(usual_form(component), recipe.ions[name], constants) if usual_form(component) else None
    if form is None:
        charged = next(k for k in range(len(component.pK) + 1) if component.charge + k)
        hint = f"Write the pH, as in pH = 7.3, or the form, such as {component.form(charged)}."
        raise InputError(f"'{recipe.name}': what charge {name} has depends on pH.", code="no_pH", hint=hint)
    return form


def _has_forms(there: _Contents, recipe: Recipe, constants: Constants) -> bool:
    """Whether anything in it depends on pH."""
    return bool(recipe.carbon_dioxide) or any(name in constants.components for name in there.totals)


def _as_written(recipe: Recipe, there: _Contents) -> dict[str, Any]:
    """A solution in which nothing depends on pH."""
    strong = tuple(
        Species(name=name, charge=VALENCE.get(name, 0), concentration=c, component=name)
        for name, c in there.totals.items()
    )
    species = (*strong, *there.fixed)
    totals = dict(there.totals)
    for each in there.fixed:
        totals[each.component] = totals.get(each.component, 0.0) + each.concentration
    charge = sum(each.charge * each.concentration for each in species)
    size = sum(abs(each.charge) * each.concentration for each in species)
    warnings = [notice for notice in (_no_buffer(recipe),) if notice is not None]
    if recipe.carbon_dioxide:
        message = (
            "the ions are as they are written, whatever the gas: write the pH and carbonate for what follows from it"
        )
        warnings.append(Notice("gas_not_used", message))
    neutrality = verdict(charge, size, totals)
    return {
        "species": species,
        "totals": totals,
        "neutrality": neutrality,
        "pH": recipe.pH,
        "warnings": tuple(warnings),
    }


# --- where the pH matters -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """Equilibria of one recipe at any temperature and with anything added."""

    recipe: Recipe
    constants: Constants

    def _gas(self, heat: float) -> float | None:
        share = self.recipe.carbon_dioxide
        return None if share is None else pressure_of_carbon_dioxide(share, heat)

    def at_pH(self, totals: Mapping[str, float], pH: float, heat: float) -> Equilibrium:
        return at_pH(totals, pH, heat, carbon_dioxide=self._gas(heat), constants=self.constants)

    def neutral(self, totals: Mapping[str, float], heat: float) -> Equilibrium:
        return at_neutrality(totals, heat, carbon_dioxide=self._gas(heat), constants=self.constants)


def _at_its_pH(recipe: Recipe, there: _Contents, heat: float, constants: Constants) -> dict[str, Any]:
    """A solution with a pH that was set, or that follows from what is in it."""
    ask = _Asked(recipe, constants)
    totals = dict(there.totals)
    if not recipe.carbon_dioxide and not _buffered(totals, constants):
        return _without_pH(ask, totals, heat)
    if recipe.pH is None:
        here = ask.neutral(totals, heat)
        return _made(here, totals, Neutrality(kind="neutral"), _untitrated(here))
    bench = recipe.pH_temperature or (heat if recipe.carbon_dioxide and not recipe.titrant else ROOM)
    set_at = {"pH_prepared": recipe.pH, "pH_temperature": bench}
    first = ask.at_pH(totals, recipe.pH, bench)
    if recipe.titrant:
        titrant = TITRANTS[recipe.titrant]
        amount = _titrated(ask, totals, titrant, recipe.pH, bench, first.charge)
        if amount is not None:
            added = {titrant.leaves: amount}
            totals[titrant.leaves] = totals.get(titrant.leaves, 0.0) + amount
            made = _made(ask.neutral(totals, heat), totals, Neutrality(kind="titrant_added"))
            return made | {"added": added} | set_at
    if recipe.reagents:
        own = ask.neutral(totals, bench)
        if abs(own.pH - recipe.pH) < NOMINAL:
            warning = _nominal(own.pH, recipe, bench)
            here = own if heat == bench else ask.neutral(totals, heat)
            return _made(here, totals, Neutrality(kind="neutral"), warning) | set_at | {"pH_prepared": own.pH}
    left = unexplained(first.charge, totals)
    here = first if heat == bench else _holding(ask, totals, left, heat)
    return _made(here, totals, left, _other_titrant(recipe, left)) | set_at


def _buffered(totals: Mapping[str, float], constants: Constants) -> bool:
    """Whether anything in it has a pK at which cells could live."""
    low, high = BUFFERS
    there = [constants.components[name] for name in totals if name in constants.components]
    return any(low < pK.value < high for component in there for pK in component.pK)


def _without_pH(ask: _Asked, totals: Mapping[str, float], heat: float) -> dict[str, Any]:
    """A solution that binds metals and buffers nothing: its charges are as written, its pH next to nothing's."""
    there = [as_written(name, c, ask.constants) for name, c in ask.recipe.ions.items()]
    charge = sum(form.charge * form.concentration for form in there if form is not None)
    left = verdict(charge, sum(totals.values()), totals)
    here = _holding(ask, totals, left, heat)
    return _made(here, totals, left, _no_buffer(ask.recipe)) | {"pH": ask.recipe.pH}


def _made(
    here: Equilibrium, totals: Mapping[str, float], neutrality: Neutrality, *warnings: Notice | None
) -> dict[str, Any]:
    """The fields of a solution at equilibrium."""
    told = [warning for warning in warnings if warning is not None]
    if here.beyond_davies:
        strength = number(from_si(here.ionic_strength, "concentration"), 3)
        message = f"the ionic strength is {strength} mM; activity coefficients hold up to 500 mM"
        told.append(Notice("beyond_davies", message))
    return {
        "species": here.species,
        "pH": here.pH,
        "totals": _with_gas(here, totals),
        "neutrality": neutrality,
        "warnings": tuple(told),
    }


def _with_gas(here: Equilibrium, totals: Mapping[str, float]) -> dict[str, float]:
    """The totals with the carbonate that is there: a gas gives and takes it."""
    held = here.total(CARBONATE)
    others = {name: total for name, total in totals.items() if name != CARBONATE}
    return others | ({CARBONATE: held} if held > 0.0 else {})


def _titrated(
    ask: _Asked, totals: Mapping[str, float], titrant: Titrant, pH: float, heat: float, charge: float
) -> float | None:
    """How much of a titrant makes it neutral at a pH, mol/m3; None where it would be nothing, or less."""
    amount, slope = 0.0, 1.0 if titrant.base else -1.0
    if charge * slope >= 0.0:
        return None
    left = charge
    for _ in range(50):
        step = -left / slope
        if abs(step) <= 1e-13 * max(amount, 1.0):
            break
        more = {**totals, titrant.leaves: totals.get(titrant.leaves, 0.0) + amount + step}
        after = ask.at_pH(more, pH, heat).charge
        slope = (after - left) / step
        amount, left = amount + step, after
    return amount


def _holding(ask: _Asked, totals: Mapping[str, float], left: Neutrality, heat: float) -> Equilibrium:
    """At a temperature with a charge left over: as if the likeliest ion made up for it, which is then taken away."""
    if left.kind == "neutral":
        return ask.neutral(totals, heat)
    name, amount = left.fills[0]
    filled = ask.neutral({**totals, name: totals.get(name, 0.0) + amount}, heat)
    species = tuple(
        replace(each, concentration=each.concentration - amount) if each.name == name else each
        for each in filled.species
    )
    return replace(filled, species=species, charge=left.charge)


def _bound_osmoles(recipe: Recipe, added: Mapping[str, float]) -> float:
    """By how much osmotic coefficients lower the osmolarity, mol/m3."""
    lost = 0.0
    for name, c in recipe.reagents.items():
        found = reagent(name)
        lost += (NEUTRAL - found.osmotic_coefficient) * sum(found.totals.values()) * c
    return lost + (NEUTRAL - SALT) * (sum(recipe.ions.values()) + sum(added.values()))


# --- what is said of it ---------------------------------------------------------------------------


def _no_buffer(recipe: Recipe) -> Notice | None:
    if not recipe.titrant:
        return None
    message = f"nothing in it depends on pH, so that {recipe.titrant} to pH {number(recipe.pH)} adds next to nothing"
    return Notice("no_buffer", message)


def _of_reagents(recipe: Recipe) -> Iterator[Notice]:
    """What to know of what was weighed: what is counted otherwise, and carbonate that no CO2 holds."""
    for name, c in recipe.reagents.items():
        found = reagent(name)
        if found.note and c >= COUNTS:
            yield Notice("counted_so", f"{name}: {found.note}")
    if not any(CARBONATE in reagent(name).totals for name in recipe.reagents):
        return
    if recipe.carbon_dioxide is None:
        yield Notice("closed", "no gas is written: its carbonate is that of a closed bottle; in air it loses CO2")
    elif recipe.carbon_dioxide < HOLDS:
        share = number(100.0 * recipe.carbon_dioxide, 2)
        message = f"a gas with {share} % CO2 drives the carbonate out in the end; 95% O2 5% CO2 holds it"
        yield Notice("drives_out_co2", message)


def _sour(recipe: Recipe, totals: Mapping[str, float]) -> Iterator[Notice]:
    """Protons that are not counted."""
    there = [name for name in SOURED if totals.get(name, 0.0) > 0.0]
    if recipe.pH is not None and recipe.pH < SOUR and there:
        what = f"below pH {SOUR:g} {joined(there)} bind protons that are not counted"
        yield Notice("sour", f"{what}: their pK below 4 are not known here")


def _untitrated(here: Equilibrium) -> Notice | None:
    low, high = UNSET
    if low <= here.pH <= high:
        return None
    base = here.pH < low
    ions = [each for each in here.species if each.charge == (1 if base else -1)]
    name = _titrant_for(max(ions, key=lambda each: each.concentration).name if ions else "", base=base)
    message = (
        f"pH {number(here.pH, decimals=2)} follows from what is written: if it was set, write it and what it was set"
        f' with, as in pH = 7.3 and titrant = "{name}"'
    )
    return Notice("pH_not_set", message)


def _nominal(own: float, recipe: Recipe, heat: float) -> Notice | None:
    """That a pH is taken to be what is in it gives; of rounding nothing is said."""
    assert recipe.pH is not None
    if abs(own - recipe.pH) < 0.005:
        return None
    gas = f" with {number(100.0 * recipe.carbon_dioxide, 3)} % CO2" if recipe.carbon_dioxide else ""
    why = f"which {recipe.titrant} does not mend" if recipe.titrant else "and nothing that it was set with"
    pH = number(own, decimals=2)
    message = (
        f"what is in it{gas} gives pH {pH} at {number(from_si(heat, 'temperature'), 3)} degC; the recipe says"
        f" {number(recipe.pH, decimals=2)}, {why}, so it is taken to be {pH}"
    )
    return Notice("pH_by_itself", message)


def _other_titrant(recipe: Recipe, left: Neutrality) -> Notice | None:
    """What a pH takes where the recipe's titrant, or none, does not do it."""
    base = left.charge < 0.0
    name = _titrant_for(left.fills[0][0], base=base)
    amount = number(from_si(abs(left.charge), "concentration"), 3)
    kind = "a base" if base else "an acid"
    pH = number(recipe.pH, decimals=2)
    if recipe.titrant:
        was = "an acid" if base else "a base"
        message = f"pH {pH} takes {amount} mM of {kind}, and {recipe.titrant} is {was}: was it {name}?"
        return Notice("other_titrant", message)
    say = f'titrant = "{name}", or "pH {pH} with {name}"'
    message = f"pH {pH} takes {amount} mM of {kind}; if it was set with {name}, write {say}"
    return Notice("no_titrant", message)


def _titrant_for(ion: str, *, base: bool) -> str:
    """The base or acid that leaves an ion, else the usual one."""
    usual = "KOH" if base else "HCl"
    return next((each.name for each in TITRANTS.values() if each.base == base and each.leaves == ion), usual)
