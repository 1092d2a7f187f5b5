"""Recipes as wikis and papers have them: `110 K-gluconate, 20 KCl, 10 HEPES, pH 7.3 with KOH, 290 mOsm`.

Each part is an amount and a name, or says pH, titrant, gas, osmolality or temperature; nothing of it is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from vrest.errors import InputError
from vrest.model.solution.reagents import reagent
from vrest.model.solution.recipe_keys import READERS, TABLES
from vrest.model.solution.titrant import TITRANTS
from vrest.numerals import marks_of, quoted

LONGEST, LONGEST_PART = 4000, 150
"""Characters of what may be a pasted recipe, and of what stands between two of its commas."""

_NUMBER = r"(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
_RANGE = rf"{_NUMBER}(?:\s*[-–±]\s*[0-9][0-9.,]*)?"
_UNIT = r"(?:[mnuµμ]?M|[mnuµμ]?mol/[lL]|[mnuµμ]?g/m?[lL]|m?g|%)(?![A-Za-z0-9-])"
_KEYS = "|".join(key for key in (*READERS, *TABLES) if key != "pH")
_TOML = re.compile(rf"^\s*(?:\[[^\n]*\]\s*(?:#.*)?$|(?:{_KEYS})\s*=|[^=\n]+=\s*[\"'\[{{])", re.MULTILINE)
_MILLIMOLAR = r"(?:in )?(?:mM|mmol/[lL])\b"
_COLUMN = r"(?:reagents?|compounds?|components?|chemicals?|salts?|names?|final|amounts?|conc(?:entration)?s?)"
_OTHER_UNIT = re.compile(
    rf"(?:^|\bin |[(\[]|\b(?i:{_COLUMN})\s)\s*(?P<unit>[nuµμ]?M|molar|[nuµμ]?mol/[lL]|m?g|grams?)(?=$|[\s)\],:])"
    r"|(?P<mass>\b[mnuµμ]?g/m?[lL]\b|%)"
)
"""What the amounts below a title are in, where it is not mM."""

_VERB = r"(?:contain(?:s|ed|ing)?|consist(?:s|ed|ing) of)\b"
_HEAD = re.compile(rf"(?:\b{_VERB}|:)[\s:(\[]*(?:{_MILLIMOLAR})?[\s:)\],]*|[(\[]?\b{_MILLIMOLAR}[\s:)\],]*")
_COMMA = r"(?<![0-9]),|,(?![0-9])|(?<=[A-Za-z)][0-9]),"
_OPENED = r"\s(?=\((?:pH|adjusted|bubbled|[0-9-]+ ?(?:%|mosm)))"
_SENTENCE = r"\.\s(?=(?-i:[A-Z]))"
_SEPARATOR = re.compile(rf"[;\n]|{_COMMA}|{_SENTENCE}|\s(?:and|[+/])\s|{_OPENED}", re.IGNORECASE)
_AMOUNT_FIRST = re.compile(rf"(?P<amount>{_NUMBER})(?:\s*(?P<unit>{_UNIT}))?\s+(?:of )?(?P<name>\S.*)")
_NAME_FIRST = re.compile(rf"(?P<name>\S.*?)[\s:=]*[\s:=(](?P<amount>{_NUMBER})(?:\s*(?P<unit>{_UNIT}))?\)?")
_OSMOLES = re.compile(rf"[~≈]?\s*(?P<is>{_RANGE})\s*mosm(?:ol)?\b(?P<per>(?:/| per )\S+| kg(?:-1|⁻¹))?", re.IGNORECASE)
_CELSIUS = re.compile(rf"(?P<is>{_RANGE})\s*(?:°\s?|deg ?)?C\b")
_PH = re.compile(rf"\bpH\b(?:[\s:=~]|adjusted|set|brought|was|is|of|to)*(?P<is>{_RANGE})", re.IGNORECASE)
_GAS = re.compile(r"\bcarbogen\b|[0-9]\s?%\s?(?:C?O2|N2|air)\b|\b(?:bubbled|gassed|aerated)\b", re.IGNORECASE)
_TITRATED = re.compile(r"\bpH\b|^(?:adjusted |set |titrated )?(?:with|using|by) ", re.IGNORECASE)
_FILLING = re.compile(
    r"ph|was|is|set|to|at|of|with|using|by|when|adjust(?:ed)?|titrated?|brought|osmolarity|osmolality|[=:]"
    r"|bubbled|gassed|aerated|oxygenated|saturated|equilibrated",
    re.IGNORECASE,
)
"""Words around what is said."""

_COLUMNS = re.compile(rf"(?:\W|{_COLUMN})*", re.IGNORECASE)
"""The head of a table, which is no title."""

_SIDES = {
    "pipette": r"internal|intracellular|pipette",
    "bath": r"external|extracellular|bath|a?csf|cerebrospinal|ringer|tyrode",
}


def is_pasted(text: str) -> bool:
    """Whether a text may be amounts and names: it has figures, no line of TOML, and is no JSON.

    >>> is_pasted("125 NaCl, 2.5 KCl"), is_pasted('[reagents]\\nNaCl = "125 mM"'), is_pasted("acsf")
    (True, False, False)
    """
    if len(text) > LONGEST or text.lstrip()[:1] in ("{", "["):
        return False
    return re.search("[0-9]", text) is not None and _TOML.search(text) is None


def in_line(text: str) -> bool:
    """Whether what stands in place of a file's name is a recipe itself: it begins with an amount, or has commas."""
    return is_pasted(text) and re.search(rf"^\s*{_NUMBER}\s*(?:{_UNIT})?\s+[A-Za-z]|[,;\n]", text) is not None


def shortened(text: str) -> str:
    """What a recipe is called that has no name.

    >>> shortened("125 NaCl, 2.5 KCl, 26 NaHCO3")
    '125 NaCl, 2.5 KCl, ...'
    """
    parts = _parts(_headed(text.strip())[1])
    return ", ".join([*(part[:32] for part in parts[:2]), *(["..."] if parts[2:] else [])])


def pasted(text: str) -> dict[str, Any]:
    """What a pasted recipe says, by the keys of a recipe's file. An amount without unit is in mM.

    Raises
    ------
    InputError
        `bad_recipe`: a part that is nothing of this, or is there twice; `two_sizes`, `not_a_number`: a number that
        cannot be read, or in two ways.

    >>> found = pasted("Internal (in mM): 110 K-gluconate, 2,5 HEPES; pH 7.3 with KOH, 290 mOsm")
    >>> found["reagents"], found["pH"], found["titrant"], found["measured_osmolality"], found["kind"]
    ({'K-gluconate': '110 mM', 'HEPES': '2.5 mM'}, 7.3, 'KOH', '290 mOsm/kg', 'pipette')
    """
    found, rest = _headed(text.strip())
    reagents: dict[str, str] = {}
    parts = _parts(rest)
    if parts and not re.search("[0-9]", parts[0]) and not _is_reagent(re.split("[:=]", parts[0])[0]):
        found |= _titled(parts.pop(0))
    marks = marks_of(re.findall(rf"(?<![\w.,-]){_NUMBER}(?![\w%])", rest), decimal_comma=True)
    for part in parts:
        if len(part) > LONGEST_PART:
            raise _unread(part)
        said = _said(part, lambda digits, part=part: marks.read(digits, quoted(part)))
        amount = None if said else _AMOUNT_FIRST.fullmatch(part) or _NAME_FIRST.fullmatch(part)
        if amount:
            name = amount["name"]
            if re.search(r"\s[0-9.]+(?:\s|$)", name) and not _is_reagent(name):
                raise _unread(part)
            if name in reagents:
                raise InputError(f"{name} is there twice.", code="bad_recipe", hint="Write it once, with the sum.")
            reagents[name] = f"{marks.read(amount['amount'], quoted(part)):.12g} {amount['unit'] or 'mM'}"
        elif not said:
            raise _unread(part)
        for key, value in said.items():
            if key in found and key != "gas":
                raise InputError(f"{quoted(part)}: {key} is there twice.", code="bad_recipe", hint="Write it once.")
            found[key] = f"{found[key]}, {value}" if key in found else value
    return {**found, "reagents": reagents}


def _headed(text: str) -> tuple[dict[str, Any], str]:
    """What the words before the first amount say, and what follows them."""
    head = _HEAD.search(text)
    title = text[: head.start()] if head else ""
    if head is None or re.search("[0-9;\n]", title) or _is_reagent(title) or _TITRATED.search(title):
        return {}, text
    return _titled(title), text[head.end() :]


def _parts(text: str) -> list[str]:
    """Between commas (no decimal ones), semicolons and `and`, or lines; without bullets and brackets left over."""
    found: list[str] = []
    for part in _SEPARATOR.split(text):
        plain = re.sub(r"^[-*•·]\s+|\.$", "", " ".join(part.split()))
        if plain.count("(") != plain.count(")"):
            plain = plain.strip("()")
        elif re.fullmatch(r"\([^()]*\)", plain):
            plain = plain[1:-1]
        if found and re.fullmatch(rf"{_NUMBER}\s*(?:{_UNIT})?", plain) and not re.search(r"\s[0-9]", found[-1]):
            found[-1] += f" {plain}"  # "NaCl, 125; KCl, 2.5"
        elif plain.strip():
            found.append(plain.strip())
    return found


def _titled(title: str) -> dict[str, str]:
    """The name and the side that a title says."""
    title = title.strip(" (,\t\n")
    if other := _OTHER_UNIT.search(title):
        said = other["unit"] or other["mass"]
        unit = {"molar": "M", "g": "g/L", "mg": "g/L", "gram": "g/L", "grams": "g/L"}.get(said, said)
        hint = f"Write the unit behind each amount, as in '20 {unit} KCl'; what has none is in mM."
        raise InputError(f"{quoted(title)}: amounts are read in mM.", code="bad_recipe", hint=hint)
    title = "" if _COLUMNS.fullmatch(title) else title
    sides = [side for side, words in _SIDES.items() if re.search(rf"\b(?:{words})", title, re.IGNORECASE)]
    return ({"name": title} if title else {}) | ({"kind": sides[0]} if len(sides) == 1 else {})


def _is_reagent(text: str) -> bool:
    try:
        return bool(text.strip() and reagent(text))
    except InputError as error:
        return error.code != "unknown_reagent"


def _said(part: str, read: Callable[[str], float]) -> dict[str, Any]:
    """What a part says that is no reagent: pH, titrant, osmolality, temperature, gas."""
    found: dict[str, Any] = {}
    rest = part
    if osmoles := _OSMOLES.search(rest):
        per = osmoles["per"] or "/kg"
        found["measured_osmolality"] = f"{read(osmoles['is']):.12g} mOsm{'/kg' if 'kg' in per else per}"
        rest = rest.replace(osmoles[0], " ")
    if heat := _CELSIUS.search(rest):
        key = "pH_temperature" if _TITRATED.search(part) else "temperature"
        found[key] = f"{read(heat['is']):.12g} degC"
        rest = rest.replace(heat[0], " ")
    if acid := _PH.search(rest):
        found["pH"] = read(acid["is"])
        rest = rest.replace(acid[0], " ")
    words = [word for word in re.sub("[()]", " ", rest).split() if not _FILLING.fullmatch(word)]
    if words and _GAS.search(part):
        found["gas"] = " ".join(words)
    elif words and _TITRATED.search(part):
        found["titrant"] = " ".join(words)
    elif words and found:
        raise _unread(part)
    return found


def _unread(part: str) -> InputError:
    if _is_reagent(part):
        or_titrant = f", or as in 'pH 7.3 with {part}'" if part in TITRANTS else ""
        hint = f"Write it as in '10 {part}'{or_titrant}."
        return InputError(f"{quoted(part)} has no amount.", code="bad_recipe", hint=hint)
    hint = (
        'Write an amount and a name ("20 KCl" or "KCl 20 mM"), "pH 7.3 with KOH", "290 mOsm", "95% O2 5% CO2" or'
        ' "32 degC", with commas or new lines between them.'
    )
    return InputError(f"{quoted(part)} is no part of a recipe that can be read.", code="bad_recipe", hint=hint)
