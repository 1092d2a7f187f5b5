"""The charge of a compartment: what its ions and impermeants must add up to, and the one value that may be solved."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from vrest.constants import F
from vrest.errors import InputError
from vrest.model.compartment import Compartment
from vrest.physics.namespace import namespace, traced
from vrest.tables import number

CHARGE_TOLERANCE = 1e-12
"""Relative to sum |z c|: numbers written with 17 digits meet it, rounded ones must say what is solved."""


def balanced(
    c: Compartment, compartment: str, valence: Mapping[str, int], charge: Any, capacitance: Any
) -> tuple[str, float] | None:
    """Balance the charge of a finite compartment against its membranes.

    sum z_j c_j + z_X c_X = (sum of membrane charges) / (F w). Returns the path and value of what was solved,
    None where nothing was to solve; refuses an imbalance. Of a population (values that are arrays) the cells
    that nothing can balance have NaN, and so has a traced value.

    Parameters
    ----------
    c, compartment
        The compartment and its name.
    valence
        Of every ion.
    charge, capacitance
        Of all its membranes together, C and F; their potentials are those of the start.
    """
    wanted = charge / (F * c.start_volume)
    terms = [valence[s] * v for s, v in c.ions.items() if not _unknown(v)]
    x = c.impermeant
    if x is not None and not (_unknown(x.concentration) or _unknown(x.valence)):
        terms.append(x.concentration * x.valence)
    rest = wanted - _total(terms)
    for symbol, value in c.ions.items():
        if _unknown(value) and valence[symbol] == 0:
            raise InputError(
                f"compartment '{compartment}': {symbol} has no charge that could balance the others.",
                code="cannot_solve",
                hint="Solve another ion, or the impermeants.",
            )
        if _unknown(value):
            return _positive(compartment, f"ions.{symbol}", rest / valence[symbol])
    if x is not None and _unknown(x.concentration):
        if _any(x.valence == 0):
            raise InputError(
                f"compartment '{compartment}': impermeants of valence 0 cannot balance the charge.",
                code="cannot_solve",
                hint="Solve their valence instead.",
            )
        return _positive(compartment, "impermeant.concentration", rest / x.valence)
    if x is not None and _unknown(x.valence):
        if _any(x.concentration == 0):
            raise InputError(
                f"compartment '{compartment}': there are no impermeants whose valence could be solved.",
                code="cannot_solve",
                hint="Give impermeant.concentration.",
            )
        return "impermeant.valence", rest / x.concentration
    scale = _total([abs(term) for term in terms])
    if _any((abs(rest) > CHARGE_TOLERANCE * scale) & (abs(rest) > CHARGE_TOLERANCE * abs(wanted))):
        felt = ""
        if not _any(capacitance == 0):  # what only membranes without capacitance enclose feels no charge
            volts = -rest * F * c.start_volume / capacitance
            felt = f"; that much would put {number(_worst(volts), 3)} V more on the membrane"
        raise InputError(
            f"compartment '{compartment}' holds {number(-_worst(rest), 6)} mM of net charge more "
            f"than its potential allows{felt}.",
            code="charge_imbalance",
            hint="Say which value the charge balance shall determine: impermeant.valence = 'solve' (or one ion).",
        )
    return None


def _unknown(value: Any) -> bool:
    return isinstance(value, str)


def _any(condition: Any) -> bool:
    return not traced(condition) and bool(getattr(condition, "any", lambda: condition)())


def _worst(value: Any) -> float:
    """The largest in size."""
    return float(max(getattr(value, "flat", [value]), key=abs))


def _total(terms: list[Any]) -> Any:
    """The sum: correctly rounded of numbers, plain of arrays."""
    return sum(terms) if traced(*terms) or any(getattr(term, "shape", ()) for term in terms) else math.fsum(terms)


def _positive(compartment: str, path: str, value: Any) -> tuple[str, Any]:
    if traced(value) or getattr(value, "shape", ()):
        xp = namespace(value)
        return path, xp.where(value <= 0, xp.nan, value)
    if value <= 0:
        raise InputError(
            f"compartment '{compartment}': the charge balance asks for {path} = {number(value, 6)} mM.",
            code="charge_imbalance",
            hint="No positive concentration balances these numbers; check the valence of the impermeants and the ions.",
        )
    return path, value
