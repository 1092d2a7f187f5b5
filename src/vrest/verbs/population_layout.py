"""The columns of a population's table: names, dimensions, units and meanings, known before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vrest.model.exchange import Exchange
from vrest.system.assemble import System
from vrest.verbs.outcome import Outcome

PENDING = -1
"""Outcome code of a cell that has not been computed yet."""

NOT_COMPUTED = ("pending", "Not computed yet.")
NO_CELL = ("impossible", "These numbers describe no cell: nothing balances its charge, or a companion ion runs out.")
ENDINGS = (
    ("finished", "The run reached its end."),
    ("stuck", "The step size fell to rounding: a concentration may be running out."),
    ("too_many_steps", "The run needed more steps than are allowed: it may fire on and on."),
    ("no_rest", "The cell has no resting state to start from."),
    NO_CELL,
)
RESTS = (*((o.name, o.value) for o in Outcome), NO_CELL)


@dataclass(frozen=True)
class Column:
    """One variable: its dimensions after `cell`, its unit and meaning."""

    name: str
    dims: tuple[str, ...]
    unit: str
    text: str
    dtype: type = np.float64
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def attrs(self) -> dict[str, Any]:
        """Attributes by the CF conventions."""
        return {"units": self.unit, "long_name": self.text, **self.attributes}

    @property
    def blank(self) -> float | int:
        """What stands where nothing was computed."""
        return float("nan") if self.dtype is np.float64 else PENDING


def finite_ions(system: System) -> tuple[list[str], list[str]]:
    """Compartments whose contents change, and their ions."""
    spaces = [s for s in system.structure.spaces if s.finite]
    return [s.name for s in spaces], list(dict.fromkeys(ion for s in spaces for ion in s.ions))


def conducting(system: System) -> list[str]:
    """The exchanges that carry a current."""
    return [m.label for m in system.structure.movers if issubclass(m.kind, Exchange) and m.kind.conducts]


def outcomes(meanings: tuple[tuple[str, str], ...], text: str) -> Column:
    """The outcome code, with its meanings by the CF conventions and a sentence for each."""
    codes = (NOT_COMPUTED, *meanings)
    flags = {
        "flag_values": list(range(PENDING, len(meanings))),
        "flag_meanings": " ".join(name for name, _ in codes),
        "flag_reasons": "\n".join(f"{name}: {reason}" for name, reason in codes),
    }
    return Column("outcome", (), "1", text, np.int8, flags)


def rest_columns(system: System) -> list[Column]:
    """The columns of resting states."""
    wall = ("membrane",) if len(system.structure.walls) > 1 else ()
    return [
        outcomes(RESTS, "what the search for a resting state ended in"),
        Column("v_rest", wall, "mV", "resting potential, inside minus outside"),
        *_contents(system, "", "of the resting state"),
        *_exchanges(system),
        Column("atp_use", (), "1/s", "ATP molecules spent per second"),
        Column("slowest_time_constant", (), "s", "time constant of the slowest deviation from rest"),
        Column("residual", (), "mV", "Newton correction of V that remains"),
        Column("imbalance", (), "mM/min", "largest imbalance of any ion that remains"),
        Column("iterations", (), "1", "steps of the search", np.int32),
    ]


def run_columns(system: System, *, summaries: bool, series: bool, threshold: str) -> list[Column]:
    """The columns of runs."""
    wall = ("membrane",) if len(system.structure.walls) > 1 else ()
    found = [
        outcomes(ENDINGS, "how the run ended"),
        Column("v_start", wall, "mV", "membrane potential at the start, inside minus outside"),
        Column("v_end", wall, "mV", "membrane potential at the end, inside minus outside"),
        *_contents(system, "_end", "at the end"),
        Column("recovered", (), "1", "whether V ends within 1 mV of its start (-1: the run did not finish)", np.int8),
        Column("time_reached", (), "s", "time reached"),
        Column("steps", (), "1", "accepted steps", np.int32),
    ]
    if summaries:
        found += [
            Column("v_min", wall, "mV", "lowest membrane potential"),
            Column("v_max", wall, "mV", "highest membrane potential"),
            Column("v_mean", wall, "mV", "mean of the membrane potential over time"),
            Column("time_above", wall, "s", f"time spent above {threshold}"),
            Column("time_to_depolarisation", wall, "s", f"first time above {threshold}; NaN if never"),
        ]
        if finite_ions(system)[0]:
            found.append(Column("volume_max", ("compartment",), "um3", "largest volume of each finite compartment"))
    if series:
        found.append(Column("v", ("time", *wall), "mV", "membrane potential, inside minus outside"))
        found += _contents(system, "", "over time", ("time",))
    return found


def _exchanges(system: System) -> list[Column]:
    text = "net current from the inside to the outside of an exchange; of an electrode, what it feeds into its inside"
    return [Column("exchange_current", ("exchange",), "pA", text)] if conducting(system) else []


def _contents(system: System, ending: str, when: str, before: tuple[str, ...] = ()) -> list[Column]:
    if not finite_ions(system)[0]:
        return []
    return [
        Column(f"concentration{ending}", (*before, "compartment", "ion"), "mM", f"concentration {when}"),
        Column(f"volume{ending}", (*before, "compartment"), "um3", f"volume of each finite compartment {when}"),
    ]


def coordinates(system: System, times: tuple[float, ...] | None) -> dict[str, tuple[Any, dict[str, str]]]:
    """Labels of the dimensions after `cell`."""
    spaces, ions = finite_ions(system)
    walls = [wall.name for wall in system.structure.walls]
    found: dict[str, tuple[Any, dict[str, str]]] = {}
    if spaces:
        found["compartment"] = (np.array(spaces, dtype=object), {"long_name": "compartment"})
        found["ion"] = (np.array(ions, dtype=object), {"long_name": "ion"})
    if len(walls) > 1:
        found["membrane"] = (np.array(walls, dtype=object), {"long_name": "membrane"})
    if conducting(system):
        found["exchange"] = (np.array(conducting(system), dtype=object), {"long_name": "exchange"})
    if times is not None:
        found["time"] = (np.array(times), {"units": "s", "long_name": "time"})
    return found
