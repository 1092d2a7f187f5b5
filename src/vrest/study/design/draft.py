"""The algebra of a design: the aimed state, the strengths that hold it, and how each value came about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from vrest.constants import F, R
from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.paths import parameters
from vrest.model.quantity import quantity_fields
from vrest.model.transport import TRANSPORTS, Transport
from vrest.study.design.aim import Aim, aimed
from vrest.study.design.hold import Hold, holds, leaks_of
from vrest.study.design.refusal import State, refuse_ratio, refuse_resistance, refuse_state, refuse_strength
from vrest.study.design.strengths import Columns, Problem, columns, free_strength, keep
from vrest.system.assemble import assemble
from vrest.system.observables import pump_costs
from vrest.system.structure import Wall, parameter_vector
from vrest.tables import number
from vrest.units import at_rate, format_si, from_si, to_si, unit_of


@dataclass(frozen=True)
class Choice:
    """One value of a design, in its door unit: what it was, what it is, and how that came about."""

    path: str
    was: float | None
    value: float
    unit: str
    how: str

    @property
    def name(self) -> str:
        """The path without the words that say nothing."""
        words = ("compartments", "membranes", "transports", "ions")
        return ".".join(part for part in self.path.split(".") if part not in words)


@dataclass(frozen=True)
class Target:
    """What a design is asked for; the arguments of `design`."""

    v_rest: Any
    inside: Mapping[str, Any]
    outside: Mapping[str, Any]
    input_resistance: Any = None
    area: Any = None
    add: tuple[str | Transport, ...] = ()
    hold: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A cell that is stationary at its target; whether it is stable there is not known yet."""

    cell: Cell
    choices: tuple[Choice, ...]


def draft(cell: Cell, target: Target) -> Draft:
    """The designed cell without its certificate: linear algebra only."""
    return _draft(cell, target, lambda changed: _is_met(cell, changed))


def _is_met(cell: Cell, target: Target) -> bool:
    """Whether another target, such as one with an addition, can be met."""
    try:
        _draft(cell, target, lambda changed: False)
    except InputError:
        return False
    return True


def _draft(cell: Cell, target: Target, works: Callable[[Target], bool]) -> Draft:
    """`works` says of other targets, which a refusal may propose, whether they can be met."""
    started = cell
    added = []
    for what in target.add:
        cell, label = _with(cell, what)
        added.append(label)
    aim = aimed(cell, target.v_rest, target.inside, target.outside, target.area)
    wall = assemble(aim.cell).structure.walls[0]
    table = columns(aim.cell, wall)
    if table.volume_rate > STILL_WATER:
        raise InputError(
            f"Water is not at rest in these contents: a volume changes {at_rate(table.volume_rate)}, and no strength "
            "of a transport stops it.",
            code="not_stationary",
            hint="Aim at contents that its water law leaves alone, such as those of rest(cell).",
        )
    if not table.order:
        raise InputError(
            f"'{cell.name}' has no leak, cotransporter or pump that is on: there is nothing to choose.",
            code="nothing_to_choose",
            hint='Add one, such as --add "ghk_leak K".',
        )
    factors, how = _solve(aim, table, target, added, works)
    transports = aim.place.transports
    for label, factor in factors.items():
        t = transports[label]
        assert t.strength is not None
        path = f"membranes.{aim.membrane}.transports.{label}.{t.strength}"
        if how[label] in ("kept", "held"):
            aim.how[path] = how[label]  # to the last bit, and with its source
        else:
            aim.set(path, getattr(t, t.strength) * factor, how[label])
    _refuse_reversal(aim, wall)
    volts = format_si(aim.place.potential, "potential", digits=4)
    told = aim.cell._with_si(
        title=f"{started.name}, designed to be stationary at {volts}",
        notes=f"Made from '{started.name}' by design; the sources of the values say which were chosen and how.",
    )
    return Draft(told, tuple(_choices(started, aim)))


LEAST_OHMS, MOST_OHMS = 1.0, 1e18
"""Ohm: input resistances that a membrane can have."""

STILL_WATER = 1e-9
"""1/s: a volume that changes more slowly is the rounding of its water."""


def _with(cell: Cell, what: str | Transport) -> tuple[Cell, str]:
    """The cell with one more transport; its strength is a place-holder."""
    name, membrane = next(iter(cell.membranes.items()))
    if isinstance(what, Transport):
        made, label = what, what.law
    else:
        law, *ion = what.split()
        kinds = {n.lower(): kind for n, kind in TRANSPORTS.items()}
        if law.lower() not in kinds:
            raise InputError(
                f"There is no transport '{law}' to add.", code="unknown_law", hint=near_miss(law, list(TRANSPORTS))
            )
        kind = kinds[law.lower()]
        if not kind.strength:
            raise InputError(f"'{law}' has no strength to choose.", code="unknown_law", hint="Add it in the file.")
        spec = dict(quantity_fields(kind))[kind.strength]
        values: dict[str, Any] = {kind.strength: f"1e-6 {unit_of(spec.dimension)}"}
        if ion:
            values["ion"] = ion[0]
        try:
            made = kind(**values)
        except TypeError:
            raise InputError(
                f"'{what}' needs more than a strength.",
                code="bad_transport",
                hint='A leak needs its ion: "ghk_leak Cl". What else a law needs is given in the file or in Python.',
            ) from None
        label = " ".join([law, *ion]).replace(" ", "_")
    while label in membrane.transports:
        label += "_added"
    changed = membrane._with_si(transports=MappingProxyType({**membrane.transports, label: made}))
    cell = cell._with_si(membranes=MappingProxyType({**cell.membranes, name: changed}))
    cell._check()
    if not free_strength(made):
        raise InputError(f"A design does not choose '{what}'.", code="bad_transport", hint="Set it in the file.")
    return cell, label


def _solve(
    aim: Aim, table: Columns, target: Target, added: Sequence[str], works: Callable[[Target], bool]
) -> tuple[dict[str, float], dict[str, str]]:
    """Factors of all free strengths, and how each came about."""
    state = State(aim.cell, aim.membrane, table, lambda law: works(replace(target, add=(*target.add, law))))
    for label in added:
        if not np.any(table.gains[label]):
            raise InputError(
                f"'{label}' carries nothing at this target: no condition determines its strength.",
                code="undetermined",
                hint="Add it to the cell's file with a strength of your own.",
            )
    problem = Problem(table.gains, [{label: 1.0} for label, gain in table.gains.items() if label or np.any(gain)])
    if problem.conflict() is not None:
        raise refuse_state(state)
    asked = holds(aim.cell, aim.membrane, target.hold)
    how = _constrain(problem, state, asked, target.input_resistance)
    own = [label for label in table.order if label not in added]
    absolute = any("" in column for column in problem.columns)
    scale = keep(problem, own, added, "" if absolute and target.input_resistance is None else None)
    settled = problem.freedom == 1
    if added and not settled:
        raise InputError(
            f"Many strengths of {' and '.join(added)} would do beside what the cell has.",
            code="undetermined",
            hint=_determined(aim, target, own, works),
        )
    factors = problem.factors()
    unit = factors[""] if absolute else factors[scale]
    for label in table.order:
        if label in how:
            continue
        if label in problem.holds(scale) and target.input_resistance is None:
            how[label] = "kept"
        elif label in problem.holds(scale) and len(problem.holds(scale)) > 1:
            how[label] = "from the input resistance" if label == scale else f"in proportion to {scale}"
        else:
            how[label] = "solved" if settled else "chosen: the balances leave it open"
        if label in added:
            how[label] = f"added, {how[label]}"
    return {label: factors[label] / unit for label in table.order}, how


def _constrain(problem: Problem, state: State, asked: Sequence[Hold], resistance: Any) -> dict[str, str]:
    """Tie what must stay; each step that leaves no solution is refused with what would be possible."""
    how: dict[str, str] = {}
    absolute = [hold for hold in asked if hold.base is None]
    if (absolute or resistance is not None) and not any("" in column for column in problem.columns):
        problem.columns.append({"": 1.0})
    held = {hold.label for hold in absolute}
    for ion in state.cell.compartments[state.cell.membranes[state.membrane].inside].ions:
        first, *others = [x for x in leaks_of(state.cell, state.membrane, ion) if x not in held] or [""]
        for label in others:  # several leaks of one ion keep their proportions
            problem.columns = problem.tied(first, label)
    for hold in asked:
        base = "" if hold.base is None else hold.base
        column = problem.holds(base)
        if hold.label in column:  # tied already, by strengths that are held themselves
            if not np.isclose(column[hold.label], hold.factor * column[base], rtol=1e-9, atol=0.0):
                raise InputError(
                    f"'{hold.text}' contradicts what else is held.", code="bad_hold", hint="Hold one of them."
                )
            continue
        trial = problem.tied(base, hold.label, hold.factor)
        if problem.conflict(trial) is not None:
            raise refuse_strength(state, problem, hold) if hold.base is None else refuse_ratio(state, problem, hold)
        problem.columns = trial
        how[hold.label] = "held" if hold.base is None else f"held: {hold.text}"
    if resistance is not None:
        ohms = float(to_si(resistance, "resistance", "input_resistance", bare_ok=True))
        if not LEAST_OHMS <= ohms <= MOST_OHMS:
            got = format_si(ohms, "resistance", digits=4)
            raise InputError(
                f"input_resistance is {got}; a cell has 1 ohm to {format_si(MOST_OHMS, 'resistance', digits=4)}.",
                code="out_of_range",
                hint='Such as "150 Mohm".',
            )
        unit = R * state.cell.temperature / F**2  # a conductance as the flux it carries at RT/F
        before = Problem(problem.gains, problem.columns)
        slopes = {label: slope - (0.0 if label else 1 / ohms) for label, slope in state.table.slopes.items()}
        problem.gains = {label: np.append(gain, unit * slopes[label]) for label, gain in problem.gains.items()}
        if problem.conflict() is not None:
            raise refuse_resistance(state, before, ohms)
    return how


def _determined(aim: Aim, target: Target, own: Sequence[str], works: Callable[[Target], bool]) -> str:
    """What leaves one strength of what is added: fewer additions, or something held; each was tried."""
    ways = []
    for what in target.add:
        if works(replace(target, add=tuple(other for other in target.add if other != what))):
            ways.append(f"leave {what} out")
    for label in own:
        path = f"{label}.{aim.place.transports[label].strength}"
        if works(replace(target, hold=(*target.hold, path))):
            ways.append(f"hold what it stands beside (--hold {path})")
            break
    if not ways:
        return "Give it a strength in the cell's file, and hold that."
    return f"{' or '.join(ways)}."[0].upper() + f"{' or '.join(ways)}."[1:]


def _refuse_reversal(aim: Aim, wall: Wall) -> None:
    """A pump that the free energy of ATP could not turn forwards, whatever its rate law says."""
    system, p = assemble(aim.cell), parameter_vector(aim.cell)
    costs = pump_costs(system, system.start(aim.cell), p, wall)
    for label, (cost, available) in costs.items():
        if cost > available and not aim.place.transports[label].is_off:
            raise InputError(
                f"A cycle of '{label}' would store {number(from_si(cost, 'energy_per_mole'))} kJ/mol in these "
                "gradients at "
                f"{format_si(aim.place.potential, 'potential', digits=4)}, more than ATP gives "
                f"({number(from_si(available, 'energy_per_mole'))} kJ/mol): it would run backwards.",
                code="pump_beyond_reversal",
                hint="Aim at smaller gradients or a less negative potential.",
            )


def _choices(started: Cell, aim: Aim) -> Iterable[Choice]:
    """What the design set, strengths first, in door units."""
    before: dict[str, Any] = {path: p.value for path, p in parameters(started).items()} | dict(started.solved())
    after = parameters(aim.cell)
    solved = aim.cell.solved()
    for path in sorted(aim.how, key=lambda path: ".transports." not in path):
        dimension = after[path].spec.dimension
        value: Any = solved.get(path, after[path].value)
        was: Any = before.get(path)
        yield Choice(
            path,
            None if was is None or aim.how[path].startswith("added") else from_si(float(was), dimension),
            from_si(float(value), dimension),
            unit_of(dimension),
            aim.how[path],
        )
