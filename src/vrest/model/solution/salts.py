"""The one rule for salts: cations and anions with their counts, in any order and spelling, checked for neutrality.

`K2SO4`, `Cs-methanesulfonate`, `potassium gluconate`, `Ca(gluconate)2`, `ATP disodium salt`, `phosphocreatine di-Tris`,
`Tris-HCl`, `NaH2PO4`, `KOH`, `HCl`. An acid that has several forms (ATP, EGTA) keeps the protons that no cation
replaces; a formula that is not neutral is refused with the one that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import gcd, lcm

from vrest.errors import InputError
from vrest.model.solution.formulas import atoms

NUMBERS = {"hemi": 0.5, "mono": 1.0, "di": 2.0, "tri": 3.0, "tetra": 4.0, "penta": 5.0, "hexa": 6.0, "hepta": 7.0,
           "octa": 8.0, "deca": 10.0}  # fmt: skip
"""Of names such as `disodium` and `heptahydrate`."""

_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉·•∙⋅‧*×", "0123456789.......")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a salt is made of.

    Parameters
    ----------
    component
        What it is counted as in a solution; empty where the pH decides on it (H+, OH-).
    symbol
        How it stands in a formula.
    formula
        Its atoms: of a strong ion as it is, of an acid or a base without charge, `held` protons not counted.
    charge
        Of a strong ion; 0 of an acid or a base.
    acid
        Protons that it can lose.
    base
        Protons that it can take up.
    unclear
        What to write in its place where a name has several meanings in a salt, such as `MES`.
    held
        Protons that the name says it holds: two of `H2PO4`, one of `H` itself; None where the name leaves them to the
        cations.
    """

    component: str
    symbol: str
    formula: str
    charge: int = 0
    acid: int = 0
    base: int = 0
    held: int | None = None
    unclear: str = ""

    @property
    def cation(self) -> bool:
        return self.charge > 0 or self.base > 0 or self.symbol == "H"


@dataclass(frozen=True)
class Counted:
    """A part and how often it is there; `said` where the text gives the count, `name` where it is a name in words."""

    part: Part
    count: float
    said: bool
    name: bool


@dataclass(frozen=True, kw_only=True)
class Salt:
    """A neutral salt: what it releases by component, its atoms, and the highest charges of its cations and anions."""

    totals: Mapping[str, float]
    atoms: Mapping[str, float]
    charges: tuple[int, int]


@dataclass(frozen=True)
class Vocabulary:
    """Parts by their spellings, as they are written (`exact`) and in any case (`folded`)."""

    exact: Mapping[str, Part]
    folded: Mapping[str, Part]
    longest: int

    def beginning(self, text: str, exact: bool) -> Iterator[tuple[str, Part]]:
        """Spellings that a text begins with, the longest first, and what they name."""
        known = self.exact if exact else self.folded
        for length in range(min(self.longest, len(text)), 0, -1):
            spelling = text[:length]
            part = known.get(spelling if exact else spelling.casefold())
            if part is not None:
                yield spelling, part


def vocabulary(parts: Mapping[str, Part]) -> Vocabulary:
    """Of parts by their spellings."""
    folded = {spelling.casefold(): part for spelling, part in parts.items()}
    return Vocabulary(parts, folded, max(map(len, parts)))


def plain(text: str) -> str:
    """A name with plain digits, dots and hyphens, and single blanks.

    >>> plain(" MgCl₂ · 6H₂O ")
    'MgCl2.6H2O'
    """
    text = " ".join(text.translate(_PLAIN).translate(_DASHES).split())
    return re.sub(r" ?\. ?(?=\d)", ".", text)


_WATER = re.compile(r"[ .,(-]+(?:x (?=\d))?(?P<count>\d*\.?\d*|[xn]) ?H2O\)?$", re.IGNORECASE)
_HYDRATE = re.compile(rf"[ ,(-]+(?P<count>{'|'.join(NUMBERS)}|sesqui)?[- ]?hydrate\)?$", re.IGNORECASE)
_DRY = re.compile(r"[ ,(-]+anhydrous\)?$|^anhydrous ", re.IGNORECASE)


def split_water(text: str) -> tuple[str, float | None]:
    """A name without its crystal water, and how much of it a formula has; None where it says `hydrate` alone.

    >>> split_water("MgCl2.6H2O"), split_water("glucose monohydrate"), split_water("Na2ATP hydrate"), split_water("KCl")
    (('MgCl2', 6.0), ('glucose', 1.0), ('Na2ATP', None), ('KCl', 0.0))
    """
    if dry := _DRY.search(text):
        return (text[: dry.start()] + text[dry.end() :]).strip(), 0.0
    if (water := _WATER.search(text)) and water.start():
        count = water["count"].lower()
        return text[: water.start()].strip(), None if count in ("x", "n") else float(count or 1)
    if (water := _HYDRATE.search(text)) and water.start():
        count = (water["count"] or "").lower()
        return text[: water.start()].strip(), {"sesqui": 1.5, **NUMBERS}.get(count)
    return text, 0.0


def salt(text: str, known: Vocabulary, sold: Mapping[str, str]) -> Salt | None:
    """The salt that a text names, or None if it is not made of parts of the vocabulary.

    `sold` has, for acids with several protons, the salts that bottles have.

    Raises
    ------
    InputError
        `not_neutral`: with the formula that is. `which_salt`: of an acid with several protons it is not said how many
        cations it has.
    """
    body = re.sub(r"[ -]*(free )?salt$", "", text, flags=re.IGNORECASE)
    body = re.sub(
        r"(?<=.)[ .-]+(?P<n>di|tri|tetra|[2-9])?[ -]?(?:hydro(?P<ion>chlor|brom|iod)ide|H(?P<atom>Cl|Br|I))$",
        lambda m: f"-{ {'chlor': 'Cl', 'brom': 'Br', 'iod': 'I', None: m['atom']}[m['ion']] }{_digits(m['n'])}",
        body,
    )
    body = _BRACKETED.sub(r"\1", body)
    for exact in (True, False):
        readings = [each for each in _readings(body, known, exact) if _is_salt(each)]
        for each in readings:
            if (found := _neutral(each)) and not _objection(each):
                return found
        if readings:
            raise _refused(text, readings[0], sold)
    return None


def _digits(number: str | None) -> str:
    return "" if number is None else f"{NUMBERS[number]:g}" if number in NUMBERS else number


def _is_salt(parts: Sequence[Counted]) -> bool:
    """Whether there are cations and anions, and none twice."""
    once = len({id(p.part) for p in parts}) == len(parts)
    return once and any(p.part.cation for p in parts) and any(not p.part.cation for p in parts)


_COUNT = re.compile(r"[1-9]\d?")
_BEFORE = re.compile(rf"({'|'.join(NUMBERS)})[- ]?", re.IGNORECASE)
_FIGURE = re.compile(r"([2-9])(?=[A-Z])")
_BRACKETED = re.compile(rf"\(((?:{'|'.join(NUMBERS)})[- ]?[A-Za-z]+)\)", re.IGNORECASE)


def _readings(text: str, known: Vocabulary, exact: bool) -> Iterator[list[Counted]]:
    """Every way to read a whole text as parts, the longest spellings first."""
    text = text.lstrip("- ")
    if not text:
        yield []
        return
    starts = [(1.0, text, False)]
    if (before := _BEFORE.match(text)) and len(text) > before.end():
        starts.append((NUMBERS[before[1].lower()], text[before.end() :], True))
    if figure := _FIGURE.match(text):
        starts.append((float(figure[1]), text[1:], True))
    for count, rest, said in starts:
        opened = rest.startswith("(")
        body = rest[opened:]
        for spelling, part in known.beginning(body, exact):
            after = body[len(spelling) :]
            if opened:
                if not after.startswith(")"):
                    continue
                after = after[1:]
            digits = None if said else _COUNT.match(after)
            name = spelling.isalpha() and spelling.islower() and len(spelling) > 3
            times = float(digits[0]) if digits else count
            for others in _readings(after[digits.end() if digits else 0 :], known, exact):
                yield [Counted(part, times, said or digits is not None, name), *others]


def _neutral(parts: Sequence[Counted]) -> Salt | None:
    """The salt of these parts, if it is neutral as it is counted, or as its names imply."""
    if not any(p.said for p in parts) and any(p.name and p.part.charge > 0 for p in parts):
        parts = _counted(parts) or parts
    charge = sum(p.count * p.part.charge for p in parts)
    acid, base = sum(p.count * p.part.acid for p in parts), sum(p.count * p.part.base for p in parts)
    protons = acid - charge  # on acids and bases, and of H in the formula, where the whole is neutral
    held = [p.count * p.part.held for p in parts if p.part.held is not None]
    if held and protons != sum(held):
        return None
    if not held and (not base <= protons <= acid + base or _unsaid(parts)):
        return None
    found: dict[str, float] = {"H": -charge}
    totals: dict[str, float] = {}
    for p in parts:
        for atom, count in atoms(p.part.formula).items():
            found[atom] = found.get(atom, 0.0) + p.count * count
        if p.part.component:
            totals[p.part.component] = totals.get(p.part.component, 0.0) + p.count
    plus = max((max(p.part.charge, p.part.base) for p in parts), default=0)
    minus = max((-p.part.charge for p in parts), default=0)
    return Salt(totals=totals, atoms={atom: n for atom, n in found.items() if n}, charges=(plus, minus))


def _unsaid(parts: Sequence[Counted]) -> bool:
    """Whether an acid of several protons has cations of one charge whose number is not said."""
    several = any(p.part.acid > 1 and p.part.held is None for p in parts)
    return several and any((p.part.charge == 1 or p.part.base) and not p.said for p in parts)


def _counted(parts: Sequence[Counted]) -> list[Counted] | None:
    """The smallest counts that make one cation and one anion neutral."""
    if len(parts) != 2 or any(p.part.acid > 1 and p.part.held is None for p in parts):
        return None
    charges = [p.part.charge or p.part.base or (p.part.held or 0) - p.part.acid for p in parts]
    if charges[0] * charges[1] >= 0:
        return None
    common = lcm(*map(abs, charges))
    return [Counted(p.part, common / abs(z), True, p.name) for p, z in zip(parts, charges, strict=True)]


def _objection(parts: Sequence[Counted]) -> str:
    """Why a neutral salt may not be what was meant; empty if nothing is in the way."""
    unclear = next((p.part.unclear for p in parts if p.part.unclear), "")
    if not unclear and any(p.part.symbol == "OH" for p in parts) and any(p.part.acid for p in parts):
        cation = next((p.part.symbol for p in parts if p.part.charge > 0), "K")
        return f'Write the acid as the reagent, and titrant = "{cation}OH" for what sets the pH.'
    return unclear


def _refused(text: str, parts: Sequence[Counted], sold: Mapping[str, str]) -> InputError:
    if objection := _objection(parts):
        return InputError(f"'{text}' is not clear.", code="which_salt", hint=objection)
    if _unsaid(parts):
        several = [p.part for p in parts if p.part.acid > 1]
        bottles = sold.get(several[0].component, "")
        return InputError(
            f"'{text}' does not say how many cations {several[0].symbol} has.",
            code="which_salt",
            hint=f"Write what the label says, such as {bottles}." if bottles else "Write it as in 'Na2ATP'.",
        )
    right = _counted(parts)
    hint = f"Write {_formula(right)}." if right else "Check its counts."
    symbols = [p.part.symbol for p in sorted(parts, key=lambda p: not p.part.cation)]
    if right and symbols[1] == "HPO4" and right[0].count != right[1].count:  # a cation is missing, or a proton
        hint = f"Write {_formula(right)} or {symbols[0]}H2PO4."
    return InputError(f"'{text}' is not neutral.", code="not_neutral", hint=hint)


def _formula(parts: Sequence[Counted]) -> str:
    """How a salt is written, its cation first."""
    shared = gcd(*(int(p.count) for p in parts))
    ordered = sorted(parts, key=lambda p: not p.part.cation)
    return "".join(_times(p.part.symbol, int(p.count) // shared) for p in ordered)


def _times(symbol: str, count: int) -> str:
    if count == 1:
        return symbol
    simple = re.fullmatch(r"[A-Z][a-z]?", symbol)
    return f"{symbol}{count}" if simple else f"({symbol}){count}"
