"""What moved V, in words: the parts of a change and what moved the contents, each with its number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vrest.model.cell import Cell
from vrest.model.ion_labels import ion_text
from vrest.model.pumps import NaKPump
from vrest.study.explain.called import called
from vrest.study.explain.moved import Flow, Part
from vrest.tables import number

SMALL = 0.05
"""mV: a change of V that nobody would see."""

LEFT, MOST = 0.1, 4
"""What is left is told when it is less than this share of the change, or so many clauses are told."""

MOVED, MOST_IONS = 0.01, 3
"""Share by which a concentration has moved that is told of, and of how many ions."""


@dataclass(frozen=True)
class Clause:
    """Parts that are told together: an ion's pull, a current, or what changes with V."""

    parts: tuple[Part, ...]
    told: float
    """The sum of the numbers in its text, mV: parts that are small beside the others of an ion are not told."""
    text: str
    """Such as `E_K rises from -89.1 to -76.5 mV (+7.7 mV)`."""

    @property
    def mV(self) -> float:
        """What they moved V by together."""
        return sum(part.mV for part in self.parts)

    @property
    def follows(self) -> bool:
        """Whether it is what changes with V itself, which no change of V begins with."""
        return self.parts[0].kind == "rectification"

    def __str__(self) -> str:
        return self.text


def mV(value: float) -> str:
    """A part of a change.

    >>> mV(-0.913), mV(4.5806)
    ('-0.9 mV', '+4.6 mV')
    """
    return f"{number(value, decimals=1 if abs(value) >= 0.1 else 2, signed=True)} mV"


def because(cell: Cell, membrane: str, parts: Sequence[Part]) -> str:
    """Why V of a membrane moved: the largest reason first, then others until what is left is small, and that.

    Empty where nothing that would be seen moved it.

    >>> from vrest.model.cellfile import load
    >>> stopped = Part("current", "pump", 5.45, before=5.7, after=0.0, unit="pA")
    >>> because(load("mammalian_neuron"), "neuron", [stopped])
    'the Na/K pump stops, and its own outward current of 5.7 pA with it (+5.5 mV)'
    """
    told, left = chosen(clauses(cell, membrane, parts))
    if not told:
        return ""
    step = sum(part.mV for part in parts)
    if abs(step) < SMALL:
        return f"{_listed([str(clause) for clause in told])} all but cancel" if len(told) > 1 else str(told[0])
    along = [str(clause) for clause in told if clause.mV * step > 0]
    against = [str(clause) for clause in told if clause.mV * step <= 0]
    text = _joined(along)
    if against:
        text += f"; against that, {_joined(against)}"
    return text + (f"; what is left is {mV(left)}" if abs(left) >= SMALL else "")


def chosen(found: Sequence[Clause]) -> tuple[list[Clause], float]:
    """The clauses that are told, in their order, and what the others moved V by, mV."""
    step = sum(clause.mV for clause in found)
    way = step if abs(step) >= SMALL else max((clause.mV for clause in found), key=abs, default=0.0)
    seen = sorted((c for c in found if abs(c.mV) >= SMALL), key=lambda clause: -abs(clause.mV))
    along = [c for c in seen if c.mV * way > 0]
    told = [c for c in along if not c.follows][:1] or along[:1]
    if told and told[0].parts[0].kind == "path":  # what began elsewhere may have begun here as well
        told += [c for c in along if not c.follows and c.parts[0].kind != "path"][:1]
    others = [c for c in seen if c not in told]
    enough = max(SMALL, LEFT * abs(way))
    while told and others and len(told) < MOST and (abs(step - _told_by(told)) > enough or abs(others[0].mV) > enough):
        told.append(others.pop(0))
    begun = sorted(told, key=lambda clause: (clause.mV * way <= 0, clause.follows, -abs(clause.mV)))
    return begun, step - _told_by(told)


def _told_by(some: Iterable[Clause]) -> float:
    return sum(clause.told for clause in some)


def clauses(cell: Cell, membrane: str, parts: Sequence[Part]) -> list[Clause]:
    """All parts of a membrane's change, those of an ion together, and all that changes with V."""
    groups: dict[tuple[str, str], list[Part]] = {}
    scaled = _scaled(parts)
    for part in parts:
        groups.setdefault(_group(cell, membrane, part, scaled), []).append(part)
    return [_clause(cell, membrane, key[0], group) for key, group in groups.items()]


def _scaled(parts: Sequence[Part]) -> bool:
    """Whether all E have changed by one factor, as they do with the temperature alone."""
    factors = [part.after / part.before for part in parts if part.kind == "reversal" and part.before]
    return len(factors) > 1 and min(factors) > 0.0 and max(factors) - min(factors) < 1e-9 * min(factors)


def _group(cell: Cell, membrane: str, part: Part, scaled: bool) -> tuple[str, str]:
    if part.kind == "reversal" and scaled:
        return "temperature", ""
    if part.kind == "reversal":
        return "ion", part.of
    if part.kind == "conductance":
        return "ion", next(iter(cell.membranes[membrane].transports[part.of].moved_ions))
    return part.kind, "" if part.kind == "rectification" else part.of


def _clause(cell: Cell, membrane: str, kind: str, group: list[Part]) -> Clause:
    """Parts that are told together."""
    ranked = sorted(group, key=lambda part: -abs(part.mV))
    if kind == "ion":
        shown = [part for part in ranked if abs(part.mV) >= max(SMALL, LEFT * abs(ranked[0].mV))] or ranked[:1]
        return Clause(tuple(group), sum(part.mV for part in shown), _pull(cell, membrane, shown))
    if kind == "temperature":
        change = ranked[0].after / ranked[0].before - 1.0
        text = f"every E {'grows' if change > 0 else 'shrinks'} with RT/F by {number(100 * abs(change), 2)} %"
    elif kind == "rectification" and sum(abs(part.mV) for part in ranked[1:]) >= SMALL:
        text = "conductances change with V"
    else:
        text = f"{'as V moves, ' if kind == 'rectification' else ''}{_of_one(cell, membrane, ranked[0])}"
    total = sum(part.mV for part in group)
    return Clause(tuple(group), total, f"{text} ({mV(total)})")


def _pull(cell: Cell, membrane: str, shown: Sequence[Part]) -> str:
    """What changed of the pull of one ion: its E, and the conductances of its channels."""
    net = sum(part.mV for part in shown)
    along, against = (
        [f"{_of_one(cell, membrane, part)} ({mV(part.mV)})" for part in shown if (part.mV * net < 0) == turned]
        for turned in (False, True)
    )
    return _listed(along) + (f", though {_listed(against)}" if against else "")


def _of_one(cell: Cell, membrane: str, part: Part) -> str:
    """One part without what it moved V by."""
    if part.kind == "no_conductance":
        return "no channel conducts, so that V goes where all other currents cancel"
    if part.kind == "current" and not part.after:
        name = called(cell, membrane, part.of, membrane)
        return f"{name} stops, and its own outward current of {number(part.before, 3)} {part.unit} with it"
    return f"{named(cell, membrane, part)} {'rises' if part.after > part.before else 'falls'} {span(part)}"


def named(cell: Cell, membrane: str, part: Part) -> str:
    """What changed.

    >>> from vrest.model.cellfile import load
    >>> named(load("mammalian_neuron"), "neuron", Part("current", "pump", 5.45, before=5.7, after=0.0, unit="pA"))
    "the Na/K pump's own outward current"
    """
    match part.kind:
        case "reversal":
            return f"E_{part.of}"
        case "conductance" | "rectification":
            return f"the conductance of {called(cell, membrane, part.of, membrane)}"
        case "membrane" | "no_conductance":
            return f"V of '{part.of}'"
        case "path" if part.of in cell.exchanges:
            return f"the current that leaves through {called(cell, '', part.of)}"
        case "path":
            return f"the current that leaves by way of '{part.of}'"
        case "charging":
            return "the current that charges the membrane"
        case "current" if isinstance(cell.membranes[membrane].transports[part.of], NaKPump):
            return f"{called(cell, membrane, part.of, membrane)}'s own outward current"
        case _:
            return f"the current through {called(cell, membrane, part.of, membrane)}"


def span(part: Part) -> str:
    """From what to what, in as many digits as tell them apart.

    >>> span(Part("reversal", "K", 7.7, before=-89.06, after=-76.5, unit="mV"))
    'from -89.1 to -76.5 mV'
    """
    return f"from {' to '.join(apart(part.before, part.after, part.unit == 'mV'))} {part.unit}"


def apart(before: float, after: float, decimal: bool = False) -> tuple[str, str]:
    """Two numbers in as many digits as tell them apart: one decimal or more, or three digits or more."""
    texts = ("", "")
    for k in range(6):
        texts = tuple(number(v, decimals=1 + k) if decimal else number(v, 3 + k) for v in (before, after))
        if texts[0] != texts[1]:
            break
    return texts[0], texts[1]


def contents_moved(cell: Cell, membrane: str, found: Sequence[Flow]) -> str:
    """How the contents beside a membrane moved, from the first to the last state, and what was out of balance before.

    `found` is of three states: at rest, at once, and later. Empty where nothing has moved by a hundredth.
    """
    here = cell.membranes[membrane]
    moved = [flow for flow in found if flow.space in (here.inside, here.outside) and _moved(flow) >= MOVED]
    if not moved:
        return ""
    moved.sort(key=lambda flow: -_moved(flow))
    told = sorted(moved[:MOST_IONS], key=lambda flow: flow.space != moved[0].space)
    text = _listed([_content(cell, flow, before) for flow, before in zip(told, [None, *told[:-1]], strict=True)])
    why = _water(moved[0]) or _driver(cell, membrane, told)
    return f"{text}, for {why}" if why else text


def _moved(flow: Flow) -> float:
    first, last = flow.concentrations[0], flow.concentrations[-1]
    return abs(math.log(last / first)) if first > 0 and last > 0 else 0.0


def _content(cell: Cell, flow: Flow, last_told: Flow | None) -> str:
    """How a content moved; its compartment where that was not just told."""
    where = f" {flow.space}" if flow.space in ("inside", "outside") else f" in '{flow.space}'"
    where = "" if last_told and last_told.space == flow.space else where
    first, last = flow.concentrations[0], flow.concentrations[-1]
    way = "rises" if last > first else "falls"
    return f"{ion_text(flow.ion, cell.valence()[flow.ion])}{where} {way} from {' to '.join(apart(first, last))} mM"


def _water(flow: Flow) -> str:
    """That a content is diluted or concentrated by water, where that is most of what moved it."""
    size = flow.amounts[-1] / flow.concentrations[-1] * flow.concentrations[0] / flow.amounts[0]
    moved = math.log(flow.concentrations[-1] / flow.concentrations[0])
    if -math.log(size) * moved <= 0.5 * moved**2:
        return ""
    way, how = ("enters", "grows") if size > 1 else ("leaves", "shrinks")
    return f"water {way}: the volume {how} by {number(100 * abs(size - 1), 2)} %"


def driver(flow: Flow) -> str | None:
    """What was most out of balance at once in the direction in which the amount then moved; None where nothing was."""
    way = flow.amounts[-1] - flow.amounts[0]
    if way * (flow.concentrations[-1] - flow.concentrations[0]) <= 0:
        return None  # water moved it
    steps = {label: gains[1] - gains[0] for label, gains in flow.gains.items()}
    if sum(steps.values()) * way <= 0:
        return None
    label = max(steps, key=lambda key: steps[key] * way)
    return label if steps[label] * way > 0 else None


def _driver(cell: Cell, membrane: str, told: Sequence[Flow]) -> str:
    """What was out of balance at once, of the content that moved most and of those that it moved as well."""
    label = driver(told[0])
    if label is None:
        return ""
    own = [flow for flow in told if flow.space == told[0].space and driver(flow) == label]
    place, _, name = label.rpartition(".")
    how = _carries(told[0].gains[label])
    alike = [flow for flow in own if _carries(flow.gains[label]) == how]
    ions = _listed([ion_text(flow.ion, cell.valence()[flow.ion]) for flow in alike])
    return f"at once {called(cell, place, name, membrane)} {how.format(ions)}"


def _carries(gains: tuple[float, ...]) -> str:
    """How a flux changed from rest to at once."""
    before, after = gains[0], gains[1]
    if after == 0.0:
        return "no longer carries {}"
    if abs(before) < 1e-6 * abs(after):
        return f"begins to {'bring in' if after > 0 else 'take out'} {{}}"
    ratio = after / before
    if ratio < 0:
        now, then = ("brings in", "took it out") if after > 0 else ("takes out", "brought it in")
        return f"{now} {{}} where it {then}"
    if ratio < 0.005:
        return "carries next to no {}"
    if ratio < 2:
        return f"carries {number(100 * abs(ratio - 1), 2)} % {'less' if ratio < 1 else 'more'} {{}}"
    return f"carries {number(ratio, 2)} times as much {{}}"


def _joined(texts: Sequence[str]) -> str:
    """Clauses one after the other, kept apart where one of them is of several parts."""
    return "; ".join(texts) if any(" mV) and " in text or ", though" in text for text in texts) else _listed(texts)


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
