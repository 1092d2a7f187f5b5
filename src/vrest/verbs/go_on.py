"""`go_on`: a run followed further from the very state in which it ended."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from vrest.model.cell import Cell
from vrest.model.change import Change
from vrest.model.paths import resolve
from vrest.model.protocol import Protocol, segments
from vrest.units import format_si
from vrest.verbs.progress import Progress
from vrest.verbs.run import POINTS, Watch, simulate
from vrest.verbs.run_result import Run


def go_on(
    run: Run,
    until: float | str,
    *,
    times: Any = None,
    points: int = POINTS,
    spacing: Literal["linear", "log"] = "linear",
    rtol: float | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Run:
    """Follow a cell further from where a run ended, with the parameters that it had there.

    The whole state is carried: contents, volumes, charges, and every gate as it stood. A ramp that was under way stops
    where it was, and events that had not come yet do not come.

    Parameters
    ----------
    run
        From `simulate`; complete or stopped.
    until
        How long to go on, s or text with unit.
    times, points, spacing, progress, watch
        As in `simulate`.
    rtol
        Relative tolerance of a step; by default that of the run.

    Returns
    -------
    Run
        Its times (s) count from where `run` ended; its `states` are (time, state), SI, the first one `run.states[-1]`.

    Raises
    ------
    InputError
        What `simulate` refuses.
    StuckError
        As of `simulate`.

    >>> first = simulate("hodgkin_huxley_1952", [(0, "stimulus.density=10 uA/cm2")], "50 ms", points=5)
    >>> more = go_on(first, "50 ms", points=5)
    >>> whole = simulate("hodgkin_huxley_1952", [(0, "stimulus.density=10 uA/cm2")], "100 ms", points=9)
    >>> bool(abs(more.v[-1] - whole.v[-1]) < 1e-3)
    True
    """
    return simulate(
        run.cell,
        as_it_stands(run.cell, run.plan, run.until, float(run.time[-1])),
        until,
        times=times,
        points=points,
        spacing=spacing,
        rtol=run.rtol if rtol is None else rtol,
        progress=progress,
        watch=watch,
        start=run.states[-1],
    )


def as_it_stands(cell: Cell, plan: Protocol, until: float, time: float) -> list[tuple[float, Change]]:
    """The changes that keep every value where a protocol has it at a time (s), as a protocol of their own."""
    pieces = segments(cell, plan, until)
    piece = pieces[int(np.searchsorted([part.start for part in pieces], time, side="right")) - 1]
    changes = []
    for path, value in piece.values.items():
        now = value + piece.slopes.get(path, 0.0) * (time - piece.start)
        changes.append(Change(path, "set", format_si(now, resolve(cell, path).spec.dimension)))
    return [(0.0, change) for change in changes]
