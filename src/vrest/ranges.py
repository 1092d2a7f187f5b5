"""Several values in one text: a list such as `2.5, 5, 10`, or a range such as `1:100:log`.

FROM:TO                  evenly spaced
FROM:TO:log              evenly spaced in the logarithm
FROM:TO:lin:11           so many values; FROM:TO:log:41
A, B, C                  these values

Each value is one as `units.to_si` reads it. A unit holds for its own value alone, so either all have one or none has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from vrest.errors import InputError
from vrest.numerals import fault, parse_number
from vrest.units import to_si, unit_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COUNT = 21
"""Values of a range that does not say how many: ten a decade from 1 to 100, every 5 from 0 to 100."""

MOST = 100_000

_ONE_COMMA = re.compile(r"\s*[-+−]?[0-9]+,[0-9]+(?:[eE][-+−]?[0-9]+)?\s*([^\s0-9.,;:].*)?")
_BARE = re.compile(r"[-+−]?[0-9.]+(?:[eE][-+−]?[0-9]+)?")
_THOUSANDS = re.compile(r"[-+−]?0[0-9].*")


def is_several(text: str) -> bool:
    """Whether a text is a list or a range rather than one value; `2,5` is one with a decimal comma.

    >>> is_several("1:100:log"), is_several("1, 2.5"), is_several("5 mM"), is_several("2,5")
    (True, True, False, False)
    """
    return ("," in text or ":" in text) and not _ONE_COMMA.fullmatch(text)


def read_values(
    text: str, dimension: str, where: str = "", count: int = COUNT, read: Callable[[str], float] | None = None
) -> NDArray[np.float64]:
    """The values of a list, of a range or of a single quantity, as the command line takes them.

    Parameters
    ----------
    text
        `"5 mM"`, `"1, 2.5, 5"`, `"10 nM, 100 nM, 1 uM"`, `"1:100:log"`, `"0:10:lin:11"`, `"1 nM:1 uM:log:13"`.
        Numbers without a unit are in the door unit of the dimension.
    dimension
        As of `to_si`.
    where
        What they are, for error messages.
    count
        Values of a range that does not say how many.
    read
        How one of them is read, SI; else by `to_si`.

    Returns
    -------
    array
        (n,), SI, in the order of the text; one value of a single quantity.

    Raises
    ------
    InputError
        `decimal_comma` (`2,5` alone or `2,5, 3,5`: a list of two has a blank or units), `mixed_units` (some values
        have a unit and others not), `bad_range` (no such form, equal ends, a logarithm of what is not above zero),
        and whatever is no value.

    >>> read_values("0:10:lin:5", "concentration").tolist()
    [0.0, 2.5, 5.0, 7.5, 10.0]
    >>> [round(float(c), 9) for c in read_values("10 nM:1 uM:log:3", "concentration")]  # mol/m3, which is mM
    [1e-05, 0.0001, 0.001]
    >>> read_values("1, 2.5, 5", "concentration").tolist()
    [1.0, 2.5, 5.0]
    """
    import numpy as np

    def one(value: str) -> float:
        return read(value) if read else to_si(value, dimension, where, bare_ok=True)

    if _ONE_COMMA.fullmatch(text):
        dot, blank = text.replace(",", "."), text.replace(",", ", ")
        hint = f"Write '{dot}', with a dot, for one number, and '{blank}', with a blank, for two."
        raise fault("decimal_comma", where, f"'{text}' may be one number or two.", hint)
    if not is_several(text):
        return np.array([one(text)])
    if ":" not in text:
        return np.array(_all(text.split(","), text, dimension, where, one))
    if "," in text:
        raise _bad(f"'{text}' is both a list and a range.", where)
    ends, logarithmic, count = _form(text, where, count)
    first, last = _all(ends, text, dimension, where, one)
    if first == last:
        raise _bad(f"'{text}' begins where it ends.", where)
    if not logarithmic:
        return np.linspace(first, last, count)
    if dimension == "temperature":
        raise _bad(f"'{text}': degC has no zero to take a logarithm from.", where)
    if first * last <= 0.0:
        problem = f"'{text}': a logarithmic range neither has nor passes zero."
        raise fault("bad_range", where, problem, "Begin and end on one side of zero, or leave out log.")
    return np.geomspace(first, last, count)


def _form(text: str, where: str, count: int) -> tuple[list[str], bool, int]:
    """Its two ends, whether it is logarithmic, and how many values it has."""
    first, last, *how = (part.strip() for part in text.split(":"))
    if how and how[0] not in ("lin", "log"):
        raise _bad(f"'{text}': '{how[0]}' is not 'lin' or 'log'.", where)
    if len(how) > 2:
        raise _bad(f"'{text}' has too many parts.", where)
    if len(how) == 2:
        wanted = parse_number(how[1], where)
        if not wanted.is_integer() or not 2 <= wanted <= MOST:
            raise _bad(f"'{text}': {how[1]} is no number of values from 2 to {MOST:,}.", where)
        count = int(wanted)
    return [first, last], how[:1] == ["log"], count


def _all(parts: list[str], text: str, dimension: str, where: str, read: Callable[[str], float]) -> list[float]:
    """Each part in SI."""
    if ";" in text or any(not part.strip() for part in parts):
        raise _bad(f"'{text}' lacks a value or a comma.", where)
    if any(_THOUSANDS.fullmatch(part.strip()) for part in parts[1:]):
        hint = "Write thousands without separators, and values without zeros before them."
        raise fault("not_a_number", where, f"'{text}' has digits grouped by commas.", hint)
    bare = [bool(_BARE.fullmatch(part.strip())) for part in parts]
    if any(bare) and len({bool(re.match(r"\s", part)) for part in parts[1:]}) > 1:
        hint = "Write a decimal dot, and either all commas with a blank behind them or none."
        raise fault("decimal_comma", where, f"'{text}' may have commas in its numbers.", hint)
    unit = unit_of(dimension)
    said = [part for part, alone in zip(parts, bare, strict=True) if not (alone and _nothing(part, dimension))]
    if unit and len({bool(_BARE.fullmatch(part.strip())) for part in said}) > 1:
        lacking = next(part.strip() for part in said if _BARE.fullmatch(part.strip()))
        hint = f"Give each its unit, such as '{lacking} {unit}'; a unit holds for its own value alone."
        raise fault("mixed_units", where, f"'{text}': some values have a unit and '{lacking}' has none.", hint)
    return [read(part) for part in parts]


def _nothing(part: str, dimension: str) -> bool:
    """Whether it is a zero, which is the same in every unit."""
    return dimension != "temperature" and not re.search("[1-9]", re.split("[eE]", part)[0])


def _bad(problem: str, where: str) -> InputError:
    hint = "Write values as in '1, 2.5, 5', a range as in '1:100', '1:100:log' or '1:100:log:41'."
    return fault("bad_range", where, problem, hint)
