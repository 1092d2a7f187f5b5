"""A right-hand side traced once: evaluated many times, differentiated only where it depends on the state.

The state is a tuple of n equally shaped arrays, one per unknown: shape () for one problem, (lanes,) for a batch of
them. Whole arrays go through every operation, so a batch needs no vmap and its lanes lie side by side in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from vrest.numerics.compiler.fallback import is_for_xla
from vrest.numerics.compiler.trace import Number, replay

if TYPE_CHECKING:
    from vrest.numerics.shapes import Matrix, Reals, State

Name = Hashable
"""A variable of the trace, or what stands for one."""
Operand = Name | Number
Values = dict[Name, ArrayLike]


class Rhs:
    """f(t, y, args) -> y' with y and y' tuples of n arrays; t has the shape of each.

    Tracing the Python of f costs more than running it: it is done once here, and the stages and the columns of the
    Jacobian replay it. What depends on constants alone is computed here as well, once for all steps.

    Parameters
    ----------
    f, t, y, args
        The function, and arguments of the shapes it will be called with.
    fixed
        Whether args stay what they are; or one truth for each member of args, where some are given anew in each
        call.
    short
        Loops instead of code written out, which XLA compiles several times quicker; None asks for that where XLA
        compiles what is traced.
    """

    def __init__(
        self,
        f: Callable[[Reals, State, Any], Sequence[ArrayLike]],
        t: Reals,
        y: State,
        args: Any,
        *,
        fixed: bool | tuple[bool, ...] = True,
        short: bool | None = None,
    ) -> None:
        self.shape = jnp.shape(y[0])
        self.short = is_for_xla() if short is None else short
        trace = replay(f, t, y, args)
        flags = [fixed] * len(jax.tree.leaves(args))
        if isinstance(fixed, tuple):
            flags = [flag for part, flag in zip(args, fixed, strict=True) for _ in jax.tree.leaves(part)]
        n = len(y)
        leaves = jax.tree.leaves(args)
        inputs, known = trace.inputs, trace.known
        self._inputs = inputs[: 1 + n] + [v for v, flag in zip(inputs[1 + n :], flags, strict=True) if not flag]
        self._varying = [k for k, flag in enumerate(flags) if not flag]
        known |= {v: value for v, value, flag in zip(inputs[1 + n :], leaves, flags, strict=True) if flag}
        reached = {v: frozenset({k}) for k, v in enumerate(inputs[: 1 + n])}
        self._steps: list[_Step] = []
        for name, operands, results, again in trace.steps:
            if all(isinstance(v, Number) or v in known for v in operands):
                values = again([_value(v, known) for v in operands])
                known |= dict(zip(results, values, strict=True))
                continue
            if name == "div" and not isinstance(operands[1], Number) and operands[1] in known:
                reciprocal = object()
                known[reciprocal] = 1.0 / known[operands[1]]  # multiplying is several times quicker
                again, operands = _product, [operands[0], reciprocal]
            by = frozenset().union(*(reached.get(v, frozenset()) for v in operands if not isinstance(v, Number)))
            reached |= dict.fromkeys(results, by)
            self._steps.append(_Step(operands, results, again, by))
        self._outputs = trace.outputs()
        self._known = known
        by_row = [frozenset() if isinstance(v, Number) else reached.get(v, frozenset()) for v in self._outputs]
        self.pattern = tuple(frozenset(k - 1 for k in row if 1 <= k <= n) for row in by_row)
        """For each y'_i the unknowns it depends on."""
        self.moving = any(0 in row for row in by_row)
        """Whether anything depends on t."""

    def _values(self, t: Reals, y: State, args: Any) -> Values:
        """What every step finds."""
        leaves = jax.tree.leaves(args) if self._varying else []
        values = dict(zip(self._inputs, [t, *y, *(leaves[k] for k in self._varying)], strict=True))
        for step in self._steps:
            values |= step.taken(values, self._known)
        return values

    def _run(self, t: Reals, y: State, args: Any) -> list[ArrayLike]:
        values = self._values(t, y, args)
        return [_value(v, values, self._known) for v in self._outputs]

    def __call__(self, t: Reals, y: State, args: Any = ()) -> State:
        """y'; `args` only where some of them are given anew."""
        return tuple(jnp.broadcast_to(v, self.shape) for v in self._run(t, y, args))

    def jacobian(self, t: Reals, y: State, args: Any = ()) -> tuple[State, Matrix]:
        """y' and the entries dy'_i/dy_j that exist."""
        if self.short:  # all columns in one sweep, which compiles several times quicker
            at, n = jnp.stack(y), len(y)

            def along_all(direction: Array) -> tuple[Array, Array]:
                return jax.jvp(lambda v: jnp.stack(self(t, tuple(v), args)), (at,), (direction,))

            basis = jnp.broadcast_to(jnp.eye(n).reshape(n, n, *[1] * len(self.shape)), (n, *at.shape))
            rows, columns = jax.vmap(along_all, out_axes=(None, 0))(basis)
            return tuple(rows), {(i, j): columns[j, i] for i, row in enumerate(self.pattern) for j in row}
        values = self._values(t, y, args)
        entries: dict[tuple[int, int], Reals] = {}
        for j in range(len(y)):
            steps = [step for step in self._steps if 1 + j in step.by]
            rows = [i for i, by in enumerate(self.pattern) if j in by]

            def along(v: Reals, j: int = j, steps: list[_Step] = steps, rows: list[int] = rows) -> list[ArrayLike]:
                anew: Values = {self._inputs[1 + j]: v}
                for step in steps:  # all others stay what they are
                    anew |= step.taken(anew, values, self._known)
                return [_value(self._outputs[i], anew, values, self._known) for i in rows]

            _, change = jax.jvp(along, (y[j],), (jnp.ones_like(y[j]),))
            entries |= {(i, j): jnp.broadcast_to(v, self.shape) for i, v in zip(rows, change, strict=True)}
        found = [_value(v, values, self._known) for v in self._outputs]
        return tuple(jnp.broadcast_to(v, self.shape) for v in found), entries

    def drift(self, t: Reals, y: State, args: Any = ()) -> State:
        """The explicit time derivative of y'."""
        change = jax.jvp(lambda s: self._run(s, y, args), (t,), (jnp.ones_like(t),))[1]
        return tuple(jnp.broadcast_to(v, self.shape) for v in change)


class _Step(NamedTuple):
    """One operation of the trace."""

    operands: list[Operand]
    results: list[Name]
    again: Callable[[list[ArrayLike]], list[ArrayLike]]
    by: frozenset[int]
    """Which of t and the unknowns it depends on."""

    def taken(self, *tables: Values) -> Values:
        """What it finds, its operands being looked up in tables."""
        found = self.again([_value(v, *tables) for v in self.operands])
        return dict(zip(self.results, found, strict=True))


def _product(values: list[Any]) -> list[Any]:
    return [values[0] * values[1]]


def _value(v: Operand, *tables: Values) -> ArrayLike:
    if isinstance(v, Number):
        return v.value
    return next(table[v] for table in tables if v in table)
