"""Laws: what a dose of a perturbation does to what it acts on. A file names one by its word in `LAWS`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from vrest.errors import InputError
from vrest.model.cell import Cell
from vrest.model.change import Change
from vrest.model.elsewhere import elsewhere
from vrest.study.targets import TWIN, baths, found_instead, is_there, targets, wanted, with_twins
from vrest.tables import number
from vrest.units import format_si, from_door, from_si, unit_of

KM_ATP = 0.2
"""mM: half-saturation of the pump by ATP where a cell gives none (0.1 to 0.3 mM is usual for the low-affinity site)."""

USUAL_ATP = 3.0
"""mM: ATP of a pump that does not say its own."""


@dataclass(frozen=True)
class Law(ABC):
    """Abstract base of all laws. Subclasses are final, or abstract as well."""

    bare_dose: ClassVar[bool] = True
    """Whether a dose may be a number without its unit."""
    in_percent: ClassVar[bool] = False
    """Whether a dose that is a number is a share, written in percent."""
    before_dose: ClassVar[str] = ""
    """What a title writes before a dose."""
    sign: ClassVar[int] = 0
    """Whether a dose must lie above (+1) or below (-1) what the cell has; 0 where it may be either."""

    @property
    def isoforms(self) -> Mapping[str, Law]:
        """The law for each isoform that is known; empty where isoforms make no difference."""
        return {}

    def prepared(self, cell: Cell) -> Cell:
        """The cell with what the law needs and a change of numbers cannot make, still switched off."""
        return cell

    def blocked(self, dose: float) -> float | None:
        """The share of its target that a dose, SI, of a drug blocks; None of what is no drug."""
        return None

    @abstractmethod
    def changes(self, cell: Cell, target: str, dose: float, name: str) -> list[Change]:
        """The changes of parameters that a dose makes in a cell, each bath kept neutral.

        Parameters
        ----------
        cell
            Any cell, `prepared`.
        target
            What is acted on: a name of `vrest.study.targets`, `bath.ION` or `temperature`.
        dose
            SI.
        name
            Of the perturbation, for errors.

        Raises
        ------
        InputError
            Nothing to act on (code `no_target`), or a dose that goes the other way (`wrong_direction`).
        """

    def text(self, dose: float, dimension: str) -> str:
        """A dose, SI, for people.

        >>> Multiple().text(0.5, "number"), Loss().text(0.5, "number"), Block(half=0.03).text(0.01, "concentration")
        ('0.5', '50 %', '10 uM')
        """
        if dimension not in ("concentration", "number"):
            return format_si(dose, dimension, digits=4)
        unit = self.unit(dose, dimension)
        return f"{number(from_si(dose, dimension, unit))} {unit}".rstrip()

    def unit(self, dose: float, dimension: str) -> str:
        """The unit that people say a dose, SI, in.

        >>> Loss().unit(0.5, "number"), Block(half=0.03).unit(5e-6, "concentration")
        ('%', 'nM')
        """
        if self.in_percent:
            return "%"
        if dimension != "concentration":
            return unit_of(dimension)
        if dose == 0.0:
            return unit_of(dimension)
        return next((unit for unit in ("mM", "uM") if abs(dose) >= from_door(1.0, dimension, unit)), "nM")


@dataclass(frozen=True)
class Factor(Law, ABC):
    """Abstract: a law that multiplies the strength of every target by a factor."""

    @abstractmethod
    def factor(self, dose: float) -> float:
        """What a strength is multiplied by at a dose, SI."""

    def changes(self, cell: Cell, target: str, dose: float, name: str) -> list[Change]:
        """One factor for every target."""
        factor = self.factor(dose)
        return [Change(f"{path}.{part.strength}", "scale", factor) for path, part in _parts(cell, target, name)]


@dataclass(frozen=True)
class Block(Factor):
    """A drug at one site: a factor of 1/(1 + dose/IC50).

    Parameters
    ----------
    half
        IC50, mM.
    half_by_isoform
        IC50 by isoform, mM.

    >>> Block(half=0.03).factor(0.03)
    0.5
    """

    half: float
    half_by_isoform: Mapping[str, float] = field(default_factory=dict)

    bare_dose: ClassVar[bool] = False  # nM or mM? a drug must say

    @property
    def isoforms(self) -> Mapping[str, Law]:
        """The same law with the IC50 of each isoform."""
        return {name: Block(half, self.half_by_isoform) for name, half in self.half_by_isoform.items()}

    def factor(self, dose: float) -> float:
        """1/(1 + dose/IC50)."""
        return 1.0 / (1.0 + dose / self.half)

    def blocked(self, dose: float) -> float:
        """dose/(dose + IC50)."""
        return dose / (dose + self.half)


@dataclass(frozen=True)
class Loss(Factor):
    """A share is lost: a factor of 1 - dose.

    >>> Loss().factor(0.9)
    0.1
    """

    in_percent: ClassVar[bool] = True

    def factor(self, dose: float) -> float:
        """1 - dose."""
        return _left(dose)


@dataclass(frozen=True)
class Multiple(Factor):
    """The dose is the factor."""

    before_dose: ClassVar[str] = "x "

    def factor(self, dose: float) -> float:
        """The dose."""
        return dose


@dataclass(frozen=True)
class AtpDepletion(Law):
    """Less ATP, mM: the pump's own Michaelis law where it has one, else that of `KM_ATP` on its strength."""

    def changes(self, cell: Cell, target: str, dose: float, name: str) -> list[Change]:
        """The ATP of pumps that have a law for it, the strength of the others; never more than they have."""
        return [_starved(path, part, dose) for path, part in _parts(cell, target, name)]


@dataclass(frozen=True)
class Electroneutral(Law):
    """A share of the 3:2 pumps gives its turnovers to an electroneutral twin (2 Na+ for 2 K+)."""

    in_percent: ClassVar[bool] = True

    def prepared(self, cell: Cell) -> Cell:
        """The cell with a twin beside every 3:2 pump."""
        return with_twins(cell)

    def changes(self, cell: Cell, target: str, dose: float, name: str) -> list[Change]:
        """Pumps scaled by 1 - dose, twins given what that takes."""
        return [change for path, part in _parts(cell, target, name) for change in _mutated(path, part, dose)]


@dataclass(frozen=True)
class SelectivityLoss(Law):
    """Na+ leaks through what was for K+: the dose is P_Na/P_K of a membrane."""

    def changes(self, cell: Cell, target: str, dose: float, name: str) -> list[Change]:
        """Scale the Na+ leaks so that over all K+ leaks of the same membrane the ratio is as asked for.

        A membrane that is less selective already stays as it is, unless it is the only one.
        """
        potassium, sodium = (_parts(cell, kind, name, _is_selective) for kind in (target, "na_leak"))
        changes, present = [], []
        for membrane in cell.membranes:
            here = f"membranes.{membrane}."
            ks, nas = ([(path, t) for path, t in group if path.startswith(here)] for group in (potassium, sodium))
            if len({t.strength for _, t in (*ks, *nas)}) > 1:
                raise _no_target(cell, target, name, "K+ and Na+ leaks measured in the same unit", _is_selective)
            if ks and nas:
                k, na = (sum(float(getattr(t, str(t.strength))) for _, t in group) for group in (ks, nas))
                present.append(na / k)
                if dose >= na / k:
                    changes += [Change(f"{path}.{t.strength}", "scale", dose * k / na) for path, t in nas]
        if not present:
            raise _no_target(cell, target, name, "membrane with both K+ and Na+ leaks", _is_selective)
        if not changes:
            raise InputError(
                f"'{cell.name}' has P_Na/P_K = {number(min(present))}; {number(dose)} would make it more selective.",
                code="wrong_direction",
                hint="Give a ratio from the present one to 1.",
            )
        return changes


@dataclass(frozen=True)
class Shift(Law, ABC):
    """Abstract: the dose is the new concentration of an ion in the baths, mM, or the new temperature, K.

    `companion` is how a bath stays neutral: `swap` or `with`, and an ion; a bath without that ion goes without.
    """

    companion: tuple[Literal["swap", "with"], str] | None = None

    word: ClassVar[str]
    """What the dose does to what is there: the word of the file."""
    side: ClassVar[str]
    """Where the dose must lie."""

    def changes(self, cell: Cell, target: str, dose: float, name: str) -> list[Change]:
        """Set it, where the dose lies on the right side of what is there."""
        values = present(cell, target)
        if not values:
            ion = target.removeprefix("bath.")
            raise _no_target(cell, target, name, f"bath with {ion}", lambda other: bool(baths(other, ion)))
        dimension = "temperature" if target == "temperature" else "concentration"
        for path, value in values.items():
            if (dose - value) * self.sign <= 0:
                has = self.text(value, dimension)
                raise InputError(
                    f"{name}: {path} is {has}; {self.text(dose, dimension)} would not {self.word} it.",
                    code="wrong_direction",
                    hint=f"Give a dose {self.side} {has}.",
                )
        given = format_si(dose, dimension)
        return [Change(path, "set", given, *self._along(cell, path)) for path in values]

    def _along(self, cell: Cell, path: str) -> tuple[str | None, Literal["swap", "with"] | None]:
        if self.companion is None:
            return None, None
        how, ion = self.companion
        bath = path.split(".")[1]
        return (ion, how) if ion in cell.compartments[bath].ions else (None, None)


@dataclass(frozen=True)
class Raise(Shift):
    """More of an ion outside, or warmer."""

    sign: ClassVar[int] = 1
    word: ClassVar[str] = "raise"
    side: ClassVar[str] = "above"


@dataclass(frozen=True)
class Lower(Shift):
    """Less of an ion outside, or colder."""

    sign: ClassVar[int] = -1
    word: ClassVar[str] = "lower"
    side: ClassVar[str] = "below"


LAWS: dict[str, Callable[..., Law]] = {
    "block": Block,
    "loss": Loss,
    "multiple": Multiple,
    "atp": AtpDepletion,
    "selectivity": SelectivityLoss,
    "electroneutral": Electroneutral,
    "raise": Raise,
    "lower": Lower,
}
"""The law of each word in the files."""


def present(cell: Cell, target: str) -> dict[str, float]:
    """What the cell has of a target that is a value, SI, by full path: an ion of its baths, or its temperature.

    >>> from vrest.model.cellfile import load
    >>> present(load("mammalian_neuron"), "bath.K"), present(load("mammalian_neuron"), "na_k_pump")
    ({'compartments.outside.ions.K': 5.0}, {})
    """
    if target == "temperature":
        return {"temperature": cell.temperature}
    if not target.startswith("bath."):
        return {}
    ion = target.removeprefix("bath.")
    return {f"compartments.{bath}.ions.{ion}": float(cell.compartments[bath].ions[ion]) for bath in baths(cell, ion)}


def _parts(cell: Cell, target: str, name: str, suits: Callable[[Cell], bool] | None = None) -> list[tuple[str, Any]]:
    """Path and part of everything that is the target, or an error where nothing is, which names cells that suit."""
    parts = targets(cell, target)
    if not parts:
        raise _no_target(cell, target, name, wanted(target), suits or (lambda other: is_there(other, target)))
    return parts


def _no_target(cell: Cell, target: str, name: str, missing: str, has: Callable[[Cell], bool]) -> InputError:
    return InputError(
        f"{name} finds nothing in '{cell.name}': no {missing}.",
        code="no_target",
        hint=f"{found_instead(cell, target)} {elsewhere(cell, has)}".strip(),
    )


def _is_selective(cell: Cell) -> bool:
    """Whether all the leaks of K+ and Na+ are measured in one unit, and a membrane has both."""
    sides = [
        {
            ion: {t.strength for path, t in targets(cell, f"{ion}_leak") if path.startswith(f"membranes.{name}.")}
            for ion in ("k", "na")
        }
        for name in cell.membranes
    ]
    return all(len(s["k"] | s["na"]) < 2 for s in sides) and any(s["k"] and s["na"] for s in sides)


def _left(share: float) -> float:
    """1 - share, without the rounding that 1 - 0.9 shows."""
    return float(f"{1.0 - share:.15g}")


def _mutated(path: str, part: Any, share: float) -> list[Change]:
    given = format_si(share * getattr(part, part.strength), "turnover")
    return [
        Change(f"{path}.{part.strength}", "scale", _left(share)),
        Change(f"{path}{TWIN}.{part.strength}", "set", given),
    ]


def _starved(path: str, part: Any, atp: float) -> Change:
    if getattr(part, "km_atp", 0.0) > 0.0:
        return Change(f"{path}.atp", "set", format_si(atp, "concentration"))
    has = getattr(part, "atp", USUAL_ATP)
    factor = atp / (atp + KM_ATP) * (has + KM_ATP) / has
    return Change(f"{path}.{part.strength}", "scale", min(1.0, factor))
