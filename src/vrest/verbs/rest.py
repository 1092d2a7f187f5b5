"""`rest`: the certified resting state of a cell, or a typed 'there is none'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell, Notice
from vrest.model.change import Change, apply
from vrest.numerics.point import Stationary
from vrest.system.assemble import System, assemble, entries
from vrest.system.ledger import Account, accounts, describe
from vrest.system.observables import atp_use, reversal_potentials, volumes
from vrest.system.structure import parameter_vector
from vrest.verbs.allowed import Allowed
from vrest.verbs.certify import certify, departure, pump_notices
from vrest.verbs.outcome import Outcome
from vrest.verbs.restart import restarted

MAX_ITERATIONS = 400


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
    eigenvalues: NDArray[np.complex128]
    """Of the reduced system, 1/s."""
    conditioning: float
    """Condition number of the scaled Jacobian."""
    iterations: int

    @property
    def stable(self) -> bool:
        """Whether every small deviation dies out."""
        return self.outcome.is_rest

    @property
    def v_rest(self) -> float | dict[str, float]:
        """Resting potential, mV; one value for one membrane, else by membrane."""
        self.need_state()
        values = {w.name: 1e3 * float(self.system.potential(self.state, w)) for w in self.system.structure.walls}
        return next(iter(values.values())) if len(values) == 1 else values

    @property
    def E(self) -> dict[str, Any]:
        """Nernst potential of each ion, mV; None where undefined. By membrane where there are several."""
        self.need_state()
        values = {}
        for wall in self.system.structure.walls:
            found = reversal_potentials(self.system, self.state, self.parameters, wall)
            values[wall.name] = {ion: None if np.isnan(e) else 1e3 * float(e) for ion, e in found.items()}
        return next(iter(values.values())) if len(values) == 1 else values

    @property
    def concentrations(self) -> dict[str, dict[str, float]]:
        """{compartment: {ion: mM}}, baths included."""
        self.need_state()
        return {
            s.name: {
                ion: float(c) for ion, c in self.system.concentrations(self.state, self.parameters, s.name).items()
            }
            for s in self.system.structure.spaces
        }

    @property
    def volumes(self) -> dict[str, float]:
        """Volume of each finite compartment, um3."""
        self.need_state()
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
        self.need_state()
        return float(atp_use(self.system, self.state, self.parameters)[0])

    @property
    def watts(self) -> float:
        """Power of that ATP, W."""
        self.need_state()
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
            notices += pump_notices(self.system, self.state, self.parameters)
        return notices

    def raise_if_none(self) -> Rest:
        """Itself if the cell rests there, else `NoRestError`."""
        if not self.outcome.is_rest:
            raise NoRestError(f"'{self.cell.name}': {self.reason}", code=self.outcome.name, hint="")
        return self

    def need_state(self) -> None:
        if not self.outcome.has_state:
            raise NoRestError(f"'{self.cell.name}' has no resting state to read: {self.reason}", code=self.outcome.name)

    def as_cell(self) -> Cell:
        """The cell started from this state: its contents, volume and potential, charge solved as before."""
        self.need_state()
        return restarted(self.cell, self.system, self.state, self.parameters)

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
            f"rest() got {type(cell).__name__} {cell!r}.",
            code="not_a_cell",
            hint='Use rest(vrest.load("...")).',
        )
    cell = apply(cell, changes)
    system = assemble(cell, only_active=True)
    if not system.laws.independent:
        raise InputError(
            f"Nothing in '{cell.name}' moves ions or water: there is nothing to settle.",
            code="nothing_moves",
            hint="Switch a channel, a pump or water on.",
        )
    p = parameter_vector(cell)
    x0 = system.start(cell, p)
    y0, c, matrix = system.split(x0, p)
    return followed(judged(cell, system, p, x0, search(system)((), (y0, (p, c, matrix)))))


def rest_here(cell: Cell) -> Rest:
    """The certificate of the very state that a cell describes, however unstable; nothing is searched.

    >>> from vrest.io.cellfile import load
    >>> rest_here(load("mammalian_neuron")).outcome.name
    'rests'
    """
    system = assemble(cell, only_active=True)
    p = parameter_vector(cell)
    x0 = system.start(cell, p)
    y, c, matrix = system.split(x0, p)
    slope, jacobian = linearised(system)((), (y, (p, c, matrix)))
    with np.errstate(all="ignore"):
        try:
            correction = np.linalg.solve(jacobian, -slope)
        except np.linalg.LinAlgError:  # nothing determines some total: the certificate says so
            correction = np.zeros_like(slope)
    here = Stationary(y, slope, jacobian, correction, np.asarray(0), np.asarray(True))
    return followed(judged(cell, system, p, x0, here))


def followed(result: Rest) -> Rest:
    """An unstable state with where the cell goes from it; any other result as it is."""
    if result.outcome is not Outcome.unstable:
        return result
    return replace(result, **departure(result.as_cell(), result.eigenvalues)._asdict())


@lru_cache(maxsize=64)
def linearised(system: System) -> Any:
    """y' and its Jacobian at one point as machine code: ((), (y, (p, c, M))) -> (y', J)."""
    from vrest.numerics.kernel import Kernel

    def linear(_: Any, given: Any) -> Any:
        import jax

        y, args = given
        return system.reduced(y, args), jax.jacfwd(system.reduced)(y, args)

    return Kernel(linear, system.key("linearised"))


def judged(cell: Cell, system: System, p: np.ndarray, x0: np.ndarray, found: Stationary) -> Rest:
    """The result of a search, with its certificate."""
    return Rest(cell=cell, system=system, parameters=p, start=x0, **certify(system, p, x0, found)._asdict())


@lru_cache(maxsize=64)
def search(system: System) -> Any:
    """The search of one system as machine code: ((), (y, (p, c, M))) -> Stationary."""
    from vrest.numerics.kernel import Kernel

    find = finder(system)
    return Kernel(lambda _, given: find(*given), system.key("search"))


def finder(system: System, **how: Any) -> Callable[[Any, Any], Stationary]:
    """The search of one system for JAX: (y, (p, c, M)) -> Stationary; `how` goes to `stationary`."""
    allowed = Allowed(system)

    def find(y: Any, args: Any) -> Any:
        import jax.numpy as jnp

        from vrest.numerics.stationary import stationary

        _, c, matrix = args

        def whole(y: Any, c: Any) -> Any:
            return system.whole(entries(y), entries(c), entries(matrix.reshape(-1)))

        return stationary(
            system.reduced,
            y,
            args,
            scale=lambda y: jnp.stack(allowed.scale(entries(y))),
            share=lambda y, step: allowed.share(whole(y, c), whole(step, 0.0 * c)),
            given_up=lambda y: jnp.asarray(allowed.swollen(whole(y, c))),
            max_iterations=MAX_ITERATIONS,
            **how,
        )

    return find


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
