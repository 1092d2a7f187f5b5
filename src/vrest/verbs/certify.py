"""The certificate: what is checked of a stationary point before it may be called a resting state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vrest.constants import N_A
from vrest.model.cell import Cell, Notice
from vrest.numerics.point import Stationary
from vrest.physics.namespace import namespace
from vrest.system.assemble import System, entry
from vrest.system.observables import pump_costs
from vrest.verbs.allowed import SWOLLEN, Allowed
from vrest.verbs.outcome import Outcome

NEUTRAL_RATE = 1e-10
"""1/s: an eigenvalue this small (a time constant of 300 years) means a state nothing determines."""

SETTLED_MV, SETTLED_MM_PER_MIN = 1e-6, 1e-6
"""What a certified state may leave of the Newton correction of V and of any ion's balance."""

RUN_DOWN_COST = 10e3
"""J/mol: where a pump cycle stores less than this (a healthy neuron: 40 to 50 kJ/mol), gradients are gone."""


class Certificate(NamedTuple):
    """What was checked of the point where a search ended; the fields of a `Rest`."""

    outcome: Outcome
    reason: str
    state: np.ndarray
    residual_mV: float
    residual_mM_per_min: dict[str, dict[str, float]]
    eigenvalues: NDArray[np.complex128]
    conditioning: float
    iterations: int


def certify(system: System, p: np.ndarray, x0: np.ndarray, found: Stationary) -> Certificate:
    """Judge where a search ended."""
    y, correction = found.y, found.correction
    _, c, matrix = system.split(x0, p)
    x = system.join(y, c, matrix)
    scaled = _scaled(system, y, found.jacobian)
    finite = bool(np.all(np.isfinite(x)) and np.all(np.isfinite(scaled)))
    eigenvalues = np.asarray(np.linalg.eigvals(scaled) if finite else [], dtype=np.complex128)
    residual = _imbalance(system, x, p) if finite else {}
    charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]
    residual_mv = float(1e3 * np.max(np.abs(correction[charges]))) if charges else 0.0
    outcome, reason = _judge(system, p, x0, x, scaled, eigenvalues, residual, residual_mv, bool(found.converged))
    return Certificate(
        outcome=outcome,
        reason=reason,
        state=x,
        residual_mV=residual_mv,
        residual_mM_per_min=residual,
        eigenvalues=eigenvalues,
        conditioning=float(np.linalg.cond(scaled)) if finite else float("inf"),
        iterations=int(found.iterations),
    )


def _scaled(system: System, y: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
    """The Jacobian in relative changes of amounts and volumes: same eigenvalues, far less rounding."""
    allowed = Allowed(system)
    rows = list(system.laws.independent)
    size = np.where(allowed.positive[rows], np.abs(y), allowed.floor[rows])
    with np.errstate(all="ignore"):
        return jacobian * size[None, :] / size[:, None]


def _imbalance(system: System, x: np.ndarray, p: np.ndarray) -> dict[str, dict[str, float]]:
    """What each ion of each finite compartment gains, mM/min."""
    with np.errstate(all="ignore"):
        slope = system.derivative(x, p)
    table: dict[str, dict[str, float]] = {}
    for (kind, name), value in zip(system.states, slope, strict=True):
        if kind == "amount":
            space, ion = name.split(".")
            table.setdefault(space, {})[ion] = 60.0 * float(value / system.relative_volume(x, space))
    return table


def _judge(
    system: System,
    p: np.ndarray,
    x0: np.ndarray,
    x: np.ndarray,
    scaled: np.ndarray,
    eigenvalues: NDArray[np.complex128],
    residual: Mapping[str, Mapping[str, float]],
    residual_mv: float,
    converged: bool,
) -> tuple[Outcome, str]:
    if not len(eigenvalues):
        return Outcome.not_converged, Outcome.not_converged.value
    grows = system.derivative(x, p) > 0
    swollen = [n for k, (kind, n) in enumerate(system.states) if kind == "volume" and x[k] > SWOLLEN and grows[k]]
    if swollen:
        return Outcome.swells_without_limit, (
            f"{Outcome.swells_without_limit.value} '{swollen[0]}' has passed {SWOLLEN:.0f} times its volume and "
            "still grows: at every size its osmolarity stays above that of its surroundings."
        )
    emptied = _emptied(system, x, p)
    if emptied:
        return Outcome.runs_out, f"{Outcome.runs_out.value} {emptied} falls below one ion."
    worst = max((abs(v) for ions in residual.values() for v in ions.values()), default=0.0)
    still = worst < SETTLED_MM_PER_MIN
    free = np.abs(eigenvalues) < NEUTRAL_RATE
    if still and free.any():
        emptying = _emptying(system, x, x0, grows)
        if emptying:
            return Outcome.not_converged, (
                f"{Outcome.not_converged.value} {emptying} keeps running out, ever more slowly: what takes it out "
                "finds no way in that balances it."
            )
        return Outcome.neutral, f"{Outcome.neutral.value} Free: {_free_total(system, scaled)}."
    if not (converged and still and residual_mv < SETTLED_MV):
        return Outcome.not_converged, (
            f"{Outcome.not_converged.value} The search ended with an imbalance of {worst:.3g} mM/min."
        )
    if np.abs(eigenvalues.real).min() < rounding(scaled):
        return Outcome.not_converged, (
            f"{Outcome.not_converged.value} The search found a stationary state, but its slowest rate "
            f"({np.abs(eigenvalues.real).min():.2g} /s) is below what double precision can tell from zero."
        )
    if np.any(eigenvalues.real > 0):
        return Outcome.unstable, (
            f"{Outcome.unstable.value} A deviation grows by a factor e in {1 / eigenvalues.real.max():.4g} s."
        )
    outcome = Outcome.rests if pumped(system, x, p) else Outcome.rests_run_down
    return outcome, outcome.value


def pumped(system: System, x: Any, p: Any) -> Any:
    """Whether a pump holds gradients, (...); true as well where contents are held, as by a pipette."""
    most = 0.0 * entry(x, 0)
    if all(kind != "amount" for kind, _ in system.states):
        return most == 0.0
    most = most - np.inf
    for wall in system.structure.walls:
        for label, (cost, _) in pump_costs(system, x, p, wall).items():
            if any(m.label == label and m.place == wall.name and m.active for m in system.structure.movers):
                most = namespace(most, cost).maximum(most, cost)
    return most >= RUN_DOWN_COST


def rounding(scaled: np.ndarray) -> np.ndarray:
    """The smallest rate (1/s) that double precision tells from zero, of a scaled Jacobian (n, n, ...)."""
    return 10 * np.finfo(np.float64).eps * np.linalg.norm(scaled, axis=(0, 1))


def _emptied(system: System, x: np.ndarray, p: np.ndarray) -> str:
    """An ion of which less than one is left in a compartment."""
    for (kind, name), count in zip(system.states, x * np.array(system.units(p)) * N_A, strict=True):
        if kind == "amount" and count < 1.0:
            return name
    return ""


def _emptying(system: System, x: np.ndarray, x0: np.ndarray, grows: np.ndarray) -> str:
    """An ion that is a thousandth of what it was and still falls."""
    for k, (kind, name) in enumerate(system.states):
        if kind == "amount" and x[k] < 1e-3 * x0[k] and not grows[k]:
            return name
    return ""


def _free_total(system: System, jacobian: np.ndarray) -> str:
    """The states that move together along the direction nothing determines."""
    values, vectors = np.linalg.eig(jacobian)
    direction = np.abs(np.real(vectors[:, np.argmin(np.abs(values))]))
    names = [system.states[k] for k in system.laws.independent]
    largest = direction.max()
    return ", ".join(
        f"{name} ({kind})" for (kind, name), size in zip(names, direction, strict=True) if size > 0.1 * largest
    )


def pump_notices(system: System, x: np.ndarray, p: np.ndarray) -> list[Notice]:
    notices = []
    for wall in system.structure.walls:
        for label, (cost, available) in pump_costs(system, x, p, wall).items():
            if cost > available:
                notices.append(
                    Notice(
                        "pump_beyond_reversal",
                        f"'{label}' stores {cost / 1e3:.4g} kJ/mol per cycle, more than ATP gives "
                        f"({available / 1e3:.4g} kJ/mol): its rate law runs it beyond its reversal potential",
                    )
                )
    return notices


class Departure(NamedTuple):
    """Where a cell goes that cannot stay at its stationary state."""

    outcome: Outcome
    reason: str


def departure(cell: Cell, eigenvalues: NDArray[np.complex128]) -> Departure:
    """Follow a cell away from an unstable stationary state, nudged by 1 mV.

    It is watched for ten times the growth time and twenty turns of the spiral: still moving by more than 1 mV at
    the end means it oscillates.
    """
    from vrest.model.paths import set_si
    from vrest.verbs.run import simulate

    growth = eigenvalues.real.max()
    turn = np.abs(eigenvalues[np.argmax(eigenvalues.real)].imag)
    until = 10.0 / growth + (20.0 * 2 * np.pi / turn if turn > 0 else 0.0)
    nudged = {f"membranes.{n}.potential": m.potential + 1e-3 for n, m in cell.membranes.items()}
    run = simulate(set_si(cell, nudged), until=until, rtol=1e-6, points=20_000)
    late = np.atleast_2d(run.v.T)[:, len(run.time) * 3 // 4 :]
    swing = float(np.ptp(late, axis=1).max())
    grows = f"A deviation grows by a factor e in {1 / growth:.4g} s"
    if swing > 1.0:
        return Departure(
            Outcome.oscillates,
            f"{Outcome.oscillates.value} {grows}; after {until:.4g} s V still swings over {swing:.3g} mV.",
        )
    end = ", ".join(f"{v:.4g}" for v in late[:, -1])
    return Departure(Outcome.unstable, f"{Outcome.unstable.value} {grows}; the cell goes to {end} mV.")
