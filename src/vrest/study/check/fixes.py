"""What would make a description rest: each way was made and followed for an hour before it is proposed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vrest.constants import F, R
from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell
from vrest.model.channels import OhmicLeak
from vrest.model.paths import set_si
from vrest.model.pumps import NaKPump
from vrest.study.calculator import pretty
from vrest.study.check.findings import VOLTS, Claims, Finding, Moment, millivolts
from vrest.study.check.future import follow
from vrest.study.design.aim import passive_ions
from vrest.study.design.draft import Choice, Target, draft
from vrest.system.assemble import assemble
from vrest.system.observables import reversal_potentials, turnover_rates
from vrest.system.structure import parameter_vector
from vrest.tables import number
from vrest.units import format_si, from_door, from_si
from vrest.verbs.instant import instant
from vrest.verbs.outcome import Outcome
from vrest.verbs.rest import rest, rest_here

COTRANSPORTERS = ("KCC2", "NKCC1")
"""What may keep an ion away from its equilibrium."""

LEAST_MV = from_si(VOLTS, "potential")
"""mV: what V moves by less counts as staying."""


@dataclass(frozen=True)
class Fix:
    """One way to make a description rest, or to take a part of its drift away, with what a run of it showed."""

    code: str
    message: str
    lines: tuple[str, ...]
    """What to write or to type."""
    v_after_1h: float
    """mV."""
    drift: float
    """What V has moved by then, mV."""
    cell: Cell
    choices: tuple[Choice, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """In door units."""
        told = {name: getattr(self, name) for name in ("code", "message", "v_after_1h", "drift")}
        return told | {"lines": list(self.lines), "values": [vars(c) for c in self.choices]}


def fixes(cell: Cell, claims: Claims, now: Moment, found: Sequence[Finding]) -> tuple[tuple[Fix, ...], str]:
    """Verified ways out, the best first, and why no strengths hold the described state (empty where some do)."""
    if len(cell.membranes) != 1:
        return (), f"Strengths are sized for one membrane, and '{cell.name}' has {len(cell.membranes)}."
    if claims.as_in_neuron and {finding.code for finding in found} == {"start"}:
        return tuple(_started(cell, now)), ""
    written = _as_written(cell, claims)
    wish = _no_current(written) if claims.reversals else next(iter(written.membranes.values())).potential
    if wish is None:
        return (), "No potential carries zero current: nothing in the description lets V come to rest."
    ways, reason = _resized(_named(cell, claims), claims, wish)
    if written is not cell:
        ways += _with_contents(cell, written, claims, wish)
    if not claims.as_in_neuron:
        ways += _settled(cell)
    return tuple(ways), reason


def _no_current(cell: Cell) -> float | None:
    """Where the described contents carry no current, V."""
    try:
        v = instant(cell).v
    except NoRestError:
        return None
    return from_door(1.0, "potential") * v if isinstance(v, float) else None


def _started(cell: Cell, now: Moment) -> Iterator[Fix]:
    """The same, started where it is a few milliseconds later."""
    ((name, _),) = cell.membranes.items()
    v = now.v(now.system.structure.walls[0])
    started = set_si(cell, {f"membranes.{name}.potential": v})
    later, _ = follow(started)
    if later:
        after = next(iter(later[-1].v.values()))
        mV = from_si(v, "potential")
        message = f"Start at {millivolts(v, 2)}, where no current flows."
        yield Fix("start", message, (f"v_init = {mV:.12g}",), after, abs(after - mV), started)


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


def _with_contents(cell: Cell, written: Cell, claims: Claims, wish: float) -> Iterator[Fix]:
    """Concentrations that make the reversal potentials that were written: no jump, but the ions may still drift."""
    (m,) = cell.membranes.values()
    later, _ = follow(written)
    if not later:
        return
    minute, at = (next(iter(moment.v.values())) for moment in (later[0], later[-1]))
    changed = {ion: written.contents(m.inside)[ion] for ion in claims.reversals}
    drift = abs(at - from_si(wish, "potential"))
    message = (
        f"Give concentrations that make the reversal potentials you wrote: V is then {millivolts(wish, 2)} at once"
    )
    message += f", but still drifts: {minute:.2f} mV after a minute." if drift > LEAST_MV else " and stays."
    lines = tuple(f"{ion.lower()}i = {value:.12g}" for ion, value in changed.items())
    yield Fix("contents", message, lines, at, drift, written)


def _named(cell: Cell, claims: Claims) -> Cell:
    """The cell with leaks of K+ and Na+ in place of those that belong to no ion: as much conductance, same reversal."""
    if not claims.unnamed:
        return cell
    ((name, m),) = cell.membranes.items()
    system, p = assemble(cell), parameter_vector(cell)
    wall = system.structure.walls[0]
    E = {ion: float(e) for ion, e in reversal_potentials(system, system.start(cell), p, wall).items()}
    ghosts = {ion for label in claims.unnamed for ion in m.transports[label].moved_ions}
    transports = {label: t for label, t in m.transports.items() if label not in claims.unnamed}
    for ghost, stated in claims.unnamed.items():
        leak = m.transports[ghost]
        if not {"K", "Na"} <= set(E) or not isinstance(leak, OhmicLeak):
            continue
        share = min(max((stated - E["K"]) / (E["Na"] - E["K"]), 0.05), 0.95)
        for ion, part in (("K", 1 - share), ("Na", share)):
            label = f"g{ion.lower()}"
            present = getattr(transports.get(label), "conductance", 0.0)
            transports[label] = leak._with_si(ion=ion, conductance=leak.conductance * part + present)
    compartments = {
        side: c._with_si(ions=MappingProxyType({ion: v for ion, v in c.ions.items() if ion not in ghosts}))
        for side, c in cell.compartments.items()
    }
    return cell._with_si(
        compartments=MappingProxyType(compartments),
        membranes=MappingProxyType({name: m._with_si(transports=MappingProxyType(transports))}),
        closures=MappingProxyType({k: v for k, v in cell.closures.items() if k.split(".")[1] not in ghosts}),
        valences=MappingProxyType({ion: z for ion, z in cell.valences.items() if ion not in ghosts}),
    )


def _resized(cell: Cell, claims: Claims, wish: float) -> tuple[list[Fix], str]:
    """Strengths that hold the described contents at the wanted potential, with as few additions as do it.

    What only channels move first follows V; where that changes it, a cotransporter that would keep it is tried as well.
    """
    ((_, m),) = cell.membranes.items()
    pumped = any(isinstance(t, NaKPump) and not t.is_off for t in m.transports.values())
    missing = not pumped and {"K", "Na"} <= set(cell.contents(m.inside))
    pump = () if not missing else ("pump_constant",) if claims.as_in_neuron else ("pump_hill",)
    contents = {ion: format_si(c, "concentration") for ion, c in cell.contents(m.inside).items()}
    loose = passive_ions(cell, next(iter(cell.membranes)))
    volts, wished = format_si(wish, "potential"), from_si(wish, "potential")
    tries = [Target(volts, {ion: c for ion, c in contents.items() if ion not in loose}, {}, add=pump)]
    if not claims.as_in_neuron:  # whose terms have no cotransporter
        tries += [Target(volts, contents, {}, add=(*pump, law)) for law in COTRANSPORTERS]
    found: list[Fix] = []
    reasons = []
    for target in tries:
        try:
            made = draft(cell, target)
        except InputError as refusal:
            reasons.append(refusal.message)
            continue
        later, _ = follow(made.cell)
        v = next(iter(later[-1].v.values())) if later else math.inf
        drift = abs(v - wished)
        if drift > LEAST_MV or rest_here(made.cell).outcome in (Outcome.unstable, Outcome.oscillates):
            reasons.append(
                f"Strengths that balance every ion at {wished:.2f} mV exist, but the cell leaves that point."
            )
            continue
        lines = _neuron_lines(made.cell, claims) if claims.as_in_neuron else [_command(target)]
        strengths = tuple(c for c in made.choices if ".transports." in c.path)
        message = _words(made.choices, pump, target, claims) + f" V then rests at {wished:.2f} mV."
        found.append(Fix("strengths", message, tuple(lines), v, drift, made.cell, strengths))
        if not any(_moved(c) for c in made.choices if c.how == "passive"):
            break  # nothing is left for a cotransporter to keep
    return found, "" if found else reasons[0]


def _moved(choice: Choice) -> bool:
    return choice.was is not None and abs(choice.value - choice.was) > 1e-6 * abs(choice.value)


def _words(choices: tuple[Choice, ...], pump: tuple[str, ...], target: Target, claims: Claims) -> str:
    """What a design changes."""
    added = [*(["a 3:2 pump"] if pump else []), *(x for x in target.add if x not in pump)]
    words = (
        f"Add {' and '.join(map(str, added))} and size the leaks to match"
        if added
        else "Size leaks and pump to each other"
    )
    if claims.unnamed:
        words += f", with leaks of K+ and Na+ in place of {' and '.join(claims.unnamed)}"
    for choice in filter(_moved, choices):
        if choice.how == "passive":
            words += f"; {pretty(choice.path.split('.')[-1])} follows to {number(choice.value)} mM"
        elif choice.how == "iso-osmotic":
            words += f"; the inside needs {number(choice.value)} mM of impermeants"
    return f"{words}. All other contents stay."


def _command(target: Target) -> str:
    """The command line of a design."""
    parts = ["vrest design FILE", f'--v-rest "{target.v_rest}"']
    parts += [f'--inside "{ion}={text}"' for ion, text in target.inside.items()]
    return " ".join([*parts, *(f"--add {law}" for law in target.add), "-o fixed.toml"])


def _neuron_lines(cell: Cell, claims: Claims) -> Iterator[str]:
    """The strengths as one would write them for NEURON."""
    ((_, m),) = cell.membranes.items()
    system, p = assemble(cell), parameter_vector(cell)
    wall = system.structure.walls[0]
    x = system.start(cell)
    for label in claims.unnamed:
        yield f"g_{label} = 0" if label == "pas" else f"g{label} = 0"
    for t in m.transports.values():
        if isinstance(t, OhmicLeak):
            conductance = from_si(t.conductance, "specific_conductance")
            yield f"g{t.ion.lower()} = {conductance:.12g}  # S/cm2, leak of {pretty(t.ion)}"
    for label, rate in turnover_rates(system, x, p, wall).items():
        if isinstance(m.transports[label], NaKPump):
            current = from_si(float(rate) * F / cell.area(wall.name), "current_density", "mA/cm2")
            yield f"ipump = {current:.12g}  # mA/cm2 net: ina = 3 x, ik = -2 x"
    for ion, e in reversal_potentials(system, x, p, wall).items():
        if ion in claims.reversals:
            yield f"e{ion.lower()} = {from_si(float(e), 'potential'):.12g}"


def _settled(cell: Cell) -> Iterator[Fix]:
    """The described cell, started from where it comes to rest by itself."""
    found = rest(cell)
    if found.outcome is not Outcome.rests:
        return
    v = found.v_rest
    settled = found.as_cell()
    later, _ = follow(settled)
    if not later or not isinstance(v, float):
        return
    after = next(iter(later[-1].v.values()))
    inner = next(iter(cell.membranes.values())).inside
    contents = ", ".join(f"{ion} {number(c)}" for ion, c in found.concentrations[inner].items())
    yield Fix(
        "settle",
        f"Leave the strengths and start from where the cell comes to rest by itself: {v:.2f} mV with {contents} mM.",
        ("vrest rest FILE -o settled.toml",),
        after,
        abs(after - v),
        settled,
    )
