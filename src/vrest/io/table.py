"""Text tables as people save or paste them: commas, semicolons or tabs divide, lines with # are remarks."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator

from vrest.errors import InputError


def read_table(path: str | os.PathLike[str]) -> tuple[list[str], list[tuple[str, list[str]]], str]:
    """The names, the rows with their places ("row 1 (line 2)"), and the divider. `-` is standard input.

    Every row is complete.

    Raises
    ------
    InputError
        `no_file`, or `bad_table`: not text, no rows, a row of another length, names that are missing or repeated.
    """
    path = os.fspath(path)
    lines = [
        (k, line) for k, line in enumerate(_text(path).splitlines(), 1) if line.strip() and line.lstrip()[0] != "#"
    ]
    if len(lines) < 2:
        hint = "The first line names the columns; each further line is a row."
        raise InputError(f"'{path}' has no rows.", code="bad_table", hint=hint)
    divider = next((sign for sign in "\t;" if sign in lines[0][1]), ",")
    names, *rows = [[part.strip() for part in row] for row in _parsed(lines, divider)]
    places = [f"row {j} (line {k})" for j, (k, _) in enumerate(lines[1:], 1)]
    for j, name in enumerate(names):
        if not name or name in names[:j]:
            problem = f"'{path}': column {j + 1} is named {name!r}."
            raise InputError(problem, code="bad_table", hint="Give every column a name of its own.")
    for place, row in zip(places, rows, strict=True):
        if len(row) != len(names):
            problem = f"'{path}', {place}: {len(row)} values under {len(names)} names."
            hint = "Decimal commas need semicolons or tabs between columns." if divider == "," else ""
            raise InputError(problem, code="bad_table", hint=f"Give every row every value. {hint}".rstrip())
    return names, list(zip(places, rows, strict=True)), divider


def _text(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read()
        with open(path, newline="", encoding="utf-8-sig") as file:
            return file.read()
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read: {error.strerror}.", code="no_file", hint="Check the path."
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"'{path}' is not text.", code="bad_table", hint="Save it as CSV in UTF-8.") from None


def _parsed(lines: list[tuple[int, str]], divider: str) -> Iterator[list[str]]:
    for _, line in lines:
        yield next(csv.reader([line], delimiter=divider, skipinitialspace=True))
