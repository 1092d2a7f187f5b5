"""What one weighs in: reagents by the names on bottles and in papers, and what each releases into a solution.

A salt is read by one rule, cation and anion with their counts, whatever its order and spelling (`K2SO4`,
`Cs-methanesulfonate`, `ATP disodium salt`, `MgCl2.6H2O`); `salts.py` has it. `reagents.toml` lists the rest: acids and
bases with their formulas, and molecules without charge.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from vrest.errors import InputError, near_miss
from vrest.ions import WEIGHTS, lookup
from vrest.model.solution.formulas import atoms, written
from vrest.model.solution.salts import Part, Vocabulary, plain, salt, split_water


@dataclass(frozen=True, kw_only=True)
class Reagent:
    """A substance as it is weighed, and what one mole of it releases.

    Parameters
    ----------
    name
        As it was asked for, tidied: `MgCl2.6H2O`, `K-gluconate`.
    formula
        Of all its atoms, its crystal water included: `C6H11KO7`.
    totals
        What it releases, mol per mol, by component: strong ions by their symbols (`K`, `Cl`), acids, bases and what has
        several forms by the component (`HEPES`, `phosphate`, `carbonate`). Protons are not counted: the pH or
        neutrality decides on them.
    osmotic_coefficient
        Osmoles per mole of what it releases, at about 0.15 mol/L.
    water
        Molecules of crystal water in the formula; None where the name says `hydrate` and not how many.
    source
        Where its formula is from.
    note
        What to know of it.

    >>> reagent("K-gluconate").totals
    {'K': 1.0, 'gluconate': 1.0}
    """

    name: str
    formula: str
    totals: Mapping[str, float]
    osmotic_coefficient: float
    water: float | None = 0.0
    source: str = ""
    note: str = ""

    @property
    def molar_mass(self) -> float:
        """g/mol, with its crystal water.

        Raises
        ------
        InputError
            `unknown_hydrate`: how much water is in it is not known.

        >>> round(reagent("MgCl2.6H2O").molar_mass, 2)
        203.3
        """
        if self.water is None:
            raise InputError(
                f"How much water is in '{self.name}' is not known, so neither is its molar mass.",
                code="unknown_hydrate",
                hint=f"Write what the label says, as in '{self.name.split(' hydrate')[0]}.3H2O'.",
            )
        return sum(WEIGHTS[atom] * count for atom, count in atoms(self.formula).items())


NEUTRAL, SALT = 1.0, 0.93
"""Osmotic coefficients at about 0.15 mol/L: of molecules without charge, and of salts of ions of one charge."""


def reagent(text: str) -> Reagent:
    """A reagent by what a bottle or a paper calls it.

    Raises
    ------
    InputError
        `unknown_reagent`: with near misses. `not_neutral`, `which_salt`: a salt whose counts are wrong, or not said.
        `not_a_reagent`: an ion, which is not weighed without its counter-ion.

    >>> reagent("MgCl2·6H2O").totals, reagent("phosphocreatine di-Tris").totals
    ({'Mg': 1.0, 'Cl': 2.0}, {'phosphocreatine': 1.0, 'Tris': 2.0})
    >>> reagent("CaCl")
    Traceback (most recent call last):
    vrest.errors.InputError: 'CaCl' is not neutral. Write CaCl2.
    """
    name = plain(text)
    dry, water = split_water(name)
    tables = _tables()
    listed = tables.listed.get(_key(name)) or tables.listed.get(_key(dry))
    if listed is not None:
        return _hydrated(listed, name, 0.0 if _key(name) in tables.listed else water)
    if found := salt(dry, tables.vocabulary, tables.sold):
        totals = dict(found.totals)
        base = Reagent(
            name=name,
            formula=written(found.atoms),
            totals=totals,
            osmotic_coefficient=SALT if sum(totals.values()) > 1 else NEUTRAL,
            source=SOURCE,
        )
        return _hydrated(base, name, water)
    raise _unknown(text, name)


SOURCE = "from its formula, with IUPAC's atomic weights (doi 10.1515/pac-2019-0603)"


def _hydrated(dry: Reagent, name: str, water: float | None) -> Reagent:
    counts = atoms(dry.formula)
    if water:
        counts["H"] = counts.get("H", 0.0) + 2 * water
        counts["O"] = counts.get("O", 0.0) + water
    return Reagent(
        name=name,
        formula=written(counts),
        totals=dry.totals,
        osmotic_coefficient=dry.osmotic_coefficient,
        water=water,
        source=dry.source,
        note=dry.note,
    )


def _unknown(text: str, name: str) -> InputError:
    ion = lookup(name)
    if ion is not None and ion.valence:
        example = f"Na{ion.symbol}" if ion.valence == -1 else f"{ion.symbol}Cl" if ion.valence == 1 else "MgSO4"
        return InputError(
            f"'{text}' is an ion: it is not weighed alone.",
            code="not_a_reagent",
            hint=f"Write a salt, such as {example}, or give ions under [ions].",
        )
    hint = near_miss(name, _tables().names)
    return InputError(f"There is no reagent '{text}'.", code="unknown_reagent", hint=hint)


@dataclass(frozen=True)
class _Tables:
    listed: dict[str, Reagent] = field(default_factory=dict)
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary({}))
    sold: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)


def _key(text: str) -> str:
    """A name without what people leave out or put in: case, blanks, hyphens, brackets."""
    return "".join(c for c in text.casefold() if c.isalnum() or c in ".+")


@cache
def _tables() -> _Tables:
    import vrest.ions

    text = (resources.files("vrest.model.solution") / "reagents.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    listed: dict[str, Reagent] = {}
    parts: dict[str, Part] = {}
    names: list[str] = []
    for ion in vrest.ions.IONS.values():
        if ion.valence:
            proton = ion.symbol in ("H", "OH")
            part = Part(
                component="" if proton else ion.symbol,
                symbol=ion.symbol,
                formula="" if ion.symbol == "H" else ion.formula,
                charge=0 if ion.symbol == "H" else ion.valence,
                held=1 if ion.symbol == "H" else None,
            )
            parts |= dict.fromkeys((ion.symbol, *ion.spellings), part)
    for kind, sign in (("acids", "acid"), ("bases", "base"), ("molecules", "")):
        for symbol, row in data[kind].items():
            own = [symbol, *row.get("names", ())]
            one = Reagent(
                name=symbol,
                formula=row["formula"],
                totals={symbol: 1.0},
                osmotic_coefficient=NEUTRAL,
                source=SOURCE,
                note=row.get("note", ""),
            )
            names += own
            listed |= dict.fromkeys(map(_key, own), one)
            if sign:
                part = Part(component=symbol, symbol=symbol, formula=row["formula"], **{sign: row["protons"]})
                parts |= dict.fromkeys(own, part)
    parts["TrisH"] = parts["Tris"]
    for spellings, component, held in FORMS:
        row = data["acids"][component]
        for spelling in spellings:
            parts[spelling] = Part(
                component=component, symbol=spellings[0], formula=row["formula"], acid=row["protons"], held=held
            )
    for alias in ("phosphate", "carbonate", "citrate"):  # alone these are ions
        listed.pop(_key(alias), None)
    return _Tables(listed, Vocabulary(parts), {k: r["sold"] for k, r in data["acids"].items() if "sold" in r}, names)


FORMS = (
    (("HCO3", "bicarbonate", "hydrogencarbonate"), "carbonate", 1),
    (("CO3", "carbonate"), "carbonate", 0),
    (("H2PO4", "dihydrogenphosphate", "dihydrogen phosphate"), "phosphate", 2),
    (("HPO4", "hydrogenphosphate", "hydrogen phosphate"), "phosphate", 1),
    (("PO4",), "phosphate", 0),
)
"""Ions of formulas that are forms of a component: their spellings, and the protons that they hold."""
