"""What a bifurcation diagram holds: branches, and the points where they turn or change their stability."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.multiples import has_multiples
from vrest.model.neutrality import left_charged
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.model.paths import Parameter, set_si
from vrest.numerics.compiler.fallback import Fallback
from vrest.shown import Drawn, Told
from vrest.system.assemble import System
from vrest.tables import Column, Table, number
from vrest.units import duration, to_si
from vrest.verbs.arguments import Argument, moved
from vrest.verbs.outputs import potentials
from vrest.verbs.readings import readings
from vrest.verbs.rest_all import Line
from vrest.verbs.restart import restarted
from vrest.verbs.slower import slower

if TYPE_CHECKING:
    from vrest.numerics.continuation import Curve, Point

    Followed = tuple[System, Line, Curve]
    """One branch with its equations, in which an ion that is gone is independent."""

KINDS = {"fold": "fold", "hopf": "Hopf point", "branch": "branch point"}
ENDS = {
    "bound": "the range ends",
    "closed": "it closes in itself",
    "lost": "no allowed state lies ahead: an ion runs out, a volume or V leaves all bounds, or a law is not smooth",
    "long": "it is longer than what is followed",
}
"""What curves carry and why they end, in words."""


@dataclass(frozen=True)
class Special:
    """A point where the stability of a branch changes, or where it turns back. Door units."""

    kind: str
    """`fold`, `hopf` or `branch`."""
    parameter: float
    multiple: float | None
    """Of the present value; None where that is zero or degC."""
    v: float | dict[str, float]
    """mV; by membrane where there are several."""
    concentrations: dict[str, dict[str, float]]
    """{compartment: {ion: mM}}."""
    volumes: dict[str, float]
    """um3."""
    period: float | None
    """Of the oscillation born at a Hopf point, s."""
    branch: int
    """Index of its branch."""


@dataclass(frozen=True)
class Branch(Told):
    """One connected curve of stationary states, in its order; special points are among its points."""

    system: System
    parameter: np.ndarray
    """(points,), door unit."""
    multiple: np.ndarray | None
    """(points,), of the present value; None where that is zero or degC."""
    states: np.ndarray
    """(points, states), raw SI."""
    parameters: np.ndarray
    """(points, parameters), raw SI."""
    growth: np.ndarray
    """(points,) largest real part of the eigenvalues, 1/s."""
    unstable: np.ndarray
    """(points,) number of eigenvalues with a positive real part."""
    kinds: tuple[str, ...]
    """Kind of each point, empty where it is not special."""
    ends: tuple[str, str]
    """Why it ends: keys of `ENDS`."""

    @property
    def stable(self) -> np.ndarray:
        """(points,) whether every small deviation dies out; a special point is not called stable."""
        return (self.unstable == 0) & np.array([not kind for kind in self.kinds])

    @property
    def v(self) -> np.ndarray:
        """mV: (points,), or (points, membranes) where there are several."""
        return potentials(self.system, self.states)

    @property
    def concentrations(self) -> dict[str, dict[str, np.ndarray]]:
        """{compartment: {ion: (points,) mM}}."""
        return readings(self.system, self.states.T, self.parameters.T).concentrations

    @property
    def volumes(self) -> dict[str, np.ndarray]:
        """{compartment: (points,) um3}."""
        return readings(self.system, self.states.T, self.parameters.T).volumes

    def _brief(self) -> Iterable[str]:
        first, last = number(float(self.parameter[0]), 6), number(float(self.parameter[-1]), 6)
        yield f"Branch of {len(self.parameter)} points, {first} to {last}, {int(self.stable.sum())} of them stable"

    def runs(self) -> list[tuple[int, int, bool]]:
        """Stretches of equal stability: (first, last, stable), each up to the special point that ends it."""
        change = [k for k, kind in enumerate(self.kinds) if kind and 0 < k < len(self.kinds) - 1]
        edges = [0, *change, len(self.kinds) - 1]
        return [(a, b, bool(self.stable[a + 1 if b - a > 1 else b])) for a, b in pairwise(edges)]


@dataclass(frozen=True)
class Bifurcation(Drawn):
    """Every branch of stationary states found between two values of a parameter. Door units."""

    drawn_by: ClassVar[str] = "vrest.plot.bifurcation:bifurcation_axes"
    methods: ClassVar[tuple[str, ...]] = ("Keller1977", "Kuznetsov2004", "Bradbury2018")
    cell: Cell
    along: Argument
    """What varies, with the ion that keeps its bath neutral, if any."""
    dimension: str
    unit: str
    present: float
    start: float
    stop: float
    branches: tuple[Branch, ...]
    special: tuple[Special, ...]
    notices: tuple[Notice, ...] = field(default=())
    fallbacks: tuple[Fallback, ...] = ()
    """What was left to XLA."""

    @property
    def path(self) -> str:
        """Full path of what varies."""
        return self.along.path

    @property
    def name(self) -> str:
        """The same, with the ion that goes along with it."""
        return self.along.name

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the curves."""
        ends = np.array([to_si(end, self.dimension) for end in (self.start, self.stop)])
        charged = left_charged(self.cell, moved(self.cell, [self.along], [ends]))
        return [*notices(self.cell), *charged, *self.notices, *slower(self.fallbacks)]

    def as_cell(self, branch: int, point: int) -> Cell:
        """The cell started from one point of a branch, at the parameter it has there."""
        b = self.branches[branch]
        si = float(to_si(float(b.parameter[point]), self.dimension, self.path))
        here = set_si(self.cell, moved(self.cell, [self.along], [si]))
        return restarted(here, b.system, b.states[point], b.parameters[point])

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        span = f"{number(self.start, 6)} to {number(self.stop, 6)} {self.unit} (present {number(self.present, 6)})"
        walls = self._walls
        many = f"{len(self.branches)} branch{'' if len(self.branches) == 1 else 'es'}"
        yield f"Bifurcation of '{self.cell.name}' over {self.name}, {span}: {many}"
        for point in self.special:
            times = "" if point.multiple is None else f" ({number(point.multiple, 6)}x)"
            v = point.v[walls[0]] if isinstance(point.v, dict) else point.v
            at = glued(f"{number(point.parameter, 6)} {self.unit}")
            after = f", period {duration(point.period)}" if point.period else ""
            where = f"{KINDS[point.kind]} on branch {point.branch + 1} at {at}{times}"
            yield f"  {where}, {glued(f'V {number(v, decimals=2)} mV')}{after}"

    @property
    def _walls(self) -> list[str]:
        """Names of the membranes."""
        return [wall.name for wall in self.branches[0].system.structure.walls] if self.branches else []

    def tables(self) -> tuple[Table, ...]:
        """Every point of the branches: parameter (door unit), V (mV), stability; the special ones; the stretches."""
        points = [(k, b, n) for k, b in enumerate(self.branches) for n in range(len(b.parameter))]
        walls = self._walls
        heads = ["V"] if len(walls) == 1 else [f"V {name}" for name in walls]
        v = [b.v.reshape(len(b.parameter), -1) for b in self.branches]
        stable = [b.stable for b in self.branches]
        curves = (
            Column("branch", "", [k + 1 for k, _, _ in points]),
            Column(self.name, self.unit, [float(b.parameter[n]) for _, b, n in points], digits=6, rounding=0.0),
            *(Column(h, "mV", [float(v[k][n, w]) for k, _, n in points], decimals=2) for w, h in enumerate(heads)),
            Column("stable", "", [bool(stable[k][n]) for k, _, n in points]),
            Column("largest eigenvalue", "1/s", [float(b.growth[n]) for _, b, n in points], rounding=0.0),
            Column("kind", "", [KINDS.get(b.kinds[n], "") for _, b, n in points]),
        )
        turns = (
            Column("kind", "", [KINDS[p.kind] for p in self.special]),
            Column("branch", "", [p.branch + 1 for p in self.special]),
            Column(self.name, self.unit, [p.parameter for p in self.special], digits=6, rounding=0.0),
            Column("of the present", "", [p.multiple for p in self.special], digits=6),
            *(
                Column(h, "mV", [p.v[w] if isinstance(p.v, dict) else p.v for p in self.special], decimals=2)
                for w, h in zip(walls, heads, strict=True)
            ),
            Column("period", "s", [p.period for p in self.special], form=duration),
        )
        runs = [(k, b, v[k][:, 0], run) for k, b in enumerate(self.branches) for run in b.runs()]
        stretches = [
            Column("branch", "", [k + 1 for k, *_ in runs]),
            Column("", "", ["stable" if run[2] else "unstable" for *_, run in runs]),
        ]
        moved = []
        for end, name in enumerate(("from", "to")):
            at = [float(b.parameter[run[end]]) for _, b, _, run in runs]
            times = [float(b.multiple[run[end]]) for _, b, _, run in runs if b.multiple is not None]
            v0 = [float(x[run[end]]) for _, _, x, run in runs]
            stretches.append(Column(name, self.unit, at, digits=6, rounding=0.0))
            stretches += [Column(name, "x", times, rounding=0.0)] if times else []
            moved.append(Column(f"{heads[0]} {name}", "mV", v0, decimals=2))
        return (
            Table(curves, "Points"),
            Table(turns, "Special points"),
            Table([*stretches, *moved], "Stretches of one stability"),
        )

    def _printed(self) -> tuple[Table, ...]:
        return self.tables()[-1:]  # what is special is said above it

    def _said(self) -> Iterable[str]:
        if not self.special:
            yield "no fold and no Hopf point"
        for k, branch in enumerate(self.branches):
            for end, place in zip(branch.ends, (0, -1), strict=True):
                if end not in ("bound", "closed"):
                    at = f"{number(float(branch.parameter[place]), 6)} {self.unit}"
                    yield f"branch {k + 1} ends at {at}: {ENDS[end]}"


def branch_of(parameter: Parameter, system: System, line: Line, curve: Curve) -> Branch:
    si = np.array([point.parameter for point in curve.points])
    ps, cs = line.p + si[:, None] * line.dp, line.c + si[:, None] * line.dc
    return Branch(
        system=system,
        parameter=np.asarray(parameter.door(si)),
        multiple=si / parameter.value if has_multiples(parameter, parameter.value) else None,
        states=np.asarray(system.join(np.array([point.y for point in curve.points]), cs, line.matrix)),
        parameters=ps,
        growth=np.array([point.eigenvalues.real.max() for point in curve.points]),
        unstable=np.array([point.unstable for point in curve.points]),
        kinds=tuple(point.kind for point in curve.points),
        ends=curve.ends,
    )


def special_of(parameter: Parameter, branch: Branch, k: int, n: int, point: Point) -> Special:
    walls = branch.system.structure.walls
    v = dict(zip([w.name for w in walls], np.atleast_1d(branch.v[n]).tolist(), strict=True))
    turn = np.abs(point.eigenvalues[np.argmin(np.abs(point.eigenvalues.real))].imag)
    return Special(
        kind=point.kind,
        parameter=float(branch.parameter[n]),
        multiple=None if branch.multiple is None else float(branch.multiple[n]),
        v=next(iter(v.values())) if len(v) == 1 else v,
        concentrations={s: {i: float(c[n]) for i, c in ions.items()} for s, ions in branch.concentrations.items()},
        volumes={name: float(size[n]) for name, size in branch.volumes.items()},
        period=float(2 * np.pi / turn) if point.kind == "hopf" else None,
        branch=k,
    )
