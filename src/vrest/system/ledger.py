"""The ledger: every conserved total of a cell, its drift, and the floating-point floor of that drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vrest.system.assemble import System
from vrest.units import from_si

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Account:
    """One conserved total.

    Charge laws (`unit` mV) are given as the potential the missing charge would make on the membrane; totals of
    matter (`unit` relative) as a share of the total.
    """

    name: str
    unit: str
    drift: float
    """Largest absolute change over all states given."""
    floor: float
    """What rounding alone may do: 2 eps sum of the absolute terms."""


def describe(system: System) -> list[str]:
    """Each conserved total as a formula of states, such as `inside.K + inside.Na - inside.Cl - charge(neuron)`."""
    laws = system.laws
    lines = []
    for row in laws.matrix(len(system.states)):
        terms = []
        for coefficient, (kind, name) in zip(row, system.states, strict=True):
            if coefficient == 0:
                continue
            text = name if kind == "amount" else f"{kind}({name})"
            size = "" if abs(coefficient) == 1 else f"{abs(coefficient):g} "
            terms.append(f"{'-' if coefficient < 0 else '+'} {size}{text}")
        lines.append(" ".join(terms).removeprefix("+ "))
    return lines


def accounts(system: System, x: np.ndarray, p: np.ndarray, start: np.ndarray) -> list[Account]:
    """The drift of every conserved total over states x (..., n), against the state `start`."""
    units = system.units(p)
    natural = np.atleast_2d(x) * units
    begin = start * units
    found = []
    for row, text in zip(system.laws.matrix(len(system.states)), describe(system), strict=True):
        charges = [(name, units[k]) for k, (kind, name) in enumerate(system.states) if kind == "charge" and row[k] != 0]
        fixed = _fixed_charge(system, p, row) if charges else 0.0
        terms = natural * row
        change = np.abs(terms.sum(axis=-1) - (begin * row).sum())
        size = np.abs(terms).sum(axis=-1).max() + abs(fixed)  # a swollen cell holds more
        if charges:
            capacity = min(unit for _, unit in charges)  # mol of charge per volt
            to_unit, unit = from_si(1.0, "potential") / capacity, "mV"
        else:
            to_unit, unit = 1.0 / size, "relative"
        found.append(Account(text, unit, float(change.max() * to_unit), float(2 * EPS * size * to_unit)))
    return found


def _fixed_charge(system: System, p: np.ndarray, row: np.ndarray) -> float:
    """Impermeant charge (mol) of the compartments that a charge law spans; it stands beside the ions."""
    spaces = {
        name.split(".")[0] for (kind, name), c in zip(system.states, row, strict=True) if kind == "amount" and c != 0
    }
    return sum(
        float(
            system.get(p, f"compartments.{s}.impermeant.concentration")
            * system.get(p, f"compartments.{s}.impermeant.valence")
            * system.get(p, f"compartments.{s}.volume")
        )
        for s in spaces
    )
