"""A solution for people: its tables, what is said of it, and what to weigh for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from vrest.errors import InputError
from vrest.ions import VALENCE
from vrest.model.ion_labels import ion_text
from vrest.model.solution.constants import METALS
from vrest.model.solution.reagents import reagent
from vrest.tables import Column, Table, joined, number
from vrest.units import from_door, from_si

if TYPE_CHECKING:
    from vrest.model.solution.component import Constant
    from vrest.model.solution.solution import Solution
    from vrest.model.solution.species import Species

LEAST = 0.01
"""Share of a component below which a form of it is not told."""

AGREED = 0.03
"""Share by which measured and computed osmolarities may differ: an osmometer, what was weighed, coefficients."""


def component_table(made: Solution) -> Table:
    """A row for each component: total (mM), mean charge, what is free of a metal (mM), its forms."""
    names = [name for name, total in made.totals.items() if total > 0.0]
    charges = [made.mean_charge(name) for name in names]
    free = [_mM(made.free(name)) if name in METALS else None for name in names]
    bound = any(each.metal for each in made.species)
    columns = [
        Column("component", "", names),
        Column("total", "mM", [_mM(made.totals[name]) for name in names], rounding=0.0),
        Column("mean charge", "1", charges, rounding=0.0, form=_charge),
        *([Column("free", "mM", free, form=molar, rounding=0.0)] if bound else []),
        Column("forms", "", [_forms(made, name) for name in names]),
    ]
    return Table(columns, "What is in it")


def species_table(made: Solution) -> Table:
    """Species with charge and concentration (mM)."""
    return Table(
        [
            Column("species", "", [each.name for each in made.species]),
            Column("charge", "1", [float(each.charge) for each in made.species], form=_charge),
            Column("concentration", "mM", [_mM(each.concentration) for each in made.species], rounding=0.0),
        ],
        "Species",
    )


def _mM(concentration: float) -> float:
    return from_si(concentration, "concentration")


def _charge(value: float) -> str:
    """A mean charge: whole where it is.

    >>> _charge(-1.0), _charge(-0.3982), _charge(0.0)
    ('-1', '-0.398', '0')
    """
    return number(value, 3, signed=True)


def molar(value: float) -> str:
    """A concentration in mM in the unit that one would say it in.

    >>> molar(0.39), molar(2.3e-4), molar(2.3e-2), molar(0.0)
    ('0.39 mM', '230 nM', '23 uM', '0 mM')
    """
    for unit, least in (("mM", 0.1), ("uM", 1.0), ("nM", 1.0)):
        shown = from_si(from_door(value, "concentration"), "concentration", unit)
        if abs(shown) >= least or value == 0.0:
            break
    return f"{number(shown, 3)} {unit}"


def _forms(made: Solution, name: str) -> str:
    """The forms of a component with their shares, the most of it first; empty where one says nothing new."""
    forms = [e for e in made.species if (e.metal or e.component) == name] if name in METALS else made.forms(name)
    total = sum(each.concentration for each in forms)
    if len(forms) < 2 or total == 0.0:
        return ""
    shares = sorted(((each.concentration / total, each) for each in forms), key=lambda pair: -pair[0])
    told = [f"{_form(each, name)} {number(100.0 * share, 2)} %" for share, each in shares if share >= LEAST]
    return ", ".join(told) if len(told) > 1 or shares[0][1].metal else ""


def _form(species: Species, name: str) -> str:
    return "free" if species.name == name else species.name


# --- what is said of it ---------------------------------------------------------------------------


def verdict_sentence(made: Solution) -> str:
    """What the verdict on its charges says."""
    verdict = made.neutrality
    if verdict.kind == "neutral":
        return "It is neutral as it is written."
    if verdict.kind == "titrant_added":
        (name, amount), *_ = made.added.items()
        titrant = made.recipe.titrant if made.recipe else "a titrant"
        set_at = f"pH {number(made.pH_prepared, decimals=2)} at {_degrees(made.pH_temperature)}"
        it = f"{set_at} takes {_told(amount)} of {titrant}"
        return f"{it}: that {_ion(name)} is counted, and with it the solution is neutral."
    sign, lacking = ("negative", "a cation") if verdict.charge < 0.0 else ("positive", "an anion")
    fills, off = [_ion(name) for name, _ in verdict.fills], _told(abs(verdict.charge))
    return (
        f"It is not neutral as it is written: it has {off} too much {sign} charge, and {lacking} is missing or an"
        f" amount is off. {off} of {_either(fills)} would do it; nothing was added."
    )


def pH_sentence(made: Solution) -> str:
    """Its pH, where it was set and where it is recorded; empty where it has none, or the verdict has said it."""
    if made.pH is None:
        return ""
    here = f"{number(made.pH, decimals=2)} at {_degrees(made.temperature)}"
    if made.pH_prepared is None or made.neutrality.kind == "neutral":
        share = made.recipe.carbon_dioxide if made.recipe else None
        gas = f" and the {number(100.0 * share, 2)} % CO2 of the gas" if share else ""
        return f"Its pH is {here}, which follows from what is in it{gas}."
    same = made.pH_temperature == made.temperature
    if made.neutrality.kind == "titrant_added":
        return "" if same else f"Its pH is {here}: the amounts stay."
    if same:
        return f"Its pH is {here}, where it was set."
    set_at = f"{number(made.pH_prepared, decimals=2)} at {_degrees(made.pH_temperature)}"
    return f"Its pH is {set_at}, where it was set, and {here}: the amounts stay."


def osmolarity_sentence(made: Solution) -> str:
    """Its osmolarity, computed in both ways, and beside what was measured; empty where it was not computed."""
    if made.osmolarity is None:
        return ""
    computed, ideal = (number(from_si(each, "osmolarity"), 3) for each in (made.osmolarity, made.ideal_osmolarity))
    told = f"Its osmolarity is {computed} mOsm/L with osmotic coefficients, {ideal} if every particle counts in full."
    measured = made.recipe.measured_osmolality if made.recipe else None
    if measured is None:
        return told
    milli = from_si(measured, "molality", "mOsm/kg")
    more = milli - from_si(made.osmolarity, "osmolarity")
    how = f"{number(abs(more), 2)} {'more' if more > 0.0 else 'less'}"
    told += f" Measured were {number(milli, 4)} mOsm/kg, {how} than the {computed} computed"
    if abs(more) <= AGREED * milli:
        return f"{told}: they agree, as a litre has 0.99 kg of water and an osmometer is right to 1 or 2 %."
    if more > 0.0:
        return f"{told}: something may be in it that is not written, or water was lost. Nothing was corrected."
    return f"{told}: a hydrate may have been weighed as dry, or there is more water. Nothing was corrected."


def _ion(name: str) -> str:
    return ion_text(name, VALENCE[name]) if name in VALENCE else name


def _told(concentration: float) -> str:
    return molar(_mM(concentration))


def _degrees(temperature: float | None) -> str:
    return f"{number(None if temperature is None else from_si(temperature, 'temperature'), 4)} degC"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


# --- on demand ------------------------------------------------------------------------------------


def weighing_table(made: Solution, volume: float) -> Table:
    """What to weigh for a volume (m3), in g, and what to pipette, in mL: stock solutions, and a titrant of 1 M.

    Raises
    ------
    InputError
        `no_reagents`: it was made of ions, which are not weighed.
    """
    recipe = made.recipe
    if recipe is None or not recipe.reagents:
        hint = "Write what is weighed below [reagents]."
        raise InputError(f"'{made.name}' is a list of ions.", code="no_reagents", hint=hint)
    rows = [_weighed(name, c, volume) for name, c in recipe.reagents.items()]
    rows += [_pipetted(f"{recipe.titrant} 1 M, about", c, volume, 1.0) for c in made.added.values()]
    names, concentrations, masses, grams, drops = zip(*rows, strict=True)
    columns = [
        Column("reagent", "", names),
        Column("concentration", "mM", concentrations, rounding=0.0),
        Column("molar mass", "g/mol", masses, decimals=2),
        Column("weigh", "g", grams, form=_mass, rounding=0.0),
    ]
    if any(drops):
        columns.append(Column("pipette", "mL", drops, digits=3))
    unknown = [row[0] for row in rows if row[3] is None and row[4] is None]
    note = f"How much water is in {joined(unknown)} is not said, so that it cannot be weighed." if unknown else ""
    return Table(columns, f"For {number(from_si(volume, 'volume', 'mL'), 4)} mL", note)


Row = tuple[str, float, float | None, float | None, float | None]
"""Name, concentration (mM), molar mass (g/mol), mass (g) and volume (mL) of what is weighed or pipetted."""


def _weighed(name: str, concentration: float, volume: float) -> Row:
    """A reagent; without mass where its water is not known."""
    found = reagent(name)
    if found.stock is not None:
        return _pipetted(name, concentration, volume, from_si(found.stock, "concentration", "M"))
    mass = None if found.water is None else found.molar_mass
    return name, _mM(concentration), mass, None if mass is None else mass * concentration * volume, None


def _pipetted(name: str, concentration: float, volume: float, molar: float) -> Row:
    """So much of a solution of so many mol/L."""
    stock = from_door(molar, "concentration", "M")
    return name, _mM(concentration), None, None, from_si(concentration * volume / stock, "volume", "mL")


def _mass(grams: float) -> str:
    """A mass in g in the unit of its balance.

    >>> _mass(12.884), _mass(0.00319), _mass(3.2e-7)
    ('12.88 g', '3.19 mg', '0.32 ug')
    """
    for unit in ("g", "mg", "ug"):
        shown = from_si(from_door(grams, "mass"), "mass", unit)
        if shown >= 0.1 or unit == "ug":
            break
    return f"{number(shown, 4)} {unit}"


def constants_table(made: Solution) -> Table:
    """The constants that it was computed with: value, conditions, convention, source."""
    rows: list[tuple[str, str, Constant]] = []
    constants = made.constants
    metals = [metal for metal in METALS if made.totals.get(metal)]
    for name in made.totals:
        if name in constants.components:
            component = constants.components[name]
            for k, pK in enumerate(component.pK):
                rows.append((name, f"pK {component.form(k + 1)} = H + {component.form(k)}", pK))
            for metal in metals:
                for protons, found in component.metals.get(metal, ()):
                    what = f"log K {metal} + {component.form(protons)} = {component.form(protons, metal)}"
                    rows.append((name, what, found))
    if made.pH is not None:
        rows.append(("water", "pK H2O = H + OH", constants.water))
    if made.recipe is not None and made.recipe.carbon_dioxide:
        rows.append(("CO2", "log10 of its solubility, mol/(m3 Pa)", constants.carbon_dioxide))
    return Table(
        [
            Column("component", "", [name for name, _, _ in rows]),
            Column("constant", "", [what for _, what, _ in rows]),
            Column("value", "1", [each.value for _, _, each in rows]),
            Column("ionic strength", "mM", [_mM(each.ionic_strength) for _, _, each in rows], rounding=0.0),
            Column("temperature", "degC", [from_si(each.temperature, "temperature") for _, _, each in rows]),
            Column("enthalpy", "kJ/mol", [from_si(each.enthalpy, "energy_per_mole") for _, _, each in rows]),
            Column("convention", "", [each.convention for _, _, each in rows]),
            Column("source", "", [each.source for _, _, each in rows]),
            Column("checked", "", [each.checked for _, _, each in rows]),
        ],
        "Constants",
    )


def as_dict(made: Solution) -> dict[str, Any]:
    """Everything in door units, for JSON."""
    verdict = made.neutrality
    return {
        "name": made.name,
        "kind": made.kind,
        "temperature": from_si(made.temperature, "temperature"),
        "pH": made.pH,
        "pH_prepared": made.pH_prepared,
        "pH_temperature": None if made.pH_temperature is None else from_si(made.pH_temperature, "temperature"),
        "components": [
            {"component": name, "total": _mM(total), "mean_charge": made.mean_charge(name)}
            | ({"free": _mM(made.free(name))} if name in METALS else {})
            for name, total in made.totals.items()
            if total > 0.0
        ],
        "species": [
            {
                "species": each.name,
                "component": each.component,
                "metal": each.metal,
                "charge": each.charge,
                "concentration": _mM(each.concentration),
            }
            for each in made.species
        ],
        "neutrality": {
            "kind": verdict.kind,
            "charge_left": _mM(verdict.charge),
            "fills": [{"ion": name, "concentration": _mM(c)} for name, c in verdict.fills],
        },
        "added": [{"ion": name, "concentration": _mM(c)} for name, c in made.added.items()],
        "osmolarity": None if made.osmolarity is None else from_si(made.osmolarity, "osmolarity"),
        "ideal_osmolarity": from_si(made.ideal_osmolarity, "osmolarity"),
        "measured_osmolality": _measured(made),
        "ionic_strength": _mM(made.ionic_strength),
        "source": made.recipe.source if made.recipe else "",
    }


def _measured(made: Solution) -> float | None:
    measured = made.recipe.measured_osmolality if made.recipe else None
    return None if measured is None else from_si(measured, "molality", "mOsm/kg")


UNITS = dict.fromkeys(("total", "free", "concentration", "charge_left", "ionic_strength"), "mM") | {
    "temperature": "degC",
    "pH_temperature": "degC",
    "pH": "1",
    "pH_prepared": "1",
    "mean_charge": "1",
    "osmolarity": "mOsm",
    "ideal_osmolarity": "mOsm",
    "measured_osmolality": "mOsm/kg",
}
"""The unit of each key of `as_dict` that has one."""


def lines(made: Solution) -> Iterator[str]:
    """What is said of it, without its warnings."""
    yield verdict_sentence(made)
    for sentence in (pH_sentence(made), osmolarity_sentence(made)):
        if sentence:
            yield sentence
    yield f"Its ionic strength is {_told(made.ionic_strength)}."


def in_short(made: Solution) -> str:
    """pH, osmolarity and ionic strength in one line."""
    told = [f"pH {number(made.pH, decimals=2)}"] if made.pH is not None else []
    if made.osmolarity is not None:
        told.append(f"{number(from_si(made.osmolarity, 'osmolarity'), 3)} mOsm/L")
    return ", ".join([*told, f"ionic strength {_told(made.ionic_strength)}"])
