"""A right-hand side traced once: evaluated many times, differentiated only where it depends on the state.

The state is a tuple of n equally shaped arrays, one per unknown: shape () for one problem, (lanes,) for a batch of
them. Whole arrays go through every operation, so a batch needs no vmap and its lanes lie side by side in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend.core import Jaxpr, JaxprEqn, Literal
from jax.typing import ArrayLike

if TYPE_CHECKING:
    from vrest.numerics.shapes import Matrix, Reals, State

Name = Hashable
"""A variable of the trace, or what stands for one."""
Operand = Name | Literal
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
        Code that XLA compiles several times quicker and runs slower.
    """

    def __init__(
        self,
        f: Callable[[Reals, State, Any], Sequence[ArrayLike]],
        t: Reals,
        y: State,
        args: Any,
        *,
        fixed: bool | tuple[bool, ...] = True,
        short: bool = False,
    ) -> None:
        self.shape = jnp.shape(y[0])
        self.short = short
        closed = jax.make_jaxpr(f)(t, y, args)
        flags = [fixed] * len(jax.tree.leaves(args))
        if isinstance(fixed, tuple):
            flags = [flag for part, flag in zip(args, fixed, strict=True) for _ in jax.tree.leaves(part)]
        n = len(y)
        leaves = jax.tree.leaves(args)
        inputs, constants = closed.jaxpr.invars, closed.jaxpr.constvars
        self._inputs = inputs[: 1 + n] + [v for v, flag in zip(inputs[1 + n :], flags, strict=True) if not flag]
        self._given = [k for k, flag in enumerate(flags) if not flag]
        known = dict(zip(constants, closed.consts, strict=True))
        known |= {v: value for v, value, flag in zip(inputs[1 + n :], leaves, flags, strict=True) if flag}
        reached = {v: frozenset({k}) for k, v in enumerate(inputs[: 1 + n])}
        self._outputs = closed.jaxpr.outvars
        self._steps: list[_Step] = []
        alias: dict[Name, Operand] = {}
        for eqn, operands, results in _flat(closed.jaxpr, alias):
            if all(isinstance(v, Literal) or v in known for v in operands):
                values = _bind(eqn, [_value(v, known) for v in operands])
                known |= dict(zip(results, values, strict=True))
                continue
            if eqn.primitive.name == "div" and not isinstance(operands[1], Literal) and operands[1] in known:
                reciprocal = object()
                known[reciprocal] = 1.0 / known[operands[1]]  # multiplying is several times quicker
                eqn, operands = None, [operands[0], reciprocal]
            by = frozenset().union(*(reached.get(v, frozenset()) for v in operands if not isinstance(v, Literal)))
            reached |= dict.fromkeys(results, by)
            self._steps.append(_Step(eqn, operands, results, by))
        self._outputs = [v if isinstance(v, Literal) else alias.get(v, v) for v in self._outputs]
        self._known = known
        by_row = [frozenset() if isinstance(v, Literal) else reached.get(v, frozenset()) for v in self._outputs]
        self.pattern = tuple(frozenset(k - 1 for k in row if 1 <= k <= n) for row in by_row)
        """For each y'_i the unknowns it depends on."""
        self.moving = any(0 in row for row in by_row)
        """Whether anything depends on t."""

    def _values(self, t: Reals, y: State, args: Any) -> Values:
        """What every step finds."""
        leaves = jax.tree.leaves(args) if self._given else []
        values = dict(zip(self._inputs, [t, *y, *(leaves[k] for k in self._given)], strict=True))
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

    eqn: JaxprEqn | None
    """None for a product."""
    operands: list[Operand]
    results: list[Name]
    by: frozenset[int]
    """Which of t and the unknowns it depends on."""

    def taken(self, *tables: Values) -> Values:
        """What it finds, its operands being looked up in tables."""
        inputs = [_value(v, *tables) for v in self.operands]
        found = [inputs[0] * inputs[1]] if self.eqn is None else _bind(self.eqn, inputs)
        return dict(zip(self.results, found, strict=True))


def _flat(jaxpr: Jaxpr, alias: dict[Name, Operand]) -> Iterator[tuple[JaxprEqn, list[Operand], list[Name]]]:
    """The operations of a jaxpr with the variables they read and write; nested calls written out."""
    for eqn in jaxpr.eqns:
        operands = [v if isinstance(v, Literal) else alias.get(v, v) for v in eqn.invars]
        inner = eqn.params.get("jaxpr") if eqn.primitive.name in ("jit", "pjit") else None
        if inner is None or inner.consts:
            yield eqn, operands, [_fresh(v, alias) for v in eqn.outvars]
            continue
        own: dict[Name, Operand] = dict(zip(inner.jaxpr.invars, operands, strict=True))
        yield from _flat(inner.jaxpr, own)
        for v, result in zip(eqn.outvars, inner.jaxpr.outvars, strict=True):
            alias[v] = result if isinstance(result, Literal) else own.get(result, result)


def _fresh(v: Name, alias: dict[Name, Operand]) -> Name:
    """A name of its own for what is written: the same nested function may be called more than once."""
    alias[v] = object()
    return alias[v]


def _value(v: Operand, *tables: Values) -> ArrayLike:
    if isinstance(v, Literal):
        return v.val
    return next(table[v] for table in tables if v in table)


def _bind(eqn: JaxprEqn, values: list[ArrayLike]) -> list[ArrayLike]:
    params = eqn.primitive.get_bind_params(eqn.params)
    functions, params = params if isinstance(params, tuple) else ((), params)  # a pair before jax 0.10
    found = eqn.primitive.bind(*functions, *values, **params)
    return list(found) if eqn.primitive.multiple_results else [found]
