"""Text tables as people save or paste them: commas, semicolons or tabs divide, lines with # are remarks."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator

from vrest.dimensions import DIMENSIONS
from vrest.errors import InputError
from vrest.reading import decoded, read_bytes
from vrest.study.fit.heads import BARE

Rows = list[tuple[str, list[str]]]

_UNIT = re.compile(rf"[(\[{{]?\s*({BARE}|%|[^()\[\]{{}}]+)\s*[)\]}}]?")
_DIGITS = re.compile(r"[-+−.]?[0-9]")


def read_table(path: str | os.PathLike[str]) -> tuple[list[str], Rows, str]:
    """The names, the rows with their places ("row 1 (line 2)"), and the divider. `-` is standard input.

    Every row is complete. A line of units under the names goes to the names: `Ko (mM)`; columns and lines that are
    empty from end to end, as spreadsheets leave them, are none.

    Raises
    ------
    InputError
        `no_file`, or `bad_table`: not text, no rows, a row of another length, names that are missing or repeated.
    """
    path = os.fspath(path)
    divider, lines = _divider(_lines(_text(path), path))
    parsed = list(_parsed(path, lines, divider))
    if len(parsed) < 2:
        raise _no_rows(path)
    names, rows = _without_empty_ends([parts for _, parts in parsed])
    units = rows and _units(names, rows[0])
    if units:
        names = [f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=True)]
        rows, parsed = rows[1:], [parsed[0], *parsed[2:]]
    if not rows:
        raise _no_rows(path)
    _check_names(path, names, divider, rows)
    places = [f"row {j} (line {k})" for j, (k, _) in enumerate(parsed[1:], 1)]
    for place, row in zip(places, rows, strict=True):
        if len(row) != len(names):
            problem = f"'{path}', {place}: {len(row)} values under {len(names)} names."
            hint = "Decimal commas need semicolons or tabs between columns." if divider == "," else ""
            raise InputError(problem, code="bad_table", hint=f"Give every row every value. {hint}".rstrip())
    return names, list(zip(places, rows, strict=True)), divider


def _no_rows(path: str) -> InputError:
    hint = "The first line names the columns; each further line is a row."
    return InputError(f"'{path}' has no rows.", code="bad_table", hint=hint)


def _text(path: str) -> str:
    raw = read_bytes(path)
    if raw.startswith(b"PK\x03\x04"):
        hint = "In the spreadsheet choose 'Save as', and 'CSV UTF-8' or 'Unicode text'."
        raise InputError(f"'{path}' is a workbook, not a text.", code="bad_table", hint=hint)
    return decoded(raw, path, "bad_table")


def _lines(text: str, path: str) -> list[tuple[int, str]]:
    """The lines that say something, with their numbers; what stands in one pair of quotes is one line."""
    found: list[tuple[int, str]] = []
    opened = 0
    for k, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if opened:
            found[-1] = (opened, f"{found[-1][1]}\n{line}")
        elif line.strip() and line.lstrip()[0] != "#":
            found.append((k, line))
        else:
            continue
        opened = found[-1][0] if found[-1][1].count('"') % 2 else 0
    if opened:
        problem = f"'{path}', line {opened}: a quotation mark has no second one."
        raise InputError(problem, code="bad_table", hint="Close it, or leave it out.")
    return found


def _divider(lines: list[tuple[int, str]]) -> tuple[str, list[tuple[int, str]]]:
    """What divides columns, and the lines without the one that tells a spreadsheet so."""
    if not lines:
        return ",", lines
    if said := re.fullmatch(r"sep=([,;\t])", lines[0][1].strip(" \r")):
        return said[1], lines[1:]
    head = re.sub('"[^"]*"', "", lines[0][1])
    return next((sign for sign in "\t;" if sign in head), ","), lines


def _parsed(path: str, lines: list[tuple[int, str]], divider: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that has some."""
    for k, line in lines:
        try:
            (row,) = csv.reader([line], delimiter=divider, skipinitialspace=divider != "\t", strict=True)
        except (csv.Error, ValueError):
            hint = "Put quotation marks around a whole value, or leave them out."
            raise InputError(f"'{path}', line {k}: its quotation marks are out of place.", code="bad_table", hint=hint) from None  # fmt: skip # noqa: E501
        cells = [part.strip() for part in row]
        if any(cells):
            yield k, cells


def _without_empty_ends(rows: list[list[str]]) -> tuple[list[str], list[list[str]]]:
    """Names and rows without the columns at the end that no line has anything in."""
    most = max((len(row) for row in rows), default=0)
    used = max((j + 1 for row in rows for j in range(len(row)) if row[j]), default=0)
    full = len(rows[0])
    names, *others = [row[:used] if len(row) in (full, most) else row for row in rows]
    return names, others


def _units(names: list[str], row: list[str]) -> list[str] | None:
    """The units in a line under the names, if it is one: no number, and a unit in every cell that is not empty."""
    found = []
    for cell in row:
        match = _UNIT.fullmatch(cell)
        unit = match[1].strip() if match else ""
        if cell and not (re.fullmatch(BARE, unit.replace("µ", "u").replace("μ", "u")) or unit == "%" or _known(unit)):
            return None
        found.append(unit)
    return found if any(found) and len(found) == len(names) else None


def _known(unit: str) -> bool:
    return any(unit in kind.units for kind in DIMENSIONS.values() if unit)


def _check_names(path: str, names: list[str], divider: str, rows: list[list[str]]) -> None:
    if all(_DIGITS.match(name) for name in names):
        problem = f"'{path}': the first line has numbers, not the names of the columns."
        raise InputError(problem, code="bad_table", hint="Write a line of names above them, such as: Ko (mM), Vm (mV)")
    if len(names) == 1 and all(len(row[0].split()) > 1 and _DIGITS.match(row[0].split()[-1]) for row in rows if row):
        problem = f"'{path}': blanks divide the columns."
        raise InputError(problem, code="bad_table", hint="Put tabs, semicolons or commas between them.")
    for j, name in enumerate(names):
        if not name or name in names[:j]:
            problem = f"'{path}': column {j + 1} is named {name!r}."
            raise InputError(problem, code="bad_table", hint="Give every column a name of its own.")
