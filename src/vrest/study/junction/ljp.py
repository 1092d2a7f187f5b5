"""`ljp`: the liquid junction potential of a pipette, and where the membrane is that one reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np

from vrest.errors import InputError, near_miss
from vrest.model.notice import Notice
from vrest.model.solution.pair import no_temperature, to_know, together
from vrest.model.solution.solution import Solution, SolutionLike, solution
from vrest.study.given import swapped_sides
from vrest.study.junction.between import Activity, Method, between
from vrest.study.junction.configuration import configuration
from vrest.study.junction.reference import Shift, bridge_shift, pellet_shift
from vrest.study.junction.result import LJP
from vrest.units import format_si, from_si, to_si

PURE = 0.01
"""mol/m3: a solution of a lower ionic strength has more of what is in all water than is written."""

MOST, LEAST = 0.5, 0.001
"""V: readings beyond the one are no potentials of a membrane; where all are below the other they may be in V."""


def ljp(
    pipette: SolutionLike,
    bath: SolutionLike,
    *,
    celsius: Any = None,
    measured: Any = None,
    config: str = "whole-cell",
    method: Method = "np",
    activity: Activity = "none",
    new_bath: SolutionLike | None = None,
    reference: SolutionLike | None = None,
    pellet: bool = False,
    constants: Any = None,
) -> LJP:
    """Liquid junction potential, phi(bath) - phi(pipette), and the potential of the membrane at each reading.

    Parameters
    ----------
    pipette, bath
        Solutions: as of `solution`. The bath is that in which the amplifier was zeroed.
    celsius
        Of the recording, degC, or text with a unit; None, as the solutions say, which must agree.
    measured
        Readings, mV, or text with a unit; one or several.
    config
        `whole-cell`, `outside-out`, `inside-out`, `cell-attached` or `perforated`.
    method
        `np`, the stationary Nernst-Planck equations, or `henderson`.
    activity
        `none`, or `davies`: with activity coefficients, by Nernst-Planck only.
    new_bath
        The bath of the recording, where it was changed after the seal.
    reference
        What the bridge of the reference electrode holds: `"3 M KCl"`, `"bath"` (that in which the amplifier was
        zeroed; a jet of the new bath near the cell is the same) or a solution.
    pellet
        Whether the bath touches the Ag/AgCl of the reference electrode.
    constants
        As of `solution`.

    Returns
    -------
    LJP
        `value`, `henderson`, `sd` and `corrected`, mV; the ions with mobilities and fluxes.

    Raises
    ------
    InputError
        `temperatures_differ`, `sides_swapped`, `no_reference`, `two_references`, `henderson_activity`,
        `unknown_configuration`, `unknown_method`, `unknown_activity`, `no_ions`, `unknown_mobility`; and what
        `solution` refuses.
    VrestError
        `no_convergence`: the method np finds no stationary junction.

    Planck 1890, doi:10.1002/andp.18902750202; Henderson 1907, doi:10.1515/zpch-1907-5908; Barry and Lynch 1991,
    doi:10.1007/BF01870526; Neher 1992, doi:10.1016/0076-6879(92)07008-C.

    >>> import vrest
    >>> pipette = {"ions": {"K": 145, "Na": 13, "Cl": 13, "gluconate": 145}}
    >>> bath = {"ions": {"K": 3, "Na": 145, "Cl": 148}}
    >>> vrest.ljp(pipette, bath, celsius=22, measured=-60)
    You read -60.0 mV; the cell is at -76.1 mV (junction +16.1 ± ... mV).
    ...
    """
    chosen, readings = configuration(config), _readings(measured)
    for what, given, known in (("method", method, get_args(Method)), ("activity", activity, get_args(Activity))):
        if given not in known:
            told = f"There is no {what} '{given}'."
            raise InputError(told, code=f"unknown_{what}", hint=near_miss(str(given), list(known)))
    if method == "henderson" and activity != "none":
        raise InputError(
            "Henderson's equation has no activities.",
            code="henderson_activity",
            hint="Put into it, they are wrong where valences mix. Take the method np.",
        )
    inner, outer, known = together(pipette, bath, celsius, constants)
    if (inner.kind, outer.kind) == ("bath", "pipette") and chosen.sign > 0:
        raise InputError(
            f"The first solution, '{inner.name}', is a bath, and the second, '{outer.name}', fills a pipette.",
            code="sides_swapped",
            hint="The pipette comes first: exchange them.",
        )
    solved = between(inner, outer, method=method, activity=activity)
    shifts, others = _shifts(outer, new_bath, reference, pellet, outer.constants, method, activity)
    return LJP(
        configuration=chosen,
        method=method,
        activity=activity,
        measured=readings,
        pipette=inner,
        bath=outer,
        solved=solved,
        shifts=shifts,
        warnings=tuple(_notices((inner, outer, *others), chosen.sign, known, readings)),
        reference="pellet" if pellet else reference,
    )


def _readings(measured: Any) -> tuple[float, ...]:
    if measured is None:
        return ()
    volts = np.ravel(to_si(measured, "potential", "measured", bare_ok=True))
    for each in volts:
        if abs(each) > MOST:
            raise InputError(
                f"measured is {format_si(each, 'potential', 6)}; a membrane has -500 to 500 mV.",
                code="out_of_range",
                hint="Bare numbers are mV.",
            )
    return tuple(from_si(volts, "potential").tolist())


def _shifts(
    old: Solution, new_bath: Any, reference: Any, pellet: bool, constants: Any, method: Method, activity: Activity
) -> tuple[tuple[Shift, ...], tuple[Solution, ...]]:
    """What a changed bath adds, and the solutions that are in it."""
    if pellet and reference is not None:
        raise InputError(
            "The reference electrode is a pellet in the bath, and has a bridge.",
            code="two_references",
            hint="Say one of them: a pellet counts where the bath touches it.",
        )
    if new_bath is None:
        if reference is None and not pellet:
            return (), ()
        return (Shift(name=f"reference electrode: still in '{old.name}', where it was zeroed", potential=0.0),), ()
    heat = format_si(old.temperature, "temperature")
    new = solution(new_bath, celsius=heat, constants=constants)
    if pellet:
        return (pellet_shift(old, new),), (new,)
    if reference is None:
        raise InputError(
            "The bath was changed after the seal; what the reference electrode adds depends on its bridge.",
            code="no_reference",
            hint="Say what that holds: '3 M KCl', 'bath' (that of before; a jet of the new one near the cell is the "
            "same) or a solution. Or say that it is a pellet in the bath.",
        )
    if reference == "bath":
        return (bridge_shift(old, old, new, method=method, activity=activity),), (new,)
    bridge = _bridge(reference, heat, constants)
    return (bridge_shift(bridge, old, new, method=method, activity=activity),), (new, bridge)


_KCL = re.compile(r"(.+?)\s*KCl", re.IGNORECASE)


def _bridge(reference: SolutionLike, heat: str, constants: Any) -> Solution:
    """The solution of a bridge: so much KCl, or one of another kind."""
    salt = _KCL.fullmatch(reference.strip()) if isinstance(reference, str) else None
    what = {"name": reference, "ions": {"K": salt[1], "Cl": salt[1]}} if salt else reference
    return solution(what, celsius=heat, constants=constants)


def _notices(solutions: tuple[Solution, ...], sign: int, known: bool, readings: tuple[float, ...]) -> Iterator[Notice]:
    """What to know of the solutions, the pipette and the bath first, and of the readings."""
    pipette, bath, *_ = solutions
    yield from to_know(*solutions)
    if any(readings) and all(abs(read) < from_si(LEAST, "potential") for read in readings):
        yield Notice("small_readings", "what was read is below 1 mV: numbers are mV; '-0.06 V' is read too")
    if not known:
        yield no_temperature(pipette)
    for each in solutions:
        if each.ionic_strength < PURE and not each.free("H"):
            told = f"'{each.name}' has an ionic strength of {format_si(each.ionic_strength, 'concentration', 3)}"
            yield Notice(
                "nearly_water", f"{told}: what water and the CO2 of air release, some 0.003 mM, is not counted"
            )
    yield from looks_swapped(pipette, bath, sign)


def looks_swapped(pipette: Solution, bath: Solution, sign: int) -> Iterator[Notice]:
    """That a bath seems to be in the pipette, where the pipette is on the membrane's inside (sign +1)."""
    if sign < 0:
        return
    if pipette.kind == "bath":
        yield Notice("sides_look_swapped", f"'{pipette.name}', a bath, is in the pipette; are the sides swapped?")
    elif bath.kind == "pipette":
        yield Notice("sides_look_swapped", f"'{bath.name}', which fills a pipette, is the bath; are the sides swapped?")
    else:
        yield from swapped_sides([(ion, pipette.free(ion), bath.free(ion)) for ion in ("K", "Na")])
