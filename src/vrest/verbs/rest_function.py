"""`rest_function`: the resting state as a function that JAX differentiates, by the implicit function theorem."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cellfile import CellLike, load
from vrest.physics.namespace import Array
from vrest.system.assemble import System, assemble, entries
from vrest.verbs.allowed import allowed_of
from vrest.verbs.arguments import OfArguments, arguments
from vrest.verbs.outputs import Output, checked, reading
from vrest.verbs.rest_batch import rest_batch


@dataclass(frozen=True, eq=False)  # hashed by identity, as JAX asks of a function
class RestFunction(OfArguments):
    """A resting potential or state as a function of some numbers of a cell. Build it with `rest_function`."""

    output: Output

    def _brief(self) -> Iterable[str]:
        yield f"Resting {self.output} of '{self.of.cell.name}' as a function of {', '.join(self.paths)}"

    def __call__(self, values: Array) -> Any:
        """At values in door units, (paths,); NaN where the cell does not rest."""
        import jax.numpy as jnp

        p, x0 = self._described(jnp.asarray(values, dtype=float))
        return self._read(differentiable_rest(self._system)(p, x0), p, x0)

    @cached_property
    def _system(self) -> System:
        return assemble(self.of.cell, only_active=True)

    @cached_property
    def _described(self) -> Callable[[Array], tuple[Array, Array]]:
        import jax

        return jax.jit(lambda values: self.of.described(self._system, values))

    @cached_property
    def _read(self) -> Callable[[Array, Array, Array], Any]:
        import jax

        system = self._system

        def read(y: Array, p: Array, x0: Array) -> Any:
            _, c, matrix = system.split(x0, p)
            return reading(system, system.join(y, c, matrix), p, self.output)

        return jax.jit(read)


def rest_function(cell: CellLike, paths: str | Iterable[str], output: Output = "v") -> RestFunction:
    """The resting state as a function of numbers of the cell, for `jax.jvp`, `grad`, `jacfwd`, `hessian` and `vmap`.

    It is found and certified as by `rest`. At a rest 0 = f(y, a) for every a, so that dy = -(df/dy)^-1 (df/da) da:
    one linear system, whatever the search did. Where conserved totals, volumes and solved charges depend on the
    numbers, a contains them.

    Parameters
    ----------
    cell
        As of `rest`. What is not among the paths keeps its numbers; what it has as `"solve"` is solved anew.
    paths
        Numbers of the cell, such as `["outside.K", "pump.max_rate"]`.
    output
        `"v"`: potential, mV; (membranes,) where there are several. `"state"`: a dictionary of `v`, `concentrations`
        (mM, by finite compartment and ion) and `volumes` (um3).

    Returns
    -------
    RestFunction
        Takes an array in door units, (paths,); its `values` are those of the cell, its `steps` 1 % of them. NaN, and
        so is every derivative, where a value is outside its limits or switches off what determines a total, nothing
        balances the charge, an ion is used up, or `rest` would find no certified rest: ask `rest` for the reason.

    Raises
    ------
    InputError
        Paths that name nothing, that are solved, that would leave a charge unbalanced; the strength of a transport
        that is off, without which other totals are conserved.

    >>> import jax
    >>> v = rest_function("mammalian_neuron", ["outside.K", "pump.max_rate"])
    >>> v.values.round(3), round(float(v(v.values)), 6)
    (array([ 5.   , 66.667]), -70.0)
    >>> jax.grad(v)(v.values).round(3).tolist()  # mV per mM, and mV per pmol/cm2/s
    [2.197, -0.033]
    >>> (jax.grad(v)(v.values) * v.steps).round(3).tolist()  # mV for 1 % more of each
    [0.11, -0.022]
    """
    import vrest.numerics.compiler.backend  # noqa: F401  (float64, before anyone traces it)

    checked(output)
    cell = load(cell)
    of = arguments(cell, paths)
    system = assemble(cell, only_active=True)
    off = {m.path(m.kind.strength): m.label for m in system.structure.movers if not m.active and m.kind.strength}
    for parameter in of.parameters:
        if parameter.path in off:
            raise InputError(
                f"{parameter.path} cannot vary from 0: what is conserved changes when '{off[parameter.path]}' is on.",
                code="switched_off",
                hint="Begin with a small value above 0.",
            )
    if not system.laws.independent:
        hint = "Switch a channel, a pump or water on."
        raise InputError(f"Nothing in '{cell.name}' moves ions or water.", code="nothing_moves", hint=hint)
    return RestFunction(of, output)


@lru_cache(maxsize=64)
def differentiable_rest(system: System, faces: bool = False) -> Callable[[Array, Array], Array]:
    """The certified rest of one system, differentiable: (p, x0) -> y; NaN where there is none.

    It is found by the search of `rest` outside of JAX, for all that `jax.vmap` asks for together. With `faces`, a rest
    without an ion that is used up is one too: the ion stays away as the numbers change; otherwise it is NaN.
    """
    import jax
    import jax.numpy as jnp

    import vrest.numerics.compiler.backend  # noqa: F401

    rows, scale = list(system.laws.independent), allowed_of(system).scale
    amounts = np.array([system.states[k][0] == "amount" for k in rows])

    def rests(p: Array, x0: Array) -> np.ndarray:
        p, x0 = np.asarray(p), np.asarray(x0)
        lanes = np.broadcast_shapes(p.shape[:-1], x0.shape[:-1])
        p, x0 = (np.broadcast_to(v, (*lanes, v.shape[-1])).reshape(-1, v.shape[-1]) for v in (p, x0))
        possible = np.isfinite(p).all(axis=1) & np.isfinite(x0).all(axis=1)
        y = np.full((len(p), len(rows)), np.nan)
        found = rest_batch(system, p[possible], x0[possible])
        good = found.is_rest & (faces | (found.state[:, allowed_of(system).positive] > 0).all(axis=1))
        y[possible] = np.where(good[:, None], found.state[:, rows], np.nan)
        return y.reshape(*lanes, len(rows))

    @jax.custom_jvp
    def rest_at(p: Array, x0: Array) -> Array:
        known = jax.ShapeDtypeStruct((len(rows),), jnp.float64)
        return jax.pure_callback(rests, known, p, x0, vmap_method="broadcast_all")

    @jax.jit
    def push(y: Array, at: tuple[Array, Array], along: tuple[Array, Array]) -> Array:
        def slope(z: Array, p: Array, x0: Array) -> Array:
            return system.reduced(z, (p, *system.split(x0, p)[1:]))

        moved = jax.jvp(lambda *a: slope(y, *a), at, along)[1]
        s = jnp.stack(scale(entries(y)))  # pivots compare like with like
        jacobian = jax.jacfwd(slope)(y, *at) * s[None, :] / s[:, None]
        if faces:
            gone = amounts & (y == 0.0)
            jacobian = jnp.where(gone[:, None], jnp.eye(len(rows)), jacobian)
            moved = jnp.where(gone, 0.0, moved)
        return -s * jnp.linalg.solve(jacobian, moved / s)

    @rest_at.defjvp
    def _(at: tuple[Array, Array], along: tuple[Array, Array]) -> tuple[Array, Array]:
        y = rest_at(*at)
        return y, push(y, at, along)

    return rest_at
