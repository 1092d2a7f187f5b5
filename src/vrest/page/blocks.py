"""What can be done to a cell for a while: the perturbations of the library as operations on its controls.

The law of a perturbation is applied here at every dose of a grid; a page looks the effect up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vrest.errors import InputError
from vrest.io.report import door
from vrest.model.cell import Cell
from vrest.model.change import Change, targets
from vrest.model.paths import parameters, resolve
from vrest.page.controls import STEPS, Control, kind_of, parts, strength_path
from vrest.study.perturb.law import Block as Blocker
from vrest.study.perturb.law import Loss, Lower, Multiple, Raise, SelectivityLoss, present
from vrest.study.perturb.library import find, perturbations
from vrest.study.perturb.perturbation import Perturbation
from vrest.units import MINUTE, format_si, from_si, unit_of

START, PUMP_OFF, CURRENT = 5 * MINUTE, 20 * MINUTE, MINUTE
"""s: when a block begins where nobody has moved it; how long a pump is off and a current flows."""

DOSES = 13
"""Of a grid, about."""

DEGREES, NEARLY = 2.0, 0.1
"""K between two temperatures; share of a dose by which another differs at least."""

BELOW_HALF, ABOVE_HALF = 100.0, 3e3
"""Times below and above the IC50 of a drug that its doses reach."""


@dataclass(frozen=True)
class Dose:
    """The doses of a block."""

    label: str
    unit: str
    """Door unit of the numbers; empty where they have none."""
    grid: tuple[float, ...]
    texts: tuple[str, ...]
    """Each of them for people, and as `--dose` takes it."""
    default: int


@dataclass(frozen=True)
class Operation:
    """What a block does to one control: `scale`, `set` or `add`, by one number for each dose, in its door unit.

    An ion that keeps a bath neutral `follows` another control: it moves by `factor` times that one's change. `by` has
    what that is where nothing else was changed.
    """

    control: int
    op: Literal["scale", "set", "add"]
    by: tuple[float, ...]
    follows: int | None = None
    factor: float | None = None


@dataclass(frozen=True)
class Block:
    """Something done to the cell from `start` to `end`, s (None: to the end of the run)."""

    id: str
    label: str
    text: str
    source: str
    dose: Dose | None
    sets: tuple[Operation, ...]
    start: float
    end: float | None
    command: str
    """That computes the same; `{dose}` stands for the text of a dose."""


def blocks(cell: Cell, controls: Sequence[Control], file: str) -> tuple[Block, ...]:
    """All that can be done to a cell by changing its controls; `file` is what commands call the cell.

    >>> from vrest.model.cellfile import load
    >>> from vrest.page.controls import controls
    >>> cell = load("mammalian_neuron")
    >>> [block.id for block in blocks(cell, controls(cell, cell), cell.name)][:4]
    ['pump_off', 'anoxia', 'atp_depletion', 'cooling']
    """
    index = {control.path: k for k, control in enumerate(controls)}
    found = [*_pump_off(cell, controls, index, file), *_currents(cell, controls, index, file)]
    for name in perturbations():
        made = _perturbation(cell, find(name), controls, index, file)
        if made is not None:
            found.append(made)
    return tuple(found)


def doses(perturbation: Perturbation, cell: Cell, index: Mapping[str, int], controls: Sequence[Control]) -> list[float]:
    """Doses (SI) of a perturbation that make sense in a cell, increasing, its default for the cell among them."""
    law, usual = perturbation.law, perturbation.used_dose(cell)[0]
    least, most = perturbation.minimum, perturbation.maximum
    values = present(cell, perturbation.target)
    named = {usual, *(named.dose for named in perturbation.doses.values())}
    match law:
        case Blocker():
            highest = max(law.half * ABOVE_HALF, 10 * usual)
            grid = _apart(_between(law.half / BELOW_HALF, highest, (1.0, 3.0)), named)
        case Loss():
            grid = [*(k / 10 for k in range(1, 10)), 0.95, 1.0]
        case Multiple():
            grid = _apart(_spaced(1.0, 10 * usual), named)
        case SelectivityLoss():
            grid = _apart(_spaced(0.01, 1.0), named)
        case Raise() | Lower() if perturbation.dimension == "temperature":
            here = next(iter(values.values()))
            grid = [here + law.sign * DEGREES * k for k in range(1, DOSES + 1)]
        case Raise() | Lower():
            sliders = [controls[index[path]] for path in values if path in index]
            here = [s.value for s in sliders]
            grid = _apart(_spaced(max(here), max(s.high for s in sliders)), named) if here and law.sign > 0 else []
            grid = _apart(_spaced(min(s.low for s in sliders), min(here)), named) if here and law.sign < 0 else grid
        case _:
            grid = _apart(_spaced(usual / 100, usual * 30), named)
    return [dose for dose in sorted({*grid, *named}) if least <= dose <= most]


def _apart(grid: Iterable[float], named: Iterable[float]) -> list[float]:
    """Numbers that are not nearly one of those that are there already."""
    return [v for v in grid if all(abs(v - one) > NEARLY * one for one in named)]


def _spaced(low: float, high: float) -> list[float]:
    """Numbers that are easily said, from low to high, not many more than `DOSES`."""
    grids = (_between(low, high, steps) for steps in (STEPS[:-1], (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)))
    return next((grid for grid in grids if len(grid) <= DOSES), [])


def _between(low: float, high: float, steps: Sequence[float]) -> list[float]:
    """Steps of all decades from low to high."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    values = (float(f"{step:g}e{k}") for k in powers for step in steps)
    return [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]


def _perturbation(
    cell: Cell, perturbation: Perturbation, controls: Sequence[Control], index: Mapping[str, int], file: str
) -> Block | None:
    """A perturbation as a block; None where it finds nothing, or needs what a change of controls does not give."""
    if perturbation.prepared(cell) != cell:
        return None
    columns: list[tuple[float, dict[int, Operation]]] = []
    for dose in doses(perturbation, cell, index, controls):
        try:
            changes = perturbation.law.changes(cell, perturbation.target, dose, perturbation.name)
            made = _operations(cell, changes, index)
        except InputError as error:
            if error.code == "no_target":
                return None
            if error.code in ("wrong_direction", "out_of_range"):
                continue
            raise
        if made is None:
            return None
        if not all(_idle(one, controls) for one in made.values()):
            columns.append((dose, made))
    if not columns:
        return None
    usual = perturbation.used_dose(cell)[0]
    grid = tuple(dose for dose, _ in columns)
    nearest = min(range(len(grid)), key=lambda k: abs(np.log(grid[k] / usual)) if usual else grid[k])
    return Block(
        id=perturbation.name,
        label=perturbation.title,
        text=perturbation.mechanism,
        source=perturbation.source,
        dose=Dose(
            label=perturbation.meaning,
            unit=unit_of(perturbation.dimension),
            grid=tuple(door(dose, perturbation.dimension) for dose in grid),
            texts=tuple(perturbation.text(dose) for dose in grid),
            default=nearest,
        ),
        sets=_stacked([made for _, made in columns]),
        start=START,
        end=START + perturbation.duration,
        command=f'vrest perturb {file} {perturbation.name} --dose "{{dose}}"',
    )


def _operations(cell: Cell, changes: Iterable[Change], index: Mapping[str, int]) -> dict[int, Operation] | None:
    """Changes as operations by control, in order; None where one is of no control."""
    found: dict[int, Operation] = {}
    for change in changes:
        values = targets(cell, change, {})  # refuses what may not be
        path = resolve(cell, change.path).path
        if not set(values) <= set(index):
            return None
        known = parameters(cell)
        dimension = known[path].spec.dimension
        if change.operation == "scale":
            found[index[path]] = Operation(index[path], "scale", (float(change.value),))
        else:
            found[index[path]] = Operation(index[path], "set", (door(float(values[path]), dimension),))
        for other in set(values) - {path}:
            moved = float(values[other]) - float(known[other].value)
            factor = _factor(cell, path, other)
            by = (float(from_si(moved, dimension)),)
            found[index[other]] = Operation(index[other], "add", by, index[path], factor)
    return found


def _idle(one: Operation, controls: Sequence[Control]) -> bool:
    """Whether it leaves its control as it is."""
    return one.by[0] == {"scale": 1.0, "add": 0.0, "set": controls[one.control].value}[one.op]


def _factor(cell: Cell, path: str, other: str) -> float:
    """What an ion moves where another does, so that charge stays."""
    valence = cell.valence()
    return -valence[path.rpartition(".")[2]] / valence[other.rpartition(".")[2]]


def _stacked(columns: Sequence[Mapping[int, Operation]]) -> tuple[Operation, ...]:
    """Operations at each dose as one for all doses; what a dose leaves alone is scaled by 1."""
    first = {control: one for column in columns for control, one in column.items()}
    return tuple(
        Operation(
            control,
            one.op,
            tuple(column[control].by[0] if control in column else 1.0 for column in columns),
            one.follows,
            one.factor,
        )
        for control, one in first.items()
    )


def _pump_off(cell: Cell, controls: Sequence[Control], index: Mapping[str, int], file: str) -> Iterator[Block]:
    """All pumps of all membranes stopped."""
    pumps = [path for path, kind in _strengths(cell, index) if kind == "pump"]
    if pumps:
        stop, start = (f'--at "{format_si(time, "time")}"' for time in (START, START + PUMP_OFF))
        names = [controls[index[path]].name for path in pumps]
        told = [*(f'{stop} "{name}*=0"' for name in names), *(f'{start} "{name}=restore"' for name in names)]
        yield Block(
            id="pump_off",
            label="Pump off",
            text="All that spends ATP in the membranes stops, and starts again where the block ends.",
            source="",
            dose=None,
            sets=tuple(Operation(index[path], "set", (0.0,)) for path in pumps),
            start=START,
            end=START + PUMP_OFF,
            command=f'vrest run {file} --from-rest {" ".join(told)} --until "2 h"',
        )


def _currents(cell: Cell, controls: Sequence[Control], index: Mapping[str, int], file: str) -> Iterator[Block]:
    """A current through an electrode, for each stimulus that a membrane has."""
    stimuli = [path for path, kind in _strengths(cell, index) if kind == "stimulus"]
    for path in stimuli:
        control = controls[index[path]]
        grid = tuple(v for v in np.linspace(control.low, control.high, DOSES + 4).tolist() if v)
        texts = tuple(f"{v:.4g} {control.unit}" for v in grid)
        yield Block(
            id=f"current_{control.name.rpartition('.')[0]}",
            label=f"Inject current ({control.label})",
            text="A constant current into the cell, carried by an ion of a pipette; positive depolarises.",
            source="",
            dose=Dose(
                "current per membrane area", control.unit, grid, texts, next(k for k, v in enumerate(grid) if v > 0)
            ),
            sets=(Operation(index[path], "set", grid),),
            start=START,
            end=START + CURRENT,
            command=f'vrest run {file} --from-rest --at "{format_si(START, "time")}" "{control.name}={{dose}}" '
            f'--at "{format_si(START + CURRENT, "time")}" "{control.name}=restore"',
        )


def _strengths(cell: Cell, index: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Paths of the strengths of all transports that are controls, and what each is the strength of."""
    for place, label in parts(cell):
        path = strength_path(cell, place, label)
        if place and path is not None and path in index:
            yield path, kind_of(cell.membranes[place].transports[label])
