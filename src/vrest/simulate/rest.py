"""`rest`: the certified resting state of a cell, or a typed 'there is none'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell, Notice
from vrest.model.change import Change, apply
from vrest.simulate.allowed import SWOLLEN, Allowed
from vrest.simulate.outcome import Outcome
from vrest.system.assemble import System, assemble
from vrest.system.ledger import Account, accounts, describe
from vrest.system.observables import atp_use, pump_costs, reversal_potentials, volumes
from vrest.system.structure import parameter_vector

MAX_ITERATIONS = 400

NEUTRAL_RATE = 1e-10
"""1/s: an eigenvalue this small (a time constant of 300 years) means a state nothing determines."""

SETTLED_MV, SETTLED_MM_PER_MIN = 1e-6, 1e-6
"""What a certified state may leave of the Newton correction of V and of any ion's balance."""

RUN_DOWN_COST = 10e3
"""J/mol: where a pump cycle stores less than this (a healthy neuron: 40 to 50 kJ/mol), gradients are gone."""


@dataclass(frozen=True)
class Rest:
    """A resting state with its certificate, or the reason why there is none.

    Numbers are in door units: mV, mM, s, um3. `state` and `parameters` are the raw SI vectors.
    """

    cell: Cell
    system: System
    outcome: Outcome
    reason: str
    state: np.ndarray
    parameters: np.ndarray
    start: np.ndarray
    residual_mV: float
    """V component of the remaining Newton correction, mV."""
    residual_mM_per_min: Mapping[str, Mapping[str, float]]
    """{compartment: {ion: imbalance}}."""
    eigenvalues: np.ndarray
    """Of the reduced system, 1/s."""
    conditioning: float
    """Condition number of the scaled Jacobian."""
    iterations: int

    @property
    def stable(self) -> bool:
        """Whether every small deviation dies out."""
        return bool(len(self.eigenvalues)) and bool(np.all(self.eigenvalues.real < -NEUTRAL_RATE))

    @property
    def v_rest(self) -> float | dict[str, float]:
        """Resting potential, mV; one value for one membrane, else by membrane."""
        self._need_state()
        values = {w.name: 1e3 * float(self.system.potential(self.state, w)) for w in self.system.structure.walls}
        return next(iter(values.values())) if len(values) == 1 else values

    @property
    def E(self) -> dict[str, Any]:
        """Nernst potential of each ion, mV; None where undefined. By membrane where there are several."""
        self._need_state()
        values = {}
        for wall in self.system.structure.walls:
            found = reversal_potentials(self.system, self.state, self.parameters, wall)
            values[wall.name] = {ion: None if np.isnan(e) else 1e3 * float(e) for ion, e in found.items()}
        return next(iter(values.values())) if len(values) == 1 else values

    @property
    def concentrations(self) -> dict[str, dict[str, float]]:
        """{compartment: {ion: mM}}, baths included."""
        self._need_state()
        return {
            s.name: {
                ion: float(c) for ion, c in self.system.concentrations(self.state, self.parameters, s.name).items()
            }
            for s in self.system.structure.spaces
        }

    @property
    def volumes(self) -> dict[str, float]:
        """Volume of each finite compartment, um3."""
        self._need_state()
        return {n: 1e18 * float(v) for n, v in volumes(self.system, self.state, self.parameters).items()}

    @property
    def slowest_time_constant(self) -> float | None:
        """Time constant of the slowest deviation, s; None where a direction does not decay."""
        if not self.stable:
            return None
        return float(-1.0 / self.eigenvalues.real.max())

    @property
    def atp_per_second(self) -> float:
        """ATP molecules spent per second by the whole cell."""
        self._need_state()
        return float(atp_use(self.system, self.state, self.parameters)[0])

    @property
    def watts(self) -> float:
        """Power of that ATP, W."""
        self._need_state()
        return float(atp_use(self.system, self.state, self.parameters)[1])

    @cached_property
    def ledger(self) -> list[Account]:
        """Every conserved total: what the search changed of it, beside its rounding floor."""
        return accounts(self.system, self.state, self.parameters, self.start)

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the number."""
        notices = self.cell.notices()
        if self.outcome.has_state:
            notices += _pump_notices(self.system, self.state, self.parameters)
        return notices

    def raise_if_none(self) -> Rest:
        """Itself if the cell rests there, else `NoRestError`."""
        if not self.outcome.is_rest:
            raise NoRestError(f"'{self.cell.name}': {self.reason}", code=self.outcome.name, hint="")
        return self

    def _need_state(self) -> None:
        if not self.outcome.has_state:
            raise NoRestError(
                f"'{self.cell.name}' has no resting state to read: {self.reason}", code=self.outcome.name
            )

    def as_cell(self) -> Cell:
        """The cell started from this state: its contents, volume and potential, charge solved as before."""
        self._need_state()
        return _restarted(self)

    def __repr__(self) -> str:
        return _table(self)


def rest(cell: Cell, changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = ()) -> Rest:
    """The resting state of a cell, certified.

    From the state that the cell describes, with its conserved totals (charge, and whatever no active transport
    can change) held exactly, the equations are followed with pseudo-transient steps that end as Newton's
    method. What is returned was checked: the correction that remains, the imbalance of every ion, positivity,
    and the eigenvalues of the reduced system.

    Parameters
    ----------
    cell
        From `load(...)` or built in Python.
    changes
        Changes to apply first, such as `"outside.K=12 mM"`.

    Returns
    -------
    Rest
        `outcome` says what was found; it never carries an unchecked number.

    >>> from vrest.io.cellfile import load
    >>> r = rest(load("mammalian_neuron"))
    >>> r.outcome.name, round(r.v_rest, 6)
    ('rests', -70.0)
    """
    if not isinstance(cell, Cell):
        raise InputError(
            f"rest() got {type(cell).__name__} {cell!r}.", code="not_a_cell", hint='Use rest(vrest.load("...")).'
        )
    cell = apply(cell, changes)
    system = assemble(cell, only_active=True)
    p = parameter_vector(cell)
    x0 = system.start(cell, p)
    y0, c, matrix = system.split(x0, p)
    found = search(system)(y0, (p, c, matrix))
    return certify(cell, system, p, x0, *(np.asarray(part) for part in found))


@lru_cache(maxsize=64)
def search(system: System) -> Any:
    """The compiled search of one system: (y, (p, c, M)) -> Stationary."""
    import vrest.numerics.backend  # noqa: F401
    import jax

    from vrest.numerics.stationary import stationary

    allowed = Allowed(system)

    def find(y: Any, args: Any) -> Any:
        return stationary(
            system.reduced,
            y,
            args,
            scale=allowed.scale,
            share=allowed.share,
            given_up=allowed.swollen,
            max_iterations=MAX_ITERATIONS,
        )

    return jax.jit(find)


def certify(
    cell: Cell,
    system: System,
    p: np.ndarray,
    x0: np.ndarray,
    y: np.ndarray,
    slope: np.ndarray,
    jacobian: np.ndarray,
    correction: np.ndarray,
    iterations: np.ndarray,
    converged: np.ndarray,
) -> Rest:
    """Judge where a search ended."""
    _, c, matrix = system.split(x0, p)
    x = system.join(y, c, matrix)
    finite = bool(np.all(np.isfinite(x)) and np.all(np.isfinite(jacobian)))
    eigenvalues = np.linalg.eigvals(jacobian) if finite else np.array([])
    residual = _imbalance(system, x, p) if finite else {}
    charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]
    residual_mv = float(1e3 * np.max(np.abs(correction[charges]))) if charges else 0.0
    outcome, reason = _judge(system, p, x, eigenvalues, jacobian, residual, residual_mv, bool(converged))
    return Rest(
        cell=cell,
        system=system,
        outcome=outcome,
        reason=reason,
        state=x,
        parameters=p,
        start=x0,
        residual_mV=residual_mv,
        residual_mM_per_min=residual,
        eigenvalues=eigenvalues,
        conditioning=_conditioning(system, y, jacobian) if finite else float("inf"),
        iterations=int(iterations),
    )


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
    x: np.ndarray,
    eigenvalues: np.ndarray,
    jacobian: np.ndarray,
    residual: Mapping[str, Mapping[str, float]],
    residual_mv: float,
    converged: bool,
) -> tuple[Outcome, str]:
    if not len(eigenvalues):
        return Outcome.not_converged, Outcome.not_converged.value
    swollen = [
        name
        for k, (kind, name) in enumerate(system.states)
        if kind == "volume" and x[k] > SWOLLEN
    ]
    if swollen:
        return Outcome.swells_without_limit, (
            f"{Outcome.swells_without_limit.value} '{swollen[0]}' has passed {SWOLLEN:.0f} times its volume and "
            "still grows: nothing outside holds the osmotic pull of its impermeants, and the pump does not."
        )
    worst = max((abs(v) for ions in residual.values() for v in ions.values()), default=0.0)
    still = worst < SETTLED_MM_PER_MIN
    free = np.abs(eigenvalues) < NEUTRAL_RATE
    if still and free.any():
        return Outcome.neutral, f"{Outcome.neutral.value} Free: {_free_total(system, jacobian)}."
    if not (converged and still and residual_mv < SETTLED_MV):
        return Outcome.not_converged, (
            f"{Outcome.not_converged.value} The search ended with an imbalance of {worst:.3g} mM/min."
        )
    if np.any(eigenvalues.real > 0):
        return Outcome.unstable, (
            f"{Outcome.unstable.value} A deviation grows by a factor e in {1 / eigenvalues.real.max():.4g} s."
        )
    costs = [
        cost
        for wall in system.structure.walls
        for label, (cost, _) in pump_costs(system, x, p, wall).items()
        if any(m.label == label and m.place == wall.name and m.active for m in system.structure.movers)
    ]
    if not costs or max(costs) < RUN_DOWN_COST:
        return Outcome.rests_run_down, Outcome.rests_run_down.value
    return Outcome.rests, Outcome.rests.value


def _free_total(system: System, jacobian: np.ndarray) -> str:
    """The states that move together along the direction nothing determines."""
    values, vectors = np.linalg.eig(jacobian)
    direction = np.abs(vectors[:, np.argmin(np.abs(values))].real)
    names = [system.states[k] for k in system.laws.independent]
    largest = direction.max()
    return ", ".join(
        f"{name} ({kind})" for (kind, name), size in zip(names, direction, strict=True) if size > 0.1 * largest
    )


def _conditioning(system: System, y: np.ndarray, jacobian: np.ndarray) -> float:
    floor = Allowed(system).floor[list(system.laws.independent)]
    scale = np.maximum(np.abs(y), floor)
    return float(np.linalg.cond(jacobian * scale[None, :] / scale[:, None]))


def _pump_notices(system: System, x: np.ndarray, p: np.ndarray) -> list[Notice]:
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


def _restarted(result: Rest) -> Cell:
    from vrest.model.paths import parameters, set_si

    cell, system, x = result.cell, result.system, result.state
    values: dict[str, Any] = {}
    known = parameters(cell)
    for space in system.structure.spaces:
        if space.kind == "bath":
            continue
        w = float(system.relative_volume(x, space.name))
        base = f"compartments.{space.name}."
        for ion, conc in system.concentrations(x, result.parameters, space.name).items():
            if known[f"{base}ions.{ion}"].value != "solve":
                values[f"{base}ions.{ion}"] = float(conc)
        c = cell.compartments[space.name]
        if c.impermeant is not None and c.impermeant.concentration != "solve":
            values[base + "impermeant.concentration"] = c.impermeant.concentration / w
        if w != 1.0:
            values |= _grown(cell, space.name, w)
    for wall in system.structure.walls:
        values[f"membranes.{wall.name}.potential"] = float(system.potential(x, wall))
        if wall.exponent == 0.0 and system.relative_volume(x, wall.inside) != 1.0:
            cell = _with_area(cell, wall.name, cell.area(wall.name))
    return set_si(cell, values, source="settled by rest")


def _grown(cell: Cell, name: str, w: float) -> dict[str, float]:
    c = cell.compartments[name]
    base = f"compartments.{name}."
    if c.shape == "sphere":
        return {base + "radius": c.radius * w ** (1 / 3)}  # pyright: ignore[reportOperatorIssue]
    if c.shape == "cylinder":
        return {base + "radius": c.radius * w**0.5}  # pyright: ignore[reportOperatorIssue]
    return {base + "volume": c.start_volume * w}


def _with_area(cell: Cell, membrane: str, area: float) -> Cell:
    """The cell with a membrane area of its own: one that does not follow the shape."""
    from types import MappingProxyType

    changed = cell.membranes[membrane]._with_si(area=area)
    return cell._with_si(membranes=MappingProxyType({**cell.membranes, membrane: changed}))


def _table(result: Rest) -> str:
    lines = [f"Rest of '{result.cell.name}' at {result.cell.temperature - 273.15:.4g} degC: {result.outcome.name}"]
    lines.append(f"  {result.reason}")
    if not result.outcome.has_state:
        return "\n".join(lines)
    potentials = result.v_rest if isinstance(result.v_rest, dict) else {"": result.v_rest}
    for name, v in potentials.items():
        lines.append(f"  V{f' ({name})' if name else ''} = {v:.4f} mV")
    for space, ions in result.concentrations.items():
        lines.append(f"  {space}: " + ", ".join(f"{ion} {c:.4g}" for ion, c in ions.items()) + " mM")
    tau = result.slowest_time_constant
    if tau is not None:
        lines.append(f"  slowest time constant {tau:.4g} s")
    lines.append(f"  ATP {result.atp_per_second:.4g} /s ({result.watts:.3g} W)")
    lines.append(f"  remaining Newton correction {result.residual_mV:.1e} mV; condition {result.conditioning:.1e}")
    lines += [f"  conserved: {text}" for text in describe(result.system)]
    return "\n".join(lines)
