"""Effects of small changes on a resting state, exactly: by the implicit function theorem, with a bound on rounding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vrest.numerics.compiler.kernel import Kernel
from vrest.study.sensitivity.factors import Factor
from vrest.study.sensitivity.observed import Quantity, quantities
from vrest.system.assemble import System, entries
from vrest.verbs.allowed import allowed_of
from vrest.verbs.arguments import SHARE, Argument, Arguments
from vrest.verbs.describing import describing_slopes, description, own_numbers
from vrest.verbs.face import faced, gone_at
from vrest.verbs.rest import Rest

ROUNDING = 16 * np.finfo(np.float64).eps
"""Of a state and of what balances in it, relative: what the bound on an effect is made of."""

SAME_RATE = 1e-6
"""%: a rate that moves by less has not moved."""


class Here(NamedTuple):
    """What a state says, or what changes of it along one direction."""

    slope: Any
    """(n,) y' of the independent states."""
    jacobian: Any
    """(n, n) of it, by them."""
    state: Any
    """(states,) the whole state."""
    readings: Any
    """(quantities that are read off a state,), door units."""


@dataclass(frozen=True)
class Local:
    """Effects of one step of each factor on what can be read off the rest, and on the rates around it."""

    quantities: tuple[Quantity, ...]
    values: np.ndarray
    """(quantities,), door units."""
    effects: np.ndarray
    """(factors, quantities): mV, or percent; NaN where a quantity is 0 or undefined, as what is read of an ion that is
    gone."""
    bounds: np.ndarray
    """(quantities,): an effect up to this is zero within rounding."""
    rates: np.ndarray
    """(factors,): largest change of an eigenvalue of the motion around the rest, percent."""
    parameters: np.ndarray
    """(factors, parameters): how the parameters move, SI."""
    states: np.ndarray
    """(factors, states): how the rest moves, SI."""


def local(found: tuple[Factor, ...], rest: Rest) -> Local:
    """Derivatives of all that can be read off a rest, times the step of each factor.

    At a rest 0 = f(y, a), so that dy = -(df/dy)^-1 (df/da) da, whatever found it. Errors of relative size e in y and in
    what balances in f move y by no more than about e |J^-1| |J| |y|, entry by entry (Skeel 1979, J ACM 26:494,
    doi 10.1145/322139.322151): carried through each quantity, that is its bound.

    An ion that is used up stays so: y then has the others, and where the last of it decays as no exponential does,
    there is no slowest time constant.
    """
    gone = gone_at(rest.system, rest.state)
    system = faced(rest.system, gone)
    observed = tuple(q for q in quantities(system).values() if q.read or q.name == "tau")
    y = rest.state[list(system.laws.independent)]
    stay = np.array([k not in gone for k in system.laws.independent])
    at = (y, rest.parameters, rest.start)
    of = Arguments(rest.cell, tuple(Argument(f.parameter, f.change if f.change.companion else None) for f in found))
    values, steps = (np.array(row)[:, None] for row in ([f.parameter.value for f in found], [f.step for f in found]))
    begin = describing_slopes(system, description(of))((values,), (own_numbers(of),))
    moved_p, moved_x0 = (steps * part[..., 0] for part in begin)
    push = _push(system)
    here = push(at, tuple(np.zeros_like(part) for part in at))[0]
    size = allowed_of(system).sizes(y)  # pivots compare like with like
    scaled = (here.jacobian * size[None, :] / size[:, None])[np.ix_(stay, stay)]
    along = []
    for dp, dx0 in zip(moved_p, moved_x0, strict=True):
        pushed = push(at, (np.zeros_like(y), dp, dx0))[1].slope
        dy = np.zeros_like(y)
        dy[stay] = -size[stay] * np.linalg.solve(scaled, (pushed / size)[stay])
        along.append(push(at, (dy, dp, dx0))[1])
    turning = stay if rest.algebraic else np.full(len(y), True)
    block = np.ix_(turning, turning)
    rates, turned = _eigenvalues(here.jacobian[block], np.stack([each.jacobian[block] for each in along]))
    slowest = int(np.argmax(np.real(rates)))
    tau = np.nan if rest.algebraic else -1.0 / float(np.real(rates[slowest]))
    values = np.append(here.readings, tau)
    slopes = np.column_stack([np.stack([each.readings for each in along]), tau**2 * np.real(turned[:, slowest])])
    still = tuple(np.zeros_like(part) for part in at[1:])
    gained = np.stack([np.asarray(push(at, (unit, *still))[1].readings) for unit in np.eye(len(y))[stay]])
    left = np.linalg.solve(scaled, (here.slope / size)[stay])
    doubt = np.abs(np.linalg.inv(scaled)) @ np.abs(scaled) @ (ROUNDING + np.abs(left))
    bounds = np.append(SHARE * (size[stay] * doubt) @ np.abs(gained), 0.0)
    unit = np.array([100.0 / abs(v or np.nan) if q.relative else 1.0 for q, v in zip(observed, values, strict=True)])
    return Local(
        observed,
        values,
        np.where(np.isnan(values), np.nan, slopes) * unit,
        np.where([q.name == "tau" for q in observed], SAME_RATE, bounds * unit),
        100.0 * np.abs(turned / rates).max(axis=1),
        moved_p,
        np.stack([each.state for each in along]),
    )


@lru_cache(maxsize=64)
def _push(system: System) -> Any:
    """What a state says and how that changes along one direction: (y, p, x0), (dy, dp, dx0).

    One direction at a time: compiled once, whatever the number of directions.
    """
    readers = [q.read for q in quantities(system).values() if q.read]

    def push(_: Any, given: Any) -> Any:
        import jax
        import jax.numpy as jnp

        def say(y: Any, p: Any, x0: Any) -> Here:
            _, c, matrix = system.split(x0, p)
            x = jnp.stack(system.join_entries(entries(y), entries(c), entries(matrix.reshape(-1))))
            readings = jnp.stack([reader(system, x, p) for reader in readers])
            args = (p, c, matrix)
            return Here(system.reduced(y, args), jax.jacfwd(system.reduced)(y, args), x, readings)

        return jax.jvp(say, *given)

    code = Kernel(push, system.key("push"))
    return lambda *given: code((), given)


def _eigenvalues(matrix: np.ndarray, turned: np.ndarray) -> tuple[NDArray[Any], NDArray[Any]]:
    """Eigenvalues (n,) of a matrix, and how they move, (factors, n), as it changes by `turned`, (factors, n, n)."""
    rates, vectors = np.linalg.eig(matrix)
    return rates, np.einsum("ij,fjk,ki->fi", np.linalg.inv(vectors), turned, vectors)
