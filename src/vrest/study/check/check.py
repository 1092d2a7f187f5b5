"""`check`: why does my model drift? What is inconsistent, where it leads, and what would make it rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from vrest.model.cell import Cell
from vrest.model.cellfile import CellLike, load
from vrest.model.notice import Notice
from vrest.model.notices import notices
from vrest.numerics.compiler.fallback import Fallback, fallbacks
from vrest.shown import Drawn
from vrest.study.check.absurd import Remark, absurdities
from vrest.study.check.findings import Claims, Finding, findings, first_moment
from vrest.study.check.fixes import Fix, fixes, plain
from vrest.study.check.future import Later, follow, moved
from vrest.tables import Column, Table, counted, number
from vrest.units import duration, from_si
from vrest.verbs.outcome import Outcome
from vrest.verbs.progress import Progress
from vrest.verbs.rest import rest_here
from vrest.verbs.slower import slower


@dataclass(frozen=True)
class Check(Drawn):
    """What is inconsistent in a description, ranked; what it leads to; verified fixes. `str()` is the account.

    >>> from vrest.model.change import apply
    >>> story = check(apply("mammalian_neuron", "pump.max_rate*=0.8"))
    >>> story.rests, story.findings[0].where, f"{story.later[-1].v['neuron']:.1f} mV after an hour"
    (False, 'inside.Na', '-69.4 mV after an hour')
    """

    drawn_by: ClassVar[str] = "vrest.plot.answers:check_axes"
    methods: ClassVar[tuple[str, ...]] = ("Sandu1997", "Bradbury2018")
    cell: Cell
    """As described."""
    claims: Claims
    """What the description says beside it."""
    v_start: Mapping[str, float]
    """As described, mV by membrane."""
    findings: tuple[Finding, ...]
    """What is inconsistent, the largest first."""
    later: tuple[Later, ...]
    """At once (contents as described, no net current), then after 1 min, 10 min and 1 h; fewer where a run fails."""
    stopped: str
    """Why the run ended early; empty if it did not."""
    remarks: tuple[Remark, ...]
    """What within that hour would be as in no cell."""
    fixes: tuple[Fix, ...]
    """What would make it rest; each was made, rests by `rest` and stays for an hour."""
    unfixed: str
    """Why no strengths hold the described state, or why nothing does; empty where some do."""
    fallbacks: tuple[Fallback, ...]
    """What was left to XLA."""

    @property
    def rests(self) -> bool:
        """Whether nothing is inconsistent and nothing moves."""
        return not self.findings

    @property
    def warnings(self) -> list[Notice]:
        """Of the cell, values that were not given, and what was left to XLA."""
        defaults = ", ".join(self.claims.defaults)
        told = [Notice("defaults", f"not given, so NEURON's defaults: {defaults}")] if defaults else []
        told += [Notice("read_as", text) for text in self.claims.read]
        told += [Notice("unused", f"{text} changes nothing") for text in self.claims.unused]
        told += notices(self.cell)
        return told + slower(self.fallbacks)

    def as_dict(self) -> dict[str, Any]:
        """Nested dictionary in door units; potentials of one membrane are plain numbers."""
        return {
            "rests": self.rests,
            "v_start": plain(self.v_start),
            "findings": [vars(f) for f in self.findings],
            "later": [{"time": t.time, "v": plain(t.v), "concentrations": t.concentrations} for t in self.later],
            "stopped": self.stopped,
            "remarks": [vars(remark) for remark in self.remarks],
            "fixes": [fix.as_dict() for fix in self.fixes],
            "unfixed": self.unfixed,
        }

    def units(self) -> dict[str, str]:
        """Unit of every key of `as_dict` that has one."""
        return {
            "v_start": "mV",
            "mM_per_min": "mM/min",
            "time": "s",
            "v": "mV",
            "concentrations": "mM",
            "v_rest": "mV",
            "v_after_1h": "mV",
            "drift": "mV",
        }

    def _cells(self) -> Iterable[Cell]:
        return (self.cell,)

    def _brief(self) -> Iterable[str]:
        many = len(self.findings)
        found = f", {counted(many, 'finding')}" if many else ""
        yield f"Check of '{self.cell.name}': {'rests' if self.rests else 'drifts'}{found}"
        yield from (f"  {f.where}: {f.code}, {number(f.mM_per_min)} mM/min" for f in self.findings)
        first, last = self.later[0], self.later[-1]
        for name, v in last.v.items():
            moved = f"{number(first.v[name], decimals=2)} -> {number(v, decimals=2)} mV"
            yield f"  V ({name}): {moved} in {duration(last.time)}"
        if not self.rests:
            yield f"  {counted(len(self.fixes), 'way')} out"

    def tables(self) -> tuple[Table, ...]:
        """What is inconsistent (mM/min); V (mV) and contents (mM) over time (s); ways out, V after an hour (mV)."""
        found = (
            Column("where", "", [f.where for f in self.findings]),
            Column("code", "", [f.code for f in self.findings]),
            Column("moves", "mM/min", [f.mM_per_min for f in self.findings], rounding=0.0),
            Column("what", "", [f.message for f in self.findings]),
        )
        heads = {name: "V" if len(self.v_start) == 1 else f"V {name}" for name in self.v_start}
        course = [Column("after", "s", [at.time for at in self.later], form=_after)]
        course += [Column(head, "mV", [at.v[n] for at in self.later], decimals=2) for n, head in heads.items()]
        for space, ions in self.later[0].concentrations.items():
            for ion in ions:
                if f"{space}.{ion}" in self.cell.closures:
                    continue
                held = [at.concentrations[space][ion] for at in self.later]
                course.append(Column(f"{ion} {space}", "mM", held, rounding=0.0))
        ways = (
            Column("way out", "", [fix.message for fix in self.fixes]),
            *(
                Column(f"{head} after 1 h", "mV", [_of(fix.v_after_1h, name) for fix in self.fixes], decimals=2)
                for name, head in heads.items()
            ),
            Column("drift", "mV", [fix.drift for fix in self.fixes], decimals=2, signed=True),
        )
        return Table(found, "Inconsistent"), Table(course, "What follows"), Table(ways, "Ways out")

    def _said(self) -> Iterable[str]:
        return (text for text in (self.stopped, *(r.message for r in self.remarks), self.unfixed) if text)


def check(cell: CellLike, claims: Claims | None = None, *, progress: Progress | None = None) -> Check:
    """Why a description drifts: every inconsistency with its size, the future, and fixes that were run.

    The state judged is the described contents at the potential where no current flows. From there the cell is followed
    for an hour, every ion with it. Each fix was made, rested and followed
    as well; what does not stay is not proposed.

    Parameters
    ----------
    cell
        As of `rest`. The state it starts from is what is judged.
    claims
        What the description says beside it, such as reversal potentials (see `vrest.io.neuron.read_description`).
    progress
        Called with the share of the run that is done; returning False stops it.

    Returns
    -------
    Check
        `rests` is True where V stays within 0.1 mV and every content within 1 % for an hour.

    Raises
    ------
    InputError
        No such cell; contents in which a transport has no finite rate (`undefined_rate`).
    NoRestError
        No potential carries zero current in the described contents.

    >>> check("mammalian_neuron").rests
    True
    >>> from vrest.model.change import apply
    >>> story = check(apply("mammalian_neuron", "pump.max_rate*=0.8"))
    >>> print(story.findings[0].message)
    Na+ in 'inside' (15 mM) gains ... mM/min: ...
    """
    cell = load(cell)
    claims = claims or Claims()
    now = first_moment(cell)
    found = findings(now, claims)
    structure = now.system.structure
    at_once = Later(
        0.0,
        now.read.v,
        {s.name: now.read.concentrations[s.name] for s in structure.spaces if s.finite},
    )
    with fallbacks() as heard:
        later, stopped = follow(cell, progress)
        if not found:
            found = list(_leaves(cell, at_once, later))
        proposed, unfixed = fixes(cell, claims, now, found) if found else ((), "")
    return Check(
        cell=cell,
        claims=claims,
        v_start={name: from_si(cell.potential(name), "potential") for name in cell.membranes},
        findings=tuple(found),
        later=(at_once, *later),
        stopped=stopped,
        remarks=absurdities(cell, later),
        fixes=proposed,
        unfixed=unfixed,
        fallbacks=tuple(heard),
    )


def _leaves(cell: Cell, start: Later, later: list[Later]) -> Iterator[Finding]:
    """A state in which everything balances and that the cell leaves all the same."""
    certificate = rest_here(cell)
    if certificate.outcome in (Outcome.unstable, Outcome.oscillates):
        message = f"Everything balances, but the state is not stable. {certificate.reason}"
        yield Finding("unstable", cell.name, 0.0, message)
    elif moved(start, later):
        yield Finding("leaves", cell.name, 0.0, "Everything balances at the start, and yet the cell leaves.")


def _of(v: float | dict[str, float], membrane: str) -> float:
    return v[membrane] if isinstance(v, dict) else v


def _after(seconds: float) -> str:
    return duration(seconds) if seconds else "at once"
