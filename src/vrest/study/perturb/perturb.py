"""`perturb`: what a named perturbation does to a resting cell, at once and later, and whether it recovers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, library, load
from vrest.study.perturb.follow import MOST_STEPS, follow
from vrest.study.perturb.library import find, perturbations
from vrest.study.perturb.perturbation import Perturbation, restoring, together
from vrest.study.perturb.perturbed import Moment, Perturbed, at_rest, moment
from vrest.study.perturb.two_clocks import at_once
from vrest.units import DAY, HOUR, MINUTE, format_si, to_si
from vrest.units import duration as in_words
from vrest.verbs.progress import Progress, half
from vrest.verbs.rest import Rest, rest
from vrest.verbs.run_result import Run

READINGS = {"1 s": 1.0, "1 min": MINUTE, "1 h": HOUR}
"""s: when V is read, beside at once and settled."""

Applied = str | Perturbation | tuple[str | Perturbation, float | str | None]


def perturb(
    cell: CellLike,
    name: Applied | Sequence[Applied],
    dose: float | str | None = None,
    *,
    isoform: str | None = None,
    duration: float | str | None = None,
    onset: float | str | None = None,
    neutral: bool = True,
    most_steps: int = MOST_STEPS,
    progress: Progress | None = None,
) -> Perturbed:
    """Perturb a resting cell, and take the perturbation away again.

    Parameters
    ----------
    cell
        As of `rest`. It starts from its certified resting state.
    name
        A perturbation, or several at once: names, or pairs (name, dose).
    dose
        Of a single perturbation: a number in door units, text with unit, or a named dose such as `"severe"`;
        by default what its file says.
    isoform
        Which pump isoform the dose meets, where the perturbation knows several.
    duration
        When it is washed out, s or text with unit; by default what its file says.
    onset
        Length of the linear onset, s or text with unit; 0 is a step.
    neutral
        Whether an ion of the bath is exchanged for a companion that keeps the bath neutral.
    most_steps
        A run that needs more is stopped and says so: a cell that fires takes thousands for each second. One whose
        firing has settled is stopped before that.
    progress
        Called with the share done; returning False stops.

    Returns
    -------
    Perturbed
        V (mV), contents (mM) and ATP at once, after 1 s, 1 min, 1 h and settled; whether it recovers; a sentence why.

    Raises
    ------
    InputError
        Unknown name, nothing to act on (`no_target`), a dose that makes no sense.
    NoRestError
        The cell has no resting state to start from, or no potential to go to.

    >>> answer = perturb("mammalian_neuron", "anoxia", onset=0)
    >>> round(answer.change("at once")["neuron"], 2), answer.outcome.name, answer.recovers
    (4.59, 'rests_run_down', True)
    """
    cell = load(cell)
    several = not isinstance(name, str | Perturbation | tuple)
    applied = [bound(item) for item in name] if several else [bound(name)]  # pyright: ignore[reportArgumentType, reportGeneralTypeIssues]
    if not applied:
        raise InputError("No perturbation is named.", code="unknown_perturbation", hint="Name one, such as 'ouabain'.")
    if dose is not None or isoform is not None:
        if len(applied) > 1:
            raise InputError(
                "One dose for several perturbations.", code="bad_dose", hint="Give pairs: [('ouabain', '1 uM'), 'ttx']."
            )
        applied = [applied[0].dosed(dose, isoform)]
    named_once(applied)
    lasts = max(p.duration for p in applied) if duration is None else time_of(duration, "duration")
    ramp = max(p.onset for p in applied) if onset is None else time_of(onset, "onset", zero=True)
    if ramp > lasts:
        raise InputError(
            f"The onset takes {in_words(ramp)}, longer than the {in_words(lasts)} it lasts.",
            code="out_of_range",
            hint="Shorten the onset, or give a longer duration.",
        )
    for p in applied:
        cell = p.prepared(cell)
    changes = together(c for p in applied for c in p.changes(cell, neutral))
    fitted = [notice for p in applied for notice in p.used_dose(cell)[1]]
    before = rest(cell).raise_if_none()
    ramped = [replace(c, over=ramp) for c in changes]
    first, second = (None if progress is None else half(progress, k) for k in (0, 1))
    times = _times(0.0, DAY, READINGS.values())
    kept, kept_stop = follow(
        cell, [(0.0, ramped)], DAY, times, start=before.state, most_steps=most_steps, progress=first
    )
    if kept_stop is not None:  # firing for an hour teaches no more than firing for a second
        fired = float(kept.time[-1])
        lasts = min(lasts, ramp + 0.25 * (fired - ramp) if fired > ramp else 0.25 * fired)
        ramped = [replace(c, over=min(ramp, lasts)) for c in changes]
    until = lasts + DAY
    times = np.union1d(_times(0.0, lasts, ()), _times(lasts, until, READINGS.values()))
    protocol = [(0.0, ramped), (lasts, restoring(cell, changes))]
    washed, washed_stop = follow(
        cell, protocol, until, times, start=before.state, most_steps=most_steps, progress=second
    )
    settled = rest(cell, changes, start=kept.states[-1] if kept_stop is None else before.state)
    end = rest(cell, start=washed.states[-1])
    moments = (
        at_once(before, changes),
        *(_read(kept, label, time) for label, time in READINGS.items()),
        _settled(settled if kept_stop is None else None),
    )
    return Perturbed(
        cell=cell,
        perturbations=tuple(applied),
        changes=tuple(changes),
        before=before,
        moments=moments,
        settled=settled,
        kept=kept,
        kept_stop=kept_stop,
        washed=washed,
        washed_stop=washed_stop,
        end=end,
        duration=lasts,
        onset=ramp,
        notices=tuple(fitted),
    )


def applicable(cell: CellLike) -> dict[str, InputError | None]:
    """Every perturbation by name: None where it applies to the cell at its default dose, else why not.

    Parameters
    ----------
    cell
        As of `rest`.

    Raises
    ------
    InputError
        No such cell.

    >>> found = applicable("mammalian_neuron")
    >>> found["ouabain"] is None, found["ttx"].code
    (True, 'no_target')
    """
    cell = load(cell)
    return {name: _why_not(cell, find(name)) for name in perturbations()}


@lru_cache
def cells_of(name: str) -> tuple[str, ...]:
    """Cells of the library that a perturbation, by its name, applies to at its default dose.

    >>> cells_of("ttx")[:2], cells_of("k_clearance_loss")
    (('cressman_2009', 'dijkstra_2016'), ('cressman_2009', 'wei_2014'))
    """
    return tuple(cell for cell in library() if _why_not(load(cell), find(name)) is None)


def _why_not(cell: Cell, what: Perturbation) -> InputError | None:
    """Why a perturbation does not apply to a cell; None where it does."""
    try:
        what.changes(what.prepared(cell))
    except InputError as error:
        return error
    return None


def bound(item: Applied) -> Perturbation:
    """A perturbation with its dose."""
    if isinstance(item, tuple):
        what, dose = item
        return find(what).dosed(dose)
    return find(item)


def named_once(applied: Sequence[Perturbation]) -> None:
    """Refuse a perturbation beside itself: its doses do not simply add up."""
    for k, p in enumerate(applied):
        if p.name in [other.name for other in applied[:k]]:
            raise InputError(f"{p.name} is named twice.", code="named_twice", hint="Give it once.")


def time_of(value: float | str, what: str, zero: bool = False) -> float:
    """A length of time, s or text, in s: above zero, or zero where that has a meaning."""
    seconds = float(to_si(value, "time", what, bare_ok=True))
    if seconds < 0 or (seconds == 0 and not zero):
        raise InputError(
            f"The {what} is {format_si(seconds, 'time', digits=4)}.", code="out_of_range", hint="Write a positive time."
        )
    return seconds


def _times(start: float, stop: float, marks: Any) -> np.ndarray:
    """Times that serve a linear and a logarithmic clock, with the readings among them."""
    span = stop - start
    log = np.geomspace(min(1e-6, 1e-3 * span), span, 600)
    wanted = np.concatenate([[0.0], log, np.linspace(0.0, span, 2000), [m for m in marks if m <= span]])
    return np.minimum(np.unique(start + wanted), stop)


def _read(run: Run, label: str, time: float) -> Moment:
    k = np.flatnonzero(run.time == time)
    if not len(k):
        return Moment(label, time)
    return moment(label, time, run.system, run.states[k[0]], run.parameters[k[0]])


def _settled(answer: Rest | None) -> Moment:
    if answer is None or not answer.outcome.is_rest:
        return Moment("settled")
    return at_rest(answer, "settled")
