"""Why no strengths make a state stationary, in words, with ways out that were tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.ion_labels import ion_in
from vrest.model.quantity import quantity_fields
from vrest.model.transport import ATP
from vrest.study.design.aim import PUMPED, equilibrium
from vrest.study.design.hold import Hold
from vrest.study.design.strengths import Columns, Problem
from vrest.system.observables import reversal_potential
from vrest.tables import number
from vrest.units import format_si

REMEDIES = ("kcc2", "nkcc1", "pump_hill")
"""What may be tried where something has to move an ion the other way."""

NAMES = {"kcc2": "KCC2", "nkcc1": "NKCC1"}


@dataclass(frozen=True)
class State:
    """The state that cannot be stationary, for the words about it."""

    cell: Cell
    membrane: str
    table: Columns
    works_with: Callable[[str], bool]
    """Whether the target is met once this law is added."""

    @property
    def v(self) -> float:
        """V."""
        return self.cell.membranes[self.membrane].potential

    def shown(self, volts: float) -> str:
        """A potential in words."""
        return format_si(volts, "potential", digits=4)


def refuse_state(state: State) -> InputError:
    """The reason why no strengths at all make the state stationary."""
    rows = state.table.rows
    for row, (kind, name) in enumerate(rows):
        into = {label: gain[row] for label, gain in state.table.gains.items() if gain[row] != 0.0}
        if into and (min(into.values()) > 0 or max(into.values()) < 0):
            return _one_way(state, kind, name, into)
    return _combination(state)


def _one_way(state: State, kind: str, name: str, into: Mapping[str, float]) -> InputError:
    """Everything that moves an ion moves it the same way."""
    cell, membrane = state.cell, state.cell.membranes[state.membrane]
    gained = next(iter(into.values())) > 0
    labels = _labels(into)
    if kind == "charge":
        return InputError(
            f"At {state.shown(state.v)} every current is {'in' if gained else 'out'}ward ({labels}): none cancels it.",
            code="one_way",
            hint="Choose a potential between the reversal potentials, or add a transport.",
        )
    side, ion = name.split(".")
    named = ion_in(cell, ion)
    way = "into" if gained else "out of"
    carry = "carry" if len(into) > 1 else "carries"
    transports = {label: membrane.transports[label] for label in into if label}
    channels = [label for label, t in transports.items() if t.is_channel]
    pumps = [label for label, t in transports.items() if t.stoichiometry().get(ATP)]
    if side != membrane.inside or not channels:
        return InputError(
            f"{named} in '{side}' cannot be stationary at {state.shown(state.v)}: {labels} {carry} it {way} it.",
            code="one_way",
            hint=_ways_out(state, []),
        )
    conc, passive = _apart(cell.contents(side)[ion], equilibrium(cell, state.membrane, ion, state.v))
    sides = {"inside": cell.contents(side)[ion], "outside": cell.contents(membrane.outside)[ion]}
    reversal = float(reversal_potential(cell.valence()[ion], **sides, temperature=cell.temperature))
    if np.isnan(reversal):
        lacking = " and ".join(
            f"'{place}'" for place, c in zip((side, membrane.outside), sides.values(), strict=True) if not c
        )
        return InputError(
            f"{named} in '{side}' cannot be stationary at {conc}: {labels} {carry} it {way} it, "
            f"and {lacking} has none.",
            code="one_way",
            hint=_ways_out(state, []) if gained else f"Aim at contents without {ion}, or give {lacking} some of it.",
        )
    beyond = "above" if state.v > reversal else "below"
    if pumps:
        return InputError(
            f"{state.shown(state.v)} lies {beyond} E_{ion} = {state.shown(reversal)}: there {' and '.join(channels)} "
            f"{'carry' if len(channels) > 1 else 'carries'} {named} {way} the cell, and so does "
            f"{' and '.join(pumps)}, which would have to run backwards.",
            code="pump_backwards",
            hint=f"Aim {'below' if beyond == 'above' else 'above'} E_{ion}, or at contents that move it.",
        )
    out = [] if ion in PUMPED else [f"leave {ion} out of the targets: it then takes {passive}"]
    if set(channels) == set(into):
        move, leave = ("move", "leave") if len(channels) > 1 else ("moves", "leaves")
        return InputError(
            f"{named} cannot stay at {conc} inside at {state.shown(state.v)} "
            f"(E_{ion} = {state.shown(reversal)}): only {' and '.join(channels)} {move} it, {way} the cell, "
            f"and {leave} it alone at its passive {passive}.",
            code="not_at_equilibrium",
            hint=_ways_out(state, out),
        )
    return InputError(
        f"{named} cannot stay at {conc} inside at {state.shown(state.v)}: {labels} {carry} it {way} the cell; "
        f"without them it would be passive at {passive}.",
        code="one_way",
        hint=_ways_out(state, []),
    )


def _combination(state: State) -> InputError:
    """Each ion alone could balance, but not all together: the weighted sum in which everything counts one way."""
    problem = Problem(state.table.gains, [{label: 1.0} for label, g in state.table.gains.items() if np.any(g)])
    weights = problem.conflict()
    assert weights is not None
    weights = weights / np.abs(weights).max()
    terms = []
    for (kind, name), weight in zip(state.table.rows, weights, strict=True):
        if abs(weight) > 1e-6:
            what = ion_in(state.cell, name.split(".")[1]) if kind == "amount" else "the charge"
            terms.append(f"{number(weight, 3, signed=True)} x {what}")
    sums = {label: float(weights @ gain) for label, gain in state.table.gains.items() if np.any(gain)}
    largest = max(abs(value) for value in sums.values())
    active = [label for label, value in sums.items() if value > 1e-9 * largest]
    return InputError(
        f"No strengths balance all ions at {state.shown(state.v)}: in the sum {' '.join(terms)} of what is gained, "
        f"no transport counts below zero, and {_labels(dict.fromkeys(active))} above it.",
        code="no_balance",
        hint=_ways_out(state, []),
    )


def refuse_ratio(state: State, problem: Problem, hold: Hold) -> InputError:
    """A ratio of leaks that no strengths with this ratio make stationary; says which ratios do."""
    assert hold.base is not None
    low, high = (hold.own * limit for limit in allowed(problem, hold.base, {hold.label: 1.0}))
    name = hold.text.split("=")[0].strip()
    wanted = hold.own * hold.factor
    needs = number(low) + (" or more" if np.isinf(high) else f" to {number(high)}" if high - low > 1e-6 * low else "")
    return InputError(
        f"{name} is held at {number(wanted)}, and these contents are stationary at {state.shown(state.v)} only with "
        f"{needs}: what a pump carries out and in must match the leaks, ion by ion.",
        code="held",
        hint=f"Let {name} be chosen, or aim at another potential or other contents.",
    )


def refuse_strength(state: State, problem: Problem, hold: Hold) -> InputError:
    """A strength held at a value that what else is held does not allow."""
    low, high = allowed(problem, "", {hold.label: 1.0})
    t = state.cell.membranes[state.membrane].transports[hold.label]
    assert t.strength is not None
    own = getattr(t, t.strength)
    dimension = next(spec.dimension for name, spec in quantity_fields(t) if name == t.strength)
    limits = [format_si(own * x, dimension, digits=4) for x in (low, high) if np.isfinite(x)]
    return InputError(
        f"'{hold.label}' is held at {format_si(own, dimension, digits=4)}; beside what else stays, it can be "
        f"{' to '.join(dict.fromkeys(limits))}{' or more' if not np.isfinite(high) else ''}.",
        code="held",
        hint="Hold fewer values, or set it within these limits (--set).",
    )


def refuse_resistance(state: State, problem: Problem, ohms: float) -> InputError:
    """An input resistance that what stays does not allow."""
    slopes = {label: slope for label, slope in state.table.slopes.items() if label}
    stays = set(problem.holds("")) != {""} or bool(np.any(problem.gains[""]))
    low, high = allowed(problem, "", slopes) if stays else (0.0, 0.0)
    fixed = state.table.slopes[""]
    limits = [1 / g for g in (high + fixed, low + fixed) if np.isfinite(g) and g > 0]
    shown = " to ".join(dict.fromkeys(format_si(r, "resistance", digits=4) for r in limits))
    return InputError(
        f"No strengths give {format_si(ohms, 'resistance', digits=4)} of input resistance at {state.shown(state.v)}: "
        + (f"what stays allows {'up to ' if len(limits) == 1 else ''}{shown}." if limits else "I(V) falls there."),
        code="held",
        hint="Ask for another resistance, or hold fewer values.",
    )


def allowed(problem: Problem, unit: str, wanted: Mapping[str, float]) -> tuple[float, float]:
    """Least and largest weighted sum of factors while the factor of `unit` is 1; inf where nothing limits it."""
    from scipy.optimize import linprog

    sizes = np.array([problem.size(c) for c in problem.columns])
    factor = np.array([sum(wanted.get(n, 0.0) * w for n, w in c.items()) for c in problem.columns])
    k = next(i for i, c in enumerate(problem.columns) if unit in c)
    target = factor / sizes * sizes[k] / problem.columns[k][unit]
    largest = np.abs(target).max()
    rows = np.vstack([problem.matrix(), np.eye(len(sizes))[k]])
    right = np.append(np.zeros(len(rows) - 1), 1.0)
    limits = []
    for sign in (1.0, -1.0):
        answer = linprog(sign * target / largest, A_eq=rows, b_eq=right, bounds=(0, None))
        limits.append(sign * float(answer.fun) * largest if answer.status == 0 else np.inf)
    return limits[0], limits[1]


def _apart(one: float, other: float) -> tuple[str, str]:
    """Two concentrations in words, with as many digits as it takes to tell them apart."""
    pairs = [[format_si(c, "concentration", digits=digits) for c in (one, other)] for digits in range(3, 18)]
    first, second = next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1])
    return first, second


def _labels(names: Mapping[str, object]) -> str:
    shown = [name or "what is not to be changed" for name in names]
    return ", ".join(shown[:-1]) + f" and {shown[-1]}" if len(shown) > 1 else shown[0]


def _ways_out(state: State, also: list[str]) -> str:
    """Additions with which the design was made, and what else would do."""
    ways = [f"add {NAMES.get(law, law)} (--add {NAMES.get(law, law)})" for law in REMEDIES if state.works_with(law)]
    ways += also
    if not ways:
        return "Change a target: the potential, or the contents of the ions named."
    text = ", or ".join(ways)
    return f"{text[0].upper()}{text[1:]}."
