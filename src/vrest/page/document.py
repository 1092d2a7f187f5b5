"""What a page knows, as one JSON document: cells, their controls, what can be done to them, what certifies a rest."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from vrest.model.cell import Cell
from vrest.model.junctions import Electrode
from vrest.model.transport import Transport
from vrest.page.blocks import blocks
from vrest.page.carried import carried, row_told
from vrest.page.certificate import certificate, outcomes
from vrest.page.controls import Control, controls, kind_of, parts, strength_path
from vrest.page.golden import golden
from vrest.page.scenarios import scenarios
from vrest.page.template import template
from vrest.study.explain.explain import is_free
from vrest.tables import ROUNDING
from vrest.verbs import allowed
from vrest.verbs.describing import own_numbers
from vrest.verbs.outputs import potentials
from vrest.verbs.prepared import RTOL, Prepared, prepare
from vrest.verbs.progress import Progress
from vrest.verbs.readings import rows
from vrest.verbs.rest import Rest, rest
from vrest.version import __version__

FORMAT = 1
"""Of the document; a page refuses another."""

RESTED, COMPILED = 0.2, 0.8
"""Of the work for one cell, about, what is done once it rests and once its code is made."""


class Shown(NamedTuple):
    """A cell and what commands call it."""

    cell: Cell
    file: str


def document(cells: Sequence[Shown], progress: Progress | None = None) -> dict[str, Any]:
    """The document of a page.

    Parameters
    ----------
    cells
        In the order of the menu.
    progress
        Called with the share done.
    """
    shown, kernels = [], {}
    for k, one in enumerate(cells):

        def told(share: float, before: int = k) -> None:
            if progress is not None:
                progress((before + share) / len(cells))

        entry, code = _cell(one, told)
        shown.append(entry)
        kernels |= code
    return {
        "vrest": __version__,
        "format": FORMAT,
        "language": "en",
        "kernels": kernels,
        "outcomes": outcomes(),
        "certificate": certificate(),
        "cells": shown,
    }


def _cell(one: Shown, told: Callable[[float], None]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    described = one.cell
    told(0.0)
    found = rest(described)
    told(RESTED)
    cell = found.as_cell() if found.outcome.is_rest else described
    shown = controls(cell, described)
    ready = prepare(cell, [control.path for control in shown])
    code, system = carried(ready), ready.system
    told(COMPILED)
    doable = blocks(cell, shown, one.file)
    return {
        "name": described.name,
        "title": described.title,
        "notes": described.notes.strip(),
        "file": one.file,
        "membranes": [wall.name for wall in system.structure.walls],
        "compartments": [space.name for space in system.structure.spaces],
        "spaces": [
            {
                "name": space.name,
                "kind": cell.compartments[space.name].kind,
                "finite": space.finite,
                "ions": list(space.ions),
            }
            for space in system.structure.spaces
        ],
        "valences": {ion: system.valence[ion] for space in system.structure.spaces for ion in space.ions},
        "walls": [
            {
                "name": wall.name,
                "inside": wall.inside,
                "outside": wall.outside,
                "closes": wall.closes,
                "free": [ion for ion in system.structure.space(wall.inside).ions if is_free(cell, wall, ion)],
            }
            for wall in system.structure.walls
        ],
        "unknowns": len(system.laws.independent),
        "monotone": bool(system.monotone),
        "kernels": dict(code.keys),
        "numbers": own_numbers(ready.of).tolist(),
        "states": [list(state) for state in system.states],
        "independent": [int(k) for k in system.laws.independent],
        "tolerance": allowed.allowed_of(system).tolerance(RTOL).tolist(),
        "reference": _reference(found),
        "rounding": _rounding(ready),
        "controls": [control.as_dict() for control in shown],
        "switches": [k for k, control in enumerate(shown) if control.switch],
        "holds": dict(code.holds),
        "transports": _transports(cell, shown),
        "readings": [row_told(row) for row in rows(system)],
        "accounts": list(code.accounts),
        "bath_ion": _bath_ion(cell, shown),
        "blocks": [asdict(block) for block in doable],
        "scenarios": [asdict(card) for card in scenarios(ready, shown, doable)],
        "toml": template(cell, shown),
        "golden": golden(ready, shown),
    }, code.kernels


def _reference(found: Rest) -> dict[str, Any]:
    """How the cell on the page came to be: its rest, or as described where it has none."""
    system, rests = found.system, found.outcome.is_rest
    return {
        "rests": rests,
        "outcome": found.outcome.name,
        "reason": found.reason,
        "described_v": np.atleast_1d(potentials(system, found.start)).tolist(),
        "v": np.atleast_1d(potentials(system, found.state)).tolist() if rests else None,
    }


def _rounding(ready: Prepared) -> dict[str, float]:
    """Below these a current (pA) or a flux (fmol/s) is rounding, by the largest that the cell on the page has."""
    seen = ready.read()
    return {name: ROUNDING * _largest(getattr(seen, name)) for name in ("currents", "fluxes")}


def _largest(values: Any) -> float:
    if isinstance(values, Mapping):
        return max(map(_largest, values.values()), default=0.0)
    return float(np.nan_to_num(np.abs(values)).max(initial=0.0))


def _transports(cell: Cell, shown: Sequence[Control]) -> list[dict[str, Any]]:
    """All transports, then all exchanges: what they are, and the control of their strength (null: they have none)."""
    index = {control.path: k for k, control in enumerate(shown)}
    found = []
    for place, label in parts(cell):
        part: Any = cell.membranes[place].transports[label] if place else cell.exchanges[label]
        entry = {
            "label": label,
            "membrane": place or None,
            "control": index.get(strength_path(cell, place, label) or ""),
            "kind": _kind(part),
        }
        if isinstance(part, Transport):
            moved = part.moved_ions
            entry["moves"] = {ion: float(n) for ion, n in moved.items()}
            if entry["kind"] == "channel":
                entry["ion"] = next(iter(moved))
        found.append(entry)
    return found


def _kind(part: Any) -> str:
    """What a transport or an exchange is; an electrode through which nothing flows is a stimulus that is off."""
    if isinstance(part, Transport):
        return kind_of(part)
    idle = isinstance(part, Electrode) and part.current == 0.0 and part.conductance == 0.0
    return "stimulus" if idle else "exchange"


def _bath_ion(cell: Cell, shown: Sequence[Control]) -> dict[str, Any] | None:
    """The ion of the V-[ion]o curve: K+ of a bath that a membrane faces, else of any place whose contents are held."""
    index = {control.path: k for k, control in enumerate(shown)}
    faced = [(m.outside, m.inside, name) for name, m in cell.membranes.items()]
    faced += [(name, None, None) for name in cell.compartments]
    for outside, inside, membrane in faced:
        control = index.get(f"compartments.{outside}.ions.K")
        if control is not None and shown[control].companions:
            within = None if inside is None else index.get(f"compartments.{inside}.ions.K")
            return {"control": control, "ion": "K", "inside": within, "membrane": membrane}
    return None


def to_json(doc: Mapping[str, Any]) -> str:
    """The document as strict JSON that can stand in HTML: all digits, null for what is no number, no `<`.

    >>> to_json({"a": [1.0, float("nan")], "b": "</script>"})
    '{"a":[1.0,null],"b":"\\\\u003c/script>"}'
    """
    text = json.dumps(_plain(doc), allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
