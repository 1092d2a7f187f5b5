"""The potential at which a description shall rest, where that is what an amplifier showed: the junction is off it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vrest.errors import InputError
from vrest.study.check.findings import Claims
from vrest.study.fit.correction import read_junction
from vrest.study.junction.configuration import configuration, is_sharp
from vrest.study.junction.result import LJP
from vrest.tables import number
from vrest.units import from_si, to_si


def aimed(claims: Claims, ljp: Any = None, config: str | None = None) -> Claims:
    """What a description says, with the junction off its target.

    Parameters
    ----------
    claims
        With a `target` as it was read.
    ljp
        As of `fit`: mV, a text, what `vrest.ljp` found; None where nothing is to be taken off.
    config
        As of `fit`.

    Raises
    ------
    InputError
        `no_target`: the description has none; `relative_potential`: cell-attached; what `read_junction` refuses.
    """
    if ljp is None or is_sharp(config):
        return claims
    if claims.target is None:
        raise InputError(
            "There is no potential to take a junction off: the description does not say where it shall rest.",
            code="no_target",
            hint="Write v_rest, or leave the junction out.",
        )
    rule = configuration(config)
    if not rule.of_cell:
        problem = f"{rule.name} reads a patch, and v_rest is of the cell."
        raise InputError(problem, code="relative_potential", hint="Take whole-cell, perforated or sharp.")
    off = ljp.off if isinstance(ljp, LJP) else read_junction(ljp)[0]
    read = float(from_si(claims.target, "potential"))
    at = rule.potential(read, off)
    text = (
        f"{claims.target_name} = {number(read)} mV as it was read: with the liquid junction potential off, "
        f"{number(off, 3)} mV, it is {number(at, decimals=1)} mV"
    )
    target = float(to_si(at, "potential", bare_ok=True))
    named = f"{claims.target_name} (with the junction off)"
    return replace(claims, target=target, target_name=named, read=(*claims.read, text))
