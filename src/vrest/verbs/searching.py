"""The search for where cells rest, as machine code: large steps to stationary points, and the motion towards them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from vrest.constants import N_A
from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.lanes import FINISHED, RUNNING, Lanes
from vrest.numerics.stationary import SIGNS_UP_TO, STABLE, UNSTABLE, Pace, Proof, Settled
from vrest.physics.namespace import Array
from vrest.system.assemble import Entries, System
from vrest.system.totals import Holdable, Totals
from vrest.units import from_si
from vrest.verbs.allowed import SWOLLEN, allowed_of
from vrest.verbs.held import pumped
from vrest.verbs.judging import gains

RTOL = 1e-4
"""Of the motion on its way to rest."""

END = 1e16
"""s: no cell is followed further."""

QUIETER, STILL = 30.0, 1e13
"""Each further stretch that is followed ends at so many times longer steps; and the s where nothing moves any more."""

FEW = 40
"""Steps of Newton's method."""

THERE, UNCLEAR, NOTHING = 3, 4, 5
"""What the motion of a lane led to, beside `FINISHED` and `STUCK`: a stable point, one whose stability signs do not
tell, no point though nothing moves any more."""


class Proved(NamedTuple):
    """Where a search that takes all lanes together ended, and what proves it. Arrays end with an axis of lanes."""

    y: Array
    """(independent, lanes)"""
    correction: Array
    """(independent, lanes) what Newton's method still changes; `state` contains it."""
    state: Array
    """(states, lanes)"""
    done: Array
    iterations: Array
    residual_mV: Array
    imbalance: Array
    ordinary: Array
    """No compartment has run out of an ion or swells without limit."""
    working: Array
    """A pump holds gradients."""
    verdict: Array
    slowest: Array
    jacobian: Array
    """(independent, independent, lanes) measured with `Allowed.scale`."""


class Followed(NamedTuple):
    """Where a motion was followed to."""

    lanes: Lanes
    quiet: Array
    """(lanes,) s: steps so long end its next stretch."""
    points: Proved | None
    """Of lanes that are THERE or UNCLEAR; None where none can be."""


def rows_of(lanes: Lanes) -> Entries:
    """The states of lanes, entry by entry."""
    rows: Any = lanes.y
    return tuple(rows)


class _Search:
    """The parts of a search of one system, to be traced.

    It moves the independent states, or where some may be held what `system.totals` calls z. `constants` are (p, c, M),
    with the totals where there are any.
    """

    def __init__(self, system: System, holdable: Holdable | None = None) -> None:
        self.system, self.holdable, self.allowed = system, holdable, allowed_of(system)
        self.charges = [i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "charge"]

    def begun(self, y: Entries, x0: Entries, p: Entries, hold: Entries = ()) -> tuple[Entries, tuple[Any, ...]]:
        """Where the search begins that is given y, and its constants, the totals being those of x0."""
        before, c, matrix = self.system.split_entries(x0, p)
        if self.holdable is None:
            return y, (p, c, matrix)
        totals = self.holdable.totals(self.system, hold, p)
        return self.holdable.started(y, before, totals), (p, c, matrix, totals)

    def independent(self, z: Entries, *totals: Totals) -> Entries:
        """The independent states, or their changes."""
        return z if self.holdable is None else self.holdable.states(z, *totals)

    def slopes(self, z: Entries, constants: tuple[Any, ...]) -> Entries:
        """z'"""
        p, c, matrix, *totals = constants
        moved = self.system.reduced_entries(self.independent(z, *totals), (p, c, matrix))
        return moved if self.holdable is None else self.holdable.still(moved, *totals)

    def whole(self, z: Entries, c: Entries, matrix: Entries, *totals: Totals) -> Entries:
        """The whole state."""
        return self.system.join_entries(self.independent(z, *totals), c, matrix)

    def settled(
        self, y: Entries, constants: tuple[Any, ...], pace: Pace, iterations: Array, only: Array = None
    ) -> tuple[Settled, Proof]:
        """Steps towards stationary points, and what signs tell of where they led."""
        from vrest.numerics.settle import prove, settle

        allowed = self.allowed
        c, *linear = constants[1:]
        nothing = tuple(0.0 * v for v in c)

        def f(t: Array, y: Entries, args: tuple[Any, ...]) -> Entries:
            return self.slopes(y, args)

        def share(y: Entries, change: Entries) -> Array:
            return allowed.share(self.whole(y, c, *linear), self.whole(change, nothing, *linear))

        found = settle(f, y, constants, scale=allowed.scale, share=share, pace=pace, iterations=iterations, only=only)
        jacobian = found.jacobian
        if self.holdable is not None:
            jacobian = self.holdable.relaxing(jacobian, *linear[1:])
        return found, prove(jacobian, allowed.scale(found.y))

    def proved(self, ended: Settled, proof: Proof, constants: tuple[Any, ...]) -> Proved:
        """All that is known of where the steps led."""
        import jax.numpy as jnp

        system, (p, c, matrix, *totals) = self.system, constants
        y, correction = (self.independent(part, *totals) for part in (ended.y, ended.correction))
        x = system.join_entries(tuple(v + rest for v, rest in zip(y, correction, strict=True)), c, matrix)
        zero = jnp.zeros_like(y[0])
        imbalance, ordinary = zero, jnp.ones_like(zero, dtype=bool)
        for gain in gains(system, x, system.derivative_entries(x, p)).values():
            imbalance = jnp.maximum(imbalance, jnp.abs(gain))
        for (kind, name), value in zip(system.states, x, strict=True):
            if kind == "amount":
                space = name.split(".")[0]
                ordinary &= value * system.get(p, f"compartments.{space}.volume") * N_A > 1.0
            elif kind == "volume":
                ordinary &= value < SWOLLEN
        residual = zero
        for k in self.charges:
            residual = jnp.maximum(residual, from_si(jnp.abs(correction[k]), "potential"))
        return Proved(
            y=jnp.stack(y),
            correction=jnp.stack(correction),
            state=jnp.stack([jnp.broadcast_to(v, zero.shape) for v in x]),
            done=ended.done,
            iterations=ended.iterations,
            residual_mV=residual,
            imbalance=imbalance,
            ordinary=ordinary,
            working=pumped(system, x, p),
            verdict=proof.verdict,
            slowest=proof.slowest,
            jacobian=proof.jacobian,
        )

    def followed(
        self, lanes: Lanes, quiet: Array, least_ions: Array, constants: tuple[Any, ...], tries: Array
    ) -> tuple[Lanes, Array]:
        """The motion until it is quiet, or an amount is less than so many ions; and where that is so."""
        import jax.numpy as jnp

        from vrest.numerics.batch import advance
        from vrest.numerics.tableau import RODAS3

        system, allowed = self.system, self.allowed
        units = system.units(constants[0])

        def valid(y: Entries, args: tuple[Any, ...]) -> Array:
            x = self.whole(y, *args[1:])
            possible = allowed.positive_part(self.independent(y, *args[3:]), *args[1:3])
            return possible & ~allowed.swollen(tuple(v / 2 for v in x))

        def emptied(y: Entries, args: tuple[Any, ...]) -> Array:
            fewer = jnp.zeros_like(least_ions, dtype=bool)
            for (kind, _), value, unit in zip(system.states, self.whole(y, *args[1:]), units, strict=True):
                fewer |= (kind == "amount") & (value * unit * N_A < least_ions)
            return fewer

        got = advance(
            lambda t, y, args: self.slopes(y, args[0]),
            lanes,
            constants,
            jnp.asarray([0.0, END]),
            valid=valid,
            rtol=RTOL,
            atol=allowed.tolerance(RTOL),
            attempts=tries,
            quick=system.quick,
            enough=quiet,
            halt=emptied,
            method=RODAS3,
        )
        return got.lanes, emptied(rows_of(got.lanes), constants)


@lru_cache(maxsize=64)
def settling(system: System, holdable: Holdable | None = None) -> Callable[[Any, tuple[Pace, int]], Proved]:
    """The search of a batch and the proof of its results as machine code.

    (states whose totals hold, independent states to begin with, parameters), (pace, iterations) -> Proved

    Where some may be held the batch ends with what is, (`holdable.rows`, lanes). The point must keep those totals of
    the states too, and what is held has in the Jacobian an eigenvalue of its own, never the slowest: whoever asks for
    the eigenvalues leaves its row and column out.
    """
    parts = _Search(system, holdable)

    def search(batch: Any, how: tuple[Pace, Array]) -> Proved:
        import jax.numpy as jnp

        x0, y, p, *hold = (tuple(jnp.unstack(rows)) for rows in batch)
        z, constants = parts.begun(y, x0, p, *hold)
        return parts.proved(*parts.settled(z, constants, *how), constants)

    return Kernel(search, _key("settle", system, holdable))


@lru_cache(maxsize=64)
def following(system: System, holdable: Holdable | None = None) -> Callable[[Any, Any], Followed]:
    """The motion as machine code.

    (lanes, quiet, least ions, states whose totals hold, parameters), (tries, pace) -> Followed

    A lane whose steps are `quiet` long tries steps of the pace towards a stationary point, and goes on where they do
    not fit. Of larger systems, whose stability signs do not tell, it is FINISHED there, as is any lane that has less of
    an amount than so many ions. Where some may be held the batch ends with what is, as of `settling`.
    """
    parts = _Search(system, holdable)

    def follow(batch: Any, how: tuple[Array, Pace]) -> Followed:
        import jax
        import jax.numpy as jnp

        lanes, quiet, least_ions, *rows = batch
        tries, pace = how
        x0, p, *hold = (tuple(jnp.unstack(part)) for part in rows)
        z, constants = parts.begun(tuple(jnp.unstack(lanes.y)), x0, p, *hold)
        lanes = lanes._replace(y=jnp.stack(z))

        def whole(lanes: Lanes) -> Lanes:
            return lanes._replace(y=jnp.stack(parts.independent(rows_of(lanes), *constants[3:])))

        if len(system.laws.independent) > SIGNS_UP_TO:
            moved = parts.followed(lanes, quiet, least_ions, constants, tries)[0]
            return Followed(whole(moved), quiet, None)

        def going(carry: Any) -> Array:
            lanes, *_, spent = carry
            return jnp.any(lanes.status == RUNNING) & ~jnp.any(spent)

        def body(carry: Any) -> Any:
            lanes, quiet, before, told, _ = carry
            lanes, emptied = parts.followed(lanes, quiet, least_ions, constants, tries)
            spent = lanes.status == RUNNING
            arrived = (lanes.status == FINISHED) & ~emptied
            found, proof = parts.settled(rows_of(lanes), constants, pace, FEW, only=arrived)
            good = arrived & found.done & (proof.verdict != UNSTABLE)
            on = arrived & ~good
            quiet = jnp.where(on, QUIETER * quiet, quiet)
            over = on & ((quiet > STILL) | (lanes.t >= END))
            led = jnp.where(over, NOTHING, jnp.where(proof.verdict == STABLE, THERE, UNCLEAR))
            status = jnp.where(good | over, led, jnp.where(on, RUNNING, lanes.status))
            lanes = lanes._replace(status=status.astype(lanes.status.dtype))
            now = jax.tree.map(lambda new, old: jnp.where(good, new, old), (found, proof), (before, told))
            return lanes, quiet, *now, spent

        nobody = jnp.zeros_like(quiet, dtype=bool)
        nothing = parts.settled(rows_of(lanes), constants, pace, 0, only=nobody)
        lanes, quiet, found, proof, _ = jax.lax.while_loop(going, body, (lanes, quiet, *nothing, nobody))
        return Followed(whole(lanes), quiet, parts.proved(found, proof, constants))

    return Kernel(follow, _key("follow", system, holdable))


def _key(what: str, system: System, holdable: Holdable | None) -> str:
    """Names code by all it depends on."""
    return system.key(what if holdable is None else f"{what} {holdable!r}")
