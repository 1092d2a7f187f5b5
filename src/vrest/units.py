"""Units at the door: the only file that converts.

Inside the package every quantity is an SI float (mol/m3, V, s, K, m ...). Where people write or read numbers
(Python arguments, the command line, files, printouts) a bare number is in the *door unit* of its dimension
(mM, mV, s, degC, um ...), and a text such as "5 mM" or a pint quantity is always welcome.

The unit in a text is looked up among the field's common spellings; any other is handed to pint, which is loaded
only then. `numerals.py` reads the number.
"""

from __future__ import annotations

import math
import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from vrest.constants import ZERO_CELSIUS
from vrest.dimensions import DIMENSIONS, LACKING, SHIFTS, WHOLE, Dimension
from vrest.errors import InputError, near_miss
from vrest.lacking import lacking
from vrest.numerals import LONGEST, bare_number, fault, number_and_unit, quoted, too_small
from vrest.spellings import canonical, pint_factor, pint_unit, without_mega
from vrest.tables import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

COLDEST, HOTTEST = ZERO_CELSIUS - 50.0, ZERO_CELSIUS + 100.0
"""K: no cell survives beyond these, and kelvin written as degC lies beyond."""
"""s."""


def _dimension(name: str) -> Dimension:
    if name in DIMENSIONS:
        return DIMENSIONS[name]
    if name in LACKING:
        return LACKING[name]
    hint = near_miss(name, [*DIMENSIONS, *LACKING])
    raise InputError(f"'{name}' is not a kind of quantity.", code="unknown_dimension", hint=hint)


def unit_of(dimension: str) -> str:
    """The door unit of a dimension.

    >>> unit_of("permeability")
    'cm/s'
    """
    return _dimension(dimension).unit


class _Rule(NamedTuple):
    """How a reading becomes SI: (reading + shift) * factor / divisor."""

    factor: Fraction
    shift: float = 0.0
    divisor: float = 1.0

    def __call__(self, reading: Any) -> Any:
        shifted = reading + self.shift if self.shift else reading
        return _times(shifted, self.factor) / self.divisor


def _times(value: Any, factor: Fraction) -> Any:
    """value * factor, dividing by 1000 rather than multiplying by an inexact 0.001: -70 mV is -0.07 V."""
    above, below = factor.as_integer_ratio()
    if max(above, below) > 10**22:  # beyond what a float holds exactly
        return value * float(factor)
    scaled = value * float(above)
    return scaled if below == 1 else scaled / float(below)


def _rule(unit: str, dimension: Dimension, where: str, got: str, reading: Any, ion: str) -> _Rule:
    """How to read `unit` as `dimension`; raises `wrong_unit` or `unknown_unit`."""
    spelling = canonical(unit)
    roads = [(dimension, 1.0), *((DIMENSIONS[name], divisor) for name, divisor in dimension.also)]
    for road, divisor in roads:
        if spelling in road.units:
            return _Rule(road.units[spelling], SHIFTS.get(spelling, 0.0), divisor)

    if dimension.name in ("concentration", "osmolarity") and (lacks := lacking(spelling, reading, ion)):
        problem, hint = lacks
        raise fault("wrong_unit", where, f"{quoted(got)} is no {dimension} yet: {problem}.", hint)
    known = [known for road, _ in roads for known in road.units if known]
    # "70 MV" is 70 megavolt to pint and a slip of the shift key to us
    slip = next((known for known in known if known.casefold() == spelling.casefold()), "")
    kinds = [other for other in DIMENSIONS.values() if spelling in other.units]
    parsed = None if kinds else pint_unit(spelling)
    if parsed is not None:
        slip = slip or without_mega(spelling, parsed)
        for road, divisor in roads:
            if not slip and (factor := pint_factor(parsed, road)):
                return _Rule(factor, divisor=divisor)
        kinds = [other for other in DIMENSIONS.values() if pint_factor(parsed, other)]

    example = f"Write it as in '{dimension.example}'."
    meant = f"Did you mean '{slip}'? Upper and lower case differ." if slip else ""
    if dimension in kinds or not (kinds or parsed is not None):
        problem = f"the unit {quoted(unit)} of {quoted(got)} is not one that {dimension} is read in."
        near = near_miss(spelling, known)
        near = near if near.startswith("Did") else f"Allowed: {', '.join(known[:6])} and the like."
        raise fault("unknown_unit", where, problem, f"{meant or near} {example}")
    whole = {each.dimension for each in WHOLE.get(dimension.name, ())}
    if not meant and any(kind.name in whole for kind in kinds):
        meant = "What is measured of a whole cell is read in a cell file and by --set; elsewhere divide by the area."
    kind = _a(kinds[0]) if kinds else "another kind of quantity"
    problem = f"{quoted(got)} is not {_a(dimension)}: {quoted(unit)} is the unit of {kind}."
    raise fault("wrong_unit", where, problem, f"{meant} {example}".lstrip())


def _a(dimension: Dimension) -> str:
    return f"{'an' if dimension.name[0] in 'aeo' else 'a'} {dimension}"


def _any(condition: Any) -> bool:
    return condition if isinstance(condition, bool) else bool(condition.any())


def _quiet(reading: Any) -> AbstractContextManager[object]:
    """An overflow is told by an error, not by a warning of numpy's too."""
    if isinstance(reading, float):
        return nullcontext()
    import numpy as np

    return np.errstate(over="ignore")


def _checked(reading: Any, rule: _Rule, dimension: Dimension, where: str) -> Any:
    """The reading in SI, once it is known to have kept its size."""
    if _any(reading != reading):
        raise fault("not_a_number", where, "the value is NaN.", f"Write '{dimension.example}'.")
    with _quiet(reading):
        si = rule(reading)
    if _any(abs(si) == math.inf):
        raise fault("not_finite", where, "the value is not finite.", f"Write '{dimension.example}'.")
    if not rule.shift and _any((si == 0.0) & (reading != 0.0)):
        raise too_small("the value", where)
    if dimension.name == "temperature":
        _check_temperature(reading, si, rule, where)
    return si


def _check_temperature(reading: Any, si: Any, rule: _Rule, where: str) -> None:
    """Refuse kelvin written as degC, and the reverse, and what no cell survives."""
    if _any(si > HOTTEST):
        if not rule.shift:
            high = float(getattr(si, "max", lambda: si)()) - ZERO_CELSIUS
            problem = f"{high:.6g} degC is above 100 degC, too hot for any cell."
            raise fault("too_hot", where, problem, "Write degC as in '37 degC', kelvin as in '310.15 K'.")
        high = float(getattr(reading, "max", lambda: reading)())
        hint = f"Write '{high:.6g} K' if it is kelvin, which is {high - ZERO_CELSIUS:.6g} degC."
        raise fault("kelvin_for_celsius", where, f"{high:.6g} looks like kelvin, not degC.", hint)
    if _any(si < COLDEST):
        low = float(getattr(si, "min", lambda: si)()) - ZERO_CELSIUS
        problem = f"{low:.6g} degC is below -50 degC, too cold for any cell."
        raise fault("too_cold", where, problem, "Write degC as in '37 degC', kelvin as in '310.15 K'.")


@dataclass(frozen=True)
class Labelled:
    """Numbers with their unit, as a column of a table names it: `to_si` reads it."""

    magnitude: Any
    units: str


@overload
def to_si(value: str | float, dimension: str, where: str = "", *, bare_ok: bool = False, ion: str = "") -> float: ...
@overload
def to_si(
    value: Any, dimension: str, where: str = "", *, bare_ok: bool = False, ion: str = ""
) -> float | NDArray[np.float64]: ...
def to_si(
    value: Any, dimension: str, where: str = "", *, bare_ok: bool = False, ion: str = ""
) -> float | NDArray[np.float64]:
    """Read a value at the door and return it in SI.

    Parameters
    ----------
    value
        A bare number or array, in the door unit (`unit_of(dimension)`); a text of a number and a unit; a pint
        quantity or anything else with `.units`, such as a labelled array; or a list of these.
    dimension
        A key of `DIMENSIONS` or `LACKING`. A "turnover" may be given as a current density, read as one elementary
        charge per turnover (divided by F); an "osmolarity" as a concentration.
    where
        What the value is, for error messages: "outside.K".
    bare_ok
        Whether a text without unit, "5", is in the door unit. Files say no, the command line yes.
    ion
        Whose concentration it is, so that a message can say what mEq/L or mg/dL of it is in mM.

    Returns
    -------
    A finite float, or a float64 array of the shape of `value`, in SI.

    Raises
    ------
    InputError
        `not_a_number`, `not_finite`, `too_small`, `decimal_comma`, `missing_unit`, `unknown_unit`,
        `wrong_unit`, `kelvin_for_celsius` (a bare, degC or degF temperature above 100 degC), `too_cold`
        (below -50 degC) or `unknown_dimension`. Whether a value makes sense, such as a negative
        concentration, is for the model to judge.

    >>> to_si("−70 mV", "potential"), to_si(-70, "potential")
    (-0.07, -0.07)
    >>> to_si("37 °C", "temperature")
    310.15
    >>> to_si("5 mm", "concentration", where="outside.K")
    Traceback (most recent call last):
    vrest.errors.InputError: outside.K: '5 mm' is not a concentration: 'mm' is the unit of a length. Did you
    mean 'mM'? Upper and lower case differ. Write it as in '5 mM'.
    """
    kind = _dimension(dimension)
    door = _Rule(kind.units[kind.unit], SHIFTS.get(kind.unit, 0.0))
    if isinstance(value, str):
        reading, unit = number_and_unit(value, where, kind.example)
        if not (unit or bare_ok or not kind.unit):
            hint = f"Write the unit, as in '{value.strip()[:LONGEST]} {kind.unit}'."
            raise fault("missing_unit", where, f"{quoted(value)} has no unit; it should be {_a(kind)}.", hint)
        rule = _rule(unit, kind, where, value, reading, ion) if unit else door
        return _checked(reading, rule, kind, where)
    if isinstance(value, list | tuple):
        import numpy as np

        items = [to_si(item, dimension, f"{where}[{i}]", bare_ok=bare_ok, ion=ion) for i, item in enumerate(value)]
        if len({np.shape(item) for item in items}) > 1:
            raise fault("not_a_number", where, "the rows differ in length.", "Give rows of one length.")
        return np.array(items, dtype=np.float64)
    if hasattr(value, "units"):
        reading = bare_number(getattr(value, "magnitude", value), where, kind.example)
        unit = _unit_text(value.units)
        return _checked(reading, _rule(unit, kind, where, f"{reading} {unit}", reading, ion), kind, where)
    if hasattr(value, "unit") or hasattr(value, "dim"):
        # numpy would read brian2's 5*mV as 0.005 and astropy's 5 mV as 5
        problem = f"{type(value).__name__} carries a unit in a way that is not read here."
        raise fault("unknown_unit", where, problem, f"Give a text such as '{kind.example}', or a number.")
    return _checked(bare_number(value, where, kind.example), door, kind, where)


def _unit_text(units: Any) -> str:
    """The unit of a pint quantity by its long names, or the text a labelled array carries."""
    if isinstance(units, str):
        return units
    try:
        return f"{units:D}"
    except (TypeError, ValueError):  # not pint's
        return str(units)


def from_si(value: Any, dimension: str, unit: str = "") -> Any:
    """An SI value, or array of values, traced or not, in the door unit of its dimension or in another `unit` of it.

    NaN and infinity pass through: they are for the caller to judge.

    >>> from_si(-0.07, "potential"), from_si(90.0, "time", "min")
    (-70.0, 1.5)
    """
    factor, shift = _back(dimension, unit)
    value = float(value) if isinstance(value, Real) else value
    if isinstance(value, list | tuple):
        import numpy as np

        value = np.asarray(value, dtype=np.float64)
    reading = _times(value, factor)
    return reading - shift if shift else reading


@lru_cache(maxsize=256)
def _back(dimension: str, unit: str) -> tuple[Fraction, float]:
    """The factor and the shift from SI to the door unit of a dimension or to another `unit` of it."""
    kind = _dimension(dimension)
    unit = unit or kind.unit
    return 1 / kind.units[unit], SHIFTS.get(unit, 0.0)


def from_door(value: Any, dimension: str, unit: str = "") -> Any:
    """A number in the door unit of its dimension or in another `unit` of it, or an array of them, traced or not, in SI.

    Nothing is checked.

    >>> from_door(-70.0, "potential"), from_door(37.0, "temperature"), from_door(2.0, "time", "h")
    (-0.07, 310.15, 7200.0)
    """
    kind = _dimension(dimension)
    unit = unit or kind.unit
    shift = SHIFTS.get(unit, 0.0)
    return _times(value + shift if shift else value, kind.units[unit])


def format_si(value: float, dimension: str, digits: int | None = None) -> str:
    """An SI value as text for people, in the door unit, to `digits` significant digits.

    With `digits=None` the text is exact: `to_si` gives back the same float, bit for bit. The floats that no
    number in the door unit leads to are then written in SI, as are temperatures above 100 degC; below
    -50 degC the text is still exact but `to_si` refuses it. Raises InputError `not_finite`.

    >>> format_si(5.0, "concentration"), format_si(-0.0702, "potential", digits=3)
    ('5 mM', '-70.2 mV')
    >>> format_si(1e-8, "permeability"), format_si(310.15, "temperature", digits=3)
    ('1e-6 cm/s', '37 degC')
    """
    kind = _dimension(dimension)
    value = float(value)
    if not math.isfinite(value):
        hint = "Ask what made it so: an undefined result has no number to print."
        raise fault("not_finite", "", f"{value} is not {_a(kind)} that can be written.", hint)
    door = from_si(value, dimension)
    if digits is not None and math.isfinite(door):
        return f"{number(door, digits)} {kind.unit}".rstrip()
    near = (door, math.nextafter(door, math.inf), math.nextafter(door, -math.inf))
    for exact in (f"{door:.15g}", *(repr(candidate) for candidate in near)):
        text = f"{_tidy(exact)} {kind.unit}".rstrip()
        if _reads_as(text, dimension, value):
            return text
    exact = _tidy(repr(value)) if digits is None else number(value, digits)
    return f"{exact} {kind.pint}".rstrip()


def duration(seconds: float, digits: int = 4) -> str:
    """A time in the unit one would say it in, to significant digits.

    >>> duration(300.0), duration(7200.0), duration(3600.0), duration(0.00051), duration(0.0)
    ('5 min', '2 h', '1 h', '0.51 ms', '0 s')
    """
    size = abs(float(f"{seconds:.{digits - 1}e}"))
    if size == 0.0:
        return "0 s"
    for unit, least in (("d", 2.0), ("h", 2.0), ("min", 2.0), ("s", 1.0), ("ms", 0.1)):
        one = from_door(1.0, "time", unit)
        if size >= least * one or size == one:
            return f"{number(from_si(seconds, 'time', unit), digits)} {unit}"
    return f"{number(from_si(seconds, 'time', 'us'), digits)} us"


def at_rate(relative: float) -> str:
    """A relative rate, 1/s, in a time so short that little changes.

    >>> at_rate(0.01 / 60), at_rate(0.7)
    ('by 1 % per minute', 'by 0.7 % per 10 ms')
    """
    spans = {"minute": MINUTE, "second": 1.0, "10 ms": 0.01}
    name, span = next(((n, s) for n, s in spans.items() if relative * s < 0.1), ("10 ms", 0.01))
    return f"by {number(100 * relative * span, 3)} % per {name}"


def _reads_as(text: str, dimension: str, value: float) -> bool:
    try:
        return to_si(text, dimension, bare_ok=True) == value
    except InputError:
        return False


def _tidy(number: str) -> str:
    """1e-06 as 1e-6, 1e+22 as 1e22, 5.0 as 5."""
    return re.sub(r"e\+?(-?)0*", r"e\1", number).removesuffix(".0")
