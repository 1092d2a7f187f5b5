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

from vrest.numerics.compiler.equations import Equations
from vrest.numerics.compiler.fallback import is_for_us, is_for_xla
from vrest.numerics.compiler.trace import Number, Step, insert, is_traced, replay

if TYPE_CHECKING:
    from vrest.numerics.compiler.program import Trace
    from vrest.numerics.shapes import Matrix, Reals, Results, State

Name = Hashable
"""A variable of the trace, or what stands for one."""
Values = dict[Name, ArrayLike]

CALLED = 1_000
"""A right-hand side of more operations is called by machine code of our own, which then has it only once."""


class Rhs:
    """f(t, y, args) -> y' with y a tuple of n arrays, and so is y', or has other numbers of them; t has their shape.

    Tracing the Python of f costs more than running it: it is done once here, and the stages and the columns of the
    Jacobian replay it. What depends on constants alone is computed here as well, once for all steps.

    Where it becomes machine code of our own, JAX sees each of these as one operation: with many unknowns it would
    take seconds to see all. Where that is differentiated JAX replays it.

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
        for step in trace.steps:
            operands = step.operands
            if all(isinstance(v, Number) or v in known for v in operands):
                values = step.again([_value(v, known) for v in operands])
                known |= dict(zip(step.results, values, strict=True))
                continue
            if step.name == "div" and not isinstance(operands[1], Number) and operands[1] in known:
                reciprocal = object()
                known[reciprocal] = 1.0 / known[operands[1]]  # multiplying is several times quicker
                step = step._replace(operands=[operands[0], reciprocal], again=_product, kind="product")
            by = frozenset().union(*(reached.get(v, frozenset()) for v in operands if not isinstance(v, Number)))
            reached |= dict.fromkeys(step.results, by)
            self._steps.append(_Step(step, by))
        self._outputs = trace.outputs()
        by_row = [frozenset() if isinstance(v, Number) else reached.get(v, frozenset()) for v in self._outputs]
        self.pattern = tuple(frozenset(k - 1 for k in row if 1 <= k <= n) for row in by_row)
        """For each y'_i the unknowns it depends on."""
        self.moving = any(0 in row for row in by_row)
        """Whether anything depends on t."""
        self._columns = [(j, [i for i, row in enumerate(self.pattern) if j in row]) for j in range(n)]
        of = [*self._outputs, *(v for step in self._steps for v in step.step.operands)]
        read = {v for v in of if not isinstance(v, Number)}
        self._known = {v: value for v, value in known.items() if v in read}
        self._programs: _Programs | None = None
        if is_for_us() and not self.short:
            given = self._given(t, y, args)
            fixed_ones = {v: value for v, value in self._known.items() if not is_traced(value)}
            equations = Equations(given, fixed_ones, [step.step for step in self._steps], self._outputs)
            self._programs = _Programs(equations, equations.values())

    def _given(self, t: Reals, y: State, args: Any) -> Values:
        """What a call starts from, but for what is known for good."""
        leaves = jax.tree.leaves(args) if self._varying else []
        given = zip(self._inputs, [t, *y, *(leaves[k] for k in self._varying)], strict=True)
        return dict(given) | {v: value for v, value in self._known.items() if is_traced(value)}

    def _found(
        self, by: Callable[[Values], list[ArrayLike]], program: Trace | None, given: Values, often: bool = False
    ) -> list[Reals]:
        """What a function of the values given finds; or a program that does the same, taken more than once if long."""

        def plain(*values: Array) -> list[ArrayLike]:
            return by(dict(zip(given, values, strict=True)))

        if program is None:
            found = by(given)
        else:
            anew = len(self._inputs)
            groups = (anew, len(given) - anew) if often and len(program.operations) > CALLED else ()
            found = insert(program, plain, list(given.values()), groups=groups)
        return [jnp.broadcast_to(v, self.shape) for v in found]

    def _all(self, given: Values) -> Values:
        """What every step finds."""
        values = self._known | given
        for step in self._steps:
            values |= step.taken(values)
        return values

    def _run(self, given: Values) -> list[ArrayLike]:
        values = self._all(given)
        return [_value(v, values) for v in self._outputs]

    def __call__(self, t: Reals, y: State, args: Any = ()) -> Results:
        """y'; `args` only where some of them are given anew."""
        program = None if self._programs is None else self._programs.values
        return tuple(self._found(self._run, program, self._given(t, y, args), often=True))

    def jacobian(self, t: Reals, y: State, args: Any = ()) -> tuple[Results, Matrix]:
        """y' and the entries dy'_i/dy_j that exist."""
        if self.short:  # all columns in one sweep, which compiles several times quicker
            at, n = jnp.stack(y), len(y)

            def along_all(direction: Array) -> tuple[Array, Array]:
                return jax.jvp(lambda v: jnp.stack(self(t, tuple(v), args)), (at,), (direction,))

            basis = jnp.broadcast_to(jnp.eye(n).reshape(n, n, *[1] * len(self.shape)), (n, *at.shape))
            rows, columns = jax.vmap(along_all, out_axes=(None, 0))(basis)
            return tuple(rows), {(i, j): columns[j, i] for i, row in enumerate(self.pattern) for j in row}
        program = None
        if self._programs is not None:
            program = self._programs.equations.derivatives([(self._inputs[1 + j], rows) for j, rows in self._columns])
        found, m = self._found(self._along_each, program, self._given(t, y, args)), len(self._outputs)
        return tuple(found[:m]), dict(zip([(i, j) for j, rows in self._columns for i in rows], found[m:], strict=True))

    def _along_each(self, given: Values) -> list[ArrayLike]:
        """y', and its derivatives column by column."""
        values = self._all(given)
        found = [_value(v, values) for v in self._outputs]
        for j, rows in self._columns:
            steps = [step for step in self._steps if 1 + j in step.by]
            name = self._inputs[1 + j]

            def along(
                v: Reals, name: Name = name, steps: list[_Step] = steps, rows: list[int] = rows
            ) -> list[ArrayLike]:
                anew: Values = {name: v}
                for step in steps:  # all others stay what they are
                    anew |= step.taken(anew, values)
                return [_value(self._outputs[i], anew, values) for i in rows]

            at = values[name]
            found += jax.jvp(along, (at,), (jnp.ones_like(at),))[1]
        return found

    def drift(self, t: Reals, y: State, args: Any = ()) -> State:
        """The explicit time derivative of y'."""
        name = self._inputs[0]

        def along_time(given: Values) -> list[ArrayLike]:
            at = given[name]
            return jax.jvp(lambda s: self._run(given | {name: s}), (at,), (jnp.ones_like(at),))[1]

        program = None
        if self._programs is not None:
            program = self._programs.equations.derivatives([(name, range(len(y)))], values=False)
        return tuple(self._found(along_time, program, self._given(t, y, args)))


class _Programs(NamedTuple):
    """For machine code of our own."""

    equations: Equations
    values: Trace
    """The stages take this one, again and again."""


class _Step(NamedTuple):
    """One operation of the trace."""

    step: Step
    by: frozenset[int]
    """Which of t and the unknowns it depends on."""

    def taken(self, *tables: Values) -> Values:
        """What it finds, its operands being looked up in tables."""
        found = self.step.again([_value(v, *tables) for v in self.step.operands])
        return dict(zip(self.step.results, found, strict=True))


def _product(values: list[Any]) -> list[Any]:
    return [values[0] * values[1]]


def _value(v: Name | Number, *tables: Values) -> ArrayLike:
    if isinstance(v, Number):
        return v.value
    return next(table[v] for table in tables if v in table)
