"""What a fit may change: numbers of a cell by their paths, and ratios of its leaks such as P_Na/P_K."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.elsewhere import elsewhere
from vrest.model.paths import resolve
from vrest.study.design.hold import leaks_of, leaky

PUMP_RATIO = "pump_ratio"
"""r of the Mullins-Noda equation."""

FARTHEST = np.log(1e8)
"""The search and every interval of a positive unknown end so far from the cell's own value (a logarithm)."""

RATIO = re.compile(r"\s*(?P<kind>[Pg])_(?P<top>\w+)\s*/\s*(?P=kind)_(?P<bottom>\w+)\s*")
"""A ratio of two leaks, such as P_Na/P_K."""


def short_path(path: str) -> str:
    """The end of a path, for people.

    >>> short_path("membranes.fibre.transports.pump.max_rate"), short_path("compartments.inside.ions.K")
    ('pump.max_rate', 'inside.K')
    """
    return ".".join(path.replace(".ions.", ".").split(".")[-2:])


def leaking(names: Iterable[str]) -> list[str]:
    """The ions of the ratios that are free, beside K+ and Na+: those that a bare membrane leaks.

    >>> leaking(["P_Na/P_K", "P_Cl/P_K"])
    ['K', 'Na', 'Cl']
    """
    matches = filter(None, map(RATIO.fullmatch, names))
    return list(dict.fromkeys(["K", "Na", *(ion for match in matches for ion in (match["top"], match["bottom"]))]))


@dataclass(frozen=True)
class Free:
    """One unknown x. Path k becomes x times `shares[k]`, times the weighted sum of `base` if there is one."""

    name: str
    unit: str
    own: float
    """What the cell has, door units."""
    positive: bool
    """Fitted as its logarithm."""
    scale: float
    """A change worth trying where it is not positive."""
    limits: tuple[float, float]
    """As the optimiser sees it: where the search ends."""
    paths: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    base: tuple[tuple[str, float, float], ...] = ()
    """(path, the cell's own value, weight) of the leaks that a ratio refers to."""

    @property
    def label(self) -> str:
        """For people: the end of a path says enough of a cell with one membrane."""
        return short_path(self.name)

    def inner(self, value: float) -> float:
        """The value as the optimiser sees it."""
        return float(np.log(value)) if self.positive else value

    def outer(self, inner: Any) -> Any:
        """The value in door units."""
        return np.exp(inner) if self.positive else inner


def free_parameters(cell: Cell, names: str | Iterable[str], weights: Mapping[str, float]) -> tuple[Free, ...]:
    """Read what is free.

    `weights` are chord conductances per permeability, by path, for models that have conductances where the cell has
    permeabilities.

    Raises
    ------
    InputError
        `nothing_free`, `unknown_path`, `bad_ratio` (the cell lacks one of the leaks), `is_solved`, `switched_off`,
        `varies_twice`.
    """
    found = [_read(cell, name, weights) for name in ([names] if isinstance(names, str) else names)]
    if not found:
        hint = 'Name what is to be learnt, such as "P_Na/P_K" or a path.'
        raise InputError("Nothing is free.", code="nothing_free", hint=hint)
    paths = [path for free in found for path in free.paths or (free.name,)]
    if twice := next((path for path in paths if paths.count(path) > 1), None):
        raise InputError(f"{twice} would be set twice.", code="varies_twice", hint="Name it once.")
    return tuple(found)


def path_values(free: Iterable[Free], values: Any) -> dict[str, Any]:
    """The value of every path, door units, from the unknowns in theirs; traced or not."""
    pairs = list(zip(free, values, strict=True))
    found = {each.paths[0]: value for each, value in pairs if each.paths and not each.base}
    for each, value in pairs:
        if each.base:
            reference = sum(found.get(path, own) * weight for path, own, weight in each.base)
            found |= {path: value * reference * share for path, share in zip(each.paths, each.shares, strict=True)}
    return found


def _read(cell: Cell, name: str, weights: Mapping[str, float]) -> Free:
    if name.strip() == PUMP_RATIO:
        return Free(PUMP_RATIO, "", 1.5, True, 1.0, _around(1.5, np.inf))
    match = RATIO.fullmatch(name)
    if match is not None:
        return _ratio(cell, f"{match['kind']}_{match['top']}/{match['kind']}_{match['bottom']}", match, weights)
    parameter = resolve(cell, name)
    spec = parameter.spec
    if isinstance(parameter.value, str):
        problem = f"{parameter.path} is solved from the charge balance: it follows from the others."
        raise InputError(problem, code="is_solved", hint="Free what it is solved from.")
    own = float(parameter.door(parameter.value))
    positive = spec.minimum == 0.0 and spec.dimension != "temperature"
    if positive and own == 0.0:
        hint = f'Start it above 0, such as --set "{parameter.path}=...".'
        raise InputError(f"{parameter.path} is 0 and is fitted as a logarithm.", code="switched_off", hint=hint)
    scale = max(abs(own), 1.0) / 2
    least, most = (
        sign * np.inf if limit is None else float(parameter.door(limit))
        for sign, limit in ((-1, spec.minimum), (1, spec.maximum))
    )
    limits = _around(own, most) if positive else (max(least, own - 1e3 * scale), min(most, own + 1e3 * scale))
    return Free(parameter.path, parameter.unit, own, positive, scale, limits, (parameter.path,), (1.0,))


def _around(own: float, most: float) -> tuple[float, float]:
    """Limits of the logarithm of a positive unknown."""
    return float(np.log(own) - FARTHEST), float(min(np.log(own) + FARTHEST, np.log(most)))


def _ratio(cell: Cell, name: str, match: re.Match[str], weights: Mapping[str, float]) -> Free:
    """A ratio of leaks: the ion above keeps the proportions of its leaks, the one below its values."""
    if match["top"] == match["bottom"]:
        raise InputError(f"{name} is 1.", code="bad_ratio", hint="Name two ions, as in P_Na/P_K.")
    membrane = next(iter(cell.membranes))
    transports = cell.membranes[membrane].transports
    own: list[list[tuple[str, float, float]]] = []
    most = np.inf
    for ion in (match["top"], match["bottom"]):
        leaks = []
        for label in leaks_of(cell, membrane, ion):
            strength = str(transports[label].strength)
            path = f"membranes.{membrane}.transports.{label}.{strength}"
            kind = "g" if strength == "conductance" or path in weights else "P"
            if kind == match["kind"]:
                leak = resolve(cell, path)
                value = leak.door(leak.value)
                if ion == match["top"] and leak.spec.maximum is not None:
                    most = min(most, float(leak.door(leak.spec.maximum)) / float(value))
                leaks.append((path, float(value), weights.get(path, 1.0)))
        if not leaks:
            if off := [label for label, t in transports.items() if t.is_channel and t.is_off and ion in t.moved_ions]:
                raise InputError(
                    f"{name}: '{off[0]}' is off, in '{cell.name}' or in every row of the data.",
                    code="bad_ratio",
                    hint="Free a leak that is on, or give rows that were measured with it on.",
                )
            ions = sorted({i for t in transports.values() for i in t.moved_ions})
            what = "permeability" if match["kind"] == "P" else "conductance"
            kinds = "Free P_ for constant-field leaks, and g_ for ohmic leaks and the chord model."
            raise InputError(
                f"{name}: '{cell.name}' has no leak of {ion} that is on and has a {what} in this model.",
                code="bad_ratio",
                hint=f"{kinds if ion in ions else near_miss(ion, ions)} {elsewhere(cell, leaky(ion, what))}".strip(),
            )
        own.append(leaks)
    top, bottom = (sum(value * weight for _, value, weight in leaks) for leaks in own)
    shares = tuple(value / top for _, value, _ in own[0])
    limits = _around(top / bottom, most * top / bottom)
    return Free(name, "", top / bottom, True, 1.0, limits, tuple(path for path, _, _ in own[0]), shares, tuple(own[1]))
