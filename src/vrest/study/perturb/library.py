"""The perturbations that have names, one a file: found by name or alias, and read."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

from vrest.errors import InputError
from vrest.study.perturb.law import LAWS
from vrest.study.perturb.perturbation import Expected, NamedDose, Perturbation
from vrest.units import to_si


def perturbations() -> list[str]:
    """Names of all perturbations.

    >>> "ouabain" in perturbations()
    True
    """
    return sorted(_files())


def find(name: str | Perturbation) -> Perturbation:
    """A perturbation by its name or by an alias, such as that of a drug, or an `InputError` with a near miss.

    Capitals, blanks, hyphens and underscores make no difference.

    >>> find("TTX").name, find("digoxin").name
    ('ttx', 'ouabain')
    >>> find("ouabian")
    Traceback (most recent call last):
    vrest.errors.InputError: There is no perturbation 'ouabian'. Did you mean 'ouabain'?
    """
    if isinstance(name, Perturbation):
        return name
    known = _known()
    if _key(name) not in known:
        close = get_close_matches(_key(name), list(known), n=1, cutoff=NEAR)
        own, alias = known[close[0]] if close else ("", None)
        raise InputError(
            f"There is no perturbation '{name}'.",
            code="unknown_perturbation",
            hint=f"Did you mean '{alias or own}'?" if close else OTHERWISE,
        )
    own, alias = known[_key(name)]
    return replace(_read(own), asked=alias)


NEAR = 0.75
"""How alike a slip is to what was meant: names of drugs are alike that are none of the same kind."""

OTHERWISE = (
    "'vrest perturb --list' lists them and the drugs they stand for; what else a drug does is a change of a number: "
    "--set 'Na_leak.permeability*=0.5'."
)
"""What to do without a perturbation of that name."""


def _key(name: str) -> str:
    """A name as it is compared."""
    return "".join(c for c in str(name).lower() if c not in " -_")


@cache
def _known() -> dict[str, tuple[str, str | None]]:
    """What may be asked for, as it is compared: the perturbation, and the alias, if it is one."""
    found: dict[str, tuple[str, str | None]] = {_key(name): (name, None) for name in perturbations()}
    return found | {_key(alias): (name, alias) for name in perturbations() for alias in _read(name).aliases}


@cache
def _files() -> dict[str, Any]:
    folder = resources.files("vrest.model") / "perturbations"
    return {entry.name[:-5]: entry for entry in folder.iterdir() if entry.name.endswith(".toml")}


@cache
def _read(name: str) -> Perturbation:
    data = tomllib.loads(_files()[name].read_text(encoding="utf-8"))
    dose = data.pop("dose")
    kind = dose["dimension"]

    def si(value: Any, dimension: str = kind) -> Any:
        return None if value is None else float(to_si(value, dimension, name))

    needs: dict[str, Any] = {}  # a law takes what it needs and no more
    if "half" in dose:
        needs["half"] = si(dose["half"])
    if "isoforms" in data:
        needs["half_by_isoform"] = {key: si(value) for key, value in data["isoforms"].items()}
    if "companion" in data:
        needs["companion"] = tuple(data["companion"])
    expected = data.pop("expected", {})
    return Perturbation(
        name=name,
        title=data["title"],
        short=data["short"],
        mechanism=data["mechanism"],
        source=data["source"],
        target=data["target"],
        law=LAWS[data["law"]](**needs),
        dimension=kind,
        meaning=dose["meaning"],
        default=si(dose["default"]),
        minimum=si(dose["minimum"]),
        maximum=si(dose["maximum"]),
        duration=si(data.get("duration", "1 h"), "time"),
        onset=si(data.get("onset", "0 s"), "time"),
        doses={key: NamedDose(si(d["dose"]), d["source"]) for key, d in data.get("doses", {}).items()},
        aliases={name: kin.get("what", "") for kin in data.get("aliases", ()) for name in kin["names"]},
        reference=si(dose.get("reference")),
        expected={cell: Expected(e["instant"], e.get("settled"), e["outcome"]) for cell, e in expected.items()},
    )
