"""The two clocks of a change: `instant`, contents frozen, and `settled`, everything at its new rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.change import Change, apply, parse_changes
from vrest.model.paths import resolve
from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array
from vrest.shown import Drawn
from vrest.system.assemble import Entries, System, Vector, assemble
from vrest.system.observables import currents
from vrest.system.structure import Wall, parameter_vector
from vrest.system.undefined import refuse_undefined
from vrest.tables import Column, Table, number
from vrest.units import from_si
from vrest.verbs.rest import Rest, rest

REACH, FAR, STEP = 0.4, 0.3, 5e-4
"""V: zero-current potentials are looked for within REACH of zero; around a potential beyond FAR, that much further out;
in steps so long."""

SPAN = np.linspace(-REACH, REACH, 1601)
"""V: all of them."""

SAME = 1e-9
"""V: zero-current potentials that are no further apart are one."""


@dataclass(frozen=True)
class Instant(Drawn):
    """Potentials a moment after a change, before any concentration has moved. mV."""

    methods: ClassVar[tuple[str, ...]] = ("Bradbury2018",)
    drawn_by: ClassVar[str] = "vrest.plot.answers:instant_axes"

    cell: Cell
    before: float | dict[str, float]
    v: float | dict[str, float]
    others: tuple[float, ...] | dict[str, tuple[float, ...]]
    """Further zero-current potentials; by membrane where there are several, none of those that depend on each other."""

    @property
    def rows(self) -> list[tuple[str, float, float, tuple[float, ...]]]:
        """Of each membrane its name, V before and at once, and further zero-current potentials, mV."""
        if isinstance(self.v, dict) and isinstance(self.before, dict) and isinstance(self.others, dict):
            return [(name, self.before[name], v, self.others[name]) for name, v in self.v.items()]
        return [(next(iter(self.cell.membranes)), self.before, self.v, self.others)]  # pyright: ignore[reportReturnType]

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        yield f"'{self.cell.name}' at once, contents frozen:"
        for name, before, v, _ in self.rows:
            yield f"  V ({name}): {number(before, decimals=2)} -> {number(v, decimals=2)} mV"

    def tables(self) -> tuple[Table, ...]:
        """V of each membrane before and at once, mV, and further potentials that carry no current."""
        names, before, v, others = zip(*self.rows, strict=True)
        columns = (
            Column("membrane", "", names),
            Column("V before", "mV", before, decimals=2),
            Column("V at once", "mV", v, decimals=2),
            Column("change", "mV", [b - a for a, b in zip(before, v, strict=True)], decimals=2, signed=True),
            Column("other zeros", "mV", [", ".join(number(o, decimals=2) for o in each) for each in others]),
        )
        return (Table(columns, "Contents frozen"),)


def instant(cell: CellLike, changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = ()) -> Instant:
    """The potential right after a change: contents frozen, gates at their steady state, no net current.

    Where several potentials carry no current, the one is given that the membrane drifts to from where it is.

    Parameters
    ----------
    cell
        As of `rest`. Its contents are those it describes; for a cell that does not start at rest, give
        `rest(cell).as_cell()`.
    changes
        What changes, as of `apply`; transports and baths, not contents.

    Returns
    -------
    Instant
        `before` and `v`, mV: numbers, or by membrane where there are several.

    Raises
    ------
    NoRestError
        No zero-current potential between -400 and +400 mV on the way on which the current drives a membrane.
    InputError
        No such cell, changes that make no sense, one of contents (`fixed_at_start`); `undefined_rate`: a law that takes
        the logarithm of a concentration of which there is none.

    >>> answer = instant("mammalian_neuron", "pump.max_rate*=0")
    >>> round(answer.before, 2), round(answer.v, 2)
    (-70.0, -65.41)
    """
    cell = load(cell)
    for change in parse_changes(changes):
        parameter = resolve(cell, change.path)
        if parameter.fixed_at_start:
            raise InputError(
                f"'{change}': {parameter.path} describes how the cell starts; at once, contents are frozen.",
                code="fixed_at_start",
                hint="Change a transport or a bath, or apply it to the cell before.",
            )
    changed = apply(cell, changes)
    system, p = assemble(cell), parameter_vector(changed)
    x, walls = system.start(cell), system.structure.walls
    before = {wall.name: from_si(float(system.potential(x, wall)), "potential") for wall in walls}
    found = instant_potentials(system, x[:, None], p[:, None])
    if not found.defined[0]:
        refuse_undefined(system, x, p)
    if system.coupled:
        joint = _joint(system, found)
        after = {name: from_si(v, "potential") for name, v in joint.items()}
        return Instant(changed, before, after, dict.fromkeys(after, ()))
    after: dict[str, float] = {}
    others: dict[str, tuple[float, ...]] = {}
    for wall, (v,) in zip(walls, found.v.tolist(), strict=True):
        if np.isnan(v):
            raise NoRestError(
                f"'{cell.name}', membrane '{wall.name}': no potential between -400 and +400 mV that it drifts to "
                "carries zero current.",
                code="not_converged",
                hint="Is any channel left open?",
            )
        after[wall.name] = from_si(v, "potential")
        others[wall.name] = tuple(
            from_si(root, "potential") for root in zero_current_potentials(system, x, p, wall) if abs(root - v) > SAME
        )
    if len(after) == 1:
        name = walls[0].name
        return Instant(changed, before[name], after[name], others[name])
    return Instant(changed, before, after, others)


def settled(cell: CellLike, changes: str | Change | Iterable[str | Change] | Mapping[str, Any] = ()) -> Rest:
    """The resting state after a change, when contents, volume and potential have all found their new values.

    Parameters
    ----------
    cell, changes
        As of `rest`.

    Returns
    -------
    Rest
        That of `rest`: beside `instant`, the other clock of a change.

    Raises
    ------
    InputError
        What `rest` refuses.

    >>> round(settled("mammalian_neuron", "pump.max_rate*=0").v_rest, 2)
    -0.26
    """
    return rest(cell, changes)


class AtOnce(NamedTuple):
    """Where the membranes of many frozen cells drift to. Arrays end with an axis of lanes."""

    v: Array
    """(membranes, lanes) V; NaN where there is no such potential, and where a rate is not finite."""
    defined: Array
    """(lanes,) bool: whether all transports and exchanges have a finite rate before anything moves."""


def instant_potentials(system: System, x: np.ndarray, p: np.ndarray) -> AtOnce:
    """The potentials right after a change of many cells of one structure: contents frozen, gates steady.

    Parameters
    ----------
    system
        Their equations.
    x
        (states, lanes) SI: the contents, and the potentials from which the membranes drift.
    p
        (parameters, lanes) SI.
    """
    return drifting(system)((x, p), ())


@lru_cache(maxsize=64)
def drifting(system: System) -> Callable[[tuple[np.ndarray, np.ndarray], tuple[()]], AtOnce]:
    """`potentials_at_once` as machine code."""

    def drift(rows: tuple[Array, Array], _: tuple[()]) -> AtOnce:
        import jax.numpy as jnp

        x, p = (tuple(jnp.unstack(part)) for part in rows)
        v, defined = potentials_at_once(system, x, p)
        return AtOnce(jnp.stack(v), defined)

    return Kernel(drift, system.key("instant"))


def potentials_at_once(system: System, x: Entries, p: Entries) -> tuple[Entries, Array]:
    """`AtOnce` entry by entry, to be traced: V of each membrane, and whether all rates are finite.

    A membrane on its own goes to the first potential without net current on the way on which its current drives it;
    membranes joined by paths or in rings relax together.
    """
    import jax.numpy as jnp

    from vrest.numerics.march import march
    from vrest.numerics.relaxed import relaxed

    defined = jnp.ones_like(x[0], dtype=bool)
    for rate in system.turnovers(x, p)[0]:
        defined &= jnp.isfinite(rate)
    tree, walls = system.structure.tree, system.structure.walls
    if system.coupled:
        rows = [system.index["charge", wall.name] for wall in tree]

        def slopes(t: Array, charges: Entries, held: tuple[Entries, Entries]) -> Entries:
            state = system.with_steady_gates(_with(held[0], rows, charges), held[1])
            moved = system.derivative_entries(state, held[1])
            return tuple(moved[k] for k in rows)

        state = _with(x, rows, relaxed(slopes, tuple(x[k] for k in rows), (x, p)))
    else:
        state = x
        for wall in tree:
            now = system.potential(x, wall)
            further = jnp.sign(now) * jnp.maximum(jnp.abs(now) - FAR, 0.0)
            inward = _inward(system, wall, x, p)
            v = march(inward, now, low=further - REACH, high=further + REACH, step=STEP)
            state = system.at_potential(state, wall, v)
    found = (system.potential(state, wall) for wall in walls)
    return tuple(jnp.where(defined, v, jnp.nan) for v in found), defined


def _with(x: Entries, rows: list[int], values: Entries) -> Entries:
    """The entries of a state, some of them others."""
    new = dict(zip(rows, values, strict=True))
    return tuple(new.get(k, v) for k, v in enumerate(x))


def _joint(system: System, found: AtOnce) -> dict[str, float]:
    """Of one cell, by membrane."""
    if np.isnan(found.v).any():
        raise NoRestError(
            "The membranes find no common potentials that carry no net current.",
            code="not_converged",
            hint="Is any channel left open?",
        )
    return dict(zip((wall.name for wall in system.structure.walls), found.v[:, 0].tolist(), strict=True))


def steady_at(system: System, x: Vector, wall: Wall, v: Array, p: Vector) -> Array:
    """The state at other potentials of one membrane (V), contents kept, gates steady: (len, states), or entries."""
    return system.with_steady_gates(system.at_potential(x, wall, v), p)


def net_current(system: System, states: Vector, p: Vector, wall: Wall) -> Array:
    """Net outward current through a membrane, A."""
    flow = currents(system, states, p, wall)
    if not flow:
        raise InputError(f"Membrane '{wall.name}' has no transports.", code="nothing_moves", hint="Give it a channel.")
    return sum(flow.values())


def currents_at(
    system: System, x: np.ndarray, p: np.ndarray, wall: Wall, potentials: np.ndarray
) -> dict[str, np.ndarray]:
    """Current (len,) of each transport of a membrane at other potentials (V), A, contents kept and gates steady."""
    labels = [mover.label for mover in system.structure.movers if mover.place == wall.name]
    return dict(zip(labels, _currents_at(system, wall)((potentials,), (x, p)), strict=True))


@lru_cache(maxsize=64)
def _currents_at(system: System, wall: Wall) -> Callable[..., tuple[np.ndarray, ...]]:
    """The currents of a membrane as machine code: (potentials,), (x, p) -> the current of each transport."""

    def flow(lanes: tuple[Array], cell: tuple[Array, Array]) -> tuple[Array, ...]:
        import jax.numpy as jnp

        (v,), (x, p) = lanes, (tuple(jnp.unstack(part)) for part in cell)
        held = tuple(jnp.broadcast_to(value, v.shape) for value in x)
        return tuple(currents(system, steady_at(system, held, wall, v, p), p, wall).values())

    return Kernel(flow, system.key(f"currents {wall.name}"))


def zero_current_potentials(system: System, x: np.ndarray, p: np.ndarray, wall: Wall) -> list[float]:
    """Every potential (V) at which the frozen cell carries no net current, ascending."""
    now = float(system.potential(x, wall))
    span = SPAN if abs(now) < FAR else SPAN + np.copysign(abs(now) - FAR, now)
    found = _zeros(system, wall)((span[:-1], span[1:]), (x, p))
    roots = found[~np.isnan(found)]
    return roots[np.diff(roots, append=np.inf) > SAME].tolist()


@lru_cache(maxsize=64)
def _zeros(system: System, wall: Wall) -> Callable[..., np.ndarray]:
    """Zeros of the net current as machine code: (low, high), (x, p) -> the one between each two potentials, or NaN."""

    def zeros(ends: tuple[Array, Array], cell: tuple[Array, Array]) -> Array:
        import jax.numpy as jnp

        from vrest.numerics.march import march

        (low, high), (x, p) = ends, (tuple(jnp.unstack(part)) for part in cell)
        inward = _inward(system, wall, tuple(jnp.broadcast_to(value, low.shape) for value in x), p)
        return march(inward, low, low=low, high=high, step=high - low, way=1.0)

    return Kernel(zeros, system.key(f"zeros {wall.name}"))


def _inward(system: System, wall: Wall, x: Entries, p: Entries) -> Callable[[Array], Array]:
    """Net inward current (A) by potential (V), to be traced; what does not depend on that is computed once."""
    from vrest.numerics.rhs import Rhs

    def inward(t: Array, v: Entries, held: tuple[Entries, Entries]) -> Entries:
        return (-net_current(system, steady_at(system, held[0], wall, v[0], held[1]), held[1], wall),)

    rhs = Rhs(inward, x[0], (x[0],), (x, p))
    return lambda v: rhs(v, (v,))[0]
