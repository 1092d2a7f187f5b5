"""V as a function of the unknowns of a fit and of what was set: five models, each with its exact derivative.

All are functions of the parameter vector and the contents that a cell describes, so that one way of naming numbers
serves them all. `ghk`, `mullins_noda` and `chord` are closed forms; `instant` finds where the frozen cell carries no
current, `settled` where it rests; both are differentiated by the implicit function theorem.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.channels import GHKLeak, OhmicLeak
from vrest.model.paths import parameters, resolve
from vrest.physics.chord import chord_potential
from vrest.physics.ghk import ghk_chord_conductance, ghk_voltage
from vrest.physics.mullins_noda import mullins_noda
from vrest.physics.nernst import nernst
from vrest.study.fit.free import PUMP_RATIO, Free, free_parameters, path_values
from vrest.system.assemble import System, assemble
from vrest.units import from_door, from_si
from vrest.verbs.arguments import Arguments, arguments
from vrest.verbs.gradient import gradient_of
from vrest.verbs.prepared import Prepared

Array = NDArray[np.float64]
Model = Literal["ghk", "mullins_noda", "chord", "instant", "settled"]
MODELS: tuple[Model, ...] = get_args(Model)
CITES: Mapping[Model, tuple[str, ...]] = {
    "ghk": ("Goldman1943", "Hodgkin1949"),
    "mullins_noda": ("Mullins1963",),
    "chord": ("Hodgkin1959",),
    "instant": ("Bradbury2018",),
    "settled": ("Sandu1997", "Bradbury2018"),
}
"""Keys of `references.bib`."""

SOLVED: tuple[Model, ...] = ("instant", "settled")

TINY = 1e-30
"""Of an imaginary step."""

FEW_ROWS, MANY_ROWS = 16, 256
"""Rows that are worked out together, by models that are solved and by closed forms: one width each, so that no number
of rows compiles anything again."""


@dataclass(frozen=True)
class Known:
    """A model of a cell with its unknowns, equal to another if their numbers are: those share compiled code."""

    model: Model
    free: tuple[Free, ...]
    conditions: tuple[str, ...]
    system: System
    numbers: tuple[tuple[str, Any], ...]
    of: Arguments = field(compare=False)


@dataclass(frozen=True)
class Predictor:
    """V (mV) and its derivatives for any unknowns (as the optimiser sees them) and conditions (door units)."""

    known: Known

    @property
    def free(self) -> tuple[Free, ...]:
        """The unknowns."""
        return self.known.free

    def __call__(self, inner: Array, rows: Array) -> tuple[Array, Array]:
        """V (n,) and dV/dinner (n, unknowns) at unknowns (unknowns,) or (n, unknowns); NaN where there is none."""
        n, k = len(rows), len(self.free)
        each = np.broadcast_to(inner, (n, k))
        if self.known.model == "settled":
            return self._settled(each, rows)
        width = FEW_ROWS if self.known.model in SOLVED else MANY_ROWS
        lanes = np.minimum(np.arange(-(-n // width) * width), n - 1)
        parts = [
            compiled(self.known)(each[lanes[a : a + width]], rows[lanes[a : a + width]])
            for a in range(0, len(lanes), width)
        ]
        v, slope = (np.concatenate([np.asarray(part) for part in column])[:n] for column in zip(*parts, strict=True))
        return v, slope

    def _settled(self, inner: Array, rows: Array) -> tuple[Array, Array]:
        """The same of cells that rest, from machine code."""
        of, free, k = self.known.of, self.free, len(self.free)
        moved = inner.T + TINY * 1j * np.eye(k)[..., None]  # the imaginary part of a product is exactly its derivative
        values = path_values(free, [each.outer(moved[:, m]) for m, each in enumerate(free)])
        told = np.stack([values[path] for each in free for path in each.paths])
        ready = Prepared(of)
        door = np.concatenate([np.real(told[:, 0]), rows.T])
        rests = ready.rest(door)
        slopes = gradient_of(of, rests, ready.si(door), faces=True).readings[: len(told), 0]  # of the first membrane
        return np.atleast_2d(rests.v)[0], np.einsum("pn,pkn->nk", slopes, np.imag(told) / TINY)


def predictor(cell: Cell, model: str, names: Any, conditions: tuple[str, ...]) -> Predictor:
    """A model of a cell. To the conditions all other concentrations of baths are added: they may vary next.

    Raises
    ------
    InputError
        `unknown_model`; `model_does_not_apply` (the cell has what the model knows nothing of); `not_in_model` (an
        unknown or a condition that the model does not use); what `free_parameters` refuses; `varies_twice`.
    """
    chosen: Any = model
    if chosen not in MODELS:
        raise InputError(f"There is no model '{model}'.", code="unknown_model", hint=near_miss(str(model), [*MODELS]))
    if chosen == "instant" and len(cell.membranes) > 1:
        problem = f"'{cell.name}' has {len(cell.membranes)} membranes, and the model instant finds V of one alone."
        raise InputError(problem, code="model_does_not_apply", hint="Choose the model 'settled', or a closed form.")
    system = assemble(cell, only_active=chosen == "settled")
    weights = _weights(cell, chosen)
    per_door = from_si(from_door(1.0, "permeability"), "specific_conductance")
    free = free_parameters(cell, names, {path: g * per_door for path, g in weights.items()})
    for each in free:
        for path in each.paths or (each.name,):
            if not _uses(cell, chosen, path):
                raise InputError(
                    f"The model {model} does not use {path}: no data could tell it.",
                    code="not_in_model",
                    hint="Free something else, or choose the model 'settled' or 'instant'.",
                )
    for path in conditions:
        if not _uses(cell, chosen, path) and ".ions." not in path:
            raise InputError(
                f"The data set {path}, which the model {model} does not use.",
                code="not_in_model",
                hint="Choose the model 'settled' or 'instant', or leave the column out.",
            )
    paths = [path for each in free for path in each.paths]
    if both := set(paths) & set(conditions):
        raise InputError(f"{both.pop()} is set by the data.", code="varies_twice", hint="Do not free it as well.")
    conditions += _other_baths(cell, (*paths, *conditions))
    numbers = tuple((path, p.value) for path, p in parameters(cell).items())
    return Predictor(Known(chosen, free, conditions, system, numbers, arguments(cell, [*paths, *conditions])))


def door_row(cell: Cell, conditions: Iterable[str]) -> Array:
    """The cell's own values of some conditions, (c,), door units."""
    own = [resolve(cell, path) for path in conditions]
    return np.array([p.door(p.value) for p in own], dtype=np.float64)


def _other_baths(cell: Cell, named: tuple[str, ...]) -> tuple[str, ...]:
    """Concentrations of baths that are not among those named."""
    baths = {name: space for name, space in cell.compartments.items() if space.kind == "bath"}
    paths = [f"compartments.{name}.ions.{ion}" for name, space in baths.items() for ion in space.ions]
    return tuple(path for path in paths if path not in named)


def _weights(cell: Cell, model: Model) -> dict[str, float]:
    """Refuse a cell that the model is not about; for `chord`, the chord conductance per permeability of each leak."""
    if model in SOLVED:
        return {}
    (membrane, wall), *_ = cell.membranes.items()
    valence, weights = cell.valence(), {}
    here = {"potential": wall.potential, "temperature": cell.temperature}
    found: set[str] = set()
    for label, t in wall.transports.items():
        if not t.is_channel or t.is_off:
            continue
        ion = next(iter(t.moved_ions))
        fits = isinstance(t, GHKLeak) and abs(valence[ion]) == 1
        if model == "mullins_noda":
            fits = fits and ion in ("K", "Na", "Cl")
        elif model == "chord":
            fits = isinstance(t, GHKLeak | OhmicLeak)
        if not fits:
            raise InputError(
                f"The model {model} knows nothing of '{label}' ({type(t).__name__} of {ion}) of '{cell.name}'.",
                code="model_does_not_apply",
                hint="Choose the model 'settled' or 'instant'.",
            )
        found.add(ion)
        if model == "chord" and isinstance(t, GHKLeak):
            inside, outside = cell.contents(wall.inside)[ion], cell.contents(wall.outside)[ion]
            if not inside or not outside:
                problem = f"The model chord needs E_{ion}, and one side of '{cell.name}' has no {ion}."
                hint = f"Switch '{label}' off, or choose the model 'ghk' or 'instant'."
                raise InputError(problem, code="undefined", hint=hint)
            g = ghk_chord_conductance(1.0, valence[ion], inside=inside, outside=outside, **here)
            weights[f"membranes.{membrane}.transports.{label}.permeability"] = float(g)
    if not found or (model == "mullins_noda" and not {"K", "Na"} <= found):
        problem = f"The model {model} needs leaks{' of K and Na' if model == 'mullins_noda' else ''} that are on."
        raise InputError(problem, code="model_does_not_apply", hint="Switch them on.")
    return weights


def _uses(cell: Cell, model: Model, path: str) -> bool:
    """Whether V of a model may depend on a number of the cell."""
    if path == PUMP_RATIO or model in SOLVED:
        return (path == PUMP_RATIO) == (model == "mullins_noda")
    parts = path.split(".")
    name, membrane = next(iter(cell.membranes.items()))
    ions = ("K", "Na") if model == "mullins_noda" else None
    if parts[0] == "membranes" and len(parts) == 5:
        if parts[1] != name:
            return False
        t = membrane.transports[parts[3]]
        return t.is_channel and parts[4] == t.strength and (ions is None or next(iter(t.moved_ions)) in ions)
    moved = {ion for t in membrane.transports.values() if t.is_channel for ion in t.moved_ions}
    near = ".ions." in path and parts[1] in (membrane.inside, membrane.outside)
    return path == "temperature" or (near and parts[3] in (ions or moved))


@lru_cache(maxsize=64)
def compiled(known: Known) -> Any:
    """(unknowns (n, k), rows (n, c)) -> (V (n,), dV/dunknowns (n, k)), mV."""
    import jax

    one = traced(known)

    def both(inner: Any, row: Any) -> Any:
        def twice(inner: Any) -> Any:
            v = one(inner, row)
            return v, v

        slope, v = jax.jacfwd(twice, has_aux=True)(inner)
        return v, slope

    return jax.jit(jax.vmap(both))


@lru_cache(maxsize=64)
def traced(known: Known) -> Callable[[Any, Any], Any]:
    """(unknowns (k,), row (c,)) -> V, mV; to be traced by JAX."""
    import jax.numpy as jnp

    import vrest.numerics.compiler.backend  # noqa: F401

    free, system = known.free, known.system
    order = [path for each in free for path in each.paths]
    positive = np.array([each.positive for each in free])
    potential = _potential(known)

    def one(inner: Any, row: Any) -> Any:
        values = jnp.where(positive, jnp.exp(jnp.where(positive, inner, 0.0)), inner)
        found = path_values(free, values)
        p, x = known.of.described(system, jnp.concatenate([jnp.stack([found[path] for path in order]), row]))
        extra = {each.name: value for each, value in zip(free, values, strict=True) if not each.paths}
        return from_si(potential(p, x, extra), "potential")

    return one


def _potential(known: Known) -> Callable[[Any, Any, dict[str, Any]], Any]:
    """(parameters, contents, r of a pump) -> V, in V."""
    system, cell = known.system, known.of.cell
    if known.model == "settled":
        from vrest.verbs.rest_function import differentiable_rest

        rests = differentiable_rest(system, faces=True)

        def at_rest(p: Any, x: Any, extra: dict[str, Any]) -> Any:
            _, c, matrix = system.split(x, p)
            return system.potential(system.join(rests(p, x), c, matrix), system.structure.walls[0])

        return at_rest
    if known.model == "instant":
        from vrest.verbs.instant_function import at_once

        return lambda p, x, extra: at_once(system)(p, x)
    wall = system.structure.walls[0]
    base = f"membranes.{wall.name}.transports."
    leaks = [
        (next(iter(t.moved_ions)), f"{base}{label}.{t.strength}")
        for label, t in cell.membranes[wall.name].transports.items()
        if t.is_channel and not t.is_off
    ]
    ions = list(dict.fromkeys(ion for ion, _ in leaks))
    z = [system.valence[ion] for ion in ions]
    weights = _weights(cell, known.model)

    def formula(p: Any, x: Any, extra: dict[str, Any]) -> Any:
        inside, outside = system.free(x, p, wall.inside), system.free(x, p, wall.outside)
        celsius = {"temperature": system.get(p, "temperature")}
        strength = {
            ion: sum(system.get(p, path) * weights.get(path, 1.0) for other, path in leaks if other == ion)
            for ion in ions
        }
        if known.model == "mullins_noda":
            return mullins_noda(
                permeability_k=strength["K"],
                permeability_na=strength["Na"],
                k_inside=inside["K"],
                k_outside=outside["K"],
                na_inside=inside["Na"],
                na_outside=outside["Na"],
                pump_ratio=extra.get(PUMP_RATIO, 1.5),
                **celsius,
            )
        within, without = [inside[ion] for ion in ions], [outside[ion] for ion in ions]
        if known.model == "ghk":
            return ghk_voltage([strength[i] for i in ions], z, inside=within, outside=without, **celsius)
        reversals = [nernst(k, inside=i, outside=o, **celsius) for k, i, o in zip(z, within, without, strict=True)]
        return chord_potential([strength[i] for i in ions], reversals)

    return formula
