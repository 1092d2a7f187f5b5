"""What one weighs in: reagents by the names on bottles and in papers, and what each releases into a solution.

A salt is read by one rule, cation and anion with their counts, whatever its order and spelling (`K2SO4`,
`Cs-methanesulfonate`, `ATP disodium salt`, `MgCl2.6H2O`); `salts.py` has it. `reagents.toml` lists the rest: acids and
bases with their formulas, molecules without charge, and drugs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

from vrest.errors import InputError
from vrest.ions import IONS, WEIGHTS, lookup
from vrest.model.solution.formulas import atoms, written
from vrest.model.solution.salts import Part, Salt, Vocabulary, plain, salt, split_water, vocabulary
from vrest.units import to_si


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
    stock
        mol/m3 of the bottle, where the name says that it is a solution (`CaCl2 (1 M solution)`): pipetted, not weighed.
    source
        Where the osmotic coefficient is from. The molar mass is that of the formula.
    note
        What to know of it: what is not counted, or counted as another.

    >>> reagent("K-gluconate").totals
    {'K': 1.0, 'gluconate': 1.0}
    """

    name: str
    formula: str
    totals: Mapping[str, float]
    osmotic_coefficient: float
    water: float | None = 0.0
    stock: float | None = None
    source: str = ""
    note: str = ""

    @property
    def molar_mass(self) -> float:
        """g/mol, with its crystal water, by IUPAC's atomic weights (doi 10.1515/pac-2019-0603).

        Raises
        ------
        InputError
            `unknown_hydrate`: how much water is in it is not known. `is_a_solution`: it is not weighed.

        >>> round(reagent("MgCl2.6H2O").molar_mass, 2)
        203.3
        """
        if self.stock is not None:
            hint = f"Pipette it, or write the salt as in '{self.name.split('(')[0].split(',')[0].strip()}.2H2O'."
            raise InputError(f"'{self.name}' is a solution: it is not weighed.", code="is_a_solution", hint=hint)
        if self.water is None:
            dry, _ = split_water(self.name)
            raise InputError(
                f"How much water is in '{self.name}' is not known, so neither is its molar mass.",
                code="unknown_hydrate",
                hint=f"Write what the label says, as in '{dry}.3H2O'.",
            )
        return sum(WEIGHTS[atom] * count for atom, count in atoms(self.formula).items())


NEUTRAL, SALT = 1.0, 0.93
"""Osmotic coefficients at about 0.15 mol/L: of molecules without charge, and of salts of ions of one charge."""

LONGEST = 100
"""Characters of a name."""


@cache
def reagent(text: str) -> Reagent:
    """A reagent by what a bottle or a paper calls it.

    Raises
    ------
    InputError
        `unknown_reagent`: with near misses. `not_neutral`, `which_salt`: a salt whose counts are wrong, or not said, or
        that means several. `not_a_reagent`: an ion, which is not weighed without its counter-ion.

    >>> reagent("MgCl2·6H2O").totals, reagent("phosphocreatine di-Tris").totals
    ({'Mg': 1.0, 'Cl': 2.0}, {'phosphocreatine': 1.0, 'Tris': 2.0})
    >>> reagent("CaCl")
    Traceback (most recent call last):
    vrest.errors.InputError: 'CaCl' is not neutral. Write CaCl2.
    """
    name = plain(text)
    if len(name) > LONGEST:
        raise _unknown(name[:LONGEST], "")
    solid, stock = _split_stock(name)
    dry, water = split_water(solid)
    tables = _tables()
    for key, left in ((_key(solid), 0.0), (_key(dry), water)):
        if key in tables.listed:
            return _with_water(replace(tables.listed[key], name=name, stock=stock), left)
    dry = tables.names.get(_key(dry), dry)
    if (found := _acid(dry, tables.vocabulary)) or (found := salt(dry, tables.vocabulary, tables.sold)):
        coefficient = tables.coefficients.get(_content(found.totals))
        return _with_water(
            Reagent(
                name=name,
                formula=written(found.atoms),
                totals=found.totals,
                osmotic_coefficient=_by_valence(found, tables) if coefficient is None else coefficient,
                stock=stock,
                source=tables.source,
            ),
            water,
        )
    raise _unknown(text, name)


def is_molecule(component: str) -> bool:
    """Whether what a reagent releases has no charge at any pH, or none that is counted.

    >>> is_molecule("glucose"), is_molecule("HEPES")
    (True, False)
    """
    return component in _tables().molecules


_STOCK = re.compile(r"[ ,]+\(?(?:(?P<M>\d+\.?\d*) ?M\b)?[ ,]*(?:stock|solution|stock solution)?\)?$")


def _split_stock(name: str) -> tuple[str, float | None]:
    """A name without its concentration as a stock solution, and that concentration, mol/m3."""
    found = _STOCK.search(name)
    stock = to_si(f"{found['M']} M", "concentration") if found and found["M"] else 0.0
    return (name[: found.start()], stock) if found and stock else (name, None)


def _with_water(dry: Reagent, water: float | None) -> Reagent:
    counts = atoms(dry.formula)
    if water:
        counts["H"] = counts.get("H", 0.0) + 2 * water
        counts["O"] = counts.get("O", 0.0) + water
    return replace(dry, formula=written(counts), water=water)


def _acid(name: str, known: Vocabulary) -> Salt | None:
    """The acid of an anion: `gluconic acid`."""
    if not (match := re.fullmatch(r"(.+)ic acid", name, re.IGNORECASE)):
        return None
    part = known.folded.get(f"{match[1]}ate".casefold())
    if part is None or part.cation:
        return None
    found = atoms(part.formula)
    found["H"] = found.get("H", 0.0) - part.charge
    return Salt(totals={part.component: 1.0}, atoms=found, charges=(0, 0))


def _by_valence(found: Salt, tables: _Tables) -> float:
    """The osmotic coefficient of salts of these valences."""
    plus, minus = found.charges
    return tables.valences.get(f"{plus}:{max(minus, 1)}", SALT) if plus else NEUTRAL


def _unknown(text: str, name: str) -> InputError:
    ion = lookup(name)
    if ion is not None and ion.valence and not name.endswith("H2O"):
        return InputError(
            f"'{text}' is an ion: it is not weighed alone.",
            code="not_a_reagent",
            hint=f"Write {_a_salt(ion.symbol, ion.valence)} or another of its salts, or give ions under [ions].",
        )
    if ion is not None and ion.symbol == "Glu":
        hint = "Write glucose, or the glutamate or gluconate that is meant, as in 'K-gluconate'."
        return InputError(f"'{text}' has several meanings.", code="unknown_reagent", hint=hint)
    return InputError(f"There is no reagent '{text[:64]}'.", code="unknown_reagent", hint=_meant(name))


NEAR = 0.75
"""How alike a slip is to what was meant: names of drugs are alike that have nothing in common."""


def _meant(name: str) -> str:
    """The next step after a name that is not known: what it may be a slip of."""
    if name.endswith("H20"):
        return f"Water is H2O, with the letter: '{name[:-1]}O'."
    words = re.split(r"([ -])", name[:LONGEST])
    vocabulary = _tables().vocabulary
    known = [spelling for spelling in vocabulary.exact if len(spelling) > 3]
    corrected = "".join(
        word if len(word) < 4 or word.casefold() in vocabulary.folded else next(iter(_close(word, known)), word)
        for word in words
    )
    for each in (corrected if corrected != name else "", *_close(name, _tables().near)):
        try:
            if each and reagent(each):
                return f"Did you mean '{each}'?"
        except InputError:
            continue
    return (
        "Write a salt by its ions ('K-gluconate', 'MgCl2.6H2O'), an acid or a base by its name. What is in uM or less"
        " can be left out."
    )


def _close(name: str, known: list[str]) -> list[str]:
    folded = {each.casefold(): each for each in known}
    return [folded[each] for each in get_close_matches(name.casefold(), list(folded), n=1, cutoff=NEAR)]


def _a_salt(symbol: str, valence: int) -> str:
    """A salt of an ion, with Na+ or Cl-."""
    count = "" if abs(valence) == 1 else str(abs(valence))
    joint = "" if len(symbol) < 6 else "-"
    return f"{symbol}{joint}Cl{count}" if valence > 0 else f"Na{count}{joint}{symbol}"


# --- the tables of reagents.toml ------------------------------------------------------------------

Content = frozenset[tuple[str, float]]


@dataclass(frozen=True)
class _Tables:
    listed: dict[str, Reagent]
    names: dict[str, str]
    vocabulary: Vocabulary
    sold: dict[str, str]
    near: list[str]
    coefficients: dict[Content, float]
    valences: dict[str, float]
    source: str
    molecules: frozenset[str]


def _key(text: str) -> str:
    """A name without what people leave out or put in: case, blanks, hyphens, brackets."""
    return "".join(c for c in text.casefold() if c.isalnum() or c in ".+")


def _content(totals: Mapping[str, float]) -> Content:
    return frozenset(totals.items())


COMMON = ("KCl", "NaCl", "CaCl2", "MgCl2", "MgSO4", "CsCl", "NaHCO3", "NaH2PO4", "KH2PO4", "K2HPO4", "Na2HPO4",
          "K-gluconate", "Cs-gluconate", "Na-gluconate", "K-methanesulfonate", "Cs-methanesulfonate",
          "K-methylsulfate", "K-aspartate", "Cs-aspartate", "K-glutamate", "Na-isethionate", "NMDG-Cl",
          "choline chloride",
          "TEA-Cl", "Tris-HCl", "Na-HEPES", "K-HEPES", "Na2ATP", "K2ATP", "MgATP", "Na2GTP", "Na3GTP", "Li4GTP",
          "Na2-phosphocreatine", "phosphocreatine di-Tris", "K2-EGTA", "K4-BAPTA", "Cs4-BAPTA", "Na-pyruvate",
          "Na-ascorbate", "QX-314 Cl", "kynurenic acid", "ascorbic acid", "gluconic acid", "CdCl2", "BaCl2",
          "KOH", "NaOH", "CsOH", "HCl")  # fmt: skip
"""Salts that a misspelt name may mean."""


@cache
def _tables() -> _Tables:
    text = (resources.files("vrest.model.solution") / "reagents.toml").read_text("utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    osmotic: dict[str, Any] = data["osmotic"]
    source, valences = osmotic.pop("source"), osmotic.pop("valences")
    known, sold = vocabulary(_parts(data)), {k: r["sold"] for k, r in data["acids"].items() if "sold" in r}
    salts = {each: salt(each, known, sold) for each in osmotic}
    named = list(_listed(data))
    listed = {_key(name): each for each, names in named for name in names}
    near = [name for _, names in named for name in names] + list(data["names"]) + list(COMMON)
    return _Tables(
        listed=listed,
        names={_key(name): meant for name, meant in data["names"].items()},
        vocabulary=known,
        sold=sold,
        near=near,
        coefficients={_content(found.totals): osmotic[each] for each, found in salts.items() if found},
        valences=valences,
        source=source,
        molecules=frozenset((*data["molecules"], *data["drugs"])),
    )


def _listed(data: Mapping[str, Any]) -> Iterator[tuple[Reagent, list[str]]]:
    """What has a name and is no salt, with all of its names."""
    for kind in ("acids", "bases", "molecules", "drugs", "counted"):
        for symbol, row in data[kind].items():
            names = [symbol, *row.get("names", ())]
            if symbol.endswith("ate"):  # the name of an anion is none of its acid: phosphate, citrate
                continue
            if kind == "acids":
                names = [each + ending for each in names for ending in ("", " acid", " free acid")]
            elif kind == "bases":
                names = [each + ending for each in names for ending in ("", " base", " free base")]
            note = row.get("note", DRUG if kind == "drugs" else "")
            totals = {c: float(n) for c, n in row.get("totals", {symbol: 1}).items()}
            one = Reagent(
                name=symbol,
                formula=row["formula"],
                totals=totals,
                osmotic_coefficient=SALT if len(totals) > 1 else NEUTRAL,
                note=note,
            )
            yield one, names


DRUG = "neither its charge nor its counter-ions are counted"


def _parts(data: Mapping[str, Any]) -> dict[str, Part]:
    """What salts are made of, by spelling."""
    parts: dict[str, Part] = {}
    for ion in IONS.values():
        if ion.valence:
            water = ion.symbol in ("H", "OH")
            part = Part(
                component="" if water else ion.symbol,
                symbol=ion.symbol,
                formula="" if ion.symbol == "H" else ion.formula,
                charge=0 if ion.symbol == "H" else ion.valence,
                held=1 if ion.symbol == "H" else None,
            )
            parts |= dict.fromkeys((ion.symbol, *ion.spellings), part)
    for symbol, row in data["acids"].items():
        part = Part(
            component=symbol,
            symbol=symbol,
            formula=row["formula"],
            acid=row["protons"],
            unclear=row.get("unclear", ""),
        )
        parts |= dict.fromkeys((symbol, *row.get("names", ())), part)
    for symbol, row in data["bases"].items():
        part = Part(component=symbol, symbol=symbol, formula=row["formula"], base=row["protons"])
        parts |= dict.fromkeys((symbol, *row.get("names", ())), part)
    for symbol, row in data["forms"].items():
        part = Part(
            component=row["component"], symbol=symbol, formula=row["formula"], acid=row["protons"], held=row["held"]
        )
        parts |= dict.fromkeys((symbol, *row.get("names", ())), part)
    for symbol in ("Glu", "glu"):
        unclear = "Write the gluconate or the glutamate that is meant, as in 'K-gluconate'."
        parts[symbol] = Part(component="gluconate", symbol=symbol, formula="C6H11O7", charge=-1, unclear=unclear)
    return parts | {"TrisH": parts["Tris"]}
