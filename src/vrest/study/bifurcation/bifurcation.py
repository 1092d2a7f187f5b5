"""`bifurcation`: how the resting states of a cell move, appear and vanish along one parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vrest.errors import InputError, NoRestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.multiples import value_of
from vrest.model.notice import Notice
from vrest.model.paths import Parameter
from vrest.model.quantity import check
from vrest.numerics.compiler.fallback import fallbacks
from vrest.study.bifurcation.branch import Bifurcation, branch_of, special_of
from vrest.study.bifurcation.curves import all_curves, cell_at, line_of
from vrest.system.assemble import System, assemble
from vrest.units import format_si, from_si, to_si, unit_of
from vrest.verbs.arguments import Argument, argument
from vrest.verbs.progress import Progress
from vrest.verbs.rest_all import SEED, STARTS, Line

if TYPE_CHECKING:
    from vrest.numerics.continuation import Curve

    Followed = tuple[System, Line, Curve]
    """One branch with its equations, in which an ion that is gone is independent."""

BESIDE = 1e-6
"""Share of the range by which it begins beside a value at which a transport is off."""


def bifurcation(
    cell: CellLike,
    path: str,
    start: float | str,
    stop: float | str,
    *,
    starts: int = STARTS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> Bifurcation:
    """The resting states of a cell along one parameter, stable and unstable, with folds and Hopf points.

    From every rest found (`rest_all` at the present value, fewer random starts at both ends), the curve of
    stationary states is followed both ways by pseudo-arclength continuation, every point solved to rounding. All
    points share the conserved totals with which the cell starts, unless the parameter itself sets one. At a fold two
    states meet and vanish; at a Hopf point a state loses its stability to an oscillation. Where an ion is used up, its
    content is 0 along the whole branch, which ends where something brings the ion back; where only an end of the range
    uses it up, as a bath with none of it does, the branch ends there with the content 0.

    Parameters
    ----------
    cell
        As of `rest`.
    path
        Full or shortened path of a number that may change while a cell lives; or of a concentration at the start
        in a compartment whose charge is solved: then the conserved totals go along. Not a size. A bath's ion may end
        in `swap ION` or `with ION`: that ion goes along and keeps the bath neutral.
    start, stop
        The range, ascending: numbers in door units, texts with unit, or multiples of the present value such as
        "0.3x".
    starts, seed
        Of the search at the present value, as for `rest_all`.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    Bifurcation
        `branches` and `special` (folds and Hopf points), parameters in door units, V in mV.

    Raises
    ------
    InputError
        `fixed_at_start`, `bad_range`, or what is wrong with the path, a value or a companion (`bad_companion`, or
        `out_of_range` where there is too little of it in the range).
    NoRestError
        No stationary state was found to start from.

    >>> found = bifurcation("hodgkin_huxley_1952", "stimulus.density", 0.0, "50 uA/cm2", starts=0)
    >>> [(s.kind, round(s.parameter, 2)) for s in found.special]
    [('hopf', 9.78)]
    """
    cell = load(cell)
    along = argument(cell, path)
    parameter = along.parameter
    low, high = _range(cell, parameter, start, stop)
    within = cell_at(cell, along, low + 0.381966 * (high - low))  # where nothing along the way is off
    system = assemble(within, only_active=True)
    low, high, notices = _beside(cell, along, system, low, high)
    line = line_of(cell, along, system, low, high)
    tell = progress or (lambda share: None)
    with fallbacks() as heard:
        drawn, lost = all_curves(cell, along, system, line, low, high, starts, seed, tell)
    if not drawn:
        raise NoRestError(
            f"'{cell.name}' has no stationary state in this range that could be found.",
            code="not_converged",
            hint="Try 'vrest rest CELL --all', or a range around a value at which the cell rests.",
        )
    dimension = parameter.spec.dimension
    branches = tuple(branch_of(parameter, *one) for one in drawn)
    return Bifurcation(
        cell=cell,
        along=along,
        dimension=dimension,
        unit=unit_of(dimension),
        present=from_si(parameter.value, dimension),
        start=from_si(low, dimension),
        stop=from_si(high, dimension),
        branches=branches,
        special=tuple(
            special_of(parameter, branches[k], k, n, point)
            for k, (_, _, curve) in enumerate(drawn)
            for n, point in enumerate(curve.points)
            if point.kind
        ),
        notices=notices + lost,
        fallbacks=tuple(heard),
    )


def _range(cell: Cell, parameter: Parameter, start: float | str, stop: float | str) -> tuple[float, float]:
    """Both ends, SI."""
    if not _can_vary(cell, parameter):
        raise InputError(
            f"{parameter.path} says how the cell starts, and the conserved totals do not simply follow it.",
            code="fixed_at_start",
            hint="Vary a transport, a bath, an exchange, the temperature or a concentration at the start; "
            "use rest_many for cells of different sizes.",
        )
    low, high = (_value(parameter, value, where) for value, where in ((start, "FROM"), (stop, "TO")))
    if low >= high:
        texts = [format_si(v, parameter.spec.dimension, digits=6) for v in (low, high)]
        raise InputError(
            f"The range of {parameter.path} goes from {texts[0]} to {texts[1]}.",
            code="bad_range",
            hint="TO must be above FROM: swap them." if low > high else "FROM and TO must differ.",
        )
    return low, high


def _can_vary(cell: Cell, parameter: Parameter) -> bool:
    """Whether the parameter may change in a living cell, or is a concentration whose totals go along with it."""
    if not isinstance(parameter.value, float):
        return False
    parts = parameter.path.split(".")
    contents = parts[0] == "compartments" and (parts[2] == "ions" or parts[-1] == "concentration")
    return not parameter.fixed_at_start or (
        contents and any(path.startswith(f"compartments.{parts[1]}.") for path in cell.solved())
    )


def _value(parameter: Parameter, value: float | str, where: str) -> float:
    """One end of the range: a quantity, or a multiple of the present value."""
    where = f"{where} of {parameter.path}"
    try:
        if isinstance(value, str):
            si = value_of(value, parameter, parameter.value, where)
        else:
            si = float(to_si(value, parameter.spec.dimension, where))
    except InputError as error:
        more = "" if error.code == "no_multiple" else " Or write a multiple of the present value: '0.5x'."
        raise InputError(error.message, code=error.code, hint=f"{error.hint}{more}") from None
    return check(si, parameter.spec, where)


def _beside(
    cell: Cell, along: Argument, system: System, low: float, high: float
) -> tuple[float, float, tuple[Notice, ...]]:
    """The range, moved a little where an end switches a transport off and so frees or fixes a total."""
    parameter = along.parameter
    ends, notices, shift = [], [], BESIDE * (high - low)
    for end, moved in ((low, low + shift), (high, high - shift)):
        there = assemble(cell_at(cell, along, end), only_active=True)
        if len(there.laws.dependent) == len(system.laws.dependent):
            ends.append(end)
            continue
        ends.append(moved)
        dimension = parameter.spec.dimension
        notices.append(
            Notice(
                "transport_off",
                f"at {parameter.path} = {format_si(end, dimension, digits=6)} a transport is off and more totals are "
                f"conserved; the branches end beside it, at {format_si(moved, dimension, digits=6)}",
            )
        )
    return ends[0], ends[1], tuple(notices)
