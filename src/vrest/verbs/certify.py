"""The certificate: what is checked of a stationary point before it may be called a resting state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vrest.model.cell import Cell
from vrest.model.notice import Notice
from vrest.numerics.stationary import Stationary
from vrest.system.assemble import System, entries
from vrest.system.observables import takes, transports, turnover_rates, without_limit
from vrest.system.undefined import HINT, at, undefined
from vrest.tables import number
from vrest.units import duration, from_si
from vrest.verbs.allowed import SWOLLEN, Allowed, allowed_of
from vrest.verbs.face import face
from vrest.verbs.held import pumped
from vrest.verbs.judging import NONE, emptied, gains, judged
from vrest.verbs.outcome import Ended, Outcome
from vrest.verbs.search import rounding
from vrest.verbs.vanishing import LITTLE, nearly_gone, vanishing

NEUTRAL_RATE = 1e-10
"""1/s: an eigenvalue this small (a time constant of 300 years) means a state nothing determines."""

SETTLED_MV, SETTLED_MM_PER_MIN = 1e-6, 1e-6
"""What a certified state may leave of the Newton correction of V and of any ion's balance."""

LEAST = 1e-12
"""mV or mM/min: what is left of a resting state below this is rounding."""


class Certificate(NamedTuple):
    """What was checked of the point where a search ended; the fields of a `Rest`."""

    system: System
    parameters: np.ndarray
    outcome: Outcome
    reason: str
    state: np.ndarray
    residual_mV: float
    eigenvalues: NDArray[np.complex128]
    conditioning: float
    iterations: int
    followed: float = 0.0
    steps: int = 0

    @property
    def residual_mM_per_min(self) -> dict[str, dict[str, float]]:
        """{compartment: {ion: imbalance}}, mM/min; empty where the Jacobian is not finite."""
        return imbalance(self.system, self.state, self.parameters) if len(self.eigenvalues) else {}


def certify(
    system: System,
    p: np.ndarray,
    x0: np.ndarray,
    found: Stationary,
    ended: Ended = Ended.settled,
    working: bool | None = None,
) -> Certificate:
    """Judge where a search ended.

    Where the search has seen that there is some of every ion, no swelling and no imbalance, `working` says whether a
    pump holds gradients; what it is None of is looked at here.
    """
    y, correction = found.y, found.correction
    _, c, matrix = system.split(x0, p)
    x = system.join(y, c, matrix)
    allowed = allowed_of(system)
    scaled = _scaled(allowed, y, found.jacobian)
    finite = bool(np.all(np.isfinite(scaled)))
    volts = np.abs(correction[allowed.charges])
    certificate = Certificate(
        system=system,
        parameters=p,
        outcome=Outcome.not_converged,
        reason="",
        state=x,
        residual_mV=float(from_si(np.max(volts), "potential")) if len(volts) else 0.0,
        eigenvalues=np.asarray(np.linalg.eigvals(scaled) if finite else [], dtype=np.complex128),
        conditioning=float(np.linalg.cond(scaled)) if finite else float("inf"),
        iterations=int(found.iterations),
    )
    if ended is Ended.cancelled:
        return certificate._replace(
            outcome=Outcome.not_followed, reason=f"{Outcome.not_followed.value} The search was stopped."
        )
    if np.any(x[allowed.amount] < LITTLE):
        with np.errstate(all="ignore"):
            found_gone = vanishing(system, entries(x), entries(x0), entries(p))
        gone = [k for k, may_be in found_gone.items() if may_be]
        if gone and (ended is Ended.stopped or nearly_gone(system, entries(x), entries(p))):
            return _without(system, p, x0, certificate, gone)
    outcome, reason = _judge(certificate, scaled, bool(found.converged), ended, working)
    return certificate._replace(outcome=outcome, reason=reason)


def _without(system: System, p: np.ndarray, x0: np.ndarray, last: Certificate, gone: list[int]) -> Certificate:
    """The judgement of a motion that uses ions up: the state without them, or that there is none."""
    fewest = sorted(gone, key=lambda k: last.state[k])  # what is scarce may be at rest without what is scarcer
    faces = (face(system, p, x0, last.state, fewest[: k + 1]) for k in range(len(fewest)))
    without = next((found for found in faces if found is not None), None)
    if without is None:
        k, used_up = int(emptied(system, entries(last.state), entries(p))), "falls below one ion"
        if k == NONE:
            k, used_up = fewest[0], "is used up"
        names, taken = system.states[k][1], takes(system, last.state, p, k)
        return last._replace(
            outcome=Outcome.runs_out,
            reason=f"{Outcome.runs_out.value} {names} {used_up}: '{taken}' goes on taking it, and no stationary "
            "state without it was found.",
        )
    names = " and ".join(without.gone)
    towards, rates = without.towards.real, without.inside.real
    certificate = last._replace(
        outcome=Outcome.rests,
        state=without.state,
        residual_mV=max(
            (
                from_si(abs(float(without.correction[k])), "potential")
                for k, (kind, _) in enumerate(system.states)
                if kind == "charge"
            ),
            default=0.0,
        ),
        eigenvalues=np.concatenate([without.inside, np.where(np.abs(towards) < NEUTRAL_RATE, 0.0, without.towards)]),
        conditioning=float(np.linalg.cond(without.jacobian)) if without.jacobian.size else 1.0,
    )
    if np.abs(without.inside).min(initial=np.inf) < NEUTRAL_RATE:
        return certificate._replace(
            outcome=Outcome.neutral,
            reason=f"{Outcome.neutral.value} {names} is used up, and nothing determines one of the others.",
        )
    if np.abs(rates).min(initial=np.inf) < rounding(without.jacobian):
        return certificate._replace(
            outcome=Outcome.not_converged,
            reason=f"{Outcome.not_converged.value} {names} is used up, and what is left has a rate that double "
            "precision cannot tell from zero.",
        )
    if (rates > 0).any() or (towards > NEUTRAL_RATE).any():
        return certificate._replace(outcome=Outcome.unstable, reason=_leaves(certificate.eigenvalues))
    outcome = _rested(pumped(system, without.state, p))
    how = "decays" if (towards < -NEUTRAL_RATE).all() else "decays more slowly than any exponential"
    return certificate._replace(
        outcome=outcome,
        reason=f"{outcome.value} {names} is used up: what is left of it {how}, and nothing brings it back.",
    )


def _scaled(allowed: Allowed, y: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    """The Jacobian in relative changes of amounts and volumes: same eigenvalues, far less rounding."""
    rows = allowed.independent
    size = np.where(allowed.positive[rows], np.abs(y), allowed.floor[rows])
    with np.errstate(all="ignore"):
        return jacobian * size[None, :] / size[:, None]


def imbalance(system: System, x: np.ndarray, p: np.ndarray) -> dict[str, dict[str, float]]:
    """What each ion of each finite compartment gains, mM/min."""
    with np.errstate(all="ignore"):
        gained = gains(system, entries(x), system.derivative_entries(x, p))
    table: dict[str, dict[str, float]] = {}
    for k, gain in gained.items():
        space, ion = system.states[k][1].split(".")
        table.setdefault(space, {})[ion] = float(gain)
    return table


def _judge(
    found: Certificate, scaled: np.ndarray, converged: bool, ended: Ended, working: bool | None
) -> tuple[Outcome, str]:
    system, p, x, eigenvalues = found.system, found.parameters, found.state, found.eigenvalues
    failed, worst = Outcome.not_converged.value, 0.0
    if not len(eigenvalues):
        if (endless := without_limit(system, x, p)) is not None and endless[1]:
            label, why = endless
            return Outcome.runs_out, (
                f"{Outcome.runs_out.value} {why[0].upper()}{why[1:]}, and '{label}' moves it without limit: its law "
                "takes the logarithm of a concentration."
            )
        if (k := int(emptied(system, entries(x), entries(p)))) != NONE:
            return Outcome.runs_out, _falls(system, x, p, k)
        if said := undefined(system, x, p):
            return Outcome.not_converged, f"{failed} {said[0].upper()}{said[1:]}. {HINT}"
        if said := _no_slope(system, x, scaled):
            return Outcome.not_converged, f"{failed} {said}. {HINT}"
        return Outcome.not_converged, f"{failed} The motion leads to numbers that are not finite."
    if working is None:
        with np.errstate(all="ignore"):
            seen = judged(system, entries(x), entries(p))
        if (k := int(seen.swelling)) != NONE:
            return Outcome.swells_without_limit, (
                f"{Outcome.swells_without_limit.value} '{system.states[k][1]}' has passed {SWOLLEN:.0f} times its "
                "volume and still grows: at every size its osmolarity stays above that of its surroundings."
            )
        if (k := int(seen.emptied)) != NONE:
            return Outcome.runs_out, _falls(system, x, p, k)
        worst = float(seen.imbalance)
    still = worst < SETTLED_MM_PER_MIN
    if still and (np.abs(eigenvalues) < NEUTRAL_RATE).any():
        free = _free(system, scaled)
        if all(system.states[k][0] == "gate" for k in free):  # a gate is always drawn to its steady state
            return Outcome.not_converged, f"{failed} {_no_slope_of(system, x, free[0])} that can be computed. {HINT}"
        told = ", ".join(f"{name} ({kind})" for kind, name in map(system.states.__getitem__, free))
        return Outcome.neutral, f"{Outcome.neutral.value} Free: {told}."
    stationary = still and found.residual_mV < SETTLED_MV
    if ended is Ended.moving and not stationary:
        return Outcome.not_followed, Outcome.not_followed.value
    if not (stationary and (converged or ended is Ended.moving)):
        why = "could not go on" if ended is Ended.stopped else "ended"
        return Outcome.not_converged, f"{failed} The motion {why} with an imbalance of {number(worst, 3)} mM/min."
    if np.abs(eigenvalues.real).min() < rounding(scaled):
        return Outcome.not_converged, (
            f"{failed} The search found a stationary state, but its slowest rate "
            f"({number(np.abs(eigenvalues.real).min(), 2)} /s) is below what double precision can tell from zero."
        )
    if np.any(eigenvalues.real > 0):
        return Outcome.unstable, _leaves(eigenvalues)
    outcome = _rested(pumped(system, x, p) if working is None else working)
    return outcome, outcome.value


def _no_slope(system: System, x: np.ndarray, scaled: np.ndarray) -> str:
    """The first gate whose rates are finite and their derivatives not; empty where there is none."""
    for k, row in zip(system.laws.independent, scaled, strict=True):
        if system.states[k][0] == "gate" and not np.all(np.isfinite(row)):
            return _no_slope_of(system, x, k)
    return ""


def _no_slope_of(system: System, x: np.ndarray, gate: int) -> str:
    where = at(system, x, gate)
    return f"The motion leads to where the rates of gate '{system.states[gate][1]}' have no derivative {where}"


def _falls(system: System, x: np.ndarray, p: np.ndarray, k: int) -> str:
    return f"{Outcome.runs_out.value} {system.states[k][1]} falls below one ion; '{takes(system, x, p, k)}' takes it."


def growth(eigenvalues: NDArray[np.complex128]) -> str:
    """How fast a cell leaves an unstable state, without the full stop."""
    return f"A deviation grows by a factor e in {duration(1 / eigenvalues.real.max())}"


def _leaves(eigenvalues: NDArray[np.complex128]) -> str:
    return f"{Outcome.unstable.value} {growth(eigenvalues)}."


def _rested(working: bool) -> Outcome:
    return Outcome.rests if working else Outcome.rests_run_down


def _free(system: System, jacobian: np.ndarray) -> list[int]:
    """The numbers of the states that move together along the direction nothing determines."""
    values, vectors = np.linalg.eig(jacobian)
    direction = np.abs(np.real(vectors[:, np.argmin(np.abs(values))]))
    return [k for k, size in zip(system.laws.independent, direction, strict=True) if size > 0.1 * direction.max()]


def gathered(cell: Cell, concentrations: Mapping[str, Mapping[str, float]]) -> list[Notice]:
    """Of ions (mM) of which a compartment would hold more than all that is dissolved in or beside it at the start."""
    found, joined = [], [*cell.membranes.values(), *cell.exchanges.values()]
    for space in (name for name, c in cell.compartments.items() if c.finite):
        sides = [(each.inside, each.outside) for each in joined if space in (each.inside, each.outside)]
        most = max(
            from_si(cell.osmolarity(name), "osmolarity") for name in {space, *(n for pair in sides for n in pair)}
        )
        for ion, c in concentrations[space].items():
            if c > most and f"{space}.{ion}" not in cell.closures:
                text = (
                    f"'{space}' would hold {number(c)} mM of {ion}, more than all that is dissolved in it or beside it "
                )
                found.append(Notice("too_much", f"{text}now ({number(most, 3)} mM): no real one does"))
    return found


def pump_notices(
    system: System, x: np.ndarray, p: np.ndarray, costs: Mapping[str, Mapping[str, float]]
) -> list[Notice]:
    """Of pumps whose cycle costs ({membrane: {pump: kJ/mol}}) more than ATP gives, or that move what is not there."""
    notices = []
    for wall in system.structure.walls:
        parts = transports(system, p, wall) if costs[wall.name] else {}
        for label, spent in costs[wall.name].items():
            given = from_si(getattr(parts[label], "atp_free_energy", np.nan), "energy_per_mole")
            if spent > given:
                notices.append(
                    Notice(
                        "pump_beyond_reversal",
                        f"'{label}' stores {number(spent)} kJ/mol per cycle, more than ATP gives "
                        f"({number(given)} kJ/mol): its rate law runs it beyond its reversal potential",
                    )
                )
        turned = turnover_rates(system, x, p, wall) if parts else {}
        for label in costs[wall.name]:
            for ion, count in parts[label].moved_ions.items():
                source = wall.inside if count * turned[label] > 0 else wall.outside
                if turned[label] and system.valence[ion] and not system.concentrations(x, p, source)[ion]:
                    notices.append(
                        Notice(
                            "pump_without_ion",
                            f"'{label}' goes on moving {ion} out of '{source}', which has none: its rate law does not "
                            "ask for it there",
                        )
                    )
    return notices
