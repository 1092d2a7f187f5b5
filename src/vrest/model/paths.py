"""Every number of a cell has one path: the place where it stands in the file.

`compartments.outside.ions.K`, `membranes.neuron.transports.pump.max_rate`, `temperature`. Any part may be left
out while what remains names one thing: `outside.K`, `pump.max_rate`. NEURON's names are read as well: `ko`, `celsius`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell, Source
from vrest.model.compartment import CONCENTRATION
from vrest.model.elsewhere import elsewhere
from vrest.model.membrane import LEAST_CAPACITANCE
from vrest.model.neuron_names import neuron_paths
from vrest.model.notice import USER
from vrest.model.quantity import Described, Quantity, check, numbers
from vrest.model.remembered import of_one_form, remembered
from vrest.units import from_si, unit_of

CAPACITANCE = Quantity("specific_capacitance", LEAST_CAPACITANCE, False, 10.0, False, "")
"""What the capacitance may be of a membrane that has one."""


@dataclass(frozen=True)
class Parameter:
    """One number of a cell: its full path, its value (SI, or `solve`) and what it may be.

    `fixed_at_start` marks sizes and contents of finite compartments: they describe how the cell starts and
    cannot be stepped while it runs, because charge and matter would appear from nowhere.
    """

    path: str
    value: Any
    spec: Quantity
    fixed_at_start: bool

    @property
    def unit(self) -> str:
        """Its door unit."""
        return unit_of(self.spec.dimension)

    @property
    def ion(self) -> str:
        """The ion whose concentration it is; empty where it is none."""
        return self.path.partition(".ions.")[2]

    def door(self, si: Any) -> Any:
        """SI values of it in its door unit."""
        return from_si(si, self.spec.dimension)


@remembered
def parameters(cell: Cell) -> Mapping[str, Parameter]:
    """Every number of the cell by its full path, in the order of the file."""
    return {p.path: p for p in _walk(cell)}


def _walk(cell: Cell) -> Iterator[Parameter]:
    yield from _fields(cell, "", False)
    for name, c in cell.compartments.items():
        base = f"compartments.{name}."
        yield from _fields(c, base, True)
        for symbol, value in c.ions.items():
            yield Parameter(f"{base}ions.{symbol}", value, CONCENTRATION, c.finite)
        if c.impermeant is not None:
            yield from _fields(c.impermeant, f"{base}impermeant.", c.finite)
    for name, m in cell.membranes.items():
        for parameter in _fields(m, f"membranes.{name}.", True):
            yield replace(parameter, spec=CAPACITANCE) if parameter.path.endswith(".capacitance") else parameter
        for label, t in m.transports.items():
            yield from _fields(t, f"membranes.{name}.transports.{label}.", False)
    for name, e in cell.exchanges.items():
        yield from _fields(e, f"exchanges.{name}.", False)


def _fields(owner: Described, base: str, fixed: bool) -> Iterator[Parameter]:
    for name, value, spec in numbers(owner):
        yield Parameter(base + name, value, spec, fixed)


@remembered
def resolve(cell: Cell, short: str) -> Parameter:
    """The one parameter that a full or shortened path names, or a name of NEURON's.

    Raises
    ------
    InputError
        The path names nothing (with a near miss), or several things (with the candidates); a name of NEURON's that is
        no value here (`neuron_paths`).

    >>> from vrest.model.cellfile import load
    >>> [resolve(load("mammalian_neuron"), name).path for name in ("outside.K", "ko")]
    ['compartments.outside.ions.K', 'compartments.outside.ions.K']
    """
    short, known = short.strip(), parameters(cell)
    if short in known:
        return known[short]
    parts = short.split(".")
    matches = [p for p in known.values() if _matches(p.path.split("."), parts)]
    matches = matches or [known[path] for path in neuron_paths(cell, short)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = ", ".join(m.path for m in matches)
        raise InputError(
            f"'{short}' names {len(matches)} values of '{cell.name}'.",
            code="ambiguous_path",
            hint=f"Choose one: {listed}.",
        )
    hint = _follows(cell, parts) or f"{_suggest(short, known)} {_elsewhere(cell, short)}".strip()
    raise InputError(f"'{short}' names no value of '{cell.name}'.", code="unknown_path", hint=hint)


def _elsewhere(cell: Cell, short: str) -> str:
    """The cells of the library that have such a value."""

    def has(other: Cell) -> bool:
        with suppress(InputError):  # a name of NEURON's that means something else there
            return any(_matches(path.split("."), short.split(".")) for path in parameters(other)) or bool(
                neuron_paths(other, short)
            )
        return False

    return elsewhere(cell, has)


def _follows(cell: Cell, parts: list[str]) -> str:
    """What to say of the capacitance or start of a membrane that has none because it closes a ring."""
    closing = [name for name, m in cell.membranes.items() if m.capacitance is None]
    if parts[-1] not in ("capacitance", "potential") or not set(closing) & set(parts[:-1]):
        return ""
    return "That membrane closes a ring: it has no capacitance, and its potential is what the others leave. Set theirs."


def _matches(path: list[str], parts: list[str]) -> bool:
    """Whether `parts` is a subsequence of `path` that ends where the path ends."""
    if not parts or path[-1] != parts[-1]:
        return False
    remaining = iter(path)
    return all(part in remaining for part in parts)


ALIKE = 6
"""Values that end like one that is not there, of which an error lists so many."""


def _suggest(short: str, known: Mapping[str, Parameter]) -> str:
    """A near miss among all shortened forms, or the values that end alike."""
    forms: dict[str, set[str]] = {}
    for path in known:
        parts = path.split(".")
        shorter = [".".join(parts[-n:]) for n in range(1, len(parts) + 1)]
        for form in [*shorter, *([f"{parts[1]}.{parts[-1]}"] if len(parts) > 2 else [])]:
            forms.setdefault(form, set()).add(path)
    hint = near_miss(short, [form for form, paths in forms.items() if len(paths) == 1])
    if hint.startswith("Did"):
        return hint
    last = short.rpartition(".")[2]
    alike = [".".join(path.split(".")[1::2]) for path in known if path.count(".") == 3 and path.endswith(f".{last}")]
    if 0 < len(alike) <= ALIKE:
        return f"What ends in '{last}' here: {', '.join(alike)}."
    return "Run 'vrest show CELL' for the paths it has."


def set_si(cell: Cell, values: Mapping[str, Any], source: str = USER, converted: str = "") -> Cell:
    """A copy of the cell with values (SI, by full path) replaced and checked again, with what depends on them.

    `source` and `converted` are those of a `Source`.
    """
    known = parameters(cell)
    for path, value in values.items():
        if value != "solve":
            check(value, known[path].spec, path)
    before, cell = cell, replaced(cell, values)
    for name in {path.split(".")[1] for path in values if path.startswith("compartments.")}:
        cell.compartments[name]._check()
    sources = {**cell.sources, **{path: Source(source, converted=converted) for path in values}}
    cell = cell._with_si(sources=MappingProxyType(sources))
    of_one_form(before, cell)
    cell._check_numbers()
    return cell


def replaced(cell: Cell, values: Mapping[str, Any]) -> Cell:
    """A copy with values (SI, by full path) replaced and nothing checked.

    A value may be an array, one entry for each cell of a population: what is read off the copy is then an array.
    """
    copy = cell
    for path, value in values.items():
        copy = _replace(copy, path.split("."), value)
    of_one_form(cell, copy)
    return copy


def _replace(cell: Cell, path: list[str], value: Any) -> Cell:
    match path:
        case [name]:
            return cell._with_si(**{name: value})
        case ["compartments", c, "ions", symbol]:
            part = cell.compartments[c]
            part = part._with_si(ions=MappingProxyType({**part.ions, symbol: value}))
        case ["compartments", c, "free", symbol]:
            part = cell.compartments[c]
            part = part._with_si(free=MappingProxyType({**part.free, symbol: value}))
        case ["compartments", c, "impermeant", name]:
            part = cell.compartments[c]
            assert part.impermeant is not None
            part = part._with_si(impermeant=part.impermeant._with_si(**{name: value}))
        case ["compartments", c, name]:
            part = cell.compartments[c]._with_si(**{name: value})
        case ["membranes", m, "transports", t, name]:
            membrane = cell.membranes[m]
            changed = membrane.transports[t]._with_si(**{name: value})
            membrane = membrane._with_si(transports=MappingProxyType({**membrane.transports, t: changed}))
            return cell._with_si(membranes=MappingProxyType({**cell.membranes, m: membrane}))
        case ["membranes", m, name]:
            membrane = cell.membranes[m]._with_si(**{name: value})
            return cell._with_si(membranes=MappingProxyType({**cell.membranes, m: membrane}))
        case ["exchanges", e, name, *key]:
            exchange = cell.exchanges[e]
            value = MappingProxyType({**getattr(exchange, name), key[0]: value}) if key else value
            exchange = exchange._with_si(**{name: value})
            return cell._with_si(exchanges=MappingProxyType({**cell.exchanges, e: exchange}))
        case _:
            raise AssertionError(path)
    return cell._with_si(compartments=MappingProxyType({**cell.compartments, path[1]: part}))
