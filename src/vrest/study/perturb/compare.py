"""`compare`: the same perturbation in several cells, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Any, ClassVar

from vrest.errors import InputError, VrestError
from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.elsewhere import elsewhere
from vrest.model.notice import Notice
from vrest.shown import Drawn
from vrest.study.perturb.course import course
from vrest.study.perturb.follow import MOST_STEPS
from vrest.study.perturb.library import find
from vrest.study.perturb.perturb import cells_of, perturb
from vrest.study.perturb.perturbation import Perturbation
from vrest.study.perturb.perturbed import UNITS, Perturbed, by_membrane
from vrest.tables import Column, Table, counted, number
from vrest.verbs.progress import Progress


@dataclass(frozen=True)
class Comparison(Drawn):
    """What one perturbation did to each cell, or why it does not apply to it. `str()` is a table.

    >>> both = compare(["mammalian_neuron", "kir_muscle"], "kir41_loss")
    >>> [a.cell.name for a in both.answers], both.refused["mammalian_neuron"].code
    (['kir_muscle'], 'no_target')
    """

    drawn_by: ClassVar[str] = "vrest.plot.perturb:comparison_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Steinebach2023", "Bradbury2018")
    name: str
    """Of the perturbation."""
    answers: tuple[Perturbed, ...]
    """What it did to each cell that has its target."""
    refused: dict[str, VrestError]
    """By the name of the cell: why it does not apply."""

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units."""
        return {
            "perturbation": self.name,
            "cells": [{"cell": a.cell.name, **a.as_dict()} for a in self.answers],
            "refused": [{"cell": n, "code": e.code, "message": e.message} for n, e in self.refused.items()],
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict`."""
        return dict(UNITS)

    @property
    def warnings(self) -> list[Notice]:
        """Of every cell, with its name."""
        return [Notice(n.code, f"{a.cell.name}: {n.message}") for a in self.answers for n in a.warnings]

    def tables(self) -> tuple[Table, ...]:
        """V at rest, the change of V at each moment (mV), and how it ends; a row for each membrane of a cell."""
        held = [(a, wall.name) for a in self.answers for wall in a.before.system.structure.walls]
        rested = [by_membrane(a.before)[wall] for a, wall in held]
        columns = [
            Column("cell", "", [f"{a.cell.name} ({w})" if len(a.cell.membranes) > 1 else a.cell.name for a, w in held]),
            Column("V rest", "mV", rested, decimals=2),
        ]
        for label in ("at once", "1 s", "1 min", "1 h", "settled"):
            moved = [(a.change(label), wall) for a, wall in held]
            steps = [None if step is None else step[wall] for step, wall in moved]
            mark = "*" if label == "at once" and self.answers[0].at_once_is_hypothetical else ""
            columns.append(Column(label + mark, "mV", steps, decimals=2, signed=True))
        back = {True: "yes", False: "no", None: "?"}
        columns.append(Column("ends", "", [a.outcome.words for a, _ in held]))
        columns.append(Column("recovers", "", [back[a.recovers] for a, _ in held]))
        return (Table(columns),)

    def saved(self) -> tuple[Table, ...]:
        """The table, and the time course in each cell."""
        return (*self.tables(), *(course(each) for each in self.answers))

    def _cells(self) -> Iterable[Cell]:
        return (a.cell for a in self.answers)

    def _sources(self) -> Iterable[str]:
        return (p.source for p in self.answers[0].perturbations)

    def _brief(self) -> Iterable[str]:
        yield f"{self.name} in {counted(len(self.answers), 'cell')}:"
        for a in self.answers:
            moved = ", ".join(f"{label} {_step(a, label)}" for label in ("at once", "settled"))
            yield f"  {a.cell.name}: {moved}, {a.outcome.words}"
        if self.refused:
            yield f"  does not apply to {', '.join(self.refused)}"

    def _said(self) -> Iterable[str]:
        return (f"{name}: {error.message}" for name, error in self.refused.items())


def _step(story: Perturbed, label: str) -> str:
    """The change of V of the first membrane at a moment."""
    moved = story.change(label)
    return "none" if moved is None else glued(f"{number(next(iter(moved.values())), decimals=2, signed=True)} mV")


def compare(
    cells: CellLike | Iterable[CellLike],
    name: str | Perturbation,
    dose: float | str | None = None,
    *,
    isoform: str | None = None,
    duration: float | str | None = None,
    onset: float | str | None = None,
    neutral: bool = True,
    most_steps: int = MOST_STEPS,
    progress: Progress | None = None,
) -> Comparison:
    """The same perturbation in several cells.

    Parameters
    ----------
    cells
        Two or more, each as of `rest`.
    name, dose, isoform, duration, onset, neutral, most_steps
        As in `perturb`.
    progress
        Called with the share done.

    Returns
    -------
    Comparison
        `answers`, one for each cell that it applies to, and `refused` with the reason for the others, such as that
        they do not rest.

    Raises
    ------
    InputError
        No such cell or perturbation; a dose that makes no sense; it applies to none of the cells (`no_target`).

    >>> both = compare(["mammalian_neuron", "skeletal_muscle"], "pump_loss")
    >>> [round(a.change("at once")[m], 2) for a, m in zip(both.answers, ["neuron", "fibre"])]
    [2.33, 0.31]
    """
    what = find(name)
    compared = [load(cell) for cell in ([cells] if isinstance(cells, Cell | str | PathLike) else cells)]
    answers: list[Perturbed] = []
    refused: dict[str, VrestError] = {}
    for k, cell in enumerate(compared):
        watch = None if progress is None else _part(progress, k, len(compared))
        try:
            answers.append(
                perturb(
                    cell,
                    what,
                    dose,
                    isoform=isoform,
                    duration=duration,
                    onset=onset,
                    neutral=neutral,
                    most_steps=most_steps,
                    progress=watch,
                )
            )
        except VrestError as error:
            if error.code not in ("no_target", "wrong_direction") and error.exit_code != 4:
                raise
            refused[cell.name] = error
    if not answers:
        why = " ".join(e.message for e in refused.values())
        named = elsewhere(compared[0], lambda other: other.name in cells_of(what.name))
        raise InputError(
            f"{what.name} applies to none of these cells. {why}",
            code="no_target",
            hint=f"Choose other cells. {named}".strip(),
        )
    return Comparison(what.name, tuple(answers), refused)


def _part(progress: Progress, k: int, of: int) -> Progress:
    return lambda share: progress((k + share) / of)
