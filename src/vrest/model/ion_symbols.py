"""Ions of a cell file by their symbols, however they are spelt: `K+`, `Gluc`, `SO4 2-`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vrest.errors import InputError, located
from vrest.ions import lookup
from vrest.model.exchange import EXCHANGES
from vrest.model.quantity import quantity_maps
from vrest.model.transport import TRANSPORTS


def with_symbols(data: Mapping[str, Any]) -> dict[str, Any]:
    """The dictionary of a file with the symbol of each ion; what it declares among its valences keeps its name.

    Raises
    ------
    InputError
        `duplicate_ion`: one ion by two names in a table; `known_ion`: a charge that is not the ion's.
    """

    def symbol(name: str) -> str:
        found = None if name in data.get("valences", ()) else lookup(name)
        return name if found is None or found.valence is None else found.symbol

    changed = dict(data)
    for parts, kinds, key in (
        ("compartments", {}, ""),
        ("membranes", TRANSPORTS, "law"),
        ("exchanges", EXCHANGES, "kind"),
    ):
        if parts in data:
            changed[parts] = {n: _part(t, f"{parts}.{n}", symbol, kinds, key) for n, t in data[parts].items()}
    if "closures" in data:
        changed["closures"] = {
            _amount(tied, symbol): {_amount(name, symbol): share for name, share in terms.items()}
            for tied, terms in data["closures"].items()
        }
    return changed


def _part(
    table: Mapping[str, Any], where: str, symbol: Callable[[str], str], kinds: Mapping[str, type], key: str
) -> dict[str, Any]:
    """A compartment, a membrane with its transports, a transport or an exchange."""
    kind = kinds.get(str(table.get(key)))
    maps = {"ions", "free"} if not kinds else {name for name, _ in quantity_maps(kind)} if kind else set()
    changed = dict(table)
    for name, entry in table.items():
        place = f"{where}.{name}"
        if name == "transports":
            changed[name] = {n: _part(t, f"{place}.{n}", symbol, kinds, key) for n, t in entry.items()}
        elif name in maps:
            changed[name] = _by_symbol(entry, place, symbol)
        elif name == "ion":
            changed[name] = _at(place, entry, symbol)
        elif name == "ions":
            changed[name] = [_at(place, each, symbol) for each in entry]
    return changed


def _by_symbol(table: Mapping[str, Any], where: str, symbol: Callable[[str], str]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, value in table.items():
        known = _at(where, name, symbol)
        if known in changed:
            raise InputError(
                f"{where} has {known} twice, once as '{name}'.", code="duplicate_ion", hint="Give each ion once."
            )
        changed[known] = value
    return changed


def _at(where: str, name: str, symbol: Callable[[str], str]) -> str:
    with located(where):
        return symbol(name)


def _amount(name: str, symbol: Callable[[str], str]) -> str:
    """`inside.K+` as `inside.K`."""
    place, dot, ion = name.partition(".")
    return f"{place}{dot}{_at('closures', ion, symbol)}"
