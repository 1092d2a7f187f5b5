"""`interval_stepper`: a batch of cells taken forward by one interval after another, the step that tissue repeats."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.lanes import FINISHED, RUNNING, Lanes
from vrest.physics.namespace import Array
from vrest.system.assemble import System
from vrest.verbs.allowed import allowed_of
from vrest.verbs.batch import constants_of


class Interval(NamedTuple):
    """Where a batch is after an interval."""

    y: Array
    """(independent states, cells)"""
    h: Array
    """(cells,) step size that each cell goes on with, s."""
    arrived: Array
    """(cells,) whether it got to the end; a step size that fell to rounding leaves it where it was."""
    steps: Array
    """(cells,) accepted steps."""
    rejected: Array
    """(cells,)"""


class IntervalStepper:
    """What `interval_stepper` returns; `__wrapped__` is the same step for other JAX code."""

    def __init__(self, step: Callable[..., Interval], kernel: Kernel) -> None:
        self.__wrapped__, self.kernel = step, kernel

    def __call__(self, y: Array, h: Array, numbers: Array, dt: float, rtol: float) -> Interval:
        return self.kernel((y, np.broadcast_to(h, np.shape(y)[1:]), numbers), (float(dt), float(rtol)))


@lru_cache(maxsize=64)
def interval_stepper(system: System) -> IntervalStepper:
    """The compiled step of many cells through a time dt.

    Parameters
    ----------
    system
        Their equations, `assemble(cell)`.

    Returns
    -------
    callable
        step(y, h, numbers, dt, rtol) -> Interval, with y and h as in `Interval` (h = 0 asks for a cautious first
        step) and numbers (parameters + constants, cells) from `vrest.verbs.batch.numbers_of`. Parameters may be other
        ones in each call: nothing is compiled again. Other compiled JAX code calls `step.__wrapped__`. A cell that
        is quiet takes one step an interval, however long.

    >>> import numpy as np
    >>> import vrest
    >>> from vrest.system.assemble import assemble
    >>> from vrest.system.structure import parameter_vector
    >>> from vrest.verbs.batch import numbers_of
    >>> cell = vrest.load("mammalian_neuron")
    >>> system = assemble(cell)
    >>> p = np.tile(parameter_vector(cell), (4, 1))
    >>> y, c, matrix = system.split(np.tile(system.start(cell), (4, 1)), p)
    >>> step = interval_stepper(system)
    >>> now = step(y.T, np.zeros(4), numbers_of(p, c, matrix), 60.0, 1e-6)
    >>> now = step(now.y, now.h, numbers_of(p, c, matrix), 60.0, 1e-6)
    >>> [int(n) for n in now.steps]
    [1, 1, 1, 1]
    """
    allowed = allowed_of(system)

    def step(y: Array, h: Array, numbers: Array, dt: Array, rtol: Array) -> Interval:
        import jax.numpy as jnp

        from vrest.numerics.batch import advance

        nothing = jnp.zeros_like(h)
        count = jnp.zeros(h.shape, dtype=int)
        done = advance(
            lambda t, y, args: system.reduced_entries(y, args[0]),
            Lanes(nothing, h, y, count, jnp.full_like(count, RUNNING), count, count),
            constants_of(system, numbers),
            jnp.stack([jnp.zeros_like(dt), dt]),
            valid=lambda y, args: allowed.positive_part(y, *args[1:]),
            rtol=rtol,
            atol=allowed.tolerance(rtol),
            attempts=jnp.iinfo(count.dtype).max,
            quick=system.quick,
        ).lanes
        return Interval(done.y, done.h, done.status == FINISHED, done.steps, done.rejected)

    return IntervalStepper(step, Kernel(lambda lanes, shared: step(*lanes, *shared), system.key("interval")))
