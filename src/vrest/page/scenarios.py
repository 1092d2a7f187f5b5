"""Scenario cards: a state of the page that tells a story, tried before it is offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from vrest.io.neuron import DEFAULTS
from vrest.page.blocks import START, Block
from vrest.page.controls import Control
from vrest.study.targets import targets
from vrest.units import HOUR, MINUTE
from vrest.verbs.prepared import Prepared

TURNS = (3.0, 10.0, 30.0, 100.0)
"""Times that KCC2 and NKCC1 are made stronger and weaker until chloride changes sides."""

JUMP = 15.0
"""mV that V rises at a slightly lower [K+]o where it flips."""

LOWER = 24
"""Values of [K+]o that are tried."""


@dataclass(frozen=True)
class Placed:
    """A block on the time axis of a scenario, s; `dose` is an index into its grid."""

    id: str
    start: float
    end: float | None
    dose: int | None


@dataclass(frozen=True)
class Scenario:
    """A card: what to set, what to do when, and what to look at."""

    id: str
    label: str
    text: str
    numbers: dict[str, float]
    """Those in its text, by name: another language says it with them."""
    values: dict[str, float]
    blocks: tuple[Placed, ...]
    until: float
    log: bool
    x: str | None


def scenarios(ready: Prepared, controls: Sequence[Control], blocks: Sequence[Block]) -> tuple[Scenario, ...]:
    """The cards that make sense for a cell: what they act on is there, and their values are possible.

    >>> from vrest.model.cellfile import load
    >>> from vrest.page.blocks import blocks
    >>> from vrest.page.controls import controls
    >>> from vrest.verbs.prepared import prepare
    >>> cell = load("mammalian_neuron")
    >>> shown = controls(cell, cell)
    >>> ready = prepare(cell, [control.path for control in shown])
    >>> [card.id for card in scenarios(ready, shown, blocks(cell, shown, cell.name))]
    ['hyperkalaemia', 'ouabain', 'anoxia', 'neuron_defaults']
    """
    known = {block.id: block for block in blocks}
    cards = [
        *_hyperkalaemia(controls, known),
        *_of_blocks(controls, known),
        *_gaba(ready, controls),
        *_hypokalaemic(ready, controls),
        *_neuron_defaults(ready, controls),
    ]
    return tuple(card for card in cards if _possible(ready, card.values))


def _possible(ready: Prepared, values: Mapping[str, float]) -> bool:
    """Whether there is a cell with these values."""
    return all(bool(np.isfinite(part).all()) for part in ready.described(ready.si(values)))


def _hyperkalaemia(controls: Sequence[Control], known: Mapping[str, Block]) -> Iterator[Scenario]:
    """More K+ outside, for good: both clocks show it."""
    k = _bath(controls)
    if k is None or "hyperkalaemia" not in known:
        return
    block = known["hyperkalaemia"]
    assert block.dose is not None
    values = {}
    for operation in block.sets:
        control, by = controls[operation.control], operation.by[block.dose.default]
        values[control.name] = by if operation.op == "set" else control.value + by
    if k.name not in values:
        return
    yield Scenario(
        "hyperkalaemia",
        "Hyperkalaemia",
        f"K+ outside is {values[k.name]:g} mM and stays. E_K is less negative at once, and contents and the pump "
        "follow: compare the two clocks, and the slope of both curves with the Nernst line.",
        {"K": values[k.name]},
        values,
        (),
        2 * HOUR,
        False,
        k.name,
    )


def _of_blocks(controls: Sequence[Control], known: Mapping[str, Block]) -> Iterator[Scenario]:
    k = _bath(controls)
    told: dict[str, tuple[str, str, float]] = {
        "ouabain": (
            "Ouabain",
            "The pump is blocked for 20 minutes and washed. At once only its own current is missing; later the "
            "contents change that it kept. Does the cell recover?",
            START + 20 * MINUTE,
        ),
        "anoxia": (
            "Anoxia and reperfusion",
            "The pump stops for ten minutes and starts again. Watch how V and the contents move and whether they "
            "come back, and compare the pump's current afterwards with that before.",
            START + 10 * MINUTE,
        ),
    }
    for name, (label, text, end) in told.items():
        if name in known:
            block = known[name]
            dose = None if block.dose is None else block.dose.default
            placed = (Placed(name, START, end, dose),)
            yield Scenario(name, label, text, {}, {}, placed, 2 * HOUR, False, None if k is None else k.name)


def _bath(controls: Sequence[Control]) -> Control | None:
    """K+ of the first bath."""
    return next((c for c in controls if c.companions and c.path.endswith(".ions.K")), None)


def _gaba(ready: Prepared, controls: Sequence[Control]) -> Iterator[Scenario]:
    """KCC2 and NKCC1 changed until E_Cl has crossed to the other side of V; of a cell in a bath."""
    if sum(c.finite for c in ready.cell.compartments.values()) > 1:
        return
    named = {c.path: c for c in controls}
    out = [named[f"{path}.{t.strength}"] for path, t in targets(ready.cell, "k_cl_cotransport")]
    into = [named[f"{path}.{t.strength}"] for path, t in targets(ready.cell, "na_k_2cl_cotransport")]
    if not (out and into):
        return
    membrane = out[0].path.split(".")[1]
    here = ready.read(None, ready.described(ready.si())[1])
    before = float((here.E[membrane]["Cl"] - here.v[membrane])[0])
    matures = before > 0.0  # chloride leaves when a channel opens: GABA depolarises
    for turn in TURNS:
        up, down = (out, into) if matures else (into, out)
        values = {c.name: turn * c.value for c in up} | {c.name: c.value / turn for c in down}
        found = ready.rest(values)
        if not found.is_rest[0]:
            continue
        there = found.read()
        after = float((there.E[membrane]["Cl"] - there.v[membrane])[0])
        if after * before < 0.0:
            story, more, less = _story(matures)
            way, other = ("down", "up") if matures else ("up", "down")
            yield Scenario(
                "gaba_switch",
                "GABA switch",
                f"{story} {more} is {turn:g} times stronger and {less} as much weaker, and E_Cl crosses V: "
                f"E_Cl - V was {before:+.1f} mV and becomes {after:+.1f} mV. The Cl- channels of the same GABA "
                f"receptor then pull V {way}, where they pulled it {other}.",
                {less: 1 / turn, more: turn, "before": before, "after": after},
                values,
                (),
                2 * HOUR,
                False,
                None,
            )
            return


def _story(matures: bool) -> tuple[str, str, str]:
    """What makes chloride change sides, and what is made stronger and weaker."""
    if matures:
        return "As a neuron matures,", "KCC2", "NKCC1"
    return "In an immature or injured neuron", "NKCC1", "KCC2"


def _hypokalaemic(ready: Prepared, controls: Sequence[Control]) -> Iterator[Scenario]:
    """Less K+ outside at which a cell with inward rectifiers depolarises, as muscle in hypokalaemic paralysis."""
    k = _bath(controls)
    if k is None or k.companion is None or not targets(ready.cell, "kir"):
        return
    other = controls[k.companions[k.companion].control]
    factor = k.companions[k.companion].factor
    lower = np.array([k.value, *(float(f"{v:.2g}") for v in np.geomspace(k.value, k.low, LOWER)[1:])])
    columns = {k.name: lower, other.name: other.value + factor * (lower - k.value)}
    found = ready.rest(columns)
    v = np.atleast_2d(found.v)[0]
    rises = np.flatnonzero(np.diff(v) > JUMP)
    if not rises.size:
        return
    value = float(lower[rises[0] + 1])
    yield Scenario(
        "hypokalaemic_muscle",
        "Hypokalaemia: V flips",
        f"At {value:g} mM K+ outside the inward rectifier shuts and no longer holds V near E_K: the cell depolarises "
        "where Nernst's equation says it should hyperpolarise. Look at the settled curve for where it flips.",
        {"K": value},
        {k.name: value, other.name: other.value + factor * (value - k.value)},
        (),
        24 * HOUR,
        False,
        k.name,
    )


def _neuron_defaults(ready: Prepared, controls: Sequence[Control]) -> Iterator[Scenario]:
    """The concentrations and the temperature with which NEURON starts a section that says nothing else."""
    cell = ready.cell
    if len(cell.membranes) != 1:
        return
    (membrane,) = cell.membranes.values()
    named = {c.path: c for c in controls}
    sides = {("K", membrane.inside): "ki", ("Na", membrane.inside): "nai"}
    sides |= {("K", membrane.outside): "ko", ("Na", membrane.outside): "nao"}
    values: dict[str, float] = {}
    added = 0.0
    for (ion, place), key in sides.items():
        control = named.get(f"compartments.{place}.ions.{ion}")
        if control is None or control.fixed_at_start != (place == membrane.inside):
            return
        values[control.name] = DEFAULTS[key]
        added += 0.0 if control.fixed_at_start else DEFAULTS[key] - control.value
    chloride = named.get(f"compartments.{membrane.outside}.ions.Cl")
    if chloride is None or chloride.value + added < 0.0:
        return
    values[chloride.name] = chloride.value + added
    d = DEFAULTS
    values["temperature"] = d["celsius"]
    yield Scenario(
        "neuron_defaults",
        "NEURON's defaults",
        f"K+ {d['ki']:g} inside and {d['ko']:g} mM outside, Na+ {d['nai']:g} and {d['nao']:g} mM, at "
        f"{d['celsius']:g} degC: what NEURON puts where nothing is said. They do not belong together: its own "
        f"ek = {d['ek']:g} and ena = {d['ena']:g} mV are not the Nernst potentials of these contents, and this cell's "
        "leaks and pump do not hold them. At once and settled part. Cl- keeps the bath neutral.",
        {name: d[name] for name in ("ki", "ko", "nai", "nao", "celsius", "ek", "ena")},
        values,
        (),
        2 * HOUR,
        False,
        None,
    )
