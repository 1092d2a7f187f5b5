"""The motion of a cell under a protocol, as machine code that steps through it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.lanes import Advanced
from vrest.physics.namespace import Array
from vrest.system.assemble import Entries, System, entries
from vrest.verbs.allowed import allowed_of
from vrest.verbs.spikes import passed, spiking


@lru_cache(maxsize=64)
def stepper(system: System, moving: bool) -> Kernel:
    """The integrator of one system as machine code: tries so many steps, and stops where V passes a spike's level."""
    f, valid = motion(system, moving)
    spikes = len(spiking(system)) > 0

    def step(_: tuple[()], given: Any, times: Array) -> Advanced:
        from vrest.numerics.batch import advance

        lanes, (p, slope, start, p0, x0, sense), edges, rtol, atol, attempts = given
        _, c, matrix = system.split_entries(entries(x0), entries(p0))
        return advance(
            lambda t, y, both: f(t, y, both[0][:5]),
            lanes,
            (p, slope, start, c, matrix, sense),
            edges,
            valid=lambda y, args: valid(y, args[:5]),
            rtol=rtol,
            atol=atol,
            attempts=attempts,
            quick=system.quick,
            halt=(lambda y, args: passed(system, system.join_entries(y, *args[3:5]), args[5])) if spikes else None,
            show=lambda y, args: system.join_entries(y, *args[3:5]),
            times=times,
        )

    return Kernel(step, system.key(f"simulate {moving}"))


def motion(
    system: System, moving: bool
) -> tuple[Callable[[Array, Entries, Any], Entries], Callable[[Entries, Any], Array]]:
    """y' and whether y is possible, of (t, y, args) and (y, args).

    args are p, its slope and the start of that, and the entries of c and M as `System.split_entries` gives them.
    """
    allowed = allowed_of(system)

    def f(t: Array, y: Entries, args: tuple[Any, ...]) -> Entries:
        p, slope, start, c, matrix = args
        now = p + slope * (t - start) if moving else p
        return system.reduced_entries(y, (entries(now), c, matrix))

    def valid(y: Entries, args: tuple[Any, ...]) -> Array:
        *_, c, matrix = args
        return allowed.positive_part(y, c, matrix)

    return f, valid
