"""What in a cell a perturbation can act on: recognised by what a part moves and how, never by its name."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from vrest.model.cell import Cell
from vrest.model.exchange import Exchange
from vrest.model.pumps import NaKPump
from vrest.model.transport import ATP, WATER, Transport


def _gated(t: Transport) -> bool:
    return bool(t.gates()) or hasattr(t, "gating")


def _is_channel(t: Transport, ion: str) -> bool:
    """An outlet for one ion down its gradient; a stimulus, which is counted inward, is none."""
    return t.is_channel and t.moved_ions == {ion: 1}


def _exchanges(t: Transport) -> bool:
    moved = t.stoichiometry()
    return bool(moved.get(ATP)) and moved.get("Na", 0) > 0 > moved.get("K", 0)


def _is_kir(t: Transport) -> bool:
    """A K+ channel without gates whose conductance grows with [K]o, and so is given at a reference [K]o."""
    return _is_channel(t, "K") and not _gated(t) and hasattr(t, "k_reference")


def _cotransports(t: Transport, **moved: int) -> bool:
    return not t.stoichiometry().get(ATP) and t.moved_ions == moved


TARGETS: dict[str, tuple[str, Callable[[Transport], bool]]] = {
    "na_k_pump": ("ATP-driven transport of Na+ out and K+ in", _exchanges),
    "electrogenic_pump": ("Na/K pump that moves 3 Na+", lambda t: isinstance(t, NaKPump) and t.sodium == 3),
    "k_leak": ("K+ channel without gates (leak or rectifier)", lambda t: _is_channel(t, "K") and not _gated(t)),
    "na_leak": ("Na+ channel without gates", lambda t: _is_channel(t, "Na") and not _gated(t)),
    "cl_leak": ("Cl- channel without gates", lambda t: _is_channel(t, "Cl") and not _gated(t)),
    "any_k_channel": ("K+ channel", lambda t: _is_channel(t, "K")),
    "kir": ("inward rectifier (Kir)", _is_kir),
    "gated_na": ("gated Na+ channel", lambda t: _is_channel(t, "Na") and _gated(t)),
    "k_cl_cotransport": ("cotransport of K+ with Cl-", lambda t: _cotransports(t, K=1, Cl=1)),
    "na_k_2cl_cotransport": ("cotransport of Na+ and K+ with 2 Cl-", lambda t: _cotransports(t, Na=1, K=1, Cl=2)),
}
"""What a perturbation can act on: the words for it, and how it is recognised."""

CLEARANCE = "k_clearance"
"""Exchanges that carry K+ away from the spaces outside: those of glia, else all that move K+."""


def targets(cell: Cell, target: str) -> list[tuple[str, Any]]:
    """Path and part of everything in the cell that is the target and is not off."""
    if target == CLEARANCE:
        return _clearance(cell)
    matches = TARGETS[target][1]
    return [
        (f"membranes.{name}.transports.{label}", t)
        for name, m in cell.membranes.items()
        for label, t in m.transports.items()
        if t.strength is not None and (not t.is_off or _is_twin(t)) and matches(t)
    ]


def wanted(target: str) -> str:
    """A target in words."""
    return "exchange that carries K+ away, of glia or otherwise" if target == CLEARANCE else TARGETS[target][0]


def is_there(cell: Cell, target: str) -> bool:
    """Whether a cell has a target that is not off."""
    return bool(targets(cell, target))


def baths(cell: Cell, ion: str) -> list[str]:
    """Baths with an ion that something in the cell reaches."""
    parts = [*cell.membranes.values(), *(e for e in cell.exchanges.values() if not e.is_off)]
    joined = {side for part in parts for side in (part.inside, part.outside)}
    return [n for n, c in cell.compartments.items() if c.kind == "bath" and n in joined and ion in c.ions]


def found_instead(cell: Cell, target: str) -> str:
    """What a cell has in place of a target, as a hint."""
    if target.startswith("bath."):
        held = [n for n, c in cell.compartments.items() if c.kind == "bath"]
        reached = baths(cell, target[5:])
        return (
            "Its baths: "
            + (", ".join(n if n in reached else f"{n} (nothing that is on reaches it)" for n in held) or "none")
            + "."
        )
    if target == CLEARANCE:
        told = ", ".join(f"{n}{' (off)' if e.is_off else ''}" for n, e in cell.exchanges.items())
        return f"Its exchanges: {told or 'none'}."
    several = len(cell.membranes) > 1
    return " ".join(
        (f"Membrane '{name}' has " if several else "It has ")
        + "; ".join(f"{label}: {_words(t)}" for label, t in m.transports.items())
        + "."
        for name, m in cell.membranes.items()
    )


TWIN = "_2to2"
"""What the name of an electroneutral twin of a pump ends in."""


def with_twins(cell: Cell) -> Cell:
    """The cell with an electroneutral twin, of the same rate law and switched off, beside every 3:2 pump.

    What a turnover moves belongs to the structure of a cell, so that no change of a number makes 3 Na+ into 2.
    """
    membranes = {}
    for name, m in cell.membranes.items():
        twins = {
            label + TWIN: t._with_si(sodium=2, counter_charge="", **{str(t.strength): 0.0})
            for label, t in m.transports.items()
            if TARGETS["electrogenic_pump"][1](t) and not t.is_off
        }
        membranes[name] = m._with_si(transports=MappingProxyType({**m.transports, **twins}))
    return cell._with_si(membranes=MappingProxyType(membranes))


def _is_twin(t: Transport) -> bool:
    """A pump that stands ready for what a mutation takes from another: the same drug acts on both."""
    return isinstance(t, NaKPump) and t.sodium == 2


def _clearance(cell: Cell) -> list[tuple[str, Exchange]]:
    valence = cell.valence()
    outsides = {m.outside for m in cell.membranes.values()}
    found = [
        (f"exchanges.{name}", e)
        for name, e in cell.exchanges.items()
        if not e.is_off
        and (e.inside in outsides) != (e.outside in outsides)  # away, not on to another place outside
        and any(move.get("K", 0) for move in e.moves(valence))
    ]
    glial = [(path, e) for path, e in found if hasattr(e, "k_half")]  # only what is alive opens with [K]o
    return glial or found


def _words(t: Transport) -> str:
    """A transport in a few words, from what it moves."""
    moved = t.stoichiometry()
    if moved.get(WATER):
        return "water"
    if t.is_channel:
        ion = next(iter(t.moved_ions))
        inward = next(iter(t.moved_ions.values())) < 0
        return f"stimulus carried by {ion}" if inward else f"{'gated ' if _gated(t) else ''}{ion} channel"
    text = ", ".join(f"{n:g} {ion}" for ion, n in t.moved_ions.items())
    return f"moves {text}{' for ATP' if moved.get(ATP) else ''}" + (" (off)" if t.is_off else "")
