"""`compare`: the same perturbation in several cells, side by side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Any, ClassVar

from vrest.errors import InputError, VrestError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.elsewhere import elsewhere
from vrest.model.notice import Notice
from vrest.study.perturb.follow import MOST_STEPS
from vrest.study.perturb.perturb import cells_of, perturb
from vrest.study.perturb.perturbation import Perturbation, find
from vrest.study.perturb.perturbed import UNITS, Perturbed
from vrest.verbs.progress import Progress


@dataclass(frozen=True)
class Comparison:
    """What one perturbation did to each cell, or why it does not apply to it. `str()` is a table.

    >>> both = compare(["mammalian_neuron", "kir_muscle"], "kir41_loss")
    >>> [a.cell.name for a in both.answers], both.refused["mammalian_neuron"].code
    (['kir_muscle'], 'no_target')
    """

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

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Head and rows as texts: rest, the change of V at each moment, how it ends."""
        head = ["cell", "V rest", "at once", "1 s", "1 min", "1 h", "settled", "ends", "recovers"]
        return head, [row for a in self.answers for row in _rows(a)]

    def __repr__(self) -> str:
        head, body = self.table()
        widths = [max(len(row[k]) for row in (head, *body)) for k in range(len(head))]
        lines = [f"{self.name}: V at rest, and what it has moved by, mV"]
        lines += ["  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in (head, *body)]
        return "\n".join([*lines, *(f"{n}: {e.message}" for n, e in self.refused.items())])

    __str__ = __repr__


def _rows(a: Perturbed) -> list[list[str]]:
    found = []
    rested = a.before.v_rest
    for wall in a.before.system.structure.walls:
        name = f"{a.cell.name} ({wall.name})" if isinstance(rested, dict) else a.cell.name
        v0 = rested[wall.name] if isinstance(rested, dict) else rested
        moved = [a.change(m.label) for m in a.moments]
        steps = ["-" if step is None else f"{round(step[wall.name], 2) + 0.0:+.2f}" for step in moved]
        back = {True: "yes", False: "no", None: "?"}[a.recovers]
        found.append([name, f"{v0:.2f}", *steps, a.outcome.name, back])
    return found


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
