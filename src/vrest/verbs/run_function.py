"""`run_function`: a run as a function that JAX differentiates forward, through the integrator's own steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from vrest.model.cellfile import CellLike, load
from vrest.model.protocol import Protocol, protocol, segments
from vrest.system.assemble import System, assemble, entries
from vrest.units import duration
from vrest.verbs.allowed import allowed_of
from vrest.verbs.arguments import OfArguments, arguments
from vrest.verbs.motion import motion
from vrest.verbs.outputs import Output, checked, reading
from vrest.verbs.run import FIRST_MOMENT, RTOL, accuracy, moments, span

MOST_STEPS = 1_000_000
"""Steps between two times that are reported; who needs more gets NaN."""


@dataclass(frozen=True, eq=False)  # hashed by identity, as JAX asks of a function
class RunFunction(OfArguments):
    """Potentials or states at given times as a function of some numbers of a cell. Build it with `run_function`."""

    plan: Protocol
    times: np.ndarray
    """s, (times,); a single number () asks for the end alone."""
    rtol: float
    output: Output

    def _brief(self) -> Iterable[str]:
        end = duration(float(np.max(self.times)))
        yield f"{self.output} of '{self.of.cell.name}' up to {end} as a function of {', '.join(self.paths)}"

    def __call__(self, values: Any) -> Any:
        """At values in door units, (paths,); NaN from where the run could not go on."""
        import jax.numpy as jnp

        return self._compiled(jnp.asarray(values, dtype=float))

    @cached_property
    def _compiled(self) -> Any:
        import jax

        return jax.jit(self._run)

    def _run(self, values: Any) -> Any:
        import jax
        import jax.numpy as jnp

        from vrest.numerics.rosenbrock import reach

        system = assemble(self.of.cell)
        p0, x0 = self.of.described(system, values)
        y0, c, matrix = system.split(x0, p0)
        atol = allowed_of(system).tolerance(self.rtol)
        stops, first, p, slope, start, moving = self._stretches(system, values, p0)
        f, valid = motion(system, moving)

        def stretch(carry: Any, piece: Any) -> Any:
            t, y, h = carry
            stop, fresh, p, slope, start = piece
            h = jnp.where(fresh, jnp.minimum(h, FIRST_MOMENT), h)  # a step in a parameter starts a new transient
            args = (p, slope, start, entries(c), entries(matrix.reshape(-1)))
            y, h = reach(
                f, t, y, stop, h, args, valid=valid, rtol=self.rtol, atol=atol, max_steps=MOST_STEPS, quick=system.quick
            )
            return (stop, y, h), y

        begin = (jnp.asarray(0.0), y0, jnp.asarray(0.0))
        _, y = jax.lax.scan(stretch, begin, (jnp.asarray(stops), jnp.asarray(first), p, slope, jnp.asarray(start)))
        wanted = np.searchsorted(stops, self.times)
        return reading(system, system.join(y[wanted], c, matrix), p[wanted], self.output)

    def _stretches(self, system: System, values: Any, p0: Any) -> tuple[Any, ...]:
        """Where each stretch stops, whether it begins a segment, and the segment's parameters, slopes and start."""
        import jax.numpy as jnp

        pieces = segments(self.of.cell_with(values), self.plan, float(self.times.max()))
        stops = np.union1d(self.times, [piece.stop for piece in pieces])
        which = np.searchsorted([piece.stop for piece in pieces], stops)
        p = jnp.stack([system.with_values(p0, piece.values) for piece in pieces])
        slope = jnp.stack([system.with_values(jnp.zeros_like(p0), piece.slopes) for piece in pieces])
        start = np.array([piece.start for piece in pieces])[which]
        first = np.diff(which, prepend=-1) > 0
        moving = any(piece.slopes for piece in pieces)
        return stops, first, p[which], slope[which], start, moving


def run_function(
    cell: CellLike,
    paths: str | Iterable[str],
    events: Protocol | Iterable[tuple[Any, Any]] | None = None,
    until: float | str = "1 h",
    *,
    times: Any = None,
    rtol: float = RTOL,
    output: Output = "v",
) -> RunFunction:
    """A run as a function of numbers of the cell, for `jax.jvp`, `jacfwd` and `vmap`.

    Derivatives go through every step that the integrator takes: they solve the variational equation with its own
    method and steps. Step sizes are held fixed for that, because how they change belongs to the error of the
    solution. Reverse mode (`jax.grad`) does not go through a loop of unknown length: use `jacfwd`.

    Parameters
    ----------
    cell, events, until, rtol
        As for `simulate`. A factor or `restore` refers to the value that the function is given.
    paths
        Numbers of the cell, such as `["outside.K", "pump.max_rate"]`.
    times
        Times to report, s (increasing, within 0..until); by default the end alone, without a time axis.
    output
        `"v"`: potential, mV: (times,), or (times, membranes) where there are several. `"state"`: a dictionary of
        `v`, `concentrations` (mM, by finite compartment and ion) and `volumes` (um3).

    Returns
    -------
    RunFunction
        Takes an array in door units, (paths,); its `values` are those of the cell, its `steps` 1 % of them. NaN from
        the time on that a run could not pass (`simulate` says why), and everywhere if a value is outside its limits or
        nothing balances the charge.

    Raises
    ------
    InputError
        Paths that name nothing, that are solved, that would leave a charge unbalanced; what `simulate` refuses.

    >>> import jax
    >>> v = run_function("mammalian_neuron", "outside.K", [("1 s", "pump.max_rate*=0")], "2 s")
    >>> jax.jacfwd(v)(v.values).round(3).tolist()  # mV per mM of potassium outside, two seconds later
    [1.603]
    """
    import vrest.numerics.compiler.backend  # noqa: F401  (float64, before anyone traces it)

    checked(output)
    cell = load(cell)
    stop = span(until)
    at = np.asarray(stop) if times is None else moments(times, stop)
    of = arguments(cell, paths)
    plan = protocol(events)
    segments(cell, plan, stop)  # refuses a protocol that makes no sense
    return RunFunction(of, plan, at, accuracy(rtol), output)
