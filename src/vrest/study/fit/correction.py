"""The liquid junction potential and the potentials of a fit: taken off, said to be off, or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import split_companion
from vrest.model.notice import Notice
from vrest.study.fit.heads import head_of
from vrest.study.fit.measured import Measured, check_junction
from vrest.study.fit.row_junctions import row_junctions
from vrest.study.fit.written import read_cells
from vrest.study.junction.configuration import Configuration, configuration, is_sharp, of_perforated
from vrest.study.junction.result import LJP
from vrest.tables import joined, number
from vrest.units import from_si, to_si

if TYPE_CHECKING:
    from vrest.study.fit.result import Fit

Array = NDArray[np.float64]

TYPICAL = 15.0
"""mV: the junction of potassium gluconate against saline (15.6 mV: Figl et al. 2003, AxoBits 39)."""

LEAST = 0.1
"""mV: what is taken off in all rows may be in V where it is less."""

MATTERS = 0.3
"""mV: junctions of rows that differ by more are told to."""

AT_END = 0.01
"""An unknown (a logarithm) so near to where the search ends is there."""


def read_junction(ljp: Any) -> tuple[float, float]:
    """A liquid junction potential and its standard deviation, mV: `15.9`, or `"15.9 ± 1"`.

    Raises
    ------
    InputError
        `not_a_number`, `out_of_range` (no junction is so large; a standard deviation that is not positive), a unit that
        is none of potentials.

    >>> read_junction("15.9 ± 1 mV"), read_junction(0)
    ((15.9, 1.0), (0.0, 0.0))
    """
    cells = read_cells({"ljp": [ljp]}, lambda name, k: name)
    value, *spread = (float(from_si(to_si(each, "potential", "ljp"), "potential")) for (each,) in cells.values())
    if spread and not spread[0] > 0:
        problem = f"ljp has a standard deviation of {spread[0]:g} mV."
        raise InputError(problem, code="out_of_range", hint="Leave it out.")
    check_junction(value, "ljp")
    return value, spread[0] if spread else 0.0


def says(data: Mapping[str, Any]) -> bool:
    """Whether a table says how its potentials stand to the junction.

    >>> says({"Ko": [3.0], "Vm (mV, corrected)": [-76.0]}), says({"Ko": [3.0], "Vm": [-60.0]})
    (True, False)
    """
    heads = [head_of(split_companion(str(header))[0]) for header in data if not str(header).lstrip().startswith("#")]
    return any(head.corrected or head.role == "ljp" for head in heads)


def corrected(cell: Cell, table: Measured, config: str | None, ljp: Any = None) -> Measured:
    """The table with V of the membrane, by the rule of the configuration.

    Parameters
    ----------
    cell
        Whose V it is.
    table
        As `measured` has it: what its column `ljp` says is off.
    config
        `whole-cell` (also where None), `outside-out`, `inside-out`, `perforated`, or `sharp`, which takes nothing off.
    ljp
        As of `read_junction`, or what `vrest.ljp` found: then each row has its own; None where nothing is said.

    Raises
    ------
    InputError
        `two_junctions` (said twice, or of a sharp electrode), `unknown_configuration`, `relative_potential`
        (cell-attached), what `read_junction` refuses.
    """
    sharp = is_sharp(config)
    sayings = (("the data", table.corrected), ("ljp", ljp is not None), ("a sharp electrode", sharp))
    told = [text for text, there in sayings if there]
    if len(told) > 1:
        problem = f"What is to be taken off the potentials is said twice: by {joined(told)}."
        raise InputError(problem, code="two_junctions", hint="Leave out all but one.")
    if sharp:
        return replace(table, corrected=True)
    if isinstance(ljp, LJP):
        if config is not None and configuration(config) != ljp.configuration:
            problem = f"The junction is of {ljp.configuration.name}, and config says {config}."
            raise InputError(problem, code="two_configurations", hint="Say it to vrest.ljp alone.")
        config = ljp.configuration.name
    rule = _rule(config)
    junction, shared = table.junction, table.shared
    recorded = ljp if isinstance(ljp, LJP) else None
    if recorded is not None:
        junction, shared = row_junctions(cell, table, recorded)
    elif ljp is not None:
        value, sd = read_junction(ljp)
        junction, shared = np.full(len(table), value), np.full((len(table), 1), sd) if sd else None
    v = rule.potential(table.read, 0.0 if junction is None else junction)
    known = table.corrected or ljp is not None
    return replace(
        table,
        v=v,
        junction=junction,
        shared=shared,
        corrected=known,
        configuration=rule.name,
        recorded=recorded,
    )


def _rule(config: str | None) -> Configuration:
    found = configuration(config)
    if found.from_cell:
        raise InputError(
            f"{found.name}: what is read says how far the patch is from the cell's V, which no fit knows.",
            code="relative_potential",
            hint="Give potentials of whole cells or of patches that are torn off.",
        )
    return found


def remarks(table: Measured) -> list[Notice]:
    """What to know of the solutions and their junctions."""
    if table.junction is None:
        return []
    perforated = table.configuration == "perforated"
    found = [of_perforated(filled=table.recorded is not None)] if perforated else []
    if table.recorded is None:
        most = float(np.abs(table.junction).max())
        text = f"at most {number(most, 3)} mV are taken off: numbers are mV; '0.0159 V' is read too"
        return [*found, Notice("small_junction", text)] if 0.0 < most < LEAST else found
    found += table.recorded.warnings
    if table.recorded.reference is None and np.ptp(table.junction) > MATTERS:
        text = (
            "each row's bath was taken for the one in which the amplifier was zeroed, and that changes what is taken "
            f"off by {number(float(np.ptp(table.junction)), 2)} mV; if baths were changed after the seal, say what the "
            "bridge of the reference electrode holds: --reference '3 M KCl' (reference= of vrest.ljp)"
        )
        found.append(Notice("zeroed_in_each_bath", text))
    return found


def unsaid(fit: Fit) -> list[Notice]:
    """The question whether the potentials are corrected, where nothing says it, and how much it matters."""
    if fit.data.corrected:
        return []
    shifted = replace(fit.squares, v=fit.data.v - TYPICAL).least(fit.optimum.inner)
    would = []
    for each, e, inner in zip(fit.free, fit.estimates, shifted.inner, strict=True):
        if np.isfinite(shifted.squares) and isinstance(e.best, float):
            ends = [abs(inner - end) < AT_END for end in each.limits]
            new = "about 0" if each.positive and ends[0] else "very large" if ends[1] else number(each.outer(inner))
            would.append(f"{e.label} {new} {e.unit}".rstrip() + f" in place of {number(e.value)} {e.unit}".rstrip())
    matters = f" would make {joined(would)}" if would else " would change what is found"
    return [
        Notice(
            "junction_unsaid",
            "were these potentials corrected for the liquid junction potential? Nothing says so, and they were taken "
            f"as if they were; {number(TYPICAL)} mV more to take off, as with potassium gluconate in the pipette,"
            f"{matters}. If they were: --ljp 0 (ljp=0), or 'Vm corrected' at their head. If not: --ljp 15.9, a column "
            "ljp, or the two solutions (--pipette, --bath). Of a sharp electrode: --config sharp",
        )
    ]


def said(table: Measured) -> str:
    """What was taken off the potentials, in words; empty where nothing was."""
    if table.junction is None:
        return ""
    low, high = (number(end, 3) for end in (table.junction.min(), table.junction.max()))
    sure = "" if table.junction_sd is None else f" ± {number(float(table.junction_sd.max()), 2)}"
    size = low if low == high else f"{low} to {high}"
    of = " of each row's bath" if table.recorded is not None and low != high else ""
    return f"corrected for the liquid junction potential{of}, {size}{sure} mV ({table.configuration})"
