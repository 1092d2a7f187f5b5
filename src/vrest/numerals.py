"""The number in what a person writes, read strictly and whole: nothing is skipped and no sign is lost."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

from vrest.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")
LONGEST = 64
"""Characters that a message quotes of a text."""
GAP = "[ \t\u00a0\u2009\u202f]"  # a blank, also no-break and thin ones from papers
# what may not follow a number at once: more digits or marks, "1e" without digits, "0x1F"
_UNREAD = re.compile(rf"{GAP}*(?!1{GAP}*/)[0-9.,_+'-]|[eE](?![A-Za-z])|(?<=0)(?:[xX][0-9a-fA-F]|[bBoO][0-9])")
_POWER = rf"(?:{GAP}*[×xX*·⋅]{GAP}*10(?![0-9])|(?:\^|\*\*)[-+0-9]|[⁻⁺⁰¹²³⁴-⁹])"
_ERROR = rf"{GAP}*(?:±|\+{GAP}*/?{GAP}*-|\({GAP}*[0-9.]+{GAP}*\))"
_RANGE = rf"{GAP}*(?:[-–—…~]|\.\.+|to(?![A-Za-z])){GAP}*[-+]?[0-9.]"
_BEFORE = r"[-+]?(?:[<>~≈≤≥=±]|ca\.?\s|about\s)"
_AFTER = re.compile(f"{_POWER}|{_ERROR}|{_RANGE}")
"""What makes another number of the digits before it, so that these are not read alone."""


def fault(code: str, where: str, problem: str, hint: str) -> InputError:
    return InputError(f"{where}: {problem}" if where else problem, code=code, hint=hint)


def quoted(text: str) -> str:
    """A text as a message quotes it: its beginning, where it is long.

    >>> quoted("5 mm"), len(quoted("5" * 1000))
    ("'5 mm'", 69)
    """
    return f"'{text}'" if len(text) <= LONGEST else f"'{text[:LONGEST]}...'"


def _not_a_number(text: str, where: str, example: str) -> InputError:
    """The error for a text whose number cannot be read, with the slip it looks like."""
    body = text.strip().replace("−", "-")
    figures = re.split(r"[^-+0-9.,eE]", body, maxsplit=1)[0]
    problem = f"{quoted(text)} is not a number that can be read, as in '{example}'."
    if _DECIMAL_COMMA.fullmatch(figures):
        hint = "Write a decimal dot, and no separator between thousands."
        return fault("decimal_comma", where, f"{quoted(text)} has a comma in its number.", hint)
    if body.lstrip("+-").lower() in ("inf", "infinity"):
        return fault("not_finite", where, f"{quoted(text)} is not finite.", f"Write a number, as in '{example}'.")
    rest = body[number.end() :] if (number := _NUMBER.match(body)) else ""
    if body[:1] in tuple("‐‑‒–—－"):
        hint = "Its first character is a dash: write the minus as '-'."
    elif re.match(_POWER, rest):
        hint = "Write powers of ten as in '5e-3'."
    elif re.match(_ERROR, rest):
        hint = "Write the value alone, without its error."
    elif re.match(_RANGE, rest) or re.match(_BEFORE, body):
        hint = "Write one value, no range and no limit."
    elif "," in figures:
        hint = "Write a decimal dot, and no separator between thousands."
    elif re.match(r"[-+]?[0-9]+[ ,_'\u00a0\u2009\u202f][0-9]", body):
        hint = "Write one number, without separators between its digits."
    else:
        hint = "Write plain digits, with '.' for decimals and 'e' for powers of ten."
    return fault("not_a_number", where, problem, hint)


def _float(digits: str, where: str) -> float:
    value = float(digits)
    if math.isinf(value):
        hint = "Check the exponent: the largest number is about 1e308."
        raise fault("not_finite", where, f"{quoted(digits)} is too large for a number.", hint)
    if value == 0.0 and re.search("[1-9]", re.split("[eE]", digits)[0]):
        raise too_small(quoted(digits), where)
    return value


def too_small(got: object, where: str) -> InputError:
    return fault("too_small", where, f"{got} would be lost as zero.", "Check the exponent, or write 0.")


def parse_number(text: str, where: str = "", decimal_comma: bool = False) -> float:
    """Read a whole text as one finite number; the Unicode minus is a minus.

    With `decimal_comma`, for pasted data, exactly one comma and no dot is read as a decimal point.
    Raises InputError (`not_a_number`, `not_finite`, `too_small`, `decimal_comma`); nothing is skipped.

    >>> parse_number("−7.5e-3")
    -0.0075
    >>> parse_number("3,5", decimal_comma=True)
    3.5
    >>> parse_number("3,5", where="column 2")
    Traceback (most recent call last):
    vrest.errors.InputError: column 2: '3,5' has a comma in its number. Write a decimal dot, ...
    """
    if not isinstance(text, str):
        raise fault("not_a_number", where, f"{text!r} is not a text.", "Give a text, as in '-70.5'.")
    digits = text.strip().replace("−", "-")
    if decimal_comma and _DECIMAL_COMMA.fullmatch(digits):
        digits = digits.replace(",", ".")
    if not _NUMBER.fullmatch(digits):
        raise _not_a_number(text, where, "-70.5")
    return _float(digits, where)


def number_and_unit(text: str, where: str, example: str) -> tuple[float, str]:
    """The number and the unit text of a quantity such as '5 mM'."""
    body = text.strip().replace("−", "-")
    number = _NUMBER.match(body)
    if not number or _UNREAD.match(body, number.end()) or _AFTER.match(body, number.end()):
        raise _not_a_number(text, where, example)
    return _float(number[0], where), body[number.end() :].lstrip(" \t\u00a0\u2009\u202f")


def bare_number(value: Any, where: str, example: str) -> float | NDArray[np.float64]:
    """A bare number or array as float; anything that only resembles one is refused."""
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            hint = "The largest number is about 1e308."
            raise fault("not_finite", where, "the integer is too large for a number.", hint) from None
    if hasattr(value, "__array__"):
        import numpy as np

        array = np.asarray(value)
        if array.dtype.kind in "iuf":
            return array.astype(np.float64) if array.ndim else float(array)
    problem = f"{value!r} ({type(value).__name__}) is not a number."
    raise fault("not_a_number", where, problem, f"Write a number or a text such as '{example}'.")


_UNSURE = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}(?:[eE][+-]?[0-9]+)?")  # three decimals, or thousands
_DECIMAL = re.compile(r"[+-]?[0-9]*([.,])[0-9]*(?:[eE][+-]?[0-9]+)?")


class Marks(NamedTuple):
    """The decimal marks that a table uses. `marks_of` finds them.

    >>> marks_of(["2,5", "1,250"], decimal_comma=True).read("1,250")
    1.25
    >>> marks_of(["2.5", "1,250"], decimal_comma=True).read("1,250", "row 1")
    Traceback (most recent call last):
    vrest.errors.InputError: row 1: '1,250' may be 1.25 or 1250. Write the one that it is.
    """

    seen: frozenset[str]
    decimal_comma: bool
    """Whether a comma may be decimal here."""

    def read(self, text: str, where: str = "") -> float:
        """The number of a cell; one that may have two sizes, where the table does not decide, is refused."""
        digits = text.strip().replace("−", "-")
        if self.decimal_comma and _UNSURE.fullmatch(digits):
            mark, other = (",", ".") if "," in digits else (".", ",")
            if other in self.seen or (mark == "," and mark not in self.seen):
                may_be = " or ".join(f"{float(digits.replace(mark, size)):g}" for size in (".", ""))
                raise fault("two_sizes", where, f"'{text}' may be {may_be}.", "Write the one that it is.")
        return parse_number(text, where, self.decimal_comma)


def marks_of(texts: Iterable[str], decimal_comma: bool) -> Marks:
    """Which decimal marks the numbers of a table show: those of all that are read in one way only.

    >>> sorted(marks_of(["2,5", "1.250", "80"], decimal_comma=True).seen)
    [',']
    """
    digits = [text.strip().replace("−", "-") for text in texts]
    found = [_DECIMAL.fullmatch(each) for each in digits if not _UNSURE.fullmatch(each)]
    return Marks(frozenset(match[1] for match in found if match), decimal_comma)
