"""Whether the parts of a cell fit together: names, sides, ions and closures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vrest.errors import InputError, near_miss
from vrest.ions import VALENCE, unknown
from vrest.layout import unseen
from vrest.model.compartment import Compartment
from vrest.model.exchange import Exchange
from vrest.model.transport import ATP, CHARGE, WATER, Transport

if TYPE_CHECKING:
    from vrest.model.cell import Cell

NAME = re.compile(r"[A-Za-z_][\w-]*")
"""A name stands in paths, where dots divide."""

PATH_WORDS = ("compartments", "membranes", "exchanges", "transports", "ions", "free", "impermeant", "temperature")
"""Words of paths: no part of a cell has one for a name."""

READ_WORDS = ("V", "E", "volume", "osmolarity", "flux", "turnover", "power", "time", "tau", "collapse")
"""What tables and quantities call that which is read off a state: a place or an ion of such a name could not be told
from it."""

MEANINGS = (
    dict.fromkeys(PATH_WORDS, "a word of paths")
    | dict.fromkeys(READ_WORDS, "the name of something that is read off a cell")
    | {
        ATP: "the ATP that a transport spends",
        WATER: "the water that a transport moves, which changes volumes",
        CHARGE: "charge that no ion carries",
    }
)
"""What reserved names mean."""


def _reserved(what: str, name: str) -> bool:
    """Whether something of this kind would be misread by its name."""
    if what in ("transport", "exchange"):  # these are asked for by their names alone, or as I NAME
        return name in PATH_WORDS
    return name in MEANINGS or (what == "compartment" and name.startswith("E_"))


def check_names(cell: Cell) -> None:
    """Names that stand in paths, that mean nothing else, and that are there once."""
    names = [("compartment", n) for n in cell.compartments] + [("membrane", n) for n in cell.membranes]
    names += [("exchange", n) for n in cell.exchanges]
    names += [("transport", n) for m in cell.membranes.values() for n in m.transports]
    names += [("ion", s) for c in cell.compartments.values() for s in c.ions]
    names += [("ion", s) for s in cell.valences]
    if unseen(cell.name) or "$" in cell.name:
        told = f"The cell's name {cell.name!r} cannot stand above a figure."
        raise InputError(told, code="bad_name", hint="Leave out '$', and characters that nobody sees.")
    for what, name in names:
        if _reserved(what, name):
            raise InputError(
                f"No {what} can be called '{name}': here that is {MEANINGS.get(name, 'a Nernst potential')}.",
                code="reserved_name",
                hint=f"Give it another name, such as 'my_{name}'; what is reserved: {', '.join(MEANINGS)}.",
            )
        if not NAME.fullmatch(name):
            raise InputError(
                f"The {what} name {name!r} cannot stand in a path.",
                code="bad_name",
                hint="Use letters, digits, - and _, beginning with a letter.",
            )
    for name in cell.membranes:
        if name in cell.exchanges:
            raise InputError(
                f"A membrane and an exchange are both called '{name}': their currents could not be told apart.",
                code="name_taken",
                hint="Give one of them another name.",
            )
    for symbol, z in cell.valences.items():
        if symbol in VALENCE and z != VALENCE[symbol]:
            raise InputError(
                f"valences: {symbol} has valence {VALENCE[symbol]:+d}, not {z:+d}.",
                code="known_ion",
                hint="Give an ion of another charge a name of its own.",
            )
        if abs(z) > 10:
            raise InputError(
                f"valences: {symbol} = {z}.",
                code="out_of_range",
                hint="An ion has a charge of 1 to 10, a gas 0; other neutral molecules belong to the impermeants.",
            )


def check_sides(cell: Cell) -> None:
    """Places that are there, with the sizes that membranes need."""
    names = list(cell.compartments)
    joined = [("membrane", n, m) for n, m in cell.membranes.items()]
    joined += [("exchange", n, e) for n, e in cell.exchanges.items()]
    for what, name, part in joined:
        for side in (part.inside, part.outside):
            if side not in names:
                raise InputError(
                    f"{what} '{name}' joins '{side}', which is no compartment.",
                    code="unknown_compartment",
                    hint=near_miss(side, names),
                )
    for name, e in cell.exchanges.items():
        _check_bare_charge(cell, name, e)
    if not cell.membranes:
        raise InputError("The cell has no membrane.", code="no_membrane", hint="Add [membranes.NAME].")
    for name, m in cell.membranes.items():
        inside = cell.compartments[m.inside]
        if inside.kind == "bath" and cell.compartments[m.outside].finite:
            raise InputError(
                f"membrane '{name}': its inside '{m.inside}' is a bath.",
                code="bath_inside",
                hint="The inside must be 'fixed', 'osmotic' or 'dialysed'; did you swap the sides?",
            )
        if m.area is None and inside.surface is None:
            raise InputError(
                f"membrane '{name}' has no area.",
                code="no_area",
                hint=f"Give an area, or '{m.inside}' a shape.",
            )
        if m.area_follows_volume and (m.area is not None or inside.shape is None):
            raise InputError(
                f"membrane '{name}': area_follows_volume needs the inside's shape and no area of its own.",
                code="area",
                hint="Give the compartment a shape and leave the area out.",
            )


def check_species(cell: Cell) -> None:
    """Ions that are known, and on both sides of what moves them."""
    valence = cell.valence()
    for name, c in cell.compartments.items():
        for symbol in c.ions:
            if symbol not in valence:
                raise InputError(
                    f"compartment '{name}': ion '{symbol}' is unknown.",
                    code="unknown_ion",
                    hint=f"{unknown(symbol)} Or declare it: [valences] {symbol} = 1.",
                )
    for name, m in cell.membranes.items():
        for label, t in m.transports.items():
            moved = t.stoichiometry()
            for symbol in t.moved_ions:
                # a dissolved gas may be followed on one side alone: on the other it is used as it arrives
                follows = [s for s in (m.inside, m.outside) if symbol in cell.compartments[s].ions]
                for side in () if follows and not valence.get(symbol, 1) else (m.inside, m.outside):
                    _check_ion(cell, f"transport '{label}' of membrane '{name}'", symbol, side)
            sides = (cell.compartments[m.inside], cell.compartments[m.outside])
            if moved.get(WATER) and all(side.kind != "osmotic" for side in sides):
                raise InputError(
                    f"transport '{label}' of membrane '{name}' moves water between rigid compartments.",
                    code="not_osmotic",
                    hint=f"Make '{m.inside}' kind = 'osmotic', or remove it.",
                )
            if not any(moved.values()) or set(moved) == {ATP}:
                raise InputError(
                    f"transport '{label}' of membrane '{name}' moves nothing.", code="moves_nothing", hint=""
                )
            _check_oxygen(f"transport '{label}' of membrane '{name}'", t, cell.compartments[m.outside])
    for name, e in cell.exchanges.items():
        _check_oxygen(f"exchange '{name}'", e, cell.compartments[e.inside])
        for move in e.moves(valence):
            net = sum(valence.get(symbol, 0) * count for symbol, count in move.items())
            if net and not e.counter_charge and not e.conducts:
                raise InputError(
                    f"exchange '{name}' moves {net:+g} charges per turnover and no membrane feels them.",
                    code="untracked_charge",
                    hint="Move a salt, or name what carries the opposite charge: counter_charge = '...'.",
                )
            for symbol in move.keys() - {CHARGE}:
                for side in (e.inside, e.outside):
                    _check_ion(cell, f"exchange '{name}'", symbol, side)


def _check_ion(cell: Cell, mover: str, symbol: str, side: str) -> None:
    """What moves an ion needs it on this side."""
    there = list(cell.compartments[side].ions)
    if symbol not in there:
        raise InputError(
            f"{mover} moves {symbol}, but '{side}' has none.",
            code="unknown_ion",
            hint=near_miss(symbol, there) if there else "Add it.",
        )


def _check_bare_charge(cell: Cell, name: str, e: Exchange) -> None:
    """What joins two places without moving ions may not join a place whose ions are followed."""
    if not (e.holds or any(CHARGE in move for move in e.moves(cell.valence()))):
        return
    for side in (e.inside, e.outside):
        if cell.compartments[side].finite:
            raise InputError(
                f"exchange '{name}' ({e.kind}) joins '{side}', whose contents are followed: there ions carry currents.",
                code="not_a_bath",
                hint="Join baths, or give a membrane an injected_current, which one ion carries.",
            )


def _check_oxygen(where: str, part: Transport | Exchange, space: Compartment) -> None:
    if (part.o2_half is None) != (part.o2_slope is None):
        raise InputError(f"{where} needs both o2_half and o2_slope.", code="missing_key", hint="Give both, or none.")
    if part.o2_half is not None and "O2" not in space.ions:
        raise InputError(
            f"{where} needs O2, but '{space._name}' has none.", code="unknown_ion", hint='Add O2 = "1 mM" to its ions.'
        )
    if part.o2_half is not None and isinstance(part, Exchange) and (part.conducts or part.holds):
        raise InputError(f"{where}: what moves in a field needs no O2.", code="unexpected_key", hint="Remove o2_half.")


def check_closures(cell: Cell) -> None:
    """Amounts that are there, tied to what is free."""
    amounts = [f"{name}.{ion}" for name, c in cell.compartments.items() if c.finite for ion in c.ions]
    for tied, terms in cell.closures.items():
        for name in (tied, *terms):
            if name not in amounts:
                raise InputError(
                    f"closures: '{name}' is no ion of a finite compartment.",
                    code="unknown_ion",
                    hint=near_miss(name, amounts),
                )
        for name in terms:
            if name in cell.closures:
                raise InputError(
                    f"closures: '{tied}' is tied to '{name}', which is tied itself.",
                    code="bad_closure",
                    hint="Tie it to what is left free.",
                )
