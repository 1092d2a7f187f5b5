"""What moved V, in words: what each ion and current adds to a change, and what moved the contents."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from vrest.model.cell import Cell
from vrest.model.channels import InjectedCurrent
from vrest.model.ion_labels import ion_in
from vrest.model.pumps import NaKPump
from vrest.study.explain.called import called
from vrest.study.explain.moved import Flow, Part
from vrest.tables import ROUNDING, joined, number
from vrest.units import from_door, from_si

SMALL = 0.05
"""mV: a change of V that nobody would see."""

LEFT = 0.2
"""Reasons are told until what is left, and each of what is left, is less than this share of the change."""

BESIDE = 0.4
"""Share below which a part is not told beside the largest of its ion."""

MOVED, MOST_IONS, AS_FAR = 0.01, 3, 0.6
"""Share by which a concentration has moved that is told of; of how many ions; and how far one that moves V little has
moved beside the one that moved most, on a scale of logarithms."""

WATER = 0.9
"""Share of what moved a content beyond which it is told to be the work of water alone."""

SWELLS = 0.1
"""Share by which a volume has changed that is told of beside another cause."""

SALT = 0.2
"""Share of all that a compartment held beyond which what an ion adds to it is told to come with water."""

PREFIXES = "pnum"
"""Of units, each a thousand times the one before."""


@dataclass(frozen=True)
class Pull:
    """What one ion, current or path adds to a change of V: parts of one cause."""

    kind: str
    """`ion`, `response` (what changes with V itself), `temperature`, or the kind of its part."""
    of: str
    """The ion, transport, path or membrane; empty where it is of all channels."""
    parts: tuple[Part, ...]

    @property
    def mV(self) -> float:
        """What they moved V by together."""
        return sum(part.mV for part in self.parts)


def mV(value: float, decimals: int | None = None) -> str:
    """A change of V, with its sign.

    >>> mV(-0.913), mV(4.5806), mV(0.06)
    ('-0.9 mV', '+4.6 mV', '+0.06 mV')
    """
    return f"{number(value, decimals=_decimals(value) if decimals is None else decimals, signed=True)} mV"


def _decimals(value: float) -> int:
    return 1 if abs(value) >= 0.1 else 2


def pulls(cell: Cell, membrane: str, parts: Sequence[Part]) -> list[Pull]:
    """The parts of a membrane's change by their cause: E and channels of an ion, all that changes with V, a current."""
    groups: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        groups.setdefault(_cause(cell, membrane, part), []).append(part)
    return [Pull(kind, of, tuple(group)) for (kind, of), group in groups.items()]


def _cause(cell: Cell, membrane: str, part: Part) -> tuple[str, str]:
    match part.kind:
        case "reversal":
            return "ion", part.of
        case "conductance" | "passive" | "one_sided":
            return "ion", moved_ion(cell, membrane, part.of)
        case "rectification":
            return "response", ""
        case _:
            return part.kind, part.of


def moved_ion(cell: Cell, membrane: str, label: str) -> str:
    """The ion of a channel."""
    return next(iter(cell.membranes[membrane].transports[label].moved_ions))


def because(cell: Cell, membrane: str, parts: Sequence[Part], most: int) -> str:
    """Why V of a membrane moved: what each cause adds, the largest first, at most so many, and what all else adds.

    The printed numbers add up to the printed change. Empty where nothing that would be seen moved it.

    >>> from vrest.model.cellfile import load
    >>> stopped = Part("current", "pump", 5.45, before=5.7, after=0.0, unit="pA")
    >>> because(load("mammalian_neuron"), "neuron", [stopped], 3)
    ', as the Na/K pump stops, and its own outward current of 5.7 pA with it'
    """
    step = sum(part.mV for part in parts)
    told = chosen(cell, membrane, parts, most)
    if not told:
        return ""
    still = abs(step) < SMALL
    decimals = _decimals(told[0].mV if still else step)
    rest = round(step, decimals) - sum(round(pull.mV, decimals) for pull in told)
    alone = abs(rest) < 0.5 * 10.0**-decimals
    if alone and len(told) == 1:
        how = told[0].kind == "response"
        return f", in {_response(cell, membrane, told[0])}" if how else f", as {_reason(cell, membrane, told[0])}"
    adds = [(pull.mV, _adds(cell, membrane, pull, decimals, first=pull is told[0])) for pull in told]
    if still and alone:
        return f": {joined([text for _, text in adds])} all but cancel"
    adds += [] if alone else [(rest, f"{mV(rest, decimals)} in all else")]
    along = [text for by, text in adds if by * told[0].mV > 0]
    against = [text for by, text in adds if by * told[0].mV <= 0]
    return f": {joined(along)}" + (f", against {joined(against)}" if against else "")


def chosen(cell: Cell, membrane: str, parts: Sequence[Part], most: int) -> list[Pull]:
    """Those that are told, in their order: what changes with V itself comes first only where nothing else moved V."""
    found = _by_temperature(pulls(cell, membrane, parts))
    step = sum(pull.mV for pull in found)
    way = step if abs(step) >= SMALL else max((pull.mV for pull in found), key=abs, default=0.0)
    seen = sorted((pull for pull in found if abs(pull.mV) >= SMALL), key=lambda pull: -abs(pull.mV))
    along = [pull for pull in seen if pull.mV * way > 0]
    told = [pull for pull in along if pull.kind != "response"][:1] or along[:1]
    others = [pull for pull in seen if pull not in told]
    enough = max(SMALL, LEFT * abs(way))
    while told and others and len(told) < most:
        left = step - sum(pull.mV for pull in told)
        if abs(left) <= enough and abs(others[0].mV) <= enough:
            break
        told.append(others.pop(0))
    return sorted(told, key=lambda pull: (pull.mV * way <= 0, pull.kind == "response", -abs(pull.mV)))


def _by_temperature(found: list[Pull]) -> list[Pull]:
    """All E together where they have changed by one factor, as they do with the temperature alone."""
    E = [part for pull in found for part in pull.parts if part.kind == "reversal"]
    factors = [part.after / part.before for part in E if part.before]
    if len(factors) < 2 or min(factors) <= 0.0 or max(factors) - min(factors) > 1e-9 * min(factors):
        return found
    others = [Pull(pull.kind, pull.of, tuple(part for part in pull.parts if part not in E)) for pull in found]
    return [Pull("temperature", "", tuple(E)), *(pull for pull in others if pull.parts)]


def _adds(cell: Cell, membrane: str, pull: Pull, decimals: int, first: bool) -> str:
    """What a cause adds, and how."""
    by = mV(pull.mV, decimals)
    if pull.kind == "response":
        return f"{by} in {_response(cell, membrane, pull)}"
    if pull.kind != "ion" or _facts(pull)[0].kind != "reversal":
        return f"{by} as {_reason(cell, membrane, pull)}"
    ion = ion_in(cell, pull.of)
    return f"{f'{ion} pulls it by {by}' if first else f'{by} from {ion}'} ({_reason(cell, membrane, pull, own=True)})"


def _response(cell: Cell, membrane: str, pull: Pull) -> str:
    first, *others = sorted(pull.parts, key=lambda part: -abs(part.mV))
    if sum(abs(part.mV) for part in others) > LEFT * abs(first.mV):
        return "the channels' response to V"
    return f"the response of {called(cell, membrane, first.of, membrane)} to V"


def _facts(pull: Pull) -> tuple[Part, Part | None]:
    """Of an ion's pull the largest part in its direction, and the largest against it where that is not small."""
    ranked = sorted(pull.parts, key=lambda part: part.mV * pull.mV)
    lead, against = ranked[-1], ranked[0]
    return lead, against if -against.mV * pull.mV > BESIDE * abs(lead.mV * pull.mV) else None


def _reason(cell: Cell, membrane: str, pull: Pull, own: bool = False) -> str:
    """What changed, without what it added; `own`: of an ion that was just named."""
    if pull.kind == "temperature":
        change = pull.parts[0].after / pull.parts[0].before - 1.0
        return f"every E {'grows' if change > 0 else 'shrinks'} with RT/F by {number(100 * abs(change), 2)} %"
    lead, against = _facts(pull)
    text = _fact(cell, membrane, lead, own)
    return text + (f", though {_fact(cell, membrane, against, own)}" if against else "")


def _fact(cell: Cell, membrane: str, part: Part, own: bool = False) -> str:
    """What changed of one part; `own`: of an ion that was just named."""
    if part.kind == "no_conductance":
        return "no channel conducts, so that V goes where all other currents cancel"
    more = part.after > part.before
    if part.kind == "conductance":
        before, after, unit = span(part)
        name = called(cell, membrane, part.of, membrane)
        ion = moved_ion(cell, membrane, part.of)
        name = re.sub(rf"^the (gated )?{re.escape(ion_in(cell, ion))} ", r"its \1", name) if own else name
        return f"{name} conducts {'more' if more else 'less'}, {before} → {after} {unit}"
    if part.kind == "current" and not part.after:
        name = called(cell, membrane, part.of, membrane)
        before, _, unit = span(part)
        return f"{name} stops, and its own outward current of {before} {unit} with it"
    before, after, unit = span(part)
    return f"{named(cell, membrane, part)} {'rises' if more else 'falls'} from {before} to {after} {unit}"


def named(cell: Cell, membrane: str, part: Part) -> str:
    """What changed, of what is no conductance.

    >>> from vrest.model.cellfile import load
    >>> named(load("mammalian_neuron"), "neuron", Part("current", "pump", 5.45, before=5.7, after=0.0, unit="pA"))
    "the Na/K pump's own outward current"
    """
    match part.kind:
        case "reversal":
            return f"E_{part.of}"
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
        case "current" if isinstance(cell.membranes[membrane].transports[part.of], InjectedCurrent):
            return called(cell, membrane, part.of, membrane)
        case _:
            return f"the current through {called(cell, membrane, part.of, membrane)}"


def title(cell: Cell, membrane: str, pull: Pull) -> str:
    """What a row of a table calls it."""
    match pull.kind:
        case "ion":
            return f"{ion_in(cell, pull.of)} (E_{pull.of}, conductance)"
        case "response":
            return "the channels' response to V"
        case _:
            return named(cell, membrane, pull.parts[0])


def span(part: Part) -> tuple[str, str, str]:
    """What it was and what it is, in as many digits as tell them apart, and the unit that suits them.

    >>> span(Part("reversal", "K", 7.7, before=-89.06, after=-76.5, unit="mV"))
    ('-89.1', '-76.5', 'mV')
    >>> span(Part("current", "pump", 0.5, before=613000.0, after=0.0, unit="pA"))
    ('613', '0', 'nA')
    """
    ends, unit = (part.before, part.after), part.unit
    if unit == "mV":
        return *_apart(*ends, lambda value, more: number(value, decimals=1 + more)), unit
    kind = "current" if unit[1:] == "A" else "conductance"
    while max(map(abs, ends)) >= 1000.0 and unit[0] != PREFIXES[-1]:
        larger = PREFIXES[PREFIXES.index(unit[0]) + 1] + unit[1:]
        before, after = (from_si(from_door(end, kind, unit), kind, larger) for end in ends)
        ends, unit = (before, after), larger
    least = ROUNDING * max(map(abs, ends))

    def suited(value: float, more: int) -> str:
        """One decimal from 1, none from 100; two digits below."""
        size = abs(value)
        if size <= least:
            return "0"
        if size < 0.001:
            return number(value, 2 + more)
        return number(
            value, decimals=more + (0 if size >= 100 else 1 if size >= 1 else 1 - math.floor(math.log10(size)))
        )

    return *_apart(*ends, suited), unit


def _apart(before: float, after: float, text: Callable[[float, int], str]) -> tuple[str, str]:
    """Two numbers in as many more digits as tell them apart."""
    more = 0
    while before != after and more < 6 and text(before, more) == text(after, more):
        more += 1
    return text(before, more), text(after, more)


def contents_moved(cell: Cell, membrane: str, found: Sequence[Flow], told_of: Collection[str] = ()) -> str:
    """How the contents beside a membrane moved, from the first to the last state, and what was out of balance before.

    `found` is of four states: at rest, after the change at the old V, at once, and later. Empty where nothing has moved
    by a hundredth. `told_of`: ions that are told to move V.
    """
    here = cell.membranes[membrane]
    moved = [flow for flow in found if flow.space in (here.inside, here.outside) and _moved(flow) >= MOVED]
    if not moved:
        return ""
    moved.sort(key=lambda flow: -_moved(flow))
    far = [flow for flow in moved if flow.ion in told_of or _moved(flow) >= AS_FAR * _moved(moved[0])]
    first = sorted(far, key=lambda flow: flow.ion not in told_of)[:MOST_IONS]
    told = sorted(first, key=lambda flow: (flow.space != first[0].space, -_moved(flow)))
    of_water = _by_water(told[0]) > WATER
    if of_water:
        told = [flow for flow in told if _by_water(flow) > WATER]
    text = joined([_content(cell, flow, before) for flow, before in zip(told, [None, *told[:-1]], strict=True)])
    why = "" if of_water else _driver(cell, membrane, told)
    text += f", as {why}" if why else ""
    if of_water or (_by_water(told[0]) > 0.5 and abs(_size(told[0]) - 1) > SWELLS):
        text += f", {'as' if of_water else 'while'} {_water(cell, told[0], found)}"
    return text


def _moved(flow: Flow) -> float:
    first, last = flow.concentrations[0], flow.concentrations[-1]
    return abs(math.log(last / first)) if first > 0 and last > 0 else 0.0


def _content(cell: Cell, flow: Flow, last_told: Flow | None) -> str:
    """How a content moved; its compartment where that was not just told."""
    where = f" {flow.space}" if flow.space in ("inside", "outside") else f" in '{flow.space}'"
    where = "" if last_told and last_told.space == flow.space else where
    first, last = flow.concentrations[0], flow.concentrations[-1]
    way = "rises" if last > first else "falls"
    texts = _apart(first, last, lambda value, more: number(value, 3 + more))
    return f"{ion_in(cell, flow.ion)}{where} {way} from {' to '.join(texts)} mM"


def _size(flow: Flow) -> float:
    """The volume of its compartment at the end, over that at first."""
    return flow.amounts[-1] / flow.concentrations[-1] * flow.concentrations[0] / flow.amounts[0]


def _by_water(flow: Flow) -> float:
    """Share of what moved a concentration, on a scale of logarithms, that is dilution or its reverse."""
    return -math.log(_size(flow)) / math.log(flow.concentrations[-1] / flow.concentrations[0])


def _water(cell: Cell, flow: Flow, found: Sequence[Flow]) -> str:
    """That water came or went, and the ions that came with it."""
    size = _size(flow)
    beside = [other for other in found if other.space == flow.space]
    enough = SALT * sum(other.amounts[0] for other in beside)
    salt = [ion_in(cell, other.ion) for other in beside if other.amounts[-1] - other.amounts[0] > enough]
    if size < 1.0:
        return f"water leaves (the volume shrinks by {number(100 * (1 - size), 2)} %)"
    enters = f"{joined([*salt, 'water'])} {'enter' if salt else 'enters'}"
    if size < 2.0:
        return f"{enters} (the volume grows by {number(100 * (size - 1), 2)} %)"
    return f"{enters} (the volume grows {number(size, 2)}-fold)"


def driver(flow: Flow, at: int) -> str | None:
    """What was most out of balance in the direction in which the amount then moved; None where nothing was.

    `at`: 1, after the change at the old V; 2, at once, where V has moved as well.
    """
    way = flow.amounts[-1] - flow.amounts[0]
    if way * (flow.concentrations[-1] - flow.concentrations[0]) <= 0:
        return None  # water moved it
    steps = {label: (gains[2] - gains[0]) * way for label, gains in flow.gains.items()}
    held = {label: (gains[at] - gains[0]) * way for label, gains in flow.gains.items()}
    begun = [label for label in steps if steps[label] > 0 and held[label] > BESIDE * steps[label]]
    return max(begun, key=lambda label: held[label]) if begun and sum(steps.values()) > 0 else None


def _driver(cell: Cell, membrane: str, told: Sequence[Flow]) -> str:
    """What was out of balance at once, of the contents that it moved; what V did only where the change did nothing."""
    found = ((at, flow, driver(flow, at)) for at in (1, 2) for flow in told)
    at, first, label = next((each for each in found if each[2]), (0, told[0], None))
    if label is None:
        return ""
    own = [flow for flow in told if flow.space == first.space and driver(flow, at) == label]
    place, _, name = label.rpartition(".")
    how = _carries(first.gains[label])
    alike = [flow for flow in own if _carries(flow.gains[label]) == how]
    ions = joined([ion_in(cell, flow.ion) for flow in alike])
    return f"{called(cell, place, name, membrane)} at once {how.format(ions)}"


def _carries(gains: tuple[float, ...]) -> str:
    """How a flux changed from rest to at once."""
    before, after = gains[0], gains[2]
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
    return f"carries {'over 1000' if ratio > 1000 else number(ratio, 2)} times as much {{}}"
