"""What the head of a column says: what it is of, in which unit, and what the ± of its potentials is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from vrest.errors import InputError

Role = Literal["potential", "sd", "sem", "n", "cell", "ljp", "ljp sd", "condition"]
SPELT: dict[Role, tuple[str, ...]] = {
    "potential": (
        *(
            "Vm",
            "V",
            "E_m",
            "V_rest",
            "E_rest",
            "membrane potential",
            "resting potential",
            "resting membrane potential",
        ),
        *("transmembrane potential", "membrane voltage", "potential", "RMP", "PD", "ΔΨ", "ΔΨm", "Ψ", "Ψm"),
    ),
    "sd": ("sd", "sigma", "std", "standard deviation", "s.d.", "Vm sd", "sd Vm", "error"),
    "sem": ("sem", "se", "standard error", "standard error of the mean", "std err", "Vm sem", "sem Vm"),
    "n": ("n", "N"),
    "cell": ("cell", "fibre", "fiber", "cell id"),
    "ljp": ("ljp", "junction", "junction potential", "liquid junction potential", "liquid junction"),
    "ljp sd": ("ljp sd", "sd ljp", "ljp error", "junction sd"),
}
"""What a column is called, upper and lower case, blanks, marks and underscores alike; other names are conditions."""

PLUS_MINUS = re.compile(r"\+/-|\\pm|(?<![^\s0-9(\[])\+-")
"""What people write for ±."""

CORRECTED = ("corrected", "LJP corrected", "corrected for LJP", "corrected for the LJP", "LJP subtracted")
"""What says of potentials, in brackets or behind their name, that the junction is off them."""

_SPREAD = re.compile(r"(mean|average)?\s*(±?)\s*([a-z. ]*)", re.IGNORECASE)
_PROMISE = re.compile(r"(.*?)[\s,;:]*(?:\b(?:mean|average)\s*)?(±[^()\[\]{}]*)", re.DOTALL)
_GROUP = re.compile(r"(.*\S)\s*(?:\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\})", re.DOTALL)
BARE = r"(?:[mun]?V|[munp]?M|[mun]?mol(?:\s*/\s*(?:[Ll]|dm\^?3|m\^?3)|[ .·]*[Ll]\^?-1)|deg ?C|°C)"
"""Units that need no brackets."""

_BARE = re.compile(rf"(.+?)(?:\s+in\s+|[\s_,/:]+)({BARE})", re.DOTALL)

_CORRECTED = re.compile(r"(?i)(?:corrected[ _](.+)|(.+?)[ _,;]+(?:ljp[ -])?corrected)")


@dataclass(frozen=True)
class Head:
    """One head, taken apart. `head_of` does it.

    >>> head_of("[K⁺]ₒ / mmol L⁻¹")
    Head(name='[K+]o', unit='mmol L-1', spread='', counted=False, corrected=False)
    >>> head_of("Vm ± s.e.m. (mV, LJP-corrected)")
    Head(name='Vm', unit='mV', spread='sem', counted=False, corrected=True)
    """

    name: str
    unit: str = ""
    spread: str = ""
    """What stands behind the ± or in brackets of its cells: `sd`, `sem`, or `±` where that is not said."""
    counted: bool = False
    """Whether what stands in brackets is how many were measured."""
    corrected: bool = False
    """Whether potentials are said to be corrected for the liquid junction potential."""

    @property
    def role(self) -> Role:
        """What the column is."""
        name = key(self.name)
        return next((role for role in get_args(Role) if name in map(key, SPELT.get(role, ()))), "condition")


def key(text: str) -> str:
    """A name without what people write differently.

    >>> key("[K+]_o"), key("ΔΨ")
    ('ko', 'δψ')
    """
    return re.sub(r"[^a-z0-9α-ω]", "", text.casefold())


def head_of(header: str) -> Head:
    """Take a head apart.

    Raises
    ------
    InputError
        `bad_table`: two units, or a ± that is neither an SD nor a SEM.

    >>> head_of("K_out/mM"), head_of("Em [mV]").role, head_of("[K+]o").name
    (Head(name='K_out', unit='mM', spread='', counted=False, corrected=False), 'potential', '[K+]o')
    """
    text = unicodedata.normalize("NFKC", header).replace("−", "-").replace("μ", "u").strip()
    text = PLUS_MINUS.sub("±", re.sub(r"\s+", " ", text))
    if text.startswith("±"):  # a column of its own: '± SEM', or '± (mV)' without a name
        text = rest if (rest := text.lstrip("± "))[:1].isalpha() else f"error {rest}"
    units, spreads, counted, corrected = list[str](), list[str](), False, False
    while True:
        if (match := _PROMISE.fullmatch(text)) and match[1]:
            spreads.append(_spread(match[2], header))
            text = match[1].strip()
        elif (match := _GROUP.fullmatch(text)) and match[1].rstrip(" /,_:"):
            for part in _parts(match[2] or match[3] or match[4] or ""):
                if key(part) == "n":
                    counted = True
                elif key(part) in map(key, CORRECTED):
                    corrected = True
                elif (name := _spread_name(part)) is not None:
                    spreads += [name] if name else []
                elif part:
                    units.append(part)
            text = match[1].strip().rstrip(" /,_:")
        else:
            break
    if not units and (match := _BARE.fullmatch(text)):
        text = match[1]
        units.append(match[2])
    if len(set(units)) > 1 or len(set(spreads)) > 1:
        problem = f"The head '{header}' says both {' and '.join(dict.fromkeys([*units, *spreads]))}."
        raise InputError(problem, code="bad_table", hint="Give a column one unit, and its ± one meaning.")
    name = re.sub(r"(?i)^(?:mean|average) ", "", text)
    if match := _CORRECTED.fullmatch(name):
        name, corrected = next(part for part in match.groups() if part), True
    return Head(name, units[0] if units else "", spreads[0] if spreads else "", counted, corrected)


def _parts(text: str) -> Iterator[str]:
    """What stands in brackets, piece by piece."""
    yield from (part.strip() for part in re.split("[,;]", text))


def _spread_name(part: str) -> str | None:
    """`sd` or `sem`, `±` for a ± alone, empty for "mean"; None where it is no word for an error."""
    match = _SPREAD.fullmatch(part)
    if not match or not part:
        return None
    if not (word := key(match[3])):
        return match[2]
    return next((name for name in ("sd", "sem") if word in map(key, SPELT[name])), None)


def _spread(part: str, header: str) -> str:
    name = _spread_name(part.strip())
    if name is None:
        problem = f"The head '{header}' has a ± that is neither an SD nor a SEM."
        raise InputError(problem, code="bad_table", hint="Write '± SD' or '± SEM', and the numbers that those are.")
    return name
