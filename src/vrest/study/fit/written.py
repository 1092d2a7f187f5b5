"""What people write in a table of measurements: "−118 ± 10", "-141(11)", "2,5 µM". Each cell is read whole."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from vrest.errors import InputError
from vrest.model.change import split_companion
from vrest.numerals import GAP, Marks, fault, marks_of
from vrest.study.fit.heads import BARE, PLUS_MINUS, Head, head_of, key

Where = Callable[[str, int], str]
"""The place of a cell for people, by the head of its column and its row (from 0)."""

_NUMBER = r"[-+]?(?:[0-9]+(?:[.,'’\u00a0\u2009\u202f][0-9]+)*\.?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_UNIT = rf"(?:{GAP}*{BARE}|{GAP}+[^\s±()0-9.,+-][^±()]*?)"
_QUANTITY = re.compile(rf"({_NUMBER})({_UNIT})?")
_WITH_ERROR = re.compile(
    rf"({_NUMBER})({_UNIT})?{GAP}*±{GAP}*({_NUMBER})({_UNIT})?(?:{GAP}*\({GAP}*(n{GAP}*={GAP}*)?([0-9]{{1,9}}){GAP}*\))?"
)
_BRACKET = re.compile(rf"({_NUMBER})({GAP}*)\({GAP}*(n{GAP}*={GAP}*)?({_NUMBER}){GAP}*\)({_UNIT})?")

MOST_DIGITS = 20
"""Of a number before brackets, and in them."""

EXAMPLE = "Write '-118', '-118 ± 10' or '-118(10)'."


class Potential(NamedTuple):
    """One cell of potentials: its number, what stands behind ± and how many were measured, where it says so."""

    value: Any
    error: Any = None
    n: int | None = None


def read_cells(columns: Mapping[str, Any], where: Where, decimal_comma: bool = False) -> dict[str, Any]:
    """The numbers of a table; a text stays one only where a cell has a unit of its own.

    What stands behind the ± of potentials becomes a column `sd` or `sem`, as the head says, or `error`; of junction
    potentials, `ljp sd`.

    Parameters
    ----------
    columns
        Cells by head, in rows; what has no text in it comes back as it is. A cell of a column of errors may be empty:
        NaN.
    where
        The place of a cell.
    decimal_comma
        Whether a comma may be decimal: all numbers of the table together tell 1,250 from a thousand and more.

    Raises
    ------
    InputError
        `empty_value`, `two_sizes` (1,250 may be 1.25 or 1250), `not_a_number`, `not_finite`, `too_small`,
        `which_error` (a ± beside n that is not said to be an SD or a SEM), `bad_data`.

    >>> columns = {"Ko": ["2.5", "10"], "ΔΨ ± SEM (mV)": ["−118 ± 10", "−61(4)"]}
    >>> read_cells(columns, lambda name, k: f"{name}, row {k + 1}")
    {'Ko': [2.5, 10.0], 'ΔΨ ± SEM (mV)': [-118.0, -61.0], 'sem (mV)': [10.0, 4.0]}
    """
    heads = {header: head_of(split_companion(header)[0]) for header in columns}
    texts = {
        header: [_plain(cell) for cell in _cells(column)]
        for header, column in columns.items()
        if heads[header].role != "cell" and any(isinstance(cell, str) for cell in _cells(column))
    }
    numbers = (n for column in texts.values() for cell in column if isinstance(cell, str) for n in _numbers(cell))
    marks = marks_of(numbers, decimal_comma)
    found = dict[str, Any]()
    for header, column in columns.items():
        head = heads[header]
        if head.spread and head.role not in ("potential", "ljp"):
            hint = "Give the conditions without errors; only potentials have one."
            raise InputError(f"The head '{header}' has a ±.", code="bad_data", hint=hint)
        if header not in texts:
            found[header] = column
            continue
        cells = [(cell, where(header, k)) for k, cell in enumerate(texts[header])]
        if head.role in ("potential", "ljp"):
            found |= _potentials(header, head, [_potential(cell, head, marks, place) for cell, place in cells])
        else:
            found[header] = [_quantity(cell, head, marks, place) for cell, place in cells]
    _which_error(found)
    return found


def _cells(column: Any) -> list[Any]:
    if hasattr(column, "units"):
        return []
    return list(column) if isinstance(column, list | tuple) else np.asarray(column).ravel().tolist()


def _plain(cell: Any) -> Any:
    return PLUS_MINUS.sub("±", cell.strip().replace("−", "-")) if isinstance(cell, str) else cell


def _numbers(cell: str) -> list[str]:
    """The numbers in a cell, as they stand there."""
    return re.findall(_NUMBER, cell)


def _quantity(cell: Any, head: Head, marks: Marks, where: str) -> Any:
    """A number, or a text of it and its unit."""
    if not isinstance(cell, str):
        return cell
    if not cell:
        if head.role in ("sd", "sem"):
            return np.nan
        raise fault("empty_value", "", f"{where} is empty.", "Fill it in, or take the row out: nothing is skipped.")
    if head.role in ("sd", "sem"):
        cell = cell.lstrip("± ")
    match = _QUANTITY.fullmatch(cell)
    if match is None:
        if "±" in cell or "(" in cell:
            problem = f"'{cell}' is more than a number, and only a potential has an error."
            raise fault("not_a_number", where, problem, "Write the number alone.")
        return marks.read(cell, where)
    return _with_unit(marks.read(match[1], where), match[2])


def _with_unit(value: float, unit: str | None) -> Any:
    return f"{value!r} {unit.strip()}" if unit else value


def _potential(cell: Any, head: Head, marks: Marks, where: str) -> Potential:
    if not isinstance(cell, str):
        return Potential(cell)
    if not cell or _QUANTITY.fullmatch(cell):
        return Potential(_quantity(cell, head, marks, where))
    if match := _WITH_ERROR.fullmatch(cell):
        number, own, error, unit, n, count = match.groups()
        if count and not (n or head.counted):
            hint = f"Write '{cell[: match.start(6)]}n = {count})', or leave it out."
            raise fault("not_a_number", where, f"'{cell}' does not say what {count} is.", hint)
        value, spread = (_with_unit(marks.read(x, where), u) for x, u in ((number, own or unit), (error, unit or own)))
        return Potential(value, spread, int(count) if count else None)
    if match := _BRACKET.fullmatch(cell):
        number, _, n, inner, unit = match.groups()
        value = marks.read(number, where)
        if n or head.counted:
            if not inner.isdigit() or len(inner) > MOST_DIGITS:
                raise fault("not_a_number", where, f"'{cell}': {inner} is no count.", "Write a whole number as n.")
            return Potential(_with_unit(value, unit), None, int(inner))
        return Potential(_with_unit(value, unit), _with_unit(_in_brackets(cell, match, head, marks, where), unit))
    if "±" in cell or "(" in cell:
        raise fault("not_a_number", where, f"'{cell}' is not a potential that can be read.", EXAMPLE)
    return Potential(marks.read(cell, where))


def _in_brackets(cell: str, match: re.Match[str], head: Head, marks: Marks, where: str) -> float:
    """The error in brackets, of the last digits: -141.2(11) is ± 1.1; as it stands where the head says what it is."""
    number, gap, _, inner, _ = match.groups()
    stands = marks.read(inner, where)
    value, last = abs(marks.read(number, where)), re.search("[.,]([0-9]*)$", number)
    if len(number) > MOST_DIGITS:
        raise fault("not_a_number", where, f"'{cell}' has too many digits.", EXAMPLE)
    whole = int(re.sub("[^0-9]", "", number))
    places = round(np.log10(whole / value)) if value and not re.search("[eE]", number) else len(last[1]) if last else 0
    short = stands / 10**places if inner.isdigit() else stands
    said = head.spread in ("sd", "sem")
    if (gap and not said) or (said and not gap and short != stands):
        hint = f"Write '{number} ± {inner}' if it is an error, '{number} (n = {inner})' if a count."
        raise fault("not_a_number", where, f"'{cell}' does not say what {inner} is.", hint)
    return stands if gap else short


def _potentials(header: str, head: Head, cells: list[Potential]) -> dict[str, Any]:
    """The column of potentials, and what it had of errors and counts in columns of their own."""
    found: dict[str, Any] = {header: [cell.value for cell in cells]}
    if any(cell.error is not None for cell in cells):
        name = "ljp sd" if head.role == "ljp" else {"sem": "sem", "sd": "sd"}.get(head.spread, "error")
        unit = f" ({head.unit})" if head.unit else ""
        found[f"{name}{unit}"] = [np.nan if cell.error is None else cell.error for cell in cells]
    if any(cell.n is not None for cell in cells):
        if missing := [k for k, cell in enumerate(cells) if cell.n is None]:
            problem = f"{header}, row {missing[0] + 1}: n is missing, and other rows have it."
            raise InputError(problem, code="bad_data", hint="Write (n = ...) in every row, or in none.")
        found["n"] = [float(cell.n or 0) for cell in cells]
    return found


def _which_error(found: dict[str, Any]) -> None:
    """An error that is not said to be an SD or a SEM is that of the potential: the same as either, but for n."""
    unsaid = next((name for name in found if key(head_of(name).name) == "error"), None)
    if unsaid is None:
        return
    if any(head_of(name).role == "n" for name in found):
        problem = "The ± of the potentials is an SD or a SEM, and beside n the two are not the same."
        raise InputError(problem, code="which_error", hint="Say which in the head, as in 'Vm ± SEM'.")
