"""`simulate`: a cell under a protocol, from microseconds to days, with its ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.protocol import Protocol, Segment, protocol, segments
from vrest.numerics.compiler.fallback import Fallback, fallbacks
from vrest.system.assemble import System, assemble
from vrest.system.observables import takes
from vrest.system.structure import parameter_vector
from vrest.system.undefined import HINT, undefined
from vrest.units import format_si, to_si
from vrest.verbs.allowed import allowed_of
from vrest.verbs.memory import refuse_without_room
from vrest.verbs.motion import stepper
from vrest.verbs.progress import Progress
from vrest.verbs.run_result import Run, Stretch, StuckError
from vrest.verbs.spikes import Counter
from vrest.verbs.start import begin

if TYPE_CHECKING:
    from vrest.numerics.lanes import Lanes

RTOL = 1e-8
POINTS = 1000
CHUNK = 256
"""Steps tried in one call: between calls progress is shown and a run can be cancelled."""

KEPT = 4
"""Numbers that are kept at each time for each state and each parameter."""

FIRST_MOMENT = 1e-6
"""s: a logarithmic axis starts this long after the start and after each event."""

Watch = Callable[[float, np.ndarray], bool | None]
"""Told time (s) and state (SI) between chunks; returning False stops the run, keeping what is done."""

USED_UP = 1e-9
"""mM: less of an ion where a run got stuck means that it has run out."""


def simulate(
    cell: CellLike,
    events: Protocol | Iterable[tuple[Any, Any]] | None = None,
    until: float | str = "1 h",
    *,
    times: Any = None,
    points: int = POINTS,
    spacing: Literal["linear", "log"] = "linear",
    rtol: float = RTOL,
    progress: Progress | None = None,
    watch: Watch | None = None,
    start: Any = None,
) -> Run:
    """Run a cell under a protocol.

    Parameters
    ----------
    cell
        A `Cell`, its name in the library, or the path of its TOML file. It starts from what it describes, gates at
        their steady state, unless `start` is given.
    events
        Pairs (time, change), such as `[("5 min", "transports.pump.max_rate*=0")]`; exact at their times.
    until
        End, s or text with unit.
    times
        Times to report, s (increasing, within 0..until).
    points, spacing
        Without `times`: how many, and `"linear"` (evenly spaced) or `"log"` (logarithmically from 1 us after the start
        and after each event). Events are always among them.
    rtol
        Relative tolerance of a step; absolute tolerances follow from it.
    progress
        Called with the share done; returning False stops the run and keeps what is done.
    watch
        The same, called with time (s) and state (SI, in the order of `run.system.states`).
    start
        State of this cell to start from, (states,), SI, in the order of `run.system.states`: `rest(cell).state`, or
        `states[-1]` of a run (`go_on` keeps its parameters as well). It is taken whole: amounts (mol/m3 of start
        volume), volumes (relative), charges (V), gates (0 to 1).

    Returns
    -------
    Run
        States and parameters at the times, the steps taken, a ledger of what is conserved.

    Raises
    ------
    InputError
        No such cell; times, events or changes that make no sense; no state of this cell (`bad_start`).
    StuckError
        The step size fell to rounding: an ion is used up (code `runs_out`), or it is not known why
        (`not_converged`). Its `run` is what was done.

    >>> run = simulate("mammalian_neuron", until="1 h", points=10)
    >>> bool(abs(run.v[-1] + 70) < 1e-6)
    True
    >>> later = simulate(run.cell, until="1 h", points=10, start=run.states[-1])
    >>> bool((later.states[0] == run.states[-1]).all())
    True
    """
    cell = load(cell)
    stop, rtol = span(until), accuracy(rtol)
    plan = protocol(events)
    pieces = segments(cell, plan, stop)
    at = _report_times(times, points, spacing, stop, [piece.start for piece in pieces])
    system = assemble(cell)
    numbers = KEPT * (len(system.states) + len(system.names))
    refuse_without_room(len(at), 8 * numbers, "times", "for stretches of the run")
    with fallbacks() as heard:
        return _integrate(cell, plan, pieces, stop, at, rtol, progress, watch, start, heard)


def span(until: Any) -> float:
    """How long a run lasts, s."""
    stop = float(to_si(until, "time", "until", bare_ok=True))
    if stop > 0:
        return stop
    text = format_si(stop, "time", digits=6)
    raise InputError(f"until is {text}.", code="out_of_range", hint="A run lasts longer than 0 s.")


def accuracy(rtol: float, usual: float = RTOL) -> float:
    """A relative tolerance that steps can keep to."""
    if 1e-14 <= rtol <= 1e-2:
        return float(rtol)
    raise InputError(f"rtol is {rtol:g}.", code="out_of_range", hint=f"Choose 1e-2 to 1e-14; {usual:g} is usual.")


def moments(times: Any, stop: float | None = None) -> np.ndarray:
    """Times to report, s, within a run; without a stop the last of them is the end of it."""
    at = np.atleast_1d(np.asarray(to_si(times, "time", "times", bare_ok=True), dtype=np.float64))
    if stop is None:
        stop = span(float(at.flat[-1])) if at.size else 0.0
    if at.ndim == 1 and at.size and np.all(at[1:] > at[:-1]) and at[0] >= 0 and at[-1] <= stop:
        return at
    raise InputError(
        "times must be one or more, increase, and lie between 0 and the end.",
        code="bad_times",
        hint=f"The run ends at {format_si(stop, 'time', digits=6)}.",
    )


def _report_times(times: Any, points: int, spacing: str, stop: float, starts: list[float]) -> np.ndarray:
    if times is not None:
        return moments(times, stop)
    if not isinstance(points, int | np.integer) or not 2 <= points <= 10_000_000:
        raise InputError(f"points is {points!r}.", code="out_of_range", hint="Ask for 2 to 10,000,000 times.")
    if spacing == "linear":
        return np.union1d(np.linspace(0.0, stop, points), starts)
    if spacing != "log":
        raise InputError(f"spacing is {spacing!r}.", code="bad_times", hint="Allowed: linear, log.")
    parts = []
    for start, end in zip(starts, [*starts[1:], stop], strict=True):
        share = max(2, points // len(starts))
        first = min(FIRST_MOMENT, 1e-3 * (end - start))
        parts += [[start], start + np.geomspace(first, end - start, share)]
    return np.unique(np.minimum(np.concatenate(parts), stop))


def _integrate(
    cell: Cell,
    plan: Protocol,
    pieces: list[Segment],
    stop: float,
    at: np.ndarray,
    rtol: float,
    progress: Progress | None,
    watch: Watch | None,
    start: Any,
    heard: list[Fallback],
) -> Run:
    from vrest.numerics.lanes import RUNNING, STUCK, alone

    system = assemble(cell)
    p0 = parameter_vector(cell)
    x0 = begin(system, cell, start)
    y, spikes = x0[list(system.laws.independent)], Counter(system, x0)
    atol = allowed_of(system).tolerance(rtol)
    times, samples = np.append(at, np.inf), np.empty((len(x0), len(at) + 1))
    stretches: list[Stretch] = []
    steps = rejected = 0
    stuck = halted = False
    h, t = 0.0, pieces[0].start
    place = int(np.searchsorted(at, t, side="right"))
    samples[:, :place] = x0[:, None]
    for piece in pieces:
        slope = system.with_values(np.zeros_like(p0), piece.slopes)
        stretch = Stretch(piece.start, system.with_values(p0, piece.values), slope)
        stretches.append(stretch)
        advance = stepper(system, bool(piece.slopes))
        h = min(h, FIRST_MOMENT) if h else 0.0  # a step in a parameter starts a new transient
        lanes = alone(piece.start, h, y, place)
        edges = np.array([piece.start, piece.stop])
        looked = 0
        while lanes.status == RUNNING and not halted:
            args = (stretch.p, stretch.slope, stretch.start, p0, x0, spikes.sense)
            left = CHUNK - (_tried(lanes) - looked)
            lanes = advance((), (lanes, args, edges, rtol, atol, left), times, samples).lanes
            t, y = float(lanes.t), lanes.y
            x = _whole(system, y, p0, x0)
            lanes = spikes.seen(lanes, x, stretch.p + stretch.slope * (t - stretch.start), piece.stop)
            if lanes.status == RUNNING and _tried(lanes) - looked < CHUNK:
                continue  # it stopped at a spike
            looked = _tried(lanes)
            halted = progress is not None and progress(t / stop) is False
            halted |= watch is not None and watch(t, x) is False
        assert lanes.place is not None
        h, stuck, place = float(lanes.h), bool(lanes.status == STUCK), int(lanes.place)
        steps, rejected = steps + int(lanes.steps), rejected + int(lanes.rejected)
        if stuck or halted:
            break
    at, states = at[:place], samples[:, :place]
    if t < stop and not (len(at) and at[-1] == t):  # where it got to
        at, states = np.append(at, t), np.column_stack([states, _whole(system, y, p0, x0)])
    run = Run(
        cell=cell,
        system=system,
        plan=plan,
        until=stop,
        rtol=rtol,
        time=at,
        states=states.T,
        stretches=tuple(stretches),
        steps=steps,
        rejected=rejected,
        complete=t >= stop,
        events=tuple(piece.start for piece in pieces[1:]),
        start=None if start is None else x0,
        fallbacks=tuple(heard),
        spikes=spikes.found(t),
    )
    if stuck:
        raise _why_stuck(run)
    return run


def _whole(system: System, y: np.ndarray, p0: np.ndarray, x0: np.ndarray) -> np.ndarray:
    """The state of a cell that started as x0 with the parameters p0."""
    return system.join(y, *system.split(x0, p0)[1:])


def _tried(lanes: Lanes) -> int:
    return int(lanes.steps) + int(lanes.rejected)


def _why_stuck(run: Run) -> StuckError:
    """Why a run could not go on: what is used up, and what takes it."""
    x, p, system = run.states[-1], run.parameters[-1], run.system
    told = f"The run of '{run.cell.name}' stopped at {format_si(float(run.time[-1]), 'time', digits=6)}: "
    amounts = [(x[k], k, name) for k, (kind, name) in enumerate(system.states) if kind == "amount"]
    left, k, name = min(amounts, default=(1.0, 0, ""))
    if left > USED_UP:
        if said := undefined(system, x, p):
            return StuckError(f"{told}{said}.", code="undefined_rate", hint=HINT, run=run)
        told += "the step size fell to rounding."
        return StuckError(told, code="not_converged", hint="A rate law may not be smooth there.", run=run)
    label = takes(system, x, p, k)
    return StuckError(
        told + f"{name} is used up, and '{label}' goes on taking it.",
        code="runs_out",
        hint="Its rate law does not vanish where the ion does; the model says nothing beyond this.",
        run=run,
    )
