"""Parameters and starting states of many cells that differ in some numbers, as machine code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from vrest.model.paths import parameters, replaced
from vrest.model.quantity import SOLVE
from vrest.numerics.compiler.kernel import Kernel
from vrest.physics.namespace import Array
from vrest.system.assemble import Entries, System, described
from vrest.system.structure import parameter_entries
from vrest.verbs.arguments import Arguments, with_si


@dataclass(frozen=True)
class Description:
    """Which numbers of cells of one kind vary; the cells of one kind differ in nothing but their numbers."""

    kind: str
    of: Arguments = field(compare=False)


def description(of: Arguments) -> Description:
    """The numbers that vary, and what of their cell is no number."""
    cell = of.cell
    values = [(path, p.value == SOLVE) for path, p in parameters(cell).items()]
    sizes = [(name, c.shape) for name, c in cell.compartments.items()]
    return Description(repr((of.names, values, sizes)), of)


def _given(of: Arguments) -> dict[str, float]:
    """All numbers of the cell that are not solved, by path, SI."""
    return {path: p.value for path, p in parameters(of.cell).items() if p.value != SOLVE}


def own_numbers(of: Arguments) -> np.ndarray:
    """All numbers of the cell that are not solved, SI."""
    return np.array(list(_given(of).values()), dtype=np.float64)


def described_entries(system: System, of: Arguments, values: Entries, numbers: Entries) -> tuple[Entries, Entries]:
    """(p, x0) of a cell whose numbers these are, and which has these values (SI) for its arguments.

    numbers: in the order of `own_numbers`. NaN where a value is outside its limits, or nothing balances the charge.
    """
    own = dict(zip(_given(of), numbers, strict=True))
    cell = with_si(replaced(of.cell, own), of.each, values)
    p = parameter_entries(cell)
    return p, system.with_steady_gates(described(cell, system), p)


@lru_cache(maxsize=64)
def describing(
    system: System, known: Description
) -> Callable[[tuple[np.ndarray], tuple[np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """(values (paths, lanes),), (numbers,) -> parameters (P, lanes) and states (S, lanes), all SI, as machine code."""

    def describe(lanes: tuple[Array], shared: tuple[Array]) -> tuple[Array, Array]:
        import jax.numpy as jnp

        values, numbers = tuple(jnp.unstack(lanes[0])), tuple(jnp.unstack(shared[0]))
        p, x = described_entries(system, known.of, values, numbers)
        whole = [jnp.stack([jnp.broadcast_to(v, values[0].shape) for v in part]) for part in (p, x)]
        return whole[0], whole[1]

    return Kernel(describe, system.key(f"describe {known.kind}"))


@lru_cache(maxsize=64)
def describing_slopes(
    system: System, known: Description
) -> Callable[[tuple[np.ndarray], tuple[np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """The derivatives of `describing` by each value: (paths, P, lanes) and (paths, S, lanes), SI."""

    def slopes(lanes: tuple[Array], shared: tuple[Array]) -> tuple[Array, Array]:
        import jax.numpy as jnp

        from vrest.numerics.rhs import Rhs

        values, numbers = tuple(jnp.unstack(lanes[0])), tuple(jnp.unstack(shared[0]))
        zero, count = jnp.zeros_like(values[0]), len(system.names)

        def both(_: Array, z: Entries, numbers: Entries) -> Entries:
            p, x = described_entries(system, known.of, z, numbers)
            return *p, *x

        entries = Rhs(both, zero, values, numbers).jacobian(zero, values)[1]
        last = count + len(system.states)
        rows = [[entries.get((i, j), zero) for i in range(last)] for j in range(len(values))]
        p, x = (jnp.stack([jnp.stack(row[part]) for row in rows]) for part in (np.s_[:count], np.s_[count:]))
        return p, x

    return Kernel(slopes, system.key(f"slopes of describe {known.kind}"))
