"""What a perturbation is: a small file that says what is changed, by how much for a dose, and what to expect.

It applies to every cell that has its target and refuses, with what the cell has instead, every cell that has not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.change import Change
from vrest.model.notice import Notice
from vrest.model.paths import resolve
from vrest.study.targets import TWIN, baths, found_instead, targets, wanted, with_twins
from vrest.units import format_si, from_door, from_si, to_si

KM_ATP = 0.2
"""mM: half-saturation of the pump by ATP where a cell gives none (0.1 to 0.3 mM is usual for the low-affinity site)."""

USUAL_ATP = 3.0
"""mM: ATP of a pump that does not say its own."""


@dataclass(frozen=True)
class Expected:
    """What was measured in one cell at the default dose: change of V, mV, and how it ended."""

    instant: float
    settled: float | None
    outcome: str


@dataclass(frozen=True)
class Perturbation:
    """One named perturbation; `dosed` binds a dose and an isoform to it.

    Doses and limits are SI.

    >>> ouabain = find("ouabain").dosed("10 uM")
    >>> ouabain.title, ouabain.text(ouabain.dose)
    ('Ouabain or digoxin blocks the Na/K pump', '10 uM')
    """

    name: str
    """As it is asked for."""
    title: str
    """One line."""
    mechanism: str
    """What it does to the cell, for people."""
    source: str
    """Where that is known from."""
    at_once: str
    """Why V moves at once: what follows on 'because'."""
    later: str
    """Why it settles where it does, likewise."""
    target: str
    """What it acts on: a kind of transport, `bath.ION`, or `temperature`."""
    law: str
    """How a dose acts: `block`, `loss`, `multiple`, `raise`, `lower`, `atp`, `selectivity` or `electroneutral`."""
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
    doses: Mapping[str, float]
    """Doses that have names."""
    isoforms: Mapping[str, float]
    """Half-blocking doses by pump isoform."""
    half: float | None
    """Half-blocking dose, of a `block`."""
    reference: float | None
    """What the default dose is meant for, where it depends on the cell's bath or temperature."""
    companion: tuple[str, str] | None
    """An ion that keeps the bath neutral, and `swap` or `with`."""
    sign: str
    """How V moves: `depolarises`, `hyperpolarises`, or other words where neither holds for every cell."""
    unmoved: str
    """What `at_once` becomes where V does not move; empty where it needs no other words."""
    against: str
    """What the reasons become where V moves against `sign`; empty where they serve as well."""
    expected: Mapping[str, Expected]
    """By cell of the library: what was found at the default dose."""
    dose: float | None = None
    """The one that was bound; None: the default."""
    exact: bool = False
    """Whether the dose is a quantity of the user's, to be taken as it is."""
    isoform: str | None = None
    """The one that was bound."""

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

        >>> find("ouabain").dosed("1 uM", isoform="rat_alpha1").half
        0.048
        """
        half = self.half
        if isoform is not None:
            if isoform not in self.isoforms:
                hint = near_miss(isoform, list(self.isoforms)) if self.isoforms else "Leave it out."
                raise InputError(f"{self.name} knows no isoform '{isoform}'.", code="unknown_isoform", hint=hint)
            half = self.isoforms[isoform]
        if dose is None:
            return replace(self, isoform=isoform, half=half)
        named = isinstance(dose, str) and dose.strip() in self.doses
        return replace(self, dose=self._read(dose), exact=not named, isoform=isoform, half=half)

    def _read(self, dose: float | str) -> float:
        if isinstance(dose, str) and dose.strip() in self.doses:
            return self.doses[dose.strip()]
        where = f"dose of {self.name}"
        if isinstance(dose, str) and dose.strip().isalpha():
            listed = list(self.doses)
            hint = (
                near_miss(dose.strip(), listed) if listed else f"Write a quantity, such as '{self.text(self.default)}'."
            )
            raise InputError(f"{self.name} has no dose '{dose}'.", code="unknown_dose", hint=hint)
        value = float(to_si(dose, self.dimension, where, bare_ok=self.law != "block"))  # nM or mM? a drug must say
        if not self.minimum <= value <= self.maximum:
            raise InputError(
                f"The {where} is {self.text(value)}; it must be {self.text(self.minimum)} to "
                f"{self.text(self.maximum)}.",
                code="out_of_range",
                hint=f"The dose is the {self.meaning}.",
            )
        return value

    def reason(self, usual: str, step: float) -> str:
        """Why V moved by a `step` (mV): the `usual` words, or those for a cell in which it went the other way."""
        direction = {"depolarises": 1, "hyperpolarises": -1}.get(self.sign, 0)
        return self.against if self.against and step * direction < 0 else usual

    def text(self, dose: float) -> str:
        """A `dose` (SI) for people.

        >>> find("ouabain").text(0.01)
        '10 uM'
        """
        if self.dimension == "concentration":
            for unit in ("mM", "uM"):
                if abs(dose) >= from_door(1.0, "concentration", unit):
                    return f"{from_si(dose, 'concentration', unit):.4g} {unit}"
            return f"{from_si(dose, 'concentration', 'nM'):.4g} nM" if dose else "0 mM"
        if self.dimension == "number":
            return f"{100 * dose:.4g} %" if self.law in ("loss", "electroneutral") else f"{dose:.4g}"
        return format_si(dose, self.dimension, digits=4)

    def factor(self, dose: float) -> float:
        """What a strength is multiplied by at a `dose` (SI), where the law is a factor.

        >>> round(find("ouabain").dosed(isoform="rat_alpha1").factor(0.048), 3)
        0.5
        """
        if self.law == "block":
            assert self.half is not None  # every file with this law has one: tested
            return 1.0 / (1.0 + dose / self.half)
        if self.law == "loss":
            return float(f"{1.0 - dose:.15g}")
        if self.law == "multiple":
            return dose
        raise AssertionError(self.law)

    def used_dose(self, cell: Cell) -> tuple[float, list[Notice]]:
        """The dose for this `cell`, SI; one given by name or default is fitted to an unusual bath, and said so."""
        dose = self.default if self.dose is None else self.dose
        present = self._present(cell)
        if self.exact or self.reference is None or present is None:
            return dose, []
        ratio = present / self.reference
        usual = 0.5 <= ratio <= 2.0 and (dose - present) * self.sign_of_dose >= 0
        if self.dimension == "temperature":
            fitted = dose + present - self.reference
        else:
            fitted = dose if usual else float(f"{dose * ratio:.3g}")
        fitted = min(max(fitted, self.minimum), self.maximum)
        if fitted == dose:
            return dose, []
        told = (
            f"{self.name}: {self.text(dose)} is meant for {self.text(self.reference)}; this cell has "
            f"{self.text(present)}, so {self.text(fitted)} is used"
        )
        return fitted, [Notice("dose_fitted", told)]

    def _present(self, cell: Cell) -> float | None:
        if self.target == "temperature":
            return cell.temperature
        if self.target.startswith("bath."):
            found = baths(cell, self.target[5:])
            return float(cell.compartments[found[0]].ions[self.target[5:]]) if found else None
        return None

    def prepared(self, cell: Cell) -> Cell:
        """The `cell` with what this perturbation needs and a change of numbers cannot make, still switched off."""
        return with_twins(cell) if self.law == "electroneutral" else cell

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
        >>> [str(c) for c in find("pump_loss").changes(load("mammalian_neuron"))]
        ['membranes.neuron.transports.pump.max_rate*=0.5']
        """
        dose, _ = self.used_dose(cell)
        if self.target == "temperature":
            self._check_direction(cell.temperature, dose, "temperature")
            return [Change("temperature", "set", format_si(dose, "temperature"))]
        if self.target.startswith("bath."):
            return self._bath_changes(cell, dose, neutral)
        found = targets(cell, self.target)
        if not found:
            raise self._no_target(cell, wanted(self.target))
        if self.law == "atp":
            return [_starved(path, part, dose) for path, part in found]
        if self.law == "selectivity":
            return self._unselective(cell, found, dose)
        if self.law == "electroneutral":
            return [change for path, part in found for change in _mutated(path, part, dose)]
        factor = self.factor(dose)
        return [Change(f"{path}.{part.strength}", "scale", factor) for path, part in found]

    def _bath_changes(self, cell: Cell, dose: float, neutral: bool) -> list[Change]:
        ion = self.target[5:]
        found = []
        for bath in baths(cell, ion):
            ions = cell.compartments[bath].ions
            path = f"compartments.{bath}.ions.{ion}"
            self._check_direction(ions[ion], dose, path)
            how, companion = self.companion if self.companion and neutral else ("", "")
            paired: Any = (companion, how) if companion in ions else (None, None)
            found.append(Change(path, "set", format_si(dose, "concentration"), *paired))
        if not found:
            raise self._no_target(cell, f"bath with {ion}")
        return found

    def _unselective(self, cell: Cell, potassium: list[tuple[str, Any]], ratio: float) -> list[Change]:
        """Scale the Na+ leaks so that over all K+ leaks of the same membrane the ratio is as asked for.

        A membrane that is less selective already stays as it is, unless it is the only one.
        """
        sodium = targets(cell, "na_leak")
        if not sodium:
            raise self._no_target(cell, wanted("na_leak"))
        found, present = [], []
        for name in cell.membranes:
            here = f"membranes.{name}."
            ks, nas = ([(path, t) for path, t in group if path.startswith(here)] for group in (potassium, sodium))
            if len({t.strength for _, t in (*ks, *nas)}) > 1:
                raise self._no_target(cell, "K+ and Na+ leaks measured in the same unit")
            if ks and nas:
                k, na = (sum(float(getattr(t, str(t.strength))) for _, t in group) for group in (ks, nas))
                present.append(na / k)
                if ratio >= na / k:
                    found += [Change(f"{path}.{t.strength}", "scale", ratio * k / na) for path, t in nas]
        if not present:
            raise self._no_target(cell, "membrane with both K+ and Na+ leaks")
        if not found:
            raise InputError(
                f"'{cell.name}' has P_Na/P_K = {min(present):.4g}; {ratio:.4g} would make it more selective.",
                code="wrong_direction",
                hint="Give a ratio from the present one to 1.",
            )
        return found

    def _check_direction(self, present: float, dose: float, what: str) -> None:
        if self.sign_of_dose and (dose - present) * self.sign_of_dose <= 0:
            word = "raise" if self.sign_of_dose > 0 else "lower"
            raise InputError(
                f"{self.name}: {what} is {self.text(present)}; {self.text(dose)} would not {word} it.",
                code="wrong_direction",
                hint=f"Give a dose {'above' if self.sign_of_dose > 0 else 'below'} {self.text(present)}.",
            )

    @property
    def sign_of_dose(self) -> int:
        """Whether the dose must lie above (+1) or below (-1) what the cell has; 0 where it may be either."""
        return {"raise": 1, "lower": -1}.get(self.law, 0)

    def _no_target(self, cell: Cell, wanted: str) -> InputError:
        return InputError(
            f"{self.name} finds nothing in '{cell.name}': no {wanted}.",
            code="no_target",
            hint=found_instead(cell, self.target),
        )


def _mutated(path: str, part: Any, share: float) -> list[Change]:
    """A share of the pumps gives its turnovers to the electroneutral twin."""
    given = format_si(share * getattr(part, part.strength), "turnover")
    return [
        Change(f"{path}.{part.strength}", "scale", float(f"{1.0 - share:.15g}")),
        Change(f"{path}{TWIN}.{part.strength}", "set", given),
    ]


def _starved(path: str, part: Any, atp: float) -> Change:
    """Less ATP: the pump's own Michaelis law where it has one, else that of `KM_ATP` on its strength."""
    if getattr(part, "km_atp", 0.0) > 0.0:
        return Change(f"{path}.atp", "set", format_si(atp, "concentration"))
    present = getattr(part, "atp", USUAL_ATP)
    factor = atp / (atp + KM_ATP) * (present + KM_ATP) / present
    return Change(f"{path}.{part.strength}", "scale", min(1.0, factor))


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


def perturbations() -> list[str]:
    """Names of all perturbations.

    >>> "ouabain" in perturbations()
    True
    """
    return sorted(_files())


def find(name: str | Perturbation) -> Perturbation:
    """A perturbation by its name, or an `InputError` with a near miss.

    >>> find("ouabian")
    Traceback (most recent call last):
    vrest.errors.InputError: There is no perturbation 'ouabian'. Did you mean 'ouabain'?
    """
    if isinstance(name, Perturbation):
        return name
    if name not in _files():
        raise InputError(
            f"There is no perturbation '{name}'.",
            code="unknown_perturbation",
            hint=near_miss(str(name), perturbations()),
        )
    return _read(name)


@cache
def _files() -> dict[str, Any]:
    folder = resources.files("vrest.model") / "perturbations"
    return {entry.name[:-5]: entry for entry in folder.iterdir() if entry.name.endswith(".toml")}


@cache
def _read(name: str) -> Perturbation:
    data = tomllib.loads(_files()[name].read_text(encoding="utf-8"))
    dose = data.pop("dose")
    kind = dose["dimension"]

    def si(value: Any, dimension: str = kind) -> Any:
        return None if value is None else float(to_si(value, dimension, name))

    expected = data.pop("expected", {})
    return Perturbation(
        name=name,
        title=data["title"],
        mechanism=data["mechanism"],
        source=data["source"],
        at_once=data["at_once"],
        later=data["later"],
        sign=data["sign"],
        unmoved=data.get("unmoved", ""),
        against=data.get("against", ""),
        target=data["target"],
        law=data["law"],
        dimension=kind,
        meaning=dose["meaning"],
        default=si(dose["default"]),
        minimum=si(dose["minimum"]),
        maximum=si(dose["maximum"]),
        duration=si(data.get("duration", "1 h"), "time"),
        onset=si(data.get("onset", "0 s"), "time"),
        doses={key: si(value) for key, value in data.get("doses", {}).items()},
        isoforms={key: si(value) for key, value in data.get("isoforms", {}).items()},
        half=si(dose.get("half")),
        reference=si(dose.get("reference")),
        companion=tuple(data["companion"]) if "companion" in data else None,
        expected={cell: Expected(e["instant"], e.get("settled"), e["outcome"]) for cell, e in expected.items()},
    )
