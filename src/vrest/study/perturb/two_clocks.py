"""What a change does to a resting cell on its two clocks: at once, contents frozen, and settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vrest.errors import NoRestError
from vrest.model.cell import Cell
from vrest.model.change import Change, apply
from vrest.model.notice import Notice
from vrest.study.perturb.perturbed import Moment, at_rest, moment, same
from vrest.study.perturb.why import Why
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.units import from_door
from vrest.verbs.instant import Instant, instant, steady_at
from vrest.verbs.progress import Progress
from vrest.verbs.rest import Rest, rest


@dataclass(frozen=True)
class TwoClocks:
    """A change of a cell, and the moments before it, at once, and settled; what there is not has no values."""

    cell: Cell
    """As it is described."""
    changes: tuple[Change, ...]
    moments: tuple[Moment, ...]


def resting(cell: Cell, progress: Progress | None = None) -> Rest:
    """The certified rest that a change starts from.

    Raises
    ------
    NoRestError
        The cell has none.
    """
    before = rest(cell, progress=progress)
    if not before.outcome.is_rest:
        raise NoRestError(
            f"'{cell.name}' does not rest before the change: {before.reason}",
            code=before.outcome.name,
            hint="In Python, vrest.instant starts from what the cell describes.",
        )
    return before


def elsewhere(before: Rest) -> list[Notice]:
    """That a cell rests elsewhere than it is described, by more than 0.1 mV or 1 % of a content or volume."""
    described = moment("described", None, before.system, before.start, before.parameters)
    rested = at_rest(before, "before")
    if same(described, rested):
        return []
    said, found = (", ".join(f"{v:.2f}" for v in (m.v or {}).values()) for m in (described, rested))
    message = (
        f"'{before.cell.name}' does not rest as described (V = {said} mV): the change starts from its rest "
        f"({found} mV), which 'vrest rest CELL -o FILE' writes down. In Python, vrest.instant and vrest.settled "
        "start as described"
    )
    return [Notice("not_at_rest", message)]


def at_once(before: Rest, changes: Sequence[Change]) -> Moment:
    """A resting cell right after a change: contents frozen, gates steady, each membrane where no net current flows.

    Raises
    ------
    NoRestError, InputError
        As of `instant`.
    """
    return right_after(before, changes, instant(before.as_cell(), changes))


def right_after(before: Rest, changes: Sequence[Change], answer: Instant) -> Moment:
    """The same, from what `instant` says of the resting cell."""
    system, p = assemble(before.cell), parameter_vector(apply(before.cell, changes))
    x = before.state
    for wall in system.structure.tree:
        v = answer.v[wall.name] if isinstance(answer.v, dict) else answer.v
        x = steady_at(system, x, wall, np.array([from_door(1.0, "potential") * v]), p)[0]
    return moment("at once", 0.0, system, x, p)


def reasons(before: Rest, now: Moment, settled: Moment | None = None) -> Why:
    """What moved V from a rest to a moment `at_once`, and to where it settled."""
    return Why(
        before.cell, before.system, (before.state, before.parameters), now.state, settled.state if settled else None
    )


def settling(before: Rest, changes: Sequence[Change], progress: Progress | None = None) -> Rest:
    """Where the motion from a rest leads after a change."""
    return rest(before.cell, changes, start=before.state, progress=progress)
