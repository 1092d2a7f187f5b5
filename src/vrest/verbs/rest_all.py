"""`rest_all`: every resting state of a cell that can be found, stable or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike
from vrest.model.change import Change, apply
from vrest.numerics.compiler.fallback import fallbacks
from vrest.numerics.stationary import Stationary
from vrest.physics.namespace import Array, namespace
from vrest.system.assemble import Entries, System, assemble, entries
from vrest.system.structure import parameter_vector
from vrest.units import from_si
from vrest.verbs.allowed import allowed_of
from vrest.verbs.certify import certify
from vrest.verbs.face import gone_at
from vrest.verbs.linearised import linearised
from vrest.verbs.outcome import Ended
from vrest.verbs.progress import Progress
from vrest.verbs.rest import Rest, result
from vrest.verbs.search import one_ion, searched
from vrest.verbs.vanishing import COMES_BACK
from vrest.verbs.verdict import departed, verdict

if TYPE_CHECKING:
    from vrest.numerics.continuation import Problem
    from vrest.numerics.walk import Walker

STARTS = 24
SEED = 20140
POTENTIALS = (-0.12, 0.04)
"""V: where random starts lie."""

SAME = 1e-6
"""Two states that differ by less than this share of their size are one."""

FURTHEST = 0.3
"""V: a curve of stationary states is followed no further than this."""

AWAY = 1e3
"""1/s: the rate of an ion that is held at zero, quicker than all that the stability of a rest depends on."""

INJECTED_STEP, INJECTED_STEPS = 0.05, 600


def rest_all(
    cell: CellLike,
    changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = (),
    *,
    starts: int = STARTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> list[Rest]:
    """Every rest that a cell has at its conserved totals, as far as three searches find them; sorted by V.

    From the state that the cell describes and from random physical states of equal totals: the search of `rest`,
    which ends in stable states, and Newton's method, which finds unstable ones too. From each rest: the
    stationary states under an injected current, followed until the current is zero again; they lead through
    folds from one rest to the next. Finding no more does not prove that there are no more.

    Parameters
    ----------
    cell
        As of `rest`.
    changes
        Changes to apply first, such as `"outside.K=12 mM"`.
    starts, seed
        How many random starts; the seed makes them the same every time.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    list of Rest
        Each certified as by `rest`.

    Raises
    ------
    InputError
        What `rest` refuses; fewer than 0 starts.

    >>> [(r.outcome.name, round(r.v_rest, 6)) for r in rest_all("mammalian_neuron", starts=4)]
    [('rests', -70.0)]
    """
    if starts < 0:
        raise InputError(f"starts is {starts}.", code="out_of_range", hint="Ask for 0 or more random starts.")
    cell = apply(cell, changes)
    system, p = assemble(cell, only_active=True), parameter_vector(cell)
    x0 = system.start(cell)
    tell = progress or (lambda share: None)
    certificates = []
    with fallbacks() as heard:
        found = stationary_states(cell, system, p, starts=starts, seed=seed, progress=progress)
        for k, each in enumerate(found):
            certificates.append(departed(system, p, x0, certify(system, p, x0, each)))
            tell(0.5 + 0.5 * (k + 1) / len(found))
    return [result(cell, x0, certificate, heard) for certificate in certificates]


def stationary_states(
    cell: Cell,
    system: System,
    p: np.ndarray,
    *,
    starts: int = STARTS,
    seed: int = SEED,
    inject: bool = True,
    progress: Progress | None = None,
) -> list[Stationary]:
    """The certified stationary states at parameters p and the totals with which the cell starts, sorted by V."""
    x0 = system.start(cell)
    y0, c, matrix = system.split(x0, p)
    free = Search(system, p, x0)
    tell = progress or (lambda share: None)
    places = [y0, *random_starts(system, p, x0, starts, np.random.default_rng(seed))]
    free.settle(np.stack(places))
    for k, y in enumerate(places):
        free.newton(y)
        tell(0.5 * (k + 1) / len(places))
    for wall in system.structure.tree if inject else ():
        free.inject(system.index["charge", wall.name])
    first = system.index["charge", system.structure.tree[0].name]
    return sorted(free.found, key=lambda f: float(system.join(f.y, c, matrix)[first]))


class Search:
    """The rests found so far at one set of parameters and totals."""

    def __init__(self, system: System, p: np.ndarray, x0: np.ndarray) -> None:
        self.system, self.p, self.x0 = system, p, x0
        c, matrix = system.split(x0, p)[1:]
        self.line = Line(p, np.zeros_like(p), c, np.zeros_like(c), matrix)
        self.problem = problem(system, self.line)
        self.found: list[Stationary] = []

    def add(self, found: Stationary) -> None:
        """Keep a stationary state that is new and passes its certificate."""
        if not bool(found.converged):
            return
        size = self.problem.size(np.append(found.y, 0.0))[:-1]
        if any(np.max(np.abs(found.y - old.y) / size) < SAME for old in self.found):
            return
        if certify(self.system, self.p, self.x0, found).outcome.has_state:
            self.found.append(found)

    def settle(self, y: np.ndarray) -> None:
        """Follow the cell from each of many y to where it settles."""
        n, rows = len(y), list(self.system.laws.independent)
        search = searched(self.system, np.tile(self.p, (n, 1)), np.tile(self.x0, (n, 1)), y)
        for k in np.flatnonzero(search.ended == Ended.settled):
            point = linearised(self.system, self.p, self.x0, search.points.state[rows, k])
            self.add(point._replace(iterations=int(search.points.iterations[k]), converged=True))
        for k in np.flatnonzero(search.ended == Ended.stopped):  # perhaps where the last of an ion does not decay
            found = verdict(self.system, self.p, self.x0, search, int(k))
            if found.outcome.has_state and gone_at(self.system, found.state):
                point = linearised(self.system, self.p, self.x0, found.state[rows])
                self.add(point._replace(iterations=found.iterations, converged=True))

    def newton(self, y: np.ndarray) -> None:
        """Newton's method from y, to a stable or an unstable state."""
        z, upwards = self.problem.above(y, 0.0)
        found = self.problem.near(z, z, upwards, 0.0, 60).corrected
        point = found.z[:-1], found.jacobian, found.correction[:-1]
        self.add(Stationary(*point, int(found.iterations), bool(found.converged)))

    def inject(self, charge: int) -> None:
        """Follow every rest under a current into one membrane, to where the current is zero again."""
        from vrest.numerics.continuation import passes, trail

        laws = self.system.laws.independent
        if charge not in laws:
            return
        row = laws.index(charge)
        injected = problem(self.system, self.line, row=row)
        curves: list[np.ndarray] = []
        for rest in self.found:  # grows while it is walked through
            z = np.append(rest.y, 0.0)
            if any(passes(curve, z, injected.size(z)) for curve in curves):
                continue
            try:
                curve = trail(injected, rest.y, 0.0, largest=INJECTED_STEP, max_steps=INJECTED_STEPS)
            except ValueError:
                continue
            curves.append(curve)
            current = curve[:, -1]
            for k in np.flatnonzero(current[:-1] * current[1:] < 0):
                share = current[k] / (current[k] - current[k + 1])
                self.newton((curve[k] + share * (curve[k + 1] - curve[k]))[:-1])


def random_starts(
    system: System, p: np.ndarray, x0: np.ndarray, count: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Independent states y of random physical states that share the totals of x0.

    Half of them lie anywhere (concentrations from 0.3 to 300 mM, volumes from half to four times the start, both
    log-uniform), half scatter around x0; V is between -120 and +40 mV, gates are at their steady state.
    """
    _, c, matrix = system.split(x0, p)
    draws = 2000 * max(count, 1) if count else 0
    x = np.tile(x0, (draws, 1))
    wide = np.arange(draws) % 2 == 0
    for k, (kind, _) in enumerate(system.states):
        if kind == "volume":
            x[:, k] *= np.exp(rng.uniform(np.log(0.5), np.log(4.0), draws))
    for k, (kind, name) in enumerate(system.states):
        if kind == "amount":
            anywhere = np.exp(rng.uniform(np.log(0.3), np.log(300.0), draws))
            anywhere = anywhere * system.relative_volume(x, name.split(".")[0])
            x[:, k] = np.where(wide, anywhere, x0[k] * np.exp(rng.normal(0.0, 0.7, draws)))
    for wall in system.structure.tree:
        stretch = 1.0 if wall.exponent == 0.0 else system.relative_volume(x, wall.inside) ** wall.exponent
        x[:, system.index["charge", wall.name]] = rng.uniform(*POTENTIALS, draws) * stretch
    y = x[:, list(system.laws.independent)]
    x = system.join(y, c, matrix)
    y = y[np.all(x[:, allowed_of(system).positive] > 0, axis=1)][:count]
    if not len(y):
        return []
    return list(system.with_steady_gates(system.join(y, c, matrix), p)[:, list(system.laws.independent)])


@dataclass(frozen=True)
class Line:
    """Parameters and conserved totals that change along one straight line: p + t dp and c + t dc."""

    p: np.ndarray
    dp: np.ndarray
    c: np.ndarray
    dc: np.ndarray
    matrix: np.ndarray

    def at(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """Parameters and totals at t."""
        return self.p + t * self.dp, self.c + t * self.dc


class Along(NamedTuple):
    """What the stationary states along a line depend on: the line, and what is held or injected."""

    p: Array
    dp: Array
    c: Array
    dc: Array
    matrix: Array
    into: Array
    """(independent,) the share of the parameter that is injected."""
    pinned: Array
    """(independent,) 1 for an amount that stays at zero."""
    least: Array
    """(states,) what amounts and volumes stay above."""
    shortest: Array
    """What a change of the parameter is measured with at least."""


def problem(
    system: System,
    line: Line,
    *,
    row: int | None = None,
    lower: float = -np.inf,
    upper: float = np.inf,
    gone: Sequence[int] = (),
) -> Problem:
    """The stationary states of a system along a line, or under a current injected into one row (V/s).

    Amounts that are `gone`, independent states all, stay at zero, as long as nothing brings them back; each counts
    with a rate of its own, `AWAY`, that stands for none. Compiled once for each system, whatever is varied.
    """
    from vrest.numerics.continuation import Problem

    independent = list(system.laws.independent)
    least = np.maximum(one_ion(system, line.p), 0.0)
    least[list(gone)] = -1.0
    into = np.zeros(len(independent))
    if row is not None:
        into[row] = 1.0
    shortest = 0.1 * (upper - lower) if np.isfinite(upper - lower) else 1.0
    pinned = np.isin(independent, list(gone)).astype(float)
    line_of = (line.p, line.dp, line.c, line.dc, line.matrix)
    return Problem(_walker(system, len(gone) > 0), Along(*line_of, into, pinned, least, shortest), lower, upper)


@lru_cache(maxsize=64)
def _walker(system: System, without: bool) -> Walker:
    """The walk along the stationary states of one system, with all of its ions or without some."""
    from vrest.numerics.walk import walker

    allowed = allowed_of(system)
    floor, positive = allowed.floor[allowed.independent], allowed.positive[allowed.independent]

    def at(z: Array, args: Along) -> tuple[Entries, tuple[Array, Array, Array]]:
        """All states, entry by entry, and what y' depends on."""
        c = args.c + z[-1] * args.dc
        x = system.join_entries(entries(z[:-1]), entries(c), entries(args.matrix.reshape(-1)))
        return x, (args.p + z[-1] * args.dp, c, args.matrix)

    def f(y: Array, t: Array, args: Along) -> Array:
        import jax.numpy as jnp

        constants = (args.p + t * args.dp, args.c + t * args.dc, args.matrix)
        return jnp.where(args.pinned > 0.0, -AWAY * y, system.reduced(y, constants) + t * args.into)

    def share(z: Array, step: Array, args: Along) -> Array:
        import jax.numpy as jnp

        step = jnp.append(jnp.where(args.pinned > 0.0, 0.0, step[:-1]), step[-1])
        moved = system.join_entries(entries(step[:-1]), entries(step[-1] * args.dc), entries(args.matrix.reshape(-1)))
        return allowed.share(at(z, args)[0], moved)

    def size(z: Array, args: Along) -> Array:
        xp = namespace(z)
        y = xp.where(positive, xp.maximum(xp.abs(z[:-1]), floor), floor)
        return xp.concat([y, xp.maximum(xp.abs(z[-1:]), args.shortest)])

    def valid(z: Array, args: Along) -> Array:
        import jax.numpy as jnp

        x, constants = at(z, args)
        good = ~allowed.swollen(x)
        for k, value in enumerate(x):
            good &= jnp.isfinite(value) & (~allowed.positive[k] | (value > args.least[k]))
        for wall in system.structure.walls:
            good &= jnp.abs(system.potential(x, wall)) < FURTHEST
        if without:
            comes_back = from_si(system.reduced(z[:-1], constants), "concentration_rate") > COMES_BACK
            good &= ~jnp.any((args.pinned > 0.0) & comes_back)
        return good

    return walker(f, share, size, valid, system.key(f"walk {without}"))
