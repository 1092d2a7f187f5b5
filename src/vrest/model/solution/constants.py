"""What acids, bases and ligands have in the way of protons and metals: constants with their conditions and sources.

`constants.toml` has them; a file of the same form overrides them list by list.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, cast, get_args

from vrest.errors import InputError, near_miss
from vrest.ions import VALENCE
from vrest.model.solution.component import METALS, Component, Constant, Convention
from vrest.model.toml import parse_toml
from vrest.reading import read_text
from vrest.units import to_si


@dataclass(frozen=True, kw_only=True)
class Constants:
    """All that solutions are computed with.

    Parameters
    ----------
    components
        By name.
    neutral
        Names of molecules that have no charge and bind nothing: glucose.
    water
        pK of H2O = H + OH.
    carbon_dioxide
        log10 of the solubility of CO2, mol/(m3 Pa); its `enthalpy` is that of dissolving.
    own
        By component, the file whose constants stand in place of those of the package.
    """

    components: Mapping[str, Component]
    neutral: frozenset[str]
    water: Constant
    carbon_dioxide: Constant
    own: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def formed(self) -> Mapping[str, str]:
        """The component of each form that has a name of its own: carbonate of HCO3."""
        return {name: each.name for each in self.components.values() for name in each.names if name != each.name}

    @cached_property
    def known(self) -> list[str]:
        """Every name that an amount can have: components, metals, neutral molecules, strong ions."""
        ions = {ion for ion, valence in VALENCE.items() if valence} - self.formed.keys() - {"H", "OH"}
        return sorted({*self.components, *METALS, *self.neutral, *ions}, key=str.lower)


def constants(overrides: Constants | str | os.PathLike[str] | None = None) -> Constants:
    """The constants of the package, with those of a file in place of them.

    Parameters
    ----------
    overrides
        A TOML file of the form of `constants.toml`: its lists (`pK`, `Ca`, `Mg`) replace those of a component, and
        components that are new join. `Constants` are taken as they are.

    Raises
    ------
    InputError
        `no_file`, `bad_toml`; `unknown_component`, `unknown_key`: a name that is not known, with the nearest one;
        `bad_constant`: one without its conditions or its source; and what `to_si` refuses.

    >>> constants().components["HEPES"].pK[0].value
    7.564
    """
    if overrides is None or isinstance(overrides, Constants):
        return overrides or CONSTANTS
    joined = _joined(CONSTANTS, read_text(overrides, "bad_toml"), str(overrides))
    before = CONSTANTS.components
    changed = [name for name, each in joined.components.items() if each != before.get(name)]
    return replace(joined, own=dict.fromkeys(changed, str(overrides)))


# --- reading ------------------------------------------------------------------------------------------------------

_CONDITIONS = ("ionic_strength", "temperature", "convention")
_CONSTANT = ("value", "enthalpy", "heat_capacity", "source", "checked", *_CONDITIONS)
_COMPONENT = ("charge", "names", "pK", *METALS)
_SOURCE = ("text", "checked", *_CONDITIONS)
_EXAMPLE = """Write it as in pK = [{ value = 7.5, enthalpy = "20 kJ/mol", ionic_strength = "150 mM",\
 temperature = "25 degC", convention = "mixed", source = "my titration" }]."""


_BARE = "`charge` is that of the form without any proton; each pK adds one."
MOST_LOG, MOST_ENTHALPY = 40.0, 500e3
"""Of a pK or a log10 K, and J/mol: what is beyond is in another unit."""


def _refused(problem: str, hint: str, code: str = "bad_constant") -> InputError:
    return InputError(problem, code=code, hint=hint)


def _table(found: Any, allowed: tuple[str, ...], where: str) -> dict[str, Any]:
    """A table that has no other keys."""
    if not isinstance(found, dict):
        raise _refused(f"{where} is {str(found)[:64]!r}, not a table.", _EXAMPLE)
    for key in found:
        if key not in allowed:
            raise _refused(f"{where} has '{key}', which is not read there.", near_miss(key, [*allowed]), "unknown_key")
    return found


def _list(found: Any, where: str) -> list[Any]:
    if not isinstance(found, list):
        raise _refused(f"{where} is {str(found)[:64]!r}, not a list.", _EXAMPLE)
    return found


def _number(found: Any, where: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise _refused(f"{where} is {str(found)[:64]!r}, not a number.", "Write it without quotes and unit.")
    return float(found)


def _si(found: Any, dimension: str, where: str) -> float:
    if not isinstance(found, str):
        raise _refused(f"{where} = {str(found)[:64]} has no unit.", _EXAMPLE, "missing_unit")
    return float(to_si(found, dimension, where))


def _constant(found: Any, sources: Mapping[str, Any], where: str, *, also: tuple[str, ...] = ()) -> Constant:
    table = _table(found, (*_CONSTANT, *also), where)
    source = sources.get(str(table.get("source")), {})
    full = {**source, **table}
    if lacking := [key for key in ("value", *_CONDITIONS, "source") if key not in full]:
        raise _refused(f"{where} lacks {', '.join(lacking)}: without it a constant says nothing.", _EXAMPLE)
    if full["convention"] not in get_args(Convention):
        said = str(full["convention"])[:64]
        raise _refused(f"{where}.convention is '{said}'.", near_miss(said, [*get_args(Convention)]))
    strength = _si(full["ionic_strength"], "concentration", f"{where}.ionic_strength")
    if strength < 0.0 or (full["convention"] == "thermodynamic") != (strength == 0.0):
        hint = "'thermodynamic' is at ionic strength 0, 'concentration' and 'mixed' are above."
        raise _refused(f"{where} is {full['convention']} at {full['ionic_strength']}.", hint)
    value, heat = _number(full["value"], f"{where}.value"), f"{where}.enthalpy"
    enthalpy = _si(full.get("enthalpy", "0 J/mol"), "energy_per_mole", heat)
    if abs(value) > MOST_LOG or abs(enthalpy) > MOST_ENTHALPY:
        said = f"value = {value:g}" if abs(value) > MOST_LOG else f"enthalpy = '{full['enthalpy']}'"
        hint = f"None is known beyond ±{MOST_LOG:g} or ±{MOST_ENTHALPY / 1e3:g} kJ/mol; `value` is a pK or log10 K."
        raise _refused(f"{where}.{said}.", hint, "out_of_range")
    return Constant(
        value=value,
        ionic_strength=strength,
        temperature=_si(full["temperature"], "temperature", f"{where}.temperature"),
        convention=cast(Convention, full["convention"]),
        enthalpy=enthalpy,
        heat_capacity=_number(full.get("heat_capacity", 0.0), f"{where}.heat_capacity"),
        source=str(source.get("text", full["source"])),
        checked=bool(full.get("checked", False)),
    )


def _component(name: str, found: Any, sources: Mapping[str, Any], before: Component | None, where: str) -> Component:
    table = _table(found, _COMPONENT, where)
    if before is None:
        if "charge" not in table:
            hint = near_miss(name, sorted(CONSTANTS.components))
            hint = hint if hint.startswith("Did") else "One of your own needs charge, without any of its protons."
            raise _refused(f"{where}: '{name}' has no constants here.", hint, "unknown_component")
        before = Component(name=name, charge=int(_number(table["charge"], f"{where}.charge")))
    elif table.get("charge", before.charge) != before.charge:
        raise _refused(f"{where}.charge is {table['charge']}, and {before.charge:+d} here.", "Leave it out.")
    pK = before.pK
    if "pK" in table:
        listed = _list(table["pK"], f"{where}.pK")
        pK = tuple(_constant(each, sources, f"{where}.pK[{i}]") for i, each in enumerate(listed))
        if any(first.value < second.value for first, second in pairwise(pK)):
            told = ", ".join(f"{each.value:g}" for each in pK)
            raise _refused(f"{where}.pK rises: {told}.", "List the highest first: that of the proton that goes last.")
    metals = dict(before.metals)
    for metal in (each for each in METALS if each in table):
        place = f"{where}.{metal}"
        listed = [_table(each, (*_CONSTANT, "protons"), place) for each in _list(table[metal], place)]
        protons = [int(_number(each.get("protons", 0), f"{place}.protons")) for each in listed]
        if any(not 0 <= each <= len(pK) for each in protons):
            raise _refused(f"{place} is for more protons than there are pK.", "Count protons from the bare form.")
        each_of = (_constant(each, sources, place, also=("protons",)) for each in listed)
        metals[metal] = tuple(zip(protons, each_of, strict=True))
    if any(protons > len(pK) for each in metals.values() for protons, _ in each):
        raise _refused(f"{where}.pK has fewer protons than a form that binds a metal.", "List every pK.")
    valence = METALS.get(name) or VALENCE.get(name)
    if valence and valence not in range(before.charge, before.charge + len(pK) + 1):
        charges = f"{before.charge:+d} to {before.charge + len(pK):+d}"
        raise _refused(f"{where}: {name} is an ion of charge {valence:+d}, and no form has it: {charges}.", _BARE)
    names = tuple(str(each) for each in _list(table.get("names", [*before.names]), f"{where}.names"))
    return replace(before, pK=pK, metals=metals, names=names)


def _joined(before: Constants, text: str, where: str) -> Constants:
    data = parse_toml(text, where)
    told = data.pop("sources", {})
    sources = {name: _table(each, _SOURCE, f"{where}: sources.{name}") for name, each in told.items()}
    neutral = before.neutral | {str(name) for name in _list(data.pop("neutral", []), f"{where}: neutral")}
    alone = {
        key: _constant(data.pop(key), sources, f"{where}: {key}") for key in ("water", "carbon_dioxide") if key in data
    }
    components = dict(before.components)
    for name, found in data.items():
        components[name] = _component(name, found, sources, components.get(name), f"{where}: {name}")
    return replace(before, components=components, neutral=neutral, **alone)


def _shipped() -> Constants:
    none = Constant(value=0.0, ionic_strength=0.0, temperature=1.0, convention="thermodynamic")
    empty = Constants(components={}, neutral=frozenset(), water=none, carbon_dioxide=none)
    path = os.path.join(os.path.dirname(__file__), "constants.toml")
    return _joined(empty, read_text(path, "bad_toml"), "constants.toml")


CONSTANTS = _shipped()
"""Those that come with the package."""
