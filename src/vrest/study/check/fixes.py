"""What would make a description rest: each way was made, rested and followed for an hour before it is proposed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vrest.constants import F, R
from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell
from vrest.model.channels import FixedLeak, OhmicLeak
from vrest.model.ion_labels import ion_in
from vrest.model.paths import set_si
from vrest.model.pumps import NaKPump
from vrest.study.check.absurd import absurdities, at_start
from vrest.study.check.findings import VOLTS, Claims, Finding, Moment, millivolts
from vrest.study.check.future import follow, moved
from vrest.study.design.aim import passive_ions
from vrest.study.design.draft import Choice, Target, draft
from vrest.system.assemble import assemble
from vrest.system.observables import reversal_potentials
from vrest.system.structure import parameter_vector
from vrest.tables import joined, number
from vrest.units import format_si, from_door, from_si, to_si
from vrest.verbs.instant import instant
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import Rest, rest

COTRANSPORTERS = ("KCC2", "NKCC1")
"""What may keep an ion away from its equilibrium."""

LEAST_MV = from_si(VOLTS, "potential")
"""mV: what V moves by less counts as staying."""

PUMPS = ("pump_constant", "pump_hill")
"""What is added where no pump turns: at one rate in NEURON's terms, else as Kager 2000."""

TRIED = {
    "start": "A start where no current flows was tried",
    "contents": "Concentrations that make the reversal potentials written were tried",
    "settle": "The rest to which the cell comes by itself was tried",
}
"""What is said of a way that is none."""

UNDETERMINED = "undetermined"
"""The code of a design that many strengths would meet."""


@dataclass(frozen=True)
class Fix:
    """One way to make a description rest, with what its rest and a run of an hour showed."""

    code: str
    message: str
    lines: tuple[str, ...]
    """What to write or to type."""
    v_rest: float | dict[str, float]
    """Where `rest` finds it, mV; by membrane where there are several."""
    v_after_1h: float | dict[str, float]
    """mV; by membrane where there are several."""
    drift: float
    """What V has moved by then, mV; of several membranes the most."""
    cell: Cell
    choices: tuple[Choice, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """In door units."""
        told = {name: getattr(self, name) for name in ("code", "message", "v_rest", "v_after_1h", "drift")}
        return told | {"lines": list(self.lines), "values": [vars(c) for c in self.choices]}


@dataclass(frozen=True)
class Way:
    """A way out before it was tried: `at` is where V shall stay, mV by membrane."""

    code: str
    message: str
    lines: tuple[str, ...]
    at: Mapping[str, float]
    cell: Cell
    choices: tuple[Choice, ...] = ()

    def tried(self, described: Cell) -> Fix | str:
        """The way out, or why it is none: its rest is elsewhere or nowhere, it drifts, or no cell is like that."""
        start = at_start(self.cell)
        strange = [remark.message for remark in absurdities(described, [start]) if remark.code != "run_out"]
        if strange:
            return strange[0]
        found = rest(self.cell)
        if not found.outcome.is_rest:
            return f"from there the cell does not rest. {found.reason}"
        v = by_membrane(found)
        if self._apart(v) > LEAST_MV:
            return f"the cell leaves {told(self.at)} and rests at {told(v)}."
        later, stopped = follow(self.cell)
        if stopped or not later:
            return f"the cell could not be followed for an hour. {stopped}"
        after = later[-1].v
        drift = self._apart(after)
        if drift > LEAST_MV or moved(start, later):
            return f"V drifts by {drift:.2f} mV within an hour, or its contents do."
        return Fix(self.code, self.message, self.lines, plain(v), plain(after), drift, self.cell, self.choices)

    def _apart(self, v: Mapping[str, float]) -> float:
        """mV by which V is not where it shall stay."""
        return max(abs(v[name] - at) for name, at in self.at.items())


def told(v: Mapping[str, float]) -> str:
    """Potentials in words."""
    return joined([f"{at:.2f} mV" if len(v) == 1 else f"{at:.2f} mV ({name})" for name, at in v.items()])


def plain(values: Mapping[str, float]) -> Any:
    """The value of the one membrane, or the values by membrane."""
    return dict(values) if len(values) > 1 else next(iter(values.values()))


def by_membrane(found: Rest) -> dict[str, float]:
    """Resting potentials, mV by membrane."""
    v = found.v_rest
    return v if isinstance(v, dict) else {next(iter(found.cell.membranes)): v}


def fixes(cell: Cell, claims: Claims, now: Moment, found: Sequence[Finding]) -> tuple[tuple[Fix, ...], str]:
    """Verified ways out, the best first, and why no strengths hold the described state (empty where some do)."""
    if len(cell.membranes) != 1:
        reason = f"Strengths are sized for one membrane, and '{cell.name}' has {len(cell.membranes)}."
        return _kept(cell, [*_settled(cell, claims)], reason)
    if claims.as_in_neuron and {finding.code for finding in found} == {"start"}:
        return _kept(cell, [_started(cell, claims, now)], "")
    ways: list[Way | Fix] = []
    written = _as_written(cell, claims)
    rests_as_written = _no_current(written)
    if rests_as_written is None and claims.as_in_neuron:
        return (), "No potential carries zero current: nothing in the description lets V come to rest."
    wish, whose = _wish(cell, claims, rests_as_written)
    if wish is None:
        assert rests_as_written is not None
        volts = millivolts(rests_as_written, 2)
        reason = (
            f"No target was given, so no strengths were sized. As described no current flows at {volts}: add "
            f"v_init = {from_si(rests_as_written, 'potential'):.2f}, or where it shall rest, to the description."
        )
    else:
        resized, reason = _resized(cell, claims, wish, whose)
        ways += resized
    if written is not cell and rests_as_written is not None:
        ways.append(_with_contents(cell, written, claims, rests_as_written))
    if not claims.unnamed:
        ways += _settled(cell, claims)
    return _kept(cell, ways, reason)


def _kept(described: Cell, ways: Sequence[Way | Fix], reason: str) -> tuple[tuple[Fix, ...], str]:
    """Those that hold when they are tried; where none does, the reasons."""
    tried = [(way, way if isinstance(way, Fix) else way.tried(described)) for way in ways]
    kept = tuple(result for _, result in tried if isinstance(result, Fix))
    if kept:
        return kept, reason
    failed = [f"{TRIED[way.code]}: {result}" for way, result in tried if isinstance(result, str)]
    none = ["No way out was found that rests."] if failed else []
    return (), " ".join(text for text in [*none, reason, *failed] if text)


def _wish(cell: Cell, claims: Claims, rests_as_written: float | None) -> tuple[float | None, str]:
    """Where the description wants V, and in which words; None where it does not say."""
    if not claims.as_in_neuron:
        return next(iter(cell.membranes.values())).potential, ""
    if claims.target is not None:
        return claims.target, f", the {claims.target_name} that was written"
    if claims.reversals or claims.unnamed:
        return rests_as_written, ", where the reversal potentials put it"
    return None, ""


def _no_current(cell: Cell) -> float | None:
    """Where the described contents carry no current, V."""
    try:
        v = instant(cell).v
    except NoRestError:
        return None
    return from_door(1.0, "potential") * v if isinstance(v, float) else None


def _started(cell: Cell, claims: Claims, now: Moment) -> Way:
    """The same, started where it is a few milliseconds later."""
    ((name, _),) = cell.membranes.items()
    v = now.v(now.system.structure.walls[0])
    started = set_si(cell, {f"membranes.{name}.potential": v})
    message = f"Start at {millivolts(v, 2)}, where no current flows."
    return Way("start", message, tuple(_lines(cell, started, claims)), {name: from_si(v, "potential")}, started)


def _as_written(cell: Cell, claims: Claims) -> Cell:
    """The cell with contents that make the stated reversal potentials."""
    (m,) = cell.membranes.values()
    values = {}
    for ion, stated in claims.reversals.items():
        z = cell.valence()[ion]
        inside = cell.contents(m.outside)[ion] * math.exp(-z * F * stated / (R * cell.temperature))
        if abs(math.log(inside / cell.contents(m.inside)[ion])) * R * cell.temperature / F > VOLTS:
            values[f"compartments.{m.inside}.ions.{ion}"] = inside
    return set_si(cell, values, source="made to agree with the stated reversal potential") if values else cell


def _with_contents(cell: Cell, written: Cell, claims: Claims, wish: float) -> Way:
    """Concentrations that make the reversal potentials that were written."""
    ((name, _),) = cell.membranes.items()
    started = set_si(written, {f"membranes.{name}.potential": wish})
    message = f"Give concentrations that make the reversal potentials you wrote: V is then {millivolts(wish, 2)}"
    message += " at once and stays."
    return Way("contents", message, tuple(_lines(cell, started, claims)), {name: from_si(wish, "potential")}, started)


def _named(cell: Cell, claims: Claims) -> Cell:
    """The cell with leaks of K+ and Na+ in place of those that belong to no ion: as much conductance, same reversal."""
    if not claims.unnamed:
        return cell
    ((name, m),) = cell.membranes.items()
    system, p = assemble(cell), parameter_vector(cell)
    wall = system.structure.walls[0]
    E = {ion: float(e) for ion, e in reversal_potentials(system, system.start(cell), p, wall).items()}
    transports = {label: t for label, t in m.transports.items() if label not in claims.unnamed}
    for unnamed, stated in claims.unnamed.items():
        leak = m.transports[unnamed]
        assert isinstance(leak, FixedLeak)  # as it was read
        share = min(max((stated - E["K"]) / (E["Na"] - E["K"]), 0.05), 0.95)
        for ion, part in (("K", 1 - share), ("Na", share)):
            label = f"g{ion.lower()}"
            present = getattr(transports.get(label), "conductance", 0.0)
            total = from_si(leak.conductance * part + present, "specific_conductance")
            transports[label] = OhmicLeak(ion=ion, conductance=total)
    return cell._with_si(membranes=MappingProxyType({name: m._with_si(transports=MappingProxyType(transports))}))


def _resized(cell: Cell, claims: Claims, wish: float, whose: str) -> tuple[list[Fix], str]:
    """Strengths that hold the described contents at the wanted potential, with as few additions as do it.

    What only channels move first follows V; where that changes it, a cotransporter that would keep it is tried as well.
    """
    if claims.unnamed and not {"K", "Na"} <= _both_sides(cell):
        lost = " and ".join(claims.unnamed)
        return [], (
            f"No strengths were sized: {lost} belongs to no ion, and there are no K+ and Na+ that could carry it. Add "
            "nai, nao, ki and ko."
        )
    described, cell = cell, _named(cell, claims)
    contents = {ion: format_si(c, "concentration") for ion, c in _inside(cell).items()}
    loose = passive_ions(cell, next(iter(cell.membranes)))
    volts = format_si(wish, "potential")
    held = {ion: c for ion, c in contents.items() if ion not in loose}
    found: list[Fix] = []
    reasons: list[tuple[str, str]] = []
    pump = _pump(cell, claims)
    base = pump
    follows = True
    for add in dict.fromkeys([(), pump]):
        result, moves = _designed(described, cell, claims, Target(volts, held, {}, add=add), whose)
        if isinstance(result, Fix):
            found.append(result)
            base, follows = add, moves
            break
        reasons.append(result)
    if follows and loose:  # else nothing is left for a cotransporter to keep
        for law in COTRANSPORTERS[:1] if claims.as_in_neuron else COTRANSPORTERS:
            result, _ = _designed(described, cell, claims, Target(volts, contents, {}, add=(*base, law)), whose)
            if isinstance(result, Fix):
                found.append(result)
    if found:
        return found, ""
    told = [message for code, message in reasons if code != UNDETERMINED]
    if told:
        return [], f"No strengths hold this state: {told[-1]}"
    return [], f"Strengths would hold this state, but nothing says which of them: {reasons[-1][1]}"


def _both_sides(cell: Cell) -> set[str]:
    ((_, m),) = cell.membranes.items()
    return {ion for ion, c in cell.contents(m.inside).items() if c > 0 and cell.contents(m.outside).get(ion, 0.0) > 0}


def _inside(cell: Cell) -> dict[str, float]:
    ((_, m),) = cell.membranes.items()
    return dict(cell.contents(m.inside))


def _pump(cell: Cell, claims: Claims) -> tuple[str, ...]:
    """The pump to add where K+ and Na+ are followed and none moves them; what is held needs none."""
    ((_, m),) = cell.membranes.items()
    followed = {ion for ion in _inside(cell) if f"{m.inside}.{ion}" not in cell.closures}
    if _is_pumped(cell) or not cell.compartments[m.inside].finite or not {"K", "Na"} <= followed:
        return ()
    return PUMPS[:1] if claims.as_in_neuron else PUMPS[1:]


def _is_pumped(cell: Cell) -> bool:
    return any(isinstance(t, NaKPump) and not t.is_off for m in cell.membranes.values() for t in m.transports.values())


def _designed(
    described: Cell, cell: Cell, claims: Claims, target: Target, whose: str
) -> tuple[Fix | tuple[str, str], bool]:
    """The way out that a design makes, or the code and words of why there is none; and whether a content follows V."""
    wished = from_si(to_si(target.v_rest, "potential"), "potential")
    try:
        made = draft(cell, target)
    except InputError as refusal:
        told = refusal.message.replace("pump_constant", "the ipump to add") if claims.as_in_neuron else refusal.message
        return (refusal.code, told), False
    strengths = tuple(c for c in made.choices if ".transports." in c.path)
    lines = _lines(described, made.cell, claims) if claims.as_in_neuron else [_command(target)]
    message = f"{_words(cell, made.choices, target, claims)} V then rests at {wished:.2f} mV{whose}."
    result = Way("strengths", message, tuple(lines), {next(iter(cell.membranes)): wished}, made.cell, strengths).tried(
        described
    )
    if isinstance(result, str):
        return ("tried", f"strengths that balance every ion at {wished:.2f} mV exist, but {result}"), False
    return result, any(_moved(c) for c in made.choices if c.how == "passive")


def _moved(choice: Choice) -> bool:
    return choice.was is not None and abs(choice.value - choice.was) > 1e-6 * abs(choice.value)


def _words(cell: Cell, choices: tuple[Choice, ...], target: Target, claims: Claims) -> str:
    """What a design changes."""
    leaks = "leaks and pump" if _is_pumped(cell) else "the leaks"
    added = ["a 3:2 pump" if law in PUMPS else law for law in map(str, target.add)]
    sized = f"Add {' and '.join(added)} and size the leaks to match" if added else f"Size {leaks} to each other"
    if claims.unnamed:
        sized += f", with leaks of K+ and Na+ in place of {' and '.join(claims.unnamed)}"
    for choice in filter(_moved, choices):
        if choice.how == "passive":
            sized += f"; {ion_in(cell, choice.path.split('.')[-1])} follows to {number(choice.value)} mM"
        elif choice.how == "iso-osmotic":
            sized += f"; the inside needs {number(choice.value)} mM of impermeants"
    return f"{sized}. All other contents stay."


def _command(target: Target) -> str:
    """The command line of a design."""
    parts = ["vrest design FILE", f'--v-rest "{target.v_rest}"']
    parts += [f'--inside "{ion}={text}"' for ion, text in target.inside.items()]
    return " ".join([*parts, *(f"--add {law}" for law in target.add), "-o fixed.toml"])


def _lines(described: Cell, cell: Cell, claims: Claims) -> Iterator[str]:
    """What to change in the description: every value that differs, as one would write it for NEURON."""
    assert claims.written is not None
    before = claims.written(described, as_read=True)
    for name, (value, what) in claims.written(cell).items():
        if name not in before or abs(value - before[name][0]) > 1e-12 * abs(value):
            yield f"{name} = {value:.12g}" + (f"  # {what}" if what else "")


def _settled(cell: Cell, claims: Claims) -> Iterator[Way]:
    """The described cell, started from where it comes to rest by itself."""
    found = rest(cell)
    if found.outcome is not Outcome.rests:
        return
    v = by_membrane(found)
    settled = found.as_cell()
    inner = next(iter(cell.membranes.values())).inside
    contents = ", ".join(f"{ion} {number(c)}" for ion, c in found.concentrations[inner].items())
    message = (
        f"Leave the strengths and start from where the cell comes to rest by itself: {told(v)} with {contents} mM."
    )
    lines = _lines(cell, settled, claims) if claims.as_in_neuron else ["vrest rest FILE -o settled.toml"]
    yield Way("settle", message, tuple(lines), v, settled)
