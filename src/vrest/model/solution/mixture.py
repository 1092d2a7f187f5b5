"""A solution as equations: what was put in, the thermodynamic constants at its temperature, and who binds whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, inf, log

import numpy as np

from vrest.constants import STANDARD_CONCENTRATION
from vrest.errors import InputError, near_miss
from vrest.ions import VALENCE
from vrest.model.solution.component import LN10, METALS, Component
from vrest.model.solution.constants import Constants
from vrest.model.solution.species import Species
from vrest.physics.activity import MOST_IONIC_STRENGTH, davies_log_gamma
from vrest.physics.speciation import Forms, Vector, free_metals, root_between, shares
from vrest.tables import number

LN_STANDARD = log(STANDARD_CONCENTRATION)

CARBONATE = "carbonate"
"""The component that a gas can hold constant."""


@dataclass(frozen=True, kw_only=True)
class _Form:
    """One form of a component; `log_K` is ln of the constant of its making from the bare form, protons and a metal."""

    component: Component
    protons: int
    metal: str
    log_K: float

    @property
    def charge(self) -> int:
        return self.component.charge_of(self.protons, self.metal)

    def species(self, concentration: float) -> Species:
        return Species(
            name=self.component.form(self.protons, self.metal),
            charge=self.charge,
            concentration=concentration,
            component=self.component.name,
            metal=self.metal,
        )


def _forms(component: Component, metals: tuple[str, ...], temperature: float) -> Iterator[_Form]:
    log_K = [0.0]
    for protons, pK in enumerate(component.pK):
        log_K.append(log_K[-1] - pK.dissociation(component.charge_of(protons), temperature))
    for protons, each in enumerate(log_K):
        yield _Form(component=component, protons=protons, metal="", log_K=each)
    for metal in metals:
        for protons, constant in component.metals.get(metal, ()):
            bound = constant.association(METALS[metal], component.charge_of(protons), temperature)
            yield _Form(component=component, protons=protons, metal=metal, log_K=log_K[protons] + bound)


class _Table:
    """Forms as columns of numbers."""

    def __init__(self, forms: tuple[_Form, ...], ligands: list[str], metals: list[str]) -> None:
        self.forms = Forms(
            ligand=np.array([ligands.index(form.component.name) for form in forms], dtype=np.intp),
            metal=np.array([metals.index(form.metal) if form.metal else -1 for form in forms], dtype=np.intp),
        )
        self.protons = np.array([form.protons for form in forms], dtype=float)
        self.charge = np.array([form.charge for form in forms], dtype=float)
        self.log_K = np.array([form.log_K for form in forms], dtype=float)
        of_metal = np.array([METALS[form.metal] ** 2 if form.metal else 0 for form in forms], dtype=float)
        self.gammas = of_metal - self.charge**2
        self.metals = np.where(self.forms.metal >= 0, LN_STANDARD, 0.0)

    def weight(self, proton: float, gamma: float) -> Vector:
        """ln of concentrations at unit activity of the bare form and free metals of 1 mol/m3.

        proton: ln of the activity of H+. gamma: ln of the activity coefficient of an ion of charge 1.
        """
        return self.log_K + self.protons * proton + self.gammas * gamma - self.metals


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """What is in a solution whatever its pH; by `mixture`.

    Parameters
    ----------
    temperature
        K.
    inert
        Strong ions and neutral molecules.
    ligands, metals
        Total concentrations above 0, mol/m3, by name.
    forms
        Of the ligands, in their order.
    held
        Of carbonate where a gas holds it; empty without a gas.
    log_carbon_dioxide
        ln of the activity of CO2 that the gas keeps up.
    log_water
        ln of the ion product of water.
    """

    temperature: float
    inert: tuple[Species, ...]
    ligands: Mapping[str, float]
    metals: Mapping[str, float]
    forms: tuple[_Form, ...]
    held: tuple[_Form, ...]
    log_carbon_dioxide: float
    log_water: float

    def at(self, pH: float) -> tuple[float, float, tuple[Species, ...]]:
        """Ionic strength and charge, mol/m3, and everything dissolved at a pH."""
        free = np.array([*self.metals.values()])

        def more(ionic_strength: float) -> float:
            """By how much the ionic strength of what is there is above the one that it is computed with."""
            nonlocal free
            concentrations, free = self._computed(pH, ionic_strength, free)
            return float(self._squares @ concentrations / 2) - ionic_strength

        # coefficients end where Davies' equation does, so that there is always an answer
        found = root_between(more, 0.0, MOST_IONIC_STRENGTH, tolerance=1e-11)
        concentrations, _ = self._computed(pH, MOST_IONIC_STRENGTH if found is None else found, free)
        species = tuple(
            replace(each, concentration=float(there)) for each, there in zip(self._species, concentrations, strict=True)
        )
        return float(self._squares @ concentrations / 2), float(self._charges @ concentrations), species

    @cached_property
    def _species(self) -> tuple[Species, ...]:
        """Everything that is there, in the order in which it is computed."""
        alone = [Species(name=m, charge=METALS[m], concentration=0.0, component=m) for m in self.metals]
        forms = [form.species(0.0) for form in (*self.forms, *self.held)]
        water = [Species(name=n, charge=z, concentration=0.0, component=n) for n, z in (("H", 1), ("OH", -1))]
        return (*self.inert, *alone, *forms, *water)

    @cached_property
    def _charges(self) -> Vector:
        return np.array([each.charge for each in self._species], dtype=float)

    @cached_property
    def _squares(self) -> Vector:
        return self._charges**2

    @cached_property
    def _tables(self) -> tuple[_Table, _Table]:
        """Of what is conserved, and of what a gas holds."""
        metals = [*self.metals]
        return _Table(self.forms, [*self.ligands], metals), _Table(self.held, [CARBONATE], metals)

    def _computed(self, pH: float, ionic_strength: float, start: Vector) -> tuple[Vector, Vector]:
        """All concentrations with the activity coefficients of an ionic strength; and the free metals."""
        gamma = float(davies_log_gamma(1, ionic_strength=ionic_strength, temperature=self.temperature))
        proton = -pH * LN10
        table, held_table = self._tables
        held = np.exp(held_table.weight(proton, gamma))
        if self.held:
            acid = max((form for form in self.held if not form.metal), key=lambda form: form.protons)
            held *= exp(self.log_carbon_dioxide - acid.log_K - acid.protons * proton + LN_STANDARD)
        bound = held_table.forms.metal >= 0
        per_free = np.zeros(len(self.metals))
        np.add.at(per_free, held_table.forms.metal[bound], held[bound])
        weight = table.weight(proton, gamma)
        ligands, totals = np.array([*self.ligands.values()]), np.array([*self.metals.values()])
        free = free_metals(table.forms, weight, ligands, totals, bound_per_free=per_free, start=start)
        conserved = shares(table.forms, weight, free) * ligands[table.forms.ligand]
        held *= np.append(free, 1.0)[held_table.forms.metal]
        water = np.exp(np.array([proton, self.log_water - proton]) - gamma + LN_STANDARD)
        inert = np.array([each.concentration for each in self.inert])
        return np.concatenate([inert, free, conserved, held, water]), free


def mixture(
    totals: Mapping[str, float], temperature: float, carbon_dioxide: float | None, constants: Constants
) -> Mixture:
    """What was put in, with its constants at a temperature; arguments as of `equilibrium.at_pH`."""
    for name, amount in {**totals, "carbon_dioxide": carbon_dioxide or 0.0}.items():
        if not 0.0 <= amount < inf:
            raise InputError(f"{name} is {amount}.", code="out_of_range", hint="An amount is 0 or more, and finite.")
    there = {name: float(amount) for name, amount in totals.items() if amount > 0.0}
    if carbon_dioxide == 0.0 and CARBONATE in there:
        problem = f"A gas without CO2 takes all {number(there[CARBONATE])} mM of carbonate out in the end."
        hint = "Leave out the gas to keep what was weighed, or give one with CO2, such as 5 %."
        raise InputError(problem, code="no_carbon_dioxide", hint=hint)
    metals = {name: there[name] for name in METALS if name in there}
    ligands, inert = {}, []
    for name in totals:
        if name in constants.components:
            if name in there and not (name == CARBONATE and carbon_dioxide is not None):
                ligands[name] = there[name]
        elif name not in METALS:
            charge = _charge(name, constants)
            if name in there:
                inert.append(Species(name=name, charge=charge, concentration=there[name], component=name))

    def forms(name: str) -> Iterator[_Form]:
        return _forms(constants.components[name], tuple(metals), temperature)

    log_carbon_dioxide = -inf
    if carbon_dioxide:
        log_carbon_dioxide = constants.carbon_dioxide.at(temperature) + log(carbon_dioxide) - LN_STANDARD
    return Mixture(
        temperature=temperature,
        inert=tuple(inert),
        ligands=ligands,
        metals=metals,
        forms=tuple(form for name in ligands for form in forms(name)),
        held=tuple(forms(CARBONATE)) if carbon_dioxide else (),
        log_carbon_dioxide=log_carbon_dioxide,
        log_water=constants.water.dissociation(-1, temperature),
    )


def _charge(name: str, constants: Constants) -> int:
    """Of a strong ion or a neutral molecule."""
    if name in constants.neutral:
        return 0
    if name in ("H", "OH"):
        raise InputError(f"{name} is not counted.", code="unknown_component", hint="The pH says how much is there.")
    if component := constants.formed.get(name):
        hint = f"Count all of it as {component}; the pH says in which forms."
        raise InputError(f"{name} is a form of {component}.", code="unknown_component", hint=hint)
    if not VALENCE.get(name):
        hint = near_miss(name, constants.known)
        raise InputError(f"What charge '{name}' has is not known.", code="unknown_component", hint=hint)
    return VALENCE[name]
