"""Mobilities of ions in water, relative to that of K+: the one quantity that is stored, each with source and quality.

Tables of the literature hold one of two quantities: the limiting equivalent conductivity (of 1/|z| mol, S cm2/mol), or
the mobility relative to K+. They differ by |z|: `u_rel = conductivity / (73.5 |z|)`, and the diffusion coefficient is
proportional to `u_rel`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from vrest.errors import InputError, near_miss
from vrest.ions import lookup

Quality = Literal["measured", "estimated", "guess"]

POTASSIUM = 73.5
"""Limiting equivalent conductivity of K+ at 25 degC, S cm2/mol."""

RELATIVE_SD = {"measured": 0.05, "estimated": 0.10, "guess": 0.25}
"""Standard deviation of a mobility over its value, by quality: what compilations differ by."""

FORMS = {
    "phosphate": "HPO4",
    "carbonate": "HCO3",
    "TrisH": "Tris",
}
"""Species that have a row under another name."""


@dataclass(frozen=True, kw_only=True)
class Mobility:
    """How fast an ion moves, beside K+.

    Parameters
    ----------
    name
        Of the row: an ion or a component (`K`, `HEPES`), or one form of it (`EGTA(-3)`).
    u_rel
        Mobility (velocity per force) relative to K+; the diffusion coefficient has the same ratio. No unit.
    quality
        `measured`; `estimated` (from a similar ion, from one indirect measurement, or compilations differ by 5 to
        20 %); `guess` (by size alone, or compilations differ by more).
    source
        Where the value is from.
    note
        What to know of it, such as where compilations differ.

    >>> mobility_of("Mg").u_rel, mobility_of("MgATP(-2)").quality
    (0.361, 'estimated')
    """

    name: str
    u_rel: float
    quality: Quality
    source: str
    note: str = ""

    @property
    def relative_sd(self) -> float:
        """Standard deviation of `u_rel` over its value, by its quality."""
        return RELATIVE_SD[self.quality]


@cache
def mobilities() -> dict[str, Mobility]:
    """Every row by its name.

    >>> mobilities()["Na"].quality
    'measured'
    """
    text = (resources.files("vrest.model.solution") / "mobilities.toml").read_text("utf-8")
    data = tomllib.loads(text)
    return {
        name: Mobility(
            name=name,
            u_rel=row["u_rel"],
            quality=row["quality"],
            source="; ".join(data["sources"][key] for key in row["source"].split()),
            note=row.get("note", ""),
        )
        for name, row in data["ions"].items()
    }


def mobility_of(name: str) -> Mobility:
    """The mobility of a species (`HEPES(-1)`, `MgATP(-2)`), of a component (`HEPES`) or of an ion as people spell it.

    All forms of a molecule have its mobility unless one has a row of its own; a metal does not change that of what
    binds it.

    Raises
    ------
    InputError
        `unknown_mobility`: no row, with the near misses.

    >>> mobility_of("K+").u_rel, mobility_of("HEPES(-1)").name, mobility_of("phosphate").name
    (1.0, 'HEPES', 'HPO4')
    """
    rows = mobilities()
    for each in _readings(name):
        if each in rows:
            return rows[each]
    near = near_miss(name, list(rows))
    few = list(rows)[:8]
    raise InputError(
        f"There is no mobility of '{name}'.",
        code="unknown_mobility",
        hint=near if near.startswith("Did") else f"Known are {', '.join(few)} and {len(rows) - len(few)} more.",
    )


_SPECIES = re.compile(r"(?P<component>.+)\((?P<charge>0|[+-][1-9])\)")


def _readings(name: str) -> list[str]:
    """What a name may be called in the table, the most exact first."""
    found = [name]
    component = name
    if species := _SPECIES.fullmatch(name):
        component = species["component"]
        found.append(component)
    elif (ion := lookup(name)) is not None and ion.valence:
        return [FORMS.get(ion.symbol, ion.symbol)]
    if bound := re.match("(Ca|Mg)-?(?=.)", component):
        found.append(component[bound.end() :])
    return [FORMS.get(each, each) for each in found]
