"""The kernels that a page carries: those that answer natively, compiled for a browser as well."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from vrest.numerics.compiler.kernel import Kernel
from vrest.numerics.compiler.webassembly import Assembled
from vrest.numerics.lanes import begun
from vrest.numerics.stationary import BOLD
from vrest.page.packed import packed
from vrest.physics.namespace import Array
from vrest.study.explain.parts import accounting
from vrest.system.assemble import System
from vrest.system.totals import Holdable
from vrest.units import from_si
from vrest.verbs.describing import Description, description, own_numbers
from vrest.verbs.describing import describing as describing_si
from vrest.verbs.held_totals import holds
from vrest.verbs.instant import AtOnce, drifting
from vrest.verbs.judging import judging
from vrest.verbs.prepared import Prepared
from vrest.verbs.readings import reading
from vrest.verbs.run_batch import one_stage
from vrest.verbs.searching import following, settling


class Asked(NamedTuple):
    """A kernel, and arguments of the sorts that it is to take."""

    kernel: Any
    """A `Kernel`, some of which are typed by what they take."""
    lanes: Any
    shared: Any
    sampled: bool = False

    def for_browser(self) -> Assembled:
        """The kernel as WebAssembly."""
        return self.kernel.for_browser(self.lanes, self.shared, sampled=self.sampled)


def kernels(ready: Prepared) -> dict[str, Asked]:
    """What answers for a prepared cell, by what it does.

    `describe` takes values of the paths in door units (paths, lanes) and the cell's own numbers, and gives parameters
    and starting state, SI, which the others take. `settle` and `follow` take beside them which further totals are held
    (see `carried`), `instant` answers in mV, `read` and `account` in door units.
    """
    system = ready.system
    p, x = ready.described(ready.si())
    y = np.ascontiguousarray(x[list(system.laws.independent)])
    one, form = np.ones(1), pinning(system, holds(ready.cell).holdable)
    hold = np.zeros((form.rows, 1))
    return {
        "describe": Asked(
            describing(system, description(ready.of)), (ready.values[:, None],), (own_numbers(ready.of),)
        ),
        "settle": Asked(settling(system, form), (x, y, p, hold), (BOLD, 1)),
        "follow": Asked(following(system, form), (begun(0.0, y), one, one, x, p, hold), (1, BOLD)),
        "judge": Asked(judging(system), (x, p, x), ()),
        "instant": Asked(at_once(system), (x, p), ()),
        "account": Asked(accounting(system), (x, p), ()),
        "read": Asked(reading(system), (x, p), ()),
        "run": Asked(*one_stage(system, p, x), sampled=True),
    }


def pinning(system: System, form: Holdable) -> Holdable:
    """The same with every amount among what may be held: at zero, where an ion is used up."""
    amounts = {i for i, k in enumerate(system.laws.independent) if system.states[k][0] == "amount"}
    return replace(form, places=tuple(sorted({*form.places, *amounts})))


@lru_cache(maxsize=64)
def describing(system: System, known: Description) -> Kernel:
    """`verbs.describing.describing`, of values in door units."""
    inner: Any = describing_si(system, known)

    def describe(lanes: tuple[Array], shared: tuple[Array]) -> tuple[Array, Array]:
        import jax.numpy as jnp

        return inner.f((jnp.stack(known.of.si(jnp.unstack(lanes[0]))),), shared)

    return Kernel(describe, system.key(f"page describe {known.kind}"))


@lru_cache(maxsize=64)
def at_once(system: System) -> Kernel:
    """`verbs.instant.drifting`, in mV."""
    inner: Any = drifting(system)

    def drift(rows: tuple[Array, Array], nothing: tuple[()]) -> AtOnce:
        found = inner.f(rows, nothing)
        return found._replace(v=from_si(found.v, "potential"))

    return Kernel(drift, system.key("page instant"))


def told(made: Assembled) -> dict[str, Any]:
    """A kernel as it stands in a page: how it is called (`abi`), and both forms of its code."""
    lanes, shared = made.kinds[: made.wide], made.kinds[made.wide :]
    return {
        "abi": {
            "lanes": [[list(shape), kind] for kind, shape in lanes],
            "shared": [[list(shape), kind] for kind, shape in shared],
            "outs": [[list(shape), kind, wide] for shape, kind, wide in made.outputs],
            "fields": list(_fields(made.nesting, "")),
            "samples": made.samples,
        },
        "simd": packed(made.simd),
        "plain": packed(made.plain),
    }


def name_of(made: Assembled) -> str:
    """What its code is called in a page: cells with the same equations share it."""
    return hashlib.sha256(made.simd + repr(made.outputs).encode()).hexdigest()[:16]


def _fields(nesting: Any, name: str) -> Iterator[str]:
    """A name for each array of nested tuples: of its place in each, joined by points."""
    if isinstance(nesting, tuple):
        kind, *parts = nesting
        names = getattr(kind, "_fields", range(len(parts)))
        for part, own in zip(parts, names, strict=True):
            yield from _fields(part, f"{name}.{own}" if name else str(own))
    elif nesting is not None:
        yield name
