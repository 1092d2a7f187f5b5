"""What perturbations did to a cell, and how it is told: moments, recovery, one sentence, a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from vrest.layout import glued
from vrest.model.cell import Cell
from vrest.model.change import Change, apply
from vrest.model.names import plain
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.shown import Drawn
from vrest.study.excitability import UNITS as READINESS
from vrest.study.excitability import Excitability, by_itself, excitability
from vrest.study.explain.moved import State
from vrest.study.perturb.course import course
from vrest.study.perturb.follow import Stop
from vrest.study.perturb.perturbation import Perturbation
from vrest.study.perturb.why import UNITS as PARTS
from vrest.study.perturb.why import Why, listed
from vrest.study.targets import is_there
from vrest.system.assemble import System
from vrest.tables import Column, Table, number
from vrest.units import duration, from_si
from vrest.verbs.outcome import Outcome
from vrest.verbs.readings import readings
from vrest.verbs.rest import Rest
from vrest.verbs.run_result import Run
from vrest.verbs.slower import slower

BACK_MV, BACK_SHARE = 0.1, 0.01
"""A cell has recovered when it rests within 0.1 mV and 1 % of every content and volume of its former rest."""

NEAR_MV = 1.0
"""mV from the former rest that count as 'back' for the time it took."""


@dataclass(frozen=True)
class Moment:
    """The cell at one moment. mV, mM, um3, pA, 1/s; potentials by membrane. What could not be reached is None."""

    label: str
    time: float | None = None
    v: dict[str, float] | None = None
    E: dict[str, dict[str, float | None]] | None = None
    concentrations: dict[str, dict[str, float]] | None = None
    volumes: dict[str, float] | None = None
    exchange_currents: dict[str, float] | None = None
    """Of each exchange that conducts; of an electrode, what it feeds into its inside."""
    atp_per_second: float | None = None
    state: State | None = field(default=None, repr=False)
    """(states,) and (parameters,) SI, of the system of the rest before."""

    def as_dict(self) -> dict[str, Any]:
        """What is read there; the potentials of a single membrane are plain."""
        return {
            "v": _flat(self.v),
            "E": _flat(self.E),
            "concentrations": self.concentrations,
            "volumes": self.volumes,
            "exchange_currents": self.exchange_currents,
            "atp_per_second": self.atp_per_second,
        }


UNITS = {
    "v_rest": "mV",
    "time": "s",
    "v": "mV",
    "E": "mV",
    "concentrations": "mM",
    "volumes": "um3",
    "exchange_currents": "pA",
    "atp_per_second": "1/s",
    "duration": "s",
    "onset": "s",
    "v_at_wash": "mV",
    "recovery_time": "s",
    "v_after_wash": "mV",
    **READINESS,
    **PARTS,
}


@dataclass(frozen=True)
class Perturbed(Drawn):
    """What perturbations did to a cell that rested. `str()` is a short table.

    >>> from vrest.study.perturb.perturb import perturb
    >>> story = perturb("mammalian_neuron", "ouabain")
    >>> print(story.sentence())
    V moves +4.6 mV at once: +5.5 mV as ...
    """

    drawn_by: ClassVar[str] = "vrest.plot.perturb:perturbation_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Steinebach2023", "Bradbury2018")
    cell: Cell
    """The cell, with what the perturbations need prepared in it."""
    perturbations: tuple[Perturbation, ...]
    """What was done, doses bound."""
    changes: tuple[Change, ...]
    """The same as changes of numbers."""
    before: Rest
    """The resting state that it started from."""
    moments: tuple[Moment, ...]
    """At once, 1 s, 1 min, 1 h and settled, read while the perturbation lasts."""
    settled: Rest
    """Where the cell comes to rest with the perturbation kept on."""
    kept: Run
    """The run with the perturbation kept on, up to a day."""
    kept_stop: Stop | None
    """Why it was not followed for a day."""
    washed: Run
    """The run in which it is taken away at `duration`, and a day more."""
    washed_stop: Stop | None
    """Why that was not followed to its end."""
    end: Rest
    """Where the washed cell comes to rest."""
    duration: float
    """When it was taken away, s."""
    onset: float
    """Length of its linear onset, s."""
    notices: tuple[Notice, ...]
    """Doses that were fitted to the cell."""

    @property
    def name(self) -> str:
        """Names of the perturbations, joined."""
        return " + ".join(p.name for p in self.perturbations)

    @property
    def doses(self) -> tuple[str, ...]:
        """The dose of each, for people."""
        used = ((p, p.text(p.used_dose(self.cell)[0])) for p in self.perturbations)
        return tuple(f"{p.law.before_dose}{text}".replace(" uM", " µM").replace("x ", "× ") for p, text in used)

    @property
    def what(self) -> str:
        """What was done, with the doses, such as `Ouabain 10 µM`."""
        return " + ".join(f"{p.short} {dose}" for p, dose in zip(self.perturbations, self.doses, strict=True))

    @property
    def title(self) -> str:
        """What was done and to which cell, such as `Ouabain 10 µM, mammalian neuron`."""
        return f"{self.what}, {plain(self.cell.name)}"

    @property
    def outcome(self) -> Outcome:
        """How it ends with the perturbation kept on."""
        return self.kept_stop.outcome if self.kept_stop else self.settled.outcome

    @property
    def reason(self) -> str:
        """The same in words."""
        return self.kept_stop.why if self.kept_stop else self.settled.reason

    @property
    def recovers(self) -> bool | None:
        """Whether the washed cell comes to rest where it was; None where its run was cut short, as by firing."""
        if self.washed_stop is not None:
            return False if self.washed_stop.outcome is Outcome.runs_out else None
        if not self.end.outcome.is_rest:
            return False
        return same(at_rest(self.end, "end"), at_rest(self.before, "rest"))

    @cached_property
    def recovery_time(self) -> float | None:
        """Time after the wash from which V stays within 1 mV of the former rest, s; None where it does not return."""
        run = self.washed
        if self.washed_stop is not None:
            return None
        v = np.asarray(run.v).reshape(len(run.time), -1)
        off = np.max(np.abs(v - np.array(list(by_membrane(self.before).values()))), axis=1)
        away = (off > NEAR_MV) & (run.time >= self.duration)
        if away[-1]:
            return None
        last = np.flatnonzero(away)
        if not len(last):
            return 0.0
        k = int(last[-1])
        share = (off[k] - NEAR_MV) / (off[k] - off[k + 1])
        return float(run.time[k] + share * (run.time[k + 1] - run.time[k]) - self.duration)

    @cached_property
    def excitability(self) -> tuple[Excitability, Excitability | None] | None:
        """How ready to fire the cell is at rest and where it settles; None for one without gated Na+ channels.

        The second is None where it comes to no rest and does not fire either.
        """
        if len(self.cell.membranes) > 1 or not is_there(self.cell, "gated_na"):
            return None
        after = None
        if self.outcome is Outcome.oscillates:
            after = by_itself(self.cell, self.reason)
        elif self.outcome.is_rest:
            after = excitability(self.settled)
        return excitability(self.before), after

    @cached_property
    def why(self) -> Why:
        """What moved V at once and in the end, in parts that add up to the change."""
        before = self.before
        states = (moment.state for moment in (self.moments[0], self.moments[-1]))
        return Why(before.cell, before.system, (before.state, before.parameters), *states)

    @property
    def at_once_is_hypothetical(self) -> bool:
        """Whether 'at once' is what the full dose would do without its onset, and no moment of the runs."""
        return self.onset > 0.0

    @property
    def hypothetical(self) -> str:
        """What 'at once' stands for where there is an onset; empty where there is none."""
        if not self.at_once_is_hypothetical:
            return ""
        return f"* hypothetical: the full dose with contents frozen. Its onset takes {duration(self.onset)}."

    @property
    def warnings(self) -> list[Notice]:
        """What to know before trusting the numbers."""
        found = [*self.notices, *notices(self.kept.cell), *notices(apply(self.kept.cell, self.changes))]
        found += [n for run in (self.kept, self.washed) for n in run.warnings if n.code == "conservation"]
        held = (self.before, self.kept, self.washed, self.settled, self.end)
        found += slower(dict.fromkeys(why for each in held for why in each.fallbacks))
        if self.kept_stop:
            found.append(self._stopped("perturbed", self.kept, self.kept_stop))
        if self.washed_stop:
            found.append(self._stopped("washed", self.washed, self.washed_stop))
        return list({(n.code, n.message): n for n in found}.values())

    def _stopped(self, which: str, run: Run, stop: Stop) -> Notice:
        message = f"the {which} cell was followed for {duration(float(run.time[-1]), 2)}: {stop.why}"
        if run is self.kept:
            message += f" It is washed at {duration(self.duration)}."
        return Notice(stop.outcome.name, message)

    def change(self, label: str) -> dict[str, float] | None:
        """Change of V from rest at a moment, mV by membrane; None where it was not reached.

        `label`: `"at once"`, `"1 s"`, `"1 min"`, `"1 h"` or `"settled"`.
        """
        moment = next(m for m in self.moments if m.label == label)
        rested = by_membrane(self.before)
        return None if moment.v is None else {name: v - rested[name] for name, v in moment.v.items()}

    def sentence(self) -> str:
        """Why V moves at once and settles where it does, and whether the cell recovers, in plain sentences."""
        at_once = self.why.says_at_once(self.at_once_is_hypothetical)
        return f"{at_once} {_ending(self)} {_recovery(self)}."

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; the potentials of a single membrane are plain numbers.

        `why` of the moments at once and settled has the parts of the change from rest, by membrane: what kind of part,
        of which ion or transport, `mV`, and what changed: `before` and `after` in `unit` (see `Part`).
        """
        ready = self.excitability
        return {
            "perturbation": [
                {
                    "name": p.name,
                    "alias": p.asked,
                    "title": p.title,
                    "dose": p.text(p.used_dose(self.cell)[0]),
                    "isoform": p.isoform,
                    "mechanism": p.mechanism,
                    "source": p.source,
                }
                for p in self.perturbations
            ],
            "changes": [str(c) for c in self.changes],
            "v_rest": _flat(by_membrane(self.before)),
            "moments": [
                {
                    "label": m.label,
                    "time": m.time,
                    "hypothetical": m is self.moments[0] and self.at_once_is_hypothetical,
                    **m.as_dict(),
                    "why": listed({"at once": self.why.at_once, "settled": self.why.later}.get(m.label)),
                }
                for m in self.moments
            ],
            "outcome": self.outcome.name,
            "reason": self.reason,
            "duration": self.duration,
            "onset": self.onset,
            "v_at_wash": _flat(self._at_wash()),
            "recovers": self.recovers,
            "recovery_time": self.recovery_time,
            "outcome_after_wash": (self.washed_stop or self.end).outcome.name,
            "v_after_wash": _flat(by_membrane(self.end)) if self.end.outcome.has_state else None,
            "excitability": ready
            and {
                "rest": ready[0].as_dict(),
                "settled": ready[1] and ready[1].as_dict(),
            },
            "sentence": self.sentence(),
        }

    def _at_wash(self) -> dict[str, float] | None:
        run = self.washed
        k = np.flatnonzero(run.time == self.duration)
        return potentials(run.system, run.states[k[0]]) if len(k) else None

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict`."""
        return dict(UNITS)

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _sources(self) -> Iterable[str]:
        return (p.source for p in self.perturbations)

    def _brief(self) -> Iterable[str]:
        yield f"{self.title}: {self.outcome.words}"
        yield from (f"  {p.alias}" for p in self.perturbations if p.alias)
        for name, v in by_membrane(self.before).items():
            moved = [(m.label, self.change(m.label)) for m in self.moments]
            steps = ", ".join(
                f"{label} {glued(number(step[name], decimals=2, signed=True))}" for label, step in moved if step
            )
            yield f"  V ({name}): {number(v, decimals=2)} mV at rest; {steps}"
        back = {True: "recovers", False: "does not recover", None: "was not at rest when the run was stopped"}
        yield f"  washed after {duration(self.duration)}, it {back[self.recovers]}"

    def tables(self) -> tuple[Table, ...]:
        """At rest and at every moment V (mV), contents (mM), volumes relative to rest, ATP spent (1/s)."""
        return (readings_table(self), *self.why.tables(self.at_once_is_hypothetical))

    def saved(self) -> tuple[Table, ...]:
        """Both runs at all their times between the rests (see `course`), and the tables."""
        moments, *why = self.tables()
        return course(self), replace(moments, title="Moments"), *why

    def _said(self) -> Iterable[str]:
        return filter(None, (self.hypothetical, self.sentence()))


def moment(label: str, time: float | None, system: System, x: np.ndarray, p: np.ndarray) -> Moment:
    """Everything at one state."""
    now = readings(system, x, p)
    return Moment(
        label=label,
        time=time,
        v=now.v,
        E={wall: {ion: None if np.isnan(e) else e for ion, e in found.items()} for wall, found in now.E.items()},
        concentrations=now.concentrations,
        volumes=now.volumes,
        exchange_currents=now.exchange_currents,
        atp_per_second=now.atp_per_second,
        state=(x, p),
    )


def at_rest(found: Rest, label: str) -> Moment:
    """Everything at a resting state."""
    return moment(label, None, found.system, found.state, found.parameters)


def same(now: Moment, before: Moment) -> bool:
    """Whether two moments differ by no more than 0.1 mV and 1 % of every content and volume."""
    v0, sizes, contents = before.v or {}, before.volumes or {}, before.concentrations or {}
    pairs = [(sizes[n], size) for n, size in (now.volumes or {}).items()]
    pairs += [
        (contents[space][ion], c) for space, ions in (now.concentrations or {}).items() for ion, c in ions.items()
    ]
    near = all(abs(a - b) <= BACK_SHARE * abs(a) + 1e-9 for a, b in pairs)
    return near and all(abs(v - v0[n]) <= BACK_MV for n, v in (now.v or {}).items())


def potentials(system: System, x: np.ndarray) -> dict[str, float]:
    """V of every membrane, mV."""
    return {w.name: from_si(float(system.potential(x, w)), "potential") for w in system.structure.walls}


def by_membrane(rest: Rest) -> dict[str, float]:
    """V of every membrane at a stationary state, mV."""
    return potentials(rest.system, rest.state)


def _flat(values: dict[str, Any] | None) -> Any:
    return next(iter(values.values())) if values and len(values) == 1 else values


def _ending(story: Perturbed) -> str:
    outcome = story.outcome
    if story.kept_stop:
        return f"Kept on, {story.reason[0].lower()}{story.reason[1:]}"
    if outcome.is_rest:
        return story.why.says_later(run_down=outcome is Outcome.rests_run_down)
    if outcome is Outcome.swells_without_limit:
        return "Kept on, the cell swells without limit: no balance of salt and water is left."
    told = outcome.words
    if outcome.has_state:
        v = next(iter(by_membrane(story.settled).values()))
        return f"Kept on, the stationary state at {number(v, decimals=1)} mV does not hold ({told})."
    return f"Kept on, no resting state is found ({told})."


def _recovery(story: Perturbed) -> str:
    wash = f"Washed after {duration(story.duration)}"
    if story.washed_stop and story.recovers is False:
        return f"{wash}, it does not come back ({story.washed_stop.outcome.words})"
    if story.recovers is None:
        going = story.washed_stop and story.washed_stop.outcome is Outcome.oscillates
        still = "it was still firing or oscillating" if going else "it had not come to rest"
        return f"{wash}, {still} when the run was stopped"
    if story.recovers:
        took = story.recovery_time
        return f"{wash}, it recovers" + (f" (within 1 mV after {duration(took, 2)})" if took else "")
    if story.end.outcome.is_rest:
        v = next(iter(by_membrane(story.end).values()))
        return f"{wash}, it does not come back but rests at {number(v, decimals=1)} mV"
    return f"{wash}, it does not come back ({story.end.outcome.words})"


def readings_table(story: Perturbed) -> Table:
    """The readings at rest and at every moment; volumes relative to rest."""
    rested = at_rest(story.before, "rest")
    told = (rested, *story.moments)
    walls, sizes = list(rested.v or {}), rested.volumes or {}
    inner = [s for s in story.before.system.structure.spaces if s.finite]
    labels = [f"{m.label}*" if story.at_once_is_hypothetical and m.label == "at once" else m.label for m in told]
    columns = [Column("moment", "", labels)]
    for w in walls:
        name = f"V {w}" if len(walls) > 1 else "V"
        columns.append(Column(name, "mV", [m.v[w] if m.v else None for m in told], decimals=2))
    for s in inner:
        for ion in s.ions:
            held = [m.concentrations[s.name][ion] if m.concentrations else None for m in told]
            columns.append(Column(f"{ion} {s.name}", "mM", held, rounding=0.0))
    for s in inner:
        if s.kind == "osmotic":
            swollen = [m.volumes[s.name] / sizes[s.name] if m.volumes else None for m in told]
            columns.append(Column(f"relative volume {s.name}", "", swollen))
    spent = [m.atp_per_second if m.v else None for m in told]
    return Table([*columns, Column("ATP", "/s", spent, digits=3)])
