"""What a perturbation is: a small file that says what is changed, by how much for a dose, and what was measured.

It applies to every cell that has its target and refuses, with what the cell has instead, every cell that has not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.change import Change
from vrest.model.notice import Notice
from vrest.model.paths import resolve
from vrest.ranges import is_several, read_values
from vrest.shown import Shown
from vrest.study.perturb.law import Law, present
from vrest.tables import Column, Table
from vrest.units import duration, format_si, to_si
from vrest.verbs.outcome import Outcome


@dataclass(frozen=True)
class Expected:
    """What was measured in one cell at the default dose: change of V, mV, and how it ended."""

    instant: float
    settled: float | None
    outcome: str


@dataclass(frozen=True)
class NamedDose:
    """A dose that has a name, and what it stands for."""

    dose: float
    """SI."""
    source: str
    """Where it is met."""


@dataclass(frozen=True)
class Perturbation(Shown):
    """One named perturbation; `dosed` binds a dose and an isoform to it.

    Doses and limits are SI.

    >>> from vrest.study.perturb.library import find
    >>> ouabain = find("ouabain").dosed("10 uM")
    >>> ouabain.title, ouabain.text(ouabain.dose)
    ('Ouabain or digoxin blocks the Na/K pump', '10 uM')
    """

    name: str
    """As it is asked for."""
    title: str
    """One line."""
    short: str
    """As titles of figures have it."""
    mechanism: str
    """What it does to the cell, for people."""
    source: str
    """Where that is known from."""
    target: str
    """What it acts on: a kind of transport, `bath.ION`, or `temperature`."""
    law: Law
    """How a dose acts."""
    dimension: str
    """Of the dose."""
    meaning: str
    """Of the dose, in words."""
    default: float
    """The dose where none is given."""
    minimum: float
    """Least dose."""
    maximum: float
    """Greatest dose."""
    duration: float
    """When it is washed out, s."""
    onset: float
    """Length of the linear onset, s."""
    doses: Mapping[str, NamedDose]
    """Doses that have names."""
    aliases: Mapping[str, str]
    """Other names it is asked for by, such as drugs, and what each is in words."""
    reference: float | None
    """What the default dose is meant for, where it depends on the cell's bath or temperature."""
    expected: Mapping[str, Expected]
    """By cell of the library: what was found at the default dose."""
    dose: float | None = None
    """The one that was bound; None: the default."""
    exact: bool = False
    """Whether the dose is a quantity of the user's, to be taken as it is."""
    isoform: str | None = None
    """The one that was bound."""
    asked: str | None = None
    """The alias that it was asked for by."""

    @property
    def alias(self) -> str:
        """What the alias is that it was asked for by, in a sentence; empty where it was asked for by its name.

        >>> from vrest.study.perturb.library import find
        >>> find("bumetanide").alias
        "bumetanide: a blocker of NKCC1; the perturbation is 'nkcc1_block'"
        """
        if self.asked is None:
            return ""
        what = self.aliases[self.asked]
        return f"{self.asked}: {what}{'; ' if what else ''}the perturbation is '{self.name}'"

    def _cells(self) -> Iterable[Cell]:
        return ()

    def _sources(self) -> Iterable[str]:
        return (self.source,)

    def _brief(self) -> Iterable[str]:
        bound = self.text(self.default if self.dose is None else self.dose)
        yield f"Perturbation '{self.name}': {self.title}"
        if self.alias:
            yield f"  {self.alias}"
        yield f"  {self.mechanism}"
        yield f"  dose {bound} ({self.meaning}; {self.text(self.minimum)} to {self.text(self.maximum)})"
        onset = f", onset {duration(self.onset)}" if self.onset else ""
        yield f"  washed out after {duration(self.duration)}{onset}"

    def tables(self) -> tuple[Table, ...]:
        """What it was found to do at the default dose, by cell of the library: change of V (mV), and how it ends.

        Then its named doses, and the other names it is asked for by.
        """
        found = list(self.expected.values())
        columns = (
            Column("cell", "", list(self.expected)),
            Column("at once", "mV", [e.instant for e in found], decimals=2, signed=True),
            Column("settled", "mV", [e.settled for e in found], decimals=2, signed=True),
            Column("outcome", "", [Outcome[e.outcome].words for e in found]),
        )
        return (Table(columns, f"At {self.text(self.default)}"), *doses_table([self]), *aliases_table([self]))

    def _said(self) -> Iterable[str]:
        return (f"Source: {self.source}",)

    def dosed(self, dose: float | str | None = None, isoform: str | None = None) -> Perturbation:
        """With a dose bound to it.

        Parameters
        ----------
        dose
            A number in the door unit, text with unit, or one of its named doses.
        isoform
            Which pump isoform the dose meets.

        Raises
        ------
        InputError
            A dose of the wrong unit or out of range, an unknown name or isoform.

        >>> from vrest.study.perturb.library import find
        >>> find("ouabain").dosed("1 uM", isoform="rat_alpha1").law
        Block(half=0.048, half_by_isoform={'human': 3e-05, 'rat_alpha1': 0.048, ...})
        """
        law = self.law
        if isoform is not None:
            if isoform not in self.isoforms:
                hint = near_miss(isoform, list(self.isoforms)) if self.isoforms else "Leave it out."
                raise InputError(f"{self.name} knows no isoform '{isoform}'.", code="unknown_isoform", hint=hint)
            law = self.isoforms[isoform]
        if dose is None:
            return replace(self, isoform=isoform, law=law)
        named = isinstance(dose, str) and self._named(dose) is not None
        return replace(self, dose=self._read(dose), exact=not named, isoform=isoform, law=law)

    def dosed_each(self, doses: str | Iterable[float | str], isoform: str | None = None) -> tuple[Perturbation, ...]:
        """With each of several doses bound to it.

        Parameters
        ----------
        doses
            A text: one dose, a list such as `"10 nM, 100 nM, 1 uM"` or `"mild, severe"`, or a range such as
            `"1 nM:1 uM:log"`; or several of those, and numbers in the door unit.
        isoform
            Which pump isoform the doses meet.

        Raises
        ------
        InputError
            What `dosed` and `read_values` refuse.

        >>> from vrest.study.perturb.library import find
        >>> [p.text(p.dose) for p in find("ouabain").dosed_each("10 nM:1 uM:log:3")]
        ['10 nM', '100 nM', '1 uM']
        """
        bound = self.dosed(None, isoform)
        given = [doses] if isinstance(doses, str | float | int) else list(doses)
        return tuple(each for one in given for each in bound._several(one))

    def _several(self, doses: float | str) -> tuple[Perturbation, ...]:
        if not isinstance(doses, str) or not is_several(doses):
            return (self.dosed(doses, self.isoform),)
        parts = re.split("[:,]" if ":" in doses else ",", doses)
        if ":" not in doses and any(self._named(part) is not None for part in parts):
            return tuple(self.dosed(part.strip(), self.isoform) for part in parts)
        self.dosed(parts[0], self.isoform)  # refuses a bare number where a dose must say its unit
        found = read_values(doses, self.dimension, f"doses of {self.name}").tolist()
        return tuple(replace(self, dose=self._within(dose), exact=True) for dose in found)

    def _named(self, dose: str) -> float | None:
        """A dose by its name; None where it is none of those."""
        found = self.doses.get(dose.strip().lower())
        return found.dose if found else None

    def _read(self, dose: float | str) -> float:
        if isinstance(dose, str) and (found := self._named(dose)) is not None:
            return found
        where = f"dose of {self.name}"
        if isinstance(dose, str) and dose.strip().isalpha():
            listed = list(self.doses)
            hint = (
                near_miss(dose.strip(), listed) if listed else f"Write a quantity, such as '{self.text(self.default)}'."
            )
            raise InputError(f"{self.name} has no dose '{dose}'.", code="unknown_dose", hint=hint)
        return self._within(float(to_si(dose, self.dimension, where, bare_ok=self.law.bare_dose)))

    def _within(self, value: float) -> float:
        """A dose, SI, within its limits."""
        if not self.minimum <= value <= self.maximum:
            raise InputError(
                f"The dose of {self.name} is {self.text(value)}; it must be {self.text(self.minimum)} to "
                f"{self.text(self.maximum)}.",
                code="out_of_range",
                hint=f"The dose is the {self.meaning}.",
            )
        return value

    @property
    def isoforms(self) -> Mapping[str, Law]:
        """The law for each isoform that it knows."""
        return self.law.isoforms

    def text(self, dose: float) -> str:
        """A `dose`, SI, for people.

        >>> from vrest.study.perturb.library import find
        >>> find("ouabain").text(0.01)
        '10 uM'
        """
        return self.law.text(dose, self.dimension)

    def used_dose(self, cell: Cell) -> tuple[float, list[Notice]]:
        """The dose for this `cell`, SI; one given by name or default is fitted to an unusual bath, and said so."""
        dose = self.default if self.dose is None else self.dose
        values = present(cell, self.target)
        if self.exact or self.reference is None or not values:
            return dose, []
        has = next(iter(values.values()))
        ratio = has / self.reference
        usual = 0.5 <= ratio <= 2.0 and (dose - has) * self.law.sign >= 0
        if self.dimension == "temperature":
            fitted = dose + has - self.reference
        else:
            fitted = dose if usual else float(f"{dose * ratio:.3g}")
        fitted = min(max(fitted, self.minimum), self.maximum)
        if fitted == dose:
            return dose, []
        message = (
            f"{self.name}: {self.text(dose)} is meant for {self.text(self.reference)}; this cell has "
            f"{self.text(has)}, so {self.text(fitted)} is used"
        )
        return fitted, [Notice("dose_fitted", message)]

    def prepared(self, cell: Cell) -> Cell:
        """The `cell` with what this perturbation needs and a change of numbers cannot make, still switched off."""
        return self.law.prepared(cell)

    def changes(self, cell: Cell, neutral: bool = True) -> list[Change]:
        """The changes of parameters that it makes in a cell.

        Parameters
        ----------
        cell
            Any cell, `prepared`.
        neutral
            Whether an ion of a bath is exchanged for its companion, so that the bath stays neutral.

        Raises
        ------
        InputError
            Nothing to act on (code `no_target`), or a dose that goes the other way (`wrong_direction`).

        >>> from vrest.model.cellfile import load
        >>> from vrest.study.perturb.library import find
        >>> [str(c) for c in find("pump_loss").changes(load("mammalian_neuron"))]
        ['membranes.neuron.transports.pump.max_rate*=0.5']
        """
        dose, _ = self.used_dose(cell)
        called = f"{self.name} ({self.asked})" if self.asked else self.name
        changes = self.law.changes(cell, self.target, dose, called)
        return changes if neutral else [replace(c, companion=None, how=None) for c in changes]


def restoring(cell: Cell, changes: Iterable[Change]) -> list[Change]:
    """The changes that take others back, each value once."""
    found: dict[str, Change] = {}
    for c in changes:
        path = resolve(cell, c.path).path
        found.setdefault(path, Change(path, "restore", None, c.companion, c.how))
    return list(found.values())


def together(changes: Iterable[Change]) -> list[Change]:
    """Changes of several perturbations as one: factors on one value multiply; two values are refused."""
    found: dict[str, Change] = {}
    for c in changes:
        known = found.get(c.path)
        if known is None:
            found[c.path] = c
        elif known.operation == c.operation == "scale":
            found[c.path] = replace(known, value=known.value * c.value, over=max(known.over, c.over))
        elif {known.operation, c.operation} == {"set", "scale"}:  # a drug that acts on mutated pumps as well
            put, factor = (known, c.value) if known.operation == "set" else (c, known.value)
            value = format_si(factor * float(to_si(put.value, "turnover", c.path)), "turnover")
            found[c.path] = replace(put, value=value, over=max(known.over, c.over))
        else:
            raise InputError(
                f"Two perturbations set {c.path}.", code="conflict", hint="Leave one of them out, or run them in turn."
            )
    return list(found.values())


def doses_table(known: Iterable[Perturbation]) -> list[Table]:
    """The named doses of perturbations, and what each stands for; empty where there are none."""
    rows = [(p.name, name, p.text(d.dose), d.source) for p in known for name, d in p.doses.items()]
    return _table(("perturbation", "name", "dose", "where it is met"), rows, "Doses by name")


def aliases_table(known: Iterable[Perturbation]) -> list[Table]:
    """The other names of perturbations, and what those are; empty where there are none."""
    alike: dict[tuple[str, str], list[str]] = {}
    for p in known:
        for alias, what in p.aliases.items():
            alike.setdefault((p.name, what), []).append(alias)
    rows = [(name, ", ".join(names), what) for (name, what), names in alike.items()]
    return _table(("perturbation", "asked for as", "what that is"), rows, "Other names")


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]], title: str) -> list[Table]:
    columns = [Column(head, "", column) for head, column in zip(heads, zip(*rows, strict=True), strict=False)]
    return [Table(columns, title)] if rows else []
